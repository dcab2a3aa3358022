package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Snapshot is the store as one load left it: line items and rollup that belong together. It stays readable whatever is
// loaded later. Queries on one Snapshot run one after the other; [Snapshot.Beside] is for two at once.
type Snapshot struct {
	ID        int64     // of the daily table
	ChargesID int64     // of the line items it was rolled up from
	At        time.Time // when it was published

	store        *Store
	daily, lines []fileOf
	narrow       bool // made by Between: several queries over the same days are to come
	days         [2]time.Time

	mu       sync.Mutex
	narrowed []*Snapshot // made by Between, oldest first
	beside   *Snapshot   // made by Beside
	db       *sql.DB
	tmp      string          // folder to spill into; made up where it is ""
	known    map[string]bool // tables that the connection has
	asked    statements
}

// Snapshot opens a published snapshot by the id of its daily table; 0 is the newest. It fails with [ErrEmpty] when nothing
// has been loaded.
func (s *Store) Snapshot(ctx context.Context, id int64) (*Snapshot, error) {
	daily, err := s.load(ctx, tableDaily)
	if err != nil {
		return nil, err
	}
	head := daily.CurrentSnapshot()
	if head == nil {
		return nil, ErrEmpty
	}
	if id == 0 {
		id = head.SnapshotID
	}
	sn := daily.SnapshotByID(id)
	if sn == nil {
		return nil, fmt.Errorf("the store has no snapshot %d; `spendbot loads` lists those it has", id)
	}
	rec, err := recordOf(sn)
	if err != nil {
		return nil, err
	}
	out := &Snapshot{ID: id, ChargesID: rec.ChargesSnapshot, At: time.UnixMilli(sn.TimestampMs).UTC(), store: s}
	if out.daily, err = plan(ctx, daily, id); err != nil {
		return nil, err
	}
	charges, err := s.load(ctx, tableCharges)
	if err != nil {
		return nil, err
	}
	if out.lines, err = plan(ctx, charges, out.ChargesID); err != nil {
		return nil, err
	}
	return out, nil
}

// Newest is the id of the newest published snapshot, without opening it; [ErrEmpty] when nothing has been loaded.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	daily, err := s.load(ctx, tableDaily)
	if err != nil {
		return 0, err
	}
	head := daily.CurrentSnapshot()
	if head == nil {
		return 0, ErrEmpty
	}
	return head.SnapshotID, nil
}

// Query runs one SELECT over the views "daily" and "charges" of this snapshot and traces it. The text must be a constant of
// the program, with "?" for every value; name says what the query is for. Rows that must hash equally when run again need
// an ORDER BY that leaves no ties. SQL that [Snapshot.AdHoc] traced runs as it did there.
func (sn *Snapshot) Query(ctx context.Context, name, query string, params ...any) (*Rows, analysis.QueryTrace, error) {
	if name == adHocName {
		return sn.adHocAgain(ctx, query, params)
	}
	sn.mu.Lock()
	defer sn.mu.Unlock()
	tr := analysis.QueryTrace{Name: name, SQL: query, Params: params}
	if tr.Params == nil {
		tr.Params = []any{}
	}
	if err := sn.open(ctx, query); err != nil {
		return nil, tr, err
	}
	begin := time.Now()
	rows, err := queryOnly(ctx, sn.db, &sn.asked, query, params)
	tr.MS = float64(time.Since(begin).Microseconds()) / 1000
	if err != nil {
		return nil, tr, fmt.Errorf("query %q: %w", name, err)
	}
	tr.Rows = len(rows.Values)
	if tr.SHA256, err = hashRows(rows); err != nil {
		return nil, tr, fmt.Errorf("query %q: %w", name, err)
	}
	return rows, tr, nil
}

// Between is the same snapshot for queries that only look at the days from start up to, not including, end: files whose
// rows all lie elsewhere are not opened. It has a query connection of its own, which is kept for the next question about the
// same days and ends with sn's.
func (sn *Snapshot) Between(start, end time.Time) *Snapshot {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	days := [2]time.Time{start, end}
	for _, n := range sn.narrowed {
		if n.days == days {
			return n
		}
	}
	if len(sn.narrowed) == mostNarrowed { // it closes; whoever still holds it opens it again by asking
		_ = sn.narrowed[0].Close()
		sn.narrowed = slices.Delete(sn.narrowed, 0, 1)
	}
	keep := func(fs []fileOf) []fileOf {
		var out []fileOf
		for _, f := range fs {
			if f.days.IsZero() || f.days.Start.Before(end) && f.days.End.After(start) {
				out = append(out, f)
			}
		}
		return out
	}
	n := &Snapshot{ID: sn.ID, ChargesID: sn.ChargesID, At: sn.At, store: sn.store, narrow: true, days: days, daily: keep(sn.daily), lines: keep(sn.lines)}
	sn.narrowed = append(sn.narrowed, n)
	return n
}

// Beside is the same snapshot, and the same days of it, with a query connection of its own, for a query that runs while one on sn
// does. It is kept for the next time and ends with sn.
func (sn *Snapshot) Beside() *Snapshot {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	if sn.beside == nil {
		sn.beside = &Snapshot{ID: sn.ID, ChargesID: sn.ChargesID, At: sn.At, store: sn.store, narrow: sn.narrow, days: sn.days, daily: sn.daily, lines: sn.lines}
	}
	return sn.beside
}

