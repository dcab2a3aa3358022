package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// quick are waits short enough for tests that wait for them. What has to come within them may come later on a machine with much to do: then it
// is tried again.
func quick() Timing {
	return Timing{Ack: time.Second, Retries: []time.Duration{0, time.Millisecond, time.Millisecond}, Ping: time.Second, Warning: time.Millisecond}
}

// patient is a timing under which nothing is ever redelivered in a test, and no trigger too old.
func patient() Timing {
	return Timing{Ack: time.Hour, Trigger: time.Hour, Ping: time.Second, Warning: time.Millisecond}
}

type rig struct {
	*Sandbox
	server *httptest.Server
	api    *slack.Client
}

// start makes a sandbox of the demo company, served, with a client of its app.
func start(t *testing.T, o Options) *rig {
	t.Helper()
	if o.Company.Team.ID == "" {
		o.Company = Demo()
	}
	if o.Timing.Ack == 0 {
		o.Timing = patient()
	}
	s := New(o)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return &rig{s, server, slack.New(o.Company.App.BotToken, slack.OptionAPIURL(server.URL+"/api/"), slack.OptionAppLevelToken(o.Company.App.AppToken))}
}

// wait is Wait with a guard against hanging for ever.
func (r *rig) wait(t *testing.T, what string, f func(*Snapshot) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := r.Wait(ctx, f); err != nil {
		t.Fatalf("waiting until %s: %v\nledger: %+v", what, err, r.Ledger())
	}
}

func code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// bot is an app on a socket. It acknowledges with what answer returns, unless that says not to.
type bot struct {
	mu     sync.Mutex
	events []socketmode.Event
	done   chan struct{}
	stop   context.CancelFunc
}

type answer func(socketmode.Event) (payload any, ack bool)

func (r *rig) connect(t *testing.T, a answer) *bot {
	t.Helper()
	client := socketmode.New(r.api)
	ctx, cancel := context.WithCancel(t.Context())
	b := &bot{done: make(chan struct{}), stop: cancel}
	go func() {
		defer close(b.done)
		_ = client.RunContext(ctx) // ends with the test
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-client.Events:
				if e.Request == nil || e.Request.EnvelopeID == "" {
					continue
				}
				b.mu.Lock()
				b.events = append(b.events, e)
				b.mu.Unlock()
				payload, ack := any(nil), true
				if a != nil {
					payload, ack = a(e)
				}
				if ack {
					_ = client.AckCtx(ctx, e.Request.EnvelopeID, payload) // the sandbox's ledger is what is tested
				}
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		r.DisconnectAll("")
		<-b.done
		<-read
	})
	r.wait(t, "the bot is connected", func(v *Snapshot) bool { return v.Sockets() > 0 })
	return b
}

func (b *bot) seen() []socketmode.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]socketmode.Event(nil), b.events...)
}

// inner are the inner events of a type that the bot received.
func (b *bot) inner(kind string) []any {
	var out []any
	for _, e := range b.seen() {
		if outer, ok := e.Data.(slackevents.EventsAPIEvent); ok && outer.InnerEvent.Type == kind {
			out = append(out, outer.InnerEvent.Data)
		}
	}
	return out
}

// interactions are the interactions of a type that the bot received.
func (b *bot) interactions(kind slack.InteractionType) []slack.InteractionCallback {
	var out []slack.InteractionCallback
	for _, e := range b.seen() {
		if c, ok := e.Data.(slack.InteractionCallback); ok && c.Type == kind {
			out = append(out, c)
		}
	}
	return out
}

// commands are the slash commands that the bot received.
func (b *bot) commands() []slack.SlashCommand {
	var out []slack.SlashCommand
	for _, e := range b.seen() {
		if c, ok := e.Data.(slack.SlashCommand); ok {
			out = append(out, c)
		}
	}
	return out
}

// acked waits until the ledger holds n acknowledged deliveries of a type.
func (r *rig) acked(t *testing.T, kind string, n int) {
	t.Helper()
	r.wait(t, kind+" is acknowledged", func(v *Snapshot) bool { return ackedOf(v.Ledger(), kind) >= n })
}

func ackedOf(ledger []Delivered, kind string) int {
	n := 0
	for _, d := range ledger {
		if d.Type == kind && !d.Acked.IsZero() {
			n++
		}
	}
	return n
}

// clock is a workspace's clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2025, 11, 12, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", text, false, false), nil, nil)
}

func button(action, value string) slack.Block {
	return slack.NewActionBlock("acts", slack.NewButtonBlockElement(action, value, slack.NewTextBlockObject("plain_text", "Press", false, false)))
}

func modal(blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: "m", Title: slack.NewTextBlockObject("plain_text", "Modal", false, false),
		Submit: slack.NewTextBlockObject("plain_text", "Go", false, false), Blocks: slack.Blocks{BlockSet: blocks}}
}

func input(block, action string) slack.Block {
	return slack.NewInputBlock(block, slack.NewTextBlockObject("plain_text", "Name", false, false), nil,
		slack.NewPlainTextInputBlockElement(nil, action))
}

func decodeTo[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}
