package reply_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/explain"
	"spendbot/analysis/ingest"
	"spendbot/analysis/randombill"
	"spendbot/analysis/store"
)

// bills is how many random bills the laws are tried on; each is asked several questions, since a load costs the most.
func bills() (bills, questions string) {
	if os.Getenv("SPENDBOT_LONG") != "" {
		return "40", "10"
	}
	return "4", "6"
}

// forRandomBills loads random bills and checks a law on several draws for each.
func forRandomBills(t *testing.T, law func(*rapid.T, *company)) {
	_, questions := bills()
	var draws int
	fmt.Sscan(questions, &draws)
	forRandomBillsOf(t, func(rt *rapid.T, b randombill.Bill) {
		c := loadBill(rt, b)
		defer c.close()
		c.survey.Providers = steady(c) // whether days are whole is another matter than whether sums are right
		for range draws {
			law(rt, c.company)
		}
	})
}

// forRandomBillsOf draws bills.
func forRandomBillsOf(t *testing.T, law func(*rapid.T, randombill.Bill)) {
	n, _ := bills()
	defer flag.Set("rapid.checks", flag.Lookup("rapid.checks").Value.String())
	for name, v := range map[string]string{"rapid.checks": n, "rapid.nofailfile": "true"} { // the seed that is printed is enough
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) { law(rt, randombill.Draw(rt)) })
}

// loadBill loads a bill into a store of its own.
func loadBill(rt *rapid.T, b randombill.Bill) *loaded {
	dir, err := os.MkdirTemp(scratch, "random-")
	if err != nil {
		rt.Fatal(err)
	}
	file := filepath.Join(dir, "bill.csv")
	if err := b.Write(file); err != nil {
		rt.Fatal(err)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(dir, "store"), store.Limits{Threads: 1})
	if err != nil {
		rt.Fatal(err)
	}
	if _, err := ingest.Load(ctx, s, file, ingest.Options{Now: now, Source: "feed"}); err != nil {
		rt.Fatal(err)
	}
	c, err := open(ctx, s)
	if err != nil {
		rt.Fatal(err)
	}
	return &loaded{c, dir}
}

func drawPlan(t *rapid.T) analysis.Plan {
	p := analysis.Plan{
		Metric:  rapid.SampledFrom(analysis.Metrics[:4]).Draw(t, "metric"),
		Current: randombill.Period(t, "current"), Filters: randombill.Filters(t),
		Currency: rapid.SampledFrom([]string{"USD", "EUR"}).Draw(t, "currency"),
	}
	base := randombill.Period(t, "baseline")
	p.Baseline = &base
	return p
}

func (c *company) must(t *rapid.T, p analysis.Plan) *analysis.Answer {
	a, err := c.carryOut(context.Background(), "", p)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return a
}

// spendTotal is the answer to "what did it cost?"; a period or filter without any row costs nothing.
func (c *company) spendTotal(t *rapid.T, p analysis.Plan, period analysis.Period) analysis.Amount {
	p.Intent, p.Current, p.Baseline, p.GroupBy = analysis.SpendTotal, period, nil, nil
	a := c.must(t, p)
	for _, part := range a.Parts {
		if part.Table != nil {
			return *part.Table.Rows[0].Cells[0].Amount
		}
	}
	if !slices.ContainsFunc(a.Caveats, func(s string) bool {
		return strings.Contains(s, "not zero spend") || strings.Contains(s, "not a zero on the bill")
	}) {
		t.Errorf("neither an amount nor that there is no data: %q %q", a.Headline, a.Caveats)
	}
	return decimal.Zero
}

func TestChangesAddUp(t *testing.T) {
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		p.Intent = analysis.ExplainChange
		a := c.must(t, p)
		delta := c.spendTotal(t, p, p.Current).Sub(c.spendTotal(t, p, *p.Baseline))
		for _, part := range a.Parts {
			if part.Bridge == nil {
				continue
			}
			checkSums(t, part.Bridge)
			if !part.Bridge.Change.Delta.Equal(delta) {
				t.Errorf("explained change %s, difference of the two totals %s", part.Bridge.Change.Delta, delta)
			}
			return
		}
		if !strings.HasPrefix(a.Headline, "There is no data for ") && !(strings.Contains(a.Headline, " is unknown: ") && delta.IsZero()) {
			t.Errorf("no bridge: %s", a.Headline)
		}
	})
}

