// Package kpi measures how well spend that went astray is caught: from the history of incidents, how long detection, the first answer,
// containment and resolution took, how often it was for nothing, and what it cost. In: incidents with what happened to them, as state keeps
// them. Out: a [Report]. Every measure is a pure function of the history and is named in package formula, which says how it is computed.
//
// What is not known is not counted, and never zero: each figure comes with how many incidents it is of and how many it is not known of.
package kpi

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/state"
)

// History is an incident with what happened to it and what people said of it.
type History struct {
	Incident state.Incident
	Changes  []state.IncidentChange // in order
	Verdicts []state.Verdict
}

// Histories puts incidents, changes and verdicts together.
func Histories(incidents []state.Incident, changes []state.IncidentChange, verdicts []state.Verdict) []History {
	at := map[string]int{}
	out := make([]History, len(incidents))
	for i, in := range incidents {
		at[in.ID], out[i].Incident = i, in
	}
	for _, c := range changes {
		if i, ok := at[c.Incident]; ok {
			out[i].Changes = append(out[i].Changes, c)
		}
	}
	for _, v := range verdicts {
		if i, ok := at[v.Incident]; ok {
			out[i].Verdicts = append(out[i].Verdicts, v)
		}
	}
	return out
}

// Spread is how long something took over some incidents.
type Spread struct {
	Median  time.Duration `json:"median_seconds"`
	P90     time.Duration `json:"p90_seconds"`
	Count   int           `json:"count"`   // incidents that it is known of
	Unknown int           `json:"unknown"` // incidents that it is not known of, or that have not come so far
}

// Rate is a part of some incidents. Of is 0 where there is none to be a part of, and the rate is unknown.
type Rate struct {
	Part int `json:"part"`
	Of   int `json:"of"`
}

// Money is an amount in a currency over some incidents.
type Money struct {
	Currency string          `json:"currency"`
	Total    analysis.Amount `json:"total"`
	Median   analysis.Amount `json:"median"`
	Count    int             `json:"count"`
	Unknown  int             `json:"unknown"`
}

// Channel is how many incidents a channel was told of.
type Channel struct {
	Channel string  `json:"channel"`
	Alerts  int     `json:"alerts"`
	AWeek   float64 `json:"a_week"`
}

// Line is one incident and its times, the evidence of the figures; a negative duration is unknown.
type Line struct {
	ID          string          `json:"id"`
	Title       string          `json:"title"`
	Team        string          `json:"team"`
	State       string          `json:"state"`
	Opened      time.Time       `json:"opened"`
	FromUsage   time.Duration   `json:"detected_after_usage_seconds"`
	FromArrival time.Duration   `json:"detected_after_arrival_seconds"`
	Acknowledge time.Duration   `json:"acknowledged_after_seconds"`
	Contain     time.Duration   `json:"contained_after_seconds"`
	Resolve     time.Duration   `json:"resolved_after_seconds"`
	Cost        analysis.Amount `json:"cost_before_containment"` // so far, where it is not contained
	Avoided     analysis.Amount `json:"avoided"`
	Contained   bool            `json:"contained"`
	Currency    string          `json:"currency"`
	Verdict     string          `json:"verdict,omitempty"`
}

// Report is what was measured of the incidents opened in a stretch of time.
type Report struct {
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"` // not included
	Team        string    `json:"team,omitempty"`
	Incidents   int       `json:"incidents"`
	Open        int       `json:"open"`
	Unanswered  int       `json:"unanswered"`             // open, and nobody said anything
	FromUsage   Spread    `json:"detected_after_usage"`   // [MTTD] from the first anomalous usage
	FromArrival Spread    `json:"detected_after_arrival"` // MTTD from the arrival of the data
	Acknowledge Spread    `json:"acknowledged_after"`
	Contain     Spread    `json:"contained_after"`
	Resolve     Spread    `json:"resolved_after"`
	NotUseful   Rate      `json:"false_positive_rate"`
	Expected    Rate      `json:"expected_rate"`
	ByRule      []Rule    `json:"by_rule"`
	Channels    []Channel `json:"channels"`
	Cost        []Money   `json:"cost_before_containment"`
	Running     []Money   `json:"cost_of_uncontained"` // so far
	Avoided     []Money   `json:"avoided_cost"`
	Lines       []Line    `json:"incident_list"`
}

