package showback

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Sees tells which cells' owners somebody may see.
type Sees func(owner []string) bool

// Everything sees every owner.
func Everything([]string) bool { return true }

// Within keeps to the owners for whom all filters hold. Filters on what is no owner of this bill cannot be kept to: a part of a
// shared cost has no region. Then ok is false, and nothing of the outcome may be shown to somebody with that scope.
func (b *Bill) Within(fs []analysis.Filter) (sees Sees, ok bool) {
	dims := make([]int, len(fs))
	for i, f := range fs {
		if dims[i] = b.Dim(f.Dimension); dims[i] < 0 {
			return nil, false
		}
	}
	return func(owner []string) bool {
		for i, f := range fs {
			v := owner[dims[i]]
			in := slices.Contains(f.Values, v) || v == "" && slices.Contains(analysis.OwnerDimensions, f.Dimension) && slices.Contains(f.Values, analysis.Unallocated)
			if in == f.Not {
				return false
			}
		}
		return true
	}, true
}

// Row is an owner's part of the bill.
type Row struct {
	Owner      string // of By; "" is nobody
	CostCentre string // with a chargeback, where the owners configuration has one
	Invoice    string // with a chargeback, as the cells keep it: see [InvoiceOf]
	// Direct is what the owner's own rows cost as billed; Parts, in step with the bill's rules, what each gave it and took from
	// it; Total all of it.
	Direct analysis.Amount
	Parts  []analysis.Amount
	Total  analysis.Amount
	// Charged is Total to the currency's smallest unit, with a chargeback: see [Charge]. ChargedDirect is the part of it that is
	// the owner's own; the rest is shared.
	Charged, ChargedDirect analysis.Amount
}

func (r *Row) key() string { return strings.Join([]string{r.Owner, r.CostCentre, r.Invoice}, "\x00") }

// rowKey is the key of the row that a cell belongs to.
func (b *Bill) rowKey(owner []string, kept string) string {
	r := b.rowOf(owner, kept)
	return r.key()
}

func (b *Bill) rowOf(owner []string, kept string) Row {
	r := Row{Owner: owner[b.Dim(b.By)], Invoice: kept}
	if i := b.Dim(analysis.DimCostCentre); b.Chargeback && i >= 0 {
		r.CostCentre = owner[i]
	}
	return r
}

// Shared is what the rules gave and took in all.
func (r *Row) Shared() analysis.Amount { return r.Total.Sub(r.Direct) }

// Rows are the owners' parts that somebody sees: per invoice, the largest first, nobody's last. Their totals sum
// to the bill where everything is seen.
func (b *Bill) Rows(sees Sees) []Row {
	by := map[string]*Row{}
	at := func(owner []string, kept string) *Row {
		r := b.rowOf(owner, kept)
		k := r.key()
		if by[k] == nil {
			r.Parts = make([]analysis.Amount, len(b.Rules))
			by[k] = &r
		}
		return by[k]
	}
	for _, c := range b.Cells {
		if sees(c.Owner) {
			r := at(c.Owner, c.Kept)
			r.Direct, r.Total = r.Direct.Add(c.Amount), r.Total.Add(c.Amount)
		}
	}
	for _, m := range b.Moves {
		if sees(m.From) {
			r := at(m.From, m.Kept)
			r.Parts[m.Rule], r.Total = r.Parts[m.Rule].Sub(m.Amount), r.Total.Sub(m.Amount)
		}
		if sees(m.To) {
			r := at(m.To, m.Kept)
			r.Parts[m.Rule], r.Total = r.Parts[m.Rule].Add(m.Amount), r.Total.Add(m.Amount)
		}
	}
	out := make([]Row, 0, len(by))
	for _, r := range by {
		out = append(out, *r)
	}
	nobody := func(r Row) int { return map[bool]int{true: 1}[r.Owner == ""] }
	slices.SortFunc(out, func(a, c Row) int {
		return cmp.Or(strings.Compare(a.Invoice, c.Invoice), nobody(a)-nobody(c), c.Total.Cmp(a.Total), strings.Compare(a.Owner, c.Owner), strings.Compare(a.CostCentre, c.CostCentre))
	})
	return out
}

