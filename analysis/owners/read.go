package owners

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"spendbot/analysis"
	"spendbot/analysis/focus"
)

// Bounds of a rules file: what is beyond them is no file that people keep.
const (
	MaxBytes   = 4 << 20
	maxRules   = 5000
	maxPattern = 500  // characters of a glob or a regular expression
	maxProgram = 5000 // instructions and ranges of characters of a compiled one
	maxDepth   = 32
	maxErrors  = 20 // told at once
)

// Read reads a rules file; name is what its errors call it. It tells all that is wrong, with the line and the field.
func Read(name string, b []byte) (*Config, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%s: %d bytes: a rules file has at most %d", name, len(b), MaxBytes)
	}
	docs, err := parseYAML(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{file: name}
	c := &Config{Tags: map[Attribute]string{}, Teams: map[string]Owner{}, Groups: map[string]Group{}}
	if len(docs) > 1 {
		return nil, fmt.Errorf("%s:%d: a second document begins: a rules file is one", name, lineOf(docs[1]))
	}
	if len(docs) == 1 {
		r.config(c, docs[0])
	}
	if len(r.errs) == 0 {
		r.together(c)
	}
	if n := len(r.errs); n > 0 {
		return nil, errors.Join(r.errs[:min(n, maxErrors)]...)
	}
	return c, nil
}

// parseYAML reads the documents of a file, without those that are empty.
func parseYAML(b []byte) (docs []ast.Node, err error) {
	if err := shallow(b); err != nil {
		return nil, err
	}
	defer func() { // the parser is not ours, and files come from anywhere
		if p := recover(); p != nil {
			docs, err = nil, fmt.Errorf("this is no YAML that can be read (%v)", p)
		}
	}()
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		said := strings.TrimSpace(yaml.FormatError(err, false, false))
		if tagInBraces.Match(b) && strings.Contains(said, "must be specified") {
			said += `; inside braces a tag has to be quoted, as {"tag:app": [a, b]}`
		}
		return nil, errors.New(said)
	}
	for _, d := range f.Docs {
		if d.Body == nil || d.Body.Type() == ast.NullType || d.Body.Type() == ast.CommentType || d.Body.Type() == ast.CommentGroupType || d.Body.Type() == ast.DirectiveType {
			continue
		}
		docs = append(docs, d.Body)
	}
	return docs, nil
}

// tagInBraces is what the parser does not take: a key with a colon in it, inside braces.
var tagInBraces = regexp.MustCompile(`\{\s*tag:`)

// shallow refuses files that are nested so deeply that reading them would take all memory.
func shallow(b []byte) error {
	depth := 0
	for i, line := range strings.Split(string(b), "\n") {
		for _, r := range line {
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
		}
		indent := len(line) - len(strings.TrimLeft(line, " -?:\t"))
		if depth > 4*maxDepth || indent > 8*maxDepth {
			return fmt.Errorf("line %d: nested too deeply", i+1)
		}
	}
	return nil
}

type reader struct {
	file string
	errs []error
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

func (r *reader) fail(n ast.Node, field, format string, a ...any) {
	r.failLine(lineOf(n), field, format, a...)
}

func (r *reader) failLine(line int, field, format string, a ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s: %s", r.file, line, field, fmt.Sprintf(format, a...)))
}

// pair is a key of a mapping with its value.
type pair struct {
	key   string
	at    ast.Node
	value ast.Node
}

// mapping reads a mapping, in its order; no key may be there twice.
func (r *reader) mapping(n ast.Node, field string) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil, true
	default:
		r.fail(n, field, "write a mapping, key: value, in its place")
		return nil, false
	}
	var out []pair
	for _, v := range values {
		k, ok := scalar(v.Key)
		if !ok {
			r.fail(v, field, "a key must be a plain text")
			return nil, false
		}
		if slices.ContainsFunc(out, func(p pair) bool { return p.key == k }) {
			r.fail(v.Key, field, "%q is there twice", k)
			continue
		}
		out = append(out, pair{k, v.Key, v.Value})
	}
	return out, true
}

