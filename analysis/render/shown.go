package render

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Below these a column shows the currency's smallest unit instead of whole ones: centsBelow for totals, and
// deltaCentsBelow for a change that whole units would blur.
var (
	centsBelow      = decimal.New(1000, 0)
	deltaCentsBelow = decimal.New(10, 0)
)

// maxPlaces bounds how far amounts smaller than a cent are written out.
const maxPlaces = 6

// roundTo rounds half up. Unlike rounding half away from zero its error lies in a half-open interval, so the difference
// of two rounded numbers is never a whole unit away from the true difference; [fit] relies on that.
func roundTo(d decimal.Decimal, places int32) decimal.Decimal {
	half := decimal.New(5, -places-1)
	return floorTo(d.Add(half), places)
}

func floorTo(d decimal.Decimal, places int32) decimal.Decimal {
	return d.Shift(places).Floor().Shift(-places)
}

// placesFor is how many decimals amounts up to the given magnitude are shown with: none from 1,000 on, cents below
// that, and below a cent as many as leave two digits standing.
func placesFor(largest decimal.Decimal, currency string) int32 {
	largest = largest.Abs()
	if largest.GreaterThanOrEqual(centsBelow) {
		return 0
	}
	places := minorPlaces(currency)
	if largest.IsZero() {
		return 0
	}
	for tens := decimal.New(10, -places); largest.LessThan(tens) && places < maxPlaces; places++ {
		tens = tens.Shift(-1)
	}
	return places
}

// fit rounds parts so that they sum to total, which is their sum rounded: the largest-remainder method (Hamilton,
// 1792). No part moves by a whole unit, a part that needs no rounding does not move, and none changes its sign.
func fit(parts []decimal.Decimal, total decimal.Decimal, places int32) []decimal.Decimal {
	step := decimal.New(1, -places)
	out := make([]decimal.Decimal, len(parts))
	order := make([]int, len(parts))
	missing := total
	for i, p := range parts {
		out[i] = floorTo(p, places)
		missing = missing.Sub(out[i])
		order[i] = i
	}
	remainder := func(i int) decimal.Decimal { return parts[i].Sub(out[i]) }
	slices.SortStableFunc(order, func(a, b int) int { return remainder(b).Cmp(remainder(a)) })
	up := missing.Shift(places).IntPart()
	for _, i := range order {
		if up <= 0 || remainder(i).IsZero() {
			break
		}
		out[i] = out[i].Add(step)
		up--
	}
	return out
}

// shownChange is a change as it is printed: the totals rounded by themselves, because they are compared with invoices
// and other answers, and the delta as the difference of what is printed.
type shownChange struct {
	current, baseline, delta decimal.Decimal
	places                   int32
}

func showChange(c analysis.Change) shownChange {
	larger := decimal.Max(c.Current.Abs(), c.Baseline.Abs())
	places := placesFor(larger, c.Currency)
	if d := c.Delta.Abs(); !d.IsZero() && d.LessThan(deltaCentsBelow) {
		places = max(places, minorPlaces(c.Currency))
	}
	s := shownChange{current: roundTo(c.Current, places), baseline: roundTo(c.Baseline, places), places: places}
	s.delta = s.current.Sub(s.baseline)
	return s
}

// minShareOfMoves is how much of the gross movement must be left in the delta for shares of it to mean anything: below,
// opposite moves nearly cancel and "380% of the rise" would say nothing.
var minShareOfMoves = decimal.New(25, -2)

// shares are the parts' shares of the delta in tenths of a percent, as ratios that sum to exactly 1; nil when the parts
// cancel so far that shares mean nothing.
func shares(parts []decimal.Decimal, delta decimal.Decimal) []decimal.Decimal {
	gross := decimal.Zero
	for _, p := range parts {
		gross = gross.Add(p.Abs())
	}
	if delta.IsZero() || delta.Abs().LessThan(gross.Mul(minShareOfMoves)) {
		return nil
	}
	ratios := make([]decimal.Decimal, len(parts))
	left := decimal.New(1, 0)
	widest := 0
	for i, p := range parts {
		ratios[i] = p.DivRound(delta, 16)
		left = left.Sub(ratios[i])
		if p.Abs().GreaterThan(parts[widest].Abs()) {
			widest = i
		}
	}
	if len(ratios) > 0 {
		ratios[widest] = ratios[widest].Add(left) // what the division's sixteenth digit lost
	}
	return fit(ratios, decimal.New(1, 0), 3)
}

// byWeight orders effects by how much money they moved, ties in the order effects are listed.
func byWeight(effects []analysis.EffectAmount) []analysis.EffectAmount {
	out := slices.Clone(effects)
	slices.SortStableFunc(out, func(a, b analysis.EffectAmount) int {
		if c := b.Amount.Abs().Cmp(a.Amount.Abs()); c != 0 {
			return c
		}
		return cmp.Compare(slices.Index(analysis.Effects, a.Effect), slices.Index(analysis.Effects, b.Effect))
	})
	return out
}
