package explain

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Request is a change to explain.
type Request struct {
	Metric            analysis.Metric
	Current, Baseline analysis.Period
	Filters           []analysis.Filter
	Currency          string
	// TagKeys are the tag keys to search slices by, besides the fixed dimensions.
	TagKeys []string
	// Columns are further columns to search slices by: those that the lens adds.
	Columns []string
	// Cutoffs leave out days that are not complete, on both sides.
	Cutoffs []query.Cutoff
	// First is the first day the store has; the daily history for onsets may reach back to it.
	First time.Time
	// Name gives the name people know a value by; the value itself where there is none.
	Name func(column, value string) string
	// MinImpact is the share of the baseline that a driver must at least explain; 0 means [DefaultMinImpact].
	MinImpact float64
}

// Result is an explained change with its evidence.
type Result struct {
	Bridge      analysis.Bridge
	Attribution *Attribution
	Queries     []analysis.QueryTrace
	// Rows counts the groups of line items that either period has; 0 says that nothing matches.
	Rows int
	// Known and Unknown count line items whose cost in this metric and currency the bill says, and does not say.
	Known, Unknown int64
}

// searchColumns are the dimensions slices are searched by, in the order readers like them; tags follow the region.
var searchColumns = []string{"ServiceName", "SubAccountId", "RegionId", "x_UsageType", "SkuId", "ServiceProviderName"}

// resourcesShown is how many resources a driver names.
const resourcesShown = 5

// run is one explanation under way.
type run struct {
	sight          *store.Sight
	beside         *store.Sight // for a query that runs while one on sight does
	req            Request
	table          query.Table // the line items when a filter asks for resources, else the rollup
	dims           []dimension
	queries        []analysis.QueryTrace
	known, unknown int64
	units          []unit // of the leaves
}

// unit is what a leaf is measured and billed in, and how many line items it stands for.
type unit struct {
	unit, currency string
	lines          int64
}

// dimension is a column of the leaf table with its SQL.
type dimension struct {
	name string         // FOCUS column or "tag:KEY"
	key  string         // the tag key
	expr query.Fragment // empty where there is none
	bare query.Fragment // null where there is none
	lens bool           // the lens adds it, which is work: it is read only where it is needed
}

// Run explains a change: effects first, then disjoint drivers, then when each began and which resources carry it.
func Run(ctx context.Context, sn *store.Snapshot, req Request) (*Result, error) {
	sight, err := sn.Seen(nil)
	if err != nil {
		return nil, err
	}
	return RunWithin(ctx, sight, req)
}

