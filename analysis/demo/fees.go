package demo

import "time"

// once writes a row that is no usage of a line: fees, credits, tax, purchases.
func (g *bill) once(account string, start, end time.Time, a amounts, pairs ...string) {
	r := g.common(g.layout.record())
	g.account(r, g.company.accounts[account])
	r.set("ChargeFrequency", "One-Time", "PricingCategory", "")
	r.set(pairs...)
	a.start, a.end, a.priced = stamp(start), stamp(end), a.effective
	// The rows of this kind are few; put flushes at the next usage row at the latest.
	g.buf = r.compile().append(g.buf, &a)
	g.rows++
	for i, p := range [4]pico{a.billed, a.effective, a.list, a.contracted} {
		g.sums[i].add(p)
	}
}

func plainly(p pico) amounts { return amounts{billed: p, effective: p, list: p, contracted: p} }

// subscription is a fee that comes with each month: seats at a price.
type subscription struct {
	payer, account, service, category, subcategory, publisher, unit, sku, description string
	seats, more                                                                       int64 // now, and fewer each month back
	price                                                                             micro
}

var subscriptions = []subscription{
	{
		"aws", "platform-prod", "AWS Support (Business)", "Management and Governance", "Support", "AWS", "Months", "SUP-BUSINESS",
		"AWS Support (Business), fixed fee", 1, 0, 14_800 * one,
	},
	{
		"aws", "platform-prod", "Datadog Pro", "Management and Governance", "Observability", "Datadog", "Hosts", "DDOG-PRO-HOST",
		"Datadog Pro, per host and month (AWS Marketplace)", 1196, 8, 15 * one,
	},
	{
		"azure", "corp-prod", "GitHub Enterprise", "Developer Tools", "Source Code Management", "GitHub", "Seats", "GH-ENT-SEAT",
		"GitHub Enterprise, per seat and month", 290, 4, 21 * one,
	},
}

// monthly writes what is charged once a month, in advance, for the month as a whole, and corrections of the month before.
func (g *bill) monthly() {
	next := g.month.AddDate(0, 1, 0)
	ago := max(0, monthsBetween(g.month, firstOf(g.known.AddDate(0, 0, -1)))) // months that have begun since are as the last
	for _, s := range subscriptions {
		if s.payer != g.payer.key {
			continue
		}
		seats := (s.seats - s.more*ago) * one
		a := plainly(s.price * seats)
		a.quantity = seats
		g.once(
			s.account, g.month, next, a,
			"ChargeCategory", "Purchase", "ChargeFrequency", "Recurring", "PricingCategory", "Standard",
			"ServiceName", s.service, "ServiceCategory", s.category, "ServiceSubcategory", s.subcategory, "PublisherName", s.publisher,
			"SkuId", s.sku, "SkuPriceId", s.sku+"-M", "SkuMeter", s.unit, "ChargeDescription", s.description,
			"PricingQuantity", cellQuantity, "PricingUnit", s.unit,
			"ListUnitPrice", text(s.price), "ContractedUnitPrice", text(s.price), "x_UsageType", s.sku,
			"Tags", `{"env":"prod","team":"platform"}`,
		)
	}
	if g.payer.key == "aws" && g.month.Equal(g.planted.correctionBilled) {
		day := g.planted.correctionDay
		g.once(
			"platform-prod", day, day.AddDate(0, 0, 1), plainly(-wrongCharge),
			"ChargeCategory", "Usage", "ChargeClass", "Correction", "ChargeFrequency", "Usage-Based",
			"ServiceName", transfer, "ServiceCategory", "Networking", "ServiceSubcategory", "Network Connectivity",
			"RegionId", "us-east-1", "RegionName", regions["us-east-1"].name, "x_UsageType", "USE1-DataTransfer-Out-Bytes",
			"ChargeDescription", "Correction: data transfer charged twice", "Tags", `{"app":"gateway","env":"prod","team":"platform"}`,
		)
		g.ledger.add(correction, day, -wrongCharge)
	}
	if refund := g.anchors.inMonth(3, 14); g.payer.key == "azure" && firstOf(refund).Equal(g.month) && !refund.Before(g.first) {
		g.once(
			"corp-dev", refund, refund.AddDate(0, 0, 1), plainly(-312_40*cent),
			"ChargeCategory", "Adjustment", "ServiceName", "Azure OpenAI", "ServiceCategory", "AI and Machine Learning",
			"RegionId", "eastus", "RegionName", regions["eastus"].name, "ChargeDescription", "Service credit for an outage",
		)
	}
}

