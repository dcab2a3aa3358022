package dialect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Kind is how a column's cells are read.
type Kind uint8

// The kinds. In the mapping's SQL a Number is a DECIMAL, a Time a TIMESTAMP in UTC, everything else VARCHAR.
const (
	Text   Kind = iota
	Number      // an exact decimal; an exponent is read
	Time        // ISO in its many ways of writing, or month/day/year
	Tags        // names with values: a JSON object, one without its braces, or a list of {"key","value"}; becomes a JSON object
	// Amounts are a list of objects with an amount (Google's credits), as JSON or as Python writes it; becomes a JSON list. Beside a
	// column c of them there is the Number c_total, what the amounts add up to: null where there is none. Of a list that lies in Parquet the
	// JSON list is one of the amounts' types, where they have a type.
	Amounts
)

// TotalOf is the name of the Number beside a column of Amounts.
func TotalOf(amounts string) string { return amounts + "_total" }

// Column is a column of a dialect under the name that its SQL and its controls use: lower case, words joined by "_".
type Column struct {
	Name string
	Kind Kind
	// Also are other names a header may have for it. Names are compared by their letters and digits only, in lower case:
	// lineItem/UnblendedCost, line_item_unblended_cost and LineItemUnblendedCost are one name.
	Also []string
	// Need says that a file without the column is not of this dialect.
	Need bool
	// Float says that the numbers come out of floating-point software, which writes 2.3198314011096954e-05: what is finer than the
	// store's last digit is rounded there, half away from zero, with a warning. Elsewhere such a number is refused.
	Float bool
}

// Family is a column of which the file has one for each key, as CUR's resourceTags/user:team. Together they are one column
// of kind Tags, whose keys are what follows the prefix.
type Family struct {
	Name     string   // the column's name in the SQL
	Prefixes []string // "resourceTags/"; compared in any letter case
}

// Dialect is a billing format.
type Dialect struct {
	ID       string // "aws-cur": the name of its SQL file, and with Version what a load's mapping is called
	Name     string // "AWS CUR", as people know it
	Version  int    // goes up when the same bytes become something else
	Columns  []Column
	Families []Family
	// Note is what a person should know of every load of it; mostly nothing.
	Note string
	// SQL is one SELECT from "src", which has every column and family of the dialect: null where the file lacks it. What it
	// selects are FOCUS columns by name and x_ columns of the registry; those it leaves out are null. {variant} in it becomes
	// the name of the file's variant as an SQL string, {has:column} true or false.
	SQL string
	// SetSQL is one SELECT from "sets", which is the file as src has it without them, of everything in it and the Made columns; empty where
	// there are none. What it makes is of nothing but Sets: columns that are texts of many parts, of which a file has few different
	// combinations, so that the work need not be done in every row. What the SQL wants of Sets it must take from Made.
	SetSQL string
	Sets   []string
	Made   []string
	// Key tells which feed, month and currency a row counts towards.
	Key Key
	// Variants are kinds of file with one header, told apart by their rows; one at least. The first of which a row is a witness is
	// the file's; else the last that is not the Then of another, unless a manifest or the files beside it say otherwise.
	Variants []Variant
}

// Halves reports whether files of it are views of the same charges that belong together.
func (d *Dialect) Halves() bool {
	return slices.ContainsFunc(d.Variants, func(v Variant) bool { return v.Beside != "" })
}

// Key says where a row's provider, billing account, invoice month and currency are: the first of the columns that has a value.
// What the SQL selects must say the same.
type Key struct {
	Provider        string // the ServiceProviderName, where ProviderColumns have none
	ProviderColumns []string
	Account         []string // BillingAccountId
	Month           []string // a Time, or Text as 202611 or 2026-11-01
	Currency        []string
	DefaultCurrency string // where the file has none; empty: a row without is refused
}

// Variant is one way the files of a dialect are filled in.
type Variant struct {
	Name string
	// Witness lists what only a file of this variant has: a row of which all conditions of one entry are true.
	Witness [][]Cond
	// Manifest is what a manifest.json in the file's folder calls the variant: the exportConfig.type of Azure's.
	Manifest string
	// Alone is what a person should know when a load has witnesses of this variant and no file of another.
	Alone string
	// Beside names a variant: when a load also has a file of that one over the same months, this file is of the variant Then.
	// Azure's actual costs beside the amortized ones give only their purchases.
	Beside, Then string
	// Left is SQL over FOCUS columns: which rows of this variant are those that Then has.
	Left string
	// Billed, Effective, List and Contracted are the controls: what a file's four costs add up to. A cost without rules is not
	// controlled: nothing in the file says what it must be.
	Billed, Effective, List, Contracted Rules
	// Rows says how many rows the SQL makes of one, where that is not one.
	Rows []Count
}

