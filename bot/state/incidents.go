package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// IncidentState says how far an incident has come.
type IncidentState string

// The states of an incident.
const (
	Detected     IncidentState = "detected"
	Acknowledged IncidentState = "acknowledged" // somebody is on it
	Expected     IncidentState = "expected"     // somebody said that it is to be expected
	Contained    IncidentState = "contained"    // it grows no longer as it did
	Resolved     IncidentState = "resolved"     // back where it was, or the data changed, or it is the new level
)

// Incident is anomalies of one cause, as they were told in one thread.
type Incident struct {
	ID      string // I-7F3K2M
	Opened  time.Time
	Changed time.Time
	State   IncidentState
	Open    bool   // it may still be told of
	Team    string // of the owners; "" nobody's
	Channel string // in Slack
	Root    string // the key of the root message in the outbox
	Thread  string // its ts; "" until it was sent

	IncidentDetail
}

// IncidentAmounts are what an incident costs, as far as the data goes. Excess and what rests on it are estimates.
type IncidentAmounts struct {
	Through    time.Time       `json:"through,omitzero"` // the last complete day of its provider
	Actual     analysis.Amount `json:"actual"`           // what its days cost, exactly
	Excess     analysis.Amount `json:"excess"`           // over what was expected, since the onset
	PerDay     analysis.Amount `json:"per_day"`          // the mean excess of its days
	Rate       analysis.Amount `json:"rate"`             // the mean excess of its last days, 7 at most
	ToMonthEnd analysis.Amount `json:"to_month_end"`     // on top, if nothing changes
	Days       int             `json:"days"`
}

// IncidentDetail is what is kept of an incident besides what it is looked for by: what the last scan said of it, and what life has brought. In state it is one flat record.
type IncidentDetail struct {
	IncidentSeen
	IncidentLife
}

// IncidentSeen is what a scan says of an incident. The next scan says all of it anew.
type IncidentSeen struct {
	// Series are the series that it is about, as the scan calls them, each with its direction. Those of a kept incident only grow.
	Series   []string          `json:"series"`
	Title    string            `json:"title"` // "NAT gateway bytes · payments-prod · us-east-1"
	Kind     string            `json:"kind"`  // spike, step, drift, drop, appearance, disappearance
	Rule     string            `json:"rule"`  // the floor that let it through
	Provider string            `json:"provider"`
	Slice    map[string]string `json:"slice"` // of its largest part, by FOCUS column
	Parts    []IncidentPart    `json:"parts"`
	Filters  []analysis.Filter `json:"filters"` // what its parts have in common: its drivers are found within
	Question string            `json:"question"`
	Currency string            `json:"currency"`
	Onset    time.Time         `json:"onset"`
	// OnsetHour is the hour of Onset that it began in, UTC; zero where it is not known.
	OnsetHour time.Time `json:"onset_hour,omitzero"`
	// HoursEnd is the end of the last hour that stood out, of what is known by the hours of a day that is not complete: its amounts are
	// theirs, and provisional. Zero of what complete days tell.
	HoursEnd time.Time       `json:"hours_end,omitzero"`
	Told     time.Time       `json:"told"` // the day whose data made it pass the floor
	Last     time.Time       `json:"last"` // the last day that stood out
	Going    bool            `json:"going"`
	NewLevel bool            `json:"new_level,omitempty"` // the level was taken for the new one
	LastCost analysis.Amount `json:"last_cost"`           // of the day Last, exactly
	Low      analysis.Amount `json:"low"`                 // of what was expected, a day
	High     analysis.Amount `json:"high"`

	IncidentAmounts
}

// Provisional reports whether it is known by the hours of a day that is not complete.
func (s IncidentSeen) Provisional() bool { return !s.HoursEnd.IsZero() }

// IncidentLife is what life brings an incident: what people and the bot did with it, and what it was when. Scans leave it alone.
type IncidentLife struct {
	Severity string    `json:"severity"`
	Arrived  time.Time `json:"arrived,omitzero"` // when the data of the day Told was loaded

	IncidentExplained
	// Peak are the amounts when the rate was largest, and Said those that the thread was last told of.
	Peak IncidentAmounts `json:"peak"`
	Said IncidentAmounts `json:"said"`

	// When each state was reached last, and by whom; zero for never.
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	ContainedAt    time.Time `json:"contained_at,omitzero"`
	ContainedDay   time.Time `json:"contained_day,omitzero"` // the first day at the lower rate
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	ResolvedDay    time.Time `json:"resolved_day,omitzero"` // the first day back where it was
	Resolution     string    `json:"resolution,omitempty"`  // back, restated, new level, expected, merged into I-...
	SnoozedUntil   time.Time `json:"snoozed_until,omitzero"`
	EscalatedAt    time.Time `json:"escalated_at,omitzero"`
	Escalations    int       `json:"escalations,omitempty"`
	Members        []string  `json:"members,omitempty"`   // of a storm
	Elsewhere      string    `json:"elsewhere,omitempty"` // why its thread is not in its owner's channel
	Threads        int       `json:"threads,omitempty"`   // how often its thread had to begin anew, since its channel would not take it
	Updates        int       `json:"updates"`             // how often the root message was written again
	Replies        int       `json:"replies"`
}

