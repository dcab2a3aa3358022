package render

import (
	"cmp"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// ratioInstead is where a percentage stops being readable: beyond +1,000% the growth is said as a factor.
var ratioInstead = decimal.New(10, 0)

// ChangeSentence says the change of a subject, as "Spend", in one sentence: "Spend rose $18,412 (+7.9%) last week: $251,007, after $232,595 the
// week before." The labels name the periods as adverbs: "last week" and "the week before", "in October" and "in
// September". The delta said is the difference of the totals said, and the same as in the bridge's total line.
func ChangeSentence(subject string, c analysis.Change, label, baselineLabel string) string {
	s := showChange(c)
	at := func(text, when string) string { return strings.TrimSpace(text + " " + when) }
	total := func(d decimal.Decimal) string { return totalWords(d, c.Currency, s.places) }
	same := "as " + cmp.Or(strings.TrimSpace(baselineLabel), "before")
	switch {
	case c.Current.IsZero() && c.Baseline.IsZero():
		return at(subject+" was nothing", label) + ", " + same + "."
	case c.Delta.IsZero():
		return at(subject+" did not change", label) + ": " + total(s.current) + ", " + same + "."
	case s.delta.IsZero():
		return at(subject+" hardly changed", label) + ": " + total(s.current) + ", to that digit " + same + "."
	}
	verb := "rose"
	if c.Delta.Sign() < 0 {
		verb = "fell"
	}
	moved := subject + " " + verb + " " + money(s.delta.Abs(), c.Currency, s.places)
	if g := growth(c); g != "" {
		moved += " (" + g + ")"
	}
	return at(moved, label) + ": " + total(s.current) + ", " + at("after "+total(s.baseline), baselineLabel) + "."
}

// growth is the change as a percentage of the baseline, as a factor when it is beyond reading, and nothing when the
// baseline is not a positive amount or the total changed sides: a share of a credit is no growth.
func growth(c analysis.Change) string {
	if c.Baseline.Sign() <= 0 || c.Current.Sign() < 0 {
		return ""
	}
	r := c.Delta.DivRound(c.Baseline, 8)
	if r.GreaterThanOrEqual(ratioInstead) {
		return "x" + money(c.Current.DivRound(c.Baseline, 8), "", 0)
	}
	p := PercentDelta(r)
	if !strings.ContainsAny(p, "123456789") {
		return "under 0.1%"
	}
	return p
}

// totalWords writes a total in prose: a negative one is a credit, and zero is nothing.
func totalWords(d decimal.Decimal, currency string, places int32) string {
	switch d.Sign() {
	case 0:
		return "nothing"
	case -1:
		return "a net credit of " + money(d.Abs(), currency, places)
	default:
		return money(d, currency, places)
	}
}
