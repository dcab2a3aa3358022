package desk

import (
	"context"
	"errors"
	"fmt"

	"spendbot/analysis"
	"spendbot/analysis/reply"
	"spendbot/analysis/showback"
)

// Bill is the allocated bill that the answer to a showback's plan was made from, on the same snapshot, for exports. It holds
// everybody's amounts, so a plan with a scope has none.
func (d *Desk) Bill(ctx context.Context, a *analysis.Answer) (*showback.Bill, error) {
	p := a.Reading
	if p.Intent != analysis.Showback || len(p.Scope) > 0 {
		return nil, errors.New("only a showback of everything has an allocated bill to export")
	}
	sn, done, err := d.seat(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if sn.ID != a.Trace.Snapshot {
		return nil, fmt.Errorf("the store has another load than answer %s was made from: ask again", a.ID)
	}
	lens, err := d.lens(ctx, sn, p)
	if err != nil {
		return nil, err
	}
	sight, err := sn.SeenThrough(nil, reply.ShowbackLens(p, lens))
	if err != nil {
		return nil, err
	}
	req := showback.Request{Period: p.Current, Metric: p.Metric, Currency: a.Currency, Chargeback: p.Topic == reply.ChargebackTopic}
	if len(p.GroupBy) > 0 {
		req.By = p.GroupBy[0]
	}
	return showback.Of(ctx, sight, d.opts.Allocation, req)
}
