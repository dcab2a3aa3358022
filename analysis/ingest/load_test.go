package ingest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// shared finds the optional folder of sample bills beside the checkout.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no sample bills beside the checkout: %v", err)
	}
	return p
}

func TestSampleBillsLoadAndReconcile(t *testing.T) {
	dir := shared(t, "focus")
	s := newStore(t)
	files, _ := filepath.Glob(filepath.Join(dir, "toolkit_1.2_1.3", "*cost_and_usage*.csv"))
	files = append(files, filepath.Join(dir, "focus10_sample_1000.csv"), filepath.Join(dir, "toolkit_1.2_1.3", "consolidated_multi_provider_1_3.csv"))
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			r, err := ingest.Load(context.Background(), s, f, ingest.Options{Now: now, Source: filepath.Base(f)})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d rows %v %v", r.Load.Rows, r.Load.Totals["USD"].Billed, r.Load.Warnings)
			again, err := ingest.Load(context.Background(), s, f, ingest.Options{Now: now, Source: filepath.Base(f)})
			if err != nil {
				t.Fatal(err)
			}
			if !again.Unchanged {
				t.Error("loading the same bytes twice was not noticed")
			}
		})
	}
}
