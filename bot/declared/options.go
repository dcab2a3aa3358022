package declared

import (
	"regexp"
	"strings"

	"spendbot/runbooks"
)

// Option is a way to contain something, from a runbook.
type Option struct{ Do, Risk, Rollback string }

var (
	riskMark     = regexp.MustCompile(`\s*\bRisk:\s*`)
	rollbackMark = regexp.MustCompile(`\s*\bRollback:\s*`)
)

// Options are the ways to contain something that a runbook knows, with their risks.
func Options(r runbooks.Runbook) []Option {
	var out []Option
	for _, b := range bullets(r.Section("Contain")) {
		o := Option{Do: b}
		if at := rollbackMark.FindStringIndex(o.Do); at != nil {
			o.Do, o.Rollback = o.Do[:at[0]], strings.TrimSpace(o.Do[at[1]:])
		}
		if at := riskMark.FindStringIndex(o.Do); at != nil {
			o.Do, o.Risk = o.Do[:at[0]], strings.TrimSpace(o.Do[at[1]:])
		}
		out = append(out, o)
	}
	return out
}

// bullets are the items of a Markdown list, each on one line; where there is none, the sentences.
func bullets(text string) []string {
	var out []string
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n ")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if fenced || strings.TrimSpace(line) == "" {
			continue
		}
		if item, ok := strings.CutPrefix(line, "- "); ok {
			out = append(out, strings.TrimSpace(item))
		} else if n := len(out); n > 0 {
			out[n-1] += " " + strings.TrimSpace(line)
		}
	}
	if out == nil {
		return sentences(text)
	}
	return out
}

var sentenceEnd = regexp.MustCompile(`([.?])\s+([A-Z"])`)

// sentences are the sentences of a paragraph.
func sentences(text string) []string {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" {
		return nil
	}
	var out []string
	for _, s := range strings.Split(sentenceEnd.ReplaceAllString(text, "$1\n$2"), "\n") {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}
