package explain

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/explain/effect"
)

// genTable draws a small table with every stratum, unknown factors, negative and zero costs and up to 18 digits.
func genTable(t *rapid.T) (*Table, Options) {
	tab := NewTable("ServiceName", "SubAccountId", "RegionId", "tag:team", "SkuId")
	money := rapid.Custom(func(t *rapid.T) decimal.Decimal {
		digits := rapid.IntRange(0, 18).Draw(t, "digits")
		return decimal.New(rapid.Int64Range(0, 1e15).Draw(t, "coefficient"), -int32(digits))
	})
	cost := rapid.OneOf(money, money, money, rapid.Just(decimal.Zero), rapid.Map(money, decimal.Decimal.Neg))
	factor := rapid.OneOf(rapid.Float64Range(.2, 3), rapid.Just(1.0), rapid.Just(1.0), rapid.SampledFrom([]float64{0, math.NaN()}))
	sums := func(name string, c decimal.Decimal) Sums {
		f := c.InexactFloat64()
		s := Sums{Quantity: f * factor.Draw(t, name+" q"), List: f * factor.Draw(t, name+" l"), Contracted: f * factor.Draw(t, name+" cc")}
		k := rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, name+" covered")
		s.CoveredContracted, s.CoveredCost = s.Contracted*k, f*k*.6
		s.FX = rapid.SampledFrom([]float64{0, 1, 1.08}).Draw(t, name+" fx")
		return s
	}
	for range rapid.IntRange(0, 40).Draw(t, "leaves") {
		l := Leaf{
			Stratum:   rapid.SampledFrom([]Stratum{Usage, Usage, Usage, Usage, CommitmentUnused, Credit, Purchase, Tax, Adjustment, Correction}).Draw(t, "stratum"),
			Recurring: rapid.Bool().Draw(t, "recurring"),
			BaseCost:  cost.Draw(t, "base"), CurCost: cost.Draw(t, "cur"),
		}
		l.BaseSums, l.CurSums = sums("base", l.BaseCost), sums("cur", l.CurCost)
		l.NewQuantity = l.CurSums.Quantity * rapid.SampledFrom([]float64{0, .5}).Draw(t, "new")
		l.GoneQuantity = l.BaseSums.Quantity * rapid.SampledFrom([]float64{0, .5}).Draw(t, "gone")
		v := func(p string, n int) string { return fmt.Sprint(p, rapid.IntRange(0, n).Draw(t, p)) }
		svc := v("s", 2)
		tab.Add([]string{svc, v("a", 3), v("r", 1), v("t", 2), svc + v("-u", 2)}, l)
	}
	return tab, Options{
		BaseDays: rapid.IntRange(1, 31).Draw(t, "base days"), CurDays: rapid.IntRange(1, 31).Draw(t, "cur days"),
		Metric:     rapid.SampledFrom(analysis.Metrics).Draw(t, "metric"),
		MaxDrivers: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "max drivers"),
	}
}

func sumOf(es []analysis.EffectAmount) decimal.Decimal {
	s := decimal.Zero
	for _, e := range es {
		s = s.Add(e.Amount)
	}
	return s
}

func TestBothCutsSumToTheChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab, o := genTable(t)
		a, err := Attribute(tab, o)
		if err != nil {
			t.Fatal(err)
		}
		base, cur := decimal.Zero, decimal.Zero
		for _, l := range tab.Leaves {
			base, cur = base.Add(l.BaseCost), cur.Add(l.CurCost)
		}
		delta := cur.Sub(base)
		if !a.Baseline.Equal(base) || !a.Current.Equal(cur) || !a.Delta.Equal(delta) {
			t.Fatalf("totals %s %s %s, want %s %s %s", a.Baseline, a.Current, a.Delta, base, cur, delta)
		}
		if s := sumOf(a.Effects); !s.Equal(delta) {
			t.Fatalf("effects sum to %s, the change is %s", s, delta)
		}
		s := a.Rest.Amount
		effects := map[analysis.Effect]decimal.Decimal{}
		add := func(es []analysis.EffectAmount) {
			for _, e := range es {
				effects[e.Effect] = effects[e.Effect].Add(e.Amount)
			}
		}
		add(a.Rest.Effects)
		for _, d := range a.Drivers {
			s = s.Add(d.Amount)
			add(d.Effects)
			if x := sumOf(d.Effects); !x.Equal(d.Amount) {
				t.Fatalf("driver %v: effects sum to %s, amount %s", d.Slice, x, d.Amount)
			}
		}
		if !s.Equal(delta) || !sumOf(a.Rest.Effects).Equal(a.Rest.Amount) {
			t.Fatalf("drivers and rest sum to %s, the change is %s; rest %v", s, delta, a.Rest)
		}
		for _, e := range a.Effects {
			if !effects[e.Effect].Equal(e.Amount) {
				t.Fatalf("%s: drivers and rest have %s, the whole %s", e.Effect, effects[e.Effect], e.Amount)
			}
		}
		if len(a.Drivers) > 0 {
			limit := o.withDefaults().MaxDrivers
			if a.Drivers[0].Kind == CalendarDriver {
				limit++
			}
			if len(a.Drivers) > limit {
				t.Fatalf("%d drivers, at most %d allowed", len(a.Drivers), limit)
			}
		}
	})
}

