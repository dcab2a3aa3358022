package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
)

// TicketState says how far a ticket has come.
type TicketState string

// The states of a ticket. Queued and Open are those of a ticket that counts; the others are ends.
const (
	TicketQueued   TicketState = "queued"   // claimed here; Jira has not said its key yet
	TicketOpen     TicketState = "open"     // in Jira, not done
	TicketDone     TicketState = "done"     // done in Jira: its saving is to be verified
	TicketRejected TicketState = "rejected" // ended in Jira by a resolution such as "Won't Do"
	TicketGone     TicketState = "gone"     // deleted in Jira, moved out of sight, or never made
)

// Ticket is what is known of a ticket in Jira. Of one subject at most one is open: [DB.ClaimTicket] sees to it.
type Ticket struct {
	ID      string // T-7F3K2M, before there is a key and after
	Subject string // the incident (I-...) or opportunity (O-...) that it is about
	Label   string // by which it is found in Jira
	Project string
	Key     string // FIN-12; "" until Jira has said it
	JiraID  string
	Open    bool // the one that counts for its subject
	State   TicketState
	AskedBy string // a person's id in Slack, or "policy:NAME"
	Created time.Time
	Changed time.Time
	Polled  time.Time // when Jira was last looked at; zero for never

	TicketDetail
}

// TicketDetail is what is kept of a ticket besides what it is looked for by.
type TicketDetail struct {
	Type    string `json:"type"`
	Summary string `json:"summary"`
	// Wrote is what the bot last wrote into each field, by field id: a field that is otherwise in Jira was edited by somebody, and is theirs.
	Wrote map[string]string `json:"wrote"`
	// Dropped are the fields that Jira would not take.
	Dropped []string `json:"dropped,omitempty"`

	// What Jira last said.
	Status       string    `json:"status,omitempty"`
	Category     string    `json:"category,omitempty"`
	Resolution   string    `json:"resolution,omitempty"`
	Assignee     string    `json:"assignee,omitempty"` // as people see it
	Due          string    `json:"due,omitempty"`      // 2026-12-04
	Priority     string    `json:"priority,omitempty"`
	Updated      time.Time `json:"updated,omitzero"`
	Finished     time.Time `json:"finished,omitzero"` // when it was resolved, while it is
	LastComment  string    `json:"last_comment,omitempty"`
	Refused      string    `json:"refused,omitempty"` // why Jira would not make it
	UnknownSince time.Time `json:"unknown_since,omitzero"`

	// Where it is talked of.
	Team    string `json:"team"` // of Slack
	Channel string `json:"channel"`
	Thread  string `json:"thread"`

	// Owner is the team that has to do it. Expected is what it should save a month, with its basis.
	Owner    string          `json:"owner,omitempty"`
	Currency string          `json:"currency,omitempty"`
	Low      analysis.Amount `json:"low"`
	High     analysis.Amount `json:"high"`
	Basis    string          `json:"basis,omitempty"` // list, effective, measured
	// Resources are those that carry what it is about, where few do: the fix is held against the bill by them.
	Resources []string `json:"resources,omitempty"`
	// Said are reminders and other once-only words by their name, so that each is said once.
	Said map[string]string `json:"said,omitempty"`
}

// TicketChange is something that happened to a ticket.
type TicketChange struct {
	Ticket   string
	Happened time.Time
	Kind     string // asked, made, found, status, assigned, due, comment, edited, reopened, ended, verified
	Who      string // a person in Slack or Jira; "" for the bot
	Detail   string
}

