package blocks

import (
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/bot/slack/blockkit"
)

// The budgets of a message. Slack refuses more than 13,200 characters and 50 blocks; the body leaves room for what must stand
// under it, and all of it stays well below, because how Slack counts is not published.
const (
	maxHeadline = 800
	maxBody     = 7000
	maxSmall    = 2900 // the context block under an answer
	maxLine     = 700
	bodyBlocks  = 40
	maxBlock    = 5000 // characters of one table
)

// page gathers blocks until its budgets are used up.
type page struct {
	blocks []slack.Block
	room   int  // characters left
	slots  int  // blocks left
	cut    bool // something did not fit
	table  bool // the one table of a message is there
}

func newPage() *page { return &page{room: maxBody, slots: bodyBlocks} }

// roomFor reports whether a block of n characters would fit.
func (p *page) roomFor(n int) bool { return p.slots > 0 && n <= min(p.room, maxBlock) }

// take asks for room for a block of n characters.
func (p *page) take(n int) bool {
	if p.slots < 1 || n > p.room {
		p.cut = true
		return false
	}
	p.slots--
	p.room -= n
	return true
}

// add adds a block of n characters, if it fits.
func (p *page) add(b slack.Block, n int) bool {
	if !p.take(n) {
		return false
	}
	p.blocks = append(p.blocks, b)
	return true
}

// lines adds lines of markup as sections, as many lines to each as fit; a line longer than maxLine must not come in. It
// returns how many lines found room.
func (p *page) lines(lines ...string) int {
	done := 0
	var b []string
	size := 0
	flush := func() bool {
		if len(b) == 0 {
			return true
		}
		s := section(strings.Join(b, "\n"))
		s.Expand = true // figures that add up are of no use behind "see more"
		if !p.add(s, size) {
			return false
		}
		done += len(b)
		b, size = nil, 0
		return true
	}
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		n := utf8.RuneCountInString(l) + 1
		if size+n > blockkit.MaxSection || size+n > p.room {
			if !flush() {
				return done
			}
		}
		if n > p.room {
			p.cut = true
			return done
		}
		b, size = append(b, l), size+n
	}
	flush()
	return done
}

// fits reports whether all of the lines would find room.
func (p *page) fits(lines []string) bool {
	try := page{room: p.room, slots: p.slots}
	return try.lines(lines...) == len(lines)
}

// note adds a line of small print.
func (p *page) note(markup string) {
	if markup != "" {
		p.add(contextOf(markup), utf8.RuneCountInString(markup))
	}
}

// mono adds lines in a fixed width, all or none. The lines are plain text.
func (p *page) mono(lines []string) bool {
	text := strings.Join(lines, "\n")
	return strings.TrimSpace(text) != "" && p.add(preformatted(text), size(lines))
}

// size is how many characters the lines take.
func size(lines []string) int {
	n := 0
	for _, l := range lines {
		n += utf8.RuneCountInString(l) + 1
	}
	return n
}

func section(markup string) *slack.SectionBlock {
	return slack.NewSectionBlock(markupText(markup), nil, nil)
}

func contextOf(markup string) *slack.ContextBlock {
	return slack.NewContextBlock("", markupText(markup))
}

// preformatted is text as it is, in a fixed width; nothing in it is markup.
func preformatted(text string) *slack.RichTextBlock {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type:     slack.RTEPreformatted,
		Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}
