package ask

import (
	"slices"

	"spendbot/analysis"
)

// AnomaliesUp is the topic of a list of anomalies that asks for what costs more than expected.
const AnomaliesUp = "up"

var spikeWords = phrases("spike|spikes|spiked|spiking|surge|surged|surges|blow|blew|blown")

// listsAnomalies reports whether a topic is the list of what stands out, and the question no other about anomalies.
func (p *parse) listsAnomalies(t topic) bool {
	return t.name == "anomaly_list" && !has(p.ts, phrases("why"))
}

// anomalies reads a question for what stands out: of which part of the bill, in which days. prev is the list it follows up on; nil where it
// stands by itself.
func (p *parse) anomalies(prev *analysis.Plan) analysis.Plan {
	p.focus, p.groups, p.grain, p.metric, p.currency, p.limit = nil, nil, "", "", "", 0
	topic := ""
	if has(p.ts, spikeWords) {
		topic = AnomaliesUp
	}
	if prev != nil {
		topic = prev.Topic
		p.inherit(prev)
		p.keepPeriods(prev, analysis.AnomalyList)
	}
	p.mentions = slices.DeleteFunc(p.mentions, func(m mention) bool {
		if m.dim == analysis.DimResource {
			p.decline("What stands out is looked for by service, account, region, usage type and team, not by resource: %s was not used.", p.namingLabel(m.naming))
			return true
		}
		return false
	})
	pl := p.planAbout(analysis.AnomalyList, topic)
	pl.Intent, pl.Metric, pl.Baseline, pl.Windows, pl.Limit = analysis.AnomalyList, analysis.Effective, nil, nil, 0
	return pl
}

// anomalyDays is how many days up to the last complete one a list of anomalies is of where no period is given.
const anomalyDays = 14
