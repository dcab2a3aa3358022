package explain

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// genShift is a table of values over five dimensions with noise on both sides, some of its slices moved one way: what the
// published synthetic families of this problem are made of, drawn anew.
func genShift(seed uint64) (dims []Dim, real, predict []float64, truth [][]Condition) {
	r := rand.New(rand.NewPCG(seed, 4))
	sizes := []int{10, 12, 10, 8, 5}
	if seed%4 == 0 {
		sizes = []int{10, 24, 10, 15}
	}
	dims = make([]Dim, len(sizes))
	n := 1
	for i, k := range sizes {
		dims[i].Name = string(rune('a' + i))
		for v := range k {
			dims[i].Values = append(dims[i].Values, fmt.Sprint(dims[i].Name, v+1))
		}
		n *= k
	}
	noise, zero := .16*r.Float64(), .25*r.Float64()
	shape := .5 + r.Float64()
	real, predict = make([]float64, n), make([]float64, n)
	for i := range n {
		rest := i
		for d, k := range sizes {
			dims[d].Codes = append(dims[d].Codes, int32(rest%k))
			rest /= k
		}
		if r.Float64() < zero {
			continue
		}
		m := 100 * math.Pow(-math.Log(1-r.Float64()), 1/shape) // Weibull
		real[i], predict[i] = m*math.Max(0, 1+noise*r.NormFloat64()), m*math.Max(0, 1+noise*r.NormFloat64())
	}
	down := r.IntN(2) == 0
	touched := make([]bool, n)
	for range 1 + r.IntN(3) {
		depth := 1 + r.IntN(len(sizes))
		order := r.Perm(len(sizes))[:depth]
		slices.Sort(order)
		dev, spread := .2+.7*r.Float64(), .05*r.Float64()
		for range 1 + r.IntN(3) {
			var c []Condition
			for _, d := range order {
				c = append(c, Condition{d, int32(r.IntN(sizes[d]))})
			}
			t := Table{Dims: dims}
			var in []int
			clean := true
			for i := range n {
				if t.holds(c, i) && predict[i] > 0 {
					in = append(in, i)
					clean = clean && !touched[i]
				}
			}
			if !clean || len(in) == 0 {
				continue
			}
			for _, i := range in {
				touched[i] = true
				f := math.Min(1, math.Max(0, dev+spread*r.NormFloat64()))
				if down {
					real[i] *= 1 - f
				} else {
					predict[i] *= 1 - f
				}
			}
			truth = append(truth, c)
		}
	}
	return dims, real, predict, truth
}

func TestRatioFindsSlicesThatMovedTogether(t *testing.T) {
	n := uint64(24)
	if testing.Verbose() {
		n = 120
	}
	var tp, fp, fn int
	for seed := range n {
		dims, real, predict, truth := genShift(seed)
		got := Ratio(dims, real, predict)
		hit := 0
		for _, c := range got {
			if slices.ContainsFunc(truth, func(w []Condition) bool { return slices.Equal(w, c.Conditions) }) {
				hit++
			}
		}
		tp, fp, fn = tp+hit, fp+len(got)-hit, fn+len(truth)-hit
	}
	f1 := 2 * float64(tp) / float64(2*tp+fp+fn)
	t.Logf("%d tables: TP %d FP %d FN %d F1 %.3f", n, tp, fp, fn, f1)
	if f1 < .87 || fp > tp/20 {
		t.Errorf("F1 %.3f with %d false, want at least .87", f1, fp)
	}
}

func TestRatioOfNothing(t *testing.T) {
	if got := Ratio(nil, nil, nil); got != nil {
		t.Errorf("%v from no leaves", got)
	}
	dims := []Dim{{Name: "a", Values: []string{"x", "y"}, Codes: []int32{0, 1}}}
	if got := Ratio(dims, []float64{0, 0}, []float64{0, 0}); got != nil {
		t.Errorf("%v from zeros", got)
	}
}

// TestRatioOnSparseDimensions has dimensions whose product is far larger than the table.
func TestRatioOnSparseDimensions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	tab := NewTable("account", "sku", "region")
	var real, predict []float64
	for i := range 3000 {
		sku := r.IntN(700)
		tab.Add([]string{fmt.Sprint(r.IntN(300)), fmt.Sprint(sku), fmt.Sprint(i % 4)}, Leaf{})
		f := math.Exp(r.NormFloat64())
		v := f * (1 + .05*r.NormFloat64())
		if sku < 35 && i%4 == 1 {
			v *= 3
		}
		if i%4 == 2 {
			v *= 1.5
		}
		real, predict = append(real, v), append(predict, f)
	}
	got := Ratio(tab.Dims, real, predict)
	if len(got) == 0 || tab.SliceOf(got[0].Conditions)["region"] != "2" || len(got[0].Conditions) != 1 {
		t.Fatalf("%v, want region 2 first", got)
	}
}
