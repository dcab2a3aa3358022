package render

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// This file is the door for renderers elsewhere: the words and figures that the renderers of this package show, for one
// that lays them out in its own way. All texts are clean.

// Lead is how an answer begins: the headline, then each part of the question that was declined and the texts before the first
// table, none said twice; parts are the rest of the answer's body. The texts may have several lines.
func Lead(a *analysis.Answer) (headline string, texts []string, parts []analysis.Part) {
	headline, texts, parts = lead(a)
	for i, s := range texts {
		texts[i] = CleanLines(s)
	}
	return CleanLines(headline), texts, parts
}

// CleanLines is [Clean] for prose of several lines: line breaks stay.
func CleanLines(s string) string { return strings.Join(cleanLines(s), "\n") }

// ShownDriver is a line of a bridge: "+$11,404", what it is, "since Wed 18 Nov", "usage x4.1, price unchanged".
type ShownDriver struct {
	Amount, Label, Since, How string
	Near                      string          // what happened near its onset: "near in time: deploy payments-api 4.18.0, ..."
	Figure                    analysis.Amount // the amount as printed, not as exact as it is known
}

// ShownBridge is a bridge as printed: Drivers and Rest give Total, and so do the effects.
type ShownBridge struct {
	Drivers []ShownDriver
	Rest    ShownDriver // everything else, the drivers beyond the limit included
	HasRest bool        // there is something else
	Total   ShownDriver
	// Effects are "usage +$11,436", in falling weight; those of least weight are one: "7 others -$1,204".
	Effects []string
}

// fewEffects is how many effects are named on a line.
const fewEffects = 6

// ShowBridge prints a bridge with most drivers at most, those of the largest amounts, in the bridge's own order. The others
// are added to everything else as they would have been printed.
func ShowBridge(b *analysis.Bridge, a *analysis.Answer, most int) ShownBridge {
	s := showChange(b.Change)
	currency := b.Change.Currency
	view := viewBridge(b, a)
	parts := make([]decimal.Decimal, 0, len(b.Drivers)+1)
	order := make([]int, len(b.Drivers))
	for i, d := range b.Drivers {
		parts, order[i] = append(parts, d.Amount), i
	}
	figures := fitOrRound(append(parts, b.Rest.Amount), s.delta, s.places)
	slices.SortStableFunc(order, func(x, y int) int { return parts[y].Abs().Cmp(parts[x].Abs()) })
	kept := map[int]bool{}
	for _, i := range order[:min(max(most, 0), len(order))] {
		kept[i] = true
	}

	var out ShownBridge
	rest, largest := figures[len(b.Drivers)], b.Rest.Largest.Abs()
	folded := 0
	for i, r := range view.drivers {
		if !kept[i] {
			rest, largest = rest.Add(figures[i]), decimal.Max(largest, parts[i].Abs())
			folded++
			continue
		}
		out.Drivers = append(out.Drivers, ShownDriver{Amount: r.amount, Label: clean(r.label), Since: clean(r.since),
			How: clean(r.how), Near: clean(strings.Join(r.near, " ")), Figure: figures[i]})
	}
	label := "everything else"
	if what := restNote(folded, b.Rest.Slices); what != "" {
		label += " (" + what
		if folded+b.Rest.Slices > 1 {
			label += ", none above " + money(decimal.Zero.Sub(floorTo(largest.Neg(), s.places)), currency, s.places)
		}
		label += ")"
	}
	out.Rest = ShownDriver{Amount: delta(rest, currency, s.places), Label: label, Figure: rest}
	out.HasRest = folded > 0 || b.Rest.Slices > 0 || !rest.IsZero()
	out.Total = ShownDriver{Amount: delta(s.delta, currency, s.places), Label: "in all", Figure: s.delta}
	out.Effects = fewerEffects(b.Effects, s, currency)
	return out
}

// fewerEffects are the effects as a line has room for them: the heaviest, the others in one, and then what is always said.
func fewerEffects(effects []analysis.EffectAmount, s shownChange, currency string) []string {
	all := effectTexts(effects, s, currency)
	var moved []analysis.EffectAmount
	for _, e := range showEffects(effects, s) {
		if !e.Amount.IsZero() {
			moved = append(moved, e)
		}
	}
	if len(moved) <= fewEffects+1 {
		return all
	}
	others := decimal.Zero
	for _, e := range moved[fewEffects:] {
		others = others.Add(e.Amount)
	}
	out := append(all[:fewEffects:fewEffects], number(decimal.New(int64(len(moved)-fewEffects), 0))+" others "+delta(others,
		currency, s.places))
	return append(out, all[len(moved):]...)
}

// ShownTable is a table as printed.
type ShownTable struct {
	Names []string // the machine's names of the columns
	Heads []string
	Kinds []analysis.ColumnKind
	Keys  int // how many of the first columns name the row
	Rows  [][]string
	Total []string // nil where there is none
	// Cut is how many rows are not shown although the table has them. Where the columns add up to a total they are in the row
	// "everything else".
	Cut int
}

