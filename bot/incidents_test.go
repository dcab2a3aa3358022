package bot

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/desk"
	"spendbot/analysis/survey"
	"spendbot/bot/access"
	"spendbot/bot/incident"
	"spendbot/bot/metrics"
	"spendbot/bot/sandbox"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// theOnset is the first day of the incidents of these tests, a Wednesday.
var theOnset = analysis.Day(2026, time.November, 18)

// waits bounds every wait for what must happen; a test that runs into it has failed.
const waits = 3 * time.Minute

// threads is as much of a bot as tells of incidents, in a workspace, with a clock that tests move.
type threads struct {
	t   testing.TB
	b   *Bot
	box *sandbox.Sandbox
	url string
	db  *state.DB

	path string // of the state

	mu  sync.Mutex
	now time.Time
}

func testPolicy(t testing.TB) *access.Policy {
	t.Helper()
	p, err := access.New(access.Config{Owned: true, Scopes: map[string]access.Scope{"payments": {"team": {"payments"}}, "search": {"team": {"search"}}},
		People:   []access.PeopleRule{{Users: []string{sandbox.Ana, sandbox.Dev}, May: []access.Right{access.AllSpend}}, {Users: []string{sandbox.Ben}, Scope: "payments"}, {Users: []string{sandbox.Chloe}, Scope: "search"}},
		Channels: []access.ChannelRule{{Channels: []string{"#payments"}, Scope: "payments"}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testIncidents() IncidentOptions {
	return IncidentOptions{Channel: "#cloud-costs", Rules: incident.DefaultRules(), Owners: func(team string, _ time.Time) string { return "#" + team }, Escalation: "#finops", Mention: []string{sandbox.GroupFinops}}
}

// newWorkspace is a Slack of tests, with the address that it is at. It ends with the test, after what talks to it. Its clock is years ahead of the
// bots', which look for a post of unknown outcome among the messages since it was enqueued; and it waits longer than a machine with much to do stalls.
func newWorkspace(t testing.TB) (*sandbox.Sandbox, string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	url := "http://" + srv.Listener.Addr().String()
	box := sandbox.New(sandbox.Options{Company: sandbox.Demo(), URL: url, Now: func() time.Time { return time.Now().AddDate(10, 0, 0) },
		Timing: sandbox.Timing{Ack: waits, Trigger: waits}})
	srv.Config.Handler = box.Handler()
	srv.Start()
	t.Cleanup(func() {
		box.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return box, url
}

// newThreads makes the workspace and the bot, which then answers presses and sends what is in its outbox.
func newThreads(t testing.TB, o IncidentOptions) *threads {
	t.Helper()
	r := newRig(t, theOnset.Add(31*time.Hour))
	r.live(r.bot(Options{Incidents: o}))
	return r
}

// newRig is a workspace and an empty state, at a moment, without a bot yet.
func newRig(t testing.TB, now time.Time) *threads {
	t.Helper()
	box, url := newWorkspace(t)
	r := &threads{t: t, box: box, url: url, path: filepath.Join(t.TempDir(), "spendbot.db"), now: now}
	r.db = r.open()
	return r
}

// open opens the state, as one more process does.
func (r *threads) open() *state.DB {
	r.t.Helper()
	db, err := state.Open(r.t.Context(), r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { db.Close() })
	return db
}

// bot makes a bot on the rig's state; of its options the clocks need not be said.
func (r *threads) bot(o Options) *Bot {
	r.t.Helper()
	return r.botOn(r.db, o)
}

func (r *threads) botOn(db *state.DB, o Options) *Bot {
	r.t.Helper()
	o.Today, o.Now = r.clock, hurried(r.clock())
	return testBot(r.t, db, r.box.App(), r.url, o)
}

// live has the rig's first bot answer people, and it and the others send what is in the outbox, until the test ends.
func (r *threads) live(first *Bot, others ...*Bot) {
	r.t.Helper()
	r.b = first
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, b := range append(others, first) {
		wg.Go(func() { _ = b.sender.Run(ctx) })
	}
	if first.tickets != nil {
		wg.Go(func() { first.tickets.Run(ctx) })
	}
	wg.Go(func() { first.take(ctx) })
	wg.Go(func() { _ = slack.NewSocket(first.slack, first.Receive, first.Connected).Run(ctx) })
	r.t.Cleanup(func() {
		stop()
		wg.Wait()
		first.busy.Wait()
	})
	r.until("the bot is connected", func(s *sandbox.Snapshot) bool { return s.Sockets() > 0 })
}

// testLease is how long the others wait for a test's bot that went silent, by a clock that may be hurried: two minutes of a machine that stalls.
const testLease = 200 * time.Minute

// testBot is a bot that has nothing running, for people as the demo's policy has them.
func testBot(t testing.TB, db *state.DB, app sandbox.App, url string, o Options) *Bot {
	t.Helper()
	m, quiet := metrics.New(), slog.New(slog.DiscardHandler)
	c := slack.New(slack.Config{BotToken: secret.Value(app.BotToken), AppToken: secret.Value(app.AppToken), APIURL: url + "/api/"}, o.Now, quiet, m)
	if _, err := c.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Lease = fmt.Sprintf("test/%p", c), testLease
	return New(nil, c, db, testPolicy(t), o, quiet, m)
}

// hurried is a clock that runs so fast that the pace of posts in a channel takes no time.
func hurried(from time.Time) func() time.Time {
	begin := time.Now()
	return func() time.Time { return from.Add(100 * time.Since(begin)) }
}

func (r *threads) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// at moves the clock to the morning after a day of the incident, when its data is there.
func (r *threads) at(day int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = theOnset.AddDate(0, 0, day+1).Add(7 * time.Hour)
}

func (r *threads) until(what string, f func(*sandbox.Snapshot) bool) {
	r.t.Helper()
	ctx, done := context.WithTimeout(r.t.Context(), waits)
	defer done()
	if err := r.box.Wait(ctx, f); err != nil {
		r.t.Fatalf("waited for %s: %v\n%s", what, err, r.all())
	}
}

// all is what stands in the channels, for failures.
func (r *threads) all() string {
	var b strings.Builder
	for _, c := range []string{"#cloud-costs", "#payments", "#finops"} {
		for _, m := range r.box.Messages(c) {
			fmt.Fprintf(&b, "%s %s %s: %s %s %d files\n", c, m.TS, m.Thread, m.Text, m.Blocks, len(m.Files))
		}
	}
	return b.String()
}

// thing is what a scan finds of one series: what each day from the onset on cost over the 100 expected; the band is up to 130.
type thing struct {
	name, team string
	excess     []int64
}

// scanned is what a scan finds when the data reaches a day.
func scanned(through int, things ...thing) []incident.Found {
	var out []incident.Found
	num := decimal.NewFromInt
	for _, x := range things {
		f := incident.Found{Team: x.team, Runbook: "nat-and-data-transfer", Seen: state.IncidentSeen{Series: []string{x.name + " up"}, Title: x.name, Kind: "step", Rule: "default · step", Provider: "AWS", Currency: "USD", Onset: theOnset, Told: theOnset,
			Slice: map[string]string{"ServiceName": x.name, "x_Team": x.team}, Question: "why?",
			Filters: []analysis.Filter{{Dimension: analysis.DimService, Values: []string{x.name}}, {Dimension: analysis.DimTeam, Values: []string{x.team}}}}}
		d := &f.Seen
		d.Through, d.Low, d.High = theOnset.AddDate(0, 0, through), num(80), num(130)
		for n := -10; n < 0; n++ {
			f.Points = append(f.Points, anomaly.Point{Day: theOnset.AddDate(0, 0, n), Known: true, Actual: num(100), Expected: num(100), Low: num(80), High: num(130)})
		}
		sum, recent := int64(0), []int64{}
		for n := 0; n <= through && n < len(x.excess); n++ {
			day := theOnset.AddDate(0, 0, n)
			f.Points = append(f.Points, anomaly.Point{Day: day, Known: true, Actual: num(100 + x.excess[n]), Expected: num(100), Low: num(80), High: num(130)})
			if x.excess[n] > 30 {
				d.Last, d.LastCost, sum, recent = day, num(100+x.excess[n]), sum+x.excess[n], append(recent, x.excess[n])
			}
		}
		if len(recent) == 0 {
			continue
		}
		d.Days, d.Excess, d.Actual = len(recent), num(sum), num(sum+int64(100*len(recent)))
		d.PerDay, d.Going = d.Excess.DivRound(num(int64(d.Days)), 2), d.Last.Equal(d.Through)
		if d.Going {
			recent = recent[max(0, len(recent)-7):]
			rate := int64(0)
			for _, e := range recent {
				rate += e
			}
			d.Rate = num(rate).DivRound(num(int64(len(recent))), 2)
			d.ToMonthEnd = d.Rate.Mul(num(int64(30 - d.Through.Day())))
		}
		d.Parts = []state.IncidentPart{{Key: x.name, Label: x.name, Slice: d.Slice, Excess: d.Excess}}
		out = append(out, f)
	}
	return out
}

// find has a bot take what a scan finds when the data reaches a day.
func find(ctx context.Context, b *Bot, through int, things ...thing) error {
	now := b.opts.Today()
	kept, patterns, err := b.known(ctx, now)
	if err != nil {
		return err
	}
	found := scanned(through, things...)
	for i := range found { // as a scan marks them
		for _, p := range patterns {
			if p.Slice["ServiceName"] == found[i].Seen.Title && (p.Until.IsZero() || !found[i].Seen.Last.After(p.Until)) {
				found[i].ExpectedBy = p.ID
			}
		}
	}
	s := &scan{b: b, now: now, arrived: now.Add(-time.Hour), look: desk.Look{Snapshot: int64(through) + 1, Survey: &survey.Survey{Providers: []survey.Provider{{Name: "AWS", Through: theOnset.AddDate(0, 0, through)}}}},
		queries: []analysis.QueryTrace{{Name: "daily costs per leaf", SQL: "SELECT 1"}}}
	return s.take(ctx, incident.Match(kept, found))
}

func (r *threads) find(through int, things ...thing) {
	r.t.Helper()
	r.at(through)
	if err := find(r.t.Context(), r.b, through, things...); err != nil {
		r.t.Fatal(err)
	}
}

// roots are the messages that begin incidents' threads in a channel.
func roots(list []sandbox.Message) []sandbox.Message {
	return slices.DeleteFunc(slices.Clone(list), func(m sandbox.Message) bool { return m.Thread != "" || !strings.Contains(string(m.Blocks), "I-") })
}

// root is the one message that begins a thread in a channel, once it says all of that.
func (r *threads) root(channel string, says ...string) sandbox.Message {
	r.t.Helper()
	var m sandbox.Message
	r.until(fmt.Sprintf("one root in %s that says %q", channel, says), func(s *sandbox.Snapshot) bool {
		list := roots(s.Messages(channel))
		if len(list) != 1 {
			return false
		}
		m = list[0]
		return !slices.ContainsFunc(says, func(x string) bool { return !strings.Contains(string(m.Blocks), x) })
	})
	return m
}

// replies waits until so many replies stand in the thread, charts left aside, and returns their blocks.
func (r *threads) replies(m sandbox.Message, n int) []string {
	r.t.Helper()
	var out []string
	r.until(fmt.Sprintf("%d replies", n), func(s *sandbox.Snapshot) bool {
		out = nil
		for _, x := range s.Thread(m.Channel, m.TS) {
			if x.TS != m.TS && len(x.Files) == 0 && x.Recipient == "" {
				out = append(out, string(x.Blocks))
			}
		}
		return len(out) >= n
	})
	return out
}

// settled waits until nothing is left to be sent.
func (r *threads) settled() {
	r.t.Helper()
	r.stored("an empty outbox", func() bool {
		pending, sending, failed, err := r.db.Outbox(r.t.Context())
		if err != nil || failed > 0 {
			lost, _ := r.db.Failures(r.t.Context(), 5)
			for _, p := range lost {
				r.t.Errorf("given up at attempt %d: %s %s to %s, created %s: %s", p.Attempts, p.Method, p.Key, p.Channel, p.Created, p.LastError)
			}
			r.t.Fatalf("%d posts failed, %v", failed, err)
		}
		in, err := r.db.Unfinished(r.t.Context())
		return err == nil && pending+sending+in == 0
	})
}

// stored waits for something of state, which tells nobody when it changes.
func (r *threads) stored(what string, f func() bool) {
	r.t.Helper()
	ctx, done := context.WithTimeout(r.t.Context(), waits)
	defer done()
	t := time.NewTicker(5 * time.Millisecond)
	defer t.Stop()
	for !f() {
		select {
		case <-t.C:
		case <-ctx.Done():
			r.t.Fatalf("waited for %s\n%s", what, r.all())
		}
	}
}

func (r *threads) press(user string, m sandbox.Message, act blocks.IncidentAct) {
	r.t.Helper()
	id := r.incident(m).ID
	err := r.box.Press(user, m.Channel, m.TS, "incident:"+string(act), id)
	if err != nil { // in the menu
		err = r.box.Press(user, m.Channel, m.TS, "incident:more", string(act)+"|"+id)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// incident is the one that a thread is of.
func (r *threads) incident(m sandbox.Message) state.Incident {
	r.t.Helper()
	var list []state.Incident
	r.stored("the incident of the thread", func() (ok bool) {
		var err error
		if list, err = r.db.Incidents(r.t.Context(), state.IncidentFilter{Channel: m.Channel, Thread: m.TS}); err != nil || len(list) > 1 {
			r.t.Fatalf("%d incidents of the thread, %v", len(list), err)
		}
		return len(list) == 1
	})
	return list[0]
}

func (r *threads) history(id string) string {
	r.t.Helper()
	list, err := r.db.IncidentChanges(r.t.Context(), id, time.Time{})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Kind)
	}
	return strings.Join(out, " ")
}

// TestLifeOfAnIncident: from the day it is detected to the day it is back, in its owner's channel.
func TestLifeOfAnIncident(t *testing.T) {
	r := newThreads(t, testIncidents())
	nat := thing{"NAT bytes", "payments", []int64{500, 520, 1400, 1400, 1400, 1400, 250, 240, 5, 4}}
	r.find(0, nat)
	m := r.root("#payments", "NAT bytes: $600 on Wed 18 Nov, expected $80 to $130", "since Wed 18 Nov (1 complete day): $500 over", "owner: team payments", "large_orange_circle", "first check", "Q-", "I'm on it")
	r.until("its chart", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Thread(m.Channel, m.TS), func(x sandbox.Message) bool { return len(x.Files) == 1 })
	})
	in := r.incident(m)
	if a, err := r.db.Answer(t.Context(), in.Answer); err != nil || len(a.Answer.Trace.Queries) != 1 {
		t.Errorf("its numbers cannot be traced: %v", err)
	}

	r.find(1, nat) // a quiet day: the message is brought up to date, and nobody is told
	m = r.root("#payments", "(2 complete days)", "$1,020 over")
	r.settled()
	if n := r.replies(m, 0); len(n) != 0 {
		t.Errorf("a quiet day has replies: %q", n)
	}

	r.press(sandbox.Ben, m, blocks.ActAcknowledge)
	m = r.root("#payments", "<@"+sandbox.Ben+"> is on it since")
	if n := r.replies(m, 1); !strings.Contains(n[0], "is on it.") {
		t.Errorf("replies %q", n)
	}

	r.find(2, nat) // it grows
	m = r.root("#payments", "(3 complete days)")
	if n := r.replies(m, 2); !strings.Contains(n[1], "It grew") {
		t.Errorf("replies %q", n)
	}
	for day := 3; day <= 7; day++ {
		r.find(day, nat)
	}
	m = r.root("#payments", "Contained", "large_green_circle", "is on it since")
	if in = r.incident(m); in.State != state.Contained || in.ContainedAt.IsZero() {
		t.Errorf("state %s", in.State)
	}
	r.find(8, nat)
	r.find(9, nat)
	m = r.root("#payments", "Resolved", "white_check_mark", "since Thu 26 Nov", "in all")
	r.settled()
	if in = r.incident(m); in.Open || in.State != state.Resolved || in.ResolvedAt.IsZero() || in.AcknowledgedAt.IsZero() {
		t.Errorf("%+v", in)
	}
	n := r.replies(m, 4)
	if len(n) < 4 || !strings.Contains(n[len(n)-1], "Resolved") {
		t.Errorf("replies %q", n)
	}
	if got, want := r.history(in.ID), "detected acknowledged grew"; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "resolved") || strings.Count(got, "contained") != 1 {
		t.Errorf("history %q, want %s... contained ... resolved", got, want)
	}
	if strings.Contains(string(m.Blocks), "incident:ack") || strings.Contains(string(m.Blocks), "incident:expect") {
		t.Errorf("a resolved incident can still be answered for: %s", m.Blocks)
	}
}

// TestRestatedAway: when the bills change so that it is no longer in them, the thread says so and is closed; when they change its amounts, they are corrected.
func TestRestatedAway(t *testing.T) {
	r := newThreads(t, testIncidents())
	r.find(1, thing{"NAT bytes", "payments", []int64{500, 500}})
	r.root("#payments", "$1,000 over")
	r.find(1, thing{"NAT bytes", "payments", []int64{500, 1800}})
	m := r.root("#payments", "$2,300 over")
	if n := r.replies(m, 1); !strings.Contains(n[0], "restated: $2,300 over") || !strings.Contains(n[0], "where I had told $1,000") {
		t.Errorf("replies %q", n)
	}
	r.find(1)
	m = r.root("#payments", "and it is no longer in them")
	if n := r.replies(m, 2); !strings.Contains(n[1], "no longer in it") && !strings.Contains(n[1], "no longer in them") {
		t.Errorf("replies %q", n)
	}
	if in := r.incident(m); in.Open || in.Resolution != incident.Restated {
		t.Errorf("%s %s", in.State, in.Resolution)
	}
}

// TestOwnerIsCalledOnce: the person who answers for the team is called by the root message, where they may see it and it is not night, and by nothing after it.
func TestOwnerIsCalledOnce(t *testing.T) {
	for _, c := range []struct {
		name, person string
		night        bool
		excess       int64
		called       bool
	}{
		{"by day", sandbox.Ben, false, 500, true},
		{"at night, severe", sandbox.Ben, true, 4000, false},
		{"who may not see it", sandbox.Chloe, false, 500, false},
		{"no id", "ben@company.example", false, 500, false},
		{"nobody", "", false, 500, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := testIncidents()
			o.People = func(team string, _ time.Time) string {
				return map[string]string{"payments": c.person}[team]
			}
			if c.night {
				o.Quiet = incident.Hours{From: 19 * time.Hour, To: 8 * time.Hour, Zone: time.UTC}
			}
			r := newThreads(t, o)
			nat := thing{"NAT bytes", "payments", []int64{c.excess, c.excess, 3 * c.excess}}
			r.find(0, nat)
			mention := "<@" + c.person + ">"
			m := r.root("#payments", "NAT bytes")
			if got := strings.Contains(string(m.Blocks), "<@"); got != c.called || got && !strings.Contains(string(m.Blocks), mention) {
				t.Errorf("called: %v, want %v: %s", got, c.called, m.Blocks)
			}
			r.find(2, nat)
			if m = r.root("#payments", "(3 complete days)"); strings.Contains(string(m.Blocks), "<@") {
				t.Errorf("called again by an update: %s", m.Blocks)
			}
			r.settled()
			for _, s := range r.replies(m, 1) {
				if strings.Contains(s, "<@") {
					t.Errorf("called again by a reply: %s", s)
				}
			}
		})
	}
}

// TestEventsOnTheChart: what happened near the onset is in the answer of the thread, so that it stands in the chart, as far as the channel may be told of it.
func TestEventsOnTheChart(t *testing.T) {
	r := newThreads(t, testIncidents())
	at := theOnset.Add(9 * time.Hour)
	if _, _, err := r.b.eventState().AddEvents(t.Context(), []analysis.Event{
		{Kind: "deploy", What: "payments-api 4.18.0", Begins: at, Slice: map[string]string{"x_Team": "payments"}, Key: "a", Source: "api"},
		{Kind: "deploy", What: "search-api 9", Begins: at, Slice: map[string]string{"x_Team": "search"}, Key: "b", Source: "api"},
		{Kind: "flag", What: "anywhere", Begins: at, Key: "c", Source: "api"}}, at); err != nil {
		t.Fatal(err)
	}
	r.find(0, thing{"NAT bytes", "payments", []int64{500}})
	m := r.root("#payments", "payments-api 4.18.0")
	kept, err := r.db.Answer(t.Context(), r.incident(m).Answer)
	if err != nil {
		t.Fatal(err)
	}
	a := kept.Answer
	if len(a.Events) != 1 || a.Events[0].What != "payments-api 4.18.0" || a.Trace.Events == nil || len(a.Trace.Events.Events) != 1 {
		t.Errorf("events %+v, traced %+v", a.Events, a.Trace.Events)
	}
	for _, c := range []struct {
		team string
		want bool
	}{{"", true}, {"payments", true}, {"search", false}} {
		var scope []analysis.Filter
		if c.team != "" {
			scope = []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{c.team}}}
		}
		if got, err := r.b.drawn(t.Context(), a.ID, scope, (&scan{look: desk.Look{Survey: &survey.Survey{}}}).names); err != nil || got != c.want {
			t.Errorf("the chart may be shown to %q: %v, %v; want %v", c.team, got, err, c.want)
		}
	}
}

