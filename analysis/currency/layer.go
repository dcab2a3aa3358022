package currency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// At says which rate a charge is converted at.
type At string

// The choices.
const (
	AtMonth At = "month" // the mean of its calendar month
	AtDay   At = "day"   // the one of its day
)

// Columns that a conversion adds, of what stood there before. They are null where nothing was converted.
const (
	ColCurrency  = "x_BillingCurrency" // the currency billed in; of every row
	ColBilled    = "x_BillingCurrencyBilledCost"
	ColEffective = "x_BillingCurrencyEffectiveCost"
	ColRate      = "x_CurrencyRate" // units of the reporting currency for one of the billed
)

// Need is a currency and the days of charges in it.
type Need struct {
	Currency string
	Days     []time.Time
}

// costs are the amounts of a row in its billing currency.
var costs = map[query.Table][]string{
	query.Daily:   {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"},
	query.Charges: {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice"},
}

// Conversion is rows seen in one currency.
type Conversion struct {
	To    string
	At    At
	Table *Table
	rates []rated
	// Missing are the rates that there are none of: rows of these have no cost, which is not zero.
	Missing []*MissingError
}

type rated struct {
	currency string
	day      time.Time // of the charge, or the first of its month
	rate     Rate
}

// Into prepares a conversion of what there is.
func (t *Table) Into(to string, at At, needs []Need) *Conversion {
	c := &Conversion{To: to, At: at, Table: t}
	for _, n := range needs {
		if n.Currency == to || n.Currency == "" {
			continue
		}
		seen := map[time.Time]bool{}
		for _, d := range n.Days {
			find := t.Day
			if at != AtDay {
				d, find = analysis.MonthOf(d).Start, t.Month
			}
			if seen[d] {
				continue
			}
			seen[d] = true
			r, err := find(n.Currency, to, d)
			if missing, ok := err.(*MissingError); ok {
				c.Missing = append(c.Missing, missing)
				continue
			}
			c.rates = append(c.rates, rated{n.Currency, d, r})
		}
	}
	slices.SortFunc(c.rates, func(a, b rated) int {
		return strings.Compare(a.currency+a.day.Format(analysis.DateLayout), b.currency+b.day.Format(analysis.DateLayout))
	})
	slices.SortFunc(c.Missing, func(a, b *MissingError) int {
		return strings.Compare(a.Day.Format(analysis.DateLayout)+a.From, b.Day.Format(analysis.DateLayout)+b.From)
	})
	return c
}

// Lacks is the first rate that is missing inside one of some periods; nil when there are all.
func (c *Conversion) Lacks(periods ...analysis.Period) error {
	for _, m := range c.Missing {
		until := m.Day.AddDate(0, 0, 1)
		if m.Month {
			until = analysis.MonthOf(m.Day).End
		}
		for _, p := range periods {
			if p.IsZero() || m.Day.Before(p.End) && until.After(p.Start) {
				return m
			}
		}
	}
	return nil
}

// Words say what was converted, for the small print.
func (c *Conversion) Words() string {
	how := "the mean rate of each charge's month"
	if c.At == AtDay {
		how = "the rate of each charge's day"
	}
	var from []string
	for _, r := range c.rates {
		if !slices.Contains(from, r.currency) {
			from = append(from, r.currency)
		}
	}
	if len(from) == 0 {
		return ""
	}
	return fmt.Sprintf("converted from %s to %s at %s, by %s", strings.Join(from, ", "), c.To, how, c.Table.Name)
}

func (c *Conversion) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "currency %d %s %s\n%s", layerVersion, c.To, c.At, c.values())
	return "currency-" + hex.EncodeToString(h.Sum(nil))[:16]
}

// layerVersion goes up whenever the same rates come to mean something else.
const layerVersion = 2

// values are the rates as SQL, a row each.
func (c *Conversion) values() string {
	rows := make([]string, len(c.rates))
	for i, r := range c.rates {
		rows[i] = fmt.Sprintf("(%s, DATE '%s', CAST(%s AS DECIMAL(20,%d)))", query.Literal(r.currency), r.day.Format(analysis.DateLayout), r.rate.Value.StringFixed(Scale), Scale)
	}
	return strings.Join(rows, ", ")
}

// Layer puts what the costs are in the reporting currency in the place of the billed ones, with BillingCurrency the reporting
// currency. What stood there before stands in the columns that begin with x_BillingCurrency, and in PricingCurrency and
// PricingCurrencyEffectiveCost where the bill gives no price in another currency: that is how an explanation finds the part of a
// change that is due to the rate alone. A row whose rate is not known has no cost.
//
// A cost is multiplied by the rate exactly and rounded at its 18th digit after the point. The product has 32 digits after the point,
// so that six remain before it: most rows are less. Others are multiplied in two parts, the whole units and what is left of them,
// which takes twice as long.
//
// beneath are the columns that layers below add, which are passed on.
func (c *Conversion) Layer(beneath []string) query.Layer {
	added := []string{ColCurrency, ColBilled, ColEffective, ColRate}
	changed := append([]string{"BillingCurrency", "PricingCurrency", "PricingCurrencyEffectiveCost", store.ColSquare}, costs[query.Charges]...)
	return query.Layer{Name: c.Words(), Key: c.key(), Columns: append(changed, added...),
		Select: func(t query.Table, from string, uses func(string) bool) string {
			return c.selectSQL(t, from, beneath, uses)
		}}
}

