package saving

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// Headline says in a sentence what the bill shows.
func (v *Verdict) Headline() string {
	money := func(a analysis.Amount) string { return render.Money(a, v.Currency) }
	day, month := v.PerDay(), v.PerMonth()
	switch v.State {
	case Verifying:
		return fmt.Sprintf("Too early to say what it saves: complete days through %s are needed.", v.Wait.Format("Mon 2 Jan"))
	case Verified:
		return fmt.Sprintf("Verified on the bill: %s a day less, about %s a month.", money(day), money(month))
	case Partly:
		return fmt.Sprintf("Partly seen on the bill: %s a day less, about %s a month, which is less than was expected.", money(day), money(month))
	case Regressed:
		if !v.seen() {
			return "The saving that was proved is gone: about as much is used as before the fix."
		}
		return fmt.Sprintf("Most of the saving that was proved is gone: %s a day is left.", money(day))
	}
	switch fell := v.aDay(v.Use.Neg()).GreaterThan(v.Error.Mul(decimal.NewFromInt(sureErrors))); {
	case !fell: // nothing that something else could account for
	case v.Idle.Sign() > 0 && v.Idle.GreaterThanOrEqual(v.Use.Neg().Sub(v.Demand).Sub(v.Moved).Mul(decimal.NewFromFloat(0.5))):
		return fmt.Sprintf("Nothing is saved yet: what was freed is covered by a commitment, of which %s a day now lies unused and is still paid.", money(v.aDay(v.Idle)))
	case v.Moved.Sign() > 0 && v.Moved.GreaterThanOrEqual(v.Use.Neg().Mul(decimal.NewFromFloat(0.5))):
		return fmt.Sprintf("Nothing is saved: the cost moved, %s a day of it to resources that were not there before.", money(v.aDay(v.Moved)))
	case v.Demand.Sign() > 0 && v.Demand.GreaterThanOrEqual(v.Use.Neg().Mul(decimal.NewFromFloat(0.5))):
		return "No saving is seen: the rest of the slice fell as much."
	}
	return "No saving is seen on the bill that stands out from its day-to-day noise."
}

func (v *Verdict) aDay(a analysis.Amount) analysis.Amount {
	return a.DivRound(decimal.NewFromInt(int64(max(1, v.Days()))), 2)
}

// Tell puts the verdict into an answer: two tables that add up, and its queries into the trace.
func (v *Verdict) Tell(a *analysis.Answer) {
	a.Headline, a.Currency = v.Headline(), v.Currency
	a.Trace.Queries = append(a.Trace.Queries, v.Queries...)
	if v.State == Verifying {
		return
	}
	low, high := v.Range()
	a.Parts = append(a.Parts, analysis.Part{Text: fmt.Sprintf("Between %s and %s a month, by the noise of the days compared.", render.Money(low, v.Currency), render.Money(high, v.Currency))},
		analysis.Part{Table: v.change()}, analysis.Part{Table: v.saved()})
	if v.anomaly && v.State.Proves() {
		a.Parts = append(a.Parts, analysis.Part{Table: v.split()})
		if v.Usual.Start.IsZero() {
			a.Caveats = append(a.Caveats, "all of it counts as avoided: the bill does not reach back before it began")
		} else {
			a.Caveats = append(a.Caveats, fmt.Sprintf("avoided is what it had grown by, %s a day over the %d days from %s, and what is saved lies below that level", render.Money(v.Growth, v.Currency), v.Usual.Days(), v.Usual.Start.Format(time.DateOnly)))
		}
	}
	a.Caveats = append(a.Caveats, fmt.Sprintf("%d complete days from %s against %d from %s, effective cost; a month is 365/12 days, a convention", v.Days(), v.After.Start.Format(time.DateOnly), v.Before.Days(), v.Before.Start.Format(time.DateOnly)))
	if v.Days() < LeastDays {
		a.Caveats = append(a.Caveats, "fewer days than a week before the fix: weekdays may differ")
	}
	if v.Demand.Sign() > 0 {
		a.Caveats = append(a.Caveats, fmt.Sprintf("the rest of the slice used %s of what it did, at the prices before: so much would have fallen anyway", render.Percent(decimal.NewFromFloat(v.DemandRatio).Round(3))))
	}
	if v.Idle.Sign() > 0 {
		a.Caveats = append(a.Caveats, "what lies idle of a commitment counts as saved once other usage takes it, or the commitment ends")
	}
}

func sum(label string, a, perDay analysis.Amount) analysis.Row {
	return analysis.Row{Cells: []analysis.Cell{{Text: label}, {Amount: &a}, {Amount: &perDay}}}
}

func columns(label string, kind analysis.ColumnKind) []analysis.Column {
	return []analysis.Column{{Name: "what", Label: label, Kind: analysis.ColText}, {Name: "amount", Label: "over the days", Kind: kind}, {Name: "a_day", Label: "a day", Kind: kind}}
}

// change leads from what it cost before to what it costs, effect by effect.
func (v *Verdict) change() *analysis.Table {
	t := &analysis.Table{Columns: columns("what changed", analysis.ColMoney)}
	t.Rows = append(t.Rows, sum("before", v.Change.Baseline, v.aDay(v.Change.Baseline)))
	for _, e := range v.Effects {
		if !e.Amount.IsZero() {
			t.Rows = append(t.Rows, sum(render.EffectWords(e.Effect), e.Amount, v.aDay(e.Amount)))
		}
	}
	total := sum("after", v.Change.Current, v.aDay(v.Change.Current))
	t.Total = &total
	return t
}

// saved leads from what was used less to what is saved.
func (v *Verdict) saved() *analysis.Table {
	t := &analysis.Table{Columns: columns("what is saved", analysis.ColMoney)}
	for _, r := range []struct {
		label string
		a     analysis.Amount
	}{{"used less", v.Use.Neg()}, {"would have fallen anyway", v.Demand.Neg()}, {"moved to other resources", v.Moved.Neg()}, {"commitments left unused", v.Idle.Neg()}} {
		if !r.a.IsZero() || len(t.Rows) == 0 {
			t.Rows = append(t.Rows, sum(r.label, r.a, v.aDay(r.a)))
		}
	}
	total := sum("saved", v.Saved, v.PerDay())
	t.Total = &total
	return t
}

// split parts what is saved into growth that was stopped, and what lies below the level before.
func (v *Verdict) split() *analysis.Table {
	t := &analysis.Table{Columns: columns("what kind of saving", analysis.ColMoney)}
	day := v.Avoided()
	over := day.Mul(decimal.NewFromInt(int64(v.Days())))
	if day.Equal(v.PerDay()) {
		over = v.Saved
	}
	t.Rows = append(t.Rows, sum("avoided: growth that was stopped", over, day), sum("saved: below the level before", v.Saved.Sub(over), v.PerDay().Sub(day)))
	total := sum("both", v.Saved, v.PerDay())
	t.Total = &total
	return t
}
