// Package store is the cost store: two Apache Iceberg tables in a folder, queried by DuckDB.
//
//	DIR/warehouse/spend/charges   line items as billed, one row per row of the export
//	DIR/warehouse/spend/daily     the rollup answers come from: no resource, no hour
//	DIR/spendbot.db               SQLite: the Iceberg catalog (and, for other packages, what people did)
//
// A load commits charges first and daily second. The daily commit is the publication: its snapshot names the charges
// snapshot it was made from and carries the load's record, so a reader that opens a daily snapshot always sees a matching
// pair, and a process that dies between the two commits has published nothing. The next writer takes the unpublished
// charges commit back before it begins.
//
// In: [Writer.Publish] with Parquet files that package ingest wrote. Out: [Snapshot.Query], which runs one constant SELECT
// over the views "charges" and "daily" of that snapshot, on a connection that can read the snapshot's files and do nothing
// else, and returns the rows with their trace.
package store
