package sandbox

import (
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"spendbot/bot/sandbox/page"
)

// The page's JSON, under /app/. Every request names the person it is made for: ?as=USERID. What that person may not see is
// not in any answer. Errors are {"error": "a sentence"} with a status of 4xx.
//
//	GET /app/state
//	  {"team": {"id", "name", "domain"},
//	   "me": USER, "canAct": bool, "why": "why not",
//	   "users": [USER], "groups": [{"id", "handle", "name", "users": [id]}],
//	   "channels": [{"id", "name", "kind": "public|private|im|assistant", "topic", "member": bool, "unread": n,
//	                 "shared": bool, "archived": bool, "members": n, "app": bool, "dm": "D...", "thread": "ts"}],
//	   "app": {"id", "name", "user": the bot's user id, "command", "hint", "shortcuts": [{"callback_id", "name", "global": bool}]}}
//	  USER is {"id", "name": handle, "real_name", "title", "kind": "member|guest|stranger|bot|deactivated", "team": workspace name,
//	           "initials", "color": "#rrggbb", "canAct": bool}
//	  An assistant thread is a channel of kind "assistant": its id, "D00000ANA:1731.0001", is good wherever a channel id is asked
//	  for; "dm" and "thread" are what it is made of. "app" says whether the app is a member.
//
//	GET /app/channel/{id}
//	  {"channel": the entry as in state, "messages": [MESSAGE], "status": "", "statuses": {thread: text},
//	   "prompts": {"title", "prompts": [{"title", "message"}]} | null, "title": ""}
//	  Messages are oldest first, without replies (but for broadcast ones); ephemeral ones of this person are among them. For an
//	  assistant thread they are its replies. Fetching a channel marks it as read.
//	  MESSAGE is {"ts", "channel", "user", "bot": bool, "text", "blocks": [], "attachments": [], "files": [FILE],
//	   "thread": {"count", "last": ts, "users": [id]} | null, "thread_ts": "", "ephemeral": bool, "edited": bool, "subtype": "",
//	   "broadcast": bool, "streaming": bool, "reactions": [{"name", "users"}], "metadata": {} | absent, "username": ""}
//	  FILE is {"id", "name", "title", "alt", "mimetype", "size", "width", "height", "url"}; the url works as it stands. A block's
//	  slack_file {"id": "F..."} is found at /files/F.../?as=USER.
//
//	GET /app/thread/{id}/{ts}   {"messages": [MESSAGE] (the root first), "status": "", "prompts": ..., "title": ""}
//	GET /app/home               {"view": VIEW | null}
//	GET /app/modal              {"view": VIEW | null, "depth": n}
//	  VIEW is what Slack sends ("id", "type", "title", "submit", "close", "blocks", ...) with "errors": {block_id: text} (the key ""
//	  is for the whole view) and "busy": bool.
//
//	POST takes application/json and answers {"ok": true, ...}:
//	POST /app/post        {channel, thread, text}  -> {"ts"}. "/spend ..." is the slash command, "/invite @name" invites
//	POST /app/press       {channel, ts, block_id, action_id, value, selected, view_id}. selected is a string, a list of strings, or an
//	                      option object; a view's element is pressed by view_id without channel and ts
//	POST /app/shortcut    {callback_id, channel, ts}
//	POST /app/open        {what: home|assistant|dm, viewing: channel} -> {"channel", "thread"}; of an assistant, channel is its own id
//	POST /app/view/submit {view_id, values: {block_id: {action_id: value}}} -> {"errors": {block_id: text}} where a required input is
//	                      empty; what the app answers comes as a "modal" event
//	POST /app/view/close  {view_id}
//
//	GET /app/events       server-sent events: {"type", "channel", "thread", "ts", "view_id"}. Types: message, update (edited, deleted,
//	                      streamed, reaction), ephemeral, status, prompts, channel (state changed), modal, home; acked and failed tell
//	                      how the app took what was pressed (channel and ts, or view_id); reload: fetch everything again
//
// Only requests to a loopback Host (or one of Options.Hosts) are answered, and only from the page's own origin.

