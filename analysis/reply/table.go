package reply

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// defaultRows is how many rows a table shows when the question does not say.
const defaultRows = 15

// drawnRows is up to how many days a series shows each with its amount, so that a table would only repeat it.
const drawnRows = 16

// breakdown answers spend_total, top_n and breakdown: one number, or the number cut along dimensions and days.
func (w *work) breakdown(ctx context.Context) error {
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	p := w.plan.Current
	if len(w.plan.Windows) > 0 {
		return w.compare(ctx)
	}
	sums, err := w.sums(ctx, "spend", p, w.plan.GroupBy, w.plan.Grain)
	if err != nil {
		return err
	}
	for _, t := range w.incomplete(p) {
		w.arriving(t)
	}
	if w.scoped() && w.found == 0 {
		w.nothing()
		return nil
	}
	if w.plan.Metric == analysis.Usage {
		w.a.Currency = ""
		return w.usage(sums)
	}
	if w.byCurrency() {
		w.ownCurrencies(sums, p)
		return nil
	}
	if err := w.others(ctx, p); err != nil {
		return err
	}
	total := analysis.Amount{}
	rows := int64(0)
	for _, s := range sums {
		total, rows = total.Add(s.amount), rows+s.rows
	}
	if rows == 0 {
		if w.unknown > 0 {
			w.noneKnown()
			return nil
		}
		w.a.Headline = w.subject() + ": no line items " + when(p) + "."
		w.caveat("no line items matched: that is an answer about the filter, not a zero on the bill")
		return nil
	}
	w.a.Headline = w.subject() + " " + when(p) + ": " + render.Figure(total, w.a.Currency) + "."
	if len(w.plan.GroupBy) > 0 {
		sums = slices.DeleteFunc(sums, func(s sum) bool { return !s.known }) // the caveat says how much is not included
	}
	if w.plan.Grain != analysis.NoGrain && len(w.plan.GroupBy) == 0 {
		t := w.grainTable(sums)
		t.Drawn = len(t.Rows) <= drawnRows
		w.a.Parts = append(w.a.Parts, analysis.Part{Series: w.series(sums, p)}, analysis.Part{Table: t})
		return nil
	}
	if len(w.plan.GroupBy) == 0 {
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: totalTable(total, rows)})
		return nil
	}
	if w.plan.Grain != analysis.NoGrain {
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: w.crossTable(sums, total)})
		return nil
	}
	t := w.groupTable(sums, total)
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	if w.plan.Intent == analysis.TopN && len(sums) > 0 {
		verb := " leads by "
		if w.plan.Limit == 1 {
			verb = " is first by "
		}
		amount := len(t.Columns) - 2
		w.a.Headline = w.groupName(sums[0].keys) + verb + w.plan.Metric.Words() + " " + when(p) + ": " +
			render.CellText(t, w.a.Currency, 0, amount) + " of " + render.CellText(t, w.a.Currency, -1, amount) + "."
	}
	return nil
}

// noneKnown answers where every line item lacks the amount that was asked for.
func (w *work) noneKnown() {
	w.a.Headline = w.subject() + " " + when(w.plan.Current) + " is unknown: the bill gives no " + w.plan.Metric.Words() + " in " + w.a.Currency + " for any of its line items."
	w.caveat("unknown is not a zero on the bill")
}

// groupName names a row: "team payments, us-east-1".
func (w *work) groupName(keys []string) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = w.label(w.plan.GroupBy[i], k)
	}
	return strings.Join(parts, ", ")
}

func (w *work) groupColumns() []analysis.Column {
	var out []analysis.Column
	for _, g := range w.plan.GroupBy {
		out = append(out, analysis.Column{Name: strings.TrimPrefix(string(g), "tag:"), Label: g.Words(), Kind: analysis.ColText})
	}
	return out
}

func (w *work) groupRow(keys []string) analysis.Row {
	r := analysis.Row{Key: map[string]string{}}
	for i, k := range keys {
		d := w.plan.GroupBy[i]
		r.Key[columnOf(d)] = k
		text := w.name(columnOf(d), k)
		if k == "" {
			text = "(no " + d.Words() + ")"
		}
		r.Cells = append(r.Cells, analysis.Cell{Text: text})
	}
	return r
}

