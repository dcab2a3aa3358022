package render

import (
	"strings"

	"spendbot/analysis"
)

// lead is how an answer begins: the headline, then each part of the question that was declined, then the texts that
// come before the first table. What is said once is not said again: a question back is often the headline itself.
func lead(a *analysis.Answer) (headline string, texts []string, parts []analysis.Part) {
	headline = strings.TrimSpace(a.Headline)
	clarify := a.Reading.Clarify
	if headline == "" && clarify != nil {
		headline = clarify.Question
	}
	said := map[string]bool{headline: true}
	say := func(s string) {
		if s = strings.TrimSpace(s); s != "" && !said[s] {
			said[s] = true
			texts = append(texts, s)
		}
	}
	for _, d := range a.Reading.Declined {
		say(d)
	}
	parts = a.Parts
	for len(parts) > 0 && parts[0].Text != "" {
		say(parts[0].Text)
		parts = parts[1:]
	}
	if clarify != nil {
		say(clarify.Question)
	}
	return headline, texts, parts
}
