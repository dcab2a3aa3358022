package saving

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/explain"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// daysSQL is what the case's usage cost, day by day.
const daysSQL = `SELECT {day} AS day, sum({cost}) AS cost
FROM {table}
WHERE ({periods}) AND ({filters}) AND ChargeCategory = 'Usage' AND ChargeClass IS NULL
GROUP BY 1 ORDER BY 1`

// restSQL is the rest of the slice, resource by resource: what those that were there before and after used, per price key, and what those cost that came, and those
// that went.
const restSQL = `WITH r AS (
  SELECT ResourceId AS rid, SkuId AS sku, PricingUnit AS unit,
    sum(PricingQuantity) FILTER (WHERE {before}) AS q0, sum(PricingQuantity) FILTER (WHERE {after}) AS q1,
    sum({cost}) FILTER (WHERE {before}) AS c0, sum({cost}) FILTER (WHERE {after}) AS c1
  FROM {table}
  WHERE ({periods}) AND ({filters}) AND ({others}) AND ChargeCategory = 'Usage' AND ChargeClass IS NULL
    AND (CommitmentDiscountStatus IS NULL OR CommitmentDiscountStatus <> 'Unused')
  GROUP BY 1, 2, 3
), there AS (
  SELECT rid, max(CASE WHEN q0 > 0 THEN 1 ELSE 0 END) AS was, max(CASE WHEN q1 > 0 THEN 1 ELSE 0 END) AS is_now FROM r GROUP BY 1
)
SELECT r.sku, r.unit,
  sum(r.q0) FILTER (WHERE t.was = 1 AND t.is_now = 1) AS q0, sum(r.q1) FILTER (WHERE t.was = 1 AND t.is_now = 1) AS q1,
  sum(r.c0) FILTER (WHERE t.was = 1 AND t.is_now = 1) AS c0, sum(r.c1) FILTER (WHERE t.was = 0 AND t.is_now = 1) AS come,
  sum(r.c0) FILTER (WHERE t.was = 1 AND t.is_now = 0) AS gone
FROM r JOIN there AS t ON t.rid = r.rid
GROUP BY 1, 2 ORDER BY 1, 2`

// commitmentsSQL is what each commitment that covered the case paid of it, and what of it lay unused.
const commitmentsSQL = `WITH c AS (
  SELECT CommitmentDiscountId AS id,
    sum({cost}) FILTER (WHERE CommitmentDiscountStatus = 'Used' AND ({filters}) AND {before}) AS covered0,
    sum({cost}) FILTER (WHERE CommitmentDiscountStatus = 'Used' AND ({filters}) AND {after}) AS covered1,
    sum({cost}) FILTER (WHERE CommitmentDiscountStatus = 'Unused' AND {before}) AS unused0,
    sum({cost}) FILTER (WHERE CommitmentDiscountStatus = 'Unused' AND {after}) AS unused1
  FROM {table}
  WHERE ({periods}) AND CommitmentDiscountId IS NOT NULL
  GROUP BY 1
)
SELECT id, covered0, covered1, unused0, unused1 FROM c WHERE covered0 > 0 ORDER BY 1`

// Verify says what the bill says of a case. The survey is of the same sight, which must see all that the case's slice holds. A case without days before, or whose slice
// holds nothing, is an error.
func Verify(ctx context.Context, sight *store.Sight, sv *survey.Survey, c Case) (*Verdict, error) {
	v := &Verdict{State: Verifying, Currency: c.Currency, anomaly: c.Anomaly}
	through, err := completeThrough(sv, c.Slice)
	if err != nil {
		return nil, err
	}
	before, after, wait, ready, err := windows(c, sv.Vocabulary.First, through)
	if err != nil {
		return nil, err
	}
	if !ready {
		v.Wait = wait
		return v, nil
	}
	v.Before, v.After = before, after
	own := slices.Clone(c.Slice)
	if len(c.Resources) > 0 {
		own = append(own, analysis.Filter{Dimension: analysis.DimResource, Values: c.Resources})
	}
	res, err := explain.RunWithin(ctx, sight, explain.Request{Metric: analysis.Effective, Current: after, Baseline: before, Filters: own, Currency: c.Currency, First: sv.Vocabulary.First})
	if err != nil {
		return nil, fmt.Errorf("compare before and after: %w", err)
	}
	if res.Rows == 0 {
		return nil, fmt.Errorf("nothing on the bill fits it from %s to %s or from %s to %s", before.Start.Format(time.DateOnly), before.Last().Format(time.DateOnly),
			after.Start.Format(time.DateOnly), after.Last().Format(time.DateOnly))
	}
	if res.Unknown > 0 {
		return nil, fmt.Errorf("the bill does not say the effective cost in %s of %d of its lines", c.Currency, res.Unknown)
	}
	v.Change, v.Effects, v.Queries = res.Bridge.Change, res.Bridge.Effects, res.Queries
	v.Use = used(v.Effects)

	q := asked{sight: sight, v: v, c: c, own: own}
	if err := errors.Join(q.noise(ctx), q.growth(ctx, sv.Vocabulary.First), q.rest(ctx), q.commitments(ctx)); err != nil {
		return nil, err
	}
	v.judge(c)
	return v, nil
}

// completeThrough is the last day that is complete for every provider that the slice may be of.
func completeThrough(sv *survey.Survey, slice []analysis.Filter) (time.Time, error) {
	var through time.Time
	for _, p := range sv.Providers {
		if p.Monthly || slices.ContainsFunc(slice, func(f analysis.Filter) bool {
			return f.Dimension == analysis.DimProvider && slices.Contains(f.Values, p.Name) == f.Not
		}) {
			continue
		}
		if through.IsZero() || p.Through.Before(through) {
			through = p.Through
		}
	}
	if through.IsZero() {
		return through, errors.New("no provider of the slice has days: monthly charges cannot be compared day by day")
	}
	return through, nil
}

