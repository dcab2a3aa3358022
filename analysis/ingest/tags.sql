-- Tags as dimensions: of every distinct Tags object, the keys that have few enough values over the whole load, trimmed,
-- sorted, as compact JSON. A key with a blank in it and the same key without count as one; the clean one wins.
CREATE OR REPLACE TEMP TABLE tag_pairs AS
SELECT t.raw, trim(e.key) AS k, CASE WHEN (e.value ->> '$') IS NULL THEN '' ELSE e.value ->> '$' END AS v, e.key <> trim(e.key) AS padded
FROM (SELECT DISTINCT Tags AS raw FROM read_parquet({files}, hive_partitioning=false) WHERE Tags IS NOT NULL) AS t,
     json_each(t.raw) AS e
WHERE trim(e.key) <> '';

CREATE OR REPLACE TEMP TABLE tag_keys AS
SELECT k, count(DISTINCT v) AS n FROM tag_pairs GROUP BY k;

CREATE OR REPLACE TEMP TABLE tag_map AS
SELECT raw, '{' || string_agg(CAST(to_json(k) AS VARCHAR) || ':' || CAST(to_json(v) AS VARCHAR), ',' ORDER BY k) || '}' AS tags
FROM (SELECT raw, k, first(v ORDER BY padded, v) AS v FROM tag_pairs WHERE k IN (SELECT k FROM tag_keys WHERE n <= {most}) GROUP BY raw, k)
GROUP BY raw;
