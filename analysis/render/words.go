package render

import (
	"strings"
	"time"

	"spendbot/analysis"
)

// effectWords says each effect as people do. A bill's reader knows "usage" and "price"; the exact meaning of each is in
// package analysis and can be asked for.
var effectWords = map[analysis.Effect]string{
	analysis.EffCalendar:       "calendar",
	analysis.EffVolume:         "usage",
	analysis.EffNewResources:   "new resources",
	analysis.EffRemovedRes:     "removed resources",
	analysis.EffNewSlice:       "newly used",
	analysis.EffRemovedSlice:   "no longer used",
	analysis.EffListPrice:      "price",
	analysis.EffNegotiated:     "negotiated discounts",
	analysis.EffCoverage:       "coverage",
	analysis.EffCommitmentRate: "commitment rates",
	analysis.EffUnused:         "unused commitments",
	analysis.EffCredits:        "credits",
	analysis.EffRefunds:        "refunds and corrections",
	analysis.EffTax:            "tax",
	analysis.EffPurchases:      "purchases and fees",
	analysis.EffAdjustments:    "adjustments",
	analysis.EffCurrency:       "exchange rate",
	analysis.EffOtherRate:      "other rates",
}

// EffectWords is the plain name of an effect: "usage", "coverage", "new resources".
func EffectWords(e analysis.Effect) string {
	if w, ok := effectWords[e]; ok {
		return w
	}
	return strings.ReplaceAll(string(e), "_", " ")
}

// OnsetText says since when: "Wed 18 Nov", "around 17-20 Nov", "from the first day", "monthly rows". A step is the
// usual shape and not said; others are: "Wed 18 Nov (spike)", but for an uncertain day, which says enough. Empty when
// nothing is known.
func OnsetText(o analysis.Onset) string {
	s := onsetDay(o)
	if s == "" {
		return clean(o.Why)
	}
	if o.Shape != "" && o.Shape != "step" && !o.Around {
		s += " (" + clean(o.Shape) + ")"
	}
	return s
}

func onsetDay(o analysis.Onset) string {
	switch {
	case o.Around && !o.From.IsZero() && !o.To.IsZero() && !o.From.Equal(o.To):
		return "around " + dayRange(o.From, o.To)
	case o.Around && !o.Day.IsZero():
		return "around " + o.Day.Format("2 Jan")
	case o.Day.IsZero():
		return ""
	default:
		return o.Day.Format("Mon 2 Jan")
	}
}

// dayRange writes two days, both included, without their year: "17-20 Nov", "28 Nov - 2 Dec".
func dayRange(from, to time.Time) string {
	switch {
	case from.Equal(to):
		return from.Format("2 Jan")
	case from.Month() == to.Month() && from.Year() == to.Year():
		return from.Format("2") + "-" + to.Format("2 Jan")
	default:
		return from.Format("2 Jan") + " - " + to.Format("2 Jan")
	}
}

// yearless writes a period's days without their year where it lies in one year, else like String.
func yearless(p analysis.Period) string {
	if p.Start.Year() != p.Last().Year() {
		return p.String()
	}
	return dayRange(p.Start, p.Last())
}

// sentence makes a note one: a capital at the start unless it begins with a name, and a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(clean(s))
	if s == "" {
		return ""
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.Trim(first, "abcdefghijklmnopqrstuvwxyz,:;'") == "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".?!:") {
		s += "."
	}
	return s
}

// list joins names: "a", "a and b", "a, b and c".
func list(names []string, and string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}
