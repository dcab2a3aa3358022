package chart

import (
	"cmp"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

const (
	// maxLines is how many lines are told apart; the others are summed in one more.
	maxLines = 6
	// maxColumns is up to how many points a single line is drawn as columns.
	maxColumns = 16
	// minPoints is how many days make a chart.
	minPoints = 3
	// maxPoints bounds the points of a line: longer series are drawn by the lowest and highest of each stretch.
	maxPoints = 1000
	// plotHeight is how tall lines are drawn where nothing else is asked for.
	plotHeight = 420.0
	minPlot    = 160.0
	// plotHead is the room above a plot, for the figure of its highest point.
	plotHead = 34.0
	// plotSteps is how many steps its scale has at most.
	plotSteps = 5
	// markRows is how many onsets have room for a label.
	markRows = 4
)

// series is a series to be drawn: few lines over days.
type series struct {
	days  []time.Time
	lines []drawnLine
	grain analysis.Grain
	text  func(analysis.Amount) string
	axis  axis
	marks []mark
	part  []time.Time // the points that are not whole
	// columns draws a single line as a column per point.
	columns bool
}

type drawnLine struct {
	name   string
	values []*analysis.Amount
	other  bool // the sum of the lines not told apart
	off    bool // it would press the others flat: said, not drawn
}

// mark is an onset, or an event: what was done to the systems on that day.
type mark struct {
	day           time.Time
	label, amount string
	more          int // further drivers that began on the day, or further events of it
	event         bool
}

// text is "18 Nov NAT gateway bytes · payments-prod +$11,404, 2 more", the name shortened to fit a width.
func (m mark) text(width float64) string {
	tail := ""
	if m.amount != "" {
		tail = " " + m.amount
	}
	if m.more > 0 {
		tail += ", " + strconv.Itoa(m.more) + " more"
	}
	head := m.day.Format("2 Jan ")
	return head + shorten(m.label, noteFace, width-noteFace.width(head+tail)) + tail
}

func newSeries(s *analysis.Series, currency string, grain analysis.Grain) series {
	out := series{grain: grain, days: s.Days, text: render.SeriesText(s, currency)}
	out.lines = foremost(s)
	out.thin()
	var amounts []decimal.Decimal
	for _, l := range out.lines {
		if l.off {
			continue
		}
		for _, v := range l.values {
			if v != nil {
				amounts = append(amounts, *v)
			}
		}
	}
	out.columns = len(out.lines) == 1 && len(out.days) <= maxColumns
	out.axis = newAxis(amounts, currency, true, plotSteps)
	if out.axis.cut {
		out.columns = false // a column's length is its amount
	}
	return out
}

// elseName is how tables call what they left out, which a series made of one has as a line.
const elseName = "everything else"

// foremost are the lines that weigh most, and one for all others; a day of it is unknown when one of them is.
func foremost(s *analysis.Series) []drawnLine {
	type weighed struct {
		drawnLine
		weight decimal.Decimal
	}
	var all, others []weighed
	for i, l := range s.Lines {
		w := weighed{drawnLine: drawnLine{name: drawable(l.Name, ""), values: make([]*analysis.Amount, len(s.Days))}}
		if w.name == "" && len(s.Lines) > 1 {
			w.name = "line " + strconv.Itoa(i+1)
		}
		copy(w.values, l.Values)
		for _, v := range w.values {
			if v != nil {
				w.weight = w.weight.Add(v.Abs())
			}
		}
		if len(s.Lines) > 1 && (w.name == elseName || strings.HasPrefix(w.name, elseName+" (")) {
			others = append(others, w)
		} else {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return b.weight.Cmp(a.weight) })
	name := elseName
	if len(all)+len(others) > maxLines+1 {
		if len(others) == 0 {
			name = strconv.Itoa(len(all)-maxLines) + " others"
		}
		others, all = append(others, all[maxLines:]...), all[:maxLines]
	}
	var out []drawnLine
	for _, w := range all {
		out = append(out, w.drawnLine)
	}
	if len(others) == 0 {
		return out
	}
	rest := drawnLine{name: name, values: make([]*analysis.Amount, len(s.Days)), other: true}
	for d := range s.Days {
		sum, known := decimal.Zero, true
		for _, w := range others {
			if known = known && w.values[d] != nil; known {
				sum = sum.Add(*w.values[d])
			}
		}
		if known {
			rest.values[d] = &sum
		}
	}
	top := highest(out)
	rest.off = top.Sign() > 0 && highest([]drawnLine{rest}).GreaterThan(top.Mul(pressesFlat))
	return append(out, rest)
}

// pressesFlat is how many times the highest of the lines told apart the sum of the others may reach.
var pressesFlat = decimal.New(15, -1)

// highest is the largest amount of lines, sign aside.
func highest(lines []drawnLine) decimal.Decimal {
	top := decimal.Zero
	for _, l := range lines {
		for _, v := range l.values {
			if v != nil {
				top = decimal.Max(top, v.Abs())
			}
		}
	}
	return top
}

// thin keeps each line's lowest and highest point of every stretch of days where there are too many days to draw. The
// days stay; the other points go, so that the line runs from extreme to extreme.
func (s *series) thin() {
	per := (2*len(s.days) + maxPoints - 1) / maxPoints
	if len(s.days) <= maxPoints {
		return
	}
	keep := make([]bool, len(s.days))
	keep[0], keep[len(keep)-1] = true, true
	for _, l := range s.lines {
		for start := 0; start < len(s.days); start += per {
			low, high := -1, -1
			for d := start; d < min(start+per, len(s.days)); d++ {
				if v := l.values[d]; v != nil {
					if low < 0 || v.LessThan(*l.values[low]) {
						low = d
					}
					if high < 0 || v.GreaterThan(*l.values[high]) {
						high = d
					}
				}
			}
			if low >= 0 {
				keep[low], keep[high] = true, true
			}
		}
	}
	var days []time.Time
	lines := make([]drawnLine, len(s.lines))
	for i, l := range s.lines {
		lines[i] = drawnLine{name: l.name, other: l.other, off: l.off}
	}
	for d, day := range s.days {
		if !keep[d] {
			continue
		}
		days = append(days, day)
		for i, l := range s.lines {
			lines[i].values = append(lines[i].values, l.values[d])
		}
	}
	s.days, s.lines = days, lines
}

// drawable reports whether there is a line of a few known days.
func (s series) drawable() bool {
	known := 0
	for _, l := range s.lines {
		n := 0
		for _, v := range l.values {
			if v != nil {
				n++
			}
		}
		known = max(known, n)
	}
	for i := 1; i < len(s.days); i++ {
		if !s.days[i].After(s.days[i-1]) {
			return false
		}
	}
	return len(s.days) >= minPoints && known >= minPoints
}

// tall is how much height the series takes with a plot of a height.
func (s series) tall(plot float64) float64 {
	h := plotHead + float64(s.markRows())*noteFace.leading() + plot + 52
	if s.note() != "" {
		h += noteFace.leading()
	}
	return h
}

// least is the lowest plot in which the lines' names have room.
func (s series) least() float64 {
	return math.Max(minPlot, float64(len(s.lines))*labelFace.leading())
}

// markRows is how many rows of onsets there are, one per day.
func (s series) markRows() int { return min(markRows, len(s.marks)) }

// draw puts the series at y into a plot of a height, names of days below it.
func (s series) draw(sc *scene, y, height float64) {
	top := y + plotHead + float64(s.markRows())*noteFace.leading()
	bottom := top + height
	x0 := margin
	ticks := slices.Clone(s.axis.ticks)
	for i, t := range ticks { // a currency may be any text, so the room for amounts is bounded
		ticks[i].label = shorten(t.label, noteFace, 0.2*sc.width)
		x0 = math.Max(x0, margin+noteFace.width(ticks[i].label)+14)
	}
	x1 := sc.width - margin - s.right(sc.width)
	area := box{x0, top, x1, bottom}
	at := func(v decimal.Decimal) float64 { return bottom - (bottom-top)*s.axis.at(v) }
	for _, t := range ticks {
		c, w := faint, 1.5
		if t.at.IsZero() {
			c, w = guide, 2
		}
		sc.line(c, w, nil, point{x0, at(t.at)}, point{x1, at(t.at)})
		sc.writeIfFree(textAt(t.label, x0-12, at(t.at)+0.36*noteFace.size, noteFace, muted, right), box{0, top - 14, sc.width, bottom + 14})
	}
	if s.axis.cut {
		sc.line(guide, 2, nil, point{x0, bottom}, point{x1, bottom})
		zigzag(sc, x0, bottom)
	}
	x := s.places(x0, x1)
	if s.columns {
		s.drawColumns(sc, x, at, area)
	} else {
		s.drawMarks(sc, x, y+6, area)
		s.drawLines(sc, x, at, area)
	}
	end := s.dayNames(sc, x, area)
	if n := s.note(); n != "" {
		sc.paragraph([]string{shorten(n, noteFace, sc.width-margin-x0)}, x0, end, noteFace, muted)
	}
}

// note is what a reader must know of the plot: "the scale is cut, not from zero · not whole: 27 Jul, 26 Oct".
func (s series) note() string {
	var notes []string
	if s.axis.cut {
		notes = append(notes, "the scale is cut, not from zero")
	}
	if n := len(s.part); n > 0 {
		var names []string
		for _, d := range s.part[:min(n, 3)] {
			names = append(names, render.PointName(d, s.grain))
		}
		if n > 3 {
			names = append(names, strconv.Itoa(n-3)+" more")
		}
		notes = append(notes, "not whole: "+strings.Join(names, ", "))
	}
	return strings.Join(notes, " · ")
}

// notePart notes the points that are not whole: weeks and months that a period cuts, and days that a table of the answer calls
// incomplete.
func (s *series) notePart(p analysis.Period, incomplete map[time.Time]bool) {
	for _, d := range s.days {
		end := d.AddDate(0, 0, 1)
		switch s.grain {
		case analysis.ByWeek:
			end = d.AddDate(0, 0, 7)
		case analysis.ByMonth:
			end = d.AddDate(0, 1, 0)
		}
		if incomplete[d] || !p.IsZero() && s.grain != analysis.ByDay && (d.Before(p.Start) || end.After(p.End)) {
			s.part = append(s.part, d)
		}
	}
}

// right is the room kept for the lines' names, or for the last amount of a single one.
func (s series) right(width float64) float64 {
	if s.columns {
		return 0
	}
	w := 0.0
	for _, l := range s.lines {
		if w = math.Max(w, noteFace.width(s.lastText(l))); len(s.lines) > 1 {
			w = math.Max(w, labelFace.width(l.name))
		}
	}
	return math.Min(w, 0.3*width) + 34
}

func (s series) lastText(l drawnLine) string {
	if n := len(l.values); n > 0 && l.values[n-1] != nil {
		if l.off {
			return "off the scale, last " + drawable(s.text(*l.values[n-1]), "?")
		}
		return "last " + drawable(s.text(*l.values[n-1]), "?")
	}
	return "last day unknown"
}

// places is where each day stands: in proportion to time, so that a missing day is a gap; columns in the middle of their
// share of the width.
func (s series) places(x0, x1 float64) func(day time.Time) float64 {
	first, last := s.days[0], s.days[len(s.days)-1]
	if s.columns && s.grain != analysis.ByDay {
		index := map[time.Time]int{}
		for i, d := range s.days {
			index[d] = i
		}
		slot := (x1 - x0) / float64(len(s.days))
		return func(d time.Time) float64 { return x0 + slot*(float64(index[d])+0.5) }
	}
	span := last.Sub(first).Hours() / 24
	if s.columns {
		slot := (x1 - x0) / (span + 1)
		return func(d time.Time) float64 { return x0 + slot*(d.Sub(first).Hours()/24+0.5) }
	}
	return func(d time.Time) float64 {
		return x0 + 8 + (x1-x0-16)*math.Min(1, math.Max(0, d.Sub(first).Hours()/24/span))
	}
}

// slot is how wide a point's share is.
func (s series) slot(area box) float64 {
	n := float64(len(s.days))
	if s.grain == analysis.ByDay {
		n = s.days[len(s.days)-1].Sub(s.days[0]).Hours()/24 + 1
	}
	return (area.x1 - area.x0) / n
}

func (s series) drawColumns(sc *scene, x func(time.Time) float64, at func(decimal.Decimal) float64, area box) {
	half := math.Max(1, math.Min(0.36*s.slot(area), 46))
	base := at(s.axis.base())
	l := s.lines[0]
	var order []int
	for i, d := range s.days {
		v := l.values[i]
		if v == nil {
			sc.line(guide, 1.5, []float64{4, 4}, point{x(d) - half, base}, point{x(d) - half, base - 40}, point{x(d) + half, base - 40}, point{x(d) + half, base})
			sc.writeIfFree(textAt("unknown", x(d), base-48, footFace, muted, centre), area.grown(plotHead))
			continue
		}
		y := at(*v)
		if math.Abs(y-base) < 2 {
			y = base - 2
		}
		column := box{x(d) - half, math.Min(y, base), x(d) + half, math.Max(y, base)}
		c := neutral
		if slices.ContainsFunc(s.part, d.Equal) {
			c = guide
		}
		sc.rect(c, column)
		sc.solid = append(sc.solid, column)
		order = append(order, i)
	}
	// Where not every figure has room, only the most telling ones are written: the extremes, and the last.
	roomy := true
	for _, i := range order {
		roomy = roomy && noteFace.width(drawable(s.text(*l.values[i]), "?"))+10 <= s.slot(area)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.rank(l, a), s.rank(l, b)) })
	for _, i := range order {
		if !roomy && s.rank(l, i) > 2 {
			break
		}
		v := *l.values[i]
		y := math.Min(at(v), base-2) - 9
		if v.Sign() < 0 {
			y = at(v) + 9 + 0.76*noteFace.size
		}
		sc.writeIfFree(textAt(drawable(s.text(v), "?"), x(s.days[i]), y, noteFace, ink, centre).into(box{8, 0, sc.width - 8, 0}), sc.all())
	}
}

