// Package digest says when a digest is due and of which days it is, and reads what people write to subscribe a channel. It is pure:
// moments and words go in, moments and words come out; it knows neither Slack nor the store nor a clock of its own.
//
// A schedule is kept on the wall clock of its zone. What is due when the clocks go forward over it is due at the first moment after the
// gap; what the clocks go back over is due the first time.
package digest
