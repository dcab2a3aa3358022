// Package bot holds the conversations: an event comes in (a mention, a direct message, a command, a button), what answers it
// goes out. It ties the rooms together and has no numbers of its own: package desk answers, access decides who may see what,
// slack speaks to Slack, state remembers.
//
// An event is kept in state before it is acknowledged ([Bot.Receive]) and dealt with once, by one of the workers of
// [Bot.Run]: what it has to say goes into the outbox under a key made of the event's, so that a worker that dies in the
// middle and another that begins again say it once between them.
package bot
