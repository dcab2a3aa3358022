package survey_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/demo"
	"spendbot/analysis/demo/demotest"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

var now = analysis.Day(2026, 11, 23)

// demoStore is a small store of the demo company: two months.
func demoStore(t testing.TB, months int) (*store.Store, *store.Snapshot) {
	t.Helper()
	ctx := context.Background()
	s, _, err := demotest.Load(ctx, t.TempDir(), demo.Options{Now: now, Months: months})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	return s, sn
}

func only(d analysis.Dimension, values ...string) analysis.Filter {
	return analysis.Filter{Dimension: d, Values: values}
}

const team = analysis.Dimension("tag:team")

func TestWithin(t *testing.T) {
	ctx := context.Background()
	s, sn := demoStore(t, 2)
	all, err := survey.Of(ctx, s, sn)
	if err != nil {
		t.Fatal(err)
	}
	payments := []analysis.Filter{only(team, "payments")}
	sv, err := survey.Within(ctx, s, sn, payments)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("only the scope's names", func(t *testing.T) {
		var accounts []string
		for _, a := range sv.Vocabulary.Accounts {
			accounts = append(accounts, a.Name)
			if !strings.HasPrefix(a.Name, "payments-") {
				t.Errorf("account %s", a.Name)
			}
		}
		if teams := sv.Vocabulary.Tags["team"]; len(teams) != 1 || teams[0].Value != "payments" || len(accounts) == 0 || len(accounts) == len(all.Vocabulary.Accounts) {
			t.Errorf("teams %v, accounts %v of %d", teams, accounts, len(all.Vocabulary.Accounts))
		}
		if n, m := len(sv.Vocabulary.Resources), len(all.Vocabulary.Resources); n == 0 || n >= m/2 {
			t.Errorf("%d resources of %d", n, m)
		}
	})
	t.Run("the feed's coverage, for the scope's providers", func(t *testing.T) {
		for _, p := range sv.Providers {
			if !slices.Contains(all.Providers, p) {
				t.Errorf("%+v is not as the feed is", p)
			}
		}
		if len(sv.Providers) == 0 || len(sv.Providers) >= len(all.Providers) || sv.Vocabulary.Through.IsZero() {
			t.Errorf("%d providers of %d, complete through %v", len(sv.Providers), len(all.Providers), sv.Vocabulary.Through)
		}
	})
	t.Run("kept apart per scope", func(t *testing.T) {
		again, err := survey.Within(ctx, s, sn, []analysis.Filter{{Dimension: team, Values: []string{"payments", "payments"}, Labels: []string{"Payments", ""}}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sv, again); d != "" {
			t.Error(d)
		}
		if sv.Scope != analysis.ScopeKey(payments) || all.Scope != "" {
			t.Errorf("scopes %q and %q", sv.Scope, all.Scope)
		}
		if still, err := survey.Of(ctx, s, sn); err != nil || len(still.Vocabulary.Accounts) != len(all.Vocabulary.Accounts) {
			t.Errorf("the survey of everything is now another: %v", err)
		}
		files, _ := filepath.Glob(filepath.Join(s.Dir(), "cache", "*"))
		if len(files) != 2 {
			t.Errorf("cache: %v", files)
		}
	})
	t.Run("a file that is of another scope is not believed", func(t *testing.T) {
		files, _ := filepath.Glob(filepath.Join(s.Dir(), "cache", "survey-*-*.json"))
		b, err := os.ReadFile(filepath.Join(s.Dir(), "cache", fmt.Sprintf("survey-%d.json", sn.ID)))
		if err != nil || len(files) != 1 {
			t.Fatal(err, files)
		}
		if err := os.WriteFile(files[0], b, 0o644); err != nil {
			t.Fatal(err)
		}
		again, err := survey.Within(ctx, s, sn, payments)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sv, again); d != "" {
			t.Error(d)
		}
	})
	t.Run("nothing in it", func(t *testing.T) {
		sv, err := survey.Within(ctx, s, sn, []analysis.Filter{only(team, "nobody")})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(ask.Vocabulary{Tags: map[string][]ask.Term{}}, sv.Vocabulary); d != "" || len(sv.Providers)+len(sv.Months) > 0 {
			t.Errorf("%s %v %v", d, sv.Providers, sv.Months)
		}
	})
	t.Run("the cache stays small", func(t *testing.T) {
		for i := range 105 {
			if err := os.WriteFile(filepath.Join(s.Dir(), "cache", fmt.Sprintf("survey-%d.json", i)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := survey.Within(ctx, s, sn, []analysis.Filter{only(team, "search")}); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(s.Dir(), "cache", "survey-*"))
		if len(files) != 100 || !slices.ContainsFunc(files, func(f string) bool { return strings.Count(filepath.Base(f), "-") == 2 }) {
			t.Errorf("%d files", len(files))
		}
	})
	t.Run("a scope of resources is refused", func(t *testing.T) {
		if _, err := survey.Within(ctx, s, sn, []analysis.Filter{only(analysis.DimResource, "i-1")}); err == nil {
			t.Error("it was taken")
		}
	})
}

func TestMissing(t *testing.T) {
	sv := &survey.Survey{Vocabulary: ask.Vocabulary{Accounts: []ask.Term{{Value: "4815", Name: "payments-prod"}}, Currencies: []string{"USD"},
		Tags: map[string][]ask.Term{"team": {{Value: "payments"}}}}}
	scope := []analysis.Filter{only(team, "payments", "Payments", "ghosts", ""), only(analysis.DimAccount, "4815", "payments-prod"), only("tag:tam", "payments"),
		only(analysis.DimChargeCategory, "Tax"), only(analysis.DimCurrency, "USD", "EUR")}
	want := []string{
		`no row has the team "Payments"; it is written "payments"`, `no row has the team "ghosts"`, `the account "payments-prod" is a name, which may change: write its id, "4815"`,
		`no row has the tag "tam" at all`, `no row has the currency "EUR"`,
	}
	if d := cmp.Diff(want, sv.Missing(scope)); d != "" {
		t.Error(d)
	}
}

// BenchmarkWithin is the first use of a scope on the whole demo store.
func BenchmarkWithin(b *testing.B) {
	s, sn := demoStore(b, 0)
	if _, err := survey.Of(context.Background(), s, sn); err != nil {
		b.Fatal(err)
	}
	for name, scope := range map[string][]analysis.Filter{"team": {only(team, "payments")}, "account": {only(analysis.DimAccount, "481516234210")}, "most of it": {only(analysis.DimProvider, "AWS")}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				files, _ := filepath.Glob(filepath.Join(s.Dir(), "cache", "survey-*-*.json"))
				for _, f := range files {
					os.Remove(f)
				}
				if _, err := survey.Within(context.Background(), s, sn, scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
