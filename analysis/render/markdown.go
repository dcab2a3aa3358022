package render

import (
	"io"
	"strconv"
	"strings"

	"spendbot/analysis"
)

// mdMarks is how many marks a sparkline in Markdown has at most.
const mdMarks = 31

// Markdown writes the answer as GitHub-flavoured Markdown, for a ticket or a pull request.
func Markdown(w io.Writer, a *analysis.Answer) error {
	m := &markdown{}
	headline, texts, parts := lead(a)
	if lines := cleanLines(headline); headline != "" {
		for i, l := range lines {
			lines[i] = "**" + escape(strings.TrimSpace(l)) + "**"
		}
		m.paragraph(strings.Join(lines, "\\\n"))
	}
	for _, s := range texts {
		m.text(s)
	}
	for _, p := range parts {
		switch {
		case p.Bridge != nil:
			m.bridge(viewBridge(p.Bridge, a))
		case p.Table != nil && !p.Table.Drawn:
			m.table(viewTable(p.Table, a.Currency))
		case p.Series != nil:
			m.series(viewSeries(p.Series, a.Currency), a.Reading.Grain)
		default:
			m.text(p.Text)
		}
	}
	if c := a.Reading.Clarify; c != nil {
		var items []string
		for i, ch := range c.Choices {
			items = append(items, strconv.Itoa(i+1)+". "+escape(ch.Label)+": "+code(ch.Ask))
		}
		m.paragraph(strings.Join(items, "\n"))
	}
	if len(a.Actions) > 0 {
		var items []string
		for _, act := range a.Actions {
			items = append(items, code(act.Ask))
		}
		m.paragraph("next: " + strings.Join(items, " · "))
	}
	var small []string
	for _, s := range smallPrint(a) {
		small = append(small, escape(s))
	}
	items := traceItems(a)
	for i, s := range items {
		if strings.HasPrefix(s, "spendbot trace ") {
			items[i] = code(s)
		} else {
			items[i] = escape(s)
		}
	}
	small = append(small, strings.Join(items, " · "))
	m.paragraph(strings.Join(small, "\\\n"))
	_, err := io.WriteString(w, m.b.String())
	return err
}

// markdown gathers blocks.
type markdown struct{ b strings.Builder }

// paragraph writes a block that is already Markdown, an empty line before it.
func (m *markdown) paragraph(s string) {
	if s == "" {
		return
	}
	if m.b.Len() > 0 {
		m.b.WriteByte('\n')
	}
	m.b.WriteString(s)
	m.b.WriteByte('\n')
}

// text writes prose, its line breaks kept.
func (m *markdown) text(s string) {
	lines := cleanLines(s)
	for i, l := range lines {
		lines[i] = escape(strings.TrimSpace(l))
	}
	m.paragraph(strings.Join(lines, "\\\n"))
}

// grid writes a table; its cells are already Markdown.
func (m *markdown) grid(heads []string, right []bool, rows [][]string) {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("|")
		for _, c := range cells {
			b.WriteString(" " + c + " |")
		}
		b.WriteByte('\n')
	}
	line(heads)
	rules := make([]string, len(heads))
	for i := range heads {
		rules[i] = "---"
		if right[i] {
			rules[i] = "---:"
		}
	}
	line(rules)
	for _, r := range rows {
		line(r)
	}
	m.paragraph(strings.TrimSuffix(b.String(), "\n"))
}

func (m *markdown) bridge(v bridgeView) {
	dated := false
	for _, r := range v.drivers {
		dated = dated || r.onset != ""
	}
	heads, right := []string{"what changed", "amount"}, []bool{false, true}
	if v.shareHead != "" {
		heads, right = append(heads, v.shareHead), append(right, true)
	}
	if dated {
		heads, right = append(heads, "since"), append(right, false)
	}
	heads, right = append(heads, "how"), append(right, false)
	row := func(r bridgeRow, strong bool) []string {
		mark := func(s string) string {
			if strong && s != "" {
				return "**" + s + "**"
			}
			return s
		}
		cells := []string{escape(r.label), mark(r.amount)}
		if v.shareHead != "" {
			cells = append(cells, mark(r.share))
		}
		if dated {
			cells = append(cells, escape(r.onset))
		}
		return append(cells, escape(strings.TrimPrefix(strings.Join(append([]string{r.how}, r.near...), "; "), "; ")))
	}
	var rows [][]string
	for _, r := range v.drivers {
		rows = append(rows, row(r, false))
	}
	m.grid(heads, right, append(rows, row(v.rest, false), row(v.total, true)))
	m.paragraph(escape(strings.Join(v.effects, " · ")))
}

func (m *markdown) table(v tableView) {
	heads := make([]string, len(v.heads))
	for c, h := range v.heads {
		heads[c] = escape(h)
	}
	var rows [][]string
	for _, r := range v.rows {
		cells := make([]string, len(r))
		for c, cl := range r {
			cells[c] = escape(cl.text)
		}
		rows = append(rows, cells)
	}
	if v.total != nil {
		cells := make([]string, len(v.total))
		for c, cl := range v.total {
			if cl.text != "" {
				cells[c] = "**" + escape(cl.text) + "**"
			}
		}
		rows = append(rows, cells)
	}
	m.grid(heads, v.right, rows)
}

// series writes a few days as a table of them, and more as one sparkline a line.
func (m *markdown) series(v seriesView, g analysis.Grain) {
	if len(v.days) == 0 || len(v.lines) == 0 {
		return
	}
	if len(v.days) <= barDays {
		heads, right := []string{grainHead(g)}, []bool{false}
		for _, l := range v.lines {
			heads, right = append(heads, escape(l.name)), append(right, true)
		}
		var rows [][]string
		for i, d := range v.days {
			row := []string{dayName(d, g)}
			for _, l := range v.lines {
				row = append(row, v.amount(l, i))
			}
			rows = append(rows, row)
		}
		m.grid(heads, right, rows)
		return
	}
	per := daysPerMark(len(v.days), mdMarks)
	span := dayName(v.days[0], g) + " to " + dayName(v.days[len(v.days)-1], g)
	if w := markWords(per, g); w != "" {
		span += ", " + w
	}
	var rows [][]string
	for _, l := range v.lines {
		rows = append(rows, []string{escape(l.name), sparkline(l.values, per), l.low, l.high, l.last})
	}
	m.grid([]string{"", span, "lowest", "highest", "last"}, []bool{false, false, true, true, true}, rows)
}

// grainHead heads the column of a series' days.
func grainHead(g analysis.Grain) string {
	if g == analysis.NoGrain {
		return string(analysis.ByDay)
	}
	return string(g)
}
