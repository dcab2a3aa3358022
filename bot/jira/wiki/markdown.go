package wiki

import (
	"regexp"
	"strings"
)

// Markdown is a Markdown text of the kind runbooks are written in, as Jira's markup: paragraphs, lists, fenced code, `code`, **bold** and links. Whatever else
// is in it stays plain text.
func Markdown(md string) string {
	var out []string
	var code []string
	language := ""
	fenced := false
	for line := range strings.SplitSeq(strings.TrimSpace(strings.ReplaceAll(md, "\r\n", "\n")), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case fenced && strings.HasPrefix(trimmed, "```"):
			out, fenced = append(out, Code(language, strings.Join(code, "\n"))), false
		case fenced:
			code = append(code, line)
		case strings.HasPrefix(trimmed, "```"):
			fenced, code, language = true, nil, fence(trimmed)
		case strings.HasPrefix(trimmed, "#"):
			out = append(out, Heading(4, strings.TrimSpace(strings.TrimLeft(trimmed, "#"))))
		case strings.HasPrefix(trimmed, "- "), strings.HasPrefix(trimmed, "* "):
			out = append(out, "* "+inline(trimmed[2:]))
		case numbered.MatchString(trimmed):
			out = append(out, "# "+inline(numbered.ReplaceAllString(trimmed, "")))
		case trimmed == "":
			out = append(out, "")
		case len(out) > 0 && out[len(out)-1] != "" && !strings.HasSuffix(out[len(out)-1], "{code}") && !strings.HasPrefix(out[len(out)-1], "h4. "):
			out[len(out)-1] += " " + inline(trimmed) // a paragraph or an item goes on
		default:
			out = append(out, inline(trimmed))
		}
	}
	if fenced {
		out = append(out, Code(language, strings.Join(code, "\n")))
	}
	return strings.Join(out, "\n")
}

var numbered = regexp.MustCompile(`^\d{1,3}\. `)

// fence is the language of a fenced block, by Jira's names.
func fence(line string) string {
	switch lang := strings.TrimSpace(strings.TrimLeft(line, "`")); lang {
	case "sh", "bash", "shell":
		return "bash"
	case "sql", "json", "yaml", "go", "python":
		return lang
	}
	return "none"
}

var spans = regexp.MustCompile("`([^`\n]+)`|\\*\\*([^*\n]+)\\*\\*|\\[([^\\]\n]+)\\]\\(([^)\\s]+)\\)")

func inline(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range spans.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(Text(s[at:m[0]]))
		switch part := func(n int) string { return s[m[2*n]:m[2*n+1]] }; {
		case m[2] >= 0:
			b.WriteString(Mono(part(1)))
		case m[4] >= 0:
			b.WriteString(Bold(part(2)))
		default:
			b.WriteString(Link(part(3), part(4)))
		}
		at = m[1]
	}
	b.WriteString(Text(s[at:]))
	return b.String()
}