// scalar reads a plain text, a number or a truth value as it is written; an account's leading zeros stay.
func scalar(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(s.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return s.GetToken().Value, true
	}
	return "", false
}

// text reads a text, which may stand in SQL and in messages.
func (r *reader) text(n ast.Node, field string) (string, bool) {
	s, ok := scalar(n)
	switch {
	case !ok:
		r.fail(n, field, "write a text")
		return "", false
	case !plainText(s):
		r.fail(n, field, "%q holds a control character or is no UTF-8", s)
		return "", false
	}
	return s, true
}

// name reads a text that may not be empty.
func (r *reader) name(n ast.Node, field string) (string, bool) {
	s, ok := r.text(n, field)
	if ok && strings.TrimSpace(s) == "" {
		r.fail(n, field, "is empty; leave it out instead")
		return "", false
	}
	return s, ok
}

// texts reads a text or a list of them.
func (r *reader) texts(n ast.Node, field string) []string {
	list := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		list = s.Values
	}
	var out []string
	for _, v := range list {
		if s, ok := r.name(v, field); ok {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) config(c *Config, n ast.Node) {
	fields, _ := r.mapping(n, "the file")
	for _, f := range fields {
		switch f.key {
		case "normalise", "normalize":
			r.normalise(c, f.value)
		case "tags":
			r.tagDefaults(c, f.value)
		case "teams":
			r.teams(c, f.value)
		case "groups":
			r.groups(c, f.value)
		case "rules":
			r.rules(c, f.value)
		default:
			r.fail(f.at, f.key, "there is no such field; there are normalise, tags, teams, groups and rules")
		}
	}
}

func (r *reader) normalise(c *Config, n ast.Node) {
	keys, _ := r.mapping(n, "normalise")
	for _, k := range keys {
		field := "normalise." + k.key
		if !r.tagKey(k.at, field, k.key) {
			continue
		}
		key := Key{Name: k.key}
		parts, _ := r.mapping(k.value, field)
		for _, p := range parts {
			switch p.key {
			case "keys":
				for _, s := range r.texts(p.value, field+".keys") {
					if r.tagKey(p.value, field+".keys", s) {
						key.Also = append(key.Also, s)
					}
				}
			case "values":
				values, _ := r.mapping(p.value, field+".values")
				seen := map[string]string{}
				for _, v := range values {
					val := Value{Name: v.key}
					for _, s := range append([]string{v.key}, r.texts(v.value, field+".values."+v.key)...) {
						low := strings.ToLower(s)
						if other, taken := seen[low]; taken {
							if other != v.key {
								r.fail(v.at, field+".values."+v.key, "%q already stands for %q", s, other)
							}
							continue
						}
						seen[low] = v.key
						val.Also = append(val.Also, low)
					}
					if plainText(v.key) && v.key != "" {
						key.Values = append(key.Values, val)
					} else {
						r.fail(v.at, field+".values", "%q is no value's name", v.key)
					}
				}
			default:
				r.fail(p.at, field+"."+p.key, "there is no such field; there are keys and values")
			}
		}
		c.Keys = append(c.Keys, key)
	}
}

// tagKey checks that a tag key can be named in a query.
func (r *reader) tagKey(at ast.Node, field, key string) bool {
	switch {
	case strings.TrimSpace(key) == "":
		r.fail(at, field, "a tag key is empty")
	case !plainText(key) || strings.ContainsAny(key, `"\`):
		r.fail(at, field, "the tag key %q holds a quote, a backslash or a control character, which no query can name", key)
	case strings.TrimSpace(key) != key:
		r.fail(at, field, "the tag key %q begins or ends with a blank", key)
	default:
		return true
	}
	return false
}

func (r *reader) tagDefaults(c *Config, n ast.Node) {
	list, _ := r.mapping(n, "tags")
	for _, p := range list {
		a, ok := r.attribute(p, "tags")
		if !ok {
			continue
		}
		if key, ok := r.name(p.value, "tags."+p.key); ok && r.tagKey(p.value, "tags."+p.key, key) {
			c.Tags[a] = key
		}
	}
}

func (r *reader) attribute(p pair, field string) (Attribute, bool) {
	a := Attribute(p.key)
	if p.key == "cost_center" {
		a = CostCentre
	}
	if !slices.Contains(Attributes, a) {
		names := make([]string, len(Attributes))
		for i, n := range Attributes {
			names[i] = string(n)
		}
		r.fail(p.at, field+"."+p.key, "there is no such attribute; there are %s", strings.Join(names, ", "))
		return "", false
	}
	return a, true
}

// sets reads attributes with their values.
func (r *reader) sets(list []pair, field string) map[Attribute]string {
	out := map[Attribute]string{}
	for _, p := range list {
		if a, ok := r.attribute(p, field); ok {
			if s, ok := r.name(p.value, field+"."+p.key); ok {
				if a == Team && s == analysis.Unallocated {
					r.fail(p.value, field+"."+p.key, "%q is what no rule gives a team; give none instead", s)
					continue
				}
				out[a] = s
			}
		}
	}
	return out
}

func (r *reader) teams(c *Config, n ast.Node) {
	list, _ := r.mapping(n, "teams")
	for _, t := range list {
		field := "teams." + t.key
		if t.key == "" || t.key == analysis.Unallocated || !plainText(t.key) {
			r.fail(t.at, "teams", "%q is no name for a team", t.key)
			continue
		}
		fields, _ := r.mapping(t.value, field)
		o := Owner{Line: lineOf(t.at)}
		var rest []pair
		for _, f := range fields {
			switch f.key {
			case "group":
				o.Group, _ = r.name(f.value, field+".group")
			case "team":
				r.fail(f.at, field+".team", "a team is called by its key")
			default:
				rest = append(rest, f)
			}
		}
		o.Sets = r.sets(rest, field)
		c.Teams[t.key] = o
	}
}

func (r *reader) groups(c *Config, n ast.Node) {
	list, _ := r.mapping(n, "groups")
	for _, g := range list {
		field := "groups." + g.key
		if g.key == "" || g.key == analysis.Unallocated || !plainText(g.key) {
			r.fail(g.at, "groups", "%q is no name for a group", g.key)
			continue
		}
		fields, _ := r.mapping(g.value, field)
		group := Group{Line: lineOf(g.at)}
		for _, f := range fields {
			switch f.key {
			case "group":
				group.Parent, _ = r.name(f.value, field+".group")
			case "business_unit":
				group.BusinessUnit, _ = r.name(f.value, field+".business_unit")
			default:
				r.fail(f.at, field+"."+f.key, "there is no such field; there are group (it is part of) and business_unit")
			}
		}
		if group.Parent != "" && group.BusinessUnit != "" {
			r.fail(g.at, field, "it is part of the group %s and of the business unit %s: write one, the group has its own business unit", group.Parent, group.BusinessUnit)
		}
		c.Groups[g.key] = group
	}
}

func (r *reader) rules(c *Config, n ast.Node) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if n.Type() != ast.NullType {
			r.fail(n, "rules", "write a list, a dash before every rule")
		}
		return
	}
	if len(seq.Values) > maxRules {
		r.fail(n, "rules", "%d rules: a file has at most %d", len(seq.Values), maxRules)
		return
	}
	for i, v := range seq.Values {
		field := fmt.Sprintf("rules[%d]", i+1)
		fields, ok := r.mapping(v, field)
		if !ok {
			continue
		}
		rule := Rule{Name: fmt.Sprintf("rule %d", i+1), Line: lineOf(v), Match: Match{All: []Match{}}}
		matched := false
		for _, f := range fields {
			switch f.key {
			case "name":
				rule.Name, _ = r.name(f.value, field+".name")
			case "match":
				matched = true
				rule.Match = r.match(f.value, field+".match", 0)
			case "set":
				list, _ := r.mapping(f.value, field+".set")
				rule.Sets = r.sets(list, field+".set")
			case "from":
				rule.From = r.date(f.value, field+".from")
			case "until":
				rule.Until = r.date(f.value, field+".until")
			default:
				r.fail(f.at, field+"."+f.key, "there is no such field; there are name, match, set, from and until")
			}
		}
		if len(fields) > 0 {
			rule.Line = lineOf(fields[0].at)
		}
		switch {
		case !matched:
			r.failLine(rule.Line, field, "it says nothing of what it matches: write match: with a column or tag, or match: {} for all that is left")
		case len(rule.Sets) == 0 && len(r.errs) == 0:
			r.failLine(rule.Line, field, "it sets nothing: write set: with a team or another attribute")
		case !rule.From.IsZero() && !rule.Until.IsZero() && !rule.From.Before(rule.Until):
			r.failLine(rule.Line, field, "it ends before it begins: until is the first day it is not in force any more")
		}
		c.Rules = append(c.Rules, rule)
	}
}

func (r *reader) date(n ast.Node, field string) time.Time {
	s, _ := scalar(n)
	t, err := time.Parse(analysis.DateLayout, s)
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		r.fail(n, field, "%q is no day; write it as 2026-06-01", s)
		return time.Time{}
	}
	return t
}

// columns are what a condition may be called by, beside the FOCUS columns' own names.
var columns = func() map[string]string {
	m := map[string]string{"account_name": "SubAccountName", "billing_account_name": "BillingAccountName", "resource_name": "ResourceName",
		"subscription": "SubAccountId", "project": "SubAccountId"}
	for _, d := range analysis.Dimensions {
		m[string(d)] = d.Column()
	}
	return m
}()

// match reads a mapping of columns, tags and any, all, not: all of it has to hold.
func (r *reader) match(n ast.Node, field string, depth int) Match {
	out := Match{All: []Match{}}
	if depth > maxDepth {
		r.fail(n, field, "nested too deeply")
		return out
	}
	parts, _ := r.mapping(n, field)
	for _, p := range parts {
		at := field + "." + p.key
		switch p.key {
		case "any", "all":
			seq, ok := p.value.(*ast.SequenceNode)
			if !ok || len(seq.Values) == 0 {
				r.fail(p.value, at, "write a list of conditions, a dash before each")
				continue
			}
			list := make([]Match, len(seq.Values))
			for i, v := range seq.Values {
				list[i] = r.match(v, fmt.Sprintf("%s[%d]", at, i+1), depth+1)
			}
			if p.key == "all" {
				out.All = append(out.All, list...)
			} else {
				out.All = append(out.All, Match{Any: list})
			}
		case "not":
			m := r.match(p.value, at, depth+1)
			out.All = append(out.All, Match{Not: &m})
		default:
			f := Field{}
			if key, ok := strings.CutPrefix(p.key, "tag:"); ok {
				if !r.tagKey(p.at, at, key) {
					continue
				}
				f.Tag = key
			} else if f.Column = columns[p.key]; f.Column == "" {
				c, ok := focus.Lookup(p.key)
				if !ok || !c.Stored() || c.Type != focus.String {
					r.fail(p.at, at, "%q is no column that can be matched; write a dimension (account, service, region, ...), a FOCUS column of texts, or tag:%s", p.key, p.key)
					continue
				}
				f.Column = c.Name
			}
			out.All = append(out.All, r.values(f, p.value, at, depth+1))
		}
	}
	if len(out.All) == 1 {
		return out.All[0]
	}
	return out
}

// values reads what a column or tag has to be: a text, a list of which one has to hold, or a form with its name.
func (r *reader) values(f Field, n ast.Node, field string, depth int) Match {
	never := Match{Any: []Match{}}
	if depth > maxDepth {
		r.fail(n, field, "nested too deeply")
		return never
	}
	switch v := n.(type) {
	case *ast.SequenceNode:
		if len(v.Values) == 0 {
			r.fail(n, field, "the list is empty and could never match")
			return never
		}
		out := Match{}
		for _, e := range v.Values {
			out.Any = append(out.Any, r.values(f, e, field, depth+1))
		}
		if len(out.Any) == 1 {
			return out.Any[0]
		}
		return out
	case *ast.MappingNode, *ast.MappingValueNode:
		forms, ok := r.mapping(n, field)
		if !ok || len(forms) != 1 {
			r.fail(n, field, "write one of exact, glob, regex and not")
			return never
		}
		p := forms[0]
		at := field + "." + p.key
		switch p.key {
		case "not":
			m := r.values(f, p.value, at, depth+1)
			return Match{Not: &m}
		case "exact":
			f.Op = Exact
		case "glob":
			f.Op = Glob
		case "regex":
			f.Op = Regex
		default:
			r.fail(p.at, at, "there is no such form; there are exact, glob, regex and not")
			return never
		}
		if list, ok := p.value.(*ast.SequenceNode); ok {
			out := Match{Any: []Match{}}
			for _, e := range list.Values {
				out.Any = append(out.Any, r.compiled(f, e, at))
			}
			return out
		}
		return r.compiled(f, p.value, at)
	case *ast.NullNode:
		r.fail(n, field, `says nothing; write "" for rows without a value`)
		return never
	}
	if s, ok := scalar(n); ok && isGlob(s) {
		f.Op = Glob
	}
	return r.compiled(f, n, field)
}

func (r *reader) compiled(f Field, n ast.Node, field string) Match {
	s, ok := r.text(n, field)
	if !ok {
		return Match{Any: []Match{}}
	}
	f.Text = s
	if f.Op != Exact && len(s) > maxPattern {
		r.fail(n, field, "the pattern has %d characters: at most %d", len(s), maxPattern)
		return Match{Any: []Match{}}
	}
	if err := f.Compile(); err != nil {
		r.fail(n, field, "%v; it is read as RE2 reads it (https://github.com/google/re2/wiki/Syntax)", err)
	} else if f.Op == Regex && programSize(s) > maxProgram {
		r.fail(n, field, "the regular expression is too large once its repetitions are written out")
	}
	return Match{Field: &f}
}

// programSize is how large a regular expression gets once it is compiled, in instructions and ranges of characters.
func programSize(pattern string) int {
	p, err := syntax.Parse(anyCharacter+pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	prog, err := syntax.Compile(p.Simplify())
	if err != nil {
		return maxProgram + 1
	}
	n := 0
	for _, i := range prog.Inst {
		n += 1 + len(i.Rune)/2
	}
	return n
}

// together checks what one part of the file says of another.
func (r *reader) together(c *Config) {
	spelled := map[string]string{}
	for i := range c.Keys {
		for _, s := range c.Keys[i].spellings() {
			if other, taken := spelled[s]; taken && other != c.Keys[i].Name {
				r.failLine(1, "normalise."+c.Keys[i].Name, "the tag key %q already stands for %q", s, other)
				break
			}
			spelled[s] = c.Keys[i].Name
		}
	}
	for _, name := range sorted(c.Teams) {
		if g := c.Teams[name].Group; g != "" {
			if _, ok := c.Groups[g]; !ok {
				r.failLine(c.Teams[name].Line, "teams."+name+".group", "there is no group %q; groups: defines them", g)
			}
		}
	}
	for _, name := range sorted(c.Groups) {
		seen := []string{name}
		for g := c.Groups[name]; g.Parent != ""; {
			parent, ok := c.Groups[g.Parent]
			if !ok {
				r.failLine(g.Line, "groups."+seen[len(seen)-1]+".group", "there is no group %q", g.Parent)
				break
			}
			seen = append(seen, g.Parent)
			if slices.Contains(seen[:len(seen)-1], g.Parent) {
				r.failLine(c.Groups[name].Line, "groups."+name, "it is part of itself: %s", strings.Join(seen, " > "))
				break
			}
			g = parent
		}
	}
	for i := range c.Rules {
		if team, ok := c.Rules[i].Sets[Team]; ok && !c.isTeam(team) {
			r.failLine(c.Rules[i].Line, fmt.Sprintf("rules[%d].set.team", i+1), "there is no team %q; teams: names %s", team, some(sorted(c.Teams)))
		}
	}
}

// some names the first few of a list.
func some(list []string) string {
	const few = 8
	s := strings.Join(list[:min(few, len(list))], ", ")
	if n := len(list) - few; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}
