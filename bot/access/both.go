package access

import "spendbot/analysis"

// Both is what two scopes have in common, as filters that both have to hold; it is false where they have nothing. No filters is
// everything.
func Both(a, b []analysis.Filter) (scope []analysis.Filter, ok bool) { return both(a, b) }
