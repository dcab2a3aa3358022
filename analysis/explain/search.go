package explain

import (
	"math"
	"slices"
)

// The search's constants. MinImpact and MaxDrivers are the caller's; these are the method's.
const (
	defaultMaxConditions = 3
	// driverCost is what a driver costs in the search, as a share of MinImpact: a little less than it must move, because
	// noise inside a slice eats some of what its one ratio explains.
	driverCost = 0.85
	// conditionCost is what each condition after the first adds to a driver's price, as a share of MinImpact
	// (explain.md 3.4: 0.10).
	conditionCost = 0.10
	// refineRounds bounds how often every driver is searched anew with its leaves put back.
	refineRounds = 3
	// refineGain is the relative improvement of the whole cover that makes a change worth it.
	refineGain = 1.001
	// sigmaFloor is the least relative noise assumed of usage, rateSigmaFloor of prices and discounts (explain.md 3.5
	// has 0.02 for values; prices move in tiers but hardly jitter).
	sigmaFloor     = 0.02
	rateSigmaFloor = 0.002
	// sigmaCap bounds the noise read from the spread of all leaves: beyond, they all moved, which is not noise.
	sigmaCap = 0.15
	// significant is the score in nats from which a slice's movement is not noise (explain.md 3.5's tau).
	significant = 6.0
	// exceptional is the same for an exception to a slice that is a driver already: the simpler answer has the benefit of
	// the doubt.
	exceptional = 2 * significant
	// outlier is how many standard deviations one leaf may pull the mean change of a slice (Huber's clipping).
	outlier = 3.0
)

// field is one effect vector over the usage leaves: f is what a leaf was expected to cost, x what the vector moved.
type field struct {
	f, x   []float64
	v      Vector
	least  float64   // money that a driver must at least move
	pen    float64   // price of a driver with one condition
	vr     []float64 // variance per leaf that its own days show; nil when unknown
	sigma  float64   // relative noise of one leaf
	leaves []int32   // usage leaves
}

// cell is a candidate: a slice with its leaves.
type cell struct {
	conds  []Condition
	leaves []int32
	gross  float64 // sum |x| over all its leaves: no gain can exceed it
	price  float64
	cells  float64 // ln of how many cells its kind of slice has: what was searched to find it

	dirty bool
	gain  float64
	stat  stat
}

// stat says how a set of leaves moved against its own noise.
type stat struct {
	moved float64 // sum x
	score float64 // nats: log-likelihood ratio less ln(cells) and conditions
	z     float64 // standard deviations
}

// lattice finds the drivers of one field: an ordered list of slices, each holding the leaves that no earlier one holds.
type lattice struct {
	t     *Table
	fd    *field
	cells []*cell // by falling gross
	owner []int16 // per leaf: position in list, or -1
	list  []*cell
	max   int

	scratch []int32
}

// determines[a][b] says that dimension a's value fixes dimension b's: SKU and service, account and provider. Slices with
// both would repeat those with a alone.
func determines(t *Table, idx []int32) [][]bool {
	n := len(t.Dims)
	out := make([][]bool, n)
	for a := range n {
		out[a] = make([]bool, n)
		for b := range n {
			if a == b {
				continue
			}
			parent := make([]int32, len(t.Dims[a].Values))
			ca, cb := t.Dims[a].Codes, t.Dims[b].Codes
			ok := true
			for _, i := range idx {
				p := &parent[ca[i]]
				if *p == 0 {
					*p = cb[i] + 1
				} else if *p != cb[i]+1 {
					ok = false
					break
				}
			}
			out[a][b] = ok
		}
	}
	return out
}

