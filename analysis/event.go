package analysis

import "time"

// Event is something that was done to the systems behind a bill: a deploy, a scaling, a switched flag, a commitment bought or
// expired. It is never a cause: all that can be said is that it happened near in time to a change, and where.
type Event struct {
	ID   string `json:"id"`   // "E-7F3K2M"
	Kind string `json:"kind"` // one of those of package event
	What string `json:"what"` // "payments-api 4.18.0"
	// Begins is when it happened; Ends is zero for what took no time, or is not known to have ended.
	Begins time.Time `json:"begins"`
	Ends   time.Time `json:"ends,omitzero"`
	// Slice is where it happened, by FOCUS column or "tag:KEY", as it was reported: accounts by id or by name. Empty is not said.
	Slice  map[string]string `json:"slice,omitempty"`
	By     string            `json:"by,omitempty"`   // who did it, as it was reported
	Link   string            `json:"link,omitempty"` // where it can be looked at, an https URL
	Source string            `json:"source"`         // who told: "webhook", "github", "kubernetes", "csv", "slack", "terminal"
	// Key tells events apart: the same one reported again has the same key.
	Key string `json:"-"`
}

// NearEvent is an event that stands beside an answer.
type NearEvent struct {
	Event
	// Drivers are those of the answer's bridge, from 1, near whose onset it lies; none where it lies in the days that a series shows.
	Drivers []int `json:"drivers,omitempty"`
}

// EventTrace is what an answer took from the events: enough to look again and say whether they are the same. Events are added and
// never changed, so that those known by then are the same at any later time.
type EventTrace struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Known int64     `json:"known"` // the ordinal of the last event that was known
	// Events are those that began or ended in between, as far as the asker may see them; SHA256 is of them as JSON.
	Events []Event `json:"events"`
	SHA256 string  `json:"sha256"`
}
