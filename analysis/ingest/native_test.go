package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// meter is a format made up for these tests, with everything a dialect may have.
func meter() *dialect.Dialect {
	return &dialect.Dialect{
		ID: "meter", Name: "Meter bill", Version: 1,
		Columns: []dialect.Column{
			{Name: "day", Kind: dialect.Time, Need: true}, {Name: "kind", Need: true}, {Name: "cost", Kind: dialect.Number, Need: true},
			{Name: "unused", Kind: dialect.Number}, {Name: "payer"}, {Name: "currency"}, {Name: "labels", Kind: dialect.Tags}, {Name: "credits", Kind: dialect.Amounts},
		},
		Families: []dialect.Family{{Name: "labels", Prefixes: []string{"tag:"}}},
		Key:      dialect.Key{Provider: "Meter", Account: []string{"payer"}, Month: []string{"day"}, Currency: []string{"currency"}, DefaultCurrency: "USD"},
		Variants: []dialect.Variant{
			{Name: "spread", Witness: [][]dialect.Cond{{dialect.In("kind", "unused")}}, Billed: dialect.Rules{{Plus: []string{"cost", "credits_total"}}},
				Effective: dialect.Rules{{When: []dialect.Cond{dialect.In("kind", "fee")}, Plus: []string{"unused"}}, {Plus: []string{"cost"}}},
				Rows:      []dialect.Count{{When: []dialect.Cond{dialect.In("kind", "fee")}, N: 2}, {When: []dialect.Cond{dialect.In("kind", "note")}, N: 0}}},
			{Name: "plain", Beside: "spread", Then: "fees", Billed: dialect.Rules{{Plus: []string{"cost", "credits_total"}}}, Effective: dialect.Rules{{Plus: []string{"cost"}}},
				Rows: []dialect.Count{{When: []dialect.Cond{dialect.In("kind", "fee")}, N: 2}, {When: []dialect.Cond{dialect.In("kind", "note")}, N: 0}}},
			{Name: "fees", Billed: dialect.Rules{{When: []dialect.Cond{dialect.In("kind", "fee")}, Plus: []string{"cost"}}},
				Rows: []dialect.Count{{When: []dialect.Cond{dialect.Not(dialect.In("kind", "fee"))}, N: 0}}},
		},
		SQL: `SELECT 'Meter' AS ServiceProviderName, 'Meter' AS ServiceName, payer AS BillingAccountId, day AS ChargePeriodStart, labels AS Tags,
  CASE WHEN currency IS NULL THEN 'USD' ELSE currency END AS BillingCurrency,
  CASE WHEN piece = 'fee' THEN 'Purchase' ELSE 'Usage' END AS ChargeCategory,
  CASE WHEN piece = 'unused' THEN NULL ELSE cost + CASE WHEN credits_total IS NULL THEN 0 ELSE credits_total END END AS BilledCost,
  CASE WHEN {variant} = 'fees' THEN NULL WHEN piece = 'unused' THEN unused WHEN piece = 'row' THEN cost END AS EffectiveCost
FROM (SELECT *, unnest(CASE WHEN kind = 'fee' AND {variant} = 'fees' THEN ['fee'] WHEN {variant} = 'fees' THEN [] WHEN kind = 'note' THEN [] WHEN kind = 'fee' THEN ['fee', 'unused'] ELSE ['row'] END) AS piece FROM src)`,
	}
}

// feesOfPlain changes the plain and spread variants of meter so that a fee's effective cost is its unused part in both.
func feesOfPlain(d *dialect.Dialect) *dialect.Dialect {
	d.Variants[1].Effective = d.Variants[0].Effective
	return d
}

