// Package showback tells who bears a month's bill: a request goes in, the queries for the bill's cells and the rules' weights
// are asked of a snapshot, the rules of package allocation are applied, and what each owner has directly, by each rule and in
// all comes out, with every query in the trace. Per currency the owners' totals are the bill's total exactly.
//
// The parts are made from everything, whoever asks: a team's part of support hangs on what the others cost. The queries
// therefore look past the asker's scope, and what of the outcome may be shown is for the caller to decide: [Bill.Within] keeps
// to whole owners that the scope holds.
package showback
