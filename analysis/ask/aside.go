package ask

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// topicOf finds the first topic whose phrases occur.
func (p *parse) topicOf(list []topic) (topic, bool) {
	for _, t := range list {
		if has(p.ts, t.phrases) && !(len(t.unless) > 0 && has(p.ts, t.unless)) {
			return t, true
		}
	}
	return topic{}, false
}

// outOfScope says what is not answered and what can be asked instead.
func (p *parse) outOfScope(t topic) analysis.Plan {
	pl := emptyPlan(analysis.OutOfScope)
	pl.Topic = t.name
	about := ""
	if fs := p.filters(); strings.Contains(t.instead, "%s") && len(p.forks) == 0 && len(fs) <= 3 {
		about = p.r.filterWords(fs)
		if len(p.mentions) == 1 && len(p.mentions[0].values) > 1 && !p.mentions[0].not {
			about = " for " + p.mentions[0].said
		}
		if tooStrange(analysis.Plan{Filters: fs}) || len(about) > 160 {
			about = ""
		}
	}
	instead := t.instead
	if strings.Contains(instead, "%s") {
		instead = fmt.Sprintf(instead, about)
	}
	pl.Declined = []string{fmt.Sprintf("%s; what can be asked: %s", t.says, instead)}
	pl.Notes = nil
	return pl
}

var (
	forecastGap = phrases("than|vs|versus|over|above|below|against|from the|our|my? forecast|forecasted|projected|predicted|expected|plan|planned",
		"than|vs|versus|against we|i|was? expected|forecast|forecasted|planned|projected|predicted")
	budgetGap = phrases("than|vs|versus|over|above|below|against the|our|my? budget|budgeted")
	tagList   = phrases("list|show|what|which me? all|the|are|do? tags|keys|tag? keys|are|available|exist|do|we? ...")
)

// aside answers the questions of kinds that are not answered here, unless a plain question about spend is in them.
func (p *parse) aside() (analysis.Plan, bool) {
	if p.q.why && has(p.ts, forecastGap) {
		p.decline("There is no forecast here to compare with: this explains the change against the period before.")
		return analysis.Plan{}, false
	}
	if p.q.why && has(p.ts, budgetGap) {
		p.decline("There is no budget here to compare with: this explains the change against the period before.")
		return analysis.Plan{}, false
	}
	if p.asksShowback() {
		return p.showback(nil), true
	}
	if pl, ok := p.owner(); ok {
		return pl, true
	}
	if t, ok := p.topicOf(topics); ok && !p.plainSpend(t) {
		if t.name == "allocation" {
			return p.showback(nil), true
		}
		if p.listsAnomalies(t) {
			finish := func(q *parse) analysis.Plan { return q.anomalies(nil) }
			if len(p.forks) > 0 {
				return p.askBack(finish), true
			}
			return finish(p), true
		}
		pl := p.outOfScope(t)
		if t.name == "tag_compliance" && has(p.ts, tagList) && len(p.r.voc.Tags) > 0 {
			pl.Declined = append([]string{"The tag keys of this data are " + strings.Join(sortedKeys(p.r.voc.Tags), ", ") + "."}, pl.Declined...)
		}
		return pl, true
	}
	for _, s := range p.spans {
		if s.future {
			t := topics[len(topics)-1]
			return p.outOfScope(t), true
		}
	}
	if t, ok := p.topicOf([]topic{chatter}); ok && !p.hasNames() && len(p.spans) == 0 && len(p.ts) <= 5 && !p.q.cost {
		return p.outOfScope(t), true
	}
	if len(p.mentions) > 0 || p.q.cost {
		p.secondHalf()
	}
	return analysis.Plan{}, false
}

// plainSpend reports whether a question of another kind is a plain one about spend after all.
func (p *parse) plainSpend(t topic) bool {
	switch t.name {
	case "k8s":
		return len(p.absent) > 0 && p.noun()
	case "unit_cost":
		// "cost per account" is a cut.
		return len(p.groups) > 0 && !has(p.ts, phrases("per gb|request|requests|vcpu|hour|unit|#"))
	case "waste":
		return p.q.why
	case "allocation": // "unallocated" is what has no team, where teams are known
		return slices.ContainsFunc(p.mentions, func(m mention) bool {
			return m.dim == analysis.DimTeam && slices.Contains(m.values, analysis.Unallocated)
		}) &&
			!has(p.ts, phrases("allocate|allocation|showback|chargeback|show-back|charge-back|shared|apportion|apportioned"))
	case "forecast":
		return p.q.why && !has(p.ts, phrases("will|next"))
	case "commitment_coverage":
		return len(p.focus) > 0
	}
	return false
}

// secondHalf splits off a second question that a bill cannot answer: "... and is caching on?"
func (p *parse) secondHalf() {
	for i := 1; i < len(p.ts); i++ {
		if p.ts[i].low != "and" && !p.ts[i-1].brk {
			continue
		}
		j := i
		if p.ts[j].low == "and" {
			j++
		}
		if j >= len(p.ts) || !in(p.ts[j].low, "is", "are", "do", "does", "can", "should", "was", "will", "who", "has", "have") {
			continue
		}
		rest := p.ts[j:]
		if has(rest, changeWords) || has(rest, phrases("cost|costs|spend|spending|spent|bill|vs|versus|why")) {
			continue
		}
		said := p.saidAt(j, len(p.ts))
		p.decline("%q is not something a bill can tell; the rest of the question is answered.", clip(strings.ToUpper(said[:1])+said[1:]+"?"))
		// What the second half said is no filter of the first: its unknown words are not asked back.
		kept := p.mentions[:0]
		for _, m := range p.mentions {
			if m.from < j {
				kept = append(kept, m)
			}
		}
		if len(kept) != len(p.mentions) {
			p.forks = nil
		}
		p.mentions = kept
		p.dropNotes(rest)
		return
	}
}

