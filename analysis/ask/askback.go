package ask

import (
	"spendbot/analysis"
)

// maxChoices bounds the buttons under a question back.
const maxChoices = 5

// askBack turns the forks of a reading into a question with choices. Each choice asks the whole question anew, with this
// fork taken one way; forks behind the first take their first way, which its words show.
func (p *parse) askBack(finish func(*parse) analysis.Plan) analysis.Plan {
	out := emptyPlan(analysis.Ambiguous)
	c := &analysis.Clarification{Question: p.forks[0].question, Choices: []analysis.Choice{}}
	for _, o := range p.forks[0].options {
		if len(c.Choices) == maxChoices {
			break
		}
		q := p.clone()
		// Later forks first: an option may remove a date, which moves the ones behind it.
		for _, f := range p.forks[1:] {
			f.options[0].apply(q)
		}
		o.apply(q)
		pl := finish(q)
		if tooStrange(pl) {
			continue
		}
		if s := p.r.Sentence(pl); s != "" {
			c.Choices = append(c.Choices, analysis.Choice{Label: o.label, Ask: s})
		}
	}
	out.Clarify = c
	out.Notes, out.Declined = p.notes, p.declined
	return out
}

// lost is the question back to a sentence that says nothing about spend.
func (p *parse) lost() analysis.Plan {
	out := emptyPlan(analysis.Ambiguous)
	question := "What should be looked at? I answer how much was spent, for what, against when, and why it changed."
	if has(p.ts, pronouns) && p.q.cost {
		question = "How much is what? Nothing was asked before that this could refer to."
	}
	out.Clarify = &analysis.Clarification{
		Question: question,
		Choices: []analysis.Choice{
			{Label: "total this month", Ask: "how much did we spend this month?"},
			{Label: "by service last month", Ask: "spend by service last month"},
			{Label: "why it changed last week", Ask: "why did spend change last week?"},
		},
	}
	out.Notes = p.notes
	return out
}
