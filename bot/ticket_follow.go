package bot

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/jira/wiki"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
)

var two = decimal.NewFromInt(2)

// How tickets are followed.
const (
	ticketsPoll = 2 * time.Second // for what is to be said, and what a webhook brought
	// defaultPoll is how often Jira is looked at; backoffMost bounds how long it is left alone while it does not answer.
	defaultPoll = 5 * time.Minute
	backoffMost = time.Hour
	// lookAgain is how long a ticket that nothing is heard of is not looked at by itself.
	lookAgain = 24 * time.Hour
)

// watchTickets does the work on tickets, and follows what people do in Jira, until the context ends.
func (b *Bot) watchTickets(ctx context.Context) {
	poll := b.opts.Tickets.Poll
	if poll <= 0 {
		poll = defaultPoll
	}
	wait := poll
	t := time.NewTicker(ticketsPoll)
	defer t.Stop()
	var next time.Time
	since := b.opts.Now().Add(-lookAgain)
	for {
		now := b.opts.Now()
		if !now.Before(next) {
			err := guarded(func() error { return b.PollTickets(ctx, since) })
			if err == nil {
				since, wait = now.Add(-time.Minute), poll
			} else if ctx.Err() == nil {
				wait = min(backoffMost, 2*wait)
				b.log.Warn("Jira not looked at; trying again", "wait", wait.String(), "error", secret.Scrub(err.Error()))
			}
			next = now.Add(wait)
		}
		for _, key := range b.heard() {
			if err := b.lookAt(ctx, key); err != nil && ctx.Err() == nil {
				b.log.Warn("ticket not looked at", "key", key, "error", secret.Scrub(err.Error()))
				next = time.Time{}
			}
		}
		if err := guarded(func() error { return b.TellTickets(ctx) }); err != nil && ctx.Err() == nil {
			b.log.Error("tickets not told of", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-b.jiraWake:
		case <-t.C:
		}
	}
}

// PollTickets asks Jira what has changed on the bot's tickets since a time, and looks at those that nothing was heard of for long.
func (b *Bot) PollTickets(ctx context.Context, since time.Time) error {
	if err := b.opts.Tickets.Jira.Known(ctx); err != nil {
		return err
	}
	list, err := b.db.Tickets(ctx, state.TicketFilter{})
	if err != nil {
		return err
	}
	byKey := map[string]state.Ticket{}
	var projects []string
	for _, k := range list {
		if k.Key == "" || k.State == state.TicketGone {
			continue
		}
		byKey[k.Key] = k
		if p, _, _ := strings.Cut(k.Key, "-"); !slices.Contains(projects, p) {
			projects = append(projects, p)
		}
	}
	seen := map[string]bool{}
	for _, p := range projects {
		changed, err := b.opts.Tickets.Jira.Changed(ctx, p, ticketLabel, since)
		if jiraRefused(err) { // of a project that is gone, or closed to the bot: the others go on
			b.log.Error("tickets of a project not looked at", "project", p, "error", secret.Scrub(err.Error()))
			continue
		}
		if err != nil {
			return err
		}
		for _, i := range changed {
			if k, ok := byKey[i.Key]; ok {
				seen[i.Key] = true
				if err := b.followTicket(ctx, k, i); err != nil {
					return err
				}
			}
		}
	}
	now := b.opts.Today()
	for key, k := range byKey {
		if seen[key] || now.Sub(k.Polled) < lookAgain || k.State == state.TicketRejected {
			continue
		}
		if err := b.lookAt(ctx, key); jiraRefused(err) {
			b.log.Error("ticket not looked at", "key", key, "error", secret.Scrub(err.Error()))
		} else if err != nil {
			return err
		}
	}
	return nil
}

// jiraRefused reports whether Jira said no to a call, for good: another time it says the same.
func jiraRefused(err error) bool {
	e, ok := errors.AsType[*jira.Error](err)
	return ok && e.Outcome == jira.Refused
}

// lookAt looks at one ticket in Jira.
func (b *Bot) lookAt(ctx context.Context, key string) error {
	k, err := b.db.Ticket(ctx, key)
	if err != nil {
		return nil //nolint:nilerr // somebody else's issue, which a webhook told of
	}
	if err := b.opts.Tickets.Jira.Known(ctx); err != nil {
		return err
	}
	i, err := b.opts.Tickets.Jira.Get(ctx, key)
	if e, ok := errors.AsType[*jira.Error](err); ok && e.Status == http.StatusNotFound {
		_, err := b.db.ChangeTicket(ctx, k.ID, b.opts.Today(), func(k *state.Ticket) (state.TicketStep, error) {
			return b.newsOf(k, ticket.Gone(k, b.opts.Today()), nil)
		})
		b.sender.Wake()
		return err
	}
	if err != nil {
		return err
	}
	return b.followTicket(ctx, k, i)
}

// followTicket takes over what Jira says of a ticket, and the comments that are meant for the thread.
func (b *Bot) followTicket(ctx context.Context, k state.Ticket, i jira.Issue) error {
	if !i.Updated.After(k.Updated) && !k.Updated.IsZero() {
		return nil
	}
	comments, err := b.opts.Tickets.Jira.Comments(ctx, i.Key)
	if err != nil {
		return err
	}
	self := b.opts.Tickets.Jira.Self().ID
	_, err = b.db.ChangeTicket(ctx, k.ID, b.opts.Today(), func(k *state.Ticket) (state.TicketStep, error) {
		if !i.Updated.After(k.Updated) && !k.Updated.IsZero() {
			return state.TicketStep{}, nil // another process was first
		}
		return b.newsOf(k, ticket.Follow(k, i, b.opts.Tickets.Rules, b.opts.Today()), ticket.Relayed(k, comments, self))
	})
	if errors.Is(err, state.ErrIncidentOpen) {
		return nil
	}
	b.sender.Wake()
	return err
}

// newsOf is what the thread is told of a change: ends, and what people meant for it. The rest is on the card.
func (b *Bot) newsOf(k *state.Ticket, changes []state.TicketChange, comments []jira.Comment) (state.TicketStep, error) {
	step := state.TicketStep{Changes: changes}
	say := func(part string, n blocks.TicketNews) error {
		posts, err := b.ticketReply(k, part, n)
		step.Posts = append(step.Posts, posts...)
		return err
	}
	for _, c := range changes {
		switch c.Kind {
		case "done", "ended", "reopened", "gone":
			if err := say(c.Kind+"/"+c.Happened.UTC().Format(time.RFC3339), blocks.TicketNews{Kind: c.Kind, Detail: c.Detail}); err != nil {
				return step, err
			}
		}
	}
	for _, c := range comments {
		step.Changes = append(step.Changes, state.TicketChange{Kind: "comment", Who: c.Author.Name, Detail: c.Body})
		if err := say("comment/"+c.ID, blocks.TicketNews{Kind: "comment", Who: c.Author.Name, Detail: c.Body}); err != nil {
			return step, err
		}
	}
	return step, nil
}

// passedOnMark is what the bot puts on a message that is in the ticket now.
const passedOnMark = "white_check_mark"

// replyKey begins the key of a post that passes a reply on; the reply's timestamp ends it.
func replyKey(k *state.Ticket) string { return k.ID + "/reply/" }

// passedOn is which reply a post passes on; ok is false where it is something else.
func passedOn(k *state.Ticket, p state.Post) (ts string, ok bool) {
	return strings.CutPrefix(p.Key, replyKey(k))
}

// marksTicket reports whether a reaction is of the emoji that passes a reply on to the ticket, of whatever skin.
func (b *Bot) marksTicket(e slack.Event) bool {
	return b.tickets != nil && marks(e, b.opts.Tickets.Emoji)
}

// passOn deals with the emoji that passes a reply of an incident's thread on to its ticket, as a comment: once, however many mark it and however often. Taking the emoji off takes
// nothing back. Only who may see all that the incident is about may pass on, only what people wrote, and only where that is fit for the project's readers.
func (b *Bot) passOn(ctx context.Context, e slack.Event) (string, error) {
	if e.Off || !b.marksTicket(e) {
		return ignored, nil
	}
	if here, err := b.db.Incidents(ctx, state.IncidentFilter{Channel: e.Channel}); err != nil || len(here) == 0 {
		return ignored, err
	}
	said, found, err := b.slack.Message(ctx, e.Channel, e.TS)
	if err != nil || !found {
		return ignored, err
	}
	in, err := b.incidentAt(ctx, e.Channel, cmp.Or(said.Thread, said.TS))
	if err != nil || in == nil {
		return ignored, err
	}
	t := &talk{Event: e, kind: "reaction", channel: e.Channel, thread: in.Thread, private: true}
	if t.place, err = b.place(ctx, e); err != nil {
		return "", err
	}
	if t.grant, err = b.grant(ctx, e, t.place); err != nil {
		return "", err
	}
	k, err := b.lastTicket(ctx, in.ID)
	if err != nil {
		return "", err
	}
	no := func(text, reason string) (string, error) {
		return refused, errors.Join(b.whisper(ctx, t, text), b.audit(ctx, t, in.Answer, refused, reason))
	}
	switch {
	case !t.grant.Allowed:
		return no(t.grant.Refusal, t.grant.Reason)
	case !analysis.ScopeCovers(t.grant.Scope, in.Filters):
		return no("This is about more than you may see, so you cannot pass it on. Whoever may see all of it can.", "incident "+in.ID+" is outside of the scope")
	case !analysis.ScopeCovers(b.opts.Tickets.Readers, in.Filters):
		return no("This is about more than the readers of the Jira project may see, so nothing of it goes there.", "outside of the readers' scope")
	case said.Bot || said.User == b.slack.Self().User:
		return no("I pass on what people write: an answer may show more than the readers of the Jira project may see. Put it in your own words, and mark those.", "a bot's message")
	case k == nil || k.State == state.TicketGone:
		return no("There is no ticket to pass this on to yet: “Open ticket” on the incident makes one. Mark the reply again then.", "no ticket")
	case k.Channel != e.Channel:
		return no("The ticket "+k.Key+" is of another channel's thread, so nothing goes there from here.", "another channel")
	}
	by := ""
	if e.User != said.User {
		by = ", passed on by " + b.nameOf(ctx, e.User)
	}
	link := slack.Permalink(b.slack.Self(), e.Channel, e.TS) + "?thread_ts=" + in.Thread + "&cid=" + e.Channel
	text := b.written(ctx, said.Text)
	if r := []rune(text); len(r) > mostPassedOn {
		text = string(r[:mostPassedOn]) + "… (the rest is in Slack)"
	}
	body := wiki.Bold(b.nameOf(ctx, said.User)) + " in " + wiki.Link("Slack", link) + wiki.Text(by) + ":\n\n" + wiki.Lines(cmp.Or(text, "(no words: see there)"))
	_, err = b.db.ChangeTicket(ctx, k.ID, b.opts.Today(), func(k *state.Ticket) (state.TicketStep, error) {
		if k.Said["reply/"+e.TS] != "" {
			return state.TicketStep{}, nil
		}
		k.Said["reply/"+e.TS] = e.User
		p, err := jira.Work{Body: body}.Post(replyKey(k)+e.TS, jira.MethodComment, k.ID)
		return state.TicketStep{Changes: []state.TicketChange{{Kind: "passed on", Who: e.User, Detail: "what " + said.User + " wrote at " + e.TS}}, Posts: []state.Post{p}}, err
	})
	if err != nil {
		return "", err
	}
	b.tickets.Wake()
	return answered, b.audit(ctx, t, in.Answer, answered, "passed on to "+k.ID)
}

// mostPassedOn bounds what is passed on, in characters: escaped it still fits into a comment.
const mostPassedOn = wiki.Most / 6

// mentioned is somebody in a message's markup.
var mentioned = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>`)

// written is what somebody wrote as people read it: names for ids, no markup of Slack's, and nothing that looks like a secret.
func (b *Bot) written(ctx context.Context, text string) string {
	text = mentioned.ReplaceAllStringFunc(text, func(m string) string {
		return "@" + b.nameOf(ctx, mentioned.FindStringSubmatch(m)[1])
	})
	return strings.TrimSpace(secret.Scrub(unmarked(text, "")))
}

// TellTickets brings what is said of tickets up to date: the incident's message shows its ticket as it is, Jira hears once of what the bill shows, policies open tickets, and what
// lies is asked about.
func (b *Bot) TellTickets(ctx context.Context) error {
	list, err := b.db.Tickets(ctx, state.TicketFilter{})
	if err != nil {
		return err
	}
	fixes, err := b.db.Savings(ctx)
	if err != nil {
		return err
	}
	latest := map[string]state.Ticket{}
	for _, k := range list {
		latest[k.Subject] = k
	}
	var errs []error
	for _, k := range list {
		if latest[k.Subject].ID != k.ID {
			continue
		}
		errs = append(errs, b.showTicket(ctx, k, fixes[k.ID]), b.tellJira(ctx, k))
	}
	errs = append(errs, b.openByPolicy(ctx, latest))
	return errors.Join(errs...)
}

// showTicket writes an incident's message anew where its ticket, or what the bill says of its fix, has changed since.
func (b *Bot) showTicket(ctx context.Context, k state.Ticket, fix state.Saving) error {
	card := blocks.TicketLine(k, b.browse(k.Key), fix)
	if k.Said["card"] == card || !strings.HasPrefix(k.Subject, "I-") {
		return nil
	}
	if err := b.rewritten(ctx, k.Subject); err != nil {
		return err
	}
	_, err := b.db.ChangeTicket(ctx, k.ID, b.opts.Today(), func(k *state.Ticket) (state.TicketStep, error) {
		k.Said["card"] = card
		return state.TicketStep{}, nil
	})
	b.sender.Wake()
	return err
}

// toldJira are the changes of an incident that its ticket hears of, once each.
var toldJira = []string{"grew", "contained", "resolved", "reopened"}

// tellJira comments on a ticket what the bill has shown of its incident since.
func (b *Bot) tellJira(ctx context.Context, k state.Ticket) error {
	if k.Key == "" || k.State != state.TicketOpen && k.State != state.TicketDone || !strings.HasPrefix(k.Subject, "I-") {
		return nil
	}
	changes, err := b.db.IncidentChanges(ctx, k.Subject, k.Created)
	if err != nil {
		return err
	}
	var news []state.IncidentChange
	for _, c := range changes {
		if slices.Contains(toldJira, c.Kind) && k.Said[saidOfChange(c)] == "" {
			news = append(news, c)
		}
	}
	if len(news) == 0 {
		return nil
	}
	in, err := b.db.Incident(ctx, k.Subject)
	if err != nil {
		return err
	}
	_, err = b.db.ChangeTicket(ctx, k.ID, b.opts.Today(), func(k *state.Ticket) (state.TicketStep, error) {
		var step state.TicketStep
		for _, c := range news {
			mark := saidOfChange(c)
			if k.Said[mark] != "" {
				continue
			}
			k.Said[mark] = c.Happened.UTC().Format(time.RFC3339)
			p, err := jira.Work{Body: ticketChangeWords(in, c)}.Post(k.ID+"/"+mark, jira.MethodComment, k.ID)
			if err != nil {
				return step, err
			}
			step.Posts = append(step.Posts, p)
			step.Changes = append(step.Changes, state.TicketChange{Kind: "told", Detail: c.Kind})
		}
		return step, nil
	})
	b.tickets.Wake()
	return err
}

func saidOfChange(c state.IncidentChange) string {
	return c.Kind + "/" + c.Happened.UTC().Format("20060102T150405")
}

// ticketChangeWords is a change of an incident as its ticket hears of it, in Jira's markup.
func ticketChangeWords(in state.Incident, c state.IncidentChange) string {
	money := func(a analysis.Amount) string { return wiki.Text(blocks.About(a, in.Currency)) }
	through := wiki.Text(c.Amounts.Through.Format("Mon 2 Jan"))
	switch c.Kind {
	case "grew":
		return fmt.Sprintf("It grew: %s a day over expected now, %s in all through %s.", money(c.Amounts.Rate), money(c.Amounts.Excess), through)
	case "contained":
		return fmt.Sprintf("Contained, as far as the bill tells: %s a day over expected after %s at the worst; %s in all through %s.", money(c.Amounts.Rate), money(in.Peak.Rate), money(c.Amounts.Excess), through)
	case "reopened":
		return fmt.Sprintf("It is back on the bill: %s in all over expected through %s.", money(c.Amounts.Excess), through)
	}
	if in.Resolution == incident.Restated {
		return "The bills of these days were restated, or given another owner, and it is no longer in them. If nothing else is to be done, close this ticket."
	}
	return fmt.Sprintf("Over: back within what is expected, %s over expected in all. If that is the fix, close this ticket as done; the saving is then verified on the bill.", money(c.Amounts.Excess))
}

// openByPolicy opens the tickets that the policy asks for.
func (b *Bot) openByPolicy(ctx context.Context, latest map[string]state.Ticket) error {
	p := b.opts.Tickets.Policy
	if p == nil {
		return nil
	}
	open, err := b.db.Incidents(ctx, state.IncidentFilter{Open: true})
	if err != nil {
		return err
	}
	now := b.opts.Today()
	var errs []error
	for _, in := range open {
		if in.Root == "" || in.Excess.IsNegative() || !atLeast(incident.Severity(in.Severity), p.Severity) || now.Sub(in.Opened) < p.After || now.Before(in.SnoozedUntil) {
			continue
		}
		last, has := latest[in.ID]
		what := ticket.Make
		if has {
			what = ticket.Anew(last, b.opts.Tickets.Rules, true, now)
		}
		if what == ticket.Keep || !analysis.ScopeCovers(b.opts.Tickets.Readers, in.Filters) {
			continue
		}
		if p.DryRun {
			if b.wouldHave(in.ID) {
				b.log.Info("a policy would open a ticket", "policy", p.Name, "incident", in.ID, "what", in.Title, "severity", in.Severity, "project", b.target(in).Project)
			}
			continue
		}
		f, err := b.ticketFacts(ctx, in)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		made := b.ticketOf(in, f)
		if who := b.target(in).Assignee; who != "" {
			made.Assignee, _ = b.assignee(ctx, made.Project, who)
		}
		_, _, err = b.claimTicket(ctx, in, f, made, "policy:"+p.Name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func atLeast(s, least incident.Severity) bool {
	order := []incident.Severity{incident.Low, incident.Medium, incident.High}
	return slices.Index(order, s) >= slices.Index(order, least)
}

// wouldHave reports whether the dry run has not said it of this incident yet.
func (b *Bot) wouldHave(id string) bool {
	b.jiraMu.Lock()
	defer b.jiraMu.Unlock()
	if b.dryRuns == nil {
		b.dryRuns = map[string]bool{}
	}
	if b.dryRuns[id] {
		return false
	}
	b.dryRuns[id] = true
	return true
}

// mostHook bounds a webhook's body.
const mostHook = 1 << 20

// JiraHook takes Jira's webhooks. Of what they say only which issue it is counts: it is looked at in Jira itself, so that nobody who guesses the address can make
// the bot believe anything. A request that is not signed with the secret is refused.
func (b *Bot) JiraHook(key secret.Value) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostHook))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		given, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature"), "sha256="))
		if key == "" || err != nil || !hmac.Equal(given, mac(key, body)) {
			http.Error(w, "not signed with the secret", http.StatusUnauthorized)
			return
		}
		var said struct {
			Issue struct {
				Key string `json:"key"`
			} `json:"issue"`
		}
		if err := json.Unmarshal(body, &said); err != nil || said.Issue.Key == "" {
			http.Error(w, "no issue in it", http.StatusBadRequest)
			return
		}
		b.hear(said.Issue.Key)
		w.WriteHeader(http.StatusNoContent)
	})
}

// mostHeard bounds the issues that wait to be looked at; the poll finds those that find no room.
const mostHeard = 1000

func (b *Bot) hear(key string) {
	b.jiraMu.Lock()
	if len(b.heardOf) < mostHeard && !slices.Contains(b.heardOf, key) {
		b.heardOf = append(b.heardOf, key)
	}
	b.jiraMu.Unlock()
	select {
	case b.jiraWake <- struct{}{}:
	default:
	}
}

func (b *Bot) heard() []string {
	b.jiraMu.Lock()
	defer b.jiraMu.Unlock()
	out := b.heardOf
	b.heardOf = nil
	return out
}
