package owners

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/focus"
)

// Imported is a configuration made from another list of who owns what, and what was not taken from it.
type Imported struct {
	Config *Config
	// Read says what was read, and Left what was not, a sentence each.
	Read, Left []string
}

// accountOrName is a column that does not say whether it has numbers of accounts or names.
const accountOrName = "SubAccountId or SubAccountName"

// accountNumber is what only the number of an account looks like: digits, some of them left open, as AWS has them, or Azure's UUID.
// Google's projects have ids that look like names.
var accountNumber = regexp.MustCompile(`^([0-9*?]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

// csvWords are what the columns of lists are called, without blanks, hyphens and underscores, in lower case.
var csvWords = map[string]string{
	"account": accountOrName, "awsaccount": accountOrName, "subaccount": accountOrName, "linkedaccount": accountOrName,
	"subscription": accountOrName, "project": accountOrName, "gcpproject": accountOrName,
	"accountid": "SubAccountId", "awsaccountid": "SubAccountId", "subaccountid": "SubAccountId", "linkedaccountid": "SubAccountId", "subscriptionid": "SubAccountId", "projectid": "SubAccountId",
	"accountname": "SubAccountName", "subscriptionname": "SubAccountName", "projectname": "SubAccountName", "subaccountname": "SubAccountName",
	"service": "ServiceName", "servicename": "ServiceName", "region": "RegionId", "regionid": "RegionId", "provider": "ServiceProviderName", "cloud": "ServiceProviderName",
	"resource": "ResourceId", "resourceid": "ResourceId", "arn": "ResourceId", "resourcename": "ResourceName", "sku": "SkuId", "skuid": "SkuId",

	"team": "team", "squad": "team", "owningteam": "team", "costcentre": "cost_centre", "costcenter": "cost_centre", "environment": "environment", "env": "environment",
	"product": "product", "slackchannel": "slack_channel", "slack": "slack_channel", "channel": "slack_channel", "slackuser": "slack_user", "slackuserid": "slack_user", "slackid": "slack_user", "jiraproject": "jira_project", "jira": "jira_project",
	"assignee": "assignee", "contact": "assignee", "owneremail": "assignee",
	"group": "group", "department": "group", "businessunit": "business_unit", "bu": "business_unit", "division": "business_unit",
	"from": "from", "since": "from", "until": "until", "name": "name", "rule": "name",
}

// FromCSV makes rules of a list: the first line names the columns. A line with an account, a service or another column of the bill
// is a rule; one with a team and none of these says what the team itself is. A column "account" is matched with the number of an account
// or its name, whichever it has. A column "tag:app" is the tag app. Lines that set the
// same of the same column become one rule with a list, in the place of the first.
func FromCSV(name string, r io.Reader) (*Imported, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%s: a list has at most %d bytes", name, MaxBytes)
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	head, _, _ := bytes.Cut(b, []byte("\n"))
	c := csv.NewReader(bytes.NewReader(b))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		c.Comma = ';'
	} else if bytes.Count(head, []byte("\t")) > bytes.Count(head, []byte(",")) {
		c.Comma = '\t'
	}
	c.FieldsPerRecord = -1
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty: its first line names the columns, as account,team,slack_channel", name)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := &Imported{Config: &Config{Tags: map[Attribute]string{}, Teams: map[string]Owner{}, Groups: map[string]Group{}}}
	kinds := make([]string, len(header))
	var matches, sets int
	for i, h := range header {
		k, err := csvColumn(h)
		if err != nil {
			return nil, fmt.Errorf("%s:1: column %q: %w", name, h, err)
		}
		if k != "" && slices.Contains(kinds, k) {
			return nil, fmt.Errorf("%s:1: column %q says the same as another one", name, h)
		}
		switch kinds[i] = k; {
		case k == "":
			out.Left = append(out.Left, fmt.Sprintf("the column %q is no column of a bill and no attribute", h))
		case isMatch(k):
			matches++
			said := k
			if k == accountOrName {
				said = "SubAccountId, or SubAccountName where it is no account number"
			}
			out.Read = append(out.Read, fmt.Sprintf("%q is matched with %s", h, said))
		default:
			sets++
			out.Read = append(out.Read, fmt.Sprintf("%q sets %s", h, k))
		}
	}
	if sets == 0 {
		return nil, fmt.Errorf("%s:1: no column says whose it is: name one team, cost_centre, environment, product, slack_channel, slack_user, jira_project or assignee", name)
	}
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		if err := out.csvLine(kinds, cells, fmt.Sprintf("%s:%d", name, line)); err != nil {
			return nil, err
		}
		if len(out.Config.Rules) > maxRules {
			return nil, fmt.Errorf("%s: more than %d rules", name, maxRules)
		}
	}
	return out.finish(name)
}

func isMatch(kind string) bool {
	return strings.HasPrefix(kind, "tag:") || kind != "" && kind[0] >= 'A' && kind[0] <= 'Z' || strings.HasPrefix(kind, "x_")
}

// csvColumn is what a column is: a column of the store, "tag:KEY", an attribute, or group, business_unit, from, until, name; "" is
// none of them.
func csvColumn(h string) (string, error) {
	h = strings.TrimSpace(h)
	low := strings.ToLower(h)
	for _, prefix := range []string{"tag:", "tag ", "tags.", "label:"} {
		if strings.HasPrefix(low, prefix) {
			key := strings.TrimSpace(h[len(prefix):])
			if key == "" || !plainText(key) || strings.ContainsAny(key, `"\`) {
				return "", errors.New("this is no tag key that a query can name")
			}
			return "tag:" + key, nil
		}
	}
	if k, ok := csvWords[strings.NewReplacer(" ", "", "-", "", "_", "").Replace(low)]; ok {
		return k, nil
	}
	if c, ok := focus.Lookup(h); ok && c.Stored() && c.Type == focus.String {
		return c.Name, nil
	}
	return "", nil
}

