package sandbox

import (
	"crypto/rand"
	"slices"
)

// Company is who and what a workspace starts with.
type Company struct {
	Team     Team
	Others   []Team // workspaces connected by Slack Connect
	Users    []User
	Channels []Channel
	Groups   []UserGroup
	App      App
}

// Team is a workspace.
type Team struct{ ID, Name, Domain string }

// User is a person or a bot.
type User struct {
	ID       string
	Name     string // the handle, as in @ana
	RealName string
	Title    string
	Email    string
	Team     string // the home workspace; "" is the company's own
	Color    string // of the avatar, as hex without #
	TZ       string // IANA zone; "" is Europe/Berlin

	Admin    bool
	Guest    bool // a single-channel guest: Slack's is_ultra_restricted
	Bot      bool
	BotID    string // of a bot: what its messages carry as bot_id
	Stranger bool   // of another workspace, met through Slack Connect: Slack's is_stranger
	Deleted  bool   // deactivated
}

// Channel is a public or private channel. Direct messages with the app come into being when first used.
type Channel struct {
	ID, Name, Topic, Purpose string
	Private                  bool
	Shared                   bool // through Slack Connect
	Archived                 bool
	Members                  []string // user ids; the app's bot user among them if it was invited
}

// UserGroup is what Slack calls a subteam: @finops.
type UserGroup struct {
	ID, Handle, Name, Description string
	Users                         []string
	Disabled                      bool
}

// App is the one app installed in the workspace.
type App struct {
	ID, Name string
	BotUser  string // user id
	BotID    string
	BotToken string // xoxb-...
	AppToken string // xapp-..., for Socket Mode; needs no scope here beyond being the app's
	// VerificationToken is the deprecated token that every delivery still carries.
	VerificationToken string
	Scopes            []string // granted to the bot token
	Events            []string // bot events subscribed to, by Slack's names: "app_mention", "message.im", ...
	Command           string   // the slash command with its slash
	CommandHint       string
	Shortcuts         []Shortcut
	// Revoked makes every call with the bot token fail with account_inactive.
	Revoked bool
}

// Shortcut is an entry of the message menu or of the global shortcut menu.
type Shortcut struct {
	Name, CallbackID string
	Global           bool // false: a message shortcut
}

// The people, channels and groups of Demo, by id.
const (
	DemoTeam  = "T0MAYFLY"
	DemoOther = "T0VENDORLY"

	Ana       = "U00000ANA" // FinOps lead, in group finops
	Ben       = "U00000BEN" // engineer, in group payments-eng
	Chloe     = "U000CHLOE"
	Dev       = "U00000DEV"
	Gil       = "U00000GIL" // single-channel guest
	Sam       = "U00000SAM" // from another workspace
	Deploybot = "U0DEPLOYBOT"
	Rex       = "U00000REX" // deactivated
	Spendbot  = "U0SPENDBOT"
	Slackbot  = "USLACKBOT"

	CloudCosts = "C0CLOUDCOSTS" // public, with the bot
	Payments   = "C0PAYMENTS"   // public, with the bot
	Random     = "C00RANDOM"    // public, without the bot
	Finops     = "C00FINOPS"    // private, with the bot
	ExtVendor  = "C0EXTVENDOR"  // Slack Connect, with the bot

	GroupFinops   = "S00FINOPS"
	GroupPayments = "S0PAYMENTS"
	GroupSearch   = "S00SEARCH"
	GroupPlatform = "S0PLATFORM"
)

// Demo is a believable company: one person of every kind, channels of every kind, and user groups named after the teams of
// the demo bill. Its tokens are new with every call, so that no web site can know them: see Sandbox.App.
func Demo() Company {
	everyone := []string{Ana, Ben, Chloe, Dev}
	with := func(ids ...string) []string { return append(slices.Clone(everyone), ids...) }
	return Company{
		Team:   Team{DemoTeam, "Mayfly", "mayfly"},
		Others: []Team{{DemoOther, "Vendorly", "vendorly"}},
		Users: []User{
			{ID: Ana, Name: "ana", RealName: "Ana Duarte", Title: "FinOps lead", Email: "ana@mayfly.example", Color: "7c3aed", Admin: true},
			{ID: Ben, Name: "ben", RealName: "Ben Okafor", Title: "Engineer, payments", Email: "ben@mayfly.example", Color: "0e7490"},
			{ID: Chloe, Name: "chloe", RealName: "Chloe Martin", Title: "Engineer, search", Email: "chloe@mayfly.example", Color: "b45309"},
			{ID: Dev, Name: "dev", RealName: "Dev Rao", Title: "Engineer, platform", Email: "dev@mayfly.example", Color: "15803d"},
			{ID: Gil, Name: "gil", RealName: "Gil Becker", Title: "Contractor", Email: "gil@contractor.example", Color: "64748b", Guest: true},
			{ID: Sam, Name: "sam", RealName: "Sam Lindqvist", Title: "Account manager at Vendorly", Email: "sam@vendorly.example",
				Team: DemoOther, Color: "be123c", Stranger: true},
			{ID: Deploybot, Name: "deploybot", RealName: "Deploybot", Title: "Says what was deployed", Color: "334155",
				Bot: true, BotID: "B0DEPLOYBOT"},
			{ID: Rex, Name: "rex", RealName: "Rex Holm", Title: "Engineer, data (left)", Email: "rex@mayfly.example", Color: "a3a3a3", Deleted: true},
		},
		Channels: []Channel{
			{ID: CloudCosts, Name: "cloud-costs", Topic: "What we spend on cloud, and why", Members: with(Spendbot, Deploybot)},
			{ID: Payments, Name: "payments", Topic: "Team payments", Members: []string{Ana, Ben, Dev, Gil, Spendbot, Deploybot}},
			{ID: Finops, Name: "finops", Topic: "Commitments, budgets, month end", Private: true, Members: []string{Ana, Dev, Spendbot}},
			{ID: ExtVendor, Name: "ext-vendor", Topic: "With our friends at Vendorly", Shared: true, Members: []string{Ana, Dev, Sam, Spendbot}},
			{ID: Random, Name: "random", Topic: "Everything else", Members: with()},
		},
		Groups: []UserGroup{
			{ID: GroupFinops, Handle: "finops", Name: "FinOps", Users: []string{Ana}},
			{ID: GroupPayments, Handle: "payments-eng", Name: "Payments engineering", Users: []string{Ben}},
			{ID: GroupSearch, Handle: "search-eng", Name: "Search engineering", Users: []string{Chloe}},
			{ID: GroupPlatform, Handle: "platform-eng", Name: "Platform engineering", Users: []string{Dev}},
		},
		App: App{
			ID: "A0SPENDBOT", Name: "Spendbot", BotUser: Spendbot, BotID: "B0SPENDBOT",
			BotToken: "xoxb-sandbox-" + rand.Text(), AppToken: "xapp-sandbox-" + rand.Text(), VerificationToken: rand.Text(),
			Scopes: []string{"app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:manage", "channels:read",
				"chat:write", "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
				"pins:read", "pins:write", "reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email"},
			Events: []string{"app_home_opened", "app_mention", "assistant_thread_context_changed", "assistant_thread_started",
				"member_joined_channel", "message.channels", "message.groups", "message.im", "reaction_added", "reaction_removed"},
			Command: "/spend", CommandHint: "why did spend change last month?",
			Shortcuts: []Shortcut{{Name: "Explain the spend here", CallbackID: "explain_spend"},
				{Name: "Open ticket", CallbackID: "open_ticket"}, {Name: "Declare billing incident", CallbackID: "declare_incident"}},
		},
	}
}
