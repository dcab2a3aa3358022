package analysis_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spendbot/analysis"
)

func in(d analysis.Dimension, values ...string) analysis.Filter {
	return analysis.Filter{Dimension: d, Values: values}
}

func not(d analysis.Dimension, values ...string) analysis.Filter {
	return analysis.Filter{Dimension: d, Values: values, Not: true}
}

const team = analysis.Dimension("tag:team")

func TestScopeWords(t *testing.T) {
	for want, scope := range map[string][]analysis.Filter{
		"all spend":                    nil,
		"team payments":                {in(team, "payments")},
		"team payments or (none)":      {in(team, "payments", "")},
		"team a, b or c, usage type x": {in(team, "a", "b", "c"), in(analysis.DimUsageType, "x")},
		"account payments-prod":        {{Dimension: analysis.DimAccount, Values: []string{"4815"}, Labels: []string{"payments-prod"}}},
		"without charge category Tax":  {not(analysis.DimChargeCategory, "Tax")},
	} {
		if got := analysis.ScopeWords(scope); got != want {
			t.Errorf("%+v: %q, want %q", scope, got, want)
		}
	}
}

func TestScopeKey(t *testing.T) {
	a := []analysis.Filter{in(team, "b", "a", "b"), in(analysis.DimAccount, "1")}
	b := []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"1"}, Labels: []string{"one"}}, in(team, "a", "b")}
	if x, y := analysis.ScopeKey(a), analysis.ScopeKey(b); x != y || x == "" {
		t.Errorf("one scope, two keys: %s and %s", x, y)
	}
	if k := analysis.ScopeKey(nil); k != "" {
		t.Errorf("everything has the key %q", k)
	}
	distinct := [][]analysis.Filter{nil, {in(team, "a")}, {not(team, "a")}, {in(team, "a", "b")}, {in(team, "a,b")}, {in(team, `a","b`)}, {in(analysis.DimService, "a")}, {in(team, "")}}
	seen := map[string]int{}
	for i, s := range distinct {
		if j, dup := seen[analysis.ScopeKey(s)]; dup {
			t.Errorf("%+v and %+v have one key", distinct[j], s)
		}
		seen[analysis.ScopeKey(s)] = i
	}
}

func TestScopeCovers(t *testing.T) {
	payments, prod := in(team, "payments"), in("tag:environment", "prod")
	for _, c := range []struct {
		name         string
		wide, narrow []analysis.Filter
		want         bool
	}{
		{"everything covers everything", nil, nil, true},
		{"everything covers a team", nil, []analysis.Filter{payments}, true},
		{"a team does not cover everything", []analysis.Filter{payments}, nil, false},
		{"a team covers itself", []analysis.Filter{payments}, []analysis.Filter{payments}, true},
		{"a team covers its production", []analysis.Filter{payments}, []analysis.Filter{prod, payments}, true},
		{"its production does not cover the team", []analysis.Filter{payments, prod}, []analysis.Filter{payments}, false},
		{"two teams cover one", []analysis.Filter{in(team, "payments", "search")}, []analysis.Filter{payments}, true},
		{"one does not cover two", []analysis.Filter{payments}, []analysis.Filter{in(team, "payments", "search")}, false},
		{"without search covers payments", []analysis.Filter{not(team, "search")}, []analysis.Filter{payments}, true},
		{"without payments does not", []analysis.Filter{not(team, "payments")}, []analysis.Filter{payments}, false},
	} {
		if got := analysis.ScopeCovers(c.wide, c.narrow); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestCoveringIsSeeingAtLeastAsMuch checks the rule against rows.
func TestCoveringIsSeeingAtLeastAsMuch(t *testing.T) {
	values := []string{"", "a", "b", "c"}
	dims := []analysis.Dimension{team, analysis.DimService}
	filter := rapid.Custom(func(t *rapid.T) analysis.Filter {
		return analysis.Filter{Dimension: rapid.SampledFrom(dims).Draw(t, "dimension"),
			Values: rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID).Draw(t, "values"), Not: rapid.Bool().Draw(t, "not")}
	})
	sees := func(scope []analysis.Filter, row map[analysis.Dimension]string) bool {
		return !slices.ContainsFunc(scope, func(f analysis.Filter) bool { return slices.Contains(f.Values, row[f.Dimension]) == f.Not })
	}
	rapid.Check(t, func(t *rapid.T) {
		wide, narrow := rapid.SliceOfN(filter, 0, 3).Draw(t, "wide"), rapid.SliceOfN(filter, 0, 3).Draw(t, "narrow")
		if !analysis.ScopeCovers(wide, narrow) {
			return
		}
		for _, a := range values {
			for _, b := range values {
				row := map[analysis.Dimension]string{dims[0]: a, dims[1]: b}
				if sees(narrow, row) && !sees(wide, row) {
					t.Fatalf("%v is seen within %+v and not within %+v", row, narrow, wide)
				}
			}
		}
	})
}
