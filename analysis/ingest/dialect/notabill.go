package dialect

import "slices"

// otherExports are exports that people take for bills and that are none, each with columns that only it has.
var otherExports = []struct {
	what     string // "this is an Azure price sheet, which holds prices and no costs"
	expected string // "an export of actual or amortized costs"
	needs    []string
}{
	{"this is an AWS cost and usage report without lineItem/UnblendedCost or lineItem/UsageStartDate", awsExpected, []string{"lineItem/LineItemType"}},
	{"this is an AWS price list: what things would cost, not what was charged", awsExpected, []string{"OfferTermCode", "RateCode", "PricePerUnit"}},
	{"this is a download of AWS Cost Explorer: sums, not the lines that they are of", awsExpected, []string{"Total costs($)"}},
	{"this is an Azure price sheet: what things would cost, not what was charged", azureExpected, []string{"BasePrice", "MarketPrice", "PriceType", "UnitPrice"}},
	{"this is Azure's reservation details: how much of each reservation was used, without costs", azureExpected, []string{"ReservationId", "ReservedHours", "UsedHours"}},
	{"this is Azure's reservation recommendations: what could be saved, not what was charged", azureExpected, []string{"CostWithNoReservedInstances", "RecommendedQuantity", "NetSavings"}},
	{"this is Azure's reservation transactions: only what reservations were bought, exchanged and refunded, which actual costs hold too", azureExpected, []string{"ReservationOrderId", "EventType", "Amount"}},
	{"this is an Oracle Cloud usage report: quantities without costs", "a cost report, from reports/cost-csv or FOCUS Reports of the same bucket", []string{"lineItem/intervalUsageStart", "usage/consumedQuantity", "product/resource"}},
}

const awsExpected = "a cost and usage report (CUR legacy, CUR 2.0 or FOCUS) of AWS Data Exports, with all its columns"

const azureExpected = "Cost Management's export of actual, amortized or FOCUS costs"

// NotABill says what a header is when it belongs to an export without costs, as a price sheet, and what to load instead.
func NotABill(header []string) (what, expected string, ok bool) {
	for _, e := range otherExports {
		if !slices.ContainsFunc(e.needs, func(n string) bool {
			return !slices.ContainsFunc(header, func(h string) bool { return Fold(h) == Fold(n) })
		}) {
			return e.what, e.expected, true
		}
	}
	return "", "", false
}
