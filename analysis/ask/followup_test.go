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

// TestGoesOnFromTrust: what follows a look at the bills themselves asks the same of other months and bills, and what follows a
// comparison with a console is about the spend.
func TestGoesOnFromTrust(t *testing.T) {
	r := NewReader(company(), Options{})
	for _, c := range []struct{ first, then, want string }{
		{"does October match the invoice?", "and in September?", "trust topic=reconcile metric=billed 2026-09-01/2026-10-01"},
		{"does October match the invoice?", "only AWS", "trust topic=reconcile metric=billed 2026-10-01/2026-11-01 provider=AWS"},
		{"data quality in October", "and in September?", "trust topic=quality metric=billed 2026-09-01/2026-10-01"},
		{"quality of October", "and in September?", "trust topic=quality metric=billed 2026-09-01/2026-10-01"},
		{"does October match the invoice?", "by account", "breakdown metric=billed 2026-10-01/2026-11-01 by account"},
		{"why is October different from Cost Explorer?", "by account", "breakdown 2026-10-01/2026-11-01 by account"},
		{"why is October different from Cost Explorer?", "as billed", "spend_total metric=billed 2026-10-01/2026-11-01"},
		{"why is October different from Cost Explorer?", "why did it change?", "explain_change 2026-10-01/2026-11-01 vs 2026-09-01/2026-10-01"},
	} {
		first := r.Read(c.first, monday, nil)
		if got := brief(r.Read(c.then, monday, &first)); got != c.want {
			t.Errorf("%q (%s), then %q\n got %s\nwant %s", c.first, brief(first), c.then, got, c.want)
		}
	}
}
