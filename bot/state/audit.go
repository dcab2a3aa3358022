package state

import (
	"context"
	"database/sql"
	"time"
)

// AuditRow says who asked for what and what they got: one for every question, button and refusal. It holds the question's
// text and is never purged.
type AuditRow struct {
	At                  time.Time
	Team, Channel, User string
	Kind                string // question, command, button, shortcut, home
	Asked               string
	Answer              string // an answer's id; "" when none was given
	Scope               string // in words
	Outcome             string // answered, refused, clarified, failed
	Reason              string
	Item                string // the key of the item; of an item dealt with twice after a crash only the first row is kept; "" where there is none
}

// Audit adds a row.
func (db *DB) Audit(ctx context.Context, r AuditRow) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO audit
			(ordinal, item, happened, team, channel, user_id, kind, asked, answer, scope, outcome, reason)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM audit), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (item) WHERE item <> '' DO NOTHING`,
			r.Item, stamp(r.At), r.Team, r.Channel, r.User, r.Kind, r.Asked, r.Answer, r.Scope, r.Outcome, r.Reason)
		return err
	})
	if err != nil {
		return wrap("add to the audit", db.path, err)
	}
	return nil
}

// AuditFilter chooses audit rows; a zero field chooses all.
type AuditFilter struct {
	Since, Until           time.Time // half-open: since <= at < until
	User, Channel, Outcome string
	Limit                  int
}

// Audits returns the rows that a filter chooses, the newest first.
func (db *DB) Audits(ctx context.Context, f AuditFilter) ([]AuditRow, error) {
	list, err := db.audits(ctx, f)
	if err != nil {
		return nil, wrap("read the audit", db.path, err)
	}
	return list, nil
}

func (db *DB) audits(ctx context.Context, f AuditFilter) ([]AuditRow, error) {
	var only conditions
	only.since("happened", f.Since)
	if !f.Until.IsZero() {
		only.add("happened < ?", stamp(f.Until))
	}
	only.is("user_id", f.User)
	only.is("channel", f.Channel)
	only.is("outcome", f.Outcome)
	query := "SELECT item, happened, team, channel, user_id, kind, asked, answer, scope, outcome, reason FROM audit" +
		only.where() + " ORDER BY happened DESC, ordinal DESC"
	args := only.args
	if f.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, f.Limit)
	}
	return collect(ctx, db.sql, func(scan func(...any) error, r *AuditRow) error {
		return scan(&r.Item, intoTime(&r.At), &r.Team, &r.Channel, &r.User, &r.Kind, &r.Asked, &r.Answer, &r.Scope, &r.Outcome, &r.Reason)
	}, query, args...)
}
