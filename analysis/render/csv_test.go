package render

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

// readCSV reads an answer's CSV back as rows by column name.
func readCSV(t interface {
	Helper()
	Fatalf(string, ...any)
}, a *analysis.Answer) []map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := CSV(&b, a); err != nil {
		t.Fatalf("%v", err)
	}
	if strings.Contains(strings.ReplaceAll(b.String(), "\r\n", ""), "\n") {
		t.Fatalf("a line does not end in CRLF, or a cell holds a line break: %q", b.String())
	}
	records, err := csv.NewReader(&b).ReadAll() // which refuses rows of another length than the header
	if err != nil {
		t.Fatalf("%v", err)
	}
	header, seen := records[0], map[string]bool{}
	for _, h := range header {
		if h == "" || seen[h] {
			t.Fatalf("column %q is nameless or named twice in %q", h, header)
		}
		seen[h] = true
	}
	if len(records) < 2 {
		t.Fatalf("no rows under %q", header)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, v := range r {
			row[header[i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// sumOf adds up a column over the rows of some kinds.
func sumOf(t interface{ Fatalf(string, ...any) }, rows []map[string]string, column string, kinds ...string) decimal.Decimal {
	sum := decimal.Zero
	for _, r := range rows {
		for _, k := range kinds {
			if r["kind"] != k {
				continue
			}
			d, err := decimal.NewFromString(r[column])
			if err != nil {
				t.Fatalf("%s of a row %s: %q is no decimal", column, k, r[column])
			}
			sum = sum.Add(d)
		}
	}
	return sum
}

// What a person sums up in the spreadsheet is exact: drivers and everything else give the change, effects do, and the change
// leads from the baseline to the current total.
func TestCSVBridgeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(genAmount(9), 1, 60).Draw(t, "parts")
		a := rise()
		b := a.Parts[1].Bridge
		b.Change = analysis.Change{Baseline: genAmount(9).Draw(t, "baseline"), Delta: sum(parts), Currency: "USD"}
		b.Change.Current = b.Change.Baseline.Add(b.Change.Delta)
		b.Rest = analysis.Rest{Amount: parts[0], Slices: 3, Largest: parts[0].Abs()}
		b.Drivers = nil
		for _, p := range parts[1:] {
			b.Drivers = append(b.Drivers, analysis.Driver{Label: rapid.String().Draw(t, "label"), Amount: p, SliceTotal: p,
				Slice: map[string]string{rapid.SampledFrom([]string{"ServiceName", "tag:team", "tag:amount", "amount", "share", "kind", "=x", ""}).Draw(t, "column"): rapid.String().Draw(t, "value")}})
		}
		split := genAmount(9).Draw(t, "split")
		b.Effects = []analysis.EffectAmount{{Effect: analysis.EffVolume, Amount: split}, {Effect: analysis.EffCredits, Amount: b.Change.Delta.Sub(split)}}

		rows := readCSV(t, a)
		change := sumOf(t, rows, "amount", "change")
		if !change.Equal(b.Change.Delta) {
			t.Fatalf("change %s, want %s", change, b.Change.Delta)
		}
		if got := sumOf(t, rows, "amount", "driver", "everything else"); !got.Equal(change) {
			t.Fatalf("drivers and everything else give %s, the change is %s", got, change)
		}
		if got := sumOf(t, rows, "amount", "effect"); !got.Equal(change) {
			t.Fatalf("effects give %s, the change is %s", got, change)
		}
		if got := sumOf(t, rows, "amount", "baseline", "change"); !got.Equal(sumOf(t, rows, "amount", "current")) {
			t.Fatalf("baseline and change give %s", got)
		}
		if rows[0]["share"] != "" {
			if got := sumOf(t, rows, "share", "driver", "everything else"); !got.Equal(decimal.New(1, 0)) {
				t.Fatalf("shares give %s", got)
			}
		}
	})
}

func TestCSVTableAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(genAmount(9), 1, 40).Draw(t, "amounts")
		tag := rapid.SampledFrom([]string{"service", "amount", "kind", "share", "caveats", "=team", ""}).Draw(t, "tag")
		table := &analysis.Table{Columns: []analysis.Column{{Name: tag, Kind: analysis.ColText}, {Name: "amount", Kind: analysis.ColMoney}}}
		table.Omitted = rapid.IntRange(0, len(amounts)-1).Draw(t, "omitted")
		for i := range amounts[:len(amounts)-table.Omitted] {
			table.Rows = append(table.Rows, analysis.Row{Key: map[string]string{"tag:" + tag: "id"}, Cells: []analysis.Cell{
				{Text: rapid.String().Draw(t, "name")}, {Amount: &amounts[i]}}})
		}
		total := sum(amounts)
		table.Total = &analysis.Row{Cells: []analysis.Cell{{Text: "total"}, {Amount: &total}}}
		rows := readCSV(t, &analysis.Answer{Parts: []analysis.Part{{Table: table}}})
		if got := sumOf(t, rows, "amount", "row", "everything else"); !got.Equal(total) || !sumOf(t, rows, "amount", "total").Equal(total) {
			t.Fatalf("rows give %s, the total is %s", got, total)
		}
	})
}

