package blocks

import (
	"strings"
	"unicode/utf8"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

const (
	seriesDays  = 3  // a table of fewer days is a table
	seriesLines = 8  // lines over time in a message
	marks       = 31 // of a sparkline: a month of days, and a phone shows them on one line
)

// series adds lines over time: a few days of one line one by one, else a sparkline each with its first, last, lowest and highest
// amount.
func series(p *page, s *analysis.Series, a *analysis.Answer) {
	v := render.ShowSeries(s, a.Currency, a.Reading.Grain, seriesLines, marks)
	if len(v.Points) > 0 {
		p.mono(points(v.Points))
		return
	}
	lines := make([]string, len(v.Lines))
	for i, l := range v.Lines {
		figures := "first " + l.First + ", last " + l.Last + ", lowest " + l.Low + ", highest " + l.High
		lines[i] = code(l.Marks, 2*marks) + " " + esc(figures, 160)
		if name := strong(esc(l.Name, maxLabel)); name != "" {
			lines[i] = name + "\n" + lines[i]
		}
	}
	shown := p.lines(lines...)
	if shown > 0 {
		p.note(esc(v.Span, maxItem))
	}
	cutNote(p, v.Cut+len(lines)-shown, a, "line", "lines")
}

// points are "Wed 18 Nov  $2,411  ███████████".
func points(ps []render.ShownPoint) []string {
	name, amount := 0, 0
	for _, pt := range ps {
		name, amount = max(name, utf8.RuneCountInString(pt.Name)), max(amount, utf8.RuneCountInString(pt.Amount))
	}
	lines := make([]string, len(ps))
	for i, pt := range ps {
		lines[i] = strings.TrimRight(pt.Name+spaces(name-utf8.RuneCountInString(pt.Name))+"  "+
			spaces(amount-utf8.RuneCountInString(pt.Amount))+pt.Amount+"  "+pt.Bar, " ")
	}
	return lines
}