func (o *Imported) csvLine(kinds, cells []string, at string) error {
	var match []Match
	rule := Rule{Sets: map[Attribute]string{}}
	group, unit := "", ""
	for i, cell := range cells {
		if i >= len(kinds) {
			if strings.TrimSpace(cell) != "" {
				return fmt.Errorf("%s: more cells than the first line has columns", at)
			}
			continue
		}
		k := kinds[i]
		if cell = strings.TrimSpace(cell); cell == "" || k == "" {
			continue
		}
		if !plainText(cell) {
			return fmt.Errorf("%s: %s: %q holds a control character or is no UTF-8", at, k, cell)
		}
		switch {
		case isMatch(k):
			m, err := csvMatch(k, cell)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", at, k, err)
			}
			match = append(match, m)
		case k == "group":
			group = cell
		case k == "business_unit":
			unit = cell
		case k == "name":
			rule.Name = cell
		case k == "from" || k == "until":
			d, err := time.Parse(analysis.DateLayout, cell)
			if err != nil || d.Year() < 1990 || d.Year() > 2200 {
				return fmt.Errorf("%s: %s: %q is no day; write it as 2026-06-01", at, k, cell)
			}
			if k == "from" {
				rule.From = d
			} else {
				rule.Until = d
			}
		default:
			rule.Sets[Attribute(k)] = cell
		}
	}
	team := rule.Sets[Team]
	if team == analysis.Unallocated {
		return fmt.Errorf("%s: team: %q is what no rule gives a team; leave the line out", at, team)
	}
	if team != "" {
		if err := o.belongs(team, group, unit, at); err != nil {
			return err
		}
	} else if group != "" || unit != "" {
		return fmt.Errorf("%s: it has a group or a business unit, and no team that it would be of", at)
	}
	switch {
	case len(match) == 0 && len(rule.Sets) == 0:
		return nil // an empty line
	case len(match) == 0 && team == "":
		return fmt.Errorf("%s: it matches nothing: give it an account, a service, a tag or another column of the bill", at)
	case len(match) == 0:
		own := o.Config.Teams[team]
		for a, v := range rule.Sets {
			if a != Team {
				own.Sets[a] = v
			}
		}
		o.Config.Teams[team] = own
		return nil
	case len(rule.Sets) == 0:
		o.Left = append(o.Left, at+": it sets nothing")
		return nil
	case !rule.From.IsZero() && !rule.Until.IsZero() && !rule.From.Before(rule.Until):
		return fmt.Errorf("%s: it ends before it begins", at)
	}
	o.add(rule, match)
	return nil
}

