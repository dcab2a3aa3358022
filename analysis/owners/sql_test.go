package owners_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// What the bill is made of, and what rules are drawn from: names that try to be something other than data.
var (
	accounts = []string{"111", "222", "0333", `4'4`, "a_b", "a%b", "axb", `a\b`, ""}
	services = []string{"Compute", "Storage", `Net "work"`, "x'; DROP TABLE daily; --", "Küche", "a*b", "line\nbreak"}
	keys     = []string{"env", "Env", "ENV", "environment", "team", "Team", "cost-center", "CostCenter", "it's", "ключ", "k$[0]", "a.b"}
	values   = []string{"prod", "Production", "PRD", "payments", "search", `$."team"`, "", "日本", "x%' OR '1'='1", "{daily}", "?", "ünï", "tab\there"}
	days     = 40
	first    = analysis.Day(2026, time.September, 10)
)

// bill is a store of random rows with the values above, made once.
var bill = sync.OnceValues(func() (string, error) {
	root, err := os.MkdirTemp("", "spendbot-owners-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bill.csv")
	f, err := os.Create(path)
	if err != nil {
		return root, err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	rows := [][]string{{"BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "BilledCost",
		"EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "ProviderName", "PublisherName", "InvoiceIssuerName", "ServiceName", "ServiceCategory", "SubAccountId",
		"RegionId", "ResourceId", "Tags"}}
	for range 300 {
		day := first.AddDate(0, 0, r.IntN(days))
		month := analysis.MonthOf(day)
		tags := ""
		if r.IntN(4) > 0 {
			kv := map[string]string{}
			for range r.IntN(4) {
				kv[pick(keys)] = pick(values)
			}
			b, err := json.Marshal(kv)
			if err != nil {
				return root, err
			}
			tags = string(b)
		}
		cost := fmt.Sprintf("%d.%03d", r.IntN(200)-50, r.IntN(1000))
		const at = "2006-01-02T15:04:05Z"
		rows = append(rows, []string{"payer", month.Start.Format(at), month.End.Format(at), day.Format(at), day.AddDate(0, 0, 1).Format(at), "Usage", cost, cost, cost, cost, "USD",
			"AWS", "AWS", "AWS", pick(services), "Other", pick(accounts), pick([]string{"us-east-1", ""}), pick([]string{"i-1", "i-2", "i-'3'", ""}), tags})
	}
	if err := w.WriteAll(rows); err != nil {
		return root, err
	}
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(root, "store"), store.Limits{Threads: 1})
	if err != nil {
		return root, err
	}
	defer s.Close()
	_, err = ingest.Load(ctx, s, path, ingest.Options{})
	return root, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if root, _ := bill(); root != "" {
		os.RemoveAll(root)
	}
	os.Exit(code)
}

// snapshot opens the bill's store.
func snapshot(t testing.TB) *store.Snapshot {
	t.Helper()
	root, err := bill()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), filepath.Join(root, "store"), store.Limits{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(sn.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return sn
}

// draw draws a configuration over the bill's values.
func draw(t *rapid.T, lines bool) *owners.Config {
	pick := func(name string, from []string) string { return rapid.SampledFrom(from).Draw(t, name) }
	teams := []string{"payments", "search", "it's", "日本"}
	c := &owners.Config{Tags: map[owners.Attribute]string{}, Teams: map[string]owners.Owner{}, Groups: map[string]owners.Group{}}
	if rapid.Bool().Draw(t, "normalise") {
		c.Keys = append(c.Keys, owners.Key{Name: "environment", Also: []string{"env"}, Values: []owners.Value{{Name: "production", Also: []string{"production", "prod", "prd"}}}},
			owners.Key{Name: "cost-center", Also: []string{"costcenter"}})
	}
	if rapid.Bool().Draw(t, "teams") {
		c.Groups["g"] = owners.Group{Parent: "h"}
		c.Groups["h"] = owners.Group{BusinessUnit: "b'u"}
		for _, n := range teams {
			o := owners.Owner{Sets: map[owners.Attribute]string{}}
			if rapid.Bool().Draw(t, "grouped") {
				o.Group = "g"
			}
			if rapid.Bool().Draw(t, "own cost centre") {
				o.Sets[owners.CostCentre] = "CC of " + n
			}
			c.Teams[n] = o
		}
	}
	for _, a := range []owners.Attribute{owners.Team, owners.Environment, owners.CostCentre} {
		if rapid.Bool().Draw(t, "by tag") {
			c.Tags[a] = pick("tag", append([]string{"environment", "cost-center"}, keys...))
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
		r := owners.Rule{Name: fmt.Sprint(i), Match: match(t, lines, 2), Sets: map[owners.Attribute]string{}}
		for range rapid.IntRange(1, 3).Draw(t, "sets") {
			a := rapid.SampledFrom([]owners.Attribute{owners.Team, owners.Team, owners.CostCentre, owners.Environment, owners.Product}).Draw(t, "attribute")
			r.Sets[a] = pick("value", teams)
		}
		if rapid.Bool().Draw(t, "dated") {
			r.From = first.AddDate(0, 0, rapid.IntRange(-5, days+5).Draw(t, "from"))
		}
		if rapid.Bool().Draw(t, "ends") {
			r.Until = first.AddDate(0, 0, rapid.IntRange(-4, days+6).Draw(t, "until"))
			if !r.Until.After(r.From) {
				r.Until = r.From.AddDate(0, 0, 1)
			}
		}
		c.Rules = append(c.Rules, r)
	}
	return c
}

func match(t *rapid.T, lines bool, depth int) owners.Match {
	form := 0
	if depth > 0 {
		form = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "form")
	}
	list := func() []owners.Match {
		out := []owners.Match{}
		for range rapid.IntRange(min(form, 2)-1, 3).Draw(t, "parts") { // any of none is refused
			out = append(out, match(t, lines, depth-1))
		}
		return out
	}
	switch form {
	case 1:
		return owners.Match{All: list()}
	case 2:
		return owners.Match{Any: list()}
	case 3:
		m := match(t, lines, depth-1)
		return owners.Match{Not: &m}
	}
	f := owners.Field{Op: rapid.SampledFrom([]owners.Op{owners.Exact, owners.Exact, owners.Glob, owners.Regex}).Draw(t, "op")}
	fields := map[string][]string{"SubAccountId": accounts, "ServiceName": services, "RegionId": {"us-east-1", ""}}
	if lines {
		fields["ResourceId"] = []string{"i-1", "i-'3'", ""}
	}
	from := values
	if rapid.Bool().Draw(t, "column") {
		f.Column = rapid.SampledFrom(sortedKeys(fields)).Draw(t, "which column")
		from = fields[f.Column]
	} else {
		f.Tag = rapid.SampledFrom(append([]string{"environment", "cost-center"}, keys...)).Draw(t, "which tag")
	}
	from = slices.DeleteFunc(slices.Clone(from), func(s string) bool { return strings.ContainsAny(s, "\t\n") }) // a file may not hold them; rows do
	f.Text = rapid.SampledFrom(from).Draw(t, "text")
	switch f.Op {
	case owners.Glob:
		runes := []rune(f.Text)
		for i := range runes {
			if rapid.IntRange(0, 3).Draw(t, "wild") == 0 {
				runes[i] = rapid.SampledFrom([]rune{'*', '?'}).Draw(t, "wildcard")
			}
		}
		f.Text = string(runes)
		if rapid.Bool().Draw(t, "open end") {
			f.Text += "*"
		}
	case owners.Regex:
		f.Text = rapid.SampledFrom([]string{"^p", "o", "[[:alpha:]]+$", "(?i)PROD", "^.$", "'", "^$", `\bOR\b`, "a.b", "[^a-z]", ".", `\pL{2}`, "e.b", "x|pay"}).Draw(t, "pattern")
	}
	if err := f.Compile(); err != nil {
		t.Fatal(err)
	}
	return owners.Match{Field: &f}
}

func sortedKeys(m map[string][]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// drawBook draws one to three versions, which begin on days of the bill.
func drawBook(t *rapid.T, lines bool) *owners.Book {
	var vs []*owners.Version
	for i := range rapid.IntRange(1, 3).Draw(t, "versions") {
		v := &owners.Version{Number: i + 1, Config: draw(t, lines)}
		if i > 0 {
			v.From = first.AddDate(0, 0, rapid.IntRange(-2, days+2).Draw(t, "in force from"))
		}
		vs = append(vs, v)
	}
	b := owners.NewBook(vs...)
	if rapid.IntRange(0, 3).Draw(t, "as of one day") == 0 {
		b = b.Current(first.AddDate(0, 0, rapid.IntRange(-5, days+5).Draw(t, "as of")))
	}
	return b
}

// TestOwnersAreTotal: for random rules every row has exactly one team, no row is lost or doubled, and SQL says of every row what
// Go says.
func TestOwnersAreTotal(t *testing.T) {
	ctx := context.Background()
	sn := snapshot(t)
	cols := []string{"SubAccountId", "ServiceName", "RegionId", "ResourceId"}
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.Bool().Draw(t, "over resources")
		b := drawBook(t, lines)
		if got := len(b.NeedsLines(nil)) > 0; got && !lines {
			t.Fatalf("the rollup would not do: %q", b.NeedsLines(nil))
		}
		sight, err := sn.SeenThrough(nil, query.Lens{}.Over(b.Layer(lines)))
		if err != nil {
			t.Fatal(err)
		}
		table, day := query.Charges, query.Charges.Day()
		var names []string
		for _, d := range analysis.OwnerDimensions {
			names = append(names, d.Column())
		}
		rows, _, err := sight.Query(ctx, "rows", query.F("SELECT "+strings.Join(cols, ", ")+", Tags, "+day+" AS day, EffectiveCost, "+strings.Join(names, ", ")+" FROM "+string(table)))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Values) != 300 {
			t.Fatalf("%d rows of 300", len(rows.Values))
		}
		for _, r := range rows.Values {
			row := owners.Row{Columns: map[string]string{}, Tags: map[string]string{}, Day: r[len(cols)+1].(time.Time)}
			for i, c := range cols {
				row.Columns[c], _ = r[i].(string)
			}
			if s, ok := r[len(cols)].(string); ok {
				if err := json.Unmarshal([]byte(s), &row.Tags); err != nil {
					t.Fatal(err)
				}
			}
			v := b.Judge(row)
			for i, d := range analysis.OwnerDimensions {
				got, ok := r[len(cols)+3+i].(string)
				if want := v.Of(d); !ok || got != want {
					t.Fatalf("%s of %+v: SQL says %q, Go %q", d, row, r[len(cols)+3+i], want)
				}
			}
			if v.Decisions[owners.Team].Value == "" {
				t.Fatalf("no team for %+v", row)
			}
		}
		if rapid.Bool().Draw(t, "the line items alone") {
			return
		}
		// The rollup says the same: the same money per team and day.
		per := func(t2 query.Table) *store.Rows {
			rows, _, err := sight.Query(ctx, "teams", query.F("SELECT x_Team, x_CostCentre, x_BusinessUnit, CAST("+t2.Day()+" AS DATE) AS d, sum(EffectiveCost) AS c, CAST(sum("+t2.Rows()+") AS BIGINT) AS n FROM "+string(t2)+" GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"))
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		daily, charges := per(query.Daily), per(query.Charges)
		if a, b := fmt.Sprint(daily.Values), fmt.Sprint(charges.Values); a != b {
			t.Fatalf("the rollup differs:\n%s\n%s", a, b)
		}
	})
}

// TestPatterns: globs and regular expressions find the same in SQL as in Go, whatever stands for itself in one and not in the other.
func TestPatterns(t *testing.T) {
	ctx := context.Background()
	sn := snapshot(t)
	for _, f := range []owners.Field{
		{Op: owners.Glob, Text: "a%b*"}, {Op: owners.Glob, Text: "a_b*"}, {Op: owners.Glob, Text: "a?b"}, {Op: owners.Glob, Text: `a\b*`}, {Op: owners.Glob, Text: `*\*`},
		{Op: owners.Glob, Text: "*'*"}, {Op: owners.Glob, Text: "*"}, {Op: owners.Glob, Text: "?*"}, {Op: owners.Regex, Text: "a.b"}, {Op: owners.Regex, Text: `a\\b`},
		{Op: owners.Regex, Text: "^$"}, {Op: owners.Regex, Text: "[%_]"}, {Op: owners.Regex, Text: "3'?3"}, {Op: owners.Exact, Text: "a_b"}, {Op: owners.Exact, Text: ""},
	} {
		f.Column = "SubAccountId"
		if err := f.Compile(); err != nil {
			t.Fatal(err)
		}
		b := owners.NewBook(&owners.Version{Config: &owners.Config{Rules: []owners.Rule{{Match: owners.Match{Field: &f}, Sets: map[owners.Attribute]string{owners.Team: "t"}}}}})
		sight, err := sn.SeenThrough(nil, query.Lens{}.Over(b.Layer(false)))
		if err != nil {
			t.Fatal(err)
		}
		rows, _, err := sight.Query(ctx, "accounts", query.F("SELECT DISTINCT SubAccountId, x_Team FROM {daily} ORDER BY 1, 2"))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Values) != len(accounts) {
			t.Errorf("%q: %d accounts of %d", f.Text, len(rows.Values), len(accounts))
		}
		for _, r := range rows.Values {
			account, _ := r[0].(string)
			want := b.Judge(owners.Row{Columns: map[string]string{"SubAccountId": account}, Day: first}).Of(analysis.DimTeam)
			if r[1] != any(want) {
				t.Errorf("%q on %q: SQL says %s, Go %s", f.Text, account, r[1], want)
			}
		}
	}
}
