package allocation_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
)

func amounts(list string) []analysis.Amount {
	var out []analysis.Amount
	for f := range strings.FieldsSeq(list) {
		out = append(out, decimal.RequireFromString(f))
	}
	return out
}

func texts(list []analysis.Amount) string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, " ")
}

func TestApportion(t *testing.T) {
	for _, c := range []struct{ name, amount, weights, want string }{
		{"FinOps KPI: spend apportionment", "200000", "225000 225000 300000 450000", "37500 37500 50000 75000"},
		{"Koku: 25 and 75 of 100", "100", "25 75", "25 75"},
		{"thirds: the missing unit goes to the first", "1", "1 1 1", "0.333333333333333334 0.333333333333333333 0.333333333333333333"},
		{"two of three units are missing", "2", "1 1 1", "0.666666666666666667 0.666666666666666667 0.666666666666666666"},
		{"the largest remainder first", "0.000000000000000002", "1 2 4", "0 0.000000000000000001 0.000000000000000001"},
		{"a credit is cut like a charge", "-1", "1 1 1", "-0.333333333333333334 -0.333333333333333333 -0.333333333333333333"},
		{"a negative weight is none", "10", "-5 1 1", "0 5 5"},
		{"weights with decimals", "10", "0.1 0.4", "2 8"},
		{"nothing to split", "0", "1 2", "0 0"},
		{"no weight", "10", "0 0", ""},
		{"nobody", "10", "", ""},
		{"more decimals than the store has are kept", "0.0000000000000000003", "1 2", "0.0000000000000000001 0.0000000000000000002"},
	} {
		if got := texts(allocation.Apportion(decimal.RequireFromString(c.amount), amounts(c.weights))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// anAmount is an amount as bills have them: up to the store's last decimal, of either sign.
func anAmount(t *rapid.T, label string) analysis.Amount {
	places := rapid.SampledFrom([]int32{0, 2, 6, 15, 18}).Draw(t, label+" places")
	return decimal.New(rapid.Int64Range(-1e15, 1e15).Draw(t, label), -places)
}

func TestPartsSumToTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := anAmount(t, "amount")
		var weights []analysis.Amount
		total := decimal.Zero
		for range rapid.IntRange(1, 12).Draw(t, "targets") {
			w := anAmount(t, "weight")
			weights, total = append(weights, w), total.Add(decimal.Max(w, decimal.Zero))
		}
		parts := allocation.Apportion(amount, weights)
		if !total.IsPositive() {
			if parts != nil {
				t.Fatalf("nobody has a weight and got %s", texts(parts))
			}
			return
		}
		sum := decimal.Zero
		unit := decimal.New(1, -allocation.Places)
		for i, p := range parts {
			sum = sum.Add(p)
			exact := amount.Mul(decimal.Max(weights[i], decimal.Zero)).DivRound(total, 40)
			if p.Sub(exact).Abs().GreaterThanOrEqual(unit) {
				t.Errorf("part %d is %s, a whole unit from %s", i, p, exact)
			}
		}
		if !sum.Equal(amount) {
			t.Errorf("%s by %s sums to %s", amount, texts(weights), sum)
		}
	})
}

func TestCents(t *testing.T) {
	for _, c := range []struct {
		name, parts string
		places      int32
		want        string
	}{
		{"the invoice's cents", "0.333 0.333 0.334", 2, "0.33 0.33 0.34"},
		{"a half goes up once", "0.005 0.005 0.005", 2, "0.01 0.01 0.00"},
		{"a credit beside charges", "10.005 -3.333 0.004", 2, "10.01 -3.33 0.00"},
		{"yen have none", "1.5 1.5 -0.5", 0, "2 2 -1"},
		{"nothing to round", "1.25 2.5", 2, "1.25 2.50"},
		{"no parts", "", 2, ""},
	} {
		got := allocation.Cents(amounts(c.parts), c.places)
		var shown []string
		for _, a := range got {
			shown = append(shown, a.StringFixed(c.places))
		}
		if s := strings.Join(shown, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SampledFrom([]int32{0, 2, 3}).Draw(t, "places")
		var parts []analysis.Amount
		total := decimal.Zero
		for range rapid.IntRange(0, 12).Draw(t, "parts") {
			parts = append(parts, anAmount(t, "part"))
			total = total.Add(parts[len(parts)-1])
		}
		sum := decimal.Zero
		for i, c := range allocation.Cents(parts, places) {
			sum = sum.Add(c)
			if c.Sub(parts[i]).Abs().GreaterThanOrEqual(decimal.New(1, -places)) {
				t.Errorf("%s became %s", parts[i], c)
			}
		}
		if !sum.Equal(total.Round(places)) {
			t.Errorf("the cents sum to %s, the total is %s", sum, total)
		}
	})
}
