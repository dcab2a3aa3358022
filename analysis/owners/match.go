package owners

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"spendbot/analysis/query"
)

// Match is a condition on a row: exactly one of its forms is set. All of none holds.
type Match struct {
	All   []Match
	Any   []Match
	Not   *Match
	Field *Field
}

// Field is a condition on one column or tag.
type Field struct {
	Column string // of the store; "" for a tag
	Tag    string // the key
	Op     Op
	Text   string // what is compared with
	re     *regexp.Regexp
}

// Op is how a text is compared.
type Op int

// The comparisons. All mind the case.
const (
	Exact Op = iota
	Glob     // * is any text, ? any one character
	Regex    // found anywhere, as RE2 reads it; . is any character
)

// name is the column or tag as the file calls it.
func (f *Field) name() string {
	if f.Column == "" {
		return "tag:" + f.Tag
	}
	return f.Column
}

// words names the column or tag in prose.
func (f *Field) words() string {
	best := f.name()
	for word, c := range columns {
		if c == f.Column && f.Column != "" && (best == c || word < best) {
			best = word
		}
	}
	return strings.ReplaceAll(best, "_", " ")
}

// holds judges a value in Go.
func (f *Field) holds(v string) bool {
	if f.re != nil {
		return f.re.MatchString(v)
	}
	return v == f.Text
}

// sql is the condition on an expression that is never null.
func (f *Field) sql(expr string) string {
	switch f.Op {
	case Glob:
		return expr + " LIKE " + query.Literal(like(f.Text)) + ` ESCAPE '\'`
	case Regex:
		return "regexp_like(" + expr + ", " + query.Literal(anyCharacter+f.Text) + ")"
	}
	return expr + " = " + query.Literal(f.Text)
}

// anyCharacter makes the dot of a regular expression any character in every engine.
const anyCharacter = "(?s)"

// like writes a glob as SQL's LIKE reads it.
func like(glob string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(glob)
}

// Compile readies a field for judging in Go.
func (f *Field) Compile() error {
	var err error
	switch f.Op {
	case Glob:
		var b strings.Builder
		for _, r := range f.Text {
			switch r {
			case '*':
				b.WriteString(".*")
			case '?':
				b.WriteString(".")
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		f.re, err = regexp.Compile(anyCharacter + "^" + b.String() + "$")
	case Regex:
		f.re, err = regexp.Compile(anyCharacter + f.Text)
	}
	return err
}

// isGlob reports whether a text written without a form is one.
func isGlob(s string) bool { return strings.ContainsAny(s, "*?") }

// fields visits every field of a condition.
func (m *Match) fields(visit func(*Field)) {
	if m.Field != nil {
		visit(m.Field)
	}
	if m.Not != nil {
		m.Not.fields(visit)
	}
	for i := range m.All {
		m.All[i].fields(visit)
	}
	for i := range m.Any {
		m.Any[i].fields(visit)
	}
}

// holds judges a row in Go.
func (m *Match) holds(value func(*Field) string) bool {
	switch {
	case m.Field != nil:
		return m.Field.holds(value(m.Field))
	case m.Not != nil:
		return !m.Not.holds(value)
	case m.Any != nil:
		for i := range m.Any {
			if m.Any[i].holds(value) {
				return true
			}
		}
		return false
	}
	for i := range m.All {
		if !m.All[i].holds(value) {
			return false
		}
	}
	return true
}

// sql is the condition in SQL; expr names a field's value. What is compared with one column for equality becomes one IN.
func (m *Match) sql(expr func(*Field) string) string {
	switch {
	case m.Field != nil:
		return m.Field.sql(expr(m.Field))
	case m.Not != nil:
		return "NOT (" + m.Not.sql(expr) + ")"
	case m.Any != nil:
		return anyOf(m.Any, expr)
	}
	if len(m.All) == 0 {
		return "true"
	}
	parts := make([]string, len(m.All))
	for i := range m.All {
		parts[i] = m.All[i].sql(expr)
		if m.All[i].Any != nil {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, " AND ")
}

func anyOf(list []Match, expr func(*Field) string) string {
	var parts, equal []string
	at := ""
	flush := func() {
		switch len(equal) {
		case 0:
		case 1:
			parts = append(parts, at+" = "+equal[0])
		default:
			parts = append(parts, at+" IN ("+strings.Join(equal, ", ")+")")
		}
		equal = nil
	}
	for i := range list {
		if f := list[i].Field; f != nil && f.Op == Exact {
			if e := expr(f); e != at {
				flush()
				at = e
			}
			equal = append(equal, query.Literal(f.Text))
			continue
		}
		flush()
		at = ""
		s := list[i].sql(expr)
		if len(list[i].All) > 1 {
			s = "(" + s + ")"
		}
		parts = append(parts, s)
	}
	flush()
	if len(parts) == 0 {
		return "false"
	}
	return strings.Join(parts, " OR ")
}

// plainText reports whether a text may stand in SQL and in a file: valid, without control characters.
func plainText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
