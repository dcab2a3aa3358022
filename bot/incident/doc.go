// Package incident is the life of an incident, without Slack and without SQL: pure functions from what is kept, what the scan finds now, what somebody pressed and the
// clock, to what is kept next and what is to be said.
//
// A scan gives [Found] ones ([Of]). [Match] says which of them are kept already: those that share a series while their days meet. [Step] says what a
// scan means for one that is kept: it grew, shrank, is contained, resolved, was restated; nothing on a quiet day. The presses ([Acknowledge], [Expect], [Snooze],
// [NotUseful], [Undo]) are functions of the same kind. [Rules] hold every threshold.
package incident
