package tracker

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (t *Tracker) routes() {
	m := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request)) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !t.known(r) {
				t.refuse(w, http.StatusUnauthorized, "")
				return
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			h(w, r)
		})
	}
	handle("GET /rest/api/2/serverInfo", t.serverInfo)
	handle("GET /rest/api/2/myself", func(w http.ResponseWriter, _ *http.Request) { t.answer(w, http.StatusOK, t.person(Bot)) })
	handle("GET /rest/api/2/mypermissions", t.permissions)
	handle("GET /rest/api/2/user/assignable/search", t.assignable)
	handle("GET /rest/api/2/issue/createmeta/{project}/issuetypes", t.types)
	handle("GET /rest/api/2/issue/createmeta/{project}/issuetypes/{type}", t.form)
	handle("POST /rest/api/2/issue", t.create)
	handle("GET /rest/api/2/issue/{key}", t.on(func(w http.ResponseWriter, r *http.Request, i *Issue) {
		var fields []string
		if f := r.URL.Query().Get("fields"); f != "" {
			fields = strings.Split(f, ",")
		}
		t.answer(w, http.StatusOK, t.json(i, fields))
	}))
	handle("PUT /rest/api/2/issue/{key}", t.on(t.edit))
	handle("PUT /rest/api/2/issue/{key}/assignee", t.on(t.assign))
	handle("GET /rest/api/2/issue/{key}/comment", t.on(t.comments))
	handle("POST /rest/api/2/issue/{key}/comment", t.on(t.addComment))
	handle("GET /rest/api/2/issue/{key}/transitions", t.on(t.transitions))
	handle("POST /rest/api/2/issue/{key}/transitions", t.on(t.transition))
	handle("POST /rest/api/2/issue/{key}/remotelink", t.on(t.remoteLink))
	handle("POST /rest/api/2/issue/{key}/attachments", t.on(t.attach))
	handle("POST /rest/api/2/issueLink", t.issueLink)
	if t.o.Cloud {
		handle("GET /rest/api/2/search/jql", t.search)
		handle("/rest/api/2/search", func(w http.ResponseWriter, _ *http.Request) {
			t.refuse(w, http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
		})
	} else {
		handle("GET /rest/api/2/search", t.search)
	}
	t.mux = m
}

func (t *Tracker) known(r *http.Request) bool {
	if t.o.User != "" {
		u, p, ok := r.BasicAuth()
		return ok && u == t.o.User && p == t.o.Token
	}
	return r.Header.Get("Authorization") == "Bearer "+t.o.Token
}

func (t *Tracker) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (t *Tracker) refuse(w http.ResponseWriter, status int, message string) {
	t.refuseFields(w, status, message, map[string]string{})
}

func (t *Tracker) refuseFields(w http.ResponseWriter, status int, message string, fields map[string]string) {
	messages := []string{}
	if message != "" {
		messages = append(messages, message)
	}
	t.answer(w, status, map[string]any{"errorMessages": messages, "errors": fields})
}

func (t *Tracker) on(h func(http.ResponseWriter, *http.Request, *Issue)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		i := t.find(r.PathValue("key"))
		if i == nil {
			t.refuse(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
			return
		}
		h(w, r, i)
	}
}

func (t *Tracker) serverInfo(w http.ResponseWriter, _ *http.Request) {
	kind, version := "Server", "10.3.6"
	if t.o.Cloud {
		kind, version = "Cloud", "1001.0.0-SNAPSHOT"
	}
	t.answer(w, http.StatusOK, map[string]any{"baseUrl": t.o.Site, "version": version, "deploymentType": kind})
}

func (t *Tracker) person(p Person) map[string]any {
	if t.o.Cloud {
		return map[string]any{"accountId": p.ID, "displayName": p.Name, "active": true}
	}
	return map[string]any{"name": p.ID, "key": p.ID, "displayName": p.Name, "active": true}
}

// who is the person that a field names.
func (t *Tracker) who(v any) (Person, bool) {
	m, _ := v.(map[string]any)
	key := "name"
	if t.o.Cloud {
		key = "accountId"
	}
	id, _ := m[key].(string)
	for _, p := range t.people {
		if p.ID == id {
			return p, true
		}
	}
	return Person{}, false
}

