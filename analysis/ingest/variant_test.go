package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/ingest"
)

const azureHead = "date,meterCategory,costInBillingCurrency,billingCurrency,billingProfileId,subscriptionId,chargeType,pricingModel\n"

// azureRow is a row of an export on a day of 2026.
func azureRow(day, cost, kind, model string) string {
	return fmt.Sprintf("2026-%s,Virtual Machines,%s,USD,p,s,%s,%s\n", day, cost, kind, model)
}

func azureManifest(name, kind, run string) string {
	return fmt.Sprintf(`{"exportConfig":{"exportName":%q,"type":%q},"runInfo":{"runId":%q,"startDate":"2026-09-01T00:00:00","endDate":"2026-09-30T00:00:00"},"blobs":[]}`, name, kind, run)
}

// Which of the two exports a file is of: by its rows, by its manifest, by its neighbours; and what cannot be told is refused.
func TestWhatAzureFilesAreTakenFor(t *testing.T) {
	plain := azureRow("09-03", "2", "Usage", "OnDemand")
	covered, free := azureRow("09-03", "1", "Usage", "Reservation"), azureRow("09-03", "0", "Usage", "Reservation")
	bought, idle := azureRow("09-01", "30", "Purchase", "Reservation"), azureRow("09-03", "0.5", "UnusedReservation", "Reservation")
	later := azureRow("10-03", "4", "Usage", "OnDemand")
	for name, c := range map[string]struct {
		files map[string]string
		want  string // rows, billed, effective; else the error
		note  string
	}{
		"actual alone":                  {map[string]string{"a.csv": plain + free + bought}, "3 32 2", "these are actual costs alone"},
		"amortized alone":               {map[string]string{"a.csv": plain + covered + idle}, "3 2 3.5", "these are amortized costs alone"},
		"neither: nothing to tell":      {map[string]string{"a.csv": plain}, "1 2 2", ""},
		"a pair":                        {map[string]string{"a.csv": plain + free + bought, "b.csv": plain + covered + idle}, "4 32 3.5", ""},
		"a pair in one order":           {map[string]string{"b.csv": plain + free + bought, "a.csv": plain + covered + idle}, "4 32 3.5", ""},
		"a purchase's month of its own": {map[string]string{"a.csv": plain + free + bought + strings.ReplaceAll(bought, "09-01", "11-01"), "b.csv": plain + covered + idle}, "5 62 3.5", ""},
		"months only the actual costs have": {
			map[string]string{"a.csv": plain + free + bought + later, "b.csv": plain + covered + idle},
			`it is of the kind "actual" and lies beside files of the kind "amortized" that have only some of its months`, "",
		},
		"a second part of amortized costs": {map[string]string{"amortized/part_0.csv": plain + covered + idle, "amortized/part_1.csv": plain + plain, "amortized/manifest.json": azureManifest("b", "AmortizedCost", "1"),
			"actual/part_0.csv": plain + free + bought + plain + plain, "actual/manifest.json": azureManifest("a", "ActualCost", "2")}, "6 36 7.5", ""},
		"the same without manifests":         {map[string]string{"amortized/part_0.csv": plain + covered + idle, "amortized/part_1.csv": plain + plain, "actual/part_0.csv": plain + free + bought + plain + plain}, "6 36 7.5", ""},
		"a second part alone with its first": {map[string]string{"x/0.csv": plain + covered, "y/1.csv": later + plain + plain}, "5 10 11", "these are amortized costs alone"},
		"a part that may be of either": {
			map[string]string{"a.csv": plain + free + bought, "b.csv": plain + covered + idle, "c.csv": plain + plain},
			"nothing in it says whether its costs are actual or amortized, and files of both lie beside it", "",
		},
		"months without commitments":                        {map[string]string{"actual/0.csv": later, "actual/manifest.json": azureManifest("a", "ActualCost", "1"), "amortized/0.csv": later, "amortized/manifest.json": azureManifest("b", "AmortizedCost", "2")}, "1 4 4", ""},
		"the same without manifests, rows in another order": {map[string]string{"a.csv": plain + later, "b.csv": later + plain}, "2 6 6", "b.csv: a.csv has the same rows and costs"},
		"the same bytes":                                    {map[string]string{"a.csv": plain + later, "b.csv": plain + later}, "2 6 6", "b.csv: a.csv has the same rows and costs"},
		"the same bytes, of a kind":                         {map[string]string{"a.csv": plain + bought, "b.csv": plain + bought}, "it holds the same bytes as a.csv", ""},
		"two runs of an export":                             {map[string]string{"r1/0.csv": plain + covered, "r1/manifest.json": azureManifest("a", "AmortizedCost", ""), "r2/0.csv": plain + covered + plain, "r2/manifest.json": azureManifest("a", "AmortizedCost", "")}, `hold two runs of the export "a" for the same days`, ""},
		"a manifest of another export":                      {map[string]string{"0.csv": plain + covered, "manifest.json": azureManifest("a", "ActualCost", "1")}, "manifest.json calls it an export of actual costs and its rows are those of amortized ones", ""},
		"a manifest that is none":                           {map[string]string{"0.csv": plain + covered, "manifest.json": `{"exportConfig": 3}`}, "2 2 3", "these are amortized costs alone"},
		"a manifest of FOCUS says nothing":                  {map[string]string{"0.csv": plain + covered, "manifest.json": azureManifest("a", "FocusCost", "1")}, "2 2 3", "these are amortized costs alone"},
		"a hand-made file of both, as the guide says":       {map[string]string{"a.csv": plain + covered + idle + bought}, "4 32 3.5", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for n, rows := range c.files {
				p := filepath.Join(dir, filepath.FromSlash(n))
				if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(n, ".csv") {
					rows = azureHead + rows
				}
				if err := os.WriteFile(p, []byte(rows), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r, err := ingest.Load(t.Context(), newStore(t), dir, ingest.Options{Now: now})
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, expected %s", err, c.want)
				}
				return
			}
			total := r.Load.Totals["USD"]
			if got := fmt.Sprint(r.Load.Rows, total.Billed, total.Effective); got != c.want {
				t.Errorf("%s, expected %s; files %+v", got, c.want, r.Load.Files)
			}
			notes := strings.Join(r.Load.Warnings, "\n")
			if c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
				t.Errorf("notes are %q, expected %q", notes, c.note)
			}
		})
	}
}
