package explain

// Cause is a slice found by [Ratio].
type Cause struct {
	Conditions []Condition // indices into the dims given, codes of their Values
	Score      float64     // log-likelihood ratio less its penalties, in nats
	Leaves     int
}

// Ratio finds the slices whose leaves moved away from their prediction together, most significant first (explain.md
// 3.5): the search by relative change, blind to money. Dims hold a code per leaf; real and predict a value.
func Ratio(dims []Dim, real, predict []float64) []Cause {
	return ratio(dims, real, predict)
}
