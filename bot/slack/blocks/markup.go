package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/analysis/render"
)

// Marks that would format, quote or end a code span are shown by their look-alikes: Slack's markup has no escape for them.
// Invisible characters would do too, but one who copies the name would copy them along.
var lookAlike = map[rune]string{'*': "∗", '_': "ˍ", '~': "∼", '`': "ˋ"}

const (
	ellipsis  = "…"
	likeColon = "∶"
	likeLess  = "‹"
	likeMore  = "›"
)

// esc makes any text literal in Slack's markup, on one line and at most so many characters long, entities counted as they are
// written.
func esc(s string, most int) string {
	rs := []rune(strings.Join(strings.Fields(render.Clean(s)), " "))
	rs = rs[:min(len(rs), most+1)] // no character becomes fewer than one
	return fit(len(rs), most, func(i int) string {
		switch r := rs[i]; r {
		case '&':
			return "&amp;"
		case '<':
			return "&lt;"
		case '>':
			if i == 0 {
				return likeMore // at the start of a line Slack reads &gt; as a quotation
			}
			return "&gt;"
		case '`':
			return lookAlike[r]
		case '*', '_', '~':
			// Inside a word they mean nothing, and names of tags and accounts are full of them.
			if i > 0 && i+1 < len(rs) && word(rs[i-1]) && word(rs[i+1]) {
				return string(r)
			}
			return lookAlike[r]
		case ':':
			if emoji(rs[i+1:]) {
				return likeColon
			}
		}
		return string(rs[i])
	})
}

// emoji reports whether Slack would draw one where a colon is followed by this: "fire:".
func emoji(after []rune) bool {
	for i, r := range after {
		switch {
		case r == ':':
			return i > 0
		case r > unicode.MaxASCII || !word(r) && !strings.ContainsRune("_+'-", r):
			return false
		}
	}
	return false
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// fit joins the pieces of n characters into at most so many; what is cut ends in an ellipsis, never inside a piece.
func fit(n, most int, piece func(i int) string) string {
	var b strings.Builder
	length, keep := 0, 0
	for i := range n {
		p := piece(i)
		length += utf8.RuneCountInString(p)
		if length <= most-1 {
			keep = b.Len() + len(p)
		}
		if length > most {
			if most < 1 {
				return ""
			}
			return strings.TrimRight(b.String()[:keep], " ·,;:-") + ellipsis
		}
		b.WriteString(p)
	}
	return b.String()
}

// escCode makes text literal inside a code span.
func escCode(s string, most int) string {
	rs := []rune(strings.Join(strings.Fields(render.Clean(s)), " "))
	rs = rs[:min(len(rs), most+1)]
	return fit(len(rs), most, func(i int) string {
		switch r := rs[i]; r {
		case '&':
			return "&amp;"
		case '<':
			return "&lt;"
		case '>':
			return "&gt;"
		case '`':
			return lookAlike['`']
		default:
			return string(r)
		}
	})
}

// code is a code span around text, whatever the text holds.
func code(s string, most int) string {
	if s = escCode(s, most-2); s == "" {
		return ""
	}
	return "`" + s + "`"
}

// strong sets text that is already markup in bold.
func strong(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	return "*" + s + "*"
}

// prose is esc for our own sentences, in which `code` may be quoted. A foreign name in them can at worst become code.
func prose(s string, most int) string {
	s = strings.Join(strings.Fields(render.Clean(s)), " ")
	if strings.Count(s, "`")%2 != 0 || strings.Contains(s, "``") {
		return esc(s, most)
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "`") {
		left := most - utf8.RuneCountInString(b.String())
		if i%2 == 1 {
			if left < 4 {
				break
			}
			b.WriteString(code(part, left))
			continue
		}
		text := esc(part, left)
		// esc trims, and the spaces around code are to stay.
		if i > 0 && text != "" && strings.HasPrefix(part, " ") {
			text = " " + text
		}
		if strings.HasSuffix(part, " ") {
			text += " "
		}
		if utf8.RuneCountInString(text) > left {
			text = esc(part, left-2)
		}
		if b.WriteString(text); strings.HasSuffix(text, ellipsis) {
			break
		}
	}
	return strings.TrimSpace(b.String())
}

// paragraphs is prose for several lines, each at most so many characters long.
func paragraphs(s string, most int) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = prose(line, most); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// plain makes any text fit for a plain_text object or a table's cell, which Slack shows as it is.
func plain(s string, most int) string {
	rs := []rune(strings.Join(strings.Fields(render.Clean(s)), " "))
	rs = rs[:min(len(rs), most+1)]
	return fit(len(rs), most, func(i int) string {
		// Nothing is read as a mention here; it is kept so when the text is moved to where it would be.
		if rs[i] == '<' && i+1 < len(rs) && strings.ContainsRune("!@#", rs[i+1]) {
			return likeLess
		}
		return string(rs[i])
	})
}

// quiet is markup for a notification or a screen reader: nothing is formatted, mentioned or linked.
func quiet(s string, most int) string {
	return esc(strings.ReplaceAll(strings.ReplaceAll(s, "://", likeColon+"//"), "`", ""), most)
}

func plainText(s string, most int) *slack.TextBlockObject {
	if s = plain(s, most); s == "" {
		s = "-"
	}
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// markupText is a text object of markup; names in it are not linked and mentions not guessed.
func markupText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}
