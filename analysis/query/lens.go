package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Lens is how the stored rows are looked at: layers over the views, the innermost first. Owners add columns, a reporting
// currency puts other amounts in the columns' place, an allocation adds rows. A layer is in a query's SQL only where the query
// needs it, so that a query which touches none of it costs what it did; and since the SQL holds it as text, a trace runs again
// the same however the configuration has changed since.
//
// The scope is applied on top of all layers: nothing that a layer brings gets past it.
type Lens struct{ Layers []Layer }

// Layer is one step between the stored rows and a query.
type Layer struct {
	// Name says what it is in a few words, for the small print of an answer that was made through it: "owners version 3 (since 1
	// Jun 2026)". Empty says nothing.
	Name string
	// Key tells the layer from others that would show other rows: a hash of the configuration it was made from. What is kept of a
	// snapshot seen through a lens is kept under it.
	Key string
	// Private says that the SQL names what not everybody may see: others' teams and accounts. It is left out where the SQL is shown to
	// whoever has a scope ([analysis.QueryTrace.Shown]).
	Private bool
	// Columns are those it adds, or puts something else in the place of. A query that names one of them, by itself or in a layer
	// further out, is made through it.
	Columns []string
	// Select is a SELECT of the rows of a view through the layer. beneath is what lies beneath it, as it stands in a FROM: a view or
	// a query in parentheses, which may be written more than once. uses tells whether a column is named anywhere above, so that what
	// nobody asks for need not be made. The text holds no parameters; what a configuration says stands in it as quoted literals
	// ([Literal]).
	Select func(t Table, beneath string, uses func(column string) bool) string
}

// Key tells a lens from others; "" is none.
func (l Lens) Key() string {
	keys := make([]string, len(l.Layers))
	for i, y := range l.Layers {
		keys[i] = y.Key
	}
	return strings.Join(keys, "+")
}

// Has reports whether a layer gives a column.
func (l Lens) Has(column string) bool {
	return slices.ContainsFunc(l.Layers, func(y Layer) bool { return slices.Contains(y.Columns, column) })
}

// Over is the lens with another layer outside of its own.
func (l Lens) Over(y Layer) Lens { return Lens{Layers: append(slices.Clip(l.Layers), y)} }

// Literal quotes a text of the configuration for SQL. What a person asks never comes this way: that is bound.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

var word = regexp.MustCompile(`\w+`)

// mentioned collects the words of SQL texts.
type mentioned map[string]bool

func (m mentioned) add(sql string) {
	for _, w := range word.FindAllString(sql, -1) {
		m[strings.ToLower(w)] = true
	}
}

func (m mentioned) uses(column string) bool { return m[strings.ToLower(column)] }

// views are the views as a query sees them through the lens, as they stand in a FROM, and the layers that it takes.
func (l Lens) views(sql string) (map[Table]string, []Layer, error) {
	words := mentioned{}
	words.add(sql)
	for _, d := range analysis.OwnerDimensions {
		if c := d.Column(); words.uses(c) && !l.Has(c) {
			return nil, nil, fmt.Errorf("there is no %s: no owners are configured (`owners:` in the configuration, `spendbot owners apply`)", d.Words())
		}
	}
	needed := make([]mentioned, len(l.Layers)) // what is named above each; nil where it is not needed
	for i := len(l.Layers) - 1; i >= 0; i-- {
		if y := l.Layers[i]; slices.ContainsFunc(y.Columns, words.uses) {
			needed[i] = mentioned{}
			for w := range words {
				needed[i][w] = true
			}
			for _, t := range []Table{Daily, Charges} {
				words.add(y.Select(t, t.View(), needed[i].uses))
			}
		}
	}
	out := map[Table]string{Daily: Daily.View(), Charges: Charges.View()}
	var taken []Layer
	for i, y := range l.Layers {
		if needed[i] == nil {
			continue
		}
		taken = append(taken, y)
		for _, t := range []Table{Daily, Charges} {
			sql := y.Select(t, out[t], needed[i].uses)
			if y.Private {
				sql = analysis.MarkPrivate(sql)
			}
			out[t] = "(" + sql + ")"
		}
	}
	return out, taken, nil
}

// View is the name of the view in the store.
func (t Table) View() string { return strings.Trim(string(t), "{}") }
