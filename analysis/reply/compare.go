package reply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

func intAmount(n int64) analysis.Amount { return decimal.NewFromInt(n) }

// compare sets periods side by side, or the values of a dimension, or both.
func (w *work) compare(ctx context.Context) error {
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	switch {
	case len(w.plan.Windows) > 0:
		return w.windows(ctx)
	case w.plan.Baseline == nil:
		w.plan.Intent = analysis.Breakdown
		if len(w.plan.GroupBy) == 0 {
			for _, f := range w.plan.Filters {
				if len(f.Values) > 1 && !f.Not {
					w.plan.GroupBy = []analysis.Dimension{f.Dimension}
					break
				}
			}
		}
		return w.breakdown(ctx)
	}
	w.leaveOut()
	t, err := w.changeTable(ctx)
	if err != nil {
		return err
	}
	if w.scoped() && w.found == 0 {
		w.nothing()
		return nil
	}
	if t == nil {
		w.noneKnown()
		return w.others(ctx, w.plan.Current, *w.plan.Baseline)
	}
	tot := t.Total.Cells
	n := len(tot) - 4
	ch := analysis.Change{Baseline: *tot[n].Amount, Current: *tot[n+1].Amount, Delta: *tot[n+2].Amount, Currency: w.a.Currency}
	w.a.Headline = render.ChangeSentence(w.subject(), ch, when(w.plan.Current), before(w.plan))
	if n, m := w.plan.Current.Days(), w.plan.Baseline.Days(); n != m {
		w.a.Headline += " " + perDay(ch, n, m)
	}
	t.Drawn = len(w.plan.GroupBy) == 0 // the headline has said it
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	return w.others(ctx, w.plan.Current, *w.plan.Baseline)
}

// perDay says what a change between periods of different length comes to by the day: "A day it is $35,469 after $35,222 (+0.7%): 31 days against 30."
func perDay(ch analysis.Change, days, before int) string {
	cur, base := ch.Current.Div(decimal.NewFromInt(int64(days))), ch.Baseline.Div(decimal.NewFromInt(int64(before)))
	said := fmt.Sprintf("A day it is %s after %s", render.Figure(cur, ch.Currency), render.Figure(base, ch.Currency))
	if p := share(cur.Sub(base), base); p.Amount != nil {
		said += " (" + render.PercentDelta(*p.Amount) + ")"
	}
	return said + fmt.Sprintf(": %s against %d.", counted(days, "day", "days"), before)
}

// changeTable has a row per value of the plan's cut: before, now, change. Without a cut it has the total alone. Values of which no
// amount is known have no row, and there is no table where there is none of any.
func (w *work) changeTable(ctx context.Context) (*analysis.Table, error) {
	groupBy := w.plan.GroupBy
	cur, err := w.sums(ctx, "current period", w.plan.Current, groupBy, analysis.NoGrain)
	if err != nil {
		return nil, err
	}
	base, err := w.sums(ctx, "baseline", *w.plan.Baseline, groupBy, analysis.NoGrain)
	if err != nil {
		return nil, err
	}
	type pair struct {
		keys      []string
		base, cur analysis.Amount
		known     bool
	}
	at := map[string]*pair{}
	get := func(keys []string) *pair {
		k := strings.Join(keys, "\x00")
		if at[k] == nil {
			at[k] = &pair{keys: keys}
		}
		return at[k]
	}
	for _, s := range cur {
		p := get(s.keys)
		p.cur, p.known = p.cur.Add(s.amount), p.known || s.known
	}
	for _, s := range base {
		p := get(s.keys)
		p.base, p.known = p.base.Add(s.amount), p.known || s.known
	}
	var pairs []*pair
	total := pair{}
	for _, p := range at {
		if !p.known {
			continue
		}
		pairs = append(pairs, p)
		total.base, total.cur = total.base.Add(p.base), total.cur.Add(p.cur)
	}
	if len(pairs) == 0 && w.unknown > 0 {
		return nil, nil
	}
	slices.SortFunc(pairs, func(a, b *pair) int {
		return cmp.Or(b.cur.Sub(b.base).Abs().Cmp(a.cur.Sub(a.base).Abs()), slices.Compare(a.keys, b.keys))
	})
	cells := func(p pair) []analysis.Cell {
		d := p.cur.Sub(p.base)
		return []analysis.Cell{amountCell(p.base), amountCell(p.cur), amountCell(d), share(d, p.base)}
	}
	t := &analysis.Table{Columns: append(w.groupColumns(),
		analysis.Column{Name: "baseline", Label: cmp.Or(w.plan.Baseline.Label, w.plan.Baseline.String()), Kind: analysis.ColMoney},
		analysis.Column{Name: "current", Label: cmp.Or(w.plan.Current.Label, w.plan.Current.String()), Kind: analysis.ColMoney},
		analysis.Column{Name: "delta", Label: "change", Kind: analysis.ColDelta},
		analysis.Column{Name: "delta_percent", Label: "%", Kind: analysis.ColPercent})}
	if len(groupBy) == 0 {
		t.Total = &analysis.Row{Cells: cells(total)}
		return t, nil
	}
	var rest pair
	for i, p := range pairs {
		if i >= w.limit() {
			t.Omitted++
			rest.base, rest.cur = rest.base.Add(p.base), rest.cur.Add(p.cur)
			continue
		}
		r := w.groupRow(p.keys)
		r.Cells = append(r.Cells, cells(*p)...)
		t.Rows = append(t.Rows, r)
	}
	if t.Omitted > 0 {
		t.Rows = append(t.Rows, w.sumRow("everything else", cells(rest)...))
	}
	tot := w.sumRow("total", cells(total)...)
	t.Total = &tot
	return t, nil
}

// windows sets several periods side by side, oldest first.
func (w *work) windows(ctx context.Context) error {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "period", Label: "period", Kind: analysis.ColText},
		{Name: "amount", Label: "amount", Kind: analysis.ColMoney}, {Name: "delta", Label: "against the one before", Kind: analysis.ColDelta},
		{Name: "delta_percent", Label: "%", Kind: analysis.ColPercent}}}
	groupBy := w.plan.GroupBy
	w.plan.GroupBy = nil
	var before *analysis.Amount
	var last analysis.Amount
	for _, p := range w.plan.Windows {
		sums, err := w.sums(ctx, "spend "+p.String(), p, nil, analysis.NoGrain)
		if err != nil {
			return err
		}
		var a analysis.Amount
		known := false
		for _, s := range sums {
			a, known = a.Add(s.amount), known || s.known
		}
		r := analysis.Row{Key: map[string]string{"start": p.Start.Format(analysis.DateLayout), "end": p.End.Format(analysis.DateLayout)},
			Cells: []analysis.Cell{{Text: p.String()}, {}, {}, {}}}
		if known {
			r.Cells[1] = amountCell(a)
			if before != nil {
				d := a.Sub(*before)
				r.Cells[2], r.Cells[3] = amountCell(d), share(d, *before)
			}
			b := a
			before, last = &b, a
		} else {
			before = nil
			w.caveat("there is no data for %s", p)
		}
		t.Rows = append(t.Rows, r)
	}
	if w.scoped() && w.found == 0 {
		w.nothing()
		return nil
	}
	if len(groupBy) > 0 {
		w.caveat("several periods are compared by their totals; ask about two of them to see the cut by %s", groupBy[0].Words())
	}
	w.a.Headline = w.subject() + " in the last of " + comma(int64(len(w.plan.Windows))) + " periods: " + render.Figure(last, w.a.Currency) + "."
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	return w.others(ctx, w.plan.Windows...)
}