// Rule is how often what a rule told was for nothing.
type Rule struct {
	Rule      string `json:"rule"`
	NotUseful Rate   `json:"false_positive_rate"`
	Expected  Rate   `json:"expected_rate"`
}

// Options say what is measured.
type Options struct {
	From, Until time.Time // of when incidents were opened, Until not included
	Team        string    // "" is all
}

// unknown is a duration that is not known.
const unknown = time.Duration(-1)

// Measure measures the incidents that were opened in a stretch of time. Those that were merged into another are none of their own.
func Measure(list []History, o Options) Report {
	r := Report{From: o.From, Until: o.Until, Team: o.Team, ByRule: []Rule{}, Channels: []Channel{}, Cost: []Money{}, Running: []Money{}, Avoided: []Money{}, Lines: []Line{}}
	rules, channels := map[string]*Rule{}, map[string]int{}
	for _, h := range list {
		in := h.Incident
		if in.Opened.Before(o.From) || !in.Opened.Before(o.Until) || o.Team != "" && !strings.EqualFold(in.Team, o.Team) || strings.HasPrefix(in.Resolution, "merged") {
			continue
		}
		l := lineOf(h)
		r.Lines = append(r.Lines, l)
		r.Incidents++
		if in.Open {
			r.Open++
			if l.Acknowledge == unknown {
				r.Unanswered++
			}
		}
		rule := rules[in.Rule]
		if rule == nil {
			rule = &Rule{Rule: in.Rule}
			rules[in.Rule] = rule
		}
		for _, x := range []struct {
			rate *Rate
			part bool
		}{{&r.NotUseful, l.Verdict == state.VerdictNotUseful}, {&r.Expected, l.Verdict == state.VerdictExpected},
			{&rule.NotUseful, l.Verdict == state.VerdictNotUseful}, {&rule.Expected, l.Verdict == state.VerdictExpected}} {
			x.rate.Of++
			if x.part {
				x.rate.Part++
			}
		}
		if in.Channel != "" {
			channels[in.Channel]++
		}
	}
	r.FromUsage = spread(r.Lines, func(l Line) time.Duration { return l.FromUsage })
	r.FromArrival = spread(r.Lines, func(l Line) time.Duration { return l.FromArrival })
	r.Acknowledge = spread(r.Lines, func(l Line) time.Duration { return l.Acknowledge })
	r.Contain = spread(r.Lines, func(l Line) time.Duration { return l.Contain })
	r.Resolve = spread(r.Lines, func(l Line) time.Duration { return l.Resolve })
	r.Cost = money(r.Lines, func(l Line) (analysis.Amount, bool) { return l.Cost, l.Contained && l.Cost.IsPositive() })
	r.Running = money(r.Lines, func(l Line) (analysis.Amount, bool) {
		return l.Cost, !l.Contained && l.Verdict == "" && l.Cost.IsPositive()
	})
	r.Avoided = money(r.Lines, func(l Line) (analysis.Amount, bool) { return l.Avoided, l.Avoided.IsPositive() })
	for _, rule := range rules {
		r.ByRule = append(r.ByRule, *rule)
	}
	slices.SortFunc(r.ByRule, func(a, b Rule) int { return cmp.Compare(a.Rule, b.Rule) })
	weeks := o.Until.Sub(o.From).Hours() / (24 * 7)
	for c, n := range channels {
		r.Channels = append(r.Channels, Channel{Channel: c, Alerts: n, AWeek: math.Round(float64(n)/weeks*100) / 100})
	}
	slices.SortFunc(r.Channels, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.Channel, b.Channel))
	})
	return r
}

// answers are the changes by which a person answers for an incident.
var answers = []string{"acknowledged", "expected", "not_useful", "snoozed", "declared", "ticket"}