// ShowTable prints a table with most rows at most, "everything else" and the total not counted. Figures are those of the
// other renderers, so that a table that was cut shows no other number than one that was not.
func ShowTable(t *analysis.Table, currency string, most int) ShownTable {
	v := viewTable(t, currency)
	out := ShownTable{Keys: min(v.keys, len(v.heads))}
	for c, col := range t.Columns {
		out.Names, out.Heads, out.Kinds = append(out.Names, col.Name), append(out.Heads, clean(v.heads[c])), append(out.Kinds, col.Kind)
	}
	texts := func(cells []viewCell) []string {
		row := make([]string, len(cells))
		for c, cl := range cells {
			row[c] = clean(cl.text)
		}
		return row
	}
	rows, rest := rowsOf(t)
	body := v.rows[:len(rows)]
	if out.Cut = len(body) - most; out.Cut > 0 {
		body = body[:most]
	} else {
		out.Cut = 0
	}
	for _, r := range body {
		out.Rows = append(out.Rows, texts(r))
	}
	switch {
	case out.Cut > 0 && t.Total != nil:
		out.Rows = append(out.Rows, folded(t, rows, rest, most, currency))
	case rest != nil:
		out.Rows = append(out.Rows, texts(v.rows[len(rows)]))
	}
	if v.total != nil {
		out.Total = texts(v.total)
	}
	return out
}

// folded is the row "everything else" of a table cut after most rows: the printed figures of those that follow, added up
// where the column has a sum.
func folded(t *analysis.Table, rows []analysis.Row, rest *analysis.Row, most int, currency string) []string {
	all := rows
	if rest != nil {
		all = append(rows[:len(rows):len(rows)], *rest)
	}
	figures := roundColumns(t, all, currency)
	out := make([]string, len(t.Columns))
	for c, col := range t.Columns {
		total := cell(*t.Total, c).Amount
		if total == nil || col.Kind == analysis.ColText || col.Kind == analysis.ColPercent && !total.Equal(decimal.New(1, 0)) {
			continue
		}
		sum, known := decimal.Zero, true
		for i := most; i < len(all); i++ {
			if figures.columns[c][i] == nil {
				known = false
				break
			}
			sum = sum.Add(*figures.columns[c][i])
		}
		if known {
			figures.columns[c][most] = &sum
			out[c] = figures.cell(most, c, col.Kind, analysis.Cell{}, currency).text
		}
	}
	if len(out) > 0 {
		out[0] = "everything else (" + number(decimal.New(int64(len(rows)-most+t.Omitted), 0)) + " more)"
	}
	return out
}

// ShownSeries is a series as printed.
type ShownSeries struct {
	Lines []ShownLine
	Cut   int    // lines beyond the limit, not shown
	Span  string // "Sun 1 Nov to Sun 22 Nov, a mark is 2 days"
	// Points are the days of a single short line, one by one.
	Points []ShownPoint
}

// ShownLine is a line of a series: its name, a sparkline, and its first, last, lowest and highest amount.
type ShownLine struct{ Name, Marks, First, Last, Low, High string }

// ShownPoint is a day with its amount and a bar in proportion.
type ShownPoint struct{ Name, Amount, Bar string }

// ShowSeries prints a series: most lines at most, sparklines of marks marks at most, bars of up to so many blocks.
func ShowSeries(s *analysis.Series, currency string, g analysis.Grain, most, marks int) ShownSeries {
	var out ShownSeries
	if len(s.Days) == 0 || len(s.Lines) == 0 {
		return out
	}
	v := viewSeries(s, currency)
	per := daysPerMark(len(v.days), marks)
	out.Span = dayName(v.days[0], g) + " to " + dayName(v.days[len(v.days)-1], g)
	if w := markWords(per, g); w != "" {
		out.Span += ", " + w
	}
	out.Cut = max(0, len(v.lines)-most)
	for _, l := range v.lines[:len(v.lines)-out.Cut] {
		l.values = l.values[:min(len(l.values), len(v.days))]
		out.Lines = append(out.Lines, ShownLine{Name: clean(l.name), Marks: sparkline(l.values, per), First: v.amount(l, 0),
			Last: v.amount(l, len(v.days)-1), Low: l.low, High: l.high})
	}
	if _, high, ok := bounds(v.lines[0].values); len(v.lines) == 1 && len(v.days) <= barDays && ok && high.Sign() > 0 {
		l := v.lines[0]
		for i, d := range v.days {
			p := ShownPoint{Name: dayName(d, g), Amount: v.amount(l, i)}
			if i < len(l.values) && l.values[i] != nil {
				p.Bar = bar(*l.values[i], high, max(1, marks/2))
			}
			out.Points = append(out.Points, p)
		}
	}
	return out
}

