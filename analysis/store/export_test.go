package store

import (
	"context"
	"slices"

	"github.com/apache/iceberg-go/table"
)

// OnStep has f told of every step of a load.
func OnStep(f func(step string)) { reached = f }

// Files are the data files a snapshot reads.
func Files(sn *Snapshot) []string { return slices.Concat(paths(sn.daily), paths(sn.lines)) }

// Orphans lists the files of the warehouse that no snapshot of its tables needs.
func Orphans(ctx context.Context, s *Store) ([]string, error) {
	var out []string
	for name := range tables() {
		t, err := s.load(ctx, name)
		if err != nil {
			return nil, err
		}
		r, err := t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(0), table.WithDryRun(true))
		if err != nil {
			return nil, err
		}
		out = append(out, r.OrphanFileLocations...)
	}
	return out, nil
}
