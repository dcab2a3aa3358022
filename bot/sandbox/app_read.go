package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func kindOf(u *User) string {
	switch {
	case u.Deleted:
		return "deactivated"
	case u.Bot:
		return "bot"
	case u.Stranger:
		return "stranger"
	case u.Guest:
		return "guest"
	}
	return "member"
}

func (s *Sandbox) appUser(u *User) map[string]any {
	initials := ""
	for _, word := range strings.Fields(u.RealName) {
		initials += string([]rune(word)[:1])
	}
	if len(initials) > 2 {
		initials = initials[:2]
	}
	return map[string]any{"id": u.ID, "name": u.Name, "real_name": u.RealName, "title": u.Title, "kind": kindOf(u), "team": s.teams[u.Team].Name,
		"initials": strings.ToUpper(initials), "color": "#" + u.Color, "canAct": !u.Deleted && !u.Bot}
}

// channelsOf lists what a person's sidebar shows.
func (s *Sandbox) channelsOf(u *User) []map[string]any {
	out := []map[string]any{}
	if u.Deleted {
		return out
	}
	if !u.Bot && !u.Stranger {
		s.direct(u.ID)
	}
	for _, id := range s.roomIDs {
		if r := s.rooms[id]; s.sees(u.ID, r) {
			out = append(out, s.appRoom(u, r))
		}
	}
	for _, id := range sortedKeys(s.assistants) {
		if a := s.assistants[id]; a.user == u.ID {
			out = append(out, s.appAssistant(u, a))
		}
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *Sandbox) appRoom(u *User, r *room) map[string]any {
	o := map[string]any{"id": r.ID, "name": r.Name, "kind": "public", "topic": r.Topic, "member": r.has(u.ID), "shared": r.Shared,
		"archived": r.Archived, "members": len(r.Members), "app": r.has(s.app.BotUser), "unread": s.unread(u, r.ID, s.inside(r, ""))}
	switch {
	case r.im != "":
		o["kind"], o["name"] = "im", s.app.Name
	case r.Private:
		o["kind"] = "private"
	}
	return o
}

func (s *Sandbox) appAssistant(u *User, a *assistant) map[string]any {
	id := a.channel + ":" + a.ts
	return map[string]any{"id": id, "name": a.title, "kind": "assistant", "topic": "", "member": true, "shared": false, "archived": false,
		"members": 2, "app": true, "dm": a.channel, "thread": a.ts, "unread": s.unread(u, id, s.inside(s.rooms[a.channel], a.ts))}
}

// inside lists what a channel, or an assistant thread in it, shows. Assistant threads are not shown in the direct message.
func (s *Sandbox) inside(r *room, thread string) []*message {
	if thread != "" {
		return r.threads[thread]
	}
	var out []*message
	for _, m := range r.top() {
		if s.assistants[r.ID+":"+m.ts] == nil {
			out = append(out, m)
		}
	}
	return out
}

func (s *Sandbox) unread(u *User, id string, list []*message) int {
	seen, n := s.read[[2]string{u.ID, id}], 0
	for _, m := range list {
		if m.user != u.ID && m.ts > seen {
			n++
		}
	}
	return n
}

func (s *Sandbox) appState(_ *http.Request, u *User) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	users, groups, shortcuts := []any{}, []any{}, []any{}
	for _, id := range s.order {
		users = append(users, s.appUser(s.users[id]))
	}
	for _, g := range s.groups {
		groups = append(groups, map[string]any{"id": g.ID, "handle": g.Handle, "name": g.Name, "users": g.Users})
	}
	for _, c := range s.app.Shortcuts {
		shortcuts = append(shortcuts, map[string]any{"callback_id": c.CallbackID, "name": c.Name, "global": c.Global})
	}
	why := ""
	switch {
	case u.Deleted:
		why = u.RealName + " is deactivated: they see and do nothing."
	case u.Bot:
		why = u.RealName + " is a bot."
	}
	return map[string]any{
		"team": map[string]any{"id": s.team.ID, "name": s.team.Name, "domain": s.team.Domain}, "me": s.appUser(u),
		"canAct": why == "", "why": why,
		"users": users, "groups": groups, "channels": s.channelsOf(u), "links": s.links,
		"app": map[string]any{"id": s.app.ID, "name": s.app.Name, "user": s.app.BotUser, "command": s.app.Command, "hint": s.app.CommandHint,
			"shortcuts": shortcuts},
	}, nil
}

