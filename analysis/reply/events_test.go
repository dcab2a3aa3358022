package reply_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
)

// sameSlice is how much of two slices together must be common to both for them to count as the same one.
const sameSlice = 0.9

// near is how far a driver's amount may lie from what was planted: noise, growth and the calendar are no part of the event.
const near = 0.08

// TestPlantedEventsAreFound asks about each event of the demo company in plain words, and expects a driver that is the
// event's slice, moved by the event's effect, on the event's day, by the event's amount.
func TestPlantedEventsAreFound(t *testing.T) {
	d := demoCompany(t)
	for _, e := range d.manifest.Events {
		t.Run(e.Name, func(t *testing.T) {
			a := d.ask(t, e.Question)
			if p := a.Reading; p.Intent != analysis.ExplainChange || !p.Current.Equal(e.Current) || p.Baseline == nil || !p.Baseline.Equal(e.Baseline) {
				t.Fatalf("%q was read as %s, %v against %v; want %v against %v", e.Question, p.Intent, p.Current, p.Baseline, e.Current, e.Baseline)
			}
			b := bridgeOf(t, a)
			checkSums(t, b)
			switch e.Name {
			case "churn":
				churnNetsOut(t, e, b)
			case "s3-tier-move":
				moveHasTwoSides(t, d, e, b, a.Reading.Filters)
			default:
				found(t, d, e, b, a.Reading.Filters)
			}
		})
	}
}

func found(t *testing.T, d *mayfly, e demo.Event, b *analysis.Bridge, filters []analysis.Filter) {
	t.Helper()
	for _, dr := range b.Drivers {
		if len(dr.Slice) == 0 || mainEffect(dr) != e.Kind {
			continue
		}
		o := overlapOf(t, d, e, dr.Slice, filters)
		if o.both < sameSlice*o.either {
			t.Logf("%s, %s by %s: %.2f of the two slices is common", dr.Label, mainEffect(dr), dr.Amount, o.both/o.either)
			continue
		}
		if off := dr.Amount.Sub(e.Amount).Abs(); off.GreaterThan(e.Amount.Abs().Mul(decimal.NewFromFloat(near))) {
			t.Errorf("%s: %s, planted was %s", dr.Label, dr.Amount, e.Amount)
		}
		if b.Change.Delta.Sign() == e.Amount.Sign() && dr.Confidence == analysis.Low {
			t.Errorf("%s: confidence %s", dr.Label, dr.Confidence)
		}
		if e.Current.Contains(e.Start) && (!dr.Onset.Day.Equal(e.Start) || dr.Onset.Around) {
			t.Errorf("%s: onset %+v, planted was %s", dr.Label, dr.Onset, e.Start.Format(analysis.DateLayout))
		}
		return
	}
	t.Errorf("no driver is %v by %s of %s", e.Slice, e.Kind, e.Amount)
	for _, dr := range b.Drivers {
		t.Logf("  %v %s %s since %s", dr.Slice, mainEffect(dr), dr.Amount, dr.Onset.Day.Format(analysis.DateLayout))
	}
}

// churnNetsOut expects replaced resources to show as new and removed ones that cancel, and in no driver.
func churnNetsOut(t *testing.T, e demo.Event, b *analysis.Bridge) {
	var fresh, gone decimal.Decimal
	for _, x := range b.Effects {
		switch x.Effect {
		case analysis.EffNewResources:
			fresh = x.Amount
		case analysis.EffRemovedRes:
			gone = x.Amount
		}
	}
	tenth := b.Change.Baseline.Div(decimal.NewFromInt(10))
	if fresh.LessThan(tenth) || gone.Neg().LessThan(tenth) || fresh.Add(gone).Abs().GreaterThan(fresh.Div(decimal.NewFromInt(10))) {
		t.Errorf("new resources %s, removed resources %s: want both, nearly cancelling", fresh, gone)
	}
	for _, dr := range b.Drivers {
		if m := mainEffect(dr); m == analysis.EffNewResources || m == analysis.EffRemovedRes {
			t.Errorf("%s is named for %s, though nothing but the resources' names changed (%s)", dr.Label, m, e.Note)
		}
	}
}

