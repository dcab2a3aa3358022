package anomaly

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"spendbot/analysis"
)

// Direction is which way a cost goes.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
	Any  Direction = "any"
)

// KnownDay is a holiday, or an event that was announced: `anomalies: known:` in the configuration. It names a day (Date, to Until), a day of
// each year (Yearly, to Until) or of each month (Monthly), and the part of the bill that it is about; what it does not name is any.
//
// A known day teaches nothing, and is judged so: where the same days of the last occurrences are in the data (last year's, last month's, or
// those of an earlier Date with the same name), the cost may lie anywhere between the ordinary and what those were, by ratio to the ordinary
// (a day of the month: in money, as fees are). Where there are none, a holiday may lie anywhere between its weekday's level and the
// weekend's, and an event with a Direction as far that way as it likes.
type KnownDay struct {
	Name      string    `yaml:"name"`
	Date      string    `yaml:"date"`   // 2026-11-27
	Until     string    `yaml:"until"`  // its last day, inclusive: 2026-11-30; 12-26 where it is yearly
	Yearly    string    `yaml:"yearly"` // 12-24
	Monthly   int       `yaml:"monthly"`
	Direction Direction `yaml:"direction"` // empty for a holiday
	Provider  string    `yaml:"provider"`
	Service   string    `yaml:"service"`
	Account   string    `yaml:"account"` // its id or its name
	Team      string    `yaml:"team"`
}

// Known are known days that were checked.
type Known struct{ rules []knownRule }

type knownRule struct {
	KnownDay
	first, last time.Time // of a date; of a yearly one in a leap year
	group       string    // of those that are precedents of each other
}

// leap is a year that has all days.
const leap = 2024

// longestKnown is how many days in a row may be announced at once.
const longestKnown = 92

// NewKnown checks known days.
func NewKnown(days []KnownDay) (Known, error) {
	var k Known
	for i, d := range days {
		r, err := newKnown(d)
		if err != nil {
			return Known{}, fmt.Errorf("anomalies.known: day %d: %w", i+1, err)
		}
		if r.group = "name " + d.Name; d.Name == "" {
			r.group = fmt.Sprint("rule ", i)
		}
		k.rules = append(k.rules, r)
	}
	return k, nil
}

func newKnown(d KnownDay) (knownRule, error) {
	r := knownRule{KnownDay: d}
	named := 0
	for _, is := range []bool{d.Date != "", d.Yearly != "", d.Monthly != 0} {
		if is {
			named++
		}
	}
	if named != 1 {
		return r, fmt.Errorf("write one of date (2026-11-27), yearly (12-24) and monthly (1)")
	}
	if !slices.Contains([]Direction{"", Up, Down, Any}, d.Direction) {
		return r, fmt.Errorf("direction is %q; write up, down or any, or leave it out for a holiday", d.Direction)
	}
	layout, first := analysis.DateLayout, d.Date
	parse := func(s string) (time.Time, error) { return time.Parse(layout, s) }
	switch {
	case d.Monthly != 0:
		if d.Monthly < 1 || d.Monthly > 31 || d.Until != "" {
			return r, fmt.Errorf("monthly is a day of the month, 1 to 31, without until; it is %d", d.Monthly)
		}
		return r, nil
	case d.Yearly != "":
		layout, first = "01-02", d.Yearly
		parse = func(s string) (time.Time, error) { return time.Parse("2006-01-02", fmt.Sprint(leap, "-", s)) }
	}
	var err error
	if r.first, err = parse(first); err != nil {
		return r, fmt.Errorf("%q is not a day; write it as %s", first, time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC).Format(layout))
	}
	if r.last = r.first; d.Until != "" {
		if r.last, err = parse(d.Until); err != nil {
			return r, fmt.Errorf("until is %q; write a day as %s", d.Until, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC).Format(layout))
		}
	}
	if d.Yearly != "" && r.last.Before(r.first) { // over the end of the year
		r.last = r.last.AddDate(1, 0, 0)
	}
	if n := daysBetween(r.first, r.last) + 1; n < 1 || n > longestKnown {
		return r, fmt.Errorf("it is %d days long; write 1 to %d", n, longestKnown)
	}
	return r, nil
}

// occurrence is a rule's days in the calendar, by indices of a series.
type occurrence struct {
	rule     *knownRule
	from, to int
}

func (r *knownRule) fits(l *line) bool {
	team := l.team
	if l.main != nil {
		team = l.main.team
	}
	return (r.Provider == "" || r.Provider == l.provider) && (r.Service == "" || r.Service == l.service) && (r.Account == "" || r.Account == l.account || r.Account == l.name) && (r.Team == "" || r.Team == team)
}

// occurrences are those within n days from start.
func (r *knownRule) occurrences(start time.Time, n int) []occurrence {
	var out []occurrence
	add := func(first, last time.Time) {
		if from, to := daysBetween(start, first), daysBetween(start, last); to >= 0 && from < n {
			out = append(out, occurrence{r, from, to})
		}
	}
	end := start.AddDate(0, 0, n)
	switch {
	case r.Monthly != 0:
		for m := analysis.Day(start.Year(), start.Month(), 1); m.Before(end); m = m.AddDate(0, 1, 0) {
			day := m.AddDate(0, 0, r.Monthly-1)
			if day.Month() != m.Month() { // the 31st of shorter months is their last
				day = m.AddDate(0, 1, -1)
			}
			add(day, day)
		}
	case r.Yearly != "":
		for y := start.Year() - 1; y <= end.Year(); y++ {
			first := analysis.Day(y, r.first.Month(), r.first.Day())
			if first.Day() == r.first.Day() { // 29 February is every four years
				add(first, first.AddDate(0, 0, daysBetween(r.first, r.last)))
			}
		}
	default:
		add(r.first, r.last)
	}
	return out
}

// mostPrecedents is how many earlier occurrences a known day is compared with, the latest.
const mostPrecedents = 3

// marks says of each day of a line what is known of it; nil where nothing is known of any.
func (k Known) marks(l *line, n int) []*Mark {
	groups := map[string][]occurrence{}
	for i := range k.rules {
		if r := &k.rules[i]; r.fits(l) {
			if o := r.occurrences(l.start, n); len(o) > 0 {
				groups[r.group] = append(groups[r.group], o...)
			}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	marks := make([]*Mark, n)
	for _, all := range groups {
		slices.SortFunc(all, func(a, b occurrence) int { return cmp.Compare(a.from, b.from) })
		for i, o := range all {
			for t := max(0, o.from); t <= min(o.to, n-1); t++ {
				m := marks[t]
				if m == nil {
					m = &Mark{Way: o.rule.Direction, Name: o.rule.Name}
					marks[t] = m
				} else if m.Way != o.rule.Direction {
					m.Way = Any
				}
				for back := i - 1; back >= 0 && i-back <= mostPrecedents; back-- {
					if like := all[back].from + t - o.from; like >= 0 && like <= all[back].to && like < t {
						m.Like, m.Money = append(m.Like, like), o.rule.Monthly != 0
					}
				}
			}
		}
	}
	return marks
}

// Mark is what was announced of a day of a series.
type Mark struct {
	Name string
	// Way is the direction of an event; empty for a holiday.
	Way Direction
	// Like are the indices of the same days before, and Money says that what they brought is an amount, not a ratio.
	Like  []int
	Money bool
}
