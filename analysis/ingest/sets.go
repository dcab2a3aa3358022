package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// What a dialect makes of tags is text taken apart and put together, which is most of the work of a row, and rows have the same tags again
// and again. So it is done once for each distinct combination of them, in a table of DuckDB's that spills like its others, and rows
// look theirs up. A row whose combination is not in the table does the work itself: the table only ever saves work.

// setTable is a table with what a dialect's SetSQL makes of combinations of values.
type setTable struct {
	name  string
	cols  []int    // the columns of the file that are looked up, in the order of the dialect's Sets
	on    string   // SQL: how a row finds its combination
	whole bool     // every combination of the file is in it
	made  []string // the dialect's Made
}

const (
	setKey    = "set key"
	setPrefix = "set of "
)

// setColumns are the columns of the file that are among the dialect's Sets, in their order.
func setColumns(d *dialect.Dialect, cols []column) (out []int) {
	for _, name := range d.Sets {
		for i, c := range cols {
			if c.known && c.native == name && c.tag == "" {
				out = append(out, i)
			}
		}
	}
	return out
}

// join is the relation that reads the file with the table beside it.
func (s *setTable) join(from string) string {
	kind := "LEFT JOIN"
	if s.whole {
		kind = "JOIN"
	}
	return fmt.Sprintf("%s AS of_file %s %s ON %s", from, kind, ident(s.name), s.on)
}

// columns are the table's, as src has them until [part.mapped] takes them.
func (s *setTable) columns() string {
	out := ",\n    " + ident(setKey)
	for _, m := range s.made {
		out += ", " + ident(setPrefix+m)
	}
	return out
}

// src has the dialect's SQL find the Made columns in src, from the table where the row is in it; sets is the relation of the file's own columns.
func (n *native) sets(sets string) string {
	d := n.reading.Dialect
	if d.SetSQL == "" {
		return "src AS NOT MATERIALIZED (\n  " + sets + "\n)"
	}
	own := n.fill(d.SetSQL)
	src := own
	if n.table != nil {
		replace := make([]string, len(n.table.made))
		for i, m := range n.table.made {
			replace[i] = fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN %s ELSE %s END AS %[3]s", ident(setKey), ident(setPrefix+m), ident(m))
		}
		src = "SELECT * REPLACE (" + strings.Join(replace, ", ") + ") FROM (\n" + own + "\n)"
	}
	return "sets AS NOT MATERIALIZED (\n  " + sets + "\n), src AS NOT MATERIALIZED (\n" + src + "\n)"
}

// make fills the table from a relation with the set columns as the dialect knows them and whatever else is to be kept of them.
func (s *setTable) make(ctx context.Context, w *store.Writer, n *native, keep []string, from string) error {
	made := make([]string, len(s.made))
	for i, m := range s.made {
		made[i] = ident(m) + " AS " + ident(setPrefix+m)
	}
	return w.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS WITH sets AS (\n  %s\n), made AS (\n%s\n) SELECT %s FROM made",
		ident(s.name), from, n.fill(n.reading.Dialect.SetSQL), strings.Join(append(keep, made...), ", ")))
}

// setRelation is the relation "sets" of some expressions for the set columns: columns that the file lacks are null.
func setRelation(d *dialect.Dialect, exprs map[string]string, more, from string) string {
	sel := make([]string, len(d.Sets))
	for i, name := range d.Sets {
		sel[i] = "CAST(NULL AS VARCHAR) AS " + ident(name)
		if e := exprs[name]; e != "" {
			sel[i] = e + " AS " + ident(name)
		}
	}
	return "SELECT " + strings.Join(sel, ", ") + more + " FROM " + from
}

// setName names the table of a file.
func setName(src source) string {
	h := fnv.New64a()
	h.Write([]byte(src.path)) // which cannot fail
	return fmt.Sprintf("sets_%x", h.Sum64())
}

// drop gives the table's memory back.
func (s *setTable) drop(ctx context.Context, w *store.Writer) error {
	if s == nil {
		return nil
	}
	return w.Exec(ctx, "DROP TABLE IF EXISTS "+ident(s.name))
}

// setSample is how many rows of a Parquet file are looked at to say whether combinations come again.
const setSample = 20_000

// parquetSets makes the table for a Parquet file, whose distinct combinations DuckDB finds in a pass over the columns they are in. No table
// comes back where it would save nothing, and where a combination is not as it must be, which [part.checkParquet] tells of then.
// Combinations are looked up by their hash, which is compared here for all of them: two with one hash, and there is no table.
func (p *part) parquetSets(ctx context.Context, w *store.Writer, read []leaf) (*setTable, error) {
	n := p.native
	d := n.reading.Dialect
	cols := setColumns(d, n.columns)
	if len(cols) == 0 {
		return nil, nil
	}
	raw, kept := make([]string, len(cols)), make([]string, len(cols))
	for k, i := range cols {
		raw[k], kept[k] = read[i].expr, fmt.Sprintf("r%d", k)
	}
	list, keptList := strings.Join(raw, ", "), strings.Join(kept, ", ")
	few, err := w.Query(ctx, fmt.Sprintf("SELECT count(*) >= 2 * count(DISTINCT h) FROM (SELECT hash(%s) AS h FROM %s LIMIT %d)", list, p.from, setSample))
	if err != nil {
		return nil, p.explain(err)
	}
	if again, _ := few.Values[0][0].(bool); !again {
		return nil, nil
	}
	distinct := setName(p.src) + "_raw"
	named := make([]string, len(cols))
	for k := range cols {
		named[k] = raw[k] + " AS " + kept[k]
	}
	if err := w.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS SELECT *, hash(%s) AS %s FROM (SELECT DISTINCT %s FROM %s)",
		ident(distinct), keptList, ident(setKey), strings.Join(named, ", "), p.from)); err != nil {
		return nil, p.explain(err)
	}
	defer func() { _ = w.Exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+ident(distinct)) }() // it is temporary in any case
	exprs := map[string]string{}
	good := []string{fmt.Sprintf("count(DISTINCT %s) = count(*)", ident(setKey))}
	for k, i := range cols {
		cell, err := newParquetCell(n.columns[i], kept[k], strings.ToUpper(read[i].typ), false)
		if err != nil {
			return nil, nil // it is refused when the columns are checked
		}
		for _, b := range cell.bad {
			good = append(good, "count(*) FILTER (WHERE "+b.sql+") = 0")
		}
		exprs[n.columns[i].native] = cell.value
	}
	ok, err := w.Query(ctx, "SELECT "+strings.Join(good, " AND ")+" FROM "+ident(distinct))
	if err != nil {
		return nil, p.explain(err)
	}
	if fine, _ := ok.Values[0][0].(bool); !fine {
		return nil, nil
	}
	s := &setTable{name: setName(p.src), cols: cols, whole: true, made: d.Made, on: fmt.Sprintf("hash(%s) = %s", list, ident(setKey))}
	if err := s.make(ctx, w, n, []string{ident(setKey)}, setRelation(d, exprs, ", "+ident(setKey), ident(distinct))); err != nil {
		return nil, p.explain(err)
	}
	return s, nil
}

