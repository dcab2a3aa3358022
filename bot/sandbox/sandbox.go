package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Options configure a Sandbox. Only Company is needed.
type Options struct {
	Company  Company
	Faults   Faults
	Delivery Delivery
	Timing   Timing
	// Now is the workspace's clock: it stamps messages and decides when triggers and response URLs expire. Default time.Now.
	// Message timestamps stay unique and rising even where it stands still.
	Now func() time.Time
	Log *slog.Logger
	// URL is where the app reaches the sandbox ("http://127.0.0.1:8080"). Left empty it is learned from the app's own calls.
	URL string
	// Hosts are names, beside the loopback ones, under which the page may be opened.
	Hosts []string
	// Links are other pages beside the workspace, which the sidebar names.
	Links []Link
	// Seed makes faults repeatable. The same seed and the same order of events give the same faults.
	Seed uint64
}

// Link is another page under the same address.
type Link struct {
	Name string `json:"name"`
	Path string `json:"path"` // "/tickets/"
}

// Delivery says how the app is reached: BaseURL set, by signed HTTP requests to BaseURL + "/slack/events",
// "/slack/interactive" and "/slack/commands"; unset, over the sockets that it opened.
type Delivery struct{ BaseURL, SigningSecret string }

// Timing are Slack's waits. The zero value is what Slack does; tests shorten those that they wait for, and lengthen those that a machine
// with much to do could miss.
type Timing struct {
	Ack     time.Duration   // how long the app may take to acknowledge: 3 s
	Retries []time.Duration // wait before each further attempt of an event, after the ack ran out: 0, 1 min, 5 min; empty but not nil: none
	Ping    time.Duration   // between WebSocket pings: 10 s
	Warning time.Duration   // from a disconnect message with reason "warning" to the end of the socket: 10 s
	Trigger time.Duration   // how long a trigger_id may be exchanged for a view, by the workspace's clock: 3 s
}

func (t Timing) withDefaults() Timing {
	if t.Ack == 0 {
		t.Ack = 3 * time.Second
	}
	if t.Retries == nil {
		t.Retries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if t.Ping == 0 {
		t.Ping = 10 * time.Second
	}
	if t.Warning == 0 {
		t.Warning = 10 * time.Second
	}
	if t.Trigger == 0 {
		t.Trigger = 3 * time.Second
	}
	return t
}

// Sandbox is a running workspace. All its methods may be called from several goroutines.
type Sandbox struct {
	log      *slog.Logger
	now      func() time.Time // the workspace's clock
	wall     func() time.Time
	delivery Delivery
	timing   Timing
	hosts    []string
	links    []Link
	fixedURL string
	client   *http.Client

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // attempts over HTTP under way

	mu      sync.Mutex
	changed *sync.Cond // broadcast after every change of what a Snapshot shows
	closed  bool
	learned string // base URL as the app last addressed us

	workspace
	dice    dice
	faults  Faults
	ledger  ledger
	mail    mail
	viewers viewers
}

// New makes a workspace. It starts nothing that must be stopped before Handler is used; call Close when done.
func New(o Options) *Sandbox {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sandbox{
		log: o.Log, now: o.Now, wall: time.Now, delivery: o.Delivery, timing: o.Timing.withDefaults(),
		hosts: o.Hosts, links: append([]Link{}, o.Links...), fixedURL: o.URL, faults: o.Faults,
	}
	s.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.changed = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.workspace = newWorkspace(o.Company)
	s.serial = int(s.wall().UnixMilli()) // ids are unlike those of an earlier run: an app keeps what it has seen
	s.dice = newDice(o.Seed)
	s.ledger = newLedger()
	s.mail = newMail()
	s.viewers = viewers{}
	return s
}

// Close ends every socket and stream and stops redelivery. It waits for requests to the app that are under way.
func (s *Sandbox) Close() {
	s.mu.Lock()
	s.closed = true
	s.cancel()
	for _, e := range s.mail.open {
		e.stopTimer()
	}
	sockets := s.mail.sockets
	s.mail.sockets = nil
	s.changed.Broadcast()
	s.mu.Unlock()
	for _, k := range sockets {
		k.close()
	}
	s.wg.Wait()
	s.client.CloseIdleConnections()
}

// ErrClosed is what Wait returns when the sandbox is closed under it.
var ErrClosed = errors.New("sandbox: closed")

// Wait returns when the condition holds: it is looked at now and after every change of the workspace, the ledger and the
// list of calls. The snapshot is valid only inside the condition, which must not call methods of the Sandbox.
func (s *Sandbox) Wait(ctx context.Context, condition func(*Snapshot) bool) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if condition(&Snapshot{s}) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.closed {
			return ErrClosed
		}
		s.changed.Wait()
	}
}

// Snapshot is the workspace at one moment, as a condition of Wait sees it.
type Snapshot struct{ s *Sandbox }

// look runs f on the present moment.
func look[T any](s *Sandbox, f func(*Snapshot) T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(&Snapshot{s})
}

// base is the address under which the app reaches the sandbox.
func (s *Sandbox) base() string {
	switch {
	case s.fixedURL != "":
		return s.fixedURL
	case s.learned != "":
		return s.learned
	}
	return "http://localhost"
}

func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// App is the app as installed: its tokens are what a bot is configured with.
func (s *Sandbox) App() App { return s.app }
