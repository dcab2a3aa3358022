// Package onset dates a change in a daily series: a step, a ramp, a one-day spike or a step and back, chosen by the
// Bayesian information criterion against "nothing happened".
//
// In goes a [Series]: the daily values of a slice, in money or as a rate, in a baseline and in the current period. Out
// comes an analysis.Onset: a day and the range it may as well have been, or the reason why no day can be named.
package onset

import (
	"math"
	"slices"
	"time"

	"spendbot/analysis"
)

// Series is a daily history: a baseline and the current period, which need not be adjacent. NaN days are unknown and left
// out.
type Series struct {
	BaseStart, CurStart time.Time // midnights UTC
	Base, Cur           []float64 // one value a day
	// Monthly says the values come from monthly rows: no onset is given.
	Monthly bool
}

// Reasons for a zero Day.
const (
	MonthlyRows  = "monthly rows"
	FromFirstDay = "from the first day" // it began at or before the current period's start, in days the series does not have
	NoClearDay   = "no clear day"
)

// Shapes of a change.
const (
	Step        = "step"
	Ramp        = "ramp"
	Spike       = "spike"
	StepAndBack = "step and back"
)

// Thresholds of Detect.
const (
	// weekdayDays is how long a baseline must be for each weekday to have an expectation of its own.
	weekdayDays = 28
	// likely is the difference in BIC up to which a day is as good as the best (Raftery 1995: below 2 is "not worth more
	// than a bare mention").
	likely = 2.0
	// wide is the length in days from which a range is called "around".
	wide = 3
	// strong is the BIC by which a change must beat no change (Raftery: 6 to 10 is "strong"): five shapes at any day are
	// many chances for noise.
	strong = 6.0
	// inBaseline is the BIC that a step within the baseline must gain to be taken for the onset of a change that the
	// current period shows from its first day (Raftery: above 10 is "very strong").
	inBaseline = 10.0
	// exact is the relative noise below which values are taken for equal: rates computed from rounded money.
	exact = 1e-4
)

// Detect dates the change in s. The onset has a zero Day and a Why when no day can be named.
//
// Each current day is compared with what the baseline expects of it: the same weekday's mean where the baseline has four
// weeks and weekdays differ in it (by BIC), else the daily mean; on a log scale where all values are positive, since
// the noise of usage grows with it. Models before the onset allow the expectation itself or another constant level, whichever
// BIC prefers.
func Detect(s Series) analysis.Onset {
	if s.Monthly {
		return analysis.Onset{Why: MonthlyRows}
	}
	base, cur := transform(s)
	if len(cur.y) == 0 {
		return analysis.Onset{Why: NoClearDay}
	}
	if len(base.y) == 0 || allZero(s.Base) {
		return fromNothing(s)
	}
	noise := expectation(s, &base, &cur)
	best, none := fit(cur.y, noise, len(base.y))
	if best.shape == "" || none-best.bic < strong {
		return analysis.Onset{Why: NoClearDay}
	}
	o := analysis.Onset{
		Shape: best.shape, Day: cur.date(best.at), From: cur.date(best.from), To: cur.date(best.to),
		Around: cur.day[best.to]-cur.day[best.from] >= wide,
	}
	if best.at > 0 || best.shape != Step {
		return o
	}
	// From the first day on: it may have begun within the baseline, and where days are missing in between nobody knows.
	if d, ok := earlier(&base, &cur); ok {
		return analysis.Onset{Shape: Step, Day: d, From: d, To: d}
	}
	if gap := s.CurStart.Sub(s.BaseStart).Hours()/24 + .5; int(gap) != len(s.Base) {
		return analysis.Onset{Shape: Step, Why: FromFirstDay}
	}
	return o
}

// points are the known days of one period.
type points struct {
	start time.Time
	day   []int // offsets from start
	y     []float64
}

func (p *points) date(i int) time.Time { return p.start.AddDate(0, 0, p.day[i]) }

