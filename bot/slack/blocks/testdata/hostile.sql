-- How Q-H0ST1E was made, asked 23 Nov 2026 09:00 UTC
-- Asked: <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote
-- > next ␛[31m �
-- Read as: why it changed: effective cost in USD, 16-22 Nov against 9-15 Nov 2026 (UTC), only <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote > next ␛[31m � <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote > next ␛[31m �.
-- Answer: Spend on <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote
-- > next ␛[31m � rose $1: <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote
-- > next ␛[31m �
-- Tables: daily is snapshot 8783179769425109154, charges is snapshot 1203992214850077231.
-- Run it again on the same snapshot and compare: spendbot trace Q-H0ST1E --rerun

-- 1. <!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote
-- > next ␛[31m �: 412 rows in 42 ms, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
-- parameter 1: '<!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote' || chr(10) || '> next ' || chr(27) || '[31m ' || chr(8238)
-- parameter 2: NULL
-- parameter 3: TRUE
-- parameter 4: 3.5
-- parameter 5: '\x00\xFF'::BLOB
-- parameter 6: -4
-- parameter 7: 0.1
PREPARE q1 AS
SELECT CASE WHEN ServiceName IS NULL THEN '' ELSE ServiceName END AS service,
  sum(EffectiveCost) FILTER (WHERE ChargeDate >= CAST(? AS DATE)) AS current,
  sum(EffectiveCost) FILTER (WHERE ChargeDate < CAST(? AS DATE)) AS baseline
FROM daily
WHERE ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)
GROUP BY 1
ORDER BY 1;
EXECUTE q1('<!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote' || chr(10) || '> next ' || chr(27) || '[31m ' || chr(8238), NULL, TRUE, 3.5, '\x00\xFF'::BLOB, -4, 0.1);

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
