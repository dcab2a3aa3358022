package ask_test

import (
	"slices"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/ask"
)

// TestOwners: where owners are configured, the words for them mean them; where not, all is as it was.
func TestOwners(t *testing.T) {
	now := analysis.Day(2026, 11, 23)
	voc := ask.Vocabulary{
		Services: []ask.Term{{Value: "Amazon EC2", Cost: 9}}, Accounts: []ask.Term{{Value: "111", Name: "payments-prod", Cost: 5}},
		Tags:  map[string][]ask.Term{"team": {{Value: "payments", Cost: 5}, {Value: "contractors", Cost: 1}}, "env": {{Value: "prod", Cost: 3}}},
		First: analysis.Day(2026, 1, 1), Through: analysis.Day(2026, 11, 22), Currencies: []string{"USD"},
	}
	plain := ask.NewReader(&voc, ask.Options{})
	with := voc
	with.Owned = map[analysis.Dimension][]ask.Term{
		analysis.DimTeam: {{Value: "payments", Cost: 5}, {Value: "search", Cost: 4}, {Value: analysis.Unallocated, Cost: 1}}, analysis.DimGroup: {{Value: "checkout", Cost: 5}},
		analysis.DimBusinessUnit: {{Value: analysis.Unallocated, Cost: 5}}, analysis.DimCostCentre: {{Value: "CC-100", Cost: 2}},
		analysis.DimEnvironment: {{Value: "production", Cost: 3}}, analysis.DimProduct: {{Value: "storefront", Cost: 3}},
	}
	owned := ask.NewReader(&with, ask.Options{})
	tagTeam := analysis.TagDimension("team")
	only := func(d analysis.Dimension, v string) []analysis.Filter {
		return []analysis.Filter{{Dimension: d, Values: []string{v}}}
	}
	for _, c := range []struct {
		reader  *ask.Reader
		ask     string
		by      []analysis.Dimension
		filters []analysis.Filter
		rules   string
	}{
		{plain, "spend by team in October", []analysis.Dimension{tagTeam}, nil, ""},
		{plain, "why did payments change in October?", nil, only(tagTeam, "payments"), ""},
		{owned, "spend by team in October", []analysis.Dimension{analysis.DimTeam}, nil, ""},
		{owned, "spend by tag:team in October", []analysis.Dimension{tagTeam}, nil, ""},
		{owned, "spend by the team tag in October", []analysis.Dimension{tagTeam}, nil, ""},
		{owned, "spend per squad in October", []analysis.Dimension{analysis.DimTeam}, nil, ""},
		{owned, "spend by business unit in October", []analysis.Dimension{}, nil, ""},
		{owned, "spend by group in October", []analysis.Dimension{analysis.DimGroup}, nil, ""},
		{owned, "spend by cost center in October", []analysis.Dimension{analysis.DimCostCentre}, nil, ""},
		{owned, "spend by cost centre and product in October", []analysis.Dimension{analysis.DimCostCentre, analysis.DimProduct}, nil, ""},
		{owned, "spend by env in October", []analysis.Dimension{analysis.DimEnvironment}, nil, ""},
		{owned, "why did payments change in October?", nil, only(analysis.DimTeam, "payments"), ""},
		{owned, "what did team search spend in October?", nil, only(analysis.DimTeam, "search"), ""},
		{owned, "tag:team=payments spend in October", nil, only(tagTeam, "payments"), ""},
		{owned, "team=payments spend in October", nil, only(analysis.DimTeam, "payments"), ""},
		{owned, "unallocated spend in October", nil, only(analysis.DimTeam, analysis.Unallocated), ""},
		{owned, "unowned spend in October", nil, only(analysis.DimTeam, analysis.Unallocated), ""},
		{owned, "spend without a team in October", nil, only(analysis.DimTeam, analysis.Unallocated), ""},
		{owned, "prod spend in October", nil, only(analysis.DimEnvironment, "production"), ""},
		{owned, "spend of cost_centre=CC-100 in October", nil, only(analysis.DimCostCentre, "CC-100"), ""},
		{owned, "spend by team in October with today's rules", []analysis.Dimension{analysis.DimTeam}, nil, analysis.CurrentOwners},
		{owned, "spend by team in October by current ownership", []analysis.Dimension{analysis.DimTeam}, nil, analysis.CurrentOwners},
		{owned, "under the latest owner rules, why did search change in October?", nil, only(analysis.DimTeam, "search"), analysis.CurrentOwners},
	} {
		p := c.reader.Read(c.ask, now, nil)
		if c.by == nil {
			c.by = []analysis.Dimension{}
		}
		same := len(p.Filters) == len(c.filters)
		for i := range c.filters {
			same = same && p.Filters[i].Dimension == c.filters[i].Dimension && slices.Equal(p.Filters[i].Values, c.filters[i].Values)
		}
		if !same || !slices.Equal(p.GroupBy, c.by) || p.Owners != c.rules || p.Intent == analysis.Ambiguous || p.Intent == analysis.OutOfScope || !p.Current.Start.Equal(analysis.Day(2026, 10, 1)) {
			t.Errorf("%q: %s by %q, %+v, owners %q, %s; %q", c.ask, p.Intent, p.GroupBy, p.Filters, p.Owners, p.Current, p.Notes)
			continue
		}
		// What a button asks is read as the same again, and a follow-up keeps the rules.
		if again := c.reader.Read(c.reader.Sentence(p), now, nil); !slices.Equal(again.GroupBy, p.GroupBy) || len(again.Filters) != len(p.Filters) || again.Owners != p.Owners ||
			len(p.Filters) > 0 && again.Filters[0].Dimension != p.Filters[0].Dimension {
			t.Errorf("%q is written %q and read as %+v", c.ask, c.reader.Sentence(p), again)
		}
		if f := c.reader.Read("and by service?", now, &p); f.Owners != c.rules || len(f.Filters) != len(c.filters) {
			t.Errorf("%q, and by service: %+v", c.ask, f)
		}
	}
}
