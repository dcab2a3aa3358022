package anomaly

import (
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// What is special about a line: a leaf, or what several add up to.
const (
	levelLeaf     = iota
	levelAccount  // a service in an account
	levelService  // a service
	levelCoverage // what commitments cover of a service's usage, or what they do not
	levelPrice    // a usage type's list price
)

// The kinds of the two lines of a service that has commitments: they sum to its usage, less what of the commitments nobody used.
const (
	covered  = "Covered"
	onDemand = "On demand"
)

// coverage finds the days from which on commitments cover less of a service: what they cover falls and what is charged on demand rises
// at once, each beyond its band, the one by as much a day as a floor asks and the other by its share too, and so that all together costs more.
// No service's total may show it: what ends is only their discount. What covers more somebody has bought; it is no news.
func coverage(lines []*line) []Anomaly {
	type service struct{ provider, currency, name string }
	falls := map[service]*line{}
	for _, l := range lines {
		if l.level == levelCoverage && l.kind == covered {
			falls[service{l.provider, l.currency, l.service}] = l
		}
	}
	var out []Anomaly
	for _, l := range lines {
		c := falls[service{l.provider, l.currency, l.service}]
		if l.level != levelCoverage || l.kind != onDemand || c == nil {
			continue
		}
		for _, up := range l.found {
			for _, down := range c.found {
				if up.Direction() != Up || down.Direction() != Down || !near(up.Onset, down.Onset) {
					continue
				}
				net := up.PerDay().Add(down.PerDay())
				if net.LessThan(l.least) {
					continue
				}
				told := analysis.Later(up.Told, down.Told)
				up.Told, down.Told = told, told
				if up.asTold != nil && down.asTold != nil {
					up.asTold.Told, down.asTold.Told = told, told
				}
				down.Team = up.Team
				out = append(out, up, down)
			}
		}
	}
	return out
}

// shows reports whether a change of coverage or of a price is what a series of usage shows in the same direction.
func (s Anomaly) shows(a Anomaly) bool {
	same := a.level <= levelService && a.leaf.provider == s.leaf.provider && a.leaf.currency == s.leaf.currency && a.leaf.service == s.leaf.service && a.leaf.kind == "Usage" && a.Direction() == s.Direction()
	if s.level == levelPrice {
		return same && (a.level != levelLeaf || a.leaf.usageType == s.leaf.usageType && a.leaf.region == s.leaf.region)
	}
	return same && s.leaf.kind == onDemand
}

// withCoverage puts changes of coverage and of prices beside what else was found, in the place of those that show the same by its parts.
func withCoverage(found, special []Anomaly) []Anomaly {
	for _, s := range special {
		if s.level == levelCoverage && s.leaf.kind == covered {
			continue
		}
		var out []Anomaly
		for _, a := range found {
			part := s.shows(a) && near(a.Onset, s.Onset)
			if s.level == levelPrice {
				part = part && (a.leaf.usageType == s.leaf.usageType && a.leaf.region == s.leaf.region || a.PerDay().Abs().LessThan(s.PerDay().Abs().Mul(decimal.NewFromInt(2))))
			} else {
				part = part && a.PerDay().LessThanOrEqual(s.PerDay())
			}
			if !part {
				out = append(out, a)
			}
		}
		found = out
	}
	return append(found, special...)
}
