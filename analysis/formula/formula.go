// Package formula is the registry of every measure and effect that an answer shows: its name, what it means in one
// sentence, how it is computed, and where the formula comes from. "How is X computed?" is answered from it, and from
// nothing else.
package formula

import (
	_ "embed"
	"strings"
	"sync"
)

// Formula is one entry.
type Formula struct {
	Name    string   `json:"name"` // "effective cost"
	Aliases []string `json:"aliases,omitempty"`
	Meaning string   `json:"meaning"`
	How     string   `json:"how"`
	Source  string   `json:"source"`
}

//go:embed formulas.tsv
var table string

var all = sync.OnceValue(func() []Formula {
	var out []Formula
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 5 || f[0] == "name" {
			continue
		}
		e := Formula{Name: f[0], Meaning: f[2], How: f[3], Source: f[4]}
		for _, a := range strings.Split(f[1], ",") {
			if a = strings.TrimSpace(a); a != "" {
				e.Aliases = append(e.Aliases, a)
			}
		}
		out = append(out, e)
	}
	return out
})

// All lists the formulas in the order they are shown.
func All() []Formula { return append([]Formula(nil), all()...) }

// Find looks a formula up by its name or an alias, in any letter case, blanks and underscores alike.
func Find(name string) (Formula, bool) {
	n := normal(name)
	for _, f := range all() {
		if normal(f.Name) == n {
			return f, true
		}
		for _, a := range f.Aliases {
			if normal(a) == n {
				return f, true
			}
		}
	}
	return Formula{}, false
}

func normal(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(s), "_", " ")), " ")
}
