SELECT provider, currency, service, region, usage_type, unit, d, sum(list) AS list_cost, sum(quantity) AS quantity, sum(cost) AS cost
FROM (SELECT {provider} AS provider, {currency} AS currency, {service} AS service, {kind} AS kind, {region} AS region, {usage_type} AS usage_type, PricingUnit AS unit, ChargeDate AS d,
    ListCost AS list, PricingQuantity AS quantity, CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END AS cost
  FROM {daily} WHERE ({period}) AND ({whole}) AND ({filters}) AND x_SpanDays <= 1) AS r
WHERE kind = 'Usage' AND list > 0 AND quantity > 0
GROUP BY provider, currency, service, region, usage_type, unit, d
ORDER BY 1, 2, 3, 4, 5, 6, 7
