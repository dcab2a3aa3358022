// Package reply carries out a plan: it runs the plan's queries on a snapshot and makes the answer, with its trace. One file
// per kind of question; this one is the common part.
package reply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/ask"
	"spendbot/analysis/event"
	"spendbot/analysis/explain"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/reconcile"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// Replier answers plans on one snapshot.
type Replier struct {
	Snapshot *store.Snapshot
	// Lens is what the snapshot is looked at through.
	Lens query.Lens
	// Survey is of what the plan's scope lets see through the lens: [survey.Through].
	Survey *survey.Survey
	// Reader reads questions over the same vocabulary. With it, every next question that an answer offers is known to be read
	// as what its label says; nil takes them unchecked.
	Reader *ask.Reader
	Now    time.Time
	// Previous is the answer a question like "how did you get that number?" is about; nil when there is none.
	Previous *analysis.Answer
	// Rules are how shared costs are split; nil splits none.
	Rules *allocation.Rules
	// Invoices are totals to reconcile with, and Loads the records of the loads that the snapshot was made from, newest first. Both
	// are of whole accounts and feeds, and shown to nobody with a scope.
	Invoices []reconcile.Invoice
	Loads    []store.Load
	// Events gives what was done to the systems behind the bill; nil where nobody keeps that.
	Events event.Source
	// Owners are the rules of who owns what; nil where there are none.
	Owners *owners.Book
	// Watch is what anomalies are looked for with; its zero value has the default floors and tells nobody.
	Watch Watch
}

// Answer carries out a plan. The id is given by the caller, who also keeps the answer.
func (r *Replier) Answer(ctx context.Context, id, question string, plan analysis.Plan) (*analysis.Answer, error) {
	begin := time.Now()
	w := &work{survey: r.Survey, reader: r.Reader, now: r.Now, previous: r.Previous, plan: plan, invoices: r.Invoices, loads: r.Loads, source: r.Events, a: &analysis.Answer{ID: id, Asked: r.Now.UTC(), Question: question, Caveats: []string{},
		Trace: analysis.Trace{Queries: []analysis.QueryTrace{}}}}
	w.rules, w.watch, w.book = r.Rules, r.Watch, r.Owners
	if err := w.confine(); err != nil {
		return nil, fmt.Errorf("answer %q: %w", question, err)
	}
	w.a.Reading = w.plan
	if r.Snapshot != nil {
		w.a.Trace.Snapshot, w.a.Trace.ChargesSnapshot = r.Snapshot.ID, r.Snapshot.ChargesID
	}
	if w.a.Currency = plan.Currency; w.a.Currency == "" && r.Survey != nil {
		w.a.Currency = r.Survey.MainCurrency()
	}
	if sn := r.Snapshot; sn != nil {
		if !plan.Current.IsZero() && !allDays(plan) && plan.Topic != ChargebackTopic {
			sn = sn.Between(span(plan))
		}
		lens := ShowbackLens(plan, r.Lens)
		if plan.Intent == analysis.Trust || plan.Topic == mismatchTopic && plan.Currency == "" { // consoles show what is billed
			lens = asBilled(lens)
		}
		var err error
		if w.sight, err = sn.SeenThrough(plan.Scope, lens); err != nil {
			return nil, fmt.Errorf("answer %q: %w", question, err)
		}
	}
	if err := w.carryOut(ctx); err != nil {
		return nil, fmt.Errorf("answer %q: %w", question, err)
	}
	if err := w.events(ctx); err != nil {
		return nil, fmt.Errorf("answer %q: %w", question, err)
	}
	w.layers()
	w.next()
	w.a.Trace.MS = float64(time.Since(begin).Microseconds()) / 1000
	return w.a, nil
}

// layers says what the numbers were looked at through, where something was added to the bill or put in the place of it.
func (w *work) layers() {
	if w.sight == nil {
		return
	}
	for _, y := range w.sight.Used() {
		if y.Name != "" {
			w.caveat("%s", y.Name)
		}
	}
}

// span is the days that a plan's queries look at: its periods, and where the baseline is short the weeks before, that onsets are judged by.
func span(p analysis.Plan) (start, end time.Time) {
	periods := append([]analysis.Period{p.Current}, p.Windows...)
	if p.Baseline != nil {
		periods = append(periods, *p.Baseline)
	}
	start, end = p.Current.Start, p.Current.End
	for _, q := range periods {
		if q.Start.Before(start) {
			start = q.Start
		}
		if q.End.After(end) {
			end = q.End
		}
	}
	if b := p.Baseline; p.Intent == analysis.ExplainChange && b != nil && b.Days() < explain.HistoryDays {
		if history := b.End.AddDate(0, 0, -explain.HistoryDays); history.Before(start) {
			start = history
		}
	}
	return start, end
}

