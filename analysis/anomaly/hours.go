package anomaly

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// A day that is not complete can be judged by its hours. What an hour is expected to cost is what its day is ([Detect]), times the share of a day
// that this hour of this weekday usually is: the median over the weeks before. How far an hour may be off is the spread of the same, a
// day's around what was expected of it and an hour's around its day, by medians too.

const (
	// hourDays is how many days before a day its hours are held against: nine of each weekday, and a day of the month twice.
	hourDays = 63
	// leastSame is how many days of a weekday tell its hours; with fewer all days do.
	leastSame = 4
	// leastPlaced is the share of a usual day that must have its hour. A batch that runs now at two and now at nine has no rhythm, and only
	// its day is judged.
	leastPlaced = 0.8
	// mostHourGap is how many hours inside the band do not end hours in a row.
	mostHourGap = 2
)

// hourly is a series hour by hour, over the same days as it was judged by day.
type hourly struct {
	start time.Time
	days  []Day
	costs []float64     // of the days
	hours [][24]float64 // NaN where nothing is known of an hour
	set   Settings
	made  map[int]*rhythm
}

// rhythm is how a day spreads over its hours, as the days before it tell.
type rhythm struct {
	share     [7][24]float64 // of what the day is expected to cost, by weekday
	placed    [7]bool
	loose     [7]float64 // the share of a day that comes at no hour of its own
	day, hour float64    // standard deviations of a day around its expected, and of an hour around its day, as ratios
	scale     scale
}

// rhythm of a day, nil where too little is known of the days before it. Of a slice that cost nothing before any hour is as good.
func (h *hourly) rhythm(t int) *rhythm {
	if r, ok := h.made[t]; ok {
		return r
	}
	r := h.learn(t)
	if h.made == nil {
		h.made = map[int]*rhythm{}
	}
	h.made[t] = r
	return r
}

func (h *hourly) learn(t int) *rhythm {
	var all []int
	var same [7][]int
	var sizes []float64
	new := true
	for i := max(0, t-hourDays); i < t; i++ {
		new = new && !(math.Abs(h.costs[i]) > 0)
		sum := 0.0
		for _, c := range h.hours[i] {
			sum += c
		}
		if !h.days[i].Judged || h.days[i].Out || !(h.costs[i] > 0) || !(sum > 0) {
			continue
		}
		all = append(all, i)
		w := int(h.dayOf(i).Weekday())
		same[w] = append(same[w], i)
		sizes = append(sizes, h.hours[i][:]...)
	}
	r := &rhythm{day: unknownNoise, hour: unknownNoise, scale: scaleOf(sizes)}
	switch {
	case new:
		for w := range 7 {
			r.placed[w] = true
			for k := range 24 {
				r.share[w][k] = 1.0 / 24
			}
		}
		return r
	case len(all) < leastDays:
		return nil
	}
	for w := range 7 {
		of := same[w]
		if len(of) < leastSame {
			of = all
		}
		r.spread(w, h, of)
	}
	var day, hour, offs []float64
	for _, i := range all {
		w := int(h.dayOf(i).Weekday())
		if !r.placed[w] {
			continue
		}
		offs = offs[:0]
		for k, c := range h.hours[i] {
			if e := h.days[i].Expected * r.share[w][k]; e > 0 {
				offs = append(offs, r.scale.to(c)-r.scale.to(e))
			}
		}
		m := median(offs)
		day = append(day, math.Abs(m))
		for _, o := range offs {
			hour = append(hour, math.Abs(o-m))
		}
	}
	r.day, r.hour = 1.4826*median(day), 1.4826*median(hour)
	return r
}

// spread is the share of each hour of a weekday over some days.
func (r *rhythm) spread(w int, h *hourly, of []int) {
	shares, whole := make([]float64, len(of)), make([]float64, len(of))
	sum := 0.0
	for k := range 24 {
		for j, i := range of {
			shares[j] = h.hours[i][k] / h.costs[i]
			whole[j] += shares[j]
		}
		r.share[w][k] = median(shares)
		sum += r.share[w][k]
	}
	all := median(whole) // less than one where a part of the cost comes by the day
	if r.placed[w] = sum > 0 && sum >= leastPlaced*all; !r.placed[w] {
		return
	}
	r.loose[w] = max(0, all-sum)
	for k := range r.share[w] {
		r.share[w][k] *= all / sum
	}
}

func (h *hourly) dayOf(t int) time.Time { return h.start.AddDate(0, 0, t) }

// Hour is what is said of an hour of a day that is not complete.
type hour struct {
	judged              bool
	cost                float64
	expected, low, high float64
	off                 float64 // from the expected, in the rhythm's scale
	noise               float64 // the standard deviation of that
}

