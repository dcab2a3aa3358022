package onset

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"spendbot/analysis"
)

var (
	baseStart = analysis.Day(2026, 9, 1)
	curStart  = analysis.Day(2026, 10, 1)
)

// series is 30 + 31 days around 100 with relative noise, times f(day of the current period, from 1).
func series(seed uint64, noise float64, weekend float64, f func(day int) float64) Series {
	r := rand.New(rand.NewPCG(seed, 1))
	s := Series{BaseStart: baseStart, CurStart: curStart}
	value := func(d time.Time) float64 {
		v := 100 * (1 + noise*r.NormFloat64())
		if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
			v *= weekend
		}
		return v
	}
	for i := range 30 {
		s.Base = append(s.Base, value(baseStart.AddDate(0, 0, i)))
	}
	for i := range 31 {
		s.Cur = append(s.Cur, value(curStart.AddDate(0, 0, i))*f(i+1))
	}
	return s
}

func stepAt(on int, by float64) func(int) float64 {
	return func(d int) float64 {
		if d >= on {
			return by
		}
		return 1
	}
}

func TestDetect(t *testing.T) {
	day := func(n int) time.Time { return curStart.AddDate(0, 0, n-1) }
	for _, tt := range []struct {
		name  string
		s     Series
		shape string
		day   time.Time
		why   string
	}{
		{"a step up", series(1, .03, 1, stepAt(12, 1.5)), Step, day(12), ""},
		{"a step down", series(2, .03, 1, stepAt(20, .6)), Step, day(20), ""},
		{"a step to nothing", series(3, .03, 1, stepAt(9, 0)), Step, day(9), ""},
		{"a step on the last day is a step", series(4, .02, 1, stepAt(31, 2)), Step, day(31), ""},
		{"from the first day", series(5, .03, 1, stepAt(1, 1.3)), Step, day(1), ""},
		{"a step under strong weekends", series(6, .03, .3, stepAt(14, 1.4)), Step, day(14), ""},
		{"a rate without noise", series(7, 0, 1, stepAt(17, 1.02)), Step, day(17), ""},
		{"a spike", series(8, .03, 1, func(d int) float64 {
			if d == 11 {
				return 4
			}
			return 1
		}), Spike, day(11), ""},
		{"a step and back", series(9, .03, 1, func(d int) float64 {
			if d >= 8 && d < 14 {
				return 1.8
			}
			return 1
		}), StepAndBack, day(8), ""},
		{"nothing", series(10, .03, 1, func(int) float64 { return 1 }), "", time.Time{}, NoClearDay},
		{"monthly rows", Series{BaseStart: baseStart, CurStart: curStart, Base: []float64{100}, Cur: []float64{200}, Monthly: true}, "", time.Time{}, MonthlyRows},
		{"something new", Series{BaseStart: baseStart, CurStart: curStart, Base: make([]float64, 30), Cur: append(make([]float64, 6), 5, 6, 5, 7)}, Step, day(7), ""},
		{"new and once", Series{BaseStart: baseStart, CurStart: curStart, Cur: append(append(make([]float64, 6), 5), make([]float64, 9)...)}, Spike, day(7), ""},
		{"no days", Series{BaseStart: baseStart, CurStart: curStart}, "", time.Time{}, NoClearDay},
		{"days unknown", Series{BaseStart: baseStart, CurStart: curStart, Base: []float64{1, 1}, Cur: []float64{math.NaN()}}, "", time.Time{}, NoClearDay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Detect(tt.s)
			if o.Shape != tt.shape || !o.Day.Equal(tt.day) || o.Why != tt.why {
				t.Errorf("%+v, want %q on %s %q", o, tt.shape, tt.day.Format(analysis.DateLayout), tt.why)
			}
			if !o.Day.IsZero() && (o.From.After(o.Day) || o.To.Before(o.Day)) {
				t.Errorf("the day is outside of its range: %+v", o)
			}
		})
	}
}

func TestRampBeginsWhereItBegins(t *testing.T) {
	s := series(11, .02, 1, func(d int) float64 { return 1 + .1*math.Max(0, float64(d-9)) })
	o := Detect(s)
	want := curStart.AddDate(0, 0, 9)
	if o.Shape != Ramp || o.Day.Sub(want).Abs() > 48*time.Hour {
		t.Errorf("%+v, want a ramp about %s", o, want)
	}
}

func TestFaintStepsAreAround(t *testing.T) {
	for seed := range uint64(200) {
		if o := Detect(series(seed, .15, 1, stepAt(15, 1.2))); o.Around {
			if d := o.To.Sub(o.From); d < wide*24*time.Hour {
				t.Errorf("around with a range of %s", d)
			}
			return
		}
	}
	t.Error("no faint step was dated around a day")
}

func TestAChangeThatFillsThePeriodIsLookedForInTheBaseline(t *testing.T) {
	s := series(12, .03, 1, stepAt(1, 1.5))
	for i := 21; i < 30; i++ {
		s.Base[i] *= 1.5
	}
	if o := Detect(s); !o.Day.Equal(baseStart.AddDate(0, 0, 21)) {
		t.Errorf("%+v, want 22 September", o)
	}
}

func TestAGapBetweenThePeriodsHidesTheDay(t *testing.T) {
	s := series(13, .03, 1, stepAt(1, 1.5))
	s.BaseStart = s.BaseStart.AddDate(-1, 0, 0)
	if o := Detect(s); !o.Day.IsZero() || o.Why != FromFirstDay {
		t.Errorf("%+v, want no day: %s", o, FromFirstDay)
	}
}

// TestStepsAreDatedExactly draws steps of the size that drivers have.
func TestStepsAreDatedExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	n, exact := 400, 0
	for i := range n {
		on := 1 + r.IntN(25)
		by := 1.4 + r.Float64()
		if r.IntN(2) == 0 {
			by = 1 / by
		}
		weekend := []float64{1, .5}[r.IntN(2)]
		if o := Detect(series(uint64(i)+1000, .03, weekend, stepAt(on, by))); o.Day.Equal(curStart.AddDate(0, 0, on-1)) {
			exact++
		}
	}
	if exact < n*97/100 {
		t.Errorf("%d of %d exact, want 97%%", exact, n)
	}
	t.Logf("%d of %d exact", exact, n)
}

func TestQuietSeriesHaveNoOnset(t *testing.T) {
	n, found := 300, 0
	for i := range n {
		if o := Detect(series(uint64(i)+5000, .05, .6, func(int) float64 { return 1 })); !o.Day.IsZero() {
			found++
		}
	}
	if found > n/4 {
		t.Errorf("%d of %d quiet series were dated", found, n)
	}
	t.Logf("%d of %d dated", found, n)
}

func BenchmarkDetect(b *testing.B) {
	s := series(1, .03, .6, stepAt(12, 1.5))
	for b.Loop() {
		Detect(s)
	}
}
