package quality

// Check is one question to the data. Its query gives rows of: provider, currency, how many line items are wrong, their billed cost,
// how many there are in all, an example in words.
type Check struct {
	Name    string // as it is asked for: "duplicate lines"
	Meaning string // one sentence: what is wrong when it is found
	// Look and Bad are the shares of a provider's line items from which on the verdict is look or bad; 0 is from the first one on.
	Look, Bad float64
	Source    string // of the thresholds
	SQL       string // with {months}: the line items looked at, and {late}: whether a row's day came late
}

// rowsSQL is what the checks of single line items have in common: {wrong} is the condition, {example} says which one it is.
const rowsSQL = `SELECT ServiceProviderName AS provider, BillingCurrency AS currency, CAST(count(*) FILTER (WHERE {wrong}) AS BIGINT) AS wrong,
  sum(BilledCost) FILTER (WHERE {wrong}) AS billed, CAST(count(*) AS BIGINT) AS line_items, min({example}) FILTER (WHERE {wrong}) AS example
FROM {charges} WHERE {months} GROUP BY 1, 2 ORDER BY 1, 2`

// who is the usual example: day, account, service and SKU or description.
const who = `concat(CAST(CAST(ChargePeriodStart AS DATE) AS VARCHAR), ', account ', CASE WHEN SubAccountName IS NOT NULL THEN SubAccountName WHEN SubAccountId IS NULL THEN '(none)' ELSE SubAccountId END, ', ', ServiceName, ', ',
  CASE WHEN SkuId IS NOT NULL THEN SkuId WHEN ChargeDescription IS NOT NULL THEN ChargeDescription ELSE ChargeCategory END)`

