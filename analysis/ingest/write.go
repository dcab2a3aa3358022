package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

// part is one file of a load, checked and ready to be written.
type part struct {
	src      source
	sha      string
	version  string
	rows     int64
	groups   map[group]*groupSums
	warnings []string
	from     string  // SQL: the relation that reads the file
	have     present // its columns
	spans    map[string]span
	same     present         // columns that have one value in all rows, as SQL of nothing but itself
	exact    map[string]bool // columns whose every value is as FOCUS writes it
	native   *native         // nil for FOCUS
}

// zoned reads text as a time with the offset it is written with. DuckDB wants seconds, which some exporters leave out.
func zoned(expr string) string {
	return `CAST(CAST(regexp_replace(replace(` + expr + `, ' UTC', 'Z'), '^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(Z|[+-].*)?$', '\1:00\2') AS TIMESTAMPTZ) AS TIMESTAMP)`
}

// dialectTime reads the further ways of writing a time that a dialect's columns may have: month/day/year, and a month.
func dialectTime(expr, otherwise string) string {
	return "CASE WHEN contains(" + expr + ", '/') THEN strptime(" + expr + ", '%m/%d/%Y') WHEN length(" + expr + ") = 7 THEN strptime(" + expr + ", '%Y-%m') ELSE " + otherwise + " END"
}

// csvPart makes a part of a tallied CSV file. Each decimal column is read as the narrowest DECIMAL that holds what the
// tally saw: DuckDB parses 18 digits many times faster than 38.
func csvPart(t *tally) *part {
	types := make([]string, len(t.columns))
	have, exact := present{}, map[string]bool{}
	for i, c := range t.columns {
		typ := "VARCHAR"
		if c.known {
			expr := ident(fmt.Sprintf("c%d", i))
			switch c.focus.Type {
			case focus.Decimal:
				typ = fmt.Sprintf("DECIMAL(%d,%d)", store.MoneyPrecision, store.MoneyScale)
				if !c.big && c.digits+c.scale <= 18 {
					typ = fmt.Sprintf("DECIMAL(18,%d)", c.scale)
				}
			case focus.DateTime:
				typ = "TIMESTAMP"
				if c.oddTimes {
					typ, expr = "VARCHAR", zoned(expr)
				}
			}
			if c.focus.Name == "Tags" && t.paddedTags {
				expr = padded(expr)
			}
			if c.filled {
				have[c.focus.Name] = expr
			}
			exact[c.focus.Name] = !c.oddCase
		}
		types[i] = typ
	}
	return &part{src: t.source, sha: t.sha, spans: spansOf(t.columns), version: t.version, rows: t.rows, groups: t.groups, warnings: t.warnings.all(), from: t.csvRelation(types), have: have, exact: exact}
}

// writeCharges writes a part's rows as the store's line items and returns the staged files.
func writeCharges(ctx context.Context, w *store.Writer, p *part, n int, o Options, loadID, name string, absent func(column string) bool) ([]string, error) {
	list, err := selectList(ctx, w, p, o, loadID, name, absent)
	if err != nil {
		return nil, p.explain(err)
	}
	sel := fmt.Sprintf("SELECT\n  %s\nFROM (%s) AS src", list, relation(p.have, p.from))
	files, err := copyOut(ctx, w, sel, filepath.Join(w.Staging(), fmt.Sprintf("charges-%d", n)), len(partitionsOf(p.groups)))
	if err != nil {
		return nil, p.explain(err)
	}
	return files, nil
}

// sortedFrom is the number of partitions from which rows are sorted by partition before they are written: DuckDB keeps rows
// of every partition in memory and files of a hundred open, and beyond that writes each partition in many small pieces.
const sortedFrom = 24

// copyOut writes a query's rows as Parquet, at least one file per partition.
func copyOut(ctx context.Context, w *store.Writer, sel, to string, partitions int) ([]string, error) {
	if partitions == 1 {
		f := to + ".parquet"
		return []string{f}, w.Exec(ctx, fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION snappy)", sel, store.QuoteLiteral(f)))
	}
	order, open := "", sortedFrom
	if partitions >= sortedFrom {
		order, open = " ORDER BY p_source, p_provider, p_month", 4
	}
	for _, set := range []string{"partitioned_write_flush_threshold=32768", fmt.Sprintf("partitioned_write_max_open_files=%d", open)} {
		if err := w.Exec(ctx, "SET "+set); err != nil {
			return nil, err
		}
	}
	err := w.Exec(ctx, fmt.Sprintf("COPY (SELECT *, strftime(%s, '%%Y-%%m') AS p_month, CAST(%s AS VARCHAR) AS p_source, CAST(%s AS VARCHAR) AS p_provider FROM (%s)%s) TO %s (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (p_source, p_provider, p_month))",
		ident(store.ColPeriod), ident(store.ColSource), ident(store.ColProvider), sel, order, store.QuoteLiteral(to)))
	if err != nil {
		return nil, err
	}
	var files []string
	err = filepath.WalkDir(to, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return err
	})
	return files, err
}

