package reply_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// TestByCurrencyEachInItsOwn: a bill in euros is not nothing for being asked about beside one in dollars.
func TestByCurrencyEachInItsOwn(t *testing.T) {
	d := demoCompany(t)
	ctx := context.Background()
	for _, q := range []string{"billed cost by currency in October", "billed cost by currency and provider in October", "billed cost by currency by month in October"} {
		p := d.reader.Read(q, now, nil)
		a, err := d.carryOut(ctx, q, p)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]decimal.Decimal{}
		for _, part := range a.Parts {
			if part.Table == nil {
				continue
			}
			if part.Table.Total != nil {
				t.Errorf("%q adds currencies up", q)
			}
			for _, r := range part.Table.Rows {
				if c := r.Cells[len(r.Cells)-1]; c.Amount != nil {
					got[r.Key["BillingCurrency"]] = got[r.Key["BillingCurrency"]].Add(*c.Amount)
				}
			}
		}
		rows, _, err := d.sn.Query(ctx, "check", "SELECT BillingCurrency, sum(BilledCost) FROM daily WHERE ChargeDate >= DATE '2026-10-01' AND ChargeDate < DATE '2026-11-01' GROUP BY 1 ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Values) < 2 || len(got) != len(rows.Values) {
			t.Fatalf("%q has %d currencies of %d", q, len(got), len(rows.Values))
		}
		for _, r := range rows.Values {
			if want := r[1].(decimal.Decimal); !got[r[0].(string)].Equal(want) {
				t.Errorf("%q: %s is %s, want %s", q, r[0], got[r[0].(string)], want)
			}
		}
	}
}

// bookOf loads lines of "currency, service, day, cost", and a cost is unknown where it is empty.
func bookOf(t *testing.T, lines ...string) *company {
	t.Helper()
	text := "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ServiceProviderName\n"
	for _, line := range lines {
		f := strings.Split(line, ",")
		day, err := time.Parse(time.DateOnly, f[2])
		if err != nil {
			t.Fatal(err)
		}
		month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
		text += fmt.Sprintf("%[1]s,%[1]s,%[1]s,%[1]s,B-%[2]s,%[2]s,%[3]s,%[4]s,%[5]s,%[6]s,Usage,%[7]s,Acme\n", f[3], f[0],
			month.Format(time.RFC3339), month.AddDate(0, 1, 0).Format(time.RFC3339), day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339), f[1])
	}
	path := filepath.Join(t.TempDir(), "bill.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return companyOf(t, path)
}

// TestAnotherCurrencyIsNotZero asks in euros and dollars about services of which some are billed in yen alone: they are not said to cost
// nothing, and what is not included of both periods is told.
func TestAnotherCurrencyIsNotZero(t *testing.T) {
	// Thousands of yen are less than a few hundred dollars: a question that names no currency is answered in dollars.
	c := bookOf(t, "USD,Alpha,2026-09-10,100", "USD,Alpha,2026-10-10,120", "USD,Beta,2026-10-10,7", "JPY,Beta,2026-09-10,5000", "JPY,Gamma,2026-09-12,700", "JPY,Delta,2026-10-12,900")
	for question, want := range map[string]string{
		"spend by service in October":                                  "Alpha 120 | Beta 7 | total 127",
		"spend by service in October in USD":                           "Alpha 120 | Beta 7 | total 127",
		"spend by service in October vs September in USD":              "Alpha 100 120 20 | Beta 0 7 7 | total 100 127 27",
		"spend by service by month for the last 2 months in USD":       "Alpha 100 120 220 | Beta 0 7 7 | total 100 127 227",
		"spend on Gamma in October vs September in USD":                "Spend on Gamma in October 2026 is unknown: the bill gives no effective cost in USD for any of its line items.",
		"why did spend on Gamma change in October vs September in USD": "Spend on Gamma in October 2026 is unknown: the bill gives no effective cost in USD for any of its line items.",
		"spend on Delta in October in USD":                             "Spend on Delta in October 2026 is unknown: the bill gives no effective cost in USD for any of its line items.",
	} {
		a := c.ask(t, question)
		got := a.Headline
		if tables := tablesOf(a); len(tables) > 0 {
			got = rowsOf(tables[len(tables)-1])
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", question, got, want)
		}
		notes := strings.Join(a.Caveats, "\n")
		if strings.Contains(question, "vs September") && !strings.Contains(question, "Gamma") &&
			!strings.Contains(notes, "¥900 in 1-31 Oct 2026 and ¥5,700 in 1-30 Sep 2026 of effective cost is billed in JPY") {
			t.Errorf("%s leaves out in silence: %q", question, notes)
		}
		if strings.Contains(question, "Gamma") && !strings.Contains(notes, "¥700") {
			t.Errorf("%s leaves out in silence: %q", question, notes)
		}
	}
}

// rowsOf are a table's names and exact amounts but for shares.
func rowsOf(t *analysis.Table) string {
	rows := slices.Clone(t.Rows)
	if t.Total != nil {
		rows = append(rows, *t.Total)
	}
	var out []string
	for _, r := range rows {
		var cells []string
		for i, c := range r.Cells {
			switch {
			case t.Columns[i].Kind == analysis.ColPercent:
			case c.Amount == nil:
				cells = append(cells, cmp.Or(c.Text, "?"))
			default:
				cells = append(cells, c.Amount.String())
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	return strings.Join(out, " | ")
}
