package bot

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/sandbox"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/sandbox/tracker/trackertest"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
)

// ticketed is a bot with a workspace and a Jira.
type ticketed struct {
	*threads
	jira  *tracker.Tracker
	site  string
	begun time.Time
	later atomic.Int64 // leases that the clock of machinery is ahead
}

const jiraToken = "a-token-of-the-sandbox"

func newTicketed(t testing.TB, change func(*TicketOptions)) *ticketed {
	t.Helper()
	r := newTracked(t, tracker.Options{})
	o := r.options()
	if change != nil {
		change(&o)
	}
	r.live(r.bot(Options{Incidents: testIncidents(), Tickets: o}))
	return r
}

// newTracked is a workspace with a Jira, without a bot yet.
func newTracked(t testing.TB, jo tracker.Options) *ticketed {
	t.Helper()
	r := &ticketed{threads: newRig(t, theOnset.Add(31*time.Hour)), begun: time.Now()}
	to := httptest.NewUnstartedServer(nil)
	r.site = "http://" + to.Listener.Addr().String()
	jo.Cloud, jo.Site, jo.User, jo.Token = true, r.site, "bot@company.example", jiraToken
	if jo.Now = r.clock; jo.Lag > 0 {
		jo.Now = r.passing
	}
	r.jira = tracker.New(jo)
	r.jira.AddPeople(tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"})
	to.Config.Handler = r.jira
	to.Start()
	t.Cleanup(func() {
		to.CloseClientConnections()
		to.Close()
	})
	return r
}

// options are those of a bot with a client of its own.
func (r *ticketed) options() TicketOptions {
	t := r.t
	t.Helper()
	client, err := jira.New(jira.Config{URL: r.site, User: "bot@company.example", Token: jiraToken, Writes: 1000, Now: r.passing, Transport: trackertest.Checked(t, http.DefaultTransport)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return TicketOptions{Jira: client, Rules: ticket.DefaultRules(), Target: func(string, time.Time) TicketTarget {
		return TicketTarget{Project: "FIN", Type: "Task", Components: []string{"network"}, Labels: []string{"finops"}}
	}, Priority: map[incident.Severity]string{incident.Medium: "Medium"}, Due: map[incident.Severity]time.Duration{incident.Medium: 14 * 24 * time.Hour}}
}

// passing is the rig's clock as the work on tickets sees it: so fast that what is tried again is tried soon.
func (r *ticketed) passing() time.Time {
	return r.clock().Add(100*time.Since(r.begun) + time.Duration(r.later.Load())*testLease)
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
	if is.Fields["summary"] != "NAT bytes of payments: find the destination" || is.Fields["duedate"] != "2026-12-07" {
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
	m = r.root("#payments", "ticket <"+r.site+"/browse/FIN-1|FIN-1>: To Do, Ana Ruiz, due 7 Dec")
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

// TestOneProjectIsGone: what Jira refuses of one project, or of one ticket, keeps nobody from hearing of the others.
func TestOneProjectIsGone(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510, 500, 5, 4, 3}})
	m := r.root("#payments", "NAT bytes", "Open ticket")
	r.open(sandbox.Ben, m, nil)
	is := r.issue("with its chart", func(i tracker.Issue) bool { return len(i.Links) == 1 && len(i.Attachments) == 1 })
	r.settled()
	for _, gone := range []string{"AAA-1", "GONE-7"} { // AAA-1's project is asked of first; both are looked at by themselves
		k := state.Ticket{Subject: "I-" + gone[:3], Label: "spendbot-" + gone, Project: gone[:len(gone)-2], Created: r.clock()}
		k, _, err := r.db.ClaimTicket(t.Context(), k, r.clock(), func(state.Ticket) ([]state.Post, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.db.ChangeTicket(t.Context(), k.ID, r.clock(), func(k *state.Ticket) (state.TicketStep, error) {
			k.Key, k.State = gone, state.TicketOpen
			return state.TicketStep{}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.jira.Move(is.Key, tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}, "Done", "Done"); err != nil {
		t.Fatal(err)
	}
	r.jira.Break(tracker.Fault{Path: "/issue/GONE-7", Times: -1, Status: http.StatusForbidden})
	r.jira.Break(tracker.Fault{Path: "/search", Times: 1, Status: http.StatusBadRequest})
	if err := r.b.PollTickets(t.Context(), theOnset); err != nil {
		t.Fatal(err)
	}
	if k, err := r.db.Ticket(t.Context(), is.Key); err != nil || k.State != state.TicketDone {
		t.Errorf("the ticket that is done is %s here, %v", k.State, err)
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

// second is another bot on the same state, which answers people and does the work on tickets as the first does.
func (r *ticketed) second() *Bot {
	r.t.Helper()
	b := r.bot(Options{Incidents: testIncidents(), Tickets: r.b.opts.Tickets})
	r.t.Cleanup(r.running(b))
	r.until("both bots are connected", func(s *sandbox.Snapshot) bool { return s.Sockets() > 1 })
	return b
}

// running has a bot do all that it does of itself, until stop returns.
func (r *ticketed) running(b *Bot) (stop func()) {
	ctx, end := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.sender.Run(ctx) })
	wg.Go(func() { b.tickets.Run(ctx) })
	wg.Go(func() { b.take(ctx) })
	wg.Go(func() { _ = slack.NewSocket(b.slack, b.Receive, b.Connected).Run(ctx) })
	return func() {
		end()
		wg.Wait()
		b.busy.Wait()
	}
}

// react puts an emoji on a message, or takes it off.
func (r *ticketed) react(user string, m sandbox.Message, emoji string, on bool) {
	r.t.Helper()
	if err := r.box.React(user, m.Channel, m.TS, emoji, on); err != nil {
		r.t.Fatal(err)
	}
}

// said posts a reply as somebody.
func (r *ticketed) said(user string, m sandbox.Message, text string) sandbox.Message {
	r.t.Helper()
	ts, err := r.box.Say(user, m.Channel, m.TS, text)
	if err != nil {
		r.t.Fatal(err)
	}
	return sandbox.Message{Channel: m.Channel, TS: ts}
}

// told waits until somebody alone was told something.
func (r *ticketed) told(user, what string) {
	r.t.Helper()
	r.until("a word to "+user+": "+what, func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Ephemerals(user), func(x sandbox.Message) bool { return strings.Contains(x.Text, what) })
	})
}

// marked waits until the bot has marked a reply as passed on.
func (r *ticketed) marked(m sandbox.Message) {
	r.t.Helper()
	r.until("the bot's mark", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Messages(m.Channel), func(x sandbox.Message) bool {
			return x.TS == m.TS && slices.Equal(x.Reactions[passedOnMark], []string{sandbox.Spendbot})
		})
	})
}

// TestAReplyIsPassedOn: an emoji takes a reply into the ticket, once, whoever marks it and however often it is delivered, with two bots at it.
func TestAReplyIsPassedOn(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	r.second()
	r.box.SetFaults(sandbox.Faults{RedeliverShare: 1})
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510}})
	m := r.root("#payments", "NAT bytes", "Open ticket")
	in := r.incident(m)
	found := r.said(sandbox.Ben, m, "it is the *image pulls*, says <@"+sandbox.Ana+">:\n- see <https://x.example/a|the graph> {code} &amp; xoxb-123456-abcdef")
	r.react(sandbox.Ben, found, "ticket", true)
	r.told(sandbox.Ben, "There is no ticket to pass this on to yet")

	r.open(sandbox.Ben, m, nil)
	r.issue("", func(tracker.Issue) bool { return true })
	r.react(sandbox.Ben, found, "ticket", false)
	r.react(sandbox.Ana, found, "ticket", true)
	r.marked(found)
	link := r.b.slack.Self().URL + "archives/" + m.Channel + "/p" + strings.Replace(found.TS, ".", "", 1) + "?thread_ts=" + in.Thread + "&cid=" + m.Channel
	want := "*ben* in [Slack|" + link + "], passed on by ana:\n\nit is the \\*image pulls\\*, says \\@ana:\n\\- see the graph \\{code\\} & <secret>\n\n{color:#6b778c}"
	is := r.issue("with the comment", func(i tracker.Issue) bool { return len(i.Comments) > 0 })
	if got := is.Comments[0].Body; !strings.HasPrefix(got, want) {
		t.Errorf("passed on\n%s\nwant\n%s", got, want)
	}

	// Others mark it too, and it is marked again.
	r.react(sandbox.Ben, found, "ticket", true)
	r.react(sandbox.Ana, found, "ticket", false)
	r.react(sandbox.Ana, found, "ticket", true)
	r.react(sandbox.Dev, found, "ticket", true)
	// Another emoji, another message, and what no person wrote.
	other := r.said(sandbox.Ben, m, "nothing for Jira")
	r.react(sandbox.Ben, other, "eyes", true)
	elsewhere := sandbox.Message{Channel: m.Channel, TS: r.box.Post(sandbox.Ben, m.Channel, "", "lunch?")}
	r.react(sandbox.Ben, elsewhere, "ticket", true)
	r.react(sandbox.Ben, m, "ticket", true)
	r.told(sandbox.Ben, "I pass on what people write")
	r.react(sandbox.Gil, other, "ticket", true) // a guest
	r.settled()
	if is, _ := r.jira.Issue("FIN-1"); len(is.Comments) != 1 {
		t.Errorf("%d comments", len(is.Comments))
	}
	if n := len(r.box.Ephemerals(sandbox.Ben)); n != 2 {
		t.Errorf("Ben was told %d things", n)
	}

	// Jira is away, and what it did is not heard: the comment is there once all the same.
	r.jira.Break(tracker.Fault{Method: http.MethodPost, Path: "/comment", Times: 1, Status: http.StatusBadGateway, Done: true})
	r.react(sandbox.Ben, other, "ticket", true)
	r.marked(other)
	if is, _ := r.jira.Issue("FIN-1"); len(is.Comments) != 2 {
		t.Errorf("%d comments", len(is.Comments))
	}
	// The bot's comment is not told in the thread, and the thread has no word for each.
	r.hear()
	if n := r.replies(m, 3); len(n) != 3 { // the ticket, and what people wrote
		t.Errorf("replies %q", n)
	}

	// Somebody deletes the ticket meanwhile.
	if err := r.jira.Delete("FIN-1", tracker.Person{ID: "5f-ana"}); err != nil {
		t.Fatal(err)
	}
	late := r.said(sandbox.Ben, m, "too late")
	r.react(sandbox.Ben, late, "ticket", true)
	r.until("a word in the thread", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Thread(m.Channel, m.TS), func(x sandbox.Message) bool { return strings.Contains(x.Text, "A reply was not taken into FIN-1") })
	})
}

