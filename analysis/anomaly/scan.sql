WITH leaf AS (
  SELECT provider, currency, service, account, kind, region, usage_type, team, covered, d, sum(cost) AS cost, max(name) AS name
  FROM (SELECT {provider} AS provider, {currency} AS currency, {service} AS service, {account} AS account,
      CASE WHEN x_SpanDays > 1 THEN 'monthly' ELSE {kind} END AS kind, {region} AS region, {usage_type} AS usage_type, {team} AS team, ChargeDate AS d,
      CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END AS cost, SubAccountName AS name,
      CASE WHEN CommitmentDiscountStatus IN ('Used', 'Unused') THEN CommitmentDiscountStatus ELSE '' END AS covered
    FROM {daily} WHERE ({period}) AND ({whole}) AND ({filters})) AS r
  WHERE kind IN ('Usage', 'Credit', 'Correction', 'monthly')
  GROUP BY provider, currency, service, account, kind, region, usage_type, team, covered, d
), sized AS (
  SELECT provider, currency, service, account, kind, region, usage_type, team, covered, d, cost, name,
    sum(abs(cost)) OVER (PARTITION BY provider, currency, service, account, kind, region, usage_type, team) AS size
  FROM leaf
), placed AS (
  SELECT provider, currency, service, account, kind, region, usage_type, team, covered, d, cost, name,
    dense_rank() OVER (ORDER BY size DESC, provider, currency, service, account, kind, region, usage_type, team) AS place
  FROM sized
)
SELECT provider, currency, service, account, kind, CASE WHEN place <= {most} THEN region ELSE '*' END AS region,
  CASE WHEN place <= {most} THEN usage_type ELSE '*' END AS usage_type, CASE WHEN place <= {most} THEN team ELSE '*' END AS team, d, sum(cost) AS cost, max(name) AS name, covered
FROM placed GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, covered
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 12
