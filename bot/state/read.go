package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
)

// queryer is a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect returns what read makes of each row of a query.
func collect[T any](ctx context.Context, q queryer, read func(scan func(...any) error, to *T) error, query string, args ...any) (list []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var t T
		if err := read(rows.Scan, &t); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// by arranges rows by what is unique to each.
func by[T any](list []T, key func(T) string) map[string]T {
	out := make(map[string]T, len(list))
	for _, t := range list {
		out[key(t)] = t
	}
	return out
}

// column is a place for a column's text, which is read as it is scanned.
type column func(text string) error

// Scan implements [sql.Scanner].
func (c column) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return c(v)
	case []byte:
		return c(string(v))
	}
	return fmt.Errorf("a text was expected, not a %T", v)
}

// intoTime is for a column of what [stampOrNone] wrote; "" is the zero time.
func intoTime(t *time.Time) column {
	return func(s string) (err error) {
		*t, err = parseStamp(s)
		return err
	}
}

// intoDay is for a column of a day; "" is the zero time.
func intoDay(t *time.Time) column {
	return func(s string) (err error) {
		if *t = (time.Time{}); s != "" {
			*t, err = time.Parse(analysis.DateLayout, s)
		}
		return err
	}
}

// intoJSON is for a column of JSON.
func intoJSON(v any) column {
	return func(s string) error { return json.Unmarshal([]byte(s), v) }
}

// conditions are those of a WHERE clause; all of them have to hold.
type conditions struct {
	texts []string
	args  []any
}

func (c *conditions) add(text string, args ...any) {
	c.texts, c.args = append(c.texts, text), append(c.args, args...)
}

// is asks for a value, unless it is "", which is any.
func (c *conditions) is(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// since asks for a time that is not before another, unless that is zero.
func (c *conditions) since(column string, t time.Time) {
	if !t.IsZero() {
		c.add(column+" >= ?", stamp(t))
	}
}

// where is the clause, "" without conditions.
func (c *conditions) where() string {
	if len(c.texts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.texts, " AND ")
}
