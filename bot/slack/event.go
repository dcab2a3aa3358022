package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Kind is what a person did.
type Kind string

// The kinds of events.
const (
	Mention   Kind = "mention"   // the bot was mentioned in a channel
	Message   Kind = "message"   // a message in a direct conversation with the bot, or in a channel it reads
	Command   Kind = "command"   // the slash command
	Press     Kind = "press"     // a button, a menu or feedback on one of the bot's messages, or in App Home
	Shortcut  Kind = "shortcut"  // a message shortcut
	Submit    Kind = "submit"    // a modal with inputs was sent off
	Reaction  Kind = "reaction"  // an emoji was put on a message, or taken off
	Home      Kind = "home"      // App Home was opened
	Assistant Kind = "assistant" // the assistant's container was opened
)

// Event is what a person did, as the bot needs it: the same whether it came by Socket Mode or by HTTP.
type Event struct {
	// Key names the event for good: redeliveries, and the `message` that comes beside an `app_mention`, have the same.
	Key  string `json:"key"`
	Kind Kind   `json:"kind"`

	Team     string `json:"team"`                // the workspace the bot is installed in
	User     string `json:"user"`                // who did it; empty for some bots
	UserTeam string `json:"user_team,omitempty"` // the person's own workspace where it is another
	Bot      bool   `json:"bot,omitempty"`       // a bot did it

	Channel     string `json:"channel,omitempty"`
	Shared      bool   `json:"shared,omitempty"`       // Slack says that people of another organization are in the channel
	ChannelType string `json:"channel_type,omitempty"` // im, mpim, channel, group; empty where Slack does not say
	TS          string `json:"ts,omitempty"`           // of the message that was written, or that was pressed on
	Thread      string `json:"thread,omitempty"`       // the thread's first message, where there is a thread
	Text        string `json:"text,omitempty"`

	Trigger   string `json:"trigger,omitempty"`    // opens a modal, within 3 seconds
	Respond   string `json:"respond,omitempty"`    // the response_url: five replies within half an hour
	ActionID  string `json:"action_id,omitempty"`  // of a press
	Value     string `json:"value,omitempty"`      // of a press
	Callback  string `json:"callback,omitempty"`   // of a shortcut, or of a modal
	Ephemeral bool   `json:"ephemeral,omitempty"`  // the press was on a message that only one person sees
	Tab       string `json:"tab,omitempty"`        // of App Home: "home" or "messages"
	FromHome  bool   `json:"from_home,omitempty"`  // the press was in App Home
	FromModal bool   `json:"from_modal,omitempty"` // the press was in a modal

	// Of a modal that was sent off: what the bot had put into it, and what the person filled in, by block id; of several choices of one
	// block the values with a comma between. An input left empty is not there.
	Meta   string            `json:"meta,omitempty"`
	Inputs map[string]string `json:"inputs,omitempty"`

	// Of a reaction: the emoji's name, whether it was taken off, and when. The message is the one at TS.
	Emoji string `json:"emoji,omitempty"`
	Off   bool   `json:"off,omitempty"`
	When  string `json:"when,omitempty"` // a timestamp of Slack's

	Received time.Time `json:"received"`
}

// Direct reports whether the conversation is between the person and the bot alone.
func (e Event) Direct() bool { return e.ChannelType == "im" || strings.HasPrefix(e.Channel, "D") }

// Root is the first message of the thread that a reply belongs in.
func (e Event) Root() string {
	if e.Thread != "" {
		return e.Thread
	}
	return e.TS
}

// Durable reports whether the event must be kept until it is dealt with. What opens a view is not: it is of no use later.
func (e Event) Durable() bool { return e.Kind != Home && e.Kind != Assistant }

// errIgnored says that an event is well formed and of no concern to the bot.
var errIgnored = errors.New("not for us")

// eventsAPI is the envelope of the Events API, with the fields of every event that the bot takes.
type eventsAPI struct {
	Type    string `json:"type"`
	TeamID  string `json:"team_id"`
	EventID string `json:"event_id"`
	Shared  bool   `json:"is_ext_shared_channel"`
	Event   struct {
		Type        string `json:"type"`
		Subtype     string `json:"subtype"`
		User        string `json:"user"`
		UserTeam    string `json:"user_team"`
		SourceTeam  string `json:"source_team"`
		Team        string `json:"team"`
		BotID       string `json:"bot_id"`
		Text        string `json:"text"`
		TS          string `json:"ts"`
		Thread      string `json:"thread_ts"`
		Channel     string `json:"channel"`
		ChannelType string `json:"channel_type"`
		Tab         string `json:"tab"`
		Hidden      bool   `json:"hidden"`
		EventTS     string `json:"event_ts"`

		Reaction string `json:"reaction"`
		Item     struct {
			Type    string `json:"type"`
			Channel string `json:"channel"`
			TS      string `json:"ts"`
		} `json:"item"`

		AssistantThread struct {
			User    string `json:"user_id"`
			Channel string `json:"channel_id"`
			Thread  string `json:"thread_ts"`
		} `json:"assistant_thread"`
	} `json:"event"`
}