func loadMeter(t *testing.T, d *dialect.Dialect, files map[string]string) (*store.Store, *Result, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := dir
	if len(files) == 1 {
		for name := range files {
			path = filepath.Join(dir, name)
		}
	}
	s, err := store.Open(t.Context(), t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	res, err := Load(t.Context(), s, path, Options{Now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Mappings: []*dialect.Dialect{d}})
	return s, res, err
}

const meterRows = "Day,KIND,cost,unused,payer,currency,tag:team,credits\n" +
	"10/1/2026,use,10.50,,p1,,web,\"[{\"\"amount\"\": -0.25}, {\"\"amount\"\": -5e-06}]\"\n" +
	"10/2/2026,fee,100,3.75,p1,,,\n" +
	"10/3/2026,note,,,p1,,,\n" +
	"2026-10-04 00:00:00 UTC,use,1.5,,p1,EUR,\"a \"\"b\"\"\",[]\n"

func TestADialectIsCarriedOut(t *testing.T) {
	s, res, err := loadMeter(t, feesOfPlain(meter()), map[string]string{"a.csv": meterRows})
	if err != nil {
		t.Fatal(err)
	}
	if res.Load.Rows != 4 || res.Load.Mapping != "meter-1" || res.Load.Files[0].Format != "Meter bill plain csv" {
		t.Errorf("loaded %d rows, mapping %q, format %q", res.Load.Rows, res.Load.Mapping, res.Load.Files[0].Format)
	}
	if got := fmt.Sprint(res.Load.Totals["USD"].Billed, res.Load.Totals["USD"].Effective, res.Load.Totals["EUR"].Billed); got != "110.249995 14.25 1.5" {
		t.Errorf("totals are %s", got)
	}
	sn, err := s.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	rows, _, err := sn.Query(t.Context(), "rows", "SELECT CAST(ChargePeriodStart AS VARCHAR), ChargeCategory, Tags, CAST(BilledCost AS VARCHAR), CAST(EffectiveCost AS VARCHAR), x_Source FROM charges ORDER BY 1, 2")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range rows.Values {
		fmt.Fprintln(&got, r...)
	}
	want := `2026-10-01 00:00:00 Usage {"team":"web"} 10.249995000000000000 10.500000000000000000 Meter/p1
2026-10-02 00:00:00 Purchase <nil> 100.000000000000000000 <nil> Meter/p1
2026-10-02 00:00:00 Usage <nil> <nil> 3.750000000000000000 Meter/p1
2026-10-04 00:00:00 Usage {"team":"a \"b\""} 1.500000000000000000 1.500000000000000000 Meter/p1
`
	if got.String() != want {
		t.Errorf("rows are\n%swant\n%s", got.String(), want)
	}
}

func TestAMappingThatMissesItsControlIsRefused(t *testing.T) {
	for name, change := range map[string]func(*dialect.Dialect){
		"a cost": func(d *dialect.Dialect) {
			d.SQL = strings.Replace(d.SQL, "piece = 'row' THEN cost", "piece = 'row' THEN cost + 1", 1)
		},
		"a row": func(d *dialect.Dialect) { d.SQL = strings.Replace(d.SQL, "WHEN kind = 'note' THEN []", "", 1) },
		"a month": func(d *dialect.Dialect) {
			d.SQL = strings.Replace(d.SQL, "day AS ChargePeriodStart", "day - INTERVAL 4 DAY AS ChargePeriodStart", 1)
		},
		"a payer": func(d *dialect.Dialect) { d.SQL = strings.Replace(d.SQL, "payer AS", "'p2' AS", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			d := feesOfPlain(meter())
			change(d)
			_, _, err := loadMeter(t, d, map[string]string{"a.csv": meterRows})
			if err == nil || !strings.Contains(err.Error(), "reconcile") {
				t.Errorf("got %v, want it not to reconcile", err)
			}
		})
	}
}

func TestVariantsBesideEachOther(t *testing.T) {
	spread := "day,kind,cost,unused,payer\n2026-10-01,use,10.50,,p1\n2026-10-02,unused,2,,p1\n"
	actual := "day,kind,cost,unused,payer\n2026-10-01,use,99,,p1\n2026-10-02,fee,100,1,p1\n"
	for name, files := range map[string]map[string]string{"one order": {"a.csv": spread, "b.csv": actual}, "the other": {"b.csv": spread, "a.csv": actual}} {
		t.Run(name, func(t *testing.T) {
			_, res, err := loadMeter(t, feesOfPlain(meter()), files)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(res.Load.Rows, res.Load.Totals["USD"].Billed, res.Load.Totals["USD"].Effective); got != "3 112.5 12.5" {
				t.Errorf("loaded %s, want 3 rows, 112.5 billed, 12.5 effective", got)
			}
		})
	}
	_, _, err := loadMeter(t, feesOfPlain(meter()), map[string]string{"a.csv": spread, "b.csv": actual + "2026-11-01,use,1,,p1\n"})
	if err == nil || !strings.Contains(err.Error(), "only some of its months") {
		t.Errorf("months that only one kind has: %v", err)
	}
}

func TestBadCellsOfADialect(t *testing.T) {
	const head = "day,kind,cost,unused,payer,labels,credits\n"
	for _, c := range []struct{ row, want string }{
		{"2026-10-01,use,\"12,40\",,p1,,\n", `line 2, column 3 (cost): "12,40" is not a decimal number`},
		{"13/09/2026,use,1,,p1,,\n", `column 1 (day): "13/09/2026" is not a date and time; expected one as in 2026-10-31T00:00:00Z, or month/day/year`},
		{",use,1,,p1,,\n", `column 1 (day): there is no billing month`},
		{"2026-10-01,use,1,,p1,\"{\"\"a\"\"\",\n", `column 6 (labels)`},
		{"2026-10-01,use,1,,p1,\"a\"\": 1\",\n", `column 6 (labels)`},
		{"2026-10-01,use,1,,p1,\"[{\"\"k\"\":1}]\",\n", `column 6 (labels)`},
		{"2026-10-01,use,1,,p1,,\"[{\"\"amount\"\":\"\"x\"\"}]\"\n", `column 7 (credits)`},
	} {
		_, _, err := loadMeter(t, feesOfPlain(meter()), map[string]string{"a.csv": head + c.row})
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.row, err, c.want)
		}
	}
}

