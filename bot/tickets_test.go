package bot

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/sandbox"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/ticket"
)

// ticketed is a bot with a workspace and a Jira.
type ticketed struct {
	*threads
	jira *tracker.Tracker
	site string
}

const jiraToken = "a-token-of-the-sandbox"

func newTicketed(t testing.TB, change func(*TicketOptions)) *ticketed {
	t.Helper()
	r := &ticketed{threads: newRig(t, theOnset.Add(31*time.Hour))}
	to := httptest.NewUnstartedServer(nil)
	r.site = "http://" + to.Listener.Addr().String()
	r.jira = tracker.New(tracker.Options{Cloud: true, Site: r.site, User: "bot@company.example", Token: jiraToken, Now: r.clock})
	r.jira.AddPeople(tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"})
	to.Config.Handler = r.jira
	to.Start()
	t.Cleanup(func() {
		to.CloseClientConnections()
		to.Close()
	})
	client, err := jira.New(jira.Config{URL: r.site, User: "bot@company.example", Token: jiraToken, Writes: 1000, Now: r.clock}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := TicketOptions{Jira: client, Rules: ticket.DefaultRules(), Target: func(string, time.Time) TicketTarget {
		return TicketTarget{Project: "FIN", Type: "Task", Components: []string{"network"}, Labels: []string{"finops"}}
	}, Priority: map[incident.Severity]string{incident.Medium: "Medium"}, Due: map[incident.Severity]time.Duration{incident.Medium: 14 * 24 * time.Hour}}
	if change != nil {
		change(&o)
	}
	r.live(r.bot(Options{Incidents: testIncidents(), Tickets: o}))
	return r
}

// issue waits for the one ticket in Jira, as a test wants it.
func (r *ticketed) issue(what string, f func(tracker.Issue) bool) tracker.Issue {
	r.t.Helper()
	var is tracker.Issue
	r.stored("a ticket "+what, func() bool {
		list := r.jira.Issues()
		if len(list) != 1 {
			return false
		}
		is = list[0]
		return f(is)
	})
	return is
}

// hear has the bot look at Jira, and bring what it says up to date.
func (r *ticketed) hear() {
	r.t.Helper()
	r.settled()
	if err := r.b.PollTickets(r.t.Context(), theOnset); err != nil {
		r.t.Fatal(err)
	}
	r.tell()
}

func (r *ticketed) tell() {
	r.t.Helper()
	for range 2 { // what is told of a ticket changes its card
		if err := r.b.TellTickets(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		r.settled()
	}
}

// open opens the modal of a ticket and sends it off.
func (r *ticketed) open(user string, m sandbox.Message, change map[string]string) {
	r.t.Helper()
	r.press(user, m, blocks.ActTicket)
	r.until("the modal", func(s *sandbox.Snapshot) bool { return s.Modal(user) != nil })
	v := r.box.Modal(user)
	values := map[string]map[string]any{}
	for id, text := range change {
		values[id] = map[string]any{id: text}
	}
	if err := r.box.SubmitView(user, v.ID, values); err != nil {
		r.t.Fatal(err)
	}
}

func TestLifeOfATicket(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	nat := thing{"NAT bytes", "payments", []int64{500, 520, 510, 500, 5, 4, 3}}
	r.find(2, nat)
	m := r.root("#payments", "NAT bytes", "Open ticket")
	r.open(sandbox.Ben, m, map[string]string{blocks.InputAssignee: "ana", blocks.InputSummary: "NAT bytes of payments: find the destination"})
	is := r.issue("with its link and chart", func(i tracker.Issue) bool { return len(i.Links) == 1 && len(i.Attachments) == 1 })
	in := r.incident(m)
	if is.Fields["summary"] != "NAT bytes of payments: find the destination" || is.Fields["duedate"] != "2026-12-05" {
		t.Errorf("fields %v", is.Fields)
	}
	for _, want := range []string{"h3. What changed", "h3. Evidence", "h3. Steps, each with risk and rollback", "h3. Expected saving", "h3. How it will be verified", in.ID, in.Answer} {
		if !strings.Contains(is.Fields["description"].(string), want) {
			t.Errorf("the description lacks %q", want)
		}
	}
	if who, _ := is.Fields["assignee"].(map[string]any); who["accountId"] != "5f-ana" {
		t.Errorf("assignee %v", is.Fields["assignee"])
	}
	if l := is.Links[0]; l.GlobalID != "spendbot/"+in.ID || !strings.Contains(l.URL, "/archives/"+m.Channel+"/p") {
		t.Errorf("link %+v", l)
	}
	// Jira has no field for a priority on another form: nothing was dropped here, and the thread links the ticket.
	if n := r.replies(m, 1); !strings.Contains(n[0], "Ticket <"+r.site+"/browse/FIN-1|FIN-1> is open") || !strings.Contains(n[0], "<@"+sandbox.Ben+">") {
		t.Errorf("replies %q", n)
	}
	r.hear()
	m = r.root("#payments", "ticket <"+r.site+"/browse/FIN-1|FIN-1>: To Do, Ana Ruiz, due 5 Dec")
	if strings.Contains(string(m.Blocks), "incident:ticket") {
		t.Error("a second ticket is offered")
	}

	// People work on it in Jira.
	ana := tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}
	r.at(3)
	for _, err := range []error{r.jira.Move("FIN-1", ana, "In Progress", ""), r.jira.Say("FIN-1", ana, "!slack it is the image pulls"), r.jira.Say("FIN-1", ana, "for us only")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.hear()
	r.hear() // again: nothing is told twice
	m = r.root("#payments", "In Progress, Ana Ruiz")
	if n := r.replies(m, 2); len(n) != 2 || !strings.Contains(n[1], "*Ana Ruiz* in") || !strings.Contains(n[1], "it is the image pulls") {
		t.Errorf("replies %q", n)
	}

	// The bill shows that it is over, which the ticket hears of once.
	for day := 3; day <= 6; day++ {
		r.find(day, nat)
		r.tell()
	}
	r.root("#payments", "Resolved")
	is = r.issue("that heard of it", func(i tracker.Issue) bool { return len(i.Comments) == 3 })
	if last := is.Comments[2]; last.Author != tracker.Bot || !strings.Contains(last.Body, "back within what is expected") || !strings.Contains(last.Body, "close this ticket") {
		t.Errorf("%+v", last)
	}
	r.tell()
	if is, _ := r.jira.Issue("FIN-1"); len(is.Comments) != 3 {
		t.Errorf("%d comments", len(is.Comments))
	}

	if err := r.jira.Move("FIN-1", ana, "Done", ""); err != nil {
		t.Fatal(err)
	}
	r.hear()
	m = r.root("#payments", "FIN-1>: Done")
	n := r.replies(m, 4)
	if !slices.ContainsFunc(n, func(s string) bool { return strings.Contains(s, "is done. I compare the bill before and after") }) {
		t.Errorf("replies %q", n)
	}
	if got := r.jira.Writes(); got["create"] != 1 || got["remotelink"] != 1 || got["attachment"] != 1 || got["comment"] != 1 {
		t.Errorf("written %v", got)
	}
	list, err := Opportunities(t.Context(), r.db, r.b.books(), nil)
	if err != nil || len(list) != 1 || list[0].State != "verifying" || list[0].Ticket != "FIN-1" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestJiraIsAwayAndTheThreadSaysSo(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510}})
	m := r.root("#payments", "NAT bytes")
	r.jira.Break(tracker.Fault{Times: -1, Status: http.StatusServiceUnavailable})
	r.open(sandbox.Ben, m, nil)
	if n := r.replies(m, 1); !strings.Contains(n[0], "waits: Jira does not answer well now") {
		t.Errorf("replies %q", n)
	}
	r.jira.Mend()
	r.at(3) // time passes
	r.b.tickets.Wake()
	r.issue("once Jira is back", func(i tracker.Issue) bool { return i.Key == "FIN-1" })
	if n := r.replies(m, 2); !strings.Contains(n[1], "FIN-1") {
		t.Errorf("replies %q", n)
	}
	r.settled()
	if got := r.jira.Writes()["create"]; got != 1 {
		t.Errorf("%d tickets", got)
	}
}

func TestWhoMayOpenATicket(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, func(o *TicketOptions) {
		o.Readers = []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"search"}}}
	})
	r.find(2, thing{"Logs", "finance", []int64{500, 520, 510}}) // the bot is in no #finance
	m := r.root("#cloud-costs", "Logs")
	for user, want := range map[string]string{sandbox.Ben: "more than you may see", sandbox.Ana: "more than the readers of the Jira project may see"} {
		r.press(user, m, blocks.ActTicket)
		r.until("a word to "+user, func(s *sandbox.Snapshot) bool {
			return slices.ContainsFunc(s.Ephemerals(user), func(x sandbox.Message) bool { return strings.Contains(x.Text, want) })
		})
	}
	r.settled()
	if list := r.jira.Issues(); len(list) != 0 {
		t.Errorf("%d tickets", len(list))
	}
}

