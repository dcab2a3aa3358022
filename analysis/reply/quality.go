package reply

import (
	"context"

	"spendbot/analysis/quality"
	"spendbot/analysis/reconcile"
)

// quality checks the bills, of the months asked about or else of the newest. Which days came late is told by records of whole feeds, and
// left out for an asker with a scope.
func (w *work) quality(ctx context.Context) error {
	o := quality.Options{Months: reconcile.Months(w.plan.Current), Filters: w.plan.Filters}
	if o.Months.IsZero() {
		o.Months = quality.Recent(w.survey)
		w.a.Reading.Notes = append(w.a.Reading.Notes, "no month was given: the two newest")
	}
	if !w.scoped() {
		o.Loads = w.loads
	}
	r, err := quality.Run(ctx, w.sight, o)
	if err != nil {
		return err
	}
	r.Tell(w.a)
	if w.scoped() && len(w.a.Parts) == 0 {
		w.nothing()
		return nil
	}
	w.a.Reading.Current = o.Months
	return nil
}
