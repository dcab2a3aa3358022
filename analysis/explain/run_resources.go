package explain

import (
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
}

// How many line items an explanation opens to look at resources. Up to MaxLineItems in both periods together everything is
// opened. In larger stores the drivers' slices are, the largest driver first, as far as MaxSliceLines go: a slice that a few
// resources carry is small, and of a whole account the resources say little until the question is narrowed to it. What is not
// opened has its new and removed resources counted as volume.
const (
	MaxLineItems  = 150_000
	MaxSliceLines = 60_000
)

// resources looks up, for the slices that matter, which resources are new or gone and which carry the drivers. It fills the
// leaves' NewQuantity and GoneQuantity. Nil when there is nothing to look up.
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
	opened, cuts, ok := r.open(t, cuts)
	if !ok {
		return nil, nil
	}
	cols := r.needed(t, cuts)
	f, err := r.resourcesQuery(t, cols, opened, cuts)
	if err != nil {
		return nil, err
	}
	rows, err := r.query(ctx, "resources of the services that moved", f)
	if err != nil {
		return nil, err
	}
	byKey := map[string][2]float64{}
	found := &resourcesFound{perDriver: map[string][]analysis.ResourceChange{}}
	n := len(r.dims)
	for _, row := range rows.Values {
		driver := int(row[0].(int64))
		key, rest := row[2:2+n], row[2+n:] // unit, cur, rid, rname, fresh, gone, c0, c1
		if driver < 0 {
			byKey[leafKey(key, rest[0], rest[1])] = [2]float64{zero(float(rest[4])), zero(float(rest[5]))}
			continue
		}
		c0, had := rest[6].(decimal.Decimal)
		c1, has := rest[7].(decimal.Decimal)
		status := "continuing"
		switch {
		case !had:
			status = "new"
		case !has:
			status = "removed"
		}
		slice := sliceKey(at.Drivers[driver].Slice)
		found.perDriver[slice] = append(found.perDriver[slice], analysis.ResourceChange{
			ID: rest[2].(string), Name: rest[3].(string), Amount: c1.Sub(c0), Status: status})
	}
	r.fillQuantities(t, cols, byKey)
	return found, nil
}

// open chooses which line items to read: all of them while they are few, drivers or not, so that the effects are the same
// with the periods exchanged; else those of the first cuts that fit. A tag is no condition here, since reading it means
// parsing every line. It is false when there is nothing to read.
func (r *run) open(t *Table, cuts []Cut) ([]query.Fragment, []Cut, bool) {
	var all int64
	for _, u := range r.units {
		all += u.lines
	}
	if all <= MaxLineItems {
		return []query.Fragment{query.F("true")}, cuts, all > 0
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
	return where, kept, len(where) > 0
}

// lineColumns are the columns that the line items need to be read for: what the others determine, over the leaves of this
// question, is left unread, since each column of millions of lines costs.
type lineColumns struct {
	dims  []bool // per dimension; tags always, they are one column
	unit  bool
	money bool // several currencies: which one, and the cost in the pricing currency
	names bool // ResourceName
}

// needed finds the columns that line items must be read for.
func (r *run) needed(t *Table, cuts []Cut) lineColumns {
	c := lineColumns{dims: slices.Repeat([]bool{true}, len(r.dims)), unit: true}
	var all int64
	for i, u := range r.units {
		all += u.lines
		c.money = c.money || t.Leaves[i].Stratum == Usage && u.currency != r.req.Currency
	}
	c.names = all <= MaxLineItems
	full := r.distinct(t, c)
	for i := len(r.dims) - 1; i >= 0; i-- {
		named := slices.ContainsFunc(cuts, func(k Cut) bool {
			return slices.ContainsFunc(k.Conditions, func(q Condition) bool { return q.Dim == i })
		})
		if r.dims[i].key != "" || named || r.dims[i].name == "SkuId" || r.dims[i].name == "SubAccountId" {
			continue
		}
		if c.dims[i] = false; r.distinct(t, c) < full {
			c.dims[i] = true
		}
	}
	if c.unit = false; r.distinct(t, c) < full {
		c.unit = true
	}
	return c
}

// distinct counts the usage leaves that the columns tell apart.
func (r *run) distinct(t *Table, c lineColumns) int {
	keys := map[string]bool{}
	for i := range t.Leaves {
		if t.Leaves[i].Stratum == Usage {
			keys[r.keyOf(t, c, i)] = true
		}
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

func (r *run) fillQuantities(t *Table, c lineColumns, byKey map[string][2]float64) {
	for i := range t.Leaves {
		if l := &t.Leaves[i]; l.Stratum == Usage {
			q := byKey[r.keyOf(t, c, i)]
			l.NewQuantity, l.GoneQuantity = q[0], q[1]
		}
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

func (r *run) resourcesQuery(t *Table, c lineColumns, opened []query.Fragment, cuts []Cut) (query.Fragment, error) {
	where, err := query.Where(r.req.Filters)
	if err != nil {
		return query.Fragment{}, err
	}
	text := func(s []string) query.Fragment { return query.F(strings.Join(s, ", ")) }
	var raw []string
	var tagged []query.Fragment
	for i, d := range r.dims {
		as := " AS d" + strconv.Itoa(i)
		switch {
		case !c.dims[i]:
			tagged = append(tagged, query.F("''"+as))
		default:
			if d.key == "" {
				raw = append(raw, d.name)
			}
			tagged = append(tagged, query.Fragment{SQL: d.expr.SQL + as, Params: d.expr.Params})
		}
	}
	sums := []string{"sum(" + r.req.Metric.Column() + ") AS own"}
	unit, cur, rname, cost := "''", "''", "''", query.F("own")
	if c.unit {
		raw, unit = append(raw, "PricingUnit"), query.OrEmpty(query.F("PricingUnit")).SQL
	}
	if c.money {
		raw, cur = append(raw, "BillingCurrency", "PricingCurrency"), "BillingCurrency"
		sums = append(sums, "sum(PricingCurrencyEffectiveCost) AS priced")
		cost = query.CostOf(r.req.Metric, r.req.Currency, "BillingCurrency", "PricingCurrency", "own", "priced")
	}
	if c.names {
		sums, rname = append(sums, "max(ResourceName) AS rname"), "rname"
	}
	var lines []query.Fragment
	before := query.F("true") // lines of an earlier slice are not read again
	for _, o := range opened {
		lines = append(lines, query.Fill(linesSQL, map[string]query.Fragment{
			"raw": text(raw), "keys": firstColumns(len(raw) + 4), "sums": text(sums), "opened": o, "before": before, "filters": where,
			"current": query.Within(query.Charges, r.req.Current), "baseline": query.Within(query.Charges, r.req.Baseline),
			"whole": query.Without(query.Charges, r.req.Cutoffs),
		}))
		before = query.Join(" AND ", before, query.Fragment{SQL: "CASE WHEN " + o.SQL + " THEN false ELSE true END", Params: o.Params})
	}
	return query.Fill(resourcesSQL, map[string]query.Fragment{
		"lines": query.Join("\n  UNION ALL\n", lines...), "tagged": query.Join(", ", tagged...),
		"unit": query.F(unit), "cur": query.F(cur), "rname": query.F(rname), "cost": cost,
		"names": r.names(), "blanks": text(slices.Repeat([]string{"''"}, len(r.dims))),
		"cut": r.cutCase(t, cuts, func(c Cut) int { return c.Driver }), "most": query.F(strconv.Itoa(resourcesShown)),
	}), nil
}
