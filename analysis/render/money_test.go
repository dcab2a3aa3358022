package render

import (
	"testing"

	"spendbot/analysis"
)

func TestMoney(t *testing.T) {
	type texts struct{ whole, exact, figure, delta, compact, compactDelta string }
	for _, tc := range []struct {
		amount, currency string
		want             texts
	}{
		{"18412.3", "USD", texts{"$18,412", "$18,412.30", "$18,412", "+$18,412", "$18.4k", "+$18.4k"}},
		{"742900.17", "USD", texts{"$742,900", "$742,900.17", "$742,900", "+$742,900", "$742.9k", "+$742.9k"}},
		{"-409.4", "EUR", texts{"-€409", "-€409.40", "-€409.40", "-€409", "-€409", "-€409"}},
		{"1234", "CHF", texts{"CHF 1,234", "CHF 1,234.00", "CHF 1,234", "+CHF 1,234", "CHF 1.2k", "+CHF 1.2k"}},
		{"1234.6", "JPY", texts{"¥1,235", "¥1,235", "¥1,235", "+¥1,235", "¥1.2k", "+¥1.2k"}},
		{"12.3456", "KWD", texts{"KWD 12", "KWD 12.346", "KWD 12.346", "+KWD 12", "KWD 12", "+KWD 12"}},
		{"0", "USD", texts{"$0", "$0.00", "$0", "$0", "$0", "$0"}},
		{"0.3", "USD", texts{"$0", "$0.30", "$0.30", "$0", "$0", "$0"}},
		{"-0.3", "USD", texts{"$0", "-$0.30", "-$0.30", "$0", "$0", "$0"}},
		{"0.000432", "USD", texts{"$0", "$0.00", "$0.00043", "$0", "$0", "$0"}},
		{"999960", "USD", texts{"$999,960", "$999,960.00", "$999,960", "+$999,960", "$1.0M", "+$1.0M"}},
		{"950000", "USD", texts{"$950,000", "$950,000.00", "$950,000", "+$950,000", "$950.0k", "+$950.0k"}},
		{"960", "USD", texts{"$960", "$960.00", "$960.00", "+$960", "$960", "+$960"}},
		{"-999.6", "USD", texts{"-$1,000", "-$999.60", "-$999.60", "-$1,000", "-$1.0k", "-$1.0k"}},
		{"-3960.2", "USD", texts{"-$3,960", "-$3,960.20", "-$3,960", "-$3,960", "-$4.0k", "-$4.0k"}},
		{"1234567890.5", "USD", texts{"$1,234,567,891", "$1,234,567,890.50", "$1,234,567,891", "+$1,234,567,891", "$1.2B", "+$1.2B"}},
		{"1234.5", "", texts{"1,235", "1,234.50", "1,235", "+1,235", "1.2k", "+1.2k"}},
		{"7", "X\x1bY", texts{"X␛Y 7", "X␛Y 7.00", "X␛Y 7.00", "+X␛Y 7", "X␛Y 7", "+X␛Y 7"}},
	} {
		a := amt(tc.amount)
		got := texts{Money(a, tc.currency), MoneyExact(a, tc.currency), Figure(a, tc.currency), Delta(a, tc.currency),
			Compact(a, tc.currency), CompactDelta(a, tc.currency)}
		if got != tc.want {
			t.Errorf("%s %s:\n got %+v\nwant %+v", tc.amount, tc.currency, got, tc.want)
		}
	}
}

