package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// PostState says how far a post has come.
type PostState string

// The states of a post. Pending and Sending are open; Sent and Failed are ends.
const (
	Pending PostState = "pending" // no attempt is under way, and none is known to have happened
	Sending PostState = "sending" // an attempt began; until its outcome is recorded it may have happened
	Sent    PostState = "sent"
	Failed  PostState = "failed" // given up
)

// The edges that posts go out at.
const (
	ToSlack = ""
	ToJira  = "jira"
)

// Post is one message to Slack, or one write to Jira, that must get there once. Its payload holds message text, kept for [KeptDays] after it was sent,
// [FailedDays] after it was given up, and never a token.
type Post struct {
	Edge    string // [ToSlack] or [ToJira]
	Key     string // names it for ever: made from its item and its place in the answer, so that doing the work again makes the same
	Item    string // the key of the item it answers; "" where nobody asked
	Method  string // of Slack's API, "chat.postMessage"; to Jira a word of the sender's, "create"
	Channel string // to Jira the ticket
	Thread  string
	User    string
	Kind    string
	Payload []byte

	// What became of it. [DB.Enqueue] reads NotBefore of these and sets the others.
	State     PostState
	TS        string // of the message in Slack, once sent; of a ticket its key
	Attempts  int    // how often it was taken
	Tries     int    // how many of those ended in [DB.Retry] or [DB.Unsure]; such as only waited are not counted
	NotBefore time.Time
	Created   time.Time
	LastError string
}

// lane names the posts that must arrive in order: those of a channel and thread, of a person where there is no channel
// (App Home), or of a ticket. A post to none of them is in no order with others.
func (p *Post) lane() string {
	switch {
	case p.Edge != ToSlack:
		return p.Edge + " " + p.Channel
	case p.Channel != "" || p.Thread != "":
		return "c " + p.Channel + " " + p.Thread
	case p.User != "":
		return "u " + p.User
	}
	return ""
}

// Enqueue keeps a post to be sent and returns it as it is kept. Where its key is kept already nothing changes and fresh is
// false: the post returned is the older one, which may have been sent.
func (db *DB) Enqueue(ctx context.Context, p Post, now time.Time) (kept Post, fresh bool, err error) {
	op := "enqueue " + p.Key
	if p.Key == "" || p.Method == "" {
		return Post{}, false, wrap(op, db.path, errors.New("a post needs a key and a method"))
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		var err error
		if fresh, err = enqueueIn(ctx, tx, p, now); err != nil {
			return err
		}
		row := tx.QueryRowContext(ctx, "SELECT "+postColumns+" FROM outbox WHERE key = ?", p.Key)
		return scanPost(row.Scan, &kept)
	})
	if err != nil {
		return Post{}, false, wrap(op, db.path, err)
	}
	return kept, fresh, nil
}

// enqueueIn adds a post within a transaction; fresh is false where its key is kept already.
func enqueueIn(ctx context.Context, tx *sql.Tx, p Post, now time.Time) (fresh bool, err error) {
	n, err := changed(tx.ExecContext(ctx, `INSERT INTO outbox (key, ordinal, edge, lane, item, method, channel, thread, user_id, kind,
		payload, state, doubt, ts, attempts, owner, lease_until, not_before, created, last_error)
		VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM outbox), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, '', '', ?, ?, '')
		ON CONFLICT (key) DO NOTHING`, p.Key, p.Edge, p.lane(), p.Item, p.Method, p.Channel, p.Thread, p.User, p.Kind,
		blob(p.Payload), Pending, false, stampOrNone(p.NotBefore), stamp(now)))
	return n > 0, err
}

// nextPost names the post to take at an edge and a time, bound twice.
const nextPost = `SELECT p.key FROM outbox p WHERE p.ended IS NULL AND p.edge = ? AND p.not_before <= ? AND p.lease_until <= ? AND (p.lane = '' OR
	NOT EXISTS (SELECT 1 FROM outbox e WHERE e.lane = p.lane AND e.ordinal < p.ordinal AND e.ended IS NULL))
	ORDER BY p.ordinal LIMIT 1`

