package ask

import (
	"fmt"
	"time"

	"spendbot/analysis"
)

// relativeAt reads "last week", "this month", "the past 90 days", "previous 2 quarters", "next month", "the last 3 Saturdays".
func (d dateReader) relativeAt(i int) (span, int, bool) {
	j := d.skip(i, "the")
	j = d.skip(j, "entire", "whole", "full", "same")
	back := d.word(j)
	if back == "this" && in(d.word(j+1), "past", "last") {
		j++
		back = "past"
	}
	if !in(back, "last", "past", "previous", "prior", "preceding", "trailing", "rolling", "this", "current", "present", "next", "coming", "upcoming", "latest", "recent") {
		return span{}, 0, false
	}
	j++
	n, counted := number(d.word(j))
	if counted {
		j++
	} else if in(d.word(j), "couple", "few", "several") {
		n, counted = 2, true
		if d.word(j) != "couple" {
			n = 3
		}
		j = d.skip(j+1, "of")
	} else {
		n = 1
	}
	if n < 1 || n > 1500 {
		return span{}, 0, false
	}
	k := d.skip(j, "complete", "full", "calendar", "whole", "iso", "entire", "completed", "closed", "finished")
	whole := k > j
	j = d.skip(k, "billing", "invoice")
	w := d.word(j)
	if in(w, "fiscal", "financial") {
		switch {
		case in(back, "this", "current"):
			return d.fiscalAt(j+1, 0)
		case in(back, "last", "previous", "prior"):
			return d.fiscalAt(j+1, 1)
		}
		return span{}, 0, false
	}
	if in(back, "next", "coming", "upcoming") {
		if u, ok := unitWords[w]; ok {
			return span{future: true, unit: u}, j + 1, true
		}
		return span{}, 0, false
	}
	if in(w, "hours", "hour", "hrs", "h") && counted {
		days := max(1, (n+23)/24)
		s := d.trailing(byDay, days, fmt.Sprintf("last %s", count(days, "complete day")))
		s.notes = nil
		return d.note(s, "hours are read as whole UTC days: %s", s.Period), j + 1, true
	}
	if in(w, "fortnight") {
		return d.trailing(byWeek, 2, "last 2 weeks"), j + 1, true
	}
	if w == "period" && j > k {
		w = "month" // a billing period is a calendar month in every format we load
	}
	if m, ok := monthNames[w]; ok && !counted {
		return d.namedMonth(back, m, j)
	}
	if m := partWord.FindStringSubmatch(w); m != nil && m[3] == "" && !counted {
		return d.partOf(m[1], atoi(m[2]), j+1, false)
	}
	if in(w, "weekends") {
		return d.weekends(n, j+1)
	}
	if wd, ok := dayNames[w]; ok && counted && n > 1 {
		last := d.weekday(wd)
		return d.repeat(last, n, 7), j + 1, n <= maxWindows
	}
	u, ok := unitWords[w]
	if !ok {
		return span{}, 0, false
	}
	end := j + 1
	switch {
	case in(back, "this", "current", "present") && !counted:
		if u == byDay {
			return d.calendarUnits(byDay, d.today, 1, "today"), end, true
		}
		return d.running(u, end)
	case in(back, "latest", "recent") && !counted:
		return span{}, 0, false
	}
	s, ok := d.backwards(back, u, n, counted, whole)
	if !ok {
		return span{}, 0, false
	}
	if earliest := analysis.Day(2010, 1, 1); s.Start.Before(earliest) {
		s = span{Period: analysis.Period{Start: earliest, End: s.End}, shape: irregular}
		s = d.note(s, "no bill here is older than %s: cut there", dayName(earliest))
	}
	if back == "last" && counted && d.word(end) == "of" {
		if each, e, ok := d.edgeOf(u, n, true, end+1); ok {
			return each, e, true
		}
	}
	return s, end, true
}

