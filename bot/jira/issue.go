package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	jira "github.com/andygrunwald/go-jira"
	"github.com/trivago/tgo/tcontainer"
)

// Ticket is an issue to be made. What is empty is left to Jira.
type Ticket struct {
	Project, Type string // key, and the type's name
	Summary       string // one line; cut at [MostSummary] characters
	Description   string // Jira's markup, see package wiki
	Labels        []string
	Components    []string // by name
	Priority      string   // by name
	Assignee      string   // an account id in the Cloud, a user name in a Data Center
	Due           time.Time
	// Custom are further fields by id ("customfield_10010"), values as Jira takes them.
	Custom map[string]any
}

// MostSummary is how long a summary may be, in characters.
const MostSummary = 255

// Joined is a list in a stable order, as lists of an issue are compared.
func Joined(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// LabelOK reports whether Jira takes a label: it may hold no spaces.
func LabelOK(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' })
}

func (t Ticket) fields() *jira.IssueFields {
	summary := strings.Join(strings.Fields(t.Summary), " ")
	if r := []rune(summary); len(r) > MostSummary {
		summary = string(r[:MostSummary-1]) + "…"
	}
	f := &jira.IssueFields{Project: jira.Project{Key: t.Project}, Type: jira.IssueType{Name: t.Type}, Summary: summary, Description: t.Description,
		Labels: t.Labels, Unknowns: tcontainer.NewMarshalMap()}
	for _, n := range t.Components {
		f.Components = append(f.Components, &jira.Component{Name: n})
	}
	if t.Priority != "" {
		f.Priority = &jira.Priority{Name: t.Priority}
	}
	for k, v := range t.Custom {
		f.Unknowns[k] = v
	}
	if !t.Due.IsZero() {
		f.Unknowns["duedate"] = t.Due.Format(time.DateOnly)
	}
	return f
}

// Ref names an issue.
type Ref struct{ ID, Key string }

// Create makes an issue. Fields that Jira refuses although they are not required ("not on the appropriate screen") are left out and it is tried once
// more; dropped names them. An [Unknown] outcome may have made it: [Client.Find] its label before trying again.
func (c *Client) Create(ctx context.Context, t Ticket) (made Ref, dropped []string, err error) {
	if !projectKey.MatchString(t.Project) {
		return Ref{}, nil, &Error{Op: "create an issue", Outcome: Refused, Err: fmt.Errorf("%q is no project key", t.Project)}
	}
	f := t.fields()
	if t.Assignee != "" {
		f.Unknowns["assignee"] = c.person(t.Assignee)
	}
	op := "create an issue in " + t.Project
	made, err = c.create(ctx, op, f)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusBadRequest {
		return made, nil, err
	}
	if dropped = leaveOut(f, e.Fields); len(dropped) == 0 {
		return made, nil, err
	}
	made, err = c.create(ctx, op, f)
	return made, dropped, err
}

var projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,254}$`)

func (c *Client) create(ctx context.Context, op string, f *jira.IssueFields) (Ref, error) {
	var made Ref
	err := c.send(ctx, op, http.MethodPost, "rest/api/2/issue", &jira.Issue{Fields: f}, &made)
	if err == nil && (made.Key == "" || made.ID == "") {
		err = &Error{Op: op, Status: http.StatusCreated, Outcome: Unknown, Err: errors.New("it was done, but the answer names no issue")}
	}
	return made, err
}

// leaveOut takes out the fields that were refused; the four without which there is no ticket stay.
func leaveOut(f *jira.IssueFields, refused map[string]string) (dropped []string) {
	for id := range refused {
		had := true
		switch id {
		case "summary", "project", "issuetype", "description":
			continue
		case "labels":
			had, f.Labels = len(f.Labels) > 0, nil
		case "components":
			had, f.Components = len(f.Components) > 0, nil
		case "priority":
			had, f.Priority = f.Priority != nil, nil
		default:
			_, had = f.Unknowns[id]
			delete(f.Unknowns, id)
		}
		if had {
			dropped = append(dropped, id)
		}
	}
	slices.Sort(dropped)
	return dropped
}

func (c *Client) person(id string) map[string]any {
	if c.Self().Cloud {
		return map[string]any{"accountId": id}
	}
	return map[string]any{"name": id}
}

// Category is the kind of a status, the same in every workflow.
type Category string

// The categories, by Jira's keys.
const (
	ToDo       Category = "new"
	InProgress Category = "indeterminate"
	Done       Category = "done"
)

// Issue is what became of a ticket.
type Issue struct {
	Ref
	Summary, Description string
	Status               string
	Category             Category
	Resolution           string // "" while it is open
	Assignee             Person
	Priority             string
	Due                  string // 2026-11-30; "" for none
	Labels               []string
	Components           []string
	Created, Updated     time.Time
	Resolved             time.Time // zero while it is open
	Attachments          []string  // file names
	Custom               map[string]json.RawMessage
}

// Person is somebody Jira knows.
type Person struct {
	ID, Name string // an account id (Cloud) or user name (Data Center), and what people see
}

// rawPerson is a person as Jira sends them: the Cloud names them by account id, a Data Center by user name.
type rawPerson struct {
	AccountID   string `json:"accountId"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

