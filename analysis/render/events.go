package render

import (
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/event"
)

// nearTexts says what happened near the onset of a driver, counted from 1, a line for all of it: "near in time: deploy payments-api
// 4.18.0, Wed 18 Nov 09:12 UTC (co-occurs; not shown to be the cause)".
func nearTexts(a *analysis.Answer, driver int) []string {
	if a == nil {
		return nil
	}
	var said []string
	for _, e := range a.Events {
		if slices.Contains(e.Drivers, driver) {
			said = append(said, event.Line(e.Event))
		}
	}
	switch len(said) {
	case 0:
		return nil
	case 1:
		return []string{"near in time: " + said[0] + " (" + event.Caution + ")"}
	}
	return []string{"near in time: " + strings.Join(said, "; ") + " (these co-occur; none is shown to be the cause)"}
}

// nearLabel is the first event near a driver's onset, in a few words for a picture: "payments-api 4.18.0"; "" where there is none.
func nearLabel(a *analysis.Answer, driver int) string {
	for _, e := range a.Events {
		if slices.Contains(e.Drivers, driver) {
			return clean(event.Label(e.Event))
		}
	}
	return ""
}

// Mark is an event in the days of a series: where it stands and what stands beside it.
type Mark struct {
	Day   time.Time
	Label string // "payments-api 4.18.0"
	More  int    // further events of the day
}

// Marks are the answer's events by the day they began, in order.
func Marks(a *analysis.Answer) []Mark {
	var out []Mark
	events := slices.Clone(a.Events)
	slices.SortStableFunc(events, func(x, y analysis.NearEvent) int { return x.Begins.Compare(y.Begins) })
	for _, e := range events {
		day := e.Begins.UTC().Truncate(24 * time.Hour)
		if n := len(out); n > 0 && out[n-1].Day.Equal(day) {
			out[n-1].More++
			continue
		}
		out = append(out, Mark{Day: day, Label: clean(event.Label(e.Event))})
	}
	return out
}
