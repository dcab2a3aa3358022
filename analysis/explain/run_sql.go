package explain

// The analysis SQL of an explanation. Names in braces are filled with constant expressions of package query (dimensions,
// filters, periods); every value is a bound parameter. What stands here DuckDB and Trino both read.

// partSQL is the rows of both periods with what the histories need of them. A correction of any category is its own stratum;
// so is commitment paid for and not used.
const partSQL = `SELECT {dims},
    CASE WHEN PricingUnit IS NULL THEN '' ELSE PricingUnit END AS unit, BillingCurrency AS cur,
    {stratum} AS stratum,
    CASE WHEN ChargeFrequency = 'Recurring' OR {monthly} THEN 1 ELSE 0 END AS recurring,
    CASE WHEN ChargeCategory = 'Usage' AND ChargeClass IS NULL OR ChargeDescription IS NULL THEN '' ELSE ChargeDescription END AS description,
    {day} AS day,
    PricingQuantity AS q, ListCost AS l, ContractedCost AS cc, {cost} AS c,
    CASE WHEN CommitmentDiscountStatus = 'Used' THEN 1 ELSE 0 END AS used, CommitmentDiscountId AS commitment
  FROM {table} AS x{tags}
  WHERE (({current}) OR ({baseline})) AND ({filters}) AND ({whole})`

// tagsSQL reads the tags once per distinct text, of which the rollup has few, instead of once per row.
const tagsSQL = ` LEFT JOIN (SELECT Tags AS tag_text, {read} FROM (SELECT DISTINCT Tags FROM {table} WHERE Tags IS NOT NULL) AS s) AS t ON t.tag_text = x.Tags`

const stratumSQL = `CASE WHEN ChargeClass = 'Correction' THEN 'correction'
      WHEN ChargeCategory = 'Credit' THEN 'credit' WHEN ChargeCategory = 'Purchase' THEN 'purchase'
      WHEN ChargeCategory = 'Tax' THEN 'tax' WHEN ChargeCategory = 'Adjustment' THEN 'adjustment'
      WHEN CommitmentDiscountStatus = 'Unused' THEN 'commitment_unused' ELSE 'usage' END`

// leavesSQL is the leaf table: per price key, stratum, and whether a commitment paid, the sums of both periods: p0 marks the
// baseline's days and p1 the current period's; days of periods that overlap are both. The rows are
// added up by the columns as they stand first; tags are read from the few groups left. The square sum is of the baseline's
// daily costs, for the slice's own noise: the rollup has a row per day of such a group. It is in hundredths and rounded row
// by row to whole numbers, which add up the same in any order.
const leavesSQL = `WITH part AS (
  SELECT {raw}, Tags, PricingUnit, BillingCurrency AS cur, PricingCurrency AS pcur,
    {stratum} AS stratum,
    CASE WHEN ChargeFrequency = 'Recurring' OR {monthly} THEN 1 ELSE 0 END AS recurring,
    CASE WHEN ChargeCategory = 'Usage' AND ChargeClass IS NULL OR ChargeDescription IS NULL THEN '' ELSE ChargeDescription END AS description,
    CASE WHEN CommitmentDiscountStatus = 'Used' THEN 1 ELSE 0 END AS used,
    CASE WHEN {baseline} THEN 1 ELSE 0 END AS p0, CASE WHEN {current} THEN 1 ELSE 0 END AS p1,
    sum({column}) AS own, sum(PricingQuantity) AS q, sum(ListCost) AS l, sum(ContractedCost) AS cc,
    sum(EffectiveCost) AS e, sum(PricingCurrencyEffectiveCost) AS pe,
    sum(TRY_CAST(round(100 * CAST({column} AS DOUBLE) * CAST({column} AS DOUBLE)) AS BIGINT)) AS squares,
    sum({rows}) AS n, sum({rows}) FILTER (WHERE {column} IS NULL) AS blank
  FROM {table}
  WHERE (({current}) OR ({baseline})) AND ({filters}) AND ({whole})
  GROUP BY {keys}
), tagged AS (
  SELECT {tagged}, CASE WHEN PricingUnit IS NULL THEN '' ELSE PricingUnit END AS unit, cur, stratum, recurring, description, used, p0, p1,
    {cost} AS c, q, l, cc, e, pe, squares, n, blank FROM part
)
SELECT {names}, unit, cur, stratum, recurring, description, used,
  sum(c) FILTER (WHERE p0 = 1) AS c0, sum(c) FILTER (WHERE p1 = 1) AS c1,
  sum(q) FILTER (WHERE p0 = 1) AS q0, sum(q) FILTER (WHERE p1 = 1) AS q1,
  sum(l) FILTER (WHERE p0 = 1) AS l0, sum(l) FILTER (WHERE p1 = 1) AS l1,
  sum(cc) FILTER (WHERE p0 = 1) AS cc0, sum(cc) FILTER (WHERE p1 = 1) AS cc1,
  sum(e) FILTER (WHERE p0 = 1) AS e0, sum(e) FILTER (WHERE p1 = 1) AS e1,
  sum(pe) FILTER (WHERE p0 = 1) AS pe0, sum(pe) FILTER (WHERE p1 = 1) AS pe1,
  sum(squares) FILTER (WHERE p0 = 1) AS squares0,
  CAST(coalesce(sum(CASE WHEN c IS NULL THEN n ELSE blank END), 0) AS BIGINT) AS unknown, CAST(sum(n) AS BIGINT) AS line_items
FROM tagged
GROUP BY {names}, unit, cur, stratum, recurring, description, used
ORDER BY {names}, unit, cur, stratum, recurring, description, used`

