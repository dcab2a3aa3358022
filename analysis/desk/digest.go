package desk

import (
	"context"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/pulse"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
)

// Beside tells digests of what lies beside the bills; each may be nil.
type Beside = pulse.Beside

// digest puts a digest together from answers that are all made on one snapshot, within one scope.
func (d *Desk) digest(ctx context.Context, id string, q Question, plan analysis.Plan, sn *store.Snapshot, r *reader) (*analysis.Answer, error) {
	begin := time.Now()
	base := &reply.Replier{Now: q.Now}
	if len(plan.Scope) == 0 {
		if err := d.records(ctx, sn, base); err != nil {
			return nil, err
		}
	}
	m := &pulse.Desk{Survey: r.survey, Now: q.Now, Loads: base.Loads, Invoices: len(base.Invoices) > 0, Shared: len(d.opts.Allocation.Names()) > 0, Beside: d.opts.Beside}
	m.Ask = func(ctx context.Context, p analysis.Plan) (*analysis.Answer, error) {
		return d.reply(ctx, id, q, p, sn, r)
	}
	m.Read = func(question string, follows *analysis.Plan) analysis.Plan {
		p := r.ask.Read(question, q.Now, asQuestion(follows))
		p.Scope = plan.Scope
		return p
	}
	a := &analysis.Answer{ID: id, Asked: q.Now.UTC(), Question: q.Text}
	if err := m.Make(ctx, a, plan); err != nil {
		return nil, err
	}
	a.Trace.MS = float64(time.Since(begin).Microseconds()) / 1000
	return a, nil
}

// asQuestion is a digest's plan as the question that a follow-up of it goes on from: why spend changed in its days.
func asQuestion(p *analysis.Plan) *analysis.Plan {
	if p == nil || p.Intent != analysis.Digest {
		return p
	}
	q := *p
	q.Intent, q.Topic = analysis.ExplainChange, ""
	return &q
}