// moveHasTwoSides expects a move between tiers to show as two drivers of opposite sign that net to the planted amount.
func moveHasTwoSides(t *testing.T, d *mayfly, e demo.Event, b *analysis.Bridge, filters []analysis.Filter) {
	var net decimal.Decimal
	signs := map[int]bool{}
	for _, dr := range b.Drivers {
		if o := overlapOf(t, d, e, dr.Slice, filters); len(dr.Slice) > 0 && o.both >= sameSlice*o.driver {
			net = net.Add(dr.Amount)
			signs[dr.Amount.Sign()] = true
		}
	}
	if !signs[-1] || !signs[1] || net.Sub(e.Amount).Abs().GreaterThan(e.Amount.Abs().Mul(decimal.NewFromFloat(near))) {
		t.Errorf("the drivers inside %v net to %s, planted was %s; signs %v", e.Slice, net, e.Amount, signs)
	}
}

func mainEffect(d analysis.Driver) analysis.Effect {
	var main analysis.EffectAmount
	for _, e := range d.Effects {
		if e.Amount.Abs().GreaterThan(main.Amount.Abs()) {
			main = e
		}
	}
	return main.Effect
}

type overlap struct{ both, either, driver float64 }

// overlapOf weighs what an event's slice and a driver's have in common by the cost in both periods, within the filters of
// the question and the charges of the event's kind.
func overlapOf(t *testing.T, d *mayfly, e demo.Event, slice map[string]string, filters []analysis.Filter) overlap {
	t.Helper()
	in := func(slice map[string]string) query.Fragment {
		conds := []query.Fragment{query.F("true")}
		for _, col := range slices.Sorted(maps.Keys(slice)) {
			expr := query.OrEmpty(query.F(col))
			if key, ok := strings.CutPrefix(col, "tag:"); ok {
				var err error
				if expr, err = query.Tag("Tags", key); err != nil {
					t.Fatal(err)
				}
			}
			conds = append(conds, query.In(expr, []string{slice[col]}, false))
		}
		return query.Join(" AND ", conds...)
	}
	kind := "ChargeCategory = 'Usage' AND ChargeClass IS NULL"
	switch e.Kind {
	case analysis.EffCredits:
		kind = "ChargeCategory = 'Credit'"
	case analysis.EffRefunds:
		kind = "ChargeClass = 'Correction'"
	}
	where, err := query.Where(filters)
	if err != nil {
		t.Fatal(err)
	}
	f := query.Fill(`SELECT sum(c) FILTER (WHERE e AND d), sum(c) FILTER (WHERE e OR d), sum(c) FILTER (WHERE d) FROM (
  SELECT {event} AS e, {driver} AS d, abs(EffectiveCost) AS c FROM charges WHERE (({current}) OR ({baseline})) AND ({filters}) AND {kind}) AS t`,
		map[string]query.Fragment{"event": in(e.Slice), "driver": in(slice), "filters": where, "kind": query.F(kind),
			"current": query.Within(query.Charges, e.Current), "baseline": query.Within(query.Charges, e.Baseline)})
	rows, _, err := d.sn.Query(context.Background(), "overlap", f.SQL, f.Params...)
	if err != nil {
		t.Fatal(err)
	}
	var out overlap
	for i, to := range []*float64{&out.both, &out.either, &out.driver} {
		if a, ok := rows.Values[0][i].(decimal.Decimal); ok {
			*to = a.InexactFloat64()
		}
	}
	return out
}

// checkSums holds a bridge to its laws, as exact decimals.
func checkSums(t interface{ Errorf(string, ...any) }, b *analysis.Bridge) {
	if !b.Change.Current.Sub(b.Change.Baseline).Equal(b.Change.Delta) {
		t.Errorf("delta %s is not %s - %s", b.Change.Delta, b.Change.Current, b.Change.Baseline)
	}
	if s := total(b.Effects); !s.Equal(b.Change.Delta) {
		t.Errorf("effects sum to %s, delta is %s", s, b.Change.Delta)
	}
	sum := b.Rest.Amount
	if s := total(b.Rest.Effects); !s.Equal(b.Rest.Amount) {
		t.Errorf("the rest's effects sum to %s, it is %s", s, b.Rest.Amount)
	}
	for _, d := range b.Drivers {
		sum = sum.Add(d.Amount)
		if s := total(d.Effects); !s.Equal(d.Amount) {
			t.Errorf("the effects of %s sum to %s, it is %s", d.Label, s, d.Amount)
		}
	}
	if !sum.Equal(b.Change.Delta) {
		t.Errorf("drivers and rest sum to %s, delta is %s", sum, b.Change.Delta)
	}
}

