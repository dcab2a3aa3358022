package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"spendbot/bot/slack/blockkit"
)

// Limits of a message.
const (
	maxText        = 40_000 // characters
	maxMarkdown    = 12_000
	maxAttachments = 100
	maxMetadata    = 16_000 // bytes of the whole metadata as JSON
)

var chatAPI = map[string]method{
	"chat.postMessage":   {scope: anyOf("chat:write"), required: []string{"channel"}, run: (*call).postMessage},
	"chat.postEphemeral": {scope: anyOf("chat:write"), required: []string{"channel", "user"}, run: (*call).postEphemeral},
	"chat.update":        {scope: anyOf("chat:write"), required: []string{"channel", "ts"}, run: (*call).updateMessage},
	"chat.delete":        {scope: anyOf("chat:write"), required: []string{"channel", "ts"}, run: (*call).deleteMessage},
	"chat.getPermalink":  {required: []string{"channel", "message_ts"}, run: (*call).permalink},
}

// content is what a message says.
type content struct {
	text                   string
	blocks                 []any
	attachments, metadata  json.RawMessage
	hasBlocks, hasAttached bool
	hasMeta                bool
}

// content reads and judges the arguments that say what a message is to show.
func (s *Sandbox) content(a args) (content, error) {
	c := content{text: a["text"]}
	if md := a["markdown_text"]; md != "" {
		if c.text != "" || a["blocks"] != "" {
			return c, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > maxMarkdown {
			return c, refuse("msg_too_long")
		}
		c.text, c.blocks = md, []any{map[string]any{"type": "markdown", "text": md}}
		c.hasBlocks = true
	}
	if raw := strings.TrimSpace(a["blocks"]); raw != "" {
		if err := decode([]byte(raw), &c.blocks); err != nil {
			return c, refuse("invalid_blocks_format")
		}
		if err := blockkit.Message([]byte(raw)); err != nil {
			return c, fromBlockkit(err)
		}
		if err := s.knownFiles(c.blocks); err != nil {
			return c, err
		}
		if len(c.blocks) > 0 && s.dice.draw("invalid blocks/"+a["channel"], s.faults.InvalidBlocks) {
			return c, refuse("invalid_blocks", "[ERROR] refused by fault injection [json-pointer:/blocks]")
		}
		c.hasBlocks = true
	}
	if raw := strings.TrimSpace(a["attachments"]); raw != "" {
		var list []any
		if err := decode([]byte(raw), &list); err != nil {
			return c, refuse("invalid_attachments")
		}
		if len(list) > maxAttachments {
			return c, refuse("too_many_attachments")
		}
		if err := blockkit.Attachments([]byte(raw)); err != nil {
			return c, fromBlockkit(err)
		}
		c.hasAttached = true
		if len(list) > 0 {
			c.attachments = json.RawMessage(raw)
		}
	}
	if utf8.RuneCountInString(c.text) > maxText {
		return c, refuse("msg_too_long")
	}
	var err error
	c.metadata, c.hasMeta, err = metadata(a)
	if err == nil && strings.TrimSpace(c.text) == "" && len(c.blocks) == 0 && c.attachments == nil {
		err = refuse("no_text")
	}
	return c, err
}

// metadata reads message metadata: an object with event_type and event_payload, or an empty one to remove it.
func metadata(a args) (json.RawMessage, bool, error) {
	raw := strings.TrimSpace(a["metadata"])
	if raw == "" {
		return nil, false, nil
	}
	var fields map[string]any
	if err := decode([]byte(raw), &fields); err != nil || fields == nil {
		return nil, false, refuse("invalid_metadata_format")
	}
	if len(raw) > maxMetadata {
		return nil, false, refuse("metadata_too_large")
	}
	kind, _ := fields["event_type"].(string)
	payload, given := fields["event_payload"]
	if len(fields) == 0 || kind == "" && payload == nil { // slack-go sends its zero value so
		return nil, true, nil
	}
	if _, object := payload.(map[string]any); kind == "" || given && payload != nil && !object {
		return nil, false, refuse("invalid_metadata_schema")
	}
	return json.RawMessage(raw), true, nil
}

// knownFiles refuses images of files that are not there.
func (s *Sandbox) knownFiles(blocks []any) error {
	var err error
	walk(blocks, func(o map[string]any) {
		ref, ok := o["slack_file"].(map[string]any)
		if !ok || err != nil {
			return
		}
		if id, _ := ref["id"].(string); id != "" {
			if f := s.files[id]; f == nil || !f.done || f.width == 0 {
				err = refuse("invalid_blocks", "[ERROR] invalid slack file [json-pointer:/blocks/slack_file]")
			}
		}
	})
	return err
}

// readable finds a channel that the app may read; a private one that it is not in does not exist for it.
func (s *Sandbox) readable(id string) (*room, error) {
	r := s.rooms[id]
	if r == nil || !r.has(s.app.BotUser) && (r.Private || r.im != "") {
		return nil, refuse("channel_not_found")
	}
	return r, nil
}

// writable finds the channel that a message is meant for: by id, by #name, or a person's direct message by user id.
func (s *Sandbox) writable(id string) (*room, error) {
	r := s.rooms[id]
	if r == nil && strings.HasPrefix(id, "U") {
		if u := s.users[id]; u != nil {
			switch {
			case u.Deleted:
				return nil, refuse("user_disabled")
			case u.Bot:
				return nil, refuse("cannot_dm_bot")
			case u.Stranger:
				return nil, refuse("channel_not_found")
			}
			r = s.direct(u.ID)
		}
	}
	if r == nil {
		if r = s.roomNamed(id); r != nil && r.Private { // only by id
			r = nil
		}
	}
	switch {
	case r == nil || !r.has(s.app.BotUser) && (r.Private || r.im != ""):
		return nil, refuse("channel_not_found")
	case r.Archived:
		return nil, refuse("is_archived")
	case !r.has(s.app.BotUser) && !slices.Contains(s.app.Scopes, "chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return r, nil
}

// threadOf is the root that a reply to ts belongs to. As in Slack a reply to a deleted message is posted without a thread.
func (s *Sandbox) threadOf(r *room, ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	if m := r.byTS[ts]; m != nil {
		return m.root(), nil
	}
	if r.gone[ts] {
		return "", nil
	}
	return "", refuse("thread_not_found")
}

// botMessage is a new message of the app.
func (s *Sandbox) botMessage(c content) *message {
	return &message{ts: s.stamp(), user: s.app.BotUser, botID: s.app.BotID, appID: s.app.ID, text: c.text, blocks: c.blocks,
		attachments: c.attachments, metadata: c.metadata}
}

// post puts a message where everybody in the room sees it, and tells the app of it as of any other.
func (s *Sandbox) post(r *room, m *message) {
	s.keep(r, m)
	if m.user == s.app.BotUser && m.thread != "" && !m.streaming {
		s.setStatus(r, m.thread, "")
	}
	s.showRoom(r, notice{Type: "message", TS: m.ts, Thread: m.thread})
	s.said(r, m)
}

// whisper shows a message to one person.
func (s *Sandbox) whisper(r *room, user string, m *message) {
	m.channel, m.recipient = r.ID, user
	s.identify(m.blocks)
	s.ephemeral[user] = append(s.ephemeral[user], m)
	s.show(user, notice{Type: "ephemeral", Channel: r.ID, TS: m.ts, Thread: m.thread})
	s.changed.Broadcast()
}

func (c *call) postMessage() (reply, error) {
	r, err := c.writable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	body, err := c.content(c.args)
	if err != nil {
		return nil, err
	}
	thread, err := c.threadOf(r, c.args["thread_ts"])
	if err != nil {
		return nil, err
	}
	m := c.botMessage(body)
	m.thread, m.username = thread, c.args["username"]
	if thread != "" && c.args.is("reply_broadcast") {
		m.broadcast, m.subtype = true, "thread_broadcast"
	}
	c.post(r, m)
	return reply{"channel": r.ID, "ts": m.ts, "message": c.wire(m, true)}, nil
}

func (c *call) postEphemeral() (reply, error) {
	r, err := c.writable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	u := c.users[c.args["user"]]
	if u == nil || !r.has(u.ID) || u.Deleted {
		return nil, refuse("user_not_in_channel")
	}
	body, err := c.content(c.args)
	if err != nil {
		return nil, err
	}
	m := c.botMessage(body)
	if m.thread, err = c.threadOf(r, c.args["thread_ts"]); err != nil {
		return nil, err
	}
	c.whisper(r, u.ID, m)
	return reply{"message_ts": m.ts}, nil
}

// own finds a message that the app may change.
func (c *call) own(otherwise string) (*room, *message, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, nil, err
	}
	m := r.byTS[c.args["ts"]]
	switch {
	case m == nil || m.subtype == "tombstone":
		return nil, nil, refuse("message_not_found")
	case r.Archived:
		return nil, nil, refuse("is_inactive")
	case m.user != c.app.BotUser:
		return nil, nil, refuse(otherwise)
	}
	return r, m, nil
}

func (c *call) updateMessage() (reply, error) {
	r, m, err := c.own("cant_update_message")
	if err != nil {
		return nil, err
	}
	if m.streaming {
		return nil, refuse("streaming_state_conflict")
	}
	a := c.args
	body, err := c.content(a)
	if ref := (*refusal)(nil); errors.As(err, &ref) && ref.code == "no_text" && (a.has("blocks") || a.has("attachments") || a.has("metadata")) {
		err = nil // some content stays, or is taken away
		if !a.has("text") {
			body.text = m.text
		}
		if body.text == "" && len(m.blocks) == 0 {
			return nil, refuse("no_text")
		}
	}
	if err != nil {
		return nil, err
	}
	c.edit(r, m, c.merge(m, body, a))
	return reply{"channel": r.ID, "ts": m.ts, "text": m.text, "message": c.wire(m, true)}, nil
}

// merge keeps what an update leaves alone: blocks where neither text nor blocks are given, attachments and metadata where
// they are not.
func (s *Sandbox) merge(m *message, c content, a args) content {
	if !c.hasBlocks && !a.has("text") {
		c.blocks, c.text = m.blocks, m.text
	}
	if !c.hasAttached && !a.has("text") {
		c.attachments = m.attachments
	}
	if !c.hasMeta {
		c.metadata, c.hasMeta = m.metadata, true
	}
	return c
}

// edit changes a message and tells everybody.
func (s *Sandbox) edit(r *room, m *message, c content) {
	before := s.wire(m, false)
	s.identify(c.blocks)
	m.text, m.blocks, m.attachments = c.text, c.blocks, c.attachments
	if c.hasMeta {
		m.metadata = c.metadata
	}
	m.edited = s.stamp()
	s.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	s.rewritten(r, "message_changed", before, s.wire(m, false), m.ts)
	s.changed.Broadcast()
}

func (c *call) deleteMessage() (reply, error) {
	r, m, err := c.own("cant_delete_message")
	if err != nil {
		return nil, err
	}
	ts := m.ts
	c.remove(m)
	return reply{"channel": r.ID, "ts": ts}, nil
}

func (c *call) permalink() (reply, error) {
	r, err := c.readable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	m := r.byTS[c.args["message_ts"]]
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := fmt.Sprintf("%s/archives/%s/p%s", c.from, r.ID, strings.ReplaceAll(m.ts, ".", ""))
	if m.thread != "" {
		link += "?thread_ts=" + m.thread + "&cid=" + r.ID
	}
	return reply{"channel": r.ID, "permalink": link}, nil
}
