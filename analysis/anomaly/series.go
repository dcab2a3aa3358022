package anomaly

import (
	"math"
	"time"
)

// Series is the costs of a slice, a day each, oldest first.
type Series struct {
	Start time.Time // the UTC day of the first
	// Costs are in the currency's unit. NaN is a day that nothing is known of; 0 one that cost nothing.
	Costs []float64
	// Known says what was announced of days, as of a migration's or a holiday's: they do not teach, and are judged by it. In step with
	// Costs, nil for a day that nothing is known of; nil for none.
	Known []*Mark
	// Unanswered is the first day from which on no level is taken for the new one, however long it stays; 0 for none.
	Unanswered int
}

// first is the series of its first n days.
func (s Series) first(n int) Series {
	s.Costs = s.Costs[:n]
	if s.Known != nil {
		s.Known = s.Known[:n]
	}
	return s
}

// Day is what is said of a day.
type Day struct {
	// Judged says that there was enough history to say anything; the other fields are zero without it.
	Judged bool
	// Expected is what the days before it led to expect, Low and High the band that a single day may move in.
	Expected, Low, High float64
	// Score is how far the cost is from the expected, in standard deviations of the series; above it is positive.
	Score float64
	// Out says that the day stands out: alone, or as the last of Row days in a row. Row is 1 for one alone, 0 for a day that does not.
	Out bool
	Row int
	// Accepted says that the days in a row up to this one are taken for the new level from here on.
	Accepted bool
}

// scale is the transformation in which costs are compared: the logarithm for costs as large as usual, a straight line through
// zero for those far below, so that days without cost and credits have a place. unit is where one becomes the other.
type scale struct{ unit float64 }

// below is the share of the usual cost under which costs are compared by difference instead of ratio.
const below = 0.05

func scaleOf(costs []float64) scale {
	var sizes []float64
	for _, c := range costs {
		if a := math.Abs(c); !math.IsNaN(a) && a > 0 {
			sizes = append(sizes, a)
		}
	}
	if len(sizes) == 0 {
		return scale{1}
	}
	return scale{below * median(sizes)}
}

func (s scale) to(cost float64) float64    { return math.Asinh(cost / s.unit) }
func (s scale) from(value float64) float64 { return math.Sinh(value) * s.unit }
