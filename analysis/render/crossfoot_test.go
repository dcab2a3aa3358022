package render

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

// What each row says against the row before, or against the first one, is the difference of the two as they are shown; where there is
// nothing to compare with it stays unknown.
func TestStepsAreOfWhatIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SampledFrom([][2]analysis.ColumnKind{{analysis.ColMoney, analysis.ColDelta}, {analysis.ColCents, analysis.ColCents}}).Draw(t, "kinds")
		first := rapid.Bool().Draw(t, "against the first")
		table := &analysis.Table{Columns: []analysis.Column{{Name: "n", Kind: analysis.ColText}, {Name: "amount", Kind: kinds[0]}, {Name: "delta", Kind: kinds[1]}}}
		var before *decimal.Decimal
		for range rapid.IntRange(2, 8).Draw(t, "rows") {
			r := analysis.Row{Cells: []analysis.Cell{{Text: "x"}, {}, {}}}
			if first || rapid.IntRange(0, 4).Draw(t, "unknown") > 0 {
				a := genAmount(6).Draw(t, "amount")
				r.Cells[1].Amount = &a
				if before != nil {
					d := a.Sub(*before)
					r.Cells[2].Amount = &d
				}
			}
			if !first || before == nil {
				before = r.Cells[1].Amount
			}
			table.Rows = append(table.Rows, r)
		}
		v := viewTable(table, "USD")
		for i, r := range table.Rows {
			if r.Cells[2].Amount == nil {
				if v.rows[i][2].text != unknown {
					t.Fatalf("row %d says %s against nothing", i, v.rows[i][2].text)
				}
				continue
			}
			from := i - 1
			if first {
				from = 0
			}
			now, then, step := readMoney(t, v.rows[i][1].text), readMoney(t, v.rows[from][1].text), readMoney(t, v.rows[i][2].text)
			if !now.Sub(then).Equal(step) {
				t.Fatalf("%s after %s is %s", v.rows[i][1].text, v.rows[from][1].text, v.rows[i][2].text)
			}
		}
	})
}

// A table of parts and their total adds up down and across as shown; no figure is a whole unit off, and what is nothing is shown as
// nothing.
func TestPartsAddUpBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 12).Draw(t, "rows")
		parts := rapid.IntRange(2, 6).Draw(t, "parts")
		table := &analysis.Table{Columns: []analysis.Column{{Name: "n", Kind: analysis.ColText}}}
		for range parts {
			table.Columns = append(table.Columns, analysis.Column{Name: "p", Kind: analysis.ColDelta})
		}
		table.Columns = append(table.Columns, analysis.Column{Name: "total", Kind: analysis.ColMoney})
		totals := make([]decimal.Decimal, parts+1)
		cells := func(amounts []decimal.Decimal, name string) analysis.Row {
			r := analysis.Row{Cells: []analysis.Cell{{Text: name}}}
			for _, a := range amounts {
				r.Cells = append(r.Cells, analysis.Cell{Amount: &a})
			}
			return r
		}
		for range rows {
			amounts := rapid.SliceOfN(genAmount(6), parts, parts).Draw(t, "row")
			if rapid.Bool().Draw(t, "nothing is left") {
				amounts[parts-1] = sum(amounts[:parts-1]).Neg()
			}
			amounts = append(amounts, sum(amounts))
			for k, a := range amounts {
				totals[k] = totals[k].Add(a)
			}
			table.Rows = append(table.Rows, cells(amounts, "x"))
		}
		total := cells(totals, "total")
		table.Total = &total
		exact := append(table.Rows[:rows:rows], total)
		v := viewTable(table, "USD")
		shown := append(v.rows[:rows:rows], v.total)
		places := placesOf(shown[rows][parts+1].text)
		unit := decimal.New(1, -places)
		down := make([]decimal.Decimal, parts+2)
		for i, r := range shown {
			across := decimal.Zero
			for c := 1; c <= parts+1; c++ {
				got, want := readMoney(t, r[c].text), *exact[i].Cells[c].Amount
				if !got.Sub(want).Abs().LessThan(unit) {
					t.Fatalf("%s is shown as %s", want, r[c].text)
				}
				if c <= parts {
					across = across.Add(got)
				}
				if i < rows {
					down[c] = down[c].Add(got)
				} else if !down[c].Equal(got) {
					t.Fatalf("column %d adds up to %s, its total is shown as %s", c, down[c], got)
				}
			}
			if last := readMoney(t, r[parts+1].text); !across.Equal(last) {
				t.Fatalf("row %d adds up to %s, its total is shown as %s", i, across, last)
			}
		}
		if want := roundTo(totals[parts], places); !readMoney(t, v.total[parts+1].text).Equal(want) {
			t.Fatalf("the total %s is shown as %s, elsewhere as %s", totals[parts], v.total[parts+1].text, want)
		}
	})
}

// placesOf is how many decimals a figure is shown with.
func placesOf(text string) int32 {
	if _, after, ok := strings.Cut(text, "."); ok {
		return int32(len(after))
	}
	return 0
}

// What a rule took away to the last digit leaves nothing, however its parts are rounded.
func TestNothingLeftIsNotMinusOne(t *testing.T) {
	table := &analysis.Table{Columns: []analysis.Column{{Name: "team", Kind: analysis.ColText}, {Name: "direct", Kind: analysis.ColMoney},
		{Name: "shared", Kind: analysis.ColDelta}, {Name: "total", Kind: analysis.ColMoney}}}
	row := func(name, direct, shared string) {
		d, s := decimal.RequireFromString(direct), decimal.RequireFromString(shared)
		sum := d.Add(s)
		table.Rows = append(table.Rows, analysis.Row{Cells: []analysis.Cell{{Text: name}, {Amount: &d}, {Amount: &s}, {Amount: &sum}}})
	}
	row("a", "5000.40", "2161.40")
	row("b", "5000.40", "2162.05")
	row("", "4323.45", "-4323.45")
	direct, shared := decimal.RequireFromString("14324.25"), decimal.Zero
	table.Total = &analysis.Row{Cells: []analysis.Cell{{Text: "total"}, {Amount: &direct}, {Amount: &shared}, {Amount: &direct}}}
	if got := CellText(table, "USD", 2, 3); got != "$0" {
		t.Errorf("nothing is shown as %s", got)
	}
	if got := CellText(table, "USD", -1, 2); got != "$0" {
		t.Errorf("nothing in all is shown as %s", got)
	}
}
