package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// Bound is a column of a file and what it is in the dialect.
type Bound struct {
	Header string // as in the file
	Column string // the dialect's name for it; "" for one that the dialect does not read
	Kind   Kind
	Key    string // for a column of a Family: the key
}

// Reading is a header as a dialect reads it.
type Reading struct {
	Dialect *Dialect
	Bound   []Bound // in step with the header
}

// Has reports whether the file has a column of the dialect.
func (r *Reading) Has(column string) bool {
	return slices.ContainsFunc(r.Bound, func(b Bound) bool { return b.Column == column })
}

// Detect finds the dialect of a header among some: the one whose needs the header meets and that knows most of its columns.
// nil when there is none.
func Detect(dialects []*Dialect, header []string) (*Reading, error) {
	var best *Reading
	most := 0
	for _, d := range dialects {
		r, err := d.read(header)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		known := 0
		for _, b := range r.Bound {
			if b.Column != "" {
				known++
			}
		}
		if known > most {
			best, most = r, known
		}
	}
	return best, nil
}

// read binds a header's columns; nil when one that the dialect needs is not there. It is an error when two columns of the
// header are the same one.
func (d *Dialect) read(header []string) (*Reading, error) {
	by := map[string]int{}
	for i, c := range d.Columns {
		for _, n := range append([]string{c.Name}, c.Also...) {
			by[Fold(n)] = i
		}
	}
	r := &Reading{Dialect: d, Bound: make([]Bound, len(header))}
	seen := map[string]string{}
	var twice error
	for i, h := range header {
		r.Bound[i].Header = h
		if f, key := d.family(h); f != "" {
			r.Bound[i].Column, r.Bound[i].Kind, r.Bound[i].Key = f, Tags, key
			continue
		}
		at, ok := by[Fold(h)]
		if !ok {
			at, ok = by[Fold(inParentheses(h))]
		}
		if !ok {
			continue
		}
		c := d.Columns[at]
		if before, dup := seen[c.Name]; dup {
			twice = fmt.Errorf("the columns %q and %q are both %s's %s", before, h, d.Name, c.Name)
			continue
		}
		seen[c.Name] = h
		r.Bound[i].Column, r.Bound[i].Kind = c.Name, c.Kind
	}
	for _, c := range d.Columns {
		if _, ok := seen[c.Name]; c.Need && !ok {
			return nil, nil
		}
	}
	return r, twice
}

func (d *Dialect) family(header string) (name, key string) {
	for _, f := range d.Families {
		for _, p := range f.Prefixes {
			if len(header) > len(p) && strings.EqualFold(header[:len(p)], p) {
				return f.Name, header[len(p):]
			}
		}
	}
	return "", ""
}

// inParentheses is what Azure's localised headers have behind the name in another language: "Kategorie (MeterCategory)".
func inParentheses(h string) string {
	open := strings.LastIndexByte(h, '(')
	if open < 0 || !strings.HasSuffix(h, ")") {
		return "\x00"
	}
	return h[open+1 : len(h)-1]
}

// Needs lists the columns that a file must have to be of the dialect, as a person would look for them.
func (d *Dialect) Needs() []string {
	var out []string
	for _, c := range d.Columns {
		if name := append(slices.Clone(c.Also), c.Name)[0]; c.Need {
			out = append(out, name)
		}
	}
	return out
}
