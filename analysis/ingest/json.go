package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// JSON lines, as BigQuery writes a table: an object a line, with objects in it. A column of a dialect is a path of keys, and the
// path "service.description" is found as the header "service.description" of a CSV file would be. There is no header: any row may
// bring keys that no row before had, so every column of the dialect is there from the start, and what of them the rows have is known
// in the end.
//
// Numbers are floating-point numbers to everyone who reads JSON, DuckDB included. So they are here: each counts as the shortest decimal
// that stands for it, which is the number as written wherever it has no more than fifteen digits. Numbers written as text are exact.

// maxObject is the longest line: what DuckDB's reader takes by itself.
const maxObject = 16 << 20

// deepObject is how many brackets a line may open before it is looked at more closely; a bill's line opens a few dozen.
const deepObject = 1000

// readLines tallies a file of JSON lines, in pieces side by side, or from the front where anything is wrong, as [readTally] does.
func readLines(ctx context.Context, src source, o Options) (*tally, error) {
	t, err := tallyLines(ctx, src, o, min(runtime.GOMAXPROCS(0), mostReaders))
	if err == nil || ctx.Err() != nil {
		return t, err
	}
	if t, err = tallyLines(ctx, src, o, 1); err != nil && src.pack != plain {
		if damage := src.damage(ctx); damage != nil {
			return nil, damage
		}
	}
	return t, err
}

