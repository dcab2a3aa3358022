package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
	"spendbot/analysis/ingest"
)

// Oracle's own reports say what its FOCUS reports say.
func TestNativeOCIEqualsFOCUS(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), from, demo.Options{Now: now, Months: 1}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.OCI(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	truth, s := newStore(t), newStore(t)
	want := load(t, truth, filepath.Join(to, "oci-focus"))
	got := load(t, s, filepath.Join(to, "oci"))
	const lines = `SELECT ChargePeriodStart, ChargePeriodEnd, ChargeClass, ResourceId, RegionId, ServiceCategory, PricingUnit, PricingQuantity, BilledCost, ContractedCost FROM charges ORDER BY ALL`
	const rollup = `SELECT ChargeDate, BillingPeriodStart, BillingAccountId, SubAccountId, ServiceName, SkuId, RegionId, ChargeCategory, ChargeClass, Tags,
  sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM daily GROUP BY ALL ORDER BY ALL`
	for _, q := range []string{rollup, lines} {
		if g, w := ask(t, s, q), ask(t, truth, q); g != w {
			t.Errorf("%s\n%s", q, firstDifference(g, w))
		}
	}
	if got.Load.Rows != want.Load.Rows || got.Load.Rows < 100 || len(got.Load.Warnings) > 0 {
		t.Errorf("%d rows, expected %d; warnings %v", got.Load.Rows, want.Load.Rows, got.Load.Warnings)
	}
}

func ociTestdata(name string) string {
	return filepath.Join("..", "..", "testdata", "ingest", "oci", name)
}

// Every kind of line as the FOCUS row that becomes of it: overage, a correction, tags whose names have anything in them.
func TestOCILinesAsFOCUS(t *testing.T) {
	s := newStore(t)
	r := load(t, s, ociTestdata("report.csv"))
	total := r.Load.Totals["USD"]
	if want := columnTotal(t, ociTestdata("report.csv"), "cost/myCost"); !near(total.Billed, want, 5) || !near(total.Effective, want, 5) {
		t.Errorf("billed %s, effective %s, the file's costs are %s", total.Billed, total.Effective, want)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "an Oracle cost report: %d rows of %s, %s\n", r.Load.Rows, strings.Join(r.Load.Periods, " and "), r.Load.Files[0].Format)
	fmt.Fprintf(&b, "billed %s, effective %s, list %s, contracted %s\n", total.Billed, total.Effective, total.List, total.Contracted)
	for _, w := range r.Load.Warnings {
		fmt.Fprintf(&b, "note: %s\n", w)
	}
	b.WriteString(rowsAsFOCUS(ask(t, s, "SELECT ChargeDescription, "+strings.Join(goldenColumns, ", ")+" FROM charges ORDER BY ChargeDescription, BilledCost")))
	golden(t, filepath.Join("oci", "report.golden"), b.String())
}

// What of Oracle's is no cost report is called by name.
func TestOCIRefusals(t *testing.T) {
	for name, c := range map[string]struct{ csv, want string }{
		"a usage report": {"lineItem/referenceNo,lineItem/tenantId,lineItem/intervalUsageStart,lineItem/intervalUsageEnd,product/service,product/resource,usage/consumedQuantity,usage/billedQuantity\na,b,2026-06-01T00:00Z,2026-06-01T01:00Z,COMPUTE,PIC,1,1\n",
			"this is an Oracle Cloud usage report: quantities without costs"},
		"no currency": {"lineItem/intervalUsageStart,product/service,cost/myCost,cost/currencyCode\n2026-06-01T00:00Z,COMPUTE,1,\n", "line 2, column 4 (cost/currencyCode): there is no currency"},
		"a cost":      {"lineItem/intervalUsageStart,product/service,cost/myCost,cost/currencyCode\n2026-06-01T00:00Z,COMPUTE,\"1,5\",USD\n", `"1,5" is not a decimal number`},
		"a time":      {"lineItem/intervalUsageStart,product/service,cost/myCost,cost/currencyCode\n2026-06-01 at noon,COMPUTE,1,USD\n", `"2026-06-01 at noon" is not a date and time`},
	} {
		path := filepath.Join(t.TempDir(), "report.csv")
		if err := os.WriteFile(path, []byte(c.csv), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.Load(t.Context(), newStore(t), path, ingest.Options{Now: now}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, expected %s", name, err, c.want)
		}
	}
}

// The public sample, where it is there, loads to its own total. It holds people's addresses: nothing of it is printed.
func TestSampleOCIReport(t *testing.T) {
	path := filepath.Join(shared(t, "oci"), "oci_cost_report_0000000030000269.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no sample of Oracle's: ", err)
	}
	r := load(t, newStore(t), path)
	if want := columnTotal(t, path, "cost/myCost"); !near(r.Load.Totals["USD"].Billed, want, 506) || r.Load.Rows != 506 {
		t.Errorf("%d rows, billed %s; the file has 506, %s", r.Load.Rows, r.Load.Totals["USD"].Billed, want)
	}
}
