package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	"modernc.org/sqlite" // the catalog's driver
	sqlite3 "modernc.org/sqlite/lib"

	"spendbot/analysis"
)

// DatabaseFile is the SQLite file in the store's folder that holds the Iceberg catalog; state of other packages may share it.
const DatabaseFile = "spendbot.db"

const (
	namespace    = "spend"
	tableCharges = "charges"
	tableDaily   = "daily"
)

// ErrEmpty says that nothing has been loaded yet.
var ErrEmpty = errors.New("the store is empty: load a bill with `spendbot load FILE`")

// Store is an open cost store. It is safe for concurrent use; each process opens its own.
type Store struct {
	dir    string
	limits Limits
	db     *sql.DB
	cat    *sqlcat.Catalog
	guests chan struct{} // a place for each that may run at once
}

// Exists reports whether dir holds a store.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, DatabaseFile))
	return err == nil
}

// Open opens the store in dir, making it first if need be. A store made by an older version, whose tables have fewer
// columns, gets the new ones.
func Open(ctx context.Context, dir string, l Limits) (*Store, error) {
	dir, err := absolute(dir) // Iceberg metadata holds absolute locations
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(dir, globs) {
		return nil, fmt.Errorf("open store %s: the path holds one of the characters %s, which DuckDB takes for a pattern; choose another folder", dir, globs)
	}
	for _, d := range []string{dir, filepath.Join(dir, "warehouse")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("open store %s: %w; the folder must be one that can be written to", dir, err)
		}
	}
	db, err := sql.Open("sqlite", DSN(dir))
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: dir, limits: l, db: db, guests: make(chan struct{}, guestsAtOnce)}
	if err := s.prepare(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return s, nil
}

// globs are the characters that make a path a pattern to DuckDB.
const globs = "*?["

// DSN is the data source name of a store folder's SQLite file: write-ahead log, so that readers never wait for a writer,
// and a busy timeout, so that two writers take turns.
func DSN(dir string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Join(dir, DatabaseFile)}).EscapedPath()}
	u.RawQuery = url.Values{"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}.Encode()
	return u.String()
}

// connectTime is how long processes that begin a new file at once ask again for it.
const connectTime = 20 * time.Second

