package anomaly

import (
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/runbooks"
)

// Question asks the bot to explain the incident: the days since its onset, at most a week, against as many before it.
func (i Incident) Question() string {
	p, before := i.Periods()
	what := i.leaf.service + " cost"
	if i.leaf.kind == "Credit" {
		what = "credits"
	}
	if i.leaf.account != several && i.leaf.account != "" {
		what += " of account " + i.leaf.account
	}
	return fmt.Sprintf("why did %s change %s vs %s?", what, span(p), span(before))
}

// span names days so that they are read in whatever order days and months are written.
func span(p analysis.Period) string {
	const layout = "2 January 2006"
	if p.Days() == 1 {
		return "on " + p.Start.Format(layout)
	}
	return "from " + p.Start.Format(layout) + " to " + p.Last().Format(layout)
}

// Runbook is the runbook that says most about the incident; ok is false where none is about it.
func (i Incident) Runbook(l *runbooks.Library) (runbooks.Match, bool) {
	effect := analysis.EffVolume
	switch {
	case i.leaf.kind == "Credit":
		effect = analysis.EffCredits
	case i.leaf.kind == "Correction":
		effect = analysis.EffRefunds
	case i.Kind == Appearance:
		effect = analysis.EffNewSlice
	case i.Kind == Disappearance:
		effect = analysis.EffRemovedSlice
	}
	found := l.For(analysis.Driver{Slice: i.Slice, Label: i.Label, Amount: i.Excess, Effects: []analysis.EffectAmount{{Effect: effect, Amount: i.Excess}}})
	if len(found) == 0 {
		return runbooks.Match{}, false
	}
	return found[0], true
}

// Channel tells the Slack channel of a team; "" for none.
type Channel func(team string, day time.Time) string

// Tell puts what was found into an answer. since is the first day asked about.
func (r *Result) Tell(a *analysis.Answer, since time.Time, books *runbooks.Library, channel Channel) {
	a.Trace.Queries = append(a.Trace.Queries, r.Queries...)
	a.Headline = r.headline(since)
	for _, m := range r.Monthly {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s charges %s by the month: it has no days and is left out", m.Provider, render.MoneyExact(m.Cost.Round(2), m.Currency)))
	}
	if len(r.Incidents) == 0 {
		return
	}
	a.Caveats = append(a.Caveats, "what is over or under expected is an estimate: the cost is exact, the expected cost statistics of the days before")
	t := &analysis.Table{}
	for _, c := range []string{"since", "what", "kind", "over expected", "a day", "cost", "owner", "state"} {
		t.Columns = append(t.Columns, analysis.Column{Name: strings.ReplaceAll(c, " ", "_"), Label: c, Kind: analysis.ColText})
	}
	for _, i := range r.Incidents {
		cells := []string{i.Onset.Format("2 Jan 2006"), i.Label, string(i.Kind), signed(i.Excess, i.Currency), signed(i.PerDay(), i.Currency), render.MoneyExact(i.Actual.Round(2), i.Currency), i.Owner(channel), i.State()}
		if i.Moves() {
			cells[1] += fmt.Sprintf(" (%d slices, up and down)", len(i.Parts))
		} else if len(i.Parts) > 1 {
			cells[1] += fmt.Sprintf(" and %d more", len(i.Parts)-1)
		}
		row := analysis.Row{Key: i.Slice}
		for _, c := range cells {
			row.Cells = append(row.Cells, analysis.Cell{Text: c})
		}
		t.Rows = append(t.Rows, row)
	}
	a.Parts = append(a.Parts, analysis.Part{Table: t})
	for n, i := range r.Incidents {
		if n == mostTold {
			break
		}
		said := fmt.Sprintf("%s: expected between %s and %s on %s.", i.Label, render.MoneyExact(i.Low, i.Currency), render.MoneyExact(i.High, i.Currency), i.Last.Format("2 Jan"))
		if i.Moves() {
			said += " Up and down: " + i.sides() + "."
		}
		if m, ok := i.Runbook(books); ok {
			said += fmt.Sprintf(" Runbook: %s (%s).", m.Runbook.Front.Title, m.Runbook.Slug)
		}
		a.Parts = append(a.Parts, analysis.Part{Text: said})
		a.Actions = append(a.Actions, analysis.Action{Label: "Explain " + i.leaf.service + " since " + i.Onset.Format("2 Jan"), Ask: i.Question()})
	}
}

// mostTold is how many incidents get a sentence and a question of their own.
const mostTold = 5

func (i Incident) sides() string {
	var out []string
	for _, p := range i.Parts[:min(4, len(i.Parts))] {
		name := p.Label
		if p.Team != "" {
			name += " (" + p.Team + ")"
		}
		out = append(out, signed(p.Excess, p.Currency)+" "+name)
	}
	return strings.Join(out, "; ")
}

// Owner is the team and its channel.
func (i Incident) Owner(channel Channel) string {
	if i.Team == "" {
		return ""
	}
	if c := channel(i.Team, i.Onset); c != "" {
		return i.Team + " " + c
	}
	return i.Team
}

// State says in a word or two how it stands on the last complete day.
func (i Incident) State() string {
	switch {
	case i.Going:
		return "going on"
	case i.New:
		return "new level"
	}
	return "over since " + i.Last.AddDate(0, 0, 1).Format("2 Jan")
}

func signed(d analysis.Amount, currency string) string {
	if d.Round(2).IsPositive() {
		return "+" + render.MoneyExact(d.Round(2), currency)
	}
	return render.MoneyExact(d.Round(2), currency)
}

func (r *Result) headline(since time.Time) string {
	when := "in all days"
	if !since.IsZero() {
		when = "since " + since.Format("2 Jan 2006")
	}
	going := 0
	for _, i := range r.Incidents {
		if i.Going {
			going++
		}
	}
	switch n := len(r.Incidents); n {
	case 0:
		return fmt.Sprintf("No anomalies %s, in %d series.", when, r.Series)
	case 1:
		return fmt.Sprintf("1 anomaly %s: %s, %s over expected (estimate).", when, r.Incidents[0].Label, signed(r.Incidents[0].Excess, r.Incidents[0].Currency))
	default:
		big := r.Incidents[0]
		for _, i := range r.Incidents {
			if i.Currency == big.Currency && i.Excess.Abs().GreaterThan(big.Excess.Abs()) {
				big = i
			}
		}
		return fmt.Sprintf("%d anomalies %s, %d going on; the largest is %s, %s over expected (estimate).", n, when, going, big.Label, signed(big.Excess, big.Currency))
	}
}
