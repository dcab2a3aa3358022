package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"spendbot/bot/state"
)

// The methods of a post that says nothing but does something to a channel. Each may be done twice and has happened once: those that Slack refuses to do twice are looked up.
const (
	MethodCreate  = "conversations.create"     // a channel of the name [Outgoing.Name]; once sent, the post's timestamp is the channel's id
	MethodInvite  = "conversations.invite"     // the post's user into its channel
	MethodTopic   = "conversations.setTopic"   // [Outgoing.Text]
	MethodPurpose = "conversations.setPurpose" // [Outgoing.Text]
	MethodPin     = "pins.add"                 // the message that is the post's thread; see [Under]
	MethodArchive = "conversations.archive"
	MethodReact   = "reactions.add" // the emoji [Outgoing.Name] on the message that is the post's thread; nothing where that was deleted
)

// ScopeOf is the permission that a method of a channel needs; "" for none beyond the usual.
func ScopeOf(method string, private bool) string {
	switch method {
	case MethodCreate, MethodInvite, MethodTopic, MethodPurpose, MethodArchive:
		if private {
			return "groups:write"
		}
		return "channels:manage"
	case MethodPin:
		return "pins:write"
	case MethodReact:
		return "reactions:write"
	}
	return ""
}

// ofRoom reports whether a method does something to a channel.
func ofRoom(method string) bool { return ScopeOf(method, false) != "" }

// room makes one attempt at a method of a channel. What is so already has been done.
func (s *Sender) room(ctx context.Context, p state.Post) (ts string, err error) {
	var o Outgoing
	if err := json.Unmarshal(p.Payload, &o); err != nil {
		return "", fmt.Errorf("%w: post %s: %w", errContent, p.Key, err)
	}
	switch p.Method {
	case MethodCreate:
		ch, err := s.client.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: o.Name, IsPrivate: o.Private})
		if err == nil {
			return ch.ID, nil
		}
		err = s.client.failed(p.Method, err)
		if Code(err) == "name_taken" { // maybe by an attempt of ours whose answer was lost
			if id, found, ferr := s.findRoom(ctx, p, o); ferr == nil && found {
				return id, nil
			}
		}
		return "", err
	case MethodInvite:
		_, err = s.client.api.InviteUsersToConversationContext(ctx, p.Channel, p.User)
	case MethodTopic:
		_, err = s.client.api.SetTopicOfConversationContext(ctx, p.Channel, o.Text)
	case MethodPurpose:
		_, err = s.client.api.SetPurposeOfConversationContext(ctx, p.Channel, o.Text)
	case MethodPin:
		err = s.client.api.AddPinContext(ctx, p.Channel, slack.NewRefToMessage(p.Channel, p.Thread))
	case MethodArchive:
		err = s.client.api.ArchiveConversationContext(ctx, p.Channel)
	case MethodReact:
		err = s.client.api.AddReactionContext(ctx, o.Name, slack.NewRefToMessage(p.Channel, p.Thread))
	}
	if err = s.client.failed(p.Method, err); err != nil {
		switch code := Code(err); {
		case code == "already_in_channel", code == "already_pinned", code == "already_archived", code == "already_reacted", code == "message_not_found" && p.Method == MethodReact:
			err = nil
		}
	}
	return "", err
}

// findRoom looks for a channel that an earlier attempt may have made: one of that name that the bot itself created since the post was kept. Names are unique in a
// workspace, those of archived channels too.
func (s *Sender) findRoom(ctx context.Context, p state.Post, o Outgoing) (id string, found bool, err error) {
	since := p.Created.Add(-time.Minute)
	kind := "public_channel"
	if o.Private {
		kind = "private_channel"
	}
	cursor := ""
	for {
		list, next, err := s.client.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{Types: []string{kind}, Limit: 1000, Cursor: cursor})
		if err != nil {
			return "", false, s.client.failed("conversations.list", err)
		}
		for _, ch := range list {
			if ch.Name == o.Name && ch.Creator == s.client.Self().User && !ch.Created.Time().Before(since) {
				return ch.ID, true, nil
			}
		}
		if cursor = next; cursor == "" {
			return "", false, nil
		}
	}
}

// Said is a message of a channel as somebody wrote it; of a reply Thread is what it replies to.
type Said struct {
	TS, Thread, User, Text string
	Bot                    bool // a bot wrote it
}

// Message reads one message of a channel, a reply too; the name of a bot that has no user stands for its author.
func (c *Client) Message(ctx context.Context, channel, ts string) (Said, bool, error) {
	list, _, _, err := c.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts, Limit: 1, Inclusive: true})
	if err = c.failed("conversations.replies", err); err != nil {
		switch Code(err) {
		case "thread_not_found", "message_not_found", "channel_not_found", "not_in_channel":
			return Said{}, false, nil
		}
		return Said{}, false, err
	}
	for _, m := range list {
		if m.Timestamp == ts {
			return Said{TS: m.Timestamp, Thread: m.ThreadTimestamp, User: first(m.User, m.Username, m.BotID), Text: strings.TrimSpace(m.Text), Bot: m.BotID != ""}, true, nil
		}
	}
	return Said{}, false, nil
}

// MembersOf lists who is in a user group, by its handle or id; found is false where there is none of that name. It needs usergroups:read.
func (c *Client) MembersOf(ctx context.Context, group string) (people []string, found bool, err error) {
	id, err := c.groupID(ctx, group)
	if err != nil || id == "" {
		return nil, false, err
	}
	people, err = c.members(ctx, id)
	return people, err == nil, err
}
