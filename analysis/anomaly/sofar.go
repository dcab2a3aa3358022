package anomaly

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Key names the series that an anomaly is of, the same in every scan: provider, currency, service, account, kind, region, usage type and
// team, "*" for several, with a bar between them.
func (a Anomaly) Key() string {
	parts := []string{a.leaf.provider, a.leaf.currency, a.leaf.service, a.leaf.account, a.leaf.kind, a.leaf.region, a.leaf.usageType, a.leaf.team}
	for i, p := range parts {
		parts[i] = keyEscapes.Replace(p)
	}
	return strings.Join(parts, "|")
}

// Holds reports whether the series of one key is a sum that holds the other's.
func Holds(sum, part string) bool {
	s, p := strings.Split(sum, "|"), strings.Split(part, "|")
	for i := range s {
		if len(s) != len(p) || s[i] != several && s[i] != p[i] {
			return false
		}
	}
	return true
}

var keyEscapes = strings.NewReplacer("%", "%25", "|", "%7C")

// Direction is up for what costs more than expected, down for less.
func (a Anomaly) Direction() Direction {
	if a.Excess.IsNegative() {
		return Down
	}
	return Up
}

// Point is a day of an anomaly's series, for its chart: the cost, exact, and the estimates for it.
type Point struct {
	Day                 time.Time
	Known               bool // whether there is a cost: a day of which the provider has brought nothing has none
	Actual              analysis.Amount
	Expected, Low, High analysis.Amount // estimates, to the cent; zero where the day was not judged
}

// pointsBefore is how many days before its onset an anomaly's points begin.
const pointsBefore = 28

// rateDays is how many of an anomaly's last days say what it costs a day by now.
const rateDays = 7

// Rate is what an anomaly costs a day by now, an estimate: the mean over its last days, at most 7, of the cost less the expected; where hours
// tell, what 24 of them come to.
func (a Anomaly) Rate() analysis.Amount {
	if a.Hours != nil {
		return a.Excess.Mul(decimal.NewFromInt(24)).DivRound(decimal.NewFromInt(int64(max(1, a.Hours.N()))), 2)
	}
	sum, n := decimal.Zero, int64(0)
	for i := len(a.Points) - 1; i >= 0 && n < rateDays; i-- {
		if p := a.Points[i]; !p.Day.After(a.Last) && !p.Day.Before(a.Onset) && p.Known {
			sum, n = sum.Add(p.Actual.Sub(p.Expected)), n+1
		}
	}
	if n == 0 {
		return decimal.Zero
	}
	return sum.DivRound(decimal.NewFromInt(n), 2)
}

// ToMonthEnd is what it will have cost more by the end of the month if nothing is done, an estimate: [Anomaly.Rate] for each day after the last
// complete one. Zero for one that is over.
func (a Anomaly) ToMonthEnd() analysis.Amount {
	if !a.Going {
		return decimal.Zero
	}
	if a.Hours != nil { // from the last hour on
		left := analysis.MonthOf(a.Through).End.Sub(a.Hours.Read).Hours()
		return a.Rate().Mul(decimal.NewFromInt(int64(max(0, left)))).DivRound(decimal.NewFromInt(24), 2)
	}
	return a.Rate().Mul(decimal.NewFromInt(int64(a.DaysLeft())))
}

// DaysLeft counts the days of the month after the last complete day.
func (a Anomaly) DaysLeft() int {
	next := a.Through.AddDate(0, 0, 1)
	return daysBetween(next, analysis.MonthOf(a.Through).End)
}

// Rate is the sum of the rates of the parts that go on.
func (i Incident) Rate() analysis.Amount {
	sum := decimal.Zero
	for _, p := range i.Parts {
		if p.Going {
			sum = sum.Add(p.Rate())
		}
	}
	return sum
}

// ToMonthEnd is the sum of its parts'.
func (i Incident) ToMonthEnd() analysis.Amount {
	sum := decimal.Zero
	for _, p := range i.Parts {
		sum = sum.Add(p.ToMonthEnd())
	}
	return sum
}

// Rule names what found an incident, the same on all of its days: "coverage", "list price", "appearance", "disappearance", "over expected"
// or "under expected", and with it the floor that let it through where that is not the default: "over expected, floor 2".
func (i Incident) Rule() string {
	rule := "over expected"
	switch {
	case i.level == levelCoverage:
		rule = "coverage"
	case i.level == levelPrice:
		rule = "list price"
	case i.Kind == Appearance || i.Kind == Disappearance:
		rule = string(i.Kind)
	case i.Direction() == Down:
		rule = "under expected"
	}
	if i.floor != "" && i.floor != "default" {
		rule += ", floor " + i.floor
	}
	return rule
}

// Gone are the incidents of an earlier scan that a later one of the same days does not find, as when a month was restated: none of its incidents
// has a series of theirs, in their direction and days. Those that began before the later scan's first day are not looked for.
func Gone(before, after *Result, since time.Time) []Incident {
	var out []Incident
	for _, i := range before.Incidents {
		if i.Onset.Before(since) {
			continue
		}
		still := slices.ContainsFunc(after.Incidents, func(j Incident) bool {
			return slices.ContainsFunc(i.Parts, func(a Anomaly) bool { return slices.ContainsFunc(j.Parts, a.Same) })
		})
		if !still {
			out = append(out, i)
		}
	}
	return out
}

// Same reports whether two anomalies are of one thing: of one series, or of one and a sum over it, in one direction, on days that overlap or
// touch.
func (a Anomaly) Same(b Anomaly) bool {
	return a.Direction() == b.Direction() && overlaps(a, b) && (a.leaf == b.leaf || a.leaf.holds(b.leaf) || b.leaf.holds(a.leaf))
}

// Keys are the keys of its parts, in their order.
func (i Incident) Keys() []string {
	var out []string
	for _, p := range i.Parts {
		out = append(out, p.Key())
	}
	return out
}

// added are the points of several anomalies, day by day, on the days that all of them have.
func added(parts []Anomaly) []Point {
	n := map[time.Time]int{}
	sums := map[time.Time]Point{}
	for _, a := range parts {
		for _, p := range a.Points {
			s, ok := sums[p.Day]
			if !ok {
				s = Point{Day: p.Day, Known: true}
			}
			s.Known = s.Known && p.Known
			s.Actual, s.Expected, s.Low, s.High = s.Actual.Add(p.Actual), s.Expected.Add(p.Expected), s.Low.Add(p.Low), s.High.Add(p.High)
			sums[p.Day] = s
			n[p.Day]++
		}
	}
	var out []Point
	if len(parts) > 0 {
		for _, p := range parts[0].Points {
			if n[p.Day] == len(parts) {
				out = append(out, sums[p.Day])
			}
		}
	}
	return out
}