// newLattice enumerates the cells that could pay for themselves. A cell's gross movement falls with every condition
// added, so whatever hangs below a cell that cannot pay is left out: exact pruning.
func newLattice(t *Table, fd *field, det [][]bool, maxConds, maxDrivers int) *lattice {
	s := &lattice{t: t, fd: fd, owner: make([]int16, len(t.Leaves)), max: maxDrivers}
	for i := range s.owner {
		s.owner[i] = -1
	}
	seen := map[uint64]int{}
	acc := make([][]float64, len(t.Dims))
	for d := range t.Dims {
		acc[d] = make([]float64, len(t.Dims[d].Values))
	}
	var walk func(conds []Condition, set []int32, width float64)
	walk = func(conds []Condition, set []int32, width float64) {
		from := 0
		if len(conds) > 0 {
			from = conds[len(conds)-1].Dim + 1
		}
	dims:
		for d := from; d < len(t.Dims); d++ {
			for _, c := range conds {
				if det[c.Dim][d] || det[d][c.Dim] {
					continue dims
				}
			}
			codes, a := t.Dims[d].Codes, acc[d]
			price := fd.pen * (1 + conditionCost*float64(len(conds)))
			var touched []int32
			count := map[int32]int{}
			for _, i := range set {
				if x := fd.x[i]; x != 0 {
					c := codes[i]
					if a[c] == 0 {
						touched = append(touched, c)
					}
					a[c] += math.Abs(x)
				}
			}
			slices.Sort(touched)
			var kept []int32
			for _, c := range touched {
				if a[c] > price {
					kept = append(kept, c)
					count[c] = 0
				}
			}
			if len(kept) > 0 {
				// pos numbers the kept values; the accumulator is reused as the index.
				sets := make([][]int32, len(kept))
				pos := make([]int32, len(a))
				for k, c := range kept {
					pos[c] = int32(k + 1)
				}
				sizes := make([]int, len(kept))
				for _, i := range set {
					if p := pos[codes[i]]; p > 0 {
						sizes[p-1]++
					}
				}
				for k := range sets {
					sets[k] = make([]int32, 0, sizes[k])
				}
				for _, i := range set {
					if p := pos[codes[i]]; p > 0 {
						sets[p-1] = append(sets[p-1], i)
					}
				}
				w := math.Min(width*float64(len(t.Dims[d].Values)), float64(len(fd.leaves)))
				for k, c := range kept {
					if len(conds) > 0 && len(sets[k]) == len(set) {
						continue // the condition takes nothing away
					}
					cc := append(slices.Clone(conds), Condition{d, c})
					s.offer(seen, &cell{conds: cc, leaves: sets[k], gross: a[c], price: price, cells: math.Log(w), dirty: true})
					if len(cc) < maxConds {
						walk(cc, sets[k], w)
					}
				}
			}
			for _, c := range touched {
				a[c] = 0
			}
		}
	}
	walk(nil, fd.leaves, 1)
	slices.SortStableFunc(s.cells, func(a, b *cell) int {
		switch {
		case a.gross > b.gross:
			return -1
		case a.gross < b.gross:
			return 1
		}
		return compareConds(a.conds, b.conds)
	})
	return s
}

// offer keeps a cell unless a more readable one holds the same leaves.
func (s *lattice) offer(seen map[uint64]int, c *cell) {
	h := uint64(len(c.leaves))
	for _, i := range c.leaves {
		h += mix(uint64(i))
	}
	if k, ok := seen[h]; ok {
		if compareConds(c.conds, s.cells[k].conds) < 0 {
			s.cells[k] = c
		}
		return
	}
	seen[h] = len(s.cells)
	s.cells = append(s.cells, c)
}

// mix is splitmix64's finalizer (Steele, Lea, Flood 2014): sums of it tell sets of leaves apart.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// compareConds orders slices by readability: fewer conditions, then the dimensions readers like, then values.
func compareConds(a, b []Condition) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	for i := range a {
		if a[i].Dim != b[i].Dim {
			return a[i].Dim - b[i].Dim
		}
	}
	for i := range a {
		if a[i].Code != b[i].Code {
			return int(a[i].Code) - int(b[i].Code)
		}
	}
	return 0
}

// disjoint reports whether two slices cannot share a leaf because they want different values of a dimension.
func disjoint(a, b []Condition) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Dim == y.Dim && x.Code != y.Code {
				return true
			}
		}
	}
	return false
}

// gauge is how a set of leaves moved: gross is the money that moved, r the one ratio of what was to what was expected, and
// left the money that r does not explain.
type gauge struct{ gross, f, v, r, left float64 }

func (s *lattice) gauge(leaves []int32) (g gauge) {
	fd := s.fd
	for _, i := range leaves {
		g.gross += math.Abs(fd.x[i])
		g.f += fd.f[i]
		g.v += fd.f[i] + fd.x[i]
	}
	if g.f > 0 {
		g.r = g.v / g.f
	}
	for _, i := range leaves {
		if f := fd.f[i]; f > 0 {
			g.left += math.Abs(f + fd.x[i] - g.r*f)
		}
	}
	return g
}

