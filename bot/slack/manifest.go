package slack

import "strings"

// ManifestOptions are what of the app's manifest depends on how the bot is run.
type ManifestOptions struct {
	Name    string // of the app and its bot user; "spendbot" when empty
	Command string // the slash command, "/spend"
	// URL is where Slack reaches the bot over HTTP, "https://spendbot.example.com"; empty for Socket Mode.
	URL string
	// FollowThreads has Slack send the messages of channels the bot is in, so that follow-ups in its threads need no mention.
	FollowThreads bool
	// Groups says that access rules name user groups.
	Groups bool
	// Shortcut is the callback id of the message shortcut.
	Shortcut string
	// Declare is the callback id of the message shortcut that declares a billing incident; "" where none are declared. DeclarePrivate has their channels private.
	Declare        string
	DeclarePrivate bool
	// Ticket is the callback id of the message shortcut that opens a ticket; "" where none are.
	Ticket string
	// Prompts are questions to begin with.
	Prompts []Prompt
}

// Scope is a permission of the bot's token and what it is needed for.
type Scope struct{ Name, Why string }

// Scopes are the least the bot needs to do all it does.
func Scopes(o ManifestOptions) []Scope {
	s := []Scope{
		{"app_mentions:read", "see the messages that mention it"},
		{"assistant:write", "show what it is doing, and suggest questions"},
		{"channels:history", "look up whether an answer arrived, before it is sent again (public channels it is in)"},
		{"channels:read", "know the names of channels, and which are shared with other companies"},
		{"chat:write", "answer"},
		{"commands", "the slash command and the message shortcut"},
		{"files:write", "charts, CSV and SQL files"},
		{"groups:history", "the same as channels:history in private channels it was invited to"},
		{"groups:read", "the same as channels:read for private channels it was invited to"},
		{"im:history", "read what people write to it directly"},
		{"im:write", "begin a direct conversation, to deliver a file or say what went wrong"},
		{"users:read", "tell guests and people of other companies from members"},
	}
	if o.Groups {
		s = append(s, Scope{"usergroups:read", "know who is in the user groups that access rules and declare name"})
	}
	if o.Declare != "" {
		open := Scope{"channels:manage", "open, name and archive a billing incident's channel, and invite to it"}
		if o.DeclarePrivate {
			open.Name = "groups:write"
		}
		s = append(s, open, Scope{"pins:write", "pin a billing incident's card"})
	}
	var marks []string
	if o.Declare != "" {
		marks = append(marks, "into a billing incident's timeline")
	}
	if o.Ticket != "" {
		marks = append(marks, "to an incident's ticket")
	}
	if len(marks) > 0 {
		s = append(s, Scope{"reactions:read", "take the messages that people mark with an emoji " + strings.Join(marks, ", or ")})
	}
	if o.Ticket != "" {
		s = append(s, Scope{"reactions:write", "mark the messages that are in the ticket now"})
	}
	return s
}

// Manifest is the app's manifest, to be pasted where Slack asks for one when an app is created.
func Manifest(o ManifestOptions) map[string]any {
	if o.Name == "" {
		o.Name = "spendbot"
	}
	events := []string{"app_home_opened", "app_mention", "assistant_thread_context_changed", "assistant_thread_started", "message.im"}
	if o.FollowThreads {
		events = append(events, "message.channels", "message.groups")
	}
	shortcuts := []any{map[string]any{"name": "Explain the spend here", "type": "message", "callback_id": o.Shortcut,
		"description": "Explain the spend of what a message names"}}
	if o.Declare != "" || o.Ticket != "" {
		events = append(events, "reaction_added", "reaction_removed")
	}
	if o.Ticket != "" {
		shortcuts = append(shortcuts, map[string]any{"name": "Open ticket", "type": "message", "callback_id": o.Ticket,
			"description": "Open a ticket for the incident that a message is about"})
	}
	if o.Declare != "" {
		shortcuts = append(shortcuts, map[string]any{"name": "Declare billing incident", "type": "message", "callback_id": o.Declare,
			"description": "Open a channel for what a message names"})
	}
	var scopes []string
	for _, s := range Scopes(o) {
		scopes = append(scopes, s.Name)
	}
	command := map[string]any{"command": o.Command, "description": "Ask about cloud spend; only you see the answer until you share it",
		"usage_hint": "why did spend change last week?", "should_escape": false}
	subscriptions := map[string]any{"bot_events": events}
	interactivity := map[string]any{"is_enabled": true}
	if base := strings.TrimSuffix(o.URL, "/"); base != "" {
		command["url"] = base + "/slack/commands"
		subscriptions["request_url"] = base + "/slack/events"
		interactivity["request_url"] = base + "/slack/interactive"
	}
	agent := map[string]any{"agent_description": "Answers why cloud spend changed, with numbers that add up and can be run again"}
	if len(o.Prompts) > 0 {
		var list []map[string]string
		for _, p := range o.Prompts {
			list = append(list, map[string]string{"title": p.Title, "message": p.Message})
		}
		agent["suggested_prompts"] = list
	}
	return map[string]any{
		"_metadata": map[string]any{"major_version": 2, "minor_version": 1},
		"display_information": map[string]any{"name": o.Name, "description": "Why did spend change? Answers that add up, with the queries behind them",
			"background_color": "#1f3a5f"},
		"features": map[string]any{
			"app_home":       map[string]any{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			"bot_user":       map[string]any{"display_name": o.Name, "always_online": true},
			"slash_commands": []any{command},
			"shortcuts":      shortcuts,
			"agent_view":     agent,
		},
		"oauth_config": map[string]any{"scopes": map[string]any{"bot": scopes}},
		"settings": map[string]any{"event_subscriptions": subscriptions, "interactivity": interactivity, "org_deploy_enabled": false,
			"socket_mode_enabled": o.URL == "", "token_rotation_enabled": false},
	}
}
