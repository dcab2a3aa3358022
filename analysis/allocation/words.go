package allocation

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// Teller says rules in words.
type Teller struct {
	// Name is how people know a value of a dimension; nil takes it as it is.
	Name func(d analysis.Dimension, value string) string
	// Discreet names nobody: neither whose rows a rule takes nor whom it gives parts, for readers who may not know of others.
	Discreet bool
}

// From says what is split: "nat, account shared-network".
func (t Teller) From(r *Rule) string { return t.match(r.From) }

func (t Teller) match(m Match) string {
	if t.Discreet && len(m.Conds) > 0 {
		if len(m.Scopes) == 0 {
			return "a part of the bill"
		}
		return "a part of " + Match{Scopes: m.Scopes}.Words()
	}
	if t.Name != nil {
		m.Conds = slices.Clone(m.Conds)
		for i, c := range m.Conds {
			m.Conds[i] = Cond{Dimension: c.Dimension, In: t.named(c.Dimension, c.In), NotIn: t.named(c.Dimension, c.NotIn)}
		}
	}
	return m.Words()
}

func (t Teller) named(d analysis.Dimension, values []string) []string {
	if t.Name == nil {
		return values
	}
	out := make([]string, len(values))
	for i, v := range values {
		if out[i] = v; v != "" && !pattern(v) {
			out[i] = t.Name(d, v)
		}
	}
	return out
}

// Split says how a rule splits, and among whom: "in proportion to spend among all teams but infra".
func (t Teller) Split(r *Rule) string {
	out := ""
	switch r.Split {
	case Even:
		out = "evenly"
	case Percent:
		out = "by fixed percentages"
	case Tiered:
		kind := "percentages of the source"
		if r.Tiers[0].Rate != nil {
			kind = "rates"
		}
		out = "by tiers of " + t.weighed(r) + " (" + kind + ")"
	default:
		out = "in proportion to " + t.weighed(r)
	}
	if r.Daily {
		out += " each day"
	}
	plural := r.To.Dimension.Words()
	if s, ok := strings.CutSuffix(plural, "y"); ok {
		plural = s + "ies"
	} else {
		plural += "s"
	}
	switch {
	case t.Discreet:
		return out + comma(out) + " among " + plural
	case r.To.Values == nil && len(r.To.Except) == 0:
		return out + comma(out) + " among all " + plural
	case r.To.Values == nil:
		return out + comma(out) + " among all " + plural + " but " + listed(t.named(r.To.Dimension, r.To.Except))
	case len(r.To.Values) == 1:
		return "given to " + r.To.Dimension.Words() + " " + listed(t.named(r.To.Dimension, r.To.Values))
	}
	return out + comma(out) + " among " + listed(t.named(r.To.Dimension, r.To.Values))
}

// comma ends what has commas in it, so that "among" does not belong to its last part.
func comma(s string) string {
	if strings.Contains(s, ",") {
		return ","
	}
	return ""
}

func (t Teller) weighed(r *Rule) string {
	of := ""
	if r.Weigh.Of != nil {
		of = " of " + t.match(*r.Weigh.Of)
	}
	switch r.Weigh.By {
	case Spend:
		if r.Weigh.Metric == "" {
			return "spend" + of
		}
		return analysis.Metric(r.Weigh.Metric).Words() + of
	case Usage:
		if r.Weigh.Unit != "" {
			return r.Weigh.Unit + " used" + of
		}
		return "usage" + of
	default:
		return r.Weigh.Metric
	}
}

func listed(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
