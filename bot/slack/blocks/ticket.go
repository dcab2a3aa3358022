package blocks

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/backlog"
	"spendbot/bot/slack/blockkit"
	"spendbot/bot/state"
)

// The modal of a ticket, by callback id, and its inputs, by block id. The private metadata is the incident's id.
const (
	ModalTicket = "ticket_open"

	InputSummary    = "summary"
	InputProject    = "project"
	InputType       = "type"
	InputPriority   = "priority"
	InputAssignee   = "assignee"
	InputDue        = "due"
	InputComponents = "components"
	InputLabels     = "labels"
)

// TicketForm is a ticket as the modal shows it, filled in.
type TicketForm struct {
	Incident                                                       string
	Summary, Project, Type, Priority, Assignee, Components, Labels string
	Due                                                            time.Time
	Saving                                                         string // what it should save, in a sentence
}

// ParseTicketModal reads which incident a modal of a ticket was opened for.
func ParseTicketModal(callback, meta string) (incident string, ok bool) {
	if callback != ModalTicket || !incidentID.MatchString(meta) {
		return "", false
	}
	return meta, true
}

// TicketModal shows a ticket that is about to be made, to be changed and sent off.
func TicketModal(f TicketForm) slack.ModalViewRequest {
	text := func(id, label, hint, value string, most int, optional bool) *slack.InputBlock {
		e := slack.NewPlainTextInputBlockElement(nil, id)
		e.MaxLength = most
		e.InitialValue = clipRunes(value, most)
		var h *slack.TextBlockObject
		if hint != "" {
			h = plainText(hint, 200)
		}
		in := slack.NewInputBlock(id, plainText(label, 200), h, e)
		in.Optional = optional
		return in
	}
	due := slack.NewDatePickerBlockElement(InputDue)
	if !f.Due.IsZero() {
		due.InitialDate = f.Due.Format(time.DateOnly)
	}
	day := slack.NewInputBlock(InputDue, plainText("Due", 200), nil, due)
	day.Optional = true
	intro := "The description is written from the incident: what changed, the evidence, the runbook's steps, how it will be verified."
	if f.Saving != "" {
		intro += "\nExpected saving: " + esc(f.Saving, 300)
	}
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: ModalTicket, PrivateMetadata: f.Incident, Title: plainText("Open a ticket", blockkit.MaxViewTitle),
		Submit: plainText("Open", blockkit.MaxViewTitle), Close: plainText("Cancel", blockkit.MaxViewTitle),
		Blocks: slack.Blocks{BlockSet: []slack.Block{section(intro),
			text(InputSummary, "Summary", "", f.Summary, 255, false),
			text(InputProject, "Project", "its key in Jira", f.Project, 40, false), text(InputType, "Type", "", f.Type, 60, false),
			text(InputAssignee, "Assignee", "a name or an e-mail address; empty: nobody yet", f.Assignee, 120, true),
			text(InputPriority, "Priority", "", f.Priority, 60, true), day,
			text(InputComponents, "Components", "with commas between", f.Components, 200, true),
			text(InputLabels, "Labels", "without spaces, with commas between", f.Labels, 200, true)}}}
}

func clipRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// ticketKey is how a key of Jira's looks; only such go into a link.
var ticketKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,60}-[0-9]{1,12}$`)

// TicketLink is a ticket's key as a link, or what there is of it.
func TicketLink(key, address string) string {
	if !ticketKey.MatchString(key) {
		return "the ticket"
	}
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://127.0.0.1") && !strings.HasPrefix(address, "http://localhost") || strings.ContainsAny(address, "<>| \n") {
		return key
	}
	return "<" + address + "|" + key + ">"
}

// TicketLine is what an incident's root message says of its ticket: "ticket FIN-12: In Progress, Ana, due 4 Dec", and of one that is done what the bill says of its fix; "" for none.
func TicketLine(t state.Ticket, address string, fix state.Saving) string {
	if t.ID == "" {
		return ""
	}
	if t.Key == "" {
		if t.State == state.TicketGone {
			return "ticket: Jira did not take it"
		}
		return "ticket: waits for Jira"
	}
	said := []string{}
	if t.Status != "" {
		said = append(said, esc(t.Status, 60))
	}
	if t.Resolution != "" && !strings.EqualFold(t.Resolution, t.Status) {
		said = append(said, esc(t.Resolution, 60))
	}
	switch {
	case t.State == state.TicketGone:
		said = []string{"no longer there"}
	case t.Assignee != "":
		said = append(said, esc(t.Assignee, 80))
	case t.State == state.TicketOpen:
		said = append(said, "nobody has it")
	}
	if t.Due != "" && t.State == state.TicketOpen {
		said = append(said, "due "+dueDay(t.Due))
	}
	s := "ticket " + TicketLink(t.Key, address)
	if len(said) > 0 {
		s += ": " + strings.Join(said, ", ")
	}
	if t.State == state.TicketDone && fix.Headline != "" {
		s += " · " + esc(strings.TrimSuffix(fix.Headline, "."), 240)
		if answerID.MatchString(fix.Answer) {
			s += " (" + fix.Answer + ")"
		}
	}
	return s
}

// TicketNews is a reply in the thread about a ticket.
type TicketNews struct {
	Kind    string // made, found, queued, refused, not passed on, done, ended, reopened, gone, comment, groom, saving
	Detail  string
	Who     string   // a name in Jira
	Dropped []string // fields that Jira would not take
	// AskedBy is the person who asked for it, by id; "" for a policy.
	AskedBy string
	// Answer is where a figure comes from.
	Answer string
}

// TicketReply is a reply in an incident's thread about its ticket. address is where people see it.
func TicketReply(t state.Ticket, address string, n TicketNews) Message {
	link := TicketLink(t.Key, address)
	var said string
	switch n.Kind {
	case "made", "found":
		said = "Ticket " + link + " is open: " + esc(t.Summary, 255)
		if n.Kind == "found" {
			said = "Ticket " + link + " was there already, and is this incident's: " + esc(t.Summary, 255)
		}
		if userID.MatchString(n.AskedBy) {
			said += "\nasked for by <@" + n.AskedBy + ">"
		} else if p, ok := strings.CutPrefix(t.AskedBy, "policy:"); ok {
			said += "\nopened by the policy " + esc(p, 60)
		}
		if len(n.Dropped) > 0 {
			said += "\nJira would not take " + esc(strings.Join(n.Dropped, ", "), 300) + ": left out. They are not on the project's form."
		}
	case "queued":
		said = "The ticket is written and waits: Jira does not answer well now. It arrives later, once."
	case "refused":
		said = "Jira did not take the ticket: " + esc(n.Detail, 500)
	case "not passed on":
		said = "A reply was not taken into " + link + ": " + esc(n.Detail, 500)
	case "done":
		said = link + " is done."
		if incidentID.MatchString(t.Subject) {
			said += " I compare the bill before and after once 7 complete days have passed, and say here what it saved."
		}
	case "ended":
		said = link + " was closed as " + strong(esc(n.Detail, 80)) + ". I open no other one for this on my own."
	case "reopened":
		said = link + " is open again."
	case "gone":
		said = esc(t.Key, 60) + " is no longer in Jira, or I may not see it any more."
	case "comment":
		said = strong(esc(n.Who, 80)) + " in " + link + ": " + esc(n.Detail, 2000)
	case "saving":
		said = link + ": " + esc(n.Detail, 500)
		if answerID.MatchString(n.Answer) {
			said += " (" + n.Answer + ")"
		}
	case "groom":
		said = groomed(backlog.Reason(n.Detail), link, t)
	default:
		said = link + ": " + esc(n.Kind+" "+n.Detail, 500)
	}
	return ticketMessage(said)
}

// TicketThere says to who asks for a ticket that there is one.
func TicketThere(t state.Ticket, address string) Message {
	return ticketMessage("There is a " + TicketLine(t, address, state.Saving{}) + ".")
}

// TicketsThere says which tickets the tasks of a review have.
func TicketsThere(list []state.Ticket, browse func(key string) string) Message {
	var said []string
	refused := 0
	for _, t := range list {
		switch {
		case t.Key != "":
			said = append(said, TicketLink(t.Key, browse(t.Key)))
		default:
			refused++
		}
	}
	if refused > 0 {
		said = append(said, counted(refused, "that Jira did not take", "that Jira did not take"))
	}
	return ticketMessage("The tasks of this review have their tickets: " + strings.Join(said, ", ") + ".")
}

func ticketMessage(said string) Message {
	return Message{Text: quiet(plainMentions(linked.ReplaceAllString(said, "$1")), maxFallback), Blocks: []slack.Block{section(said)}}
}

// linked is a link with words, in markup.
var linked = regexp.MustCompile(`<https?://[^|>]*\|([^>]*)>`)

