package incident

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Severity is how much an incident costs a day, by thresholds of the configuration.
type Severity string

// The severities.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// Rules are the thresholds of an incident's life.
type Rules struct {
	// MediumRate and HighRate are the rates a day, in the bill's currency, from which on an incident is of that severity.
	MediumRate, HighRate analysis.Amount
	// Escalate is how long nobody may answer, by severity; zero for never. It is asked again after the same time, [Rules.Escalations] times.
	Escalate    map[Severity]time.Duration
	Escalations int
	// Grew and Shrank are the factors of the rate last told of, from which on it is told again.
	Grew, Shrank float64
	// Contained is the share of the largest rate below which an incident is contained.
	Contained float64
	// Quiet is how many complete days back within the band resolve it.
	Quiet int
	// Fresh is how many days ago an incident may have passed its floor, or it is not told: what a first scan finds of the past is history.
	Fresh int
	// Storm is how many new incidents of one scan are told as one.
	Storm int
}

// DefaultRules hold unless the configuration says otherwise. Containment and resolution in two complete days are the product's promise; the others are choices.
func DefaultRules() Rules {
	return Rules{
		MediumRate: decimal.NewFromInt(200), HighRate: decimal.NewFromInt(1000),
		Escalate:    map[Severity]time.Duration{High: 4 * time.Hour, Medium: 24 * time.Hour, Low: 72 * time.Hour},
		Escalations: 2, Grew: 1.5, Shrank: 0.5, Contained: 0.5, Quiet: 2, Fresh: 3, Storm: 8,
	}
}

// Check says which rule cannot be.
func (r Rules) Check() error {
	switch {
	case r.MediumRate.IsNegative() || r.HighRate.LessThan(r.MediumRate):
		return fmt.Errorf("severity: medium is from %s a day and high from %s; high must be at least medium, and neither below zero", r.MediumRate, r.HighRate)
	case r.Grew <= 1 || r.Shrank <= 0 || r.Shrank >= 1 || r.Contained <= 0 || r.Contained >= 1:
		return fmt.Errorf("grew is %v (above 1), shrank %v and contained %v (between 0 and 1)", r.Grew, r.Shrank, r.Contained)
	case r.Quiet < 1 || r.Fresh < 0 || r.Storm < 2 || r.Escalations < 0:
		return fmt.Errorf("quiet days %d (1 or more), fresh days %d, a storm of %d (2 or more), escalations %d: not below", r.Quiet, r.Fresh, r.Storm, r.Escalations)
	}
	for s, d := range r.Escalate {
		if d < 0 || s != Low && s != Medium && s != High {
			return fmt.Errorf("escalate %q after %s: the severities are low, medium and high, a time is not below zero", s, d)
		}
	}
	return nil
}

// SeverityOf is the severity of a rate a day; what costs less than expected is of the same as what costs as much more.
func (r Rules) SeverityOf(rate analysis.Amount) Severity {
	switch a := rate.Abs(); {
	case a.GreaterThanOrEqual(r.HighRate):
		return High
	case a.GreaterThanOrEqual(r.MediumRate):
		return Medium
	}
	return Low
}

// Hours are times of the day in which a channel is not disturbed, in its own zone; From after To goes over midnight, and equal ones are none.
type Hours struct {
	From, To time.Duration // since midnight
	Zone     *time.Location
	// Weekends says that Saturdays and Sundays are quiet all day.
	Weekends bool
}

// Next is the first moment from now on that is not quiet. On the days when clocks change the hours are those of the wall clock.
func (h Hours) Next(now time.Time) time.Time {
	if h.Zone == nil || h.From == h.To && !h.Weekends {
		return now
	}
	t := now.In(h.Zone)
	for range 8 { // a weekend and its nights, at most
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, h.Zone)
		at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
		clock := func(days int, d time.Duration) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day()+days, 0, int(d/time.Minute), int(d%time.Minute/time.Second), 0, h.Zone)
		}
		switch {
		case h.Weekends && (t.Weekday() == time.Saturday || t.Weekday() == time.Sunday):
			t = clock(1, 0)
		case h.From < h.To && at >= h.From && at < h.To:
			t = clock(0, h.To)
		case h.From > h.To && at >= h.From:
			t = clock(1, h.To)
		case h.From > h.To && at < h.To:
			t = clock(0, h.To)
		default:
			return t.In(now.Location())
		}
	}
	return t.In(now.Location())
}
