package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/bot/backlog"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
	"spendbot/runbooks"
)

// TicketOptions say how tickets are made. Without a client none is.
type TicketOptions struct {
	Jira  *jira.Client
	Rules ticket.Rules
	// Target says where the tickets of a team go, by the owners of a day.
	Target func(team string, day time.Time) TicketTarget
	// Priority and Due are by severity; a priority is Jira's name for it.
	Priority map[incident.Severity]string
	Due      map[incident.Severity]time.Duration
	// Fields are further fields by id. A value "$saving", "$saving_low", "$saving_high", "$roi" (what a day of work brings a month), "$effort", "$risk", "$cost_centre", "$team" or "$incident" is filled in; anything else stands as it is.
	Fields map[string]any
	// Readers is what the readers of Jira's projects may see: a ticket of anything else is not made. Empty sees everything.
	Readers []analysis.Filter
	// Policy opens tickets by itself; nil for none.
	Policy *TicketPolicy
	// Poll is how often Jira is looked at for what people did there.
	Poll time.Duration
	// Emoji passes a reply of an incident's thread on to its ticket, by its name; [DefaultTicketEmoji] where it is "".
	Emoji string
}

// DefaultTicketEmoji is the emoji of TicketOptions; every workspace has it.
const DefaultTicketEmoji = "ticket"

// ShortcutTicket is the callback id of the message shortcut that opens a ticket.
const ShortcutTicket = "open_ticket"

// TicketTarget is where a ticket goes.
type TicketTarget struct {
	Project, Type, Assignee, CostCentre string
	Components, Labels                  []string
}

// TicketPolicy opens the ticket of an incident by itself.
type TicketPolicy struct {
	Name     string
	Severity incident.Severity // at least
	After    time.Duration     // how long it has been open
	DryRun   bool              // only the log says what would have been opened
}

// ticketLabel is on every ticket of the bot's.
const ticketLabel = "spendbot"

// noJira is said where Jira is not connected.
const noJira = "Jira is not connected here. Whoever runs me sets JIRA_URL, JIRA_USER and JIRA_TOKEN, and `jira.project` in the configuration; `spendbot check` proves it."

// openTicket opens the modal of an incident's ticket, filled in; where there is one that counts it says so, and one that was done lately is opened again.
func (b *Bot) openTicket(ctx context.Context, t *talk, in state.Incident) (string, error) {
	if b.opts.Tickets.Jira == nil {
		return ignored, b.whisper(ctx, t, noJira)
	}
	if !analysis.ScopeCovers(b.opts.Tickets.Readers, in.Filters) {
		return refused, errors.Join(b.whisper(ctx, t, "This is about more than the readers of the Jira project may see, so I make no ticket of it."), b.audit(ctx, t, in.Answer, refused, "ticket outside of the readers' scope"))
	}
	last, err := b.lastTicket(ctx, in.ID)
	if err != nil {
		return "", err
	}
	if last != nil {
		switch ticket.Anew(*last, b.opts.Tickets.Rules, false, b.opts.Today()) {
		case ticket.Keep:
			return ignored, b.aside(ctx, t, blocks.TicketThere(*last, b.browse(last.Key)))
		case ticket.Reopen:
			return b.reopenTicket(ctx, t, *last)
		}
	}
	f, err := b.ticketFacts(ctx, in)
	if err != nil {
		return "", err
	}
	made := b.ticketOf(in, f)
	form := blocks.TicketForm{Incident: in.ID, Summary: made.Summary, Project: made.Project, Type: made.Type, Priority: made.Priority, Assignee: b.target(in).Assignee, Due: made.Due,
		Components: strings.Join(made.Components, ", "), Labels: strings.Join(made.Labels, ", ")}
	if f.Saving.High.Sign() > 0 {
		form.Saving = f.Saving.Range() + " at " + string(f.Saving.Basis) + ", confidence " + string(f.Saving.Confidence)
	}
	if err := b.slack.OpenView(ctx, t.Trigger, blocks.TicketModal(form)); err != nil {
		b.log.Warn("modal not opened", "error", err)
		if slack.Fatal(err) {
			return "", err
		}
		return ignored, b.whisper(ctx, t, "Slack did not open the window in time. Please press again.")
	}
	return answered, b.audit(ctx, t, in.Answer, answered, "ticket")
}