func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for n, text := range files {
		f, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// gzipBomb is a bill with more blank lines than bills have.
func gzipBomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range mostSmall>>20 + 1 {
		if _, err := z.Write([]byte(meterRows + strings.Repeat("\n", 1<<20))); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZipArchives(t *testing.T) {
	_, res, err := loadMeter(t, feesOfPlain(meter()), map[string]string{"a.zip": zipped(t, map[string]string{"../../x.csv": meterRows})})
	if err != nil || res.Load.Rows != 4 || res.Load.Files[0].Format != "Meter bill plain csv.zip" {
		t.Fatalf("a zipped bill: %v, %v", res, err)
	}
	for name, c := range map[string]struct{ zip, want string }{
		"two files": {zipped(t, map[string]string{"a.csv": meterRows, "b.csv": meterRows}), "more than one file"},
		"empty":     {zipped(t, nil), "is empty"},
		"bomb":      {zipped(t, map[string]string{"a.csv": meterRows + strings.Repeat("\n", mostSmall)}), "more than 200 times"},
		"cut":       {zipped(t, map[string]string{"a.csv": meterRows})[:60], "damaged"},
		"gzip":      {gzipBomb(t), "more than 200 times"},
	} {
		_, _, err := loadMeter(t, feesOfPlain(meter()), map[string]string{"a.zip": c.zip})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestACurrencySaid is for exports that name none.
func TestACurrencySaid(t *testing.T) {
	d := feesOfPlain(meter())
	d.Key.DefaultCurrency, d.SQL = "", strings.Replace(d.SQL, "CASE WHEN currency IS NULL THEN 'USD' ELSE currency END AS BillingCurrency", "currency AS BillingCurrency", 1)
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("day,kind,cost,unused,payer,currency\n2026-10-01,use,1,,p1,\n2026-10-01,use,2,,p1,USD\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := Load(t.Context(), s, file, Options{Mappings: []*dialect.Dialect{d}}); err == nil || !strings.Contains(err.Error(), "--currency EUR") {
		t.Errorf("without a currency: %v", err)
	}
	res, err := Load(t.Context(), s, file, Options{Mappings: []*dialect.Dialect{d}, Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %s %s", res.Load.Totals["EUR"].Billed, res.Load.Totals["USD"].Billed, res.Load.Mapping); got != "1 2 meter-1 currency=EUR" {
		t.Errorf("loaded %s", got)
	}
}
