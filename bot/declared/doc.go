// Package declared is the life of a billing incident that somebody declared, without Slack and without SQL: pure functions from what is kept and what the bill says to
// the name of its channel ([ChannelName]), what it costs ([Expose]), whether a status update has news ([Compare]), its timeline ([Timeline]), the executive update
// ([Executive]) and the post-incident review ([Review]).
package declared
