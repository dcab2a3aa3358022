package state

import (
	"context"
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

func enqueue(t testing.TB, db *DB, p Post) Post {
	t.Helper()
	if p.Method == "" {
		p.Method = "chat.postMessage"
	}
	kept, _, err := db.Enqueue(t.Context(), p, t0)
	ok(t, err)
	return kept
}

func takePost(t testing.TB, db *DB, owner string, now time.Time) (*Post, bool) {
	t.Helper()
	p, unknown, err := db.TakePost(t.Context(), owner, now, lease)
	ok(t, err)
	return p, unknown
}

func postKey(p *Post) string {
	if p == nil {
		return ""
	}
	return p.Key
}

func TestAPostComesBackWhole(t *testing.T) {
	db := opened(t)
	in := Post{Key: "T1/C1/1/answer", Item: "T1/C1/1", Method: "chat.postEphemeral", Channel: "C1", Thread: "1", User: "U1",
		Payload: []byte("{}"), Kind: "answer", NotBefore: after(time.Second), State: Sent, TS: "9", Attempts: 4, LastError: "?", Created: t0.Add(-1)}
	want := in
	want.State, want.TS, want.Attempts, want.LastError, want.Created = Pending, "", 0, "", t0
	got, fresh, err := db.Enqueue(t.Context(), in, t0)
	if diff := cmp.Diff(want, got); diff != "" || !fresh || err != nil {
		t.Fatalf("%v, %v\n%s", fresh, err, diff)
	}
	p, unknown := takePost(t, db, "a", after(time.Second))
	want.State, want.Attempts = Sending, 1
	if diff := cmp.Diff(&want, p); diff != "" || unknown {
		t.Errorf("unknown %v\n%s", unknown, diff)
	}
	ok(t, db.Sent(t.Context(), p.Key, "172.5", after(2*time.Second)))
	ok(t, db.Sent(t.Context(), p.Key, "172.6", after(3*time.Second))) // of two the first stays
	want.State, want.TS = Sent, "172.5"
	again, fresh, err := db.Enqueue(t.Context(), Post{Key: in.Key, Method: "other"}, after(time.Hour))
	if diff := cmp.Diff(want, again); diff != "" || fresh || err != nil {
		t.Errorf("enqueued again: %v, %v\n%s", fresh, err, diff)
	}
	byKey, err := db.PostByKey(t.Context(), in.Key)
	if diff := cmp.Diff(&want, byKey); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := db.PostByKey(t.Context(), "no"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `"no"`) {
		t.Errorf("no such post: %v", err)
	}
}

// What a take says after each way in which the attempt before it may have ended.
func TestWhatFollowsAnAttempt(t *testing.T) {
	for _, tc := range []struct {
		name       string
		end        func(*DB, *Post) error
		before     time.Time // nothing to take yet
		from       time.Time // taken again; zero: never
		unknown    bool
		state      PostState
		cause      string
		andThenDue string // the post behind it, at once
	}{
		{name: "the process died", end: func(*DB, *Post) error { return nil }, before: after(lease - 1), from: after(lease), unknown: true, state: Sending},
		{name: "not happened, try later", end: func(db *DB, p *Post) error { return db.Retry(t.Context(), p, "ratelimited", after(90*time.Second)) },
			before: after(90*time.Second - 1), from: after(90 * time.Second), state: Pending, cause: "ratelimited"},
		{name: "not happened, try at once", end: func(db *DB, p *Post) error { return db.Retry(t.Context(), p, "503", time.Time{}) },
			before: t0.Add(-1), from: t0, state: Pending, cause: "503"},
		{name: "not known, look later", end: func(db *DB, p *Post) error { return db.Unsure(t.Context(), p, "EOF", after(5*time.Second)) },
			before: after(5*time.Second - 1), from: after(5 * time.Second), unknown: true, state: Sending, cause: "EOF"},
		{name: "not its turn", end: func(db *DB, p *Post) error { return db.Wait(t.Context(), p, "pace", after(time.Second)) },
			before: after(time.Second - 1), from: after(time.Second), state: Pending, cause: "pace"},
		{name: "given up", end: func(db *DB, p *Post) error { return db.GiveUp(t.Context(), p, "channel_not_found", t0) }, state: Failed,
			cause: "channel_not_found", andThenDue: "behind"},
		{name: "sent", end: func(db *DB, p *Post) error { return db.Sent(t.Context(), p.Key, "1.2", t0) }, state: Sent, andThenDue: "behind"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := opened(t)
			enqueue(t, db, Post{Key: "head", Channel: "C"})
			enqueue(t, db, Post{Key: "behind", Channel: "C"})
			p, _ := takePost(t, db, "a", t0)
			ok(t, tc.end(db, p))
			kept, err := db.PostByKey(t.Context(), "head")
			if err != nil || kept.State != tc.state || kept.LastError != tc.cause {
				t.Errorf("kept as %+v, %v", kept, err)
			}
			if tc.from.IsZero() {
				if next, unknown := takePost(t, db, "b", t0); postKey(next) != tc.andThenDue || unknown {
					t.Errorf("then took %q, want %q", postKey(next), tc.andThenDue)
				}
				return
			}
			if tc.before.After(t0) {
				if next, _ := takePost(t, db, "b", tc.before); next != nil {
					t.Errorf("took %q too early", next.Key)
				}
			}
			next, unknown := takePost(t, db, "b", tc.from)
			if postKey(next) != "head" || unknown != tc.unknown || next.Attempts != 2 {
				t.Errorf("took %+v, unknown %v; want unknown %v", next, unknown, tc.unknown)
			}
			// Whatever ended the second attempt, a third after it knows about the second alone.
			ok(t, db.Retry(t.Context(), next, "x", time.Time{}))
			if next, unknown := takePost(t, db, "c", tc.from); postKey(next) != "head" || unknown {
				t.Errorf("third attempt: %+v, unknown %v", next, unknown)
			}
		})
	}
}

