package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
)

// Declared is a billing incident that somebody declared: it has a channel of its own.
type Declared struct {
	ID       string // B-7F3K2M
	Source   string // what somebody did to declare it, an item's key: done again it is the same one
	Incident string // I-7F3K2M; "" of one declared in words
	Open     bool
	Name     string // of its channel, without the #
	Channel  string // its id; "" until Slack has said it
	Began    time.Time
	Slot     int // the last status update that is dealt with: the first is 1

	DeclaredDetail
}

// DeclaredDetail is what is kept of a declared incident besides what it is looked for by.
type DeclaredDetail struct {
	By       string            `json:"by"`   // who declared it, an id of Slack
	Team     string            `json:"team"` // of Slack
	Title    string            `json:"title"`
	Filters  []analysis.Filter `json:"filters"` // its slice: what is said in its channel lies within
	Owner    string            `json:"owner,omitempty"`
	Onset    time.Time         `json:"onset"`
	Runbook  string            `json:"runbook,omitempty"`
	Private  bool              `json:"private,omitempty"`
	From     string            `json:"from,omitempty"`   // the channel it was declared in
	Thread   string            `json:"thread,omitempty"` // and the thread; "" for none
	Creating int               `json:"creating"`         // how many names were tried for its channel

	Roles    map[string]string    `json:"roles,omitempty"`    // who took which, an id of Slack by role
	RolesAt  map[string]time.Time `json:"roles_at,omitempty"` // when
	Invitees []DeclaredInvitee    `json:"invitees,omitempty"`
	Missing  []string             `json:"missing,omitempty"`  // who was to be invited and could not be, and why
	Troubles []string             `json:"troubles,omitempty"` // what Slack would not do, and what to do about it

	ContainedAt   time.Time       `json:"contained_at,omitzero"`
	ContainedBy   string          `json:"contained_by,omitempty"`
	ContainedRate analysis.Amount `json:"contained_rate"` // what it cost a day when it was contained
	ClosedAt      time.Time       `json:"closed_at,omitzero"`
	ClosedBy      string          `json:"closed_by,omitempty"`
	ArchivedAt    time.Time       `json:"archived_at,omitzero"`

	Rooted   string            `json:"rooted,omitempty"` // the channel that the root message of its incident's thread names; "" for none
	Card     int               `json:"card"`             // how often the card was written
	CardTS   string            `json:"card_ts"`          // the card's timestamp, once it is known
	CardSeen string            `json:"card_seen"`        // what the card last said, as a fingerprint
	Noted    bool              `json:"noted"`            // what became of invitations and the pin is on the card
	Reviews  int               `json:"reviews"`
	Said     *DeclaredExposure `json:"said,omitempty"`    // what the channel was last told in an update
	Look     *DeclaredExposure `json:"look,omitempty"`    // the last look at the bill, which the card shows
	Pressed  []string          `json:"pressed,omitempty"` // the last presses that were dealt with
}

// DeclaredInvitee is somebody who is to be in the channel.
type DeclaredInvitee struct {
	User string `json:"user"`
	As   string `json:"as"` // "FinOps", "owner payments", "declared it"
}

// DeclaredExposure is what a declared incident costs, as it was last said. Amounts are in Currency; package declared has the formulas.
type DeclaredExposure struct {
	Answer   string          `json:"answer"` // the id of the answer that it is of
	Currency string          `json:"currency"`
	At       time.Time       `json:"at"`
	Through  time.Time       `json:"through"`
	Days     int             `json:"days"` // complete ones since the onset
	Cost     analysis.Amount `json:"cost"`
	Expected analysis.Amount `json:"expected"`
	SoFar    analysis.Amount `json:"so_far"`
	PerDay   analysis.Amount `json:"per_day"`
	Basis    string          `json:"basis"` // what was expected, in words
	How      string          `json:"how,omitempty"`
}

// DeclaredChange is something that happened to a declared incident.
type DeclaredChange struct {
	Declared string
	Happened time.Time
	Kind     string // declared, opened, role, contained, uncontained, closed, reopened, status, invited
	Who      string // a person's id in Slack; "" the bot
	Detail   string
}

