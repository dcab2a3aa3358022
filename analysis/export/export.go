// Package export writes the daily table for others to use: Parquet or CSV under FOCUS names, with a data dictionary and a
// manifest, as one folder that is replaced as a whole.
//
//	DIR/daily.parquet             or, by month, DIR/month=2026-10/daily.parquet
//	DIR/dictionary.json, .md      what each column holds, in which unit
//	DIR/manifest.json             the snapshot, what was left out, rows, totals and SHA-256 of each file
//
// In: a snapshot, the lens it is looked at through, days. Out: the folder, once what stands in it was read again and its totals
// are those of the store, to the last digit. Otherwise nothing is changed.
package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Formats.
const (
	Parquet = "parquet"
	CSV     = "csv"
)

// Options say what to write.
type Options struct {
	Format  string          // Parquet or CSV; "" is Parquet
	Days    analysis.Period // of the charges; zero is all
	ByMonth bool            // a file per month of the charges
	Lens    query.Lens      // what the rows are looked at through
	Now     time.Time
}

// Manifest says what an export holds. It is written last.
type Manifest struct {
	MadeBy          string    `json:"made_by"` // "spendbot export 1": how an export is known again
	Made            time.Time `json:"made"`
	Snapshot        int64     `json:"snapshot,string"` // as text: it does not fit a JavaScript number
	ChargesSnapshot int64     `json:"charges_snapshot,string"`
	SnapshotAt      time.Time `json:"snapshot_at"`
	From            string    `json:"from,omitempty"` // first day; empty: from the beginning
	Until           string    `json:"until,omitempty"`
	Format          string    `json:"format"`
	Partition       string    `json:"partition,omitempty"` // "month"
	Through         []string  `json:"through,omitempty"`   // what the rows were looked at through: owners, a reporting currency
	Columns         []string  `json:"columns"`
	Rows            int64     `json:"rows"`
	Totals          []Total   `json:"totals"`
	Files           []File    `json:"files"`
}

// Total is what the rows of a currency add up to. A cost that no row has is null, which is not zero.
type Total struct {
	Currency   string           `json:"currency"`
	Rows       int64            `json:"rows"`
	LineItems  int64            `json:"line_items"`
	Billed     *decimal.Decimal `json:"billed"`
	Effective  *decimal.Decimal `json:"effective"`
	List       *decimal.Decimal `json:"list"`
	Contracted *decimal.Decimal `json:"contracted"`
}

