package sandbox

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

var conversationsAPI = map[string]method{
	"conversations.info":    {required: []string{"channel"}, run: (*call).conversationInfo},
	"conversations.list":    {run: (*call).conversationList},
	"conversations.members": {required: []string{"channel"}, run: (*call).conversationMembers},
	"conversations.history": {required: []string{"channel"}, run: (*call).history},
	"conversations.replies": {required: []string{"channel", "ts"}, run: (*call).threadReplies},
	"conversations.open":    {scope: anyOf("im:write", "mpim:write"), run: (*call).openDirect},
	"conversations.join":    {scope: anyOf("channels:join", "channels:manage"), required: []string{"channel"}, run: (*call).join},
}

// scoped asks for the scope of a room's kind: "channels:read", "groups:history", ...
func (c *call) scoped(r *room, what string) error {
	return c.need(map[string]string{"channel": "channels", "group": "groups", "im": "im"}[r.kind()] + ":" + what)
}

func (c *call) open(what string) (*room, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	return r, c.scoped(r, what)
}

// cut takes a page of a list by "limit" and "cursor"; the cursor of the next page is "" at the end.
func cut[T any](c *call, list []T, standard, most int) (part []T, next string, err error) {
	limit := standard
	if l := c.args["limit"]; l != "" {
		if limit, err = strconv.Atoi(l); err != nil || limit < 0 || limit > most {
			return nil, "", refuse("invalid_limit")
		}
		if limit == 0 {
			limit = standard
		}
	}
	from := 0
	if cursor := c.args["cursor"]; cursor != "" {
		data, err := base64.StdEncoding.DecodeString(cursor)
		text, ok := strings.CutPrefix(string(data), "next:")
		if err != nil || !ok {
			return nil, "", refuse("invalid_cursor")
		}
		if from, err = strconv.Atoi(text); err != nil || from < 0 || from > len(list) {
			return nil, "", refuse("invalid_cursor")
		}
	}
	to := min(from+limit, len(list))
	if to < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return list[from:to], next, nil
}

func cursor(next string) map[string]any { return map[string]any{"next_cursor": next} }

func (s *Sandbox) wireRoom(r *room) map[string]any {
	if r.im != "" {
		return map[string]any{"id": r.ID, "created": 0, "is_im": true, "is_org_shared": false, "user": r.im, "is_user_deleted": s.users[r.im].Deleted,
			"is_open": true, "context_team_id": s.team.ID}
	}
	text := func(v string) map[string]any { return map[string]any{"value": v, "creator": "", "last_set": 0} }
	o := map[string]any{"id": r.ID, "name": r.Name, "name_normalized": r.Name, "created": r.created, "creator": r.creator, "is_channel": !r.Private, "is_group": false,
		"is_im": false, "is_mpim": false, "is_private": r.Private, "is_archived": r.Archived, "is_general": false, "is_member": r.has(s.app.BotUser),
		"is_shared": r.Shared, "is_ext_shared": r.Shared, "is_org_shared": false, "is_pending_ext_shared": false, "unlinked": 0,
		"topic": text(r.Topic), "purpose": text(r.Purpose), "previous_names": []any{}, "context_team_id": s.team.ID,
		"shared_team_ids": []string{s.team.ID}}
	if r.Shared {
		teams := []string{s.team.ID}
		for _, id := range r.Members {
			if u := s.users[id]; u != nil && !slices.Contains(teams, u.Team) {
				teams = append(teams, u.Team)
			}
		}
		o["shared_team_ids"], o["connected_team_ids"], o["conversation_host_id"] = teams, teams[1:], s.team.ID
	}
	return o
}

func (c *call) conversationInfo() (reply, error) {
	r, err := c.open("read")
	if err != nil {
		return nil, err
	}
	o := c.wireRoom(r)
	if c.args.is("include_num_members") {
		o["num_members"] = len(r.Members)
	}
	return reply{"channel": o}, nil
}

func (c *call) conversationList() (reply, error) {
	types := c.args["types"]
	if types == "" {
		types = "public_channel"
	}
	kinds := map[string]bool{}
	for t := range strings.SplitSeq(types, ",") {
		kind, scope := "", ""
		switch strings.TrimSpace(t) {
		case "public_channel":
			kind, scope = "channel", "channels:read"
		case "private_channel":
			kind, scope = "group", "groups:read"
		case "im":
			kind, scope = "im", "im:read"
		case "mpim":
			kind, scope = "mpim", "mpim:read"
		default:
			return nil, refuse("invalid_types")
		}
		if err := c.need(scope); err != nil {
			return nil, err
		}
		kinds[kind] = true
	}
	list := []any{}
	for _, id := range c.roomIDs {
		r := c.rooms[id]
		if !kinds[r.kind()] || r.Archived && c.args.is("exclude_archived") || !r.has(c.app.BotUser) && (r.Private || r.im != "") {
			continue
		}
		o := c.wireRoom(r)
		o["num_members"] = len(r.Members)
		list = append(list, o)
	}
	part, next, err := cut(c, list, 100, 1000)
	if err != nil {
		return nil, err
	}
	return reply{"channels": part, "response_metadata": cursor(next)}, nil
}

