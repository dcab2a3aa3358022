package declared

import (
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/state"
)

// Exposure is what a declared incident costs, and will have cost by the end of the month. All of it is exact arithmetic on what a look at the bill says, and every
// amount beyond the bill's days is an estimate:
//
//	so far    = cost - expected, over the complete days since the onset
//	per hour  = per day / 24
//	undone    = so far + per day x (end of month - end of the last complete day); once it is contained: stopped + avoided
//	stopped   = so far + per day x (moment it is contained - end of the last complete day), never less than so far by this
//	waiting   = undone - stopped
//	avoided   = per day when it was contained x (end of that month - moment it was contained)
//
// Days are UTC, parts of a day count by the minute, and results are rounded to the cent.
type Exposure struct {
	state.DeclaredExposure
	PerHour analysis.Amount
	// MonthEnd is the last day of the month.
	MonthEnd time.Time
	// Undone is what it will have cost by then if nothing is done. Stopped is the same if it is contained now, or was when it was.
	Undone, Stopped, Waiting analysis.Amount
	ContainedAt              time.Time // zero while it is not
	Avoided                  analysis.Amount
}

var (
	hoursADay  = decimal.NewFromInt(24)
	minutesDay = decimal.NewFromInt(24 * 60)
)

// Expose works out an exposure from a look at the bill, at a moment. contained is when it was contained, with what it cost a day then; zero while it is not.
func Expose(l state.DeclaredExposure, contained time.Time, rate analysis.Amount, now time.Time) Exposure {
	x := Exposure{DeclaredExposure: l, ContainedAt: contained, PerHour: l.PerDay.DivRound(hoursADay, 2)}
	billed := l.Through.AddDate(0, 0, 1) // the moment that the bill's complete days reach to
	at, perDay := now, l.PerDay
	if !contained.IsZero() {
		at, perDay = contained, rate
	}
	month := analysis.MonthOf(at)
	x.MonthEnd = month.Last()
	x.Undone = l.SoFar.Add(over(perDay, billed, month.End))
	x.Stopped = l.SoFar.Add(over(perDay, billed, at))
	if !contained.IsZero() { // the bill may reach beyond that moment by now: what is avoided counts from it all the same
		x.Avoided = over(rate, contained, month.End)
		x.Undone = x.Stopped.Add(x.Avoided)
	}
	x.Waiting = x.Undone.Sub(x.Stopped)
	return x
}

// over is what comes together at so much a day between two moments; nothing where the second is not after the first.
func over(perDay analysis.Amount, from, until time.Time) analysis.Amount {
	m := int64(until.Sub(from) / time.Minute)
	if m <= 0 {
		return decimal.Zero
	}
	return perDay.Mul(decimal.NewFromInt(m)).DivRound(minutesDay, 2)
}

// baselineDays is how many days before the onset say what was expected, where no incident does.
const baselineDays = 28

// rateDays is how many of the last complete days say what it costs a day by now.
const rateDays = 7

// Day is what a slice cost on a day; Known is false where there is no complete bill of it.
type Day struct {
	Day   time.Time
	Cost  analysis.Amount
	Known bool
}

// First is the first day of which a look needs the cost.
func First(onset time.Time) time.Time { return onset.AddDate(0, 0, -baselineDays) }

// FromDays fills in a look at the bill of something declared in words, from what its slice cost day by day: expected is the mean of the 28 days before the onset, as
// far as they are known, and per day is the mean of cost less expected over the last complete days since then, at most 7.
func FromDays(l state.DeclaredExposure, onset time.Time, days []Day) state.DeclaredExposure {
	before, n := decimal.Zero, int64(0)
	var since []Day
	for _, d := range days {
		switch {
		case !d.Known:
		case d.Day.Before(onset):
			before, n = before.Add(d.Cost), n+1
		default:
			since = append(since, d)
		}
	}
	mean := decimal.Zero
	if n > 0 {
		mean = before.DivRound(decimal.NewFromInt(n), 6)
	}
	l.Days, l.Cost = len(since), decimal.Zero
	for _, d := range since {
		l.Cost = l.Cost.Add(d.Cost)
		l.Through = d.Day
	}
	if l.Through.IsZero() {
		l.Through = onset.AddDate(0, 0, -1)
	}
	l.Expected = mean.Mul(decimal.NewFromInt(int64(len(since)))).Round(2)
	l.SoFar = l.Cost.Sub(l.Expected)
	l.PerDay = decimal.Zero
	if last := since[max(0, len(since)-rateDays):]; len(last) > 0 {
		sum := decimal.Zero
		for _, d := range last {
			sum = sum.Add(d.Cost)
		}
		l.PerDay = sum.DivRound(decimal.NewFromInt(int64(len(last))), 6).Sub(mean).Round(2)
	}
	l.Basis = "expected is the mean of the 28 days before"
	if n == 0 {
		l.Basis = "nothing of it was there in the 28 days before, so nothing was expected"
	}
	return l
}

// FromIncident fills in a look at the bill from an incident, with the very amounts that its thread tells: they are one estimate, not two.
func FromIncident(l state.DeclaredExposure, in state.Incident) state.DeclaredExposure {
	l.Currency, l.Through, l.Days = in.Currency, in.Through, in.Days
	l.Cost, l.SoFar, l.Expected = in.Actual, in.Excess, in.Actual.Sub(in.Excess)
	l.PerDay = decimal.Zero
	if in.Going {
		l.PerDay = in.Rate
	}
	l.How = in.How
	l.Basis = "expected by the weekdays, the trend and the known days of its series (" + in.ID + ")"
	return l
}
