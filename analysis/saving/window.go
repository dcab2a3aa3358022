package saving

import (
	"fmt"
	"time"

	"spendbot/analysis"
)

// How many days are compared.
const (
	// LeastDays is how many complete days after a fix a verdict needs: each weekday once.
	LeastDays = 7
	// MostDays bounds the comparison: older days say less about today.
	MostDays = 28
	// fewDays is how short the time before may be, as when a spike was stopped within days.
	fewDays = 2
)

// windows are the days before and after a fix that are compared: equally many, whole weeks where there are, weekdays in step. first is the
// first day there is, through the last complete one. Where there are not enough days yet, ready is false and wait the day after which there are.
func windows(c Case, first, through time.Time) (before, after analysis.Period, wait time.Time, ready bool, err error) {
	if c.Since.IsZero() || !c.From.IsZero() && c.From.After(c.Since) {
		return before, after, wait, false, fmt.Errorf("a saving needs the day the fix was in force, and days before it")
	}
	until := c.Since // exclusive end of the days without the fix
	if !c.Until.IsZero() && c.Until.Before(until) {
		until = c.Until
	}
	from := analysis.Later(analysis.Later(until.AddDate(0, 0, -MostDays-6), c.From), first) // six days more, so that weekdays can be in step
	had, have := days(from, until), days(c.Since, through.AddDate(0, 0, 1))
	if had < fewDays {
		return before, after, wait, false, fmt.Errorf("only %d days before the fix: at least %d are needed to compare with", max(0, had), fewDays)
	}
	if have < LeastDays {
		return before, after, c.Since.AddDate(0, 0, LeastDays-1), false, nil
	}
	n := min(had, have, MostDays)
	if n >= LeastDays {
		n -= n % 7
	}
	end := through.AddDate(0, 0, 1)
	// The last n days without the fix whose weekdays are those of the days after; where there is no room for that, a week less, and at last the last n.
	for ; ; n -= 7 {
		after = analysis.Period{Start: end.AddDate(0, 0, -n), End: end}
		start := until.AddDate(0, 0, -n)
		back := (int(start.Weekday()) - int(after.Start.Weekday()) + 7) % 7
		if start.AddDate(0, 0, -back).Before(from) {
			if n > 7 && n%7 == 0 {
				continue
			}
			back = 0
		}
		start = start.AddDate(0, 0, -back)
		return analysis.Period{Start: start, End: start.AddDate(0, 0, n)}, after, time.Time{}, true, nil
	}
}

func days(a, b time.Time) int { return int(b.Sub(a).Hours() / 24) }