func TestAPolicyOpensTickets(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, func(o *TicketOptions) {
		o.Policy = &TicketPolicy{Name: "costly", Severity: incident.Medium, After: 24 * time.Hour}
	})
	nat, small := thing{"NAT bytes", "payments", []int64{500, 520, 510, 500, 500}}, thing{"Logs", "payments", []int64{60, 60, 60, 60, 60}}
	r.find(0, nat, small)
	r.tell()
	if list := r.jira.Issues(); len(list) != 0 {
		t.Fatalf("opened at once: %d", len(list))
	}
	r.find(1, nat, small)
	r.tell()
	r.tell()
	is := r.issue("of the policy", func(tracker.Issue) bool { return true })
	if !strings.Contains(is.Fields["summary"].(string), "NAT bytes") {
		t.Errorf("%v", is.Fields["summary"])
	}
	if err := r.jira.Move(is.Key, tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}, "Done", "Won't Do"); err != nil {
		t.Fatal(err)
	}
	r.hear()
	r.find(4, nat, small)
	r.tell()
	if list := r.jira.Issues(); len(list) != 1 {
		t.Errorf("what people declined was opened again: %d tickets", len(list))
	}
}

func TestADryRunOpensNothing(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, func(o *TicketOptions) {
		o.Policy = &TicketPolicy{Name: "costly", Severity: incident.Low, DryRun: true}
	})
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510}})
	r.tell()
	if list := r.jira.Issues(); len(list) != 0 {
		t.Errorf("%d tickets", len(list))
	}
	if r.b.wouldHave(r.incident(r.root("#payments")).ID) {
		t.Error("the dry run did not say what it would have opened")
	}
}

