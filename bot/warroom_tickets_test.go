package bot

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"spendbot/bot/declared"
	"spendbot/bot/sandbox"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// TestTasksOfAReview: the tasks of a closed incident's review become tickets by one button, each once: pressed twice, dealt with twice, by two at a time, and after
// it was reopened and closed again; what people closed stays closed.
func TestTasksOfAReview(t *testing.T) {
	r := newTicketed(t, nil)
	r.b.opts.Declare, r.b.price = testDeclare(), priced
	ctx := t.Context()
	r.find(0, thing{"NAT bytes", "payments", []int64{800}})
	r.sent()
	list, err := r.db.Incidents(ctx, state.IncidentFilter{})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	in := list[0]
	event := func(key, user, channel, ts, action, value string) slack.Event {
		return slack.Event{Key: key, Kind: slack.Press, Team: sandbox.DemoTeam, User: user, Channel: channel, TS: ts, ActionID: action, Value: value}
	}
	r.b.handleTest(t, event("d", sandbox.Ben, in.Channel, in.Thread, "incident:"+string(blocks.ActDeclare), in.ID))
	r.tended()
	d, c := r.room()
	closed := func(key string) sandbox.Message {
		t.Helper()
		r.b.handleTest(t, event(key, sandbox.Ana, c.ID, d.CardTS, "declared:close", d.ID))
		r.tended()
		var m sandbox.Message
		for _, x := range r.box.Messages(c.ID) {
			if strings.Contains(string(x.Blocks), "declared:tickets") {
				m = x
			}
		}
		if m.TS == "" {
			t.Fatal("no offer to open tickets", r.threads.said(c.ID))
		}
		return m
	}
	m := closed("c1")
	press := func(key, user, ts string) slack.Event {
		return event(key, user, c.ID, ts, "declared:tickets", d.ID)
	}
	var wg sync.WaitGroup
	for _, e := range []slack.Event{press("p1", sandbox.Ben, m.TS), press("p1", sandbox.Ben, m.TS), press("p2", sandbox.Ana, m.TS)} {
		wg.Go(func() { r.b.handleTest(t, e) })
	}
	wg.Wait()
	book := r.b.bookOf(d)
	want := len(declared.Prevention(declared.Facts{Declared: d, Runbook: book, Written: d.Began}))
	var issues []tracker.Issue
	r.stored(fmt.Sprint(want, " tickets"), func() bool { issues = r.jira.Issues(); return len(issues) >= want })
	r.sent()
	for _, is := range issues {
		if !strings.Contains(fmt.Sprint(is.Fields["description"]), d.ID) || is.Fields["duedate"] == nil {
			t.Errorf("a ticket: %+v", is.Fields)
		}
	}
	if n := has(r.threads.said(c.ID), "is open:"); n != want {
		t.Errorf("%d of %d tickets say so: %q", n, want, r.threads.said(c.ID))
	}
	// Again, and after another review.
	r.b.handleTest(t, press("p3", sandbox.Ana, m.TS))
	r.b.handleTest(t, event("o", sandbox.Ana, c.ID, d.CardTS, "declared:reopen", d.ID))
	r.b.handleTest(t, press("p4", sandbox.Ana, m.TS))
	r.tended()
	m = closed("c2")
	r.b.handleTest(t, press("p5", sandbox.Ana, m.TS))
	r.b.handleTest(t, press("p6", sandbox.Chloe, m.TS)) // who may not see it
	r.sent()
	if got := len(r.jira.Issues()); got != want {
		t.Errorf("%d tickets, want %d", got, want)
	}
	for what, n := range map[string]int{"have their tickets": 2, "is open again": 1} {
		got := 0
		for _, x := range r.box.Ephemerals(sandbox.Ana) {
			got += strings.Count(x.Text, what)
		}
		if got != n {
			t.Errorf("%q is said %d times, want %d", what, got, n)
		}
	}
}