// ClaimTicket keeps that a ticket is to be made, together with the posts that make it, unless its subject has an open one: then nothing changes, fresh is
// false and the ticket returned is that one. The ticket needs its subject, label and project. Its id is made from the subject: T-7F3K2M of I-7F3K2M, T-7F3K2M.2 the second
// time, and so is the label of all but the first.
func (db *DB) ClaimTicket(ctx context.Context, t Ticket, now time.Time, posts func(Ticket) ([]Post, error)) (kept Ticket, fresh bool, err error) {
	op := "claim a ticket for " + t.Subject
	_, name, ok := strings.Cut(t.Subject, "-")
	if !ok || name == "" || t.Label == "" || t.Project == "" {
		return Ticket{}, false, wrap(op, db.path, errors.New("a ticket needs a subject with an id, a label and a project"))
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE subject = ? AND open", t.Subject)
		if err := scanTicket(row.Scan, &kept); err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var before int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tickets WHERE subject = ?", t.Subject).Scan(&before); err != nil {
			return err
		}
		if t.ID = "T-" + name; before > 0 {
			again := fmt.Sprintf(".%d", before+1)
			t.ID, t.Label = t.ID+again, t.Label+again
		}
		t.Open, t.State, t.Created, t.Changed = true, TicketQueued, now, now
		if err := putTicket(ctx, tx, t, true); err != nil {
			return err
		}
		kept, fresh = t, true
		if err := addTicketChange(ctx, tx, TicketChange{Ticket: t.ID, Happened: now, Kind: "asked", Who: t.AskedBy, Detail: t.Summary}); err != nil {
			return err
		}
		list, err := posts(t)
		if err != nil {
			return err
		}
		return enqueueAll(ctx, tx, list, now)
	})
	if err != nil {
		return Ticket{}, false, wrap(op, db.path, err)
	}
	return kept, fresh, nil
}

func enqueueAll(ctx context.Context, tx *sql.Tx, posts []Post, now time.Time) error {
	for _, p := range posts {
		if _, err := enqueueIn(ctx, tx, p, now); err != nil {
			return err
		}
	}
	return nil
}

// TicketStep is what a change of a ticket brings with it.
type TicketStep struct {
	Changes []TicketChange // of which Ticket and Happened are filled in
	Posts   []Post
	// Ended is the post to Jira whose outcome this is; it is marked as sent, with the ticket's key. Nil for none.
	Ended *Post
}

// ChangeTicket reads a ticket, lets f change it, and keeps it with what that brings, in one transaction. When f returns an error nothing changes. Closing a ticket
// frees its subject for another; opening one whose subject has another open is an error. An unknown id's error wraps fs.ErrNotExist.
func (db *DB) ChangeTicket(ctx context.Context, id string, now time.Time, f func(*Ticket) (TicketStep, error)) (Ticket, error) {
	var t Ticket
	err := db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE id = ?", id)
		if err := scanTicket(row.Scan, &t); errors.Is(err, sql.ErrNoRows) {
			return notFound(fmt.Sprintf("no ticket %q is kept", id))
		} else if err != nil {
			return err
		}
		step, err := f(&t)
		if err != nil {
			return err
		}
		if len(step.Changes) > 0 {
			t.Changed = now
		}
		if err := putTicket(ctx, tx, t, false); err != nil {
			return err
		}
		for _, c := range step.Changes {
			if c.Ticket = id; c.Happened.IsZero() {
				c.Happened = now
			}
			if err := addTicketChange(ctx, tx, c); err != nil {
				return err
			}
		}
		if p := step.Ended; p != nil {
			if _, err := tx.ExecContext(ctx, "UPDATE outbox SET state = 'sent', ts = ?, ended = ?, owner = '', lease_until = '' WHERE key = ? AND state <> 'sent'", t.Key, stamp(now), p.Key); err != nil {
				return err
			}
		}
		return enqueueAll(ctx, tx, step.Posts, now)
	})
	if err != nil {
		return Ticket{}, wrap("change ticket "+id, db.path, err)
	}
	return t, nil
}

const ticketColumns = "id, subject, label, project, key, jira_id, open, state, asked_by, created, changed, polled, ticket"

