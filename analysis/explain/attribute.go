package explain

import (
	"cmp"
	"math"
	"slices"

	"spendbot/analysis"
	"spendbot/analysis/explain/effect"
)

// newField is vector v over the usage leaves.
//
// Quantity is measured against the baseline scaled to the current period's days, so that the calendar is nobody's
// driver. A rate's effect is W·ln(ratio), so W is what makes the same change of a rate look the same on every leaf; for
// commitments, W times the covered share.
func (l *leaves) newField(v Vector, usage []int32) *field {
	n := len(l.t.Leaves)
	fd := &field{v: v, f: make([]float64, n), x: make([]float64, n), leaves: usage, sigma: rateSigmaFloor}
	scale := float64(l.o.CurDays) / float64(l.o.BaseDays)
	if v == Quantity {
		fd.sigma = sigmaFloor
	}
	for _, i := range usage {
		leaf := &l.t.Leaves[i]
		x := l.moved(int(i), v)
		f := l.base[i]
		if !leaf.Recurring {
			f *= scale
		}
		switch {
		case v == Quantity && l.cur[i] == 0:
			x = -f // the calendar has no part in what is gone
		case v == Quantity, v == OtherRate:
		default:
			f = 0
			if l.base[i] > 0 && l.cur[i] > 0 {
				f = effect.LogMean(l.base[i], l.cur[i])
			}
			if v == Commitment {
				f *= math.Max(covered(&leaf.BaseSums), covered(&leaf.CurSums))
			}
		}
		fd.f[i], fd.x[i] = f, x
	}
	fd.least = l.o.MinImpact * l.scaleOf()
	fd.pen = driverCost * fd.least
	fd.measureNoise()
	if v == Quantity {
		fd.vr = l.dayNoise(usage)
	}
	return fd
}

// scaleOf is the total that shares are taken of: gross usage of the baseline, or, of a store that hardly had any, a
// quarter of the current period's.
func (l *leaves) scaleOf() float64 {
	var b, c float64
	for i := range l.t.Leaves {
		if l.t.Leaves[i].Stratum == Usage {
			b += math.Abs(l.base[i])
			c += math.Abs(l.cur[i])
		}
	}
	return math.Max(b, c/4)
}

func covered(s *Sums) float64 {
	if !(s.Contracted > 0) || !(s.CoveredContracted > 0) {
		return 0
	}
	return math.Min(1, s.CoveredContracted/s.Contracted)
}

// measureNoise reads the relative noise of one leaf from the spread of all: most leaves have no event in them, so the
// median deviation from the median is not moved by those that have (1.4826 makes it a standard deviation).
func (fd *field) measureNoise() {
	var d []float64
	for _, i := range fd.leaves {
		if f, v := fd.f[i], fd.f[i]+fd.x[i]; f > 0 && v > 0 {
			d = append(d, 2*(v-f)/(v+f))
		}
	}
	if len(d) < 8 {
		return
	}
	m := quickMedian(d)
	for i := range d {
		d[i] = math.Abs(d[i] - m)
	}
	fd.sigma = math.Min(math.Max(fd.sigma, 1.4826*quickMedian(d)), sigmaCap)
}

// dayNoise is the variance of each leaf's current total that its daily variance in the baseline leads to, that of the
// expectation included; nil when no leaf has a history.
func (l *leaves) dayNoise(usage []int32) []float64 {
	var out []float64
	n0, n1 := float64(l.o.BaseDays), float64(l.o.CurDays)
	for _, i := range usage {
		if s2 := l.t.Leaves[i].BaseDayVar; s2 > 0 {
			if out == nil {
				out = make([]float64, len(l.t.Leaves))
			}
			out[i] = s2 * n1 * (1 + n1/n0)
		}
	}
	return out
}

func attribute(t *Table, o Options) (*Attribution, error) {
	l, err := newLeaves(t, o.withDefaults())
	if err != nil {
		return nil, err
	}
	var all totals
	var usage []int32
	for i := range t.Leaves {
		l.addTo(&all, i)
		if t.Leaves[i].Stratum == Usage {
			usage = append(usage, int32(i))
		}
	}
	a := &Attribution{
		Baseline: l.sumBase.amount(), Current: l.sumCur.amount(), Delta: l.sumCur.sub(l.sumBase).amount(),
		Effects: all.amounts(),
	}
	b := &builder{l: l, a: a, left: make([][]bool, numVectors)}
	b.oneTime()
	if l.scaleOf() > 0 {
		det := determines(t, usage)
		for v := range numVectors {
			b.vector(v, usage, det)
		}
	}
	b.choose()
	b.finish(all)
	return a, nil
}

