package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// t0 is when the tests of this package begin; their clocks run from there by hand.
var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const lease = time.Minute

func after(d time.Duration) time.Time { return t0.Add(d) }

func receive(t testing.TB, db *DB, it Item) bool {
	t.Helper()
	fresh, err := db.Receive(t.Context(), it)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// takeKey is the key of the item taken, "" when there is none.
func takeKey(t testing.TB, db *DB, owner string, now time.Time) string {
	t.Helper()
	it, err := db.Take(t.Context(), owner, now, lease)
	if err != nil {
		t.Fatal(err)
	}
	if it == nil {
		return ""
	}
	return it.Key
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// together runs f beside others.
func together(t testing.TB, wg *sync.WaitGroup, f func() error) {
	wg.Go(func() {
		if err := f(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnItemComesBackWhole(t *testing.T) {
	for name, want := range map[string]Item{
		"all fields":  {Key: "T1/C1/171.0001", Lane: "C1/171", Kind: "mention", Payload: []byte("{\"text\":\"why?\x00\xff\"}"), Received: t0.Add(5)},
		"no payload":  {Key: "k", Received: t0},
		"no time":     {Key: "k"},
		"odd strings": {Key: "T1/press/'; --\x00", Lane: " ", Kind: "é\n", Payload: []byte(" ")},
	} {
		t.Run(name, func(t *testing.T) {
			db := opened(t)
			if !receive(t, db, want) {
				t.Error("not fresh")
			}
			got, err := db.Take(t.Context(), "a", t0, lease)
			ok(t, err)
			want.Attempts = 1
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAKnownKeyIsNotFresh(t *testing.T) {
	db := opened(t)
	steps := []struct {
		name string
		do   func() error
	}{
		{"waiting", func() error { return nil }},
		{"taken", func() error { _, err := db.Take(t.Context(), "a", t0, lease); return err }},
		{"finished", func() error { return db.Finish(t.Context(), "k", "answered", t0) }},
	}
	if !receive(t, db, Item{Key: "k", Payload: []byte("first")}) {
		t.Fatal("the first is not fresh")
	}
	for _, s := range steps {
		ok(t, s.do())
		if receive(t, db, Item{Key: "k", Payload: []byte("again")}) {
			t.Errorf("%s: fresh again", s.name)
		}
	}
	if key := takeKey(t, db, "b", after(24*time.Hour)); key != "" {
		t.Errorf("%s is taken after it was finished", key)
	}
}

func TestItemsAreTakenInTheOrderTheyCame(t *testing.T) {
	db := opened(t)
	for i, key := range []string{"c", "a", "b"} {
		receive(t, db, Item{Key: key, Received: after(-time.Duration(i) * time.Hour)}) // by a clock that runs backwards
	}
	for _, want := range []string{"c", "a", "b", ""} {
		if got := takeKey(t, db, "w", t0); got != want {
			t.Errorf("took %q, want %q", got, want)
		}
	}
}

func TestLanesAreTakenOneAtATime(t *testing.T) {
	db := opened(t)
	for _, key := range []string{"x1", "x2", "y1", "1", "2"} {
		receive(t, db, Item{Key: key, Lane: strings.Trim(key, "12")})
	}
	for _, want := range []string{"x1", "y1", "1", "2", ""} { // x2 waits; what has no lane does not
		if got := takeKey(t, db, "a", t0); got != want {
			t.Errorf("took %q, want %q", got, want)
		}
	}
	ok(t, db.Finish(t.Context(), "x1", "answered", t0))
	if got := takeKey(t, db, "a", t0); got != "x2" {
		t.Errorf("took %q, want x2", got)
	}
}

func TestALeaseThatRanOutIsTakenOver(t *testing.T) {
	db := opened(t)
	receive(t, db, Item{Key: "k"})
	if takeKey(t, db, "a", t0) != "k" {
		t.Fatal("not taken")
	}
	for _, tc := range []struct {
		name string
		now  time.Time
		want string
	}{
		{"just before it ends", after(lease - 1), ""},
		{"by a clock that went back", after(-time.Hour), ""},
		{"when it ends", after(lease), "k"},
		{"under the next lease", after(lease + 1), ""},
	} {
		if got := takeKey(t, db, "b", tc.now); got != tc.want {
			t.Errorf("%s: took %q, want %q", tc.name, got, tc.want)
		}
	}
	it, err := db.Take(t.Context(), "c", after(time.Hour), lease)
	ok(t, err)
	if it.Attempts != 3 {
		t.Errorf("%d attempts, want 3", it.Attempts)
	}
	ok(t, db.Finish(t.Context(), "k", "answered", t0))
	ok(t, db.Finish(t.Context(), "k", "failed: too late", after(time.Hour)))
	var outcome, finished string
	ok(t, db.sql.QueryRow("SELECT outcome, finished FROM inbox").Scan(&outcome, &finished))
	if outcome != "answered" || finished != stamp(t0) {
		t.Errorf("%s at %s: the first outcome must stand", outcome, finished)
	}
}

func TestRenewAndRelease(t *testing.T) {
	db := opened(t)
	for _, key := range []string{"mine", "done", "hers"} {
		receive(t, db, Item{Key: key})
	}
	takeKey(t, db, "me", t0)
	takeKey(t, db, "me", t0)
	takeKey(t, db, "she", t0)
	enqueue(t, db, Post{Key: "post", Channel: "C"})
	if p, _ := takePost(t, db, "me", t0); p == nil {
		t.Fatal("no post")
	}
	ok(t, db.Finish(t.Context(), "done", "answered", t0))

	ok(t, db.Renew(t.Context(), "me", after(50*time.Second), lease))
	ok(t, db.Renew(t.Context(), "me", after(10*time.Second), lease)) // late on its way: it shortens nothing
	renewed := after(50*time.Second + lease - 1)
	if got := takeKey(t, db, "x", renewed); got != "hers" {
		t.Errorf("took %q, want what was not renewed", got)
	}
	if got := takeKey(t, db, "x", renewed); got != "" {
		t.Errorf("took %q, whose lease was renewed", got)
	}
	if p, _ := takePost(t, db, "x", renewed); p != nil {
		t.Error("the post's lease was not renewed")
	}
	ok(t, db.Release(t.Context(), "me"))
	if got := takeKey(t, db, "x", renewed); got != "mine" {
		t.Errorf("took %q, want what was released", got)
	}
	if p, unknown := takePost(t, db, "x", renewed); p == nil || !unknown {
		t.Errorf("%+v, %v: a released post may have been sent", p, unknown)
	}
	ok(t, db.Renew(t.Context(), "me", after(time.Hour), lease)) // what it no longer has stays another's
	if got := takeKey(t, db, "y", renewed.Add(lease)); got != "mine" {
		t.Errorf("took %q, want what x did not renew", got)
	}
}

func TestUnfinished(t *testing.T) {
	db := opened(t)
	for i := range 3 {
		receive(t, db, Item{Key: fmt.Sprint(i)})
	}
	takeKey(t, db, "a", t0)
	ok(t, db.Finish(t.Context(), "1", "ignored", t0))
	if n, err := db.Unfinished(t.Context()); n != 2 || err != nil {
		t.Errorf("%d, %v; want 2", n, err)
	}
}

// What cannot be meant is refused and changes nothing.
func TestMisuseIsRefused(t *testing.T) {
	db, ctx := opened(t), t.Context()
	receive(t, db, Item{Key: "k"})
	enqueue(t, db, Post{Key: "k", Channel: "C"})
	for name, tc := range map[string]struct {
		want string
		do   func() error
	}{
		"an item without a key":   {"key", func() error { _, err := db.Receive(ctx, Item{}); return err }},
		"a post without a key":    {"key", func() error { _, _, err := db.Enqueue(ctx, Post{Method: "m"}, t0); return err }},
		"a post without a method": {"method", func() error { _, _, err := db.Enqueue(ctx, Post{Key: "x"}, t0); return err }},
		"nobody takes":            {"owner", func() error { _, err := db.Take(ctx, "", t0, lease); return err }},
		"nobody takes a post":     {"owner", func() error { _, _, err := db.TakePost(ctx, "", t0, lease); return err }},
		"no lease":                {"lease", func() error { _, err := db.Take(ctx, "a", t0, 0); return err }},
		"no lease on a post":      {"lease", func() error { _, _, err := db.TakePost(ctx, "a", t0, -1); return err }},
		"nobody renews":           {"owner", func() error { return db.Renew(ctx, "", t0, lease) }},
		"nobody releases":         {"owner", func() error { return db.Release(ctx, "") }},
		"finishing what is not":   {"kept", func() error { return db.Finish(ctx, "no", "answered", t0) }},
		"sent what is not":        {"kept", func() error { return db.Sent(ctx, "no", "1", t0) }},
		"giving up what is not":   {"kept", func() error { return db.GiveUp(ctx, &Post{Key: "no"}, "gone", t0) }},
		"the outcome of no attempt": {"overtaken", func() error {
			return db.Retry(ctx, &Post{Key: "k", Attempts: 7}, "x", t0)
		}},
	} {
		var e *Error
		if err := tc.do(); !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		} else if tc.want == "kept" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v is not fs.ErrNotExist", name, err)
		}
	}
	if got := takeKey(t, db, "a", t0); got != "k" {
		t.Errorf("took %q", got)
	}
	if p, unknown := takePost(t, db, "a", t0); p == nil || p.Attempts != 1 || unknown {
		t.Errorf("%+v", p)
	}
}

// Many workers over several handles, each with a connection pool of its own, take every item once.
func TestManyWorkersTakeEachItemOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	handles := []*DB{quick(t, path), quick(t, path), quick(t, path)}
	const items, lanes, workers = 120, 5, 4
	var wg sync.WaitGroup
	var fresh sync.Map
	for h, db := range handles { // each handle receives all of them: redelivered twice
		together(t, &wg, func() error {
			for i := range items {
				key := fmt.Sprint((i + h*items/3) % items)
				isFresh, err := db.Receive(t.Context(), Item{Key: key, Lane: fmt.Sprint(i % lanes)})
				if err != nil {
					return err
				}
				if isFresh {
					if _, twice := fresh.LoadOrStore(key, true); twice {
						t.Errorf("%s is fresh twice", key)
					}
				}
			}
			return nil
		})
	}
	wg.Wait()
	var taken sync.Map
	work := func(h, w int) error {
		db, owner := handles[h], fmt.Sprint(h, w)
		for {
			it, err := db.Take(t.Context(), owner, t0, lease)
			if it == nil || err != nil {
				return err // none: the rest is behind what others hold, and they go on
			}
			if _, twice := taken.LoadOrStore(it.Key, owner); twice {
				t.Errorf("%s is taken twice under one lease", it.Key)
			}
			if err := db.Finish(t.Context(), it.Key, "answered", t0); err != nil {
				return err
			}
		}
	}
	for h := range handles {
		for w := range workers {
			together(t, &wg, func() error { return work(h, w) })
		}
	}
	wg.Wait()
	ok(t, work(0, workers))
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if left, err := handles[1].Unfinished(t.Context()); n != items || left != 0 || err != nil {
		t.Errorf("%d taken, %d left, %v; want %d and none", n, left, err, items)
	}
}

// Who waits for another writer of the same process stops when its context does.
func TestACancelledContextEndsTheQueue(t *testing.T) {
	db := opened(t)
	err := db.write(t.Context(), func(*sql.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := db.Receive(ctx, Item{Key: "k"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	ok(t, err)
	if n, err := db.Unfinished(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// quick opens the file without waiting for the disk. What the tests of many steps look at is the same.
func quick(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	ok(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.sql.SetMaxOpenConns(1)
	_, err = db.sql.Exec("PRAGMA synchronous = OFF")
	ok(t, err)
	return db
}
