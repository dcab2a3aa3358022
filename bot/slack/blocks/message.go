package blocks

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/slack/blockkit"
)

// Message is what is posted: Text for notifications, screen readers and clients without blocks, and the Blocks.
type Message struct {
	Text   string
	Blocks []slack.Block
}

// Options say for whom a message is.
type Options struct {
	// Ephemeral messages are seen by one person only, whom they need not address.
	Ephemeral bool
	// Mention is the id of the user to address, empty for nobody.
	Mention string
	// Demo says under the answer that the figures are made up.
	Demo bool
	// ButtonFeedback asks for feedback with ordinary buttons, where a client has no feedback buttons.
	ButtonFeedback bool
}

// userID is how Slack's ids of people look.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{1,30}$`)

// address is what stands before the first word.
func (o Options) address() string {
	if o.Ephemeral || !userID.MatchString(o.Mention) {
		return ""
	}
	return "<@" + o.Mention + "> "
}

// Answer is an answer of any kind: the headline, then its parts in their order, the small print, what to do next, and whether
// it helped. A question back comes with its choices as buttons.
func Answer(a *analysis.Answer, o Options) Message {
	if a.Reading.Intent == analysis.Digest {
		return Digest(a, DigestOptions{})
	}
	headline, texts, parts := render.Lead(a)
	p := newPage()
	var head []string
	for i, line := range strings.Split(headline, "\n") {
		if l := headlineText(line, a.Reading.Intent, i == 0); l != "" {
			head = append(head, l)
		}
	}
	first := clipLines(head, maxHeadline)
	if first == "" {
		first = "Here is what I found."
	}
	blocks := []slack.Block{section(o.address() + first)}
	for _, t := range texts {
		if !repeats(t, a) {
			p.lines(paragraphs(t, maxLine)...)
		}
	}
	for _, part := range parts {
		body(p, a, part)
	}
	blocks = append(blocks, p.blocks...)
	if s := smallPrint(a, o, p.cut); s != "" {
		blocks = append(blocks, contextOf(s))
	}
	if row := actions(a); row != nil {
		blocks = append(blocks, row)
	}
	if f := feedback(a, o.ButtonFeedback); f != nil {
		blocks = append(blocks, f)
	}
	return Message{Text: fallback(a, o), Blocks: blocks}
}

// body adds one part.
func body(p *page, a *analysis.Answer, part analysis.Part) {
	switch {
	case part.Bridge != nil:
		bridge(p, part.Bridge, a)
	case part.Series != nil:
		series(p, part.Series, a)
	case part.Table != nil:
		if !drawn(a, part.Table) {
			table(p, part.Table, a)
		}
	default:
		p.lines(paragraphs(part.Text, maxLine)...)
	}
}

// maxBold is how long a headline may be to stand in bold as a whole.
const maxBold = 140

// headlineText sets what a sentence says first in bold: "*Spend rose $18,412 (+7.9%) last week*: $251,007, after $232,595". A
// question back and a refusal are talk and stay plain.
func headlineText(line string, intent analysis.Intent, first bool) string {
	if !first || intent == analysis.Ambiguous || intent == analysis.OutOfScope {
		return prose(line, maxLine)
	}
	end := len(line)
	for _, mark := range []string{": ", "; ", ". "} {
		if i := strings.Index(line, mark); i > 0 && i < end && strings.Count(line[:i], `"`)%2 == 0 && strings.Count(line[:i], "`") == 0 {
			end = i
		}
	}
	claim, rest := line[:end], line[end:]
	if strings.Contains(claim, "`") || utf8.RuneCountInString(claim) > maxBold {
		return prose(line, maxLine)
	}
	bold := strong(esc(claim, maxBold*2))
	if bold == "" || rest == "" {
		return bold
	}
	return bold + rest[:1] + " " + prose(rest[1:], maxLine-utf8.RuneCountInString(bold)-2)
}

