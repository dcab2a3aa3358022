// Package jira is the Jira edge: issues go out, what became of them comes back in. It speaks to Jira Cloud (an API token, also a scoped one) and to
// Jira Data Center (a personal access token) over version 2 of the REST API, by go-jira.
//
// In: a [Ticket] of plain fields, comments, links, files. Out: [Issue] and, for everything that failed, an [*Error] whose Outcome says whether it may
// have been done: [Refused], [Later] or [Unknown]. Jira has no idempotency keys, so whoever writes keeps a label in the ticket, a mark
// in a comment, a global id in a link, and looks for it ([Client.Find], [Client.Commented]) before an unknown outcome is tried again.
//
// The package has no opinion about money or incidents. Tokens are of type [secret.Value] and print as <secret>.
package jira
