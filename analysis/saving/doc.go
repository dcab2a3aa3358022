// Package saving proves on the bill what a fix saved: not what it should save at list price, but what is no longer paid.
//
// In goes a [Case]: a slice of spend, perhaps some of its resources, the day the fix was said to be in force, and what was expected. [Verify] compares
// whole weeks of complete days before and after at effective cost, cuts the change into the effects of package explain, and counts as saved only what was used less:
//
//	saved = -(volume + new + removed)     of the case's own rows, from the bridge
//	        - demand                      what it would have fallen anyway, as the rest of the slice did
//	        - moved                       what resources of the slice cost that came, less those that went
//	        - idle                        commitments that covered it and now lie unused: they are still paid
//
// Price, discounts, coverage, credits, refunds, tax and the calendar are in the table of the answer but never in the saving. Out comes a [Verdict] with its state, an
// error bound from the days themselves, and the queries of its trace. What is saved is cost avoided as far as it only undoes the growth of an anomaly ([Verdict.Avoided]).
package saving
