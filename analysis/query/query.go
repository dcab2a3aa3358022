// Package query turns the domain's words into SQL fragments over the store's views: dimensions into expressions, filters
// and periods into conditions. The text is made of the program's own constants only; every value a person or a bill may
// have written (tag keys, filter values, days) becomes a bound parameter.
package query

import (
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
)

// Table is a view of a snapshot. Its text in SQL is a place that [Lens.Resolve] fills with what the asker may see of it: no query
// names a view itself.
type Table string

// The views.
const (
	Daily   Table = "{daily}"
	Charges Table = "{charges}"
)

// Day is the expression for a row's UTC day.
func (t Table) Day() string {
	if t == Charges {
		return "CAST(ChargePeriodStart AS DATE)"
	}
	return "ChargeDate"
}

// Rows is the expression for how many line items a row is, to be summed.
func (t Table) Rows() string {
	if t == Charges {
		return "1"
	}
	return "x_Rows"
}

// Monthly is the condition that a row's charge period is longer than a day, as monthly rows' are.
func (t Table) Monthly() string {
	if t == Charges {
		return "CAST(ChargePeriodEnd AS DATE) > CAST(ChargePeriodStart AS DATE) + INTERVAL '1' DAY"
	}
	return "x_SpanDays > 1"
}

// For is the smallest view that has what a plan asks for.
func For(p analysis.Plan) Table {
	for _, g := range p.GroupBy {
		if g == analysis.DimResource {
			return Charges
		}
	}
	for _, f := range p.Filters {
		if f.Dimension == analysis.DimResource {
			return Charges
		}
	}
	return Daily
}

// Fragment is a piece of SQL with the parameters of its question marks, in order.
type Fragment struct {
	SQL    string
	Params []any
}

// F is a fragment.
func F(sql string, params ...any) Fragment { return Fragment{sql, params} }

// Join puts fragments in a row.
func Join(sep string, fs ...Fragment) Fragment {
	var out Fragment
	for i, f := range fs {
		if i > 0 {
			out.SQL += sep
		}
		out.SQL += f.SQL
		out.Params = append(out.Params, f.Params...)
	}
	return out
}

// Fill replaces each {name} of a text by a fragment, so that the parameters come in the order of the question marks. The
// text itself holds none. The views' names stay for [Lens.Resolve]. Another name that is not given is a bug, which the first run
// of a test finds as an SQL error.
func Fill(text string, parts map[string]Fragment) Fragment {
	var out Fragment
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		f, known := parts[name]
		switch t := Table("{" + name + "}"); {
		case ok && (t == Daily || t == Charges):
			f = F(string(t))
		case !ok || !known:
			f = F("/* nothing for " + name + " */ error")
		}
		b.WriteString(f.SQL)
		out.Params = append(out.Params, f.Params...)
		text = after
	}
	out.SQL = b.String()
	return out
}

// OrEmpty reads a null text as the empty string. It is not written with coalesce: over dictionary-encoded Parquet columns
// with nulls, read by several threads, DuckDB 1.4.1's coalesce gives equal strings that do not group together.
func OrEmpty(f Fragment) Fragment {
	return Fragment{SQL: "CASE WHEN " + f.SQL + " IS NULL THEN '' ELSE " + f.SQL + " END", Params: append(append([]any{}, f.Params...), f.Params...)}
}

// Dimension is the expression for a dimension; rows without a value read as the empty string.
func Dimension(d analysis.Dimension) (Fragment, error) {
	if key, ok := d.TagKey(); ok {
		return Tag("Tags", key)
	}
	if d == analysis.DimChargeCategory { // a correction is its own kind of charge, whatever it corrects, as in the effects
		// The column itself and not the text 'Correction' in its place: with a constant there DuckDB 1.4.1 now and then gives one group as two rows,
		// over several files with a filter on another column.
		return F("CASE WHEN ChargeClass = 'Correction' THEN ChargeClass WHEN ChargeCategory IS NULL THEN '' ELSE ChargeCategory END"), nil
	}
	col := d.Column()
	if col == "" {
		return Fragment{}, fmt.Errorf("no dimension %q", d)
	}
	return OrEmpty(F(col)), nil
}

// Tag reads a key of a column of tags; rows without it read as the empty string.
func Tag(column, key string) (Fragment, error) {
	f, err := TagOrNull(column, key)
	if err != nil {
		return Fragment{}, err
	}
	return OrEmpty(f), nil
}

