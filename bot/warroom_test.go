package bot

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/sandbox"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// priced answers what something costs a day: 100, and 900 since the onset.
func priced(_ context.Context, id string, q desk.Question) (*analysis.Answer, error) {
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: "cost"}}}
	for day := q.Plan.Current.Start; day.Before(q.Plan.Current.End); day = day.AddDate(0, 0, 1) {
		v := decimal.NewFromInt(100)
		if !day.Before(theOnset) {
			v = decimal.NewFromInt(900)
		}
		s.Days, s.Lines[0].Values = append(s.Days, day), append(s.Lines[0].Values, &v)
	}
	return &analysis.Answer{ID: id, Asked: q.Now, Question: q.Text, Headline: "-", Reading: *q.Plan, Currency: "USD", Parts: []analysis.Part{{Series: s}}}, nil
}

func testDeclare() DeclareOptions {
	o := DeclareOptions{On: true, FinOps: Invitees{Groups: []string{"finops"}}, Finance: Invitees{Users: []string{sandbox.Chloe}, Groups: []string{"nobody-here"}},
		Owners: map[string]Invitees{"payments": {Groups: []string{"payments-eng"}}}}
	o.withDefaults()
	return o
}

// newWarroom is newThreads with a bot that declares, and an incident of team payments that was told.
func newWarroom(t testing.TB) (*threads, state.Incident) {
	r := newThreads(t, testIncidents())
	r.b.opts.Declare, r.b.price = testDeclare(), priced
	r.at(0)
	if err := find(t.Context(), r.b, 0, thing{"NAT bytes", "payments", []int64{800, 800, 800, 900}}); err != nil {
		t.Fatal(err)
	}
	r.sent()
	list, err := r.db.Incidents(t.Context(), state.IncidentFilter{})
	if err != nil || len(list) != 1 || list[0].Thread == "" {
		t.Fatalf("incidents %+v, %v", list, err)
	}
	return r, list[0]
}

