package render

import (
	"strings"
	"unicode"

	eastasian "golang.org/x/text/width"
)

// style is how a cell is coloured, when colour is asked for.
type style uint8

const (
	plain style = iota
	bold
	dim
	up   // more money: red
	down // less: green
)

var sgr = [...]string{bold: "\x1b[1m", dim: "\x1b[2m", up: "\x1b[31m", down: "\x1b[32m"}

// paint colours text that is already padded; padding counts columns, which colour has none of.
func (o Options) paint(s string, st style) string {
	if !o.Color || st == plain || strings.TrimSpace(s) == "" {
		return s
	}
	return sgr[st] + s + "\x1b[0m"
}

func signStyle(sign int) style {
	switch {
	case sign > 0:
		return up
	case sign < 0:
		return down
	}
	return plain
}

// width is how many columns text takes. It asks nobody about the locale: the same answer is laid out the same everywhere.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth follows Unicode's East Asian Width (UAX 11): two columns for wide characters and emoji, none for combining marks.
func runeWidth(r rune) int {
	switch {
	case r < 0x7f:
		return 1
	case r == zwj || unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	switch eastasian.LookupRune(r).Kind() {
	case eastasian.EastAsianWide, eastasian.EastAsianFullwidth:
		return 2
	}
	return 1
}

func padRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }
func padLeft(s string, n int) string  { return strings.Repeat(" ", max(0, n-width(s))) + s }

// wrap breaks clean text at spaces into lines of at most n columns; only a single word that is wider is broken inside.
func wrap(s string, n int) []string {
	n = max(n, 1)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for width(line) > n {
			head := cut(line, n)
			lines = append(lines, head)
			line = line[len(head):]
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// cut is the longest start of s that fits n columns, one character at least.
func cut(s string, n int) string {
	w := 0
	for i, r := range s {
		w += runeWidth(r)
		if w > n && i > 0 {
			return s[:i]
		}
	}
	return s
}

// wrapAtMost wraps to a number of lines, the last of which ends in an ellipsis when text is left over.
func wrapAtMost(s string, n, lines int) []string {
	all := wrap(s, n)
	if len(all) <= lines {
		return all
	}
	all = all[:lines]
	last := all[lines-1]
	for width(last)+1 > n && last != "" {
		last = cut(last, width(last)-1)
	}
	all[lines-1] = strings.TrimRight(last, " ·,;:-") + "…"
	return all
}

// wrapItems joins items with " · " into lines of at most n columns, breaking between items where that is enough.
func wrapItems(items []string, n int) []string {
	var lines []string
	line := ""
	for _, item := range items {
		switch {
		case line == "":
			line = item
		case width(line)+3+width(item) <= n:
			line += " · " + item
		default:
			lines = append(lines, line)
			line = item
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	var out []string
	for _, l := range lines {
		out = append(out, wrap(l, n)...)
	}
	return out
}
