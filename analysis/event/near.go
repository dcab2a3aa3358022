package event

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// How near in time an event must lie to the day a change began to be shown beside it. Bills are by day, and a deploy in the evening
// is often seen only the day after; a retry storm may take a day more to build up.
const (
	Before = 48 * time.Hour // before the first hour of the day
	After  = 24 * time.Hour // from that hour on: the day itself
)

// Window is a stretch of time: From is in it, Until is not.
type Window struct{ From, Until time.Time }

// Around is where events near a change's onset lie; ok is false where no day can be named.
func Around(o analysis.Onset) (w Window, ok bool) {
	if o.Day.IsZero() {
		return Window{}, false
	}
	first, last := o.Day, o.Day
	if o.Around {
		if !o.From.IsZero() && o.From.Before(first) {
			first = o.From
		}
		if o.To.After(last) {
			last = o.To
		}
	}
	return Window{first.Add(-Before), last.Add(After)}, true
}

// Holds reports whether an event began or ended in the window.
func (w Window) Holds(e analysis.Event) bool {
	in := func(t time.Time) bool { return !t.IsZero() && !t.Before(w.From) && t.Before(w.Until) }
	return in(e.Begins) || in(e.Ends)
}

// Fit is how an event's place and a slice of spend lie to each other.
type Fit int

// The fits, the looser first.
const (
	Apart   Fit = iota // they say different things of the same: another account, another team
	Unknown            // they say nothing of the same; only the bill could tell whether any row is of both
	Unsaid             // the event is confined to nothing
	Shares             // they say the same of something, and nothing different
)

// Name is how people know a value of a column, as accounts have names; nil knows none.
type Name func(column, value string) string

// Fits compares an event's place with a slice of spend, by FOCUS column or "tag:KEY". Letter case does not matter, an account may
// be given by id or by name, and what owners call team and environment is what the tags of that name say.
func Fits(e analysis.Event, slice map[string]string, name Name) Fit {
	if len(e.Slice) == 0 {
		return Unsaid
	}
	shares := false
	for c, v := range slice {
		said, ok := Says(e, c)
		if !ok || v == "" {
			continue
		}
		if !equal(c, v, said, name) {
			return Apart
		}
		shares = true
	}
	if shares {
		return Shares
	}
	return Unknown
}

// Says is what an event's place says of a column, or of one that says the same.
func Says(e analysis.Event, column string) (value string, ok bool) {
	value, ok = e.Slice[column]
	for _, other := range sameAs[column] {
		if !ok {
			value, ok = e.Slice[other]
		}
	}
	return value, ok
}

// sameAs are columns that say the same of a row.
var sameAs = map[string][]string{
	"x_Team": {"tag:team"}, "tag:team": {"x_Team"}, "x_Environment": {"tag:environment", "tag:env"}, "tag:environment": {"x_Environment", "tag:env"}, "tag:env": {"x_Environment", "tag:environment"},
}

func equal(column, value, said string, name Name) bool {
	if strings.EqualFold(value, said) {
		return true
	}
	if slices.Contains([]string{"x_Environment", "tag:environment", "tag:env"}, column) && environment(value) == environment(said) {
		return true
	}
	if column == "ServiceName" && serviceShort(value) == serviceShort(said) {
		return true
	}
	return name != nil && strings.EqualFold(name(column, value), said)
}

// environment is an environment's usual short name: deploy tools say production, and bills say prod.
func environment(s string) string {
	switch s = strings.ToLower(s); s {
	case "production", "prd", "live":
		return "prod"
	case "stage", "stg":
		return "staging"
	case "development", "devel":
		return "dev"
	}
	return s
}

// serviceShort is a service's name without its maker's, as people write it.
func serviceShort(s string) string {
	s = strings.ToLower(s)
	for _, p := range []string{"amazon ", "aws ", "azure ", "google cloud ", "google ", "amazon"} {
		s = strings.TrimPrefix(s, p)
	}
	return s
}

// Within reports whether an event lies in what a scope lets see: it says of every part of the scope that it is one of its values.
// An event that says nothing of it may be of anything, and is shown only to those who see everything.
func Within(e analysis.Event, scope []analysis.Filter, name Name) bool {
	for _, f := range scope {
		c := f.Dimension.Column()
		if c == "" {
			c = string(f.Dimension)
		}
		said, ok := Says(e, c)
		in := ok && slices.ContainsFunc(f.Values, func(v string) bool { return v != "" && equal(c, v, said, name) })
		if !ok || in == f.Not {
			return false
		}
	}
	return true
}

// Most is how many events are shown beside a change.
const Most = 3

// Near are the events of a list that lie near a change in time and may touch one of its slices, the closest fit first and then the
// last before it; at most [Most]. Those of which only the bill could tell are left out: see [Fits]. They co-occur with the change,
// and that is all.
func Near(list []analysis.Event, places []map[string]string, o analysis.Onset, name Name) []analysis.Event {
	w, ok := Around(o)
	if !ok {
		return nil
	}
	return Touching(list, places, w, func(e analysis.Event, slice map[string]string) Fit { return Fits(e, slice, name) })
}

// Touching is [Near] within a window, by a way to compare of the caller's own.
func Touching(list []analysis.Event, places []map[string]string, w Window, fits func(analysis.Event, map[string]string) Fit) []analysis.Event {
	type found struct {
		e   analysis.Event
		fit Fit
	}
	var out []found
	for _, e := range list {
		if !w.Holds(e) {
			continue
		}
		best := Apart
		for _, s := range places {
			best = max(best, fits(e, s))
		}
		if best >= Unsaid {
			out = append(out, found{e, best})
		}
	}
	slices.SortStableFunc(out, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.fit, a.fit), b.e.Begins.Compare(a.e.Begins), cmp.Compare(a.e.ID, b.e.ID))
	})
	var events []analysis.Event
	for _, f := range out[:min(len(out), Most)] {
		events = append(events, f.e)
	}
	return events
}

// Source gives the events that began or ended in a window, of those known at some time: up to an ordinal, 0 for now. upTo is the
// ordinal of the last one known then.
type Source func(ctx context.Context, w Window, known int64) (list []analysis.Event, upTo int64, err error)

// Again looks a second time at the events of a trace: rows are those that are found, sum is their hash, which is the trace's where
// nothing is gone or otherwise.
func (s Source) Again(ctx context.Context, t *analysis.EventTrace) (rows int, sum string, err error) {
	list, _, err := s(ctx, Window{t.From, t.Until}, max(t.Known, 1)) // 0 would be all there are now
	if err != nil {
		return 0, "", err
	}
	seen := map[string]bool{} // the asker saw no others
	for _, e := range t.Events {
		seen[e.ID] = true
	}
	list = slices.DeleteFunc(list, func(e analysis.Event) bool { return !seen[e.ID] })
	return len(list), Sum(list), nil
}

// Trace is what to keep of the events that an answer looked at.
func Trace(w Window, known int64, seen []analysis.Event) *analysis.EventTrace {
	if seen == nil {
		seen = []analysis.Event{}
	}
	return &analysis.EventTrace{From: w.From, Until: w.Until, Known: known, Events: seen, SHA256: Sum(seen)}
}
