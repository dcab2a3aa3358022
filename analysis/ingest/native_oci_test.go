package ingest_test

import (
	"path/filepath"
	"testing"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
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
