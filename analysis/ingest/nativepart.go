package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis/focus"
	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// native is what a part of a dialect knows beside what every part does.
type native struct {
	reading  *dialect.Reading
	columns  []column
	src      string    // SQL: every column of the dialect, typed, from the file
	table    *setTable // nil: every row makes what the dialect makes of its tags
	leaves   string    // SQL: of a Parquet file, what is read of it
	same     present   // by the dialect's name for a column: the text, as SQL, of every row
	variants []map[group]*groupSums
	variant  int
	witness  []bool // by variant: see [dialect.Variant]
	sure     bool   // its rows or a manifest say of which variant it is
	currency string // of rows that name none; empty: the dialect's
}

// nativeCSV makes a part of a tallied file of a dialect: CSV or JSON lines.
func nativeCSV(ctx context.Context, w *store.Writer, t *tally, o Options) (*part, error) {
	exprs := make([]string, len(t.columns))
	types := make([]string, len(t.columns))
	for i, c := range t.columns {
		typ, expr := "VARCHAR", ident(fmt.Sprintf("c%d", i))
		switch {
		case !c.known:
		case c.kind == kindDecimal:
			if !c.big && c.digits+c.scale <= 18 {
				typ = fmt.Sprintf("DECIMAL(18,%d)", c.scale)
				expr = "CAST(" + expr + " AS " + money + ")"
			} else {
				expr = wide(expr)
			}
		case c.kind == kindTime:
			typ = "TIMESTAMP"
			if c.oddTimes || c.oddDates {
				typ = "VARCHAR"
				x := expr
				if expr = zoned(x); c.oddDates {
					expr = dialectTime(x, expr)
				}
			}
		case c.kind == kindTags:
			if c.pyTags {
				expr = jsonOfPython(expr)
			}
			if c.oddTags {
				expr = tagsObject(expr)
			}
			if t.paddedTags {
				expr = padded(expr)
			}
		}
		types[i], exprs[i] = typ, expr
		if !c.filled && c.kind != kindText {
			exprs[i] = "" // nothing to read, and nothing is known of how it would be
		}
	}
	from := ""
	if t.paths != nil {
		from = t.paths.relation(t.source, types)
	} else {
		from = t.csvRelation(types)
	}
	p := &part{src: t.source, sha: t.sha, version: t.version, warnings: t.warnings.all(), native: &native{currency: o.Currency,
		reading: t.reading, columns: t.columns, variants: t.variants, variant: variantOf(t.reading.Dialect, t.witness), witness: t.witness}}
	table, err := textSets(ctx, w, p.native, t.source, t.sets, exprs)
	if err != nil {
		return nil, p.explain(err)
	}
	p.native.reads(exprs, make([]string, len(exprs)), from, table)
	return p, p.mapped(ctx, w)
}

// csvRelation reads the file with DuckDB: its columns as c0, c1, ... of the given types. DuckDB's strict mode takes one way of ending
// lines for a whole file; what else it refuses the tally has refused already.
func (t *tally) csvRelation(types []string) string {
	cols := make([]string, len(types))
	for i, typ := range types {
		cols[i] = fmt.Sprintf("'c%d': '%s'", i, typ)
	}
	compression := map[compression]string{plain: "none", gzips: "gzip", zstds: "zstd"}[t.source.pack]
	return fmt.Sprintf(`read_csv(%s, header=true, skip=%d, auto_detect=false, delim=%s, quote='"', escape='"', nullstr=['','NULL'], compression='%s', strict_mode=%t, columns={%s})`,
		store.QuoteLiteral(t.source.at), t.skip, store.QuoteLiteral(string(t.comma)), compression, !(t.breaks.lf && t.breaks.crlf), strings.Join(cols, ", "))
}

// reads settles how the file's columns are read; with a table, rows that are in it leave the columns it is for unread.
func (n *native) reads(exprs, totals []string, from string, table *setTable) {
	more := ""
	if n.table = table; table != nil {
		exprs = slices.Clone(exprs)
		for _, i := range table.cols {
			if exprs[i] = fmt.Sprintf("CASE WHEN %s IS NULL THEN %s END", ident(setKey), exprs[i]); table.whole {
				exprs[i] = ""
			}
		}
		from, more = table.join(from), table.columns()
	}
	if n.leaves != "" {
		from = "(SELECT " + n.leaves + more + " FROM " + from + ")"
	}
	n.src = srcSQL(n.reading, n.columns, exprs, totals, more, from)
}

