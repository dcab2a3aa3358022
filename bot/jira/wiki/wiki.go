// Package wiki writes Jira's text formatting notation, the markup of descriptions and comments in version 2 of Jira's REST API
// (both Jira Cloud and Data Center render it). In: plain values. Out: text in which nothing that came from outside is markup.
package wiki

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Most is how long a description or a comment may be, in characters: Jira refuses longer ones (its default for
// jira.text.field.character.limit).
const Most = 32_767

// marks are the characters that can begin markup anywhere; a backslash before one shows it.
const marks = `\{}[]*_-+^~?!|#@`

// Text is s as plain text on one line: markup in it is shown, control characters and line ends become spaces.
func Text(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cf, r): // bidirectional overrides and their like: a reader must see what is there
		case r == '-' && !dashes(s, i):
			b.WriteByte('-') // a dash inside a word is no markup, and names are full of them
		case r == '_' && inside(s, i):
			b.WriteByte('_')
		case r == ':' && i+1 < len(s) && strings.ContainsRune(`)(PD`, rune(s[i+1])), r == ';' && i+1 < len(s) && s[i+1] == ')':
			b.WriteString("&#" + map[rune]string{':': "58", ';': "59"}[r] + ";") // would be an emoticon
		case r == '&' && strings.Contains(s[i:], ";"):
			b.WriteString("&amp;") // would be an entity
		case strings.ContainsRune(marks, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	out := b.String()
	// At the beginning of a line some more would be markup: "h1. ", "bq. ".
	if head, rest, ok := strings.Cut(out, ". "); ok && (head == "bq" || len(head) == 2 && head[0] == 'h' && head[1] >= '1' && head[1] <= '6') {
		out = head + "&#46; " + rest
	}
	return out
}

// dashes reports whether the dash at i may be markup: one that is not between two letters or digits, or one of several.
func dashes(s string, i int) bool { return !inside(s, i) }

// inside reports whether the byte at i stands between letters or digits.
func inside(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+1:])
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return i > 0 && word(before) && word(after)
}

// Lines is text of several lines, each plain.
func Lines(s string) string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		out = append(out, Text(line))
	}
	return strings.Join(out, "\n")
}

// Code is a code block in a language ("sql", "bash", "none"). What would end the block early is broken by a space.
func Code(language, s string) string {
	s = strings.ReplaceAll(s, "{code", "{ code")
	return "{code:" + language + "}\n" + strings.TrimRight(s, "\n") + "\n{code}"
}

// Mono is text in a fixed-width font on one line.
func Mono(s string) string {
	s = Text(s)
	if strings.HasPrefix(s, `\{`) || strings.HasSuffix(s, "}") {
		s = " " + s + " " // braces beside braces are read otherwise
	}
	return "{{" + s + "}}"
}

// Heading is a heading of a level from 1 to 6.
func Heading(level int, s string) string {
	return "h" + string(rune('0'+min(6, max(1, level)))) + ". " + Text(s)
}

// Bold is bold text on one line.
func Bold(s string) string { return "*" + Text(strings.TrimSpace(s)) + "*" }

// Bullets is a list; each item is markup already.
func Bullets(items ...string) string {
	var b strings.Builder
	for i, it := range items {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("* " + strings.ReplaceAll(it, "\n", " "))
	}
	return b.String()
}

// Link is a link to a web address with words of its own; where the address is none of http or https, or has what would end the link,
// only the words stay.
func Link(words, address string) string {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") || strings.ContainsAny(address, "|[]{}\" \t\r\n") {
		return Text(words)
	}
	return "[" + Text(words) + "|" + address + "]"
}

// Table is a table of plain cells; the first row is its head. Empty cells hold a space, or Jira would drop them.
func Table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		bar := "|"
		if i == 0 {
			bar = "||"
		}
		for _, cell := range row {
			if cell = Text(cell); strings.TrimSpace(cell) == "" {
				cell = " "
			}
			b.WriteString(bar + cell)
		}
		b.WriteString(bar)
		if i < len(rows)-1 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Doc is a document of parts with an empty line between, no longer than [Most] characters: the last parts are left out where they do not fit, and
// a sentence of note says so. Empty parts are no parts.
func Doc(note string, parts ...string) string {
	note = Text(note)
	room := Most - utf8.RuneCountInString(note) - 2
	var out []string
	for i, p := range parts {
		if p == "" {
			continue
		}
		n := utf8.RuneCountInString(p) + 2
		if n > room {
			for _, rest := range parts[i:] {
				if rest != "" {
					out = append(out, note)
					break
				}
			}
			break
		}
		room -= n
		out = append(out, p)
	}
	return strings.Join(out, "\n\n")
}