// tended tends the declared incidents until nothing of it waits to be sent.
func (r *threads) tended() {
	r.t.Helper()
	for range 5 { // a step waits for what the one before it posted
		if err := r.b.TendDeclared(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		r.sent()
	}
}

// sent waits until nothing waits to be dealt with or sent; some of it may have been refused.
func (r *threads) sent() {
	r.t.Helper()
	r.stored("an empty outbox", func() bool {
		pending, sending, _, err := r.db.Outbox(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		in, err := r.db.Unfinished(r.t.Context())
		return err == nil && pending+sending+in == 0
	})
}

func (r *threads) after(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// room is the channel of the declared incident that there is.
func (r *threads) room() (state.Declared, sandbox.Channel) {
	r.t.Helper()
	list, err := r.db.DeclaredIncidents(r.t.Context(), state.DeclaredFilter{})
	if err != nil || len(list) == 0 {
		r.t.Fatalf("declared %v, %v", list, err)
	}
	d := list[len(list)-1]
	for _, c := range r.box.Channels() {
		if c.ID == d.Channel {
			return d, c
		}
	}
	r.t.Fatalf("%s has no channel: %+v", d.ID, d)
	return d, sandbox.Channel{}
}

// said is what the bot said in a channel, one message a line, without topics and joins.
func (r *threads) said(channel string) (out []string) {
	for _, m := range r.box.Messages(channel) {
		if m.User == sandbox.Spendbot && m.Subtype == "" {
			out = append(out, m.Text)
		}
	}
	return out
}

func (r *threads) tap(user, channel, ts, action, value string) {
	r.t.Helper()
	if err := r.box.Press(user, channel, ts, action, value); err != nil {
		r.t.Fatal(err)
	}
	r.until("the press is acknowledged", func(s *sandbox.Snapshot) bool { return s.Unacked() == 0 })
	r.sent()
}

func has(list []string, what string) int {
	n := 0
	for _, s := range list {
		if strings.Contains(s, what) {
			n++
		}
	}
	return n
}

// TestDeclared lives through a billing incident: declared by a button, its channel, people, card, roles, updates, timeline, closing, review, and reopening.
func TestDeclared(t *testing.T) {
	r, in := newWarroom(t)
	ctx := t.Context()
	// Chloe sees team search only: she cannot declare it.
	r.b.handleTest(t, slack.Event{Key: "x1", Kind: slack.Press, Team: sandbox.DemoTeam, User: sandbox.Chloe, Channel: sandbox.CloudCosts, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID})
	r.sent()
	if list, _ := r.db.DeclaredIncidents(ctx, state.DeclaredFilter{}); len(list) != 0 {
		t.Fatal("declared by somebody who may not see it")
	}
	declare := slack.Event{Key: "d1", Kind: slack.Press, Team: sandbox.DemoTeam, User: sandbox.Ben, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID}
	for range 2 { // dealt with twice
		r.b.handleTest(t, declare)
	}
	r.tended()
	d, c := r.room()
	if c.Name != "inc-cost-2026-11-19-nat-bytes" || c.Private || !strings.Contains(c.Topic, d.ID) || !strings.Contains(c.Purpose, "service NAT bytes, team payments") {
		t.Errorf("channel %+v", c)
	}
	if want := []string{sandbox.Spendbot, sandbox.Ben, sandbox.Ana}; !slices.Equal(c.Members, want) {
		t.Errorf("members %v, want %v: not Chloe, who may not see it", c.Members, want)
	}
	msgs := r.box.Messages(c.ID)
	card := msgs[slices.IndexFunc(msgs, func(m sandbox.Message) bool { return strings.HasPrefix(m.Text, "Billing incident") })]
	if got := r.box.Pinned(c.ID); !slices.Equal(got, []string{card.TS}) {
		t.Errorf("pinned %v, the card is %s", got, card.TS)
	}
	for _, must := range []string{"$800", "chloe", "may not see this spend", "nobody-here", "Risk:", d.Look.Answer} {
		if !strings.Contains(string(card.Blocks), must) {
			t.Errorf("the card lacks %q: %s", must, card.Blocks)
		}
	}
	if n := has(r.said(in.Channel), "declared a billing incident"); n != 1 {
		t.Errorf("the thread is told %d times\n%s", n, r.all())
	}
	if a, err := r.db.Answer(ctx, d.Look.Answer); err != nil || !strings.Contains(a.Answer.Headline, "$800 over what was expected so far") {
		t.Errorf("the figures cannot be traced: %v %+v", err, a)
	}
	// Declared again: the same channel, and who asks is invited.
	again := declare
	again.Key, again.User = "d2", sandbox.Dev
	r.b.handleTest(t, again)
	r.tended()
	if _, c := r.room(); !slices.Contains(c.Members, sandbox.Dev) || has(names(r.box.Channels()), "inc-cost-") != 1 {
		t.Errorf("joined: %v", c.Members)
	}

	// Roles, by two people, and given up.
	r.tap(sandbox.Ben, c.ID, card.TS, "declared:role:lead", d.ID)
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:role:finops", d.ID)
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:role:lead", d.ID)
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:role:finops", d.ID)
	r.tended()
	if d, _ = r.room(); d.Roles["lead"] != sandbox.Ana || d.Roles["finops"] != "" {
		t.Errorf("roles %v", d.Roles)
	}
	// The timeline: marked by two, one takes it off; then the other; marked again.
	ts := r.box.Post(sandbox.Ben, c.ID, "", "rolled back &lt;b&gt; 4.18.0 with <@"+sandbox.Ana+">")
	other := r.box.Post(sandbox.Ben, c.ID, "", "lunch?")
	react := func(who, ts, emoji string, on bool) {
		t.Helper()
		if err := r.box.React(who, c.ID, ts, emoji, on); err != nil {
			t.Fatal(err)
		}
	}
	marks := func(want int) {
		t.Helper()
		r.until("the reactions are dealt with", func(s *sandbox.Snapshot) bool { return s.Unacked() == 0 })
		r.sent()
		list, err := r.db.DeclaredMarks(ctx, d.ID)
		if err != nil || len(list) != want {
			t.Errorf("%d marks, want %d: %+v %v", len(list), want, list, err)
		}
	}
	react(sandbox.Ben, ts, "pushpin", true)
	react(sandbox.Ana, ts, "pushpin", true)
	react(sandbox.Ana, other, "eyes", true)
	marks(1)
	react(sandbox.Ana, ts, "pushpin", false)
	marks(1)
	react(sandbox.Ben, ts, "pushpin", false)
	marks(0)
	react(sandbox.Ben, ts, "pushpin", true)
	marks(1)

	// Updates: nothing new, then a day more.
	r.after(4 * time.Hour)
	r.tended()
	if n := has(r.said(c.ID), "No new bill since the last update"); n != 1 {
		t.Errorf("a quiet update is said %d times: %q", n, r.said(c.ID))
	}
	r.at(1)
	if err := find(ctx, r.b, 1, thing{"NAT bytes", "payments", []int64{800, 900}}); err != nil {
		t.Fatal(err)
	}
	r.tended()
	r.tended()
	if n := has(r.said(c.ID), "Status: NAT bytes: $1,700 over"); n != 1 {
		t.Errorf("the update with news is said %d times: %q", n, r.said(c.ID))
	}
	// A process asleep over the weekend says the last one only.
	r.after(49 * time.Hour)
	before := len(r.said(c.ID))
	r.tended()
	if n := len(r.said(c.ID)) - before; n != 1 {
		t.Errorf("after two days %d updates", n)
	}
	// The executive update, by the button and the command.
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:exec", d.ID)
	if n := has(r.said(c.ID), "$1,700: NAT bytes has cost $1,700 over what was expected since Wed 18 Nov"); n != 1 {
		t.Errorf("executive update: %q", r.said(c.ID))
	}
	if err := r.box.Command(sandbox.Ana, c.ID, "exec update"); err != nil {
		t.Fatal(err)
	}
	r.until("the command is answered", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Ephemerals(sandbox.Ana), func(m sandbox.Message) bool { return strings.Contains(m.Text, "$1,700: NAT bytes") })
	})
	// Contained, closed, with a review that has the timeline and the tasks.
	r.tap(sandbox.Ben, c.ID, card.TS, "declared:contained", d.ID)
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:close", d.ID)
	r.tended()
	d, _ = r.room()
	files := r.box.Files(c.ID)
	if len(files) != 1 || files[0].Name != d.ID+"-review-1.md" {
		t.Fatalf("files %+v", files)
	}
	for _, must := range []string{"# Post-incident review: NAT bytes", "rolled back &lt;b> 4.18.0 with @ana", "| ben | said that it is contained |", "| ana | closed it |", "## Prevention", "team payments", d.Look.Answer} {
		if strings.Count(string(files[0].Data), must) == 0 {
			t.Errorf("the review lacks %q:\n%s", must, files[0].Data)
		}
	}
	if n := strings.Count(string(files[0].Data), "rolled back"); n != 1 {
		t.Errorf("the marked message stands in the review %d times", n)
	}
	n := len(r.said(c.ID))
	r.after(9 * time.Hour)
	r.tended()
	if len(r.said(c.ID)) != n {
		t.Errorf("a closed one goes on: %q", r.said(c.ID)[n:])
	}
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:reopen", d.ID)
	r.tended()
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:close", d.ID)
	r.tended()
	if files := r.box.Files(c.ID); len(files) != 2 || files[1].Name != d.ID+"-review-2.md" {
		t.Errorf("closed again: %d files", len(files))
	}
	// Archived where that is configured.
	r.b.opts.Declare.Archive = 24 * time.Hour
	r.after(25 * time.Hour)
	r.tended()
	if _, c := r.room(); !c.Archived {
		t.Error("not archived")
	}
	if got := r.box.Pinned(c.ID); len(got) != 1 {
		t.Errorf("pinned %v", got)
	}
}

// handleTest has a bot deal with an event as if it had been kept.
func (b *Bot) handleTest(t testing.TB, e slack.Event) {
	t.Helper()
	e.Received = b.opts.Now()
	if _, err := b.handle(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func names(list []sandbox.Channel) (out []string) {
	for _, c := range list {
		out = append(out, c.Name)
	}
	return out
}

// TestDeclaredScope: what is answered in the channel lies within the slice, whoever asks; elsewhere people see what they see.
func TestDeclaredScope(t *testing.T) {
	r, in := newWarroom(t)
	r.b.handleTest(t, slack.Event{Key: "d1", Kind: slack.Press, Team: sandbox.DemoTeam, User: sandbox.Ana, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID})
	r.tended()
	_, c := r.room()
	for _, x := range []struct{ who, want string }{{sandbox.Ana, "service NAT bytes, team payments"}, {sandbox.Ben, "service NAT bytes, team payments"}, {sandbox.Chloe, ""}} {
		g, err := r.b.grant(t.Context(), slack.Event{Team: sandbox.DemoTeam, User: x.who}, slack.Place{ID: c.ID, Name: c.Name, Member: true})
		if err != nil || g.Name != x.want || g.Allowed != (x.want != "") {
			t.Errorf("%s in the channel: %+v, %v; want %s", x.who, g, err, x.want)
		}
		if g, err := r.b.grant(t.Context(), slack.Event{Team: sandbox.DemoTeam, User: x.who}, slack.Place{ID: sandbox.CloudCosts, Name: "cloud-costs", Member: true}); err != nil || !g.Allowed || strings.Contains(g.Name, "NAT") {
			t.Errorf("%s elsewhere: %+v, %v", x.who, g, err)
		}
	}
}

// TestDeclaredWithout: what Slack does not let the app do is said, with what to add, and keeps nothing else from happening.
func TestDeclaredWithout(t *testing.T) {
	r, in := newWarroom(t)
	press := slack.Event{Key: "d1", Kind: slack.Press, Team: sandbox.DemoTeam, User: sandbox.Ana, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID}
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"conversations.create": {Code: "missing_scope"}}})
	r.b.handleTest(t, press)
	r.tended()
	if n := has(r.said(in.Channel), "the app lacks"); n != 1 {
		t.Errorf("said %d times that the app may not: %q", n, r.said(in.Channel))
	}
	// Once it may, it is declared anew; the pin is still not allowed, somebody else had the name, and an invitation fails.
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"pins.add": {Code: "missing_scope"}, "conversations.invite": {Code: "cant_invite"}}})
	taken := apiCreate(t, r, "inc-cost-2026-11-19-nat-bytes-2")
	if !taken {
		t.Fatal("the name could not be taken")
	}
	press.Key = "d2"
	r.b.handleTest(t, press)
	r.tended()
	d, c := r.room()
	if c.Name != "inc-cost-2026-11-19-nat-bytes-3" {
		t.Errorf("its channel is %s", c.Name)
	}
	r.tended()
	if d, _ = r.room(); len(d.Troubles) != 1 || !strings.Contains(d.Troubles[0], "pins:write") || has(d.Missing, "cant_invite") != 2 {
		t.Errorf("troubles %q, missing %q", d.Troubles, d.Missing)
	}
	msgs := r.box.Messages(c.ID)
	i := slices.IndexFunc(msgs, func(m sandbox.Message) bool { return strings.HasPrefix(m.Text, "Billing incident") })
	if i < 0 || !strings.Contains(string(msgs[i].Blocks), "pins:write") || !msgs[i].Edited {
		t.Errorf("the card does not say so")
	}
}