func (t *Tracker) permissions(w http.ResponseWriter, r *http.Request) {
	if t.projects[r.URL.Query().Get("projectKey")] == nil {
		t.refuse(w, http.StatusNotFound, "No project could be found with that key.")
		return
	}
	out := map[string]any{}
	for p := range strings.SplitSeq(r.URL.Query().Get("permissions"), ",") {
		out[p] = map[string]any{"key": p, "havePermission": true}
	}
	t.answer(w, http.StatusOK, map[string]any{"permissions": out})
}

func (t *Tracker) assignable(w http.ResponseWriter, r *http.Request) {
	q := strings.ToLower(r.URL.Query().Get("query") + r.URL.Query().Get("username"))
	out := []any{}
	for _, p := range t.people {
		if strings.Contains(strings.ToLower(p.Name+" "+p.ID), q) {
			out = append(out, t.person(p))
		}
	}
	t.answer(w, http.StatusOK, out)
}

func (t *Tracker) types(w http.ResponseWriter, r *http.Request) {
	p := t.projects[r.PathValue("project")]
	if p == nil {
		t.refuse(w, http.StatusNotFound, "No project could be found with key '"+r.PathValue("project")+"'.")
		return
	}
	list := []any{}
	for _, ty := range p.Types {
		list = append(list, map[string]any{"id": ty.ID, "name": ty.Name, "subtask": ty.Subtask})
	}
	t.page(w, r, "issueTypes", list)
}

// page answers a part of a list: under a key of its own in the Cloud, under "values" in a Data Center.
func (t *Tracker) page(w http.ResponseWriter, r *http.Request, key string, list []any) {
	if !t.o.Cloud {
		key = "values"
	}
	at, most := number(r, "startAt", 0), max(1, number(r, "maxResults", 50))
	at = min(at, len(list))
	t.answer(w, http.StatusOK, map[string]any{"startAt": at, "maxResults": most, "total": len(list), key: list[at:min(len(list), at+most)]})
}

func number(r *http.Request, name string, or int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n >= 0 {
		return n
	}
	return or
}

func (t *Tracker) form(w http.ResponseWriter, r *http.Request) {
	p := t.projects[r.PathValue("project")]
	if p == nil {
		t.refuse(w, http.StatusNotFound, "No project could be found with key '"+r.PathValue("project")+"'.")
		return
	}
	for _, ty := range p.Types {
		if ty.ID != r.PathValue("type") {
			continue
		}
		list := []any{}
		for _, id := range ty.Form {
			f := map[string]any{"fieldId": id, "key": id, "name": id, "required": slices.Contains(ty.Required, id), "hasDefaultValue": false, "operations": []string{"set"}, "schema": map[string]any{"type": "string"}}
			if id == "components" {
				var vs []any
				for _, c := range p.Components {
					vs = append(vs, map[string]any{"name": c})
				}
				f["allowedValues"] = vs
			}
			list = append(list, f)
		}
		t.page(w, r, "fields", list)
		return
	}
	t.refuse(w, http.StatusNotFound, "The issue type does not exist.")
}

const offScreen = "Field '%s' cannot be set. It is not on the appropriate screen, or unknown."