// clipLines joins lines as long as they fit.
func clipLines(lines []string, most int) string {
	var b strings.Builder
	n := 0
	for _, l := range lines {
		if n += utf8.RuneCountInString(l) + 1; n > most {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
	}
	return b.String()
}

// maxCaveats and maxCaveat bound what stands in small under an answer.
const (
	maxCaveats = 6
	maxCaveat  = 260
	maxItem    = 220
)

// smallPrint is the context under an answer: caveats, a line each, then what was measured, over which days, how far the data
// is whole, within which scope, and the id.
func smallPrint(a *analysis.Answer, o Options, cut bool) string {
	items, caveats := render.Small(a)
	var lines []string
	if cut {
		lines = append(lines, "Some of it is left out here, to fit Slack"+whereRest(a)+".")
	}
	saidDemo := false
	for i, c := range caveats {
		if i == maxCaveats {
			lines = append(lines, counted(len(caveats)-i, "more caveat", "more caveats")+whereRest(a)+".")
			break
		}
		saidDemo = saidDemo || strings.Contains(c, "demo company")
		lines = append(lines, prose(c, maxCaveat))
	}
	var line []string
	for _, it := range items {
		line = append(line, esc(it, maxItem))
	}
	if o.Demo && !saidDemo {
		line = append(line, "made-up demo data")
	}
	if answerID.MatchString(a.ID) {
		line = append(line, a.ID)
	}
	lines = append(lines, strings.Join(line, " · "))
	return clipLines(withoutEmpty(lines), maxSmall)
}

func withoutEmpty(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}

// whereRest says where what is not shown can be had: ": CSV or `spendbot trace Q-7F3K2M`".
func whereRest(a *analysis.Answer) string {
	if !answerID.MatchString(a.ID) {
		return ""
	}
	trace := "`spendbot trace " + a.ID + "`"
	if hasFigures(a) {
		return ": CSV or " + trace
	}
	return ": " + trace
}

// Note is a short message of the bot's own; `code` in it is kept.
func Note(text string) Message {
	lines := paragraphs(text, maxLine)
	p := newPage()
	p.lines(lines...)
	if len(p.blocks) == 0 {
		p.lines("-")
	}
	return Message{Text: fallbackOf(text), Blocks: p.blocks}
}

// Refusal tells somebody that they may not; it holds no data.
func Refusal(text string) Message { return Note(text) }

// Trouble tells that something went wrong and what can be done.
func Trouble(text string) Message { return Note(text) }

func fallbackOf(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = quiet(line, maxLine); line != "" {
			lines = append(lines, line)
		}
	}
	if s := clipLines(lines, maxFallback); s != "" {
		return s
	}
	return "-"
}

// Plain is the message as text only, for where Slack refuses the blocks: what they say, without what can be pressed.
func Plain(m Message) Message {
	var lines []string
	for _, b := range m.Blocks {
		lines = append(lines, flat(b)...)
	}
	s := clipLines(withoutEmpty(lines), maxPlain)
	if s == "" {
		s = m.Text
	}
	return Message{Text: s}
}

// maxPlain is what Slack advises for a message's text.
const maxPlain = 3900

// flat is a block as lines of markup.
func flat(b slack.Block) []string {
	switch b := b.(type) {
	case *slack.SectionBlock:
		if b.Text != nil {
			return strings.Split(b.Text.Text, "\n")
		}
	case *slack.HeaderBlock:
		return []string{strong(esc(b.Text.Text, blockkit.MaxHeader*2))}
	case *slack.ContextBlock:
		var out []string
		for _, e := range b.ContextElements.Elements {
			if t, ok := e.(*slack.TextBlockObject); ok {
				out = append(out, strings.Split(t.Text, "\n")...)
			}
		}
		return out
	case *slack.TableBlock:
		var out []string
		for _, r := range b.Rows {
			var cells []string
			for _, c := range r {
				if t, ok := c.(*slack.TableRawTextCell); ok && strings.TrimSpace(t.Text) != "" {
					cells = append(cells, esc(t.Text, maxCell*5))
				}
			}
			out = append(out, strings.Join(cells, " · "))
		}
		return out
	case *slack.RichTextBlock:
		var out []string
		for _, e := range b.Elements {
			if pre, ok := e.(*slack.RichTextPreformatted); ok {
				for _, x := range pre.Elements {
					if t, ok := x.(*slack.RichTextSectionTextElement); ok {
						for l := range strings.Lines(t.Text) {
							out = append(out, code(l, maxLine))
						}
					}
				}
			}
		}
		return out
	case *slack.ActionBlock:
		var labels []string
		for _, e := range b.Elements.ElementSet {
			if btn, ok := e.(*slack.ButtonBlockElement); ok && strings.HasPrefix(btn.ActionID, string(PressChoice)+":") {
				labels = append(labels, esc(btn.Text.Text, maxLine))
			}
			if sel, ok := e.(*slack.SelectBlockElement); ok {
				for _, o := range sel.Options {
					labels = append(labels, esc(o.Text.Text, maxLine))
				}
			}
		}
		return labels
	}
	return nil
}
