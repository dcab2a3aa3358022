package blocks

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/bot/slack/blockkit"
	"spendbot/runbooks"
)

// Parts of a runbook that a window shows.
const (
	RunbookAll      = "all"
	RunbookCommands = "commands" // how to look closer
)

// RunbookOptions say how a runbook is shown.
type RunbookOptions struct {
	// Values fill in what its questions leave open: see [runbooks.Fill].
	Values map[string]string
	// Others are further runbooks that were asked for in the same words.
	Others  []runbooks.Runbook
	Command string // the slash command
}

// maxParagraph is how long a paragraph may be: a section has room for it.
const maxParagraph = 2600

// Runbook is what somebody needs first: what it is about, the first check, its questions as buttons, and how to contain it. The rest is a
// window away.
func Runbook(r runbooks.Runbook, o RunbookOptions) Message {
	p := newPage()
	p.lines(strong(esc(r.Front.Title, 150)))
	markdown(p, r.Summary())
	for _, title := range []string{"What you see", "First check"} {
		if text := r.Section(title); text != "" {
			p.lines(strong(title))
			markdown(p, text)
		}
	}
	if row, open := questionButtons(r, o.Values); row != nil || len(open) > 0 {
		p.lines(strong("Ask the bot"))
		p.lines(open...)
		if row != nil {
			p.add(row, 300)
		}
	}
	if text := r.Section("Contain"); text != "" {
		p.lines(strong("Contain"))
		markdown(p, text)
	}
	blocks := append([]slack.Block{}, p.blocks...)
	blocks = append(blocks, slack.NewActionBlock("", runbookButton(0, "Commands", r.Slug, RunbookCommands), runbookButton(1, "All of it", r.Slug, RunbookAll)))
	small := []string{"runbook " + r.Slug, "severity " + r.Front.Severity, "kept by " + r.Front.Owner, "reviewed " + r.Front.Reviewed}
	if r.Own {
		small = append(small, "your company's own")
	}
	lines := []string{esc(strings.Join(small, " · "), maxSmall)}
	if len(o.Others) > 0 {
		var others []string
		for _, x := range o.Others[:min(4, len(o.Others))] {
			others = append(others, code(o.Command+" runbook "+x.Slug, 90))
		}
		lines = append(lines, "also: "+strings.Join(others, " · "))
	}
	if p.cut {
		lines = append(lines, "Some of it is left out here, to fit Slack: "+code("spendbot runbook "+r.Slug, 120)+" shows all.")
	}
	return Message{Text: fallbackOf("Runbook: " + r.Front.Title), Blocks: append(blocks, contextOf(strings.Join(lines, "\n")))}
}

// runbookButton opens a part of a runbook in a window, from any message; n tells apart the buttons of one.
func runbookButton(n int, label, slug, part string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(fmt.Sprintf("%s:%d", PressRunbook, n), slug+"|"+part, plainText(label, blockkit.MaxButtonText))
}

// mostQuestions is how many questions of a runbook are buttons.
const mostQuestions = 5

// questionButtons are a runbook's questions: those that can be asked as they stand as buttons, the others as text.
func questionButtons(r runbooks.Runbook, values map[string]string) (row *slack.ActionBlock, open []string) {
	var buttons []slack.BlockElement
	for i, q := range r.Questions() {
		text, ok := runbooks.Fill(q, values)
		if !ok || len(buttons) == mostQuestions || utf8.RuneCountInString(text) > blockkit.MaxButtonValue {
			open = append(open, "• "+code(text, maxLabel))
			continue
		}
		buttons = append(buttons, slack.NewButtonBlockElement(fmt.Sprintf("%s:%d", PressTry, i), text, plainText(text, blockkit.MaxButtonText)))
	}
	if len(buttons) == 0 {
		return nil, open
	}
	return slack.NewActionBlock("", buttons...), open
}

// modalRoom is how many characters and blocks of a runbook a window shows.
const (
	modalRoom   = 20_000
	modalBlocks = 90
)

// RunbookView is a window with a runbook, or with a part of it.
func RunbookView(r runbooks.Runbook, part string) slack.ModalViewRequest {
	p := &page{room: modalRoom, slots: modalBlocks}
	title := "Runbook"
	if part == RunbookCommands {
		title = "Commands"
		p.lines(strong(esc(r.Front.Title, 150)))
		p.note("They only look. Fill in what stands in angle brackets.")
		markdown(p, r.Section("Look closer"))
	} else {
		p.lines(strong(esc(r.Front.Title, 150)))
		markdown(p, r.Body)
	}
	if p.cut {
		p.blocks = append(p.blocks, contextOf("The rest does not fit: "+code("spendbot runbook "+r.Slug, 120)+" shows all of it."))
	}
	if len(p.blocks) == 0 { // a runbook of nothing that can be shown
		p.lines("-")
	}
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: string(PressRunbook), Blocks: slack.Blocks{BlockSet: p.blocks},
		Title: plainText(title, blockkit.MaxViewTitle), Close: plainText("Close", blockkit.MaxViewTitle)}
}

