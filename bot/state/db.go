package state

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// busyTimeout is how long a writer waits for another's transaction. Ours take milliseconds; a load's commit to the
// catalog, in the same file, takes little more.
const busyTimeout = 20 * time.Second

// DB is an open state file; safe for concurrent use.
type DB struct {
	path string
	sql  *sql.DB
	turn chan struct{} // holds the one writer of this process
}

// Open opens the state file at path, makes it when there is none, and brings its tables up to date. The folder must
// exist. Its errors are of type [*Error].
func Open(ctx context.Context, path string) (*DB, error) { return open(ctx, path, busyTimeout) }

func open(ctx context.Context, path string, busy time.Duration) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	conn, err := sql.Open("sqlite", dsn(abs, busy))
	if err != nil {
		return nil, wrap("open", path, err)
	}
	// A few connections let readers go on beside the one writer; more would only queue for the same lock.
	conn.SetMaxOpenConns(8)
	db := &DB{path: path, sql: conn, turn: make(chan struct{}, 1)}
	if err = db.connect(ctx, busy); err == nil {
		err = db.migrate(ctx)
	}
	if err != nil {
		return nil, wrap("open", path, errors.Join(err, conn.Close()))
	}
	return db, nil
}

// connect makes the first connection, and with it makes a new file a WAL one. That is the one change for which SQLite does
// not wait its turn, whatever the busy timeout: of several processes that begin at once all but one are told "busy" now
// and then, and ask again here.
func (db *DB) connect(ctx context.Context, busy time.Duration) error {
	for waited, wait := time.Duration(0), time.Millisecond; ; waited, wait = waited+wait, min(2*wait, 100*time.Millisecond) {
		err := db.sql.PingContext(ctx)
		if !locked(err) || waited >= busy {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dsn is a file URI, so that no character of the path is taken for a parameter. Transactions begin as writers at once:
// one that began as a reader cannot wait its turn when it comes to write. With synchronous(FULL) a commit is on the disk when
// it returns: it survives the process and the machine. NORMAL would survive the process alone and save a quarter of
// a millisecond.
func dsn(abs string, busy time.Duration) string {
	q := url.Values{"_pragma": {
		"busy_timeout(" + strconv.FormatInt(busy.Milliseconds(), 10) + ")", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(abs)}).EscapedPath() + "?" + q.Encode()
}

// Close closes the file.
func (db *DB) Close() error {
	if err := db.sql.Close(); err != nil {
		return wrap("close", db.path, err)
	}
	return nil
}

// write runs f in one transaction. The writers of this process queue here, in order, rather than at SQLite's lock, where
// who waits sleeps for a while and asks again.
func (db *DB) write(ctx context.Context, f func(*sql.Tx) error) error {
	select {
	case db.turn <- struct{}{}:
		defer func() { <-db.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		// The rollback's own error adds nothing: the first one is why.
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}
