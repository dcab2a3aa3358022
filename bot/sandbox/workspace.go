package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// workspace is the model: who there is, where, and what was said. Every method of it expects the lock of the Sandbox.
type workspace struct {
	team    Team
	teams   map[string]Team
	app     App
	users   map[string]*User
	order   []string // of users, as given
	groups  []UserGroup
	rooms   map[string]*room
	roomIDs []string // in order of creation

	ephemeral  map[string][]*message // by recipient
	homes      map[string]*view
	modals     map[string][]*view // by user, the open one last
	views      map[string]*view   // every view still open, and homes
	assistants map[string]*assistant
	statuses   map[place]status
	triggers   map[string]*trigger
	replies    map[string]*responseURL
	files      map[string]*file
	read       map[[2]string]string // (user, room) -> ts up to which the page has shown

	lastTS time.Time
	serial int
}

// place is a thread, or with an empty ts a channel.
type place struct{ channel, ts string }

// room is a channel or a direct message with the app.
type room struct {
	Channel
	im       string // the other end of a direct message
	messages []*message
	byTS     map[string]*message
	threads  map[string][]*message // replies by their root
	gone     map[string]bool       // ts of deleted messages
	pinned   []string              // ts of pinned messages
	creator  string                // "" of what a workspace starts with
	created  int64                 // seconds since 1970
}

// message is a post as Slack keeps it. blocks are decoded JSON and never changed in place.
type message struct {
	ts, channel, thread string
	user, botID, appID  string
	subtype, text       string
	username, clientID  string
	blocks              []any
	attachments         json.RawMessage
	metadata            json.RawMessage
	files               []*file
	reactions           []reaction
	edited              string // ts of the last edit, "" for none
	broadcast           bool   // a reply shown in the channel too
	streaming           bool
	streamed            string
	recipient           string // of an ephemeral message
}

type reaction struct {
	name  string
	users []string
}

// assistant is a thread in the app's direct message, opened in the assistant container.
type assistant struct {
	user, channel, ts, title string
	context                  string // the channel the person looks at
	prompts                  []Prompt
	promptsTitle             string
}

// Prompt is a suggested question of an assistant thread.
type Prompt struct {
	Title   string `json:"title"`
	Message string `json:"message"`
}

type status struct {
	text string
	at   time.Time
}

func newWorkspace(c Company) workspace {
	w := workspace{
		team: c.Team, teams: map[string]Team{c.Team.ID: c.Team}, app: c.App, groups: slices.Clone(c.Groups),
		users: map[string]*User{}, rooms: map[string]*room{}, ephemeral: map[string][]*message{}, homes: map[string]*view{},
		modals: map[string][]*view{}, views: map[string]*view{}, assistants: map[string]*assistant{}, statuses: map[place]status{},
		triggers: map[string]*trigger{}, replies: map[string]*responseURL{}, files: map[string]*file{}, read: map[[2]string]string{},
	}
	for _, t := range c.Others {
		w.teams[t.ID] = t
	}
	people := append(slices.Clone(c.Users), User{
		ID: Slackbot, Name: "slackbot", RealName: "Slackbot", Bot: true, BotID: "B0SLACKBOT", Color: "4a154b"})
	if !slices.ContainsFunc(people, func(u User) bool { return u.ID == c.App.BotUser }) {
		people = append(people, User{ID: c.App.BotUser, Name: strings.ToLower(c.App.Name), RealName: c.App.Name, Bot: true, BotID: c.App.BotID,
			Color: "0f766e"})
	}
	for _, u := range people {
		if u.Team == "" {
			u.Team = c.Team.ID
		}
		w.users[u.ID] = &u
		w.order = append(w.order, u.ID)
	}
	for _, ch := range c.Channels {
		ch.Members = slices.Clone(ch.Members)
		w.addRoom(&room{Channel: ch})
	}
	return w
}

func (w *workspace) addRoom(r *room) *room {
	r.byTS, r.threads, r.gone = map[string]*message{}, map[string][]*message{}, map[string]bool{}
	w.rooms[r.ID] = r
	w.roomIDs = append(w.roomIDs, r.ID)
	return r
}

