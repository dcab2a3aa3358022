package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"spendbot/analysis"
	"spendbot/analysis/currency"
	"spendbot/analysis/desk"
	"spendbot/analysis/store"
	"spendbot/bot/access"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// Outcomes of an event, as state and the audit keep them.
const (
	answered  = "answered"
	clarified = "clarified"
	declined  = "declined" // not a question about spend
	refused   = "refused"
	ignored   = "ignored"
	troubled  = "failed"
)

// handle deals with one kept event and says how it ended. After an error it is tried again.
func (b *Bot) handle(ctx context.Context, e slack.Event) (outcome string, err error) {
	switch e.Kind {
	case slack.Mention, slack.Message:
		return b.message(ctx, e)
	case slack.Command:
		return b.command(ctx, e)
	case slack.Press:
		return b.press(ctx, e)
	case slack.Shortcut:
		switch e.Callback {
		case ShortcutDeclare:
			return b.declareShortcut(ctx, e)
		case ShortcutTicket:
			return b.ticketShortcut(ctx, e)
		}
		return b.shortcut(ctx, e)
	case slack.Reaction:
		return b.reaction(ctx, e)
	case slack.Submit:
		if act, id, ok := blocks.ParseIncidentModal(e.Callback, e.Meta); ok {
			return b.submitIncident(ctx, e, act, id)
		}
		if id, ok := blocks.ParseTicketModal(e.Callback, e.Meta); ok {
			return b.submitTicket(ctx, e, id)
		}
	}
	return ignored, nil
}

// partAnswer is the part of an exchange that answers it: there is one.
const partAnswer = "answer"

// talk is one exchange: who asks, where the answer goes, and what they may see.
type talk struct {
	slack.Event
	place slack.Place
	grant access.Grant
	kind  string // for the audit: question, command, button, shortcut
	// private says that only the person sees the answer: to a command, or to a press on such an answer.
	private bool
	channel string // where the answer goes
	thread  string
	context string // the thread whose answer is followed; the command's own where there is no thread
}

// begin looks up who and where, and refuses whoever may not ask. done is true when there is nothing left to do.
func (b *Bot) begin(ctx context.Context, e slack.Event, kind string) (t *talk, done bool, err error) {
	t = &talk{Event: e, kind: kind, channel: e.Channel, thread: e.Root(), context: e.Root()}
	if t.place, err = b.place(ctx, e); err != nil {
		return nil, false, err
	}
	if t.grant, err = b.grant(ctx, e, t.place); err != nil {
		return nil, false, err
	}
	switch {
	case e.Kind == slack.Command:
		t.private, t.thread, t.context = true, "", "command/"+e.User
	case e.Ephemeral:
		t.private, t.thread, t.context = true, e.Thread, "command/"+e.User
	case e.FromHome || e.Channel == "":
		if t.channel, err = b.slack.Direct(ctx, e.User); err != nil {
			return nil, false, err
		}
		t.thread, t.context = "", "home"
		t.place = slack.Place{ID: t.channel, Direct: true, Member: true}
	}
	if t.grant.Allowed {
		return t, false, nil
	}
	to := *t
	if e.Kind == slack.Press || e.Kind == slack.Shortcut { // nobody else saw them ask
		to.private = !t.place.Direct
	}
	if err := b.say(ctx, &to, "refusal", blocks.Refusal(t.grant.Refusal)); err != nil {
		return nil, false, err
	}
	return t, true, b.audit(ctx, t, "", refused, t.grant.Reason)
}

// message deals with a mention, a direct message, or a message in a channel the bot reads.
func (b *Bot) message(ctx context.Context, e slack.Event) (string, error) {
	if e.Kind == slack.Message && !e.Direct() && !b.addressed(e.Text) {
		// Nobody spoke to the bot. In its own threads a follow-up needs no mention, where that is configured.
		if !b.opts.FollowThreads || e.Thread == "" {
			return ignored, nil
		}
		if _, err := b.db.Thread(ctx, e.Team, e.Channel, e.Thread, b.opts.Now()); errors.Is(err, fs.ErrNotExist) {
			return ignored, nil
		} else if err != nil {
			return "", err
		}
	}
	t, done, err := b.begin(ctx, e, "question")
	if err != nil || done {
		return refused, err
	}
	return b.asked(ctx, t, question(e.Text, b.slack.Self().User))
}

// command deals with the slash command.
func (b *Bot) command(ctx context.Context, e slack.Event) (string, error) {
	t, done, err := b.begin(ctx, e, "command")
	if err != nil || done {
		return refused, err
	}
	return b.asked(ctx, t, question(e.Text, b.slack.Self().User))
}

