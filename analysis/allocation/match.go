package allocation

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// Match is a condition on the rows of a bill: one of the scopes, where there are any, and every condition.
type Match struct {
	Scopes []Scope
	Conds  []Cond
}

// Scope is a part of the bill by name: rows for which all conditions of one of the alternatives hold.
type Scope struct {
	Name string
	Any  [][]Cond
}

// Cond holds for rows whose dimension has one of the values and none of the others. A value is a whole one, or a pattern with *
// for any text, in which letter case does not matter. "" is what has none.
type Cond struct {
	Dimension analysis.Dimension
	In        []string // none: any value
	NotIn     []string
}

// The dimensions that only rules know, beside those of [analysis.Dimensions]: columns of the rollup that no question is cut by.
const (
	DimCommitmentStatus analysis.Dimension = "commitment_status"  // CommitmentDiscountStatus: Used or Unused
	DimDescription      analysis.Dimension = "charge_description" // ChargeDescription, which the rollup keeps for charges other than usage
	DimFrequency        analysis.Dimension = "charge_frequency"   // ChargeFrequency: One-Time, Recurring, Usage-Based
)

var ownColumns = map[analysis.Dimension]string{
	DimCommitmentStatus: "CommitmentDiscountStatus", DimDescription: "ChargeDescription", DimFrequency: "ChargeFrequency",
}

// Column is the expression for a dimension that a rule may name; rows without a value read as the empty string, and so do the
// owners that the owners configuration calls unallocated.
func Column(d analysis.Dimension) (query.Fragment, error) {
	if c, ok := ownColumns[d]; ok {
		return query.OrEmpty(query.F(c)), nil
	}
	f, err := query.Dimension(d)
	if err == nil && slices.Contains(analysis.OwnerDimensions, d) {
		f = query.F("CASE WHEN "+f.SQL+" = '"+analysis.Unallocated+"' THEN '' ELSE "+f.SQL+" END", append(slices.Clone(f.Params), f.Params...)...)
	}
	return f, err
}

func pattern(v string) bool { return strings.Contains(v, "*") }

// like is a pattern as LIKE has it.
var like = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`)

// sql is the condition as SQL; it is never null.
func (c Cond) sql() (query.Fragment, error) {
	expr, err := Column(c.Dimension)
	if err != nil {
		return query.Fragment{}, err
	}
	oneOf := func(values []string) query.Fragment {
		var whole []string
		var parts []query.Fragment
		for _, v := range values {
			if !pattern(v) {
				whole = append(whole, v)
				continue
			}
			parts = append(parts, query.F("lower("+expr.SQL+`) LIKE ? ESCAPE '\'`, append(slices.Clone(expr.Params), like.Replace(strings.ToLower(v)))...))
		}
		if len(whole) > 0 {
			parts = append(parts, query.In(expr, whole, false))
		}
		f := query.Join(" OR ", parts...)
		return query.F("("+f.SQL+")", f.Params...)
	}
	var parts []query.Fragment
	if len(c.In) > 0 {
		parts = append(parts, oneOf(c.In))
	}
	if len(c.NotIn) > 0 {
		f := oneOf(c.NotIn)
		parts = append(parts, query.F("NOT "+f.SQL, f.Params...))
	}
	return query.Join(" AND ", parts...), nil
}

// Holds reports whether the condition holds for a value.
func (c Cond) Holds(value string) bool {
	oneOf := func(values []string) bool {
		return slices.ContainsFunc(values, func(v string) bool {
			return v == value || pattern(v) && glob(strings.ToLower(v), strings.ToLower(value))
		})
	}
	return (len(c.In) == 0 || oneOf(c.In)) && !oneOf(c.NotIn)
}

// glob matches a text with a pattern in which * is any text.
func glob(p, s string) bool {
	parts := strings.Split(p, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return p == s
	}
	if !strings.HasPrefix(s, first) || len(s) < len(first)+len(last) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, m := range parts[1 : len(parts)-1] {
		at := strings.Index(s, m)
		if at < 0 {
			return false
		}
		s = s[at+len(m):]
	}
	return true
}

// all joins conditions, of which there is at least one.
func all(conds []Cond) (query.Fragment, error) {
	parts := make([]query.Fragment, len(conds))
	for i, c := range conds {
		var err error
		if parts[i], err = c.sql(); err != nil {
			return query.Fragment{}, err
		}
	}
	return query.Join(" AND ", parts...), nil
}

// SQL is the match as a condition on the rows of a view: never null, "true" for everything. The conditions on the dimensions of
// except are left out.
func (m Match) SQL(except ...analysis.Dimension) (query.Fragment, error) {
	var parts []query.Fragment
	if len(m.Scopes) > 0 {
		var any []query.Fragment
		for _, s := range m.Scopes {
			for _, conds := range s.Any {
				f, err := all(conds)
				if err != nil {
					return query.Fragment{}, fmt.Errorf("scope %s: %w", s.Name, err)
				}
				any = append(any, query.F("("+f.SQL+")", f.Params...))
			}
		}
		f := query.Join(" OR ", any...)
		parts = append(parts, query.F("("+f.SQL+")", f.Params...))
	}
	var conds []Cond
	for _, c := range m.Conds {
		if !slices.Contains(except, c.Dimension) {
			conds = append(conds, c)
		}
	}
	if len(conds) > 0 {
		f, err := all(conds)
		if err != nil {
			return query.Fragment{}, err
		}
		parts = append(parts, f)
	}
	if len(parts) == 0 {
		return query.F("true"), nil
	}
	return query.Join(" AND ", parts...), nil
}

// on are the conditions on a dimension.
func (m Match) on(d analysis.Dimension) []Cond {
	var out []Cond
	for _, c := range m.Conds {
		if c.Dimension == d {
			out = append(out, c)
		}
	}
	return out
}

// Words says what is matched: "nat; account a or b"; "all spend" for everything.
func (m Match) Words() string {
	var parts []string
	for _, s := range m.Scopes {
		parts = append(parts, s.Name)
	}
	out := strings.Join(parts, " or ")
	for _, c := range m.Conds {
		if out != "" {
			out += ", "
		}
		out += c.Words()
	}
	if out == "" {
		return "all spend"
	}
	return out
}

// Words says the condition: "team infra or platform, not may".
func (c Cond) Words() string {
	list := func(values []string) string {
		shown := make([]string, len(values))
		for i, v := range values {
			if shown[i] = v; v == "" {
				shown[i] = "(none)"
			}
		}
		return strings.Join(shown, " or ")
	}
	out := c.Dimension.Words()
	if len(c.In) > 0 {
		out += " " + list(c.In)
	}
	if len(c.NotIn) > 0 {
		out += " not " + list(c.NotIn)
	}
	return out
}
