package slack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// remembered is how long what Slack says of people, groups and channels is believed.
const remembered = 10 * time.Minute

// Person is what Slack says of somebody.
type Person struct {
	ID, Name, Team, Email      string
	Zone                       string // time zone, as IANA names it
	Guest, Bot, Stranger, Gone bool
}

// Person looks somebody up. A server that cannot tell (other stand-ins) leaves the flags unset; any other failure is an
// error, since who somebody is decides what they may see.
func (c *Client) Person(ctx context.Context, id string) (Person, error) {
	c.mu.Lock()
	p, ok := c.people[id]
	c.mu.Unlock()
	if ok && c.now().Before(p.until) {
		return p.value, nil
	}
	u, err := c.api.GetUserInfoContext(ctx, id)
	if err != nil {
		err = c.failed("users.info", err)
		if code := Code(err); code == "unknown_method" || code == "http_404" {
			c.absent("users.info", err)
			return Person{ID: id}, nil
		}
		if code := Code(err); code == "user_not_found" || code == "user_not_visible" { // somebody of another workspace
			return Person{ID: id, Stranger: true}, nil
		}
		return Person{}, err
	}
	out := Person{ID: u.ID, Name: first(u.Profile.DisplayName, u.RealName, u.Name), Team: u.TeamID, Email: u.Profile.Email, Zone: u.TZ,
		Guest: u.IsRestricted || u.IsUltraRestricted, Bot: u.IsBot || u.IsWorkflowBot || u.IsConnectorBot, Gone: u.Deleted,
		Stranger: u.IsStranger || u.TeamID != "" && c.Self().Team != "" && u.TeamID != c.Self().Team}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people[id] = cached[Person]{out, c.now().Add(remembered)}
	return out, nil
}

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}

// GroupsOf tells which of some user groups, by handle or id, a person is in. It needs the scope usergroups:read.
func (c *Client) GroupsOf(ctx context.Context, person string, groups []string) ([]string, error) {
	var in []string
	for _, g := range groups {
		id, err := c.groupID(ctx, g)
		if err != nil {
			return nil, err
		}
		if id == "" {
			continue
		}
		members, err := c.members(ctx, id)
		if err != nil {
			return nil, err
		}
		if slices.Contains(members, person) {
			in = append(in, g)
			if id != g {
				in = append(in, id)
			}
		}
	}
	return in, nil
}

// groupID finds a user group's id by its handle; "" where there is none of that name.
func (c *Client) groupID(ctx context.Context, g string) (string, error) {
	name := strings.TrimPrefix(g, "@")
	c.mu.Lock()
	h := c.handles
	c.mu.Unlock()
	if !c.now().Before(h.until) {
		list, err := c.api.GetUserGroupsContext(ctx)
		if err != nil {
			err = c.failed("usergroups.list", err)
			c.absent("usergroups.list", err)
			return "", err
		}
		h = cached[map[string]string]{map[string]string{}, c.now().Add(remembered)}
		for _, u := range list {
			h.value[u.Handle] = u.ID
			h.value[u.ID] = u.ID
		}
		c.mu.Lock()
		c.handles = h
		c.mu.Unlock()
	}
	return h.value[name], nil
}

func (c *Client) members(ctx context.Context, group string) ([]string, error) {
	c.mu.Lock()
	g, ok := c.groups[group]
	c.mu.Unlock()
	if ok && c.now().Before(g.until) {
		return g.value, nil
	}
	list, err := c.api.GetUserGroupMembersContext(ctx, group)
	if err != nil {
		err = c.failed("usergroups.users.list", err)
		c.absent("usergroups.users.list", err)
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups[group] = cached[[]string]{list, c.now().Add(remembered)}
	return list, nil
}

// Place is what Slack says of a channel.
type Place struct {
	ID, Name string
	Direct   bool // between one person and the bot
	Shared   bool // with another workspace (Slack Connect)
	Archived bool
	Member   bool // the bot is in it
}

// Place looks a channel up. Where Slack does not show it to the bot (not a member of a private channel), the name is empty.
func (c *Client) Place(ctx context.Context, id string) (Place, error) {
	c.mu.Lock()
	p, ok := c.places[id]
	c.mu.Unlock()
	if ok && c.now().Before(p.until) {
		return p.value, nil
	}
	if strings.HasPrefix(id, "D") {
		return Place{ID: id, Direct: true, Member: true}, nil
	}
	ch, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		err = c.failed("conversations.info", err)
		if c.absent("conversations.info", err) {
			return Place{ID: id, Member: true}, nil
		}
		if Code(err) == "channel_not_found" || Denied(err) {
			return Place{ID: id}, nil
		}
		return Place{}, err
	}
	out := Place{ID: id, Name: ch.Name, Direct: ch.IsIM, Shared: ch.IsExtShared || ch.IsPendingExtShared, Archived: ch.IsArchived, Member: ch.IsMember}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[id] = cached[Place]{out, c.now().Add(remembered)}
	return out, nil
}

