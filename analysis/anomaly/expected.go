package anomaly

import (
	"strings"
	"time"
)

// Pattern is what people said they expect. An anomaly that fits it is found and marked with its id, and is nothing to tell.
type Pattern struct {
	ID string `json:"id"`
	// Slice names what it is about, by column: ServiceProviderName, ServiceName, SubAccountId, RegionId, x_UsageType, ChargeCategory,
	// ChargeClass, BillingCurrency, x_Team. In a value * is any text. An anomaly of several values of a column does not fit a pattern that names one.
	Slice     map[string]string `json:"slice"`
	Direction Direction         `json:"direction,omitempty"` // empty is any
	// From and Until are the days that it is about, inclusive; zero for without end. An anomaly that goes on beyond Until is expected no
	// longer.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Why   string    `json:"why,omitempty"`
}

// Fits reports whether an anomaly is one that the pattern expects: its slice and direction are, and its last day is one of the
// pattern's.
func (p Pattern) Fits(a Anomaly) bool {
	if p.Direction != "" && p.Direction != Any && p.Direction != a.Direction() {
		return false
	}
	if !p.From.IsZero() && a.Last.Before(p.From) || !p.Until.IsZero() && a.Last.After(p.Until) {
		return false
	}
	columns := a.Columns()
	for c, want := range p.Slice {
		if want == "*" {
			continue
		}
		got, ok := columns[c]
		if !ok || !like(want, got) {
			return false
		}
	}
	return true
}

// Columns are the slice of an anomaly with its owner and its currency: what a [Pattern] may name.
func (a Anomaly) Columns() map[string]string {
	out := map[string]string{"BillingCurrency": a.Currency}
	if a.leaf.team != several && a.leaf.team != "" {
		out["x_Team"] = a.leaf.team
	}
	for c, v := range a.Slice {
		out[c] = v
	}
	return out
}

// Expect is the pattern that expects this anomaly and whatever else happens to its series in its direction. Until is zero for always.
func (a Anomaly) Expect(id string, until time.Time, why string) Pattern {
	p := Pattern{ID: id, Slice: a.Columns(), Direction: a.Direction(), From: a.Onset, Until: until, Why: why}
	for c, v := range p.Slice {
		p.Slice[c] = strings.ReplaceAll(v, "*", "?")
	}
	return p
}

// like reports whether a text is as a pattern in which * is any text and ? any one letter.
func like(pattern, text string) bool {
	p, s := []rune(pattern), []rune(text)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// expect marks the anomalies that patterns expect.
func expect(found []Anomaly, patterns []Pattern) {
	for i := range found {
		for _, p := range patterns {
			if p.Fits(found[i]) {
				found[i].ExpectedBy = p.ID
				break
			}
		}
	}
}
