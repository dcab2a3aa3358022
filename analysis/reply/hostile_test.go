package reply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/randombill"
)

// hostileNames are names that would do harm, or break, where text became SQL or a JSON path.
var hostileNames = []string{
	`x'; DROP TABLE daily; --`, `a' OR '1'='1`, `") UNION SELECT 1, 2 --`, `$."team"`, `$[0]`, `$.*`, `a"b`, `a\b`, `\'`, `100%`, `_`, `;`, `--`,
	`/* c */`, `?`, `{filters}`, `NULL`, `''`, `ünïcode 日本 🎈`, `a,b`, `a:b`, `read_csv('/etc/passwd')`,
}

// hostileStore holds one line item a day of October for each name, as service, account, region and tag value; the i-th
// name costs i+1 cents a day.
func hostileStore(t *testing.T) *company {
	t.Helper()
	var b randombill.Bill
	for i, name := range hostileNames {
		tags, err := json.Marshal(map[string]string{"team": name, "k." + fmt.Sprint(i): name})
		if err != nil {
			t.Fatal(err)
		}
		for day := 1; day <= 31; day++ {
			d := fmt.Sprintf("2026-10-%02dT00:00:00Z", day)
			cost := decimal.New(int64(i+1), -2).String()
			b = append(b, randombill.Row{
				"BillingAccountId": "payer", "BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z",
				"ChargePeriodStart": d, "ChargePeriodEnd": d, "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based",
				"BilledCost": cost, "EffectiveCost": cost, "ListCost": cost, "ContractedCost": cost, "BillingCurrency": "USD",
				"ProviderName": "AWS", "PublisherName": "AWS", "InvoiceIssuerName": "AWS", "ServiceName": name, "ServiceCategory": "Other",
				"SkuId": name, "SubAccountId": "id " + name, "SubAccountName": name, "RegionId": name, "ResourceId": name, "Tags": string(tags),
			})
		}
	}
	file := filepath.Join(t.TempDir(), "bill.csv")
	if err := b.Write(file); err != nil {
		t.Fatal(err)
	}
	return companyOf(t, file)
}

// sqlOf is all SQL of an answer.
func sqlOf(a *analysis.Answer) string {
	var b strings.Builder
	for _, q := range a.Trace.Queries {
		b.WriteString(q.SQL + "\n")
	}
	return b.String()
}

// telling is false for names that are also part of the program's own SQL, where finding them tells nothing.
func telling(name string) bool {
	switch name {
	case "?", "_", "''", "NULL":
		return false
	}
	return true
}

// TestNamesOnTheBillNeverBecomeSQL asks for each hostile name by plan, in every place a name can stand.
func TestNamesOnTheBillNeverBecomeSQL(t *testing.T) {
	c := hostileStore(t)
	october := analysis.MonthOf(analysis.Day(2026, 10, 1))
	half := analysis.NewPeriod(analysis.Day(2026, 10, 1), analysis.Day(2026, 10, 16))
	rest := analysis.NewPeriod(analysis.Day(2026, 10, 16), analysis.Day(2026, 11, 1))
	for i, name := range hostileNames {
		want := decimal.New(int64(i+1)*31, -2)
		for d, value := range map[analysis.Dimension]string{
			analysis.DimService: name, analysis.DimAccount: "id " + name, analysis.DimRegion: name, analysis.DimSku: name,
			analysis.DimResource: name, analysis.TagDimension("team"): name, analysis.TagDimension(fmt.Sprintf("k.%d", i)): name,
		} {
			filter := []analysis.Filter{{Dimension: d, Values: []string{value}}}
			total := c.answer(t, analysis.Plan{Intent: analysis.SpendTotal, Metric: analysis.Effective, Current: october, Filters: filter})
			if name == "NULL" && d != analysis.DimAccount && len(tablesOf(total)) == 0 {
				continue // the word NULL in an export means no value
			}
			if got := *tableOf(t, total).Rows[0].Cells[0].Amount; !got.Equal(want) {
				t.Errorf("%s = %q: %s, want %s", d, value, got, want)
			}
			why := c.answer(t, analysis.Plan{Intent: analysis.ExplainChange, Metric: analysis.Effective, Current: rest, Baseline: &half, Filters: filter})
			if got := bridgeOf(t, why).Change.Delta; !got.Equal(decimal.New(int64(i+1), -2)) {
				t.Errorf("%s = %q: change %s", d, value, got)
			}
			for _, a := range []*analysis.Answer{total, why} {
				if telling(name) && strings.Contains(sqlOf(a), name) {
					t.Errorf("%q stands in the SQL:\n%s", name, sqlOf(a))
				}
			}
		}
	}
	for _, d := range []analysis.Dimension{analysis.DimService, analysis.TagDimension("team"), analysis.TagDimension(`nobody's`), analysis.TagDimension(`$[*]`)} {
		a := c.answer(t, analysis.Plan{Intent: analysis.Breakdown, Metric: analysis.Effective, Current: october, GroupBy: []analysis.Dimension{d}, Limit: 100})
		all := int64(len(hostileNames) * (len(hostileNames) + 1) / 2 * 31)
		if got := *tableOf(t, a).Total.Cells[1].Amount; !got.Equal(decimal.New(all, -2)) {
			t.Errorf("by %s: total %s, want %s cents", d, got, decimal.New(all, -2))
		}
	}
}

func tablesOf(a *analysis.Answer) []*analysis.Table {
	var out []*analysis.Table
	for _, p := range a.Parts {
		if p.Table != nil {
			out = append(out, p.Table)
		}
	}
	return out
}

// TestQuestionsNeverBecomeSQL puts hostile text into questions; whatever they are read as, no query holds it.
func TestQuestionsNeverBecomeSQL(t *testing.T) {
	c := hostileStore(t)
	for _, name := range hostileNames {
		for _, form := range []string{
			"%s", "what did %s cost in October?", "why did spend of service '%s' change last week?", `spend of team "%s" in October`,
			"top 5 %s in October", "spend by %s in October", "why did spend change in October vs September for account %s?", "spend since %s", "what did we spend in October in %s",
		} {
			q := fmt.Sprintf(form, name)
			plan := c.reader.Read(q, now, nil)
			a, err := c.carryOut(context.Background(), q, plan)
			if err != nil {
				t.Errorf("%q: %v", q, err)
				continue
			}
			if telling(name) && strings.Contains(sqlOf(a), name) {
				t.Errorf("%q: its text stands in the SQL:\n%s", q, sqlOf(a))
			}
		}
	}
	a := c.ask(t, "what did we spend in October?")
	if got := len(tablesOf(a)); got != 1 {
		t.Errorf("after all that: %s", a.Headline)
	}
}