// TagOrNull reads a key of a column of tags; rows without it read as null.
func TagOrNull(column, key string) (Fragment, error) {
	path, err := tagPath(key)
	if err != nil {
		return Fragment{}, err
	}
	return F("json_extract_scalar("+column+", ?)", path), nil
}

// tagPath is the JSON path of a tag key.
func tagPath(key string) (string, error) {
	if strings.ContainsAny(key, "\"\\") {
		return "", fmt.Errorf("the tag key %q holds a quote or a backslash, which a JSON path cannot name", key)
	}
	return `$."` + key + `"`, nil
}

// In keeps rows whose expression has one of the values.
func In(expr Fragment, values []string, not bool) Fragment {
	op := " IN ("
	if not {
		op = " NOT IN ("
	}
	out := Fragment{SQL: expr.SQL + op + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")", Params: append([]any{}, expr.Params...)}
	for _, v := range values {
		out.Params = append(out.Params, v)
	}
	return out
}

// Within keeps rows whose day lies in a period.
func Within(t Table, p analysis.Period) Fragment {
	col, typ := "ChargeDate", "DATE"
	if t == Charges {
		col, typ = "ChargePeriodStart", "TIMESTAMP" // the bare column, so that files and row groups are skipped by it
	}
	return F(col+" >= CAST(? AS "+typ+") AND "+col+" < CAST(? AS "+typ+")", date(p.Start), date(p.End))
}

// WithinEither keeps rows whose day lies in one of two periods, which is one where they adjoin.
func WithinEither(t Table, earlier, later analysis.Period) Fragment {
	if earlier.End.Equal(later.Start) {
		return Within(t, analysis.Period{Start: earlier.Start, End: later.End})
	}
	a, b := Within(t, earlier), Within(t, later)
	return Join(" OR ", F("("+a.SQL+")", a.Params...), F("("+b.SQL+")", b.Params...))
}

// date is how a day is bound: as text that the query casts, so that a stored trace binds it the same way.
func date(t time.Time) string { return t.Format(analysis.DateLayout) }

// Cutoff leaves out the days of a provider from Day on, inside Period: days whose data is not whole, and the days they are
// compared with.
type Cutoff struct {
	Provider string
	Day      time.Time
	Period   analysis.Period
}

// Without keeps the rows that no cutoff leaves out.
func Without(t Table, cs []Cutoff) Fragment {
	if len(cs) == 0 {
		return F("true")
	}
	var parts []Fragment
	for _, c := range cs {
		p := analysis.Period{Start: c.Day, End: c.Period.End}
		w := Within(t, p)
		parts = append(parts, F("NOT (ServiceProviderName = ? AND "+w.SQL+")", append([]any{c.Provider}, w.Params...)...))
	}
	return Join(" AND ", parts...)
}

// Where joins the filters of a plan; "true" when there are none. Two filters on one dimension both have to hold.
func Where(fs []analysis.Filter) (Fragment, error) {
	if len(fs) == 0 {
		return F("true"), nil
	}
	var parts []Fragment
	for _, f := range fs {
		if len(f.Values) == 0 {
			return Fragment{}, fmt.Errorf("the filter on %s has no values", f.Dimension.Words())
		}
		expr, err := Dimension(f.Dimension)
		if err != nil {
			return Fragment{}, err
		}
		parts = append(parts, In(expr, f.Values, f.Not))
	}
	return Join(" AND ", parts...), nil
}

// Cost is the expression for a row's cost in a currency; null where the row's cost in that currency is not known. Money
// billed in another currency counts only where the bill itself gives its effective cost in this one
// (PricingCurrencyEffectiveCost, FOCUS 1.2); nothing is converted at rates of our own.
func Cost(m analysis.Metric, currency string) Fragment {
	return CostOf(m, currency, "BillingCurrency", "PricingCurrency", m.Column(), "PricingCurrencyEffectiveCost")
}

// CostOf is [Cost] over columns of other names: of rows that were added up already.
func CostOf(m analysis.Metric, currency, billing, pricing, own, priced string) Fragment {
	switch m {
	case analysis.Usage:
		return F(own)
	case analysis.Effective:
		return F("CASE WHEN "+billing+" = ? THEN "+own+" WHEN "+pricing+" = ? THEN "+priced+" END", currency, currency)
	}
	return F("CASE WHEN "+billing+" = ? THEN "+own+" END", currency)
}