// work is one answer in the making. It sees the snapshot through the asker's eyes only.
type work struct {
	sight    *store.Sight
	survey   *survey.Survey
	reader   *ask.Reader
	now      time.Time
	previous *analysis.Answer
	rules    *allocation.Rules
	watch    Watch
	book     *owners.Book
	invoices []reconcile.Invoice
	loads    []store.Load
	source   event.Source
	plan     analysis.Plan
	a        *analysis.Answer
	beyond   bool  // the filters ask for nothing that the scope holds
	found    int   // groups that the sums found, over all of them
	unknown  int64 // line items whose cost the bill does not say
	cutoffs  []query.Cutoff
}

func (w *work) carryOut(ctx context.Context) error {
	switch w.plan.Intent {
	case analysis.Ambiguous:
		if c := w.plan.Clarify; c != nil {
			w.a.Headline = c.Question
		}
		return nil
	case analysis.OutOfScope:
		return w.outOfScope()
	case analysis.Provenance:
		return w.provenance()
	}
	w.through()
	if w.scoped() && (w.beyond || len(w.survey.Providers) == 0) {
		w.nothing()
		return nil
	}
	switch w.plan.Intent {
	case analysis.Freshness:
		return w.freshness(ctx)
	case analysis.Trust:
		return w.trust(ctx)
	case analysis.Showback:
		return w.showback(ctx)
	case analysis.AnomalyList:
		return w.anomalies(ctx)
	case analysis.Ownership:
		return w.ownership(ctx)
	case analysis.ExplainChange:
		if w.plan.Topic == mismatchTopic {
			return w.mismatch(ctx)
		}
		return w.explain(ctx)
	case analysis.Compare:
		return w.compare(ctx)
	default:
		return w.breakdown(ctx)
	}
}

// through notes the last complete day of every provider that the filters leave in.
func (w *work) through() {
	for _, p := range w.survey.Providers {
		if !w.keeps(analysis.DimProvider, p.Name) {
			continue
		}
		w.a.Through = append(w.a.Through, analysis.ProviderThrough{Provider: p.Name, Day: p.Through})
	}
	slices.SortStableFunc(w.a.Through, func(a, b analysis.ProviderThrough) int { return b.Day.Compare(a.Day) })
}

func (w *work) keeps(d analysis.Dimension, value string) bool {
	for _, f := range w.plan.Filters {
		if f.Dimension == d && slices.Contains(f.Values, value) == f.Not {
			return false
		}
	}
	return true
}

// incomplete are the providers whose data does not reach the end of a period, with the first day that is not whole.
func (w *work) incomplete(p analysis.Period) []analysis.ProviderThrough {
	var out []analysis.ProviderThrough
	for _, t := range w.a.Through {
		if t.Day.Before(p.Last()) && !w.monthly(t.Provider) {
			out = append(out, t)
		}
	}
	return out
}

// arriving says that a provider's last days will still grow.
func (w *work) arriving(t analysis.ProviderThrough) {
	w.caveat("what %s charged after %s is still arriving: this total will grow", t.Provider, t.Day.Format("2 Jan"))
}

func (w *work) monthly(provider string) bool {
	for _, p := range w.survey.Providers {
		if p.Name == provider {
			return p.Monthly
		}
	}
	return false
}

func (w *work) caveat(format string, a ...any) {
	w.a.Caveats = append(w.a.Caveats, fmt.Sprintf(format, a...))
}

func (w *work) query(ctx context.Context, name string, f query.Fragment) (*store.Rows, error) {
	rows, tr, err := w.sight.Query(ctx, name, f)
	if err != nil {
		return nil, err
	}
	w.a.Trace.Queries = append(w.a.Trace.Queries, tr)
	return rows, nil
}

// sum is a group's amount.
type sum struct {
	keys   []string // in the order of the groups
	day    time.Time
	unit   string
	amount analysis.Amount
	known  bool // some row had a cost
	rows   int64
}

// sumsSQL adds up a measure per group.
const sumsSQL = `SELECT {names}, sum(c) AS amount, CAST(coalesce(sum(n) FILTER (WHERE c IS NOT NULL), 0) AS BIGINT) AS line_items, CAST(coalesce(sum(n) FILTER (WHERE c IS NULL), 0) AS BIGINT) AS unknown
FROM (SELECT {groups}, {cost} AS c, {n} AS n FROM {table} WHERE ({period}) AND ({filters}) AND ({whole})) AS t
GROUP BY {names}
ORDER BY {names}`

// cost is what is added up: in the answer's currency, or, where the answer is cut by currency, each row in its own.
func (w *work) cost() query.Fragment {
	if w.byCurrency() {
		return query.F(w.plan.Metric.Column())
	}
	return query.Cost(w.plan.Metric, w.a.Currency)
}

