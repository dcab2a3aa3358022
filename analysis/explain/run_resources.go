package explain

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// resourcesFound is what the line items told about resources.
type resourcesFound struct {
	perDriver map[string][]analysis.ResourceChange // by slice
	fill      func(*Table)                         // gives the leaves their NewQuantity and GoneQuantity
	trace     analysis.QueryTrace
}

// How many line items an explanation opens to look at resources. Up to MaxLineItems in both periods together everything is
// opened. In larger stores the drivers' slices are, the largest driver first, as far as MaxSliceLines go: a slice that a few
// resources carry is small, and of a whole account the resources say little until the question is narrowed to it. What is not
// opened has its new and removed resources counted as volume.
const (
	MaxLineItems  = 150_000
	MaxSliceLines = 60_000
)

// resources looks up, for the slices that matter, which resources are new or gone and which carry the drivers. It leaves
// r, t and at as they are. Nil when there is nothing to look up.
func (r *run) resources(ctx context.Context, t *Table, at *Attribution) (*resourcesFound, error) {
	var cuts []Cut
	for i, d := range at.Drivers {
		if d.Kind == SliceDriver {
			cuts = append(cuts, Cut{Driver: i, Conditions: d.Conditions})
		}
	}
	slices.SortStableFunc(cuts, func(a, b Cut) int {
		return at.Drivers[b.Driver].Amount.Abs().Cmp(at.Drivers[a.Driver].Amount.Abs())
	})
	opened, cuts, of := r.open(t, cuts)
	if len(of) == 0 {
		return nil, nil
	}
	cols := r.needed(t, cuts, of)
	f, err := r.resourcesQuery(cols, opened)
	if err != nil {
		return nil, err
	}
	rows, trace, err := r.beside.Query(ctx, "resources of the services that moved", f)
	if err != nil {
		return nil, err
	}
	per := r.perResource(rows.Values)
	found := &resourcesFound{perDriver: map[string][]analysis.ResourceChange{}, trace: trace,
		fill: func(t *Table) { r.fillQuantities(t, cols, of, appearing(per)) }}
	for i, carriers := range r.carriers(t, cuts, per) {
		found.perDriver[sliceKey(at.Drivers[cuts[i].Driver].Slice)] = carriers
	}
	return found, nil
}

// resource is what one resource used and cost in both periods, in one price key; nil where it has no such lines.
type resource struct {
	dims           []any
	key            string // of the leaf
	id, name       string
	q0, q1, c0, c1 any
}

// perResource reads the rows of resourcesSQL: the dimensions, unit, cur, rid, p0, p1, rname, q, c. Rows whose keys differ
// only in how their tags are written are one.
func (r *run) perResource(rows [][]any) []*resource {
	var out []*resource
	by := map[string]*resource{}
	n := len(r.dims)
	for _, row := range rows {
		for i, v := range row[:n] {
			if v == nil {
				row[i] = ""
			}
		}
		key, rest := leafKey(row[:n], row[n], row[n+1]), row[n+2:]
		id, name := rest[0].(string), rest[3].(string)
		p := by[key+id]
		if p == nil {
			p = &resource{dims: row[:n], key: key, id: id}
			by[key+id] = p
			out = append(out, p)
		}
		p.name = max(p.name, name)
		if rest[1] == any(int64(1)) {
			p.q0, p.c0 = plus(p.q0, rest[4]), plus(p.c0, rest[5])
		}
		if rest[2] == any(int64(1)) {
			p.q1, p.c1 = plus(p.q1, rest[4]), plus(p.c1, rest[5])
		}
	}
	return out
}

// appearing adds up, per leaf, the quantities of resources seen in only one of the periods: new and gone ones.
func appearing(per []*resource) map[string][2]float64 {
	sums := map[string]*[2]any{}
	for _, p := range per {
		s := sums[p.key]
		if s == nil {
			s = &[2]any{}
			sums[p.key] = s
		}
		if p.q0 == nil {
			s[0] = plus(s[0], p.q1)
		}
		if p.q1 == nil {
			s[1] = plus(s[1], p.q0)
		}
	}
	out := map[string][2]float64{}
	for key, s := range sums {
		out[key] = [2]float64{zero(float(s[0])), zero(float(s[1]))}
	}
	return out
}

