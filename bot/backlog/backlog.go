// Package backlog is what could be saved and what became of it: pure functions over what is kept of incidents, tickets and savings.
//
// In: [Opportunity] values, one for each incident or other candidate, with its ticket. Out: their order ([Rank]), their sum without counting one resource
// twice ([Sum]), how the work flows ([Throughput]), what is proved by month ([Realized]), and whom to ask about what lies ([Groom]).
package backlog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// State is how far an opportunity has come.
type State string

// The states, in the order of a life.
const (
	Found      State = "found"       // no ticket yet
	Queued     State = "queued"      // a ticket waits for Jira
	Expected   State = "expected"    // a ticket, not begun
	InProgress State = "in progress" // somebody works on it
	Verifying  State = "verifying"   // done; too few complete days since
	Verified   State = "verified"
	Partly     State = "partly"
	NotSeen    State = "not seen"
	Regressed  State = "regressed"
	Declined   State = "declined" // people said no
	Over       State = "over"     // it ended without a ticket
)

// Open reports whether something is still to be done about it.
func (s State) Open() bool {
	switch s {
	case Found, Queued, Expected, InProgress, Regressed, NotSeen:
		return true
	}
	return false
}

// Basis is what an expected saving rests on. Sums are kept apart by it.
type Basis string

// The bases, from the weakest.
const (
	List      Basis = "list price"
	Effective Basis = "effective cost"
	Measured  Basis = "the bill"
)

// Effort is how much work it is, and Risk how much can go wrong.
type (
	Effort string
	Risk   string
)

// The grades.
const (
	Hours Effort = "hours"
	Days  Effort = "days"
	Weeks Effort = "weeks"

	LowRisk    Risk = "low"
	MediumRisk Risk = "medium"
	HighRisk   Risk = "high"
)

// Opportunity is something that could be saved.
type Opportunity struct {
	ID       string   `json:"id"` // the incident's, or of another detector
	Title    string   `json:"title"`
	Team     string   `json:"team,omitempty"`
	Category string   `json:"category,omitempty"` // the runbook it is a case of
	Series   []string `json:"series"`             // what it is about: opportunities that share one overlap
	// Low and High are what it should save a month, on a basis; of one that is verified what it does.
	Low        analysis.Amount     `json:"low"`
	High       analysis.Amount     `json:"high"`
	Currency   string              `json:"currency"`
	Basis      Basis               `json:"basis"`
	Confidence analysis.Confidence `json:"confidence"`
	Effort     Effort              `json:"effort,omitempty"`
	Risk       Risk                `json:"risk,omitempty"`
	State      State               `json:"state"`
	Since      time.Time           `json:"since"` // when it was found
	Ticket     string              `json:"ticket,omitempty"`
	Assignee   string              `json:"assignee,omitempty"`
	Due        time.Time           `json:"due,omitzero"`
	Asked      time.Time           `json:"asked,omitzero"`    // when its ticket was asked for
	Started    time.Time           `json:"started,omitzero"`  // when work on it began
	Finished   time.Time           `json:"finished,omitzero"` // when it was done
	Touched    time.Time           `json:"touched,omitzero"`  // when anything last happened to it
	// Answer is where the figure comes from.
	Answer string `json:"answer,omitempty"`
	// Score and Overlaps are filled in by [Rank].
	Score    analysis.Amount `json:"score"`
	Overlaps string          `json:"overlaps,omitempty"` // the opportunity before it that has one of its series
}

// Mid is the middle of what it should save a month.
func (o Opportunity) Mid() analysis.Amount {
	return o.Low.Add(o.High).DivRound(decimal.NewFromInt(2), 2)
}

// The weights of a score. They are choices, named so that they can be read and argued with.
var (
	confidenceWeight = map[analysis.Confidence]string{analysis.High: "0.9", analysis.Medium: "0.6", analysis.Low: "0.3"}
	effortDays       = map[Effort]string{Hours: "0.5", Days: "3", Weeks: "10", "": "3"}
	riskWeight       = map[Risk]string{LowRisk: "1", MediumRisk: "0.8", HighRisk: "0.5", "": "0.8"}
)

// HowRanked says the formula of a score.
const HowRanked = "middle of the expected saving a month x confidence (high 0.9, medium 0.6, low 0.3) x risk (low 1, medium 0.8, high 0.5) / days of work (hours 0.5, days 3, weeks 10): what a day of work brings a month. Effort and risk are the runbook's; unknown ones count as days and medium"

// Score is an opportunity's return: expected saving a month for a day of work, weighed by confidence and risk; see [HowRanked].
func Score(o Opportunity) analysis.Amount {
	num := func(s string) analysis.Amount { return decimal.RequireFromString(s) }
	c, ok := confidenceWeight[o.Confidence]
	if !ok {
		c = confidenceWeight[analysis.Low]
	}
	e, ok := effortDays[o.Effort]
	if !ok {
		e = effortDays[""]
	}
	r, ok := riskWeight[o.Risk]
	if !ok {
		r = riskWeight[""]
	}
	return o.Mid().Mul(num(c)).Mul(num(r)).DivRound(num(e), 2)
}

