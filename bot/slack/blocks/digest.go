package blocks

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/pulse"
	"spendbot/analysis/render"
)

// DigestOptions are what a digest says of itself.
type DigestOptions struct {
	// Note stands in small before the rest: "due Monday 09:00", "preview".
	Note string
	// File says that the whole of it follows as a file in the thread.
	File bool
}

// amountFirst is a line that begins with an amount: "+$11,404 NAT gateway bytes".
var amountFirst = regexp.MustCompile(`^[+-]\S*[0-9]\S* `)

// Digest is a digest as a channel is sent it: numbers first, a line for each thing, what lies behind it on a press. Its tables are in
// its file and in its CSV.
func Digest(a *analysis.Answer, o DigestOptions) Message {
	headline, texts, _ := render.Lead(a)
	claim, rest, more := strings.Cut(headline, " · ")
	first := strong(esc(claim, maxBold*2))
	if first == "" {
		first = "Here is what I found."
	} else if more {
		first += " · " + esc(rest, maxLine)
	}
	p := newPage()
	for _, t := range texts {
		for _, line := range paragraphs(t, maxLine) {
			if at := amountFirst.FindString(line); at != "" {
				line = code(strings.TrimSpace(at), 60) + " " + strings.TrimPrefix(line, at)
			}
			p.lines(line)
		}
	}
	blocks := []slack.Block{section(first)}
	blocks = append(blocks, joined(p.blocks)...)
	small := smallPrint(a, Options{}, p.cut)
	if o.File {
		small = clipLines(withoutEmpty([]string{"All of it is in the file in the thread.", small}), maxSmall)
	}
	if note := prose(o.Note, maxCaveat); note != "" {
		small = clipLines(withoutEmpty([]string{note, small}), maxSmall)
	}
	if small != "" {
		blocks = append(blocks, contextOf(small))
	}
	if row := actions(a); row != nil {
		blocks = append(blocks, row)
	}
	if a.Reading.Topic != pulse.Daily { // a line a day need not ask each day whether it helped
		if f := feedback(a, false); f != nil {
			blocks = append(blocks, f)
		}
	}
	says := []string{stop(quiet(headline, 400))}
	for _, t := range texts[:min(len(texts), 2)] {
		says = append(says, stop(quiet(firstLine(t), 220)))
	}
	if answerID.MatchString(a.ID) {
		says = append(says, a.ID)
	}
	return Message{Text: strings.Join(withoutEmpty(says), " "), Blocks: blocks}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// joined puts sections that follow one another into one, as far as one has room: fewer gaps on a phone.
func joined(list []slack.Block) []slack.Block {
	var out []slack.Block
	for _, b := range list {
		s, ok := b.(*slack.SectionBlock)
		if n := len(out); ok && n > 0 {
			if last, is := out[n-1].(*slack.SectionBlock); is && len([]rune(last.Text.Text))+len([]rune(s.Text.Text))+1 <= 2900 {
				last.Text.Text += "\n" + s.Text.Text
				continue
			}
		}
		out = append(out, b)
	}
	return out
}

// DigestNote tells a channel of a change of its digests, with what can be done in small below. A mention of a person that stands first is one.
func DigestNote(text, small string) Message {
	who, rest, ok := strings.Cut(text, "> ")
	if id := strings.TrimPrefix(who, "<@"); ok && userID.MatchString(id) {
		m := DigestNote(rest, small)
		m.Text = "<@" + id + "> " + m.Text
		if s, is := m.Blocks[0].(*slack.SectionBlock); is {
			s.Text.Text = "<@" + id + "> " + s.Text.Text
		}
		return m
	}
	m := Note(text)
	if small = prose(small, maxLine); small != "" {
		m.Blocks = append(m.Blocks, contextOf(small))
	}
	return m
}
