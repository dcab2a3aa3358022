package state

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ThreadDays is how long a conversation's context is kept after its last answer.
const ThreadDays = 30

// Thread is a conversation's context: the answer that its next question follows.
type Thread struct {
	Team, Channel string
	TS            string // of the thread's first message
	Answer        string // an answer's id
	Updated       time.Time
}

const setThread = `INSERT INTO threads (team, channel, ts, answer, updated) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (team, channel, ts) DO UPDATE SET answer = excluded.answer, updated = excluded.updated`

// SetThread keeps a conversation's context in place of an older one.
func (db *DB) SetThread(ctx context.Context, t Thread) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, setThread, t.Team, t.Channel, t.TS, t.Answer, stamp(t.Updated))
		return err
	})
	if err != nil {
		return wrap("keep the context of thread "+t.Channel+"/"+t.TS, db.path, err)
	}
	return nil
}

// Thread returns a conversation's context. When there is none, or none of the last [ThreadDays] days, the error wraps
// fs.ErrNotExist.
func (db *DB) Thread(ctx context.Context, team, channel, ts string, now time.Time) (*Thread, error) {
	t := Thread{Team: team, Channel: channel, TS: ts}
	err := db.sql.QueryRowContext(ctx, "SELECT answer, updated FROM threads WHERE team = ? AND channel = ? AND ts = ? AND updated >= ?",
		team, channel, ts, daysBefore(now, ThreadDays)).Scan(&t.Answer, intoTime(&t.Updated))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("no context of thread " + channel + "/" + ts + " is kept")
	}
	if err != nil {
		return nil, wrap("read the context of thread "+channel+"/"+ts, db.path, err)
	}
	return &t, nil
}
