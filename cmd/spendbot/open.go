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
	inUse   *flock.Flock // of a demo's store, which is thrown away once nobody uses it; else nil
}

func (o *opened) Close() error {
	err := errors.Join(o.state.Close(), o.Store.Close())
	if o.inUse != nil {
		err = errors.Join(err, o.inUse.Unlock())
	}
	return err
}

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
	if dir := a.flags.store; dir != "" {
		if !store.Exists(dir) {
			return nil, fmt.Errorf("there is no store in %s yet: `spendbot load FILE --store %s` makes one", dir, dir)
		}
		return a.openDir(ctx, dir, false)
	}
	dir, inUse, err := a.demoStore(ctx)
	if err != nil {
		return nil, fmt.Errorf("demo company: %w", err)
	}
	o, err := a.openDir(ctx, dir, true)
	if err != nil {
		return nil, errors.Join(err, inUse.Unlock())
	}
	o.inUse = inUse
	return o, nil
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

// demoStore makes the demo company's store on first use, one per day of --now, and throws others away that nobody uses. It is in use until
// the lock it comes with is given back.
func (a *app) demoStore(ctx context.Context) (dir string, inUse *flock.Flock, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	root := filepath.Join(cache, "spendbot")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("demo-%s-%s", demoVersion, a.now.UTC().Format("2006-01-02"))
	dir = filepath.Join(root, name)
	ready := func() bool {
		_, err := os.Stat(filepath.Join(dir, demoMark))
		return err == nil
	}
	lock := flock.New(filepath.Join(root, name+demoLock))
	for { // between making it and using it somebody else may throw it away
		if err := lock.RLock(); err != nil {
			return "", nil, err
		}
		if ready() {
			return dir, lock, nil
		}
		if err := lock.Unlock(); err != nil {
			return "", nil, err
		}
		if err := lock.Lock(); err != nil {
			return "", nil, err
		}
		if !ready() { // else another process made it meanwhile
			if err = a.makeDemoIn(ctx, dir); err == nil {
				throwAway(root, name)
			}
		}
		if err = errors.Join(err, lock.Unlock()); err != nil {
			return "", nil, err
		}
	}
}

// demoLock ends the name of a demo store's lock: held by all who use it together, or by one who makes it or throws it away.
const demoLock = ".lock"

func (a *app) makeDemoIn(ctx context.Context, dir string) error {
	fmt.Fprintln(a.stderr, "No store is configured: making the demo company, once (about 15 seconds).")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := a.makeDemo(ctx, dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, demoMark), nil, 0o644)
}

// throwAway removes the demo stores that nobody uses, but for one. What stays costs disk, nothing else.
func throwAway(root, but string) {
	olds, _ := os.ReadDir(root)
	for _, o := range olds {
		name := strings.TrimSuffix(o.Name(), demoLock)
		if !strings.HasPrefix(name, "demo-") || name == but {
			continue
		}
		lock := flock.New(filepath.Join(root, name+demoLock))
		if ok, err := lock.TryLock(); !ok || err != nil {
			continue
		}
		_ = os.RemoveAll(filepath.Join(root, name))
		_ = os.Remove(lock.Path())
		_ = lock.Unlock()
	}
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
