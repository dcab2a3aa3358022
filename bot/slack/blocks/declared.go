package blocks

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"spendbot/bot/declared"
	"spendbot/bot/state"
)

// DeclaredCard is what the card of a declared billing incident shows.
type DeclaredCard struct {
	Declared state.Declared
	Exposure declared.Exposure
	// Options are the ways to contain it, of the runbook Book with the name Slug; none where none matches.
	Options    []declared.Option
	Book, Slug string
	Command    string // the slash command
	Emoji      string // marks a message for the timeline
	// Next is when the next status update comes; zero for none.
	Next time.Time
	Demo bool
}

// The presses of a declared incident's card.
const (
	DeclaredRole      = "role"
	DeclaredExec      = "exec"
	DeclaredContained = "contained"
	DeclaredGoesOn    = "goes_on"
	DeclaredClose     = "close"
	DeclaredReopen    = "reopen"
	DeclaredTickets   = "tickets" // of the tasks of its review
)

// DeclaredAction is a press of a declared incident's card.
type DeclaredAction struct {
	Do       string // one of the constants above
	Declared string // its id
	Role     string // of DeclaredRole
}

// declaredID is how a declared incident's id looks; only such go into a value.
var declaredID = regexp.MustCompile(`^B-[0-9A-Z]{1,32}$`)

const declaredPrefix = "declared:"

// ParseDeclared reads a press of a declared incident's card; false where it is none.
func ParseDeclared(actionID, value string) (DeclaredAction, bool) {
	do, ok := strings.CutPrefix(actionID, declaredPrefix)
	if !ok || !declaredID.MatchString(value) {
		return DeclaredAction{}, false
	}
	a := DeclaredAction{Do: do, Declared: value}
	if role, ok := strings.CutPrefix(do, DeclaredRole+":"); ok {
		a.Do, a.Role = DeclaredRole, role
		return a, declared.IsRole(role)
	}
	switch do {
	case DeclaredExec, DeclaredContained, DeclaredGoesOn, DeclaredClose, DeclaredReopen, DeclaredTickets:
		return a, true
	}
	return DeclaredAction{}, false
}

func personOf(id string) string {
	if !userID.MatchString(id) {
		return "nobody"
	}
	return "<@" + id + ">"
}

func utc(t time.Time) string { return t.UTC().Format("2 Jan 15:04") + " UTC" }

// Declared is the card of a declared incident, pinned in its channel and written again when something changes.
func Declared(c DeclaredCard) Message {
	d, x := c.Declared, c.Exposure
	sign, is := ":rotating_light:", "Billing incident"
	switch {
	case !d.Open:
		sign, is = ":white_check_mark:", "Closed billing incident"
	case !d.ContainedAt.IsZero():
		sign, is = ":large_green_circle:", "Contained billing incident"
	}
	head := []string{sign + " " + strong(esc(is+": "+d.Title, 300)), fmt.Sprintf("declared %s by %s", utc(d.Began), personOf(d.By))}
	if incidentID.MatchString(d.Incident) {
		head[1] += ", of " + d.Incident
	}
	if !d.Open {
		head[1] += fmt.Sprintf(" · closed %s by %s", utc(d.ClosedAt), personOf(d.ClosedBy))
	}
	p := newPage()
	p.lines(head...)
	var lines []string
	for _, l := range x.Lines() {
		lines = append(lines, prose(l, maxLine))
	}
	p.lines(lines...)
	p.lines(declaredRoles(d))
	if d.Open && d.ContainedAt.IsZero() {
		p.lines(declaredOptions(c)...)
	}
	p.note(clipLines(declaredSmall(c), maxSmall))
	p.blocks = append(p.blocks, declaredActions(d)...)
	return Message{Text: quiet(is+": "+x.Sentence(d.Title), maxFallback), Blocks: p.blocks}
}

func declaredRoles(d state.Declared) string {
	var parts []string
	for _, r := range declared.Roles {
		parts = append(parts, declared.RoleWords(r)+": "+personOf(d.Roles[r]))
	}
	return strings.Join(parts, " · ")
}

// mostOptions bounds the ways to contain something on a card; the runbook has all.
const mostOptions = 4

func declaredOptions(c DeclaredCard) []string {
	if len(c.Options) == 0 {
		return nil
	}
	out := []string{strong("To contain it") + ", from the runbook " + prose(c.Book, 100) + " (" + code(c.Command+" runbook "+c.Slug, 80) + "):"}
	for i, o := range c.Options {
		if i == mostOptions {
			out = append(out, counted(len(c.Options)-i, "more way is", "more ways are")+" in the runbook.")
			break
		}
		l := "• " + prose(o.Do, 300)
		if o.Risk != "" {
			l += " _Risk:_ " + prose(o.Risk, 200)
		}
		out = append(out, l)
	}
	return out
}

func declaredSmall(c DeclaredCard) []string {
	d, x := c.Declared, c.Exposure
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, prose(s, maxCaveat+100))
		}
	}
	add(x.Small())
	if len(d.Missing) > 0 {
		add("Not invited: " + strings.Join(d.Missing, "; ") + ".")
	}
	for _, t := range d.Troubles {
		add(t)
	}
	last := []string{d.ID}
	if answerID.MatchString(x.Answer) {
		last = append(last, x.Answer)
	}
	if d.Open && !c.Next.IsZero() {
		last = append(last, "next status "+utc(c.Next))
	}
	line := strings.Join(last, " · ")
	if d.Open && emojiName.MatchString(c.Emoji) {
		line += " · mark a message with :" + c.Emoji + ": for the timeline"
	}
	if c.Demo {
		line += " · made-up demo data"
	}
	return append(out, line)
}

