package render

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// bridgeView is a bridge in the words and figures shown, before anyone lays it out. Its texts are not yet clean.
type bridgeView struct {
	shareHead string // "of the rise", or "" when shares would mean nothing
	drivers   []bridgeRow
	rest      bridgeRow
	total     bridgeRow
	effects   []string
}

type bridgeRow struct {
	label, amount, share, onset, how string
	since                            string   // the onset as a clause: "since Wed 18 Nov"
	near                             []string // what happened near its onset
	sign                             int
}

// viewBridge takes the answer's events and queries from it; nil has neither.
func viewBridge(b *analysis.Bridge, a *analysis.Answer) bridgeView {
	var queries []analysis.QueryTrace
	if a != nil {
		queries = a.Trace.Queries
	}
	s := showChange(b.Change)
	currency := b.Change.Currency
	parts := make([]decimal.Decimal, 0, len(b.Drivers)+1)
	for _, d := range b.Drivers {
		parts = append(parts, d.Amount)
	}
	parts = append(parts, b.Rest.Amount)
	amounts := fitOrRound(parts, s.delta, s.places)
	share := shares(parts, b.Change.Delta)

	row := func(i int, label, how string) bridgeRow {
		r := bridgeRow{label: label, how: how, amount: delta(amounts[i], currency, s.places), sign: amounts[i].Sign()}
		if share != nil {
			r.share = Percent(share[i])
		}
		return r
	}
	var v bridgeView
	for i, d := range b.Drivers {
		r := row(i, d.Label, howText(d, currency, s.places))
		r.onset, r.since = OnsetText(d.Onset), sinceText(d.Onset)
		r.near = nearTexts(a, i+1)
		v.drivers = append(v.drivers, r)
	}
	v.rest = row(len(b.Drivers), restLabel(b.Rest, currency, s.places), restHow(b.Rest, queries, currency, s.places))
	v.total = bridgeRow{amount: delta(s.delta, currency, s.places), sign: s.delta.Sign()}
	if share != nil {
		v.total.share = "100.0%"
		v.shareHead = "of the rise"
		if b.Change.Delta.Sign() < 0 {
			v.shareHead = "of the fall"
		}
	}
	v.effects = effectTexts(b.Effects, s, currency)
	return v
}

// DriverAmount is the amount of a driver as the renderers print it, for a headline that names it.
func DriverAmount(b *analysis.Bridge, driver int) string {
	if driver < 0 || driver >= len(b.Drivers) {
		return ""
	}
	return viewBridge(b, nil).drivers[driver].amount
}

// fitOrRound is [fit] where the parts do sum to the total, as they must; where they do not, each is rounded by itself,
// so that the screen shows the disagreement and does not paper over it.
func fitOrRound(parts []decimal.Decimal, total decimal.Decimal, places int32) []decimal.Decimal {
	sum := decimal.Zero
	for _, p := range parts {
		sum = sum.Add(p)
	}
	if sum.Sub(total).Abs().LessThan(decimal.New(1, -places)) {
		return fit(parts, total, places)
	}
	out := make([]decimal.Decimal, len(parts))
	for i, p := range parts {
		out[i] = roundTo(p, places)
	}
	return out
}

// wholeSliceMatters is how far the change of a driver's whole slice must lie from the driver's own part, as a share of
// that, to be told: a console shows the whole slice, and people compare.
var wholeSliceMatters = decimal.New(1, -2)

// howText is the driver's own words, and what a reader must know to compare the row with a console.
func howText(d analysis.Driver, currency string, places int32) string {
	var texts []string
	if d.How != "" {
		texts = append(texts, d.How)
	}
	apart := d.SliceTotal.Sub(d.Amount).Abs()
	if len(d.Slice) > 0 && apart.GreaterThan(d.Amount.Abs().Mul(wholeSliceMatters)) {
		if whole := delta(d.SliceTotal, currency, places); whole != delta(d.Amount, currency, places) {
			texts = append(texts, "whole slice "+whole)
		}
	}
	if len(d.Offsets) > 0 {
		o := d.Offsets[0]
		texts = append(texts, "despite "+delta(o.Amount, currency, places)+" in "+o.Label)
	}
	if d.Confidence == analysis.Low {
		texts = append(texts, "low confidence")
	}
	return strings.Join(texts, "; ")
}

