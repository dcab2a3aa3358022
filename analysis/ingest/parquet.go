package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

// parquetPart checks a Parquet file. Its types are its own, so DuckDB does the tally here; floating-point numbers, which some
// exporters write, are read as the shortest decimal that stands for the float and cut at the store's last digit, with a
// warning that says so.
func parquetPart(ctx context.Context, w *store.Writer, src source, o Options) (*part, error) {
	from := fmt.Sprintf("read_parquet(%s, hive_partitioning=false)", store.QuoteLiteral(src.at))
	desc, err := w.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+from+")")
	if err != nil {
		return nil, &Error{File: src.path, Problem: "it cannot be read as Parquet: " + src.told(err), Expected: "a complete Parquet file; fetch it again"}
	}
	var names, types []string
	for _, r := range desc.Values {
		names, types = append(names, text(r[0])), append(types, text(r[1]))
	}
	h, err := detect(src.path, names, o.Mappings)
	read := make([]leaf, len(names))
	for i, n := range names {
		read[i] = leaf{path: n, expr: ident(n), typ: types[i], at: i}
	}
	if err != nil { // it may be one whose columns lie in structs
		flat, bad := flatten(names, types)
		if bad != nil {
			return nil, &Error{File: src.path, Problem: bad.Error(), Expected: "a billing export"}
		}
		if len(flat) == len(names) {
			return nil, err
		}
		read, names = flat, make([]string, len(flat))
		for i, l := range flat {
			names[i] = l.path
		}
		nested, other := detect(src.path, names, o.Mappings)
		if other != nil || nested.reading == nil {
			return nil, err
		}
		h = nested
	}
	cols := h.columns
	p := &part{src: src, version: h.version, from: from, have: present{}, same: present{}}
	warn := newWarnings()
	if h.reading != nil {
		if err := p.nativeParquet(ctx, w, cols, read, h, o, warn); err != nil {
			return nil, err
		}
		return p.complete(ctx, warn)
	}
	warn.header(cols, h.unknown)
	var cells []parquetCell
	for i, c := range cols {
		if !c.known {
			continue
		}
		cell, err := newParquetCell(c, read[i].expr, strings.ToUpper(types[i]), false)
		if err != nil {
			return nil, &Error{File: src.path, Column: i + 1, Name: c.name, Problem: err.Error(), Expected: "a plain value"}
		}
		cell.column = i
		cells = append(cells, cell)
	}
	if err := p.checkParquet(ctx, w, cells, warn); err != nil {
		return nil, err
	}
	for _, cell := range cells {
		if !cell.filled {
			continue
		}
		c := cols[cell.column]
		if p.have[c.focus.Name] = cell.value; cell.same != "" {
			same, err := newParquetCell(c, cell.same, "VARCHAR", true)
			if err != nil {
				return nil, err // which it was not before
			}
			p.have[c.focus.Name], p.same[c.focus.Name] = same.value, same.value
		}
	}
	if err := p.tally(ctx, w, o); err != nil {
		return nil, err
	}
	return p.complete(ctx, warn)
}

func (p *part) complete(ctx context.Context, warn *warnings) (_ *part, err error) {
	if p.rows == 0 {
		return nil, &Error{File: p.src.path, Problem: "there is not one row in it", Expected: "rows"}
	}
	p.warnings = warn.all()
	p.sha, err = p.src.hash(ctx)
	return p, err
}

// parquetCell is how a column's cells are read and checked, as SQL over the file.
type parquetCell struct {
	column   int
	name     string // as in the file
	raw      string
	value    string // what the store keeps
	total    string // of a list of structs with amounts: how they are added up
	bad      []badIf
	lossy    string // true where a float has more digits than the store holds; "" for other types
	lossyOwn string // what the column is called, where that is to be said
	whole    string // of text: value, when no cell says in words that it has none
	plain    bool   // whole goes for value, as [part.checkParquet] finds
	nested   bool
	filled   bool   // some cell has a value, as [part.checkParquet] finds
	same     string // of text: the value of every row, as SQL, where all have one, as [part.checkParquet] finds
}

// badIf is a reason to refuse a cell.
type badIf struct{ sql, problem, expected string }

