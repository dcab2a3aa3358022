package dialect

import _ "embed"

//go:embed gcp.sql
var gcpSQL string

// gcp is the dialect of Google Cloud's billing exports to BigQuery, standard and detailed, as they come out of it: nested JSON
// lines, nested Parquet, or CSV with one column a path ("service.description"). The columns are those of the schema at
// cloud.google.com/billing/docs/how-to/export-data-bigquery-tables. Costs are floating-point numbers there.
func gcp() *Dialect {
	const cost = "cost"
	net := Rules{{Plus: []string{cost, TotalOf("credits")}}}
	// at is what a row costs at another price; where the export does not say, as on taxes, it is the cost.
	at := func(column string) Rules {
		return Rules{{When: []Cond{Is(column, Set)}, Plus: []string{column}}, {Plus: []string{cost}}}
	}
	columns := []Column{
		{Name: "billing_account_id"},
		{Name: "usage_start_time", Kind: Time, Need: true},
		{Name: "usage_end_time", Kind: Time},
		{Name: "service_description", Need: true},
		{Name: "currency", Need: true},
		{Name: cost, Kind: Number, Float: true, Need: true},
		{Name: "credits", Kind: Amounts, Float: true},
		{Name: "cost_at_list", Kind: Number, Float: true},
		{Name: "cost_at_effective_price_default", Kind: Number, Float: true},
		{Name: "labels", Kind: Tags}, {Name: "tags", Kind: Tags}, {Name: "project_labels", Kind: Tags}, {Name: "system_labels", Kind: Tags},
	}
	for _, n := range []string{
		"service_id", "sku_id", "sku_description", "project_id", "project_name",
		"location_location", "location_region", "location_zone", "resource_name", "resource_global_name",
		"invoice_month", "cost_type", "usage_unit", "usage_pricing_unit", "transaction_type", "seller_name",
		"subscription_instance_id", "consumption_model_id", "consumption_model_description", "adjustment_info_description", "adjustment_info_type",
	} {
		columns = append(columns, Column{Name: n})
	}
	for _, n := range []string{
		"usage_amount", "usage_amount_in_pricing_units", "price_effective_price", "price_list_price", "price_effective_price_default",
	} {
		columns = append(columns, Column{Name: n, Kind: Number, Float: true})
	}
	sets, mapping := statements(gcpSQL)
	return &Dialect{
		ID: "gcp", Name: "Google Cloud billing export", Version: 1, SQL: mapping, SetSQL: sets,
		Sets: []string{"labels", "tags", "project_labels", "system_labels"}, Made: []string{"all_labels", "machine_type"},
		Columns: columns,
		Key: Key{Provider: "Google Cloud", Account: []string{"billing_account_id"}, Month: []string{"invoice_month", "usage_start_time"},
			Currency: []string{"currency"}},
		Variants: []Variant{{Name: "export", Billed: net, Effective: net, List: at("cost_at_list"), Contracted: at("cost_at_effective_price_default")}},
	}
}