// IncidentExplained is what an incident was last explained by.
type IncidentExplained struct {
	Effect  analysis.Effect `json:"effect,omitempty"`  // the likely one
	How     string          `json:"how,omitempty"`     // of its first driver: "usage x4.1, price unchanged"
	Answer  string          `json:"answer,omitempty"`  // the id of its drivers' answer
	Runbook string          `json:"runbook,omitempty"` // its slug
}

// IncidentPart is one of the anomalies of an incident.
type IncidentPart struct {
	Key    string            `json:"key"` // its series, without the direction
	Label  string            `json:"label"`
	Slice  map[string]string `json:"slice"`
	Excess analysis.Amount   `json:"excess"`
}

// IncidentChange is something that happened to an incident.
type IncidentChange struct {
	Incident string
	Happened time.Time
	// Kind is detected, grew, shrank, restated, contained, resolved, acknowledged, released, expected, snoozed, not_useful, undone, escalated, reopened, merged, declared,
	// ticket or another word of whoever wrote it.
	Kind    string
	Who     string // a person's id in Slack; "" the bot, from the bill
	Detail  string
	Amounts IncidentAmounts
}

// Verdict is what somebody said of an incident.
type Verdict struct {
	ID       string
	Incident string
	Kind     string // VerdictExpected, VerdictNotUseful
	Given    time.Time
	Who      string
	Why      string
	Until    time.Time       // the last day it holds for; zero for always
	Pattern  json.RawMessage // of anomalies that it expects; nil for none
	Rule     string          // the floor and kind that told it: what the verdict says of them
	Undone   time.Time       // zero while it holds
	UndoneBy string
}

// The kinds of verdicts.
const (
	VerdictExpected  = "expected"
	VerdictNotUseful = "not_useful"
)

// IncidentStep is what a change of an incident brings with it.
type IncidentStep struct {
	Changes  []IncidentChange // of which Incident, Happened and Amounts are filled in where they are empty
	Posts    []Post
	Verdicts []Verdict // given now: id, incident, time and person are filled in where they are empty
	Undo     []string  // verdicts that no longer hold, by id
	UndoneBy string
}

// ErrIncidentOpen says that a series has an open incident already.
var ErrIncidentOpen = errors.New("the series has an open incident")

