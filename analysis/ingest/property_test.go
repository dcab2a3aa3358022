package ingest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis/focus"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// TestMain draws few bills, since each is loaded; -rapid.checks=1000 draws more.
func TestMain(m *testing.M) {
	if side := os.Getenv(benchSide); side != "" {
		if err := runSide(side, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// drawBill is a random small bill.
func drawBill(t *rapid.T) *bill {
	amount := rapid.OneOf(rapid.Just(""), rapid.Just("NULL"), rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,6})?`),
		rapid.StringMatching(`-?[0-9]{1,20}\.[0-9]{1,18}`), rapid.StringMatching(`-?[1-9]\.[0-9]{0,6}[eE]-?[0-9]`), rapid.Just("0"))
	word := rapid.OneOf(rapid.Just(""), rapid.Just("NULL"), rapid.StringMatching(`[a-zA-Z0-9 ,;"'éß\n-]{1,12}`), rapid.SampledFrom([]string{"a", "b", "c"}))
	b := &bill{columns: append(slices.Clone(usual), "ChargeDescription", "ResourceId", "ConsumedQuantity", "ChargeClass", "SkuPriceDetails")}
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		month := rapid.IntRange(9, 10).Draw(t, "month")
		b.rows = append(b.rows, map[string]string{
			"ProviderName": rapid.SampledFrom([]string{"AWS", "Microsoft", ""}).Draw(t, "provider"), "BillingAccountId": rapid.SampledFrom([]string{"p1", "p/2", ""}).Draw(t, "payer"),
			"SubAccountId": word.Draw(t, "account"), "BillingPeriodStart": rapid.SampledFrom([]string{fmt.Sprintf("2026-%02d-01T00:00:00Z", month), ""}).Draw(t, "period"),
			"ChargePeriodStart": fmt.Sprintf("2026-%02d-%02d%s", month, rapid.IntRange(1, 28).Draw(t, "day"), rapid.SampledFrom([]string{"", "T05:00:00Z", " 23:00:00", "T01:00:00+02:00"}).Draw(t, "time")),
			"ChargeCategory":    rapid.SampledFrom([]string{"Usage", "usage", "Tax", "Credit", "Purchase", "Adjustment"}).Draw(t, "category"),
			"BillingCurrency":   rapid.SampledFrom([]string{"USD", "EUR"}).Draw(t, "currency"),
			"BilledCost":        amount.Draw(t, "billed"), "EffectiveCost": amount.Draw(t, "effective"), "ListCost": amount.Draw(t, "list"), "ContractedCost": amount.Draw(t, "contracted"),
			"ServiceName": word.Draw(t, "service"), "ChargeDescription": word.Draw(t, "description"), "ResourceId": word.Draw(t, "resource"), "ConsumedQuantity": amount.Draw(t, "quantity"),
			"ChargeClass":     rapid.SampledFrom([]string{"", "Correction"}).Draw(t, "class"),
			"Tags":            rapid.SampledFrom([]string{"", "NULL", "{}", `{"team":"a"}`, `{" team":"b","env":"p,q"}`, `{"n":1,"q":"\""}`}).Draw(t, "tags"),
			"SkuPriceDetails": rapid.SampledFrom([]string{"", `{"InstanceType":"m5.large"}`}).Draw(t, "details"),
		})
	}
	return b
}

// TestLoadsAddUp: for any bill, the store's totals are the file's exactly, per currency, in either table and in the record.
func TestLoadsAddUp(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBill(rt)
		n++
		s := newStore(t)
		defer s.Close()
		feed := fmt.Sprintf("feed %d", n)
		p := filepath.Join(dir, fmt.Sprintf("%d.csv", n))
		breaks := rapid.SliceOfN(rapid.SampledFrom([]string{"\n", "\r\n"}), len(b.rows)+1, len(b.rows)+1).Draw(rt, "line breaks")
		if rapid.Bool().Draw(rt, "no break at the end") {
			breaks[len(b.rows)] = ""
		}
		if err := os.WriteFile(p, []byte(mixedBreaks(b, breaks...)), 0o644); err != nil {
			rt.Fatal(err)
		}
		r, err := ingest.Load(t.Context(), s, p, ingest.Options{Now: now, Source: feed})
		if err != nil {
			rt.Fatalf("%v\n%s", err, b)
		}
		want := sumOf(b)
		for table, rows := range map[string]string{"charges": "count(*)", "daily": "CAST(sum(x_Rows) AS BIGINT)"} {
			got := ask(t, s, "SELECT BillingCurrency, "+rows+", sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost), sum(ConsumedQuantity) FROM "+table+
				" WHERE x_Source = '"+feed+"' GROUP BY 1 ORDER BY 1")
			if got != want {
				rt.Fatalf("%s holds\n%s\nthe file\n%s\n%s", table, got, want, b)
			}
		}
		for c, tot := range r.Load.Totals {
			if line := fmt.Sprintf("%s|%s|%s|%s|%s", shown(tot.Billed), shown(tot.Effective), shown(tot.List), shown(tot.Contracted), ""); !strings.Contains(want, "|"+line) {
				rt.Fatalf("the record says %s %s, the file\n%s", c, line, want)
			}
		}
	})
}

