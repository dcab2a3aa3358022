package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SourceLook is when a source of bills was looked at. It tells people and the watch; what was loaded is in the load records.
type SourceLook struct {
	Source    string          // its name in the configuration
	First     time.Time       // the first look
	Looked    time.Time       // the last one
	Succeeded time.Time       // the last one that saw what lies there; zero for none
	Error     string          // of the last look; "" where it succeeded
	Waiting   []SourceWaiting // as the last look that succeeded saw it
}

// SourceWaiting is a delivery that was not loaded, and why.
type SourceWaiting struct {
	Key   string `json:"delivery"`
	State string `json:"state"` // waiting, refused, failed
	Why   string `json:"why"`
}

// mostWaiting bounds what is kept of a look.
const mostWaiting = 50

// RecordLook keeps a look at a source; cause is why it failed, "" where it succeeded.
func (db *DB) RecordLook(ctx context.Context, source string, at time.Time, waiting []SourceWaiting, cause string) error {
	if len(waiting) > mostWaiting {
		waiting = waiting[:mostWaiting]
	}
	if waiting == nil {
		waiting = []SourceWaiting{}
	}
	list, err := json.Marshal(waiting)
	if err != nil {
		return wrap("keep the look at "+source, db.path, err)
	}
	succeeded := stamp(at)
	if cause != "" {
		succeeded = ""
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO source_looks (source, first, looked, succeeded, error, waiting) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (source) DO UPDATE SET looked = excluded.looked, error = excluded.error,
			succeeded = CASE WHEN excluded.error = '' THEN excluded.succeeded ELSE source_looks.succeeded END,
			waiting = CASE WHEN excluded.error = '' THEN excluded.waiting ELSE source_looks.waiting END`,
			source, stamp(at), stamp(at), succeeded, cause, string(list))
		return err
	})
	if err != nil {
		return wrap("keep the look at "+source, db.path, err)
	}
	return nil
}

// SourceLooks returns the last look at each source, by its name.
func (db *DB) SourceLooks(ctx context.Context) (map[string]SourceLook, error) {
	out, err := db.sourceLooks(ctx)
	if err != nil {
		return nil, wrap("read the looks at sources", db.path, err)
	}
	return out, nil
}

func (db *DB) sourceLooks(ctx context.Context) (out map[string]SourceLook, err error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT source, first, looked, succeeded, error, waiting FROM source_looks")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]SourceLook{}
	for rows.Next() {
		var l SourceLook
		var first, looked, succeeded, waiting string
		if err := rows.Scan(&l.Source, &first, &looked, &succeeded, &l.Error, &waiting); err != nil {
			return nil, err
		}
		for _, s := range []struct {
			text string
			to   *time.Time
		}{{first, &l.First}, {looked, &l.Looked}, {succeeded, &l.Succeeded}} {
			if *s.to, err = parseStamp(s.text); err != nil {
				return nil, err
			}
		}
		if err := json.Unmarshal([]byte(waiting), &l.Waiting); err != nil {
			return nil, fmt.Errorf("look at %s: %w", l.Source, err)
		}
		out[l.Source] = l
	}
	return out, rows.Err()
}

// Breach is a source that is late.
type Breach struct {
	Source string
	Since  time.Time // when it was noticed
	Why    string
}

// Breaches returns the sources that are late.
func (db *DB) Breaches(ctx context.Context) (map[string]Breach, error) {
	out, err := db.breaches(ctx)
	if err != nil {
		return nil, wrap("read which sources are late", db.path, err)
	}
	return out, nil
}

func (db *DB) breaches(ctx context.Context) (out map[string]Breach, err error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT source, since, why FROM source_breaches")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]Breach{}
	for rows.Next() {
		var b Breach
		var since string
		if err := rows.Scan(&b.Source, &since, &b.Why); err != nil {
			return nil, err
		}
		if b.Since, err = parseStamp(since); err != nil {
			return nil, err
		}
		out[b.Source] = b
	}
	return out, rows.Err()
}

// Watch keeps whether a source is late. When that changes it enqueues what post makes of the breach, in the same
// transaction: a breach is told once when it begins and once when it ends, whoever watches and whenever they are killed.
// changed is whether it did.
func (db *DB) Watch(ctx context.Context, source string, late bool, why string, now time.Time, post func(b Breach, late bool) (Post, error)) (changed bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		b := Breach{Source: source}
		var since string
		err := tx.QueryRowContext(ctx, "SELECT since, why FROM source_breaches WHERE source = ?", source).Scan(&since, &b.Why)
		known := !errors.Is(err, sql.ErrNoRows)
		if known && err != nil {
			return err
		}
		if known == late {
			return nil
		}
		if late {
			b.Since, b.Why = now, why
			_, err = tx.ExecContext(ctx, "INSERT INTO source_breaches (source, since, why) VALUES (?, ?, ?)", source, stamp(now), why)
		} else if b.Since, err = parseStamp(since); err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM source_breaches WHERE source = ?", source)
		}
		if err != nil {
			return err
		}
		p, err := post(b, late)
		if err != nil {
			return err
		}
		if _, err := enqueueIn(ctx, tx, p, now); err != nil {
			return err
		}
		changed = true
		return nil
	})
	if err != nil {
		return false, wrap("watch "+source, db.path, err)
	}
	return changed, nil
}
