package analysis

import (
	"encoding/json"
	"slices"
	"strings"
)

// A scope is what somebody may see: filters that all have to hold. None means everything.

// ScopeWords names a scope for people: "team payments, environment prod or staging"; "all spend" for everything.
func ScopeWords(scope []Filter) string {
	if len(scope) == 0 {
		return "all spend"
	}
	parts := make([]string, len(scope))
	for i, f := range scope {
		values := make([]string, len(f.Values))
		for k, v := range f.Values {
			if k < len(f.Labels) && f.Labels[k] != "" {
				v = f.Labels[k]
			}
			if values[k] = v; v == "" {
				values[k] = "(none)"
			}
		}
		list := strings.Join(values, ", ")
		if n := len(values); n > 1 {
			list = strings.Join(values[:n-1], ", ") + " or " + values[n-1]
		}
		if parts[i] = f.Dimension.Words() + " " + list; f.Not {
			parts[i] = "without " + parts[i]
		}
	}
	return strings.Join(parts, ", ")
}

// scopeFilter is a filter in a scope's key. Labels are left out: they are names, which decide nothing.
type scopeFilter struct {
	Dimension Dimension `json:"d"`
	Values    []string  `json:"in"`
	Not       bool      `json:"not,omitempty"`
}

// ScopeKey is a scope's canonical form: scopes that say the same in another order have the same key. Everything is "".
func ScopeKey(scope []Filter) string {
	if len(scope) == 0 {
		return ""
	}
	parts := make([]string, len(scope))
	for i, f := range scope {
		values := slices.Compact(slices.Sorted(slices.Values(f.Values)))
		b, _ := json.Marshal(scopeFilter{f.Dimension, values, f.Not}) // strings and a bool: it cannot fail
		parts[i] = string(b)
	}
	slices.Sort(parts)
	return "[" + strings.Join(slices.Compact(parts), ",") + "]"
}

// ScopeCovers reports whether whoever may see wide may see all that narrow lets see: an answer given within narrow, its SQL
// and its trace. When in doubt it says no.
func ScopeCovers(wide, narrow []Filter) bool {
	for _, w := range wide {
		if !slices.ContainsFunc(narrow, func(n Filter) bool { return implies(n, w) }) {
			return false
		}
	}
	return true
}

// implies reports whether every row that n keeps is kept by w.
func implies(n, w Filter) bool {
	if n.Dimension != w.Dimension {
		return false
	}
	in := func(list []string) func(string) bool {
		return func(v string) bool { return !slices.Contains(list, v) }
	}
	switch {
	case n.Not && w.Not:
		return !slices.ContainsFunc(w.Values, in(n.Values))
	case n.Not:
		return false
	case w.Not:
		return !slices.ContainsFunc(n.Values, func(v string) bool { return slices.Contains(w.Values, v) })
	}
	return !slices.ContainsFunc(n.Values, in(w.Values))
}