// explain says what DuckDB could not read; the tally has checked every cell before, so this is rare.
func (p *part) explain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	expected := "a FOCUS export"
	if p.native != nil {
		expected = "values as " + p.native.reading.Dialect.Name + " has them"
	}
	return &Error{File: p.src.path, Problem: "it could not be mapped: " + p.src.told(err), Expected: expected}
}

// told is the first line of DuckDB's words, without the path, which may be one of ours.
func (s source) told(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, s.at, filepath.Base(s.path))
}

func partitionsOf(groups map[group]*groupSums) []store.Partition {
	var out []store.Partition
	for g := range groups {
		if !slices.Contains(out, g.Partition) {
			out = append(out, g.Partition)
		}
	}
	slices.SortFunc(out, comparePartitions)
	return out
}

func comparePartitions(a, b store.Partition) int {
	return strings.Compare(a.Source+"\x00"+a.Provider+"\x00"+a.Month, b.Source+"\x00"+b.Provider+"\x00"+b.Month)
}

// spansWritten finds the first and last times of what was written.
func spansWritten(ctx context.Context, w *store.Writer, files []string) (map[string]span, error) {
	bounds := make([]string, len(timesChecked))
	for i, c := range timesChecked {
		bounds[i] = fmt.Sprintf("min(%s), max(%s)", ident(c), ident(c))
	}
	rows, err := w.Query(ctx, fmt.Sprintf("SELECT %s FROM read_parquet(%s, hive_partitioning=false)", strings.Join(bounds, ", "), fileList(files)))
	if err != nil {
		return nil, fmt.Errorf("read back what was written: %w", err)
	}
	spans := map[string]span{}
	for i, c := range timesChecked {
		first, _ := rows.Values[0][2*i].(time.Time)
		last, _ := rows.Values[0][2*i+1].(time.Time)
		spans[c] = span{first, last}
	}
	return spans, nil
}

// readBack adds up what was written, per group.
func readBack(ctx context.Context, w *store.Writer, files []string) (map[group]*groupSums, error) {
	rows, err := w.Query(ctx, fmt.Sprintf(`SELECT %s, %s, strftime(%s, '%%Y-%%m'), BillingCurrency, count(*), %s
FROM read_parquet(%s, hive_partitioning=false) GROUP BY ALL`,
		ident(store.ColSource), ident(store.ColProvider), ident(store.ColPeriod), sums(costs[:]), fileList(files)))
	if err != nil {
		return nil, fmt.Errorf("read back what was written: %w", err)
	}
	return groupsOf(rows), nil
}

// reconcileTimes compares the first and last times a file held with those written of it.
func reconcileTimes(path string, file, wrote map[string]span) error {
	for _, c := range timesChecked {
		f, ok := file[c]
		if w := wrote[c]; ok && !(f.first.Equal(w.first) && f.last.Equal(w.last)) && !f.first.IsZero() {
			const layout = time.RFC3339Nano
			return &Error{File: path, Problem: fmt.Sprintf("it does not reconcile: %s runs from %s to %s in the file and from %s to %s in what was written",
				c, f.first.Format(layout), f.last.Format(layout), w.first.Format(layout), w.last.Format(layout))}
		}
	}
	return nil
}

func sums(cols []string) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = "sum(" + ident(c) + ")"
	}
	return strings.Join(out, ", ")
}

func fileList(files []string) string {
	q := make([]string, len(files))
	for i, f := range files {
		q[i] = store.QuoteLiteral(f)
	}
	return "[" + strings.Join(q, ",") + "]"
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// reconcile compares what a file held with what was written of it. Any difference refuses the load.
func reconcile(path string, file, wrote map[group]*groupSums) error {
	keys := map[group]bool{}
	for g := range file {
		keys[g] = true
	}
	for g := range wrote {
		keys[g] = true
	}
	for g := range keys {
		f, w := file[g], wrote[g]
		if f == nil {
			f = &groupSums{}
		}
		if w == nil {
			w = &groupSums{}
		}
		where := fmt.Sprintf("%s, %s, %s", g.Partition.Source, g.Partition.Month, g.Currency)
		if f.rows != w.rows {
			return &Error{File: path, Problem: fmt.Sprintf("it does not reconcile: %d rows of %s in the file, %d in what was written", f.rows, where, w.rows)}
		}
		for i, c := range costs {
			a, b := f.cost[i].total(), w.cost[i].total()
			if (a == nil) != (b == nil) || a != nil && !a.Equal(*b) {
				return &Error{File: path, Problem: fmt.Sprintf("it does not reconcile: %s of %s is %s in the file and %s in what was written", c, where, show(a), show(b))}
			}
		}
	}
	return nil
}

func show(d *decimal.Decimal) string {
	if d == nil {
		return "nothing"
	}
	return d.String()
}

// timesChecked are the times whose first and last value must come out as they went in: those that every row has.
var timesChecked = []string{"ChargePeriodStart"}

func spansOf(cols []column) map[string]span {
	out := map[string]span{}
	for _, c := range cols {
		if c.known && slices.Contains(timesChecked, c.focus.Name) && c.filled {
			out[c.focus.Name] = c.span
		}
	}
	return out
}
