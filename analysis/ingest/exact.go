package ingest

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

// exactSum adds decimal numbers written as text without ever rounding. Numbers of up to 18 digits, which is nearly all,
// are added as integers, one 128-bit sum per number of digits after the point.
type exactSum struct {
	byScale [store.MoneyScale + 1]int128
	rest    decimal.Decimal // of the numbers with more digits
	n       int64           // numbers added
}

type int128 struct {
	hi int64
	lo uint64
}

func (s *exactSum) add(d number) {
	s.n++
	if d.big != nil {
		s.rest = s.rest.Add(*d.big)
		return
	}
	a := &s.byScale[d.scale]
	lo, carry := bits.Add64(a.lo, uint64(d.mantissa), 0)
	a.lo = lo
	a.hi += d.mantissa>>63 + int64(carry)
}

// total is the sum; nil when nothing was added, since no value is not zero.
func (s *exactSum) total() *decimal.Decimal {
	if s.n == 0 {
		return nil
	}
	t := s.rest
	for scale, a := range s.byScale {
		if a == (int128{}) {
			continue
		}
		v := new(big.Int).Lsh(big.NewInt(a.hi), 64)
		v.Add(v, new(big.Int).SetUint64(a.lo))
		t = t.Add(decimal.NewFromBigInt(v, -int32(scale)))
	}
	return &t
}

// number is a decimal number as read: mantissa x 10^-scale, or big when it has more than 18 digits.
type number struct {
	mantissa int64
	scale    int // digits after the point, trailing zeros not counted
	digits   int // digits before the point, leading zeros not counted
	big      *decimal.Decimal
}

// wide reads text as the store's DECIMAL in SQL, text that is known to be a number. DuckDB takes six microseconds for a cast of text to more
// than eighteen digits; so a number of up to eighteen is read as a whole one, and multiplied by what its point stands for.
func wide(text string) string {
	return strings.NewReplacer("@", text, "{powers}", powers, "{money}", money).Replace(
		`CASE WHEN length(replace(@, '.', '')) <= 18 AND NOT contains(@, 'e') AND NOT contains(@, 'E') THEN CAST(CAST(CAST(replace(@, '.', '') AS BIGINT) AS DECIMAL(18,0)) * ` +
			`list_extract({powers}, CASE WHEN contains(@, '.') THEN length(@) - instr(@, '.') ELSE 0 END + 1) AS {money}) ELSE CAST(@ AS {money}) END`)
}

// wideFloat reads a floating-point number as [wide] reads the shortest text that stands for it; typ is DuckDB's type of it. Nearly all costs have ten
// digits after the point or less, and for those no text is made. From 0.01 up a text has no exponent and, with its seventeen digits at most, no
// more after the point than the store. text, where there is one, is a column that holds [floatText], since DuckDB makes a text as often as it is named.
func wideFloat(expr, typ, text string) string {
	ten := tenDigits(expr)
	if text == "" {
		text = "CAST(" + expr + " AS VARCHAR)"
	} else {
		ten = text + " IS NULL"
	}
	if typ != "DOUBLE" {
		return wide(text)
	}
	return strings.NewReplacer("@", expr, "{ten}", ten, "{text}", text, "{wide}", wide(text), "{powers}", powers, "{money}", money).Replace(
		`CASE WHEN {ten} THEN CAST(CAST(CAST(round(@ * 1e10) AS BIGINT) AS DECIMAL(18,0)) * CAST('0.0000000001' AS DECIMAL(10,10)) AS {money}) ` +
			`WHEN abs(@) BETWEEN 0.01 AND 1e15 THEN CAST(CAST(CAST(replace({text}, '.', '') AS BIGINT) AS DECIMAL(18,0)) * list_extract({powers}, length({text}) - instr({text}, '.') + 1) AS {money}) ` +
			`WHEN abs(@) < 1e-19 THEN CAST(0 AS {money}) ELSE {wide} END`) // 7e-60 as text would be cast to 1e-18
}

// floatText is the text that [wideFloat] reads of a floating-point number; null where it reads none.
func floatText(expr, typ string) string {
	text := "CAST(" + expr + " AS VARCHAR)"
	if typ != "DOUBLE" {
		return text
	}
	return "CASE WHEN NOT " + tenDigits(expr) + " THEN " + text + " END"
}

// tenDigits is true in SQL for a DOUBLE whose shortest decimal is a whole number of at most fifteen digits over 10^10. Both are then exact as
// DOUBLEs, so that the division, which rounds once, gives the DOUBLE nearest to that decimal; and of decimals with fifteen digits
// at most no two have the same nearest DOUBLE.
func tenDigits(expr string) string {
	return strings.ReplaceAll("(abs(@) < 1e5 AND round(@ * 1e10) / 1e10 = @)", "@", expr)
}

