package owners

import (
	"time"

	"spendbot/analysis"
)

// Row is a charge to be judged: the values of its columns, "" for null, and its tags.
type Row struct {
	Columns map[string]string
	Tags    map[string]string
	Day     time.Time
}

// Source says what decided an attribute.
type Source string

// The sources, the first that says something decides.
const (
	ByRule Source = "rule"
	ByTag  Source = "tag"
	ByTeam Source = "team" // what the team says of itself
	ByNone Source = "none"
)

// Decision is the value of an attribute and what decided it.
type Decision struct {
	Value string
	By    Source
	Rule  int    // of the version, from 0; -1 where no rule decided
	Tag   string // the key, where a tag decided
}

// Verdict is all that is said of a row.
type Verdict struct {
	Version      *Version
	Decisions    map[Attribute]Decision
	Group        string
	BusinessUnit string
}

// Of is a dimension's value.
func (v Verdict) Of(d analysis.Dimension) string {
	switch d {
	case analysis.DimGroup:
		return v.Group
	case analysis.DimBusinessUnit:
		return v.BusinessUnit
	}
	return v.Decisions[Attribute(d)].Value
}

// Judge judges a row by the version and the rules in force on its day.
func (b *Book) Judge(r Row) Verdict {
	v := b.At(r.Day)
	out := v.Config.judge(r, b.asOf(r.Day))
	out.Version = v
	return out
}

// judge judges a row by the rules in force on a day.
func (c *Config) judge(r Row, day time.Time) Verdict {
	value := c.valueOf(r)
	out := Verdict{Decisions: map[Attribute]Decision{}}
	for i := range c.Rules {
		rule := &c.Rules[i]
		open := false
		for a := range rule.Sets {
			if _, done := out.Decisions[a]; !done {
				open = true
			}
		}
		if !open || !rule.inForce(day) || !rule.Match.holds(value) {
			continue
		}
		for a, s := range rule.Sets {
			if _, done := out.Decisions[a]; !done {
				out.Decisions[a] = Decision{Value: s, By: ByRule, Rule: i}
			}
		}
	}
	for _, a := range Attributes { // the team is the first of them
		if _, done := out.Decisions[a]; done {
			continue
		}
		if key := c.Tags[a]; key != "" {
			if s := c.tag(key, r.Tags); s != "" && (a != Team || c.isTeam(s)) {
				out.Decisions[a] = Decision{Value: s, By: ByTag, Rule: -1, Tag: key}
				continue
			}
		}
		if a == Team {
			out.Decisions[a] = Decision{Value: analysis.Unallocated, By: ByNone, Rule: -1}
			continue
		}
		if s := c.Teams[out.Decisions[Team].Value].Sets[a]; s != "" {
			out.Decisions[a] = Decision{Value: s, By: ByTeam, Rule: -1}
			continue
		}
		out.Decisions[a] = Decision{By: ByNone, Rule: -1}
	}
	team := out.Decisions[Team].Value
	out.Group, out.BusinessUnit = c.group(team), c.businessUnit(team)
	return out
}

// valueOf reads a row's fields as the rules see them, each tag once.
func (c *Config) valueOf(r Row) func(*Field) string {
	tags := map[string]string{}
	return func(f *Field) string {
		if f.Column != "" {
			return r.Columns[f.Column]
		}
		v, ok := tags[f.Tag]
		if !ok {
			v = c.tag(f.Tag, r.Tags)
			tags[f.Tag] = v
		}
		return v
	}
}
