package ingest_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis/demo"
	demonative "spendbot/analysis/demo/native"
	"spendbot/analysis/focus"
	"spendbot/analysis/ingest"
	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// sameTruth asks two stores for the daily costs by account, service, SKU, region and tags, to the last digit.
const sameTruth = `SELECT ChargeDate, BillingPeriodStart, BillingAccountId, SubAccountId, ServiceName, SkuId, RegionId, ChargeCategory, CommitmentDiscountStatus, PublisherName, Tags,
  sum(BilledCost), sum(EffectiveCost), sum(ListCost) FROM daily
GROUP BY ALL HAVING sum(BilledCost) <> 0 OR sum(EffectiveCost) <> 0 OR sum(ListCost) <> 0 ORDER BY ALL`

// Azure's two exports of a bill say together what its FOCUS export says: daily costs by account, service, SKU, region and tags, to the last digit.
func TestNativeAzureEqualsFOCUS(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), from, demo.Options{Now: now, Months: 2}); err != nil {
		t.Fatal(err)
	}
	if err := demonative.Azure(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		focus, native, currency string
		// of the kinds that the files were taken for
		formats []string
	}{
		{"azure", "azure-ea", "USD", []string{"Azure cost details amortized csv.gz", "Azure cost details purchases csv.gz"}},
		{"azure-eu", "azure-mca", "EUR", []string{"Azure cost details amortized csv", "Azure cost details purchases csv"}},
	} {
		t.Run(c.native, func(t *testing.T) {
			truth, s := newStore(t), newStore(t)
			want := load(t, truth, filepath.Join(from, c.focus))
			got := load(t, s, filepath.Join(to, c.native))
			if g, w := ask(t, s, sameTruth), ask(t, truth, sameTruth); g != w {
				t.Error(firstDifference(g, w))
			}
			// The export has the negotiated unit price, rounded, and no sum of it.
			const contracted = `SELECT ChargeDate, SubAccountId, ServiceName, SkuId, RegionId, ChargeCategory, sum(ContractedCost) FROM daily GROUP BY ALL HAVING sum(ContractedCost) <> 0 ORDER BY ALL`
			sameCosts(t, ask(t, s, contracted), ask(t, truth, contracted), 1, decimal.New(1, -2))
			g, w := got.Load.Totals[c.currency], want.Load.Totals[c.currency]
			if !g.Billed.Equal(*w.Billed) || !g.Effective.Equal(*w.Effective) || !g.List.Equal(*w.List) || len(got.Load.Totals) != 1 {
				t.Errorf("totals are %v %v %v, expected %v %v %v", g.Billed, g.Effective, g.List, w.Billed, w.Effective, w.List)
			}
			if got.Load.Rows != want.Load.Rows {
				t.Errorf("%d rows, expected %d", got.Load.Rows, want.Load.Rows)
			}
			formats := map[string]int{}
			for _, f := range got.Load.Files {
				formats[f.Format]++
			}
			for _, f := range c.formats {
				if formats[f] == 0 || len(formats) != len(c.formats) {
					t.Errorf("the files were taken for %v, expected %v", formats, c.formats)
				}
			}
			if len(got.Load.Warnings) > 0 {
				t.Errorf("warnings: %v", got.Load.Warnings)
			}
		})
	}
}

// azureFile is an export by its columns and rows.
type azureFile struct {
	header []string
	rows   []map[string]string
}

func readAzure(t testing.TB, path string) azureFile {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff")))
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := azureFile{header: rows[0]}
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, h := range rows[0] {
			if open := strings.LastIndexByte(h, '('); open >= 0 { // localised
				h = strings.Trim(h[open:], "()")
			}
			m[strings.ToLower(h)] = r[i]
		}
		f.rows = append(f.rows, m)
	}
	return f
}

func (f azureFile) sum(t testing.TB, of func(row map[string]string) string) decimal.Decimal {
	t.Helper()
	sum := decimal.Zero
	for _, r := range f.rows {
		v := of(r)
		if v == "" {
			continue
		}
		d, err := decimal.NewFromString(v)
		if err != nil {
			t.Fatal(err)
		}
		sum = sum.Add(d)
	}
	return sum
}