func amountCell(a analysis.Amount) analysis.Cell { return analysis.Cell{Amount: &a} }

// cell is the sum, or unknown, which is not zero.
func (s sum) cell() analysis.Cell {
	if !s.known {
		return analysis.Cell{}
	}
	return amountCell(s.amount)
}

func share(part, total analysis.Amount) analysis.Cell {
	if total.IsZero() {
		return analysis.Cell{}
	}
	s := part.DivRound(total, 6)
	return analysis.Cell{Amount: &s}
}

func totalTable(total analysis.Amount, rows int64) *analysis.Table {
	n := analysis.Amount{}
	n = n.Add(intAmount(rows))
	return &analysis.Table{
		Columns: []analysis.Column{{Name: "amount", Label: "amount", Kind: analysis.ColMoney}, {Name: "line_items", Label: "line items", Kind: analysis.ColNumber}},
		Rows:    []analysis.Row{{Cells: []analysis.Cell{amountCell(total), {Amount: &n}}}},
	}
}

// byAmount sorts the largest first; equal amounts by name, so that answers repeat.
func byAmount(sums []sum) {
	slices.SortStableFunc(sums, func(a, b sum) int {
		return cmp.Or(b.amount.Cmp(a.amount), slices.Compare(a.keys, b.keys), a.day.Compare(b.day))
	})
}

func (w *work) limit() int {
	if w.plan.Limit > 0 {
		return w.plan.Limit
	}
	return defaultRows
}

func (w *work) groupTable(sums []sum, total analysis.Amount) *analysis.Table {
	byAmount(sums)
	t := &analysis.Table{Columns: append(w.groupColumns(),
		analysis.Column{Name: "amount", Label: "amount", Kind: analysis.ColMoney},
		analysis.Column{Name: "share", Label: "share", Kind: analysis.ColPercent})}
	var rest analysis.Amount
	for i, s := range sums {
		if i >= w.limit() {
			t.Omitted++
			rest = rest.Add(s.amount)
			continue
		}
		r := w.groupRow(s.keys)
		r.Cells = append(r.Cells, amountCell(s.amount), share(s.amount, total))
		t.Rows = append(t.Rows, r)
	}
	if t.Omitted > 0 {
		t.Rows = append(t.Rows, w.sumRow("everything else", amountCell(rest), share(rest, total)))
	}
	tot := w.sumRow("total", amountCell(total), share(total, total))
	t.Total = &tot
	return t
}

func (w *work) sumRow(label string, cells ...analysis.Cell) analysis.Row {
	r := analysis.Row{Cells: []analysis.Cell{{Text: label}}}
	for range len(w.plan.GroupBy) - 1 {
		r.Cells = append(r.Cells, analysis.Cell{})
	}
	r.Cells = append(r.Cells, cells...)
	return r
}

// grainTable is a row per day, week or month.
func (w *work) grainTable(sums []sum) *analysis.Table {
	t := &analysis.Table{Columns: []analysis.Column{{Name: string(w.plan.Grain), Label: string(w.plan.Grain), Kind: analysis.ColText},
		{Name: "amount", Label: "amount", Kind: analysis.ColMoney}}}
	var total analysis.Amount
	for _, s := range sums {
		total = total.Add(s.amount)
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{string(w.plan.Grain): s.day.Format(analysis.DateLayout)},
			Cells: []analysis.Cell{{Text: w.grainName(s.day)}, s.cell()}})
	}
	t.Total = &analysis.Row{Cells: []analysis.Cell{{Text: "total"}, amountCell(total)}}
	return t
}

func (w *work) grainName(day time.Time) string {
	switch w.plan.Grain {
	case analysis.ByMonth:
		return day.Format("Jan 2006")
	case analysis.ByWeek:
		return "week of " + day.Format("2 Jan")
	}
	s := day.Format("Mon 2 Jan")
	for _, t := range w.a.Through {
		if day.After(t.Day) && !w.monthly(t.Provider) {
			return s + " (incomplete)"
		}
	}
	return s
}

