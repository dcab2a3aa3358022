package ticket

import (
	"slices"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Basis is what an expected saving is worked out from. The three are never added up.
type Basis string

// The bases.
const (
	Effective Basis = "effective cost" // what is paid now beyond what was expected
	List      Basis = "list price"
	Measured  Basis = "the bill" // verified by package saving
)

// Saving is what a fix should save a month.
type Saving struct {
	Low, High analysis.Amount
	Currency  string
	Basis     Basis
	// Confidence says how far the change is one of use alone; Why in a few words.
	Confidence analysis.Confidence
	Why        string
}

// useEffects are the effects that a fix can undo by using less.
var useEffects = []analysis.Effect{analysis.EffVolume, analysis.EffNewResources, analysis.EffRemovedRes, analysis.EffNewSlice, analysis.EffRemovedSlice}

// The shares of a change that use must carry for a confidence.
const (
	highShare   = 0.8
	mediumShare = 0.5
)

// Expect works out what ending an anomaly should save a month: the daily excess over what was expected, its lower and upper quartile over the days it has lasted, times
// 365/12. excess is a value a day; going says whether it still goes on: one that has ended saves nothing more.
func Expect(excess []analysis.Amount, going bool, bridge *analysis.Bridge, currency string) Saving {
	s := Saving{Currency: currency, Basis: Effective, Confidence: analysis.Low, Why: "it has ended: a fix saves only what would come again"}
	if !going || len(excess) == 0 {
		return s
	}
	days := slices.Clone(excess)
	slices.SortFunc(days, func(a, b analysis.Amount) int { return a.Cmp(b) })
	month := func(a analysis.Amount) analysis.Amount { return decimal.Max(decimal.Zero, analysis.Monthly(a)) }
	s.Low, s.High = month(days[(len(days)-1)/4]), month(days[len(days)-1-(len(days)-1)/4])
	s.Confidence, s.Why = confidence(bridge)
	if len(days) < 3 && s.Confidence == analysis.High {
		s.Confidence, s.Why = analysis.Medium, s.Why+", over few days so far"
	}
	return s
}

// What few resources are that carry a change: at most so many, with at least so much of it.
const (
	mostCarriers  = 10
	carriersShare = 0.8
)

// Carriers are the resources that carry most of a change, the largest first; none where there are too many, or where they do not.
func Carriers(b *analysis.Bridge) []string {
	if b == nil || b.Change.Delta.IsZero() {
		return nil
	}
	var list []analysis.ResourceChange
	for _, d := range b.Drivers {
		for _, r := range d.Resources {
			if r.Amount.Sign() == b.Change.Delta.Sign() {
				list = append(list, r)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b analysis.ResourceChange) int { return b.Amount.Abs().Cmp(a.Amount.Abs()) })
	sum := decimal.Zero
	var out []string
	for _, r := range list {
		if len(out) == mostCarriers {
			break
		}
		if !slices.Contains(out, r.ID) {
			out = append(out, r.ID)
		}
		sum = sum.Add(r.Amount)
		if sum.Abs().GreaterThanOrEqual(b.Change.Delta.Abs().Mul(decimal.NewFromFloat(carriersShare))) {
			return out
		}
	}
	return nil
}

// confidence is how far use carries the change.
func confidence(b *analysis.Bridge) (analysis.Confidence, string) {
	if b == nil || b.Change.Delta.IsZero() {
		return analysis.Low, "the drivers are not known"
	}
	use, moved := decimal.Zero, decimal.Zero
	for _, e := range b.Effects {
		if e.Effect == analysis.EffCalendar {
			continue
		}
		if slices.Contains(useEffects, e.Effect) {
			use = use.Add(e.Amount)
		}
		moved = moved.Add(e.Amount.Abs())
	}
	if moved.IsZero() {
		return analysis.Low, "the drivers are not known"
	}
	switch share := use.Abs().Div(moved).InexactFloat64(); {
	case share >= highShare:
		return analysis.High, "it is usage; price and coverage hardly moved"
	case share >= mediumShare:
		return analysis.Medium, "most of it is usage; price, coverage or credits moved too"
	}
	return analysis.Low, "little of it is usage, which is what one can use less of"
}