// transform brings both periods to a scale on which noise is even: logarithms, or, where values come near zero or below,
// multiples of the baseline's mean.
func transform(s Series) (base, cur points) {
	known := func(v []float64, start time.Time) points {
		p := points{start: start}
		for i, x := range v {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				p.day, p.y = append(p.day, i), append(p.y, x)
			}
		}
		return p
	}
	base, cur = known(s.Base, s.BaseStart), known(s.Cur, s.CurStart)
	var size float64
	for _, y := range base.y {
		size += math.Abs(y) / float64(len(base.y))
	}
	if size == 0 {
		for _, y := range cur.y {
			size += math.Abs(y) / float64(len(cur.y))
		}
	}
	if size == 0 {
		return base, cur
	}
	logs := true
	for _, y := range append(slices.Clone(base.y), cur.y...) {
		logs = logs && y > size/20
	}
	for _, p := range []points{base, cur} {
		for i, y := range p.y {
			if logs {
				p.y[i] = math.Log(y / size)
			} else {
				p.y[i] = y / size
			}
		}
	}
	return base, cur
}

func allZero(v []float64) bool {
	for _, x := range v {
		if x != 0 && !math.IsNaN(x) {
			return false
		}
	}
	return true
}

// fromNothing dates what has no baseline: its first day.
func fromNothing(s Series) analysis.Onset {
	for i, x := range s.Cur {
		if x != 0 && !math.IsNaN(x) {
			d := s.CurStart.AddDate(0, 0, i)
			o := analysis.Onset{Day: d, From: d, To: d, Shape: Step}
			if allZero(s.Cur[i+1:]) && i+1 < len(s.Cur) {
				o.Shape = Spike
			}
			return o
		}
	}
	return analysis.Onset{Why: NoClearDay}
}

// expectation takes from both periods what the baseline expects and returns the baseline's sum of squared residuals.
func expectation(s Series, base, cur *points) float64 {
	mean := average(base.y)
	var flat float64
	for _, y := range base.y {
		flat += (y - mean) * (y - mean)
	}
	expect := func(time.Time) float64 { return mean }
	noise := flat
	if n := len(base.y); n >= weekdayDays {
		var sum, count, by [7]float64
		for i, y := range base.y {
			w := base.date(i).Weekday()
			sum[w] += y
			count[w]++
		}
		whole := true
		for w := range by {
			by[w] = sum[w] / count[w]
			whole = whole && count[w] >= 3
		}
		var sse float64
		for i, y := range base.y {
			r := y - by[base.date(i).Weekday()]
			sse += r * r
		}
		floor := float64(n) * exact * exact
		if whole && bic(sse+floor, n, 7) < bic(flat+floor, n, 1) {
			expect = func(d time.Time) float64 { return by[d.Weekday()] }
			noise = sse * float64(n-1) / float64(n-7) // seven means fitted instead of one
		}
	}
	for _, p := range []*points{base, cur} {
		for i := range p.y {
			p.y[i] -= expect(p.date(i))
		}
	}
	return noise
}

func average(y []float64) float64 {
	var s float64
	for _, x := range y {
		s += x
	}
	return s / float64(len(y))
}

// bic of n residuals with sum of squares sse under k parameters, up to a constant (Schwarz 1978).
func bic(sse float64, n, k int) float64 {
	return float64(n)*math.Log(sse/float64(n)) + float64(k)*math.Log(float64(n))
}

// drift reports whether a level before (or outside) the change is small against the change's own: a level of more than
// half of it would be the change itself, begun earlier.
func drift(before, change float64) bool { return 2*math.Abs(before) <= math.Abs(change) }

// model is a fitted shape; at, from and to are indices into the days.
type model struct {
	shape        string
	at, from, to int
	bic          float64
}

// sums gives sums and sums of squares over ranges in constant time.
type sums struct{ s, q, t []float64 }

func newSums(y []float64) sums {
	p := sums{make([]float64, len(y)+1), make([]float64, len(y)+1), make([]float64, len(y)+1)}
	for i, x := range y {
		p.s[i+1] = p.s[i] + x
		p.q[i+1] = p.q[i] + x*x
		p.t[i+1] = p.t[i] + x*float64(i)
	}
	return p
}

func (p sums) sum(i, j int) float64 { return p.s[j] - p.s[i] }
func (p sums) sq(i, j int) float64  { return p.q[j] - p.q[i] }

// spread is the sum of squares around the mean of days i..j-1.
func (p sums) spread(i, j int) float64 {
	if i >= j {
		return 0
	}
	m := p.sum(i, j)
	return math.Max(0, p.sq(i, j)-m*m/float64(j-i))
}