func (w *work) series(sums []sum, p analysis.Period) *analysis.Series {
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: w.subject()}}}
	for _, x := range sums {
		s.Days = append(s.Days, x.day)
		s.Lines[0].Values = append(s.Lines[0].Values, x.cell().Amount)
	}
	return s
}

// maxGrains is how many weeks or months stand side by side as columns; more become rows.
const maxGrains = 6

// crossTable cuts along a dimension and along time: a column per month when they are few, else a row per pair.
func (w *work) crossTable(sums []sum, total analysis.Amount) *analysis.Table {
	var days []time.Time
	groups := map[string]*sum{}
	cells := map[string]map[time.Time]analysis.Amount{}
	for _, s := range sums {
		if !slices.ContainsFunc(days, s.day.Equal) {
			days = append(days, s.day)
		}
		k := strings.Join(s.keys, "\x00")
		if groups[k] == nil {
			groups[k] = &sum{keys: s.keys}
			cells[k] = map[time.Time]analysis.Amount{}
		}
		groups[k].amount = groups[k].amount.Add(s.amount)
		cells[k][s.day] = cells[k][s.day].Add(s.amount)
	}
	slices.SortFunc(days, time.Time.Compare)
	if len(days) > maxGrains {
		return w.longTable(sums, total)
	}
	var rows []sum
	for _, g := range groups {
		rows = append(rows, *g)
	}
	byAmount(rows)
	t := &analysis.Table{Columns: w.groupColumns()}
	for _, d := range days {
		t.Columns = append(t.Columns, analysis.Column{Name: d.Format(analysis.DateLayout), Label: w.grainName(d), Kind: analysis.ColMoney})
	}
	t.Columns = append(t.Columns, analysis.Column{Name: "amount", Label: "all", Kind: analysis.ColMoney})
	rest, tot := make([]analysis.Amount, len(days)+1), make([]analysis.Amount, len(days)+1)
	for i, g := range rows {
		r := w.groupRow(g.keys)
		for k, d := range days {
			a := cells[strings.Join(g.keys, "\x00")][d]
			r.Cells = append(r.Cells, amountCell(a))
			tot[k] = tot[k].Add(a)
			if i >= w.limit() {
				rest[k] = rest[k].Add(a)
			}
		}
		r.Cells = append(r.Cells, amountCell(g.amount))
		tot[len(days)] = tot[len(days)].Add(g.amount)
		if i >= w.limit() {
			rest[len(days)] = rest[len(days)].Add(g.amount)
			t.Omitted++
			continue
		}
		t.Rows = append(t.Rows, r)
	}
	line := func(label string, amounts []analysis.Amount) analysis.Row {
		var c []analysis.Cell
		for _, a := range amounts {
			c = append(c, amountCell(a))
		}
		return w.sumRow(label, c...)
	}
	if t.Omitted > 0 {
		t.Rows = append(t.Rows, line("everything else", rest))
	}
	total0 := line("total", tot)
	t.Total = &total0
	return t
}

// longGroups is how many groups a long table tells apart when the question does not say.
const longGroups = 5

// longTable has a row per time and group: the groups that cost most over all, and everything else of each time.
func (w *work) longTable(sums []sum, total analysis.Amount) *analysis.Table {
	sums = w.largestGroups(sums, cmp.Or(w.plan.Limit, longGroups))
	slices.SortStableFunc(sums, func(a, b sum) int {
		last := func(s sum) int { return map[bool]int{true: 1}[s.keys == nil] }
		return cmp.Or(a.day.Compare(b.day), last(a)-last(b), b.amount.Cmp(a.amount), slices.Compare(a.keys, b.keys))
	})
	t := &analysis.Table{Columns: append([]analysis.Column{{Name: string(w.plan.Grain), Label: string(w.plan.Grain), Kind: analysis.ColText}},
		append(w.groupColumns(), analysis.Column{Name: "amount", Label: "amount", Kind: analysis.ColMoney})...)}
	for _, s := range sums {
		g := analysis.Row{Key: map[string]string{}, Cells: make([]analysis.Cell, len(w.plan.GroupBy))}
		if s.keys == nil {
			g.Cells[0].Text = "everything else"
		} else {
			g = w.groupRow(s.keys)
		}
		g.Key[string(w.plan.Grain)] = s.day.Format(analysis.DateLayout)
		g.Cells = append(append([]analysis.Cell{{Text: w.grainName(s.day)}}, g.Cells...), amountCell(s.amount))
		t.Rows = append(t.Rows, g)
	}
	tot := analysis.Row{Cells: []analysis.Cell{{Text: "total"}}}
	for range w.plan.GroupBy {
		tot.Cells = append(tot.Cells, analysis.Cell{})
	}
	tot.Cells = append(tot.Cells, amountCell(total))
	t.Total = &tot
	return t
}

