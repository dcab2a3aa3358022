package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// linesFile holds a case's daily charge lines.
const linesFile = "lines.csv.gz"

// predictLines asks the product why a case's spend changed, and writes the bridge as predictions.
func predictLines(dir string) (prediction, error) {
	base, cur, err := readPeriods(filepath.Join(dir, "truth.json"))
	if err != nil {
		return prediction{}, err
	}
	ctx := context.Background()
	q, err := loadProduct(ctx, filepath.Join(dir, linesFile))
	if err != nil {
		return prediction{}, err
	}
	defer q.Close()
	start := time.Now()
	br, err := q.explain(ctx, base, cur)
	if err != nil {
		return prediction{}, err
	}
	p := prediction{Seconds: since(start), RootCauses: []string{}, Events: []event{}}
	additive := adds(br)
	p.Additive = &additive
	for _, d := range br.Drivers {
		if len(d.Slice) == 0 {
			continue // the calendar
		}
		slice := map[string]string{}
		var parts []string
		for k, v := range d.Slice {
			k = strings.TrimPrefix(k, "tag:")
			slice[k] = v
			parts = append(parts, k+"="+v)
		}
		sort.Strings(parts)
		var onset *string
		if !d.Onset.Day.IsZero() {
			day := d.Onset.Day.Format(analysis.DateLayout)
			onset = &day
		}
		// A driver that moved for several reasons, its price and its usage, was found once for each.
		for _, r := range reasons(d.Effects) {
			p.RootCauses = append(p.RootCauses, strings.Join(parts, "&"))
			p.Events = append(p.Events, event{Slice: slice, Effect: r.Effect, Amount: r.Amount, Onset: onset})
		}
	}
	return p, nil
}

// readPeriods reads the two periods of a truth file and nothing else of it.
func readPeriods(path string) (base, cur analysis.Period, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return base, cur, err
	}
	var t struct {
		Baseline, Current []any
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return base, cur, fmt.Errorf("%s: %w", path, err)
	}
	if base, err = period(t.Baseline); err != nil {
		return base, cur, fmt.Errorf("%s: baseline: %w", path, err)
	}
	if cur, err = period(t.Current); err != nil {
		return base, cur, fmt.Errorf("%s: current: %w", path, err)
	}
	return base, cur, nil
}

// period reads ["2025-09-01", 30].
func period(v []any) (analysis.Period, error) {
	if len(v) == 2 {
		s, ok1 := v[0].(string)
		n, ok2 := v[1].(float64)
		if start, err := time.Parse(analysis.DateLayout, s); ok1 && ok2 && err == nil {
			return analysis.NewPeriod(start, start.AddDate(0, 0, int(n))), nil
		}
	}
	return analysis.Period{}, fmt.Errorf("%v is not a start date and a number of days", v)
}

// adds reports whether both cuts of a bridge sum to its change, and the change is that of the totals, to the last digit.
func adds(b *analysis.Bridge) bool {
	delta := b.Change.Current.Sub(b.Change.Baseline)
	drivers, ok := b.Rest.Amount, true
	for _, d := range b.Drivers {
		drivers = drivers.Add(d.Amount)
		ok = ok && total(d.Effects).Equal(d.Amount)
	}
	return ok && delta.Equal(b.Change.Delta) && drivers.Equal(delta) && total(b.Effects).Equal(delta) &&
		total(b.Rest.Effects).Equal(b.Rest.Amount)
}

func total(es []analysis.EffectAmount) decimal.Decimal {
	s := decimal.Zero
	for _, e := range es {
		s = s.Add(e.Amount)
	}
	return s
}

// sameQuestion groups the effects that answer "how much was used", and those that answer "at what price": a change of
// the negotiated price does not reach what a commitment has paid for, so it shows as a commitment's rate as well.
var sameQuestion = map[analysis.Effect]string{
	analysis.EffVolume: "usage", analysis.EffNewResources: "usage", analysis.EffRemovedRes: "usage",
	analysis.EffNewSlice: "usage", analysis.EffRemovedSlice: "usage",
	analysis.EffListPrice: "price", analysis.EffNegotiated: "price", analysis.EffCoverage: "price", analysis.EffCommitmentRate: "price",
}

// reasons are the groups of effects, largest first, each under the name of its largest effect.
func reasons(es []analysis.EffectAmount) []analysis.EffectAmount {
	type group struct {
		top, sum decimal.Decimal
		effect   analysis.Effect
	}
	by := map[string]*group{}
	var gs []*group
	for _, e := range es {
		name := string(e.Effect)
		if g, ok := sameQuestion[e.Effect]; ok {
			name = g
		}
		g := by[name]
		if g == nil {
			g = &group{effect: e.Effect}
			by[name] = g
			gs = append(gs, g)
		}
		g.sum = g.sum.Add(e.Amount)
		if a := e.Amount.Abs(); a.GreaterThan(g.top) {
			g.top, g.effect = a, e.Effect
		}
	}
	sort.SliceStable(gs, func(i, j int) bool { return gs[i].sum.Abs().GreaterThan(gs[j].sum.Abs()) })
	out := make([]analysis.EffectAmount, len(gs))
	for i, g := range gs {
		out[i] = analysis.EffectAmount{Effect: g.effect, Amount: g.sum}
	}
	return out
}
