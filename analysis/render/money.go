package render

import (
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// symbols holds the currencies whose sign cannot be taken for another's; all others are written by their ISO 4217 code.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}

// minorUnits holds the currencies that do not have two decimals (ISO 4217).
var minorUnits = map[string]int32{
	"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "PYG": 0, "UGX": 0, "XAF": 0, "XOF": 0,
	"BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3, "IQD": 3, "LYD": 3,
}

// minorPlaces is the number of decimals of a currency's smallest unit.
func minorPlaces(currency string) int32 {
	if p, ok := minorUnits[currency]; ok {
		return p
	}
	return 2
}

// Places is the number of decimals of a currency's smallest unit: 2 for USD, 0 for JPY.
func Places(currency string) int32 { return minorPlaces(currency) }

// Money writes an amount in whole units: "$18,412", "-€409", "CHF 1,234". An empty currency gives the bare number.
func Money(amount analysis.Amount, currency string) string { return money(amount, currency, 0) }

// MoneyRange is an amount between two, in whole units: "$12,400 to $15,500"; the one where they are written alike.
func MoneyRange(low, high analysis.Amount, currency string) string {
	from, to := Money(low, currency), Money(high, currency)
	if from == to {
		return from
	}
	return from + " to " + to
}

// MoneyExact writes an amount to the currency's smallest unit: "$742,900.17", "¥1,234".
func MoneyExact(amount analysis.Amount, currency string) string {
	return money(amount, currency, minorPlaces(currency))
}

// Cents rounds parts to the currency's smallest unit so that they add up to their sum as [MoneyExact] writes it.
func Cents(parts []analysis.Amount, currency string) []analysis.Amount {
	total := decimal.Zero
	for _, p := range parts {
		total = total.Add(p)
	}
	places := minorPlaces(currency)
	return fit(parts, roundTo(total, places), places)
}

// Figure writes an amount to the digits its size deserves: whole units from 1,000 on, cents below, and further digits
// for what is less than a cent. Totals in tables are shown so, so a headline should be too.
func Figure(amount analysis.Amount, currency string) string {
	return money(amount, currency, placesFor(amount, currency))
}

// Delta is [Money] with a sign: "+$18,412", "-$409", "$0".
func Delta(amount analysis.Amount, currency string) string { return delta(amount, currency, 0) }

// Compact shortens an amount to about three digits: "$11.4k", "$1.2M", "$580".
func Compact(amount analysis.Amount, currency string) string {
	for _, u := range largeUnits {
		// Rounded in the next smaller unit before it is compared, so that 999,960 becomes 1.0M and not 1000.0k, and 950,000
		// stays 950.0k.
		if u.fits(amount) {
			return money(amount.Shift(-u.exp), currency, 1) + u.suffix
		}
	}
	return Money(amount, currency)
}

// largeUnit is a power of a thousand that large amounts are shortened to.
type largeUnit struct {
	exp    int32
	suffix string
}

var largeUnits = []largeUnit{{9, "B"}, {6, "M"}, {3, "k"}}

// fits reports whether an amount is at least one of the unit, as the next smaller unit would show it.
func (u largeUnit) fits(amount decimal.Decimal) bool {
	places := int32(1)
	if u.exp == 3 {
		places = 0
	}
	smaller := roundTo(amount.Shift(3-u.exp), places)
	return smaller.Abs().GreaterThanOrEqual(decimal.New(1000, 0))
}

// Tick writes an amount on a scale whose marks lie step apart, short and exact: "$240k", "$1.5M", "$0.20". Largest is the
// scale's largest amount; all marks are in its unit. Step is 1, 2 or 5 times a power of ten.
func Tick(amount, step, largest analysis.Amount, currency string) string {
	places := func(step decimal.Decimal) int32 { return max(0, -(int32(step.NumDigits()) + step.Exponent() - 1)) }
	for _, u := range largeUnits {
		if u.fits(largest) && step.Shift(-u.exp).GreaterThanOrEqual(decimal.New(1, -1)) {
			if amount.IsZero() {
				return money(amount, currency, 0)
			}
			return money(amount.Shift(-u.exp), currency, places(step.Shift(-u.exp))) + u.suffix
		}
	}
	return money(amount, currency, places(step))
}

// CompactDelta is [Compact] with a sign: "+$11.4k".
func CompactDelta(amount analysis.Amount, currency string) string {
	return plus(amount, Compact(amount, currency))
}

// Percent writes a ratio: 0.079 is "7.9%".
func Percent(ratio analysis.Amount) string { return money(ratio.Shift(2), "", 1) + "%" }

// PercentDelta is [Percent] with a sign: "+7.9%", "-15.0%".
func PercentDelta(ratio analysis.Amount) string { return plus(ratio, Percent(ratio)) }

// delta writes an amount with its sign to the given number of decimals.
func delta(amount decimal.Decimal, currency string, places int32) string {
	return plus(amount, money(amount, currency, places))
}

// plus puts a "+" before a positive amount's text, unless nothing but zeros was left of it.
func plus(amount decimal.Decimal, text string) string {
	if amount.Sign() > 0 && strings.ContainsAny(text, "123456789") {
		return "+" + text
	}
	return text
}

// money writes an amount with the given number of decimals, rounded.
func money(amount decimal.Decimal, currency string, places int32) string {
	amount = roundTo(amount, places)
	sign := ""
	if amount.Sign() < 0 {
		sign = "-"
	}
	return sign + unit(currency) + group(amount.Abs().StringFixed(places))
}

// number writes a quantity or a count: as many decimals as it has, four at most.
func number(n decimal.Decimal) string {
	s := money(n, "", 4)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// unit is what stands before the digits. A currency code comes from a bill, so it is cleaned like any label.
func unit(currency string) string {
	if currency == "" {
		return ""
	}
	if s, ok := symbols[currency]; ok {
		return s
	}
	return clean(currency) + " "
}

// group puts commas between thousands: "18412.50" is "18,412.50".
func group(digits string) string {
	whole, frac, has := strings.Cut(digits, ".")
	var b strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if has {
		b.WriteByte('.')
		b.WriteString(frac)
	}
	return b.String()
}