func TestSwappedPeriodsNegateEveryEffect(t *testing.T) {
	mirror := map[analysis.Effect]analysis.Effect{
		analysis.EffNewResources: analysis.EffRemovedRes, analysis.EffRemovedRes: analysis.EffNewResources,
		analysis.EffNewSlice: analysis.EffRemovedSlice, analysis.EffRemovedSlice: analysis.EffNewSlice,
	}
	rapid.Check(t, func(t *rapid.T) {
		tab, o := genTable(t)
		a, err := Attribute(tab, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tab.Leaves {
			l := &tab.Leaves[i]
			l.BaseCost, l.CurCost = l.CurCost, l.BaseCost
			l.BaseSums, l.CurSums = l.CurSums, l.BaseSums
			l.NewQuantity, l.GoneQuantity = l.GoneQuantity, l.NewQuantity
		}
		o.BaseDays, o.CurDays = o.CurDays, o.BaseDays
		b, err := Attribute(tab, o)
		if err != nil {
			t.Fatal(err)
		}
		got := map[analysis.Effect]string{}
		for _, e := range b.Effects {
			k := e.Effect
			if m, ok := mirror[k]; ok {
				k = m
			}
			got[k] = e.Amount.Neg().String()
		}
		want := map[analysis.Effect]string{}
		for _, e := range a.Effects {
			want[e.Effect] = e.Amount.String()
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("swapped effects differ (-want +got):\n%s", d)
		}
	})
}

// TestCutsGiveBackTheDrivers rebuilds every driver's amount the way SQL does: one CASE per vector, first cut wins.
func TestCutsGiveBackTheDrivers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab, o := genTable(t)
		o.MinImpact = .001
		a, err := Attribute(tab, o)
		if err != nil {
			t.Fatal(err)
		}
		l, err := newLeaves(tab, o.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		got := make([]fixed, len(a.Drivers))
		for v, cuts := range a.Cuts {
			for i := range tab.Leaves {
				if tab.Leaves[i].Stratum != Usage {
					continue
				}
				for _, c := range cuts {
					if tab.holds(c.Conditions, i) {
						got[c.Driver] = got[c.Driver].add(l.vector(i, Vector(v)))
						break
					}
				}
			}
		}
		for k, d := range a.Drivers {
			if d.Kind == SliceDriver && !got[k].amount().Equal(d.Amount) {
				t.Fatalf("driver %v: the cuts hold %s, the driver %s", d.Slice, got[k].amount(), d.Amount)
			}
		}
	})
}

func TestFixedIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) decimal.Decimal {
			c := rapid.Int64Range(-1e17, 1e17).Draw(t, name)
			d := decimal.New(c, -int32(rapid.IntRange(-1, 18).Draw(t, name+" digits")))
			if rapid.Bool().Draw(t, name+" long") {
				d = d.Add(decimal.New(c, -18))
			}
			return d
		}
		x, y := draw("x"), draw("y")
		a, err := toFixed(x)
		if err != nil {
			t.Fatal(err)
		}
		b, err := toFixed(y)
		if err != nil {
			t.Fatal(err)
		}
		if !a.amount().Equal(x) || !a.add(b).amount().Equal(x.Add(y)) || !a.sub(b).amount().Equal(x.Sub(y)) {
			t.Fatalf("%s and %s: %s, sum %s, difference %s", x, y, a.amount(), a.add(b).amount(), a.sub(b).amount())
		}
		if a.less(b) != x.LessThan(y) || a.sign() != x.Sign() || !a.abs().amount().Equal(x.Abs()) {
			t.Fatalf("%s and %s: comparison", x, y)
		}
		if f := x.InexactFloat64(); math.Abs(a.float()-f) > 1e-14*math.Abs(f) {
			t.Fatalf("%s as a float: %v", x, a.float())
		}
	})
}