func (b *Bot) browse(key string) string {
	if b.opts.Tickets.Jira == nil || key == "" {
		return ""
	}
	return b.opts.Tickets.Jira.Browse(key)
}

// ticketShortcut deals with "Open ticket" on a message: of an incident's thread that incident's, and on an answer that of the one open incident that it is about.
func (b *Bot) ticketShortcut(ctx context.Context, e slack.Event) (string, error) {
	in, err := b.incidentAt(ctx, e.Channel, e.Root())
	if err != nil {
		return "", err
	}
	if in == nil {
		return b.ticketOfAnswer(ctx, e)
	}
	return b.ticketAt(ctx, e, "shortcut", in.ID)
}

// ticketAt opens the modal of the ticket of an incident for somebody who named it.
func (b *Bot) ticketAt(ctx context.Context, e slack.Event, kind, id string) (string, error) {
	t, in, outcome, err := b.atIncident(ctx, e, kind, id)
	if err != nil || t == nil {
		return outcome, err
	}
	return b.openTicket(ctx, t, in)
}

// incidentAt is the incident whose thread begins with a message, the last of several; nil for none.
func (b *Bot) incidentAt(ctx context.Context, channel, thread string) (*state.Incident, error) {
	if channel == "" || thread == "" {
		return nil, nil
	}
	list, err := b.db.Incidents(ctx, state.IncidentFilter{Channel: channel, Thread: thread})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[len(list)-1], nil
}

// ticketOfAnswer opens the ticket of what an answer is about. A ticket is of something that the bot watches, so that its fix can be held against the bill: of an incident.
func (b *Bot) ticketOfAnswer(ctx context.Context, e slack.Event) (string, error) {
	t, done, err := b.begin(ctx, e, "shortcut")
	if err != nil || done {
		return refused, err
	}
	say := func(outcome, text, reason string) (string, error) {
		return outcome, errors.Join(b.whisper(ctx, t, text), b.audit(ctx, t, "", outcome, reason))
	}
	if b.opts.Tickets.Jira == nil {
		return say(ignored, noJira, "")
	}
	a, err := b.answerAt(ctx, e)
	if err != nil {
		return "", err
	}
	if a == nil {
		return say(clarified, fmt.Sprintf("A ticket is of an incident. Use this on a message of an incident's thread, or on an answer of mine that is about one; `%[1]s incidents` lists those that are open, and `%[1]s ticket I-7F3K2M` opens the ticket of one.", b.opts.Command), "no incident's message")
	}
	list, err := b.db.Incidents(ctx, state.IncidentFilter{Open: true})
	if err != nil {
		return "", err
	}
	list = slices.DeleteFunc(list, func(in state.Incident) bool {
		return in.Answer != a.ID && !analysis.ScopeCovers(a.Reading.Filters, in.Filters) || !analysis.ScopeCovers(t.grant.Scope, in.Filters)
	})
	if i := slices.IndexFunc(list, func(in state.Incident) bool { return in.Answer == a.ID }); i >= 0 {
		list = list[i : i+1]
	}
	switch len(list) {
	case 1:
		return b.openTicket(ctx, t, list[0])
	case 0:
		return say(clarified, "No open incident is about what this answer shows, so there is nothing to make a ticket of: a ticket is of what stands out in the bills. `"+b.opts.Command+" incidents` lists it.", "no incident in the answer")
	}
	return say(clarified, "Several open incidents lie in this answer. `"+b.opts.Command+" ticket I-7F3K2M` opens the ticket of one:"+openIncidents(list), "several incidents in the answer")
}

