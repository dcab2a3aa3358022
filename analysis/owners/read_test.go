package owners_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/owners"
)

const example = `normalise:
  environment:
    keys: [env, stage]
    values: {production: [prod, PRD]}
tags: {team: team, environment: environment}
teams:
  payments: {group: checkout, cost_center: CC-1, slack_channel: "#payments"}
  search: {}
groups:
  checkout: {group: shop}
  shop: {business_unit: Online}
rules:
- name: payments accounts
  match:
    account: ["0111", 222, 0333]
    tag:app: {regex: "^(checkout|ledger)$"}
    service: {not: ["Amazon EC*", {exact: "a*b"}]}
  set: {team: payments, product: shop}
  from: 2026-06-01
  until: 2026-09-01
- match: {any: [{region: ""}, {not: {account_name: "*-prod"}}]}
  set: {environment: production}
- match: {}
  set: {team: search}
`

func TestRead(t *testing.T) {
	c, err := owners.Read("owners.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Rules[0]; r.Line != 13 || r.Name != "payments accounts" || !r.From.Equal(analysis.Day(2026, time.June, 1)) || r.Sets[owners.Product] != "shop" ||
		r.Match.All[0].Any[2].Field.Text != "0333" || c.Rules[1].Name != "rule 2" || c.Teams["payments"].Sets[owners.CostCentre] != "CC-1" {
		t.Errorf("%+v", c)
	}
	b := owners.NewBook(&owners.Version{Config: c})
	for _, x := range []struct {
		name     string
		row      owners.Row
		team     string
		env      string
		group    string
		unit     string
		centre   string
		decision owners.Source
	}{
		{"the first rule, while it is in force", owners.Row{Columns: map[string]string{"SubAccountId": "222", "RegionId": "x", "SubAccountName": "a-prod"}, Tags: map[string]string{"app": "ledger"}, Day: analysis.Day(2026, 6, 1)},
			"payments", "", "checkout", "Online", "CC-1", owners.ByRule},
		{"the day it is not in force any more", owners.Row{Columns: map[string]string{"SubAccountId": "222", "RegionId": "x", "SubAccountName": "a-prod"}, Tags: map[string]string{"app": "ledger"}, Day: analysis.Day(2026, 9, 1)},
			"search", "", analysis.Unallocated, analysis.Unallocated, "", owners.ByRule},
		{"one of the values that it must not be", owners.Row{Columns: map[string]string{"SubAccountId": "222", "ServiceName": "a*b", "RegionId": "x", "SubAccountName": "a-prod"}, Tags: map[string]string{"app": "ledger"}, Day: analysis.Day(2026, 6, 1)},
			"search", "", analysis.Unallocated, analysis.Unallocated, "", owners.ByRule},
		{"a tag under another spelling, and a value under another name", owners.Row{Columns: map[string]string{"RegionId": "x", "SubAccountName": "b-prod"}, Tags: map[string]string{"ENV": "Prod"}, Day: analysis.Day(2026, 6, 1)},
			"search", "production", analysis.Unallocated, analysis.Unallocated, "", owners.ByRule},
		{"a rule is before a tag", owners.Row{Columns: map[string]string{"RegionId": "", "SubAccountName": "b-prod"}, Tags: map[string]string{"stage": "dev"}, Day: analysis.Day(2026, 6, 1)},
			"search", "production", analysis.Unallocated, analysis.Unallocated, "", owners.ByRule},
	} {
		v := b.Judge(x.row)
		got := []string{v.Decisions[owners.Team].Value, v.Decisions[owners.Environment].Value, v.Group, v.BusinessUnit, v.Decisions[owners.CostCentre].Value, string(v.Decisions[owners.Team].By)}
		if diff := cmp.Diff([]string{x.team, x.env, x.group, x.unit, x.centre, string(x.decision)}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
}

// TestRefusedFiles: what is wrong is told with its line and field.
func TestRefusedFiles(t *testing.T) {
	rules := "rules:\n- match: {account: a}\n  set: {team: t}\n"
	for _, c := range []struct{ name, yaml, says string }{
		{"no YAML", "rules: [", "x.yaml: "},
		{"a misspelt field", "rule: []", "x.yaml:1: rule: there is no such field; there are normalise, tags, teams, groups and rules"},
		{"a misspelt field of a rule", "rules:\n- matches: {account: a}\n  set: {team: t}", "x.yaml:2: rules[1].matches: there is no such field"},
		{"a misspelt attribute", "rules:\n- match: {account: a}\n  set: {teem: t}", "x.yaml:3: rules[1].set.teem: there is no such attribute; there are team, cost_centre,"},
		{"no column", "rules:\n- match:\n    acount: a\n  set: {team: t}", `x.yaml:3: rules[1].match.acount: "acount" is no column that can be matched`},
		{"a column of money", "rules:\n- match: {BilledCost: a}\n  set: {team: t}", "x.yaml:2: rules[1].match.BilledCost"},
		{"no match", "rules:\n- set: {team: t}", "x.yaml:2: rules[1]: it says nothing of what it matches"},
		{"sets nothing", "rules:\n- match: {account: a}", "x.yaml:2: rules[1]: it sets nothing"},
		{"an empty list", "rules:\n- match: {account: []}\n  set: {team: t}", "rules[1].match.account: the list is empty"},
		{"nothing", "rules:\n- match: {account: }\n  set: {team: t}", "says nothing"},
		{"no day", rules + "  from: 1 June", `x.yaml:4: rules[1].from: "1 June" is no day`},
		{"ends before it begins", rules + "  from: 2026-06-01\n  until: 2026-06-01", "x.yaml:2: rules[1]: it ends before it begins"},
		{"no regular expression", "rules:\n- match: {account: {regex: \"a(b\"}}\n  set: {team: t}", "x.yaml:2: rules[1].match.account.regex: error parsing regexp"},
		{"looking back", "rules:\n- match: {account: {regex: '(a)\\1'}}\n  set: {team: t}", "error parsing regexp"},
		{"looking ahead", "rules:\n- match: {account: {regex: 'a(?=b)'}}\n  set: {team: t}", "error parsing regexp"},
		{"a regular expression that grows", "rules:\n- match: {account: {regex: '(\\pL{30}){30}'}}\n  set: {team: t}", "too large once its repetitions are written out"},
		{"a long one", "rules:\n- match: {account: {regex: '" + strings.Repeat("a", 501) + "'}}\n  set: {team: t}", "at most 500"},
		{"another form", "rules:\n- match: {account: {like: a}}\n  set: {team: t}", "there are exact, glob, regex and not"},
		{"a quote in a tag key", "rules:\n- match: {'tag:a\"b': x}\n  set: {team: t}", "which no query can name"},
		{"the same twice", "teams:\n  a: {}\n  a: {}", `"a" already defined`},
		{"an unknown team", "teams: {a: {}}\n" + rules, "x.yaml:3: rules[1].set.team: there is no team \"t\"; teams: names a"},
		{"an unknown group", "teams: {a: {group: g}}", `teams.a.group: there is no group "g"`},
		{"a circle", "groups:\n  a: {group: b}\n  b: {group: c}\n  c: {group: a}", "groups.a: it is part of itself: a > b > c > a"},
		{"two parents", "groups:\n  a: {group: b, business_unit: c}\n  b: {}", "write one"},
		{"the team that is none", "rules:\n- match: {account: a}\n  set: {team: unallocated}", "is what no rule gives a team"},
		{"a control character", "rules:\n- match: {account: \"a\\u0000b\"}\n  set: {team: t}", "control character"},
		{"a spelling of two keys", "normalise:\n  a: {keys: [x]}\n  b: {keys: [X]}", "already stands for"},
		{"a value of two names", "normalise:\n  a: {values: {p: [x], q: [X]}}", "already stands for"},
		{"two documents", "rules: []\n---\nrules: []", "a second document begins"},
		{"a tag in braces without quotes", "rules:\n- match: {tag:app: [a, b]}\n  set: {team: t}", "has to be quoted"},
		{"nested without end", "rules: " + strings.Repeat("[", 100000), "nested too deeply"},
		{"indented without end", strings.Repeat("- ", 100000) + "a", "nested too deeply"},
	} {
		_, err := owners.Read("x.yaml", []byte(c.yaml))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", c.name, err, c.says)
		}
	}
	if _, err := owners.Read("x.yaml", bytes.Repeat([]byte("#"), owners.MaxBytes+1)); err == nil {
		t.Error("a file without end was read")
	}
	var many strings.Builder
	many.WriteString("rules:\n")
	for range 5001 {
		many.WriteString("- {match: {account: a}, set: {team: t}}\n")
	}
	if _, err := owners.Read("x.yaml", []byte(many.String())); err == nil || !strings.Contains(err.Error(), "at most 5000") {
		t.Errorf("too many rules: %v", err)
	}
}

// TestWrittenAndReadAgain holds for any configuration: the file it makes means the same.
func TestWrittenAndReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, true)
		if len(c.Teams) > 0 { // a drawn rule names no other team
			for _, r := range c.Rules {
				if r.Sets[owners.Team] != "" && c.Teams[r.Sets[owners.Team]].Sets == nil {
					t.Fatal(r.Sets)
				}
			}
		}
		b := c.YAML("made by a test")
		again, err := owners.Read("again.yaml", b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		for range 20 {
			row := owners.Row{Columns: map[string]string{}, Tags: map[string]string{}, Day: first.AddDate(0, 0, rapid.IntRange(0, days).Draw(t, "day"))}
			row.Columns["SubAccountId"] = rapid.SampledFrom(accounts).Draw(t, "account")
			row.Columns["ServiceName"] = rapid.SampledFrom(services).Draw(t, "service")
			row.Columns["ResourceId"] = rapid.SampledFrom([]string{"i-1", "i-'3'", ""}).Draw(t, "resource")
			for range rapid.IntRange(0, 3).Draw(t, "tags") {
				row.Tags[rapid.SampledFrom(keys).Draw(t, "key")] = rapid.SampledFrom(values).Draw(t, "value")
			}
			a, b := owners.NewBook(&owners.Version{Config: c}).Judge(row), owners.NewBook(&owners.Version{Config: again}).Judge(row)
			if diff := cmp.Diff(a.Decisions, b.Decisions); diff != "" || a.Group != b.Group || a.BusinessUnit != b.BusinessUnit {
				t.Fatalf("%+v: (-drawn +read)\n%s", row, diff)
			}
		}
	})
}

