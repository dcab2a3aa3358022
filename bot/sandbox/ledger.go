package sandbox

import (
	"slices"
	"time"
)

// kept bounds the ledger and the list of calls, for demos that run for weeks.
const kept = 200_000

// Delivered is one attempt to hand something to the app.
type Delivered struct {
	Envelope string // the same for every attempt of one thing
	Kind     string // "events_api", "slash_commands", "interactive"
	Type     string // "app_mention", "block_actions", "/spend", ...
	Key      string // what it is about: "T1/C1/171.0001" for a message, "T1/press/...", "T1/command/..."
	Attempt  int    // 0 is the first
	Reason   string // why it was tried again: "timeout", "http_error", ...; "" for the first
	Via      string // "socket 1" or the URL
	Sent     time.Time
	Acked    time.Time // zero: not (yet)
	Failed   string    // why there will be no ack: "timeout", "http_error 500", "ack dropped", ...
}

// Latency is the time from sending to the ack; 0 without one.
func (d Delivered) Latency() time.Duration {
	if d.Acked.IsZero() {
		return 0
	}
	return d.Acked.Sub(d.Sent)
}

// Call is one request to the Web API.
type Call struct {
	Method string
	When   time.Time // by the wall clock
	Status int       // HTTP; 0: the connection was cut
	Error  string    // Slack's code, "" for ok
}

type ledger struct {
	attempts []*Delivered
	calls    []Call
	counts   map[string]int
}

func newLedger() ledger { return ledger{counts: map[string]int{}} }

func (l *ledger) sent(d Delivered) *Delivered {
	if len(l.attempts) >= kept {
		l.attempts = slices.Delete(l.attempts, 0, kept/10)
	}
	l.attempts = append(l.attempts, &d)
	return &d
}

func (s *Sandbox) noteCall(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ledger.calls) >= kept {
		s.ledger.calls = slices.Delete(s.ledger.calls, 0, kept/10)
	}
	s.ledger.calls = append(s.ledger.calls, c)
	s.ledger.counts[c.Method]++
	s.changed.Broadcast()
}

// Ledger lists every attempt to deliver something to the app, in order.
func (v *Snapshot) Ledger() []Delivered {
	out := make([]Delivered, len(v.s.ledger.attempts))
	for i, d := range v.s.ledger.attempts {
		out[i] = *d
	}
	return out
}

// Calls lists the calls of the Web API, in order of their answers.
func (v *Snapshot) Calls() []Call { return slices.Clone(v.s.ledger.calls) }

// Count is how often a method was called.
func (v *Snapshot) Count(method string) int { return v.s.ledger.counts[method] }

// AckLatencies are the times from sending to ack of all acknowledged attempts, shortest first.
func (v *Snapshot) AckLatencies() []time.Duration {
	var out []time.Duration
	for _, d := range v.s.ledger.attempts {
		if !d.Acked.IsZero() {
			out = append(out, d.Acked.Sub(d.Sent))
		}
	}
	slices.Sort(out)
	return out
}

// Unacked counts the things that await an ack or another attempt.
func (v *Snapshot) Unacked() int { return len(v.s.mail.open) }

// Ledger lists every attempt to deliver something to the app, in order.
func (s *Sandbox) Ledger() []Delivered { return look(s, (*Snapshot).Ledger) }

// Calls lists the calls of the Web API, in order of their answers.
func (s *Sandbox) Calls() []Call { return look(s, (*Snapshot).Calls) }

// AckLatencies are the times from sending to ack of all acknowledged attempts, shortest first.
func (s *Sandbox) AckLatencies() []time.Duration { return look(s, (*Snapshot).AckLatencies) }
