package export

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis/currency"
	"spendbot/analysis/focus"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Column is a column of an export.
type Column struct {
	focus.Column
	typ string // in SQL
}

func (c Column) sqlType() string { return c.typ }

func (c Column) text() bool { return c.typ == "VARCHAR" }

// meanings are those of the columns that the rollup makes.
var meanings = map[string]focus.Column{
	store.ColDay:         {Type: "Date", Meaning: "The UTC day that the charge period begins on.", Own: true},
	store.ColSpanDays:    {Type: "Count", Meaning: "How many days the charge period spans: 1 for hourly and daily charges, 28 to 31 for monthly ones.", Own: true},
	store.ColRows:        {Type: "Count", Meaning: "How many line items of the bill the row adds up.", Own: true},
	store.ColNoEffective: {Type: "Count", Meaning: "How many of these line items say no EffectiveCost.", Own: true},

	currency.ColCurrency: {Type: focus.String, Nullable: true, Own: true, Meaning: "The currency that the charge was billed in; BillingCurrency is the one that the costs were converted to."},
	currency.ColBilled: {Type: focus.Decimal, Nullable: true, Unit: currency.ColCurrency, Own: true,
		Meaning: "BilledCost as it was billed, where it was converted."},
	currency.ColEffective: {Type: focus.Decimal, Nullable: true, Unit: currency.ColCurrency, Own: true,
		Meaning: "EffectiveCost as it was billed, where it was converted."},
	currency.ColRate: {Type: focus.Decimal, Nullable: true, Unit: "BillingCurrency per " + currency.ColCurrency, Own: true,
		Meaning: "The rate that costs were multiplied by."},
}

// lineOnly are the columns that line items have and the rollup has not.
func lineOnly(name string) bool {
	return slices.ContainsFunc(store.ChargeColumns(), func(c store.Column) bool { return c.Name == name })
}

// columnsOf are the columns of an export through a lens: the rollup's in their order, then what the lens adds. What only the
// rollup itself needs is left out.
func columnsOf(lens query.Lens) ([]Column, error) {
	var out []Column
	has := func(name string) bool { return slices.ContainsFunc(out, func(c Column) bool { return c.Name == name }) }
	for _, c := range store.DailyColumns() {
		if c.Name == store.ColSquare {
			continue
		}
		known, ok := meanings[c.Name]
		if !ok {
			if known, ok = focus.Lookup(c.Name); !ok {
				return nil, fmt.Errorf("the column %s has no meaning in the data dictionary", c.Name)
			}
		}
		known.Name = c.Name
		out = append(out, Column{Column: known, typ: c.SQLType()})
	}
	for _, y := range lens.Layers {
		for _, name := range y.Columns {
			if has(name) || name == store.ColSquare || lineOnly(name) {
				continue
			}
			c, ok := meanings[name]
			if !ok {
				c = focus.Column{Type: focus.String, Nullable: true, Own: true, Meaning: "Given by " + y.Name + "."}
			}
			c.Name = name
			typ := "VARCHAR"
			if c.Type == focus.Decimal {
				typ = fmt.Sprintf("DECIMAL(%d,%d)", store.MoneyPrecision, store.MoneyScale)
			}
			out = append(out, Column{Column: c, typ: typ})
		}
	}
	return out, nil
}

// rowsSQL selects the columns.
func rowsSQL(cols []Column) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = ident(c.Name)
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM {daily}"
}

// orderBy is an order that two exports of the same rows have in common: by all that names a row.
func orderBy(cols []Column) string {
	var by []string
	for _, c := range cols {
		if !slices.Contains(store.DailyMeasures(), c.Name) {
			by = append(by, ident(c.Name))
		}
	}
	return " ORDER BY " + strings.Join(by, ", ")
}

// csvSelect writes each column as text: decimals without the zeros at their end, and texts such that no spreadsheet runs them as a
// formula (those begin with one of = + - @, their full-width forms, a tab or a line's end, after blanks too): an apostrophe goes
// in front, as in every CSV of spendbot's.
func csvSelect(cols []Column) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		n := ident(c.Name)
		switch {
		case c.text():
			out[i] = "CASE WHEN regexp_matches(" + n + `, '^\s*[=+\-@＝＋－＠]') THEN '''' || ` + n + " ELSE " + n + " END AS " + n
		case strings.HasPrefix(c.typ, "DECIMAL"):
			out[i] = "rtrim(rtrim(CAST(" + n + " AS VARCHAR), '0'), '.') AS " + n
		default:
			out[i] = n
		}
	}
	return strings.Join(out, ", ")
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// dictionaries are the data dictionary of the columns, by file name.
func dictionaries(cols []Column) map[string]string {
	list := make([]focus.Column, len(cols))
	for i, c := range cols {
		list[i] = c.Column
	}
	out := map[string]string{}
	for name, format := range map[string]string{"dictionary.json": focus.FormatJSON, "dictionary.md": focus.FormatMarkdown} {
		var b bytes.Buffer
		if err := focus.WriteDictionary(&b, format, list); err == nil { // a buffer takes everything, and the formats are known
			out[name] = b.String()
		}
	}
	return out
}
