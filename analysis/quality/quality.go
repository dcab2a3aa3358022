package quality

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

// Verdict is how a check came out.
type Verdict string

// The verdicts.
const (
	OK   Verdict = "ok"
	Look Verdict = "look"
	Bad  Verdict = "bad"
)

// Result is a check's outcome: of the provider and currency where it is worst, with what was found everywhere.
type Result struct {
	Check     string    `json:"check"`
	Meaning   string    `json:"meaning"`
	Threshold string    `json:"threshold"`
	Verdict   Verdict   `json:"verdict"`
	Rows      int64     `json:"rows"`    // line items it is about; days, of missing days
	Of        int64     `json:"of"`      // that were looked at
	Found     []Finding `json:"found"`   // per provider and currency, those with any
	Example   string    `json:"example"` // empty where there is nothing wrong
	SQL       string    `json:"sql"`
}

// Finding is what was found of a provider's bill in a currency.
type Finding struct {
	Provider string           `json:"provider"`
	Currency string           `json:"currency"`
	Rows     int64            `json:"rows"`
	Of       int64            `json:"of"`
	Billed   *analysis.Amount `json:"billed"` // nil where it is about no money
	Example  string           `json:"example"`
}

// Report is what all checks found.
type Report struct {
	Months  analysis.Period       `json:"months"`
	Results []Result              `json:"results"`
	Queries []analysis.QueryTrace `json:"queries"`
	// Halves are bills of which one of two views is loaded.
	Halves []store.Half `json:"halves,omitempty"`
}

// Options say what is looked at.
type Options struct {
	Months analysis.Period // invoice months; zero is all
	// Filters keep to some of the rows.
	Filters []analysis.Filter
	// Loads tell which days came late, newest first; nil leaves that out.
	Loads []store.Load
}

func fillRow(wrong, example string) string {
	return strings.NewReplacer("{wrong}", wrong, "{example}", example).Replace(rowsSQL)
}

// Run carries out every check.
func Run(ctx context.Context, sight *store.Sight, o Options) (*Report, error) {
	r := &Report{Months: o.Months, Results: []Result{}}
	where, err := query.Where(o.Filters)
	if err != nil {
		return nil, err
	}
	months := query.Join(" AND ", query.F("("+where.SQL+")", where.Params...), query.F("true"))
	if !o.Months.IsZero() {
		months = query.Join(" AND ", months, query.F("BillingPeriodStart >= CAST(? AS TIMESTAMP) AND BillingPeriodStart < CAST(? AS TIMESTAMP)",
			o.Months.Start.Format(analysis.DateLayout), o.Months.End.Format(analysis.DateLayout)))
	}
	for _, h := range store.HalvesInForce(o.Loads) {
		if m, err := time.Parse("2006-01", h.Month); o.Months.IsZero() || err == nil && o.Months.Contains(m) {
			r.Halves = append(r.Halves, h)
		}
	}
	late := Late(o.Loads)
	for _, c := range Checks {
		if o.Loads == nil && strings.Contains(c.SQL, "{late}") {
			continue
		}
		rows, tr, err := sight.Query(ctx, c.Name, query.Fill(c.SQL, map[string]query.Fragment{"months": months, "late": isLate(late)}))
		if err != nil {
			return nil, err
		}
		r.Queries = append(r.Queries, tr)
		r.Results = append(r.Results, c.result(rows.Values, tr.SQL))
	}
	return r, nil
}

// result judges a check by the provider and currency where the share is largest.
func (c Check) result(rows [][]any, sql string) Result {
	out := Result{Check: c.Name, Meaning: c.Meaning, Threshold: c.Threshold(), Verdict: OK, Found: []Finding{}, SQL: sql}
	worst := -1.0
	for _, row := range rows {
		f := Finding{}
		f.Provider, _ = row[0].(string)
		f.Currency, _ = row[1].(string)
		f.Rows, _ = row[2].(int64)
		f.Of, _ = row[4].(int64)
		f.Example, _ = row[5].(string)
		if d, ok := row[3].(decimal.Decimal); ok {
			f.Billed = &d
		}
		out.Of += f.Of
		if f.Rows == 0 {
			continue
		}
		out.Rows += f.Rows
		out.Found = append(out.Found, f)
		if share := float64(f.Rows) / float64(max(f.Of, 1)); share > worst {
			worst, out.Example = share, strings.TrimSpace(f.Provider+": "+f.Example)
			out.Verdict = c.verdict(share)
		}
	}
	return out
}

// verdict judges a share above 0.
func (c Check) verdict(share float64) Verdict {
	switch {
	case share <= 0:
		return OK
	case share >= c.Bad:
		return Bad
	case share >= c.Look:
		return Look
	}
	return OK
}

// Threshold says from when on a check says look and bad, and why from there: "look from the first, bad from 5% of a provider's line items
// (source)".
func (c Check) Threshold() string {
	return fmt.Sprintf("%s of a provider's line items (%s)", c.Words(), c.Source)
}

// Words are the thresholds alone: "look from the first one on, bad from 5% on".
func (c Check) Words() string { return "look " + from(c.Look) + ", bad " + from(c.Bad) }

func from(share float64) string {
	if share == 0 {
		return "from the first one on"
	}
	return "from " + strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", 100*share), "0"), ".") + "% on"
}

// LateAfter is how old a day is when it should not change any more, in days; LateBy is by what share it may.
const (
	LateAfter = 3
	LateBy    = 0.01
)