// plainNumber is the grammar of [wellFormed].
const plainNumber = `[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?`

// newParquetCell makes a cell of a column; whole says that none of its texts is empty or the word NULL.
func newParquetCell(c column, raw, typ string, whole bool) (parquetCell, error) {
	cell := parquetCell{name: c.name, raw: raw, filled: true}
	nested := strings.ContainsAny(typ, "[(") && !strings.HasPrefix(typ, "DECIMAL") && !strings.HasPrefix(typ, "ENUM")
	cell.nested = nested
	if nested && c.focus.Type != focus.JSON {
		return cell, fmt.Errorf("it is of type %s", typ)
	}
	clean := raw
	isText := typ == "VARCHAR"
	if isText && !whole {
		same, err := newParquetCell(c, raw, typ, true)
		if err != nil {
			return cell, err
		}
		cell.whole = same.value
		clean = fmt.Sprintf("CASE WHEN %s IN ('', 'NULL') THEN NULL ELSE %s END", raw, raw)
	}
	target := store.Column{Name: c.focus.Name, Type: c.focus.Type}.SQLType()
	switch c.focus.Type {
	case focus.Decimal:
		digits := fmt.Sprintf("at most %d digits before and %d after the point", store.MoneyPrecision-store.MoneyScale, store.MoneyScale)
		isFloat := typ == "DOUBLE" || typ == "FLOAT"
		scale, isDecimal := decimalScale(typ)
		switch {
		case isFloat:
			clean = fmt.Sprintf("CAST(%s AS VARCHAR)", raw)
			cell.lossy, cell.lossyOwn = tooFine(clean), c.focus.Name
			// A floating-point number has at most seventeen digits: from 0.01 up they end before the store's last one.
			cell.lossy = fmt.Sprintf("CASE WHEN %[1]s = 0 OR abs(%[1]s) >= 0.01 THEN false ELSE %[2]s END", raw, cell.lossy)
			if c.native != "" && c.float { // as all of the format's numbers are
				cell.lossyOwn = ""
			}
		case isText:
			cell.bad = append(cell.bad,
				badIf{fmt.Sprintf("NOT regexp_full_match(%s, '%s')", clean, plainNumber), "is not a decimal number", "digits with a dot, as in 12.40"})
			if !c.float {
				cell.bad = append(cell.bad, badIf{tooFine(clean), "does not fit the store without rounding", digits})
			}
		case isDecimal && scale > store.MoneyScale:
			return cell, fmt.Errorf("it is of type %s, of which the store holds %d digits after the point", typ, store.MoneyScale)
		}
		cell.value = fmt.Sprintf("CAST(%s AS %s)", clean, target)
		unfit := fmt.Sprintf("%s IS NOT NULL AND TRY_CAST(%s AS %s) IS NULL", clean, clean, target)
		switch { // the casts of text are what takes the time of a load
		case isFloat:
			cell.value = wideFloat(raw, typ, "")
			unfit = fmt.Sprintf("%s IS NOT NULL AND NOT (abs(%s) < 1e%d)", raw, raw, store.MoneyPrecision-store.MoneyScale)
		case isText:
			cell.value = wide(clean)
			unfit = fmt.Sprintf("CASE WHEN length(%s) <= 18 AND NOT contains(lower(%s), 'e') THEN false ELSE %s END", clean, clean, unfit)
		}
		cell.bad = append(cell.bad, badIf{unfit, "does not fit the store", digits})
	case focus.JSON:
		if nested {
			clean = fmt.Sprintf("CAST(to_json(%s) AS VARCHAR)", raw)
			of := listOf(typ)
			switch {
			case c.kind == kindTags && of["KEY"] != "" && of["VALUE"] != "":
				cell.bad = append(cell.bad, badIf{fmt.Sprintf("len(list_filter(%s, lambda p: p.key IS NULL OR p.key = '')) > 0", raw), errNoKey.Error(), "a key in every entry"})
				cell.value = structsObject(raw)
				return cell, nil
			case c.kind == kindAmounts && (of["AMOUNT"] == "DOUBLE" || of["AMOUNT"] == "FLOAT"):
				cell.total = fmt.Sprintf("list_sum(list_transform(%s, lambda a: %s))", raw, wideFloat("a.amount", of["AMOUNT"], ""))
				if of["TYPE"] == "VARCHAR" { // the amounts, which are added up already, would be made texts
					clean = fmt.Sprintf("CAST(to_json(list_transform(%s, lambda a: a.type)) AS VARCHAR)", raw)
				}
			}
		} else if c.kind == kindTags || c.kind == kindAmounts {
			bare := "false" // Azure's tags come without their braces
			if c.kind == kindTags {
				bare = fmt.Sprintf("json_valid(concat('{', %s, '}'))", clean)
			}
			cell.bad = append(cell.bad, badIf{fmt.Sprintf("%s IS NOT NULL AND NOT CASE WHEN json_valid(%s) THEN json_type(%s) IN ('OBJECT', 'ARRAY') ELSE %s END", clean, clean, clean, bare),
				"is neither a JSON object nor a list", `one as in {"team":"payments"} or [{"key":"team","value":"payments"}]`})
		} else {
			cell.bad = append(cell.bad, badIf{fmt.Sprintf("%s IS NOT NULL AND NOT CASE WHEN json_valid(%s) THEN json_type(%s) = 'OBJECT' ELSE false END", clean, clean, clean),
				"is not a JSON object", `one as in {"team":"payments"}`})
		}
		switch {
		case c.focus.Name != "Tags":
		case nested: // to_json writes no blanks but those inside of keys and values
			clean = fmt.Sprintf(`CASE WHEN contains(%[1]s, '" ') OR contains(%[1]s, ' "') THEN %[2]s ELSE %[1]s END`, clean, padded(clean))
		default:
			clean = padded(clean)
		}
		if cell.value = clean; c.kind == kindTags && !strings.HasPrefix(typ, "MAP(") { // a map is an object as it stands
			cell.value = tagsObject(clean)
		}
	case focus.DateTime:
		expected := "one as in 2026-10-31T00:00:00Z"
		if typ == "TIMESTAMP" || typ == "TIMESTAMP WITH TIME ZONE" { // both are microseconds; calendars are slow, and zones slower
			if cell.value = raw; typ != "TIMESTAMP" {
				cell.value = "make_timestamp(epoch_us(" + raw + "))"
			}
			cell.bad = append(cell.bad, badIf{fmt.Sprintf("%[1]s NOT BETWEEN CAST('1990-01-01 00:00:00+00' AS %[2]s) AND CAST('2200-12-31 23:59:59.999999+00' AS %[2]s)", raw, typ),
				"is not a date and time", expected})
			break
		}
		cell.value = fmt.Sprintf("CAST(%s AS %s)", clean, target)
		if isText {
			cell.value = zoned(clean)
			if c.native != "" {
				cell.value, expected = dialectTime(clean, zoned(clean)), expected+", or month/day/year as in 10/31/2026"
			}
		}
		try := strings.ReplaceAll(strings.ReplaceAll(cell.value, "CAST(", "TRY_CAST("), "strptime(", "try_strptime(")
		cell.bad = append(cell.bad, badIf{fmt.Sprintf("%s IS NOT NULL AND coalesce(year(%s) NOT BETWEEN 1990 AND 2200, true)", clean, try),
			"is not a date and time", expected})
	default:
		cell.value = fmt.Sprintf("CAST(%s AS %s)", clean, target)
		if strict[c.focus.Name] {
			quoted := make([]string, len(c.focus.Allowed))
			for k, a := range c.focus.Allowed {
				quoted[k] = store.QuoteLiteral(strings.ToLower(a))
			}
			cell.bad = append(cell.bad, badIf{fmt.Sprintf("lower(%s) NOT IN (%s)", cell.value, strings.Join(quoted, ", ")),
				"is not a value FOCUS knows", "one of " + strings.Join(c.focus.Allowed, ", ")})
		}
	}
	if slices.Contains(requiredValues, c.focus.Name) {
		cell.bad = append(cell.bad, badIf{"(" + clean + ") IS NULL", "", "a value in every row"})
	}
	return cell, nil
}