// Charge rounds the rows' totals, and what of them is direct, to places decimals, so that each invoice's parts sum to the invoice
// rounded: by largest remainder. The rows must be all of the bill's, or the parts of others would decide what is seen.
func Charge(rows []Row, places int32) {
	for from := 0; from < len(rows); {
		to := from
		var parts, direct []analysis.Amount
		for to < len(rows) && rows[to].Invoice == rows[from].Invoice {
			parts, direct = append(parts, rows[to].Total), append(direct, rows[to].Direct)
			to++
		}
		for i, c := range allocation.Cents(parts, places) {
			rows[from+i].Charged = c
		}
		for i, c := range allocation.Cents(direct, places) {
			rows[from+i].ChargedDirect = c
		}
		from = to
	}
}

// Charged are the rows that somebody sees, each charged what it is charged among all rows of the bill: see [Charge]. A row of
// which only a part is seen is charged that part, rounded.
func (b *Bill) Charged(sees Sees, places int32) []Row {
	all := b.Rows(Everything)
	Charge(all, places)
	of := map[string]Row{}
	for _, r := range all {
		of[r.key()] = r
	}
	rows := b.Rows(sees)
	for i := range rows {
		r := &rows[i]
		whole := of[r.key()]
		if whole.Total.Equal(r.Total) {
			r.Charged = whole.Charged
		} else {
			r.Charged = r.Total.Round(places)
		}
		if whole.Direct.Equal(r.Direct) {
			r.ChargedDirect = whole.ChargedDirect
		} else {
			r.ChargedDirect = r.Direct.Round(places)
		}
	}
	return rows
}

// KPIs are the measures of the allocation, of the owners of By.
func (b *Bill) KPIs() allocation.KPIs {
	return allocation.Measure(b.Cells, b.Result, b.Dim(b.By), b.Currency)
}

// Line is a line of the allocated bill: what an owner's rows cost (no rule), or what a rule gave to an owner or took from its
// source, which shows as a negative. All lines sum to the bill.
type Line struct {
	Cell   allocation.Cell // Owner is whose the amount is, Amount what it is
	Rule   string          // "" is what was billed
	Source []string        // whose rows the rule took from; nil for what was billed
}

