package ask

import (
	"cmp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// plan completes what was read: filters, periods, defaults and the notes about them. There are no forks left.
func (p *parse) plan(intent analysis.Intent) analysis.Plan { return p.planAbout(intent, "") }

func (p *parse) planAbout(intent analysis.Intent, topic string) analysis.Plan {
	pl := analysis.Plan{Intent: intent, Topic: topic, Metric: p.metric, Grain: p.grain, GroupBy: slices.Clone(p.groups), Currency: p.currency, Owners: p.owners,
		Filters: p.filters(), Focus: p.focusText()}
	if pl.GroupBy == nil {
		pl.GroupBy = []analysis.Dimension{}
	}
	p.shapeIntent(&pl)
	p.periods(&pl)
	if pl.Metric == "" {
		pl.Metric = p.defaultMetric(pl)
	}
	p.coverage(&pl)
	pl.Notes, pl.Declined = p.notes, p.declined
	return pl
}

// filters merges the names: values of one dimension add up, dimensions narrow down.
func (p *parse) filters() []analysis.Filter {
	out := []analysis.Filter{}
	inOrder := slices.Clone(p.mentions)
	slices.SortStableFunc(inOrder, func(a, b mention) int { return cmp.Compare(a.from, b.from) })
	for _, m := range inOrder {
		if len(m.values) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(f analysis.Filter) bool { return f.Dimension == m.dim && f.Not == m.not })
		if i < 0 {
			out = append(out, analysis.Filter{Dimension: m.dim, Not: m.not})
			i = len(out) - 1
		}
		f := &out[i]
		labels := m.labelList()
		for k, v := range m.values {
			if !slices.Contains(f.Values, v) {
				f.Values = append(f.Values, v)
				f.Labels = append(f.Labels, labels[k])
			}
		}
	}
	for i := range out {
		if slices.Equal(out[i].Values, out[i].Labels) {
			out[i].Labels = nil
		}
	}
	return out
}

func (p *parse) shapeIntent(pl *analysis.Plan) {
	switch pl.Intent {
	case analysis.TopN:
		if len(pl.GroupBy) == 0 {
			pl.GroupBy = []analysis.Dimension{analysis.DimService}
			p.note("nothing was named to rank: services")
		}
		pl.Limit = p.limit
		if pl.Limit == 0 {
			pl.Limit = defaultTop
			if p.asked.dim != "" && !p.askedMany {
				pl.Limit = 1
			}
		}
	case analysis.Breakdown:
		pl.Limit = p.limit
		switch {
		case len(pl.GroupBy) == 0 && pl.Grain == "" && p.q.trend:
			pl.Grain = p.trendGrain()
			p.note("no step was given: by %s", pl.Grain)
		case len(pl.GroupBy) == 0 && pl.Grain == "" && p.valued != "":
			pl.GroupBy = []analysis.Dimension{p.valued}
		case len(pl.GroupBy) == 0 && pl.Grain == "":
			pl.GroupBy = []analysis.Dimension{analysis.DimService}
			p.note("nothing was named to break it down by: services")
		}
		if p.q.top && p.asked.grain != "" {
			p.decline("Days are listed in order, not ranked: the largest one stands out in the list.")
		}
		for _, s := range p.spans {
			if s.rule != noRule && pl.Grain == "" {
				pl.Grain = map[unit]analysis.Grain{byDay: analysis.ByDay, byWeek: analysis.ByWeek}[s.unit]
				if pl.Grain == "" {
					pl.Grain = analysis.ByMonth
				}
			}
		}
		for _, s := range p.spans {
			if pl.Grain == "" && len(pl.GroupBy) > 0 && s.unit == byMonth && s.n > 1 && s.shape == wholeUnits {
				pl.Grain = analysis.ByMonth
				p.note("several months were asked for: shown month by month")
			}
		}
	case analysis.Compare:
		if p.valued != "" && !slices.Contains(pl.GroupBy, p.valued) {
			pl.GroupBy = append(pl.GroupBy, p.valued)
		}
	case analysis.ExplainChange:
		pl.Limit = p.limit
		if p.grain != "" {
			pl.Grain = analysis.NoGrain // onset days are part of every explanation
		}
	}
	if has(p.ts, phrases("weekday|weekdays")) {
		p.decline("Weekdays are not singled out here: all days of the period are in, and a list by day shows them.")
	}
	if has(p.ts, phrases("average|avg|averages|median|typical")) && pl.Intent != analysis.ExplainChange {
		p.decline("Averages are not computed here: these are the amounts themselves.")
	}
	if p.q.least && (pl.Intent == analysis.Breakdown || pl.Intent == analysis.TopN || pl.Intent == analysis.SpendTotal) {
		p.decline("The smallest are not listed first here: rows are sorted by cost, the largest first.")
		if len(pl.GroupBy) > 0 {
			pl.Intent, pl.Limit = analysis.Breakdown, 0
		}
	}
	if p.q.share && len(pl.GroupBy) == 0 && pl.Intent == analysis.SpendTotal {
		p.decline("Shares of a total are not computed in one answer: this is the amount; a breakdown shows the shares.")
	}
}

