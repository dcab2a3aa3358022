package bot

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/bot/state"
)

// hourlyBill is a bill by the hour up to a moment, of a gateway that passes four times as many bytes from another on, and of others that do not.
func hourlyBill(t *testing.T, loops, until time.Time) string {
	t.Helper()
	var w strings.Builder
	w.WriteString("ProviderName,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ServiceName,SubAccountId,RegionId,x_UsageType,ResourceId\n")
	for at := analysis.DayOf(until).AddDate(0, 0, -50); at.Before(until); at = at.Add(time.Hour) {
		for i, usage := range []string{"NatGateway-Bytes", "VpcEndpoint-Hours"} {
			cost := 12 + 3*math.Sin(float64(at.Hour())/12*math.Pi)
			if i == 0 && !at.Before(loops) {
				cost *= 4
			}
			fmt.Fprintf(&w, "AWS,USD,%s,%s,Usage,%.4f,%.4[3]f,Amazon VPC,111122223333,us-east-1,%s,nat-%d\n", at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339), cost, usage, i)
		}
	}
	file := filepath.Join(t.TempDir(), "bill.csv")
	if err := os.WriteFile(file, []byte(w.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestHoursBeginAThread: what loops since the afternoon is told the same evening, as provisional; the next day's bill goes on in the same thread, and says nothing twice.
func TestHoursBeginAThread(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := newThreads(t, testIncidents())
	r.b.desk = desk.New(s, desk.Options{})
	t.Cleanup(func() { r.b.desk.Close() })
	loops := theOnset.Add(14 * time.Hour)
	look := func(until time.Time) {
		t.Helper()
		r.mu.Lock()
		r.now = until.Add(30 * time.Minute)
		r.mu.Unlock()
		if _, err := ingest.Load(ctx, s, hourlyBill(t, loops, until), ingest.Options{Now: r.clock(), Source: "feed"}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the same bill again is no news
			if err := r.b.FindIncidents(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	look(loops)
	look(theOnset.Add(20 * time.Hour))
	m := r.root("#cloud-costs", "Amazon VPC · NatGateway-Bytes", "in 6 hours, expected", "by the hour, provisional: since Wed 18 Nov 14:00 UTC", "a day at this rate", "complete through 17 Nov")
	in := r.incident(m)
	a, err := r.db.Answer(ctx, in.Answer)
	if err != nil || len(a.Answer.Trace.Queries) < 3 || !strings.Contains(fmt.Sprint(a.Answer.Caveats), "provisional") {
		t.Errorf("what its hours are expected to cost cannot be traced: %v, %+v", err, a)
	}
	look(theOnset.Add(23 * time.Hour))
	r.root("#cloud-costs", "in 9 hours, expected")
	look(theOnset.Add(26 * time.Hour))
	m = r.root("#cloud-costs", "on Wed 18 Nov, expected", "since Wed 18 Nov 14:00 UTC (1 complete day)", "nat-0 carries")
	r.settled()
	if n := r.replies(m, 0); len(n) != 0 {
		t.Errorf("replies %q", n)
	}
	look(theOnset.Add(50 * time.Hour))
	look(theOnset.Add(74 * time.Hour)) // a day on which nothing is told: its ticket needs the drivers all the same
	r.root("#cloud-costs", "(3 complete days)")
	if a, err := r.db.Answer(ctx, r.incident(m).Answer); err != nil || !slices.ContainsFunc(a.Answer.Parts, func(p analysis.Part) bool { return p.Bridge != nil }) {
		t.Errorf("after a quiet day nothing is known of its drivers: %v", err)
	}
	all, err := r.db.Incidents(ctx, state.IncidentFilter{})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d incidents, %v", len(all), err)
	}
	if got := r.history(in.ID); got != "detected confirmed grew" {
		t.Errorf("history %q", got)
	}
}
