package reply

import (
	"context"
	"slices"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/ask"
	"spendbot/runbooks"
)

// Watch is what anomalies are looked for with, beside the bills: the floors and known days of the configuration, what people expect, who
// is told of what, and the runbooks; those that come with the program where it has none.
type Watch struct {
	anomaly.Options
	Channel anomaly.Channel
	Books   *runbooks.Library
}

// anomalies lists what stood out in the days asked about.
func (w *work) anomalies(ctx context.Context) error {
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	books := w.watch.Books
	if books == nil {
		var err error
		if books, err = runbooks.Built(); err != nil {
			return err
		}
	}
	o := w.watch.Options
	o.Providers, o.Since, o.Filters, o.Provisional, o.Now = w.survey.Providers, w.plan.Current.Start, w.plan.Filters, true, w.now
	r, err := anomaly.Scan(ctx, w.sight, o)
	if err != nil {
		return err
	}
	r = r.Within(w.plan.Current)
	if w.plan.Topic == ask.AnomaliesUp {
		r = r.Rising()
	}
	channel := w.watch.Channel
	if channel == nil {
		channel = anomaly.NoChannel
	}
	r.Tell(w.a, w.plan.Current, books, channel)
	if w.reader != nil { // every question offered is read as what its label says
		w.a.Actions = slices.DeleteFunc(w.a.Actions, func(a analysis.Action) bool {
			p := w.reader.Read(a.Ask, w.now, nil)
			return p.Intent != analysis.ExplainChange || p.Baseline == nil || p.Clarify != nil
		})
	}
	return nil
}
