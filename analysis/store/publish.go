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
	"github.com/apache/iceberg-go/catalog"
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
	// ETag is what the file's place called this version of it, where it was fetched from one.
	ETag string `json:"etag,omitempty"`
	// Kind is which view of the charges it is, where its format has several: "azure/actual".
	Kind string `json:"kind,omitempty"`
	// From is the load that brought it, where that was another one, whose rows this load keeps.
	From string `json:"from,omitempty"`
}

// Kept says that a load left rows that an earlier one had brought of a feed's month in force, as its own.
type Kept struct {
	Load   string `json:"load"`
	Source string `json:"feed"`
	Month  string `json:"month"`
}

// Half is a feed's month of which a load has one of two views only.
type Half struct {
	Source  string `json:"feed"`
	Month   string `json:"month"`
	Missing string `json:"missing"` // what that means for its costs, and what to do
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
	Kept       []Kept            `json:"kept,omitempty"`
	Halves     []Half            `json:"halves,omitempty"`
	// Restated is what it changed about days that the store knew before; largest first.
	Restated []Restatement `json:"restated,omitempty"`
	// Delivery is what it was fetched as; nil for files that were named by hand.
	Delivery *Delivery `json:"delivery,omitempty"`
	Warnings []string  `json:"warnings"`
	// LeftTags are tag keys that the rollup lacks for their many values.
	LeftTags []string `json:"left_tags,omitempty"`
	// Mapping is the version of the mapping that made the rows; the same bytes under another mapping are a new load.
	Mapping string `json:"mapping"`
	// Arrived is how much of the latest days there was after this load; loads of an older version have none.
	Arrived []Arrival `json:"arrived,omitempty"`

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

// InForce returns the newest load that accept agrees to and that nothing has replaced any of since; nil when there is none.
func InForce(loads []Load, accept func(Load) bool) *Load {
	for i := range loads {
		if accept(loads[i]) && !replacedSince(loads, i) {
			return &loads[i]
		}
	}
	return nil
}

// replacedSince reports whether a later load took the place of any partition of the i-th.
func replacedSince(loads []Load, i int) bool { return ReplacedBy(loads, i) != nil }

// ReplacedBy is the first load that took the place of any partition of the i-th, of loads in the order of [Store.Loads]; nil
// while nothing has. One that keeps its rows does not.
func ReplacedBy(loads []Load, i int) *Load {
	for k := i - 1; k >= 0; k-- {
		if slices.ContainsFunc(loads[i].Partitions, func(p Partition) bool {
			return replaces(loads[k].Partitions, p) && !slices.Contains(loads[k].Kept, Kept{loads[i].ID, p.Source, p.Month})
		}) {
			return &loads[k]
		}
	}
	return nil
}

// HalvesInForce are those that no later load has made whole, or taken the place of, of loads in the order of [Store.Loads].
func HalvesInForce(loads []Load) []Half {
	var out []Half
	for i, l := range loads {
		for _, h := range l.Halves {
			if !slices.ContainsFunc(loads[:i], func(later Load) bool { return replaces(later.Partitions, Partition{Source: h.Source, Month: h.Month}) }) {
				out = append(out, h)
			}
		}
	}
	return out
}

// String is for people: which bill, and what it lacks.
func (h Half) String() string { return h.Source + ", " + h.Month + ": " + h.Missing }

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
	began   bool      // publishing
	done    bool      // published
}

// reached is told the name of each step of a load as it is reached; tests end the process there.
var reached = func(step string) {}

