// Package anomaly tells which days of a series of daily costs lie outside of what was to be expected, and what that was.
//
// In: one [Series], the costs of a slice day by day. Out: a [Day] for each, with the expected cost, its band and whether it
// stands out. A day is judged by the days before it alone, so that what is said of a day never changes when later ones come.
//
// The expected cost of a day is a level with a trend, times what its weekday usually is, plus what its day of the month
// usually brings (fees on the first). All of it is from the middle of the days before, which a few wild ones do not move, those that stood out left aside,
// so that an anomaly does not teach. Costs are compared by ratio: a team that doubles is as strange at $50 as at $5,000. How many standard deviations a
// day may be off is [Settings]; what is worth telling somebody, in money, floors decide.
//
// [Scan] does so for a store: one query reads what every leaf (service, account, region, usage type, team) cost on each complete day,
// every series is judged, and days in a row that pass a [Floor] in money and share become [Anomaly]s, those with one cause an [Incident].
// A level that stays is told once and then is the level.
//
// Statistics are floating-point numbers here. None of them is a sum of money that an answer shows: amounts come from queries.
package anomaly
