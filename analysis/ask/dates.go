package ask

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
)

// dateReader finds the dates of a question. A token that already is part of a name is no date: "t3", "m5.large", "sun-api".
type dateReader struct {
	calendar
	ts []token
}

// readDates returns every stretch of days the question names, in order, and marks their tokens.
func (d dateReader) readDates() []span {
	var out []span
	for i := 0; i < len(d.ts); {
		s, end, ok := d.rangeAt(i)
		if !ok {
			i++
			continue
		}
		s.from, s.to = i, end
		// A preposition belongs to its date: what is left over is then a name or a filler.
		if i > 0 && d.ts[i-1].role == open && in(d.ts[i-1].low, "in", "during", "on", "for", "over", "within", "of", "at", "across") {
			s.from = i - 1
		}
		for j := s.from; j < end; j++ {
			d.ts[j].role = dated
		}
		out = append(out, s)
		i = end
	}
	return out
}

func in(w string, words ...string) bool {
	for _, x := range words {
		if w == x {
			return true
		}
	}
	return false
}

// word is the token's lower-case text, "" where there is none that may be a date.
func (d dateReader) word(i int) string {
	if i < 0 || i >= len(d.ts) || d.ts[i].quoted || d.ts[i].role == named {
		return ""
	}
	return d.ts[i].low
}

// skip moves over any of the words.
func (d dateReader) skip(i int, words ...string) int {
	for d.word(i) != "" && in(d.word(i), words...) {
		i++
	}
	return i
}

// rangeAt reads a date, or two with a word between them.
func (d dateReader) rangeAt(i int) (span, int, bool) {
	w := d.word(i)
	switch w {
	case "":
		return span{}, 0, false
	case "between", "from", "starting", "beginning":
		return d.fromAt(i, w)
	case "since", "after":
		return d.sinceAt(i)
	case "until", "till", "before", "through":
		if a, end, ok := d.exprAt(d.skip(i+1, "the")); ok && !a.weak && !a.future && !d.first.IsZero() {
			s := span{Period: analysis.Period{Start: d.first, End: a.End}, shape: irregular}
			if w == "before" {
				s.End = a.Start
			}
			s.notes = []string{fmt.Sprintf("no beginning was given: from the first day of the data, %s", dayName(d.first))}
			return s, end, s.Start.Before(s.End)
		}
		return span{}, 0, false
	}
	a, end, ok := d.exprAt(i)
	if !ok {
		return span{}, 0, false
	}
	if in(d.word(end), "onward", "onwards", "on") && a.shape != rolling && (d.word(end) != "on" || end+1 == len(d.ts)) {
		return d.openEnded(a.Start), end + 1, true
	}
	if w := d.word(end); in(w, "to", "-", "through", "until", "till", "..") && !a.weak && !a.future {
		if b, e, ok := d.exprAt(d.skip(end+1, "the")); ok {
			if s, ok := d.join(a, b, "to"); ok {
				return s, e, true
			}
		}
	}
	return a, end, true
}

func (d dateReader) fromAt(i int, w string) (span, int, bool) {
	j := d.skip(i+1, "from", "on", "the")
	if w == "between" {
		if s, end, ok := d.daysToDay(j, "and"); ok {
			return s, end, true
		}
	}
	a, end, ok := d.exprAt(j)
	if !ok {
		return span{}, 0, false
	}
	joins := []string{"to", "-", "through", "until", "till", "up"}
	if w == "between" {
		joins = []string{"and", "-", "to"}
	}
	if in(d.word(end), joins...) {
		k := d.skip(end+1, "the", "to")
		b, e, ok := d.exprAt(k)
		if !ok && in(d.word(k), "now", "date") {
			b, e, ok = d.calendarUnits(byDay, d.through, 1, ""), k+1, true
		}
		if ok {
			if s, ok := d.join(a, b, w); ok {
				return s, e, true
			}
		}
	}
	if a.shape == rolling || a.shape == toDate && a.unit != byYear || w == "between" || w == "from" && (a.shape == wholeUnits || a.shape == irregular || a.future) {
		// "costs from last month" names the month, not everything since; "from 3rd to 9th Nov" has its end.
		if !in(d.word(end), "onward", "onwards", "on") {
			return a, end, true
		}
	}
	if in(d.word(end), "onward", "onwards", "on") {
		end++
	}
	return d.openEnded(a.Start), end, true
}

