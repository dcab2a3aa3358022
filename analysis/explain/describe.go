package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/explain/effect"
)

// Constants of what is said about a driver.
const (
	// offsetShare is the share of a driver's amount that a part moving the other way must reach to be worth a line.
	offsetShare = 0.1
	maxOffsets  = 3
	// still is the relative change below which a price is called unchanged.
	still = 0.005
)

// describe sets what is said about a driver beyond its amounts: confidence, words, offsets.
func (b *builder) describe(d *built) {
	switch d.Kind {
	case CalendarDriver:
		d.How = fmt.Sprintf("%d days against %d", b.l.o.CurDays, b.l.o.BaseDays)
		return
	case OneTimeDriver:
		d.How = b.onceWords(d)
		return
	}
	slices.SortStableFunc(d.founds, func(x, y *found) int {
		switch a, b := x.amount.abs(), y.amount.abs(); {
		case b.less(a):
			return -1
		case a.less(b):
			return 1
		}
		return int(x.v) - int(y.v)
	})
	carried := map[int32]fixed{}
	var words []string
	for _, f := range d.founds {
		d.Vectors = append(d.Vectors, f.v)
		d.VectorAmounts = append(d.VectorAmounts, f.amount.amount())
		d.VectorScores = append(d.VectorScores, f.stat.score)
		for _, i := range f.leaves {
			carried[i] = carried[i].add(b.l.vector(int(i), f.v))
		}
		if w := b.words(f, len(d.founds) == 1); w != "" {
			words = append(words, w)
		}
	}
	for i := range carried {
		d.Leaves = append(d.Leaves, i)
	}
	slices.Sort(d.Leaves)
	d.How = strings.Join(words, "; ")
	d.Offsets = b.offsets(d, carried)
	st := d.founds[0].stat
	d.ZScore = st.z
	d.Confidence = confidence(st.score)
}

// confidence grades nats above what chance reaches among the slices searched: a slice found at the threshold is medium,
// one with the square of its odds high, one that noise would explain low.
func confidence(score float64) analysis.Confidence {
	switch {
	case score >= 2*significant:
		return analysis.High
	case score >= significant:
		return analysis.Medium
	default:
		return analysis.Low
	}
}

// words say what moved: "usage x4.1, price unchanged". alone is false when the driver's other vectors are named as well.
func (b *builder) words(f *found, alone bool) string {
	l := b.l
	switch f.v {
	case Quantity:
		return b.usageWords(f, alone)
	case ListPrice:
		return "list price " + percent(b.rate(f))
	case Negotiated:
		var list, contracted [2]float64
		for _, i := range f.leaves {
			s := &l.t.Leaves[i]
			for p, x := range []*Sums{&s.BaseSums, &s.CurSums} {
				if x.List > 0 && x.Contracted > 0 {
					list[p] += x.List
					contracted[p] += x.Contracted
				}
			}
		}
		if list[0] > 0 && list[1] > 0 {
			return fmt.Sprintf("discount %s -> %s", share(1-contracted[0]/list[0]), share(1-contracted[1]/list[1]))
		}
		return "negotiated price " + percent(b.rate(f))
	case Commitment:
		var cov, price fixed
		var part, whole, paid [2]float64
		for _, i := range f.leaves {
			cov, price = cov.add(l.part(int(i), effect.Coverage)), price.add(l.part(int(i), effect.CommitmentRate))
			s := &l.t.Leaves[i]
			if covered(&s.BaseSums) == 0 && covered(&s.CurSums) == 0 {
				continue
			}
			for p, x := range []*Sums{&s.BaseSums, &s.CurSums} {
				if x.Contracted > 0 {
					part[p] += x.CoveredContracted
					paid[p] += x.CoveredCost
					whole[p] += x.Contracted
				}
			}
		}
		if price.abs().less(cov.abs()) {
			return fmt.Sprintf("covered %s -> %s", share(part[0]/whole[0]), share(part[1]/whole[1]))
		}
		if part[0] > 0 && part[1] > 0 && paid[0] > 0 {
			return "commitment price " + percent(paid[1]/part[1]/(paid[0]/part[0]))
		}
	case Currency:
		return "exchange rate " + percent(b.rate(f))
	case OtherRate:
		if r := b.rate(f); r > 0 {
			return "cost per unit " + percent(r)
		}
	}
	return ""
}

// rate is the average ratio of a vector's rate, exp(effect/W), over the leaves that moved; 0 when it has none.
func (b *builder) rate(f *found) float64 {
	var x, w float64
	for _, i := range f.leaves {
		if v := b.l.moved(int(i), f.v); v != 0 && b.l.base[i] > 0 && b.l.cur[i] > 0 {
			x += v
			w += effect.LogMean(b.l.base[i], b.l.cur[i])
		}
	}
	if w == 0 {
		return 0
	}
	return math.Exp(x / w)
}