func (b box) grown(by float64) box { return box{b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by} }

// rank is the order in which points get their figures.
func (s series) rank(l drawnLine, i int) int {
	low, high := extremes(l.values)
	switch i {
	case high:
		return 0
	case low:
		return 1
	case len(l.values) - 1:
		return 2
	}
	return 3
}

// extremes are the first lowest and highest known points, -1 when there are none.
func extremes(values []*analysis.Amount) (low, high int) {
	low, high = -1, -1
	for i, v := range values {
		if v == nil {
			continue
		}
		if low < 0 || v.LessThan(*values[low]) {
			low = i
		}
		if high < 0 || v.GreaterThan(*values[high]) {
			high = i
		}
	}
	return low, high
}

func (s series) drawLines(sc *scene, x func(time.Time) float64, at func(decimal.Decimal) float64, area box) {
	for i := len(s.lines) - 1; i >= 0; i-- { // the weightiest on top
		l := s.lines[i]
		if l.off {
			continue
		}
		colour, dash := style(i, l.other)
		var run []point
		flush := func() {
			switch {
			case len(run) == 1: // a day between unknown ones
				sc.dot(colour, run[0], 5)
			case len(run) > 1:
				sc.line(colour, 3.5, dash, run...)
			}
			run = nil
		}
		for d, v := range l.values {
			if v == nil {
				flush()
				continue
			}
			run = append(run, point{x(s.days[d]), at(*v)})
		}
		flush()
	}
	s.lineNames(sc, x, at, area)
	if len(s.lines) != 1 {
		return
	}
	l := s.lines[0]
	low, high := extremes(l.values)
	for _, i := range []int{high, low} {
		if i < 0 || i == len(l.values)-1 {
			continue
		}
		p := point{x(s.days[i]), at(*l.values[i])}
		sc.dot(lineColours[0], p, 6)
		y := p.y - 12
		if i == low {
			y = p.y + 12 + 0.76*noteFace.size
		}
		t := textAt(drawable(s.text(*l.values[i]), "?"), p.x, y, noteFace, ink, centre)
		t = t.into(area)
		sc.writeIfFree(t, box{area.x0, area.y0 - plotHead, area.x1, area.y1 - 2})
	}
}

