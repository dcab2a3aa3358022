package ticket

import "strings"

// said is how runbooks begin what is for one provider alone, by FOCUS's provider names.
var said = map[string]string{"AWS": "AWS:", "Microsoft": "Azure:", "Google Cloud": "Google Cloud:"}

// forProvider leaves out what a runbook says for other providers: from a line that begins with a provider's name and a colon to the next such line, or to the
// end of the text. What comes before the first is for all. For a provider that the text does not name everything stays.
func forProvider(text, provider string) string {
	own, known := said[provider]
	if !known || !strings.HasPrefix(text, own) && !strings.Contains(text, "\n"+own) {
		return text
	}
	var out []string
	keep, fenced := true, false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if !fenced {
			for _, prefix := range said {
				if strings.HasPrefix(line, prefix) {
					keep = prefix == own
				}
			}
		}
		if keep {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
