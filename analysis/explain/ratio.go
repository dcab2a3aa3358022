package explain

import (
	"cmp"
	"math"
	"slices"
)

// Constants of the relative search (explain.md 3.5).
const (
	ratioMaxCauses = 20
	// ratioScore is the least score of a slice in nats. Explain.md has 6; with normal tails chance reaches half of it in
	// one search of a hundred.
	ratioScore = 3.5
	// ratioPurity is the share of a slice's leaves that must have moved at least half as far as its mean, noise aside.
	ratioPurity = 0.8
	// leastPurity is a clear majority, which it must be however loud the noise.
	leastPurity = 0.6
)

// Cause is a slice found by [Ratio].
type Cause struct {
	Conditions []Condition // indices into the dims given, codes of their Values
	Score      float64     // log-likelihood ratio less its penalties, in nats
	Leaves     int
}

// Ratio finds the slices whose leaves moved away from their prediction together, most significant first (explain.md
// 3.5): the search by relative change, blind to money. Dims hold a code per leaf; real and predict a value.
//
// With d = √2(v-f)/√(v²+f²) per leaf, x = d - median(d) and sigma its robust scale over the leaves not yet explained, a
// slice of n leaves scores (Σx)²/(2nσ²) - ln(cells of its kind) - conditions. The true slice peaks: a wider one is diluted, a
// narrower one has fewer leaves. A slice must beat the best of its kind that moved against the total (the mirror null:
// what moves that way is noise by assumption), and most of its leaves must have moved with it.
//
// For small changes d is explain.md's 2(v-f)/(|v|+|f|). For large ones it keeps the tails of noise normal: when both the
// value and its prediction are off by a relative normal error, v-f is normal with a deviation in proportion to
// √(v²+f²), while the mean in the denominator makes outliers out of pairs that are both small by chance.
func Ratio(dims []Dim, real, predict []float64) []Cause {
	s := newRatioSearch(dims, real, predict)
	if s == nil {
		return nil
	}
	var out []Cause
	for len(out) < ratioMaxCauses {
		c, ok := s.next()
		if !ok {
			break
		}
		out = append(out, c)
	}
	return out
}

// cuboid is a set of dimensions and the statistics of its cells: how many live leaves, and the sum of their x.
type cuboid struct {
	dims   []int
	stride []int32
	ids    []int32 // cell per leaf, where strides would be too sparse; else nil
	keys   []int32 // with ids: a leaf of each cell
	n      []int32
	sum    []float64
	lnm    float64 // ln of the number of cells that have leaves
}

func (c *cuboid) cell(dims []Dim, i int32) int32 {
	if c.ids != nil {
		return c.ids[i]
	}
	var id int32
	for k, d := range c.dims {
		id += dims[d].Codes[i] * c.stride[k]
	}
	return id
}

type ratioSearch struct {
	dims    []Dim
	x       []float64 // deviation per leaf; NaN for leaves without values
	alive   []int32
	dead    []bool
	dir     float64
	cuboids []*cuboid
	posting [][][]int32 // per dimension and code: its leaves
	scratch []float64
	impure  map[[2]int32]bool // cells whose leaves do not move together; forgotten as leaves go
}

func newRatioSearch(dims []Dim, real, predict []float64) *ratioSearch {
	s := &ratioSearch{dims: dims, x: make([]float64, len(real)), dead: make([]bool, len(real)), impure: map[[2]int32]bool{}}
	var total float64
	for i, v := range real {
		f := predict[i]
		total += v - f
		if den := math.Hypot(v, f); den > 0 {
			s.x[i] = math.Sqrt2 * (v - f) / den
			s.alive = append(s.alive, int32(i))
		} else {
			s.dead[i] = true
		}
	}
	if len(s.alive) == 0 {
		return nil
	}
	s.dir = 1
	if total < 0 {
		s.dir = -1
	}
	s.scratch = make([]float64, len(s.alive))
	med := s.median(func(i int32) float64 { return s.x[i] })
	for _, i := range s.alive {
		s.x[i] -= med
	}
	for d := range dims {
		p := make([][]int32, len(dims[d].Values))
		for _, i := range s.alive {
			c := dims[d].Codes[i]
			p[c] = append(p[c], i)
		}
		s.posting = append(s.posting, p)
	}
	for mask := 1; mask < 1<<len(dims); mask++ {
		var ds []int
		for d := range dims {
			if mask>>d&1 == 1 {
				ds = append(ds, d)
			}
		}
		s.cuboids = append(s.cuboids, s.newCuboid(ds))
	}
	slices.SortStableFunc(s.cuboids, func(a, b *cuboid) int { return cmp.Compare(len(a.dims), len(b.dims)) })
	return s
}

func (s *ratioSearch) newCuboid(ds []int) *cuboid {
	c := &cuboid{dims: ds, stride: make([]int32, len(ds))}
	size := 1.0
	for k := len(ds) - 1; k >= 0; k-- {
		c.stride[k] = int32(math.Min(size, math.MaxInt32))
		size *= float64(len(s.dims[ds[k]].Values))
	}
	if size > 4*float64(len(s.alive))+1024 {
		size = float64(s.number(c))
	}
	c.n, c.sum = make([]int32, int(size)), make([]float64, int(size))
	for _, i := range s.alive {
		id := c.cell(s.dims, i)
		c.n[id]++
		c.sum[id] += s.x[i]
	}
	cells := 0
	for _, n := range c.n {
		if n > 0 {
			cells++
		}
	}
	c.lnm = math.Log(float64(cells))
	return c
}

