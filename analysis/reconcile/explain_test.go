package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

func money(s string) analysis.Amount { return decimal.RequireFromString(s) }

func said(rs []Reason) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Name+" "+r.Amount.String())
	}
	return strings.Join(out, ", ")
}

func TestReasonsAreThoseThatAddUp(t *testing.T) {
	parts := []part{{name: "tax", amount: money("11.50")}, {name: "credits", amount: money("-5")}, {name: "marketplace", amount: money("20")},
		{name: "support", amount: money("0.004")}, {name: ReasonNoInvoiceID, amount: money("7"), outside: true}}
	for _, c := range []struct{ diff, want, note string }{
		{"0", "", ""},
		{"0.009", "rounding 0.009", ""},
		{"11.50", "tax 11.5", ""},
		{"-5", "credits -5", ""},
		{"6.50", "tax 11.5, credits -5", ""},
		{"6.503", "tax 11.5, credits -5, rounding 0.003", ""},
		{"-7", "rows without invoice id -7", ""},
		{"4.50", "tax 11.5, rows without invoice id -7", ""},
		{"1", "unexplained 1", ""},
		{"0.02", "unexplained 0.02", ""},
		{"-20", "unexplained -20", ""},
	} {
		got, note := explain(money(c.diff), parts, "USD")
		if said(got) != c.want || note != c.note {
			t.Errorf("%s: %s %q, want %s", c.diff, said(got), note, c.want)
		}
	}
	twins := []part{{name: "tax", amount: money("5")}, {name: "support", amount: money("5")}, {name: "credits", amount: money("-2")}}
	if got, note := explain(money("5"), twins, "USD"); said(got) != "unexplained 5" || !strings.Contains(note, "2 different sets") {
		t.Errorf("one of two equal sums was taken: %s %q", said(got), note)
	}
	if got, _ := explain(money("1"), []part{{name: "tax", amount: money("200")}}, "JPY"); said(got) != "rounding 1" {
		t.Errorf("yen have no cents: %s", said(got))
	}
}

// TestReasonsSumToTheDifference holds for any difference and parts, and what an invoice was in fact without is found or left open,
// never told as something of another sum.
func TestReasonsSumToTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 9).Draw(t, "kinds")
		var parts []part
		var without analysis.Amount
		for i := range n {
			p := part{name: fmt.Sprintf("k%d", i), amount: decimal.New(rapid.Int64Range(-1e9, 1e9).Draw(t, "amount"), -4), outside: rapid.Bool().Draw(t, "outside")}
			parts = append(parts, p)
			if rapid.Bool().Draw(t, "left out") {
				without = without.Add(p.effect())
			}
		}
		diff := without.Add(decimal.New(rapid.SampledFrom([]int64{0, 0, 30, -99, 12345, -777777}).Draw(t, "off by"), -4))
		got, _ := explain(diff, parts, "USD")
		sum := decimal.Zero
		for _, r := range got {
			sum = sum.Add(r.Amount)
			if r.Name != ReasonUnexplained && r.Name != ReasonRounding && !slices.ContainsFunc(parts, func(p part) bool { return p.name == r.Name && p.effect().Equal(r.Amount) }) {
				t.Errorf("%s is no part's amount: %s", r.Name, r.Amount)
			}
			if r.Name == ReasonRounding && r.Amount.Abs().GreaterThan(money("0.01")) {
				t.Errorf("%s is rounded away", r.Amount)
			}
		}
		if !sum.Equal(diff) {
			t.Errorf("%s sum to %s, the difference is %s", said(got), sum, diff)
		}
		if slices.ContainsFunc(got, func(r Reason) bool { return r.Name == ReasonUnexplained }) && len(got) > 1 {
			t.Errorf("part of it is guessed: %s", said(got))
		}
	})
}

func TestReadInvoices(t *testing.T) {
	got, err := ReadInvoices("i.csv", strings.NewReader("\ufeffTotal,Provider,Billing Account,Month,Invoice ID,Currency\n\"1234.5\",aws, 77 ,October 2026,INV-1,usd\n-3,Datadog,,202610,,EUR\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Invoice{{"AWS", "77", "2026-10", "INV-1", "USD", money("1234.5"), 2}, {"Datadog", "", "2026-10", "", "EUR", money("-3"), 3}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	header := "provider,billing account,month,invoice id,currency,total\n"
	for _, c := range []struct{ in, want string }{
		{"", "i.csv: the file is empty; expected a header with provider"},
		{"provider,month,total\n", `line 1: there is no column "currency"`},
		{"provider,month,currency,total,amount\n", "line 1: two columns are the total"},
		{header + "AWS,1,2026-10,a,USD,1\nAWS,1,2026-13,a,USD,1\n", `line 3: "2026-13" is no month; expected a month, as 2026-10`},
		{header + "AWS,1,2026-10,a,dollars,1\n", `line 2: "dollars" is no currency`},
		{header + "AWS,1,2026-10,a,USD,\"1,234.50\"\n", `line 2: the total "1,234.50" is no amount; expected digits with a dot, as 1234.50`},
		{header + "AWS,1,2026-10,a,USD,1e9\n", `line 2: the total "1e9" is no amount`},
		{header + "AWS,1,2026-10,a,USD\n", "line 2: 5 fields, the header has 6"},
		{header + ",1,2026-10,a,USD,1\n", "line 2: there is no provider"},
		{header + "AWS,1,2026-10,a,USD,1\n\nAWS,1,2026-10,a,USD,2\n", "line 4: the same invoice is on line 2; expected each invoice once"},
		{header + "AWS,\"1,2026-10,a,USD,1\n", "line 2: it is not a CSV"},
		{header + "AWS,\xff,2026-10,a,USD,1\n", "line 2: the billingaccount is no such text"},
	} {
		if _, err := ReadInvoices("i.csv", strings.NewReader(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.in, err, c.want)
		}
	}
}

func FuzzReadInvoices(f *testing.F) {
	f.Add("provider,billing account,month,invoice id,currency,total\nAWS,1,2026-10,a,USD,1\n")
	f.Add("Total,Provider,Month,Currency\n\"1\",aws,October 2026,usd\n")
	f.Add("provider,month,currency,total\n\"\n")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ReadInvoices("f", strings.NewReader(s))
		if err != nil {
			if len(got) > 0 || err.Error() == "" {
				t.Errorf("an error with %d invoices", len(got))
			}
			return
		}
		for _, i := range got {
			if i.Provider == "" || len(i.Month) != 7 || len(i.Currency) != 3 || i.Line < 2 {
				t.Errorf("%+v", i)
			}
		}
	})
}

// TestCentsOfBills: where bills rounded by themselves add up to another cent than they do in all, the answer says so.
func TestCentsOfBills(t *testing.T) {
	bill := func(cur, amount string) Period {
		return Period{Key: Key{Currency: cur}, Billed: decimal.RequireFromString(amount)}
	}
	r := &Report{Periods: []Period{bill("USD", "1.004"), bill("USD", "2.003"), bill("EUR", "1.004"), bill("JPY", "7.4"), bill("JPY", "8.2")}}
	want := []string{"the bills in JPY, each rounded, add up to ¥15: what was rounded off makes the difference to ¥16", "the bills in USD, each rounded, add up to $3.00: what was rounded off makes the difference to $3.01"}
	if d := cmp.Diff(want, r.cents()); d != "" {
		t.Error(d)
	}
}
