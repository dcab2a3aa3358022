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
	"spendbot/bot/state"
)

// IncidentsLine says for a digest what became of the incidents of as many days as it is of, up to the moment it is made: "anomalies:
// 3 new, 2 closed, 1 unanswered for 4 days (GPU idle, about $310 a day)". It counts those that surely lie within the digest's scope.
func IncidentsLine(db *state.DB) pulse.Teller {
	return func(ctx context.Context, scope []analysis.Filter, p analysis.Period, now time.Time) (string, error) {
		list, err := db.Incidents(ctx, state.IncidentFilter{})
		if err != nil {
			return "", err
		}
		return incidentsLine(slices.DeleteFunc(list, func(i state.Incident) bool { return !incidentWithin(i, scope) }), now.AddDate(0, 0, -p.Days()), now), nil
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

func incidentsLine(list []state.Incident, since, now time.Time) string {
	opened, closed := 0, 0
	var waiting []state.Incident
	for _, i := range list {
		if i.Opened.After(now) { // of a re-run: not known then
			continue
		}
		if i.Opened.After(since) {
			opened++
		}
		if r := i.ResolvedAt; r.After(since) && !r.After(now) {
			closed++
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
