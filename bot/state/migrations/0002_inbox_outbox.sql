-- What came in and what goes out. Times are text as in 0001; '' stands for no time, which is before every other. A row is open
-- until finished (or ended) is set; the partial indexes hold the open rows alone, so that those behind us cost nothing, and all
-- columns that choosing one of them looks at.
CREATE TABLE inbox (
  key         TEXT    NOT NULL PRIMARY KEY,
  ordinal     BIGINT  NOT NULL, -- in the order of arrival, whatever the clock said
  lane        TEXT    NOT NULL, -- '': in no order with others
  kind        TEXT    NOT NULL,
  received    TEXT    NOT NULL,
  attempts    INTEGER NOT NULL,
  owner       TEXT    NOT NULL, -- '': nobody
  lease_until TEXT    NOT NULL,
  finished    TEXT,
  outcome     TEXT,
  payload     BYTEA   NOT NULL -- last, so that nobody reads it on the way to another column
);
CREATE INDEX inbox_ordinal ON inbox (ordinal);
CREATE INDEX inbox_open ON inbox (ordinal, lease_until, lane, finished) WHERE finished IS NULL;
CREATE INDEX inbox_lane ON inbox (lane, ordinal, finished) WHERE finished IS NULL;
CREATE INDEX inbox_finished ON inbox (finished) WHERE finished IS NOT NULL;

CREATE TABLE outbox (
  key         TEXT    NOT NULL PRIMARY KEY,
  ordinal     BIGINT  NOT NULL,
  lane        TEXT    NOT NULL, -- channel and thread, or the person where there is no channel
  item        TEXT    NOT NULL, -- the inbox row it answers, '' where nobody asked
  method      TEXT    NOT NULL,
  channel     TEXT    NOT NULL,
  thread      TEXT    NOT NULL,
  user_id     TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  state       TEXT    NOT NULL, -- pending, sending, sent, failed
  doubt       BOOLEAN NOT NULL, -- an attempt before this one has no recorded outcome
  ts          TEXT    NOT NULL,
  attempts    INTEGER NOT NULL,
  owner       TEXT    NOT NULL,
  lease_until TEXT    NOT NULL,
  not_before  TEXT    NOT NULL,
  created     TEXT    NOT NULL,
  ended       TEXT,             -- when it was sent or given up
  last_error  TEXT    NOT NULL,
  payload     BYTEA   NOT NULL
);
CREATE INDEX outbox_ordinal ON outbox (ordinal);
CREATE INDEX outbox_open ON outbox (ordinal, not_before, lease_until, lane, ended) WHERE ended IS NULL;
CREATE INDEX outbox_lane ON outbox (lane, ordinal, ended) WHERE ended IS NULL;
CREATE INDEX outbox_ended ON outbox (ended) WHERE ended IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (ended) WHERE state = 'failed';