// RunWithin is [Run] over what somebody may see of a snapshot.
func RunWithin(ctx context.Context, sight *store.Sight, req Request) (*Result, error) {
	r := &run{sight: sight, beside: sight.Beside(), req: req, table: query.For(analysis.Plan{Filters: req.Filters})}
	if req.Name == nil {
		r.req.Name = func(_, v string) string { return v }
	}
	if err := r.dimensions(); err != nil {
		return nil, err
	}
	table, err := r.leaves(ctx)
	if err != nil {
		return nil, err
	}
	opts := Options{Metric: req.Metric, BaseDays: req.Baseline.Days(), CurDays: req.Current.Days(), MinImpact: req.MinImpact}
	at, err := Attribute(table, opts)
	if err != nil {
		return nil, err
	}
	// The days are asked for while the line items are read. They are of the drivers as they stand, which do not change when
	// their volume is split into continuing, new and removed resources; should they, the days are asked for again.
	var found *resourcesFound
	var days *daysOfDrivers
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		found, err = r.resources(gctx, table, at)
		return err
	})
	g.Go(func() (err error) {
		days, err = r.days(gctx, table, at)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if found != nil {
		first := at
		found.fill(table)
		if at, err = Attribute(table, opts); err != nil {
			return nil, err
		}
		found.assign(at)
		if !sameCuts(first, at) {
			if days, err = r.days(ctx, table, at); err != nil {
				return nil, err
			}
		}
		r.queries = append(r.queries, found.trace)
	}
	if days.trace.SQL != "" {
		r.queries = append(r.queries, days.trace)
	}
	r.tell(days, at)
	r.label(table, at)
	out := &Result{Attribution: at, Queries: r.queries, Rows: len(table.Leaves), Known: r.known, Unknown: r.unknown}
	out.Bridge = analysis.Bridge{
		Change:  analysis.Change{Current: at.Current, Baseline: at.Baseline, Delta: at.Delta, Currency: req.Currency},
		Effects: at.Effects, Rest: at.Rest, Drivers: make([]analysis.Driver, 0, len(at.Drivers)),
	}
	for _, d := range at.Drivers {
		out.Bridge.Drivers = append(out.Bridge.Drivers, d.Driver)
	}
	return out, nil
}

func (r *run) dimensions() error {
	for _, c := range searchColumns {
		r.dims = append(r.dims, dimension{name: c, expr: query.OrEmpty(query.F(c)), bare: query.F(c)})
		if c != "RegionId" {
			continue
		}
		for _, c := range r.req.Columns {
			r.dims = append(r.dims, dimension{name: c, expr: query.OrEmpty(query.F(c)), bare: query.F(c), lens: true})
		}
		for _, k := range r.req.TagKeys {
			e, err := query.TagOrNull("Tags", k)
			if err != nil {
				return err
			}
			r.dims = append(r.dims, dimension{name: string(analysis.TagDimension(k)), key: k, expr: query.OrEmpty(e), bare: e})
		}
	}
	return nil
}

// part is the rows that the histories look at: the two periods, or further back. Of the tags it reads those that conditions
// name.
func (r *run) part(baseline analysis.Period, named []bool) (query.Fragment, error) {
	where, err := query.Where(r.req.Filters)
	if err != nil {
		return query.Fragment{}, err
	}
	var dims, read []query.Fragment
	for i, d := range r.dims {
		as := " AS d" + strconv.Itoa(i)
		switch {
		case d.lens && !named[i]:
		case d.key == "" || named[i] && r.table != query.Daily:
			dims = append(dims, query.Fragment{SQL: d.expr.SQL + as, Params: d.expr.Params})
		case named[i]:
			tag := "tag" + strconv.Itoa(i)
			read = append(read, query.Fragment{SQL: d.bare.SQL + " AS " + tag, Params: d.bare.Params})
			dims = append(dims, query.F(query.OrEmpty(query.F(tag)).SQL+as))
		}
	}
	tags := query.F("")
	if len(read) > 0 {
		tags = query.Fill(tagsSQL, map[string]query.Fragment{"read": query.Join(", ", read...), "table": query.F(string(r.table))})
	}
	return query.Fill(partSQL, map[string]query.Fragment{
		"table": query.F(string(r.table)), "tags": tags, "day": query.F(r.table.Day()), "monthly": query.F(r.table.Monthly()),
		"dims": query.Join(", ", dims...), "stratum": query.F(stratumSQL),
		"periods": query.WithinEither(r.table, baseline, r.req.Current),
		"cost":    query.Cost(r.req.Metric, r.req.Currency), "filters": where, "whole": query.Without(r.table, r.req.Cutoffs),
	}), nil
}

func (r *run) query(ctx context.Context, name string, f query.Fragment) (*store.Rows, error) {
	rows, tr, err := r.sight.Query(ctx, name, f)
	if err != nil {
		return nil, err
	}
	r.queries = append(r.queries, tr)
	return rows, nil
}

// columns are the dimensions in the two forms that the leaves need: the columns, for adding up, and what is read of them,
// the tags too. Nulls are folded later.
func (r *run) columns() (raw, read query.Fragment) {
	var bare []string
	var dims []query.Fragment
	for i, d := range r.dims {
		dims = append(dims, query.Fragment{SQL: d.bare.SQL + " AS d" + strconv.Itoa(i), Params: d.bare.Params})
		if d.key == "" {
			bare = append(bare, d.name)
		}
	}
	return query.F(strings.Join(bare, ", ")), query.Join(", ", dims...)
}

// firstColumns groups by the first n columns of a SELECT by their places, which engines agree on where they do not on aliases.
func firstColumns(n int) query.Fragment {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i + 1)
	}
	return query.F(strings.Join(out, ", "))
}

