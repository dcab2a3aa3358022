package access

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Config says who may see what, as it stands under "access:" in the configuration file. The zero value lets every member of
// the workspace ask about everything.
type Config struct {
	// Members is what a member of the workspace may do whom no rule names: "ask" (the default) or "none".
	Members string `yaml:"members"`
	// Scopes are parts of the spend by name.
	Scopes map[string]Scope `yaml:"scopes"`
	// People are rules in order; the first one that names a person decides.
	People []PeopleRule `yaml:"people"`
	// Channels are rules in order; the first one that names a channel decides what is said there, whoever asks.
	Channels []ChannelRule `yaml:"channels"`
	// SharedChannels names the channels shared with other organizations where members may ask nevertheless.
	SharedChannels SharedChannels `yaml:"shared_channels"`
	// Owned says that owners are configured: team, group and so on are then theirs in scopes, and not the tags of these names. It is no
	// field of the file; whoever knows the store sets it.
	Owned bool `yaml:"-"`
}

// Scope is a part of the spend: values by dimension ("account", "service", and "team" where owners are configured) or tag key
// ("env"; "tag:service" where the key is called as a dimension is). All dimensions have to hold; the values of one are alternatives. The value "" is what has none.
type Scope map[string][]string

// PeopleRule says what some people may do.
type PeopleRule struct {
	Users  []string `yaml:"users"`  // member ids: U024BE7LH
	Groups []string `yaml:"groups"` // user groups, by handle or id
	Scope  string   `yaml:"scope"`  // they see this part only
	May    []Right  `yaml:"may"`
}

// ChannelRule says what may be said in some channels.
type ChannelRule struct {
	// Channels are ids, or names with a #. An id stays when a channel is renamed; a name then names another one.
	Channels []string `yaml:"channels"`
	Scope    string   `yaml:"scope"` // what is said there stays within this part
	May      []Right  `yaml:"may"`   // none, or ask
}

// SharedChannels are exceptions for channels shared with other organizations (Slack Connect).
type SharedChannels struct {
	Allow []string `yaml:"allow"` // ids, or names with a #
}

// Right is what somebody may do.
type Right string

// The rights.
const (
	Ask      Right = "ask"       // ask questions, within the rule's scope where it has one
	AllSpend Right = "all-spend" // ask about everything: no scope of one's own
	Admin    Right = "admin"     // see everybody's answers, traces and the audit
	None     Right = "none"      // nothing
)

var rights = []Right{Ask, AllSpend, Admin, None}

// invalid is an error about a field of the configuration.
func invalid(field string, value any, format string, a ...any) error {
	return fmt.Errorf("access.%s is %s: %s", field, shown(value), fmt.Sprintf(format, a...))
}

