package allocation

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Places are the decimals that parts are cut to: those of the store's amounts (store.MoneyScale).
const Places = 18

// units turns amounts into whole numbers of the smallest unit and back.
type units int32

func unitsOf(places int32, amounts ...analysis.Amount) units {
	for _, a := range amounts {
		places = max(places, -a.Exponent())
	}
	return units(places)
}

func (u units) of(a analysis.Amount) *big.Int { return a.Shift(int32(u)).BigInt() }

func (u units) amount(n *big.Int) analysis.Amount { return decimal.NewFromBigInt(n, -int32(u)) }

// integers are weights as whole numbers of one unit; negative ones are 0.
func integers(weights []analysis.Amount) []*big.Int {
	u := unitsOf(0, weights...)
	out := make([]*big.Int, len(weights))
	for i, w := range weights {
		if out[i] = new(big.Int); w.IsPositive() {
			out[i] = u.of(w)
		}
	}
	return out
}

// share cuts n into parts in proportion to weights, none of which is negative, so that they sum to it exactly: each part rounded down to
// whole units, and what is missing given by one unit each to the largest remainders, ties to the first (Hamilton, 1792). A negative n is
// cut like the positive one. Nil when all weights are 0.
func share(n *big.Int, weights []*big.Int) []*big.Int {
	total := sum(weights)
	if total.Sign() == 0 {
		return nil
	}
	left := new(big.Int).Abs(n)
	parts, rest, order := make([]*big.Int, len(weights)), make([]*big.Int, len(weights)), make([]int, len(weights))
	whole := new(big.Int).Set(left)
	for i, w := range weights {
		parts[i], rest[i] = new(big.Int).QuoRem(new(big.Int).Mul(whole, w), total, new(big.Int))
		left.Sub(left, parts[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	one := big.NewInt(1)
	for _, i := range order[:int(left.Int64())] { // fewer than there are remainders
		parts[i].Add(parts[i], one)
	}
	if n.Sign() < 0 {
		for _, p := range parts {
			p.Neg(p)
		}
	}
	return parts
}

func sum(ns []*big.Int) *big.Int {
	total := new(big.Int)
	for _, n := range ns {
		total.Add(total, n)
	}
	return total
}

// spread cuts rows, all of one sign, so that each row's parts sum to the row and each target's parts to totals, which sum to
// the rows: row by row in proportion to what each target is still to get.
func spread(rows, totals []*big.Int) [][]*big.Int {
	left := make([]*big.Int, len(totals))
	for t, n := range totals {
		left[t] = new(big.Int).Abs(n)
	}
	out := make([][]*big.Int, len(rows))
	for i, row := range rows {
		if out[i] = share(row, left); out[i] == nil { // nothing is left to get, and the row is 0
			out[i] = make([]*big.Int, len(totals))
			for t := range out[i] {
				out[i][t] = new(big.Int)
			}
		}
		for t, p := range out[i] {
			left[t].Sub(left[t], new(big.Int).Abs(p))
		}
	}
	return out
}

// Cents rounds parts to a currency's smallest unit so that they sum to their total rounded half away from zero, which is how
// an invoice is rounded: by largest remainder, ties to the first. No part moves by a whole unit.
func Cents(parts []analysis.Amount, places int32) []analysis.Amount {
	total := decimal.Zero
	for _, p := range parts {
		total = total.Add(p)
	}
	return CentsTo(parts, total.Round(places), places)
}

// CentsTo rounds parts so that they sum to a total, which is their sum rounded up or down; otherwise like [Cents].
func CentsTo(parts []analysis.Amount, total analysis.Amount, places int32) []analysis.Amount {
	out := make([]analysis.Amount, len(parts))
	missing := decimal.Zero
	order := make([]int, len(parts))
	for i, p := range parts {
		out[i] = p.RoundFloor(places)
		missing = missing.Sub(out[i])
		order[i] = i
	}
	missing = missing.Add(total)
	rest := func(i int) analysis.Amount { return parts[i].Sub(out[i]) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(0, rest(a).Cmp(rest(b))) })
	unit := decimal.New(1, -places)
	for _, i := range order {
		if !missing.IsPositive() {
			break
		}
		out[i], missing = out[i].Add(unit), missing.Sub(unit)
	}
	return out
}
