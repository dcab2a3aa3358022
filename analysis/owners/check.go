package owners

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Report is what a book's rules do to the rows there are.
type Report struct {
	Rules       []RuleReport  `json:"rules"`
	Unallocated []Share       `json:"unallocated"` // per currency
	Top         []Slice       `json:"top_unallocated"`
	Unknown     []UnknownTeam `json:"unknown_teams"`
}

// RuleReport is what a rule does. A rule that matches nothing is of no use, or not yet; one that decides nothing is shadowed: rules
// before it decide all that it would.
type RuleReport struct {
	Version int    `json:"version"`
	Rule    string `json:"rule"`
	Line    int    `json:"line"`
	Matched int64  `json:"matched"` // line items, while it is in force
	Decided int64  `json:"decided"` // of these, where it decided something
	// Amounts are the effective cost of what it decided something of, by currency.
	Amounts  map[string]decimal.Decimal `json:"amounts"`
	Shadowed []string                   `json:"shadowed_by,omitempty"`
}

// Share is a part of a whole.
type Share struct {
	Currency string          `json:"currency"`
	Amount   decimal.Decimal `json:"amount"`
	Of       decimal.Decimal `json:"of"`
}

// UnknownTeam is a value of the team's tag that is no team.
type UnknownTeam struct {
	Tag      string          `json:"tag"`
	Value    string          `json:"value"`
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currency"`
}

// topUnallocated is how many slices without a team are named.
const topUnallocated = 10

// Check judges the tuples and tells what each rule of the versions in force does.
func (b *Book) Check(tuples []Tuple) Report {
	type state struct {
		RuleReport
		by []string
	}
	states := map[*Version][]state{}
	for _, v := range b.versions {
		states[v] = make([]state, len(v.Config.Rules))
		for i, r := range v.Config.Rules {
			states[v][i].RuleReport = RuleReport{Version: v.Number, Rule: r.Name, Line: r.Line, Amounts: map[string]decimal.Decimal{}}
		}
	}
	shares := map[string]*Share{}
	top := slicesOf{}
	unknown := map[[3]string]decimal.Decimal{}
	for i := range tuples {
		t := &tuples[i]
		verdict := b.Judge(t.Row)
		v := verdict.Version
		value := v.Config.valueOf(t.Row)
		for k := range v.Config.Rules {
			r := &v.Config.Rules[k]
			if !r.inForce(b.asOf(t.Row.Day)) || !r.Match.holds(value) {
				continue
			}
			st := &states[v][k]
			st.Matched += t.Rows
			decided := false
			for a := range r.Sets {
				if d := verdict.Decisions[a]; d.By == ByRule && d.Rule == k {
					decided = true
				} else if name := v.Config.Rules[d.Rule].Name; !slices.Contains(st.by, name) {
					st.by = append(st.by, name)
				}
			}
			if decided {
				st.Decided += t.Rows
				st.Amounts[t.Currency] = st.Amounts[t.Currency].Add(t.Cost)
			}
		}
		if shares[t.Currency] == nil {
			shares[t.Currency] = &Share{Currency: t.Currency}
		}
		s := shares[t.Currency]
		s.Of = s.Of.Add(t.Cost)
		if verdict.Decisions[Team].Value == analysis.Unallocated {
			s.Amount = s.Amount.Add(t.Cost)
			top.add(t)
		}
		if key := v.Config.Tags[Team]; key != "" {
			if s := v.Config.tag(key, t.Row.Tags); s != "" && !v.Config.isTeam(s) {
				k := [3]string{key, s, t.Currency}
				unknown[k] = unknown[k].Add(t.Cost)
			}
		}
	}
	var out Report
	for _, v := range b.versions {
		for _, st := range states[v] {
			if st.Matched > 0 && st.Decided == 0 {
				st.Shadowed = st.by
			}
			out.Rules = append(out.Rules, st.RuleReport)
		}
	}
	for _, c := range sorted(shares) {
		out.Unallocated = append(out.Unallocated, *shares[c])
	}
	out.Top = top.top(topUnallocated)
	for k, a := range unknown {
		out.Unknown = append(out.Unknown, UnknownTeam{k[0], k[1], a, k[2]})
	}
	slices.SortFunc(out.Unknown, func(a, b UnknownTeam) int {
		return cmp.Or(b.Amount.Abs().Cmp(a.Amount.Abs()), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Currency, b.Currency))
	})
	return out
}

// Why says which conditions of a rule a row meets, in words: "SubAccountId is 111", "tag:app matches check*".
func (v *Version) Why(rule int, r Row) []string {
	var out []string
	value := v.Config.valueOf(r)
	var walk func(m *Match)
	walk = func(m *Match) {
		switch {
		case m.Field != nil:
			f := m.Field
			if !f.holds(value(f)) {
				return
			}
			got := value(f)
			if got == "" {
				got = "(none)"
			}
			s := f.words() + " is " + got
			if f.Op != Exact {
				s += ", which " + f.Text + " matches"
			}
			out = append(out, s)
		case m.Not != nil:
			m.Not.fields(func(f *Field) {
				got := value(f)
				if got == "" {
					got = "(none)"
				}
				out = append(out, f.words()+" is "+got+", not "+f.Text)
			})
		case m.Any != nil:
			for i := range m.Any {
				if m.Any[i].holds(value) {
					walk(&m.Any[i])
					return
				}
			}
		default:
			for i := range m.All {
				walk(&m.All[i])
			}
		}
	}
	walk(&v.Config.Rules[rule].Match)
	if len(out) == 0 {
		out = []string{"it matches everything"}
	}
	return out
}
