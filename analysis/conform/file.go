package conform

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/focus"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// File measures an export as it lies there: CSV, plain or compressed, or Parquet. Nothing is mapped or mended before.
func File(ctx context.Context, path string, limits store.Limits, o Options) (rep *Report, err error) {
	pack, err := sniff(path)
	if err != nil {
		return nil, err
	}
	e, stop, err := store.OpenEngine(ctx, limits)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	from, width, err := relation(ctx, e, path, pack)
	if err != nil {
		return nil, err
	}
	described, err := e.Query(ctx, "DESCRIBE SELECT * FROM "+from)
	if err != nil {
		return nil, unreadable(path, err)
	}
	f := &file{path: path, types: map[string]string{}}
	for _, r := range described.Values {
		name, _ := r[0].(string)
		f.names = append(f.names, name)
		f.types[name], _ = r[1].(string)
	}
	if width > 0 && width < len(f.names) { // cells that rows have beyond the header are in columns that DuckDB makes up
		f.names, f.beyond = f.names[:width], f.names[width:]
	}
	if o.Version == "" {
		o.Version = versionOf(f.names)
	}
	rules, err := Rules(o.Version)
	if err != nil {
		return nil, err
	}
	if err := e.Exec(ctx, "CREATE VIEW looked_at AS "+f.view(from)); err != nil {
		return nil, unreadable(path, err)
	}
	rep = &Report{Of: filepath.Base(path), Version: o.Version, Results: []Result{}, Queries: []analysis.QueryTrace{}}
	counted, header := f.split(rules, o.Version)
	ask := func(ctx context.Context, name string, q query.Fragment) (*store.Rows, error) {
		rows, err := e.Query(ctx, strings.ReplaceAll(q.SQL, "{charges}", "looked_at"), q.Params...)
		if err != nil {
			return nil, unreadable(path, err)
		}
		rep.Queries = append(rep.Queries, analysis.QueryTrace{Name: name, SQL: strings.ReplaceAll(q.SQL, "{charges}", filepath.Base(path)), Params: []any{}, Rows: len(rows.Values)})
		return rows, nil
	}
	if len(counted) == 0 { // none of its columns is FOCUS's
		rows, err := ask(ctx, "rows", query.F("SELECT CAST(count(*) AS BIGINT) FROM {charges}"))
		if err != nil {
			return nil, err
		}
		rep.Rows, _ = rows.Values[0][0].(int64)
	} else if err := rep.measure(ctx, ask, counted, query.F("true"), f.raw); err != nil {
		return nil, err
	}
	for i := range header {
		if header[i].Outcome == Failed && header[i].Rows == 0 {
			header[i].Rows = rep.Rows
		}
	}
	for i := range rep.Results {
		rep.Results[i].SQL = strings.ReplaceAll(rep.Results[i].SQL, "{charges}", filepath.Base(path))
	}
	rep.Results = append(rep.Results, header...)
	slices.SortStableFunc(rep.Results, func(a, b Result) int { return strings.Compare(a.Column, b.Column) })
	rep.score()
	return rep, nil
}

// unreadable says that a file is none, in DuckDB's first line without its path.
func unreadable(path string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s cannot be read as CSV or Parquet: %s", filepath.Base(path), strings.ReplaceAll(line, path, filepath.Base(path)))
}

// packing is how a file's bytes are packed.
type packing string

const (
	parquet packing = "parquet"
	plain   packing = "none"
	gzipped packing = "gzip"
	zstd    packing = "zstd"
)

