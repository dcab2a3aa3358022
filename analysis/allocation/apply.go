package allocation

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Cell is a sum of rows of the bill that are alike in all that the rules and the reader look at.
type Cell struct {
	Period   time.Time // the first day of the month, or the day where a rule of the run splits by the day
	Currency string
	// Owner is who the rows belong to, one value per dimension of the run; "" is nobody.
	Owner []string
	// Matches says which rules' sources the rows lie in, as far as owners are no matter: a byte per rule, '1' for those.
	Matches string
	// Kept is what of the rows nobody changes and the reader wants to see: their invoice. "" where that is nothing.
	Kept   string
	Amount analysis.Amount
	Rows   int64 // line items
	moved  bool  // a rule has given it its owner
	stayed bool  // it lay in a rule's source and could not be given away
}

func (c *Cell) key() string {
	return c.Period.Format(analysis.DateLayout) + "\x00" + c.Currency + "\x00" + strings.Join(c.Owner, "\x00") + "\x00" + c.Matches + "\x00" + c.Kept + "\x00" + fmt.Sprint(c.moved)
}

// Weight is what one owner weighs by one rule in one period.
type Weight struct {
	Rule     int // its place among the rules
	Period   time.Time
	Currency string // "" weighs for every currency
	Owner    string
	Weight   analysis.Amount
}

// Move is an amount that a rule took from one owner and gave to another; negative where it is a credit.
type Move struct {
	Rule     int
	Period   time.Time // of the cell
	Currency string
	From, To []string // owners, as [Cell.Owner]
	Kept     string
	Amount   analysis.Amount
	Again    bool // what is moved had been moved before
}

// Pool is what a rule did in one period and currency.
type Pool struct {
	Rule     int
	Period   time.Time // the month, or the day by a rule that splits by the day
	Currency string
	Source   analysis.Amount // what lay in its source
	Again    analysis.Amount // of that, what earlier rules had moved there
	Stayed   analysis.Amount // of the source, what stayed where it was
	Why      string          // why something stayed; empty where nothing did
	Targets  []Target        // by name; those with neither a weight nor an amount are left out
	Weights  analysis.Amount // the sum of the weights
}

// Target is an owner's part of a pool.
type Target struct {
	Owner  string
	Weight analysis.Amount
	Amount analysis.Amount
}

// Result is a bill after its rules.
type Result struct {
	Cells []Cell // the bill as it is then
	Moves []Move
	Pools []Pool
}

// Apply carries out rules over a bill. dims are the dimensions of the cells' owners, and hold every dimension that the rules
// give to. The order of cells and weights does not matter. Per period, currency and what is kept, the cells sum to what they
// summed to before, exactly.
//
// Where owners have several dimensions, a part given to an owner of one is laid on that owner's own rows: in proportion to what
// they cost as billed in the same month and currency, credits left out, or where it has none in that currency, in another; so
// that a team's part reaches its accounts. An owner without rows has none of the others.
func Apply(cells []Cell, dims []analysis.Dimension, rules []Rule, weights []Weight) (Result, error) {
	b := bill{dims: dims, given: make([]bool, len(dims)), at: map[string]*Cell{}, billed: slices.Clone(cells), laid: map[string]laid{}}
	for d, name := range dims {
		b.given[d] = slices.ContainsFunc(rules, func(r Rule) bool { return r.To.Dimension == name })
	}
	for _, c := range cells {
		if len(c.Owner) != len(dims) || len(c.Matches) != len(rules) {
			return Result{}, fmt.Errorf("a cell has %d owners for %d dimensions and %d matches for %d rules", len(c.Owner), len(dims), len(c.Matches), len(rules))
		}
		c.moved = false
		b.add(c)
	}
	var out Result
	for i := range rules {
		dim := slices.Index(dims, rules[i].To.Dimension)
		if dim < 0 {
			return Result{}, fmt.Errorf("rule %s gives to %s, which the cells do not have", rules[i].Name, rules[i].To.Dimension.Words())
		}
		var own []Weight
		for _, w := range weights {
			if w.Rule == i {
				own = append(own, w)
			}
		}
		b.apply(i, &rules[i], dim, own, &out)
	}
	for _, k := range b.keys() {
		if c := b.at[k]; !c.Amount.IsZero() || c.Rows > 0 {
			out.Cells = append(out.Cells, *c)
		}
	}
	return out, nil
}

// bill is cells on their way.
type bill struct {
	dims   []analysis.Dimension
	given  []bool // which of them rules give to
	at     map[string]*Cell
	billed []Cell // as they were
	laid   map[string]laid
}

// laid is how a part given to an owner of one dimension is laid on its rows.
type laid struct {
	owners [][]string
	costs  []*big.Int
}

func (b *bill) add(c Cell) {
	k := c.key()
	if have := b.at[k]; have != nil {
		have.Amount, have.Rows = have.Amount.Add(c.Amount), have.Rows+c.Rows
		return
	}
	c.Owner = slices.Clone(c.Owner)
	b.at[k] = &c
}

