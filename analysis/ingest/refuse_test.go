package ingest_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBadInputIsRefused compares what is said of bad files with testdata/ingest/refused.txt.
func TestBadInputIsRefused(t *testing.T) {
	good := billOf("", "ServiceName=S3").String()
	big := billOf()
	for i := range 3000 {
		big.add(fmt.Sprintf("ResourceId=%d|ChargeDescription=%s", i, strings.Repeat("x", i%300)))
	}
	late := strings.Replace(big.String(), "S3", "", 1)
	inputs := map[string]string{
		"empty.csv":                 "",
		"only-bom.csv":              "\ufeff",
		"blank.csv":                 "\n\n\n",
		"header-alone.csv":          strings.SplitAfter(good, "\n")[0],
		"header-alone.csv.gz":       gzipped(strings.SplitAfter(good, "\n")[0]),
		"not-a-bill.csv":            "date,amount\n2026-10-01,5\n",
		"page.html":                 "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
		"junk.bin":                  string(junk(50_000)),
		"archive.zip":               "PK\x03\x04" + string(junk(500)),
		"gzip-of-nothing.csv.gz":    gzipped(""),
		"truncated.csv.gz":          cutShort(gzipped(late)),
		"truncated-head.csv.gz":     gzipped(good)[:6],
		"truncated.csv.zst":         cutShort(zstded(late)),
		"garbled.csv.gz":            garble(gzipped(late)),
		"trailing-garbage.csv.gz":   gzipped(good) + "garbage",
		"truncated.parquet":         "PAR1" + string(junk(300)),
		"open-quote.csv":            good + "AWS,\"payer,1\n1,2\n",
		"after-quote.csv":           good + strings.Replace(row(""), "EC2", `"EC"2`, 1),
		"short-row.csv":             good + "AWS,payer,1\n",
		"long-row.csv":              good + strings.TrimSuffix(row(""), "\n") + ",1\n",
		"decimal-comma.csv":         billOf("", "BilledCost=12,40").String(),
		"decimal-word.csv":          billOf("EffectiveCost=n/a").String(),
		"decimal-spaces.csv":        billOf("ListCost= 12").String(),
		"decimal-nan.csv":           billOf("BilledCost=NaN").String(),
		"decimal-19-places.csv":     billOf("BilledCost=0.1234567890123456789").String(),
		"decimal-21-digits.csv":     billOf("PricingQuantity=123456789012345678901").String(),
		"decimal-tiny.csv":          billOf("BilledCost=1e-19").String(),
		"time-word.csv":             billOf("ChargePeriodStart=yesterday").String(),
		"time-american.csv":         billOf("ChargePeriodStart=10/05/2026").String(),
		"time-no-such-day.csv":      billOf("ChargePeriodStart=2026-02-30T00:00:00Z").String(),
		"time-far.csv":              billOf("ChargePeriodStart=0001-01-01T00:00:00Z").String(),
		"time-billing.csv":          billOf("BillingPeriodStart=2026-13-01").String(),
		"json.csv":                  billOf(`Tags={"team":"a"`).String(),
		"json-list.csv":             billOf(`Tags=["team"]`).String(),
		"json-text.csv":             billOf(`Tags=team:a`).String(),
		"category.csv":              billOf("", "ChargeCategory=Usages").String(),
		"class.csv":                 billOf("ChargeClass=Corrected").String(),
		"status.csv":                billOf("CommitmentDiscountStatus=Spent").String(),
		"no-currency.csv":           billOf("BillingCurrency=NULL").String(),
		"no-start.csv":              billOf("ChargePeriodStart=").String(),
		"twice.csv":                 strings.Replace(good, "EffectiveCost", "billedcost", 1),
		"utf16.csv":                 "\xff\xfeP\x00r\x00",
		"latin1.csv":                billOf("ServiceName=Gr\xf6\xdfe").String(),
		"mac-line-breaks.csv":       billOf("", "").text(",", "\r"),
		"endless-line.csv":          good + strings.Repeat("x", 5<<20),
		"late-in-a-long-file.csv":   late + strings.Replace(row("ResourceId=1|ChargeDescription=y"), ",USD,1", ",USD,1.2.3", 1),
		"contract-commitments.csv":  "ContractCommitmentId,ContractCommitmentCategory,ContractCommitmentCost,BillingCurrency,ContractCommitmentPeriodStart\nc-1,Spend,1000,USD,2026-01-01T00:00:00Z\n",
		"cur.csv":                   "identity/LineItemId,identity/TimeInterval,bill/PayerAccountId,lineItem/UnblendedCost\na,b,c,1\n",
		"quoted-line-breaks.csv":    billOf("ChargeDescription=a\nb\nc", "BilledCost=x|ChargeDescription=d").String(),
		"crlf-bad-number.csv":       billOf("", "BilledCost=1.x").text(",", "\r\n"),
		"carriage-return.csv":       strings.Replace(billOf("", "ServiceName=EC2 eu").String(), "EC2 eu", "EC2\reu", 1),
		"control-characters.csv":    billOf("BilledCost=1\x00\x1b[31m").String(),
		"a-very-long-bad-value.csv": billOf("BilledCost=" + strings.Repeat("9x", 300)).String(),
	}
	s := newStore(t)
	load(t, s, file(t, "good.csv", good))
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		e := refused(t, s, file(t, name, inputs[name]))
		fmt.Fprintln(&out, e)
	}
	there := t.TempDir()
	fmt.Fprintln(&out, strings.ReplaceAll(refused(t, s, filepath.Join(there, "nowhere.csv")).Error(), there+string(filepath.Separator), "")) // the whole path
	empty := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out, refused(t, s, empty))
	linked := filepath.Dir(file(t, "linked/kept.csv", good))
	for name, to := range map[string]string{"1-inside.csv": "kept.csv", "2-outside.csv": file(t, "elsewhere.csv", good)} {
		if err := os.Symlink(to, filepath.Join(linked, name)); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(&out, refused(t, s, linked))
	golden(t, "refused.txt", out.String())
}

