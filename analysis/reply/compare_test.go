package reply

import (
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func TestPerDay(t *testing.T) {
	for want, c := range map[string]struct {
		cur, base    string
		days, before int
	}{
		"A day it is $10.00 after $10.00 (0.0%): 31 days against 30.":       {"310", "300", 31, 30},
		"A day it is $35,469 after $35,222 (+0.7%): 31 days against 30.":    {"1099543", "1056668", 31, 30},
		"A day it is $1.00 after $0: 28 days against 31.":                   {"28", "0", 28, 31},
		"A day it is -$1.00 after $2.00 (-150.0%): 7 days against 14.":      {"-7", "28", 7, 14},
		"A day it is $33.33 after $66.67 (-50.0%): 3 days against 6.":       {"100", "400", 3, 6},
		"A day it is $500.00 after $1,000 (-50.0%): 2 days against 1.":      {"1000", "1000", 2, 1},
		"A day it is $12,346 after $1.00 (+1,234,467.9%): 1 day against 2.": {"12345.679", "2", 1, 2},
	} {
		ch := analysis.Change{Current: decimal.RequireFromString(c.cur), Baseline: decimal.RequireFromString(c.base), Currency: "USD"}
		if got := perDay(ch, c.days, c.before); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