// money is the store's type for amounts.
var money = store.Column{Type: focus.Decimal}.SQLType()

// srcSQL is the relation "src" of a dialect's SQL: every column the dialect has, from a file whose columns read as exprs; an
// empty one is null. totals are how amounts are added up, where that is not by their text; more is selected beside them.
func srcSQL(r *dialect.Reading, cols []column, exprs, totals []string, more, from string) string {
	type bound struct{ expr, key, total string }
	have := map[string][]bound{}
	for i, c := range cols {
		if c.known && exprs[i] != "" {
			have[c.native] = append(have[c.native], bound{exprs[i], c.tag, totals[i]})
		}
	}
	var sel []string
	add := func(name string, kind dialect.Kind) {
		typ := store.Column{Type: nativeTypes[kind]}.SQLType()
		expr := "CAST(NULL AS " + typ + ")"
		var tags []string
		whole, sum := "", ""
		for _, b := range have[name] {
			if b.key == "" {
				whole, sum = b.expr, b.total
			} else {
				tags = append(tags, fmt.Sprintf("CASE WHEN %[1]s IS NOT NULL THEN concat(%[2]s, CAST(to_json(%[1]s) AS VARCHAR)) END", b.expr, store.QuoteLiteral(jsonText(b.key)+":")))
			}
		}
		switch {
		case whole != "":
			expr = whole
		case len(tags) > 0:
			list := "concat_ws(',', " + strings.Join(tags, ", ") + ")"
			expr = "CASE WHEN " + list + " <> '' THEN concat('{', " + list + ", '}') END"
		}
		sel = append(sel, expr+" AS "+ident(name))
		if kind == dialect.Amounts {
			total := "CAST(NULL AS " + typ + ")"
			if whole != "" {
				total = cmp.Or(sum, amountsTotal(whole))
			}
			sel = append(sel, "CAST("+total+" AS "+money+") AS "+ident(dialect.TotalOf(name)))
		}
	}
	done := map[string]bool{}
	for _, c := range r.Dialect.Columns {
		add(c.Name, c.Kind)
		done[c.Name] = true
	}
	for _, f := range r.Dialect.Families {
		if !done[f.Name] { // one that may also be there as a single column is among the columns
			add(f.Name, dialect.Tags)
			done[f.Name] = true
		}
	}
	return "SELECT " + strings.Join(sel, ",\n    ") + more + "\n  FROM " + from
}

// jsonText is a string as JSON writes it.
func jsonText(s string) string {
	b, _ := json.Marshal(s) // a string: it cannot fail
	return string(b)
}

// fill puts into a dialect's SQL what is known of the file.
func (n *native) fill(text string) string {
	text = strings.ReplaceAll(strings.TrimRight(strings.TrimSpace(text), ";"), "{variant}", store.QuoteLiteral(n.name()))
	return hasColumn.ReplaceAllStringFunc(text, func(m string) string {
		return fmt.Sprint(n.reading.Has(hasColumn.FindStringSubmatch(m)[1]))
	})
}

var hasColumn = regexp.MustCompile(`\{has:([a-z0-9_]+)\}`)

// mapped has the dialect's SQL make FOCUS columns of the file, in the part's variant.
func (p *part) mapped(ctx context.Context, w *store.Writer) error {
	n := p.native
	d := n.reading.Dialect
	v := n.v()
	q := "WITH " + n.sets(n.src) + "\nSELECT *"
	if c := cmp.Or(n.currency, d.Key.DefaultCurrency); c != "" { // rows that name none
		q += " REPLACE (CASE WHEN BillingCurrency IS NULL THEN " + store.QuoteLiteral(c) + " ELSE BillingCurrency END AS BillingCurrency)"
	}
	q += " FROM (\n" + n.fill(d.SQL) + "\n)"
	rows, err := w.Query(ctx, "SELECT column_name FROM (DESCRIBE "+q+")")
	if err != nil {
		return fmt.Errorf("the mapping %s cannot be carried out: %w", d.Mapping(), err)
	}
	p.from, p.have, p.same = "("+q+")", present{}, present{}
	for _, r := range rows.Values {
		name := text(r[0])
		c, ok := byName()[strings.ToLower(name)]
		if !ok || c.Name != name {
			return fmt.Errorf("the mapping %s selects %q, which is no column of the store", d.Mapping(), name)
		}
		p.have[name] = ident(name)
	}
	for name, of := range d.Plain() {
		if strings.HasPrefix(of, "'") {
			p.same[name] = of
		} else if v := n.same[of]; v != "" {
			p.same[name] = v
		}
	}
	p.version = d.Name
	if len(d.Variants) > 1 {
		p.version += " " + v.Name
	}
	p.groups, p.rows = map[group]*groupSums{}, 0
	for g, s := range n.variants[n.variant] {
		if s.rows > 0 {
			p.groups[g] = s
			p.rows += s.rows
		}
	}
	return nil
}

