package explain

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

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
	// Unknown counts line items whose cost in this metric and currency the bill does not say.
	Unknown int64
}

// searchColumns are the dimensions slices are searched by, in the order readers like them; tags follow the region.
var searchColumns = []string{"ServiceName", "SubAccountId", "RegionId", "x_UsageType", "SkuId", "ServiceProviderName"}

// resourcesShown is how many resources a driver names.
const resourcesShown = 5

// run is one explanation under way.
type run struct {
	sight   *store.Sight
	req     Request
	table   query.Table // the line items when a filter asks for resources, else the rollup
	dims    []dimension
	queries []analysis.QueryTrace
	unknown int64
	units   []unit // of the leaves
}

// unit is what a leaf is measured and billed in, and how many line items it stands for.
type unit struct {
	unit, currency string
	lines          int64
}

// dimension is a column of the leaf table with its SQL.
type dimension struct {
	name string // FOCUS column or "tag:KEY"
	key  string // the tag key
	expr query.Fragment
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
	r := &run{sight: sight, req: req, table: query.For(analysis.Plan{Filters: req.Filters})}
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
	found, err := r.resources(ctx, table, at)
	if err != nil {
		return nil, err
	}
	if found != nil { // the slices stay what they are; their volume now splits into continuing, new and removed resources
		if at, err = Attribute(table, opts); err != nil {
			return nil, err
		}
		found.assign(at)
	}
	if err := r.onsets(ctx, table, at); err != nil {
		return nil, err
	}
	if err := r.commitments(ctx, table, at); err != nil {
		return nil, err
	}
	r.label(table, at)
	out := &Result{Attribution: at, Queries: r.queries, Rows: len(table.Leaves), Unknown: r.unknown}
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
		r.dims = append(r.dims, dimension{name: c, expr: query.OrEmpty(query.F(c))})
		if c != "RegionId" {
			continue
		}
		for _, k := range r.req.TagKeys {
			e, err := query.Tag("Tags", k)
			if err != nil {
				return err
			}
			r.dims = append(r.dims, dimension{name: string(analysis.TagDimension(k)), key: k, expr: e})
		}
	}
	return nil
}

// names are d0, d1, ... as a list.
func (r *run) names() query.Fragment {
	out := make([]string, len(r.dims))
	for i := range r.dims {
		out[i] = "d" + strconv.Itoa(i)
	}
	return query.F(strings.Join(out, ", "))
}

