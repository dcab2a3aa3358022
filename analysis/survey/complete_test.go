package survey

import (
	"testing"
	"time"

	"spendbot/analysis"
)

func TestCompleteThrough(t *testing.T) {
	last := analysis.Day(2026, time.November, 22) // a Sunday
	steady := func(days int, rows int64) map[time.Time]int64 {
		m := map[time.Time]int64{}
		for i := range days {
			m[last.AddDate(0, 0, -i)] = rows
		}
		return m
	}
	with := func(m map[time.Time]int64, back int, rows int64) map[time.Time]int64 {
		m[last.AddDate(0, 0, -back)] = rows
		return m
	}
	weekend := steady(35, 100)
	for d := range weekend {
		if d.Weekday() == time.Sunday {
			weekend[d] = 20
		}
	}
	for _, c := range []struct {
		name    string
		rows    map[time.Time]int64
		last    time.Time
		through time.Time
		monthly bool
	}{
		{"every day is whole", steady(35, 100), last, last, false},
		{"the last day is arriving", with(steady(35, 100), 0, 69), last, last.AddDate(0, 0, -1), false},
		{"seven tenths are enough", with(steady(35, 100), 0, 70), last, last, false},
		{"two days are arriving", with(with(steady(35, 100), 0, 3), 1, 40), last, last.AddDate(0, 0, -2), false},
		{"a quiet Sunday is as quiet as Sundays are", weekend, last, last, false},
		{"a day like none before it counts", steady(5, 10), last, last, false},
		{"a short day in the past is past", with(steady(35, 100), 3, 1), last, last, false},
		{"monthly rows are whole to the month's end", map[time.Time]int64{}, analysis.Day(2026, 10, 1), analysis.Day(2026, 10, 31), true},
	} {
		through, monthly := completeThrough(c.rows, c.last)
		if !through.Equal(c.through) || monthly != c.monthly {
			t.Errorf("%s: through %s, monthly %v; want %s, %v", c.name, through.Format(analysis.DateLayout), monthly, c.through.Format(analysis.DateLayout), c.monthly)
		}
	}
}
