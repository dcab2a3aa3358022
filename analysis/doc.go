// Package analysis holds the domain's words: what people ask for ([Plan]), over which days ([Period]) and by which
// measure ([Metric]), cut along which [Dimension]; and what they get back: an [Answer] whose every number carries a
// [Trace]. Its subpackages do the work (store, ingest, ask, explain); nothing here imports them, and nothing below
// analysis/ knows of chat.
package analysis
