package digest

import (
	"time"

	"spendbot/analysis"
)

// Limits of how late a digest is sent.
type Limits struct {
	// Wait is how long a digest waits for bills that are not complete; 0 is the kind's own.
	Wait time.Duration
	// DropAfter is when one that was not sent is no longer worth sending; 0 is half the time until the next one.
	DropAfter time.Duration
}

// DefaultWait is how long a kind waits for bills that are not complete: so long that it still comes on its day, and two days for a
// month, which is closed once.
func (k Kind) DefaultWait() time.Duration {
	switch k {
	case Daily:
		return 6 * time.Hour
	case Monthly:
		return 48 * time.Hour
	}
	return 12 * time.Hour
}

// Due is a moment at which a digest was due, and what is to become of it.
type Due struct {
	At    time.Time
	Stale bool // too late to be sent
	// WaitUntil is until when it may wait for bills. It is never past the moment from which it is stale.
	WaitUntil time.Time
}

// mostDue bounds how many missed moments are looked at one by one: a daily digest of more than a year.
const mostDue = 400

// Missed lists the moments after the last one dealt with up to now, oldest first. All but the newest are stale: the next one tells
// what they would have. The newest is stale when it is older than the limit.
func (s Schedule) Missed(since, now time.Time, k Kind, l Limits) []Due {
	var out []Due
	for t := s.Next(since); !t.IsZero() && !t.After(now); t = s.Next(t) {
		if len(out) == mostDue {
			out = out[1:]
		}
		out = append(out, Due{At: t, Stale: true})
	}
	if len(out) == 0 {
		return nil
	}
	d := &out[len(out)-1]
	limit := l.DropAfter
	if limit <= 0 {
		limit = s.half(d.At)
	}
	wait := l.Wait
	if wait <= 0 {
		wait = k.DefaultWait()
	}
	d.Stale = now.Sub(d.At) > limit
	d.WaitUntil = d.At.Add(min(wait, limit))
	return out
}

// half is half the time from a moment to the next one.
func (s Schedule) half(at time.Time) time.Duration {
	next := s.Next(at)
	if next.IsZero() {
		return 7 * 24 * time.Hour
	}
	return next.Sub(at) / 2
}

// lateFrom is from when on a digest says when it was due: what takes less is how long things take.
const lateFrom = 10 * time.Minute

// LateWord says that a digest is late: "due Monday 9:00". Empty where it is not.
func (s Schedule) LateWord(at, now time.Time) string {
	if now.Sub(at) < lateFrom {
		return ""
	}
	due, today := at.In(s.Zone), now.In(s.Zone)
	switch {
	case due.Year() == today.Year() && due.YearDay() == today.YearDay():
		return "due today " + due.Format("15:04")
	case now.Sub(at) < 6*24*time.Hour:
		return "due " + due.Format("Monday 15:04")
	}
	return "due " + due.Format("Mon 2 Jan 15:04")
}

// Periods are the days that a digest due at a moment is of, as the calendar of its zone stands then, and those they are compared with: the
// last whole week and the one before, the last whole month and the one before. A daily digest is of a complete day, which [DayFor]
// finds. Bills are cut in UTC, so the days are UTC's of these dates.
func (s Schedule) Periods(k Kind, at time.Time, weekStart time.Weekday) (current, baseline analysis.Period) {
	y, m, d := at.In(s.Zone).Date()
	today := analysis.Day(y, m, d)
	switch k {
	case Monthly:
		current = analysis.MonthOf(analysis.MonthOf(today).Start.AddDate(0, 0, -1))
		return current, analysis.MonthOf(current.Start.AddDate(0, 0, -1))
	case Daily:
		return dayAndWeekBefore(today.AddDate(0, 0, -1))
	}
	end := today.AddDate(0, 0, -((int(today.Weekday()) - int(weekStart) + 7) % 7))
	return analysis.NewPeriod(end.AddDate(0, 0, -7), end), analysis.NewPeriod(end.AddDate(0, 0, -14), end.AddDate(0, 0, -7))
}

func dayAndWeekBefore(day time.Time) (current, baseline analysis.Period) {
	return analysis.NewPeriod(day, day.AddDate(0, 0, 1)), analysis.NewPeriod(day.AddDate(0, 0, -7), day.AddDate(0, 0, -6))
}

// forgotten is how many days a provider may be behind the end of a digest's days and still be waited for: one that is further behind
// has stopped delivering.
const forgotten = 10

// Incomplete are the providers whose bills do not reach the end of a period yet and still may, with their last complete day.
func Incomplete(through []analysis.ProviderThrough, p analysis.Period) []analysis.ProviderThrough {
	var out []analysis.ProviderThrough
	for _, t := range through {
		if t.Day.Before(p.Last()) && !t.Day.Before(p.Last().AddDate(0, 0, -forgotten)) {
			out = append(out, t)
		}
	}
	return out
}

// DayFor is the day that a daily digest tells: the newest one that every provider still delivering has whole, up to the day before the
// digest is due. fresh is false when that day was told before.
func DayFor(yesterday analysis.Period, through []analysis.ProviderThrough, told time.Time) (current, baseline analysis.Period, fresh bool) {
	day := yesterday.Start
	for _, t := range Incomplete(through, yesterday) {
		if t.Day.Before(day) {
			day = t.Day
		}
	}
	current, baseline = dayAndWeekBefore(day)
	return current, baseline, day.After(told)
}
