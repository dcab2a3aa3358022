package dialect

import _ "embed"

//go:embed oci.sql
var ociSQL string

// oci is Oracle Cloud's cost report in Oracle's own format: a CSV every six hours, a row for each resource and hour, a column for each
// tag key of the tenancy, with its namespace ("tags/Oracle-Tags.CreatedBy"). Reference:
// docs.oracle.com/iaas/Content/Billing/Concepts/costusagereportsoverview.htm.
//
// A report is a slice of a month, not the month: load the folder that holds them.
func oci() *Dialect {
	cost := Rules{{Plus: []string{"my_cost"}}}
	return &Dialect{
		ID: "oci", Name: "Oracle Cloud cost report", Version: 1, SQL: ociSQL,
		Columns: []Column{
			{Name: "interval_usage_start", Kind: Time, Need: true, Also: []string{"lineItem/intervalUsageStart"}},
			{Name: "interval_usage_end", Kind: Time, Also: []string{"lineItem/intervalUsageEnd"}},
			{Name: "my_cost", Kind: Number, Float: true, Need: true, Also: []string{"cost/myCost"}},
			{Name: "currency_code", Need: true, Also: []string{"cost/currencyCode"}},
			{Name: "service", Need: true, Also: []string{"product/service"}},
			{Name: "tenant_id", Also: []string{"lineItem/tenantId"}},
			{Name: "is_correction", Also: []string{"lineItem/isCorrection"}},
			{Name: "subscription_id", Also: []string{"cost/subscriptionId"}},
			{Name: "sku", Also: []string{"cost/productSku"}},
			{Name: "unit_price", Kind: Number, Float: true, Also: []string{"cost/unitPrice"}},
			{Name: "sku_unit_description", Also: []string{"cost/skuUnitDescription"}},
			{Name: "billing_unit_readable", Also: []string{"cost/billingUnitReadable"}},
			{Name: "billed_quantity", Kind: Number, Float: true, Also: []string{"usage/billedQuantity"}},
			{Name: "description", Also: []string{"product/description"}},
			{Name: "compartment_name", Also: []string{"product/compartmentName"}},
			{Name: "region", Also: []string{"product/region"}},
			{Name: "availability_domain", Also: []string{"product/availabilityDomain"}},
			{Name: "resource_id", Also: []string{"product/resourceId"}},
		},
		Families: []Family{{Name: "tags", Prefixes: []string{"tags/"}}},
		Key:      Key{Provider: "Oracle", Account: []string{"subscription_id", "tenant_id"}, Month: []string{"interval_usage_start"}, Currency: []string{"currency_code"}},
		// Nothing is in the report but what each line costs.
		Variants: []Variant{{Name: "cost", Billed: cost, Effective: cost, List: cost, Contracted: cost}},
	}
}
