package ask

import (
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
)

// unit is a step of the calendar.
type unit int

const (
	byDay unit = iota
	byWeek
	byMonth
	byQuarter
	byHalf
	byYear
)

var unitNames = []string{"day", "week", "month", "quarter", "half-year", "year"}

func (u unit) String() string { return unitNames[u] }

// months is the unit's length in months, 0 for days and weeks.
func (u unit) months() int { return [...]int{0, 0, 1, 3, 6, 12}[u] }

// shape says how a span lies in the calendar, which decides what it is compared with.
type shape int

const (
	wholeUnits shape = iota // n calendar units
	toDate                  // a calendar unit that is still running, up to the last complete day
	rolling                 // n days or so up to the last complete day
	irregular               // two given ends
	someDay                 // one named day: compared with the same weekday a week before
	someWeekend
)

// rule is a comparison that names no days of its own.
type rule int

const (
	noRule    rule = iota
	lastYear       // the same period a year before
	preceding      // the period before
)

// span is a stretch of days the question names.
type span struct {
	analysis.Period
	whole    analysis.Period // the calendar unit a toDate span is the beginning of
	unit     unit
	n        int
	shape    shape
	from, to int // tokens
	yearless bool
	future   bool
	notes    []string
	windows  []analysis.Period // several disjoint stretches, oldest first; Period is then the last
	forks    []analysis.Period // two readings of 10/11
	forkSaid string
	since    string   // "launch": a beginning that no calendar knows
	ends     *[2]span // the two sides of "between A and B", "from A to B"
	joined   string   // the word that joined them: "between", "from", "to"
	rule     rule     // for comparisons without days of their own
	weak     bool     // a word that is a month only perhaps ("may" without "in")
	weekdays time.Weekday
}

// calendar resolves what a date means on a given day.
type calendar struct {
	today     time.Time
	through   time.Time // last complete day
	first     time.Time
	fiscal    time.Month
	weekStart time.Weekday
	dayFirst  *bool
}

func newCalendar(now time.Time, v *Vocabulary, o Options) calendar {
	c := calendar{today: analysis.DayOf(now), fiscal: time.January, weekStart: time.Monday, dayFirst: o.DayFirst}
	c.through = c.today.AddDate(0, 0, -1)
	if !v.Through.IsZero() && analysis.DayOf(v.Through).Before(c.through) {
		c.through = analysis.DayOf(v.Through)
	}
	if !v.First.IsZero() {
		c.first = analysis.DayOf(v.First)
	}
	if o.FiscalYearStart >= time.January && o.FiscalYearStart <= time.December {
		c.fiscal = o.FiscalYearStart
	}
	if o.WeekStart != nil {
		c.weekStart = *o.WeekStart
	}
	return c
}

// end is the first day that is not complete.
func (c calendar) end() time.Time { return c.through.AddDate(0, 0, 1) }

// start is the first day of the unit that holds day.
func (c calendar) start(u unit, day time.Time) time.Time {
	switch u {
	case byDay:
		return day
	case byWeek:
		return day.AddDate(0, 0, -((int(day.Weekday()) - int(c.weekStart) + 7) % 7))
	}
	m := (int(day.Month()) - 1) / u.months() * u.months()
	return analysis.Day(day.Year(), time.Month(m+1), 1)
}

// step moves a start by n units.
func (u unit) step(start time.Time, n int) time.Time {
	switch u {
	case byDay:
		return start.AddDate(0, 0, n)
	case byWeek:
		return start.AddDate(0, 0, 7*n)
	}
	return start.AddDate(0, n*u.months(), 0)
}

// calendarUnits is the span of n whole units beginning at start; a unit that is still running is cut at the last complete day.
func (c calendar) calendarUnits(u unit, start time.Time, n int, label string) span {
	whole := analysis.Period{Start: start, End: u.step(start, n), Label: label}
	s := span{Period: whole, whole: whole, unit: u, n: n}
	if u == byDay {
		s.shape = someDay
	}
	if start.After(c.today) {
		s.future = true
		return s
	}
	if u != byDay && whole.End.After(c.today) {
		s.shape = toDate
		s.End = c.end()
		if !s.End.After(s.Start) {
			s.End = c.today.AddDate(0, 0, 1)
			s.notes = append(s.notes, fmt.Sprintf("the %s has no complete day yet: these are the days so far, incomplete", u))
		}
		if s.End.After(whole.End) {
			s.End = whole.End
		}
		s.Label = label
	}
	return s
}

