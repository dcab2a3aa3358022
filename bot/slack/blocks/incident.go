package blocks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/analysis/render"
	"spendbot/bot/slack/blockkit"
	"spendbot/bot/state"
)

// IncidentOptions are what is said of an incident beside what is kept of it.
type IncidentOptions struct {
	// Owner names whose it is: "team payments (#payments)"; "" says that nobody is known.
	Owner string
	// Person answers for that team and is called, by id; "" calls nobody.
	Person string
	// Elsewhere says why the thread is not in its owner's channel: "I am not in #search"; "" where it is.
	Elsewhere string
	// Near are events near its onset in time and place, the nearest first.
	Near []analysis.Event
	// Book is the title of the runbook that matches, Slug its name, and Check its first check; empty for none.
	Book, Slug, Check string
	Command           string // the slash command
	// Now is the moment that ages are counted from.
	Now time.Time
	// Demo says that the figures are made up.
	Demo bool
	// CanDeclare offers to declare it a billing incident; Room is the id of the channel of the one that it is.
	CanDeclare bool
	Room       string
	// Ticket is the line of its ticket ([TicketLine]); "" for none. CanTicket offers to open one.
	Ticket    string
	CanTicket bool
}

// incidentID is how an incident's id looks; only such go into a value.
var incidentID = regexp.MustCompile(`^I-[0-9A-Z]{1,32}$`)

// circles say how bad an incident is that nobody has closed; what was contained or closed has its own.
var circles = map[string]string{"high": ":red_circle:", "medium": ":large_orange_circle:", "low": ":large_yellow_circle:"}

func circle(in state.Incident) string {
	switch {
	case in.State == state.Resolved && in.Resolution == notUseful:
		return ":white_circle:"
	case in.State == state.Resolved:
		return ":white_check_mark:"
	case in.State == state.Expected:
		return ":white_circle:"
	case in.State == state.Contained:
		return ":large_green_circle:"
	case circles[in.Severity] != "":
		return circles[in.Severity]
	}
	return ":large_orange_circle:"
}

// notUseful is the resolution of an incident that somebody said is none; see bot/incident.
const notUseful = "not useful"

// dayName is "Wed 18 Nov".
func dayName(t time.Time) string { return t.Format("Mon 2 Jan") }

// about is an amount as an estimate is read: whole units, without a sign.
func about(d analysis.Amount, currency string) string { return render.Money(d.Abs(), currency) }

// way says which side of the expected an amount lies on.
func way(d analysis.Amount) string {
	if d.IsNegative() {
		return "under"
	}
	return "over"
}

// Incident is the root message of an incident's thread: what, where, since when, how much, why probably, whose, and what to do.
func Incident(in state.Incident, o IncidentOptions) Message {
	lines := withoutEmpty([]string{
		circle(in) + " " + strong(esc(incidentHead(in), 300)),
		esc(incidentCost(in), maxLine),
		incidentState(in, o.Now),
		esc(incidentMembers(in), 900),
		incidentSides(in),
		incidentWhy(in, o),
		incidentPerson(o),
		incidentRoom(o),
		incidentNear(o.Near),
		incidentBook(o),
		o.Ticket,
	})
	s := section(clipLines(lines, 2900))
	s.Expand = true
	blocks := []slack.Block{s, contextOf(incidentSmall(in, o))}
	if row := incidentActions(in, o); row != nil {
		blocks = append(blocks, row)
	}
	return Message{Text: quiet(incidentHead(in)+". "+incidentCost(in), maxFallback), Blocks: blocks}
}

// incidentRoom says where it is worked on; "" where it is not declared.
func incidentRoom(o IncidentOptions) string {
	if o.Room == "" {
		return ""
	}
	return ":rotating_light: worked on as a billing incident in <#" + o.Room + ">"
}

// incidentHead is "NAT gateway bytes · payments-prod · us-east-1: $2,410 on Fri 20 Nov, expected $590 to $760".
func incidentHead(in state.Incident) string {
	if n := len(in.Members); n > 0 {
		return fmt.Sprintf("%d things at once are off what was expected, since %s", n, dayName(in.Onset))
	}
	if in.Provisional() {
		return fmt.Sprintf("%s: %s in %s, expected %s", in.Title, render.Money(in.LastCost, in.Currency), counted(int(in.HoursEnd.Sub(in.OnsetHour).Hours()), "hour", "hours"), band(in))
	}
	return fmt.Sprintf("%s: %s on %s, expected %s", in.Title, render.Money(in.LastCost, in.Currency), dayName(in.Last), band(in))
}

