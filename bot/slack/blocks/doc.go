// Package blocks says what the bot says, as Slack's Block Kit: an [analysis.Answer] goes in and a [Message] comes out, or a
// modal, or the home tab. Nothing is computed here; words and figures come from package render, so that what Slack shows is
// what a terminal shows, and adds up as it does.
//
// Every message keeps Slack's limits by construction: texts are cut where they enter, the body has a budget of characters and
// blocks (page.go), and what is left out is said, with how much of it and where the rest is. Labels come from bills and
// questions from people, so from anyone: no text of theirs can mention, link, format or break out of code (markup.go).
//
// Buttons carry what they need in their value: an answer's id, the question to ask next. [ParseAction] reads them back.
package blocks
