package showback

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Request is what is to be shown back.
type Request struct {
	Period analysis.Period
	Metric analysis.Metric
	// Currency is the one shown back. Money billed in another counts where the bill itself gives it in this one, as in every answer:
	// see [query.Cost].
	Currency string
	// By is whose parts are wanted; empty is who the rules give to, and teams where there are no rules.
	By analysis.Dimension
	// Chargeback takes the charges of the period's invoices instead of those of its days, and tells invoices and cost centres apart.
	Chargeback bool
}

// Invoice is a bill as a provider numbers it; Number is empty where the provider has not given one yet.
type Invoice struct{ Provider, Account, Number string }

// Reference names the invoice on a chargeback: by its number, else by the provider and the end of the billing account: "Microsoft …4d18".
func (i Invoice) Reference() string {
	if i.Number != "" {
		return i.Number
	}
	account := []rune(i.Account)
	if len(account) > 8 {
		account = append([]rune("…"), account[len(account)-4:]...)
	}
	return strings.TrimSpace(i.Provider + " " + string(account))
}

func (i Invoice) kept() string {
	return strings.Join([]string{i.Provider, i.Account, i.Number}, "\x1f")
}

// InvoiceOf reads what a cell of a chargeback keeps.
func InvoiceOf(kept string) Invoice {
	f := append(strings.Split(kept, "\x1f"), "", "")
	return Invoice{f[0], f[1], f[2]}
}

// Bill is a period's bill in one currency, as it was and after the rules.
type Bill struct {
	Request
	// Dims are the dimensions of the cells' owners: those that rules give to, then By, then with a chargeback the cost centre, each once.
	Dims  []analysis.Dimension
	Rules []allocation.Rule // those that held in the period, in order; moves and pools count among them
	Cells []allocation.Cell // as billed
	allocation.Result
	// Queries are what it was made from: the cells first, then the weights of each rule that has some.
	Queries []analysis.QueryTrace
}

// Of makes the bill. sight must see everything ([store.Sight.Whole]). Rules are those of the configuration; nil moves nothing.
func Of(ctx context.Context, sight *store.Sight, rules *allocation.Rules, req Request) (*Bill, error) {
	b := &Bill{Request: req}
	owned := Owned(sight)
	if b.Metric == "" {
		b.Metric = analysis.Effective
		if b.Chargeback {
			b.Metric = analysis.Billed
		}
	}
	if b.Metric == analysis.Usage {
		return nil, errors.New("a showback is of money, not of quantities: name a cost, as effective or billed")
	}
	for _, r := range rules.For(owned) {
		if (r.Until.IsZero() || r.Until.After(b.Period.Start)) && r.Since.Before(b.Period.End) {
			b.Rules = append(b.Rules, r)
		}
	}
	if b.By == "" {
		b.By = DefaultBy(rules, owned)
	}
	add := func(d analysis.Dimension) {
		if !slices.Contains(b.Dims, d) {
			b.Dims = append(b.Dims, d)
		}
	}
	for _, r := range b.Rules {
		add(r.To.Dimension)
	}
	given := slices.Clone(b.Dims)
	add(b.By)
	if b.Chargeback && sight.Lens().Has(analysis.DimCostCentre.Column()) {
		add(analysis.DimCostCentre)
	}
	if err := b.cells(ctx, sight, given); err != nil {
		return nil, err
	}
	var weights []allocation.Weight
	for i := range b.Rules {
		w, err := b.weights(ctx, sight, rules, i)
		if err != nil {
			return nil, fmt.Errorf("allocation rule %q: %w", b.Rules[i].Name, err)
		}
		weights = append(weights, w...)
	}
	var err error
	b.Result, err = allocation.Apply(b.Cells, b.Dims, b.Rules, weights)
	return b, err
}

// Owned reports whether the rows have owners of the owners configuration.
func Owned(sight *store.Sight) bool { return sight.Lens().Has(analysis.DimTeam.Column()) }

// DefaultBy is whose parts are shown where nobody says: who the first rule gives to, else teams.
func DefaultBy(rules *allocation.Rules, owned bool) analysis.Dimension {
	if list := rules.For(owned); len(list) > 0 {
		return list[0].To.Dimension
	}
	if owned {
		return analysis.DimTeam
	}
	return analysis.TagDimension("team")
}

// Dim is the place of a dimension among the owners'; below 0 where it is not among them.
func (b *Bill) Dim(d analysis.Dimension) int { return slices.Index(b.Dims, d) }

// within keeps the rows of the period: by their day, or with a chargeback by their invoice's month.
func (b *Bill) within(t query.Table) query.Fragment {
	if b.Chargeback {
		return query.F("BillingPeriodStart >= CAST(? AS TIMESTAMP) AND BillingPeriodStart < CAST(? AS TIMESTAMP)",
			b.Period.Start.Format(analysis.DateLayout), b.Period.End.Format(analysis.DateLayout))
	}
	return query.Within(t, b.Period)
}