func total(es []analysis.EffectAmount) decimal.Decimal {
	var s decimal.Decimal
	for _, e := range es {
		s = s.Add(e.Amount)
	}
	return s
}

// TestOneChangeIsOneNumber asks for the same change in three ways, over a week that one provider has not delivered whole.
func TestOneChangeIsOneNumber(t *testing.T) {
	d := demoCompany(t)
	why := d.ask(t, "why did spend change last week?")
	delta := bridgeOf(t, why).Change.Delta
	if !slices.ContainsFunc(why.Caveats, func(s string) bool { return strings.Contains(s, "left out on both sides") }) {
		t.Fatalf("every provider is complete, so this shows nothing: %q", why.Caveats)
	}
	for _, q := range []string{"why did spend change last week by team?", "compare last week with the week before", "compare last week with the week before by service"} {
		table := tableOf(t, d.ask(t, q))
		at := slices.IndexFunc(table.Columns, func(c analysis.Column) bool { return c.Name == "delta" })
		if at < 0 {
			t.Fatalf("%q: no change among %v", q, table.Columns)
		}
		if got := *table.Total.Cells[at].Amount; !got.Equal(delta) {
			t.Errorf("%q: %s, explained was %s", q, got, delta)
		}
	}
}

// TestConsoleTotalsAreOurTotals holds both totals of "why is this different from the console?" to the totals themselves.
func TestConsoleTotalsAreOurTotals(t *testing.T) {
	d := demoCompany(t)
	a := d.ask(t, "why is this different from the console?")
	views := tableOf(t, a)
	var table *analysis.Table
	for _, p := range a.Parts {
		if p.Table != nil && p.Table.Total != nil {
			table = p.Table
		}
	}
	for _, r := range views.Rows {
		if name := r.Cells[0].Text; name == "billed, everything (unblended; what is invoiced)" && !r.Cells[1].Amount.Equal(*table.Total.Cells[1].Amount) ||
			name == "effective, everything (amortized, net)" && !r.Cells[1].Amount.Equal(*table.Total.Cells[2].Amount) {
			t.Errorf("%s is %s, the charge categories sum to another total", name, r.Cells[1].Amount)
		}
	}
	for i, m := range []analysis.Metric{analysis.Billed, analysis.Effective} {
		whole := d.answer(t, analysis.Plan{Intent: analysis.SpendTotal, Metric: m, Current: a.Reading.Current})
		want := *tableOf(t, whole).Rows[0].Cells[0].Amount
		if got := *table.Total.Cells[1+i].Amount; !got.Equal(want) {
			t.Errorf("%s: %s, the total is %s", m, got, want)
		}
	}
	if a.Reading.Baseline != nil || !slices.ContainsFunc(a.Caveats, func(s string) bool { return strings.Contains(s, "billed in EUR") }) {
		t.Errorf("baseline %v, caveats %q: want none, and what is billed in euros", a.Reading.Baseline, a.Caveats)
	}
}

// TestFocusFiguresAreTheBridgesFigures compares the sentence about single effects with the effects as printed.
func TestFocusFiguresAreTheBridgesFigures(t *testing.T) {
	d := demoCompany(t)
	a := d.ask(t, "did our savings plan expire in October?")
	var b strings.Builder
	if err := render.Terminal(&b, a, render.Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	at := strings.Index(b.String(), "Of the change, coverage ")
	if at < 0 {
		t.Fatalf("no word on coverage:\n%s", b.String())
	}
	words := strings.Fields(b.String()[at+len("Of the change, "):])
	figure := words[0] + " " + strings.TrimRight(words[1], ",;") // "coverage +$7,571"
	if !strings.Contains(b.String(), "· "+figure+" ·") {
		t.Errorf("%q is not among the effects:\n%s", figure, b.String())
	}
}
