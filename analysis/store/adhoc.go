package store

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"spendbot/analysis"
	"spendbot/analysis/focus"
)

// Views that SQL of people's own finds beside daily and charges: the line items under every name that a version of FOCUS has for
// a column, older ones (ProviderName) included.
const (
	tableFocus     = "focus"
	tableFocusData = "focus_data_table" // the name that the FOCUS project's published queries read
)

// Bounds of SQL that somebody wrote, beside the rows and the time that the caller allows.
const (
	MaxSQL      = 20_000   // bytes of text
	adHocMemory = "512 MB" // of DuckDB's own; more is spilled
	adHocSpill  = "2GB"    // on disk
	maxCell     = 64 << 10 // bytes that are shown of one text
	mostAgain   = 1 << 20  // rows of a query that is run again, which bounds them itself
)

// adHocName names such queries in traces. Their rows are hashed in no order, since of equal ones any may come first.
const adHocName = "ad-hoc SQL"

// ErrNotAllowed says that a statement is none that may be run for somebody.
var ErrNotAllowed = errors.New("only one SELECT may be run, over daily, charges, focus and focus_data_table")

//go:embed functions.txt
var functionsText string

// harmless are the functions that SQL of people's own may call. What can read files, settings or the environment is not among
// them, nor what makes much out of little outside of DuckDB's memory limit (repeat, lpad, printf).
var harmless = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(functionsText) {
		line, _, _ = strings.Cut(line, "#")
		for _, f := range strings.Fields(line) {
			out[f] = true
		}
	}
	return out
})

// Kind says what the values of a column of an ad-hoc result are.
type Kind string

// The kinds.
const (
	KindText   Kind = "text"
	KindNumber Kind = "number"
	KindDate   Kind = "date"
	KindTime   Kind = "time"
	KindBool   Kind = "bool"
)

// Found is what an ad-hoc query found.
type Found struct {
	Rows
	Kinds []Kind // of the columns
	More  bool   // there were more rows than asked for
}

// AdHoc runs one SELECT that somebody wrote, over the views daily, charges, focus and focus_data_table, and traces it. The
// text is proved to be one SELECT that reads nothing else and calls harmless functions only; it runs in a process of its own, which
// has 512 MB of memory for the query and 2 GB of spilled data, is killed when ctx ends, and yields at most "most" rows. Parameters
// stand for its question marks; text is taken for a day or a number where one is compared with it. A text that may not be run fails
// with [ErrNotAllowed].
//
// Values that have no exact text are made texts by the query itself: fractions (DOUBLE) with 15 digits, lists and structs as
// DuckDB writes them. Two forms of MySQL and Spark are understood, since the FOCUS project's published queries use them: Tags["key"]
// is the value of a tag, and UNSIGNED is a type.
func (sn *Snapshot) AdHoc(ctx context.Context, text string, params []string, most int) (*Found, analysis.QueryTrace, error) {
	if len(text) > MaxSQL {
		return nil, analysis.QueryTrace{}, refusal(fmt.Sprintf("the SQL has %d bytes; at most %d are read", len(text), MaxSQL))
	}
	text = bare(subscripts(text))
	if text == "" {
		return nil, analysis.QueryTrace{}, refusal("there is no SQL to run")
	}
	out, tr, err := sn.ask(ctx, question{SQL: text, Params: params, Most: most + 1})
	if err != nil {
		return nil, tr, err
	}
	if len(out.Values) > most {
		out.Values, out.More = out.Values[:most], true
	}
	return out, tr, nil
}

// adHocAgain runs what AdHoc traced once more, as it ran.
func (sn *Snapshot) adHocAgain(ctx context.Context, query string, params []any) (*Rows, analysis.QueryTrace, error) {
	q := question{SQL: query, Again: true, Most: mostAgain}
	for _, p := range params {
		s, ok := p.(string)
		if !ok {
			return nil, analysis.QueryTrace{}, fmt.Errorf("query %q: a parameter is a %T, where only text is", adHocName, p)
		}
		q.Params = append(q.Params, s)
	}
	out, tr, err := sn.ask(ctx, q)
	if err != nil {
		return nil, tr, fmt.Errorf("query %q: %w", adHocName, err)
	}
	return &out.Rows, tr, nil
}