// TestBadParquetIsRefused: the same for the checks that DuckDB makes.
func TestBadParquetIsRefused(t *testing.T) {
	usual := func(replace ...string) string {
		cols := map[string]string{"ServiceName": "'EC2'", "ChargePeriodStart": "TIMESTAMP '2026-10-05'", "ChargeCategory": "'Usage'",
			"BillingCurrency": "'USD'", "BilledCost": "CAST(1 AS DECIMAL(18,6))"}
		for i := 0; i < len(replace); i += 2 {
			cols[replace[i]] = replace[i+1]
		}
		var sel []string
		for _, c := range slices.Sorted(maps.Keys(cols)) {
			sel = append(sel, cols[c]+" AS "+c)
		}
		return "SELECT " + strings.Join(sel, ", ") + " FROM range(5) t(i)"
	}
	inputs := map[string]string{
		"a number that is none":     usual("BilledCost", "CASE WHEN i = 3 THEN '12,40' ELSE '1' END"),
		"too many digits as text":   usual("BilledCost", "CASE WHEN i = 3 THEN '0.1234567890123456789' ELSE '1' END"),
		"too many digits by type":   usual("BilledCost", "CAST(1 AS DECIMAL(38,20))"),
		"an exponent too small":     usual("BilledCost", "CASE WHEN i = 3 THEN '1e-19' ELSE '1' END"),
		"a number too large":        usual("BilledCost", "CAST(1e25 AS DOUBLE)"),
		"not a number":              usual("BilledCost", "CAST('nan' AS DOUBLE)"),
		"an unknown category":       usual("ChargeCategory", "CASE WHEN i = 2 THEN 'Usages' ELSE 'Usage' END"),
		"no currency":               usual("BillingCurrency", "CASE WHEN i > 2 THEN '' ELSE 'USD' END"),
		"broken JSON":               usual("Tags", `CASE WHEN i = 1 THEN '{"a"' ELSE '{}' END`),
		"a JSON list":               usual("Tags", `'[1]'`),
		"a time too early":          usual("ChargePeriodStart", "CASE WHEN i = 1 THEN TIMESTAMP '1989-12-31 23:59:59' ELSE TIMESTAMP '2026-10-05' END"),
		"a time without end":        usual("ChargePeriodStart", "CASE WHEN i = 4 THEN TIMESTAMPTZ 'infinity' ELSE TIMESTAMPTZ '2026-10-05 00:00:00+00' END"),
		"a time that is none":       usual("ChargePeriodStart", "CASE WHEN i = 1 THEN 'yesterday' ELSE '2026-10-05' END"),
		"a column that is a struct": usual("ServiceName", "{'a': 1}"),
		"not a bill":                "SELECT 1 AS a",
		"no rows":                   usual() + " WHERE false",
	}
	s := newStore(t)
	load(t, s, file(t, "good.csv", billOf("").String()))
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		t.Run(name, func(t *testing.T) {
			fmt.Fprintf(&out, "%s: %v\n", name, refused(t, s, parquetFile(t, inputs[name])))
		})
	}
	golden(t, "refused_parquet.txt", out.String())
}

// TestNegativeFixturesAreRefused runs over published files that validators must refuse.
func TestNegativeFixturesAreRefused(t *testing.T) {
	dir := shared(t, "focus", "negative_fixtures")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	s := newStore(t)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			switch {
			case strings.Contains(f, "unknown_column"): // real exports have stray columns: they are worth a warning
				if r := load(t, s, f); !strings.Contains(strings.Join(r.Load.Warnings, " "), "columns not kept") {
					t.Errorf("warnings are %q", r.Load.Warnings)
				}
				return
			case strings.Contains(f, "decimal_precision"): // 123456.78, too many digits only for that validator's own settings
				if r := load(t, s, f); len(r.Load.Totals) != 1 {
					t.Errorf("totals are %v", r.Load.Totals)
				}
				return
			}
			t.Log(refused(t, s, f))
		})
	}
}

func row(values string) string {
	return strings.SplitAfter(billOf(values).String(), "\n")[1]
}

// junk is bytes of no format; the same at every run.
func junk(n int) []byte {
	b := make([]byte, n)
	x := uint32(12345)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func cutShort(s string) string { return s[:len(s)*2/3] }

func garble(s string) string {
	b := bytes.Clone([]byte(s))
	for i := len(b) / 2; i < len(b)/2+20; i++ {
		b[i] ^= 0x5a
	}
	return string(b)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	p := filepath.Join("..", "..", "testdata", "ingest", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("%s line %d:\n got %s\nwant %s", name, i+1, a, b)
		}
	}
}
