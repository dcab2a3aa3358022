package focus

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed columns.tsv
var columnsTSV string

type registry struct {
	columns  []Column
	byName   map[string]int // lower-case name -> index in columns
	versions []string
}

// loaded parses the embedded registry at first use. That it parses is what TestRegistryParses is for.
var loaded = sync.OnceValues(func() (registry, error) { return parse(columnsTSV) })

func mustLoad() registry {
	r, err := loaded()
	if err != nil {
		return registry{}
	}
	return r
}

var fields = []string{"name", "type", "nullable", "unit", "since", "until", "replaces", "flags", "allowed", "meaning"}

func parse(tsv string) (registry, error) {
	r := registry{byName: map[string]int{}}
	lines := strings.Split(strings.TrimRight(tsv, "\n"), "\n")
	if got := strings.Split(lines[0], "\t"); !slices.Equal(got, fields) {
		return registry{}, fmt.Errorf("columns.tsv: header is %q, expected %q", got, fields)
	}
	for i, line := range lines[1:] {
		c, err := parseColumn(line)
		if err != nil {
			return registry{}, fmt.Errorf("columns.tsv: line %d: %w", i+2, err)
		}
		key := strings.ToLower(c.Name)
		if _, ok := r.byName[key]; ok {
			return registry{}, fmt.Errorf("columns.tsv: line %d: %s is there twice", i+2, c.Name)
		}
		r.byName[key] = len(r.columns)
		r.columns = append(r.columns, c)
		if !c.Own && !slices.Contains(r.versions, c.Since) {
			r.versions = append(r.versions, c.Since)
		}
	}
	slices.SortFunc(r.versions, compareVersions)
	for _, c := range r.columns {
		for _, older := range c.Replaces {
			i, ok := r.byName[strings.ToLower(older)]
			if !ok {
				return registry{}, fmt.Errorf("columns.tsv: %s replaces %s, which has no row", c.Name, older)
			}
			r.columns[i].LandsIn = c.Name
		}
	}
	return r, nil
}

func parseColumn(line string) (Column, error) {
	f := strings.Split(line, "\t")
	if len(f) != len(fields) {
		return Column{}, fmt.Errorf("%d fields, expected %d", len(f), len(fields))
	}
	c := Column{
		Name: f[0], Type: Type(f[1]), Nullable: f[2] == "null", Unit: f[3], Since: f[4], Until: f[5],
		Replaces: list(f[6]), Allowed: list(f[8]), Meaning: f[9],
	}
	switch c.Type {
	case String, Decimal, DateTime, JSON:
	default:
		return Column{}, fmt.Errorf("%s: type %q is none of String, Decimal, DateTime, JSON", c.Name, f[1])
	}
	switch f[7] {
	case "", string(Required), string(OneOf):
		c.Need = Need(f[7])
	case "own":
		c.Own = true
	default:
		return Column{}, fmt.Errorf("%s: flag %q is none of need, need-one, own", c.Name, f[7])
	}
	if c.Name == "" || c.Meaning == "" {
		return Column{}, fmt.Errorf("%s: a name and a meaning are needed", c.Name)
	}
	if c.Own != (c.Since == "") || c.Own != strings.HasPrefix(c.Name, "x_") {
		return Column{}, fmt.Errorf("%s: our own columns begin with x_ and have no version, FOCUS's have one", c.Name)
	}
	for _, v := range []string{c.Since, c.Until} {
		if _, _, ok := splitVersion(v); v != "" && !ok {
			return Column{}, fmt.Errorf("%s: %q is not a version like 1.2", c.Name, v)
		}
	}
	return c, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

// Columns lists every column: FOCUS's of all versions, in the order people read a charge (who, when, what sort, how
// much, of what), then our own. The slice is the caller's to change.
func Columns() []Column { return clone(mustLoad().columns) }

// Stored lists the columns the store keeps, in the order of Columns: those that land in a newer column are left out.
func Stored() []Column {
	return slices.DeleteFunc(Columns(), func(c Column) bool { return !c.Stored() })
}

// Lookup finds a column by name, in any letter case. An older name finds the column its values land in: ProviderName
// finds ServiceProviderName.
func Lookup(name string) (Column, bool) {
	r := mustLoad()
	i, ok := r.byName[strings.ToLower(strings.TrimSpace(name))]
	if !ok {
		return Column{}, false
	}
	c := r.columns[i]
	if c.LandsIn != "" {
		c = r.columns[r.byName[strings.ToLower(c.LandsIn)]]
	}
	return cloneOne(c), true
}

// Versions lists the FOCUS versions of the registry, oldest first.
func Versions() []string { return slices.Clone(mustLoad().versions) }

func clone(cols []Column) []Column {
	out := make([]Column, len(cols))
	for i, c := range cols {
		out[i] = cloneOne(c)
	}
	return out
}

func cloneOne(c Column) Column {
	c.Allowed, c.Replaces = slices.Clone(c.Allowed), slices.Clone(c.Replaces)
	return c
}

// compareVersions orders "1.9" before "1.10".
func compareVersions(a, b string) int {
	a1, a2, _ := splitVersion(a)
	b1, b2, _ := splitVersion(b)
	if a1 != b1 {
		return a1 - b1
	}
	return a2 - b2
}

func splitVersion(v string) (major, minor int, ok bool) {
	a, b, found := strings.Cut(v, ".")
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, found && err1 == nil && err2 == nil
}