// apiCreate makes a channel of a name as somebody else would; its creator is not the bot.
func apiCreate(t testing.TB, r *threads, name string) bool {
	t.Helper()
	return r.box.AddChannel(sandbox.Channel{ID: "C0TAKEN", Name: name, Members: []string{sandbox.Dev}}) == nil
}

// warroomVictimEnv holds the job of a process that lives through a billing incident until it is killed.
const warroomVictimEnv = "WARROOM_TEST_VICTIM"

// TestWarroomVictim is the other side of the test below: it dies at a look at a clock, of which there is one between any two of its side effects.
func TestWarroomVictim(t *testing.T) {
	text := os.Getenv(warroomVictimEnv)
	if text == "" {
		t.Skip("run by the test that kills")
	}
	var job incidentVictim
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	go func() { // it ends with whoever started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	db, err := state.Open(t.Context(), job.Path)
	if err != nil {
		t.Fatal(err)
	}
	var looks, hours atomic.Int64
	dies := func() {
		if n := looks.Add(1); job.DieAt > 0 && n >= int64(job.DieAt) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it may take a moment
		}
	}
	first := theOnset.Add(31 * time.Hour)
	today := func() time.Time { dies(); return first.Add(time.Duration(hours.Load()) * time.Hour) }
	fast := hurried(first.Add(time.Duration(job.Process) * 2 * time.Hour))
	b := testBotAt(t, db, job.App, job.URL, testPolicy(t), testIncidents(), today, func() time.Time { dies(); return fast() }, slog.New(slog.DiscardHandler))
	b.opts.Declare, b.price = testDeclare(), priced
	ctx := context.Background()
	go func() { _ = b.sender.Run(ctx) }()
	go b.take(ctx)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	tick := time.NewTicker(2 * time.Millisecond)
	settled := func() {
		for range tick.C {
			n, err := db.Unfinished(ctx)
			must(err)
			pending, sending, _, err := db.Outbox(ctx)
			must(err)
			if n+pending+sending == 0 {
				return
			}
		}
	}
	tended := func() {
		for range 4 {
			must(b.TendDeclared(ctx))
			settled()
		}
	}
	dealt := func(e slack.Event) {
		e.Team, e.Received = sandbox.DemoTeam, first
		must(b.Receive(ctx, e))
		settled()
	}
	list, err := db.Incidents(ctx, state.IncidentFilter{})
	must(err)
	if before, err := db.DeclaredIncidents(ctx, state.DeclaredFilter{}); err == nil && len(before) == 1 { // the clock goes on where it was
		hours.Store([]int64{0, 4, 9}[min(2, before[0].Slot)])
	}
	if len(list) == 0 {
		must(find(ctx, b, 0, thing{"NAT bytes", "payments", []int64{800, 900}}))
	}
	settled()
	list, err = db.Incidents(ctx, state.IncidentFilter{})
	must(err)
	in := list[0]
	dealt(slack.Event{Key: "declare", Kind: slack.Press, User: sandbox.Ben, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID})
	tended()
	all, err := db.DeclaredIncidents(ctx, state.DeclaredFilter{})
	must(err)
	d := all[0]
	press := func(key, user, action string) {
		dealt(slack.Event{Key: key, Kind: slack.Press, User: user, Channel: d.Channel, TS: d.CardTS, ActionID: action, Value: d.ID})
		tended()
	}
	press("lead", sandbox.Ben, "declared:role:lead")
	press("lead again", sandbox.Ana, "declared:role:lead")
	for _, h := range []int64{4, 9} {
		hours.Store(max(h, hours.Load()))
		tended()
	}
	dealt(slack.Event{Key: "mark", Kind: slack.Reaction, User: sandbox.Ana, Channel: d.Channel, TS: d.CardTS, Emoji: "pushpin", When: "1795263300.000100"})
	press("exec", sandbox.Ana, "declared:exec")
	press("close", sandbox.Ana, "declared:close")
	fmt.Printf("\ndone %d\n", looks.Load())
	select {}
}