// userNamed finds a user by id or handle.
func (w *workspace) userNamed(name string) *User {
	if u := w.users[name]; u != nil {
		return u
	}
	name = strings.ToLower(strings.TrimPrefix(name, "@"))
	for _, id := range w.order {
		if u := w.users[id]; u.Name == name {
			return u
		}
	}
	return nil
}

// roomNamed finds a room by id, "#name" or name.
func (w *workspace) roomNamed(name string) *room {
	if r := w.rooms[name]; r != nil {
		return r
	}
	name = strings.TrimPrefix(name, "#")
	for _, id := range w.roomIDs {
		if r := w.rooms[id]; r.im == "" && name != "" && r.Name == name {
			return r
		}
	}
	return nil
}

// direct is the direct message between a user and the app, made when first needed.
func (w *workspace) direct(user string) *room {
	id := "D" + strings.TrimPrefix(user, "U")
	if r := w.rooms[id]; r != nil {
		return r
	}
	return w.addRoom(&room{Channel: Channel{ID: id, Members: []string{user, w.app.BotUser}}, im: user})
}

func (r *room) has(user string) bool { return slices.Contains(r.Members, user) }

// kind is Slack's channel_type.
func (r *room) kind() string {
	switch {
	case r.im != "":
		return "im"
	case r.Private:
		return "group"
	}
	return "channel"
}

// sees tells whether a user may read a room.
func (w *workspace) sees(user string, r *room) bool {
	u := w.users[user]
	if u == nil || u.Deleted {
		return false
	}
	return r.has(user) || r.im == "" && !r.Private && !u.Guest && !u.Stranger && !u.Bot
}

// root is the ts of the thread that a message belongs to or could start.
func (m *message) root() string {
	if m.thread != "" {
		return m.thread
	}
	return m.ts
}

// stamp is a timestamp that no other message has, by the workspace's clock.
func (s *Sandbox) stamp() string {
	t := s.now().Truncate(time.Microsecond)
	if !t.After(s.lastTS) {
		t = s.lastTS.Add(time.Microsecond)
	}
	s.lastTS = t
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// id is a fresh identifier with a prefix, like Slack's.
func (w *workspace) id(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s0%08s", prefix, strings.ToUpper(strconv.FormatInt(int64(w.serial), 36)))
}

// keep adds a message to its room.
func (s *Sandbox) keep(r *room, m *message) {
	m.channel = r.ID
	s.identify(m.blocks)
	r.messages = append(r.messages, m)
	r.byTS[m.ts] = m
	if m.thread != "" {
		r.threads[m.thread] = append(r.threads[m.thread], m)
	}
	s.changed.Broadcast()
}

// drop deletes a message. A root with replies stays as a tombstone, as in Slack.
func (s *Sandbox) drop(r *room, m *message) {
	if m.thread == "" && len(r.threads[m.ts]) > 0 {
		*m = message{ts: m.ts, channel: m.channel, user: Slackbot, subtype: "tombstone", text: "This message was deleted."}
	} else {
		same := func(x *message) bool { return x == m }
		r.messages = slices.DeleteFunc(r.messages, same)
		if m.thread != "" {
			r.threads[m.thread] = slices.DeleteFunc(r.threads[m.thread], same)
		}
		delete(r.byTS, m.ts)
		r.gone[m.ts] = true
	}
	s.changed.Broadcast()
}

// thread lists a root and its replies; nil where there is no such message.
func (r *room) thread(ts string) []*message {
	root := r.byTS[ts]
	if root == nil {
		return nil
	}
	return append([]*message{root}, r.threads[ts]...)
}

// top lists what the channel itself shows: roots and broadcast replies.
func (r *room) top() []*message {
	var out []*message
	for _, m := range r.messages {
		if m.thread == "" || m.broadcast {
			out = append(out, m)
		}
	}
	return out
}

// identify gives blocks and interactive elements the ids that Slack gives where the app gave none.
func (s *Sandbox) identify(blocks []any) {
	for _, b := range blocks {
		block, ok := b.(map[string]any)
		if !ok {
			continue
		}
		if id, _ := block["block_id"].(string); id == "" {
			block["block_id"] = strings.ToLower(s.id("b"))
		}
		walk(block, func(o map[string]any) {
			if kind, _ := o["type"].(string); interactive[kind] {
				if id, _ := o["action_id"].(string); id == "" {
					o["action_id"] = strings.ToLower(s.id("a"))
				}
			}
		})
	}
}

// interactive are the element types that people act on.
var interactive = map[string]bool{
	"button": true, "static_select": true, "multi_static_select": true, "external_select": true, "users_select": true,
	"conversations_select": true, "channels_select": true, "multi_users_select": true, "multi_conversations_select": true,
	"multi_channels_select": true, "overflow": true, "datepicker": true, "timepicker": true, "datetimepicker": true,
	"radio_buttons": true, "checkboxes": true, "plain_text_input": true, "email_text_input": true, "url_text_input": true,
	"number_input": true, "rich_text_input": true, "feedback_buttons": true, "icon_button": true, "workflow_button": true,
}

// walk visits every object of a decoded JSON value, outermost first.
func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walk(v[k], f)
		}
	case []any:
		for _, x := range v {
			walk(x, f)
		}
	}
}

