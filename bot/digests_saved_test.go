package bot

import (
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/bot/backlog"
)

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
