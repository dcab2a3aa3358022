// Package conform measures how far data follows the FOCUS specification's own rules: which columns there are, where a value must or must
// not be null, which values are allowed, how values are written, and what one column says of another.
//
// The rules are a table of our own, rules.tsv: an id, the versions it holds for, the feature level of its column, and a condition that is
// true of a row that breaks it. Each is a query over a snapshot's line items or over the rows of a file. Out comes a report: per rule
// passed, failed or not applicable, how many rows break it and one of them, and a score per feature level.
//
// A store has been through a load, which brings types, dates, letter cases and missing names in order; what only a file can break
// (columns missing, values that cannot be read) is measured on files.
package conform