// lineOf are the times of one incident.
//
// Detection from usage is from the first hour of the day of onset to the message; from arrival, from when the data of the day that
// passed the floor was loaded. The first answer is the first thing a person did with it. Containment is when the bot saw on the bill that
// the run rate is back, or that it is resolved, whichever is first. Resolution is the last one, where it has not been opened again.
func lineOf(h History) Line {
	in := h.Incident
	l := Line{ID: in.ID, Title: in.Title, Team: in.Team, State: string(in.State), Opened: in.Opened, Currency: in.Currency, FromUsage: unknown, FromArrival: unknown, Acknowledge: unknown, Contain: unknown, Resolve: unknown, Cost: in.Excess}
	l.FromUsage = between(in.Onset, in.Opened)
	l.FromArrival = between(in.Arrived, in.Opened)
	var contained, resolved *state.IncidentChange
	for i, c := range h.Changes {
		switch {
		case slices.Contains(answers, c.Kind) && c.Who != "" && l.Acknowledge == unknown:
			l.Acknowledge = between(in.Opened, c.Happened)
		case c.Kind == "contained" && contained == nil:
			contained = &h.Changes[i]
		case c.Kind == "reopened":
			resolved = nil
		case c.Kind == "resolved":
			resolved = &h.Changes[i]
		}
	}
	if resolved != nil {
		l.Resolve = between(in.Opened, resolved.Happened)
	}
	held := contained
	if held == nil || resolved != nil && resolved.Happened.Before(held.Happened) {
		held = resolved
	}
	if held != nil {
		l.Contain, l.Contained = between(in.Opened, held.Happened), true
		if held.Amounts != (state.IncidentAmounts{}) {
			l.Cost = held.Amounts.Excess
		}
	}
	if contained != nil && l.Acknowledge != unknown && l.Acknowledge <= between(in.Opened, contained.Happened) {
		l.Avoided = avoided(in, *contained)
	}
	for _, v := range h.Verdicts { // the last that holds
		if v.Undone.IsZero() {
			l.Verdict = v.Kind
		}
	}
	if l.Verdict != "" { // spend that was as it should be is neither waste nor saved
		l.Avoided = decimal.Zero
	}
	return l
}

// avoided is what containment by people is estimated to have spared: the excess a day at its largest less that at containment, for the
// days from the day after the last one in the data to the end of that month. A level that goes on would have gone on for longer; no more
// is claimed.
func avoided(in state.Incident, c state.IncidentChange) analysis.Amount {
	day := c.Amounts.Through
	if day.IsZero() {
		day = c.Happened
	}
	day = day.UTC()
	next := time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	left := int64(next.Sub(analysis.Day(day.Year(), day.Month(), day.Day())).Hours()/24) - 1
	less := in.Peak.Rate.Sub(c.Amounts.Rate)
	if !less.IsPositive() || left <= 0 || !in.Peak.Rate.IsPositive() {
		return decimal.Zero
	}
	return less.Mul(decimal.NewFromInt(left))
}

// between is how long it is from one time to a later one; unknown where either is.
func between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		return unknown
	}
	return to.Sub(from)
}

func spread(lines []Line, of func(Line) time.Duration) Spread {
	var s Spread
	var known []time.Duration
	for _, l := range lines {
		if d := of(l); d >= 0 {
			known = append(known, d)
		} else {
			s.Unknown++
		}
	}
	slices.Sort(known)
	s.Count, s.Median, s.P90 = len(known), quantile(known, 50), quantile(known, 90)
	return s
}

// quantile is the nearest-rank percentile (the smallest value that so many percent of the values are no larger than): one that
// happened, also with few values. 0 of none.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(percent*len(sorted)+99)/100-1]
}

func money(lines []Line, of func(Line) (analysis.Amount, bool)) []Money {
	amounts := map[string][]analysis.Amount{}
	for _, l := range lines {
		if a, ok := of(l); ok {
			amounts[l.Currency] = append(amounts[l.Currency], a)
		}
	}
	out := []Money{}
	for currency, list := range amounts {
		slices.SortFunc(list, func(a, b analysis.Amount) int { return a.Cmp(b) })
		m := Money{Currency: currency, Count: len(list), Median: list[(50*len(list)+99)/100-1], Unknown: len(lines) - len(list)}
		for _, a := range list {
			m.Total = m.Total.Add(a)
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return out
}
