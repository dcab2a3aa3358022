package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spendbot/analysis/store"
)

// adHoc is a snapshot for SQL of people's own.
func adHoc(t *testing.T) (*store.Snapshot, string) {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1", "2")))
	return snapshot(t, s, 0), dir
}

// TestAdHocIsShut tries what somebody would who wants more than numbers. Nothing of it may run, and nothing may be shown.
func TestAdHocIsShut(t *testing.T) {
	sn, dir := adHoc(t)
	secret := writeBill(t, "secret.csv", "a,b\n1,hunter2\n")
	target := filepath.Join(t.TempDir(), "out.csv")
	for name, q := range map[string]string{
		"COPY":                       "COPY daily TO '" + target + "'",
		"COPY of a query":            "COPY (SELECT 1) TO '" + target + "'",
		"ATTACH":                     "ATTACH '" + target + "' AS x",
		"PRAGMA":                     "PRAGMA database_list",
		"SET":                        "SET memory_limit='100GB'",
		"SET VARIABLE":               "SET VARIABLE x = 1",
		"INSTALL":                    "INSTALL httpfs",
		"EXPLAIN":                    "EXPLAIN SELECT 1",
		"DESCRIBE":                   "DESCRIBE daily",
		"SHOW":                       "SHOW TABLES",
		"SUMMARIZE":                  "SUMMARIZE daily",
		"PREPARE":                    "PREPARE x AS SELECT 1",
		"CREATE":                     "CREATE TABLE t AS SELECT 1",
		"a write in a CTE":           "WITH x AS (DELETE FROM daily RETURNING *) SELECT * FROM x",
		"two statements":             "SELECT 1; SELECT 2",
		"one behind a comment":       "SELECT 1; -- \nDROP VIEW daily",
		"one that closes ours":       "SELECT 1) AS q; DROP VIEW daily; SELECT * FROM (SELECT 1",
		"a union that closes ours":   "SELECT 1) AS q UNION ALL SELECT * FROM (SELECT 2",
		"an open string":             "SELECT 'a",
		"a file":                     "SELECT * FROM '" + secret + "'",
		"a quoted file":              `SELECT * FROM "` + secret + `"`,
		"a file behind a CTE's name": `SELECT * FROM (WITH "` + secret + `" AS (SELECT 1) SELECT 1), "` + secret + `"`,
		"read_csv":                   "SELECT * FROM read_csv('" + secret + "')",
		"read_parquet":               "SELECT * FROM read_parquet('/etc/passwd')",
		"read_text":                  "SELECT content FROM read_text('/etc/passwd')",
		"read_text in a subquery":    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
		"glob":                       "SELECT * FROM glob('/etc/*')",
		"getenv":                     "SELECT getenv('HOME')",
		"getvariable":                "SELECT getvariable('x')",
		"settings":                   "SELECT current_setting('temp_directory')",
		"settings as a table":        "SELECT * FROM duckdb_settings()",
		"secrets":                    "SELECT * FROM duckdb_secrets()",
		"files of the cache":         "SELECT * FROM duckdb_external_file_cache()",
		"views, which name files":    "SELECT sql FROM duckdb_views()",
		"the same as a view":         "SELECT view_definition FROM information_schema.views",
		"sqlite_master":              "SELECT * FROM sqlite_master",
		"pg_catalog":                 "SELECT * FROM pg_catalog.pg_tables",
		"a qualified function":       "SELECT pg_catalog.current_setting('temp_directory')",
		"query()":                    "SELECT * FROM query('SELECT 1')",
		"query_table()":              "SELECT * FROM query_table('daily')",
		"serialized SQL":             "SELECT * FROM json_execute_serialized_sql('{}')",
		"parse trees":                "SELECT json_serialize_sql('SELECT 1')",
		"write_log":                  "SELECT write_log('x')",
		"internal functions":         "SELECT __internal_compress_integral_utinyint(1, 0)",
		"much out of little":         "SELECT length(repeat('a', 1000000000))",
		"lpad":                       "SELECT lpad('a', 1000000000, 'b')",
		"printf":                     "SELECT printf('%1000000000d', 1)",
		"a list of a billion":        "SELECT len(range(1000000000))",
		"nothing":                    " ; -- x",
		"another's table":            "SELECT * FROM iceberg_tables",
		"a name of a file's column":  "SELECT filename FROM daily",
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := store.AdHocHere(context.Background(), sn, q, nil, 10)
			if err == nil {
				t.Fatalf("%.200s was answered with %v", q, got.Values)
			}
			for _, leak := range []string{"hunter2", "root:", filepath.Join(dir, "warehouse"), os.TempDir() + "/spendbot-query"} {
				if strings.Contains(err.Error(), leak) && !strings.Contains(q, leak) {
					t.Errorf("the error shows %s: %v", leak, err)
				}
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

func TestAdHocAnswers(t *testing.T) {
	sn, _ := adHoc(t)
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		sql    string
		params []string
		want   string // columns, kinds, rows
		more   bool
	}{
		"the rollup":             {"SELECT sum(EffectiveCost) AS cost FROM daily", nil, "[cost] [number] [[3]]", false},
		"the line items":         {"SELECT count(*) AS n FROM charges;", nil, "[n] [number] [[2]]", false},
		"in capitals":            {"SELECT COUNT(*) AS n FROM FOCUS_DATA_TABLE", nil, "[n] [number] [[2]]", false},
		"older names":            {"SELECT DISTINCT ProviderName = ServiceProviderName AS same FROM focus", nil, "[same] [bool] [[true]]", false},
		"a name of theirs":       {"SELECT count(InvoiceIssuer) AS n FROM focus_data_table", nil, "[n] [number] [[0]]", false},
		"comments at the end":    {"SELECT 1 AS a -- one\n; /* that\n;is */ ; -- all", nil, "[a] [number] [[1]]", false},
		"semicolons in strings":  {"SELECT ';--/*' AS a, $$x;$$ AS b, \"a\" FROM (SELECT 'it''s;' AS a)", nil, "[a b a_1] [text text text] [[;--/* x; it's;]]", false},
		"one name twice":         {"SELECT 1 AS a, 0.5::DOUBLE AS a", nil, "[a a_1] [number number] [[1 0.5]]", false},
		"fractions":              {"SELECT sum(EffectiveCost) / 7 AS x FROM daily", nil, "[x] [number] [[0.428571428571429]]", false},
		"no number":              {"SELECT 'nan'::DOUBLE AS x, NULL::DOUBLE AS y, 'inf'::FLOAT AS z", nil, "[x y z] [number number number] [[nan <nil> inf]]", false},
		"lists, structs, blobs":  {"SELECT [1, 2] AS l, {'a': 1} AS s, 'x'::BLOB AS b, INTERVAL 1 DAY AS i", nil, "[l s b i] [text text text text] [[[1, 2] {'a': 1} x 1 day]]", false},
		"large whole numbers":    {"SELECT 18446744073709551615::UBIGINT AS u, 1::HUGEINT * 10000000000000000000000 AS h", nil, "[u h] [number number] [[18446744073709551615 10000000000000000000000]]", false},
		"times":                  {"SELECT DATE '2026-10-01' AS d, TIMESTAMPTZ '2026-10-01 00:00:00+02' AS z", nil, "[d z] [date text] [[2026-10-01 00:00:00 +0000 UTC 2026-09-30 22:00:00+00]]", false},
		"parameters":             {"SELECT count(*) AS n FROM focus_data_table WHERE ChargePeriodStart >= ? AND ChargePeriodEnd < ? AND ProviderName = ?", []string{"2026-10-01", "2026-11-01", "AWS"}, "[n] [number] [[2]]", false},
		"parameters in order":    {"SELECT ? AS a, ? AS b, 0.5::DOUBLE AS c WHERE ? = '3'", []string{"1", "2", "3"}, "[a b c] [text text number] [[1 2 0.5]]", false},
		"tags":                   {`SELECT count(*) AS n FROM focus WHERE Tags["Application"] IS NULL AND tags['x'] IS NULL`, nil, "[n] [number] [[2]]", false},
		"a tag in a string":      {`SELECT 'Tags["a"]' AS a, x.Tags FROM (SELECT 1 AS Tags) AS x`, nil, `[a Tags] [text number] [[Tags["a"] 1]]`, false},
		"MySQL's JSON":           {`SELECT JSON_UNQUOTE(JSON_EXTRACT('{"a":"x"}', '$.a')) AS a, CAST('5' AS UNSIGNED) AS n, JSON_CONTAINS_PATH('{"a":1}', 'all', '$.a', '$.b') AS c`, nil, "[a n c] [text number bool] [[x 5 false]]", false},
		"months":                 {"SELECT MONTH(ChargePeriodStart) AS m, count(*) AS n FROM focus_data_table GROUP BY MONTH(ChargePeriodStart)", nil, "[m n] [number number] [[10 2]]", false},
		"no more than asked for": {"SELECT range AS a FROM range(100) ORDER BY range DESC", nil, "[a] [number] [[99] [98] [97]]", true},
		"in no order":            {"SELECT 9 - range AS a, [range] AS l FROM range(10)", nil, "[a l] [number text] [[0 [9]] [1 [8]] [2 [7]]]", true},
		"an order in a WITH":     {"WITH r AS (SELECT range AS a FROM range(10)) SELECT a FROM r ORDER BY a DESC", nil, "[a] [number] [[9] [8] [7]]", true},
		"a union in no order":    {"SELECT 2 AS a UNION ALL SELECT 1", nil, "[a] [number] [[1] [2]]", false},
		"exactly as many":        {"SELECT range AS a FROM range(3) ORDER BY range", nil, "[a] [number] [[0] [1] [2]]", false},
		"long values":            {"SELECT string_agg('" + long + "', '') AS a FROM range(100)", nil, "", false},
		"windows":                {"SELECT row_number() OVER (ORDER BY range) AS n FROM range(2)", nil, "[n] [number] [[1] [2]]", false},
		"a short recursion":      {"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT sum(n) AS n FROM t", nil, "[n] [number] [[6]]", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := store.AdHocHere(context.Background(), sn, c.sql, c.params, 3)
			if err != nil {
				t.Fatal(err)
			}
			if name == "long values" {
				if n := len(got.Values[0][0].(string)); n != 64<<10+len("…") {
					t.Errorf("a value has %d bytes", n)
				}
			} else if diff := cmp.Diff(c.want, fmt.Sprint(got.Columns, " ", got.Kinds, " ", got.Values)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.More != c.more {
				t.Errorf("more is %v", got.More)
			}
		})
	}
}

func TestWhoAsksTooMuchIsToldWhat(t *testing.T) {
	sn, _ := adHoc(t)
	for q, want := range map[string]string{
		"SELECT getenv('HOME')":         "the function getenv may not be called",
		"SELECT * FROM read_csv('a')":   "the table function read_csv may not run on the query connection",
		"SELECT * FROM secrets":         "secrets is not a table of the snapshot: there are daily, charges, focus and focus_data_table",
		"DROP TABLE daily":              "only one SELECT may be run, over daily, charges, focus and focus_data_table",
		"DESCRIBE daily":                "DESCRIBE, SHOW and SUMMARIZE are no SELECT; `spendbot columns` says what the columns are",
		"SELECT nosuch FROM focus":      `"nosuch" not found`,
		"SELECT a b c FROM nosuch":      "this is no SQL that DuckDB reads: syntax error at or near \"c\", at character 11",
		"SELECT 1 FROM daily WHERE a=?": "",
	} {
		_, _, err := store.AdHocHere(context.Background(), sn, q, nil, 10)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", q, err, want)
			continue
		}
		wrong := strings.Contains(q, "nosuch") || strings.Contains(q, "a=?") // may be asked, and is mistaken
		if errors.Is(err, store.ErrNotAllowed) == wrong {
			t.Errorf("%s: not allowed is %v: %v", q, !wrong, err)
		}
		if !wrong && err.Error() != want {
			t.Errorf("%s: the refusal is %q, want %q and no more", q, err, want)
		}
	}
}

// TestTextOfPeopleNeverEscapes holds for any text: what is not one SELECT is refused, and no text makes the views another's.
func TestTextOfPeopleNeverEscapes(t *testing.T) {
	sn, _ := adHoc(t)
	pieces := []string{"SELECT", " ", "1", "*", " FROM ", "daily", "focus", "(", ")", ";", "--", "\n", "/*", "*/", "'", "\"", "$$", "$a$", "Tags[\"x\"]", "UNION", " AS q", ",", "?", "getenv('HOME')", "DROP VIEW daily", "COPY daily TO '/tmp/x'", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		q := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 12).Draw(rt, "sql"), "")
		got, tr, err := store.AdHocHere(context.Background(), sn, q, nil, 2)
		if err == nil && (len(got.Values) > 2 || !strings.HasPrefix(tr.SQL, "SELECT ") || strings.Contains(strings.ToLower(tr.SQL), "getenv('home')") && !strings.ContainsAny(q, "'\"$/-")) {
			rt.Fatalf("%q ran as %s", q, tr.SQL)
		}
	})
	if got := totalsOf(t, sn); got != "2 rows 3" {
		t.Errorf("afterwards the snapshot holds %s", got)
	}
}
