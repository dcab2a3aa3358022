-- What goes out goes to Slack ('') or to Jira ('jira'): each has a sender of its own.
ALTER TABLE outbox ADD COLUMN edge TEXT NOT NULL DEFAULT '';
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (edge, ordinal, not_before, lease_until, lane, ended) WHERE ended IS NULL;

-- One open ticket of an incident. A row is claimed before Jira is told: key is '' until Jira has said it.
CREATE TABLE tickets (
  id          TEXT    NOT NULL PRIMARY KEY, -- what it is called before it has a key: T-7F3K2M
  ordinal     BIGINT  NOT NULL UNIQUE,
  subject     TEXT    NOT NULL, -- the incident (I-...) or opportunity (O-...) it is about
  label       TEXT    NOT NULL, -- by which it is found in Jira
  project     TEXT    NOT NULL,
  key         TEXT    NOT NULL, -- FIN-12
  jira_id     TEXT    NOT NULL,
  open        BOOLEAN NOT NULL, -- the one ticket of its subject that counts
  state       TEXT    NOT NULL, -- queued, open, done, rejected, gone
  asked_by    TEXT    NOT NULL, -- the person, or policy:NAME
  created     TEXT    NOT NULL,
  changed     TEXT    NOT NULL,
  polled      TEXT    NOT NULL, -- when Jira was last looked at; '' never
  ticket      TEXT    NOT NULL  -- everything else, as JSON
);
CREATE UNIQUE INDEX tickets_open ON tickets (subject) WHERE open;
CREATE INDEX tickets_subject ON tickets (subject, ordinal);
CREATE UNIQUE INDEX tickets_key ON tickets (key) WHERE key <> '';

-- What happened to a ticket, in order. Rows are added and never changed.
CREATE TABLE ticket_changes (
  ordinal  BIGINT NOT NULL,
  ticket   TEXT   NOT NULL,
  happened TEXT   NOT NULL,
  kind     TEXT   NOT NULL, -- asked, made, found, status, assigned, due, comment, edited, reopened, verified...
  who      TEXT   NOT NULL, -- a person in Slack or Jira; '' for the bot
  detail   TEXT   NOT NULL
);
CREATE INDEX ticket_changes_ticket ON ticket_changes (ticket, ordinal);