// around is the sum of squares around level of days i..j-1.
func (p sums) around(i, j int, level float64) float64 {
	return math.Max(0, p.sq(i, j)-2*level*p.sum(i, j)+level*level*float64(j-i))
}

// fit chooses the shape of y, a current period less its expectation. The baseline's residuals (their sum of squares and
// number) belong to the same likelihood: they say how noisy days are. none is the BIC of no change.
func fit(y []float64, noise float64, days int) (best model, none float64) {
	n := len(y)
	p := newSums(y)
	total := n + days
	floor := float64(total) * exact * exact
	score := func(sse float64, k int) float64 { return bic(sse+noise+floor, total, k) }
	none = score(p.sq(0, n), 0)
	best = model{bic: none}
	consider := func(shape string, score func(t int) float64, from, to int) {
		m := model{shape: shape, bic: math.Inf(1)}
		at := make([]float64, n)
		for t := from; t < to; t++ {
			if at[t] = score(t); at[t] < m.bic {
				m.at, m.bic = t, at[t]
			}
		}
		if !(m.bic < best.bic) {
			return
		}
		m.from, m.to = m.at, m.at
		for t := from; t < to; t++ {
			if at[t] < m.bic+likely {
				m.from, m.to = min(m.from, t), max(m.to, t)
			}
		}
		best = m
	}
	// A level from the first day needs no day to be found.
	consider(Step, func(int) float64 { return score(p.spread(0, n), 1) }, 0, 1)
	consider(Step, func(t int) float64 { return score(p.sq(0, t)+p.spread(t, n), 2) }, 1, n)
	consider(Step, func(t int) float64 {
		if !drift(p.sum(0, t)/float64(t), p.sum(t, n)/float64(n-t)) {
			return math.Inf(1)
		}
		return score(p.spread(0, t)+p.spread(t, n), 3)
	}, 2, n)
	consider(Spike, func(t int) float64 { return score(p.sq(0, n)-y[t]*y[t], 2) }, 0, n-1)
	consider(Spike, func(t int) float64 {
		m := (p.sum(0, n) - y[t]) / float64(n-1)
		if !drift(m, y[t]) {
			return math.Inf(1)
		}
		return score(p.around(0, n, m)-(y[t]-m)*(y[t]-m), 3)
	}, 0, n-1)
	if n >= 5 {
		consider(Ramp, func(t int) float64 {
			// Slope b of b·(i-t+1) from t on, least squares.
			m := float64(n - t)
			xx := m * (m + 1) * (2*m + 1) / 6
			xy := p.t[n] - p.t[t] - float64(t-1)*p.sum(t, n)
			return score(p.sq(0, n)-xy*xy/xx, 2)
		}, 0, n-4)
		back := func(t int, level bool) float64 {
			least := math.Inf(1)
			for u := t + 2; u < n; u++ {
				out, k := p.sq(0, t)+p.sq(u, n), 3
				if level {
					m := (p.sum(0, t) + p.sum(u, n)) / float64(t+n-u)
					if !drift(m, p.sum(t, u)/float64(u-t)) {
						continue
					}
					out, k = p.around(0, t, m)+p.around(u, n, m), 4
				}
				least = math.Min(least, score(out+p.spread(t, u), k))
			}
			return least
		}
		consider(StepAndBack, func(t int) float64 { return back(t, false) }, 0, n-2)
		consider(StepAndBack, func(t int) float64 { return back(t, true) }, 2, n-2)
	}
	return best, none
}

// earlier looks for the step in the baseline, for a change that fills the current period: two levels in the baseline, the
// later one on the current one's side.
func earlier(base, cur *points) (time.Time, bool) {
	n := len(base.y)
	p := newSums(base.y)
	floor := float64(n) * exact * exact
	none := bic(p.spread(0, n)+floor, n, 1)
	at, least := 0, math.Inf(1)
	for t := 2; t <= n-2; t++ {
		if b := bic(p.spread(0, t)+p.spread(t, n)+floor, n, 3); b < least {
			at, least = t, b
		}
	}
	if at == 0 || none-least < inBaseline {
		return time.Time{}, false
	}
	before, after, now := p.sum(0, at)/float64(at), p.sum(at, n)/float64(n-at), average(cur.y)
	if math.Abs(now-after) > math.Abs(now-before)/2 {
		return time.Time{}, false
	}
	return base.date(at), true
}
