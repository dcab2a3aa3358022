package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/declared"
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
	pointsThere := func(when string, want bool) { // the thread that it came of, which offers to declare it otherwise
		t.Helper()
		root := string(r.root(in.Channel).Blocks)
		if strings.Contains(root, "<#"+c.ID+">") != want || strings.Contains(root, "Declare incident") == want {
			t.Errorf("%s the thread says %s", when, root)
		}
	}
	pointsThere("declared,", true)
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
	r.tended()
	r.after(twice)
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
	pointsThere("closed,", false)
	r.tap(sandbox.Ana, c.ID, card.TS, "declared:reopen", d.ID)
	r.tended()
	pointsThere("opened again,", true)
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

// TestWarroomVictim is the other side of the test below.
func TestWarroomVictim(t *testing.T) {
	v := newVictim(t, Options{Incidents: testIncidents(), Declare: testDeclare()})
	v.b.price = priced
	ctx := context.Background()
	tended := func() {
		for range 4 {
			v.must(v.b.TendDeclared(ctx))
			v.settled()
		}
	}
	list, err := v.db.Incidents(ctx, state.IncidentFilter{})
	v.must(err)
	if before, err := v.db.DeclaredIncidents(ctx, state.DeclaredFilter{}); err == nil && len(before) == 1 { // the clock goes on where it was
		v.since.Store([]int64{0, 4, 9}[min(2, before[0].Slot)])
	}
	if len(list) == 0 {
		v.must(find(ctx, v.b, 0, thing{"NAT bytes", "payments", []int64{800, 900}}))
	}
	v.settled()
	list, err = v.db.Incidents(ctx, state.IncidentFilter{})
	v.must(err)
	in := list[0]
	v.dealt(slack.Event{Key: "declare", Kind: slack.Press, User: sandbox.Ben, Channel: in.Channel, TS: in.Thread, ActionID: "incident:" + string(blocks.ActDeclare), Value: in.ID})
	tended()
	all, err := v.db.DeclaredIncidents(ctx, state.DeclaredFilter{})
	v.must(err)
	d := all[0]
	press := func(key, user, action string) {
		v.dealt(slack.Event{Key: key, Kind: slack.Press, User: user, Channel: d.Channel, TS: d.CardTS, ActionID: action, Value: d.ID})
		tended()
	}
	press("lead", sandbox.Ben, "declared:role:lead")
	press("lead again", sandbox.Ana, "declared:role:lead")
	for _, h := range []int64{4, 9} {
		v.since.Store(max(h, v.since.Load()))
		tended()
	}
	v.dealt(slack.Event{Key: "mark", Kind: slack.Reaction, User: sandbox.Ana, Channel: d.Channel, TS: d.CardTS, Emoji: "pushpin", When: "1795263300.000100"})
	press("exec", sandbox.Ana, "declared:exec")
	press("close", sandbox.Ana, "declared:close")
	v.done()
}

// TestWarroomKilled: wherever a process is killed while an incident is declared and lived through, in the end there is what there is when nobody is killed: one channel,
// one card, one pin, each invitation, update, change and mark once, and one review.
func TestWarroomKilled(t *testing.T) {
	must := []string{"#inc-cost-2026-11-19-nat-bytes has 1 pins and 3 members", "NAT bytes: open false, slot 2, lead U00000ANA, 1 marks, 1 reviews: declared opened role role closed", "incident: declared"}
	killedAnywhere(t, "TestWarroomVictim", 100, must, func(t *testing.T, box *sandbox.Sandbox, db *state.DB) (list []string) {
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
		return list
	})
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
	// No answer to this call arrives, though it was done.
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"conversations.create": {Cut: true, AfterEffect: true}}})
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

// TestAFingerThatHitsTwice: who takes a role by two presses has it; a minute later another press gives it up.
func TestAFingerThatHitsTwice(t *testing.T) {
	d := state.Declared{ID: "B-1", Open: true, DeclaredDetail: state.DeclaredDetail{Roles: map[string]string{}}}
	act := blocks.DeclaredAction{Do: blocks.DeclaredRole, Role: declared.Lead}
	for i, c := range []struct {
		after time.Duration
		kind  string
		lead  string
	}{{0, blocks.DeclaredRole, sandbox.Ben}, {time.Second, "", sandbox.Ben}, {59 * time.Second, "", sandbox.Ben}, {2 * time.Minute, "released", ""}, {2 * time.Minute, blocks.DeclaredRole, sandbox.Ben}} {
		did := (&Bot{}).actOn(&d, act, sandbox.Ben, false, theOnset.Add(c.after))
		if did.kind != c.kind || d.Roles[declared.Lead] != c.lead || (c.kind == "") != (did.refused != "") {
			t.Errorf("press %d: %+v, lead %q", i+1, did, d.Roles[declared.Lead])
		}
	}
}
