-- How many attempts at a post were made and failed: a post is given up by their number. Those that only waited (for their turn in a
-- channel, for the message they belong under) are not among them.
ALTER TABLE outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
