package digest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spendbot/analysis"
)

func schedule(t testing.TB, spec, zone string) Schedule {
	t.Helper()
	s, err := ParseSchedule(spec, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

// TestNext lists moments that a schedule is due at, each the next after the one before; the first is where it begins.
func TestNext(t *testing.T) {
	for _, c := range []struct {
		name, spec, zone string
		moments          []string
	}{
		{"Mondays keep the wall clock when summer ends", "0 9 * * MON", "Europe/Berlin",
			[]string{"2026-10-16T00:00:00Z", "2026-10-19T07:00:00Z", "2026-10-26T08:00:00Z", "2026-11-02T08:00:00Z"}},
		{"and when it begins", "0 9 * * MON", "America/New_York",
			[]string{"2026-03-01T00:00:00Z", "2026-03-02T14:00:00Z", "2026-03-09T13:00:00Z"}},
		{"a time that does not exist is the end of the gap, once", "30 2 * * *", "Europe/Berlin",
			[]string{"2026-03-27T12:00:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"the same in New York", "30 2 * * *", "America/New_York",
			[]string{"2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
		{"a time that comes twice is the first", "30 2 * * *", "Europe/Berlin",
			[]string{"2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"also for one who begins between the two", "30 2 * * *", "Europe/Berlin",
			[]string{"2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z"}},
		{"half an hour's shift", "15 2 * * *", "Australia/Lord_Howe", // 2:00 becomes 2:30 on 4 Oct 2026
			[]string{"2026-10-02T20:00:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		{"a whole day that never was", "0 9 * * *", "Pacific/Apia", // 30 Dec 2011
			[]string{"2011-12-29T12:00:00Z", "2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"}},
		{"a day's midnight in Auckland is the day before in UTC", "0 9 * * MON", "Pacific/Auckland",
			[]string{"2026-11-20T00:00:00Z", "2026-11-22T20:00:00Z", "2026-11-29T20:00:00Z"}},
		{"and far west of it the day after", "0 20 * * MON", "Pacific/Honolulu",
			[]string{"2026-11-20T00:00:00Z", "2026-11-24T06:00:00Z", "2026-12-01T06:00:00Z"}},
		{"a zone of three quarters", "0 9 * * *", "Asia/Kathmandu", []string{"2026-11-23T00:00:00Z", "2026-11-23T03:15:00Z", "2026-11-24T03:15:00Z"}},
		{"the last day of each month", "0 18 L * *", "UTC",
			[]string{"2026-01-15T00:00:00Z", "2026-01-31T18:00:00Z", "2026-02-28T18:00:00Z", "2026-03-31T18:00:00Z", "2026-04-30T18:00:00Z"}},
		{"of a leap year's February", "0 18 L * *", "UTC", []string{"2028-02-01T00:00:00Z", "2028-02-29T18:00:00Z"}},
		{"the last day of December", "0 18 L 12 *", "UTC", []string{"2026-01-15T00:00:00Z", "2026-12-31T18:00:00Z", "2027-12-31T18:00:00Z"}},
		{"the 31st leaves out shorter months", "0 9 31 * *", "UTC", []string{"2026-01-31T09:00:00Z", "2026-03-31T09:00:00Z", "2026-05-31T09:00:00Z"}},
		{"the leap day", "0 9 29 2 *", "UTC", []string{"2026-01-01T00:00:00Z", "2028-02-29T09:00:00Z", "2032-02-29T09:00:00Z"}},
		{"on the day that the clocks go back, both of a month's end", "30 1 L 10 *", "Europe/Lisbon", // Sunday 31 Oct 2027
			[]string{"2027-10-01T00:00:00Z", "2027-10-31T00:30:00Z", "2028-10-31T01:30:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schedule(t, c.spec, c.zone)
			now := at(t, c.moments[0])
			for _, want := range c.moments[1:] {
				if now = s.Next(now); !now.Equal(at(t, want)) {
					t.Fatalf("next is %s, want %s", now.UTC().Format(time.RFC3339), want)
				}
			}
		})
	}
}

// zones on both sides of UTC, with and without summer time, with odd offsets.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Apia", "Pacific/Honolulu",
	"Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran"}

// TestNextLaws: from any moment on, moments only go forward, none is left out by asking from in between, and where the wall clock shows
// the time at all it shows it then; each day of the calendar has one.
func TestNextLaws(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(r, "zone")
		hour, minute := rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute")
		s, err := ParseSchedule(strings.Join([]string{itoa(minute), itoa(hour), "* * *"}, " "), zone)
		if err != nil {
			r.Fatal(err)
		}
		start := time.Unix(rapid.Int64Range(1262304000, 2208988800).Draw(r, "start"), 0).UTC()
		before := start
		var days []string
		for range 40 {
			next := s.Next(before)
			if !next.After(before) {
				r.Fatalf("after %s comes %s", before, next)
			}
			between := before.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(before))-1).Draw(r, "between")))
			if again := s.Next(between); !again.Equal(next) {
				r.Fatalf("next after %s is %s, and after %s, before it, %s", before, next, between, again)
			}
			local := next.In(s.Zone)
			if w := wall(next, s.Zone); w.Hour() != hour || w.Minute() != minute {
				if p := wall(next.Add(-time.Second), s.Zone); w.Sub(p) == time.Second {
					r.Fatalf("%s shows %s, and no gap is there", next, local)
				}
			}
			days = append(days, local.Format(time.DateOnly))
			before = next
		}
		if !slices.IsSorted(days) {
			r.Fatalf("days are not in order: %v", days)
		}
		if zone != "Pacific/Apia" && len(slices.Compact(slices.Clone(days))) != len(days) {
			r.Fatalf("a day has two: %v", days)
		}
	})
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

// TestMissed is what is found to be due when a process wakes up.
func TestMissed(t *testing.T) {
	for _, c := range []struct {
		name, spec, zone string
		kind             Kind
		limits           Limits
		since, now       string
		want             string // moments; * is stale
	}{
		{"nothing yet", "0 9 * * MON", "UTC", Weekly, Limits{}, "2026-11-23T09:00:00Z", "2026-11-30T08:59:59Z", ""},
		{"on the second", "0 9 * * MON", "UTC", Weekly, Limits{}, "2026-11-16T09:00:00Z", "2026-11-23T09:00:00Z", "2026-11-23T09:00"},
		{"asleep since Friday, on Monday morning", "0 9 * * *", "UTC", Daily, Limits{}, "2026-11-20T09:00:00Z", "2026-11-23T10:00:00Z",
			"2026-11-21T09:00* 2026-11-22T09:00* 2026-11-23T09:00"},
		{"asleep until Sunday night: too late for Sunday", "0 9 * * *", "UTC", Daily, Limits{}, "2026-11-20T09:00:00Z", "2026-11-22T21:00:01Z",
			"2026-11-21T09:00* 2026-11-22T09:00*"},
		{"workdays' Friday is good until Saturday night", "0 9 * * MON-FRI", "UTC", Daily, Limits{}, "2026-11-19T09:00:00Z", "2026-11-21T20:59:00Z", "2026-11-20T09:00"},
		{"half a week is the limit", "0 9 * * MON", "UTC", Weekly, Limits{}, "2026-11-16T09:00:00Z", "2026-11-26T21:00:00Z", "2026-11-23T09:00"},
		{"and no more", "0 9 * * MON", "UTC", Weekly, Limits{}, "2026-11-16T09:00:00Z", "2026-11-26T21:00:01Z", "2026-11-23T09:00*"},
		{"a limit of one's own", "0 9 * * MON", "UTC", Weekly, Limits{DropAfter: time.Hour}, "2026-11-16T09:00:00Z", "2026-11-23T10:00:01Z", "2026-11-23T09:00*"},
		{"the close pack after a week away", "0 9 3 * *", "UTC", Monthly, Limits{}, "2026-10-03T09:00:00Z", "2026-11-10T00:00:00Z", "2026-11-03T09:00"},
		{"the weekend that the clocks go back", "0 9 * * *", "America/New_York", Daily, Limits{}, "2026-10-30T13:00:00Z", "2026-11-02T14:30:00Z",
			"2026-10-31T13:00* 2026-11-01T14:00* 2026-11-02T14:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schedule(t, c.spec, c.zone)
			var got []string
			now := at(t, c.now)
			for _, d := range s.Missed(at(t, c.since), now, c.kind, c.limits) {
				text := d.At.Format("2006-01-02T15:04")
				if d.Stale {
					text += "*"
				} else if d.WaitUntil.Before(d.At) || d.WaitUntil.Sub(d.At) > c.kind.DefaultWait() {
					t.Errorf("%s waits until %s", text, d.WaitUntil)
				}
				got = append(got, text)
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("due: %s\nwant %s", g, c.want)
			}
		})
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		name, zone, at string
		kind           Kind
		start          time.Weekday
		want           string
	}{
		{"Monday's pulse is of the week that ended on Sunday", "Europe/Berlin", "2026-11-23T08:00:00Z", Weekly, time.Monday, "16-22 Nov 2026 after 9-15 Nov 2026"},
		{"also in Auckland, where it is still Sunday in UTC", "Pacific/Auckland", "2026-11-22T20:00:00Z", Weekly, time.Monday, "16-22 Nov 2026 after 9-15 Nov 2026"},
		{"and in Honolulu, where it is Tuesday in UTC", "Pacific/Honolulu", "2026-11-24T06:00:00Z", Weekly, time.Monday, "16-22 Nov 2026 after 9-15 Nov 2026"},
		{"on a Friday too", "UTC", "2026-11-27T09:00:00Z", Weekly, time.Monday, "16-22 Nov 2026 after 9-15 Nov 2026"},
		{"weeks that begin on Sunday", "UTC", "2026-11-23T09:00:00Z", Weekly, time.Sunday, "15-21 Nov 2026 after 8-14 Nov 2026"},
		{"over the new year", "UTC", "2027-01-04T09:00:00Z", Weekly, time.Monday, "28 Dec 2026 - 3 Jan 2027 after 21-27 Dec 2026"},
		{"a month is the last whole one", "UTC", "2026-11-03T09:00:00Z", Monthly, time.Monday, "1-31 Oct 2026 after 1-30 Sep 2026"},
		{"on the last day too", "UTC", "2026-11-30T18:00:00Z", Monthly, time.Monday, "1-31 Oct 2026 after 1-30 Sep 2026"},
		{"February of a leap year", "America/New_York", "2028-03-01T14:00:00Z", Monthly, time.Monday, "1-29 Feb 2028 after 1-31 Jan 2028"},
		{"the first of the month in Auckland", "Pacific/Auckland", "2026-11-30T20:00:00Z", Monthly, time.Monday, "1-30 Nov 2026 after 1-31 Oct 2026"},
		{"yesterday, and the same weekday before", "UTC", "2026-11-23T09:00:00Z", Daily, time.Monday, "Sun 22 Nov 2026 after Sun 15 Nov 2026"},
	} {
		cur, base := schedule(t, "0 9 * * *", c.zone).Periods(c.kind, at(t, c.at), c.start)
		if got := cur.String() + " after " + base.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestIncompleteAndDayFor(t *testing.T) {
	nov := func(d int) time.Time { return analysis.Day(2026, time.November, d) }
	through := func(aws, azure, google int) []analysis.ProviderThrough {
		return []analysis.ProviderThrough{{Provider: "AWS", Day: nov(aws)}, {Provider: "Azure", Day: nov(azure)}, {Provider: "Google", Day: nov(google)}}
	}
	for _, c := range []struct {
		name       string
		through    []analysis.ProviderThrough
		told       time.Time
		incomplete string
		day        int
		fresh      bool
	}{
		{"all are there", through(22, 22, 23), nov(21), "", 22, true},
		{"one is a day behind", through(22, 21, 22), nov(20), "Azure", 21, true},
		{"and its newest day was told yesterday", through(22, 21, 22), nov(21), "Azure", 21, false},
		{"one has stopped weeks ago and is not waited for", through(22, 2, 22), nov(21), "", 22, true},
		{"told before, though all is there", through(22, 22, 22), nov(22), "", 22, false},
	} {
		y := analysis.NewPeriod(nov(22), nov(23))
		var names []string
		for _, p := range Incomplete(c.through, y) {
			names = append(names, p.Provider)
		}
		cur, base, fresh := DayFor(y, c.through, c.told)
		if g := strings.Join(names, " "); g != c.incomplete || !cur.Start.Equal(nov(c.day)) || fresh != c.fresh || base.Start.AddDate(0, 0, 7) != cur.Start || base.Days() != 1 {
			t.Errorf("%s: incomplete %q, day %s after %s, fresh %v", c.name, g, cur, base, fresh)
		}
	}
}

func TestLateWord(t *testing.T) {
	s := schedule(t, "0 9 * * MON", "Europe/Berlin")
	for _, c := range []struct{ now, want string }{
		{"2026-11-23T08:00:30Z", ""}, {"2026-11-23T08:09:00Z", ""}, {"2026-11-23T12:00:00Z", "due today 09:00"},
		{"2026-11-24T12:00:00Z", "due Monday 09:00"}, {"2026-12-01T12:00:00Z", "due Mon 23 Nov 09:00"},
	} {
		if got := s.LateWord(at(t, "2026-11-23T08:00:00Z"), at(t, c.now)); got != c.want {
			t.Errorf("at %s: %q, want %q", c.now, got, c.want)
		}
	}
}

func TestScheduleWordsAndRefusals(t *testing.T) {
	for _, c := range []struct{ spec, zone, want string }{
		{"0 9 * * MON", "Europe/Berlin", "Mondays 9:00 Europe/Berlin"},
		{"5 17 * * 5", "new york", "Fridays 17:05 America/New_York"},
		{"0 9 * * *", "", "every day 9:00 UTC"},
		{"0 9 * * MON-FRI", "europe/berlin", "Monday to Friday 9:00 Europe/Berlin"},
		{"0 9 3 * *", "UTC", "the 3rd of the month, 9:00 UTC"},
		{"0 9 12 * *", "UTC", "the 12th of the month, 9:00 UTC"},
		{"30 18 l * *", "Asia/Kolkata", "the last day of the month, 18:30 Asia/Kolkata"},
		{"0 9 * 1,4,7,10 MON", "UTC", "cron 0 9 * 1,4,7,10 MON UTC"},
	} {
		if got := schedule(t, c.spec, c.zone).Words(); got != c.want {
			t.Errorf("%s: %q, want %q", c.spec, got, c.want)
		}
	}
	for _, c := range []struct{ spec, zone, want string }{
		{"0 9 * *", "", "is none"}, {"@daily", "", "is none"}, {"*/5 9 * * *", "", "minute"}, {"0 9-17 * * *", "", "hour"}, {"61 9 * * *", "", "is none"},
		{"0 9 30 2 *", "", "never due"}, {"0 9 L * MON", "", "for one of them"}, {"CRON_TZ=UTC 0 9 * * *", "", "is none"}, {"0 9 * * FUNDAY", "", "is none"},
		{"0 9 * * *", "Mars/Olympus", "no time zone"}, {"0 9 * * *", "EST", "half of the year"}, {"0 9 * * *", "Local", "no time zone"},
		{"0 9 * * *", "../../etc/passwd", "no time zone"}, {"0 9 * * *", "/etc/localtime", "no time zone"}, {"0 9 * * *", "Europe//Berlin", "no time zone"},
	} {
		if _, err := ParseSchedule(c.spec, c.zone); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q in %q: error %v, want one with %q", c.spec, c.zone, err, c.want)
		}
	}
}