func TestAmountsThatDoNotFitAreRefused(t *testing.T) {
	for _, s := range []string{"0.0000000000000000001", "1e22"} {
		tab := NewTable("ServiceName")
		tab.Add([]string{"x"}, Leaf{BaseCost: decimal.RequireFromString(s)})
		if _, err := Attribute(tab, Options{BaseDays: 1, CurDays: 1}); err == nil {
			t.Errorf("%s was taken", s)
		}
	}
	if _, err := Attribute(NewTable(), Options{BaseDays: 0, CurDays: 1}); err == nil {
		t.Error("a period without days was taken")
	}
	if _, err := Attribute(&Table{Dims: []Dim{{Name: "x"}}, Leaves: make([]Leaf, 1)}, Options{BaseDays: 1, CurDays: 1}); err == nil {
		t.Error("a table without codes was taken")
	}
}

// plain is a usage leaf at list price.
func plain(base, cur float64) Leaf {
	s := func(x float64) Sums { return Sums{Quantity: x, List: x, Contracted: x} }
	return Leaf{BaseCost: decimal.NewFromFloat(base), CurCost: decimal.NewFromFloat(cur), BaseSums: s(base), CurSums: s(cur)}
}

// company is 3 services x 4 accounts x 2 SKUs a service, 100 a leaf.
func smallCompany(change func(svc, acct, sku string, l *Leaf)) *Table {
	t := NewTable("ServiceName", "SubAccountId", "SkuId", "ServiceProviderName")
	for _, s := range []string{"compute", "storage", "network"} {
		for a := range 4 {
			for u := range 2 {
				acct, sku := fmt.Sprint("acct-", a), fmt.Sprint(s, "-", u)
				l := plain(100, 100)
				change(s, acct, sku, &l)
				t.Add([]string{s, acct, sku, "AWS"}, l)
			}
		}
	}
	return t
}

func TestDrivers(t *testing.T) {
	scale := func(l *Leaf, f float64) {
		*l = plain(100, 100*f)
	}
	type driver struct {
		Slice  string
		Amount string
		How    string
		Effect analysis.Effect
	}
	for _, tt := range []struct {
		name   string
		table  *Table
		days   [2]int
		want   []driver
		rest   string
		offset string
	}{
		{
			name: "a service in one account",
			table: smallCompany(func(s, a, _ string, l *Leaf) {
				if s == "network" && a == "acct-1" {
					scale(l, 4)
				}
			}),
			want: []driver{{"map[ServiceName:network SubAccountId:acct-1]", "600", "usage x4.0, price unchanged", analysis.EffVolume}},
		},
		{
			name: "a SKU is named without its service",
			table: smallCompany(func(_, _, u string, l *Leaf) {
				if u == "storage-1" {
					scale(l, 2)
				}
			}),
			want: []driver{{"map[SkuId:storage-1]", "400", "usage x2.0, price unchanged", analysis.EffVolume}},
		},
		{
			name:  "everything is one provider",
			table: smallCompany(func(_, _, _ string, l *Leaf) { scale(l, 1.5) }),
			want:  []driver{{"map[ServiceProviderName:AWS]", "1200", "usage +50%, price unchanged", analysis.EffVolume}},
		},
		{
			name: "opposite moves are both told",
			table: smallCompany(func(s, a, _ string, l *Leaf) {
				switch {
				case s == "network":
					scale(l, 2)
				case s == "storage":
					*l = plain(100, 0)
				}
			}),
			want: []driver{
				{"map[ServiceName:storage]", "-800", "gone", analysis.EffRemovedSlice},
				{"map[ServiceName:network]", "800", "usage x2.0, price unchanged", analysis.EffVolume},
			},
		},
		{
			name: "a price and a usage of one slice are one driver",
			table: smallCompany(func(s, _, _ string, l *Leaf) {
				if s == "compute" {
					*l = plain(100, 200)
					l.CurCost = decimal.NewFromInt(250)
					l.CurSums.List, l.CurSums.Contracted = 250, 250
				}
			}),
			want: []driver{{"map[ServiceName:compute]", "1200", "usage x2.0; list price +25%", analysis.EffVolume}},
		},
		{
			name:  "a longer month is the calendar's alone",
			table: smallCompany(func(_, _, _ string, l *Leaf) { *l = plain(280, 310) }),
			days:  [2]int{28, 31},
			want:  []driver{{"map[]", "720", "31 days against 28", analysis.EffCalendar}},
		},
		{
			name: "an account lost its discount",
			table: smallCompany(func(_, a, _ string, l *Leaf) {
				if a == "acct-2" {
					l.BaseSums.Contracted, l.BaseCost = 80, decimal.NewFromInt(80)
				}
			}),
			want: []driver{{"map[SubAccountId:acct-2]", "120", "discount 20% -> 0%", analysis.EffNegotiated}},
		},
		{
			name: "a commitment ended",
			table: smallCompany(func(s, _, _ string, l *Leaf) {
				if s == "compute" {
					l.BaseSums.CoveredContracted, l.BaseSums.CoveredCost, l.BaseCost = 100, 60, decimal.NewFromInt(60)
					l.CurSums.CoveredContracted, l.CurSums.CoveredCost, l.CurCost = 50, 30, decimal.NewFromInt(80)
				}
			}),
			want: []driver{{"map[ServiceName:compute]", "160", "covered 100% -> 50%", analysis.EffCoverage}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{BaseDays: 30, CurDays: 30}
			if tt.days[0] > 0 {
				o.BaseDays, o.CurDays = tt.days[0], tt.days[1]
			}
			a, err := Attribute(tt.table, o)
			if err != nil {
				t.Fatal(err)
			}
			var got []driver
			for _, d := range a.Drivers {
				got = append(got, driver{fmt.Sprint(d.Slice), d.Amount.Round(6).String(), d.How, largest(d.Effects)})
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("drivers (-want +got):\n%s", d)
			}
			if !a.Rest.Amount.Round(6).IsZero() {
				t.Errorf("rest %s, want none", a.Rest.Amount)
			}
		})
	}
}

