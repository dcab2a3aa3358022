package access

import (
	"slices"

	"spendbot/analysis"
)

// Posts says what may be posted in a place unasked, as alerts and digests are: what lies within scope, all spend where that is empty. It is false,
// with the reason for a log, where nothing may be: in a channel that people of other organizations read, in one that a rule excludes, and in one that cannot be told apart.
// In a direct message what the person may see counts, which [Policy.Decide] says.
func (p *Policy) Posts(where Place) (scope []analysis.Filter, ok bool, reason string) {
	if where.Shared && !p.named(p.shared, where) {
		return nil, false, "channel shared with another organization"
	}
	if where.Name == "" && p.byName && !where.Direct {
		return nil, false, "the channel's name is not known"
	}
	i, ruled := p.placeRule(where)
	if !ruled {
		return nil, true, ""
	}
	rule := p.config.Channels[i]
	if slices.Contains(rule.May, None) {
		return nil, false, "a rule excludes the channel"
	}
	if rule.Scope == "" {
		return nil, true, ""
	}
	return slices.Clone(p.scopes[rule.Scope]), true, ""
}
