package access_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/bot/access"
)

const company = `
members: ask
scopes:
  payments: {team: [payments]}
  search: {team: [search]}
  prod: {environment: [prod], account: ["481516234210", 012345678901]}
  commerce: {team: [payments, checkout]}
people:
  - groups: [finops]
    may: [all-spend, admin]
  - users: [U0BEN]
    scope: payments
  - groups: ["@payments-eng", S0SEARCH]
    scope: payments
  - groups: [search-eng]
    scope: search
    may: [ask, admin]
  - users: [U0EVE]
    may: [none]
  - users: [U0OPS]
    scope: prod
channels:
  - channels: [C0PAY, "#Payments"]
    scope: commerce
  - channels: ["#random"]
    may: [none]
  - channels: ["#lobby"]
    may: [ask]
  - channels: [C0PARTNER]
    scope: payments
shared_channels:
  allow: [C0PARTNER]
`

func parse(t testing.TB, text string) (*access.Policy, error) {
	t.Helper()
	var c access.Config
	if err := yaml.NewDecoder(bytes.NewReader([]byte(text)), yaml.Strict()).Decode(&c); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return access.New(c)
}

func policy(t testing.TB, text string) *access.Policy {
	t.Helper()
	p, err := parse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var (
	dm      = access.Place{Channel: "D1", Direct: true}
	general = access.Place{Channel: "C0GEN", Name: "general"}
	pay     = access.Place{Channel: "C0PAY", Name: "pay"}
	payName = access.Place{Channel: "C0P2", Name: "payments"}
	random  = access.Place{Channel: "C0RND", Name: "random"}
	lobby   = access.Place{Channel: "C0LOB", Name: "lobby"}
	shared  = access.Place{Channel: "C0SHR", Name: "with-acme", Shared: true}
	partner = access.Place{Channel: "C0PARTNER", Name: "with-partner", Shared: true}

	anybody = access.Person{ID: "U0ANY"}
	finops  = access.Person{ID: "U0FIN", Groups: []string{"S0FIN", "finops"}}
	ben     = access.Person{ID: "U0BEN"}
	ana     = access.Person{ID: "U0ANA", Groups: []string{"payments-eng"}}
	sam     = access.Person{ID: "U0SAM", Groups: []string{"search-eng"}}
	eve     = access.Person{ID: "U0EVE"}
	ops     = access.Person{ID: "U0OPS"}
	benFin  = access.Person{ID: "U0BEN", Groups: []string{"finops"}} // named twice: the first rule decides
)

func TestWhoSeesWhatWhere(t *testing.T) {
	p := policy(t, company)
	for _, c := range []struct {
		who   access.Person
		where access.Place
		want  string // the scope in words, or "-" and the reason of a refusal
	}{
		{anybody, dm, "all spend"},
		{anybody, general, "all spend"},
		{anybody, pay, "team checkout or payments"},
		{anybody, payName, "team checkout or payments"},
		{anybody, random, "-channels[2]: none"},
		{anybody, lobby, "all spend"},
		{anybody, shared, "-channel shared with another organization"},
		{anybody, partner, "team payments"},

		{finops, dm, "all spend, admin"},
		{finops, general, "all spend, admin"},
		{finops, pay, "team checkout or payments, admin"}, // others read along
		{finops, random, "-channels[2]: none"},
		{finops, shared, "-channel shared with another organization"},

		{ben, dm, "team payments"},
		{ben, general, "team payments"},
		{ben, pay, "team payments"},
		{ben, lobby, "team payments"},
		{ben, random, "-channels[2]: none"},
		{benFin, dm, "all spend, admin"},
		{ana, payName, "team payments"},
		{access.Person{ID: "U1", Groups: []string{"S0SEARCH"}}, dm, "team payments"},

		{sam, dm, "team search, admin"},
		{sam, pay, "-people[4]: scope search and channels[1] have nothing in common"},
		{sam, partner, "-people[4]: scope search and channels[4] have nothing in common"},

		{eve, dm, "-people[5]: none"},
		{eve, pay, "-people[5]: none"},

		{ops, dm, "account 012345678901 or 481516234210, environment prod"},
		{ops, pay, "account 012345678901 or 481516234210, environment prod, team checkout or payments"},
	} {
		g := p.Decide(c.who, c.where)
		got := g.Name
		if g.Admin {
			got += ", admin"
		}
		if !g.Allowed {
			got = "-" + g.Reason
		}
		if got != c.want {
			t.Errorf("%s %v in %s: %q, want %q", c.who.ID, c.who.Groups, c.where.Name, got, c.want)
		}
		if g.Allowed != (g.Refusal == "") || g.Allowed != (g.Name != "") || g.Reason == "" || !g.Allowed && (g.Admin || g.AllSpend || g.Scope != nil) {
			t.Errorf("%s in %s: half a grant: %+v", c.who.ID, c.where.Name, g)
		}
	}
}

// TestNothingForOutsiders holds whatever the rules say of them.
func TestNothingForOutsiders(t *testing.T) {
	p := policy(t, company)
	mark := map[string]func(*access.Person){
		"guest": func(w *access.Person) { w.Guest = true }, "bot": func(w *access.Person) { w.Bot = true },
		"stranger": func(w *access.Person) { w.Stranger = true }, "deleted": func(w *access.Person) { w.Deleted = true },
	}
	for kind, set := range mark {
		for _, who := range []access.Person{anybody, finops, ben, sam} {
			for _, where := range []access.Place{dm, general, pay, lobby, shared, partner} {
				set(&who)
				g := p.Decide(who, where)
				if g.Allowed || g.Admin || g.AllSpend || g.Scope != nil || g.Name != "" {
					t.Errorf("%s %s in %s: %+v", kind, who.ID, where.Name, g)
				}
			}
		}
	}
}

// TestRefusalsTellNothing looks for the configuration's own names in what the refused are told.
func TestRefusalsTellNothing(t *testing.T) {
	p := policy(t, company)
	for _, who := range []access.Person{anybody, sam, eve, {ID: "U1", Guest: true}, {ID: "U2", Bot: true}, {ID: "U3", Stranger: true}, {ID: "U4", Deleted: true}} {
		for _, where := range []access.Place{dm, general, pay, random, shared, partner} {
			g := p.Decide(who, where)
			if g.Allowed {
				continue
			}
			if !strings.HasSuffix(g.Refusal, ".") || strings.Count(g.Refusal, ".") > 2 {
				t.Errorf("not a sentence: %q", g.Refusal)
			}
			for _, name := range []string{"payments", "search", "commerce", "checkout", "prod", "4815", "finops", "team ", "environment"} {
				if strings.Contains(strings.ToLower(g.Refusal), name) {
					t.Errorf("%s in %s is told of %s: %q", who.ID, where.Name, name, g.Refusal)
				}
			}
		}
	}
}

// TestWhatIsNotKnownIsNotAssumed: a failed look-up must not turn somebody with a scope into somebody without one.
func TestWhatIsNotKnownIsNotAssumed(t *testing.T) {
	p := policy(t, company)
	for _, who := range []access.Person{anybody, ben, eve} { // finops, rule 1, may apply to each of them
		who.GroupsUnknown = true
		if g := p.Decide(who, dm); g.Allowed {
			t.Errorf("%s without groups: %+v", who.ID, g)
		}
	}
	early := policy(t, "people: [{users: [U0BEN], may: [ask]}, {groups: [finops], may: [admin]}]")
	if g := early.Decide(access.Person{ID: "U0BEN", GroupsUnknown: true}, dm); !g.Allowed {
		t.Errorf("no group can change what rule 1 says: %+v", g)
	}
	if g := policy(t, "members: ask").Decide(access.Person{ID: "U0BEN", GroupsUnknown: true}, dm); !g.Allowed {
		t.Errorf("no rule names a group: %+v", g)
	}
	if g := p.Decide(ben, access.Place{Channel: "C0RND"}); g.Allowed {
		t.Errorf("it may be #random: %+v", g)
	}
	if g := policy(t, "channels: [{channels: [C0RND], may: [none]}]").Decide(ben, access.Place{Channel: "C0X"}); !g.Allowed {
		t.Errorf("no rule names a channel by its name: %+v", g)
	}
}

func TestWithoutConfiguration(t *testing.T) {
	p, err := access.New(access.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if g := p.Decide(anybody, general); !g.Allowed || g.Scope != nil || g.Admin || !g.AllSpend || g.Key() != "" {
		t.Errorf("a member may ask where the bot was invited: %+v", g)
	}
	if g := p.Decide(anybody, shared); g.Allowed {
		t.Errorf("not where others read along: %+v", g)
	}
	p = policy(t, "members: none\npeople: [{users: [U0BEN], may: [ask]}]")
	if g := p.Decide(anybody, dm); g.Allowed {
		t.Errorf("members: none lets ask: %+v", g)
	}
	if g := p.Decide(ben, dm); !g.Allowed {
		t.Errorf("a rule that lets ask does not: %+v", g)
	}
}

func TestKeys(t *testing.T) {
	p := policy(t, company)
	a, b := p.Decide(ben, dm), p.Decide(anybody, partner) // the same scope, once the person's, once the channel's
	if a.Key() != b.Key() || a.Key() == "" || a.Key() != analysis.ScopeKey(a.Scope) {
		t.Errorf("team payments has the keys %q and %q", a.Key(), b.Key())
	}
	if k := p.Decide(eve, dm).Key(); k == "" || k == a.Key() {
		t.Errorf("a refusal has the key %q", k)
	}
	if got, want := p.NeedsGroups(), []string{"S0SEARCH", "finops", "payments-eng", "search-eng"}; !slices.Equal(got, want) {
		t.Errorf("needs groups %v, want %v", got, want)
	}
}

// TestDecidingDoesNotTouchTheRules decides for everybody in turn and then again: filters are shared with nobody.
func TestDecidingDoesNotTouchTheRules(t *testing.T) {
	p := policy(t, company)
	all := func() (out []access.Grant) {
		for _, who := range []access.Person{anybody, finops, ben, ana, sam, eve, ops} {
			for _, where := range []access.Place{dm, general, pay, random, partner} {
				out = append(out, p.Decide(who, where))
			}
		}
		return out
	}
	first := all()
	for _, g := range all() {
		for i := range g.Scope {
			g.Scope[i].Dimension = "gone"
		}
	}
	if d := cmp.Diff(first, all()); d != "" {
		t.Error(d)
	}
}

func TestExplained(t *testing.T) {
	want := []string{
		"Guests, apps, deactivated users and people of other workspaces get no answer.",
		"Group finops may ask about all spend, and see everybody's answers and the audit.",
		"User U0BEN may ask about team payments.",
		"Group payments-eng and group S0SEARCH may ask about team payments.",
		"Group search-eng may ask about team search, and see everybody's answers and the audit.",
		"User U0EVE may ask nothing.",
		"User U0OPS may ask about account 012345678901 or 481516234210, environment prod.",
		"Every other member of the workspace may ask about all spend.",
		"In C0PAY and #Payments answers stay within team checkout or payments, whoever asks.",
		"In #random nothing is answered.",
		"In #lobby everybody is answered within their own scope.",
		"In C0PARTNER answers stay within team payments, whoever asks.",
		"In channels shared with other organizations nothing is answered, except to members in C0PARTNER.",
	}
	if d := cmp.Diff(want, policy(t, company).Explain()); d != "" {
		t.Error(d)
	}
	lines := policy(t, "members: none\nscopes: {x: {team: [x]}}").Explain()
	if !slices.Contains(lines, "No rule uses the scope x.") || !slices.Contains(lines, "Every member of the workspace may ask nothing.") {
		t.Error(strings.Join(lines, "\n"))
	}
}

func TestScopesNameDimensionsAndTags(t *testing.T) {
	for key, want := range map[string]analysis.Dimension{
		"account": analysis.DimAccount, "service": analysis.DimService, "usage type": analysis.DimUsageType, "billing-account": analysis.DimBillingAccount,
		"charge_category": analysis.DimChargeCategory, "environment": "tag:environment", "env": "tag:env", "Team": "tag:Team", "tag:service": "tag:service",
		"tag:resource": "tag:resource", "cost center": "tag:cost center", "aws:createdBy": "tag:aws:createdBy",
	} {
		p, err := access.New(access.Config{Scopes: map[string]access.Scope{"s": {key: {"v"}}}})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if got := p.Scopes()["s"]; len(got) != 1 || got[0].Dimension != want || !slices.Equal(got[0].Values, []string{"v"}) {
			t.Errorf("%s: %+v, want %s", key, got, want)
		}
	}
}

// TestScopesByOwners: where owners are configured, their words are theirs in scopes; a tag is still to be had by its prefix.
func TestScopesByOwners(t *testing.T) {
	for key, want := range map[string]analysis.Dimension{
		"team": analysis.DimTeam, "cost centre": analysis.DimCostCentre, "business-unit": analysis.DimBusinessUnit, "environment": analysis.DimEnvironment,
		"tag:team": "tag:team", "env": "tag:env", "account": analysis.DimAccount,
	} {
		p, err := access.New(access.Config{Owned: true, Scopes: map[string]access.Scope{"s": {key: {"v"}}}})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if got := p.Scopes()["s"]; len(got) != 1 || got[0].Dimension != want {
			t.Errorf("%s: %+v, want %s", key, got, want)
		}
	}
	if _, err := access.New(access.Config{Owned: true, Scopes: map[string]access.Scope{"s": {"Team": {"v"}}}}); err == nil {
		t.Error("Team can be the dimension or a tag, and was taken")
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"members: everybody": `access.members is "everybody": write ask or none`,
		"scopes: {a: {team: [x]}}\npeople: [{users: [U0BEN], scope: b}]":                   `access.people[1].scope is "b": there is no scope of this name; access.scopes defines a`,
		"channels: [{channels: [C0PAY], scope: b}]":                                        `access.channels[1].scope is "b": there is no scope of this name; access.scopes defines none`,
		"people: [{users: [U0BEN], may: [everything]}]":                                    `access.people[1].may is "everything": write one or more of ask, all-spend, admin, none`,
		"channels: [{channels: [C0PAY], may: [all-spend]}]":                                `access.channels[1].may is "all-spend": write one or more of ask, none`,
		"people: [{users: [U0BEN]}]":                                                       `access.people[1] gives nothing: write a scope, or may: with one or more of ask, all-spend, admin, none`,
		"people: [{may: [ask]}]":                                                           `access.people[1] names nobody: write users (member ids) or groups (handles or ids)`,
		"channels: [{may: [none]}]":                                                        `access.channels[1] names no channel: write channels (ids, or names with a #)`,
		"people: [{users: [ben], may: [ask]}]":                                             `access.people[1].users is "ben": write a member's id, as U024BE7LH`,
		"people: [{groups: [\"@\"], may: [ask]}]":                                          `access.people[1].groups is "@": write a user group's handle, as finops, or its id`,
		"channels: [{channels: [payments], may: [none]}]":                                  `access.channels[1].channels is "payments": write a channel's id, as C0123456, or its name with a #`,
		"shared_channels: {allow: [payments]}":                                             `access.shared_channels.allow is "payments": write a channel's id`,
		"people: [{users: [U0BEN], may: [none, admin]}]":                                   `access.people[1] says none and more`,
		"scopes: {a: {team: [x]}}\npeople: [{users: [U0BEN], scope: a, may: [all-spend]}]": `access.people[1] has the scope "a" and all-spend: write one of them`,
		"scopes: {a: {team: [x]}}\npeople: [{users: [U0BEN], scope: a, may: [none]}]":      `access.people[1] says none and more`,
		"scopes: {a: {}}":                           `access.scopes.a is empty, which would let see everything`,
		"scopes: {a: {team: []}}":                   `access.scopes.a.team is []: write the values that may be seen`,
		"scopes: {a: {resource: [i]}}":              `access.scopes.a: a scope cannot be one of resources`,
		"scopes: {a: {Account: [\"1\"]}}":           `access.scopes.a: "Account" is the dimension account or the tag of that name: write account or "tag:Account"`,
		"scopes: {a: {'te\"am': [x]}}":              `access.scopes.a: the tag key "te\"am" holds a quote or a backslash`,
		"scopes: {a: {'tag:': [x]}}":                `access.scopes.a: a dimension or tag key is empty`,
		"scopes: {a: {team: [x], 'tag:team': [y]}}": `access.scopes.a names team twice`,
		"people: [{users: [U0BEN], may: [ask]}, {users: [U0BEN], may: [admin]}]":                                              `access.people[2] can never decide: rule 1 names the same people before it; put it first or take it out`,
		"people: [{users: [U0BEN], groups: [a], may: [ask]}, {groups: [b], may: [ask]}, {groups: [b, \"@a\"], may: [admin]}]": `access.people[3] can never decide: rule 2 names the same people before it`,
		"channels: [{channels: [\"#a\"], may: [none]}, {channels: [\"#A\"], may: [ask]}]":                                     `access.channels[2] can never decide: rule 1 names the same channels before it`,
	} {
		_, err := parse(t, text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	if _, err := parse(t, "people: [{users: [U0BEN], may: [ask]}, {users: [U0BEN, U0ANA], may: [admin]}]"); err != nil {
		t.Errorf("a rule that names somebody new is of use: %v", err)
	}
	_, err := parse(t, "members: x\npeople: [{users: [ben]}]")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not everything that is wrong is said: %v", err)
	}
}

// row is a line of a bill, by dimension.
type row map[analysis.Dimension]string

func sees(g access.Grant, r row) bool {
	return g.Allowed && !slices.ContainsFunc(g.Scope, func(f analysis.Filter) bool { return slices.Contains(f.Values, r[f.Dimension]) == f.Not })
}

// TestAddedScopesNeverWiden draws a configuration, adds a scope for a person or a channel that had none, and looks at every
// person, place and row: who saw less before sees no more now. Nor does a person see more in a channel than directly.
func TestAddedScopesNeverWiden(t *testing.T) {
	values := []string{"a", "b", "c"}
	keys := []string{"team", "account", "environment"}
	dims := []analysis.Dimension{"tag:team", analysis.DimAccount, "tag:environment"}
	users, groups, channels := []string{"U01", "U02", "U03"}, []string{"g1", "g2"}, []string{"C01", "C02", "#c3"}
	scope := rapid.MapOfN(rapid.SampledFrom(keys), rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID), 1, 3)
	may := rapid.SampledFrom([][]access.Right{{access.Ask}, {access.AllSpend}, {access.None}, {access.AllSpend, access.Admin}})
	some := func(list []string) *rapid.Generator[[]string] {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(list), 1, 2, rapid.ID)
	}
	var rows []row
	for _, a := range values {
		for _, b := range values {
			for _, c := range values {
				rows = append(rows, row{dims[0]: a, dims[1]: b, dims[2]: c})
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := access.Config{Members: rapid.SampledFrom([]string{"", "ask", "none"}).Draw(t, "members"), Scopes: map[string]access.Scope{}}
		for _, name := range []string{"x", "y", "new"} {
			c.Scopes[name] = scope.Draw(t, name)
		}
		gives := func() (string, []access.Right) {
			if rapid.Bool().Draw(t, "scoped") {
				return rapid.SampledFrom([]string{"x", "y"}).Draw(t, "scope"), nil
			}
			return "", may.Draw(t, "may")
		}
		for range rapid.IntRange(0, 3).Draw(t, "people") {
			r := access.PeopleRule{Users: some(users).Draw(t, "users"), Groups: rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 0, 1, rapid.ID).Draw(t, "groups")}
			r.Scope, r.May = gives()
			c.People = append(c.People, r)
		}
		for range rapid.IntRange(0, 2).Draw(t, "channels") {
			r := access.ChannelRule{Channels: some(channels).Draw(t, "channel")}
			if r.Scope, r.May = gives(); r.Scope == "" {
				r.May = rapid.SampledFrom([][]access.Right{{access.Ask}, {access.None}}).Draw(t, "may")
			}
			c.Channels = append(c.Channels, r)
		}
		before, err := access.New(c)
		if err != nil {
			t.Skip(err) // a rule that can never decide
		}
		more := c
		if i := rapid.IntRange(-1, len(c.People)-1).Draw(t, "which person"); i >= 0 {
			more.People = slices.Clone(c.People)
			if r := &more.People[i]; r.Scope == "" && !slices.Contains(r.May, access.None) {
				r.Scope, r.May = "new", nil
			}
		}
		if i := rapid.IntRange(-1, len(c.Channels)-1).Draw(t, "which channel"); i >= 0 {
			more.Channels = slices.Clone(c.Channels)
			if r := &more.Channels[i]; r.Scope == "" && !slices.Contains(r.May, access.None) {
				r.Scope, r.May = "new", nil
			}
		} else { // a channel that no rule names yet
			more.Channels = append(slices.Clone(c.Channels), access.ChannelRule{Channels: []string{"C04"}, Scope: "new"})
		}
		after, err := access.New(more)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range append(users, "U09") {
			for _, gs := range [][]string{nil, {"g1"}, {"g2"}, {"g2", "g1"}} {
				who := access.Person{ID: u, Groups: gs}
				direct := after.Decide(who, access.Place{Channel: "D1", Direct: true})
				for _, where := range []access.Place{{Channel: "D1", Direct: true}, {Channel: "C01", Name: "c1"}, {Channel: "C02", Name: "c3"}, {Channel: "C03", Name: "c3"}, {Channel: "C04", Name: "c4"}, {Channel: "C05"}} {
					old, now := before.Decide(who, where), after.Decide(who, where)
					for _, r := range rows {
						if sees(now, r) && !sees(old, r) {
							t.Fatalf("%+v in %+v sees %v only now: %s, before %s", who, where, r, now.Reason, old.Reason)
						}
						if sees(now, r) && !sees(direct, r) {
							t.Fatalf("%+v sees %v in %+v and not directly", who, r, where)
						}
					}
					if !analysis.ScopeCovers(old.Scope, now.Scope) && now.Allowed && old.Allowed {
						t.Fatalf("%v does not cover %v", old.Scope, now.Scope)
					}
				}
			}
		}
	})
}