// band is what was expected of its last day: "$590 to $760".
func band(in state.Incident) string {
	low, high := render.Money(in.Low, in.Currency), render.Money(in.High, in.Currency)
	if low == high {
		return low
	}
	return low + " to " + high
}

// incidentCost is what it has cost, costs a day, and will have cost.
func incidentCost(in state.Incident) string {
	money := func(d analysis.Amount) string { return about(d, in.Currency) }
	var b strings.Builder
	if in.Provisional() {
		return incidentHours(in)
	}
	if !in.Open || !in.Going {
		when := "on " + since(in)
		if !in.Onset.Equal(in.Last) {
			when = since(in) + " to " + dayName(in.Last)
		}
		fmt.Fprintf(&b, "%s: %s %s what was expected in all", when, money(in.Excess), way(in.Excess))
		return b.String()
	}
	fmt.Fprintf(&b, "since %s (%s): %s %s what was expected so far", since(in), counted(in.Days, "complete day", "complete days"), money(in.Excess), way(in.Excess))
	if in.Days > 1 {
		fmt.Fprintf(&b, ", %s a day now", money(in.Rate))
	}
	b.WriteString(incidentToCome(in))
	return b.String()
}

// incidentToCome is ", about $23,600 more by 30 Nov if nothing changes"; "" where nothing is known to come.
func incidentToCome(in state.Incident) string {
	if in.ToMonthEnd.IsZero() || in.ToMonthEnd.Sign() != in.Excess.Sign() {
		return ""
	}
	word := "more"
	if in.ToMonthEnd.IsNegative() {
		word = "less"
	}
	return fmt.Sprintf(", about %s %s by %s if nothing changes", about(in.ToMonthEnd, in.Currency), word, analysis.MonthOf(in.Through).Last().Format("2 Jan"))
}

// since is the day it began, and the hour where that is known: "Tue 24 Nov 14:00 UTC".
func since(in state.Incident) string {
	if in.OnsetHour.IsZero() {
		return dayName(in.Onset)
	}
	return in.OnsetHour.UTC().Format("Mon 2 Jan 15:04") + " UTC"
}

// incidentHours is what the hours of a day that is not complete have cost.
func incidentHours(in state.Incident) string {
	when := "since " + since(in)
	if !in.Open || !in.Going {
		end := in.HoursEnd.UTC().Format("15:04")
		if !analysis.DayOf(in.HoursEnd).Equal(analysis.DayOf(in.OnsetHour)) {
			end = in.HoursEnd.UTC().Format("Mon 2 Jan 15:04")
		}
		when = in.OnsetHour.UTC().Format("Mon 2 Jan 15:04") + " to " + end + " UTC"
	}
	s := fmt.Sprintf("by the hour, provisional: %s, %s %s what was expected", when, about(in.Excess, in.Currency), way(in.Excess))
	if in.Open && in.Going {
		s += " so far, " + about(in.Rate, in.Currency) + " a day at this rate" + incidentToCome(in)
	}
	return s
}

// incidentState says who answers for it and how far it has come; "" for one that is new.
func incidentState(in state.Incident, now time.Time) string {
	var said []string
	switch {
	case in.State == state.Resolved:
		switch {
		case in.Resolution == notUseful:
			return strong("Closed") + ": somebody called this not useful"
		case in.Resolution == "restated":
			return strong("Closed") + ": the bills were restated, or given another owner, and it is no longer in them"
		case in.Resolution == "new level":
			return strong("Closed") + ": this is the expected level from now on"
		case strings.HasPrefix(in.Resolution, "merged into "):
			return strong("Closed") + ": it is part of " + esc(strings.TrimPrefix(in.Resolution, "merged into "), 40)
		}
		return strong("Resolved") + ": back within what is expected since " + dayName(in.ResolvedDay)
	case in.State == state.Expected:
		return strong("Expected") + ": somebody said so; it does not alert again"
	case in.State == state.Contained:
		s := strong("Contained") + " on " + dayName(in.ContainedDay) + ": " + about(in.Rate, in.Currency) + " a day, after " + about(in.Peak.Rate, in.Currency) + " at most"
		if in.ContainedDay.IsZero() {
			s = strong("Contained") + ": " + about(in.Rate, in.Currency) + " a day, after " + about(in.Peak.Rate, in.Currency) + " at most"
		}
		said = append(said, s)
	}
	if userID.MatchString(in.AcknowledgedBy) {
		said = append(said, "<@"+in.AcknowledgedBy+"> is on it since "+in.AcknowledgedAt.UTC().Format("Mon 2 Jan 15:04")+" UTC")
	}
	if in.Open && in.AcknowledgedBy == "" && in.Escalations > 0 {
		said = append(said, "nobody has answered yet; asked again "+times(in.Escalations))
	}
	if in.Open && now.Before(in.SnoozedUntil) {
		said = append(said, "snoozed until "+in.SnoozedUntil.UTC().Format("Mon 2 Jan"))
	}
	return strings.Join(said, " · ")
}

