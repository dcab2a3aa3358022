package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/store"
)

const byService = "SELECT ServiceName, ChargeDate, Tags, sum(BilledCost) AS cost FROM daily GROUP BY ALL ORDER BY ALL"

func TestSnapshotsStayReadable(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.Snapshot(ctx, 0); !errors.Is(err, store.ErrEmpty) {
		t.Fatalf("an empty store: %v", err)
	}
	first := load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1", "2")))
	held := snapshot(t, s, 0)
	_, before, err := held.Query(ctx, "q", byService)
	if err != nil {
		t.Fatal(err)
	}
	load(t, s, writeBill(t, "b.csv", charges("p", "2026-10", "100")))
	load(t, s, writeBill(t, "c.csv", charges("p", "2026-11", "7")))

	again := open(t, dir) // as another process would
	for name, sn := range map[string]*store.Snapshot{"held open": held, "by id": snapshot(t, again, first.Snapshot)} {
		_, tr, err := sn.Query(ctx, "q", byService)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if tr.SHA256 != before.SHA256 || tr.Rows != 2 {
			t.Errorf("%s: the old snapshot answers %d rows %s, before %s", name, tr.Rows, tr.SHA256, before.SHA256)
		}
		if got := totalsOf(t, sn); got != "2 rows 3" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := totalsOf(t, snapshot(t, again, 0)); got != "2 rows 107" {
		t.Errorf("the newest snapshot holds %s", got)
	}
	if _, err := s.Snapshot(ctx, 12345); err == nil || !strings.Contains(err.Error(), "no snapshot 12345") {
		t.Errorf("an unknown snapshot: %v", err)
	}
}

// TestReadersDoNotSeeALoadUnderWay reads from another handle at every step of a load.
func TestReadersDoNotSeeALoadUnderWay(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	writer, reader := open(t, dir), open(t, dir)
	load(t, writer, writeBill(t, "a.csv", charges("p", "2026-10", "1", "2")))
	held := snapshot(t, reader, 0)
	_, before, err := held.Query(ctx, "q", byService)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	store.OnStep(func(step string) {
		sn, err := reader.Snapshot(ctx, 0)
		if err != nil {
			t.Errorf("at %q: %v", step, err)
			return
		}
		defer sn.Close()
		want := "2 rows 3"
		if step == "daily committed" {
			want = "1 rows 50"
		}
		if got := totalsOf(t, sn); got != want {
			t.Errorf("at %q a reader sees %s, want %s", step, got, want)
		}
		if loads, err := reader.Loads(ctx); err != nil || loads[0].Snapshot != sn.ID {
			t.Errorf("at %q the loads are %v, %v", step, loads, err)
		}
		if _, tr, err := held.Query(ctx, "q", byService); err != nil || tr.SHA256 != before.SHA256 {
			t.Errorf("at %q the snapshot held open answers differently: %v", step, err)
		}
		seen = append(seen, step)
	})
	defer store.OnStep(func(string) {})
	load(t, writer, writeBill(t, "b.csv", charges("p", "2026-10", "50")))
	if len(seen) < 6 {
		t.Errorf("only the steps %q were looked at", seen)
	}
}

func TestTwoLoadsTakeTurns(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	files := []string{writeBill(t, "a.csv", charges("p1", "2026-10", "1")), writeBill(t, "b.csv", charges("p2", "2026-10", "2"))}
	done := make(chan struct{}, 2)
	for i, s := range []*store.Store{a, b} {
		go func() {
			defer func() { done <- struct{}{} }()
			load(t, s, files[i])
		}()
	}
	<-done
	<-done
	if got := totalsOf(t, snapshot(t, a, 0)); got != "2 rows 3" {
		t.Errorf("the store holds %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w, err := a.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cancel()
	if _, err := b.Begin(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "another load") {
		t.Errorf("waiting for the lock ended with %v", err)
	}
}

// TestFirstUseByManyAtOnce opens and reads a new store from several handles.
func TestFirstUseByManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error, 6)
	for range cap(errs) {
		go func() {
			s, err := store.Open(context.Background(), dir, store.Limits{})
			if err == nil {
				if _, err = s.Snapshot(context.Background(), 0); errors.Is(err, store.ErrEmpty) {
					err = nil
				}
				s.Close()
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestStoreFoldersOfAnyName(t *testing.T) {
	for _, name := range []string{"a b", "100%", "c#d", "q&a=1", "über", "it's", "%41"} {
		t.Run(name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), name))
			load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
			load(t, s, writeBill(t, "b.csv", charges("p", "2026-10", "2")))
			if got := totalsOf(t, snapshot(t, s, 0)); got != "1 rows 2" {
				t.Errorf("the store holds %s", got)
			}
		})
	}
	for _, name := range []string{"a*", "what?", "[1]"} {
		if _, err := store.Open(context.Background(), filepath.Join(t.TempDir(), name), store.Limits{}); err == nil || !strings.Contains(err.Error(), "choose another folder") {
			t.Errorf("a store in %q: %v", name, err)
		}
	}
}

func TestBrokenStoresSayWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	t.Run("a file where the folder should be", func(t *testing.T) {
		p := writeBill(t, "store", "x")
		_, err := store.Open(ctx, p, store.Limits{})
		if err == nil || !strings.Contains(err.Error(), "open store "+p) || !strings.Contains(err.Error(), "written to") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a folder that cannot be written to", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		if os.WriteFile(filepath.Join(dir, "x"), nil, 0o644) == nil {
			t.Skip("this user may write anywhere")
		}
		if _, err := store.Open(ctx, dir, store.Limits{}); err == nil || !strings.Contains(err.Error(), "written to") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a database that is none", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, store.DatabaseFile), []byte(strings.Repeat("not a database ", 500)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(ctx, dir, store.Limits{}); err == nil || !strings.Contains(err.Error(), store.DatabaseFile) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a data file that is gone", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
		sn := snapshot(t, s, 0)
		if err := os.Remove(store.Files(sn)[0]); err != nil {
			t.Fatal(err)
		}
		_, _, err := sn.Query(ctx, "q", "SELECT count(*) FROM daily")
		if err == nil || !strings.Contains(err.Error(), "data file of the store is gone") || !strings.Contains(err.Error(), ".parquet") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a warehouse that is gone", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		load(t, s, writeBill(t, "a.csv", charges("p", "2026-10", "1")))
		s.Close()
		if err := os.RemoveAll(filepath.Join(dir, "warehouse")); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(ctx, dir, store.Limits{}); err == nil || !strings.Contains(err.Error(), "open table") {
			t.Errorf("%v", err)
		}
	})
}

