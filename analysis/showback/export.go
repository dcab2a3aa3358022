package showback

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

// Export is the allocated bill as a table, a row per [Line]:
//
//	period        the month; the day where a rule splits by the day
//	currency, metric
//	rule          which rule gave or took the amount; empty for what was billed
//	team, ...     whose the amount is, a column per dimension of the owners; empty is nobody
//	from_team, .. whose rows the rule took from; empty for what was billed
//	provider, billing_account, invoice   with a chargeback
//	amount        exact; what a rule took from its source is negative
//	charged       with a chargeback: the amount to the currency's smallest unit, so that each invoice's sum to the invoice
//	line_items    of what was billed
//	answer, snapshot   where it comes from
//
// The amounts sum to the bill exactly.
type Export struct {
	Columns []store.Column
	Rows    [][]any
}

// Export makes the table under an answer's id.
func (b *Bill) Export(answer string, snapshot int64) Export {
	e := Export{Columns: []store.Column{store.DayColumn("period"), store.TextColumn("currency"), store.TextColumn("metric"), store.TextColumn("rule")}}
	names := make([]string, len(b.Dims))
	for i, d := range b.Dims {
		name := strings.TrimPrefix(string(d), "tag:")
		if name == string(d) && slices.Contains(names, name) || slices.ContainsFunc(e.Columns, func(c store.Column) bool { return c.Name == name }) {
			name = "tag_" + name
		}
		for slices.ContainsFunc(e.Columns, func(c store.Column) bool { return strings.EqualFold(c.Name, name) }) {
			name += "_2"
		}
		names[i] = name
		e.Columns = append(e.Columns, store.TextColumn(name))
	}
	for _, n := range names {
		e.Columns = append(e.Columns, store.TextColumn("from_"+n))
	}
	if b.Chargeback {
		e.Columns = append(e.Columns, store.TextColumn("provider"), store.TextColumn("billing_account"), store.TextColumn("invoice"))
	}
	e.Columns = append(e.Columns, store.AmountColumn("amount"))
	if b.Chargeback {
		e.Columns = append(e.Columns, store.AmountColumn("charged"))
	}
	e.Columns = append(e.Columns, store.CountColumn("line_items"), store.TextColumn("answer"), store.TextColumn("snapshot"))
	lines := b.Lines(Everything)
	charged := b.chargedLines(lines)
	for k, l := range lines {
		c := l.Cell
		row := []any{c.Period.Format(analysis.DateLayout), c.Currency, string(b.Metric), l.Rule}
		for _, o := range c.Owner {
			row = append(row, o)
		}
		for i := range b.Dims {
			from := ""
			if l.Source != nil {
				from = l.Source[i]
			}
			row = append(row, from)
		}
		if b.Chargeback {
			inv := InvoiceOf(c.Kept)
			row = append(row, inv.Provider, inv.Account, inv.Number)
		}
		row = append(row, c.Amount)
		if b.Chargeback {
			row = append(row, charged[k])
		}
		e.Rows = append(e.Rows, append(row, c.Rows, answer, strconv.FormatInt(snapshot, 10)))
	}
	return e
}

// chargedLines rounds the lines of a chargeback so that those of an owner sum to what the owner is charged on an invoice, and so
// those of an invoice to the invoice.
func (b *Bill) chargedLines(lines []Line) []analysis.Amount {
	out := make([]analysis.Amount, len(lines))
	by := map[string][]int{}
	for i, l := range lines {
		k := b.rowKey(l.Cell.Owner, l.Cell.Kept)
		by[k] = append(by[k], i)
	}
	rows, places := b.Rows(Everything), render.Places(b.Currency)
	Charge(rows, places)
	for _, r := range rows {
		at := by[r.key()]
		parts := make([]analysis.Amount, len(at))
		for k, i := range at {
			parts[k] = lines[i].Cell.Amount
		}
		for k, c := range allocation.CentsTo(parts, r.Charged, places) {
			out[at[k]] = c
		}
	}
	return out
}

// CSV writes the table (RFC 4180, UTF-8). Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers
// never do.
func (e Export) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	header := make([]string, len(e.Columns))
	for i, c := range e.Columns {
		header[i] = render.Harmless(c.Name)
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write the allocated bill as CSV: %w", err)
	}
	for _, r := range e.Rows {
		rec := make([]string, len(r))
		for i, v := range r {
			switch v := v.(type) {
			case string:
				rec[i] = render.Harmless(v)
			case decimal.Decimal:
				rec[i] = v.String()
			case int64:
				rec[i] = strconv.FormatInt(v, 10)
			}
		}
		if err := out.Write(rec); err != nil {
			return fmt.Errorf("write the allocated bill as CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the allocated bill as CSV: %w", err)
	}
	return nil
}

// Parquet writes the table as a Parquet file, typed.
func (e Export) Parquet(ctx context.Context, path string) error {
	return store.WriteParquet(ctx, path, e.Columns, e.Rows)
}
