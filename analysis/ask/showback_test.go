package ask

import (
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/formula"
)

func TestShowbacks(t *testing.T) {
	r := NewReader(company(), Options{Rules: []string{"support", "nat", "unused commitments"}})
	for _, c := range []struct{ question, want string }{
		{"showback for October", "showback 2026-10-01/2026-11-01"},
		{"showback", "showback 2026-10-01/2026-11-01"},
		{"showback by account for September", "showback 2026-09-01/2026-10-01 by account"},
		{"what does team payments pay for shared costs?", "showback 2026-10-01/2026-11-01 tag:team=payments by tag:team"},
		{"how was support split?", "showback topic=rule:support 2026-10-01/2026-11-01"},
		{"how was NAT split in September?", "showback topic=rule:nat 2026-09-01/2026-10-01"},
		{"how are unused commitments shared?", "showback topic=rule:unused commitments 2026-10-01/2026-11-01"},
		{"how much of the support does platform get?", "showback topic=rule:support 2026-10-01/2026-11-01 tag:team=platform by tag:team"},
		{"chargeback for October", "showback topic=chargeback metric=billed 2026-10-01/2026-11-01"},
		{"what is our unallocated spend?", "showback 2026-10-01/2026-11-01"},
		{"billed showback for October by team", "showback metric=billed 2026-10-01/2026-11-01 by tag:team"},
		// A rule's name is still a service's where nothing is split.
		{"how much did we pay for support last month?", "spend_total 2026-10-01/2026-11-01"},
		{"why did support rise last month?", "explain_change 2026-10-01/2026-11-01 vs 2026-09-01/2026-10-01"},
		{"allocate a budget for the payments team", "oos topic=budget_status"},
	} {
		p := r.Read(c.question, monday, nil)
		got := brief(p)
		if p.Intent != analysis.Showback { // what else they say is the other tests' matter
			got = got[:min(len(got), len(c.want))]
		}
		if got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.question, got, c.want)
		}
		if p.Intent != analysis.Showback {
			continue
		}
		if s := r.Sentence(p); core(r.Read(s, monday, nil)) != core(p) {
			t.Errorf("%q says %q, which is read as %s", c.question, s, brief(r.Read(s, monday, nil)))
		}
	}
	for _, c := range []struct{ first, then, want string }{
		{"showback for October", "and in September?", "showback 2026-09-01/2026-10-01"},
		{"showback for October", "only payments", "showback 2026-10-01/2026-11-01 tag:team=payments by tag:team"},
		{"showback for September", "by account", "showback 2026-09-01/2026-10-01 by account"},
		{"chargeback for October", "and for September?", "showback topic=chargeback metric=billed 2026-09-01/2026-10-01"},
		{"how was support split?", "and nat?", "showback topic=rule:nat 2026-10-01/2026-11-01"},
		{"showback for October", "why did it change?", "explain_change"},
	} {
		first := r.Read(c.first, monday, nil)
		if got := brief(r.Read(c.then, monday, &first)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, then %q\n got %s\nwant %s", c.first, c.then, got, c.want)
		}
	}
	for question, term := range map[string]string{"how is the allocation accuracy index computed?": "allocation_accuracy_index", "how is apportionment calculated?": "apportionment",
		"what does unallocated shared cost mean?": "unallocated_shared_cost", "how is unallocated cost computed?": "unallocated_cost"} {
		if p := r.Read(question, monday, nil); p.Topic != "formula:"+term {
			t.Errorf("%q: %s", question, brief(p))
		}
		if _, ok := formula.Find(term); !ok {
			t.Errorf("there is no formula %s", term)
		}
	}
	p := r.Read("showback of Amazon S3 in October", monday, nil)
	if len(p.Filters) > 0 || len(p.Declined) == 0 || !strings.Contains(p.Declined[0], "whole owners") {
		t.Errorf("a service is no owner: %+v", p)
	}
}
