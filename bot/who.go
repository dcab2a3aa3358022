package bot

import (
	"context"
	"fmt"

	"spendbot/bot/access"
	"spendbot/bot/slack"
)

// noLookup is what people are told who cannot be told apart.
const noLookup = "I am not allowed to look up who asks, so I cannot tell what you may see. Whoever runs this bot can mend that: `spendbot check` says how."

// grant decides what the person behind an event may see where the event happened. It fails when Slack cannot be asked: who
// somebody is decides everything else, so nothing is assumed.
func (b *Bot) grant(ctx context.Context, e slack.Event, place slack.Place) (access.Grant, error) {
	who := access.Person{Team: e.Team, ID: e.User, Bot: e.Bot || e.User == ""}
	if e.User != "" {
		p, err := b.slack.Person(ctx, e.User)
		if slack.Denied(err) {
			return access.Grant{Refusal: noLookup, Reason: "Slack does not let the app look people up: " + slack.Code(err)}, nil
		}
		if err != nil {
			return access.Grant{}, fmt.Errorf("look up who asks: %w", err)
		}
		who.Name, who.Guest, who.Stranger, who.Deleted = p.Name, p.Guest, p.Stranger, p.Gone
		who.Bot = who.Bot || p.Bot
	}
	self := b.slack.Self()
	who.Stranger = who.Stranger || e.UserTeam != "" && e.UserTeam != self.Team || e.Team != "" && self.Team != "" && e.Team != self.Team
	if need := b.policy.NeedsGroups(); len(need) > 0 && !who.Bot && !who.Stranger && !who.Guest {
		groups, err := b.slack.GroupsOf(ctx, e.User, need)
		if slack.Denied(err) {
			who.GroupsUnknown = true
		} else if err != nil {
			return access.Grant{}, fmt.Errorf("look up the user groups of who asks: %w", err)
		}
		who.Groups = groups
	}
	g := b.policy.Decide(who, access.Place{Channel: place.ID, Name: place.Name, Direct: place.Direct, Shared: place.Shared})
	if !g.Allowed || place.Direct || !b.opts.Declare.On || !b.policy.Limits() {
		return g, nil
	}
	// Everybody in a billing incident's channel may see its slice, and perhaps no more: what is answered there lies within.
	d, ok, err := b.declaredIn(ctx, place.ID)
	if err != nil || !ok {
		return g, err
	}
	return access.Narrow(g, d.Filters, "billing incident "+d.ID), nil
}

// place looks up where an event happened. What happens in App Home happens between the person and the bot.
func (b *Bot) place(ctx context.Context, e slack.Event) (slack.Place, error) {
	if e.Channel == "" || e.Direct() {
		return slack.Place{ID: e.Channel, Direct: true, Member: true}, nil
	}
	p, err := b.slack.Place(ctx, e.Channel)
	if err != nil {
		return p, fmt.Errorf("look up the channel: %w", err)
	}
	p.Shared = p.Shared || e.Shared // also where the channel cannot be looked up, or could before it was shared
	return p, nil
}
