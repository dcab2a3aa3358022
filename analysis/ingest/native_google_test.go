package ingest_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
	"spendbot/analysis/store"
)

// googleNet adds up cost and credits of a flattened export by itself.
func googleNet(t testing.TB, path string) decimal.Decimal {
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
	amount := regexp.MustCompile(`'amount': ([-0-9.e]+)`)
	sum := decimal.Zero
	for _, r := range rows[1:] {
		for i, h := range rows[0] {
			switch h {
			case "cost":
				sum = sum.Add(decimal.RequireFromString(r[i]))
			case "credits":
				for _, m := range amount.FindAllStringSubmatch(r[i], -1) {
					sum = sum.Add(decimal.RequireFromString(m[1]))
				}
			}
		}
	}
	return sum
}

func TestSampleGoogleExportsLoadToTheirOwnTotal(t *testing.T) {
	dir := shared(t, "gcp")
	for name, want := range map[string]string{"202011_2020-11-08_2020-11-11.csv": "0", "2022-08-01_5.csv": "0.000012"} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := filepath.Join(dir, name)
			r := load(t, s, path)
			net := googleNet(t, path)
			if name == "2022-08-01_5.csv" && net.String() != want {
				t.Fatalf("the test finds %s in the file", net)
			}
			if got := r.Load.Totals["USD"]; !got.Billed.Equal(net) || !got.Effective.Equal(net) {
				t.Errorf("billed %v, effective %v, the file's costs and credits are %s", got.Billed, got.Effective, net)
			}
			if got := ask(t, s, "SELECT sum(BilledCost) FROM daily"); !decimal.RequireFromString(got).Equal(net) {
				t.Errorf("the store holds %s, the file %s", got, net)
			}
			t.Log(strings.Join(r.Load.Warnings, "\n"))
		})
	}
}

// googleRow is a row of a Google export in the making: paths with their values, over those of a plain row.
type googleRow map[string]any

// pair is a label as Google writes it.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// creditOf is a credit as Google writes it.
type creditOf struct {
	Name     string  `json:"name"`
	Amount   float64 `json:"amount"`
	FullName *string `json:"full_name"`
	ID       string  `json:"id"`
	Type     string  `json:"type"`
}

var googlePlain = googleRow{
	"billing_account_id": "01AAAA-BBBBBB-CCCCCC", "service.id": "6F81-5844-456A", "service.description": "Compute Engine",
	"sku.id": "AAAA-0000-0001", "sku.description": "N2 Instance Core running in Americas", "usage_start_time": "2026-10-05 07:00:00 UTC",
	"usage_end_time": "2026-10-05 08:00:00 UTC", "project.id": "shop-prod", "project.number": "1234", "project.name": "Shop",
	"location.location": "us-central1", "location.country": "US", "location.region": "us-central1", "location.zone": "us-central1-a",
	"cost": 10.0, "currency": "USD", "currency_conversion_rate": 1.0, "usage.amount": 3600.0, "usage.unit": "seconds",
	"usage.amount_in_pricing_units": 1.0, "usage.pricing_unit": "hour", "invoice.month": "202610", "cost_type": "regular",
	"resource.name": "vm-1", "resource.global_name": "//compute.googleapis.com/projects/shop-prod/zones/us-central1-a/instances/1",
	"labels": []pair{}, "system_labels": []pair{}, "project.labels": []pair{}, "tags": []pair{}, "credits": []creditOf{},
	"cost_at_list": 12.5, "cost_at_effective_price_default": 11.0,
}

// rowOf is a plain row with some of its values changed; nil takes one away.
func rowOf(change googleRow) googleRow {
	r := maps.Clone(googlePlain)
	for k, v := range change {
		if r[k] = v; v == nil {
			delete(r, k)
		}
	}
	return r
}

