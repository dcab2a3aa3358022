package chart

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// Options say how large a picture may be. The zero value is a picture for a chat.
type Options struct {
	Width  int     // at scale 1; 0 means 1200. Between 640 and 2000
	Height int     // at most, at scale 1, as far as legible text allows; 0 means as the content needs
	Scale  float64 // dots per unit; 0 means 1. Between 0.5 and 3
}

const (
	defaultWidth = 1200
	minWidth     = 640
	maxWidth     = 2000
	minScale     = 0.5
	maxScale     = 3
	// maxDots bounds the work: larger pictures are drawn at a smaller scale.
	maxDots = 12e6

	maxDrivers = 7
	maxBars    = 12
)

func (o Options) bounded() Options {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = min(maxWidth, max(minWidth, o.Width))
	if o.Height <= 0 {
		o.Height = math.MaxInt32
	}
	if !(o.Scale > 0) {
		o.Scale = 1
	}
	o.Scale = math.Min(maxScale, math.Max(minScale, o.Scale))
	return o
}

// PNG draws the answer. alt says the same in a sentence or two, for screen readers and where pictures are not shown. ok
// is false where there is nothing worth drawing: no bridge that moved, no series of three days, no table of amounts.
func PNG(a *analysis.Answer, o Options) (png []byte, alt string, ok bool, err error) {
	o = o.bounded()
	p := pictureOf(a)
	if p == nil {
		return nil, "", false, nil
	}
	s := p.layOut(o)
	scale := math.Min(o.Scale, math.Sqrt(maxDots/(s.width*s.height)))
	png, err = s.png(math.Max(minScale, scale))
	if err != nil {
		return nil, "", false, err
	}
	return png, p.alt(), true, nil
}

// picture is what of an answer is drawn: a bridge, a series or both, or else a table's rows.
type picture struct {
	answer   *analysis.Answer
	currency string
	bridge   *analysis.Bridge
	series   *series
	table    *analysis.Table
}

func pictureOf(a *analysis.Answer) *picture {
	if a == nil {
		return nil
	}
	p := &picture{answer: a, currency: a.Currency}
	for _, part := range a.Parts {
		switch {
		case part.Bridge != nil && p.bridge == nil && moved(part.Bridge):
			p.bridge = part.Bridge
		case part.Series != nil && p.series == nil:
			p.addSeries(part.Series)
		}
	}
	if p.bridge != nil {
		p.currency = p.bridge.Change.Currency
		p.markOnsets()
	}
	p.markEvents()
	if p.bridge != nil || p.series != nil {
		return p
	}
	for _, part := range a.Parts {
		if part.Table == nil || a.Reading.Metric == analysis.Usage {
			continue
		}
		if s, ok := render.SeriesOf(part.Table); ok {
			if p.addSeries(s); p.series != nil {
				p.markEvents()
				return p
			}
		}
		if _, ok := render.BarsOf(part.Table, p.currency, maxBars); ok {
			p.table = part.Table
			return p
		}
	}
	return nil
}

// moved reports whether a bridge has anything between its ends.
func moved(b *analysis.Bridge) bool {
	return len(b.Drivers) > 0 || !b.Rest.Amount.IsZero() || !b.Change.Delta.IsZero()
}

func (p *picture) addSeries(s *analysis.Series) {
	if len(s.Days) == 0 || len(s.Lines) == 0 {
		return
	}
	grain := p.answer.Reading.Grain
	if grain == analysis.NoGrain {
		grain = analysis.ByDay
	}
	if drawn := newSeries(s, p.currency, grain); drawn.drawable() {
		p.series = &drawn
		p.series.notePart(p.answer.Reading.Current, incompleteDays(p.answer, grain))
	}
}

// incompleteDays are the days that a table of the answer, with a row per day, marks as such.
func incompleteDays(a *analysis.Answer, grain analysis.Grain) map[time.Time]bool {
	out := map[time.Time]bool{}
	for _, part := range a.Parts {
		if part.Table == nil || len(part.Table.Columns) == 0 || part.Table.Columns[0].Name != string(grain) {
			continue
		}
		for _, r := range part.Table.Rows {
			day, err := time.Parse(analysis.DateLayout, r.Key[string(grain)])
			if err == nil && len(r.Cells) > 0 && strings.HasSuffix(r.Cells[0].Text, "(incomplete)") {
				out[day] = true
			}
		}
	}
	return out
}

