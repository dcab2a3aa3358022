package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dir, store.Limits{Guest: store.Self()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func snapshot(t testing.TB, s *store.Store, id int64) *store.Snapshot {
	t.Helper()
	sn, err := s.Snapshot(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	return sn
}

func load(t testing.TB, s *store.Store, file string) store.Load {
	t.Helper()
	r, err := ingest.Load(context.Background(), s, file, ingest.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r.Load
}

// charges is a FOCUS bill of one payer and month, a row per cost, a day apart.
func charges(payer, month string, costs ...string) string {
	var b strings.Builder
	b.WriteString("ProviderName,BillingAccountId,BillingPeriodStart,ChargePeriodStart,ChargeCategory,BillingCurrency,BilledCost,EffectiveCost,ServiceName,ResourceId,Tags\n")
	for i, c := range costs {
		fmt.Fprintf(&b, "AWS,%s,%s-01T00:00:00Z,%s-%02dT00:00:00Z,Usage,USD,%s,%s,EC2,i-%d,\"{\"\"team\"\":\"\"t%d\"\"}\"\n", payer, month, month, i+1, c, c, i, i%2)
	}
	return b.String()
}

func writeBill(t testing.TB, name, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// totalsOf sums a snapshot, and fails where its two tables do not agree.
func totalsOf(t testing.TB, sn *store.Snapshot) string {
	t.Helper()
	rows, _, err := sn.Query(context.Background(), "totals", `SELECT CAST(sum(x_Rows) AS BIGINT), sum(BilledCost) FROM daily
UNION ALL SELECT count(*), sum(BilledCost) FROM charges`)
	if err != nil {
		t.Fatal(err)
	}
	show := func(r []any) string {
		d, _ := r[1].(decimal.Decimal)
		return fmt.Sprintf("%d rows %s", r[0], d)
	}
	if a, b := show(rows.Values[0]), show(rows.Values[1]); a != b {
		t.Errorf("daily holds %s, charges %s", a, b)
	}
	return show(rows.Values[0])
}
