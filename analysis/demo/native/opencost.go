package native

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Clusters are the demo company's clusters that OpenCost looks at: each runs on the machines that an account has in a region.
var Clusters = []Cluster{
	{"shop-prod-use1", "481516234210", "us-east-1", []workload{
		{"checkout", "Deployment", "cart", "payments", 260}, {"checkout", "Deployment", "checkout-api", "payments", 215},
		{"ledger", "StatefulSet", "ledger-db", "payments", 140}, {"fraud", "Deployment", "fraud-scoring", "ml", 125},
		{"monitoring", "StatefulSet", "prometheus", "platform", 55}, {"kube-system", "DaemonSet", "node-agent", "platform", 30},
	}},
	{"search-prod-use1", "004512778301", "us-east-1", []workload{
		{"catalog", "Deployment", "catalog-api", "search", 310}, {"index", "StatefulSet", "index-shards", "search", 280},
		{"query", "Deployment", "query-router", "search", 120}, {"kube-system", "DaemonSet", "node-agent", "platform", 40},
	}},
}

// Cluster is a cluster of the demo company and what runs on it.
type Cluster struct {
	Name    string
	Account string // the account whose machines are its nodes
	Region  string
	runs    []workload
}

// workload is a controller with its share of the cluster's cost, in thousandths. What the shares leave is idle.
type workload struct {
	namespace, kind, controller, team string
	share                             int64
}

// OpenCost writes what OpenCost would say of the demo company's clusters, as answers of its allocation API (opencost/CLUSTER/MONTH.json, a window
// a day) and as its CSV export (opencost-csv/MONTH.csv, of the first cluster: the export names none). A cluster's allocations of a day, idle
// included, add up to the effective cost of its nodes on that day exactly, which are on the AWS bill of "from".
func OpenCost(ctx context.Context, from, to string) error {
	bills, err := filepath.Glob(filepath.Join(from, "aws", "*.csv*"))
	if err != nil {
		return err
	}
	if len(bills) == 0 {
		return fmt.Errorf("%s has no folder aws with the demo company's bills: make them first", from)
	}
	for _, bill := range bills {
		if err := ctx.Err(); err != nil {
			return err
		}
		month, _, _ := strings.Cut(filepath.Base(bill), ".")
		costs, err := nodeCosts(bill)
		if err != nil {
			return fmt.Errorf("%s: %w", bill, err)
		}
		for i, c := range Clusters {
			if err := c.writeAnswer(filepath.Join(to, "opencost", c.Name, month+".json"), costs[i]); err != nil {
				return err
			}
		}
		if err := Clusters[0].writeExport(filepath.Join(to, "opencost-csv", month+".csv"), costs[0]); err != nil {
			return err
		}
	}
	return nil
}

// nodeCosts adds up the effective cost of each cluster's nodes by day: the machines of its account in its region.
func nodeCosts(bill string) ([]map[string]decimal.Decimal, error) {
	costs := make([]map[string]decimal.Decimal, len(Clusters))
	for i := range costs {
		costs[i] = map[string]decimal.Decimal{}
	}
	return costs, eachRow(bill, func(r row) error {
		if r.get("ServiceName") != "Amazon Elastic Compute Cloud" || r.get("ResourceType") != "Auto Scaling group" {
			return nil
		}
		for i, c := range Clusters {
			if r.get("SubAccountId") != c.Account || r.get("RegionId") != c.Region {
				continue
			}
			cost, err := decimal.NewFromString(r.get("EffectiveCost"))
			if err != nil {
				return fmt.Errorf("EffectiveCost: %w", err)
			}
			day := r.get("ChargePeriodStart")[:len("2006-01-02")]
			costs[i][day] = costs[i][day].Add(cost)
		}
		return nil
	})
}

// part is a workload's part of a day.
type part struct {
	workload
	cost decimal.Decimal
}

const idle = "__idle__"

