package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// texts is the first column of a query.
func texts(t testing.TB, db *DB, query string, args ...any) (list []string) {
	t.Helper()
	rows, err := db.sql.Query(query, args...)
	ok(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		ok(t, rows.Scan(&s))
		list = append(list, s)
	}
	ok(t, rows.Err())
	return list
}

// oldStore is a file as a version that knew the first few migrations left it.
func oldStore(t *testing.T, versions int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spendbot.db")
	conn, err := sql.Open("sqlite", dsn(path, busyTimeout))
	ok(t, err)
	defer conn.Close()
	_, err = conn.Exec("CREATE TABLE state_schema (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL)")
	ok(t, err)
	all, err := migrations()
	ok(t, err)
	for _, m := range all[:versions] {
		_, err := conn.Exec(m.sql)
		ok(t, err)
		_, err = conn.Exec("INSERT INTO state_schema VALUES (?, ?, ?)", m.version, m.name, stamp(t0))
		ok(t, err)
	}
	return path
}

// A store of any earlier version opens, keeps what it holds and ends with the tables of a new one.
func TestOlderStoresAreBroughtUpToDate(t *testing.T) {
	const tables = "SELECT coalesce(sql, name) FROM sqlite_master WHERE name <> 'state_schema' ORDER BY name"
	want := texts(t, opened(t), tables)
	all, err := migrations()
	ok(t, err)
	for versions := range len(all) { // the newest is what the test compares with
		t.Run(fmt.Sprint(versions), func(t *testing.T) {
			path := oldStore(t, versions)
			if versions > 0 {
				old := &DB{path: path, turn: make(chan struct{}, 1)}
				old.sql, err = sql.Open("sqlite", dsn(path, busyTimeout))
				ok(t, err)
				save(t, old, answer("Q-7F3K2M"))
				ok(t, old.Close())
			}
			db := reopen(t, path)
			if diff := cmp.Diff(want, texts(t, db, tables)); diff != "" {
				t.Error(diff)
			}
			if versions > 0 {
				_, err := db.Answer(t.Context(), "Q-7F3K2M")
				ok(t, err)
			}
			if !receive(t, db, Item{Key: "k"}) || takeKey(t, db, "a", t0) != "k" {
				t.Error("it does not work")
			}
		})
	}
}

// A store in which a migration cannot be done is left as it was, and the error says which.
func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	path := oldStore(t, 1)
	conn, err := sql.Open("sqlite", dsn(path, busyTimeout))
	ok(t, err)
	defer conn.Close()
	_, err = conn.Exec("CREATE TABLE outbox (what TEXT)") // somebody's own
	ok(t, err)
	db, err := Open(t.Context(), path)
	if err == nil {
		db.Close()
		t.Fatal("opened")
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "0002_inbox_outbox") || !strings.Contains(err.Error(), "outbox already exists") {
		t.Errorf("got %v", err)
	}
	seen := &DB{path: path, sql: conn}
	got := texts(t, seen, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if diff := cmp.Diff([]string{"answers", "outbox", "state_schema", "traces"}, got); diff != "" {
		t.Error(diff)
	}
	if v := texts(t, seen, "SELECT cast(max(version) AS TEXT) FROM state_schema"); v[0] != "1" {
		t.Errorf("version %s", v[0])
	}
}

// The queries of every question look at open rows alone, by index, however many lie behind.
func TestHotQueriesUseTheirIndexes(t *testing.T) {
	db := opened(t)
	at := stamp(t0)
	for _, tc := range []struct {
		query string
		args  []any
		want  []string
	}{
		{nextItem, []any{at}, []string{"i USING INDEX inbox_open", "e USING COVERING INDEX inbox_lane"}},
		{nextPost, []any{ToSlack, at, at}, []string{"p USING INDEX outbox_open", "e USING COVERING INDEX outbox_lane"}},
		{"SELECT max(ordinal) FROM inbox", nil, []string{"COVERING INDEX inbox_ordinal"}},
		{"SELECT max(ordinal) FROM outbox", nil, []string{"COVERING INDEX outbox_ordinal"}},
		{"SELECT max(ordinal) FROM audit", nil, []string{"COVERING INDEX audit_ordinal"}},
		{"SELECT count(*) FROM inbox WHERE finished IS NULL", nil, []string{"COVERING INDEX inbox_lane"}},
		{"SELECT count(*) FROM outbox WHERE state = 'failed'", nil, []string{"outbox_failed"}},
		{"SELECT key FROM outbox WHERE state = 'failed' ORDER BY ended DESC LIMIT 5", nil, []string{"outbox_failed"}},
		{"SELECT key FROM inbox WHERE finished < ? LIMIT 500", []any{at}, []string{"inbox_finished"}},
		{"SELECT asked FROM audit WHERE happened >= ? ORDER BY happened DESC, ordinal DESC LIMIT 5", []any{at}, []string{"audit_happened"}},
	} {
		var plan []string
		rows, err := db.sql.Query("EXPLAIN QUERY PLAN "+tc.query, tc.args...)
		ok(t, err)
		for rows.Next() {
			var id, parent, unused int
			var detail string
			ok(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		ok(t, errors.Join(rows.Err(), rows.Close()))
		text := strings.Join(plan, "; ")
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s\n%s\nwant %s", tc.query, text, want)
			}
		}
		if strings.Contains(text, "TEMP B-TREE") || slices.ContainsFunc(plan, func(s string) bool {
			return strings.HasPrefix(s, "SCAN") && !strings.Contains(s, "INDEX") && s != "SCAN CONSTANT ROW"
		}) {
			t.Errorf("%s\n%s", tc.query, text)
		}
	}
}

// bulkFinished makes finished items in one statement.
func bulkFinished(ctx context.Context, n int, at time.Time) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO inbox (key, ordinal, lane, kind, payload, received, attempts, owner, lease_until, finished, outcome)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			SELECT 'bulk ' || i, i, '', 'mention', zeroblob(600), ?, 1, '', '', ?, 'answered' FROM n`, n, stamp(at), stamp(at))
		return err
	}
}
