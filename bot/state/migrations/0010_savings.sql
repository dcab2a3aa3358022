-- What the bill says of a ticket's fix, as it was last looked at.
CREATE TABLE savings (
  ticket   TEXT NOT NULL PRIMARY KEY,
  state    TEXT NOT NULL, -- verifying, verified, partly, not seen, regressed
  since    TEXT NOT NULL, -- the first day on which the fix was in force
  checked  TEXT NOT NULL,
  snapshot BIGINT NOT NULL,
  saving   TEXT NOT NULL  -- the figures, as JSON
);

-- What it said before, in order; a row for each time that it said something else. Rows are added and never changed.
CREATE TABLE saving_changes (
  ordinal  BIGINT NOT NULL,
  ticket   TEXT   NOT NULL,
  happened TEXT   NOT NULL,
  state    TEXT   NOT NULL,
  day      TEXT   NOT NULL, -- the last complete day that was compared; '' while verifying
  saving   TEXT   NOT NULL
);
CREATE INDEX saving_changes_ticket ON saving_changes (ticket, ordinal);
