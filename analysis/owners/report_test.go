package owners_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/owners"
)

// TestDiffSumsToZero: what leaves a value arrives at another, exactly, for random changes of random rules; and the moves are what
// the totals say.
func TestDiffSumsToZero(t *testing.T) {
	ctx := context.Background()
	sn := snapshot(t)
	sight, err := sn.Seen(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.Bool().Draw(t, "over resources")
		was, is := drawBook(t, lines), drawBook(t, lines)
		period := analysis.Period{}
		if rapid.Bool().Draw(t, "a month") {
			period = analysis.MonthOf(first)
		}
		tuples, _, err := owners.ReadTuples(ctx, sight, period, nil, lines, was, is)
		if err != nil {
			t.Fatal(err)
		}
		var all decimal.Decimal
		for _, x := range tuples {
			all = all.Add(x.Cost)
		}
		d := owners.Compare(tuples, was, is)
		sums, moved := map[string]decimal.Decimal{}, map[[2]string]decimal.Decimal{}
		for _, x := range d.Totals {
			if !x.Is.Sub(x.Was).Equal(x.Delta) {
				t.Fatalf("%+v", x)
			}
			sums[x.Attribute] = sums[x.Attribute].Add(x.Delta)
		}
		for _, m := range d.Moves {
			if m.Was == m.Is {
				t.Fatalf("nothing moved: %+v", m)
			}
			moved[[2]string{m.Attribute, m.Was}] = moved[[2]string{m.Attribute, m.Was}].Sub(m.Amount)
			moved[[2]string{m.Attribute, m.Is}] = moved[[2]string{m.Attribute, m.Is}].Add(m.Amount)
		}
		for a, s := range sums {
			if !s.IsZero() {
				t.Fatalf("%s: the changes sum to %s", a, s)
			}
		}
		for _, x := range d.Totals {
			if !moved[[2]string{x.Attribute, x.Value}].Equal(x.Delta) {
				t.Fatalf("%+v, but the moves say %s", x, moved[[2]string{x.Attribute, x.Value}])
			}
		}
		// The same book moves nothing, and the check shares out all there is.
		if same := owners.Compare(tuples, was, was); len(same.Moves)+len(same.Totals) > 0 {
			t.Fatalf("nothing changed, and moves: %+v", same)
		}
		for _, s := range was.Check(tuples).Unallocated {
			if !s.Of.Equal(all) {
				t.Fatalf("%s of %s", s.Of, all)
			}
		}
	})
}

