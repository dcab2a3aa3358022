-- Answers as they were given. Times are RFC 3339 in UTC, fixed width, so that they sort as text; plan and answer are JSON.
CREATE TABLE answers (
  id               TEXT    NOT NULL PRIMARY KEY,
  ordinal          BIGINT  NOT NULL UNIQUE, -- in the order they were saved: asked may be any clock's
  saved            TEXT    NOT NULL,
  asked            TEXT    NOT NULL,
  question         TEXT    NOT NULL,
  intent           TEXT    NOT NULL,
  headline         TEXT    NOT NULL,
  plan             TEXT    NOT NULL,
  snapshot         BIGINT  NOT NULL,
  charges_snapshot BIGINT  NOT NULL,
  answer           TEXT    NOT NULL
);

-- The queries of an answer, in the order they ran; params is a JSON array of tagged values.
CREATE TABLE traces (
  answer_id TEXT             NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
  ordinal   INTEGER          NOT NULL,
  name      TEXT             NOT NULL,
  query     TEXT             NOT NULL,
  params    TEXT             NOT NULL,
  row_count BIGINT           NOT NULL,
  sha256    TEXT             NOT NULL,
  ms        DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (answer_id, ordinal)
);

-- A snapshot may be dropped only when no answer names it.
CREATE INDEX answers_snapshot ON answers (snapshot);