func shown(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// validate reads the scopes and checks every field, reporting all that is wrong at once.
func (c Config) validate() (map[string][]analysis.Filter, error) {
	var errs []error
	switch c.Members {
	case "", string(Ask), string(None):
	default:
		errs = append(errs, invalid("members", c.Members, "write ask or none"))
	}
	scopes := map[string][]analysis.Filter{}
	for _, name := range slices.Sorted(maps.Keys(c.Scopes)) {
		fs, err := c.Scopes[name].filters("scopes."+name, c.Owned)
		if err != nil {
			errs = append(errs, err)
		}
		scopes[name] = fs
	}
	names := slices.Sorted(maps.Keys(c.Scopes))
	known := func(field, scope string) {
		if _, ok := scopes[scope]; scope != "" && !ok {
			errs = append(errs, invalid(field, scope, "there is no scope of this name; %s", defined(names)))
		}
	}
	usersSeen, groupsSeen, channelsSeen := map[string]int{}, map[string]int{}, map[string]int{}
	for i, r := range c.People {
		field := fmt.Sprintf("people[%d]", i+1)
		errs = append(errs, r.check(field)...)
		known(field+".scope", r.Scope)
		users, groups := each(r.Users, trimmed), each(r.Groups, handle)
		if at := never(append(slices.Clone(users), prefixed("group ", groups)...), merged(usersSeen, groupsSeen)); at > 0 {
			errs = append(errs, fmt.Errorf("access.%s can never decide: rule %d names the same people before it; put it first or take it out", field, at))
		}
		remember(usersSeen, users, i+1)
		remember(groupsSeen, groups, i+1)
	}
	for i, r := range c.Channels {
		field := fmt.Sprintf("channels[%d]", i+1)
		errs = append(errs, r.check(field)...)
		known(field+".scope", r.Scope)
		channels := each(r.Channels, channelName)
		if at := never(channels, channelsSeen); at > 0 {
			errs = append(errs, fmt.Errorf("access.%s can never decide: rule %d names the same channels before it; put it first or take it out", field, at))
		}
		remember(channelsSeen, channels, i+1)
	}
	errs = append(errs, channelsOK("shared_channels.allow", c.SharedChannels.Allow)...)
	return scopes, errors.Join(errs...)
}

func defined(names []string) string {
	if len(names) == 0 {
		return "access.scopes defines none"
	}
	return "access.scopes defines " + strings.Join(names, ", ")
}

// never is the earlier rule that leaves a rule nothing to decide, when every name of it was named before; else 0.
func never(names []string, seen map[string]int) int {
	first := 0
	for _, n := range names {
		at, ok := seen[n]
		if !ok {
			return 0
		}
		first = max(first, at)
	}
	return first
}

func merged(users, groups map[string]int) map[string]int {
	out := maps.Clone(users)
	for k, v := range groups {
		out["group "+k] = v
	}
	return out
}

func prefixed(prefix string, list []string) []string {
	return each(list, func(s string) string { return prefix + s })
}

func remember(seen map[string]int, names []string, rule int) {
	for _, n := range names {
		if _, ok := seen[n]; !ok {
			seen[n] = rule
		}
	}
}

var (
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	groupID   = regexp.MustCompile(`^S[A-Z0-9]{2,}$`)
	channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
)

func (r PeopleRule) check(field string) []error {
	var errs []error
	if len(r.Users)+len(r.Groups) == 0 {
		errs = append(errs, fmt.Errorf("access.%s names nobody: write users (member ids) or groups (handles or ids)", field))
	}
	for _, u := range r.Users {
		if !userID.MatchString(trimmed(u)) {
			errs = append(errs, invalid(field+".users", u, "write a member's id, as U024BE7LH: in Slack, the profile's menu has \"Copy member ID\". Names may change hands, ids do not"))
		}
	}
	for _, g := range r.Groups {
		if handle(g) == "" {
			errs = append(errs, invalid(field+".groups", g, "write a user group's handle, as finops, or its id"))
		}
	}
	return append(errs, given(field, r.Scope, r.May, rights)...)
}

func (r ChannelRule) check(field string) []error {
	var errs []error
	if len(r.Channels) == 0 {
		errs = append(errs, fmt.Errorf("access.%s names no channel: write channels (ids, or names with a #)", field))
	}
	errs = append(errs, channelsOK(field+".channels", r.Channels)...)
	return append(errs, given(field, r.Scope, r.May, []Right{Ask, None})...)
}

func channelsOK(field string, channels []string) []error {
	var errs []error
	for _, ch := range channels {
		if s := trimmed(ch); !channelID.MatchString(s) && (!strings.HasPrefix(s, "#") || len(s) == 1) {
			errs = append(errs, invalid(field, ch, "write a channel's id, as C0123456, or its name with a #, as \"#payments\""))
		}
	}
	return errs
}

// given checks what a rule gives: a scope, rights, or both where they go together.
func given(field, scope string, may []Right, allowed []Right) []error {
	var errs []error
	words := make([]string, len(allowed))
	for i, r := range allowed {
		words[i] = string(r)
	}
	for _, r := range may {
		if !slices.Contains(allowed, r) {
			errs = append(errs, invalid(field+".may", string(r), "write one or more of %s", strings.Join(words, ", ")))
		}
	}
	switch has := func(r Right) bool { return slices.Contains(may, r) }; {
	case scope == "" && len(may) == 0:
		errs = append(errs, fmt.Errorf("access.%s gives nothing: write a scope, or may: with one or more of %s", field, strings.Join(words, ", ")))
	case has(None) && (scope != "" || len(may) > 1):
		errs = append(errs, fmt.Errorf("access.%s says none and more: none stands alone, without a scope or other rights", field))
	case has(AllSpend) && scope != "":
		errs = append(errs, fmt.Errorf("access.%s has the scope %q and all-spend: write one of them", field, scope))
	}
	return errs
}

// filters reads a scope, sorted by dimension.
func (s Scope) filters(field string, owned bool) ([]analysis.Filter, error) {
	if len(s) == 0 {
		return nil, fmt.Errorf("access.%s is empty, which would let see everything: write a dimension with its values, as team: [payments]", field)
	}
	var out []analysis.Filter
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(s)) {
		d, err := dimension(key, owned)
		if err != nil {
			errs = append(errs, fmt.Errorf("access.%s: %w", field, err))
			continue
		}
		if slices.ContainsFunc(out, func(f analysis.Filter) bool { return f.Dimension == d }) {
			errs = append(errs, fmt.Errorf("access.%s names %s twice: put its values into one list", field, d.Words()))
			continue
		}
		values := slices.Compact(slices.Sorted(slices.Values(s[key])))
		if len(values) == 0 {
			errs = append(errs, invalid(field+"."+key, s[key], "write the values that may be seen, as [payments]"))
			continue
		}
		out = append(out, analysis.Filter{Dimension: d, Values: values})
	}
	return out, errors.Join(errs...)
}

// dimension is what a key of a scope names: a fixed dimension by its name, an owner's where there are any, else a tag key.
func dimension(key string, owned bool) (analysis.Dimension, error) {
	key = strings.TrimSpace(key)
	if k, ok := analysis.Dimension(key).TagKey(); ok {
		return tag(strings.TrimSpace(k))
	}
	name := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(key))
	dimensions := analysis.Dimensions
	if owned {
		dimensions = slices.Concat(dimensions, analysis.OwnerDimensions)
	}
	for _, d := range dimensions {
		switch {
		case string(d) != name:
		case d == analysis.DimResource:
			return "", errors.New("a scope cannot be one of resources: daily totals do not know them; write accounts, services or tags")
		case key != strings.ToLower(key):
			return "", fmt.Errorf("%q is the dimension %s or the tag of that name: write %s or \"tag:%s\"", key, d.Words(), d, key)
		default:
			return d, nil
		}
	}
	return tag(key)
}

func tag(key string) (analysis.Dimension, error) {
	if key == "" {
		return "", errors.New("a dimension or tag key is empty")
	}
	if strings.ContainsAny(key, "\"\\") {
		return "", fmt.Errorf("the tag key %q holds a quote or a backslash, which no query can name", key)
	}
	return analysis.TagDimension(key), nil
}

func each(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

func trimmed(s string) string { return strings.TrimSpace(s) }

// handle is a user group's handle or id as it is compared: handles without their @ and in lower case, as Slack keeps them.
func handle(s string) string {
	s = strings.TrimSpace(s)
	if groupID.MatchString(s) {
		return s
	}
	return strings.ToLower(strings.TrimPrefix(s, "@"))
}

// channelName is a channel's id, or its name in lower case with the # in front.
func channelName(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "#") {
		return strings.ToLower(s)
	}
	return s
}
