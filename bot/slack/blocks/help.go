package blocks

import (
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/analysis/render"
	"spendbot/bot/slack/blockkit"
)

// HelpData is what help is made of.
type HelpData struct {
	// Examples are questions that the caller's own data answers.
	Examples []string
	// Scope is what the caller sees, in words; empty for everything.
	Scope string
	// Command is the slash command, with its slash.
	Command string
}

const maxExamples = 6

// Help teaches by examples.
func Help(h HelpData) Message {
	blocks := []slack.Block{section(strong("Ask what changed on the cloud bill, in your own words.") + "\n" +
		"Every answer adds up to the cent and shows the SQL it came from.")}
	examples := questions(h.Examples, maxExamples)
	for i, q := range examples {
		blocks = append(blocks, tryIt(i, q))
	}
	command := escCode(h.Command, 40)
	if command == "" {
		command = "/spend"
	}
	blocks = append(blocks, section(strings.Join([]string{
		"Reply in the thread to go on: `why?`, `and by team?`, `only production`, `and in October?`",
		"In a channel mention me, or use `" + command + "` and a question; in a direct message just write.",
		"`how is effective cost computed?` explains a figure, `how fresh is the data?` how far it reaches.",
		"`" + command + " runbook nat` says what to do about a cost, `" + command + " event deploy payments-api 4.18.0` tells me of a deploy, `" + command + " kpi` how incidents were caught.",
		"`" + command + " incidents` lists what is off and whose it is, `" + command + " backlog` what could be saved, `" + command + " savings` what fixes have saved on the bill.",
		"`" + command + " digest subscribe weekly` sends this channel the spend pulse on Mondays; daily and monthly ones too, `" + command + " digest preview` shows it now.",
	}, "\n")))
	small := "The figures come from the billing exports that were loaded here, by day in UTC; nothing is estimated."
	if h.Scope != "" {
		small += " You see: " + esc(h.Scope, 300) + "."
	}
	blocks = append(blocks, contextOf(small))
	say := "Ask what changed on the cloud bill, in your own words."
	for i, q := range examples[:min(len(examples), fallbackDrivers)] {
		if i == 0 {
			say += " For example:"
		}
		say += " " + stop(quiet(q, 140))
	}
	return Message{Text: say, Blocks: blocks}
}

// questions are those that can be asked with a button, without doubles.
func questions(qs []string, most int) []string {
	var out []string
	seen := map[string]bool{}
	for _, q := range qs {
		q = strings.Join(strings.Fields(render.Clean(q)), " ")
		if q == "" || seen[q] || utf8.RuneCountInString(q) > blockkit.MaxButtonValue {
			continue
		}
		if seen[q] = true; len(out) < most {
			out = append(out, q)
		}
	}
	return out
}

// tryIt is a question with a button that asks it.
func tryIt(i int, q string) slack.Block {
	b := slack.NewButtonBlockElement(numbered(PressTry, i), q, plainText("Ask", blockkit.MaxButtonText))
	b.AccessibilityLabel = plain("Ask: "+q, blockkit.MaxAccessibility) // all of them read "Ask" otherwise
	return slack.NewSectionBlock(markupText(code(q, 400)), nil, slack.NewAccessory(b))
}

// Prompt is a suggested prompt of the assistant's container: Title on the chip, Message is what is then asked.
type Prompt struct{ Title, Message string }

// maxPrompts is how many Slack takes.
const maxPrompts = 4

// Prompts are the questions as suggested prompts, four at most, under a title.
func Prompts(qs []string) (title string, prompts []Prompt) {
	for _, q := range questions(qs, maxPrompts) {
		prompts = append(prompts, Prompt{Title: plain(q, blockkit.MaxButtonText), Message: q})
	}
	return "Ask about cloud spend", prompts
}
