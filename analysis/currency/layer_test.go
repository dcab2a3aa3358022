package currency_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/currency"
	"spendbot/analysis/explain"
	"spendbot/analysis/ingest"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// snapshot is a bill in dollars and in euros over two months: the same usage at the same price every day.
func snapshot(t *testing.T) *store.Snapshot {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var b strings.Builder
	b.WriteString("ProviderName,BillingAccountId,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BillingCurrency,PricingCurrency,PricingCurrencyEffectiveCost,BilledCost,EffectiveCost,ListCost,ContractedCost,PricingQuantity,PricingUnit,ServiceName,SkuId,ResourceId,Tags\n")
	line := func(provider, cur, priced, pe string, d time.Time, cost string) {
		month := analysis.MonthOf(d).Start.Format(time.RFC3339)
		fmt.Fprintf(&b, "%s,1,%s,%s,%s,Usage,%s,%s,%s,%s,%s,%s,%s,10,Hours,Compute,S-%s,r-%s,\"{\"\"team\"\":\"\"shop\"\"}\"\n", provider, month, d.Format(time.RFC3339),
			d.AddDate(0, 0, 1).Format(time.RFC3339), cur, priced, pe, cost, cost, cost, cost, cur, cur)
	}
	for d := analysis.Day(2026, 10, 1); d.Before(analysis.Day(2026, 12, 1)); d = d.AddDate(0, 0, 1) {
		if d.Day() > 30 {
			continue // months of the same length
		}
		line("AWS", "USD", "", "", d, "11")
		line("Azure", "EUR", "USD", "22", d, "20")
	}
	f := filepath.Join(t.TempDir(), "bill.csv")
	if err := os.WriteFile(f, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ingest.Load(ctx, s, f, ingest.Options{Now: analysis.Day(2026, 12, 5)}); err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	return sn
}

// moving are rates that move from one month to the next: 1.25 dollars for a euro in October, 1 in November.
const moving = "Date,USD\n2026-09-30,1.6\n2026-10-15,1.25\n2026-11-13,1\n"

func into(t *testing.T, sn *store.Snapshot, text, to string, at currency.At) (*store.Sight, *currency.Conversion) {
	t.Helper()
	needs, err := currency.Needs(context.Background(), sn)
	if err != nil {
		t.Fatal(err)
	}
	c := parse(t, text).Into(to, at, needs)
	s, err := sn.SeenThrough(nil, query.Lens{}.Over(c.Layer(nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func rows(t *testing.T, s *store.Sight, sql string) string {
	t.Helper()
	got, tr, err := s.Query(context.Background(), "test", query.F(sql))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(tr.SQL, "VALUES ('") {
		t.Errorf("the rates are not in the trace: %s", tr.SQL)
	}
	var lines []string
	for _, r := range got.Values {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintln(r...), "\n"))
	}
	return strings.Join(lines, "\n")
}

func TestCostsInOneCurrency(t *testing.T) {
	sn := snapshot(t)
	for name, c := range map[string]struct {
		to   string
		at   currency.At
		sql  string
		want string
	}{
		"into euros": {"EUR", currency.AtMonth, "SELECT BillingCurrency, sum(EffectiveCost), sum(BilledCost), sum(ListCost), sum(ContractedCost) FROM {daily} WHERE ChargeDate < DATE '2026-11-01' GROUP BY 1",
			"EUR 864 864 864 864"},
		"the line items": {"EUR", currency.AtMonth, "SELECT BillingCurrency, sum(EffectiveCost) FROM {charges} WHERE ChargePeriodStart < DATE '2026-11-01' GROUP BY 1", "EUR 864"},
		"into dollars":   {"USD", currency.AtMonth, "SELECT BillingCurrency, sum(EffectiveCost) FROM {daily} GROUP BY 1", "USD 2010"},
		"what it was": {"EUR", currency.AtMonth, "SELECT x_BillingCurrency, sum(x_BillingCurrencyBilledCost), sum(x_BillingCurrencyEffectiveCost), min(x_CurrencyRate), max(x_CurrencyRate) FROM {daily} GROUP BY 1 ORDER BY 1",
			"EUR <nil> <nil> <nil> <nil>\nUSD 660 660 0.8 1"},
		"priced in another currency already": {"EUR", currency.AtMonth, "SELECT PricingCurrency, sum(PricingCurrencyEffectiveCost) FROM {daily} GROUP BY 1", "USD 1980"},
		"by the day":                         {"EUR", currency.AtDay, "SELECT sum(EffectiveCost) FROM {daily} WHERE ChargeDate = DATE '2026-10-15' OR ChargeDate = DATE '2026-11-14'", "59.8"},
		"squares":                            {"EUR", currency.AtMonth, "SELECT CAST(sum(x_EffectiveSquare) AS BIGINT) FROM {daily} WHERE ChargeDate = DATE '2026-10-15'", "47744"},
		"nothing of it named":                {"EUR", currency.AtMonth, "SELECT count(*) FROM {daily} WHERE EffectiveCost IS NOT NULL", "120"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := into(t, sn, moving, c.to, c.at)
			if diff := cmp.Diff(c.want, rows(t, s, c.sql)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWithoutARateThereIsNoCost(t *testing.T) {
	sn := snapshot(t)
	s, c := into(t, sn, "Date,USD\n2026-11-13,1\n", "EUR", currency.AtMonth)
	if got := rows(t, s, "SELECT sum(EffectiveCost), count(*), count(EffectiveCost) FROM {daily} WHERE ChargeDate < DATE '2026-11-01'"); got != "600 60 30" {
		t.Errorf("October without a rate: %s", got)
	}
	october, november := analysis.MonthOf(analysis.Day(2026, 10, 1)), analysis.MonthOf(analysis.Day(2026, 11, 1))
	err := c.Lacks(november, october)
	if m := (*currency.MissingError)(nil); !errors.As(err, &m) || m.From != "USD" || !m.Day.Equal(october.Start) {
		t.Errorf("October lacks %v", err)
	}
	if err := c.Lacks(november); err != nil {
		t.Errorf("November lacks %v", err)
	}
	_, c = into(t, sn, moving, "EUR", currency.AtDay)
	if err := c.Lacks(analysis.Period{Start: analysis.Day(2026, 10, 8), End: analysis.Day(2026, 10, 10)}); err == nil || !strings.Contains(err.Error(), "8 October 2026") {
		t.Errorf("8 October, eight days after the last rate: %v", err)
	}
}

// TestConversionIsExact multiplies any cost by any rate, in SQL and by hand.
func TestConversionIsExact(t *testing.T) {
	sn := snapshot(t)
	half := decimal.New(5, -19)
	rapid.Check(t, func(t *rapid.T) {
		cost := decimal.NewFromBigInt(decimal.New(rapid.Int64().Draw(t, "cost"), 0).BigInt(), -int32(rapid.IntRange(0, 18).Draw(t, "scale")))
		if cost.Abs().GreaterThan(decimal.New(1, 12)) {
			cost = cost.Shift(-9)
		}
		rate := decimal.New(rapid.Int64Range(1_000_000, 9_999_999_999_999).Draw(t, "rate"), -8) // 0.01 to 99999.99999999
		table, err := currency.Parse(strings.NewReader("date,from,to,rate\n2026-10-01,AAA,BBB," + rate.String() + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		c := table.Into("BBB", currency.AtDay, []currency.Need{{Currency: "AAA", Days: []time.Time{analysis.Day(2026, 10, 1)}}})
		from := fmt.Sprintf("(SELECT DATE '2026-10-01' AS ChargeDate, 'AAA' AS BillingCurrency, NULL AS Tags, CAST('%s' AS DECIMAL(38,18)) AS EffectiveCost)", cost)
		sql := "SELECT EffectiveCost FROM (" + c.Layer(nil).Select(query.Daily, from, func(name string) bool { return name == "EffectiveCost" }) + ") AS r"
		got, _, err := sn.Query(context.Background(), "product", sql)
		if err != nil {
			t.Fatal(err)
		}
		if off := got.Values[0][0].(decimal.Decimal).Sub(cost.Mul(rate)).Abs(); off.GreaterThan(half) {
			t.Errorf("%s times %s is %v, off by %s", cost, rate, got.Values[0][0], off)
		}
	})
}

// TestTheRateIsAnEffectOfItsOwn: usage and prices in dollars stay, and the dollar rises from 0.8 to 1 euro. All of the change is
// the rate's; in dollars there is none but that of what is billed in euros.
func TestTheRateIsAnEffectOfItsOwn(t *testing.T) {
	sn := snapshot(t)
	req := explain.Request{Metric: analysis.Effective, Currency: "EUR",
		Baseline: analysis.Period{Start: analysis.Day(2026, 10, 1), End: analysis.Day(2026, 10, 31)}, Current: analysis.Period{Start: analysis.Day(2026, 11, 1), End: analysis.Day(2026, 12, 1)}}
	for _, c := range []struct {
		to          string
		delta, rate string
	}{{"EUR", "66", "66"}, {"USD", "-150", "-150"}} {
		s, _ := into(t, sn, moving, c.to, currency.AtMonth)
		req.Currency = c.to
		res, err := explain.RunWithin(context.Background(), s, req)
		if err != nil {
			t.Fatal(err)
		}
		sum, rate := decimal.Zero, decimal.Zero
		for _, e := range res.Bridge.Effects {
			sum = sum.Add(e.Amount)
			if e.Effect == analysis.EffCurrency {
				rate = e.Amount
			}
		}
		if !sum.Equal(res.Bridge.Change.Delta) || res.Bridge.Change.Currency != c.to {
			t.Errorf("%s: effects add up to %s, the change is %+v", c.to, sum, res.Bridge.Change)
		}
		near := func(a decimal.Decimal, b string) bool {
			return a.Sub(decimal.RequireFromString(b)).Abs().LessThan(decimal.New(1, -9))
		}
		if !near(res.Bridge.Change.Delta, c.delta) || !near(rate, c.rate) {
			t.Errorf("%s: the change is %s, of which the rate %s; want %s and %s\n%+v", c.to, res.Bridge.Change.Delta, rate, c.delta, c.rate, res.Bridge.Effects)
		}
	}
}

// TestEffectsAddUpAtAnyRates: whatever the rates, the effects sum to the change exactly.
func TestEffectsAddUpAtAnyRates(t *testing.T) {
	sn := snapshot(t)
	const enough = 12 // each explains a change, which takes a while
	tried := 0
	rapid.Check(t, func(rt *rapid.T) {
		if tried++; tried > enough {
			return
		}
		text := "Date,USD\n"
		for _, d := range []string{"2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"} {
			text += d + "," + decimal.New(rapid.Int64Range(5_000, 20_000).Draw(rt, d), -4).String() + "\n"
		}
		at := rapid.SampledFrom([]currency.At{currency.AtDay, currency.AtMonth}).Draw(rt, "at")
		s, _ := into(t, sn, text, "EUR", at)
		res, err := explain.RunWithin(context.Background(), s, explain.Request{Metric: analysis.Effective, Currency: "EUR",
			Baseline: analysis.NewPeriod(analysis.Day(2026, 10, 10), analysis.Day(2026, 10, 24)), Current: analysis.NewPeriod(analysis.Day(2026, 11, 7), analysis.Day(2026, 11, 21))})
		if err != nil {
			rt.Fatal(err)
		}
		sum := decimal.Zero
		for _, e := range res.Bridge.Effects {
			sum = sum.Add(e.Amount)
		}
		if !sum.Equal(res.Bridge.Change.Delta) {
			rt.Errorf("effects add up to %s, the change is %s", sum, res.Bridge.Change.Delta)
		}
	})
}

func TestWords(t *testing.T) {
	_, c := into(t, snapshot(t), moving, "EUR", currency.AtMonth)
	if got, want := c.Words(), "converted from USD to EUR at the mean rate of each charge's month, by rates.csv"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
