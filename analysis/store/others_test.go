package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	_ "modernc.org/sqlite"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// A process with this variable set is not a test run: it reads the tables of the store there as another program would, with
// nothing of package store, once for each line on its standard input.
const otherReader = "SPENDBOT_TEST_OTHER_READER"

func readAsOthersDo(dir string) int {
	ctx := context.Background()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		n, err := readOnce(ctx, dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(n)
	}
	return 0
}

// readOnce counts the rows of both tables through the SQL catalog, and again through nothing but the metadata file that the catalog
// names, as an engine does that is given the file.
func readOnce(ctx context.Context, dir string) (string, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, store.DatabaseFile)+"?mode=ro&_pragma=busy_timeout(20000)")
	if err != nil {
		return "", err
	}
	defer db.Close()
	cat, err := sqlcat.NewCatalog("spendbot", db, sqlcat.SQLite, iceberg.Properties{"init_catalog_tables": "false", "warehouse": "file://" + filepath.Join(dir, "warehouse")})
	if err != nil {
		return "", err
	}
	var said []string
	for _, name := range []string{"daily", "charges"} {
		id := table.Identifier{"spend", name}
		t, err := cat.LoadTable(ctx, id)
		if err != nil {
			return "", fmt.Errorf("by the catalog: %w", err)
		}
		byCatalog, err := rowsOf(ctx, t)
		if err != nil {
			return "", fmt.Errorf("%s by the catalog: %w", name, err)
		}
		static, err := table.NewFromLocation(ctx, id, t.MetadataLocation(), iceio.LoadFSFunc(nil, t.MetadataLocation()), nil)
		if err != nil {
			return "", fmt.Errorf("%s by its metadata file: %w", name, err)
		}
		byFile, err := rowsOf(ctx, static)
		if err != nil {
			return "", fmt.Errorf("%s by its metadata file: %w", name, err)
		}
		if byFile != byCatalog {
			return "", fmt.Errorf("%s has %d rows by the catalog and %d by its metadata file", name, byCatalog, byFile)
		}
		said = append(said, fmt.Sprint(byCatalog))
	}
	return strings.Join(said, " "), nil
}

// rowsOf reads a table's rows, the costs of them, and counts them.
func rowsOf(ctx context.Context, t *table.Table) (int64, error) {
	if t.CurrentSnapshot() == nil {
		return 0, nil
	}
	_, batches, err := t.Scan(table.WithSelectedFields("BilledCost", "ServiceName")).ToArrowRecords(ctx)
	if err != nil {
		return 0, err
	}
	var n int64
	for b, err := range batches {
		if err != nil {
			return 0, err
		}
		n += b.NumRows()
		b.Release()
	}
	return n, nil
}

func loadFile(s *store.Store, file string) error {
	_, err := ingest.Load(context.Background(), s, file, ingest.Options{Now: now})
	return err
}

// TestOthersReadWhileBillsAreLoaded has another program read the Iceberg tables again and again while months are loaded and
// restated. It never sees half a load, and never fails.
func TestOthersReadWhileBillsAreLoaded(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	costs := make([]string, 20)
	for i := range costs {
		costs[i] = "1"
	}
	load(t, s, writeBill(t, "0.csv", charges("p", "2026-01", costs...)))
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), otherReader+"="+dir)
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var failed strings.Builder
	cmd.Stderr = &failed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(answers)
	read := func() string {
		if _, err := io.WriteString(ask, "\n"); err != nil || !said.Scan() {
			t.Fatalf("the other program ended: %v %s", err, failed.String())
		}
		return said.Text()
	}
	if got := read(); got != "20 20" {
		t.Fatalf("before the loads: %s", got)
	}
	const months = 5
	loaded := make(chan error, 1)
	files := make([]string, 0, months)
	for m := range months {
		files = append(files, writeBill(t, fmt.Sprintf("%d.csv", m+1), charges("p", fmt.Sprintf("2026-%02d", m+1), costs...))) // the first is a restatement
	}
	go func() {
		for _, f := range files {
			if err := loadFile(s, f); err != nil {
				loaded <- err
				return
			}
		}
		loaded <- nil
	}()
	seen := map[string]bool{}
	for done := false; !done; {
		select {
		case err := <-loaded:
			if err != nil {
				t.Error(err)
			}
			done = true
		default:
			seen[read()] = true
		}
	}
	for got := range seen {
		var d, c int
		if _, err := fmt.Sscan(got, &d, &c); err != nil || d%20 != 0 || c%20 != 0 || d < 20 || d > 20*months || c < d {
			t.Errorf("the other program saw %s rows of daily and charges: half a load", got)
		}
	}
	if got := read(); got != "100 100" {
		t.Errorf("after the loads: %s", got)
	}
	ask.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the other program: %v %s", err, failed.String())
	}
}
