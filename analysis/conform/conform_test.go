package conform_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/conform"
	"spendbot/analysis/focus"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// whole is a row that keeps every rule of FOCUS 1.2.
var whole = map[string]string{"AvailabilityZone": "use1-az1", "BilledCost": "2.00", "BillingAccountId": "b", "BillingAccountName": "Payer", "BillingAccountType": "Payer", "BillingCurrency": "USD",
	"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z", "ChargeCategory": "Usage", "ChargeDescription": "d", "ChargeFrequency": "Usage-Based",
	"ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargePeriodEnd": "2026-10-06T00:00:00Z", "ConsumedQuantity": "1", "ConsumedUnit": "Hours", "ContractedCost": "2", "ContractedUnitPrice": "2", "EffectiveCost": "2",
	"InvoiceId": "i", "InvoiceIssuerName": "AWS", "ListCost": "3", "ListUnitPrice": "3", "PricingCategory": "Standard", "PricingQuantity": "1", "PricingUnit": "Hours", "ProviderName": "AWS", "PublisherName": "AWS",
	"RegionId": "us-east-1", "RegionName": "Virginia", "ResourceId": "r", "ResourceName": "n", "ResourceType": "t", "ServiceCategory": "Compute", "ServiceName": "EC2", "ServiceSubcategory": "Virtual Machines",
	"SkuId": "s", "SkuMeter": "m", "SkuPriceId": "p", "SkuPriceDetails": `{"a":"b"}`, "SubAccountId": "a", "SubAccountName": "prod", "SubAccountType": "Account", "Tags": `{"team":"x"}`}

// export is a FOCUS 1.2 file of one row with changes, "Column=value"; "-Column" leaves the column out, "+Column=value" adds one.
func export(t *testing.T, changes ...string) string { return exports(t, changes) }