// File is a file of an export.
type File struct {
	Path   string `json:"path"` // below the export's folder, with slashes
	Rows   *int64 `json:"rows,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	madeBy       = "spendbot export 1"
	manifestFile = "manifest.json"
)

// ErrDiffers says that what was written is not what the store holds; nothing was put in place.
var ErrDiffers = errors.New("what was written does not add up to what the store holds")

// Write exports a snapshot into a folder, in the place of an earlier export there.
func Write(ctx context.Context, sn *store.Snapshot, dir string, o Options) (*Manifest, error) {
	if o.Format == "" {
		o.Format = Parquet
	}
	if o.Format != Parquet && o.Format != CSV {
		return nil, fmt.Errorf("export: the format is %q; write %s or %s", o.Format, Parquet, CSV)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := replaceable(dir); err != nil {
		return nil, err
	}
	cols, err := columnsOf(o.Lens)
	if err != nil {
		return nil, err
	}
	where := "true"
	if !o.Days.IsZero() {
		where = fmt.Sprintf("ChargeDate >= DATE '%s' AND ChargeDate < DATE '%s'", o.Days.Start.Format(analysis.DateLayout), o.Days.End.Format(analysis.DateLayout))
	}
	want, err := stored(ctx, sn, o, where)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("export to %s: %w", dir, err)
	}
	f, err := begin(dir)
	if err != nil {
		return nil, fmt.Errorf("export to %s: %w; the folder it stands in must be one that can be written to", dir, err)
	}
	defer f.end()
	fresh := f.dir
	m := &Manifest{MadeBy: madeBy, Made: o.Now.UTC(), Snapshot: sn.ID, ChargesSnapshot: sn.ChargesID, SnapshotAt: sn.At, Format: o.Format, Totals: []Total{}}
	for _, c := range cols {
		m.Columns = append(m.Columns, c.Name)
	}
	for _, y := range o.Lens.Layers {
		m.Through = append(m.Through, y.Name)
	}
	if !o.Days.IsZero() {
		m.From, m.Until = o.Days.Start.Format(analysis.DateLayout), o.Days.End.Format(analysis.DateLayout)
	}
	if o.ByMonth {
		m.Partition = "month"
	}
	if err := writeRows(ctx, sn, fresh, o, cols, where, m); err != nil {
		return nil, fmt.Errorf("export to %s: %w", dir, err)
	}
	if diff := differ(want, m.Totals); diff != "" {
		return nil, fmt.Errorf("export to %s: %w: %s", dir, ErrDiffers, diff)
	}
	if err := describe(fresh, cols, m); err != nil {
		return nil, fmt.Errorf("export to %s: %w", dir, err)
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return nil, err
	}
	if err := exchange(fresh, dir); err != nil {
		return nil, fmt.Errorf("export to %s: put it in place: %w", dir, err)
	}
	return m, nil
}

// replaceable refuses a folder that holds anything but an earlier export.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("export to %s: %w; name a folder", dir, err)
	}
	if m, err := Read(dir); err == nil && m.MadeBy == madeBy {
		return nil
	}
	return fmt.Errorf("export to %s: the folder holds something that is no export of spendbot's, and would be replaced; name another, or an empty one", dir)
}

// Read reads the manifest of an export.
func Read(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	return &m, nil
}

// totalsSQL adds up rows as they are counted on both sides.
const totalsSQL = `SELECT CASE WHEN BillingCurrency IS NULL THEN '' ELSE BillingCurrency END AS currency, count(*) AS n, CAST(sum(x_Rows) AS BIGINT) AS line_items,
	sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost) FROM {rows} GROUP BY 1 ORDER BY 1`

// stored are the totals of the store, asked on the connection that answers come from.
func stored(ctx context.Context, sn *store.Snapshot, o Options, where string) ([]Total, error) {
	sight, err := sn.SeenThrough(nil, o.Lens)
	if err != nil {
		return nil, err
	}
	rows, _, err := sight.Query(ctx, "totals", query.F(strings.Replace(totalsSQL, "{rows}", "{daily} WHERE "+where, 1)))
	if err != nil {
		return nil, err
	}
	return totals(rows)
}

func totals(rows *store.Rows) ([]Total, error) {
	out := []Total{}
	for _, r := range rows.Values {
		var t Total
		t.Currency, _ = r[0].(string)
		t.Rows, _ = r[1].(int64)
		t.LineItems, _ = r[2].(int64)
		for i, to := range []**decimal.Decimal{&t.Billed, &t.Effective, &t.List, &t.Contracted} {
			switch v := r[3+i].(type) {
			case nil:
			case decimal.Decimal:
				*to = &v
			default:
				return nil, fmt.Errorf("a total is a %T", v)
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// differ says where totals differ; "" when they do not.
func differ(want, got []Total) string {
	amount := func(d *decimal.Decimal) string {
		if d == nil {
			return "unknown"
		}
		return d.String()
	}
	line := func(t Total) string {
		return fmt.Sprintf("%s: %d rows of %d line items, billed %s, effective %s, list %s, contracted %s", t.Currency, t.Rows, t.LineItems,
			amount(t.Billed), amount(t.Effective), amount(t.List), amount(t.Contracted))
	}
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return "the files have " + line(got[i]) + ", the store has nothing in that currency"
		case i >= len(got):
			return "the store has " + line(want[i]) + ", the files have nothing in that currency"
		case line(want[i]) != line(got[i]):
			return "the store has " + line(want[i]) + "; the files have " + line(got[i])
		}
	}
	return ""
}

// writeRows writes the rows and reads them again.
func writeRows(ctx context.Context, sn *store.Snapshot, dir string, o Options, cols []Column, where string, m *Manifest) error {
	e, err := sn.Exporter(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	seen, _, err := o.Lens.Resolve(query.F(rowsSQL(cols)), nil)
	if err != nil {
		return err
	}
	months := []string{""}
	if o.ByMonth {
		rows, err := e.Query(ctx, "SELECT DISTINCT strftime(ChargeDate, '%Y-%m') AS m FROM daily WHERE "+where+" ORDER BY m")
		if err != nil {
			return err
		}
		if len(rows.Values) > 0 {
			months = nil
		}
		for _, r := range rows.Values {
			s, _ := r[0].(string)
			months = append(months, s)
		}
	}
	var data []string
	for _, month := range months {
		name, only := "daily."+o.Format, where
		if month != "" {
			name = filepath.Join("month="+month, name)
			only = "(" + where + ") AND strftime(ChargeDate, '%Y-%m') = " + query.Literal(month)
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		sel := "SELECT * FROM (" + seen.SQL + ") AS r WHERE " + only
		copied := "FORMAT parquet, COMPRESSION zstd"
		if o.Format == CSV {
			sel, copied = "SELECT "+csvSelect(cols)+" FROM ("+sel+orderBy(cols)+") AS r", "FORMAT csv, HEADER true"
		} else {
			sel += orderBy(cols)
		}
		if err := e.Exec(ctx, "COPY ("+sel+") TO "+store.QuoteLiteral(file)+" ("+copied+")"); err != nil {
			return err
		}
		data = append(data, file)
	}
	if m.Totals, err = readAgain(ctx, e, o.Format, cols, data); err != nil {
		return err
	}
	for _, t := range m.Totals {
		m.Rows += t.Rows
	}
	for _, f := range data {
		one, err := readAgain(ctx, e, o.Format, cols, []string{f})
		if err != nil {
			return err
		}
		var n int64
		for _, t := range one {
			n += t.Rows
		}
		if err := m.add(dir, f, &n); err != nil {
			return err
		}
	}
	return nil
}

// readAgain adds up what stands in files.
func readAgain(ctx context.Context, e *store.Exporter, format string, cols []Column, files []string) ([]Total, error) {
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = store.QuoteLiteral(f)
	}
	from := "read_parquet([" + strings.Join(list, ",") + "], hive_partitioning=false)"
	if format == CSV {
		types := make([]string, len(cols))
		for i, c := range cols {
			types[i] = store.QuoteLiteral(c.Name) + ": " + store.QuoteLiteral(c.sqlType())
		}
		from = "read_csv([" + strings.Join(list, ",") + "], header=true, auto_detect=false, delim=',', quote='\"', escape='\"', nullstr='', hive_partitioning=false, columns={" + strings.Join(types, ", ") + "})"
	}
	rows, err := e.Query(ctx, strings.Replace(totalsSQL, "{rows}", from, 1))
	if err != nil {
		return nil, fmt.Errorf("read what was written: %w", err)
	}
	return totals(rows)
}

// add notes a file.
func (m *Manifest) add(dir, file string, rows *int64) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		return err
	}
	m.Files = append(m.Files, File{Path: filepath.ToSlash(rel), Rows: rows, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))})
	return nil
}

// describe writes the dictionary and, last, the manifest.
func describe(dir string, cols []Column, m *Manifest) error {
	for name, text := range dictionaries(cols) {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
		if err := m.add(dir, file, nil); err != nil {
			return err
		}
	}
	slices.SortStableFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestFile), append(b, '\n'), 0o644)
}
