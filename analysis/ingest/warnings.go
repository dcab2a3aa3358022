package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"spendbot/analysis/store"
)

// warnings collects what a person should know about a file that was good enough to load.
type warnings struct {
	lines  []string
	values map[string]map[string]bool // per column, values outside FOCUS's list
}

func newWarnings() *warnings { return &warnings{values: map[string]map[string]bool{}} }

func (w *warnings) add(format string, a ...any) { w.lines = append(w.lines, fmt.Sprintf(format, a...)) }

func (w *warnings) count(n int64, what string) {
	if n > 0 {
		w.add("%s %s", humanize.Comma(n), what)
	}
}

// header warns of columns that are not kept and of costs that are not there.
func (w *warnings) header(cols []column, unknown []string) {
	if len(unknown) > 0 {
		w.add("columns not kept, since FOCUS does not know them: %s", strings.Join(unknown, ", "))
	}
	var missing []string
	for _, c := range costs {
		if !slices.ContainsFunc(cols, func(k column) bool { return k.known && k.focus.Name == c }) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		w.add("the file has no %s: unknown, not zero", strings.Join(missing, ", no "))
	}
}

// value notes a value outside FOCUS's list for its column.
func (w *warnings) value(column, v string) {
	if w.values[column] == nil {
		w.values[column] = map[string]bool{}
	}
	const most = 1000
	if len(w.values[column]) < most {
		w.values[column][v] = true
	}
}

// absorb adds the warnings of another part of the same file.
func (w *warnings) absorb(o *warnings) {
	w.lines = append(w.lines, o.lines...)
	for c, vs := range o.values {
		for v := range vs {
			w.value(c, v)
		}
	}
}

// all lists the warnings of one file; the same whatever the order its rows were read in.
func (w *warnings) all() []string {
	out := slices.Clone(w.lines)
	for _, c := range slices.Sorted(maps.Keys(w.values)) {
		const most = 5
		var q []string
		for _, v := range slices.Sorted(maps.Keys(w.values[c])) {
			if len(q) == most {
				q = append(q, "and others")
				break
			}
			q = append(q, clip([]byte(v)))
		}
		out = append(out, fmt.Sprintf("%s has values FOCUS does not list: %s", c, strings.Join(q, ", ")))
	}
	return out
}

// shrunk warns when a load replaces much more than it brings, as a part loaded by itself would.
func shrunk(rows int64, r *store.Replaced) (string, bool) {
	if r == nil || rows*2 >= r.Rows {
		return "", false
	}
	return fmt.Sprintf("%s rows took the place of %s: if this file is one of several parts, load their folder instead",
		humanize.Comma(rows), humanize.Comma(r.Rows)), true
}