// times is "once", "twice", "3 times".
func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// mostMembers is how many of a storm's members are named.
const mostMembers = 6

// incidentMembers names what a storm holds.
func incidentMembers(in state.Incident) string {
	if len(in.Members) == 0 {
		return ""
	}
	s := "the largest: " + strings.Join(in.Members[:min(len(in.Members), mostMembers)], "; ")
	if n := len(in.Members) - mostMembers; n > 0 {
		s += fmt.Sprintf("; and %d more", n)
	}
	return s + ". One message for all of them: a change of the whole bill, most likely"
}

// incidentWhy is "usage x4.1, price unchanged · owner: team payments".
func incidentWhy(in state.Incident, o IncidentOptions) string {
	var said []string
	if in.How != "" {
		said = append(said, esc(in.How, 300))
	} else if in.Kind != "" && len(in.Members) == 0 {
		said = append(said, esc(in.Kind, 40))
	}
	if n := len(in.Parts); n > 1 && len(in.Members) == 0 && incidentSides(in) == "" {
		said = append(said, counted(n, "slice", "slices")+", of one cause most likely")
	}
	owner := "owner: nobody is known"
	if o.Owner != "" {
		owner = "owner: " + esc(o.Owner, 120)
	}
	if o.Elsewhere != "" {
		owner += " (" + esc(o.Elsewhere, 160) + ")"
	}
	return strings.Join(append(said, owner), " · ")
}

// incidentPerson calls whoever answers for the team.
func incidentPerson(o IncidentOptions) string {
	if !userID.MatchString(o.Person) {
		return ""
	}
	return "<@" + o.Person + ">, this is your team's"
}

// mostSides is how many parts of a move are named.
const mostSides = 3

// incidentSides names the parts of an incident of which some went up and others down; "" where all went one way.
func incidentSides(in state.Incident) string {
	if len(in.Members) > 0 || !slices.ContainsFunc(in.Parts, func(p state.IncidentPart) bool { return p.Excess.Sign() != in.Parts[0].Excess.Sign() }) {
		return ""
	}
	// What the first line does not say: the usage type, where that tells the parts apart, else all but the service.
	shown := in.Parts[:min(len(in.Parts), mostSides)]
	names, seen, apart := make([]string, len(shown)), map[string]bool{}, true
	for i, p := range shown {
		pieces := strings.Split(p.Label, " · ")
		names[i] = pieces[min(1, len(pieces)-1)]
		apart = apart && !seen[names[i]]
		seen[names[i]] = true
	}
	var said []string
	for i, p := range shown {
		if !apart {
			_, names[i], _ = strings.Cut(p.Label, " · ")
		}
		said = append(said, render.Delta(p.Excess, in.Currency)+" "+esc(names[i], 100))
	}
	if n := len(in.Parts) - mostSides; n > 0 {
		said = append(said, fmt.Sprintf("%d more", n))
	}
	return "up and down: " + strings.Join(said, ", ")
}

// mostNear is how many events are named.
const mostNear = 2

// incidentNear says what happened near its onset, never as a cause.
func incidentNear(list []analysis.Event) string {
	if len(list) == 0 {
		return ""
	}
	var said []string
	for _, e := range list[:min(len(list), mostNear)] {
		said = append(said, esc(event.Line(e), 200))
	}
	s := "near in time: " + strings.Join(said, "; ")
	if n := len(list) - mostNear; n > 0 {
		s += fmt.Sprintf("; %d more", n)
	}
	return s + " (" + event.Caution + ")"
}

func incidentBook(o IncidentOptions) string {
	if o.Book == "" {
		return ""
	}
	s := "runbook: " + esc(o.Book, 120)
	if o.Check != "" {
		s += " · first check: " + prose(o.Check, 240)
	}
	return s
}