// dueDay is a due date of Jira's, 2026-12-04, as people read it.
func dueDay(due string) string {
	if d, err := time.Parse(time.DateOnly, due); err == nil {
		return d.Format("2 Jan")
	}
	return esc(due, 20)
}

func groomed(why backlog.Reason, link string, t state.Ticket) string {
	switch why {
	case backlog.PastDue:
		return link + " was due on " + dueDay(t.Due) + ". Is that still the day? Moving it, or closing it as not worth doing, is fine too."
	case backlog.Nobody:
		return "Nobody has " + link + " yet. Whose is it?"
	case backlog.NoTeam:
		return link + " has no team and nobody has it. Does anybody here know whose it is?"
	case backlog.Stale:
		return fmt.Sprintf("Nothing has happened to %s for %d days. Still worth doing?", link, backlog.StaleDays)
	}
	return link
}

// About is an amount as an estimate is read: whole units, without a sign.
func About(d analysis.Amount, currency string) string { return about(d, currency) }

// BacklogOptions say what a backlog is of.
type BacklogOptions struct {
	Team    string
	Totals  []backlog.Total
	Command string
	Browse  func(key string) string
	Now     time.Time
}

// mostBacklog is how many opportunities a message names.
const mostBacklog = 10

// Backlog lists what could be saved, the most for a day of work first.
func Backlog(ranked []backlog.Opportunity, o BacklogOptions) Message {
	of := ""
	if o.Team != "" {
		of = " of team " + o.Team
	}
	open, head := backlogHead(ranked, o.Totals, of)
	if open == 0 {
		return Note("Nothing is open in the backlog" + quiet(of, 80) + ".")
	}
	p := newPage()
	p.lines(strong(esc(head, maxLine)))
	n := 0
	for _, x := range ranked {
		if !x.State.Open() {
			continue
		}
		if n++; n > mostBacklog {
			p.note(fmt.Sprintf("%d more; `spendbot backlog` lists them all", open-mostBacklog))
			break
		}
		p.lines(fmt.Sprintf("%d. ", n) + opportunity(x, o))
	}
	p.note("ranked by " + esc(backlog.HowRanked, 400) + ". What overlaps is counted once")
	return Message{Text: fallbackOf(head), Blocks: p.blocks}
}

// backlogHead says how many are open, and what they come to.
func backlogHead(ranked []backlog.Opportunity, totals []backlog.Total, of string) (open int, head string) {
	for _, x := range ranked {
		if x.State.Open() {
			open++
		}
	}
	head = counted(open, "opportunity", "opportunities") + of
	sep := ": "
	for _, t := range totals {
		if t.High.Sign() > 0 {
			head += sep + render.MoneyRange(t.Low, t.High, t.Currency) + " a month at " + string(t.Basis)
			sep = ", "
		}
	}
	return open, head
}