// csvMatch is what a cell matches: a glob where it has stars, else the text itself.
func csvMatch(kind, cell string) (Match, error) {
	if kind == accountOrName {
		id, err := csvMatch("SubAccountId", cell)
		if err != nil || accountNumber.MatchString(cell) {
			return id, err
		}
		name, err := csvMatch("SubAccountName", cell)
		return Match{Any: []Match{id, name}}, err
	}
	f := &Field{Column: kind, Text: cell}
	if key, tag := strings.CutPrefix(kind, "tag:"); tag {
		f.Column, f.Tag = "", key
	}
	if isGlob(cell) {
		f.Op = Glob
	}
	if len(cell) > maxPattern {
		return Match{}, fmt.Errorf("longer than %d characters", maxPattern)
	}
	return Match{Field: f}, f.Compile()
}

// belongs notes a team with what it belongs to.
func (o *Imported) belongs(team, group, unit, at string) error {
	own, ok := o.Config.Teams[team]
	if !ok {
		own = Owner{Sets: map[Attribute]string{}}
	}
	if group == "" && unit != "" && own.Group == "" {
		group = unit // a team right under a business unit is a group of its own there
	}
	if group == analysis.Unallocated {
		return fmt.Errorf("%s: %q is no name for a group", at, group)
	}
	if group != "" {
		if own.Group != "" && own.Group != group {
			return fmt.Errorf("%s: team %s is in the group %s and in %s", at, team, own.Group, group)
		}
		own.Group = group
		g := o.Config.Groups[group]
		if unit != "" && g.BusinessUnit != "" && g.BusinessUnit != unit {
			return fmt.Errorf("%s: the group %s is in the business unit %s and in %s", at, group, g.BusinessUnit, unit)
		}
		if unit != "" {
			g.BusinessUnit = unit
		}
		o.Config.Groups[group] = g
	}
	o.Config.Teams[team] = own
	return nil
}

// add puts a rule at the end, or its value to a rule that sets the same of the same column, dates and all.
func (o *Imported) add(rule Rule, match []Match) {
	if last := len(o.Config.Rules) - 1; len(match) == 1 && match[0].Field == nil && rule.Name == "" && last >= 0 {
		r := &o.Config.Rules[last]
		if r.Name == "" && ofAccounts(r.Match) && sameSets(r.Sets, rule.Sets) && r.From.Equal(rule.From) && r.Until.Equal(rule.Until) {
			r.Match.Any = append(r.Match.Any, match[0].Any...)
			return
		}
	}
	if len(match) == 1 && match[0].Field != nil && rule.Name == "" {
		f := match[0].Field
		for i := range o.Config.Rules {
			r := &o.Config.Rules[i]
			var had *Field
			switch {
			case r.Match.Field != nil:
				had = r.Match.Field
			case len(r.Match.Any) > 0:
				had = r.Match.Any[0].Field
			}
			if r.Name != "" || had == nil || had.name() != f.name() || !sameSets(r.Sets, rule.Sets) || !r.From.Equal(rule.From) || !r.Until.Equal(rule.Until) {
				continue
			}
			if o.between(i+1, f) {
				break // another rule in between may be about the same rows: the order decides
			}
			if r.Match.Field != nil {
				r.Match = Match{Any: []Match{{Field: r.Match.Field}}}
			}
			r.Match.Any = append(r.Match.Any, match[0])
			return
		}
	}
	rule.Match = Match{All: match}
	if len(match) == 1 {
		rule.Match = match[0]
	}
	o.Config.Rules = append(o.Config.Rules, rule)
}

// ofAccounts reports whether a match is of any of some numbers or names of accounts.
func ofAccounts(m Match) bool {
	return len(m.Any) > 0 && !slices.ContainsFunc(m.Any, func(m Match) bool {
		return m.Field == nil || m.Field.Column != "SubAccountId" && m.Field.Column != "SubAccountName"
	})
}

// between reports whether a rule from i on could match what a field matches: anything but other values of the same column.
func (o *Imported) between(i int, f *Field) bool {
	for _, r := range o.Config.Rules[i:] {
		apart := true
		r.Match.fields(func(g *Field) {
			if g.name() != f.name() || g.Op != Exact || f.Op != Exact || g.Text == f.Text {
				apart = false
			}
		})
		if !apart {
			return true
		}
	}
	return false
}

func sameSets(a, b map[Attribute]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// finish names the rules by their places and checks that the file it makes is read as what it was made of.
func (o *Imported) finish(name string) (*Imported, error) {
	for i := range o.Config.Rules {
		if o.Config.Rules[i].Name == "" {
			o.Config.Rules[i].Name = fmt.Sprintf("rule %d", i+1)
		}
	}
	c, err := Read(name, o.Config.YAML("made from "+name))
	if err != nil {
		return nil, err
	}
	o.Config = c
	return o, nil
}
