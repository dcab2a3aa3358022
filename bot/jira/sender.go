package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"spendbot/bot/secret"
	"spendbot/bot/state"
)

// The methods of posts to Jira.
const (
	MethodCreate     = "create"
	MethodComment    = "comment"
	MethodRemoteLink = "remotelink"
	MethodAttach     = "attach"
	MethodTransition = "transition"
	MethodEdit       = "edit"
	MethodDuplicate  = "duplicate"
)

// Work is what a post to Jira says, as its payload. Which fields count hangs on the method.
type Work struct {
	Create    *Ticket        `json:"create,omitempty"`
	Body      string         `json:"body,omitempty"` // of a comment, in Jira's markup
	GlobalID  string         `json:"global_id,omitempty"`
	URL       string         `json:"url,omitempty"`
	Title     string         `json:"title,omitempty"`
	Answer    string         `json:"answer,omitempty"` // whose file is attached
	File      string         `json:"file,omitempty"`
	Name      string         `json:"name,omitempty"`
	To        Category       `json:"to,omitempty"`
	Preferred []string       `json:"preferred,omitempty"` // transitions or statuses
	Fields    map[string]any `json:"fields,omitempty"`    // only those that nobody else has edited are written
	Key       string         `json:"key,omitempty"`       // the issue that it is a duplicate of
}

// Post is work on a ticket as a post of the outbox.
func (w Work) Post(key, method, ticket string) (state.Post, error) {
	b, err := json.Marshal(w)
	if err != nil {
		return state.Post{}, fmt.Errorf("work on ticket %s: %w", ticket, err)
	}
	return state.Post{Edge: state.ToJira, Key: key, Method: method, Channel: ticket, Kind: method, Payload: b}, nil
}

// Mark is how a comment of a post is found again.
func Mark(key string) string { return "spendbot " + key }

// Hooks are told what becomes of tickets, within the transaction that keeps it.
type Hooks struct {
	// Made is called once for a ticket that is in Jira now; found says that it was there before. dropped are the fields that Jira would not take.
	Made func(t *state.Ticket, made Ref, dropped []string, found bool) (state.TicketStep, error)
	// Done is called once for work on a ticket that is done, with the post that it was.
	Done func(t *state.Ticket, p state.Post) (state.TicketStep, error)
	// Refused is called for a ticket that Jira will not make, or for work on one that it will not do.
	Refused func(t *state.Ticket, p state.Post, err error) (state.TicketStep, error)
	// Waiting is called when a ticket has to wait for Jira, the first time; it may be asked again after a restart.
	Waiting func(t *state.Ticket, err error) (state.TicketStep, error)
	// File makes a file when it is attached.
	File func(ctx context.Context, answer, file string) ([]byte, error)
	// Ours says which of the fields may be written: those that nobody else has edited.
	Ours func(t state.Ticket, i Issue, field string) bool
}

// Settle is how long after an attempt of unknown outcome the search must not show a ticket before it is made again: Jira Cloud's index lags writes by
// seconds to minutes.
const Settle = 3 * time.Minute

// How work on tickets is tried again.
const (
	workTime   = 25 * time.Second // for one attempt, with the lookups; a lease must be longer
	firstRetry = 2 * time.Second
	longRetry  = 5 * time.Minute
	workers    = 2
	idlePoll   = time.Second
	// giveUpTries is after how many failed attempts something said about a ticket is given up, nearly all of them longRetry apart: seven
	// days of trying, whatever the clock says. A ticket itself waits for Jira however long it is away.
	giveUpTries = 7 * 24 * 60 / 5
)

// Sender does the work on tickets that waits in the outbox, each exactly once. Several may share an outbox.
type Sender struct {
	client *Client
	db     *state.DB
	owner  string
	lease  time.Duration
	hooks  Hooks
	log    *slog.Logger
	now    func() time.Time
	wake   chan struct{}
}

// NewSender makes a sender; owner and lease are as for [state.DB.TakePost].
func NewSender(c *Client, db *state.DB, owner string, lease time.Duration, h Hooks, log *slog.Logger) *Sender {
	return &Sender{client: c, db: db, owner: owner + "/tickets", lease: lease, hooks: h, log: log, now: c.now, wake: make(chan struct{}, 1)}
}