// TestExpected: what somebody said to expect does not alert again until the day they said, and can be taken back.
func TestExpected(t *testing.T) {
	r := newThreads(t, testIncidents())
	nat := thing{"NAT bytes", "payments", []int64{500, 500, 500, 500, 500, 500, 500, 500, 500, 500}}
	r.find(0, nat)
	m := r.root("#payments", "NAT bytes")
	r.press(sandbox.Ben, m, blocks.ActExpect)
	r.until("the modal", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ben) != nil })
	submit := func(day, why string) {
		t.Helper()
		v := r.box.Modal(sandbox.Ben)
		if err := r.box.SubmitView(sandbox.Ben, v.ID, map[string]map[string]any{blocks.InputUntil: {blocks.InputUntil: day}, blocks.InputWhy: {blocks.InputWhy: why}}); err != nil {
			t.Fatal(err)
		}
	}
	submit("2026-11-01", "too late")
	r.until("a word that the day is over", func(s *sandbox.Snapshot) bool {
		return strings.Contains(fmt.Sprint(s.Messages(s.Direct(sandbox.Ben))), "Nothing changed")
	})
	r.press(sandbox.Ben, m, blocks.ActExpect)
	r.until("the modal again", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ben) != nil })
	submit("2026-11-22", "load *test* <!channel>")
	m = r.root("#payments", "*Expected*")
	n := r.replies(m, 1)
	if !strings.Contains(n[0], "to be expected until Sun 22 Nov 2026") || strings.Contains(n[0], "<!channel>") {
		t.Errorf("replies %q", n)
	}
	verdicts, err := r.db.Verdicts(t.Context(), "")
	if err != nil || len(verdicts) != 1 || verdicts[0].Who != sandbox.Ben || verdicts[0].Why != "load *test* <!channel>" {
		t.Fatalf("verdicts %+v, %v", verdicts, err)
	}
	r.find(3, nat)
	r.settled()
	if n := r.replies(m, 1); len(n) != 1 {
		t.Errorf("what is expected is told: %q", n)
	}

	r.press(sandbox.Ben, m, blocks.ActUndo)
	m = r.root("#payments", "I'm on it")
	if n := r.replies(m, 2); !strings.Contains(n[1], "took that back") {
		t.Errorf("replies %q", n)
	}
	if in := r.incident(m); !in.Open || in.State != state.Detected {
		t.Errorf("%s", in.State)
	}
	if verdicts, _ = r.db.Verdicts(t.Context(), ""); verdicts[0].Undone.IsZero() || verdicts[0].UndoneBy != sandbox.Ben {
		t.Errorf("verdicts %+v", verdicts)
	}
	r.find(4, nat)
	r.root("#payments", "(5 complete days)")
	if got, want := r.history(r.incident(m).ID), "detected expected undone"; got != want {
		t.Errorf("history %q, want %q", got, want)
	}
}