// backwards is the stretch of n units that lies behind us.
func (d dateReader) backwards(back string, u unit, n int, counted, whole bool) (span, bool) {
	rollingWord := in(back, "past", "trailing", "rolling") && !whole
	switch {
	case !counted && rollingWord:
		if u <= byWeek {
			return d.trailing(u, 1, ""), true
		}
		if u == byMonth {
			return d.note(d.trailing(byDay, 30, "past month"), "the past month is read as the last 30 days"), true
		}
		if u == byQuarter {
			return d.note(d.trailing(byDay, 90, "past quarter"), "the past quarter is read as the last 90 days"), true
		}
		return d.completeMonths(u, 1), true
	case u == byDay:
		if !counted {
			return d.calendarUnits(byDay, d.through, 1, ""), true
		}
		return d.trailing(byDay, n, fmt.Sprintf("last %d days", n)), true
	case u == byWeek && !counted, u == byWeek && whole:
		start := byWeek.step(d.start(byWeek, d.today), -n)
		label := "last week"
		if n > 1 {
			label = fmt.Sprintf("last %d calendar weeks", n)
		}
		s := d.calendarUnits(byWeek, start, n, label)
		s.shape = wholeUnits
		return s, true
	case u == byWeek:
		return d.trailing(byWeek, n, fmt.Sprintf("last %d weeks", n)), true
	case u == byYear && counted && !whole, u == byHalf && counted && !whole:
		return d.completeMonths(u, n), true
	}
	start := u.step(d.start(u, d.today), -n)
	label := unitLabel(u, start, "")
	if n > 1 {
		label = fmt.Sprintf("last %d %ss", n, u)
	}
	s := d.calendarUnits(u, start, n, label)
	s.shape = wholeUnits
	if counted && n > 1 {
		s.notes = append(s.notes, fmt.Sprintf("the last %d %ss: complete ones, %s", n, u, s.Period))
	}
	return s, true
}

// completeMonths reads "the last 2 years" as 24 complete months.
func (d dateReader) completeMonths(u unit, n int) span {
	months := n * u.months()
	start := byMonth.step(d.start(byMonth, d.today), -months)
	s := d.calendarUnits(byMonth, start, months, fmt.Sprintf("last %d months", months))
	s.shape = wholeUnits
	return d.note(s, "read as the last %d complete months, %s", months, s.Period)
}

// namedMonth reads "last October", "this October".
func (d dateReader) namedMonth(back string, m time.Month, j int) (span, int, bool) {
	if _, _, ok := d.yearAfter(j + 1); ok || in(back, "next", "coming", "upcoming") {
		return span{}, 0, false
	}
	if dayWord.MatchString(d.word(j + 1)) {
		return d.monthFirst(j, m)
	}
	s := d.pastMonth(m)
	if in(back, "last", "previous", "prior", "past") && s.shape == toDate {
		s = d.monthSpan(s.Start.Year()-1, m)
	}
	return s, j + 1, true
}

// maxWindows bounds how many stretches one comparison may have.
const maxWindows = 26

// repeat is the same stretch n times, a number of days apart, the given one last.
func (d dateReader) repeat(last span, n, apart int) span {
	s := last
	s.windows = nil
	for i := n - 1; i >= 0; i-- {
		s.windows = append(s.windows, analysis.Period{Start: last.Start.AddDate(0, 0, -i*apart), End: last.End.AddDate(0, 0, -i*apart)})
	}
	return s
}

func (d dateReader) weekends(n, end int) (span, int, bool) {
	if n > maxWindows {
		return span{}, 0, false
	}
	return d.repeat(d.weekend(0), n, 7), end, true
}

// edgeAt reads "first 10 days of October", "last week of September", "the last 7 days of each of the last 4 months".
func (d dateReader) edgeAt(i int) (span, int, bool) {
	j := d.skip(i, "the")
	last := d.word(j) == "last"
	if !last && d.word(j) != "first" {
		return span{}, 0, false
	}
	j++
	n, ok := number(d.word(j))
	if ok {
		j++
	} else {
		n = 1
	}
	u, ok := unitWords[d.word(j)]
	if !ok || u > byWeek || d.word(j+1) != "of" || n < 1 || n > 60 {
		return span{}, 0, false
	}
	return d.edgeOf(u, n, last, j+2)
}

