package bot

import (
	"net/http"
	"testing"
	"time"

	"spendbot/bot/sandbox"
	"spendbot/bot/slack"
	"spendbot/bot/state"
)

// TestADayAwayGivesUpNothing: the bot dies with one post in doubt and one that waits, and comes back a day later, to a Slack that
// answers 503. That day counts for nothing: what was in doubt is looked up and sent, and so is what waits.
func TestADayAwayGivesUpNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, theOnset)
	enqueue := func(key, channel string) {
		t.Helper()
		p, err := slack.Outgoing{Text: key}.Post(key, "", slack.MethodPost, channel, "", "")
		if err == nil {
			_, _, err = r.db.Enqueue(t.Context(), p, r.clock())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	kept := func(key string) *state.Post {
		t.Helper()
		p, err := r.db.PostByKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	enqueue("in doubt", sandbox.CloudCosts)
	if p, _, err := r.db.TakePost(t.Context(), "the dead", r.clock(), time.Minute); p == nil || err != nil {
		t.Fatal(p, err)
	}
	enqueue("waiting", sandbox.Payments)

	r.at(1)
	down := sandbox.Faults{Fail: map[string]sandbox.Failure{slack.MethodPost: {Status: http.StatusServiceUnavailable}}}
	r.box.SetFaults(down)
	r.live(testBot(t, r.db, r.box.App(), r.url, Options{Today: r.clock, Now: r.clock}))
	r.stored("an attempt at each", func() bool { return kept("in doubt").Tries == 1 && kept("waiting").Tries == 1 })
	r.box.SetFaults(sandbox.Faults{})
	r.mu.Lock()
	r.now = r.now.Add(time.Minute)
	r.mu.Unlock()
	r.b.sender.Wake()
	r.settled()
	for _, channel := range []string{sandbox.CloudCosts, sandbox.Payments} {
		if n := len(r.box.Messages(channel)); n != 1 {
			t.Errorf("%d messages in %s, want 1", n, channel)
		}
	}
}