// azureCost is a row's cost, under whichever name.
func azureCost(r map[string]string) string {
	for _, n := range []string{"costinbillingcurrency", "cost", "pretaxcost"} {
		if v, ok := r[n]; ok {
			return v
		}
	}
	return ""
}

// near reports whether two amounts are equal but for what is finer than the store's last digit, over n rows.
func near(got *decimal.Decimal, want decimal.Decimal, n int) bool {
	return got != nil && got.Sub(want).Abs().LessThanOrEqual(decimal.New(int64(n), -18))
}

// Every public sample loads to its own totals, added up here from the rows, or is refused with what is wrong with it.
func TestSampleAzureExports(t *testing.T) {
	dir := shared(t, "azure")
	covered := func(r map[string]string) bool {
		return r["pricingmodel"] == "Reservation" || r["pricingmodel"] == "SavingsPlan"
	}
	for _, c := range []struct{ file, kind, currency, refused string }{
		{"finops_toolkit_EA_ActualCost_Small.csv", "actual", "USD", ""},
		{"finops_toolkit_EA_AmortizedCost_Small.csv", "amortized", "USD", ""},
		{"focus_converters_azure_ea_anonymous.csv", "actual", "CAD", ""},
		{"opencost_headersets/BOM.csv", "", "", "line 2, column 23 (Currency): there is no currency"},
		{"opencost_headersets/Enterprise.csv", "actual", "CAD", ""},
		{"opencost_headersets/EnterpriseCamel.csv", "actual", "USD", ""},
		{"opencost_headersets/German.csv", "actual", "USD", ""},
		{"opencost_headersets/MissingBrackets.csv", "", "", "the file has no currency"},
		{"opencost_headersets/PayAsYouGo.csv", "actual", "USD", ""},
		{"opencost_headersets/Template.csv", "", "", "line 2: the row has 10 fields and the header 11"},
		{"opencost_headersets/VirtualMachine.csv", "", "", "the file has no currency"},
		{"opencost_headersets/YA.csv", "actual", "USD", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			path := filepath.Join(dir, filepath.FromSlash(c.file))
			s := newStore(t)
			r, err := ingest.Load(t.Context(), s, path, ingest.Options{Now: now})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("got %v, expected %s", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f := readAzure(t, path)
			billed := f.sum(t, func(r map[string]string) string {
				if c.kind == "amortized" && covered(r) {
					return ""
				}
				return azureCost(r)
			})
			effective := f.sum(t, func(r map[string]string) string {
				if r["chargetype"] == "Purchase" && covered(r) {
					return ""
				}
				return azureCost(r)
			})
			got := r.Load.Totals[c.currency]
			if !near(got.Billed, billed, len(f.rows)) || !near(got.Effective, effective, len(f.rows)) || r.Load.Rows != int64(len(f.rows)) {
				t.Errorf("%d rows, %v billed, %v effective; the file has %d, %s, %s", r.Load.Rows, got.Billed, got.Effective, len(f.rows), billed, effective)
			}
			if stored := ask(t, s, "SELECT sum(BilledCost) FROM daily"); !decimal.RequireFromString(strings.TrimSpace(stored)).Equal(*got.Billed) {
				t.Errorf("the store holds %s, the record says %s", stored, got.Billed)
			}
			if want := "Azure cost details " + c.kind + " csv"; r.Load.Files[0].Format != want {
				t.Errorf("it was read as %s, expected %s", r.Load.Files[0].Format, want)
			}
			// A price for each unit makes the list cost; where there is none it is what was billed.
			list := f.sum(t, func(r map[string]string) string {
				price, err := decimal.NewFromString(r["paygprice"])
				if err == nil && !price.IsZero() {
					if r["unitofmeasure"] == "10K" && c.currency == "CAD" { // anonymised prices: cost is not price times quantity
						return price.Mul(decimal.RequireFromString(r["quantity"])).Shift(-4).String()
					}
					if r["unitofmeasure"] == "1K" {
						return price.Mul(decimal.RequireFromString(r["quantity"])).Shift(-3).String()
					}
					return price.Mul(decimal.RequireFromString(r["quantity"])).String()
				}
				if c.kind == "amortized" && covered(r) {
					return ""
				}
				return azureCost(r)
			})
			if !near(got.List, list, len(f.rows)) {
				t.Errorf("list cost %v, expected %s", got.List, list)
			}
		})
	}
}