// syntax is the error of a text that is no SQL, in DuckDB's words, which say where.
func syntax(tree string) error {
	var doc struct {
		Error   bool   `json:"error"`
		Type    string `json:"error_type"`
		Message string `json:"error_message"`
		At      string `json:"position"`
	}
	if err := json.Unmarshal([]byte(tree), &doc); err != nil || !doc.Error || doc.Type != "parser" {
		return nil
	}
	if doc.At != "" {
		doc.Message += ", at character " + doc.At
	}
	return fmt.Errorf("this is no SQL that DuckDB reads: %s", doc.Message)
}

// found is a column of somebody's query.
type found struct {
	name, typ string
	kind      Kind
}

// columnsOf proves that a text is a single SELECT which does no more than it may, and says what it yields. The caller holds the lock.
func (sn *Snapshot) columnsOf(ctx context.Context, text string, params []any) (columns []found, sorted bool, err error) {
	if err := sn.open(ctx, text); err != nil {
		return nil, false, err
	}
	conn, err := sn.db.Conn(ctx)
	if err != nil {
		return nil, false, err
	}
	defer conn.Close()
	var tree string
	if err := conn.QueryRowContext(ctx, treeSQL, text).Scan(&tree); err != nil {
		return nil, false, err
	}
	if err := syntax(tree); err != nil {
		return nil, false, err
	}
	err = onlyReads(tree)
	if err == nil {
		err = onlyHarmless(tree)
	}
	if errors.Is(err, errNotSelect) {
		return nil, false, ErrNotAllowed
	} else if err != nil {
		return nil, false, refusal(err.Error())
	}
	// The text is one whole SELECT by now, so that it cannot end the parenthesis it is put into.
	rows, err := conn.QueryContext(ctx, "SELECT * FROM (\n"+text+"\n) AS q LIMIT 0", params...)
	if err != nil {
		var have, want int
		if _, other := fmt.Sscanf(err.Error(), "incorrect argument count for command: have %d want %d", &have, &want); other == nil {
			return nil, false, refusal(fmt.Sprintf("question marks in the SQL: %d; parameters given for them: %d", want, have))
		}
		return nil, false, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, false, err
	}
	out := make([]found, len(types))
	for i, t := range types {
		out[i] = found{name: t.Name(), typ: t.DatabaseTypeName()}
		out[i].kind = kindOf(out[i].typ)
	}
	return out, ordered(tree), rows.Err()
}

func kindOf(typ string) Kind {
	switch base, _, _ := strings.Cut(typ, "("); base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE":
		return KindNumber
	case "DECIMAL":
		return KindNumber
	case "DATE":
		return KindDate
	case "TIMESTAMP":
		return KindTime
	case "BOOLEAN":
		return KindBool
	}
	return KindText
}

// ordered reports whether the rows of a query come in an order that it says.
func ordered(tree string) bool {
	type node struct {
		Modifiers []struct{ Type string }
		Child     json.RawMessage // of a WITH
	}
	var doc struct{ Statements []struct{ Node node } }
	if err := json.Unmarshal([]byte(tree), &doc); err != nil || len(doc.Statements) != 1 {
		return false
	}
	for n := doc.Statements[0].Node; ; {
		for _, m := range n.Modifiers {
			if m.Type == "ORDER_MODIFIER" {
				return true
			}
		}
		var child node
		if len(n.Child) == 0 || json.Unmarshal(n.Child, &child) != nil {
			return false
		}
		n = child
	}
}

