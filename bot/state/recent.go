package state

import (
	"context"
	"encoding/json"
	"errors"
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

func (db *DB) recentAnswers(ctx context.Context, team, user string, since time.Time, limit int) (list []Recent, err error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT a.id, a.asked, a.question, a.plan, a.snapshot FROM answers a JOIN asked_by b ON b.answer = a.id
		WHERE b.team = ? AND b.user_id = ? AND b.channel <> '' AND a.asked >= ? ORDER BY a.ordinal DESC LIMIT ?`, team, user, stamp(since), limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Recent
		var asked, plan string
		if err := rows.Scan(&r.ID, &asked, &r.Question, &plan, &r.Snapshot); err != nil {
			return nil, err
		}
		if r.Asked, err = parseStamp(asked); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(plan), &r.Plan); err != nil {
			return nil, fmt.Errorf("plan of %s: %w", r.ID, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
