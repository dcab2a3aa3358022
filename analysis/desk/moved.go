package desk

import (
	"context"
	"slices"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// Moved says that an answer given earlier comes out otherwise today, since the bills of its days were restated.
type Moved struct {
	Was string `json:"was"` // the headline as it was given
	Is  string `json:"is"`  // the headline of the same plan on the newest snapshot, within the same scope
	// Changes are the restatements that touch the answer's days and providers, the newest load first. They are amounts of
	// everything: who may not see all spend must not see them.
	Changes []Change `json:"changes"`
}

// Change is a restatement and the load that made it.
type Change struct {
	Load        string            `json:"load"`
	At          time.Time         `json:"at"`
	Restatement store.Restatement `json:"restatement"`
}

// Moved compares an answer with what its plan gives today; nil when nothing of it has moved. It looks at the load records
// first, so that an answer whose days nobody restated costs nothing.
func (d *Desk) Moved(ctx context.Context, a *analysis.Answer) (*Moved, error) {
	loads, err := d.store.Loads(ctx)
	if err != nil {
		return nil, err
	}
	changes := Touching(loads, a.Trace.Snapshot, a.Reading)
	if len(changes) == 0 {
		return nil, nil
	}
	plan := a.Reading
	now, err := d.Answer(ctx, a.ID, Question{Text: a.Question, Plan: &plan, Scope: plan.Scope, Now: a.Asked})
	if err != nil {
		return nil, err
	}
	if sameResults(a.Trace.Queries, now.Trace.Queries) && a.Headline == now.Headline {
		return nil, nil // what moved lies outside of its filters
	}
	return &Moved{Was: a.Headline, Is: now.Headline, Changes: changes}, nil
}

// sameResults reports whether queries returned the same rows.
func sameResults(a, b []analysis.QueryTrace) bool {
	return slices.EqualFunc(a, b, func(x, y analysis.QueryTrace) bool { return x.SHA256 == y.SHA256 })
}

// Touching are the restatements after a snapshot that touch a plan's days and providers, newest load first. Loads are in the
// order of [store.Store.Loads].
func Touching(loads []store.Load, snapshot int64, p analysis.Plan) []Change {
	until := slices.IndexFunc(loads, func(l store.Load) bool { return l.Snapshot == snapshot })
	if until < 0 {
		return nil
	}
	periods := slices.Clone(p.Windows)
	if !p.Current.IsZero() {
		periods = append(periods, p.Current)
	}
	if p.Baseline != nil {
		periods = append(periods, *p.Baseline)
	}
	var out []Change
	for _, l := range loads[:until] {
		for _, r := range l.Restated {
			if touches(r, p, periods) {
				out = append(out, Change{Load: l.ID, At: l.At, Restatement: r})
			}
		}
	}
	return out
}

func touches(r store.Restatement, p analysis.Plan, periods []analysis.Period) bool {
	first, err1 := time.Parse(analysis.DateLayout, r.First)
	last, err2 := time.Parse(analysis.DateLayout, r.Last)
	if err1 != nil || err2 != nil {
		return false
	}
	for _, f := range slices.Concat(p.Filters, p.Scope) {
		if f.Dimension == analysis.DimProvider && slices.Contains(f.Values, r.Provider) == f.Not {
			return false
		}
	}
	return slices.ContainsFunc(periods, func(q analysis.Period) bool { return !q.End.Before(first.AddDate(0, 0, 1)) && !last.Before(q.Start) })
}

// Newest is the id of the store's newest snapshot.
func (d *Desk) Newest(ctx context.Context) (int64, error) { return d.store.Newest(ctx) }

// Loads are the store's load records, newest first.
func (d *Desk) Loads(ctx context.Context) ([]store.Load, error) { return d.store.Loads(ctx) }
