package demo

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/focus"
)

var now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func generate(t testing.TB, o Options) (string, *Manifest) {
	t.Helper()
	dir := t.TempDir()
	if o.Now.IsZero() {
		o.Now = now
	}
	m, err := Generate(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// row is a row of a file.
type row struct {
	at    map[string]int
	cells []string
}

// get is a column's cell; a column that the file does not have is empty.
func (r row) get(column string) string {
	if i, ok := r.at[column]; ok {
		return r.cells[i]
	}
	return ""
}

func (r row) dec(t testing.TB, column string) decimal.Decimal {
	t.Helper()
	if r.get(column) == "" {
		return decimal.Zero
	}
	d, err := decimal.NewFromString(r.get(column))
	if err != nil {
		t.Fatalf("%s: %v", column, err)
	}
	return d
}

func (r row) day() string { return r.get("ChargePeriodStart")[:10] }

// eachRowOf reads a file back with encoding/csv. The row is reused.
func eachRowOf(t testing.TB, path string, do func(r row)) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	switch filepath.Ext(path) {
	case ".gz":
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	case ".zst":
		if in, err = zstd.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	c := csv.NewReader(in)
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		t.Fatal(err)
	}
	head = slices.Clone(head)
	r := row{at: map[string]int{}}
	for i, name := range head {
		r.at[name] = i
	}
	for {
		r.cells, err = c.Read()
		if err == io.EOF {
			return head
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		do(r)
	}
}

func digests(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameOptionsSameBytes(t *testing.T) {
	dir, m := generate(t, Options{Months: 5})
	again, _ := generate(t, Options{Now: now.Add(3 * time.Hour), Months: 5}) // the hour of the day does not matter to the bills
	one, two := digests(t, dir), digests(t, again)
	delete(one, "events.json")
	delete(two, "events.json")
	if diff := cmp.Diff(one, two); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	for _, f := range m.Files {
		if one[f.Path] != f.SHA256 {
			t.Errorf("%s: sha256 %s, the manifest says %s", f.Path, one[f.Path], f.SHA256)
		}
	}
	other, _ := generate(t, Options{Seed: 7, Months: 1})
	if digests(t, other)["aws/2026-11.csv.gz"] == one["aws/2026-11.csv.gz"] {
		t.Error("another seed makes the same bytes")
	}
}

// TestManifestEqualsFiles reads everything back and checks the totals, and each row against FOCUS's rules.
func TestManifestEqualsFiles(t *testing.T) {
	dir, m := generate(t, Options{})
	sums := map[string]*Totals{}
	var rows int64
	accounts, services, days := map[string]bool{}, map[string]bool{}, map[string]int{}
	wide := 0
	for _, f := range m.Files {
		var n int64
		one, exact := Totals{}, [4]total{}
		head := eachRowOf(t, filepath.Join(dir, f.Path), func(r row) {
			n++
			if one.Currency = r.get("BillingCurrency"); one.Currency != f.Totals.Currency {
				t.Fatalf("%s: a row in %s", f.Path, one.Currency)
			}
			for i, column := range [4]string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"} {
				p, digits := readPico(t, r.get(column))
				exact[i].add(p)
				wide = max(wide, digits)
			}
			accounts[r.get("SubAccountName")], services[r.get("ServiceName")] = true, true
			days[r.day()]++
			// A mistake in one row of a kind is one in thousands: stop at the first few.
			if n%11 == 0 || r.get("ChargeCategory") != "Usage" {
				checkRow(t, f, r)
			}
			if t.Failed() {
				t.FailNow()
			}
		})
		version, isFOCUS, missing, unknown := focus.DetectVersion(head)
		if !isFOCUS || version != f.Version || len(missing)+len(unknown) > 0 {
			t.Errorf("%s: read as FOCUS %s (%v), missing %q, unknown %q; want %s", f.Path, version, isFOCUS, missing, unknown, f.Version)
		}
		one = totals(one.Currency, exact)
		if sums[one.Currency] == nil {
			sums[one.Currency] = &Totals{Currency: one.Currency}
		}
		sums[one.Currency].add(one)
		rows += n
		if n != f.Rows {
			t.Errorf("%s has %d rows, the manifest says %d", f.Path, n, f.Rows)
		}
		if diff := cmp.Diff(f.Totals, one); diff != "" {
			t.Errorf("%s (-manifest +file):\n%s", f.Path, diff)
		}
	}
	if rows != m.Rows {
		t.Errorf("%d rows, the manifest says %d", rows, m.Rows)
	}
	if rows < 170_000 || rows > 200_000 {
		t.Errorf("%d rows where about 180,000 are said", rows)
	}
	for _, s := range m.Totals {
		if diff := cmp.Diff(s, *sums[s.Currency]); diff != "" {
			t.Errorf("totals in %s (-manifest +files):\n%s", s.Currency, diff)
		}
	}
	if len(m.Totals) != len(sums) {
		t.Errorf("totals in %d currencies, the files have %d", len(m.Totals), len(sums))
	}
	if len(accounts) != 25 || len(services) < 38 {
		t.Errorf("%d accounts and %d services, want 25 and about 40", len(accounts), len(services))
	}
	if wide > 12 {
		t.Errorf("costs have up to %d decimals, want at most 12", wide)
	}
	if days["2025-10-01"] == 0 || days["2026-11-22"] == 0 || days["2025-09-30"]+days["2026-11-23"] > 0 {
		t.Error("the days are not those from 1 Oct 2025 through 22 Nov 2026")
	}
}

func (s *Totals) add(u Totals) {
	s.Billed, s.Effective = s.Billed.Add(u.Billed), s.Effective.Add(u.Effective)
	s.List, s.Contracted = s.List.Add(u.List), s.Contracted.Add(u.Contracted)
}

// readPico reads a cost in 1e-12, exactly, and says how many decimals it has. It is decimal.NewFromString many times
// faster, and as strict.
func readPico(t *testing.T, cell string) (p pico, digits int) {
	t.Helper()
	whole, rest, _ := strings.Cut(cell, ".")
	if len(rest) > 12 {
		t.Fatalf("%q has more than 12 decimals", cell)
	}
	p, err := strconv.ParseInt(whole+rest+"000000000000"[len(rest):], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return p, len(rest)
}

func checkRow(t *testing.T, f File, r row) {
	t.Helper()
	billed, effective, list, contracted := r.dec(t, "BilledCost"), r.dec(t, "EffectiveCost"), r.dec(t, "ListCost"), r.dec(t, "ContractedCost")
	for _, c := range focus.Columns() {
		if c.In(f.Version) && !c.Nullable && r.get(c.Name) == "" {
			t.Errorf("%s: %s is empty in %v", f.Path, c.Name, r.cells)
		}
		if c.In(f.Version) && len(c.Allowed) > 0 && r.get(c.Name) != "" && !slices.Contains(c.Allowed, r.get(c.Name)) {
			t.Errorf("%s: %s is %q, which FOCUS does not allow", f.Path, c.Name, r.get(c.Name))
		}
	}
	for _, column := range []string{"Tags", "SkuPriceDetails"} {
		if v := r.get(column); v != "" && !json.Valid([]byte(v)) {
			t.Errorf("%s: %s is no JSON: %s", f.Path, column, v)
		}
	}
	quantity := r.dec(t, "PricingQuantity")
	if r.get("ChargeClass") != "Correction" && r.get("PricingQuantity") != "" && r.get("ListUnitPrice") != "" {
		if !list.Equal(quantity.Mul(r.dec(t, "ListUnitPrice"))) || !contracted.Equal(quantity.Mul(r.dec(t, "ContractedUnitPrice"))) {
			t.Errorf("%s: cost is not quantity times unit price: %v", f.Path, r.cells)
		}
	}
	switch {
	case r.get("ChargeCategory") == "Tax":
		if r.get("PricingQuantity") != "" {
			t.Errorf("%s: a tax row has a quantity", f.Path)
		}
	case r.get("ChargeCategory") == "Credit" || r.get("ChargeClass") == "Correction" || r.get("ChargeCategory") == "Adjustment":
		if !billed.IsNegative() {
			t.Errorf("%s: %s of %s, want less than nothing", f.Path, r.get("ChargeCategory"), billed)
		}
	case r.get("ChargeCategory") == "Purchase" && r.get("CommitmentDiscountId") != "":
		if !effective.IsZero() || !billed.IsPositive() {
			t.Errorf("%s: a commitment's purchase has billed %s, effective %s", f.Path, billed, effective)
		}
	case r.get("CommitmentDiscountStatus") != "":
		if !billed.IsZero() || !effective.IsPositive() {
			t.Errorf("%s: usage of a commitment has billed %s, effective %s", f.Path, billed, effective)
		}
		fallthrough
	default:
		if list.LessThan(contracted) || contracted.LessThan(effective) {
			t.Errorf("%s: list %s, contracted %s, effective %s are not in this order", f.Path, list, contracted, effective)
		}
	}
}

// TestCommitmentsAddUp holds each day of each commitment: what it paid for and what lay idle is what was committed.
func TestCommitmentsAddUp(t *testing.T) {
	dir, m := generate(t, Options{Months: 2})
	type key struct{ plan, day string }
	used, paid := map[key]decimal.Decimal{}, map[key]decimal.Decimal{}
	for _, f := range m.Files {
		eachRowOf(t, filepath.Join(dir, f.Path), func(r row) {
			k := key{r.get("CommitmentDiscountId"), r.day()}
			switch {
			case k.plan == "":
			case r.get("ChargeCategory") == "Purchase" && r.get("ChargeFrequency") == "Recurring":
				paid[k] = paid[k].Add(r.dec(t, "BilledCost"))
			case r.get("CommitmentDiscountStatus") != "":
				used[k] = used[k].Add(r.dec(t, "EffectiveCost"))
			}
		})
	}
	plans := map[string]bool{}
	for k, p := range paid {
		plans[k.plan] = true
		// The last day of Azure has not all arrived.
		if partial := k.plan == "reservation-vm-d4" && k.day == "2026-11-22"; !partial && !p.Equal(used[k]) {
			t.Errorf("%s on %s: paid %s, used and unused %s", k.plan, k.day, p, used[k])
		}
	}
	if len(plans) < 5 {
		t.Errorf("recurring commitments: %v, want five or more", slices.Sorted(maps.Keys(plans)))
	}
}

// TestMoreRowsSameMoney makes finer rows, by resource and then by hour, and expects the same money and events.
func TestMoreRowsSameMoney(t *testing.T) {
	_, plain := generate(t, Options{Months: 1})
	fine := map[string]Options{
		"resources": {Months: 1, Rows: 120_000},
		"hours":     {Months: 1, Rows: 750_000, Format: "csv"},
	}
	for name, o := range fine {
		t.Run(name, func(t *testing.T) {
			dir, m := generate(t, o)
			if got := float64(m.Rows) / float64(o.Rows); got < 0.8 || got > 1.25 {
				t.Errorf("%d rows for %d wanted", m.Rows, o.Rows)
			}
			if diff := cmp.Diff(plain.Events, m.Events); diff != "" {
				t.Errorf("events (-plain +finer):\n%s", diff)
			}
			for i, f := range m.Files {
				// Which rows of Azure's last day have arrived is a matter of rows.
				if strings.HasPrefix(f.Path, "azure") && f.Month.Month() == time.November {
					continue
				}
				if diff := cmp.Diff(plain.Files[i].Totals, f.Totals); diff != "" {
					t.Errorf("%s (-plain +finer):\n%s", f.Path, diff)
				}
			}
			span := map[string]string{"resources": "T00:00:00Z 2026-11-19T00:00:00Z", "hours": "T00:00:00Z 2026-11-18T01:00:00Z"}[name]
			found := false
			eachRowOf(t, filepath.Join(dir, "google/2026-11."+map[string]string{"resources": "csv.gz", "hours": "csv"}[name]), func(r row) {
				found = found || r.get("ChargePeriodStart")+" "+r.get("ChargePeriodEnd") == "2026-11-18"+span
			})
			if !found {
				t.Errorf("no row spans %s", span)
			}
		})
	}
}

func TestFormatsHoldTheSameRows(t *testing.T) {
	plain, m := generate(t, Options{Months: 1, Format: "csv"})
	for _, format := range []string{"csv.gz", "csv.zst"} {
		dir, n := generate(t, Options{Months: 1, Format: format})
		if diff := cmp.Diff(m.Totals, n.Totals); diff != "" || m.Rows != n.Rows {
			t.Errorf("%s: %d rows, want %d; %s", format, n.Rows, m.Rows, diff)
		}
		var a, b []string
		eachRowOf(t, filepath.Join(plain, "google/2026-11.csv"), func(r row) { a = append(a, fmt.Sprint(r.cells)) })
		eachRowOf(t, filepath.Join(dir, "google/2026-11."+format), func(r row) { b = append(b, fmt.Sprint(r.cells)) })
		if !slices.Equal(a, b) {
			t.Errorf("%s holds other rows than csv", format)
		}
	}
}

func TestAzuresLastDayIsPartial(t *testing.T) {
	dir, _ := generate(t, Options{Months: 1})
	count := map[string]int{}
	for _, p := range []string{"azure", "azure-eu", "aws", "google"} {
		eachRowOf(t, filepath.Join(dir, p, "2026-11.csv.gz"), func(r row) { count[r.get("ProviderName")+" "+r.day()]++ })
	}
	if share := float64(count["Microsoft 2026-11-22"]) / float64(count["Microsoft 2026-11-21"]); share < .25 || share > .6 {
		t.Errorf("Azure's last day has %.0f%% of the rows of the day before, want about 40%%", share*100)
	}
	for _, p := range []string{"AWS", "Google Cloud"} {
		if last, before := count[p+" 2026-11-22"], count[p+" 2026-11-21"]; last < before*9/10 {
			t.Errorf("%s: %d rows on the last day, %d on the day before", p, last, before)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	tests := map[string]Options{
		"no time":     {},
		"months":      {Now: now, Months: -1},
		"rows":        {Now: now, Rows: -1},
		"format":      {Now: now, Format: "xlsx"},
		"format path": {Now: now, Format: "../x"},
	}
	for name, o := range tests {
		if _, err := Generate(t.Context(), t.TempDir(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Generate(ctx, t.TempDir(), Options{Now: now}); err == nil {
		t.Error("a cancelled context: no error")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(t.Context(), file, Options{Now: now}); err == nil {
		t.Error("a file where the folder should be: no error")
	}
}

// TestAnyNowHasItsEvents moves now through the calendar: weeks that straddle months, first days, leap years.
func TestAnyNowHasItsEvents(t *testing.T) {
	for _, s := range []string{"2026-11-01", "2026-11-02", "2027-01-01", "2027-03-03", "2028-03-01", "2026-08-31"} {
		day, _ := time.Parse(analysis.DateLayout, s)
		_, m := generate(t, Options{Now: day, Months: 4, Format: "csv"})
		for _, e := range m.Events {
			if !e.Current.Start.After(e.Baseline.Start) || e.Start.Before(m.Start) || e.End.After(m.End) && e.Name != correction {
				t.Errorf("now %s: %s is %s to %s, compares %s with %s", s, e.Name, e.Start, e.End, e.Current, e.Baseline)
			}
			if e.Amount.IsZero() != (e.Name == churn) {
				t.Errorf("now %s: %s has the amount %s", s, e.Name, e.Amount)
			}
		}
	}
}

// BenchmarkGenerate reports rows per second, of the usual demo and of what benchmarks of the store load.
func BenchmarkGenerate(b *testing.B) {
	for _, want := range []int{0, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprintf("rows=%d", want), func(b *testing.B) {
			var rows int64
			for b.Loop() {
				m, err := Generate(b.Context(), b.TempDir(), Options{Now: now, Rows: want})
				if err != nil {
					b.Fatal(err)
				}
				rows += m.Rows
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(rows)/float64(b.N), "rows/op")
		})
	}
}
