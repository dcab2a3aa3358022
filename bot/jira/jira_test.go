package jira_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spendbot/bot/jira"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/sandbox/tracker/trackertest"
)

const token = "ATATT3xFfGF0-not-a-real-token"

var day = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) time() time.Time { return c.now }

// world is a Jira and a client of it.
func world(t *testing.T, cloud bool, lag time.Duration) (*tracker.Tracker, *jira.Client, *clock) {
	t.Helper()
	at := &clock{day}
	o := tracker.Options{Cloud: cloud, Site: "https://company.atlassian.net", Token: token, Lag: lag, Now: at.time}
	cfg := jira.Config{Token: token, Writes: 10_000, Now: at.time}
	if cloud {
		o.User, cfg.User = "bot@company.example", "bot@company.example"
		if lag == 0 { // where it lags the same is asked, hundreds of times
			cfg.Transport = trackertest.Checked(t, http.DefaultTransport)
		}
	}
	tr := tracker.New(o)
	srv := httptest.NewServer(tr)
	t.Cleanup(srv.Close)
	cfg.URL = srv.URL
	c, err := jira.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tr, c, at
}

// both runs a test against a Cloud and a Data Center.
func both(t *testing.T, lag time.Duration, f func(*testing.T, *tracker.Tracker, *jira.Client, *clock)) {
	for name, cloud := range map[string]bool{"cloud": true, "data center": false} {
		t.Run(name, func(t *testing.T) {
			tr, c, at := world(t, cloud, lag)
			f(t, tr, c, at)
		})
	}
}

var ticket = jira.Ticket{Project: "FIN", Type: "Task", Summary: "NAT bytes x4.1\nsince 18 Nov", Description: "h3. What changed", Labels: []string{"spendbot", "spendbot-i-7f3k2m"},
	Components: []string{"network"}, Priority: "High", Due: time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC)}

