package reply_test

import (
	"context"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// kinds is a question of every kind that needs the store.
var kinds = []string{
	"why did spend change last week?",
	"why did EC2 spend change in October vs September?",
	"why did spend change in October vs September by team?",
	"why did spend of nat-0d2f change last week?",
	"what did we spend last week?",
	"billed cost of S3 in October",
	"top 5 services in October",
	"spend by team and region in October",
	"spend by day last week",
	"spend by account by month this year",
	"compare October and September by service",
	"usage of S3 in October",
	"spend by resource of account payments-prod last week",
	"how fresh is the data?",
	"why is this different from the console?",
}

// TestTracesRunAgain runs every query of every kind of answer again on its snapshot, opened anew.
func TestTracesRunAgain(t *testing.T) {
	d := demoCompany(t)
	ctx := context.Background()
	for _, q := range kinds {
		t.Run(q, func(t *testing.T) {
			a := d.ask(t, q)
			if len(a.Trace.Queries) == 0 {
				t.Fatalf("no queries: %s (%s)", a.Headline, a.Reading.Intent)
			}
			sn, err := d.store.Snapshot(ctx, a.Trace.Snapshot)
			if err != nil {
				t.Fatal(err)
			}
			defer sn.Close()
			if sn.ChargesID != a.Trace.ChargesSnapshot {
				t.Errorf("line items of snapshot %d, the trace says %d", sn.ChargesID, a.Trace.ChargesSnapshot)
			}
			for _, tr := range a.Trace.Queries {
				if tr.Name == "" || tr.SHA256 == "" || strings.Count(tr.SQL, "?") != len(tr.Params) {
					t.Errorf("incomplete: %q, %d parameters for %d question marks", tr.Name, len(tr.Params), strings.Count(tr.SQL, "?"))
				}
				rows, again, err := sn.Query(ctx, tr.Name, tr.SQL, tr.Params...)
				if err != nil {
					t.Fatal(err)
				}
				if again.SHA256 != tr.SHA256 || len(rows.Values) != tr.Rows {
					t.Errorf("%s: %d rows %s, run again %d rows %s", tr.Name, tr.Rows, tr.SHA256, len(rows.Values), again.SHA256)
				}
			}
		})
	}
}

// TestNumbersComeFromTheTrace takes the numbers of answers from the rows of their queries.
func TestNumbersComeFromTheTrace(t *testing.T) {
	d := demoCompany(t)
	rowsOf := func(t *testing.T, a *analysis.Answer, name string) [][]any {
		for _, tr := range a.Trace.Queries {
			if tr.Name == name {
				rows, _, err := d.sn.Query(context.Background(), name, tr.SQL, tr.Params...)
				if err != nil {
					t.Fatal(err)
				}
				return rows.Values
			}
		}
		t.Fatalf("no query %q", name)
		return nil
	}
	t.Run("a total is its query's one row", func(t *testing.T) {
		a := d.ask(t, "what did we spend last week?")
		rows := rowsOf(t, a, "spend")
		cells := tableOf(t, a).Rows[0].Cells
		if len(rows) != 1 || !cells[0].Amount.Equal(rows[0][1].(decimal.Decimal)) || cells[1].Amount.IntPart() != rows[0][2].(int64) {
			t.Errorf("the answer has %v, its query %v", cells, rows)
		}
	})
	t.Run("a table's rows are its query's rows", func(t *testing.T) {
		a := d.ask(t, "top 5 services in October")
		rows := map[string]decimal.Decimal{}
		for _, r := range rowsOf(t, a, "spend") {
			rows[r[0].(string)], _ = r[1].(decimal.Decimal)
		}
		for _, r := range tableOf(t, a).Rows[:5] {
			if got, want := *r.Cells[1].Amount, rows[r.Key["ServiceName"]]; !got.Equal(want) {
				t.Errorf("%v: %s, its query has %s", r.Key, got, want)
			}
		}
	})
	t.Run("a change is the sum of its leaves", func(t *testing.T) {
		a := d.ask(t, "why did spend change in October vs September?")
		b := bridgeOf(t, a)
		at := map[string]int{}
		for _, tr := range a.Trace.Queries {
			if tr.Name != "leaves" {
				continue
			}
			rows, _, err := d.sn.Query(context.Background(), "leaves", tr.SQL, tr.Params...)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range rows.Columns {
				at[c] = i
			}
			var base, cur decimal.Decimal
			for _, r := range rows.Values {
				if v, ok := r[at["c0"]].(decimal.Decimal); ok {
					base = base.Add(v)
				}
				if v, ok := r[at["c1"]].(decimal.Decimal); ok {
					cur = cur.Add(v)
				}
			}
			if !base.Equal(b.Change.Baseline) || !cur.Equal(b.Change.Current) {
				t.Errorf("leaves sum to %s and %s, the change is from %s to %s", base, cur, b.Change.Baseline, b.Change.Current)
			}
			return
		}
		t.Error("no query of leaves")
	})
}
