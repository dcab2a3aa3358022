package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/desk"
	"spendbot/analysis/event"
	"spendbot/analysis/store"
	"spendbot/bot/access"
	"spendbot/bot/jira"
	"spendbot/bot/metrics"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

// Options are the bot's habits.
type Options struct {
	// Owner names this process among those that share the state; it must be different in each.
	Owner string
	// Lease is how long other processes wait for one that began something and went silent, before they take it over.
	Lease time.Duration
	// Workers is how many events are dealt with at once.
	Workers int
	// Command is the slash command's name, for help.
	Command string
	// FollowThreads answers follow-ups in the bot's threads without a mention; it needs message events of channels.
	FollowThreads bool
	// Alerts is the channel that is told of sources that are late, an id or "#name"; "" for none.
	Alerts string
	// Kept is told of every answer that was given and kept; nil for nobody. A demo whose state is thrown away keeps its answers
	// with it, so that they can be traced.
	Kept func(ctx context.Context, a *analysis.Answer)
	// EventRules say where events happen whose reports do not; EventState is where events are kept, the bot's own state where it is nil.
	EventRules event.Rules
	EventState *state.DB
	// Runbooks are those that are shown; those that come with the program where it is nil.
	Runbooks *runbooks.Library
	// Incidents say what becomes of what stands out in the bills.
	Incidents IncidentOptions
	// Digests are the subscriptions of the configuration; WeekStart is the weekday that weeks begin on, Monday where it is nil.
	Digests   []state.Digest
	WeekStart *time.Weekday
	// Tickets say how tickets are made in Jira; none are without a client.
	Tickets TicketOptions
	// Declare says how billing incidents are declared.
	Declare DeclareOptions
	// Now is the clock of the machinery: leases, waits, what is kept how long.
	Now func() time.Time
	// Today is the moment that questions are asked at; a demo lives on another day. Now where it is nil.
	Today func() time.Time
}

// The defaults of Options.
const (
	DefaultLease   = 45 * time.Second
	DefaultWorkers = 8
	DefaultCommand = "/spend"
)

// Bot is the conversations of one workspace.
type Bot struct {
	opts    Options
	desk    *desk.Desk
	slack   *slack.Client
	sender  *slack.Sender
	tickets *jira.Sender // nil where Jira is not connected
	db      *state.DB
	policy  *access.Policy
	log     *slog.Logger
	metrics *metrics.Metrics

	// price makes the answers that declared incidents are worked out from: the desk's.
	price func(ctx context.Context, id string, q desk.Question) (*analysis.Answer, error)

	wake     chan struct{}
	homes    homes
	pictures pictures
	moved    movedCache
	judged   *anomaly.Memory // what the last look for anomalies made of each series
	busy     sync.WaitGroup  // events that are dealt with at once and not kept
	fatal    chan error      // the first call that Slack refused for the credentials' sake
	up       atomic.Bool

	jiraWake chan struct{} // somebody did something in Jira
	jiraMu   sync.Mutex
	heardOf  []string        // issues that webhooks told of
	dryRuns  map[string]bool // incidents of which a policy's dry run has told
}

