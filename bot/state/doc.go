// Package state keeps what people and the bot did, in SQLite: for now the answers given, each with the evidence to run
// it again. An answer goes in with [DB.SaveAnswer] and comes back whole with [DB.Answer], [DB.List] and [DB.Last].
//
// The file is spendbot.db in the store's folder. It is also the Iceberg catalog's file, so every table here has
// a name of its own and nothing here touches the catalog's. Several processes may use it at once.
package state
