// Package randombill draws small random FOCUS bills for property tests: a few accounts, services and tags over some weeks,
// with everything that makes real bills hard: credits, tax, purchases, corrections, commitments used and unused, negative
// and missing costs, monthly rows, two currencies, names that look like SQL or JSON paths. Nothing else imports it.
package randombill

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

// The days a bill may cover: two months and the beginnings of a third.
var (
	First = analysis.Day(2026, time.September, 1)
	Days  = 70
)

// TagKeys are the tag keys a bill may have.
var TagKeys = []string{"team", "env", `a.b`, `k$[0]`, `it's`, "ключ"}

// names that try to be something other than data; the first ones are tame, since draws favour them.
var (
	accounts = []string{"111", "222", "0333", `4'4`, ""}
	services = []string{"Compute", "Storage", `Net "work"`, "x'; DROP TABLE daily; --", "Küche"}
	regions  = []string{"us-east-1", "eu-west-1", ""}
	skus     = []string{"S1", "S2", "S3", ""}
	units    = []string{"Hours", "GB", ""}
	values   = []string{"a", "b", "", `c"d`, `$."team"`, "e\\f", "x%' OR '1'='1", "日本"}
	owners   = []string{"AWS", "Microsoft"}
)

// Header is the columns of a bill, in order.
var Header = []string{
	"BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass",
	"ChargeDescription", "ChargeFrequency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency",
	"PricingCurrency", "PricingCurrencyEffectiveCost", "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit",
	"ProviderName", "PublisherName", "InvoiceIssuerName", "ServiceName", "ServiceCategory", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName",
	"RegionId", "ResourceId", "ResourceName", "CommitmentDiscountId", "CommitmentDiscountStatus", "PricingCategory", "Tags",
}

// Row is a line item by column; what is missing is empty.
type Row map[string]string

// Bill is line items.
type Bill []Row

// Write puts the bill into a CSV file.
func (b Bill) Write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	if err := w.Write(Header); err != nil {
		return err
	}
	rec := make([]string, len(Header))
	for _, r := range b {
		for i, h := range Header {
			rec[i] = r[h]
		}
		if err := w.Write(rec); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return f.Close()
}

// Draw draws a bill of a few dozen to a few hundred line items.
func Draw(t *rapid.T) Bill {
	var b Bill
	for range rapid.IntRange(1, 12).Draw(t, "streams") {
		b = append(b, stream(t)...)
	}
	for range rapid.IntRange(0, 10).Draw(t, "single charges") {
		b = append(b, single(t))
	}
	if len(b) == 0 {
		b = append(b, single(t))
	}
	return b
}

// Period draws a period that touches the days of a bill, of any length; sometimes one beyond them.
func Period(t *rapid.T, name string) analysis.Period {
	start := rapid.IntRange(-8, Days+3).Draw(t, name+" start")
	days := rapid.SampledFrom([]int{7, 1, 2, 10, 30, 31, 45}).Draw(t, name+" days")
	s := First.AddDate(0, 0, start)
	return analysis.Period{Start: s, End: s.AddDate(0, 0, days)}
}

func pick(t *rapid.T, name string, from []string) string {
	return rapid.SampledFrom(from).Draw(t, name)
}

func chance(t *rapid.T, name string, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(t, name) == oneIn
}

// place draws where charges fall: the columns that do not change within a stream.
func place(t *rapid.T) Row {
	r := Row{
		"BillingAccountId": "payer", "ProviderName": pick(t, "provider", owners), "ServiceName": pick(t, "service", services),
		"ServiceCategory": "Other", "SkuId": pick(t, "sku", skus), "SubAccountId": pick(t, "account", accounts),
		"RegionId": pick(t, "region", regions), "PricingUnit": pick(t, "unit", units), "BillingCurrency": "USD",
	}
	r["PublisherName"], r["InvoiceIssuerName"] = r["ProviderName"], r["ProviderName"]
	r["SkuPriceId"], r["ConsumedUnit"] = r["SkuId"], r["PricingUnit"]
	if r["SubAccountId"] != "" {
		r["SubAccountName"] = "name of " + r["SubAccountId"]
	}
	tags := map[string]string{}
	for range rapid.IntRange(0, 2).Draw(t, "tags") {
		tags[pick(t, "tag key", TagKeys)] = pick(t, "tag value", values)
	}
	if len(tags) > 0 {
		j, err := json.Marshal(tags)
		if err != nil {
			panic(err)
		}
		r["Tags"] = string(j)
	}
	if chance(t, "in euros", 4) {
		r["BillingCurrency"] = "EUR"
		r["PricingCurrency"] = pick(t, "priced in", []string{"USD", "EUR", ""})
	}
	return r
}