// Small is what every number needs beside it, in few words: what was measured ("effective cost, USD"), over which days
// ("16-22 Nov vs 9-15 Nov UTC"), of what, how far the data is whole ("complete through 21 Nov"), within which scope. Caveats
// are sentences: the answer's own, then what was assumed in reading.
func Small(a *analysis.Answer) (items, caveats []string) {
	if counted(a) {
		measure := a.Reading.Metric.Words()
		if a.Currency != "" {
			measure += ", " + clean(a.Currency)
		}
		items = append(items, measure, periodShort(a)+" UTC")
		if a.Reading.Grain != analysis.NoGrain {
			items = append(items, "by "+string(a.Reading.Grain))
		}
		if len(a.Reading.Filters) > 0 {
			items = append(items, filterWords(a.Reading.Filters))
		}
	}
	if c := completeShort(a); c != "" && a.Reading.Intent != analysis.Freshness {
		items = append(items, c)
	}
	if len(a.Reading.Scope) > 0 {
		items = append(items, "within your scope: "+clean(analysis.ScopeWords(a.Reading.Scope)))
	}
	for _, s := range slices.Concat(a.Caveats, a.Reading.Notes) {
		if s = sentence(s); s != "" && !slices.Contains(caveats, s) {
			caveats = append(caveats, s)
		}
	}
	return items, caveats
}

// periodShort leaves the year out where it is that of asking.
func periodShort(a *analysis.Answer) string {
	year := a.Asked.Year()
	one := func(p analysis.Period) string {
		if p.Last().Year() == year {
			return yearless(p)
		}
		return p.String()
	}
	p := a.Reading
	switch n := len(p.Windows); {
	case n > fewWindows:
		return number(decimal.New(int64(n), 0)) + " periods, " + one(p.Windows[0]) + " to " + one(p.Windows[n-1])
	case n > 0:
		names := make([]string, n)
		for i, w := range p.Windows {
			names[i] = one(w)
		}
		return list(names, "and")
	case p.Baseline != nil:
		return one(p.Current) + " vs " + one(*p.Baseline)
	}
	return one(p.Current)
}

// completeShort is "complete through 21 Nov", or which provider is through which day.
func completeShort(a *analysis.Answer) string {
	if len(a.Through) == 0 {
		if counted(a) {
			return "complete through an unknown day"
		}
		return ""
	}
	names, days := map[string][]string{}, []string(nil)
	for _, t := range a.Through {
		layout := "2 Jan"
		if t.Day.Year() != a.Asked.Year() {
			layout = "2 Jan 2006"
		}
		day := t.Day.UTC().Format(layout)
		if names[day] == nil {
			days = append(days, day)
		}
		names[day] = append(names[day], clean(t.Provider))
	}
	if len(days) == 1 {
		return "complete through " + days[0]
	}
	clauses := make([]string, len(days))
	for i, d := range days {
		who := list(names[d], "and")
		if len(names[d]) > namedProviders {
			who = number(decimal.New(int64(len(names[d])), 0)) + " providers"
		}
		clauses[i] = who + " through " + d
	}
	return "complete: " + strings.Join(clauses, ", ")
}

// readAs says each intent as what was asked for.
var readAs = map[analysis.Intent]string{
	analysis.ExplainChange: "why it changed", analysis.Compare: "a comparison", analysis.SpendTotal: "a total",
	analysis.TopN: "the largest", analysis.Breakdown: "a breakdown", analysis.Provenance: "where a figure comes from",
	analysis.Freshness: "how far the data reaches", analysis.Ambiguous: "not clear enough to answer",
	analysis.OutOfScope: "nothing a bill can tell", analysis.Trust: "whether the data can be relied on",
	analysis.Showback: "who bears the bill", analysis.AnomalyList: "what stands out", analysis.Ownership: "whose it is",
}

// ReadingWords says how a question was read: "why it changed, by team: effective cost in USD, 16-22 Nov against 9-15 Nov 2026
// (UTC), everything."
func ReadingWords(a *analysis.Answer) string {
	what, ok := readAs[a.Reading.Intent]
	if !ok {
		what = clean(strings.ReplaceAll(string(a.Reading.Intent), "_", " "))
	}
	if n := a.Reading.Limit; n > 0 && a.Reading.Intent == analysis.TopN {
		what += " " + number(decimal.New(int64(n), 0))
	}
	if len(a.Reading.GroupBy) > 0 {
		names := make([]string, len(a.Reading.GroupBy))
		for i, d := range a.Reading.GroupBy {
			names[i] = clean(d.Words())
		}
		what += ", by " + list(names, "and")
	}
	if counted(a) {
		what += ": " + measured(a)
	} else {
		what += "."
	}
	if len(a.Reading.Scope) > 0 {
		what += " Within the scope: " + clean(analysis.ScopeWords(a.Reading.Scope)) + "."
	}
	return what
}
