package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Type is a kind of issue that a project has.
type Type struct {
	ID, Name string
	Subtask  bool
}

// Types lists a project's kinds of issue. (go-jira asks createmeta for everything at once, which Jira removed: CHANGE-1304.)
func (c *Client) Types(ctx context.Context, project string) ([]Type, error) {
	var out []Type
	for range mostPages {
		// Cloud answers in "issueTypes", a Data Center in "values".
		var page struct {
			Total      int    `json:"total"`
			IssueTypes []Type `json:"issueTypes"`
			Values     []Type `json:"values"`
		}
		path := fmt.Sprintf("rest/api/2/issue/createmeta/%s/issuetypes?startAt=%d&maxResults=50", url.PathEscape(project), len(out))
		if err := c.get(ctx, "read the issue types of "+project, path, &page); err != nil {
			return nil, err
		}
		got := append(page.IssueTypes, page.Values...)
		out = append(out, got...)
		if len(got) == 0 || len(out) >= page.Total {
			break
		}
	}
	return out, nil
}

// Field is a field of the form in which an issue is made.
type Field struct {
	ID, Name string
	Required bool     // and without a default
	Kind     string   // of its schema: "string", "number", "date", "priority", "array", "user"
	Allowed  []string // names of the values it takes; none where it takes any
}

// Form lists the fields of the form for a type of a project, by id.
func (c *Client) Form(ctx context.Context, project string, t Type) (map[string]Field, error) {
	out := map[string]Field{}
	at := 0
	for range mostPages {
		type field struct {
			ID       string `json:"fieldId"`
			Key      string `json:"key"`
			Name     string `json:"name"`
			Required bool   `json:"required"`
			Default  bool   `json:"hasDefaultValue"`
			Schema   struct {
				Type string `json:"type"`
			} `json:"schema"`
			Allowed []json.RawMessage `json:"allowedValues"`
		}
		var page struct {
			Total  int     `json:"total"`
			Fields []field `json:"fields"`
			Values []field `json:"values"`
		}
		path := fmt.Sprintf("rest/api/2/issue/createmeta/%s/issuetypes/%s?startAt=%d&maxResults=50", url.PathEscape(project), url.PathEscape(t.ID), at)
		if err := c.get(ctx, "read the form of "+t.Name+" in "+project, path, &page); err != nil {
			return nil, err
		}
		got := append(page.Fields, page.Values...)
		for _, f := range got {
			if f.ID == "" {
				f.ID = f.Key
			}
			x := Field{ID: f.ID, Name: f.Name, Required: f.Required && !f.Default, Kind: f.Schema.Type}
			for _, raw := range f.Allowed {
				var v struct {
					Name  string `json:"name"`
					Value string `json:"value"`
				}
				if json.Unmarshal(raw, &v) == nil && v.Name+v.Value != "" {
					x.Allowed = append(x.Allowed, v.Name+v.Value)
				}
			}
			out[x.ID] = x
		}
		if at += len(got); len(got) == 0 || at >= page.Total {
			break
		}
	}
	return out, nil
}

// rights are what the bot does in a project, by Jira's names.
var rights = []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES", "LINK_ISSUES", "CREATE_ATTACHMENTS"}

// Lacks lists the rights that the bot's account does not have in a project, of those it uses.
func (c *Client) Lacks(ctx context.Context, project string) ([]string, error) {
	q := url.Values{"projectKey": {project}, "permissions": {strings.Join(rights, ",")}}
	var answer struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := c.get(ctx, "read the bot's rights in "+project, "rest/api/2/mypermissions?"+q.Encode(), &answer); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rights {
		if !answer.Permissions[r].Have {
			out = append(out, r)
		}
	}
	return out, nil
}

// People finds people who can be given issues of a project, by a part of their name or e-mail address; at most ten.
func (c *Client) People(ctx context.Context, project, query string) ([]Person, error) {
	q := url.Values{"project": {project}, "maxResults": {"10"}}
	cloud := c.Self().Cloud
	if q.Set("username", query); cloud {
		q.Del("username")
		q.Set("query", query)
	}
	var list []rawPerson
	if err := c.get(ctx, "look for people", "rest/api/2/user/assignable/search?"+q.Encode(), &list); err != nil {
		return nil, err
	}
	var out []Person
	for _, x := range list {
		out = append(out, x.person(cloud))
	}
	return out, nil
}

// Finding is a line of a proof: what was found, and what to do where it is not well.
type Finding struct {
	OK       bool
	What, Do string
}

// Prove says whether tickets of a type can be made in a project, before the first is: that both exist, what fields the form requires and the ticket does not
// fill, which of the fields that the ticket fills are not on the form, and which rights are missing. filled are field ids.
func (c *Client) Prove(ctx context.Context, project, typeName string, filled []string) ([]Finding, error) {
	if !projectKey.MatchString(project) {
		return []Finding{{What: fmt.Sprintf("%q is no Jira project key", project), Do: "a key is of capital letters and digits, as FIN"}}, nil
	}
	types, err := c.Types(ctx, project)
	if err != nil {
		return nil, err
	}
	var names []string
	n := -1
	for i, t := range types {
		if strings.EqualFold(t.Name, typeName) {
			n = i
		}
		if !t.Subtask {
			names = append(names, t.Name)
		}
	}
	if n < 0 {
		return []Finding{{What: fmt.Sprintf("project %s has no issue type %q", project, typeName), Do: "it has: " + strings.Join(names, ", ")}}, nil
	}
	form, err := c.Form(ctx, project, types[n])
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, id := range slices.Sorted(maps.Keys(form)) {
		if f := form[id]; f.Required && !slices.Contains(filled, id) {
			out = append(out, Finding{What: fmt.Sprintf("%s in %s requires the field %q (%s), which the bot does not fill", types[n].Name, project, f.Name, id),
				Do: "give it a value in the configuration under jira.fields, or a default in Jira"})
		}
	}
	for _, id := range filled {
		if _, ok := form[id]; !ok {
			out = append(out, Finding{What: fmt.Sprintf("the form of %s in %s has no field %s: it is left out of tickets", types[n].Name, project, id),
				Do: "add it to the project's create screen, or take it out of the configuration"})
		}
	}
	lacks, err := c.Lacks(ctx, project)
	if err != nil {
		return nil, err
	}
	if len(lacks) > 0 {
		out = append(out, Finding{What: fmt.Sprintf("the bot's account lacks rights in %s: %s", project, strings.Join(lacks, ", ")), Do: "grant them in the project's permission scheme"})
	}
	if len(out) == 0 {
		out = append(out, Finding{OK: true, What: fmt.Sprintf("tickets of type %s can be made in %s", types[n].Name, project)})
	}
	return out, nil
}
