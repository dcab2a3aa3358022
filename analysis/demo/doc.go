// Package demo makes the demo company: a deterministic year of billing exports for one believable business on three
// clouds, with events planted in it whose day and amount are known. [Generate] writes FOCUS 1.2 files for AWS, 1.0 for
// Azure (and 1.2 for its subscription billed in euros) and 1.3 for Google, one file a payer and month, and returns a
// [Manifest] with the exact totals and the events; the same is written as events.json beside the files.
//
// The company is data: accounts.tsv (who), skus.tsv (what can be bought, at which price) and spend.tsv (who buys what,
// where, for how much a day, tagged how). The code gives it a rhythm, growth, noise, commitments, fees and events.
//
// Everything is integer arithmetic: quantities and unit prices in millionths, costs in millionths of millionths, so
// that a cost is quantity times unit price to the last digit, on every machine. A day's quantity belongs to a line of
// spend.tsv and is only then divided among resources and hours; more rows therefore mean finer rows and not more money.
package demo