func restLabel(r analysis.Rest, currency string, places int32) string {
	const name = "everything else"
	switch r.Slices {
	case 0:
		return name
	case 1:
		return name + " (1 slice)"
	}
	// Rounded up: "none above" must stay true.
	largest := decimal.Zero.Sub(floorTo(r.Largest.Abs().Neg(), places))
	return name + " (" + group(strconv.Itoa(r.Slices)) + " slices, none above " + money(largest, currency, places) + ")"
}

// restHow names the two effects that weigh most in the rest, and the query that lists it.
func restHow(r analysis.Rest, queries []analysis.QueryTrace, currency string, places int32) string {
	var texts []string
	for _, e := range byWeight(r.Effects) {
		if shown := delta(e.Amount, currency, places); len(texts) < 2 && roundTo(e.Amount, places).Sign() != 0 {
			texts = append(texts, EffectWords(e.Effect)+" "+shown)
		}
	}
	how := strings.Join(texts, ", ")
	for _, name := range []string{"rest", "leaves"} {
		for _, q := range queries {
			if q.Name == name {
				return strings.TrimPrefix(how+"; query "+strconv.Quote(name), "; ")
			}
		}
	}
	return how
}

// alwaysSaid are the effects that are shown even when they are zero: that it was not the price and not the days is
// news.
var alwaysSaid = []analysis.Effect{analysis.EffListPrice, analysis.EffCalendar}

// showEffects are the effects in falling weight, rounded so that they sum to the delta as shown.
func showEffects(effects []analysis.EffectAmount, s shownChange) []analysis.EffectAmount {
	effects = byWeight(effects)
	amounts := make([]decimal.Decimal, len(effects))
	for i, e := range effects {
		amounts[i] = e.Amount
	}
	for i, a := range fitOrRound(amounts, s.delta, s.places) {
		effects[i].Amount = a
	}
	return effects
}

// EffectsApart tells some effects of a bridge from the rest, in the figures that the renderers print: "coverage +$7,571",
// and "+$35,310" for everything else. Effects that show as nothing are left out.
func EffectsApart(b *analysis.Bridge, wanted func(analysis.Effect) bool) (texts []string, rest string) {
	s := showChange(b.Change)
	left := s.delta
	for _, e := range showEffects(b.Effects, s) {
		if wanted(e.Effect) && !e.Amount.IsZero() {
			texts = append(texts, EffectWords(e.Effect)+" "+delta(e.Amount, b.Change.Currency, s.places))
			left = left.Sub(e.Amount)
		}
	}
	return texts, delta(left, b.Change.Currency, s.places)
}

// effectTexts are the effects in falling weight, "usage +$11,436", summing to the delta as shown.
func effectTexts(effects []analysis.EffectAmount, s shownChange, currency string) []string {
	said := map[analysis.Effect]bool{}
	var texts []string
	for _, e := range showEffects(effects, s) {
		if e.Amount.IsZero() {
			continue
		}
		texts = append(texts, EffectWords(e.Effect)+" "+delta(e.Amount, currency, s.places))
		said[e.Effect] = true
	}
	if len(texts) == 0 {
		return nil
	}
	for _, e := range alwaysSaid {
		if !said[e] {
			texts = append(texts, EffectWords(e)+" "+money(decimal.Zero, currency, 0))
		}
	}
	return texts
}

// sinceText is the onset as a clause: "since Wed 18 Nov", "on Wed 18 Nov (spike)", "from the first day".
func sinceText(o analysis.Onset) string {
	text := OnsetText(o)
	switch {
	case onsetDay(o) == "":
		return text
	case o.Shape == "spike":
		return "on " + strings.TrimPrefix(text, "on ")
	default:
		return "since " + text
	}
}
