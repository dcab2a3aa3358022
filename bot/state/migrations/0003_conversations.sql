-- What a conversation is about: the answer its next question follows.
CREATE TABLE threads (
  team    TEXT NOT NULL,
  channel TEXT NOT NULL,
  ts      TEXT NOT NULL,
  answer  TEXT NOT NULL,
  updated TEXT NOT NULL,
  PRIMARY KEY (team, channel, ts)
);
CREATE INDEX threads_updated ON threads (updated);

-- One verdict of a person on an answer, the last one.
CREATE TABLE feedback (
  answer  TEXT    NOT NULL,
  team    TEXT    NOT NULL,
  user_id TEXT    NOT NULL,
  helpful BOOLEAN NOT NULL,
  given   TEXT    NOT NULL,
  PRIMARY KEY (answer, team, user_id)
);

-- Who asked for an answer, and what they might see then.
CREATE TABLE asked_by (
  answer    TEXT NOT NULL PRIMARY KEY,
  team      TEXT NOT NULL,
  user_id   TEXT NOT NULL,
  channel   TEXT NOT NULL,
  scope_key TEXT NOT NULL
);

-- Every question, button and refusal. Rows are added and never changed or removed.
CREATE TABLE audit (
  ordinal BIGINT NOT NULL,
  item    TEXT   NOT NULL, -- the inbox row, '' where there was none
  happened TEXT NOT NULL,
  team    TEXT   NOT NULL,
  channel TEXT   NOT NULL,
  user_id TEXT   NOT NULL,
  kind    TEXT   NOT NULL,
  asked   TEXT   NOT NULL,
  answer  TEXT   NOT NULL,
  scope   TEXT   NOT NULL,
  outcome TEXT   NOT NULL,
  reason  TEXT   NOT NULL
);
CREATE INDEX audit_ordinal ON audit (ordinal);
CREATE INDEX audit_happened ON audit (happened, ordinal);
CREATE UNIQUE INDEX audit_item ON audit (item) WHERE item <> '';
