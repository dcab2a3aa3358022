package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis/focus"
)

// TextColumn, AmountColumn, DayColumn and CountColumn are columns of a table that [WriteParquet] writes.
func TextColumn(name string) Column   { return Column{name, focus.String} }
func AmountColumn(name string) Column { return Column{name, focus.Decimal} }
func DayColumn(name string) Column    { return Column{name, typeDate} }
func CountColumn(name string) Column  { return Column{name, typeCount} }

// rowsAtOnce is how many rows one statement inserts.
const rowsAtOnce = 200

// WriteParquet writes a table of the program's own as a Parquet file: typed, amounts as DECIMAL(38,18), in the order of the
// rows. A value is nil, a string, an int64, a decimal, or a day as text. The file is there whole or not at all.
func WriteParquet(ctx context.Context, path string, cols []Column, rows [][]any) (err error) {
	tmp, err := os.MkdirTemp(filepath.Dir(path), ".spendbot-export-") // beside it, so that it can be moved there in one step
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.RemoveAll(tmp)
	e, err := newEngine(ctx, Limits{}, filepath.Join(tmp, "spill"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	defs, places := []string{"row_number BIGINT"}, []string{"?"}
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = quoteIdent(c.Name)
		defs = append(defs, names[i]+" "+c.SQLType())
		places = append(places, "CAST(CAST(? AS VARCHAR) AS "+c.SQLType()+")")
	}
	if err := e.Exec(ctx, "CREATE TABLE export ("+strings.Join(defs, ", ")+")"); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	for from := 0; from < len(rows); from += rowsAtOnce {
		some := rows[from:min(len(rows), from+rowsAtOnce)]
		var params []any
		for k, r := range some {
			params = append(params, int64(from+k))
			for _, v := range r {
				if d, ok := v.(decimal.Decimal); ok {
					v = d.String()
				}
				params = append(params, v)
			}
		}
		line := "(" + strings.Join(places, ", ") + ")"
		if err := e.Exec(ctx, "INSERT INTO export VALUES "+strings.TrimSuffix(strings.Repeat(line+", ", len(some)), ", "), params...); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	file := filepath.Join(tmp, "table.parquet")
	if err := e.Exec(ctx, "COPY (SELECT "+strings.Join(names, ", ")+" FROM export ORDER BY row_number) TO "+QuoteLiteral(file)+" (FORMAT parquet)"); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(file, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