// incidentSmall is what is under it in small: what was measured, how far the data goes, and the ids.
func incidentSmall(in state.Incident, o IncidentOptions) string {
	said := []string{in.ID, "effective cost, " + in.Currency, "complete through " + in.Through.Format("2 Jan"), "the expected is an estimate"}
	if o.Demo {
		said = append(said, "made-up demo data")
	}
	if answerID.MatchString(in.Answer) {
		said = append(said, in.Answer)
	}
	return esc(strings.Join(said, " · "), maxItem)
}

// IncidentAct is what a press on an incident asks for.
type IncidentAct string

// The acts. Those of open modals end in "_open"; what a modal sends off has the name without.
const (
	ActAcknowledge IncidentAct = "ack"
	ActTakeOver    IncidentAct = "take_over" // from whoever is on it
	ActRelease     IncidentAct = "release"
	ActExplain     IncidentAct = "explain"
	ActExpect      IncidentAct = "expect"
	ActSnooze      IncidentAct = "snooze"
	ActNotUseful   IncidentAct = "not_useful"
	ActUndo        IncidentAct = "undo"
	ActRunbook     IncidentAct = "runbook"
	ActDeclare     IncidentAct = "declare"
	ActTicket      IncidentAct = "ticket"
)

var incidentActs = []IncidentAct{ActAcknowledge, ActTakeOver, ActRelease, ActExplain, ActExpect, ActSnooze, ActNotUseful, ActUndo, ActRunbook, ActDeclare, ActTicket}

const (
	incidentPrefix = "incident:"
	incidentMore   = incidentPrefix + "more"
)

// ParseIncident reads a press on an incident's message. ok is false for a press on something else, or one that names none.
func ParseIncident(actionID, value string) (act IncidentAct, id string, ok bool) {
	name, ours := strings.CutPrefix(actionID, incidentPrefix)
	if !ours {
		return "", "", false
	}
	if actionID == incidentMore {
		name, value, _ = strings.Cut(value, "|")
	}
	act = IncidentAct(name)
	if !slices.Contains(incidentActs, act) || !incidentID.MatchString(value) {
		return "", "", false
	}
	return act, value, true
}

// incidentActions is the row of buttons: what one does first, then the rest in a menu.
func incidentActions(in state.Incident, o IncidentOptions) *slack.ActionBlock {
	if !incidentID.MatchString(in.ID) {
		return nil
	}
	var row []slack.BlockElement
	press := func(act IncidentAct, label string) *slack.ButtonBlockElement {
		b := button(incidentPrefix+string(act), in.ID, label)
		row = append(row, b)
		return b
	}
	var more []*slack.OptionBlockObject
	option := func(act IncidentAct, label string) {
		if len(more) < blockkit.MaxOverflowOptions {
			more = append(more, slack.NewOptionBlockObject(string(act)+"|"+in.ID, plainText(label, blockkit.MaxOptionText), nil))
		}
	}
	verdict := in.State == state.Expected || in.Resolution == notUseful
	switch {
	case in.Open && in.AcknowledgedBy == "":
		press(ActAcknowledge, "I'm on it").WithStyle(slack.StylePrimary)
	case verdict:
		press(ActUndo, "Undo: it is not expected")
		if in.Resolution == notUseful {
			row = row[:0]
			press(ActUndo, "Undo: it is useful")
		}
	}
	if in.Question != "" {
		press(ActExplain, "Explain")
	}
	if in.Open && o.CanTicket {
		press(ActTicket, "Open ticket…")
	}
	if in.Open {
		press(ActExpect, "Expected…")
		press(ActSnooze, "Snooze…")
		option(ActNotUseful, "Not useful")
	}
	if o.Slug != "" {
		option(ActRunbook, "Runbook: "+o.Book)
	}
	if in.Open && o.CanDeclare {
		option(ActDeclare, "Declare incident")
	}
	if in.Open && in.AcknowledgedBy != "" {
		option(ActTakeOver, "I take it over")
		option(ActRelease, "Nobody is on it")
	}
	if len(more) == 1 { // a menu of one is a button
		act, _, _ := strings.Cut(more[0].Value, "|")
		press(IncidentAct(act), more[0].Text.Text)
		more = nil
	}
	if len(more) > 0 {
		row = append(row, slack.NewOverflowBlockElement(incidentMore, more...))
	}
	if len(row) == 0 {
		return nil
	}
	return slack.NewActionBlock("", row...)
}