func TestALifeOfATicket(t *testing.T) {
	both(t, 0, func(t *testing.T, tr *tracker.Tracker, c *jira.Client, at *clock) {
		ctx := t.Context()
		tr.AddPeople(tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"})
		people, err := c.People(ctx, "FIN", "ana")
		if err != nil || len(people) != 1 || people[0] != (jira.Person{ID: "5f-ana", Name: "Ana Ruiz"}) {
			t.Fatalf("people: %v, %v", people, err)
		}
		tk := ticket
		tk.Assignee = people[0].ID
		made, dropped, err := c.Create(ctx, tk)
		if err != nil || len(dropped) > 0 || made.Key != "FIN-1" {
			t.Fatalf("created %v, without %v, %v", made, dropped, err)
		}
		i, err := c.Get(ctx, made.Key)
		if err != nil {
			t.Fatal(err)
		}
		want := jira.Issue{Ref: made, Summary: "NAT bytes x4.1 since 18 Nov", Description: "h3. What changed", Status: "To Do", Category: jira.ToDo, Assignee: people[0], Priority: "High", Due: "2026-12-04",
			Labels: tk.Labels, Components: tk.Components, Created: day, Updated: day, Custom: map[string]json.RawMessage{}}
		i.Created, i.Updated = i.Created.UTC(), i.Updated.UTC()
		if d := cmp.Diff(want, i); d != "" {
			t.Error(d)
		}

		for range 2 { // once each, however often
			if err := c.LinkRemote(ctx, made.Key, "slack/C1/1.2", "https://x.slack.com/archives/C1/p12", "The thread"); err != nil {
				t.Fatal(err)
			}
			if err := c.Attach(ctx, made.Key, "chart.png", []byte("png")); err != nil {
				t.Fatal(err)
			}
		}
		if said, err := c.Commented(ctx, made.Key, "spendbot I-1/2"); said || err != nil {
			t.Fatalf("said before it is: %v, %v", said, err)
		}
		if err := c.Say(ctx, made.Key, "It grew.", "spendbot I-1/2"); err != nil {
			t.Fatal(err)
		}
		if said, err := c.Commented(ctx, made.Key, "spendbot I-1/2"); !said || err != nil {
			t.Fatalf("not found again: %v, %v", said, err)
		}
		if said, err := c.Commented(ctx, made.Key, "spendbot I-1/"); said || err != nil {
			t.Fatalf("a part of the mark was taken for it: %v, %v", said, err)
		}
		if err := tr.Say(made.Key, tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}, "!slack fixed"); err != nil {
			t.Fatal(err)
		}
		comments, err := c.Comments(ctx, made.Key)
		if err != nil || len(comments) != 2 || comments[1].Author.Name != "Ana Ruiz" || comments[1].Body != "!slack fixed" {
			t.Fatalf("comments: %+v, %v", comments, err)
		}

		at.now = day.Add(48 * time.Hour)
		if moved, err := c.Transition(ctx, made.Key, jira.Done, "Done"); !moved || err != nil {
			t.Fatalf("moved %v, %v", moved, err)
		}
		if moved, err := c.Transition(ctx, made.Key, jira.Done); moved || err != nil {
			t.Fatalf("moved again %v, %v", moved, err)
		}
		i, err = c.Get(ctx, made.Key)
		if err != nil || i.Category != jira.Done || i.Resolution != "Done" || !i.Resolved.Equal(at.now) || !slices.Equal(i.Attachments, []string{"chart.png"}) {
			t.Fatalf("done: %+v, %v", i, err)
		}
		changed, err := c.Changed(ctx, "FIN", "spendbot", at.now.Add(-time.Hour))
		if err != nil || len(changed) != 1 {
			t.Fatalf("changed since: %v, %v", changed, err)
		}
		at.now = at.now.Add(24 * time.Hour)
		if changed, err = c.Changed(ctx, "FIN", "spendbot", at.now.Add(-time.Hour)); err != nil || len(changed) != 0 {
			t.Fatalf("changed since: %v, %v", changed, err)
		}
		if got := tr.Writes(); got["create"] != 1 || got["attachment"] != 1 || got["comment"] != 1 || got["transition"] != 1 {
			t.Errorf("written: %v", got)
		}
		stands, _ := tr.Issue(made.Key)
		if len(stands.Links) != 1 {
			t.Errorf("remote links: %v", stands.Links)
		}
	})
}

func TestFieldsThatJiraRefusesAreLeftOut(t *testing.T) {
	both(t, 0, func(t *testing.T, tr *tracker.Tracker, c *jira.Client, _ *clock) {
		tk := ticket
		tk.Components = []string{"no such"}
		tk.Custom = map[string]any{"customfield_10010": 1200}
		made, dropped, err := c.Create(t.Context(), tk)
		if err != nil || !slices.Equal(dropped, []string{"components", "customfield_10010"}) {
			t.Fatalf("created %v without %v, %v", made, dropped, err)
		}
		if n := tr.Writes()["create"]; n != 1 {
			t.Errorf("%d tickets", n)
		}
		tk.Type = "Epic"
		_, dropped, err = c.Create(t.Context(), tk)
		if e, ok := errors.AsType[*jira.Error](err); !ok || e.Outcome != jira.Refused || len(dropped) > 0 || !strings.Contains(err.Error(), "create an issue in FIN: 400 Bad Request: issuetype: valid issue type is required") {
			t.Errorf("an unknown type: %v, %v", dropped, err)
		}
	})
}

func TestTheSearchLags(t *testing.T) {
	both(t, 30*time.Second, func(t *testing.T, tr *tracker.Tracker, c *jira.Client, at *clock) {
		ctx := t.Context()
		made, _, err := c.Create(ctx, ticket)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := c.Find(ctx, "FIN", "spendbot-i-7f3k2m"); err != nil || len(found) != 0 {
			t.Fatalf("found at once: %v, %v", found, err)
		}
		if c.Self().Cloud {
			if found, err := c.Find(ctx, "FIN", "spendbot-i-7f3k2m", made.ID); err != nil || len(found) != 1 {
				t.Fatalf("reconciled: %v, %v", found, err)
			}
		}
		at.now = at.now.Add(time.Minute)
		if found, err := c.Find(ctx, "FIN", "spendbot-i-7f3k2m"); err != nil || len(found) != 1 || found[0].Key != made.Key {
			t.Fatalf("found later: %v, %v", found, err)
		}
		for _, bad := range []string{`x" OR labels = "y`, "two words", ""} {
			if _, err := c.Find(ctx, "FIN", bad); jira.OutcomeOf(err) != jira.Refused || err == nil {
				t.Errorf("looked for the label %q: %v", bad, err)
			}
		}
	})
}

