package state

import (
	"context"
	"database/sql"
	"time"
)

// Postpone gives an item back that could not be dealt with now: from notBefore on it is there for [DB.Take] again, with the
// attempts counted so far. Those behind it in its lane wait with it. An unknown key's error wraps fs.ErrNotExist; a finished
// item stays finished.
func (db *DB) Postpone(ctx context.Context, key string, notBefore time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, "UPDATE inbox SET owner = '', lease_until = ? WHERE key = ? AND finished IS NULL", stamp(notBefore), key))
		if n > 0 || err != nil {
			return err
		}
		return known(ctx, tx, "SELECT 1 FROM inbox WHERE key = ?", key)
	})
	if err != nil {
		return wrap("postpone "+key, db.path, err)
	}
	return nil
}

// Due counts the posts that could be sent now or are being sent: what a process that stops still has to see to.
func (db *DB) Due(ctx context.Context, now time.Time) (int, error) {
	var n int
	if err := db.sql.QueryRowContext(ctx, "SELECT count(*) FROM outbox WHERE ended IS NULL AND not_before <= ?", stamp(now)).Scan(&n); err != nil {
		return 0, wrap("count posts that are due", db.path, err)
	}
	return n, nil
}
