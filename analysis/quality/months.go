package quality

import (
	"time"

	"spendbot/analysis"
	"spendbot/analysis/survey"
)

// recentMonths is how many invoice months are looked at where none is asked for: the last whole one and the one that is arriving.
const recentMonths = 2

// Recent are the newest invoice months that a survey has.
func Recent(sv *survey.Survey) analysis.Period {
	var last time.Time
	for _, m := range sv.Months {
		if t, err := time.Parse("2006-01", m.Month); err == nil && t.After(last) {
			last = t
		}
	}
	if last.IsZero() {
		return analysis.Period{}
	}
	return analysis.Period{Start: last.AddDate(0, 1-recentMonths, 0), End: last.AddDate(0, 1, 0)}
}