// Rank orders opportunities: open ones first, by score, the oldest of equal ones first; and marks those that overlap with one before.
func Rank(list []Opportunity) []Opportunity {
	out := slices.Clone(list)
	for i := range out {
		out[i].Score, out[i].Overlaps = Score(out[i]), ""
	}
	slices.SortStableFunc(out, func(a, b Opportunity) int {
		if a.State.Open() != b.State.Open() {
			if a.State.Open() {
				return -1
			}
			return 1
		}
		return cmp.Or(b.Score.Cmp(a.Score), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	first := map[string]string{}
	for i := range out {
		o := &out[i]
		if !o.State.Open() {
			continue
		}
		for _, s := range o.Series {
			if by := first[s]; by != "" && o.Overlaps == "" {
				o.Overlaps = by
			}
		}
		if o.Overlaps == "" {
			for _, s := range o.Series {
				first[s] = o.ID
			}
		}
	}
	return out
}

// Total is what opportunities should save a month, of one basis and currency.
type Total struct {
	Basis     Basis           `json:"basis"`
	Currency  string          `json:"currency"`
	Low, High analysis.Amount `json:"-"`
	Count     int             `json:"count"`
	Overlap   int             `json:"overlap"` // that were left out because another has their series
}

// Sum adds up what ranked open opportunities should save, by basis and currency; those that overlap with one before are counted and not added.
func Sum(ranked []Opportunity) []Total {
	var out []Total
	for _, o := range ranked {
		if !o.State.Open() {
			continue
		}
		i := slices.IndexFunc(out, func(t Total) bool { return t.Basis == o.Basis && t.Currency == o.Currency })
		if i < 0 {
			out = append(out, Total{Basis: o.Basis, Currency: o.Currency})
			i = len(out) - 1
		}
		if o.Overlaps != "" {
			out[i].Overlap++
			continue
		}
		out[i].Count++
		out[i].Low, out[i].High = out[i].Low.Add(o.Low), out[i].High.Add(o.High)
	}
	slices.SortFunc(out, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Basis, b.Basis))
	})
	return out
}

// Waits reports whether an opportunity is open without a ticket, or with one that nobody has begun. One that overlaps with another does not: that one waits.
func (o Opportunity) Waits() bool {
	return o.Overlaps == "" && (o.State == Found || o.State == Expected && o.Assignee == "" || o.State == Regressed)
}

// Next is the opportunity that waits and is worth most; ok is false where there is none.
func Next(ranked []Opportunity, team string) (Opportunity, bool) {
	for _, o := range ranked {
		if o.Waits() && (team == "" || strings.EqualFold(o.Team, team)) {
			return o, true
		}
	}
	return Opportunity{}, false
}

// Flow is how the work went in a quarter.
type Flow struct {
	Quarter  string          `json:"quarter"` // 2026-Q4
	Planned  int             `json:"planned"` // tickets asked for
	Done     int             `json:"done"`
	Declined int             `json:"declined"`
	Verified int             `json:"verified"`     // of those done, wholly or in part
	Cycle    time.Duration   `json:"median_cycle"` // from asked for to done, the median; 0 where none was done
	Saved    analysis.Amount `json:"saved_a_month"`
	Currency string          `json:"currency"`
}

// Quarter names the quarter of a time.
func Quarter(t time.Time) string {
	return t.Format("2006") + "-Q" + string(rune('1'+(int(t.Month())-1)/3))
}

// Throughput counts, by quarter and currency, the tickets that were asked for, done, declined and verified, with the median time from one to the other; the latest quarter first.
func Throughput(list []Opportunity) []Flow {
	flows := map[[2]string]*Flow{}
	cycles := map[[2]string][]time.Duration{}
	of := func(t time.Time, currency string) (*Flow, [2]string) {
		k := [2]string{Quarter(t), currency}
		if flows[k] == nil {
			flows[k] = &Flow{Quarter: k[0], Currency: currency}
		}
		return flows[k], k
	}
	for _, o := range list {
		if o.Asked.IsZero() {
			continue
		}
		f, _ := of(o.Asked, o.Currency)
		f.Planned++
		if o.Finished.IsZero() {
			continue
		}
		f, k := of(o.Finished, o.Currency)
		if o.State == Declined {
			f.Declined++
			continue
		}
		f.Done++
		cycles[k] = append(cycles[k], o.Finished.Sub(o.Asked))
		if o.State == Verified || o.State == Partly {
			f.Verified++
			f.Saved = f.Saved.Add(o.Mid())
		}
	}
	var out []Flow
	for k, f := range flows {
		if c := cycles[k]; len(c) > 0 {
			slices.Sort(c)
			f.Cycle = (c[(len(c)-1)/2] + c[len(c)/2]) / 2
		}
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(b.Quarter, a.Quarter), cmp.Compare(a.Currency, b.Currency))
	})
	return out
}