// leaves fills the leaf table.
func (r *run) leaves(ctx context.Context) (*Table, error) {
	where, err := query.Where(r.req.Filters)
	if err != nil {
		return nil, err
	}
	raw, dims := r.columns()
	rows, err := r.query(ctx, "leaves", query.Fill(leavesSQL, map[string]query.Fragment{
		"table": query.F(string(r.table)), "rows": query.F(r.table.Rows()), "monthly": query.F(r.table.Monthly()),
		"raw": raw, "keys": firstColumns(strings.Count(raw.SQL, ",") + 1 + 10), "dims": dims, "stratum": query.F(stratumSQL),
		"column": query.F(r.req.Metric.Column()), "square": r.square(),
		"current": query.Within(r.table, r.req.Current), "baseline": query.Within(r.table, r.req.Baseline),
		"periods": query.WithinEither(r.table, r.req.Baseline, r.req.Current),
		"cost":    query.CostOf(r.req.Metric, r.req.Currency, "cur", "pcur", "own", "pe"),
		"filters": where, "whole": query.Without(r.table, r.req.Cutoffs),
	}))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(r.dims))
	for i, d := range r.dims {
		names[i] = d.name
	}
	t := NewTable(names...)
	n := len(r.dims)
	values := make([]string, n)
	var before []any // the key of the row before
	for _, row := range sideBySide(rows.Values, n) {
		part, err := r.leafPart(row[n:])
		if err != nil {
			return nil, err
		}
		if key := row[:n+colUsed]; slices.Equal(key, before) { // the covered lines of the leaf before
			last := len(t.Leaves) - 1
			t.Leaves[last] = together(t.Leaves[last], part.Leaf)
			r.units[last].lines += part.lines
		} else {
			for i := range values {
				values[i] = row[i].(string)
			}
			t.Add(values, part.Leaf)
			r.units = append(r.units, part.unit)
			before = key
		}
		r.known, r.unknown = r.known+part.lines-part.unknown, r.unknown+part.unknown
	}
	return t, nil
}

// square is the square of a row's cost, null outside of the baseline where that saves work.
func (r *run) square() query.Fragment {
	column := r.req.Metric.Column()
	if r.table == query.Daily && column == "EffectiveCost" {
		return query.F(store.ColSquare)
	}
	baseline := query.Within(r.table, r.req.Baseline)
	return query.F("CASE WHEN "+baseline.SQL+" THEN "+store.SquareSQL(column)+" END", baseline.Params...)
}

// Places of a leaf row's columns after the dimensions, as sideBySide makes it.
const (
	colUnit = iota
	colCur
	colStratum
	colRecurring
	colDescription
	colUsed
	colSums // c0, c1, q0, q1, l0, l1, cc0, cc1, e0, e1, pe0, pe1, squares0, unknown, line_items
	colsAll = colSums + 15
)

// Places of leavesSQL's columns after the dimensions, from where they differ from a leaf row's.
const (
	inP0 = colSums + iota // of the baseline
	inP1                  // of the current period
	inC0                  // c0, c1
	inC1
	inQ // q, l, cc, e, pe
	inL
	inCC
	inE
	inPE
	inSquares
	inUnknown
	inLines
)

