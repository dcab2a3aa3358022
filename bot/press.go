package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// press deals with a button, a menu or feedback. Whoever presses gets what their own scope lets them see, whoever asked.
func (b *Bot) press(ctx context.Context, e slack.Event) (string, error) {
	if act, id, ok := blocks.ParseIncident(e.ActionID, e.Value); ok {
		return b.pressIncident(ctx, e, act, id)
	}
	if act, ok := blocks.ParseDeclared(e.ActionID, e.Value); ok {
		return b.pressDeclared(ctx, e, act)
	}
	act, err := blocks.ParseAction(e.ActionID, e.Value)
	if err != nil {
		b.log.Warn("a press that is none of ours, or of an older version", "action", e.ActionID, "error", err)
		return ignored, nil
	}
	t, done, err := b.begin(ctx, e, "button")
	if err != nil || done {
		return refused, err
	}
	if act.Kind == blocks.PressTry {
		return b.asked(ctx, t, act.Ask)
	}
	if act.Kind == blocks.PressRunbook {
		return b.showRunbook(ctx, t, act)
	}
	s, err := b.db.Answer(ctx, act.Answer)
	if errors.Is(err, fs.ErrNotExist) {
		return ignored, b.whisper(ctx, t, "I no longer have that answer. Please ask again.")
	}
	if err != nil {
		return "", err
	}
	asked := s.Answer
	if asked.Reading.Intent == analysis.SQL && act.Kind != blocks.PressFeedback {
		if refusal := refusesSQL(t.grant); refusal != "" {
			return refused, errors.Join(b.whisper(ctx, t, refusal), b.audit(ctx, t, "", refused, "SQL"))
		}
		if act.Kind == blocks.PressRerun {
			return b.sql(ctx, t, asked.Question)
		}
	}
	switch act.Kind {
	case blocks.PressSQL:
		return b.showSQL(ctx, t, asked)
	case blocks.PressFeedback:
		return b.feedback(ctx, t, asked, act.Helpful)
	case blocks.PressCSV:
		return b.csv(ctx, t, asked)
	case blocks.PressShare:
		return b.share(ctx, t, asked)
	case blocks.PressRerun:
		p := asked.Reading
		return b.answer(ctx, t, desk.Question{Text: asked.Question, Plan: &p, Previous: b.within(t, asked)})
	case blocks.PressAsk, blocks.PressChoice:
		text := act.Ask
		if c := asked.Reading.Clarify; text == "" && act.Kind == blocks.PressChoice && c != nil && act.Index < len(c.Choices) {
			text = c.Choices[act.Index].Ask
		} else if text == "" && act.Kind == blocks.PressAsk && act.Index < len(asked.Actions) {
			text = asked.Actions[act.Index].Ask
		}
		if text == "" {
			return ignored, nil
		}
		return b.answer(ctx, t, desk.Question{Text: text, Follows: planOf(asked), Previous: b.within(t, asked)})
	}
	return ignored, nil
}

// ownAnswer is an answer as the person who presses may see it: as it was given where their scope covers its, else the same
// question answered anew within their own scope.
func (b *Bot) ownAnswer(ctx context.Context, t *talk, a *analysis.Answer) (*analysis.Answer, error) {
	if analysis.ScopeCovers(t.grant.Scope, a.Reading.Scope) {
		return a, nil
	}
	id, err := b.db.NewID(ctx)
	if err != nil {
		return nil, err
	}
	p := a.Reading
	own, err := b.desk.Answer(ctx, id, desk.Question{Text: a.Question, Plan: &p, Scope: t.grant.Scope, Now: b.opts.Today()})
	if err != nil {
		return nil, err
	}
	return own, b.keepAnswer(ctx, own, t.Team, t.User, t.channel, t.grant.Key())
}

// showSQL opens how an answer was made, and adds it as a file when it is long.
func (b *Bot) showSQL(ctx context.Context, t *talk, a *analysis.Answer) (string, error) {
	own, err := b.ownAnswer(ctx, t, a)
	if err != nil {
		return b.trouble(ctx, t, "", err)
	}
	view, long := blocks.SQL(own, nil)
	blocks.AddMoved(&view, b.movedInTime(ctx, own, t.grant.Scope))
	if err := b.slack.OpenView(ctx, t.Trigger, view); err != nil {
		b.log.Warn("modal not opened", "error", err)
		if slack.Fatal(err) {
			return "", err
		}
		long = true // the file shows it instead
		if err := b.whisper(ctx, t, "Slack did not open the window in time; here is the SQL as a file. Pressing again works too."); err != nil {
			return "", err
		}
	}
	if long {
		if err := b.file(ctx, t, a, own, fileSQL, "How "+own.ID+" was made"); err != nil {
			return "", err
		}
	}
	return answered, b.audit(ctx, t, own.ID, answered, "")
}

func (b *Bot) csv(ctx context.Context, t *talk, a *analysis.Answer) (string, error) {
	own, err := b.ownAnswer(ctx, t, a)
	if err != nil {
		return b.trouble(ctx, t, "", err)
	}
	if err := b.file(ctx, t, a, own, fileCSV, own.Headline); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, own.ID, answered, "")
}

