// Package effect splits the change in the cost of one price key between two periods into effects that sum to it.
//
// The split is the logarithmic mean Divisia index, LMDI-I (B. W. Ang, "The LMDI approach to decomposition analysis: a
// practical guide", Energy Policy 33, 2005), over the factors of FOCUS's cost columns:
//
//	C = N · Q/N · L/Q · CC/L · E/CC
//
// days, quantity a day, list price, negotiated discount, commitment. LMDI leaves no residual, treats the two periods
// alike, and is consistent in aggregation: the effects of a slice are the sums of its price keys' effects, so that a
// shift between SKUs never shows as a price change.
//
// Everything here is float64 and pure; package explain makes the parts exact decimals.
package effect

import (
	"math"

	"spendbot/analysis"
)

// Kind is an effect a price key's usage can have, an index into [Parts].
type Kind uint8

// The kinds, in display order.
const (
	Calendar Kind = iota
	Volume
	NewResources
	RemovedResources
	NewSlice
	RemovedSlice
	ListPrice
	Negotiated
	Coverage
	CommitmentRate
	Currency
	OtherRate
	NumKinds
)

var names = [NumKinds]analysis.Effect{
	analysis.EffCalendar, analysis.EffVolume, analysis.EffNewResources, analysis.EffRemovedRes, analysis.EffNewSlice,
	analysis.EffRemovedSlice, analysis.EffListPrice, analysis.EffNegotiated, analysis.EffCoverage,
	analysis.EffCommitmentRate, analysis.EffCurrency, analysis.EffOtherRate,
}

// Effect is the kind's name in answers.
func (k Kind) Effect() analysis.Effect { return names[k] }

// mirror is the kind that takes k's place, negated, when the periods are swapped.
func (k Kind) mirror() Kind {
	switch k {
	case NewResources:
		return RemovedResources
	case RemovedResources:
		return NewResources
	case NewSlice:
		return RemovedSlice
	case RemovedSlice:
		return NewSlice
	default:
		return k
	}
}

// Parts holds one amount of money per Kind.
type Parts [NumKinds]float64

// Sum adds the parts.
func (p *Parts) Sum() float64 {
	var s float64
	for _, x := range p {
		s += x
	}
	return s
}

// Swapped is what p is with the two periods exchanged: negated, new and removed in each other's place.
func (p *Parts) Swapped() Parts {
	var q Parts
	for k := range NumKinds {
		if v := p[k]; v != 0 {
			q[k.mirror()] = -v
		}
	}
	return q
}

// Side is a price key in one period. NaN means unknown, which is not zero; money is in one currency throughout.
type Side struct {
	Days       float64 // days with data
	Quantity   float64 // PricingQuantity
	List       float64 // ListCost
	Contracted float64 // ContractedCost
	Cost       float64 // the metric's cost; never unknown
	// CoveredContracted and CoveredCost are the parts of Contracted and Cost that a commitment paid for
	// (CommitmentDiscountStatus 'Used').
	CoveredContracted, CoveredCost float64
	FX                             float64 // answer's currency per unit of the priced one; 0 or NaN when not converted
}

// Key is a price key in both periods.
type Key struct {
	Base, Cur Side
	// NewQuantity is the part of Cur.Quantity on resources that were not there in the baseline, GoneQuantity the part of
	// Base.Quantity on resources that are not there now; zero when unknown.
	NewQuantity, GoneQuantity float64
	// Recurring marks charges that do not grow with days: no calendar effect.
	Recurring bool
}

// LogMean is the logarithmic mean of two positive numbers, (a-b)/ln(a/b), and a where they are equal. It is symmetric to
// the last bit.
func LogMean(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	r := a/b - 1
	if r < 1e-4 {
		// Series of r/ln(1+r): the quotient loses digits as both ends go to zero.
		return b * (1 + r/2 - r*r/12 + r*r*r/24)
	}
	return (a - b) / math.Log(a/b)
}

// Of splits Cur.Cost - Base.Cost into effects. The parts sum to it up to float rounding, and Of of the swapped key is
// exactly the Swapped parts.
//
// With W = LogMean(C1, C0), U = W/LogMean(Q1, Q0), and x1/x0 a factor in the current and base period:
//
//	calendar             W ln(N1/N0)
//	new_resources        U · NewQuantity
//	removed_resources  - U · GoneQuantity
//	volume               W ln(Q1/Q0) - calendar - new_resources - removed_resources
//	currency             W ln(FX1/FX0)
//	list_price           W ln[(L1/Q1)/(L0/Q0)] - currency
//	negotiated_discount  W ln[(CC1/L1)/(CC0/L0)]
//	commitment           W ln[(E1/CC1)/(E0/CC0)], split below
//
// The commitment factor is e = E/CC = κg + (1-κ)h with coverage κ, price g of the covered part and h of the rest; its
// change is exactly the sum of three midpoint differences, and each is priced at W/LogMean(e1, e0):
//
//	commitment_coverage  (ḡ - h̄)(κ1 - κ0);  commitment_rate  κ̄(g1 - g0);  other_rate  (1 - κ̄)(h1 - h0)
//
// Where factors are missing: a key without cost and usage in one period is a new or a removed slice, whole. Without
// quantities there is a calendar effect and the rest is other_rate; without list or contracted cost all that quantity and
// currency leave is other_rate. Mixed signs, negative costs and quantities, and usage that was free in one period, have no
// logarithms: all of it is other_rate.
func Of(k Key) Parts {
	if swapped(&k) {
		k.Base, k.Cur = k.Cur, k.Base
		k.NewQuantity, k.GoneQuantity = k.GoneQuantity, k.NewQuantity
		p := split(&k)
		return p.Swapped()
	}
	return split(&k)
}

