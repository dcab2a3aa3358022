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

const viewSQL = `SELECT sum(cost) AS amount FROM (SELECT {cost} AS cost, {kind} AS kind FROM {table} WHERE ({period}) AND ({filters})) AS t WHERE {which}`

// Views are the totals of a period that a console may show, a query each; those that equal the plain measure because there is nothing of
// the kinds they leave out are left out.
func Views(ctx context.Context, sight *store.Sight, p analysis.Period, filters []analysis.Filter, currency string, through []analysis.ProviderThrough) ([]View, []analysis.QueryTrace, error) {
	table := query.For(analysis.Plan{Filters: filters})
	where, err := query.Where(filters)
	if err != nil {
		return nil, nil, err
	}
	var out []View
	var traces []analysis.QueryTrace
	plain := map[analysis.Metric]analysis.Amount{}
	for _, v := range views {
		if v.invoiced && !p.IsWholeMonth() {
			continue
		}
		period := query.Within(table, p)
		if v.invoiced {
			period = invoiced(p)
		}
		which := query.F("true")
		switch {
		case len(v.without) > 0:
			which = query.In(query.F("kind"), names(v.without), true)
		case len(v.only) > 0:
			which = query.In(query.F("kind"), names(v.only), false)
		}
		rows, tr, err := sight.Query(ctx, v.name, query.Fill(viewSQL, map[string]query.Fragment{"cost": query.Cost(v.metric, currency), "kind": KindOf(table, through),
			"table": query.F(string(table)), "period": period, "filters": where, "which": which}))
		if err != nil {
			return nil, nil, err
		}
		got := View{Name: v.name}
		if len(rows.Values) == 1 {
			got.Amount, got.Known = rows.Values[0][0].(decimal.Decimal)
		}
		if len(v.without)+len(v.only) == 0 && !v.invoiced {
			plain[v.metric] = got.Amount
		} else if base, ok := plain[v.metric]; ok && got.Amount.Equal(base) || !got.Known {
			continue
		}
		traces = append(traces, tr)
		out = append(out, got)
	}
	return out, traces, nil
}

func names(kinds []Kind) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	slices.Sort(out)
	return out
}
