-- How many attempts at a post were made and failed. Those that only waited (for their turn in a channel, for the message they
-- belong under) are not among them, nor is the time in which nobody was there to send.
ALTER TABLE outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
