package chart

import (
	"math"
	"strconv"

	"github.com/shopspring/decimal"

	"spendbot/analysis/render"
)

// barRow is a row of a chart of horizontal bars.
type barRow struct {
	label    []string
	figure   string
	note     string
	from, to decimal.Decimal
	whole    bool // a total, from the axis' base
	strong   bool
	other    bool // everything else
	sign     int
	height   float64
}

// rows is a chart of horizontal bars under each other: names left, bars right, each bar's figure at its end.
type rows struct {
	list   []barRow
	axis   axis
	bridge bool    // each bar begins where the one above ended
	names  float64 // the room for names
}

const (
	margin    = 44.0
	barHeight = 36.0
	// narrowest is what is left for bars at the least.
	narrowest = 160.0
	// rowSteps is how many steps the scale has at most.
	rowSteps = 4
)

// nameWidth is the most room for names.
func nameWidth(width float64) float64 { return math.Min(460, 0.37*width) }

// waterfallRows are the baseline, the drivers, the rest and the current total.
func waterfallRows(w render.Waterfall, currency string, width float64) rows {
	r := rows{bridge: true}
	level := w.Baseline.Amount
	levels := []decimal.Decimal{level}
	total := func(b render.Bar) barRow {
		return barRow{label: strongFace.fit(drawable(b.Label, "total"), nameWidth(width), 1), figure: drawable(b.Text, "?"),
			to: b.Amount, whole: true, strong: true}
	}
	step := func(b render.Bar, instead string) {
		next := level.Add(b.Amount)
		r.list = append(r.list, barRow{label: labelFace.name(drawable(b.Label, instead), nameWidth(width), 2), figure: drawable(b.Text, "?"),
			note: drawable(b.Note, ""), from: level, to: next, sign: b.Amount.Sign()})
		level = next
		levels = append(levels, level)
	}
	r.list = append(r.list, total(w.Baseline))
	for _, d := range w.Drivers {
		step(d, "driver "+strconv.Itoa(d.Number))
	}
	if w.HasRest {
		step(w.Rest, "everything else")
	}
	r.list = append(r.list, total(w.Current))
	r.axis = newAxis(append(levels, w.Current.Amount), currency, true, rowSteps)
	if r.axis.cut {
		r.names = noteFace.width(cutNote)
	}
	return r
}

// tableRows are a table's rows as bars from zero.
func tableRows(b render.Bars, currency string, width float64) rows {
	var r rows
	amounts := []decimal.Decimal{decimal.Zero}
	for _, bar := range b.Rows {
		row := barRow{label: labelFace.name(drawable(bar.Label, "row "+strconv.Itoa(bar.Number)), nameWidth(width), 2), figure: drawable(bar.Text, "?"),
			note: drawable(bar.Note, ""), to: bar.Amount, other: bar.Number == 0}
		if b.Delta {
			row.sign = bar.Amount.Sign()
		}
		row.whole = !b.Delta
		amounts = append(amounts, bar.Amount)
		r.list = append(r.list, row)
	}
	r.axis = newAxis(amounts, currency, false, rowSteps)
	return r
}

// measure gives every row its height, and returns that of all with the axis below.
func (r *rows) measure() float64 {
	tallest := barHeight
	for _, row := range r.list {
		for _, l := range row.label {
			r.names = math.Max(r.names, row.face().width(l))
		}
		tallest = math.Max(tallest, row.textHeight())
	}
	sum := 0.0
	for i := range r.list {
		h := tallest + 14
		if r.list[i].whole && r.bridge {
			h = barHeight + 22
		}
		r.list[i].height = h
		sum += h
	}
	return sum + r.footHeight()
}

func (row barRow) textHeight() float64 {
	h := float64(len(row.label)) * labelFace.leading()
	if row.note != "" {
		h = math.Max(h, strongFace.leading()+noteFace.leading())
	}
	return h
}

func (r *rows) footHeight() float64 {
	if len(r.axis.ticks) == 0 {
		return 10
	}
	return 44
}