// number gives the cells of a sparse cuboid dense numbers and returns how many there are.
func (s *ratioSearch) number(c *cuboid) int {
	c.ids = make([]int32, len(s.x))
	// One dimension at a time: (number so far, code) -> number.
	n := 1
	for _, d := range c.dims {
		seen := make(map[[2]int32]int32)
		c.keys = c.keys[:0]
		for _, i := range s.alive {
			k := [2]int32{c.ids[i], s.dims[d].Codes[i]}
			id, ok := seen[k]
			if !ok {
				id = int32(len(seen))
				seen[k] = id
				c.keys = append(c.keys, i)
			}
			c.ids[i] = id
		}
		n = len(seen)
	}
	return n
}

// median is that of value over the live leaves.
func (s *ratioSearch) median(value func(int32) float64) float64 {
	d := s.scratch[:len(s.alive)]
	for k, i := range s.alive {
		d[k] = value(i)
	}
	return quickMedian(d)
}

// next finds the best slice and takes its leaves out.
func (s *ratioSearch) next() (Cause, bool) {
	if len(s.alive) == 0 {
		return Cause{}, false
	}
	m := s.median(func(i int32) float64 { return s.x[i] })
	mad := s.median(func(i int32) float64 { return math.Abs(s.x[i] - m) })
	sigma := math.Max(1.4826*mad, sigmaFloor)
	type candidate struct {
		cuboid, cell int32
		score        float64
	}
	var cands []candidate
	for q, c := range s.cuboids {
		less := c.lnm + float64(len(c.dims))
		need := ratioScore
		scale := 1 / (2 * sigma * sigma)
		score := func(k int) float64 { return c.sum[k]*c.sum[k]/float64(c.n[k])*scale - less }
		for k, n := range c.n {
			if n > 0 && c.sum[k]*s.dir < 0 {
				need = math.Max(need, score(k))
			}
		}
		for k, n := range c.n {
			if n > 0 && c.sum[k]*s.dir > 0 {
				if sc := score(k); sc > need && !s.impure[[2]int32{int32(q), int32(k)}] {
					cands = append(cands, candidate{int32(q), int32(k), sc})
				}
			}
		}
	}
	slices.SortStableFunc(cands, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	for _, cand := range cands {
		c := s.cuboids[cand.cuboid]
		members := s.members(c, cand.cell)
		mean := c.sum[cand.cell] / float64(c.n[cand.cell])
		with := 0
		for _, i := range members {
			if s.x[i]/mean > 0.5 {
				with++
			}
		}
		if float64(with) < purity(mean/sigma, len(members))*float64(len(members)) {
			s.impure[[2]int32{cand.cuboid, cand.cell}] = true
			continue
		}
		out := Cause{Score: cand.score, Leaves: len(members)}
		for _, d := range c.dims {
			out.Conditions = append(out.Conditions, Condition{d, s.dims[d].Codes[members[0]]})
		}
		s.remove(members)
		return out, true
	}
	return Cause{}, false
}

// purity is the share of n leaves that must have moved at least half as far as their mean, which is z deviations of one
// leaf's noise: ratioPurity, or where the noise alone would keep more of them below, two standard errors less than what
// a slice that moved as one is expected to have.
func purity(z float64, n int) float64 {
	p := (1 + math.Erf(math.Abs(z)/2/math.Sqrt2)) / 2
	return math.Min(ratioPurity, math.Max(leastPurity, p-2*math.Sqrt(p*(1-p)/float64(n))))
}

// members lists the live leaves of a cell, by way of its rarest value.
func (s *ratioSearch) members(c *cuboid, cell int32) []int32 {
	example := make([]int32, len(c.dims))
	if c.ids != nil {
		for k, d := range c.dims {
			example[k] = s.dims[d].Codes[c.keys[cell]]
		}
	} else {
		left := cell
		for k := range c.dims {
			example[k] = left / c.stride[k]
			left %= c.stride[k]
		}
	}
	var list []int32
	for k, d := range c.dims {
		if p := s.posting[d][example[k]]; list == nil || len(p) < len(list) {
			list = p
		}
	}
	var out []int32
next:
	for _, i := range list {
		if s.dead[i] {
			continue
		}
		for k, d := range c.dims {
			if s.dims[d].Codes[i] != example[k] {
				continue next
			}
		}
		out = append(out, i)
	}
	return out
}

// remove takes leaves out of every cuboid. Cells that lose some may have become pure.
func (s *ratioSearch) remove(members []int32) {
	for _, i := range members {
		s.dead[i] = true
	}
	s.alive = slices.DeleteFunc(s.alive, func(i int32) bool { return s.dead[i] })
	for q, c := range s.cuboids {
		for _, i := range members {
			id := c.cell(s.dims, i)
			c.n[id]--
			c.sum[id] -= s.x[i]
			if len(s.impure) > 0 {
				delete(s.impure, [2]int32{int32(q), id})
			}
		}
	}
}

// quickMedian is the median of d, which it reorders (Hoare's selection).
func quickMedian(d []float64) float64 {
	n := len(d)
	hi := selectNth(d, n/2)
	if n%2 == 1 {
		return hi
	}
	return (hi + slices.Max(d[:n/2])) / 2
}

func selectNth(d []float64, k int) float64 {
	lo, hi := 0, len(d)-1
	for lo < hi {
		p := d[lo+(hi-lo)/2]
		i, j := lo, hi
		for i <= j {
			for d[i] < p {
				i++
			}
			for d[j] > p {
				j--
			}
			if i <= j {
				d[i], d[j] = d[j], d[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return d[k]
		}
	}
	return d[k]
}
