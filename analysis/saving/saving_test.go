package saving

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

var (
	start = analysis.Day(2026, 9, 1)
	fix   = analysis.Day(2026, 10, 20) // in force from here on
	end   = analysis.Day(2026, 11, 20)
	now   = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

// machine is a resource of the bill that the tests write: each day so many hours at a list price, some of them covered.
type machine struct {
	id, account, usageType string
	hours                  func(day time.Time) float64
	price                  func(day time.Time) float64
	commitment             string // covers it whole, at 60% of the price
}

func always(x float64) func(time.Time) float64 { return func(time.Time) float64 { return x } }

// from changes a value on a day.
func from(day time.Time, before, after float64) func(time.Time) float64 {
	return func(t time.Time) float64 {
		if t.Before(day) {
			return before
		}
		return after
	}
}

const covered = 0.6

// bill writes and loads what the machines cost; pool are the hours a day that each commitment pays for, used or not. Every other row is given as it is.
func bill(t *testing.T, machines []machine, pool map[string]float64, more ...map[string]string) (*store.Sight, *survey.Survey) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bill.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	header := []string{"ProviderName", "BillingAccountId", "SubAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ServiceName", "RegionId", "SkuId",
		"ResourceId", "PricingQuantity", "PricingUnit", "BillingCurrency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "CommitmentDiscountId", "CommitmentDiscountStatus", "x_UsageType", "ChargeDescription"}
	w := csv.NewWriter(f)
	write := func(r map[string]string) {
		row := make([]string, len(header))
		for i, h := range header {
			row[i] = r[h]
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(header); err != nil {
		t.Fatal(err)
	}
	noise := rand.New(rand.NewPCG(1, 2))
	for day := start; !day.After(end); day = day.AddDate(0, 0, 1) {
		row := func() map[string]string {
			month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
			return map[string]string{"ProviderName": "AWS", "BillingAccountId": "1", "SubAccountId": "1", "BillingPeriodStart": month.Format(time.RFC3339), "BillingPeriodEnd": month.AddDate(0, 1, 0).Format(time.RFC3339),
				"ChargePeriodStart": day.Format(time.RFC3339), "ChargePeriodEnd": day.AddDate(0, 0, 1).Format(time.RFC3339), "ChargeCategory": "Usage", "ServiceName": "EC2", "RegionId": "eu-west-1", "BillingCurrency": "USD"}
		}
		used := map[string]float64{}
		for _, m := range machines {
			hours := m.hours(day) * (0.99 + 0.02*noise.Float64())
			if hours == 0 {
				continue
			}
			r := row()
			list := hours * m.price(day)
			effective := list
			if m.commitment != "" {
				effective = list * covered
				used[m.commitment] += hours
				r["CommitmentDiscountId"], r["CommitmentDiscountStatus"] = m.commitment, "Used"
			}
			r["SubAccountId"], r["ResourceId"], r["x_UsageType"], r["SkuId"] = m.account, m.id, m.usageType, "sku-"+m.usageType
			r["PricingQuantity"], r["PricingUnit"] = fmt.Sprintf("%.6f", hours), "Hours"
			r["ListCost"], r["ContractedCost"], r["EffectiveCost"], r["BilledCost"] = fmt.Sprintf("%.6f", list), fmt.Sprintf("%.6f", list), fmt.Sprintf("%.6f", effective), fmt.Sprintf("%.6f", effective)
			write(r)
		}
		for id, hours := range pool {
			if left := hours - used[id]; left > 0 {
				r := row()
				cost := fmt.Sprintf("%.6f", left*covered)
				r["CommitmentDiscountId"], r["CommitmentDiscountStatus"], r["x_UsageType"], r["SkuId"] = id, "Unused", "Unused", "unused"
				r["ListCost"], r["ContractedCost"], r["EffectiveCost"], r["BilledCost"] = "0", "0", cost, cost
				write(r)
			}
		}
		for _, x := range more {
			r := row()
			if on, ok := x["day"]; ok && on != day.Format(time.DateOnly) {
				continue
			}
			for k, v := range x {
				r[k] = v
			}
			write(r)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := ingest.Load(ctx, s, path, ingest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	sv, err := survey.Of(ctx, s, sn)
	if err != nil {
		t.Fatal(err)
	}
	sight, err := sn.Seen(nil)
	if err != nil {
		t.Fatal(err)
	}
	return sight, sv
}

var boxes = []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"1"}}, {Dimension: analysis.DimService, Values: []string{"EC2"}}, {Dimension: analysis.DimUsageType, Values: []string{"box"}}}

// TestPlanted: what the bill must say of fixes whose truth is known. The machine in question uses 240 hours a day at a dollar.
func TestPlanted(t *testing.T) {
	box := func(id string, hours func(time.Time) float64) machine {
		return machine{id: id, account: "1", usageType: "box", hours: hours, price: always(1)}
	}
	other := []machine{box("i-2", always(500)), box("i-3", always(300)), {id: "i-9", account: "2", usageType: "box", hours: always(900), price: always(1)}}
	with := func(m ...machine) []machine { return append(m, other...) }
	onset := analysis.Day(2026, 10, 6)
	grown := func(before, at, after float64) func(time.Time) float64 {
		return func(day time.Time) float64 {
			if day.Before(onset) {
				return before
			}
			return from(fix, at, after)(day)
		}
	}
	anomaly := func(c *Case) { c.From, c.Anomaly = onset, true }
	for _, c := range []struct {
		name     string
		machines []machine
		pool     map[string]float64
		more     []map[string]string
		change   func(*Case)
		want     State
		perDay   float64 // to 5%
		avoided  float64 // of it, to 5%
		headline string
	}{
		{name: "stopped", machines: with(box("i-1", from(fix, 240, 0))), want: Verified, perDay: 240, headline: "Verified on the bill: $240 a day less"},
		{name: "halved", machines: with(box("i-1", from(fix, 240, 120))), want: Partly, perDay: 120, headline: "Partly seen"},
		{name: "nothing done", machines: with(box("i-1", always(240))), want: NotSeen, headline: "No saving is seen on the bill"},
		{name: "the price fell", machines: with(machine{id: "i-1", account: "1", usageType: "box", hours: always(240), price: from(fix, 1, 0.5)}), want: NotSeen, headline: "No saving"},
		{name: "a credit arrived", machines: with(box("i-1", always(240))), want: NotSeen, headline: "No saving", more: []map[string]string{{"day": "2026-11-10", "ChargeCategory": "Credit", "ChargeDescription": "goodwill",
			"SubAccountId": "1", "ResourceId": "i-1", "x_UsageType": "box", "SkuId": "sku-box", "ListCost": "-3000", "ContractedCost": "-3000", "EffectiveCost": "-3000", "BilledCost": "-3000"}}},
		{name: "volume fell elsewhere", machines: []machine{box("i-1", always(240)), box("i-2", from(fix, 500, 100)), box("i-3", always(300))}, want: NotSeen, headline: "No saving"},
		{name: "everything fell", machines: []machine{box("i-1", from(fix, 240, 120)), box("i-2", from(fix, 500, 250)), box("i-3", from(fix, 300, 150))}, want: NotSeen, headline: "No saving is seen: the rest of the slice fell as much."},
		{name: "it moved", machines: with(box("i-1", from(fix, 240, 0)), box("i-4", from(fix, 0, 240))), want: NotSeen, headline: "Nothing is saved: the cost moved, $240 a day"},
		{name: "half of it moved", machines: with(box("i-1", from(fix, 240, 0)), box("i-4", from(fix, 0, 120))), want: Partly, perDay: 120},
		{name: "a smaller machine of another price", machines: with(box("i-1", from(fix, 240, 0)), machine{id: "i-1", account: "1", usageType: "small", hours: from(fix, 0, 240), price: always(0.2)}), want: Verified, perDay: 192, change: func(c *Case) { c.Slice = c.Slice[:2] }},
		{name: "covered and left idle", machines: with(machine{id: "i-1", account: "1", usageType: "box", hours: from(fix, 240, 0), price: always(1), commitment: "sp-1"}), pool: map[string]float64{"sp-1": 243}, want: NotSeen,
			headline: "Nothing is saved yet: what was freed is covered by a commitment, of which $14"},
		{name: "covered and used elsewhere", machines: with(machine{id: "i-1", account: "1", usageType: "box", hours: from(fix, 240, 0), price: always(1), commitment: "sp-1"},
			machine{id: "i-8", account: "3", usageType: "box", hours: from(fix, 0, 240), price: always(1), commitment: "sp-1"}), pool: map[string]float64{"sp-1": 243}, want: Verified, perDay: 144, change: func(c *Case) { c.Low = decimal.NewFromInt(4000) }},
		{name: "covered since", machines: []machine{{id: "i-1", account: "1", usageType: "box", hours: from(fix, 240, 0), price: always(1)}, {id: "i-1", account: "1", usageType: "box", hours: from(fix, 0, 240), price: always(1), commitment: "sp-1"}}, want: NotSeen,
			change: func(c *Case) { c.Resources = nil }, headline: "No saving"},
		{name: "the whole slice", machines: []machine{box("i-1", from(fix, 240, 40)), box("i-2", from(fix, 500, 400))}, want: Verified, perDay: 300, change: func(c *Case) { c.Resources = nil }},
		{name: "back again", machines: with(box("i-1", func(d time.Time) float64 {
			if d.Before(fix) || d.After(fix.AddDate(0, 0, 3)) {
				return 240
			}
			return 0
		})), want: Regressed, change: func(c *Case) { c.Proved = decimal.NewFromInt(240); c.From = analysis.Day(2026, 10, 12) }, headline: "The saving that was proved is gone"},
		{name: "an anomaly undone", machines: with(box("i-1", grown(40, 240, 40))), want: Verified, perDay: 200, avoided: 200, change: anomaly},
		{name: "an anomaly undone, and more", machines: with(box("i-1", grown(40, 240, 0))), want: Verified, perDay: 240, avoided: 200, change: anomaly},
		{name: "an anomaly undone in part", machines: with(box("i-1", grown(40, 440, 240))), want: Verified, perDay: 200, avoided: 200, change: anomaly},
		{name: "a machine that was new", machines: with(box("i-1", grown(0, 240, 0))), want: Verified, perDay: 240, avoided: 240, change: anomaly},
		{name: "a level that was taken for the new one", machines: with(box("i-1", grown(40, 240, 0))), want: Verified, perDay: 240, change: func(c *Case) { anomaly(c); c.Anomaly = false }},
		{name: "an anomaly as old as the store", machines: with(box("i-1", from(fix, 240, 40))), want: Verified, perDay: 200, avoided: 200, change: func(c *Case) { c.From, c.Anomaly = start, true }},
		{name: "an anomaly of which nothing is saved", machines: with(box("i-1", grown(40, 240, 240))), want: NotSeen, change: anomaly},
		{name: "still there", machines: with(box("i-1", from(fix, 240, 0))), want: Verified, perDay: 240, change: func(c *Case) { c.Proved = decimal.NewFromInt(240) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sight, sv := bill(t, c.machines, c.pool, c.more...)
			k := Case{Slice: boxes, Resources: []string{"i-1"}, Since: fix, Low: decimal.NewFromInt(5800), High: decimal.NewFromInt(7500), Currency: "USD"}
			if c.name == "the whole slice" {
				k.Low = decimal.NewFromInt(9000)
			}
			if c.change != nil {
				c.change(&k)
			}
			v, err := Verify(t.Context(), sight, sv, k)
			if err != nil {
				t.Fatal(err)
			}
			if v.State != c.want {
				t.Errorf("%s: saved %s a day ± %s (use %s, demand %s, moved %s, idle %s); want %s", v.State, v.PerDay(), v.Error, v.Use, v.Demand, v.Moved, v.Idle, c.want)
			}
			if got := v.PerDay().InexactFloat64(); c.perDay > 0 && math.Abs(got-c.perDay) > 0.05*c.perDay {
				t.Errorf("saved %v a day, planted %v", got, c.perDay)
			}
			if c.perDay == 0 && v.State == NotSeen && v.PerDay().GreaterThan(v.Error.Mul(decimal.NewFromInt(sureErrors))) {
				t.Errorf("a saving of %s a day is claimed", v.PerDay())
			}
			if got := v.Avoided().InexactFloat64(); math.Abs(got-c.avoided) > 0.05*c.avoided {
				t.Errorf("avoided %v a day, planted %v; it had grown by %s over %v", got, c.avoided, v.Growth, v.Usual)
			}
			if got := v.Headline(); !strings.HasPrefix(got, c.headline) {
				t.Errorf("headline %q, want %q", got, c.headline)
			}
			var a analysis.Answer
			v.Tell(&a)
			addsUp(t, v, &a)
			for _, q := range a.Trace.Queries {
				if q.SHA256 == "" || q.SQL == "" {
					t.Errorf("query %s cannot be run again", q.Name)
				}
			}
		})
	}
}

// addsUp: the effects lead from before to after, and what is saved is what the rows of its table say, exactly.
func addsUp(t *testing.T, v *Verdict, a *analysis.Answer) {
	t.Helper()
	for _, p := range a.Parts {
		if p.Table == nil {
			continue
		}
		sum := decimal.Zero
		for _, r := range p.Table.Rows {
			sum = sum.Add(*r.Cells[1].Amount)
		}
		if !sum.Equal(*p.Table.Total.Cells[1].Amount) {
			t.Errorf("%s: the rows are %s, the total %s", p.Table.Columns[0].Label, sum, p.Table.Total.Cells[1].Amount)
		}
	}
	if v.Days() > 0 && !v.Change.Delta.Equal(v.Change.Current.Sub(v.Change.Baseline)) {
		t.Error("the change is not what changed")
	}
}

func TestWindows(t *testing.T) {
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ name, from, until, since, through, want string }{
		{"four weeks", "", "", "2026-10-20", "2026-11-20", "2026-09-19 to 2026-10-16 against 2026-10-24 to 2026-11-20"},
		{"two weeks after", "", "", "2026-11-03", "2026-11-18", "2026-10-15 to 2026-10-28 against 2026-11-05 to 2026-11-18"},
		{"a week after", "", "", "2026-11-03", "2026-11-09", "2026-10-27 to 2026-11-02 against 2026-11-03 to 2026-11-09"},
		{"too early", "", "", "2026-11-03", "2026-11-08", "wait for 2026-11-09"},
		{"an anomaly of ten days", "2026-10-10", "", "2026-10-20", "2026-11-20", "2026-10-10 to 2026-10-16 against 2026-11-14 to 2026-11-20"},
		{"an anomaly of three days", "2026-10-17", "", "2026-10-20", "2026-11-20", "2026-10-17 to 2026-10-19 against 2026-11-18 to 2026-11-20"},
		{"an anomaly of a day", "2026-10-19", "", "2026-10-20", "2026-11-20", "only 1 days before the fix: at least 2 are needed to compare with"},
		{"work before the fix", "", "2026-10-10", "2026-10-20", "2026-11-02", "2026-09-22 to 2026-10-05 against 2026-10-20 to 2026-11-02"},
		{"no fix", "", "", "", "2026-11-02", "a saving needs the day the fix was in force, and days before it"},
		{"the store begins late", "", "", "2026-09-10", "2026-10-20", "2026-09-02 to 2026-09-08 against 2026-10-14 to 2026-10-20"},
		{"over a leap day", "", "", "2028-03-01", "2028-03-07", "2028-02-23 to 2028-02-29 against 2028-03-01 to 2028-03-07"},
	} {
		b, a, wait, ready, err := windows(Case{From: day(c.from), Until: day(c.until), Since: day(c.since)}, start, day(c.through))
		got := fmt.Sprintf("%s to %s against %s to %s", b.Start.Format(time.DateOnly), b.Last().Format(time.DateOnly), a.Start.Format(time.DateOnly), a.Last().Format(time.DateOnly))
		if err != nil {
			got = err.Error()
		} else if !ready {
			got = "wait for " + wait.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestWindowsAreInStep: as many days on both sides, none of the fix's, weekdays in step from a week on, and none in the future.
func TestWindowsAreInStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Case{Since: start.AddDate(0, 0, rapid.IntRange(30, 400).Draw(t, "since"))}
		if n := rapid.IntRange(0, 60).Draw(t, "before"); n > 0 {
			c.From = c.Since.AddDate(0, 0, -n)
		}
		if rapid.Bool().Draw(t, "worked") {
			c.Until = c.Since.AddDate(0, 0, -rapid.IntRange(0, 10).Draw(t, "work"))
		}
		through := c.Since.AddDate(0, 0, rapid.IntRange(-3, 60).Draw(t, "through"))
		b, a, _, ready, err := windows(c, start, through)
		if err != nil || !ready {
			return
		}
		if b.Days() != a.Days() || b.Days() < fewDays || b.Days() > MostDays {
			t.Fatalf("%d days against %d", b.Days(), a.Days())
		}
		until := c.Since
		if !c.Until.IsZero() && c.Until.Before(until) {
			until = c.Until
		}
		if b.End.After(until) || a.Start.Before(c.Since) || a.Last().After(through) || b.Start.Before(c.From) {
			t.Fatalf("%v against %v with %+v through %v", b, a, c, through)
		}
		if room := days(analysis.Later(analysis.Later(c.From, until.AddDate(0, 0, -MostDays-6)), start), until); b.Days() >= 7 && room >= b.Days()+6 && b.Start.Weekday() != a.Start.Weekday() {
			t.Fatalf("weekdays out of step: %v against %v", b, a)
		}
	})
}

// TestNothingIsClaimedTwice: what is taken off is never below zero, and of each commitment no more than the case gave up.
func TestNothingIsClaimedTwice(t *testing.T) {
	money := rapid.Custom(func(t *rapid.T) analysis.Amount {
		return decimal.New(rapid.Int64Range(0, 1_000_000).Draw(t, "cents"), -2)
	})
	rapid.Check(t, func(t *rapid.T) {
		var list []committed
		given := decimal.Zero
		for range rapid.IntRange(0, 4).Draw(t, "commitments") {
			c := committed{money.Draw(t, "c0"), money.Draw(t, "c1"), money.Draw(t, "u0"), money.Draw(t, "u1")}
			list = append(list, c)
			given = given.Add(decimal.Max(decimal.Zero, c.covered0.Sub(c.covered1)))
		}
		if got := idle(list); got.IsNegative() || got.GreaterThan(given) {
			t.Fatalf("%s idle of %s given up", got, given)
		}
	})
}