// TestNotUsefulAndSnooze: a verdict against a rule is counted; a snooze keeps others from being called.
func TestNotUsefulAndSnooze(t *testing.T) {
	r := newThreads(t, testIncidents())
	nat := thing{"NAT bytes", "payments", []int64{500, 500, 500, 500}}
	r.find(0, nat)
	m := r.root("#payments", "NAT bytes")
	r.press(sandbox.Ben, m, blocks.ActSnooze)
	r.until("the modal", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ben) != nil })
	if err := r.box.SubmitView(sandbox.Ben, r.box.Modal(sandbox.Ben).ID, nil); err != nil { // three days, as it proposes
		t.Fatal(err)
	}
	m = r.root("#payments", "snoozed until Sun 22 Nov")
	r.at(2)
	if err := r.b.TellIncidents(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.settled()
	if n := roots(r.box.Messages("#finops")); len(n) != 0 {
		t.Errorf("others are called although it is snoozed: %v", n)
	}
	r.press(sandbox.Ben, m, blocks.ActNotUseful)
	m = r.root("#payments", "called this not useful", "Undo: it is useful")
	r.replies(m, 2)
	all, err := r.db.Incidents(t.Context(), state.IncidentFilter{})
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := r.db.Verdicts(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if tally := incident.Tally(all, verdicts); len(tally) != 1 || tally[0].NotUseful != 1 || tally[0].Opened != 1 {
		t.Errorf("tally %+v", tally)
	}
}

// TestWhoMayAnswer: only members whose scope covers what an incident is about may say something of it.
func TestWhoMayAnswer(t *testing.T) {
	r := newThreads(t, testIncidents())
	r.find(0, thing{"Logs", "search", []int64{500}}) // the bot is in no #search
	m := r.root("#cloud-costs", "Logs", "I am not in #search")
	r.press(sandbox.Ben, m, blocks.ActAcknowledge)
	r.until("a refusal", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Ephemerals(sandbox.Ben), func(x sandbox.Message) bool { return strings.Contains(x.Text, "more than you may see") })
	})
	if in := r.incident(m); in.State != state.Detected {
		t.Errorf("state %s", in.State)
	}
	r.press(sandbox.Chloe, m, blocks.ActAcknowledge)
	r.root("#cloud-costs", "<@"+sandbox.Chloe+"> is on it")
}