func (c calendar) monthSpan(year int, m time.Month) span {
	s := analysis.Day(year, m, 1)
	return c.calendarUnits(byMonth, s, 1, s.Format("January 2006"))
}

// pastMonth is the most recent month of that name that has begun.
func (c calendar) pastMonth(m time.Month) span {
	y := c.today.Year()
	if m > c.today.Month() {
		y--
	}
	s := c.monthSpan(y, m)
	s.yearless = true
	return s
}

func (c calendar) quarterSpan(year, q int) span {
	return c.calendarUnits(byQuarter, analysis.Day(year, time.Month(3*q-2), 1), 1, fmt.Sprintf("Q%d %d", q, year))
}

func (c calendar) halfSpan(year, h int) span {
	return c.calendarUnits(byHalf, analysis.Day(year, time.Month(6*h-5), 1), 1, fmt.Sprintf("H%d %d", h, year))
}

func (c calendar) yearSpan(year int) span {
	return c.calendarUnits(byYear, analysis.Day(year, 1, 1), 1, fmt.Sprint(year))
}

// fiscalStart is the first day of the fiscal year that is named by the year it ends in.
func (c calendar) fiscalStart(year int) time.Time {
	if c.fiscal != time.January {
		year--
	}
	return analysis.Day(year, c.fiscal, 1)
}

// fiscalYearOf names the fiscal year that holds day.
func (c calendar) fiscalYearOf(day time.Time) int {
	if c.fiscal != time.January && day.Month() >= c.fiscal {
		return day.Year() + 1
	}
	return day.Year()
}

// fiscalSpan is a part of a fiscal year: the i-th of its units, from 0.
func (c calendar) fiscalSpan(u unit, year, i int) span {
	label := fmt.Sprintf("FY%d", year)
	switch u {
	case byQuarter:
		label += fmt.Sprintf(" Q%d", i+1)
	case byHalf:
		label += fmt.Sprintf(" H%d", i+1)
	}
	s := c.calendarUnits(u, u.step(c.fiscalStart(year), i), 1, label)
	if c.fiscal == time.January {
		s.notes = append(s.notes, "no fiscal calendar is configured: the fiscal year was read as the calendar year")
	} else {
		s.notes = append(s.notes, fmt.Sprintf("fiscal years begin in %s and are named by the year they end in", c.fiscal))
	}
	return s
}

// trailing is the last n days, weeks or more up to the last complete day.
func (c calendar) trailing(u unit, n int, label string) span {
	s := span{unit: u, n: n, shape: rolling}
	s.End = c.end()
	s.Start = u.step(s.End, -n)
	s.Label = label
	what := fmt.Sprintf("the last %d %ss", n, u)
	if n == 1 {
		what = "the last " + u.String()
	}
	s.notes = append(s.notes, fmt.Sprintf("%s: complete days, ending with the last complete one, %s", what, dayName(c.through)))
	return s
}

// weekday is the most recent such day before today.
func (c calendar) weekday(w time.Weekday) span {
	back := (int(c.today.Weekday())-int(w)+6)%7 + 1
	s := c.calendarUnits(byDay, c.today.AddDate(0, 0, -back), 1, "")
	s.weekdays = w
	return s
}

// weekend is the most recent Saturday and Sunday that are over, n weeks before that.
func (c calendar) weekend(n int) span {
	back := (int(c.today.Weekday()) - int(time.Monday) + 7) % 7
	monday := c.today.AddDate(0, 0, -back-7*n)
	return span{Period: analysis.Period{Start: monday.AddDate(0, 0, -2), End: monday}, unit: byDay, n: 2, shape: someWeekend}
}

// before is what a span is compared with when nothing was said, with a sentence where that is not obvious.
func (c calendar) before(s span) (analysis.Period, string) {
	switch s.shape {
	case someDay, someWeekend:
		p := analysis.Period{Start: s.Start.AddDate(0, 0, -7), End: s.End.AddDate(0, 0, -7)}
		if s.shape == someWeekend {
			return p, "compared with the weekend before"
		}
		return p, fmt.Sprintf("compared with the %s before, because spend has a weekly rhythm", s.Start.Weekday())
	case toDate:
		prev := analysis.Period{Start: s.unit.step(s.whole.Start, -s.n), End: s.whole.Start}
		return c.sameDays(s, prev)
	case wholeUnits:
		p := analysis.Period{Start: s.unit.step(s.Start, -s.n), End: s.Start}
		if s.n == 1 {
			p.Label = unitLabel(s.unit, p.Start, s.Label)
		}
		return p, ""
	}
	if s.shape == rolling && s.unit.months() > 0 {
		return analysis.Period{Start: s.unit.step(s.Start, -s.n), End: s.Start}, ""
	}
	if m, ok := wholeMonths(s.Period); ok {
		return analysis.Period{Start: s.Start.AddDate(0, -m, 0), End: s.Start}, ""
	}
	return analysis.Period{Start: s.Start.AddDate(0, 0, -s.Days()), End: s.Start},
		fmt.Sprintf("compared with the %s before", count(s.Days(), "day"))
}

