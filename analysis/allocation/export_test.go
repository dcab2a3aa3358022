package allocation

import "spendbot/analysis"

// Apportion cuts one amount as rules cut each row's.
func Apportion(amount analysis.Amount, weights []analysis.Amount) []analysis.Amount {
	u := unitsOf(Places, amount)
	parts := share(u.of(amount), integers(weights))
	if parts == nil {
		return nil
	}
	out := make([]analysis.Amount, len(parts))
	for i, n := range parts {
		out[i] = u.amount(n)
	}
	return out
}
