package sandbox

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// envelope is one thing on its way to the app, through all its attempts.
type envelope struct {
	id, kind, typ, key string
	payload            json.RawMessage
	accepts            bool                  // the ack may carry an answer
	retries            bool                  // Slack tries again: events only
	acked              bool                  // once and for all
	answer             func(json.RawMessage) // what the ack carried; called with the lock held, once
	failed             func(reason string)   // nobody acknowledged; called with the lock held, once

	attempt int
	reason  string // why this attempt is made
	record  *Delivered
	timer   *time.Timer
	again   bool // has been delivered again although acknowledged
}

func (e *envelope) stopTimer() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// mail is what lies between the workspace and the app.
type mail struct {
	sockets []*socket
	tickets map[string]time.Time
	opened  int                  // sockets so far: their numbers
	next    int                  // whose turn it is
	open    map[string]*envelope // by envelope id, until acked and done or given up
	parked  []*envelope          // wait for a socket
}

func newMail() mail { return mail{tickets: map[string]time.Time{}, open: map[string]*envelope{}} }

// send begins to deliver an envelope. The caller holds the lock.
func (s *Sandbox) send(e *envelope) {
	if s.closed {
		return
	}
	e.id = uuid.NewString()
	s.mail.open[e.id] = e
	s.attempt(e)
}

// attempt makes one attempt: over HTTP, or over any one socket. Where no socket is open it waits for one: a bot under
// development is often not there. Slack would use up its attempts; here they count from when there is somebody to try.
func (s *Sandbox) attempt(e *envelope) {
	if s.closed || s.mail.open[e.id] != e { // acknowledged while a timer waited for the lock
		return
	}
	defer s.changed.Broadcast()
	if s.delivery.BaseURL != "" {
		s.attemptHTTP(e)
		return
	}
	if len(s.mail.sockets) == 0 {
		s.mail.parked = append(s.mail.parked, e)
		e.timer = time.AfterFunc(s.patience(e), func() { s.abandon(e) })
		return
	}
	k := s.mail.sockets[s.mail.next%len(s.mail.sockets)]
	s.mail.next++
	s.record(e, k.name)
	k.push(encode(map[string]any{"envelope_id": e.id, "type": e.kind, "payload": e.payload, "accepts_response_payload": e.accepts,
		"retry_attempt": e.attempt, "retry_reason": e.reason}))
	attempt := e.attempt
	e.timer = time.AfterFunc(s.timing.Ack, func() { s.expire(e, attempt) })
}

// record enters an attempt in the ledger.
func (s *Sandbox) record(e *envelope, via string) *Delivered {
	e.record = s.ledger.sent(Delivered{Envelope: e.id, Kind: e.kind, Type: e.typ, Key: e.key, Attempt: e.attempt, Reason: e.reason,
		Via: via, Sent: s.wall()})
	return e.record
}

// patience is how long an envelope waits for a socket: as long as Slack would have kept trying.
func (s *Sandbox) patience(e *envelope) time.Duration {
	wait := s.timing.Ack
	if e.retries {
		for _, d := range s.timing.Retries {
			wait += d + s.timing.Ack
		}
	}
	return wait
}

// abandon gives up an envelope that no socket came for.
func (s *Sandbox) abandon(e *envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.mail.parked, e); i >= 0 && !s.closed {
		s.mail.parked = slices.Delete(s.mail.parked, i, i+1)
		s.record(e, "")
		s.unacked(e, "no socket")
	}
}

// unpark tries what waited for a socket. The caller holds the lock.
func (s *Sandbox) unpark() {
	waiting := s.mail.parked
	s.mail.parked = nil
	for _, e := range waiting {
		e.stopTimer()
		s.attempt(e)
	}
}

// expire ends the wait for the ack of one attempt.
func (s *Sandbox) expire(e *envelope, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || e.attempt != attempt || !e.record.Acked.IsZero() {
		return
	}
	s.unacked(e, "timeout")
}

// unacked ends an attempt that failed and plans the next, if there is to be one. The caller holds the lock.
func (s *Sandbox) unacked(e *envelope, why string) {
	defer s.changed.Broadcast()
	if e.record.Failed == "" {
		e.record.Failed = why
	}
	if e.acked { // a needless redelivery went unanswered: nothing more to do
		delete(s.mail.open, e.id)
		return
	}
	if !e.retries || e.attempt >= len(s.timing.Retries) {
		delete(s.mail.open, e.id)
		s.log.Warn("the app did not acknowledge", "kind", e.kind, "type", e.typ, "key", e.key, "attempts", e.attempt+1, "reason", why)
		if e.failed != nil {
			e.failed(why)
		}
		return
	}
	s.again(e, why, s.timing.Retries[e.attempt])
}

// again plans another attempt.
func (s *Sandbox) again(e *envelope, why string, wait time.Duration) {
	e.attempt++
	e.reason = why
	if wait <= 0 {
		s.attempt(e)
		return
	}
	e.timer = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.attempt(e)
	})
}

// acknowledge takes the app's ack of an envelope with what it carried. The caller holds the lock.
func (s *Sandbox) acknowledge(id string, payload json.RawMessage) {
	e := s.mail.open[id]
	if e == nil || e.record == nil || !e.record.Acked.IsZero() || e.record.Failed == "ack dropped" {
		return
	}
	if !e.acked && s.dice.draw("drop ack", s.faults.DropAckShare) {
		e.record.Failed = "ack dropped"
		s.changed.Broadcast()
		return
	}
	e.stopTimer()
	e.record.Acked = s.wall()
	e.record.Failed = ""
	first := !e.acked
	e.acked = true
	if first && e.answer != nil {
		e.answer(payload)
	}
	if !e.again && s.dice.draw("redeliver", s.faults.RedeliverShare) {
		e.again = true
		s.again(e, "timeout", 0)
	} else {
		delete(s.mail.open, id)
	}
	s.changed.Broadcast()
}
