package anomaly

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Incident is anomalies that are taken to have one cause: they began within a day of each other, in one service or in one account.
type Incident struct {
	Anomaly           // the largest of them, whose owner and kind it has; its amounts are the incident's
	Parts   []Anomaly `json:"parts"` // what it is made of, the largest first; those of the other sign are the other side of a move
}

// MarshalJSON writes the incident's own fields beside its parts.
func (i Incident) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(i.Anomaly)
	if err != nil {
		return nil, err
	}
	parts, err := json.Marshal(i.Parts)
	if err != nil {
		return nil, err
	}
	return append(append(append(b[:len(b)-1], `,"parts":`...), parts...), '}'), nil
}

// Moves reports whether parts of it went up and others down.
func (i Incident) Moves() bool {
	return slices.ContainsFunc(i.Parts, func(a Anomaly) bool { return a.Excess.Sign() != i.Parts[0].Excess.Sign() })
}

// incidents puts together what was found; what people expect stays apart from what they do not, so that no amount to tell holds any of it.
func incidents(found []Anomaly, patterns []Pattern) []Incident {
	found = explained(found)
	expect(found, patterns)
	var told, expected []Anomaly
	for _, a := range found {
		if a.ExpectedBy == "" {
			told = append(told, a)
		} else {
			expected = append(expected, a)
		}
	}
	out := append(group(told), group(expected)...)
	slices.SortStableFunc(out, func(a, b Incident) int { return compareAnomalies(b.Anomaly, a.Anomaly) })
	return out
}

// explainedShare is the share of a sum's excess that its leaves must carry for it to be told as theirs.
var explainedShare = decimal.NewFromFloat(0.5)

func near(a, b time.Time) bool { d := daysBetween(a, b); return d >= -1 && d <= 1 }

// holds reports whether a series is part of a sum.
func (l leaf) holds(m leaf) bool {
	return l.provider == m.provider && l.currency == m.currency && l.service == m.service && l.kind == m.kind && (l.account == several || l.account == m.account) && l.region == several && l.usageType == several
}

// explained leaves out the sums whose parts tell the same, and the parts of those that tell more.
func explained(found []Anomaly) []Anomaly {
	slices.SortStableFunc(found, func(a, b Anomaly) int { return cmp.Compare(a.level, b.level) })
	var out []Anomaly
	for _, a := range found {
		if a.level == 0 {
			out = append(out, a)
			continue
		}
		told, same := decimal.Zero, false
		for _, b := range out {
			if a.leaf.holds(b.leaf) && overlaps(a, b) {
				told = told.Add(b.Excess)
				same = same || near(a.Onset, b.Onset)
			}
		}
		carried := told.Mul(decimal.NewFromInt(int64(a.Excess.Sign()))).GreaterThanOrEqual(a.Excess.Abs().Mul(explainedShare))
		if carried || same && a.level == 1 {
			continue
		}
		out = slices.DeleteFunc(out, func(b Anomaly) bool {
			return a.leaf.holds(b.leaf) && near(a.Onset, b.Onset) && b.Excess.Sign() == a.Excess.Sign()
		})
		out = append(out, a)
	}
	return out
}

func overlaps(a, b Anomaly) bool {
	return !a.Last.Before(b.Onset.AddDate(0, 0, -1)) && !b.Last.Before(a.Onset.AddDate(0, 0, -1))
}

// group puts anomalies together that began within a day of each other in one service or in one account: always those that make the
// largest incident first, so that no chain of coincidences joins all of a day.
func group(found []Anomaly) []Incident {
	slices.SortFunc(found, compareAnomalies)
	left := found
	out := []Incident{}
	for len(left) > 0 {
		var best []int
		var most analysis.Amount
		for _, seed := range left {
			for _, byService := range []bool{true, false} {
				var in []int
				var sum analysis.Amount
				for i, a := range left {
					same := a.leaf.provider == seed.leaf.provider && a.leaf.currency == seed.leaf.currency && near(seed.Onset, a.Onset)
					if byService && a.leaf.service != seed.leaf.service || !byService && (a.leaf.account != seed.leaf.account || a.leaf.account == several) {
						same = false
					}
					if same {
						in, sum = append(in, i), sum.Add(a.Excess.Abs())
					}
				}
				if sum.GreaterThan(most) || best == nil {
					best, most = in, sum
				}
			}
		}
		if len(best) == 0 {
			best = []int{0}
		}
		var parts, rest []Anomaly
		for i, a := range left {
			if slices.Contains(best, i) {
				parts = append(parts, a)
			} else {
				rest = append(rest, a)
			}
		}
		out, left = append(out, incident(parts)), rest
	}
	slices.SortStableFunc(out, func(a, b Incident) int { return compareAnomalies(b.Anomaly, a.Anomaly) })
	return out
}

func incident(parts []Anomaly) Incident {
	slices.SortStableFunc(parts, func(a, b Anomaly) int { return b.Excess.Abs().Cmp(a.Excess.Abs()) })
	in := Incident{Anomaly: parts[0], Parts: parts}
	in.Actual, in.Expected, in.Excess, in.Low, in.High = decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero
	in.Going = false
	for _, p := range parts {
		in.Actual, in.Expected, in.Excess = in.Actual.Add(p.Actual), in.Expected.Add(p.Expected), in.Excess.Add(p.Excess)
		in.Low, in.High = in.Low.Add(p.Low), in.High.Add(p.High)
		in.Going = in.Going || p.Going
		if p.Onset.Before(in.Onset) {
			in.Onset = p.Onset
		}
		if p.Told.Before(in.Told) {
			in.Told = p.Told
		}
		if p.Last.After(in.Last) {
			in.Last = p.Last
		}
		in.Days = max(in.Days, p.Days)
	}
	if len(parts) > 1 {
		in.Points, in.OnsetHour, in.Hours = added(parts), time.Time{}, nil
		for _, p := range parts {
			if !p.OnsetHour.IsZero() && p.Onset.Equal(in.Onset) && (in.OnsetHour.IsZero() || p.OnsetHour.Before(in.OnsetHour)) {
				in.OnsetHour = p.OnsetHour
			}
			in.Hours = in.Hours.with(p.Hours)
		}
	}
	return in
}
