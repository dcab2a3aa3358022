// Package render writes an [analysis.Answer] for its readers: [Terminal] for people at a prompt, [Markdown] for tickets
// and pull requests, [JSON] for programs, [CSV] for spreadsheets. In goes the neutral answer, out comes text; nothing is
// computed here but how a number is shown. Package chart draws the same figures.
//
// What is shown adds up: figures in one column are rounded together (largest remainder), so that the drivers and
// the rest give the change as printed, and so do the effects, and the rows of a table its total. JSON and CSV round nothing.
//
// Labels come from tags and account names, so from anyone: control characters and escape sequences never reach a
// terminal, and Markdown's special characters are escaped.
package render
