package state

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ErrOvertaken is wrapped by the error of a call that reports on an attempt at a post when that no longer counts: a later
// attempt has begun, or another found the message in Slack. It means that the lease was shorter than the work.
var ErrOvertaken = errors.New("overtaken: its lease ran out, and since then a later attempt has begun or the post has ended")

// Renew lengthens every lease of an owner, on items and posts, to end no sooner than lease after now. Whoever works for
// longer than a lease calls it in time, say three times a lease.
//
// It cannot know what the owner still works on: what it took must be finished, or given back with [DB.Release], or nobody
// else gets it as long as the owner renews.
func (db *DB) Renew(ctx context.Context, owner string, now time.Time, lease time.Duration) error {
	if err := checkLease(owner, lease); err != nil {
		return wrap("renew leases", db.path, err)
	}
	until := stamp(now.Add(lease))
	return db.leases(ctx, "renew leases",
		"UPDATE inbox SET lease_until = ? WHERE owner = ? AND finished IS NULL AND lease_until < ?",
		"UPDATE outbox SET lease_until = ? WHERE owner = ? AND ended IS NULL AND lease_until < ?", until, owner, until)
}

// Release ends every lease of an owner that is about to stop, so that another may take over at once. A post that was being
// sent keeps its unknown outcome.
func (db *DB) Release(ctx context.Context, owner string) error {
	if owner == "" {
		return wrap("release leases", db.path, errNoOwner)
	}
	return db.leases(ctx, "release leases",
		"UPDATE inbox SET owner = '', lease_until = '' WHERE owner = ? AND finished IS NULL",
		"UPDATE outbox SET owner = '', lease_until = '' WHERE owner = ? AND ended IS NULL", owner)
}

func (db *DB) leases(ctx context.Context, op, items, posts string, args ...any) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, items, args...)
		if err == nil {
			_, err = tx.ExecContext(ctx, posts, args...)
		}
		return err
	})
	if err != nil {
		return wrap(op, db.path, err)
	}
	return nil
}

var errNoOwner = errors.New("an owner needs a name of its own, drawn anew by each process and worker")

func checkLease(owner string, lease time.Duration) error {
	if owner == "" {
		return errNoOwner
	}
	if lease <= 0 {
		return errors.New("a lease must last longer than nothing")
	}
	return nil
}
