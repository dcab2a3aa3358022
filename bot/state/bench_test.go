package state

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

func benchDB(b *testing.B) *DB {
	db, err := Open(b.Context(), filepath.Join(b.TempDir(), "spendbot.db"))
	ok(b, err)
	b.Cleanup(func() { _ = db.Close() })
	return db
}

var benchPayload = make([]byte, 600)

// BenchmarkReceive is what stands between an event and its acknowledgement: one commit, on the disk.
func BenchmarkReceive(b *testing.B) {
	db := benchDB(b)
	for i := 0; b.Loop(); i++ {
		receive(b, db, Item{Key: fmt.Sprint(i), Lane: fmt.Sprint(i), Payload: benchPayload, Received: t0})
	}
}

func BenchmarkReceiveFinish(b *testing.B) {
	db := benchDB(b)
	for i := 0; b.Loop(); i++ {
		key := fmt.Sprint(i)
		receive(b, db, Item{Key: key, Lane: key, Payload: benchPayload, Received: t0})
		ok(b, db.Finish(b.Context(), key, "answered", t0))
	}
}

// BenchmarkReceiveParallel is a burst: 32 askers at once.
func BenchmarkReceiveParallel(b *testing.B) {
	db := benchDB(b)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		owner := fmt.Sprintf("%p", pb)
		for i := 0; pb.Next(); i++ {
			if _, err := db.Receive(b.Context(), Item{Key: fmt.Sprint(owner, i), Payload: benchPayload, Received: t0}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkQuestion is all that a question of two posts costs here, with 50,000 finished items behind it.
func BenchmarkQuestion(b *testing.B) {
	db, ctx := benchDB(b), b.Context()
	ok(b, db.write(ctx, bulkFinished(ctx, 50_000, t0)))
	for i := 0; b.Loop(); i++ {
		key := fmt.Sprint(i)
		receive(b, db, Item{Key: key, Lane: key, Payload: benchPayload, Received: t0})
		if takeKey(b, db, "a", t0) != key {
			b.Fatal(key)
		}
		for _, part := range []string{"/1", "/2"} {
			enqueue(b, db, Post{Key: key + part, Item: key, Channel: "C", Thread: key, Payload: benchPayload})
		}
		ok(b, db.SetThread(ctx, Thread{Team: "T", Channel: "C", TS: key, Answer: "Q-7F3K2M", Updated: t0}))
		ok(b, db.Audit(ctx, AuditRow{At: t0, Item: key, Asked: "why?", Outcome: "answered"}))
		ok(b, db.Finish(ctx, key, "answered", t0))
		for range 2 {
			p, _ := takePost(b, db, "a", t0)
			ok(b, db.Sent(ctx, p.Key, "171.5", t0))
		}
	}
}

// BenchmarkTakeIdle is a worker that asks and finds nothing, with 50,000 finished items.
func BenchmarkTakeIdle(b *testing.B) {
	db, ctx := benchDB(b), b.Context()
	ok(b, db.write(ctx, bulkFinished(ctx, 50_000, t0)))
	for b.Loop() {
		if takeKey(b, db, "a", t0) != "" {
			b.Fatal("taken")
		}
	}
}

// BenchmarkTakePostBehindABacklog takes and puts off a post behind 5,000 that wait: Slack is down, or limits the rate.
func BenchmarkTakePostBehindABacklog(b *testing.B) {
	db, ctx := benchDB(b), b.Context()
	ok(b, db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO outbox (key, ordinal, lane, item, method, channel, thread, user_id, kind, payload, state, doubt, ts,
				attempts, owner, lease_until, not_before, created, last_error)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
			SELECT i, i, 'c C' || i % 50, '', 'm', 'C', '', '', '', zeroblob(3000), 'pending', 0, '', 1, '', '', ?, '', '' FROM n`, stamp(after(time.Hour)))
		return err
	}))
	enqueue(b, db, Post{Key: "k", Channel: "D", Payload: benchPayload})
	for b.Loop() {
		p, _ := takePost(b, db, "a", t0)
		ok(b, db.Retry(ctx, p, "ratelimited", t0))
	}
}