// answerAt is the answer that a message says, or that its thread is about; nil for none.
func (b *Bot) answerAt(ctx context.Context, e slack.Event) (*analysis.Answer, error) {
	id := ""
	p, err := b.db.PostAt(ctx, e.Channel, e.TS)
	if err == nil {
		id = answerIn(p)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if id == "" { // beside an answer, or it was said long ago
		th, err := b.db.Thread(ctx, e.Team, e.Channel, e.Root(), b.opts.Now())
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		id = th.Answer
	}
	s, err := b.db.Answer(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.Answer, nil
}

// lastTicket is the latest ticket of a subject; nil for none.
func (b *Bot) lastTicket(ctx context.Context, subject string) (*state.Ticket, error) {
	list, err := b.db.Tickets(ctx, state.TicketFilter{Subject: subject})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[len(list)-1], nil
}

// submitTicket makes the ticket that somebody sent off.
func (b *Bot) submitTicket(ctx context.Context, e slack.Event, id string) (string, error) {
	t, in, outcome, err := b.atIncident(ctx, e, "modal", id)
	if err != nil || t == nil {
		return outcome, err
	}
	if b.opts.Tickets.Jira == nil || !analysis.ScopeCovers(b.opts.Tickets.Readers, in.Filters) {
		return ignored, b.whisper(ctx, t, noJira)
	}
	f, err := b.ticketFacts(ctx, in)
	if err != nil {
		return "", err
	}
	made := b.ticketOf(in, f)
	said := func(id string) string { return strings.Join(strings.Fields(e.Inputs[id]), " ") }
	made.Summary, made.Type, made.Priority = said(blocks.InputSummary), said(blocks.InputType), said(blocks.InputPriority)
	made.Project = strings.ToUpper(said(blocks.InputProject))
	made.Components, made.Labels = listed(said(blocks.InputComponents)), listed(said(blocks.InputLabels))
	made.Due = time.Time{}
	if d := e.Inputs[blocks.InputDue]; d != "" {
		if made.Due, err = time.Parse(time.DateOnly, d); err != nil {
			return ignored, b.whisper(ctx, t, "The due day could not be read; please choose one again.")
		}
	}
	if bad := badLabel(made.Labels); bad != "" {
		return ignored, b.whisper(ctx, t, "A label of Jira's has no spaces: "+bad+". Please press again.")
	}
	note := ""
	if who := said(blocks.InputAssignee); who != "" {
		made.Assignee, note = b.assignee(ctx, made.Project, who)
	}
	k, fresh, err := b.claimTicket(ctx, in, f, made, t.User)
	if err != nil {
		return "", err
	}
	if !fresh {
		return ignored, b.aside(ctx, t, blocks.TicketThere(k, b.browse(k.Key)))
	}
	if note != "" {
		if err := b.whisper(ctx, t, note); err != nil {
			return "", err
		}
	}
	return answered, b.audit(ctx, t, in.Answer, answered, "ticket "+k.ID)
}

func listed(s string) (out []string) {
	for x := range strings.SplitSeq(s, ",") {
		if x = strings.TrimSpace(x); x != "" && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func badLabel(labels []string) string {
	for _, l := range labels {
		if !jira.LabelOK(l) {
			return l
		}
	}
	return ""
}

// assignTime bounds looking somebody up while a ticket waits to be made.
const assignTime = 15 * time.Second

// assignee finds the one person whom a name or an address means; otherwise nobody, and why.
func (b *Bot) assignee(ctx context.Context, project, who string) (id, note string) {
	ctx, cancel := context.WithTimeout(ctx, assignTime)
	defer cancel()
	var people []jira.Person
	err := b.opts.Tickets.Jira.Known(ctx)
	if err == nil {
		people, err = b.opts.Tickets.Jira.People(ctx, project, who)
	}
	switch {
	case err != nil:
		b.log.Warn("assignee not looked up", "error", err)
		return "", "I could not look up " + who + " in Jira, so the ticket is nobody's yet."
	case len(people) == 1:
		return people[0].ID, ""
	case len(people) == 0:
		return "", "Jira knows nobody called " + who + " who can have tickets of " + project + ": the ticket is nobody's yet."
	}
	for _, p := range people {
		if strings.EqualFold(p.Name, who) || p.ID == who {
			return p.ID, ""
		}
	}
	return "", fmt.Sprintf("%s could be %d people in Jira: the ticket is nobody's yet.", who, len(people))
}

// target is where the tickets of an incident go.
func (b *Bot) target(in state.Incident) TicketTarget {
	if b.opts.Tickets.Target == nil {
		return TicketTarget{}
	}
	return b.opts.Tickets.Target(in.Team, in.Onset)
}

// ticketOf is the ticket of an incident as the bot would make it. Its assignee is not looked up yet.
func (b *Bot) ticketOf(in state.Incident, f ticket.Facts) jira.Ticket {
	mid := f.Saving.Low.Add(f.Saving.High).Div(two).Round(2)
	var front runbooks.Front
	if f.Runbook != nil {
		front = f.Runbook.Front
	}
	score := backlog.Score(backlog.Opportunity{Low: f.Saving.Low, High: f.Saving.High, Confidence: f.Saving.Confidence, Effort: backlog.Effort(front.Effort), Risk: backlog.Risk(front.Risk)})
	k := b.ticketFor(b.target(in), map[string]any{"$saving": json.Number(mid.String()), "$saving_low": json.Number(f.Saving.Low.String()), "$saving_high": json.Number(f.Saving.High.String()),
		"$roi": json.Number(score.String()), "$effort": front.Effort, "$risk": front.Risk, "$team": in.Team, "$incident": in.ID})
	s := incident.Severity(in.Severity)
	k.Summary, k.Description, k.Priority = ticket.Summary(f), ticket.Description(f), b.opts.Tickets.Priority[s]
	if d := b.opts.Tickets.Due[s]; d > 0 {
		k.Due = analysis.Workday(b.opts.Today().UTC().Add(d).Truncate(24 * time.Hour))
	}
	return k
}

// ticketFor is an empty ticket for a target, with the fields that are configured; values are what stands for their "$names", and what has none is left out.
func (b *Bot) ticketFor(to TicketTarget, values map[string]any) jira.Ticket {
	k := jira.Ticket{Project: to.Project, Type: to.Type, Components: to.Components, Labels: []string{ticketLabel}, Custom: map[string]any{}}
	for _, l := range to.Labels {
		if !slices.Contains(k.Labels, l) {
			k.Labels = append(k.Labels, l)
		}
	}
	for id, v := range b.opts.Tickets.Fields {
		if name, ok := v.(string); ok && slices.Contains(ticketNames, name) {
			if v = values[name]; name == "$cost_centre" {
				v = to.CostCentre
			}
		}
		if v != nil && v != "" {
			k.Custom[id] = v
		}
	}
	return k
}

// ticketNames are the values of fields that are filled in; see [TicketOptions].
var ticketNames = []string{"$saving", "$saving_low", "$saving_high", "$roi", "$effort", "$risk", "$cost_centre", "$team", "$incident"}

// ticketFacts is what a ticket is made of: the incident as it is now, and what its last answer tells of it.
func (b *Bot) ticketFacts(ctx context.Context, in state.Incident) (ticket.Facts, error) {
	f := ticket.Facts{ID: in.ID, Slice: in.Title, Kind: in.Kind, Team: in.Team, Provider: in.Provider, How: in.How, Onset: in.Onset, Through: in.Through, Going: in.Going, Currency: in.Currency,
		PerDay: in.PerDay, SoFar: in.Excess, ToMonthEnd: in.ToMonthEnd, Low: in.Low, High: in.High}
	if n := len(in.Members); n > 0 {
		f.Slice = fmt.Sprintf("%d services at once", n)
	}
	if in.Thread != "" {
		f.Thread = slack.Permalink(b.slack.Self(), in.Channel, in.Thread)
	}
	if r, ok := b.books().Get(in.Runbook); ok && in.Runbook != "" {
		f.Runbook = &r
	}
	a, bridge, expected, err := expectedOf(ctx, b.db, in)
	if err != nil {
		return f, err
	}
	if a != nil {
		f.Evidence = []ticket.Evidence{{ID: a.ID, Question: a.Question, Queries: a.Trace.Queries}}
	}
	f.Bridge, f.Saving = bridge, expected
	near, err := b.about(ctx, in, b.names)
	if err != nil || len(b.opts.Tickets.Readers) > 0 { // what happened elsewhere may be none of the readers' business
		return f, err
	}
	for _, e := range near.Near {
		f.Events = append(f.Events, event.Line(e))
	}
	return f, nil
}

// expectedOf is what a fix of an incident should save, by the answer that tells of its drivers, with that answer and its bridge; nil where there are none.
func expectedOf(ctx context.Context, db *state.DB, in state.Incident) (a *analysis.Answer, bridge *analysis.Bridge, expected ticket.Saving, err error) {
	excess := []analysis.Amount{in.Rate}
	if in.Answer != "" {
		s, err := db.Answer(ctx, in.Answer)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, nil, expected, err
		default:
			a = s.Answer
			for _, p := range a.Parts {
				if p.Bridge != nil {
					bridge = p.Bridge
				}
				if p.Series != nil {
					if days := excessOf(p.Series, in); len(days) > 0 {
						excess = days
					}
				}
			}
		}
	}
	return a, bridge, ticket.Expect(excess, in.Going && in.Open, bridge, in.Currency), nil
}

// excessOf is what each day since the onset cost beyond the middle of what was expected, from the series of an incident's answer.
func excessOf(s *analysis.Series, in state.Incident) (out []analysis.Amount) {
	if len(s.Lines) < 3 {
		return nil
	}
	for i, d := range s.Days {
		cost, high, low := s.Lines[0].Values[i], s.Lines[1].Values[i], s.Lines[2].Values[i]
		if d.Before(in.Onset) || d.After(in.Last) || cost == nil || high == nil || low == nil {
			continue
		}
		out = append(out, cost.Sub(high.Add(*low).Div(two)).Round(2))
	}
	return out
}

// claimTicket keeps that a ticket is to be made, with the work that makes it: the ticket, its link to the thread, its chart.
func (b *Bot) claimTicket(ctx context.Context, in state.Incident, f ticket.Facts, made jira.Ticket, by string) (state.Ticket, bool, error) {
	k := state.Ticket{Subject: in.ID, Label: ticketLabel + "-" + identity(in), Project: made.Project, AskedBy: by, TicketDetail: state.TicketDetail{Type: made.Type, Summary: made.Summary,
		Team: b.slack.Self().Team, Channel: in.Channel, Thread: slack.Under(in.Root), Owner: in.Team, Currency: in.Currency, Low: f.Saving.Low, High: f.Saving.High, Basis: string(f.Saving.Basis), Resources: ticket.Carriers(f.Bridge)}}
	chart, err := b.drawn(ctx, in.Answer, b.opts.Tickets.Readers, b.names)
	if err != nil {
		return k, false, err
	}
	var more []ticketWork
	if f.Thread != "" {
		more = append(more, ticketWork{"link", jira.MethodRemoteLink, jira.Work{GlobalID: "spendbot/" + in.ID, URL: f.Thread, Title: "Slack: " + in.Title}})
	}
	if chart {
		more = append(more, ticketWork{"chart", jira.MethodAttach, jira.Work{Answer: in.Answer, File: fileChart, Name: in.Answer + ".png"}})
	}
	return b.claim(ctx, k, made, more...)
}

// ticketWork is what is to be done to a ticket once it is made, named by its part.
type ticketWork struct {
	part, method string
	work         jira.Work
}

// claim keeps that a ticket is to be made, with the work that makes it, once for its subject.
func (b *Bot) claim(ctx context.Context, k state.Ticket, made jira.Ticket, more ...ticketWork) (state.Ticket, bool, error) {
	k, fresh, err := b.db.ClaimTicket(ctx, k, b.opts.Today(), func(k state.Ticket) ([]state.Post, error) {
		made.Labels = append(slices.DeleteFunc(slices.Clone(made.Labels), func(l string) bool { return l == k.Label }), k.Label)
		if !slices.Contains(made.Labels, ticketLabel) {
			made.Labels = append(made.Labels, ticketLabel)
		}
		create, err := jira.Work{Create: &made}.Post(k.ID+"/create", jira.MethodCreate, k.ID)
		if err != nil {
			return nil, err
		}
		posts := []state.Post{create}
		for _, m := range more {
			p, err := m.work.Post(k.ID+"/"+m.part, m.method, k.ID)
			if err != nil {
				return nil, err
			}
			posts = append(posts, p)
		}
		return posts, nil
	})
	if err == nil && fresh {
		b.tickets.Wake()
	}
	return k, fresh, err
}

// identity names what an incident is of, the same for whoever finds it: of a store that was lost the ticket is still found in Jira.
func identity(in state.Incident) string {
	return hashOf(slices.Min(in.Series)+" "+in.Onset.Format(time.DateOnly), 10)
}

// hashOf is as many hexadecimal digits of a text's hash.
func hashOf(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

// reopenTicket opens a ticket again that was done lately: the same thing goes on.
func (b *Bot) reopenTicket(ctx context.Context, t *talk, k state.Ticket) (string, error) {
	if err := b.reopen(ctx, k, "<@"+t.User+"> opened it again from the thread", t.Key); err != nil {
		return "", err
	}
	return answered, errors.Join(b.whisper(ctx, t, k.Key+" was done not long ago: I open it again."), b.audit(ctx, t, "", answered, "ticket "+k.ID))
}

func (b *Bot) reopen(ctx context.Context, k state.Ticket, why, key string) error {
	now := b.opts.Today()
	_, err := b.db.ChangeTicket(ctx, k.ID, now, func(k *state.Ticket) (state.TicketStep, error) {
		if k.State != state.TicketDone {
			return state.TicketStep{}, nil
		}
		k.State, k.Open = state.TicketOpen, true
		move, err := jira.Work{To: jira.ToDo, Preferred: []string{"Reopen", "Reopened", "To Do"}}.Post(k.ID+"/reopen/"+key, jira.MethodTransition, k.ID)
		if err != nil {
			return state.TicketStep{}, err
		}
		return state.TicketStep{Changes: []state.TicketChange{{Kind: "reopened", Detail: why}}, Posts: []state.Post{move}}, nil
	})
	b.tickets.Wake()
	return err
}

// ticketReply is a word in the thread about a ticket, named by its part; none where there is no thread.
func (b *Bot) ticketReply(k *state.Ticket, part string, n blocks.TicketNews) ([]state.Post, error) {
	if k.Channel == "" || k.Thread == "" || k.Thread == slack.Under("") {
		return nil, nil
	}
	p, err := incidentPost(blocks.TicketReply(*k, b.browse(k.Key), n), "ticket/"+k.ID+"/"+part, slack.MethodPost, k.Channel, k.Thread, n.Answer)
	return []state.Post{p}, err
}

// ticketHooks tell the thread what becomes of its ticket.
func (b *Bot) ticketHooks() jira.Hooks {
	return jira.Hooks{
		Made: func(k *state.Ticket, made jira.Ref, dropped []string, found bool) (state.TicketStep, error) {
			n := blocks.TicketNews{Kind: "made", AskedBy: k.AskedBy, Dropped: dropped}
			if found {
				n.Kind = "found"
			}
			posts, err := b.ticketReply(k, "made", n)
			b.sender.Wake()
			return state.TicketStep{Changes: []state.TicketChange{{Kind: n.Kind, Detail: made.Key}}, Posts: posts}, err
		},
		Done: func(k *state.Ticket, p state.Post) (state.TicketStep, error) {
			ts, ok := passedOn(k, p)
			if !ok {
				return state.TicketStep{}, nil
			}
			mark, err := slack.Outgoing{Name: passedOnMark}.Post("ticket/"+p.Key+"/done", "", slack.MethodReact, k.Channel, ts, "")
			b.sender.Wake()
			return state.TicketStep{Posts: []state.Post{mark}}, err
		},
		Refused: func(k *state.Ticket, p state.Post, err error) (state.TicketStep, error) {
			step := state.TicketStep{Changes: []state.TicketChange{{Kind: "refused", Detail: p.Method + ": " + err.Error()}}}
			ts, reply := passedOn(k, p)
			if p.Method != jira.MethodCreate && !reply {
				return step, nil
			}
			n, part := blocks.TicketNews{Kind: "refused", Detail: err.Error()}, "refused"
			if e, ok := errors.AsType[*jira.Error](err); ok && e.Hint() != "" {
				n.Detail += ". " + e.Hint()
			}
			if reply {
				n.Kind, part = "not passed on", "refused/"+ts
			}
			var perr error
			step.Posts, perr = b.ticketReply(k, part, n)
			b.sender.Wake()
			return step, perr
		},
		Waiting: func(k *state.Ticket, err error) (state.TicketStep, error) {
			posts, perr := b.ticketReply(k, "queued", blocks.TicketNews{Kind: "queued"})
			b.sender.Wake()
			return state.TicketStep{Changes: []state.TicketChange{{Kind: "queued", Detail: err.Error()}}, Posts: posts}, perr
		},
		File: func(ctx context.Context, answer, file string) ([]byte, error) {
			body, err := b.content(ctx, answer, file)
			if err != nil { // a ticket without a picture is a ticket
				b.log.Warn("file of a ticket not made", "answer", answer, "file", file, "error", err)
				return nil, nil
			}
			return body, nil
		},
		Ours: ticket.Ours,
	}
}