// Wake says that there is something new.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run works until the context ends and what is under way is done.
func (s *Sender) Run(ctx context.Context) {
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		s.note(s.db.Release(context.WithoutCancel(ctx), s.owner))
	}()
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		did, err := s.next(ctx, &wg, slots)
		if err != nil && ctx.Err() == nil {
			s.log.Error("outbox not read", "error", err)
		}
		if did {
			continue
		}
		<-slots
		t := time.NewTimer(idlePoll)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.wake:
			t.Stop()
		case <-t.C:
		}
	}
}

func (s *Sender) next(ctx context.Context, wg *sync.WaitGroup, slots chan struct{}) (bool, error) {
	p, unknown, err := s.db.TakePostTo(ctx, state.ToJira, s.owner, s.now(), s.lease)
	if p == nil {
		return false, err
	}
	wg.Go(func() {
		defer func() { <-slots; s.Wake() }()
		s.Deliver(context.WithoutCancel(ctx), *p, unknown) // what was begun is finished
	})
	return true, nil
}

// Deliver makes one attempt at a post that was taken, and records what became of it. unknown says that an attempt before has no recorded outcome.
func (s *Sender) Deliver(ctx context.Context, p state.Post, unknown bool) {
	calls, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	t, err := s.db.Ticket(ctx, p.Channel)
	if err != nil {
		s.log.Error("work on a ticket that is not kept", "key", p.Key, "error", err)
		s.note(s.db.GiveUp(ctx, &p, "no such ticket", s.now()))
		return
	}
	var w Work
	if err := json.Unmarshal(p.Payload, &w); err != nil {
		s.note(s.db.GiveUp(ctx, &p, "payload not read: "+err.Error(), s.now()))
		return
	}
	switch err = s.client.Known(calls); {
	case err != nil:
		err = &lookup{err}
	case p.Method == MethodCreate:
		err = s.create(calls, ctx, p, t, w, unknown)
	default:
		err = s.work(calls, ctx, p, t, w, unknown)
	}
	if err != nil {
		s.settle(ctx, p, t, unknown, err)
	}
}

// create makes a ticket, unless its label shows that it is there.
func (s *Sender) create(calls, ctx context.Context, p state.Post, t state.Ticket, w Work, unknown bool) error {
	if w.Create == nil {
		return &Error{Op: "make ticket " + t.ID, Outcome: Refused, Err: errors.New("nothing says what it should be")}
	}
	if t.Key != "" { // kept by an attempt that died before it could say so
		s.note(s.db.Sent(ctx, p.Key, t.Key, s.now()))
		return nil
	}
	found, err := s.client.Find(calls, t.Project, t.Label)
	if err != nil {
		return &lookup{err}
	}
	if len(found) > 0 {
		first := slices.MinFunc(found, func(a, b Issue) int { return a.Created.Compare(b.Created) })
		s.log.Info("ticket found in Jira; not made again", "ticket", t.ID, "key", first.Key)
		return s.made(ctx, p, t.ID, w, first.Ref, nil, true)
	}
	if unknown || !t.UnknownSince.IsZero() {
		since := t.UnknownSince
		if since.IsZero() { // the process died in the attempt: it may have been made until now
			since = s.now()
			if _, err := s.db.ChangeTicket(ctx, t.ID, since, func(k *state.Ticket) (state.TicketStep, error) {
				k.UnknownSince = since
				return state.TicketStep{}, nil
			}); err != nil {
				return &lookup{err}
			}
		}
		if wait := since.Add(Settle).Sub(s.now()); wait > 0 {
			s.note(s.db.Wait(ctx, &p, "waiting for the search to show it", s.now().Add(wait)))
			return nil
		}
	}
	ref, dropped, err := s.client.Create(calls, *w.Create)
	if err != nil {
		return err
	}
	return s.made(ctx, p, t.ID, w, ref, dropped, false)
}

