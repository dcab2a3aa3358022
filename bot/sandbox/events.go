package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

// eventScopes are the scopes without which an event is not sent even to an app that subscribed to it.
var eventScopes = map[string]string{
	"app_mention": "app_mentions:read", "message.channels": "channels:history", "message.groups": "groups:history",
	"message.im": "im:history", "member_joined_channel": "channels:read", "reaction_added": "reactions:read", "reaction_removed": "reactions:read",
}

// subscribed tells whether the app receives an event, by the name used for subscriptions.
func (w *workspace) subscribed(name string) bool {
	scope := eventScopes[name]
	return slices.Contains(w.app.Events, name) && (scope == "" || slices.Contains(w.app.Scopes, scope))
}

// event sends an inner event to the app, wrapped as Slack wraps it. key names what it is about in the ledger.
func (s *Sandbox) event(inner map[string]any, key string, shared bool) {
	kind, _ := inner["type"].(string)
	outer := map[string]any{
		"token": s.app.VerificationToken, "team_id": s.team.ID, "context_team_id": s.team.ID, "context_enterprise_id": nil,
		"api_app_id": s.app.ID, "event": inner, "type": "event_callback", "event_id": s.id("Ev"), "event_time": s.now().Unix(),
		"authorizations": []any{map[string]any{"enterprise_id": nil, "team_id": s.team.ID, "user_id": s.app.BotUser,
			"is_bot": true, "is_enterprise_install": false}},
		"is_ext_shared_channel": shared, "event_context": "4-" + s.id("ctx"),
	}
	s.send(&envelope{kind: "events_api", typ: kind, key: key, payload: encode(outer), retries: true})
}

// said sends the events of a new message: app_mention and message, both for one post where both apply.
func (s *Sandbox) said(r *room, m *message) {
	if !r.has(s.app.BotUser) {
		return
	}
	if m.subtype != "channel_join" {
		s.mentioned(r, m)
	}
	if s.subscribed(subscription(r)) {
		o := s.inner("message", r, m)
		o["channel_type"] = r.kind()
		s.event(o, s.key(r, m), r.Shared)
	}
}

// key names a message in the ledger.
func (s *Sandbox) key(r *room, m *message) string { return s.team.ID + "/" + r.ID + "/" + m.ts }

// inner is a message as an event of a type.
func (s *Sandbox) inner(kind string, r *room, m *message) map[string]any {
	o := s.wire(m, false)
	o["type"], o["channel"], o["event_ts"] = kind, r.ID, m.ts
	if u := s.users[m.user]; u != nil && u.Team != s.team.ID {
		o["user_team"], o["source_team"], o["user_profile"] = u.Team, u.Team, map[string]any{"name": u.Name, "real_name": u.RealName, "team": u.Team}
	}
	return o
}

// mentioned sends app_mention if a message in a channel names the app.
func (s *Sandbox) mentioned(r *room, m *message) {
	if !r.has(s.app.BotUser) || r.im != "" || m.user == s.app.BotUser || !s.subscribed("app_mention") || !mentions(m.text, s.app.BotUser) {
		return
	}
	o := s.inner("app_mention", r, m)
	delete(o, "subtype")
	s.event(o, s.key(r, m), r.Shared)
}

// rewritten sends message_changed or message_deleted.
func (s *Sandbox) rewritten(r *room, subtype string, before, after map[string]any, ts string) {
	if !r.has(s.app.BotUser) || !s.subscribed(subscription(r)) {
		return
	}
	o := map[string]any{"type": "message", "subtype": subtype, "hidden": true, "channel": r.ID, "channel_type": r.kind(),
		"ts": s.stamp(), "previous_message": before}
	o["event_ts"] = o["ts"]
	if after != nil {
		o["message"] = after
	} else {
		o["deleted_ts"] = ts
	}
	s.event(o, s.team.ID+"/"+r.ID+"/"+ts, r.Shared)
}

// subscription is the event that carries messages of a room.
func subscription(r *room) string {
	switch r.kind() {
	case "im":
		return "message.im"
	case "group":
		return "message.groups"
	}
	return "message.channels"
}

func mentions(text, user string) bool {
	return strings.Contains(text, "<@"+user+">") || strings.Contains(text, "<@"+user+"|")
}

