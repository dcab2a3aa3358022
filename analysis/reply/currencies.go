package reply

import (
	"cmp"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// byCurrency reports whether the question cuts its answer by billing currency. Each row is then in its own currency, as it was
// billed, and rows of two currencies are never added.
func (w *work) byCurrency() bool {
	return w.plan.Metric != analysis.Usage && slices.Contains(w.plan.GroupBy, analysis.DimCurrency) &&
		slices.Contains([]analysis.Intent{analysis.SpendTotal, analysis.TopN, analysis.Breakdown}, w.plan.Intent) && len(w.plan.Windows) == 0
}

// ownCurrencies answers with amounts in the currency of each row, and one sum for each currency.
func (w *work) ownCurrencies(sums []sum, p analysis.Period) {
	at := slices.Index(w.plan.GroupBy, analysis.DimCurrency)
	totals := map[string]analysis.Amount{}
	var order []string
	for _, s := range sums {
		c := s.keys[at]
		if _, ok := totals[c]; !ok {
			order = append(order, c)
		}
		totals[c] = totals[c].Add(s.amount)
	}
	slices.Sort(order)
	w.a.Currency = ""
	if len(order) == 0 {
		w.a.Headline = w.subject() + ": no line items " + when(p) + "."
		return
	}
	words := make([]string, len(order))
	for i, c := range order {
		words[i] = render.MoneyExact(totals[c], c)
	}
	w.a.Headline = w.subject() + " " + when(p) + ": " + list(words) + "."
	slices.SortStableFunc(sums, func(a, b sum) int {
		return cmp.Or(strings.Compare(a.keys[at], b.keys[at]), a.day.Compare(b.day), b.amount.Cmp(a.amount), slices.Compare(a.keys, b.keys))
	})
	t := &analysis.Table{Columns: w.groupColumns()}
	grain := w.plan.Grain != analysis.NoGrain
	if grain {
		t.Columns = append(t.Columns, analysis.Column{Name: string(w.plan.Grain), Label: string(w.plan.Grain), Kind: analysis.ColText})
	}
	t.Columns = append(t.Columns, analysis.Column{Name: "amount", Label: "amount", Kind: analysis.ColCents})
	for _, s := range sums {
		r := w.groupRow(s.keys)
		if grain {
			r.Key[string(w.plan.Grain)] = s.day.Format(analysis.DateLayout)
			r.Cells = append(r.Cells, analysis.Cell{Text: w.grainName(s.day)})
		}
		r.Cells = append(r.Cells, s.cell())
		t.Rows = append(t.Rows, r)
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	w.caveat("each amount is in its row's currency, as billed; amounts of two currencies are not added")
}

// list joins words as prose does.
func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
