// Package ticket is what a ticket says and how it lives, without Jira and without Slack: pure functions over plain values.
//
// [Compose] makes the ticket a team wants to receive from the [Facts] of an incident: what changed, the evidence, a likely mechanism with the check that would refute
// it, steps with risk and rollback, what it should save and how that will be verified. [Follow] says what a look at Jira means for the ticket we keep.
package ticket
