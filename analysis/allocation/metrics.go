package allocation

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Figure is a line of a metrics file.
type Figure struct {
	Day     time.Time // the first of the month where the figure is a month's
	Monthly bool
	Target  string
	Metric  string
	Value   analysis.Amount
}

// Bounds of a metrics file.
const (
	maxFigures  = 1_000_000
	maxNameLong = 200
)

// ReadMetrics reads a metrics file: CSV in UTF-8 with the header date,target,metric,value in any order. A date is a day,
// 2026-10-05, or a month, 2026-10; a value is digits with a dot, of up to 20 digits before and 18 after it, and is never
// rounded. The same date, target and metric twice is an error: which of the two is right nobody can tell. Figures are added up
// over a rule's period; a negative sum weighs nothing. Errors name the file's line and column.
func ReadMetrics(name string, r io.Reader) ([]Figure, error) {
	in := csv.NewReader(r)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	at := map[string]int{}
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty; its first line is date,target,metric,value", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
		if !slices.Contains(figureColumns, h) {
			return nil, fmt.Errorf("%s: line 1, column %d: %q is not one of date, target, metric, value", name, i+1, clip(h))
		}
		if _, twice := at[h]; twice {
			return nil, fmt.Errorf("%s: line 1, column %d: %q stands twice", name, i+1, h)
		}
		at[h] = i
	}
	for _, h := range figureColumns {
		if _, ok := at[h]; !ok {
			return nil, fmt.Errorf("%s: line 1: there is no column %q; the first line is date,target,metric,value", name, h)
		}
	}
	var out []Figure
	type same struct {
		date, target, metric string
	}
	seen := map[same]int{}
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		if len(rec) != len(header) {
			return nil, fmt.Errorf("%s: line %d has %d fields, the header has %d", name, line, len(rec), len(header))
		}
		if len(out) == maxFigures {
			return nil, fmt.Errorf("%s: line %d: more than %d figures; give a figure a month instead of one a day", name, line, maxFigures)
		}
		get := func(column string) string { return strings.Clone(strings.TrimSpace(rec[at[column]])) }
		wrong := func(column, format string, a ...any) error {
			return fmt.Errorf("%s: line %d, column %d (%s): %s", name, line, at[column]+1, column, fmt.Sprintf(format, a...))
		}
		f := Figure{Target: get("target"), Metric: get("metric")}
		date, value := get("date"), get("value")
		if f.Day, err = time.Parse(analysis.DateLayout, date); err != nil {
			if f.Day, err = time.Parse("2006-01", date); err != nil {
				return nil, wrong("date", "%q is neither a day, as 2026-10-05, nor a month, as 2026-10", clip(date))
			}
			f.Monthly = true
		}
		for _, c := range []string{"target", "metric"} {
			if s := get(c); s == "" || len(s) > maxNameLong {
				return nil, wrong(c, "it is empty or longer than %d bytes", maxNameLong)
			}
		}
		if !plainNumber.MatchString(value) {
			return nil, wrong("value", "%q is not a number; expected digits with a dot, as in 12.40", clip(value))
		}
		f.Value = decimal.RequireFromString(value)
		k := same{date, f.Target, f.Metric}
		if before, twice := seen[k]; twice {
			return nil, fmt.Errorf("%s: line %d gives %s of %q on %s again, after line %d; write it once", name, line, f.Metric, clip(f.Target), date, before)
		}
		seen[k] = line
		out = append(out, f)
	}
}

var figureColumns = []string{"date", "target", "metric", "value"}

// clip keeps a file's word short where it is said back.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