func (s *Sender) made(ctx context.Context, p state.Post, id string, w Work, ref Ref, dropped []string, found bool) error {
	_, err := s.db.ChangeTicket(ctx, id, s.now(), func(t *state.Ticket) (state.TicketStep, error) {
		t.Key, t.JiraID, t.Dropped, t.UnknownSince, t.Refused = ref.Key, ref.ID, dropped, time.Time{}, ""
		if t.State == state.TicketQueued {
			t.State = state.TicketOpen
		}
		wrote := w.Create.wrote()
		for _, f := range dropped {
			delete(wrote, f)
		}
		t.Wrote = wrote
		step, err := s.hooks.Made(t, ref, dropped, found)
		step.Ended = &p
		return step, err
	})
	if err != nil { // it is in Jira; its label shows it next time
		return &Error{Op: "keep ticket " + id + " as " + ref.Key, Outcome: Unknown, Err: err}
	}
	return nil
}

// wrote are the fields of a ticket as they are compared with those in Jira.
func (t *Ticket) wrote() map[string]string {
	f := t.fields()
	out := map[string]string{"summary": f.Summary, "description": t.Description}
	for field, v := range map[string]string{"labels": Joined(t.Labels), "components": Joined(t.Components), "priority": t.Priority, "assignee": t.Assignee} {
		if v != "" {
			out[field] = v
		}
	}
	if !t.Due.IsZero() {
		out["duedate"] = t.Due.Format(time.DateOnly)
	}
	for id, v := range t.Custom {
		if b, err := json.Marshal(v); err == nil {
			out[id] = string(b)
		}
	}
	return out
}

// work does what is to be done on a ticket that is there. All of it can be done again without harm, comments after a look.
func (s *Sender) work(calls, ctx context.Context, p state.Post, t state.Ticket, w Work, unknown bool) error {
	if t.Key == "" {
		return &Error{Op: p.Method + " of ticket " + t.ID, Outcome: Refused, Err: errors.New("the ticket was never made")}
	}
	var err error
	switch p.Method {
	case MethodComment:
		said := false
		if unknown {
			if said, err = s.client.Commented(calls, t.Key, Mark(p.Key)); err != nil {
				return sought(err)
			}
		}
		if !said {
			err = s.client.Say(calls, t.Key, w.Body, Mark(p.Key))
		}
	case MethodRemoteLink:
		err = s.client.LinkRemote(calls, t.Key, w.GlobalID, w.URL, w.Title)
	case MethodAttach:
		var b []byte
		if b, err = s.hooks.File(calls, w.Answer, w.File); err != nil {
			err = &Error{Op: "attach " + w.Name, Outcome: Refused, Err: err}
		} else if len(b) > 0 {
			err = s.client.Attach(calls, t.Key, w.Name, b)
		}
	case MethodTransition:
		_, err = s.client.Transition(calls, t.Key, w.To, w.Preferred...)
	case MethodDuplicate:
		err = s.client.LinkIssues(calls, "Duplicate", t.Key, w.Key)
	case MethodEdit:
		return s.edit(calls, ctx, p, t, w)
	default:
		err = &Error{Op: p.Method, Outcome: Refused, Err: errors.New("no work of this kind")}
	}
	if err != nil {
		return err
	}
	if _, err := s.db.ChangeTicket(ctx, t.ID, s.now(), func(k *state.Ticket) (state.TicketStep, error) {
		step, err := s.hooks.Done(k, p)
		step.Ended = &p
		return step, err
	}); err != nil { // it is done; what is looked up or done again does no harm
		return &Error{Op: "keep that " + p.Method + " of " + t.Key + " is done", Outcome: Unknown, Err: err}
	}
	return nil
}

// edit writes the fields that are still as the bot wrote them.
func (s *Sender) edit(calls, ctx context.Context, p state.Post, t state.Ticket, w Work) error {
	i, err := s.client.Get(calls, t.Key)
	if err != nil {
		return sought(err)
	}
	fields := map[string]any{}
	var theirs []string
	for id, v := range w.Fields {
		if s.hooks.Ours(t, i, id) {
			fields[id] = v
		} else {
			theirs = append(theirs, id)
		}
	}
	if len(fields) > 0 {
		if err := s.client.Edit(calls, t.Key, fields); err != nil {
			return err
		}
	}
	slices.Sort(theirs)
	_, err = s.db.ChangeTicket(ctx, t.ID, s.now(), func(k *state.Ticket) (state.TicketStep, error) {
		for id, v := range fields {
			if text, ok := v.(string); ok {
				k.Wrote[id] = text
			}
		}
		step := state.TicketStep{Ended: &p}
		if len(theirs) > 0 {
			step.Changes = []state.TicketChange{{Kind: "left", Detail: fmt.Sprintf("edited by people, not written: %v", theirs)}}
		}
		return step, nil
	})
	if err != nil {
		return &lookup{err}
	}
	return nil
}

