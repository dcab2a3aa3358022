package explain

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// daysOfDrivers asks, in one query, for all that the drivers' days tell: the daily history of each cut, of each one-time
// charge, and of the commitments under the drivers that coverage makes.
type daysOfDrivers struct {
	vectors []Vector        // that date a driver, or whose commitments are looked at
	oneTime []*Driver       // one per stratum and slice; their descriptions are told apart by the rows
	hist    analysis.Period // before the current period
	lines   [numVectors]map[int]map[string]map[time.Time]*daySum
	monthly [numVectors]map[int]bool // drivers with monthly lines only
	once    map[int]map[string]map[time.Time]any
	used    map[int]map[string]time.Time // driver, commitment: the last day it covered something
	trace   analysis.QueryTrace          // empty when there was nothing to ask
}

// daySum is a day's exact sums.
type daySum struct{ q, l, cc, c any }

// days asks for the days of an attribution's drivers. It leaves r and at as they are.
func (r *run) days(ctx context.Context, t *Table, at *Attribution) (*daysOfDrivers, error) {
	d := r.daysWanted(at)
	if len(d.vectors) == 0 && len(d.oneTime) == 0 {
		return d, nil
	}
	f, err := r.daysQuery(t, at, d)
	if err != nil {
		return nil, err
	}
	rows, trace, err := r.sight.Query(ctx, "days of the drivers", f)
	if err != nil {
		return nil, err
	}
	d.trace = trace
	for _, row := range rows.Values {
		r.readDay(d, row)
	}
	return d, nil
}

// sameCuts reports whether two attributions have the same drivers in the same order, as far as their days are concerned.
func sameCuts(a, b *Attribution) bool {
	same := func(p, q Driver) bool {
		return p.Kind == q.Kind && p.Stratum == q.Stratum && p.Description == q.Description && maps.Equal(p.Slice, q.Slice) && slices.Equal(p.Vectors, q.Vectors)
	}
	if !slices.EqualFunc(a.Drivers, b.Drivers, same) {
		return false
	}
	for v := range a.Cuts {
		if !slices.EqualFunc(a.Cuts[v], b.Cuts[v], func(p, q Cut) bool { return p.Driver == q.Driver && slices.Equal(p.Conditions, q.Conditions) }) {
			return false
		}
	}
	return true
}

// tell dates the drivers and says which commitments ended under them.
func (r *run) tell(d *daysOfDrivers, at *Attribution) {
	for _, v := range d.vectors {
		for _, c := range at.Cuts[v] {
			r.date(d, v, c.Driver, &at.Drivers[c.Driver])
		}
	}
	for i := range at.Drivers {
		if at.Drivers[i].Kind == OneTimeDriver {
			r.dateOneTime(d, &at.Drivers[i])
		}
	}
	r.sayEnded(d, at)
}

// endedDays is how many days at the end of the current period a commitment must have gone unused to count as ended.
const endedDays = 2

func (r *run) daysWanted(at *Attribution) *daysOfDrivers {
	d := &daysOfDrivers{hist: r.history(), once: map[int]map[string]map[time.Time]any{}, used: map[int]map[string]time.Time{}}
	for v, cuts := range at.Cuts {
		vec := Vector(v)
		dates := slices.ContainsFunc(cuts, func(c Cut) bool { return datedBy(&at.Drivers[c.Driver], vec) })
		if dates || vec == Commitment && len(cuts) > 0 && r.req.Current.Days() > endedDays {
			d.vectors = append(d.vectors, vec)
			d.lines[v], d.monthly[v] = map[int]map[string]map[time.Time]*daySum{}, map[int]bool{}
		}
	}
	for i := range at.Drivers {
		if o := &at.Drivers[i]; o.Kind == OneTimeDriver && d.onceOf(o) < 0 {
			d.oneTime = append(d.oneTime, o)
		}
	}
	return d
}