// part is the rows that a query looks at: the two periods, or further back for the history.
func (r *run) part(baseline analysis.Period) (query.Fragment, error) {
	where, err := query.Where(r.req.Filters)
	if err != nil {
		return query.Fragment{}, err
	}
	dims := make([]query.Fragment, len(r.dims))
	var read []query.Fragment
	for i, d := range r.dims {
		as := " AS d" + strconv.Itoa(i)
		dims[i] = query.Fragment{SQL: d.expr.SQL + as, Params: d.expr.Params}
		if d.key != "" && r.table == query.Daily {
			tag := "tag" + strconv.Itoa(i)
			read = append(read, query.Fragment{SQL: d.expr.SQL + " AS " + tag, Params: d.expr.Params})
			dims[i] = query.F(query.OrEmpty(query.F(tag)).SQL + as)
		}
	}
	tags := query.F("")
	if len(read) > 0 {
		tags = query.Fill(tagsSQL, map[string]query.Fragment{"read": query.Join(", ", read...), "table": query.F(string(r.table))})
	}
	return query.Fill(partSQL, map[string]query.Fragment{
		"table": query.F(string(r.table)), "tags": tags, "day": query.F(r.table.Day()), "monthly": query.F(r.table.Monthly()),
		"dims": query.Join(", ", dims...), "stratum": query.F(stratumSQL),
		"current": query.Within(r.table, r.req.Current), "baseline": query.Within(r.table, baseline),
		"cost": query.Cost(r.req.Metric, r.req.Currency), "filters": where, "whole": query.Without(r.table, r.req.Cutoffs),
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

// columns are the dimensions in the three forms that the queries need: the bare columns, for adding up; what they become,
// tags read and nulls folded; and the tags' parameters go with the latter.
func (r *run) columns() (raw, tagged query.Fragment) {
	var bare []string
	var read []query.Fragment
	for i, d := range r.dims {
		read = append(read, query.Fragment{SQL: d.expr.SQL + " AS d" + strconv.Itoa(i), Params: d.expr.Params})
		if d.key == "" {
			bare = append(bare, d.name)
		}
	}
	return query.F(strings.Join(bare, ", ")), query.Join(", ", read...)
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
	raw, tagged := r.columns()
	rows, err := r.query(ctx, "leaves", query.Fill(leavesSQL, map[string]query.Fragment{
		"table": query.F(string(r.table)), "rows": query.F(r.table.Rows()), "monthly": query.F(r.table.Monthly()),
		"raw": raw, "keys": firstColumns(strings.Count(raw.SQL, ",") + 1 + 10), "tagged": tagged, "names": r.names(), "stratum": query.F(stratumSQL),
		"column":  query.F(r.req.Metric.Column()),
		"current": query.Within(r.table, r.req.Current), "baseline": query.Within(r.table, r.req.Baseline),
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
	for _, row := range rows.Values {
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
		r.unknown += part.unknown
	}
	return t, nil
}

// Places of leavesSQL's columns after the dimensions.
const (
	colUnit = iota
	colCur
	colStratum
	colRecurring
	colDescription
	colUsed
	colSums // c0, c1, q0, q1, l0, l1, cc0, cc1, e0, e1, pe0, pe1, squares0, unknown, line_items
)

// leafPart is a row of leavesSQL: a leaf's lines that a commitment paid for, or those that none did.
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
		} else if priced != 0 && !math.IsNaN(priced) && math.Abs(effective/priced-1) > 1e-9 {
			sums.FX = effective / priced
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

func float(v any) float64 {
	switch v := v.(type) {
	case decimal.Decimal:
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

// byWhat is the column lines are compared within, per vector: prices per SKU, coverage per service.
func (r *run) byWhat(v Vector) string {
	switch v {
	case ListPrice:
		return "d" + strconv.Itoa(r.dimIndex("SkuId"))
	case Quantity:
		return "''"
	}
	return "d" + strconv.Itoa(r.dimIndex("ServiceName"))
}

func (r *run) onsets(ctx context.Context, t *Table, at *Attribution) error {
	hist := r.history()
	part, err := r.part(hist)
	if err != nil {
		return err
	}
	for v, cuts := range at.Cuts {
		vec := Vector(v)
		if len(cuts) == 0 {
			continue
		}
		rows, err := r.query(ctx, "days of the "+vec.String()+" drivers", query.Fill(historySQL, map[string]query.Fragment{
			"part": part, "cut": r.cutCase(t, cuts, func(c Cut) int { return c.Driver }), "by": query.F(r.byWhat(vec))}))
		if err != nil {
			return err
		}
		lines := map[int]map[string]*Daily{}
		monthly := map[int]bool{}
		for _, row := range rows.Values {
			d, by := int(row[0].(int64)), row[1].(string)
			if lines[d] == nil {
				lines[d], monthly[d] = map[string]*Daily{}, true
			}
			l := lines[d][by]
			if l == nil {
				l = &Daily{Base: make([]DaySums, hist.Days()), Cur: make([]DaySums, r.req.Current.Days())}
				lines[d][by] = l
			}
			day := row[2].(time.Time)
			s := DaySums{Quantity: zero(float(row[3])), List: zero(float(row[4])), Contracted: zero(float(row[5])), Cost: zero(float(row[6])),
				CoveredContracted: zero(float(row[7])), CoveredCost: zero(float(row[8]))}
			put(l, hist, r.req.Current, day, s)
			monthly[d] = monthly[d] && row[9].(int64) == 1
		}
		for _, c := range cuts {
			d := &at.Drivers[c.Driver]
			if len(d.Vectors) == 0 || d.Vectors[0] != vec {
				continue // dated by the vector that carries most of it
			}
			var parts []Daily
			for _, k := range sortedKeys(lines[c.Driver]) {
				parts = append(parts, *lines[c.Driver][k])
			}
			d.Onset = OnsetOf(vec, parts, hist, r.req.Current, monthly[c.Driver])
		}
	}
	return r.oneTimeOnsets(ctx, at)
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

func (r *run) oneTimeOnsets(ctx context.Context, at *Attribution) error {
	if !slices.ContainsFunc(at.Drivers, func(d Driver) bool { return d.Kind == OneTimeDriver }) {
		return nil
	}
	part, err := r.part(r.req.Baseline)
	if err != nil {
		return err
	}
	rows, err := r.query(ctx, "days of one-time charges", query.Fill(oneTimeSQL, map[string]query.Fragment{"part": part, "names": r.names()}))
	if err != nil {
		return err
	}
	for i := range at.Drivers {
		d := &at.Drivers[i]
		if d.Kind != OneTimeDriver {
			continue
		}
		l := Daily{Base: make([]DaySums, r.req.Baseline.Days()), Cur: make([]DaySums, r.req.Current.Days())}
		perDay := map[time.Time]float64{}
		for _, row := range rows.Values {
			n := len(r.dims)
			if row[0] == any(d.Stratum.String()) && timeless(row[n+1].(string)) == d.Description && r.inSlice(d.Slice, row[1:1+n]) {
				perDay[row[n+2].(time.Time)] += zero(float(row[n+3]))
			}
		}
		for day, cost := range perDay {
			put(&l, r.req.Baseline, r.req.Current, day, DaySums{Cost: cost})
		}
		if daily(l.Base) || daily(l.Cur) { // a credit or a tax of every day has a level, which steps
			d.Onset = OnsetOf(Quantity, []Daily{l}, r.req.Baseline, r.req.Current, false)
			continue
		}
		d.Onset = OneTimeOnset(costs(l.Base), costs(l.Cur), r.req.Baseline, r.req.Current)
	}
	return nil
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

func (r *run) inSlice(slice map[string]string, values []any) bool {
	for c, v := range slice {
		i := r.dimIndex(c)
		if i < 0 || values[i] != any(v) {
			return false
		}
	}
	return true
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