// helpWords are asked for the help.
var helpWords = map[string]bool{"": true, "help": true, "?": true, "hi": true, "hello": true, "hey": true, "what can you do": true, "what can you do?": true,
	"what can i ask": true, "what can i ask?": true}

// asked answers a question in words.
func (b *Bot) asked(ctx context.Context, t *talk, text string) (string, error) {
	if helpWords[strings.ToLower(text)] {
		return b.help(ctx, t)
	}
	if strings.EqualFold(text, "status") { // as the command line calls it
		text = "how fresh is the data?"
	}
	if asksSQL(text) {
		return b.sql(ctx, t, statement(t.Text, b.slack.Self().User))
	}
	if outcome, done, err := b.worded(ctx, t, text); done || err != nil {
		return outcome, err
	}
	follows, loose, err := b.followed(ctx, t)
	if err != nil {
		return "", err
	}
	if follows != nil && fileAsked.MatchString(text) {
		return b.csv(ctx, t, follows)
	}
	if loose && !signOfFollowing.MatchString(text) {
		// Nobody said that it goes on: only what says nothing by itself is taken to.
		alone, err := b.desk.Read(ctx, desk.Question{Text: text, Scope: t.grant.Scope, Now: b.opts.Today()})
		if err != nil {
			return b.trouble(ctx, t, text, err)
		}
		if alone.Intent != analysis.Ambiguous {
			return b.answer(ctx, t, desk.Question{Text: text, Previous: b.within(t, follows)})
		}
	}
	return b.answer(ctx, t, desk.Question{Text: text, Follows: planOf(follows), Previous: b.within(t, follows)})
}

// planOf is the plan that a follow-up of an answer follows.
func planOf(a *analysis.Answer) *analysis.Plan {
	if a == nil {
		return nil
	}
	return &a.Reading
}

// signOfFollowing is how a message says that it goes on from the one before.
var signOfFollowing = regexp.MustCompile(`(?i)^(and|but|or|also|only|just|now|same|again|by|per|what about|how about|without|except|instead|why\b\W*$|compare)\b|\b(that|those|it|this number|these)\b`)