// Runbooks lists runbooks; query is what they were searched by, "" for all there are.
func Runbooks(list []runbooks.Runbook, query, command string) Message {
	if len(list) == 0 {
		return Note(fmt.Sprintf("No runbook says anything of %q. `%s runbook` lists all there are.", quiet(query, 80), command))
	}
	head := fmt.Sprintf("%s, for what costs too much", counted(len(list), "runbook", "runbooks"))
	if query != "" {
		head = fmt.Sprintf("%s on %q", counted(len(list), "runbook", "runbooks"), quiet(query, 80))
	}
	p := newPage()
	p.lines(strong(esc(head, maxLine)))
	var lines []string
	for _, r := range list {
		words := r.Front.Words[:min(4, len(r.Front.Words))]
		l := code(command+" runbook "+r.Slug, 100) + "  " + esc(r.Front.Title, maxLabel)
		if r.Own {
			l += " (your company's own)"
		} else if len(words) > 0 {
			l += " · " + esc(strings.Join(words, ", "), maxLabel)
		}
		lines = append(lines, l)
	}
	p.lines(lines...)
	return Message{Text: fallbackOf(head), Blocks: p.blocks}
}

var (
	heading  = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	bullet   = regexp.MustCompile(`^(\s*)(?:[-*+]|(\d{1,3})[.)])\s+(.*)$`)
	mdLink   = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]*)\)`)
	consider = regexp.MustCompile(`\s+(Risk|Rollback):`)
)

// markdown adds Markdown as it is written in runbooks: headings, paragraphs, lists, code and tables, which become code.
func markdown(p *page, text string) {
	var para, lines []string
	sign := ""      // of the list entry that a paragraph is
	end := func() { // of a paragraph or a list entry
		if s := strings.TrimSpace(strings.Join(para, " ")); s != "" {
			said := inline(s)
			if len(said) > 0 && sign != "" {
				said[0] = sign + " " + said[0]
			}
			lines = append(lines, said...)
		}
		para, sign = nil, ""
	}
	flush := func() {
		end()
		p.lines(lines...)
		lines = nil
	}
	var fence []string
	fenced, mark := false, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		bare := strings.TrimSpace(line)
		switch {
		case fenced && strings.HasPrefix(bare, mark) && strings.Trim(bare, mark[:1]) == "":
			p.monoParts(fence)
			fence, fenced = nil, false
		case fenced:
			fence = append(fence, strings.ReplaceAll(line, "\t", "  "))
		case strings.HasPrefix(bare, "```") || strings.HasPrefix(bare, "~~~"):
			flush()
			fenced, mark = true, bare[:3]
		case strings.HasPrefix(bare, "|"):
			flush()
			p.monoParts([]string{bare})
		case bare == "":
			end()
		case heading.MatchString(bare):
			end()
			lines = append(lines, strong(esc(heading.FindStringSubmatch(bare)[1], maxLabel)))
		case bullet.MatchString(line):
			end()
			m := bullet.FindStringSubmatch(line)
			sign = "•"
			if m[2] != "" {
				sign = m[2] + "."
			}
			if len(m[1]) >= 2 {
				sign = "      ◦"
			}
			para = []string{m[3]}
		default:
			para = append(para, bare)
		}
	}
	if fenced {
		p.monoParts(fence)
	}
	flush()
}

// inline is a paragraph as lines of markup: what is strong and what is code stays so; risk and rollback of a step get lines of their own.
func inline(s string) []string {
	s = mdLink.ReplaceAllStringFunc(s, func(l string) string {
		m := mdLink.FindStringSubmatch(l)
		if strings.Contains(m[2], "://") {
			return m[1] + " (" + m[2] + ")"
		}
		return m[1] + " (`" + strings.TrimSuffix(m[2], ".md") + "`)"
	})
	s = consider.ReplaceAllString(s, "\n$1:")
	var out []string
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			name, rest, _ := strings.Cut(line, ":")
			out = append(out, "      _"+name+":_ "+bold(strings.TrimSpace(rest)))
			continue
		}
		out = append(out, bold(line))
	}
	return out
}

// bold is prose in which **this** is strong.
func bold(s string) string {
	parts := strings.Split(s, "**")
	if len(parts)%2 == 0 || len(parts) == 1 {
		return prose(s, maxParagraph)
	}
	var out []string
	for i, part := range parts {
		if m := prose(part, maxParagraph/len(parts)); m != "" {
			if i%2 == 1 && !strings.Contains(m, "`") {
				m = strong(m)
			}
			out = append(out, m)
		}
	}
	return strings.Join(out, " ")
}

// monoParts adds lines in a fixed width, in as many blocks as they need.
func (p *page) monoParts(lines []string) {
	const most = 2500
	var part []string
	n := 0
	for _, l := range lines {
		if r := []rune(l); len(r) > most {
			l = string(r[:most-1]) + ellipsis
		}
		if k := utf8.RuneCountInString(l) + 1; n+k > most && len(part) > 0 {
			p.mono(part)
			part, n = nil, 0
		}
		part, n = append(part, l), n+utf8.RuneCountInString(l)+1
	}
	if len(part) > 0 {
		p.mono(part)
	}
}