// split divides a day's cost among the workloads by their shares, to a millionth; what is left is idle.
func (c Cluster) split(cost decimal.Decimal) []part {
	var parts []part
	left := cost
	for _, w := range c.runs {
		p := part{w, cost.Mul(decimal.New(w.share, -3)).Truncate(6)}
		parts, left = append(parts, p), left.Sub(p.cost)
	}
	return append(parts, part{workload{namespace: idle}, left})
}

// exactly is a number as JSON writes it, with all its digits.
func exactly(d decimal.Decimal) json.Number { return json.Number(d.String()) }

func (c Cluster) writeAnswer(path string, costs map[string]decimal.Decimal) error {
	windows := []map[string]any{}
	for _, day := range sortedDays(costs) {
		start, err := time.Parse("2006-01-02", day)
		if err != nil {
			return err
		}
		window := map[string]string{"start": start.Format(time.RFC3339), "end": start.AddDate(0, 0, 1).Format(time.RFC3339)}
		set := map[string]any{}
		for _, p := range c.split(costs[day]) {
			name := c.Name + "/" + idle
			properties := map[string]any{"cluster": c.Name}
			cpu := p.cost.Mul(decimal.New(7, -1)).Truncate(6)
			if p.namespace != idle {
				name = strings.Join([]string{c.Name, p.namespace, strings.ToLower(p.kind) + ":" + p.controller}, "/")
				properties = map[string]any{"cluster": c.Name, "namespace": p.namespace, "controllerKind": strings.ToLower(p.kind), "controller": p.controller,
					"labels": map[string]string{"app_kubernetes_io_name": p.controller, "team": p.team}}
			}
			set[name] = map[string]any{"name": name, "properties": properties, "window": window, "start": window["start"], "end": window["end"], "minutes": 1440,
				"cpuCost": exactly(cpu), "cpuCostAdjustment": 0, "ramCost": exactly(p.cost.Sub(cpu)), "gpuCost": 0, "networkCost": 0, "loadBalancerCost": 0, "pvCost": 0,
				"pvs": nil, "sharedCost": 0, "externalCost": 0, "totalCost": exactly(p.cost)}
		}
		windows = append(windows, set)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	if err := enc.Encode(map[string]any{"code": 200, "status": "success", "data": windows}); err != nil {
		return err
	}
	return writeWhole(path, b.Bytes())
}

// exportHeader is the header of OpenCost's CSV export with one label.
var exportHeader = []string{"Date", "Namespace", "ControllerKind", "ControllerName", "Pod", "Container", "CPUCoreUsageAverage", "CPUCoreRequestAverage", "RAMBytesUsageAverage",
	"RAMBytesRequestAverage", "NetworkReceiveBytes", "NetworkTransferBytes", "GPUs", "PVBytes", "CPUCost", "RAMCost", "NetworkCost", "PVCost", "GPUCost", "TotalCost", "Labels", "Label_team"}

func (c Cluster) writeExport(path string, costs map[string]decimal.Decimal) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(exportHeader); err != nil {
		return err
	}
	for _, day := range sortedDays(costs) {
		for _, p := range c.split(costs[day]) {
			cpu := p.cost.Mul(decimal.New(7, -1)).Truncate(6)
			labels := ""
			if p.namespace != idle {
				labels = fmt.Sprintf(`{"app_kubernetes_io_name":%q,"team":%q}`, p.controller, p.team)
			}
			err := w.Write([]string{day, p.namespace, strings.ToLower(p.kind), p.controller, "", "", "0", "0", "0", "0", "0", "0", "0", "0",
				cpu.String(), p.cost.Sub(cpu).String(), "0", "0", "0", p.cost.String(), labels, p.team})
			if err != nil {
				return err
			}
		}
	}
	w.Flush()
	return cmp.Or(w.Error(), writeWhole(path, b.Bytes()))
}

func sortedDays(costs map[string]decimal.Decimal) []string {
	days := make([]string, 0, len(costs))
	for d := range costs {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}

func writeWhole(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
