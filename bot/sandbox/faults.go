package sandbox

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Faults say how the sandbox misbehaves. Shares are between 0 and 1. Where a map is keyed by method, "*" is every method
// that has no entry of its own.
type Faults struct {
	// RedeliverShare is of acknowledged deliveries that are made once more all the same: of every kind, although Slack itself
	// is known to do so with events only.
	RedeliverShare float64
	DropAckShare   float64              // of acks that are lost on their way: events are delivered again, the rest times out
	RateLimit      map[string]RateLimit // answers 429
	Fail           map[string]Failure
	InvalidBlocks  float64 // of messages with blocks that are refused with invalid_blocks although they are good
	Down           bool    // every call is answered 503, sockets are cut and none can be opened
	Cut            bool    // as Down, but connections are closed without an answer
}

// RateLimit refuses each Every-th call of a method with status 429 and Retry-After, rounded up to seconds.
type RateLimit struct {
	Every      int
	RetryAfter time.Duration
}

// Failure makes calls of a method fail.
type Failure struct {
	Share float64   // of the calls; 0 means all of them
	Until time.Time // by the wall clock; zero means for as long as it is set
	// One of: a Slack error code; an HTTP status; Cut, which closes the connection without an answer.
	Code   string
	Status int
	Cut    bool
	// AfterEffect lets the call do its work first: only the answer is lost.
	AfterEffect bool
}

// SetFaults replaces the faults in force.
func (s *Sandbox) SetFaults(f Faults) {
	s.mu.Lock()
	s.faults = f
	s.changed.Broadcast()
	s.mu.Unlock()
	if f.Down || f.Cut {
		s.DisconnectAll("")
	}
}

// fault is what befalls one call.
type fault struct {
	limit *RateLimit
	fail  *Failure
}

// faultFor draws the fate of a call; the caller holds the lock.
func (s *Sandbox) faultFor(method string) fault {
	var f fault
	if limit, ok := byMethod(s.faults.RateLimit, method); ok && limit.Every > 0 {
		s.dice.count["limit/"+method]++
		if s.dice.count["limit/"+method]%limit.Every == 0 {
			f.limit = &limit
			return f
		}
	}
	if fail, ok := byMethod(s.faults.Fail, method); ok && (fail.Until.IsZero() || s.wall().Before(fail.Until)) {
		if fail.Share == 0 || s.dice.draw("fail/"+method, fail.Share) {
			f.fail = &fail
		}
	}
	return f
}

func byMethod[T any](m map[string]T, method string) (T, bool) {
	if v, ok := m[method]; ok {
		return v, true
	}
	v, ok := m["*"]
	return v, ok
}

// dice draws each kind of fault from a stream of its own, so that one kind does not shift another.
type dice struct {
	seed    uint64
	streams map[string]*rand.Rand
	count   map[string]int
}

func newDice(seed uint64) dice {
	return dice{seed: seed, streams: map[string]*rand.Rand{}, count: map[string]int{}}
}

func (d *dice) draw(kind string, share float64) bool {
	if share <= 0 {
		return false
	}
	r := d.streams[kind]
	if r == nil {
		h := fnv.New64a()
		h.Write([]byte(kind))
		r = rand.New(rand.NewPCG(d.seed, h.Sum64()))
		d.streams[kind] = r
	}
	return r.Float64() < share
}