// powers are 1, 0.1, 0.01 and so on.
var powers = func() string {
	p := make([]string, store.MoneyScale+1)
	for i := range p {
		p[i] = decimal.New(1, -int32(i)).StringFixed(store.MoneyScale)
	}
	return fmt.Sprintf("CAST([%s] AS DECIMAL(%d,%d)[])", strings.Join(p, ", "), store.MoneyScale+1, store.MoneyScale)
}()

// merge adds what another sum holds.
func (s *exactSum) merge(o *exactSum) {
	s.n += o.n
	s.rest = s.rest.Add(o.rest)
	for i := range s.byScale {
		a, b := &s.byScale[i], o.byScale[i]
		lo, carry := bits.Add64(a.lo, b.lo, 0)
		a.lo, a.hi = lo, a.hi+b.hi+int64(carry)
	}
}

// parseNumber reads a decimal number: sign, digits, a point, digits, and an exponent where floating-point software wrote
// one. ok is false for anything else. It allocates only for numbers of more than 18 digits or with an exponent.
func parseNumber(b []byte) (d number, ok bool) {
	i, end := 0, len(b)
	neg := false
	if end > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		i = 1
	}
	var m uint64
	seen := i
	for i < end && b[i] == '0' {
		i++
	}
	first := i
	for ; i < end; i++ {
		c := b[i] - '0'
		if c > 9 {
			break
		}
		m = m*10 + uint64(c) // may wrap around; the count of digits below tells
	}
	d.digits = i - first
	significant := d.digits
	if i == end {
		if i == seen {
			return d, false // a sign alone, or nothing
		}
	} else if b[i] == '.' {
		i++
		for end > i && b[end-1] == '0' { // trailing zeros say nothing
			end--
		}
		if len(b) == seen+1 {
			return d, false // a point alone
		}
		d.scale = end - i
		for ; i < end && significant == 0 && b[i] == '0'; i++ {
		}
		significant += end - i
		for ; i < end; i++ {
			c := b[i] - '0'
			if c > 9 {
				return parseBig(b)
			}
			m = m*10 + uint64(c)
		}
	} else {
		return parseBig(b)
	}
	if significant > 18 || d.scale > store.MoneyScale {
		return parseBig(b)
	}
	d.mantissa = int64(m)
	if neg {
		d.mantissa = -d.mantissa
	}
	return d, true
}

// parseBig reads what does not fit the fast way.
func parseBig(b []byte) (number, bool) {
	const most = 200 // an exponent bomb is no amount
	if len(b) > most || !wellFormed(b) {
		return number{}, false
	}
	v, err := decimal.NewFromString(string(b))
	if err != nil || v.Exponent() > 40 || v.Exponent() < -60 {
		return number{}, false
	}
	// Bring it to its shortest form, so that digits can be counted.
	v = shortest(v)
	d := number{big: &v, scale: max(0, -int(v.Exponent()))}
	if !v.IsZero() {
		d.digits = max(0, v.NumDigits()+int(v.Exponent()))
	}
	return d, true
}

func shortest(v decimal.Decimal) decimal.Decimal {
	if v.IsZero() {
		return decimal.New(0, 0)
	}
	c, e := v.Coefficient(), v.Exponent()
	ten, rem := big.NewInt(10), new(big.Int)
	q := new(big.Int)
	for e < 0 {
		if q.QuoRem(c, ten, rem); rem.Sign() != 0 {
			break
		}
		c, q = q, c
		e++
	}
	if e > 0 {
		c = new(big.Int).Mul(c, new(big.Int).Exp(ten, big.NewInt(int64(e)), nil))
		e = 0
	}
	return decimal.NewFromBigInt(c, e)
}

// wellFormed is the grammar of a number with an optional exponent.
func wellFormed(b []byte) bool {
	i := 0
	digits := func() int {
		n := 0
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
			n++
		}
		return n
	}
	sign := func() {
		if i < len(b) && (b[i] == '-' || b[i] == '+') {
			i++
		}
	}
	sign()
	n := digits()
	if i < len(b) && b[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return false
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		sign()
		if k := digits(); k == 0 || k > 3 {
			return false
		}
	}
	return i == len(b)
}

// fits reports whether the store's DECIMAL holds the number without rounding.
func (d number) fits() bool {
	return d.scale <= store.MoneyScale && d.digits <= store.MoneyPrecision-store.MoneyScale
}