func TestJirasWebhook(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510}})
	m := r.root("#payments", "NAT bytes")
	r.open(sandbox.Ben, m, nil)
	r.issue("", func(tracker.Issue) bool { return true })
	r.settled()
	r.at(3)
	if err := r.jira.Move("FIN-1", tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}, "In Progress", ""); err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(r.b.JiraHook("the-secret-of-the-hook"))
	defer hook.Close()
	send := func(d tracker.Delivery, key string, want int) {
		t.Helper()
		q, err := d.Request(hook.URL, key)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
			t.Errorf("%d %s, want %d", resp.StatusCode, body, want)
		}
	}
	list := r.jira.Deliveries()
	last := list[len(list)-1]
	send(last, "", http.StatusUnauthorized)
	send(last, "another", http.StatusUnauthorized)
	send(tracker.Delivery{Body: []byte("{}")}, "the-secret-of-the-hook", http.StatusBadRequest)
	if got := r.b.heard(); len(got) != 0 {
		t.Fatalf("heard %v of what was refused", got)
	}
	send(last, "the-secret-of-the-hook", http.StatusNoContent)
	send(last, "the-secret-of-the-hook", http.StatusNoContent) // delivered again
	got := r.b.heard()
	if !slices.Equal(got, []string{"FIN-1"}) {
		t.Fatalf("heard %v", got)
	}
	if err := r.b.lookAt(t.Context(), got[0]); err != nil {
		t.Fatal(err)
	}
	if err := r.b.lookAt(t.Context(), "OTHER-9"); err != nil {
		t.Errorf("somebody else's issue: %v", err)
	}
	r.tell()
	r.root("#payments", "In Progress")
	if err := r.jira.Delete("FIN-1", tracker.Person{ID: "5f-ana"}); err != nil {
		t.Fatal(err)
	}
	if err := r.b.lookAt(t.Context(), "FIN-1"); err != nil {
		t.Fatal(err)
	}
	r.tell()
	r.root("#payments", "no longer there", "Open ticket")
}