// defaultTop is the length of a ranking whose length was not said.
const defaultTop = 10

// trendGrain is the step a trend is shown in: days up to six weeks, then weeks up to half a year, then months.
func (p *parse) trendGrain() analysis.Grain {
	for _, s := range p.spans {
		switch {
		case s.IsZero():
		case s.Days() > 183:
			return analysis.ByMonth
		case s.Days() > 42:
			return analysis.ByWeek
		}
	}
	return analysis.ByDay
}

// defaultMetric is billed cost where the question is about what only an invoice holds.
func (p *parse) defaultMetric(pl analysis.Plan) analysis.Metric {
	for _, f := range pl.Filters {
		if f.Dimension == analysis.DimChargeCategory && !slices.Contains(f.Values, "Usage") {
			p.note("taxes, credits, refunds and purchases are shown as billed cost")
			return analysis.Billed
		}
	}
	return analysis.Effective
}

// periods sets the days: those named, else the defaults, and what they are compared with.
func (p *parse) periods(pl *analysis.Plan) {
	var named []span
	var ruled *span
	for i := range p.spans {
		s := p.spans[i]
		if s.rule != noRule {
			ruled = &p.spans[i]
			continue
		}
		if s.IsZero() {
			continue
		}
		if s.ends != nil && (pl.Intent == analysis.ExplainChange || pl.Intent == analysis.Compare) &&
			s.ends[0].unit == s.ends[1].unit && s.ends[0].unit >= byWeek && !s.ends[0].future && !s.ends[1].future && p.asPair(s) {
			named = append(named, s.ends[0], s.ends[1])
			continue
		}
		named = append(named, s)
	}
	comparing := pl.Intent == analysis.ExplainChange || pl.Intent == analysis.Compare
	if !comparing && len(named) > 1 {
		named = p.union(pl, named)
		comparing = pl.Intent == analysis.Compare
	}
	if len(named) == 0 {
		named = []span{p.defaultSpan(pl, ruled)}
	}
	if len(named) > 2 || comparing && len(named[0].windows) > 0 {
		p.windows(pl, named)
		return
	}
	cur := named[0]
	var base *span
	if len(named) == 2 {
		base = &named[1]
		if base.Start.After(cur.Start) || base.Start.Equal(cur.Start) && base.End.After(cur.End) {
			cur, base = named[1], &named[0]
		}
	} else if comparing && p.behind(cur) {
		base = &named[0]
		cur = p.nextOf(cur)
	}
	if base != nil && base.Period.Equal(cur.Period) {
		base = nil // nothing is compared with itself
	}
	pl.Current = cur.Period
	p.addNotes(cur)
	if len(cur.windows) > 0 {
		p.windows(pl, []span{cur})
		return
	}
	if !comparing {
		return
	}
	var b analysis.Period
	var why string
	switch {
	case base != nil:
		p.addNotes(*base)
		b = base.Period
		if cur.shape == toDate && base.shape == wholeUnits && base.n == 1 && base.unit == cur.unit {
			b, why = p.cal.sameDays(cur, base.Period)
		}
	case ruled != nil && ruled.rule == lastYear:
		b, why = p.cal.yearBefore(cur)
	case p.valued != "" && pl.Intent == analysis.Compare:
		return // values against each other, in one period
	case ruled != nil && ruled.unit == byDay && cur.Days() == 1:
		b = analysis.Period{Start: cur.Start.AddDate(0, 0, -1), End: cur.Start}
	default:
		b, why = p.cal.before(cur)
	}
	if why != "" {
		p.note("%s", why)
	}
	pl.Baseline = &b
}

