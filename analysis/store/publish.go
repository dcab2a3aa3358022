package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/gofrs/flock"

	"spendbot/analysis"
)

// LoadFile is one file of a load.
type LoadFile struct {
	Path   string `json:"file"`
	SHA256 string `json:"sha256"` // of the bytes as they lay there, compressed or not
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	Format string `json:"format"` // "FOCUS 1.2 csv.gz"
}

// Totals are the four costs of FOCUS, exact; nil where no row had a value.
type Totals struct {
	Billed     *analysis.Amount `json:"billed"`
	Effective  *analysis.Amount `json:"effective"`
	List       *analysis.Amount `json:"list"`
	Contracted *analysis.Amount `json:"contracted"`
}

// Load is the record of a load: what came in, what it added up to, what it replaced. It travels in the summary of the
// daily snapshot that published it, so that there is no load without its record and no record without its load.
type Load struct {
	ID         string            `json:"id"` // "L-20261123-142501-3f2a"
	At         time.Time         `json:"at"`
	Files      []LoadFile        `json:"files"`
	SHA256     string            `json:"sha256"` // of the files' hashes, in path order; of the file where there is one
	Bytes      int64             `json:"bytes"`
	Rows       int64             `json:"rows"`
	Totals     map[string]Totals `json:"totals"` // by BillingCurrency
	Periods    []string          `json:"periods"`
	Partitions []Partition       `json:"partitions"`
	Replaced   *Replaced         `json:"replaced,omitempty"`
	Warnings   []string          `json:"warnings"`
	// Mapping is the version of the mapping that made the rows; the same bytes under another mapping are a new load.
	Mapping string `json:"mapping"`

	Snapshot        int64 `json:"snapshot,string"`
	ChargesSnapshot int64 `json:"charges_snapshot,string"`
}

// Replaced says what a load took the place of.
type Replaced struct {
	Rows   int64             `json:"rows"`
	Totals map[string]Totals `json:"totals"`
}

// Keys of a daily snapshot's summary.
const (
	propLoad    = "spendbot.load"
	propCharges = "spendbot.charges-snapshot"
)

func recordOf(sn *table.Snapshot) (Load, error) {
	var l Load
	if sn.Summary == nil {
		return l, fmt.Errorf("snapshot %d was not made by a load", sn.SnapshotID)
	}
	if err := json.Unmarshal([]byte(sn.Summary.Properties[propLoad]), &l); err != nil {
		return l, fmt.Errorf("snapshot %d: load record: %w", sn.SnapshotID, err)
	}
	id, err := strconv.ParseInt(sn.Summary.Properties[propCharges], 10, 64)
	if err != nil {
		return l, fmt.Errorf("snapshot %d: charges snapshot: %w", sn.SnapshotID, err)
	}
	l.Snapshot, l.ChargesSnapshot = sn.SnapshotID, id
	return l, nil
}

// Loads lists the loads, newest first.
func (s *Store) Loads(ctx context.Context) ([]Load, error) {
	t, err := s.load(ctx, tableDaily)
	if err != nil {
		return nil, err
	}
	var out []Load
	for sn := t.CurrentSnapshot(); sn != nil; {
		l, err := recordOf(sn)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
		if sn.ParentSnapshotID == nil {
			break
		}
		sn = t.SnapshotByID(*sn.ParentSnapshotID)
	}
	return out, nil
}

// InForce returns the newest load that accept agrees to and of which no partition has been replaced since; nil when there
// is none.
func InForce(loads []Load, accept func(Load) bool) *Load {
	later := map[Partition]bool{}
	for i := range loads {
		l := &loads[i]
		if accept(*l) && !slices.ContainsFunc(l.Partitions, func(p Partition) bool { return later[p] }) {
			return l
		}
		for _, p := range l.Partitions {
			later[p] = true
		}
	}
	return nil
}

// lock takes the store's writer lock, waiting while another process holds it.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	f := flock.New(filepath.Join(s.dir, "writer.lock"))
	ok, err := f.TryLockContext(ctx, 20*time.Millisecond)
	if err != nil || !ok {
		return nil, fmt.Errorf("wait for another load into %s: %w", s.dir, errors.Join(err, ctx.Err()))
	}
	return func() { _ = f.Unlock() }, nil // the kernel gives the lock back in any case when the process ends
}

// Writer is the one process that may load now.
type Writer struct {
	*Engine
	store   *Store
	unlock  func()
	staging string
	base    *Snapshot // nil while the store is empty
	done    bool
}

// Begin takes the writer lock, clears away what a killed load left behind and opens the engine for a load.
func (s *Store) Begin(ctx context.Context) (*Writer, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	w := &Writer{store: s, unlock: unlock}
	fail := func(err error) (*Writer, error) { w.Close(); return nil, err }
	if err := s.repair(ctx); err != nil {
		return fail(fmt.Errorf("repair after an interrupted load: %w", err))
	}
	w.base, err = s.Snapshot(ctx, 0)
	if err != nil && !errors.Is(err, ErrEmpty) {
		return fail(err)
	}
	if w.staging, err = os.MkdirTemp(filepath.Join(s.dir, "tmp"), "load-"); err != nil {
		return fail(fmt.Errorf("staging folder: %w", err))
	}
	if w.Engine, err = newEngine(ctx, s.limits, filepath.Join(w.staging, "spill")); err != nil {
		return fail(err)
	}
	return w, nil
}

