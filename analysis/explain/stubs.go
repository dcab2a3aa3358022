package explain

import (
	"spendbot/analysis"
)

func matter(*Table, Options) []int32 { return nil }
func onsetOf(Vector, []Daily, analysis.Period, analysis.Period, bool) analysis.Onset {
	return analysis.Onset{}
}
func oneTimeOnset([]float64, []float64, analysis.Period, analysis.Period) analysis.Onset {
	return analysis.Onset{}
}
