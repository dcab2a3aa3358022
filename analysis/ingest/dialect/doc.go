// Package dialect describes the billing formats that are not FOCUS: how to know one by its header, what its columns are, the
// SQL that makes FOCUS rows of its rows, and what a file's costs must add up to.
//
// A [Dialect] is a description, not a program. Package ingest reads the file, checks every typed cell, carries the SQL out and
// holds what it made against the controls, which are written here a second time and much more simply than the SQL: plain sums of the
// file's own columns, chosen by plain conditions. So a mistake in the mapping is a load that is refused.
//
// Each dialect has one file of SQL with a comment for every decision, and one Go file with its columns and controls.
package dialect