// decode reads JSON with numbers kept as they were written, refusing anything after the value.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more than one JSON value")
	}
	return nil
}

func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // only what decode or our own code made comes here
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}

// wire is a message as Slack's API shows it.
func (s *Sandbox) wire(m *message, metadata bool) map[string]any {
	o := map[string]any{"type": "message", "ts": m.ts, "text": m.text}
	put := func(key, value string) {
		if value != "" {
			o[key] = value
		}
	}
	put("user", m.user)
	put("subtype", m.subtype)
	put("bot_id", m.botID)
	put("app_id", m.appID)
	put("username", m.username)
	put("client_msg_id", m.clientID)
	if u := s.users[m.user]; u != nil {
		o["team"] = u.Team
	}
	if m.appID != "" {
		o["bot_profile"] = map[string]any{"id": m.botID, "app_id": m.appID, "name": s.app.Name, "team_id": s.team.ID, "deleted": false,
			"updated": s.lastTS.Unix(), "icons": map[string]any{}}
	}
	if len(m.blocks) > 0 {
		o["blocks"] = m.blocks
	}
	if len(m.attachments) > 0 {
		o["attachments"] = m.attachments
	}
	if metadata && len(m.metadata) > 0 {
		o["metadata"] = m.metadata
	}
	if len(m.files) > 0 {
		files := make([]any, len(m.files))
		for i, f := range m.files {
			files[i] = s.wireFile(f)
		}
		o["files"], o["upload"] = files, false
	}
	if m.edited != "" {
		o["edited"] = map[string]any{"user": m.user, "ts": m.edited}
	}
	if len(m.reactions) > 0 {
		list := make([]any, len(m.reactions))
		for i, r := range m.reactions {
			list[i] = map[string]any{"name": r.name, "users": slices.Clone(r.users), "count": len(r.users)}
		}
		o["reactions"] = list
	}
	r := s.rooms[m.channel]
	switch {
	case m.recipient != "":
		put("thread_ts", m.thread)
	case m.thread != "":
		o["thread_ts"] = m.thread
		if root := r.byTS[m.thread]; root != nil {
			put("parent_user_id", root.user)
		}
	case r != nil && len(r.threads[m.ts]) > 0:
		replies := r.threads[m.ts]
		var people []string
		for _, x := range replies {
			if !slices.Contains(people, x.user) {
				people = append(people, x.user)
			}
		}
		o["thread_ts"], o["reply_count"], o["reply_users"], o["reply_users_count"] = m.ts, len(replies), people, len(people)
		o["latest_reply"] = replies[len(replies)-1].ts
	}
	return o
}
