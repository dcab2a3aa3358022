package explain

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
)

// wideTable has n usage leaves over six dimensions of the sizes a large bill has, with noise and three events.
func wideTable(n int) *Table {
	r := rand.New(rand.NewPCG(9, 9))
	t := NewTable("ServiceName", "SubAccountId", "RegionId", "tag:team", "x_UsageType", "SkuId")
	for range n {
		svc, acct := r.IntN(60), r.IntN(120)
		usage := svc*20 + r.IntN(20)
		sku := usage*3 + r.IntN(3)
		region, team := r.IntN(8), r.IntN(25)
		q := math.Exp(2 * r.NormFloat64())
		f := math.Exp(.05 * r.NormFloat64())
		switch {
		case svc == 3 && acct == 7:
			f *= 6
		case team == 5 && region == 2:
			f *= 1.8
		case svc == 11:
			f *= .6
		}
		s := func(q, price float64) Sums { return Sums{Quantity: q, List: q * price, Contracted: q * price * .9} }
		price := 1.0
		if svc == 20 {
			price = 1.15
		}
		t.Add([]string{fmt.Sprint("svc", svc), fmt.Sprint("acct", acct), fmt.Sprint("region", region), fmt.Sprint("team", team),
			fmt.Sprint("usage", usage), fmt.Sprint("sku", sku)}, Leaf{
			BaseSums: s(q, 1), CurSums: s(q*f, price),
			BaseCost: decimal.NewFromFloat(q * .9).Round(10), CurCost: decimal.NewFromFloat(q * f * price * .9).Round(10),
		})
	}
	return t
}

func BenchmarkAttribute(b *testing.B) {
	for _, n := range []int{20_000, 600_000} {
		t := wideTable(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				a, err := Attribute(t, Options{BaseDays: 30, CurDays: 31, MinImpact: .001})
				if err != nil {
					b.Fatal(err)
				}
				if len(a.Drivers) < 4 {
					b.Fatalf("%d drivers", len(a.Drivers))
				}
			}
		})
	}
}

func BenchmarkRatio(b *testing.B) {
	// 600,000 leaves over six full dimensions, as the largest of the published families has.
	r := rand.New(rand.NewPCG(5, 5))
	sizes := []int{10, 10, 10, 10, 10, 6}
	dims := make([]Dim, len(sizes))
	n := 1
	for i, k := range sizes {
		dims[i].Name = fmt.Sprint(i)
		for v := range k {
			dims[i].Values = append(dims[i].Values, fmt.Sprint(v))
		}
		n *= k
	}
	real, predict := make([]float64, n), make([]float64, n)
	for i := range n {
		rest := i
		for d, k := range sizes {
			dims[d].Codes = append(dims[d].Codes, int32(rest%k))
			rest /= k
		}
		predict[i] = math.Exp(r.NormFloat64())
		real[i] = predict[i] * (1 + .05*r.NormFloat64())
		if dims[0].Codes[i] == 3 && dims[2].Codes[i] == 1 || dims[1].Codes[i] == 4 && dims[4].Codes[i] == 2 && dims[5].Codes[i] == 0 {
			real[i] *= .6
		}
	}
	for b.Loop() {
		if got := Ratio(dims, real, predict); len(got) != 2 {
			b.Fatalf("%v", got)
		}
	}
}
