package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/explain"
)

// charges are a case's lines in memory: the same path without a store, for cases drawn by the hundred.
type charges struct {
	lines []charge
}

// charge is one line.
type charge struct {
	day                               time.Time
	dims                              [5]string // dimNames
	resource                          string
	stratum                           explain.Stratum
	used                              bool
	quantity, list, contracted, costF float64
	cost                              decimal.Decimal
}

var dimNames = []string{"ServiceName", "SubAccountId", "RegionId", "tag:team", "SkuId"}

// loadLines reads FOCUS-like daily lines.
func loadLines(path string) (*charges, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	col := map[string]int{}
	for i, h := range head {
		col[strings.Clone(h)] = i
	}
	at := func(name string) (int, error) {
		i, ok := col[name]
		if !ok {
			return 0, fmt.Errorf("%s: no column %s", path, name)
		}
		return i, nil
	}
	names := []string{
		"ChargePeriodStart", "ServiceName", "SubAccountId", "RegionId", "team", "SkuId", "ResourceId", "ChargeCategory",
		"ChargeClass", "CommitmentDiscountStatus", "PricingQuantity", "ListCost", "ContractedCost", "EffectiveCost",
	}
	idx := make([]int, len(names))
	for i, n := range names {
		if idx[i], err = at(n); err != nil {
			return nil, err
		}
	}
	intern := map[string]string{}
	str := func(s string) string {
		if v, ok := intern[s]; ok {
			return v
		}
		s = strings.Clone(s)
		intern[s] = s
		return s
	}
	q := &charges{}
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return q, nil
		}
		if err != nil {
			return nil, err
		}
		var c charge
		if c.day, err = time.Parse(analysis.DateLayout, rec[idx[0]][:10]); err != nil {
			return nil, err
		}
		for i := range c.dims {
			c.dims[i] = str(rec[idx[1+i]])
		}
		c.resource = str(rec[idx[6]])
		switch cat := rec[idx[7]]; {
		case rec[idx[8]] == "Correction":
			c.stratum = explain.Correction
		case cat != "Usage":
			if c.stratum, err = explain.ParseStratum(strings.ToLower(cat)); err != nil {
				return nil, err
			}
		case rec[idx[9]] == "Unused":
			c.stratum = explain.CommitmentUnused
		}
		c.used = rec[idx[9]] == "Used"
		num := func(i int) float64 {
			v, err := strconv.ParseFloat(rec[idx[i]], 64)
			if err != nil {
				return math.NaN()
			}
			return v
		}
		c.quantity, c.list, c.contracted, c.costF = num(10), num(11), num(12), num(13)
		if c.cost, err = decimal.NewFromString(rec[idx[13]]); err != nil {
			return nil, err
		}
		q.lines = append(q.lines, c)
	}
}

// key is a leaf.
type key struct {
	dims    [5]string
	stratum explain.Stratum
}

type leafDays struct {
	leaf      explain.Leaf
	days      [2][]explain.DaySums
	resources [2]map[string]float64
}

// explain answers why the lines changed between two periods.
func (q *charges) explain(base, cur analysis.Period) (*analysis.Bridge, error) {
	t, leaves := q.aggregate(base, cur)
	o := explain.Options{BaseDays: base.Days(), CurDays: cur.Days()}
	for i := range t.Leaves {
		l, r := &t.Leaves[i], leaves[i].resources
		if l.Stratum != explain.Usage || !l.BaseCost.IsPositive() || !l.CurCost.IsPositive() {
			continue // there are new and removed resources only where there were others
		}
		for id, n := range r[1] {
			if _, ok := r[0][id]; !ok {
				l.NewQuantity += n
			}
		}
		for id, n := range r[0] {
			if _, ok := r[1][id]; !ok {
				l.GoneQuantity += n
			}
		}
	}
	a, err := explain.Attribute(t, o)
	if err != nil {
		return nil, err
	}
	br := a.Bridge("USD")
	for k := range br.Drivers {
		br.Drivers[k].Onset = onsetOf(a, k, leaves, base, cur)
	}
	return br, nil
}

// aggregate groups the lines of the two periods by leaf, and by day within it.
func (q *charges) aggregate(base, cur analysis.Period) (*explain.Table, []*leafDays) {
	t := explain.NewTable(dimNames...)
	by := map[key]*leafDays{}
	var keys []key
	for i := range q.lines {
		c := &q.lines[i]
		p, per := 0, base
		switch {
		case base.Contains(c.day):
		case cur.Contains(c.day):
			p, per = 1, cur
		default:
			continue
		}
		k := key{c.dims, c.stratum}
		l := by[k]
		if l == nil {
			l = &leafDays{leaf: explain.Leaf{Stratum: c.stratum}}
			l.days = [2][]explain.DaySums{make([]explain.DaySums, base.Days()), make([]explain.DaySums, cur.Days())}
			l.resources = [2]map[string]float64{{}, {}}
			by[k] = l
			keys = append(keys, k)
		}
		s, cost := &l.leaf.BaseSums, &l.leaf.BaseCost
		if p == 1 {
			s, cost = &l.leaf.CurSums, &l.leaf.CurCost
		}
		s.Quantity += c.quantity
		s.List += c.list
		s.Contracted += c.contracted
		*cost = cost.Add(c.cost)
		d := &l.days[p][int(c.day.Sub(per.Start).Hours()/24+.5)]
		d.Quantity += c.quantity
		d.List += c.list
		d.Contracted += c.contracted
		d.Cost += c.costF
		if c.used {
			s.CoveredContracted += c.contracted
			s.CoveredCost += c.costF
			d.CoveredContracted += c.contracted
			d.CoveredCost += c.costF
		}
		l.resources[p][c.resource] += c.quantity
	}
	leaves := make([]*leafDays, len(keys))
	for i, k := range keys {
		l := by[k]
		var s, s2 float64
		for _, d := range l.days[0] {
			s += d.Cost
			s2 += d.Cost * d.Cost
		}
		n := float64(len(l.days[0]))
		l.leaf.BaseDayVar = max(0, s2/n-(s/n)*(s/n))
		t.Add(k.dims[:], l.leaf)
		leaves[i] = l
	}
	return t, leaves
}

// onsetOf dates driver k of a.
func onsetOf(a *explain.Attribution, k int, leaves []*leafDays, base, cur analysis.Period) analysis.Onset {
	d := &a.Drivers[k]
	var parts []explain.Daily
	for _, i := range d.Leaves {
		parts = append(parts, explain.Daily{Base: leaves[i].days[0], Cur: leaves[i].days[1]})
	}
	switch d.Kind {
	case explain.SliceDriver:
		return explain.OnsetOf(d.Vectors[0], parts, base, cur, false)
	case explain.OneTimeDriver:
		sum := func(p func(explain.Daily) []explain.DaySums, n int) []float64 {
			out := make([]float64, n)
			for _, x := range parts {
				for j, s := range p(x) {
					out[j] += s.Cost
				}
			}
			return out
		}
		return explain.OneTimeOnset(
			sum(func(x explain.Daily) []explain.DaySums { return x.Base }, base.Days()),
			sum(func(x explain.Daily) []explain.DaySums { return x.Cur }, cur.Days()), base, cur)
	}
	return analysis.Onset{}
}
