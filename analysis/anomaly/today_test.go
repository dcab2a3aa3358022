package anomaly_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/ingest"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// hours is a bill of some weeks by the hour, or by the day, with data up to an hour of its last day.
type hours struct {
	until time.Time
	daily bool
	// loop is when the gateway's bytes are four times as many, and until when; zero for never and for ever.
	loop, mended time.Time
}

// load makes a store of it.
func (b hours) load(t *testing.T) *company {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	file := filepath.Join(dir, "bill.csv")
	var w strings.Builder
	w.WriteString("ProviderName,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ServiceName,SubAccountId,SubAccountName,RegionId,x_UsageType,ResourceId\n")
	noise := uint64(1)
	for day := analysis.DayOf(b.until).AddDate(0, 0, -75); day.Before(b.until); day = day.AddDate(0, 0, 1) {
		for i, l := range [][2]string{{"Amazon VPC", "NatGateway-Bytes"}, {"Amazon VPC", "VpcEndpoint-Hours"}, {"Amazon EC2", "BoxUsage:m5.large"}, {"Amazon S3", "TimedStorage-ByteHrs"}} {
			whole := decimal.Zero
			for h := range 24 {
				at := day.Add(time.Duration(h) * time.Hour)
				if !at.Before(b.until) {
					break
				}
				noise = noise*6364136223846793005 + 1442695040888963407
				cost := float64(12-2*i) * (1 + 0.3*math.Sin(float64(h-8)/12*math.Pi)) * (1 + 0.1*(float64(noise>>40)/(1<<24)-0.5))
				if d := day.Weekday(); d == time.Saturday || d == time.Sunday {
					cost *= 0.7
				}
				if i == 0 && !b.loop.IsZero() && !at.Before(b.loop) && (b.mended.IsZero() || at.Before(b.mended)) {
					cost *= 4
				}
				c := decimal.NewFromFloat(cost).Round(6)
				if whole = whole.Add(c); !b.daily {
					fmt.Fprintf(&w, "AWS,USD,%s,%s,Usage,%s,%[3]s,%s,111122223333,payments-prod,us-east-1,%s,r-%d\n", at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339), c, l[0], l[1], i)
				}
			}
			if b.daily && (i == 0 || b.until.Sub(day) >= 24*time.Hour) { // the last day is not complete
				fmt.Fprintf(&w, "AWS,USD,%s,%s,Usage,%s,%[3]s,%s,111122223333,payments-prod,us-east-1,%s,r-%d\n", day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339), whole, l[0], l[1], i)
			}
		}
	}
	if err := os.WriteFile(file, []byte(w.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "store")
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := ingest.Load(ctx, s, file, ingest.Options{Now: b.until}); err != nil {
		t.Fatal(err)
	}
	return openStore(t, dir)
}

// looped is when the gateway of the tests begins to loop: a Tuesday.
var looped = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// TestHoursOfAnIncompleteDay: what begins at night is found by the hours of the morning, and by its day when that is complete, as the same
// series.
func TestHoursOfAnIncompleteDay(t *testing.T) {
	t.Parallel()
	var first anomaly.Incident
	for _, c := range []struct {
		name  string
		bill  hours
		now   time.Time // 0 is when the data ends
		hours bool
		days  bool
	}{
		{"as usual", hours{until: looped.Add(6 * time.Hour)}, time.Time{}, false, false},
		{"by the hour", hours{until: looped.Add(6 * time.Hour), loop: looped}, time.Time{}, true, false},
		{"before its hours have passed", hours{until: looped.Add(6 * time.Hour), loop: looped}, looped.Add(time.Hour + time.Minute), false, false},
		{"the days of another bill", hours{until: looped.Add(6 * time.Hour), loop: looped, daily: true}, time.Time{}, false, false},
		{"over again at noon", hours{until: looped.Add(12 * time.Hour), loop: looped, mended: looped.Add(6 * time.Hour)}, time.Time{}, true, false},
		{"when the day is complete", hours{until: looped.Add(33 * time.Hour), loop: looped}, time.Time{}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			co := c.bill.load(t)
			r, err := co.scan(nil, anomaly.Options{Provisional: true, Now: c.now, Since: looped.AddDate(0, 0, -20)})
			if err != nil {
				t.Fatal(err)
			}
			byHour := slices.DeleteFunc(slices.Clone(r.Warnings), func(i anomaly.Incident) bool { return i.Hours == nil })
			if len(byHour) > 0 != c.hours || len(r.Incidents) > 0 != c.days || len(byHour)+len(r.Incidents) > 1 {
				t.Fatalf("by the hour %d; by the day %d", len(byHour), len(r.Incidents))
			}
			if c.bill.daily && len(r.Queries) > 3 {
				t.Errorf("%d queries of a bill by the day", len(r.Queries))
			}
			for _, i := range slices.Concat(byHour, r.Incidents) {
				if !i.OnsetHour.Equal(looped) || !i.Onset.Equal(analysis.DayOf(looped)) || i.Slice["x_UsageType"] != "NatGateway-Bytes" || i.Slice["SubAccountId"] != "111122223333" {
					t.Errorf("since %s of %s: %v", i.OnsetHour, i.Onset, i.Slice)
				}
				if first.Hours == nil {
					first = i
				} else if !slices.Equal(i.Keys(), first.Keys()) || !i.Same(first.Anomaly) {
					t.Errorf("%v by the day, %v by the hour", i.Keys(), first.Keys())
				}
				if i.Hours == nil {
					continue
				}
				sum := decimal.Zero
				for _, p := range i.Hours.Points {
					sum = sum.Add(p.Actual)
				}
				got := billed(t, co, i)
				if !got.Equal(i.Actual) || !sum.Equal(i.Actual) || !i.Excess.Equal(i.Actual.Sub(i.Expected)) || i.Excess.LessThan(decimal.NewFromInt(50)) {
					t.Errorf("%s, its hours sum to %s, the bill says %s; %s over %s", i.Actual, sum, got, i.Excess, i.Expected)
				}
				if over := !c.bill.mended.IsZero(); i.Going == over || i.Hours.End.After(c.bill.until) || over && !i.Hours.End.Equal(c.bill.mended) {
					t.Errorf("going on: %v, up to %s", i.Going, i.Hours.End)
				}
			}
		})
	}
}

