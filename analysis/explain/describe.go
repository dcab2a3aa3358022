package explain

import (
	"slices"

	"spendbot/analysis"
)

// describe sets what is said about a driver beyond its amounts: confidence, words, offsets.
func (b *builder) describe(d *built) {
	if d.Kind != SliceDriver {
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
	seen := map[int32]bool{}
	for _, f := range d.founds {
		d.Vectors = append(d.Vectors, f.v)
		d.VectorAmounts = append(d.VectorAmounts, f.amount.amount())
		d.VectorScores = append(d.VectorScores, f.stat.score)
		for _, i := range f.leaves {
			if !seen[i] {
				seen[i] = true
				d.Leaves = append(d.Leaves, i)
			}
		}
	}
	slices.Sort(d.Leaves)
	st := d.founds[0].stat
	d.ZScore = st.z
	switch {
	case st.score >= 2*significant:
		d.Confidence = analysis.High
	case st.score >= significant:
		d.Confidence = analysis.Medium
	default:
		d.Confidence = analysis.Low
	}
}