// repair undoes what a killed load may have left: staged files, and a charges commit that no daily commit published.
func (s *Store) repair(ctx context.Context) error {
	if err := os.RemoveAll(filepath.Join(s.dir, "tmp")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "tmp"), 0o755); err != nil {
		return err
	}
	charges, err := s.load(ctx, tableCharges)
	if err != nil {
		return err
	}
	head := charges.CurrentSnapshot()
	if head == nil {
		return s.removeUnpublished(ctx)
	}
	published := int64(0)
	sn, err := s.Snapshot(ctx, 0)
	switch {
	case err == nil:
		published = sn.ChargesID
	case !errors.Is(err, ErrEmpty):
		return err
	}
	if published == head.SnapshotID {
		return s.removeUnpublished(ctx)
	}
	if published == 0 { // the very first load died between its commits: begin the table anew
		if err := s.cat.DropTable(ctx, table.Identifier{namespace, tableCharges}); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(s.dir, "warehouse", namespace, tableCharges)); err != nil {
			return err
		}
		return s.createTables(ctx)
	}
	tx := charges.NewTransaction()
	if err := tx.RollbackToSnapshot(published); err != nil {
		return err
	}
	if charges, err = tx.Commit(ctx); err != nil {
		return err
	}
	return s.removeUnpublished(ctx)
}

// removeUnpublished deletes data files of loads that never were published. A published load's files are named after it,
// so a file whose load no snapshot tells of is nobody's.
func (s *Store) removeUnpublished(ctx context.Context) error {
	loads, err := s.Loads(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, l := range loads {
		known[l.ID] = true
	}
	var orphans []string
	for _, t := range []string{tableCharges, tableDaily} {
		dirs, err := os.ReadDir(s.dataDir(t))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, d := range dirs {
			if !known[d.Name()] {
				orphans = append(orphans, filepath.Join(s.dataDir(t), d.Name()))
			}
		}
	}
	for _, o := range orphans {
		if err := os.RemoveAll(o); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) dataDir(t string) string {
	return filepath.Join(s.dir, "warehouse", namespace, t, "data")
}

// Staging is a folder for the load's files, on the same file system as the warehouse.
func (w *Writer) Staging() string { return w.staging }

// Base is the snapshot the load starts from; nil while the store is empty.
func (w *Writer) Base() *Snapshot { return w.base }

// Close gives the lock back and throws away whatever was not published.
func (w *Writer) Close() error {
	var errs []error
	if w.Engine != nil {
		errs = append(errs, w.Engine.close())
	}
	if w.base != nil {
		errs = append(errs, w.base.Close())
	}
	if w.staging != "" {
		errs = append(errs, os.RemoveAll(w.staging))
	}
	w.unlock()
	return errors.Join(errs...)
}

// Replaces returns the base snapshot's partitions that a load holding the given ones takes the place of: every partition
// of the same feed and billing month, whatever its provider.
func (w *Writer) Replaces(parts []Partition) []Partition {
	if w.base == nil {
		return nil
	}
	var out []Partition
	for _, old := range w.base.Partitions() {
		if replaces(parts, old) {
			out = append(out, old)
		}
	}
	return out
}

func replaces(parts []Partition, old Partition) bool {
	return slices.ContainsFunc(parts, func(p Partition) bool { return p.Source == old.Source && p.Month == old.Month })
}

// Publish makes a load's staged Parquet files the store's newest snapshot, in the place of what the load replaces. Either
// all of it is visible afterwards or nothing; on success the record comes back with its snapshot ids.
func (w *Writer) Publish(ctx context.Context, l Load, charges, daily []string) (Load, error) {
	if w.done {
		return l, errors.New("a writer publishes once")
	}
	moved, err := w.moveIn(l.ID, tableCharges, charges)
	if err != nil {
		return l, err
	}
	movedDaily, err := w.moveIn(l.ID, tableDaily, daily)
	if err != nil {
		return l, err
	}
	var oldLines, oldDaily []fileOf
	if w.base != nil {
		oldLines, oldDaily = w.base.lines, w.base.daily
	}
	sn, err := w.commit(ctx, tableCharges, oldLines, l.Partitions, moved, iceberg.Properties{})
	if err != nil {
		return l, err
	}
	rec, err := json.Marshal(l)
	if err != nil {
		return l, err
	}
	pub, err := w.commit(ctx, tableDaily, oldDaily, l.Partitions, movedDaily, iceberg.Properties{
		propLoad: string(rec), propCharges: strconv.FormatInt(sn, 10),
	})
	if err != nil {
		return l, err
	}
	w.done = true
	l.Snapshot, l.ChargesSnapshot = pub, sn
	return l, nil
}

// moveIn puts staged files where their table keeps data, under the load's id.
func (w *Writer) moveIn(load, t string, files []string) ([]string, error) {
	dir := filepath.Join(w.store.dataDir(t), load)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = filepath.Join(dir, fmt.Sprintf("%05d.parquet", i))
		if err := os.Rename(f, out[i]); err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
	}
	return out, nil
}

func (w *Writer) commit(ctx context.Context, name string, old []fileOf, parts []Partition, add []string, props iceberg.Properties) (int64, error) {
	t, err := w.store.load(ctx, name)
	if err != nil {
		return 0, err
	}
	var del []string
	for _, f := range old {
		if replaces(parts, f.part) {
			del = append(del, f.data.FilePath())
		}
	}
	uris := make([]string, len(add))
	for i, f := range add {
		uris[i] = "file://" + f
	}
	tx := t.NewTransaction()
	if len(del) == 0 {
		err = tx.AddFiles(ctx, uris, props, false)
	} else {
		err = tx.ReplaceDataFiles(ctx, del, uris, props)
	}
	if err != nil {
		return 0, fmt.Errorf("commit %s: %w", name, err)
	}
	t, err = tx.Commit(ctx)
	if err != nil {
		return 0, fmt.Errorf("commit %s: %w", name, err)
	}
	return t.CurrentSnapshot().SnapshotID, nil
}