func (t *Tracker) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Fields map[string]any `json:"fields"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil || in.Fields == nil {
		t.refuse(w, http.StatusBadRequest, "Can not deserialize the request.")
		return
	}
	project, _ := in.Fields["project"].(map[string]any)
	key, _ := project["key"].(string)
	p := t.projects[key]
	if p == nil {
		t.refuseFields(w, http.StatusBadRequest, "", map[string]string{"project": "valid project is required"})
		return
	}
	kind, _ := in.Fields["issuetype"].(map[string]any)
	n := slices.IndexFunc(p.Types, func(ty Type) bool { return ty.Name == kind["name"] || ty.ID == kind["id"] })
	if n < 0 {
		t.refuseFields(w, http.StatusBadRequest, "", map[string]string{"issuetype": "valid issue type is required"})
		return
	}
	if wrong := t.wrong(p, p.Types[n], in.Fields, true); len(wrong) > 0 {
		t.refuseFields(w, http.StatusBadRequest, "", wrong)
		return
	}
	t.next[key]++
	t.ids++
	i := &Issue{ID: fmt.Sprint(t.ids), Key: fmt.Sprintf("%s-%d", key, t.next[key]), Project: key, Type: p.Types[n].Name, Fields: in.Fields, Status: p.Statuses[0], Created: t.o.Now()}
	delete(i.Fields, "project")
	delete(i.Fields, "issuetype")
	t.touched(i)
	t.issues = append(t.issues, i)
	t.writes["create"]++
	t.tell("jira:issue_created", i, Bot, nil, nil)
	t.answer(w, http.StatusCreated, map[string]any{"id": i.ID, "key": i.Key, "self": t.o.Site + "/rest/api/2/issue/" + i.ID})
}

// wrong says which fields cannot be set so.
func (t *Tracker) wrong(p *Project, ty Type, fields map[string]any, creating bool) map[string]string {
	out := map[string]string{}
	for id, v := range fields {
		switch {
		case !slices.Contains(ty.Form, id):
			out[id] = fmt.Sprintf(offScreen, id)
		case id == "summary":
			s, _ := v.(string)
			if s == "" || len([]rune(s)) > 255 || strings.ContainsAny(s, "\n\r") {
				out[id] = "Summary must be one line of at most 255 characters."
			}
		case id == "description":
			if s, _ := v.(string); len([]rune(s)) > 32767 {
				out[id] = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
			}
		case id == "labels":
			list, _ := v.([]any)
			for _, l := range list {
				if s, _ := l.(string); s == "" || strings.ContainsAny(s, " \t") {
					out[id] = "The label '" + s + "' contains spaces which is invalid."
				}
			}
		case id == "components":
			list, _ := v.([]any)
			for _, c := range list {
				m, _ := c.(map[string]any)
				name, _ := m["name"].(string)
				if !slices.Contains(p.Components, name) {
					out[id] = "Component name '" + name + "' is not valid"
				}
			}
		case id == "assignee" && v != nil:
			if _, ok := t.who(v); !ok {
				out[id] = "User does not exist or cannot be assigned issues."
			}
		case id == "duedate" && v != nil:
			s, _ := v.(string)
			if _, err := time.Parse(time.DateOnly, s); err != nil {
				out[id] = "Error parsing date string: " + s
			}
		}
	}
	if creating {
		for _, id := range ty.Required {
			if v, ok := fields[id]; !ok || v == nil {
				out[id] = id + " is required."
			}
		}
	}
	return out
}

func (t *Tracker) edit(w http.ResponseWriter, r *http.Request, i *Issue) {
	var in struct {
		Fields map[string]any `json:"fields"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil {
		t.refuse(w, http.StatusBadRequest, "Can not deserialize the request.")
		return
	}
	p := t.projects[i.Project]
	n := slices.IndexFunc(p.Types, func(ty Type) bool { return ty.Name == i.Type })
	if wrong := t.wrong(p, p.Types[n], in.Fields, false); len(wrong) > 0 {
		t.refuseFields(w, http.StatusBadRequest, "", wrong)
		return
	}
	var list []changed
	for id, v := range in.Fields {
		list = append(list, changed{id, said(i.Fields[id]), said(v)})
		if i.Fields[id] = v; v == nil {
			delete(i.Fields, id)
		}
	}
	t.touched(i)
	t.writes["edit"]++
	t.tell("jira:issue_updated", i, Bot, list, nil)
	w.WriteHeader(http.StatusNoContent)
}

func (t *Tracker) assign(w http.ResponseWriter, r *http.Request, i *Issue) {
	var in map[string]any
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in); err != nil {
		t.refuse(w, http.StatusBadRequest, "Can not deserialize the request.")
		return
	}
	if _, ok := t.who(in); !ok {
		t.refuseFields(w, http.StatusBadRequest, "", map[string]string{"assignee": "User does not exist or cannot be assigned issues."})
		return
	}
	from := said(i.Fields["assignee"])
	i.Fields["assignee"] = in
	t.touched(i)
	t.writes["edit"]++
	t.tell("jira:issue_updated", i, Bot, []changed{{"assignee", from, said(in)}}, nil)
	w.WriteHeader(http.StatusNoContent)
}

const stampLayout = "2006-01-02T15:04:05.000-0700"

func (t *Tracker) commentJSON(c Comment) map[string]any {
	return map[string]any{"id": c.ID, "body": c.Body, "created": c.Created.Format(stampLayout), "updated": c.Created.Format(stampLayout), "author": t.person(c.Author)}
}

