package reconcile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/reconcile"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

const header = "ProviderName,PublisherName,BillingAccountId,BillingAccountName,SubAccountId,InvoiceId,BillingPeriodStart,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeClass,CommitmentDiscountId,ServiceName,BilledCost,EffectiveCost\n"

// line is a row of a bill: category or class or "market" or "support", a day of October 2026 or a date, a cost.
func line(account, invoice, kind, on, cost string) string {
	category, class, publisher, service, commitment, effective := kind, "", "AWS", "EC2", "", cost
	switch kind {
	case "Correction":
		category, class = "Usage", kind
	case "market":
		category, publisher = "Purchase", "Datadog"
	case "support":
		category, service = "Purchase", "AWS Support (Business)"
	case "commitment":
		category, commitment, effective = "Purchase", "sp-1", "0"
	}
	day, err := time.Parse(analysis.DateLayout, on)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("AWS,%s,%s,Payer %s,s-%s,%s,2026-10-01T00:00:00Z,USD,%s,%s,%s,%s,%s,%s,%s,%s\n", publisher, account, account, account, invoice,
		day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339), category, class, commitment, service, cost, effective)
}

type shop struct {
	store *store.Store
	sn    *store.Snapshot
	loads []store.Load
}

// loaded is a store with bills loaded one after the other, each at a time.
func loaded(t *testing.T, bills ...struct {
	source, rows string
	at           time.Time
}) *shop {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for i, b := range bills {
		f := filepath.Join(t.TempDir(), fmt.Sprintf("bill%d.csv", i))
		if err := os.WriteFile(f, []byte(header+b.rows), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ingest.Load(ctx, s, f, ingest.Options{Now: b.at, Source: b.source}); err != nil {
			t.Fatal(err)
		}
	}
	out := &shop{store: s}
	if out.sn, err = s.Snapshot(ctx, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.sn.Close() })
	if out.loads, err = s.Loads(ctx); err != nil {
		t.Fatal(err)
	}
	return out
}

type bill = struct {
	source, rows string
	at           time.Time
}