// book reads a rules file into force.
func book(t *testing.T, file string) *owners.Book {
	t.Helper()
	c, err := owners.Read("o.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return owners.NewBook(&owners.Version{Number: 1, File: "o.yaml", Config: c})
}

func TestCheck(t *testing.T) {
	b := book(t, `tags: {team: team}
teams: {a: {}, b: {}}
rules:
- {name: first, match: {account: "1"}, set: {team: a}}
- {name: shadowed, match: {account: "1"}, set: {team: b}}
- {name: never, match: {account: "9"}, set: {team: b}}
- {name: over, match: {account: "2"}, set: {team: b}, until: 2026-01-01}
`)
	row := func(account, team string, cents int64) owners.Tuple {
		return owners.Tuple{Row: owners.Row{Columns: map[string]string{"SubAccountId": account}, Tags: map[string]string{"team": team}, Day: first},
			Account: account, Service: "s", Currency: "USD", Cost: decimal.New(cents, -2), Rows: 2}
	}
	r := b.Check([]owners.Tuple{row("1", "", 100), row("2", "a", 50), row("2", "nobody", 25), row("3", "", 5)})
	var said []string
	for _, x := range r.Rules {
		said = append(said, x.Rule+" "+decimal.NewFromInt(x.Matched).String()+" "+decimal.NewFromInt(x.Decided).String()+" "+x.Amounts["USD"].String()+" "+strings.Join(x.Shadowed, ","))
	}
	if diff := cmp.Diff([]string{"first 2 2 1 ", "shadowed 2 0 0 first", "never 0 0 0 ", "over 0 0 0 "}, said); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(r.Unallocated) != 1 || r.Unallocated[0].Amount.String() != "0.3" || r.Unallocated[0].Of.String() != "1.8" {
		t.Errorf("unallocated: %+v", r.Unallocated)
	}
	if len(r.Top) != 2 || r.Top[0].Account != "2" || len(r.Unknown) != 1 || r.Unknown[0].Value != "nobody" {
		t.Errorf("%+v %+v", r.Top, r.Unknown)
	}
}

func TestWhy(t *testing.T) {
	b := book(t, `rules:
- {name: all of it, match: {account_name: "pay*", "tag:app": [a, b], region: {not: eu}}, set: {team: a}}
- {match: {}, set: {team: b}}
`)
	row := owners.Row{Columns: map[string]string{"SubAccountName": "payments", "RegionId": ""}, Tags: map[string]string{"app": "b"}, Day: first}
	v := b.Judge(row)
	d := v.Decisions[owners.Team]
	if by := v.By(d); by != `rule "all of it" (o.yaml:2)` {
		t.Error(by)
	}
	if diff := cmp.Diff([]string{"account name is payments, which pay* matches", "tag:app is b", "region is (none), not eu"}, v.Version.Why(d.Rule, row)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	row.Columns["RegionId"] = "eu"
	v = b.Judge(row)
	if d := v.Decisions[owners.Team]; v.By(d) != "rule 2 (o.yaml:3)" || !slices.Equal(v.Version.Why(d.Rule, row), []string{"it matches everything"}) {
		t.Errorf("%s %q", v.By(d), v.Version.Why(d.Rule, row))
	}
}

const list = "\ufeffAccount ID;tag:app;Team;Department;BU;Slack channel;Notes\n111;;payments;Checkout;Online;#pay;x\n222;;payments;;;#pay;\n333;api;payments;;;;\n;;search;Find;Online;#search;\n4*;;search;;;;\n555;;search;;;;\n444;;payments;;;#pay;\n"

func TestFromCSV(t *testing.T) {
	i, err := owners.FromCSV("list.csv", strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	want := `# h
teams:
  payments: {group: Checkout}
  search: {group: Find, slack_channel: "#search"}
groups:
  Checkout: {business_unit: Online}
  Find: {business_unit: Online}
rules:
  - match: {SubAccountId: ["111", "222"]}
    set: {team: payments, slack_channel: "#pay"}
  - match: {SubAccountId: "333", "tag:app": api}
    set: {team: payments}
  - match: {SubAccountId: ["4*", "555"]}
    set: {team: search}
  - match: {SubAccountId: "444"}
    set: {team: payments, slack_channel: "#pay"}
`
	if diff := cmp.Diff(want, string(i.Config.YAML("h"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(i.Left) != 1 || !strings.Contains(i.Left[0], "Notes") {
		t.Errorf("left: %q", i.Left)
	}
	for _, c := range []struct{ name, csv, says string }{
		{"nothing", "", "is empty"},
		{"no owners", "account,region\n1,2\n", "no column says whose it is"},
		{"the same twice", "account,project,team\n", "says the same as another one"},
		{"matches nothing", "account,cost_centre\n,c\n", "list.csv:2: it matches nothing"},
		{"no day", "account,team,from\n1,a,1/2/2026\n", `list.csv:2: from: "1/2/2026" is no day`},
		{"two groups", "account,team,group\n1,a,g\n2,a,h\n", "list.csv:3: team a is in the group g and in h"},
		{"the team that is none", "account,team\n1,unallocated\n", "is what no rule gives a team"},
		{"too many cells", "account,team\n1,a,b\n", "more cells"},
		{"a quote left open", "account,team\n\"1,a\n", "list.csv"},
		{"a control character", "account,team\n1,\"a\x00\"\n", "control character"},
	} {
		if _, err := owners.FromCSV("list.csv", strings.NewReader(c.csv)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestFromCSVByName: what a list calls an account is its number or its name; lines after each other that set the same are one rule.
func TestFromCSVByName(t *testing.T) {
	i, err := owners.FromCSV("l.csv", strings.NewReader("account,team\npayments-prod,payments\npayments-dev,payments\n111122223333,payments\nweb-*,web\nC27F6A41-81be-49a0-b6e3-7d5094f1e32a,web\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(i.Read, `"account" is matched with SubAccountId, or SubAccountName where it is no account number`) {
		t.Errorf("said: %q", i.Read)
	}
	book := owners.NewBook(&owners.Version{Config: i.Config})
	for _, c := range []struct{ id, name, want string }{
		{"999900001111", "payments-prod", "payments"}, {"payments-dev", "", "payments"}, {"111122223333", "x", "payments"}, {"1", "111122223333", "unallocated"},
		{"1", "web-prod", "web"}, {"c27f6a41-81be-49a0-b6e3-7d5094f1e32a", "", "unallocated"}, {"C27F6A41-81be-49a0-b6e3-7d5094f1e32a", "", "web"},
	} {
		v := book.Judge(owners.Row{Columns: map[string]string{"SubAccountId": c.id, "SubAccountName": c.name}, Day: first})
		if got := v.Decisions[owners.Team].Value; got != c.want {
			t.Errorf("account %s, %s: %s, want %s\n%s", c.id, c.name, got, c.want, i.Config.YAML("h"))
		}
	}
	if n := len(i.Config.Rules); n != 2 {
		t.Errorf("%d rules\n%s", n, i.Config.YAML("h"))
	}
}

// TestFromCSVKeepsItsOrder: lines joined to one rule decide as the lines do one after the other.
func TestFromCSVKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := []string{"", "1", "2", "1*", "*"}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write([]string{"account", "region", "team"})
		type line struct{ account, region, team string }
		var lines []line
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			l := line{rapid.SampledFrom(cells[1:]).Draw(t, "account"), rapid.SampledFrom(cells).Draw(t, "region"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "team")}
			lines = append(lines, l)
			_ = w.Write([]string{l.account, l.region, l.team})
		}
		w.Flush()
		i, err := owners.FromCSV("l.csv", &b)
		if err != nil {
			t.Fatal(err)
		}
		matches := func(cell, v string) bool {
			return cell == "" || cell == "*" || cell == v || cell == "1*" && strings.HasPrefix(v, "1")
		}
		for _, account := range []string{"1", "2", "11", "3"} {
			for _, region := range []string{"1", "2", ""} {
				want := analysis.Unallocated
				for _, l := range lines {
					if matches(l.account, account) && matches(l.region, region) {
						want = l.team
						break
					}
				}
				v := owners.NewBook(&owners.Version{Config: i.Config}).Judge(owners.Row{Columns: map[string]string{"SubAccountId": account, "RegionId": region}, Day: first})
				if got := v.Decisions[owners.Team].Value; got != want {
					t.Fatalf("account %s, region %q: %s, want %s\n%s", account, region, got, want, i.Config.YAML("h"))
				}
			}
		}
	})
}

func TestFromBackstage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "catalog-info.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	i, err := owners.FromBackstage("catalog-info.yaml", bytes.NewReader(b), owners.BackstageOptions{ComponentTag: "app"})
	if err != nil {
		t.Fatal(err)
	}
	want := `# h
teams:
  checkout: {group: commerce, slack_channel: "#checkout", jira_project: CHK}
  commerce: {group: commerce}
  search: {group: online}
groups:
  commerce: {business_unit: online}
  online: {business_unit: online}
rules:
  - name: orders-db
    match: {ResourceId: "arn:aws:rds:eu-west-1:111:db/orders"}
    set: {team: checkout, product: shop}
  - name: basket
    match: {"tag:app": basket}
    set: {team: checkout, product: shop, jira_project: BSK}
  - name: orders-db
    match: {"tag:app": orders-db}
    set: {team: checkout, product: shop}
  - name: finder
    match: {"tag:app": finder}
    set: {team: search}
  - name: basket
    match: {SubAccountId: "111"}
    set: {team: checkout, product: shop, jira_project: BSK}
`
	if diff := cmp.Diff(want, string(i.Config.YAML("h"))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	left := strings.Join(i.Left, "\n")
	for _, s := range []string{`1 of kind "API"`, `1 of kind "Domain"`, "System shop (line", "Component lonely (line"} {
		if !strings.Contains(left, s) {
			t.Errorf("%s is not among what was left:\n%s", s, left)
		}
	}
	for _, c := range []struct{ name, yaml, says string }{
		{"nothing", "", "no Component"}, {"no catalog", "a: b", "has no kind"}, {"no name", "kind: Component\nspec: {owner: a}", "the entity has no name"},
		{"a circle", "kind: Group\nmetadata: {name: a}\nspec: {parent: b}\n---\nkind: Group\nmetadata: {name: b}\nspec: {parent: a}", "part of itself"},
		{"twice", "kind: Group\nmetadata: {name: a}\n---\nkind: Group\nmetadata: {name: a}", "is there twice"},
	} {
		if _, err := owners.FromBackstage("c.yaml", strings.NewReader(c.yaml), owners.BackstageOptions{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzFromCSV(f *testing.F) {
	f.Add(list)
	f.Add("account\tteam\tfrom\n\"1\n2\"\ta\t2026-01-01\n")
	f.Add("tag:=x,team\n=cmd|' /C calc'!A0,a\n")
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := owners.FromCSV("f.csv", strings.NewReader(s)); err == nil {
			if _, err := owners.Read("g.yaml", i.Config.YAML("fuzz")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzFromBackstage(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "catalog-info.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("kind: Group\nmetadata: {name: a}\nspec: {type: root, parent: a}\n---\n--- \nkind: System\nmetadata: {name: 'x'}\nspec: {owner: a}")
	f.Add("kind: Component\nmetadata: {name: a, annotations: {amazonaws.com/account-id: 012}}\nspec: {owner: 'group:x/y'}")
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := owners.FromBackstage("f.yaml", strings.NewReader(s), owners.BackstageOptions{ComponentTag: "app", SystemTag: "sys"}); err == nil {
			if _, err := owners.Read("g.yaml", i.Config.YAML("fuzz")); err != nil {
				t.Fatal(err)
			}
		}
	})
}
