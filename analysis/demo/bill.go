package demo

import (
	"context"
	"time"
)

// bill makes one file: what one payer owes for one month.
type bill struct {
	*world
	payer  *payer
	month  time.Time
	layout *layout
	lines  []line
	plans  []plan

	// By line: unit prices of this month in the bill's currency, and in USD.
	list, contracted       []micro
	usdList, usdContracted []micro
	unchanged              []micro // the contracted price had there been no list-price change
	base                   []micro // the quantity of the last day, without rhythm and noise
	shares                 [][]int64
	coverable              []bool
	// By plan: the lines it may cover and, by line, the price they pay then.
	eligible [][]int
	rates    [][]micro

	templates map[templateKey]*template
	stamps    [25]string // the hours of the day at hand
	partial   bool       // most rows of the day at hand have not arrived yet

	buf     []byte
	flush   func([]byte) error
	rows    int64
	sums    [4]total // billed, effective, list, contracted
	ledger  ledger
	taxable map[string]*total // billed so far, by account
}

type templateKey struct{ line, resource, plan, variant int }

// movedVariant marks the rows of the account that changed teams; the other bits count fleet generations.
const movedVariant = 1 << 20

func (w *world) newBill(p *payer, month time.Time, flush func([]byte) error) *bill {
	g := &bill{
		world: w, payer: p, month: month, lines: w.company.linesOf(p.key), templates: map[templateKey]*template{},
		flush: flush, ledger: ledger{}, taxable: map[string]*total{},
	}
	var extra []string
	if p.key == "aws" {
		extra = []string{"x_Operation", "x_UsageType"}
	}
	g.layout = layoutOf(p.version, extra...)
	for _, pl := range plans(w.anchors, w.planted) {
		if pl.payer == p.key {
			g.plans = append(g.plans, pl)
		}
	}
	n := len(g.lines)
	g.coverable = make([]bool, n)
	for at := range g.lines {
		l := &g.lines[at]
		before := l.listPrice()
		now := before
		if l.sku.key == "bq-scan" && !month.Before(firstOf(w.planted.price)) {
			now = newScan * (100 + l.region.premium) / 100
		}
		net := func(price micro) micro { return price * (100 - p.discount) / 100 }
		g.usdList, g.usdContracted = append(g.usdList, now), append(g.usdContracted, net(now))
		g.unchanged = append(g.unchanged, net(before))
		g.base = append(g.base, mulDiv(l.usd, one, net(before)))
		g.shares = append(g.shares, w.shares(l))
		if p.currency != "USD" {
			now = mulDiv(now, euroRate(w.seed, month), one)
		}
		g.list, g.contracted = append(g.list, now), append(g.contracted, net(now))
	}
	for i := range g.plans {
		rates := make([]micro, n)
		var eligible []int
		for at := range g.lines {
			if g.plans[i].covers(&g.lines[at]) {
				eligible = append(eligible, at)
				rates[at] = g.plans[i].rate(&g.lines[at])
				g.coverable[at] = true
			}
		}
		g.eligible, g.rates = append(g.eligible, eligible), append(g.rates, rates)
	}
	return g
}

// euroRate is euros per dollar, in parts per million, fixed for a billing month as Microsoft does.
func euroRate(seed uint64, month time.Time) int64 {
	return 908_000 + int64(hash(seed, uint64(month.Unix()), 99)%19_000)
}

// write makes the rows of the whole month.
func (g *bill) write(ctx context.Context) error {
	for i, name := range g.layout.names {
		if i > 0 {
			g.buf = append(g.buf, ',')
		}
		g.buf = append(g.buf, name...)
	}
	g.buf = append(g.buf, '\n')
	next := g.month.AddDate(0, 1, 0)
	g.monthly()
	quantities := make([]micro, len(g.lines))
	var real, otherwise coverage
	for day := g.month; day.Before(next) && day.Before(g.end); day = day.AddDate(0, 0, 1) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for h := range g.stamps {
			g.stamps[h] = stamp(day.Add(time.Duration(h) * time.Hour))
		}
		g.partial = g.payer.provider == "Microsoft" && day.Equal(g.end.AddDate(0, 0, -1))
		g.quantities(day, quantities)
		g.cover(quantities, func(p *plan) bool { return p.active(day) }, &real)
		if g.payer.key == "aws" && !day.Before(g.planted.planEnd) {
			g.cover(quantities, func(p *plan) bool { return p.active(day) || p.id == endingPlan }, &otherwise)
			g.ledger.add(planEnds, day, g.effective(&real)-g.effective(&otherwise))
		}
		for at := range g.lines {
			if err := g.emitLine(at, day, &real); err != nil {
				return err
			}
		}
		g.daily(day, &real)
	}
	if !next.After(g.end) {
		g.tax(next.AddDate(0, 0, -1))
	}
	return g.flush(g.buf)
}

