package sandbox

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// roomsAPI makes channels and does things to them.
var roomsAPI = map[string]method{
	"conversations.create":     {scope: anyOf("channels:manage", "groups:write"), required: []string{"name"}, run: (*call).createRoom},
	"conversations.invite":     {scope: anyOf("channels:manage", "channels:write.invites", "groups:write", "groups:write.invites"), required: []string{"channel", "users"}, run: (*call).invite},
	"conversations.setTopic":   {scope: anyOf("channels:manage", "channels:write.topic", "groups:write", "groups:write.topic"), required: []string{"channel"}, run: func(c *call) (reply, error) { return c.describeRoom("topic") }},
	"conversations.setPurpose": {scope: anyOf("channels:manage", "channels:write.topic", "groups:write", "groups:write.topic"), required: []string{"channel"}, run: func(c *call) (reply, error) { return c.describeRoom("purpose") }},
	"conversations.archive":    {scope: anyOf("channels:manage", "groups:write"), required: []string{"channel"}, run: (*call).archive},
	"pins.add":                 {scope: anyOf("pins:write"), required: []string{"channel", "timestamp"}, run: (*call).pin},
	"pins.list":                {scope: anyOf("pins:read"), required: []string{"channel"}, run: (*call).pins},
}

// Limits of a channel.
const (
	maxRoomName   = 80  // characters
	maxRoomText   = 250 // of a topic or purpose
	maxInvited    = 100 // of one call; Slack takes 1000, an app has no need of so many
	roomNameSigns = "-_"
)

// roomName judges a channel's name as Slack does: small letters, digits, hyphens and underscores, at most 80.
func roomName(name string) error {
	switch {
	case utf8.RuneCountInString(name) > maxRoomName:
		return refuse("invalid_name_maxlength")
	case strings.Trim(name, roomNameSigns) == "":
		return refuse("invalid_name_punctuation")
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(roomNameSigns, r)) {
			return refuse("invalid_name_specials")
		}
	}
	return nil
}

func (c *call) createRoom() (reply, error) {
	name, private := c.args["name"], c.args.is("is_private")
	if err := c.need(map[bool]string{false: "channels:manage", true: "groups:write"}[private]); err != nil {
		return nil, err
	}
	if err := roomName(name); err != nil {
		return nil, err
	}
	for _, r := range c.rooms {
		if r.im == "" && r.Name == name { // an archived one keeps its name
			return nil, refuse("name_taken")
		}
	}
	r := c.addRoom(&room{Channel: Channel{ID: c.id("C"), Name: name, Private: private}, creator: c.app.BotUser, created: c.now().Unix()})
	c.enter(r, c.app.BotUser, "")
	return reply{"channel": c.wireRoom(r)}, nil
}

// unarchived finds a channel, no conversation of persons, and refuses one that is archived in the method's own word.
func (c *call) unarchived(refusal string) (*room, error) {
	r, err := c.readable(c.args["channel"])
	switch {
	case err != nil:
		return nil, err
	case r.im != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case r.Archived:
		return nil, refuse(refusal)
	}
	return r, nil
}

// manageable finds a channel that the app may change.
func (c *call) manageable() (*room, error) {
	r, err := c.unarchived("is_archived")
	if err == nil && !r.has(c.app.BotUser) {
		return nil, refuse("not_in_channel")
	}
	return r, err
}

func (c *call) invite() (reply, error) {
	r, err := c.manageable()
	if err != nil {
		return nil, err
	}
	ids := strings.Split(c.args["users"], ",")
	if len(ids) > maxInvited {
		return nil, refuse("too_many_users")
	}
	for i, id := range ids { // all of them or none
		ids[i] = strings.TrimSpace(id)
		u := c.users[ids[i]]
		switch {
		case u == nil || u.Stranger:
			return nil, refuse("user_not_found")
		case u.ID == c.app.BotUser:
			return nil, refuse("cant_invite_self")
		case u.Deleted:
			return nil, refuse("cant_invite")
		case u.Guest:
			return nil, refuse("ura_max_channels")
		case r.has(u.ID):
			return nil, refuse("already_in_channel")
		}
	}
	for _, id := range ids {
		c.enter(r, id, c.app.BotUser)
	}
	return reply{"channel": c.wireRoom(r)}, nil
}

func (c *call) describeRoom(what string) (reply, error) {
	r, err := c.manageable()
	if err != nil {
		return nil, err
	}
	text := c.args[what]
	if utf8.RuneCountInString(text) > maxRoomText {
		return nil, refuse("too_long")
	}
	to := &r.Topic
	if what == "purpose" {
		to = &r.Purpose
	}
	if *to != text {
		*to = text
		m := &message{ts: c.stamp(), user: c.app.BotUser, subtype: "channel_" + what, text: "set the channel " + what + ": " + text}
		c.keep(r, m)
		c.showRoom(r, notice{Type: "message", TS: m.ts})
		c.showRoom(r, notice{Type: "channel"})
		c.said(r, m)
	}
	return reply{"channel": c.wireRoom(r), what: text}, nil
}

