package reply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/ask"
	"spendbot/analysis/demo"
	"spendbot/analysis/reply"
	"spendbot/analysis/survey"
)

// TestAnomaliesAreListed: what is planted in the last week is listed, each with a question that is read as an explanation, and the query
// runs again with the same result.
func TestAnomaliesAreListed(t *testing.T) {
	d := demoCompany(t)
	for _, c := range []struct {
		question string
		rows     int
		says     []string
		not      []string
	}{
		{"any anomalies?", 3, []string{"3 anomalies (9-22 Nov 2026), 3 going on", "USE1-NatGateway-Bytes", "USE1-DataProcessing-Bytes", "Up and down: -$", "more by 30 Nov if nothing changes", "runbook nat-and-data-transfer"}, nil},
		{"what spiked last week?", 3, []string{"USE1-NatGateway-Bytes", "USE1-TimedStorage-SIA-ByteHrs"}, nil}, // a move has a side that rises
		{"what spiked last week in account payments-prod?", 1, []string{"1 anomaly (16-22 Nov 2026): Amazon Virtual Private Cloud"}, []string{"search-prod", "data-lake"}},
		{"any anomalies in account payments-prod in June?", 0, []string{"No anomalies (1-30 Jun 2026)"}, []string{"USE1-NatGateway-Bytes"}},
	} {
		t.Run(c.question, func(t *testing.T) {
			a := d.ask(t, c.question)
			if a.Reading.Intent != analysis.AnomalyList {
				t.Fatalf("read as %s", a.Reading.Intent)
			}
			said := a.Headline
			rows := 0
			for _, p := range a.Parts {
				said += "\n" + p.Text
				if p.Table != nil {
					rows = len(p.Table.Rows)
				}
			}
			for _, s := range c.says {
				if !strings.Contains(said, s) {
					t.Errorf("it does not say %q:\n%s", s, said)
				}
			}
			for _, s := range c.not {
				if strings.Contains(said, s) {
					t.Errorf("it says %q:\n%s", s, said)
				}
			}
			if rows != c.rows || len(a.Actions) != min(5, c.rows) {
				t.Errorf("%d rows and %d questions, want %d of each", rows, len(a.Actions), c.rows)
			}
			for _, x := range a.Actions {
				if p := d.reader.Read(x.Ask, now, nil); p.Intent != analysis.ExplainChange || p.Baseline == nil {
					t.Errorf("%q is read as %+v", x.Ask, p)
				}
			}
			if len(a.Trace.Queries) == 0 {
				t.Fatal("no query in the trace")
			}
			for _, q := range a.Trace.Queries {
				_, again, err := d.sn.Query(context.Background(), q.Name, q.SQL, q.Params...)
				if err != nil || again.SHA256 != q.SHA256 {
					t.Errorf("%s comes out otherwise: %v", q.Name, err)
				}
			}
		})
	}
}

// TestAnomaliesWithinAScope: the scan of somebody who sees one account is of that account, in every query.
func TestAnomaliesWithinAScope(t *testing.T) {
	d := demoCompany(t)
	nat := d.manifest.Events[slices.IndexFunc(d.manifest.Events, func(e demo.Event) bool { return e.Name == "nat-loop" })]
	scope := []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{nat.Slice["SubAccountId"]}}}
	sv, err := survey.Within(context.Background(), d.store, d.sn, scope)
	if err != nil {
		t.Fatal(err)
	}
	plan := ask.NewReader(&sv.Vocabulary, ask.Options{}).Read("any anomalies?", now, nil)
	plan.Scope = scope
	expected := anomaly.Pattern{ID: "V-7", Slice: map[string]string{"x_UsageType": "*NatGateway*"}}
	for _, c := range []struct {
		patterns []anomaly.Pattern
		want     string
	}{
		{nil, "1 anomaly (9-22 Nov 2026): Amazon Virtual Private Cloud"},
		{[]anomaly.Pattern{expected}, "1 more somebody said to expect"},
	} {
		r := &reply.Replier{Snapshot: d.sn, Survey: sv, Now: now, Watch: reply.Watch{Options: anomaly.Options{Expected: c.patterns}}}
		a, err := r.Answer(context.Background(), "Q-1", "any anomalies?", plan)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(a.Headline, c.want) {
			t.Errorf("%s; want %q", a.Headline, c.want)
		}
		for _, p := range a.Parts {
			if strings.Contains(p.Text, "search-prod") || strings.Contains(p.Text, "data-lake") {
				t.Errorf("outside of the scope: %s", p.Text)
			}
		}
		for _, q := range a.Trace.Queries {
			if !slices.ContainsFunc(q.Params, func(v any) bool { return v == nat.Slice["SubAccountId"] }) {
				t.Errorf("a query without the scope: %s %v", q.SQL, q.Params)
			}
		}
	}
}
