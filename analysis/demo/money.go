package demo

import (
	"math/bits"
	"strconv"

	"github.com/shopspring/decimal"
)

// micro is a quantity or a unit price in millionths; pico is a cost, the product of two micros.
type (
	micro = int64
	pico  = int64
)

const (
	one    = 1_000_000         // a unit in micros, or a ratio of 1 in parts per million
	dollar = 1_000_000_000_000 // a unit in picos
	cent   = dollar / 100
)

// mulDiv is a*b/c rounded down, without overflow in between. It needs a, b >= 0 and c > 0.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

// total is an exact sum of picos beyond the range of one int64.
type total struct{ units, rest int64 }

func (t *total) add(p pico) {
	t.rest += p
	t.units += t.rest / dollar
	t.rest %= dollar
}

func (t *total) addTotal(u total) {
	t.units += u.units
	t.add(u.rest)
}

func (t total) decimal() decimal.Decimal {
	return decimal.New(t.units, 0).Add(decimal.New(t.rest, -12))
}

func appendMicro(b []byte, v micro) []byte { return appendFixed(b, v, one, 6) }
func appendPico(b []byte, v pico) []byte   { return appendFixed(b, v, dollar, 12) }

// appendFixed writes v/unit in decimal without trailing zeros; digits is the number of zeros of unit.
func appendFixed(b []byte, v, unit int64, digits int) []byte {
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	b = strconv.AppendInt(b, v/unit, 10)
	rest := v % unit
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	at := len(b)
	for range digits {
		b = append(b, '0')
	}
	for i := len(b) - 1; i >= at; i-- {
		b[i] += byte(rest % 10)
		rest /= 10
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// parseMicro reads an unsigned decimal with up to six digits after the dot.
func parseMicro(s string) (micro, error) {
	d, err := decimal.NewFromString(s)
	if err != nil {
		return 0, err
	}
	return d.Shift(6).IntPart(), nil
}
