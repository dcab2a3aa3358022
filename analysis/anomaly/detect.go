package anomaly

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Detect judges every day of a series by the days before it.
func Detect(s Series, set Settings) []Day { return newDetector(s, set).run() }

func newDetector(s Series, set Settings) *detector {
	return &detector{s: s, set: set, days: make([]Day, len(s.Costs)), values: make([]float64, len(s.Costs)), off: make([]float64, len(s.Costs)), plain: make([]float64, len(s.Costs)), fee: make([]float64, len(s.Costs)),
		aside: make([]bool, len(s.Costs)), weekday: int(s.Start.Weekday())}
}

// run judges the days that are not judged yet.
func (d *detector) run() []Day {
	for ; d.judged < len(d.s.Costs); d.judged++ {
		if d.judged >= d.set.Learn {
			d.judge(d.judged)
		}
	}
	return d.days
}

// grow goes on with the same series, which has further days.
func (d *detector) grow(s Series) {
	more := len(s.Costs) - d.judged
	d.s = s
	d.days = append(slices.Clone(d.days), make([]Day, more)...) // who has the old ones keeps them
	for _, v := range []*[]float64{&d.values, &d.off, &d.plain, &d.fee} {
		*v = append(*v, make([]float64, more)...)
	}
	if d.around != nil {
		d.around = append(d.around, make([]float64, more)...)
	}
	d.aside = append(d.aside, make([]bool, more)...)
}

// clone is a detector that goes its own way from here.
func (d *detector) clone() *detector {
	c := *d
	c.room = room{}
	for _, v := range []*[]float64{&c.values, &c.off, &c.plain, &c.fee, &c.around} {
		*v = slices.Clone(*v)
	}
	c.aside = slices.Clone(c.aside)
	return &c
}

// detector is a detection under way. Up to the day at hand, off is how far each day was from the expected, plain how far from what
// was expected without its day of the month, both in the scale of values, fee the latter in money, and aside whether it is left out of
// what is learnt.
type detector struct {
	s       Series
	set     Settings
	scale   scale
	days    []Day
	values  []float64
	off     []float64
	plain   []float64
	fee     []float64
	aside   []bool
	weekday int       // of the first day
	reset   int       // days up to this one belong to no row
	level   int       // the first day of the level in force: what was before a level that was accepted is another's
	around  []float64 // how far a day is from the middle of the week around it, of the first of the days
	known   int       // how many of them have one
	room    room
	judged  int    // how many days are
	print   uint64 // of what they cost, in a [Memory]
	inRow   int    // days in a row that stood out, weekends or the like between them aside
	began   int    // the first of them
	quiet   int    // days since that did not
}

// room is what the work on a day takes, kept for the next day.
type room struct {
	at, level, dev, wx, wy, slopes, sorted []float64
	off                                    [7][]float64
}

// judge says what is to be said of a day.
func (d *detector) judge(t int) {
	if d.scale.unit == 0 || t%d.set.Learn == 0 { // the usual cost changes slowly
		d.scale = scaleOf(d.s.Costs[:t])
		for i := range t {
			d.values[i] = d.scale.to(d.s.Costs[i])
		}
		d.known = 0
	}
	d.values[t] = d.scale.to(d.s.Costs[t])
	expected, week, noise, ok := d.expect(t)
	if !ok {
		d.aside[t] = math.IsNaN(d.values[t])
		return
	}
	ordinary := d.scale.from(expected)
	if fee := d.monthDay(t, noise); fee != 0 {
		expected = d.scale.to(ordinary + fee)
	}
	band := d.set.One * noise
	day := Day{Judged: true, Expected: d.scale.from(expected), Low: d.scale.from(expected - band*d.set.Drop), High: d.scale.from(expected + band)}
	if math.IsNaN(d.values[t]) {
		d.aside[t], d.days[t] = true, day
		return
	}
	d.off[t] = d.values[t] - expected
	d.fee[t], d.plain[t] = d.s.Costs[t]-ordinary, d.values[t]-d.scale.to(ordinary)
	if d.s.Known != nil && d.s.Known[t] != nil {
		d.aside[t], d.days[t] = true, d.announced(t, *d.s.Known[t], d.scale.to(ordinary), week, noise)
		return
	}
	day.Score = d.off[t] / noise
	d.days[t] = day
	day.Row = d.row(t)
	day.Out = day.Row > 0
	if day.Score < d.set.Reset {
		d.reset = t
	}
	d.aside[t] = day.Out
	switch {
	case day.Out && d.inRow == 0:
		d.inRow, d.began, d.quiet = 1, t, 0
	case day.Out:
		d.inRow, d.quiet = d.inRow+1, 0
	default:
		if d.quiet++; d.quiet > mostGap {
			d.inRow = 0
		}
	}
	if u := d.s.Unanswered; u > 0 && d.inRow > 0 && d.began >= u { // nor does a day between those that stood out teach
		d.aside[t] = true
	}
	if d.inRow >= d.set.Accept && (d.s.Unanswered == 0 || d.began < d.s.Unanswered) {
		for i := d.began; i <= t; i++ {
			d.aside[i] = false
		}
		day.Accepted, d.level, d.inRow, d.reset = true, d.began, 0, t
	}
	d.days[t] = day
}

