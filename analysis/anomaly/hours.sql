SELECT provider, currency, service, account, region, usage_type, team, h, sum(cost) AS cost
FROM (SELECT {provider} AS provider, {currency} AS currency, {service} AS service, {account} AS account, {kind} AS kind, {region} AS region, {usage_type} AS usage_type, {team} AS team,
    date_trunc('hour', ChargePeriodStart) AS h, CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END AS cost
  FROM {charges} WHERE ({hours}) AND ChargePeriodEnd > ChargePeriodStart AND ChargePeriodEnd <= ChargePeriodStart + INTERVAL '1' HOUR AND ({filters})) AS r
WHERE kind = 'Usage' AND ({leaves})
GROUP BY provider, currency, service, account, region, usage_type, team, h
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