func shown(d *decimal.Decimal) string {
	if d == nil {
		return "-"
	}
	return d.String()
}

// sumOf adds up a bill's text per currency, independently of any reader: a line each, as ask writes rows.
func sumOf(b *bill) string {
	type sum struct {
		rows int
		cost [5]*decimal.Decimal
	}
	sums := map[string]*sum{}
	for _, r := range b.rows {
		s := sums[r["BillingCurrency"]]
		if s == nil {
			s = &sum{}
			sums[r["BillingCurrency"]] = s
		}
		s.rows++
		for i, c := range []string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity"} {
			if v := r[c]; v != "" && v != "NULL" {
				d := decimal.RequireFromString(v)
				if s.cost[i] != nil {
					d = d.Add(*s.cost[i])
				}
				s.cost[i] = &d
			}
		}
	}
	var lines []string
	for c, s := range sums {
		line := fmt.Sprintf("%s|%d", c, s.rows)
		for _, d := range s.cost {
			line += "|" + shown(d)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestPartsAndOrderDoNotMatter: a bill loaded whole, cut into parts, and with its rows in another order makes the same tables.
func TestPartsAndOrderDoNotMatter(t *testing.T) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBill(rt)
		n++
		s := newStore(t)
		defer s.Close()
		dir := filepath.Join(t.TempDir(), fmt.Sprint(n))
		write := func(name string, rows []map[string]string) {
			p := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				rt.Fatal(err)
			}
			if err := os.WriteFile(p, []byte((&bill{columns: b.columns, rows: rows}).String()), 0o644); err != nil {
				rt.Fatal(err)
			}
		}
		cut := rapid.IntRange(0, len(b.rows)-1).Draw(rt, "cut")
		write("whole/a.csv", b.rows)
		if cut > 0 {
			write("parts/a.csv", b.rows[:cut])
		}
		write("parts/b.csv", b.rows[cut:])
		write("shuffled/a.csv", rapid.Permutation(b.rows).Draw(rt, "order"))
		var want string
		for _, form := range []string{"whole", "parts", "shuffled"} {
			// One feed, so that each form takes the place of the one before; the marker keeps equal bytes apart.
			o := ingest.Options{Now: now, Source: fmt.Sprintf("feed %d %s", n, form)}
			if _, err := ingest.Load(t.Context(), s, filepath.Join(dir, form), o); err != nil {
				rt.Fatalf("%s: %v\n%s", form, err, b)
			}
			got := contents(t, s, o.Source)
			if want == "" {
				want = got
			}
			if got != want {
				rt.Fatalf("%s makes\n%s\nthe whole file\n%s\n%s", form, got, want, b)
			}
		}
	})
}

// contents are both tables' rows of a feed, sorted, without what tells the loads apart.
func contents(t testing.TB, s *store.Store, feed string) string {
	apart := []string{store.ColSource, store.ColSourceFile, store.ColLoadID}
	var out []string
	for table, cols := range map[string][]store.Column{"charges": store.ChargeColumns(), "daily": store.DailyColumns()} {
		var sel []string
		for _, c := range cols {
			if slices.Contains(apart, c.Name) {
				continue
			}
			if c.Type == focus.JSON {
				sel = append(sel, "CAST("+c.Name+" AS VARCHAR)")
				continue
			}
			sel = append(sel, c.Name)
		}
		rows := strings.Split(ask(t, s, "SELECT '"+table+"', "+strings.Join(sel, ", ")+" FROM "+table+" WHERE x_Source = '"+feed+"'"), "\n"+table+"|")
		rows[0] = strings.TrimPrefix(rows[0], table+"|")
		for _, r := range rows {
			out = append(out, table+" "+r)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
