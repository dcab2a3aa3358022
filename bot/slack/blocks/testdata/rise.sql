-- How Q-7F3K2M was made, asked 23 Nov 2026 09:00 UTC
-- Asked: why did spend change last week?
-- Read as: why it changed: effective cost in USD, 16-22 Nov against 9-15 Nov 2026 (UTC), everything.
-- Answer: Spend rose $18,412 (+7.9%) last week: $251,007, after $232,595 the week before.
-- Tables: daily is snapshot 8783179769425109154, charges is snapshot 1203992214850077231.
-- Run it again on the same snapshot and compare: spendbot trace Q-7F3K2M --rerun

-- 1. totals: 412 rows in 42 ms, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
-- parameter 1: '2026-11-16'
-- parameter 2: '2026-11-16'
-- parameter 3: DATE '2026-11-09'
-- parameter 4: DATE '2026-11-23'
PREPARE q1 AS
SELECT CASE WHEN ServiceName IS NULL THEN '' ELSE ServiceName END AS service,
  sum(EffectiveCost) FILTER (WHERE ChargeDate >= CAST(? AS DATE)) AS current,
  sum(EffectiveCost) FILTER (WHERE ChargeDate < CAST(? AS DATE)) AS baseline
FROM daily
WHERE ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)
GROUP BY 1
ORDER BY 1;
EXECUTE q1('2026-11-16', '2026-11-16', DATE '2026-11-09', DATE '2026-11-23');

-- 2. leaves: 412 rows in 42 ms, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
-- parameter 1: '2026-11-16'
-- parameter 2: '2026-11-16'
-- parameter 3: DATE '2026-11-09'
-- parameter 4: DATE '2026-11-23'
PREPARE q2 AS
SELECT CASE WHEN ServiceName IS NULL THEN '' ELSE ServiceName END AS service,
  sum(EffectiveCost) FILTER (WHERE ChargeDate >= CAST(? AS DATE)) AS current,
  sum(EffectiveCost) FILTER (WHERE ChargeDate < CAST(? AS DATE)) AS baseline
FROM daily
WHERE ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)
GROUP BY 1
ORDER BY 1;
EXECUTE q2('2026-11-16', '2026-11-16', DATE '2026-11-09', DATE '2026-11-23');
