// Package tracker is a stand-in Jira: projects, issue types with required and refused fields, workflows, comments, links, attachments, a search whose index
// lags, webhooks, and the faults of a real one (401, 429, 5xx, answers that are lost or cannot be read although the work was done). It is the other end of
// the bot in tests and in the demo.
//
// In: the requests of a Jira client ([Tracker.ServeHTTP]) and what people do in the browser ([Tracker.Move], [Tracker.Set], [Tracker.Say]). Out:
// answers as version 2 of Jira's REST API gives them, webhooks ([Tracker.Deliveries]), and counts of what was written, for tests to assert.
package tracker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what the tracker is like.
type Options struct {
	Cloud bool   // else a Data Center
	Site  string // the address people open
	User  string // Basic user of the bot; "" for a bearer token
	Token string // the bot's token; requests with another get 401
	// Lag is how long a write takes to appear in searches.
	Lag time.Duration
	Now func() time.Time // time.Now where it is nil
}

// Project is a project of the tracker.
type Project struct {
	Key, Name  string
	Types      []Type
	Components []string
	// Statuses are the workflow: any status can be reached from any other.
	Statuses []Status
}

// Type is an issue type and its form.
type Type struct {
	ID, Name string
	Subtask  bool
	// Form lists the fields on the create screen by id; others are refused. Required ones must be filled.
	Form     []string
	Required []string
}

// Status is a status and its category's key: "new", "indeterminate", "done".
type Status struct{ Name, Category string }

// Person is somebody with an account. ID is the account id in the Cloud, the user name in a Data Center.
type Person struct{ ID, Name string }

// Issue is an issue as it is now.
type Issue struct {
	ID, Key, Project, Type string
	Fields                 map[string]any // by id, as Jira's JSON has them: "summary", "labels", "customfield_10010"
	Status                 Status
	Resolution             string
	Created, Updated       time.Time
	Resolved               time.Time
	Comments               []Comment
	Links                  []RemoteLink
	Issues                 []IssueLink
	Attachments            []Attachment
	indexed                time.Time // when searches see it as it is
}

// Comment is a comment.
type Comment struct {
	ID      string
	Author  Person
	Body    string
	Created time.Time
}

// RemoteLink is a link to somewhere else; one for each global id.
type RemoteLink struct{ GlobalID, URL, Title string }

// IssueLink is a link to another issue.
type IssueLink struct{ Kind, To string }

// Attachment is a file.
type Attachment struct {
	Name string
	Size int
}

// Tracker is a Jira. It is safe for use by several goroutines.
type Tracker struct {
	o Options

	mu         sync.Mutex
	projects   map[string]*Project
	people     []Person
	issues     []*Issue
	next       map[string]int
	ids        int
	faults     []*Fault
	writes     map[string]int
	deliveries []Delivery
	mux        *http.ServeMux
}

// Bot is the account that the bot's token belongs to.
var Bot = Person{ID: "spendbot", Name: "spendbot"}

// New makes a tracker with a project FIN whose issues are tasks and bugs with the usual fields.
func New(o Options) *Tracker {
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Tracker{o: o, projects: map[string]*Project{}, next: map[string]int{}, ids: 10_000, writes: map[string]int{}, people: []Person{Bot}}
	t.AddProject(Usual("FIN", "Cloud costs"))
	t.routes()
	return t
}

// Usual is a project of the usual kind: tasks and bugs, to do, in progress and done.
func Usual(key, name string) Project {
	form := []string{"summary", "issuetype", "project", "description", "labels", "components", "priority", "assignee", "duedate"}
	required := []string{"summary", "issuetype", "project"}
	return Project{Key: key, Name: name, Components: []string{"network", "compute"}, Types: []Type{{ID: "10001", Name: "Task", Form: form, Required: required}, {ID: "10002", Name: "Bug", Form: form, Required: required}},
		Statuses: []Status{{"To Do", "new"}, {"In Progress", "indeterminate"}, {"Done", "done"}}}
}

