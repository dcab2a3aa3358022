package explain

import (
	"cmp"
	"math"
	"slices"
)

// Bounds of Matter.
const (
	// matterShare is the share of all movement that the leaves chosen by movement carry together.
	matterShare = 0.99
	// matterSize is the share of the larger total from which a leaf is chosen whether it moved or not: its resources may
	// have been replaced.
	matterSize = 0.0005
)

func matter(t *Table, o Options) []int32 {
	type move struct {
		i       int32
		x, size float64
	}
	var ms []move
	var gross, b, c float64
	for i := range t.Leaves {
		f := &t.Leaves[i]
		if f.Stratum != Usage {
			continue
		}
		c0, c1 := f.BaseCost.InexactFloat64(), f.CurCost.InexactFloat64()
		b, c = b+math.Abs(c0), c+math.Abs(c1)
		if c0 <= 0 || c1 <= 0 || !(f.BaseSums.Quantity > 0) || !(f.CurSums.Quantity > 0) {
			continue
		}
		m := move{int32(i), math.Abs(c1 - c0), math.Max(c0, c1)}
		gross += m.x
		ms = append(ms, m)
	}
	slices.SortStableFunc(ms, func(p, q move) int { return cmp.Compare(q.x, p.x) })
	var out []int32
	var sum float64
	for _, m := range ms {
		if sum < matterShare*gross || m.size >= matterSize*math.Max(b, c) {
			out = append(out, m.i)
		}
		sum += m.x
	}
	slices.Sort(out)
	return out
}