// daily writes the rows that belong to no line: credits, the commitments paid for and what of them lay idle.
func (g *bill) daily(day time.Time, c *coverage) {
	next := day.AddDate(0, 0, 1)
	if g.payer.key == "google" {
		if day.Before(g.planted.creditEnd) {
			g.once(
				"ml-research", day, next, plainly(-creditADay),
				"ChargeCategory", "Credit", "ServiceName", "Vertex AI", "ServiceCategory", "AI and Machine Learning",
				"ServiceSubcategory", "Machine Learning", "ChargeDescription", "Promotional credit",
			)
		} else {
			g.ledger.add(creditEnds, day, creditADay)
		}
	}
	if g.payer.key == "aws" && day.Day() == 1 {
		g.once(
			"growth-prod", day, next, plainly(-900*dollar),
			"ChargeCategory", "Credit", "ServiceName", "AWS Lambda", "ServiceCategory", "Compute",
			"ServiceSubcategory", "Serverless Compute", "ChargeDescription", "Migration programme credit",
		)
	}
	for i := range g.plans {
		p := &g.plans[i]
		of := &g.lines[g.eligible[i][0]]
		describe := func(category, frequency, pricing, what, status string, quantity string) []string {
			return []string{
				"ChargeCategory", category, "ChargeFrequency", frequency, "PricingCategory", pricing,
				"ServiceName", of.sku.service, "ServiceCategory", of.sku.category, "ServiceSubcategory", of.sku.subcategory,
				"ChargeDescription", what, "SkuId", "COMMIT-" + p.id, "SkuPriceId", "COMMIT-" + p.id, "SkuMeter", "Commitment",
				"CommitmentDiscountId", p.id, "CommitmentDiscountName", p.name, "CommitmentDiscountType", p.kind,
				"CommitmentDiscountCategory", p.category, "CommitmentDiscountStatus", status,
				"PricingQuantity", quantity, "PricingUnit", map[bool]string{true: "Hours"}[quantity != ""],
				"ListUnitPrice", map[bool]string{true: text(p.hourly)}[quantity != ""],
				"ContractedUnitPrice", map[bool]string{true: text(p.hourly)}[quantity != ""],
				"RegionId", p.region, "RegionName", regions[p.region].name, "x_UsageType", "Commitment",
			}
		}
		pay := func(from, to time.Time, frequency, what string) {
			hours := int64(to.Sub(from) / time.Hour)
			cost := p.hourly * hours * one
			a := amounts{billed: cost, list: cost, contracted: cost, quantity: hours * one}
			g.once(p.buyer, day, to, a, describe("Purchase", frequency, "Committed", what+" "+p.id, "", cellQuantity)...)
		}
		if p.upfront && day.Equal(p.start) {
			pay(p.start, p.end, "One-Time", "All upfront fee of")
		}
		if !p.active(day) {
			continue
		}
		if !p.upfront {
			pay(day, next, "Recurring", "Recurring fee of")
		}
		if c.unused[i] > 0 {
			a := amounts{effective: c.unused[i], list: c.unused[i], contracted: c.unused[i]}
			g.once(p.buyer, day, next, a, describe("Usage", "Usage-Based", "Committed", "Unused part of "+p.id, "Unused", "")...)
		}
	}
}

// taxed are the accounts that pay tax, in parts per million of what they are billed in a closed month.
var taxed = map[string][]struct {
	account string
	rate    int64
}{
	"aws":      {{"web-prod", 60_000}, {"growth-prod", 60_000}},
	"azure":    {{"corp-prod", 65_000}},
	"azure-eu": {{"retail-eu", 190_000}},
	"google":   {{"ads-prod", 60_000}},
}

// tax is charged on the last day of a month that is over; quantities and prices mean nothing there and are left out.
func (g *bill) tax(day time.Time) {
	for _, t := range taxed[g.payer.key] {
		sum := g.taxable[t.account]
		if sum == nil {
			continue
		}
		cents := mulDiv(sum.units*100, t.rate, one)
		g.once(
			t.account, day, day.AddDate(0, 0, 1), plainly(cents*cent),
			"ChargeCategory", "Tax", "ServiceName", "Tax", "ServiceCategory", "Other", "ServiceSubcategory", "Other (Other)",
			"ChargeDescription", "Tax on "+g.month.Format("January 2006"), "PricingCategory", "",
		)
	}
}

func monthsBetween(a, b time.Time) int64 {
	return int64((b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()))
}
