package bot

import (
	"context"
	"fmt"
	"strings"

	"spendbot/analysis"
	"spendbot/bot/access"
	"spendbot/bot/slack"
	"spendbot/bot/state"
)

// route finds the channel of an incident: its owner's, where the bot is in it and may tell of it there; else the one that is told of the rest. elsewhere says why it is not the
// owner's. What may be told nowhere has none.
func (b *Bot) route(ctx context.Context, in state.Incident) (channel, elsewhere string, err error) {
	if name := b.owners(in.Team, in.Onset); name != "" {
		p, ok, err := b.placeNamed(ctx, name)
		switch {
		case err != nil:
			return "", "", err
		case !ok:
			elsewhere = "I am not in " + name
		case !b.mayTell(p, in):
			elsewhere = "it is more than may be told in " + name
		default:
			return p.ID, "", nil
		}
	}
	channel, _, err = b.fallback(ctx, in)
	return channel, elsewhere, err
}

// fallback is the channel that is told of the rest; ok is false where it may not be told of this.
func (b *Bot) fallback(ctx context.Context, in state.Incident) (channel string, ok bool, err error) {
	p, ok, err := b.placeNamed(ctx, b.opts.Incidents.Channel)
	if err != nil || !ok || !b.mayTell(p, in) {
		return "", false, err
	}
	return p.ID, true, nil
}

// placeNamed is a channel that the bot is in, by id or "#name".
func (b *Bot) placeNamed(ctx context.Context, name string) (slack.Place, bool, error) {
	list, err := b.slack.Channels(ctx)
	if err != nil {
		return slack.Place{}, false, fmt.Errorf("channel %s: %w", name, err)
	}
	bare := strings.TrimPrefix(name, "#")
	for _, c := range list {
		if c.ID == name || strings.EqualFold(c.Name, bare) {
			return c, true, nil
		}
	}
	return slack.Place{}, false, nil
}

// mayTell reports whether an incident lies within what may be told in a channel.
func (b *Bot) mayTell(p slack.Place, in state.Incident) bool {
	scope, ok, _ := b.policy.Posts(accessPlace(p))
	return ok && analysis.ScopeCovers(scope, in.Filters)
}

func accessPlace(p slack.Place) access.Place {
	return access.Place{Channel: p.ID, Name: p.Name, Direct: p.Direct, Shared: p.Shared}
}