// Rules are tried in order for each row; the first whose conditions all hold gives the row's cost. A row that none fits has
// none: null, which is not 0.
type Rules []Rule

// Rule is a cost: columns added, less columns subtracted. When all of them are null so is the cost. With neither it is 0.
type Rule struct {
	When  []Cond
	Plus  []string
	Minus []string
}

// Count is how many rows become of one, where all conditions hold.
type Count struct {
	When []Cond
	N    int
}

// Cond is a condition on one column of a row. Texts are compared in lower case.
type Cond struct {
	Column string
	In     []string // one of these, in lower case; for Text
	Test   Test     // used when In is empty
	Not    bool
}

// Test is a condition other than on certain values.
type Test uint8

// The tests.
const (
	Set     Test = iota // there is a value
	NonZero             // a Number other than 0; null does not pass
	Below               // a Number below 0
)

// In is the condition that a column has one of some values; the values are given in lower case.
func In(column string, values ...string) Cond { return Cond{Column: column, In: values} }

// Is is the condition that a column passes a test.
func Is(column string, t Test) Cond { return Cond{Column: column, Test: t} }

// Not turns a condition around.
func Not(c Cond) Cond { c.Not = !c.Not; return c }

// SQL is the condition over the columns of src; kind is the column's.
func (c Cond) SQL() string {
	col := `"` + c.Column + `"`
	var s string
	switch {
	case len(c.In) > 0:
		q := make([]string, len(c.In))
		for i, v := range c.In {
			q[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		s = "(" + col + " IS NOT NULL AND lower(" + col + ") IN (" + strings.Join(q, ", ") + "))"
	case c.Test == NonZero:
		s = "(" + col + " IS NOT NULL AND " + col + " <> 0)"
	case c.Test == Below:
		s = "(" + col + " IS NOT NULL AND " + col + " < 0)"
	default:
		s = "(" + col + " IS NOT NULL)"
	}
	if c.Not {
		return "(NOT " + s + ")"
	}
	return s
}

// All is several conditions as SQL; none is true.
func All(cs []Cond) string {
	if len(cs) == 0 {
		return "true"
	}
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.SQL()
	}
	return strings.Join(parts, " AND ")
}

// SQL is the cost of a row, as an expression over the columns of src.
func (rs Rules) SQL() string {
	if len(rs) == 0 {
		return "NULL"
	}
	b := "CASE"
	for _, r := range rs {
		b += " WHEN " + All(r.When) + " THEN " + r.value()
	}
	return b + " END"
}

func (r Rule) value() string {
	if len(r.Plus)+len(r.Minus) == 0 {
		return "0"
	}
	if len(r.Plus) == 1 && len(r.Minus) == 0 {
		return `"` + r.Plus[0] + `"`
	}
	null, sum := []string{}, ""
	add := func(sign string, cols []string) {
		for _, c := range cols {
			null = append(null, `"`+c+`" IS NULL`)
			sum += fmt.Sprintf(` %s CASE WHEN "%s" IS NULL THEN 0 ELSE "%s" END`, sign, c, c)
		}
	}
	add("+", r.Plus)
	add("-", r.Minus)
	return "CASE WHEN " + strings.Join(null, " AND ") + " THEN NULL ELSE 0" + sum + " END"
}

// Plain are the columns that the SQL selects as they stand: those of the dialect, by its name for them, and texts, as SQL, which are the same in
// every row. Loads use it to save work; a column that is not among them is as good.
func (d *Dialect) Plain() map[string]string {
	out := map[string]string{}
	for _, m := range plain.FindAllStringSubmatch(d.SQL, -1) {
		_, is := d.Column(m[1])
		if is || strings.HasPrefix(m[1], "'") {
			out[m[2]] = m[1]
		}
	}
	return out
}

var plain = regexp.MustCompile(`(?m)^\s*('[^']*'|[a-z_]+) AS ([A-Z]\w*),?$`)

// Mapping is what a load's record calls the dialect's present version.
func (d *Dialect) Mapping() string { return fmt.Sprintf("%s-%d", d.ID, d.Version) }

// Column finds a column or family by its name in the SQL.
func (d *Dialect) Column(name string) (Column, bool) {
	for _, c := range d.Columns {
		if c.Name == name {
			return c, true
		}
		if c.Kind == Amounts && name == TotalOf(c.Name) {
			return Column{Name: name, Kind: Number, Float: c.Float}, true
		}
	}
	for _, f := range d.Families {
		if f.Name == name {
			return Column{Name: name, Kind: Tags}, true
		}
	}
	return Column{}, false
}

// Fold is a name's letters and digits in lower case: what names are compared by.
func Fold(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// statements parts the text of a dialect with Sets into its SetSQL and its SQL, which a line of ";" is between.
func statements(text string) (sets, mapping string) {
	sets, mapping, _ = strings.Cut(text, "\n;\n")
	return sets, mapping
}
