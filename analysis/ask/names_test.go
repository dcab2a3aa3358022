package ask

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spendbot/analysis"
)

// TestOtherPeoplesNames: bills name the same things differently; the everyday names find them all.
func TestOtherPeoplesNames(t *testing.T) {
	v := &Vocabulary{
		Providers: terms1("AWS", "Microsoft", "Google Cloud"),
		Services: terms1("AmazonEC2", "AmazonS3", "AmazonRDS", "AWSLambda", "AmazonEKS", "AmazonVPC", "Virtual Machines", "Storage",
			"Google Compute Engine", "Kubernetes Engine", "Cloud Storage"),
		Accounts: pairs("123456789012", "Payments Production", "210987654321", "Sandbox"),
		Regions:  terms1("us-east-1", "us-east-2", "eu-west-1", "eastus2"),
		Tags: map[string][]Term{
			"Environment": terms1("Prod", "production", "Staging"), "user:CostCenter": terms1("CC-100", "CC-200"), "Owner": terms1("Ana Silva"),
		},
		First: analysis.Day(2026, 1, 1), Through: analysis.Day(2026, 11, 22),
	}
	r := NewReader(v, Options{})
	const mtd = "spend_total 2026-11-01/2026-11-23 "
	for _, c := range []struct{ question, want string }{
		{"EC2 costs", mtd + "service=AmazonEC2"},
		{"s3 bill", mtd + "service=AmazonS3"},
		{"EKS spend", mtd + "service=AmazonEKS"},
		{"kubernetes spend", mtd + "service=AmazonEKS|Kubernetes Engine"},
		{"GKE spend", mtd + "service=Kubernetes Engine"},
		{"VMs cost", mtd + "service=Virtual Machines"},
		{"blob storage cost", mtd + "service=Storage"},
		{"GCE cost", mtd + "service=Google Compute Engine"},
		{"GCS cost", mtd + "service=Cloud Storage"},
		{"amazon costs", mtd + "provider=AWS"},
		{"spend in prod", mtd + "tag:Environment=Prod|production"},
		{"spend tagged with Environment=prod", mtd + "tag:Environment=Prod|production"},
		{"spend for env=production", mtd + "tag:Environment=production|Prod"},
		{"spend by environment", "breakdown 2026-11-01/2026-11-23 by tag:Environment"},
		{"spend by cost center", "breakdown 2026-11-01/2026-11-23 by tag:user:CostCenter"},
		{"spend for cost center CC-100", mtd + "tag:user:CostCenter=CC-100"},
		{"spend of account payments production", mtd + "account=Payments Production"},
		{"spend of subscription sandbox", mtd + "account=Sandbox"},
		{"cost by project", "breakdown 2026-11-01/2026-11-23 by account"},
		{"spend of ana silva", mtd + "tag:Owner=Ana Silva"},
		{"acct 9012 spend", mtd + "account=Payments Production"},
		{"spend of 123456789012", mtd + "account=Payments Production"},
		{"us-east spend", mtd + "region=us-east-1|us-east-2"},
		{"EU spend", mtd + "region=eu-west-1"},
		{"spend where region != us-east-1", mtd + "region!=us-east-1"},
		{"spend where region &lt;&gt; us-east-1", mtd + "region!=us-east-1"},
		{"spend with Environment!=Staging", mtd + "tag:Environment!=Staging"},
		{"spend where region = us-east-1", mtd + "region=us-east-1"},
	} {
		if got := brief(r.Read(c.question, monday, nil)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.question, got, c.want)
		}
	}
}

// TestNamesThatNeedAWord: a clear slip is taken with a note, anything else is asked back, nothing is dropped.
func TestNamesThatNeedAWord(t *testing.T) {
	r := NewReader(company(), Options{})
	for _, c := range []struct {
		question, want string // the reading, or the choices where it is asked back
		note           string
	}{
		{"spend of the paymnts team", "tag:team=payments", `read "paymnts" as the team payments`},
		{"cost of serach-prod", "account=search-prod", `read "serach-prod" as the account search-prod`},
		{"cost of lamda", "service=AWS Lambda", `read "lamda" as the service AWS Lambda`},
		{"bedrok bill", "service=Amazon Bedrock", `read "bedrok" as the service Amazon Bedrock`},
		{"spend of ml-training", "? account ml-training|project ml-training|all spend", ""},
		{"spend of account ml-training", "account=ml-training", ""},
		{"spend of project ml-training", "tag:project=ml-training", ""},
		{"spend of GCP project ads-prod", "account=ads-prod", ""},
		{"spend of checkout", "? app checkout|project checkout|all spend", ""},
		{"checkout app spend", "tag:app=checkout", ""},
		{"payments prod spend", "account=payments-prod", ""},
		{"payments team in prod", "tag:team=payments tag:env=prod", ""},
		{"security spend", "account=security", ""},
		{"spend of platform", "tag:team=platform", ""},
		{"spend of service platform", "tag:team=platform", `there is no service called "platform"`},
		{"spend of the growth team", "tag:team=growth", ""},
		{"spend for data", "tag:team=data", ""},
		{"spend of vendor GitHub", "publisher=GitHub", ""},
	} {
		p := r.Read(c.question, monday, nil)
		got := strings.TrimPrefix(brief(p), "spend_total 2026-11-01/2026-11-23 ")
		if p.Clarify != nil {
			var labels []string
			for _, ch := range p.Clarify.Choices {
				labels = append(labels, ch.Label)
			}
			got = "? " + strings.Join(labels, "|")
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.question, got, c.want)
		}
		if c.note != "" && !slices.Contains(p.Notes, c.note) {
			t.Errorf("%s: notes %q lack %q", c.question, p.Notes, c.note)
		}
	}
}

