// Package allocation moves shared costs to those who cause them. Rules from the configuration go in, with the bill as cells of
// exact amounts and the weights the rules ask for; moves come out that, added to the bill, leave its sum as it was to the last
// decimal of the store. It holds no database: package showback asks the queries and hands the sums over.
//
// A rule takes the rows of its source ("from") and gives each a new owner ("to"); the part keeps everything else that it is: its
// service, its account, its invoice. Rules are applied in order. A rule that names no owner in its source takes what no earlier
// rule has moved; one that names owners takes also what earlier rules have moved onto them, which is how costs step down from
// team to team. Rules that give in a circle are refused.
//
// What is defined where nothing obvious is right:
//   - Credits and refunds are split like charges: negative rows apart from positive ones, by the same weights.
//   - A target with a negative or no weight gets nothing. Where no target has a weight, the amount stays with its source and is
//     reported as not allocated.
//   - A target that is named and has no rows gets its part of an even or fixed split, and nothing of one by weights.
//   - Weights of spend are of the same currency as the source, and of the rows as they were billed: before any rule, and without
//     the rule's own source unless the rule says what to weigh.
//   - "all" are the owners that the bill of the period has and those that have a weight, without the unallocated and, where the
//     source names owners, without those.
//   - What has no smaller unit is given by largest remainder (Hamilton, 1792), ties to the first target by name.
package allocation
