// Package desk answers questions on the newest snapshot of a store: a sentence or a plan goes in, an answer comes out. The
// command line and the bot both ask here. A desk is open for long and asked by many at once: it keeps snapshots and surveys
// ready between questions, notices when something new was loaded, and bounds how many answers are in the making.
//
// What the asker may see is part of the question ([Question.Scope]): the vocabulary the sentence is read with holds only
// that, and every query of the answer is confined to it.
package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/ask"
	"spendbot/analysis/event"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/reconcile"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// Options are a desk's habits.
type Options struct {
	Ask ask.Options
	// Seats is how many answers may be in the making at once; each has a query connection of its own. 0 means 2.
	Seats int
	// Lens is what a snapshot is looked at through for a plan, and for reading questions, when the plan is its zero value; nil looks at
	// it as it is. It is asked for every question and has to be quick.
	Lens func(ctx context.Context, sn *store.Snapshot, p analysis.Plan) (query.Lens, error)
	// Allocation is how shared costs are split; nil splits none.
	Allocation *allocation.Rules
	// Caveat is said under every answer with numbers; empty for none.
	Caveat string
	// Invoices gives the invoice totals there are, read when a question is about them; nil gives none.
	Invoices func() ([]reconcile.Invoice, error)
	// Events gives what was done to the systems behind the bill; nil where nobody keeps that.
	Events event.Source
	// Beside tells digests of what lies beside the bills.
	Beside Beside
	// Owners gives the rules of who owns what; nil, and a nil book, where there are none.
	Owners func() (*owners.Book, error)
	// Watch gives what anomalies are looked for with, when a question is about them; nil has the default floors and tells nobody.
	Watch func(ctx context.Context) (reply.Watch, error)
}

// Question is what is asked, by whom as far as it matters, and when.
type Question struct {
	Text string
	// Plan is carried out instead of reading Text, when it is set.
	Plan *analysis.Plan
	// Follows is the plan that Text may be a follow-up of.
	Follows *analysis.Plan
	// Previous is the answer that "how did you get that number?" means.
	Previous *analysis.Answer
	// Scope is what the asker may see; nil is everything.
	Scope []analysis.Filter
	Now   time.Time
	// Reading is told how the question was read, and about how many line items the answer is made from, before it is made; it
	// may be nil.
	Reading func(p analysis.Plan, rows int64)
}

// Desk answers questions. It is safe for concurrent use.
type Desk struct {
	store *store.Store
	opts  Options
	seats chan struct{}

	mu      sync.Mutex
	newest  int64
	free    []*store.Snapshot // of the newest snapshot, ready for a question
	readers map[string]*reader
}

// reader is what a scope lets see of the newest snapshot, and the grammar over it.
type reader struct {
	once   sync.Once
	survey *survey.Survey
	ask    *ask.Reader
	err    error
}

const defaultSeats = 2

// maxReaders bounds how many scopes' vocabularies are kept.
const maxReaders = 64

// New makes a desk over a store, which must stay open.
func New(s *store.Store, o Options) *Desk {
	if o.Seats <= 0 {
		o.Seats = defaultSeats
	}
	o.Ask.Rules = o.Allocation.Names()
	return &Desk{store: s, opts: o, seats: make(chan struct{}, o.Seats), readers: map[string]*reader{}}
}

// Close gives back what the desk keeps ready.
func (d *Desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	for _, sn := range d.free {
		err = errors.Join(err, sn.Close())
	}
	d.free = nil
	return err
}