func putTicket(ctx context.Context, tx *sql.Tx, t Ticket, fresh bool) error {
	detail, err := json.Marshal(t.TicketDetail)
	if err != nil {
		return err
	}
	args := []any{t.Subject, t.Label, t.Project, t.Key, t.JiraID, t.Open, string(t.State), t.AskedBy, stamp(t.Created), stamp(t.Changed), stampOrNone(t.Polled), string(detail), t.ID}
	if fresh {
		_, err = tx.ExecContext(ctx, `INSERT INTO tickets (ordinal, subject, label, project, key, jira_id, open, state, asked_by, created, changed, polled, ticket, id)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM tickets), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE tickets SET subject = ?, label = ?, project = ?, key = ?, jira_id = ?, open = ?, state = ?, asked_by = ?, created = ?, changed = ?, polled = ?, ticket = ?
			WHERE id = ?`, args...)
	}
	return err
}

func addTicketChange(ctx context.Context, tx *sql.Tx, c TicketChange) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO ticket_changes (ordinal, ticket, happened, kind, who, detail)
		VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM ticket_changes), ?, ?, ?, ?, ?)`, c.Ticket, stamp(c.Happened), c.Kind, c.Who, c.Detail)
	return err
}

func scanTicket(scan func(...any) error, t *Ticket) error {
	if err := scan(&t.ID, &t.Subject, &t.Label, &t.Project, &t.Key, &t.JiraID, &t.Open, &t.State, &t.AskedBy, intoTime(&t.Created), intoTime(&t.Changed), intoTime(&t.Polled),
		intoJSON(&t.TicketDetail)); err != nil {
		return fmt.Errorf("ticket %s: %w", t.ID, err)
	}
	if t.Wrote == nil {
		t.Wrote = map[string]string{}
	}
	if t.Said == nil {
		t.Said = map[string]string{}
	}
	return nil
}

// TicketFilter says which tickets are meant; what is empty is any.
type TicketFilter struct {
	ID, Subject, Key string
	Open             bool // only those that count for their subject
	States           []TicketState
	Since            time.Time // changed at or after
}

// Tickets lists tickets in the order they were asked for.
func (db *DB) Tickets(ctx context.Context, f TicketFilter) ([]Ticket, error) {
	list, err := db.tickets(ctx, f)
	if err != nil {
		return nil, wrap("list tickets", db.path, err)
	}
	return list, nil
}

func (db *DB) tickets(ctx context.Context, f TicketFilter) ([]Ticket, error) {
	var only conditions
	only.is("id", f.ID)
	only.is("subject", f.Subject)
	only.is("key", f.Key)
	if f.Open {
		only.add("open")
	}
	if len(f.States) > 0 {
		states := make([]any, len(f.States))
		for i, s := range f.States {
			states[i] = string(s)
		}
		only.add("state IN (?"+strings.Repeat(", ?", len(states)-1)+")", states...)
	}
	only.since("changed", f.Since)
	return collect(ctx, db.sql, scanTicket, "SELECT "+ticketColumns+" FROM tickets"+only.where()+" ORDER BY ordinal", only.args...)
}

// Ticket returns a ticket by its id or by its key in Jira; when there is none the error wraps fs.ErrNotExist.
func (db *DB) Ticket(ctx context.Context, name string) (Ticket, error) {
	var t Ticket
	row := db.sql.QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE id = ? OR key = ? AND key <> ''", name, name)
	err := scanTicket(row.Scan, &t)
	if errors.Is(err, sql.ErrNoRows) {
		return Ticket{}, notFound(fmt.Sprintf("no ticket %q is kept", name))
	}
	if err != nil {
		return Ticket{}, wrap("read ticket "+name, db.path, err)
	}
	return t, nil
}

// TicketChanges lists what happened to a ticket, in order.
func (db *DB) TicketChanges(ctx context.Context, id string) (list []TicketChange, err error) {
	defer func() {
		if err != nil {
			err = wrap("read what happened to ticket "+id, db.path, err)
		}
	}()
	return collect(ctx, db.sql, func(scan func(...any) error, c *TicketChange) error {
		return scan(&c.Ticket, intoTime(&c.Happened), &c.Kind, &c.Who, &c.Detail)
	}, "SELECT ticket, happened, kind, who, detail FROM ticket_changes WHERE ticket = ? ORDER BY ordinal", id)
}
