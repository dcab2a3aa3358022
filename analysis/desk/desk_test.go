package desk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/demo/demotest"
	"spendbot/analysis/desk"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

var payments = []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}}

var company = demotest.Company{Options: demo.Options{Now: now, Months: 4}}

func TestMain(m *testing.M) { os.Exit(company.Run(m)) }

func open(t *testing.T, o desk.Options) (*desk.Desk, *store.Store) {
	t.Helper()
	s := company.Open(t)
	d := desk.New(s, o)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, s
}

// TestExamplesAreAnswered: every example that people are shown is answered with numbers, for those who see everything and
// for those who do not.
func TestExamplesAreAnswered(t *testing.T) {
	ctx := context.Background()
	d, _ := open(t, desk.Options{})
	for _, scope := range [][]analysis.Filter{nil, payments} {
		sv, err := d.Survey(ctx, scope)
		if err != nil {
			t.Fatal(err)
		}
		list := desk.Examples(sv, now)
		if len(list) < 5 {
			t.Errorf("only %d examples within %s: %q", len(list), analysis.ScopeWords(scope), list)
		}
		for i, q := range list {
			a, err := d.Answer(ctx, fmt.Sprintf("Q-%06d", i), desk.Question{Text: q, Scope: scope, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if a.Reading.Intent == analysis.Ambiguous || a.Reading.Intent == analysis.OutOfScope || len(a.Trace.Queries) == 0 {
				t.Errorf("%q within %s is not answered: %s", q, analysis.ScopeWords(scope), a.Headline)
			}
			if scope != nil && strings.Contains(a.Headline+q, "search") {
				t.Errorf("%q names another team: %s", q, a.Headline)
			}
		}
	}
}

// TestScopeTravels: the scope is part of every plan, read or given.
func TestScopeTravels(t *testing.T) {
	ctx := context.Background()
	d, _ := open(t, desk.Options{})
	whole, err := d.Answer(ctx, "Q-000001", desk.Question{Text: "what did we spend in October?", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	plan := whole.Reading
	part, err := d.Answer(ctx, "Q-000002", desk.Question{Plan: &plan, Scope: payments, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if analysis.ScopeKey(part.Reading.Scope) != analysis.ScopeKey(payments) || part.Headline == whole.Headline {
		t.Errorf("a given plan was not confined: %+v %s", part.Reading.Scope, part.Headline)
	}
	read, err := d.Read(ctx, desk.Question{Text: "what did we spend in October?", Scope: payments, Now: now})
	if err != nil || analysis.ScopeKey(read.Scope) != analysis.ScopeKey(payments) {
		t.Errorf("a read plan was not confined: %+v, %v", read.Scope, err)
	}
}

// TestManyAsk: askers at once get what one asker gets, while somebody else loads.
func TestManyAsk(t *testing.T) {
	ctx := context.Background()
	d, s := open(t, desk.Options{Seats: 2, Caveat: "made up"})
	const q = "top 5 services in October"
	want, err := d.Answer(ctx, "Q-000001", desk.Question{Text: q, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var told int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			question := desk.Question{Text: q, Now: now}
			if i == 0 {
				question.Reading = func(_ analysis.Plan, rows int64) { told = rows }
			}
			a, err := d.Answer(ctx, fmt.Sprintf("Q-%06d", i), question)
			if err != nil {
				t.Error(err)
				return
			}
			if a.Headline != want.Headline || a.Trace.Queries[0].SHA256 != want.Trace.Queries[0].SHA256 {
				t.Errorf("another answer: %s", a.Headline)
			}
		})
	}
	wg.Wait()
	if told == 0 {
		t.Error("nobody was told how many rows are read")
	}
	if want.Caveats[len(want.Caveats)-1] != "made up" {
		t.Errorf("the caveat is not said: %q", want.Caveats)
	}
	again, err := d.Rerun(ctx, want.Trace)
	if err != nil || len(again) != len(want.Trace.Queries) {
		t.Fatal(again, err)
	}
	for _, r := range again {
		if !r.Equal {
			t.Errorf("run again, %s differs", r.Name)
		}
	}

	// A load makes the next question see the new snapshot.
	csv := filepath.Join(t.TempDir(), "more.csv")
	if err := os.WriteFile(csv, []byte(oneCharge), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ingest.Load(ctx, s, csv, ingest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	a, err := d.Answer(ctx, "Q-000009", desk.Question{Text: q, Now: now})
	if err != nil || a.Trace.Snapshot == want.Trace.Snapshot {
		t.Errorf("the load was not noticed: snapshot %d, %v", a.Trace.Snapshot, err)
	}
	h, err := d.Held(ctx)
	if err != nil || h.Loads != 2 || h.Last.IsZero() || len(h.Through) == 0 {
		t.Errorf("held: %+v, %v", h, err)
	}
}

const oneCharge = `BilledCost,BillingAccountId,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,ListCost,ProviderName,PublisherName,InvoiceIssuerName,ServiceCategory,ServiceName
1.50,acct-9,USD,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,Usage,a thing,2026-10-03T00:00:00Z,2026-10-02T00:00:00Z,1.50,1.50,1.50,Tiny,Tiny,Tiny,Other,Thing
`
