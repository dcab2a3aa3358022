package bot

import (
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/backlog"
)

func TestBacklogLine(t *testing.T) {
	of := func(title string, low, high int64, s backlog.State) backlog.Opportunity {
		return backlog.Opportunity{ID: "I-" + title, Title: title, Currency: "USD", State: s, Low: decimal.NewFromInt(low), High: decimal.NewFromInt(high), Basis: backlog.Effective, Confidence: analysis.High}
	}
	for _, c := range []struct {
		list []backlog.Opportunity
		want string
	}{
		{nil, ""},
		{[]backlog.Opportunity{of("NAT", 900, 900, backlog.Declined)}, ""},
		{[]backlog.Opportunity{of("NAT", 900, 900, backlog.Verifying)}, "backlog: 1 done, being verified"},
		{[]backlog.Opportunity{of("NAT", 900, 1200, backlog.Found), of("GPU", 5000, 5000, backlog.Expected), of("Logs", 7000, 7000, backlog.InProgress), of("Disks", 100, 100, backlog.Found), of("IPs", 10, 10, backlog.Found),
			of("Old", 800, 800, backlog.Verified), of("Older", 800, 800, backlog.Partly)}, "backlog: 3 without a ticket, 1 planned, 1 in progress, 2 verified; next: GPU ($5,000 a month), NAT ($900 to $1,200 a month), Disks ($100 a month)"},
	} {
		if got := backlogLine(backlog.Rank(c.list)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestSavedLine(t *testing.T) {
	day := func(ticket, currency string, n int64) backlog.Proof {
		return backlog.Proof{Ticket: ticket, Currency: currency, PerDay: decimal.NewFromInt(n), Now: true}
	}
	for _, c := range []struct {
		proofs []backlog.Proof
		want   string
	}{
		{nil, ""},
		{[]backlog.Proof{day("FIN-1", "USD", 12)}, "proved on the bill: $365 a month less, by FIN-1"},
		{[]backlog.Proof{day("A-1", "USD", 12), day("B-2", "EUR", 24), day("C-3", "USD", 12), day("D-4", "USD", 12)}, "proved on the bill: €730 and $1,095 a month less, by A-1, B-2, C-3 and 1 more"},
	} {
		if got := savedLine(c.proofs); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