// found is a slice in the cover of one vector.
type found struct {
	v      Vector
	conds  []Condition
	leaves []int32 // what it holds, ascending
	amount fixed
	stat   stat
}

// builder collects drivers.
type builder struct {
	l     *leaves
	a     *Attribution
	found []*found
	atoms []*atom
	left  [][]bool
}

func (b *builder) vector(v Vector, usage []int32, det [][]bool) {
	var gross float64
	for _, i := range usage {
		gross += math.Abs(b.l.moved(int(i), v))
	}
	// The search's own measure of movement may exceed this by the calendar's part in what is gone.
	if gross*1.25 < b.l.o.MinImpact*b.l.scaleOf() {
		return
	}
	fd := b.l.newField(v, usage)
	s := newLattice(b.l.t, fd, det, b.l.o.MaxConditions, b.l.o.MaxDrivers)
	s.cover()
	for k, c := range s.list {
		f := &found{v: v, conds: c.conds}
		f.stat = s.statOf(s.own(k, c), 1, 0, c)
		b.found = append(b.found, f)
	}
}

// atom is a set of one-time charges that belong together: a stratum, account, service and description.
type atom struct {
	stratum     Stratum
	description string
	conds       []Condition
	leaves      []int32
	amount      fixed
}

// oneTimeDims are the dimensions that one-time charges are told apart by.
var oneTimeDims = []string{analysis.DimAccount.Column(), analysis.DimService.Column()}

func (b *builder) oneTime() {
	t := b.l.t
	var dims []int
	for d := range t.Dims {
		if slices.Contains(oneTimeDims, t.Dims[d].Name) {
			dims = append(dims, d)
		}
	}
	type key struct {
		s    Stratum
		desc string
		v    [2]int32
	}
	by := map[key]*atom{}
	for i := range t.Leaves {
		f := &t.Leaves[i]
		if f.Stratum == Usage {
			continue
		}
		k := key{s: f.Stratum, desc: f.Description}
		for j, d := range dims[:min(len(dims), 2)] {
			k.v[j] = t.Dims[d].Codes[i]
		}
		at := by[k]
		if at == nil {
			at = &atom{stratum: f.Stratum, description: f.Description}
			for j, d := range dims[:min(len(dims), 2)] {
				at.conds = append(at.conds, Condition{d, k.v[j]})
			}
			by[k] = at
			b.atoms = append(b.atoms, at)
		}
		at.leaves = append(at.leaves, int32(i))
		at.amount = at.amount.add(b.l.delta[i])
	}
	floor := b.l.o.MinImpact * b.l.scaleOf()
	b.atoms = slices.DeleteFunc(b.atoms, func(at *atom) bool { return at.amount.zero() || math.Abs(at.amount.float()) < floor })
}

// choose keeps the MaxDrivers that matter most and fixes which leaves each slice holds: per vector, in order, what no
// earlier one took. Slices found in several vectors count once.
func (b *builder) choose() {
	b.hold()
	type slot struct {
		amount float64
		founds []*found
		at     *atom
	}
	var slots []*slot
	for _, f := range b.found {
		i := slices.IndexFunc(slots, func(s *slot) bool { return slices.Equal(s.founds[0].conds, f.conds) })
		if i < 0 {
			slots = append(slots, &slot{founds: []*found{f}, amount: math.Abs(f.amount.float())})
			continue
		}
		slots[i].founds = append(slots[i].founds, f)
		slots[i].amount += math.Abs(f.amount.float())
	}
	for _, at := range b.atoms {
		slots = append(slots, &slot{at: at, amount: math.Abs(at.amount.float())})
	}
	slices.SortStableFunc(slots, func(x, y *slot) int { return cmp.Compare(y.amount, x.amount) })
	if len(slots) <= b.l.o.MaxDrivers {
		return
	}
	for _, s := range slots[b.l.o.MaxDrivers:] {
		b.found = slices.DeleteFunc(b.found, func(f *found) bool { return slices.Contains(s.founds, f) })
		b.atoms = slices.DeleteFunc(b.atoms, func(at *atom) bool { return at == s.at })
	}
	b.hold()
}

