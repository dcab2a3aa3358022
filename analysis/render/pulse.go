package render

import (
	"strings"

	"spendbot/analysis"
)

// ChangeShort says a change in the fewest words, as a digest does: "$251,007, up $18,412 (+7.9%)". The figures are those of
// [ChangeSentence] and of the bridge.
func ChangeShort(c analysis.Change) string {
	s := showChange(c)
	said := totalWords(s.current, c.Currency, s.places)
	switch {
	case c.Delta.IsZero():
		return said + ", unchanged"
	case s.delta.IsZero():
		return said + ", hardly changed"
	}
	way := ", up "
	if c.Delta.Sign() < 0 {
		way = ", down "
	}
	said += way + money(s.delta.Abs(), c.Currency, s.places)
	if g := growth(c); g != "" {
		said += " (" + g + ")"
	}
	return said
}

// DriverLine is a driver of a bridge in a line: "+$11,404 NAT gateway bytes, since Wed 18 Nov: usage x4.1, price unchanged".
func DriverLine(d ShownDriver) string {
	var b strings.Builder
	b.WriteString(d.Amount + " " + d.Label)
	if d.Since != "" {
		b.WriteString(", " + d.Since)
	}
	if d.How != "" {
		b.WriteString(": " + d.How)
	}
	return b.String()
}
