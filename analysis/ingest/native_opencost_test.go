package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestSampleAllocationsLoadToTheirOwnTotal(t *testing.T) {
	path := filepath.Join(shared(t, "opencost"), "opencost_allocation_compute_swagger_0.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data []map[string]struct {
			TotalCost json.Number `json:"totalCost"`
		} `json:"data"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	want, n := decimal.Zero, 0
	for _, window := range answer.Data {
		for _, a := range window {
			want, n = want.Add(decimal.RequireFromString(a.TotalCost.String())), n+1
		}
	}
	s := newStore(t)
	r := load(t, s, path)
	if got := ask(t, s, "SELECT sum(EffectiveCost) FROM daily WHERE ChargeCategory = 'Usage'"); !decimal.RequireFromString(got).Equal(want) || n != 3 {
		t.Errorf("the split is %s, the %d allocations of the file %s", got, n, want)
	}
	if got := r.Load.Totals["USD"]; !got.Billed.IsZero() || !got.Effective.IsZero() {
		t.Errorf("the load makes cost: billed %v, effective %v", got.Billed, got.Effective)
	}
	t.Log(strings.Join(r.Load.Warnings, "\n"))
	t.Log(ask(t, s, "SELECT string_agg(concat_ws(' | ', ChargeCategory, ChargePeriodStart, ResourceName, ResourceId, ResourceType, EffectiveCost, Tags, ChargeDescription, x_Source), chr(10) ORDER BY 1) FROM charges"))
}