// sameDays cuts a whole unit down to the days that a running one has had so far.
func (c calendar) sameDays(s span, prev analysis.Period) (analysis.Period, string) {
	var end time.Time
	if s.unit.months() > 0 {
		end = addMonths(s.End, prev.Start, s.whole.Start)
	} else {
		end = prev.Start.AddDate(0, 0, s.Days())
	}
	if end.After(prev.End) {
		end = prev.End
	}
	p := analysis.Period{Start: prev.Start, End: end}
	return p, fmt.Sprintf("the %s is not over: %s is compared with the same days before, %s", s.unit, s.Period, p)
}

// addMonths carries a day from the unit that begins at from to the one that begins at to, month by month and day by day.
func addMonths(day, to, from time.Time) time.Time {
	last := day.AddDate(0, 0, -1) // the last day inside: 31 Mar goes to 28 Feb, and the end follows
	months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
	first := analysis.Day(last.Year(), last.Month()+time.Month(months), 1)
	d := min(last.Day(), first.AddDate(0, 1, -1).Day())
	return first.AddDate(0, 0, d)
}

// yearBefore is the same span a year earlier; weeks keep their weekdays by ISO week number.
func (c calendar) yearBefore(s span) (analysis.Period, string) {
	if s.unit == byWeek && (s.shape == wholeUnits || s.shape == toDate) {
		y, w := s.whole.Start.AddDate(0, 0, 3).ISOWeek()
		start := isoWeek(y-1, w)
		if ny, _ := start.AddDate(0, 0, 3).ISOWeek(); ny != y-1 {
			start = s.whole.Start.AddDate(0, 0, -364)
		}
		start = start.AddDate(0, 0, -((int(start.Weekday()) - int(s.Start.Weekday()) + 7) % 7))
		p := analysis.Period{Start: start, End: start.AddDate(0, 0, s.Days())}
		return p, fmt.Sprintf("the same week of the year before is the one of %s", dayName(p.Start))
	}
	if s.shape == someDay || s.shape == someWeekend || s.unit == byWeek && s.shape == rolling {
		p := analysis.Period{Start: s.Start.AddDate(0, 0, -364), End: s.End.AddDate(0, 0, -364)}
		return p, "a year before is taken as 52 weeks, so that weekdays match"
	}
	p := analysis.Period{Start: yearBack(s.Start), End: yearBack(s.End)}
	if p.IsWholeMonth() {
		p.Label = p.Start.Format("January 2006")
	}
	return p, ""
}

// yearBack is the same date a year earlier, 28 February for the 29th.
func yearBack(t time.Time) time.Time {
	b := t.AddDate(-1, 0, 0)
	if b.Day() != t.Day() {
		return b.AddDate(0, 0, -b.Day())
	}
	return b
}

// isoWeek is the Monday of an ISO week.
func isoWeek(year, week int) time.Time {
	jan4 := analysis.Day(year, 1, 4)
	monday := jan4.AddDate(0, 0, -((int(jan4.Weekday()) + 6) % 7))
	return monday.AddDate(0, 0, 7*(week-1))
}

// wholeMonths is the number of calendar months a period consists of.
func wholeMonths(p analysis.Period) (int, bool) {
	if p.Start.Day() != 1 || p.End.Day() != 1 {
		return 0, false
	}
	return (p.End.Year()-p.Start.Year())*12 + int(p.End.Month()) - int(p.Start.Month()), true
}

func unitLabel(u unit, start time.Time, like string) string {
	switch {
	case strings.HasPrefix(like, "FY"):
		return ""
	case u == byMonth:
		return start.Format("January 2006")
	case u == byQuarter:
		return fmt.Sprintf("Q%d %d", (int(start.Month())+2)/3, start.Year())
	case u == byHalf:
		return fmt.Sprintf("H%d %d", (int(start.Month())+5)/6, start.Year())
	case u == byYear:
		return fmt.Sprint(start.Year())
	}
	return ""
}

func dayName(t time.Time) string { return t.Format("Mon 2 Jan 2006") }

// count writes "1 day", "7 days".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