// billed is what the bill has of an incident's hours.
func billed(t *testing.T, c *company, i anomaly.Incident) analysis.Amount {
	t.Helper()
	sight, err := c.sn.SeenThrough(nil, c.lens)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := sight.Query(context.Background(), "again", query.F("SELECT sum(EffectiveCost) FROM {charges} WHERE x_UsageType = ? AND ChargePeriodStart >= CAST(? AS TIMESTAMP) AND ChargePeriodStart < CAST(? AS TIMESTAMP)",
		i.Slice["x_UsageType"], i.Hours.First.Format(time.DateTime), i.Hours.End.Format(time.DateTime)))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := rows.Values[0][0].(decimal.Decimal)
	return got
}

// TestHoursTellNothingThatDaysDoNot replays the hours of a large store's days: the 90 quiet days raise at most two alerts a week by the hour
// too, and what hours tell the complete days tell of the same series.
func TestHoursTellNothingThatDaysDoNot(t *testing.T) {
	dir := os.Getenv("SPENDBOT_BENCH_STORE")
	if dir == "" {
		t.Skip("SPENDBOT_BENCH_STORE names a store of hourly charges; see BenchmarkScanStore")
	}
	c := openStore(t, dir)
	all, err := c.scan(nil, anomaly.Options{})
	if err != nil {
		t.Fatal(err)
	}
	memory, providers := anomaly.NewMemory(), c.survey.Providers
	perWeek, told, alone := map[int]int{}, 0, 0
	first := analysis.Day(2026, 6, 1)
	for day := first; day.Before(analysis.Day(2026, 11, 20)); day = day.AddDate(0, 0, 3) { // what hours tell hangs on no later ones: three days at once
		c.survey.Providers = nil
		for _, p := range providers {
			p.Through, p.Last = day.AddDate(0, 0, -1), day.AddDate(0, 0, 2)
			c.survey.Providers = append(c.survey.Providers, p)
		}
		r, err := c.scan(nil, anomaly.Options{Provisional: true, Since: day.AddDate(0, 0, -1), Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range r.ByHour() {
			told++
			perWeek[int(i.Told.Sub(first).Hours()/24)/7]++
			byDay := func(p anomaly.Anomaly) bool {
				return i.Same(p) || anomaly.Holds(p.Key(), i.Key()) && !i.Onset.Before(p.Onset) && !i.Onset.After(p.Last)
			}
			if !slices.ContainsFunc(all.Incidents, func(j anomaly.Incident) bool { return slices.ContainsFunc(j.Parts, byDay) }) {
				alone++
				t.Logf("%s: %s, %s of %s expected in %d hours; not by the day", i.Hours.First.Format(time.DateTime), i.Label, i.Actual.Round(2), i.Expected, i.Hours.N())
			}
		}
	}
	t.Logf("%d told by the hour, %d of them not by the day", told, alone)
	for w, n := range perWeek {
		if w < 13 && n > 2 {
			t.Errorf("week %d of the quiet ones has %d alerts by the hour, want at most 2", w+1, n)
		}
	}
	if alone > told/5 {
		t.Errorf("%d of %d alerts by the hour are none by the day", alone, told)
	}
}