// sideBySide adds up the rows of leavesSQL, which are finer than leaves and of one period each, to one row per leaf and
// whether a commitment paid, with both periods beside each other, in the order of their keys.
func sideBySide(rows [][]any, dims int) [][]any {
	by := map[string][]any{}
	var out [][]any
	var key strings.Builder
	for _, row := range rows {
		key.Reset()
		for _, v := range row[:dims+colSums] {
			switch v := v.(type) {
			case string:
				key.WriteString(v)
			case int64:
				key.WriteByte(byte('0' + v))
			}
			key.WriteByte(0)
		}
		leaf := by[key.String()]
		if leaf == nil {
			leaf = make([]any, dims+colsAll)
			copy(leaf, row[:dims+colSums])
			for i := range dims {
				if leaf[i] == nil {
					leaf[i] = ""
				}
			}
			leaf[dims+colsAll-2], leaf[dims+colsAll-1] = int64(0), int64(0)
			by[key.String()] = leaf
			out = append(out, leaf)
		}
		in, sums := row[dims:], leaf[dims+colSums:]
		for p, marked := range []any{in[inP0], in[inP1]} {
			if marked != any(int64(1)) {
				continue
			}
			sums[p] = plus(sums[p], in[inC0+p])
			for k := inQ; k <= inPE; k++ {
				at := 2 + 2*(k-inQ) + p
				sums[at] = plus(sums[at], in[k])
			}
			if p == 0 {
				sums[12] = plus(sums[12], in[inSquares])
			}
		}
		sums[13], sums[14] = plus(sums[13], in[inUnknown]), plus(sums[14], in[inLines])
	}
	slices.SortFunc(out, func(a, b []any) int {
		for i := range dims + colSums {
			if c := compareCells(a[i], b[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}

// plus adds two cells as SQL's sum does: a null adds nothing.
func plus(a, b any) any {
	switch b := b.(type) {
	case decimal.Decimal:
		if a, ok := a.(decimal.Decimal); ok {
			return a.Add(b)
		}
		return b
	case int64:
		if a, ok := a.(int64); ok {
			return a + b
		}
		return b
	}
	return a
}

func compareCells(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	case int64:
		b, _ := b.(int64)
		return cmp.Compare(a, b)
	}
	return 0
}

// leafPart is a leaf row: a leaf's lines that a commitment paid for, or those that none did.
type leafPart struct {
	Leaf
	unit
	unknown int64
}

func (r *run) leafPart(row []any) (leafPart, error) {
	s, err := ParseStratum(row[colStratum].(string))
	if err != nil {
		return leafPart{}, err
	}
	l := leafPart{Leaf: Leaf{Stratum: s, Recurring: row[colRecurring].(int64) == 1, Description: timeless(row[colDescription].(string))}}
	l.unit.unit = row[colUnit].(string)
	l.currency, _ = row[colCur].(string)
	v := row[colSums:]
	l.BaseCost, l.CurCost = exact(v[0]), exact(v[1])
	for p, sums := range []*Sums{&l.BaseSums, &l.CurSums} {
		cost := float(v[p])
		*sums = Sums{Quantity: zero(float(v[2+p])), List: float(v[4+p]), Contracted: float(v[6+p])}
		effective, priced := float(v[8+p]), float(v[10+p])
		if l.currency != r.req.Currency {
			// Costs of another currency count by the bill's own amounts in this one; its list and contracted costs are
			// brought over at the same rate, so that prices can be compared.
			rate := priced / effective
			sums.List *= rate
			sums.Contracted *= rate
		} else if priced != 0 && !math.IsNaN(priced) && !math.IsNaN(effective) {
			if sums.FX = effective / priced; math.Abs(sums.FX-1) <= 1e-9 { // one currency, or two that happen to be worth the same
				sums.FX = 1
			}
		}
		if math.IsNaN(cost) { // no lines in this period: nothing, rather than something unknown
			sums.List, sums.Contracted = zero(sums.List), zero(sums.Contracted)
		}
		if row[colUsed].(int64) == 1 {
			sums.CoveredContracted, sums.CoveredCost = zero(sums.Contracted), zero(cost)
		}
	}
	if days := float64(r.req.Baseline.Days()); days > 1 {
		mean := l.BaseCost.InexactFloat64() / days
		l.BaseDayVar = math.Max(0, zero(float(v[12]))/100/days-mean*mean) * days / (days - 1)
	}
	l.unknown, l.lines = v[13].(int64), v[14].(int64)
	return l, nil
}

// together is a leaf of both its parts. An unknown list or contracted cost of either leaves the sum unknown.
func together(a, b Leaf) Leaf {
	for p, sums := range []*Sums{&a.BaseSums, &a.CurSums} {
		o := []Sums{b.BaseSums, b.CurSums}[p]
		sums.Quantity += o.Quantity
		sums.List += o.List
		sums.Contracted += o.Contracted
		sums.CoveredContracted += o.CoveredContracted
		sums.CoveredCost += o.CoveredCost
		if sums.FX == 0 {
			sums.FX = o.FX
		}
	}
	a.BaseCost, a.CurCost = a.BaseCost.Add(b.BaseCost), a.CurCost.Add(b.CurCost)
	a.BaseDayVar += b.BaseDayVar
	return a
}

func exact(v any) decimal.Decimal {
	d, _ := v.(decimal.Decimal)
	return d
}

// float is the nearest float to a number; NaN for null. Reading the digits gives the same as decimal's own conversion, which
// divides.
func float(v any) float64 {
	switch v := v.(type) {
	case decimal.Decimal:
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return f
		}
		return v.InexactFloat64()
	case int64:
		return float64(v)
	}
	return math.NaN()
}

func zero(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

// cutCase is the CASE expression that numbers the cuts of a partition.
func (r *run) cutCase(t *Table, cuts []Cut, number func(Cut) int) query.Fragment {
	if len(cuts) == 0 {
		return query.F("CAST(NULL AS INTEGER)")
	}
	parts := []query.Fragment{query.F("CASE")}
	for _, c := range cuts {
		conds := []query.Fragment{query.F("true")}
		for _, k := range c.Conditions {
			conds = append(conds, query.F("d"+strconv.Itoa(k.Dim)+" = ?", t.Dims[k.Dim].Values[k.Code]))
		}
		when := query.Join(" AND ", conds...)
		parts = append(parts, query.F("WHEN "+when.SQL+" THEN "+strconv.Itoa(number(c)), when.Params...))
	}
	return query.Join(" ", append(parts, query.F("END"))...)
}

// HistoryDays is how far before the current period the daily history for onsets reaches at most, where the baseline itself
// does not reach further.
const HistoryDays = 28

// history is the period before the current one that onsets are judged by: the baseline, and where that is short and
// adjoins the current period, four weeks.
func (r *run) history() analysis.Period {
	b := r.req.Baseline
	if !b.End.Equal(r.req.Current.Start) || b.Days() >= HistoryDays {
		return b
	}
	start := b.End.AddDate(0, 0, -HistoryDays)
	if start.Before(r.req.First) {
		start = r.req.First
	}
	if start.Before(b.Start) {
		b.Start = start
	}
	return b
}

func put(l *Daily, base, cur analysis.Period, day time.Time, s DaySums) {
	if i := daysBetween(cur.Start, day); i >= 0 && i < len(l.Cur) {
		l.Cur[i] = s
	}
	if i := daysBetween(base.Start, day); i >= 0 && i < len(l.Base) {
		l.Base[i] = s
	}
}

func daysBetween(a, b time.Time) int { return int(math.Round(b.Sub(a).Hours() / 24)) }

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (r *run) dimIndex(name string) int {
	return slices.IndexFunc(r.dims, func(d dimension) bool { return d.name == name })
}

// daily reports whether charges come on at least half of the days, and on more than two.
func daily(days []DaySums) bool {
	n := 0
	for _, d := range days {
		if d.Cost != 0 {
			n++
		}
	}
	return n > 2 && 2*n >= len(days)
}

func costs(days []DaySums) []float64 {
	out := make([]float64, len(days))
	for i, d := range days {
		out[i] = d.Cost
	}
	return out
}

// A few resources are named when up to fewResources of them make at least carriedShare of a driver's amount.
const (
	fewResources = 3
	carriedShare = 0.6
)

// carriers says which few resources carry a driver: "nat-0d2f and nat-19ac carry 97%".
func carriers(d *Driver) string {
	if d.Amount.IsZero() {
		return ""
	}
	var sum decimal.Decimal
	var names []string
	for _, res := range d.Resources[:min(len(d.Resources), fewResources)] {
		if res.Amount.Sign() != d.Amount.Sign() {
			break
		}
		sum = sum.Add(res.Amount)
		names = append(names, shortResource(res))
		part := sum.Div(d.Amount).InexactFloat64()
		if part < carriedShare || part > 1.005 {
			continue
		}
		verb := " carry "
		if len(names) == 1 {
			verb = " carries "
		}
		list := names[0]
		if n := len(names); n > 1 {
			list = strings.Join(names[:n-1], ", ") + " and " + names[n-1]
		}
		return list + verb + strconv.Itoa(int(math.Round(part*100))) + "%"
	}
	return ""
}

// shortResource is a resource's name, or the last part of its id.
func shortResource(res analysis.ResourceChange) string {
	if res.Name != "" {
		return res.Name
	}
	return shortID(res.ID)
}
