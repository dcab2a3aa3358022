package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// A response_url takes five posts within half an hour.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// responseURL is the right to answer one interaction or command.
type responseURL struct {
	user, channel string
	original      *message // what was pressed; nil for commands
	at            time.Time
	uses          int
}

func (s *Sandbox) newResponseURL(user, channel string, original *message) string {
	s.serial++
	id := s.team.ID + "-" + tail(s.serial)
	s.replies[id] = &responseURL{user: user, channel: channel, original: original, at: s.now()}
	return s.base() + "/respond/" + id
}

// answerArgs reads the JSON with which an interaction or a command is answered.
func answerArgs(data []byte) (args, error) {
	fields := map[string]json.RawMessage{}
	if err := decode(data, &fields); err != nil {
		return nil, refuse("invalid_payload", "[ERROR] not a JSON object")
	}
	return jsonArgs(fields), nil
}

func (s *Sandbox) respond(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.Down || s.faults.Cut {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	to := s.replies[r.PathValue("id")]
	switch {
	case to == nil || s.now().Sub(to.at) > responseLife:
		writeJSON(w, http.StatusNotFound, reply{"ok": false, "error": "expired_url"})
		return
	case to.uses >= responseUses:
		writeJSON(w, http.StatusNotFound, reply{"ok": false, "error": "used_url"})
		return
	}
	var a args
	if err == nil {
		if a, err = answerArgs(data); err == nil {
			err = s.answerTo(to, a)
		}
	}
	if err != nil {
		status, body := refusalBody(err)
		if status == http.StatusOK {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, body)
		return
	}
	to.uses++
	writeJSON(w, http.StatusOK, reply{"ok": true})
}

// answerTo does what an answer asks for: delete or replace what was pressed, or post, to the person alone unless it says
// in_channel.
func (s *Sandbox) answerTo(to *responseURL, a args) error {
	if a.is("delete_original") {
		if to.original == nil {
			return refuse("no_text")
		}
		s.remove(to.original)
		return nil
	}
	c, err := s.content(a)
	if err != nil {
		return err
	}
	if a.is("replace_original") && to.original != nil {
		s.replace(to.original, c)
		return nil
	}
	r := s.rooms[to.channel]
	m := s.botMessage(c)
	if a["thread_ts"] != "" {
		if m.thread, err = s.threadOf(r, a["thread_ts"]); err != nil {
			return err
		}
	} else if to.original != nil {
		m.thread = to.original.thread
	}
	if a["response_type"] == "in_channel" {
		s.post(r, m)
		return nil
	}
	s.whisper(r, to.user, m)
	return nil
}

// remove takes a message away, an ephemeral one too.
func (s *Sandbox) remove(m *message) {
	if m.recipient != "" {
		s.ephemeral[m.recipient] = slices.DeleteFunc(s.ephemeral[m.recipient], func(x *message) bool { return x == m })
		s.show(m.recipient, notice{Type: "ephemeral", Channel: m.channel, TS: m.ts, Thread: m.thread})
		return
	}
	r := s.rooms[m.channel]
	before := s.wire(m, false)
	s.drop(r, m)
	s.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	s.rewritten(r, "message_deleted", before, nil, m.ts)
}

// replace gives a message new content.
func (s *Sandbox) replace(m *message, c content) {
	if m.recipient != "" {
		m.text, m.blocks, m.attachments = c.text, c.blocks, c.attachments
		s.identify(m.blocks)
		s.show(m.recipient, notice{Type: "ephemeral", Channel: m.channel, TS: m.ts, Thread: m.thread})
		return
	}
	s.edit(s.rooms[m.channel], m, c)
}