// TestNobodyAnswers: after the time for its severity it is asked again, in the thread and in another channel, twice at most; somebody who is on it ends that.
func TestNobodyAnswers(t *testing.T) {
	r := newThreads(t, testIncidents())
	tell := func() {
		t.Helper()
		if err := r.b.TellIncidents(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.settled()
	}
	r.find(0, thing{"NAT bytes", "payments", []int64{500}}, thing{"Small", "payments", []int64{60}}, thing{"Logs", "payments", []int64{500}})
	var list []sandbox.Message
	r.until("three roots", func(s *sandbox.Snapshot) bool { list = roots(s.Messages("#payments")); return len(list) == 3 })
	r.settled()
	for _, m := range list {
		if r.incident(m).Title == "Logs" {
			r.press(sandbox.Ana, m, blocks.ActAcknowledge)
			r.replies(m, 1)
		}
	}
	tell()
	if n := roots(r.box.Messages("#finops")); len(n) != 0 {
		t.Errorf("called too soon: %v", n)
	}
	for range 4 { // 24 hours each
		r.mu.Lock()
		r.now = r.now.Add(25 * time.Hour)
		r.mu.Unlock()
		tell()
		tell()
	}
	count := map[string]int{}
	for _, m := range roots(r.box.Messages("#finops")) {
		for _, name := range []string{"NAT bytes", "Small", "Logs"} {
			if strings.Contains(string(m.Blocks), name) {
				count[name]++
			}
		}
		if !strings.Contains(string(m.Blocks), "<!subteam^"+sandbox.GroupFinops+">") {
			t.Errorf("nobody is called by %s", m.Blocks)
		}
	}
	if count["NAT bytes"] != 2 || count["Small"] != 1 || count["Logs"] != 0 {
		t.Errorf("called %v; want NAT bytes twice, Small once (72 hours), Logs never", count)
	}
}

// TestQuietHours: at night only what is severe begins a thread; the rest does when the night is over, once.
func TestQuietHours(t *testing.T) {
	o := testIncidents()
	o.Quiet = incident.Hours{From: 19 * time.Hour, To: 8 * time.Hour, Zone: time.UTC}
	r := newThreads(t, o)
	r.find(0, thing{"Small", "payments", []int64{60}}, thing{"Severe", "payments", []int64{4000}}) // at seven in the morning
	r.root("#payments", "Severe", "red_circle")
	if err := r.b.TellIncidents(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.settled()
	r.root("#payments", "Severe")
	r.mu.Lock()
	r.now = r.now.Add(time.Hour)
	r.mu.Unlock()
	for range 2 {
		if err := r.b.TellIncidents(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.settled()
	if n := roots(r.box.Messages("#payments")); len(n) != 2 || !strings.Contains(string(n[1].Blocks), "Small") {
		t.Errorf("after the night: %d roots", len(n))
	}
	list, err := r.db.Incidents(t.Context(), state.IncidentFilter{})
	if err != nil || len(list) != 2 {
		t.Fatal(err, len(list))
	}
	for _, in := range list {
		if !in.Opened.Equal(theOnset.Add(31 * time.Hour)) {
			t.Errorf("%s was detected at %s, not when it was told", in.Title, in.Opened)
		}
	}
}

// TestStormIsOneMessage: forty things at once are a change of the whole bill.
func TestStormIsOneMessage(t *testing.T) {
	r := newThreads(t, testIncidents())
	var many []thing
	for i := range 40 {
		many = append(many, thing{fmt.Sprintf("Service %02d", i), []string{"payments", "search"}[i%2], []int64{500, 500, 500}})
	}
	r.find(0, many...)
	r.root("#cloud-costs", "40 things at once", "One message for all of them", "$20,000 over")
	r.find(1, many...)
	m := r.root("#cloud-costs", "40 things at once", "$40,000 over")
	r.settled()
	if n := roots(r.box.Messages("#payments")); len(n) != 0 {
		t.Errorf("%d of the storm are told alone", len(n))
	}
	if n := r.replies(m, 0); len(n) != 0 {
		t.Errorf("replies %q", n)
	}
}

// TestTwoBotsTellOnce: two processes on one state and one bill begin one thread each, and say what changes once.
func TestTwoBotsTellOnce(t *testing.T) {
	r := newThreads(t, testIncidents())
	other := r.bot(Options{Incidents: testIncidents()})
	things := []thing{{"NAT bytes", "payments", []int64{500, 500, 2500, 2500}}, {"Logs", "search", []int64{300, 300, 900, 900}}}
	for day := range 4 {
		r.at(day)
		var wg sync.WaitGroup
		var failed atomic.Int32
		for _, b := range []*Bot{r.b, other, r.b, other} {
			wg.Go(func() {
				if err := find(t.Context(), b, day, things...); err != nil {
					t.Error(err)
					failed.Add(1)
				}
			})
		}
		wg.Wait()
	}
	r.settled()
	for _, channel := range []string{"#payments", "#cloud-costs"} {
		m := r.root(channel, "(4 complete days)")
		r.settled()
		if n := r.replies(m, 1); len(n) != 1 || !strings.Contains(n[0], "It grew") {
			t.Errorf("%s: replies %q, want one that says that it grew", channel, n)
		}
	}
}

// TestChannelThatRefuses: a thread whose channel will not take it begins in the channel that is told of the rest.
func TestChannelThatRefuses(t *testing.T) {
	r := newThreads(t, testIncidents())
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"chat.postMessage": {Code: "restricted_action"}}})
	r.find(0, thing{"NAT bytes", "payments", []int64{500}})
	r.stored("the post is given up", func() bool {
		_, _, failed, err := r.db.Outbox(t.Context())
		return err == nil && failed > 0
	})
	r.box.SetFaults(sandbox.Faults{})
	for range 2 {
		if err := r.b.TellIncidents(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m := r.root("#cloud-costs", "NAT bytes", "I could not post in its channel")
	r.press(sandbox.Ana, m, blocks.ActAcknowledge)
	r.root("#cloud-costs", "is on it")
}

// TestEveryButtonTwice: what people say of an incident is taken once, however often it is delivered and by however many bots: one line of history, one reply, one verdict.
func TestEveryButtonTwice(t *testing.T) {
	press := func(act blocks.IncidentAct) slack.Event {
		return slack.Event{Kind: slack.Press, ActionID: "incident:" + string(act)}
	}
	submit := func(callback, until string) slack.Event {
		return slack.Event{Kind: slack.Submit, Callback: callback, Inputs: map[string]string{blocks.InputUntil: until, blocks.InputWhy: "load test"}}
	}
	for _, c := range []struct {
		name     string
		steps    []slack.Event
		history  string
		verdicts int
		state    state.IncidentState
	}{
		{"on it", []slack.Event{press(blocks.ActAcknowledge)}, "detected acknowledged", 0, state.Acknowledged},
		{"on it and let go", []slack.Event{press(blocks.ActAcknowledge), press(blocks.ActRelease)}, "detected acknowledged released", 0, state.Detected},
		{"expected and taken back", []slack.Event{submit(blocks.ModalExpect, ""), press(blocks.ActUndo)}, "detected expected undone", 1, state.Detected},
		{"snoozed", []slack.Event{submit(blocks.ModalSnooze, "2026-11-25")}, "detected snoozed", 0, state.Detected},
		{"not useful and taken back", []slack.Event{press(blocks.ActNotUseful), press(blocks.ActUndo)}, "detected not_useful undone", 1, state.Detected},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newThreads(t, testIncidents())
			other := r.bot(Options{Incidents: testIncidents()})
			r.find(0, thing{"NAT bytes", "payments", []int64{500, 500}})
			m := r.root("#payments", "NAT bytes")
			in := r.incident(m)
			for i, e := range c.steps {
				e.Key, e.Team, e.User, e.Channel, e.TS, e.Value, e.Meta = fmt.Sprint("press ", i), sandbox.DemoTeam, sandbox.Ben, m.Channel, m.TS, in.ID, in.ID
				var wg sync.WaitGroup
				for _, b := range []*Bot{r.b, other, r.b} {
					wg.Go(func() { b.handleTest(t, e) })
				}
				wg.Wait()
			}
			r.settled()
			if got := r.history(in.ID); got != c.history {
				t.Errorf("history %q, want %q", got, c.history)
			}
			if n := r.replies(m, len(c.steps)); len(n) != len(c.steps) {
				t.Errorf("%d replies, want %d: %q", len(n), len(c.steps), n)
			}
			if v, err := r.db.Verdicts(t.Context(), ""); err != nil || len(v) != c.verdicts {
				t.Errorf("verdicts %+v, %v; want %d", v, err, c.verdicts)
			}
			if got := r.incident(m).State; got != c.state {
				t.Errorf("state %s, want %s", got, c.state)
			}
		})
	}
}

// TestTwoAtOnce: of two who press at once the first is on it, and the other is told so; a press on what somebody closed meanwhile says what closed it.
func TestTwoAtOnce(t *testing.T) {
	r := newThreads(t, testIncidents())
	r.find(0, thing{"NAT bytes", "payments", []int64{500, 500}})
	m := r.root("#payments", "NAT bytes")
	in := r.incident(m)
	whispers := func(user, says string) {
		t.Helper()
		r.until(user+" is told "+says, func(s *sandbox.Snapshot) bool {
			return slices.ContainsFunc(s.Ephemerals(user), func(x sandbox.Message) bool { return strings.Contains(x.Text, says) })
		})
	}
	press := func(key, user string, act blocks.IncidentAct) {
		r.b.handleTest(t, slack.Event{Kind: slack.Press, Key: key, Team: sandbox.DemoTeam, User: user, Channel: m.Channel, TS: m.TS, ActionID: "incident:" + string(act), Value: in.ID})
	}
	press("1", sandbox.Ben, blocks.ActAcknowledge)
	press("2", sandbox.Ana, blocks.ActAcknowledge)
	whispers(sandbox.Ana, "ben is on it since Thu 19 Nov 07:00 UTC")
	m = r.root("#payments", "<@"+sandbox.Ben+"> is on it", "I take it over")
	press("3", sandbox.Ana, blocks.ActTakeOver)
	r.root("#payments", "<@"+sandbox.Ana+"> is on it since")
	press("4", sandbox.Ben, blocks.ActNotUseful)
	press("5", sandbox.Ana, blocks.ActNotUseful)
	whispers(sandbox.Ana, in.ID+" is closed already (not useful)")
	r.settled()
	if got, want := r.history(in.ID), "detected acknowledged acknowledged not_useful"; got != want {
		t.Errorf("history %q, want %q", got, want)
	}
}

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Look.": "Look.", "Look\nat 4.18. Then go.": "Look at 4.18.", "Which one?": "Which one?", "Which one? Mostly the first. Then rest.": "Which one? Mostly the first.", "No end": "No end", "ends in é": "ends in é",
		"Which log group, which stream, and which line of which code is it?  Ask.": "Which log group, which stream, and which line of which code is it?",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
