package ask

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

var (
	elliptic = phrases("^and|what|how|but|so|also|ok|okay|now about|for|by|in|only|just|show|without|with|the|then?",
		"^and|but|only|just|also|same|now|instead|without|excluding|exclude|include|per|by|group|again|then",
		"^what|how about", "^why|explain$", "^show|list|give|break|split|cut|plot|chart|graph|compare|explain|group it|that|this|them|me? that|it|them? by?", "it|that|them|those|this$", "^is|was|are the increase|rise|change|drop|jump|spike|decrease|difference",
		"^why|how|what did|does|do|is|was|has|caused|drove|explains it|that|they|this|those|these", "^why so|that|such", "^for|in|on|of|from|since|last|this|yesterday|between|until|over|as|at", "^break|split|broken|drill down|it|that|this", "^top|the? #", "^no|not", "^everything|all", "^same for|but|thing|question|again",
		"the increase|rise|jump|spike|drop|decrease|change$", "is it|this|that", "which|what team|service|account|region|owns? ... the increase|rise|drop|spike|jump|change")
	dropFilters = phrases("all|every|any teams|accounts|services|regions|projects|environments|providers|spend", "everything",
		"overall", "all of it", "in total", "the whole company", "company-wide", "across the board")
	pronouns = phrases("it|that|them|those|these|this")
)

// subjects make a sentence one of its own: it says what it is about.
var subjects = wordSet(`spend spending spent spends cost costs bill bills charges expenses pay paid paying invoice expenditure`)

// isFollowUp reports whether a question leans on the one before it.
func (p *parse) isFollowUp(intent analysis.Intent) bool {
	if len(p.ts) == 0 {
		return false
	}
	if intent == analysis.Ambiguous {
		return true
	}
	subject := false
	for i, t := range p.ts {
		if subjects[t.low] && t.role != cut && t.role != named && (i == 0 || !in(p.ts[i-1].low, "by", "highest")) {
			subject = true
		}
	}
	if len(p.ts) <= 2 {
		return !subject || len(p.mentions) == 0 // "total spend" leans, "search spend" stands
	}
	if has(p.ts, phrases("the increase|rise|jump|spike|drop|decrease|change")) && !subject {
		return true
	}
	return !subject && (has(p.ts, elliptic) || !p.asksAnew())
}

// asksAnew reports whether a sentence has a verb of its own.
func (p *parse) asksAnew() bool {
	return has(p.ts, phrases("how much", "what|which|who ... most|expensive|spend|spends|cost|costs", "top #",
		"compare ... vs|versus|with|to|and"))
}

// follow puts what the question says on top of the previous plan.
func (p *parse) follow(prev *analysis.Plan, intent analysis.Intent) analysis.Plan {
	if prev.Intent == analysis.Showback && !p.q.why && len(p.focus) == 0 && intent != analysis.Compare {
		return p.showback(prev)
	}
	if prev.Intent == analysis.AnomalyList && !p.q.why && len(p.focus)+len(p.groups) == 0 && p.grain == "" && intent != analysis.Compare {
		return p.anomalies(prev)
	}
	if prev.Intent == analysis.Trust && intent != analysis.Compare {
		if pl, ok := p.trustAgain(prev); ok {
			return pl
		}
	}
	saysIntent := intent
	if p.hasRule() && !p.versus() && !p.q.compare && has(p.ts, phrases("what|how about", "^and")) {
		p.shift(prev)
		saysIntent = prev.Intent
	}
	p.inherit(prev)
	if prev.Intent == analysis.Compare && prev.Baseline == nil {
		for _, f := range prev.Filters {
			if len(f.Values) > 1 && slices.Contains(prev.GroupBy, f.Dimension) {
				p.valued = f.Dimension
			}
		}
	}
	switch {
	case p.q.why || len(p.focus) > 0:
		intent = analysis.ExplainChange
	case intent == analysis.TopN:
	case prev.Intent == analysis.ExplainChange && prev.Topic != mismatchTopic && saysIntent != analysis.Compare && p.grain == "":
		intent = analysis.ExplainChange
	case saysIntent == analysis.Compare && (p.versus() || p.q.compare || len(p.spans) > 1 || p.hasRule()):
		intent = analysis.Compare
	case prev.Intent == analysis.TopN && p.grain == "":
		intent = analysis.TopN
		if p.limit == 0 {
			p.limit, p.topSaid = prev.Limit, true
		}
	case prev.Intent == analysis.Compare && p.grain == "":
		intent = analysis.Compare
	case len(p.groups) > 0 || p.grain != "":
		intent = analysis.Breakdown
	case len(prev.GroupBy) > 0 || prev.Grain != "":
		intent = analysis.Breakdown
	default:
		intent = analysis.SpendTotal
	}
	if len(p.groups) == 0 && (p.grain == "" || prev.Grain != "") && !(intent == analysis.SpendTotal) {
		p.groups = slices.Clone(prev.GroupBy)
		if intent != analysis.TopN { // by team, then only one team: a table of that one says nothing
			p.groups = slices.DeleteFunc(p.groups, p.pinned)
		}
		if intent == analysis.Breakdown && len(p.groups) == 0 && p.grain == "" && prev.Grain == "" {
			intent = analysis.SpendTotal
		}
	}
	if p.grain == "" && intent == analysis.Breakdown && len(p.groups) == len(prev.GroupBy) && slices.Equal(p.groups, prev.GroupBy) {
		p.grain = prev.Grain
	}
	if p.metric == "" && !(prev.Metric == analysis.Billed && hasCharge(prev.Filters)) {
		p.metric = prev.Metric
	}
	if p.currency == "" {
		p.currency = prev.Currency
	}
	if p.owners == "" {
		p.owners = prev.Owners
	}
	if len(p.focus) == 0 && prev.Focus != "" && intent == analysis.ExplainChange {
		for f := range strings.SplitSeq(prev.Focus, ",") {
			p.focus = append(p.focus, analysis.Effect(f))
		}
	}
	p.keepPeriods(prev, intent)
	pl := p.plan(intent)
	if len(p.spans) == 0 && intent == analysis.Compare && len(prev.Windows) > 0 {
		pl.Windows = prev.Windows
	}
	return pl
}

