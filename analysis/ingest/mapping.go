package ingest

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

//go:embed focus.sql
var focusSQL string

// mappingVersion goes up whenever focus.sql or the rollup changes what they make of the same bytes.
const mappingVersion = "focus-3"

// expressions are the lines of focus.sql, by column.
var expressions = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(focusSQL) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "--") {
			continue
		}
		if name, expr, ok := strings.Cut(line, ": "); ok {
			m[name] = expr
		}
	}
	return m
})

// present are the columns a file has, by FOCUS name, with how each reads as an SQL expression over the file's relation.
type present map[string]string

// selectList maps a file's columns to the store's, in the store's order. Expressions that would change nothing, as the tally
// knows, are left out, and so are absent columns: on millions of rows they take time. A text that is the same in every row is written as
// an enumeration of one, which is the same file in a tenth of the time: DuckDB need not look whether the rows' texts are one.
func selectList(ctx context.Context, w *store.Writer, p *part, o Options, loadID, file string, absent func(column string) bool) (string, error) {
	var out, same []string
	var at []int // of each in same, the place in out
	for _, c := range store.ChargeColumns() {
		if absent(c.Name) {
			continue
		}
		var expr string
		switch c.Name {
		case store.ColSourceFile:
			expr = store.QuoteLiteral(file)
		case store.ColLoadID:
			expr = store.QuoteLiteral(loadID)
		case store.ColSource:
			expr = store.QuoteLiteral(o.Source)
			if parts := partitionsOf(p.groups); len(parts) == 1 && p.native == nil { // a dialect's SQL is held against its key
				expr = store.QuoteLiteral(parts[0].Source)
			} else if o.Source == "" {
				expr = "concat(" + p.filled("ServiceProviderName") + ", '/', BillingAccountId)"
			}
		default:
			expr = p.filled(c.Name)
			if expr == "" || p.exact[c.Name] && p.have[c.Name] != "" {
				expr = standing(c.Name)
			}
		}
		if c.SQLType() == "VARCHAR" && p.always(expr) {
			same, at = append(same, expr+" AS "+ident(c.Name)), append(at, len(out))
		}
		out = append(out, fmt.Sprintf("CAST(%s AS %s) AS %s", expr, c.SQLType(), ident(c.Name)))
	}
	values, err := w.Query(ctx, "SELECT "+strings.Join(same, ", ")+" FROM ("+relation(p.same, "(SELECT true)")+")")
	if err != nil {
		return "", err
	}
	for k, v := range values.Values[0] {
		if v := text(v); v != "" {
			v = store.QuoteLiteral(v)
			out[at[k]] = fmt.Sprintf("CAST(%s AS ENUM(%[1]s)) AS %s", v, ident(values.Columns[k]))
		}
	}
	return strings.Join(out, ",\n  "), nil
}

var words = regexp.MustCompile(`\w+`)

// always reports whether an expression over the columns of FOCUS has the same value in every row: it names no column but such that have.
func (p *part) always(expr string) bool {
	return !slices.ContainsFunc(words.FindAllString(expr, -1), func(word string) bool {
		c, is := byName()[strings.ToLower(word)]
		return is && p.have[c.Name] != "" && p.same[c.Name] == ""
	})
}

// filled is the line of focus.sql for a column. Of one that is known to have a value it is the column, where that is what the line asks for first.
func (p *part) filled(name string) string {
	expr := expressions()[name]
	if p.same[name] != "" && strings.HasPrefix(expr, "CASE WHEN "+name+" IS NOT NULL THEN "+name+" ") {
		return ident(name)
	}
	return expr
}

// standing reads a column under its own name, else under its older ones.
func standing(name string) string {
	c, _ := focus.Lookup(name)
	if len(c.Replaces) == 0 {
		return ident(name)
	}
	expr := "CASE WHEN " + ident(name) + " IS NOT NULL THEN " + ident(name)
	for _, r := range c.Replaces {
		expr += " WHEN " + ident(r) + " IS NOT NULL THEN " + ident(r)
	}
	return expr + " END"
}

// source relation: every FOCUS column, typed, null where the file has none.
func relation(have present, from string) string {
	var out []string
	for _, c := range focus.Columns() {
		expr, ok := have[c.Name]
		if !ok {
			expr = fmt.Sprintf("CAST(NULL AS %s)", store.Column{Name: c.Name, Type: c.Type}.SQLType())
		}
		out = append(out, expr+" AS "+ident(c.Name))
	}
	return "SELECT " + strings.Join(out, ", ") + " FROM " + from
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// padded removes blanks around tag keys, which Microsoft's exports have (" org").
func padded(expr string) string {
	return `regexp_replace(` + expr + `, '([{,]\s*)"\s*([^"]*?)\s*"(\s*:)', '\1"\2"\3', 'g')`
}