// Forget drops what is remembered of a channel, after it turned out wrong.
func (c *Client) Forget(channel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.places, channel)
}

// Direct is the conversation between a person and the bot.
func (c *Client) Direct(ctx context.Context, person string) (string, error) {
	c.mu.Lock()
	id := c.directs[person]
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	ch, _, _, err := c.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{person}})
	if err != nil {
		if err = c.failed("conversations.open", err); !c.absent("conversations.open", err) {
			return "", err
		}
		return person, nil // where a message to a person goes to the conversation with them
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.directs[person] = ch.ID
	return ch.ID, nil
}

// Channels lists the channels the bot is in, for `spendbot check`.
func (c *Client) Channels(ctx context.Context) ([]Place, error) {
	var out []Place
	cursor := ""
	for {
		list, next, err := c.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Types: []string{"public_channel", "private_channel"}, Limit: 200, Cursor: cursor, ExcludeArchived: true})
		if err != nil {
			return nil, c.failed("conversations.list", err)
		}
		for _, ch := range list {
			if ch.IsMember {
				out = append(out, Place{ID: ch.ID, Name: ch.Name, Shared: ch.IsExtShared, Member: true})
			}
		}
		if next == "" {
			return out, nil
		}
		cursor = next
	}
}

// OpenView opens a modal. The trigger is good for 3 seconds and once.
func (c *Client) OpenView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	_, err := c.api.OpenViewContext(ctx, trigger, v)
	return c.failed("views.open", err)
}

// PublishHome sets a person's App Home.
func (c *Client) PublishHome(ctx context.Context, person string, v slack.HomeTabViewRequest) error {
	_, err := c.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: person, View: v})
	if err != nil {
		if err = c.failed("views.publish", err); c.absent("views.publish", err) {
			return nil
		}
	}
	return err
}

// Status shows what the bot is doing in an assistant's thread; "" clears it. It is a courtesy: it never fails the answer.
func (c *Client) Status(ctx context.Context, channel, thread, status string) {
	const method = "assistant.threads.setStatus"
	if c.lacks(method) {
		return
	}
	err := c.api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{ChannelID: channel, ThreadTS: thread, Status: status})
	if err != nil {
		err = c.failed(method, err)
		if !c.absent(method, err) && !errors.Is(err, context.Canceled) {
			c.log.Debug("status not shown", "error", err)
		}
	}
}

// Prompt is a suggested question in the assistant's container.
type Prompt struct{ Title, Message string }

// Prompts suggests questions in an assistant's thread, four at most.
func (c *Client) Prompts(ctx context.Context, channel, thread, title string, prompts []Prompt) error {
	const method = "assistant.threads.setSuggestedPrompts"
	if c.lacks(method) {
		return nil
	}
	p := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: channel, ThreadTS: thread, Title: title}
	for _, x := range prompts {
		p.AddPrompt(x.Title, x.Message)
	}
	if err := c.api.SetAssistantThreadsSuggestedPromptsContext(ctx, p); err != nil {
		if err = c.failed(method, err); c.absent(method, err) {
			return nil
		}
		return err
	}
	return nil
}

// HasGroup reports whether there is a user group of that handle or id.
func (c *Client) HasGroup(ctx context.Context, g string) (bool, error) {
	id, err := c.groupID(ctx, g)
	return id != "", err
}

// TrySocket asks for a Socket Mode connection without opening it.
func (c *Client) TrySocket(ctx context.Context) error {
	_, _, err := c.api.StartSocketModeContext(ctx)
	return c.failed(methodSocket, err)
}