func TestTick(t *testing.T) {
	for _, tc := range []struct{ amount, step, largest, want string }{
		{"240000", "10000", "254187", "$240k"}, {"950000", "50000", "1077500", "$950k"}, {"1050000", "50000", "1077500", "$1,050k"},
		{"1500000", "500000", "3000000", "$1.5M"}, {"0", "500", "2410", "$0"}, {"500", "500", "2410", "$0.5k"}, {"-2000", "2000", "0", "-$2,000"},
		{"100005", "5", "100010", "$100,005"}, {"0.20", "0.05", "0.3", "$0.20"}, {"0.000002", "0.000001", "0.000005", "$0.000002"},
		{"20000000", "10000000", "21641000", "$20M"}, {"200", "100", "842", "$200"},
	} {
		if got := Tick(amt(tc.amount), amt(tc.step), amt(tc.largest), "USD"); got != tc.want {
			t.Errorf("%s, step %s of %s: %q, want %q", tc.amount, tc.step, tc.largest, got, tc.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for ratio, want := range map[string][2]string{
		"0.079": {"7.9%", "+7.9%"}, "-0.15": {"-15.0%", "-15.0%"}, "0": {"0.0%", "0.0%"}, "12.345": {"1,234.5%", "+1,234.5%"},
		"0.0001": {"0.0%", "0.0%"},
	} {
		if got := [2]string{Percent(amt(ratio)), PercentDelta(amt(ratio))}; got != want {
			t.Errorf("%s: got %v, want %v", ratio, got, want)
		}
	}
}

func TestChangeSentence(t *testing.T) {
	for _, tc := range []struct{ name, current, baseline, currency, want string }{
		{"rose", "251007", "232595", "USD", "Spend rose $18,412 (+7.9%) last week: $251,007, after $232,595 the week before."},
		{"fell", "232595", "251007", "USD", "Spend fell $18,412 (-7.3%) last week: $232,595, after $251,007 the week before."},
		{"the delta is the difference of what is said", "1000.5", "2000.4", "USD",
			"Spend fell $999 (-50.0%) last week: $1,001, after $2,000 the week before."},
		{"unchanged", "5000", "5000", "USD", "Spend did not change last week: $5,000, as the week before."},
		{"unchanged but for a hair", "5000.001", "5000", "USD", "Spend hardly changed last week: $5,000.00, to that digit as the week before."},
		{"from nothing", "1200", "0", "USD", "Spend rose $1,200 last week: $1,200, after nothing the week before."},
		{"to nothing", "0", "1200", "USD", "Spend fell $1,200 (-100.0%) last week: nothing, after $1,200 the week before."},
		{"nothing at all", "0", "0", "USD", "Spend was nothing last week, as the week before."},
		{"more credits", "-5000", "-3000", "USD", "Spend fell $2,000 last week: a net credit of $5,000, after a net credit of $3,000 the week before."},
		{"from charge to credit", "-5000", "3000", "USD", "Spend fell $8,000 last week: a net credit of $5,000, after $3,000 the week before."},
		{"manifold", "15000", "1000", "USD", "Spend rose $14,000 (x15) last week: $15,000, after $1,000 the week before."},
		{"small", "12.5", "10", "EUR", "Spend rose €2.50 (+25.0%) last week: €12.50, after €10.00 the week before."},
		{"small move of a large total", "100004", "100000.5", "USD", "Spend rose $3.50 (under 0.1%) last week: $100,004.00, after $100,000.50 the week before."},
		{"yen", "100004", "100000", "JPY", "Spend rose ¥4 (under 0.1%) last week: ¥100,004, after ¥100,000 the week before."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ChangeSentence("Spend", change(tc.current, tc.baseline, tc.currency), "last week", "the week before"); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
	if got, want := ChangeSentence("EC2", change("2000", "1000", "USD"), "", ""), "EC2 rose $1,000 (+100.0%): $2,000, after $1,000."; got != want {
		t.Errorf("without labels: %s", got)
	}
	if got, want := ChangeSentence("Spend", change("0", "0", "USD"), "", ""), "Spend was nothing, as before."; got != want {
		t.Errorf("nothing, without labels: %s", got)
	}
}

func TestOnsetText(t *testing.T) {
	for _, tc := range []struct {
		onset       analysis.Onset
		text, since string
	}{
		{analysis.Onset{}, "", ""},
		{on(18), "Wed 18 Nov", "since Wed 18 Nov"},
		{analysis.Onset{Day: nov(18), Shape: "spike"}, "Wed 18 Nov (spike)", "on Wed 18 Nov (spike)"},
		{analysis.Onset{Day: nov(18), Around: true, From: nov(17), To: nov(20), Shape: "ramp"}, "around 17-20 Nov", "since around 17-20 Nov"},
		{analysis.Onset{Around: true, From: nov(28), To: analysis.Day(2026, 12, 2)}, "around 28 Nov - 2 Dec", "since around 28 Nov - 2 Dec"},
		{analysis.Onset{Around: true, Day: nov(18)}, "around 18 Nov", "since around 18 Nov"},
		{analysis.Onset{Why: "from the first day"}, "from the first day", "from the first day"},
		{analysis.Onset{Why: "monthly rows"}, "monthly rows", "monthly rows"},
	} {
		if got := OnsetText(tc.onset); got != tc.text {
			t.Errorf("%+v: %q, want %q", tc.onset, got, tc.text)
		}
		if got := sinceText(tc.onset); got != tc.since {
			t.Errorf("%+v: since %q, want %q", tc.onset, got, tc.since)
		}
	}
}

func TestEveryEffectHasAWord(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range analysis.Effects {
		w := effectWords[e]
		if w == "" || seen[w] {
			t.Errorf("%s: %q is missing or taken", e, w)
		}
		seen[w] = true
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a|b":                `a\|b`,
		"*x* _y_ snake_case": `\*x\* \_y\_ snake_case`,
		"<script>&amp;":      `\<script>&amp;amp;`,
		"[a](b) `c`":         "\\[a\\](b) \\`c\\`",
		"# no heading":       `\# no heading`,
		"- no list":          `\- no list`,
		"1. no list":         `1\. no list`,
		"40.6%":              "40.6%",
		"-$409":              "-$409",
		"81% -> 64%":         "81% -> 64%",
		"line\nbreak\x1b[0m": `line break␛\[0m`,
		"gone\u202eright":    "gone\uFFFDright",
		"\xff":               "\uFFFD",
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := code("a``b`c"); got != "``` a``b`c ```" {
		t.Errorf("code: %q", got)
	}
}