// into moves a text sideways into a box.
func (t text) into(b box) text {
	by := math.Max(0, b.x0-t.box.x0) - math.Max(0, t.box.x1-b.x1)
	t.at.x += by
	t.box.x0, t.box.x1 = t.box.x0+by, t.box.x1+by
	return t
}

func style(line int, other bool) (color.NRGBA, []float64) {
	if other {
		line = maxLines
	}
	line = min(line, maxLines)
	return lineColours[line], lineDashes[line]
}

// lineNames writes each line's name and last amount beside its end, moved apart where ends lie close.
func (s series) lineNames(sc *scene, x func(time.Time) float64, at func(decimal.Decimal) float64, area box) {
	type tag struct {
		line      int
		lines     []string
		last      string
		end       point
		y, height float64 // its middle
		known     bool
	}
	room := sc.width - margin - area.x1 - 34
	var tags []tag
	for i, l := range s.lines {
		t := tag{line: i, last: shorten(s.lastText(l), noteFace, room), end: point{area.x1, area.y1}}
		if len(s.lines) > 1 {
			t.lines = labelFace.fit(l.name, room, 1)
		}
		for d, v := range l.values {
			if v != nil && !l.off {
				t.end, t.known = point{x(s.days[d]), at(*v)}, true
			}
		}
		t.y, t.height = t.end.y, float64(len(t.lines))*labelFace.leading()+noteFace.leading()+5
		tags = append(tags, t)
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return cmp.Compare(a.end.y, b.end.y) })
	sum := 0.0
	for _, t := range tags {
		sum += t.height
	}
	if sum > area.y1-area.y0+24 { // no room for amounts: names alone
		for i := range tags {
			if len(tags[i].lines) > 0 {
				tags[i].last, tags[i].height = "", labelFace.leading()
			}
		}
	}
	edge := area.y0 - 22
	for i := range tags { // push down what would lie over the one above
		tags[i].y = math.Max(tags[i].y, edge+tags[i].height/2)
		edge = tags[i].y + tags[i].height/2
	}
	edge = area.y1 + 8
	for i := len(tags) - 1; i >= 0; i-- { // and up again what would leave the plot
		tags[i].y = math.Min(tags[i].y, edge-tags[i].height/2)
		edge = tags[i].y - tags[i].height/2
	}
	for _, t := range tags {
		colour, _ := style(t.line, s.lines[t.line].other)
		left := area.x1 + 30
		if t.known {
			sc.line(colour, 1.5, nil, point{t.end.x + 2, t.end.y}, point{area.x1 + 8, t.y}, point{left - 6, t.y})
		}
		y := t.y - t.height/2 + 2
		y = sc.paragraph(t.lines, left, y, labelFace, colour)
		if t.last != "" {
			sc.paragraph([]string{t.last}, left, y, noteFace, muted)
		}
	}
}

