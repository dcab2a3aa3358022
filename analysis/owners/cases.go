package owners

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Case is rows of which the same is said for the same reasons.
type Case struct {
	Verdict
	Why      map[Attribute][]string // what of the rule held, where a rule decided
	Rows     int64                  // line items
	Cost     map[string]decimal.Decimal
	Accounts []string // as people know them
}

// CasesOf puts together the rows that a book judges alike, those of most rows first.
func CasesOf(b *Book, tuples []Tuple) []*Case {
	var out []*Case
	by := map[string]*Case{}
	for _, t := range tuples {
		v := b.Judge(t.Row)
		key := v.Version.SHA256
		for _, a := range Attributes {
			d := v.Decisions[a]
			key += fmt.Sprintf("\x00%s\x00%s\x00%d", d.Value, d.By, d.Rule)
		}
		c := by[key]
		if c == nil {
			c = &Case{Verdict: v, Why: map[Attribute][]string{}, Cost: map[string]decimal.Decimal{}}
			for a, d := range v.Decisions {
				if d.By == ByRule {
					c.Why[a] = v.Version.Why(d.Rule, t.Row)
				}
			}
			by[key] = c
			out = append(out, c)
		}
		c.Rows += t.Rows
		c.Cost[t.Currency] = c.Cost[t.Currency].Add(t.Cost)
		if !slices.Contains(c.Accounts, t.Account) {
			c.Accounts = append(c.Accounts, t.Account)
		}
	}
	slices.SortStableFunc(out, func(a, b *Case) int { return cmp.Compare(b.Rows, a.Rows) })
	return out
}

// Because says in words what gave the rows a value, and why.
func (c *Case) Because(a Attribute) string {
	d := c.Decisions[a]
	by := c.By(d)
	switch d.By {
	case ByNone:
		by = "no rule and no tag gives it one"
	case ByTeam:
		by = "what " + by + " says of itself"
	}
	if why := c.Why[a]; len(why) > 0 {
		by += ": " + strings.Join(why, ", ")
	}
	return by
}
