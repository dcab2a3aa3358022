package state

import (
	"context"
	"database/sql"
	"errors"
)

// AskedBy says who asked for an answer and what they were allowed to see then, so that somebody else who presses one of its
// buttons can be told apart. It is never purged.
type AskedBy struct {
	Answer              string // its id
	Team, User, Channel string
	ScopeKey            string // equal for equal scopes
}

// SetAskedBy keeps who asked for an answer. Saying the same again is no error; another asker of the same answer is one that
// wraps fs.ErrExist, and the first stays.
func (db *DB) SetAskedBy(ctx context.Context, answerID, team, user, channel, scopeKey string) error {
	want := AskedBy{answerID, team, user, channel, scopeKey}
	err := db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO asked_by (answer, team, user_id, channel, scope_key) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (answer) DO NOTHING`, answerID, team, user, channel, scopeKey); err != nil {
			return err
		}
		have, err := askedBy(tx.QueryRowContext(ctx, askedByQuery, answerID))
		if err == nil && have != want {
			return exists("it is kept as asked by another already")
		}
		return err
	})
	if err != nil {
		return wrap("keep who asked for "+answerID, db.path, err)
	}
	return nil
}

// AskedBy returns who asked for an answer. Where nobody is kept, as for one asked in a terminal, the error wraps
// fs.ErrNotExist.
func (db *DB) AskedBy(ctx context.Context, answerID string) (AskedBy, error) {
	by, err := askedBy(db.sql.QueryRowContext(ctx, askedByQuery, answerID))
	if errors.Is(err, sql.ErrNoRows) {
		return AskedBy{}, notFound("who asked for " + answerID + " is not kept")
	}
	if err != nil {
		return AskedBy{}, wrap("read who asked for "+answerID, db.path, err)
	}
	return by, nil
}

const askedByQuery = "SELECT answer, team, user_id, channel, scope_key FROM asked_by WHERE answer = ?"

func askedBy(row *sql.Row) (by AskedBy, err error) {
	err = row.Scan(&by.Answer, &by.Team, &by.User, &by.Channel, &by.ScopeKey)
	return by, err
}