// Handler serves everything: the Web API under /api/, sockets, uploads, files, response URLs, and the page with its JSON.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /socket", s.serveSocket)
	mux.HandleFunc("POST /upload/{id}", s.upload)
	mux.HandleFunc("GET /files/{id}/{name...}", s.serveFile)
	mux.HandleFunc("POST /respond/{id}", s.respond)

	mux.Handle("GET /app/state", s.answered(s.appState))
	mux.Handle("GET /app/channel/{id}", s.answered(s.appChannel))
	mux.Handle("GET /app/thread/{id}/{ts}", s.answered(s.appThread))
	mux.Handle("GET /app/home", s.answered(s.appHome))
	mux.Handle("GET /app/modal", s.answered(s.appModal))
	mux.Handle("GET /app/events", s.guarded(s.appEvents))
	mux.Handle("POST /app/post", s.answered(s.appPost))
	mux.Handle("POST /app/press", s.answered(s.appPress))
	mux.Handle("POST /app/shortcut", s.answered(s.appShortcut))
	mux.Handle("POST /app/open", s.answered(s.appOpen))
	mux.Handle("POST /app/view/submit", s.answered(s.appSubmit))
	mux.Handle("POST /app/view/close", s.answered(s.appClose))

	mux.HandleFunc("GET /archives/{channel}/{message}", s.archive)
	static := page.Handler()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !s.local(r) {
			http.Error(w, "this name is not served here: open the sandbox by localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		static.ServeHTTP(w, r)
	})
	return mux
}

// local tells whether a request was made to a name that cannot have been rebound to us.
func (s *Sandbox) local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(s.hosts, host) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// refusedError is an error of the page's JSON with its status.
type refusedError struct {
	status int
	text   string
}

func (e *refusedError) Error() string { return e.text }

// guarded lets in the page's own requests, made for a known person.
func (s *Sandbox) guarded(next func(http.ResponseWriter, *http.Request, *User)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := func(status int, text string) { writeJSON(w, status, map[string]any{"error": text}) }
		origin, err := url.Parse(r.Header.Get("Origin"))
		switch {
		case !s.local(r):
			fail(http.StatusForbidden, "this name is not served here: open the sandbox by localhost or 127.0.0.1")
			return
		case r.Header.Get("Origin") != "" && (err != nil || origin.Host != r.Host):
			fail(http.StatusForbidden, "requests of other origins are not answered")
			return
		}
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && kind != "application/json" {
			fail(http.StatusUnsupportedMediaType, "send application/json")
			return
		}
		s.mu.Lock()
		u := s.users[r.URL.Query().Get("as")]
		s.mu.Unlock()
		if u == nil {
			fail(http.StatusBadRequest, "say whose page it is: ?as=USERID")
			return
		}
		next(w, r, u)
	})
}

