package render

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Bar is a figure with its name, in the words and digits that the renderers print, for a renderer that draws it.
type Bar struct {
	Label  string          // what it is, as it came from the bill: not yet clean
	Amount analysis.Amount // as printed, not as exact as it is known
	Text   string          // the amount in print: "+$11,404", "$251,007"
	Note   string          // what stands under it in small: "since Wed 18 Nov", "412 slices"
	Number int             // the row it is in the texts, from 1; 0 for sums
	Day    time.Time       // a driver's onset, zero where no day can be named
}

// Waterfall is a bridge to be drawn: as printed, Baseline and the Drivers and Rest give Current.
type Waterfall struct {
	Baseline, Current Bar
	Drivers           []Bar // the largest first
	Rest              Bar   // everything else, the drivers left out included
	HasRest           bool  // there is something else
	Delta             Bar   // the change
}

// WaterfallOf cuts a bridge down to its largest drivers, most at most. The figures are those of the other renderers: the
// drivers left out are added to everything else as they would have been printed.
func WaterfallOf(a *analysis.Answer, b *analysis.Bridge, most int) Waterfall {
	s := showChange(b.Change)
	currency := b.Change.Currency
	parts := make([]decimal.Decimal, 0, len(b.Drivers)+1)
	order := make([]int, len(b.Drivers))
	for i, d := range b.Drivers {
		parts, order[i] = append(parts, d.Amount), i
	}
	shown := fitOrRound(append(parts, b.Rest.Amount), s.delta, s.places)
	slices.SortStableFunc(order, func(x, y int) int { return parts[y].Abs().Cmp(parts[x].Abs()) })

	end := func(amount decimal.Decimal, p analysis.Period, label string) Bar {
		if !p.IsZero() {
			label = yearless(p)
		}
		return Bar{Label: label, Amount: amount, Text: money(amount, currency, s.places)}
	}
	w := Waterfall{
		Baseline: end(s.baseline, orZero(a.Reading.Baseline), "before"), Current: end(s.current, a.Reading.Current, "after"),
		Delta: Bar{Label: "change", Amount: s.delta, Text: delta(s.delta, currency, s.places)},
	}
	rest, folded := shown[len(parts)], 0
	for rank, i := range order {
		if rank >= most {
			rest = rest.Add(shown[i])
			folded++
			continue
		}
		d := b.Drivers[i]
		bar := Bar{Label: d.Label, Amount: shown[i], Text: delta(shown[i], currency, s.places), Number: i + 1}
		if onsetDay(d.Onset) != "" {
			bar.Note, bar.Day = sinceText(d.Onset), d.Onset.Day
			if e := nearLabel(a, i+1); e != "" {
				bar.Note += " · near " + e
			}
		}
		w.Drivers = append(w.Drivers, bar)
	}
	w.Rest = Bar{Label: "everything else", Amount: rest, Text: delta(rest, currency, s.places), Note: restNote(folded, b.Rest.Slices)}
	w.HasRest = folded > 0 || b.Rest.Slices > 0 || !b.Rest.Amount.IsZero()
	return w
}

func orZero(p *analysis.Period) analysis.Period {
	if p == nil {
		return analysis.Period{}
	}
	return *p
}

// restNote counts what everything else is made of: "3 drivers and 412 slices".
func restNote(drivers, slices int) string {
	var parts []string
	for _, n := range []struct {
		count int
		one   string
	}{{drivers, "driver"}, {slices, "slice"}} {
		switch {
		case n.count == 1:
			parts = append(parts, "1 "+n.one)
		case n.count > 1:
			parts = append(parts, group(strconv.Itoa(n.count))+" "+n.one+"s")
		}
	}
	return strings.Join(parts, " and ")
}

// Bars is a table to be drawn as a bar per row.
type Bars struct {
	Head  string // the column drawn: "amount", "change"
	Delta bool   // it is a change, with signs
	Rows  []Bar
	Total string // in print, "" where there is none
}

// BarsOf draws a table's change column, or else its last money column that is not a change. The rows beyond most become
// part of "everything else", which is the last row, as are those the table left out. Not ok where there is nothing to
// compare: no money, or fewer than two rows of it.
func BarsOf(t *analysis.Table, currency string, most int) (Bars, bool) {
	col := -1
	for c, column := range t.Columns {
		switch {
		case column.Kind == analysis.ColDelta:
			if len(t.Columns) > c && t.Columns[0].Name != "period" { // periods side by side are drawn as what each cost
				col = c
			}
		case column.Kind == analysis.ColMoney && (col < 0 || t.Columns[col].Kind != analysis.ColDelta):
			col = c
		}
	}
	if col < 0 {
		return Bars{}, false
	}
	rows, rest := rowsOf(t)
	all := rows
	if rest != nil {
		all = append(rows[:len(rows):len(rows)], *rest)
	}
	figures := roundColumns(t, all, currency)
	kind := t.Columns[col].Kind
	text := func(a decimal.Decimal) string {
		if kind == analysis.ColDelta {
			return delta(a, currency, figures.places)
		}
		return money(a, currency, figures.places)
	}
	out := Bars{Head: t.Columns[col].Label, Delta: kind == analysis.ColDelta}
	if t.Total != nil {
		if a := figures.columns[col][len(all)]; a != nil {
			out.Total = text(*a)
		}
	}
	var left decimal.Decimal
	folded, more := 0, 0
	for i := range rows {
		a := figures.columns[col][i]
		switch {
		case a == nil:
		case len(out.Rows) >= most:
			left, folded = left.Add(*a), folded+1
		default:
			out.Rows = append(out.Rows, Bar{Label: rowName(t, rows[i]), Amount: *a, Text: text(*a), Number: i + 1})
		}
	}
	if len(out.Rows)+folded < 2 {
		return Bars{}, false
	}
	if rest != nil {
		if a := figures.columns[col][len(rows)]; a != nil {
			left, more = left.Add(*a), t.Omitted
		}
	}
	if folded+more > 0 {
		out.Rows = append(out.Rows, Bar{Label: "everything else", Amount: left, Text: text(left), Note: group(strconv.Itoa(folded+more)) + " more"})
	}
	return out, true
}

