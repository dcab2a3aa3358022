-- What was done to the systems behind the bills. Rows are added and never changed or removed: an answer that showed some finds the
-- same again, among those up to the ordinal that it knew.
CREATE TABLE events (
  id       TEXT   NOT NULL PRIMARY KEY,
  ordinal  BIGINT NOT NULL UNIQUE,
  dedupe   TEXT   NOT NULL UNIQUE, -- the same event reported again has the same
  kind     TEXT   NOT NULL,
  what     TEXT   NOT NULL,
  begins   TEXT   NOT NULL,
  ends     TEXT   NOT NULL, -- '' for none
  slice    TEXT   NOT NULL, -- a JSON object, by FOCUS column or tag:KEY
  actor    TEXT   NOT NULL,
  link     TEXT   NOT NULL,
  source   TEXT   NOT NULL,
  recorded TEXT   NOT NULL
);
CREATE INDEX events_begins ON events (begins);
CREATE INDEX events_ends ON events (ends);