// answered answers with one JSON object.
func (s *Sandbox) answered(next func(*http.Request, *User) (map[string]any, error)) http.Handler {
	return s.guarded(func(w http.ResponseWriter, r *http.Request, u *User) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		body, err := next(r, u)
		if err != nil {
			status := http.StatusBadRequest
			if e, ok := err.(*refusedError); ok {
				status = e.status
			}
			writeJSON(w, status, map[string]any{"error": strings.TrimPrefix(err.Error(), "sandbox: ")})
			return
		}
		if r.Method == http.MethodPost {
			if body == nil {
				body = map[string]any{}
			}
			if _, ok := body["ok"]; !ok {
				body["ok"] = true
			}
		}
		writeJSON(w, http.StatusOK, body)
	})
}

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
		"team": map[string]any{"id": s.team.ID, "name": s.team.Name, "domain": s.team.Domain}, "me": s.appUser(u), "canAct": why == "", "why": why,
		"users": users, "groups": groups, "channels": s.channelsOf(u),
		"app": map[string]any{"id": s.app.ID, "name": s.app.Name, "user": s.app.BotUser, "command": s.app.Command, "hint": s.app.CommandHint, "shortcuts": shortcuts},
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
	if len(m.files) > 0 {
		files := []any{}
		for _, f := range m.files {
			files = append(files, map[string]any{"id": f.id, "name": f.name, "title": f.title, "alt": f.alt, "mimetype": f.mimetype, "size": len(f.data),
				"width": f.width, "height": f.height, "url": f.path() + "?as=" + u.ID})
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

func read(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return &refusedError{http.StatusBadRequest, "the body is not the JSON that is expected: " + err.Error()}
	}
	return nil
}

// escape writes what was typed in Slack's form.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (s *Sandbox) appPost(r *http.Request, u *User) (map[string]any, error) {
	var in struct{ Channel, Thread, Text string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if u.Bot {
		return nil, errRefused("%s is a bot", u.RealName)
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(in.Text), " ")
	switch {
	case word == s.app.Command:
		return nil, s.Command(u.ID, in.Channel, strings.TrimSpace(rest))
	case word == "/invite":
		return nil, s.Invite(u.ID, in.Channel, strings.TrimSpace(rest))
	case strings.HasPrefix(word, "/") && len(word) > 1 && !strings.Contains(word[1:], "/"):
		return nil, errRefused("%s is not a command here; there are %s and /invite", word, s.app.Command)
	}
	ts, err := s.Say(u.ID, in.Channel, in.Thread, escape.Replace(in.Text))
	return map[string]any{"ts": ts}, err
}

func (s *Sandbox) appPress(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		Channel, TS, Value string
		BlockID            string `json:"block_id"`
		ActionID           string `json:"action_id"`
		ViewID             string `json:"view_id"`
		Selected           any
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	p := pressed{actionID: in.ActionID, blockID: in.BlockID, value: in.Value}
	switch chosen := in.Selected.(type) {
	case map[string]any:
		p.selected = texts(chosen["value"])
	case []any:
		for _, x := range chosen {
			if o, ok := x.(map[string]any); ok {
				x = o["value"]
			}
			p.selected = append(p.selected, texts(x)...)
		}
	default:
		p.selected = texts(chosen)
	}
	if in.ViewID != "" {
		return nil, s.pressIn(u.ID, in.ViewID, p)
	}
	return nil, s.pressMessage(u.ID, in.Channel, in.TS, p)
}

func (s *Sandbox) appShortcut(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		CallbackID  string `json:"callback_id"`
		Channel, TS string
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.Shortcut(u.ID, in.CallbackID, in.Channel, in.TS)
}

func (s *Sandbox) appOpen(r *http.Request, u *User) (map[string]any, error) {
	var in struct{ What, Viewing string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch in.What {
	case "home":
		return nil, s.OpenHome(u.ID)
	case "dm":
		if err := s.OpenMessages(u.ID); err != nil {
			return nil, err
		}
		return map[string]any{"channel": s.Direct(u.ID), "thread": ""}, nil
	case "assistant":
		channel, thread, err := s.OpenAssistantFrom(u.ID, in.Viewing)
		if err != nil {
			return nil, err
		}
		return map[string]any{"channel": channel + ":" + thread, "thread": thread}, nil
	}
	return nil, errRefused("what to open is home, assistant or dm, not %q", in.What)
}

func (s *Sandbox) appSubmit(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		ViewID string `json:"view_id"`
		Values map[string]map[string]any
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	missing, err := s.submitView(u.ID, in.ViewID, in.Values)
	if err != nil {
		return nil, err
	}
	if missing == nil {
		missing = map[string]string{}
	}
	return map[string]any{"ok": len(missing) == 0, "errors": missing}, nil
}

func (s *Sandbox) appClose(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		ViewID string `json:"view_id"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.CloseView(u.ID, in.ViewID)
}

// archive leads a permalink to the page.
func (s *Sandbox) archive(w http.ResponseWriter, r *http.Request) {
	ts := strings.TrimPrefix(r.PathValue("message"), "p")
	if len(ts) < 7 || strings.Trim(ts, "0123456789") != "" || !s.local(r) {
		http.NotFound(w, r)
		return
	}
	ts = ts[:len(ts)-6] + "." + ts[len(ts)-6:]
	if root := r.URL.Query().Get("thread_ts"); root != "" {
		ts = root
	}
	http.Redirect(w, r, "/#/c/"+url.PathEscape(r.PathValue("channel"))+"/t/"+url.PathEscape(ts), http.StatusFound)
}
