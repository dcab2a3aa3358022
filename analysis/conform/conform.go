package conform

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/focus"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Result is how a rule came out.
type Result struct {
	Rule    string  `json:"rule"`
	Column  string  `json:"column,omitempty"`
	Level   Level   `json:"level"`
	Words   string  `json:"words"`
	Outcome Outcome `json:"outcome"`
	Rows    int64   `json:"rows"`              // that break it; for a column that is missing, all
	Example string  `json:"example,omitempty"` // one of them
	SQL     string  `json:"sql,omitempty"`     // the query that counts them; none for what the header says
}

// Outcome is whether a rule is kept.
type Outcome string

// The outcomes.
const (
	Passed        Outcome = "passed"
	Failed        Outcome = "failed"
	NotApplicable Outcome = "not applicable" // the column is not there, which another rule is about or nobody asks for
)

// Score is how many of a level's rules that apply are kept.
type Score struct {
	Level  Level `json:"level"`
	Passed int   `json:"passed"`
	Of     int   `json:"of"`
}

// Report is what was measured.
type Report struct {
	Of      string                `json:"of"` // a file's name, or "the store"
	Version string                `json:"version"`
	Rows    int64                 `json:"rows"`
	Scores  []Score               `json:"scores"`
	Results []Result              `json:"results"`
	Queries []analysis.QueryTrace `json:"queries"`
}

// Options say what is measured.
type Options struct {
	Version string          // DefaultVersion where empty
	Months  analysis.Period // invoice months; zero is all
	Filters []analysis.Filter
}

// asker runs a query over {charges}.
type asker func(ctx context.Context, name string, f query.Fragment) (*store.Rows, error)

// perQuery is how many rules are counted in one pass over the rows.
const perQuery = 40

// example says which row it is, in columns that every file has, as text.
const example = `concat(CASE WHEN ChargePeriodStart IS NULL THEN '' ELSE concat(CAST(ChargePeriodStart AS VARCHAR), ', ') END, CASE WHEN ServiceName IS NULL THEN '' ELSE concat(ServiceName, ', ') END,
  CASE WHEN ChargeCategory IS NULL THEN '' ELSE ChargeCategory END, CASE WHEN BilledCost IS NULL THEN '' ELSE concat(', billed ', CAST(BilledCost AS VARCHAR)) END)`

// Store measures a snapshot's line items, as a sight lets see them.
func Store(ctx context.Context, sight *store.Sight, o Options) (*Report, error) {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	rules, err := Rules(o.Version)
	if err != nil {
		return nil, err
	}
	where, err := query.Where(o.Filters)
	if err != nil {
		return nil, err
	}
	if !o.Months.IsZero() {
		where = query.Join(" AND ", where, query.F("BillingPeriodStart >= CAST(? AS TIMESTAMP) AND BillingPeriodStart < CAST(? AS TIMESTAMP)",
			o.Months.Start.Format(analysis.DateLayout), o.Months.End.Format(analysis.DateLayout)))
	}
	r := &Report{Of: "the store", Version: o.Version, Results: []Result{}, Queries: []analysis.QueryTrace{}}
	ask := func(ctx context.Context, name string, f query.Fragment) (*store.Rows, error) {
		rows, tr, err := sight.Query(ctx, name, f)
		if err == nil {
			r.Queries = append(r.Queries, tr)
		}
		return rows, err
	}
	var counted []Rule
	for _, rule := range rules {
		if !slices.Contains(ofFiles, rule.Condition) {
			rule.Condition = stored(rule.Condition)
			counted = append(counted, rule)
		}
	}
	return r, r.measure(ctx, ask, counted, where, func(name string) string { return "" })
}

// measure counts the rows that break each rule, then looks at one of each that some do. raw is the name of the column with a value as it
// was written, empty where there is none.
func (r *Report) measure(ctx context.Context, ask asker, rules []Rule, where query.Fragment, raw func(column string) string) error {
	for from := 0; from < len(rules); from += perQuery {
		some := rules[from:min(from+perQuery, len(rules))]
		var b strings.Builder
		b.WriteString("SELECT CAST(count(*) AS BIGINT) AS line_items")
		for i, rule := range some {
			fmt.Fprintf(&b, ",\n  CAST(count(*) FILTER (WHERE %s) AS BIGINT) AS r%d", rule.Condition, i)
		}
		f := query.Join("", query.F(b.String()+"\nFROM {charges} WHERE "), where)
		rows, err := ask(ctx, fmt.Sprintf("rows that break rules %d to %d", from+1, from+len(some)), f)
		if err != nil {
			return err
		}
		r.Rows, _ = rows.Values[0][0].(int64)
		for i, rule := range some {
			n, _ := rows.Values[0][1+i].(int64)
			res := Result{Rule: rule.ID, Column: rule.Column, Level: rule.Level, Words: rule.Words, Rows: n, Outcome: Passed}
			one := query.Join("", query.F("SELECT CAST(count(*) AS BIGINT) AS line_items, min("+exampleOf(rule, raw)+") AS example FROM {charges} WHERE "), where, query.F(" AND ("+rule.Condition+")"))
			res.SQL = one.SQL
			if n > 0 {
				res.Outcome = Failed
				found, err := ask(ctx, rule.ID, one)
				if err != nil {
					return err
				}
				res.Example, _ = found.Values[0][1].(string)
				res.Example = clip(strings.TrimPrefix(res.Example, ", "))
			}
			r.Results = append(r.Results, res)
		}
	}
	r.score()
	return nil
}