// mostScore bounds what one day adds to a row, so that a row is more than its largest day.
const mostScore = 4

// row is how many days in a row stand out with the last of them, 0 when it does not.
func (d *detector) row(t int) int {
	score := d.days[t].Score
	switch {
	case score >= d.set.One, score <= -d.set.One*d.set.Drop:
		return 1
	case score < d.set.Still:
		return 0
	}
	sum := 0.0
	for n := 1; n <= d.set.Longest && t-n+1 > d.reset; n++ {
		sum += max(-mostScore, min(mostScore, d.days[t-n+1].Score))
		if n > 1 && sum/math.Sqrt(float64(n)) >= d.set.Run {
			return n
		}
	}
	return 0
}

// announced judges a day that something is known of: it may lie anywhere between what is ordinary and what was announced.
func (d *detector) announced(t int, m Mark, ordinary float64, week [7]float64, noise float64) Day {
	var said []float64
	for _, i := range m.Like {
		if !d.days[i].Judged || math.IsNaN(d.values[i]) {
			continue
		}
		v := ordinary + d.plain[i]
		if m.Money {
			v = d.scale.to(d.scale.from(ordinary) + d.fee[i])
		}
		said = append(said, v)
	}
	up, down := false, false // as far as it likes
	switch {
	case len(said) > 0:
	case m.Way == "":
		here := ordinary - week[d.dayOfWeek(t)]
		said = []float64{here + week[time.Saturday], here + week[time.Sunday]}
	default:
		up, down = m.Way != Down, m.Way != Up
	}
	middle := ordinary
	if len(said) > 0 {
		middle = median(said)
	}
	low, high := slices.Min(append(said, ordinary)), slices.Max(append(said, ordinary))
	v := d.values[t]
	if up {
		high = max(high, v)
	}
	if down {
		low = min(low, v)
	}
	band := d.set.One * noise
	day := Day{Judged: true, Expected: d.scale.from(middle), Low: d.scale.from(low - band*d.set.Drop), High: d.scale.from(high + band), Score: (v - max(low, min(high, v))) / noise}
	if day.Score >= d.set.One || day.Score <= -d.set.One*d.set.Drop {
		day.Out, day.Row = true, 1
	}
	return day
}

// expect is what a day should be, whatever its day of the month brings, with the week around it and the standard deviation, in the
// scale of values.
func (d *detector) expect(t int) (value float64, week [7]float64, noise float64, ok bool) {
	noise = d.noise(t)
	week = d.weekdays(t, noise)
	at, level := d.room.at[:0], d.room.level[:0]
	from := t - d.set.Trend
	if u := d.s.Unanswered; u > 0 && t > u { // what was before it stays the measure
		from = u - d.set.Trend
	}
	for i := max(d.level, from); i < t; i++ {
		if !d.aside[i] && !math.IsNaN(d.values[i]) {
			at, level = append(at, float64(i-t)), append(level, d.values[i]-week[d.dayOfWeek(i)])
		}
	}
	d.room.at, d.room.level = at, level
	if len(at) < leastDays {
		return 0, week, 0, false
	}
	slope := d.room.trend(at, level, noise) * d.set.Damp
	for i := range at {
		level[i] -= slope * at[i]
	}
	return d.room.center(level, noise) + week[d.dayOfWeek(t)], week, noise, true
}

// leastDays is how many days a level is taken from, at least: fewer tell a level from noise too badly.
const leastDays = 10

func (d *detector) dayOfWeek(i int) int { return (d.weekday + i) % 7 }

// weekdays is how far each weekday lies from the middle of the week around it.
func (d *detector) weekdays(t int, noise float64) [7]float64 {
	d.weeksAround(t)
	off := &d.room.off
	for w := range off {
		off[w] = off[w][:0]
	}
	first := max(0, t-d.set.Season)
	if t-d.level >= d.set.Learn { // a new level may have another week
		first = max(first, d.level)
	}
	for i := first; i < t; i++ {
		if d.aside[i] || math.IsNaN(d.values[i]) {
			continue
		}
		w := d.dayOfWeek(i)
		if i < d.known {
			off[w] = append(off[w], d.around[i])
		} else { // the week around it has days to come
			off[w] = append(off[w], d.fromWeek(i, max(0, t-7), t))
		}
	}
	var out [7]float64
	mean := 0.0
	for w := range out {
		out[w] = d.room.center(off[w], noise)
		mean += out[w] / 7
	}
	for w := range out {
		out[w] -= mean
	}
	return out
}

// weeksAround fills in around for the days whose week is all before a day.
func (d *detector) weeksAround(t int) {
	if d.around == nil {
		d.around = make([]float64, len(d.values))
	}
	for ; d.known+4 <= t && (d.known > 3 || t >= 7); d.known++ {
		d.around[d.known] = d.fromWeek(d.known, max(0, d.known-3), t)
	}
}

