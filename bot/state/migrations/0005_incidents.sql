-- Incidents: anomalies of one cause, as they were told. open holds while one may still be told of; incident is everything that nothing is looked for by, as JSON.
CREATE TABLE incidents (
  id       TEXT    NOT NULL PRIMARY KEY, -- I-7F3K2M
  ordinal  BIGINT  NOT NULL UNIQUE,
  opened   TEXT    NOT NULL,
  changed  TEXT    NOT NULL,
  state    TEXT    NOT NULL, -- detected, acknowledged, expected, contained, resolved
  open     BOOLEAN NOT NULL,
  team     TEXT    NOT NULL, -- whose it is; '' nobody's
  channel  TEXT    NOT NULL, -- where its thread is
  root     TEXT    NOT NULL, -- the key of its root message in the outbox
  thread   TEXT    NOT NULL, -- the root message's ts, once it is known
  incident TEXT    NOT NULL
);
CREATE INDEX incidents_open ON incidents (ordinal) WHERE open;
CREATE INDEX incidents_thread ON incidents (channel, thread);
CREATE INDEX incidents_changed ON incidents (changed);

-- The series an incident is about, each with its direction: by them it is known again in the next scan. Of a series one incident is open at most.
CREATE TABLE incident_series (
  incident TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
  series   TEXT    NOT NULL, -- the key of its leaf and "up" or "down"
  open     BOOLEAN NOT NULL,
  PRIMARY KEY (incident, series)
);
CREATE UNIQUE INDEX incident_series_open ON incident_series (series) WHERE open;

-- What happened to an incident, in order. Rows are added and never changed.
CREATE TABLE incident_changes (
  ordinal  BIGINT NOT NULL,
  incident TEXT   NOT NULL,
  happened TEXT   NOT NULL,
  kind     TEXT   NOT NULL,
  who      TEXT   NOT NULL, -- a person's id in Slack; '' the bot, from the bill
  detail   TEXT   NOT NULL,
  amounts  TEXT   NOT NULL  -- what it cost at that moment, as JSON
);
CREATE UNIQUE INDEX incident_changes_ordinal ON incident_changes (ordinal);
CREATE INDEX incident_changes_incident ON incident_changes (incident, ordinal);
CREATE INDEX incident_changes_happened ON incident_changes (happened);

-- What people said of incidents. A pattern is JSON: anomalies that fit it are expected until the day. A verdict that was undone stays, and says so.
CREATE TABLE verdicts (
  id        TEXT   NOT NULL PRIMARY KEY,
  ordinal   BIGINT NOT NULL UNIQUE,
  incident  TEXT   NOT NULL,
  kind      TEXT   NOT NULL, -- expected, not_useful
  given     TEXT   NOT NULL,
  who       TEXT   NOT NULL,
  why       TEXT   NOT NULL,
  until     TEXT   NOT NULL, -- the last day it holds for; '' for always
  pattern   TEXT   NOT NULL, -- '' for none
  rule      TEXT   NOT NULL, -- the floor and kind that told it
  undone    TEXT   NOT NULL, -- when; '' not
  undone_by TEXT   NOT NULL
);
CREATE INDEX verdicts_incident ON verdicts (incident);
