package desk

import (
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

func TestTouching(t *testing.T) {
	loads := []store.Load{
		{ID: "L-3", Snapshot: 3, Restated: []store.Restatement{{Provider: "AWS", Month: "2026-10", First: "2026-10-05", Last: "2026-10-07"}}},
		{ID: "L-2", Snapshot: 2, Restated: []store.Restatement{{Provider: "Microsoft", Month: "2026-10", First: "2026-10-01", Last: "2026-10-31"}}},
		{ID: "L-1", Snapshot: 1, Restated: []store.Restatement{{Provider: "AWS", Month: "2026-09", First: "2026-09-01", Last: "2026-09-30"}}},
	}
	october := analysis.MonthOf(analysis.Day(2026, 10, 1))
	period := func(from, to int) analysis.Period {
		return analysis.NewPeriod(analysis.Day(2026, 10, from), analysis.Day(2026, 10, to))
	}
	only := func(not bool, p ...string) []analysis.Filter {
		return []analysis.Filter{{Dimension: analysis.DimProvider, Values: p, Not: not}}
	}
	for name, c := range map[string]struct {
		snapshot int64
		plan     analysis.Plan
		want     string
	}{
		"the month":                 {1, analysis.Plan{Current: october}, "L-3 L-2 "},
		"given after it":            {3, analysis.Plan{Current: october}, ""},
		"given between":             {2, analysis.Plan{Current: october}, "L-3 "},
		"an unknown snapshot":       {9, analysis.Plan{Current: october}, ""},
		"days before":               {2, analysis.Plan{Current: period(1, 5)}, ""},
		"up to the first day":       {2, analysis.Plan{Current: period(1, 6)}, "L-3 "},
		"from the last day":         {2, analysis.Plan{Current: period(7, 9)}, "L-3 "},
		"days after":                {2, analysis.Plan{Current: period(8, 9)}, ""},
		"as baseline":               {2, analysis.Plan{Current: period(20, 21), Baseline: &october}, "L-3 "},
		"another provider":          {2, analysis.Plan{Current: october, Filters: only(false, "Microsoft")}, ""},
		"every provider but it":     {2, analysis.Plan{Current: october, Filters: only(true, "AWS")}, ""},
		"every provider but others": {2, analysis.Plan{Current: october, Scope: only(true, "Microsoft")}, "L-3 "},
		"no days":                   {1, analysis.Plan{}, ""},
	} {
		got := ""
		for _, ch := range Touching(loads, c.snapshot, c.plan) {
			got += ch.Load + " "
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
