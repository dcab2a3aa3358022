// Package explain says why a total changed between two periods: which effects (days, usage, price, discount, commitment,
// one-time charges) and which slices of spend carry it, such that both cuts sum to the change exactly.
//
// In goes a [Table] of leaves: a leaf is a price key (account, service, SKU, region, tags, pricing unit) with its sums in
// the baseline and in the current period. [Attribute] splits every leaf into effects (package effect), makes the
// parts exact decimals, searches the lattice of slices once per effect [Vector] and returns an [Attribution]: effects,
// disjoint drivers and a rest. [OnsetOf] dates a driver from the daily sums of its slice (package onset). [Ratio] is the
// sibling search for tables of expected and actual values that are not money.
//
// Amounts are exact: drivers + rest = delta and effects = delta to the last digit, whatever the floats in between did;
// and swapping the two periods negates every effect's total exactly (new and removed trade places).
package explain
