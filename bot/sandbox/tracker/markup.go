package tracker

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// Show is a text in Jira's markup as the page shows it: what the bot writes of it (headings, lists, code, tables, links, bold, fixed width); everything else stays as it is.
func Show(text string) template.HTML {
	var b strings.Builder
	list, table, code := "", false, false
	shut := func() {
		if list != "" {
			b.WriteString("</" + list + ">")
		}
		if table {
			b.WriteString("</table>")
		}
		list, table = "", false
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		switch {
		case code && line == "{code}":
			b.WriteString("</pre>")
			code = false
		case code:
			b.WriteString(html.EscapeString(line) + "\n")
		case strings.HasPrefix(line, "{code"):
			shut()
			b.WriteString("<pre>")
			code = true
		case heading.MatchString(line):
			shut()
			m := heading.FindStringSubmatch(line)
			b.WriteString("<h" + m[1] + ">" + inline(m[2]) + "</h" + m[1] + ">")
		case strings.HasPrefix(line, "* "), strings.HasPrefix(line, "# "):
			kind := map[byte]string{'*': "ul", '#': "ol"}[line[0]]
			if list != kind {
				shut()
				list = kind
				b.WriteString("<" + kind + ">")
			}
			b.WriteString("<li>" + inline(line[2:]) + "</li>")
		case strings.HasPrefix(line, "|"):
			if !table {
				shut()
				table = true
				b.WriteString("<table>")
			}
			cell, bar := "td", "|"
			if strings.HasPrefix(line, "||") {
				cell, bar = "th", "||"
			}
			b.WriteString("<tr>")
			for _, c := range cells(strings.TrimSuffix(strings.TrimPrefix(line, bar), bar), bar) {
				b.WriteString("<" + cell + ">" + inline(c) + "</" + cell + ">")
			}
			b.WriteString("</tr>")
		default:
			shut()
			if strings.TrimSpace(line) != "" {
				b.WriteString("<p>" + inline(line) + "</p>")
			}
		}
	}
	if code {
		b.WriteString("</pre>")
	}
	shut()
	return template.HTML(b.String()) //nolint:gosec // every part of it is escaped
}

var (
	heading = regexp.MustCompile(`^h([1-6])\. (.*)$`)
	spans   = regexp.MustCompile(`\{\{((?:[^\\}]|\\.)+?)\}\}|\{color:(#[0-9a-f]{6})\}((?:[^\\{]|\\.)*)\{color\}|\[((?:[^\\|\]]|\\.)+)\|(https?://[^\]|\s]+)\]|(?:^|\b|\s)\*((?:[^\\*]|\\.)+)\*`)
	shownAs = regexp.MustCompile(`\\(.)`)
)

// cells cuts a row of a table at its bars; one after a backslash is text.
func cells(row, bar string) (out []string) {
	at := 0
	for i := 0; i < len(row); i++ {
		if row[i] == '\\' {
			i++
			continue
		}
		if strings.HasPrefix(row[i:], bar) {
			out = append(out, row[at:i])
			i += len(bar) - 1
			at = i + 1
		}
	}
	return append(out, row[at:])
}

func inline(s string) string {
	plain := func(s string) string {
		return html.EscapeString(html.UnescapeString(shownAs.ReplaceAllString(s, "$1")))
	}
	var b strings.Builder
	at := 0
	for _, m := range spans.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(plain(s[at:m[0]]))
		part := func(n int) string { return s[m[2*n]:m[2*n+1]] }
		switch {
		case m[2] >= 0:
			b.WriteString("<code>" + plain(part(1)) + "</code>")
		case m[4] >= 0:
			b.WriteString("<small>" + plain(part(3)) + "</small>")
		case m[8] >= 0:
			b.WriteString(`<a href="` + html.EscapeString(part(5)) + `" rel="noreferrer">` + plain(part(4)) + "</a>")
		default:
			b.WriteString(" <b>" + plain(part(6)) + "</b>")
		}
		at = m[1]
	}
	b.WriteString(plain(s[at:]))
	return b.String()
}