// mirrored is the effect that takes an effect's place, negated, when the periods are exchanged.
var mirrored = map[analysis.Effect]analysis.Effect{
	analysis.EffNewResources: analysis.EffRemovedRes, analysis.EffRemovedRes: analysis.EffNewResources,
	analysis.EffNewSlice: analysis.EffRemovedSlice, analysis.EffRemovedSlice: analysis.EffNewSlice,
}

func TestSwappedPeriodsNegate(t *testing.T) {
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		req := explain.Request{Metric: p.Metric, Current: p.Current, Baseline: *p.Baseline, Filters: p.Filters, Currency: p.Currency,
			TagKeys: randombill.TagKeys[:2], First: c.survey.Vocabulary.First}
		there, err := explain.Run(context.Background(), c.sn, req)
		if err != nil {
			t.Fatal(err)
		}
		req.Current, req.Baseline = req.Baseline, req.Current
		back, err := explain.Run(context.Background(), c.sn, req)
		if err != nil {
			t.Fatal(err)
		}
		if !there.Bridge.Change.Delta.Equal(back.Bridge.Change.Delta.Neg()) {
			t.Errorf("the change is %s, and %s with the periods swapped", there.Bridge.Change.Delta, back.Bridge.Change.Delta)
		}
		got := map[analysis.Effect]analysis.Amount{}
		for _, e := range back.Bridge.Effects {
			k := e.Effect
			if m, ok := mirrored[k]; ok {
				k = m
			}
			got[k] = e.Amount.Neg()
		}
		for _, e := range there.Bridge.Effects {
			if !got[e.Effect].Equal(e.Amount) {
				t.Errorf("%s is %s, mirrored it is %s", e.Effect, e.Amount, got[e.Effect])
			}
			delete(got, e.Effect)
		}
		for k, v := range got {
			if !v.IsZero() {
				t.Errorf("%s is absent, mirrored it is %s", k, v)
			}
		}
	})
}

func TestCutsAddUpToTheTotal(t *testing.T) {
	// Cut by currency, each row is in its own and nothing is added: TestByCurrencyEachInItsOwn.
	dims := slices.DeleteFunc(slices.Clone(analysis.Dimensions), func(d analysis.Dimension) bool { return d == analysis.DimCurrency })
	for _, k := range randombill.TagKeys {
		dims = append(dims, analysis.TagDimension(k))
	}
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		want := c.spendTotal(t, p, p.Current)
		p.Baseline, p.Intent = nil, rapid.SampledFrom([]analysis.Intent{analysis.Breakdown, analysis.TopN}).Draw(t, "intent")
		p.GroupBy = rapid.SliceOfNDistinct(rapid.SampledFrom(dims), 0, 2, rapid.ID).Draw(t, "group by")
		p.Limit = rapid.IntRange(0, 3).Draw(t, "limit")
		p.Grain = rapid.SampledFrom([]analysis.Grain{analysis.NoGrain, analysis.NoGrain, analysis.ByDay, analysis.ByWeek, analysis.ByMonth}).Draw(t, "grain")
		a := c.must(t, p)
		var table *analysis.Table
		for _, part := range a.Parts {
			if part.Table != nil {
				table = part.Table
			}
		}
		if table == nil {
			if !want.IsZero() {
				t.Errorf("%s; the total is %s", a.Headline, want)
			}
			return
		}
		rowsAddUp(t, table)
		at := slices.IndexFunc(table.Columns, func(c analysis.Column) bool { return c.Name == "amount" })
		if at < 0 {
			t.Fatalf("no amounts in %v", table.Columns)
		}
		total := table.Rows[0].Cells[at].Amount
		if table.Total != nil {
			total = table.Total.Cells[at].Amount
		}
		if !total.Equal(want) {
			t.Errorf("cut by %v %s: total %s, want %s", p.GroupBy, p.Grain, total, want)
		}
	})
}