func (r rawPerson) person(cloud bool) Person {
	if cloud {
		return Person{r.AccountID, r.DisplayName}
	}
	return Person{r.Name, r.DisplayName}
}

// asked are the fields that an [Issue] is made of.
var asked = []string{"summary", "description", "status", "resolution", "resolutiondate", "assignee", "priority", "duedate", "labels", "components", "created", "updated", "attachment"}

// rawIssue is an issue as Jira sends it: go-jira's own type loses what is null and refuses times that servers write otherwise.
type rawIssue struct {
	ID     string                     `json:"id"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
}

func (r rawIssue) issue(cloud bool) (Issue, error) {
	i := Issue{Ref: Ref{ID: r.ID, Key: r.Key}, Custom: map[string]json.RawMessage{}}
	type named struct {
		Name string `json:"name"`
	}
	var status struct {
		Name     string `json:"name"`
		Category struct {
			Key Category `json:"key"`
		} `json:"statusCategory"`
	}
	var who rawPerson
	var resolution, priority named
	var components []named
	var files []struct {
		Filename string `json:"filename"`
	}
	var created, updated, resolved string
	for id, into := range map[string]any{"summary": &i.Summary, "description": &i.Description, "status": &status, "resolution": &resolution, "resolutiondate": &resolved,
		"assignee": &who, "priority": &priority, "duedate": &i.Due, "labels": &i.Labels, "components": &components, "created": &created, "updated": &updated, "attachment": &files} {
		v, ok := r.Fields[id]
		if !ok {
			continue
		}
		if err := json.Unmarshal(v, into); err != nil { // null leaves it as it is
			return Issue{}, fmt.Errorf("field %s of %s: %w", id, r.Key, err)
		}
	}
	i.Status, i.Category, i.Resolution, i.Priority = status.Name, status.Category.Key, resolution.Name, priority.Name
	i.Assignee = who.person(cloud)
	for _, x := range components {
		i.Components = append(i.Components, x.Name)
	}
	for _, x := range files {
		i.Attachments = append(i.Attachments, x.Filename)
	}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{created, &i.Created}, {updated, &i.Updated}, {resolved, &i.Resolved}} {
		if t.text == "" {
			continue
		}
		at, err := parseTime(t.text)
		if err != nil {
			return Issue{}, fmt.Errorf("%s: %w", r.Key, err)
		}
		*t.to = at
	}
	for id, v := range r.Fields {
		if strings.HasPrefix(id, "customfield_") && string(v) != "null" {
			i.Custom[id] = v
		}
	}
	return i, nil
}

// parseTime reads a time as Jira writes it: 2026-11-25T09:00:00.000+0100.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time that Jira writes", s)
}

// Get reads an issue, with the custom fields named. One that is gone, or out of sight, is an *Error of status 404.
func (c *Client) Get(ctx context.Context, key string, custom ...string) (Issue, error) {
	q := url.Values{"fields": {strings.Join(append(slices.Clone(asked), custom...), ",")}}
	var raw rawIssue
	op := "read " + key
	if err := c.get(ctx, op, "rest/api/2/issue/"+url.PathEscape(key)+"?"+q.Encode(), &raw); err != nil {
		return Issue{}, err
	}
	i, err := raw.issue(c.Self().Cloud)
	if err != nil {
		return Issue{}, &Error{Op: op, Outcome: Unknown, Err: err}
	}
	return i, nil
}

// mostFound bounds a search: a label of ours is on one ticket, or few.
const mostFound = 50

// Find lists a project's issues with a label, the newest first. Jira Cloud's index lags writes by seconds to minutes: what was just made may not be
// there yet. known are the ids of issues made lately, which Cloud is asked to look at as they are now.
func (c *Client) Find(ctx context.Context, project, label string, known ...string) ([]Issue, error) {
	op := "look for the label " + label
	if !LabelOK(label) || strings.ContainsAny(label, `"\`) || !projectKey.MatchString(project) {
		return nil, &Error{Op: op, Outcome: Refused, Err: fmt.Errorf("%q in %q cannot be looked for", label, project)}
	}
	return c.search(ctx, op, fmt.Sprintf(`project = "%s" AND labels = "%s" ORDER BY created DESC`, project, label), known)
}

