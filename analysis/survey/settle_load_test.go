package survey_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// TestCompleteThroughIsLearnedFromLoads loads a month every morning for eleven days. A day has half of its rows the next morning and all of
// them the one after: the rule of thumb would have called the day before yesterday's half enough on a quiet weekday, the history does not.
func TestCompleteThroughIsLearnedFromLoads(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	file := filepath.Join(t.TempDir(), "bill.csv")
	var early int64
	for morning := 12; morning <= 22; morning++ {
		var b strings.Builder
		b.WriteString("ProviderName,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ServiceName\n")
		for day := 1; day < morning; day++ {
			rows := 8
			if day == morning-1 {
				rows = 6 // three quarters: enough for the rule of thumb
			}
			for range rows {
				from := analysis.Day(2026, 11, day)
				fmt.Fprintf(&b, "AWS,USD,%s,%s,Usage,1,1,EC2\n", from.Format(time.RFC3339), from.AddDate(0, 0, 1).Format(time.RFC3339))
			}
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := ingest.Load(ctx, s, file, ingest.Options{Now: analysis.Day(2026, 11, morning).Add(6 * time.Hour), Source: "feed"})
		if err != nil {
			t.Fatal(err)
		}
		if morning == 15 {
			early = r.Load.Snapshot
		}
	}
	of := func(snapshot int64) survey.Provider {
		t.Helper()
		sn, err := s.Snapshot(ctx, snapshot)
		if err != nil {
			t.Fatal(err)
		}
		defer sn.Close()
		sv, err := survey.Of(ctx, s, sn)
		if err != nil {
			t.Fatal(err)
		}
		scoped, err := survey.Within(ctx, s, sn, []analysis.Filter{only(analysis.DimProvider, "AWS")})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := sv.Providers[0], scoped.Providers[0]; !a.Through.Equal(b.Through) || a.How != b.How {
			t.Errorf("a scope is told %s, %q; everybody %s, %q", b.Through, b.How, a.Through, a.How)
		}
		return sv.Providers[0]
	}
	if p := of(0); !p.Through.Equal(analysis.Day(2026, 11, 20)) || !strings.HasPrefix(p.How, "complete from 2 days on: ") || !strings.HasSuffix(p.How, "seen in 11 loads") {
		t.Errorf("complete through %s, %q", p.Through.Format(analysis.DateLayout), p.How)
	}
	// An earlier snapshot knows the loads up to it alone, as it did then.
	if p := of(early); !p.Through.Equal(analysis.Day(2026, 11, 14)) || p.How != "by rows per weekday: 4 loads are too little history" {
		t.Errorf("at first: complete through %s, %q", p.Through.Format(analysis.DateLayout), p.How)
	}
}
