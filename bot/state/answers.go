package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spendbot/analysis"
)

// Stored is an answer as it was given.
type Stored struct {
	Answer *analysis.Answer // whole: parts, trace and bound parameters included
	Saved  time.Time        // by the wall clock, whatever --now said
}

// Summary is a stored answer in one line.
type Summary struct {
	ID       string          `json:"id"`
	Asked    time.Time       `json:"asked"`
	Question string          `json:"question"`
	Headline string          `json:"headline"`
	Intent   analysis.Intent `json:"intent"`
	Snapshot int64           `json:"snapshot,string"` // as text: it does not fit a JavaScript number
}

// SaveAnswer keeps an answer, all of it or nothing. An id that is taken already is an error that wraps fs.ErrExist;
// nothing is overwritten.
func (db *DB) SaveAnswer(ctx context.Context, a *analysis.Answer) error {
	op := "save answer " + a.ID
	rows, err := answerRows(a)
	if err != nil {
		return &Error{Op: op, Path: db.path, Err: err}
	}
	err = db.write(ctx, func(tx *sql.Tx) error { return rows.save(ctx, tx) })
	if taken(err) {
		return &Error{Op: op, Path: db.path, Err: exists("an answer with this id is kept already")}
	}
	if err != nil {
		return wrap(op, db.path, err)
	}
	return nil
}

// answerText is an answer as its rows hold it, made before the transaction that keeps it.
type answerText struct {
	*analysis.Answer
	plan, doc string
	params    []string // of its queries
}

func answerRows(a *analysis.Answer) (*answerText, error) {
	if id, err := NormalizeID(a.ID); err != nil || id != a.ID {
		return nil, fmt.Errorf("%q is no id as NewID draws it", a.ID)
	}
	plan, err := json.Marshal(a.Reading)
	if err != nil {
		return nil, err
	}
	t := &answerText{Answer: a, plan: string(plan), params: make([]string, len(a.Trace.Queries))}
	if t.doc, err = encodeAnswer(a); err != nil {
		return nil, err
	}
	for i, q := range a.Trace.Queries {
		if t.params[i], err = EncodeParams(q.Params); err != nil {
			return nil, fmt.Errorf("query %q: %w", q.Name, err)
		}
	}
	return t, nil
}

// save keeps the answer within a transaction.
func (a *answerText) save(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO answers
		(id, ordinal, saved, asked, question, intent, headline, plan, snapshot, charges_snapshot, answer)
		VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM answers), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.ID, stamp(time.Now()), stamp(a.Asked), a.Question, string(a.Reading.Intent), a.Headline, a.plan,
		a.Trace.Snapshot, a.Trace.ChargesSnapshot, a.doc); err != nil {
		return err
	}
	for i, q := range a.Trace.Queries {
		if _, err := tx.ExecContext(ctx, `INSERT INTO traces
			(answer_id, ordinal, name, query, params, row_count, sha256, ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, i+1, q.Name, q.SQL, a.params[i], q.Rows, q.SHA256, q.MS); err != nil {
			return fmt.Errorf("query %q: %w", q.Name, err)
		}
	}
	return nil
}

// Answer returns the answer with an id, read as people type it ([NormalizeID]). When there is none the error wraps
// fs.ErrNotExist.
func (db *DB) Answer(ctx context.Context, id string) (*Stored, error) {
	id, err := NormalizeID(id)
	if err != nil {
		return nil, err
	}
	s, err := db.stored(ctx, "read answer "+id, "WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("no answer " + id + " is kept; " + listHint)
	}
	return s, err
}

// Last returns the answer saved last; when there is none the error wraps fs.ErrNotExist.
func (db *DB) Last(ctx context.Context) (*Stored, error) {
	s, err := db.stored(ctx, "read the last answer", "ORDER BY ordinal DESC LIMIT 1")
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("no answer is kept yet")
	}
	return s, err
}

// stored reads the one answer that a clause names. An answer never changes once it is kept, so its queries need no
// common transaction with it.
func (db *DB) stored(ctx context.Context, op, clause string, args ...any) (*Stored, error) {
	var doc, saved string
	row := db.sql.QueryRowContext(ctx, "SELECT answer, saved FROM answers "+clause, args...)
	if err := row.Scan(&doc, &saved); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		return nil, wrap(op, db.path, err)
	}
	a, err := decodeAnswer(doc)
	if err != nil {
		return nil, wrap(op, db.path, err)
	}
	if a.Trace.Queries, err = db.queries(ctx, a.ID); err != nil {
		return nil, wrap(op, db.path, err)
	}
	at, err := time.Parse(stampLayout, saved)
	if err != nil {
		return nil, wrap(op, db.path, err)
	}
	return &Stored{Answer: a, Saved: at}, nil
}

func (db *DB) queries(ctx context.Context, id string) ([]analysis.QueryTrace, error) {
	return collect(ctx, db.sql, func(scan func(...any) error, q *analysis.QueryTrace) error {
		params := column(func(s string) (err error) {
			q.Params, err = DecodeParams(s)
			return err
		})
		return scan(&q.Name, &q.SQL, params, &q.Rows, &q.SHA256, &q.MS)
	}, "SELECT name, query, params, row_count, sha256, ms FROM traces WHERE answer_id = ? ORDER BY ordinal", id)
}

// List returns the newest answers first, at most limit of them; all when limit is 0 or less.
func (db *DB) List(ctx context.Context, limit int) ([]Summary, error) {
	list, err := db.list(ctx, limit)
	if err != nil {
		return nil, wrap("list answers", db.path, err)
	}
	return list, nil
}

func (db *DB) list(ctx context.Context, limit int) ([]Summary, error) {
	query, args := "SELECT id, asked, question, headline, intent, snapshot FROM answers ORDER BY ordinal DESC", []any(nil)
	if limit > 0 {
		query, args = query+" LIMIT ?", []any{limit}
	}
	return collect(ctx, db.sql, func(scan func(...any) error, s *Summary) error {
		return scan(&s.ID, intoTime(&s.Asked), &s.Question, &s.Headline, &s.Intent, &s.Snapshot)
	}, query, args...)
}
