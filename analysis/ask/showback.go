package ask

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// The topics of a showback: what of it is asked for. See package reply, which carries it out.
const (
	chargebackTopic = "chargeback"
	ruleTopic       = "rule:" // then the allocation rule's name
)

var (
	chargebackWords = phrases("chargeback|charge-back|chargebacks", "charge back")
	splitWords      = phrases("how|who ... split|shared|distributed|allocated|apportioned|charged", "split of|for", "split|allocation|share|part of|the|our",
		"how much of the|our|my? ... does|do|did|should ... get|pay|owe|carry|bear")
)

// showbackNouns are the words of such questions that are no names.
var showbackNouns = wordSet("unallocated allocated allocation allocate unattributed showback showbacks chargeback chargebacks show-back charge-back shared split apportion apportioned apportionment distributed")

// asksShowback reports whether the question is who bears which part of the bill, when its topic is not: how a rule that has a
// name here splits.
func (p *parse) asksShowback() bool {
	rule, _, _ := p.ruleNamed()
	return rule != "" && !p.q.why && has(p.ts, splitWords)
}

// ruleNamed finds an allocation rule's name in the question: the longest, then the first.
func (p *parse) ruleNamed() (rule string, from, to int) {
	for _, name := range p.r.opts.Rules {
		words := strings.Fields(strings.ToLower(name))
		if to-from >= len(words) {
			continue
		}
		for i := 0; i+len(words) <= len(p.ts); i++ {
			same := true
			for k, w := range words {
				a, _ := singular(p.ts[i+k].low)
				b, _ := singular(w)
				same = same && a == b
			}
			if same {
				rule, from, to = name, i, i+len(words)
				break
			}
		}
	}
	return rule, from, to
}

// bears reports whether a dimension is one of owners: whoever costs can be given to.
func bears(d analysis.Dimension) bool {
	_, tag := d.TagKey()
	return tag || d == analysis.DimAccount || d == analysis.DimBillingAccount || isOwned(d)
}

// showback reads a question about who bears which part of the bill: whose parts, by whom, of which month, or how one rule splits.
// prev is the showback that it follows up on; nil where it stands by itself.
func (p *parse) showback(prev *analysis.Plan) analysis.Plan {
	rule, from, to := p.ruleNamed()
	p.mentions = slices.DeleteFunc(p.mentions, func(m mention) bool {
		if rule != "" && m.from < to && m.to > from { // the word is the rule's name, not a service's
			p.forks = nil
			return true
		}
		if len(m.values) == 0 || bears(m.dim) {
			return false
		}
		p.decline("A showback is of whole owners: %s was not used.", p.namingLabel(m.naming))
		return true
	})
	p.mentions = slices.DeleteFunc(p.mentions, func(m mention) bool { // they are no names, whatever is called like them
		word := showbackNouns[fold(m.said)]
		if word && len(m.values) == 0 {
			p.forks = nil
		}
		return word
	})
	p.notes = slices.DeleteFunc(p.notes, func(n string) bool {
		_, after, quoted := strings.Cut(n, `"`)
		word, _, _ := strings.Cut(after, `"`)
		return quoted && showbackNouns[fold(word)]
	})
	p.grain, p.focus = "", nil
	if p.metric == analysis.Usage {
		p.metric = ""
		p.decline("A showback is of money, not of quantities.")
	}
	p.groups = slices.DeleteFunc(slices.Clone(p.groups), func(d analysis.Dimension) bool { return !bears(d) })
	if len(p.groups) > 1 {
		p.groups = p.groups[:1]
	}
	topic := ""
	switch {
	case has(p.ts, chargebackWords):
		topic = chargebackTopic
		if p.metric == "" {
			p.metric = analysis.Billed
		}
	case rule != "":
		topic = ruleTopic + rule
	case prev != nil:
		topic = prev.Topic
	}
	if prev != nil {
		if len(p.mentions) == 0 && topic == prev.Topic {
			p.inherit(prev)
		}
		if p.metric == "" && topic == prev.Topic {
			p.metric = prev.Metric
		}
		if p.currency == "" {
			p.currency = prev.Currency
		}
		if len(p.groups) == 0 && len(p.mentions) == 0 {
			p.groups = slices.Clone(prev.GroupBy)
		}
	}
	finish := func(q *parse) analysis.Plan {
		pl := q.planAbout(analysis.Showback, topic)
		if prev != nil && len(q.spans) == 0 {
			pl.Current = prev.Current
			pl.Notes = slices.DeleteFunc(pl.Notes, func(n string) bool { return strings.HasPrefix(n, "no period was given") })
		}
		pl.Baseline, pl.Windows, pl.Limit = nil, nil, 0
		if len(pl.GroupBy) == 0 && len(pl.Filters) > 0 {
			pl.GroupBy = []analysis.Dimension{pl.Filters[0].Dimension}
		}
		return pl
	}
	if len(p.forks) > 0 {
		return p.askBack(finish)
	}
	return finish(p)
}

// showbackSentence writes a showback as a question that is read as it again.
func (r *Reader) showbackSentence(p analysis.Plan) string {
	of := r.filterWords(p.Filters)
	period := periodWords(p.Current)
	what, usual := "showback", analysis.Effective
	if p.Topic == chargebackTopic {
		what, usual = "chargeback", analysis.Billed
	}
	if p.Metric != usual {
		of = " of " + p.Metric.Words() + of
	}
	if rule, ok := strings.CutPrefix(p.Topic, ruleTopic); ok {
		return "how was " + rule + " split" + of + " " + period
	}
	by := ""
	if len(p.GroupBy) > 0 && len(p.Filters) == 0 {
		by = groupWords(p)
	}
	return what + of + by + " " + period
}
