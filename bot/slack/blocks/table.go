package blocks

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
	"github.com/shopspring/decimal"
	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

const (
	tableColumns = 3  // a table of more is not readable on a phone
	tableRows    = 20 // rows of a table
	lineRows     = 15 // rows as lines
	lineCells    = 8  // what a line says of a row beside its name
	monoWidth    = 38 // characters of a fixed width that a phone shows on a line
	maxCell      = 60
)

// drawn reports whether a series of the answer shows a table's rows already.
func drawn(a *analysis.Answer, t *analysis.Table) bool {
	return t.Drawn || render.Plotted(a, t)
}

// table adds a table: a real one where it is narrow, else columns in a fixed width, else a line per row. A breakdown over days
// is read as what it is, a line over time. What is cut is counted, and added up where it can be.
func table(p *page, t *analysis.Table, a *analysis.Answer) {
	if s, ok := render.SeriesOf(t); ok && len(s.Days) >= seriesDays {
		series(p, s, a)
		return
	}
	v := render.ShowTable(t, a.Currency, tableRows)
	switch {
	case len(v.Heads) == 0 || len(v.Rows) == 0 && v.Total == nil:
		return
	case len(v.Rows) == 1 && v.Total == nil && !slices.Contains(v.Kinds, analysis.ColText):
		single(p, v, a)
		return
	case len(v.Heads) <= tableColumns && !p.table:
		for _, most := range []int{tableRows, tableRows / 2, tableRows / 4} {
			v = render.ShowTable(t, a.Currency, most)
			if b, n := tableBlock(v); p.roomFor(n) {
				p.add(b, n)
				p.table = true
				cutNote(p, v.Cut, a, "row", "rows")
				return
			}
		}
	}
	// Fewer rows rather than a table that ends in the middle and does not add up.
	for _, most := range []int{lineRows, lineRows * 2 / 3, lineRows / 3} {
		v = render.ShowTable(t, a.Currency, most)
		coarse(v)
		if lines, ok := columns(v); ok {
			if p.roomFor(size(lines)) {
				p.mono(lines)
				cutNote(p, v.Cut, a, "row", "rows")
				return
			}
		} else if lines := rowLines(v); p.fits(lines) {
			p.lines(lines...)
			cutNote(p, v.Cut, a, "row", "rows")
			return
		}
	}
	p.cut = true
}

// cutNote says how much is not shown and where it is: "12 more rows: CSV or `spendbot trace Q-7F3K2M`".
func cutNote(p *page, n int, a *analysis.Answer, one, many string) {
	if n > 0 {
		p.note(counted(n, "more "+one, "more "+many) + whereRest(a))
	}
}

// single is a table of one row, which has no name: its figures, but for those that the headline has said.
func single(p *page, v render.ShownTable, a *analysis.Answer) {
	var figures []string
	for c, text := range v.Rows[0] {
		if text != "" && !strings.Contains(a.Headline, text) {
			figures = append(figures, strings.TrimSpace(esc(v.Heads[c], maxCell)+" "+esc(text, maxCell)))
		}
	}
	p.note(strings.Join(figures, " · "))
}

// right reports whether a column is of figures.
func right(v render.ShownTable, c int) bool { return v.Kinds[c] != analysis.ColText }

// tableBlock is a table and the characters in it. Figures are texts, as exact as they are printed: a number in a cell of Slack
// is a float.
func tableBlock(v render.ShownTable) (*slack.TableBlock, int) {
	b := slack.NewTableBlock("")
	n := 0
	for c := range v.Heads {
		s := slack.ColumnSetting{Align: slack.ColumnAlignmentLeft, IsWrapped: true}
		if right(v, c) {
			s = slack.ColumnSetting{Align: slack.ColumnAlignmentRight}
		}
		b.ColumnSettings = append(b.ColumnSettings, s)
	}
	row := func(cells []string) {
		out := make([]slack.TableCell, len(v.Heads))
		for c := range out {
			text := ""
			if c < len(cells) {
				text = plain(cells[c], maxCell)
			}
			if text == "" {
				text = " " // a cell may not be empty
			}
			n += utf8.RuneCountInString(text)
			out[c] = slack.NewTableRawTextCell(text)
		}
		b.AddRow(out...)
	}
	row(v.Heads)
	for _, r := range v.Rows {
		row(r)
	}
	if v.Total != nil {
		row(v.Total)
	}
	return b, n
}

