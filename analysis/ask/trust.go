package ask

import (
	"spendbot/analysis"
)

// Topics of questions whether the data can be relied on.
const (
	reconcileTopic = "reconcile"
	qualityTopic   = "quality"
	conformTopic   = "conform"
)

// trusts are those questions, the most specific first.
var trusts = []struct {
	topic   string
	phrases []pattern
	unless  []pattern
}{
	{topic: conformTopic, phrases: phrases("conform|conforms|conformance|conformant|comply|complies|compliant|compliance ... focus", "focus conformance|conformant|compliance|compliant|rules|rule|valid",
		"follow|follows|meets|meet ... focus", "valid focus")},
	{topic: reconcileTopic, phrases: phrases("reconcile|reconciles|reconciled|reconciliation|reconciling",
		"match|matches|matching|matched|agree|agrees|tie|ties|equal|equals|tally|tallies ... invoice|invoices|invoiced", "invoice|invoices ... match|matches|matched|agree|agrees|tie|ties|equal|equals|add",
		"different|differs|differ|difference|differences|gap|off|same ... from|to|between|as|and|vs|versus the|our|its|their? _? invoice|invoices|invoiced",
		"compare|compared|check|checked|hold|held with|to|against|and the|our? invoice|invoices"),
		unless: phrases("forecast|forecasted|budget|budgeted")},
	{topic: qualityTopic, phrases: phrases("data|billing quality", "quality in|of|for|this|last january|february|march|april|may|june|july|august|september|october|november|december|month|week|quarter|year", "quality of|in the|our|this? data|bill|bills|billing|export|exports",
		"is|are the|our|this|my? data|bill|bills|billing|export|exports data? ok|okay|good|clean|sound|trustworthy|reliable|healthy|right|broken|bad",
		"anything|something wrong|off|broken|amiss with|in the|our|this? data|bill|bills|export|exports", "what is wrong with the|our|this? data|export|exports",
		"can|may|should|do i|we trust|rely the|our|this|on data|bills|export", "problems|issues|errors with|in the|our? data|bills|export|exports", "check|checks the|our|on? data",
		"duplicate|duplicated|double lines|line|rows|row|charges|billing|items", "data checks|check|health")},
}

// trust reads a question whether the data can be relied on: against invoices, by its quality, by FOCUS's rules.
func (p *parse) trust(previous *analysis.Plan) (analysis.Plan, bool) {
	if _, term := p.definitionTopic(); term && has(p.ts, definitions) {
		return analysis.Plan{}, false // what a check means, not how it comes out
	}
	for _, t := range trusts {
		if !has(p.ts, t.phrases) || has(p.ts, t.unless) {
			continue
		}
		if previous != nil && len(p.spans) == 0 && t.topic == reconcileTopic {
			p.inherit(previous)
			p.keepPeriods(previous, analysis.Trust)
		}
		p.focus, p.groups, p.grain, p.absent, p.declined, p.forks, p.notes = nil, nil, "", nil, nil, nil, nil
		given := len(p.spans) > 0
		p.mentions = p.byNameOnly()
		pl := p.planAbout(analysis.Trust, t.topic)
		pl.Intent, pl.Metric, pl.Baseline, pl.Windows, pl.Grain, pl.Limit = analysis.Trust, analysis.Billed, nil, nil, "", 0
		if !given && t.topic != reconcileTopic {
			pl.Current, pl.Notes = analysis.Period{}, nil // the package that looks says over which days
		}
		return pl, true
	}
	return analysis.Plan{}, false
}

// trustAgain reads a follow-up that asks the same of another month or of a part of the bills: "and in September?", "only AWS". What
// asks for anything else is not one.
func (p *parse) trustAgain(prev *analysis.Plan) (analysis.Plan, bool) {
	if p.q.why || len(p.focus)+len(p.groups) > 0 || p.grain != "" || p.metric != "" || len(p.spans)+len(p.mentions) == 0 || len(p.byNameOnly()) < len(p.mentions) {
		return analysis.Plan{}, false
	}
	given := len(p.spans) > 0
	p.inherit(prev)
	pl := p.planAbout(analysis.Trust, prev.Topic)
	pl.Intent, pl.Metric, pl.Baseline, pl.Windows, pl.Grain, pl.Limit = analysis.Trust, analysis.Billed, nil, nil, "", 0
	if !given {
		pl.Current, pl.Notes = prev.Current, nil
	}
	return pl, true
}

// byNameOnly keeps the names that narrow a bill as a whole: of who sends it and who pays. What the words of the question itself were
// taken for ("invoice", "tax") is no name.
func (p *parse) byNameOnly() []mention {
	var out []mention
	for _, m := range p.mentions {
		switch m.dim {
		case analysis.DimProvider, analysis.DimBillingAccount, analysis.DimAccount:
			out = append(out, m)
		}
	}
	return out
}
