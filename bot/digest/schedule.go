package digest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones also where the machine has none

	"github.com/robfig/cron/v3"
)

// Kind is what a digest tells.
type Kind string

// The kinds.
const (
	Weekly  Kind = "weekly"  // the spend pulse of the last whole week
	Daily   Kind = "daily"   // one line on the newest day that is complete
	Monthly Kind = "monthly" // the close pack of the last whole month
)

// Kinds lists them.
var Kinds = []Kind{Weekly, Daily, Monthly}

// DefaultSchedule is when a kind is sent where nothing else is said: Mondays, every day, the 3rd of the month, all at 9:00. Bills of
// a month's last days arrive over about two days.
func (k Kind) DefaultSchedule() string {
	switch k {
	case Daily:
		return "0 9 * * *"
	case Monthly:
		return "0 9 3 * *"
	}
	return "0 9 * * MON"
}

// Schedule is a time of day, on some days, on the wall clock of a zone.
type Schedule struct {
	Spec string // as cron writes it; the day of the month may be L, the last
	Zone *time.Location
	cron cron.Schedule
	last bool // the last day of a month only
}

var oneNumber = regexp.MustCompile(`^[0-9]{1,2}$`)

// ParseSchedule reads cron's five fields, of which minute and hour are one number each, and the zone's IANA name; "" is UTC. The day
// of the month may be L. It refuses a schedule that is never due.
func ParseSchedule(spec, zone string) (Schedule, error) {
	loc, err := ParseZone(zone)
	if err != nil {
		return Schedule{}, err
	}
	f := strings.Fields(spec)
	if len(f) != 5 {
		return Schedule{}, fmt.Errorf("the schedule %q is none: write minute, hour, day of the month, month, day of the week, as \"0 9 * * MON\"", spec)
	}
	for i, what := range []string{"minute", "hour"} {
		if !oneNumber.MatchString(f[i]) {
			return Schedule{}, fmt.Errorf("the schedule %q has the %s %q: a digest comes once a day at most, so write one number", spec, what, f[i])
		}
	}
	s := Schedule{Spec: strings.Join(f, " "), Zone: loc}
	if strings.EqualFold(f[2], "L") {
		s.last, f[2] = true, "28-31"
		if f[4] != "*" {
			return Schedule{}, fmt.Errorf("the schedule %q names the last day of the month and a day of the week: write * for one of them", spec)
		}
	}
	if s.cron, err = cron.ParseStandard(strings.Join(f, " ")); err != nil {
		return Schedule{}, fmt.Errorf("the schedule %q is none: %w", spec, err)
	}
	if s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("the schedule %q is never due: no year has that day", spec)
	}
	return s, nil
}

// wall is what the clock on the wall shows in a zone, as if it were UTC, where no hour is missing or comes twice.
func wall(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// moment is when a zone's clock shows a wall time: the first time it does, or, where it never does, the first moment after the gap.
func moment(w time.Time, zone *time.Location) time.Time {
	var found time.Time
	for _, days := range []int{-2, -1, 1, 2} { // the offsets that may be in force there: some zones lost a whole day once
		_, offset := w.AddDate(0, 0, days).In(zone).Zone()
		t := w.Add(-time.Duration(offset) * time.Second)
		if wall(t, zone).Equal(w) && (found.IsZero() || t.Before(found)) {
			found = t
		}
	}
	if !found.IsZero() {
		return found.UTC()
	}
	lo, hi := w.AddDate(0, 0, -2), w.AddDate(0, 0, 2) // in between the clock went over w
	for hi.Sub(lo) > time.Second {
		mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
		if wall(mid, zone).Before(w) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi.UTC()
}

// Next is the first moment after another at which the schedule is due; the zero time when it never is again.
func (s Schedule) Next(after time.Time) time.Time {
	// A day before, since the clock may have gone back since, and what it shows now has been shown before.
	for w := wall(after, s.Zone).AddDate(0, 0, -2); ; {
		w = s.cron.Next(w)
		if w.IsZero() {
			return time.Time{}
		}
		if s.last && w.AddDate(0, 0, 1).Day() != 1 {
			continue
		}
		if t := moment(w, s.Zone); t.After(after) {
			return t
		}
	}
}

// Words says the schedule as people do: "Mondays 9:00 Europe/Berlin".
func (s Schedule) Words() string {
	f := strings.Fields(s.Spec)
	minute, _ := strconv.Atoi(f[0]) // ParseSchedule saw to it
	hour, _ := strconv.Atoi(f[1])
	at := fmt.Sprintf("%d:%02d %s", hour, minute, s.Zone)
	switch {
	case f[3] != "*" || f[2] != "*" && f[4] != "*":
		return "cron " + s.Spec + " " + s.Zone.String()
	case s.last:
		return "the last day of the month, " + at
	case oneNumber.MatchString(f[2]):
		return "the " + ordinal(f[2]) + " of the month, " + at
	case f[2] != "*":
		return "cron " + s.Spec + " " + s.Zone.String()
	case f[4] == "*":
		return "every day " + at
	case strings.EqualFold(f[4], "MON-FRI") || f[4] == "1-5":
		return "Monday to Friday " + at
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(f[4], d.String()[:3]) || f[4] == strconv.Itoa(int(d)) {
			return d.String() + "s " + at
		}
	}
	return "cron " + s.Spec + " " + s.Zone.String()
}

func ordinal(day string) string {
	n, _ := strconv.Atoi(day) // digits
	suffix := "th"
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// zoneName is how IANA writes a zone. What people write is held against it before anything is looked up.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z_+-]*(/[A-Za-z][A-Za-z_+-]*){0,2}[0-9]{0,2}$`)

// zoneAreas are where a city that is written alone is looked for.
var zoneAreas = []string{"Europe/", "America/", "Asia/", "Australia/", "Africa/", "Pacific/", "Atlantic/", "Indian/", "America/Argentina/", "America/Indiana/"}

// ParseZone reads a zone as people write it: "Europe/Berlin", "berlin", "new york", "UTC"; "" is UTC. Abbreviations like EST name an offset in
// one half of the year and are refused.
func ParseZone(name string) (*time.Location, error) {
	name = strings.Join(strings.Fields(name), "_")
	bad := fmt.Errorf("%q is no time zone I know: write one as Europe/Berlin, America/New_York, Asia/Kolkata or UTC", name)
	switch strings.ToUpper(name) {
	case "", "UTC", "Z", "GMT":
		return time.UTC, nil
	case "EST", "MST", "HST", "EDT", "PST", "PDT", "CST", "CDT", "MDT":
		return nil, errors.New(strings.ToUpper(name) + " is the time of one half of the year: write the city's zone, as America/New_York")
	case "LOCAL":
		return nil, bad
	}
	if len(name) > 40 || !zoneName.MatchString(name) {
		return nil, bad
	}
	tries := []string{name, titled(name)}
	if !strings.Contains(name, "/") {
		for _, a := range zoneAreas {
			tries = append(tries, a+titled(name))
		}
	}
	for _, n := range tries {
		if loc, err := time.LoadLocation(n); err == nil {
			return loc, nil
		}
	}
	return nil, bad
}

// titled writes each word of a name large, as IANA does.
func titled(s string) string {
	b := []byte(strings.ToLower(s))
	for i := range b {
		if i == 0 || strings.IndexByte("/_-", b[i-1]) >= 0 {
			b[i] = strings.ToUpper(string(b[i]))[0]
		}
	}
	return string(b)
}
