package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Exporter is a snapshot on a DuckDB that may write files: the views daily and charges are there, and SQL of our own may be
// copied out of them. Nothing that a person wrote is run on it.
type Exporter struct {
	*Engine
	tmp string
}

// Exporter opens the snapshot for writing it elsewhere. It ends with Close.
func (sn *Snapshot) Exporter(ctx context.Context) (*Exporter, error) {
	tmp := filepath.Join(os.TempDir(), fmt.Sprintf("spendbot-export-%016x", rand.Uint64()))
	e, err := newEngine(ctx, sn.store.limits, tmp)
	if err != nil {
		return nil, err
	}
	out := &Exporter{Engine: e, tmp: tmp}
	for _, s := range dialect {
		if err := e.Exec(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare the export: %w", err), out.Close())
		}
	}
	for name, files := range map[string][]fileOf{tableDaily: sn.daily, tableCharges: sn.lines} {
		if err := addTable(ctx, e.db, name, paths(files), false); err != nil {
			return nil, errors.Join(err, out.Close())
		}
	}
	return out, nil
}

// Close ends it.
func (e *Exporter) Close() error { return errors.Join(e.close(), os.RemoveAll(e.tmp)) }
