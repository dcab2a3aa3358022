package reply

import (
	"context"
	"slices"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/reconcile"
)

// Topics of [analysis.Trust].
const (
	reconcileTopic = "reconcile"
	qualityTopic   = "quality"
	conformTopic   = "conform"
)

// allDays reports whether a plan looks beyond the days of its periods: how far the data reaches, what led to expect a day's cost, and what is invoiced in a month,
// whatever its day.
func allDays(p analysis.Plan) bool {
	return p.Intent == analysis.Freshness || p.Intent == analysis.AnomalyList || p.Intent == analysis.Trust || p.Topic == mismatchTopic
}

// asBilled is a lens without the layers that put other amounts in the place of the bill's: what is held against an invoice is what the
// bill says.
func asBilled(l query.Lens) query.Lens {
	var out query.Lens
	for _, y := range l.Layers {
		if !slices.ContainsFunc(y.Columns, func(c string) bool {
			return slices.Contains([]string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency"}, c)
		}) {
			out = out.Over(y)
		}
	}
	return out
}

// trust answers whether the data can be relied on.
func (w *work) trust(ctx context.Context) error {
	switch w.plan.Topic {
	case qualityTopic:
		return w.quality(ctx)
	case conformTopic:
		return w.conform(ctx)
	}
	return w.reconcile(ctx)
}

// reconcile holds what is billed against files and invoices. An asker with a scope sees what is billed within it, and nothing of
// invoices and files, which are of everybody.
func (w *work) reconcile(ctx context.Context) error {
	o := reconcile.Options{Months: w.plan.Current, Filters: w.plan.Filters, Through: w.survey.Daily(), Part: w.scoped()}
	if !w.scoped() {
		o.Invoices, o.Loads = w.invoices, w.loads
	}
	r, err := reconcile.Run(ctx, w.sight, o)
	if err != nil {
		return err
	}
	if w.scoped() && len(r.Periods) == 0 {
		w.nothing()
		return nil
	}
	r.Tell(w.a)
	w.a.Reading.Current, w.a.Reading.Metric = r.Months, analysis.Billed
	return nil
}

// views lists the period's totals as consoles show them, each with how far it is from ours.
func (w *work) views(ctx context.Context, p analysis.Period) error {
	views, traces, err := reconcile.Views(ctx, w.sight, p, w.plan.Filters, w.a.Currency, w.survey.Daily())
	if err != nil {
		return err
	}
	w.a.Trace.Queries = append(w.a.Trace.Queries, traces...)
	t := &analysis.Table{Columns: []analysis.Column{{Name: "total", Label: "total, as a console may show it", Kind: analysis.ColText},
		{Name: "amount", Label: "amount", Kind: analysis.ColCents}, {Name: "from_ours", Label: "from ours", Kind: analysis.ColCents}}}
	for _, v := range views {
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: v.Name}, amountCell(v.Amount), amountCell(v.Amount.Sub(views[0].Amount))}})
	}
	if len(views) > 0 {
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	}
	return nil
}