// statOf tests the leaves of a cell against noise, by the better of two statistics: the mean relative change, which sees
// many small leaves move together, and the sum of money, which sees the large ones (explain.md 3.5). What they are
// expected to cost is r times f, with rv the variance of r/r itself where that was read from other leaves.
//
// No leaf pulls the mean further than outlier standard deviations, so that a leaf that vanished does not make its whole
// account significant; nor does its money, unless most of the cell's came or went.
func (s *lattice) statOf(leaves []int32, r, rv float64, c *cell) (st stat) {
	fd := s.fd
	var info, pull, noise, moved, allNoise, both, all float64
	for _, i := range leaves {
		fi := r * fd.f[i]
		vi := fd.f[i] + fd.x[i]
		xi := vi - fi
		st.moved += xi
		size := (math.Abs(fi) + math.Abs(vi)) / 2
		if size == 0 {
			continue
		}
		s2 := fd.sigma * fd.sigma
		if fd.vr != nil {
			s2 += fd.vr[i] / (size * size)
		}
		sd := math.Sqrt(s2)
		info += 1 / s2
		pull += math.Max(-outlier*sd, math.Min(outlier*sd, xi/size)) / s2
		all += size
		allNoise += s2 * size * size
		if fi > 0 && vi > 0 {
			both += size
			moved += xi
			noise += s2 * size * size
		}
	}
	if info == 0 {
		return st
	}
	if both < all/2 {
		moved, noise, both = st.moved, allNoise, all
	}
	z2 := math.Max(pull*pull/(info+info*info*rv), moved*moved/(noise+both*both*rv))
	st.z = math.Sqrt(z2)
	st.score = z2/2 - c.cells - float64(len(c.conds))
	return st
}

// ratioNoise is the relative variance of the one ratio read from leaves.
func (s *lattice) ratioNoise(leaves []int32) float64 {
	var size, noise float64
	for _, i := range leaves {
		f := math.Abs(s.fd.f[i])
		v := s.fd.sigma * s.fd.sigma * f * f
		if s.fd.vr != nil {
			v += s.fd.vr[i]
		}
		size, noise = size+f, noise+v
	}
	if size == 0 {
		return math.Inf(1)
	}
	return noise / (size * size)
}

// value computes what the leaves of c that nobody owns, or as does, would explain with one ratio, less its price.
func (s *lattice) value(c *cell, as int16) (gain float64, st stat) {
	own := s.scratch[:0]
	for _, i := range c.leaves {
		if o := s.owner[i]; o < 0 || o == as {
			own = append(own, i)
		}
	}
	s.scratch = own
	g := s.gauge(own)
	gain = g.gross - g.left - c.price
	if gain > 0 {
		st = s.statOf(own, 1, 0, c)
	}
	return gain, st
}

// best is the cell with the largest gain over free leaves that stands out from the noise; nil when none pays.
func (s *lattice) best() *cell {
	var top *cell
	for _, c := range s.cells {
		if top != nil && c.gross-s.fd.pen < top.gain-tie {
			break
		}
		if c.dirty {
			c.gain, c.stat = s.value(c, -1)
			if c.stat.score < significant || math.Abs(c.stat.moved) < s.fd.least {
				c.gain = math.Min(c.gain, 0)
			}
			c.dirty = false
		}
		if c.gain <= 0 {
			continue
		}
		switch {
		case top == nil, c.gain > top.gain+tie:
			top = c
		case c.gain > top.gain-tie && compareConds(c.conds, top.conds) < 0:
			top = c
		}
	}
	return top
}

// tie is the difference in gain, in money, below which two slices are equally good.
const tie = 1e-9

// touch marks the cells whose free leaves may have changed with c.
func (s *lattice) touch(c *cell) {
	for _, o := range s.cells {
		if !o.dirty && !disjoint(c.conds, o.conds) {
			o.dirty = true
		}
	}
}

