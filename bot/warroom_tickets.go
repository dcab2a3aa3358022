package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/bot/declared"
	"spendbot/bot/jira"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
	"spendbot/runbooks"
)

// bookOf is the runbook of a declared incident: the one that matches, else that of severe incidents; nil for none.
func (b *Bot) bookOf(d state.Declared) *runbooks.Runbook {
	for _, slug := range []string{d.Runbook, severeBook} {
		if r, ok := b.books().Get(slug); ok {
			return &r
		}
	}
	return nil
}

// openTasks opens a ticket for each task of a closed incident's review: of each there is one, however often it is pressed, by whomever, and whichever review names it.
func (b *Bot) openTasks(ctx context.Context, t *talk, d state.Declared) (string, error) {
	switch {
	case b.opts.Tickets.Jira == nil:
		return ignored, b.tell(ctx, t, noJira)
	case !analysis.ScopeCovers(b.opts.Tickets.Readers, d.Filters):
		return refused, errors.Join(b.tell(ctx, t, "This is about more than the readers of the Jira project may see, so I make no tickets of it."), b.audit(ctx, t, "", refused, "tickets outside of the readers' scope"))
	case d.Open:
		return ignored, b.tell(ctx, t, d.ID+" is open again. Its tasks become tickets once it is closed.")
	}
	f := declared.Facts{Declared: d, Written: d.ClosedAt, Runbook: b.bookOf(d)}
	if d.Incident != "" {
		in, err := b.db.Incident(ctx, d.Incident)
		if err != nil {
			return "", err
		}
		f.Incident = &in
	}
	var there []state.Ticket
	waiting := 0
	for _, task := range declared.Prevention(f) {
		k, err := b.claimTask(ctx, t, d, task)
		if err != nil {
			return "", err
		}
		if k.Key == "" && k.State == state.TicketQueued {
			waiting++
		}
		there = append(there, k)
	}
	if waiting == 0 {
		return answered, errors.Join(b.aside(ctx, t, blocks.TicketsThere(there, b.browse)), b.audit(ctx, t, "", answered, "tickets of "+d.ID))
	}
	said := fmt.Sprintf("<@%s> opens tickets for the tasks of the review: %d are on their way to Jira and say so here.", t.User, waiting)
	if waiting == 1 {
		said = fmt.Sprintf("<@%s> opens a ticket for the task of the review: it is on its way to Jira and says so here.", t.User)
	}
	return answered, errors.Join(b.say(ctx, t, partAnswer, blocks.Linked(said)), b.audit(ctx, t, "", answered, "tickets of "+d.ID))
}

// claimTask keeps that a task is to become a ticket, where it has none yet: what people closed stays closed.
func (b *Bot) claimTask(ctx context.Context, t *talk, d state.Declared, task declared.Ticket) (state.Ticket, error) {
	subject := d.ID + ".p" + hashOf(task.Title, 8)
	last, err := b.lastTicket(ctx, subject)
	if err != nil {
		return state.Ticket{}, err
	}
	if last != nil {
		return *last, nil
	}
	team, _ := strings.CutPrefix(task.Owner, "team ")
	if team == task.Owner {
		team = ""
	}
	var to TicketTarget
	if b.opts.Tickets.Target != nil {
		to = b.opts.Tickets.Target(team, d.Onset)
	}
	made := b.ticketFor(to, map[string]any{"$team": team, "$incident": d.ID})
	address := slack.Permalink(b.slack.Self(), d.Channel, t.thread)
	made.Summary, made.Description = ticket.Task(ticket.TaskFacts{ID: d.ID, Task: task.Title, Title: d.Title, Owner: task.Owner, Since: d.Onset, Thread: address})
	if due, err := time.Parse(time.DateOnly, task.Due); err == nil {
		made.Due = due
	}
	k := state.Ticket{Subject: subject, Label: strings.ToLower(ticketLabel + "-" + strings.ReplaceAll(subject, ".", "-")), Project: made.Project, AskedBy: t.User,
		TicketDetail: state.TicketDetail{Type: made.Type, Summary: made.Summary, Team: b.slack.Self().Team, Channel: d.Channel, Thread: t.thread, Owner: team}}
	var more []ticketWork
	if address != "" {
		more = append(more, ticketWork{"link", jira.MethodRemoteLink, jira.Work{GlobalID: "spendbot/" + d.ID, URL: address, Title: "Slack: " + d.Title}})
	}
	k, _, err = b.claim(ctx, k, made, more...)
	return k, err
}