// Begin takes the writer lock, clears away what a killed load left behind and opens the engine for a load.
func (s *Store) Begin(ctx context.Context) (*Writer, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	w := &Writer{store: s, unlock: unlock}
	fail := func(err error) (*Writer, error) { return nil, errors.Join(err, w.Close()) }
	if err := s.repair(ctx); err != nil {
		return fail(fmt.Errorf("repair after an interrupted load: %w", err))
	}
	w.base, err = s.Snapshot(ctx, 0)
	if err != nil && !errors.Is(err, ErrEmpty) {
		return fail(err)
	}
	if err := os.MkdirAll(s.tmpDir(), 0o755); err != nil {
		return fail(fmt.Errorf("staging folder: %w", err))
	}
	if w.staging, err = os.MkdirTemp(s.tmpDir(), "load-"); err != nil {
		return fail(fmt.Errorf("staging folder: %w", err))
	}
	if w.Engine, err = newEngine(ctx, s.limits, filepath.Join(w.staging, "spill")); err != nil {
		return fail(err)
	}
	reached("begun")
	return w, nil
}

func (s *Store) tmpDir() string { return filepath.Join(s.dir, "tmp") }

// repair undoes what a killed load may have left. Its staging folder, which tells of it, goes last, so that a repair that is
// itself interrupted is begun again.
func (s *Store) repair(ctx context.Context) error {
	loads, err := s.Loads(ctx)
	if err != nil && !errors.Is(err, catalog.ErrNoSuchTable) {
		return err
	}
	if ok, err := s.interrupted(loads); err != nil || !ok {
		return err
	}
	if err := s.bringUp(ctx, tables()); err != nil {
		return err
	}
	if err := s.withdraw(ctx, loads); err != nil {
		return err
	}
	reached("withdrawn")
	for _, name := range []string{tableCharges, tableDaily} {
		t, err := s.load(ctx, name)
		if err != nil {
			return err
		}
		if _, err := t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(0)); err != nil {
			return err
		}
		if err := removeEmptyDirs(s.dataDir(name)); err != nil {
			return err
		}
	}
	reached("cleaned")
	return os.RemoveAll(s.tmpDir())
}

// interrupted reports whether there are traces of a load that was not finished: a staging folder, or data files of a load
// that no record tells of.
func (s *Store) interrupted(loads []Load) (bool, error) {
	left, err := os.ReadDir(s.tmpDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		return len(left) > 0, err
	}
	for _, t := range []string{tableCharges, tableDaily} {
		dirs, err := os.ReadDir(s.dataDir(t))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
		for _, d := range dirs {
			if !slices.ContainsFunc(loads, func(l Load) bool { return l.ID == d.Name() }) {
				return true, nil
			}
		}
	}
	return false, nil
}

// withdraw takes back charges commits that no daily commit published.
func (s *Store) withdraw(ctx context.Context, loads []Load) error {
	charges, err := s.load(ctx, tableCharges)
	if err != nil || charges.CurrentSnapshot() == nil {
		return err
	}
	if len(loads) == 0 { // the very first load died between its commits: begin the table anew
		if err := s.cat.DropTable(ctx, table.Identifier{namespace, tableCharges}); err != nil {
			return err
		}
		reached("dropped")
		return s.bringUp(ctx, tables())
	}
	if published := loads[0].ChargesSnapshot; charges.CurrentSnapshot().SnapshotID != published {
		tx := charges.NewTransaction()
		if err := tx.RollbackToSnapshot(published); err != nil {
			return err
		}
		if charges, err = tx.Commit(ctx); err != nil {
			return err
		}
		reached("rolled back")
	}
	var unpublished []int64
	for _, c := range charges.Metadata().Snapshots() {
		if !slices.ContainsFunc(loads, func(l Load) bool { return l.ChargesSnapshot == c.SnapshotID }) {
			unpublished = append(unpublished, c.SnapshotID)
		}
	}
	if len(unpublished) == 0 {
		return nil
	}
	_, _, err = s.cat.CommitTable(ctx, table.Identifier{namespace, tableCharges}, nil,
		[]table.Update{table.NewRemoveSnapshotsUpdate(unpublished, false)})
	return err
}

// removeEmptyDirs removes the folders of loads whose files are gone.
func removeEmptyDirs(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		if files, rerr := os.ReadDir(sub); rerr == nil && len(files) == 0 {
			err = errors.Join(err, os.Remove(sub))
		}
	}
	return err
}

