package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/backlog"
	"spendbot/bot/state"
)

// TestSavingsAsTheyRead: the table's rows, its sums and its CSV say the same.
func TestSavingsAsTheyRead(t *testing.T) {
	day := func(m time.Month, d int) time.Time { return analysis.Day(2026, m, d) }
	n := decimal.NewFromInt
	proofs := []backlog.Proof{
		{ID: "I-1", Ticket: "FIN-1", Team: "payments", Category: "nat-and-data-transfer", About: []string{"nat"}, From: day(11, 29), To: day(12, 19), PerDay: n(200), Avoided: n(150), Currency: "USD", Answer: "Q-AAAAAA", Now: true},
		{ID: "I-2", Ticket: "FIN-2", Team: "=search", Category: "", About: []string{"nat"}, From: day(12, 10), To: day(12, 19), PerDay: n(50), Currency: "USD", Answer: "Q-BBBBBB", Now: true},
	}
	out := savingsJSON{Months: backlog.Realized(proofs), Realized: backlog.HowRealized, Annualized: backlog.HowAnnualized,
		Fixes: []fixJSON{{Ticket: "T-1", Key: "FIN-1", What: "NAT", SavingFigures: state.SavingFigures{Headline: "Verified on the bill: $200 a day less, about $6,083 a month.", Answer: "Q-AAAAAA"}}}}
	out.Totals = backlog.Summed(out.Months, proofs)
	var b bytes.Buffer
	a := &app{stdout: &b}
	a.savingsTable(out)
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"MONTH TEAM CATEGORY SAVED AVOIDED BY",
		"Dec 2026 =search other $0 $0 FIN-2, 0 days (10 counted elsewhere)",
		"Dec 2026 payments nat-and-data-transfer $950 $2,850 FIN-1, 19 days",
		"Nov 2026 payments nat-and-data-transfer $100 $300 FIN-1, 2 days",
		"all $1,050 $3,150",
		"",
		"As things stand, a day: $50 saved, $150 avoided. Annualized (365 days at today's rate: a convention, not a forecast): $18,250 saved, $54,750 avoided.",
		"Counted is " + backlog.HowRealized + ".",
		"",
		"FIN-1 NAT",
		"Verified on the bill: $200 a day less, about $6,083 a month. spendbot trace Q-AAAAAA",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s\nwant\n%s", g, w)
	}
	b.Reset()
	if err := a.savingsCSV(out.Months); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	saved, avoided := decimal.Zero, decimal.Zero
	for _, r := range rows[1:] {
		saved, avoided = saved.Add(decimal.RequireFromString(r[7])), avoided.Add(decimal.RequireFromString(r[8]))
		if strings.HasPrefix(r[1], "=") {
			t.Errorf("%q would be run by a spreadsheet", r[1])
		}
	}
	if len(rows) != 4 || !saved.Equal(out.Totals[0].Saved) || !avoided.Equal(out.Totals[0].Avoided) {
		t.Errorf("%d rows: %s and %s", len(rows), saved, avoided)
	}
}