// TestNothingIsPassedOnBeyondTheReaders: what the readers of the project may not see stays in its channel, whoever marks it; so does what the person who marks may not see.
func TestNothingIsPassedOnBeyondTheReaders(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, func(o *TicketOptions) {
		o.Readers = []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"search"}}}
		o.Emoji = "jira"
	})
	r.find(2, thing{"Logs", "finance", []int64{500, 520, 510}})
	m := r.root("#cloud-costs", "Logs")
	in := r.incident(m)
	f, err := r.b.ticketFacts(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.b.claimTicket(t.Context(), in, f, r.b.ticketOf(in, f), sandbox.Ana); err != nil { // of a time when they might see it
		t.Fatal(err)
	}
	r.issue("", func(tracker.Issue) bool { return true })
	said := r.said(sandbox.Ana, m, "the invoice of our lawyers")
	r.react(sandbox.Ana, said, "jira", true)
	r.told(sandbox.Ana, "more than the readers of the Jira project may see")
	r.react(sandbox.Ben, said, "jira", true)
	r.told(sandbox.Ben, "more than you may see")
	r.react(sandbox.Dev, said, "ticket", true) // is not the emoji here
	r.settled()
	if is, _ := r.jira.Issue("FIN-1"); len(is.Comments) != 0 {
		t.Errorf("passed on: %+v", is.Comments)
	}
}

