package ticket

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"spendbot/bot/jira"
	"spendbot/bot/state"
)

// Rules say how a ticket lives.
type Rules struct {
	// Reject are the resolutions by which people decline: such a ticket is not made again for the same incident.
	Reject []string
	// Reopen is how long after Done a ticket is reopened rather than another made.
	Reopen time.Duration
}

// DefaultRules are those that hold unless the configuration says otherwise.
func DefaultRules() Rules {
	return Rules{Reject: []string{"Won't Do", "Won't Fix", "Duplicate", "Declined", "Rejected", "Cannot Reproduce", "Obsolete", "Not a Bug"}, Reopen: 14 * 24 * time.Hour}
}

// Follow takes over what Jira says of a ticket, and returns what changed. What people decided in Jira holds: the bot's own records follow it.
func Follow(t *state.Ticket, i jira.Issue, r Rules, now time.Time) []state.TicketChange {
	var out []state.TicketChange
	add := func(kind, detail string) {
		out = append(out, state.TicketChange{Kind: kind, Happened: now, Detail: detail})
	}
	t.Polled = now
	if i.Key != "" && i.Key != t.Key { // moved to another project
		if t.Key != "" {
			add("moved", t.Key+" -> "+i.Key)
		}
		t.Key = i.Key
	}
	if i.Status != t.Status {
		if t.Status != "" {
			add("status", t.Status+" -> "+i.Status)
		}
		t.Status = i.Status
	}
	if i.Assignee.Name != t.Assignee {
		add("assigned", cmp.Or(i.Assignee.Name, "nobody"))
		t.Assignee = i.Assignee.Name
	}
	if i.Due != t.Due {
		if t.Due != "" || i.Due != t.Wrote["duedate"] {
			add("due", cmp.Or(i.Due, "none"))
		}
		t.Due = i.Due
	}
	t.Category, t.Resolution, t.Priority, t.Updated = string(i.Category), i.Resolution, i.Priority, i.Updated
	ended := t.State == state.TicketDone || t.State == state.TicketRejected
	switch {
	case i.Category == jira.Done && rejected(i.Resolution, r):
		if t.State != state.TicketRejected {
			add("ended", i.Resolution)
		}
		t.State, t.Open = state.TicketRejected, false
		t.Finished = cmp.Or(i.Resolved, now)
	case i.Category == jira.Done:
		if t.State != state.TicketDone {
			t.Finished = cmp.Or(i.Resolved, now)
			add("done", cmp.Or(i.Resolution, "Done"))
		}
		t.State = state.TicketDone
	case ended || t.State == state.TicketQueued || t.State == state.TicketGone:
		if ended || t.State == state.TicketGone {
			add("reopened", i.Status)
		}
		t.State, t.Finished = state.TicketOpen, time.Time{}
	}
	return out
}

// Gone takes over that Jira no longer has a ticket, or lets the bot see it.
func Gone(t *state.Ticket, now time.Time) []state.TicketChange {
	t.Polled = now
	if t.State == state.TicketGone {
		return nil
	}
	t.State, t.Open = state.TicketGone, false
	return []state.TicketChange{{Kind: "gone", Happened: now, Detail: "Jira no longer has " + t.Key + ", or does not let the bot see it"}}
}

func rejected(resolution string, r Rules) bool {
	return slices.ContainsFunc(r.Reject, func(x string) bool {
		return strings.EqualFold(strings.ReplaceAll(x, "’", "'"), strings.ReplaceAll(resolution, "’", "'"))
	})
}

// Again says what to do when an incident that has a ticket is to have one.
type Again int

// The answers of [Anew].
const (
	Keep   Again = iota // the ticket there is
	Reopen              // it was done lately: the same ticket goes on
	Make                // another
)

// Anew decides between the last ticket of an incident and another. A person who asks gets one even where people declined before, or said that it was
// done not long ago; a policy does not.
func Anew(last state.Ticket, r Rules, byPolicy bool, now time.Time) Again {
	switch last.State {
	case state.TicketDone:
		switch {
		case now.Sub(last.Finished) > r.Reopen:
			return Make
		case byPolicy: // the bill shows days later whether it was
			return Keep
		}
		return Reopen
	case state.TicketRejected:
		if byPolicy {
			return Keep
		}
		return Make
	case state.TicketGone:
		if byPolicy { // somebody deleted it
			return Keep
		}
		return Make
	}
	return Keep
}

// value is a field of an issue as [state.TicketDetail].Wrote keeps it; ok is false for a field that is not compared.
func value(i jira.Issue, field string) (v string, ok bool) {
	switch field {
	case "summary":
		return i.Summary, true
	case "description":
		return strings.ReplaceAll(i.Description, "\r\n", "\n"), true
	case "priority":
		return i.Priority, true
	case "duedate":
		return i.Due, true
	case "assignee":
		return i.Assignee.ID, true
	case "labels":
		return jira.Joined(i.Labels), true
	case "components":
		return jira.Joined(i.Components), true
	}
	if raw, has := i.Custom[field]; has {
		return string(raw), true
	}
	return "", strings.HasPrefix(field, "customfield_")
}

// Ours reports whether a field of an issue is as the bot last wrote it: only then may the bot write it again. A field that it never wrote is not its own.
func Ours(t state.Ticket, i jira.Issue, field string) bool {
	wrote, ok := t.Wrote[field]
	if !ok {
		return false
	}
	is, known := value(i, field)
	return known && strings.TrimSpace(is) == strings.TrimSpace(wrote)
}

// toSlack begins a comment in Jira that is meant for the thread.
const toSlack = "!slack"

// Relayed are the comments that are to be told in the thread: those that people began with "!slack" and that were not told yet. They are marked as told.
func Relayed(t *state.Ticket, comments []jira.Comment, self string) []jira.Comment {
	var out []jira.Comment
	for _, c := range comments {
		if c.Author.ID == self {
			continue
		}
		body, ok := strings.CutPrefix(strings.TrimSpace(c.Body), toSlack)
		if !ok || body != "" && !strings.ContainsAny(body[:1], " \n\t:") || t.Said["comment/"+c.ID] != "" {
			continue
		}
		if c.Body = strings.TrimSpace(strings.TrimPrefix(body, ":")); c.Body == "" {
			continue
		}
		t.Said["comment/"+c.ID] = c.Created.UTC().Format(time.RFC3339)
		out = append(out, c)
	}
	return out
}
