package reply_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/reply"
)

func actions(a *analysis.Answer) []string {
	out := []string{}
	for _, x := range a.Actions {
		out = append(out, x.Label+": "+x.Ask)
	}
	return out
}

func labels(a *analysis.Answer) []string {
	out := []string{}
	for _, x := range a.Actions {
		out = append(out, x.Label)
	}
	return out
}

func TestNextQuestions(t *testing.T) {
	d := demoCompany(t)
	payments := d.within(t, []analysis.Filter{only(tagTeam, "payments")})
	cuts := []string{"By team: and by team?", "By account: and by account?", "By service: and by service?", "By region: and by region?"}
	without := func(labels ...string) []string {
		return slices.DeleteFunc(slices.Clone(cuts), func(s string) bool {
			return slices.Contains(labels, strings.TrimPrefix(strings.Split(s, ":")[0], "By "))
		})
	}
	for _, c := range []struct {
		who      *company
		question string
		want     []string
	}{
		{d.company, "why did spend change last week?", slices.Concat([]string{"Only payments-prod: only account payments-prod"}, cuts)},
		{d.company, "why did spend of account payments-prod change last week?", slices.Concat([]string{"Only USE1-NatGateway-Bytes: only usage type USE1-NatGateway-Bytes"}, without("account"))},
		{d.company, "what did we spend last week?", slices.Concat([]string{"Why?: why did it change?"}, cuts)},
		{d.company, "what did payments and search spend last week?", slices.Concat([]string{"Why?: why did it change?"}, without())},
		{d.company, "top 5 services in October", slices.Concat([]string{"Why?: why did it change?", "Only Amazon Elastic Compute Cloud: only service Amazon Elastic Compute Cloud"}, without("service"))},
		{d.company, "spend by team and region in October", slices.Concat([]string{"Why?: why did it change?", "Only payments: only team payments"}, without("team", "region"))},
		{d.company, "compare October and September by service", nil},
		{d.company, "spend by day last week", slices.Concat([]string{"Why?: why did it change?"}, cuts)},
		{d.company, "why is this different from the console?", slices.Concat([]string{"In billed cost: as billed", "Without credits: without credits"}, cuts)},
		{d.company, "showback for October", []string{"What data pays: only team data", "By account: and by account?", "As chargeback: chargeback for October 2026"}},
		{d.company, "chargeback for October", []string{"By account: and by account?"}},
		{d.company, "does October match the invoice?", []string{"Why does a console differ?: why is this different from the console?"}},
		{payments, "showback for October", []string{"By account: and by account?", "As chargeback: chargeback for October 2026"}},
		{d.company, "is the data ok?", []string{}},
		{d.company, "how fresh is the data?", []string{}},
		{d.company, "how is effective cost computed?", []string{}},
		{d.company, "what did we spend in 2019?", []string{}},
		{payments, "what did we spend last week?", slices.Concat([]string{"Why?: why did it change?"}, without("team"))},
	} {
		p := c.who.reader.Read(c.question, now, nil)
		if c.who == payments {
			p.Scope = []analysis.Filter{only(tagTeam, "payments")}
		}
		a, err := c.who.carryOut(context.Background(), c.question, p)
		if err != nil {
			t.Fatal(err)
		}
		got := actions(a)
		if c.want == nil { // which service moved most is the demo's matter
			if len(got) < 2 || !strings.HasPrefix(got[1], "Only ") {
				t.Errorf("%q: %q", c.question, got)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.question, diff)
		}
	}
}

