package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/owners"
	"spendbot/analysis/store"
	"spendbot/bot/state"
)

// opened is a store with the state beside it.
type opened struct {
	*store.Store
	state *state.DB
	// lasting is the store's own state while the workspace has one apart: answers are kept there too, so that they can be traced.
	lasting *state.DB
	demo    bool
}

func (o *opened) Close() error { return errors.Join(o.state.Close(), o.Store.Close()) }

// apart gives a workspace that lives no longer than this process a state of its own: its conversations are no other
// workspace's, neither another demo's nor that of a bot which serves the same store and would be robbed of its questions. The
// function it returns takes the state away again, once nothing uses it.
func (o *opened) apart(ctx context.Context) (done func(), err error) {
	dir, err := os.MkdirTemp("", "spendbot-workspace-")
	if err != nil {
		return nil, err
	}
	own, err := state.Open(ctx, filepath.Join(dir, store.DatabaseFile))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	shared := o.state
	o.state, o.lasting = own, shared
	return func() {
		_ = own.Close() // it is thrown away
		os.RemoveAll(dir)
		o.state, o.lasting = shared, nil
	}, nil
}

// open opens the configured store, or the demo company where none is configured.
func (a *app) open(ctx context.Context) (*opened, error) {
	dir := a.flags.store
	isDemo := dir == ""
	if isDemo {
		var err error
		if dir, err = a.demoStore(ctx); err != nil {
			return nil, fmt.Errorf("demo company: %w", err)
		}
	} else if !store.Exists(dir) {
		return nil, fmt.Errorf("there is no store in %s yet: `spendbot load FILE --store %s` makes one", dir, dir)
	}
	return a.openDir(ctx, dir, isDemo)
}

func (a *app) openDir(ctx context.Context, dir string, isDemo bool) (*opened, error) {
	s, err := store.Open(ctx, dir, a.cfg.limits())
	if err != nil {
		return nil, err
	}
	db, err := state.Open(ctx, filepath.Join(s.Dir(), store.DatabaseFile))
	if err != nil {
		s.Close()
		return nil, err
	}
	return &opened{Store: s, state: db, demo: isDemo}, nil
}

// demoVersion goes up when the generator or the store layout changes what a demo store holds.
const demoVersion = "4"

// demoMark is written into a finished demo store; a store without it was interrupted and is made again.
const demoMark = "demo-ready"

// demoStore makes the demo company's store on first use, one per day of --now, and throws older ones away.
func (a *app) demoStore(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	root := filepath.Join(cache, "spendbot")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	name := fmt.Sprintf("demo-%s-%s", demoVersion, a.now.UTC().Format("2006-01-02"))
	dir := filepath.Join(root, name)
	ready := filepath.Join(dir, demoMark)
	if _, err := os.Stat(ready); err == nil {
		return dir, nil
	}
	lock := flock.New(filepath.Join(root, name+".lock"))
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Unlock()
	if _, err := os.Stat(ready); err == nil { // another process made it meanwhile
		return dir, nil
	}
	fmt.Fprintln(a.stderr, "No store is configured: making the demo company, once (about 15 seconds).")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := a.makeDemo(ctx, dir); err != nil {
		return "", err
	}
	if err := os.WriteFile(ready, nil, 0o644); err != nil {
		return "", err
	}
	olds, _ := os.ReadDir(root)
	for _, o := range olds {
		if strings.HasPrefix(o.Name(), "demo-") && !strings.HasPrefix(o.Name(), name) {
			_ = os.RemoveAll(filepath.Join(root, o.Name())) // an old demo that stays costs disk, nothing else
		}
	}
	return dir, nil
}

func (a *app) makeDemo(ctx context.Context, dir string) error {
	bills, err := os.MkdirTemp("", "spendbot-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bills)
	if _, err := demo.Generate(ctx, bills, demo.Options{Now: a.now}); err != nil {
		return err
	}
	o, err := a.openDir(ctx, dir, true)
	if err != nil {
		return err
	}
	defer o.Close()
	if _, err = ingest.Load(ctx, o.Store, bills, ingest.Options{Now: a.now}); err != nil {
		return err
	}
	events, err := demo.Happened(a.now)
	if err != nil {
		return err
	}
	if _, _, err := o.state.AddEvents(ctx, events, a.now); err != nil {
		return err
	}
	_, err = owners.HistoryIn(o.Dir()).Apply(demo.OwnersFile, demo.Owners, time.Time{}, a.now)
	return err
}