func (s *Sandbox) appMessage(u *User, m *message) map[string]any {
	author := s.users[m.user]
	o := map[string]any{"ts": m.ts, "channel": m.channel, "user": m.user, "bot": author != nil && author.Bot, "text": m.text, "thread": nil,
		"thread_ts": m.thread, "ephemeral": m.recipient != "", "edited": m.edited != "", "subtype": m.subtype, "broadcast": m.broadcast,
		"streaming": m.streaming, "username": m.username, "blocks": []any{}, "attachments": []any{}, "files": []any{}, "reactions": []any{}}
	if len(m.blocks) > 0 {
		o["blocks"] = m.blocks
	}
	if len(m.attachments) > 0 {
		o["attachments"] = m.attachments
	}
	if len(m.metadata) > 0 {
		o["metadata"] = m.metadata
	}
	if slices.Contains(s.rooms[m.channel].pinned, m.ts) {
		o["pinned"] = true
	}
	if len(m.files) > 0 {
		files := []any{}
		for _, f := range m.files {
			files = append(files, map[string]any{"id": f.id, "name": f.name, "title": f.title, "alt": f.alt, "mimetype": f.mimetype,
				"size": len(f.data), "width": f.width, "height": f.height, "url": f.path() + "?as=" + u.ID})
		}
		o["files"] = files
	}
	if len(m.reactions) > 0 {
		list := []any{}
		for _, r := range m.reactions {
			list = append(list, map[string]any{"name": r.name, "users": slices.Clone(r.users)})
		}
		o["reactions"] = list
	}
	if replies := s.rooms[m.channel].threads[m.ts]; m.recipient == "" && m.thread == "" && len(replies) > 0 {
		people := []string{}
		for _, x := range replies {
			if !slices.Contains(people, x.user) {
				people = append(people, x.user)
			}
		}
		o["thread"] = map[string]any{"count": len(replies), "last": replies[len(replies)-1].ts, "users": people}
	}
	return o
}

// shownTo adds a person's ephemeral messages to a list and puts all in order.
func (s *Sandbox) shownTo(u *User, r *room, thread string, list []*message) []any {
	all := slices.Clone(list)
	for _, m := range s.ephemeral[u.ID] {
		if m.channel == r.ID && m.thread == thread {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b *message) int { return strings.Compare(a.ts, b.ts) })
	out := []any{}
	for _, m := range all {
		out = append(out, s.appMessage(u, m))
	}
	return out
}

// seen finds a channel for a person, by the page's id.
func (s *Sandbox) seen(u *User, id string) (*room, *assistant, error) {
	a := s.assistants[id]
	channel, _, _ := strings.Cut(id, ":")
	r := s.rooms[channel]
	if r == nil || !s.sees(u.ID, r) || strings.Contains(id, ":") && (a == nil || a.user != u.ID) {
		return nil, nil, &refusedError{http.StatusNotFound, fmt.Sprintf("%s sees no channel %q", u.RealName, id)}
	}
	return r, a, nil
}

func (s *Sandbox) appChannel(req *http.Request, u *User) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := req.PathValue("id")
	r, a, err := s.seen(u, id)
	if err != nil {
		return nil, err
	}
	thread := ""
	if a != nil {
		thread = a.ts
	}
	list := s.inside(r, thread)
	if len(list) > 0 {
		s.read[[2]string{u.ID, id}] = list[len(list)-1].ts
	}
	o := map[string]any{"messages": s.shownTo(u, r, thread, list), "status": "", "prompts": nil, "title": ""}
	if a != nil {
		o["channel"] = s.appAssistant(u, a)
		s.describe(o, r, a.ts)
		return o, nil
	}
	o["channel"] = s.appRoom(u, r)
	statuses := map[string]string{}
	for at := range s.statuses {
		if text := s.status(at.channel, at.ts); at.channel == r.ID && text != "" {
			statuses[at.ts] = text
		}
	}
	o["statuses"] = statuses
	return o, nil
}

// describe adds what the assistant container shows around a thread.
func (s *Sandbox) describe(o map[string]any, r *room, thread string) {
	o["status"] = s.status(r.ID, thread)
	if a := s.assistants[r.ID+":"+thread]; a != nil {
		o["title"] = a.title
		if len(a.prompts) > 0 {
			o["prompts"] = map[string]any{"title": a.promptsTitle, "prompts": a.prompts}
		}
	}
}

func (s *Sandbox) appThread(req *http.Request, u *User) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _, err := s.seen(u, req.PathValue("id"))
	if err != nil {
		return nil, err
	}
	ts := req.PathValue("ts")
	if r.byTS[ts] == nil {
		return nil, &refusedError{http.StatusNotFound, fmt.Sprintf("there is no message %s in %s", ts, r.ID)}
	}
	o := map[string]any{"messages": s.shownTo(u, r, ts, r.thread(ts)), "prompts": nil, "title": ""}
	s.describe(o, r, ts)
	return o, nil
}

func (s *Sandbox) appView(v *view) any {
	if v == nil {
		return nil
	}
	o := v.wire(s, nil)
	o["busy"], o["errors"] = v.busy, map[string]string{}
	if len(v.errors) > 0 {
		o["errors"] = v.errors
	}
	return o
}

func (s *Sandbox) appHome(_ *http.Request, u *User) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"view": s.appView(s.homes[u.ID])}, nil
}

func (s *Sandbox) appModal(_ *http.Request, u *User) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"view": s.appView(s.shown(u.ID)), "depth": len(s.modals[u.ID])}, nil
}