func (c *call) archive() (reply, error) {
	r, err := c.unarchived("already_archived")
	if err != nil {
		return nil, err
	}
	r.Archived = true
	c.showRoom(r, notice{Type: "channel"})
	return reply{}, nil
}

func (c *call) pin() (reply, error) {
	r, err := c.manageable()
	if err != nil {
		return nil, err
	}
	m := r.byTS[c.args["timestamp"]]
	switch {
	case m == nil:
		return nil, refuse("message_not_found")
	case slices.Contains(r.pinned, m.ts):
		return nil, refuse("already_pinned")
	}
	r.pinned = append(r.pinned, m.ts)
	c.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	c.changed.Broadcast()
	return reply{}, nil
}

func (c *call) pins() (reply, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, ts := range slices.Backward(r.pinned) {
		if m := r.byTS[ts]; m != nil {
			items = append(items, map[string]any{"type": "message", "channel": r.ID, "created_by": c.app.BotUser, "message": c.wire(m, false)})
		}
	}
	return reply{"items": items}, nil
}

// React puts an emoji on a message as a person does, or takes it off: reaction_added, reaction_removed. It does nothing where it is so already.
func (s *Sandbox) React(user, channel, ts, emoji string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r, err := s.actorIn(user, channel)
	if err != nil {
		return err
	}
	m := r.byTS[ts]
	switch {
	case m == nil:
		return errRefused("%s sees no message %s in %s", u.RealName, ts, r.ID)
	case r.Archived:
		return errRefused("#%s is archived", r.Name)
	case !r.has(u.ID):
		return errRefused("%s is not a member of #%s", u.RealName, r.Name)
	}
	emoji = strings.Trim(emoji, ":")
	if !s.mark(r, m, u.ID, emoji, on) {
		return nil
	}
	kind := "reaction_added"
	if !on {
		kind = "reaction_removed"
	}
	if r.has(s.app.BotUser) && s.subscribed(kind) {
		at := s.stamp()
		s.event(map[string]any{"type": kind, "user": u.ID, "reaction": emoji, "item_user": m.user, "event_ts": at,
			"item": map[string]any{"type": "message", "channel": r.ID, "ts": m.ts}}, s.team.ID+"/"+kind+"/"+r.ID+"/"+m.ts+"/"+u.ID+"/"+emoji+"/"+at, r.Shared)
	}
	return nil
}

// mark puts a reaction on a message or takes it off; false where it is so already.
func (s *Sandbox) mark(r *room, m *message, user, emoji string, on bool) bool {
	i := slices.IndexFunc(m.reactions, func(x reaction) bool { return x.name == emoji })
	has := i >= 0 && slices.Contains(m.reactions[i].users, user)
	switch {
	case has == on:
		return false
	case on && i < 0:
		m.reactions = append(m.reactions, reaction{emoji, []string{user}})
	case on:
		m.reactions[i].users = append(m.reactions[i].users, user)
	default:
		m.reactions[i].users = slices.DeleteFunc(m.reactions[i].users, func(u string) bool { return u == user })
		if len(m.reactions[i].users) == 0 {
			m.reactions = slices.Delete(m.reactions, i, i+1)
		}
	}
	s.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	s.changed.Broadcast()
	return true
}

// Channels lists the channels there are, in the order they were made.
func (v *Snapshot) Channels() []Channel {
	var out []Channel
	for _, id := range v.s.roomIDs {
		if r := v.s.rooms[id]; r.im == "" {
			c := r.Channel
			c.Members = slices.Clone(c.Members)
			out = append(out, c)
		}
	}
	return out
}

// Pinned lists the timestamps of a channel's pinned messages.
func (v *Snapshot) Pinned(channel string) []string {
	if r := v.s.roomNamed(channel); r != nil {
		return slices.Clone(r.pinned)
	}
	return nil
}

// Channels lists the channels there are, in the order they were made.
func (s *Sandbox) Channels() []Channel { return look(s, (*Snapshot).Channels) }

// Pinned lists the timestamps of a channel's pinned messages.
func (s *Sandbox) Pinned(channel string) []string {
	return look(s, func(v *Snapshot) []string { return v.Pinned(channel) })
}

// AddChannel makes a channel, as somebody in the workspace does. Its id and name must be free.
func (s *Sandbox) AddChannel(ch Channel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[ch.ID] != nil || s.roomNamed(ch.Name) != nil {
		return errRefused("there is a channel %s or #%s", ch.ID, ch.Name)
	}
	ch.Members = slices.Clone(ch.Members)
	r := s.addRoom(&room{Channel: ch, created: s.now().Unix()})
	s.showRoom(r, notice{Type: "channel"})
	return nil
}
