package ask

import (
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
)

var monthNames = map[string]time.Month{
	"january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4, "may": 5, "june": 6, "jun": 6,
	"july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9, "october": 10, "oct": 10,
	"november": 11, "nov": 11, "december": 12, "dec": 12,
}

// weakMonths are words that are as often something else: they need a sign that a date is meant.
var weakMonths = map[string]bool{"may": true, "march": true, "mar": true}

var dayNames = map[string]time.Weekday{
	"monday": 1, "mondays": 1, "tuesday": 2, "tuesdays": 2, "tue": 2, "tues": 2, "wednesday": 3, "wednesdays": 3,
	"thursday": 4, "thursdays": 4, "thu": 4, "thurs": 4, "friday": 5, "fridays": 5, "fri": 5, "saturday": 6, "saturdays": 6,
	"sunday": 0, "sundays": 0, "mon": 1, "wed": 3, "sat": 6, "sun": 0,
}

// weakDays are weekdays only after "on", "last" and the like.
var weakDays = map[string]bool{"mon": true, "wed": true, "sat": true, "sun": true, "fri": true, "thu": true, "tue": true}

var unitWords = map[string]unit{
	"day": byDay, "days": byDay, "week": byWeek, "weeks": byWeek, "wk": byWeek, "wks": byWeek, "month": byMonth, "months": byMonth,
	"quarter": byQuarter, "quarters": byQuarter, "half": byHalf, "halves": byHalf, "half-year": byHalf, "year": byYear,
	"years": byYear, "yr": byYear, "yrs": byYear, "qtr": byQuarter,
}

