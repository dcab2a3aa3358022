package ingest_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkLoadGoogle compares loads of a Google export, as JSON lines and as flattened CSV, with DuckDB's bare COPY of the same file to
// Parquet, each in a process of its own. A load takes at most twice as long. 70,000 rows are 100 MB of JSON lines:
//
//	go test ./analysis/ingest -run '^$' -bench '^BenchmarkLoadGoogle$' -benchtime 3x -bench-rows 70000
func BenchmarkLoadGoogle(b *testing.B) {
	dir := b.TempDir()
	for _, form := range []string{"rows.jsonl", "rows.csv"} {
		b.Run(filepath.Ext(form)[1:], func(b *testing.B) {
			path := filepath.Join(dir, form)
			if err := makeGoogle(path, *benchRows); err != nil {
				b.Fatal(err)
			}
			compareWithCopy(b, path)
		})
	}
}

// makeGoogle writes a month of a detailed export: hourly rows of machines in 40 projects, for 200 SKUs, half of them with a credit. A machine
// has a row for each hour of a day.
func makeGoogle(path string, rows int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	lines, table := json.NewEncoder(out), csv.NewWriter(out)
	flat := filepath.Ext(path) == ".csv"
	month := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		thing := i / 24
		from := month.Add(time.Duration(i%24+24*(thing%31)) * time.Hour)
		to := from.Add(time.Hour)
		project, sku := fmt.Sprintf("project-%d", thing%40), thing*7%200
		machine := fmt.Sprintf("//compute.googleapis.com/projects/%s/zones/us-central1-a/instances/vm-%d", project, thing*31%5000)
		used := float64(i%3600) + 1/float64(i%97+1)
		cost := float64(i*7919%100_000) / 1e6
		labels := fmt.Sprintf(`[{"key":"env","value":"prod"},{"key":"team","value":"team-%d"},{"key":"app","value":"app-%d"}]`, thing%9, thing%60)
		system := `[{"key":"compute.googleapis.com/machine_spec","value":"n2-standard-4"},{"key":"compute.googleapis.com/cores","value":"4"}]`
		credits, python := "[]", "[]"
		if i%2 == 0 {
			credits = fmt.Sprintf(`[{"name":"Committed use discount","amount":%g,"full_name":"Committed use discount: CPU in Americas","id":"cud-1","type":"COMMITTED_USAGE_DISCOUNT"}]`, -cost/4)
			python = fmt.Sprintf(`[{'name': 'Committed use discount', 'amount': %g, 'full_name': None, 'id': 'cud-1', 'type': 'COMMITTED_USAGE_DISCOUNT'}]`, -cost/4)
		}
		if flat {
			if i == 0 {
				if err := table.Write(benchHeader); err != nil {
					return err
				}
			}
			const layout = "2006-01-02 15:04:05+00:00"
			err = table.Write([]string{"01A4F7-3C92D0-8B6E15", "6F81-5844-456A", "Compute Engine", fmt.Sprintf("AAAA-0000-%04d", sku), fmt.Sprintf("N2 Instance Core running in zone %d", sku),
				from.Format(layout), to.Format(layout), project, project, `[{"key":"cost_center","value":"cc-1"}]`, "/1234/5678/", labels, system, "us-central1", "US", "us-central1", "us-central1-a",
				to.Add(5 * time.Hour).Format(layout), fmt.Sprint(cost), "USD", "1.0", fmt.Sprint(used), "seconds", fmt.Sprint(used / 3600), "hour", python, "202610", "regular",
				machine[len(machine)-8:], machine, fmt.Sprint(cost * 1.25)})
		} else {
			const layout = "2006-01-02 15:04:05 UTC"
			err = lines.Encode(map[string]any{"billing_account_id": "01A4F7-3C92D0-8B6E15", "service": map[string]string{"id": "6F81-5844-456A", "description": "Compute Engine"},
				"sku":              map[string]string{"id": fmt.Sprintf("AAAA-0000-%04d", sku), "description": fmt.Sprintf("N2 Instance Core running in zone %d", sku)},
				"usage_start_time": from.Format(layout), "usage_end_time": to.Format(layout), "export_time": to.Add(5 * time.Hour).Format(layout),
				"project": map[string]any{"id": project, "number": "123456789012", "name": project, "labels": json.RawMessage(`[{"key":"cost_center","value":"cc-1"}]`), "ancestry_numbers": "/1234/5678/",
					"ancestors": json.RawMessage(`[{"resource_name":"projects/123456789012","display_name":"a project"}]`)},
				"labels": json.RawMessage(labels), "system_labels": json.RawMessage(system), "tags": json.RawMessage(`[]`), "credits": json.RawMessage(credits),
				"location": map[string]string{"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"}, "transaction_type": "GOOGLE", "seller_name": "Google",
				"cost": cost, "currency": "USD", "currency_conversion_rate": 1.0, "usage": map[string]any{"amount": used, "unit": "seconds", "amount_in_pricing_units": used / 3600, "pricing_unit": "hour"},
				"invoice": map[string]string{"month": "202610", "publisher_type": "GOOGLE"}, "cost_type": "regular", "adjustment_info": map[string]string{},
				"resource": map[string]string{"name": machine[len(machine)-8:], "global_name": machine}, "price": map[string]any{"effective_price": "0.0123", "unit": "hour", "pricing_unit_quantity": 1}, "cost_at_list": cost * 1.25})
		}
		if err != nil {
			return err
		}
	}
	table.Flush()
	return out.Flush()
}

var benchHeader = []string{"billing_account_id", "service.id", "service.description", "sku.id", "sku.description", "usage_start_time", "usage_end_time", "project.id", "project.name", "project.labels",
	"project.ancestry_numbers", "labels", "system_labels", "location.location", "location.country", "location.region", "location.zone", "export_time", "cost", "currency",
	"currency_conversion_rate", "usage.amount", "usage.unit", "usage.amount_in_pricing_units", "usage.pricing_unit", "credits", "invoice.month", "cost_type", "resource.name",
	"resource.global_name", "cost_at_list"}
