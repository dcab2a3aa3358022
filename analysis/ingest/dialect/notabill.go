package dialect

import "slices"

// otherExports are exports that people take for bills and that are none, each with columns that only it has.
var otherExports = []struct {
	what     string // "this is an Azure price sheet, which holds prices and no costs"
	expected string // "an export of actual or amortized costs"
	needs    []string
}{}

// NotABill says what a header is when it belongs to an export without costs, as a price sheet, and what to load instead.
func NotABill(header []string) (what, expected string, ok bool) {
	for _, e := range otherExports {
		if !slices.ContainsFunc(e.needs, func(n string) bool {
			return !slices.ContainsFunc(header, func(h string) bool { return Fold(h) == Fold(n) })
		}) {
			return e.what, e.expected, true
		}
	}
	return "", "", false
}