// FuzzRead: whatever is written, it is read or refused; what is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("rules:\n- match: {any: [{not: {account: {regex: \"a\"}}}]}\n  set: {team: t}\n"))
	f.Add([]byte("normalise: {a b: {keys: [c-d], values: {x: y}}}"))
	f.Add([]byte("teams: &a {x: *a}\ngroups: !!map {}\n<<: {}"))
	f.Add([]byte("rules: [{match: {account: |\n  text\n}, set: {team: 'a'}}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := owners.Read("f.yaml", b)
		if err != nil {
			return
		}
		again, err := owners.Read("g.yaml", c.YAML("fuzz"))
		if err != nil {
			t.Fatalf("%v\n%s", err, c.YAML("fuzz"))
		}
		if diff := cmp.Diff(c.Tags, again.Tags, cmpopts.EquateEmpty()); diff != "" || len(c.Rules) != len(again.Rules) || len(c.Teams) != len(again.Teams) {
			t.Fatalf("read again: %s\n%s", diff, c.YAML("fuzz"))
		}
		// It makes SQL, whose quotes are even: nothing of the file stands outside of them.
		sql := owners.NewBook(&owners.Version{Config: c}).Layer(false).Select("{daily}", "daily", func(string) bool { return true })
		if strings.Count(sql, "'")%2 != 0 {
			t.Fatal(sql)
		}
	})
}