// datedBy reports whether a driver is dated in a vector: the one that carries most of it.
func datedBy(d *Driver, v Vector) bool { return len(d.Vectors) > 0 && d.Vectors[0] == v }

// onceOf numbers the one-time drivers by stratum and slice; -1 when it is not among them.
func (d *daysOfDrivers) onceOf(o *Driver) int {
	return slices.IndexFunc(d.oneTime, func(p *Driver) bool { return p.Stratum == o.Stratum && sliceKey(p.Slice) == sliceKey(o.Slice) })
}

// daysQuery numbers the rows of the drivers by cut per vector and adds them up per day, and per SKU where list prices are
// compared, per service where other rates are, per commitment where coverage is.
func (r *run) daysQuery(t *Table, at *Attribution, d *daysOfDrivers) (query.Fragment, error) {
	named := make([]bool, len(r.dims))
	var cuts []query.Fragment
	var numbers, some []string
	sku, service, commitment := []string{"false"}, []string{"false"}, "CAST(NULL AS VARCHAR)"
	for _, v := range d.vectors {
		for _, c := range at.Cuts[v] {
			for _, k := range c.Conditions {
				named[k.Dim] = true
			}
		}
		name := "cut_" + v.String()
		c := r.cutCase(t, at.Cuts[v], func(c Cut) int { return c.Driver })
		cuts = append(cuts, query.Fragment{SQL: "CASE WHEN stratum = 'usage' THEN " + c.SQL + " END AS " + name, Params: c.Params})
		numbers, some = append(numbers, name), append(some, name+" IS NOT NULL")
		switch v {
		case ListPrice:
			sku = append(sku, name+" IS NOT NULL")
		case Quantity:
		default:
			service = append(service, name+" IS NOT NULL")
		}
		if v == Commitment {
			commitment = "CASE WHEN " + name + " IS NOT NULL AND used = 1 THEN commitment END"
		}
	}
	once := []query.Fragment{query.F("CASE")}
	for i, o := range d.oneTime {
		conds := []query.Fragment{query.F("stratum = ?", o.Stratum.String())}
		for _, c := range sortedKeys(o.Slice) {
			dim := r.dimIndex(c)
			named[dim] = true
			conds = append(conds, query.F("d"+strconv.Itoa(dim)+" = ?", o.Slice[c]))
		}
		when := query.Join(" AND ", conds...)
		once = append(once, query.F("WHEN "+when.SQL+" THEN "+strconv.Itoa(i), when.Params...))
	}
	if len(d.oneTime) == 0 {
		once = append(once, query.F("WHEN false THEN 0"))
	}
	once = append(once, query.F("END AS once"))
	cuts = append(cuts, query.Join(" ", once...))
	numbers, some = append(numbers, "once"), append(some, "once IS NOT NULL")
	part, err := r.part(d.hist, named)
	if err != nil {
		return query.Fragment{}, err
	}
	return query.Fill(daysSQL, map[string]query.Fragment{
		"part": part, "cuts": query.Join(", ", cuts...), "numbers": query.F(strings.Join(numbers, ", ")),
		"some":       query.F(strings.Join(some, " OR ")),
		"sku":        query.F("CASE WHEN " + strings.Join(sku, " OR ") + " THEN d" + strconv.Itoa(r.dimIndex("SkuId")) + " ELSE '' END"),
		"service":    query.F("CASE WHEN " + strings.Join(service, " OR ") + " THEN d" + strconv.Itoa(r.dimIndex("ServiceName")) + " ELSE '' END"),
		"commitment": query.F(commitment), "keys": firstColumns(len(numbers) + 5),
	}), nil
}

