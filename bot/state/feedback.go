package state

import (
	"context"
	"database/sql"
	"time"
)

// Feedback is a person's verdict on an answer. It is never purged.
type Feedback struct {
	Answer     string // an answer's id
	Team, User string
	Helpful    bool
	At         time.Time
}

// SaveFeedback keeps a verdict; of several by one person on one answer the last counts.
func (db *DB) SaveFeedback(ctx context.Context, f Feedback) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO feedback (answer, team, user_id, helpful, given) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (answer, team, user_id) DO UPDATE SET helpful = excluded.helpful, given = excluded.given`,
			f.Answer, f.Team, f.User, f.Helpful, stamp(f.At))
		return err
	})
	if err != nil {
		return wrap("keep feedback on "+f.Answer, db.path, err)
	}
	return nil
}

// FeedbackOf returns the verdicts on an answer, the oldest first.
func (db *DB) FeedbackOf(ctx context.Context, answer string) ([]Feedback, error) {
	list, err := db.feedbackOf(ctx, answer)
	if err != nil {
		return nil, wrap("read feedback on "+answer, db.path, err)
	}
	return list, nil
}

func (db *DB) feedbackOf(ctx context.Context, answer string) ([]Feedback, error) {
	return collect(ctx, db.sql, func(scan func(...any) error, f *Feedback) error {
		return scan(&f.Answer, &f.Team, &f.User, &f.Helpful, intoTime(&f.At))
	}, "SELECT answer, team, user_id, helpful, given FROM feedback WHERE answer = ? ORDER BY given, team, user_id", answer)
}