// The toolkit's actual and amortized files are of one month, so that the one beside the other gives its reservation's purchase only.
func TestSampleAzurePair(t *testing.T) {
	dir := shared(t, "azure")
	both := t.TempDir()
	for _, n := range []string{"finops_toolkit_EA_ActualCost_Small.csv", "finops_toolkit_EA_AmortizedCost_Small.csv"} {
		b, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(both, n), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newStore(t)
	r := load(t, s, both)
	amortized := readAzure(t, filepath.Join(dir, "finops_toolkit_EA_AmortizedCost_Small.csv"))
	usage := amortized.sum(t, func(r map[string]string) string {
		if r["pricingmodel"] != "OnDemand" {
			return ""
		}
		return r["cost"]
	})
	bought := decimal.RequireFromString("3.25")
	got := r.Load.Totals["USD"]
	if r.Load.Rows != 29 || !near(got.Billed, usage.Add(bought), 29) || !near(got.Effective, amortized.sum(t, azureCost), 29) {
		t.Errorf("%d rows, %v billed, %v effective; expected 29, %s, %s", r.Load.Rows, got.Billed, got.Effective, usage.Add(bought), amortized.sum(t, azureCost))
	}
}

// exportSchema is the header of an export as Microsoft's list of its columns has it.
func exportSchema(t testing.TB, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var j struct {
		Translator struct {
			Mappings []struct {
				Source struct {
					Name string `json:"name"`
				} `json:"source"`
			} `json:"mappings"`
		} `json:"translator"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(b), "\ufeff")), &j); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range j.Translator.Mappings {
		names = append(names, m.Source.Name)
	}
	if len(names) == 0 {
		t.Fatalf("%s lists no columns", path)
	}
	return names
}

// Microsoft's own lists of columns: cost exports are known for what they are, all others are refused by name.
func TestAzureExportSchemas(t *testing.T) {
	dir := shared(t, "azure/export_schemas")
	for file, want := range map[string]string{
		"actualcost_c360-2025-04.json": "azure", "amortizedcost_c360-2025-04.json": "azure",
		"focuscost_1.0-preview(v1).json": "FOCUS", "focuscost_1.0.json": "FOCUS", "focuscost_1.0r2.json": "FOCUS", "focuscost_1.2-preview.json": "FOCUS", "focuscost_1.2.json": "FOCUS",
		"pricesheet_2023-05-01_ea.json": "price sheet", "pricesheet_2023-05-01_mca.json": "price sheet",
		"reservationdetails_2023-03-01.json":            "reservation details",
		"reservationrecommendations_2023-05-01_ea.json": "reservation recommendations", "reservationrecommendations_2023-05-01_mca.json": "reservation recommendations",
		"reservationtransactions_2023-05-01_ea.json": "reservation transactions", "reservationtransactions_2023-05-01_mca.json": "reservation transactions",
	} {
		t.Run(file, func(t *testing.T) {
			header := exportSchema(t, filepath.Join(dir, file))
			_, isFOCUS, _, _ := focus.DetectVersion(header)
			r, err := dialect.Detect(dialect.Built(), header)
			if err != nil {
				t.Fatal(err)
			}
			switch want {
			case "FOCUS":
				if !isFOCUS {
					t.Error("it is not taken for FOCUS")
				}
			case "azure":
				if isFOCUS || r == nil || r.Dialect.ID != "azure" {
					t.Errorf("FOCUS %v, dialect %v", isFOCUS, r)
				}
			default:
				if isFOCUS || r != nil {
					t.Fatalf("it is taken for a bill: FOCUS %v, dialect %v", isFOCUS, r)
				}
				path := filepath.Join(t.TempDir(), "export.csv")
				if err := os.WriteFile(path, []byte(strings.Join(header, ",")+"\n"+strings.Repeat(",", len(header)-1)+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				_, err := ingest.Load(t.Context(), newStore(t), path, ingest.Options{Now: now})
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, expected it to be called %s", err, want)
				}
				t.Log(fmt.Sprint(err))
			}
		})
	}
}

// azureTestdata is our own exports, one for each thing they show.
func azureTestdata(name string) string {
	return filepath.Join("..", "..", "testdata", "ingest", "azure", name)
}

// rowsAsFOCUS shows a store's rows column by column, where there is a value.
func rowsAsFOCUS(rows string) string {
	var b strings.Builder
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "|")
		b.WriteString("\n" + cells[0] + "\n")
		for i, v := range cells[1:] {
			if v != "-" {
				fmt.Fprintf(&b, "  %-27s %s\n", goldenColumns[i], v)
			}
		}
	}
	return b.String()
}

// Every type of charge of every agreement, as the FOCUS rows that become of it.
func TestAzureChargesAsFOCUS(t *testing.T) {
	for _, c := range []struct {
		name, of, currency string
		files              []string
	}{
		{"ea-actual", "an enterprise agreement's actual costs", "USD", []string{"ea-actual.csv"}},
		{"ea-amortized", "an enterprise agreement's amortized costs", "USD", []string{"ea-amortized.csv"}},
		{"ea-pair", "both", "USD", []string{"ea-actual.csv", "ea-amortized.csv"}},
		{"mca-eur", "a customer agreement in euros, priced in dollars", "EUR", []string{"mca-eur.csv"}},
		{"mpa-nok", "a partner's customer, in Norwegian crowns", "NOK", []string{"mpa-nok.csv"}},
		{"payg-de", "pay as you go under a German header", "EUR", []string{"payg-de.csv"}},
		{"payg-fr", "pay as you go under a French header", "EUR", []string{"payg-fr.csv"}},
		{"ea-2018", "an enterprise agreement's report of before there were charge types", "USD", []string{"ea-2018.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			in := azureTestdata(c.files[0])
			if len(c.files) > 1 {
				in = gathered(t, c.files...)
			}
			r := load(t, s, in)
			total := r.Load.Totals[c.currency]
			var b strings.Builder
			fmt.Fprintf(&b, "%s: %d rows of %s\n", c.of, r.Load.Rows, strings.Join(c.files, ", "))
			fmt.Fprintf(&b, "billed %s, effective %s, list %s, contracted %s\n", total.Billed, total.Effective, total.List, total.Contracted)
			for _, w := range r.Load.Warnings {
				fmt.Fprintf(&b, "note: %s\n", w)
			}
			for _, f := range r.Load.Files {
				fmt.Fprintf(&b, "%s: %s\n", f.Path, f.Format)
			}
			b.WriteString(rowsAsFOCUS(ask(t, s, "SELECT ChargeDescription, "+strings.Join(goldenColumns, ", ")+" FROM charges ORDER BY ChargeDescription, BilledCost")))
			golden(t, filepath.Join("azure", c.name+".golden"), b.String())
		})
	}
}

// gathered puts some of our exports into one folder.
func gathered(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		b, err := os.ReadFile(azureTestdata(n))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What the two exports of a month say apart and together, said in plain sums.
func TestAzureActualAndAmortized(t *testing.T) {
	for _, export := range []string{"ea", "lean"} {
		t.Run(export, func(t *testing.T) {
			actual, amortized := readAzure(t, azureTestdata(export+"-actual.csv")), readAzure(t, azureTestdata(export+"-amortized.csv"))
			bought := func(r map[string]string) bool {
				return (r["chargetype"] == "Purchase" || r["chargetype"] == "Refund") && r["publishertype"] == "Azure"
			}
			paid := func(r map[string]string) bool {
				return strings.HasPrefix(r["chargetype"], "Unused") || r["chargetype"] == "Usage" && r["productordername"] != ""
			}
			of := func(f azureFile, take func(map[string]string) bool) decimal.Decimal {
				return f.sum(t, func(r map[string]string) string {
					if !take(r) {
						return ""
					}
					return r["cost"]
				})
			}
			all := func(map[string]string) bool { return true }
			not := func(f func(map[string]string) bool) func(map[string]string) bool {
				return func(r map[string]string) bool { return !f(r) }
			}
			for _, c := range []struct {
				files             []string
				billed, effective decimal.Decimal
				rows              int64
			}{
				{[]string{"-actual.csv"}, of(actual, all), of(actual, not(bought)), 14},
				{[]string{"-amortized.csv"}, of(amortized, not(paid)), of(amortized, all), 13},
				{[]string{"-actual.csv", "-amortized.csv"}, of(amortized, not(paid)).Add(of(actual, bought)), of(amortized, all), 16},
			} {
				var names []string
				for _, f := range c.files {
					names = append(names, export+f)
				}
				s := newStore(t)
				r := load(t, s, gathered(t, names...))
				got := r.Load.Totals["USD"]
				if !got.Billed.Equal(c.billed) || !got.Effective.Equal(c.effective) || r.Load.Rows != c.rows {
					t.Errorf("%v: %d rows, %s billed, %s effective; expected %d, %s, %s", names, r.Load.Rows, got.Billed, got.Effective, c.rows, c.billed, c.effective)
				}
				unused := ask(t, s, "SELECT sum(EffectiveCost) FROM daily WHERE CommitmentDiscountStatus = 'Unused'")
				if len(c.files) == 2 && strings.TrimSpace(unused) != "1.65" {
					t.Errorf("%v: unused %s, expected 1.65", names, unused)
				}
			}
			// What the invoice asks is the same either way.
			if !of(actual, all).Equal(of(amortized, not(paid)).Add(of(actual, bought))) {
				t.Error("the pair does not add up to the actual costs")
			}
		})
	}
}

// Dates are month/day/year. One that cannot be is refused, and told where.
func TestAzureDates(t *testing.T) {
	_, err := ingest.Load(t.Context(), newStore(t), azureTestdata("refused-date.csv"), ingest.Options{Now: now})
	want := `refused-date.csv: line 3, column 1 (date): "13/09/2023" is not a date and time; expected one as in 2026-10-31T00:00:00Z, or month/day/year as in 10/31/2026`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, expected %s", err, want)
	}
}

// As Parquet, numbers floating, dates and tags as the CSV has them, a pair of exports says the same.
func TestAzureExportsAsParquet(t *testing.T) {
	s := newStore(t)
	want := load(t, s, gathered(t, "ea-actual.csv", "ea-amortized.csv"))
	dir := t.TempDir()
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"ea-actual", "ea-amortized"} {
		from, err := filepath.Abs(azureTestdata(n + ".csv"))
		if err != nil {
			t.Fatal(err)
		}
		err = w.Exec(t.Context(), fmt.Sprintf(`COPY (SELECT * REPLACE (CAST(Cost AS DOUBLE) AS Cost, CAST(Quantity AS DOUBLE) AS Quantity, CAST(UnitPrice AS DOUBLE) AS UnitPrice, CAST(PayGPrice AS DOUBLE) AS PayGPrice,
  strptime("Date", '%%m/%%d/%%Y') AS "Date") FROM read_csv(%s, all_varchar=true)) TO %s (FORMAT parquet)`, store.QuoteLiteral(from), store.QuoteLiteral(filepath.Join(dir, n+".parquet"))))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	parquet := newStore(t)
	got := load(t, parquet, dir)
	g, e := got.Load.Totals["USD"], want.Load.Totals["USD"]
	if got.Load.Rows != want.Load.Rows || !g.Billed.Equal(*e.Billed) || !g.Effective.Equal(*e.Effective) || !g.List.Equal(*e.List) || !g.Contracted.Equal(*e.Contracted) {
		t.Errorf("%d rows, %s %s %s %s; the CSV gives %d, %s %s %s %s", got.Load.Rows, g.Billed, g.Effective, g.List, g.Contracted, want.Load.Rows, e.Billed, e.Effective, e.List, e.Contracted)
	}
	if g, w := ask(t, parquet, sameTruth), ask(t, s, sameTruth); g != w {
		t.Error(firstDifference(g, w))
	}
	_, err = ingest.Load(t.Context(), newStore(t), badDate(t, s.Begin), ingest.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), `"13/09/2023" is not a date and time`) {
		t.Errorf("a date of another continent: %v", err)
	}
}

// badDate is a Parquet file with a date written day/month/year.
func badDate(t *testing.T, begin func(context.Context) (*store.Writer, error)) string {
	t.Helper()
	w, err := begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := filepath.Join(t.TempDir(), "bad.parquet")
	if err := w.Exec(t.Context(), "COPY (SELECT '13/09/2023' AS date, 'Storage' AS meterCategory, 1.5 AS costInBillingCurrency, 'EUR' AS billingCurrency) TO "+store.QuoteLiteral(path)+" (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	return path
}
