package explain

import (
	"math"

	"spendbot/analysis"
	"spendbot/analysis/explain/onset"
)

// DaySums are one day's sums over part of a driver's leaves, as in [Sums], with the metric's Cost.
type DaySums struct {
	Quantity, List, Contracted, Cost, CoveredContracted, CoveredCost float64
}

// Daily is the daily history of part of a cut's leaves: one entry per day of each period, in order; a day without lines
// is zero. Rates are compared within one Daily and then weighed together, so that a shift between SKUs is not taken for a
// price change: group a cut's lines by SKU (or finer) for ListPrice and OtherRate, by service for the other vectors, or by
// nothing where only Quantity is asked.
type Daily struct {
	Base, Cur []DaySums
}

// OnsetOf dates the change that a driver makes in one vector, from the daily sums of the cut's leaves. Quantity is dated
// by list cost (usage at unchanging prices; by cost where list costs are unknown); price, discount, commitment and
// currency by the rate the vector is about, so that usage's noise does not blur the day. monthly says that the lines are
// billed per month, which no day can be read from.
func OnsetOf(v Vector, parts []Daily, base, cur analysis.Period, monthly bool) analysis.Onset {
	s := onset.Series{BaseStart: base.Start, CurStart: cur.Start, Monthly: monthly}
	switch v {
	case ListPrice:
		s.Base, s.Cur = rateIndex(parts, func(d DaySums) (float64, float64) { return d.List, d.Quantity })
	case Negotiated:
		s.Base, s.Cur = rateIndex(parts, func(d DaySums) (float64, float64) { return d.Contracted, d.List })
	case Commitment:
		s.Base, s.Cur = rateIndex(parts, func(d DaySums) (float64, float64) { return d.Cost, d.Contracted })
	case Currency, OtherRate:
		s.Base, s.Cur = rateIndex(parts, func(d DaySums) (float64, float64) { return d.Cost, d.Quantity })
	}
	if len(s.Cur) == 0 {
		s.Base, s.Cur = usageSeries(parts)
	}
	return onset.Detect(s)
}

// usageSeries adds up list cost, or cost if any part has cost without list cost.
func usageSeries(parts []Daily) (base, cur []float64) {
	value := func(d DaySums) float64 { return d.List }
	for _, p := range parts {
		for _, days := range [][]DaySums{p.Base, p.Cur} {
			for _, d := range days {
				if d.Cost != 0 && !(d.List > 0) {
					value = func(d DaySums) float64 { return d.Cost }
				}
			}
		}
	}
	add := func(to *[]float64, days []DaySums) {
		for len(*to) < len(days) {
			*to = append(*to, 0)
		}
		for i, d := range days {
			(*to)[i] += value(d)
		}
	}
	for _, p := range parts {
		add(&base, p.Base)
		add(&cur, p.Cur)
	}
	return base, cur
}

// rateIndex is the price index of a basket with today's quantities: each day's numerators over what they would have been
// at each part's own baseline rate (a Paasche index). Days without a denominator are NaN; no part with a baseline rate at
// all gives nil.
func rateIndex(parts []Daily, of func(DaySums) (num, den float64)) (base, cur []float64) {
	var baseDen, curDen []float64
	add := func(num, den *[]float64, days []DaySums, rate float64) {
		for len(*num) < len(days) {
			*num, *den = append(*num, 0), append(*den, 0)
		}
		for i, d := range days {
			n, q := of(d)
			if q > 0 && !math.IsNaN(n) {
				(*num)[i] += n
				(*den)[i] += rate * q
			}
		}
	}
	for _, p := range parts {
		var n, q float64
		for _, d := range p.Base {
			if x, y := of(d); y > 0 && !math.IsNaN(x) {
				n += x
				q += y
			}
		}
		if !(n > 0 && q > 0) {
			continue
		}
		add(&base, &baseDen, p.Base, n/q)
		add(&cur, &curDen, p.Cur, n/q)
	}
	for i := range base {
		base[i] /= baseDen[i]
	}
	for i := range cur {
		cur[i] /= curDen[i]
	}
	return base, cur
}

// OneTimeOnset dates one-time charges: the day of the largest line in the current period, or, when only the baseline has
// any, no day. The values are the daily sums of the driver's charges.
func OneTimeOnset(baseCost, curCost []float64, base, cur analysis.Period) analysis.Onset {
	best, most := -1, 0.0
	for i, x := range curCost {
		if math.Abs(x) > most {
			best, most = i, math.Abs(x)
		}
	}
	if best < 0 {
		return analysis.Onset{Why: notChargedAgain}
	}
	d := cur.Start.AddDate(0, 0, best)
	return analysis.Onset{Day: d, From: d, To: d, Shape: onset.Spike}
}

// notChargedAgain is why a one-time charge of the baseline alone has no day.
const notChargedAgain = "not charged in the current period"