// TestTheShortcutOpensTheSameTicket: on any message of the thread and on an answer that is about the incident it opens the modal of the button; elsewhere it says what to do.
func TestTheShortcutOpensTheSameTicket(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, nil)
	r.find(2, thing{"NAT bytes", "payments", []int64{500, 520, 510}}, thing{"Logs", "search", []int64{500, 520, 510}})
	m := r.root("#payments", "NAT bytes")
	in := r.incident(m)
	answer := func(channel, name string, filters ...analysis.Filter) sandbox.Message {
		t.Helper()
		a := &analysis.Answer{ID: in.Answer}
		if name != "its own" {
			id, err := r.db.NewID(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a = &analysis.Answer{ID: id, Reading: analysis.Plan{Intent: analysis.ExplainChange, Filters: filters}, Caveats: []string{}, Trace: analysis.Trace{Queries: []analysis.QueryTrace{}}}
			if err := r.db.SaveAnswer(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		p, err := slack.Outgoing{Text: "the answer: " + name, Answer: a.ID}.Post(name, "", slack.MethodPost, channel, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.db.Enqueue(t.Context(), p, r.clock()); err != nil {
			t.Fatal(err)
		}
		r.b.sender.Wake()
		r.settled()
		kept, err := r.db.PostByKey(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return sandbox.Message{Channel: channel, TS: kept.TS}
	}
	use := func(user string, on sandbox.Message) {
		t.Helper()
		if err := r.box.Shortcut(user, ShortcutTicket, on.Channel, on.TS); err != nil {
			t.Fatal(err)
		}
	}
	modal := func(user string) *sandbox.View {
		t.Helper()
		r.until("the modal of "+user, func(s *sandbox.Snapshot) bool { return s.Modal(user) != nil })
		v := r.box.Modal(user)
		if !strings.Contains(string(v.Blocks), "NAT bytes") {
			t.Errorf("the modal is of something else: %s", v.Blocks)
		}
		return v
	}
	service := func(names ...string) analysis.Filter {
		return analysis.Filter{Dimension: analysis.DimService, Values: names}
	}
	lunch := sandbox.Message{Channel: m.Channel, TS: r.box.Post(sandbox.Ben, m.Channel, "", "lunch?")}
	use(sandbox.Ben, lunch)
	r.told(sandbox.Ben, "A ticket is of an incident")
	use(sandbox.Ben, answer(m.Channel, "of something else", service("Backups")))
	r.told(sandbox.Ben, "No open incident is about what this answer shows")
	use(sandbox.Ana, answer(sandbox.CloudCosts, "of two", service("NAT bytes", "Logs")))
	r.told(sandbox.Ana, "Several open incidents lie in this answer")
	use(sandbox.Gil, m)
	r.told(sandbox.Gil, "guest")

	for _, on := range []sandbox.Message{answer(m.Channel, "its own"), answer(m.Channel, "of its service", service("NAT bytes")), m} {
		use(sandbox.Ana, on)
		if err := r.box.CloseView(sandbox.Ana, modal(sandbox.Ana).ID); err != nil {
			t.Fatal(err)
		}
	}
	use(sandbox.Ben, r.said(sandbox.Ben, m, "who has this?"))
	use(sandbox.Dev, m)
	for _, user := range []string{sandbox.Ben, sandbox.Dev} { // both send it off
		if err := r.box.SubmitView(user, modal(user).ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	r.issue("of two who asked", func(i tracker.Issue) bool { return len(i.Links) == 1 })
	r.settled()
	use(sandbox.Ana, m)
	r.told(sandbox.Ana, "There is a ticket FIN-1")
	if got := r.jira.Writes(); got["create"] != 1 {
		t.Errorf("written %v", got)
	}
}

// TestTicketsThoughKilled: tickets of many incidents are asked for by button, shortcut and policy, of two bots on one state, while Jira fails in every way, its index lags, and both bots
// are killed again and again. Each incident has one ticket with one link in the end, and heard once that it grew; nothing is left over.
func TestTicketsThoughKilled(t *testing.T) {
	t.Parallel()
	n := 12
	if os.Getenv("SPENDBOT_LONG") != "" {
		n = 200
	}
	r := newTracked(t, tracker.Options{Lag: time.Minute})
	var things []thing
	for i := range n {
		things = append(things, thing{fmt.Sprintf("Service %03d", i), "payments", []int64{500, 500, 500, 2600}})
	}
	rules := testIncidents()
	rules.Rules.Storm = n + 1

	var bots []*Bot
	var kills []func()
	begin := func() {
		t.Helper()
		bots, kills = nil, nil
		for range 2 {
			db := r.threads.open()
			o := r.options()
			o.Policy = &TicketPolicy{Name: "all", Severity: incident.Low}
			b := testBot(t, db, r.box.App(), r.url, Options{Incidents: rules, Tickets: o, Today: r.passing, Now: r.passing})
			stop := r.running(b)
			bots = append(bots, b)
			kills = append(kills, func() {
				db.Close() // from here on nothing that it does is kept
				stop()
			})
		}
		r.b = bots[0]
		r.until("both bots are connected", func(s *sandbox.Snapshot) bool { return s.Sockets() == 2 })
	}
	kill := func() {
		var wg sync.WaitGroup
		for _, k := range kills {
			wg.Go(k)
		}
		wg.Wait()
		r.until("both are gone", func(s *sandbox.Snapshot) bool { return s.Sockets() == 0 })
		r.later.Add(2) // past their leases
	}
	policies := func() {
		var wg sync.WaitGroup
		for _, b := range bots {
			wg.Go(func() { _ = b.TellTickets(context.Background()) }) // it may be killed at it
		}
		wg.Wait()
	}
	faults := []tracker.Fault{{Status: http.StatusBadGateway, Done: true}, {Status: http.StatusServiceUnavailable}, {Done: true}, {Status: http.StatusTooManyRequests, RetryAfter: "1"}, {Garbled: true}, {}}
	breaks := 0
	wrong := func(path string) {
		f := faults[breaks%len(faults)]
		f.Method, f.Path, f.Times = http.MethodPost, path, 1
		r.jira.Break(f)
		breaks++
	}

	begin()
	r.find(2, things...)
	var list []sandbox.Message
	r.until("all threads", func(s *sandbox.Snapshot) bool {
		list = roots(s.Messages("#payments"))
		return len(list) == n
	})
	r.settled()
	byPerson := 2 * n / 3
	for i, m := range list[:byPerson] {
		user := []string{sandbox.Ben, sandbox.Ana, sandbox.Dev}[i%3]
		if i%2 == 0 {
			r.press(user, m, blocks.ActTicket)
		} else if err := r.box.Shortcut(user, ShortcutTicket, m.Channel, m.TS); err != nil {
			t.Fatal(err)
		}
		r.until("the modal", func(s *sandbox.Snapshot) bool { return s.Modal(user) != nil })
		wrong("/issue")
		if err := r.box.SubmitView(user, r.box.Modal(user).ID, nil); err != nil {
			t.Fatal(err)
		}
		r.until("the modal to be gone: it is taken", func(s *sandbox.Snapshot) bool { return s.Modal(user) == nil })
		if i%(n/3) == n/3-1 { // somewhere in what was asked for
			kill()
			begin()
		}
	}
	// The rest is asked for by the policy and by people of both bots at once.
	var wg sync.WaitGroup
	wg.Go(policies)
	for i, m := range list[byPerson:] {
		wrong("/issue")
		in := r.incident(m)
		for k, b := range bots {
			e := slack.Event{Key: fmt.Sprint("submit/", k, "/", i), Kind: slack.Submit, Team: sandbox.DemoTeam, User: sandbox.Ben, Callback: blocks.ModalTicket, Meta: in.ID, Received: r.passing(),
				Inputs: map[string]string{blocks.InputSummary: in.Title, blocks.InputProject: "FIN", blocks.InputType: "Task"}}
			wg.Go(func() { _ = b.Receive(context.Background(), e) })
		}
	}
	wg.Wait()
	kill()
	begin()
	policies() // what it was killed at
	r.stored("all tickets", func() bool { return len(r.jira.Issues()) >= n })

	r.find(3, things...) // all grew
	for range n / 6 {
		wrong("/comment")
	}
	policies()
	kill()
	begin()
	policies()
	r.settled()
	policies() // again: nothing is told twice
	r.settled()

	issues := r.jira.Issues()
	if len(issues) != n || r.jira.Writes()["create"] != n {
		t.Errorf("%d tickets by %d writes, want %d", len(issues), r.jira.Writes()["create"], n)
	}
	links := map[string]bool{}
	for _, i := range issues {
		if len(i.Links) != 1 || len(i.Comments) != 1 || links[i.Links[0].GlobalID] {
			t.Errorf("%s has %d links and %d comments, or shares its link", i.Key, len(i.Links), len(i.Comments))
			continue
		}
		links[i.Links[0].GlobalID] = true
	}
	if len(links) != n {
		t.Errorf("%d links, want %d", len(links), n)
	}
	tickets, err := r.db.Tickets(t.Context(), state.TicketFilter{})
	if err != nil || len(tickets) != n {
		t.Fatalf("%d tickets are kept, %v", len(tickets), err)
	}
	for _, m := range list {
		said := 0
		for _, x := range r.box.Thread(m.Channel, m.TS) {
			if strings.Contains(x.Text, "is open: ") || strings.Contains(x.Text, "was there already") {
				said++
			}
		}
		if said != 1 {
			t.Errorf("the thread %s was told of its ticket %d times", m.TS, said)
		}
	}
	t.Logf("%d incidents, %d tickets, %d links, %d faults", n, len(issues), len(links), breaks)
}
