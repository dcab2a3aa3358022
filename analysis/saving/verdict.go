package saving

import (
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// State is how far a saving is proved.
type State string

// The states.
const (
	Verifying State = "verifying" // too few complete days since the fix
	Verified  State = "verified"  // at least [VerifiedShare] of what was expected, beyond the noise
	Partly    State = "partly"    // less than that, but beyond the noise
	NotSeen   State = "not seen"  // not distinguishable from nothing
	Regressed State = "regressed" // it was seen, and is gone again
)

// The thresholds of a verdict.
const (
	// VerifiedShare of the lower end of what was expected has to be seen.
	VerifiedShare = 0.8
	// sureErrors is how many standard errors a saving must be from nothing: about 1 in 40 passes by chance.
	sureErrors = 2
	// regressedShare of what was once proved has to be left.
	regressedShare = 0.5
)

// Case is a fix whose saving is to be proved.
type Case struct {
	// Slice is what the fix was about. Resources, within it, are those that were changed; none says all of it.
	Slice     []analysis.Filter
	Resources []string
	// From is the first day that shows the cost without the fix (the onset of the anomaly); zero for as far back as [MostDays]. Until is the day on which work on it began, exclusive; zero for Since.
	From, Until time.Time
	// Since is the first whole day on which the fix was in force.
	Since time.Time
	// Low and High are what it was expected to save a month; both zero where nobody said.
	Low, High analysis.Amount
	Currency  string
	// Proved is what an earlier verdict proved, a day; zero for none.
	Proved analysis.Amount
	// Anomaly says that From began a growth that nobody has taken for the level of the bill since: what it had grown by counts as avoided, see [Verdict.Avoided].
	Anomaly bool
}

// Verdict is what the bill says of a case.
type Verdict struct {
	State State
	// Before and After are the days compared; both zero while State is [Verifying]. Wait is then the last of the days that have to be complete.
	Before, After analysis.Period
	Wait          time.Time
	// Change is of the case's rows over all days of the two; its effects sum to it exactly.
	Change  analysis.Change
	Effects []analysis.EffectAmount
	// Use is the sum of the effects of use: what was used less (negative) or more.
	Use analysis.Amount
	// Demand, Moved and Idle are taken off, none below zero: see the package's formula. DemandRatio is what the volume of the rest of the slice became of itself, at
	// the prices before; 0 where there is no rest to compare with.
	Demand, Moved, Idle analysis.Amount
	DemandRatio         float64
	// Saved is over the compared days; negative where more was used.
	Saved analysis.Amount
	// Growth is, of an anomaly, what its usage cost more a day over Before than over Usual, the days before it began; Usual is zero where the store does not reach
	// back so far, or where it is no anomaly.
	Growth analysis.Amount
	Usual  analysis.Period
	// anomaly is the case's Anomaly.
	anomaly bool
	// Error is the standard error of Saved a day, from the differences of the days; an estimate.
	Error    analysis.Amount
	Currency string
	Queries  []analysis.QueryTrace
}

// use are the effects that count as saving.
var use = []analysis.Effect{analysis.EffVolume, analysis.EffNewResources, analysis.EffRemovedRes, analysis.EffNewSlice, analysis.EffRemovedSlice}

// Days is how many days are compared on each side.
func (v *Verdict) Days() int { return v.After.Days() }

// PerDay is what is saved a day, to the cent.
func (v *Verdict) PerDay() analysis.Amount {
	if v.Days() == 0 {
		return decimal.Zero
	}
	return v.Saved.DivRound(decimal.NewFromInt(int64(v.Days())), 2)
}

// PerMonth is PerDay over a mean month of 365/12 days: a convention, not a forecast.
func (v *Verdict) PerMonth() analysis.Amount { return analysis.Monthly(v.PerDay()) }

// Avoided is how much of [Verdict.PerDay] is cost avoided: the growth of an anomaly that was stopped, which the bill never had as its level. What is left was saved: it
// is below the level that the bill had before. Of an anomaly from before the store began all is avoided, of what is no anomaly nothing, and of what is
// not proved nothing. After the FinOps Foundation's KPI "Anomaly-Detected Cost Avoidance": unpredicted and correctable spend a day, for the days that it would have continued; only days
// that are on the bill are counted here.
func (v *Verdict) Avoided() analysis.Amount {
	switch day := v.PerDay(); {
	case !v.anomaly || !v.State.Proves():
		return decimal.Zero
	case v.Usual.Start.IsZero():
		return day
	default:
		return decimal.Min(day, decimal.Max(decimal.Zero, v.Growth))
	}
}

// Proves reports whether a state says that something was saved.
func (s State) Proves() bool { return s == Verified || s == Partly }

// Range is PerMonth less and plus two standard errors.
func (v *Verdict) Range() (low, high analysis.Amount) {
	d := analysis.Monthly(v.Error.Mul(decimal.NewFromInt(sureErrors)))
	return v.PerMonth().Sub(d), v.PerMonth().Add(d)
}

// judge sets State from the sums.
func (v *Verdict) judge(c Case) {
	v.Saved = v.Use.Neg().Sub(v.Demand).Sub(v.Moved).Sub(v.Idle)
	day := v.PerDay()
	seen := v.seen()
	expected := c.Low
	if expected.IsZero() {
		expected = c.High
	}
	switch {
	case c.Proved.Sign() > 0 && (!seen || day.LessThan(c.Proved.Mul(decimal.NewFromFloat(regressedShare)))):
		v.State = Regressed
	case !seen:
		v.State = NotSeen
	case v.PerMonth().LessThan(expected.Mul(decimal.NewFromFloat(VerifiedShare))):
		v.State = Partly
	default:
		v.State = Verified
	}
}

// seen reports whether the saving stands out from the noise.
func (v *Verdict) seen() bool {
	return v.PerDay().Sign() > 0 && v.PerDay().GreaterThan(v.Error.Mul(decimal.NewFromInt(sureErrors)))
}

// used sums the effects of use.
func used(effects []analysis.EffectAmount) (sum analysis.Amount) {
	for _, e := range effects {
		if slices.Contains(use, e.Effect) {
			sum = sum.Add(e.Amount)
		}
	}
	return sum
}

// standardError is of the mean of the differences of days in step: their standard deviation over the root of their number; to the cent. With one day there is none.
func standardError(before, after []analysis.Amount) analysis.Amount {
	n := min(len(before), len(after))
	if n < 2 {
		return decimal.Zero
	}
	var sum, squares float64
	for i := range n {
		d := before[i].Sub(after[i]).InexactFloat64()
		sum += d
		squares += d * d
	}
	mean := sum / float64(n)
	variance := max(0, (squares-float64(n)*mean*mean)/float64(n-1))
	return decimal.NewFromFloat(math.Sqrt(variance / float64(n))).Round(2)
}

// kept is a price key of the rest of the slice, of resources that were there before and after: usage and cost in both.
type kept struct{ q0, q1, c0 analysis.Amount }

// demandRatio is what the volume of the rest became, each key at its unit cost before (Laspeyres' index); 0 where there is nothing to go by.
func demandRatio(rest []kept) float64 {
	var before, now float64
	for _, k := range rest {
		if k.q0.Sign() <= 0 || k.c0.Sign() <= 0 {
			continue
		}
		c := k.c0.InexactFloat64()
		before += c
		now += c * k.q1.InexactFloat64() / k.q0.InexactFloat64()
	}
	if before == 0 {
		return 0
	}
	return now / before
}

// committed is a commitment that covered rows of the case: what it paid of them, and what of it lay unused in all that is seen.
type committed struct{ covered0, covered1, unused0, unused1 analysis.Amount }

// idle is what of the commitments that covered the case before is now paid for nothing: of each no more than what the case gave up.
func idle(list []committed) (sum analysis.Amount) {
	for _, c := range list {
		freed, unused := c.covered0.Sub(c.covered1), c.unused1.Sub(c.unused0)
		if m := decimal.Min(freed, unused); m.Sign() > 0 {
			sum = sum.Add(m)
		}
	}
	return sum
}