func opportunity(x backlog.Opportunity, o BacklogOptions) string {
	line := strong(esc(x.Title, 160))
	said := []string{render.MoneyRange(x.Low, x.High, x.Currency) + " a month, confidence " + string(x.Confidence), string(x.State)}
	if x.Effort != "" {
		said = append(said, "effort "+string(x.Effort))
	}
	switch {
	case x.Ticket != "" && o.Browse != nil:
		said = append(said, TicketLink(x.Ticket, o.Browse(x.Ticket)))
	case x.Ticket != "":
		said = append(said, esc(x.Ticket, 60))
	}
	switch {
	case x.Assignee != "":
		said = append(said, esc(x.Assignee, 80))
	case x.Team != "":
		said = append(said, "team "+esc(x.Team, 60))
	default:
		said = append(said, "nobody's")
	}
	said = append(said, age(o.Now.Sub(x.Since))+" old")
	if x.Overlaps != "" {
		said = append(said, "overlaps with "+esc(x.Overlaps, 40)+", not counted")
	}
	return line + "\n" + strings.Join(append(said, esc(x.ID, 40)), " · ")
}

// SavingRow is what the bill says of a fix, in a list.
type SavingRow struct {
	state.Ticket
	Saving state.Saving
}

// SavingsOptions say what a list of savings is of.
type SavingsOptions struct {
	Months []backlog.Month // what is realized, the latest first
	Totals []backlog.Sums
	Browse func(key string) string
}

// mostMonths is how many lines of months, teams and categories a message has.
const mostMonths = 8

// realized is what was saved and avoided, in words; what is nothing is left out.
func realized(saved, avoided analysis.Amount, currency string) string {
	var said []string
	if saved.Sign() != 0 {
		said = append(said, render.Money(saved, currency)+" saved")
	}
	if avoided.Sign() != 0 {
		said = append(said, render.Money(avoided, currency)+" avoided")
	}
	if len(said) == 0 {
		return "nothing"
	}
	return strings.Join(said, ", ")
}

// Savings says what is proved on the bill, and by which tickets.
func Savings(rows []SavingRow, o SavingsOptions) Message {
	if len(rows) == 0 {
		return Note("No fix has been held against the bill yet. A ticket that is done is, 7 complete days later.")
	}
	p := newPage()
	head := counted(len(rows), "fix", "fixes") + " held against the bill"
	for i, s := range o.Totals {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		head += sep + realized(s.Saved, s.Avoided, s.Currency)
	}
	p.lines(strong(esc(head, maxLine)))
	for _, s := range o.Totals {
		if s.SavedADay.Add(s.AvoidedADay).Sign() > 0 {
			p.lines("as things stand, a day: " + realized(s.SavedADay, s.AvoidedADay, s.Currency) + "; annualized (" + backlog.HowAnnualized + "): " + realized(s.SavedAnnualized, s.AvoidedAnnualized, s.Currency))
		}
	}
	for i, m := range o.Months {
		if i == mostMonths {
			p.note(fmt.Sprintf("%d more lines; `spendbot savings` has them all", len(o.Months)-i))
			break
		}
		where := "nobody's"
		if m.Team != "" {
			where = "team " + esc(m.Team, 60)
		}
		if m.Category != "" {
			where += ", " + esc(m.Category, 60)
		}
		p.lines(m.Month.Format("Jan 2006") + " · " + where + ": " + realized(m.Saved, m.Avoided, m.Currency))
	}
	for i, r := range rows {
		if i == mostBacklog {
			p.note(fmt.Sprintf("%d more; `spendbot savings` lists them all", len(rows)-i))
			break
		}
		address := ""
		if o.Browse != nil && r.Key != "" {
			address = o.Browse(r.Key)
		}
		line := TicketLink(r.Key, address) + " " + esc(r.Summary, 160) + "\n" + esc(r.Saving.Headline, 300)
		if answerID.MatchString(r.Saving.Answer) {
			line += " · " + r.Saving.Answer
		}
		p.lines(line)
	}
	p.note(esc(backlog.HowRealized, 500))
	return Message{Text: fallbackOf(head), Blocks: p.blocks}
}