// wrapped bounds the rows of a query, and makes texts of the values that have no exact text of their own. Rows in no order come
// in one of their own, so that asking again gives the same ones.
func wrapped(text string, columns []found, sorted bool, most int) string {
	order := " ORDER BY ALL"
	if sorted {
		order = ""
	}
	plain := true
	names, sel := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = fmt.Sprintf("c%d", i+1)
		expr := names[i]
		switch base, _, _ := strings.Cut(c.typ, "("); {
		case base == "DOUBLE" || base == "FLOAT":
			expr = "printf('%.15g', CAST(" + expr + " AS DOUBLE))"
		case base == "UBIGINT" || base == "UHUGEINT":
			expr = "CAST(" + expr + " AS HUGEINT)"
		case c.kind == KindText:
			expr = "CAST(" + expr + " AS VARCHAR)"
		}
		plain = plain && (expr == names[i] || c.typ == "VARCHAR")
		sel[i] = expr + " AS " + quoteIdent(c.name)
	}
	if plain {
		return fmt.Sprintf("SELECT * FROM (\n%s\n) AS q%s LIMIT %d", text, order, most)
	}
	return fmt.Sprintf("SELECT %s FROM (\n%s\n) AS q(%s)%s LIMIT %d", strings.Join(sel, ", "), text, strings.Join(names, ", "), order, most)
}

// onlyHarmless checks that a parse tree calls only functions that may be called, and that it reads nothing of DuckDB's own.
func onlyHarmless(tree string) error {
	var doc any
	if err := json.Unmarshal([]byte(tree), &doc); err != nil {
		return fmt.Errorf("parse tree: %w", err)
	}
	return walk(doc, func(node map[string]any) error {
		switch node["type"] {
		case "TABLE_FUNCTION": // onlyReads knows these, and range makes no list there
			if f, ok := node["function"].(map[string]any); ok {
				delete(f, "function_name")
			}
		case "SHOW_REF":
			return errors.New("DESCRIBE, SHOW and SUMMARIZE are no SELECT; `spendbot columns` says what the columns are")
		}
		if name := word(node, "function_name"); name != "" {
			if schema := word(node, "schema"); schema != "" && schema != "main" {
				return fmt.Errorf("%s.%s may not be called", schema, name)
			}
			if low := strings.ToLower(name); low[0] >= 'a' && low[0] <= 'z' && !harmless()[low] {
				return fmt.Errorf("the function %s may not be called", name)
			} else if low[0] == '_' {
				return fmt.Errorf("the function %s may not be called", name)
			}
		}
		return nil
	})
}

// jsonSubscript is a tag by its key as Spark and MySQL people write it.
var jsonSubscript = regexp.MustCompile(`(?i)^(tags|skupricedetails|allocatedtags|allocatedmethoddetails|contractapplied)\s*\[\s*(?:"([^"'\\]+)"|'([^"'\\]+)')\s*\]`)

// subscripts rewrites Tags["key"] into what reads the key of a JSON text.
func subscripts(text string) string {
	var b strings.Builder
	scan(text, func(piece string, _ bool) { b.WriteString(piece) }, func(rest string) (string, int) {
		m := jsonSubscript.FindStringSubmatch(rest)
		if m == nil {
			return "", 0
		}
		return "json_extract_string(" + m[1] + ", '$.\"" + m[2] + m[3] + "\"')", len(m[0])
	})
	return b.String()
}

// bare is a statement without what follows it: blanks, comments and semicolons. Should it be mistaken, DuckDB refuses what is
// left; nothing is let through by it.
func bare(text string) string {
	end, at := 0, 0
	scan(text, func(piece string, code bool) {
		at += len(piece)
		if code && strings.Trim(piece, " \t\r\n\f\v;") != "" {
			end = at - (len(piece) - len(strings.TrimRight(piece, " \t\r\n\f\v;")))
		}
	}, nil)
	return strings.TrimSpace(text[:end])
}