// readDay takes a row of daysSQL: the cuts, once, sku, service, description, commitment, day, q, l, cc, c, recurring.
func (r *run) readDay(d *daysOfDrivers, row []any) {
	n := len(d.vectors)
	sku, service, description := row[n+1].(string), row[n+2].(string), row[n+3].(string)
	day, q, l, cc, c := row[n+5].(time.Time), row[n+6], row[n+7], row[n+8], row[n+9]
	if i, ok := row[n].(int64); ok {
		byDay := entry(entry(d.once, int(i)), timeless(description))
		byDay[day] = plus(byDay[day], c)
	}
	for k, v := range d.vectors {
		number, ok := row[k].(int64)
		if !ok {
			continue
		}
		driver, by := int(number), service
		switch v {
		case ListPrice:
			by = sku
		case Quantity:
			by = ""
		}
		byDay := entry(entry(d.lines[v], driver), by)
		s := byDay[day]
		if s == nil {
			s = &daySum{}
			byDay[day] = s
		}
		s.q, s.l, s.cc, s.c = plus(s.q, q), plus(s.l, l), plus(s.cc, cc), plus(s.c, c)
		monthly, seen := d.monthly[v][driver]
		d.monthly[v][driver] = (monthly || !seen) && row[n+10].(int64) == 1
		if id, ok := row[n+4].(string); ok && v == Commitment && (r.req.Baseline.Contains(day) || r.req.Current.Contains(day)) {
			if last := entry(d.used, driver); day.After(last[id]) {
				last[id] = day
			}
		}
	}
}

// entry is the map under a key, made when it is not there.
func entry[K, L comparable, V any](m map[K]map[L]V, k K) map[L]V {
	if m[k] == nil {
		m[k] = map[L]V{}
	}
	return m[k]
}

// date dates a driver that a vector carries most of. Lines are compared within a SKU or a service, see [Daily].
func (r *run) date(d *daysOfDrivers, v Vector, number int, to *Driver) {
	if !datedBy(to, v) {
		return
	}
	var parts []Daily
	for _, by := range sortedKeys(d.lines[v][number]) {
		l := Daily{Base: make([]DaySums, d.hist.Days()), Cur: make([]DaySums, r.req.Current.Days())}
		for day, s := range d.lines[v][number][by] {
			put(&l, d.hist, r.req.Current, day, DaySums{Quantity: zero(float(s.q)), List: zero(float(s.l)), Contracted: zero(float(s.cc)), Cost: zero(float(s.c))})
		}
		parts = append(parts, l)
	}
	to.Onset = OnsetOf(v, parts, d.hist, r.req.Current, d.monthly[v][number])
}

func (r *run) dateOneTime(d *daysOfDrivers, to *Driver) {
	l := Daily{Base: make([]DaySums, r.req.Baseline.Days()), Cur: make([]DaySums, r.req.Current.Days())}
	for day, c := range d.once[d.onceOf(to)][to.Description] {
		put(&l, r.req.Baseline, r.req.Current, day, DaySums{Cost: zero(float(c))})
	}
	if daily(l.Base) || daily(l.Cur) { // a credit or a tax of every day has a level, which steps
		to.Onset = OnsetOf(Quantity, []Daily{l}, r.req.Baseline, r.req.Current, false)
		return
	}
	to.Onset = OneTimeOnset(costs(l.Base), costs(l.Cur), r.req.Baseline, r.req.Current)
}

// endedSaid is how many ended commitments a driver names.
const endedSaid = 2

// sayEnded says which commitments covered something and then no more: "sp-0a1f last used 15 Oct". That is what the bill shows;
// why it ended it does not.
func (r *run) sayEnded(d *daysOfDrivers, at *Attribution) {
	if r.req.Current.Days() <= endedDays {
		return
	}
	since := r.req.Current.End.AddDate(0, 0, -endedDays)
	for i := range at.Drivers {
		last := d.used[i]
		ids := slices.DeleteFunc(sortedKeys(last), func(id string) bool { return !last[id].Before(since) })
		slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(last[b].Unix(), last[a].Unix()) })
		for _, id := range ids[:min(len(ids), endedSaid)] {
			to := &at.Drivers[i]
			to.How = strings.TrimPrefix(to.How+"; "+shortID(id)+" last used "+last[id].Format("2 Jan"), "; ")
		}
	}
}
