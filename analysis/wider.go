package analysis

import "strings"

// WiderThanScope stands before the name of a query that read more than the scope of its answer lets see: the weights that a
// team's part of a shared cost hangs on. Of its rows the answer tells only what the scope holds. It is kept in the trace, so that
// the answer can be run again by whoever sees everything.
const WiderThanScope = "over everything: "

// Withheld reports whether a query's text is kept from readers with the scope of its answer: a rule may name others.
func (q QueryTrace) Withheld(scope []Filter) bool {
	return len(scope) > 0 && strings.HasPrefix(q.Name, WiderThanScope)
}
