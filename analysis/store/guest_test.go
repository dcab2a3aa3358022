package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis/store"
)

// squared is SQL of a constant text of 256^n letters, which DuckDB works out while it plans, and cannot be stopped at.
func squared(n int, first string) string {
	x := strings.Repeat("x", 256)
	sql := "'" + first + x[1:] + "'"
	for range n - 1 {
		sql = "replace(" + sql + ", 'x', '" + x + "')"
	}
	return sql
}

// TestAdHocEndsWithItsTime asks for what never ends: the process that works on it is gone when there is an error.
func TestAdHocEndsWithItsTime(t *testing.T) {
	sn, _ := adHoc(t)
	for name, sql := range map[string]string{
		"a recursion without end":                "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT count(*) FROM t",
		"a series without end":                   "SELECT sum(range) FROM range(1000000000000000)",
		"what cannot be interrupted":             "SELECT levenshtein(" + squared(3, "x") + ", " + squared(3, "y") + ") AS n",
		"what cannot be interrupted in its plan": "SELECT 1 AS a FROM daily WHERE levenshtein(" + squared(3, "x") + ", " + squared(3, "y") + ") = 1 LIMIT 0",
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
			defer cancel()
			_, _, err := sn.AdHoc(ctx, sql, nil, 10)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want that its time was over", err)
			}
			if left, _ := os.ReadDir(tmp); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if got := totalsOf(t, sn); got != "2 rows 3" {
		t.Errorf("afterwards the snapshot holds %s", got)
	}
}