// judge says what is to be said of an hour.
func (h *hourly) judge(t, k int) hour {
	r := h.rhythm(t)
	d := h.days[t]
	c := h.hours[t][k]
	w := int(h.dayOf(t).Weekday())
	if r == nil || !d.Judged || !r.placed[w] || math.IsNaN(c) || d.Expected < 0 {
		return hour{}
	}
	x := hour{judged: true, cost: c, expected: d.Expected * r.share[w][k], noise: max(math.Hypot(h.dayNoise(t), r.hour), h.set.Quietest)}
	x.expected = max(x.expected, h.monthly(r, t, k, x.noise))
	at := r.scale.to(x.expected)
	x.off = r.scale.to(c) - at
	x.low, x.high = r.scale.from(at-h.set.One*h.set.Drop*x.noise), r.scale.from(at+h.set.One*x.noise)
	if x.expected >= 0 {
		x.low = max(0, x.low)
	}
	return x
}

// dayNoise is the standard deviation of a day, as a ratio: no less than its band has it, which is wide where something was announced.
func (h *hourly) dayNoise(t int) float64 {
	noise := h.rhythm(t).day
	if d := h.days[t]; d.Expected > 0 && d.High > d.Expected {
		noise = max(noise, math.Log(d.High/d.Expected)/h.set.One)
	}
	return noise
}

// monthly is what comes at this hour of this day of each month, as a fee on the first: the less of what the last two months had, where both
// were above the band.
func (h *hourly) monthly(r *rhythm, t, k int, noise float64) float64 {
	least := math.Inf(1)
	for back := 1; back <= 2; back++ {
		same, ok := monthsBefore(h.dayOf(t), back)
		i := daysBetween(h.start, same)
		if !ok || i < max(0, t-hourDays) || !h.days[i].Judged {
			return 0
		}
		then, usually := h.hours[i][k], h.days[i].Expected*r.share[int(same.Weekday())][k]
		if !(r.scale.to(then)-r.scale.to(usually) >= h.set.One*noise) { // nor where nothing is known of it
			return 0
		}
		least = min(least, then)
	}
	return least
}

// hourRun is hours in a row above what was expected, counted from the first hour of the series; told is the hour whose cost made them
// pass.
type hourRun struct {
	first, last, told int
	hours             []hour // from first to last
}

// runs finds hours in a row from a day on that cost more than expected, together by more than chance, by as much money as need says of a
// whole day, and by more than a usual day may be off. What is told by an hour hangs on no later one. need is in the currency's unit.
func (h *hourly) runs(from int, need func(excess, expected float64) bool) []hourRun {
	var out []hourRun
	var cur *hourRun
	gap := 0
	end := func() {
		if cur != nil && cur.told >= 0 {
			cur.hours = cur.hours[:cur.last-cur.first+1]
			out = append(out, *cur)
		}
		cur = nil
	}
	for at := 24 * from; at < 24*len(h.hours); at++ {
		t := at / 24
		x := h.judge(t, at%24)
		if !x.judged { // nothing is known of it: it neither goes on nor ends anything
			if cur != nil {
				cur.hours = append(cur.hours, x)
			}
			continue
		}
		if x.off < h.set.Still*x.noise {
			if cur != nil {
				cur.hours = append(cur.hours, x)
				if gap++; gap > mostHourGap {
					end()
				}
			}
			continue
		}
		gap = 0
		if cur == nil {
			cur = &hourRun{first: at, told: -1}
		}
		cur.hours = append(cur.hours, x)
		cur.last = at
		for first := cur.first; cur.told < 0 && first <= at; first++ { // the hours before may have been chance
			r := &hourRun{first: first, last: at, told: at, hours: cur.hours[first-cur.first:]}
			if h.sure(r) && h.passes(r, need) && !h.usual(r) {
				cur = r
				cur.trim()
			}
		}
	}
	end()
	return out
}

// sure reports whether the hours of a run are together further off than chance takes them: their mean, of which the day's own noise
// is a part that more hours do not make smaller.
func (h *hourly) sure(r *hourRun) bool {
	day := h.dayNoise(r.last / 24)
	sum, n, noise := 0.0, 0.0, 0.0
	for _, x := range r.hours {
		if x.judged {
			sum, n, noise = sum+x.off, n+1, x.noise
		}
	}
	one := math.Sqrt(max(0, noise*noise-day*day))
	return sum/n >= sure*max(math.Sqrt(day*day+one*one/n), h.set.Quietest)
}

// passes reports whether a run costs as much more as a whole day must to be told, so that its day stands out whatever its other hours bring,
// unless they bring less than usual.
func (h *hourly) passes(r *hourRun, need func(excess, expected float64) bool) bool {
	excess := 0.0
	for _, x := range r.hours {
		if x.judged {
			excess += x.cost - x.expected
		}
	}
	for t := r.first / 24; t <= r.last/24; t++ {
		d := h.days[t]
		rh := h.rhythm(t)
		if rh == nil {
			continue
		}
		// What has no hour of its own may have come now.
		over := excess/max(1, float64(len(r.hours))/24) - rh.loose[int(h.dayOf(t).Weekday())]*d.Expected
		if over < d.High-d.Expected || !need(over, d.Expected) {
			return false
		}
	}
	return true
}

