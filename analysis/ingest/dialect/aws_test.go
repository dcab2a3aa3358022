package dialect

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The names that AWS's exports have had, all in one header, are read without two being taken for one column.
func TestAWSKnowsItsNames(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "shared", "data", "aws", "cur_snake_case_columns.txt")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no sample bills beside the checkout: %v", err)
	}
	header := strings.Fields(string(b))
	r, err := Detect(Built(), append(header, "line_item_usage_start_date_of_no_use"))
	if err != nil || r == nil || r.Dialect.ID != "aws-cur" {
		t.Fatalf("read as %v: %v", r, err)
	}
	for _, c := range []string{"resource_tags", "cost_category", "product", "savings_plan_savings_plan_arn", "split_line_item_split_cost", "bill_payer_account_name"} {
		if !r.Has(c) {
			t.Errorf("%s is not found", c)
		}
	}
}

func TestAWSNamesInTheirWaysOfWriting(t *testing.T) {
	needs := []string{"lineItem/LineItemType", "lineItem/UnblendedCost", "lineItem/UsageStartDate"}
	for header, want := range map[string]string{
		"savingsPlan/SavingsPlanARN":           "savings_plan_savings_plan_arn",
		"savings_plan_savings_plan_a_r_n":      "savings_plan_savings_plan_arn",
		"reservation/ReservationARN":           "reservation_reservation_arn",
		"reservation_reservation_a_r_n":        "reservation_reservation_arn",
		"pricing/publicOnDemandCost":           "pricing_public_on_demand_cost",
		"splitLineItem/SplitCost":              "split_line_item_split_cost",
		"resourceTags/user:team":               "tag_columns team",
		"resourceTags/aws:createdBy":           "tag_columns aws:createdBy",
		"resource_tags_user_cost_center":       "tag_columns cost_center",
		"resource_tags_aws_created_by":         "tag_columns aws_created_by",
		"resource_tags":                        "resource_tags",
		"costCategory/Unit":                    "cost_category_columns Unit",
		"cost_category_unit":                   "cost_category_columns unit",
		"cost_category":                        "cost_category",
		"product/instanceTypeFamily":           "",
		"lineItem/NetUnblendedCost":            "line_item_net_unblended_cost",
		"LINEITEM/PRODUCTCODE":                 "line_item_product_code",
		"reservation/UnusedRecurringFee":       "reservation_unused_recurring_fee",
		"split_line_item_parent_resource_id":   "split_line_item_parent_resource_id",
		"savingsPlan/SavingsPlanEffectiveCost": "savings_plan_savings_plan_effective_cost",
	} {
		r, err := Detect(Built(), append([]string{header}, needs...))
		if err != nil || r == nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if got := strings.TrimSpace(r.Bound[0].Column + " " + r.Bound[0].Key); got != want {
			t.Errorf("%s is read as %q, expected %q", header, got, want)
		}
	}
}

// A column that the mapping does not use is read, checked and thrown away: it should not be declared.
func TestAWSDeclaresWhatItUses(t *testing.T) {
	d := aws()
	var names []string
	for _, c := range d.Columns {
		names = append(names, c.Name)
	}
	for _, f := range d.Families {
		names = append(names, f.Name)
	}
	for _, n := range names {
		if !regexp.MustCompile(`\b` + n + `\b`).MatchString(d.SetSQL + d.SQL) {
			t.Errorf("the mapping does not use %s", n)
		}
	}
}
