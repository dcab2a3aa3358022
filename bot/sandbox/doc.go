// Package sandbox is a stand-in Slack workspace: good enough to develop a bot against, the other end of end-to-end tests,
// and the demo. It speaks Slack's Web API, Socket Mode and signed HTTP delivery to the app, and a small JSON of its own to
// the web page that people look at (see app.go).
//
// What goes in: a [Company] of people, channels and one app; calls of that app over HTTP; what people do, by the driving
// methods of [Sandbox] or through the page. What comes out: events, commands and interactions for the app, the state of the
// workspace, a ledger of every delivery with its ack, and a list of every call.
//
// It refuses what Slack refuses, with Slack's error codes, and it can be told to misbehave as Slack and networks do
// ([Faults]), reproducibly: every fault is drawn from a seeded source of its own.
//
// One mutex guards one model of the workspace. Two clocks run: the workspace's (Options.Now), which stamps messages and lets
// triggers and response URLs expire, and the wall clock, which signs requests, measures acks and drives redelivery.
//
// The sandbox opens no port by itself: mount [Sandbox.Handler] where it may be reached. The page's endpoints answer only
// requests whose Host is a loopback name, so that a web site cannot reach them by DNS rebinding.
package sandbox
