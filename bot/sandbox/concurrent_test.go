package sandbox

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// TestEverythingAtOnce: many people, two sockets that come and go, faults on the way, pages that look on. Every question is
// acknowledged in the end, however often it had to be delivered.
func TestEverythingAtOnce(t *testing.T) {
	const people, questions = 8, 9
	r := start(t, Options{Seed: 1, Faults: Faults{RedeliverShare: 0.1, DropAckShare: 0.05},
		Timing: Timing{Ack: time.Second, Retries: make([]time.Duration, 20), Ping: time.Second, Warning: time.Millisecond}})
	reply := func(e socketmode.Event) (any, bool) {
		if outer, ok := e.Data.(slackevents.EventsAPIEvent); ok {
			if m, ok := outer.InnerEvent.Data.(*slackevents.AppMentionEvent); ok {
				go func() { // as a bot's worker would; errors do not matter here
					_, _, _ = r.api.PostMessageContext(t.Context(), m.Channel, slack.MsgOptionText("because", false), slack.MsgOptionTS(m.TimeStamp))
				}()
			}
		}
		return nil, true
	}
	r.connect(t, reply)
	r.connect(t, reply)
	seen := r.stream(t, Ana)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for range seen {
		}
	}()
	var wg sync.WaitGroup
	keys := make(chan string, people*questions)
	for p := range people {
		wg.Go(func() {
			for q := range questions {
				ts := r.Post("ana", Payments, "", fmt.Sprintf("@spendbot question %d of %d", q, p))
				keys <- DemoTeam + "/" + Payments + "/" + ts
				r.get(t, Ana, "/app/channel/"+Payments)
				if p == 0 && q%3 == 2 {
					r.DisconnectAll([]string{"warning", "refresh_requested", ""}[q/3])
				}
			}
		})
	}
	wg.Wait()
	close(keys)
	r.wait(t, "all is acknowledged and answered", func(v *Snapshot) bool {
		return v.Unacked() == 0 && v.Count("chat.postMessage") >= people*questions
	})
	acked := map[string]bool{}
	for _, d := range r.Ledger() {
		if d.Type == "app_mention" && !d.Acked.IsZero() {
			acked[d.Key] = true
		}
	}
	for k := range keys {
		if !acked[k] {
			t.Errorf("%s was never acknowledged", k)
		}
	}
}