// markOnsets marks in the series the days on which the bridge's drivers began, with the largest driver of each.
func (p *picture) markOnsets() {
	if p.series == nil {
		return
	}
	p.series.columns = false // marks stand between points
	first, last := p.series.days[0], p.series.days[len(p.series.days)-1]
	at := map[time.Time]int{}
	for _, d := range p.waterfall(maxDrivers).Drivers {
		if d.Day.Before(first) || d.Day.After(last) {
			continue
		}
		if i, taken := at[d.Day]; taken {
			p.series.marks[i].more++
			continue
		}
		at[d.Day] = len(p.series.marks)
		p.series.marks = append(p.series.marks, mark{day: d.Day, label: drawable(d.Label, "driver "+strconv.Itoa(d.Number)), amount: drawable(d.Text, "?")})
	}
	slices.SortStableFunc(p.series.marks, func(a, b mark) int { return a.day.Compare(b.day) })
}

// markEvents marks in a series of days what happened in them. A mark says when and what, and never that one made the other.
func (p *picture) markEvents() {
	if p.series == nil || p.series.grain != analysis.ByDay {
		return
	}
	first, last := p.series.days[0], p.series.days[len(p.series.days)-1]
	for _, m := range render.Marks(p.answer) {
		if m.Day.Before(first) || m.Day.After(last) {
			continue
		}
		p.series.columns = false
		p.series.marks = append(p.series.marks, mark{day: m.Day, label: drawable(m.Label, "event"), more: m.More, event: true})
	}
	slices.SortStableFunc(p.series.marks, func(a, b mark) int { return a.day.Compare(b.day) })
}

func (p *picture) waterfall(most int) render.Waterfall {
	return render.WaterfallOf(p.answer, p.bridge, most)
}

func (p *picture) bars(most int) render.Bars {
	b, _ := render.BarsOf(p.table, p.currency, most)
	return b
}

// layOut places everything: the headline, the panels, what was measured.
func (p *picture) layOut(o Options) *scene {
	s := &scene{width: float64(o.Width)}
	room := s.width - 2*margin
	title := titleFace.balanced(drawable(p.answer.Headline, ""), room, 2)
	foot := footFace.name(p.footer(), room, 2)
	head := 30 + float64(len(title))*titleFace.leading() + 14
	tail := 16 + float64(len(foot))*footFace.leading() + 26
	limit := float64(o.Height) - head - tail

	plot := 0.0
	if p.series != nil {
		plot = plotHeight
		if p.bridge != nil {
			plot = 0.75 * plotHeight
		}
		plot = math.Max(p.series.least(), math.Min(plot, limit-p.series.tall(0)))
		limit -= p.series.tall(plot)
	}
	r, tall := p.rows(s.width, limit)

	// Labels that must lie in the picture are placed against its height, so that is known before they are.
	s.height = math.Ceil(head + tall + tail)
	if p.series != nil {
		s.height += p.series.tall(plot)
	}
	s.frame()
	y := s.paragraph(title, margin, 30, titleFace, ink) + 14
	if r != nil {
		y = r.draw(s, y)
	}
	if p.series != nil {
		p.series.draw(s, y, plot)
	}
	s.paragraph(foot, margin, s.height-tail+16, footFace, muted)
	return s
}

// rows are the horizontal bars and their height, as many as there is room for, a few at the least; nil without any.
func (p *picture) rows(width, limit float64) (*rows, float64) {
	var build func(most int) rows
	most, least := 0, 0
	switch {
	case p.bridge != nil:
		most, least = maxDrivers, 1
		build = func(n int) rows { return waterfallRows(p.waterfall(n), p.currency, width) }
	case p.table != nil:
		most, least = maxBars, 2
		build = func(n int) rows { return tableRows(p.bars(n), p.currency, width) }
	default:
		return nil, 0
	}
	for n := most; ; n-- {
		r := build(n)
		if tall := r.measure(); tall <= limit || n <= least {
			return &r, tall
		}
	}
}

// footer is which answer it is, what was measured, and how far the data is whole.
func (p *picture) footer() string {
	items, _ := render.Small(p.answer)
	return drawable(strings.Join(append([]string{p.answer.ID}, items...), " · "), "")
}

// frame draws the card's edge, which sets it off from a light page.
func (s *scene) frame() {
	const half = 1.0
	s.line(edge, 2, nil, point{half, half}, point{s.width - half, half}, point{s.width - half, s.height - half}, point{half, s.height - half}, point{half, half})
}