// set makes list the cover: owners are taken in its order.
func (s *lattice) set(list []*cell) {
	for _, c := range s.list {
		if !slices.Contains(list, c) {
			s.touch(c)
		}
	}
	for _, c := range list {
		if !slices.Contains(s.list, c) {
			s.touch(c)
		}
	}
	for _, c := range s.list {
		for _, i := range c.leaves {
			s.owner[i] = -1
		}
	}
	s.list = slices.Clone(list)
	for k, c := range s.list {
		for _, i := range c.leaves {
			if s.owner[i] < 0 {
				s.owner[i] = int16(k)
			}
		}
	}
}

// worth is the gain of the whole cover, each slice valued on the leaves it holds.
func (s *lattice) worth() (sum float64) {
	for k, c := range s.list {
		sum += s.held(k, c)
	}
	return sum
}

// held is the gain of the k-th slice on its own leaves only.
func (s *lattice) held(k int, c *cell) float64 {
	g := s.gauge(s.own(k, c))
	return g.gross - g.left - c.price
}

// own lists the leaves of c that the k-th slice of the list holds; valid until the next call of own or value.
func (s *lattice) own(k int, c *cell) []int32 {
	own := s.scratch[:0]
	for _, i := range c.leaves {
		if s.owner[i] == int16(k) {
			own = append(own, i)
		}
	}
	s.scratch = own
	return own
}

// grow adds the best cells to the list until none pays or it is full.
func (s *lattice) grow(limit int) {
	for len(s.list) < limit {
		c := s.best()
		if c == nil {
			return
		}
		s.set(append(slices.Clone(s.list), c))
	}
}

// cover runs the greedy search and mends it, in rounds. Each slice in turn is taken out and searched again, up to two in
// its place, which undoes a parent that was taken before its children, or two halves of one slice. And each slice may be
// given an exception: a slice put in front of it that takes those of its leaves that moved otherwise.
func (s *lattice) cover() {
	s.grow(s.max)
	for range refineRounds {
		changed := false
		for k := 0; k < len(s.list); k++ {
			was, worth := s.list, s.worth()
			s.set(slices.Delete(slices.Clone(was), k, k+1))
			s.grow(min(len(was)+1, s.max))
			if s.worth() > worth*refineGain+tie {
				changed = true
				k = -1 // positions moved: start over, the worth only rises
				continue
			}
			s.set(was)
		}
		for k := 0; k < len(s.list) && len(s.list) < s.max; k++ {
			if c := s.exception(k); c != nil {
				s.set(slices.Insert(slices.Clone(s.list), k, c))
				changed = true
			}
		}
		s.grow(s.max)
		if !changed {
			return
		}
	}
}

// exception finds the cell that, put in front of the k-th slice, improves the cover most; nil when none does.
func (s *lattice) exception(k int) *cell {
	host := s.list[k]
	own := slices.Clone(s.own(k, host))
	all := s.gauge(own)
	if all.left <= s.fd.pen {
		return nil
	}
	miss := make(map[int32]float64, len(own))
	for _, i := range own {
		if f := s.fd.f[i]; f > 0 {
			miss[i] = math.Abs(f + s.fd.x[i] - all.r*f)
		}
	}
	var top *cell
	most := tie + (refineGain-1)*s.worth()
	in := map[int32]bool{}
	for _, c := range s.cells {
		if c.gross <= c.price || disjoint(c.conds, host.conds) || slices.Contains(s.list, c) {
			continue
		}
		var sum float64
		var part []int32
		for _, i := range c.leaves {
			switch s.owner[i] {
			case int16(k):
				sum += miss[i]
				part = append(part, i)
			case -1:
				part = append(part, i)
			}
		}
		// What the exception saves is, but for the host's ratio moving a little, what the host got wrong in it.
		if sum <= c.price/2 || len(part) == 0 {
			continue
		}
		clear(in)
		for _, i := range part {
			in[i] = true
		}
		rest := slices.DeleteFunc(slices.Clone(own), func(i int32) bool { return in[i] })
		a, b := s.gauge(part), s.gauge(rest)
		if b.gross-b.left <= host.price {
			continue
		}
		gain := a.gross - a.left - c.price + b.gross - b.left - (all.gross - all.left)
		if gain <= most || s.statOf(part, b.r, s.ratioNoise(rest), c).score < exceptional || s.statOf(rest, 1, 0, host).score < significant {
			continue
		}
		top, most = c, gain
	}
	return top
}
