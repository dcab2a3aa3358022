// Package quality looks for what is wrong with the bills as they were loaded: lines that are there twice, days without any, units
// that changed, costs that are missing. Each check has a name, one query, and thresholds that say where they come from; its verdict is
// ok, look or bad, with how many rows and how much money it is about, an example and the SQL.
//
// In: a snapshot as somebody may see it and the months to look at. Out: a report, that becomes an answer.
package quality
