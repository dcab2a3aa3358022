package allocation

import (
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// KPIs are the measures of the FinOps Foundation's library for a month's allocation, each a ratio; nil where there is nothing to
// divide by. A nobody is an owner "".
type KPIs struct {
	Total, Shared analysis.Amount // the bill, and of it what lay in a rule's source as it was billed
	// Apportioned is of the shared cost what was moved from its source: "Usage or Spend Apportionment Validation", which must be 1.
	Apportioned *analysis.Amount
	// UnallocatedShared is of the shared cost what was not given to anybody: "Percentage of Unallocated Shared CSP Cloud Cost".
	UnallocatedShared *analysis.Amount
	// Accuracy is of the bill what its own rows give an owner, without what rules moved: "Allocation Accuracy Index".
	Accuracy *analysis.Amount
	// Unallocated is of the bill what has no owner after the rules: "Percentage of Costs Associated with Unallocated CSP Cloud Resources".
	Unallocated *analysis.Amount
}

// Measure gives the KPIs of one currency over all periods of a result. cells are the bill as it was; dim is whose owners count.
func Measure(cells []Cell, r Result, dim int, currency string) KPIs {
	var k KPIs
	var direct, moved, stayed, nobody analysis.Amount
	for _, c := range cells {
		if c.Currency == currency {
			k.Total = k.Total.Add(c.Amount)
			if c.Owner[dim] != "" {
				direct = direct.Add(c.Amount)
			}
		}
	}
	for _, m := range r.Moves {
		if m.Currency != currency || m.Again {
			continue
		}
		moved = moved.Add(m.Amount)
		if m.From[dim] != "" {
			direct = direct.Sub(m.Amount)
		}
	}
	for _, c := range r.Cells {
		if c.Currency != currency {
			continue
		}
		if c.stayed && !c.moved {
			stayed = stayed.Add(c.Amount)
		}
		if c.Owner[dim] == "" {
			nobody = nobody.Add(c.Amount)
		}
	}
	k.Shared = moved.Add(stayed)
	k.Apportioned = ratio(moved, k.Shared)
	k.UnallocatedShared = ratio(stayed, k.Shared)
	k.Accuracy = ratio(direct, k.Total)
	k.Unallocated = ratio(nobody, k.Total)
	return k
}

// ratio is a part of a whole to 12 decimals; nil of nothing.
func ratio(part, whole analysis.Amount) *analysis.Amount {
	if whole.IsZero() {
		return nil
	}
	r := part.DivRound(whole, 12)
	if part.Equal(whole) {
		r = decimal.New(1, 0)
	}
	return &r
}