// Nothing that came from a bill or a person is run as a formula; what is ours stays a number.
func TestCSVHoldsNoFormula(t *testing.T) {
	check := func(t interface {
		Helper()
		Fatalf(string, ...any)
	}, evil string) {
		t.Helper()
		a := rise()
		a.ID, a.Currency, a.Caveats, a.Headline = evil, evil, []string{evil}, evil
		a.Reading.Filters = []analysis.Filter{{Dimension: analysis.Dimension("tag:" + evil), Values: []string{evil}}}
		a.Reading.Scope, a.Through[0].Provider = a.Reading.Filters, evil
		d := &a.Parts[1].Bridge.Drivers[0]
		d.Label, d.How, d.Onset = evil, evil, analysis.Onset{Why: evil}
		d.Slice = map[string]string{evil: evil, "tag:" + evil: evil}
		top := topN()
		top.Parts[0].Table.Rows[0].Cells[0].Text, top.Parts[0].Table.Columns[0].Name = evil, evil
		top.Parts[0].Table.Rows[0].Key = map[string]string{evil: evil + "x"}
		day := breakdown()
		day.Parts[0].Series.Lines[0].Name = evil
		for _, a := range []*analysis.Answer{a, top, day, {Headline: evil}} {
			for i, r := range readCSV(t, a) {
				for column, v := range r {
					for _, s := range []string{column, v} {
						if strings.ContainsAny(s, "\t\r\n\x1b\x00") {
							t.Fatalf("row %d: control character in %q", i, s)
						}
						if begin := strings.TrimLeft(s, " "); strings.IndexAny(begin, "=+-@") == 0 {
							if _, err := decimal.NewFromString(s); err != nil || column != "amount" && column != "share" && column != "slice_total" {
								t.Fatalf("row %d: %q in %q would be run", i, s, column)
							}
						}
					}
				}
			}
		}
	}
	for _, evil := range []string{"=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1", "\n-2", " =1", "＝1", "\x00=1", "\x1b[31m=1", "'=1", "\u200d=1", "-"} {
		check(t, evil)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.SampledFrom([]string{"", " ", "\t", "\r", "\u00a0", "\"", ","}).Draw(t, "before")+rapid.SampledFrom([]string{"", "=", "+", "-", "@"}).Draw(t, "sign")+rapid.String().Draw(t, "after"))
	})
}

func TestCSVKeepsWhatMatters(t *testing.T) {
	p := weekPlan()
	a := asked("Q-DA1LY7", "spend by day", p, "Spend per day.")
	a.Reading.Scope = []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}}
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: "Spend"}}}
	tbl := &analysis.Table{Drawn: true, Columns: []analysis.Column{{Name: "day", Kind: analysis.ColText}, {Name: "amount", Kind: analysis.ColMoney}}}
	for i, text := range []string{"Mon 16 Nov", "Tue 17 Nov (incomplete)"} {
		s.Days, s.Lines[0].Values = append(s.Days, nov(16+i)), append(s.Lines[0].Values, ptr("10"))
		tbl.Rows = append(tbl.Rows, analysis.Row{Key: map[string]string{"day": nov(16 + i).Format(analysis.DateLayout)}, Cells: []analysis.Cell{{Text: text}, {Amount: ptr("10.10")}}})
	}
	a.Parts = []analysis.Part{{Series: s}, {Table: tbl}}
	rows := readCSV(t, a)
	if len(rows) != 2 {
		t.Fatalf("%d rows: a day stands twice", len(rows))
	}
	want := map[string]string{"kind": "row", "label": "Tue 17 Nov (incomplete)", "day": "2026-11-17", "amount": "10.1", "answer": "Q-DA1LY7", "metric": "effective", "currency": "USD",
		"period_start": "2026-11-16", "period_end": "2026-11-23", "baseline_start": "2026-11-09", "baseline_end": "2026-11-16", "filters": "everything",
		"scope": "team payments", "complete_through": "", "snapshot": "snapshot 8783179769425109154", "caveats": ""}
	if diff := cmp.Diff(want, rows[1]); diff != "" {
		t.Error(diff)
	}

	account := topN()
	account.Parts[0].Table.Rows[0] = analysis.Row{Key: map[string]string{"SubAccountId": "012345678901"}, Cells: []analysis.Cell{{Text: "payments-prod"}, {Amount: ptr("1")}, {}}}
	if r := readCSV(t, account)[0]; r["service"] != "payments-prod" || r["SubAccountId"] != "012345678901" || r["share"] != "" {
		t.Errorf("an account's id and name, and an unknown share: %v", r)
	}
}
