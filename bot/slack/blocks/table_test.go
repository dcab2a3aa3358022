package blocks

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// tableOf makes a table: heads are "name:label:kind", cells texts, and amounts where the kind is one.
func tableOf(heads []string, rows ...[]string) *analysis.Table {
	t := &analysis.Table{}
	for _, h := range heads {
		p := strings.Split(h, ":")
		t.Columns = append(t.Columns, analysis.Column{Name: p[0], Label: p[1], Kind: analysis.ColumnKind(p[2])})
	}
	for _, r := range rows {
		var row analysis.Row
		for c, text := range r {
			cell := analysis.Cell{Text: text}
			if t.Columns[c].Kind != analysis.ColText && strings.TrimSpace(text) != "" {
				d := decimal.RequireFromString(text)
				cell = analysis.Cell{Amount: &d}
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func TestTableRead(t *testing.T) {
	withTotal := func(t *analysis.Table) *analysis.Table {
		last := len(t.Rows) - 1
		t.Total, t.Rows = &t.Rows[last], t.Rows[:last]
		return t
	}
	for _, tt := range []struct {
		name  string
		table *analysis.Table
		want  string
	}{
		{"parts lead with their total", withTotal(tableOf([]string{"team:team:text", "direct:direct:money", "unused:unused commitments:delta", "tax:tax:delta", "total:total:money"},
			[]string{"data", "2000", "20", "-30", "1990"}, []string{"may", "100", "0", "30", "130"}, []string{"total", "2100", "20", "0", "2120"})),
			"`$1,990` data: direct $2,000 · unused commitments +$20 · tax -$30\n`$130` may: direct $100 · tax +$30\n`$2,120` total: direct $2,100 · unused commitments +$20"},
		{"what there is nothing of is not named", tableOf([]string{"part:part:text", "how:how:text", "source:pool:money", "weight:weight:number", "of:of:number", "share:share:percent", "amount:amount:money"},
			[]string{"direct", "its own rows", " ", " ", " ", " ", "1500"},
			[]string{"support", "in proportion to spend", "14800", "158846.4658", "1071603.6639", "0.148", "2194"}),
			"`$1,500` direct: its own rows\n`$2,194` support: in proportion to spend · pool $14,800 · weight 158,846 of 1,071,604 · 14.8%"},
		{"weights are round, and fit", tableOf([]string{"team:team:text", "weight:weight:number", "share:share:percent", "amount:amount:money"},
			[]string{"data", "251413.1183", "0.9", "3472"}, []string{"may", "24.7172", "0.1", "341"}),
			"team weight share amount\ndata 251,413 90.0% $3,472\nmay 24.7172 10.0% $341"},
		{"of checks those that want looking at", tableOf([]string{"check:check:text", "verdict:verdict:text", "rows:rows:number", "of:of:number", "billed:billed:text"},
			[]string{"late days", "ok", "0", "23", ""}, []string{"untagged", "look", "5", "23", "$50.10"}, []string{"currency mix", "ok", "0", "23", ""}),
			"untagged: look · rows 5 of 23 · billed $50.10\nok: late days, currency mix"},
		{"a bill leads with its amount in its currency", tableOf([]string{"provider:provider:text", "month:month:text", "currency:currency:text", "rows:rows:number", "billed:billed:cents"},
			[]string{"AWS", "2026-10", "USD", "7", "12.5"}, []string{"Google", "2026-10", "EUR", "8", "3"}),
			"`USD 12.50` AWS: rows 7\n`EUR 3.00` Google: rows 8"},
		{"months that differ are named", tableOf([]string{"invoice:invoice:text", "month:month:text", "currency:currency:text", "in_the_store:in the store:cents", "difference:difference:cents"},
			[]string{"I-1", "2026-10", "USD", "7", "-2"}, []string{"I-2", "2026-09", "USD", "8", "0"}),
			"`USD -2.00` I-1: month 2026-10 · in the store 7.00\n`USD 0.00` I-2: month 2026-09 · in the store 8.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &analysis.Answer{ID: "Q-TAB1E", Currency: "USD", Headline: "Here.", Parts: []analysis.Part{{Table: tt.table}}}
			var got []string
			for _, b := range Answer(a, Options{}).Blocks[1:2] {
				for _, l := range flat(b) {
					got = append(got, strings.TrimSpace(l))
				}
			}
			s := strings.Join(got, "\n")
			if strings.HasPrefix(s, "`team") { // flat marks fixed width line by line
				s = strings.ReplaceAll(s, "`", "")
			}
			if diff := cmp.Diff(tt.want, s); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDaysAreDrawnOnce: a line over the days of a table stands for the table, however many rows it has.
func TestDaysAreDrawnOnce(t *testing.T) {
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: "Spend"}}}
	tbl := tableOf([]string{"day:day:text", "amount:amount:money"})
	amount := decimal.NewFromInt(10)
	for i := range 31 {
		day := analysis.Day(2026, 10, 1+i)
		s.Days, s.Lines[0].Values = append(s.Days, day), append(s.Lines[0].Values, &amount)
		tbl.Rows = append(tbl.Rows, analysis.Row{Key: map[string]string{"day": day.Format(analysis.DateLayout)}, Cells: []analysis.Cell{{Text: day.Format("Mon 2 Jan")}, {Amount: &amount}}})
	}
	a := &analysis.Answer{ID: "Q-DA1LY7", Currency: "USD", Headline: "Spend in October 2026: $310.",
		Reading: analysis.Plan{Intent: analysis.Breakdown, Grain: analysis.ByDay}, Parts: []analysis.Part{{Series: s}, {Table: tbl}}}
	drawn := 0
	for _, b := range Answer(a, Options{}).Blocks {
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		drawn += strings.Count(string(raw), "lowest")
	}
	if drawn != 1 {
		t.Errorf("the days are drawn %d times, want once", drawn)
	}
}