// TakePost leases the oldest post to Slack that is due, that nobody holds a live lease on and that no earlier post to the same channel
// and thread is still before, and marks it as being sent. It returns nil when there is none. A post that waits for its
// NotBefore holds up its own thread only; one that was given up holds up nobody.
//
// Unknown says that an earlier attempt began and that its outcome was never recorded: the message may be in Slack. Look
// there before sending it again.
//
// Afterwards one of [DB.Sent], [DB.Retry], [DB.Unsure], [DB.Wait] and [DB.GiveUp] says what happened. The attempt must end before its
// lease does, by a deadline of its own: once the lease has run out another owner looks and sends. Owner and now are as for
// [DB.Take].
func (db *DB) TakePost(ctx context.Context, owner string, now time.Time, lease time.Duration) (p *Post, unknown bool, err error) {
	return db.TakePostTo(ctx, ToSlack, owner, now, lease)
}

// TakePostTo is [DB.TakePost] for the posts of an edge.
func (db *DB) TakePostTo(ctx context.Context, edge, owner string, now time.Time, lease time.Duration) (p *Post, unknown bool, err error) {
	if p, unknown, err = db.takePost(ctx, edge, owner, now, lease); err != nil {
		return nil, false, wrap("take a post", db.path, err)
	}
	return p, unknown, nil
}

func (db *DB) takePost(ctx context.Context, edge, owner string, now time.Time, lease time.Duration) (p *Post, unknown bool, err error) {
	if err := checkLease(owner, lease); err != nil {
		return nil, false, err
	}
	at := stamp(now)
	if some, err := db.any(ctx, nextPost, edge, at, at); !some {
		return nil, false, err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, `UPDATE outbox SET owner = ?, lease_until = ?, attempts = attempts + 1,
			doubt = (state = 'sending'), state = 'sending'
			WHERE key = (`+nextPost+`) AND ended IS NULL AND not_before <= ? AND lease_until <= ?
			RETURNING `+postColumns+", doubt", owner, stamp(now.Add(lease)), edge, at, at, at, at)
		var got Post
		err := scanPost(row.Scan, &got, &unknown)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		p = &got
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return p, unknown, nil
}

// Sent records that a post is in Slack, with the message's timestamp. It is a fact whoever found it out, and whatever was
// recorded before: it needs no lease, it overrules a post given up, and of two the first stays. An unknown key's error wraps
// fs.ErrNotExist.
func (db *DB) Sent(ctx context.Context, key, ts string, now time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx,
			"UPDATE outbox SET state = 'sent', ts = ?, ended = ? WHERE key = ? AND state <> 'sent'", ts, stamp(now), key))
		if n > 0 || err != nil {
			return err
		}
		return known(ctx, tx, "SELECT 1 FROM outbox WHERE key = ?", key)
	})
	if err != nil {
		return wrap("record as sent "+key, db.path, err)
	}
	return nil
}

// Retry records that the attempt which [DB.TakePost] began with p is known not to have happened (rate limited, refused
// before it was done) and that there may be another from notBefore on. Its error wraps [ErrOvertaken], and nothing changes, when
// a later attempt has begun, whose outcome this one cannot know, or the post has ended.
func (db *DB) Retry(ctx context.Context, p *Post, cause string, notBefore time.Time) error {
	return db.settle(ctx, "put off", p, "state = 'pending', tries = tries + 1, not_before = ?, last_error = ?", stampOrNone(notBefore), cause)
}

// Wait records that it is not the post's turn (its channel has had its messages of this second, Slack says when, what it belongs
// under is not there yet), which is no failure, and that there may be an attempt from notBefore on. What was not known of an earlier attempt
// still is not. It fails as [DB.Retry] does.
func (db *DB) Wait(ctx context.Context, p *Post, cause string, notBefore time.Time) error {
	return db.settle(ctx, "wait with", p, "state = CASE WHEN doubt THEN 'sending' ELSE 'pending' END, not_before = ?, last_error = ?", stampOrNone(notBefore), cause)
}

// Unsure records that the outcome of the attempt is not known (the connection broke, or Slack could not be asked whether an
// earlier one had happened): from notBefore on the post comes back from [DB.TakePost] with unknown set, without waiting for the
// lease. It fails as [DB.Retry] does.
func (db *DB) Unsure(ctx context.Context, p *Post, cause string, notBefore time.Time) error {
	return db.settle(ctx, "record the doubt about", p, "tries = tries + 1, not_before = ?, last_error = ?", stampOrNone(notBefore), cause)
}

