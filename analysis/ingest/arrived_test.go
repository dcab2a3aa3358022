package ingest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// TestWhatHadArrived loads the same month as it grows, and another feed's beside it: each record holds what the store did then.
func TestWhatHadArrived(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	file := filepath.Join(t.TempDir(), "bill.csv")
	load := func(source string, day int, rows string) store.Load {
		t.Helper()
		if err := os.WriteFile(file, []byte("ProviderName,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ServiceName\n"+rows), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := ingest.Load(ctx, s, file, ingest.Options{Now: analysis.Day(2026, 11, day), Source: source})
		if err != nil {
			t.Fatal(err)
		}
		return r.Load
	}
	row := func(provider string, day int, cost string) string {
		return fmt.Sprintf("%s,USD,2026-11-%02dT00:00:00Z,2026-11-%02dT00:00:00Z,Usage,%s,,EC2\n", provider, day, day+1, cost)
	}
	load("a", 3, row("AWS", 1, "1")+row("AWS", 2, "0.5"))
	load("b", 3, row("AWS", 2, "10")+row("Google Cloud", 2, "7"))
	last := load("a", 4, row("AWS", 1, "1")+row("AWS", 2, "2")+row("AWS", 2, "0.25")+"AWS,USD,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,Purchase,99,,EC2\n")

	if len(last.Arrived) != 1 {
		t.Fatalf("%d records; of AWS alone, which the load brought: %+v", len(last.Arrived), last.Arrived)
	}
	a := last.Arrived[0]
	got := map[string]string{}
	for i, n := range a.Rows {
		if n > 0 {
			got[a.Day(i).Format(analysis.DateLayout)] = fmt.Sprintf("%d rows, %s", n, a.Cost[i])
		}
	}
	// The month's own rows in place of the earlier ones, the other feed's beside them, the monthly fee on no day.
	want := map[string]string{"2026-11-01": "1 rows, 1", "2026-11-02": "3 rows, 12.25"}
	if d := cmp.Diff(want, got); d != "" || a.Provider != "AWS" || a.Currency != "USD" || len(a.Rows) != store.ArrivalDays {
		t.Error(d, a.Provider, a.Currency)
	}
}