// edgeOf is the first or last n days of the stretch that begins at token i, or of each of several.
func (d dateReader) edgeOf(u unit, n int, last bool, i int) (span, int, bool) {
	j := d.skip(i, "each", "every", "of", "the")
	each := j > i && has(d.ts[i:j], eachWord)
	if in(d.word(j), "month") && each {
		return span{}, 0, false
	}
	s, end, ok := d.exprAt(i)
	if !ok && j > i {
		s, end, ok = d.exprAt(j)
	}
	if !ok || s.future || len(s.windows) > 0 || s.unit < byMonth {
		return span{}, 0, false
	}
	edge := func(p analysis.Period) analysis.Period {
		e := analysis.Period{Start: p.Start, End: u.step(p.Start, n)}
		if last {
			e = analysis.Period{Start: u.step(p.End, -n), End: p.End}
		}
		return e
	}
	if !each || s.n <= 1 {
		out := span{Period: edge(s.Period), shape: irregular}
		if d.word(end) == "and" && s.n == 1 {
			// "the last 7 days of October and September"
			if other, e, ok := d.exprAt(end + 1); ok && other.unit == s.unit && other.n == 1 && other.shape == wholeUnits && !other.future {
				out.windows = []analysis.Period{edge(other.Period), edge(s.Period)}
				if other.Start.After(s.Start) {
					out.Period = edge(other.Period)
					out.windows = []analysis.Period{edge(s.Period), edge(other.Period)}
				}
				return out, e, true
			}
		}
		return d.note(out, "read as %s", out.Period), end, true
	}
	if s.n > maxWindows || s.shape == rolling {
		return span{}, 0, false
	}
	out := span{shape: irregular}
	for k := range s.n {
		p := analysis.Period{Start: s.unit.step(s.Start, k), End: s.unit.step(s.Start, k+1)}
		out.windows = append(out.windows, edge(p))
	}
	out.Period = out.windows[len(out.windows)-1]
	return out, end, true
}

var eachWord = phrases("each|every")

// ruleAt reads comparisons that name no days: "same period last year", "year over year", "the week before".
func (d dateReader) ruleAt(i int) (span, int, bool) {
	for _, t := range ruleTable {
		for _, p := range t.phrases {
			if end, ok := p.at(d.ts, i); ok && d.word(i) != "" && !in(d.word(end), "yesterday", "last") {
				return span{rule: t.rule, unit: t.unit, n: 1}, end, true
			}
		}
	}
	return span{}, 0, false
}

// noUnit marks a rule that names none.
const noUnit = unit(-1)

var ruleTable = []struct {
	rule    rule
	unit    unit
	phrases []pattern
}{
	{lastYear, noUnit, phrases(
		"the? same period|time|month|week|day|days|quarter|dates|months|weeks|half of? the? last|previous|prior year",
		"the? same period|time|month|week|day|days|quarter|dates a|one year ago|earlier|before", "a|one year ago|earlier",
		"year over|on year", "year-over-year", "year-on-year", "yoy", "y/y", "a year before")},
	{preceding, noUnit, phrases(
		"the? previous|preceding|prior period", "the period before", "the? same period before", "period over|on period")},
	{preceding, byDay, phrases("the day before", "the? previous day", "day over|on day", "day-over-day", "dod", "d/d")},
	{preceding, byWeek, phrases("the week before", "week over|on week", "week-over-week", "wow", "w/w",
		"the? same days|period|time of? the? last|previous week")},
	{preceding, byMonth, phrases("the month before", "month over|on month", "month-over-month", "mom", "m/m",
		"the? same days|period|time|point of? the? last|previous month")},
	{preceding, byQuarter, phrases("the quarter before", "quarter over|on quarter", "quarter-over-quarter", "qoq", "q/q",
		"the? same days|period|time of? the? last|previous quarter")},
	{preceding, byYear, phrases("the year before")},
}