// tooFine is true for a number, written out, that has more digits after the point than the store.
func tooFine(s string) string {
	return fmt.Sprintf(`CASE WHEN length(%[1]s) > %[2]d OR contains(%[1]s, 'e') OR contains(%[1]s, 'E') THEN
  length(rtrim(regexp_extract(%[1]s, '[.]([0-9]*)', 1), '0')) - coalesce(TRY_CAST(regexp_extract(%[1]s, '[eE]([+-]?[0-9]+)', 1) AS INTEGER), 0) > %[2]d ELSE false END`,
		s, store.MoneyScale)
}

// checkParquet looks at every cell in one pass and tells of the first bad one. It finds which columns have no value, and which texts are
// the same in every row, as the account and the currency mostly are, and reads texts as they stand where it can: what does nothing on millions of
// rows takes time too.
func (p *part) checkParquet(ctx context.Context, w *store.Writer, cells []parquetCell, warn *warnings) error {
	bounds, err := constants(ctx, w, []string{p.src.at})
	if err != nil {
		return p.explain(err)
	}
	said := map[string]string{} // what the file says of itself, which is not taken on trust
	for path, v := range bounds {
		if v != "" && v != "NULL" {
			said[strings.ReplaceAll(path, ", ", ".")] = v
		}
	}
	var sel []string
	for _, c := range cells {
		for _, b := range c.bad {
			sel = append(sel, "min(file_row_number) FILTER (WHERE "+b.sql+")")
		}
		if c.lossy != "" {
			sel = append(sel, "count(*) FILTER (WHERE "+c.lossy+")")
		}
		if v := said[c.name]; c.whole != "" && v != "" {
			sel = append(sel, "bool_or("+c.raw+" IS DISTINCT FROM "+store.QuoteLiteral(v)+")")
		} else if c.whole != "" { // null when all cells are
			sel = append(sel, "bool_or("+c.raw+" IN ('', 'NULL'))")
		} else if !c.nested {
			sel = append(sel, "CASE WHEN count("+c.raw+") > 0 THEN true END")
		}
	}
	rows := fmt.Sprintf("read_parquet(%s, hive_partitioning=false, file_row_number=true)", store.QuoteLiteral(p.src.at))
	found, err := w.Query(ctx, "SELECT "+strings.Join(sel, ",\n  ")+" FROM "+rows)
	if err != nil {
		return p.explain(err)
	}
	answers := found.Values[0]
	var first *Error
	var where parquetCell
	var floats []string
	native := false
	var cut int64
	for i, c := range cells {
		for _, b := range c.bad {
			at, is := answers[0].(int64)
			answers = answers[1:]
			if is && (first == nil || at+1 < first.Line) {
				first = &Error{File: p.src.path, Line: at + 1, row: true, Column: c.column + 1, Name: c.name, Problem: b.problem, Expected: b.expected}
				where = c
			}
		}
		if c.lossy != "" {
			if c.lossyOwn == "" {
				native = true
			} else {
				floats = append(floats, c.lossyOwn)
			}
			n, _ := answers[0].(int64)
			cut += n
			answers = answers[1:]
		}
		if c.whole != "" || !c.nested {
			unsaid, some := answers[0].(bool)
			if cells[i].filled = some; c.whole != "" && !unsaid {
				if cells[i].value, cells[i].plain = c.whole, true; said[c.name] != "" {
					cells[i].same = store.QuoteLiteral(said[c.name])
				}
			}
			answers = answers[1:]
		}
	}
	if first != nil {
		r, err := w.Query(ctx, fmt.Sprintf("SELECT CAST(%s AS VARCHAR) FROM %s WHERE file_row_number = ?", where.raw, rows), first.Line-1)
		if err != nil {
			return p.explain(err)
		}
		if first.Problem == "" {
			first.Problem = "there is no value"
		} else {
			first.Problem = clip([]byte(text(r.Values[0][0]))) + " " + first.Problem
		}
		return first
	}
	if native {
		warn.add("its numbers are floating-point: each is read as the shortest decimal that stands for it")
	}
	if len(floats) > 0 {
		warn.add("%s are floating-point numbers in the file: each is read as the shortest decimal that stands for it", strings.Join(floats, ", "))
	}
	warn.count(cut, fmt.Sprintf("floating-point numbers have more than %d digits after the point and are rounded there", store.MoneyScale))
	return nil
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