var startOf = phrases("the? start|beginning of the?")

func (d dateReader) sinceAt(i int) (span, int, bool) {
	after := d.word(i) == "after"
	j := i + 1
	for _, p := range startOf {
		if e, ok := p.at(d.ts, j); ok {
			j = e
			if u, isUnit := unitWords[d.word(d.skip(j, "the"))]; isUnit {
				return d.openEnded(d.start(u, d.through)), d.skip(j, "the") + 1, true
			}
		}
	}
	j = d.skip(j, "the")
	if a, end, ok := d.exprAt(j); ok && !a.future {
		if len(a.forks) > 0 {
			return a, end, true
		}
		from := a.Start
		if in(d.word(j), "last", "previous") && a.shape == wholeUnits && a.n == 1 {
			if cur := d.calendarUnits(a.unit, d.start(a.unit, d.today), 1, ""); cur.Start.Before(d.end()) {
				s := d.openEnded(from)
				s.ends, s.joined = &[2]span{a, cur}, "since"
				return s, end, true
			}
		}
		if after && a.End.Before(d.end()) {
			from = a.End
		}
		return d.openEnded(from), end, true
	}
	if after || j >= len(d.ts) {
		return span{}, 0, false
	}
	// "since launch": a day that no calendar knows. Only the word itself is taken, with its article.
	end := j
	for end < len(d.ts) && end < j+3 && !d.ts[end].quoted && d.ts[end].role == open && !in(d.word(end), "by", "for", "in", "of", "per") {
		end++
		if d.ts[end-1].brk {
			break
		}
	}
	if end == j {
		return span{}, 0, false
	}
	var said []string
	for _, t := range d.ts[j:end] {
		said = append(said, t.raw)
	}
	return span{since: strings.Join(said, " ")}, end, true
}

// openEnded runs from a day through the last complete one.
func (d dateReader) openEnded(from time.Time) span {
	s := span{Period: analysis.Period{Start: from, End: d.end()}, shape: irregular}
	if !s.Start.Before(s.End) {
		s.End = s.Start.AddDate(0, 0, 1)
	}
	s.notes = []string{fmt.Sprintf("no end was given: through the last complete day, %s", dayName(d.through))}
	return s
}

// join makes a range of two dates. The years they do not give are chosen so that the range is not empty and not in the future.
func (d dateReader) join(a, b span, word string) (span, bool) {
	if len(a.windows) > 0 || len(b.windows) > 0 {
		return span{}, false
	}
	if len(a.forks) > 0 || len(b.forks) > 0 {
		return joinForks(a, b)
	}
	ends := [2]span{a, b}
	if a.yearless {
		for !a.Start.Before(b.End) {
			a.Start = yearBack(a.Start)
		}
		for next := a.Start.AddDate(1, 0, 0); next.Before(b.End) && !next.After(b.Start); next = next.AddDate(1, 0, 0) {
			a.Start = next
		}
	}
	if !a.Start.Before(b.End) {
		a, b = b, a // "from October to September 2025": the other way round
	}
	s := span{Period: analysis.Period{Start: a.Start, End: b.End}, shape: irregular, unit: b.unit, future: a.future,
		ends: &ends, joined: word}
	if b.future {
		s = d.toThrough(s)
	}
	return s, s.Start.Before(s.End)
}

// toThrough cuts a range whose end is to come at the last complete day.
func (d dateReader) toThrough(s span) span {
	s.End = d.end()
	return d.note(s, "the days to come are left out: through the last complete day, %s", dayName(d.through))
}

// joinForks joins "10/11 to 10/12": both ends are read the same way, day first or month first.
func joinForks(a, b span) (span, bool) {
	s := span{shape: irregular}
	for k := range 2 {
		from, to := a.Period, b.Period
		s.forkSaid = a.forkSaid + b.forkSaid
		if len(a.forks) > 0 {
			from = a.forks[k]
		}
		if len(b.forks) > 0 {
			to = b.forks[k]
		}
		for !from.Start.Before(to.End) {
			from.Start = yearBack(from.Start)
		}
		s.forks = append(s.forks, analysis.Period{Start: from.Start, End: to.End})
	}
	if len(a.forks) > 0 && len(b.forks) > 0 {
		s.forkSaid = a.forkSaid + " to " + b.forkSaid
	}
	s.Period = s.forks[0]
	return s, true
}