// usual reports whether the same hours of days before cost about as much now and then; see [isUsual].
func (h *hourly) usual(r *hourRun) bool {
	t := r.first / 24
	costs := make([]float64, t+1)
	expected := 0.0
	for i, x := range r.hours {
		if !x.judged {
			continue
		}
		expected += x.expected
		for back := 0; back <= min(t, hourDays); back++ {
			if at := r.first + i - 24*back; at >= 0 && !math.IsNaN(h.hours[at/24][at%24]) {
				costs[t-back] += h.hours[at/24][at%24]
			}
		}
	}
	return isUsual(costs, t, expected)
}

// trim dates a run that is told from its first hour that matters; see [onsetShare].
func (r *hourRun) trim() {
	sum, n := 0.0, 0.0
	for _, x := range r.hours {
		if x.judged {
			sum, n = sum+x.cost-x.expected, n+1
		}
	}
	for len(r.hours) > 1 && r.hours[0].cost-r.hours[0].expected < onsetShare*sum/n {
		r.first, r.hours = r.first+1, r.hours[1:]
	}
}

// Hours are those hours of days that are not complete yet that an anomaly was found by. What they say is provisional.
type Hours struct {
	First time.Time `json:"first"`   // the first hour that stood out, UTC
	End   time.Time `json:"end"`     // of the last one that did
	Told  time.Time `json:"told"`    // the hour that made them pass
	Read  time.Time `json:"read_to"` // the end of the last hour that there is
	// Points are the hours from the first to the last, exact costs with estimates for each; none of several series together.
	Points []HourPoint `json:"points,omitempty"`
}

// with are the hours of two series together.
func (s *Hours) with(other *Hours) *Hours {
	if s == nil || other == nil {
		return cmp.Or(s, other)
	}
	return &Hours{First: analysis.Earlier(s.First, other.First), End: analysis.Later(s.End, other.End), Told: analysis.Earlier(s.Told, other.Told), Read: analysis.Later(s.Read, other.Read)}
}

// HourPoint is an hour: the cost, exact, and what was expected of it, estimates to the cent. Judged says that there are any.
type HourPoint struct {
	Hour     time.Time       `json:"hour"`
	Actual   analysis.Amount `json:"actual"`
	Judged   bool            `json:"judged"`
	Expected analysis.Amount `json:"expected_estimate"`
	Low      analysis.Amount `json:"low_estimate"`
	High     analysis.Amount `json:"high_estimate"`
}

// N counts the hours from the first to the last.
func (s Hours) N() int { return int(s.End.Sub(s.First).Hours()) }

// ofHours is the anomaly of hours in a row. exact are the line's hours.
func (l *line) ofHours(r hourRun, exact map[int]analysis.Amount, read time.Time) Anomaly {
	at := func(h int) time.Time { return l.start.Add(time.Duration(h) * time.Hour) }
	cents := func(v float64) analysis.Amount { return decimal.NewFromFloat(v).Round(2) }
	day := func(h int) int { return h / 24 }
	a := l.anomaly(&run{first: day(r.first), last: day(r.last), told: day(r.told), up: true}, l.judged, l.costs)
	before := max(0, l.whole-max(0, day(r.first)-pointsBefore))
	a.Points = a.Points[:min(len(a.Points), before)]
	a.Actual, a.Days, a.Kind = decimal.Zero, day(r.last)-day(r.first)+1, Spike
	hs := &Hours{First: at(r.first), End: at(r.last + 1), Told: at(r.told), Read: read}
	expected, low, high := 0.0, 0.0, 0.0
	for i, x := range r.hours {
		p := HourPoint{Hour: at(r.first + i), Judged: x.judged, Actual: exact[r.first+i]}
		if x.judged {
			p.Expected, p.Low, p.High = cents(x.expected), cents(x.low), cents(x.high)
			a.Actual = a.Actual.Add(p.Actual)
			expected, low, high = expected+x.expected, low+x.low, high+x.high
		}
		hs.Points = append(hs.Points, p)
	}
	a.Expected, a.Low, a.High = cents(expected), cents(low), cents(high)
	a.Excess = a.Actual.Sub(a.Expected)
	a.Going = hs.Read.Sub(hs.End) <= mostHourGap*time.Hour
	if new := !slices.ContainsFunc(l.costs[:day(r.first)], func(c float64) bool { return math.Abs(c) > 0 }); new {
		a.Kind = Appearance
	}
	a.OnsetHour, a.Hours = hs.First, hs
	return a
}