// TestNextQuestionsAreRead follows every answer of the corpora up by each question it offers: it is read as what its label
// says, about the same days, with the filters that were there. With SPENDBOT_LONG, nothing that could be offered is left out for
// want of a wording, and each next question is answered too.
func TestNextQuestionsAreRead(t *testing.T) {
	d := demoCompany(t)
	ctx := context.Background()
	long := os.Getenv("SPENDBOT_LONG") != ""
	tried := map[string]int{}
	done := map[string]bool{}
	var before *analysis.Plan
	for _, q := range sample(t) {
		if !q.follows {
			before = nil
		}
		p := d.reader.Read(q.question, now, before)
		if !p.Current.IsZero() {
			before = &p
		}
		key := p
		key.Notes, key.Declined = nil, nil
		if k := fmt.Sprintf("%+v %+v", key, key.Baseline); done[k] {
			continue
		} else {
			done[k] = true
		}
		a, err := d.carryOut(ctx, q.question, p)
		if err != nil {
			t.Fatal(err)
		}
		if long {
			unchecked, err := (&reply.Replier{Snapshot: d.sn, Survey: d.survey, Now: now}).Answer(ctx, a.ID, q.question, p)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(labels(unchecked), labels(a)); diff != "" {
				t.Errorf("%q: no wording of what could be offered is read as it should (-unchecked +checked):\n%s", q.question, diff)
			}
		}
		if len(a.Actions) > 6 {
			t.Errorf("%q offers %d questions", q.question, len(a.Actions))
		}
		for _, x := range a.Actions {
			if a.Reading.Intent == analysis.OutOfScope {
				continue // asked anew, not as a follow-up
			}
			next := d.reader.Read(x.Ask, now, &a.Reading)
			fail := func(format string, args ...any) {
				t.Errorf("%q, then %q: %s\nread as %s %v by %v\nafter   %s %v by %v", q.question, x.Ask, fmt.Sprintf(format, args...),
					next.Intent, next.Filters, next.GroupBy, a.Reading.Intent, a.Reading.Filters, a.Reading.GroupBy)
			}
			if next.Intent == analysis.Ambiguous || next.Intent == analysis.OutOfScope {
				fail("not understood")
				continue
			}
			kind, what, _ := strings.Cut(x.Label, " ")
			tried[kind]++
			if !next.Current.Equal(a.Reading.Current) && kind != "Explain" { // that is about the days of what stood out
				fail("about %s, not %s", next.Current, a.Reading.Current)
			}
			touched := analysis.Dimension("")
			switch kind {
			case "By":
				if len(next.GroupBy) == 0 || !slices.ContainsFunc(next.GroupBy, func(g analysis.Dimension) bool { return g.Words() == what }) {
					fail("no cut by %s", what)
				}
			case "Only":
				i := slices.IndexFunc(next.Filters, func(f analysis.Filter) bool {
					return !f.Not && len(f.Values) == 1 && slices.Contains([]string{f.Values[0], d.survey.AccountName(f.Values[0]), d.survey.ResourceName(f.Values[0])}, what)
				})
				if i < 0 {
					fail("not only %s", what)
				} else {
					touched = next.Filters[i].Dimension
				}
			case "Why?":
				if next.Intent != analysis.ExplainChange || next.Baseline == nil {
					fail("no explanation")
				}
			case "Explain": // what stood out
				if next.Intent != analysis.ExplainChange || next.Baseline == nil || a.Reading.Intent != analysis.AnomalyList {
					fail("no explanation of what stood out")
				}
			case "In":
				if next.Metric != analysis.Billed {
					fail("in %s", next.Metric)
				}
			case "Without":
				touched = analysis.DimChargeCategory
				if !slices.ContainsFunc(next.Filters, func(f analysis.Filter) bool { return f.Not && f.Dimension == touched }) {
					fail("nothing is left out")
				}
			case "What", "As": // of a showback
				if touched = a.Reading.GroupBy[0]; next.Intent != analysis.Showback {
					fail("no showback")
				}
			case "Why": // a console differs
				if next.Topic != "console_mismatch" {
					fail("of %q", next.Topic)
				}
			default:
				t.Errorf("%q offers %q, which nobody checks", q.question, x.Label)
			}
			for _, f := range a.Reading.Filters {
				if kind == "Explain" { // it names what stood out, wherever that was looked for
					break
				}
				if f.Dimension != touched && !slices.ContainsFunc(next.Filters, func(g analysis.Filter) bool {
					return g.Dimension == f.Dimension && g.Not == f.Not && slices.Equal(g.Values, f.Values)
				}) {
					fail("lost the filter %v", f)
				}
			}
			if long && (kind == "Only" || kind == "By") { // and it can be answered
				if again, err := d.carryOut(ctx, x.Ask, next); err != nil || again.Headline == "" {
					fail("no answer: %v", err)
				}
			}
		}
	}
	t.Log(tried)
	for _, kind := range []string{"By", "Only", "Why?", "In", "Without"} {
		if tried[kind] == 0 {
			t.Errorf("no question of the corpora is followed up by %q", kind)
		}
	}
}