// Waiting is no failure, and what was not known stays unknown while a post waits.
func TestTriesAreAttemptsThatFailed(t *testing.T) {
	db := opened(t)
	enqueue(t, db, Post{Key: "k", Channel: "C"})
	for i, step := range []struct {
		end     func(context.Context, *Post, string, time.Time) error
		unknown bool // as the attempt finds it
		tries   int
	}{{db.Wait, false, 0}, {db.Unsure, false, 0}, {db.Wait, true, 1}, {db.Wait, true, 1}, {db.Retry, true, 1}, {db.Wait, false, 2}, {nil, false, 2}} {
		p, unknown := takePost(t, db, "a", t0)
		if p == nil || unknown != step.unknown || p.Tries != step.tries || p.Attempts != i+1 {
			t.Fatalf("attempt %d: %+v, unknown %v; want %+v", i+1, p, unknown, step)
		}
		if step.end != nil {
			ok(t, step.end(t.Context(), p, "x", time.Time{}))
		}
	}
}

// One whose lease ran out while it was sending knows nothing about the attempt that followed: only that its own message is
// there is a fact.
func TestAnOvertakenAttemptDecidesNothing(t *testing.T) {
	for name, report := range map[string]func(*DB, *Post) error{
		"retry":  func(db *DB, p *Post) error { return db.Retry(t.Context(), p, "x", t0) },
		"unsure": func(db *DB, p *Post) error { return db.Unsure(t.Context(), p, "x", t0) },
		"wait":   func(db *DB, p *Post) error { return db.Wait(t.Context(), p, "x", t0) },
		"giveup": func(db *DB, p *Post) error { return db.GiveUp(t.Context(), p, "x", t0) },
	} {
		t.Run(name, func(t *testing.T) {
			db := opened(t)
			enqueue(t, db, Post{Key: "k", Channel: "C"})
			slow, _ := takePost(t, db, "slow", t0)
			if next, unknown := takePost(t, db, "next", after(lease)); next == nil || !unknown {
				t.Fatalf("%+v, %v", next, unknown)
			}
			if err := report(db, slow); !errors.Is(err, ErrOvertaken) {
				t.Errorf("got %v", err)
			}
			if p, _ := takePost(t, db, "third", after(lease)); p != nil {
				t.Error("a third took it beside the second")
			}
			ok(t, db.Sent(t.Context(), "k", "1.5", after(lease)))
			if p, err := db.PostByKey(t.Context(), "k"); err != nil || p.State != Sent || p.TS != "1.5" || p.LastError != "" {
				t.Errorf("%+v, %v", p, err)
			}
			if err := report(db, slow); !errors.Is(err, ErrOvertaken) {
				t.Errorf("after it was sent: %v", err)
			}
		})
	}
}

func TestSentOverrulesGivenUp(t *testing.T) {
	db := opened(t)
	enqueue(t, db, Post{Key: "k", Channel: "C"})
	p, _ := takePost(t, db, "a", t0)
	ok(t, db.GiveUp(t.Context(), p, "timeout", t0))
	ok(t, db.Sent(t.Context(), "k", "1.5", t0))
	if p, err := db.PostByKey(t.Context(), "k"); err != nil || p.State != Sent || p.TS != "1.5" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, _ := takePost(t, db, "a", after(time.Hour)); p != nil {
		t.Error("taken after it was sent")
	}
}

