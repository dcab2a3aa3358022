package state

import (
	"context"
	"database/sql"
	"errors"
)

// Landed tells where a post to Slack arrived: the message's timestamp, also once the post itself is kept no longer, if it is the root of an
// incident's thread. Without one, open tells whether it may still arrive.
func (db *DB) Landed(ctx context.Context, key string) (ts string, open bool, err error) {
	var ended sql.NullString
	err = db.sql.QueryRowContext(ctx, "SELECT ts, ended FROM outbox WHERE key = ?", key).Scan(&ts, &ended)
	if err == nil {
		return ts, !ended.Valid, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = db.sql.QueryRowContext(ctx, "SELECT thread FROM incidents WHERE root = ? AND thread <> ''", key).Scan(&ts)
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			return ts, false, nil
		}
	}
	return "", false, wrap("look for post "+key, db.path, err)
}
