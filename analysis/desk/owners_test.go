package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/desk"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// ownedDesk looks at the demo company through its owners.
func ownedDesk(t *testing.T) *desk.Desk {
	t.Helper()
	c, err := owners.Read(demo.OwnersFile, demo.Owners)
	if err != nil {
		t.Fatal(err)
	}
	b := owners.NewBook(&owners.Version{Number: 1, File: demo.OwnersFile, Config: c})
	d, _ := open(t, desk.Options{Lens: func(_ context.Context, _ *store.Snapshot, p analysis.Plan) (query.Lens, error) {
		if p.Owners == analysis.CurrentOwners {
			return query.Lens{}.Over(b.Current(now).Layer(false)), nil
		}
		return query.Lens{}.Over(b.Layer(false)), nil
	}, Owners: func() (*owners.Book, error) { return b, nil }})
	return d
}

// TestScopedByOwners: whoever sees one team's spend sees no other team's name, nor its cost centre, channel or accounts, whatever is
// asked: in answers, in their traces' parameters, in questions back, in the vocabulary.
func TestScopedByOwners(t *testing.T) {
	ctx := context.Background()
	d := ownedDesk(t)
	scope := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	sv, err := d.Survey(ctx, scope)
	if err != nil {
		t.Fatal(err)
	}
	for _, dim := range analysis.OwnerDimensions {
		for _, term := range sv.Vocabulary.Owned[dim] {
			switch {
			case dim == analysis.DimTeam && (term.Value == "payments" || term.Value == analysis.Unallocated && term.Cost == 0):
			case dim == analysis.DimGroup && term.Value == "commerce", dim == analysis.DimBusinessUnit && term.Value == "Online", dim == analysis.DimCostCentre && term.Value == "CC-1100":
			case dim == analysis.DimEnvironment, dim == analysis.DimProduct && term.Value == "shop checkout":
			default:
				t.Errorf("the vocabulary holds the %s %q", dim, term.Value)
			}
		}
	}
	secret := []string{"search", "growth", "CC-1200", "marketing", "Stores", "data-lake", "recs-prod", "shop search"}
	previous := (*analysis.Plan)(nil)
	for i, q := range []string{
		"spend by team in October", "why did payments change last week?", "and by team?", "spend by cost centre in October", "spend by business unit and group in October",
		"unallocated spend in October", "top 10 teams in October", "spend of everything in October with today's rules",
		"who owns EC2?", "who owns EC2 in October?",
	} {
		a, err := d.Answer(ctx, fmt.Sprintf("Q-%06d", i), desk.Question{Text: q, Scope: scope, Now: now, Follows: previous})
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		previous = &a.Reading
		for k, q := range a.Trace.Queries {
			a.Trace.Queries[k].SQL = q.Shown(scope)
		}
		said, err := json.Marshal(struct {
			A *analysis.Answer
			P []analysis.Part
		}{a, a.Parts})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secret {
			if strings.Contains(string(said), s) {
				t.Errorf("%q tells of %q: %s", q, s, said)
			}
		}
		if len(a.Trace.Queries) == 0 && q != "unallocated spend in October" {
			t.Errorf("%q was not answered: %s", q, a.Headline)
		}
	}
	// What others are called is unknown here.
	a, err := d.Answer(ctx, "Q-000099", desk.Question{Text: "spend of team growth in October", Scope: scope, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Reading.Filters) > 0 {
		t.Errorf("another team's name is read: %+v", a.Reading.Filters)
	}
	// A plan of somebody who sees more is confined.
	whole, err := d.Answer(ctx, "Q-000100", desk.Question{Text: "spend of growth in October", Now: now})
	if err != nil || len(whole.Reading.Filters) != 1 {
		t.Fatalf("%+v, %v", whole, err)
	}
	part, err := d.Answer(ctx, "Q-000101", desk.Question{Plan: &whole.Reading, Scope: scope, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if len(part.Parts) > 0 || strings.Contains(part.Headline, "growth") {
		t.Errorf("another team's spend is told: %s %+v", part.Headline, part.Parts)
	}
}

// TestWhoOwnsIt: what has an owner is answered with the owner, by what and by which version; what nobody knows with a question back.
func TestWhoOwnsIt(t *testing.T) {
	d := ownedDesk(t)
	for i, c := range []struct {
		ask, headline string
		says          []string // in the table and the caveats
	}{
		{"who owns account security?", "Team infra owns account security; its channel is #infra.", []string{"CC-4200", "assignee gil", "security tooling is run by infra, whoever tagged it", "account name is security", "by the owners: version 1"}},
		{"Who is the owner of payments-prod?", "Team payments owns account payments-prod; its channel is #payments.", []string{"CC-1100", "tag team", "by the owners: version 1"}},
		{"who owns EC2?", "Service Amazon Elastic Compute Cloud has", []string{"#search", "#payments", "by the owners: version 1"}},
		{"whose is i-0a1b2c3d4e5f?", `Nothing in these bills is called "i-0a1b2c3d4e5f" or like it, so I cannot say whose it is.`, nil},
		{"who owns <!channel> *@here*?", `I read "@here" as a service or a tag value and know neither. Closest: `, nil},
		{"who owns?", "Whose is what? Name a service, an account, a resource or a tag as the bills have it.", nil},
	} {
		a, err := d.Answer(t.Context(), fmt.Sprintf("Q-0002%02d", i), desk.Question{Text: c.ask, Now: now})
		if err != nil {
			t.Fatalf("%s: %v", c.ask, err)
		}
		if !strings.HasPrefix(a.Headline, c.headline) {
			t.Errorf("%s: %s", c.ask, a.Headline)
		}
		said := strings.Join(a.Caveats, "\n")
		for _, p := range a.Parts {
			for _, r := range p.Table.Rows {
				for _, cell := range r.Cells {
					said += " " + cell.Text
				}
			}
		}
		for _, s := range c.says {
			if !strings.Contains(said, s) {
				t.Errorf("%s: %q is not said: %s", c.ask, s, said)
			}
		}
		if len(c.says) > 0 && len(a.Trace.Queries) != 1 {
			t.Errorf("%s: %d queries", c.ask, len(a.Trace.Queries))
		}
	}
	bare, _ := open(t, desk.Options{})
	a, err := bare.Answer(t.Context(), "Q-000300", desk.Question{Text: "who owns EC2?", Now: now})
	if err != nil || !strings.HasPrefix(a.Headline, "No owners are configured here") {
		t.Errorf("%v, %v", a, err)
	}
}

// TestOwnersAreSaid: answers that owners had a part in say so, others do not and read the stored rows as they are; each runs again.
func TestOwnersAreSaid(t *testing.T) {
	ctx := context.Background()
	d := ownedDesk(t)
	for i, c := range []struct {
		ask  string
		says string // "" is nothing
	}{
		{"spend in October", ""},
		{"spend by service in October", ""},
		{"spend by team in October", "owners by version 1"},
		{"spend by team in October with today's rules", "owners by version 1, the rules of 23 Nov 2026 for all days"},
		{"why did payments change last week?", "owners by version 1"},
	} {
		a, err := d.Answer(ctx, fmt.Sprintf("Q-%06d", i), desk.Question{Text: c.ask, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, s := range a.Caveats {
			if strings.HasPrefix(s, "owners by") {
				said = s
			}
		}
		if said != c.says {
			t.Errorf("%q says %q, want %q", c.ask, said, c.says)
		}
		for _, q := range a.Trace.Queries {
			if c.says == "" && strings.Contains(q.SQL, "o_set_") {
				t.Errorf("%q is answered through the owners: %s", c.ask, q.SQL)
			}
		}
		runs, err := d.Rerun(ctx, a.Trace)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if !r.Equal {
				t.Errorf("%q: %s came out otherwise", c.ask, r.Name)
			}
		}
	}
}