// exports is a file of several such rows; the columns are those of the first.
func exports(t *testing.T, rows ...[]string) string {
	t.Helper()
	var lines []string
	var names []string
	for i, changes := range rows {
		these, cells := rowOf(t, changes)
		if i == 0 {
			names = these
			lines = append(lines, strings.Join(names, ","))
		}
		lines = append(lines, cells)
	}
	f := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(f, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func rowOf(t *testing.T, changes []string) (names []string, line string) {
	t.Helper()
	row := map[string]string{}
	for _, c := range focus.Columns() {
		if !c.Own && c.In("1.2") {
			names, row[c.Name] = append(names, c.Name), whole[c.Name]
		}
	}
	for _, c := range changes {
		k, v, _ := strings.Cut(c, "=")
		switch k[0] {
		case '-':
			names = slices.DeleteFunc(names, func(n string) bool { return n == k[1:] })
		case '+':
			names, row[k[1:]] = append(names, k[1:]), v
		default:
			if _, ok := row[k]; !ok {
				t.Fatalf("no column %s", k)
			}
			row[k] = v
		}
	}
	var cells []string
	for _, n := range names {
		cells = append(cells, `"`+strings.ReplaceAll(row[n], `"`, `""`)+`"`)
	}
	return names, strings.Join(cells, ",")
}

func measured(t *testing.T, file, version string) *conform.Report {
	t.Helper()
	r, err := conform.File(context.Background(), file, store.Limits{}, conform.Options{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func broken(r *conform.Report) []string {
	out := []string{}
	for _, res := range r.Results {
		if res.Outcome == conform.Failed {
			out = append(out, res.Rule)
		}
	}
	slices.Sort(out)
	return out
}

// TestEachRuleIsBroken changes a row that keeps every rule so that it breaks one, for every rule of 1.2 there is.
func TestEachRuleIsBroken(t *testing.T) {
	if got := broken(measured(t, export(t), "")); len(got) > 0 {
		t.Fatalf("the whole row breaks %v", got)
	}
	tax := []string{"ChargeCategory=Tax", "ConsumedQuantity=", "ConsumedUnit=", "PricingQuantity=", "PricingUnit=", "PricingCategory=", "ListUnitPrice=", "ContractedUnitPrice=", "SkuId=", "SkuPriceId=", "SkuMeter=", "SkuPriceDetails="}
	covered := []string{"CommitmentDiscountId=sp", "CommitmentDiscountStatus=Used", "CommitmentDiscountCategory=Spend", "CommitmentDiscountType=SP", "PricingCategory=Committed"}
	bought := []string{"ChargeCategory=Purchase", "ChargeFrequency=One-Time", "ConsumedQuantity=", "ConsumedUnit="}
	cases := map[string][]string{
		"BilledCost.type": {"BilledCost=abc"}, "BillingCurrency.format": {"BillingCurrency=Dollar"}, "ChargePeriodStart.format": {"ChargePeriodStart=2026-10-05 00:00:00"},
		"Tags.type": {"Tags={bad"}, "SkuPriceDetails.type": {"SkuPriceDetails=[1]"}, "ChargeCategory.allowed": {"ChargeCategory=Bogus", "ConsumedQuantity=", "ConsumedUnit="}, "columns.custom": {"+Extra=1"},
		"BillingPeriodEnd.after-start": {"BillingPeriodEnd=2026-10-01T00:00:00Z"}, "ChargePeriodEnd.after-start": {"ChargePeriodEnd=2026-10-05T00:00:00Z"},
		"EffectiveCost.commitment-purchase": append(append([]string{}, bought...), "CommitmentDiscountId=sp", "CommitmentDiscountCategory=Spend", "CommitmentDiscountType=SP"),
		"ListUnitPrice.tax":                 append(slices.Clone(tax), "ListUnitPrice=3"), "ContractedUnitPrice.tax": append(slices.Clone(tax), "ContractedUnitPrice=2"),
		"ListUnitPrice.negative": {"ListUnitPrice=-3", "ListCost=-3"}, "ContractedUnitPrice.negative": {"ContractedUnitPrice=-2", "ContractedCost=-2"},
		"ListCost.product": {"ListCost=4"}, "ContractedCost.product": {"ContractedCost=2.02"},
		"PricingQuantity.tax":                 append(slices.Clone(tax), "PricingQuantity=1", "PricingUnit=Hours"),
		"PricingQuantity.given":               {"PricingQuantity=", "PricingUnit="},
		"PricingUnit.with-quantity":           {"PricingUnit="},
		"ConsumedQuantity.usage-only":         append(slices.Clone(bought), "ConsumedQuantity=1", "ConsumedUnit=Hours"),
		"ConsumedQuantity.unused":             append(slices.Clone(covered), "CommitmentDiscountStatus=Unused"),
		"ConsumedUnit.with-quantity":          {"ConsumedUnit="},
		"PricingCategory.tax":                 append(slices.Clone(tax), "PricingCategory=Standard"),
		"PricingCategory.given":               {"PricingCategory="},
		"PricingCategory.committed":           append(slices.Clone(covered), "PricingCategory=Standard"),
		"ChargeFrequency.purchase":            append(slices.Clone(bought), "ChargeFrequency=Usage-Based"),
		"CommitmentDiscountStatus.id":         {"CommitmentDiscountStatus=Used", "PricingCategory=Committed"},
		"CommitmentDiscountStatus.usage":      append(slices.Clone(covered), "CommitmentDiscountStatus="),
		"CommitmentDiscountStatus.usage-only": append(append(slices.Clone(covered), bought...), "EffectiveCost=0"),
		"CommitmentDiscountCategory.id":       {"CommitmentDiscountCategory=Spend"}, "CommitmentDiscountType.id": append(slices.Clone(covered), "CommitmentDiscountType="),
		"CommitmentDiscountName.id": {"CommitmentDiscountName=x"}, "CommitmentDiscountQuantity.id": {"CommitmentDiscountQuantity=1", "CommitmentDiscountUnit=h"},
		"CommitmentDiscountUnit.with-quantity": append(slices.Clone(covered), "CommitmentDiscountQuantity=1"),
		"CapacityReservationStatus.id":         {"CapacityReservationStatus=Used"}, "CapacityReservationStatus.usage": {"CapacityReservationId=c"},
		"SkuId.tax": append(slices.Clone(tax), "SkuId=s"), "SkuPriceId.tax": append(slices.Clone(tax), "SkuPriceId=p", "SkuId=s"),
		"SkuId.given": {"SkuId=", "SkuPriceId=", "SkuMeter=", "SkuPriceDetails="}, "SkuPriceId.given": {"SkuPriceId=", "SkuPriceDetails="}, "SkuPriceId.sku": {"SkuId=", "SkuMeter="},
		"SkuMeter.sku": {"SkuId=", "SkuPriceId=", "SkuPriceDetails="}, "SkuPriceDetails.sku-price": {"SkuPriceId="},
		"SubAccountName.id": {"SubAccountId=", "SubAccountType="}, "SubAccountType.id": {"SubAccountType="}, "RegionName.id": {"RegionName="},
		"ResourceName.id": {"ResourceId=", "ResourceType="}, "ResourceType.id": {"ResourceId=", "ResourceName="},
		"PricingCurrency.prices": {"PricingCurrencyEffectiveCost=1"}, "PricingCurrencyListUnitPrice.tax": append(slices.Clone(tax), "PricingCurrency=USD", "PricingCurrencyListUnitPrice=1"),
		"PricingCurrencyContractedUnitPrice.tax": append(slices.Clone(tax), "PricingCurrency=USD", "PricingCurrencyContractedUnitPrice=1"),
	}
	// Rules that a row cannot break without breaking another.
	along := map[string][]string{"SkuPriceId.tax": {"SkuId.tax"}, "SkuId.given": {"SkuPriceId.given"}, "SkuMeter.sku": {"SkuId.given", "SkuPriceId.given"}, "SkuPriceId.sku": {"SkuId.given"},
		"SkuPriceDetails.sku-price": {"SkuPriceId.given"}}
	rules, err := conform.Rules("1.2")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if _, ok := cases[r.ID]; ok {
			continue
		}
		switch kind := r.ID[strings.Index(r.ID, ".")+1:]; kind {
		case "present":
			cases[r.ID] = []string{"-" + r.Column}
		case "not-null":
			cases[r.ID] = []string{r.Column + "="}
		case "type":
			cases[r.ID] = []string{r.Column + "=abc"}
		case "allowed":
			cases[r.ID] = []string{r.Column + "=Bogus"}
		case "format":
			cases[r.ID] = []string{r.Column + "=2026-10-20T00:00:00+00:00"}
		case "text", "width": // an empty text in a CSV is null; see the file with too many cells
		default:
			t.Errorf("no row breaks %s", r.ID)
		}
	}
	var all [][]string // of the rules that a row breaks
	var about []string
	for rule, changes := range cases {
		if c := changes[0][0]; c != '-' && c != '+' {
			all, about = append(all, changes), append(about, rule)
		}
	}
	got := broken(measured(t, exports(t, all...), "1.2"))
	for _, rule := range about {
		if !slices.Contains(got, rule) {
			t.Errorf("%v does not break %s", cases[rule], rule)
		}
	}
	if len(about) < 90 {
		t.Errorf("%d rules", len(about))
	}
	if os.Getenv("SPENDBOT_LONG") == "" { // one by one shows that each breaks no other
		cases = map[string][]string{"BilledCost.present": cases["BilledCost.present"], "columns.custom": cases["columns.custom"], "ListCost.product": cases["ListCost.product"], "PricingQuantity.tax": cases["PricingQuantity.tax"]}
	}
	for rule, changes := range cases {
		t.Run(rule, func(t *testing.T) {
			got := broken(measured(t, export(t, changes...), "1.2"))
			if !slices.Contains(got, rule) {
				t.Fatalf("%v breaks %v", changes, got)
			}
			if _, made := along[rule]; made || strings.Contains(rule, ".") && slices.Contains([]string{"present", "not-null", "type", "allowed", "format"}, rule[strings.Index(rule, ".")+1:]) {
				return
			}
			if len(got) != 1 {
				t.Errorf("%v breaks %v, want only %s", changes, got, rule)
			}
		})
	}
}

func TestTheSameFileInOtherDresses(t *testing.T) {
	file := export(t, "ChargeCategory=Bogus", "ConsumedQuantity=", "ConsumedUnit=")
	want := broken(measured(t, file, "1.2"))
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	packed := filepath.Join(t.TempDir(), "no-suffix")
	if err := os.WriteFile(packed, z.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, broken(measured(t, packed, "1.2"))); d != "" {
		t.Error("gzip:", d)
	}
	e, stop, err := store.OpenEngine(context.Background(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	pq := filepath.Join(t.TempDir(), "p")
	if err := e.Exec(context.Background(), "COPY (SELECT * REPLACE (CAST(BilledCost AS DECIMAL(18,2)) AS BilledCost, CAST(ChargePeriodStart AS TIMESTAMP) AS ChargePeriodStart) FROM read_csv("+store.QuoteLiteral(file)+", all_varchar=true)) TO "+store.QuoteLiteral(pq)+" (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, broken(measured(t, pq, "1.2"))); d != "" {
		t.Error("Parquet:", d)
	}
	wide := filepath.Join(t.TempDir(), "wide.csv")
	if err := os.WriteFile(wide, append(b[:len(b)-1], ",one,two\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(append(slices.Clone(want), "rows.width"), broken(measured(t, wide, "1.2"))); d != "" {
		t.Error("wide:", d)
	}
}

func TestWhatIsNoExport(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.csv")
	torn := filepath.Join(dir, "torn.parquet")
	for f, b := range map[string]string{empty: "", torn: "PAR1 and no more"} {
		if err := os.WriteFile(f, []byte(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for f, want := range map[string]string{empty: "the file is empty", torn: "torn.parquet cannot be read as CSV or Parquet", dir: "is no file", filepath.Join(dir, "none"): "no such file"} {
		if _, err := conform.File(context.Background(), f, store.Limits{}, conform.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", f, err)
		}
	}
	if _, err := conform.Rules("0.5"); err == nil || !strings.Contains(err.Error(), "1.0, 1.1, 1.2, 1.3") {
		t.Error(err)
	}
}

// TestTheStore loads rows and measures what became of them, as everybody and as one account's people.
func TestTheStore(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, f := range []string{export(t, "SubAccountId=mine"), export(t, "RegionName=", "BilledCost=7")} {
		if _, err := ingest.Load(ctx, s, f, ingest.Options{Now: analysis.Day(2026, 11, 1), Source: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	for _, c := range []struct {
		scope []analysis.Filter
		want  []string
		rows  int64
	}{
		{nil, []string{"RegionName.id"}, 2},
		{[]analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"mine"}}}, []string{}, 1},
	} {
		sight, err := sn.Seen(c.scope)
		if err != nil {
			t.Fatal(err)
		}
		r, err := conform.Store(ctx, sight, conform.Options{Months: analysis.MonthOf(analysis.Day(2026, 10, 1))})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, broken(r)); d != "" || r.Rows != c.rows {
			t.Errorf("%s %d rows", d, r.Rows)
		}
		for _, res := range r.Results {
			if res.Outcome == conform.Failed && (res.Rows != 1 || res.Example != "2026-10-05, EC2, Usage, billed 7" || !strings.Contains(res.SQL, "{charges}")) {
				t.Errorf("%+v", res)
			}
		}
	}
}

// TestNegativeFixtures measures files that other validators fail: each with the rule that it was made to break.
func TestNegativeFixtures(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "focus", "negative_fixtures")
	want := map[string]string{
		"focus_mapper_focus_invalid_allowed_values.csv":   "ChargeCategory.allowed",
		"focus_mapper_focus_invalid_datetime.csv":         "BillingPeriodStart.type",
		"focus_mapper_focus_invalid_decimal.csv":          "BilledCost.type",
		"focus_mapper_focus_invalid_json.csv":             "rows.width", // its broken JSON has made a cell too many
		"focus_mapper_focus_invalid_required_missing.csv": "BilledCost.present",
		"focus_mapper_focus_invalid_unknown_column.csv":   "columns.custom",
		"focus_mapper_telemetry_small.csv":                "BilledCost.present",
		"validator_all_pass_0.5.csv":                      "ChargeCategory.present", // a version before 1.0, which called it ChargeType
		"validator_fail_invoice_issuer.csv":               "ChargeCategory.present",
		"validator_multiple_failure_examples.csv":         "InvoiceIssuerName.present",
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	if len(files) == 0 {
		t.Skipf("no fixtures in %s", dir)
	}
	for _, f := range files {
		name := filepath.Base(f)
		got := broken(measured(t, f, ""))
		if rule, ok := want[name]; ok && !slices.Contains(got, rule) {
			t.Errorf("%s breaks %v, not %s", name, got, rule)
		} else if len(got) == 0 {
			t.Errorf("%s breaks nothing", name)
		}
	}
}

// TestAgainstPublishedSchemas holds our list to the specification's: every column's level, nulls, values and types have their rule.
func TestAgainstPublishedSchemas(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "focus", "schema", "focus_spec_v*.json"))
	if len(files) == 0 {
		t.Skip("no schemas beside this checkout")
	}
	for _, f := range files {
		version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "focus_spec_v"), ".json")
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			Columns []struct {
				Name    string   `json:"name"`
				Type    string   `json:"data_type"`
				Nulls   bool     `json:"allows_nulls"`
				Level   string   `json:"feature_level"`
				Allowed []string `json:"allowed_values"`
			} `json:"columns"`
		}
		if err := json.Unmarshal(b, &schema); err != nil {
			t.Fatal(err)
		}
		rules, err := conform.Rules(version)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]conform.Rule{}
		for _, r := range rules {
			by[r.ID] = r
		}
		for _, c := range schema.Columns {
			for rule, wanted := range map[string]bool{".present": c.Level == "Mandatory" || c.Level == "Recommended", ".not-null": !c.Nulls, ".allowed": len(c.Allowed) > 0, ".type": c.Type != "String"} {
				r, ok := by[c.Name+rule]
				if ok != wanted || ok && string(r.Level) != c.Level {
					t.Errorf("%s: %s%s is there: %v, level %s; want %v, %s", version, c.Name, rule, ok, r.Level, wanted, c.Level)
				}
			}
			for _, a := range c.Allowed {
				if r := by[c.Name+".allowed"]; !strings.Contains(r.Condition, "'"+a+"'") {
					t.Errorf("%s: %s may be %s", version, c.Name, a)
				}
			}
		}
	}
}
