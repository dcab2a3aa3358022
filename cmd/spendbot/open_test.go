package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"spendbot/analysis/store"
	"spendbot/bot/state"
)

// TestApart checks that a demo's workspace neither answers nor is answered by another bot on the same store.
func TestApart(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	served, err := state.Open(ctx, filepath.Join(dir, store.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	shared, err := state.Open(ctx, filepath.Join(dir, store.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	o := &opened{state: shared}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	done, err := o.apart(ctx)
	if err != nil {
		t.Fatal(err)
	}
	receive := func(db *state.DB, key string) {
		t.Helper()
		if _, err := db.Receive(ctx, state.Item{Key: key, Lane: key, Kind: "mention", Payload: []byte("{}"), Received: now}); err != nil {
			t.Fatal(err)
		}
	}
	receive(served, "a real question")
	receive(o.state, "a demo's question")
	for _, x := range []struct {
		name string
		db   *state.DB
		want string
	}{{"the demo", o.state, "a demo's question"}, {"the served bot", served, "a real question"}} {
		it, err := x.db.Take(ctx, "worker of "+x.name, now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if it == nil || it.Key != x.want {
			t.Errorf("%s took %v, want %q", x.name, it, x.want)
		}
		if it, err = x.db.Take(ctx, "worker of "+x.name, now, time.Minute); it != nil {
			t.Errorf("%s took %q as well (%v)", x.name, it.Key, err)
		}
	}
	done()
	if o.state != shared {
		t.Error("the shared state did not come back")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the workspace's state stayed: %v %v", left, err)
	}
}
