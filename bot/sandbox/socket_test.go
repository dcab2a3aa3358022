package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func TestMentionArrivesTwiceAndIsAcked(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	ts := r.Post("ana", "#cloud-costs", "", "@spendbot why did spend rise?")
	r.acked(t, "app_mention", 1)
	r.acked(t, "message", 1)

	mention := b.inner("app_mention")[0].(*slackevents.AppMentionEvent)
	if mention.User != Ana || mention.Channel != CloudCosts || mention.TimeStamp != ts || mention.Text != "<@"+Spendbot+"> why did spend rise?" {
		t.Errorf("app_mention = %+v", mention)
	}
	message := b.inner("message")[0].(*slackevents.MessageEvent)
	if message.TimeStamp != ts || message.ChannelType != "channel" || message.SubType != "" || len(message.Blocks.BlockSet) != 1 {
		t.Errorf("message = %+v", message)
	}
	for _, d := range r.Ledger() {
		if d.Key != DemoTeam+"/"+CloudCosts+"/"+ts || d.Attempt != 0 || d.Latency() <= 0 {
			t.Errorf("delivery = %+v", d)
		}
	}
}

// TestWhichEvents tells what one post, or act, makes arrive.
func TestWhichEvents(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(*rig)
		want []string
	}{
		{"mention in a public channel", func(r *rig) { r.Post(Ben, Payments, "", "<@"+Spendbot+"> hi") }, []string{"app_mention", "message/channel"}},
		{"mention in a private channel", func(r *rig) { r.Post(Ana, Finops, "", "@spendbot hi") }, []string{"app_mention", "message/group"}},
		{"no mention", func(r *rig) { r.Post(Ben, Payments, "", "hi") }, []string{"message/channel"}},
		{"direct message with a mention", func(r *rig) { r.Post(Ben, "dm", "", "@spendbot hi") }, []string{"message/im"}},
		{"where the app is not", func(r *rig) { r.Post(Ben, Random, "", "@spendbot hi") }, nil},
		{"another bot mentions", func(r *rig) { r.Post(Deploybot, Payments, "", "@spendbot deployed") }, []string{"app_mention", "message/channel bot_message"}},
		{"a stranger mentions", func(r *rig) { r.Post(Sam, ExtVendor, "", "@spendbot hi") }, []string{"app_mention ext", "message/channel ext"}},
		{"a guest in their channel", func(r *rig) { r.Post(Gil, Payments, "", "hi") }, []string{"message/channel"}},
		{"a guest elsewhere", func(r *rig) { r.Post(Gil, CloudCosts, "", "@spendbot hi") }, nil},
		{"somebody who left", func(r *rig) { r.Post(Rex, CloudCosts, "", "@spendbot hi") }, nil},
		{"home", func(r *rig) { _ = r.OpenHome(Ana) }, []string{"app_home_opened"}},
		{"assistant", func(r *rig) { r.OpenAssistant(Ana) }, []string{"assistant_thread_started"}},
		{"invited", func(r *rig) { _ = r.Invite(Ben, Random, "@spendbot") }, []string{"member_joined_channel", "message/channel channel_join"}},
		{"the app's own post", func(r *rig) { _, _, _ = r.api.PostMessage(Payments, slack.MsgOptionText("<@"+Spendbot+">", false)) }, []string{"message/channel"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, Options{})
			b := r.connect(t, nil)
			tc.do(r)
			_ = r.OpenMessages(Dev) // comes last: all before it has arrived
			r.acked(t, "app_home_opened", 1)
			r.wait(t, "all is acknowledged", func(v *Snapshot) bool { return v.Unacked() == 0 })
			var got []string
			for _, e := range b.seen() {
				outer := e.Data.(slackevents.EventsAPIEvent)
				line := outer.InnerEvent.Type
				switch in := outer.InnerEvent.Data.(type) {
				case *slackevents.MessageEvent:
					line += "/" + in.ChannelType
					if in.SubType != "" {
						line += " " + in.SubType
					}
				case *slackevents.AppHomeOpenedEvent:
					if in.User == Dev {
						continue
					}
				}
				if outer.Data.(*slackevents.EventsAPICallbackEvent).IsExtSharedChannel {
					line += " ext"
				}
				got = append(got, line)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("arrived %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnackedEventsComeAgain(t *testing.T) {
	r := start(t, Options{Timing: quick()})
	b := r.connect(t, func(e socketmode.Event) (any, bool) { return nil, e.Request.RetryAttempt == 2 })
	r.Post("ana", "dm", "", "hello")
	r.acked(t, "message", 1)
	for i, e := range b.seen()[:3] {
		reason := "timeout"
		if i == 0 {
			reason = ""
		}
		if e.Request.RetryAttempt != i || e.Request.RetryReason != reason {
			t.Errorf("attempt %d: retry_attempt %d, reason %q", i, e.Request.RetryAttempt, e.Request.RetryReason)
		}
	}
	if got := r.Ledger(); got[0].Envelope != got[2].Envelope || got[0].Failed != "timeout" || got[1].Failed != "timeout" {
		t.Errorf("ledger = %+v", got)
	}
}

func TestThreeRetriesAreAll(t *testing.T) {
	r := start(t, Options{Timing: Timing{Ack: 20 * time.Millisecond, Retries: []time.Duration{0, time.Millisecond, time.Millisecond}, Ping: time.Second}})
	r.connect(t, func(socketmode.Event) (any, bool) { return nil, false })
	r.Post("ana", "dm", "", "hello")
	r.wait(t, "it is given up", func(v *Snapshot) bool { return len(v.Ledger()) == 4 && v.Unacked() == 0 })
}

func TestCommandsAndPressesAreNotRetried(t *testing.T) {
	r := start(t, Options{Timing: Timing{Ack: 20 * time.Millisecond, Ping: time.Second}})
	r.connect(t, func(socketmode.Event) (any, bool) { return nil, false })
	if err := r.Command("ana", "#cloud-costs", "help"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "Slackbot says so", func(v *Snapshot) bool { return len(v.Ephemerals(Ana)) == 1 })
	if got := r.Ephemerals(Ana)[0]; got.User != Slackbot || got.Text != `/spend failed with the error "operation_timeout"` {
		t.Errorf("told %+v", got)
	}
	if got := r.Ledger(); len(got) != 1 {
		t.Errorf("ledger = %+v", got)
	}
}

func TestEventsWaitForASocket(t *testing.T) {
	r := start(t, Options{})
	r.Post("ana", "dm", "", "anybody there?")
	r.connect(t, nil)
	r.acked(t, "message", 1)
}

func TestDisconnectAndReconnect(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled", ""} {
		t.Run("reason "+reason, func(t *testing.T) {
			r := start(t, Options{Timing: quick()}) // what was sent to a socket that ends comes again
			r.connect(t, nil)
			r.Post("ana", "dm", "", "before")
			r.acked(t, "message", 1)
			if n := r.DisconnectAll(reason); n != 1 {
				t.Fatalf("%d sockets", n)
			}
			r.wait(t, "the bot is back", func(v *Snapshot) bool { return v.Count("apps.connections.open") >= 2 && v.Sockets() == 1 })
			r.Post("ana", "dm", "", "after")
			r.acked(t, "message", 2)
		})
	}
}

func TestSeveralSockets(t *testing.T) {
	r := start(t, Options{})
	a := r.connect(t, nil)
	b := r.connect(t, nil)
	r.wait(t, "both are connected", func(v *Snapshot) bool { return v.Sockets() == 2 })
	for i := range 10 {
		r.Post("ana", "dm", "", fmt.Sprint("question ", i))
	}
	r.acked(t, "message", 10)
	if len(a.seen()) != 5 || len(b.seen()) != 5 {
		t.Errorf("%d and %d events: each goes to one socket, in turn", len(a.seen()), len(b.seen()))
	}
}

func TestTicketsAreGoodOnce(t *testing.T) {
	r := start(t, Options{})
	_, url, err := r.api.StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dial := func() error {
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
		if err == nil {
			conn.Close()
		}
		return err
	}
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	if dial() == nil {
		t.Error("the ticket was taken twice")
	}
}

func TestTooManySockets(t *testing.T) {
	r := start(t, Options{})
	for i := range maxSockets + 1 {
		_, url, err := r.api.StartSocketModeContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var hello struct{ Type, Reason string }
		if err := conn.ReadJSON(&hello); err != nil {
			t.Fatal(err)
		}
		if last := i == maxSockets; last != (hello.Reason == "too_many_websockets") || last == (hello.Type == "hello") {
			t.Errorf("socket %d got %+v", i+1, hello)
		}
	}
}

// TestFaultsOfDelivery counts what a share of lost acks and needless redeliveries does, twice: it is the same both times. Over HTTP no ack is lost but
// those that are to be: nothing waits for time to pass.
func TestFaultsOfDelivery(t *testing.T) {
	run := func() (attempts, redelivered, dropped int) {
		_, d := serveApp(t, nil)
		r := start(t, Options{Delivery: d, Timing: Timing{Ack: time.Hour, Retries: make([]time.Duration, 50)}, Seed: 7,
			Faults: Faults{RedeliverShare: 0.3, DropAckShare: 0.2}})
		for i := range 50 {
			r.Post("ana", "dm", "", fmt.Sprint("question ", i))
		}
		r.wait(t, "all is acknowledged", func(v *Snapshot) bool { return v.Unacked() == 0 })
		good := map[string]int{}
		for _, d := range r.Ledger() {
			attempts++
			switch {
			case d.Failed == "ack dropped":
				dropped++
			case !d.Acked.IsZero():
				good[d.Envelope]++
			}
		}
		if len(good) != 50 {
			t.Errorf("%d of 50 events were acknowledged", len(good))
		}
		for _, n := range good {
			redelivered += n - 1
		}
		return attempts, redelivered, dropped
	}
	attempts, redelivered, dropped := run()
	if a, b, c := run(); a != attempts || b != redelivered || c != dropped {
		t.Errorf("the second time %d, %d, %d; the first %d, %d, %d", a, b, c, attempts, redelivered, dropped)
	}
	if redelivered == 0 || dropped == 0 || attempts != 50+redelivered+dropped {
		t.Errorf("%d attempts, %d redelivered, %d acks dropped", attempts, redelivered, dropped)
	}
}

func TestEditingAndDeletingArrive(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	ts := r.Post("ana", Payments, "", "why?")
	if err := r.Edit("ana", Payments, ts, "why not?"); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete("ana", Payments, ts); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "message", 3)
	second := r.Post("ana", Payments, "", "tell me")
	for range 2 {
		if err := r.Edit("ana", Payments, second, "@spendbot tell me"); err != nil {
			t.Fatal(err)
		}
	}
	r.acked(t, "message", 6)
	r.acked(t, "app_mention", 1)
	r.wait(t, "all is acknowledged", func(v *Snapshot) bool { return v.Unacked() == 0 })
	if n := len(b.inner("app_mention")); n != 1 {
		t.Errorf("%d mentions: the app was named once", n)
	}
	got := b.inner("message")
	changed, deleted := got[1].(*slackevents.MessageEvent), got[2].(*slackevents.MessageEvent)
	if changed.SubType != "message_changed" || changed.Message.Text != "why not?" || changed.PreviousMessage.Text != "why?" {
		t.Errorf("changed = %+v", changed)
	}
	if deleted.SubType != "message_deleted" || deleted.DeletedTimeStamp != ts {
		t.Errorf("deleted = %+v", deleted)
	}
}
