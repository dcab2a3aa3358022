package anomaly

import (
	"strings"
	"testing"
	"time"
)

func line400() *line {
	return &line{leaf: leaf{provider: "AWS", service: "S3", account: "1", team: "data"}, name: "lake", start: monday}
}

func TestKnownDaysFallOnTheirDays(t *testing.T) {
	for _, c := range []struct {
		name string
		day  KnownDay
		want string // days, with how many before them are like them
	}{
		{"a date", KnownDay{Date: "2025-02-01"}, "2025-02-01:0"},
		{"a range", KnownDay{Date: "2025-02-01", Until: "2025-02-03"}, "2025-02-01:0 2025-02-02:0 2025-02-03:0"},
		{"each year", KnownDay{Yearly: "01-10"}, "2025-01-10:0 2026-01-10:1"},
		{"over the end of the year", KnownDay{Yearly: "12-31", Until: "01-01"}, "2025-12-31:0 2026-01-01:0"},
		{"a leap day is none in other years", KnownDay{Yearly: "02-29"}, ""},
		{"the 31st is the last day of shorter months", KnownDay{Monthly: 31}, "2025-01-31:0 2025-02-28:1 2025-03-31:2 2025-04-30:3 2025-05-31:3"},
		{"of another service", KnownDay{Date: "2025-02-01", Service: "EC2"}, ""},
		{"of an account by its name", KnownDay{Date: "2025-02-01", Account: "lake"}, "2025-02-01:0"},
		{"of another team", KnownDay{Date: "2025-02-01", Team: "ml"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := NewKnown([]KnownDay{c.day})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			n := 400
			if c.day.Monthly > 0 {
				n = 150
			}
			for i, m := range k.marks(line400(), n) {
				if m != nil {
					got = append(got, monday.AddDate(0, 0, i).Format(time.DateOnly)+":"+string(rune('0'+len(m.Like))))
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("known are %q, want %q", s, c.want)
			}
		})
	}
}

func TestKnownDaysByNameArePrecedents(t *testing.T) {
	k, err := NewKnown([]KnownDay{{Name: "Thanksgiving", Date: "2025-11-27", Until: "2025-11-28"}, {Name: "Thanksgiving", Date: "2026-01-29", Until: "2026-01-30"}})
	if err != nil {
		t.Fatal(err)
	}
	marks := k.marks(line400(), 400)
	second := daysBetween(monday, time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC))
	if m := marks[second]; m == nil || len(m.Like) != 1 || !monday.AddDate(0, 0, m.Like[0]).Equal(time.Date(2025, 11, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the second day is %+v, want like the second of the year before", m)
	}
}

func TestKnownDaysAreRefused(t *testing.T) {
	for _, c := range []struct {
		day  KnownDay
		want string
	}{
		{KnownDay{}, "one of date"}, {KnownDay{Date: "2026-11-27", Monthly: 1}, "one of date"}, {KnownDay{Date: "27.11.2026"}, "is not a day"}, {KnownDay{Monthly: 32}, "1 to 31"},
		{KnownDay{Date: "2026-11-27", Until: "2026-11-01"}, "days long"}, {KnownDay{Date: "2026-11-27", Direction: "sideways"}, "up, down or any"}, {KnownDay{Yearly: "13-01"}, "is not a day"},
	} {
		if _, err := NewKnown([]KnownDay{c.day}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.day, err, c.want)
		}
	}
}

// TestKnownDaysMoveWhatIsExpected: a series that is low on holidays, and one day is known as such.
func TestKnownDaysMoveWhatIsExpected(t *testing.T) {
	const at = 364 + 100 // a Wednesday
	for _, c := range []struct {
		name   string
		mark   *Mark
		before float64 // the cost a year before, as a multiple of the usual
		factor float64 // the cost now
		out    bool
	}{
		{"unknown", nil, 1, 0.5, true},
		{"a holiday is like a weekend", &Mark{}, 1, 0.5, false},
		{"a holiday may be like any day", &Mark{}, 1, 1, false},
		{"a holiday is not free", &Mark{}, 1, 0.1, true},
		{"a holiday is not dear", &Mark{}, 1, 1.6, true},
		{"as last year", &Mark{Like: []int{at - 364}}, 0.3, 0.3, false},
		{"more than last year", &Mark{Like: []int{at - 364}, Way: Up}, 2, 4, true},
		{"up, never seen", &Mark{Way: Up}, 1, 4, false},
		{"up, and it went down", &Mark{Way: Up}, 1, 0.2, true},
		{"any", &Mark{Way: Any}, 1, 0.2, false},
		{"a fee as last month's", &Mark{Like: []int{at - 31}, Money: true}, 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := usual(500, 11)
			s.Known = make([]*Mark, len(s.Costs))
			s.Known[at] = c.mark
			s.Costs[at-364] *= c.before
			s.Costs[at] *= c.factor
			d := Detect(s, Defaults())[at]
			if d.Out != c.out {
				t.Errorf("stands out: %v, want %v: %.0f, band %.0f to %.0f", d.Out, c.out, s.Costs[at], d.Low, d.High)
			}
		})
	}
}

// TestUnansweredLevelsStayFound: a step that nobody has answered for stands out as long as it stays; else it becomes the level.
func TestUnansweredLevelsStayFound(t *testing.T) {
	const at = 200
	s := usual(400, 5)
	for i := at; i < len(s.Costs); i++ {
		s.Costs[i] *= 1.8
	}
	if n := out(Detect(s, Defaults()), at+60, 400); n > 4 {
		t.Errorf("%d days of the new level stand out", n)
	}
	s.Unanswered = at - 1
	if n := out(Detect(s, Defaults()), at, 400); n < 190 {
		t.Errorf("%d of 200 days of a level that nobody answered for stand out", n)
	}
}

func TestPatterns(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	a := Anomaly{Slice: map[string]string{"ServiceName": "Amazon EC2", "SubAccountId": "12"}, Currency: "USD", Onset: day(5), Last: day(9), leaf: leaf{team: "ml"}}
	for _, c := range []struct {
		name string
		p    Pattern
		fits bool
	}{
		{"everything", Pattern{}, true},
		{"its service", Pattern{Slice: map[string]string{"ServiceName": "Amazon*"}}, true},
		{"another", Pattern{Slice: map[string]string{"ServiceName": "Azure*"}}, false},
		{"its team", Pattern{Slice: map[string]string{"x_Team": "m?"}}, true},
		{"of several regions, it is of none of them", Pattern{Slice: map[string]string{"RegionId": "us-*"}}, false},
		{"any region", Pattern{Slice: map[string]string{"RegionId": "*"}}, true},
		{"up", Pattern{Direction: Up}, true},
		{"down", Pattern{Direction: Down}, false},
		{"until its last day", Pattern{Until: day(9)}, true},
		{"it went on", Pattern{Until: day(8)}, false},
		{"since later", Pattern{From: day(10)}, false},
	} {
		if got := c.p.Fits(a); got != c.fits {
			t.Errorf("%s: fits %v, want %v", c.name, got, c.fits)
		}
	}
	if !a.Expect("V-1", time.Time{}, "").Fits(a) {
		t.Error("what is expected of an anomaly does not fit it")
	}
}