func (t *Tracker) comments(w http.ResponseWriter, r *http.Request, i *Issue) {
	at, most := min(number(r, "startAt", 0), len(i.Comments)), max(1, number(r, "maxResults", 50))
	list := []any{}
	for _, c := range i.Comments[at:min(len(i.Comments), at+most)] {
		list = append(list, t.commentJSON(c))
	}
	t.answer(w, http.StatusOK, map[string]any{"startAt": at, "maxResults": most, "total": len(i.Comments), "comments": list})
}

func (t *Tracker) addComment(w http.ResponseWriter, r *http.Request, i *Issue) {
	var in struct {
		Body string `json:"body"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil || in.Body == "" {
		t.refuseFields(w, http.StatusBadRequest, "", map[string]string{"comment": "Comment body can not be empty!"})
		return
	}
	c := t.comment(i, Bot, in.Body)
	t.writes["comment"]++
	t.answer(w, http.StatusCreated, t.commentJSON(c))
}

func (t *Tracker) statusJSON(s Status) map[string]any {
	return map[string]any{"name": s.Name, "statusCategory": map[string]any{"key": s.Category}}
}

func (t *Tracker) transitions(w http.ResponseWriter, _ *http.Request, i *Issue) {
	list := []any{}
	for n, s := range t.projects[i.Project].Statuses {
		if s != i.Status {
			list = append(list, map[string]any{"id": fmt.Sprint(n + 1), "name": s.Name, "to": t.statusJSON(s)})
		}
	}
	t.answer(w, http.StatusOK, map[string]any{"transitions": list})
}

func (t *Tracker) transition(w http.ResponseWriter, r *http.Request, i *Issue) {
	var in struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
	}
	statuses := t.projects[i.Project].Statuses
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in)
	n, aerr := strconv.Atoi(in.Transition.ID)
	if err != nil || aerr != nil || n < 1 || n > len(statuses) || statuses[n-1] == i.Status {
		t.refuse(w, http.StatusBadRequest, "It seems that you have tried to perform a workflow operation that is not valid for the current state of this issue.")
		return
	}
	t.move(i, Bot, statuses[n-1], "")
	t.writes["transition"]++
	w.WriteHeader(http.StatusNoContent)
}

func (t *Tracker) remoteLink(w http.ResponseWriter, r *http.Request, i *Issue) {
	var in struct {
		GlobalID string `json:"globalId"`
		Object   struct {
			URL   string `json:"url"`
			Title string `json:"title"`
		} `json:"object"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in); err != nil || in.Object.URL == "" || in.Object.Title == "" {
		t.refuseFields(w, http.StatusBadRequest, "", map[string]string{"title": "'title' is required."})
		return
	}
	link := RemoteLink{in.GlobalID, in.Object.URL, in.Object.Title}
	status := http.StatusCreated
	if n := slices.IndexFunc(i.Links, func(l RemoteLink) bool { return l.GlobalID != "" && l.GlobalID == in.GlobalID }); n >= 0 {
		i.Links[n], status = link, http.StatusOK
	} else {
		i.Links = append(i.Links, link)
	}
	t.touched(i)
	t.writes["remotelink"]++
	t.answer(w, status, map[string]any{"id": len(i.Links)})
}

func (t *Tracker) attach(w http.ResponseWriter, r *http.Request, i *Issue) {
	if v := r.Header.Get("X-Atlassian-Token"); v != "no-check" && v != "nocheck" {
		t.refuse(w, http.StatusForbidden, "XSRF check failed")
		return
	}
	f, h, err := r.FormFile("file")
	if err != nil {
		t.refuse(w, http.StatusBadRequest, "No file")
		return
	}
	defer f.Close()
	i.Attachments = append(i.Attachments, Attachment{h.Filename, int(h.Size)})
	t.touched(i)
	t.writes["attachment"]++
	t.answer(w, http.StatusOK, []any{map[string]any{"id": fmt.Sprint(len(i.Attachments)), "filename": h.Filename, "size": h.Size}})
}