// draw puts the rows at y, over the whole width of the scene, and returns where they end.
func (r *rows) draw(s *scene, y float64) float64 {
	reserve := 0.0
	for _, row := range r.list {
		reserve = math.Max(reserve, math.Max(strongFace.width(row.figure), noteFace.width(row.note)))
	}
	x0 := margin + r.names + 30
	// Figures never outgrow the picture: the room kept for them is bounded, and what is wider is shortened.
	reserve = math.Min(reserve, s.width-margin-x0-14-narrowest)
	x1 := s.width - margin - reserve - 14
	x := func(v decimal.Decimal) float64 { return x0 + (x1-x0)*r.axis.at(v) }
	bottom := y
	for _, row := range r.list {
		bottom += row.height
	}
	r.grid(s, x, y, bottom)
	for i, row := range r.list {
		middle := y + row.height/2
		r.name(s, row, middle)
		r.bar(s, row, x, middle)
		if r.bridge && i+1 < len(r.list) { // the level the next bar begins at
			next := y + row.height + r.list[i+1].height/2
			s.line(guide, 1.5, []float64{3, 3}, point{x(row.to), middle + barHeight/2}, point{x(row.to), next - barHeight/2})
		}
		end := math.Max(x(row.to), x(row.start(r.axis))) + 14
		r.figures(s, row, end, middle, reserve)
		y += row.height
	}
	return bottom + r.footHeight()
}

// start is where a bar begins.
func (row barRow) start(a axis) decimal.Decimal {
	if row.whole {
		return a.base()
	}
	return row.from
}

// cutNote says it in words, beside the marks in the bars.
const cutNote = "bars cut, not from zero"

// grid draws the ticks, and says where a cut axis begins.
func (r *rows) grid(s *scene, x func(decimal.Decimal) float64, top, bottom float64) {
	for _, t := range r.axis.ticks {
		c, w := faint, 1.5
		if t.at.IsZero() {
			c, w = guide, 2
		}
		s.line(c, w, nil, point{x(t.at), top}, point{x(t.at), bottom})
	}
	base := bottom + 32
	within := box{margin - 4, bottom, s.width - 8, bottom + 60}
	if r.axis.cut && len(r.axis.ticks) > 0 {
		s.write(textAt(cutNote, margin, base, noteFace, muted, left))
	}
	for _, t := range r.axis.ticks {
		s.writeIfFree(textAt(t.label, x(t.at), base, noteFace, muted, centre), within)
	}
}

func (row barRow) face() typeface {
	if row.strong {
		return strongFace
	}
	return labelFace
}

func (r *rows) name(s *scene, row barRow, middle float64) {
	y := middle - float64(len(row.label))*row.face().leading()/2
	s.paragraph(row.label, margin, y, row.face(), ink)
}

// figures writes a bar's amount at its right end, with the note below.
func (r *rows) figures(s *scene, row barRow, x, middle, room float64) {
	_, c := bySign(row.sign)
	if row.whole {
		c = ink
	}
	if row.note == "" {
		s.write(textAt(shorten(row.figure, strongFace, room), x, middle+0.36*strongFace.size, strongFace, c, left))
		return
	}
	y := middle - (strongFace.leading()+noteFace.leading())/2
	s.write(textAt(shorten(row.figure, strongFace, room), x, y+strongFace.leading()-0.28*strongFace.size, strongFace, c, left))
	s.write(textAt(shorten(row.note, noteFace, room), x, y+strongFace.leading()+noteFace.leading()-0.28*noteFace.size, noteFace, muted, left))
}

// shorten fits text on one line.
func shorten(s string, f typeface, width float64) string {
	if lines := f.fit(s, width, 1); len(lines) > 0 {
		return lines[0]
	}
	return ""
}

// bar draws a total as a block, broken where the axis is cut, and a move as an arrow in its direction.
func (r *rows) bar(s *scene, row barRow, x func(decimal.Decimal) float64, middle float64) {
	from, to := x(row.start(r.axis)), x(row.to)
	top, bottom := middle-barHeight/2, middle+barHeight/2
	c, _ := bySign(row.sign)
	switch {
	case row.whole && r.bridge:
		c = total
	case row.whole && row.other:
		c = guide
	case row.whole:
		c = neutral
	}
	if row.whole || row.sign == 0 {
		if math.Abs(to-from) < 3 {
			to = from + 3 // nothing is still a mark
		}
		s.rect(c, box{math.Min(from, to), top, math.Max(from, to), bottom})
		if row.whole && r.axis.cut {
			breakMark(s, from, to, top, bottom)
		}
		return
	}
	way := float64(row.sign)
	if (to-from)*way < 5 {
		to = from + 5*way
	}
	head := to - way*math.Min(16, math.Abs(to-from))
	s.fill(c, point{from, top}, point{head, top}, point{to, middle}, point{head, bottom}, point{from, bottom})
}

// breakMark cuts a bar in two near its base, with a slanted gap.
func breakMark(s *scene, from, to, top, bottom float64) {
	way := 1.0
	if to < from {
		way = -1
	}
	if math.Abs(to-from) < 40 {
		return
	}
	for _, at := range []float64{14, 24} {
		x := from + way*at
		s.line(card, 4, nil, point{x - 5, bottom + 2}, point{x + 5, top - 2})
	}
}
