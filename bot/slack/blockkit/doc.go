// Package blockkit says what Slack would refuse: blocks of a message ([Message]) and views ([View]) are judged against
// the published rules of Block Kit, before they are sent and in place of Slack where there is none. In goes JSON, out
// comes nil or an [*Invalid] with Slack's error code and its messages, each with the JSON pointer of what is wrong.
//
// The rules are data: limits in limits.go, objects with their properties in objects.go, elements.go, richtext.go,
// blocks.go and views.go, and one small walker (judge.go) that reads them. They are as exact as what Slack publishes
// (docs.slack.dev/reference/block-kit, the types of @slack/types) and what its answers show; where sources disagree the
// wider reading stands, so that nothing is refused that Slack accepts. What needs a network is not looked at: whether
// an image can be downloaded, a file exists, a user is known.
package blockkit
