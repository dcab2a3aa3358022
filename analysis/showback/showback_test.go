package showback_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/ingest"
	"spendbot/analysis/query"
	"spendbot/analysis/randombill"
	"spendbot/analysis/showback"
	"spendbot/analysis/store"
)

var (
	now     = analysis.Day(2026, 11, 23)
	october = analysis.MonthOf(analysis.Day(2026, 10, 1))
	team    = analysis.TagDimension("team")
)

// line is a line item of October as the tests write it: team, service, cost and further columns ("ChargeCategory=Tax").
type line struct {
	team, service, cost string
	more                []string
}

// bill loads line items and returns the snapshot.
func bill(t *testing.T, lines ...line) *store.Snapshot {
	t.Helper()
	columns := append(slices.Clone(randombill.Header), "InvoiceId", "x_UsageType")
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(columns); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		r := map[string]string{"ProviderName": "AWS", "BillingAccountId": "payer", "SubAccountId": "1", "BillingPeriodStart": "2026-10-01T00:00:00Z",
			"BillingPeriodEnd": "2026-11-01T00:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargePeriodEnd": "2026-10-06T00:00:00Z", "ChargeCategory": "Usage",
			"BillingCurrency": "USD", "BilledCost": l.cost, "EffectiveCost": l.cost, "ListCost": l.cost, "ContractedCost": l.cost, "ServiceName": l.service}
		if l.team != "" {
			r["Tags"] = `{"team":"` + l.team + `"}`
		}
		for _, kv := range l.more {
			k, v, _ := strings.Cut(kv, "=")
			r[k] = v
		}
		rec := make([]string, len(columns))
		for i, c := range columns {
			rec[i] = r[c]
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return load(t, func(path string) error { return os.WriteFile(path, out.Bytes(), 0o600) })
}

func load(t interface {
	Fatal(...any)
	TempDir() string
	Cleanup(func())
}, write func(path string) error) *store.Snapshot {
	ctx := context.Background()
	dir := t.TempDir()
	if err := write(filepath.Join(dir, "bill.csv")); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := ingest.Load(ctx, s, filepath.Join(dir, "bill.csv"), ingest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sn.Close() })
	return sn
}