// sums adds up the plan's metric over a period, cut by dimensions and a grain.
func (w *work) sums(ctx context.Context, name string, p analysis.Period, groupBy []analysis.Dimension, grain analysis.Grain) ([]sum, error) {
	table := query.For(analysis.Plan{Filters: w.plan.Filters, GroupBy: groupBy})
	where, err := query.Where(w.plan.Filters)
	if err != nil {
		return nil, err
	}
	var groups []query.Fragment
	var names []string
	add := func(f query.Fragment) {
		n := fmt.Sprintf("g%d", len(names))
		groups = append(groups, query.Fragment{SQL: f.SQL + " AS " + n, Params: f.Params})
		names = append(names, n)
	}
	for _, g := range groupBy {
		e, err := query.Dimension(g)
		if err != nil {
			return nil, err
		}
		add(e)
	}
	switch grain {
	case analysis.ByDay:
		add(query.F("CAST(" + table.Day() + " AS DATE)"))
	case analysis.ByWeek, analysis.ByMonth:
		add(query.F("CAST(date_trunc('" + string(grain) + "', " + table.Day() + ") AS DATE)"))
	}
	if w.plan.Metric == analysis.Usage {
		add(query.OrEmpty(query.F("ConsumedUnit")))
	}
	if len(names) == 0 {
		add(query.F("1"))
	}
	rows, err := w.query(ctx, name, query.Fill(sumsSQL, map[string]query.Fragment{
		"names": query.F(strings.Join(names, ", ")), "groups": query.Join(", ", groups...),
		"cost": w.cost(), "n": query.F(table.Rows()), "table": query.F(string(table)),
		"period": query.Within(table, p), "filters": where, "whole": query.Without(table, w.cutoffs),
	}))
	if err != nil {
		return nil, err
	}
	w.found += len(rows.Values)
	var out []sum
	at := map[string]int{}
	for _, row := range rows.Values {
		s := sum{keys: make([]string, len(groupBy))}
		for i := range groupBy {
			s.keys[i], _ = row[i].(string)
		}
		i := len(groupBy)
		if grain != analysis.NoGrain {
			s.day, _ = row[i].(time.Time)
			i++
		}
		if w.plan.Metric == analysis.Usage {
			s.unit, _ = row[i].(string)
		}
		v := row[len(names):]
		s.amount, s.known = v[0].(decimal.Decimal)
		s.rows, _ = v[1].(int64)
		unknown, _ := v[2].(int64)
		w.unknown += unknown
		// DuckDB 1.4.1 now and then gives a group in two rows where it groups by a CASE over columns of several files.
		k := strings.Join(s.keys, "\x00") + "\x00" + s.day.Format(analysis.DateLayout) + "\x00" + s.unit
		if i, twice := at[k]; twice {
			had := &out[i]
			had.amount, had.rows, had.known = had.amount.Add(s.amount), had.rows+s.rows, had.known || s.known
			continue
		}
		at[k] = len(out)
		out = append(out, s)
	}
	return out, nil
}

// others caveats what the totals of periods leave out: money in other currencies, and line items without a cost in this metric.
func (w *work) others(ctx context.Context, periods ...analysis.Period) error {
	if w.unknown == 0 || w.plan.Metric == analysis.Usage {
		return nil
	}
	table := query.For(w.plan)
	where, err := query.Where(w.plan.Filters)
	if err != nil {
		return err
	}
	told := map[string][]string{} // by currency, what is billed in it
	lacking := int64(0)
	for _, p := range periods {
		name, in := "what is not in the total", ""
		if len(periods) > 1 {
			name, in = name+" of "+p.String(), " in "+p.String()
		}
		rows, err := w.query(ctx, name, query.Fill(
			`SELECT BillingCurrency, sum({column}) AS amount, CAST(sum({n}) AS BIGINT) AS line_items FROM {table} WHERE ({period}) AND ({filters}) AND ({whole}) AND ({cost}) IS NULL GROUP BY BillingCurrency ORDER BY BillingCurrency`,
			map[string]query.Fragment{"column": query.F(w.plan.Metric.Column()), "n": query.F(table.Rows()),
				"table": query.F(string(table)), "period": query.Within(table, p), "filters": where, "whole": query.Without(table, w.cutoffs), "cost": query.Cost(w.plan.Metric, w.a.Currency)}))
		if err != nil {
			return err
		}
		for _, row := range rows.Values {
			cur, _ := row[0].(string)
			n, _ := row[2].(int64)
			if d, ok := row[1].(decimal.Decimal); !ok || cur == w.a.Currency {
				lacking += n
			} else if !d.IsZero() {
				told[cur] = append(told[cur], exactMoney(d, cur)+in)
			}
		}
	}
	for _, cur := range slices.Sorted(maps.Keys(told)) {
		w.caveat("%s of %s is billed in %s, with no amount in %s on the bill: it is not included", list(told[cur]), w.plan.Metric.Words(), cur, w.a.Currency)
	}
	if lacking > 0 {
		w.caveat("%s line items have no %s on the bill: they are not included, which is not the same as zero", comma(lacking), w.plan.Metric.Column())
	}
	return nil
}

// name is how people know a value.
func (w *work) name(column, value string) string {
	switch column {
	case "SubAccountId":
		return w.survey.AccountName(value)
	case "ResourceId":
		return w.survey.ResourceName(value)
	}
	return value
}

func columnOf(d analysis.Dimension) string {
	if c := d.Column(); c != "" {
		return c
	}
	return string(d)
}
