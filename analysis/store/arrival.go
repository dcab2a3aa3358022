package store

import (
	"time"

	"spendbot/analysis"
)

// ArrivalDays is how many days, the day of the load the last of them, a load's record keeps the fill of. Providers go on changing
// a day for about two, few for longer than a week.
const ArrivalDays = 14

// Arrival is how much the store held of a provider's latest days when a load had been published: with the records of other loads it
// tells how old a day is when it stops changing. Loads keep it for the providers they brought rows of.
type Arrival struct {
	Provider string    `json:"provider"`
	Currency string    `json:"currency"` // BillingCurrency; amounts of several are kept apart
	From     time.Time `json:"from"`     // the first of the days, a UTC midnight
	// Rows and Cost are per day from From on: line items that span a day or less, and what they cost (EffectiveCost, BilledCost where
	// a row has none). A day without any is 0.
	Rows []int64           `json:"rows"`
	Cost []analysis.Amount `json:"cost"`
}

// Day is the i-th day.
func (a Arrival) Day(i int) time.Time { return a.From.AddDate(0, 0, i) }
