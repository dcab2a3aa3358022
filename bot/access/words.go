package access

import (
	"maps"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Explain says the rules in plain words, a sentence each, in the order they are tried.
func (p *Policy) Explain() []string {
	lines := []string{"Guests, apps, deactivated users and people of other workspaces get no answer."}
	for _, r := range p.config.People {
		who := append(each(r.Users, func(s string) string { return "user " + trimmed(s) }), each(r.Groups, func(s string) string { return "group " + handle(s) })...)
		lines = append(lines, sentence(listed(who, "and")+" may "+p.allowed(r.Scope, r.May)+"."))
	}
	rest := "Every member of the workspace may "
	if len(p.config.People) > 0 {
		rest = "Every other member of the workspace may "
	}
	if p.config.Members == string(None) {
		lines = append(lines, rest+"ask nothing.")
	} else {
		lines = append(lines, rest+"ask about all spend.")
	}
	for _, r := range p.config.Channels {
		in := "In " + listed(each(r.Channels, trimmed), "and") + " "
		switch {
		case slices.Contains(r.May, None):
			lines = append(lines, in+"nothing is answered.")
		case r.Scope != "":
			lines = append(lines, in+"answers stay within "+analysis.ScopeWords(p.scopes[r.Scope])+", whoever asks.")
		default:
			lines = append(lines, in+"everybody is answered within their own scope.")
		}
	}
	if len(p.config.SharedChannels.Allow) > 0 {
		lines = append(lines, "In channels shared with other organizations nothing is answered, except to members in "+
			listed(each(p.config.SharedChannels.Allow, trimmed), "and")+".")
	} else {
		lines = append(lines, "In channels shared with other organizations nothing is answered.")
	}
	unused := maps.Clone(p.scopes)
	for _, r := range p.config.People {
		delete(unused, r.Scope)
	}
	for _, r := range p.config.Channels {
		delete(unused, r.Scope)
	}
	if len(unused) > 0 {
		lines = append(lines, "No rule uses the scope "+listed(slices.Sorted(maps.Keys(unused)), "or")+".")
	}
	return lines
}

// allowed words what a rule gives.
func (p *Policy) allowed(scope string, may []Right) string {
	if slices.Contains(may, None) {
		return "ask nothing"
	}
	s := "ask about " + analysis.ScopeWords(p.scopes[scope])
	if slices.Contains(may, Admin) {
		s += ", and see everybody's answers and the audit"
	}
	return s
}

func listed(s []string, and string) string {
	if n := len(s); n > 1 {
		return strings.Join(s[:n-1], ", ") + " " + and + " " + s[n-1]
	}
	return strings.Join(s, "")
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
