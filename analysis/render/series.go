package render

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// barDays is up to how many days a single line is drawn as one bar a day, with its amount; longer or several lines are
// drawn as sparklines.
const barDays = 16

// sparks are the eight heights of a sparkline; a day that is not known is a dot.
var sparks = []rune("▁▂▃▄▅▆▇█")

const unknownSpark = '·'

// seriesView is a series in the words and figures shown. Its names are not yet clean.
type seriesView struct {
	days     []time.Time
	currency string
	places   int32
	lines    []seriesLine
}

type seriesLine struct {
	name            string
	values          []*decimal.Decimal
	low, high, last string
}

func viewSeries(s *analysis.Series, currency string) seriesView {
	v := seriesView{days: s.Days, currency: currency}
	largest := decimal.Zero
	for _, l := range s.Lines {
		for _, a := range l.Values {
			if a != nil {
				largest = decimal.Max(largest, a.Abs())
			}
		}
	}
	v.places = placesFor(largest, currency)
	for _, l := range s.Lines {
		line := seriesLine{name: l.Name, values: l.Values, low: unknown, high: unknown, last: unknown}
		if low, high, ok := bounds(l.Values); ok {
			line.low, line.high = money(low, currency, v.places), money(high, currency, v.places)
		}
		if n := len(l.Values); n > 0 && l.Values[n-1] != nil {
			line.last = money(*l.Values[n-1], currency, v.places)
		}
		v.lines = append(v.lines, line)
	}
	return v
}

func bounds(values []*decimal.Decimal) (low, high decimal.Decimal, ok bool) {
	for _, a := range values {
		if a == nil {
			continue
		}
		if !ok {
			low, high, ok = *a, *a, true
		}
		low, high = decimal.Min(low, *a), decimal.Max(high, *a)
	}
	return low, high, ok
}

// daysPerMark is how many days one mark of a sparkline stands for when there are width columns.
func daysPerMark(days, width int) int {
	if width < 1 {
		width = 1
	}
	return max(1, (days+width-1)/width)
}

// sparkline draws values from zero, or from the lowest when that is negative, to the highest: marks of per days each,
// their average. Unknown days are left out of it.
func sparkline(values []*decimal.Decimal, per int) string {
	low, high, ok := bounds(values)
	low, high = decimal.Min(low, decimal.Zero), decimal.Max(high, decimal.Zero)
	var b strings.Builder
	for start := 0; start < len(values); start += per {
		mean, known := mean(values[start:min(start+per, len(values))])
		switch {
		case !ok || !known:
			b.WriteRune(unknownSpark)
		case high.Equal(low):
			b.WriteRune(sparks[0])
		default:
			top := decimal.New(int64(len(sparks)-1), 0)
			at := mean.Sub(low).Mul(top).DivRound(high.Sub(low), 4).Round(0).IntPart()
			// The mean of amounts below a hundred-millionth is rounded beyond the highest of them.
			b.WriteRune(sparks[min(max(at, 0), int64(len(sparks)-1))])
		}
	}
	return b.String()
}

func mean(values []*decimal.Decimal) (decimal.Decimal, bool) {
	sum, n := decimal.Zero, int64(0)
	for _, a := range values {
		if a != nil {
			sum, n = sum.Add(*a), n+1
		}
	}
	if n == 0 {
		return sum, false
	}
	return sum.DivRound(decimal.New(n, 0), 8), true
}

// bar draws an amount as blocks, at least one for any amount that is not zero.
func bar(a, high decimal.Decimal, width int) string {
	if a.Sign() <= 0 || high.Sign() <= 0 {
		return ""
	}
	n := a.Mul(decimal.New(int64(width), 0)).DivRound(high, 4).Round(0).IntPart()
	return strings.Repeat("█", max(1, int(n)))
}

// dayName names a point of a series at its grain: "Wed 18 Nov", "week of 16 Nov", "November 2026".
func dayName(day time.Time, g analysis.Grain) string {
	switch g {
	case analysis.ByMonth:
		return day.Format("January 2006")
	case analysis.ByWeek:
		return "week of " + day.Format("2 Jan")
	default:
		return day.Format("Mon 2 Jan")
	}
}

// markWords says what one mark of a sparkline is: "a mark is 2 days"; nothing when it is the grain itself.
func markWords(per int, g analysis.Grain) string {
	if per == 1 {
		return ""
	}
	unit := "days"
	switch g {
	case analysis.ByWeek:
		unit = "weeks"
	case analysis.ByMonth:
		unit = "months"
	}
	return "a mark is " + number(decimal.New(int64(per), 0)) + " " + unit
}
