package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// Digest is a subscription: a channel is sent a digest on a schedule.
type Digest struct {
	ID      string // "D-7F3K2M"
	Origin  DigestOrigin
	Team    string
	Channel string // id; of the configuration also "#name"
	Kind    string
	Spec    string // the schedule, as package digest reads it
	Zone    string // IANA name
	// Scope is what it stays within, beside what may be said in the channel. Filters is what it is about.
	Scope, Filters []analysis.Filter
	By             string // who subscribed; "" of the configuration
	Created        time.Time
	// Since is the last moment it was due at that has been dealt with, or when it began or went on.
	Since           time.Time
	Wait, DropAfter time.Duration // 0: the kind's own
	Paused          time.Time     // zero while it is not
	PausedBy        string
	PausedWhy       string // why the bot paused it; "" where somebody did
}

// DigestOrigin says where a subscription comes from.
type DigestOrigin string

// The origins.
const (
	DigestConfigured DigestOrigin = "config"
	DigestSubscribed DigestOrigin = "chat"
)

// DigestState says what became of a moment at which a digest was due.
type DigestState string

// The states. Waiting and Posted are open; the others are ends.
const (
	DigestWaiting   DigestState = "waiting"   // for bills that are not complete, or for its channel
	DigestPosted    DigestState = "posted"    // its post is in the outbox
	DigestDelivered DigestState = "delivered" // it is in Slack
	DigestFailed    DigestState = "failed"    // Slack would not take it
	DigestDropped   DigestState = "dropped"   // not sent, and will not be
)

// DigestRun is one moment at which a digest was due, and what became of it.
type DigestRun struct {
	Digest  string
	Due     time.Time
	State   DigestState
	At      time.Time // when it came to this state
	Why     string    // of what was dropped, waits or failed; of what was sent what it says of itself: "due Monday 09:00"
	Days    analysis.Period
	Answer  string
	Post    string // its key in the outbox
	Channel string
	Thread  string // the message's timestamp, once delivered
}

// DigestID is the id of a subscription of the configuration, the same for the same words.
func DigestID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	id := []byte("D-")
	for _, b := range sum[:idChars] {
		id = append(id, crockford[b%byte(len(crockford))])
	}
	return string(id)
}

// SyncDigests makes the subscriptions of the configuration those that are given, whose ids, kinds and so on are set; Since and Created of
// new ones become now. One that stays goes on where it was, unless its schedule changed: then it begins anew. One that is not
// among them ends.
func (db *DB) SyncDigests(ctx context.Context, list []Digest, now time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		had, err := digestsIn(ctx, tx, "WHERE origin = ? AND ended = ''", string(DigestConfigured))
		if err != nil {
			return err
		}
		for _, d := range had {
			if !slices.ContainsFunc(list, func(x Digest) bool { return x.ID == d.ID }) {
				if _, err := tx.ExecContext(ctx, "UPDATE digests SET ended = ? WHERE id = ?", stamp(now), d.ID); err != nil {
					return err
				}
				if err := waitNoMore(ctx, tx, d.ID, now); err != nil {
					return err
				}
			}
		}
		for _, d := range list {
			d.Origin, d.Created, d.Since = DigestConfigured, now, now
			if i := slices.IndexFunc(had, func(x Digest) bool { return x.ID == d.ID }); i >= 0 {
				h := had[i]
				d.Created, d.Paused, d.PausedBy, d.PausedWhy = h.Created, h.Paused, h.PausedBy, h.PausedWhy
				if h.Spec == d.Spec && h.Zone == d.Zone {
					d.Since = h.Since
				} else if err := waitNoMore(ctx, tx, d.ID, now); err != nil {
					return err
				}
			}
			if err := putDigest(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return wrap("keep the configured digests", db.path, err)
	}
	return nil
}

// AddDigest keeps a subscription and what post says of it, together, and draws its id. Where the channel has one of the same kind, about the
// same and within the same scope, it is given the new schedule instead and goes on if it was paused: replaced is true then. The key of
// the post makes it happen once however often it is done: where it is kept already nothing changes, and kept is the zero value.
func (db *DB) AddDigest(ctx context.Context, d Digest, now time.Time, post func(d Digest, replaced bool) (Post, error)) (kept Digest, replaced bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		d.Origin, d.Created, d.Since = DigestSubscribed, now, now
		d.Paused, d.PausedBy, d.PausedWhy = time.Time{}, "", ""
		had, err := digestsIn(ctx, tx, "WHERE channel = ? AND kind = ? AND ended = ''", d.Channel, d.Kind)
		if err != nil {
			return err
		}
		replaced = false
		for _, h := range had {
			if h.Origin == DigestSubscribed && analysis.ScopeKey(h.Filters) == analysis.ScopeKey(d.Filters) && analysis.ScopeKey(h.Scope) == analysis.ScopeKey(d.Scope) {
				d.ID, d.Created, replaced = h.ID, h.Created, true
			}
		}
		if d.ID == "" {
			for {
				d.ID = "D-" + strings.TrimPrefix(drawID(), idPrefix)
				if err := known(ctx, tx, "SELECT 1 FROM digests WHERE id = ?", d.ID); err != nil {
					break // free, or an error that the insert meets again
				}
			}
		}
		p, err := post(d, replaced)
		if err != nil {
			return err
		}
		if fresh, err := enqueueIn(ctx, tx, p, now); !fresh || err != nil {
			return err // it was done before: an earlier attempt at the same command
		}
		if err := waitNoMore(ctx, tx, d.ID, now); err != nil {
			return err
		}
		kept = d
		return putDigest(ctx, tx, d)
	})
	if err != nil {
		return Digest{}, false, wrap("keep a digest", db.path, err)
	}
	return kept, replaced, nil
}

