package reply_test

import (
	"context"
	"testing"

	"github.com/shopspring/decimal"
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