// pinned reports whether one value of a dimension is asked for.
func (p *parse) pinned(d analysis.Dimension) bool {
	return slices.ContainsFunc(p.mentions, func(m mention) bool { return m.dim == d && !m.not && len(m.values) == 1 })
}

// shift reads "what about the week before?" as the same question one step back.
func (p *parse) shift(prev *analysis.Plan) {
	for i, s := range p.spans {
		if s.rule == noRule {
			continue
		}
		var pd analysis.Period
		switch cur := p.cal.recognise(prev.Current); {
		case s.rule == lastYear:
			pd, _ = p.cal.yearBefore(cur)
		case s.unit >= byDay && s.unit != cur.unit:
			start := s.unit.step(p.cal.start(s.unit, prev.Current.Start), -1)
			pd = analysis.Period{Start: start, End: s.unit.step(start, 1)}
		default:
			pd, _ = p.cal.before(cur)
		}
		named := p.cal.recognise(pd)
		named.from, named.to, named.notes = s.from, s.to, nil
		p.spans[i] = named
	}
}

func (p *parse) hasRule() bool {
	return slices.ContainsFunc(p.spans, func(s span) bool { return s.rule != noRule })
}

// inherit keeps the previous filters on dimensions that the question does not touch.
func (p *parse) inherit(prev *analysis.Plan) {
	if has(p.ts, dropFilters) && len(p.mentions) == 0 {
		return
	}
	var kept []mention
	for _, f := range prev.Filters {
		touched := slices.ContainsFunc(p.mentions, func(m mention) bool { return m.dim == f.Dimension && len(m.values) > 0 && !(m.not && !f.Not) })
		if !touched {
			kept = append(kept, mention{naming: naming{dim: f.Dimension, values: f.Values, labels: f.Labels}, not: f.Not})
		}
	}
	// The previous filters come first; forks point at mentions by number, so they are moved along.
	n := len(kept)
	p.mentions = append(kept, p.mentions...)
	for i := range p.forks {
		for k := range p.forks[i].options {
			apply := p.forks[i].options[k].apply
			p.forks[i].options[k].apply = func(q *parse) {
				tail := *q
				tail.mentions = q.mentions[n:]
				apply(&tail)
				q.spans, q.notes = tail.spans, tail.notes
			}
		}
	}
}

// keepPeriods carries the previous days over when the question names none, and its comparison when it names only one period.
func (p *parse) keepPeriods(prev *analysis.Plan, intent analysis.Intent) {
	if prev.Current.IsZero() {
		return
	}
	days := 0
	for _, s := range p.spans {
		if s.rule == noRule {
			days++
		}
	}
	against := days == 1 && intent == analysis.Compare && has(p.ts, phrases("compare|compared|comparison|vs|versus|against|than"))
	if days > 0 && !against {
		return
	}
	cur := p.cal.recognise(prev.Current)
	cur.notes = nil
	if against {
		p.spans = append([]span{cur}, p.spans...)
		return
	}
	kept := []span{cur}
	if prev.Baseline != nil && !p.hasRule() && len(prev.Windows) == 0 && (intent == analysis.ExplainChange || intent == analysis.Compare) {
		kept = append(kept, span{Period: *prev.Baseline, shape: irregular})
	}
	p.spans = append(kept, p.spans...)
}

// recognise finds out what calendar unit a period is, so that it can be compared with the one before.
func (c calendar) recognise(pd analysis.Period) span {
	for _, u := range []unit{byMonth, byQuarter, byYear, byWeek} {
		start := c.start(u, pd.Start)
		if !start.Equal(pd.Start) {
			continue
		}
		s := c.calendarUnits(u, start, 1, pd.Label)
		if s.Period.Equal(pd) || s.whole.Equal(pd) {
			s.Period = pd
			return s
		}
	}
	if pd.Days() == 1 {
		return c.calendarUnits(byDay, pd.Start, 1, pd.Label)
	}
	return span{Period: pd, shape: irregular}
}