func (s *Store) tableDir(t string) string { return filepath.Join(s.dir, "warehouse", namespace, t) }

func (s *Store) dataDir(t string) string { return filepath.Join(s.tableDir(t), "data") }

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
		if w.began && !w.done { // the empty folder tells the next load to repair
			errs = append(errs, os.Mkdir(w.staging, 0o755))
		}
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

// OpenBase makes the line items of the base snapshot the view "charges" of the writer's DuckDB.
func (w *Writer) OpenBase(ctx context.Context) error {
	return addTable(ctx, w.db, tableCharges, paths(w.base.lines), false)
}

// Publish makes a load's staged Parquet files the store's newest snapshot, in the place of what the load replaces. Either
// all of it is visible afterwards or nothing; on success the record comes back with its snapshot ids.
func (w *Writer) Publish(ctx context.Context, l Load, charges, daily []string) (Load, error) {
	if w.began {
		return l, errors.New("a writer publishes once")
	}
	rec, err := json.Marshal(l)
	if err != nil {
		return l, err
	}
	w.began = true
	moved, err := w.moveIn(l.ID, tableCharges, charges)
	if err != nil {
		return l, err
	}
	reached("charges moved")
	movedDaily, err := w.moveIn(l.ID, tableDaily, daily)
	if err != nil {
		return l, err
	}
	reached("daily moved")
	var oldLines, oldDaily []fileOf
	if w.base != nil {
		oldLines, oldDaily = w.base.lines, w.base.daily
	}
	sn, err := w.commit(ctx, tableCharges, oldLines, l.Partitions, moved, iceberg.Properties{})
	if err != nil {
		return l, err
	}
	reached("charges committed")
	pub, err := w.commit(ctx, tableDaily, oldDaily, l.Partitions, movedDaily, iceberg.Properties{
		propLoad: string(rec), propCharges: strconv.FormatInt(sn, 10),
	})
	if err != nil {
		return l, err
	}
	reached("daily committed")
	w.done = true
	l.Snapshot, l.ChargesSnapshot = pub, sn
	return l, nil
}

// moveIn puts staged files where their table keeps data, under the load's id, and sees to it that they are on the disk before
// anything names them.
func (w *Writer) moveIn(load, t string, files []string) ([]string, error) {
	dir := filepath.Join(w.store.dataDir(t), load)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	out := make([]string, len(files))
	for i, f := range files {
		if err := syncFile(f); err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
		out[i] = filepath.Join(dir, fmt.Sprintf("%05d.parquet", i))
		if err := os.Rename(f, out[i]); err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir), w.store.tableDir(t)} {
		if err := syncFile(d); err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
	}
	return out, nil
}

// syncFile waits until a file or a folder's list of files is on the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// syncNew syncs the files of a folder that were written since.
func syncNew(dir string, since time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.ModTime().Before(since) {
			continue // removed meanwhile, or old
		}
		if err := syncFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return syncFile(dir)
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
		uris[i] = fileURI(f)
	}
	begin := time.Now().Add(-time.Second) // file times may be coarse
	tx := t.NewTransaction()
	if len(del) == 0 {
		err = tx.AddFiles(ctx, uris, props, false)
	} else {
		err = tx.ReplaceDataFiles(ctx, del, uris, props)
	}
	if err != nil {
		return 0, fmt.Errorf("commit %s: %w", name, err)
	}
	metadata := filepath.Join(w.store.tableDir(name), "metadata")
	if err := syncNew(metadata, begin); err != nil { // the manifests are written, the catalog does not know of them yet
		return 0, fmt.Errorf("commit %s: %w", name, err)
	}
	reached(name + " manifests")
	t, err = tx.Commit(ctx)
	if err != nil {
		return 0, fmt.Errorf("commit %s: %w", name, err)
	}
	_ = syncNew(metadata, begin) // what is committed stays so, whatever the disk says now
	return t.CurrentSnapshot().SnapshotID, nil
}
