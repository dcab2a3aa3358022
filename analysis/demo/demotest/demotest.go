// Package demotest makes stores of the demo company's bills for tests.
package demotest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/owners"
	"spendbot/analysis/store"
)

// Load writes the demo company's bills to dir/bills and loads them into a store in dir/store, which the caller has to close.
func Load(ctx context.Context, dir string, o demo.Options) (*store.Store, *demo.Manifest, error) {
	bills := filepath.Join(dir, "bills")
	m, err := demo.Generate(ctx, bills, o)
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(ctx, filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		return nil, nil, err
	}
	if _, err := ingest.Load(ctx, s, bills, ingest.Options{Now: o.Now}); err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, m, nil
}

// Book is the demo company's owners, as applied on a day.
func Book(t testing.TB, day time.Time) *owners.Book {
	t.Helper()
	v, err := owners.HistoryIn(t.TempDir()).Apply(demo.OwnersFile, demo.Owners, time.Time{}, day)
	if err != nil {
		t.Fatal(err)
	}
	return owners.NewBook(v)
}

// Company is a store of the demo company's bills that the tests of a package share: it is made when the first of them asks for it.
type Company struct {
	demo.Options

	once sync.Once
	dir  string
	err  error
}

// Open opens the store, until the test ends.
func (c *Company) Open(t testing.TB) *store.Store {
	t.Helper()
	ctx := context.Background()
	c.once.Do(func() {
		if c.dir, c.err = os.MkdirTemp("", "spendbot-company-"); c.err != nil {
			return
		}
		var s *store.Store
		if s, _, c.err = Load(ctx, c.dir, c.Options); c.err == nil {
			c.err = s.Close()
		}
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
	s, err := store.Open(ctx, filepath.Join(c.dir, "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run runs a package's tests, removes what was made for them and returns the exit code.
func (c *Company) Run(m *testing.M) int {
	defer func() { os.RemoveAll(c.dir) }()
	return m.Run()
}
