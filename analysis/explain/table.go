package explain

import (
	"fmt"

	"spendbot/analysis"
)

// Stratum is the kind of charge a leaf holds. Usage is decomposed by logarithms and searched for slices; every other
// stratum is one-time money: its change is its effect, and it is listed by account and service.
type Stratum uint8

// The strata. A correction (ChargeClass) of any category is a Correction; commitment_unused is usage-category charges with
// CommitmentDiscountStatus "Unused" (FOCUS 1.2).
const (
	Usage Stratum = iota
	CommitmentUnused
	Credit
	Purchase
	Tax
	Adjustment
	Correction
)

var strata = [...]string{"usage", "commitment_unused", "credit", "purchase", "tax", "adjustment", "correction"}

// String is the stratum's name as SQL writes it: "usage", "commitment_unused", "credit"...
func (s Stratum) String() string {
	if int(s) < len(strata) {
		return strata[s]
	}
	return fmt.Sprintf("stratum(%d)", uint8(s))
}

// ParseStratum is the inverse of String.
func ParseStratum(s string) (Stratum, error) {
	for i, n := range strata {
		if n == s {
			return Stratum(i), nil
		}
	}
	return 0, fmt.Errorf("unknown stratum %q", s)
}

// Sums are a leaf's totals in one period, all money in the answer's currency. NaN means unknown, which is not zero.
// They steer how a change is split, never how large it is: the exact cost stands in the [Leaf].
type Sums struct {
	Quantity   float64 // PricingQuantity, in the leaf's pricing unit
	List       float64 // ListCost
	Contracted float64 // ContractedCost
	// CoveredContracted and CoveredCost are ContractedCost and the metric's cost of the lines that a commitment paid for
	// (CommitmentDiscountStatus 'Used').
	CoveredContracted float64
	CoveredCost       float64
	// FX is the exchange rate in force: answer's currency per unit of the currency the charges were priced in. 0 or NaN
	// when no conversion took place.
	FX float64
}

// Leaf is a price key in a stratum, with its sums per period. Its dimension values are in the Table.
type Leaf struct {
	Stratum Stratum
	// Recurring marks charges that do not grow with the number of days (ChargeFrequency Recurring, monthly rows): they
	// get no calendar effect.
	Recurring bool
	// Description separates one-time charges of one account and service (ChargeDescription); unused for usage.
	Description string

	BaseSums, CurSums Sums
	// BaseCost and CurCost are the metric's cost, exact, with at most 18 digits after the point.
	BaseCost, CurCost analysis.Amount

	// NewQuantity is the current period's PricingQuantity of resources that the leaf did not have in the baseline;
	// GoneQuantity the baseline's of those it has no more. Both zero when not looked up.
	NewQuantity, GoneQuantity float64

	// BaseDayVar is the variance of the leaf's daily cost within the baseline, in money squared; 0 or NaN when unknown.
	// It sets how much movement is the slice's own noise.
	BaseDayVar float64
}

// Dim is a dimension slices may be cut by: a FOCUS column or "tag:KEY". Code i of leaf j stands for Values[Codes[j]];
// the value "" means the leaf has none.
type Dim struct {
	Name   string
	Values []string
	Codes  []int32
}

// Table is the leaf table. Several leaves may agree in all dimensions (they differ in pricing unit or stratum). Build it
// with NewTable and Add, or fill the fields: every Dim holds one code per leaf.
type Table struct {
	Dims   []Dim
	Leaves []Leaf

	index []map[string]int32
}

// NewTable is an empty table over the named dimensions, in order of preference when two slices hold the same leaves: put
// the name readers like best first (service, account, region, team, other tags, usage type, SKU).
func NewTable(dims ...string) *Table {
	t := &Table{Dims: make([]Dim, len(dims)), index: make([]map[string]int32, len(dims))}
	for i, d := range dims {
		t.Dims[i].Name = d
		t.index[i] = map[string]int32{}
	}
	return t
}

// Add appends a leaf with its dimension values, in the order of the table's dimensions. It is for tables made by NewTable.
func (t *Table) Add(values []string, l Leaf) {
	for i, v := range values {
		d := &t.Dims[i]
		c, ok := t.index[i][v]
		if !ok {
			c = int32(len(d.Values))
			d.Values = append(d.Values, v)
			t.index[i][v] = c
		}
		d.Codes = append(d.Codes, c)
	}
	t.Leaves = append(t.Leaves, l)
}

// Condition fixes one dimension of a table to one value.
type Condition struct {
	Dim  int   // index into Table.Dims
	Code int32 // index into that Dim's Values
}

// SliceOf writes conditions as columns and values.
func (t *Table) SliceOf(cs []Condition) map[string]string {
	m := make(map[string]string, len(cs))
	for _, c := range cs {
		m[t.Dims[c.Dim].Name] = t.Dims[c.Dim].Values[c.Code]
	}
	return m
}

// holds reports whether leaf i satisfies all conditions.
func (t *Table) holds(cs []Condition, i int) bool {
	for _, c := range cs {
		if t.Dims[c.Dim].Codes[i] != c.Code {
			return false
		}
	}
	return true
}
