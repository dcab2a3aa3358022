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
  WHERE ({periods}) AND ({filters}) AND ({whole})`

// tagsSQL reads the tags once per distinct text, of which the rollup has few, instead of once per row.
const tagsSQL = ` LEFT JOIN (SELECT Tags AS tag_text, {read} FROM (SELECT DISTINCT Tags FROM {table} WHERE Tags IS NOT NULL) AS s) AS t ON t.tag_text = x.Tags`

const stratumSQL = `CASE WHEN ChargeClass = 'Correction' THEN 'correction'
      WHEN ChargeCategory = 'Credit' THEN 'credit' WHEN ChargeCategory = 'Purchase' THEN 'purchase'
      WHEN ChargeCategory = 'Tax' THEN 'tax' WHEN ChargeCategory = 'Adjustment' THEN 'adjustment'
      WHEN CommitmentDiscountStatus = 'Unused' THEN 'commitment_unused' ELSE 'usage' END`

// leavesSQL is what the leaf table is made of: per price key, stratum, whether a commitment paid, and period, the sums: p0
// marks the baseline's days and p1 the current period's; days of periods that overlap are both. The rows are added up by the
// columns as they stand; tags are read from the few groups left. The square sum is of the baseline's daily costs, for
// the slice's own noise: the rollup has a row per day of such a group.
const leavesSQL = `WITH part AS (
  SELECT {raw}, Tags, PricingUnit, BillingCurrency AS cur, PricingCurrency AS pcur,
    {stratum} AS stratum,
    CASE WHEN ChargeFrequency = 'Recurring' OR {monthly} THEN 1 ELSE 0 END AS recurring,
    CASE WHEN ChargeCategory = 'Usage' AND ChargeClass IS NULL OR ChargeDescription IS NULL THEN '' ELSE ChargeDescription END AS description,
    CASE WHEN CommitmentDiscountStatus = 'Used' THEN 1 ELSE 0 END AS used,
    CASE WHEN {baseline} THEN 1 ELSE 0 END AS p0, CASE WHEN {current} THEN 1 ELSE 0 END AS p1,
    sum({column}) AS own, sum(PricingQuantity) AS q, sum(ListCost) AS l, sum(ContractedCost) AS cc,
    sum(EffectiveCost) AS e, sum(PricingCurrencyEffectiveCost) AS pe,
    sum({square}) AS squares,
    sum({rows}) AS n, sum({rows}) FILTER (WHERE {column} IS NULL) AS blank
  FROM {table}
  WHERE ({periods}) AND ({filters}) AND ({whole})
  GROUP BY {keys}
), priced AS (
  SELECT {raw}, Tags, PricingUnit, cur, pcur, stratum, recurring, description, used, p0, p1, {cost} AS c, q, l, cc, e, pe, squares, n, blank FROM part
)
SELECT {dims}, CASE WHEN PricingUnit IS NULL THEN '' ELSE PricingUnit END AS unit, cur, stratum, recurring, description, used, p0, p1,
  CASE WHEN p0 = 1 THEN c END AS c0, CASE WHEN p1 = 1 THEN c END AS c1, q, l, cc, e, pe, squares,
  CAST(CASE WHEN c IS NULL THEN n ELSE blank END AS BIGINT) AS unknown, CAST(n AS BIGINT) AS line_items
FROM priced
ORDER BY {raw}, Tags, PricingUnit, cur, pcur, stratum, recurring, description, used, p0, p1`

// daysSQL is the daily history of the drivers: of the cuts of every vector that dates one, and of one-time charges.
const daysSQL = `WITH part AS (
  {part}
), numbered AS (
  SELECT {cuts}, part.* FROM part
)
SELECT {numbers}, {sku} AS sku, {service} AS service, description, {commitment} AS commitment_id, day,
  sum(q) AS q, sum(l) AS l, sum(cc) AS cc, sum(c) AS c, min(recurring) AS recurring
FROM numbered WHERE {some}
GROUP BY {keys}
ORDER BY {keys}`

// resourcesSQL opens the line items of the slices that matter, once: what each resource used and cost in each period, per
// price key; p0 marks the baseline's lines and p1 the current period's. Tags are read from the few rows left.
const resourcesSQL = `WITH found AS (
{lines}
)
SELECT {dims}, {unit} AS unit, {cur} AS cur, rid, p0, p1, rname, q, {cost} AS c
FROM found
ORDER BY branch, {raw}, rid, p0, p1`

// linesSQL reads the line items of one slice; the slices are read one after the other, since each alone can skip files and
// pages by its condition, which a condition of several joined by OR could not.
const linesSQL = `  SELECT {branch} AS branch, {raw}, ResourceId AS rid,
    CASE WHEN {baseline} THEN 1 ELSE 0 END AS p0, CASE WHEN {current} THEN 1 ELSE 0 END AS p1,
    {rname} AS rname, sum(PricingQuantity) AS q, {sums}
  FROM {charges}
  WHERE ({opened}) AND ({before}) AND ({periods}) AND ({filters}) AND ({whole})
    AND ResourceId IS NOT NULL AND ChargeCategory = 'Usage' AND ChargeClass IS NULL
    AND (CommitmentDiscountStatus IS NULL OR CommitmentDiscountStatus <> 'Unused')
  GROUP BY {keys}`
