package anomaly

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// pricesSQL reads what each usage type whose list price was ever another was listed at on each day, in which quantity, and what was paid for it.
//
//go:embed prices.sql
var pricesSQL string

// A list price is taken for a price, and not for a mean over tiers, when its last priceDays days with usage lie within priceNoise of
// their middle. One of at least priceStep more or less is another price: a bill's prices do not wander, so nothing needs to pass the share
// of a floor; what it comes to in money must.
const (
	priceDays  = 28
	priceNoise = 0.01
	priceStep  = 0.05
)

// priced is a usage type's list price, day by day.
type priced struct {
	line
	list, quantity []analysis.Amount
}

// prices finds list prices that changed.
func prices(ctx context.Context, sight *store.Sight, f query.Fragment, lines []*line, period analysis.Period, through map[string]time.Time, o Options, r *Result) ([]Anomaly, error) {
	rows, tr, err := sight.Query(ctx, "list prices per usage type", f)
	if err != nil {
		return nil, fmt.Errorf("anomalies: %w", err)
	}
	r.Queries = append(r.Queries, tr)
	main := map[leaf]*line{} // the largest leaf of each usage type, whose owner is told
	for _, l := range lines {
		if l.level != 0 {
			continue
		}
		k := l.leaf
		k.account, k.team = several, several
		if m := main[k]; m == nil || m.size < l.size {
			main[k] = l
		}
	}
	var out []Anomaly
	var cur *priced
	unit := ""
	end := func() {
		if cur != nil {
			out = append(out, cur.changes(o)...)
		}
	}
	for _, v := range rows.Values {
		text := func(i int) string { s, _ := v[i].(string); return s }
		k := leaf{text(0), text(1), text(2), several, "Usage", text(3), text(4), several}
		if cur == nil || cur.leaf != k || unit != text(5) {
			end()
			n := daysBetween(period.Start, through[k.provider]) + 1
			if n <= 0 {
				cur = nil
				continue
			}
			unit = text(5)
			cur = &priced{line: line{leaf: k, level: levelPrice, days: make([]analysis.Amount, n), gaps: make([]bool, n), whole: n, start: period.Start, main: main[k]},
				list: make([]analysis.Amount, n), quantity: make([]analysis.Amount, n)}
		}
		d, _ := v[6].(time.Time)
		i := daysBetween(period.Start, d)
		if i < 0 || i >= len(cur.days) {
			continue
		}
		cur.list[i], _ = v[7].(decimal.Decimal)
		cur.quantity[i], _ = v[8].(decimal.Decimal)
		cur.days[i], _ = v[9].(decimal.Decimal)
	}
	end()
	return out, nil
}

// changes are the days on which a price is not what it was.
func (p *priced) changes(o Options) []Anomaly {
	floor, rule := o.Floors.of(&p.line)
	if p.most().LessThan(floor.PerDay) {
		return nil
	}
	var out []Anomaly
	var known []float64 // the last prices, of days with usage
	for t := 0; t < len(p.days); t++ {
		if !p.quantity[t].IsPositive() {
			continue
		}
		price := p.list[t].InexactFloat64() / p.quantity[t].InexactFloat64()
		if len(known) == priceDays && settled(known) {
			if old := median(known); math.Abs(price/old-1) >= priceStep {
				a, last, ok := p.change(t, old, floor, rule, o)
				if ok {
					out = append(out, a)
				}
				// from here on it is another price
				t, known = last, nil
				continue
			}
		}
		if known = append(known, price); len(known) > priceDays {
			known = known[1:]
		}
	}
	return out
}

func settled(prices []float64) bool {
	m := median(prices)
	for _, p := range prices {
		if math.Abs(p/m-1) > priceNoise {
			return false
		}
	}
	return true
}

// change is the anomaly of a price that is another from a day on: its days, at most as many as make a new level, cost more or less by the ratio
// of the prices.
func (p *priced) change(first int, old float64, floor Floor, rule string, o Options) (a Anomaly, last int, ok bool) {
	held := len(p.days) // from which day on it is answered for: never, or once it is the level
	if p.unanswered(o) == 0 {
		held = min(held, first+o.Settings.Accept)
	}
	r := &run{first: first, last: first, told: -1}
	days := make([]Day, len(p.days))
	step := 0.0
	for t := first; t < held; t++ {
		if !p.quantity[t].IsPositive() {
			continue
		}
		price := p.list[t].InexactFloat64() / p.quantity[t].InexactFloat64()
		if math.Abs(price/old-1) < priceStep {
			break
		}
		if step == 0 {
			step = price / old
		}
		r.last, r.up = t, step > 1
		cost := p.days[t].InexactFloat64()
		expected := cost * old / price
		days[t] = Day{Judged: true, Expected: expected, Low: expected * (1 - priceNoise), High: expected * (1 + priceNoise)}
		actual, want, n := p.sums(r, t, days)
		if r.told < 0 && actual.Sub(want).Abs().GreaterThanOrEqual(floor.PerDay.Mul(decimal.NewFromInt(int64(n)))) {
			r.told = t
		}
	}
	if r.told < 0 {
		return a, r.last, false
	}
	r.accepted = r.last == first+o.Settings.Accept-1
	costs := make([]float64, len(p.days))
	for i, d := range p.days {
		costs[i] = d.InexactFloat64()
	}
	a = p.anomaly(r, days, costs)
	a.Kind = Step
	if !r.up {
		a.Kind = Drop
	}
	a.Price, a.floor = step, rule
	if o.replay {
		then := *r
		then.last, then.accepted = r.told, false
		t := p.anomaly(&then, days[:r.told+1], costs)
		t.Kind, t.Price, t.Going, t.floor = a.Kind, a.Price, true, rule
		a.asTold = &t
	}
	return a, r.last, true
}