// setRows collects the combinations that the rows of a text file have, up to a bound.
type setRows struct {
	cols  []int
	seen  map[string][]string // by the texts as they lie in the file; the texts themselves, "" for null
	bytes int
	last  []byte
	key   []byte
}

const (
	mostSets     = 1 << 15
	mostSetBytes = 16 << 20
)

func newSetRows(d *dialect.Dialect, cols []column) *setRows {
	s := &setRows{cols: setColumns(d, cols), seen: map[string][]string{}}
	if len(s.cols) == 0 {
		return nil
	}
	return s
}

// add takes the combination of a row; sc is nil for JSON, of which DuckDB reads lists and objects as compact text.
func (s *setRows) add(fields [][]byte, sc *scanner) {
	s.key = s.key[:0]
	for _, i := range s.cols {
		mark := byte(0)
		if sc != nil && sc.ends[i].doubled {
			mark = 1
		}
		s.key = append(append(s.key, fields[i]...), 0, mark)
	}
	if bytes.Equal(s.key, s.last) {
		return
	}
	s.last = append(s.last[:0], s.key...)
	if _, ok := s.seen[string(s.key)]; ok || len(s.seen) >= mostSets || s.bytes+len(s.key) > mostSetBytes {
		return
	}
	texts := make([]string, len(s.cols))
	for k, i := range s.cols {
		b := bytes.Clone(fields[i])
		switch {
		case isNull(b):
			b = nil
		case sc != nil && sc.ends[i].doubled:
			b = b[:unescape(b)]
		case sc == nil && (b[0] == '[' || b[0] == '{'):
			var c bytes.Buffer
			if json.Compact(&c, b) == nil {
				b = c.Bytes()
			}
		}
		texts[k] = string(b)
	}
	s.seen[string(s.key)] = texts
	s.bytes += len(s.key)
}

// absorb adds what another reader of the same file collected.
func (s *setRows) absorb(o *setRows) {
	if s == nil || o == nil {
		return
	}
	for k, texts := range o.seen {
		s.seen[k] = texts
	}
}

// textSets makes the table for a file of text from the combinations that the tally collected. exprs are how the columns are read.
func textSets(ctx context.Context, w *store.Writer, n *native, src source, rows *setRows, exprs []string) (*setTable, error) {
	if rows == nil || len(rows.seen) == 0 {
		return nil, nil
	}
	d := n.reading.Dialect
	var cols []int
	for _, i := range rows.cols {
		if n.columns[i].known && exprs[i] != "" {
			cols = append(cols, i)
		}
	}
	if len(cols) == 0 {
		return nil, nil
	}
	name := setName(src)
	file := filepath.Join(w.Staging(), name+".csv")
	if err := rows.write(file, cols); err != nil {
		return nil, err
	}
	defer os.Remove(file)
	types, keep, on, values := make([]string, len(cols)), make([]string, len(cols)), make([]string, len(cols)), map[string]string{}
	for k, i := range cols {
		c := fmt.Sprintf("c%d", i)
		types[k] = fmt.Sprintf("'%s': 'VARCHAR'", c)
		keep[k] = ident(c) + " AS " + ident(setPrefix+c)
		on[k] = fmt.Sprintf("of_file.%s IS NOT DISTINCT FROM %s", ident(c), ident(setPrefix+c))
		values[n.columns[i].native] = exprs[i]
	}
	s := &setTable{name: name, cols: cols, made: d.Made, on: strings.Join(on, " AND ")}
	from := fmt.Sprintf("(SELECT DISTINCT * FROM read_csv(%s, header=false, auto_detect=false, delim=',', quote='\"', escape='\"', nullstr=[''], columns={%s}, max_line_size=%d))",
		store.QuoteLiteral(file), strings.Join(types, ", "), mostSetBytes)
	var own string
	for _, i := range cols {
		own += ", " + ident(fmt.Sprintf("c%d", i))
	}
	return s, s.make(ctx, w, n, append(keep, "true AS "+ident(setKey)), setRelation(d, values, own, from))
}

// write writes the combinations as CSV without a header.
func (s *setRows) write(file string, cols []int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	out := csv.NewWriter(f)
	row := make([]string, len(cols))
	for _, texts := range s.seen {
		for k, i := range cols {
			row[k] = texts[slices.Index(s.cols, i)]
		}
		if err := out.Write(row); err != nil {
			f.Close()
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
