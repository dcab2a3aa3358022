package owners

import (
	"time"

	"spendbot/analysis"
)

// Attribute is something that rules say of a charge.
type Attribute string

// The attributes. The first four are dimensions of questions; the others say whom to tell.
const (
	Team         Attribute = "team"
	CostCentre   Attribute = "cost_centre"
	Environment  Attribute = "environment"
	Product      Attribute = "product"
	SlackChannel Attribute = "slack_channel"
	SlackUser    Attribute = "slack_user" // a member id, U024BE7LH
	JiraProject  Attribute = "jira_project"
	Assignee     Attribute = "assignee"
)

// Attributes lists them in the order they are shown.
var Attributes = []Attribute{Team, CostCentre, Environment, Product, SlackChannel, SlackUser, JiraProject, Assignee}

// Config is a rules file as it was read.
type Config struct {
	// Keys are tag keys that count as one: the key rules use, and its spellings, the one that wins first. A spelling stands for
	// itself in any case, with its words joined by nothing, "-", "_" or a blank.
	Keys []Key
	// Tags says which tag sets an attribute where no rule does.
	Tags map[Attribute]string
	// Teams are the teams there are, by name. When there are any, no other team can be set, by a rule or by a tag.
	Teams map[string]Owner
	// Groups are what teams belong to: each has a parent group or a business unit.
	Groups map[string]Group
	Rules  []Rule
}

// Key is a tag key with its spellings, and its values with theirs.
type Key struct {
	Name   string
	Also   []string
	Values []Value
}

// Value is a tag value with its spellings, in lower case.
type Value struct {
	Name string
	Also []string
}

// Owner is what a team says of itself.
type Owner struct {
	Group string
	Sets  map[Attribute]string // any but the team
	Line  int
}

// Group is a group of teams. It belongs to another group or to a business unit, or to neither.
type Group struct {
	Parent       string
	BusinessUnit string
	Line         int
}

// Rule sets attributes of the rows it matches.
type Rule struct {
	Name  string // "payments accounts"; made from its place where the file gives none
	Line  int    // in its file
	Match Match
	// From and Until bound the days it is in force: From is the first, Until the first that is not any more; zero is unbounded.
	From, Until time.Time
	Sets        map[Attribute]string
}

// inForce reports whether the rule counts on a day.
func (r *Rule) inForce(day time.Time) bool {
	return !day.Before(r.From) && (r.Until.IsZero() || day.Before(r.Until))
}

// group is the group of a team and businessUnit what the group belongs to; [analysis.Unallocated] where there is none.
func (c *Config) group(team string) string {
	if o, ok := c.Teams[team]; ok && o.Group != "" {
		return o.Group
	}
	return analysis.Unallocated
}

func (c *Config) businessUnit(team string) string {
	name := c.Teams[team].Group
	for range len(c.Groups) + 1 { // no circles: Read refuses them
		g, ok := c.Groups[name]
		if !ok {
			break
		}
		if g.BusinessUnit != "" {
			return g.BusinessUnit
		}
		name = g.Parent
	}
	return analysis.Unallocated
}

// isTeam reports whether a team may be set.
func (c *Config) isTeam(name string) bool {
	_, ok := c.Teams[name]
	return ok || len(c.Teams) == 0
}