// DeclaredMark is a message of the channel that somebody marked for the timeline.
type DeclaredMark struct {
	TS     string // of the message
	Who    string // who marked it; of several the first
	Event  string // when, by Slack's clock
	Author string
	Said   string
}

// DeclaredStep is what a change of a declared incident brings with it.
type DeclaredStep struct {
	Changes []DeclaredChange // of which Declared and Happened are filled in where they are empty
	Posts   []Post
	Answer  *analysis.Answer // kept with it; nil for none
	Review  string           // Markdown, kept under the number [DeclaredDetail.Reviews]; "" for none
}

// ErrUnchanged is returned by a function that changes something when there is nothing to change: nothing is written then, and nobody is told of an error.
var ErrUnchanged = errors.New("nothing to change")

// Declare keeps a new declared incident with the posts that open its channel. Where its source is kept already, or its incident has an open one, nothing
// changes, fresh is false and the one returned is that. Names gives its channel's name, another for every try; one that no other has had is taken.
func (db *DB) Declare(ctx context.Context, d Declared, now time.Time, names func(try int) string, step func(*Declared) (DeclaredStep, error)) (kept Declared, fresh bool, err error) {
	op := "declare " + d.Title
	if d.Source == "" {
		return Declared{}, false, wrap(op, db.path, errors.New("it needs to be known by what it was declared"))
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, "SELECT "+declaredColumns+" FROM declared WHERE source = ? OR incident = ? AND incident <> '' AND open ORDER BY ordinal LIMIT 1", d.Source, d.Incident)
		if err := scanDeclared(row.Scan, &kept); err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		for {
			d.ID = "B-" + strings.TrimPrefix(drawID(), idPrefix)
			if n, err := count(ctx, tx, "SELECT count(*) FROM declared WHERE id = ?", d.ID); err != nil {
				return err
			} else if n == 0 {
				break
			}
		}
		if err := nextName(ctx, tx, &d, names); err != nil {
			return err
		}
		d.Open, d.Began = true, now
		st, err := step(&d)
		if err != nil {
			return err
		}
		kept, fresh = d, true
		if err := putDeclared(ctx, tx, d, true); err != nil {
			return err
		}
		return takeDeclaredStep(ctx, tx, d, st, now)
	})
	if err != nil {
		return Declared{}, false, wrap(op, db.path, err)
	}
	return kept, fresh, nil
}

// mostNames bounds the tries for a name of a channel.
const mostNames = 200

// nextName gives a declared incident the next name that no other has had.
func nextName(ctx context.Context, tx *sql.Tx, d *Declared, names func(try int) string) error {
	for range mostNames {
		d.Creating++
		d.Name = names(d.Creating)
		if n, err := count(ctx, tx, "SELECT count(*) FROM declared WHERE name = ?", d.Name); n == 0 || err != nil {
			return err
		}
	}
	return fmt.Errorf("%d names for its channel are taken, the last %s", mostNames, d.Name)
}

func count(ctx context.Context, tx *sql.Tx, query string, args ...any) (n int, err error) {
	err = tx.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// ChangeDeclared reads a declared incident, lets f change it, and keeps it with what that brings, in one transaction. When f returns an error nothing changes, and
// [ErrUnchanged] is none for the caller. Opening one again while its incident has another open fails. An unknown id's error wraps fs.ErrNotExist.
func (db *DB) ChangeDeclared(ctx context.Context, id string, now time.Time, f func(*Declared) (DeclaredStep, error)) (d Declared, changed bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, "SELECT "+declaredColumns+" FROM declared WHERE id = ?", id)
		if err := scanDeclared(row.Scan, &d); errors.Is(err, sql.ErrNoRows) {
			return notFound(fmt.Sprintf("no declared incident %q is kept", id))
		} else if err != nil {
			return err
		}
		st, err := f(&d)
		if err != nil {
			return err
		}
		if d.Open && d.Incident != "" {
			if n, err := count(ctx, tx, "SELECT count(*) FROM declared WHERE incident = ? AND open AND id <> ?", d.Incident, id); err != nil {
				return err
			} else if n > 0 {
				return fmt.Errorf("%s has another declared incident that is open", d.Incident)
			}
		}
		if err := putDeclared(ctx, tx, d, false); err != nil {
			return err
		}
		changed = true
		return takeDeclaredStep(ctx, tx, d, st, now)
	})
	if errors.Is(err, ErrUnchanged) {
		return d, false, nil
	}
	if err != nil {
		return Declared{}, false, wrap("change declared incident "+id, db.path, err)
	}
	return d, changed, nil
}