// connect makes the first connection, and with it makes a new file one with a write-ahead log. That is the one change for which
// SQLite does not wait its turn, whatever the busy timeout: of several processes that begin at once all but one are told
// "busy" now and then, and ask again here.
func (s *Store) connect(ctx context.Context) error {
	for waited, wait := time.Duration(0), time.Millisecond; ; waited, wait = waited+wait, min(2*wait, 100*time.Millisecond) {
		err := s.db.PingContext(ctx)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || waited >= connectTime {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.connect(ctx); err != nil {
		return fmt.Errorf("read %s: %w; if it is damaged, load the bills again into another folder", DatabaseFile, err)
	}
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'iceberg_tables'").Scan(&n); err != nil {
		return fmt.Errorf("read %s: %w; if it is damaged, load the bills again into another folder", DatabaseFile, err)
	}
	if n == 0 { // first use: two processes may come at once
		unlock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		err = s.openCatalog()
		unlock()
		if err != nil {
			return err
		}
	} else if err := s.openCatalog(); err != nil {
		return err
	}
	if ok, err := s.current(ctx); err != nil || ok {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.bringUp(ctx, tables())
}

func (s *Store) openCatalog() (err error) {
	s.cat, err = sqlcat.NewCatalog("spendbot", s.db, sqlcat.SQLite, iceberg.Properties{
		"warehouse": fileURI(filepath.Join(s.dir, "warehouse")),
	})
	if err != nil {
		return fmt.Errorf("open the Iceberg catalog: %w", err)
	}
	return nil
}

// tables are the columns of each table.
func tables() map[string][]Column {
	return map[string][]Column{tableCharges: ChargeColumns(), tableDaily: DailyColumns()}
}

// current reports whether both tables are there with all their columns.
func (s *Store) current(ctx context.Context) (bool, error) {
	for name, cols := range tables() {
		t, err := s.cat.LoadTable(ctx, table.Identifier{namespace, name})
		if errors.Is(err, catalog.ErrNoSuchTable) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("open table %s: %w", name, err)
		}
		if len(lacking(t, cols)) > 0 {
			return false, nil
		}
	}
	return true, nil
}

func lacking(t *table.Table, cols []Column) []Column {
	var out []Column
	for _, c := range cols {
		if _, ok := t.Schema().FindFieldByName(c.Name); !ok {
			out = append(out, c)
		}
	}
	return out
}

// bringUp creates the tables that are not there and adds the columns that a table of an older version lacks. It may be
// interrupted anywhere and run again.
func (s *Store) bringUp(ctx context.Context, want map[string][]Column) error {
	ns := table.Identifier{namespace}
	if ok, err := s.cat.CheckNamespaceExists(ctx, ns); err != nil {
		return err
	} else if !ok {
		if err := s.cat.CreateNamespace(ctx, ns, nil); err != nil {
			return fmt.Errorf("create namespace: %w", err)
		}
	}
	for name, cols := range want {
		id := table.Identifier{namespace, name}
		t, err := s.cat.LoadTable(ctx, id)
		switch {
		case errors.Is(err, catalog.ErrNoSuchTable):
			err = s.create(ctx, id, cols)
		case err == nil:
			err = widen(ctx, t, lacking(t, cols))
		}
		if err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func (s *Store) create(ctx context.Context, id table.Identifier, cols []Column) error {
	sc := icebergSchema(cols)
	spec, err := partitionSpec(sc)
	if err != nil {
		return err
	}
	props := iceberg.Properties{
		"format-version":                             "2",
		"write.metadata.metrics.default":             "none",
		"write.metadata.delete-after-commit.enabled": "true", // each holds all the snapshots again
		"write.metadata.previous-versions-max":       "20",
	}
	for _, c := range []string{ColSource, ColProvider, ColPeriod, ColDay, colChargeStart} {
		props["write.metadata.metrics.column."+c] = "full"
	}
	_, err = s.cat.CreateTable(ctx, id, sc, catalog.WithPartitionSpec(&spec), catalog.WithProperties(props),
		catalog.WithLocation(fileURI(filepath.Join(s.dir, "warehouse", namespace, id[len(id)-1]))))
	return err
}

func widen(ctx context.Context, t *table.Table, cols []Column) error {
	if len(cols) == 0 {
		return nil
	}
	tx := t.NewTransaction()
	u := tx.UpdateSchema(true, false, table.WithNameMapping(t.Metadata().NameMapping()))
	for _, c := range cols {
		u = u.AddColumn([]string{c.Name}, icebergType(c.Type), "", false, nil)
	}
	if err := u.Commit(); err != nil {
		return fmt.Errorf("add columns: %w", err)
	}
	if _, err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("add columns: %w", err)
	}
	return nil
}

// fileURI is a path as Iceberg metadata names it.
func fileURI(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// Close releases the store; snapshots taken from it stay usable.
func (s *Store) Close() error { return s.db.Close() }

// Dir is the store's folder.
func (s *Store) Dir() string { return s.dir }

func (s *Store) load(ctx context.Context, name string) (*table.Table, error) {
	t, err := s.cat.LoadTable(ctx, table.Identifier{namespace, name})
	if err != nil {
		return nil, fmt.Errorf("open table %s: %w", name, err)
	}
	return t, nil
}

// fileOf is a planned data file with what identifies it.
type fileOf struct {
	path string
	part Partition
	data iceberg.DataFile
	days analysis.Period // that its rows lie in; zero when the table does not say
}

// Partition is the unit that a load replaces: one feed's billing period of one provider.
type Partition struct {
	Source   string `json:"source"`
	Provider string `json:"provider"`
	Month    string `json:"month"` // of BillingPeriodStart, "2026-10"
}

// plan lists the data files of a snapshot, sorted by path.
func plan(ctx context.Context, t *table.Table, snapshot int64) ([]fileOf, error) {
	tasks, err := t.Scan(table.WithSnapshotID(snapshot)).PlanFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan snapshot %d: %w", snapshot, err)
	}
	out := make([]fileOf, 0, len(tasks))
	for _, task := range tasks {
		u, err := url.Parse(task.File.FilePath())
		if err != nil {
			return nil, fmt.Errorf("data file %q: %w", task.File.FilePath(), err)
		}
		p := task.File.Partition()
		src, _ := p[partitionFieldBase].(string)
		prov, _ := p[partitionFieldBase+1].(string)
		out = append(out, fileOf{path: u.Path, part: Partition{src, prov, monthOf(p[partitionFieldBase+2])}, data: task.File, days: daysOf(t.Schema(), task.File)})
	}
	slices.SortFunc(out, func(a, b fileOf) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// daysOf reads from a file's bounds which days its rows lie in.
func daysOf(sc *iceberg.Schema, f iceberg.DataFile) analysis.Period {
	for _, name := range []string{ColDay, colChargeStart} {
		field, ok := sc.FindFieldByName(name)
		if !ok {
			continue
		}
		first, ok1 := dayOf(field.Type, f.LowerBoundValues()[field.ID])
		last, ok2 := dayOf(field.Type, f.UpperBoundValues()[field.ID])
		if ok1 && ok2 {
			return analysis.Period{Start: first, End: last.AddDate(0, 0, 1)}
		}
	}
	return analysis.Period{}
}

func dayOf(typ iceberg.Type, bound []byte) (time.Time, bool) {
	l, err := iceberg.LiteralFromBytes(typ, bound)
	if err != nil {
		return time.Time{}, false
	}
	switch l := l.(type) {
	case iceberg.DateLiteral:
		return time.Unix(int64(l)*86400, 0).UTC(), true
	case iceberg.TimestampLiteral:
		return analysis.DayOf(time.UnixMicro(int64(l))), true
	}
	return time.Time{}, false
}

// monthOf writes Iceberg's month transform, months since 1970-01, as "2026-10".
func monthOf(v any) string {
	var m int
	switch v := v.(type) {
	case int32:
		m = int(v)
	case int:
		m = v
	case int64:
		m = int(v)
	default:
		return ""
	}
	return fmt.Sprintf("%04d-%02d", 1970+m/12, 1+m%12)
}