// swapped gives every key and its mirror image the same orientation, so that one is computed from the other: floats
// would not cancel to the last bit by themselves.
func swapped(k *Key) bool {
	b, c := &k.Base, &k.Cur
	for _, x := range [...][2]float64{
		{b.Cost, c.Cost}, {b.Quantity, c.Quantity}, {b.List, c.List}, {b.Contracted, c.Contracted},
		{b.CoveredContracted, c.CoveredContracted}, {b.CoveredCost, c.CoveredCost}, {b.FX, c.FX}, {b.Days, c.Days},
		{k.GoneQuantity, k.NewQuantity},
	} {
		p, q := x[0], x[1]
		switch {
		case p < q, math.IsNaN(p) && !math.IsNaN(q):
			return false
		case p > q, math.IsNaN(q) && !math.IsNaN(p):
			return true
		}
	}
	return false
}

func split(k *Key) (p Parts) {
	b, c := &k.Base, &k.Cur
	c0, c1 := b.Cost, c.Cost
	switch {
	case c0 == 0 && c1 == 0:
		return p
	case c0 == 0 && !(b.Quantity > 0):
		p[NewSlice] = c1
		return p
	case c1 == 0 && !(c.Quantity > 0):
		p[RemovedSlice] = -c0
		return p
	case c0 <= 0 || c1 <= 0 || b.Quantity < 0 || c.Quantity < 0:
		p[OtherRate] = c1 - c0
		return p
	}
	w := LogMean(c1, c0)
	if !k.Recurring && b.Days > 0 && c.Days > 0 {
		p[Calendar] = w * math.Log(c.Days/b.Days)
	}
	if b.FX > 0 && c.FX > 0 {
		p[Currency] = w * math.Log(c.FX/b.FX)
	}
	if !(b.Quantity > 0 && c.Quantity > 0) {
		p[OtherRate] = c1 - c0 - p[Calendar] - p[Currency]
		return p
	}
	q := w * math.Log(c.Quantity/b.Quantity)
	u := w / LogMean(c.Quantity, b.Quantity)
	p[NewResources] = u * within(k.NewQuantity, c.Quantity)
	p[RemovedResources] = -u * within(k.GoneQuantity, b.Quantity)
	p[Volume] = q - p[Calendar] - (p[NewResources] + p[RemovedResources])
	if !(b.List > 0 && c.List > 0 && b.Contracted > 0 && c.Contracted > 0) {
		p[OtherRate] = c1 - c0 - q - p[Currency]
		return p
	}
	p[ListPrice] = w*math.Log((c.List/c.Quantity)/(b.List/b.Quantity)) - p[Currency]
	p[Negotiated] = w * math.Log((c.Contracted/c.List)/(b.Contracted/b.List))
	commitment(&p, b, c, w)
	for k := range p {
		// What is left of equal factors after float division is no effect.
		if math.Abs(p[k]) < 1e-12*w {
			p[k] = 0
		}
	}
	return p
}

// commitment splits the factor E/CC of both sides into p.
func commitment(p *Parts, b, c *Side, w float64) {
	e0, e1 := b.Cost/b.Contracted, c.Cost/c.Contracted
	unit := w / LogMean(e1, e0)
	k0, g0, h0, known0 := coverage(b)
	k1, g1, h1, known1 := coverage(c)
	switch {
	case !known0 && !known1:
		p[OtherRate] += unit * (e1 - e0)
		return
	case !known0:
		g0 = g1
	case !known1:
		g1 = g0
	}
	// A side without uncovered usage takes the other side's price for it, and 1 when there is none at all.
	switch {
	case math.IsNaN(h0) && math.IsNaN(h1):
		h0, h1 = 1, 1
	case math.IsNaN(h0):
		h0 = h1
	case math.IsNaN(h1):
		h1 = h0
	}
	kappa := (k0 + k1) / 2
	p[Coverage] += unit * ((g0+g1)/2 - (h0+h1)/2) * (k1 - k0)
	p[CommitmentRate] += unit * kappa * (g1 - g0)
	p[OtherRate] += unit * (1 - kappa) * (h1 - h0)
}

// coverage is the covered share of contracted cost, the price of the covered part and that of the rest, both per unit of
// contracted cost. known is false when nothing was covered, and h is NaN when everything was.
func coverage(s *Side) (k, g, h float64, known bool) {
	k = s.CoveredContracted / s.Contracted
	if !(k > 1e-9) || math.IsNaN(s.CoveredCost) {
		return 0, 0, s.Cost / s.Contracted, false
	}
	if k > 1-1e-9 {
		// All of it: the uncovered dust, if any, belongs to the covered part, so that the identity e = κg holds.
		return 1, s.Cost / s.Contracted, math.NaN(), true
	}
	return k, s.CoveredCost / s.CoveredContracted, (s.Cost - s.CoveredCost) / (s.Contracted - s.CoveredContracted), true
}

// within clamps a part to 0..whole; unknown parts are zero.
func within(part, whole float64) float64 {
	if !(part > 0) {
		return 0
	}
	return math.Min(part, whole)
}

// OneTime is the effect of charges that are not usage, by stratum: their change in one piece, no logarithms.
func OneTime(stratum string) analysis.Effect {
	switch stratum {
	case "commitment_unused":
		return analysis.EffUnused
	case "credit":
		return analysis.EffCredits
	case "purchase":
		return analysis.EffPurchases
	case "tax":
		return analysis.EffTax
	case "correction":
		return analysis.EffRefunds
	default:
		return analysis.EffAdjustments
	}
}
