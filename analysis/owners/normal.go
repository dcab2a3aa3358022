package owners

import (
	"slices"
	"strings"

	"spendbot/analysis/query"
)

// tag reads a tag as the rules see it: the first spelling of its key that has a value, and the value under its own name.
func (c *Config) tag(key string, tags map[string]string) string {
	k := c.key(key)
	if k == nil {
		return tags[key]
	}
	v := ""
	for _, s := range k.spellings() {
		if v = tags[s]; v != "" {
			break
		}
	}
	low := strings.ToLower(v)
	for _, val := range k.Values {
		if slices.Contains(val.Also, low) {
			return val.Name
		}
	}
	return v
}

// tagSQL is [Config.tag] in SQL: raw names the column that holds a spelling's value, never null.
func (c *Config) tagSQL(key string, raw func(spelling string) string) string {
	k := c.key(key)
	if k == nil {
		return raw(key)
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, s := range k.spellings() {
		b.WriteString(" WHEN " + raw(s) + " <> '' THEN " + raw(s))
	}
	b.WriteString(" ELSE '' END")
	return b.String()
}

// valueSQL gives a value of a key, never null, its own name.
func (c *Config) valueSQL(key, value string) string {
	k := c.key(key)
	if k == nil || len(k.Values) == 0 {
		return value
	}
	var b strings.Builder
	b.WriteString("CASE")
	for _, v := range k.Values {
		list := make([]string, len(v.Also))
		for i, s := range v.Also {
			list[i] = query.Literal(s)
		}
		b.WriteString(" WHEN lower(" + value + ") IN (" + strings.Join(list, ", ") + ") THEN " + query.Literal(v.Name))
	}
	b.WriteString(" ELSE " + value + " END")
	return b.String()
}

func (c *Config) key(name string) *Key {
	for i := range c.Keys {
		if c.Keys[i].Name == name {
			return &c.Keys[i]
		}
	}
	return nil
}

// spellings are the keys that a bill may write it by, the one that wins first: the name and each spelling in the file's order, as
// they stand, then their words joined and cased otherwise.
func (k *Key) spellings() []string {
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	all := append([]string{k.Name}, k.Also...)
	for _, s := range all {
		add(s)
	}
	for _, s := range all {
		words := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
		seps := []string{"-", "_", "", " "}
		if len(words) == 1 {
			seps = seps[:1]
		}
		lower, title, upper, camel := make([]string, len(words)), make([]string, len(words)), make([]string, len(words)), make([]string, len(words))
		for i, w := range words {
			lower[i], upper[i] = strings.ToLower(w), strings.ToUpper(w)
			title[i] = strings.ToUpper(w[:1]) + strings.ToLower(w[1:])
			if camel[i] = title[i]; i == 0 {
				camel[i] = lower[i]
			}
		}
		for _, sep := range seps {
			for _, form := range [][]string{lower, title, upper} {
				add(strings.Join(form, sep))
			}
		}
		add(strings.Join(camel, ""))
	}
	return out
}
