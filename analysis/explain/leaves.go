package explain

import (
	"fmt"
	"math"

	"spendbot/analysis"
	"spendbot/analysis/explain/effect"
)

// numEffects counts all effects: the kinds of package effect, then one per one-time stratum.
const numEffects = int(effect.NumKinds) + int(Correction)

// oneTimeEffect is the index of a one-time stratum's effect, behind the kinds of package effect.
func oneTimeEffect(s Stratum) int { return int(effect.NumKinds) + int(s) - 1 }

// effectName is the name of an effect by its index.
func effectName(e int) analysis.Effect {
	if e < int(effect.NumKinds) {
		return effect.Kind(e).Effect()
	}
	return effect.OneTime(Stratum(e - int(effect.NumKinds) + 1).String())
}

// vectorKinds are the effects that each vector moves.
var vectorKinds = [numVectors][]effect.Kind{
	Quantity:   {effect.Volume, effect.NewResources, effect.RemovedResources, effect.NewSlice, effect.RemovedSlice},
	ListPrice:  {effect.ListPrice},
	Negotiated: {effect.Negotiated},
	Commitment: {effect.Coverage, effect.CommitmentRate},
	Currency:   {effect.Currency},
	OtherRate:  {effect.OtherRate},
}

// totals holds an exact amount per effect.
type totals [numEffects]fixed

func (t *totals) sum() (s fixed) {
	for _, x := range t {
		s = s.add(x)
	}
	return s
}

// leaves are a table's leaves with their exact effects. An effect of a leaf is a whole number of units, 10^-digits each,
// but for one, the largest, which also takes what is left to the exact change (rest): so they sum to it to the last digit.
type leaves struct {
	t      *Table
	o      Options
	digits int
	units  [][effect.NumKinds]int64 // per leaf; zero for one-time strata
	rest   []fixed                  // per leaf
	taker  []uint8                  // per leaf: the effect that rest belongs to
	delta  []fixed                  // per leaf: current - base cost
	base   []float64
	cur    []float64

	sumBase, sumCur fixed
}

func (o Options) withDefaults() Options {
	if o.Metric == "" {
		o.Metric = analysis.Effective
	}
	if o.MinImpact <= 0 {
		o.MinImpact = DefaultMinImpact
	}
	if o.MaxDrivers <= 0 {
		o.MaxDrivers = DefaultMaxDrivers
	}
	if o.MaxConditions <= 0 {
		o.MaxConditions = defaultMaxConditions
	}
	return o
}

func newLeaves(t *Table, o Options) (*leaves, error) {
	n := len(t.Leaves)
	if o.BaseDays <= 0 || o.CurDays <= 0 {
		return nil, fmt.Errorf("explain: periods of %d and %d days; both need at least one day with data", o.BaseDays, o.CurDays)
	}
	for _, d := range t.Dims {
		if len(d.Codes) != n {
			return nil, fmt.Errorf("explain: dimension %s has %d codes for %d leaves", d.Name, len(d.Codes), n)
		}
	}
	l := &leaves{
		t: t, o: o, units: make([][effect.NumKinds]int64, n), rest: make([]fixed, n), taker: make([]uint8, n),
		delta: make([]fixed, n), base: make([]float64, n), cur: make([]float64, n),
	}
	largest := 1.0
	for i := range t.Leaves {
		f := &t.Leaves[i]
		b, err := toFixed(f.BaseCost)
		if err != nil {
			return nil, fmt.Errorf("explain: leaf %d, baseline: %w", i, err)
		}
		c, err := toFixed(f.CurCost)
		if err != nil {
			return nil, fmt.Errorf("explain: leaf %d, current: %w", i, err)
		}
		l.sumBase, l.sumCur = l.sumBase.add(b), l.sumCur.add(c)
		l.delta[i] = c.sub(b)
		l.base[i], l.cur[i] = b.float(), c.float()
		largest = max(largest, math.Abs(l.base[i]), math.Abs(l.cur[i]))
	}
	// A billionth of the currency is fine enough, unless amounts are so large that it would overflow.
	for l.digits = 9; l.digits > 0 && largest*math.Pow10(l.digits) > 1<<53; l.digits-- {
	}
	for i := range t.Leaves {
		l.split(i)
	}
	return l, nil
}