// hold gives every found slice its leaves and amount.
func (b *builder) hold() {
	for v := range numVectors {
		b.left[v] = nil
	}
	for _, f := range b.found {
		if b.left[f.v] == nil {
			b.left[f.v] = make([]bool, len(b.l.t.Leaves))
			for i := range b.left[f.v] {
				b.left[f.v][i] = b.l.t.Leaves[i].Stratum == Usage
			}
		}
		f.leaves, f.amount = f.leaves[:0], fixed{}
		for i, free := range b.left[f.v] {
			if free && b.l.t.holds(f.conds, i) {
				b.left[f.v][i] = false
				f.leaves = append(f.leaves, int32(i))
				f.amount = f.amount.add(b.l.vector(i, f.v))
			}
		}
	}
}

// built is a driver with its exact effects.
type built struct {
	Driver
	effects totals
	sum     fixed
	founds  []*found
}

func (b *builder) finish(all totals) {
	l := b.l
	var ds []*built
	for _, f := range b.found {
		i := slices.IndexFunc(ds, func(d *built) bool { return slices.Equal(d.Conditions, f.conds) })
		if i < 0 {
			i = len(ds)
			ds = append(ds, &built{Driver: Driver{Kind: SliceDriver, Conditions: f.conds}})
		}
		d := ds[i]
		d.founds = append(d.founds, f)
		for _, j := range f.leaves {
			for _, k := range vectorKinds[f.v] {
				d.effects[k] = d.effects[k].add(l.part(int(j), k))
			}
		}
	}
	for _, at := range b.atoms {
		d := &built{Driver: Driver{Kind: OneTimeDriver, Conditions: at.conds, Stratum: at.stratum, Description: at.description, Leaves: at.leaves}}
		d.effects[oneTimeEffect(at.stratum)] = at.amount
		d.Confidence = analysis.High
		ds = append(ds, d)
	}
	for _, d := range ds {
		d.sum = d.effects.sum()
	}
	slices.SortStableFunc(ds, func(x, y *built) int {
		switch a, b := x.sum.abs(), y.sum.abs(); {
		case b.less(a):
			return -1
		case a.less(b):
			return 1
		}
		return compareConds(x.Conditions, y.Conditions)
	})
	calendar := all[effect.Calendar]
	if l.o.BaseDays != l.o.CurDays && math.Abs(calendar.float()) >= l.o.MinImpact*l.scaleOf() {
		d := &built{Driver: Driver{Kind: CalendarDriver}, sum: calendar}
		d.effects[effect.Calendar] = calendar
		d.Confidence = analysis.High
		ds = slices.Insert(ds, 0, d)
	}
	rest := all
	whole := make([]fixed, len(ds))
	for i := range l.t.Leaves {
		for k, d := range ds {
			if l.t.holds(d.Conditions, i) {
				whole[k] = whole[k].add(l.delta[i])
			}
		}
	}
	for k, d := range ds {
		for e, x := range d.effects {
			rest[e] = rest[e].sub(x)
		}
		b.describe(d)
		d.Amount, d.SliceTotal, d.Effects = d.sum.amount(), whole[k].amount(), d.effects.amounts()
		d.Slice = l.t.SliceOf(d.Conditions)
		if d.Kind == CalendarDriver {
			d.SliceTotal = d.Amount
		}
		b.a.Drivers = append(b.a.Drivers, d.Driver)
	}
	for _, f := range b.found {
		k := slices.IndexFunc(ds, func(d *built) bool { return slices.Contains(d.founds, f) })
		b.a.Cuts[f.v] = append(b.a.Cuts[f.v], Cut{Driver: k, Conditions: f.conds})
	}
	b.a.Rest = analysis.Rest{Amount: rest.sum().amount(), Effects: rest.amounts()}
	b.countRest(ds)
}

// countRest counts the leaves that drivers leave something of, and the largest piece.
func (b *builder) countRest(ds []*built) {
	l := b.l
	inAtom := make([]bool, len(l.t.Leaves))
	for _, at := range b.atoms {
		for _, i := range at.leaves {
			inAtom[i] = true
		}
	}
	calendar := len(ds) > 0 && ds[0].Kind == CalendarDriver
	var largest fixed
	for i := range l.t.Leaves {
		left := fixed{}
		if l.t.Leaves[i].Stratum != Usage {
			if !inAtom[i] {
				left = l.delta[i]
			}
		} else {
			left = l.delta[i]
			if calendar {
				left = left.sub(l.part(i, effect.Calendar))
			}
			for v := range numVectors {
				if b.left[v] != nil && !b.left[v][i] {
					left = left.sub(l.vector(i, v))
				}
			}
		}
		if left.zero() {
			continue
		}
		b.a.Rest.Slices++
		if largest.abs().less(left.abs()) {
			largest = left
		}
	}
	b.a.Rest.Largest = largest.abs().amount()
}