// historySQL is the daily history of the cuts of one vector, for their onsets.
const historySQL = `WITH part AS (
  {part}
), cuts AS (
  SELECT {cut} AS cut, {by} AS by_what, day, recurring, q, l, cc, c, used FROM part WHERE stratum = 'usage'
)
SELECT cut, by_what, day, sum(q) AS q, sum(l) AS l, sum(cc) AS cc, sum(c) AS c,
  sum(cc) FILTER (WHERE used = 1) AS ucc, sum(c) FILTER (WHERE used = 1) AS uc, min(recurring) AS recurring
FROM cuts WHERE cut IS NOT NULL
GROUP BY cut, by_what, day
ORDER BY cut, by_what, day`

// oneTimeSQL is the daily history of one-time charges.
const oneTimeSQL = `WITH part AS (
  {part}
)
SELECT stratum, {names}, description, day, sum(c) AS c
FROM part WHERE stratum <> 'usage'
GROUP BY stratum, {names}, description, day
ORDER BY stratum, {names}, description, day`

// resourcesSQL opens the line items of the slices that matter, once: per price key, the quantity of resources seen in only
// one of the periods; per driver, the resources that carry it. The lines are first added up per resource and period, as they
// stand; tags are read, and periods set side by side, on the few rows left.
const resourcesSQL = `WITH part AS (
{lines}
), tagged AS (
  SELECT {tagged}, {unit} AS unit, {cur} AS cur, rid, {rname} AS rname, p0, p1, q, {cost} AS c FROM part
), per AS (
  SELECT {names}, unit, cur, rid, max(rname) AS rname,
    sum(q) FILTER (WHERE p0) AS q0, sum(q) FILTER (WHERE p1) AS q1,
    sum(c) FILTER (WHERE p0) AS c0, sum(c) FILTER (WHERE p1) AS c1
  FROM tagged GROUP BY {names}, unit, cur, rid
), top AS (
  SELECT driver, rid, max(rname) AS rname, sum(c0) AS c0, sum(c1) AS c1
  FROM (SELECT {cut} AS driver, rid, rname, c0, c1 FROM per) AS t WHERE driver IS NOT NULL GROUP BY driver, rid
), ranked AS (
  SELECT driver, rid, rname, c0, c1, row_number() OVER (PARTITION BY driver ORDER BY abs(coalesce(c1, 0) - coalesce(c0, 0)) DESC, rid) AS place FROM top
)
SELECT -1 AS driver, 0 AS place, {names}, unit, cur, '' AS rid, '' AS rname,
  sum(q1) FILTER (WHERE q0 IS NULL) AS fresh, sum(q0) FILTER (WHERE q1 IS NULL) AS gone, NULL AS c0, NULL AS c1
FROM per GROUP BY {names}, unit, cur
UNION ALL
SELECT driver, place, {blanks}, '', '', rid, CASE WHEN rname IS NULL THEN '' ELSE rname END, NULL, NULL, c0, c1 FROM ranked WHERE place <= {most}
ORDER BY driver, place, {names}, unit, cur`

// linesSQL reads the line items of one slice; the slices are read one after the other, since each alone can skip files and
// pages by its condition, which a condition of several joined by OR could not.
const linesSQL = `  SELECT {raw}, Tags, ResourceId AS rid, {baseline} AS p0, {current} AS p1,
    sum(PricingQuantity) AS q, {sums}
  FROM {charges}
  WHERE ({opened}) AND ({before}) AND (({current}) OR ({baseline})) AND ({filters}) AND ({whole})
    AND ResourceId IS NOT NULL AND ChargeCategory = 'Usage' AND ChargeClass IS NULL
    AND (CommitmentDiscountStatus IS NULL OR CommitmentDiscountStatus <> 'Unused')
  GROUP BY {keys}`
