package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

func TestSmall(t *testing.T) {
	scoped := rise()
	scoped.Reading.Scope = []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}}
	year := topN()
	year.Reading.Current, year.Through = analysis.MonthOf(analysis.Day(2025, 12, 1)), nil
	for name, tc := range map[string]struct {
		a       *analysis.Answer
		items   string
		caveats string
	}{
		"rise": {rise(), "effective cost, USD · 16-22 Nov vs 9-15 Nov UTC · complete: AWS and Google through 22 Nov, Azure through 21 Nov",
			"Azure's Sundays are left out on both sides."},
		"scope": {scoped, "effective cost, USD · 16-22 Nov vs 9-15 Nov UTC · complete: AWS and Google through 22 Nov, Azure through 21 Nov" +
			" · within your scope: team payments", "Azure's Sundays are left out on both sides."},
		"fall": {fall(), "effective cost, USD · 1-31 Oct vs 1-30 Sep UTC · only account data-lake; without charge category Tax or Credit" +
			" · complete through 22 Nov", ""},
		"windows": {windows(), "effective cost, USD · 16-22 Aug, 16-22 Sep, 16-22 Oct and 16-22 Nov UTC · complete through 22 Nov", ""},
		"week":    {week(), "billed cost, USD · 16-22 Nov UTC · by day · complete through 22 Nov", "Thu 19 Nov has not been delivered yet."},
		"another year": {year, "effective cost, USD · 1-31 Dec 2025 UTC · complete through an unknown day",
			"No period was given: month to date."},
		"freshness":  {freshness(), "", ""},
		"definition": {provenance(), "", ""},
		"question":   {clarification(), "", ""},
		"empty":      {&analysis.Answer{}, "", ""},
	} {
		items, caveats := Small(tc.a)
		if got := strings.Join(items, " · "); got != tc.items {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tc.items)
		}
		if got := strings.Join(caveats, "\n"); got != tc.caveats {
			t.Errorf("%s: caveats %q, want %q", name, got, tc.caveats)
		}
	}
}

func TestReadingWords(t *testing.T) {
	for want, a := range map[string]*analysis.Answer{
		"why it changed: effective cost in USD, 16-22 Nov against 9-15 Nov 2026 (UTC), everything.":                    rise(),
		"the largest 4, by service: effective cost in USD, 1-22 Nov 2026 (UTC), everything.":                           topN(),
		"a comparison, by team and service: effective cost in USD, 16-22 Nov against 9-15 Nov 2026 (UTC), everything.": compared(),
		"how far the data reaches.":   freshness(),
		"not clear enough to answer.": clarification(),
		"nothing a bill can tell.":    outOfScope(),
		"where a figure comes from.":  provenance(),
		"something new.":              {Reading: analysis.Plan{Intent: "something_new"}},
	} {
		if got := ReadingWords(a); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// What is shown of a bridge adds up, however few drivers are asked for; the figures are those of the whole.
func TestShowBridgeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(genAmount(6), 1, 12).Draw(t, "parts")
		c := analysis.Change{Baseline: genAmount(6).Draw(t, "baseline"), Delta: sum(parts), Currency: "USD"}
		c.Current = c.Baseline.Add(c.Delta)
		b := &analysis.Bridge{Change: c, Rest: analysis.Rest{Amount: parts[0], Slices: 3, Largest: parts[0].Abs()}}
		for _, p := range parts[1:] {
			b.Drivers = append(b.Drivers, analysis.Driver{Label: "x", Amount: p, SliceTotal: p})
		}
		split := rapid.SliceOfN(genAmount(6), len(analysis.Effects)-1, len(analysis.Effects)-1).Draw(t, "effects")
		for i, e := range analysis.Effects[1:] {
			b.Effects = append(b.Effects, analysis.EffectAmount{Effect: e, Amount: split[i]})
		}
		b.Effects = append(b.Effects, analysis.EffectAmount{Effect: analysis.Effects[0], Amount: c.Delta.Sub(sum(split))})
		v := ShowBridge(b, nil, rapid.IntRange(-1, 14).Draw(t, "most"))
		total := decimal.Zero
		for _, d := range v.Drivers {
			total = total.Add(readMoney(t, d.Amount))
		}
		if v.HasRest {
			total = total.Add(readMoney(t, v.Rest.Amount))
		}
		if !total.Equal(readMoney(t, v.Total.Amount)) {
			t.Fatalf("%d drivers and the rest give %s, the change is %s", len(v.Drivers), total, v.Total.Amount)
		}
		effects := decimal.Zero
		for _, e := range v.Effects {
			effects = effects.Add(readMoney(t, e[strings.LastIndex(e, " ")+1:]))
		}
		if !effects.Equal(total) || len(v.Effects) > fewEffects+1+len(alwaysSaid) {
			t.Fatalf("%d effects give %s, the change is %s: %v", len(v.Effects), effects, total, v.Effects)
		}
	})
}

// A table that was cut shows the figures of one that was not, and what it leaves out in one row.
func TestShowTableCuts(t *testing.T) {
	table := topN().Parts[0].Table
	whole, cut := ShowTable(table, "USD", 10), ShowTable(table, "USD", 2)
	if diff := cmp.Diff(whole.Rows[:2], cut.Rows[:2]); diff != "" {
		t.Errorf("rows (-whole +cut):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"everything else (38 more)", "$321,179", "43.2%"}, cut.Rows[2]); diff != "" {
		t.Errorf("everything else (-want +got):\n%s", diff)
	}
	if cut.Cut != 2 || whole.Cut != 0 || len(whole.Rows) != 5 {
		t.Errorf("cut %d of %d, whole %d of %d", cut.Cut, len(cut.Rows), whole.Cut, len(whole.Rows))
	}
	// Where the rows have no sum nothing is added up.
	if v := ShowTable(freshness().Parts[0].Table, "USD", 1); len(v.Rows) != 1 || v.Cut != 2 || v.Total != nil {
		t.Errorf("%+v", v)
	}
}
