package reply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/reply"
)

const demoRules = `rules:
  - {name: support, from: {scope: support}, to: {team: all}, split: spend}
  - {name: platform to product teams, from: {team: platform, service: "*Kubernetes*"}, to: {team: [payments, search]}, split: percent, percent: {payments: 25, search: 75}}
  - {name: tax, from: {scope: tax}, to: {team: all}, except: [infra], split: even}`

// showback answers as a scope lets see, by the rules.
func (c *company) showback(t testing.TB, p analysis.Plan) *analysis.Answer {
	t.Helper()
	cfg, err := allocation.ParseConfig([]byte(demoRules))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := allocation.New(cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	p.Intent = analysis.Showback
	if p.Metric == "" {
		p.Metric = analysis.Effective
	}
	p.Current = analysis.MonthOf(analysis.Day(2026, 10, 1))
	c.ids++
	r := &reply.Replier{Snapshot: c.sn, Survey: c.survey, Reader: c.reader, Now: now, Rules: rules}
	a, err := r.Answer(context.Background(), fmt.Sprintf("Q-%06d", c.ids), "", p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func firstTable(t testing.TB, a *analysis.Answer) *analysis.Table {
	t.Helper()
	for _, p := range a.Parts {
		if p.Table != nil {
			return p.Table
		}
	}
	t.Fatalf("%q has no table", a.Headline)
	return nil
}

func TestShowback(t *testing.T) {
	d := demoCompany(t)
	a := d.showback(t, analysis.Plan{})
	tab := firstTable(t, a)
	// The total is the bill: the same question for spend gives it.
	spend := d.ask(t, "effective spend in October 2026")
	bill := *firstTable(t, spend).Rows[0].Cells[0].Amount
	last := len(tab.Columns) - 1
	sum, direct := analysis.Amount{}, analysis.Amount{}
	for _, r := range tab.Rows {
		sum, direct = sum.Add(*r.Cells[last].Amount), direct.Add(*r.Cells[1].Amount)
	}
	if !sum.Equal(bill) || !direct.Equal(bill) || !tab.Total.Cells[last].Amount.Equal(bill) {
		t.Errorf("the owners bear %s (%s of their own), the bill is %s", sum, direct, bill)
	}
	for c := 2; c < last; c++ {
		if !tab.Total.Cells[c].Amount.IsZero() {
			t.Errorf("rule %s makes %s of nothing", tab.Columns[c].Name, tab.Total.Cells[c].Amount)
		}
	}
	if n := len(tab.Rows); tab.Rows[n-1].Cells[0].Text != "unallocated" {
		t.Errorf("the last row is %q", tab.Rows[n-1].Cells[0].Text)
	}
	words := ""
	for _, p := range a.Parts {
		words += p.Text
	}
	for _, want := range []string{"apportionment 100.0%", "allocation accuracy index", "platform to product teams (service *Kubernetes*, team platform) by fixed percentages among payments and search"} {
		if !strings.Contains(words, want) {
			t.Errorf("nothing of %q in %q", want, words)
		}
	}
	again(t, d.company, a)
}

// again runs an answer's queries once more.
func again(t *testing.T, c *company, a *analysis.Answer) {
	t.Helper()
	for _, q := range a.Trace.Queries {
		_, tr, err := c.sn.Query(context.Background(), q.Name, q.SQL, q.Params...)
		if err != nil || tr.SHA256 != q.SHA256 {
			t.Errorf("%s: run again it is %s, %v", q.Name, tr.SHA256, err)
		}
	}
}

// TestShowbackOfOneOwner: what a team bears is its row, and the parts sum to it.
func TestShowbackOfOneOwner(t *testing.T) {
	d := demoCompany(t)
	all := firstTable(t, d.showback(t, analysis.Plan{}))
	a := d.showback(t, analysis.Plan{Filters: []analysis.Filter{only(tagTeam, "search")}})
	tab := firstTable(t, a)
	sum := analysis.Amount{}
	for _, r := range tab.Rows {
		sum = sum.Add(*r.Cells[len(r.Cells)-1].Amount)
	}
	for _, r := range all.Rows {
		if r.Cells[0].Text == "search" && !r.Cells[len(r.Cells)-1].Amount.Equal(sum) {
			t.Errorf("search bears %s by its own answer, %s by everybody's", sum, r.Cells[len(r.Cells)-1].Amount)
		}
	}
	sources := 0
	for _, q := range a.Trace.Queries {
		if strings.HasPrefix(q.Name, "source of ") {
			sources++
		}
	}
	if sources != 3 || !strings.HasPrefix(a.Headline, "Team search bears $") {
		t.Errorf("%d sources; %s", sources, a.Headline)
	}
	again(t, d.company, a)
	rule := d.showback(t, analysis.Plan{Topic: reply.RuleTopic("support")})
	support, parts := firstTable(t, rule), analysis.Amount{}
	for _, r := range support.Rows {
		parts = parts.Add(*r.Cells[3].Amount)
	}
	if parts.String() != "14800" || !support.Total.Cells[3].Amount.Equal(parts) {
		t.Errorf("support is %s, its parts %s", support.Total.Cells[3].Amount, parts)
	}
	if none := d.showback(t, analysis.Plan{Topic: reply.RuleTopic("nat")}); !strings.HasPrefix(none.Headline, "There is no allocation rule nat") {
		t.Error(none.Headline)
	}
	if narrowed := d.showback(t, analysis.Plan{Filters: []analysis.Filter{only(analysis.DimRegion, "us-east-1")}}); !strings.Contains(narrowed.Headline, "cannot be narrowed down") {
		t.Error(narrowed.Headline)
	}
}

// TestShowbackWithinAScope: whoever has a scope is told what their own bear and nothing of others: no name, no amount, neither
// what was split nor what others weigh. The queries that read more are marked, and run again for whoever sees everything.
func TestShowbackWithinAScope(t *testing.T) {
	d := demoCompany(t)
	scope := []analysis.Filter{only(tagTeam, "payments")}
	full := firstTable(t, d.showback(t, analysis.Plan{}))
	within := d.within(t, scope)
	for name, p := range map[string]analysis.Plan{"everything": {}, "its own": {Filters: scope}, "a rule": {Topic: reply.RuleTopic("support")}, "by account": {GroupBy: []analysis.Dimension{analysis.DimAccount}},
		"chargeback": {Topic: reply.ChargebackTopic, Metric: analysis.Billed}} {
		p.Scope = scope
		a := within.showback(t, p)
		shown := *a
		for _, q := range a.Trace.Queries {
			if !q.Withheld(scope) && q.Name != "what was billed" && q.Name != "what is not in the total" {
				t.Errorf("%s: the query %q is not marked", name, q.Name)
			}
		}
		shown.Trace.Queries = nil
		b, err := json.Marshal(struct {
			A     analysis.Answer
			Parts []analysis.Part
		}{shown, shown.Parts})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"search", "platform-prod", "web-prod", "growth", "infra", "14800", "14,800"} {
			if strings.Contains(strings.ReplaceAll(string(b), "platform to product teams", ""), other) {
				t.Errorf("%s: %q is told: %s", name, other, b)
			}
		}
		again(t, d.company, a)
		if name == "chargeback" {
			tab := firstTable(t, a)
			charged := len(tab.Columns) - 1
			if tab.Columns[charged].Name != "charged" || tab.Total.Cells[charged].Amount.IsZero() {
				t.Errorf("nothing is charged: %v", tab.Total.Cells)
			}
			for _, r := range append(tab.Rows, *tab.Total) { // direct, shared, charged
				if n := r.Cells[charged-2:]; !n[0].Amount.Add(*n[1].Amount).Equal(*n[2].Amount) || !n[2].Amount.Equal(n[2].Amount.Round(2)) {
					t.Errorf("%s and %s are not the %s that is charged", n[0].Amount, n[1].Amount, n[2].Amount)
				}
			}
		}
		if name != "everything" {
			continue
		}
		tab := firstTable(t, a)
		for _, r := range full.Rows {
			if r.Cells[0].Text == "payments" && !tab.Total.Cells[len(tab.Columns)-1].Amount.Equal(*r.Cells[len(r.Cells)-1].Amount) {
				t.Errorf("within its scope payments bears %s, for everybody %s", tab.Total.Cells[len(tab.Columns)-1].Amount, r.Cells[len(r.Cells)-1].Amount)
			}
		}
		for _, c := range tab.Columns {
			if c.Name == "share" || c.Name == "source" || c.Name == "of" {
				t.Errorf("the column %s would tell the whole from the part", c.Name)
			}
		}
	}
	// A scope that is not one of whole owners gets no part.
	scope = []analysis.Filter{only(tagEnv, "prod")}
	a := d.within(t, scope).showback(t, analysis.Plan{Scope: scope})
	if len(a.Trace.Queries) != 0 || !strings.Contains(a.Headline, "not one of whole owners") {
		t.Errorf("%s, from %d queries", a.Headline, len(a.Trace.Queries))
	}
	// Another's name is nothing.
	scope = []analysis.Filter{only(tagTeam, "payments")}
	a = within.showback(t, analysis.Plan{Scope: scope, Filters: []analysis.Filter{only(tagTeam, "search")}})
	if diff := cmp.Diff("Nothing in your scope (team payments) matches.", a.Headline); diff != "" {
		t.Error(diff)
	}
}

// TestWithheldQueriesStayRunnable: what is marked is the text as it ran.
func TestWithheldQueriesStayRunnable(t *testing.T) {
	q := analysis.QueryTrace{Name: analysis.WiderThanScope + "x"}
	if q.Withheld(nil) || !q.Withheld([]analysis.Filter{only(tagTeam, "a")}) || (analysis.QueryTrace{Name: "x"}).Withheld([]analysis.Filter{only(tagTeam, "a")}) {
		t.Error("only what read more is kept, and only from those with a scope")
	}
}