// AddProject adds a project, or puts another in its place.
func (t *Tracker) AddProject(p Project) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.projects[p.Key] = &p
}

// AddPeople adds accounts.
func (t *Tracker) AddPeople(p ...Person) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.people = append(t.people, p...)
}

// Issues are all issues as they are now, in the order they were made.
func (t *Tracker) Issues() []Issue {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Issue
	for _, i := range t.issues {
		out = append(out, i.clone())
	}
	return out
}

// Issue is one issue as it is now; ok is false where there is none.
func (t *Tracker) Issue(key string) (Issue, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.find(key); i != nil {
		return i.clone(), true
	}
	return Issue{}, false
}

func (i *Issue) clone() Issue {
	out := *i
	out.Fields = maps.Clone(i.Fields)
	out.Comments, out.Links, out.Issues, out.Attachments = slices.Clone(i.Comments), slices.Clone(i.Links), slices.Clone(i.Issues), slices.Clone(i.Attachments)
	return out
}

// Writes counts what the bot wrote, by kind: "create", "edit", "comment", "transition", "remotelink", "issuelink", "attachment".
func (t *Tracker) Writes() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.writes)
}

func (t *Tracker) find(key string) *Issue {
	for _, i := range t.issues {
		if i.Key == key || i.ID == key {
			return i
		}
	}
	return nil
}

// touched marks an issue as changed now.
func (t *Tracker) touched(i *Issue) {
	i.Updated = t.o.Now()
	i.indexed = i.Updated.Add(t.o.Lag)
}

// errNone is an issue that is not there.
var errNone = errors.New("no such issue")

// Move is somebody moving an issue to a status; resolution is for one that is done ("Done", "Won't Do"; "" for the usual).
func (t *Tracker) Move(key string, who Person, status, resolution string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(key)
	if i == nil {
		return errNone
	}
	p := t.projects[i.Project]
	n := slices.IndexFunc(p.Statuses, func(s Status) bool { return strings.EqualFold(s.Name, status) })
	if n < 0 {
		return fmt.Errorf("project %s has no status %q", p.Key, status)
	}
	t.move(i, who, p.Statuses[n], resolution)
	return nil
}

func (t *Tracker) move(i *Issue, who Person, to Status, resolution string) {
	from := i.Status.Name
	i.Status = to
	if i.Resolution, i.Resolved = "", (time.Time{}); to.Category == "done" {
		i.Resolution, i.Resolved = cmp.Or(resolution, "Done"), t.o.Now()
	}
	t.touched(i)
	t.tell("jira:issue_updated", i, who, []changed{{"status", from, to.Name}}, nil)
}

// Set is somebody changing a field; nil empties it.
func (t *Tracker) Set(key string, who Person, field string, value any) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(key)
	if i == nil {
		return errNone
	}
	from := said(i.Fields[field])
	if i.Fields[field] = value; value == nil {
		delete(i.Fields, field)
	}
	t.touched(i)
	t.tell("jira:issue_updated", i, who, []changed{{field, from, said(value)}}, nil)
	return nil
}

func said(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// Say is somebody commenting.
func (t *Tracker) Say(key string, who Person, body string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(key)
	if i == nil {
		return errNone
	}
	t.comment(i, who, body)
	return nil
}

func (t *Tracker) comment(i *Issue, who Person, body string) Comment {
	t.ids++
	c := Comment{ID: fmt.Sprint(t.ids), Author: who, Body: body, Created: t.o.Now()}
	i.Comments = append(i.Comments, c)
	t.touched(i)
	t.tell("comment_created", i, who, nil, &c)
	return c
}

// Delete is somebody deleting an issue.
func (t *Tracker) Delete(key string, who Person) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(key)
	if i == nil {
		return errNone
	}
	t.issues = slices.DeleteFunc(t.issues, func(x *Issue) bool { return x == i })
	t.tell("jira:issue_deleted", i, who, nil, nil)
	return nil
}