// GiveUp ends a post that will never get there (the channel is gone, the message refused). Those behind it go on. It fails as
// [DB.Retry] does.
func (db *DB) GiveUp(ctx context.Context, p *Post, cause string, now time.Time) error {
	return db.settle(ctx, "give up", p, "state = 'failed', ended = ?, last_error = ?", stamp(now), cause)
}

// settle ends the attempt that p was taken for. Attempts fences it: each one taken has a number of its own.
func (db *DB) settle(ctx context.Context, op string, p *Post, set string, args ...any) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, "UPDATE outbox SET owner = '', lease_until = '', "+set+
			" WHERE key = ? AND attempts = ? AND ended IS NULL", append(args, p.Key, p.Attempts)...))
		if n > 0 || err != nil {
			return err
		}
		if err := known(ctx, tx, "SELECT 1 FROM outbox WHERE key = ?", p.Key); err != nil {
			return err
		}
		return fmt.Errorf("attempt %d: %w", p.Attempts, ErrOvertaken)
	})
	if err != nil {
		return wrap(op+" "+p.Key, db.path, err)
	}
	return nil
}

// PostByKey returns a post; when there is none, or no longer, the error wraps fs.ErrNotExist.
func (db *DB) PostByKey(ctx context.Context, key string) (*Post, error) {
	var p Post
	row := db.sql.QueryRowContext(ctx, "SELECT "+postColumns+" FROM outbox WHERE key = ?", key)
	err := scanPost(row.Scan, &p)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(fmt.Sprintf("no post with the key %q is kept", key))
	}
	if err != nil {
		return nil, wrap("read post "+key, db.path, err)
	}
	return &p, nil
}

// PostAt returns the post that a message of Slack's came of; where there is none, or it is kept no longer, the error wraps fs.ErrNotExist.
func (db *DB) PostAt(ctx context.Context, channel, ts string) (*Post, error) {
	var p Post
	err := scanPost(db.sql.QueryRowContext(ctx, "SELECT "+postColumns+" FROM outbox WHERE ts = ? AND channel = ? AND edge = ?", ts, channel, ToSlack).Scan, &p)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("no post is kept as " + ts + " of " + channel)
	}
	if err != nil {
		return nil, wrap("read the post at "+ts, db.path, err)
	}
	return &p, nil
}

// Outbox counts the posts that wait, those that are being sent, and those given up in the last [FailedDays].
func (db *DB) Outbox(ctx context.Context) (pending, sending, failed int, err error) {
	row := db.sql.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM outbox WHERE ended IS NULL AND state = 'pending'),
		(SELECT count(*) FROM outbox WHERE ended IS NULL AND state = 'sending'),
		(SELECT count(*) FROM outbox WHERE state = 'failed')`)
	if err := row.Scan(&pending, &sending, &failed); err != nil {
		return 0, 0, 0, wrap("count posts", db.path, err)
	}
	return pending, sending, failed, nil
}

// Failures returns the posts that were given up, the last first, at most limit of them; all when limit is 0 or less.
func (db *DB) Failures(ctx context.Context, limit int) ([]Post, error) {
	list, err := db.failures(ctx, limit)
	if err != nil {
		return nil, wrap("list failed posts", db.path, err)
	}
	return list, nil
}

func (db *DB) failures(ctx context.Context, limit int) ([]Post, error) {
	query, args := "SELECT "+postColumns+" FROM outbox WHERE state = 'failed' ORDER BY ended DESC, ordinal DESC", []any(nil)
	if limit > 0 {
		query, args = query+" LIMIT ?", []any{limit}
	}
	return collect(ctx, db.sql, func(scan func(...any) error, p *Post) error { return scanPost(scan, p) }, query, args...)
}

const postColumns = "edge, key, item, method, channel, thread, user_id, kind, payload, state, ts, attempts, tries, not_before, created, last_error"

// scanPost reads postColumns and what follows them.
func scanPost(scan func(...any) error, p *Post, more ...any) error {
	return scan(append([]any{&p.Edge, &p.Key, &p.Item, &p.Method, &p.Channel, &p.Thread, &p.User, &p.Kind, &p.Payload, &p.State, &p.TS,
		&p.Attempts, &p.Tries, intoTime(&p.NotBefore), intoTime(&p.Created), &p.LastError}, more...)...)
}