// Which posts may go while the first of all is under way, and while it waits.
func TestOnlyPostsOfOnePlaceWaitForEachOther(t *testing.T) {
	posts := []Post{
		{Key: "head", Channel: "C", Thread: "1"}, {Key: "same thread", Channel: "C", Thread: "1", User: "U"}, {Key: "other thread", Channel: "C", Thread: "2"},
		{Key: "top level", Channel: "C"}, {Key: "other channel", Channel: "D", Thread: "1"}, {Key: "home", User: "U", Method: "views.publish"},
		{Key: "same home", User: "U", Method: "views.publish"}, {Key: "other home", User: "V", Method: "views.publish"}, {Key: "nowhere"}, {Key: "nowhere else"},
	}
	free := []string{"other thread", "top level", "other channel", "home", "other home", "nowhere", "nowhere else"}
	for name, wait := range map[string]bool{"under way": false, "waiting": true} {
		t.Run(name, func(t *testing.T) {
			db := opened(t)
			for _, p := range posts {
				enqueue(t, db, p)
			}
			head, _ := takePost(t, db, "a", t0)
			if wait {
				ok(t, db.Retry(t.Context(), head, "ratelimited", after(time.Second)))
			}
			var got []string
			for p, _ := takePost(t, db, "a", t0); p != nil; p, _ = takePost(t, db, "a", t0) {
				got = append(got, p.Key)
			}
			if diff := cmp.Diff(free, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutboxAndFailures(t *testing.T) {
	db := opened(t)
	for i := range 6 {
		enqueue(t, db, Post{Key: fmt.Sprint(i), Channel: fmt.Sprint(i)})
	}
	for i := range 5 {
		p, _ := takePost(t, db, "a", t0)
		switch i {
		case 0, 1, 2:
			ok(t, db.GiveUp(t.Context(), p, "cause "+p.Key, after(time.Duration(i%2)*time.Minute)))
		case 3:
			ok(t, db.Sent(t.Context(), p.Key, "1", t0))
		}
	}
	pending, sending, failed, err := db.Outbox(t.Context())
	if pending != 1 || sending != 1 || failed != 3 || err != nil {
		t.Errorf("%d pending, %d sending, %d failed, %v", pending, sending, failed, err)
	}
	for limit, want := range map[int][]string{0: {"1", "2", "0"}, 2: {"1", "2"}} {
		list, err := db.Failures(t.Context(), limit)
		var keys []string
		for _, p := range list {
			keys = append(keys, p.Key)
			if p.LastError != "cause "+p.Key || p.State != Failed {
				t.Errorf("%+v", p)
			}
		}
		if diff := cmp.Diff(want, keys); diff != "" || err != nil {
			t.Errorf("limit %d: %v %s", limit, err, diff)
		}
	}
}

// Many senders over several handles send each post once, and those of one thread in order.
func TestManySendersKeepTheOrderOfThreads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	handles := []*DB{quick(t, path), quick(t, path), quick(t, path)}
	const posts, threads, senders = 120, 4, 3
	for i := range posts {
		enqueue(t, handles[i%3], Post{Key: fmt.Sprintf("%03d", i), Channel: "C", Thread: fmt.Sprint(i % threads)})
	}
	var mu sync.Mutex
	slack := map[string][]string{}
	send := func(h, s int) error {
		db := handles[h]
		for n := 0; ; n++ {
			p, unknown, err := db.TakePost(t.Context(), fmt.Sprint(h, s), t0, lease)
			if p == nil || err != nil {
				return err
			}
			if unknown {
				t.Errorf("%s: nobody died", p.Key)
			}
			if n%5 == 0 {
				if err := db.Retry(t.Context(), p, "ratelimited", time.Time{}); err != nil {
					return err
				}
				continue
			}
			mu.Lock()
			slack[p.Thread] = append(slack[p.Thread], p.Key)
			mu.Unlock()
			if err := db.Sent(t.Context(), p.Key, "1", t0); err != nil {
				return err
			}
		}
	}
	var wg sync.WaitGroup
	for h := range handles {
		for s := range senders {
			together(t, &wg, func() error { return send(h, s) })
		}
	}
	wg.Wait()
	ok(t, send(0, senders))
	want := map[string][]string{}
	for i := range posts {
		thread := fmt.Sprint(i % threads)
		want[thread] = append(want[thread], fmt.Sprintf("%03d", i))
	}
	if diff := cmp.Diff(want, slack); diff != "" {
		t.Error(diff)
	}
}

func TestEachEdgeTakesItsOwnPosts(t *testing.T) {
	db := opened(t)
	for _, p := range []Post{{Key: "a", Method: "chat.postMessage", Channel: "C1"}, {Edge: ToJira, Key: "b", Method: "create", Channel: "T-1"}, {Edge: ToJira, Key: "c", Method: "comment", Channel: "T-1"}} {
		if _, _, err := db.Enqueue(t.Context(), p, t0); err != nil {
			t.Fatal(err)
		}
	}
	take := func(edge string) string {
		t.Helper()
		p, _, err := db.TakePostTo(t.Context(), edge, "me", t0, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if p == nil {
			return ""
		}
		if p.Edge != edge {
			t.Errorf("%s is said to be for %q", p.Key, p.Edge)
		}
		return p.Key
	}
	if got := []string{take(ToJira), take(ToJira), take(ToSlack), take(ToSlack)}; got[0] != "b" || got[1] != "" || got[2] != "a" || got[3] != "" {
		t.Errorf("taken: %q; want b alone of the ticket, which is one thing after the other, and a", got)
	}
	if err := db.Sent(t.Context(), "b", "FIN-1", t0); err != nil {
		t.Fatal(err)
	}
	if got := take(ToJira); got != "c" {
		t.Errorf("after b: %q", got)
	}
}
