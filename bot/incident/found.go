package incident

import (
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/bot/state"
)

// Found is an incident as a scan sees it now.
type Found struct {
	Team string
	Seen state.IncidentSeen
	// Members are the titles of those that a storm is of.
	Members []string
	// Runbook is the slug of the one that matches; "" for none.
	Runbook string
	// ExpectedBy is the id of the verdict that expects it; "" for none.
	ExpectedBy string
	// Points are its days, for the chart: the sums of its parts.
	Points []anomaly.Point
	// Scanned is the incident itself, for its drivers; nil in tests and of a storm.
	Scanned *anomaly.Incident
}

// Of is an incident of a scan. owners says whether the scan knew teams.
func Of(i anomaly.Incident, owners bool) Found {
	d := state.IncidentSeen{
		Title: i.Label, Kind: string(i.Kind), Rule: i.Rule(), Provider: i.Slice["ServiceProviderName"], Slice: i.Slice, Filters: i.Filters(owners), Question: i.Question(),
		Currency: i.Currency, Onset: i.Onset, Told: i.Told, Last: i.Last, Going: i.Going, NewLevel: i.New, Low: i.Low, High: i.High,
		IncidentAmounts: state.IncidentAmounts{Through: i.Through, Actual: i.Actual, Excess: i.Excess, PerDay: i.PerDay(), Rate: i.Rate(), ToMonthEnd: i.ToMonthEnd(), Days: i.Days},
	}
	d.OnsetHour = i.OnsetHour
	if i.Hours != nil {
		d.HoursEnd = i.Hours.End
	}
	for _, p := range i.Parts {
		d.Series = append(d.Series, p.Key()+" "+string(p.Direction()))
		d.Parts = append(d.Parts, state.IncidentPart{Key: p.Key(), Label: p.Label, Slice: p.Columns(), Excess: p.Excess})
		if p.Through.After(d.Through) {
			d.Through = p.Through
		}
	}
	d.LastCost = costOf(i.Points, d.Last, d.Actual) // of hours, all of theirs: their day has no point
	return Found{Team: i.Team, Seen: d, ExpectedBy: i.ExpectedBy, Points: i.Points, Scanned: &i}
}

// costOf is what a day cost; all that was found where its days are not known.
func costOf(points []anomaly.Point, day time.Time, all analysis.Amount) analysis.Amount {
	for _, p := range points {
		if p.Day.Equal(day) {
			return p.Actual
		}
	}
	return all
}

// reach is how many days apart the days of one incident may be between two scans: a weekend.
const reach = 3

// meets reports whether a found one is of the series of a kept one, and of its days or of those right after them.
func (f Found) meets(in state.Incident) bool {
	if !slices.ContainsFunc(f.Seen.Series, func(s string) bool {
		// What hours told of a series its day may tell of a sum over it.
		return slices.Contains(in.Series, s) || in.Provisional() && slices.ContainsFunc(in.Series, func(kept string) bool { return holds(s, kept) })
	}) {
		return false
	}
	return !f.Seen.Onset.After(in.Last.AddDate(0, 0, reach)) && !f.Seen.Last.Before(in.Onset.AddDate(0, 0, -reach))
}

// holds reports whether a series is a sum over another; both have their direction behind them.
func holds(sum, part string) bool {
	i, j := strings.LastIndexByte(sum, ' '), strings.LastIndexByte(part, ' ')
	return i >= 0 && j >= 0 && sum[i:] == part[j:] && anomaly.Holds(sum[:i], part[:j])
}

// Pair is a kept incident with what a scan finds of it now.
type Pair struct {
	Kept *state.Incident // nil for one that is new
	// Found is nil for one that the scan no longer finds: its data changed.
	Found *Found
	// Merged are younger kept ones that turn out to be the same incident.
	Merged []*state.Incident
}

// Match pairs what a scan found with what is kept, the open ones and those closed lately. Found ones that are of one kept one are joined; a found one that is of several open ones merges
// them into the oldest. Of the closed ones those that the scan does not find are no news and are not among the pairs.
func Match(kept []state.Incident, found []Found) []Pair {
	order := make([]*state.Incident, len(kept))
	for i := range kept {
		order[i] = &kept[i]
	}
	slices.SortStableFunc(order, func(a, b *state.Incident) int { // the open before the closed, the oldest first; of the closed the latest first
		if a.Open != b.Open {
			if a.Open {
				return -1
			}
			return 1
		}
		if !a.Open {
			return b.Opened.Compare(a.Opened)
		}
		return a.Opened.Compare(b.Opened)
	})
	pairs := map[*state.Incident]*Pair{}
	merged := map[*state.Incident]*state.Incident{}
	var fresh []Pair
	for i := range found {
		f := &found[i]
		var first *state.Incident
		for _, in := range order {
			if !f.meets(*in) {
				continue
			}
			if to, ok := merged[in]; ok {
				in = to
			}
			switch {
			case first == nil:
				first = in
			case in != first && in.Open && first.Open:
				merged[in] = first
			}
		}
		if first == nil {
			fresh = append(fresh, Pair{Found: f})
			continue
		}
		p := pairs[first]
		if p == nil {
			p = &Pair{Kept: first}
			pairs[first] = p
		}
		if p.Found == nil {
			p.Found = f
		} else {
			both := join(*p.Found, *f)
			p.Found = &both
		}
	}
	for from, to := range merged { // a merged one may have had findings of its own
		if p, ok := pairs[from]; ok {
			q := pairs[to]
			if q == nil {
				q = &Pair{Kept: to}
				pairs[to] = q
			}
			if q.Found == nil {
				q.Found = p.Found
			} else if p.Found != nil && p.Found != q.Found {
				both := join(*q.Found, *p.Found)
				q.Found = &both
			}
			delete(pairs, from)
		}
	}
	var out []Pair
	for _, in := range order {
		if _, gone := merged[in]; gone {
			continue
		}
		p := pairs[in]
		if p == nil {
			if !in.Open {
				continue
			}
			p = &Pair{Kept: in}
		}
		for _, from := range order {
			if merged[from] == in {
				p.Merged = append(p.Merged, from)
			}
		}
		out = append(out, *p)
	}
	return append(out, fresh...)
}

