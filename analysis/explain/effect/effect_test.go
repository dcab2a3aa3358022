package effect

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"spendbot/analysis"
)

var nan = math.NaN()

func TestOf(t *testing.T) {
	side := func(days, q, l, cc, e float64) Side {
		return Side{Days: days, Quantity: q, List: l, Contracted: cc, Cost: e}
	}
	covered := func(s Side, cc, e float64) Side { s.CoveredContracted, s.CoveredCost = cc, e; return s }
	fx := func(s Side, r float64) Side { s.FX = r; return s }
	type want map[Kind]float64
	for _, tt := range []struct {
		name string
		key  Key
		want want
	}{
		{"nothing moved", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 10, 10, 10, 10)}, want{}},
		{"a longer month", Key{Base: side(28, 28, 28, 28, 28), Cur: side(31, 31, 31, 31, 31)}, want{Calendar: 3}},
		{"a monthly fee knows no days", Key{Base: side(28, 28, 28, 28, 28), Cur: side(31, 31, 31, 31, 31), Recurring: true}, want{Volume: 3}},
		{"more usage", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 25, 25, 25, 25)}, want{Volume: 15}},
		{"more on new resources", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 25, 25, 25, 25), NewQuantity: 15}, want{NewResources: 15}},
		{"churn", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 10, 10, 10, 10), NewQuantity: 6, GoneQuantity: 6}, want{NewResources: 6, RemovedResources: -6}},
		{"list price", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 10, 12, 12, 12)}, want{ListPrice: 2}},
		{"negotiated", Key{Base: side(30, 10, 10, 10, 10), Cur: side(30, 10, 10, 8, 8)}, want{Negotiated: -2}},
		{"a new price key", Key{Cur: side(30, 10, 10, 10, 10)}, want{NewSlice: 10}},
		{"a removed price key", Key{Base: side(30, 10, 10, 10, 10)}, want{RemovedSlice: -10}},
		{"free before", Key{Base: side(30, 10, 0, 0, 0), Cur: side(30, 10, 10, 10, 10)}, want{OtherRate: 10}},
		{"coverage lost", Key{Base: covered(side(30, 10, 10, 10, 6), 10, 6), Cur: covered(side(30, 10, 10, 10, 10), 0, 0)}, want{Coverage: 4}},
		{"half the coverage lost", Key{Base: covered(side(30, 10, 10, 10, 6), 10, 6), Cur: covered(side(30, 10, 10, 10, 8), 5, 3)}, want{Coverage: 2}},
		{"a dearer commitment", Key{Base: covered(side(30, 10, 10, 10, 6), 10, 6), Cur: covered(side(30, 10, 10, 10, 7), 10, 7)}, want{CommitmentRate: 1}},
		{"coverage against rate", Key{Base: covered(side(30, 10, 10, 10, 8), 5, 3), Cur: covered(side(30, 10, 10, 10, 8), 10, 8)}, want{Coverage: -1.5, CommitmentRate: 1.5}},
		{"currency", Key{Base: fx(side(30, 10, 10, 10, 10), 1), Cur: fx(side(30, 10, 11, 11, 11), 1.1)}, want{Currency: 1}},
		{"no list cost", Key{Base: side(30, 10, nan, 10, 10), Cur: side(30, 10, nan, 12, 12)}, want{OtherRate: 2}},
		{"no quantity", Key{Base: side(30, nan, 10, 10, 10), Cur: side(30, nan, 12, 12, 12)}, want{OtherRate: 2}},
		{"mixed signs", Key{Base: side(30, 10, 10, 10, -1), Cur: side(30, 10, 10, 10, 10)}, want{OtherRate: 11}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Of(tt.key)
			for k := range NumKinds {
				if math.Abs(got[k]-tt.want[k]) > 1e-9 {
					t.Errorf("%s = %v, want %v", k.Effect(), got[k], tt.want[k])
				}
			}
		})
	}
}

func genSide(t *rapid.T, name string) Side {
	unknown := func(g *rapid.Generator[float64]) *rapid.Generator[float64] {
		return rapid.OneOf(g, g, g, rapid.Just(0.0), rapid.Just(nan))
	}
	money := rapid.Float64Range(1e-6, 1e9)
	s := Side{
		Days:       float64(rapid.IntRange(1, 92).Draw(t, name+" days")),
		Quantity:   rapid.OneOf(unknown(money), rapid.SampledFrom([]float64{-3, -1e-9, 0, 1e-15})).Draw(t, name+" quantity"),
		List:       unknown(money).Draw(t, name+" list"),
		Contracted: unknown(money).Draw(t, name+" contracted"),
		Cost:       rapid.OneOf(money, money, rapid.SampledFrom([]float64{-50, -1e-6, 0, 1e-15})).Draw(t, name+" cost"),
		FX:         rapid.SampledFrom([]float64{0, 1, 1.1, nan}).Draw(t, name+" fx"),
	}
	k := rapid.SampledFrom([]float64{0, 0, .25, .7, 1}).Draw(t, name+" covered")
	s.CoveredContracted = s.Contracted * k
	s.CoveredCost = s.Cost * k * rapid.Float64Range(0.2, 1).Draw(t, name+" covered price")
	return s
}

func genKey(t *rapid.T) Key {
	part := rapid.SampledFrom([]float64{0, 0, .3, 1, 2, nan})
	k := Key{Base: genSide(t, "base"), Cur: genSide(t, "cur"), Recurring: rapid.Bool().Draw(t, "recurring")}
	k.NewQuantity = part.Draw(t, "new") * k.Cur.Quantity
	k.GoneQuantity = part.Draw(t, "gone") * k.Base.Quantity
	return k
}

func TestEffectsSumToTheChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := genKey(t)
		p := Of(k)
		scale := math.Abs(k.Base.Cost) + math.Abs(k.Cur.Cost)
		for _, x := range p {
			scale += math.Abs(x)
		}
		if got, want := p.Sum(), k.Cur.Cost-k.Base.Cost; !(math.Abs(got-want) <= 1e-9*scale) {
			t.Fatalf("effects sum to %v, the change is %v: %v", got, want, p)
		}
	})
}

func TestSwappingThePeriodsNegates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := genKey(t)
		p := Of(k)
		k.Base, k.Cur = k.Cur, k.Base
		k.NewQuantity, k.GoneQuantity = k.GoneQuantity, k.NewQuantity
		if got, want := Of(k), p.Swapped(); got != want {
			t.Fatalf("swapped: %v, want exactly %v", got, want)
		}
	})
}

func TestLogMeanLiesBetweenAndIsSmooth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(1e-9, 1e9).Draw(t, "a")
		b := a * rapid.OneOf(rapid.Float64Range(.999, 1.001), rapid.Float64Range(.01, 100)).Draw(t, "ratio")
		m := LogMean(a, b)
		lo, hi := math.Min(a, b), math.Max(a, b)
		// Geometric mean <= logarithmic mean <= arithmetic mean (Carlson 1972).
		if g := math.Sqrt(lo * hi); m < g*(1-1e-12) || m > (lo+hi)/2*(1+1e-12) {
			t.Fatalf("LogMean(%v, %v) = %v", a, b, m)
		}
	})
}

func TestEveryKindHasItsName(t *testing.T) {
	seen := map[analysis.Effect]bool{}
	for k := range NumKinds {
		if e := k.Effect(); e == "" || seen[e] {
			t.Errorf("kind %d is named %q", k, e)
		}
		seen[k.Effect()] = true
	}
}
