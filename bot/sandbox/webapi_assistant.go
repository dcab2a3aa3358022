package sandbox

import (
	"encoding/json"
	"strings"
	"time"
)

// statusLife is how long a status stays without the app saying anything.
const statusLife = 2 * time.Minute

// Limits of the assistant container.
const (
	maxPrompts = 4
	maxLoading = 10
)

var assistantScopes = anyOf("chat:write", "assistant:write")

var assistantAPI = map[string]method{
	"assistant.threads.setStatus":           {scope: assistantScopes, required: []string{"channel_id", "thread_ts"}, run: (*call).threadStatus},
	"assistant.threads.setTitle":            {scope: assistantScopes, required: []string{"channel_id", "thread_ts", "title"}, run: (*call).threadTitle},
	"assistant.threads.setSuggestedPrompts": {scope: assistantScopes, required: []string{"channel_id", "prompts"}, run: (*call).threadPrompts},
}

func (c *call) assistantThread() (*room, string, error) {
	r, err := c.readable(c.args["channel_id"])
	if err != nil {
		return nil, "", err
	}
	m := r.byTS[c.args["thread_ts"]]
	if m == nil || !r.has(c.app.BotUser) {
		return nil, "", refuse("invalid_thread_ts")
	}
	return r, m.root(), nil
}

// setStatus shows or clears what the app is doing in a thread.
func (s *Sandbox) setStatus(r *room, thread, text string) {
	at := place{r.ID, thread}
	if _, had := s.statuses[at]; !had && text == "" {
		return
	}
	if text == "" {
		delete(s.statuses, at)
	} else {
		s.statuses[at] = status{text, s.now()}
	}
	s.showRoom(r, notice{Type: "status", Thread: thread})
	s.changed.Broadcast()
}

// status is what the app says it is doing in a thread.
func (s *Sandbox) status(channel, thread string) string {
	st, ok := s.statuses[place{channel, thread}]
	if !ok || s.now().Sub(st.at) > statusLife {
		return ""
	}
	return st.text
}

func (c *call) threadStatus() (reply, error) {
	r, thread, err := c.assistantThread()
	if err != nil {
		return nil, err
	}
	if !c.args.has("status") {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: status")
	}
	if l := c.args["loading_messages"]; l != "" {
		n := strings.Count(l, ",") + 1
		var list []string
		if json.Unmarshal([]byte(l), &list) == nil {
			n = len(list)
		}
		if n > maxLoading {
			return nil, refuse("invalid_arguments", "[ERROR] no more than 10 items allowed [json-pointer:/loading_messages]")
		}
	}
	c.setStatus(r, thread, c.args["status"])
	return reply{}, nil
}

func (c *call) threadTitle() (reply, error) {
	r, thread, err := c.assistantThread()
	if err != nil {
		return nil, err
	}
	a := c.assistants[r.ID+":"+thread]
	if a == nil {
		return nil, refuse("invalid_thread_ts")
	}
	a.title = c.args["title"]
	c.showRoom(r, notice{Type: "channel"})
	return reply{}, nil
}

func (c *call) threadPrompts() (reply, error) {
	if c.args["thread_ts"] == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: thread_ts")
	}
	r, thread, err := c.assistantThread()
	if err != nil {
		return nil, err
	}
	a := c.assistants[r.ID+":"+thread]
	if a == nil {
		return nil, refuse("invalid_thread_ts")
	}
	var prompts []Prompt
	if err := json.Unmarshal([]byte(c.args["prompts"]), &prompts); err != nil {
		return nil, refuse("invalid_arguments", "[ERROR] must be an array of prompts [json-pointer:/prompts]")
	}
	if len(prompts) == 0 || len(prompts) > maxPrompts {
		return nil, refuse("invalid_arguments", "[ERROR] must provide between 1 and 4 items [json-pointer:/prompts]")
	}
	for _, p := range prompts {
		if p.Title == "" || p.Message == "" {
			return nil, refuse("invalid_arguments", "[ERROR] a prompt needs title and message [json-pointer:/prompts]")
		}
	}
	a.prompts, a.promptsTitle = prompts, c.args["title"]
	c.showRoom(r, notice{Type: "prompts", Thread: thread})
	c.changed.Broadcast()
	return reply{}, nil
}
