package reply

import (
	"context"

	"spendbot/analysis/conform"
	"spendbot/analysis/quality"
	"spendbot/analysis/reconcile"
)

// conform measures the bills against FOCUS's rules, of the months asked about or else of the newest.
func (w *work) conform(ctx context.Context) error {
	o := conform.Options{Months: reconcile.Months(w.plan.Current), Filters: w.plan.Filters}
	if o.Months.IsZero() {
		o.Months = quality.Recent(w.survey)
		w.a.Reading.Notes = append(w.a.Reading.Notes, "no month was given: the two newest")
	}
	r, err := conform.Store(ctx, w.sight, o)
	if err != nil {
		return err
	}
	if w.scoped() && r.Rows == 0 {
		w.nothing()
		return nil
	}
	r.Tell(w.a)
	w.a.Reading.Current = o.Months
	return nil
}
