-- When each configured source of bills was last looked at, and what waited there.
CREATE TABLE source_looks (
  source    TEXT NOT NULL PRIMARY KEY, -- its name in the configuration
  first     TEXT NOT NULL,
  looked    TEXT NOT NULL,
  succeeded TEXT NOT NULL, -- the last look that saw what lies there; '' for none
  error     TEXT NOT NULL, -- of the last look; '' where it succeeded
  waiting   TEXT NOT NULL  -- a JSON list
);

-- Sources that are late, until they are well again. A row comes and goes together with the post that says so.
CREATE TABLE source_breaches (
  source TEXT NOT NULL PRIMARY KEY,
  since  TEXT NOT NULL,
  why    TEXT NOT NULL
);
