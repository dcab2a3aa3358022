package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
	"spendbot/analysis/ingest"
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

// TestAllocationsMoveCostAndAddNone loads a bill and then what OpenCost says of the clusters on it.
func TestAllocationsMoveCostAndAddNone(t *testing.T) {
	focus, native := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), focus, demo.Options{Now: now, Months: 1}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.OpenCost(t.Context(), focus, native); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	load(t, s, filepath.Join(focus, "aws"))
	const totals = `SELECT BillingPeriodStart, sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM daily GROUP BY ALL ORDER BY ALL`
	bill := ask(t, s, totals)
	var nodes []string
	for _, c := range demonative.Clusters {
		nodes = append(nodes, ask(t, s, `SELECT '`+c.Name+`', ChargeDate, sum(EffectiveCost) FROM charges JOIN (SELECT DISTINCT ChargeDate FROM daily) ON CAST(ChargePeriodStart AS DATE) = ChargeDate
WHERE SubAccountId = '`+c.Account+`' AND RegionId = '`+c.Region+`' AND ResourceType = 'Auto Scaling group' AND ServiceName = 'Amazon Elastic Compute Cloud' GROUP BY ALL ORDER BY ALL`))
	}
	r := load(t, s, filepath.Join(native, "opencost"))
	if got := ask(t, s, totals); got != bill {
		t.Errorf("the total over everything was\n%s\nand with allocations it is\n%s", bill, got)
	}
	// The split of each cluster is its nodes' cost, and the adjustment takes as much from them.
	split := `SELECT SubAccountName, ChargeDate, sum(EffectiveCost) FROM daily WHERE ServiceProviderName = 'Kubernetes' AND ChargeCategory = 'Usage' GROUP BY ALL ORDER BY ALL`
	if got, want := ask(t, s, split), strings.Join(sortedLines(nodes), "\n"); got != want {
		t.Error(firstDifference(got, want))
	}
	taken := `SELECT SubAccountName, ChargeDate, -EffectiveCost FROM daily WHERE ServiceProviderName = 'Kubernetes' AND ChargeCategory = 'Adjustment' ORDER BY ALL`
	if got, want := ask(t, s, taken), ask(t, s, split); got != want {
		t.Error(firstDifference(got, want))
	}
	if got := r.Load.Totals["USD"]; !got.Billed.IsZero() || !got.Effective.IsZero() || got.List != nil {
		t.Errorf("the allocations add billed %v, effective %v, list %v", got.Billed, got.Effective, got.List)
	}
	if got := ask(t, s, `SELECT DISTINCT ResourceName, ChargeDescription, Tags FROM charges WHERE ResourceName = 'idle'`); got != `idle|Idle: what of the nodes no workload asked for|{"namespace":"__idle__"}` {
		t.Errorf("idle is %q", got)
	}
	// The CSV export says the same of the first cluster, by namespace, controller and label.
	byTag := `SELECT ChargeDate, json_extract_string(Tags, '$.namespace') AS ns, json_extract_string(Tags, '$.controller') AS c, json_extract_string(Tags, '$.controller_kind') AS k, json_extract_string(Tags, '$.team') AS team,
  json_extract_string(Tags, '$.app_kubernetes_io_name') AS app, sum(EffectiveCost) FROM daily WHERE ServiceProviderName = 'Kubernetes' AND ChargeCategory = 'Usage' AND (SubAccountName = 'shop-prod-use1' OR SubAccountName = 'cluster') GROUP BY ALL ORDER BY ALL`
	other := newStore(t)
	load(t, other, filepath.Join(native, "opencost-csv"), ingest.Options{Currency: "USD"})
	if got, want := ask(t, other, byTag), ask(t, s, byTag); got != want || !strings.Contains(got, "cart|deployment|payments|cart|") {
		t.Error(firstDifference(got, want))
	}
}

func sortedLines(blocks []string) []string {
	lines := strings.Split(strings.Join(blocks, "\n"), "\n")
	slices.Sort(lines)
	return lines
}
