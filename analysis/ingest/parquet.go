package ingest

import (
	"context"
	"fmt"
	"strings"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

// parquetPart checks a Parquet file. Its types are its own, so DuckDB does the tally here; floating-point costs, which some
// exporters write, are read as the shortest decimal that stands for the float and cut at the store's last digit, with a
// warning that says so.
func parquetPart(ctx context.Context, w *store.Writer, src source, o Options) (*part, error) {
	from := fmt.Sprintf("read_parquet(%s, hive_partitioning=false)", store.QuoteLiteral(src.path))
	desc, err := w.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+from+")")
	if err != nil {
		return nil, &Error{File: src.path, Problem: "it cannot be read as Parquet: " + firstLineOf(err.Error()), Expected: "a complete Parquet file; fetch it again"}
	}
	var names, types []string
	for _, r := range desc.Values {
		names, types = append(names, text(r[0])), append(types, text(r[1]))
	}
	version, cols, unknown, err := detect(src.path, names)
	if err != nil {
		return nil, err
	}
	p := &part{src: src, version: version, from: from, have: present{}}
	warn := newWarnings()
	warn.header(cols, unknown)
	var checks []string // expressions that are true for a row that cannot be taken, with what is wrong
	var problems []string
	var floats []string
	for i, c := range cols {
		if !c.known {
			continue
		}
		raw, typ := ident(c.name), strings.ToUpper(types[i])
		clean := raw
		if typ == "VARCHAR" {
			clean = fmt.Sprintf("CASE WHEN %s IN ('', 'NULL') THEN NULL ELSE %s END", raw, raw)
		}
		target := store.Column{Name: c.focus.Name, Type: c.focus.Type}.SQLType()
		switch c.focus.Type {
		case focus.Decimal:
			if typ == "DOUBLE" || typ == "FLOAT" {
				clean = fmt.Sprintf("CAST(%s AS VARCHAR)", raw)
				floats = append(floats, c.focus.Name)
			} else if typ == "VARCHAR" {
				checks = append(checks, fmt.Sprintf("%s AND length(rtrim(split_part(%s, '.', 2), '0')) > %d", "position('.' IN "+clean+") > 0", clean, store.MoneyScale))
				problems = append(problems, c.focus.Name+" has values of more digits than the store holds")
			} else if scale, ok := decimalScale(typ); ok && scale > store.MoneyScale {
				return nil, &Error{File: src.path, Problem: fmt.Sprintf("%s is %s", c.focus.Name, typ), Expected: fmt.Sprintf("at most %d digits after the point", store.MoneyScale)}
			}
			p.have[c.focus.Name] = fmt.Sprintf("CAST(%s AS %s)", clean, target)
		case focus.JSON:
			switch {
			case strings.HasPrefix(typ, "MAP"), strings.HasPrefix(typ, "STRUCT"):
				clean = fmt.Sprintf("CAST(to_json(%s) AS VARCHAR)", raw)
			default:
				checks = append(checks, fmt.Sprintf("%s IS NOT NULL AND NOT json_valid(%s)", clean, clean))
				problems = append(problems, c.focus.Name+" has values that are not JSON")
			}
			if c.focus.Name == "Tags" {
				clean = padded(clean)
			}
			p.have[c.focus.Name] = clean
		default:
			p.have[c.focus.Name] = fmt.Sprintf("CAST(%s AS %s)", clean, target)
			if strict[c.focus.Name] {
				quoted := make([]string, len(c.focus.Allowed))
				for k, a := range c.focus.Allowed {
					quoted[k] = store.QuoteLiteral(strings.ToLower(a))
				}
				checks = append(checks, fmt.Sprintf("lower(%s) NOT IN (%s)", clean, strings.Join(quoted, ", ")))
				problems = append(problems, c.focus.Name+" has values other than "+strings.Join(c.focus.Allowed, ", "))
			}
		}
	}
	for _, n := range requiredValues {
		checks = append(checks, p.have[n]+" IS NULL")
		problems = append(problems, n+" is missing")
	}
	if len(floats) > 0 {
		warn.add("%s are floating-point numbers in the file: read as the shortest decimal that stands for them, to %d digits",
			strings.Join(floats, ", "), store.MoneyScale)
	}
	for i, c := range checks {
		r, err := w.Query(ctx, fmt.Sprintf("SELECT count(*), CAST(min(file_row_number) AS BIGINT) FROM read_parquet(%s, hive_partitioning=false, file_row_number=true) WHERE %s",
			store.QuoteLiteral(src.path), c))
		if err != nil {
			return nil, p.explain(err)
		}
		if n := r.Values[0][0].(int64); n > 0 {
			return nil, &Error{File: src.path, Line: r.Values[0][1].(int64) + 1, Problem: fmt.Sprintf("%s (%d rows, this is the first)", problems[i], n)}
		}
	}
	if err := p.tally(ctx, w, o); err != nil {
		return nil, err
	}
	if p.rows == 0 {
		return nil, &Error{File: src.path, Problem: "there is not one row in it", Expected: "rows"}
	}
	p.warnings = warn.all()
	p.sha, err = src.hash(ctx)
	return p, err
}

// tally adds up the file's costs as they lie there, without the mapping.
func (p *part) tally(ctx context.Context, w *store.Writer, o Options) error {
	source := store.QuoteLiteral(o.Source)
	if o.Source == "" {
		source = "concat(" + expressions()["ServiceProviderName"] + ", '/', BillingAccountId)"
	}
	rows, err := w.Query(ctx, fmt.Sprintf(`SELECT %s, %s, strftime(%s, '%%Y-%%m'), BillingCurrency, count(*), %s FROM (%s) GROUP BY ALL`,
		source, expressions()["ServiceProviderName"], expressions()["BillingPeriodStart"], sums(costs[:]), relation(p.have, p.from)))
	if err != nil {
		return p.explain(err)
	}
	p.groups = groupsOf(rows)
	for _, g := range p.groups {
		p.rows += g.rows
	}
	return nil
}

func decimalScale(typ string) (int, bool) {
	var p, s int
	n, _ := fmt.Sscanf(typ, "DECIMAL(%d,%d)", &p, &s)
	return s, n == 2
}
