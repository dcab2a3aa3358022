package chart

import (
	"github.com/shopspring/decimal"

	"spendbot/analysis/render"
)

// axis maps amounts to the range 0 to 1. It begins at zero unless that would hide the changes.
type axis struct {
	low, high decimal.Decimal
	cut       bool // zero does not lie on it
	steps     int64
	ticks     []tick
}

type tick struct {
	at    decimal.Decimal
	label string
}

// cutBelow is the share of the largest amount that the amounts must span for the axis to begin at zero: below it the
// changes would be slivers at the end of long bars.
var cutBelow = decimal.New(45, -2)

// headroom is how much of the span a cut axis shows beyond it, so that the bars cut still look like bars.
var headroom = decimal.New(30, -2)

// newAxis spans amounts with so many steps at most; with mayCut they may lie on an axis without a zero.
func newAxis(amounts []decimal.Decimal, currency string, mayCut bool, steps int64) axis {
	a := axis{steps: steps}
	for i, v := range amounts {
		if i == 0 {
			a.low, a.high = v, v
		}
		a.low, a.high = decimal.Min(a.low, v), decimal.Max(a.high, v)
	}
	span := a.high.Sub(a.low)
	largest := decimal.Max(a.low.Abs(), a.high.Abs())
	step := niceStep(span, steps)
	switch {
	case mayCut && a.low.Sign() > 0 && span.Sign() > 0 && span.LessThan(largest.Mul(cutBelow)):
		a.low, a.cut = roundDown(a.low.Sub(span.Mul(headroom)), step), true
		if a.low.Sign() <= 0 {
			a.low, a.cut = decimal.Zero, false
		}
	case mayCut && a.high.Sign() < 0 && span.Sign() > 0 && span.LessThan(largest.Mul(cutBelow)):
		a.high, a.cut = roundDown(a.high.Add(span.Mul(headroom)), step).Add(step), true
		if a.high.Sign() >= 0 {
			a.high, a.cut = decimal.Zero, false
		}
	default:
		a.low, a.high = decimal.Min(a.low, decimal.Zero), decimal.Max(a.high, decimal.Zero)
	}
	if a.low.Equal(a.high) {
		a.high = a.low.Add(decimal.New(1, 0))
		return a // nothing to measure against
	}
	a.mark(currency)
	return a
}

// mark puts the ticks; where their labels could not be told apart there are none.
func (a *axis) mark(currency string) {
	step := niceStep(a.high.Sub(a.low), a.steps)
	largest := decimal.Max(a.low.Abs(), a.high.Abs())
	seen := map[string]bool{}
	for at := roundDown(a.low, step); at.LessThanOrEqual(a.high) && int64(len(a.ticks)) <= 3*a.steps; at = at.Add(step) {
		if at.LessThan(a.low) {
			continue
		}
		t := tick{at, drawable(render.Tick(at, step, largest, currency), "")}
		if seen[t.label] {
			a.ticks = nil
			return
		}
		seen[t.label] = true
		a.ticks = append(a.ticks, t)
	}
}

// niceStep is 1, 2 or 5 times a power of ten, as many steps to a span at most; 1 for no span.
func niceStep(span decimal.Decimal, steps int64) decimal.Decimal {
	if span.Sign() <= 0 {
		return decimal.New(1, 0)
	}
	raw := span.DivRound(decimal.New(steps, 0), 12)
	if raw.Sign() <= 0 {
		return span
	}
	exp := int32(raw.NumDigits()) + raw.Exponent() - 1
	for _, m := range []int64{1, 2, 5} {
		if s := decimal.New(m, exp); s.GreaterThanOrEqual(raw) {
			return s
		}
	}
	return decimal.New(1, exp+1)
}

// roundDown is the next multiple of step at or below v.
func roundDown(v, step decimal.Decimal) decimal.Decimal {
	return v.DivRound(step, 12).Floor().Mul(step)
}

// at is where an amount lies, 0 at the axis's low end and 1 at its high one.
func (a axis) at(v decimal.Decimal) float64 {
	f := v.Sub(a.low).DivRound(a.high.Sub(a.low), 9).InexactFloat64()
	return min(1, max(0, f))
}

// base is where bars begin: at zero, or at the end of a cut axis that is nearer to it.
func (a axis) base() decimal.Decimal {
	switch {
	case a.low.Sign() > 0:
		return a.low
	case a.high.Sign() < 0:
		return a.high
	}
	return decimal.Zero
}
