package export_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/export"
	"spendbot/analysis/ingest"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const bill = `ProviderName,BillingAccountId,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BillingCurrency,BilledCost,EffectiveCost,ListCost,ContractedCost,ServiceName,SubAccountName,ChargeDescription,Tags
AWS,1,2026-10-01T00:00:00Z,2026-10-31T00:00:00Z,2026-11-01T00:00:00Z,Usage,USD,1.5,1.25,2,1.5,EC2,a,,"{""team"":""x""}"
AWS,1,2026-11-01T00:00:00Z,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,Usage,USD,-2.000000000000000001,,3,2,EC2,"=cmd|' /C calc'!A0",,
AWS,1,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,2026-11-03T00:00:00Z,Tax,USD,4,4,4,4,"  +SUM(1)","two
lines, ""quoted""",＝1+1,
Azure,2,2026-11-01T00:00:00Z,2026-11-02T00:00:00Z,2026-11-03T00:00:00Z,Usage,EUR,100,100,100,100,-5,@x,,
`

func snapshot(t *testing.T) (*store.Store, *store.Snapshot) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	load(t, s, bill)
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	return s, sn
}

func load(t *testing.T, s *store.Store, text string) {
	t.Helper()
	f := filepath.Join(t.TempDir(), "bill.csv")
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ingest.Load(context.Background(), s, f, ingest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
}

func TestFilesHoldWhatTheStoreHolds(t *testing.T) {
	_, sn := snapshot(t)
	november := analysis.Period{Start: analysis.Day(2026, 11, 1), End: analysis.Day(2026, 12, 1)}
	for name, c := range map[string]struct {
		o     export.Options
		files string
		rows  int64
		usd   string
	}{
		"parquet":         {export.Options{}, "daily.parquet dictionary.json dictionary.md", 4, "3.499999999999999999"},
		"csv":             {export.Options{Format: export.CSV}, "daily.csv dictionary.json dictionary.md", 4, "3.499999999999999999"},
		"by month":        {export.Options{ByMonth: true}, "dictionary.json dictionary.md month=2026-10/daily.parquet month=2026-11/daily.parquet", 4, "3.499999999999999999"},
		"csv by month":    {export.Options{Format: export.CSV, ByMonth: true, Days: november}, "dictionary.json dictionary.md month=2026-11/daily.csv", 3, "1.999999999999999999"},
		"some days":       {export.Options{Days: november}, "daily.parquet dictionary.json dictionary.md", 3, "1.999999999999999999"},
		"days of nothing": {export.Options{Days: analysis.Period{Start: analysis.Day(2020, 1, 1), End: analysis.Day(2020, 2, 1)}, ByMonth: true}, "daily.parquet dictionary.json dictionary.md", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "below", "out")
			c.o.Now = now
			m, err := export.Write(context.Background(), sn, dir, c.o)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for _, f := range m.Files {
				files = append(files, f.Path)
				if fi, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Path))); err != nil || fi.Size() != f.Bytes {
					t.Errorf("%s: %v", f.Path, err)
				}
			}
			if got := strings.Join(files, " "); got != c.files {
				t.Errorf("files are %s, want %s", got, c.files)
			}
			if m.Rows != c.rows {
				t.Errorf("%d rows, want %d", m.Rows, c.rows)
			}
			usd := ""
			for _, x := range m.Totals {
				if x.Currency == "USD" {
					usd = x.Billed.String()
				}
			}
			if usd != c.usd {
				t.Errorf("billed in USD: %s, want %s", usd, c.usd)
			}
			if again, err := export.Read(dir); err != nil || again.Snapshot != sn.ID {
				t.Errorf("the manifest says %+v, %v", again, err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestNoFormulaInASpreadsheet(t *testing.T) {
	_, sn := snapshot(t)
	dir := t.TempDir()
	if _, err := export.Write(context.Background(), sn, dir, export.Options{Format: export.CSV, Now: now}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "daily.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, row := range rows[1:] {
		for k, cell := range row {
			seen[cell] = true
			if _, err := decimal.NewFromString(cell); err == nil && !slices.Contains([]string{"ServiceName", "SubAccountName", "ChargeDescription"}, rows[0][k]) {
				continue // a number that is one
			}
			if strings.IndexAny(strings.TrimSpace(cell), "=+-@＝＋－＠") == 0 {
				t.Errorf("row %d, %s: %q would run", i+1, rows[0][k], cell)
			}
		}
	}
	for _, want := range []string{"'=cmd|' /C calc'!A0", "'-5", "'@x", "'＝1+1", "'  +SUM(1)", "two\nlines, \"quoted\"", "-2.000000000000000001", "1.25", "100", `{"team":"x"}`} {
		if !seen[want] {
			t.Errorf("no cell is %q", want)
		}
	}
}

func TestTwoExportsAreOne(t *testing.T) {
	s, sn := snapshot(t)
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "out")
	first, err := export.Write(ctx, sn, dir, export.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	again, err := export.Write(ctx, sn, dir, export.Options{Now: now, Format: export.CSV})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "daily.parquet")); !os.IsNotExist(err) {
		t.Errorf("the Parquet file of the earlier export is still there: %v", err)
	}
	third, err := export.Write(ctx, sn, dir, export.Options{Now: now, Format: export.CSV})
	if err != nil {
		t.Fatal(err)
	}
	if again.Files[0].SHA256 != third.Files[0].SHA256 {
		t.Errorf("the same rows were written otherwise: %+v, %+v", again.Files[0], third.Files[0])
	}
	// A load meanwhile changes nothing of a snapshot; the next one has it.
	load(t, s, strings.Replace(bill, ",100,100,100,100,", ",7,7,7,7,", 1))
	if fourth, err := export.Write(ctx, sn, dir, export.Options{Now: now}); err != nil || fourth.Files[0].Rows == nil || *fourth.Files[0].Rows != *first.Files[0].Rows {
		t.Errorf("after a load: %+v, %v", fourth, err)
	}
}

