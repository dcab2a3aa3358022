package ingest_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
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
	costsOf := func(sums string) string {
		return `SELECT ChargeDate, BillingPeriodStart, SubAccountId, ServiceName, SkuId, SkuPriceId, RegionId, x_UsageType, x_InstanceType, Tags, ` + sums + ` FROM daily
GROUP BY ALL HAVING sum(BilledCost) <> 0 OR sum(EffectiveCost) <> 0 OR sum(ListCost) <> 0 ORDER BY ALL`
	}
	cents := `round(sum(BilledCost), 2), round(sum(EffectiveCost), 2), round(sum(ListCost), 2)`
	// What usage the commitments cover and what of them lies idle; a plan is named by the end of its ARN.
	const commitments = `SELECT ChargeDate, regexp_extract(CommitmentDiscountId, '[^/]*$'), CommitmentDiscountType, CommitmentDiscountStatus, sum(EffectiveCost)
FROM daily WHERE CommitmentDiscountStatus IS NOT NULL GROUP BY ALL HAVING sum(EffectiveCost) <> 0 ORDER BY ALL`
	// Quantities stand once, however many lines are about one use.
	const quantities = `SELECT ChargeDate, SkuId, RegionId, PricingUnit, sum(PricingQuantity) FROM daily WHERE ChargeCategory = 'Usage' AND PricingQuantity IS NOT NULL GROUP BY ALL ORDER BY ALL`
	categories := `SELECT ChargeDate, ChargeCategory, ChargeClass, PublisherName, sum(BilledCost) FROM daily GROUP BY ALL HAVING sum(BilledCost) <> 0 ORDER BY ALL`

	// The negotiated price of usage that no commitment covers; of covered usage the reports know the public price alone.
	const contracted = `SELECT ChargeDate, SubAccountId, ServiceName, SkuId, RegionId, sum(ContractedCost) FROM daily WHERE CommitmentDiscountId IS NULL GROUP BY ALL HAVING sum(ContractedCost) <> 0 ORDER BY ALL`

	truth := newStore(t)
	load(t, truth, focus)
	for _, c := range []struct {
		folder, sums string
		more         []string
	}{
		{"aws-cur", costs, []string{commitments, quantities, categories, contracted}},
		{"aws-cur2", costs, []string{commitments, quantities, contracted}},
		{"aws-cur2-parquet", cents, nil},
	} {
		t.Run(c.folder, func(t *testing.T) {
			s := newStore(t)
			r := load(t, s, filepath.Join(native, c.folder))
			if len(r.Load.Periods) != months {
				t.Errorf("it holds the months %v, expected %d", r.Load.Periods, months)
			}
			for _, q := range append([]string{costsOf(c.sums)}, c.more...) {
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
	"ServiceSubcategory", "SkuId", "SkuPriceId", "SkuMeter", "x_UsageType", "x_InstanceType", "x_Operation", "ResourceId", "ResourceName", "RegionId", "RegionName", "AvailabilityZone",
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

// cur is a small AWS report: a header and lines of "column=value"; what is not named is as usual.
func cur(columns string, lines ...string) string {
	usual := map[string]string{"bill/PayerAccountId": "111122223333", "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z", "lineItem/UsageAccountId": "044455556666",
		"lineItem/LineItemType": "Usage", "lineItem/UsageStartDate": "2026-10-05T00:00:00Z", "lineItem/UsageEndDate": "2026-10-06T00:00:00Z",
		"lineItem/ProductCode": "AmazonEC2", "lineItem/CurrencyCode": "USD", "lineItem/UnblendedCost": "1"}
	header := slices.Sorted(maps.Keys(usual))
	if columns != "" {
		header = append(header, strings.Split(columns, ",")...)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	for _, l := range lines {
		cells := make([]string, len(header))
		for i, h := range header {
			cells[i] = usual[h]
			for _, kv := range strings.Split(l, "|") {
				if k, v, _ := strings.Cut(kv, "="); k == h {
					cells[i] = v
				}
			}
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return b.String()
}

// folder writes files to a folder of their own.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The columns of a report differ from month to month, with the tags in use and as AWS adds some; CUR 2.0 follows the legacy report.
func TestAWSColumnsMayDifferFromMonthToMonth(t *testing.T) {
	september := "bill/BillingPeriodStartDate=2026-09-01T00:00:00Z|lineItem/UsageStartDate=2026-09-05T00:00:00Z|"
	s := newStore(t)
	r := load(t, s, folder(t, map[string]string{
		"cur/20260901-20261001/a1/cur-00001.csv": cur("product/ProductName,resourceTags/user:team", september+"product/ProductName=Amazon Elastic Compute Cloud|resourceTags/user:team=web"),
		"cur/20261001-20261101/b2/cur-00001.csv": cur("resourceTags/user:cost-center,resourceTags/user:team,savingsPlan/SavingsPlanARN", "resourceTags/user:team=web|resourceTags/user:cost-center=42"),
		"cur2/BILLING_PERIOD=2026-11/cur2.csv": strings.NewReplacer("bill/PayerAccountId", "bill_payer_account_id", "bill/BillingPeriodStartDate", "bill_billing_period_start_date",
			"lineItem/UsageAccountId", "line_item_usage_account_id", "lineItem/LineItemType", "line_item_line_item_type", "lineItem/UsageStartDate", "line_item_usage_start_date",
			"lineItem/UsageEndDate", "line_item_usage_end_date", "lineItem/ProductCode", "line_item_product_code", "lineItem/CurrencyCode", "line_item_currency_code",
			"lineItem/UnblendedCost", "line_item_unblended_cost", "2026-10", "2026-11").Replace(cur("resource_tags", `resource_tags={"user_team":"web","user_cost_center":"42"}`)),
	}))
	if got := fmt.Sprint(r.Load.Periods); got != "[2026-09 2026-10 2026-11]" {
		t.Errorf("the months %s", got)
	}
	got := ask(t, s, "SELECT ChargeDate, ServiceName, Tags, BilledCost FROM daily ORDER BY 1")
	want := `2026-09-05 00:00:00|Amazon Elastic Compute Cloud|{"team":"web"}|1
2026-10-05 00:00:00|Amazon Elastic Compute Cloud|{"cost-center":"42","team":"web"}|1
2026-11-05 00:00:00|Amazon Elastic Compute Cloud|{"cost_center":"42","team":"web"}|1`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A report's discount lines may all be in one of its files; the net columns of the others must not count too.
func TestAWSDiscountsCountOnceAcrossFiles(t *testing.T) {
	part1 := cur("lineItem/NetUnblendedCost", "lineItem/UnblendedCost=10|lineItem/NetUnblendedCost=9.3")
	part2 := cur("lineItem/NetUnblendedCost", "lineItem/LineItemType=EdpDiscount|lineItem/UnblendedCost=-0.7|lineItem/NetUnblendedCost=0")
	for name, files := range map[string]map[string]string{
		"in two files":       {"cur-00001.csv": part1, "cur-00002.csv": part2},
		"in the other order": {"cur-00001.csv": part2, "cur-00002.csv": part1},
		"net columns alone":  {"cur-00001.csv": part1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			load(t, s, folder(t, files))
			if got := ask(t, s, "SELECT sum(BilledCost), sum(EffectiveCost) FROM daily"); got != "9.3|9.3" {
				t.Errorf("billed and effective %s, the invoice asks for 9.3", got)
			}
		})
	}
}

// Two invoices a month, of two currencies even, are one report.
func TestAWSInvoicesAndCurrencies(t *testing.T) {
	s := newStore(t)
	load(t, s, file(t, "cur.csv", cur("bill/InvoiceId,bill/BillingEntity,lineItem/LegalEntity", "bill/InvoiceId=1|bill/BillingEntity=AWS",
		"bill/InvoiceId=2|bill/BillingEntity=AWS Marketplace|lineItem/LegalEntity=Datadog|lineItem/UnblendedCost=20",
		"bill/InvoiceId=3|bill/BillingEntity=AWS|lineItem/CurrencyCode=EUR|lineItem/UnblendedCost=5")))
	got := ask(t, s, "SELECT InvoiceId, PublisherName, BillingCurrency, BilledCost FROM charges ORDER BY 1")
	if want := "1|AWS|USD|1\n2|Datadog|USD|20\n3|AWS|EUR|5"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAWSLineWithoutADayIsOfItsMonth(t *testing.T) {
	s := newStore(t)
	load(t, s, file(t, "cur.csv", cur("", "", "lineItem/UsageStartDate=|lineItem/UsageEndDate=")))
	if got, want := ask(t, s, "SELECT ChargeDate, BilledCost FROM daily ORDER BY 1"), "2026-10-01 00:00:00|1\n2026-10-05 00:00:00|1"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBadAWSReportsAreRefused(t *testing.T) {
	good := cur("", "")
	var out strings.Builder
	s := newStore(t)
	for _, c := range []struct{ name, text string }{
		{"header-alone.csv", strings.SplitAfter(good, "\n")[0]},
		{"no-cost.csv", strings.ReplaceAll(good, "lineItem/UnblendedCost", "lineItem/BlendedCost")},
		{"bad-cost.csv", cur("", "", "lineItem/UnblendedCost=1,50")},
		{"bad-day.csv", cur("", "lineItem/UsageStartDate=yesterday")},
		{"no-currency.csv", cur("", "lineItem/CurrencyCode=")},
		{"no-month.csv", cur("", "bill/BillingPeriodStartDate=|lineItem/UsageStartDate=")},
		{"both-names.csv", strings.Replace(good, "lineItem/ProductCode", "line_item_unblended_cost", 1)},
		{"bad-tags.csv", cur("resource_tags", `resource_tags={"user_team":`)},
		{"price-list.csv", "SKU,OfferTermCode,RateCode,TermType,PriceDescription,PricePerUnit,Currency\nA,B,C,OnDemand,$1 per thing,1,USD\n"},
		{"cost-explorer.csv", "Service,EC2-Instances($),S3($),Total costs($)\nService total,1,2,3\n2026-10-01,1,2,3\n"},
	} {
		fmt.Fprintln(&out, refused(t, s, file(t, c.name, c.text)))
	}
	golden(t, filepath.Join("aws", "refused.txt"), out.String())
}

// A CUR 2.0 export may have its tags with those of accounts and others in one column.
func TestAWSTagsOfAllKinds(t *testing.T) {
	s := newStore(t)
	load(t, s, file(t, "cur.csv", cur("resource_tags,tags", `tags={"resourceTags/user_team":"web","accountTag/stage":"prod","costCategory/Unit":"Shop"}`, `resource_tags={"user_team":"ops"}|tags={"resourceTags/user_team":"ops"}`)))
	got := ask(t, s, "SELECT Tags FROM charges ORDER BY 1")
	if want := `{"team":"ops"}` + "\n" + `{"team":"web","accountTag/stage":"prod","costCategory/Unit":"Shop"}`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A report as Parquet is the report as CSV, whether its tags are columns or maps.
func TestAWSParquetIsTheCSV(t *testing.T) {
	for _, name := range []string{"types", "cur2", "net"} {
		t.Run(name, func(t *testing.T) {
			in := filepath.Join("..", "..", "testdata", "ingest", "aws", name+".csv")
			out := filepath.Join(t.TempDir(), name+".parquet")
			fromCSV, fromParquet := newStore(t), newStore(t)
			w, err := fromParquet.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = w.Exec(t.Context(), fmt.Sprintf("COPY (FROM read_csv(%s, header=true, all_varchar=true)) TO %s (FORMAT parquet)", store.QuoteLiteral(in), store.QuoteLiteral(out)))
			w.Close()
			if err != nil {
				t.Fatal(err)
			}
			load(t, fromCSV, in)
			load(t, fromParquet, out)
			q := "SELECT ChargeDescription, " + strings.Join(goldenColumns, ", ") + " FROM charges ORDER BY ALL"
			if got, want := ask(t, fromParquet, q), ask(t, fromCSV, q); got != want {
				t.Error(firstDifference(got, want))
			}
		})
	}
}

// For random reports, their columns there or not and filled or not, the store's BilledCost is the sum of the lines' costs, and no cost is lost
// or counted twice between the mapping and what it is held against: else the load would be refused.
func TestRandomAWSReportsReconcile(t *testing.T) {
	types := []string{"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "RIFee", "Fee",
		"Credit", "Refund", "Tax", "BundledDiscount", "EdpDiscount", "PrivateRateDiscount", "Unheard"}
	optional := []string{"lineItem/NetUnblendedCost", "pricing/publicOnDemandCost", "reservation/EffectiveCost", "reservation/NetEffectiveCost",
		"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation/UnusedRecurringFee", "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
		"reservation/NetUnusedRecurringFee", "savingsPlan/SavingsPlanEffectiveCost", "savingsPlan/NetSavingsPlanEffectiveCost", "savingsPlan/TotalCommitmentToDate",
		"savingsPlan/UsedCommitment", "splitLineItem/SplitCost", "splitLineItem/NetSplitCost", "splitLineItem/UnusedCost", "splitLineItem/PublicOnDemandSplitCost"}
	texts := map[string][]string{"reservation/ReservationARN": {"", "arn:ri/1"}, "savingsPlan/SavingsPlanARN": {"", "arn:sp/1"},
		"splitLineItem/ParentResourceId": {"", "", "i-1", "i-2"}, "lineItem/ResourceId": {"", "i-1", "pod"}, "resourceTags/user:team": {"", "a", "b"}, "costCategory/Unit": {"", "x"}}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		if n > 12 && os.Getenv("SPENDBOT_LONG") == "" {
			return
		}
		amount := rapid.Custom(func(rt *rapid.T) string {
			v := decimal.New(rapid.Int64Range(-1_000_000, 10_000_000).Draw(rt, "amount"), int32(-rapid.IntRange(0, 12).Draw(rt, "scale")))
			return v.String()
		})
		columns := rapid.SliceOfDistinct(rapid.SampledFrom(optional), func(s string) string { return s }).Draw(rt, "columns")
		var more []string
		for _, c := range slices.Sorted(maps.Keys(texts)) {
			if rapid.Bool().Draw(rt, c) {
				more = append(more, c)
			}
		}
		var lines []string
		gross, net, withDiscounts := decimal.Zero, decimal.Zero, false
		for range rapid.IntRange(1, 25).Draw(rt, "lines") {
			kind := rapid.SampledFrom(types).Draw(rt, "type")
			withDiscounts = withDiscounts || strings.HasSuffix(kind, "Discount")
			cost := amount.Draw(rt, "cost")
			line := "lineItem/LineItemType=" + kind + "|lineItem/UnblendedCost=" + cost
			gross = gross.Add(decimal.RequireFromString(cost))
			netCost := cost
			for _, c := range columns {
				switch rapid.IntRange(0, 3).Draw(rt, "filled") {
				case 0: // empty
				case 1:
					line += "|" + c + "=0"
					if c == "lineItem/NetUnblendedCost" {
						netCost = "0"
					}
				default:
					v := amount.Draw(rt, c)
					line += "|" + c + "=" + v
					if c == "lineItem/NetUnblendedCost" {
						netCost = v
					}
				}
			}
			net = net.Add(decimal.RequireFromString(netCost))
			for _, c := range more {
				line += "|" + c + "=" + rapid.SampledFrom(texts[c]).Draw(rt, c)
			}
			lines = append(lines, line)
		}
		want := net
		if withDiscounts {
			want = gross
		}
		s := newStore(t)
		r := load(t, s, file(t, "cur.csv", cur(strings.Join(append(columns, more...), ","), lines...)))
		if got := r.Load.Totals["USD"].Billed; !got.Equal(want) {
			rt.Errorf("billed %s, the lines add up to %s", got, want)
		}
	})
}

// Whatever the header, a report is read or refused; one that is read is read to the sum of its costs.
func FuzzAWSHeader(f *testing.F) {
	lines := strings.SplitAfter(cur("resourceTags/user:team", ""), "\n")
	f.Add(lines[0])
	f.Add(strings.ToUpper(lines[0]))
	f.Add(strings.ReplaceAll(lines[0], "/", "_"))
	f.Add(strings.ReplaceAll(lines[0], ",", ";"))
	f.Add(strings.Replace(lines[0], "resourceTags/user:team", "resourceTags/", 1))
	f.Add(strings.Replace(lines[0], "resourceTags/user:team", "lineItem/UnblendedCost", 1))
	f.Add("\ufeff" + lines[0])
	f.Fuzz(func(t *testing.T, header string) {
		names := strings.Split(strings.TrimSpace(header), ",")
		r, err := dialect.Detect(dialect.Built(), names)
		if err != nil || r == nil {
			return
		}
		if len(r.Bound) != len(names) {
			t.Fatalf("%d columns of %d are bound", len(r.Bound), len(names))
		}
		once := map[string]bool{}
		for i, b := range r.Bound {
			if b.Header != names[i] {
				t.Errorf("column %d is %q, bound as %q", i, names[i], b.Header)
			}
			if b.Column == "" {
				continue
			}
			if _, ok := r.Dialect.Column(b.Column); !ok {
				t.Errorf("%q is bound to %q, which %s does not have", b.Header, b.Column, r.Dialect.Name)
			}
			if b.Key == "" && once[b.Column] {
				t.Errorf("two columns are %s", b.Column)
			}
			once[b.Column] = true
		}
		for _, n := range r.Dialect.Needs() {
			if !once[n] {
				t.Errorf("it is taken for %s without %s", r.Dialect.Name, n)
			}
		}
	})
}
