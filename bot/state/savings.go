package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spendbot/analysis"
)

// Saving is what the bill says of a ticket's fix.
type Saving struct {
	Ticket   string
	State    string    // of package saving
	Since    time.Time // the first day on which the fix was in force
	Checked  time.Time
	Snapshot int64
	SavingFigures
}

// SavingFigures are a saving's figures; each stands in the answer, which can be traced.
type SavingFigures struct {
	Day      time.Time       `json:"day,omitzero"`  // the last complete day that was compared; zero while verifying
	Wait     time.Time       `json:"wait,omitzero"` // the last of the days that have to be complete first
	PerDay   analysis.Amount `json:"per_day"`
	Error    analysis.Amount `json:"error"` // the standard error of PerDay
	Currency string          `json:"currency"`
	Headline string          `json:"headline"`
	Answer   string          `json:"answer,omitempty"`
	// Proved is the largest that was proved of it, a day: what has to be left for it not to have regressed.
	Proved analysis.Amount `json:"proved"`
	// Avoided is how much of PerDay is growth that was stopped; the rest is below the level that the bill had before.
	Avoided analysis.Amount `json:"avoided"`
	// From is the first day that counts for what is proved now; Ended are stretches of days before, over which it was proved until it no longer was.
	From  time.Time    `json:"from,omitzero"`
	Ended []SavingSpan `json:"ended,omitempty"`
}

// SavingSpan is a stretch of days over which a saving was proved.
type SavingSpan struct {
	From    time.Time       `json:"from"`
	To      time.Time       `json:"to"` // the last of them
	PerDay  analysis.Amount `json:"per_day"`
	Avoided analysis.Amount `json:"avoided"` // of PerDay
	Answer  string          `json:"answer"`
}

// SavingChange is what the bill said of a fix from then on.
type SavingChange struct {
	Ticket   string
	Happened time.Time
	State    string
	SavingFigures
}

// KeepSaving keeps what the bill says of a ticket's fix, with a row of its history where it says something else than before, and the posts that tell it, in one
// transaction. f gets what was kept before, a Saving without a state where nothing was, and returns what is kept now; told is whether it is a change worth a row.
func (db *DB) KeepSaving(ctx context.Context, ticket string, now time.Time, f func(before Saving) (now Saving, told bool, posts []Post, err error)) (Saving, error) {
	var next Saving
	err := db.write(ctx, func(tx *sql.Tx) error {
		before := Saving{Ticket: ticket}
		row := tx.QueryRowContext(ctx, "SELECT "+savingColumns+" FROM savings WHERE ticket = ?", ticket)
		if err := scanSaving(row.Scan, &before); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var told bool
		var posts []Post
		var err error
		if next, told, posts, err = f(before); err != nil {
			return err
		}
		next.Ticket, next.Checked = ticket, now
		figures, err := json.Marshal(next.SavingFigures)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO savings (ticket, state, since, checked, snapshot, saving) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (ticket) DO UPDATE SET state = excluded.state, since = excluded.since, checked = excluded.checked, snapshot = excluded.snapshot, saving = excluded.saving`,
			ticket, next.State, stampOrNone(next.Since), stamp(now), next.Snapshot, string(figures)); err != nil {
			return err
		}
		if told {
			if _, err := tx.ExecContext(ctx, `INSERT INTO saving_changes (ordinal, ticket, happened, state, day, saving)
				VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM saving_changes), ?, ?, ?, ?, ?)`, ticket, stamp(now), next.State, stampOrNone(next.Day), string(figures)); err != nil {
				return err
			}
		}
		return enqueueAll(ctx, tx, posts, now)
	})
	if err != nil {
		return Saving{}, wrap("keep the saving of "+ticket, db.path, err)
	}
	return next, nil
}

const savingColumns = "ticket, state, since, checked, snapshot, saving"

func scanSaving(scan func(...any) error, s *Saving) error {
	if err := scan(&s.Ticket, &s.State, intoTime(&s.Since), intoTime(&s.Checked), &s.Snapshot, intoJSON(&s.SavingFigures)); err != nil {
		return fmt.Errorf("saving of %s: %w", s.Ticket, err)
	}
	return nil
}

// Savings are what the bill says of all fixes, by ticket.
func (db *DB) Savings(ctx context.Context) (out map[string]Saving, err error) {
	defer func() {
		if err != nil {
			err = wrap("read savings", db.path, err)
		}
	}()
	list, err := collect(ctx, db.sql, scanSaving, "SELECT "+savingColumns+" FROM savings")
	return by(list, func(s Saving) string { return s.Ticket }), err
}

// Saving is what the bill says of a ticket's fix; empty where it says nothing yet.
func (db *DB) Saving(ctx context.Context, ticket string) (Saving, error) {
	list, err := collect(ctx, db.sql, scanSaving, "SELECT "+savingColumns+" FROM savings WHERE ticket = ?", ticket)
	if err != nil {
		return Saving{}, wrap("read the saving of "+ticket, db.path, err)
	}
	if len(list) == 0 {
		return Saving{}, nil
	}
	return list[0], nil
}

// SavingChanges lists what the bill said of a ticket's fix over time; of all where it is "".
func (db *DB) SavingChanges(ctx context.Context, ticket string) (list []SavingChange, err error) {
	defer func() {
		if err != nil {
			err = wrap("read the history of savings", db.path, err)
		}
	}()
	return collect(ctx, db.sql, func(scan func(...any) error, c *SavingChange) error {
		if err := scan(&c.Ticket, intoTime(&c.Happened), &c.State, intoJSON(&c.SavingFigures)); err != nil {
			return fmt.Errorf("saving of %s: %w", c.Ticket, err)
		}
		return nil
	}, "SELECT ticket, happened, state, saving FROM saving_changes WHERE ? = '' OR ticket = ? ORDER BY ordinal", ticket, ticket)
}