func tallyLines(ctx context.Context, src source, o Options, readers int) (*tally, error) {
	r, err := src.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cut := newCutter(r, readers+2)
	cut.most, cut.tooLong, cut.ends = maxObject, errObjectTooLong, func(b []byte) int { return bytes.LastIndexByte(b, newline) + 1 }
	first, err := cut.next()
	if err != nil {
		return nil, src.readError(err)
	}
	t := newTally(src, ',')
	if err := t.readPaths(first.data, o); err != nil {
		return nil, err
	}
	pieces := make(chan piece, readers)
	g, gctx := errgroup.WithContext(ctx)
	parts := make([]*tally, readers)
	walks := make([]*walk, readers)
	for i := range readers {
		parts[i] = t.another()
		walks[i] = newWalk(parts[i], o)
		g.Go(func() error {
			defer walks[i].row.finish()
			for p := range pieces {
				if err := walks[i].piece(p); err != nil {
					return err
				}
				cut.recycle(p)
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(pieces)
		p := first
		for {
			select {
			case pieces <- p:
			case <-gctx.Done():
				return gctx.Err()
			}
			if o.Progress != nil {
				o.Progress(Progress{Step: "checking", File: src.path, Done: r.n})
			}
			var err error
			if p, err = cut.next(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return src.readError(err)
			}
		}
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		t.absorb(p)
	}
	if err := t.paths.join(walks); err != nil {
		return nil, &Error{File: src.path, Problem: err.Error(), Expected: "one way of writing in the whole file"}
	}
	t.keepPaths()
	return t.complete(r)
}

// readPaths finds the dialect by the paths of the first rows.
func (t *tally) readPaths(sample []byte, o Options) error {
	bad := func(problem, expected string) error {
		return &Error{File: t.source.path, Line: 1, Problem: problem, Expected: expected}
	}
	if bytes.HasPrefix(sample, []byte(utf8BOM)) {
		return bad("it begins with a byte order mark, which JSON has none of", "JSON lines in UTF-8")
	}
	names := pathsOf(sample)
	if len(names) == 0 {
		return bad(clip(bytes.TrimSpace(sample))+" is no JSON object", "one object a line")
	}
	h, err := detect(t.source.path, names, o.Mappings)
	if err != nil {
		return err
	}
	if h.reading == nil {
		return bad("it is FOCUS written as JSON lines", "FOCUS as CSV or Parquet")
	}
	d := h.reading.Dialect
	full := &dialect.Reading{Dialect: d}
	for _, c := range d.Columns {
		b := dialect.Bound{Header: c.Name, Column: c.Name, Kind: c.Kind}
		if i := slices.IndexFunc(h.reading.Bound, func(b dialect.Bound) bool { return b.Column == c.Name }); i >= 0 {
			b.Header = h.reading.Bound[i].Header
		}
		full.Bound = append(full.Bound, b)
	}
	t.version, t.columns, t.paths = d.Name, bind(full), &jsonPaths{}
	t.read(full)
	return nil
}

// pathsOf lists the paths that the first rows of some text have, in their order.
func pathsOf(sample []byte) (paths []string) {
	const rows = 200
	seen := map[string]bool{}
	n := 0
	for line := range bytes.Lines(sample) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if n++; n > rows || line[0] != '{' || tooDeep(line) || !gjson.ValidBytes(line) {
			return paths // the tally says what is wrong and where
		}
		leaves("", gjson.ParseBytes(line), func(path string) {
			if !seen[path] {
				seen[path], paths = true, append(paths, path)
			}
		})
	}
	return paths
}

// leaves calls back with the path of each value that is no object.
func leaves(at string, object gjson.Result, leaf func(path string)) {
	object.ForEach(func(key, value gjson.Result) bool {
		path := key.String()
		if at != "" {
			path = at + "." + path
		}
		if value.IsObject() {
			leaves(path, value, leaf)
		} else {
			leaf(path)
		}
		return true
	})
}

// tooDeep reports whether a line has more lists and objects inside one another than a bill has.
func tooDeep(line []byte) bool {
	if bytes.Count(line, []byte{'['})+bytes.Count(line, []byte{'{'}) < deepObject {
		return false
	}
	depth, text := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			if depth++; depth > deepest {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// jsonKey is a key somewhere in the rows, and what it is to the dialect.
type jsonKey struct {
	path     []string
	fold     string
	col      int  // -1 when it is no column
	below    bool // columns may lie below it
	object   bool // it held an object that was looked into
	other    bool // it held something else where an object may stand
	children map[string]*jsonKey
}

// walk reads rows along the keys they have.
type walk struct {
	row    *rowReader
	root   *jsonKey
	keys   int
	folds  map[string]int // columns by their folded names
	fields [][]byte
	set    []int64 // per column, the line it was last set on
	line   int64
	err    error
	text   []byte // numbers brought to their shortest form
}

// mostKeys bounds how many different keys are remembered; more than a bill has, keys are ignored that are no columns.
const mostKeys = 20_000

func newWalk(t *tally, o Options) *walk {
	w := &walk{row: newRowReader(t, o), root: &jsonKey{col: -1, below: true, object: true, children: map[string]*jsonKey{}}, folds: map[string]int{},
		fields: make([][]byte, len(t.columns)), set: make([]int64, len(t.columns))}
	d := t.reading.Dialect
	for i, c := range d.Columns {
		for _, n := range append([]string{c.Name}, c.Also...) {
			w.folds[dialect.Fold(n)] = i
		}
	}
	return w
}

// child finds what a key below another one is.
func (w *walk) child(k *jsonKey, name string) *jsonKey {
	if c, ok := k.children[name]; ok {
		return c
	}
	c := &jsonKey{path: append(slices.Clip(k.path), strings.Clone(name)), col: -1}
	c.fold = k.fold + dialect.Fold(name)
	plainName := !strings.ContainsFunc(name, unicode.IsControl) && utf8.ValidString(name)
	if i, ok := w.folds[c.fold]; ok && c.fold != k.fold && plainName {
		c.col = i
		w.row.t.columns[i].name = strings.Join(c.path, ".")
	} else if plainName {
		for f := range w.folds {
			c.below = c.below || len(f) > len(c.fold) && strings.HasPrefix(f, c.fold)
		}
	}
	if w.keys < mostKeys || c.col >= 0 {
		w.keys++
		if k.children == nil {
			k.children = map[string]*jsonKey{}
		}
		k.children[c.path[len(c.path)-1]] = c
	}
	return c
}

// piece reads the rows of a piece.
func (w *walk) piece(p piece) error {
	line := p.line
	for b := range bytes.Lines(p.data) {
		if err := w.object(line, b); err != nil {
			return err
		}
		line++
	}
	return nil
}

// object reads one line. Nothing of it is copied: the fields are pieces of the line, and are not kept.
func (w *walk) object(line int64, b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil
	}
	switch r := w.row; {
	case !utf8.Valid(b):
		return r.fail(line, -1, clip(b)+" is not UTF-8", "text in UTF-8")
	case len(b) > maxObject:
		return r.fail(line, -1, errObjectTooLong.Error(), "one charge a line")
	case tooDeep(b):
		return r.fail(line, -1, "it "+errTooDeep.Error(), "the lines that an export writes")
	case b[0] != '{' || !gjson.ValidBytes(b):
		return r.fail(line, -1, clip(b)+" is no JSON object", "one object a line")
	}
	clear(w.fields)
	w.line, w.err, w.text = line, nil, w.text[:0]
	w.below(w.root, gjson.Parse(unsafe.String(&b[0], len(b))))
	if w.err != nil {
		return w.err
	}
	return w.row.add(line, w.fields)
}

var errObjectTooLong = fmt.Errorf("a line of more than %d MiB", maxObject>>20)

// below reads an object's values.
func (w *walk) below(at *jsonKey, object gjson.Result) {
	object.ForEach(func(key, value gjson.Result) bool {
		k := w.child(at, key.Str)
		switch {
		case k.col >= 0:
			w.value(k, value)
		case !k.below || value.Type == gjson.Null:
		case value.IsObject():
			k.object = true
			w.below(k, value)
		default:
			k.other = true
		}
		return w.err == nil
	})
}

func (w *walk) fail(k *jsonKey, problem, expected string) {
	w.err = w.row.fail(w.line, k.col, problem, expected)
}

func (w *walk) value(k *jsonKey, v gjson.Result) {
	c := &w.row.t.columns[k.col]
	k.object = true // it is read
	if w.set[k.col] == w.line {
		w.fail(k, "it is there twice", "each key once")
		return
	}
	w.set[k.col] = w.line
	switch v.Type {
	case gjson.Null:
	case gjson.String:
		w.fields[k.col] = unsafe.Slice(unsafe.StringData(v.Str), len(v.Str))
	case gjson.Number:
		w.fields[k.col] = w.shortest(v.Raw, c)
	case gjson.JSON:
		if c.kind != kindTags && c.kind != kindAmounts && c.kind != kindText {
			w.fail(k, clip([]byte(v.Raw))+" is no plain value", "a number or a text")
			return
		}
		w.fields[k.col] = unsafe.Slice(unsafe.StringData(v.Raw), len(v.Raw))
	default: // true and false
		w.fields[k.col] = unsafe.Slice(unsafe.StringData(v.Raw), len(v.Raw))
	}
}

// shortest writes a number as the shortest decimal that stands for the same floating-point number; whole numbers stay exact.
func (w *walk) shortest(raw string, c *column) []byte {
	from := len(w.text)
	w.text = appendShortest(w.text, raw)
	out := w.text[from:len(w.text):len(w.text)]
	if len(out) < len(raw) && c.kind == kindDecimal {
		a, _ := parseNumber(out)
		b, ok := parseNumber([]byte(raw))
		if ok && !a.decimal().Equal(b.decimal()) {
			c.inexact++
		}
	}
	return out
}

func appendShortest(b []byte, raw string) []byte {
	const exact = 15 // digits that every floating-point number holds
	if len(raw) <= exact || !strings.ContainsAny(raw, ".eE") {
		return append(b, raw...)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return append(b, raw...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// jsonPaths are the keys at which a file has its columns.
type jsonPaths struct {
	of   map[int][]string // by column
	root *jsonKey
}

// join puts together what the readers found.
func (p *jsonPaths) join(walks []*walk) error {
	p.of, p.root = map[int][]string{}, &jsonKey{col: -1}
	for _, w := range walks {
		if err := p.add(p.root, w.root); err != nil {
			return err
		}
	}
	return p.root.consistent()
}

// consistent fails when a key that holds columns also held something that is no object, which has no place to be read to.
func (k *jsonKey) consistent() error {
	for _, name := range sortedKeys(k) {
		c := k.children[name]
		if c.col < 0 && c.other && c.duckType() != "" {
			return fmt.Errorf("%s is an object in some rows and none in others", strings.Join(c.path, "."))
		}
		if err := c.consistent(); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonPaths) add(into, from *jsonKey) error {
	for name, k := range from.children {
		if !k.object && !k.other {
			continue
		}
		c := into.children[name]
		if c == nil {
			c = &jsonKey{path: k.path, col: k.col}
			if into.children == nil {
				into.children = map[string]*jsonKey{}
			}
			into.children[name] = c
		}
		c.object, c.other = c.object || k.object, c.other || k.other
		if k.col >= 0 {
			if have := p.of[k.col]; have != nil && !slices.Equal(have, k.path) {
				return fmt.Errorf("%s and %s are both in it and are one column", strings.Join(have, "."), strings.Join(k.path, "."))
			}
			p.of[k.col] = k.path
		}
		if err := p.add(c, k); err != nil {
			return err
		}
	}
	return nil
}

// keepPaths calls the columns by their paths and forgets those that no row has.
func (t *tally) keepPaths() {
	for i := range t.columns {
		if path, ok := t.paths.of[i]; ok {
			t.columns[i].name = strings.Join(path, ".")
			t.reading.Bound[i].Header = t.columns[i].name
		} else {
			t.reading.Bound[i].Column, t.columns[i].known = "", false
		}
	}
	for _, c := range t.columns {
		t.warnings.count(c.inexact, fmt.Sprintf("numbers of %s have more digits than a floating-point number holds and are read as the nearest one", c.name))
	}
}

// relation reads the file with DuckDB: its columns as c0, c1, ... of the given types. Every value is read as text, so that a number is
// never taken through a narrower type than its own.
func (p *jsonPaths) relation(src source, types []string) string {
	var cols []string
	for _, name := range sortedKeys(p.root) {
		k := p.root.children[name]
		if typ := k.duckType(); typ != "" {
			cols = append(cols, store.QuoteLiteral(name)+": "+store.QuoteLiteral(typ))
		}
	}
	sel := make([]string, len(types))
	for i, typ := range types {
		expr := "NULL"
		if path, ok := p.of[i]; ok {
			quoted := make([]string, len(path))
			for n, name := range path {
				quoted[n] = ident(name)
			}
			expr = strings.Join(quoted, ".")
			if len(path) > 1 {
				expr = "(" + quoted[0] + ")." + strings.Join(quoted[1:], ".")
			}
			expr = fmt.Sprintf("CASE WHEN %[1]s IN ('', 'NULL') THEN NULL ELSE %[1]s END", expr)
		}
		sel[i] = fmt.Sprintf("CAST(%s AS %s) AS c%d", expr, typ, i)
	}
	compression := map[compression]string{plain: "uncompressed", gzips: "gzip", zstds: "zstd"}[src.pack]
	return fmt.Sprintf("(SELECT %s FROM read_json(%s, format='newline_delimited', records='true', compression='%s', hive_partitioning=false, maximum_object_size=%d, columns={%s}))",
		strings.Join(sel, ", "), store.QuoteLiteral(src.at), compression, maxObject, strings.Join(cols, ", "))
}

// duckType is the type to read a key as: text, or a struct of the keys below it that are columns.
func (k *jsonKey) duckType() string {
	if k.col >= 0 {
		return "VARCHAR"
	}
	var fields []string
	for _, name := range sortedKeys(k) {
		if typ := k.children[name].duckType(); typ != "" {
			fields = append(fields, ident(name)+" "+typ)
		}
	}
	if len(fields) == 0 {
		return ""
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")"
}

func sortedKeys(k *jsonKey) []string {
	names := make([]string, 0, len(k.children))
	for n := range k.children {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
