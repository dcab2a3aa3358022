package slack

import (
	"encoding/json"
	"fmt"

	"spendbot/bot/state"
)

// The methods of a post.
const (
	MethodPost    = "chat.postMessage"   // a message in a channel or thread
	MethodRespond = "response_url"       // a message that only the person sees: to a command, or on such a message
	MethodWhisper = "chat.postEphemeral" // the same where there is no response_url
	MethodFile    = "files.upload"       // a file into a thread: the upload of three steps
	MethodUpdate  = "chat.update"        // a message of the bot's own, written anew; the post's thread is the message
)

// Under is the thread of a post that stands under another one, which may still wait to be sent: its timestamp is looked up when this
// one is sent. Of [MethodUpdate] it is the message that is written anew. Posts under one and the same arrive in the order they were
// kept.
func Under(key string) string { return underMark + key }

// underMark is what no timestamp begins with.
const underMark = "@"

// maxText is how long a message's text may be; Slack cuts at 40,000 characters.
const maxText = 39_000

// Outgoing is what a post says: the payload of a [state.Post].
type Outgoing struct {
	Text   string          `json:"text,omitempty"`   // the message, or what stands for its blocks where they are not shown
	Blocks json.RawMessage `json:"blocks,omitempty"` // an array of Block Kit blocks

	Respond string `json:"respond,omitempty"` // response_url, of MethodRespond

	Answer string `json:"answer,omitempty"` // the answer that this says, or that the file is of

	// A file is made when it is sent, from its answer.
	File  string `json:"file,omitempty"` // kind: "chart", "csv", "sql"
	Name  string `json:"name,omitempty"` // file name; it holds the answer's id, and is what the file is found again by
	Title string `json:"title,omitempty"`
	Alt   string `json:"alt,omitempty"` // for screen readers

	Private bool `json:"private,omitempty"` // of [MethodCreate], whose channel has the name Name
}

// Post makes a post of the outbox.
func (o Outgoing) Post(key, item, method, channel, thread, user string) (state.Post, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return state.Post{}, fmt.Errorf("post %s: %w", key, err)
	}
	return state.Post{Key: key, Item: item, Method: method, Channel: channel, Thread: thread, User: user, Payload: b, Kind: o.File}, nil
}