// stream is usage of one resource over a run of days, or by the month, whose quantity, price and coverage may change once.
func stream(t *rapid.T) Bill {
	var b Bill
	base := place(t)
	base["ChargeCategory"], base["ChargeFrequency"] = "Usage", "Usage-Based"
	if rapid.Bool().Draw(t, "named") {
		base["ResourceId"] = "r-" + pick(t, "resource", []string{"1", "2", "3", `'q'`})
		base["ResourceName"] = base["ResourceId"]
	}
	from := rapid.IntRange(0, Days-1).Draw(t, "from")
	to := rapid.IntRange(from, Days-1).Draw(t, "to")
	step := rapid.SampledFrom([]int{1, 1, 3, 30}).Draw(t, "every")
	turn := rapid.IntRange(from, to).Draw(t, "turn")
	kind := rapid.IntRange(0, 5).Draw(t, "what turns")
	quantity := decimal.New(rapid.Int64Range(1, 5000).Draw(t, "quantity"), -2)
	list := decimal.New(rapid.Int64Range(1, 99999).Draw(t, "unit price"), -4)
	discount := decimal.New(rapid.Int64Range(50, 100).Draw(t, "discount"), -2)
	covered := chance(t, "covered", 4)
	noFactors := chance(t, "no list cost", 6)
	for day := from; day <= to; day += step {
		q, l, d, cov := quantity, list, discount, covered
		if day >= turn {
			switch kind {
			case 1:
				q = q.Mul(decimal.New(41, -1))
			case 2:
				l = l.Mul(decimal.New(12, -1))
			case 3:
				d = d.Mul(decimal.New(9, -1))
			case 4:
				cov = !cov
			}
		}
		r := maps.Clone(base)
		span(r, day, 1)
		if step == 30 {
			span(r, day, 30)
			r["ChargeFrequency"] = "Recurring"
		}
		listCost := q.Mul(l)
		contracted := listCost.Mul(d)
		cost := contracted
		if cov {
			r["CommitmentDiscountId"], r["CommitmentDiscountStatus"], r["PricingCategory"] = "sp-1", "Used", "Committed"
			cost = contracted.Mul(decimal.New(7, -1))
		}
		r["PricingQuantity"], r["ConsumedQuantity"] = q.String(), q.String()
		r["ListCost"], r["ContractedCost"], r["EffectiveCost"], r["BilledCost"] = listCost.String(), contracted.String(), cost.String(), cost.String()
		if cov {
			r["BilledCost"] = "0"
		}
		if noFactors {
			r["ListCost"], r["ContractedCost"] = "", ""
		}
		priced(r, cost)
		b = append(b, r)
	}
	return b
}

// single is one charge of any category, with any amounts.
func single(t *rapid.T) Row {
	r := place(t)
	span(r, rapid.IntRange(0, Days-1).Draw(t, "day"), 1)
	r["ChargeCategory"] = pick(t, "category", []string{"Credit", "Tax", "Purchase", "Adjustment", "Usage"})
	r["ChargeFrequency"] = pick(t, "frequency", []string{"One-Time", "Recurring", "Usage-Based"})
	r["ChargeDescription"] = pick(t, "description", []string{"", "a charge", "it's \"one\""})
	if chance(t, "correction", 4) {
		r["ChargeClass"] = "Correction"
	}
	if r["ChargeCategory"] == "Usage" && rapid.Bool().Draw(t, "unused") {
		r["CommitmentDiscountId"], r["CommitmentDiscountStatus"] = "sp-1", "Unused"
	}
	money := func(name string) string {
		scale := -rapid.Int32Range(0, 15).Draw(t, name+" scale")
		return decimal.New(rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, name), scale).String()
	}
	r["BilledCost"] = money("billed")
	r["EffectiveCost"] = money("effective")
	r["ListCost"], r["ContractedCost"] = money("list"), money("contracted")
	switch rapid.IntRange(0, 5).Draw(t, "what is missing") {
	case 1:
		r["EffectiveCost"] = ""
	case 2:
		r["ListCost"], r["ContractedCost"] = "", ""
	case 3:
		r["EffectiveCost"] = "0"
	}
	if c, err := decimal.NewFromString(r["EffectiveCost"]); err == nil {
		priced(r, c)
	}
	return r
}

// priced fills the cost in the pricing currency at a fixed rate.
func priced(r Row, cost decimal.Decimal) {
	switch r["PricingCurrency"] {
	case "USD":
		r["PricingCurrencyEffectiveCost"] = cost.Mul(decimal.New(11, -1)).Truncate(18).String()
	case "EUR":
		r["PricingCurrencyEffectiveCost"] = cost.String()
	}
}

// span sets the periods of a row that begins on a day of the bill.
func span(r Row, day, days int) {
	const layout = "2006-01-02T15:04:05Z"
	s := First.AddDate(0, 0, day)
	m := analysis.MonthOf(s)
	r["ChargePeriodStart"], r["ChargePeriodEnd"] = s.Format(layout), s.AddDate(0, 0, days).Format(layout)
	r["BillingPeriodStart"], r["BillingPeriodEnd"] = m.Start.Format(layout), m.End.Format(layout)
}

// Filters draws up to two filters on values that bills have, or do not have.
func Filters(t *rapid.T) []analysis.Filter {
	out := []analysis.Filter{}
	pool := map[analysis.Dimension][]string{
		analysis.DimAccount: accounts, analysis.DimService: services, analysis.DimRegion: regions, analysis.DimSku: skus,
		analysis.DimProvider: owners, analysis.DimResource: {"r-1", "r-'q'", ""}, analysis.DimCurrency: {"USD", "EUR"},
		analysis.DimChargeCategory: {"Usage", "Credit", "Tax"}, analysis.DimCommitment: {"sp-1", ""},
	}
	for _, k := range TagKeys {
		pool[analysis.TagDimension(k)] = values
	}
	dims := slices.Sorted(maps.Keys(pool))
	for i := range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "filters") {
		d := rapid.SampledFrom(dims).Draw(t, fmt.Sprint("filter ", i))
		vs := rapid.SliceOfNDistinct(rapid.SampledFrom(pool[d]), 1, 2, rapid.ID).Draw(t, "filter values")
		out = append(out, analysis.Filter{Dimension: d, Values: vs, Not: chance(t, "not", 3)})
	}
	return out
}