func TestManyAreFoundByPages(t *testing.T) {
	both(t, 0, func(t *testing.T, _ *tracker.Tracker, c *jira.Client, _ *clock) {
		for range 120 {
			if _, _, err := c.Create(t.Context(), ticket); err != nil {
				t.Fatal(err)
			}
		}
		found, err := c.Find(t.Context(), "FIN", "spendbot")
		keys := map[string]bool{}
		for _, i := range found {
			keys[i.Key] = true
		}
		if err != nil || len(found) != 120 || len(keys) != 120 {
			t.Errorf("%d found, %d keys, %v", len(found), len(keys), err)
		}
	})
}

// TestOutcomes: what is known after each way to fail, held against what the tracker did.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault tracker.Fault
		want  jira.Outcome
		wait  time.Duration
		made  int
	}{
		{"rate limited", tracker.Fault{Status: 429, RetryAfter: "7"}, jira.Later, 7 * time.Second, 0},
		{"token refused", tracker.Fault{Status: 401}, jira.Later, 0, 0},
		{"forbidden", tracker.Fault{Status: 403}, jira.Refused, 0, 0},
		{"away and says when back", tracker.Fault{Status: 503, RetryAfter: "Wed, 25 Nov 2026 09:02:00 GMT"}, jira.Later, 2 * time.Minute, 0},
		{"away", tracker.Fault{Status: 503}, jira.Unknown, 0, 0},
		{"failed before", tracker.Fault{Status: 500}, jira.Unknown, 0, 0},
		{"failed after", tracker.Fault{Status: 502, Done: true}, jira.Unknown, 0, 1},
		{"cut before", tracker.Fault{}, jira.Unknown, 0, 0},
		{"cut after", tracker.Fault{Done: true}, jira.Unknown, 0, 1},
		{"an answer that cannot be read", tracker.Fault{Garbled: true}, jira.Unknown, 0, 1},
		{"moved away", tracker.Fault{Status: 302}, jira.Refused, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, client, _ := world(t, true, 0)
			c.fault.Method, c.fault.Path, c.fault.Times = "POST", "/issue", 1
			tr.Break(c.fault)
			_, _, err := client.Create(t.Context(), ticket)
			e, ok := errors.AsType[*jira.Error](err)
			if !ok || e.Outcome != c.want || e.Wait != c.wait {
				t.Fatalf("got %#v, want %v after %v", err, c.want, c.wait)
			}
			if n := tr.Writes()["create"]; n != c.made {
				t.Errorf("%d made, want %d", n, c.made)
			}
			if e.Outcome != jira.Unknown && c.made > 0 {
				t.Error("it was made, and is said not to be")
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c, err := jira.New(jira.Config{URL: "http://" + address, Token: token}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Create(t.Context(), ticket); jira.OutcomeOf(err) != jira.Later {
		t.Errorf("got %v, want that it may be tried again", err)
	}
}

func TestASlowAnswer(t *testing.T) {
	tr, client, _ := world(t, true, 0)
	never := make(chan struct{})
	tr.Break(tracker.Fault{Method: "POST", Times: 1, Hold: never})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := client.Create(ctx, ticket); err == nil || tr.Writes()["create"] != 0 {
		t.Errorf("created within an ended context: %v", err)
	}
}

func TestProve(t *testing.T) {
	both(t, 0, func(t *testing.T, tr *tracker.Tracker, c *jira.Client, _ *clock) {
		ctx := t.Context()
		tr.AddProject(tracker.Project{Key: "OPS", Name: "Operations", Types: []tracker.Type{{ID: "7", Name: "Task", Form: []string{"summary", "project", "issuetype", "description", "customfield_7"}, Required: []string{"summary", "customfield_7"}}},
			Statuses: []tracker.Status{{Name: "Open", Category: "new"}}})
		filled := []string{"summary", "project", "issuetype", "description", "labels"}
		for _, x := range []struct{ project, kind, want string }{
			{"FIN", "task", "[{true tickets of type Task can be made in FIN }]"},
			{"FIN", "Story", `[{false project FIN has no issue type "Story" it has: Task, Bug}]`},
			{"fin 1", "Task", `[{false "fin 1" is no Jira project key a key is of capital letters and digits, as FIN}]`},
			{"OPS", "Task", `[{false Task in OPS requires the field "customfield_7" (customfield_7), which the bot does not fill give it a value in the configuration under jira.fields, or a default in Jira} ` +
				`{false the form of Task in OPS has no field labels: it is left out of tickets add it to the project's create screen, or take it out of the configuration}]`},
		} {
			got, err := c.Prove(ctx, x.project, x.kind, filled)
			if s := fmt.Sprint(got); err != nil || s != x.want {
				t.Errorf("%s, %s: %s, %v\nwant %s", x.project, x.kind, s, err, x.want)
			}
		}
		if _, err := c.Prove(ctx, "NONE", "Task", filled); err == nil || !strings.Contains(err.Error(), "No project could be found") {
			t.Errorf("a project that is not there: %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  jira.Config
		want string
	}{
		{"cloud", jira.Config{URL: "https://x.atlassian.net", User: "a@b.example", Token: token}, ""},
		{"scoped", jira.Config{URL: "https://api.atlassian.com/ex/jira/11111111-2222", User: "a@b.example", Token: token}, ""},
		{"data center", jira.Config{URL: "https://jira.company.example/jira", Token: token}, ""},
		{"here", jira.Config{URL: "http://127.0.0.1:8081", Token: token}, ""},
		{"no address", jira.Config{Token: token}, "JIRA_URL is not set"},
		{"no web address", jira.Config{URL: "company", Token: token}, "JIRA_URL is no web address"},
		{"in the clear", jira.Config{URL: "http://jira.company.example", Token: token}, "unencrypted"},
		{"credentials in it", jira.Config{URL: "https://me:secret@x.atlassian.net", Token: token}, "JIRA_URL holds more than an address"},
		{"no token", jira.Config{URL: "https://x.atlassian.net", User: "a@b.example"}, "JIRA_TOKEN is not set"},
		{"no user", jira.Config{URL: "https://x.atlassian.net", Token: token}, "JIRA_USER is not set"},
	} {
		err := c.cfg.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: a secret is told: %v", c.name, err)
		}
	}
	t.Setenv("JIRA_URL", "")
	t.Setenv("JIRA_USER", "")
	t.Setenv("JIRA_TOKEN", "")
	if _, ok, err := jira.ReadConfig(); ok || err != nil {
		t.Errorf("nothing set: %v, %v", ok, err)
	}
	t.Setenv("JIRA_TOKEN", token)
	if _, ok, err := jira.ReadConfig(); !ok || err == nil {
		t.Errorf("half set: %v, %v", ok, err)
	}
}

// TestNoErrorTellsTheToken: a server that says back what it was sent does not make it into an error.
func TestNoErrorTellsTheToken(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errorMessages":[%q],"errors":{"x":%q}}`, r.Header.Get("Authorization"), token)
	}))
	defer srv.Close()
	c, err := jira.New(jira.Config{URL: srv.URL, Token: token}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Identify(t.Context())
	if err == nil || strings.Contains(err.Error(), "ATATT") || strings.Contains(fmt.Sprintf("%+v", jira.Config{Token: token}), "ATATT") {
		t.Errorf("%v", err)
	}
}
