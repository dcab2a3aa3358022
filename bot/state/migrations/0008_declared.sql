-- Billing incidents that somebody declared. open holds until one is closed; declared is everything that nothing is looked for by, as JSON. Times are text as in 0001.
CREATE TABLE declared (
  id       TEXT    NOT NULL PRIMARY KEY, -- B-7F3K2M
  ordinal  BIGINT  NOT NULL UNIQUE,
  source   TEXT    NOT NULL UNIQUE, -- what somebody did to declare it: done again it is the same one
  incident TEXT    NOT NULL,        -- I-7F3K2M; '' of one declared in words
  open     BOOLEAN NOT NULL,
  name     TEXT    NOT NULL UNIQUE, -- of its channel
  channel  TEXT    NOT NULL,        -- its id; '' until Slack has said it
  began    TEXT    NOT NULL,
  slot     BIGINT  NOT NULL,        -- the last status update that is dealt with: the first is 1
  declared TEXT    NOT NULL
);
CREATE UNIQUE INDEX declared_open ON declared (incident) WHERE open AND incident <> '';
CREATE INDEX declared_channel ON declared (channel);

-- What happened to them, in order. Rows are added and never changed.
CREATE TABLE declared_changes (
  ordinal  BIGINT NOT NULL UNIQUE,
  declared TEXT   NOT NULL,
  happened TEXT   NOT NULL,
  kind     TEXT   NOT NULL,
  who      TEXT   NOT NULL, -- a person's id in Slack; '' the bot
  detail   TEXT   NOT NULL
);
CREATE INDEX declared_changes_of ON declared_changes (declared, ordinal);

-- Messages of their channels that people marked for the timeline, by whom. event is the time of the last that the person did, so that what Slack delivers late or twice
-- changes nothing.
CREATE TABLE declared_marks (
  declared TEXT    NOT NULL,
  ts       TEXT    NOT NULL, -- of the message
  who      TEXT    NOT NULL,
  event    TEXT    NOT NULL,
  marked   BOOLEAN NOT NULL, -- false once the person took the mark away
  author   TEXT    NOT NULL,
  said     TEXT    NOT NULL,
  PRIMARY KEY (declared, ts, who)
);

-- Post-incident reviews as they were written when an incident was closed; one that is reopened and closed again has another.
CREATE TABLE declared_reviews (
  declared TEXT   NOT NULL,
  number   BIGINT NOT NULL,
  written  TEXT   NOT NULL,
  review   TEXT   NOT NULL, -- Markdown
  PRIMARY KEY (declared, number)
);