// LateDay is a provider's day that changed late.
type LateDay struct {
	Provider string
	Day      time.Time
}

// Late finds the days that changed between two loads though they were older than [LateAfter] days at the first, in the records that the loads
// keep of the latest days.
func Late(loads []store.Load) []LateDay {
	type at struct {
		provider, currency string
		day                time.Time
	}
	type fill struct {
		rows int64
		cost decimal.Decimal
	}
	old := map[at]fill{}
	by := decimal.NewFromFloat(LateBy)
	var out []LateDay
	for i := len(loads) - 1; i >= 0; i-- {
		for _, a := range loads[i].Arrived {
			for d := range min(len(a.Rows), len(a.Cost)) {
				k, now := at{a.Provider, a.Currency, a.Day(d)}, fill{a.Rows[d], a.Cost[d]}
				if before, ok := old[k]; ok {
					moved := decimal.NewFromInt(now.rows-before.rows).Abs().GreaterThan(by.Mul(decimal.NewFromInt(before.rows))) ||
						now.cost.Sub(before.cost).Abs().GreaterThan(by.Mul(before.cost.Abs()))
					if l := (LateDay{a.Provider, k.day}); moved && !slices.Contains(out, l) {
						out = append(out, l)
					}
				}
				if analysis.DayOf(loads[i].At).Sub(k.day) > LateAfter*24*time.Hour {
					old[k] = now
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b LateDay) int {
		if c := a.Day.Compare(b.Day); c != 0 {
			return c
		}
		return strings.Compare(a.Provider, b.Provider)
	})
	return out
}

// mostLate bounds the days a query names.
const mostLate = 400

func isLate(days []LateDay) query.Fragment {
	out := query.F("false")
	for _, d := range days[:min(len(days), mostLate)] {
		out = query.Join(" OR ", out, query.F("ServiceProviderName = ? AND ChargeDate = CAST(? AS DATE)", d.Provider, d.Day.Format(analysis.DateLayout)))
	}
	return query.F("("+out.SQL+")", out.Params...)
}

// Tell puts the report into an answer.
func (r *Report) Tell(a *analysis.Answer) {
	a.Trace.Queries = append(a.Trace.Queries, r.Queries...)
	a.Headline = r.headline()
	a.Currency = ""
	t := &analysis.Table{Columns: []analysis.Column{{Name: "check", Label: "check", Kind: analysis.ColText}, {Name: "verdict", Label: "verdict", Kind: analysis.ColText},
		{Name: "rows", Label: "rows", Kind: analysis.ColNumber}, {Name: "of", Label: "of", Kind: analysis.ColNumber}, {Name: "billed", Label: "billed", Kind: analysis.ColText}, {Name: "example", Label: "for example", Kind: analysis.ColText}}}
	var bad []string
	for _, res := range r.Results {
		n, of := decimal.NewFromInt(res.Rows), decimal.NewFromInt(res.Of)
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: res.Check}, {Text: string(res.Verdict)}, {Amount: &n}, {Amount: &of}, {Text: res.money()}, {Text: res.Example}}})
		if res.Verdict != OK {
			bad = append(bad, strings.ToUpper(res.Check[:1])+res.Check[1:]+": "+res.Meaning+" Judged: "+res.Threshold+".")
		}
	}
	if r.empty() {
		return
	}
	for _, h := range r.Halves {
		a.Caveats = append(a.Caveats, h.String())
	}
	a.Parts = append(a.Parts, analysis.Part{Table: t})
	for _, s := range bad {
		a.Parts = append(a.Parts, analysis.Part{Text: s})
	}
}

func (r *Report) empty() bool {
	return !slices.ContainsFunc(r.Results, func(res Result) bool { return res.Of > 0 })
}

func (r *Report) headline() string {
	span := "The bills"
	if !r.Months.IsZero() {
		span = "The bills of " + r.Months.Start.Format("January 2006")
		if !r.Months.IsWholeMonth() {
			span += " to " + r.Months.Last().Format("January 2006")
		}
	}
	if r.empty() {
		return span + ": there are none to check."
	}
	deserve := func(n int) string {
		if n == 1 {
			return "1 deserves a look"
		}
		return fmt.Sprintf("%d deserve a look", n)
	}
	n := map[Verdict]int{}
	var worst []string
	for _, res := range r.Results {
		n[res.Verdict]++
		if res.Verdict == Bad {
			worst = append(worst, res.Check)
		}
	}
	switch {
	case n[Bad] > 0:
		return fmt.Sprintf("%s: of %d checks %d came out bad (%s); %s, %d are ok.", span, len(r.Results), n[Bad], strings.Join(worst, ", "), deserve(n[Look]), n[OK])
	case n[Look] > 0:
		return fmt.Sprintf("%s: of %d checks %s, %d are ok.", span, len(r.Results), deserve(n[Look]), n[OK])
	}
	return fmt.Sprintf("%s: all %d checks are ok.", span, len(r.Results))
}

// money is what a result is about, per currency.
func (r Result) money() string {
	sums := map[string]analysis.Amount{}
	var order []string
	for _, f := range r.Found {
		if f.Billed == nil {
			continue
		}
		if _, ok := sums[f.Currency]; !ok {
			order = append(order, f.Currency)
		}
		sums[f.Currency] = sums[f.Currency].Add(*f.Billed)
	}
	var out []string
	for _, cur := range order {
		out = append(out, render.MoneyExact(sums[cur], cur))
	}
	return strings.Join(out, ", ")
}
