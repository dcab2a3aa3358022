package owners

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"spendbot/analysis"
)

// accountAnnotations are the annotations that say which account of a cloud an entity is or runs in. The first is what
// Backstage's own AWS organisation processor writes; the others are what catalogs use for the other clouds.
var accountAnnotations = []string{"amazonaws.com/account-id", "aws.amazon.com/account-id", "azure.com/subscription-id", "dev.azure.com/subscription-id", "cloud.google.com/project-id", "google.com/project-id"}

// Annotations that say something of an entity's owner or of itself.
const (
	annotationARN  = "amazonaws.com/arn"
	annotationJira = "jira/project-key"
)

var annotationSlack = []string{"slack.com/channel", "slack.com/channel-name", "slack/channel"}

// BackstageRead says what of a catalog is read.
const BackstageRead = `Component and Resource: spec.owner (the team), spec.system (the product), and the annotations
amazonaws.com/account-id, azure.com/subscription-id, cloud.google.com/project-id (the account) and amazonaws.com/arn (the
resource). System: spec.owner. Group: spec.type, spec.parent, and the annotations jira/project-key and slack.com/channel.
Domain: nothing. Other kinds are passed over.`

// BackstageOptions say which tags of the bill carry names of the catalog.
type BackstageOptions struct {
	ComponentTag string // its value is the name of a Component or Resource
	SystemTag    string // its value is the name of a System
}

// entity is a document of a catalog.
type entity struct {
	line                           int
	kind, name                     string
	owner, system, parent, groupOf string // spec; groupOf is spec.type
	annotations                    map[string]string
}

// unitTypes are the types of groups that are business units.
var unitTypes = []string{"business-unit", "businessunit", "division", "organization", "organisation", "root", "company"}

