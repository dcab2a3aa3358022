package allocation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
)

var (
	team    = analysis.TagDimension("team")
	october = analysis.Day(2026, 10, 1)
)

func rulesOf(t interface{ Fatal(...any) }, text string) []allocation.Rule {
	c, err := allocation.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := allocation.New(c, "")
	if err != nil {
		t.Fatal(err)
	}
	return r.For(false)
}

// cell is one of October: "payments 00 100", who, what it matches and how much.
func cell(text string) allocation.Cell {
	f := strings.Fields(text)
	owner := f[0]
	if owner == "-" {
		owner = ""
	}
	return allocation.Cell{Period: october, Currency: "USD", Owner: []string{owner}, Matches: f[1], Amount: decimal.RequireFromString(f[2]), Rows: 1}
}

// shown are the owners' amounts: "payments 100, search 50", nobody as "-".
func shown(r allocation.Result) string {
	by := map[string]analysis.Amount{}
	for _, c := range r.Cells {
		o := strings.Join(c.Owner, "/")
		if o == "" {
			o = "-"
		}
		by[o] = by[o].Add(c.Amount)
	}
	var out []string
	for o, a := range by {
		if !a.IsZero() {
			out = append(out, o+" "+a.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func weightsOf(rule int, text string) []allocation.Weight {
	var out []allocation.Weight
	f := strings.Fields(text)
	for i := 0; i+1 < len(f); i += 2 {
		out = append(out, allocation.Weight{Rule: rule, Period: october, Currency: "USD", Owner: f[i], Weight: decimal.RequireFromString(f[i+1])})
	}
	return out
}

func TestApply(t *testing.T) {
	const proportional = "rules: [{name: pool, from: {scope: support}, to: {team: all}, split: spend}]"
	for _, c := range []struct {
		name, rules string
		cells       []string
		weights     []allocation.Weight
		want        string
		why         string // why something stayed
	}{
		{
			name: "the FinOps Foundation's example: 200k by spend", rules: proportional,
			cells:   []string{"- 1 200000", "a 0 225000", "b 0 225000", "c 0 300000", "d 0 450000"},
			weights: weightsOf(0, "a 225000 b 225000 c 300000 d 450000"),
			want:    "a 262500, b 262500, c 350000, d 525000",
		},
		{
			name: "Koku's example: 25 and 75 of 100, the source shows the negative", rules: "rules: [{name: pool, from: {service: idle}, to: {team: all}, split: usage, weigh: {of: {service: pods}}}]",
			cells:   []string{"- 1 100", "a 0 10", "b 0 10"},
			weights: weightsOf(0, "a 25 b 75"), want: "a 35, b 85",
		},
		{
			name: "even, with nobody and the excepted left out", rules: "rules: [{name: s, from: {scope: tax}, to: {team: all}, except: [c], split: even}]",
			cells: []string{"- 1 10", "- 0 5", "a 0 1", "b 0 1", "c 0 1"}, want: "- 5, a 6, b 6, c 1",
		},
		{
			name: "even, among those named, whether the bill has them or not", rules: "rules: [{name: s, from: {scope: tax}, to: {team: [a, z]}, split: even}]",
			cells: []string{"- 1 10", "a 0 1"}, want: "a 6, z 5",
		},
		{
			name: "fixed percent", rules: "rules: [{name: s, from: {scope: tax}, to: {team: [a, b]}, split: percent, percent: {a: 33.3, b: 66.7}}]",
			cells: []string{"- 1 10"}, want: "a 3.33, b 6.67",
		},
		{
			name: "a credit goes the same way", rules: proportional,
			cells: []string{"- 1 100", "- 1 -40"}, weights: weightsOf(0, "a 1 b 3"), want: "a 15, b 45",
		},
		{
			name: "charges and credits that cancel still move", rules: proportional,
			cells: []string{"x 1 100", "y 1 -100"}, weights: weightsOf(0, "x 1 y 1"), want: "",
		},
		{
			name: "no weights: it stays and is told", rules: proportional,
			cells: []string{"- 1 100", "a 0 5"}, want: "- 100, a 5", why: "no target has a weight",
		},
		{
			name: "negative weights are none", rules: proportional,
			cells: []string{"- 1 100"}, weights: weightsOf(0, "a -7"), want: "- 100", why: "no target has a weight",
		},
		{
			name: "nobody to give to", rules: "rules: [{name: s, from: {scope: tax}, to: {team: all}, split: even}]",
			cells: []string{"- 1 10"}, want: "- 10", why: "the bill has nobody to give it to",
		},
		{
			name: "its own rows come back to an owner in part", rules: "rules: [{name: nat, from: {scope: nat}, to: {team: all}, split: even}]",
			cells: []string{"a 1 10", "a 0 1", "b 0 1"}, want: "a 6, b 6",
		},
		{
			name:  "a later rule without owners takes what no earlier one moved",
			rules: "rules: [{name: aws, from: {scope: support, provider: AWS}, to: {team: [a, b]}, split: even}, {name: rest, from: {scope: support}, to: {team: [c]}, split: even}]",
			cells: []string{"- 11 10", "- 01 4"}, want: "a 5, b 5, c 4",
		},
		{
			name:  "a later rule with owners takes what earlier ones moved onto them: costs step down",
			rules: "rules: [{name: support, from: {scope: support}, to: {team: all}, split: even}, {name: infra, from: {team: infra}, to: {team: all}, split: even}]",
			cells: []string{"- 11 9", "infra 01 7", "a 01 0", "b 01 0"}, want: "a 8, b 8",
		},
		{
			name:  "a rule about a part of what moved onto an owner",
			rules: "rules: [{name: all, from: {scope: [support, tax]}, to: {team: [infra]}, split: even}, {name: tax, from: {team: infra, scope: tax}, to: {team: [a]}, split: even}]",
			cells: []string{"- 10 9", "- 11 4", "infra 00 1"}, want: "a 4, infra 10",
		},
		{
			name: "tiers by percent: the first 10 of everybody bear 60%", rules: "rules: [{name: s, from: {scope: nat}, to: {team: all}, split: tiered, weigh: {by: usage, of: {scope: nat}}, tiers: [{up_to: 10, percent: 60}, {percent: 40}]}]",
			cells: []string{"- 1 100", "a 0 0", "b 0 0"}, weights: weightsOf(0, "a 10 b 30"), want: "a 30, b 70",
		},
		{
			name: "tiers by percent: a band that holds nothing stays", rules: "rules: [{name: s, from: {scope: nat}, to: {team: all}, split: tiered, weigh: {by: usage, of: {scope: nat}}, tiers: [{up_to: 10, percent: 60}, {percent: 40}]}]",
			cells: []string{"- 1 100", "a 0 0", "b 0 0"}, weights: weightsOf(0, "a 10 b 5"), want: "- 40, a 40, b 20", why: "a tier holds nothing to weigh",
		},
		{
			name: "tiers by rate: a unit above 10 weighs half", rules: "rules: [{name: s, from: {scope: nat}, to: {team: all}, split: tiered, weigh: {by: usage, of: {scope: nat}}, tiers: [{up_to: 10, rate: 1}, {rate: 0.5}]}]",
			cells: []string{"- 1 100", "a 0 0", "b 0 0"}, weights: weightsOf(0, "a 10 b 30"), want: "a 33.333333333333333333, b 66.666666666666666667",
		},
		{
			name: "a rule that does not hold yet", rules: "rules: [{name: s, from: {scope: tax}, to: {team: [a]}, split: even, since: 2026-11-01}]",
			cells: []string{"- 1 10"}, want: "- 10",
		},
		{
			name: "a rule that holds no longer", rules: "rules: [{name: s, from: {scope: tax}, to: {team: [a]}, split: even, until: 2026-10-01}]",
			cells: []string{"- 1 10"}, want: "- 10",
		},
		{
			name: "weights of another month and currency are none", rules: proportional,
			cells: []string{"- 1 10", "a 0 0", "b 0 0"},
			weights: append(weightsOf(0, "a 1"), allocation.Weight{Period: october, Currency: "EUR", Owner: "b", Weight: decimal.New(9, 0)},
				allocation.Weight{Period: october.AddDate(0, -1, 0), Currency: "USD", Owner: "b", Weight: decimal.New(9, 0)}),
			want: "a 10",
		},
		{
			name: "a figure weighs for every currency", rules: proportional,
			cells: []string{"- 1 10", "b 0 0"}, weights: []allocation.Weight{{Period: october, Owner: "b", Weight: decimal.New(9, 0)}}, want: "b 10",
		},
	} {
		var cells []allocation.Cell
		for _, s := range c.cells {
			cells = append(cells, cell(s))
		}
		got, err := allocation.Apply(cells, []analysis.Dimension{team}, rulesOf(t, c.rules), c.weights)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		why := ""
		for _, p := range got.Pools {
			why += p.Why
		}
		if s := shown(got); s != c.want || why != c.why {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, s, why, c.want, c.why)
		}
	}
}

func TestByTheDay(t *testing.T) {
	rules := rulesOf(t, "rules: [{name: s, from: {scope: tax}, to: {team: all}, split: spend, grain: day}]")
	first, second := october, october.AddDate(0, 0, 1)
	cells := []allocation.Cell{
		{Period: first, Currency: "USD", Owner: []string{""}, Matches: "1", Amount: decimal.New(10, 0)},
		{Period: second, Currency: "USD", Owner: []string{""}, Matches: "1", Amount: decimal.New(100, 0)},
		{Period: first, Currency: "USD", Owner: []string{"a"}, Matches: "0", Amount: decimal.New(1, 0)},
		{Period: second, Currency: "USD", Owner: []string{"b"}, Matches: "0", Amount: decimal.New(1, 0)},
	}
	weights := []allocation.Weight{{Period: first, Currency: "USD", Owner: "a", Weight: decimal.New(1, 0)}, {Period: second, Currency: "USD", Owner: "b", Weight: decimal.New(1, 0)}}
	got, err := allocation.Apply(cells, []analysis.Dimension{team}, rules, weights)
	if err != nil || shown(got) != "a 11, b 101" || len(got.Pools) != 2 {
		t.Errorf("%s in %d pools, %v", shown(got), len(got.Pools), err)
	}
	rules[0].Daily = false
	if got, err = allocation.Apply(cells, []analysis.Dimension{team}, rules, weights); err != nil || shown(got) != "a 56, b 56" || len(got.Pools) != 1 {
		t.Errorf("by the month: %s in %d pools, %v", shown(got), len(got.Pools), err)
	}
}

// TestPartsReachTheOwnersRows: a team's part lies on its accounts, in proportion to what they cost.
func TestPartsReachTheOwnersRows(t *testing.T) {
	dims := []analysis.Dimension{team, analysis.DimAccount}
	c := func(team, account, matches string, amount int64) allocation.Cell {
		return allocation.Cell{Period: october, Currency: "USD", Owner: []string{team, account}, Matches: matches, Amount: decimal.New(amount, 0)}
	}
	cells := []allocation.Cell{c("", "payer", "1", 100), c("a", "a-prod", "0", 30), c("a", "a-dev", "0", 10), c("a", "a-credit", "0", -5)}
	got, err := allocation.Apply(cells, dims, rulesOf(t, "rules: [{name: s, from: {scope: tax}, to: {team: [a, z]}, split: percent, percent: {a: 80, z: 20}}]"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := shown(got); s != "a/a-credit -5, a/a-dev 30, a/a-prod 90, z/ 20" {
		t.Error(s)
	}
	k := allocation.Measure(cells, got, 0, "USD")
	if diff := cmp.Diff([]string{"135", "100", "1", "0", "0.259259259259", "0"},
		[]string{k.Total.String(), k.Shared.String(), k.Apportioned.String(), k.UnallocatedShared.String(), k.Accuracy.String(), k.Unallocated.String()}); diff != "" {
		t.Error(diff)
	}
}

func TestKPIsOfWhatStayed(t *testing.T) {
	cells := []allocation.Cell{cell("- 10 60"), cell("- 01 40"), cell("a 00 80"), cell("- 00 20")}
	got, err := allocation.Apply(cells, []analysis.Dimension{team}, rulesOf(t, "rules: [{name: s, from: {scope: tax}, to: {team: all}, split: even}, {name: n, from: {scope: nat}, to: {team: all}, split: spend}]"), nil)
	if err != nil {
		t.Fatal(err)
	}
	k := allocation.Measure(cells, got, 0, "USD")
	if diff := cmp.Diff([]string{"200", "100", "0.6", "0.4", "0.4", "0.3"},
		[]string{k.Total.String(), k.Shared.String(), k.Apportioned.String(), k.UnallocatedShared.String(), k.Accuracy.String(), k.Unallocated.String()}); diff != "" {
		t.Error(diff)
	}
	if k = allocation.Measure(nil, allocation.Result{}, 0, "USD"); k.Apportioned != nil || k.Accuracy != nil || k.Unallocated != nil {
		t.Error("nothing has a ratio:", k)
	}
}

// drawn is a random bill with random rules over it.
type drawn struct {
	cells   []allocation.Cell
	rules   []allocation.Rule
	weights []allocation.Weight
}

func draw(t *rapid.T) drawn {
	var d drawn
	owners := []string{"", "a", "b", "c", "d"}
	n := rapid.IntRange(0, 4).Draw(t, "rules")
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range n {
		from := "scope: tax"
		source := ""
		if rapid.Bool().Draw(t, "from an owner") {
			source = owners[1+i] // each rule another one, and given only to those after it: no circle
			from = "team: " + source
		}
		targets := []string{}
		for _, o := range owners[2+i:] {
			if rapid.Bool().Draw(t, "to "+o) {
				targets = append(targets, o)
			}
		}
		if len(targets) == 0 {
			targets = []string{"z"}
		}
		fmt.Fprintf(&text, "  - {name: r%d, from: {%s}, to: {team: [%s]}", i, from, strings.Join(targets, ", "))
		switch rapid.SampledFrom([]string{"even", "percent", "spend", "rate", "tiers"}).Draw(t, "split") {
		case "even":
			text.WriteString(", split: even")
		case "percent":
			text.WriteString(", split: percent, percent: {")
			left := 10000
			for k, o := range targets {
				p := left
				if k < len(targets)-1 {
					p = rapid.IntRange(0, left).Draw(t, "percent")
				}
				left -= p
				fmt.Fprintf(&text, "%s: %s, ", o, decimal.New(int64(p), -2))
			}
			text.WriteString("}")
		case "spend":
			text.WriteString(", split: spend")
		case "rate":
			text.WriteString(", split: tiered, weigh: {by: spend}, tiers: [{up_to: 100, rate: 1.5}, {rate: 0.25}]")
		default:
			text.WriteString(", split: tiered, weigh: {by: spend}, tiers: [{up_to: 100, percent: 70}, {percent: 30}]")
		}
		if rapid.Bool().Draw(t, "daily") {
			text.WriteString(", grain: day")
		}
		text.WriteString("}\n")
	}
	if n > 0 {
		d.rules = rulesOf(t, text.String())
	}
	day := func() time.Time { return october.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "day")) }
	currency := func() string { return rapid.SampledFrom([]string{"USD", "EUR"}).Draw(t, "currency") }
	for range rapid.IntRange(0, 15).Draw(t, "cells") {
		matches := ""
		for range n {
			matches += rapid.SampledFrom([]string{"0", "1"}).Draw(t, "matches")
		}
		d.cells = append(d.cells, allocation.Cell{Period: day(), Currency: currency(), Matches: matches, Kept: rapid.SampledFrom([]string{"", "I-1"}).Draw(t, "invoice"),
			Owner: []string{rapid.SampledFrom(owners).Draw(t, "owner"), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "account")}, Amount: anAmount(t, "amount"), Rows: 1})
	}
	for range rapid.IntRange(0, 10).Draw(t, "weights") {
		d.weights = append(d.weights, allocation.Weight{Rule: rapid.IntRange(0, 3).Draw(t, "rule"), Period: day(), Currency: currency(), Owner: rapid.SampledFrom(owners[1:]).Draw(t, "owner"), Weight: anAmount(t, "weight")})
	}
	return d
}

// TestAllocationsSumToTheBill holds for any bill and rules: per month, currency and invoice; the moves are the difference; a
// pool's parts and what stayed are its source; and the order that things come in does not matter.
func TestAllocationsSumToTheBill(t *testing.T) {
	dims := []analysis.Dimension{team, analysis.DimAccount}
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		got, err := allocation.Apply(d.cells, dims, d.rules, d.weights)
		if err != nil {
			t.Fatal(err)
		}
		key := func(c allocation.Cell) string { return c.Period.Format("2006-01-02") + c.Currency + c.Kept }
		sum := func(cells []allocation.Cell) map[string]string {
			by := map[string]analysis.Amount{}
			for _, c := range cells {
				by[key(c)] = by[key(c)].Add(c.Amount)
			}
			out := map[string]string{}
			for k, a := range by {
				if !a.IsZero() {
					out[k] = a.String()
				}
			}
			return out
		}
		if diff := cmp.Diff(sum(d.cells), sum(got.Cells)); diff != "" {
			t.Errorf("the sums differ (-bill +allocated)\n%s", diff)
		}
		moved := slices.Clone(d.cells)
		for _, m := range got.Moves {
			c := allocation.Cell{Period: m.Period, Currency: m.Currency, Kept: m.Kept}
			c.Owner, c.Amount = m.From, m.Amount.Neg()
			moved = append(moved, c)
			c.Owner, c.Amount = m.To, m.Amount
			moved = append(moved, c)
		}
		if a, b := shown(allocation.Result{Cells: moved}), shown(got); a != b {
			t.Errorf("bill and moves make %s, the allocated bill is %s", a, b)
		}
		for _, p := range got.Pools {
			parts := p.Stayed
			for _, x := range p.Targets {
				parts = parts.Add(x.Amount)
			}
			if !parts.Equal(p.Source) {
				t.Errorf("rule %d: parts %s of %s", p.Rule, parts, p.Source)
			}
			if p.Stayed.IsZero() != (p.Why == "") && !p.Source.IsZero() {
				t.Errorf("rule %d: %s stayed because %q", p.Rule, p.Stayed, p.Why)
			}
		}
		slices.Reverse(d.cells)
		slices.Reverse(d.weights)
		again, err := allocation.Apply(d.cells, dims, d.rules, d.weights)
		if err != nil || fmt.Sprint(again.Moves) != fmt.Sprint(got.Moves) || fmt.Sprint(again.Pools) != fmt.Sprint(got.Pools) {
			t.Errorf("in another order it comes out otherwise (%v):\n%v\n%v", err, got.Moves, again.Moves)
		}
		// What each owner of the rules' dimension gets does not hang on what else the cells are told apart by.
		alone := slices.Clone(d.cells)
		for i := range alone {
			alone[i].Owner = alone[i].Owner[:1]
		}
		coarse, err := allocation.Apply(alone, dims[:1], d.rules, d.weights)
		if err != nil {
			t.Fatal(err)
		}
		fine := slices.Clone(got.Cells)
		for i := range fine {
			fine[i].Owner = fine[i].Owner[:1]
		}
		near(t, fine, coarse.Cells)
	})
}

// near compares owners' amounts, which may differ by a unit of the last decimal for each cell that charges and credits were
// told apart in.
func near(t *rapid.T, a, b []allocation.Cell) {
	diff := map[string]analysis.Amount{}
	for _, c := range a {
		k := c.Currency + c.Owner[0]
		diff[k] = diff[k].Add(c.Amount)
	}
	for _, c := range b {
		k := c.Currency + c.Owner[0]
		diff[k] = diff[k].Sub(c.Amount)
	}
	for k, d := range diff {
		if d.Abs().GreaterThan(decimal.New(1000, -allocation.Places)) {
			t.Errorf("%s differs by %s", k, d)
		}
	}
}
