-- Who is sent which digest, and what became of each time that one was due. Times are text as in 0001, '' for none; lists are JSON.
CREATE TABLE digests (
  id         TEXT   NOT NULL PRIMARY KEY,
  origin     TEXT   NOT NULL, -- config or chat
  team       TEXT   NOT NULL,
  channel    TEXT   NOT NULL, -- an id; of the configuration also #name
  kind       TEXT   NOT NULL,
  spec       TEXT   NOT NULL, -- the schedule
  zone       TEXT   NOT NULL,
  scope      TEXT   NOT NULL, -- what it stays within, besides what may be said in the channel
  filters    TEXT   NOT NULL, -- what it is about
  by_user    TEXT   NOT NULL, -- who subscribed; '' of the configuration
  created    TEXT   NOT NULL,
  since      TEXT   NOT NULL, -- the last time it was due that is dealt with, or when it began
  wait_ms    BIGINT NOT NULL, -- 0: the kind's own
  drop_ms    BIGINT NOT NULL,
  paused     TEXT   NOT NULL,
  paused_by  TEXT   NOT NULL,
  paused_why TEXT   NOT NULL,
  ended      TEXT   NOT NULL
);
CREATE INDEX digests_channel ON digests (channel, created);

-- A row is final but for waiting and posted. It is written together with the post that it tells of.
CREATE TABLE digest_runs (
  digest    TEXT NOT NULL,
  due       TEXT NOT NULL,
  state     TEXT NOT NULL, -- waiting, posted, delivered, failed, dropped
  at        TEXT NOT NULL, -- when it came to this state
  why       TEXT NOT NULL,
  first_day TEXT NOT NULL, -- of the days that it tells
  last_day  TEXT NOT NULL,
  answer    TEXT NOT NULL,
  post      TEXT NOT NULL, -- a key of the outbox
  channel   TEXT NOT NULL,
  thread    TEXT NOT NULL, -- the message's, once delivered
  PRIMARY KEY (digest, due)
);
CREATE INDEX digest_runs_posted ON digest_runs (due) WHERE state = 'posted';
