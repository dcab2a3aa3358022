package analysis

import "github.com/shopspring/decimal"

// Monthly is an amount a day over a mean month of 365/12 days, to the cent: a convention, not a forecast.
func Monthly(day Amount) Amount {
	return day.Mul(decimal.NewFromInt(365)).DivRound(decimal.NewFromInt(12), 2)
}
