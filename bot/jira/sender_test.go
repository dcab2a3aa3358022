package jira_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spendbot/bot/jira"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/state"
)

// hooks keep what they are told; each made ticket is linked to its thread and commented on once.
func hooks(told *[]string, die func() bool) jira.Hooks {
	note := func(format string, a ...any) { *told = append(*told, fmt.Sprintf(format, a...)) }
	return jira.Hooks{
		Made: func(t *state.Ticket, made jira.Ref, dropped []string, found bool) (state.TicketStep, error) {
			if die() {
				return state.TicketStep{}, errors.New("the process died")
			}
			note("%s made %v found %v", t.ID, dropped, found)
			link, err := jira.Work{GlobalID: "spendbot/" + t.ID, URL: "https://x.slack.com/archives/C1/p1", Title: "The thread"}.Post(t.ID+"/link", jira.MethodRemoteLink, t.ID)
			if err != nil {
				return state.TicketStep{}, err
			}
			say, err := jira.Work{Body: "From the bill."}.Post(t.ID+"/hello", jira.MethodComment, t.ID)
			return state.TicketStep{Changes: []state.TicketChange{{Kind: "made", Detail: made.Key}}, Posts: []state.Post{link, say}}, err
		},
		Done: func(*state.Ticket, state.Post) (state.TicketStep, error) { return state.TicketStep{}, nil },
		Refused: func(t *state.Ticket, p state.Post, err error) (state.TicketStep, error) {
			note("%s refused %s", t.ID, p.Method)
			return state.TicketStep{Changes: []state.TicketChange{{Kind: "refused", Detail: err.Error()}}}, nil
		},
		Waiting: func(t *state.Ticket, err error) (state.TicketStep, error) {
			note("%s waits", t.ID)
			return state.TicketStep{}, nil
		},
		File: func(context.Context, string, string) ([]byte, error) { return []byte("png"), nil },
		Ours: func(t state.Ticket, i jira.Issue, field string) bool {
			return field == "summary" && i.Summary == t.Wrote["summary"]
		},
	}
}

func never() bool { return false }