// parseEvents reads a payload of the Events API. errIgnored means that it is none of ours.
func parseEvents(raw []byte) (Event, error) {
	var p eventsAPI
	if err := json.Unmarshal(raw, &p); err != nil {
		return Event{}, fmt.Errorf("events payload: %w", err)
	}
	if p.Type != "event_callback" && p.Type != "events_api" && p.Type != "" {
		return Event{}, errIgnored
	}
	in := p.Event
	e := Event{Team: p.TeamID, User: in.User, Channel: in.Channel, Shared: p.Shared, ChannelType: in.ChannelType, TS: in.TS, Thread: in.Thread,
		Text: in.Text, Bot: in.BotID != "" || in.Subtype == "bot_message"}
	for _, t := range []string{in.UserTeam, in.SourceTeam, in.Team} { // Slack Connect names the author's workspace in one of these
		if t != "" && t != p.TeamID {
			e.UserTeam = t
			break
		}
	}
	switch in.Type {
	case "app_mention":
		e.Kind = Mention
	case "message":
		e.Kind = Message
		switch in.Subtype {
		case "", "bot_message", "file_share", "thread_broadcast", "me_message":
		default: // edits, deletions, joins: nobody asked anything
			return Event{}, errIgnored
		}
		if in.Hidden {
			return Event{}, errIgnored
		}
	case "reaction_added", "reaction_removed":
		if in.Item.Type != "message" {
			return Event{}, errIgnored
		}
		e.Kind, e.Channel, e.TS, e.Emoji, e.When, e.Off = Reaction, in.Item.Channel, in.Item.TS, in.Reaction, in.EventTS, in.Type == "reaction_removed"
		e.Key = strings.Join([]string{p.TeamID, "reaction", e.Channel, e.TS, e.User, e.Emoji, e.When, in.Type}, "/")
		return e, needed(e, e.User, e.Channel, e.TS, e.Emoji, e.When)
	case "app_home_opened":
		e.Kind, e.Tab = Home, in.Tab
		e.Key = p.TeamID + "/home/" + p.EventID
		return e, needed(e, e.User)
	case "assistant_thread_started", "assistant_thread_context_changed":
		e.Kind, e.User, e.Channel, e.Thread = Assistant, in.AssistantThread.User, in.AssistantThread.Channel, in.AssistantThread.Thread
		e.ChannelType = "im"
		e.Key = p.TeamID + "/assistant/" + p.EventID
		return e, needed(e, e.Channel, e.Thread)
	default:
		return Event{}, errIgnored
	}
	e.Key = p.TeamID + "/" + e.Channel + "/" + e.TS
	return e, needed(e, e.Channel, e.TS)
}

// input is what a person filled into an element of a modal.
type input struct {
	Value    string `json:"value"`
	Date     string `json:"selected_date"`
	User     string `json:"selected_user"`
	Channel  string `json:"selected_channel"`
	Place    string `json:"selected_conversation"`
	Selected struct {
		Value string `json:"value"`
	} `json:"selected_option"`
	Several []struct {
		Value string `json:"value"`
	} `json:"selected_options"`
	Users []string `json:"selected_users"`
}

func (i input) text() string {
	list := i.Users
	for _, s := range i.Several {
		list = append(list, s.Value)
	}
	return cmp.Or(i.Value, i.Date, i.User, i.Channel, i.Place, i.Selected.Value, strings.Join(list, ","))
}

