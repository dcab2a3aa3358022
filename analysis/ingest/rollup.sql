-- The rollup: line items without resource and hour. A day is the UTC day the charge begins on; x_SpanDays tells monthly
-- rows from daily ones. Descriptions are kept only for charges other than usage, where they say what was charged.
SELECT
  CAST(c.ChargePeriodStart AS DATE) AS ChargeDate,
  greatest(1, date_diff('day', CAST(c.ChargePeriodStart AS DATE), CAST(c.ChargePeriodEnd AS DATE))) AS x_SpanDays,
  {keys},
  {measures},
  count(*) AS x_Rows,
  count(*) FILTER (WHERE c.EffectiveCost IS NULL) AS x_NoEffective,
  {square} AS x_EffectiveSquare
FROM read_parquet({files}, hive_partitioning=false) AS c
LEFT JOIN tag_map AS m ON m.raw = c.Tags
GROUP BY ALL