func rulesOf(t interface{ Fatal(...any) }, dir, text string) *allocation.Rules {
	c, err := allocation.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := allocation.New(c, dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func see(t interface{ Fatal(...any) }, sn *store.Snapshot) *store.Sight {
	s, err := sn.Seen(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func of(t *testing.T, sn *store.Snapshot, rules *allocation.Rules, req showback.Request) *showback.Bill {
	t.Helper()
	req.Currency = "USD"
	if req.Period.IsZero() {
		req.Period = october
	}
	b, err := showback.Of(context.Background(), see(t, sn), rules, req)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// totals are the rows as text: "a 225000 +37500 = 262500".
func totals(rows []showback.Row) []string {
	var out []string
	for _, r := range rows {
		owner := r.Owner
		if owner == "" {
			owner = "-"
		}
		parts := ""
		for _, p := range r.Parts {
			if !p.IsZero() {
				parts += " " + p.String()
			}
		}
		out = append(out, fmt.Sprintf("%s %s,%s = %s", owner, r.Direct, parts, r.Total))
	}
	return out
}

// TestFinOpsApportionment is the FinOps Foundation's example of spend apportionment, from the bill to the rows: 225k of 1.2M of
// 200k is 37.5k. It must be 100% apportioned.
func TestFinOpsApportionment(t *testing.T) {
	sn := bill(t, line{service: "AWS Support (Business)", cost: "200000"}, line{team: "a", service: "EC2", cost: "225000"}, line{team: "b", service: "EC2", cost: "225000"},
		line{team: "c", service: "S3", cost: "300000"}, line{team: "d", service: "S3", cost: "450000"})
	b := of(t, sn, rulesOf(t, "", "rules: [{name: support, from: {scope: support}, to: {team: all}, split: spend}]"), showback.Request{})
	if diff := cmp.Diff([]string{"d 450000, 75000 = 525000", "c 300000, 50000 = 350000", "a 225000, 37500 = 262500", "b 225000, 37500 = 262500", "- 200000, -200000 = 0"},
		totals(b.Rows(showback.Everything))); diff != "" {
		t.Error(diff)
	}
	k := b.KPIs()
	if k.Apportioned.String() != "1" || !k.UnallocatedShared.IsZero() || k.Accuracy.StringFixed(4) != "0.8571" || !k.Unallocated.IsZero() {
		t.Errorf("%+v", k)
	}
	if len(b.Queries) != 2 || b.Queries[0].Rows == 0 || b.Queries[1].SHA256 == "" {
		t.Errorf("the evidence: %+v", b.Queries)
	}
	source, tr, err := b.Source(context.Background(), see(t, sn), 0)
	if err != nil || len(source) != 1 || source[0].Amount.String() != "200000" || source[0].Service != "AWS Support (Business)" || source[0].Rows != 1 || tr.Rows != 1 {
		t.Errorf("the source: %+v, %v", source, err)
	}
}

// TestKokuDistribution is Koku's: 25 and 75 of $100, by what each consumed; the source shows the negative.
func TestKokuDistribution(t *testing.T) {
	pods := func(team, hours string) line {
		return line{team: team, service: "pods", cost: "1", more: []string{"ConsumedQuantity=" + hours, "ConsumedUnit=Hours"}}
	}
	sn := bill(t, line{service: "EKS", cost: "100", more: []string{"x_UsageType=__idle__"}}, pods("a", "25"), pods("b", "75"))
	rules := rulesOf(t, "", "rules: [{name: idle, from: {scope: cluster_idle}, to: {team: all}, split: usage, weigh: {of: {service: pods}}}]")
	b := of(t, sn, rules, showback.Request{})
	if diff := cmp.Diff([]string{"b 1, 75 = 76", "a 1, 25 = 26", "- 100, -100 = 0"}, totals(b.Rows(showback.Everything))); diff != "" {
		t.Error(diff)
	}
}

func TestReadyMadeScopes(t *testing.T) {
	sn := bill(t,
		line{service: "AWS Support (Business)", cost: "1"}, line{service: "Amazon Virtual Private Cloud", cost: "2", more: []string{"x_UsageType=USE1-NatGateway-Bytes"}},
		line{service: "NAT Gateway", cost: "4", more: []string{"ProviderName=Microsoft"}}, line{service: "AmazonCloudWatch", cost: "8"},
		line{service: "Datadog Pro", cost: "16", more: []string{"PublisherName=Datadog"}}, line{service: "EKS", cost: "32", more: []string{`Tags={"namespace":"__idle__"}`}},
		line{service: "EC2", cost: "64", more: []string{"CommitmentDiscountId=sp-1", "CommitmentDiscountStatus=Unused"}}, line{service: "Tax", cost: "128", more: []string{"ChargeCategory=Tax"}},
		line{team: "a", service: "EC2", cost: "256", more: []string{"PublisherName=AWS", "CommitmentDiscountId=sp-1", "CommitmentDiscountStatus=Used"}})
	scopes := map[string]string{"support": "1", "nat": "6", "observability": "24", "marketplace": "16", "cluster_idle": "32", "unused_commitments": "64", "tax": "128"}
	c, err := allocation.ParseConfig([]byte("rules: [{name: r, from: {scope: none}, to: {team: [z]}, split: even}]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := allocation.New(c, ""); err == nil || !strings.Contains(err.Error(), "there are "+strings.Join(slices.Sorted(maps.Keys(scopes)), ", ")) {
		t.Errorf("scopes without a test: %v", err)
	}
	for scope, want := range scopes {
		b := of(t, sn, rulesOf(t, "", "rules: [{name: r, from: {scope: "+scope+"}, to: {team: [z]}, split: even}]"), showback.Request{})
		for _, r := range b.Rows(showback.Everything) {
			if r.Owner == "z" && r.Total.String() != want {
				t.Errorf("%s holds %s, want %s", scope, r.Total, want)
			}
		}
		if len(b.Moves) == 0 {
			t.Errorf("%s holds nothing", scope)
		}
	}
}

func TestMetricsFile(t *testing.T) {
	sn := bill(t, line{service: "AWS Support", cost: "10"}, line{team: "a", service: "EC2", cost: "1"})
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "m.csv"), []byte("date,target,metric,value\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const rule = "metrics: m.csv\nrules: [{name: s, from: {scope: support}, to: {team: all}, split: metric, weigh: {metric: requests}"
	monthly, daily := rulesOf(t, dir, rule+"}]"), rulesOf(t, dir, rule+", grain: day}]")
	write("2026-10-01,a,requests,1\n2026-10-31,a,requests,2\n2026-10,b,requests,1\n2026-11-01,b,requests,90\n2026-10,a,visits,90\n")
	b := of(t, sn, monthly, showback.Request{})
	if diff := cmp.Diff([]string{"a 1, 7.5 = 8.5", "b 0, 2.5 = 2.5", "- 10, -10 = 0"}, totals(b.Rows(showback.Everything))); diff != "" {
		t.Error(diff)
	}
	q := b.Queries[len(b.Queries)-1]
	if q.Rows != 2 || !strings.Contains(q.Name, "requests in m.csv (sha256 ") || !slices.Contains(q.Params, any("3")) {
		t.Errorf("the figures are not in the trace: %+v", q)
	}
	if _, again, err := see(t, sn).Query(context.Background(), q.Name, query.F(q.SQL, q.Params...)); err != nil || again.SHA256 != q.SHA256 {
		t.Errorf("the figures do not run again: %v", err)
	}
	if _, err := showback.Of(context.Background(), see(t, sn), daily, showback.Request{Period: october, Currency: "USD"}); err == nil || !strings.Contains(err.Error(), `"s": it splits by the day, and m.csv gives requests of b for October 2026 as a whole`) {
		t.Errorf("a month's figure by the day: %v", err)
	}
	write("2026-10-05,b,requests,1\n2026-10-06,a,requests,1\n")
	if diff := cmp.Diff([]string{"b 0, 10 = 10", "a 1, = 1", "- 10, -10 = 0"}, totals(of(t, sn, daily, showback.Request{}).Rows(showback.Everything))); diff != "" {
		t.Error(diff)
	}
	write("2026-10-05,b,visits,1\n")
	if _, err := showback.Of(context.Background(), see(t, sn), monthly, showback.Request{Period: october, Currency: "USD"}); err == nil || !strings.Contains(err.Error(), `m.csv has no metric "requests"`) {
		t.Errorf("a metric that is not there: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "m.csv")); err != nil {
		t.Fatal(err)
	}
	if _, err := showback.Of(context.Background(), see(t, sn), monthly, showback.Request{Period: october, Currency: "USD"}); err == nil || !strings.Contains(err.Error(), "the metrics file") {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestUnitsDoNotAddUp(t *testing.T) {
	used := func(team, quantity, unit string) line {
		return line{team: team, service: "VPC", cost: "1", more: []string{"x_UsageType=NatGateway-" + unit, "ConsumedQuantity=" + quantity, "ConsumedUnit=" + unit}}
	}
	sn := bill(t, line{service: "AWS Support", cost: "10"}, used("a", "3", "GB"), used("b", "1", "GB"), used("b", "100", "Hours"))
	const rule = "rules: [{name: s, from: {scope: support}, to: {team: all}, split: usage, weigh: {of: {scope: nat}"
	if _, err := showback.Of(context.Background(), see(t, sn), rulesOf(t, "", rule+"}}]"), showback.Request{Period: october, Currency: "USD"}); err == nil || !strings.Contains(err.Error(), "2 units (GB, Hours)") {
		t.Errorf("two units: %v", err)
	}
	if diff := cmp.Diff([]string{"a 1, 7.5 = 8.5", "b 2, 2.5 = 4.5", "- 10, -10 = 0"}, totals(of(t, sn, rulesOf(t, "", rule+", unit: GB}}]"), showback.Request{}).Rows(showback.Everything))); diff != "" {
		t.Error(diff)
	}
}

// TestChargeback: by invoice, in billed cost of the invoice's month whenever it was used, to the cent.
func TestChargeback(t *testing.T) {
	on := func(team, cost, invoice string, more ...string) line {
		return line{team: team, service: "EC2", cost: cost, more: append([]string{"InvoiceId=" + invoice}, more...)}
	}
	sn := bill(t, line{service: "AWS Support", cost: "0.10", more: []string{"InvoiceId=I-1"}},
		on("a", "10.004", "I-1"), on("b", "10.004", "I-1"), on("c", "10.004", "I-1", "ChargePeriodStart=2026-09-30T00:00:00Z", "ChargePeriodEnd=2026-10-01T00:00:00Z"),
		on("a", "5", "", "BillingAccountId=1234567890"))
	b := of(t, sn, rulesOf(t, "", "rules: [{name: support, from: {scope: support}, to: {team: all}, split: even}]"), showback.Request{Chargeback: true})
	rows := b.Rows(showback.Everything)
	showback.Charge(rows, 2)
	var got []string
	for _, r := range rows {
		got = append(got, strings.Join([]string{showback.InvoiceOf(r.Invoice).Reference(), r.Owner, r.Direct.String(), r.Total.StringFixed(6), r.Charged.StringFixed(2)}, " | "))
	}
	if diff := cmp.Diff([]string{
		"AWS …7890 | a | 5 | 5.000000 | 5.00",
		"I-1 | a | 10.004 | 10.037333 | 10.04", "I-1 | b | 10.004 | 10.037333 | 10.04", "I-1 | c | 10.004 | 10.037333 | 10.03",
		"I-1 |  | 0.1 | 0.000000 | 0.00",
	}, got); diff != "" {
		t.Error(diff)
	}
	// Whoever sees one owner is shown what everybody is.
	onlyC := func(owner []string) bool { return owner[b.Dim(b.By)] == "c" }
	if own := b.Charged(onlyC, 2); len(own) != 1 || own[0].Charged.String() != "10.03" {
		t.Errorf("c alone is charged %+v", own)
	}
	charged := decimal.Zero
	e := b.Export("Q-1", 7)
	at := slices.IndexFunc(e.Columns, func(c store.Column) bool { return c.Name == "charged" })
	for _, r := range e.Rows {
		charged = charged.Add(r[at].(decimal.Decimal))
	}
	if charged.String() != "35.11" { // 30.11 of the invoice's 30.112, and 5
		t.Errorf("the lines' cents sum to %s", charged)
	}
}

// TestExport: typed, exact, and harmless in a spreadsheet.
func TestExport(t *testing.T) {
	sn := bill(t, line{service: "AWS Support", cost: "10"}, line{team: "=cmd()", service: "EC2", cost: "1.123456789012345678"}, line{team: "@b", service: "EC2", cost: "1"},
		line{team: "@b", service: "EC2", cost: "7", more: []string{"BillingCurrency=EUR"}})
	b := of(t, sn, rulesOf(t, "", "rules: [{name: support, from: {scope: support}, to: {team: all}, split: even}]"), showback.Request{})
	var sheet bytes.Buffer
	e := b.Export("Q-1", 7)
	if err := e.CSV(&sheet); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`period,currency,metric,rule,team,from_team,amount,line_items,answer,snapshot
2026-10-01,USD,effective,,,,10,1,Q-1,7
2026-10-01,USD,effective,,'=cmd(),,1.123456789012345678,1,Q-1,7
2026-10-01,USD,effective,,'@b,,1,1,Q-1,7
2026-10-01,USD,effective,support,,,-10,0,Q-1,7
2026-10-01,USD,effective,support,'=cmd(),,5,0,Q-1,7
2026-10-01,USD,effective,support,'@b,,5,0,Q-1,7
`, "\n", "\r\n")
	if diff := cmp.Diff(want, sheet.String()); diff != "" {
		t.Error(diff)
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "it's.parquet")
	if err := e.Parquet(ctx, path); err != nil {
		t.Fatal(err)
	}
	engine, stop, err := store.OpenEngine(ctx, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	rows, err := engine.Query(ctx, "SELECT period, rule, team, amount, line_items, typeof(amount), typeof(period) FROM read_parquet("+store.QuoteLiteral(path)+")")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Values) != len(e.Rows) || fmt.Sprint(rows.Values[1][1:]) != "[ =cmd() 1.123456789012345678 1 DECIMAL(38,18) DATE]" {
		t.Errorf("%d rows, %v", len(rows.Values), rows.Values[1])
	}
}

func TestWithin(t *testing.T) {
	sn := bill(t, line{service: "AWS Support", cost: "9"}, line{team: "a", service: "EC2", cost: "1"}, line{team: "b", service: "EC2", cost: "2"})
	b := of(t, sn, rulesOf(t, "", "rules: [{name: support, from: {scope: support}, to: {team: all}, split: spend}]"), showback.Request{})
	only := func(d analysis.Dimension, values ...string) []analysis.Filter {
		return []analysis.Filter{{Dimension: d, Values: values}}
	}
	if _, ok := b.Within(only(analysis.DimRegion, "us-east-1")); ok {
		t.Error("a part of a shared cost has no region")
	}
	sees, ok := b.Within(only(team, "b"))
	if !ok {
		t.Fatal("a team can be kept to")
	}
	if diff := cmp.Diff([]string{"b 2, 6 = 8"}, totals(b.Rows(sees))); diff != "" {
		t.Error(diff)
	}
	for _, l := range b.Lines(sees) {
		if l.Cell.Owner[0] != "b" || l.Rule != "" && l.Source[0] != "" {
			t.Errorf("a line of somebody else: %+v", l)
		}
	}
	amount, tr, err := b.Own(context.Background(), see(t, sn))
	if err != nil || amount.String() != "12" || tr.Rows != 1 {
		t.Errorf("what was billed: %s, %v", amount, err)
	}
}

// TestTotalsAreTheBill holds for random bills and rules, whatever is shown: the owners' totals, and the exported lines, are what
// a plain sum over the line items gives, per currency.
func TestTotalsAreTheBill(t *testing.T) {
	checks := "4"
	if os.Getenv("SPENDBOT_LONG") != "" {
		checks = "40"
	}
	defer flag.Set("rapid.checks", flag.Lookup("rapid.checks").Value.String())
	for name, v := range map[string]string{"rapid.checks": checks, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "spendbot-showback-")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		in := &inDir{rt, dir, nil}
		defer in.done()
		sn := load(in, randombill.Draw(rt).Write)
		for range 5 {
			req := showback.Request{Period: randombill.Period(rt, "period"), Chargeback: rapid.Bool().Draw(rt, "chargeback"),
				Metric:   rapid.SampledFrom([]analysis.Metric{analysis.Effective, analysis.Billed, analysis.List}).Draw(rt, "metric"),
				Currency: rapid.SampledFrom([]string{"USD", "EUR"}).Draw(rt, "currency"),
				By:       rapid.SampledFrom([]analysis.Dimension{"", analysis.DimAccount, analysis.TagDimension("env")}).Draw(rt, "by")}
			if req.Chargeback {
				req.Period = october
			}
			rules := rulesOf(rt, "", `rules:
  - {name: tax, from: {charge_category: [Tax, Credit, Purchase]}, to: {team: all}, split: spend}
  - {name: some, from: {service: "`+rapid.SampledFrom([]string{"S*", "*o*", "!Compute", "Küche"}).Draw(rt, "service")+`"}, to: {"tag:env": all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 10, rate: 2}, {rate: 1}], grain: `+
				rapid.SampledFrom([]string{"day", "month"}).Draw(rt, "grain")+`}
  - {name: rest, from: {team: ""}, to: {team: [a, b]}, split: percent, percent: {a: 33.3, b: 66.7}}`)
			b, err := showback.Of(ctx, see(rt, sn), rules, req)
			if err != nil {
				rt.Fatal(err)
			}
			billed, _, err := b.Own(ctx, see(rt, sn))
			if err != nil {
				rt.Fatal(err)
			}
			total, lines := decimal.Zero, decimal.Zero
			for _, r := range b.Rows(showback.Everything) {
				total = total.Add(r.Total)
				parts := r.Direct
				for _, p := range r.Parts {
					parts = parts.Add(p)
				}
				if !parts.Equal(r.Total) {
					rt.Errorf("%s: direct and parts are %s, the total %s", r.Owner, parts, r.Total)
				}
			}
			for _, l := range b.Lines(showback.Everything) {
				lines = lines.Add(l.Cell.Amount)
			}
			if !total.Equal(billed) || !lines.Equal(billed) {
				rt.Errorf("owners %s, lines %s, billed %s", total, lines, billed)
			}
		}
	})
}

// inDir is a rapid test with a folder.
type inDir struct {
	*rapid.T
	dir     string
	cleanup []func()
}

func (d *inDir) TempDir() string  { return d.dir }
func (d *inDir) Cleanup(f func()) { d.cleanup = append(d.cleanup, f) }
func (d *inDir) done() {
	for _, f := range slices.Backward(d.cleanup) {
		f()
	}
}

// TestOwners: where owners are configured "team" is theirs, what they call unallocated is nobody, and a chargeback tells cost
// centres, also of a team that has nothing but its part.
func TestOwners(t *testing.T) {
	sn := bill(t, line{service: "AWS Support", cost: "9"}, line{service: "EC2", cost: "1"}, line{service: "S3", cost: "2"}, line{service: "SQS", cost: "4"})
	layer := query.Layer{Name: "owners", Key: "k", Columns: []string{"x_Team", "x_CostCentre"}, Select: func(_ query.Table, beneath string, _ func(string) bool) string {
		return "SELECT *, CASE ServiceName WHEN 'EC2' THEN 'a' WHEN 'S3' THEN 'b' ELSE 'unallocated' END AS x_Team, CASE ServiceName WHEN 'EC2' THEN 'CC-1' WHEN 'S3' THEN 'CC-2' END AS x_CostCentre FROM " + beneath
	}}
	sight, err := sn.SeenThrough(nil, query.Lens{}.Over(layer))
	if err != nil {
		t.Fatal(err)
	}
	rules := rulesOf(t, "", "rules: [{name: support, from: {scope: support, team: [unallocated]}, to: {team: all}, split: spend}]")
	b, err := showback.Of(context.Background(), sight, rules, showback.Request{Period: october, Currency: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b 2, 6 = 8", "a 1, 3 = 4", "- 13, -9 = 4"}, totals(b.Rows(showback.Everything))); diff != "" || b.By != analysis.DimTeam {
		t.Errorf("by %s: %s", b.By, diff)
	}
	sees, ok := b.Within([]analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{analysis.Unallocated}}})
	if rows := b.Rows(sees); !ok || len(rows) != 1 || rows[0].Total.String() != "4" {
		t.Errorf("nobody's: %v", rows)
	}
	if b, err = showback.Of(context.Background(), sight, rules, showback.Request{Period: october, Currency: "USD", Chargeback: true}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range b.Rows(showback.Everything) {
		got = append(got, r.Owner+" "+r.CostCentre+" "+r.Total.String())
	}
	if diff := cmp.Diff([]string{"b CC-2 8", "a CC-1 4", "  4"}, got); diff != "" {
		t.Error(diff)
	}
}
