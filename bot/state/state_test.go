package state

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func amt(s string) decimal.Decimal  { return decimal.RequireFromString(s) }
func ptr(s string) *decimal.Decimal { d := amt(s); return &d }

// answer has every field set that an answer can have.
func answer(id string) *analysis.Answer {
	start := analysis.Day(2026, 11, 16)
	base := analysis.NewPeriod(start.AddDate(0, 0, -7), start)
	return &analysis.Answer{
		ID: id, Asked: time.Date(2026, 11, 23, 9, 0, 0, 5, time.UTC), Question: "why did spend change last week?",
		Headline: "Spend rose $18,412.", Currency: "USD",
		Reading: analysis.Plan{
			Intent: analysis.ExplainChange, Metric: analysis.Effective, Baseline: &base,
			Current: analysis.Period{Start: start, End: start.AddDate(0, 0, 7), Label: "last week"},
			Windows: []analysis.Period{base}, Grain: analysis.ByDay, GroupBy: []analysis.Dimension{"service", "tag:team"}, Limit: 5,
			Filters: []analysis.Filter{{Dimension: "account", Values: []string{"1", ""}, Labels: []string{"prod", ""}, Not: true}},
			Notes:   []string{"n"}, Declined: []string{"d"}, Topic: "t", Focus: "price",
			Clarify: &analysis.Clarification{Question: "which?", Choices: []analysis.Choice{{Label: "l", Ask: "a"}}},
		},
		Parts: []analysis.Part{
			{Text: "Most of it is NAT <&> \u2028."},
			{Table: &analysis.Table{
				Columns: []analysis.Column{{Name: "service", Label: "service", Kind: analysis.ColText}, {Name: "amount", Kind: analysis.ColMoney}},
				Rows:    []analysis.Row{{Key: map[string]string{"ServiceName": "S3"}, Cells: []analysis.Cell{{Text: "S3"}, {Amount: ptr("0.000000000000001")}}}, {Cells: []analysis.Cell{{Text: "?"}, {}}}},
				Total:   &analysis.Row{Cells: []analysis.Cell{{}, {Amount: ptr("12345678901234567890.123456789")}}}, Omitted: 3,
			}},
			{Bridge: &analysis.Bridge{
				Change:  analysis.Change{Current: amt("3"), Baseline: amt("1"), Delta: amt("2"), Currency: "USD"},
				Effects: []analysis.EffectAmount{{Effect: analysis.EffVolume, Amount: amt("2")}},
				Drivers: []analysis.Driver{{
					Slice: map[string]string{"tag:team": "x"}, Label: "x", Amount: amt("1.5"), SliceTotal: amt("1.6"), How: "usage", Confidence: analysis.High,
					Effects:   []analysis.EffectAmount{{Effect: analysis.EffVolume, Amount: amt("1.5")}},
					Onset:     analysis.Onset{Day: start, Around: true, From: start, To: start.AddDate(0, 0, 1), Shape: "step", Why: "w"},
					Resources: []analysis.ResourceChange{{ID: "i", Name: "n", Amount: amt("1"), Status: "new"}},
					Offsets:   []analysis.Offset{{Slice: map[string]string{"RegionId": "r"}, Label: "r", Amount: amt("-1")}},
				}},
				Rest: analysis.Rest{Amount: amt("0.5"), Effects: []analysis.EffectAmount{{Effect: analysis.EffTax, Amount: amt("0.5")}}, Slices: 4, Largest: amt("0.4")},
			}},
			{Series: &analysis.Series{Days: []time.Time{start, start.AddDate(0, 0, 1)}, Lines: []analysis.SeriesLine{{Name: "a", Values: []*analysis.Amount{ptr("1"), nil}}}}},
		},
		Through: []analysis.ProviderThrough{{Provider: "AWS", Day: start}},
		Caveats: []string{"c"}, Actions: []analysis.Action{{Label: "why?", Ask: "why?"}},
		Trace: analysis.Trace{Snapshot: 8783179769425109154, ChargesSnapshot: -1203992214850077231, MS: 211.5, Queries: []analysis.QueryTrace{
			{Name: "totals", SQL: "SELECT ?", Params: []any{start, "prod", int64(1) << 62, true, amt("1.50"), nil}, Rows: 2, SHA256: "9f86", MS: 12.25},
			{Name: "leaves", SQL: "SELECT 2", Params: []any{}, Rows: 412, SHA256: "d081", MS: 1e-3},
		}},
	}
}

var byValue = cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })

func opened(t *testing.T) *DB {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "spendbot.db"))
}

func reopen(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func save(t *testing.T, db *DB, a *analysis.Answer) {
	t.Helper()
	if err := db.SaveAnswer(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func TestAnAnswerComesBackWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := answer("Q-7F3K2M")
	save(t, db, want)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := reopen(t, path).Answer(t.Context(), "q-7f3k2m")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Answer, byValue); diff != "" {
		t.Errorf("-saved +read:\n%s", diff)
	}
	if since := time.Since(got.Saved).Abs(); since > 24*time.Hour {
		t.Errorf("saved %v ago", since)
	}
}

func TestNewestFirst(t *testing.T) {
	db := opened(t)
	if _, err := db.Last(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("last of none: %v", err)
	}
	for i, id := range []string{"Q-000001", "Q-000002", "Q-000003"} {
		a := answer(id)
		a.Asked = a.Asked.AddDate(0, 0, -i) // by an injected clock that runs backwards
		save(t, db, a)
	}
	last, err := db.Last(t.Context())
	if err != nil || last.Answer.ID != "Q-000003" {
		t.Errorf("last: %v, %v", last, err)
	}
	for limit, want := range map[int][]string{0: {"Q-000003", "Q-000002", "Q-000001"}, 2: {"Q-000003", "Q-000002"}} {
		list, err := db.List(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
		want := Summary{"Q-000003", answer("").Asked.AddDate(0, 0, -2), "why did spend change last week?", "Spend rose $18,412.", analysis.ExplainChange, 8783179769425109154}
		if diff := cmp.Diff(want, list[0]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnAnswerIsNeverOverwritten(t *testing.T) {
	db := opened(t)
	save(t, db, answer("Q-7F3K2M"))
	other := answer("Q-7F3K2M")
	other.Headline = "something else"
	if err := db.SaveAnswer(t.Context(), other); !errors.Is(err, fs.ErrExist) {
		t.Errorf("saved twice: %v", err)
	}
	got, err := db.Answer(t.Context(), "Q-7F3K2M")
	if err != nil || got.Answer.Headline != "Spend rose $18,412." || len(got.Answer.Trace.Queries) != 2 {
		t.Errorf("after it: %+v, %v", got, err)
	}
}

func TestNothingOfAnAnswerThatCannotBeKeptIsKept(t *testing.T) {
	db := opened(t)
	a := answer("Q-7F3K2M")
	a.Trace.Queries[1].Params = []any{struct{}{}}
	err := db.SaveAnswer(t.Context(), a)
	if err == nil || !strings.Contains(err.Error(), `"leaves"`) || !strings.Contains(err.Error(), "parameter 1") {
		t.Errorf("got %v, want the query and the parameter named", err)
	}
	if list, err := db.List(t.Context(), 0); err != nil || len(list) != 0 {
		t.Errorf("kept %v, %v", list, err)
	}
	for _, id := range []string{"", "7F3K2M", "q-7f3k2m", "Q-OOOOOO", "Q-1"} {
		if err := db.SaveAnswer(t.Context(), answer(id)); err == nil {
			t.Errorf("id %q was taken", id)
		}
	}
}

func TestNoSuchAnswer(t *testing.T) {
	db := opened(t)
	for _, id := range []string{"Q-ZZZZZZ", "nonsense!", ""} {
		_, err := db.Answer(t.Context(), id)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "spendbot trace --list") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestNormalizeID(t *testing.T) {
	for in, want := range map[string]string{
		"Q-7F3K2M": "Q-7F3K2M", " q-7f3k2m\n": "Q-7F3K2M", "7f3k2m": "Q-7F3K2M", "q7f3k2m": "Q-7F3K2M", "Q–7F3K2M": "Q-7F3K2M",
		"q-oOlLiI": "Q-001111", "QQQQQQ": "Q-QQQQQQ", "Q-QQQQQQ": "Q-QQQQQQ", "Q-U00000": "", "Q-12345": "", "Q-1234567": "", "": "", "Q": "", "🙂🙂": "",
	} {
		got, err := NormalizeID(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestNewIDsAreFreeAndReadable(t *testing.T) {
	db := opened(t)
	seen := map[string]bool{}
	for range 200 {
		id, err := db.NewID(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := NormalizeID(id); err != nil || n != id || seen[id] {
			t.Fatalf("%s: %s, %v, seen %v", id, n, err, seen[id])
		}
		seen[id] = true
	}
}

func TestMigratingTwiceChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a % ? # folder")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(path, "spendbot.db")
	applied := func(db *DB) (n int) {
		if err := db.sql.QueryRow("SELECT count(*) FROM state_schema").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	db := reopen(t, path)
	save(t, db, answer("Q-7F3K2M"))
	first := applied(db)
	again := reopen(t, path)
	if n := applied(again); n != first || n == 0 {
		t.Errorf("%d migrations, then %d", first, n)
	}
	if err := again.migrate(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := again.Answer(t.Context(), "Q-7F3K2M"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is elsewhere: %v", err)
	}
}

// The file is the Iceberg catalog's too: what is there must stay.
func TestOtherTablesStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec("CREATE TABLE iceberg_tables (name TEXT); INSERT INTO iceberg_tables VALUES ('daily')"); err != nil {
		t.Fatal(err)
	}
	save(t, reopen(t, path), answer("Q-7F3K2M"))
	var name string
	if err := other.QueryRow("SELECT name FROM iceberg_tables").Scan(&name); err != nil || name != "daily" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	future := filepath.Join(dir, "future.db")
	db := reopen(t, future)
	if _, err := db.sql.Exec("INSERT INTO state_schema VALUES (99, 'later', '')"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, path, want string }{
		{"no database", write("text.db", strings.Repeat("no database at all. ", 100)), "no SQLite database"},
		{"no folder", filepath.Join(dir, "missing", "spendbot.db"), "make the folder"},
		{"a folder", dir, "file be readable"},
		{"written by a later version", future, "newer spendbot"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db, err := Open(t.Context(), tc.path)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint, tc.want) || !strings.Contains(err.Error(), tc.path) {
				t.Errorf("got %v\nwant the path and %q", err, tc.want)
			}
		})
	}
}

func TestADamagedFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	save(t, db, answer("Q-7F3K2M"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(b); i++ { // the header stays, so it still looks like a database
		b[i] = 0xA5
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), path)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "damaged") {
		t.Errorf("got %v", err)
	}
}

func TestALockedFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	holder := reopen(t, path)
	tx, err := holder.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	db, err := open(t.Context(), path, 50*time.Millisecond)
	if err != nil {
		t.Fatal("a reader must get in beside a writer:", err)
	}
	defer db.Close()
	if _, err := db.List(t.Context(), 1); err != nil {
		t.Error("a reader must get in beside a writer:", err)
	}
	err = db.SaveAnswer(t.Context(), answer("Q-7F3K2M"))
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "Another process") || e.Op != "save answer Q-7F3K2M" {
		t.Errorf("got %v", err)
	}
}

func TestACancelledContextEndsTheWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	holder := reopen(t, path)
	tx, err := holder.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := holder.SaveAnswer(ctx, answer("Q-7F3K2M")); err == nil || locked(err) {
		t.Errorf("waited for the lock as long as that takes: %v", err)
	}
}

func TestManyWritersInOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	handles := []*DB{reopen(t, path), reopen(t, path)}
	var wg sync.WaitGroup
	const each = 20
	for h, db := range handles {
		wg.Go(func() {
			for i := range each {
				if err := db.SaveAnswer(t.Context(), answer(fmt.Sprintf("Q-%02d%04d", h, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if list, err := handles[0].List(t.Context(), 0); err != nil || len(list) != each*len(handles) {
		t.Errorf("%d kept, %v", len(list), err)
	}
}

const writerEnv = "STATE_TEST_WRITER"

// Several processes begin with a file that is not there, make its tables at once and write side by side.
func TestManyProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	const processes, each = 4, 15
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", writerEnv, p, each, path))
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("process %d: %v\n%s", p, err, out.String())
			}
		})
	}
	wg.Wait()
	list, err := reopen(t, path).List(t.Context(), 0)
	if err != nil || len(list) != processes*each {
		t.Errorf("%d kept, want %d; %v", len(list), processes*each, err)
	}
}

// TestWriterProcess is the other side of TestManyProcesses.
func TestWriterProcess(t *testing.T) {
	job := os.Getenv(writerEnv)
	if job == "" {
		t.Skip("run by TestManyProcesses")
	}
	var p, each int
	var path string
	if _, err := fmt.Sscanf(job, "%d %d %s", &p, &each, &path); err != nil {
		t.Fatal(err)
	}
	db := reopen(t, path)
	for i := range each {
		save(t, db, answer(fmt.Sprintf("Q-%02d%04d", p, i)))
	}
}