// key is leaf i as package effect wants it. Below the list and contracted metrics there are no further factors.
func (l *leaves) key(i int) effect.Key {
	f := &l.t.Leaves[i]
	side := func(s *Sums, cost float64, days int) effect.Side {
		e := effect.Side{
			Days: float64(days), Quantity: s.Quantity, List: s.List, Contracted: s.Contracted, Cost: cost,
			CoveredContracted: s.CoveredContracted, CoveredCost: s.CoveredCost, FX: s.FX,
		}
		switch l.o.Metric {
		case analysis.List:
			e.List, e.Contracted, e.CoveredContracted, e.CoveredCost = cost, cost, 0, 0
		case analysis.Contracted:
			e.Contracted, e.CoveredContracted, e.CoveredCost = cost, 0, 0
		case analysis.Usage:
			e.Quantity, e.List, e.Contracted, e.CoveredContracted, e.CoveredCost, e.FX = cost, cost, cost, 0, 0, 0
		}
		return e
	}
	return effect.Key{
		Base: side(&f.BaseSums, l.base[i], l.o.BaseDays), Cur: side(&f.CurSums, l.cur[i], l.o.CurDays),
		NewQuantity: f.NewQuantity, GoneQuantity: f.GoneQuantity, Recurring: f.Recurring,
	}
}

// split computes the effects of leaf i and makes them exact.
func (l *leaves) split(i int) {
	if s := l.t.Leaves[i].Stratum; s != Usage {
		l.taker[i], l.rest[i] = uint8(oneTimeEffect(s)), l.delta[i]
		return
	}
	p := effect.Of(l.key(i))
	scale := math.Pow10(l.digits)
	left := l.delta[i]
	var most float64
	u := &l.units[i]
	taker := effect.OtherRate
	for k, x := range p {
		x = math.Round(x * scale)
		if !(math.Abs(x) < 1<<62) {
			// Unknown or absurd (a factor of next to nothing): no part by itself, the taker holds the whole.
			continue
		}
		u[k] = int64(x)
		left = left.sub(timesPow(u[k], fixedDigits-l.digits))
		if a := math.Abs(x); a > most {
			most, taker = a, effect.Kind(k)
		}
	}
	if left.zero() {
		l.taker[i] = uint8(taker)
		return
	}
	// Of two equally large parts, new and removed resources, the remainder goes to the one of its own sign: a rule that
	// swapped periods turn into itself.
	if n, r := u[effect.NewResources], u[effect.RemovedResources]; most > 0 && float64(n) == most && float64(-r) == most {
		taker = effect.NewResources
		if left.sign() < 0 {
			taker = effect.RemovedResources
		}
	}
	l.taker[i], l.rest[i] = uint8(taker), left
}

// part is effect e of leaf i, exactly.
func (l *leaves) part(i int, e effect.Kind) fixed {
	x := timesPow(l.units[i][e], fixedDigits-l.digits)
	if int(l.taker[i]) == int(e) {
		x = x.add(l.rest[i])
	}
	return x
}

// addTo adds all effects of leaf i.
func (l *leaves) addTo(t *totals, i int) {
	if l.t.Leaves[i].Stratum == Usage {
		for e, u := range l.units[i] {
			if u != 0 {
				t[e] = t[e].add(timesPow(u, fixedDigits-l.digits))
			}
		}
	}
	if r := l.rest[i]; !r.zero() {
		t[l.taker[i]] = t[l.taker[i]].add(r)
	}
}

// vector is what vector v moves in leaf i, exactly.
func (l *leaves) vector(i int, v Vector) (s fixed) {
	for _, k := range vectorKinds[v] {
		s = s.add(l.part(i, k))
	}
	return s
}

// moved is vector as a float, for the search.
func (l *leaves) moved(i int, v Vector) float64 {
	var s int64
	for _, k := range vectorKinds[v] {
		s += l.units[i][k]
	}
	return float64(s) / math.Pow10(l.digits)
}

// amounts lists the non-zero totals in display order.
func (t *totals) amounts() []analysis.EffectAmount {
	by := make(map[analysis.Effect]fixed, numEffects)
	for e, x := range t {
		if !x.zero() {
			by[effectName(e)] = x
		}
	}
	out := make([]analysis.EffectAmount, 0, len(by))
	for _, e := range analysis.Effects {
		if x, ok := by[e]; ok {
			out = append(out, analysis.EffectAmount{Effect: e, Amount: x.amount()})
		}
	}
	return out
}
