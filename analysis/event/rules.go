package event

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Rule says where events happen whose reports do not: what GitHub and Kubernetes send knows repositories and namespaces, and a bill
// knows accounts and teams.
type Rule struct {
	// Match is what a report is about, with * for any run of characters and in any letter case: a repository as owner/name, a
	// workload as namespace/name, else what the event says.
	Match string `yaml:"match"`
	// Set gives the event a place: provider, service, account, region, team, env, product or tag:KEY.
	Set map[string]string `yaml:"set"`
}

// Rules are tried in order; each part of a place is set by the first that fits, and never over what the report itself says.
type Rules []ruled

type ruled struct {
	match string
	slice map[string]string
}

// NewRules checks rules.
func NewRules(list []Rule) (Rules, error) {
	var out Rules
	for i, r := range list {
		if strings.TrimSpace(r.Match) == "" {
			return nil, fmt.Errorf("rule %d: match is missing; write a repository, a namespace/name or a text, with * for anything", i+1)
		}
		if len(r.Set) == 0 {
			return nil, fmt.Errorf("rule %d (%s): set is missing; write where it happens, as {team: payments}", i+1, r.Match)
		}
		slice := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(r.Set)) {
			c, err := column(name)
			if err != nil {
				return nil, fmt.Errorf("rule %d (%s): %w", i+1, r.Match, err)
			}
			if slice[c] = tidy(r.Set[name]); slice[c] == "" {
				return nil, fmt.Errorf("rule %d (%s): %s is empty", i+1, r.Match, name)
			}
		}
		out = append(out, ruled{strings.ToLower(strings.TrimSpace(r.Match)), slice})
	}
	return out, nil
}

// place fills in what a report does not say of where it happened.
func (rs Rules) place(subject string, e *analysis.Event) {
	subject = strings.ToLower(subject)
	for _, r := range rs {
		if !glob(r.match, subject) {
			continue
		}
		for c, v := range r.slice {
			if e.Slice[c] == "" {
				if e.Slice == nil {
					e.Slice = map[string]string{}
				}
				e.Slice[c] = v
			}
		}
	}
}

// glob matches a text against a pattern in which * is any run of characters.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, p)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