func (b *bill) keys() []string {
	out := make([]string, 0, len(b.at))
	for k := range b.at {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// poolKey is what a rule splits together.
type poolKey struct {
	period   time.Time
	currency string
}

// period is over what a rule takes amounts together.
func (r *Rule) period(day time.Time) time.Time {
	if r.Daily {
		return day
	}
	return analysis.Day(day.Year(), day.Month(), 1)
}

// takes reports whether a cell lies in a rule's source.
func (r *Rule) takes(i int, c *Cell, owner string) bool {
	if c.Matches[i] != '1' || c.moved && !r.takesFromOwners() || !r.Holds(r.period(c.Period)) {
		return false
	}
	return !slices.ContainsFunc(r.From.on(r.To.Dimension), func(cond Cond) bool { return !cond.Holds(owner) })
}

// takesAll also looks at the conditions on owners of other dimensions that rules give to. What else a rule says of its source is
// known of the rows themselves ([Cell.Matches]) and stays so when they move.
func (b *bill) takesAll(i int, r *Rule, c *Cell, dim int) bool {
	if !r.takes(i, c, c.Owner[dim]) {
		return false
	}
	for d, name := range b.dims {
		if d != dim && b.given[d] && slices.ContainsFunc(r.From.on(name), func(cond Cond) bool { return !cond.Holds(c.Owner[d]) }) {
			return false
		}
	}
	return true
}

func (b *bill) apply(i int, r *Rule, dim int, weights []Weight, out *Result) {
	pools := map[poolKey][]*Cell{}
	for _, k := range b.keys() {
		c := b.at[k]
		if !c.Amount.IsZero() && b.takesAll(i, r, c, dim) {
			p := poolKey{r.period(c.Period), c.Currency}
			pools[p] = append(pools[p], c)
		}
	}
	order := make([]poolKey, 0, len(pools))
	for p := range pools {
		order = append(order, p)
	}
	slices.SortFunc(order, func(a, b poolKey) int {
		return cmp.Or(a.period.Compare(b.period), strings.Compare(a.currency, b.currency))
	})
	for _, p := range order {
		b.pool(i, r, dim, p, pools[p], weights, out)
	}
}

// owners are those that a rule may give to in a period, by name: those the bill has, and those that have a weight.
func (b *bill) owners(r *Rule, dim int, at poolKey, weights []Weight) []string {
	if r.To.Values != nil {
		return r.To.Values
	}
	seen := map[string]bool{}
	for i := range b.billed {
		c := &b.billed[i]
		if o := c.Owner[dim]; !seen[o] && r.period(c.Period).Equal(at.period) && r.givesTo(o) {
			seen[o] = true
		}
	}
	for _, w := range weights {
		if !seen[w.Owner] && r.weighs(&w, at) && r.givesTo(w.Owner) {
			seen[w.Owner] = true
		}
	}
	out := make([]string, 0, len(seen))
	for o := range seen {
		out = append(out, o)
	}
	slices.Sort(out)
	return out
}

func (b *bill) pool(i int, r *Rule, dim int, at poolKey, cells []*Cell, weights []Weight, out *Result) {
	targets := b.owners(r, dim, at, weights)
	p := Pool{Rule: i, Period: at.period, Currency: at.currency}
	w := r.weigh(at, targets, weights)
	p.Weights = decimal.Zero
	for _, x := range w {
		p.Weights = p.Weights.Add(decimal.Max(x, decimal.Zero))
	}
	var amounts []analysis.Amount
	for _, c := range cells {
		p.Source = p.Source.Add(c.Amount)
		if c.moved {
			p.Again = p.Again.Add(c.Amount)
		}
		amounts = append(amounts, c.Amount)
	}
	u := unitsOf(Places, amounts...)
	given := make([]analysis.Amount, len(targets))
	for _, sign := range []int{1, -1} { // charges apart from credits, by the same weights
		var some []*Cell
		var rows []*big.Int
		for _, c := range cells {
			if c.Amount.Sign() == sign {
				some, rows = append(some, c), append(rows, u.of(c.Amount))
			}
		}
		if len(some) == 0 {
			continue
		}
		totals := r.totals(sum(rows), w) // per target; the last is what stays
		for k, parts := range spread(rows, totals) {
			c := some[k]
			p.Stayed = p.Stayed.Add(u.amount(parts[len(targets)]))
			for t, n := range parts[:len(targets)] {
				if n.Sign() == 0 {
					continue
				}
				given[t] = given[t].Add(u.amount(n))
				b.move(i, c, dim, targets[t], u, n, out)
			}
			c.Amount, c.stayed = u.amount(parts[len(targets)]), true
		}
	}
	for t, o := range targets {
		if !w[t].IsZero() || !given[t].IsZero() {
			p.Targets = append(p.Targets, Target{Owner: o, Weight: w[t], Amount: given[t]})
		}
	}
	if !p.Stayed.IsZero() {
		switch {
		case len(targets) == 0:
			p.Why = "the bill has nobody to give it to"
		case !p.Weights.IsPositive():
			p.Why = "no target has a weight"
		default:
			p.Why = "a tier holds nothing to weigh"
		}
	}
	out.Pools = append(out.Pools, p)
}

// weighs reports whether a weight is one of a pool.
func (r *Rule) weighs(w *Weight, at poolKey) bool {
	return r.period(w.Period).Equal(at.period) && (w.Currency == "" || w.Currency == at.currency)
}

// weigh gives each target's weight in a pool. With tiers it is the quantity that the bands are of.
func (r *Rule) weigh(at poolKey, targets []string, weights []Weight) []analysis.Amount {
	out := make([]analysis.Amount, len(targets))
	for t, o := range targets {
		switch r.Split {
		case Even:
			out[t] = decimal.New(1, 0)
		case Percent:
			out[t] = r.Percent[t]
		default:
			for _, w := range weights {
				if w.Owner == o && r.weighs(&w, at) {
					out[t] = out[t].Add(w.Weight)
				}
			}
		}
	}
	return out
}

// totals cuts an amount by the rule: a part per target, and last what stays with the source.
func (r *Rule) totals(n *big.Int, weights []analysis.Amount) []*big.Int {
	out := make([]*big.Int, len(weights)+1)
	for i := range out {
		out[i] = new(big.Int)
	}
	give := func(n *big.Int, weights []analysis.Amount) {
		parts := share(n, integers(weights))
		if parts == nil {
			out[len(weights)].Add(out[len(weights)], n)
			return
		}
		for t, p := range parts {
			out[t].Add(out[t], p)
		}
	}
	switch {
	case r.Split == Tiered && r.Tiers[0].Percent != nil:
		percents := make([]analysis.Amount, len(r.Tiers))
		for k, t := range r.Tiers {
			percents[k] = *t.Percent
		}
		for k, part := range share(n, integers(percents)) {
			give(part, r.band(k, weights))
		}
	case r.Split == Tiered:
		rated := make([]analysis.Amount, len(weights))
		for k, tier := range r.Tiers {
			for t, q := range r.band(k, weights) {
				rated[t] = rated[t].Add(q.Mul(*tier.Rate))
			}
		}
		give(n, rated)
	default:
		give(n, weights)
	}
	return out
}

// band is how much of each quantity lies in a tier.
func (r *Rule) band(k int, quantities []analysis.Amount) []analysis.Amount {
	from := decimal.Zero
	if k > 0 {
		from = *r.Tiers[k-1].UpTo
	}
	out := make([]analysis.Amount, len(quantities))
	for t, q := range quantities {
		if end := r.Tiers[k].UpTo; end != nil {
			q = decimal.Min(q, *end)
		}
		out[t] = decimal.Max(q.Sub(from), decimal.Zero)
	}
	return out
}

// move gives a part of a cell to an owner of one dimension, laid on that owner's own rows in the others.
func (b *bill) move(i int, c *Cell, dim int, target string, u units, n *big.Int, out *Result) {
	owners, weights := b.rowsOf(c, dim, target)
	for k, part := range share(n, weights) {
		if part.Sign() == 0 {
			continue
		}
		to := Cell{Period: c.Period, Currency: c.Currency, Owner: owners[k], Matches: c.Matches, Kept: c.Kept, Amount: u.amount(part), moved: true}
		out.Moves = append(out.Moves, Move{Rule: i, Period: c.Period, Currency: c.Currency, From: c.Owner, To: to.Owner, Kept: c.Kept, Amount: to.Amount, Again: c.moved})
		b.add(to)
	}
}

// rowsOf are an owner's owners in the other dimensions, with what each costs as billed in the cell's month and currency.
func (b *bill) rowsOf(c *Cell, dim int, target string) ([][]string, []*big.Int) {
	month := c.Period.Format("2006-01")
	key := strings.Join([]string{fmt.Sprint(dim), target, c.Currency, month}, "\x00")
	if l, ok := b.laid[key]; ok {
		return l.owners, l.costs
	}
	alone := make([]string, len(b.dims))
	alone[dim] = target
	l := laid{owners: [][]string{alone}, costs: []*big.Int{big.NewInt(1)}}
	perCurrency := map[string]map[string]analysis.Amount{}
	for i := range b.billed {
		o := &b.billed[i]
		if len(b.dims) > 1 && o.Owner[dim] == target && o.Period.Format("2006-01") == month && o.Amount.IsPositive() {
			if perCurrency[o.Currency] == nil {
				perCurrency[o.Currency] = map[string]analysis.Amount{}
			}
			k := strings.Join(o.Owner, "\x00")
			perCurrency[o.Currency][k] = perCurrency[o.Currency][k].Add(o.Amount)
		}
	}
	by := perCurrency[c.Currency]
	if by == nil && len(perCurrency) > 0 { // it has rows in other currencies only: in the first of them
		by = perCurrency[slices.Sorted(maps.Keys(perCurrency))[0]]
	}
	var keys []string
	var costs []analysis.Amount
	for k := range by {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) > 0 {
		l.owners = nil
		for _, k := range keys {
			l.owners, costs = append(l.owners, strings.Split(k, "\x00")), append(costs, by[k])
		}
		l.costs = integers(costs)
	}
	b.laid[key] = l
	return l.owners, l.costs
}