// OpenIncident keeps a new incident with the posts that tell it, unless one of its series has an open incident: then nothing changes and the error wraps
// [ErrIncidentOpen], as it does for the second of two processes that found the same. Its id is drawn here; the posts are made with it.
func (db *DB) OpenIncident(ctx context.Context, in Incident, now time.Time, step func(*Incident) (IncidentStep, error)) (Incident, error) {
	err := db.write(ctx, func(tx *sql.Tx) error {
		if len(in.Series) == 0 {
			return errors.New("an incident needs a series")
		}
		for _, s := range in.Series {
			var id string
			err := tx.QueryRowContext(ctx, "SELECT incident FROM incident_series WHERE series = ? AND open", s).Scan(&id)
			if err == nil {
				return fmt.Errorf("%s: %w: %s", s, ErrIncidentOpen, id)
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		for {
			in.ID = "I-" + strings.TrimPrefix(drawID(), idPrefix)
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM incidents WHERE id = ?", in.ID).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
		in.Opened, in.Changed, in.Open = now, now, true
		if in.State == "" {
			in.State = Detected
		}
		st, err := step(&in)
		if err != nil {
			return err
		}
		if err := putIncident(ctx, tx, in, true); err != nil {
			return err
		}
		return db.takeStep(ctx, tx, &in, st, now)
	})
	if err != nil {
		return Incident{}, wrap("keep an incident of "+in.Title, db.path, err)
	}
	return in, nil
}

// ChangeIncident reads an incident, lets f change it, and keeps it with what that brings, in one transaction. When f returns an error nothing changes. The series of an
// incident that is not open are free for another; opening it again while another has one is an error that wraps [ErrIncidentOpen]. An unknown id's error wraps
// fs.ErrNotExist.
func (db *DB) ChangeIncident(ctx context.Context, id string, now time.Time, f func(*Incident) (IncidentStep, error)) (Incident, error) {
	var in Incident
	err := db.write(ctx, func(tx *sql.Tx) error {
		var err error
		if in, err = incidentIn(ctx, tx, id); err != nil {
			return err
		}
		st, err := f(&in)
		if err != nil {
			return err
		}
		if len(st.Changes) > 0 {
			in.Changed = now
		}
		if in.Open {
			for _, s := range in.Series {
				var other string
				err := tx.QueryRowContext(ctx, "SELECT incident FROM incident_series WHERE series = ? AND open AND incident <> ?", s, id).Scan(&other)
				if err == nil {
					return fmt.Errorf("%s: %w: %s", s, ErrIncidentOpen, other)
				}
				if !errors.Is(err, sql.ErrNoRows) {
					return err
				}
			}
		}
		if err := putIncident(ctx, tx, in, false); err != nil {
			return err
		}
		return db.takeStep(ctx, tx, &in, st, now)
	})
	if err != nil {
		return Incident{}, wrap("change incident "+id, db.path, err)
	}
	return in, nil
}

func incidentIn(ctx context.Context, tx *sql.Tx, id string) (in Incident, err error) {
	row := tx.QueryRowContext(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE id = ?", id)
	if err := scanIncident(row.Scan, &in); errors.Is(err, sql.ErrNoRows) {
		return in, notFound(fmt.Sprintf("no incident %q is kept", id))
	} else if err != nil {
		return in, err
	}
	return in, nil
}

func (db *DB) takeStep(ctx context.Context, tx *sql.Tx, in *Incident, st IncidentStep, now time.Time) error {
	for _, c := range st.Changes {
		if c.Incident = in.ID; c.Happened.IsZero() {
			c.Happened = now
		}
		if c.Amounts == (IncidentAmounts{}) {
			c.Amounts = in.IncidentAmounts
		}
		amounts, err := json.Marshal(c.Amounts)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO incident_changes (ordinal, incident, happened, kind, who, detail, amounts)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM incident_changes), ?, ?, ?, ?, ?, ?)`, c.Incident, stamp(c.Happened), c.Kind, c.Who, c.Detail, string(amounts)); err != nil {
			return err
		}
	}
	for _, v := range st.Verdicts {
		if v.ID == "" {
			v.ID = "V-" + strings.TrimPrefix(drawID(), idPrefix)
		}
		if v.Given.IsZero() {
			v.Given = now
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO verdicts (id, ordinal, incident, kind, given, who, why, until, pattern, rule, undone, undone_by)
			VALUES (?, (SELECT coalesce(max(ordinal), 0) + 1 FROM verdicts), ?, ?, ?, ?, ?, ?, ?, ?, '', '')`,
			v.ID, in.ID, v.Kind, stamp(v.Given), v.Who, v.Why, stampOrNone(v.Until), string(v.Pattern), v.Rule); err != nil {
			return err
		}
	}
	for _, id := range st.Undo {
		if _, err := tx.ExecContext(ctx, "UPDATE verdicts SET undone = ?, undone_by = ? WHERE id = ? AND undone = ''", stamp(now), st.UndoneBy, id); err != nil {
			return err
		}
	}
	return enqueueAll(ctx, tx, st.Posts, now)
}

const incidentColumns = "id, opened, changed, state, open, team, channel, root, thread, incident"

func putIncident(ctx context.Context, tx *sql.Tx, in Incident, fresh bool) error {
	detail, err := json.Marshal(in.IncidentDetail)
	if err != nil {
		return err
	}
	args := []any{stamp(in.Opened), stamp(in.Changed), string(in.State), in.Open, in.Team, in.Channel, in.Root, in.Thread, string(detail), in.ID}
	if fresh {
		_, err = tx.ExecContext(ctx, `INSERT INTO incidents (ordinal, opened, changed, state, open, team, channel, root, thread, incident, id)
			VALUES ((SELECT coalesce(max(ordinal), 0) + 1 FROM incidents), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE incidents SET opened = ?, changed = ?, state = ?, open = ?, team = ?, channel = ?, root = ?, thread = ?, incident = ? WHERE id = ?`, args...)
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE incident_series SET open = ? WHERE incident = ?", in.Open, in.ID); err != nil {
		return err
	}
	for _, s := range in.Series {
		if _, err := tx.ExecContext(ctx, `INSERT INTO incident_series (incident, series, open) VALUES (?, ?, ?) ON CONFLICT (incident, series) DO NOTHING`, in.ID, s, in.Open); err != nil {
			return err
		}
	}
	return nil
}

func scanIncident(scan func(...any) error, in *Incident) error {
	err := scan(&in.ID, intoTime(&in.Opened), intoTime(&in.Changed), &in.State, &in.Open, &in.Team, &in.Channel, &in.Root, &in.Thread, intoJSON(&in.IncidentDetail))
	if err != nil {
		return fmt.Errorf("incident %s: %w", in.ID, err)
	}
	return nil
}

// IncidentFilter says which incidents are meant; what is empty is any.
type IncidentFilter struct {
	Open            bool // only those that may still be told of
	States          []IncidentState
	Team            string
	Series          string    // that has one; see [Incident.Series]
	Channel, Thread string    // the thread that it is told in
	Since           time.Time // changed at or after
	OpenedSince     time.Time
}

// Incidents lists incidents in the order they were opened.
func (db *DB) Incidents(ctx context.Context, f IncidentFilter) ([]Incident, error) {
	list, err := db.incidents(ctx, f)
	if err != nil {
		return nil, wrap("list incidents", db.path, err)
	}
	return list, nil
}

func (db *DB) incidents(ctx context.Context, f IncidentFilter) ([]Incident, error) {
	if err := db.noteThreads(ctx); err != nil {
		return nil, err
	}
	var only conditions
	only.is("team", f.Team)
	only.is("channel", f.Channel)
	only.is("thread", f.Thread)
	if f.Open {
		only.add("open")
	}
	if f.Series != "" {
		only.add("id IN (SELECT incident FROM incident_series WHERE series = ?)", f.Series)
	}
	only.since("changed", f.Since)
	only.since("opened", f.OpenedSince)
	list, err := collect(ctx, db.sql, scanIncident, "SELECT "+incidentColumns+" FROM incidents"+only.where()+" ORDER BY ordinal", only.args...)
	return slices.DeleteFunc(list, func(in Incident) bool { return len(f.States) > 0 && !slices.Contains(f.States, in.State) }), err
}

// noteThreads takes over the ts of root messages that were sent since.
func (db *DB) noteThreads(ctx context.Context) error {
	const unknown = "FROM incidents WHERE thread = '' AND root IN (SELECT key FROM outbox WHERE state = 'sent' AND ts <> '')"
	if some, err := db.any(ctx, "SELECT id "+unknown); !some {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE incidents SET thread = (SELECT ts FROM outbox WHERE key = incidents.root) WHERE id IN (SELECT id "+unknown+")")
		return err
	})
}