// period is the expression for a row's month or day.
func (b *Bill) period(t query.Table, daily bool) query.Fragment {
	switch {
	case daily:
		return query.F("CAST(" + t.Day() + " AS DATE)")
	case b.Chargeback:
		return query.F("CAST(date_trunc('month', BillingPeriodStart) AS DATE)")
	}
	return query.F("CAST(date_trunc('month', " + t.Day() + ") AS DATE)")
}

func named(f query.Fragment, name string) query.Fragment {
	return query.F(f.SQL+" AS "+name, f.Params...)
}

// What has no cost is left out after it was grouped: a condition on the cost would have it made twice, which takes long where it is converted.
const cellsSQL = `SELECT {names}, sum(c) AS amount, CAST(sum(n) FILTER (WHERE c IS NOT NULL) AS BIGINT) AS line_items
FROM (SELECT {keys}, {cost} AS c, {n} AS n FROM {table} WHERE {within}) AS t
GROUP BY {names}
HAVING count(c) > 0
ORDER BY {names}`

// cells asks for the bill. What a row's owners are no matter of is asked for as one text, a byte per rule.
func (b *Bill) cells(ctx context.Context, sight *store.Sight, given []analysis.Dimension) error {
	f, err := b.cellsQuery(b.table(), given)
	if err != nil {
		return err
	}
	rows, tr, err := sight.Query(ctx, "the bill by owner and rule", f)
	if err != nil {
		return err
	}
	b.Queries = append(b.Queries, tr)
	keys := len(b.Dims) + 2 // the period, what matches, the owner
	if b.Chargeback {
		keys += 3
	}
	for _, r := range rows.Together(upTo(keys)...) {
		c := allocation.Cell{Period: r[0].(time.Time), Currency: b.Currency, Matches: text(r[1])}
		r = r[2:]
		for range b.Dims {
			c.Owner = append(c.Owner, text(r[0]))
			r = r[1:]
		}
		if b.Chargeback {
			c.Kept = Invoice{text(r[0]), text(r[1]), text(r[2])}.kept()
			r = r[3:]
		}
		c.Amount, _ = r[0].(decimal.Decimal)
		c.Rows, _ = r[1].(int64)
		b.Cells = append(b.Cells, c)
	}
	return nil
}

func (b *Bill) cellsQuery(table query.Table, given []analysis.Dimension) (query.Fragment, error) {
	matches := []query.Fragment{query.F("''")}
	for _, r := range b.Rules {
		m, err := r.From.SQL(given...)
		if err != nil {
			return query.Fragment{}, fmt.Errorf("allocation rule %q: %w", r.Name, err)
		}
		matches = append(matches, query.F("CASE WHEN "+m.SQL+" THEN '1' ELSE '0' END", m.Params...))
	}
	keys := []query.Fragment{
		named(b.period(table, slices.ContainsFunc(b.Rules, func(r allocation.Rule) bool { return r.Daily })), "p"),
		named(query.Join(" || ", matches...), "m"),
	}
	names := []string{"p", "m"}
	for i, d := range b.Dims {
		f, err := allocation.Column(d)
		if err != nil {
			return query.Fragment{}, err
		}
		names = append(names, fmt.Sprintf("o%d", i))
		keys = append(keys, named(f, names[len(names)-1]))
	}
	if b.Chargeback {
		for i, c := range []string{"ServiceProviderName", "BillingAccountId", "InvoiceId"} {
			names = append(names, fmt.Sprintf("k%d", i))
			keys = append(keys, named(query.OrEmpty(query.F(c)), names[len(names)-1]))
		}
	}
	return query.Fill(cellsSQL, map[string]query.Fragment{
		"names": query.F(strings.Join(names, ", ")), "keys": query.Join(", ", keys...), "cost": query.Cost(b.Metric, b.Currency), "n": query.F(table.Rows()),
		"table": query.F(string(table)), "within": b.within(table),
	}), nil
}

// upTo are the columns before the n-th.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

const weightsSQL = `SELECT p, k, o, sum(w) AS weight
FROM (SELECT {period} AS p, {kind} AS k, {owner} AS o, {weight} AS w FROM {daily} WHERE {within} AND ({of})) AS t
GROUP BY p, k, o
HAVING count(w) > 0
ORDER BY p, k, o`

