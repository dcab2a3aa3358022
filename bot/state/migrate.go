package state

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// migrationFiles are numbered from 1 without gaps: migrations/0001_answers.sql. A file that was released is never
// changed.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

type migration struct {
	version int
	name    string
	sql     string
}

func migrations() ([]migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, e := range entries { // ReadDir sorts by name
		number, _, _ := strings.Cut(e.Name(), "_")
		if v, err := strconv.Atoi(number); err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %s: expected number %04d", e.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile(path.Join("migrations", e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, migration{i + 1, strings.TrimSuffix(e.Name(), ".sql"), string(text)})
	}
	return all, nil
}

// migrate brings the tables up to the newest version in one transaction that begins with the write lock: of two
// processes that start at once one migrates and the other finds it done.
func (db *DB) migrate(ctx context.Context) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	newest := len(all)
	// The usual case needs no lock. An error is left to the transaction below, which meets it again: there may be no
	// table yet.
	var have int
	if err := db.sql.QueryRowContext(ctx, "SELECT max(version) FROM state_schema").Scan(&have); err == nil && have == newest {
		return nil
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS state_schema (
			version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL)`); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM state_schema").Scan(&have); err != nil {
			return err
		}
		if have > newest {
			return &newerError{have: have, known: newest}
		}
		for _, m := range all[have:] {
			if _, err := tx.ExecContext(ctx, m.sql); err != nil {
				return fmt.Errorf("migration %s: %w", m.name, err)
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO state_schema (version, name, applied) VALUES (?, ?, ?)",
				m.version, m.name, stamp(time.Now())); err != nil {
				return fmt.Errorf("migration %s: %w", m.name, err)
			}
		}
		return nil
	})
}

// stampLayout is RFC 3339 in UTC with all nine digits, so that times sort as text.
const stampLayout = "2006-01-02T15:04:05.000000000Z07:00"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// stampOrNone is stamp, and "" for the zero time.
func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// parseStamp reads what stampOrNone wrote.
func parseStamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(stampLayout, s)
}
