package state

import (
	"errors"
	"io/fs"
	"testing"
	"time"
)

func TestPostpone(t *testing.T) {
	db, ctx := opened(t), t.Context()
	receive(t, db, Item{Key: "x1", Lane: "x"})
	receive(t, db, Item{Key: "x2", Lane: "x"})
	receive(t, db, Item{Key: "y1", Lane: "y"})
	takeKey(t, db, "me", t0)
	first := &Item{Key: "x1", Attempts: 1}
	ok(t, db.Postpone(ctx, &Item{Key: "x1"}, after(time.Minute))) // an attempt that was overtaken frees nothing
	ok(t, db.Postpone(ctx, first, after(2*time.Hour)))
	ok(t, db.Renew(ctx, "me", after(3*time.Hour), lease)) // it is no longer mine
	for _, tc := range []struct {
		now  time.Time
		want string
	}{{t0, "y1"}, {t0, ""}, {after(2*time.Hour - 1), "y1"}, {after(2*time.Hour - 1), ""}, {after(2 * time.Hour), "x1"}, {after(2 * time.Hour), ""}} {
		if got := takeKey(t, db, "you", tc.now); got != tc.want {
			t.Errorf("%v: took %q, want %q", tc.now, got, tc.want)
		}
	}
	ok(t, db.Finish(ctx, "x1", "answered", t0))
	ok(t, db.Postpone(ctx, &Item{Key: "x1", Attempts: 2}, t0))
	if got := takeKey(t, db, "you", after(2*time.Hour)); got != "x2" {
		t.Errorf("took %q: what is finished stays finished, and what was behind it goes on", got)
	}
	if err := db.Postpone(ctx, &Item{Key: "no"}, t0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestDue(t *testing.T) {
	db, ctx := opened(t), t.Context()
	for _, key := range []string{"sending", "sent", "failed", "waiting", "pending"} {
		enqueue(t, db, Post{Key: key, Channel: key})
	}
	for _, end := range []func(*Post) error{
		func(*Post) error { return nil },
		func(p *Post) error { return db.Sent(ctx, p.Key, "1", t0) },
		func(p *Post) error { return db.GiveUp(ctx, p, "gone", t0) },
		func(p *Post) error { return db.Retry(ctx, p, "ratelimited", after(time.Hour)) },
	} {
		p, _ := takePost(t, db, "a", t0)
		ok(t, end(p))
	}
	for now, want := range map[time.Time]int{t0: 2, after(time.Hour): 3} {
		if n, err := db.Due(ctx, now); n != want || err != nil {
			t.Errorf("at %v %d, %v; want %d", now, n, err, want)
		}
	}
}
