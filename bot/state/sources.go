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

func (db *DB) sourceLooks(ctx context.Context) (map[string]SourceLook, error) {
	list, err := collect(ctx, db.sql, func(scan func(...any) error, l *SourceLook) error {
		if err := scan(&l.Source, intoTime(&l.First), intoTime(&l.Looked), intoTime(&l.Succeeded), &l.Error, intoJSON(&l.Waiting)); err != nil {
			return fmt.Errorf("look at %s: %w", l.Source, err)
		}
		return nil
	}, "SELECT source, first, looked, succeeded, error, waiting FROM source_looks")
	return by(list, func(l SourceLook) string { return l.Source }), err
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

func (db *DB) breaches(ctx context.Context) (map[string]Breach, error) {
	list, err := collect(ctx, db.sql, scanBreach, "SELECT source, since, why FROM source_breaches")
	return by(list, func(b Breach) string { return b.Source }), err
}

func scanBreach(scan func(...any) error, b *Breach) error {
	return scan(&b.Source, intoTime(&b.Since), &b.Why)
}

// Watch keeps whether a source is late. When that changes it enqueues what post makes of the breach, in the same
// transaction: a breach is told once when it begins and once when it ends, whoever watches and whenever they are killed.
// changed is whether it did.
func (db *DB) Watch(ctx context.Context, source string, late bool, why string, now time.Time, post func(b Breach, late bool) (Post, error)) (changed bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		b := Breach{Source: source}
		err := scanBreach(tx.QueryRowContext(ctx, "SELECT source, since, why FROM source_breaches WHERE source = ?", source).Scan, &b)
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
		} else {
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
