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
		})
	}
}

// demoAWS is the demo company's AWS bill as FOCUS, and the same in AWS's own formats: two months, or with SPENDBOT_LONG a year, in which
// a reservation is bought.
func demoAWS(t *testing.T) (focus, native string, months int) {
	t.Helper()
	months = 2
	if os.Getenv("SPENDBOT_LONG") != "" {
		months = 12
	}
	focus, native = t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), focus, demo.Options{Now: now, Months: months - 1}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.AWS(t.Context(), focus, native); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(focus, "aws"), native, months
}

// The truth is the same in FOCUS and in each of AWS's own formats: to the last digit where numbers are decimal, to the cent where they float.
func TestNativeAWSEqualsFOCUS(t *testing.T) {
	focus, native, months := demoAWS(t)
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
			if len(r.Load.Periods) != months {
				t.Errorf("it holds the months %v, expected %d", r.Load.Periods, months)
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

// goldenColumns are what the goldens show of a row, where it has a value.
var goldenColumns = []string{"ChargeCategory", "ChargeClass", "ChargeFrequency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice",
	"ContractedUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "ServiceName", "ServiceCategory",
	"ServiceSubcategory", "SkuId", "SkuPriceId", "SkuMeter", "x_UsageType", "x_InstanceType", "x_Operation", "ResourceId", "RegionId", "RegionName", "AvailabilityZone",
	"CommitmentDiscountId", "CommitmentDiscountCategory", "CommitmentDiscountType", "CommitmentDiscountStatus", "CommitmentDiscountQuantity", "CommitmentDiscountUnit",
	"BillingAccountId", "BillingAccountName", "SubAccountId", "SubAccountName", "InvoiceId", "InvoiceIssuerName", "PublisherName", "BillingPeriodStart", "BillingPeriodEnd",
	"ChargePeriodStart", "ChargePeriodEnd", "AllocatedMethodId", "AllocatedResourceId", "Tags"}

// Every type of line, as the FOCUS rows that become of it.
func TestAWSLinesAsFOCUS(t *testing.T) {
	for name, of := range map[string]string{
		"types": "a legacy report with every type of line, its discounts as lines",
		"cur2":  "CUR 2.0: maps, split cost allocation data",
		"net":   "a report by Athena's names, its discounts in the net columns",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			in := filepath.Join("..", "..", "testdata", "ingest", "aws", name+".csv")
			r := load(t, s, in)
			var b strings.Builder
			fmt.Fprintf(&b, "%s: %s, %d rows of %s\n", of, r.Load.Files[0].Format, r.Load.Rows, filepath.Base(in))
			total := r.Load.Totals["USD"]
			fmt.Fprintf(&b, "billed %s, effective %s, list %s, contracted %s\n", total.Billed, total.Effective, total.List, total.Contracted)
			rows := ask(t, s, "SELECT ChargeDescription, "+strings.Join(goldenColumns, ", ")+" FROM charges ORDER BY ChargeDescription, CASE CommitmentDiscountStatus WHEN 'Unused' THEN 2 ELSE 1 END, EffectiveCost DESC")
			last := ""
			for line := range strings.Lines(rows) {
				cells := strings.Split(strings.TrimSpace(line), "|")
				if cells[0] == last {
					cells[0] += ", second row"
				} else {
					last = cells[0]
				}
				b.WriteString("\n" + cells[0] + "\n")
				for i, v := range cells[1:] {
					if v != "-" {
						fmt.Fprintf(&b, "  %-27s %s\n", goldenColumns[i], v)
					}
				}
			}
			golden(t, filepath.Join("aws", name+".golden"), b.String())
			want := columnTotal(t, in, "lineItem/UnblendedCost", "line_item_unblended_cost")
			if name == "net" {
				want = columnTotal(t, in, "line_item_net_unblended_cost").Add(decimal.NewFromInt(2)) // and what the line costs that has none
			}
			if !total.Billed.Equal(want) {
				t.Errorf("billed %s, the file says %s", total.Billed, want)
			}
		})
	}
}