// everyKind are rows of every kind there is in a Google export.
func everyKind() []googleRow {
	full := "Committed Usage Discount: CPU, it's the team's"
	credit := func(kind string, amount float64) []creditOf {
		return []creditOf{{kind + " credit", amount, nil, "c-1", kind}}
	}
	return []googleRow{
		rowOf(nil),
		rowOf(googleRow{"sku.id": "sustained", "credits": credit("SUSTAINED_USAGE_DISCOUNT", -3)}),
		rowOf(googleRow{"sku.id": "cud", "credits": []creditOf{{"CUD", -4.5, &full, "cud", "COMMITTED_USAGE_DISCOUNT"}, {"CUD 2", -0.25, nil, "", "COMMITTED_USAGE_DISCOUNT"}}}),
		rowOf(googleRow{"sku.id": "flex", "credits": credit("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", -10)}),
		rowOf(googleRow{"sku.id": "discount", "credits": credit("DISCOUNT", -5e-06)}),
		rowOf(googleRow{"sku.id": "free", "cost": 2e-06, "credits": credit("FREE_TIER", -2e-06)}),
		rowOf(googleRow{"sku.id": "promotion", "cost": 0.0, "credits": credit("PROMOTION", -420.5)}),
		rowOf(googleRow{"sku.id": "reseller", "credits": credit("RESELLER_MARGIN", -1.125)}),
		rowOf(googleRow{"sku.id": "subscription", "credits": credit("SUBSCRIPTION_BENEFIT", -2)}),
		rowOf(googleRow{"sku.id": "model", "service.description": "Cloud SQL", "cost": 7.2, "cost_at_effective_price_default": 9.6,
			"consumption_model.id": "0000-1111-2222", "consumption_model.description": "Cloud SQL CUD 1 year"}),
		rowOf(googleRow{"sku.id": "default-model", "consumption_model.id": "7754-699E-0EBF", "consumption_model.description": "Default"}),
		rowOf(googleRow{"sku.id": "fee", "sku.description": "Commitment - dollar based v1: GCE for 1 year", "cost": 302.4, "cost_at_list": 302.4, "cost_at_effective_price_default": 302.4,
			"subscription.instance_id": "cud-7", "credits": credit("FEE_UTILIZATION_OFFSET", -300), "resource.name": nil, "resource.global_name": nil}),
		rowOf(googleRow{"sku.id": "support", "service.description": "Premium Support", "sku.description": "Premium Support fee", "cost": 150.0, "cost_at_list": 150.0, "cost_at_effective_price_default": nil}),
		rowOf(googleRow{"sku.id": "negative", "cost": -3.75, "cost_at_list": -3.75, "cost_at_effective_price_default": nil}),
		rowOf(googleRow{"sku.id": "late", "usage_start_time": "2026-09-30 23:00:00 UTC", "usage_end_time": "2026-10-01 00:00:00 UTC"}),
		rowOf(googleRow{"sku.id": "tax", "cost_type": "tax", "service.description": "Invoice", "sku.description": "Tax", "cost": 21.37, "cost_at_list": nil, "cost_at_effective_price_default": nil,
			"project.id": nil, "project.name": nil, "project.number": nil, "resource.name": nil, "resource.global_name": nil, "location.region": nil, "location.zone": nil, "location.location": nil}),
		rowOf(googleRow{"sku.id": "adjustment", "cost_type": "adjustment", "cost": -17.005, "cost_at_list": nil, "cost_at_effective_price_default": nil,
			"usage_start_time": "2026-08-01 00:00:00 UTC", "usage_end_time": "2026-08-02 00:00:00 UTC", "adjustment_info.description": "Correction of August", "adjustment_info.type": "USAGE_CORRECTION"}),
		rowOf(googleRow{"sku.id": "rounding", "cost_type": "rounding_error", "sku.description": "Rounding error", "cost": -0.004999, "cost_at_list": nil, "cost_at_effective_price_default": nil}),
		rowOf(googleRow{"sku.id": "labels", "location.region": nil, "location.zone": nil, "location.location": "us",
			"labels":         []pair{{"env", "label"}, {"app", "web"}, {"empty", ""}},
			"tags":           []pair{{"env", "tag"}, {"team", "tag"}},
			"project.labels": []pair{{"env", "project"}, {"team", "project"}, {"cost_center", "cc-7"}},
			"system_labels":  []pair{{"compute.googleapis.com/machine_spec", "n2-standard-4"}, {"compute.googleapis.com/cores", "4"}}}),
		rowOf(googleRow{"sku.id": "spot", "sku.description": "Spot Preemptible N2 Instance Core running in Americas", "location.location": "global", "location.region": nil}),
		rowOf(googleRow{"sku.id": "marketplace", "service.description": "Vendor DB", "transaction_type": "THIRD_PARTY_RESELLER", "seller_name": "Vendor Inc.", "cost_at_list": nil}),
		rowOf(googleRow{"sku.id": "fine", "cost": 0.1234567890123456, "usage.amount_in_pricing_units": 2.3198314011096954e-05}),
	}
}