// DigestChange is what is done to a subscription.
type DigestChange string

// The changes.
const (
	DigestPause  DigestChange = "pause"
	DigestResume DigestChange = "resume"
	DigestEnd    DigestChange = "end"
)

// ChangeDigest pauses a subscription, has it go on from now, or ends it, together with a post that says so. changed is false where
// it was so already, or the post is kept already; nothing is posted then.
func (db *DB) ChangeDigest(ctx context.Context, id string, c DigestChange, by, why string, now time.Time, p Post) (changed bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		had, err := digestsIn(ctx, tx, "WHERE id = ? AND ended = ''", id)
		if err != nil {
			return err
		}
		if len(had) == 0 || c != DigestEnd && (c == DigestPause) != had[0].Paused.IsZero() {
			return nil
		}
		if fresh, err := enqueueIn(ctx, tx, p, now); !fresh || err != nil {
			return err
		}
		changed = true
		switch c {
		case DigestPause:
			_, err = tx.ExecContext(ctx, "UPDATE digests SET paused = ?, paused_by = ?, paused_why = ? WHERE id = ?", stamp(now), by, why, id)
		case DigestResume:
			_, err = tx.ExecContext(ctx, "UPDATE digests SET paused = '', paused_by = '', paused_why = '', since = ? WHERE id = ?", stamp(now), id)
		default:
			_, err = tx.ExecContext(ctx, "UPDATE digests SET ended = ? WHERE id = ?", stamp(now), id)
		}
		if err != nil || c == DigestResume {
			return err
		}
		return waitNoMore(ctx, tx, id, now)
	})
	if err != nil {
		return false, wrap(string(c)+" digest "+id, db.path, err)
	}
	return changed, nil
}

// waitNoMore ends the runs of a digest that waits for something, once it is paused, ended or due at other times.
func waitNoMore(ctx context.Context, tx *sql.Tx, id string, now time.Time) error {
	_, err := tx.ExecContext(ctx, "UPDATE digest_runs SET state = 'dropped', at = ?, why = 'the subscription was changed while it waited' WHERE digest = ? AND state = 'waiting'",
		stamp(now), id)
	return err
}

// Digests lists the subscriptions of a channel, or of all where it is "", the oldest first.
func (db *DB) Digests(ctx context.Context, channel string) ([]Digest, error) {
	where, args := "WHERE ended = ''", []any(nil)
	if channel != "" {
		where, args = where+" AND channel = ?", []any{channel}
	}
	list, err := digestsIn(ctx, db.sql, where+" ORDER BY created, id", args...)
	if err != nil {
		return nil, wrap("list digests", db.path, err)
	}
	return list, nil
}

