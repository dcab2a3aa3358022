package explain

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// fixedDigits is how many digits after the point a fixed holds: what the store's widest money column has.
const fixedDigits = 18

// fixed is an exact amount in units of 10^-18, a 128-bit two's complement integer: decimals without their allocations,
// for sums over hundreds of thousands of leaves. A leaf may hold up to 1.3e18 units of currency.
type fixed struct {
	hi int64
	lo uint64
}

func (a fixed) add(b fixed) fixed {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(uint64(a.hi), uint64(b.hi), carry)
	return fixed{int64(hi), lo}
}

func (a fixed) neg() fixed {
	lo, borrow := bits.Sub64(0, a.lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.hi), borrow)
	return fixed{int64(hi), lo}
}

func (a fixed) sub(b fixed) fixed { return a.add(b.neg()) }

func (a fixed) zero() bool { return a == fixed{} }

func (a fixed) sign() int {
	switch {
	case a.hi < 0:
		return -1
	case a.zero():
		return 0
	}
	return 1
}

func (a fixed) abs() fixed {
	if a.hi < 0 {
		return a.neg()
	}
	return a
}

// less compares two amounts.
func (a fixed) less(b fixed) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

// float is the nearest float64, or one next to it.
func (a fixed) float() float64 {
	if a.hi < 0 {
		return -a.neg().float()
	}
	return (float64(a.hi)*(1<<64) + float64(a.lo)) / 1e18
}

// timesPow multiplies a small integer by 10^p, p between 0 and 18: the fixed of n·10^(p-18).
func timesPow(n int64, p int) fixed {
	hi, lo := bits.Mul64(magnitude(n), pow10[p])
	f := fixed{int64(hi), lo}
	if n < 0 {
		return f.neg()
	}
	return f
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

var pow10 = func() (p [fixedDigits + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// toFixed is exact or fails.
func toFixed(d analysis.Amount) (fixed, error) {
	exp := int(d.Exponent())
	if exp >= -fixedDigits && exp <= 0 {
		// CoefficientInt64 is undefined when it does not fit; NumDigits tells.
		if d.NumDigits() <= 18 {
			return timesPow(d.CoefficientInt64(), fixedDigits+exp), nil
		}
	}
	c := d.Coefficient()
	ten := big.NewInt(10)
	if shift := int64(fixedDigits + exp); shift >= 0 {
		c.Mul(c, ten.Exp(ten, big.NewInt(shift), nil))
	} else {
		r := new(big.Int)
		c.QuoRem(c, ten.Exp(ten, big.NewInt(-shift), nil), r)
		if r.Sign() != 0 {
			return fixed{}, fmt.Errorf("amount %s has more than %d digits after the point", d, fixedDigits)
		}
	}
	if c.BitLen() > 120 {
		return fixed{}, fmt.Errorf("amount %s is too large", d)
	}
	neg := c.Sign() < 0
	c.Abs(c)
	lo := new(big.Int).And(c, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	f := fixed{int64(c.Rsh(c, 64).Uint64()), lo}
	if neg {
		f = f.neg()
	}
	return f, nil
}

// amount is the decimal of a, exactly.
func (a fixed) amount() analysis.Amount {
	m := a.abs()
	if m.hi == 0 && m.lo <= math.MaxInt64 {
		d := decimal.New(int64(m.lo), -fixedDigits)
		if a.hi < 0 {
			return d.Neg()
		}
		return d
	}
	c := new(big.Int).SetUint64(uint64(m.hi))
	c.Lsh(c, 64).Or(c, new(big.Int).SetUint64(m.lo))
	if a.hi < 0 {
		c.Neg(c)
	}
	return decimal.NewFromBigInt(c, -fixedDigits)
}
