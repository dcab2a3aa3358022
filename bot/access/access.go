// Package access decides who may see what. A person and the place they ask in go in; a [Grant] comes out: whether they are
// answered at all, and the scope that every query of the answer then holds. It knows neither Slack nor the store, so what it
// decides can be read off its tables of tests.
//
// Two things bound an answer: the person's scope, and the channel's, since others read along there. Both hold. Rules are
// ordered and the first that names the person, or the channel, decides.
package access

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Policy is a checked configuration. It is safe for concurrent use.
type Policy struct {
	config Config
	scopes map[string][]analysis.Filter
	users  map[string]int // to the rule that decides, from 0
	groups map[string]int
	places map[string]int
	byName bool // some rule names a channel by its name
	shared map[string]bool
}

// New checks a configuration; its error names every field that is wrong, the value, and what may stand there.
func New(c Config) (*Policy, error) {
	scopes, err := c.validate()
	if err != nil {
		return nil, err
	}
	p := &Policy{config: c, scopes: scopes, users: map[string]int{}, groups: map[string]int{}, places: map[string]int{}, shared: map[string]bool{}}
	for i, r := range c.People {
		remember(p.users, each(r.Users, trimmed), i)
		remember(p.groups, each(r.Groups, handle), i)
	}
	for i, r := range c.Channels {
		remember(p.places, each(r.Channels, channelName), i)
		p.byName = p.byName || slices.ContainsFunc(r.Channels, func(s string) bool { return strings.HasPrefix(trimmed(s), "#") })
	}
	for _, ch := range c.SharedChannels.Allow {
		p.shared[channelName(ch)] = true
	}
	return p, nil
}

// Person is who asks, as Slack knows them.
type Person struct {
	Team, ID, Name string
	Groups         []string // ids and handles of the user groups they are in
	GroupsUnknown  bool     // their groups could not be looked up: who may depend on them is refused
	Guest          bool     // single-channel or multi-channel guest
	Bot            bool     // an app or a bot user
	Stranger       bool     // of another workspace or organization
	Deleted        bool     // deactivated
}

// Place is where they ask.
type Place struct {
	Channel string // id
	Name    string // without the #; where it could not be looked up and a rule names channels by name, nothing is said
	Direct  bool   // a direct message with the bot, its Home or its assistant pane: nobody reads along
	Shared  bool   // shared with another organization (Slack Connect)
}

// Grant is what a person may see in a place.
type Grant struct {
	Allowed bool
	// Refusal is one polite sentence for who is not allowed. It holds no data and says nothing of what there is.
	Refusal string
	// Reason says for the audit which rule decided.
	Reason string
	Admin  bool // may see everybody's answers, traces and the audit
	// AllSpend says that the person has no scope of their own; the channel's still holds.
	AllSpend bool
	// Scope is what every query has to hold: the person's and the channel's filters, merged; none means everything.
	Scope []analysis.Filter
	// Name words the scope for people: "team payments", "all spend"; empty for who is refused.
	Name string
}

// Key is the scope's canonical form, equal for equal scopes; of a refusal it is a key that no scope has.
func (g Grant) Key() string {
	if !g.Allowed {
		return "refused"
	}
	return analysis.ScopeKey(g.Scope)
}

// What those are told who are not answered.
const (
	forPeople  = "I answer questions of people, not of apps."
	forMembers = "I answer members of this workspace only."
	noGuests   = "Questions about spend are for full members of this workspace, not for guests."
	noShared   = "This channel is shared with another organization, so I do not answer here: write to me directly."
	noChannel  = "Questions about spend are not answered in this channel: write to me directly."
	noPerson   = "You have no access to spend here. Whoever runs this bot can give it to you."
	notNow     = "I cannot tell right now what you may see: ask again in a moment."
	notHereNow = "I cannot tell right now what may be shown in this channel: ask again in a moment, or write to me directly."
	noOverlap  = "What may be shown in this channel and what you may see have nothing in common: write to me directly."
)