// rowsAddUp holds every money column of a table to its total, "everything else" included.
func rowsAddUp(t *rapid.T, table *analysis.Table) {
	if table.Total == nil || len(table.Rows) == 0 { // a comparison without a cut is its total
		return
	}
	for i, col := range table.Columns {
		if col.Kind != analysis.ColMoney && (col.Kind != analysis.ColDelta || col.Name != "delta") {
			continue
		}
		var sum decimal.Decimal
		for _, r := range table.Rows {
			if r.Cells[i].Amount != nil {
				sum = sum.Add(*r.Cells[i].Amount)
			}
		}
		if table.Total.Cells[i].Amount == nil || !sum.Equal(*table.Total.Cells[i].Amount) {
			t.Errorf("column %s sums to %s, its total is %v", col.Name, sum, table.Total.Cells[i].Amount)
		}
	}
}

func TestComparisonsAddUp(t *testing.T) {
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		p.Intent = analysis.Compare
		cur, base := c.spendTotal(t, p, p.Current), c.spendTotal(t, p, *p.Baseline)
		p.GroupBy = rapid.SliceOfNDistinct(rapid.SampledFrom(analysis.Dimensions), 0, 1, rapid.ID).Draw(t, "group by")
		p.Limit = rapid.IntRange(0, 2).Draw(t, "limit")
		a := c.must(t, p)
		for _, part := range a.Parts {
			if part.Table == nil {
				continue
			}
			rowsAddUp(t, part.Table)
			n := len(part.Table.Columns)
			for i, want := range []analysis.Amount{base, cur, cur.Sub(base)} {
				if got := part.Table.Total.Cells[n-4+i].Amount; !got.Equal(want) {
					t.Errorf("%s is %s, want %s", part.Table.Columns[n-4+i].Name, got, want)
				}
			}
		}
	})
}

// TestUsageAddsUpPerUnit cuts quantities, which only add up within a unit.
func TestUsageAddsUpPerUnit(t *testing.T) {
	perUnit := func(t *rapid.T, a *analysis.Answer) map[string]string {
		sums := map[string]analysis.Amount{}
		for _, part := range a.Parts {
			if part.Table == nil {
				continue
			}
			n := len(part.Table.Columns)
			for _, r := range part.Table.Rows {
				unit := r.Cells[n-1].Text
				sums[unit] = sums[unit].Add(*r.Cells[n-2].Amount)
			}
		}
		out := map[string]string{}
		for u, s := range sums {
			out[u] = s.String()
		}
		return out
	}
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		p.Metric, p.Baseline, p.Intent, p.Currency = analysis.Usage, nil, analysis.SpendTotal, ""
		whole := perUnit(t, c.must(t, p))
		p.GroupBy = []analysis.Dimension{rapid.SampledFrom(analysis.Dimensions).Draw(t, "group by")}
		if cut := perUnit(t, c.must(t, p)); !maps.Equal(whole, cut) {
			t.Errorf("quantities are %v, by %s %v", whole, p.GroupBy[0], cut)
		}
	})
}

// TestTotalsAreTheRows adds a period up from the line items without the product's SQL.
func TestTotalsAreTheRows(t *testing.T) {
	forRandomBills(t, func(t *rapid.T, c *company) {
		p := drawPlan(t)
		p.Filters = nil
		var want analysis.Amount
		rows, _, err := c.sn.Query(context.Background(), "rows", "SELECT CAST(ChargePeriodStart AS DATE), BillingCurrency, PricingCurrency, "+p.Metric.Column()+", PricingCurrencyEffectiveCost FROM charges ORDER BY ALL")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows.Values {
			day := r[0].(interface{ Format(string) string }).Format(analysis.DateLayout)
			if day < p.Current.Start.Format(analysis.DateLayout) || day >= p.Current.End.Format(analysis.DateLayout) {
				continue
			}
			cost := r[3]
			if r[1] != any(p.Currency) {
				if cost = nil; p.Metric == analysis.Effective && r[2] == any(p.Currency) {
					cost = r[4]
				}
			}
			if d, ok := cost.(decimal.Decimal); ok {
				want = want.Add(d)
			}
		}
		if got := c.spendTotal(t, p, p.Current); !got.Equal(want) {
			t.Errorf("%s in %s of %v: %s, the rows sum to %s", p.Metric, p.Currency, p.Current, got, want)
		}
	})
}