// scan walks over SQL, piece by piece: code a character or word at a time, quoted strings whole (which are code), comments
// whole (which are not). At the beginning of a word, replace may take some of what is left and say what stands for it.
func scan(text string, piece func(s string, code bool), replace func(rest string) (string, int)) {
	word := false // inside one
	for i := 0; i < len(text); {
		rest := text[i:]
		n, code := 1, true
		switch c := rest[0]; {
		case c == '\'' || c == '"':
			n = quoted(rest, c)
		case strings.HasPrefix(rest, "--"):
			if n = strings.IndexByte(rest, '\n'); n < 0 {
				n = len(rest)
			}
			code = false
		case strings.HasPrefix(rest, "/*"):
			code = false
			if n = strings.Index(rest[2:], "*/"); n < 0 {
				n = len(rest)
			} else {
				n += 4
			}
		case c == '$':
			n = dollared(rest)
		case isWord(c):
			if !word && replace != nil {
				if with, took := replace(rest); took > 0 {
					piece(with, true)
					i += took
					continue
				}
			}
		}
		word = n == 1 && isWord(rest[0])
		piece(rest[:n], code)
		i += n
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// quoted is the length of a quoted string at the beginning of a text, in which the quote is doubled.
func quoted(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

var dollarTag = regexp.MustCompile(`^\$[A-Za-z_]*\$`)

// dollared is the length of a dollar-quoted string; 1 where it is only a dollar sign.
func dollared(s string) int {
	tag := dollarTag.FindString(s)
	if tag == "" {
		return 1
	}
	if end := strings.Index(s[len(tag):], tag); end >= 0 {
		return len(tag) + end + len(tag)
	}
	return len(s)
}

// focusAliases are columns that the FOCUS project's published queries name and FOCUS does not have.
var focusAliases = [][2]string{{"InvoiceIssuer", "InvoiceIssuerName"}}

// FocusColumns are the columns of the views focus and focus_data_table: every name that a version of FOCUS has, in the
// registry's order, then ours. A name that was replaced holds what its successor holds.
func FocusColumns() []focus.Column {
	cols := focus.Columns()
	slices.SortStableFunc(cols, func(a, b focus.Column) int {
		switch {
		case a.Own == b.Own:
			return 0
		case a.Own:
			return 1
		}
		return -1
	})
	return cols
}

// focusSQL makes the view of a name.
func focusSQL(name string) string {
	var sel []string
	for _, c := range FocusColumns() {
		from := c.Name
		if c.LandsIn != "" {
			from = c.LandsIn
		}
		sel = append(sel, quoteIdent(from)+" AS "+quoteIdent(c.Name))
	}
	if name == tableFocusData {
		for _, a := range focusAliases {
			sel = append(sel, quoteIdent(a[1])+" AS "+quoteIdent(a[0]))
		}
	}
	return "CREATE VIEW " + name + " AS SELECT " + strings.Join(sel, ", ") + " FROM " + tableCharges
}

// dialect are functions and types of other engines, in DuckDB's own. They read nothing.
var dialect = []string{
	// Trino's name for what DuckDB calls json_extract_string, so that the analysis SQL reads the same on both.
	"CREATE MACRO json_extract_scalar(j, p) AS json_extract_string(j, p)",
	// The same for regular expressions, which Trino finds anywhere too.
	"CREATE MACRO regexp_like(s, p) AS regexp_matches(s, p)",
	// MySQL's names, which the FOCUS project's published queries use.
	"CREATE MACRO json_unquote(j) AS (j ->> '$')",
	`CREATE MACRO json_contains_path(j, how, p) AS json_exists(j, p),
	(j, how, p, q) AS CASE WHEN lower(how) = 'all' THEN json_exists(j, p) AND json_exists(j, q) ELSE json_exists(j, p) OR json_exists(j, q) END`,
	"CREATE TYPE unsigned AS UBIGINT",
}