// RenameDeclared gives one whose channel's name was taken the next name, with the posts that try it.
func (db *DB) RenameDeclared(ctx context.Context, id, taken string, now time.Time, names func(try int) string, posts func(Declared) ([]Post, error)) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var d Declared
		row := tx.QueryRowContext(ctx, "SELECT "+declaredColumns+" FROM declared WHERE id = ?", id)
		if err := scanDeclared(row.Scan, &d); err != nil {
			return err
		}
		if d.Channel != "" || d.Name != taken {
			return nil // another process has done it
		}
		if err := nextName(ctx, tx, &d, names); err != nil {
			return err
		}
		list, err := posts(d)
		if err != nil {
			return err
		}
		if err := putDeclared(ctx, tx, d, false); err != nil {
			return err
		}
		return enqueueAll(ctx, tx, list, now)
	})
	if err != nil {
		return wrap("name the channel of declared incident "+id, db.path, err)
	}
	return nil
}

func takeDeclaredStep(ctx context.Context, tx *sql.Tx, d Declared, st DeclaredStep, now time.Time) error {
	if st.Answer != nil {
		text, err := answerRows(st.Answer)
		if err != nil {
			return err
		}
		if err := text.save(ctx, tx); err != nil {
			return err
		}
	}
	if st.Review != "" {
		if _, err := tx.ExecContext(ctx, "INSERT INTO declared_reviews (declared, number, written, review) VALUES (?, ?, ?, ?) ON CONFLICT (declared, number) DO NOTHING",
			d.ID, d.Reviews, stamp(now), st.Review); err != nil {
			return err
		}
	}
	for _, c := range st.Changes {
		if c.Happened.IsZero() {
			c.Happened = now
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO declared_changes (ordinal, declared, happened, kind, who, detail)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM declared_changes), ?, ?, ?, ?, ?)`, d.ID, stamp(c.Happened), c.Kind, c.Who, c.Detail); err != nil {
			return err
		}
	}
	return enqueueAll(ctx, tx, st.Posts, now)
}

const declaredColumns = "id, source, incident, open, name, channel, began, slot, declared"

func putDeclared(ctx context.Context, tx *sql.Tx, d Declared, fresh bool) error {
	detail, err := json.Marshal(d.DeclaredDetail)
	if err != nil {
		return err
	}
	args := []any{d.Source, d.Incident, d.Open, d.Name, d.Channel, stamp(d.Began), d.Slot, string(detail), d.ID}
	if fresh {
		_, err = tx.ExecContext(ctx, `INSERT INTO declared (ordinal, source, incident, open, name, channel, began, slot, declared, id)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM declared), ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	} else {
		_, err = tx.ExecContext(ctx, "UPDATE declared SET source = ?, incident = ?, open = ?, name = ?, channel = ?, began = ?, slot = ?, declared = ? WHERE id = ?", args...)
	}
	return err
}

func scanDeclared(scan func(...any) error, d *Declared) error {
	if err := scan(&d.ID, &d.Source, &d.Incident, &d.Open, &d.Name, &d.Channel, intoTime(&d.Began), &d.Slot, intoJSON(&d.DeclaredDetail)); err != nil {
		return fmt.Errorf("declared incident %s: %w", d.ID, err)
	}
	if d.Roles == nil {
		d.Roles = map[string]string{}
	}
	return nil
}

// DeclaredFilter says which declared incidents are meant; what is empty is any.
type DeclaredFilter struct {
	ID, Incident, Channel string
	// Active are those that are open, and closed ones whose channel is not archived.
	Active bool
}