// TestKeepsVersions: versions are kept as they were applied, in force from a day on.
func TestKeepsVersions(t *testing.T) {
	dir := t.TempDir()
	h := owners.HistoryIn(dir)
	now := analysis.Day(2026, 11, 23)
	file := func(team string) []byte {
		return []byte("rules:\n- match: {account: a}\n  set: {team: " + team + "}\n")
	}
	for i, c := range []struct {
		team string
		from time.Time
	}{{"one", analysis.Day(2026, 3, 1)}, {"two", analysis.Day(2026, 6, 1)}, {"three", analysis.Day(2026, 9, 1)}, {"four", analysis.Day(2026, 6, 15)}} {
		v, err := h.Apply("owners.yaml", file(c.team), c.from, now.AddDate(0, 0, i))
		if err != nil || v.Number != i+1 {
			t.Fatal(v, err)
		}
	}
	if _, err := h.Apply("owners.yaml", []byte("rules: 1"), now, now); err == nil {
		t.Error("a file that is none was applied")
	}
	for _, h := range []*owners.History{h, owners.HistoryIn(dir)} { // as kept in memory, and as on disk
		vs, err := h.Versions()
		if err != nil || len(vs) != 4 {
			t.Fatal(vs, err)
		}
		b := owners.NewBook(vs...)
		row := owners.Row{Columns: map[string]string{"SubAccountId": "a"}}
		for _, c := range []struct {
			day  time.Time
			want string
		}{
			{analysis.Day(2025, 1, 1), "one"}, // the first counts for all days before
			{analysis.Day(2026, 5, 31), "one"}, {analysis.Day(2026, 6, 1), "two"}, {analysis.Day(2026, 6, 14), "two"},
			{analysis.Day(2026, 6, 15), "four"}, {analysis.Day(2026, 9, 2), "four"}, // three was restated
		} {
			row.Day = c.day
			if got := b.Judge(row).Decisions[owners.Team].Value; got != c.want {
				t.Errorf("%s: %s, want %s", c.day.Format(analysis.DateLayout), got, c.want)
			}
			if got := b.Current(analysis.Day(2026, 6, 2)).Judge(row).Decisions[owners.Team].Value; got != "two" {
				t.Errorf("%s by the rules of 2 June: %s", c.day.Format(analysis.DateLayout), got)
			}
		}
		if w := b.Words(); w != "owners by version 4 since 15 Jun 2026, version 2 before and 1 more" {
			t.Error(w)
		}
	}
	// Whoever changes a version is found out.
	path := dir + "/owners/0002.yaml"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte("two"), []byte("six"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := owners.HistoryIn(dir).Versions(); err == nil || !strings.Contains(err.Error(), "was changed after it was applied") {
		t.Errorf("a changed version: %v", err)
	}
}

// TestAppliedAtOnce: several that apply at the same time get a number each.
func TestAppliedAtOnce(t *testing.T) {
	dir := t.TempDir()
	const n = 8
	errs := make(chan error, n)
	for i := range n {
		go func() {
			_, err := owners.HistoryIn(dir).Apply("o.yaml", fmt.Appendf(nil, "teams: {t%d: {}}\n", i), analysis.Day(2026, 1, 1), analysis.Day(2026, 11, 23))
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	vs, err := owners.HistoryIn(dir).Versions()
	if err != nil || len(vs) != n {
		t.Fatal(len(vs), err)
	}
	for i, v := range vs {
		if v.Number != i+1 || (i == 0) != v.From.IsZero() {
			t.Errorf("version %d is %d, from %s", i+1, v.Number, v.From)
		}
	}
	left, err := os.ReadDir(dir + "/owners")
	if err != nil || len(left) != n {
		t.Errorf("%d files, %v", len(left), err)
	}
}