// quantities sets the day's quantity of each line, planted events included, and enters those in the ledger.
func (g *bill) quantities(day time.Time, qs []micro) {
	ago := max(0, int(g.known.Sub(day)/(24*time.Hour))-1) // days that have passed since are as the last
	for at := range g.lines {
		l := &g.lines[at]
		q := mulDiv(g.base[at], g.growth[l.growth][ago], dollar)
		q = mulDiv(q, rhythm(l.sku.rhythm, day), one)
		q = mulDiv(q, noise(hash(g.seed, l.salt, uint64(day.Unix())), l.sku.noise), one)
		if l.sku.key == "bq-scan" && !day.Before(g.planted.price) {
			g.ledger.add(priceRise, day, (g.contracted[at]-g.unchanged[at])*q)
		}
		qs[at] = q
	}
	p := &g.planted
	moved := micro(0)
	for at := range g.lines {
		before := qs[at]
		event := ""
		switch g.lines[at].planted {
		case natLoop:
			if !day.Before(p.nat) && !g.mended(natLoop, day) {
				event, qs[at] = natLoop, mulDiv(before, natFactor, one)
			}
		case logRunaway:
			if !day.Before(p.logs) && !g.mended(logRunaway, day) {
				event, qs[at] = logRunaway, mulDiv(before, logFactor, one)
			}
		case s3Out:
			if !day.Before(p.tier) {
				moved = mulDiv(before, movedShare, one)
				event, qs[at] = s3Out, before-moved
			}
		case s3In: // comes after s3Out in spend.tsv
			event, qs[at] = s3In, before+moved
		case gpu:
			before, qs[at] = 0, 0
			if !day.Before(p.gpuFrom) && day.Before(p.gpuTo) {
				event, qs[at] = gpuLeftOn, 2*24*one
			}
		}
		if qs[at] == before {
			continue
		}
		change := g.contracted[at] * (qs[at] - before)
		g.ledger.add(event, day, change)
		switch event {
		case s3Out, s3In:
			g.ledger.add(s3Move, day, change)
		case gpuLeftOn:
			g.ledger.add(gpuOff, day, change)
		}
	}
}

// mended reports whether somebody has ended an event by a day.
func (w *world) mended(event string, day time.Time) bool {
	at, ok := w.fixed[event]
	return ok && !day.Before(at)
}

// moved reports whether a line's account is the one that changes teams.
func (w *world) moved(l *line) bool { return l.account.name == movedWho }

// variant says which fleet and which tags a line has on a day.
func (w *world) variant(l *line, day time.Time) int {
	v := 0
	if l.planted == churn && !day.Before(w.planted.churnFrom) {
		last := day
		if !day.Before(w.planted.churnTo) {
			last = w.planted.churnTo.AddDate(0, 0, -1)
		}
		v = 1 + int(last.Sub(w.planted.churnFrom)/(72*time.Hour))
	}
	if w.moved(l) && !day.Before(w.planted.move) {
		v |= movedVariant
	}
	return v
}

// emitLine writes a line's rows of a day: what no plan covers, then what each plan covers.
func (g *bill) emitLine(at int, day time.Time, c *coverage) error {
	l := &g.lines[at]
	variant := g.variant(l, day)
	effective := g.contracted[at] * c.open[at]
	if err := g.emit(at, -1, variant, c.open[at]); err != nil {
		return err
	}
	for i := range g.plans {
		if len(c.by[i]) == 0 || c.by[i][at] == 0 {
			continue
		}
		effective += g.rates[i][at] * c.by[i][at]
		if err := g.emit(at, i, variant, c.by[i][at]); err != nil {
			return err
		}
	}
	if variant&movedVariant != 0 {
		g.ledger.add(teamOut, day, -effective)
		g.ledger.add(teamIn, day, effective)
	}
	return nil
}

// emit divides a quantity among the line's resources, and hours if the files are that fine, and writes their rows.
func (g *bill) emit(at, pi, variant int, q micro) error {
	if q == 0 {
		return nil
	}
	var p *plan
	rate := g.contracted[at]
	if pi >= 0 {
		p, rate = &g.plans[pi], g.rates[pi][at]
	}
	shares, hourly := g.shares[at], &evenHours
	if g.lines[at].sku.rhythm == "traffic" {
		hourly = &busyHours
	}
	slots, span := 1, 24
	if g.hourly {
		slots, span = 24, 1
	}
	for n := range len(shares) - 1 {
		part := share(q, shares, n)
		key := templateKey{at, n, pi, variant}
		t := g.templates[key]
		if t == nil {
			t = g.usage(at, n, p, pi, variant).compile()
			g.templates[key] = t
		}
		for slot := range slots {
			rq := part
			if g.hourly {
				rq = share(part, hourly[:], slot)
			}
			if rq == 0 || g.partial && hash(g.lines[at].salt, uint64(n), uint64(slot), 5)%100 >= 40 {
				continue
			}
			a := amounts{
				start: g.stamps[slot*span], end: g.stamps[(slot+1)*span], quantity: rq,
				list: g.list[at] * rq, contracted: g.contracted[at] * rq, effective: rate * rq, priced: g.usdContracted[at] * rq,
			}
			if pi < 0 {
				a.billed = a.effective
			} else {
				a.priced = a.effective
			}
			if err := g.put(t, &a, g.lines[at].account.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// share is the nth part of q by cumulative weights; the parts of all n make q exactly.
func share(q micro, cumulative []int64, n int) micro {
	whole := cumulative[len(cumulative)-1]
	return mulDiv(q, cumulative[n+1], whole) - mulDiv(q, cumulative[n], whole)
}

var busyHours, evenHours = func() (busy, even [25]int64) {
	for h := range hours {
		busy[h+1], even[h+1] = busy[h]+hours[h], even[h]+1
	}
	return
}()

// put writes one row and counts it.
func (g *bill) put(t *template, a *amounts, account string) error {
	g.rows++
	for i, p := range [4]pico{a.billed, a.effective, a.list, a.contracted} {
		g.sums[i].add(p)
	}
	if account != "" {
		if g.taxable[account] == nil {
			g.taxable[account] = &total{}
		}
		g.taxable[account].add(a.billed)
	}
	g.buf = t.append(g.buf, a)
	if len(g.buf) < 1<<18 {
		return nil
	}
	err := g.flush(g.buf)
	g.buf = g.buf[:0]
	return err
}
