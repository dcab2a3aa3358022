package reconcile

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Reason is a part of a difference: store less invoice.
type Reason struct {
	Name   string          `json:"name"`
	Words  string          `json:"words"`
	Amount analysis.Amount `json:"amount"`
	// Query is the name of the traced query that lists what the reason is made of; empty where it is arithmetic alone.
	Query string `json:"query,omitempty"`
}

// Names of the reasons beside the kinds.
const (
	ReasonNoInvoiceID   = "rows without invoice id"
	ReasonLate          = "late rows"
	ReasonRestated      = "restated"
	ReasonOtherCurrency = "other currency"
	ReasonRounding      = "rounding"
	ReasonUnexplained   = "unexplained"
)

// part is a sum that an invoice may be without (or, where outside, may hold beside the store's rows of it).
type part struct {
	name    string
	amount  analysis.Amount
	outside bool
}

// effect is what leaving the part out does to store less invoice.
func (p part) effect() analysis.Amount {
	if p.outside {
		return p.amount.Neg()
	}
	return p.amount
}

// mostParts bounds the sets that are tried: 2 to that power.
const mostParts = 14

// unit is the smallest unit of a currency, the precision invoices are written to (ISO 4217). Totals that differ by no more are
// the same sum, rounded.
func unit(currency string) analysis.Amount {
	switch currency {
	case "JPY", "KRW", "CLP", "VND", "ISK", "PYG", "UGX", "XAF", "XOF":
		return decimal.New(1, 0)
	case "BHD", "JOD", "KWD", "OMR", "TND", "IQD", "LYD":
		return decimal.New(1, -3)
	}
	return decimal.New(1, -2)
}

// explain finds the reasons of a difference: the one smallest set of parts that adds up to it to the currency's smallest unit. They
// and what is left sum to the difference exactly. Two sets of one size that fit are no evidence for either, and then none is taken.
func explain(diff analysis.Amount, parts []part, currency string) (reasons []Reason, note string) {
	within := unit(currency)
	var use []part
	for _, p := range parts {
		if p.amount.Abs().GreaterThan(within) && len(use) < mostParts {
			use = append(use, p)
		}
	}
	best, size, fits := 0, len(use)+1, 0
	if diff.Abs().LessThanOrEqual(within) {
		size = 0
	} else {
		for set := 1; set < 1<<len(use); set++ {
			n := bits.OnesCount(uint(set))
			if n > size || diff.Sub(sumOf(use, set)).Abs().GreaterThan(within) {
				continue
			}
			if n < size {
				best, size, fits = set, n, 0
			}
			fits++
		}
	}
	if fits > 1 {
		best, note = 0, fmt.Sprintf("%d different sets of reasons would add up to it, so none is taken", fits)
	}
	rest := diff
	for i, p := range use {
		if best&(1<<i) == 0 {
			continue
		}
		r := Reason{Name: p.name, Amount: p.effect(), Words: "in the store, and the invoice is without: it is less by exactly that"}
		if p.outside {
			r.Words = "in the invoice, and in the store without its number: it is more by exactly that"
		}
		reasons = append(reasons, r)
		rest = rest.Sub(r.Amount)
	}
	if rest.Abs().LessThanOrEqual(within) {
		reasons = append(reasons, rounded(rest, currency)...)
	} else {
		reasons = append(reasons, Reason{Name: ReasonUnexplained, Amount: rest, Words: strings.TrimSpace("no kind of row adds up to it; the query lists what is left to compare")})
	}
	return reasons, note
}

// rounded is the reason of a rest that is no more than the currency's smallest unit; none where there is no rest.
func rounded(rest analysis.Amount, currency string) []Reason {
	if rest.IsZero() {
		return nil
	}
	return []Reason{{Name: ReasonRounding, Amount: rest, Words: "invoices are rounded to " + unit(currency).String() + " " + currency + ", line items are not"}}
}

func sumOf(parts []part, set int) analysis.Amount {
	var s analysis.Amount
	for i, p := range parts {
		if set&(1<<i) != 0 {
			s = s.Add(p.effect())
		}
	}
	return s
}
