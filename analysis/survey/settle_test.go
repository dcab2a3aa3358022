package survey

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// feed is a simulated provider: what share of a day is there at an age.
type feed struct {
	share func(day time.Time, age int) float64
	rows  int64
}

// loads are those of n days, one each morning, newest first; the last one on the 23rd.
func (f feed) loads(n int) []store.Load {
	var out []store.Load
	last := analysis.Day(2026, time.November, 23)
	for i := range n {
		at := last.AddDate(0, 0, -i)
		a := store.Arrival{Provider: "AWS", Currency: "USD", From: at.AddDate(0, 0, 1-store.ArrivalDays)}
		for d := range store.ArrivalDays {
			day := a.Day(d)
			share := f.share(day, int(at.Sub(day).Hours()/24))
			a.Rows = append(a.Rows, int64(share*float64(f.rows)))
			a.Cost = append(a.Cost, decimal.NewFromInt(int64(share*1000)))
		}
		out = append(out, store.Load{At: at.Add(6 * time.Hour), Arrived: []store.Arrival{a}})
	}
	return out
}

// ramp is full from an age on.
func ramp(age int) func(time.Time, int) float64 {
	return func(_ time.Time, a int) float64 {
		if a >= age {
			return 1
		}
		return float64(a) / float64(age)
	}
}

func TestHowDaysAreFoundComplete(t *testing.T) {
	day := func(d int) time.Time { return analysis.Day(2026, time.November, d) }
	for _, c := range []struct {
		name    string
		loads   []store.Load
		last    time.Time
		through time.Time // zero: left to the rows
		how     string
	}{
		{"from the second day on", feed{ramp(2), 1000}.loads(12), day(22), day(21), "complete from 2 days on: "},
		{"the next day already", feed{ramp(1), 1000}.loads(12), day(22), day(22), "complete from 1 day on: "},
		{"one load tells nothing", feed{ramp(2), 1000}.loads(1), day(22), time.Time{}, "1 load is too little history"},
		{"records of an older version", []store.Load{{At: day(23)}}, day(22), time.Time{}, "no load of these days is too little history"},
		{"days that never rest", feed{func(_ time.Time, age int) float64 { return 0.3 + 0.05*float64(age) }, 1000}.loads(30), day(22), time.Time{}, "go on changing"},
		{"a file exported long before it was loaded", feed{ramp(2), 1000}.loads(12), day(10), time.Time{}, "held nothing after 10 Nov"},
		{"costs that come after the rows count too", func() []store.Load {
			ls := feed{ramp(1), 1000}.loads(14)
			for _, l := range ls {
				for i := range l.Arrived[0].Cost {
					if age := store.ArrivalDays - 1 - i; age < 4 {
						l.Arrived[0].Cost[i] = decimal.NewFromInt(500)
					}
				}
			}
			return ls
		}(), day(22), day(19), "complete from 4 days on"},
	} {
		p := Provider{Name: "AWS", Last: c.last, Through: day(1)}
		p.settle(c.loads)
		want := c.through
		if want.IsZero() {
			want = day(1)
		}
		if !p.Through.Equal(want) || !strings.Contains(p.How, c.how) || (p.Settles != nil) != !c.through.IsZero() {
			t.Errorf("%s: through %s, %q; want %s, %q", c.name, p.Through.Format(analysis.DateLayout), p.How, want.Format(analysis.DateLayout), c.how)
		}
	}
}

// TestADayThatIsNotOverIsNotComplete: a feed by the hour is full long before its day ends, and by how full it is nothing of it is missing.
func TestADayThatIsNotOverIsNotComplete(t *testing.T) {
	day := func(n int) time.Time { return analysis.Day(2026, time.November, n) }
	full := feed{func(time.Time, int) float64 { return 1 }, 1000}
	for _, loads := range [][]store.Load{full.loads(1), full.loads(20)} {
		p := Provider{Name: "AWS", Last: day(23), Through: day(23)}
		if p.settle(loads); !p.Through.Equal(day(22)) {
			t.Errorf("after %d loads, the last on 23 Nov: complete through %s, %s", len(loads), p.Through.Format(analysis.DateLayout), p.How)
		}
	}
	p := Provider{Name: "AWS", Last: day(21), Through: day(21)}
	if p.settle(full.loads(1)); !p.Through.Equal(day(21)) {
		t.Errorf("what ends before that is complete through %s", p.Through.Format(analysis.DateLayout))
	}
}

// TestNoDayIsCalledCompleteThatIsNot simulates feeds of any delay with days that come late now and then: the age that is learned is
// one by which nine of ten days stood, and no smaller one is.
func TestNoDayIsCalledCompleteThatIsNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lag := rapid.IntRange(1, 6).Draw(t, "days until a day is whole")
		early := rapid.Float64Range(0, 0.97).Draw(t, "share before")
		stragglers := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 1).Draw(t, "days back that come later")
		n := rapid.IntRange(1, 30).Draw(t, "loads")
		newest := analysis.Day(2026, time.November, 23)
		f := feed{rows: 1000, share: func(day time.Time, age int) float64 {
			whole := lag
			if slices.Contains(stragglers, int(newest.Sub(day).Hours()/24)) {
				whole += 2
			}
			if age < whole {
				return early
			}
			return 1
		}}
		p := Provider{Name: "AWS", Last: newest, Through: analysis.Day(2026, 1, 1)}
		p.settle(f.loads(n))
		switch {
		case p.Settles == nil && n >= lag+SettledAfter+SettledCases+2 && len(stragglers) == 0:
			t.Errorf("%d loads taught nothing of a lag of %d: %s", n, lag, p.How)
		case p.Settles == nil:
			if !p.Through.Equal(analysis.Day(2026, 1, 1)) {
				t.Errorf("through %s without a reason", p.Through)
			}
		case p.Settles.Days < lag:
			t.Errorf("days are called complete after %d, they are after %d", p.Settles.Days, lag)
		case len(stragglers) == 0 && n >= lag+SettledAfter+SettledCases+2 && p.Settles.Days != lag:
			t.Errorf("days are called complete after %d only, they are after %d", p.Settles.Days, lag)
		case !p.Through.Equal(newest.AddDate(0, 0, -p.Settles.Days)):
			t.Errorf("through %s with %d days", p.Through, p.Settles.Days)
		}
	})
}
