package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// AddEvents keeps events, all of them or none, and gives those an id that are new. fresh says of each whether it was; one with a key that is
// there already is left as it is, and comes back with the id it has. They must have been checked.
func (db *DB) AddEvents(ctx context.Context, list []analysis.Event, now time.Time) (kept []analysis.Event, fresh []bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		for _, e := range list {
			if e.Key == "" {
				return fmt.Errorf("the event %q has no key", e.What)
			}
			slice, err := json.Marshal(e.Slice)
			if err != nil {
				return err
			}
			row := tx.QueryRowContext(ctx, "SELECT "+eventColumns+" FROM events WHERE dedupe = ?", e.Key)
			var had analysis.Event
			if err = scanEvent(row.Scan, &had); err == nil {
				kept, fresh = append(kept, had), append(fresh, false)
				continue
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if e.ID, err = freeEventID(ctx, tx); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO events (id, ordinal, dedupe, kind, what, begins, ends, slice, actor, link, source, recorded)
				VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM events), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				e.ID, e.Key, e.Kind, e.What, stamp(e.Begins), stampOrNone(e.Ends), string(slice), e.By, e.Link, e.Source, stamp(now)); err != nil {
				return err
			}
			kept, fresh = append(kept, e), append(fresh, true)
		}
		return nil
	})
	if err != nil {
		return nil, nil, wrap("keep events", db.path, err)
	}
	return kept, fresh, nil
}

func freeEventID(ctx context.Context, tx *sql.Tx) (string, error) {
	for range idTries {
		id := "E-" + strings.TrimPrefix(drawID(), idPrefix)
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE id = ?", id).Scan(&n); err != nil {
			return "", err
		}
		if n == 0 {
			return id, nil
		}
	}
	return "", errors.New("every id drawn is taken")
}

// EventFilter chooses events.
type EventFilter struct {
	From, Until time.Time // that began or ended in between, From included; zero is no bound
	Known       int64     // at most this ordinal: as it was known at some time; 0 is all
	Limit       int       // the last so many by their beginning; 0 is all
}

// Events returns the events that a filter chooses, by their beginning, and the ordinal of the last event that is known at all (at
// most the filter's).
func (db *DB) Events(ctx context.Context, f EventFilter) (list []analysis.Event, known int64, err error) {
	list, known, err = db.events(ctx, f)
	if err != nil {
		return nil, 0, wrap("read events", db.path, err)
	}
	return list, known, nil
}

func (db *DB) events(ctx context.Context, f EventFilter) (list []analysis.Event, known int64, err error) {
	if known = f.Known; known == 0 {
		if err := db.sql.QueryRowContext(ctx, "SELECT coalesce(max(ordinal), 0) FROM events").Scan(&known); err != nil {
			return nil, 0, err
		}
	}
	from, until := "0", "9"
	if !f.From.IsZero() {
		from = stamp(f.From)
	}
	if !f.Until.IsZero() {
		until = stamp(f.Until)
	}
	query := "SELECT " + eventColumns + ` FROM events WHERE ordinal <= ? AND (begins >= ? AND begins < ? OR ends <> '' AND ends >= ? AND ends < ?)
		ORDER BY begins DESC, ordinal DESC`
	args := []any{known, from, until, from, until}
	if f.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, f.Limit)
	}
	list, err = collect(ctx, db.sql, scanEvent, query, args...)
	slices.Reverse(list)
	return list, known, err
}

const eventColumns = "id, dedupe, kind, what, begins, ends, slice, actor, link, source"

func scanEvent(scan func(...any) error, e *analysis.Event) error {
	return scan(&e.ID, &e.Key, &e.Kind, &e.What, intoTime(&e.Begins), intoTime(&e.Ends), intoJSON(&e.Slice), &e.By, &e.Link, &e.Source)
}