// IncidentNews is a reply in an incident's thread: what changed, who did it and how it stands.
type IncidentNews struct {
	Kind   string // see [state.IncidentChange]
	Detail string
	Who    string // a person's id; "" the bot
	Was    state.IncidentAmounts
	// Mention are the people and user groups to call, by id.
	Mention []string
	// Undo offers to take it back.
	Undo  bool
	Why   string
	Until time.Time
}

// groupID is how Slack's ids of user groups look.
var groupID = regexp.MustCompile(`^S[A-Z0-9]{1,30}$`)

// calls are mentions of people and groups.
func calls(ids []string) string {
	var out []string
	for _, id := range ids {
		switch {
		case userID.MatchString(id):
			out = append(out, "<@"+id+">")
		case groupID.MatchString(id):
			out = append(out, "<!subteam^"+id+">")
		}
	}
	return strings.Join(out, " ")
}

// IncidentReply is a reply in an incident's thread.
func IncidentReply(in state.Incident, n IncidentNews) Message {
	cur := in.Currency
	who := "Somebody"
	if userID.MatchString(n.Who) {
		who = "<@" + n.Who + ">"
	}
	var said string
	switch n.Kind {
	case "grew":
		said = fmt.Sprintf("It grew: %s a day now, after %s when I last told. %s %s what was expected so far.", about(in.Rate, cur), about(n.Was.Rate, cur), about(in.Excess, cur), way(in.Excess))
		if !in.ToMonthEnd.IsZero() {
			said += fmt.Sprintf(" About %s more by %s if nothing changes.", about(in.ToMonthEnd, cur), analysis.MonthOf(in.Through).Last().Format("2 Jan"))
		}
	case "shrank":
		said = fmt.Sprintf("It shrank: %s a day now, after %s when I last told. %s %s what was expected so far.", about(in.Rate, cur), about(n.Was.Rate, cur), about(in.Excess, cur), way(in.Excess))
	case "contained":
		said = fmt.Sprintf("Contained, as far as the bill tells: the last complete days are below half of the worst (%s a day). %s %s what was expected so far.", about(in.Peak.Rate, cur), about(in.Excess, cur), way(in.Excess))
	case "resolved":
		switch in.Resolution {
		case "restated":
			said = fmt.Sprintf("The bills of these days were restated, or given another owner, and it is no longer in them: closed. It had been told as %s %s what was expected.", about(n.Was.Excess, cur), way(n.Was.Excess))
		case "new level":
			said = fmt.Sprintf("This has been the level for so long that I take it for the expected one from now on: closed. %s %s what was expected until then.", about(in.Excess, cur), way(in.Excess))
		default:
			said = fmt.Sprintf("Resolved: back within what is expected since %s. It came to %s %s what was expected, over %s.", dayName(in.ResolvedDay), about(in.Excess, cur), way(in.Excess), counted(in.Days, "day", "days"))
		}
	case "restated":
		said = fmt.Sprintf("The bills of these days were restated: %s %s what was expected so far, where I had told %s.", about(in.Excess, cur), way(in.Excess), about(n.Was.Excess, cur))
	case "reopened":
		said = fmt.Sprintf("It is back: %s on %s, expected %s.", render.Money(in.LastCost, cur), dayName(in.Last), band(in))
	case "merged":
		said = "This turned out to be part of " + n.Detail + ", which goes on in its own thread."
	case "escalated":
		said = "Nobody has answered for this yet. Is it yours? I'm on it, or Expected…, on the message above ends the asking."
	case "acknowledged":
		said = who + " is on it."
	case "released":
		said = who + " let it go: nobody is on it."
	case "expected":
		if n.Who == "" {
			said = "Somebody has said before that this is to be expected: closed, and no alert."
			break
		}
		said = who + " says that this is to be expected"
		if n.Until.IsZero() {
			said += " from now on"
		} else {
			said += " until " + n.Until.Format("Mon 2 Jan 2006")
		}
		if n.Why != "" {
			said += ": " + esc(n.Why, 300)
		}
		said += ". It does not alert again."
	case "snoozed":
		said = who + " wants to hear no more of it until " + n.Until.Format("Mon 2 Jan") + ", unless it grows or ends."
	case "not_useful":
		said = who + " calls this not useful: closed. It counts against the rule that told it (" + esc(in.Rule, 80) + ")"
		if n.Why != "" {
			said += ": " + esc(n.Why, 300)
		}
		said += "."
	case "undone":
		said = who + " took that back: it is open again."
	default:
		said = esc(n.Kind+" "+n.Detail, 300)
	}
	if c := calls(n.Mention); c != "" {
		said = c + " " + said
	}
	blocks := []slack.Block{section(said)}
	if n.Undo && incidentID.MatchString(in.ID) {
		blocks = append(blocks, slack.NewActionBlock("", button(incidentPrefix+string(ActUndo), in.ID, "Undo")))
	}
	return Message{Text: said, Blocks: blocks}
}