// drawMarks draws a dashed line at each onset and its label right of its top. Earlier onsets have their labels higher, so
// that no line runs through a label.
func (s series) drawMarks(sc *scene, x func(time.Time) float64, top float64, area box) {
	for i, m := range s.marks {
		y := area.y0
		if i < markRows {
			row := top + float64(i)*noteFace.leading()
			at := x(m.day) + 9
			if t := textAt(m.text(sc.width-margin-at), at, row+0.86*noteFace.size, noteFace, ink, left); sc.writeIfFree(t, sc.all()) {
				y = row
			}
		}
		if m.event {
			sc.line(muted, 2, []float64{2, 5}, point{x(m.day), y + 8}, point{x(m.day), area.y1})
			sc.fill(muted, point{x(m.day) - 6, y}, point{x(m.day) + 6, y}, point{x(m.day), y + 10}) // a flag, so that it is no onset
			continue
		}
		sc.line(guide, 2, []float64{7, 5}, point{x(m.day), y}, point{x(m.day), area.y1})
	}
}

func (s *scene) all() box { return box{0, 0, s.width, s.height} }

// dayNames writes as many days below the plot as have room, and returns where they end.
func (s series) dayNames(sc *scene, x func(time.Time) float64, area box) float64 {
	layouts := []string{"Mon 2 Jan", "2 Jan"}
	switch s.grain {
	case analysis.ByMonth:
		layouts = []string{"January 2006", "Jan 2006", "Jan 06"}
	case analysis.ByWeek:
		layouts = []string{"2 Jan"}
	}
	if s.days[0].Year() != s.days[len(s.days)-1].Year() && s.grain != analysis.ByMonth {
		layouts = []string{"2 Jan 2006", "2 Jan 06"}
	}
	layout, every := s.dayLayout(layouts, area)
	y := area.y1 + 18 + 0.76*noteFace.size
	last := len(s.days) - 1
	for i := last; i >= 0; i -= every { // counted from the last day, which is the one asked about
		d := s.days[i]
		t := textAt(d.Format(layout), x(d), y, noteFace, muted, centre).into(box{4, 0, sc.width - 4, 0})
		if sc.writeIfFree(t, sc.all()) {
			sc.line(guide, 1.5, nil, point{x(d), area.y1}, point{x(d), area.y1 + 7})
		}
	}
	return y + 14
}

// dayLayout is the longest form in which every day has room, else the shortest for every so many days.
func (s series) dayLayout(layouts []string, area box) (layout string, every int) {
	n := float64(len(s.days))
	for _, layout := range layouts {
		if (noteFace.width(s.days[0].Format(layout))+18)*n <= area.x1-area.x0 {
			return layout, 1
		}
	}
	layout = layouts[len(layouts)-1]
	room := (area.x1 - area.x0) / (noteFace.width(s.days[0].Format(layout)) + 34)
	every = max(1, int(math.Ceil(n/math.Max(1, room))))
	if s.grain == analysis.ByDay && every > 1 && every < 7 && n > 14 {
		every = 7 // the same day of each week
	}
	return layout, every
}

// zigzag marks a cut scale at its foot.
func zigzag(sc *scene, x, y float64) {
	sc.line(guide, 2.5, nil, point{x, y - 30}, point{x, y - 22}, point{x - 7, y - 18}, point{x + 7, y - 10}, point{x, y - 6}, point{x, y})
}
