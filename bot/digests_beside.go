package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/pulse"
	"spendbot/analysis/render"
	"spendbot/bot/backlog"
	"spendbot/bot/kpi"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

// IncidentsLine says for a digest what became of the incidents of as many days as it is of, up to the moment it is made; of a month, which is
// closed days after it, those of the month. "anomalies: 3 new, 2 closed, 4 open, 1 unanswered for 4 days (GPU idle, about $310 a day)": what is open
// is so at that moment. It counts those that surely lie within the digest's scope.
func IncidentsLine(db *state.DB) pulse.Teller {
	return func(ctx context.Context, scope []analysis.Filter, p analysis.Period, now time.Time) (string, error) {
		list, err := db.Incidents(ctx, state.IncidentFilter{})
		if err != nil {
			return "", err
		}
		since, until := now.AddDate(0, 0, -p.Days()), now
		if m := analysis.MonthOf(p.Start); p.Start.Equal(m.Start) && p.End.Equal(m.End) {
			since, until = p.Start, p.End
		}
		return incidentsLine(slices.DeleteFunc(list, func(i state.Incident) bool { return !incidentWithin(i, scope) }), since, until, now), nil
	}
}

// incidentWithin reports whether all of an incident lies within a scope. When in doubt it says no.
func incidentWithin(i state.Incident, scope []analysis.Filter) bool {
	held := slices.Clone(i.Filters)
	if i.Team != "" {
		held = append(held, analysis.Filter{Dimension: analysis.DimTeam, Values: []string{i.Team}})
	}
	if i.Provider != "" {
		held = append(held, analysis.Filter{Dimension: analysis.DimProvider, Values: []string{i.Provider}})
	}
	return analysis.ScopeCovers(scope, held)
}

func incidentsLine(list []state.Incident, since, until, now time.Time) string {
	opened, closed, open := 0, 0, 0
	var waiting []state.Incident
	for _, i := range list {
		if i.Opened.After(now) { // of a re-run: not known then
			continue
		}
		if i.Opened.After(since) && !i.Opened.After(until) {
			opened++
		}
		if r := i.ResolvedAt; r.After(since) && !r.After(until) {
			closed++
		}
		if i.Open {
			open++
		}
		if i.Open && i.State == state.Detected && i.SnoozedUntil.Before(now) {
			waiting = append(waiting, i)
		}
	}
	var said []string
	if opened > 0 {
		said = append(said, fmt.Sprintf("%d new", opened))
	}
	if closed > 0 {
		said = append(said, fmt.Sprintf("%d closed", closed))
	}
	if len(said) == 0 && open > 0 {
		said = append(said, "none new")
	}
	if open > len(waiting) {
		said = append(said, fmt.Sprintf("%d open", open))
	}
	if n := len(waiting); n > 0 {
		slices.SortStableFunc(waiting, func(a, b state.Incident) int { return a.Opened.Compare(b.Opened) })
		w := waiting[0]
		s := fmt.Sprintf("%d unanswered", n)
		if days := int(now.Sub(w.Opened).Hours() / 24); days > 0 {
			s += ", the oldest for " + spanWords(now.Sub(w.Opened))
			if n == 1 {
				s = "1 unanswered for " + spanWords(now.Sub(w.Opened))
			}
		}
		s += " (" + w.Title
		if !w.Rate.IsZero() {
			s += ", about " + render.Delta(w.Rate, w.Currency) + " a day"
		}
		said = append(said, s+")")
	}
	if len(said) == 0 {
		return "anomalies: none"
	}
	return "anomalies: " + strings.Join(said, ", ")
}

// caughtDays is over how many days, at least, a digest says how well incidents were caught: a week has too few of them.
const caughtDays = 28

