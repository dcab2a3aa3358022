WITH listed AS (
  SELECT provider, currency, service, region, usage_type, unit, d, sum(list) AS list_cost, sum(quantity) AS quantity, sum(cost) AS cost,
    CAST(sum(list) AS DOUBLE) / CAST(sum(quantity) AS DOUBLE) AS price
  FROM (SELECT {provider} AS provider, {currency} AS currency, {service} AS service, {kind} AS kind, {region} AS region, {usage_type} AS usage_type, PricingUnit AS unit, ChargeDate AS d,
      ListCost AS list, PricingQuantity AS quantity, CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END AS cost
    FROM {daily} WHERE ({period}) AND ({whole}) AND ({filters}) AND x_SpanDays <= 1) AS r
  WHERE kind = 'Usage' AND list > 0 AND quantity > 0
  GROUP BY provider, currency, service, region, usage_type, unit, d
), ranged AS (
  SELECT provider, currency, service, region, usage_type, unit, d, list_cost, quantity, cost,
    min(price) OVER (PARTITION BY provider, currency, service, region, usage_type, unit) AS low,
    max(price) OVER (PARTITION BY provider, currency, service, region, usage_type, unit) AS high
  FROM listed
)
SELECT provider, currency, service, region, usage_type, unit, d, list_cost, quantity, cost
FROM ranged WHERE high >= low * {step}
ORDER BY 1, 2, 3, 4, 5, 6, 7
