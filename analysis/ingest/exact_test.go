package ingest

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

func TestParseNumber(t *testing.T) {
	tests := map[string]struct {
		ok            bool
		digits, scale int
		fits          bool
	}{
		"0":                           {true, 0, 0, true},
		"-0.00":                       {true, 0, 0, true},
		"12.40":                       {true, 2, 1, true},
		"+1.5":                        {true, 1, 1, true},
		".5":                          {true, 0, 1, true},
		"5.":                          {true, 1, 0, true},
		"007.250":                     {true, 1, 2, true},
		"-0.000000000000001":          {true, 0, 15, true},
		"123456789012345678":          {true, 18, 0, true},
		"1234567890123456789":         {true, 19, 0, true},
		"12345678901234567890":        {true, 20, 0, true},
		"123456789012345678901":       {true, 21, 0, false},
		"0.123456789012345678":        {true, 0, 18, true},
		"0.1234567890123456789":       {true, 0, 19, false},
		"0.1234567890123456780":       {true, 0, 18, true},
		"1.123456789012345678":        {true, 1, 18, true},
		"1e5":                         {true, 6, 0, true},
		"1E-3":                        {true, 0, 3, true},
		"1.50e1":                      {true, 2, 0, true},
		"1.5e-18":                     {true, 0, 19, false},
		"9007199254740993.0000000001": {true, 16, 10, true},
		"":                            {},
		"-":                           {},
		".":                           {},
		"-.":                          {},
		"12,40":                       {},
		"1 2":                         {},
		" 12":                         {},
		"1_000":                       {},
		"0x10":                        {},
		"1e":                          {},
		"1e+":                         {},
		"1e1000":                      {},
		"e5":                          {},
		"1.2.3":                       {},
		"1.2-":                        {},
		"--1":                         {},
		"NaN":                         {},
		"Infinity":                    {},
		"$12":                         {},
		"(12)":                        {},
		"１２":                          {},
		strings.Repeat("9", 300):      {},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			d, ok := parseNumber([]byte(text))
			if ok != want.ok {
				t.Fatalf("parseNumber(%q) ok = %v", text, ok)
			}
			if !ok {
				return
			}
			if d.digits != want.digits || d.scale != want.scale || d.fits() != want.fits {
				t.Errorf("parseNumber(%q) has %d.%d digits, fits %v; want %d.%d, %v", text, d.digits, d.scale, d.fits(), want.digits, want.scale, want.fits)
			}
		})
	}
}

// FuzzParseNumber compares with an independent decimal reader.
func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "-12.340", "1e5", ".5", "5.", "123456789012345678901234567890", "0.0000000000000000001", "1.5e-18", "--1", "1.0000000000000000000000000000e1", "0e0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := parseNumber([]byte(s))
		if !ok {
			if wellFormed([]byte(s)) && len(s) < 20 && !strings.ContainsAny(s, "eE") {
				t.Fatalf("%q was refused", s)
			}
			return
		}
		want, err := decimal.NewFromString(s)
		if err != nil {
			t.Fatalf("parseNumber took %q, which is no decimal: %v", s, err)
		}
		var sum exactSum
		if !d.fits() {
			return
		}
		sum.add(d)
		if got := sum.total(); !got.Equal(want) {
			t.Fatalf("parseNumber(%q) = %s, want %s", s, got, want)
		}
		if !want.Round(int32(d.scale)).Equal(want) || d.scale > 0 && want.Round(int32(d.scale-1)).Equal(want) {
			t.Fatalf("parseNumber(%q) has scale %d", s, d.scale)
		}
		if n := want.Abs().Truncate(0); n.IsZero() && d.digits != 0 || !n.IsZero() && len(n.String()) != d.digits {
			t.Fatalf("parseNumber(%q) has %d digits before the point", s, d.digits)
		}
	})
}

func TestExactSumNeverRounds(t *testing.T) {
	big := "99999999999999999999.999999999999999999"
	var a, b exactSum
	want := decimal.Zero
	for i, s := range []string{big, "-0.000000000000000001", "999999999999999999", "-999999999999999999", "0.1", "0.2", "-1e-18", big, "-3"} {
		d, ok := parseNumber([]byte(s))
		if !ok || !d.fits() {
			t.Fatal(s)
		}
		if i%2 == 0 {
			a.add(d)
		} else {
			b.add(d)
		}
		want = want.Add(decimal.RequireFromString(s))
	}
	a.merge(&b)
	if got := a.total(); !got.Equal(want) {
		t.Errorf("sum = %s, want %s", got, want)
	}
	var none exactSum
	if none.total() != nil {
		t.Error("a sum of nothing is a number")
	}
	none.merge(&exactSum{})
	if none.total() != nil {
		t.Error("a merged sum of nothing is a number")
	}
	if store.MoneyScale != 18 {
		t.Error("this test knows a scale of 18")
	}
}
