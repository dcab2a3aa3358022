package query_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

func TestFragments(t *testing.T) {
	week := analysis.NewPeriod(analysis.Day(2026, 11, 16), analysis.Day(2026, 11, 23))
	where := func(fs ...analysis.Filter) query.Fragment {
		f, err := query.Where(fs)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		name string
		got  query.Fragment
		want query.Fragment
	}{
		{"no filters", where(), query.F("true")},
		{"one of two accounts", where(analysis.Filter{Dimension: analysis.DimAccount, Values: []string{"1", "2"}}),
			query.F("CASE WHEN SubAccountId IS NULL THEN '' ELSE SubAccountId END IN (?, ?)", "1", "2")},
		{"without a tag value, and in a region", where(
			analysis.Filter{Dimension: analysis.TagDimension("team"), Values: []string{"a"}, Not: true},
			analysis.Filter{Dimension: analysis.DimRegion, Values: []string{""}}),
			query.F("CASE WHEN json_extract_scalar(Tags, ?) IS NULL THEN '' ELSE json_extract_scalar(Tags, ?) END NOT IN (?) AND CASE WHEN RegionId IS NULL THEN '' ELSE RegionId END IN (?)", `$."team"`, `$."team"`, "a", "")},
		{"days of the rollup", query.Within(query.Daily, week),
			query.F("ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)", "2026-11-16", "2026-11-23")},
		{"days of the line items", query.Within(query.Charges, week),
			query.F("ChargePeriodStart >= CAST(? AS TIMESTAMP) AND ChargePeriodStart < CAST(? AS TIMESTAMP)", "2026-11-16", "2026-11-23")},
		{"two periods that adjoin", query.WithinEither(query.Daily, week, analysis.Period{Start: week.End, End: analysis.Day(2026, 11, 30)}),
			query.F("ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)", "2026-11-16", "2026-11-30")},
		{"the later period first", query.WithinEither(query.Daily, analysis.Period{Start: week.End, End: analysis.Day(2026, 11, 30)}, week),
			query.F("(ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)) OR (ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE))", "2026-11-23", "2026-11-30", "2026-11-16", "2026-11-23")},
		{"days that are not whole", query.Without(query.Daily, []query.Cutoff{{Provider: "A", Day: analysis.Day(2026, 11, 22), Period: week}}),
			query.F("NOT (ServiceProviderName = ? AND ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE))", "A", "2026-11-22", "2026-11-23")},
		{"effective cost", query.Cost(analysis.Effective, "USD"),
			query.F("CASE WHEN BillingCurrency = ? THEN EffectiveCost WHEN PricingCurrency = ? THEN PricingCurrencyEffectiveCost END", "USD", "USD")},
		{"billed cost is not given in another currency", query.Cost(analysis.Billed, "EUR"),
			query.F("CASE WHEN BillingCurrency = ? THEN BilledCost END", "EUR")},
		{"parameters follow the question marks", query.Fill("{b} {a} {b}", map[string]query.Fragment{"a": query.F("a(?)", 1), "b": query.F("b(?, ?)", 2, 3)}),
			query.F("b(?, ?) a(?) b(?, ?)", 2, 3, 1, 2, 3)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, f := range map[string]analysis.Filter{
		"a dimension there is none of": {Dimension: "colour", Values: []string{"red"}},
		"no values":                    {Dimension: analysis.DimAccount},
		"a quote in a tag key":         {Dimension: analysis.TagDimension(`a"b`), Values: []string{"x"}},
		"a backslash in a tag key":     {Dimension: analysis.TagDimension(`a\`), Values: []string{"x"}},
	} {
		if got, err := query.Where([]analysis.Filter{f}); err == nil {
			t.Errorf("%s became %q", name, got.SQL)
		}
	}
}

func TestLineItemsOnlyForResources(t *testing.T) {
	for _, c := range []struct {
		plan analysis.Plan
		want query.Table
	}{
		{analysis.Plan{}, query.Daily},
		{analysis.Plan{GroupBy: []analysis.Dimension{analysis.DimAccount, analysis.DimResource}}, query.Charges},
		{analysis.Plan{Filters: []analysis.Filter{{Dimension: analysis.DimResource, Values: []string{"i-1"}}}}, query.Charges},
		{analysis.Plan{Filters: []analysis.Filter{{Dimension: analysis.TagDimension("resource"), Values: []string{"i-1"}}}}, query.Daily},
	} {
		if got := query.For(c.plan); got != c.want {
			t.Errorf("%+v: %s, want %s", c.plan, got, c.want)
		}
	}
}

// TestNoValueBecomesText holds for any text a person or a bill may have written.
func TestNoValueBecomesText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		key := rapid.StringMatching(`[^"\\]{1,20}`).Draw(t, "tag key")
		f, err := query.Where([]analysis.Filter{
			{Dimension: analysis.TagDimension(key), Values: []string{value, value + "2"}, Not: rapid.Bool().Draw(t, "not")},
			{Dimension: rapid.SampledFrom(analysis.Dimensions).Draw(t, "dimension"), Values: []string{value}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(f.SQL, "?"); n != len(f.Params) || n != 5 {
			t.Errorf("%d question marks, %d parameters: %s", n, len(f.Params), f.SQL)
		}
		other, err := query.Where([]analysis.Filter{
			{Dimension: analysis.TagDimension("k"), Values: []string{"v", "v2"}, Not: strings.Contains(f.SQL, "NOT IN")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(f.SQL, other.SQL+" AND ") {
			t.Errorf("the text depends on the values: %s", f.SQL)
		}
	})
}

func TestScopesAreInEveryView(t *testing.T) {
	scope := []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}, {Dimension: analysis.DimAccount, Values: []string{"1", "2"}}}
	kept := func(view string) string {
		return "(SELECT * FROM " + view + " WHERE Tags IN (SELECT Tags FROM (SELECT DISTINCT Tags FROM " + view + " WHERE Tags IS NOT NULL) AS texts WHERE " +
			"CASE WHEN json_extract_scalar(Tags, ?) IS NULL THEN '' ELSE json_extract_scalar(Tags, ?) END IN (?)) AND CASE WHEN SubAccountId IS NULL THEN '' ELSE SubAccountId END IN (?, ?))"
	}
	team := []any{`$."team"`, `$."team"`, "payments", "1", "2"}
	untagged := []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"a", ""}}}
	tagged := []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{""}, Not: true}}
	other := []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"a"}, Not: true}}
	for _, c := range []struct {
		name  string
		f     query.Fragment
		scope []analysis.Filter
		want  query.Fragment
	}{
		{"without a scope", query.F("SELECT ? FROM {daily} WHERE x = ?", 1, 2), nil, query.F("SELECT ? FROM daily WHERE x = ?", 1, 2)},
		{"parameters before and behind", query.F("SELECT ? FROM {daily} WHERE x = ?", 1, 2), scope,
			query.F("SELECT ? FROM "+kept("daily")+" WHERE x = ?", slices.Concat([]any{1}, team, []any{2})...)},
		{"both views, one twice", query.F("SELECT ? FROM {daily} AS d, {charges} WHERE ? IN (SELECT y FROM {daily})", 1, 2), scope,
			query.F("SELECT ? FROM "+kept("daily")+" AS d, "+kept("charges")+" WHERE ? IN (SELECT y FROM "+kept("daily")+")",
				slices.Concat([]any{1}, team, team, []any{2}, team)...)},
		{"filled in", query.Fill("SELECT {a} FROM {charges} WHERE {a}", map[string]query.Fragment{"a": query.F("?", "v")}), nil,
			query.F("SELECT ? FROM charges WHERE ?", "v", "v")},
	} {
		got, _, err := query.Lens{}.Resolve(c.f, c.scope)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
	for _, c := range []struct {
		scope []analysis.Filter
		nulls bool
	}{{scope, false}, {untagged, true}, {tagged, false}, {other, true}} {
		f, _, err := query.Lens{}.Resolve(query.F("SELECT * FROM {daily}"), c.scope)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(f.SQL, "(Tags IS NULL OR Tags IN ("); got != c.nulls {
			t.Errorf("rows without any tags within %+v: %v\n%s", c.scope, got, f.SQL)
		}
	}
	for name, f := range map[string]query.Fragment{
		"a view by its name":              query.F("SELECT * FROM daily"),
		"in capitals":                     query.F("SELECT * FROM Charges"),
		"quoted":                          query.F(`SELECT * FROM "daily"`),
		"qualified":                       query.F("SELECT * FROM main.charges"),
		"beside one that is in its place": query.F("SELECT * FROM {daily} UNION ALL SELECT * FROM daily"),
		"more parameters than places":     query.F("SELECT * FROM {daily}", 1),
		"fewer":                           query.F("SELECT ? FROM {daily}"),
	} {
		for _, s := range [][]analysis.Filter{nil, scope} {
			if got, _, err := (query.Lens{}).Resolve(f, s); err == nil {
				t.Errorf("%s was let through: %s", name, got.SQL)
			}
		}
	}
	for name, s := range map[string][]analysis.Filter{
		"of resources": {{Dimension: analysis.DimResource, Values: []string{"i-1"}}}, "of no values": {{Dimension: analysis.DimAccount}}, "of no dimension": {{Dimension: "colour", Values: []string{"red"}}},
	} {
		if _, _, err := (query.Lens{}).Resolve(query.F("SELECT 1 FROM {daily}"), s); err == nil {
			t.Errorf("a scope %s was taken", name)
		}
	}
}
