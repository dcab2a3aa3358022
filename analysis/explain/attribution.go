package explain

import (
	"spendbot/analysis"
)

// Vector is a family of effects that is localised together: price, discount and coverage move without usage's noise, so
// each is searched by itself and a driver is born with its reason.
type Vector uint8

// The vectors, in the order they are searched.
const (
	Quantity   Vector = iota // volume, new and removed resources, new and removed slices
	ListPrice                // list_price
	Negotiated               // negotiated_discount
	Commitment               // commitment_coverage, commitment_rate
	Currency                 // currency
	OtherRate                // other_rate
	numVectors
)

var vectorNames = [...]string{"quantity", "list_price", "negotiated_discount", "commitment", "currency", "other_rate"}

// String is the vector's name: "quantity", "list_price", "negotiated_discount", "commitment", "currency", "other_rate".
func (v Vector) String() string { return vectorNames[v] }

// Defaults of Options.
const (
	// DefaultMinImpact is the share of the baseline's usage that a driver must at least move (explain.md 3.4's lambda). On
	// companies drawn at random, 0.005 to 0.006 does best at finding events of 0.5% and more.
	DefaultMinImpact = 0.0055
	// DefaultMaxDrivers is how many drivers an answer names at most, the calendar not counted.
	DefaultMaxDrivers = 12
)

// Options steer an attribution. The zero value of a field means its default.
type Options struct {
	Metric analysis.Metric // default Effective; decides which price factors exist below the metric
	// BaseDays and CurDays are the days with data of each period (elapsed days for month-to-date): the calendar factor.
	BaseDays, CurDays int
	MinImpact         float64 // share of the baseline total, default DefaultMinImpact
	MaxDrivers        int     // default DefaultMaxDrivers
	// MaxConditions bounds how many conditions a slice has, default 3.
	MaxConditions int
}

// DriverKind says what sort of thing a driver is.
type DriverKind uint8

// The kinds.
const (
	CalendarDriver DriverKind = iota // the calendar effect of everything: empty slice
	SliceDriver                      // usage leaves under conditions, for one or more vectors
	OneTimeDriver                    // one-time charges of one stratum, account, service and description
)

// Driver is a driver with what a caller needs to look further into it. The embedded value is complete but for Label (and
// the offsets' labels), Onset and Resources.
type Driver struct {
	analysis.Driver
	Kind DriverKind
	// Conditions is the slice in codes of the table.
	Conditions []Condition
	// Vectors are the effect vectors the driver carries, the one with the largest amount first; of a SliceDriver only.
	// VectorAmounts and VectorScores are their amounts and significance (nats above chance), in step.
	Vectors       []Vector
	VectorAmounts []analysis.Amount
	VectorScores  []float64
	// Onsets, in step with Vectors, is for the caller to fill where a driver with several vectors shall be dated in each;
	// the driver's own Onset is that of the first.
	Onsets []analysis.Onset
	// Stratum and Description name the charges of a OneTimeDriver; its slice holds account and service.
	Stratum     Stratum
	Description string
	// Leaves are the indices of the leaves whose effects it carries, ascending; nil for the calendar.
	Leaves []int32
	// ZScore is how many standard deviations of the slice's own noise the amount is.
	ZScore float64
}

// Cut is a driver's place in the partition of one vector's leaves: cut k of a vector holds the usage leaves under its
// conditions that no earlier cut of that vector holds. One SQL CASE per vector, in this order, gives the leaf sets.
type Cut struct {
	Driver     int // index into Attribution.Drivers
	Conditions []Condition
}

// Attribution is a change cut twice: Effects sum to Delta exactly, and so do the drivers' amounts plus Rest.
type Attribution struct {
	Baseline, Current, Delta analysis.Amount
	Effects                  []analysis.EffectAmount // in display order, zero ones left out
	// Drivers holds the calendar first when it matters, the others by falling |amount|.
	Drivers []Driver
	Rest    analysis.Rest
	// Cuts are the drivers' leaf sets per vector; index by Vector.
	Cuts [numVectors][]Cut
}

// Attribute explains the change of a table's total. It fails on tables whose dimensions and leaves do not match, on
// costs of more than 18 digits after the point, and on periods without days.
func Attribute(t *Table, o Options) (*Attribution, error) {
	return attribute(t, o)
}

// Bridge is the attribution as an answer carries it.
func (a *Attribution) Bridge(currency string) *analysis.Bridge {
	b := &analysis.Bridge{
		Change:  analysis.Change{Current: a.Current, Baseline: a.Baseline, Delta: a.Delta, Currency: currency},
		Effects: a.Effects, Rest: a.Rest, Drivers: make([]analysis.Driver, len(a.Drivers)),
	}
	for i := range a.Drivers {
		b.Drivers[i] = a.Drivers[i].Driver
	}
	return b
}
