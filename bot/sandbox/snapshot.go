package sandbox

import (
	"encoding/json"
	"slices"
)

// Message is a post as it stands in the workspace.
type Message struct {
	TS, Channel, Thread string // Thread is "" for what is not a reply
	User, BotID         string
	Subtype, Text       string
	Blocks              json.RawMessage // nil for none
	Attachments         json.RawMessage
	Metadata            json.RawMessage
	Files               []File
	Reactions           map[string][]string // users by name
	Edited              bool
	Broadcast           bool // a reply shown in the channel too
	Streaming           bool
	Recipient           string // of an ephemeral message
	Replies             int
}

// File is an upload that a message carries.
type File struct {
	ID, Name, Title, Alt, MimeType string
	Width, Height                  int // of a picture
	Data                           []byte
}

func (f *file) public() File {
	return File{ID: f.id, Name: f.name, Title: f.title, Alt: f.alt, MimeType: f.mimetype, Width: f.width, Height: f.height, Data: f.data}
}

func (s *Sandbox) public(m *message) Message {
	out := Message{TS: m.ts, Channel: m.channel, Thread: m.thread, User: m.user, BotID: m.botID, Subtype: m.subtype, Text: m.text,
		Attachments: m.attachments, Metadata: m.metadata, Edited: m.edited != "", Broadcast: m.broadcast, Streaming: m.streaming,
		Recipient: m.recipient}
	if len(m.blocks) > 0 {
		out.Blocks = encode(m.blocks)
	}
	for _, f := range m.files {
		out.Files = append(out.Files, f.public())
	}
	for _, r := range m.reactions {
		if out.Reactions == nil {
			out.Reactions = map[string][]string{}
		}
		out.Reactions[r.name] = slices.Clone(r.users)
	}
	if r := s.rooms[m.channel]; r != nil && m.thread == "" && m.recipient == "" {
		out.Replies = len(r.threads[m.ts])
	}
	return out
}

func (v *Snapshot) list(messages []*message) []Message {
	out := make([]Message, len(messages))
	for i, m := range messages {
		out[i] = v.s.public(m)
	}
	return out
}

// Messages lists all posts of a channel (id or #name), replies too, oldest first.
func (v *Snapshot) Messages(channel string) []Message {
	if r := v.s.roomNamed(channel); r != nil {
		return v.list(r.messages)
	}
	return nil
}

// Thread lists a message and its replies; nil where there is no such message.
func (v *Snapshot) Thread(channel, ts string) []Message {
	if r := v.s.roomNamed(channel); r != nil && r.byTS[ts] != nil {
		return v.list(r.thread(ts))
	}
	return nil
}

// Replies counts the replies to a message, without the cost of Thread.
func (v *Snapshot) Replies(channel, ts string) int {
	if r := v.s.roomNamed(channel); r != nil {
		return len(r.threads[ts])
	}
	return 0
}

// Ephemerals lists what only this person was shown, oldest first.
func (v *Snapshot) Ephemerals(user string) []Message {
	if u := v.s.userNamed(user); u != nil {
		return v.list(v.s.ephemeral[u.ID])
	}
	return nil
}

// Home is a person's App Home; nil before the app published one.
func (v *Snapshot) Home(user string) *View {
	if u := v.s.userNamed(user); u != nil && v.s.homes[u.ID] != nil {
		return v.s.homes[u.ID].public(v.s)
	}
	return nil
}

// Modal is the topmost modal on a person's screen; nil for none.
func (v *Snapshot) Modal(user string) *View {
	if u := v.s.userNamed(user); u != nil {
		if m := v.s.shown(u.ID); m != nil {
			return m.public(v.s)
		}
	}
	return nil
}

// Files lists what was uploaded into a channel, oldest first.
func (v *Snapshot) Files(channel string) []File {
	var out []File
	if r := v.s.roomNamed(channel); r != nil {
		for _, m := range r.messages {
			for _, f := range m.files {
				out = append(out, f.public())
			}
		}
	}
	return out
}

// Status is what the app says it is doing in a thread; "" for nothing.
func (v *Snapshot) Status(channel, thread string) string { return v.s.status(channel, thread) }

// Prompts are the suggested questions of an assistant thread.
func (v *Snapshot) Prompts(channel, thread string) []Prompt {
	if a := v.s.assistants[channel+":"+thread]; a != nil {
		return slices.Clone(a.prompts)
	}
	return nil
}

// Title is the title of an assistant thread.
func (v *Snapshot) Title(channel, thread string) string {
	if a := v.s.assistants[channel+":"+thread]; a != nil {
		return a.title
	}
	return ""
}

// Direct is the id of the direct message between a person and the app; "" before there is one.
func (v *Snapshot) Direct(user string) string {
	if u := v.s.userNamed(user); u != nil {
		for _, r := range v.s.rooms {
			if r.im == u.ID {
				return r.ID
			}
		}
	}
	return ""
}

// Messages lists all posts of a channel (id or #name), replies too, oldest first.
func (s *Sandbox) Messages(channel string) []Message {
	return look(s, func(v *Snapshot) []Message { return v.Messages(channel) })
}

// Thread lists a message and its replies; nil where there is no such message.
func (s *Sandbox) Thread(channel, ts string) []Message {
	return look(s, func(v *Snapshot) []Message { return v.Thread(channel, ts) })
}

// Ephemerals lists what only this person was shown, oldest first.
func (s *Sandbox) Ephemerals(user string) []Message {
	return look(s, func(v *Snapshot) []Message { return v.Ephemerals(user) })
}

// Home is a person's App Home; nil before the app published one.
func (s *Sandbox) Home(user string) *View {
	return look(s, func(v *Snapshot) *View { return v.Home(user) })
}

// Modal is the topmost modal on a person's screen; nil for none.
func (s *Sandbox) Modal(user string) *View {
	return look(s, func(v *Snapshot) *View { return v.Modal(user) })
}

// Files lists what was uploaded into a channel, oldest first.
func (s *Sandbox) Files(channel string) []File {
	return look(s, func(v *Snapshot) []File { return v.Files(channel) })
}

// Direct is the id of the direct message between a person and the app, which is made if there is none yet.
func (s *Sandbox) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.userNamed(user); u != nil {
		return s.direct(u.ID).ID
	}
	return ""
}
