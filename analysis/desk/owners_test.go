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
	}})
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