// followed is the answer that a question in this conversation may be a follow-up of; nil when there is none. It is loose where
// the question is a new message in a direct conversation, not a reply in a thread.
func (b *Bot) followed(ctx context.Context, t *talk) (a *analysis.Answer, loose bool, err error) {
	th, err := b.db.Thread(ctx, t.Team, t.channel, t.context, b.opts.Now())
	if errors.Is(err, fs.ErrNotExist) && t.Direct() && t.Thread == "" {
		loose = true
		th, err = b.db.Thread(ctx, t.Team, t.channel, "last", b.opts.Now())
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	s, err := b.db.Answer(ctx, th.Answer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return s.Answer, loose, nil
}

// within is an answer that "how did you get that number?" may mean: nil where it was given within a scope wider than the
// asker's. Its reading may be followed all the same, since a plan holds no numbers and is confined to the asker's own scope.
func (b *Bot) within(t *talk, a *analysis.Answer) *analysis.Answer {
	if a == nil || !analysis.ScopeCovers(t.grant.Scope, a.Reading.Scope) {
		return nil
	}
	return a
}

// answer answers a question and puts what it has to say into the outbox.
func (b *Bot) answer(ctx context.Context, t *talk, q desk.Question) (string, error) {
	if p, err := b.db.PostByKey(ctx, t.Key+"/"+partAnswer); err == nil {
		return b.resume(ctx, t, p)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	q.Scope, q.Now = t.grant.Scope, b.opts.Today()
	if t.place.Direct && t.thread != "" {
		shown := func() {}
		q.Reading = func(p analysis.Plan, rows int64) { shown = b.show(ctx, t, status(p, rows)) }
		defer func() { shown() }()
	}
	id, err := b.db.NewID(ctx)
	if err != nil {
		return "", err
	}
	begin := b.opts.Now()
	a, err := b.desk.Answer(ctx, id, q)
	took := b.opts.Now().Sub(begin)
	if err != nil {
		return b.trouble(ctx, t, q.Text, err)
	}
	if err := b.keep(ctx, t, a); err != nil {
		return "", err
	}
	if err := b.sayOf(ctx, t, a.ID, partAnswer, blocks.Answer(a, blocks.Options{Ephemeral: t.private})); err != nil {
		return "", err
	}
	b.metrics.Question(string(a.Reading.Intent), outcomeOf(a), b.opts.Now().Sub(t.Received), took)
	return b.complete(ctx, t, a)
}

// resume goes on where an earlier attempt, which died, had put its answer into the outbox: what follows the answer is done
// once more, and has happened once.
func (b *Bot) resume(ctx context.Context, t *talk, p *state.Post) (string, error) {
	var o slack.Outgoing
	if err := json.Unmarshal(p.Payload, &o); err != nil {
		return "", fmt.Errorf("post %s: %w", p.Key, err)
	}
	if o.Answer == "" { // it had said that it could not work it out
		return troubled, b.audit(ctx, t, "", troubled, "interrupted")
	}
	s, err := b.db.Answer(ctx, o.Answer)
	if err != nil {
		return "", err
	}
	return b.complete(ctx, t, s.Answer)
}

// complete does what follows an answer: the picture, and the audit.
func (b *Bot) complete(ctx context.Context, t *talk, a *analysis.Answer) (string, error) {
	if !t.private {
		if err := b.draw(ctx, t, a); err != nil {
			return "", err
		}
	}
	return outcomeOf(a), b.audit(ctx, t, a.ID, outcomeOf(a), "")
}

func outcomeOf(a *analysis.Answer) string {
	switch a.Reading.Intent {
	case analysis.Ambiguous:
		return clarified
	case analysis.OutOfScope:
		return declined
	}
	return answered
}

// show says what the bot is doing, beside doing it: Slack may take its time. Slack takes the status away when the answer
// comes; done says that it has, and a status that comes later is taken away by us.
func (b *Bot) show(ctx context.Context, t *talk, text string) (done func()) {
	var over atomic.Bool
	ctx = context.WithoutCancel(ctx)
	b.busy.Go(func() {
		b.slack.Status(ctx, t.channel, t.thread, text)
		if over.Swap(true) {
			b.slack.Status(ctx, t.channel, t.thread, "")
		}
	})
	return func() { over.Swap(true) }
}

// keep stores an answer, who asked, and that the conversation goes on from it. Questions back, refusals and explanations of
// earlier answers do not become the context: nobody means those by "and by region?".
func (b *Bot) keep(ctx context.Context, t *talk, a *analysis.Answer) error {
	if err := b.keepAnswer(ctx, a, t.Team, t.User, t.channel, t.grant.Key()); err != nil {
		return err
	}
	th := state.Thread{Team: t.Team, Channel: t.channel, TS: t.context, Answer: a.ID, Updated: b.opts.Now()}
	switch a.Reading.Intent {
	case analysis.Ambiguous, analysis.OutOfScope, analysis.Provenance:
		if _, err := b.db.Thread(ctx, t.Team, t.channel, t.context, b.opts.Now()); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return b.db.SetThread(ctx, th) // a thread of its own all the same, in which one goes on without a mention
	}
	if err := b.db.SetThread(ctx, th); err != nil {
		return err
	}
	if t.place.Direct && !t.private {
		th.TS = "last"
		return b.db.SetThread(ctx, th)
	}
	return nil
}

// say puts a message of this exchange into the outbox. What names it is the event and the part it plays, so that an event
// dealt with twice says it once.
func (b *Bot) say(ctx context.Context, t *talk, part string, m blocks.Message) error {
	return b.sayOf(ctx, t, "", part, m)
}

// sayOf is say for what an answer says.
func (b *Bot) sayOf(ctx context.Context, t *talk, answer, part string, m blocks.Message) error {
	o := slack.Outgoing{Text: m.Text, Answer: answer}
	if len(m.Blocks) > 0 {
		var err error
		if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
			return fmt.Errorf("message blocks: %w", err)
		}
	}
	method := slack.MethodPost
	if t.private {
		if method = slack.MethodWhisper; t.Respond != "" {
			method, o.Respond = slack.MethodRespond, t.Respond
		}
	}
	return b.enqueue(ctx, o, t, part, method)
}

func (b *Bot) enqueue(ctx context.Context, o slack.Outgoing, t *talk, part, method string) error {
	p, err := o.Post(t.Key+"/"+part, t.Key, method, t.channel, t.thread, t.User)
	if err != nil {
		return err
	}
	if _, _, err := b.db.Enqueue(ctx, p, b.opts.Now()); err != nil {
		return err
	}
	b.sender.Wake()
	return nil
}

// draw puts the answer's chart into the thread, where it says more than the text: of a bridge, or of days. A chart that cannot
// be made costs the picture, not the answer.
func (b *Bot) draw(ctx context.Context, t *talk, a *analysis.Answer) error {
	if !slices.ContainsFunc(a.Parts, func(p analysis.Part) bool { return p.Bridge != nil || p.Series != nil }) {
		return nil
	}
	p, err := b.pictures.of(a)
	if err != nil {
		b.log.Error("chart not made", "answer", a.ID, "error", err)
		return nil
	}
	if !p.ok {
		return nil
	}
	o := slack.Outgoing{Answer: a.ID, File: fileChart, Name: a.ID + ".png", Title: "Chart of " + a.ID, Alt: p.alt}
	return b.enqueue(ctx, o, t, "chart", slack.MethodFile)
}

// trouble says that a question could not be answered. What failed is logged; the person is told what they can do.
func (b *Bot) trouble(ctx context.Context, t *talk, asked string, err error) (string, error) {
	text := "I could not work that out just now: something failed on my side, and it is logged. Nothing is lost; please ask again in a minute."
	if errors.Is(err, store.ErrEmpty) {
		text = "No bill has been loaded yet, so there is nothing I can tell. `spendbot load FILE` loads one."
	}
	if m, ok := errors.AsType[*currency.MissingError](err); ok {
		text = "I cannot say that in " + m.To + ": " + m.Error() + ". Whoever runs this bot can add the rate; I never take one for 1."
	}
	b.log.Error("question not answered", "key", t.Key, "error", err)
	b.metrics.Question("none", troubled, b.opts.Now().Sub(t.Received), 0)
	if err := b.say(ctx, t, partAnswer, blocks.Trouble(text)); err != nil {
		return "", err
	}
	t.Text = asked
	return troubled, b.audit(ctx, t, "", troubled, secret.Scrub(err.Error()))
}

// sorry says to whom it may concern that dealing with their event went wrong altogether.
func (b *Bot) sorry(ctx context.Context, e slack.Event) (string, error) {
	t := &talk{Event: e, kind: string(e.Kind), channel: e.Channel, thread: e.Root(), private: e.Kind == slack.Press || e.Kind == slack.Shortcut}
	switch {
	case e.Kind == slack.Command:
		t.private, t.thread = true, ""
	case e.Ephemeral:
		t.thread = e.Thread
	case e.FromHome || e.Channel == "":
		var err error
		if t.channel, err = b.slack.Direct(ctx, e.User); err != nil {
			return "", err
		}
		t.private, t.thread = false, ""
	}
	return b.trouble(ctx, t, "", errPanicked)
}

// audit keeps who asked what and what became of it.
func (b *Bot) audit(ctx context.Context, t *talk, answer, outcome, reason string) error {
	text := question(t.Text, b.slack.Self().User)
	if t.kind == "sql" {
		text = "sql " + statement(t.Text, b.slack.Self().User) // all of it
	}
	if t.Kind == slack.Press {
		text = strings.TrimSpace(t.ActionID + " " + strings.ReplaceAll(t.Value, "\n", " "))
	}
	scope := t.grant.Name
	return b.db.Audit(ctx, state.AuditRow{At: b.opts.Now(), Team: t.Team, Channel: t.Channel, User: t.User, Kind: t.kind, Asked: text,
		Answer: answer, Scope: scope, Outcome: outcome, Reason: reason, Item: t.Key})
}

// help shows what one can ask, in the words of what the asker may see.
func (b *Bot) help(ctx context.Context, t *talk) (string, error) {
	sv, err := b.desk.Survey(ctx, t.grant.Scope)
	if err != nil {
		return b.trouble(ctx, t, "help", err)
	}
	m := blocks.Help(blocks.HelpData{Examples: desk.Examples(sv, b.opts.Today()), Scope: t.grant.Name, Command: b.opts.Command})
	if err := b.say(ctx, t, partAnswer, m); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "help")
}

// status is what the bot says it is doing while it does it: "is reading 1.2 M rows of October 2026".
func status(p analysis.Plan, rows int64) string {
	when := p.Current.Label
	if when == "" && !p.Current.IsZero() {
		when = p.Current.String()
	}
	if when == "" || rows == 0 {
		return "is looking it up"
	}
	return "is reading " + roughly(rows) + " rows of " + when
}

// roughly is a count in two figures: "1.2 M", "410 k".
func roughly(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%d M", (n+500_000)/1_000_000)
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%d k", (n+500)/1000)
	}
	return fmt.Sprint(n)
}
