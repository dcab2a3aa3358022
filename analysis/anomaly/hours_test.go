package anomaly

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// hourlyOf is a series of a slice that is busy by day and less so at weekends, with a twentieth of noise an hour and as much a day, up
// to some hours of its last day, and what its days were judged to be.
func hourlyOf(days, hours int, seed uint64, change func(at int, cost float64) float64) *hourly {
	r := rand.New(rand.NewPCG(seed, 2))
	week := []float64{1.1, 1.2, 1.1, 1.05, 1, 0.6, 0.5}
	s := Series{Start: monday}
	h := &hourly{start: monday, set: Defaults(), hours: make([][24]float64, days)}
	for t := range days {
		day, sum := 10*week[t%7]*math.Exp(0.05*r.NormFloat64()), 0.0
		for k := range 24 {
			c := day * (1 + 0.5*math.Sin(float64(k-9)/24*2*math.Pi)) * math.Exp(0.05*r.NormFloat64())
			if change != nil {
				c = change(24*t+k, c)
			}
			if h.hours[t][k] = c; t == days-1 && k >= hours {
				h.hours[t][k] = math.NaN()
				continue
			}
			sum += c
		}
		s.Costs = append(s.Costs, sum)
	}
	h.costs, h.days = s.Costs, Detect(s, Defaults())
	return h
}

// usually is a floor of $50 a day and 20%, as the default one.
func usually(excess, expected float64) bool { return excess >= 50 && excess >= 0.2*expected }

// uneven makes a day cost more or less than another.
func uneven(at int) float64 { return math.Exp(0.25 * math.Sin(7.3*float64(at/24))) }

func TestHoursThatStandOut(t *testing.T) {
	t.Parallel()
	const last = 119 // a Sunday, of which half is known
	const noon = 24*last + 12
	from := func(hour int, factor float64) func(int, float64) float64 {
		return func(at int, c float64) float64 {
			if at >= hour {
				return factor * c
			}
			return c
		}
	}
	for _, c := range []struct {
		name        string
		change      func(at int, cost float64) float64
		first, told int // the earliest and latest hours they may be, of the last day; 0 for nothing
	}{
		{"as usual", nil, 0, 0},
		{"four times as much since five", from(24*last+5, 4), 5, 8},
		{"ten times as much in one hour", func(at int, c float64) float64 {
			if at == 24*last+7 {
				return 10 * c
			}
			return c
		}, 7, 7},
		{"a little more", from(24*last, 1.2), 0, 0},
		{"half", from(24*last, 0.5), 0, 0},
		{"a fee each month, which the day before began", func(at int, c float64) float64 {
			if day := monday.AddDate(0, 0, at/24); day.Day() == monday.AddDate(0, 0, last).Day() && at%24 == 0 {
				return c + 200
			}
			return c
		}, 0, 0},
		{"what comes every third week", func(at int, c float64) float64 {
			if (last-at/24)%21 == 0 {
				return 4 * c
			}
			return c
		}, 0, 0},
		{"nearly twice as much where days are uneven", func(at int, c float64) float64 {
			if at/24 == last {
				return 1.9 * c
			}
			return uneven(at) * c
		}, 0, 0},
		{"a quarter of a day in an hour where days are uneven", func(at int, c float64) float64 {
			if at == 24*last+6 {
				return c + 60
			}
			return uneven(at) * c
		}, 0, 0},
		{"a job that runs at any hour", func(at int, c float64) float64 {
			if at%24 == (at/24*5)%12 {
				return c + 300
			}
			return c
		}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := hourlyOf(last+1, 12, 5, c.change)
			got := h.runs(last, usually)
			if c.told == 0 {
				if len(got) > 0 {
					t.Fatalf("hours from %d stand out: %+v", got[0].first-24*last, got[0])
				}
				return
			}
			if len(got) != 1 || got[0].first != 24*last+c.first || got[0].told > 24*last+c.told || got[0].last >= noon {
				t.Fatalf("got %+v, want one from hour %d, told by hour %d", got, c.first, c.told)
			}
		})
	}
}

// TestHoursStayQuiet: a slice that is as usual is told by the hour as seldom as by the day.
func TestHoursStayQuiet(t *testing.T) {
	t.Parallel()
	told, days := 0, 0
	for seed := range uint64(3) {
		h := hourlyOf(150, 24, seed, func(at int, c float64) float64 { // days differ by an eighth
			return c * math.Exp(0.12*rand.New(rand.NewPCG(uint64(at/24), seed)).NormFloat64())
		})
		for d := 100; d < 150; d++ {
			days++
			told += len(h.first(24*(d+1)).runs(d, usually))
		}
	}
	if told > 1 {
		t.Errorf("on %d of %d ordinary days hours stand out", told, days)
	}
}

// first is the series as it was known at an hour: the day at hand has the hours before it.
func (h *hourly) first(hours int) *hourly {
	n := (hours + 23) / 24
	out := &hourly{start: h.start, set: h.set, hours: append([][24]float64(nil), h.hours[:n]...)}
	s := Series{Start: h.start, Costs: append([]float64(nil), h.costs[:n]...)}
	if k := hours % 24; k > 0 {
		s.Costs[n-1] = 0
		for i := range 24 {
			if i >= k {
				out.hours[n-1][i] = math.NaN()
			} else {
				s.Costs[n-1] += h.hours[n-1][i]
			}
		}
	}
	out.costs, out.days = s.Costs, Detect(s, h.set)
	return out
}

// TestLaterHoursChangeNothing: what is told by an hour is told of the same first hour, whatever comes later.
func TestLaterHoursChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		begin, factor := rapid.IntRange(24*70, 24*72).Draw(t, "begins"), rapid.SampledFrom([]float64{1, 1.5, 3, 10}).Draw(t, "factor")
		h := hourlyOf(72, 24, rapid.Uint64().Draw(t, "seed"), func(at int, c float64) float64 {
			if at >= begin {
				return factor * c
			}
			return c
		})
		cut := rapid.IntRange(24*70+1, 24*72).Draw(t, "cut")
		told := func(h *hourly) map[[2]int]bool {
			out := map[[2]int]bool{}
			for _, r := range h.runs(70, usually) {
				if r.told < cut {
					out[[2]int{r.first, r.told}] = true
				}
			}
			return out
		}
		all, part := told(h), told(h.first(cut))
		for k := range all {
			if !part[k] {
				t.Fatalf("what begins at %d is told at %d only once later hours than %d are known", k[0], k[1], cut)
			}
		}
		for k := range part {
			if !all[k] {
				t.Fatalf("what begins at %d is told at %d, and not once more than %d hours are known", k[0], k[1], cut)
			}
		}
	})
}

// TestHoursOfADayAddUp: what the hours of an ordinary day are expected to cost is what the day is.
func TestHoursOfADayAddUp(t *testing.T) {
	t.Parallel()
	h := hourlyOf(120, 24, 9, nil)
	for d := 70; d < 120; d++ {
		sum := 0.0
		for k := range 24 {
			x := h.judge(d, k)
			if !x.judged || x.low > x.expected || x.high < x.expected {
				t.Fatalf("day %d, hour %d: %+v", d, k, x)
			}
			sum += x.expected
		}
		if math.Abs(sum/h.days[d].Expected-1) > 1e-9 {
			t.Errorf("day %d: its hours are expected to cost %.2f, it %.2f", d, sum, h.days[d].Expected)
		}
	}
}
