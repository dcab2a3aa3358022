package state

import (
	"context"
	"database/sql"
	"time"
)

// Postpone gives an item back that could not be dealt with now: from notBefore on it is there for [DB.Take] again, with the
// attempts counted so far. Those behind it in its lane wait with it. A finished item stays finished, and one that a later
// attempt has taken over stays with it (Attempts fences): neither is an error, as there is nothing to do about it. An unknown
// key's error wraps fs.ErrNotExist.
func (db *DB) Postpone(ctx context.Context, it *Item, notBefore time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, "UPDATE inbox SET owner = '', lease_until = ? WHERE key = ? AND attempts = ? AND finished IS NULL",
			stamp(notBefore), it.Key, it.Attempts))
		if n > 0 || err != nil {
			return err
		}
		return known(ctx, tx, "SELECT 1 FROM inbox WHERE key = ?", it.Key)
	})
	if err != nil {
		return wrap("postpone "+it.Key, db.path, err)
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