// TestAdHocEndsWithItsMemory asks for more than there may be: the error says so, whoever noticed it.
func TestAdHocEndsWithItsMemory(t *testing.T) {
	sn, _ := adHoc(t)
	const want = "it needs more memory than SQL of your own may take, 512 MB: ask for less"
	for name, sql := range map[string]string{
		"of DuckDB's own":      "SELECT list(a.range) AS l FROM range(100000000000) a",
		"by planning":          "SELECT length(" + squared(4, "x") + ") AS n",
		"by texts in one text": "SELECT length(string_agg(b, '')) AS n FROM (SELECT " + squared(3, "x") + " AS b FROM range(100000))",
	} {
		t.Run(name, func(t *testing.T) {
			if err := store.AdHocWithin(context.Background(), sn, sql, 400<<20, 0); err == nil || err.Error() != want {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
	if _, _, err := sn.AdHoc(context.Background(), "SELECT count(*) AS n FROM daily", nil, 10); err != nil {
		t.Errorf("the next question: %v", err)
	}
}

// TestAdHocEndsWithItsProcessorTime: also where nobody waits for an end.
func TestAdHocEndsWithItsProcessorTime(t *testing.T) {
	sn, _ := adHoc(t)
	err := store.AdHocWithin(context.Background(), sn, "SELECT levenshtein("+squared(3, "x")+", "+squared(3, "y")+") AS n", 0, 1)
	if err == nil || !strings.Contains(err.Error(), "all the processor time that there is for it, 1s") {
		t.Errorf("error %v, want one of processor time", err)
	}
}

// TestAdHocInItsProcess: what a guest answers is what is answered here, and runs again from its trace.
func TestAdHocInItsProcess(t *testing.T) {
	sn, _ := adHoc(t)
	ctx := context.Background()
	const sql = "SELECT CAST(1.50 AS DECIMAL(10, 2)) AS d, NULL AS z, 7 AS i, true AS b, DATE '2026-10-01' AS day, TIMESTAMP '2026-10-01 01:02:03.5' AS at, 'a' || chr(10) || '<é>' AS s, " +
		"ServiceName, sum(EffectiveCost) AS cost, 170141183460469231731687303715884105727::HUGEINT AS h FROM focus WHERE ServiceName = ? GROUP BY ALL"
	want, tr, err := store.AdHocHere(ctx, sn, sql, []string{"EC2"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	got, trace, err := sn.AdHoc(ctx, sql, []string{"EC2"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-here +there)\n%s", diff)
	}
	if d, _ := got.Values[0][0].(decimal.Decimal); d.Exponent() != -2 || d.StringFixed(2) != "1.50" {
		t.Errorf("a decimal came as %#v", got.Values[0][0])
	}
	if trace.SHA256 != tr.SHA256 || trace.SQL != tr.SQL || trace.Rows != 1 {
		t.Errorf("the trace is %+v, here %+v", trace, tr)
	}
	rows, again, err := sn.Query(ctx, trace.Name, trace.SQL, trace.Params...)
	if err != nil {
		t.Fatal(err)
	}
	if again.SHA256 != trace.SHA256 || again.Rows != trace.Rows || again.SQL != trace.SQL || len(rows.Values) != 1 {
		t.Errorf("again: %+v, then %+v", again, trace)
	}
	// Nobody could put more into a trace than was allowed in it.
	if _, _, err := sn.Query(ctx, trace.Name, "SELECT * FROM read_csv('/etc/passwd')"); err == nil {
		t.Error("a trace read a file")
	}
}

func TestAdHocRefusesWithoutAProcess(t *testing.T) {
	sn, dir := adHoc(t)
	for _, sql := range []string{"SELECT 1 --" + strings.Repeat("x", store.MaxSQL), " ; -- x"} {
		if _, _, err := sn.AdHoc(context.Background(), sql, nil, 10); !errors.Is(err, store.ErrNotAllowed) {
			t.Errorf("%.20s: %v", sql, err)
		}
	}
	plain, err := store.Open(context.Background(), dir, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, _, err := snapshot(t, plain, 0).AdHoc(context.Background(), "SELECT 1 AS a", nil, 10); err == nil || !strings.Contains(err.Error(), "without a process for it") {
		t.Errorf("a program that has no guests: %v", err)
	}
	gone, err := store.Open(context.Background(), dir, store.Limits{Guest: filepath.Join(dir, "nosuch")})
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	if _, _, err := snapshot(t, gone, 0).AdHoc(context.Background(), "SELECT 1 AS a", nil, 10); err == nil || !strings.Contains(err.Error(), "start the process that runs SQL") {
		t.Errorf("a program that is gone: %v", err)
	}
}

// TestAGuestKnowsNoSecretAndDiesWithItsHost: it gets none of our environment, and ends where nobody waits for it any more.
func TestAGuestKnowsNoSecretAndDiesWithItsHost(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-hunter2")
	sn, _ := adHoc(t)
	tmp := filepath.Join(t.TempDir(), "spill")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]string{"before it was asked": "", "at work": "SELECT levenshtein(" + squared(3, "x") + ", " + squared(3, "y") + ") AS n"} {
		t.Run(name, func(t *testing.T) {
			guest := store.GuestProcess(sn)
			in, err := guest.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := guest.Start(); err != nil {
				t.Fatal(err)
			}
			if env := fmt.Sprint(guest.Environ()); strings.Contains(env, "hunter2") {
				t.Errorf("its environment is %s", env)
			}
			if ask != "" {
				if _, err := in.Write(store.Question(sn, ask, tmp)); err != nil {
					t.Fatal(err)
				}
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			if err := guest.Wait(); err == nil || guest.ProcessState.ExitCode() != 1 {
				t.Errorf("it ended with %v", guest.ProcessState)
			}
		})
	}
	if _, err := os.Stat(tmp); err == nil {
		t.Error("its folder is left")
	}
}

// TestPackedValuesAreExact holds for any value: it comes out of a reply as it went in.
func TestPackedValuesAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.OneOf(
			rapid.Just[any](nil), rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(),
			rapid.Custom(func(rt *rapid.T) any {
				return decimal.New(rapid.Int64().Draw(rt, "digits"), rapid.Int32Range(-38, 38).Draw(rt, "exponent"))
			}),
			rapid.Custom(func(rt *rapid.T) any {
				return time.UnixMicro(rapid.Int64Range(-1<<53, 1<<53).Draw(rt, "at")).UTC()
			})).Draw(rt, "value")
		packed, err := store.Pack(v)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := store.Unpack(packed)
		if err != nil {
			rt.Fatal(err)
		}
		if d, ok := v.(decimal.Decimal); ok {
			if o, ok := got.(decimal.Decimal); !ok || !o.Equal(d) || o.Exponent() != d.Exponent() {
				rt.Fatalf("%#v came as %#v", v, got)
			}
		} else if !cmp.Equal(v, got) {
			rt.Fatalf("%#v came as %#v", v, got)
		}
	})
	if _, err := store.Pack(1.5); err == nil {
		t.Error("a float was packed")
	}
}

// FuzzReply: whatever a guest writes, no more is read than was asked for, and half an answer is none.
func FuzzReply(f *testing.F) {
	f.Add([]byte("{\"Columns\":[\"a\"],\"Kinds\":[\"number\"],\"SQL\":\"SELECT 1\"}\n[\"i1\"]\n[null]\n{\"Rows\":2}\n"))
	f.Add([]byte("{\"Columns\":[\"a\"],\"Kinds\":[\"number\"]}\n[\"d15e-1\"]\n"))
	f.Add([]byte("{\"Columns\":[],\"Kinds\":[\"number\"]}\n"))
	f.Add([]byte("{\"Error\":\"no\",\"Refused\":true}\n"))
	f.Add([]byte("{\"Columns\":[\"a\"],\"Kinds\":[\"number\"]}\n[\"\"]\n[]\n[\"x\",\"y\"]\n\n{}"))
	f.Fuzz(func(t *testing.T, reply []byte) {
		rows, whole, err := store.ReadReply(strings.NewReader(string(reply)), 3)
		if !whole {
			return
		}
		if err != nil || len(rows.Values) > 4 {
			t.Fatalf("%d rows, %v", len(rows.Values), err)
		}
		for _, r := range rows.Values {
			if len(r) != len(rows.Columns) {
				t.Fatalf("%d cells of %d columns", len(r), len(rows.Columns))
			}
		}
	})
}

// TestGuestAnswersNothingItWasNotAsked: a guest that is not asked in its own words ends.
func TestGuestAnswersNothingItWasNotAsked(t *testing.T) {
	for _, in := range []string{"", "SELECT 1", "SELECT 1\n", "{\"SQL\": 1}\n"} {
		var out strings.Builder
		if code := store.Guest(strings.NewReader(in), &out); code != 1 || out.String() != "" {
			t.Errorf("%q: exit code %d, said %q", in, code, out.String())
		}
	}
	if store.IsGuest([]string{"spendbot"}) || store.IsGuest([]string{"spendbot", "sql", store.GuestWord}) || !store.IsGuest([]string{"spendbot", store.GuestWord}) {
		t.Error("who is a guest?")
	}
}

// TestAdHocAnswerIsBounded: a few wide rows are too many where they are large.
func TestAdHocAnswerIsBounded(t *testing.T) {
	sn, _ := adHoc(t)
	_, _, err := sn.AdHoc(context.Background(), "SELECT x AS a, x || 'b' AS b, x || 'c' AS c, x || 'd' AS d, x || 'e' AS e FROM (SELECT "+squared(2, "x")+" || range AS x FROM range(200))", nil, 150)
	if err == nil || !strings.Contains(err.Error(), "the rows have more than 32 MB: ask for fewer rows or columns") {
		t.Errorf("error %v", err)
	}
}