// largestGroups keeps the groups that cost most over all days and adds the others up per day, under no keys.
func (w *work) largestGroups(sums []sum, most int) []sum {
	perGroup := map[string]*sum{}
	for _, s := range sums {
		k := strings.Join(s.keys, "\x00")
		if perGroup[k] == nil {
			perGroup[k] = &sum{keys: s.keys}
		}
		perGroup[k].amount = perGroup[k].amount.Add(s.amount)
	}
	if len(perGroup) <= most+1 { // one group more is no longer than "everything else"
		return sums
	}
	var groups []sum
	for _, g := range perGroup {
		groups = append(groups, *g)
	}
	byAmount(groups)
	kept := map[string]bool{}
	for _, g := range groups[:most] {
		kept[strings.Join(g.keys, "\x00")] = true
	}
	var out []sum
	rest := map[time.Time]*sum{}
	for _, s := range sums {
		switch {
		case kept[strings.Join(s.keys, "\x00")]:
			out = append(out, s)
		case rest[s.day] == nil:
			rest[s.day] = &sum{day: s.day, amount: s.amount}
		default:
			rest[s.day].amount = rest[s.day].amount.Add(s.amount)
		}
	}
	for _, r := range rest {
		out = append(out, *r)
	}
	return out
}

// usage answers in quantities, which add up only within one unit.
func (w *work) usage(sums []sum) error {
	t := &analysis.Table{}
	if w.plan.Grain != analysis.NoGrain {
		t.Columns = append(t.Columns, analysis.Column{Name: string(w.plan.Grain), Label: string(w.plan.Grain), Kind: analysis.ColText})
	}
	t.Columns = append(t.Columns, append(w.groupColumns(), analysis.Column{Name: "quantity", Label: "quantity", Kind: analysis.ColNumber},
		analysis.Column{Name: "unit", Label: "unit", Kind: analysis.ColText})...)
	slices.SortStableFunc(sums, func(a, b sum) int {
		return cmp.Or(strings.Compare(a.unit, b.unit), a.day.Compare(b.day), b.amount.Cmp(a.amount), slices.Compare(a.keys, b.keys))
	})
	perUnit := map[string]analysis.Amount{}
	var units []string
	for _, s := range sums {
		if !s.known {
			continue
		}
		if _, ok := perUnit[s.unit]; !ok {
			units = append(units, s.unit)
		}
		perUnit[s.unit] = perUnit[s.unit].Add(s.amount)
		r := w.groupRow(s.keys)
		if w.plan.Grain != analysis.NoGrain {
			r.Cells = append([]analysis.Cell{{Text: w.grainName(s.day)}}, r.Cells...)
		}
		unit := s.unit
		if unit == "" {
			unit = "(no unit)"
		}
		r.Cells = append(r.Cells, amountCell(s.amount), analysis.Cell{Text: unit})
		t.Rows = append(t.Rows, r)
	}
	if len(t.Rows) == 0 {
		w.a.Headline = w.subject() + ": no quantities " + when(w.plan.Current) + "."
		return nil
	}
	var words []string
	for _, u := range units[:min(len(units), 3)] {
		words = append(words, quantity(perUnit[u])+" "+u)
	}
	w.a.Headline = w.subject() + " " + when(w.plan.Current) + ": " + strings.Join(words, ", ") + "."
	if len(units) > 3 {
		w.caveat("quantities come in %d units and are never added across them", len(units))
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	return nil
}