func (s *shop) run(t *testing.T, scope []analysis.Filter, o reconcile.Options) *reconcile.Report {
	t.Helper()
	sight, err := s.sn.Seen(scope)
	if err != nil {
		t.Fatal(err)
	}
	r, err := reconcile.Run(context.Background(), sight, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var october = analysis.MonthOf(analysis.Day(2026, 10, 1))

// one is a month with a row of every kind, invoiced under two numbers, and rows without any.
var one = bill{"feed", line("1", "A", "Usage", "2026-10-05", "100") + line("1", "A", "Tax", "2026-10-05", "11.5") + line("1", "A", "Credit", "2026-10-05", "-5") +
	line("1", "A", "Correction", "2026-10-05", "-3") + line("1", "M", "market", "2026-10-05", "40") + line("1", "A", "support", "2026-10-05", "7.77") +
	line("1", "A", "Adjustment", "2026-10-05", "0.13") + line("1", "A", "commitment", "2026-10-05", "60") + line("1", "A", "Usage", "2026-11-01", "2.25") +
	line("1", "A", "Usage", "2026-10-31", "9.0625") + line("1", "", "Usage", "2026-10-06", "17.40") + line("2", "", "Usage", "2026-10-06", "1000"), analysis.Day(2026, 11, 3)}

func usd(s string) analysis.Amount { return decimal.RequireFromString(s) }

func invoice(account, id, currency, total string) reconcile.Invoice {
	return reconcile.Invoice{Provider: "AWS", Account: account, Month: "2026-10", ID: id, Currency: currency, Total: usd(total), Line: 2}
}

func TestAgainstInvoices(t *testing.T) {
	s := loaded(t, one)
	through := []analysis.ProviderThrough{{Provider: "AWS", Day: analysis.Day(2026, 10, 30)}}
	for _, c := range []struct {
		name     string
		invoices []reconcile.Invoice
		want     string // verdict, then the reasons
	}{
		{"the number's rows", []reconcile.Invoice{invoice("1", "M", "USD", "40")}, "equal"},
		{"the account may be written by its name, or not at all", []reconcile.Invoice{invoice("payer 1", "M", "USD", "40"), invoice("", "M", "USD", "39")}, "equal; unexplained: unexplained 1"},
		{"without tax and credits", []reconcile.Invoice{invoice("1", "A", "USD", "176.21")}, "explained: tax 11.5, credits -5, rounding 0.0025"},
		{"rows that have no number are in it", []reconcile.Invoice{invoice("1", "A", "USD", "200.11")}, "explained: rows without invoice id -17.4, rounding 0.0025"},
		{"a day of November, and the last day that was not there yet", []reconcile.Invoice{invoice("1", "A", "USD", "171.40")}, "explained: days of other months 2.25, days still arriving 9.0625"},
		{"the commitment's purchase", []reconcile.Invoice{invoice("1", "A", "USD", "122.71")}, "explained: commitment purchases 60, rounding 0.0025"},
		{"what nothing adds up to", []reconcile.Invoice{invoice("1", "A", "USD", "150")}, "unexplained: unexplained 32.7125"},
		{"numbers that no row has are the period's together", []reconcile.Invoice{invoice("2", "X", "USD", "600"), invoice("2", "Y", "USD", "400")}, "equal"},
		{"a period less what has its own number", []reconcile.Invoice{invoice("1", "M", "USD", "40"), invoice("1", "", "USD", "200.1125")}, "equal; equal"},
		{"another currency", []reconcile.Invoice{invoice("1", "", "EUR", "10")}, "explained: other currency -10"},
		{"nothing of it", []reconcile.Invoice{invoice("9", "", "USD", "10")}, "missing: unexplained -10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.run(t, nil, reconcile.Options{Months: october, Invoices: c.invoices, Loads: s.loads, Through: through})
			var got []string
			for _, m := range r.Invoices {
				sum := decimal.Zero
				var reasons []string
				for _, reason := range m.Reasons {
					sum = sum.Add(reason.Amount)
					reasons = append(reasons, reason.Name+" "+reason.Amount.String())
				}
				if !sum.Equal(m.Difference) || !m.Store.Sub(m.Invoiced).Equal(m.Difference) {
					t.Errorf("%s of %s: %s less %s, the reasons sum to %s", m.InvoiceID, m.Account, m.Store, m.Invoiced, sum)
				}
				got = append(got, strings.TrimSuffix(string(m.Verdict)+": "+strings.Join(reasons, ", "), ": "))
			}
			if d := cmp.Diff(c.want, strings.Join(got, "; ")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEveryReasonHasItsRows runs the query of each reason again: its rows sum to the reason.
func TestEveryReasonHasItsRows(t *testing.T) {
	s := loaded(t, one)
	r := s.run(t, nil, reconcile.Options{Months: october, Loads: s.loads, Invoices: []reconcile.Invoice{invoice("1", "A", "USD", "176.21"), invoice("1", "M", "USD", "41"), invoice("2", "", "USD", "1000")}})
	checked := 0
	for _, m := range r.Invoices {
		for _, reason := range m.Reasons {
			i := slices.IndexFunc(r.Queries, func(q analysis.QueryTrace) bool { return q.Name == reason.Query })
			if reason.Name == reconcile.ReasonRounding {
				continue
			}
			if i < 0 {
				t.Errorf("no query for %s", reason.Name)
				continue
			}
			rows, _, err := s.sn.Query(context.Background(), "again", r.Queries[i].SQL, r.Queries[i].Params...)
			if err != nil {
				t.Fatal(err)
			}
			sum := decimal.Zero
			for _, row := range rows.Values {
				sum = sum.Add(row[4].(decimal.Decimal))
			}
			if reason.Name == reconcile.ReasonNoInvoiceID {
				sum = sum.Neg()
			}
			if reason.Name == reconcile.ReasonUnexplained { // all that is left to compare
				sum = sum.Sub(m.Invoiced)
			}
			if !sum.Equal(reason.Amount) {
				t.Errorf("%s is %s, its rows are %s", reason.Name, reason.Amount, sum)
			}
			checked++
		}
	}
	if checked != 3 {
		t.Errorf("%d reasons: %+v", checked, r.Invoices)
	}
}

func TestPeriodsAndFiles(t *testing.T) {
	s := loaded(t, one, bill{"late", line("1", "A", "Usage", "2026-10-07", "33"), analysis.Day(2026, 11, 20)},
		bill{"early", line("1", "A", "Usage", "2026-10-07", "1"), analysis.Day(2026, 10, 20)}, bill{"early", line("1", "A", "Usage", "2026-10-07", "4"), analysis.Day(2026, 11, 1)})
	r := s.run(t, nil, reconcile.Options{Months: october, Loads: s.loads, Invoices: []reconcile.Invoice{invoice("1", "A", "USD", "186.7125")}})
	var got []string
	for _, p := range r.Periods {
		billed, effective, rows := decimal.Zero, decimal.Zero, int64(0)
		for _, k := range p.Kinds {
			billed, effective, rows = billed.Add(k.Billed), effective.Add(k.Effective), rows+k.Rows
		}
		if !billed.Equal(p.Billed) || !effective.Equal(p.Effective) || rows != p.Rows {
			t.Errorf("the kinds of %+v sum to %s", p.Key, billed)
		}
		got = append(got, fmt.Sprintf("%s %s %s %d", p.Account, p.Billed, p.Effective, p.Rows))
	}
	if d := cmp.Diff([]string{"1 277.1125 217.1125 13", "2 1000 1000 1"}, got); d != "" {
		t.Error(d)
	}
	for _, l := range r.Loads {
		if !l.Difference.IsZero() || len(l.Files) != 1 {
			t.Errorf("%+v", l)
		}
	}
	if len(r.Loads) != 3 { // the early one that was replaced is not in force
		t.Errorf("%d loads", len(r.Loads))
	}
	if m := r.Invoices[0]; len(m.Reasons) != 1 || m.Reasons[0].Name != reconcile.ReasonLate || !m.Reasons[0].Amount.Equal(usd("33")) {
		t.Errorf("late rows: %+v", m)
	}
	if other := s.run(t, nil, reconcile.Options{Months: analysis.MonthOf(analysis.Day(2026, 9, 1)), Loads: s.loads}); len(other.Periods)+len(other.Loads) > 0 {
		t.Errorf("September has %+v", other)
	}
}

// TestKindsAddUpToTheBill adds up the kinds as they are shown: they make what the same answer says is billed, to the cent.
func TestKindsAddUpToTheBill(t *testing.T) {
	s := loaded(t, bill{"one", line("1", "", "Usage", "2026-10-05", "10859.314") + line("1", "", "Tax", "2026-10-01", "19.994") + line("1", "", "Credit", "2026-10-15", "-15000.004") +
		line("1", "", "Correction", "2026-10-20", "-123.454"), analysis.Day(2026, 11, 2)})
	var a analysis.Answer
	s.run(t, nil, reconcile.Options{Months: october, Loads: s.loads}).Tell(&a)
	var sums []string
	for _, part := range a.Parts {
		if part.Table == nil {
			continue
		}
		sum := decimal.Zero
		for r := range part.Table.Rows {
			sum = sum.Add(usd(strings.ReplaceAll(render.CellText(part.Table, "", r, slices.IndexFunc(part.Table.Columns, func(c analysis.Column) bool { return c.Name == "billed" })), ",", "")))
		}
		sums = append(sums, sum.String())
	}
	if want := []string{"-4244.15", "-4244.15"}; !slices.Equal(sums, want) {
		t.Errorf("bills and kinds make %v, want %v", sums, want)
	}
}

// TestARestatedMonth compares with the invoice of the bill as it was before two later loads changed it, by what their records say.
func TestARestatedMonth(t *testing.T) {
	was := line("1", "", "Usage", "2026-10-05", "100") + line("1", "", "Usage", "2026-10-06", "50")
	s := loaded(t, bill{"f", was, analysis.Day(2026, 11, 2)}, bill{"f", was + line("1", "", "Usage", "2026-10-05", "7.25"), analysis.Day(2026, 11, 4)},
		bill{"f", was + line("1", "", "Usage", "2026-10-05", "9.5"), analysis.Day(2026, 11, 6)})
	for total, want := range map[string]string{"150": "restated 9.5", "157.25": "restated 2.25", "157.249": "restated 2.25 rounding 0.001", "151": "unexplained 8.5"} {
		r := s.run(t, nil, reconcile.Options{Months: october, Loads: s.loads, Invoices: []reconcile.Invoice{invoice("1", "", "USD", total)}})
		var got []string
		for _, reason := range r.Invoices[0].Reasons {
			got = append(got, reason.Name+" "+reason.Amount.String())
		}
		if d := cmp.Diff(want, strings.Join(got, " ")); d != "" {
			t.Errorf("%s: %s", total, d)
		}
	}
}

// TestAScopeSeesItsOwnPart reconciles as one account's people: every figure is of that account.
func TestAScopeSeesItsOwnPart(t *testing.T) {
	s := loaded(t, one)
	r := s.run(t, []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"s-2"}}}, reconcile.Options{Months: october})
	if len(r.Periods) != 1 || !r.Periods[0].Billed.Equal(usd("1000")) || len(r.Invoices)+len(r.Loads) > 0 {
		t.Errorf("%+v", r)
	}
	sight, err := s.sn.Seen([]analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"s-2"}}})
	if err != nil {
		t.Fatal(err)
	}
	views, traces, err := reconcile.Views(context.Background(), sight, october, nil, "USD", nil)
	if err != nil || len(views) == 0 || len(traces) != 2 {
		t.Fatal(err, views)
	}
	for _, v := range views {
		if !v.Amount.Equal(usd("1000")) {
			t.Errorf("%s: %s", v.Name, v.Amount)
		}
	}
}