func largest(es []analysis.EffectAmount) (top analysis.Effect) {
	most := decimal.Zero
	for _, e := range es {
		if e.Amount.Abs().GreaterThan(most) {
			top, most = e.Effect, e.Amount.Abs()
		}
	}
	return top
}

func TestOneTimeChargesAreAtoms(t *testing.T) {
	tab := smallCompany(func(_, _, _ string, _ *Leaf) {})
	once := func(s Stratum, acct, desc, base, cur string) {
		tab.Add([]string{"Support", acct, "", "AWS"}, Leaf{Stratum: s, Description: desc,
			BaseCost: decimal.RequireFromString(base), CurCost: decimal.RequireFromString(cur)})
	}
	once(Credit, "acct-0", "promotion", "-50.5", "0")
	once(Purchase, "acct-0", "support fee", "0", "20")
	once(Purchase, "acct-0", "support fee", "0", "20")
	once(Tax, "acct-1", "VAT", "5", "5.01")
	a, err := Attribute(tab, Options{BaseDays: 30, CurDays: 30})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range a.Drivers {
		got = append(got, fmt.Sprintf("%v/%v/%v/%v/%v/%v", d.Stratum, d.Description, d.Slice, d.Amount, d.How, d.Effects[0].Effect))
	}
	want := []string{
		"credit/promotion/map[ServiceName:Support SubAccountId:acct-0]/50.5/none now/credits",
		"purchase/support fee/map[ServiceName:Support SubAccountId:acct-0]/40/none before/purchases",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if a.Rest.Slices != 1 || !a.Rest.Largest.Equal(decimal.RequireFromString("0.01")) {
		t.Errorf("rest %+v, want the tax's cent", a.Rest)
	}
}

func TestOffsetsInsideADriver(t *testing.T) {
	tab := smallCompany(func(s, a, _ string, l *Leaf) {
		if s == "network" {
			*l = plain(100, 200)
			if a == "acct-3" {
				*l = plain(100, 50)
			}
		}
	})
	// With room for one condition only, the account cannot be told apart from its service.
	a, err := Attribute(tab, Options{BaseDays: 30, CurDays: 30, MaxConditions: 1, MaxDrivers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Drivers) != 1 || len(a.Drivers[0].Offsets) != 1 {
		t.Fatalf("drivers %+v, want one with one offset", a.Drivers)
	}
	if o := a.Drivers[0].Offsets[0]; o.Slice["SubAccountId"] != "acct-3" || !o.Amount.Round(6).Equal(decimal.NewFromInt(-100)) {
		t.Errorf("offset %+v, want acct-3's -100", o)
	}
}

func TestEveryEffectHasAPlace(t *testing.T) {
	seen := map[analysis.Effect]bool{}
	for e := range numEffects {
		seen[effectName(e)] = true
	}
	for _, e := range analysis.Effects {
		if !seen[e] {
			t.Errorf("no total for %s", e)
		}
	}
	if len(seen) != numEffects {
		t.Errorf("%d names for %d effects", len(seen), numEffects)
	}
	for v := range numVectors {
		if v.String() == "" || len(vectorKinds[v]) == 0 {
			t.Errorf("vector %d has no name or no effects", v)
		}
	}
	for k := range effect.NumKinds {
		if effectName(int(k)) != k.Effect() {
			t.Errorf("kind %d", k)
		}
	}
}
