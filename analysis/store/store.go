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

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	_ "modernc.org/sqlite" // the catalog's driver
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
}

// Exists reports whether dir holds a store.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, DatabaseFile))
	return err == nil
}

// Open opens the store in dir, making it first if need be.
func Open(ctx context.Context, dir string, l Limits) (*Store, error) {
	dir, err := absolute(dir) // Iceberg metadata holds absolute locations
	if err != nil {
		return nil, err
	}
	for _, d := range []string{dir, filepath.Join(dir, "warehouse"), filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("open store %s: %w", dir, err)
		}
	}
	db, err := sql.Open("sqlite", DSN(dir))
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: dir, limits: l, db: db}
	if err := s.prepare(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return s, nil
}

// DSN is the data source name of a store folder's SQLite file: write-ahead log, so that readers never wait for a writer,
// and a busy timeout, so that two writers take turns.
func DSN(dir string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.Join(dir, DatabaseFile)}).EscapedPath()}
	u.RawQuery = url.Values{"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}.Encode()
	return u.String()
}

func (s *Store) prepare(ctx context.Context) error {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'iceberg_tables'").Scan(&n)
	if err != nil {
		return fmt.Errorf("read %s: %w", DatabaseFile, err)
	}
	if n == 0 { // first use: two processes may come at once
		unlock, err := s.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	s.cat, err = sqlcat.NewCatalog("spendbot", s.db, sqlcat.SQLite, iceberg.Properties{
		"warehouse": "file://" + filepath.Join(s.dir, "warehouse"),
	})
	if err != nil {
		return fmt.Errorf("open the Iceberg catalog: %w", err)
	}
	if n > 0 {
		return nil
	}
	return s.createTables(ctx)
}

func (s *Store) createTables(ctx context.Context) error {
	ns := table.Identifier{namespace}
	if ok, err := s.cat.CheckNamespaceExists(ctx, ns); err != nil {
		return err
	} else if !ok {
		if err := s.cat.CreateNamespace(ctx, ns, nil); err != nil {
			return fmt.Errorf("create namespace: %w", err)
		}
	}
	for name, cols := range map[string][]Column{tableCharges: ChargeColumns(), tableDaily: DailyColumns()} {
		id := table.Identifier{namespace, name}
		if ok, err := s.cat.CheckTableExists(ctx, id); err != nil || ok {
			if err != nil {
				return err
			}
			continue
		}
		sc := icebergSchema(cols)
		spec, err := partitionSpec(sc)
		if err != nil {
			return err
		}
		_, err = s.cat.CreateTable(ctx, id, sc,
			catalog.WithPartitionSpec(&spec),
			catalog.WithLocation("file://"+filepath.Join(s.dir, "warehouse", namespace, name)),
			catalog.WithProperties(iceberg.Properties{"format-version": "2", "write.metadata.metrics.default": "none",
				"write.metadata.metrics.column." + ColSource:   "full",
				"write.metadata.metrics.column." + ColProvider: "full",
				"write.metadata.metrics.column." + ColPeriod:   "full",
				"write.metadata.metrics.column." + ColDay:      "full",
			}))
		if err != nil {
			return fmt.Errorf("create table %s: %w", name, err)
		}
	}
	return nil
}

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
		out = append(out, fileOf{path: u.Path, part: Partition{src, prov, monthOf(p[partitionFieldBase+2])}, data: task.File})
	}
	slices.SortFunc(out, func(a, b fileOf) int { return cmpString(a.path, b.path) })
	return out, nil
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
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