// mostNarrowed is how many spans of days are kept open beside the snapshot itself.
const mostNarrowed = 4

// heldBytes is up to what size of its files the rollup of the days asked about is held in memory.
const heldBytes = 32 << 20

func size(fs []fileOf) int64 {
	var n int64
	for _, f := range fs {
		n += f.data.FileSizeBytes()
	}
	return n
}

// open makes the query connection, and what the query names of the snapshot's tables known to it.
func (sn *Snapshot) open(ctx context.Context, query string) error {
	if sn.db == nil {
		for _, f := range slices.Concat(sn.daily, sn.lines) {
			if _, err := os.Stat(f.path); err != nil {
				return fmt.Errorf("snapshot %d: a data file of the store is gone: %w; load the bills again into another folder", sn.ID, err)
			}
		}
		// DuckDB makes the folder when it first spills, which most queries never do.
		tmp := sn.tmp
		if tmp == "" {
			tmp = filepath.Join(os.TempDir(), fmt.Sprintf("spendbot-query-%016x", rand.Uint64()))
		}
		db, err := locked(ctx, sn.store.limits, tmp, slices.Concat(paths(sn.daily), paths(sn.lines)))
		if err != nil {
			os.RemoveAll(tmp)
			return err
		}
		sn.db, sn.tmp, sn.known = db, tmp, map[string]bool{}
	}
	low := strings.ToLower(query)
	guest := strings.Contains(low, tableFocus)
	for name, files := range map[string][]fileOf{tableDaily: sn.daily, tableCharges: sn.lines} {
		if sn.known[name] || !strings.Contains(low, name) && !(guest && name == tableCharges) {
			continue
		}
		hold := name == tableDaily && sn.narrow && size(files) <= heldBytes
		if err := addTable(ctx, sn.db, name, paths(files), hold); err != nil {
			return err
		}
		sn.known[name] = true
	}
	if guest && !sn.known[tableFocus] {
		for _, v := range []string{focusSQL(tableFocus), focusSQL(tableFocusData)} {
			if _, err := sn.db.ExecContext(ctx, v); err != nil {
				return fmt.Errorf("open %s: %w", tableFocus, err)
			}
		}
		sn.known[tableFocus] = true
	}
	return nil
}

// Close ends the query connection.
func (sn *Snapshot) Close() error {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	var err error
	for _, n := range sn.narrowed {
		err = errors.Join(err, n.Close())
	}
	sn.narrowed = nil
	if sn.beside != nil {
		err = errors.Join(err, sn.beside.Close())
		sn.beside = nil
	}
	if sn.db == nil {
		return err
	}
	err = errors.Join(err, sn.asked.close(), sn.db.Close(), os.RemoveAll(sn.tmp))
	sn.db = nil
	return err
}

// Partitions are the feeds, providers and months the snapshot holds.
func (sn *Snapshot) Partitions() []Partition {
	var out []Partition
	seen := map[Partition]bool{}
	for _, f := range sn.daily {
		if !seen[f.part] {
			seen[f.part] = true
			out = append(out, f.part)
		}
	}
	return out
}

func paths(fs []fileOf) []string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.path
	}
	return out
}

// hashRows is the hash of rows in their order.
func hashRows(r *Rows) (string, error) {
	h := newRowHash(false)
	for _, row := range r.Values {
		if err := h.add(row); err != nil {
			return "", err
		}
	}
	return h.String(), nil
}

// rowHash is SHA-256 over rows as text: cells in JSON-like escaping joined by tabs, a line per row. Decimals are written without
// trailing zeros, times in RFC 3339. In no order it is over the sorted hashes of the lines.
type rowHash struct {
	unordered bool
	all       hash.Hash
	lines     [][sha256.Size]byte
	line      []byte
}

func newRowHash(unordered bool) *rowHash { return &rowHash{unordered: unordered, all: sha256.New()} }

func (h *rowHash) add(row []any) error {
	h.line = h.line[:0]
	for i, v := range row {
		if i > 0 {
			h.line = append(h.line, '\t')
		}
		var err error
		if h.line, err = appendCell(h.line, v); err != nil {
			return err
		}
	}
	h.line = append(h.line, '\n')
	if h.unordered {
		h.lines = append(h.lines, sha256.Sum256(h.line))
		return nil
	}
	h.all.Write(h.line)
	return nil
}

// String is the hash of what was added. Nothing may be added after it.
func (h *rowHash) String() string {
	slices.SortFunc(h.lines, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, l := range h.lines {
		h.all.Write(l[:])
	}
	return hex.EncodeToString(h.all.Sum(nil))
}

var cellEscapes = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")

func appendCell(to []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(to, '\\', 'N'), nil
	case string:
		return append(to, cellEscapes.Replace(v)...), nil
	case int64:
		return strconv.AppendInt(to, v, 10), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case time.Time:
		return v.UTC().AppendFormat(to, time.RFC3339Nano), nil
	case decimal.Decimal:
		return append(to, v.String()...), nil
	}
	return to, fmt.Errorf("a %T (a float?) has no exact text; cast it in the query", v)
}
