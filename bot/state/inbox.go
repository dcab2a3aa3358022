package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Item is something that came in and must be dealt with once: a mention, a command, a press. Its payload holds message text
// and is kept for [KeptDays] after the item is finished; it must hold no token and no response URL that outlives its use.
type Item struct {
	Key      string // names it for ever, the same on every redelivery: "T1/C1/171.0001" (team/channel/ts) or "T1/press/..."
	Lane     string // items of one lane are taken one at a time, in the order they came; "" is in no order with others
	Kind     string
	Payload  []byte
	Received time.Time
	Attempts int // how often it was taken
}

// Receive keeps an item and says whether it is new. A key that is kept already, finished or not, is not fresh, and what was
// kept first stays.
//
// Once it has returned the item survives the death of this process and, as the journal is flushed to the disk with every
// commit, that of the machine: only then may the sender be told that it came in.
func (db *DB) Receive(ctx context.Context, it Item) (fresh bool, err error) {
	op := "receive " + it.Key
	if it.Key == "" {
		return false, wrap("receive", db.path, errors.New("an item needs a key"))
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, `INSERT INTO inbox
			(key, ordinal, lane, kind, payload, received, attempts, owner, lease_until)
			VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM inbox), ?, ?, ?, ?, 0, '', '')
			ON CONFLICT (key) DO NOTHING`,
			it.Key, it.Lane, it.Kind, blob(it.Payload), stampOrNone(it.Received)))
		fresh = n > 0
		return err
	})
	if err != nil {
		return false, wrap(op, db.path, err)
	}
	return fresh, nil
}

// nextItem names the item to take at a time, bound once.
const nextItem = `SELECT i.key FROM inbox i WHERE i.finished IS NULL AND i.lease_until <= ? AND (i.lane = '' OR NOT EXISTS (
	SELECT 1 FROM inbox e WHERE e.lane = i.lane AND e.ordinal < i.ordinal AND e.finished IS NULL))
	ORDER BY i.ordinal LIMIT 1`

// Take leases the oldest item that is unfinished, that nobody holds a live lease on and that is first in its lane, until
// lease after now. It returns nil when there is none. Attempts counts this one: more than 1 says that an earlier owner died or
// was too slow, and may have done part of the work.
//
// The owner's name must be drawn anew by each process and worker: a process that renews under the name of a dead one
// would keep what the dead one held. Now is a clock that runs: on one that stands still no lease runs out.
func (db *DB) Take(ctx context.Context, owner string, now time.Time, lease time.Duration) (*Item, error) {
	it, err := db.take(ctx, owner, now, lease)
	if err != nil {
		return nil, wrap("take an item", db.path, err)
	}
	return it, nil
}

func (db *DB) take(ctx context.Context, owner string, now time.Time, lease time.Duration) (*Item, error) {
	if err := checkLease(owner, lease); err != nil {
		return nil, err
	}
	at := stamp(now)
	// Looking first needs no lock: workers that wait for work do not disturb those that write.
	if some, err := db.any(ctx, nextItem, at); !some {
		return nil, err
	}
	var it *Item
	err := db.write(ctx, func(tx *sql.Tx) error {
		// The conditions stand twice for databases whose subquery sees what was there before another's commit.
		row := tx.QueryRowContext(ctx, `UPDATE inbox SET owner = ?, lease_until = ?, attempts = attempts + 1
			WHERE key = (`+nextItem+`) AND finished IS NULL AND lease_until <= ?
			RETURNING key, lane, kind, payload, received, attempts`, owner, stamp(now.Add(lease)), at, at)
		var got Item
		err := row.Scan(&got.Key, &got.Lane, &got.Kind, &got.Payload, intoTime(&got.Received), &got.Attempts)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		it = &got
		return err
	})
	if err != nil {
		return nil, err
	}
	return it, nil
}

// Finish ends an item with its outcome: "answered", "refused", "ignored", "failed: ...". The first outcome stands: finishing
// again changes nothing and is no error, as the caller may have died, or another may have taken over, before it heard. An
// unknown key's error wraps fs.ErrNotExist.
func (db *DB) Finish(ctx context.Context, key, outcome string, now time.Time) error {
	op := "finish " + key
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx,
			"UPDATE inbox SET finished = ?, outcome = ? WHERE key = ? AND finished IS NULL",
			stamp(now), outcome, key))
		if n > 0 || err != nil {
			return err
		}
		return known(ctx, tx, "SELECT 1 FROM inbox WHERE key = ?", key)
	})
	if err != nil {
		return wrap(op, db.path, err)
	}
	return nil
}

// Unfinished counts the items that are still to be dealt with, those being worked on included.
func (db *DB) Unfinished(ctx context.Context) (int, error) {
	var n int
	if err := db.sql.QueryRowContext(ctx, "SELECT count(*) FROM inbox WHERE finished IS NULL").Scan(&n); err != nil {
		return 0, wrap("count unfinished items", db.path, err)
	}
	return n, nil
}

// any reports whether a query returns a row.
func (db *DB) any(ctx context.Context, query string, args ...any) (bool, error) {
	var one any
	err := db.sql.QueryRowContext(ctx, query, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// known is nil when a query returns a row for a key.
func known(ctx context.Context, tx *sql.Tx, query, key string) error {
	var one int
	err := tx.QueryRowContext(ctx, query, key).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(fmt.Sprintf("nothing with the key %q is kept", key))
	}
	return err
}

// changed is the number of rows that a statement changed.
func changed(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// blob is never nil: a driver binds nil as NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