// controlled are the costs that the part's variant has a control for.
func (n *native) controlled() [len(costs)]bool {
	v := n.reading.Dialect.Variants[n.variant]
	return [...]bool{len(v.Billed) > 0, len(v.Effective) > 0, len(v.List) > 0, len(v.Contracted) > 0}
}

// settle compares what was written of a part with the dialect's controls, and takes over the sums of the costs that have none.
func (l *load) settle(ctx context.Context, p *part, files []string) error {
	wrote, err := readBack(ctx, l.w, files)
	if err != nil {
		return err
	}
	controlled := p.native.controlled()
	for g, s := range p.groups {
		other := wrote[g]
		if other == nil {
			continue
		}
		for k := range costs {
			if !controlled[k] {
				s.cost[k] = other.cost[k]
			}
		}
	}
	return reconcile(p.src.path, p.groups, wrote)
}

// mappingOf is what the record of a load calls the mapping of a part.
func (p *part) mapping() string {
	if p.native == nil {
		return mappingVersion
	}
	return p.native.reading.Dialect.Mapping()
}

// nativeParquet makes a part of a Parquet file of a dialect. DuckDB does the tally; the controls are the same.
func (p *part) nativeParquet(ctx context.Context, w *store.Writer, cols []column, read []leaf, h header, o Options, warn *warnings) error {
	d := h.reading.Dialect
	var cells []parquetCell
	var of []int // the columns of the cells
	for i, c := range cols {
		if !c.known {
			continue
		}
		cell, err := newParquetCell(c, read[i].expr, strings.ToUpper(read[i].typ), false)
		if err != nil {
			return &Error{File: p.src.path, Column: read[i].at + 1, Name: c.name, Problem: err.Error(), Expected: "a plain value"}
		}
		cell.column = read[i].at
		cells, of = append(cells, cell), append(of, i)
	}
	p.from = fmt.Sprintf("read_parquet(%s, hive_partitioning=false)", store.QuoteLiteral(p.src.at))
	p.native = &native{currency: o.Currency, reading: h.reading, columns: cols, same: present{}}
	table, err := p.parquetSets(ctx, w, read)
	if err != nil {
		return err
	}
	if table != nil { // which has them checked
		left, leftOf := cells[:0], of[:0]
		for k, i := range of {
			if !slices.Contains(table.cols, i) {
				left, leftOf = append(left, cells[k]), append(leftOf, i)
			}
		}
		cells, of = left, leftOf
	}
	if err := p.checkParquet(ctx, w, cells, warn); err != nil {
		return err
	}
	// Two layers: what lies in the file, with the texts of numbers that are read by them, and what the dialect has of it.
	exprs, totals := make([]string, len(cols)), make([]string, len(cols))
	leaves := []string{"true AS " + ident("a row")}
	for k, i := range of {
		if !cells[k].filled {
			continue
		}
		name, typ := ident(fmt.Sprintf("leaf %d", i)), strings.ToUpper(read[i].typ)
		cell, err := newParquetCell(cols[i], name, typ, false)
		if err != nil {
			return err // which it was not before
		}
		if cols[i].kind == kindText && cols[i].tag == "" {
			p.native.same[cols[i].native] = cells[k].same
		}
		leaves = append(leaves, cmp.Or(cells[k].same, read[i].expr)+" AS "+name)
		if exprs[i], totals[i] = cell.value, cell.total; cells[k].plain {
			exprs[i] = cell.whole
		}
		if typ == "DOUBLE" && cols[i].kind == kindDecimal {
			t := ident(fmt.Sprintf("text %d", i))
			leaves = append(leaves, floatText(read[i].expr, typ)+" AS "+t)
			exprs[i] = wideFloat(name, typ, t)
		}
	}
	p.native.leaves = strings.Join(leaves, ", ")
	p.native.reads(exprs, totals, p.from, nil) // the tally needs no tags
	witness, err := p.nativeTally(ctx, w, d, o)
	if err != nil {
		return err
	}
	p.native.variant, p.native.witness = variantOf(d, witness), witness
	p.native.reads(exprs, totals, p.from, table)
	return p.mapped(ctx, w)
}

