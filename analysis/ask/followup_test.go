package ask

import (
	"testing"

	"spendbot/analysis"
)

// TestWhatStandsAlone: a question of two words that says what it is about is no follow-up, however short.
func TestWhatStandsAlone(t *testing.T) {
	r := NewReader(&Vocabulary{
		Providers: terms1("AWS"), Services: terms1("AmazonEC2"), Accounts: terms1("payments-prod", "data-lake"),
		Tags:  map[string][]Term{"team": terms1("payments", "search")},
		First: analysis.Day(2026, 1, 1), Through: analysis.Day(2026, 11, 22),
	}, Options{})
	before := r.Read("untagged spend in October", monday, nil)
	for _, c := range []struct{ question, want string }{
		{"payments-prod spend", "spend_total 2026-11-01/2026-11-23 account=payments-prod"},
		{"search spend", "spend_total 2026-11-01/2026-11-23 tag:team=search"},
		{"ec2 costs", "spend_total 2026-11-01/2026-11-23 service=AmazonEC2"},
		{"data-lake", "spend_total 2026-10-01/2026-11-01 tag:team= account=data-lake"},
		{"by account", "breakdown 2026-10-01/2026-11-01 tag:team= by account"},
		{"total spend", "spend_total 2026-10-01/2026-11-01 tag:team="},
	} {
		if got := brief(r.Read(c.question, monday, &before)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.question, got, c.want)
		}
	}
}