// DecideDigest records what becomes of moments at which a digest was due: the runs, the last of them the newest, the answer and the post of
// the one that is sent, all in one transaction. It does nothing, and says so, where another process has dealt with one of them, or
// the subscription was paused, ended or changed since d was read.
func (db *DB) DecideDigest(ctx context.Context, d Digest, runs []DigestRun, a *analysis.Answer, p *Post, now time.Time) (done bool, err error) {
	op := "decide on digest " + d.ID
	if len(runs) == 0 || a != nil && p == nil {
		return false, wrap(op, db.path, errors.New("it needs runs, and a post of the answer"))
	}
	var text *answerText
	if a != nil {
		if text, err = answerRows(a); err != nil {
			return false, wrap(op, db.path, err)
		}
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, "UPDATE digests SET since = ? WHERE id = ? AND since = ? AND spec = ? AND zone = ? AND paused = '' AND ended = ''",
			stamp(runs[len(runs)-1].Due), d.ID, stamp(d.Since), d.Spec, d.Zone))
		if n == 0 || err != nil {
			return err
		}
		for _, r := range runs {
			r.Digest, r.At = d.ID, now
			if err := putRun(ctx, tx, r); err != nil {
				return err
			}
		}
		if text != nil {
			if err := text.save(ctx, tx); err != nil {
				return err
			}
		}
		if p == nil {
			done = true
			return nil
		}
		fresh, err := enqueueIn(ctx, tx, *p, now)
		if err == nil && !fresh {
			err = fmt.Errorf("the post %s is there although the run was not", p.Key)
		}
		done = err == nil
		return err
	})
	if err != nil {
		return false, wrap(op, db.path, err)
	}
	return done, nil
}

// DigestWaits records what a digest that is due waits for. It changes no run that has ended.
func (db *DB) DigestWaits(ctx context.Context, r DigestRun, now time.Time) error {
	r.State, r.At = DigestWaiting, now
	err := db.write(ctx, func(tx *sql.Tx) error { return putRun(ctx, tx, r) })
	if err != nil {
		return wrap("record what digest "+r.Digest+" waits for", db.path, err)
	}
	return nil
}

// DigestRuns lists what became of the moments at which digests were due, the newest first, at most limit of them: of one, or of all
// where its id is "".
func (db *DB) DigestRuns(ctx context.Context, id string, limit int) ([]DigestRun, error) {
	where, args := "", []any(nil)
	if id != "" {
		where, args = "WHERE digest = ? ", []any{id}
	}
	list, err := db.digestRuns(ctx, where+"ORDER BY due DESC, digest LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, wrap("list the runs of digests", db.path, err)
	}
	return list, nil
}

// PostedDigests lists the runs whose post is in the outbox and of which nothing more is known, the oldest first.
func (db *DB) PostedDigests(ctx context.Context) ([]DigestRun, error) {
	list, err := db.digestRuns(ctx, "WHERE state = 'posted' ORDER BY due, digest")
	if err != nil {
		return nil, wrap("list posted digests", db.path, err)
	}
	return list, nil
}

// DigestArrived ends a posted run: it was delivered, with its message's timestamp, or failed. What follows in the thread is enqueued in
// the same transaction, and an answer becomes the thread's context. It does nothing where the run has ended already.
func (db *DB) DigestArrived(ctx context.Context, r DigestRun, team string, follow []Post, now time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		n, err := changed(tx.ExecContext(ctx, "UPDATE digest_runs SET state = ?, at = ?, why = ?, thread = ? WHERE digest = ? AND due = ? AND state = 'posted'",
			string(r.State), stamp(now), r.Why, r.Thread, r.Digest, stamp(r.Due)))
		if n == 0 || err != nil {
			return err
		}
		for _, p := range follow {
			if _, err := enqueueIn(ctx, tx, p, now); err != nil {
				return err
			}
		}
		if r.State != DigestDelivered || r.Answer == "" {
			return nil
		}
		_, err = tx.ExecContext(ctx, setThread, team, r.Channel, r.Thread, r.Answer, stamp(now))
		return err
	})
	if err != nil {
		return wrap("end a run of digest "+r.Digest, db.path, err)
	}
	return nil
}