// exampleOf tells a row by the value that is wrong, and where it stands.
func exampleOf(rule Rule, raw func(string) string) string {
	if c := raw(rule.Column); c != "" {
		return "concat(CASE WHEN " + c + " IS NULL THEN '' ELSE concat('\"', " + c + ", '\", ') END, " + example + ")"
	}
	return example
}

const longestExample = 160

// noughts are what a DECIMAL's text has after the last digit that says something.
var noughts = regexp.MustCompile(`(\.[0-9]*?)0+(,|$)`)

// midnight is a row's time where it says no more than its day; a value that is wrong is in quotation marks, and stays.
var midnight = regexp.MustCompile(`(^|, )(\d{4}-\d{2}-\d{2})[ T]00:00:00Z?,`)

func clip(s string) string {
	s = midnight.ReplaceAllString(s, "$1$2,")
	s = noughts.ReplaceAllString(s, "$1$2")
	s = strings.TrimSuffix(s, ".")
	if r := []rune(s); len(r) > longestExample {
		return string(r[:longestExample]) + "…"
	}
	return s
}

func (r *Report) score() {
	r.Scores = []Score{}
	for _, l := range Levels {
		s := Score{Level: l}
		for _, res := range r.Results {
			if res.Level != l || res.Outcome == NotApplicable {
				continue
			}
			s.Of++
			if res.Outcome == Passed {
				s.Passed++
			}
		}
		if s.Of > 0 {
			r.Scores = append(r.Scores, s)
		}
	}
}

// Failed are the rules that are not kept, the strictest level first.
func (r *Report) Failed() []Result {
	var out []Result
	for _, l := range Levels {
		for _, res := range r.Results {
			if res.Level == l && res.Outcome == Failed {
				out = append(out, res)
			}
		}
	}
	return out
}

// Tell puts the report into an answer.
func (r *Report) Tell(a *analysis.Answer) {
	a.Trace.Queries = append(a.Trace.Queries, r.Queries...)
	a.Currency = ""
	passed, of := 0, 0
	scores := &analysis.Table{Columns: []analysis.Column{{Name: "level", Label: "feature level", Kind: analysis.ColText}, {Name: "passed", Label: "rules kept", Kind: analysis.ColNumber},
		{Name: "of", Label: "of", Kind: analysis.ColNumber}, {Name: "share", Label: "share", Kind: analysis.ColPercent}}}
	for _, s := range r.Scores {
		passed, of = passed+s.Passed, of+s.Of
		p, n := decimal.NewFromInt(int64(s.Passed)), decimal.NewFromInt(int64(s.Of))
		share := p.DivRound(n, 6)
		scores.Rows = append(scores.Rows, analysis.Row{Cells: []analysis.Cell{{Text: string(s.Level)}, {Amount: &p}, {Amount: &n}, {Amount: &share}}})
	}
	what := strings.ToUpper(r.Of[:1]) + r.Of[1:]
	if r.Of != "the store" {
		what = r.Of
	}
	if r.Rows == 0 {
		a.Headline = what + " has no row to measure against FOCUS " + r.Version + "."
	} else {
		a.Headline = fmt.Sprintf("%s keeps %d of %d rules of FOCUS %s that apply to it.", what, passed, of, r.Version)
	}
	if r.Rows == 0 && r.Of == "the store" {
		return
	}
	a.Parts = append(a.Parts, analysis.Part{Table: scores})
	t := &analysis.Table{Columns: []analysis.Column{{Name: "rule", Label: "rule that is broken", Kind: analysis.ColText}, {Name: "level", Label: "level", Kind: analysis.ColText},
		{Name: "rows", Label: "rows", Kind: analysis.ColNumber}, {Name: "words", Label: "what should hold", Kind: analysis.ColText}, {Name: "example", Label: "for example", Kind: analysis.ColText}}}
	for _, res := range r.Failed() {
		n := decimal.NewFromInt(res.Rows)
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: res.Rule}, {Text: string(res.Level)}, {Amount: &n}, {Text: res.Words}, {Text: res.Example}}})
	}
	if len(t.Rows) > 0 {
		a.Parts = append(a.Parts, analysis.Part{Table: t})
	}
	if r.Of == "the store" {
		a.Caveats = append(a.Caveats, "types, dates, letter cases and names that exports leave out are put in order when a bill is loaded: `spendbot conform FILE` measures an export as it is")
	}
}

// versionOf is the version a header is of; DefaultVersion where it does not tell.
func versionOf(names []string) string {
	v, _, _, _ := focus.DetectVersion(names)
	if !slices.Contains(Versions(), v) {
		return DefaultVersion
	}
	return v
}
