package main

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/explain"
)

// planted is an event of a generated case.
type planted struct {
	kind   string
	slice  map[string]string
	onset  int // day of the current period, from 1
	factor float64
	delta  float64
}

// company is a generated case: two months of daily lines with planted events, of the kind the benchmark's cases are but
// drawn anew from a seed.
type company struct {
	q         *charges
	base, cur analysis.Period
	events    []planted
	total     float64 // of the baseline
}

// series is a price key with its resources, before it becomes lines.
type series struct {
	dims     [5]string
	price    float64
	discount float64   // contracted over list
	covered  []float64 // per resource: effective over contracted when a commitment pays, else 0
	quantity []float64 // per resource and day
	ids      [2][]string
	drift    float64
	onlyCur  int // first day it exists in the current period, for new ones
	goneFrom int // day of the current period it ends, for removed ones; -1 otherwise
}

func pick[T any](r *rand.Rand, s ...T) T { return s[r.IntN(len(s))] }

// newCompany draws a case.
func newCompany(seed uint64) *company {
	r := rand.New(rand.NewPCG(seed, 77))
	month := analysis.Day(2025, time.Month(1+r.IntN(12)), 1)
	c := &company{q: &charges{}, base: analysis.MonthOf(month), cur: analysis.MonthOf(month.AddDate(0, 1, 0))}
	n0, n1 := c.base.Days(), c.cur.Days()
	noise, churn := .015+.075*r.Float64(), .6*r.Float64()
	tail := 1 + 1.2*r.Float64()
	var accounts, services, regions []string
	for range 4 + r.IntN(6) {
		accounts = append(accounts, fmt.Sprint(100000000000+r.Int64N(899999999999)))
	}
	for i := range 7 + r.IntN(8) {
		services = append(services, fmt.Sprintf("Service%c", 'A'+i))
	}
	regions = []string{"us-east-1", "eu-west-1", "us-west-2", "ap-northeast-1"}[:2+r.IntN(3)]
	teams := []string{"", "growth", "data", "infra", "mobile", "payments", "search", "platform", "core"}
	discounts := map[string]float64{}
	for _, a := range accounts {
		discounts[a] = pick(r, 1, 1, .95, .9, .88, .8)
	}
	commitments := map[string]bool{}
	for range r.IntN(5) {
		commitments[pick(r, services...)] = true
	}
	var all []*series
	leaf := func(a, s, sku, region, team string) *series {
		l := &series{dims: [5]string{s, a, region, team, sku}, price: math.Exp(r.NormFloat64()), discount: discounts[a], goneFrom: -1}
		size := math.Exp(tail * r.NormFloat64())
		for k := range 1 + r.IntN(3) {
			l.quantity = append(l.quantity, size/l.price*100/3*(.5+r.Float64()))
			cov := 0.
			if commitments[s] && r.Float64() < .7 {
				cov = pick(r, .58, .611, .644, .659)
			}
			l.covered = append(l.covered, cov)
			id := fmt.Sprintf("r-%d-%d", len(all), k)
			l.ids[0] = append(l.ids[0], id)
			if r.Float64() < churn/3 {
				id += "-b"
			}
			l.ids[1] = append(l.ids[1], id)
		}
		l.drift = math.Exp(noise*r.NormFloat64() - noise*noise/2)
		all = append(all, l)
		return l
	}
	keep := .2 + .3*r.Float64()
	for _, s := range services {
		for u := range 2 + r.IntN(5) {
			sku := fmt.Sprintf("%s-u%d", s, u)
			for _, a := range accounts {
				for _, region := range regions {
					if r.Float64() < keep {
						leaf(a, s, sku, region, pick(r, teams...))
					}
				}
			}
		}
	}
	factor := map[*series]map[string]func(day int) float64{}
	apply := func(l *series, what string, onset int, f float64) {
		if factor[l] == nil {
			factor[l] = map[string]func(int) float64{}
		}
		was := factor[l][what]
		factor[l][what] = func(day int) float64 {
			x := 1.
			if was != nil {
				x = was(day)
			}
			if day >= onset {
				x *= f
			}
			return x
		}
	}
	value := func(l *series, from int) float64 { // dollars from a day of the current period on
		var v float64
		for k, q := range l.quantity {
			e := 1.
			if l.covered[k] > 0 {
				e = l.covered[k]
			}
			v += q * l.price * l.discount * e * float64(n1-from+1) * l.drift
		}
		return v
	}
	for _, l := range all {
		c.total += value(l, 1) * float64(n0) / float64(n1)
	}
	type oneTime struct {
		dims    [5]string
		day     int
		amount  float64
		stratum explain.Stratum
	}
	var lines []oneTime
	for range 1 + r.IntN(5) {
		l := all[r.IntN(len(all))]
		e := planted{onset: pick(r, 1, 1, 1+r.IntN(17), 1+r.IntN(17), 1+r.IntN(17))}
		at := func(ds ...int) map[string]string {
			m := map[string]string{}
			for _, d := range ds {
				m[dimNames[d]] = l.dims[d]
			}
			return m
		}
		// Dimensions: 0 service, 1 account, 2 region, 3 team, 4 SKU.
		switch k := r.IntN(20); {
		case k < 9:
			e.kind, e.factor = "volume", pick(r, .3+.4*r.Float64(), 1.4+1.2*r.Float64())
			e.slice = pick(r, at(1), at(3), at(0, 1), at(0, 3), at(2, 3), at(0, 1, 2), at(4), at(1, 3))
		case k < 10:
			e.kind, e.factor = "list_price", pick(r, .8, .9, 1.1, 1.15, 1.25)
			e.slice = pick(r, at(4), at(2, 4))
		case k < 12:
			e.kind, e.factor = "discount", pick(r, .7, .8, .85, .9, 1.1, 1.14)
			e.slice = at(1)
		case k < 14:
			e.kind, e.factor = "coverage", pick(r, 0., .3, .5)
			e.slice = pick(r, at(0, 1), at(0))
		case k < 15:
			e.kind, e.slice = "new", map[string]string{"SubAccountId": pick(r, accounts...), "SkuId": l.dims[4] + "-new"}
		case k < 16:
			e.kind, e.slice = "removed", at(1, 4)
		default:
			e.kind = pick(r, "credit", "refund", "purchase", "tax")
		}
		if slices.ContainsFunc(c.events, func(o planted) bool { return o.kind == e.kind && maps.Equal(o.slice, e.slice) }) {
			continue // one event twice is one event
		}
		switch e.kind {
		case "credit", "refund", "purchase", "tax":
			amount := c.total * (.01 + .12*r.Float64())
			st, name := explain.Tax, "Tax"
			switch e.kind {
			case "credit":
				st, name, amount = explain.Credit, "Credits", -amount
			case "refund":
				st, name, amount = explain.Correction, "Refunds", -amount
			case "purchase":
				st, name = explain.Purchase, "Marketplace"
			}
			a := pick(r, accounts...)
			e.onset = 1 + r.IntN(n1)
			e.slice = map[string]string{"SubAccountId": a, "ServiceName": name}
			if slices.ContainsFunc(c.events, func(o planted) bool { return o.kind == e.kind && maps.Equal(o.slice, e.slice) }) {
				continue
			}
			e.delta = amount
			lines = append(lines, oneTime{[5]string{name, a, "", "", name}, e.onset, math.Round(amount*100) / 100, st})
		case "new":
			for range 1 + r.IntN(2) {
				x := leaf(e.slice["SubAccountId"], l.dims[0], e.slice["SkuId"], pick(r, regions...), pick(r, teams...))
				x.onlyCur = e.onset
				// Of a size that matters now and then.
				scale := c.total * (.002 + .03*r.Float64()) / value(x, e.onset)
				for k := range x.quantity {
					x.quantity[k] *= scale
				}
				e.delta += value(x, e.onset)
			}
		default:
			for _, x := range all {
				if !under(x.dims, e.slice) || x.onlyCur > 0 {
					continue
				}
				switch e.kind {
				case "removed":
					x.goneFrom = 1
					e.onset = 1
					e.delta -= value(x, 1)
				case "coverage":
					before := value(x, e.onset)
					lost := 0.
					for k, g := range x.covered {
						if g > 0 {
							lost += x.quantity[k] * x.price * x.discount * (1 - g) * (1 - e.factor) * float64(n1-e.onset+1)
						}
					}
					if lost > 0 && before > 0 {
						e.delta += lost
						apply(x, e.kind, e.onset, e.factor)
					}
				default:
					e.delta += value(x, e.onset) * (e.factor - 1)
					apply(x, e.kind, e.onset, e.factor)
				}
			}
		}
		if e.delta != 0 {
			c.events = append(c.events, e)
		}
	}
	round := func(x float64) float64 { return math.Round(x*1e6) / 1e6 }
	for _, l := range all {
		f := func(what string, day int) float64 {
			if g := factor[l][what]; g != nil {
				return g(day)
			}
			return 1
		}
		for p, days := range []int{n0, n1} {
			start, ids := c.base.Start, l.ids[0]
			if p == 1 {
				start, ids = c.cur.Start, l.ids[1]
			}
			for day := 1; day <= days; day++ {
				if p == 0 && l.onlyCur > 0 || p == 1 && (day < l.onlyCur || l.goneFrom > 0 && day >= l.goneFrom) {
					continue
				}
				for k, q := range l.quantity {
					q *= 1 + .03*r.NormFloat64()
					price, disc, cov := l.price, l.discount, 1.
					if p == 1 {
						q *= l.drift * f("volume", day)
						price *= f("list_price", day)
						disc *= f("discount", day)
						cov = f("coverage", day)
					}
					emit := func(q, g float64, used bool) {
						if q == 0 {
							return
						}
						ch := charge{day: start.AddDate(0, 0, day-1), dims: l.dims, resource: ids[k], used: used}
						ch.quantity, ch.list, ch.contracted = round(q), round(q*price), round(q*price*disc)
						ch.cost = decimal.NewFromFloat(round(q * price * disc * g))
						ch.costF = ch.cost.InexactFloat64()
						c.q.lines = append(c.q.lines, ch)
					}
					if g := l.covered[k]; g > 0 {
						emit(q*cov, g, true)
						emit(q*(1-cov), 1, false)
					} else {
						emit(q, 1, false)
					}
				}
			}
		}
	}
	for _, o := range lines {
		c.q.lines = append(c.q.lines, charge{
			day: c.cur.Start.AddDate(0, 0, o.day-1), dims: o.dims, stratum: o.stratum, quantity: math.NaN(),
			list: o.amount, contracted: o.amount, costF: o.amount, cost: decimal.NewFromFloat(o.amount),
		})
	}
	return c
}

// under reports whether a price key lies in a slice.
func under(dims [5]string, slice map[string]string) bool {
	for d, n := range dimNames {
		if v, ok := slice[n]; ok && dims[d] != v {
			return false
		}
	}
	return true
}