// Changed lists a project's issues with a label that were changed since a time, the longest ago first: what is polled where no webhook comes. Jira compares by the
// minute and in the zone of the bot's account, so it is asked by how long ago that is, and one minute earlier.
func (c *Client) Changed(ctx context.Context, project, label string, since time.Time) ([]Issue, error) {
	op := "look for changed issues in " + project
	if !LabelOK(label) || strings.ContainsAny(label, `"\`) || !projectKey.MatchString(project) {
		return nil, &Error{Op: op, Outcome: Refused, Err: fmt.Errorf("%q in %q cannot be looked for", label, project)}
	}
	minutes := int(c.now().Sub(since)/time.Minute) + 2
	return c.search(ctx, op, fmt.Sprintf(`project = "%s" AND labels = "%s" AND updated >= -%dm ORDER BY updated ASC`, project, label, max(2, minutes)), nil)
}

func (c *Client) search(ctx context.Context, op, jql string, known []string) ([]Issue, error) {
	q := url.Values{"jql": {jql}, "fields": {strings.Join(asked, ",")}, "maxResults": {fmt.Sprint(mostFound)}}
	path := "rest/api/2/search"
	cloud := c.Self().Cloud
	if cloud { // /search was removed there (CHANGE-2046)
		path = "rest/api/2/search/jql"
		if len(known) > 0 {
			q["reconcileIssues"] = known[:min(len(known), mostFound)] // one for each: a list with commas is refused
		}
	}
	var out []Issue
	for { // one page, unless it is Cloud and it says that there are more
		var page struct {
			Issues []rawIssue `json:"issues"`
			Next   string     `json:"nextPageToken"`
			Total  int        `json:"total"`
		}
		if err := c.get(ctx, op, path+"?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		for _, raw := range page.Issues {
			i, err := raw.issue(cloud)
			if err != nil {
				return nil, &Error{Op: op, Outcome: Unknown, Err: err}
			}
			out = append(out, i)
		}
		switch {
		case len(page.Issues) == 0:
			return out, nil
		case cloud && page.Next != "":
			q.Set("nextPageToken", page.Next)
		case !cloud && len(out) < page.Total:
			q.Set("startAt", fmt.Sprint(len(out)))
		default:
			return out, nil
		}
	}
}

// Edit sets fields of an issue, by id, values as Jira takes them.
func (c *Client) Edit(ctx context.Context, key string, fields map[string]any) error {
	return c.send(ctx, "edit "+key, http.MethodPut, "rest/api/2/issue/"+url.PathEscape(key), map[string]any{"fields": fields}, nil)
}

// Transition moves an issue to a status of a category; of several ways the first whose transition or status has one of the names preferred, else the first. An issue that is
// there already is left alone: moved is false.
func (c *Client) Transition(ctx context.Context, key string, to Category, preferred ...string) (moved bool, err error) {
	i, err := c.Get(ctx, key)
	if err != nil || i.Category == to {
		return false, err
	}
	op := "move " + key
	var list struct {
		Transitions []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
			To   struct {
				Name     string `json:"name"`
				Category struct {
					Key Category `json:"key"`
				} `json:"statusCategory"`
			} `json:"to"`
		} `json:"transitions"`
	}
	path := "rest/api/2/issue/" + url.PathEscape(key) + "/transitions"
	if err := c.get(ctx, op, path, &list); err != nil {
		return false, err
	}
	best := -1
	var names []string
	for n, t := range list.Transitions {
		names = append(names, t.Name)
		if t.To.Category.Key != to {
			continue
		}
		liked := slices.ContainsFunc(preferred, func(p string) bool { return strings.EqualFold(p, t.Name) || strings.EqualFold(p, t.To.Name) })
		if best < 0 || liked {
			best = n
		}
		if liked {
			break
		}
	}
	if best < 0 {
		return false, &Error{Op: op, Outcome: Refused, Err: fmt.Errorf("the workflow has no way from %q to a status of the category %q (there are: %s)", i.Status, to, strings.Join(names, ", "))}
	}
	return true, c.send(ctx, op, http.MethodPost, path, map[string]any{"transition": map[string]string{"id": list.Transitions[best].ID}}, nil)
}

// LinkRemote shows a link to somewhere else on an issue. Of one global id there is one link: doing it again changes it.
func (c *Client) LinkRemote(ctx context.Context, key, globalID, address, title string) error {
	link := &jira.RemoteLink{GlobalID: globalID, Relationship: "discussed in", Application: &jira.RemoteLinkApplication{Type: "com.slack", Name: "Slack"},
		Object: &jira.RemoteLinkObject{URL: address, Title: title}}
	return c.send(ctx, "link "+key+" to Slack", http.MethodPost, "rest/api/2/issue/"+url.PathEscape(key)+"/remotelink", link, nil)
}

// LinkIssues says that one issue is a duplicate of another, or relates to it ("Duplicate", "Relates"). Jira keeps one such link however often it is said.
func (c *Client) LinkIssues(ctx context.Context, kind, from, to string) error {
	return c.send(ctx, "link "+from+" to "+to, http.MethodPost, "rest/api/2/issueLink", &jira.IssueLink{Type: jira.IssueLinkType{Name: kind},
		OutwardIssue: &jira.Issue{Key: to}, InwardIssue: &jira.Issue{Key: from}}, nil)
}

// Attach adds a file to an issue, unless a file of this name is there.
func (c *Client) Attach(ctx context.Context, key, name string, content []byte) error {
	i, err := c.Get(ctx, key)
	if err != nil || slices.Contains(i.Attachments, name) {
		return err
	}
	op := "attach " + name + " to " + key
	if err := c.writes.Wait(ctx); err != nil {
		return &Error{Op: op, Outcome: Later, Err: err}
	}
	_, resp, err := c.api.Issue.PostAttachmentWithContext(ctx, url.PathEscape(key), bytes.NewReader(content), name)
	if err != nil {
		return c.failed(op, resp, err)
	}
	return nil
}
