package usecase_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/analysis/usecase"
)

func TestQueriesParse(t *testing.T) {
	all := usecase.All()
	if len(all) == 0 {
		t.Fatal("queries.sql does not parse")
	}
	seen := map[string]bool{}
	for _, u := range all {
		if seen[u.Title] {
			t.Errorf("%s is there twice", u.Title)
		}
		seen[u.Title] = true
		if !slices.Contains(u.Params, usecase.From) || !slices.Contains(u.Params, usecase.Until) {
			t.Errorf("%s takes no period", u.Title)
		}
		if strings.Contains(u.SQL, "Cost") && strings.Contains(u.SQL, "sum(") && !strings.Contains(u.SQL, "Currency") {
			t.Errorf("%s adds up money of several currencies", u.Title)
		}
	}
}

// TestEveryPublishedTitle holds the list against the titles that the FOCUS project publishes.
func TestEveryPublishedTitle(t *testing.T) {
	b, err := os.ReadFile(filepath.FromSlash("../../../shared/facts/focus-use-cases.tsv"))
	if err != nil {
		t.Skip("the published titles are not here: ", err)
	}
	var want, got []string
	for line := range strings.Lines(string(b)) {
		title, versions, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if title != "title" {
			want = append(want, title+": "+strings.NewReplacer("v", "", ",", " ").Replace(versions))
		}
	}
	for _, u := range usecase.All() {
		got = append(got, u.Title+": "+strings.Join(u.Versions, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-published +ours)\n%s", diff)
	}
}

func TestMain(m *testing.M) {
	if store.IsGuest(os.Args) {
		os.Exit(store.Guest(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// TestQueries runs every query over a bill that has something to show for each, and holds sums of it against the bill's own.
func TestQueries(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open(ctx, t.TempDir(), store.Limits{Guest: store.Self()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := ingest.Load(ctx, s, "testdata/bill.csv", ingest.Options{Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	for _, u := range usecase.All() {
		t.Run(u.Title, func(t *testing.T) {
			sql, params, err := u.Fill(map[string]string{usecase.From: "2026-10-01", usecase.Until: "2026-11-01"})
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := sn.AdHoc(ctx, sql, params, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Values) == 0 {
				t.Fatal("no rows")
			}
			for column, want := range totals[u.Title] {
				i := slices.Index(got.Columns, column)
				if i < 0 {
					t.Fatalf("no column %s among %v", column, got.Columns)
				}
				sum := decimal.Zero
				for _, row := range got.Values {
					switch v := row[i].(type) {
					case decimal.Decimal:
						sum = sum.Add(v)
					case int64:
						sum = sum.Add(decimal.NewFromInt(v))
					case string:
						sum = sum.Add(decimal.RequireFromString(v))
					}
				}
				if !sum.Equal(decimal.RequireFromString(want)) {
					t.Errorf("%s adds up to %s, the bill says %s\n%v", column, sum, want, got.Values)
				}
			}
			// Before the bill begins there is nothing, so the period is held.
			sql, params, _ = u.Fill(map[string]string{usecase.From: "2026-01-01", usecase.Until: "2026-02-01"})
			values := make([]any, len(params))
			for i, p := range params {
				values[i] = p
			}
			none, _, err := sn.Query(ctx, "January", "SELECT count(*) FROM (\n"+sql+"\n) AS q", values...) // here, not in a process for each
			if err != nil || none.Values[0][0] != int64(0) {
				t.Errorf("January: %v, %v", none, err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	for words, want := range map[string]string{
		"Analyze service costs by region":          "Analyze service costs by region",
		" analyze  SERVICE costs by region ":       "Analyze service costs by region",
		"verify accuracy of provider invoices":     "Verify accuracy of provider invoices", // a whole title before a part of another
		"credit memos":                             "Analyze credit memos",
		"effective savings rate":                   "",
		"what is love":                             "",
		"":                                         "",
		"determine effective savings rate":         "Determine Effective Savings Rate",
		"identify anomalous daily spending by sub": "",
	} {
		u, err := usecase.Find(words)
		if u.Title != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", words, u.Title, err, want)
		}
	}
}

func TestFill(t *testing.T) {
	u, err := usecase.Find("analyze tag coverage")
	if err != nil {
		t.Fatal(err)
	}
	sql, params, err := u.Fill(map[string]string{"from": "a", "until": "b", "tag": "it's"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"it's", "it's", "", "a", "b"}; !slices.Equal(params, want) || strings.Count(sql, "?") != len(want) || strings.Contains(sql, ":") {
		t.Errorf("%q in %s", params, sql)
	}
	if _, _, err := u.Fill(map[string]string{"colour": "red"}); err == nil || !strings.Contains(err.Error(), `takes no "colour"; it can be given tag, provider`) {
		t.Errorf("what it cannot be given: %v", err)
	}
}

// totals are sums over columns of the results, taken from the rows of testdata/bill.csv apart from any SQL.
var totals = map[string]map[string]string{
	"Understand the billing account or sub account entity":                      {"TotalBilledCost": "226.1"},
	"Identify sources of billed cost":                                           {"TotalBilledCost": "226.1"},
	"Analyze credit memos":                                                      {"TotalBilledCost": "-4"},
	"Verify accuracy of provider invoices aka invoice reconciliation":           {"TotalBilledCost": "226.1", "LineItems": "21"},
	"Calculate average rate of a component resource":                            {"ComponentQuantity": "1288"},
	"Quantify usage of a component resource":                                    {"ComponentQuantity": "1288"},
	"Calculate unit economics":                                                  {"TotalBilledCost": "1.8", "Quantity": "20", "CostPerUnit": "0.09"},
	"Calculate consumption of virtual currency within a billing period":         {"TotalPricingCurrencyEffectiveCost": "80"},
	"Determine target of virtual currency usage":                                {"TotalPricingCurrencyEffectiveCost": "80"},
	"Analyze effective cost by pricing currency":                                {"TotalPricingCurrencyEffectiveCost": "80", "TotalEffectiveCost": "8"},
	"Analyze purchase of virtual currency":                                      {"TotalPricingQuantity": "500", "TotalBilledCost": "50", "PricePerUnit": "0.1"},
	"Determine contracted savings by virtual currency":                          {"ContractedSavingsInPricingCurrency": "20", "ContractedSavingsInBillingCurrency": "2"},
	"Analyze tag coverage":                                                      {"TotalEffectiveCost": "189.6", "TaggedEffectiveCost": "164.6"},
	"Analyze the different metered costs for a particular SKU":                  {"TotalEffectiveCost": "157.4"},
	"Report costs by service category and subcategory":                          {"TotalBilledCost": "226.1"},
	"Analyze capacity reservations on compute costs":                            {"TotalBilledCost": "142.1", "TotalEffectiveCost": "142.1"},
	"Identify unused capacity reservations":                                     {"TotalBilledCost": "3"},
	"Report corrections by subaccount for a previously invoiced billing period": {"TotalBilledCost": "-1.5"},
	"Report recurring charges for commitment-based discounts over a period":     {"TotalBilledCost": "10"},
	"Analyze costs by service name":                                             {"TotalBilledCost": "226.1", "TotalEffectiveCost": "184.1"},
	"Report spending across billing periods for a provider by service category": {"TotalBilledCost": "226.1"},
	"Analyze service costs by region":                                           {"TotalEffectiveCost": "184.1"},
	"Report service costs by providers subaccount":                              {"TotalEffectiveCost": "184.1"},
	"Analyze service costs month over month":                                    {"TotalEffectiveCost": "184.1"},
	"Report application cost month over month":                                  {"TotalEffectiveCost": "184.1"},
	"Analyze costs of components of a resource":                                 {"TotalEffectiveCost": "142.1"},
	"Report costs by service category":                                          {"TotalBilledCost": "226.1"},
	"Report corrections for a previously invoiced billing period":               {"TotalBilledCost": "-1.5"},
	"Report effective cost of compute":                                          {"TotalEffectiveCost": "142.1"},
	"Report commitment discount purchases":                                      {"TotalBilledCost": "10"},
	"Determine Effective Savings Rate by Service":                               {"TotalListCost": "204.3", "TotalEffectiveCost": "185.9"},
	"Determine Effective Savings Rate":                                          {"TotalListCost": "204.3", "TotalEffectiveCost": "185.9"},
	"Analyze resource costs by SKU":                                             {"TotalEffectiveCost": "142.1"},
	"Analyze marketplace vendors costs":                                         {"TotalBilledCost": "30", "TotalEffectiveCost": "30"},
	"Analyze cost per compute service for a subaccount":                         {"TotalEffectiveCost": "142.1", "TotalPricingQuantity": "328"},
	"Analyze costs by availability zone for a subaccount":                       {"TotalEffectiveCost": "184.1"},
	"Identify anomalous daily spending by subaccount, region, and service":      {"DailyEffectiveCost": "184.1"},
	"Identify anomalous daily spending by subaccount and region":                {"DailyEffectiveCost": "184.1"},
	"Identify anomalous daily spending by subaccount":                           {"DailyEffectiveCost": "184.1"},
	"Update budgets for each application":                                       {"TotalBilledCost": "226.1"},
	"Update budgets with billed costs":                                          {"TotalBilledCost": "226.1"},
	"Report subaccounts by region":                                              {"LineItems": "21"},
	"Get historical usage and rates to enable cost forecasting":                 {"TotalEffectiveCost": "185.9"},
	"Forecast cashflow month over month based on historical trends by service":  {"TotalBilledCost": "226.1"},
	"Forecast amortized costs month over month based on historical trends":      {"TotalEffectiveCost": "184.1"},
	"Verify discount accuracy for previously invoiced billing period":           {"TotalListCost": "205.8", "TotalEffectiveCost": "187.4"},
	"Verify accuracy of services charges across providers":                      {"TotalBilledCost": "226.1"},
	"Verify accuracy of provider invoices":                                      {"TotalBilledCost": "226.1"},
	"Compare resource usage month over month":                                   {"TotalConsumedQuantity": "322"},
	"Analyze service costs by subaccount":                                       {"TotalEffectiveCost": "184.1"},
	"Identify unused commitments":                                               {"UnusedEffectiveCost": "2.5"},
	"Allocate multi-currency charges per application":                           {"TotalBilledCost": "226.1"},
	"Compare billed cost per subaccount to budget":                              {"TotalBilledCost": "226.1", "LeftOfBudget": "-226.1"},
}
