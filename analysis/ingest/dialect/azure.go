package dialect

import _ "embed"

//go:embed azure.sql
var azureSQL string

// azure is Cost Management's cost details: the actual and the amortized export of an enterprise agreement (EA), a customer or
// partner agreement (MCA, MPA, CSP) or pay as you go, under all the names that their columns have had. Reference:
// learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields.
//
// The exports of both kinds have one header. An actual file has the purchases of commitments and covered usage at 0; an amortized one
// has no such purchases, the covered usage at its share, and rows for what was not used.
func azure() *Dialect {
	d := &Dialect{
		ID: "azure", Name: "Azure cost details", Version: 1, SQL: azureSQL,
		Columns: []Column{
			{Name: "date", Kind: Time, Need: true, Also: []string{"UsageDateTime", "UsageDate"}},
			{Name: "meter_category", Need: true},
			// Cost is EA's name for what the portal calls CostInBillingCurrency; PreTaxCost pay as you go's, ExtendedCost that of EA before 2019.
			{Name: "cost", Kind: Number, Need: true, Also: []string{"CostInBillingCurrency", "PreTaxCost", "ExtendedCost"}},

			{Name: "billing_account_id"},
			{Name: "billing_account_name"},
			{Name: "billing_profile_id"},
			{Name: "billing_profile_name"},
			{Name: "billing_period_start_date", Kind: Time},
			{Name: "billing_period_end_date", Kind: Time},
			{Name: "billing_currency", Also: []string{"BillingCurrencyCode"}},
			{Name: "file_currency", Also: []string{"Currency"}},
			{Name: "invoice_id"},
			{Name: "partner_name"},
			{Name: "customer_tenant_id"},
			{Name: "customer_name"},
			{Name: "subscription_id"},
			{Name: "subscription_guid"},
			{Name: "subscription_name"},

			{Name: "charge_type"},
			{Name: "frequency"},
			{Name: "pricing_model"},
			{Name: "publisher_type"},
			{Name: "publisher_name"},
			{Name: "product_name", Also: []string{"Product"}},
			{Name: "product_id"},
			{Name: "product_order_id"},
			{Name: "product_order_name"},
			{Name: "term"},
			{Name: "part_number"},
			{Name: "service_family"},
			{Name: "service_name"},
			{Name: "consumed_service"},
			{Name: "meter_id"},
			{Name: "meter_name"},

			{Name: "quantity", Kind: Number, Also: []string{"UsageQuantity", "ConsumedQuantity"}},
			{Name: "unit_of_measure"},
			{Name: "unit_price", Kind: Number, Also: []string{"ResourceRate"}},
			{Name: "payg_price", Kind: Number},
			{Name: "payg_cost", Kind: Number, Also: []string{"PaygCostInBillingCurrency"}},
			{Name: "pricing_currency", Also: []string{"PricingCurrencyCode"}},
			{Name: "exchange_rate", Kind: Number, Also: []string{"ExchangeRatePricingToBilling"}},
			{Name: "cost_in_pricing_currency", Kind: Number},

			{Name: "benefit_id"},
			{Name: "benefit_name"},
			{Name: "reservation_id"},
			{Name: "reservation_name"},

			{Name: "resource_id", Also: []string{"InstanceId"}},
			{Name: "instance_name"},
			{Name: "resource_name"},
			{Name: "resource_type"},
			{Name: "resource_location"},
			{Name: "meter_location", Also: []string{"Location"}},
			{Name: "availability_zone"},
			{Name: "additional_info"},
			{Name: "tags", Kind: Tags},
		},
		// In step with BillingAccountId, BillingPeriodStart and BillingCurrency in azure.sql.
		Key: Key{
			Provider: "Microsoft",
			Account:  []string{"billing_profile_id", "billing_account_id", "customer_tenant_id", "subscription_guid", "subscription_id"},
			Month:    []string{"billing_period_start_date", "date"},
			Currency: []string{"billing_currency", "file_currency"},
		},
	}
	// Azure computes in binary floating point and writes what comes out: a cost of 0.161000000000000136 for a day of 0.161.
	for i := range d.Columns {
		d.Columns[i].Float = d.Columns[i].Kind == Number
	}

	var (
		unused  = In("charge_type", "unusedreservation", "unusedsavingsplan")
		usage   = In("charge_type", "usage")
		buying  = In("charge_type", "purchase", "refund")
		model   = Is("pricing_model", Set)
		by      = In("pricing_model", "reservation", "savingsplan", "savings plan")
		benefit = Is("benefit_id", Set)
		reserve = Is("reservation_id", Set)
		term    = Is("term", Set)
		own     = In("publisher_type", "azure", "microsoft")
		nonzero = Is("cost", NonZero)
	)
	// A row is one of a commitment by its pricing model; where it has none, by the commitment that it names or by a term of Microsoft's own.
	committed := func(also ...Cond) [][]Cond {
		return [][]Cond{
			append([]Cond{by}, also...), append([]Cond{Not(model), reserve}, also...), append([]Cond{Not(model), benefit}, also...),
			append([]Cond{Not(model), term, own}, also...),
		}
	}
	zero := func(when [][]Cond) Rules {
		var rs Rules
		for _, c := range when {
			rs = append(rs, Rule{When: c})
		}
		return rs
	}
	cost := Rule{Plus: []string{"cost"}}
	billedAmortized := append(zero(append(committed(usage), []Cond{unused})), cost)
	effective := append(zero(committed(buying)), cost)

	d.Variants = []Variant{{
		// Only an amortized file has what was not used, and covered usage that costs something.
		Name: "amortized", Manifest: "AmortizedCost", Witness: append(committed(usage, nonzero), []Cond{unused}),
		Billed: billedAmortized, Effective: effective,
		Alone: "these are amortized costs alone: billed cost leaves out what was paid for commitments, which only the actual costs tell; load that export too",
	}, {
		// Only an actual file has commitments bought, and usage that they cover for nothing.
		Name: "actual", Manifest: "ActualCost", Witness: append(committed(buying), committed(usage, Not(nonzero))...), Beside: "amortized", Then: "purchases",
		Left:   `"ChargeCategory" = 'Purchase' AND "PricingCategory" = 'Committed'`, // in step with azure.sql: a commitment's purchase or refund
		Billed: Rules{cost}, Effective: effective,
		Alone: "these are actual costs alone: effective cost leaves out what commitments cost, which only the amortized costs tell; load that export too",
	}}
	var purchases Rules
	for _, c := range committed(buying) {
		purchases = append(purchases, Rule{When: c, Plus: []string{"cost"}})
	}
	d.Variants = append(d.Variants, Variant{
		Name: "purchases", Billed: purchases, Effective: zero(committed(buying)),
		Rows: []Count{
			{When: []Cond{Not(buying)}, N: 0},
			{When: []Cond{model, Not(by)}, N: 0},
			{When: []Cond{Not(model), Not(reserve), Not(benefit), Not(term)}, N: 0},
			{When: []Cond{Not(model), Not(reserve), Not(benefit), Not(own)}, N: 0},
		},
	})
	return d
}
