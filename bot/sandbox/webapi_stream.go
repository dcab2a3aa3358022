package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"spendbot/bot/slack/blockkit"
)

var streamAPI = map[string]method{
	"chat.startStream":  {scope: anyOf("chat:write"), required: []string{"channel"}, run: (*call).startStream},
	"chat.appendStream": {scope: anyOf("chat:write"), required: []string{"channel", "ts"}, run: (*call).appendStream},
	"chat.stopStream":   {scope: anyOf("chat:write"), required: []string{"channel", "ts"}, run: (*call).stopStream},
}

func (c *call) startStream() (reply, error) {
	r, err := c.writable(c.args["channel"])
	if err != nil {
		return nil, err
	}
	if c.args["thread_ts"] == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: thread_ts")
	}
	thread, err := c.threadOf(r, c.args["thread_ts"])
	if err != nil {
		return nil, err
	}
	if r.im == "" {
		u := c.users[c.args["recipient_user_id"]]
		switch _, team := c.teams[c.args["recipient_team_id"]]; {
		case c.args["recipient_user_id"] == "":
			return nil, refuse("missing_recipient_user_id")
		case c.args["recipient_team_id"] == "":
			return nil, refuse("missing_recipient_team_id")
		case u == nil:
			return nil, refuse("user_not_found")
		case !team:
			return nil, refuse("team_not_found")
		}
	}
	m := c.botMessage(content{})
	m.thread, m.streaming = thread, true
	if err := c.grow(m); err != nil {
		return nil, err
	}
	if m.metadata, _, err = metadata(c.args); err != nil {
		return nil, err
	}
	c.post(r, m)
	return reply{"channel": r.ID, "ts": m.ts}, nil
}

// grow adds the text and chunks of a call to a streaming message.
func (c *call) grow(m *message) error {
	text, blocks := c.args["markdown_text"], []any{}
	if raw := strings.TrimSpace(c.args["chunks"]); raw != "" {
		var chunks []map[string]any
		if err := decode([]byte(raw), &chunks); err != nil {
			return refuse("invalid_arguments", "[ERROR] must be an array of chunks [json-pointer:/chunks]")
		}
		for i, chunk := range chunks {
			switch chunk["type"] {
			case "markdown_text":
				t, _ := chunk["text"].(string)
				text += t
			case "blocks":
				more, _ := chunk["blocks"].([]any)
				blocks = append(blocks, more...)
			case "task_update", "plan_update":
			default:
				return refuse("invalid_arguments", fmt.Sprintf("[ERROR] unsupported type [json-pointer:/chunks/%d/type]", i))
			}
		}
	}
	if raw := strings.TrimSpace(c.args["blocks"]); raw != "" {
		var more []any
		if err := decode([]byte(raw), &more); err != nil {
			return refuse("invalid_blocks_format")
		}
		blocks = append(blocks, more...)
	}
	if utf8.RuneCountInString(text) > maxMarkdown {
		return refuse("msg_too_long")
	}
	if len(blocks) > 0 {
		if err := blockkit.Message(encode(blocks)); err != nil {
			return fromBlockkit(err)
		}
		if err := c.knownFiles(blocks); err != nil {
			return err
		}
	}
	c.identify(blocks)
	kept := slices.Clone(m.blocks)
	if len(kept) > 0 && m.streamed != "" {
		kept = kept[1:]
	}
	m.streamed += text
	m.text = m.streamed
	if m.streamed != "" {
		kept = append([]any{map[string]any{"type": "markdown", "block_id": "stream", "text": m.streamed}}, kept...)
	}
	m.blocks = append(kept, blocks...)
	return nil
}

// streaming finds the message that a stream writes.
func (c *call) streaming() (*room, *message, error) {
	r, m, err := c.own("message_not_owned_by_app")
	if err != nil {
		return nil, nil, err
	}
	if !m.streaming {
		return nil, nil, refuse("message_not_in_streaming_state")
	}
	return r, m, nil
}

func (c *call) appendStream() (reply, error) {
	r, m, err := c.streaming()
	if err != nil {
		return nil, err
	}
	if c.args["markdown_text"] == "" && c.args["chunks"] == "" {
		return nil, refuse("no_text")
	}
	if err := c.grow(m); err != nil {
		return nil, err
	}
	c.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	c.changed.Broadcast()
	return reply{"channel": r.ID, "ts": m.ts}, nil
}

func (c *call) stopStream() (reply, error) {
	r, m, err := c.streaming()
	if err != nil {
		return nil, err
	}
	if err := c.grow(m); err != nil {
		return nil, err
	}
	if meta, given, err := metadata(c.args); err != nil {
		return nil, err
	} else if given {
		m.metadata = meta
	}
	before := c.wire(m, false)
	m.streaming = false
	c.setStatus(r, m.thread, "")
	c.showRoom(r, notice{Type: "update", TS: m.ts, Thread: m.thread})
	c.rewritten(r, "message_changed", before, c.wire(m, false), m.ts)
	c.changed.Broadcast()
	return reply{"channel": r.ID, "ts": m.ts, "message": c.wire(m, true)}, nil
}
