// Package source finds the bills: in a folder, or in a bucket of S3, Google Cloud Storage or Azure Blob Storage.
//
// In: the address of a place ([Open]), and the store's load records. Out: what lies there as deliveries, each a set of
// files that belong together (a billing period's export), with what is to be done about it ([Source.Look]), and its files
// brought here and loaded ([Source.Load]).
//
// Files belong together by the manifest that names them (AWS Cost and Usage Report, AWS Data Exports, Azure exports), else by
// their folder, cut at the month that its path names. What is not whole yet is waited out: a manifest that names a file
// which is not there or has another size, files that came a moment ago, files that change while they are fetched.
//
// There is no state beside the load records: a delivery whose keys, sizes and ETags equal those that its newest load record
// holds is not fetched again.
package source
