package state

import (
	"context"
	"fmt"
	"time"

	"spendbot/analysis"
)

// Recent is an answer that somebody got, as far as one must know to see whether it still holds.
type Recent struct {
	ID       string
	Asked    time.Time
	Question string
	Plan     analysis.Plan
	Snapshot int64
}

// RecentAnswers are the answers that a person was given in a conversation since a moment, newest first, at most limit of
// them. What App Home answered for them unasked is not among them.
func (db *DB) RecentAnswers(ctx context.Context, team, user string, since time.Time, limit int) ([]Recent, error) {
	list, err := db.recentAnswers(ctx, team, user, since, limit)
	if err != nil {
		return nil, wrap("list the answers of "+user, db.path, err)
	}
	return list, nil
}

func (db *DB) recentAnswers(ctx context.Context, team, user string, since time.Time, limit int) ([]Recent, error) {
	return collect(ctx, db.sql, func(scan func(...any) error, r *Recent) error {
		if err := scan(&r.ID, intoTime(&r.Asked), &r.Question, intoJSON(&r.Plan), &r.Snapshot); err != nil {
			return fmt.Errorf("answer %s: %w", r.ID, err)
		}
		return nil
	}, `SELECT a.id, a.asked, a.question, a.plan, a.snapshot FROM answers a JOIN asked_by b ON b.answer = a.id
		WHERE b.team = ? AND b.user_id = ? AND b.channel <> '' AND a.asked >= ? ORDER BY a.ordinal DESC LIMIT ?`, team, user, stamp(since), limit)
}