// carriers finds, per cut, the resources whose cost changed most.
func (r *run) carriers(t *Table, cuts []Cut, per []*resource) [][]analysis.ResourceChange {
	changed := make([]map[string]*resource, len(cuts))
	for _, p := range per {
		i := slices.IndexFunc(cuts, func(c Cut) bool {
			return !slices.ContainsFunc(c.Conditions, func(k Condition) bool { return p.dims[k.Dim] != any(t.Dims[k.Dim].Values[k.Code]) })
		})
		if i < 0 {
			continue
		}
		if changed[i] == nil {
			changed[i] = map[string]*resource{}
		}
		s := changed[i][p.id]
		if s == nil {
			s = &resource{id: p.id}
			changed[i][p.id] = s
		}
		s.name, s.c0, s.c1 = max(s.name, p.name), plus(s.c0, p.c0), plus(s.c1, p.c1)
	}
	out := make([][]analysis.ResourceChange, len(cuts))
	for i, m := range changed {
		for _, s := range m {
			c0, had := s.c0.(decimal.Decimal)
			c1, has := s.c1.(decimal.Decimal)
			status := "continuing"
			switch {
			case !had:
				status = "new"
			case !has:
				status = "removed"
			}
			out[i] = append(out[i], analysis.ResourceChange{ID: s.id, Name: s.name, Amount: c1.Sub(c0), Status: status})
		}
		slices.SortFunc(out[i], func(a, b analysis.ResourceChange) int {
			return cmp.Or(b.Amount.Abs().Cmp(a.Amount.Abs()), strings.Compare(a.ID, b.ID))
		})
		out[i] = out[i][:min(len(out[i]), resourcesShown)]
	}
	return out
}

// open chooses which line items to read: all of them while they are few, drivers or not, so that the effects are the same
// with the periods exchanged; else those of the first cuts that fit. A tag is no condition here, since reading it means
// parsing every line. It returns conditions, the cuts whose lines they hold, and the usage leaves that these lines are of; none
// when there is nothing to read.
func (r *run) open(t *Table, cuts []Cut) ([]query.Fragment, []Cut, []int) {
	if r.lines() <= MaxLineItems {
		return []query.Fragment{query.F("true")}, cuts, usageLeaves(t, func(int) bool { return true })
	}
	taken := make([]bool, len(t.Leaves))
	left := int64(MaxSliceLines)
	var where []query.Fragment
	var kept []Cut
	for _, c := range cuts {
		raw := slices.DeleteFunc(slices.Clone(c.Conditions), func(k Condition) bool { return r.dims[k.Dim].key != "" })
		var cost int64
		for i := range t.Leaves {
			if !taken[i] && t.holds(raw, i) {
				cost += r.units[i].lines
			}
		}
		if len(raw) == 0 || cost > left {
			continue
		}
		left -= cost
		for i := range t.Leaves {
			taken[i] = taken[i] || t.holds(raw, i)
		}
		conds := []query.Fragment{}
		for _, k := range raw {
			column, value := r.dims[k.Dim].name, t.Dims[k.Dim].Values[k.Code]
			if value == "" {
				conds = append(conds, query.F(column+" IS NULL"))
			} else { // the bare column, which files and row groups can be skipped by
				conds = append(conds, query.F(column+" = ?", value))
			}
		}
		kept = append(kept, c)
		if cost > 0 { // its lines are not all read already
			where = append(where, query.Join(" AND ", conds...))
		}
	}
	return where, kept, usageLeaves(t, func(i int) bool { return taken[i] })
}

func usageLeaves(t *Table, keep func(leaf int) bool) []int {
	var out []int
	for i := range t.Leaves {
		if t.Leaves[i].Stratum == Usage && keep(i) {
			out = append(out, i)
		}
	}
	return out
}

// lines counts the line items of all leaves.
func (r *run) lines() int64 {
	var all int64
	for _, u := range r.units {
		all += u.lines
	}
	return all
}

// lineColumns are the columns that the line items need to be read for: what the others determine, over the leaves that
// the lines are of, is left unread, since each column of millions of lines costs.
type lineColumns struct {
	dims  []bool // per dimension
	unit  bool
	money bool // several currencies: which one, and the cost in the pricing currency
	names bool // ResourceName
}

// needed finds the columns that line items must be read for.
func (r *run) needed(t *Table, cuts []Cut, of []int) lineColumns {
	c := lineColumns{dims: slices.Repeat([]bool{true}, len(r.dims)), unit: true}
	for _, i := range of {
		c.money = c.money || r.units[i].currency != r.req.Currency
	}
	c.names = r.lines() <= MaxLineItems
	full := r.distinct(t, c, of)
	if tags := slices.Clone(c.dims); r.tags(tags) && !r.named(cuts, func(dim int) bool { return r.dims[dim].key != "" }) {
		if r.distinct(t, lineColumns{dims: tags, unit: true, money: c.money}, of) == full {
			c.dims = tags
		}
	}
	for i := len(r.dims) - 1; i >= 0; i-- {
		if r.dims[i].key != "" || r.named(cuts, func(dim int) bool { return dim == i }) || r.dims[i].name == "SkuId" || r.dims[i].name == "SubAccountId" {
			continue
		}
		if c.dims[i] = false; r.distinct(t, c, of) < full {
			c.dims[i] = true
		}
	}
	if c.unit = false; r.distinct(t, c, of) < full {
		c.unit = true
	}
	return c
}

// tags takes the tags out of a choice of dimensions, all of them since they are one column; false when there are none.
func (r *run) tags(dims []bool) (any bool) {
	for i, d := range r.dims {
		if d.key != "" {
			dims[i], any = false, true
		}
	}
	return any
}

