package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// Bounds of SQL that somebody wrote, where they say nothing else.
const (
	SQLRows    = 1000             // that are answered
	SQLTime    = 30 * time.Second // that it may take
	MaxSQLRows = 1_000_000
)

// Statement is SQL that somebody wrote.
type Statement struct {
	SQL    string
	Params []string // for its question marks, in order
	Rows   int      // at most so many are answered; 0 means SQLRows
	Now    time.Time
}

// SQL answers a SELECT that somebody wrote, over all that the newest snapshot holds: whoever has a scope must not get here. See
// [store.Snapshot.AdHoc] for what may be asked. The answer is one table; its trace runs again like any other's.
func (d *Desk) SQL(ctx context.Context, id string, q Statement) (*analysis.Answer, error) {
	if q.Rows == 0 {
		q.Rows = SQLRows
	}
	sn, done, err := d.seat(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	begin := time.Now()
	found, tr, err := sn.AdHoc(ctx, q.SQL, q.Params, q.Rows)
	if err != nil {
		return nil, err
	}
	a := &analysis.Answer{ID: id, Asked: q.Now.UTC(), Question: strings.TrimSpace(q.SQL), Caveats: []string{},
		Reading: analysis.Plan{Intent: analysis.SQL, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}, Limit: q.Rows},
		Trace:   analysis.Trace{Snapshot: sn.ID, ChargesSnapshot: sn.ChargesID, Queries: []analysis.QueryTrace{tr}, MS: float64(time.Since(begin).Microseconds()) / 1000}}
	a.Headline = "1 row."
	switch n := len(found.Values); {
	case found.More:
		a.Headline = fmt.Sprintf("The first %d rows; there are more.", n)
	case n != 1:
		a.Headline = fmt.Sprintf("%d rows.", n)
	}
	a.Parts = []analysis.Part{{Table: tableOf(found)}}
	if d.opts.Caveat != "" {
		a.Caveats = append(a.Caveats, d.opts.Caveat)
	}
	return a, nil
}

// tableOf is a result as a table of an answer. Numbers are amounts; days and times are as they are told apart and sorted.
func tableOf(f *store.Found) *analysis.Table {
	t := &analysis.Table{Rows: []analysis.Row{}}
	for i, name := range f.Columns {
		kind := analysis.ColText
		if f.Kinds[i] == store.KindNumber {
			kind = analysis.ColNumber
		}
		t.Columns = append(t.Columns, analysis.Column{Name: name, Label: name, Kind: kind})
	}
	for _, row := range f.Values {
		cells := make([]analysis.Cell, len(row))
		for i, v := range row {
			cells[i] = cellOf(v, f.Kinds[i])
		}
		t.Rows = append(t.Rows, analysis.Row{Cells: cells})
	}
	return t
}

func cellOf(v any, kind store.Kind) analysis.Cell {
	number := func(d decimal.Decimal) analysis.Cell { return analysis.Cell{Amount: &d} }
	switch v := v.(type) {
	case nil:
		return analysis.Cell{Null: true}
	case int64:
		return number(decimal.NewFromInt(v))
	case decimal.Decimal:
		return number(v)
	case bool:
		return analysis.Cell{Text: strconv.FormatBool(v)}
	case time.Time:
		if kind == store.KindDate {
			return analysis.Cell{Text: v.Format(analysis.DateLayout)}
		}
		return analysis.Cell{Text: v.Format("2006-01-02 15:04:05.999999")}
	case string:
		if kind == store.KindNumber { // a fraction that the query wrote with its digits; "nan" and "inf" stay words
			if d, err := decimal.NewFromString(v); err == nil {
				return number(d)
			}
		}
		return analysis.Cell{Text: v}
	}
	return analysis.Cell{Text: fmt.Sprint(v)}
}