// DeclaredIncidents lists declared incidents in the order they were declared.
func (db *DB) DeclaredIncidents(ctx context.Context, f DeclaredFilter) (list []Declared, err error) {
	defer func() {
		if err != nil {
			err = wrap("list declared incidents", db.path, err)
		}
	}()
	var only conditions
	only.is("id", f.ID)
	only.is("incident", f.Incident)
	only.is("channel", f.Channel)
	list, err = collect(ctx, db.sql, scanDeclared, "SELECT "+declaredColumns+" FROM declared"+only.where()+" ORDER BY ordinal", only.args...)
	return slices.DeleteFunc(list, func(d Declared) bool { return f.Active && !d.Open && !d.ArchivedAt.IsZero() }), err
}

// DeclaredChanges lists what happened to a declared incident, in order.
func (db *DB) DeclaredChanges(ctx context.Context, id string) (list []DeclaredChange, err error) {
	defer func() {
		if err != nil {
			err = wrap("read what happened to "+id, db.path, err)
		}
	}()
	return collect(ctx, db.sql, func(scan func(...any) error, c *DeclaredChange) error {
		return scan(&c.Declared, intoTime(&c.Happened), &c.Kind, &c.Who, &c.Detail)
	}, "SELECT declared, happened, kind, who, detail FROM declared_changes WHERE declared = ? ORDER BY ordinal", id)
}

// MarkDeclared keeps that somebody marked a message for the timeline, or took the mark away. What the person did earlier than what is known of them, or the same
// again, changes nothing, in whatever order Slack delivers it.
func (db *DB) MarkDeclared(ctx context.Context, id string, m DeclaredMark, marked bool) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var had string
		err := tx.QueryRowContext(ctx, "SELECT event FROM declared_marks WHERE declared = ? AND ts = ? AND who = ?", id, m.TS, m.Who).Scan(&had)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && !laterStamp(m.Event, had) {
			return nil
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO declared_marks (declared, ts, who, event, marked, author, said) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (declared, ts, who) DO UPDATE SET event = excluded.event, marked = excluded.marked,
			author = CASE WHEN excluded.marked THEN excluded.author ELSE declared_marks.author END, said = CASE WHEN excluded.marked THEN excluded.said ELSE declared_marks.said END`,
			id, m.TS, m.Who, m.Event, marked, m.Author, m.Said)
		return err
	})
	if err != nil {
		return wrap("mark a message for "+id, db.path, err)
	}
	return nil
}

// laterStamp compares two of Slack's timestamps, whose seconds and fractions may have been written with fewer digits.
func laterStamp(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || x == y { // a float holds one to about a quarter of a microsecond
		return a > b
	}
	return x > y
}

// DeclaredMarks lists the messages that are marked for a timeline, one entry for each whoever marked it, the oldest message first.
func (db *DB) DeclaredMarks(ctx context.Context, id string) (list []DeclaredMark, err error) {
	defer func() {
		if err != nil {
			err = wrap("read the marks of "+id, db.path, err)
		}
	}()
	list, err = collect(ctx, db.sql, func(scan func(...any) error, m *DeclaredMark) error {
		return scan(&m.TS, &m.Who, &m.Event, &m.Author, &m.Said)
	}, "SELECT ts, who, event, author, said FROM declared_marks WHERE declared = ? AND marked ORDER BY ts, event", id)
	return slices.CompactFunc(list, func(a, b DeclaredMark) bool { return a.TS == b.TS }), err
}

// DeclaredReview returns the review of a declared incident by its number; when there is none the error wraps fs.ErrNotExist.
func (db *DB) DeclaredReview(ctx context.Context, id string, number int) (string, error) {
	var s string
	err := db.sql.QueryRowContext(ctx, "SELECT review FROM declared_reviews WHERE declared = ? AND number = ?", id, number).Scan(&s)
	if errors.Is(err, sql.ErrNoRows) {
		return "", notFound(fmt.Sprintf("no review %d of %s is kept", number, id))
	}
	if err != nil {
		return "", wrap("read the review of "+id, db.path, err)
	}
	return s, nil
}
