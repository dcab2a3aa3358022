package owners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// YAML writes a configuration as a rules file, which [Read] reads as the same again. heading is said above it, a comment.
func (c *Config) YAML(heading string) []byte {
	w := &writer{}
	for line := range strings.SplitSeq(strings.TrimRight(heading, "\n"), "\n") {
		w.line(0, "# %s", oneLine(line))
	}
	if len(c.Keys) > 0 {
		w.line(0, "normalise:")
		for _, k := range c.Keys {
			w.line(1, "%s:", quote(k.Name))
			if len(k.Also) > 0 {
				w.line(2, "keys: %s", quoteList(k.Also))
			}
			if len(k.Values) > 0 {
				w.line(2, "values:")
				for _, v := range k.Values {
					w.line(3, "%s: %s", quote(v.Name), quoteList(v.Also))
				}
			}
		}
	}
	if len(c.Tags) > 0 {
		w.line(0, "tags:")
		for _, a := range Attributes {
			if key, ok := c.Tags[a]; ok {
				w.line(1, "%s: %s", a, quote(key))
			}
		}
	}
	if len(c.Teams) > 0 {
		w.line(0, "teams:")
		for _, name := range sorted(c.Teams) {
			o := c.Teams[name]
			var parts []string
			if o.Group != "" {
				parts = append(parts, "group: "+quote(o.Group))
			}
			w.line(1, "%s: {%s}", quote(name), strings.Join(append(parts, setsOf(o.Sets)...), ", "))
		}
	}
	if len(c.Groups) > 0 {
		w.line(0, "groups:")
		for _, name := range sorted(c.Groups) {
			switch g := c.Groups[name]; {
			case g.Parent != "":
				w.line(1, "%s: {group: %s}", quote(name), quote(g.Parent))
			case g.BusinessUnit != "":
				w.line(1, "%s: {business_unit: %s}", quote(name), quote(g.BusinessUnit))
			default:
				w.line(1, "%s: {}", quote(name))
			}
		}
	}
	if len(c.Rules) > 0 {
		w.line(0, "rules:")
		for i, r := range c.Rules {
			dash := "- "
			field := func(format string, a ...any) {
				w.line(1, dash+format, a...)
				dash = "  "
			}
			if r.Name != fmt.Sprintf("rule %d", i+1) {
				field("name: %s", quote(r.Name))
			}
			field("match: %s", matchText(&r.Match))
			field("set: {%s}", strings.Join(setsOf(r.Sets), ", "))
			if !r.From.IsZero() {
				field("from: %s", day(r.From))
			}
			if !r.Until.IsZero() {
				field("until: %s", day(r.Until))
			}
		}
	}
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

func (w *writer) line(depth int, format string, a ...any) {
	fmt.Fprintf(w, strings.Repeat("  ", depth)+format+"\n", a...)
}

func setsOf(sets map[Attribute]string) []string {
	var out []string
	for _, a := range Attributes {
		if v, ok := sets[a]; ok {
			out = append(out, string(a)+": "+quote(v))
		}
	}
	return out
}

// plain are texts that need no quotes, and that no reader of YAML takes for anything but a text.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)

var notPlain = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}

func quote(s string) string {
	if plain.MatchString(s) && !slices.Contains(notPlain, strings.ToLower(s)) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can always be written
	return strings.TrimSpace(b.String())
}

func quoteList(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// matchText writes a condition as a mapping in one line.
func matchText(m *Match) string {
	if m.All == nil {
		m = &Match{All: []Match{*m}}
	}
	var parts []string
	var used []string
	for i := range m.All {
		e := &m.All[i]
		key, value, ok := fieldText(e)
		if ok && !slices.Contains(used, key) {
			used = append(used, key)
			parts = append(parts, quote(key)+": "+value)
			continue
		}
		switch {
		case e.Any != nil && !slices.Contains(used, "any"):
			used = append(used, "any")
			list := make([]string, len(e.Any))
			for k := range e.Any {
				list[k] = matchText(&e.Any[k])
			}
			parts = append(parts, "any: ["+strings.Join(list, ", ")+"]")
		case e.Not != nil && !slices.Contains(used, "not"):
			used = append(used, "not")
			parts = append(parts, "not: "+matchText(e.Not))
		default: // said together with others of its kind
			var list []string
			for k := i; k < len(m.All); k++ {
				list = append(list, matchText(&m.All[k]))
			}
			parts = append(parts, "all: ["+strings.Join(list, ", ")+"]")
			return "{" + strings.Join(parts, ", ") + "}"
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// fieldText writes a condition on one column or tag: a value, a list, or not one of them.
func fieldText(m *Match) (key, value string, ok bool) {
	switch {
	case m.Field != nil:
		return m.Field.name(), m.Field.valueText(), true
	case m.Not != nil:
		key, value, ok = fieldText(m.Not)
		return key, "{not: " + value + "}", ok
	case len(m.Any) > 1:
		var list []string
		for i := range m.Any {
			f := m.Any[i].Field
			if f == nil || f.name() != m.Any[0].Field.name() {
				return "", "", false
			}
			list = append(list, f.valueText())
		}
		return m.Any[0].Field.name(), "[" + strings.Join(list, ", ") + "]", true
	}
	return "", "", false
}

func (f *Field) valueText() string {
	switch {
	case f.Op == Regex:
		return "{regex: " + quote(f.Text) + "}"
	case f.Op == Glob && !isGlob(f.Text):
		return "{glob: " + quote(f.Text) + "}"
	case f.Op == Exact && isGlob(f.Text):
		return "{exact: " + quote(f.Text) + "}"
	}
	return quote(f.Text)
}