func stateIn(t *testing.T, path string) *state.DB {
	t.Helper()
	db, err := state.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// claim asks for a ticket.
func claim(t *testing.T, db *state.DB, subject string, now time.Time) state.Ticket {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(subject, "I-"))
	k, _, err := db.ClaimTicket(t.Context(), state.Ticket{Subject: subject, Label: "spendbot-" + name, Project: "FIN", AskedBy: "U1"}, now, func(k state.Ticket) ([]state.Post, error) {
		tk := ticket
		tk.Labels = []string{"spendbot", k.Label}
		p, err := jira.Work{Create: &tk}.Post(k.ID+"/create", jira.MethodCreate, k.ID)
		return []state.Post{p}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const lease = time.Minute

// run works off what is due, letting time pass, until nothing is left or so much time has passed.
func run(t *testing.T, db *state.DB, at *clock, senders []*jira.Sender, forget func() bool, most time.Duration) {
	t.Helper()
	end := at.now.Add(most)
	for at.now.Before(end) {
		idle := true
		for n, s := range senders {
			p, unknown, err := db.TakePostTo(t.Context(), state.ToJira, fmt.Sprint("p", n), at.now, lease)
			if err != nil {
				t.Fatal(err)
			}
			if p == nil {
				continue
			}
			idle = false
			if !forget() { // else the process dies with it
				s.Deliver(t.Context(), *p, unknown)
			}
		}
		if !idle {
			continue
		}
		pending, sending, _, err := db.Outbox(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if pending+sending == 0 {
			return
		}
		at.now = at.now.Add(10 * time.Second)
	}
	t.Fatalf("work is left after %s", most)
}

// queued is a ticket that waits to be made, the sender that will make it, and what the bot is told of it.
type queued struct {
	db      *state.DB
	senders []*jira.Sender
	ticket  state.Ticket
	told    []string
}

func newQueued(t *testing.T, c *jira.Client, at *clock) *queued {
	t.Helper()
	q := &queued{db: stateIn(t, filepath.Join(t.TempDir(), "s.db"))}
	q.senders = []*jira.Sender{jira.NewSender(c, q.db, "me", lease, hooks(&q.told, never), slog.New(slog.DiscardHandler))}
	q.ticket = claim(t, q.db, "I-AAAAAA", at.now)
	return q
}

func TestATicketIsMadeAndSpokenOf(t *testing.T) {
	both(t, 0, func(t *testing.T, tr *tracker.Tracker, c *jira.Client, at *clock) {
		q := newQueued(t, c, at)
		db, k := q.db, q.ticket
		run(t, db, at, q.senders, never, time.Hour)
		k, err := db.Ticket(t.Context(), k.ID)
		if err != nil || k.Key != "FIN-1" || k.State != state.TicketOpen || k.Wrote["summary"] == "" {
			t.Fatalf("%+v, %v", k, err)
		}
		if !slices.Equal(q.told, []string{"T-AAAAAA made [] found false"}) {
			t.Errorf("told %q", q.told)
		}
		// Somebody edits the summary; the bot leaves it, and writes what is its own.
		edit, err := jira.Work{Fields: map[string]any{"summary": "The bot's", "description": "too"}}.Post("edit", jira.MethodEdit, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Set(k.Key, tracker.Person{ID: "ana", Name: "Ana"}, "summary", "Ana's own"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []state.Post{edit, must(t)(jira.Work{Name: "chart.png", Answer: "Q-1", File: "chart"}.Post("chart", jira.MethodAttach, k.ID)), must(t)(jira.Work{To: jira.Done}.Post("done", jira.MethodTransition, k.ID))} {
			if _, _, err := db.Enqueue(t.Context(), p, at.now); err != nil {
				t.Fatal(err)
			}
		}
		run(t, db, at, q.senders, never, time.Hour)
		is, _ := tr.Issue(k.Key)
		if is.Fields["summary"] != "Ana's own" || is.Fields["description"] != ticket.Description {
			t.Errorf("what people edited was written over: %v", is.Fields)
		}
		if is.Status.Category != "done" || len(is.Attachments) != 1 || len(is.Links) != 1 || len(is.Comments) != 1 {
			t.Errorf("%+v", is)
		}
	})
}

func must(t *testing.T) func(p state.Post, err error) state.Post {
	return func(p state.Post, err error) state.Post {
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

func TestJiraIsAway(t *testing.T) {
	tr, c, at := world(t, true, 0)
	q := newQueued(t, c, at)
	db, k := q.db, q.ticket
	tr.Break(tracker.Fault{Times: 40, Status: 503})
	run(t, db, at, q.senders, never, 24*time.Hour)
	if got := tr.Writes()["create"]; got != 1 || !slices.Equal(q.told, []string{k.ID + " waits", k.ID + " made [] found false"}) {
		t.Errorf("%d made, told %q", got, q.told)
	}
}

// TestATicketThatIsDeleted: work on a ticket that somebody deleted ends, and what waits behind it goes on, instead of being tried for ever.
func TestATicketThatIsDeleted(t *testing.T) {
	tr, c, at := world(t, true, 0)
	q := newQueued(t, c, at)
	db, k := q.db, q.ticket
	run(t, db, at, q.senders, never, time.Hour)
	k, err := db.Ticket(t.Context(), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Delete(k.Key, tracker.Person{ID: "ana", Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	tr.Break(tracker.Fault{Method: "POST", Path: "/comment", Times: 1}) // cut: whether it was said has to be looked up
	for _, p := range []state.Post{must(t)(jira.Work{Fields: map[string]any{"summary": "x"}}.Post("edit", jira.MethodEdit, k.ID)), must(t)(jira.Work{Body: "It grew."}.Post("grew", jira.MethodComment, k.ID))} {
		if _, _, err := db.Enqueue(t.Context(), p, at.now); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, at, q.senders, never, time.Hour)
	if want := []string{k.ID + " made [] found false", k.ID + " refused edit", k.ID + " refused comment"}; !slices.Equal(q.told, want) {
		t.Errorf("told %q, want %q", q.told, want)
	}
}

func TestATicketThatIsRefused(t *testing.T) {
	tr, c, at := world(t, true, 0)
	tr.AddProject(tracker.Project{Key: "FIN", Types: []tracker.Type{{ID: "1", Name: "Task", Form: []string{"summary", "project", "issuetype", "customfield_1"}, Required: []string{"customfield_1"}}}, Statuses: []tracker.Status{{Name: "Open", Category: "new"}}})
	q := newQueued(t, c, at)
	db, k := q.db, q.ticket
	run(t, db, at, q.senders, never, time.Hour)
	k, _ = db.Ticket(t.Context(), k.ID)
	if k.Open || k.State != state.TicketGone || !strings.Contains(k.Refused, "customfield_1 is required") || !slices.Equal(q.told, []string{"T-AAAAAA refused create"}) {
		t.Errorf("%+v, told %q", k, q.told)
	}
}

// TestTwoHundredTickets: two bots, kills, answers lost after the write, 5xx, rate limits and a search that lags: each ticket once, each link and comment once, none lost.
func TestTwoHundredTickets(t *testing.T) {
	for _, cloud := range []bool{true, false} {
		t.Run(fmt.Sprint("cloud ", cloud), func(t *testing.T) {
			tr, c, at := world(t, cloud, 90*time.Second)
			path := filepath.Join(t.TempDir(), "s.db")
			one, two := stateIn(t, path), stateIn(t, path)
			chance := rand.New(rand.NewPCG(7, 11))
			quiet := slog.New(slog.DiscardHandler)
			var told []string
			die := func() bool { return chance.IntN(12) == 0 }
			senders := []*jira.Sender{jira.NewSender(c, one, "one", lease, hooks(&told, die), quiet), jira.NewSender(c, two, "two", lease, hooks(&told, die), quiet)}
			const n = 200
			for i := range n {
				claim(t, one, fmt.Sprintf("I-%06d", i), at.now)
				claim(t, two, fmt.Sprintf("I-%06d", i), at.now) // a policy asks beside the person
			}
			for _, f := range []tracker.Fault{{Method: "POST", Path: "/issue", Times: 25, Status: 502, Done: true}, {Method: "POST", Times: 25, Done: true}, {Method: "POST", Times: 15, Garbled: true},
				{Times: 25, Status: 500}, {Method: "GET", Times: 20, Status: 429, RetryAfter: "3"}, {Method: "POST", Path: "/comment", Times: 20, Status: 504, Done: true}, {Times: 15}} {
				tr.Break(f)
			}
			run(t, one, at, senders, func() bool { return chance.IntN(25) == 0 }, 48*time.Hour)

			labels := map[string]int{}
			for _, i := range tr.Issues() {
				for _, l := range i.Fields["labels"].([]any) {
					labels[l.(string)]++
				}
				if len(i.Links) != 1 || len(i.Comments) != 1 {
					t.Errorf("%s has %d links and %d comments", i.Key, len(i.Links), len(i.Comments))
				}
			}
			for i := range n {
				if got := labels[fmt.Sprintf("spendbot-%06d", i)]; got != 1 {
					t.Errorf("I-%06d has %d tickets", i, got)
				}
			}
			if got := tr.Writes()["create"]; got != n || len(tr.Issues()) != n {
				t.Errorf("%d tickets made, %d there, want %d", got, len(tr.Issues()), n)
			}
			kept, err := one.Tickets(t.Context(), state.TicketFilter{Open: true, States: []state.TicketState{state.TicketOpen}})
			if err != nil || len(kept) != n {
				t.Errorf("%d kept as open, %v", len(kept), err)
			}
			keys := map[string]bool{}
			for _, k := range kept {
				keys[k.Key] = true
			}
			if len(keys) != n {
				t.Errorf("%d keys of %d tickets", len(keys), n)
			}
		})
	}
}

// TestJiraIsMetLate: a bot that starts while Jira is away does not know yet which Jira it is; the ticket waits, and is made once.
func TestJiraIsMetLate(t *testing.T) {
	at := &clock{day}
	tr := tracker.New(tracker.Options{Cloud: true, Site: "https://company.atlassian.net", User: "bot@company.example", Token: token, Now: at.time})
	srv := httptest.NewServer(tr)
	t.Cleanup(srv.Close)
	c, err := jira.New(jira.Config{URL: srv.URL, User: "bot@company.example", Token: token, Writes: 1000, Now: at.time}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	tr.Break(tracker.Fault{Path: "/serverInfo", Times: 3, Status: 503})
	db := stateIn(t, filepath.Join(t.TempDir(), "s.db"))
	var told []string
	k := claim(t, db, "I-AAAAAA", at.now)
	run(t, db, at, []*jira.Sender{jira.NewSender(c, db, "me", lease, hooks(&told, never), slog.New(slog.DiscardHandler))}, never, time.Hour)
	if got := tr.Writes()["create"]; got != 1 || !slices.Equal(told, []string{k.ID + " waits", k.ID + " made [] found false"}) || !c.Self().Cloud {
		t.Errorf("%d made, told %q, known as %+v", got, told, c.Self())
	}
}
