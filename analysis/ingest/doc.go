// Package ingest turns a billing export into the store's rows, or refuses it and says why.
//
// In: a file or a folder of parts: FOCUS 1.0 to 1.3 or a format of package dialect, as CSV or Parquet, for the latter also as JSON lines
// and as Parquet with structs, plain or packed (gzip, zstd, zip); and answers of OpenCost's allocation API. Out: one published store
// snapshot and its [store.Load] record.
//
// A load goes through five steps, and the store is unchanged until the last:
//
//	detect     what the file is, by its first bytes and its header, never by its name
//	tally      read it once with our own reader: check every typed cell, add up the four costs exactly, hash the bytes
//	map        DuckDB reads it, maps it to the store's columns (focus.sql) and writes Parquet
//	reconcile  rows and sums of what was written must equal the tally, to the last digit
//	publish    charges and their daily rollup become the newest snapshot together
//
// The tally is a second, independent reading of the file, so a bug in either reader, a dropped row or a rounding shows as a
// difference; and because it comes first, it knows how many digits each column needs and can name the line and column of
// whatever is wrong.
package ingest
