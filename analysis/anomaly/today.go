package anomaly

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// hoursSQL reads what leaves cost hour by hour, of the usage that is charged by the hour.
//
//go:embed hours.sql
var hoursSQL string

const (
	// mostOpen is how many days after the last complete one are looked at by the hour; a feed further behind has other worries.
	mostOpen = 5
	// mostByHour is how many leaves a scan looks at by the hour, those that are furthest over first. The others are found by their days.
	mostByHour = 40
	// recent is for how many days an anomaly that is found by its days is dated to the hour.
	recent = 14
)

// hours finds what the hours of days that are not complete show, and the hour in which what began lately began. Two queries do: one
// of those days, for the leaves that may stand out, and one of the weeks before, of these alone. Where charges are by the day there is
// nothing to judge by.
func (r *Result) hours(ctx context.Context, sight *store.Sight, parts map[string]query.Fragment, lines []*line, through, read map[string]time.Time, o Options) error {
	leaves := map[leaf]*line{}
	for _, l := range lines {
		if l.level == levelLeaf && l.kind == "Usage" && l.region != several && l.judged != nil {
			leaves[l.leaf] = l
		}
	}
	open := map[string][]analysis.Period{} // of each provider, and the same days of the weeks before
	for _, p := range o.Providers {
		of := analysis.Period{Start: through[p.Name].AddDate(0, 0, 1), End: o.until(read[p.Name])}
		if !p.Monthly && of.Start.Before(of.End) && daysBetween(through[p.Name], read[p.Name]) <= mostOpen {
			for _, back := range []int{0, 7, 14} {
				open[p.Name] = append(open[p.Name], analysis.Period{Start: of.Start.AddDate(0, 0, -back), End: of.End.AddDate(0, 0, -back)})
			}
		}
	}
	over := map[*line]float64{}
	if len(open) > 0 {
		seen, err := r.readHours(ctx, sight, "hourly costs per leaf of days not complete", parts, open, nil)
		if err != nil {
			return err
		}
		for k, hours := range seen {
			if l := leaves[k]; l != nil {
				if most, ok := l.mayStandOut(hours, o); ok {
					over[l] = most
				}
			}
		}
	}
	var wanted []*line
	for l := range over {
		wanted = append(wanted, l)
	}
	slices.SortFunc(wanted, func(a, b *line) int { return cmp.Or(cmp.Compare(over[b], over[a]), a.leaf.compare(b.leaf)) })
	wanted = wanted[:min(len(wanted), mostByHour)]
	dated := 0
	for _, l := range lines {
		if leaves[l.leaf] == l && dated < mostByHour && !slices.Contains(wanted, l) && slices.ContainsFunc(l.found, l.lately) {
			wanted = append(wanted, l)
			dated++
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	from := map[string]time.Time{}
	for _, l := range wanted {
		first := l.start.AddDate(0, 0, max(0, l.firstByHour()-hourDays))
		if at, ok := from[l.provider]; !ok || first.Before(at) {
			from[l.provider] = first
		}
	}
	period := map[string][]analysis.Period{}
	for p, first := range from {
		period[p] = []analysis.Period{{Start: first, End: o.until(read[p])}}
	}
	seen, err := r.readHours(ctx, sight, "hourly costs of leaves that may stand out", parts, period, wanted)
	if err != nil {
		return err
	}
	last := map[string]time.Time{} // the end of each provider's last hour
	for k, hours := range seen {
		for at := range hours {
			last[k.provider] = analysis.Later(last[k.provider], at.Add(time.Hour))
		}
	}
	for _, l := range wanted {
		if exact := seen[l.leaf]; len(exact) > 0 {
			l.byHour(exact, from[l.provider], last[l.provider], o)
		}
	}
	return nil
}

// Complete is a provider's last complete day at a moment, zero for whenever: a day that is not over is not complete, whatever has come of it.
func Complete(p survey.Provider, now time.Time) time.Time {
	if yesterday := analysis.DayOf(now.UTC()).AddDate(0, 0, -1); !now.IsZero() && yesterday.Before(p.Through) {
		return yesterday
	}
	return p.Through
}

// until is the end of a day, or of the last hour of it that has passed.
func (o Options) until(day time.Time) time.Time {
	end := day.AddDate(0, 0, 1)
	if now := o.Now.UTC().Truncate(time.Hour); !o.Now.IsZero() && now.Before(end) {
		return now
	}
	return end
}

// readHours reads hours, of all leaves or of some.
func (r *Result) readHours(ctx context.Context, sight *store.Sight, name string, parts map[string]query.Fragment, of map[string][]analysis.Period, some []*line) (map[leaf]map[time.Time]analysis.Amount, error) {
	const layout = "2006-01-02 15:04:05"
	var providers []string
	var all analysis.Period
	for p, spans := range of {
		providers = append(providers, p)
		for _, s := range spans {
			if all.Start.IsZero() || s.Start.Before(all.Start) {
				all.Start = s.Start
			}
			all.End = analysis.Later(all.End, s.End)
		}
	}
	slices.Sort(providers)
	between := func(p analysis.Period) query.Fragment {
		return query.F("ChargePeriodStart >= CAST(? AS TIMESTAMP) AND ChargePeriodStart < CAST(? AS TIMESTAMP)", p.Start.Format(layout), p.End.Format(layout))
	}
	var each, these []query.Fragment
	for _, p := range providers {
		for _, s := range of[p] {
			b := between(s)
			each = append(each, query.F("(ServiceProviderName = ? AND "+b.SQL+")", append([]any{p}, b.Params...)...))
		}
	}
	for _, l := range some {
		these = append(these, query.F("(provider = ? AND currency = ? AND service = ? AND account = ? AND region = ? AND usage_type = ? AND team = ?)", l.provider, l.currency, l.service, l.account, l.region, l.usageType, l.team))
	}
	outer, inner := between(all), query.Join(" OR ", each...)
	with := map[string]query.Fragment{"hours": query.F(outer.SQL+" AND ("+inner.SQL+")", append(outer.Params, inner.Params...)...), "leaves": query.F("true")}
	if some != nil {
		with["leaves"] = query.Join(" OR ", these...)
	}
	for k, f := range parts {
		with[k] = f
	}
	rows, tr, err := sight.Query(ctx, name, query.Fill(hoursSQL, with))
	if err != nil {
		return nil, fmt.Errorf("anomalies: %w", err)
	}
	r.Queries = append(r.Queries, tr)
	out := map[leaf]map[time.Time]analysis.Amount{}
	for _, v := range rows.Values {
		text := func(i int) string { s, _ := v[i].(string); return s }
		k := leaf{text(0), text(1), text(2), text(3), "Usage", text(4), text(5), text(6)}
		if out[k] == nil {
			out[k] = map[time.Time]analysis.Amount{}
		}
		at, _ := v[7].(time.Time)
		out[k][at], _ = v[8].(decimal.Decimal)
	}
	return out, nil
}

func (l leaf) compare(m leaf) int {
	return cmp.Or(cmp.Compare(l.provider, m.provider), cmp.Compare(l.currency, m.currency), cmp.Compare(l.service, m.service), cmp.Compare(l.account, m.account), cmp.Compare(l.region, m.region),
		cmp.Compare(l.usageType, m.usageType), cmp.Compare(l.team, m.team))
}

// lately reports whether an anomaly began so lately that its hour is worth knowing.
func (l *line) lately(a Anomaly) bool {
	return a.Direction() == Up && daysBetween(a.Onset, l.start.AddDate(0, 0, l.whole-1)) < recent
}

// mayStandOut reports whether hours in a row are over those of the weeks before, the lesser of two, by half of what a whole day must be to be
// told, and by how much. It keeps out most of what is as usual, before the weeks that tell the usual hours are read.
func (l *line) mayStandOut(hours map[time.Time]analysis.Amount, o Options) (most float64, ok bool) {
	if slices.ContainsFunc(l.found, func(a Anomaly) bool { return a.Going && a.Direction() == Up }) {
		return 0, false
	}
	floor, _ := o.Floors.of(l)
	sum := 0.0
	for at := 24 * l.whole; at < 24*len(l.judged); at++ {
		d, hour := l.judged[at/24], l.start.Add(time.Duration(at)*time.Hour)
		usually := decimal.Min(hours[hour.AddDate(0, 0, -7)], hours[hour.AddDate(0, 0, -14)])
		sum = max(0, sum+hours[hour].Sub(usually).InexactFloat64())
		most = max(most, sum)
		ok = ok || d.Judged && sum >= max(floor.PerDay.InexactFloat64(), floor.Share*d.Expected, d.High-d.Expected)/2
	}
	return most, ok
}

// firstByHour is the first day of the line whose hours are judged, by its index: that of what began lately, and the last complete one, since what
// began on it and goes on is one.
func (l *line) firstByHour() int {
	first := l.whole - 1
	for _, a := range l.found {
		if l.lately(a) {
			first = min(first, daysBetween(l.start, a.Onset))
		}
	}
	return max(0, first)
}

// byHour judges the hours of a line from a day on: those of days that are not complete for what to tell, and those on which its
// anomalies began for when they did. What there is nothing of ends with read.
func (l *line) byHour(exact map[time.Time]analysis.Amount, from, read time.Time, o Options) {
	h := &hourly{start: l.start, days: l.judged, costs: l.costs, set: o.Settings, hours: make([][24]float64, len(l.judged))}
	amounts := map[int]analysis.Amount{}
	for t := range h.hours {
		for k := range 24 {
			at := h.dayOf(t).Add(time.Duration(k) * time.Hour)
			if h.hours[t][k] = math.NaN(); at.Before(from) || !at.Before(read) || t < l.whole && l.gaps[t] {
				continue
			}
			amounts[24*t+k] = exact[at]
			h.hours[t][k] = exact[at].InexactFloat64()
		}
	}
	floor, rule := o.Floors.of(l)
	perDay := floor.PerDay.InexactFloat64()
	need := func(excess, expected float64) bool { return excess >= perDay && excess >= floor.Share*expected }
	for _, r := range h.runs(l.firstByHour(), need) {
		began := h.start.Add(time.Duration(r.first) * time.Hour)
		known := false
		for i := range l.found {
			a := &l.found[i]
			if l.lately(*a) && !began.Before(a.Onset) && began.Before(a.Last.AddDate(0, 0, 1)) {
				if known = true; a.OnsetHour.IsZero() && analysis.DayOf(began).Equal(a.Onset) {
					a.OnsetHour = began
				}
			}
		}
		if known || r.last < 24*l.whole {
			continue
		}
		a := l.ofHours(r, amounts, read)
		a.floor = rule
		if !slices.ContainsFunc(l.found, a.Same) {
			l.hours = append(l.hours, a)
		}
	}
}