func (t *Tracker) issueLink(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type struct {
			Name string `json:"name"`
		} `json:"type"`
		Inward struct {
			Key string `json:"key"`
		} `json:"inwardIssue"`
		Outward struct {
			Key string `json:"key"`
		} `json:"outwardIssue"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in)
	from, to := t.find(in.Inward.Key), t.find(in.Outward.Key)
	if err != nil || from == nil || to == nil {
		t.refuse(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
		return
	}
	if in.Type.Name != "Duplicate" && in.Type.Name != "Relates" {
		t.refuse(w, http.StatusNotFound, "No issue link type with name '"+in.Type.Name+"' found.")
		return
	}
	link := IssueLink{in.Type.Name, to.Key}
	if !slices.Contains(from.Issues, link) {
		from.Issues = append(from.Issues, link)
	}
	t.writes["issuelink"]++
	w.WriteHeader(http.StatusCreated)
}

var (
	jqlProject = regexp.MustCompile(`project = "([^"]+)"`)
	jqlLabel   = regexp.MustCompile(`labels = "([^"]+)"`)
	jqlUpdated = regexp.MustCompile(`updated >= -(\d+)m`)
	jqlOrder   = regexp.MustCompile(` ORDER BY (created|updated) (ASC|DESC)$`)
)

// search answers the searches that the bot makes; another is refused, as Jira refuses what it cannot read.
func (t *Tracker) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	jql := q.Get("jql")
	p, l, order := jqlProject.FindStringSubmatch(jql), jqlLabel.FindStringSubmatch(jql), jqlOrder.FindStringSubmatch(jql)
	if p == nil || l == nil || order == nil {
		t.refuse(w, http.StatusBadRequest, "Error in the JQL Query: "+jql)
		return
	}
	now := t.o.Now()
	fresh := q["reconcileIssues"]
	var found []*Issue
	for _, i := range t.issues {
		if i.Project != p[1] || !slices.Contains(labels(i), l[1]) || now.Before(i.indexed) && !slices.Contains(fresh, i.ID) {
			continue
		}
		if u := jqlUpdated.FindStringSubmatch(jql); u != nil {
			if n, _ := strconv.Atoi(u[1]); i.Updated.Before(now.Add(-time.Duration(n) * time.Minute)) {
				continue
			}
		}
		found = append(found, i)
	}
	slices.SortStableFunc(found, func(a, b *Issue) int {
		c := a.Created.Compare(b.Created)
		if order[1] == "updated" {
			c = a.Updated.Compare(b.Updated)
		}
		if order[2] == "DESC" {
			c = -c
		}
		return c
	})
	fields := strings.Split(q.Get("fields"), ",")
	most := max(1, number(r, "maxResults", 50))
	at := number(r, "startAt", 0)
	if token := q.Get("nextPageToken"); token != "" {
		at, _ = strconv.Atoi(token)
	}
	at = min(at, len(found))
	end := min(len(found), at+most)
	list := []any{}
	for _, i := range found[at:end] {
		list = append(list, t.json(i, fields))
	}
	out := map[string]any{"issues": list}
	if t.o.Cloud {
		out["isLast"] = end == len(found)
		if end < len(found) {
			out["nextPageToken"] = fmt.Sprint(end)
		}
	} else {
		out["startAt"], out["maxResults"], out["total"] = at, most, len(found)
	}
	t.answer(w, http.StatusOK, out)
}

func labels(i *Issue) (out []string) {
	switch list := i.Fields["labels"].(type) {
	case []any:
		for _, l := range list {
			if s, ok := l.(string); ok {
				out = append(out, s)
			}
		}
	case []string:
		out = list
	}
	return out
}

// json is an issue as the API gives it; fields nil is all.
func (t *Tracker) json(i *Issue, fields []string) map[string]any {
	all := map[string]any{}
	for id, v := range i.Fields {
		if id == "assignee" {
			if p, ok := t.who(v); ok {
				v = t.person(p)
			}
		}
		all[id] = v
	}
	all["status"] = t.statusJSON(i.Status)
	all["resolution"], all["resolutiondate"] = nil, nil
	if i.Resolution != "" {
		all["resolution"], all["resolutiondate"] = map[string]any{"name": i.Resolution}, i.Resolved.Format(stampLayout)
	}
	all["created"], all["updated"] = i.Created.Format(stampLayout), i.Updated.Format(stampLayout)
	all["project"], all["issuetype"] = map[string]any{"key": i.Project}, map[string]any{"name": i.Type}
	files := []any{}
	for _, a := range i.Attachments {
		files = append(files, map[string]any{"filename": a.Name, "size": a.Size})
	}
	all["attachment"] = files
	if fields != nil {
		for id := range all {
			if !slices.Contains(fields, id) {
				delete(all, id)
			}
		}
	}
	return map[string]any{"id": i.ID, "key": i.Key, "fields": all}
}
