package state

import (
	"context"
	"database/sql"
	"time"
)

// How long what holds messages' text is kept once it has done its work. Slack delivers again for a day at most: after that a
// key is not needed to know an item by.
const (
	KeptDays   = 7  // finished items and sent posts
	FailedDays = 30 // posts given up, so that somebody can see them
)

// purgeBatch bounds a transaction, so that nobody waits long for the lock.
const purgeBatch = 500

// Purge removes what is older than its days: items finished and posts sent [KeptDays] ago, posts given up [FailedDays] ago,
// threads [ThreadDays] old. A post stays as long as its item is unfinished, whose next attempt would enqueue it again. The
// audit, answers and feedback are never purged.
func (db *DB) Purge(ctx context.Context, now time.Time) error {
	const idle = "NOT EXISTS (SELECT 1 FROM inbox i WHERE i.key = outbox.item AND i.finished IS NULL)"
	kept, failed, threads := daysBefore(now, KeptDays), daysBefore(now, FailedDays), daysBefore(now, ThreadDays)
	for _, p := range []struct{ statement, before string }{
		{"DELETE FROM outbox WHERE key IN (SELECT key FROM outbox WHERE ended < ? AND state = 'sent' AND " + idle + " LIMIT ?)", kept},
		{"DELETE FROM outbox WHERE key IN (SELECT key FROM outbox WHERE ended < ? AND state = 'failed' AND " + idle + " LIMIT ?)", failed},
		{"DELETE FROM inbox WHERE key IN (SELECT key FROM inbox WHERE finished < ? LIMIT ?)", kept},
		{`DELETE FROM threads WHERE (team, channel, ts) IN (SELECT team, channel, ts FROM threads WHERE updated < ? LIMIT ?)`, threads},
	} {
		if err := db.purge(ctx, p.statement, p.before); err != nil {
			return wrap("purge", db.path, err)
		}
	}
	return nil
}

func (db *DB) purge(ctx context.Context, statement, before string) error {
	for {
		var n int64
		err := db.write(ctx, func(tx *sql.Tx) (err error) {
			n, err = changed(tx.ExecContext(ctx, statement, before, purgeBatch))
			return err
		})
		if err != nil || n < purgeBatch {
			return err
		}
	}
}

func daysBefore(now time.Time, days int) string {
	return stamp(now.Add(-time.Duration(days) * 24 * time.Hour))
}
