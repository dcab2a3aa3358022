package dialect

import _ "embed"

//go:embed opencost.sql
var opencostSQL string

// opencost is the dialect of OpenCost's and Kubecost's allocations: OpenCost's CSV export, the table that package ingest writes of an
// answer of the allocation API, and OpenCost's Parquet exporter, whose columns are the paths of that answer.
func opencost() *Dialect {
	const total = "total_cost"
	number := func(name string, also ...string) Column {
		return Column{Name: name, Kind: Number, Float: true, Also: also}
	}
	need := number(total)
	need.Need = true
	// A row and the one that balances it: together nothing.
	balanced := Rules{{When: []Cond{Is(total, Set)}, Plus: []string{total}, Minus: []string{total}},
		{Plus: opencostParts, Minus: opencostParts}}
	d := &Dialect{
		ID: "opencost", Name: "OpenCost allocations", Version: 1, SQL: opencostSQL,
		Columns: []Column{
			need,
			{Name: "namespace", Need: true, Also: []string{"properties.namespace"}},
			{Name: "start", Kind: Time, Also: []string{"window.start"}}, {Name: "end", Kind: Time, Also: []string{"window.end"}},
			{Name: "date", Kind: Time},
			{Name: "name"},
			{Name: "cluster", Also: []string{"properties.cluster"}},
			{Name: "node", Also: []string{"properties.node"}},
			{Name: "controller_kind", Also: []string{"properties.controllerKind"}},
			{Name: "controller_name", Also: []string{"properties.controller"}},
			{Name: "pod", Also: []string{"properties.pod"}},
			{Name: "container", Also: []string{"properties.container"}},
			{Name: "labels", Kind: Tags},
		},
		Families: []Family{{Name: "label_columns", Prefixes: []string{"Label_", "label.", "properties.labels."}}},
		Key:      Key{Provider: "Kubernetes", Account: []string{"cluster"}, Month: []string{"start", "date"}, DefaultCurrency: "USD"},
		Variants: []Variant{{Name: "allocations", Billed: Rules{{}}, Effective: balanced, Rows: []Count{{N: 2}}}},
		Note:     "allocations move cost and add none: each is balanced on its cluster's nodes. What was allocated is the usage of provider Kubernetes",
	}
	for _, n := range opencostParts {
		d.Columns = append(d.Columns, number(n))
	}
	return d
}

// opencostParts are what a row's cost is made of where it has no total, as rows of exports from before there was one.
var opencostParts = []string{"cpu_cost", "ram_cost", "gpu_cost", "pv_cost", "network_cost"}
