package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
)

// smallPrint is what every number needs beside it, a line per item: what was measured over which days and filters, how
// far the data is whole, then caveats and what was assumed in reading. The texts are clean.
func smallPrint(a *analysis.Answer) []string {
	var lines []string
	if counted(a) {
		lines = append(lines, strings.TrimSpace(measured(a)+" "+completeness(a)))
	} else if c := completeness(a); c != "" && a.Reading.Intent != analysis.Freshness { // there it is the answer itself
		lines = append(lines, c)
	} else if s := scopeWords(a.Reading.Scope); s != "" && a.Reading.Intent == analysis.Freshness {
		lines = append(lines, sentence(s))
	}
	for _, s := range append(a.Caveats[:len(a.Caveats):len(a.Caveats)], a.Reading.Notes...) {
		if s = sentence(s); s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

// counted reports whether the answer holds numbers over a period: a question back has none, and a definition neither.
func counted(a *analysis.Answer) bool {
	if a.Reading.Current.IsZero() {
		return false
	}
	switch a.Reading.Intent {
	case analysis.Ambiguous, analysis.OutOfScope, analysis.Provenance, analysis.Freshness:
		for _, p := range a.Parts {
			if p.Table != nil || p.Bridge != nil || p.Series != nil {
				return a.Reading.Intent != analysis.Freshness
			}
		}
		return false
	}
	return true
}

// measured is "effective cost in USD, 16-22 Nov against 9-15 Nov 2026 (UTC), everything."
func measured(a *analysis.Answer) string {
	s := a.Reading.Metric.Words()
	if a.Currency != "" {
		s += " in " + clean(a.Currency)
	}
	s += ", " + periodWords(a.Reading) + " (UTC)"
	if a.Reading.Grain != analysis.NoGrain {
		s += ", by " + string(a.Reading.Grain)
	}
	s += ", " + filterWords(a.Reading.Filters)
	if scope := scopeWords(a.Reading.Scope); scope != "" {
		if len(a.Reading.Filters) > 0 {
			s += ","
		}
		s += " " + scope
	}
	return s + "."
}

// scopeWords is "within your scope: team payments": what the asker may see, which is not what they asked for. Empty where
// that is everything.
func scopeWords(scope []analysis.Filter) string {
	if len(scope) == 0 {
		return ""
	}
	return "within your scope: " + clean(analysis.ScopeWords(scope))
}

// fewWindows is up to how many windows are all written out.
const fewWindows = 4

func periodWords(p analysis.Plan) string {
	if n := len(p.Windows); n > 0 {
		if n > fewWindows {
			return fmt.Sprintf("%d periods from %s to %s", n, p.Windows[0], p.Windows[n-1])
		}
		names := make([]string, n)
		for i, w := range p.Windows {
			names[i] = w.String()
			if i < n-1 && w.Last().Year() == p.Windows[n-1].Last().Year() {
				names[i] = yearless(w)
			}
		}
		return list(names, "and")
	}
	switch b := p.Baseline; {
	case b == nil:
		return p.Current.String()
	case b.Start.Year() == p.Current.Last().Year() && b.Last().Year() == b.Start.Year():
		return yearless(p.Current) + " against " + yearless(*b) + " " + b.Start.Format("2006")
	default:
		return p.Current.String() + " against " + b.String()
	}
}

// filterWords is "everything", or "only account payments-prod; region us-east-1 or eu-west-1; without charge category
// Tax".
func filterWords(filters []analysis.Filter) string {
	var only, without []string
	for _, f := range filters {
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			if i < len(f.Labels) && f.Labels[i] != "" {
				v = f.Labels[i]
			}
			values[i] = clean(v)
			if v == "" {
				values[i] = "(none)"
			}
		}
		text := clean(f.Dimension.Words()) + " " + list(values, "or")
		if f.Not {
			without = append(without, text)
		} else {
			only = append(only, text)
		}
	}
	var parts []string
	if len(only) > 0 {
		parts = append(parts, "only "+strings.Join(only, "; "))
	}
	if len(without) > 0 {
		parts = append(parts, "without "+strings.Join(without, "; "))
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, "; ")
}

// namedProviders is up to how many providers are named when all are complete through the same day.
const namedProviders = 3

// completeness is "AWS and Google are complete through 22 Nov; Azure through 21 Nov."
func completeness(a *analysis.Answer) string {
	if len(a.Through) == 0 {
		if counted(a) {
			return "Through which day the data is complete is not known."
		}
		return ""
	}
	var days []time.Time // in falling order of first mention
	names := map[time.Time][]string{}
	for _, t := range a.Through {
		day := analysis.DayOf(t.Day)
		if names[day] == nil {
			days = append(days, day)
		}
		names[day] = append(names[day], clean(t.Provider))
	}
	layout := "2 Jan"
	for _, d := range days {
		if a.Reading.Current.IsZero() || d.Year() != a.Reading.Current.Last().Year() {
			layout = "2 Jan 2006"
		}
	}
	who := func(d time.Time) string { return list(names[d], "and") }
	if len(days) == 1 && len(a.Through) > namedProviders {
		return "All " + strconv.Itoa(len(a.Through)) + " providers are complete through " + days[0].Format(layout) + "."
	}
	clauses := make([]string, len(days))
	for i, d := range days {
		verb := ""
		if i == 0 {
			verb = "is complete "
			if len(names[d]) > 1 {
				verb = "are complete "
			}
		}
		clauses[i] = who(d) + " " + verb + "through " + d.Format(layout)
	}
	return strings.Join(clauses, "; ") + "."
}

// traceWords is "5 queries, 0.21 s, snapshot 8783179769425109154".
func traceWords(t analysis.Trace) string {
	if len(t.Queries) == 0 {
		return "no query was needed"
	}
	s := strconv.Itoa(len(t.Queries)) + " queries"
	if len(t.Queries) == 1 {
		s = "1 query"
	}
	s += ", " + seconds(t.MS)
	if t.Snapshot != 0 {
		s += ", snapshot " + strconv.FormatInt(t.Snapshot, 10)
	}
	return s
}

func seconds(ms float64) string {
	if ms < 10 {
		return "under 0.01 s"
	}
	return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
}

// traceItems are the parts of the last line: the id, what ran, and how to see it.
func traceItems(a *analysis.Answer) []string {
	items := []string{traceWords(a.Trace)}
	if a.ID != "" {
		items = append([]string{clean(a.ID)}, items...)
		if len(a.Trace.Queries) > 0 {
			items = append(items, "spendbot trace "+clean(a.ID))
		}
	}
	return items
}
