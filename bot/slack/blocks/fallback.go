package blocks

import (
	"strings"
	"unicode/utf8"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// maxFallback keeps a notification to what anyone listens to.
const maxFallback = 900

// fallbackDrivers is how many drivers, rows or lines a notification names.
const fallbackDrivers = 3

// fallback is the answer for notifications and screen readers: the headline, the top drivers, the period and the id, as plain
// sentences.
func fallback(a *analysis.Answer, o Options) string {
	headline, texts, parts := render.Lead(a)
	says := []string{stop(quiet(headline, 400))}
	if len(says[0]) == 0 {
		says[0] = "Here is what I found."
	}
	if len(texts) > 0 && !repeats(texts[0], a) {
		says = append(says, stop(quiet(texts[0], 200)))
	}
	for _, part := range parts {
		if s := stop(spoken(part, a)); s != "" {
			says = append(says, s)
			break
		}
	}
	if c := a.Reading.Clarify; c != nil {
		var labels []string
		for _, ch := range c.Choices[:min(len(c.Choices), choiceButtons)] {
			labels = append(labels, quiet(ch.Label, 60))
		}
		says = append(says, stop(strings.Join(withoutEmpty(labels), ", ")))
	}
	items, _ := render.Small(a)
	if len(items) > 0 {
		says = append(says, stop(quiet(strings.Join(items[:min(len(items), 2)], ", "), 160)))
	}
	var b strings.Builder
	b.WriteString(o.address())
	id := ""
	if answerID.MatchString(a.ID) {
		id = a.ID
	}
	for _, s := range withoutEmpty(says) {
		if utf8.RuneCountInString(b.String())+utf8.RuneCountInString(s)+len(id)+2 > maxFallback {
			break
		}
		b.WriteString(s + " ")
	}
	return strings.TrimSpace(b.String() + id)
}

// stop ends a sentence.
func stop(s string) string {
	if s = strings.TrimRight(s, " "); s == "" || strings.ContainsAny(s[len(s)-1:], ".?!:") || strings.HasSuffix(s, ellipsis) {
		return s
	}
	return s + "."
}

// spoken is a part in a sentence.
func spoken(part analysis.Part, a *analysis.Answer) string {
	var words []string
	switch {
	case part.Bridge != nil:
		for _, d := range render.ShowBridge(part.Bridge, nil, fallbackDrivers).Drivers {
			words = append(words, d.Amount+" "+d.Label)
		}
	case part.Table != nil && !drawn(a, part.Table):
		if s, ok := render.SeriesOf(part.Table); ok && len(s.Days) >= seriesDays {
			return spoken(analysis.Part{Series: s}, a)
		}
		if a.Reading.Intent == analysis.Freshness {
			for _, r := range render.ShowTable(throughOnly(part.Table), a.Currency, fallbackDrivers).Rows {
				words = append(words, strings.Join(withoutEmpty(r), " "))
			}
			break
		}
		v := render.ShowTable(part.Table, a.Currency, fallbackDrivers)
		if len(v.Rows) < 2 || v.Keys > len(v.Heads) {
			return ""
		}
		money := mainFigure(v)
		if money < v.Keys || v.Kinds[money] == analysis.ColCents {
			return ""
		}
		for _, r := range v.Rows[:min(len(v.Rows), fallbackDrivers)] {
			words = append(words, strings.TrimSpace(strings.Join(withoutEmpty(r[:v.Keys]), ", ")+" "+r[money]))
		}
	case part.Series != nil:
		for _, l := range render.ShowSeries(part.Series, a.Currency, a.Reading.Grain, fallbackDrivers, marks).Lines {
			words = append(words, strings.TrimPrefix(l.Name+": first "+l.First+", last "+l.Last+", highest "+l.High, ": "))
		}
	}
	for i, w := range words {
		words[i] = quiet(w, 140)
	}
	return strings.Join(withoutEmpty(words), "; ")
}
