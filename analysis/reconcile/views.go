package reconcile

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// View is a total as a console may show it: a measure over a window, with some kinds of rows or without.
type View struct {
	Name   string
	Amount analysis.Amount
	// Known is false where no row has the measure: unknown is not zero.
	Known bool
}

// view describes one.
type view struct {
	name     string
	metric   analysis.Metric
	without  []Kind
	only     []Kind
	invoiced bool // by invoice month instead of by day
}

// views are the totals people meet. AWS Cost Explorer opens with unblended cost, everything in it; its amortized cost spreads
// commitments; its charge type filter takes out tax, credits, refunds, support. Azure's actual cost is billed, its amortized cost
// effective; neither has tax or credits. Google's reports show cost with or without credits. (AWS Cost Management User Guide, "Exploring
// your data using Cost Explorer"; Microsoft Learn, "Understand cost management data"; Google Cloud, "Cost and usage reports".)
var views = []view{
	{name: "effective, everything (amortized, net)", metric: analysis.Effective},
	{name: "effective, without tax", metric: analysis.Effective, without: []Kind{Tax}},
	{name: "effective, without tax, credits and corrections", metric: analysis.Effective, without: []Kind{Tax, Credits, Corrections}},
	{name: "billed, everything (unblended; what is invoiced)", metric: analysis.Billed},
	{name: "billed, by invoice month", metric: analysis.Billed, invoiced: true},
	{name: "billed, without tax", metric: analysis.Billed, without: []Kind{Tax}},
	{name: "billed, without credits", metric: analysis.Billed, without: []Kind{Credits}},
	{name: "billed, without refunds and corrections", metric: analysis.Billed, without: []Kind{Corrections}},
	{name: "billed, without marketplace", metric: analysis.Billed, without: []Kind{Marketplace}},
	{name: "billed, without support", metric: analysis.Billed, without: []Kind{Support}},
	{name: "billed, without tax, credits and corrections", metric: analysis.Billed, without: []Kind{Tax, Credits, Corrections}},
	{name: "billed, without days still arriving", metric: analysis.Billed, without: []Kind{Arriving}},
	{name: "list price of usage", metric: analysis.List, only: []Kind{Rest, Arriving, OtherMonths}},
}

const viewSQL = `SELECT kind, sum(billed) AS billed, sum(effective) AS effective, sum(list) AS list
FROM (SELECT {kind} AS kind, {billed} AS billed, {effective} AS effective, {list} AS list FROM {table} WHERE ({period}) AND ({filters})) AS t
GROUP BY kind ORDER BY kind`

// kindSums are what the rows of each kind sum to in each measure; a measure that no row of a kind has is not in it.
type kindSums map[analysis.Metric]map[Kind]analysis.Amount

// Views are the totals of a period that a console may show, added up from one query of sums by kind, and one more by invoice month where
// the period is a month; those that equal the plain measure because there is nothing of the kinds they leave out are left out.
func Views(ctx context.Context, sight *store.Sight, p analysis.Period, filters []analysis.Filter, currency string, through []analysis.ProviderThrough) ([]View, []analysis.QueryTrace, error) {
	table := query.For(analysis.Plan{Filters: filters})
	where, err := query.Where(filters)
	if err != nil {
		return nil, nil, err
	}
	var traces []analysis.QueryTrace
	sums := func(name string, period query.Fragment) (kindSums, error) {
		rows, tr, err := sight.Query(ctx, name, query.Fill(viewSQL, map[string]query.Fragment{"kind": KindOf(table, through), "billed": query.Cost(analysis.Billed, currency),
			"effective": query.Cost(analysis.Effective, currency), "list": query.Cost(analysis.List, currency), "table": query.F(string(table)), "period": period, "filters": where}))
		if err != nil {
			return nil, err
		}
		traces = append(traces, tr)
		out := kindSums{analysis.Billed: {}, analysis.Effective: {}, analysis.List: {}}
		for _, r := range rows.Together(0) {
			kind, _ := r[0].(string)
			for i, m := range []analysis.Metric{analysis.Billed, analysis.Effective, analysis.List} {
				if a, ok := r[1+i].(decimal.Decimal); ok {
					out[m][Kind(kind)] = a
				}
			}
		}
		return out, nil
	}
	byDay, err := sums("costs by kind of row", query.Within(table, p))
	if err != nil {
		return nil, nil, err
	}
	byInvoice := kindSums{}
	if p.IsWholeMonth() {
		if byInvoice, err = sums("costs by kind of row, by invoice month", invoiced(p)); err != nil {
			return nil, nil, err
		}
	}
	var out []View
	plain := map[analysis.Metric]analysis.Amount{}
	for _, v := range views {
		of := byDay
		if v.invoiced {
			of = byInvoice
		}
		got := View{Name: v.name}
		for kind, a := range of[v.metric] {
			if !slices.Contains(v.without, kind) && (len(v.only) == 0 || slices.Contains(v.only, kind)) {
				got.Amount, got.Known = got.Amount.Add(a), true
			}
		}
		if len(v.without)+len(v.only) == 0 && !v.invoiced {
			plain[v.metric] = got.Amount
		} else if base, ok := plain[v.metric]; ok && got.Amount.Equal(base) || !got.Known {
			continue
		}
		out = append(out, got)
	}
	return out, traces, nil
}