// LastDigestDay is the last day that a digest has told, zero for none.
func (db *DB) LastDigestDay(ctx context.Context, id string) (time.Time, error) {
	var day time.Time
	err := db.sql.QueryRowContext(ctx, "SELECT coalesce(max(last_day), '') FROM digest_runs WHERE digest = ? AND state IN ('posted', 'delivered')", id).Scan(intoDay(&day))
	if err != nil {
		return time.Time{}, wrap("read what digest "+id+" has told", db.path, err)
	}
	return day, nil
}

const digestColumns = "id, origin, team, channel, kind, spec, zone, scope, filters, by_user, created, since, wait_ms, drop_ms, paused, paused_by, paused_why"

func digestsIn(ctx context.Context, q queryer, clause string, args ...any) ([]Digest, error) {
	return collect(ctx, q, func(scan func(...any) error, d *Digest) error {
		var wait, drop int64
		if err := scan(&d.ID, &d.Origin, &d.Team, &d.Channel, &d.Kind, &d.Spec, &d.Zone, intoJSON(&d.Scope), intoJSON(&d.Filters), &d.By, intoTime(&d.Created),
			intoTime(&d.Since), &wait, &drop, intoTime(&d.Paused), &d.PausedBy, &d.PausedWhy); err != nil {
			return fmt.Errorf("digest %s: %w", d.ID, err)
		}
		d.Wait, d.DropAfter = time.Duration(wait)*time.Millisecond, time.Duration(drop)*time.Millisecond
		return nil
	}, "SELECT "+digestColumns+" FROM digests "+clause, args...)
}

func putDigest(ctx context.Context, tx *sql.Tx, d Digest) error {
	scope, err := json.Marshal(d.Scope)
	if err != nil {
		return err
	}
	filters, err := json.Marshal(d.Filters)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO digests (`+digestColumns+`, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
		ON CONFLICT (id) DO UPDATE SET origin = excluded.origin, team = excluded.team, channel = excluded.channel, kind = excluded.kind, spec = excluded.spec,
		zone = excluded.zone, scope = excluded.scope, filters = excluded.filters, by_user = excluded.by_user, created = excluded.created, since = excluded.since,
		wait_ms = excluded.wait_ms, drop_ms = excluded.drop_ms, paused = excluded.paused, paused_by = excluded.paused_by, paused_why = excluded.paused_why, ended = ''`,
		d.ID, string(d.Origin), d.Team, d.Channel, d.Kind, d.Spec, d.Zone, string(scope), string(filters), d.By, stamp(d.Created), stamp(d.Since),
		d.Wait.Milliseconds(), d.DropAfter.Milliseconds(), stampOrNone(d.Paused), d.PausedBy, d.PausedWhy)
	return err
}

const runColumns = "digest, due, state, at, why, first_day, last_day, answer, post, channel, thread"

// putRun writes a run, unless it has ended or was posted.
func putRun(ctx context.Context, tx *sql.Tx, r DigestRun) error {
	first, last := "", ""
	if !r.Days.IsZero() {
		first, last = r.Days.Start.Format(analysis.DateLayout), r.Days.Last().Format(analysis.DateLayout)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO digest_runs (`+runColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (digest, due) DO UPDATE SET state = excluded.state, at = excluded.at, why = excluded.why, first_day = excluded.first_day,
		last_day = excluded.last_day, answer = excluded.answer, post = excluded.post, channel = excluded.channel WHERE digest_runs.state = 'waiting'`,
		r.Digest, stamp(r.Due), string(r.State), stamp(r.At), r.Why, first, last, r.Answer, r.Post, r.Channel, r.Thread)
	return err
}

func (db *DB) digestRuns(ctx context.Context, clause string, args ...any) ([]DigestRun, error) {
	return collect(ctx, db.sql, func(scan func(...any) error, r *DigestRun) error {
		var first, last time.Time
		if err := scan(&r.Digest, intoTime(&r.Due), &r.State, intoTime(&r.At), &r.Why, intoDay(&first), intoDay(&last), &r.Answer, &r.Post, &r.Channel, &r.Thread); err != nil {
			return fmt.Errorf("run of digest %s: %w", r.Digest, err)
		}
		if !first.IsZero() {
			r.Days = analysis.NewPeriod(first, last.AddDate(0, 0, 1))
		}
		return nil
	}, "SELECT "+runColumns+" FROM digest_runs "+clause, args...)
}