// interaction is the payload of a press, a shortcut or a modal that was sent off.
type interaction struct {
	Type string `json:"type"`
	Team *struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Message struct {
		TS     string `json:"ts"`
		Thread string `json:"thread_ts"`
		Text   string `json:"text"`
	} `json:"message"`
	Container struct {
		Type      string `json:"type"`
		MessageTS string `json:"message_ts"`
		Thread    string `json:"thread_ts"`
		Channel   string `json:"channel_id"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	View struct {
		Type     string `json:"type"`
		ID       string `json:"id"`
		Hash     string `json:"hash"`
		Callback string `json:"callback_id"`
		Meta     string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]input `json:"values"`
		} `json:"state"`
	} `json:"view"`
	Trigger  string `json:"trigger_id"`
	Respond  string `json:"response_url"`
	Callback string `json:"callback_id"`
	ActionTS string `json:"action_ts"`
	Actions  []struct {
		ActionID string `json:"action_id"`
		ActionTS string `json:"action_ts"`
		Value    string `json:"value"`
		Selected struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
}

// parseInteraction reads the payload of a press, a shortcut or a modal that was sent off.
func parseInteraction(raw []byte) (Event, error) {
	var p interaction
	if err := json.Unmarshal(raw, &p); err != nil {
		return Event{}, fmt.Errorf("interaction payload: %w", err)
	}
	e := Event{User: p.User.ID, Channel: cmp.Or(p.Channel.ID, p.Container.Channel), TS: cmp.Or(p.Message.TS, p.Container.MessageTS),
		Thread: cmp.Or(p.Message.Thread, p.Container.Thread), Trigger: p.Trigger, Respond: p.Respond, Ephemeral: p.Container.Ephemeral}
	if p.Team != nil {
		e.Team = p.Team.ID
	}
	if p.User.Team != "" && p.User.Team != e.Team {
		e.UserTeam = p.User.Team
	}
	switch p.Type {
	case "block_actions":
		return p.press(e)
	case "view_submission":
		return p.submitted(e)
	case "message_action":
		return p.shortcut(e)
	}
	return Event{}, errIgnored
}

func (p *interaction) press(e Event) (Event, error) {
	if len(p.Actions) == 0 {
		return Event{}, errIgnored
	}
	a := p.Actions[0]
	e.Kind, e.ActionID, e.Value = Press, a.ActionID, cmp.Or(a.Value, a.Selected.Value)
	e.FromHome, e.FromModal = p.View.Type == "home", p.View.Type == "modal"
	at := cmp.Or(a.ActionTS, p.Trigger)
	e.Key = strings.Join([]string{e.Team, "press", e.User, e.Channel, e.TS, a.ActionID, at}, "/")
	return e, needed(e, e.User, at)
}

func (p *interaction) submitted(e Event) (Event, error) {
	e.Kind, e.FromModal, e.Callback, e.Meta = Submit, true, p.View.Callback, p.View.Meta
	for block, elements := range p.View.State.Values {
		for _, i := range elements { // one of ours has one
			if t := i.text(); t != "" {
				if e.Inputs == nil {
					e.Inputs = map[string]string{}
				}
				e.Inputs[block] = t
			}
		}
	}
	e.Key = strings.Join([]string{e.Team, "submit", e.User, p.View.ID, p.View.Hash}, "/")
	return e, needed(e, e.User, p.View.ID, e.Callback)
}

func (p *interaction) shortcut(e Event) (Event, error) {
	e.Kind, e.Callback, e.Text = Shortcut, p.Callback, p.Message.Text
	e.Key = strings.Join([]string{e.Team, "shortcut", e.User, e.Channel, e.TS, cmp.Or(p.ActionTS, p.Trigger)}, "/")
	return e, needed(e, e.User, e.Channel, e.TS)
}

// parseCommand reads the form of a slash command.
func parseCommand(f url.Values) (Event, error) {
	get := func(name string) string { return strings.ToValidUTF8(f.Get(name), "\uFFFD") } // a form holds any bytes
	e := Event{Kind: Command, Team: get("team_id"), User: get("user_id"), Channel: get("channel_id"), Text: get("text"),
		Trigger: get("trigger_id"), Respond: get("response_url")}
	e.Key = strings.Join([]string{e.Team, "command", e.User, e.Channel, e.Trigger}, "/")
	return e, needed(e, e.User, e.Channel, e.Trigger)
}

// parseCommandJSON reads a slash command as Socket Mode sends it: the form's fields as a JSON object.
func parseCommandJSON(raw []byte) (Event, error) {
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Event{}, fmt.Errorf("command payload: %w", err)
	}
	f := url.Values{}
	for k, v := range fields {
		if s, ok := v.(string); ok {
			f.Set(k, s)
		}
	}
	return parseCommand(f)
}

func needed(e Event, fields ...string) error {
	for _, f := range fields {
		if f == "" {
			return fmt.Errorf("%s event: a field that names it is missing", e.Kind)
		}
	}
	return nil
}
