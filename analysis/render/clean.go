package render

import (
	"strings"
	"unicode"
)

// zwj joins emoji into one; the only invisible character that is let through.
const zwj = '\u200d'

// Clean makes any text from a bill, a file name or a person safe to print on one line of a terminal.
func Clean(s string) string { return clean(s) }

// clean makes a label safe to print on one line: line breaks and tabs become spaces, and what could drive a terminal or
// turn the reading direction (control and format characters, invalid UTF-8) becomes a visible mark.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < 0x20:
			return 0x2400 + r // its picture: ESC is ␛
		case r == 0x7f:
			return '␡'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != zwj:
			return '\uFFFD'
		}
		return r
	}, s)
}

// cleanLines is clean for prose of several lines.
func cleanLines(s string) []string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(s, "\r\n "), "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = clean(l)
	}
	return lines
}

// escape makes text literal in Markdown, inside a table cell too. Underscores inside a word are left: they mean nothing
// to GitHub-flavoured Markdown there, and names of tags and accounts are full of them.
func escape(s string) string {
	rs := []rune(clean(s))
	var b strings.Builder
	for i, r := range rs {
		switch r {
		case '\\', '`', '*', '[', ']', '<', '|', '~':
			b.WriteByte('\\')
		case '&':
			b.WriteString("&amp;")
			continue
		case '_':
			if i == 0 || i == len(rs)-1 || !word(rs[i-1]) || !word(rs[i+1]) {
				b.WriteByte('\\')
			}
		case '#', '+', '-', '=':
			// A list, a heading or a rule only at the start of a line.
			if i == 0 && (i+1 == len(rs) || rs[i+1] == r || rs[i+1] == ' ') {
				b.WriteByte('\\')
			}
		case '>': // a quotation, likewise
			if i == 0 {
				b.WriteByte('\\')
			}
		case '.', ')': // a numbered list, likewise
			if i > 0 && digits(rs[:i]) && (i+1 == len(rs) || rs[i+1] == ' ') {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func digits(rs []rune) bool {
	for _, r := range rs {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// code makes an inline code span around text, whatever backticks it holds.
func code(s string) string {
	s = clean(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