func (c *call) conversationMembers() (reply, error) {
	r, err := c.open("read")
	if err != nil {
		return nil, err
	}
	part, next, err := cut(c, r.Members, 100, 1000)
	if err != nil {
		return nil, err
	}
	return reply{"members": part, "response_metadata": cursor(next)}, nil
}

// within keeps the messages between "oldest" and "latest", which count themselves only if "inclusive" is set.
func (c *call) within(list []*message) []*message {
	oldest, latest, inclusive := c.args["oldest"], c.args["latest"], c.args.is("inclusive")
	var out []*message
	for _, m := range list {
		if oldest != "" && oldest != "0" && (before(m.ts, oldest) || !inclusive && m.ts == oldest) {
			continue
		}
		if latest != "" && (before(latest, m.ts) || !inclusive && m.ts == latest) {
			continue
		}
		out = append(out, m)
	}
	return out
}

// before compares timestamps, which may have been written with fewer digits.
func before(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || x == y { // a float holds a timestamp to about a quarter of a microsecond
		return a < b
	}
	return x < y
}

func (c *call) messages(list []*message) []any {
	out := make([]any, len(list))
	for i, m := range list {
		out[i] = c.wire(m, c.args.is("include_all_metadata"))
	}
	return out
}

func (c *call) history() (reply, error) {
	r, err := c.open("history")
	if err != nil {
		return nil, err
	}
	if !r.has(c.app.BotUser) {
		return nil, refuse("not_in_channel")
	}
	list := c.within(r.top())
	slices.Reverse(list)
	part, next, err := cut(c, list, 100, 1000)
	if err != nil {
		return nil, err
	}
	return reply{"messages": c.messages(part), "has_more": next != "", "pin_count": 0, "response_metadata": cursor(next)}, nil
}

func (c *call) threadReplies() (reply, error) {
	r, err := c.open("history")
	if err != nil {
		return nil, err
	}
	if !r.has(c.app.BotUser) {
		return nil, refuse("not_in_channel")
	}
	m := r.byTS[c.args["ts"]]
	if m == nil {
		return nil, refuse("thread_not_found")
	}
	list := []*message{m}
	if m.thread == "" {
		list = append(list, c.within(r.threads[m.ts])...)
	}
	part, next, err := cut(c, list, 1000, 1000)
	if err != nil {
		return nil, err
	}
	return reply{"messages": c.messages(part), "has_more": next != "", "response_metadata": cursor(next)}, nil
}

func (c *call) openDirect() (reply, error) {
	if id := c.args["channel"]; id != "" {
		r, err := c.readable(id)
		if err != nil || r.im == "" {
			return nil, refuse("channel_not_found")
		}
		return reply{"channel": map[string]any{"id": r.ID}, "no_op": true, "already_open": true}, nil
	}
	ids := strings.Split(c.args["users"], ",")
	switch {
	case c.args["users"] == "":
		return nil, refuse("users_list_not_supplied")
	case len(ids) > 1:
		return nil, refuse("not_enough_users") // group messages with several people are not part of the sandbox
	}
	u := c.users[strings.TrimSpace(ids[0])]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	case u.Stranger:
		return nil, refuse("user_not_visible")
	}
	r := c.direct(u.ID)
	c.show(u.ID, notice{Type: "channel", Channel: r.ID})
	if c.args.is("return_im") {
		return reply{"channel": c.wireRoom(r)}, nil
	}
	return reply{"channel": map[string]any{"id": r.ID}}, nil
}

func (c *call) join() (reply, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	switch {
	case r.Private || r.im != "":
		return nil, refuse("method_not_supported_for_channel_type")
	case r.Archived:
		return nil, refuse("is_archived")
	case r.has(c.app.BotUser):
		return reply{"channel": c.wireRoom(r), "warning": "already_in_channel"}, nil
	}
	c.enter(r, c.app.BotUser, "")
	return reply{"channel": c.wireRoom(r)}, nil
}

// enter makes a user a member of a channel.
func (s *Sandbox) enter(r *room, user, inviter string) {
	r.Members = append(r.Members, user)
	m := &message{ts: s.stamp(), user: user, subtype: "channel_join", text: "<@" + user + "> has joined the channel"}
	s.keep(r, m)
	s.showRoom(r, notice{Type: "message", TS: m.ts})
	s.showRoom(r, notice{Type: "channel"})
	s.joined(r, user, inviter)
	s.said(r, m)
}
