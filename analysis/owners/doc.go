// Package owners says whose each charge is. A configuration goes in: ordered rules over any column or tag, the company's teams
// and what they belong to. Out come, for every row, exactly one team ([analysis.Unallocated] where none is known) and, where
// they are known, a group, a business unit, a cost centre, an environment and a product: columns that are no column of the
// store ([Book.Layer] makes them in SQL) and that questions can be cut and filtered by as by any other.
//
//	rules file -> Read -> Config -> Book (versions in time) -> Layer -> {daily}, {charges} with x_Team, ...
//	                                                        -> Judge, the same in Go: which rule decided, and why
//
// The first rule that sets an attribute decides that attribute; another rule may decide another one. After the rules come the
// tags (tags: in the file), after the tags what the team itself says (teams: in the file).
//
// A [Book] holds versions: each is a whole rules file with the days it is in force for, and a row is judged by the version and
// by the rules in force on the day it was charged. Versions are kept in the store's folder as they were applied ([History]).
package owners
