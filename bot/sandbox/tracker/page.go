package tracker

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pages embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"show": Show,
	"day":  func(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04") },
}).ParseFS(pages, "page.html"))

// Passing lets days pass in a demo; nil where they cannot.
type Passing struct {
	Today func() time.Time
	// Pass lets so many days pass. What it says is shown.
	Pass func(days int) (string, error)
}

// shown is what the page shows.
type shown struct {
	Issues   []card
	Open     *card
	Statuses []Status
	People   []Person
	Today    string
	Passing  bool
	Said     string
}

type card struct {
	Issue
	Summary, Description, Assignee, Due, Priority string
	Labels                                        string
}

// Page shows the tickets, and lets somebody act on them as a person would in Jira: move, assign, edit, comment. base is the path that it is served under.
func (t *Tracker) Page(base string, p *Passing) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/", func(w http.ResponseWriter, r *http.Request) { t.show(w, r, p, "") })
	back := func(w http.ResponseWriter, r *http.Request, key string) {
		http.Redirect(w, r, base+"/?issue="+key, http.StatusSeeOther)
	}
	who := func(r *http.Request) Person {
		for _, x := range t.everybody() {
			if x.ID == r.FormValue("who") {
				return x
			}
		}
		return Person{ID: "visitor", Name: "Somebody"}
	}
	act := func(name string, do func(r *http.Request, key string) error) {
		mux.HandleFunc("POST "+base+"/"+name, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			if !sameOrigin(r) {
				http.Error(w, "from another page", http.StatusForbidden)
				return
			}
			key := r.FormValue("issue")
			if err := do(r, key); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			back(w, r, key)
		})
	}
	act("move", func(r *http.Request, key string) error {
		return t.Move(key, who(r), r.FormValue("status"), r.FormValue("resolution"))
	})
	act("comment", func(r *http.Request, key string) error {
		body := strings.TrimSpace(r.FormValue("body"))
		if body == "" {
			return nil
		}
		return t.Say(key, who(r), body)
	})
	act("assign", func(r *http.Request, key string) error {
		id := r.FormValue("assignee")
		if id == "" {
			return t.Set(key, who(r), "assignee", nil)
		}
		field := "name"
		if t.o.Cloud {
			field = "accountId"
		}
		return t.Set(key, who(r), "assignee", map[string]any{field: id})
	})
	act("edit", func(r *http.Request, key string) error {
		s := strings.Join(strings.Fields(r.FormValue("summary")), " ")
		if s == "" {
			return fmt.Errorf("a ticket needs a summary")
		}
		return t.Set(key, who(r), "summary", s)
	})
	mux.HandleFunc("POST "+base+"/pass", func(w http.ResponseWriter, r *http.Request) {
		if p == nil || p.Pass == nil || !sameOrigin(r) {
			http.Error(w, "days do not pass here", http.StatusForbidden)
			return
		}
		days := map[string]int{"1": 1, "7": 7}[r.FormValue("days")]
		if days == 0 {
			http.Error(w, "1 or 7 days", http.StatusBadRequest)
			return
		}
		said, err := p.Pass(days)
		if err != nil {
			said = "It did not work: " + err.Error()
		}
		t.show(w, r, p, said)
	})
	return mux
}

// sameOrigin reports whether a form was sent by this page: browsers say where a POST is from.
func sameOrigin(r *http.Request) bool {
	o := r.Header.Get("Origin")
	return o == "" || o == "http://"+r.Host || o == "https://"+r.Host
}

func (t *Tracker) everybody() []Person {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(t.people), func(p Person) bool { return p == Bot })
}

func (t *Tracker) show(w http.ResponseWriter, r *http.Request, p *Passing, said string) {
	v := shown{Said: said, People: t.everybody()}
	if p != nil {
		v.Passing = p.Pass != nil
		v.Today = p.Today().UTC().Format("Monday 2 January 2006")
	}
	for _, i := range slices.Backward(t.Issues()) {
		c := t.card(i)
		if i.Key == r.FormValue("issue") {
			v.Open = &c
			t.mu.Lock()
			v.Statuses = slices.Clone(t.projects[i.Project].Statuses)
			t.mu.Unlock()
		}
		v.Issues = append(v.Issues, c)
	}
	if v.Open == nil && len(v.Issues) > 0 && r.Method == http.MethodGet && r.FormValue("issue") == "" {
		first := v.Issues[0]
		v.Open = &first
		t.mu.Lock()
		v.Statuses = slices.Clone(t.projects[first.Project].Statuses)
		t.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'")
	if err := page.Execute(w, v); err != nil {
		return // whoever looked has gone
	}
}

func (t *Tracker) card(i Issue) card {
	text := func(id string) string { s, _ := i.Fields[id].(string); return s }
	c := card{Issue: i, Summary: text("summary"), Description: text("description"), Due: text("duedate"), Labels: strings.Join(labels(&i), ", ")}
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.who(i.Fields["assignee"]); ok {
		c.Assignee = p.Name
	}
	if m, ok := i.Fields["priority"].(map[string]any); ok {
		c.Priority, _ = m["name"].(string)
	}
	return c
}