// FromBackstage makes rules of the entities in a catalog-info.yaml, one or several documents.
func FromBackstage(name string, r io.Reader, o BackstageOptions) (*Imported, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%s: a catalog has at most %d bytes", name, MaxBytes)
	}
	docs, err := parseYAML(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := &Imported{Config: &Config{Tags: map[Attribute]string{}, Teams: map[string]Owner{}, Groups: map[string]Group{}}}
	rd := &reader{file: name}
	var all []entity
	other := map[string]int{}
	for _, d := range docs {
		e, ok := rd.entity(d)
		if !ok {
			continue
		}
		switch e.kind {
		case "Component", "Resource", "System", "Group":
			all = append(all, e)
		default:
			other[e.kind]++
		}
	}
	if len(rd.errs) > 0 {
		return nil, rd.errs[0]
	}
	for _, k := range sorted(other) {
		out.Left = append(out.Left, fmt.Sprintf("%d of kind %q", other[k], k))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no Component, Resource, System or Group is in it", name)
	}
	if err := out.hierarchy(name, all); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, e := range all {
		counts[e.kind]++
		if e.kind == "Group" {
			continue
		}
		team := reference(e.owner)
		if team == "" || strings.HasPrefix(strings.ToLower(e.owner), "user:") {
			out.Left = append(out.Left, fmt.Sprintf("%s %s (line %d): its owner is no group", e.kind, e.name, e.line))
			continue
		}
		if err := out.belongs(team, "", "", fmt.Sprintf("%s:%d", name, e.line)); err != nil {
			return nil, err
		}
		sets := map[Attribute]string{Team: team}
		if s := reference(e.system); s != "" {
			sets[Product] = s
		}
		if e.kind == "System" {
			sets[Product] = e.name
		}
		if p := e.annotations[annotationJira]; p != "" {
			sets[JiraProject] = p
		}
		var fields []*Field
		if arn := e.annotations[annotationARN]; arn != "" {
			fields = append(fields, &Field{Column: "ResourceId", Text: arn})
		} else {
			for _, a := range accountAnnotations {
				if v := e.annotations[a]; v != "" {
					fields = append(fields, &Field{Column: "SubAccountId", Text: v})
				}
			}
		}
		if key := map[string]string{"Component": o.ComponentTag, "Resource": o.ComponentTag, "System": o.SystemTag}[e.kind]; key != "" {
			fields = append(fields, &Field{Tag: key, Text: e.name})
		}
		if len(fields) == 0 {
			out.Left = append(out.Left, fmt.Sprintf("%s %s (line %d): nothing of it says which rows of a bill are its", e.kind, e.name, e.line))
		}
		for _, f := range fields {
			out.add(Rule{Name: e.name, Sets: sets}, []Match{{Field: f}})
		}
	}
	for _, k := range sorted(counts) {
		out.Read = append(out.Read, fmt.Sprintf("%d of kind %s", counts[k], k))
	}
	// What is more exact comes first: resources, tags, accounts. An account that several entities are in is the first one's.
	rank := func(r Rule) int {
		switch f := r.Match.Field; {
		case f.Column == "ResourceId":
			return 0
		case f.Tag != "":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out.Config.Rules, func(a, b Rule) int { return rank(a) - rank(b) })
	return out.finish(name)
}

// hierarchy makes the teams' groups of the catalog's: a group that owns is a team, its parent a group, and a group of a type that
// says so a business unit.
func (o *Imported) hierarchy(name string, all []entity) error {
	groups := map[string]entity{}
	parents := map[string]bool{}
	for _, e := range all {
		if e.kind == "Group" {
			if _, twice := groups[e.name]; twice {
				return fmt.Errorf("%s:%d: the group %s is there twice", name, e.line, e.name)
			}
			groups[e.name] = e
			if p := reference(e.parent); p != "" {
				parents[p] = true
			}
		}
	}
	isUnit := func(n string) bool { return slices.Contains(unitTypes, strings.ToLower(groups[n].groupOf)) }
	for _, n := range sorted(groups) {
		e := groups[n]
		parent := reference(e.parent)
		if _, known := groups[parent]; parent != "" && !known {
			groups[parent] = entity{kind: "Group", name: parent}
		}
		if isUnit(n) {
			continue
		}
		if parents[n] {
			g := Group{}
			if isUnit(parent) {
				g.BusinessUnit = parent
			} else {
				g.Parent = parent
			}
			o.Config.Groups[n] = g
		}
		team := Owner{Sets: map[Attribute]string{}}
		if p := e.annotations[annotationJira]; p != "" {
			team.Sets[JiraProject] = p
		}
		for _, a := range annotationSlack {
			if s := e.annotations[a]; s != "" {
				team.Sets[SlackChannel] = "#" + strings.TrimPrefix(s, "#")
				break
			}
		}
		switch {
		case parents[n]: // it may own things itself, and then it is its own group
			team.Group = n
		case parent != "":
			team.Group = parent
			if _, ok := o.Config.Groups[parent]; !ok {
				g := Group{}
				if isUnit(parent) { // a team right under a business unit
					g.BusinessUnit = parent
				}
				o.Config.Groups[parent] = g
			}
		}
		if n == analysis.Unallocated {
			return fmt.Errorf("%s:%d: %q is no name for a team", name, e.line, n)
		}
		o.Config.Teams[n] = team
	}
	for _, n := range sorted(o.Config.Groups) { // parents that the catalog only names
		if p := o.Config.Groups[n].Parent; p != "" {
			if _, ok := o.Config.Groups[p]; !ok {
				o.Config.Groups[p] = Group{}
			}
		}
	}
	return nil
}

// reference is the name in a reference to an entity: "group:default/payments" is payments.
func reference(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	return s
}

func (r *reader) entity(n ast.Node) (entity, bool) {
	e := entity{line: lineOf(n), annotations: map[string]string{}}
	fields, ok := r.mapping(n, "the document")
	if !ok {
		return e, false
	}
	get := func(list []pair, key string) (string, ast.Node) {
		for _, p := range list {
			if p.key == key {
				s, _ := scalar(p.value)
				if !plainText(s) {
					r.fail(p.value, key, "%q holds a control character or is no UTF-8", s)
					return "", p.value
				}
				return s, p.value
			}
		}
		return "", nil
	}
	e.kind, _ = get(fields, "kind")
	if _, at := get(fields, "metadata"); at != nil {
		meta, _ := r.mapping(at, "metadata")
		e.name, _ = get(meta, "name")
		if _, at := get(meta, "annotations"); at != nil {
			list, _ := r.mapping(at, "metadata.annotations")
			for _, a := range list {
				if s, ok := scalar(a.value); ok && plainText(s) && len(s) <= maxPattern {
					e.annotations[a.key] = strings.TrimSpace(s)
				}
			}
		}
	}
	if _, at := get(fields, "spec"); at != nil {
		if _, isMap := at.(*ast.NullNode); !isMap {
			spec, _ := r.mapping(at, "spec")
			e.owner, _ = get(spec, "owner")
			e.system, _ = get(spec, "system")
			e.parent, _ = get(spec, "parent")
			e.groupOf, _ = get(spec, "type")
		}
	}
	if e.kind != "" && e.name == "" {
		r.fail(n, "metadata.name", "the entity has no name")
		return e, false
	}
	if e.kind == "" {
		r.fail(n, "kind", "the document has no kind: this is no Backstage catalog")
		return e, false
	}
	return e, true
}