func (c *Conversion) selectSQL(t query.Table, from string, beneath []string, uses func(string) bool) string {
	to := query.Literal(c.To)
	columns, day := store.ChargeColumns(), "b.ChargePeriodStart"
	if t == query.Daily {
		columns, day = store.DailyColumns(), "b."+store.ColDay
	}
	converted := func(column string) string {
		n := "b." + column
		return "CASE WHEN b.BillingCurrency = " + to + " THEN " + n + " WHEN " + n + " BETWEEN -1000 AND 1000 AND fx.rate < 1000 THEN CAST(" + n + " * fx.rate AS DECIMAL(38,18))" +
			" ELSE CAST(CAST(" + n + " AS DECIMAL(20,0)) * fx.rate AS DECIMAL(38,18)) + CAST(CAST(" + n +
			" - CAST(" + n + " AS DECIMAL(20,0)) AS DECIMAL(18,18)) * fx.rate AS DECIMAL(38,18)) END"
	}
	priced := "b.PricingCurrencyEffectiveCost IS NOT NULL AND b.PricingCurrency <> b.BillingCurrency"
	var sel []string
	for _, col := range columns {
		// Tags are told apart by scopes, which are not seen from here.
		if col.Name != "BillingCurrency" && col.Name != "Tags" && !uses(col.Name) {
			continue
		}
		expr := "b." + col.Name
		switch {
		case col.Name == "BillingCurrency":
			expr = to
		case col.Name == "PricingCurrency":
			expr = "CASE WHEN b.BillingCurrency = " + to + " OR " + priced + " THEN b.PricingCurrency ELSE b.BillingCurrency END"
		case col.Name == "PricingCurrencyEffectiveCost":
			expr = "CASE WHEN b.BillingCurrency = " + to + " OR " + priced + " THEN b.PricingCurrencyEffectiveCost ELSE b.EffectiveCost END"
		case col.Name == store.ColSquare:
			expr = "CASE WHEN b.BillingCurrency = " + to + " THEN b." + col.Name + " ELSE TRY_CAST(round(b." + col.Name + " * CAST(fx.rate AS DOUBLE) * CAST(fx.rate AS DOUBLE)) AS BIGINT) END"
		case slices.Contains(costs[t], col.Name):
			expr = converted(col.Name)
		}
		sel = append(sel, expr+" AS "+col.Name)
	}
	for _, col := range beneath {
		if uses(col) {
			sel = append(sel, "b."+col+" AS "+col)
		}
	}
	for _, x := range [][2]string{{ColCurrency, "b.BillingCurrency"}, {ColBilled, "CASE WHEN b.BillingCurrency <> " + to + " THEN b.BilledCost END"},
		{ColEffective, "CASE WHEN b.BillingCurrency <> " + to + " THEN b.EffectiveCost END"}, {ColRate, "fx.rate"}} {
		if uses(x[0]) {
			sel = append(sel, x[1]+" AS "+x[0])
		}
	}
	at := "CAST(" + day + " AS DATE)"
	if c.At != AtDay {
		at = "CAST(date_trunc('month', " + day + ") AS DATE)"
	}
	rates := c.values()
	if rates == "" {
		rates = fmt.Sprintf("('', DATE '1970-01-01', CAST(NULL AS DECIMAL(20,%d)))", Scale)
	}
	return "SELECT " + strings.Join(sel, ", ") + "\n  FROM " + from + " AS b LEFT JOIN (VALUES " + rates + ") AS fx(currency, day, rate) ON b.BillingCurrency = fx.currency AND " + at + " = fx.day"
}

// Needs are the currencies and days of a snapshot.
func Needs(ctx context.Context, sn *store.Snapshot) ([]Need, error) {
	rows, _, err := sn.Beside().Query(ctx, "currencies and days", "SELECT BillingCurrency, CAST("+store.ColDay+" AS DATE) AS d FROM daily WHERE BillingCurrency IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2")
	if err != nil {
		return nil, err
	}
	var out []Need
	for _, r := range rows.Values {
		code, _ := r[0].(string)
		day, _ := r[1].(time.Time)
		if n := len(out); n == 0 || out[n-1].Currency != code {
			out = append(out, Need{Currency: code})
		}
		out[len(out)-1].Days = append(out[len(out)-1].Days, day)
	}
	return out, nil
}