// TestUnknownNamesAreNeverDropped: an invented name in any place of any kind of question is asked back or named in a note.
func TestUnknownNamesAreNeverDropped(t *testing.T) {
	r := NewReader(company(), Options{})
	for _, form := range []string{"spend of %s", "%s spend", "%s costs last month", "how much did %s cost in October?", "why did %s go up?", "why did spend of %s change last week?",
		"top 5 services for %s", "spend by region for the %s team", "compare %s and EC2", "EC2 vs %s", "what about %s", "how much for team %s?", "account %s last month",
		"spend in %s", "costs without %s", "only %s costs", "%s", "spend tagged with team=%s", "cost of project %s since October", "%s by region"} {
		for _, name := range []string{"blub", "frobnicator", "zz-top-prod", "Qx9"} {
			q := fmt.Sprintf(form, name)
			p := r.Read(q, monday, nil)
			if p.Clarify != nil || p.Intent == analysis.OutOfScope {
				continue
			}
			if !strings.Contains(strings.ToLower(strings.Join(append(p.Notes, p.Declined...), " ")), strings.ToLower(name)) {
				t.Errorf("%q: %q was dropped: %s", q, name, brief(p))
			}
		}
	}
}

// TestInsteadIsAnswered: what is offered in place of a question that is not answered is one that is.
func TestInsteadIsAnswered(t *testing.T) {
	r := NewReader(company(), Options{})
	all := slices.Concat(refusals, topics, []topic{chatter, offTopic})
	for _, tp := range all {
		for _, about := range []string{"", " for team payments"} {
			q := tp.instead
			if strings.Contains(q, "%s") {
				q = fmt.Sprintf(q, about)
			}
			if p := r.Read(q, monday, nil); p.Intent == analysis.OutOfScope || p.Intent == analysis.Ambiguous || len(p.Declined) > 0 {
				t.Errorf("%s offers %q, which is read as %s %q", tp.name, q, brief(p), p.Declined)
			}
		}
	}
}

// TestAnEmptyStore: nothing is known, and nothing breaks.
func TestAnEmptyStore(t *testing.T) {
	r := NewReader(nil, Options{})
	for _, q := range corpusLines(t) {
		laws(t, r, q, r.Read(q, monday, nil))
	}
	if got := brief(r.Read("how much did we spend last month?", monday, nil)); got != "spend_total 2026-10-01/2026-11-01" {
		t.Error(got)
	}
}

// TestALargeStore: thirty thousand tag values and resources, and the worst of questions, stay quick.
func TestALargeStore(t *testing.T) {
	v := company()
	for i := range 30_000 {
		v.Tags["Name"] = append(v.Tags["Name"], Term{Value: fmt.Sprintf("worker-%06d-node", i)})
		v.Resources = append(v.Resources, Term{Value: fmt.Sprintf("arn:aws:ec2:us-east-1:111122223333:instance/i-%017x", i)})
	}
	r := NewReader(v, Options{})
	p := r.Read("spend of worker-004217-node last month", monday, nil)
	if got := brief(p); got != "spend_total 2026-10-01/2026-11-01 tag:Name=worker-004217-node" {
		t.Error(got)
	}
	for _, q := range hostile {
		quick(t, q, func() { r.Read(q, monday, nil) })
	}
}

func BenchmarkRead(b *testing.B) {
	r := NewReader(company(), Options{})
	for b.Loop() {
		r.Read("why did EC2 spend of the payments team in us-east-1 change last week?", monday, nil)
	}
}

// TestEveryCurrencyOfTheBills can be asked for by its code, whatever else is called like it.
func TestEveryCurrencyOfTheBills(t *testing.T) {
	v := &Vocabulary{Currencies: []string{"USD", "KWD"}, First: analysis.Day(2026, 1, 1), Through: analysis.Day(2026, 11, 22),
		BillingAccounts: []Term{{Value: "B-KWD"}}, Services: []Term{{Value: "Alpha"}}}
	if p := NewReader(v, Options{}).Read("spend by service in KWD in October", monday, nil); p.Currency != "KWD" || len(p.Filters) > 0 {
		t.Errorf("%q, %+v", p.Currency, p.Filters)
	}
}

// TestOtherCurrency: a currency that neither the bills nor the rates know is asked back about, and no other answers in its place.
func TestOtherCurrency(t *testing.T) {
	v := &Vocabulary{Currencies: []string{"USD"}, First: analysis.Day(2026, 1, 1), Through: analysis.Day(2026, 11, 22)}
	for _, c := range []struct {
		rates, want []string
	}{
		{nil, []string{"USD"}},
		{[]string{"EUR", "USD"}, []string{"USD", "EUR"}},
	} {
		r := NewReader(v, Options{Currencies: c.rates})
		p := r.Read("spend in October in yen", monday, nil)
		if p.Intent != analysis.Ambiguous || p.Clarify == nil || !strings.Contains(p.Clarify.Question, "JPY") || len(p.Clarify.Choices) != len(c.want) {
			t.Errorf("rates of %v: %s, asked back %+v", c.rates, p.Intent, p.Clarify)
			continue
		}
		for i, choice := range p.Clarify.Choices {
			if again := r.Read(choice.Ask, monday, nil); again.Currency != c.want[i] || again.Intent != analysis.SpendTotal {
				t.Errorf("rates of %v: %q reads as %s in %q", c.rates, choice.Ask, again.Intent, again.Currency)
			}
		}
	}
}