// sniff tells it by the first bytes.
func sniff(path string) (packing, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s: no such file", path)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file; name one part of the export", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if n == 0 {
		return "", fmt.Errorf("%s: the file is empty", path)
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	switch {
	case bytes.Equal(head, []byte("PAR1")):
		return parquet, nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd, nil
	}
	return plain, nil
}

// relation is how DuckDB reads a file. What separates the cells of a CSV is told by its first line alone: a guess from the rows is led
// astray by the broken ones.
func relation(ctx context.Context, e *store.Engine, path string, pack packing) (from string, width int, err error) {
	lit := store.QuoteLiteral(path)
	if pack == parquet {
		return "read_parquet(" + lit + ", hive_partitioning=false)", 0, nil
	}
	rows, err := e.Query(ctx, "SELECT line FROM read_csv("+lit+", header=false, auto_detect=false, delim='\x01', quote='', escape='', strict_mode=false, columns={'line': 'VARCHAR'}, compression='"+string(pack)+"') LIMIT 1")
	if err != nil {
		return "", 0, unreadable(path, err)
	}
	comma := ","
	if len(rows.Values) == 1 {
		first, _ := rows.Values[0][0].(string)
		for _, c := range []string{";", "\t", "|"} {
			if strings.Count(first, c) > strings.Count(first, comma) {
				comma = c
			}
		}
		header := csv.NewReader(strings.NewReader(first))
		header.Comma, header.LazyQuotes = rune(comma[0]), true
		if cells, err := header.Read(); err == nil {
			width = len(cells)
		}
	}
	return "read_csv(" + lit + ", header=true, all_varchar=true, delim=" + store.QuoteLiteral(comma) + `, quote='"', escape='"', nullstr=['','NULL'], null_padding=true, strict_mode=false, compression='` + string(pack) + "')", width, nil
}

// file is an export's header.
type file struct {
	path   string
	names  []string
	types  map[string]string
	beyond []string // names that DuckDB gave to cells beyond the header's last
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// raw is the name of a column's values as they were written; empty where the file lacks it.
func (f *file) raw(column string) string {
	if slices.Contains(f.names, column) {
		return quoted("raw " + column)
	}
	return ""
}

// view selects every FOCUS column of any version, as its type where it can be read so, and as it was written.
func (f *file) view(from string) string {
	var sel []string
	for _, c := range focus.Columns() {
		if c.Own {
			continue
		}
		typ := map[focus.Type]string{focus.Decimal: fmt.Sprintf("DECIMAL(%d,%d)", store.MoneyPrecision, store.MoneyScale), focus.DateTime: "TIMESTAMP"}[c.Type]
		if typ == "" {
			typ = "VARCHAR"
		}
		if !slices.Contains(f.names, c.Name) {
			sel = append(sel, "CAST(NULL AS "+typ+") AS "+quoted(c.Name))
			continue
		}
		text := "CAST(" + quoted(c.Name) + " AS VARCHAR)"
		if t := f.types[c.Name]; strings.HasPrefix(t, "MAP") || strings.HasPrefix(t, "STRUCT") {
			text = "CAST(to_json(" + quoted(c.Name) + ") AS VARCHAR)"
		}
		typed := text
		switch c.Type {
		case focus.Decimal:
			typed = "TRY_CAST(" + text + " AS " + typ + ")"
		case focus.DateTime:
			typed = "CAST(TRY_CAST(" + text + " AS TIMESTAMPTZ) AS TIMESTAMP)"
		}
		sel = append(sel, typed+" AS "+quoted(c.Name), text+" AS "+quoted("raw "+c.Name))
	}
	for _, n := range f.beyond {
		sel = append(sel, quoted(n)+" AS "+quoted("beyond "+n))
	}
	return "SELECT " + strings.Join(sel, ",\n  ") + "\nFROM " + from
}

// split gives the rules that rows are counted for, their conditions in SQL, and the outcomes of those that the header decides.
func (f *file) split(rules []Rule, version string) (counted []Rule, header []Result) {
	for _, r := range rules {
		res := Result{Rule: r.ID, Column: r.Column, Level: r.Level, Words: r.Words, Outcome: Passed}
		there := slices.Contains(f.names, r.Column)
		raw := f.raw(r.Column)
		switch {
		case r.Condition == condWidth:
			if len(f.beyond) > 0 {
				r.Condition = quoted("beyond "+f.beyond[0]) + " IS NOT NULL"
				counted = append(counted, r)
			} else {
				header = append(header, res)
			}
			continue
		case r.Condition == condCustom:
			for _, n := range f.names {
				if c, ok := column(n); (!ok || !c.In(version)) && !strings.HasPrefix(n, "x_") {
					res.Outcome, res.Example = Failed, clip(strings.TrimPrefix(res.Example+", "+n, ", "))
				}
			}
			header = append(header, res)
			continue
		case r.Condition == condPresent:
			if !there {
				res.Outcome, res.Example = Failed, "there is no column "+r.Column
			}
			header = append(header, res)
			continue
		case !there, r.Condition == condISO && f.types[r.Column] != "VARCHAR":
			res.Outcome = NotApplicable
			header = append(header, res)
			continue
		case r.Condition == r.Column+" IS NULL": // a value that cannot be read is one
			r.Condition = raw + " IS NULL"
		case r.Condition == condDecimal, r.Condition == condTime:
			r.Condition = raw + " IS NOT NULL AND " + quoted(r.Column) + " IS NULL"
		case r.Condition == condISO:
			r.Condition = `NOT regexp_matches(` + raw + `, '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$')`
		case r.Condition == condJSON:
			r.Condition = "CASE WHEN " + raw + " IS NULL THEN false WHEN json_valid(" + raw + ") THEN json_type(" + raw + ") <> 'OBJECT' ELSE true END"
		}
		counted = append(counted, r)
	}
	return counted, header
}