var ordinals = map[string]int{"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}

// monthAt reads "October", "Oct 2025", "Nov 10", "10 Nov 2026", "Nov 1-10".
func (d dateReader) monthAt(i int) (span, int, bool) {
	if m, ok := monthNames[d.word(i)]; ok {
		return d.monthFirst(i, m)
	}
	if p := dayPair.FindStringSubmatch(d.word(i)); p != nil {
		if m, ok := monthNames[d.word(i+1)]; ok {
			return d.daysOf(m, atoi(p[1]), atoi(p[2]), i+2)
		}
	}
	j := i
	if d.word(j) == "the" {
		j++
	}
	if p := dayWord.FindStringSubmatch(d.word(j)); p != nil {
		k := d.skip(j+1, "of")
		if m, ok := monthNames[d.word(k)]; ok {
			day := atoi(p[1])
			return d.daysOf(m, day, day, k+1)
		}
	}
	return d.daysToDay(i, "-", "to", "through", "until", "till")
}

// daysToDay reads "1 - 10 Nov", "the 3rd to the 9th of November", with one of the words between.
func (d dateReader) daysToDay(i int, between ...string) (span, int, bool) {
	j := d.skip(i, "the")
	from := dayWord.FindStringSubmatch(d.word(j))
	if from == nil || !in(d.word(j+1), between...) {
		return span{}, 0, false
	}
	k := d.skip(j+2, "the")
	to := dayWord.FindStringSubmatch(d.word(k))
	k = d.skip(k+1, "of")
	m, ok := monthNames[d.word(k)]
	if to == nil || !ok {
		return span{}, 0, false
	}
	return d.daysOf(m, atoi(from[1]), atoi(to[1]), k+1)
}

func (d dateReader) monthFirst(i int, m time.Month) (span, int, bool) {
	j := d.skip(i+1, "the")
	if p := dayPair.FindStringSubmatch(d.word(j)); p != nil && atoi(p[2]) <= 31 {
		return d.daysOf(m, atoi(p[1]), atoi(p[2]), j+1)
	}
	if p := dayWord.FindStringSubmatch(d.word(j)); p != nil && atoi(p[1]) >= 1 && atoi(p[1]) <= 31 {
		// "Nov 1 - 10", but not "Nov 1 - 10 Dec".
		if in(d.word(j+1), "-", "to") {
			if q := dayWord.FindStringSubmatch(d.word(j + 2)); q != nil && atoi(q[1]) > atoi(p[1]) {
				if _, other := monthNames[d.word(j+3)]; !other {
					return d.daysOf(m, atoi(p[1]), atoi(q[1]), j+3)
				}
			}
		}
		return d.daysOf(m, atoi(p[1]), atoi(p[1]), j+1)
	}
	if y, end, ok := d.yearAfter(i + 1); ok {
		return d.monthSpan(y, m), end, true
	}
	s := d.pastMonth(m)
	if weakMonths[d.word(i)] {
		switch prev := d.word(i - 1); {
		case in(prev, "in", "during", "since", "until", "till", "last", "this", "before", "after", "between", "through"):
		case in(prev, "vs", "versus", "and", "or", "to", "-", "from", "with", "against", "than", "compared") && d.monthNear(i):
		case in(d.word(i+1), "vs", "versus", "to", "-", "and") && d.isMonth(i+2):
		default:
			if d.word(i) == "may" && (i == 0 && !costNouns[d.word(1)] || in(d.word(i+1), "i", "we", "you", "be", "have", "also", "not", "it", "they")) {
				return span{}, 0, false
			}
			s.weak = true
		}
	}
	return s, i + 1, true
}

// isMonth reports whether token i is a month's name.
func (d dateReader) isMonth(i int) bool { _, ok := monthNames[d.word(i)]; return ok }

// monthNear reports whether another month stands two words before.
func (d dateReader) monthNear(i int) bool {
	return d.isMonth(i-2) || d.isMonth(i-3) || in(d.word(i-2), "month", "compared", "than")
}

func (d dateReader) daysOf(m time.Month, from, to, end int) (span, int, bool) {
	y, e, given := d.yearAfter(end)
	if given {
		end = e
	} else {
		y = d.today.Year()
	}
	a, okA := date(y, int(m), from)
	b, okB := date(y, int(m), to)
	if !okA || !okB || b.Before(a) {
		if m == time.February && from == 29 && !given {
			return d.daysOf(m, 28, 28, end)
		}
		return span{}, 0, false
	}
	if !given && a.After(d.today) {
		a, b = yearBack(a), yearBack(b)
	}
	if from == to {
		s := d.calendarUnits(byDay, a, 1, "")
		s.yearless = !given
		return s, end, true
	}
	s := span{Period: analysis.Period{Start: a, End: b.AddDate(0, 0, 1)}, shape: irregular, yearless: !given, future: a.After(d.today)}
	return s, end, true
}

// ordinalDayAt reads "the 15th": the most recent one.
func (d dateReader) ordinalDayAt(i int) (span, int, bool) {
	if d.word(i) != "the" {
		return span{}, 0, false
	}
	p := dayWord.FindStringSubmatch(d.word(i + 1))
	if p == nil || p[2] == "" || in(d.word(i+2), "quarter", "half", "week", "month", "day", "year") {
		return span{}, 0, false
	}
	for back := range 3 {
		first := analysis.Day(d.today.Year(), d.today.Month()-time.Month(back), 1)
		if t, ok := date(first.Year(), int(first.Month()), atoi(p[1])); ok && !t.After(d.today) {
			return d.calendarUnits(byDay, t, 1, ""), i + 2, true
		}
	}
	return span{}, 0, false
}

// partAt reads quarters, halves and fiscal years.
func (d dateReader) partAt(i int) (span, int, bool) {
	w := d.word(i)
	if m := yearPart.FindStringSubmatch(w); m != nil {
		return d.part(m[2], atoi(m[3]), atoi(m[1]), i+1)
	}
	if m := partFiscal.FindStringSubmatch(w); m != nil {
		return d.fiscalPart(m[1], atoi(m[2]), longYear(m[3]), i+1)
	}
	if m := fiscalWord.FindStringSubmatch(w); m != nil {
		y := longYear(m[1])
		if m[2] != "" {
			return d.fiscalPart(m[2], atoi(m[3]), y, i+1)
		}
		if p := partWord.FindStringSubmatch(d.word(i + 1)); p != nil && p[3] == "" {
			return d.fiscalPart(p[1], atoi(p[2]), y, i+2)
		}
		return d.fiscalSpan(byYear, y, 0), i + 1, true
	}
	if m := partWord.FindStringSubmatch(w); m != nil {
		if m[3] != "" {
			return d.part(m[1], atoi(m[2]), longYear(m[3]), i+1)
		}
		if f := fiscalWord.FindStringSubmatch(d.word(d.skip(i+1, "of"))); f != nil && f[2] == "" {
			return d.fiscalPart(m[1], atoi(m[2]), longYear(f[1]), d.skip(i+1, "of")+1)
		}
		return d.partOf(m[1], atoi(m[2]), i+1, false)
	}
	if w == "the" {
		return d.ordinalPart(i + 1)
	}
	if in(w, "fiscal", "financial", "fy") {
		return d.fiscalAt(i+1, 0)
	}
	return d.ordinalPart(i)
}

// ordinalPart reads "third quarter of 2025", "first half of 2026", "second fiscal quarter".
func (d dateReader) ordinalPart(i int) (span, int, bool) {
	n, ok := ordinals[d.word(i)]
	j := d.skip(i+1, "fiscal", "financial")
	if !ok || !in(d.word(j), "quarter", "half") {
		return span{}, 0, false
	}
	kind := d.word(j)[:1]
	return d.partOf(kind, n, j+1, j > i+1)
}

// partOf reads the year, if any, behind a quarter or half.
func (d dateReader) partOf(kind string, n, end int, fiscal bool) (span, int, bool) {
	if kind == "h" && d.word(end) == "of" || kind == "q" && d.word(end) == "of" {
		// "first half of October" is half a month.
		if m, ok := monthNames[d.word(end+1)]; ok && kind == "h" && n <= 2 {
			s, e, ok := d.monthFirst(end+1, m)
			if !ok || s.unit != byMonth {
				return span{}, 0, false
			}
			mid := s.whole.Start.AddDate(0, 0, 15)
			p := analysis.Period{Start: s.whole.Start, End: mid}
			if n == 2 {
				p = analysis.Period{Start: mid, End: s.whole.End}
			}
			return span{Period: p, shape: irregular, future: p.Start.After(d.today)}, e, true
		}
	}
	y, e, ok := d.yearAfter(end)
	if !ok && in(d.word(d.skip(end, "of", "the", "this")), "fiscal") {
		k := d.skip(end, "of", "the", "this")
		fiscal, end = true, d.skip(k, "fiscal", "year")
	}
	if fiscal {
		if !ok {
			y = d.fiscalYearOf(d.today)
			if s, _, ok := d.fiscalPart(kind, n, y, end); ok && s.future {
				y--
			}
			e = end
		}
		return d.fiscalPart(kind, n, y, e)
	}
	if ok {
		return d.part(kind, n, y, e)
	}
	s, _, ok := d.part(kind, n, d.today.Year(), end)
	if ok && s.future {
		s, _, ok = d.part(kind, n, d.today.Year()-1, end)
	}
	s.yearless = true
	return s, end, ok
}

func (d dateReader) part(kind string, n, year, end int) (span, int, bool) {
	switch {
	case kind == "q" && n <= 4:
		return d.quarterSpan(year, n), end, true
	case kind == "h" && n <= 2:
		return d.halfSpan(year, n), end, true
	}
	return span{}, 0, false
}

func (d dateReader) fiscalPart(kind string, n, year, end int) (span, int, bool) {
	switch {
	case kind == "q" && n <= 4:
		return d.fiscalSpan(byQuarter, year, n-1), end, true
	case kind == "h" && n <= 2:
		return d.fiscalSpan(byHalf, year, n-1), end, true
	}
	return span{}, 0, false
}

// fiscalAt reads what follows "fiscal": "year 2026", "Q2", "Q2 2026", "year to date", "quarter"; back counts units before this one.
func (d dateReader) fiscalAt(i, back int) (span, int, bool) {
	w := d.word(i)
	if m := partWord.FindStringSubmatch(w); m != nil {
		return d.partOf(m[1], atoi(m[2]), i+1, true)
	}
	if yearWord.MatchString(w) {
		return d.fiscalSpan(byYear, atoi(w), -back), i + 1, true
	}
	u, ok := unitWords[w]
	if !ok || u < byQuarter {
		return span{}, 0, false
	}
	end := i + 1
	if u == byYear && yearWord.MatchString(d.word(end)) {
		return d.fiscalSpan(byYear, atoi(d.word(end)), 0), end + 1, true
	}
	if d.word(end) == "to" && d.word(end+1) == "date" {
		end += 2
	}
	y := d.fiscalYearOf(d.today)
	start := d.fiscalStart(y)
	months := (d.today.Year()-start.Year())*12 + int(d.today.Month()) - int(start.Month())
	at := months/u.months() - back
	per := 12 / u.months()
	for at < 0 {
		at, y = at+per, y-1
	}
	return d.fiscalSpan(u, y, at), end, true
}

// dayNameAt reads weekdays, weekends, today and yesterday.
func (d dateReader) dayNameAt(i int) (span, int, bool) {
	w, prev := d.word(i), d.word(i-1)
	switch w {
	case "today":
		s := d.calendarUnits(byDay, d.today, 1, "today")
		return s, i + 1, true
	case "yesterday", "yday", "yest":
		return d.calendarUnits(byDay, d.today.AddDate(0, 0, -1), 1, "yesterday"), i + 1, true
	case "tomorrow":
		return d.calendarUnits(byDay, d.today.AddDate(0, 0, 1), 1, ""), i + 1, true
	case "weekend":
		return d.weekend(0), i + 1, true
	}
	if s, end, ok := d.daysOfWeek(i); ok {
		return s, end, true
	}
	j := d.skip(i, "last", "this", "past", "previous")
	if d.word(j) == "weekend" && j == i+1 {
		return d.weekend(0), j + 1, true
	}
	if wd, ok := dayNames[d.word(j)]; ok && j <= i+1 {
		if weakDays[d.word(j)] && j == i && !in(prev, "on", "since", "from", "to", "until", "and", "vs", "last") {
			return span{}, 0, false
		}
		if strings.HasSuffix(d.word(j), "days") && j == i {
			return span{}, 0, false // "on Mondays" is a habit, not a day
		}
		return d.weekday(wd), j + 1, true
	}
	if k := d.skip(i, "the"); d.word(k) == "day" && d.word(k+1) == "before" && d.word(k+2) == "yesterday" {
		return d.calendarUnits(byDay, d.today.AddDate(0, 0, -2), 1, ""), k + 3, true
	}
	return span{}, 0, false
}

// daysOfWeek reads "Monday to Wednesday last week", "Tuesday of this week": days of the week that is named behind them.
func (d dateReader) daysOfWeek(i int) (span, int, bool) {
	from, ok := dayNames[d.word(i)]
	if !ok {
		return span{}, 0, false
	}
	to, j := from, i+1
	if in(d.word(j), "to", "-", "through", "until", "till") {
		if to, ok = dayNames[d.word(j+1)]; !ok {
			return span{}, 0, false
		}
		j += 2
	}
	week, end, ok := d.relativeAt(d.skip(j, "of", "in"))
	if !ok || week.unit != byWeek || week.n != 1 || week.future || week.shape == rolling {
		return span{}, 0, false
	}
	start := d.start(byWeek, week.Start)
	on := func(w time.Weekday) time.Time { return start.AddDate(0, 0, int(w-start.Weekday()+7)%7) }
	a, b := on(from), on(to)
	if b.Before(a) || a.After(d.today) {
		return span{}, 0, false
	}
	if a.Equal(b) {
		return d.calendarUnits(byDay, a, 1, ""), end, true
	}
	s := span{Period: analysis.Period{Start: a, End: b.AddDate(0, 0, 1)}, shape: irregular}
	if s.End.After(d.end()) && a.Before(d.end()) {
		s = d.toThrough(s)
	}
	return s, end, true
}

// weekOfAt reads "week of Nov 9", "week 47", "week 47 of 2025".
func (d dateReader) weekOfAt(i int) (span, int, bool) {
	j := d.skip(i, "the")
	if d.word(j) == "week" {
		if n, ok := number(d.word(j + 1)); ok && hasDigit(d.word(j+1)) && n <= 53 {
			if y, end, ok := d.yearAfter(j + 2); ok {
				return d.weekNumber(y, n, end)
			}
			return d.weekNumber(0, n, j+2)
		}
		k := d.skip(j+1, "of", "beginning", "starting", "that", "began")
		if k > j+1 {
			if a, end, ok := d.exprAt(k); ok && a.unit == byDay && a.shape == someDay {
				start := d.start(byWeek, a.Start)
				return d.calendarUnits(byWeek, start, 1, "week of "+start.Format("2 Jan 2006")), end, true
			}
		}
		if d.word(j+1) == "ending" {
			if a, end, ok := d.exprAt(d.skip(j+2, "on")); ok && a.shape == someDay {
				p := analysis.Period{Start: a.Start.AddDate(0, 0, -6), End: a.End}
				return span{Period: p, shape: irregular, future: a.future}, end, true
			}
		}
	}
	return span{}, 0, false
}

// agoAt reads "3 days ago", "a month ago".
func (d dateReader) agoAt(i int) (span, int, bool) {
	n, ok := number(d.word(i))
	if in(d.word(i), "a", "an") {
		n, ok = 1, true
	}
	u, isUnit := unitWords[d.word(i+1)]
	if !ok || !isUnit || d.word(i+2) != "ago" || n > 400 || u == byYear && n == 1 {
		return span{}, 0, false
	}
	start := u.step(d.start(u, d.today), -n)
	label := ""
	if u >= byMonth {
		label = unitLabel(u, start, "")
	}
	return d.calendarUnits(u, start, 1, label), i + 3, true
}

// toDateAt reads MTD and its kin.
func (d dateReader) toDateAt(i int) (span, int, bool) {
	short := map[string]unit{"mtd": byMonth, "qtd": byQuarter, "ytd": byYear, "wtd": byWeek}
	if u, ok := short[d.word(i)]; ok {
		return d.running(u, i+1)
	}
	if d.word(i) == "fytd" {
		return d.fiscalSpan(byYear, d.fiscalYearOf(d.today), 0), i + 1, true
	}
	if u, ok := unitWords[d.word(i)]; ok && u != byDay {
		if d.word(i+1) == "to" && d.word(i+2) == "date" {
			return d.running(u, i+3)
		}
		if d.word(i+1) == "so" && d.word(i+2) == "far" {
			return d.running(u, i+3)
		}
	}
	if d.word(i) == "so" && d.word(i+1) == "far" {
		j := d.skip(i+2, "this", "in", "the", "current")
		if u, ok := unitWords[d.word(j)]; ok && u != byDay && j > i+2 {
			return d.running(u, j+1)
		}
	}
	return span{}, 0, false
}

// running is the current unit up to the last complete day.
func (d dateReader) running(u unit, end int) (span, int, bool) {
	label := map[unit]string{byWeek: "week to date", byMonth: "month to date", byQuarter: "quarter to date", byHalf: "half-year to date",
		byYear: "year to date"}[u]
	s := d.calendarUnits(u, d.start(u, d.today), 1, label)
	if d.word(end) == "so" && d.word(end+1) == "far" {
		end += 2
	}
	return s, end, true
}

func (d dateReader) note(s span, format string, args ...any) span {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
	return s
}