// Decide says what a person may see in a place. It lets nobody through who is in doubt: the kinds of people and places that
// get nothing come first, whatever the rules say of them.
func (p *Policy) Decide(who Person, where Place) Grant {
	switch {
	case who.Deleted:
		return refuse(forMembers, "deactivated user")
	case who.Bot:
		return refuse(forPeople, "bot or app")
	case who.Stranger:
		return refuse(forMembers, "not of this workspace")
	case who.Guest:
		return refuse(noGuests, "guest")
	case where.Shared && !p.named(p.shared, where):
		return refuse(noShared, "channel shared with another organization")
	}
	g := p.person(who)
	if !g.Allowed || where.Direct {
		return g
	}
	if where.Name == "" && p.byName {
		return refuse(notHereNow, "the channel's name is not known")
	}
	i, ruled := p.placeRule(where)
	if !ruled {
		return g
	}
	rule, said := p.config.Channels[i], fmt.Sprintf("channels[%d]", i+1)
	if slices.Contains(rule.May, None) {
		return refuse(noChannel, said+": none")
	}
	if rule.Scope == "" {
		return g
	}
	var ok bool
	if g.Scope, ok = Both(g.Scope, p.scopes[rule.Scope]); !ok {
		return refuse(noOverlap, g.Reason+" and "+said+" have nothing in common")
	}
	g.Reason += "; " + said + ": scope " + rule.Scope
	g.Name = analysis.ScopeWords(g.Scope)
	return g
}

func refuse(text, reason string) Grant { return Grant{Refusal: text, Reason: reason} }

// person is what somebody may see where nobody reads along.
func (p *Policy) person(who Person) Grant {
	rule := -1
	take := func(i int, ok bool) {
		if ok && (rule < 0 || i < rule) {
			rule = i
		}
	}
	i, ok := p.users[who.ID]
	take(i, ok)
	for _, g := range who.Groups {
		i, ok := p.groups[handle(g)]
		take(i, ok)
	}
	for _, i := range p.groups {
		if who.GroupsUnknown && (rule < 0 || i < rule) {
			return refuse(notNow, "the person's user groups are not known")
		}
	}
	if rule < 0 {
		if p.config.Members == string(None) {
			return refuse(noPerson, "members: none")
		}
		return Grant{Allowed: true, AllSpend: true, Name: analysis.ScopeWords(nil), Reason: "members: ask"}
	}
	r, said := p.config.People[rule], fmt.Sprintf("people[%d]", rule+1)
	if slices.Contains(r.May, None) {
		return refuse(noPerson, said+": none")
	}
	g := Grant{Allowed: true, Admin: slices.Contains(r.May, Admin), AllSpend: r.Scope == "", Scope: slices.Clone(p.scopes[r.Scope])}
	g.Name, g.Reason = analysis.ScopeWords(g.Scope), said
	if r.Scope != "" {
		g.Reason += ": scope " + r.Scope
	}
	return g
}

// placeRule is the first rule that names a channel, by its id or its name.
func (p *Policy) placeRule(where Place) (int, bool) {
	i, byID := p.places[where.Channel]
	k, byName := p.places[channelName("#"+where.Name)]
	if byID && (!byName || i < k) {
		return i, true
	}
	return k, byName
}

func (p *Policy) named(set map[string]bool, where Place) bool {
	return set[where.Channel] || set[channelName("#"+where.Name)]
}

// Both is what two scopes have in common: the filters of both, those on one dimension with the values that are in both. No filters is
// everything. It is false when nothing can be in both.
func Both(a, b []analysis.Filter) ([]analysis.Filter, bool) {
	out := slices.Clone(a)
	for _, f := range b {
		i := slices.IndexFunc(out, func(g analysis.Filter) bool { return g.Dimension == f.Dimension })
		if i < 0 {
			out = append(out, f)
			continue
		}
		common := slices.DeleteFunc(slices.Clone(out[i].Values), func(v string) bool { return !slices.Contains(f.Values, v) })
		if len(common) == 0 {
			return nil, false
		}
		out[i].Values = common
	}
	slices.SortFunc(out, func(a, b analysis.Filter) int { return strings.Compare(string(a.Dimension), string(b.Dimension)) })
	return out, true
}

// NeedsGroups are the ids and handles of user groups that rules name, sorted: only those need looking up.
func (p *Policy) NeedsGroups() []string {
	out := make([]string, 0, len(p.groups))
	for g := range p.groups {
		out = append(out, g)
	}
	slices.Sort(out)
	return out
}

// Scopes are the scopes that are configured, by name, for checking that they are of something in the store.
func (p *Policy) Scopes() map[string][]analysis.Filter {
	out := make(map[string][]analysis.Filter, len(p.scopes))
	for name, fs := range p.scopes {
		out[name] = slices.Clone(fs)
	}
	return out
}