// join adds one found incident to another: the larger leads, the amounts are sums. What hours tell waits until their day is complete where days tell already.
func join(a, b Found) Found {
	if a.Seen.Provisional() != b.Seen.Provisional() {
		if a.Seen.Provisional() {
			return b
		}
		return a
	}
	if b.Seen.Excess.Abs().GreaterThan(a.Seen.Excess.Abs()) {
		a, b = b, a
	}
	out := a
	d := &out.Seen
	d.Series = slices.Clone(d.Series)
	for _, s := range b.Seen.Series {
		if !slices.Contains(d.Series, s) {
			d.Series = append(d.Series, s)
		}
	}
	d.Parts = append(slices.Clone(d.Parts), b.Seen.Parts...)
	d.Filters = common(a.Seen.Filters, b.Seen.Filters)
	d.Actual, d.Excess, d.PerDay, d.Rate, d.ToMonthEnd = d.Actual.Add(b.Seen.Actual), d.Excess.Add(b.Seen.Excess), d.PerDay.Add(b.Seen.PerDay), d.Rate.Add(b.Seen.Rate), d.ToMonthEnd.Add(b.Seen.ToMonthEnd)
	d.Low, d.High = d.Low.Add(b.Seen.Low), d.High.Add(b.Seen.High)
	d.Days = max(d.Days, b.Seen.Days)
	d.Going = d.Going || b.Seen.Going
	d.NewLevel = d.NewLevel && b.Seen.NewLevel
	d.Onset, d.Told, d.OnsetHour = analysis.Earlier(d.Onset, b.Seen.Onset), analysis.Earlier(d.Told, b.Seen.Told), time.Time{}
	for _, s := range []state.IncidentSeen{a.Seen, b.Seen} {
		if h := s.OnsetHour; !h.IsZero() && s.Onset.Equal(d.Onset) && (d.OnsetHour.IsZero() || h.Before(d.OnsetHour)) {
			d.OnsetHour = h
		}
	}
	d.HoursEnd = analysis.Later(d.HoursEnd, b.Seen.HoursEnd)
	d.Last, d.Through = analysis.Later(d.Last, b.Seen.Last), analysis.Later(d.Through, b.Seen.Through)
	if out.ExpectedBy == "" || b.ExpectedBy == "" {
		out.ExpectedBy = ""
	}
	out.Points = sumPoints(a.Points, b.Points)
	d.LastCost = costOf(out.Points, d.Last, d.Actual)
	return out
}

// common keeps the filters that two lists share.
func common(a, b []analysis.Filter) []analysis.Filter {
	out := []analysis.Filter{}
	for _, f := range a {
		if slices.ContainsFunc(b, func(g analysis.Filter) bool {
			return f.Dimension == g.Dimension && f.Not == g.Not && slices.Equal(f.Values, g.Values)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// sumPoints adds two series up on the days that both have.
func sumPoints(a, b []anomaly.Point) []anomaly.Point {
	byDay := map[time.Time]anomaly.Point{}
	for _, p := range b {
		byDay[p.Day] = p
	}
	var out []anomaly.Point
	for _, p := range a {
		q, ok := byDay[p.Day]
		if !ok {
			continue
		}
		out = append(out, anomaly.Point{Day: p.Day, Known: p.Known && q.Known, Actual: p.Actual.Add(q.Actual), Expected: p.Expected.Add(q.Expected), Low: p.Low.Add(q.Low), High: p.High.Add(q.High)})
	}
	return out
}

// Storm joins new incidents to one where there are too many to be told each: a change of the whole bill is one message, or one of each currency. What is expected, and what is not
// fresh, is not counted. The found ones that are told of alone come back as they are.
func Storm(fresh []Found, r Rules) (alone, storms []Found) {
	var worth []Found
	for _, f := range fresh {
		if Worth(f, r) {
			worth = append(worth, f)
		}
	}
	if len(worth) < r.Storm {
		return worth, nil
	}
	var order []string
	of := map[string][]Found{}
	for _, f := range worth {
		c := f.Seen.Currency
		if of[c] == nil {
			order = append(order, c)
		}
		of[c] = append(of[c], f)
	}
	for _, c := range order {
		if len(of[c]) == 1 {
			alone = append(alone, of[c]...)
			continue
		}
		all := of[c][0]
		for _, f := range of[c][1:] {
			all = join(all, f)
		}
		all.Scanned, all.Runbook = nil, ""
		all.Team = "" // it is nobody's alone
		for _, f := range of[c] {
			all.Members = append(all.Members, f.Seen.Title)
		}
		storms = append(storms, all)
	}
	return alone, storms
}

// Worth reports whether a new incident is to be told: nobody expects it, and it passed its floor lately, or goes on since lately.
func Worth(f Found, r Rules) bool {
	return f.ExpectedBy == "" && !f.Seen.Told.Before(f.Seen.Through.AddDate(0, 0, -r.Fresh))
}