func (s *Sandbox) joined(r *room, user, inviter string) {
	if !r.has(s.app.BotUser) || !s.subscribed("member_joined_channel") {
		return
	}
	o := map[string]any{"type": "member_joined_channel", "user": user, "channel": r.ID, "channel_type": "C", "team": s.team.ID, "event_ts": s.stamp()}
	if r.Private {
		o["channel_type"] = "G"
	}
	if inviter != "" {
		o["inviter"] = inviter
	}
	s.event(o, s.team.ID+"/joined/"+r.ID+"/"+user, r.Shared)
}

func (s *Sandbox) homeOpened(user, tab string) {
	if !s.subscribed("app_home_opened") {
		return
	}
	o := map[string]any{"type": "app_home_opened", "user": user, "channel": s.direct(user).ID, "tab": tab, "event_ts": s.stamp()}
	if h := s.homes[user]; h != nil && tab == "home" {
		o["view"] = h.wire(s, nil)
	}
	s.event(o, s.team.ID+"/home/"+user+"/"+o["event_ts"].(string), false)
}

func (s *Sandbox) assistantEvent(kind string, a *assistant) {
	if !s.subscribed(kind) {
		return
	}
	context := map[string]any{}
	if a.context != "" {
		context = map[string]any{"channel_id": a.context, "team_id": s.team.ID, "enterprise_id": nil}
	}
	s.event(map[string]any{"type": kind, "event_ts": s.stamp(), "assistant_thread": map[string]any{
		"user_id": a.user, "channel_id": a.channel, "thread_ts": a.ts, "context": context}}, s.team.ID+"/"+a.channel+"/"+a.ts+"/"+kind, false)
}

var (
	tokens = regexp.MustCompile(`<[^<>]+>`)
	names  = regexp.MustCompile(`(^|[\s(])([@#])([\pL\pN][\pL\pN._-]*)`)
)

// link turns the @names and #names that a person types into Slack's tokens, leaving tokens that are there already.
func (w *workspace) link(text string) string {
	var out strings.Builder
	last := 0
	for _, at := range append(tokens.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		glue := "" // after a token a name does not begin a word
		if last > 0 {
			glue = ">"
		}
		linked := names.ReplaceAllStringFunc(glue+text[last:at[0]], func(found string) string {
			part := names.FindStringSubmatch(found)
			name := strings.TrimRight(part[3], ".-_")
			rest := part[3][len(name):]
			if token := w.token(part[2], name); token != "" {
				return part[1] + token + rest
			}
			return found
		})
		out.WriteString(linked[len(glue):])
		out.WriteString(text[at[0]:at[1]])
		last = at[1]
	}
	return out.String()
}

func (w *workspace) token(sign, name string) string {
	lower := strings.ToLower(name)
	if sign == "#" {
		if r := w.roomNamed(lower); r != nil && r.im == "" && r.Name == lower {
			return "<#" + r.ID + "|" + r.Name + ">"
		}
		return ""
	}
	switch lower {
	case "here", "channel", "everyone":
		return "<!" + lower + ">"
	}
	if u := w.userNamed(lower); u != nil {
		return "<@" + u.ID + ">"
	}
	for _, g := range w.groups {
		if g.Handle == lower {
			return "<!subteam^" + g.ID + ">"
		}
	}
	return ""
}

// rich is the rich_text block that Slack's own clients send beside the text.
func (w *workspace) rich(text string) []any {
	plain := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	elements := []any{}
	add := func(o map[string]any) { elements = append(elements, o) }
	last := 0
	for _, at := range append(tokens.FindAllStringIndex(text, -1), []int{len(text), len(text)}) {
		if t := text[last:at[0]]; t != "" {
			add(map[string]any{"type": "text", "text": plain.Replace(t)})
		}
		if last = at[1]; at[0] == at[1] {
			break
		}
		body, label, _ := strings.Cut(text[at[0]+1:at[1]-1], "|")
		switch {
		case strings.HasPrefix(body, "@"):
			add(map[string]any{"type": "user", "user_id": body[1:]})
		case strings.HasPrefix(body, "#"):
			add(map[string]any{"type": "channel", "channel_id": body[1:]})
		case strings.HasPrefix(body, "!subteam^"):
			add(map[string]any{"type": "usergroup", "usergroup_id": strings.TrimPrefix(body, "!subteam^")})
		case strings.HasPrefix(body, "!"):
			add(map[string]any{"type": "broadcast", "range": body[1:]})
		default:
			o := map[string]any{"type": "link", "url": plain.Replace(body)}
			if label != "" {
				o["text"] = plain.Replace(label)
			}
			add(o)
		}
	}
	return []any{map[string]any{"type": "rich_text", "elements": []any{map[string]any{"type": "rich_text_section", "elements": elements}}}}
}
