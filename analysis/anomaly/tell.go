package anomaly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

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
	return whyChanged(what, p, before)
}

// EverythingChanged asks the bot what changed in all of the bill over some days, against as many before them.
func EverythingChanged(days analysis.Period) string {
	return whyChanged("spend", days, analysis.Period{Start: days.Start.AddDate(0, 0, -days.Days()), End: days.Start})
}

func whyChanged(what string, p, before analysis.Period) string {
	return fmt.Sprintf("why did %s change %s vs %s?", what, span(p), span(before))
}

// explain offers [Incident.Question].
func (i Incident) explain() analysis.Action {
	return analysis.Action{Label: "Explain " + i.leaf.service + " since " + i.Onset.Format("2 Jan"), Ask: i.Question()}
}

// span names days so that they are read in whatever order days and months are written.
func span(p analysis.Period) string {
	const layout = "2 Jan 2006"
	first, last := p.Start, p.Last()
	switch {
	case p.Days() == 1:
		return "on " + first.Format(layout)
	case first.Year() == last.Year() && first.Month() == last.Month():
		return fmt.Sprintf("on %d-%s", first.Day(), last.Format(layout))
	}
	return "from " + first.Format(layout) + " to " + last.Format(layout)
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

// NoChannel is a [Channel] that knows none.
func NoChannel(string, time.Time) string { return "" }

// Within keeps what stood out on a day of a period. A period without an end goes on, and so does one that reaches the last complete day: what
// the days after that show already comes with it.
func (r *Result) Within(p analysis.Period) *Result {
	return r.keep(func(i Incident) bool {
		next := i.Through.AddDate(0, 0, 1)
		return !i.Last.Before(p.Start) && (p.End.IsZero() || i.Onset.Before(p.End) || !i.Onset.Before(next) && !p.End.Before(next))
	})
}

// Rising keeps what costs more than expected, on the whole or in a part.
func (r *Result) Rising() *Result {
	return r.keep(func(i Incident) bool { return i.Moves() || i.Excess.IsPositive() })
}

func (r *Result) keep(f func(Incident) bool) *Result {
	out := *r
	out.Incidents, out.Warnings = []Incident{}, []Incident{}
	for _, i := range r.Incidents {
		if f(i) {
			out.Incidents = append(out.Incidents, i)
		}
	}
	for _, i := range r.Warnings {
		if f(i) {
			out.Warnings = append(out.Warnings, i)
		}
	}
	return &out
}

// Tell puts what was found into an answer. asked is the days asked about; without an end up to the last complete one, without a
// start all.
func (r *Result) Tell(a *analysis.Answer, asked analysis.Period, books *runbooks.Library, channel Channel) {
	a.Trace.Queries = append(a.Trace.Queries, r.Queries...)
	a.Headline = r.headline(asked)
	for _, m := range r.Monthly {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s charges %s by the month: it has no days and is left out", m.Provider, render.MoneyExact(m.Cost.Round(2), m.Currency)))
	}
	for n, i := range r.Warnings {
		if n == mostTold {
			a.Parts = append(a.Parts, analysis.Part{Text: fmt.Sprintf("Provisional too: %d more.", len(r.Warnings)-n)})
			break
		}
		a.Parts = append(a.Parts, analysis.Part{Text: i.warning()})
		if i.Hours != nil {
			a.Actions = append(a.Actions, i.explain())
		}
	}
	if t := HoursTable(r.Warnings); t != nil {
		a.Parts = append(a.Parts, analysis.Part{Table: t})
	}
	if len(r.Incidents) == 0 {
		if len(r.Warnings) > 0 {
			a.Caveats = append(a.Caveats, Estimates)
		}
		return
	}
	a.Caveats = append(a.Caveats, Estimates)
	found := slices.Clone(r.Incidents)
	slices.SortStableFunc(found, Incident.urgency)
	for n, i := range found {
		if n == mostTold {
			a.Parts = append(a.Parts, analysis.Part{Text: fmt.Sprintf("And %d more, %s; ask for fewer days or a part of the bill to read them.", len(found)-n, names(found[n:]))})
			break
		}
		text := i.told(books, channel)
		if len(found) > 1 {
			text = fmt.Sprintf("%d. %s", n+1, text)
		}
		a.Parts = append(a.Parts, analysis.Part{Text: text})
		if n >= mostAsked {
			continue
		}
		a.Actions = append(a.Actions, i.explain())
	}
	t := &analysis.Table{Drawn: true, Columns: analysis.TextColumns("since", "what", "kind", "over expected", "a day", "cost", "owner", "state")} // people have read it
	for _, i := range found {
		row := analysis.TextRow(i.Onset.Format(analysis.DateLayout), i.name(), string(i.Kind), signed(i.Excess, i.Currency), signed(i.PerDay(), i.Currency), render.MoneyExact(i.Actual.Round(2), i.Currency), i.Owner(channel), i.State())
		row.Key = i.Slice
		t.Rows = append(t.Rows, row)
	}
	a.Parts = append(a.Parts, analysis.Part{Table: t})
}

// urgency orders incidents for a reader: what goes on before what is over, of each the dearest first.
func (i Incident) urgency(o Incident) int {
	if i.Going != o.Going {
		if i.Going {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(i.Currency, o.Currency), o.Excess.Abs().Cmp(i.Excess.Abs()))
}

// Estimates is the caveat of every answer about what was expected.
const Estimates = "what is over or under expected is an estimate: the cost is exact, the expected cost statistics of the days before"

// ByHour are the warnings that hours tell.
func (r *Result) ByHour() []Incident {
	var out []Incident
	for _, i := range r.Warnings {
		if i.Hours != nil {
			out = append(out, i)
		}
	}
	return out
}

// HoursTable is each hour of incidents with what was expected of it, for programs; nil where none was found by the hour.
func HoursTable(in []Incident) *analysis.Table {
	t := &analysis.Table{Drawn: true, Columns: analysis.TextColumns("hour", "what", "cost", "expected", "at least", "at most")}
	for _, i := range in {
		for _, p := range i.Parts {
			if p.Hours == nil {
				continue
			}
			for _, h := range p.Hours.Points {
				row := analysis.TextRow(h.Hour.Format(time.RFC3339), p.Label, render.MoneyExact(h.Actual.Round(2), p.Currency), render.MoneyExact(h.Expected, p.Currency), render.MoneyExact(h.Low, p.Currency), render.MoneyExact(h.High, p.Currency))
				row.Key = p.Slice
				t.Rows = append(t.Rows, row)
			}
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// names are the services of incidents, a few.
func names(in []Incident) string {
	var out []string
	for _, i := range in {
		if !slices.Contains(out, i.leaf.service) {
			out = append(out, i.leaf.service)
		}
	}
	if len(out) > 3 {
		return strings.Join(out[:3], ", ") + " and others"
	}
	return strings.Join(out, ", ")
}

// name is the label, with how much more there is of it.
func (i Incident) name() string {
	switch {
	case i.Moves():
		return i.Label + fmt.Sprintf(" (%d slices, up and down)", len(i.Parts))
	case len(i.Parts) > 1:
		return i.Label + fmt.Sprintf(" and %d more", len(i.Parts)-1)
	}
	return i.Label
}

// told is an incident in a paragraph: what, since when, how much, against what, whose, and what to read.
func (i Incident) told(books *runbooks.Library, channel Channel) string {
	money := func(d analysis.Amount) string { return estimated(d.Abs(), i.Currency) }
	way := "over"
	if i.Excess.IsNegative() {
		way = "under"
	}
	var said strings.Builder
	switch {
	case i.Going:
		fmt.Fprintf(&said, "%s, since %s: %s %s the %s expected so far", i.name(), i.since(), money(i.Excess), way, money(i.Expected))
		if i.Days > 1 {
			fmt.Fprintf(&said, ", %s a day now", money(i.Rate()))
		}
		if more := i.ToMonthEnd(); !more.IsZero() && more.Sign() == i.Excess.Sign() {
			fmt.Fprintf(&said, ", about %s more by %s if nothing changes", money(more), analysis.MonthOf(i.Through).Last().Format("2 Jan"))
		}
	default:
		when := "on " + i.since()
		if !i.Onset.Equal(i.Last) {
			when = i.since() + " to " + i.Last.Format("Mon 2 Jan")
		}
		fmt.Fprintf(&said, "%s, %s: %s %s the %s expected", i.name(), when, money(i.Excess), way, money(i.Expected))
	}
	said.WriteString(". ")
	if i.Moves() {
		said.WriteString("Up and down: " + i.sides() + ". ")
	}
	if i.Days > 1 {
		for _, p := range i.Points {
			if p.Day.Equal(i.Last) {
				fmt.Fprintf(&said, "On %s it cost %s, expected %s to %s. ", i.Last.Format("2 Jan"), estimated(p.Actual, i.Currency), estimated(p.Low, i.Currency), estimated(p.High, i.Currency))
			}
		}
	}
	tail := []string{string(i.Kind), i.State()}
	if i.Team != "" {
		tail = append(tail, "team "+i.Owner(channel))
	}
	if m, ok := i.Runbook(books); ok {
		tail = append(tail, "runbook "+m.Runbook.Slug)
	}
	said.WriteString(strings.ToUpper(tail[0][:1]) + tail[0][1:] + ", " + strings.Join(tail[1:], ", ") + ".")
	return said.String()
}

// mostAsked is how many of them get a question.
const mostAsked = 5

// mostTold is how many incidents get a paragraph.
const mostTold = 8

func (i Incident) sides() string {
	var out []string
	for _, p := range i.Parts[:min(mostSides, len(i.Parts))] {
		name := strings.TrimPrefix(p.Label, p.leaf.service+" · ")
		if p.Team != "" && p.Team != i.Team {
			name += " (" + p.Team + ")"
		}
		out = append(out, plus(p.Excess, estimated(p.Excess, p.Currency))+" "+name)
	}
	if n := len(i.Parts) - mostSides; n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, "; ")
}

// mostSides is how many parts of a move are named.
const mostSides = 4

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

// GoneWords says what an earlier snapshot had and a newer one has no more. The amounts are the earlier one's.
func GoneWords(gone []Incident, snapshot int64) string {
	if len(gone) == 0 {
		return fmt.Sprintf("All that snapshot %d had in these days is still found.", snapshot)
	}
	var said []string
	for _, i := range gone {
		said = append(said, fmt.Sprintf("%s since %s (it was %s)", i.name(), i.Onset.Format("2 Jan"), against(i.Excess, i.Currency)))
	}
	return fmt.Sprintf("In snapshot %d, and no longer found: %s.", snapshot, strings.Join(said, "; "))
}

// State says in a word or two how it stands on the last complete day.
func (i Incident) State() string {
	switch {
	case i.ExpectedBy != "":
		return "expected"
	case i.Going:
		return "going on"
	case i.New:
		return "new level"
	}
	return "over since " + i.Last.AddDate(0, 0, 1).Format("2 Jan")
}

func signed(d analysis.Amount, currency string) string {
	d = d.Round(2)
	return plus(d, render.MoneyExact(d, currency))
}

// plus is an amount as it is written, with a sign where it is more than nothing.
func plus(d analysis.Amount, written string) string {
	if d.IsPositive() {
		return "+" + written
	}
	return written
}

// estimated writes an amount as people read it beside an estimate: whole units from 100 on. The answer's table has it to the cent.
func estimated(d analysis.Amount, currency string) string {
	if d.Abs().LessThan(decimal.NewFromInt(100)) {
		return render.MoneyExact(d.Round(2), currency)
	}
	return render.Money(d, currency)
}

// against says how far from the expected an amount is: "$12.00 over expected".
func against(d analysis.Amount, currency string) string {
	if d.IsNegative() {
		return estimated(d.Neg(), currency) + " under expected"
	}
	return estimated(d, currency) + " over expected"
}

func (r *Result) headline(asked analysis.Period) string {
	when := "in all days"
	switch {
	case !asked.Start.IsZero() && !asked.End.IsZero():
		when = "(" + asked.String() + ")"
	case !asked.Start.IsZero():
		when = "since " + asked.Start.Format("2 Jan 2006")
	}
	var told []Incident
	going, expected := 0, ""
	for _, i := range r.Incidents {
		if i.ExpectedBy != "" {
			continue
		}
		told = append(told, i)
		if i.Going {
			going++
		}
	}
	if n := len(r.Incidents) - len(told); n > 0 {
		expected = fmt.Sprintf(" %d more somebody said to expect.", n)
	}
	if n := len(r.ByHour()); n > 0 && len(told) == 0 {
		by := plural(n, "anomaly")
		if n > 1 {
			by = fmt.Sprintf("%d anomalies", n)
		}
		return fmt.Sprintf("%s by the hour, provisional; none of complete days %s, in %d series.", by, when, r.Series) + expected
	} else if n > 0 {
		expected = fmt.Sprintf(" By the hour %d more, provisional.", n) + expected
	}
	switch n := len(told); n {
	case 0:
		return fmt.Sprintf("No anomalies %s, in %d series.", when, r.Series) + expected
	case 1:
		return fmt.Sprintf("1 anomaly %s: %s, %s (estimate).", when, told[0].Label, against(told[0].Excess, told[0].Currency)) + expected
	default:
		big := told[0]
		for _, i := range told {
			if i.Currency == big.Currency && i.Excess.Abs().GreaterThan(big.Excess.Abs()) {
				big = i
			}
		}
		return fmt.Sprintf("%d anomalies %s, %d going on; the largest is %s, %s (estimate).", n, when, going, big.Label, against(big.Excess, big.Currency)) + expected
	}
}

// since is the day it began, and the hour where that is known: "Tue 24 Nov 14:00 UTC".
func (i Incident) since() string {
	if i.OnsetHour.IsZero() {
		return i.Onset.Format("Mon 2 Jan")
	}
	return i.OnsetHour.Format("Mon 2 Jan 15:04 UTC")
}

// warning says what a day that is not complete yet shows already.
func (i Incident) warning() string {
	if i.Hours == nil {
		return fmt.Sprintf("Provisional, the data of %s is not complete: %s is already %s (estimate).", i.Last.Format("2 Jan"), i.Label, against(i.Excess, i.Currency))
	}
	h := *i.Hours
	said := fmt.Sprintf("By the hour, provisional: %s, since %s: %s in %s, expected %s to %s, so %s (estimate)", i.name(), i.since(), estimated(i.Actual, i.Currency), plural(h.N(), "hour"),
		estimated(i.Low, i.Currency), estimated(i.High, i.Currency), against(i.Excess, i.Currency))
	if i.Going {
		said += ", " + estimated(i.Rate(), i.Currency) + " a day at this rate"
	} else {
		said += ", over since " + h.End.Format("15:04")
	}
	if i.Team != "" {
		said += ". Team " + i.Team
	}
	return said + fmt.Sprintf(". The hours are known up to %s; %s is not complete.", h.Read.Format("Mon 2 Jan 15:04 UTC"), i.Last.Format("2 Jan"))
}