// Checks are all of them, in the order they are shown.
var Checks = []Check{
	{Name: "duplicate lines", Meaning: "Line items that are the same in every column, so that a cost may count twice.",
		Look: 0, Bad: 0.001, Source: "own rule: a bill has none; microsoft/finops-toolkit issue 2048 shows what one export's duplicates cost",
		SQL: `SELECT provider, currency, CAST(coalesce(sum(n - 1) FILTER (WHERE n > 1), 0) AS BIGINT) AS wrong, sum(cost * (n - 1)) FILTER (WHERE n > 1) AS billed, CAST(sum(n) AS BIGINT) AS line_items,
  min(concat(CAST(CAST(since AS DATE) AS VARCHAR), ', account ', CASE WHEN account IS NULL THEN '(none)' ELSE account END, ', ', service, ': ', CAST(n AS VARCHAR), ' times')) FILTER (WHERE n > 1) AS example
FROM (SELECT ServiceProviderName AS provider, BillingCurrency AS currency, SubAccountId AS account, ServiceName AS service, ChargePeriodStart AS since, BilledCost AS cost, count(*) AS n
  FROM {charges} WHERE {months} AND BilledCost <> 0
  GROUP BY ServiceProviderName, BillingCurrency, x_Source, BillingAccountId, SubAccountId, InvoiceId, ServiceName, SkuId, SkuPriceId, x_UsageType, x_Operation, RegionId, AvailabilityZone, ResourceId,
    ChargePeriodStart, ChargePeriodEnd, ChargeCategory, ChargeClass, ChargeDescription, CommitmentDiscountId, CommitmentDiscountStatus, BilledCost, EffectiveCost, ListCost, ContractedCost,
    PricingQuantity, ConsumedQuantity, Tags, SkuPriceDetails, PricingCategory) AS t
GROUP BY 1, 2 ORDER BY 1, 2`},
	{Name: "missing days", Meaning: "Days between a provider's first and last without a single line item.",
		Look: 0, Bad: 0.05, Source: "own rule: a cloud that is used every day bills every day; a hole is a file that did not come",
		SQL: `SELECT provider, currency, CAST(coalesce(sum(gap) FILTER (WHERE gap > 0), 0) AS BIGINT) AS wrong, CAST(NULL AS DECIMAL(38,18)) AS billed, CAST(count(*) + coalesce(sum(gap) FILTER (WHERE gap > 0), 0) AS BIGINT) AS line_items,
  min(concat(CAST(gap AS VARCHAR), ' day(s) after ', CAST(before AS VARCHAR))) FILTER (WHERE gap > 0) AS example
FROM (SELECT provider, currency, before, date_diff('day', before, d) - 1 AS gap
  FROM (SELECT provider, currency, d, lag(d) OVER (PARTITION BY provider, currency ORDER BY d) AS before
    FROM (SELECT DISTINCT ServiceProviderName AS provider, BillingCurrency AS currency, CAST(ChargeDate AS DATE) AS d FROM {daily} WHERE {months} AND x_SpanDays = 1) AS days) AS seen) AS gaps
GROUP BY 1, 2 ORDER BY 1, 2`},
	// Which days came late is told by the loads' records; see [Late].
	{Name: "late days", Meaning: "Days that changed after they had been complete: answers given about them before have moved.",
		Look: 0, Bad: 0.1, Source: "own rule: more than 1% of a day's rows or cost between two loads, the first of them when the day was older than 3 days",
		SQL: `SELECT ServiceProviderName AS provider, BillingCurrency AS currency, CAST(coalesce(sum(x_Rows) FILTER (WHERE {late}), 0) AS BIGINT) AS wrong, sum(BilledCost) FILTER (WHERE {late}) AS billed,
  CAST(sum(x_Rows) AS BIGINT) AS line_items, min(CAST(ChargeDate AS VARCHAR)) FILTER (WHERE {late}) AS example
FROM {daily} WHERE {months} GROUP BY 1, 2 ORDER BY 1, 2`},
	row("effective cost missing", "Line items without an EffectiveCost: an amortized total leaves them out.", 0, 0.01,
		"FOCUS 1.2: EffectiveCost must not be null", "EffectiveCost IS NULL", who),
	row("effective cost zero", "Usage that is billed and has an EffectiveCost of 0 though no commitment covers it: exporters write it where they do not know it.", 0.01, 0.1,
		"FOCUS 1.2: EffectiveCost equals BilledCost where nothing is amortized; real samples have it on most rows", "EffectiveCost = 0 AND BilledCost > 0 AND ChargeCategory = 'Usage' AND CommitmentDiscountId IS NULL", who),
	{Name: "unit changes", Meaning: "SKUs that are priced in more than one unit, so that quantities and unit prices cannot be compared over time.",
		Look: 0, Bad: 0.05, Source: "FOCUS 1.2: SkuPriceId stands for one unit price; own rule for the shares",
		SQL: `SELECT provider, currency, CAST(coalesce(sum(n) FILTER (WHERE units > 1), 0) AS BIGINT) AS wrong, sum(cost) FILTER (WHERE units > 1) AS billed, CAST(sum(n) AS BIGINT) AS line_items,
  min(concat(sku, ': ', low, ' and ', high)) FILTER (WHERE units > 1) AS example
FROM (SELECT ServiceProviderName AS provider, BillingCurrency AS currency, SkuId AS sku, count(DISTINCT PricingUnit) AS units, min(PricingUnit) AS low, max(PricingUnit) AS high, count(*) AS n, sum(BilledCost) AS cost
  FROM {charges} WHERE {months} AND SkuId IS NOT NULL GROUP BY 1, 2, 3) AS t
GROUP BY 1, 2 ORDER BY 1, 2`},
	row("negative usage", "Usage with a negative quantity or cost that is no correction.", 0, 0.01,
		"FOCUS 1.2: what is given back is a Credit, or a Correction of an earlier charge", "ChargeCategory = 'Usage' AND ChargeClass IS NULL AND (ConsumedQuantity < 0 OR BilledCost < 0 OR EffectiveCost < 0)", who),
	{Name: "currency mix", Meaning: "Line items in another currency than most of their billing account is billed in: its totals cannot be added.",
		Look: 0, Bad: 1, Source: "FOCUS 1.2: a billing account is invoiced in one currency; amounts of several are never added here",
		SQL: `SELECT provider, min(currency) AS currency, CAST(coalesce(sum(n) FILTER (WHERE several), 0) AS BIGINT) AS wrong, CAST(NULL AS DECIMAL(38,18)) AS billed, CAST(sum(n) AS BIGINT) AS line_items,
  min(concat('billing account ', CASE WHEN account IS NULL THEN '(none)' ELSE account END, ': ', currency, ' beside ', low)) FILTER (WHERE several) AS example
FROM (SELECT provider, account, currency, n, main AS low, main <> currency AS several
  FROM (SELECT provider, account, currency, n, first_value(currency) OVER (PARTITION BY provider, account ORDER BY n DESC, currency) AS main FROM (SELECT ServiceProviderName AS provider, BillingAccountId AS account, BillingCurrency AS currency, count(*) AS n FROM {charges} WHERE {months} GROUP BY 1, 2, 3) AS accounts) AS mains) AS t
GROUP BY 1 ORDER BY 1`},
	row("list price below contracted", "Line items whose public price is lower than the negotiated one: one of the two is wrong.", 0, 0.05,
		"FOCUS 1.2: ContractedCost is ListCost less negotiated discounts; 1% is left to rounding", "ChargeCategory = 'Usage' AND ListCost >= 0 AND ContractedCost - ListCost > abs(ListCost) * 0.01 + 0.000001", who),
	row("account names missing", "Line items of an account that has no name: people ask by names.", 0.01, 0.5,
		"own rule", "SubAccountId IS NOT NULL AND SubAccountName IS NULL", "concat('account ', SubAccountId)"),
	row("untagged", "Usage without a single tag, which nobody can be asked about.", 0.2, 0.5,
		"FinOps Foundation, tagging: a mature practice has 80% and more of its cost tagged", "ChargeCategory = 'Usage' AND (Tags IS NULL OR Tags = '{}')", who),
	row("resource ids missing", "Usage without a ResourceId, which cannot be traced to a thing.", 0.3, 0.7,
		"own rule: transfer and requests have none, machines and disks always do", "ChargeCategory = 'Usage' AND ResourceId IS NULL", who),
	row("future dates", "Line items of usage that begins after the day of the load that brought it.", 0, 0.001,
		"own rule: usage is billed after it happened; purchases may begin later", "ChargeCategory = 'Usage' AND x_LoadId LIKE 'L-________-%' AND CAST(ChargePeriodStart AS DATE) > CAST(concat(substr(x_LoadId, 3, 4), '-', substr(x_LoadId, 7, 2), '-', substr(x_LoadId, 9, 2)) AS DATE)", who),
	row("commitment status without id", "Line items with a CommitmentDiscountStatus that name no commitment.", 0, 0.001,
		"FOCUS 1.2: CommitmentDiscountStatus must be null where CommitmentDiscountId is", "CommitmentDiscountStatus IS NOT NULL AND CommitmentDiscountId IS NULL", who),
}

// row is a check of single line items.
func row(name, meaning string, look, bad float64, source, wrong, example string) Check {
	return Check{Name: name, Meaning: meaning, Look: look, Bad: bad, Source: source, SQL: fillRow(wrong, example)}
}