var emojiName = regexp.MustCompile(`^[a-z0-9_+-]{1,60}$`)

func declaredActions(d state.Declared) []slack.Block {
	if !declaredID.MatchString(d.ID) {
		return nil
	}
	if !d.Open {
		return []slack.Block{slack.NewActionBlock("", button(declaredPrefix+DeclaredReopen, d.ID, "Reopen"), button(declaredPrefix+DeclaredExec, d.ID, "Executive update"))}
	}
	var roles []slack.BlockElement
	for _, r := range declared.Roles {
		label := "I am " + declared.RoleWords(r)
		if r == declared.Scribe || r == declared.Lead {
			label = "I am the " + declared.RoleWords(r)
		}
		roles = append(roles, button(declaredPrefix+DeclaredRole+":"+r, d.ID, label))
	}
	contained := button(declaredPrefix+DeclaredContained, d.ID, "It is contained")
	contained.Style = slack.StylePrimary
	if !d.ContainedAt.IsZero() {
		contained = button(declaredPrefix+DeclaredGoesOn, d.ID, "It goes on after all")
	}
	end := button(declaredPrefix+DeclaredClose, d.ID, "Close")
	end.Confirm = slack.NewConfirmationBlockObject(plainText("Close the billing incident?", 100), plainText("Status updates end, and a draft of the post-incident review is put into the channel. It can be reopened.", 300),
		plainText("Close it", 30), plainText("Not yet", 30))
	return []slack.Block{slack.NewActionBlock("", roles...), slack.NewActionBlock("", contained, button(declaredPrefix+DeclaredExec, d.ID, "Executive update"), end)}
}

// DeclaredStatus is a status update: all of it where there is news, else a line that says there is none.
func DeclaredStatus(d state.Declared, x declared.Exposure, n declared.News, next time.Time) Message {
	when := "next look " + utc(next)
	if !n.Fresh {
		line := strings.Join(withoutEmpty([]string{n.Text, declaredOver(x), upperFirst(when) + "."}), " ")
		return Message{Text: quiet(n.Text, maxFallback), Blocks: []slack.Block{contextOf(prose(line, maxLine))}}
	}
	p := newPage()
	head := strong("Status " + utc(x.At))
	if n.Text != "" {
		head += ": " + prose(n.Text, maxLine)
	}
	lines := []string{head}
	for _, l := range x.Lines() {
		lines = append(lines, prose(l, maxLine))
	}
	if s := declaredOver(x); s != "" {
		lines = append(lines, s)
	}
	p.lines(lines...)
	p.note(prose(x.Small(), maxCaveat) + "\n" + strings.Join([]string{d.ID, x.Answer, when}, " · "))
	return Message{Text: quiet("Status: "+x.Sentence(d.Title), maxFallback), Blocks: p.blocks}
}

// declaredOver says how the updates of something that is over end; "" while it goes on.
func declaredOver(x declared.Exposure) string {
	if !x.Over() {
		return ""
	}
	return "If it is over: Close, on the pinned card, ends these updates and drafts the review."
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// DeclaredUpdate is an executive update: a number and three sentences, to be copied as it stands.
func DeclaredUpdate(d state.Declared, x declared.Exposure, e declared.Exec) Message {
	p := newPage()
	p.lines(strong(esc(e.Number, 40)), prose(e.Sentences[0], maxLine), prose(e.Sentences[1], maxLine), prose(e.Sentences[2], maxLine))
	p.note(prose(x.Small(), maxCaveat) + "\n" + strings.Join([]string{"as of " + utc(x.At), d.ID, x.Answer}, " · "))
	return Message{Text: quiet(e.Number+": "+e.Sentences[0], maxFallback), Blocks: p.blocks}
}

// WithTasks adds to what is said of a closed incident the offer to open tickets for the tasks of its review.
func WithTasks(m Message, id string) Message {
	if declaredID.MatchString(id) {
		m.Blocks = append(m.Blocks, slack.NewActionBlock("", button(declaredPrefix+DeclaredTickets, id, "Open tickets")))
	}
	return m
}

// linkOf are the mentions that [Linked] keeps: of a person and of a channel, by id.
var linkOf = regexp.MustCompile(`<[@#][UWC][A-Z0-9]{1,30}>`)

// Linked is a short message of the bot's own in which people and channels are linked, as <@U012AB3CD> and <#C012AB3CD>. Nothing else in it is.
func Linked(text string) Message {
	var lines []string
	for line := range strings.Lines(text) {
		var b strings.Builder
		at := 0
		for _, m := range linkOf.FindAllStringIndex(line, -1) {
			b.WriteString(proseSpaced(line[at:m[0]]) + line[m[0]:m[1]])
			at = m[1]
		}
		b.WriteString(proseSpaced(line[at:]))
		if l := strings.TrimSpace(b.String()); l != "" {
			lines = append(lines, l)
		}
	}
	p := newPage()
	p.lines(lines...)
	if len(p.blocks) == 0 {
		p.lines("-")
	}
	s := clipLines(lines, maxFallback)
	if s == "" {
		s = "-"
	}
	return Message{Text: s, Blocks: p.blocks}
}

// proseSpaced is prose with the spaces around it kept: one piece of a line.
func proseSpaced(s string) string {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		if s != "" {
			return " "
		}
		return ""
	}
	out := prose(trimmed, maxLine)
	if s[0] == ' ' {
		out = " " + out
	}
	if s[len(s)-1] == ' ' {
		out += " "
	}
	return out
}