func TestLoadRecords(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	if loads, err := s.Loads(ctx); err != nil || len(loads) != 0 {
		t.Errorf("an empty store: %v, %v", loads, err)
	}
	a := load(t, s, writeBill(t, "a.csv", charges("p1", "2026-10", "1.10", "2")))
	b := load(t, s, writeBill(t, "b.csv", charges("p2", "2026-10", "5")))
	c := load(t, s, writeBill(t, "c.csv", charges("p1", "2026-10", "3")))
	loads, err := s.Loads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, l := range loads {
		files = append(files, l.Files[0].Path+" "+l.Totals["USD"].Billed.String()+" "+strings.Join(l.Periods, ","))
	}
	if got, want := strings.Join(files, "; "), "c.csv 3 2026-10; b.csv 5 2026-10; a.csv 3.1 2026-10"; got != want {
		t.Errorf("loads are %s, want %s", got, want)
	}
	if l := loads[2]; l.Snapshot != a.Snapshot || l.SHA256 != a.SHA256 || len(l.SHA256) != 64 || l.Rows != 2 || !l.At.Equal(now) || l.Totals["USD"].List != nil {
		t.Errorf("the first load is %+v", l)
	}
	if r := loads[0].Replaced; r == nil || r.Rows != 2 || r.Totals["USD"].Billed.String() != "3.1" {
		t.Errorf("the last load replaced %+v", r)
	}
	any := func(store.Load) bool { return true }
	if got := store.InForce(loads, any); got == nil || got.ID != c.ID {
		t.Errorf("in force: %+v", got)
	}
	if got := store.InForce(loads, func(l store.Load) bool { return l.SHA256 == b.SHA256 }); got == nil || got.ID != b.ID {
		t.Error("another payer's load is not in force")
	}
	if got := store.InForce(loads, func(l store.Load) bool { return l.SHA256 == a.SHA256 }); got != nil {
		t.Error("a replaced load is in force")
	}
}

// TestInForceMindsTheFeedNotTheProvider: a feed's month is replaced whole, also by rows of another provider.
func TestInForceMindsTheFeedNotTheProvider(t *testing.T) {
	l := func(sha, provider string) store.Load {
		return store.Load{SHA256: sha, Partitions: []store.Partition{{Source: "feed", Provider: provider, Month: "2026-10"}}}
	}
	loads := []store.Load{l("new", "B"), l("old", "A")}
	if got := store.InForce(loads, func(l store.Load) bool { return l.SHA256 == "old" }); got != nil {
		t.Errorf("in force: %+v", got)
	}
}