// fromWeek is how far a day is from the middle of the seven days from another on.
func (d *detector) fromWeek(i, from, t int) float64 {
	sum, n := 0.0, 0
	for j := from; j < min(t, from+7); j++ {
		if !math.IsNaN(d.values[j]) {
			sum += d.values[j]
			n++
		}
	}
	return d.values[i] - sum/float64(n)
}

// noise is the standard deviation of a day around what was expected, from the median deviation, which a few wild days do not
// move (1.4826 makes one of the other for a normal distribution).
func (d *detector) noise(t int) float64 {
	dev := d.room.dev[:0]
	defer func() { d.room.dev = dev }()
	for i := max(d.set.Learn, t-d.set.Noise); i < t; i++ {
		if !d.aside[i] && d.days[i].Judged {
			dev = append(dev, math.Abs(d.off[i]))
		}
	}
	if len(dev) < 2*leastDays {
		return max(unknownNoise, d.set.Quietest)
	}
	return max(1.4826*d.room.median(dev), d.set.Quietest)
}

// unknownNoise is the standard deviation, as a ratio, that is taken while there are too few days to tell.
const unknownNoise = 0.15

// monthDay is the money that a day of the month brings each month on top, as fees on the first do: the middle of what the same days
// of the last two or three months cost above the expected, of two the smaller one, where all were off to the same side, each by so
// much that together they are as rare as a day that stands out alone (Stouffer's z). A month that was strange alone is no fee.
func (d *detector) monthDay(t int, noise float64) float64 {
	day := d.s.Start.AddDate(0, 0, t)
	var off, fee []float64
	for back := 1; back <= 3; back++ {
		same, ok := monthsBefore(day, back)
		i := int(same.Sub(d.s.Start).Hours() / 24)
		if !ok || i < d.set.Learn || i >= t || d.s.Unanswered > 0 && i >= d.s.Unanswered || !d.days[i].Judged || math.IsNaN(d.values[i]) {
			continue
		}
		off, fee = append(off, d.plain[i]), append(fee, d.fee[i])
	}
	if len(off) < 2 {
		return 0
	}
	least := d.set.One * noise / math.Sqrt(float64(len(off)))
	if slices.Min(off) <= least && slices.Max(off) >= -least {
		return 0
	}
	slices.SortFunc(fee, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	return fee[(len(fee)-1)/2]
}

// monthsBefore is the same day some months before; not ok for a month that is too short.
func monthsBefore(day time.Time, months int) (time.Time, bool) {
	t := day.AddDate(0, -months, 0)
	return t, t.Day() == day.Day()
}

// trend is the slope of a line through points, a day apart or more: the median of the slopes between the centers of weeks
// (Theil and Sen's estimator), which a bad week does not tilt.
func (r *room) trend(at, value []float64, noise float64) float64 {
	wx, wy, slopes := r.wx[:0], r.wy[:0], r.slopes[:0]
	for i := 0; i < len(at); {
		j := i
		for j < len(at) && at[j]-at[i] < 7 {
			j++
		}
		if j-i >= 3 {
			wx, wy = append(wx, (at[i]+at[j-1])/2), append(wy, r.center(value[i:j], noise))
		}
		i = j
	}
	for i := range wx {
		for j := i + 1; j < len(wx); j++ {
			slopes = append(slopes, (wy[j]-wy[i])/(wx[j]-wx[i]))
		}
	}
	r.wx, r.wy, r.slopes = wx, wy, slopes
	return r.median(slopes)
}

// center is the middle of some values whose standard deviation is known: their mean, of those further than mostFar of it from the median
// only as far as that (a step of Huber's M-estimator from the median: Robust Estimation of a Location Parameter, 1964). Wild values move it no
// more than the median; where there are none it errs a fifth less than the median does.
func (r *room) center(values []float64, noise float64) float64 {
	if len(values) == 0 {
		return 0
	}
	m, most, sum := r.median(values), mostFar*noise, 0.0
	for _, v := range values {
		sum += max(-most, min(most, v-m))
	}
	return m + sum/float64(len(values))
}

// mostFar is how many standard deviations from the median a value counts in [room.center].
const mostFar = 2

// median of some values, which stay as they are.
func (r *room) median(values []float64) float64 {
	r.sorted = append(r.sorted[:0], values...)
	return middle(r.sorted)
}

// median of some values; 0 of none. The values stay as they are.
func median(values []float64) float64 {
	return middle(slices.Clone(values))
}

// middle is the median of values that are reordered for it.
func middle(s []float64) float64 {
	if len(s) == 0 {
		return 0
	}
	half := len(s) / 2
	upper := place(s, half)
	if len(s)%2 == 0 {
		return (slices.Max(s[:half]) + upper) / 2
	}
	return upper
}

// place is the value that would stand at an index were the values sorted; those before it are smaller or equal then (Hoare's selection,
// several times as fast as sorting, which is what a detector spends its time on).
func place(s []float64, k int) float64 {
	for from, to := 0, len(s)-1; from < to; {
		pivot, i, j := s[(from+to)/2], from, to
		for i <= j {
			for s[i] < pivot {
				i++
			}
			for s[j] > pivot {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			to = j
		case k >= i:
			from = i
		default:
			return s[k]
		}
	}
	return s[k]
}
