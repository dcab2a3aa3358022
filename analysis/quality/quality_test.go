package quality_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/formula"
	"spendbot/analysis/ingest"
	"spendbot/analysis/quality"
	"spendbot/analysis/store"
)

var columns = []string{"ProviderName", "BillingAccountId", "SubAccountId", "SubAccountName", "BillingPeriodStart", "BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass",
	"CommitmentDiscountId", "CommitmentDiscountStatus", "ServiceName", "SkuId", "PricingUnit", "ConsumedQuantity", "ResourceId", "Tags", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost"}

// good is a line item of an October day with nothing wrong, but for what change says: "Column=value".
func good(day, n int, change ...string) string {
	from := analysis.Day(2026, 10, day)
	v := map[string]string{"ProviderName": "AWS", "BillingAccountId": "b", "SubAccountId": "s", "SubAccountName": "prod", "BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingCurrency": "USD",
		"ChargePeriodStart": from.Format(time.RFC3339), "ChargePeriodEnd": from.AddDate(0, 0, 1).Format(time.RFC3339), "ChargeCategory": "Usage", "ServiceName": "EC2", "SkuId": "sku", "PricingUnit": "Hours",
		"ConsumedQuantity": "1", "ResourceId": fmt.Sprintf("i-%d", n), "Tags": `"{""team"":""a""}"`, "BilledCost": "2", "EffectiveCost": "2", "ListCost": "3", "ContractedCost": "2"}
	for _, c := range change {
		k, x, _ := strings.Cut(c, "=")
		v[k] = x
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = v[c]
	}
	return strings.Join(cells, ",") + "\n"
}

// clean is ten days of ten line items.
func clean() string {
	var b strings.Builder
	for d := 1; d <= 10; d++ {
		for n := range 10 {
			b.WriteString(good(d, n))
		}
	}
	return b.String()
}

type load struct {
	rows string
	at   time.Time
}

func checked(t *testing.T, scope []analysis.Filter, loads ...load) *quality.Report {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, l := range loads {
		f := filepath.Join(t.TempDir(), "bill.csv")
		if err := os.WriteFile(f, []byte(strings.Join(columns, ",")+"\n"+l.rows), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.Load(ctx, s, f, ingest.Options{Now: l.at, Source: "f"}); err != nil {
			t.Fatal(err)
		}
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	sight, err := sn.Seen(scope)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Loads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r, err := quality.Run(ctx, sight, quality.Options{Months: analysis.MonthOf(analysis.Day(2026, 10, 1)), Loads: all})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Queries) != len(r.Results) || len(r.Results) != len(quality.Checks) {
		t.Fatalf("%d checks, %d results, %d queries", len(quality.Checks), len(r.Results), len(r.Queries))
	}
	return r
}

// found is what is not ok: "check: verdict rows money".
func found(r *quality.Report) string {
	var out []string
	for _, res := range r.Results {
		if res.Rows == 0 && res.Verdict == quality.OK {
			continue
		}
		s := fmt.Sprintf("%s: %s %d", res.Check, res.Verdict, res.Rows)
		for _, f := range res.Found {
			if f.Billed != nil {
				s += " " + f.Billed.String()
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestWhatIsFound(t *testing.T) {
	for name, c := range map[string]struct{ rows, want, example string }{
		"nothing":                {clean(), "", ""},
		"a line twice":           {clean() + good(3, 4), "duplicate lines: bad 1 2", "AWS: 2026-10-03, account s, EC2: 2 times"},
		"free lines twice":       {clean() + good(3, 90, "BilledCost=0", "EffectiveCost=0") + good(3, 90, "BilledCost=0", "EffectiveCost=0"), "", ""},
		"days without any":       {clean() + good(14, 1), "missing days: bad 3", "AWS: 3 day(s) after 2026-10-10"},
		"no effective cost":      {clean() + good(3, 80, "EffectiveCost="), "effective cost missing: look 1 2", "AWS: 2026-10-03, account prod, EC2, sku"},
		"an effective cost of 0": {clean() + good(3, 80, "EffectiveCost=0") + good(3, 81, "EffectiveCost=0"), "effective cost zero: look 2 4", "AWS: 2026-10-03, account prod, EC2, sku"},
		"two units of one SKU":   {clean() + good(3, 80, "PricingUnit=Days"), "unit changes: bad 101 202", "AWS: sku: Days and Hours"},
		"negative usage":         {clean() + good(3, 80, "ConsumedQuantity=-1", "BilledCost=-2", "EffectiveCost=-2"), "negative usage: look 1 -2", "AWS: 2026-10-03, account prod, EC2, sku"},
		"a correction may be":    {clean() + good(3, 80, "ChargeClass=Correction", "BilledCost=-2", "EffectiveCost=-2"), "", ""},
		"two currencies":         {clean() + good(3, 80, "BillingCurrency=EUR"), "currency mix: look 1", "AWS: billing account b: EUR beside USD"},
		"list below contracted":  {clean() + good(3, 80, "ListCost=1"), "list price below contracted: look 1 2", "AWS: 2026-10-03, account prod, EC2, sku"},
		"an account has no name": {clean() + good(3, 80, "SubAccountName=", "SubAccountId=t") + good(4, 80, "SubAccountName=", "SubAccountId=t"), "account names missing: look 2 4", "AWS: account t"},
		"commitment without id":  {clean() + good(3, 80, "CommitmentDiscountStatus=Used"), "commitment status without id: bad 1 2", "AWS: 2026-10-03, account prod, EC2, sku"},
		"usage to come":          {clean() + good(11, 80) + good(12, 80), "future dates: bad 1 2", "AWS: 2026-10-12, account prod, EC2, sku"},
	} {
		t.Run(name, func(t *testing.T) {
			r := checked(t, nil, load{c.rows, analysis.Day(2026, 10, 11)})
			got := r
			if name == "days without any" { // the line to come makes the hole
				got.Results = slices.DeleteFunc(got.Results, func(x quality.Result) bool { return x.Check == "future dates" })
			}
			if d := cmp.Diff(c.want, found(got)); d != "" {
				t.Error(d)
			}
			if i := slices.IndexFunc(got.Results, func(x quality.Result) bool { return x.Rows > 0 }); c.want != "" && got.Results[i].Example != c.example {
				t.Errorf("the example is %q, want %q", got.Results[i].Example, c.example)
			}
		})
	}
}

func TestUntaggedAndWithoutResource(t *testing.T) {
	var b strings.Builder
	for n := range 5 {
		b.WriteString(good(1, n))
		b.WriteString(good(1, 10+n, "Tags=", "ResourceId="))
	}
	r := checked(t, nil, load{b.String(), analysis.Day(2026, 10, 11)})
	if got := found(r); got != "duplicate lines: bad 4 8; untagged: bad 5 10; resource ids missing: look 5 10" {
		t.Error(got)
	}
	var a analysis.Answer
	r.Tell(&a)
	if a.Headline != "The bills of October 2026: of 14 checks 2 came out bad (duplicate lines, untagged); 1 deserves a look, 11 are ok." || len(a.Trace.Queries) != 14 {
		t.Error(a.Headline)
	}
}

// TestLateDays loads a month that a day is changed of when it is four days old, and one that is still growing the next morning.
func TestLateDays(t *testing.T) {
	r := checked(t, nil, load{clean(), analysis.Day(2026, 10, 11)}, load{clean() + good(5, 70) + good(10, 70), analysis.Day(2026, 10, 12)})
	if got := found(r); got != "late days: bad 11 22" {
		t.Error(got)
	}
	if i := slices.IndexFunc(r.Results, func(x quality.Result) bool { return x.Check == "late days" }); r.Results[i].Example != "AWS: 2026-10-05" {
		t.Error(r.Results[i].Example)
	}
}

// TestAScopeSeesItsOwnFaults checks as one account's people: what is wrong elsewhere is no row of theirs.
func TestAScopeSeesItsOwnFaults(t *testing.T) {
	rows := clean() + good(3, 4) + good(3, 50, "SubAccountId=mine")
	r := checked(t, []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"mine"}}}, load{rows, analysis.Day(2026, 10, 11)})
	if got := found(r); got != "" {
		t.Error(got)
	}
	for _, res := range r.Results {
		if res.Of > 1 {
			t.Errorf("%s looked at %d rows", res.Check, res.Of)
		}
	}
}

// TestEveryCheckCanBeAskedFor holds the registry of formulas to the checks.
func TestEveryCheckCanBeAskedFor(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range quality.Checks {
		f, ok := formula.Find(c.Name)
		if !ok {
			t.Errorf("no formula says what %q is; the line is:\n%s\t\t%s\t%s\t%s", c.Name, c.Name, c.Meaning, "share of a provider's line items: look "+c.Words(), c.Source)
			continue
		}
		if f.Meaning != c.Meaning || !strings.Contains(f.How, c.Words()) || f.Source != c.Source {
			t.Errorf("the formula of %q is another: %+v", c.Name, f)
		}
		seen[c.Name] = true
	}
	if len(seen) != 14 {
		t.Errorf("%v", slices.Sorted(maps.Keys(seen)))
	}
}
