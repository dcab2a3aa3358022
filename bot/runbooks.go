package bot

import (
	"context"
	"strings"
	"time"

	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/runbooks"
)

// library is the bot's runbooks.
func (b *Bot) library() (*runbooks.Library, error) {
	if b.opts.Runbooks != nil {
		return b.opts.Runbooks, nil
	}
	return runbooks.Built()
}

// runbook deals with /spend runbook: it shows one by its name or words, lists those that words may mean, or all.
func (b *Bot) runbook(ctx context.Context, t *talk, rest string) (string, error) {
	books, err := b.library()
	if err != nil {
		return b.trouble(ctx, t, "runbook", err)
	}
	query := strings.TrimSpace(strings.TrimSuffix(rest, "?"))
	var m blocks.Message
	if query == "" || strings.EqualFold(query, "list") {
		m = blocks.Runbooks(books.All(), "", b.opts.Command)
	} else if best, others := books.Find(query); best != nil {
		m = blocks.Runbook(*best, blocks.RunbookOptions{Values: b.blanks(time.Time{}), Others: others, Command: b.opts.Command})
	} else {
		m = blocks.Runbooks(others[:min(len(others), 8)], query, b.opts.Command)
	}
	if err := b.say(ctx, t, partAnswer, m); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}

// blanks fill in what runbooks' questions leave open, for a change that began on a day; zero for none.
func (b *Bot) blanks(since time.Time) map[string]string { return runbooks.Dates(since, b.opts.Today()) }

// showRunbook opens a runbook in a window, and says it in a message where Slack does not open it in time.
func (b *Bot) showRunbook(ctx context.Context, t *talk, act blocks.Action) (string, error) {
	books, err := b.library()
	if err != nil {
		return b.trouble(ctx, t, "runbook", err)
	}
	r, ok := books.Get(act.Runbook)
	if !ok {
		return ignored, b.whisper(ctx, t, "There is no runbook "+act.Runbook+" any more. `"+b.opts.Command+" runbook` lists those there are.")
	}
	if err := b.slack.OpenView(ctx, t.Trigger, blocks.RunbookView(r, act.Part)); err != nil {
		b.log.Warn("modal not opened", "error", err)
		if slack.Fatal(err) {
			return "", err
		}
		if err := b.whisper(ctx, t, "Slack did not open the window in time. Pressing again works; `"+b.opts.Command+" runbook "+r.Slug+"` shows it here."); err != nil {
			return "", err
		}
	}
	return answered, b.audit(ctx, t, "", answered, "")
}
