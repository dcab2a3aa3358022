package ingest_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
)

// columnTotal adds up a column of a CSV file, whichever of some names it has.
func columnTotal(t testing.TB, path string, names ...string) decimal.Decimal {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sum := decimal.Zero
	for i, h := range rows[0] {
		for _, n := range names {
			if h != n {
				continue
			}
			for _, r := range rows[1:] {
				if r[i] == "" {
					continue
				}
				d, err := decimal.NewFromString(r[i])
				if err != nil {
					t.Fatal(err)
				}
				sum = sum.Add(d)
			}
			return sum
		}
	}
	t.Fatalf("%s has none of %v", path, names)
	return sum
}

func TestSampleCURsLoadToTheirOwnTotal(t *testing.T) {
	dir := shared(t, "aws")
	for _, name := range []string{"focus_converters_aws_cur_anonymous.csv", "keboola/sample_billing_data.csv", "keboola/sample_billing_data_v2.csv"} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := filepath.Join(dir, filepath.FromSlash(name))
			r := load(t, s, path)
			want := columnTotal(t, path, "lineItem/UnblendedCost", "line_item_unblended_cost")
			if got := r.Load.Totals["USD"].Billed; got == nil || !got.Equal(want) {
				t.Errorf("billed %v, the file's unblended costs are %s", got, want)
			}
			if got := ask(t, s, "SELECT sum(BilledCost) FROM daily"); !decimal.RequireFromString(got).Equal(want) {
				t.Errorf("the store holds %s, the file %s", got, want)
			}
			if !strings.HasPrefix(r.Load.Files[0].Format, "AWS CUR") {
				t.Errorf("it was read as %s", r.Load.Files[0].Format)
			}
			t.Log(ask(t, s, "SELECT ServiceName, ServiceCategory, RegionId, ChargeCategory, sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(x_Rows) FROM daily GROUP BY 1,2,3,4 ORDER BY 1,2,3,4 LIMIT 30"))
		})
	}
}

// demoAWS is the demo company's AWS bill as FOCUS, and the same in AWS's own formats.
func demoAWS(t *testing.T) (focus, native string) {
	t.Helper()
	focus, native = t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), focus, demo.Options{Now: now, Months: 2}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.AWS(t.Context(), focus, native); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(focus, "aws"), native
}

// The truth is the same in FOCUS and in each of AWS's own formats: to the last digit where numbers are decimal, to the cent where they float.
func TestNativeAWSEqualsFOCUS(t *testing.T) {
	focus, native := demoAWS(t)
	const costs = `sum(BilledCost), sum(EffectiveCost), sum(ListCost)`
	slices := func(extra, sums string) string {
		return `SELECT ChargeDate, BillingPeriodStart, SubAccountId, ServiceName, SkuId, SkuPriceId, RegionId, x_UsageType, x_InstanceType, Tags` + extra + `, ` + sums + ` FROM daily
GROUP BY ALL HAVING sum(BilledCost) <> 0 OR sum(EffectiveCost) <> 0 OR sum(ListCost) <> 0 ORDER BY ALL`
	}
	cents := `round(sum(BilledCost), 2), round(sum(EffectiveCost), 2), round(sum(ListCost), 2)`
	// What usage the commitments cover and what of them lies idle; a plan is named by the end of its ARN.
	const commitments = `SELECT ChargeDate, regexp_extract(CommitmentDiscountId, '[^/]*$'), CommitmentDiscountType, CommitmentDiscountStatus, sum(EffectiveCost)
FROM daily WHERE CommitmentDiscountStatus IS NOT NULL GROUP BY ALL HAVING sum(EffectiveCost) <> 0 ORDER BY ALL`
	// Quantities stand once, however many lines are about one use.
	const quantities = `SELECT ChargeDate, SkuId, RegionId, PricingUnit, sum(PricingQuantity) FROM daily WHERE ChargeCategory = 'Usage' AND PricingQuantity IS NOT NULL GROUP BY ALL ORDER BY ALL`
	categories := `SELECT ChargeDate, ChargeCategory, ChargeClass, PublisherName, sum(BilledCost) FROM daily GROUP BY ALL HAVING sum(BilledCost) <> 0 ORDER BY ALL`

	truth := newStore(t)
	load(t, truth, focus)
	for _, c := range []struct {
		folder, sums string
		more         []string
	}{
		{"aws-cur", costs, []string{commitments, quantities, categories}},
		{"aws-cur2", costs, []string{commitments, quantities}},
		{"aws-cur2-parquet", cents, nil},
	} {
		t.Run(c.folder, func(t *testing.T) {
			s := newStore(t)
			r := load(t, s, filepath.Join(native, c.folder))
			if len(r.Load.Periods) != 3 {
				t.Errorf("it holds the months %v, expected 3", r.Load.Periods)
			}
			for _, q := range append([]string{slices("", c.sums)}, c.more...) {
				if got, want := ask(t, s, q), ask(t, truth, q); got != want {
					t.Errorf("%s\n%s", q, firstDifference(got, want))
				}
			}
		})
	}
}

// firstDifference shows the first lines in which two answers differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("of %d and %d lines the first that differ are\n got  %s\n want %s", len(g), len(w), g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, expected %d", len(g), len(w))
}
