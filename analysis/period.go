package analysis

import (
	"encoding/json"
	"fmt"
	"time"
)

// DateLayout is how a day is written everywhere outside of prose.
const DateLayout = "2006-01-02"

// Period is a half-open range of whole UTC days, [Start, End). Both are midnights in UTC; cloud bills are cut in UTC.
type Period struct {
	Start, End time.Time
	// Label is how a person would name it ("October 2026", "last week"); empty when only the dates will do.
	Label string
}

// Day returns the UTC midnight of a date.
func Day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// DayOf cuts a moment down to its UTC day.
func DayOf(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return Day(y, m, d)
}

// Workday is a day, or the Monday after it where it is of a weekend: nothing is due on one.
func Workday(day time.Time) time.Time {
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// Later is the later one of two moments.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Earlier is the earlier one of two moments.
func Earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// NewPeriod is the period from the day of start up to, not including, the day of end.
func NewPeriod(start, end time.Time) Period { return Period{Start: DayOf(start), End: DayOf(end)} }

// MonthOf is the calendar month that holds day.
func MonthOf(day time.Time) Period {
	y, m, _ := day.UTC().Date()
	s := Day(y, m, 1)
	return Period{Start: s, End: s.AddDate(0, 1, 0), Label: s.Format("January 2006")}
}

// Days is the number of days in the period.
func (p Period) Days() int { return int(p.End.Sub(p.Start).Hours()/24 + 0.5) }

// IsZero reports whether no period was set.
func (p Period) IsZero() bool { return p.Start.IsZero() && p.End.IsZero() }

// Contains reports whether day lies in the period.
func (p Period) Contains(day time.Time) bool { return !day.Before(p.Start) && day.Before(p.End) }

// IsWholeMonth reports whether the period is exactly one calendar month.
func (p Period) IsWholeMonth() bool {
	return p.Start.Day() == 1 && p.End.Equal(p.Start.AddDate(0, 1, 0))
}

// Last is the last day inside the period.
func (p Period) Last() time.Time { return p.End.AddDate(0, 0, -1) }

// Equal compares the days, not the labels.
func (p Period) Equal(q Period) bool { return p.Start.Equal(q.Start) && p.End.Equal(q.End) }

// String writes the period as people read it, last day included: "16-22 Nov 2026", "26 Oct - 1 Nov 2026", "Sat 21 Nov 2026".
func (p Period) String() string {
	if p.IsZero() {
		return "no period"
	}
	s, e := p.Start, p.Last()
	switch {
	case p.Days() == 1:
		return s.Format("Mon 2 Jan 2006")
	case s.Year() != e.Year():
		return s.Format("2 Jan 2006") + " - " + e.Format("2 Jan 2006")
	case s.Month() != e.Month():
		return s.Format("2 Jan") + " - " + e.Format("2 Jan 2006")
	default:
		return fmt.Sprintf("%d-%s", s.Day(), e.Format("2 Jan 2006"))
	}
}

type periodJSON struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Label string `json:"label,omitempty"`
}

// MarshalJSON writes half-open dates: {"start":"2026-11-16","end":"2026-11-23"}; null when no period was set.
func (p Period) MarshalJSON() ([]byte, error) {
	if p.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(periodJSON{p.Start.Format(DateLayout), p.End.Format(DateLayout), p.Label})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Period) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*p = Period{}
		return nil
	}
	var j periodJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	s, err := time.Parse(DateLayout, j.Start)
	if err != nil {
		return fmt.Errorf("period start: %w", err)
	}
	e, err := time.Parse(DateLayout, j.End)
	if err != nil {
		return fmt.Errorf("period end: %w", err)
	}
	*p = Period{Start: s, End: e, Label: j.Label}
	return nil
}