// file puts a file of an answer into the conversation; where only the person sees that, into their direct messages. An
// answer's file is there once: who presses again is told where.
func (b *Bot) file(ctx context.Context, t *talk, pressed, a *analysis.Answer, kind, title string) error {
	to := *t
	if t.private {
		var err error
		if to.channel, err = b.slack.Direct(ctx, t.User); err != nil {
			return err
		}
		to.thread = ""
		if err := b.whisper(ctx, t, "The file is in our direct messages."); err != nil {
			return err
		}
	}
	o := slack.Outgoing{Answer: a.ID, File: kind, Name: a.ID + "." + kind, Title: title, Alt: title}
	key := strings.Join([]string{"file", to.channel, to.thread, o.Name}, "/")
	if a.ID != pressed.ID { // made anew for this press, and again should the press be dealt with twice
		key = t.Key + "/file"
	}
	p, err := o.Post(key, t.Key, slack.MethodFile, to.channel, to.thread, t.User)
	if err != nil {
		return err
	}
	kept, fresh, err := b.db.Enqueue(ctx, p, b.opts.Now())
	if err == nil && kept.State == state.Failed { // Slack would not take it then; it may now
		p.Key += "/" + t.Key
		_, fresh, err = b.db.Enqueue(ctx, p, b.opts.Now())
	}
	if err != nil {
		return err
	}
	if !fresh && !t.private {
		return b.whisper(ctx, t, "The file is already in this thread: "+o.Name)
	}
	b.sender.Wake()
	return nil
}

// share posts an answer into the channel itself, for everybody there.
func (b *Bot) share(ctx context.Context, t *talk, a *analysis.Answer) (string, error) {
	if t.place.Direct {
		return ignored, b.whisper(ctx, t, "This conversation is between us two: there is no channel to share it to. Ask in a channel with "+b.mention()+" instead.")
	}
	own, err := b.ownAnswer(ctx, t, a)
	if err != nil {
		return b.trouble(ctx, t, "", err)
	}
	to := *t
	to.private, to.thread = false, ""
	if err := b.say(ctx, &to, "share", blocks.Answer(own, blocks.Options{Mention: t.User})); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, own.ID, answered, "")
}

func (b *Bot) feedback(ctx context.Context, t *talk, a *analysis.Answer, helpful bool) (string, error) {
	if err := b.db.SaveFeedback(ctx, state.Feedback{Answer: a.ID, Team: t.Team, User: t.User, Helpful: helpful, At: b.opts.Now()}); err != nil {
		return "", err
	}
	text := "Thank you. Noted with " + a.ID + "."
	if !helpful {
		text = "Thank you. Noted with " + a.ID + ", with how it was made. What was missing? A reply in the thread with a mention is read as a question."
	}
	if err := b.whisper(ctx, t, text); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, a.ID, answered, "")
}

// whisper tells only the person who pressed. It goes through the outbox, like everything that is said.
func (b *Bot) whisper(ctx context.Context, t *talk, text string) error {
	return b.aside(ctx, t, blocks.Note(text))
}

// aside says a message to who asked alone.
func (b *Bot) aside(ctx context.Context, t *talk, m blocks.Message) error {
	if t.Key == "" {
		return fmt.Errorf("a note needs an event")
	}
	to := *t
	to.private = !t.place.Direct
	return b.say(ctx, &to, "note", m)
}

// shortcut deals with "Explain the spend here" on a message: the names in it say what to explain.
func (b *Bot) shortcut(ctx context.Context, e slack.Event) (string, error) {
	if e.Callback != ShortcutExplain {
		return ignored, nil
	}
	t, done, err := b.begin(ctx, e, "shortcut")
	if err != nil || done {
		return refused, err
	}
	text := question(e.Text, b.slack.Self().User)
	p, err := b.desk.Read(ctx, desk.Question{Text: text, Scope: t.grant.Scope, Now: b.opts.Today()})
	if err != nil {
		return b.trouble(ctx, t, text, err)
	}
	const why = "why did spend change last week?"
	q := desk.Question{Text: text}
	if len(p.Filters) == 0 && p.Intent != analysis.ExplainChange {
		all, err := b.desk.Read(ctx, desk.Question{Text: why, Scope: t.grant.Scope, Now: b.opts.Today()})
		if err != nil {
			return b.trouble(ctx, t, text, err)
		}
		all.Notes = append(all.Notes, "the message names nothing I know: this is all of it, last week against the week before")
		q.Plan = &all
	} else if len(p.Filters) > 0 || p.Intent == analysis.ExplainChange { // what the message is about, explained
		why, err := b.desk.Read(ctx, desk.Question{Text: why, Scope: t.grant.Scope, Now: b.opts.Today()})
		if err != nil {
			return b.trouble(ctx, t, text, err)
		}
		if p.Intent != analysis.ExplainChange || p.Baseline == nil {
			why.Filters, why.Notes = p.Filters, append(why.Notes, "the message names no two periods to compare: last week against the week before")
			p = why
		}
		q = desk.Question{Text: text, Plan: &p}
	}
	return b.answer(ctx, t, q)
}

// ShortcutExplain is the callback id of the message shortcut.
const ShortcutExplain = "explain_spend"
