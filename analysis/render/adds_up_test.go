package render

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

// readMoney reads back what was printed: nothing but the digits counts.
func readMoney(t interface{ Fatalf(string, ...any) }, s string) decimal.Decimal {
	d, err := decimal.NewFromString(strings.NewReplacer("$", "", ",", "", "+", "", "%", "").Replace(s))
	if err != nil {
		t.Fatalf("%q is no amount: %v", s, err)
	}
	return d
}

func genAmount(exp int32) *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		size := rapid.SampledFrom([]int64{0, 3, 200, 70_000, 5_000_000, 9_000_000_000}).Draw(t, "size")
		return decimal.New(rapid.Int64Range(-size, size).Draw(t, "mantissa"), -rapid.Int32Range(0, exp).Draw(t, "places"))
	})
}

func sum(ds []decimal.Decimal) decimal.Decimal {
	s := decimal.Zero
	for _, d := range ds {
		s = s.Add(d)
	}
	return s
}

func TestFitAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(genAmount(6), 0, 30).Draw(t, "parts")
		places := rapid.Int32Range(0, 4).Draw(t, "places")
		total := roundTo(sum(parts), places)
		shown := fit(parts, total, places)
		if !sum(shown).Equal(total) {
			t.Fatalf("%v sum to %s, shown %s", shown, sum(shown), total)
		}
		unit := decimal.New(1, -places)
		for i := range parts {
			if d := shown[i].Sub(parts[i]).Abs(); !d.LessThan(unit) {
				t.Fatalf("%s shown as %s", parts[i], shown[i])
			}
			if shown[i].Sign()*parts[i].Sign() < 0 {
				t.Fatalf("%s changed its sign: %s", parts[i], shown[i])
			}
		}
	})
}

// What a person adds up on the screen comes out: drivers and rest give the total line, effects too, and it is the
// sentence's delta.
func TestBridgeAddsUpOnScreen(t *testing.T) {
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

		v := viewBridge(b, nil)
		total := readMoney(t, v.total.amount)
		drivers, percents := readMoney(t, v.rest.amount), decimal.Zero
		for _, r := range v.drivers {
			drivers = drivers.Add(readMoney(t, r.amount))
		}
		if !drivers.Equal(total) {
			t.Fatalf("rows give %s, the total line says %s", drivers, total)
		}
		effects := decimal.Zero
		for _, e := range v.effects {
			effects = effects.Add(readMoney(t, e[strings.LastIndex(e, " ")+1:]))
		}
		if !effects.Equal(total) {
			t.Fatalf("effects %v give %s, the total line says %s", v.effects, effects, total)
		}
		if v.shareHead != "" {
			for _, r := range append(v.drivers, v.rest) {
				percents = percents.Add(readMoney(t, r.share))
			}
			if !percents.Equal(decimal.New(100, 0)) {
				t.Fatalf("shares give %s%%", percents)
			}
		}
		if s := ChangeSentence("Spend", c, "now", "then"); !total.IsZero() && !strings.Contains(s, " "+strings.TrimLeft(v.total.amount, "+-")+" ") &&
			!strings.Contains(s, " "+strings.TrimLeft(v.total.amount, "+-")) {
			t.Fatalf("%q does not say %s", s, v.total.amount)
		}
	})
}

// Rows, the row of those left out and the total agree down every column, and the change agrees across every row.
func TestTableAddsUpOnScreen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := rapid.SliceOfN(genAmount(6), 1, 20).Draw(t, "current")
		baseline := rapid.SliceOfN(genAmount(6), len(current), len(current)).Draw(t, "baseline")
		table := &analysis.Table{Columns: []analysis.Column{{Name: "n", Kind: analysis.ColText}, {Name: "c", Kind: analysis.ColMoney},
			{Name: "b", Kind: analysis.ColMoney}, {Name: "d", Kind: analysis.ColDelta}}}
		row := func(c, b decimal.Decimal) analysis.Row {
			d := c.Sub(b)
			return analysis.Row{Key: map[string]string{"x": "y"}, Cells: []analysis.Cell{{Text: "n"}, {Amount: &c}, {Amount: &b}, {Amount: &d}}}
		}
		table.Omitted = rapid.IntRange(0, len(current)-1).Draw(t, "omitted")
		for i := range len(current) - table.Omitted {
			table.Rows = append(table.Rows, row(current[i], baseline[i]))
		}
		total := row(sum(current), sum(baseline))
		total.Key = nil
		table.Total = &total

		v := viewTable(table, "USD")
		for c := 1; c <= 3; c++ {
			down := decimal.Zero
			for _, r := range v.rows {
				down = down.Add(readMoney(t, r[c].text))
			}
			if !down.Equal(readMoney(t, v.total[c].text)) {
				t.Fatalf("column %d gives %s, the total says %s", c, down, v.total[c].text)
			}
		}
		for _, r := range append(v.rows, v.total) {
			if !readMoney(t, r[1].text).Sub(readMoney(t, r[2].text)).Equal(readMoney(t, r[3].text)) {
				t.Fatalf("%s less %s is not %s", r[1].text, r[2].text, r[3].text)
			}
		}
	})
}

// A bridge whose parts do not sum is a defect elsewhere; the screen must show it, not hide it.
func TestDisagreementIsNotPaperedOver(t *testing.T) {
	got := fitOrRound([]decimal.Decimal{amt("10.4"), amt("20.4")}, amt("40"), 0)
	if !got[0].Equal(amt("10")) || !got[1].Equal(amt("20")) {
		t.Errorf("got %v", got)
	}
}

// Anyone can write a tag value; none of it may drive a terminal or break a table.
func TestLabelsCannotEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x1b]0;x\a", "a\nb\rc", "| x |", "\u009b31m", "\u202e"})).Draw(t, "label")
		a := rise()
		a.Headline, a.Caveats, a.ID = label, []string{label}, label
		a.Parts[1].Bridge.Drivers[0].Label, a.Parts[1].Bridge.Drivers[0].How = label, label
		a.Reading.Filters = []analysis.Filter{{Dimension: analysis.Dimension("tag:" + label), Values: []string{label}}}
		a.Through[0].Provider = label
		a.Actions[0].Ask = label
		for _, w := range []int{44, 80, 120} {
			var b strings.Builder
			if err := Terminal(&b, a, Options{Width: w}); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsFunc(strings.ReplaceAll(b.String(), "\n", ""), func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
				t.Fatalf("a control character came through: %q", b.String())
			}
		}
		var md strings.Builder
		if err := Markdown(&md, a); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(md.String()) {
			if strings.HasPrefix(line, "| ") && strings.Count(line, "|")-strings.Count(line, `\|`) != 6 {
				t.Fatalf("a label broke the table: %q", line)
			}
		}
	})
}