func TestNothingElseIsReplaced(t *testing.T) {
	_, sn := snapshot(t)
	for name, make := range map[string]func(dir string) error{
		"somebody's files": func(dir string) error { return os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o644) },
		"another program's manifest": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(`{"made_by":"x"}`), 0o644)
		},
		"a broken manifest": func(dir string) error { return os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{"), 0o644) },
		"a file":            func(dir string) error { return os.Remove(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := make(dir); err != nil {
				t.Fatal(err)
			}
			if name == "a file" {
				if err := os.WriteFile(dir, []byte("x"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := export.Write(context.Background(), sn, dir, export.Options{Now: now}); err == nil {
				t.Fatal("it was replaced")
			}
		})
	}
}

// TestWhatDoesNotAddUpIsNotPutInPlace looks at the rows through a lens that loses some between the store and the file.
func TestWhatDoesNotAddUpIsNotPutInPlace(t *testing.T) {
	_, sn := snapshot(t)
	dir := filepath.Join(t.TempDir(), "out")
	asked := 0
	lens := query.Lens{Layers: []query.Layer{{Name: "one that changes its mind", Key: "k", Columns: []string{"x_Mind"},
		Select: func(_ query.Table, beneath string, _ func(string) bool) string {
			asked++
			return "SELECT *, 'm' AS x_Mind FROM " + beneath + " WHERE BillingCurrency = 'USD'"
		}}}}
	if m, err := export.Write(context.Background(), sn, dir, export.Options{Now: now, Lens: lens}); err == nil {
		t.Fatalf("%+v after %d", m.Totals, asked)
	} else if !strings.Contains(err.Error(), "the store has EUR") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
}

func TestEveryColumnIsInTheDictionary(t *testing.T) {
	_, sn := snapshot(t)
	dir := t.TempDir()
	lens := query.Lens{Layers: []query.Layer{{Name: "owners version 1", Key: "k", Columns: []string{"x_Team"},
		Select: func(_ query.Table, beneath string, _ func(string) bool) string {
			return "SELECT *, 'shop' AS x_Team FROM " + beneath
		}}}}
	m, err := export.Write(context.Background(), sn, dir, export.Options{Now: now, Lens: lens})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "dictionary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dict []struct{ Name, Type, Meaning string }
	if err := json.Unmarshal(b, &dict); err != nil {
		t.Fatal(err)
	}
	if len(dict) != len(m.Columns) {
		t.Fatalf("%d entries for %d columns", len(dict), len(m.Columns))
	}
	for i, d := range dict {
		if d.Name != m.Columns[i] || d.Type == "" || d.Meaning == "" {
			t.Errorf("column %d is %s, its entry %+v", i+1, m.Columns[i], d)
		}
	}
	if last := m.Columns[len(m.Columns)-1]; last != "x_Team" || !slices.Equal(m.Through, []string{"owners version 1"}) {
		t.Errorf("last column %s, through %q", last, m.Through)
	}
}

// TestSweepsWhatAKilledExportLeft: the next export takes it away, leaves alone what another process is writing, and puts back what was
// taken out of the place.
func TestSweepsWhatAKilledExportLeft(t *testing.T) {
	_, sn := snapshot(t)
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	write := func() {
		t.Helper()
		if _, err := export.Write(context.Background(), sn, dir, export.Options{Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	write()
	made := func(name string) string {
		d := filepath.Join(parent, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "daily.parquet"), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
		return d
	}
	made(".out.new-123")
	made(".out.new-456.old")
	other, busy := made(".other.new-123"), made(".out.new-789")
	lock := flock.New(busy, flock.SetFlag(os.O_RDONLY))
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	write()
	want := []string{filepath.Base(other), filepath.Base(busy), "out"}
	if got := names(t, parent); !slices.Equal(got, want) {
		t.Errorf("beside the export lie %q, want %q", got, want)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	// Killed between the two steps: the export of before is back, and replaced as one.
	if err := os.Rename(dir, filepath.Join(parent, ".out.new-1.old")); err != nil {
		t.Fatal(err)
	}
	write()
	if got := names(t, parent); !slices.Equal(got, []string{filepath.Base(other), "out"}) {
		t.Errorf("beside the export lie %q", got)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
