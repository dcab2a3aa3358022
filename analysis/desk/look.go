package desk

import (
	"context"

	"spendbot/analysis"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// Look is what somebody who looks for anomalies unasked sees: the newest snapshot, all of it, as its owners see it.
type Look struct {
	Sight  *store.Sight
	Survey *survey.Survey
	// Watch is what anomalies are looked for with, as configured.
	Watch reply.Watch
	// Snapshot and Charges name what is looked at, for traces; Owned is whether teams are known in it.
	Snapshot, Charges int64
	Owned             bool
	// Caveat is said under every answer; see [Options].
	Caveat string
}

// Look lets f look at the newest snapshot. It takes a seat for as long as f takes.
func (d *Desk) Look(ctx context.Context, f func(context.Context, Look) error) error {
	sn, done, err := d.seat(ctx)
	if err != nil {
		return err
	}
	defer done()
	plan := analysis.Plan{Intent: analysis.AnomalyList, Metric: analysis.Effective, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}}
	lens, err := d.lens(ctx, sn, plan)
	if err != nil {
		return err
	}
	r, err := d.readerThrough(ctx, sn, nil, lens)
	if err != nil {
		return err
	}
	l := Look{Survey: r.survey, Snapshot: sn.ID, Charges: sn.ChargesID, Owned: lens.Has(analysis.DimTeam.Column()), Caveat: d.opts.Caveat}
	if l.Sight, err = sn.SeenThrough(nil, lens); err != nil {
		return err
	}
	if d.opts.Watch != nil {
		if l.Watch, err = d.opts.Watch(ctx); err != nil {
			return err
		}
	}
	return f(ctx, l)
}
