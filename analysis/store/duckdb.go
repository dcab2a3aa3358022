package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	duckdb "github.com/marcboeker/go-duckdb/v2" // the one import of the driver
	"github.com/shopspring/decimal"
)

// Limits bound what DuckDB may take.
type Limits struct {
	Memory  string // as DuckDB writes it, "1GB"; default DefaultMemory
	Threads int    // default: one per core
	Guest   string // program that is this one again and asks [IsGuest]; SQL of people's own runs in it, and is refused where it is ""
	spill   string // on disk; default: DuckDB's own share of it
}

// DefaultMemory keeps a load of tens of millions of rows within 2 GiB for the whole process.
const DefaultMemory = "1GB"

// Engine is a DuckDB that may read and write files. Only loads use it, and only with SQL of our own; questions run on a
// [Snapshot].
type Engine struct{ db *sql.DB }

// newEngine opens an in-memory DuckDB that spills into tmp.
func newEngine(ctx context.Context, l Limits, tmp string) (*Engine, error) {
	db, err := openDuckDB(ctx, l, tmp)
	if err != nil {
		return nil, err
	}
	return &Engine{db}, nil
}

func openDuckDB(ctx context.Context, l Limits, tmp string) (*sql.DB, error) {
	if l.Memory == "" {
		l.Memory = DefaultMemory
	}
	set := []string{
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
		"SET memory_limit=" + QuoteLiteral(l.Memory),
		"SET temp_directory=" + QuoteLiteral(tmp),
		"SET TimeZone='UTC'",
		"SET preserve_insertion_order=false",
		"SET parquet_metadata_cache=true", // files never change once written
	}
	if l.spill != "" {
		set = append(set, "SET max_temp_directory_size="+QuoteLiteral(l.spill))
	}
	if l.Threads > 0 {
		set = append(set, fmt.Sprintf("SET threads=%d", l.Threads))
	}
	c, err := duckdb.NewConnector("", func(e driver.ExecerContext) error {
		for _, s := range set {
			if _, err := e.ExecContext(ctx, s, nil); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1) // settings and views belong to the one in-memory database; DuckDB parallelises inside a query
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	return db, nil
}

// Exec runs a statement.
func (e *Engine) Exec(ctx context.Context, query string, params ...any) error {
	_, err := e.db.ExecContext(ctx, query, params...)
	return err
}

// Query runs a statement and returns its rows, with values as [Rows] has them.
func (e *Engine) Query(ctx context.Context, query string, params ...any) (*Rows, error) {
	rows, err := e.db.QueryContext(ctx, query, params...)
	if err != nil {
		return nil, err
	}
	return readRows(rows)
}

func (e *Engine) close() error { return e.db.Close() }

// Rows is a query's result in memory. A value is nil, a string, an int64, a bool, a time.Time or a decimal.Decimal; never
// a float, which sums in no fixed order.
type Rows struct {
	Columns []string
	Values  [][]any
}

// Together are the rows with those that have the same values in some columns added up: numbers in the other columns are summed, of anything else
// the first value that is there is kept. DuckDB 1.4.1 now and then gives one group as two rows where it groups by text that a CASE makes, over
// several files with a filter; what is grouped so is read through this.
func (r *Rows) Together(keys ...int) [][]any {
	at := map[string]int{}
	var out [][]any
	var key []byte
	for _, row := range r.Values {
		key = key[:0]
		for _, k := range keys {
			key = fmt.Appendf(key, "%T %v\x00", row[k], row[k])
		}
		i, twice := at[string(key)]
		if !twice {
			at[string(key)] = len(out)
			out = append(out, row)
			continue
		}
		sum := slices.Clone(out[i])
		for c, v := range row {
			if slices.Contains(keys, c) {
				continue
			}
			switch had := sum[c].(type) {
			case nil:
				sum[c] = v
			case int64:
				if n, ok := v.(int64); ok {
					sum[c] = had + n
				}
			case decimal.Decimal:
				if d, ok := v.(decimal.Decimal); ok {
					sum[c] = had.Add(d)
				}
			}
		}
		out[i] = sum
	}
	return out
}

func readRows(rows *sql.Rows) (*Rows, error) {
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := &Rows{Columns: cols}
	dest := make([]any, len(cols))
	for rows.Next() {
		vals := make([]any, len(cols))
		for i := range vals {
			dest[i] = &vals[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i, v := range vals {
			if vals[i], err = normal(v); err != nil {
				return nil, fmt.Errorf("column %s: %w", cols[i], err)
			}
		}
		out.Values = append(out.Values, vals)
	}
	return out, rows.Err()
}

func normal(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, int64, bool:
		return v, nil
	case time.Time:
		return v.UTC(), nil
	case duckdb.Decimal:
		return decimal.NewFromBigInt(v.Value, -int32(v.Scale)), nil
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case []byte:
		return string(v), nil
	}
	if s, ok := v.(fmt.Stringer); ok { // HUGEINT arrives as *big.Int
		d, err := decimal.NewFromString(s.String())
		if err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("a %T has no place in a result; cast it in the query", v)
}

// locked opens a DuckDB that can read the given files, through views, and nothing else: no other file, no network, no
// extension, no change of settings. Only [queryOnly] statements are run on it, since DuckDB still lets COPY and ATTACH
// write inside allowed paths.
func locked(ctx context.Context, l Limits, tmp string, files []string) (*sql.DB, error) {
	db, err := openDuckDB(ctx, l, tmp)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = QuoteLiteral(f)
	}
	shut := []string{"SET allowed_paths=[" + strings.Join(all, ",") + "]", "SET enable_external_access=false"}
	for _, s := range append(append(shut, dialect...), "SET lock_configuration=true") {
		if _, err := db.ExecContext(ctx, s); err != nil {
			db.Close()
			return nil, fmt.Errorf("prepare the query connection: %w", err)
		}
	}
	return db, nil
}

// addTable makes a table of the snapshot known to a locked connection: as a view that reads its files anew for each query,
// or, when it is to be held, read into memory at once, since several queries will go over the same few rows.
func addTable(ctx context.Context, db *sql.DB, name string, files []string, hold bool) error {
	s, err := viewSQL(ctx, db, name, files)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	if hold {
		s = strings.Replace(s, "CREATE VIEW", "CREATE TABLE", 1)
	}
	if _, err := db.ExecContext(ctx, s); err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	return nil
}

// viewSQL makes a table's view: all its columns, those that the files of an older version lack as nulls.
func viewSQL(ctx context.Context, db *sql.DB, name string, files []string) (string, error) {
	have := map[string]bool{}
	from := "(SELECT 1) WHERE false"
	if len(files) > 0 {
		q := make([]string, len(files))
		for i, f := range files {
			q[i] = QuoteLiteral(f)
		}
		from = "read_parquet([" + strings.Join(q, ",") + "], union_by_name=true, hive_partitioning=false)"
		rows, err := db.QueryContext(ctx, "SELECT * FROM "+from+" LIMIT 0")
		if err != nil {
			return "", err
		}
		defer rows.Close()
		cols, err := rows.Columns()
		if err != nil {
			return "", err
		}
		for _, c := range cols {
			have[c] = true
		}
	}
	var sel []string
	for _, c := range tables()[name] {
		switch {
		case c.Name == ColSquare && len(files) > 0: // files of an older version lack it, all of them or some
			square := SquareSQL("EffectiveCost")
			if have[c.Name] {
				square = "CASE WHEN " + ColSquare + " IS NULL THEN " + square + " ELSE " + ColSquare + " END"
			}
			sel = append(sel, square+" AS "+ColSquare)
		case have[c.Name]:
			sel = append(sel, quoteIdent(c.Name))
		default:
			sel = append(sel, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.SQLType(), quoteIdent(c.Name)))
		}
	}
	return "CREATE VIEW " + name + " AS SELECT " + strings.Join(sel, ", ") + " FROM " + from, nil
}

// statements are the queries that a locked connection has been asked, ready to be asked again. A query is only among them
// when it is a single SELECT whose parse tree does nothing but read.
type statements struct {
	conn *duckdb.Conn // that they belong to
	by   map[string]*duckdb.Stmt
}

// mostStatements is how many are kept; then they all go.
const mostStatements = 64

// find returns a statement of this connection.
func (s *statements) find(c *duckdb.Conn, query string) *duckdb.Stmt {
	if s.conn != c {
		s.by, s.conn = nil, c
	}
	return s.by[query]
}

func (s *statements) keep(query string, st *duckdb.Stmt) error {
	var err error
	if len(s.by) >= mostStatements {
		err = s.close()
	}
	if s.by == nil {
		s.by = map[string]*duckdb.Stmt{}
	}
	s.by[query] = st
	return err
}

func (s *statements) close() error {
	var errs []error
	for _, st := range s.by {
		errs = append(errs, st.Close())
	}
	s.by = nil
	return errors.Join(errs...)
}

// queryOnly runs one SELECT on a locked connection, which reads nothing but the snapshot's tables. It is prepared once, for
// finding out what it is, for running it, and for the next time: planning takes as long as running on a small table.
func queryOnly(ctx context.Context, db *sql.DB, known *statements, query string, params []any) (*Rows, error) {
	out := &Rows{}
	err := queryEach(ctx, db, known, query, params, func(columns []string) error { out.Columns = columns; return nil }, func(row []any) error {
		out.Values = append(out.Values, slices.Clone(row))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// queryEach is the same with the rows as they come; each is only good until the next.
func queryEach(ctx context.Context, db *sql.DB, known *statements, query string, params []any, head func(columns []string) error, each func(row []any) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var st *duckdb.Stmt
	on := func(f func(*duckdb.Conn) error) error {
		return conn.Raw(func(dc any) error {
			c, ok := dc.(*duckdb.Conn)
			if !ok {
				return fmt.Errorf("unexpected driver connection %T", dc)
			}
			return f(c)
		})
	}
	if err := on(func(c *duckdb.Conn) error { st = known.find(c, query); return nil }); err != nil {
		return err
	}
	if st == nil {
		if err := on(func(c *duckdb.Conn) (err error) { st, err = prepareSelect(c, query); return err }); err != nil {
			return err
		}
		var tree string
		err := conn.QueryRowContext(ctx, treeSQL, query).Scan(&tree)
		if err == nil {
			err = onlyReads(tree)
		}
		if err == nil {
			err = known.keep(query, st)
		}
		if err != nil {
			return errors.Join(err, st.Close())
		}
	}
	return on(func(c *duckdb.Conn) error {
		args, err := namedValues(c, params)
		if err != nil {
			return err
		}
		rows, err := st.QueryContext(ctx, args)
		if err != nil {
			return err
		}
		return errors.Join(eachRow(rows, head, each), rows.Close())
	})
}

// prepareSelect prepares a query that is a single SELECT.
func prepareSelect(c *duckdb.Conn, query string) (*duckdb.Stmt, error) {
	prepared, err := c.Prepare(query) // unlike PrepareContext, refuses several statements instead of running the first ones
	if err != nil {
		return nil, err
	}
	st := prepared.(*duckdb.Stmt)
	typ, err := st.StatementType()
	if err == nil && typ != duckdb.STATEMENT_TYPE_SELECT {
		err = errNotSelect
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// namedValues are parameters as the driver takes them.
func namedValues(c driver.NamedValueChecker, params []any) ([]driver.NamedValue, error) {
	out := make([]driver.NamedValue, len(params))
	for i, p := range params {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: p}
		err := c.CheckNamedValue(&out[i])
		if errors.Is(err, driver.ErrSkip) {
			out[i].Value, err = driver.DefaultParameterConverter.ConvertValue(p)
		}
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	return out, nil
}

func eachRow(rows driver.Rows, head func(columns []string) error, each func(row []any) error) error {
	columns := rows.Columns()
	if err := head(columns); err != nil {
		return err
	}
	vals := make([]driver.Value, len(columns))
	row := make([]any, len(columns))
	for {
		if err := rows.Next(vals); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i, v := range vals {
			var err error
			if row[i], err = normal(v); err != nil {
				return fmt.Errorf("column %s: %w", columns[i], err)
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

func absolute(dir string) (string, error) {
	d, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("store folder %s: %w", dir, err)
	}
	return d, nil
}