// Lines is the allocated bill as far as somebody sees its owners, in a fixed order. Lines that are 0 are left out.
func (b *Bill) Lines(sees Sees) []Line {
	by := map[string]*Line{}
	add := func(l Line) {
		k := strings.Join([]string{l.Cell.Period.Format(analysis.DateLayout), l.Cell.Currency, l.Cell.Kept, l.Rule, strings.Join(l.Source, "\x01"), strings.Join(l.Cell.Owner, "\x01")}, "\x00")
		if have := by[k]; have != nil {
			have.Cell.Amount, have.Cell.Rows = have.Cell.Amount.Add(l.Cell.Amount), have.Cell.Rows+l.Cell.Rows
			return
		}
		by[k] = &l
	}
	for _, c := range b.Cells {
		if sees(c.Owner) {
			add(Line{Cell: allocation.Cell{Period: c.Period, Currency: c.Currency, Kept: c.Kept, Owner: c.Owner, Amount: c.Amount, Rows: c.Rows}})
		}
	}
	for _, m := range b.Moves {
		l := Line{Rule: b.Rules[m.Rule].Name, Source: m.From, Cell: allocation.Cell{Period: m.Period, Currency: m.Currency, Kept: m.Kept}}
		if !sees(m.From) {
			l.Source = make([]string, len(m.From)) // whose it was is not told
		}
		for _, end := range []struct {
			owner  []string
			amount analysis.Amount
		}{{m.From, m.Amount.Neg()}, {m.To, m.Amount}} {
			if sees(end.owner) {
				l.Cell.Owner, l.Cell.Amount = end.owner, end.amount
				add(l)
			}
		}
	}
	var keys []string
	for k, l := range by {
		if !l.Cell.Amount.IsZero() {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := make([]Line, len(keys))
	for i, k := range keys {
		out[i] = *by[k]
	}
	return out
}

// Slice is rows of a rule's source that are alike.
type Slice struct {
	Provider, Service, ChargeCategory, Account, Owner string
	Amount                                            analysis.Amount
	Rows                                              int64
}

const sourceSQL = `SELECT provider, service, category, account, o, sum(c) AS amount, CAST(sum(n) FILTER (WHERE c IS NOT NULL) AS BIGINT) AS line_items
FROM (SELECT {provider} AS provider, {service} AS service, {category} AS category, {account} AS account, {owner} AS o, {cost} AS c, {n} AS n FROM {daily}
WHERE {within} AND ({of})) AS t
GROUP BY provider, service, category, account, o
HAVING count(c) > 0
ORDER BY amount DESC NULLS LAST, provider, service, category, account, o`

// Source asks which rows lie in a rule's source as they were billed. Their amounts sum to the pool's source
// without what earlier rules took or gave.
func (b *Bill) Source(ctx context.Context, sight *store.Sight, rule int) ([]Slice, analysis.QueryTrace, error) {
	r := &b.Rules[rule]
	parts := map[string]query.Fragment{"cost": query.Cost(b.Metric, b.Currency), "n": query.F(query.Daily.Rows()), "within": b.within(query.Daily)}
	var err error
	if parts["of"], err = r.From.SQL(); err != nil {
		return nil, analysis.QueryTrace{}, err
	}
	for name, d := range map[string]analysis.Dimension{"provider": analysis.DimProvider, "service": analysis.DimService, "category": analysis.DimChargeCategory, "account": analysis.DimAccount, "owner": r.To.Dimension} {
		if parts[name], err = allocation.Column(d); err != nil {
			return nil, analysis.QueryTrace{}, err
		}
	}
	rows, tr, err := sight.Query(ctx, "source of "+r.Name, query.Fill(sourceSQL, parts))
	if err != nil {
		return nil, tr, fmt.Errorf("allocation rule %q: %w", r.Name, err)
	}
	var out []Slice
	for _, v := range rows.Values {
		s := Slice{Provider: text(v[0]), Service: text(v[1]), ChargeCategory: text(v[2]), Account: text(v[3]), Owner: text(v[4])}
		s.Amount, _ = v[5].(analysis.Amount)
		s.Rows, _ = v[6].(int64)
		out = append(out, s)
	}
	return out, tr, nil
}

const ownSQL = `SELECT sum(c) AS amount, CAST(sum(n) FILTER (WHERE c IS NOT NULL) AS BIGINT) AS line_items FROM (SELECT {cost} AS c, {n} AS n FROM {table} WHERE {within}) AS t`

// table is the view that the bill is made from.
func (b *Bill) table() query.Table {
	if b.Chargeback {
		return query.Charges // the rollup has no invoices
	}
	return query.Daily
}

// Own asks what the rows that a sight sees cost as billed: what the rows of [Bill.Rows] have directly, for somebody with the
// sight's scope.
func (b *Bill) Own(ctx context.Context, sight *store.Sight) (analysis.Amount, analysis.QueryTrace, error) {
	t := b.table()
	rows, tr, err := sight.Query(ctx, "what was billed", query.Fill(ownSQL, map[string]query.Fragment{"cost": query.Cost(b.Metric, b.Currency), "n": query.F(t.Rows()),
		"table": query.F(string(t)), "within": b.within(t)}))
	if err != nil {
		return analysis.Amount{}, tr, err
	}
	amount, _ := rows.Values[0][0].(analysis.Amount)
	return amount, tr, nil
}

// Left is money of the period that is not in the bill: billed in another currency, or without a cost in the metric.
type Left struct {
	Currency string
	Amount   *analysis.Amount // nil where the line items have none
	Rows     int64            // line items
}

const leftSQL = `SELECT cur, sum(own) AS amount, CAST(sum(n) AS BIGINT) AS line_items
FROM (SELECT {cur} AS cur, {own} AS own, {cost} AS c, {n} AS n FROM {table} WHERE {within}) AS t
WHERE c IS NULL
GROUP BY cur
ORDER BY cur`

// LeftOut asks what a sight sees that is not in the bill.
func (b *Bill) LeftOut(ctx context.Context, sight *store.Sight) ([]Left, analysis.QueryTrace, error) {
	t := b.table()
	rows, tr, err := sight.Query(ctx, "what is not in the total", query.Fill(leftSQL, map[string]query.Fragment{"cur": query.OrEmpty(query.F("BillingCurrency")), "own": query.F(b.Metric.Column()),
		"cost": query.Cost(b.Metric, b.Currency), "n": query.F(t.Rows()), "table": query.F(string(t)), "within": b.within(t)}))
	if err != nil {
		return nil, tr, err
	}
	var out []Left
	for _, r := range rows.Values {
		l := Left{Currency: text(r[0])}
		if a, ok := r[1].(analysis.Amount); ok {
			l.Amount = &a
		}
		l.Rows, _ = r[2].(int64)
		out = append(out, l)
	}
	return out, tr, nil
}
