// Package state keeps what people and the bot did, in SQLite, so that one thing happens once although messages are delivered
// again, processes die and networks lie.
//
// What comes in is an [Item]: kept by [DB.Receive] before its sender is told so, leased to one worker at a time by [DB.Take],
// ended by [DB.Finish]. What goes out is a [Post]: kept by [DB.Enqueue], leased by [DB.TakePost] and ended by [DB.Sent] or
// [DB.GiveUp]. Each call is one transaction, so a process may die between any two: work that was begun is begun again
// when its lease has run out, makes the same keys and finds what it did. Only Slack is outside the transaction, which is why a
// post whose attempt has no recorded outcome is looked up there first.
//
// Beside them stand the answers given, each with the evidence to run it again ([DB.SaveAnswer], [DB.Answer]), who asked
// for them, the context of threads, feedback and the audit. Items, posts and threads are removed by [DB.Purge] in time.
//
// The file is spendbot.db in the store's folder. It is also the Iceberg catalog's file, so every table here has
// a name of its own and nothing here touches the catalog's. Several processes may use it at once.
package state
