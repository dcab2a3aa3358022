package access

import (
	"slices"

	"spendbot/analysis"
)

// Narrow is a grant in a place where others read along who may see no more than a scope: both hold. said names the place for the audit. Where the two have nothing
// in common nothing is granted.
func Narrow(g Grant, scope []analysis.Filter, said string) Grant {
	if !g.Allowed || len(scope) == 0 {
		return g
	}
	var ok bool
	if g.Scope, ok = Both(g.Scope, scope); !ok {
		return refuse(noOverlap, g.Reason+" and "+said+" have nothing in common")
	}
	g.Reason += "; " + said
	g.Name = analysis.ScopeWords(g.Scope)
	return g
}

// Limits reports whether the rules keep anything from any member: where they do not, nobody reads along who may not.
func (p *Policy) Limits() bool {
	none := func(may []Right) bool { return slices.Contains(may, None) }
	return len(p.scopes) > 0 || p.config.Members == string(None) || slices.ContainsFunc(p.config.People, func(r PeopleRule) bool { return none(r.May) }) ||
		slices.ContainsFunc(p.config.Channels, func(r ChannelRule) bool { return none(r.May) })
}
