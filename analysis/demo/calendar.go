package demo

import (
	"time"

	"spendbot/analysis"
)

// anchors are the days that everything hangs on; all follow from now alone.
type anchors struct {
	first, end time.Time // the data covers [first, end)
	known      time.Time // now's day: the end of the data, unless more days have passed
	monday     time.Time // of now's week
	month      time.Time // first of now's month
}

func anchorsOf(now time.Time, months, passed int) anchors {
	end := analysis.DayOf(now)
	last := end.AddDate(0, 0, -1)
	return anchors{
		first:  firstOf(last).AddDate(0, -months, 0),
		end:    end.AddDate(0, 0, passed),
		known:  end,
		monday: end.AddDate(0, 0, -(int(end.Weekday())+6)%7),
		month:  firstOf(end),
	}
}

func firstOf(day time.Time) time.Time { return analysis.Day(day.Year(), day.Month(), 1) }

// week is a Monday to Sunday: week(0) the last whole one before now, week(-1) the one before that.
func (a anchors) week(offset int) analysis.Period {
	s := a.monday.AddDate(0, 0, 7*offset-7)
	p := analysis.Period{Start: s, End: s.AddDate(0, 0, 7)}
	switch offset {
	case 0:
		p.Label = "last week"
	case -1:
		p.Label = "the week before"
	}
	return p
}

// monthAgo is the calendar month so many before now's.
func (a anchors) monthAgo(n int) analysis.Period { return analysis.MonthOf(a.month.AddDate(0, -n, 0)) }

// inWeek is the weekday (1 is Monday) of last week.
func (a anchors) inWeek(weekday int) time.Time { return a.monday.AddDate(0, 0, weekday-8) }

// inMonth is the day of the calendar month so many before now's.
func (a anchors) inMonth(ago, day int) time.Time {
	return a.month.AddDate(0, -ago, day-1)
}

// dayIndex counts days from the first one.
func (a anchors) dayIndex(day time.Time) int { return int(day.Sub(a.first) / (24 * time.Hour)) }

// months lists the first days of the billing months, oldest first.
func (a anchors) months() []time.Time {
	var ms []time.Time
	for m := a.first; m.Before(a.end); m = m.AddDate(0, 1, 0) {
		ms = append(ms, m)
	}
	return ms
}