// lookup is an error of looking something up: nothing was written by it.
type lookup struct{ err error }

func (e *lookup) Error() string { return e.err.Error() }
func (e *lookup) Unwrap() error { return e.err }

// sought is the error of looking at a ticket itself. One that is no longer there will not be there another time either, and what waits behind this goes on.
func sought(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusNotFound {
		return err
	}
	return &lookup{err}
}

// settle records an attempt that failed.
func (s *Sender) settle(ctx context.Context, p state.Post, t state.Ticket, unknown bool, err error) {
	cause := secret.Scrub(err.Error())
	_, looking := errors.AsType[*lookup](err)
	outcome := OutcomeOf(err)
	old := p.Method != MethodCreate && p.Tries >= giveUpTries
	switch {
	case looking && !unknown: // nothing has been written yet
		s.wait(ctx, t, err)
		s.note(s.db.Retry(ctx, &p, cause, s.later(p, err)))
	case looking: // no more is known than before
		s.wait(ctx, t, err)
		s.note(s.db.Unsure(ctx, &p, cause, s.later(p, err)))
	case outcome == Refused || old:
		s.log.Error("Jira refused work on a ticket", "ticket", t.ID, "method", p.Method, "error", cause)
		if gerr := s.db.GiveUp(ctx, &p, cause, s.now()); gerr != nil {
			s.note(gerr)
			return
		}
		_, cerr := s.db.ChangeTicket(ctx, t.ID, s.now(), func(k *state.Ticket) (state.TicketStep, error) {
			if p.Method == MethodCreate {
				k.State, k.Open, k.Refused = state.TicketGone, false, cause
			}
			return s.hooks.Refused(k, p, err)
		})
		s.note(cerr)
	case outcome == Later:
		s.wait(ctx, t, err)
		s.note(s.db.Retry(ctx, &p, cause, s.later(p, err)))
	default:
		s.log.Warn("outcome of work on a ticket not known; looking it up before it is done again", "ticket", t.ID, "method", p.Method, "error", cause)
		if p.Method == MethodCreate {
			at := s.now()
			_, cerr := s.db.ChangeTicket(ctx, t.ID, at, func(k *state.Ticket) (state.TicketStep, error) {
				k.UnknownSince = at
				return state.TicketStep{}, nil
			})
			s.note(cerr)
		}
		s.wait(ctx, t, err)
		s.note(s.db.Unsure(ctx, &p, cause, s.later(p, err)))
	}
}

// wait tells, once, that a ticket that is not made yet has to wait.
func (s *Sender) wait(ctx context.Context, t state.Ticket, err error) {
	if t.Key != "" || t.Said["waiting"] != "" {
		return
	}
	_, cerr := s.db.ChangeTicket(ctx, t.ID, s.now(), func(k *state.Ticket) (state.TicketStep, error) {
		if k.Said["waiting"] != "" {
			return state.TicketStep{}, nil
		}
		k.Said["waiting"] = s.now().UTC().Format(time.RFC3339)
		return s.hooks.Waiting(k, err)
	})
	s.note(cerr)
}

// later is when to try again: the wait doubles with every attempt that failed, with some chance in it, and is never shorter than Jira asks for.
func (s *Sender) later(p state.Post, err error) time.Time {
	wait := longRetry
	if p.Tries < 7 {
		wait = min(longRetry, firstRetry<<p.Tries)
	}
	wait += time.Duration(rand.Int64N(int64(wait)/4 + 1))
	if e, ok := errors.AsType[*Error](err); ok {
		wait = max(wait, e.Wait)
	}
	if Fatal(err) {
		wait = longRetry
	}
	return s.now().Add(wait)
}

func (s *Sender) note(err error) {
	if err != nil && !errors.Is(err, state.ErrOvertaken) {
		s.log.Error("outbox not written", "error", err)
	}
}
