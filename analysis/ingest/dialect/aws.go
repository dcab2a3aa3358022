package dialect

import _ "embed"

//go:embed aws-cur.sql
var awsSQL string

// Types of line items, in lower case, that the controls tell apart.
const (
	awsUsage      = "usage"
	awsDiscounted = "discountedusage"
	awsCovered    = "savingsplancoveredusage"
	awsNegation   = "savingsplannegation"
	awsRIFee      = "rifee"
	awsPlanFee    = "savingsplanrecurringfee"
	awsUpfrontFee = "savingsplanupfrontfee"
	awsFee        = "fee"
)

// awsDiscounts are the types of lines that are a negotiated discount on other lines.
var awsDiscounts = []string{"edpdiscount", "privateratediscount", "bundleddiscount"}

// aws is the dialect of AWS's cost and usage reports: CUR legacy, the same by Athena's names, and CUR 2.0. The columns are
// those of the data dictionary, docs.aws.amazon.com/cur/latest/userguide, under their names in CUR 2.0.
func aws() *Dialect {
	const (
		kind    = "line_item_line_item_type"
		gross   = "line_item_unblended_cost"
		net     = "line_item_net_unblended_cost"
		public  = "pricing_public_on_demand_cost"
		plan    = "savings_plan_savings_plan_arn"
		ri      = "reservation_reservation_arn"
		machine = "split_line_item_parent_resource_id"

		commitment = "savings_plan_total_commitment_to_date"
		used       = "savings_plan_used_commitment"

		month    = "bill_billing_period_start_date"
		start    = "line_item_usage_start_date"
		payer    = "bill_payer_account_id"
		currency = "line_item_currency_code"
	)
	is := func(types ...string) Cond { return In(kind, types...) }
	// cost is a rule for what a line costs, and before it one for what it costs net, where that is in force and filled.
	cost := func(v string, column, netColumn string, when ...Cond) Rules {
		rule := Rules{{When: when, Plus: []string{column}}}
		if v == "net" {
			rule = append(Rules{{When: append(when[:len(when):len(when)], Is(netColumn, Set)), Plus: []string{netColumn}}}, rule...)
		}
		return rule
	}
	variant := func(name string) Variant {
		v := Variant{Name: name}
		billed := func(when ...Cond) Rules { return cost(name, gross, net, when...) }

		v.Billed = billed()

		v.Effective = cost(name, "reservation_effective_cost", "reservation_net_effective_cost", is(awsDiscounted))
		v.Effective = append(v.Effective, cost(name, "savings_plan_savings_plan_effective_cost", "savings_plan_net_savings_plan_effective_cost", is(awsCovered))...)
		v.Effective = append(v.Effective, Rule{When: []Cond{is(awsNegation, awsUpfrontFee)}})
		unused := []string{"reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee"}
		if name == "net" {
			netUnused := []string{"reservation_net_unused_amortized_upfront_fee_for_billing_period", "reservation_net_unused_recurring_fee"}
			for _, c := range netUnused {
				v.Effective = append(v.Effective, Rule{When: []Cond{is(awsRIFee), Is(c, Set)}, Plus: netUnused})
			}
		}
		// The fee itself is 0 and its idle part this: 0 where the report does not tell.
		for _, c := range unused {
			v.Effective = append(v.Effective, Rule{When: []Cond{is(awsRIFee), Is(c, Set)}, Plus: unused})
		}
		for _, c := range []string{commitment, used} {
			v.Effective = append(v.Effective, Rule{When: []Cond{is(awsPlanFee), Is(c, Set)}, Plus: []string{commitment}, Minus: []string{used}})
		}
		v.Effective = append(v.Effective,
			Rule{When: []Cond{is(awsRIFee, awsPlanFee)}},
			Rule{When: []Cond{is(awsFee), Is(plan, Set)}},
			Rule{When: []Cond{is(awsFee), Is(ri, Set)}})
		v.Effective = append(v.Effective, billed()...)

		usage := is(awsUsage, awsDiscounted, awsCovered)
		v.List = Rules{{When: []Cond{usage, Is(public, NonZero)}, Plus: []string{public}}}
		v.List = append(v.List, Rule{When: []Cond{is(append([]string{awsNegation}, awsDiscounts...)...)}})
		feeAndIdle := func(rs Rules) Rules {
			for i := range rs {
				rs[i].Plus = append(rs[i].Plus[:1:1], public)
			}
			return rs
		}
		v.List = append(v.List, feeAndIdle(billed(is(awsRIFee, awsPlanFee)))...)
		v.List = append(v.List, billed()...)

		v.Contracted = Rules{{When: []Cond{is(awsDiscounted, awsCovered), Is(public, NonZero)}, Plus: []string{public}}, {When: []Cond{is(awsNegation)}}}
		v.Contracted = append(v.Contracted, feeAndIdle(billed(is(awsRIFee, awsPlanFee)))...)
		v.Contracted = append(v.Contracted, billed()...)

		v.Rows = []Count{
			{When: []Cond{is(awsRIFee, awsPlanFee)}, N: 2},
			{When: []Cond{Is(kind, Set), Not(is(awsRIFee, awsPlanFee)), Is(machine, Set)}, N: 2},
		}
		return v
	}
	lines, net0 := variant("lines"), variant("net")
	lines.Witness = [][]Cond{{is(awsDiscounts...)}}
	// The discount lines of a report may all be in one of its files.
	net0.Beside, net0.Then = lines.Name, lines.Name

	text := func(names ...string) (cs []Column) {
		for _, n := range names {
			cs = append(cs, Column{Name: n})
		}
		return cs
	}
	number := func(names ...string) (cs []Column) {
		for _, n := range names {
			cs = append(cs, Column{Name: n, Kind: Number, Float: true})
		}
		return cs
	}
	sets, mapping := statements(awsSQL)
	d := &Dialect{
		ID: "aws-cur", Name: "AWS CUR", Version: 1, SQL: mapping, SetSQL: sets,
		Sets: []string{"resource_tags", "tags", "cost_category", "product"},
		Made: []string{"map_tags", "map_row_tags", "categories", "map_all_tags", "map_resource_name", "map_product_name", "map_region"},
		Columns: []Column{
			{Name: kind, Need: true},
			{Name: gross, Kind: Number, Need: true, Float: true},
			{Name: start, Kind: Time, Need: true},
			{Name: "line_item_usage_end_date", Kind: Time},
			{Name: month, Kind: Time},
			{Name: "resource_tags", Kind: Tags},
			{Name: "tags", Kind: Tags},
			{Name: "cost_category", Kind: Tags},
			{Name: "product", Kind: Tags},
		},
		Families: []Family{
			{Name: "tag_columns", Prefixes: []string{"resourceTags/user:", "resourceTags/", "resource_tags_user_", "resource_tags_"}},
			{Name: "cost_category_columns", Prefixes: []string{"costCategory/", "cost_category_"}},
		},
		Key:      Key{Provider: "AWS", Account: []string{payer}, Month: []string{month, start}, Currency: []string{currency, "pricing_currency"}},
		Variants: []Variant{lines, net0},
	}
	d.Columns = append(d.Columns, text(
		payer, "bill_payer_account_name", "bill_invoice_id", "bill_invoicing_entity", "bill_billing_entity",
		"line_item_usage_account_id", "line_item_usage_account_name", "line_item_product_code", "line_item_usage_type", "line_item_operation",
		"line_item_availability_zone", "line_item_resource_id", currency, "line_item_line_item_description", "line_item_legal_entity",
		"product_product_name", "product_product_family", "product_instance_type", "product_region_code", "product_region",
		"product_location", "product_location_type", "product_sku",
		"pricing_currency", "pricing_rate_code", "pricing_term", "pricing_unit",
		ri, plan, "savings_plan_offering_type", machine)...)
	d.Columns = append(d.Columns, number(
		net, "line_item_unblended_rate", "line_item_usage_amount", public, "pricing_public_on_demand_rate",
		"reservation_effective_cost", "reservation_net_effective_cost",
		"reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_net_unused_amortized_upfront_fee_for_billing_period",
		"reservation_unused_recurring_fee", "reservation_net_unused_recurring_fee", "reservation_unused_quantity",
		"savings_plan_savings_plan_effective_cost", "savings_plan_net_savings_plan_effective_cost",
		commitment, used,
		"split_line_item_split_cost", "split_line_item_net_split_cost", "split_line_item_unused_cost", "split_line_item_net_unused_cost",
		"split_line_item_public_on_demand_split_cost", "split_line_item_public_on_demand_unused_cost", "split_line_item_split_usage")...)
	return d
}