// named reports whether a condition of a cut names such a dimension.
func (r *run) named(cuts []Cut, is func(dim int) bool) bool {
	return slices.ContainsFunc(cuts, func(k Cut) bool {
		return slices.ContainsFunc(k.Conditions, func(q Condition) bool { return is(q.Dim) })
	})
}

// distinct counts the leaves that the columns tell apart.
func (r *run) distinct(t *Table, c lineColumns, of []int) int {
	keys := map[string]bool{}
	for _, i := range of {
		keys[r.keyOf(t, c, i)] = true
	}
	return len(keys)
}

// keyOf is a leaf's key in the columns that are read.
func (r *run) keyOf(t *Table, c lineColumns, leaf int) string {
	values := make([]any, len(r.dims))
	for d := range values {
		values[d] = ""
		if c.dims[d] {
			values[d] = t.Dims[d].Values[t.Dims[d].Codes[leaf]]
		}
	}
	unit, cur := "", ""
	if c.unit {
		unit = r.units[leaf].unit
	}
	if c.money {
		cur = r.units[leaf].currency
	}
	return leafKey(values, unit, cur)
}

func (r *run) fillQuantities(t *Table, c lineColumns, of []int, byKey map[string][2]float64) {
	for _, i := range of {
		q := byKey[r.keyOf(t, c, i)]
		t.Leaves[i].NewQuantity, t.Leaves[i].GoneQuantity = q[0], q[1]
	}
}

func leafKey(values []any, unit, cur any) string {
	var b strings.Builder
	for _, v := range append(slices.Clone(values), unit, cur) {
		s, _ := v.(string)
		b.WriteString(s)
		b.WriteByte(0)
	}
	return b.String()
}

func sliceKey(slice map[string]string) string {
	var b strings.Builder
	for _, k := range sortedKeys(slice) {
		b.WriteString(k + "\x00" + slice[k] + "\x00")
	}
	return b.String()
}

// assign gives the drivers their resources.
func (f *resourcesFound) assign(at *Attribution) {
	for i := range at.Drivers {
		d := &at.Drivers[i]
		if d.Kind == SliceDriver {
			d.Resources = f.perDriver[sliceKey(d.Slice)]
		}
	}
}

func (r *run) resourcesQuery(c lineColumns, opened []query.Fragment) (query.Fragment, error) {
	where, err := query.Where(r.req.Filters)
	if err != nil {
		return query.Fragment{}, err
	}
	text := func(s []string) query.Fragment { return query.F(strings.Join(s, ", ")) }
	var raw []string
	var dims []query.Fragment
	tags := false
	for i, d := range r.dims {
		as := " AS d" + strconv.Itoa(i)
		switch {
		case !c.dims[i]:
			dims = append(dims, query.F("''"+as))
			continue
		case d.key == "":
			raw = append(raw, d.name)
		default:
			tags = true
		}
		dims = append(dims, query.Fragment{SQL: d.bare.SQL + as, Params: d.bare.Params})
	}
	if tags {
		raw = append(raw, "Tags")
	}
	current, baseline := query.Within(query.Charges, r.req.Current), query.Within(query.Charges, r.req.Baseline)
	sums, cost := []string{"sum(" + r.req.Metric.Column() + ") AS own"}, query.F("own")
	unit, cur, rname := "''", "''", "''"
	if c.unit {
		raw, unit = append(raw, "PricingUnit"), query.OrEmpty(query.F("PricingUnit")).SQL
	}
	if c.money {
		raw, cur = append(raw, "BillingCurrency", "PricingCurrency"), "BillingCurrency"
		sums = append(sums, "sum(PricingCurrencyEffectiveCost) AS priced")
		cost = query.CostOf(r.req.Metric, r.req.Currency, "BillingCurrency", "PricingCurrency", "own", "priced")
	}
	if c.names {
		rname = "max(CASE WHEN ResourceName IS NULL THEN '' ELSE ResourceName END)"
	}
	var lines []query.Fragment
	before := query.F("true") // lines of an earlier slice are not read again
	for i, o := range opened {
		lines = append(lines, query.Fill(linesSQL, map[string]query.Fragment{
			"branch": query.F(strconv.Itoa(i)), "raw": text(raw), "keys": firstColumns(len(raw) + 4), "rname": query.F(rname),
			"sums": text(sums), "opened": o, "before": before, "filters": where, "current": current, "baseline": baseline,
			"periods": query.WithinEither(query.Charges, r.req.Baseline, r.req.Current),
			"whole":   query.Without(query.Charges, r.req.Cutoffs),
		}))
		before = query.Join(" AND ", before, query.Fragment{SQL: "CASE WHEN " + o.SQL + " THEN false ELSE true END", Params: o.Params})
	}
	return query.Fill(resourcesSQL, map[string]query.Fragment{
		"lines": query.Join("\n  UNION ALL\n", lines...), "dims": query.Join(", ", dims...), "raw": text(raw),
		"unit": query.F(unit), "cur": query.F(cur), "cost": cost,
	}), nil
}
