package event

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"spendbot/analysis"
)

// MaxRows bounds a CSV of events.
const MaxRows = 100_000

// CSV reads events from a file with a header: kind, what and at, and any of until, by, link, id, provider, service, account, region,
// team, env, product and tag:KEY. All of it is read or none; an error says the line and the column.
func CSV(r io.Reader, rules Rules) ([]analysis.Event, error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; begin with a header: kind,what,at,team,account")
	}
	if err != nil {
		return nil, csvError(err)
	}
	columns, err := header(head)
	if err != nil {
		return nil, err
	}
	var out []analysis.Event
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := c.FieldPos(0)
		if len(row) != len(columns) {
			return nil, fmt.Errorf("line %d: %d cells, and the header has %d; quote those that hold a comma", line, len(row), len(columns))
		}
		if len(out) >= MaxRows {
			return nil, fmt.Errorf("line %d: more than %d events; split the file", line, MaxRows)
		}
		e := analysis.Event{Source: "csv", Slice: map[string]string{}}
		for i, name := range columns {
			cell := strings.TrimSpace(row[i])
			if cell == "" {
				continue
			}
			if !utf8.ValidString(cell) {
				return nil, fmt.Errorf("line %d, column %d (%s): it is not UTF-8; save the file as UTF-8", line, i+1, name)
			}
			var err error
			switch name {
			case "kind":
				e.Kind = cell
			case "what":
				e.What = cell
			case "by":
				e.By = cell
			case "link":
				e.Link = cell
			case "id":
				e.Key = "csv/" + cell
			case "at":
				e.Begins, err = Time(cell)
			case "until":
				e.Ends, err = Time(cell)
			default:
				e.Slice[name] = cell
			}
			if err != nil {
				return nil, fmt.Errorf("line %d, column %d (%s): %w", line, i+1, name, err)
			}
		}
		rules.place(e.What, &e)
		if err := Check(&e); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		out = append(out, e)
	}
}

// header reads the columns' names; those of a place become FOCUS columns.
func header(head []string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for i, name := range head {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		name = strings.TrimSpace(name)
		n := strings.ToLower(name)
		switch n {
		case "kind", "what", "at", "until", "by", "link", "id":
		default:
			var err error
			if n, err = column(name); err != nil {
				return nil, fmt.Errorf("line 1, column %d: %q is no column of events; they are kind, what, at, until, by, link, id, provider, service, account, region, team, env, product and tag:KEY", i+1, clip(tidy(name), 40))
			}
		}
		if seen[n] {
			return nil, fmt.Errorf("line 1, column %d: %s is there twice; leave one out", i+1, name)
		}
		seen[n] = true
		out = append(out, n)
	}
	for _, need := range []string{"kind", "what", "at"} {
		if !seen[need] {
			return nil, fmt.Errorf("line 1: the column %s is missing; begin with a header: kind,what,at,team,account", need)
		}
	}
	return out, nil
}

func csvError(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d, byte %d: %v; double the quotes inside a quoted cell", p.Line, p.Column, p.Err)
	}
	return err
}