// columns lays a table out in a fixed width: the names in one column, then the figures. Not ok when that does not fit a phone,
// or there are words beside the names.
func columns(v render.ShownTable) ([]string, bool) {
	for c := range v.Heads {
		if (c < v.Keys) == right(v, c) {
			return nil, false
		}
	}
	rows := [][]string{nameAndFigures(v, v.Heads)}
	for _, r := range v.Rows {
		rows = append(rows, nameAndFigures(v, r))
	}
	if v.Total != nil {
		rows = append(rows, nameAndFigures(v, v.Total))
	}
	widths := make([]int, len(rows[0]))
	width := 0
	for c := range widths {
		for _, r := range rows {
			widths[c] = max(widths[c], utf8.RuneCountInString(r[c]))
		}
		width += 2 + widths[c]
	}
	if width-2 > monoWidth {
		return nil, false
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		var b strings.Builder
		for c, cell := range r {
			if c == 0 {
				b.WriteString(cell + spaces(widths[0]-utf8.RuneCountInString(cell)))
				continue
			}
			b.WriteString("  " + spaces(widths[c]-utf8.RuneCountInString(cell)) + cell)
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines, true
}

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// nameAndFigures joins the cells that name a row.
func nameAndFigures(v render.ShownTable, cells []string) []string {
	out := []string{plain(strings.Join(withoutEmpty(cells[:v.Keys]), " · "), maxCell)}
	for _, c := range cells[v.Keys:] {
		out = append(out, plain(c, maxCell))
	}
	return out
}

// weights are columns of what a cost is split by. People need them to compare; files and traces have every digit.
var weights = []string{"weight", "of"}

// coarse rounds weights from a thousand on to whole ones.
func coarse(v render.ShownTable) {
	for c, name := range v.Names {
		if v.Kinds[c] != analysis.ColNumber || !slices.Contains(weights, name) {
			continue
		}
		for _, cells := range append(v.Rows[:len(v.Rows):len(v.Rows)], v.Total) {
			if c < len(cells) {
				cells[c] = wholeThousands(cells[c])
			}
		}
	}
}

func wholeThousands(text string) string {
	d, err := decimal.NewFromString(strings.ReplaceAll(text, ",", ""))
	if err != nil || d.Abs().LessThan(decimal.New(1000, 0)) {
		return text
	}
	return humanize.BigComma(d.Round(0).BigInt())
}

// mainFigure is the column that says what a row comes to: the total where its parts are beside it, else the change, else the last
// amount, else of figures in cents what is charged, the difference, the amount or the first; -1 where there is none.
func mainFigure(v render.ShownTable) int {
	if c := slices.Index(v.Names, "total"); c >= v.Keys && v.Kinds[c] == analysis.ColMoney {
		return c
	}
	main := -1
	for c, k := range v.Kinds {
		if k == analysis.ColDelta || k == analysis.ColMoney && (main < 0 || v.Kinds[main] != analysis.ColDelta) {
			main = c
		}
	}
	if main >= 0 {
		return main
	}
	for _, name := range []string{"charged", "difference", "amount"} {
		if c := slices.Index(v.Names, name); c >= 0 && v.Kinds[c] == analysis.ColCents {
			return c
		}
	}
	return slices.Index(v.Kinds, analysis.ColCents)
}

// selfSaid are columns whose cells need no head before them.
var selfSaid = []string{"share", "how", "why", "verdict", "words", "what_it_means"}

// named are columns that tell a row's name further.
var named = []string{"cost_centre", "invoice"}

// alike reports whether all rows say the same in a column, which is then said once for all, above them.
func alike(v render.ShownTable, c int) bool {
	for _, r := range v.Rows[min(1, len(v.Rows)):] {
		if r[c] != v.Rows[0][c] {
			return false
		}
	}
	return len(v.Rows) > 1
}

// rowLines gives each row a line: its main figure first, as drivers have it, then its name, then what else there is.
func rowLines(v render.ShownTable) []string {
	main := mainFigure(v)
	parts := main >= 0 && v.Names[main] == "total"
	currency := -1
	if main >= 0 && v.Kinds[main] == analysis.ColCents {
		currency = slices.Index(v.Names, "currency")
	}
	skip := comparison(v)
	compared := skip
	if c := slices.Index(v.Names, "month"); c >= v.Keys && alike(v, c) {
		skip = append(skip[:len(skip):len(skip)], c)
	}
	line := func(cells []string) string {
		var names, others []string
		figure := ""
		for c, text := range cells {
			switch {
			case strings.TrimSpace(text) == "" || c == currency || slices.Contains(skip, c):
			case parts && v.Kinds[c] == analysis.ColDelta && !strings.ContainsAny(text, "123456789"): // a part of nothing
			case c == main:
				if currency >= 0 {
					text = strings.TrimSpace(cells[currency] + " " + text)
				}
				figure = code(text, maxCell)
			case c < v.Keys && !right(v, c) || slices.Contains(named, v.Names[c]):
				names = append(names, esc(text, maxCell*2))
			case v.Names[c] == "of" && v.Kinds[c] == analysis.ColNumber && len(others) > 0:
				others[len(others)-1] += " of " + esc(text, maxCell)
			default:
				head := v.Heads[c]
				if slices.Contains(selfSaid, v.Names[c]) {
					head = ""
				}
				others = append(others, strings.TrimSpace(esc(head, maxCell)+" "+esc(text, maxCell*2)))
			}
		}
		if len(others) > lineCells {
			others = append(others[:lineCells:lineCells], ellipsis)
		}
		if s := comparedText(compared, cells); s != "" {
			others = append([]string{s}, others...)
		}
		s := strings.Join(names, " · ")
		if len(others) > 0 {
			s = strings.TrimPrefix(s+": "+strings.Join(others, " · "), ": ")
		}
		return clip(strings.TrimSpace(figure+" "+s), others, names, figure)
	}
	rows, ok := v.Rows, ""
	if c := slices.Index(v.Names, "verdict"); c >= v.Keys {
		rows, ok = wanting(v, c)
	}
	var out []string
	for _, r := range rows {
		out = append(out, line(r))
	}
	if ok != "" {
		out = append(out, ok)
	}
	if v.Total != nil {
		out = append(out, line(v.Total))
	}
	return withoutEmpty(out)
}

// wanting are the rows of checks that did not come out well, and the names of the others in one line.
func wanting(v render.ShownTable, verdict int) (rows [][]string, ok string) {
	var names []string
	for _, r := range v.Rows {
		if r[verdict] == "ok" {
			names = append(names, esc(r[0], maxCell))
		} else {
			rows = append(rows, r)
		}
	}
	if len(names) > 0 {
		ok = "ok: " + strings.Join(names, ", ")
	}
	return rows, ok
}

// comparison finds the columns of a comparison: current, baseline and, if there is one, the change in percent. Empty where
// the table compares nothing.
func comparison(v render.ShownTable) []int {
	current, baseline := slices.Index(v.Names, "current"), slices.Index(v.Names, "baseline")
	if current < v.Keys || baseline < v.Keys || !slices.Contains(v.Kinds, analysis.ColDelta) {
		return nil
	}
	if percent := slices.Index(v.Names, "delta_percent"); percent >= v.Keys {
		return []int{current, baseline, percent}
	}
	return []int{current, baseline}
}

// comparedText is "$47,604, after $36,835 (+29.2%)".
func comparedText(compared []int, cells []string) string {
	if len(compared) == 0 || cells[compared[0]] == "" {
		return ""
	}
	s := esc(cells[compared[0]], maxCell)
	if before := cells[compared[1]]; before != "" {
		s += ", after " + esc(before, maxCell)
	}
	if len(compared) > 2 && cells[compared[2]] != "" && cells[compared[2]] != "unknown" { // of nothing
		s += " (" + esc(cells[compared[2]], maxCell) + ")"
	}
	return s
}

// clip keeps a row's line to a line's length: what is said last goes first.
func clip(s string, others, names []string, figure string) string {
	for utf8.RuneCountInString(s) > maxLine && len(others) > 0 {
		others = others[:len(others)-1]
		s = figure + " " + strings.Join(names, " · ") + ": " + strings.Join(append(slices.Clone(others), ellipsis), " · ")
	}
	for utf8.RuneCountInString(s) > maxLine && len(names) > 0 {
		names = names[:len(names)-1]
		s = figure + " " + strings.Join(append(slices.Clone(names), ellipsis), " · ")
	}
	return strings.TrimSpace(s)
}