// asPair reports whether "between A and B" are two periods to compare rather than one range: of months and longer ones, when
// a change or difference between them is asked for.
func (p *parse) asPair(s span) bool {
	return s.joined != "to" || len(p.spans) == 1
}

// behind reports whether the one period named is what to compare with: "than last month", "vs last week", "compared to October".
func (p *parse) behind(s span) bool {
	if s.from == 0 || s.shape == toDate || s.shape == rolling {
		return false
	}
	j := s.from - 1
	for j > 0 && in(p.ts[j].low, "with", "to", "the", "in", "what", "it", "was", "we", "had", "spent") {
		j--
	}
	return in(p.ts[j].low, "than", "vs", "versus", "against", "compared") && (len(p.mentions) < 2 || p.valued == "")
}

// nextOf is what a baseline alone is compared with, as in "higher than in March": the same unit as it runs now, up to the last
// complete day, or the last complete one where this one has no complete day yet.
func (p *parse) nextOf(base span) span {
	if base.shape == wholeUnits && base.n == 1 && base.unit >= byWeek {
		start := p.cal.start(base.unit, p.cal.through)
		s := p.cal.calendarUnits(base.unit, start, 1, unitLabel(base.unit, start, base.Label))
		if !base.End.After(start) {
			return s
		}
		p.note("the %s after it has no complete day yet: it is compared with the one before", base.unit)
		return base
	}
	days := base.Days()
	s := span{Period: analysis.Period{Start: p.cal.end().AddDate(0, 0, -days), End: p.cal.end()}, shape: rolling, unit: byDay, n: days}
	if s.Start.Before(base.End) {
		return p.cal.monthOrEarlier()
	}
	p.note("compared with the latest %s, %s", count(days, "complete day"), s.Period)
	return s
}

// union joins periods of a question that compares nothing; periods that do not touch become a comparison.
func (p *parse) union(pl *analysis.Plan, named []span) []span {
	sorted := slices.Clone(named)
	slices.SortStableFunc(sorted, func(a, b span) int { return a.Start.Compare(b.Start) })
	out := sorted[0]
	for _, s := range sorted[1:] {
		if s.Start.After(out.End) {
			pl.Intent = analysis.Compare
			return named
		}
		if s.End.After(out.End) {
			out.End = s.End
		}
		out.Label, out.shape, out.notes = "", irregular, append(out.notes, s.notes...)
	}
	p.note("the periods were read as one, %s", out.Period)
	return []span{out}
}

// windows sets a comparison of more than two periods.
func (p *parse) windows(pl *analysis.Plan, named []span) {
	var all []analysis.Period
	for _, s := range named {
		p.addNotes(s)
		if len(s.windows) > 0 {
			all = append(all, s.windows...)
		} else {
			all = append(all, s.Period)
		}
	}
	slices.SortStableFunc(all, func(a, b analysis.Period) int { return a.Start.Compare(b.Start) })
	all = slices.CompactFunc(all, analysis.Period.Equal)
	if len(all) > maxWindows {
		all = all[len(all)-maxWindows:]
	}
	pl.Current = all[len(all)-1]
	if len(all) == 1 {
		return
	}
	prev := all[len(all)-2]
	if pl.Intent == analysis.ExplainChange {
		pl.Baseline = &prev
		p.note("an explanation is of two periods: the last two named")
		return
	}
	pl.Intent = analysis.Compare
	pl.Baseline = &prev
	if len(all) > 2 {
		pl.Windows = all
	}
}

func (p *parse) addNotes(s span) {
	for _, n := range s.notes {
		p.note("%s", n)
	}
}