// weights asks for what the owners weigh by a rule; an even or fixed split needs none.
func (b *Bill) weights(ctx context.Context, sight *store.Sight, rules *allocation.Rules, i int) ([]allocation.Weight, error) {
	r := &b.Rules[i]
	switch r.Weigh.By {
	case allocation.Spend, allocation.Usage:
	case allocation.Metric:
		return b.figures(ctx, sight, rules, i)
	default:
		return nil, nil
	}
	owner, err := allocation.Column(r.To.Dimension)
	if err != nil {
		return nil, err
	}
	kind, weight := query.F("''"), query.Cost(b.Metric, b.Currency)
	if m := analysis.Metric(r.Weigh.Metric); m != "" {
		weight = query.Cost(m, b.Currency)
	}
	if r.Weigh.By == allocation.Usage {
		kind, weight = query.OrEmpty(query.F("ConsumedUnit")), query.F(analysis.Usage.Column())
	}
	var of query.Fragment
	if r.Weigh.Of != nil {
		of, err = r.Weigh.Of.SQL()
	} else if of, err = r.From.SQL(); err == nil {
		of = query.F("NOT ("+of.SQL+")", of.Params...)
	}
	if err != nil {
		return nil, err
	}
	if r.Weigh.Unit != "" {
		of = query.Join(" AND ", query.F("("+of.SQL+")", of.Params...), query.In(query.OrEmpty(query.F("ConsumedUnit")), []string{r.Weigh.Unit}, false))
	}
	rows, tr, err := sight.Query(ctx, "weights of "+r.Name, query.Fill(weightsSQL, map[string]query.Fragment{
		"period": b.period(query.Daily, r.Daily), "kind": kind, "owner": owner, "weight": weight, "within": b.within(query.Daily), "of": of,
	}))
	if err != nil {
		return nil, err
	}
	b.Queries = append(b.Queries, tr)
	var out []allocation.Weight
	units := map[string]bool{}
	for _, v := range rows.Together(upTo(3)...) {
		w := allocation.Weight{Rule: i, Period: v[0].(time.Time), Owner: text(v[2])}
		if w.Weight, _ = v[3].(decimal.Decimal); r.Weigh.By == allocation.Usage && !w.Weight.IsZero() {
			units[text(v[1])] = true
		}
		out = append(out, w)
	}
	if len(units) > 1 {
		list := slices.Sorted(func(yield func(string) bool) {
			for u := range units {
				if !yield(u) {
					return
				}
			}
		})
		return nil, fmt.Errorf("the usage it weighs (%s) comes in %d units (%s), which do not add up: choose one with weigh.unit", r.Weigh.Of.Words(), len(list), strings.Join(list, ", "))
	}
	return out, nil
}

// maxTold bounds how many figures of a file stand in a trace.
const maxTold = 10_000

// figures reads weights from the metrics file. They are put into the trace as a query of constants, so that it holds them however
// the file has changed since.
func (b *Bill) figures(ctx context.Context, sight *store.Sight, rules *allocation.Rules, i int) ([]allocation.Weight, error) {
	r := &b.Rules[i]
	path := rules.MetricsFile()
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the metrics file: %w", err)
	}
	all, err := allocation.ReadMetrics(filepath.Base(path), strings.NewReader(string(data)))
	if err != nil {
		return nil, err
	}
	type key struct {
		period time.Time
		owner  string
	}
	sums := map[key]analysis.Amount{}
	known := false
	for _, f := range all {
		if f.Metric != r.Weigh.Metric {
			continue
		}
		known = true
		if !b.Period.Contains(f.Day) {
			continue
		}
		k := key{analysis.Day(f.Day.Year(), f.Day.Month(), 1), f.Target}
		if r.Daily {
			if f.Monthly {
				return nil, fmt.Errorf("it splits by the day, and %s gives %s of %s for %s as a whole; give a figure a day, or grain: month", filepath.Base(path), f.Metric, f.Target, f.Day.Format("January 2006"))
			}
			k.period = f.Day
		}
		sums[k] = sums[k].Add(f.Value)
	}
	if !known {
		return nil, fmt.Errorf("%s has no metric %q", filepath.Base(path), r.Weigh.Metric)
	}
	keys := make([]key, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		if c := a.period.Compare(b.period); c != 0 {
			return c
		}
		return strings.Compare(a.owner, b.owner)
	})
	if len(keys) > maxTold {
		return nil, fmt.Errorf("%s gives %d figures of %s for the period, more than %d; give a figure a month", filepath.Base(path), len(keys), r.Weigh.Metric, maxTold)
	}
	var out []allocation.Weight
	f := query.F("SELECT CAST(v.p AS DATE) AS p, v.o, CAST(v.w AS DECIMAL(38, 18)) AS weight FROM (VALUES ")
	for n, k := range keys {
		out = append(out, allocation.Weight{Rule: i, Period: k.period, Owner: k.owner, Weight: sums[k]})
		if n > 0 {
			f.SQL += ", "
		}
		f.SQL += "(CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR))"
		f.Params = append(f.Params, k.period.Format(analysis.DateLayout), k.owner, sums[k].String())
	}
	if len(keys) == 0 {
		return nil, nil
	}
	f.SQL += ") AS v(p, o, w) ORDER BY p, o"
	_, tr, err := sight.Query(ctx, fmt.Sprintf("weights of %s: %s in %s (sha256 %x)", r.Name, r.Weigh.Metric, filepath.Base(path), sha256.Sum256(data)), f)
	if err != nil {
		return nil, err
	}
	b.Queries = append(b.Queries, tr)
	return out, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
