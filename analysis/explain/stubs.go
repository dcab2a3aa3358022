package explain

import (
	"errors"

	"spendbot/analysis"
)

var errNotYet = errors.New("explain: not built yet")

func attribute(*Table, Options) (*Attribution, error) { return nil, errNotYet }
func matter(*Table, Options) []int32                   { return nil }
func onsetOf(Vector, []Daily, analysis.Period, analysis.Period, bool) analysis.Onset {
	return analysis.Onset{}
}
func oneTimeOnset([]float64, []float64, analysis.Period, analysis.Period) analysis.Onset {
	return analysis.Onset{}
}
func ratio([]Dim, []float64, []float64) []Cause { return nil }