func TestViews(t *testing.T) {
	s := loaded(t, one)
	sight, _ := s.sn.Seen(nil)
	views, _, err := reconcile.Views(context.Background(), sight, october, nil, "USD", []analysis.ProviderThrough{{Provider: "AWS", Day: analysis.Day(2026, 10, 30)}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range views {
		got[v.Name] = v.Amount.String()
	}
	want := map[string]string{"effective, everything (amortized, net)": "1177.8625", "effective, without tax": "1166.3625", "effective, without tax, credits and corrections": "1174.3625",
		"billed, everything (unblended; what is invoiced)": "1237.8625", "billed, by invoice month": "1240.1125", "billed, without tax": "1226.3625", "billed, without credits": "1242.8625",
		"billed, without refunds and corrections": "1240.8625", "billed, without marketplace": "1197.8625", "billed, without support": "1230.0925",
		"billed, without tax, credits and corrections": "1234.3625", "billed, without days still arriving": "1228.8"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestHalvesAreTold: of a bill of which one view is loaded, until a load of its month has both.
func TestHalvesAreTold(t *testing.T) {
	s := loaded(t, one)
	const words = "feed, 2026-10: these are amortized costs alone"
	loads := slices.Clone(s.loads)
	loads[0].Halves = []store.Half{{Source: "feed", Month: "2026-10", Missing: "these are amortized costs alone"}, {Source: "feed", Month: "2026-09", Missing: "so are these"}}
	later := store.Load{ID: "later", Partitions: []store.Partition{{Source: "feed", Provider: "AWS", Month: "2026-10"}}}
	for name, c := range map[string]struct {
		loads []store.Load
		want  bool
	}{"alone": {loads, true}, "made whole": {append([]store.Load{later}, loads...), false}} {
		var a analysis.Answer
		s.run(t, nil, reconcile.Options{Months: october, Loads: c.loads}).Tell(&a)
		if slices.Contains(a.Caveats, words) != c.want || slices.Contains(a.Caveats, "feed, 2026-09: so are these") {
			t.Errorf("%s: caveats %q", name, a.Caveats)
		}
	}
}
