package anomaly

import (
	"encoding/json"
	"math"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Kind is the shape of an anomaly.
type Kind string

// The kinds.
const (
	Spike         Kind = "spike"         // a day or two
	Step          Kind = "step"          // a level that stays
	Drift         Kind = "drift"         // it grows day by day
	Drop          Kind = "drop"          // less than expected
	Appearance    Kind = "appearance"    // a slice that cost nothing before
	Disappearance Kind = "disappearance" // one that costs nothing any more
)

// Anomaly is days in a row on which a series stood out by more than its floor.
type Anomaly struct {
	// Slice is what it is about, by FOCUS column; Label names it for people.
	Slice map[string]string `json:"slice"`
	Label string            `json:"label"`
	Team  string            `json:"team,omitempty"` // the owner; of several the one with the largest cost
	Kind  Kind              `json:"kind"`
	// Onset is the first day, Told the day whose data made it pass the floor, Last the last day that stood out.
	Onset time.Time `json:"-"`
	Told  time.Time `json:"-"`
	Last  time.Time `json:"-"`
	// Going says that the last complete day is one of its days.
	Going bool `json:"going"`
	// New says that the level was taken for the new one: it is told once.
	New bool `json:"new_level"`
	// Actual is what its days cost, exactly. Expected is an estimate, to the cent, and Excess the one less the other.
	Currency string          `json:"currency"`
	Actual   analysis.Amount `json:"actual"`
	Expected analysis.Amount `json:"expected_estimate"`
	Excess   analysis.Amount `json:"excess_estimate"`
	Days     int             `json:"days"`
	// Low and High are the band of its last day, estimates.
	Low  analysis.Amount `json:"low_estimate"`
	High analysis.Amount `json:"high_estimate"`
	// ExpectedBy is the id of the pattern that expects it, and Through the last complete day of its provider.
	ExpectedBy string    `json:"expected_by,omitempty"`
	Through    time.Time `json:"-"`
	// Points are its days and those before it, up to the last complete one.
	Points []Point `json:"-"`

	// OnsetHour is the hour that it began in, UTC, where charges are by the hour and tell; zero where it is not known.
	OnsetHour time.Time `json:"onset_hour,omitzero"`
	// Hours are set of what is found by the hours of days that are not complete: its amounts are theirs, and may yet change.
	Hours *Hours `json:"hours,omitempty"`

	// Price is the new list price as a multiple of the old one, of a change of price; 0 of all else.
	Price float64 `json:"list_price_ratio,omitempty"`

	leaf   leaf
	level  int
	floor  string   // the rule that let it through
	asTold *Anomaly // of a replay
}

// MarshalJSON writes days as days.
func (a Anomaly) MarshalJSON() ([]byte, error) {
	type plain Anomaly
	return json.Marshal(struct {
		plain
		Onset string `json:"onset"`
		Told  string `json:"told"`
		Last  string `json:"last"`
	}{plain(a), a.Onset.Format(analysis.DateLayout), a.Told.Format(analysis.DateLayout), a.Last.Format(analysis.DateLayout)})
}

// PerDay is the mean excess of its days, an estimate.
func (a Anomaly) PerDay() analysis.Amount {
	return a.Excess.DivRound(decimal.NewFromInt(int64(a.Days)), 2)
}

// mostGap is how many days inside the band, as those of a weekend, do not end days in a row.
const mostGap = 2

// A day is nothing new that had usualTimes days of about its cost (usualShare of it) within the usualDays before, though most were
// far below: batches and jobs that run now and then look so.
const (
	usualDays  = 112
	usualTimes = 3
	usualShare = 0.8
)

// sure is how many standard deviations a day alone must be off to be told; the days of a row add up to it, each by what it is beyond
// [Settings].Still. Over thousands of series the detector's own threshold for one day is passed by chance every day.
const sure = 4

// find fills in the anomalies of a line. Each day is judged by the days before it alone.
func (l *line) find(o Options) {
	floor, _ := o.Floors.of(l)
	if l.level == levelCoverage && l.kind == covered {
		floor.Share = 0
	}
	l.least = floor.PerDay
	if l.most().LessThan(floor.PerDay) {
		return
	}
	costs := make([]float64, len(l.days))
	for i, d := range l.days {
		if costs[i] = d.InexactFloat64(); l.gaps[i] {
			costs[i] = math.NaN()
		}
	}
	days := o.Memory.detect(memoryKey{l.leaf, l.level, l.start}, Series{Start: l.start, Costs: costs, Known: o.Known.marks(l, len(costs)), Unanswered: l.unanswered(o)}, l.whole, o.Settings)
	l.judged, l.costs = days, costs
	l.found = l.runs(days[:l.whole], costs, floor, o)
	if l.whole == len(days) {
		return
	}
	for _, a := range l.runs(days, costs, floor, o) {
		if a.Told.After(l.start.AddDate(0, 0, l.whole-1)) && a.Direction() == Up {
			l.warns = append(l.warns, a)
		}
	}
}

// runs are the anomalies of days that were judged.
func (l *line) runs(days []Day, costs []float64, floor Floor, o Options) []Anomaly {
	var found []Anomaly
	var cur *run
	end := func() {
		if cur != nil && cur.told >= 0 {
			a := l.anomaly(cur, days, costs)
			_, a.floor = o.Floors.of(l)
			if o.replay {
				then := *cur
				then.last, then.accepted = cur.told, cur.accepted && cur.told == cur.last
				t := l.anomaly(&then, days[:cur.told+1], costs)
				t.floor, t.Going, t.Through = a.floor, true, t.Last
				a.asTold = &t
			}
			found = append(found, a)
		}
		cur = nil
	}
	done := -1 // the last day of the anomaly before
	for t, d := range days {
		if cur != nil && t-cur.last > mostGap+1 {
			done = cur.last
			end()
		}
		if !d.Out {
			continue
		}
		up := d.Score > 0
		if cur != nil && cur.up != up {
			done = cur.last
			end()
		}
		if cur == nil {
			if isUsual(costs, t, d.Expected) {
				continue
			}
			cur = &run{first: max(t-d.Row+1, done+1), up: up, told: -1}
		}
		cur.last = t
		cur.strong += max(0, math.Abs(d.Score)-o.Settings.Still)
		if cur.told < 0 && cur.strong >= sure-o.Settings.Still && l.passes(cur, t, days, floor) {
			cur.told = t
			cur.trim(days, costs)
		}
		if d.Accepted {
			cur.accepted = true
			done = t
			end()
		}
	}
	end()
	return found
}

// run is an anomaly under way, by indices of days.
type run struct {
	first, last, told int
	up, accepted      bool
	strong            float64 // how far its days together are beyond what they may be
}

// onsetShare is the share of the mean excess of its days, when it is told, that the first day of an anomaly has at least: a day or two a
// little high before a jump only helped to notice it.
const onsetShare = 0.25

// trim dates a run that is told from its first day that matters.
func (r *run) trim(days []Day, costs []float64) {
	sum, n := 0.0, 0
	for t := r.first; t <= r.told; t++ {
		if !math.IsNaN(costs[t]) {
			sum += math.Abs(costs[t] - days[t].Expected)
			n++
		}
	}
	for ; r.first < r.told && n > 0; r.first++ {
		off := costs[r.first] - days[r.first].Expected
		if !math.IsNaN(off) && (off > 0) == r.up && math.Abs(off) >= onsetShare*sum/float64(n) {
			return
		}
	}
}

// sums are what the days of a run cost up to a day, exactly, and what was expected, to the cent.
func (l *line) sums(r *run, t int, days []Day) (actual, expected analysis.Amount, n int) {
	sum := 0.0
	for i := r.first; i <= t; i++ {
		if l.gaps[i] {
			continue
		}
		actual = actual.Add(l.days[i])
		sum += days[i].Expected
		n++
	}
	return actual, decimal.NewFromFloat(sum).Round(2), n
}

func (l *line) passes(r *run, t int, days []Day, f Floor) bool {
	actual, expected, n := l.sums(r, t, days)
	excess := actual.Sub(expected).Abs()
	return excess.GreaterThanOrEqual(f.PerDay.Mul(decimal.NewFromInt(int64(n)))) && excess.GreaterThanOrEqual(expected.Abs().Mul(decimal.NewFromFloat(f.Share)))
}

func isUsual(costs []float64, t int, expected float64) bool {
	if math.Abs(costs[t]) < 2*math.Abs(expected) {
		return false
	}
	n := 0
	for i := max(0, t-usualDays); i < t; i++ {
		if costs[i]*costs[t] > 0 && math.Abs(costs[i]) >= usualShare*math.Abs(costs[t]) {
			n++
		}
	}
	return n >= usualTimes
}

func (l *line) anomaly(r *run, days []Day, costs []float64) Anomaly {
	at := func(i int) time.Time { return l.start.AddDate(0, 0, i) }
	cents := func(v float64) analysis.Amount { return decimal.NewFromFloat(v).Round(2) }
	a := Anomaly{Slice: l.slice(), Label: l.label(), Team: l.team, Onset: at(r.first), Told: at(r.told), Last: at(r.last), Going: r.last >= l.whole-1, New: r.accepted, Currency: l.currency,
		Low: cents(days[r.last].Low), High: cents(days[r.last].High), Through: at(l.whole - 1), leaf: l.leaf, level: l.level}
	for i := max(0, r.first-pointsBefore); i < len(days); i++ {
		a.Points = append(a.Points, Point{Day: at(i), Known: !l.gaps[i], Actual: l.days[i], Expected: cents(days[i].Expected), Low: cents(days[i].Low), High: cents(days[i].High)})
	}
	if l.main != nil {
		a.Team = l.main.team
	}
	if a.Team == several {
		a.Team = ""
	}
	a.Actual, a.Expected, a.Days = l.sums(r, r.last, days)
	a.Excess = a.Actual.Sub(a.Expected)
	a.Kind = kind(r, days, costs)
	return a
}

func kind(r *run, days []Day, costs []float64) Kind {
	zero, before := true, r.first > 0
	for i := r.first; i <= r.last; i++ {
		zero = zero && !(math.Abs(costs[i]) > 0)
	}
	for i := range r.first {
		before = before && !(math.Abs(costs[i]) > 0)
	}
	n := r.last - r.first + 1
	third := max(1, n/3)
	early, late := 0.0, 0.0
	for i := range third {
		early += days[r.first+i].Score
		late += days[r.last-i].Score
	}
	switch {
	case zero:
		return Disappearance
	case before:
		return Appearance
	case !r.up:
		return Drop
	case n <= mostGap && !r.accepted:
		return Spike
	case late > 1.5*early:
		return Drift
	}
	return Step
}

// key is the [Anomaly.Key] of what is found in the line.
func (l *line) key() string { return Anomaly{leaf: l.leaf}.Key() }

// unanswered is the index of the day from which on the line's levels are not taken for new ones; 0 for none.
func (l *line) unanswered(o Options) int {
	since, ok := o.Unanswered[l.key()]
	if !ok {
		return 0
	}
	return max(1, daysBetween(l.start, since)-1) // an onset may be dated a day earlier by then
}

// slice is what the line is of, by FOCUS column.
func (l *line) slice() map[string]string {
	out := map[string]string{"ServiceProviderName": l.provider, "ServiceName": l.service, "ChargeCategory": l.category()}
	switch l.kind {
	case covered:
		out["CommitmentDiscountStatus"] = "Used"
	case onDemand:
		out["CommitmentDiscountStatus"] = ""
	}
	if l.kind == "Correction" {
		delete(out, "ChargeCategory")
		out["ChargeClass"] = l.kind
	}
	for col, v := range map[string]string{"SubAccountId": l.account, "RegionId": l.region, "x_UsageType": l.usageType} {
		if v != several && v != "" {
			out[col] = v
		}
	}
	return out
}

// label names the line: "Amazon Virtual Private Cloud · USE1-NatGateway-Bytes · payments-prod · us-east-1".
func (l *line) label() string {
	out := l.service
	switch l.kind {
	case "Credit":
		out = "credits of " + out
	case "Correction":
		out = "corrections of " + out
	case covered:
		out += " covered by commitments"
	case onDemand:
		out += " not covered by commitments"
	}
	if l.level == levelPrice {
		out = "list price of " + out
	}
	account := l.account
	if l.name != "" && account != several {
		account = l.name
	}
	for _, v := range []string{l.usageType, account, l.region} {
		if v != several && v != "" {
			out += " · " + v
		}
	}
	return out
}
