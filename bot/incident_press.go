package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/incident"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// pressIncident deals with a button or a menu under an incident. Only who may see what it is about may say something of it.
func (b *Bot) pressIncident(ctx context.Context, e slack.Event, act blocks.IncidentAct, id string) (string, error) {
	t, in, outcome, err := b.atIncident(ctx, e, "button", id)
	if err != nil || t == nil {
		return outcome, err
	}
	switch act {
	case blocks.ActExplain:
		return b.answer(ctx, t, desk.Question{Text: in.Question})
	case blocks.ActExpect, blocks.ActSnooze:
		if !in.Open {
			return ignored, b.whisper(ctx, t, closedWords(in))
		}
		view := blocks.ExpectModal(in)
		if act == blocks.ActSnooze {
			view = blocks.SnoozeModal(in, b.opts.Today())
		}
		if err := b.slack.OpenView(ctx, t.Trigger, view); err != nil {
			b.log.Warn("modal not opened", "error", err)
			if slack.Fatal(err) {
				return "", err
			}
			return ignored, b.whisper(ctx, t, "Slack did not open the window in time. Please press again.")
		}
		return answered, b.audit(ctx, t, in.Answer, answered, "")
	case blocks.ActRunbook:
		return b.showRunbook(ctx, t, blocks.Action{Kind: blocks.PressRunbook, Runbook: in.Runbook, Part: blocks.RunbookAll})
	case blocks.ActDeclare:
		return b.declareIncident(ctx, t, in)
	case blocks.ActTicket:
		return b.openTicket(ctx, t, in)
	}
	return b.byHand(ctx, t, in, act, time.Time{}, "")
}

// submitIncident deals with a modal of an incident that was sent off.
func (b *Bot) submitIncident(ctx context.Context, e slack.Event, act blocks.IncidentAct, id string) (string, error) {
	t, in, outcome, err := b.atIncident(ctx, e, "modal", id)
	if err != nil || t == nil {
		return outcome, err
	}
	var until time.Time
	if day := e.Inputs[blocks.InputUntil]; day != "" {
		if until, err = time.Parse(time.DateOnly, day); err != nil {
			return ignored, b.whisper(ctx, t, "That day could not be read; please choose one again.")
		}
	}
	return b.byHand(ctx, t, in, act, until, strings.Join(strings.Fields(e.Inputs[blocks.InputWhy]), " "))
}

// atIncident looks up who does something at which incident; t is nil where they may not, and have been told.
func (b *Bot) atIncident(ctx context.Context, e slack.Event, kind, id string) (t *talk, in state.Incident, outcome string, err error) {
	t, done, err := b.begin(ctx, e, kind)
	if err != nil || done {
		return nil, in, refused, err
	}
	in, err = b.db.Incident(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, in, ignored, b.whisper(ctx, t, "I no longer have that incident.")
	}
	if err != nil {
		return nil, in, "", err
	}
	if !analysis.ScopeCovers(t.grant.Scope, in.Filters) {
		return nil, in, refused, errors.Join(b.whisper(ctx, t, "This is about more than you may see, so you cannot answer for it. Whoever may see all of it can."),
			b.audit(ctx, t, "", refused, "incident "+id+" is outside of the scope"))
	}
	return t, in, "", nil
}

// closedWords says why there is nothing to answer for any more.
func closedWords(in state.Incident) string {
	return fmt.Sprintf("%s is closed already (%s): nothing changed.", in.ID, cmp.Or(in.Resolution, string(in.State)))
}

