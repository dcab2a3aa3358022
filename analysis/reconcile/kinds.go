package reconcile

import (
	"time"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// Kind is a class of rows that a console or an invoice may show apart or leave out. Every row is of exactly one: the first whose
// condition holds, in the order of [Kinds].
type Kind string

// The kinds.
const (
	Corrections Kind = "corrections"          // ChargeClass Correction: refunds and corrections of earlier months
	Tax         Kind = "tax"                  // ChargeCategory Tax
	Credits     Kind = "credits"              // ChargeCategory Credit
	Marketplace Kind = "marketplace"          // published by another than the provider: sold through it, often invoiced apart
	Support     Kind = "support"              // the provider's support plans
	Adjustments Kind = "adjustments"          // ChargeCategory Adjustment: rounding, discounts booked as lines
	Commitments Kind = "commitment purchases" // ChargeCategory Purchase with a commitment: billed at once, amortized over its term
	OtherMonths Kind = "days of other months" // charged in another calendar month than the one invoiced
	Arriving    Kind = "days still arriving"  // after the provider's last complete day
	Rest        Kind = "other usage and fees" // everything else
)

// Kinds lists the kinds in the order in which they claim rows.
var Kinds = []Kind{Corrections, Tax, Credits, Marketplace, Support, Adjustments, Commitments, OtherMonths, Arriving, Rest}

// kindSQL tells a row's kind. A publisher that is the provider under a longer name ("Amazon Web Services, Inc.") is none of the
// marketplace's. {other} and {arriving} are conditions about the row's day.
const kindSQL = `CASE WHEN ChargeClass = 'Correction' THEN 'corrections'
  WHEN ChargeCategory = 'Tax' THEN 'tax'
  WHEN ChargeCategory = 'Credit' THEN 'credits'
  WHEN PublisherName <> ServiceProviderName
    AND NOT (ServiceProviderName = 'AWS' AND (PublisherName LIKE 'Amazon%' OR PublisherName LIKE 'AWS%'))
    AND NOT (ServiceProviderName LIKE 'Amazon%' AND (PublisherName LIKE 'Amazon%' OR PublisherName LIKE 'AWS%'))
    AND NOT (ServiceProviderName = 'Microsoft' AND (PublisherName LIKE 'Microsoft%' OR PublisherName LIKE 'Azure%'))
    AND NOT (ServiceProviderName LIKE 'Google%' AND PublisherName LIKE 'Google%')
    AND NOT (ServiceProviderName LIKE 'Oracle%' AND PublisherName LIKE 'Oracle%') THEN 'marketplace'
  WHEN lower(ServiceName) LIKE '%support%' THEN 'support'
  WHEN ChargeCategory = 'Adjustment' THEN 'adjustments'
  WHEN ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NOT NULL THEN 'commitment purchases'
  WHEN {other} THEN 'days of other months'
  WHEN {arriving} THEN 'days still arriving'
  ELSE 'other usage and fees' END`

// KindOf is the expression for a row's kind. through is the last complete day of the providers whose days after it are still arriving.
func KindOf(t query.Table, through []analysis.ProviderThrough) query.Fragment {
	day := t.Day()
	arriving := query.F("false")
	for _, p := range through {
		arriving = query.Join(" OR ", arriving, query.F("(ServiceProviderName = ? AND "+day+" > CAST(? AS DATE))", p.Provider, p.Day.Format(analysis.DateLayout)))
	}
	return query.Fill(kindSQL, map[string]query.Fragment{
		"other":    query.F("date_trunc('month', CAST(" + day + " AS TIMESTAMP)) <> date_trunc('month', BillingPeriodStart)"),
		"arriving": query.F("("+arriving.SQL+")", arriving.Params...),
	})
}

// invoiced keeps the rows invoiced in the months of a period, whatever their day.
func invoiced(p analysis.Period) query.Fragment {
	return query.F("BillingPeriodStart >= CAST(? AS TIMESTAMP) AND BillingPeriodStart < CAST(? AS TIMESTAMP)", day(p.Start), day(p.End))
}

func day(t time.Time) string { return t.Format(analysis.DateLayout) }

// Months widens a period to the whole calendar months it touches.
func Months(p analysis.Period) analysis.Period {
	if p.IsZero() {
		return p
	}
	first, last := analysis.MonthOf(p.Start), analysis.MonthOf(p.Last())
	out := analysis.Period{Start: first.Start, End: last.End, Label: first.Label}
	if !first.Start.Equal(last.Start) {
		out.Label = ""
	}
	return out
}