// jsonLines writes rows as BigQuery does.
func jsonLines(t testing.TB, rows []googleRow) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows {
		whole := map[string]any{}
		for path, v := range r {
			in := whole
			keys := strings.Split(path, ".")
			for _, k := range keys[:len(keys)-1] {
				if in[k] == nil {
					in[k] = map[string]any{}
				}
				in = in[k].(map[string]any)
			}
			in[keys[len(keys)-1]] = v
		}
		line, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// flattened writes rows as a DataFrame made of them is saved as CSV.
func flattened(t testing.TB, rows []googleRow) string {
	t.Helper()
	paths := map[string]bool{}
	for _, r := range rows {
		for p := range r {
			paths[p] = true
		}
	}
	header := slices.Sorted(maps.Keys(paths))
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write(header); err != nil {
		t.Fatal(err)
	}
	for n, r := range rows {
		cells := make([]string, len(header))
		for i, p := range header {
			switch v := r[p].(type) {
			case nil:
			case float64:
				cells[i] = pythonFloat(v)
			case []pair:
				list := []string{}
				for _, e := range v {
					if n%2 == 0 {
						list = append(list, fmt.Sprintf(`{"key": "%s", "value": "%s"}`, e.Key, e.Value))
					} else {
						list = append(list, fmt.Sprintf(`{'key': '%s', 'value': '%s'}`, e.Key, e.Value))
					}
				}
				cells[i] = "[" + strings.Join(list, ", ") + "]"
			case []creditOf:
				list := []string{}
				for _, c := range v {
					full := "None"
					if c.FullName != nil {
						full = `"` + *c.FullName + `"` // as Python does for a text with an apostrophe
					}
					list = append(list, fmt.Sprintf(`{'name': '%s', 'amount': %s, 'full_name': %s, 'id': '%s', 'type': '%s'}`, c.Name, pythonFloat(c.Amount), full, c.ID, c.Type))
				}
				cells[i] = "[" + strings.Join(list, ", ") + "]"
			case string:
				cells[i] = strings.Replace(v, " UTC", "+00:00", 1)
			}
		}
		if err := w.Write(cells); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.String()
}

// pythonFloat writes a number as Python's repr does.
func pythonFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// googleTypes are the types of the export as BigQuery writes it to Parquet.
const googleTypes = `{'billing_account_id': 'VARCHAR', 'service': 'STRUCT(id VARCHAR, description VARCHAR)', 'sku': 'STRUCT(id VARCHAR, description VARCHAR)',
 'usage_start_time': 'TIMESTAMPTZ', 'usage_end_time': 'TIMESTAMPTZ', 'project': 'STRUCT(id VARCHAR, "number" VARCHAR, "name" VARCHAR, labels STRUCT("key" VARCHAR, "value" VARCHAR)[])',
 'labels': 'STRUCT("key" VARCHAR, "value" VARCHAR)[]', 'system_labels': 'STRUCT("key" VARCHAR, "value" VARCHAR)[]', 'tags': 'STRUCT("key" VARCHAR, "value" VARCHAR)[]',
 'location': 'STRUCT("location" VARCHAR, country VARCHAR, region VARCHAR, "zone" VARCHAR)', 'cost': 'DOUBLE', 'currency': 'VARCHAR',
 'usage': 'STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR)', 'credits': 'STRUCT("name" VARCHAR, amount DOUBLE, full_name VARCHAR, id VARCHAR, "type" VARCHAR)[]',
 'invoice': 'STRUCT("month" VARCHAR)', 'cost_type': 'VARCHAR', 'resource': 'STRUCT("name" VARCHAR, global_name VARCHAR)', 'cost_at_list': 'DOUBLE', 'cost_at_effective_price_default': 'DOUBLE',
 'consumption_model': 'STRUCT(id VARCHAR, description VARCHAR)', 'subscription': 'STRUCT(instance_id VARCHAR)', 'adjustment_info': 'STRUCT(description VARCHAR, "type" VARCHAR)',
 'transaction_type': 'VARCHAR', 'seller_name': 'VARCHAR'}`

// googleQuery shows what became of every row.
const googleQuery = `SELECT SkuId, ChargeCategory, ChargeClass, strftime(BillingPeriodStart, '%Y-%m'), strftime(ChargePeriodStart, '%Y-%m-%d'), rtrim(rtrim(CAST(BilledCost AS VARCHAR), '0'), '.'), rtrim(rtrim(CAST(EffectiveCost AS VARCHAR), '0'), '.'),
  rtrim(rtrim(CAST(ListCost AS VARCHAR), '0'), '.'), rtrim(rtrim(CAST(ContractedCost AS VARCHAR), '0'), '.'), CommitmentDiscountStatus, CommitmentDiscountCategory, CommitmentDiscountId, PricingCategory, SubAccountId, ServiceName, ServiceCategory, RegionId, ResourceName,
  PublisherName, Tags, x_InstanceType, CAST(PricingQuantity AS VARCHAR) FROM charges ORDER BY SkuId`

func TestEveryKindOfGoogleRow(t *testing.T) {
	rows := everyKind()
	lines := jsonLines(t, rows)
	forms := map[string]string{
		"csv":     file(t, "export.csv", flattened(t, rows)),
		"csv.gz":  file(t, "export.csv.gz", gzipped(flattened(t, rows))),
		"jsonl":   file(t, "000000000000.json", lines),
		"gz":      file(t, "000000000000.json.gz", gzipped(lines)),
		"zst":     file(t, "000000000000.jsonl.zst", zstded(lines)),
		"parquet": parquetFile(t, "SELECT * FROM read_json("+store.QuoteLiteral(file(t, "rows.json", lines))+", format='newline_delimited', columns="+googleTypes+")"),
	}
	const golden = "../../testdata/ingest/google.golden.txt"
	for form, path := range forms {
		t.Run(form, func(t *testing.T) {
			s := newStore(t)
			r := load(t, s, path)
			got := ask(t, s, googleQuery) + "\n"
			if *update && form == "csv" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			sum, list := decimal.Zero, decimal.Zero
			for _, row := range rows {
				cost := decimal.NewFromFloat(row["cost"].(float64))
				sum = sum.Add(cost)
				for _, c := range row["credits"].([]creditOf) {
					sum = sum.Add(decimal.NewFromFloat(c.Amount))
				}
				if l, ok := row["cost_at_list"].(float64); ok {
					cost = decimal.NewFromFloat(l)
				}
				list = list.Add(cost)
			}
			if got := r.Load.Totals["USD"]; !got.Billed.Equal(sum) || !got.Effective.Equal(sum) || !got.List.Equal(list) {
				t.Errorf("billed %v, effective %v, list %v; the rows add up to %s and %s", got.Billed, got.Effective, got.List, sum, list)
			}
		})
	}
}

// sameCosts compares answers whose last columns are costs, which may differ by less than an amount: of floating-point numbers, by what these
// do not hold.
func sameCosts(t *testing.T, got, want string, costs int, within decimal.Decimal) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		a, b := strings.Split(g[i], "|"), strings.Split(w[i], "|")
		keys := len(a) - costs
		same := len(a) == len(b) && keys >= 0 && slices.Equal(a[:keys], b[:keys])
		for k := max(keys, 0); same && k < len(a); k++ {
			x, err := decimal.NewFromString(a[k])
			y, err2 := decimal.NewFromString(b[k])
			same = err == nil && err2 == nil && x.Sub(y).Abs().LessThan(within)
		}
		if !same {
			t.Fatalf("of %d and %d lines the first that differ are\n got  %s\n want %s", len(g), len(w), g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("%d lines, expected %d", len(g), len(w))
	}
}

// The truth is the same in FOCUS and in each form of Google's export, but for what a commitment bills; see [demonative.Google].
func TestNativeGoogleEqualsFOCUS(t *testing.T) {
	months := 2
	if os.Getenv("SPENDBOT_LONG") != "" {
		months = 12
	}
	focus, native := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), focus, demo.Options{Now: now, Months: months - 1}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.Google(t.Context(), focus, native); err != nil {
		t.Fatal(err)
	}
	const keys = `ChargeDate, BillingPeriodStart, BillingAccountId, SubAccountId, ServiceName, ServiceCategory, SkuId, RegionId, x_UsageType, x_InstanceType, Tags`
	const some = ` GROUP BY ALL HAVING abs(sum(EffectiveCost)) > 0.00000001 OR abs(sum(ListCost)) > 0.00000001 ORDER BY ALL`
	queries := map[string]int{
		`SELECT ` + keys + `, sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM daily` + some: 3,
		// A commitment is billed with its fee in FOCUS and with the usage it covers here.
		`SELECT ` + keys + `, sum(BilledCost) FROM daily WHERE PricingCategory IS NULL OR PricingCategory <> 'Committed'` + some:                                 1,
		`SELECT ChargeDate, ServiceName, sum(BilledCost), sum(EffectiveCost) FROM daily` + some:                                                                  2,
		`SELECT ChargeDate, SkuId, RegionId, PricingUnit, sum(PricingQuantity) FROM daily WHERE ChargeCategory = 'Usage' AND PricingQuantity IS NOT NULL` + some: 1,
		`SELECT ChargeDate, CommitmentDiscountStatus, sum(EffectiveCost) FROM daily WHERE CommitmentDiscountStatus = 'Used'` + some:                              1,
		`SELECT ResourceId, ResourceName, sum(EffectiveCost) FROM charges GROUP BY ALL ORDER BY ALL`:                                                             1,
	}
	truth := newStore(t)
	load(t, truth, filepath.Join(focus, "google"))
	for _, folder := range []string{"google-detailed", "google-detailed-parquet", "google-detailed-csv"} {
		t.Run(folder, func(t *testing.T) {
			s := newStore(t)
			r := load(t, s, filepath.Join(native, folder))
			if len(r.Load.Periods) != months {
				t.Errorf("it holds the months %v, expected %d", r.Load.Periods, months)
			}
			for q, costs := range queries {
				sameCosts(t, ask(t, s, q), ask(t, truth, q), costs, decimal.New(1, -8))
			}
		})
	}
}
