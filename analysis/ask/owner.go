package ask

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// ownerDays is how many days up to the last complete one are looked at where whose something is is asked for without a period.
const ownerDays = 31

var (
	asksOwner = phrases("^who owns|owned|own", "who is|was|are the? owner|owners|responsible|accountable", "whos|who's the? owner|responsible", "^whose is|are|was|were",
		"^which|what team|squad|group|people|person|department owns|owned|own|runs|maintains", "^which|what team|squad|group|people|person|department is|are responsible|accountable", "^the? owner|owners|ownership of", "^who runs|maintains|operates")
	// Whose part of the spend is asked for is a cut of the spend, and whose an incident is says its thread.
	asksNoOwner = phrases("anomaly|anomalies|incident|incidents|alert|alerts|ticket|tickets", "most|biggest|largest|highest|least|more|less", "spend|spends|spent|spending|cost|costs|bill|money|budget|pays|paid", "why")
)

// owner reads a question whose something is: "who owns payments-prod?", "which team owns the checkout service?".
func (p *parse) owner() (analysis.Plan, bool) {
	if !has(p.ts, asksOwner) || has(p.ts, asksNoOwner) || has(p.ts, changeWords) {
		return analysis.Plan{}, false
	}
	p.focus, p.groups, p.grain, p.metric, p.currency, p.limit = nil, nil, "", "", "", 0
	if len(p.mentions) == 0 {
		p.nameByEnd()
	}
	finish := func(q *parse) analysis.Plan {
		given := len(q.spans) > 0
		pl := q.planAbout(analysis.Ownership, "")
		if !given { // which says itself what days those are
			pl.Notes = slices.DeleteFunc(pl.Notes, func(n string) bool { return strings.HasPrefix(n, fmt.Sprintf("the last %d days", ownerDays)) })
		}
		pl.Intent, pl.Metric, pl.Baseline, pl.Windows, pl.Limit = analysis.Ownership, analysis.Effective, nil, nil, 0
		return pl
	}
	if len(p.forks) > 0 {
		if out := p.askBack(finish); len(out.Clarify.Choices) > 0 {
			return out, true
		}
	} else if len(p.filters()) > 0 {
		return finish(p), true
	}
	return p.ownerOfWhat(), true
}

// nameByEnd takes a word that no name is like for the end of a resource's id, as people copy it: "i-0a1b2c" of an ARN.
func (p *parse) nameByEnd() {
	for i := range p.ts {
		t := p.ts[i]
		if t.role != strange || len(t.raw) < 3 {
			continue
		}
		for _, r := range p.r.voc.Resources {
			if v := strings.ToLower(r.Value); strings.HasSuffix(v, "/"+t.low) || strings.HasSuffix(v, ":"+t.low) {
				p.ts[i].role = named
				p.mentions = append(p.mentions, mention{from: i, to: i + 1, said: t.raw, naming: naming{dim: analysis.DimResource, values: []string{r.Value}}})
				p.notes = slices.DeleteFunc(p.notes, func(n string) bool { return strings.Contains(n, `"`+t.raw+`"`) })
				return
			}
		}
	}
}

// ownerOfWhat is the question back where nothing that has an owner was named.
func (p *parse) ownerOfWhat() analysis.Plan {
	out := emptyPlan(analysis.Ambiguous)
	c := &analysis.Clarification{Question: "Whose is what? Name a service, an account, a resource or a tag as the bills have it."}
	for _, m := range p.mentions {
		if len(m.values) == 0 {
			c.Question = fmt.Sprintf("Nothing in these bills is called %q or like it, so I cannot say whose it is. Name a service, an account, a resource or a tag as the bills have it.", clip(m.said))
		}
	}
	if len(p.mentions) == 0 {
		for _, t := range p.ts {
			if t.role == strange {
				c.Question = fmt.Sprintf("Nothing in these bills is called %q, so I cannot say whose it is. Name a service, an account, a resource or a tag as the bills have it.", clip(t.raw))
			}
		}
	}
	by := "service"
	if p.r.voc.Owned != nil {
		by = "team"
	}
	c.Choices = []analysis.Choice{{Label: "spend by " + by, Ask: "spend by " + by + " last month"}}
	out.Clarify = c
	return out
}
