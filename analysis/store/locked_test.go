package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/store"
)

// TestQueryConnectionIsShut tries to get out of the query connection, with SQL that no part of spendbot would send.
func TestQueryConnectionIsShut(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1", "2")))
	sn := snapshot(t, s, 0)
	secret := writeBill(t, "secret.csv", "a,b\n1,hunter2\n")
	inside := store.Files(sn)[0]
	target := filepath.Join(t.TempDir(), "out.csv")
	tests := map[string]string{
		"another file":                 "SELECT * FROM '" + secret + "'",
		"another file by read_csv":     "SELECT * FROM read_csv('" + secret + "')",
		"read_text":                    "SELECT content FROM read_text('/etc/passwd')",
		"read_blob":                    "SELECT content FROM read_blob('/etc/passwd')",
		"read_parquet of the catalog":  "SELECT * FROM read_parquet('" + filepath.Join(dir, store.DatabaseFile) + "')",
		"glob":                         "SELECT * FROM glob('/etc/*')",
		"glob beside the files":        "SELECT * FROM read_parquet('" + filepath.Join(filepath.Dir(inside), "*.parquet") + "')",
		"a URL":                        "SELECT * FROM read_csv('https://example.com/a.csv')",
		"S3":                           "SELECT * FROM read_parquet('s3://bucket/a.parquet')",
		"a proc file":                  "SELECT content FROM read_text('/proc/self/environ')",
		"getenv":                       "SELECT getenv('HOME')",
		"COPY out":                     "COPY daily TO '" + target + "'",
		"COPY over a data file":        "COPY (SELECT 1 AS a) TO '" + inside + "' (FORMAT parquet)",
		"COPY in":                      "COPY daily FROM '" + secret + "'",
		"EXPORT":                       "EXPORT DATABASE '" + target + "'",
		"ATTACH":                       "ATTACH '" + target + "' AS x",
		"INSERT":                       "INSERT INTO daily SELECT * FROM daily",
		"UPDATE":                       "UPDATE daily SET BilledCost = 0",
		"DELETE":                       "DELETE FROM daily",
		"CREATE TABLE":                 "CREATE TABLE t AS SELECT 1",
		"CREATE VIEW":                  "CREATE OR REPLACE VIEW daily AS SELECT 1",
		"CREATE MACRO":                 "CREATE MACRO m() AS 1",
		"DROP":                         "DROP VIEW daily",
		"PRAGMA":                       "PRAGMA database_list",
		"CALL":                         "CALL pragma_version()",
		"SET":                          "SET memory_limit='100GB'",
		"RESET":                        "RESET memory_limit",
		"unlock":                       "SET lock_configuration=false",
		"external access":              "SET enable_external_access=true",
		"INSTALL":                      "INSTALL httpfs",
		"LOAD":                         "LOAD httpfs",
		"EXPLAIN":                      "EXPLAIN SELECT 1",
		"EXPLAIN ANALYZE":              "EXPLAIN ANALYZE SELECT * FROM daily",
		"two statements":               "SELECT 1; SELECT 2",
		"a statement behind a comment": "SELECT 1; -- \nDROP VIEW daily",
		"transaction":                  "BEGIN",
		"CHECKPOINT":                   "CHECKPOINT",
		"USE":                          "USE memory",
		"nothing":                      "",
		"query() of a write":           "SELECT * FROM query('CREATE TABLE t AS SELECT 1')",
		"query() of a file":            "SELECT * FROM query('SELECT * FROM ''" + secret + "''')",
		"query_table() of a file":      "SELECT * FROM query_table('" + secret + "')",
		"sniff_csv":                    "SELECT * FROM sniff_csv('" + secret + "')",
		"parquet_metadata":             "SELECT * FROM parquet_metadata('" + filepath.Join(dir, store.DatabaseFile) + "')",
		"logging to a file":            "SELECT * FROM enable_logging(storage='file', storage_path='" + target + "')",
		"a float, which has no text":   "SELECT CAST(1 AS DOUBLE)",
	}
	for name, q := range tests {
		t.Run(name, func(t *testing.T) {
			rows, _, err := sn.Query(ctx, name, q)
			if err == nil {
				t.Fatalf("%s was answered with %v", q, rows.Values)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "root:") {
				t.Errorf("the error shows the file: %v", err)
			}
			if _, err := os.Stat(target); err == nil {
				t.Fatalf("%s wrote a file", q)
			}
		})
	}
	if got := totalsOf(t, sn); got != "2 rows 3" {
		t.Errorf("afterwards the snapshot holds %s", got)
	}
}

func TestLimitsHoldOnTheQueryConnection(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, t.TempDir(), store.Limits{Memory: "300MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
	sn := snapshot(t, s, 0)
	rows, _, err := sn.Query(ctx, "settings", `SELECT CAST(current_setting('threads') AS VARCHAR), current_setting('memory_limit'),
CAST(current_setting('enable_external_access') AS VARCHAR), CAST(current_setting('lock_configuration') AS VARCHAR),
CAST(current_setting('autoinstall_known_extensions') AS VARCHAR), CAST(current_setting('TimeZone') AS VARCHAR)`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(rows.Values[0]), "[1 286.1 MiB false true false UTC]"; got != want {
		t.Errorf("settings are %s, want %s", got, want)
	}
}

func TestParametersAreNeverSQL(t *testing.T) {
	s := open(t, t.TempDir())
	load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
	sn := snapshot(t, s, 0)
	evil := "'; DROP VIEW daily; --"
	rows, tr, err := sn.Query(context.Background(), "echo", "SELECT CAST(? AS VARCHAR), count(*) FROM daily WHERE ServiceName = ?", evil, evil)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows.Values[0]; got[0] != evil || got[1] != int64(0) {
		t.Errorf("got %v", got)
	}
	if len(tr.Params) != 2 || tr.Params[0] != evil || tr.Rows != 1 || len(tr.SHA256) != 64 {
		t.Errorf("trace = %+v", tr)
	}
}

// TestQueriesSpillInsteadOfFailing: a query that needs more than its memory writes to a temporary folder, and leaves none.
func TestQueriesSpillInsteadOfFailing(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	s, err := store.Open(context.Background(), t.TempDir(), store.Limits{Memory: "200MB", Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
	sn := snapshot(t, s, 0)
	rows, _, err := sn.Query(context.Background(), "spill", "SELECT count(DISTINCT m) FROM (SELECT md5(CAST(i AS VARCHAR)) AS m FROM range(3000000) AS t(i))")
	if err != nil || rows.Values[0][0] != int64(3000000) {
		t.Errorf("%v, %v", rows, err)
	}
	if err := sn.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "spendbot-query-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