// byHand carries out what somebody said of an incident, once however often the press is dealt with.
func (b *Bot) byHand(ctx context.Context, t *talk, in state.Incident, act blocks.IncidentAct, until time.Time, why string) (string, error) {
	key := t.Key + "/incident"
	if _, err := b.db.PostByKey(ctx, key); err == nil { // an earlier attempt came that far
		return answered, b.audit(ctx, t, in.Answer, answered, "")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	about, err := b.about(ctx, in, b.names)
	if err != nil {
		return "", err
	}
	var verdicts []state.Verdict
	if act == blocks.ActUndo {
		if verdicts, err = b.db.Verdicts(ctx, in.ID); err != nil {
			return "", err
		}
	}
	now := b.opts.Today()
	stands := in
	_, err = b.db.ChangeIncident(ctx, in.ID, now, func(in *state.Incident) (state.IncidentStep, error) {
		was := *in
		stands = was
		next, says, verdict, undo, err := byHand(was, act, t.User, why, until, now, verdicts)
		if err != nil {
			return state.IncidentStep{}, err
		}
		if len(says) == 0 {
			return state.IncidentStep{}, errUnchanged
		}
		*in = next
		step, err := b.saidOf(in, was, says, about, t.User)
		if err != nil {
			return step, err
		}
		if verdict != nil {
			step.Verdicts = []state.Verdict{*verdict}
		}
		if undo != "" {
			step.Undo, step.UndoneBy = []string{undo}, t.User
		}
		if in.Root == "" {
			return step, nil
		}
		n := blocks.IncidentNews{Kind: says[0].Kind, Who: t.User, Why: why, Until: until, Undo: verdict != nil}
		reply, err := incidentPost(blocks.IncidentReply(*in, n), key, slack.MethodPost, in.Channel, slack.Under(in.Root), "")
		reply.Item = t.Key
		step.Posts = append(step.Posts, reply)
		return step, err
	})
	switch {
	case errors.Is(err, errUnchanged):
		return ignored, b.whisper(ctx, t, "Nothing changed: it stands like that already.")
	case errors.Is(err, incident.ErrTaken):
		return ignored, b.whisper(ctx, t, b.nameOf(ctx, stands.AcknowledgedBy)+" is on it since "+stands.AcknowledgedAt.UTC().Format("Mon 2 Jan 15:04")+" UTC. “I take it over”, in the menu of the message, makes it yours.")
	case errors.Is(err, incident.ErrClosed):
		return ignored, b.whisper(ctx, t, closedWords(stands))
	case errors.Is(err, state.ErrIncidentOpen):
		return ignored, b.whisper(ctx, t, "The same costs have an incident of their own by now, so this one stays closed.")
	}
	if p, ok := errors.AsType[*pastDay](err); ok {
		return ignored, b.whisper(ctx, t, p.Error())
	}
	if err != nil {
		return "", err
	}
	b.sender.Wake()
	return answered, b.audit(ctx, t, in.Answer, answered, string(act))
}

// pastDay says that somebody chose a day that is over.
type pastDay struct{ said string }

func (p *pastDay) Error() string { return p.said }

// byHand is what a press means for an incident: the next one, what happened, and the verdict that is given or taken back with it.
func byHand(in state.Incident, act blocks.IncidentAct, who, why string, until, now time.Time, verdicts []state.Verdict) (next state.Incident, says []incident.Say, given *state.Verdict, undo string, err error) {
	past := func(err error) error {
		if err == nil || errors.Is(err, incident.ErrClosed) {
			return err
		}
		return &pastDay{"Nothing changed: " + err.Error() + "."}
	}
	switch act {
	case blocks.ActAcknowledge:
		next, says, err = incident.Acknowledge(in, who, now)
	case blocks.ActTakeOver:
		next, says, err = incident.TakeOver(in, who, now)
	case blocks.ActRelease:
		next, says, err = incident.Release(in, now)
	case blocks.ActExpect:
		var v state.Verdict
		next, v, says, err = incident.Expect(in, who, why, until, now)
		given, err = &v, past(err)
	case blocks.ActSnooze:
		next, says, err = incident.Snooze(in, until, now)
		err = past(err)
	case blocks.ActNotUseful:
		var v state.Verdict
		next, v, says, err = incident.NotUseful(in, who, why, now)
		given = &v
	case blocks.ActUndo:
		next, undo, says = incident.Undo(in, verdicts, now)
	default:
		err = fmt.Errorf("nothing is known of %q on an incident", act)
	}
	return next, says, given, undo, err
}

// incidents deals with /spend incidents: the open ones that the asker may see, with their owners and ages, and with "rules" how the rules have fared.
func (b *Bot) incidents(ctx context.Context, t *talk, rest string) (string, error) {
	if strings.EqualFold(rest, "rules") {
		return b.incidentRules(ctx, t)
	}
	all, err := b.db.Incidents(ctx, state.IncidentFilter{})
	if err != nil {
		return "", err
	}
	now := b.opts.Today()
	o := blocks.IncidentsOptions{Now: now, Scope: t.grant.Name, Scoped: len(t.grant.Scope) > 0, Command: b.opts.Command}
	var rows []blocks.IncidentRow
	for _, in := range all {
		if !analysis.ScopeCovers(t.grant.Scope, in.Filters) {
			continue
		}
		if !in.Open {
			if now.Sub(in.Changed) <= 7*24*time.Hour {
				o.Closed++
			}
			continue
		}
		r := blocks.IncidentRow{Incident: in}
		if in.Team != "" {
			r.Owner = "team " + in.Team
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b blocks.IncidentRow) int { return b.Rate.Abs().Cmp(a.Rate.Abs()) })
	if err := b.say(ctx, t, partAnswer, blocks.Incidents(rows, o)); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}

// incidentRules says how often each rule told something, and what people said of that.
func (b *Bot) incidentRules(ctx context.Context, t *talk) (string, error) {
	if len(t.grant.Scope) > 0 {
		return b.noted(ctx, t, "How the rules have fared is about all spend, which is more than may be seen here. Ask me in a direct message, if you may see all of it.", refused, "incident rules")
	}
	all, err := b.db.Incidents(ctx, state.IncidentFilter{})
	if err != nil {
		return "", err
	}
	verdicts, err := b.db.Verdicts(ctx, "")
	if err != nil {
		return "", err
	}
	tally := incident.Tally(all, verdicts)
	if len(tally) == 0 {
		return b.noted(ctx, t, "No rule has told anything yet.", answered, "")
	}
	lines := []string{"What each rule has told so far, and what people said of it:"}
	for _, r := range tally {
		lines = append(lines, fmt.Sprintf("`%s`: %d told, %d called not useful (%s), %d expected, %d open", r.Rule, r.Opened, r.NotUseful, share(r.NotUseful, r.Opened), r.Expected, r.Open))
	}
	return b.noted(ctx, t, strings.Join(lines, "\n"), answered, "")
}

// share is a part in percent; "-" of nothing.
func share(part, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", (100*part+of/2)/of)
}
