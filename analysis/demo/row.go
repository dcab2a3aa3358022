package demo

import (
	"slices"
	"strings"

	"spendbot/analysis/focus"
)

// layout is the header of a file: FOCUS's columns of one version, by name as the clouds sort them, then x_ columns.
type layout struct {
	names []string
	at    map[string]int
}

func layoutOf(version string, extra ...string) *layout {
	l := &layout{at: map[string]int{}}
	for _, c := range focus.Columns() {
		if c.In(version) {
			l.names = append(l.names, c.Name)
		}
	}
	slices.Sort(l.names)
	l.names = append(l.names, extra...)
	for i, n := range l.names {
		l.at[n] = i
	}
	return l
}

// record is a row under construction. Setting a column that the version does not have is no error: the rows of all
// versions are described by one piece of code.
type record struct {
	*layout
	cells []string
}

func (l *layout) record() record { return record{l, make([]string, len(l.names))} }

func (r record) set(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if at, ok := r.at[pairs[i]]; ok {
			r.cells[at] = pairs[i+1]
		}
	}
}

// The cells that differ from row to row of one template.
const (
	cellStart     = "\x00s"
	cellEnd       = "\x00e"
	cellQuantity  = "\x00q"
	cellList      = "\x00l"
	cellContract  = "\x00k"
	cellBilled    = "\x00b"
	cellEffective = "\x00f"
	cellPriced    = "\x00p" // the effective cost in the pricing currency
	cellCommitted = "\x00c"
)

// amounts are the values of those cells.
type amounts struct {
	start, end                          string
	quantity                            micro
	list, contracted, billed, effective pico
	priced                              pico
}

// template is a row with its unchanging text joined and escaped once, so that writing one is a few appends.
type template struct {
	texts []string
	cells []byte // after each text but the last
}

func (r record) compile() *template {
	t := &template{}
	var b strings.Builder
	for i, c := range r.cells {
		if i > 0 {
			b.WriteByte(',')
		}
		switch {
		case strings.HasPrefix(c, "\x00"):
			t.texts = append(t.texts, b.String())
			t.cells = append(t.cells, c[1])
			b.Reset()
		case strings.ContainsAny(c, ",\"\n"):
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		default:
			b.WriteString(c)
		}
	}
	b.WriteByte('\n')
	t.texts = append(t.texts, b.String())
	return t
}

func (t *template) append(b []byte, a *amounts) []byte {
	for i, cell := range t.cells {
		b = append(b, t.texts[i]...)
		switch cell {
		case 's':
			b = append(b, a.start...)
		case 'e':
			b = append(b, a.end...)
		case 'q':
			b = appendMicro(b, a.quantity)
		case 'l':
			b = appendPico(b, a.list)
		case 'k':
			b = appendPico(b, a.contracted)
		case 'b':
			b = appendPico(b, a.billed)
		case 'f':
			b = appendPico(b, a.effective)
		case 'p':
			b = appendPico(b, a.priced)
		case 'c':
			b = appendPico(b, a.effective)
		}
	}
	return append(b, t.texts[len(t.texts)-1]...)
}
