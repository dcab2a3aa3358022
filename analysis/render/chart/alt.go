package chart

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

const (
	// altLabel is how many characters of a name are read out.
	altLabel = 60
	// maxAlt is how many characters a sentence has: two of them are what Slack takes as a file's description.
	maxAlt = 500
)

// alt says the picture in words: what kind it is, and the figures in it.
func (p *picture) alt() string {
	var said []string
	if p.bridge != nil {
		said = append(said, p.altWaterfall())
	}
	if p.series != nil {
		said = append(said, p.altSeries())
	}
	if p.table != nil {
		said = append(said, p.altBars())
	}
	return strings.Join(said, " ")
}

// altWaterfall is "Waterfall: $240,051 to $252,868; NatGateway-Bytes payments-prod +$10,943 since Wed 18 Nov; everything
// else +$497."
func (p *picture) altWaterfall() string {
	w := p.waterfall(maxDrivers)
	parts := []string{"Waterfall: " + spoken(w.Baseline.Text) + " to " + spoken(w.Current.Text)}
	for _, d := range w.Drivers {
		parts = append(parts, strings.TrimSpace(spoken(d.Label)+" "+spoken(d.Text)+" "+spoken(d.Note)))
	}
	rest := ""
	if w.HasRest {
		rest = w.Rest.Label + " " + spoken(w.Rest.Text)
	}
	return listed(parts, rest)
}

// altSeries is "Lines by day, Sun 1 Nov to Sun 22 Nov: payments from $590 to $2,411, last $2,411; search ...".
func (p *picture) altSeries() string {
	s := p.series
	kind := "Lines"
	if s.columns {
		kind = "Columns"
	}
	head := kind + " by " + string(s.grain) + ", " + render.PointName(s.days[0], s.grain) + " to " + render.PointName(s.days[len(s.days)-1], s.grain)
	var parts []string
	for _, l := range s.lines {
		low, high := extremes(l.values)
		if low < 0 {
			parts = append(parts, strings.TrimSpace(spoken(l.name)+" unknown"))
			continue
		}
		text := func(a *analysis.Amount) string { return spoken(s.text(*a)) }
		parts = append(parts, strings.TrimSpace(spoken(l.name)+" lowest "+text(l.values[low])+", highest "+text(l.values[high])+
			" ("+render.PointName(s.days[high], s.grain)+"), "+spoken(s.lastText(l))))
	}
	parts[0] = head + ": " + parts[0]
	if e := s.events(); e != "" {
		parts = slices.Insert(parts, 1, e)
	}
	return listed(parts, spoken(s.note()))
}

// events are the marks of events, read out: "marked payments-api 4.18.0 on Wed 18 Nov".
func (s *series) events() string {
	var said []string
	for _, m := range s.marks {
		if m.event {
			said = append(said, spoken(m.label)+" on "+render.PointName(m.day, s.grain))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "marked " + strings.Join(said[:min(3, len(said))], ", ")
}

// altBars is "Bars: Amazon EC2 $301,220; Amazon S3 $120,500; everything else $182,849; total $742,900."
func (p *picture) altBars() string {
	b := p.bars(maxBars)
	var parts []string
	for _, r := range b.Rows {
		parts = append(parts, spoken(r.Label)+" "+spoken(r.Text))
	}
	parts[0] = "Bars: " + parts[0]
	total := ""
	if b.Total != "" {
		total = "total " + spoken(b.Total)
	}
	return listed(parts, total)
}

// listed joins parts into a sentence of bounded length that keeps its first and last and counts what it leaves out.
func listed(parts []string, last string) string {
	said, length := parts[:1], utf8.RuneCountInString(parts[0])+utf8.RuneCountInString(last)
	for _, p := range parts[1:] {
		if length += utf8.RuneCountInString(p) + 2; length > maxAlt-len("; and 99 more; .") {
			break
		}
		said = append(said, p)
	}
	said = slices.Clone(said)
	if n := len(parts) - len(said); n > 0 {
		said = append(said, "and "+strconv.Itoa(n)+" more")
	}
	if last != "" {
		said = append(said, last)
	}
	return strings.Join(said, "; ") + "."
}

// spoken is a text as it is read out: safe, and short.
func spoken(s string) string {
	return strings.Join(strings.Fields(cutMiddle(render.Clean(s), altLabel)), " ")
}