// nativeTally adds up a Parquet file by the controls of every variant, in one pass, and says of which variants it has a witness.
func (p *part) nativeTally(ctx context.Context, w *store.Writer, d *dialect.Dialect, o Options) (witness []bool, err error) {
	first := func(names []string, last string) string {
		e := "CASE"
		for _, n := range names {
			e += " WHEN " + ident(n) + " IS NOT NULL THEN CAST(" + ident(n) + " AS VARCHAR)"
		}
		if len(names) == 0 {
			return last
		}
		return e + " ELSE " + last + " END"
	}
	provider := first(d.Key.ProviderColumns, store.QuoteLiteral(cmp.Or(d.Key.Provider, unknownProvider)))
	source := store.QuoteLiteral(o.Source)
	if o.Source == "" {
		source = "concat(" + provider + ", '/', " + first(d.Key.Account, "''") + ")"
	}
	currency := "NULL"
	if c := cmp.Or(o.Currency, d.Key.DefaultCurrency); c != "" {
		currency = store.QuoteLiteral(c)
	}
	var sums []string
	for _, v := range d.Variants {
		rows := "1"
		if len(v.Rows) > 0 {
			rows = "CASE"
			for _, c := range v.Rows {
				rows += fmt.Sprintf(" WHEN %s THEN %d", dialect.All(c.When), c.N)
			}
			rows += " ELSE 1 END"
		}
		any := make([]string, len(v.Witness))
		for k, conds := range v.Witness {
			any[k] = dialect.All(conds)
		}
		if len(any) == 0 {
			any = []string{"false"}
		}
		sums = append(sums, "count(*) FILTER (WHERE ("+strings.Join(any, ") OR (")+"))", "CAST(sum("+rows+") AS BIGINT)")
		for _, r := range []dialect.Rules{v.Billed, v.Effective, v.List, v.Contracted} {
			sums = append(sums, "CAST(sum("+r.SQL()+") AS "+money+")")
		}
	}
	found, err := w.Query(ctx, fmt.Sprintf("SELECT %s, %s, %s, %s, %s FROM (%s) AS src GROUP BY ALL",
		source, provider, first(d.Key.Month, "NULL"), first(d.Key.Currency, currency), strings.Join(sums, ", "), p.native.src))
	if err != nil {
		return nil, p.explain(err)
	}
	witness = make([]bool, len(d.Variants))
	p.native.variants = make([]map[group]*groupSums, len(d.Variants))
	for i := range d.Variants {
		p.native.variants[i] = map[group]*groupSums{}
	}
	for _, r := range found.Values {
		month, ok := monthOf(text(r[2]))
		if !ok {
			return nil, &Error{File: p.src.path, Problem: "a row has no billing month that can be read", Expected: "a month in every row, in " + strings.Join(d.Key.Month, " or ")}
		}
		if text(r[3]) == "" {
			return nil, &Error{File: p.src.path, Problem: "a row has no currency", Expected: "one in every row, in " + strings.Join(d.Key.Currency, " or ") + sayCurrency}
		}
		g := group{Partition: store.Partition{Source: text(r[0]), Provider: text(r[1]), Month: month}, Currency: text(r[3])}
		for i, out := range p.native.variants {
			s := out[g]
			if s == nil {
				s = &groupSums{}
				out[g] = s
			}
			values := r[4+i*(2+len(costs)):]
			seen, _ := values[0].(int64)
			witness[i] = witness[i] || seen > 0
			n, _ := values[1].(int64)
			s.rows += n
			for k := range costs {
				if d, ok := values[2+k].(decimal.Decimal); ok {
					s.cost[k].add(number{big: &d})
				}
			}
		}
	}
	return witness, nil
}
