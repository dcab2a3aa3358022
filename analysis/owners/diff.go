package owners

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Diff is what another book would move.
type Diff struct {
	// Moves are what goes from one value to another, the largest first.
	Moves []Move `json:"moves"`
	// Totals are what each value has by either book, for the values that change. Per attribute and currency their deltas sum to
	// zero exactly: what leaves one arrives at another.
	Totals []Total `json:"totals"`
}

// Move is rows that another book gives to another value of an attribute.
type Move struct {
	Attribute string          `json:"attribute"`
	Was       string          `json:"was"`
	Is        string          `json:"is"`
	Currency  string          `json:"currency"`
	Amount    decimal.Decimal `json:"amount"` // effective cost
	Rows      int64           `json:"rows"`   // line items
	// WasBy and IsBy are what decided, in words.
	WasBy string  `json:"was_by"`
	IsBy  string  `json:"is_by"`
	Top   []Slice `json:"top"`
}

// Total is what a value has by either book.
type Total struct {
	Attribute string          `json:"attribute"`
	Value     string          `json:"value"`
	Currency  string          `json:"currency"`
	Was       decimal.Decimal `json:"was"`
	Is        decimal.Decimal `json:"is"`
	Delta     decimal.Decimal `json:"delta"`
}

// saidOf are the names of all that is said of a row, in the order it is shown.
var saidOf = []string{"team", "group", "business_unit", "cost_centre", "environment", "product", "slack_channel", "slack_user", "jira_project", "assignee"}

// said is a value of a verdict and what decided it.
func (v Verdict) said(name string) (value, by string) {
	switch analysis.Dimension(name) {
	case analysis.DimGroup:
		return v.Group, "team " + v.Decisions[Team].Value
	case analysis.DimBusinessUnit:
		return v.BusinessUnit, "team " + v.Decisions[Team].Value
	}
	d := v.Decisions[Attribute(name)]
	return d.Value, v.By(d)
}

// By says what decided, in words: `rule "payments accounts" (owners.yaml:14)`, "tag team", "team payments", "nothing".
func (v Verdict) By(d Decision) string {
	switch d.By {
	case ByRule:
		r := &v.Version.Config.Rules[d.Rule]
		if r.Name == fmt.Sprintf("rule %d", d.Rule+1) {
			return fmt.Sprintf("%s (%s:%d)", r.Name, v.Version.File, r.Line)
		}
		return fmt.Sprintf("rule %q (%s:%d)", r.Name, v.Version.File, r.Line)
	case ByTag:
		return "tag " + d.Tag
	case ByTeam:
		return "team " + v.Decisions[Team].Value
	}
	return "nothing"
}

// topSlices is how many slices are named under a move.
const topSlices = 3

// Compare judges the tuples by two books.
func Compare(tuples []Tuple, was, is *Book) Diff {
	type key struct{ attribute, was, is, currency, wasBy, isBy string }
	type sum struct {
		amount decimal.Decimal
		rows   int64
		top    slicesOf
	}
	type place struct{ attribute, value, currency string }
	moves := map[key]*sum{}
	totals := map[place]*Total{}
	changed := map[place]bool{}
	at := func(attribute, value, currency string) *Total {
		p := place{attribute, value, currency}
		if totals[p] == nil {
			totals[p] = &Total{Attribute: attribute, Value: value, Currency: currency}
		}
		return totals[p]
	}
	for i := range tuples {
		t := &tuples[i]
		a, b := was.Judge(t.Row), is.Judge(t.Row)
		for _, name := range saidOf {
			va, byA := a.said(name)
			vb, byB := b.said(name)
			ta, tb := at(name, va, t.Currency), at(name, vb, t.Currency)
			ta.Was, tb.Is = ta.Was.Add(t.Cost), tb.Is.Add(t.Cost)
			if va == vb {
				continue
			}
			changed[place{name, va, t.Currency}], changed[place{name, vb, t.Currency}] = true, true
			k := key{name, va, vb, t.Currency, byA, byB}
			if moves[k] == nil {
				moves[k] = &sum{top: slicesOf{}}
			}
			m := moves[k]
			m.amount, m.rows = m.amount.Add(t.Cost), m.rows+t.Rows
			m.top.add(t)
		}
	}
	var out Diff
	for k, m := range moves {
		out.Moves = append(out.Moves, Move{k.attribute, k.was, k.is, k.currency, m.amount, m.rows, k.wasBy, k.isBy, m.top.top(topSlices)})
	}
	order := func(name string) int { return slices.Index(saidOf, name) }
	slices.SortFunc(out.Moves, func(a, b Move) int {
		return cmp.Or(order(a.Attribute)-order(b.Attribute), b.Amount.Abs().Cmp(a.Amount.Abs()), cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is),
			cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.WasBy, b.WasBy), cmp.Compare(a.IsBy, b.IsBy))
	})
	for p := range changed {
		t := totals[p]
		t.Delta = t.Is.Sub(t.Was)
		out.Totals = append(out.Totals, *t)
	}
	slices.SortFunc(out.Totals, func(a, b Total) int {
		return cmp.Or(order(a.Attribute)-order(b.Attribute), cmp.Compare(a.Currency, b.Currency), b.Delta.Cmp(a.Delta), cmp.Compare(a.Value, b.Value))
	})
	return out
}