var (
	isoDay      = regexp.MustCompile(`^((?:19|20)\d\d)[-/](\d{1,2})[-/](\d{1,2})(?:t[0-9:.z+-]*)?$`)
	isoDayRange = regexp.MustCompile(`^(20\d\d-\d\d-\d\d)(?:\.\.|/|to)(20\d\d-\d\d-\d\d)$`)
	isoMonth    = regexp.MustCompile(`^(20\d\d)[-/](0[1-9]|1[0-2])$`)
	isoWeekWord = regexp.MustCompile(`^(20\d\d)-?w(\d{1,2})$`)
	slashDay    = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})(?:/(\d{2}|20\d\d))?$`)
	dotDay      = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})(?:\.(\d{2}|20\d\d))?$`)
	dotPair     = regexp.MustCompile(`^(\d{1,2})\.?-(\d{1,2})\.(\d{1,2})(?:\.(\d{2}|20\d\d))?$`)
	slashMonth  = regexp.MustCompile(`^(0?[1-9]|1[0-2])/(20\d\d)$`)
	yearWord    = regexp.MustCompile(`^(?:199\d|20\d\d)$`)
	shortYear   = regexp.MustCompile(`^'?(\d\d)$`)
	dayWord     = regexp.MustCompile(`^(\d{1,2})(st|nd|rd|th)?$`)
	dayPair     = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?-(\d{1,2})(?:st|nd|rd|th)?$`)
	partWord    = regexp.MustCompile(`^([qh])([1-4])(?:[-']?(\d\d|20\d\d))?$`)
	yearPart    = regexp.MustCompile(`^(20\d\d)-?([qh])([1-4])$`)
	fiscalWord  = regexp.MustCompile(`^fy'?-?(\d\d|20\d\d)(?:-?([qh])([1-4]))?$`)
	partFiscal  = regexp.MustCompile(`^([qh])([1-4])-?fy'?(\d\d|20\d\d)$`)
	weekWord    = regexp.MustCompile(`^(?:cw|kw|w)(\d{1,2})$`)
)

// exprAt reads one date, without a preposition; the longest reading wins because each reader takes all it can.
func (d dateReader) exprAt(i int) (span, int, bool) {
	if d.word(i) == "" {
		return span{}, 0, false
	}
	for _, read := range []func(int) (span, int, bool){
		d.edgeAt, d.compactAt, d.toDateAt, d.ruleAt, d.relativeAt, d.agoAt, d.weekOfAt, d.partAt, d.monthAt, d.ordinalDayAt,
		d.dayNameAt, d.yearAt,
	} {
		if s, end, ok := read(i); ok {
			return s, end, true
		}
	}
	return span{}, 0, false
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

func longYear(s string) int {
	y := atoi(s)
	if y < 100 {
		y += 2000
	}
	return y
}

// date is a day if the calendar has it.
func date(y, m, day int) (time.Time, bool) {
	t := analysis.Day(y, time.Month(m), day)
	return t, m >= 1 && m <= 12 && day >= 1 && t.Month() == time.Month(m)
}

// compactAt reads dates in one token: 2026-11-10, 2026-11, 10/11, 2026-W47, W47.
func (d dateReader) compactAt(i int) (span, int, bool) {
	w := d.word(i)
	if m := isoDayRange.FindStringSubmatch(w); m != nil {
		a, errA := time.Parse(analysis.DateLayout, m[1])
		b, errB := time.Parse(analysis.DateLayout, m[2])
		if errA == nil && errB == nil && !b.Before(a) {
			s := span{Period: analysis.Period{Start: a, End: b.AddDate(0, 0, 1)}, shape: irregular, future: a.After(d.today)}
			return s, i + 1, true
		}
	}
	if m := isoDay.FindStringSubmatch(w); m != nil {
		if t, ok := date(atoi(m[1]), atoi(m[2]), atoi(m[3])); ok {
			return d.calendarUnits(byDay, t, 1, ""), i + 1, true
		}
	}
	if m := isoMonth.FindStringSubmatch(w); m != nil {
		return d.monthSpan(atoi(m[1]), time.Month(atoi(m[2]))), i + 1, true
	}
	if m := slashMonth.FindStringSubmatch(w); m != nil {
		return d.monthSpan(atoi(m[2]), time.Month(atoi(m[1]))), i + 1, true
	}
	if m := isoWeekWord.FindStringSubmatch(w); m != nil {
		return d.weekNumber(atoi(m[1]), atoi(m[2]), i+1)
	}
	if m := weekWord.FindStringSubmatch(w); m != nil {
		return d.weekNumber(0, atoi(m[1]), i+1)
	}
	if m := dotPair.FindStringSubmatch(w); m != nil && (m[4] != "" || d.ts[i].brk) {
		a, _, okA := d.numericDay(atoi(m[1]), atoi(m[3]), m[4], i+1)
		b, _, okB := d.numericDay(atoi(m[2]), atoi(m[3]), m[4], i+1)
		if okA && okB && a.Start.Before(b.Start) {
			s, ok := d.join(a, b, "to")
			return s, i + 1, ok
		}
	}
	// "1.11." is a day, where 1.11 is a number.
	if m := dotDay.FindStringSubmatch(w); m != nil && (m[3] != "" || d.ts[i].brk) {
		return d.numericDay(atoi(m[1]), atoi(m[2]), m[3], i+1)
	}
	if m := slashDay.FindStringSubmatch(w); m != nil {
		a, b := atoi(m[1]), atoi(m[2])
		switch {
		case d.dayFirst != nil && *d.dayFirst && b <= 12, a > 12:
			return d.numericDay(a, b, m[3], i+1)
		case d.dayFirst != nil, b > 12, a == b:
			return d.numericDay(b, a, m[3], i+1)
		}
		s, end, ok := d.numericDay(a, b, m[3], i+1)
		if t, _, ok2 := d.numericDay(b, a, m[3], i+1); ok && ok2 {
			s.forks, s.forkSaid = []analysis.Period{s.Period, t.Period}, w
			return s, end, true
		}
	}
	return span{}, 0, false
}

func (d dateReader) numericDay(day, month int, year string, end int) (span, int, bool) {
	y := d.today.Year()
	if year != "" {
		y = longYear(year)
	}
	t, ok := date(y, month, day)
	if !ok {
		return span{}, 0, false
	}
	if year == "" && t.After(d.today) {
		t = yearBack(t)
	}
	s := d.calendarUnits(byDay, t, 1, "")
	s.yearless = year == ""
	return s, end, true
}

func (d dateReader) weekNumber(year, week, end int) (span, int, bool) {
	if week < 1 || week > 53 {
		return span{}, 0, false
	}
	y := year
	if y == 0 {
		y, _ = d.today.ISOWeek()
		if isoWeek(y, week).After(d.today) {
			y--
		}
	}
	start := isoWeek(y, week)
	if ny, _ := start.ISOWeek(); ny != y {
		return span{}, 0, false
	}
	return d.calendarUnits(byWeek, start, 1, fmt.Sprintf("week %d of %d", week, y)), end, true
}

// yearAfter reads a year that follows a month or quarter: "2025", "of 2025", "'25".
func (d dateReader) yearAfter(i int) (year, end int, ok bool) {
	j := i
	if in(d.word(j), "of", "in") {
		j++
	}
	w := d.word(j)
	if yearWord.MatchString(w) {
		return atoi(w), j + 1, true
	}
	if strings.HasPrefix(w, "'") {
		if m := shortYear.FindStringSubmatch(w); m != nil {
			return longYear(m[1]), j + 1, true
		}
	}
	// "last year", "this year" after a month or quarter.
	for _, rel := range []struct {
		words string
		back  int
	}{{"last year", 1}, {"previous year", 1}, {"this year", 0}} {
		a, b, _ := strings.Cut(rel.words, " ")
		k := d.skip(j, "of")
		if d.word(k) == a && d.word(k+1) == b {
			return d.today.Year() - rel.back, k + 2, true
		}
	}
	return 0, i, false
}

// yearAt reads a bare year.
func (d dateReader) yearAt(i int) (span, int, bool) {
	w := d.word(i)
	if !yearWord.MatchString(w) {
		return span{}, 0, false
	}
	if m := partWord.FindStringSubmatch(d.word(i + 1)); m != nil && m[3] == "" {
		return d.part(m[1], atoi(m[2]), atoi(w), i+2)
	}
	return d.yearSpan(atoi(w)), i + 1, true
}
