// Package slack is the Slack edge. Events come in by Socket Mode ([Socket]) or by signed HTTP ([HTTP]); both turn what Slack
// sends into one [Event] and hand it to a [Sink], which keeps it before it is acknowledged. Messages go out through [Sender],
// which delivers the posts of the outbox in bot/state, each exactly once: an outcome that is not known is looked up in Slack
// before anything is sent again. [Client] is the rest of Slack's Web API that the bot uses: people, channels, modals, status.
//
// Tokens are of type [secret.Value] and print as <secret>; [secret.Redact] keeps them out of logs.
package slack
