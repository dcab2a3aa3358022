package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"spendbot/analysis/source"
	"spendbot/bot"
	"spendbot/bot/metrics"
)

// lookout looks after the configured sources while the bot runs: each on its own schedule, one after the other, so that no
// two loads of a process overlap; those of several processes wait for each other at the store.
type lookout struct {
	app     *app
	st      *opened
	tell    func(context.Context, []bot.SourceHealth) error // the bot, of what is late
	metrics *metrics.Metrics
	log     *slog.Logger
	now     func() time.Time
	// wait waits for a moment, or fails when the context ends first.
	wait func(ctx context.Context, until time.Time) error

	plans []cron.Schedule // of the sources, in their order
	next  []time.Time
	// known are deliveries that were fetched for nothing: those bytes are in force already, or are no bill. They are not
	// fetched again until they change.
	known map[string]settled
}

// judged is how often it is looked whether a source has become late.
const judged = time.Minute

func (a *app) lookout(st *opened, tell func(context.Context, []bot.SourceHealth) error, m *metrics.Metrics, log *slog.Logger) (*lookout, error) {
	w := &lookout{app: a, st: st, tell: tell, metrics: m, log: log, now: a.clock(), known: map[string]settled{}}
	w.wait = func(ctx context.Context, until time.Time) error {
		t := time.NewTimer(until.Sub(w.now()))
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			return nil
		}
	}
	for _, sc := range a.cfg.Sources {
		plan, err := cron.ParseStandard(sc.Schedule)
		if err != nil {
			return nil, usageError{err}
		}
		w.plans = append(w.plans, plan)
		w.next = append(w.next, time.Time{}) // each is looked at once at the start: nobody knows what came while nothing ran
	}
	return w, nil
}

// run looks after the sources until the context ends.
func (w *lookout) run(ctx context.Context) {
	for ctx.Err() == nil {
		for i := range w.plans {
			if now := w.now(); !w.next[i].After(now) {
				w.visit(ctx, w.app.cfg.Sources[i])
				w.next[i] = w.plans[i].Next(w.now().UTC())
			}
			if ctx.Err() != nil {
				return
			}
		}
		if err := w.judge(ctx); err != nil && ctx.Err() == nil {
			w.log.Error("sources not judged", "error", err)
		}
		until := w.now().Add(judged)
		for _, n := range w.next {
			if n.Before(until) {
				until = n
			}
		}
		if w.wait(ctx, until) != nil {
			return
		}
	}
}

// visit looks at a source and loads what is new.
func (w *lookout) visit(ctx context.Context, sc sourceConfig) {
	log := w.log.With("source", sc.Name)
	begin := w.now()
	v, err := w.app.visit(ctx, w.st, sc, visiting{now: begin, loading: true, known: w.known})
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, source.ErrBusy) {
		log.Info("source left to another process")
		return
	}
	if err != nil {
		log.Error("source not looked at", "error", err)
	}
	if v == nil || v.look == nil {
		return
	}
	for _, o := range v.outcomes {
		switch {
		case o.Err != nil:
			log.Error("delivery not loaded", "delivery", o.Key, "error", o.Err)
		case o.Result.Unchanged:
			log.Info("delivery holds the bytes that are in force", "delivery", o.Key, "load", o.Result.Load.ID)
		default:
			l := o.Result.Load
			log.Info("delivery loaded", "delivery", o.Key, "load", l.ID, "rows", l.Rows, "months", l.Periods, "restated", len(l.Restated), "warnings", len(l.Warnings))
		}
	}
	log.Info("source looked at", "deliveries", len(v.look.Found), "loaded", len(v.outcomes)-v.failures(), "waiting", len(v.waiting()), "took", w.now().Sub(begin).String())
}

// judge holds the sources against their SLAs, tells of what has changed and sets the metrics.
func (w *lookout) judge(ctx context.Context) error {
	now := w.now()
	list, err := w.app.healths(ctx, w.st, now)
	if err != nil {
		return err
	}
	var told []bot.SourceHealth
	for _, h := range list {
		w.metrics.Source(h.source.Name, h.look.Succeeded, h.newest(), now, len(h.look.Waiting), h.late)
		told = append(told, bot.SourceHealth{Name: h.source.Name, Late: h.late, Why: h.told()})
	}
	return w.tell(ctx, told)
}
