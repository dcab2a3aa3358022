package ingest

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
)

// Error is bad input: where it is, what is wrong and what was expected.
type Error struct {
	File     string
	Line     int64  // 1-based, the header is line 1; 0 when the file as a whole is meant
	Column   int    // 1-based; 0 when the line as a whole is meant, and in JSON, which has none
	Name     string // the column's name, in JSON the path of its keys
	Problem  string // "\"12,40\" is not a decimal number"
	Expected string // "digits with a dot, as in 12.40"

	row   bool   // Line counts rows, in a file that has no lines
	shown string // the file's name in the message; its last element where empty
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.shown != "" {
		b.WriteString(e.shown)
	} else {
		b.WriteString(filepath.Base(e.File))
	}
	if e.Line > 0 {
		unit := ": line "
		if e.row {
			unit = ": row "
		}
		b.WriteString(unit + humanize.Comma(e.Line))
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ", column %d (%s)", e.Column, e.Name)
	} else if e.Name != "" {
		fmt.Fprintf(&b, ", field %s", e.Name)
	}
	b.WriteString(": " + e.Problem)
	if e.Expected != "" {
		b.WriteString("; expected " + e.Expected)
	}
	return b.String()
}

// clip shortens a value of the file for a message and makes control characters visible.
func clip(b []byte) string {
	const most = 60
	s := string(b)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