// CaughtLine says for a digest how well incidents within its scope were caught: "caught in 28 days: 4 incidents, medians: told 1 d 10 h after it began, ..."; "" where there
// were none. See [kpi.Report.Line].
func CaughtLine(db *state.DB) pulse.Teller {
	return func(ctx context.Context, scope []analysis.Filter, p analysis.Period, now time.Time) (string, error) {
		list, err := kpi.FromState(ctx, db)
		if err != nil {
			return "", err
		}
		list = slices.DeleteFunc(list, func(h kpi.History) bool { return !incidentWithin(h.Incident, scope) })
		days := max(caughtDays, p.Days())
		line := kpi.Measure(list, kpi.Options{From: now.AddDate(0, 0, -days), Until: now}).Line()
		if line == "" {
			return "", nil
		}
		return fmt.Sprintf("caught in %d days: %s", days, line), nil
	}
}

// SavedLine says for a digest what fixes are proved to save on the bill by then: "proved on the bill: $8,940 a month less, by FIN-12 and FIN-15"; "" where nothing is.
// A month is 365/12 days.
func SavedLine(db *state.DB) pulse.Teller {
	return func(ctx context.Context, scope []analysis.Filter, _ analysis.Period, now time.Time) (string, error) {
		proofs, err := Proofs(ctx, db, scope)
		if err != nil {
			return "", err
		}
		return savedLine(slices.DeleteFunc(proofs, func(p backlog.Proof) bool { return p.From.After(now) || !p.Now })), nil
	}
}

// BacklogLine says for a digest how far what could be saved has come, and what is worth most next: "backlog: 2 without a ticket, 1 planned, 3 done, 1 verified; next: NAT bytes
// ($12,400 to $15,500 a month), GPU idle ($9,400 a month)"; "" where there is none.
func BacklogLine(db *state.DB, books *runbooks.Library) pulse.Teller {
	return func(ctx context.Context, scope []analysis.Filter, _ analysis.Period, now time.Time) (string, error) {
		list, err := Opportunities(ctx, db, books, scope)
		if err != nil {
			return "", err
		}
		return backlogLine(backlog.Rank(slices.DeleteFunc(list, func(o backlog.Opportunity) bool { return o.Since.After(now) }))), nil
	}
}

// steps are how far opportunities have come, in the words of a digest.
var steps = []struct {
	words  string
	states []backlog.State
}{
	{"without a ticket", []backlog.State{backlog.Found}},
	{"planned", []backlog.State{backlog.Queued, backlog.Expected}},
	{"in progress", []backlog.State{backlog.InProgress}},
	{"done, being verified", []backlog.State{backlog.Verifying}},
	{"verified", []backlog.State{backlog.Verified, backlog.Partly}},
	{"not seen on the bill", []backlog.State{backlog.NotSeen}},
	{"back on the bill", []backlog.State{backlog.Regressed}},
}

// mostNext is how many of those that wait a line names.
const mostNext = 3

func backlogLine(ranked []backlog.Opportunity) string {
	var said, next []string
	for _, s := range steps {
		n := 0
		for _, o := range ranked {
			if slices.Contains(s.states, o.State) {
				n++
			}
		}
		if n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, s.words))
		}
	}
	for _, o := range ranked {
		if o.Waits() && len(next) < mostNext && o.High.Sign() > 0 {
			next = append(next, o.Title+" ("+render.MoneyRange(o.Low, o.High, o.Currency)+" a month)")
		}
	}
	if len(said) == 0 {
		return ""
	}
	line := "backlog: " + strings.Join(said, ", ")
	if len(next) > 0 {
		line += "; next: " + strings.Join(next, ", ")
	}
	return line
}

// mostFixes is how many tickets a line names.
const mostFixes = 3

func savedLine(proofs []backlog.Proof) string {
	var keys, said []string
	for _, p := range proofs {
		keys = append(keys, p.Ticket)
	}
	if len(keys) == 0 {
		return ""
	}
	for _, s := range backlog.Summed(nil, proofs) {
		said = append(said, render.Money(analysis.Monthly(s.SavedADay.Add(s.AvoidedADay)), s.Currency))
	}
	by := strings.Join(keys[:min(len(keys), mostFixes)], ", ")
	if n := len(keys) - mostFixes; n > 0 {
		by += fmt.Sprintf(" and %d more", n)
	}
	return "proved on the bill: " + strings.Join(said, " and ") + " a month less, by " + by
}