// seat waits for a turn and takes a snapshot; done gives both back.
func (d *Desk) seat(ctx context.Context) (sn *store.Snapshot, done func(), err error) {
	select {
	case d.seats <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if sn, err = d.snapshot(ctx); err != nil {
		<-d.seats
		return nil, nil, err
	}
	return sn, func() {
		d.mu.Lock()
		if sn.ID == d.newest {
			d.free = append(d.free, sn)
		} else {
			_ = sn.Close() // superseded meanwhile; nothing of it is lost
		}
		d.mu.Unlock()
		<-d.seats
	}, nil
}

func (d *Desk) snapshot(ctx context.Context) (*store.Snapshot, error) {
	newest, err := d.store.Newest(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	if newest != d.newest {
		for _, sn := range d.free {
			_ = sn.Close()
		}
		d.free, d.newest, d.readers = nil, newest, map[string]*reader{}
	}
	if n := len(d.free); n > 0 {
		sn := d.free[n-1]
		d.free = d.free[:n-1]
		d.mu.Unlock()
		return sn, nil
	}
	d.mu.Unlock()
	return d.store.Snapshot(ctx, newest)
}

// lens is what a snapshot is looked at through for a plan.
func (d *Desk) lens(ctx context.Context, sn *store.Snapshot, p analysis.Plan) (query.Lens, error) {
	if d.opts.Lens == nil {
		return query.Lens{}, nil
	}
	return d.opts.Lens(ctx, sn, p)
}

// reader is the vocabulary of a scope on a snapshot, as questions are read with it.
func (d *Desk) reader(ctx context.Context, sn *store.Snapshot, scope []analysis.Filter) (*reader, error) {
	lens, err := d.lens(ctx, sn, analysis.Plan{})
	if err != nil {
		return nil, err
	}
	return d.readerThrough(ctx, sn, scope, lens)
}

// readerThrough is the vocabulary of a scope on a snapshot through a lens, made once however many ask.
func (d *Desk) readerThrough(ctx context.Context, sn *store.Snapshot, scope []analysis.Filter, lens query.Lens) (*reader, error) {
	key := fmt.Sprint(sn.ID, lens.Key(), analysis.ScopeKey(scope))
	for {
		d.mu.Lock()
		r := d.readers[key]
		if r == nil {
			if len(d.readers) >= maxReaders {
				clear(d.readers)
			}
			r = &reader{}
			d.readers[key] = r
		}
		d.mu.Unlock()
		mine := false
		r.once.Do(func() {
			mine = true
			if r.survey, r.err = survey.Through(ctx, d.store, sn, scope, lens); r.err == nil {
				r.ask = ask.NewReader(&r.survey.Vocabulary, d.opts.Ask)
			}
		})
		if r.err == nil {
			return r, nil
		}
		// A question that was cancelled must not spoil it for the next one, nor for those that waited for it to be done.
		d.mu.Lock()
		if d.readers[key] == r {
			delete(d.readers, key)
		}
		d.mu.Unlock()
		if mine || ctx.Err() != nil || !errors.Is(r.err, context.Canceled) && !errors.Is(r.err, context.DeadlineExceeded) {
			return nil, r.err
		}
	}
}

// Ready reports whether there is something to answer from, without waiting for a turn.
func (d *Desk) Ready(ctx context.Context) error {
	_, err := d.store.Newest(ctx)
	return err
}

// Read reads a question without answering it.
func (d *Desk) Read(ctx context.Context, q Question) (analysis.Plan, error) {
	sn, done, err := d.seat(ctx)
	if err != nil {
		return analysis.Plan{}, err
	}
	defer done()
	r, err := d.reader(ctx, sn, q.Scope)
	if err != nil {
		return analysis.Plan{}, err
	}
	return d.plan(r, q), nil
}

func (d *Desk) plan(r *reader, q Question) analysis.Plan {
	if q.Plan != nil { // it may come from somebody who sees more
		return q.Plan.For(slices.Clone(q.Scope))
	}
	p := r.ask.Read(q.Text, q.Now, asQuestion(q.Follows))
	p.Scope = slices.Clone(q.Scope)
	return p
}

// Answer answers a question under an id that the caller has drawn, and who also keeps the answer.
func (d *Desk) Answer(ctx context.Context, id string, q Question) (*analysis.Answer, error) {
	sn, done, err := d.seat(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := d.reader(ctx, sn, q.Scope)
	if err != nil {
		return nil, err
	}
	plan := d.plan(r, q)
	if plan.Intent == analysis.SQL {
		return nil, errors.New("SQL that somebody wrote is no question that can be asked again within a scope")
	}
	if q.Reading != nil {
		q.Reading(plan, rows(r.survey, plan))
	}
	var a *analysis.Answer
	if plan.Intent == analysis.Digest {
		a, err = d.digest(ctx, id, q, plan, sn, r)
	} else {
		a, err = d.reply(ctx, id, q, plan, sn, r)
	}
	if err == nil && d.opts.Caveat != "" {
		a.Caveats = append(a.Caveats, d.opts.Caveat)
	}
	return a, err
}

// reply carries out a plan on a snapshot.
func (d *Desk) reply(ctx context.Context, id string, q Question, plan analysis.Plan, sn *store.Snapshot, r *reader) (*analysis.Answer, error) {
	lens, err := d.lens(ctx, sn, plan)
	if err != nil {
		return nil, err
	}
	if lens.Key() != r.survey.Lens { // the plan asks for another than questions are read with
		if r, err = d.readerThrough(ctx, sn, q.Scope, lens); err != nil {
			return nil, err
		}
	}
	p := &reply.Replier{Snapshot: sn, Lens: lens, Survey: r.survey, Reader: r.ask, Now: q.Now, Previous: q.Previous, Rules: d.opts.Allocation, Events: d.opts.Events}
	if plan.Intent == analysis.Trust && len(plan.Scope) == 0 {
		if err := d.records(ctx, sn, p); err != nil {
			return nil, err
		}
	}
	if plan.Intent == analysis.Ownership && d.opts.Owners != nil {
		if p.Owners, err = d.opts.Owners(); err != nil {
			return nil, err
		}
	}
	if plan.Intent == analysis.AnomalyList && d.opts.Watch != nil {
		if p.Watch, err = d.opts.Watch(ctx); err != nil {
			return nil, err
		}
	}
	return p.Answer(ctx, id, q.Text, plan)
}

// records gives a replier what is known beside the bills: of loads and of invoices.
func (d *Desk) records(ctx context.Context, sn *store.Snapshot, p *reply.Replier) error {
	loads, err := d.store.Loads(ctx)
	if err != nil {
		return err
	}
	p.Loads = loads[max(0, slices.IndexFunc(loads, func(l store.Load) bool { return l.Snapshot == sn.ID })):]
	if d.opts.Invoices != nil {
		p.Invoices, err = d.opts.Invoices()
	}
	return err
}

// rows is how many line items the months of a plan's periods hold.
func rows(sv *survey.Survey, p analysis.Plan) int64 {
	periods := []analysis.Period{p.Current}
	if p.Baseline != nil {
		periods = append(periods, *p.Baseline)
	}
	var n int64
	for _, m := range sv.Months {
		start, err := time.Parse("2006-01", m.Month)
		if err != nil {
			continue
		}
		month := analysis.MonthOf(start)
		if slices.ContainsFunc(periods, func(p analysis.Period) bool { return p.Start.Before(month.End) && p.End.After(month.Start) }) {
			n += m.Rows
		}
	}
	return n
}

// Survey tells what a scope lets see of the newest snapshot.
func (d *Desk) Survey(ctx context.Context, scope []analysis.Filter) (*survey.Survey, error) {
	sn, done, err := d.seat(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := d.reader(ctx, sn, scope)
	if err != nil {
		return nil, err
	}
	return r.survey, nil
}

// Held is what a store holds, for whoever watches it.
type Held struct {
	Loads   int
	Last    time.Time            // when the last load came
	Through map[string]time.Time // the last complete day per provider
}

// Held tells what the store holds.
func (d *Desk) Held(ctx context.Context) (Held, error) {
	loads, err := d.store.Loads(ctx)
	if err != nil {
		return Held{}, err
	}
	sv, err := d.Survey(ctx, nil)
	if err != nil {
		return Held{}, err
	}
	h := Held{Loads: len(loads), Through: map[string]time.Time{}}
	if len(loads) > 0 {
		h.Last = loads[0].At
	}
	for _, p := range sv.Providers {
		h.Through[p.Name] = p.Through
	}
	return h, nil
}

// Rerun is one query of a trace, run again.
type Rerun struct {
	Name   string  `json:"name"`
	Equal  bool    `json:"equal"`
	Rows   int     `json:"rows"`
	SHA256 string  `json:"sha256"`
	MS     float64 `json:"ms"`
}

// EventsName is how the look at the events is called among the queries that are run again; it is the last.
const EventsName = "events"

// Rerun runs the queries of a trace again, on the snapshot that it names, and looks again at the events it names.
func (d *Desk) Rerun(ctx context.Context, t analysis.Trace) (out []Rerun, err error) {
	out = []Rerun{}
	if t.Events != nil && d.opts.Events != nil {
		begin := time.Now()
		n, sum, err := d.opts.Events.Again(ctx, t.Events)
		if err != nil {
			return nil, err
		}
		defer func() { // behind the queries, which are told by their place
			out = append(out, Rerun{Name: EventsName, Equal: sum == t.Events.SHA256, Rows: n, SHA256: sum, MS: float64(time.Since(begin).Microseconds()) / 1000})
		}()
	}
	if len(t.Queries) == 0 {
		return out, nil
	}
	sn, err := d.store.Snapshot(ctx, t.Snapshot)
	if err != nil {
		return nil, err
	}
	defer sn.Close()
	for _, q := range t.Queries {
		_, tr, err := sn.Query(ctx, q.Name, q.SQL, q.Params...)
		if err != nil {
			return nil, err
		}
		out = append(out, Rerun{Name: q.Name, Equal: tr.SHA256 == q.SHA256 && tr.Rows == q.Rows, Rows: tr.Rows, SHA256: tr.SHA256, MS: tr.MS})
	}
	return out, nil
}
