package explain

import (
	"spendbot/analysis"
)

// DaySums are one day's sums over part of a driver's leaves, as in [Sums], with the metric's Cost.
type DaySums struct {
	Quantity, List, Contracted, Cost, CoveredContracted, CoveredCost float64
}

// Daily is the daily history of part of a cut's leaves: one entry per day of each period, in order; a day without lines
// is zero. Rates are compared within one Daily and then weighed together, so that a shift between SKUs is not taken for a
// price change: group a cut's lines by SKU (or finer) for ListPrice, by service for the other vectors, or by nothing.
type Daily struct {
	Base, Cur []DaySums
}

// OnsetOf dates the change that a driver makes in one vector, from the daily sums of the cut's leaves. Quantity and
// one-time money are dated by cost; price, discount, commitment and currency by the rate the vector is about, so that
// usage's noise does not blur the day. monthly says that the lines are billed per month, which no day can be read from.
func OnsetOf(v Vector, parts []Daily, base, cur analysis.Period, monthly bool) analysis.Onset {
	return onsetOf(v, parts, base, cur, monthly)
}

// OneTimeOnset dates one-time charges: the day of the largest line in the current period, or, when only the baseline has
// any, no day ("not charged again"). The lines are the daily sums of the driver's charges.
func OneTimeOnset(baseCost, curCost []float64, base, cur analysis.Period) analysis.Onset {
	return oneTimeOnset(baseCost, curCost, base, cur)
}