// rowName joins the texts before a row's first figure: "payments · Amazon S3".
func rowName(t *analysis.Table, r analysis.Row) string {
	var names []string
	for c, col := range t.Columns {
		if col.Kind != analysis.ColText {
			break
		}
		if s := cell(r, c).Text; s != "" {
			names = append(names, s)
		}
	}
	return strings.Join(names, " · ")
}

// SeriesOf is the series that a table of amounts over days holds: a column per day, or a row per day (and group), as a
// breakdown with a grain is answered. Not ok for any other table.
func SeriesOf(t *analysis.Table) (*analysis.Series, bool) {
	if s, ok := seriesOfColumns(t); ok {
		return s, true
	}
	return seriesOfRows(t)
}

// seriesOfColumns reads a table whose money columns are named by days.
func seriesOfColumns(t *analysis.Table) (*analysis.Series, bool) {
	s := &analysis.Series{}
	var at []int
	for c, col := range t.Columns {
		if day, err := time.Parse(analysis.DateLayout, col.Name); err == nil && col.Kind == analysis.ColMoney {
			s.Days, at = append(s.Days, day), append(at, c)
		}
	}
	if len(at) == 0 {
		return nil, false
	}
	rows, rest := rowsOf(t)
	if rest != nil {
		rows = append(rows[:len(rows):len(rows)], *rest)
	}
	for _, r := range rows {
		line := analysis.SeriesLine{Name: rowName(t, r)}
		for _, c := range at {
			line.Values = append(line.Values, cell(r, c).Amount)
		}
		s.Lines = append(s.Lines, line)
	}
	return s, inOrder(s.Days)
}

// seriesOfRows reads a table whose first column is a day, a week or a month, which each row's key dates.
func seriesOfRows(t *analysis.Table) (*analysis.Series, bool) {
	money := slices.IndexFunc(t.Columns, func(c analysis.Column) bool { return c.Kind == analysis.ColMoney })
	if money < 1 {
		return nil, false
	}
	grain := t.Columns[0].Name
	lines, days := map[string]int{}, map[time.Time]int{}
	s := &analysis.Series{}
	type entry struct {
		line, day int
		amount    *analysis.Amount
	}
	var entries []entry
	for _, r := range t.Rows {
		day, err := time.Parse(analysis.DateLayout, r.Key[grain])
		if err != nil {
			return nil, false
		}
		if _, known := days[day]; !known {
			days[day], s.Days = len(s.Days), append(s.Days, day)
		}
		nameless := r
		nameless.Cells = append([]analysis.Cell{{}}, r.Cells[min(1, len(r.Cells)):]...)
		name := rowName(t, nameless)
		if _, known := lines[name]; !known {
			lines[name], s.Lines = len(s.Lines), append(s.Lines, analysis.SeriesLine{Name: name})
		}
		entries = append(entries, entry{lines[name], days[day], cell(r, money).Amount})
	}
	for l := range s.Lines {
		// A group without a row on a day had no line items then; where days are columns it stands as zero too.
		s.Lines[l].Values = make([]*analysis.Amount, len(s.Days))
		for d := range s.Days {
			s.Lines[l].Values[d] = &analysis.Amount{}
		}
	}
	for _, e := range entries {
		s.Lines[e.line].Values[e.day] = e.amount
	}
	return s, len(s.Days) > 0 && inOrder(s.Days)
}

func inOrder(days []time.Time) bool {
	for i := 1; i < len(days); i++ {
		if !days[i].After(days[i-1]) {
			return false
		}
	}
	return true
}

// SeriesText prints amounts of a series as the renderers do, all to the same digits.
func SeriesText(s *analysis.Series, currency string) func(analysis.Amount) string {
	places := viewSeries(s, currency).places
	return func(a analysis.Amount) string { return money(a, currency, places) }
}

// PointName names a point of a series at its grain: "Wed 18 Nov", "week of 16 Nov", "November 2026".
func PointName(day time.Time, g analysis.Grain) string { return dayName(day, g) }
