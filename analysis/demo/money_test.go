package demo

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func TestAppendWritesWhatDecimalReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "v")
		for digits, got := range map[int32]string{6: string(appendMicro(nil, v)), 12: string(appendPico(nil, v))} {
			want := decimal.New(v, -digits)
			d, err := decimal.NewFromString(got)
			if err != nil || !d.Equal(want) || got != want.String() {
				t.Fatalf("%d with %d digits is written %q, want %q (%v)", v, digits, got, want, err)
			}
		}
	})
}

func TestTotalIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum, half total
		want := decimal.Zero
		for i, p := range rapid.SliceOf(rapid.Int64Range(-8_000_000*dollar, 8_000_000*dollar)).Draw(t, "picos") {
			want = want.Add(decimal.New(p, -12))
			if i%2 == 0 {
				sum.add(p)
			} else {
				half.add(p)
			}
		}
		sum.addTotal(half)
		if got := sum.decimal(); !got.Equal(want) {
			t.Fatalf("sum %s, want %s", got, want)
		}
	})
}

func TestMulDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<50).Draw(t, "a")
		c := rapid.Int64Range(1, 1<<50).Draw(t, "c")
		b := rapid.Int64Range(0, c).Draw(t, "b")
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want.Div(want, big.NewInt(c))
		if got := mulDiv(a, b, c); got != want.Int64() {
			t.Fatalf("%d*%d/%d = %d, want %s", a, b, c, got, want)
		}
	})
}

// TestSharesMakeTheWhole is why more rows are not more money.
func TestSharesMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cumulative := []int64{0}
		for _, w := range rapid.SliceOfN(rapid.Int64Range(1, 1000), 1, 60).Draw(t, "weights") {
			cumulative = append(cumulative, cumulative[len(cumulative)-1]+w)
		}
		q := rapid.Int64Range(0, 1<<50).Draw(t, "q")
		var sum micro
		for n := range len(cumulative) - 1 {
			part := share(q, cumulative, n)
			if part < 0 {
				t.Fatalf("part %d of %d is %d", n, q, part)
			}
			sum += part
		}
		if sum != q {
			t.Fatalf("parts of %d make %d", q, sum)
		}
	})
}

func TestNoiseStaysSmall(t *testing.T) {
	var sum, squares float64
	const n = 20_000
	for i := range uint64(n) {
		d := float64(noise(hash(1, i), 4)-one) / one
		sum, squares = sum+d, squares+d*d
	}
	mean, variance := sum/n, squares/n
	if mean < -.001 || mean > .001 || variance < .038*.038 || variance > .042*.042 {
		t.Errorf("mean %.4f, variance %.5f, want 0 and 0.0016", mean, variance)
	}
}