// defaultSpan is the period of a question that names none.
func (p *parse) defaultSpan(pl *analysis.Plan, ruled *span) span {
	switch {
	case pl.Intent == analysis.AnomalyList:
		p.note("no period was given: the last %d complete days", anomalyDays)
		return p.cal.trailing(byDay, anomalyDays, "")
	case pl.Intent == analysis.Ownership:
		p.note("no period was given: the last %d complete days", ownerDays)
		return p.cal.trailing(byDay, ownerDays, "")
	case pl.Intent == analysis.Showback:
		start := byMonth.step(p.cal.start(byMonth, p.cal.end()), -1)
		p.note("no period was given: the last complete month")
		return p.cal.calendarUnits(byMonth, start, 1, start.Format("January 2006"))
	case pl.Topic == reconcileTopic:
		start := byMonth.step(p.cal.start(byMonth, p.cal.end()), -1)
		p.note("no period was given: the last complete month")
		return p.cal.calendarUnits(byMonth, start, 1, start.Format("January 2006"))
	case pl.Topic == mismatchTopic:
		p.note("no period was given: month to date")
		return p.cal.monthOrEarlier()
	case ruled != nil && ruled.unit >= byWeek:
		if pl.Intent == analysis.Breakdown {
			s := p.dates().completeMonths(byMonth, 6)
			p.note("no period was given: the last 6 complete months")
			return s
		}
		s := p.cal.calendarUnits(ruled.unit, p.cal.start(ruled.unit, p.cal.through), 1, "")
		if s.shape == toDate {
			p.note("no period was given: the %s to date", ruled.unit)
		} else {
			p.note("no period was given: the last complete %s", ruled.unit)
		}
		return s
	case pl.Intent == analysis.ExplainChange && (hasCharge(pl.Filters) || has(p.ts, phrases("forecast|forecasted|budget|invoice"))):
		if has(p.ts, phrases("forecast|forecasted|budget")) {
			p.note("no period was given: month to date")
			return p.cal.monthOrEarlier()
		}
		start := byMonth.step(p.cal.start(byMonth, p.cal.end()), -1)
		s := p.cal.calendarUnits(byMonth, start, 1, start.Format("January 2006"))
		p.note("no period was given: the last complete month, because such charges come once a month")
		return s
	case pl.Intent == analysis.ExplainChange:
		start := byWeek.step(p.cal.start(byWeek, p.cal.end()), -1)
		s := p.cal.calendarUnits(byWeek, start, 1, "")
		s.shape = wholeUnits
		p.note("no period was given: the last complete week against the week before")
		return s
	case pl.Grain == analysis.ByMonth:
		p.note("no period was given: the last 6 complete months")
		s := p.dates().completeMonths(byMonth, 6)
		s.notes = nil
		return s
	case pl.Grain == analysis.ByWeek:
		p.note("no period was given: the last 8 weeks")
		return p.cal.trailing(byWeek, 8, "last 8 weeks")
	}
	s := p.cal.monthOrEarlier()
	if s.shape == toDate {
		p.note("no period was given: month to date")
	} else {
		p.note("no period was given: %s, the last month with complete days", s.Start.Format("January 2006"))
	}
	return s
}

func hasCharge(fs []analysis.Filter) bool {
	return slices.ContainsFunc(fs, func(f analysis.Filter) bool {
		return f.Dimension == analysis.DimChargeCategory && !f.Not ||
			f.Dimension == analysis.DimService && slices.ContainsFunc(f.Values, func(v string) bool { return strings.Contains(strings.ToLower(v), "support") })
	})
}

// fullOrRunningMonth is the month of the last complete day.
func (c calendar) fullOrRunningMonth() span { return c.monthOrEarlier() }

// monthOrEarlier is the month to date, or the month of the last complete day where this one has none yet.
func (c calendar) monthOrEarlier() span {
	start := c.start(byMonth, c.through)
	s := c.calendarUnits(byMonth, start, 1, start.Format("January 2006"))
	if s.shape == toDate {
		s.Label = "month to date"
	}
	return s
}

// coverage notes where the data does not reach as far as the question.
func (p *parse) coverage(pl *analysis.Plan) {
	if pl.Current.IsZero() {
		return
	}
	c, v := pl.Current, p.r.voc
	switch {
	case c.End.After(p.cal.end()) && !c.Start.Before(p.cal.end()):
		p.note("the data is complete through %s: nothing of %s is complete", dayName(p.cal.through), c)
	case c.End.After(p.cal.end()):
		p.note("the data is complete through %s: the last %s of the period are not", dayName(p.cal.through), count(int(c.End.Sub(p.cal.end()).Hours()/24+0.5), "day"))
	}
	first := c.Start
	if pl.Baseline != nil && pl.Baseline.Start.Before(first) {
		first = pl.Baseline.Start
	}
	if !v.First.IsZero() && first.Before(analysis.DayOf(v.First)) {
		p.note("the data begins on %s", dayName(v.First))
	}
}

func emptyPlan(intent analysis.Intent) analysis.Plan {
	return analysis.Plan{Intent: intent, Metric: analysis.Effective, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}}
}
