package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestADemoInUseStays: while somebody uses a demo company's store, whoever makes one of another day does not take it away; afterwards it goes.
func TestADemoInUseStays(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	root := filepath.Join(cache, "spendbot")
	made := func(name string) string {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, demoMark), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	used, unused, newest, other := made("demo-"+demoVersion+"-2026-11-25"), made("demo-3-2026-01-01"), made("demo-"+demoVersion+"-2026-11-23"), made("kept")
	there := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, demoMark))
		return err == nil
	}
	a := &app{now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), stderr: os.Stderr}
	dir, inUse, err := a.demoStore(t.Context())
	if err != nil || dir != used {
		t.Fatalf("%s, %v", dir, err)
	}
	if _, again, err := a.demoStore(t.Context()); err != nil { // two may use it
		t.Fatal(err)
	} else if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
	throwAway(root, filepath.Base(newest))
	if !there(used) || there(unused) || !there(newest) || !there(other) {
		t.Errorf("used %v, unused %v, newest %v, other %v", there(used), there(unused), there(newest), there(other))
	}
	if err := inUse.Unlock(); err != nil {
		t.Fatal(err)
	}
	throwAway(root, filepath.Base(newest))
	if there(used) || !there(newest) {
		t.Errorf("afterwards: used %v, newest %v", there(used), there(newest))
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) != 2 {
		t.Errorf("left are %v, %v", left, err)
	}
}