// TestWarroomKilled: wherever a process is killed while an incident is declared and lived through, in the end there is what there is when nobody is killed: one channel,
// one card, one pin, each invitation, update, change and mark once, and one review.
func TestWarroomKilled(t *testing.T) {
	live := func(t *testing.T, dieAt int) (list []string, looks int) {
		t.Helper()
		company := sandbox.Demo()
		srv := httptest.NewUnstartedServer(nil)
		url := "http://" + srv.Listener.Addr().String()
		box := sandbox.New(sandbox.Options{Company: company, URL: url, Now: func() time.Time { return time.Now().AddDate(10, 0, 0) }})
		srv.Config.Handler = box.Handler()
		srv.Start()
		defer func() {
			box.Close()
			srv.CloseClientConnections()
			srv.Close()
		}()
		path := filepath.Join(t.TempDir(), "spendbot.db")
		db, err := state.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		job := incidentVictim{Path: path, URL: url, App: company.App, DieAt: dieAt}
		if dieAt > 0 {
			warroomKilled(t, job)
			job.Process, job.DieAt = 1, 0
		}
		looks = warroomKilled(t, job)
		for _, c := range box.Channels() {
			for _, m := range box.Messages(c.ID) {
				if m.User == sandbox.Spendbot || m.Subtype == "channel_join" {
					text, _, _ := strings.Cut(m.Text, " B-")
					text = strings.NewReplacer(c.ID, "CHANNEL").Replace(text)
					if i := strings.Index(text, "<#"); i >= 0 {
						text = text[:i]
					}
					list = append(list, fmt.Sprintf("#%s %s %q %d files", c.Name, m.Subtype, text, len(m.Files)))
				}
			}
			if n := len(box.Pinned(c.ID)); n > 0 {
				list = append(list, fmt.Sprintf("#%s has %d pins and %d members", c.Name, n, len(c.Members)))
			}
		}
		slices.Sort(list)
		all, err := db.DeclaredIncidents(t.Context(), state.DeclaredFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			changes, err := db.DeclaredChanges(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, c := range changes {
				kinds = append(kinds, c.Kind)
			}
			marks, err := db.DeclaredMarks(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintf("%s: open %t, slot %d, lead %s, %d marks, %d reviews: %s", d.Title, d.Open, d.Slot, d.Roles["lead"], len(marks), d.Reviews, strings.Join(kinds, " ")))
			history, err := db.IncidentChanges(t.Context(), d.Incident, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range history {
				list = append(list, "incident: "+c.Kind)
			}
		}
		return list, looks
	}
	want, looks := live(t, 0)
	t.Logf("%d looks at a clock; nobody killed:\n%s", looks, strings.Join(want, "\n"))
	for _, must := range []string{"#inc-cost-2026-11-19-nat-bytes has 1 pins and 3 members", "NAT bytes: open false, slot 2, lead U00000ANA, 1 marks, 1 reviews: declared opened role role closed", "incident: declared"} {
		if !slices.Contains(want, must) {
			t.Fatalf("it holds no %q", must)
		}
	}
	points := 4
	if os.Getenv("SPENDBOT_LONG") != "" {
		points = 100
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i := range points {
		at := 1 + (2*i+1)*looks/(2*points)
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(fmt.Sprint("killed at ", at), func(t *testing.T) {
				got, _ := live(t, at)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	wg.Wait()
}

// warroomKilled runs a victim to its end, by its own hand or by ours once it is done. It returns how often it looked at a clock.
func warroomKilled(t *testing.T, job incidentVictim) (looks int) {
	t.Helper()
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestWarroomVictim$")
	c.Env = append(os.Environ(), warroomVictimEnv+"="+string(text))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	var said []string
	for s := bufio.NewScanner(out); s.Scan(); {
		said = append(said, s.Text())
		if n, _ := fmt.Sscanf(s.Text(), "done %d", &looks); n == 1 {
			done = true
			break
		}
	}
	if done {
		_ = c.Process.Kill()
	}
	err = c.Wait()
	if !done && (err == nil || job.DieAt == 0 || !strings.Contains(err.Error(), "killed")) {
		t.Fatalf("a victim that is to die at %d: %v\n%s", job.DieAt, err, strings.Join(said, "\n"))
	}
	return looks
}

// TestTwoBotsTend: two processes tend one declared incident at once, while answers of Slack are lost: everything is there once.
func TestTwoBotsTend(t *testing.T) {
	r, in := newWarroom(t)
	r.b.handleTest(t, slack.Event{Key: "d1", Kind: slack.Press, Team: sandbox.DemoTeam, User: sandbox.Ana, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID})
	tend := func(b *Bot) {
		for range 20 {
			if err := b.TendDeclared(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	}
	both := func() {
		var wg sync.WaitGroup
		wg.Go(func() { tend(r.b) })
		wg.Go(func() { tend(r.b) })
		wg.Wait()
		r.sent()
	}
	// The first answer to each call is lost, after it was done.
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"conversations.create": {Cut: true, AfterEffect: true, Until: time.Now().Add(300 * time.Millisecond)}}})
	both()
	both()
	r.after(4 * time.Hour)
	both()
	both()
	_, c := r.room()
	if n := has(names(r.box.Channels()), "inc-cost-"); n != 1 {
		t.Errorf("%d channels: %v", n, names(r.box.Channels()))
	}
	said := r.said(c.ID)
	if has(said, "Billing incident:") != 1 || has(said, "No new bill") != 1 || len(r.box.Pinned(c.ID)) != 1 {
		t.Errorf("said %q, pinned %v", said, r.box.Pinned(c.ID))
	}
}
