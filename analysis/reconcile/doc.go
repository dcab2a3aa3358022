// Package reconcile holds what the store has billed against what was loaded and what was invoiced, and says why they differ.
//
// In: a snapshot as somebody may see it, the records of the loads, and invoice totals where there are any. Out: billed cost per file,
// per period (provider, billing account, invoice month, currency) and per invoice; each difference with its reasons.
//
// A reason is computed, never guessed. The store's rows of a period are cut into kinds that do not overlap (tax, credits, corrections,
// marketplace, support and so on, [Kinds]); a difference is explained by kinds only when exactly one smallest set of them adds up to
// it to the currency's smallest unit: the invoice then is without them. What nothing adds up to is one row, "unexplained", with a query
// of what is left to compare. Reasons and the unexplained sum to the difference exactly.
package reconcile