// asked are the queries beside the bridge.
type asked struct {
	sight *store.Sight
	v     *Verdict
	c     Case
	own   []analysis.Filter
}

func (q asked) run(ctx context.Context, name, sql string, filters []analysis.Filter, more map[string]query.Fragment) (*store.Rows, error) {
	table := query.For(analysis.Plan{Filters: append(slices.Clone(filters), q.own...)})
	where, err := query.Where(filters)
	if err != nil {
		return nil, err
	}
	parts := map[string]query.Fragment{"table": query.F(string(table)), "day": query.F(table.Day()), "cost": query.Cost(analysis.Effective, q.c.Currency), "filters": where,
		"before": query.Within(table, q.v.Before), "after": query.Within(table, q.v.After), "periods": query.WithinEither(table, q.v.Before, q.v.After)}
	for k, f := range more {
		parts[k] = f
	}
	rows, tr, err := q.sight.Query(ctx, name, query.Fill(sql, parts))
	if err != nil {
		return nil, err
	}
	q.v.Queries = append(q.v.Queries, tr)
	return rows, nil
}

// amount reads a sum; null is nothing.
func amount(x any) analysis.Amount {
	d, _ := x.(decimal.Decimal)
	return d
}

// growth sets what an anomaly had grown by before the fix: what it cost a day, less what it cost a day over as many weeks before it began as there are, [MostDays] at most.
func (q asked) growth(ctx context.Context, first time.Time) error {
	n := min(days(first, q.c.From), MostDays)
	if !q.c.Anomaly || q.c.From.IsZero() || n <= 0 {
		return nil
	}
	if n >= LeastDays {
		n -= n % 7
	}
	usual := analysis.Period{Start: q.c.From.AddDate(0, 0, -n), End: q.c.From}
	table := query.For(analysis.Plan{Filters: q.own})
	mean := func(name string, p analysis.Period) (analysis.Amount, error) {
		rows, err := q.run(ctx, name, daysSQL, q.own, map[string]query.Fragment{"periods": query.Within(table, p)})
		if err != nil {
			return decimal.Zero, err
		}
		var sum analysis.Amount
		for _, r := range rows.Values {
			sum = sum.Add(amount(r[1]))
		}
		return sum.DivRound(decimal.NewFromInt(int64(p.Days())), 2), nil
	}
	was, err := mean("level before the anomaly", usual)
	if err != nil {
		return err
	}
	is, err := mean("level before the fix", q.v.Before)
	if err != nil {
		return err
	}
	q.v.Usual, q.v.Growth = usual, is.Sub(was)
	return nil
}

// noise sets the standard error.
func (q asked) noise(ctx context.Context) error {
	rows, err := q.run(ctx, "saving days", daysSQL, q.own, nil)
	if err != nil {
		return err
	}
	before, after := make([]analysis.Amount, q.v.Before.Days()), make([]analysis.Amount, q.v.After.Days())
	for _, r := range rows.Values {
		day, ok := r[0].(time.Time)
		if !ok {
			return fmt.Errorf("saving days: %T is no day", r[0])
		}
		for p, list := range map[analysis.Period][]analysis.Amount{q.v.Before: before, q.v.After: after} {
			if i := days(p.Start, day); !day.Before(p.Start) && i < len(list) {
				list[i] = amount(r[1])
			}
		}
	}
	q.v.Error = standardError(before, after)
	return nil
}

// rest sets what would have fallen anyway, and what only moved; of a case that is its whole slice there is no rest.
func (q asked) rest(ctx context.Context) error {
	if len(q.c.Resources) == 0 {
		return nil
	}
	others, err := query.Where([]analysis.Filter{{Dimension: analysis.DimResource, Values: q.c.Resources, Not: true}})
	if err != nil {
		return err
	}
	rows, err := q.run(ctx, "saving rest", restSQL, q.c.Slice, map[string]query.Fragment{"others": others})
	if err != nil {
		return err
	}
	var list []kept
	for _, r := range rows.Values {
		list = append(list, kept{amount(r[2]), amount(r[3]), amount(r[4])})
		q.v.Moved = q.v.Moved.Add(amount(r[5])).Sub(amount(r[6]))
	}
	fell := decimal.Max(decimal.Zero, q.v.Use.Neg()) // only what fell can have moved, or have fallen anyway
	q.v.Moved = decimal.Max(decimal.Zero, decimal.Min(q.v.Moved, fell))
	if q.v.DemandRatio = demandRatio(list); q.v.DemandRatio > 0 && q.v.DemandRatio < 1 {
		anyway := q.v.Change.Baseline.Mul(decimal.NewFromFloat(1 - q.v.DemandRatio)).Round(2)
		q.v.Demand = decimal.Max(decimal.Zero, decimal.Min(anyway, fell.Sub(q.v.Moved)))
	}
	return nil
}

// commitments sets what is paid for nothing.
func (q asked) commitments(ctx context.Context) error {
	rows, err := q.run(ctx, "saving commitments", commitmentsSQL, q.own, nil)
	if err != nil {
		return err
	}
	var list []committed
	for _, r := range rows.Values {
		list = append(list, committed{amount(r[1]), amount(r[2]), amount(r[3]), amount(r[4])})
	}
	q.v.Idle = idle(list)
	return nil
}