// New makes a bot. The client must have been identified.
func New(d *desk.Desk, c *slack.Client, db *state.DB, p *access.Policy, o Options, log *slog.Logger, m *metrics.Metrics) *Bot {
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	if o.Workers <= 0 {
		o.Workers = DefaultWorkers
	}
	if o.Command == "" {
		o.Command = DefaultCommand
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Today == nil {
		o.Today = o.Now
	}
	o.Declare.withDefaults()
	o.Tickets.Emoji = cmp.Or(o.Tickets.Emoji, DefaultTicketEmoji)
	b := &Bot{opts: o, desk: d, slack: c, db: db, policy: p, log: log, metrics: m, wake: make(chan struct{}, 1), judged: anomaly.NewMemory(),
		fatal: make(chan error, 1), jiraWake: make(chan struct{}, 1)}
	if d != nil {
		b.price = d.Answer
	}
	b.sender = slack.NewSender(c, db, o.Owner, o.Lease, b.content, b.gaveUp)
	if o.Tickets.Jira != nil {
		b.tickets = jira.NewSender(o.Tickets.Jira, db, o.Owner, o.Lease, b.ticketHooks(), log)
	}
	return b
}

// Receive keeps an event, so that it may be acknowledged. It is a [slack.Sink].
func (b *Bot) Receive(ctx context.Context, e slack.Event) error {
	if b.own(e) {
		return nil
	}
	if e.Kind == slack.Reaction && !b.marksTimeline(e) && !b.marksTicket(e) {
		return nil
	}
	if !e.Durable() { // opens a view, or suggests questions: of no use later
		b.metrics.Event(string(e.Kind), true)
		b.busy.Go(func() { b.courtesy(context.WithoutCancel(ctx), e) })
		return nil
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	fresh, err := b.db.Receive(ctx, state.Item{Key: e.Key, Lane: lane(e), Kind: string(e.Kind), Payload: payload, Received: e.Received})
	if err != nil {
		return err
	}
	b.metrics.Event(string(e.Kind), fresh)
	if fresh {
		b.nudge()
	}
	return nil
}

// lane keeps the questions of one conversation in order: a follow-up must find the answer that it follows. Presses are in no
// order with them: a modal must open within 3 seconds.
func lane(e slack.Event) string {
	if e.Kind == slack.Press || e.Kind == slack.Submit || e.Kind == slack.Shortcut && e.Callback == ShortcutTicket {
		return ""
	}
	if e.Kind == slack.Command {
		return e.Team + "/" + e.Channel + "/" + e.User
	}
	return e.Team + "/" + e.Channel + "/" + e.Root()
}

// own reports whether the bot itself wrote the message, or nobody who could be answered did.
func (b *Bot) own(e slack.Event) bool {
	self := b.slack.Self()
	return e.User != "" && e.User == self.User || e.Kind == slack.Message && e.Bot
}

func (b *Bot) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Connected tells the bot, and whoever asks for its readiness, whether Slack can reach it.
func (b *Bot) Connected(up bool) {
	b.up.Store(up)
	b.metrics.Connected(up)
}

// Ready says whether the bot can answer now; the error says what is missing.
func (b *Bot) Ready(ctx context.Context) error {
	if !b.up.Load() {
		return errors.New("not connected to Slack")
	}
	if err := b.desk.Ready(ctx); err != nil {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	return nil
}

// How often the bot looks after itself.
const (
	poll     = time.Second      // for events that another process left behind
	tidy     = time.Hour        // for what is kept no longer
	measured = 15 * time.Second // for the gauges
)

// Run deals with events and delivers posts until the context ends, and then finishes what it began. It returns an error
// only when the credentials are refused.
func (b *Bot) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	// Workers stop taking when the context ends; the sender goes on until they are done, so that what they say is sent.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	wg.Go(func() {
		if err := b.sender.Run(sending); err != nil {
			b.refused(err)
		}
	})

	working, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	workers.Go(func() { b.take(working) })
	workers.Go(func() { b.look(working) })
	if b.opts.Declare.On {
		workers.Go(func() { b.watchDeclared(working) })
	}
	workers.Go(func() { b.watchDigests(working) })
	if b.opts.Incidents.Channel != "" {
		workers.Go(func() { b.watchIncidents(working) })
	}
	if b.tickets != nil {
		workers.Go(func() { b.tickets.Run(working) })
		workers.Go(func() { b.watchTickets(working) })
		workers.Go(func() { b.watchSavings(working) })
	}

	var err error
	select {
	case err = <-b.fatal:
	case <-ctx.Done():
	}
	cancel()
	workers.Wait()
	b.busy.Wait()
	if err == nil {
		b.drain()
	}
	stop()
	wg.Wait()
	return err
}

// refused tells [Bot.Run] that the credentials are no good; nil is no news.
func (b *Bot) refused(err error) {
	if !slack.Fatal(err) {
		return
	}
	select {
	case b.fatal <- err:
	default: // it knows
	}
}

// drainTime bounds how long a stopping process waits for the last posts; what is left waits in the outbox for the next one.
const drainTime = 10 * time.Second

// drain waits until nothing is due in the outbox any more.
func (b *Bot) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for {
		due, err := b.db.Due(ctx, b.opts.Now())
		if err != nil || due == 0 {
			return
		}
		b.sender.Wake()
		select {
		case <-ctx.Done():
			b.log.Warn("stopped with posts in the outbox; the next start delivers them", "posts", due)
			return
		case <-t.C:
		}
	}
}

// take hands events to workers, in the order they came within a conversation.
func (b *Bot) take(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, b.opts.Workers)
	for n := 0; ; n++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		// Each attempt has a name of its own, renewed while it lasts and not after: what it does not end is then free again.
		owner := fmt.Sprintf("%s/%d", b.opts.Owner, n)
		it, err := b.db.Take(ctx, owner, b.opts.Now(), b.opts.Lease)
		if err != nil && ctx.Err() == nil {
			b.log.Error("inbox not read", "error", err)
		}
		if it == nil {
			<-slots
			t := time.NewTimer(poll)
			select {
			case <-ctx.Done():
				t.Stop()
				return
			case <-b.wake:
				t.Stop()
			case <-t.C:
			}
			continue
		}
		var e slack.Event
		if err := json.Unmarshal(it.Payload, &e); err != nil {
			b.log.Error("kept event not read", "key", it.Key, "error", err)
			b.finish(ctx, it.Key, "failed: "+err.Error())
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots; b.nudge() }() // the next one of its lane may be waiting
			b.deal(context.WithoutCancel(ctx), owner, *it, e)
		})
	}
}

// Trying again: how long after a failure, and until when.
const (
	againAfter = 2 * time.Second
	againMost  = time.Minute
	againUntil = time.Hour
	// poison is how often an event is begun at most: one that brings the process down each time must not do so for ever.
	poison = 40
)