func (b *builder) usageWords(f *found, alone bool) string {
	l := b.l
	scale := float64(l.o.CurDays) / float64(l.o.BaseDays)
	var before, after, rates, w float64
	var parts effect.Parts
	for _, i := range f.leaves {
		x := l.base[i]
		if !l.t.Leaves[i].Recurring {
			x *= scale
		}
		k := l.key(int(i))
		switch {
		case l.cur[i] == 0:
		case l.base[i] > 0 && k.Base.Quantity > 0 && k.Cur.Quantity > 0:
			after += l.base[i] * k.Cur.Quantity / k.Base.Quantity // what it would cost at the baseline's prices
		default:
			after += x + l.moved(int(i), Quantity)
		}
		before += x
		for _, k := range vectorKinds[Quantity] {
			parts[k] += float64(l.units[i][k])
		}
		if l.base[i] > 0 && l.cur[i] > 0 {
			w += effect.LogMean(l.base[i], l.cur[i])
			for _, v := range []Vector{ListPrice, Negotiated, Commitment, Currency, OtherRate} {
				rates += math.Abs(l.moved(int(i), v))
			}
		}
	}
	switch {
	case before <= 0 && after > 0:
		return "new"
	case after <= 0:
		return "gone"
	}
	s := "usage " + percent(after/before)
	if alone && w > 0 && rates < still*w {
		s += ", price unchanged"
	}
	fresh, gone, net := parts[effect.NewResources], -parts[effect.RemovedResources], 0.0
	for _, x := range parts {
		net += x
	}
	switch {
	case math.Min(fresh, gone) > math.Max(fresh, gone)/2 && math.Max(fresh, gone) > math.Abs(net):
		s += ", resources replaced"
	case net > 0 && fresh-gone > net/2:
		s += ", on new resources"
	case net < 0 && gone-fresh > -net/2:
		s += ", resources removed"
	}
	return s
}

// onceWords say of one-time charges whether they are there in one period only.
func (b *builder) onceWords(d *built) string {
	var before, now bool
	for _, i := range d.Leaves {
		before = before || b.l.base[i] != 0
		now = now || b.l.cur[i] != 0
	}
	switch {
	case !before:
		return "none before"
	case !now:
		return "none now"
	}
	return ""
}

// percent writes a ratio as readers say it: "x4.1", "+12%", "-3.5%", "unchanged".
func percent(r float64) string {
	switch d := r - 1; {
	case r >= 2:
		return fmt.Sprintf("x%.1f", r)
	case math.Abs(d) < still:
		return "unchanged"
	case math.Abs(d) < .1:
		return fmt.Sprintf("%+.1f%%", 100*d)
	default:
		return fmt.Sprintf("%+.0f%%", 100*d)
	}
}

// share writes a part of a whole.
func share(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) }

// offsets are the largest parts of a driver that moved against it, cut by the dimension that shows most of them.
func (b *builder) offsets(d *built, carried map[int32]fixed) []analysis.Offset {
	t := b.l.t
	sign := d.sum.sign()
	if sign == 0 {
		return nil
	}
	against := func(x fixed) bool { return x.sign() == -sign }
	var best []fixed
	var bestDim int
	var most float64
	for dim := range t.Dims {
		if slices.ContainsFunc(d.Conditions, func(c Condition) bool { return c.Dim == dim }) {
			continue
		}
		by := make([]fixed, len(t.Dims[dim].Values))
		for i, x := range carried {
			c := t.Dims[dim].Codes[i]
			by[c] = by[c].add(x)
		}
		var sum float64
		for _, x := range by {
			if against(x) {
				sum += math.Abs(x.float())
			}
		}
		// A finer cut shows a little more at the price of many small parts: it must show clearly more.
		if sum > most*1.25 {
			best, bestDim, most = by, dim, sum
		}
	}
	var out []analysis.Offset
	floor := offsetShare * math.Abs(d.sum.float())
	codes := make([]int, 0, maxOffsets)
	for c, x := range best {
		if against(x) && math.Abs(x.float()) >= floor {
			codes = append(codes, c)
		}
	}
	slices.SortStableFunc(codes, func(a, b int) int { return cmp.Compare(math.Abs(best[b].float()), math.Abs(best[a].float())) })
	for _, c := range codes[:min(len(codes), maxOffsets)] {
		out = append(out, analysis.Offset{
			Slice:  map[string]string{t.Dims[bestDim].Name: t.Dims[bestDim].Values[c]},
			Amount: best[c].amount(),
		})
	}
	return out
}