func (p *parse) dropNotes(rest []token) {
	var kept []string
	for _, n := range p.notes {
		about := false
		for _, t := range rest {
			about = about || t.role == strange && strings.Contains(n, `"`+t.raw+`"`)
		}
		if !about {
			kept = append(kept, n)
		}
	}
	p.notes = kept
}

// aboutAnswers reads questions about numbers, words and data rather than about spend.
func (p *parse) aboutAnswers(previous *analysis.Plan) (analysis.Plan, bool) {
	pl := emptyPlan(analysis.Provenance)
	if pl, ok := p.trust(previous); ok {
		return pl, true
	}
	if has(p.ts, consoleWords) && (has(p.ts, mismatch) || p.q.why) {
		p.readConsole()
		pl = p.consolePlan(previous)
		return pl, true
	}
	if has(p.ts, definitions) && !has(p.ts, phrases("why", "cost|costs|spend|bill for|of|in|last|this")) {
		if topic, ok := p.definitionTopic(); ok {
			pl.Topic = topic
			return pl, true
		}
	}
	if has(p.ts, whatIsTerm) && len(p.spans) == 0 && len(p.mentions) == 0 && !has(p.ts, phrases("our|my|we")) {
		if topic, ok := p.definitionTopic(); ok {
			pl.Topic = topic
			return pl, true
		}
	}
	if p.isFresh() {
		pl.Intent, pl.Topic = analysis.Freshness, ""
		pl.Filters = p.providerFilters()
		for _, s := range p.spans {
			if s.rule == noRule && !s.IsZero() && !s.future {
				pl.Current = s.Period
			}
		}
		return pl, true
	}
	onlySQL := len(p.mentions) == 1 && fold(p.mentions[0].said) == "sql" && !p.noun()
	if has(p.ts, lastAnswer) && (len(p.mentions) == 0 || onlySQL) && !p.q.why && len(p.spans) == 0 && len(p.groups) == 0 {
		pl.Topic = "last_answer"
		return pl, true
	}
	return pl, false
}

// providerFilters keeps what freshness depends on.
func (p *parse) providerFilters() []analysis.Filter {
	out := []analysis.Filter{}
	for _, f := range p.filters() {
		if f.Dimension == analysis.DimProvider {
			out = append(out, f)
		}
	}
	return out
}

func (p *parse) isFresh() bool {
	if !has(p.ts, freshWords) || p.q.why || len(p.groups) > 0 || has(p.ts, notFresh) {
		return false
	}
	for _, m := range p.mentions {
		if m.dim != analysis.DimProvider {
			return false
		}
	}
	return true
}

// readConsole takes back a name that is only the console's: "Cost Explorer", "the AWS console".
func (p *parse) readConsole() {
	kept := p.mentions[:0]
	for _, m := range p.mentions {
		console := false
		for j := m.to; j < min(len(p.ts), m.to+2); j++ {
			console = console || in(p.ts[j].low, "console", "portal", "cost", "explorer", "invoice", "bill", "billing")
		}
		if !console {
			kept = append(kept, m)
		}
	}
	p.mentions = kept
	p.forks = nil
	p.notes = nil
}

// mismatchTopic marks questions why a total differs from what a provider's own console shows.
const mismatchTopic = "console_mismatch"

// consolePlan is about a total that is not the console's: the previous question's, or the named period's.
func (p *parse) consolePlan(previous *analysis.Plan) analysis.Plan {
	if previous != nil && len(p.spans) == 0 {
		p.inherit(previous)
		p.keepPeriods(previous, analysis.ExplainChange)
	}
	p.focus = nil
	p.groups, p.grain, p.absent, p.declined = nil, "", nil, nil
	return p.planAbout(analysis.ExplainChange, mismatchTopic)
}

// empty reports whether the question named nothing to answer about.
func (p *parse) empty() bool {
	if len(p.mentions) > 0 || len(p.spans) > 0 || len(p.groups) > 0 || p.grain != "" || p.q.why || p.q.changed || len(p.absent) > 0 || p.topSaid || len(p.focus) > 0 {
		return false
	}
	if has(p.ts, pronouns) && !has(p.ts, phrases("this|that month|week|year|quarter|bill")) && !p.noun() {
		return true
	}
	return !(p.q.cost || has(p.ts, breakWords)) || !p.noun()
}

// hasNames reports whether the question names anything this data has.
func (p *parse) hasNames() bool {
	return slices.ContainsFunc(p.mentions, func(m mention) bool { return len(m.values) > 0 })
}

// noun reports whether spend is spoken of at all.
func (p *parse) noun() bool {
	for _, t := range p.ts {
		if in(t.low, "spend", "spending", "spent", "cost", "costs", "bill", "bills", "charges", "expenses", "paying", "pay", "paid", "invoice", "spends",
			"expenditure", "money", "usage", "billed", "charged", "burn", "total") {
			return true
		}
	}
	return false
}
