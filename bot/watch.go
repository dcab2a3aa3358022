package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// SourceHealth is how a source of bills is, as whoever looks after it sees it.
type SourceHealth struct {
	Name string
	Late bool
	Why  string // one sentence: what is late, by how much; of a source that is well, what it has
}

// Watch tells the alerts' channel of a source that is late, once, and once more when it is well again. What has been told is
// kept in state together with the post, so that neither a kill nor a second process tells it twice or not at all. Without a
// channel in the configuration nobody is told.
func (b *Bot) Watch(ctx context.Context, list []SourceHealth) error {
	if b.opts.Alerts == "" {
		return nil
	}
	told, err := b.db.Breaches(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range list {
		if _, late := told[h.Name]; late == h.Late {
			continue
		}
		channel, err := b.alertChannel(ctx) // before the transaction: Slack may take its time
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		changed, err := b.db.Watch(ctx, h.Name, h.Late, h.Why, b.opts.Today(), func(breach state.Breach, late bool) (state.Post, error) {
			m, word := lateNote(h), "late"
			if !late {
				m, word = wellNote(h, b.opts.Today().Sub(breach.Since)), "well"
			}
			o := slack.Outgoing{Text: m.Text}
			var err error
			if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
				return state.Post{}, fmt.Errorf("message blocks: %w", err)
			}
			key := strings.Join([]string{"source", h.Name, breach.Since.UTC().Format(time.RFC3339Nano), word}, "/")
			return o.Post(key, "", slack.MethodPost, channel, "", "")
		})
		if err != nil {
			errs = append(errs, err)
		}
		if changed {
			b.log.Info("told of a source", "source", h.Name, "late", h.Late, "why", h.Why)
			b.sender.Wake()
		}
	}
	return errors.Join(errs...)
}

func lateNote(h SourceHealth) blocks.Message {
	return blocks.Note("The bills of " + h.Name + " are late: " + h.Why + "\nAnswers say how far the data is complete. I tell once more when they have come. `spendbot sources` says what waits and why.")
}

func wellNote(h SourceHealth, after time.Duration) blocks.Message {
	return blocks.Note(fmt.Sprintf("The bills of %s are up to date again, %s after I told that they were late: %s", h.Name, spanWords(after), h.Why))
}

// spanWords is a duration as one says it: "3 hours", "2 days".
func spanWords(d time.Duration) string {
	n, unit := int(d.Hours()/24), "day"
	switch {
	case d < 2*time.Hour:
		n, unit = max(1, int(d.Minutes())), "minute"
	case d < 48*time.Hour:
		n, unit = int(d.Hours()), "hour"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// alertChannel is the id of the channel that is told.
func (b *Bot) alertChannel(ctx context.Context) (string, error) {
	name, named := strings.CutPrefix(b.opts.Alerts, "#")
	if !named {
		return b.opts.Alerts, nil
	}
	list, err := b.slack.Channels(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		if strings.EqualFold(c.Name, name) {
			return c.ID, nil
		}
	}
	return "", fmt.Errorf("alerts.channel: the bot is not in #%s; /invite it there", name)
}