// mentioned is a mention in markup.
var mentioned = regexp.MustCompile(`<[@!][^>]*>`)

// plainMentions leaves mentions out of a text for notifications: they stand in the blocks.
func plainMentions(s string) string {
	s = strings.TrimSpace(mentioned.ReplaceAllString(s, ""))
	if s != "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// IncidentCall tells another channel that nobody answers for an incident.
func IncidentCall(in state.Incident, o IncidentOptions, mention []string) Message {
	head := "Nobody has answered for this yet: " + incidentHead(in)
	lines := []string{circle(in) + " " + strong(esc(head, 360)), esc(incidentCost(in), maxLine), incidentWhy(in, o)}
	if channelID.MatchString(in.Channel) {
		lines = append(lines, "its thread is in <#"+in.Channel+"> ("+in.ID+")")
	}
	if c := calls(mention); c != "" {
		lines = append([]string{c}, lines...)
	}
	return Message{Text: quiet(head+". "+incidentCost(in), maxFallback), Blocks: []slack.Block{section(clipLines(lines, 2900)), contextOf(incidentSmall(in, o))}}
}

// channelID is how Slack's ids of channels look.
var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{1,30}$`)

// IncidentRow is an incident in a list.
type IncidentRow struct {
	state.Incident
	Owner string
}

// IncidentsOptions say what a list of incidents is of.
type IncidentsOptions struct {
	Now     time.Time
	Scope   string
	Scoped  bool
	Command string
	Closed  int // how many were closed in the last 7 days
}

// mostIncidents is how many a list names.
const mostIncidents = 15

// Incidents lists the open incidents: how bad, what, how much, whose, for how long, and who is on it.
func Incidents(list []IncidentRow, o IncidentsOptions) Message {
	within := ""
	if o.Scoped {
		within = " within " + o.Scope
	}
	if len(list) == 0 {
		return Note("No incident is open" + strings.TrimSuffix(" "+quiet(within, 80), " ") + ". `" + o.Command + " anomalies` lists what stood out in the last two weeks, the expected and the closed too.")
	}
	unanswered := 0
	for _, r := range list {
		if r.AcknowledgedBy == "" {
			unanswered++
		}
	}
	head := counted(len(list), "incident is open", "incidents are open") + within + fmt.Sprintf(", %d without an answer", unanswered)
	p := newPage()
	p.lines(strong(esc(head, maxLine)))
	for i, r := range list {
		if i == mostIncidents {
			p.note(fmt.Sprintf("%d more; `spendbot incidents` lists them all", len(list)-i))
			break
		}
		in := r.Incident
		name := esc(in.Title, 160)
		if len(in.Members) > 0 {
			name = fmt.Sprintf("%d things at once", len(in.Members))
		}
		line := circle(in) + " " + strong(name) + "\n" + esc(incidentCost(in), 320) + "\n"
		who := []string{"nobody is known"}
		if r.Owner != "" {
			who[0] = esc(r.Owner, 100)
		}
		who = append(who, "open for "+age(o.Now.Sub(in.Opened)))
		switch {
		case userID.MatchString(in.AcknowledgedBy):
			who = append(who, "<@"+in.AcknowledgedBy+"> is on it")
		case o.Now.Before(in.SnoozedUntil):
			who = append(who, "snoozed until "+in.SnoozedUntil.UTC().Format("Mon 2 Jan"))
		default:
			who = append(who, "unanswered")
		}
		if channelID.MatchString(in.Channel) {
			who = append(who, "<#"+in.Channel+">")
		}
		p.lines(line + strings.Join(append(who, in.ID), " · "))
	}
	small := "over or under expected is an estimate; costs are exact"
	if o.Closed > 0 {
		small += " · " + counted(o.Closed, "was", "were") + " closed in the last 7 days"
	}
	p.note(small)
	return Message{Text: fallbackOf(head), Blocks: p.blocks}
}

// age is "3 hours", "2 days".
func age(d time.Duration) string {
	switch h := int(d.Hours()); {
	case h < 1:
		return "less than an hour"
	case h < 48:
		return counted(h, "hour", "hours")
	default:
		return counted(h/24, "day", "days")
	}
}