// Incident returns an incident by its id; when there is none the error wraps fs.ErrNotExist.
func (db *DB) Incident(ctx context.Context, id string) (Incident, error) {
	if err := db.noteThreads(ctx); err != nil {
		return Incident{}, wrap("read incident "+id, db.path, err)
	}
	var in Incident
	row := db.sql.QueryRowContext(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE id = ?", id)
	err := scanIncident(row.Scan, &in)
	if errors.Is(err, sql.ErrNoRows) {
		return Incident{}, notFound(fmt.Sprintf("no incident %q is kept", id))
	}
	if err != nil {
		return Incident{}, wrap("read incident "+id, db.path, err)
	}
	return in, nil
}

// IncidentChanges lists what happened to an incident, in order; of all incidents where id is "", from a time on.
func (db *DB) IncidentChanges(ctx context.Context, id string, since time.Time) (list []IncidentChange, err error) {
	defer func() {
		if err != nil {
			err = wrap("read what happened to incidents", db.path, err)
		}
	}()
	return collect(ctx, db.sql, func(scan func(...any) error, c *IncidentChange) error {
		return scan(&c.Incident, intoTime(&c.Happened), &c.Kind, &c.Who, &c.Detail, intoJSON(&c.Amounts))
	}, `SELECT incident, happened, kind, who, detail, amounts FROM incident_changes
		WHERE (? = '' OR incident = ?) AND happened >= ? ORDER BY ordinal`, id, id, stampOrNone(since))
}

// Verdicts lists what people said, in order: of one incident, or of all where it is "". Those that were undone are among them.
func (db *DB) Verdicts(ctx context.Context, incident string) (list []Verdict, err error) {
	defer func() {
		if err != nil {
			err = wrap("read verdicts", db.path, err)
		}
	}()
	return collect(ctx, db.sql, func(scan func(...any) error, v *Verdict) error {
		pattern := column(func(s string) error {
			if s != "" {
				v.Pattern = json.RawMessage(s)
			}
			return nil
		})
		return scan(&v.ID, &v.Incident, &v.Kind, intoTime(&v.Given), &v.Who, &v.Why, intoTime(&v.Until), pattern, &v.Rule, intoTime(&v.Undone), &v.UndoneBy)
	}, `SELECT id, incident, kind, given, who, why, until, pattern, rule, undone, undone_by FROM verdicts
		WHERE ? = '' OR incident = ? ORDER BY ordinal`, incident, incident)
}