// deal deals with one event, and says so in state.
func (b *Bot) deal(ctx context.Context, owner string, it state.Item, e slack.Event) {
	outcome, err := b.hold(ctx, owner, e)
	if p, ok := errors.AsType[*panicked](err); ok {
		// It would bring the process down each time it is tried, and with it everybody else's questions.
		b.log.Error("an event brought its worker down", "key", it.Key, "kind", string(e.Kind), "panic", p.Error(), "stack", p.stack)
		outcome, err = b.sorry(ctx, e)
	}
	if err == nil {
		b.finish(ctx, it.Key, outcome)
		return
	}
	if slack.Fatal(err) {
		// Nothing can be done with these credentials: the event is for the next process, which has better ones.
		if err := b.db.Postpone(ctx, &it, b.opts.Now()); err != nil {
			b.log.Error("inbox not written", "error", err)
		}
		b.refused(err)
		return
	}
	late := b.opts.Now().Sub(it.Received) > againUntil
	if it.Attempts >= poison || late {
		b.log.Error("event given up", "kind", string(e.Kind), "attempts", it.Attempts, "error", err)
		b.finish(ctx, it.Key, "failed: "+secret.Scrub(err.Error()))
		return
	}
	wait := min(againMost, againAfter<<min(5, it.Attempts-1))
	b.log.Warn("event not dealt with; trying again", "kind", string(e.Kind), "attempt", it.Attempts, "wait", wait.String(), "error", err)
	if err := b.db.Postpone(ctx, &it, b.opts.Now().Add(wait)); err != nil {
		b.log.Error("inbox not written", "error", err) // the lease runs out then
	}
}

// hold handles an event and renews its lease for as long as that takes.
func (b *Bot) hold(ctx context.Context, owner string, e slack.Event) (string, error) {
	ctx, done := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer done()
	wg.Go(func() {
		t := time.NewTicker(b.opts.Lease / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if err := b.db.Renew(ctx, owner, b.opts.Now(), b.opts.Lease); err != nil && ctx.Err() == nil {
					b.log.Error("lease not renewed", "error", err)
				}
			}
		}
	})
	var outcome string
	err := guarded(func() (err error) {
		outcome, err = b.handle(ctx, e)
		return err
	})
	return outcome, err
}

func (b *Bot) finish(ctx context.Context, key, outcome string) {
	if err := b.db.Finish(ctx, key, outcome, b.opts.Now()); err != nil {
		b.log.Error("inbox not written", "error", err)
	}
}

// look sets the gauges and throws away what is kept no longer.
func (b *Bot) look(ctx context.Context) {
	gauges := time.NewTicker(measured)
	purge := time.NewTicker(tidy)
	defer gauges.Stop()
	defer purge.Stop()
	err := b.warm(ctx)
	for {
		if err != nil && ctx.Err() == nil {
			b.log.Error("state not kept in order", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-gauges.C:
			err = errors.Join(b.gauge(ctx), b.warm(ctx))
		case <-purge.C:
			err = b.db.Purge(ctx, b.opts.Now())
		}
	}
}

// warmScopes bounds how many scopes are looked through before somebody asks: fewer than a desk keeps.
const warmScopes = 16

// warm has what each configured scope lets see looked through before somebody asks, after the start and after a load: that
// takes a second on a large store, once.
func (b *Bot) warm(ctx context.Context) error {
	scopes := append([][]analysis.Filter{nil}, slices.Collect(maps.Values(b.policy.Scopes()))...)
	for _, scope := range scopes[:min(len(scopes), warmScopes)] {
		if _, err := b.desk.Survey(ctx, scope); errors.Is(err, store.ErrEmpty) {
			return nil
		} else if err != nil {
			return fmt.Errorf("survey of a scope: %w", err)
		}
	}
	return nil
}

func (b *Bot) gauge(ctx context.Context) error {
	in, err := b.db.Unfinished(ctx)
	if err != nil {
		return err
	}
	pending, sending, failed, err := b.db.Outbox(ctx)
	if err != nil {
		return err
	}
	b.metrics.Queues(in, pending, sending, failed)
	held, err := b.desk.Held(ctx)
	if errors.Is(err, store.ErrEmpty) {
		return nil
	}
	if err == nil {
		b.metrics.Store(held.Loads, held.Last, held.Through)
	}
	return err
}

// keepAnswer keeps an answer with its trace, and who asked for it within which scope.
func (b *Bot) keepAnswer(ctx context.Context, a *analysis.Answer, team, user, channel, scopeKey string) error {
	if err := b.db.SaveAnswer(ctx, a); err != nil {
		return err
	}
	if b.opts.Kept != nil {
		b.opts.Kept(ctx, a)
	}
	return b.db.SetAskedBy(ctx, a.ID, team, user, channel, scopeKey)
}

// mention is how the bot is addressed in a text.
func (b *Bot) mention() string { return "<@" + b.slack.Self().User + ">" }

// addressed reports whether a text mentions the bot.
func (b *Bot) addressed(text string) bool {
	return strings.Contains(text, "<@"+b.slack.Self().User)
}
