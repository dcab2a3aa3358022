package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// beforePublish adds to the record where the files were fetched and what the load restates, and refuses a load that would
// take the place of what lies beside it at the same source.
func (l *load) beforePublish(ctx context.Context, rec *store.Load, daily []string) error {
	if d := l.o.Delivery; d != nil {
		rec.Delivery = d
		if err := l.delivered(rec); err != nil {
			return err
		}
		if err := l.overlap(ctx, rec); err != nil {
			return err
		}
	}
	var err error
	rec.Restated, err = l.restated(ctx, rec.Partitions, daily)
	return err
}

// delivered gives the files their tags. Every file of a delivery must be in the load: one that was passed over would be
// missing from the month without a word. Only JSON may be something else than a bill.
func (l *load) delivered(rec *store.Load) error {
	if l.o.ETags == nil {
		return nil
	}
	have := map[string]bool{}
	for i, f := range rec.Files {
		rec.Files[i].ETag = l.o.ETags[f.Path]
		have[f.Path] = true
	}
	for name := range l.o.ETags {
		if !have[name] && jsonEnd(name) == "" {
			return &Error{File: name, Problem: "it belongs to this delivery and is no bill that can be read", Expected: "CSV or Parquet files, as the provider delivers them"}
		}
	}
	return nil
}

// overlap refuses a load whose months another delivery of the same source has brought, and still holds: each would take the
// other's place, again and again.
func (l *load) overlap(ctx context.Context, rec *store.Load) error {
	loads, err := l.store.Loads(ctx)
	if err != nil {
		return err
	}
	for i, e := range loads {
		if e.Delivery == nil || e.Delivery.Source != l.o.Delivery.Source || e.Delivery.Key == l.o.Delivery.Key || !slices.Contains(l.o.Beside, e.Delivery.Key) {
			continue
		}
		if store.ReplacedBy(loads, i) != nil || slices.ContainsFunc(rec.Kept, func(k store.Kept) bool { return k.Load == e.ID }) {
			continue
		}
		for _, p := range e.Partitions {
			if slices.ContainsFunc(rec.Partitions, func(q store.Partition) bool { return q.Source == p.Source && q.Month == p.Month }) {
				return &Error{File: l.o.Delivery.Key, Problem: fmt.Sprintf("%s of the feed %q is in %s too, and one would take the other's place", p.Month, p.Source, e.Delivery.Key),
					Expected: "a feed's month in one delivery; `together: true` in the configuration of the source loads all that lies there as one"}
			}
		}
	}
	return nil
}

// mostServices bounds the services that a load's record names, over all its restatements: it travels in the snapshot.
const mostServices = 200

// shownServices are the services named of a restatement, at most and at least, within [mostServices].
const (
	shownServices = 20
	leastServices = 3
)

// moving is what is compared: a restatement's provider, month and currency.
type moving struct{ provider, month, currency string }

// slot is a service's day within it.
type slot struct {
	service string
	day     time.Time
}

// sumsOf are the billed and the effective cost of a slot, before and after; nil where no row has a value.
type sumsOf struct{ was, is [2]*decimal.Decimal }

// restated compares the months that the load replaces with what it brings, over the days that were there before.
func (l *load) restated(ctx context.Context, parts []store.Partition, daily []string) ([]store.Restatement, error) {
	old := l.w.Replaces(parts)
	if len(old) == 0 {
		return nil, nil
	}
	first, last := old[0].Month, old[0].Month
	for _, p := range old {
		first, last = min(first, p.Month), max(last, p.Month)
	}
	from, err := time.Parse("2006-01", first)
	if err != nil {
		return nil, fmt.Errorf("compare with what it replaces: %w", err)
	}
	until, err := time.Parse("2006-01", last)
	if err != nil {
		return nil, fmt.Errorf("compare with what it replaces: %w", err)
	}
	base := l.w.Base()
	if base == nil {
		return nil, errors.New("a store without a snapshot has nothing to replace")
	}
	was, _, err := base.Query(ctx, "what a load restates", `SELECT x_Source, ServiceProviderName, CAST(date_trunc('month', BillingPeriodStart) AS DATE), BillingCurrency, ServiceName, ChargeDate,
  sum(BilledCost), sum(EffectiveCost)
FROM daily WHERE BillingPeriodStart >= CAST(? AS TIMESTAMP) AND BillingPeriodStart < CAST(? AS TIMESTAMP) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
		from.Format(time.DateTime), until.AddDate(0, 1, 0).Format(time.DateTime))
	if err != nil {
		return nil, err
	}
	service := "ServiceName"
	if l.empty("ServiceName") {
		service = "NULL"
	}
	is, err := l.w.Query(ctx, fmt.Sprintf(`SELECT x_Source, ServiceProviderName, CAST(date_trunc('month', BillingPeriodStart) AS DATE), BillingCurrency, %s, ChargeDate,
  sum(BilledCost), sum(EffectiveCost)
FROM read_parquet(%s, hive_partitioning=false, union_by_name=true) GROUP BY ALL`, service, fileList(daily)))
	if err != nil {
		return nil, fmt.Errorf("compare with what it replaces: %w", err)
	}

	type feed struct{ source, month string }
	known := map[feed]time.Time{} // the last day that it had
	for _, p := range old {
		known[feed{p.Source, p.Month}] = time.Time{}
	}
	groups := map[moving]map[slot]*sumsOf{}
	add := func(rows *store.Rows, side int) {
		for _, r := range rows.Values {
			f := feed{text(r[0]), monthText(r[2])}
			through, ok := known[f]
			day, _ := r[5].(time.Time)
			if !ok || side == 1 && day.After(through) {
				continue
			}
			if side == 0 && day.After(through) {
				known[f] = day
			}
			g := moving{text(r[1]), f.month, text(r[3])}
			if groups[g] == nil {
				groups[g] = map[slot]*sumsOf{}
			}
			k := slot{text(r[4]), day}
			s := groups[g][k]
			if s == nil {
				s = &sumsOf{}
				groups[g][k] = s
			}
			to := &s.was
			if side == 1 {
				to = &s.is
			}
			for i := range 2 {
				if d, ok := r[6+i].(decimal.Decimal); ok {
					plus(&to[i], &d)
				}
			}
		}
	}
	add(was, 0)
	add(is, 1)
	return restatements(groups), nil
}

// plus adds to a sum that may be of nothing so far.
func plus(to **decimal.Decimal, d *decimal.Decimal) {
	switch {
	case d == nil:
	case *to == nil:
		v := *d
		*to = &v
	default:
		v := (*to).Add(*d)
		*to = &v
	}
}

// restatements are the groups that moved, largest first, each with the services that moved most and the rest.
func restatements(groups map[moving]map[slot]*sumsOf) []store.Restatement {
	var out []store.Restatement
	for g, slots := range groups {
		r := store.Restatement{Provider: g.provider, Month: g.month, Currency: g.currency}
		services := map[string]*sumsOf{}
		for k, s := range slots {
			t := services[k.service]
			if t == nil {
				t = &sumsOf{}
				services[k.service] = t
			}
			for i := range 2 {
				plus(&t.was[i], s.was[i])
				plus(&t.is[i], s.is[i])
			}
			if same(s) {
				continue
			}
			day := k.day.Format(analysis.DateLayout)
			if r.First == "" || day < r.First {
				r.First = day
			}
			r.Last = max(r.Last, day)
		}
		if r.First == "" {
			continue
		}
		var all sumsOf
		for name, s := range services {
			for i := range 2 {
				plus(&all.was[i], s.was[i])
				plus(&all.is[i], s.is[i])
			}
			r.Services = append(r.Services, store.ServiceMoved{Service: name, Moved: movedOf(s)})
		}
		r.Moved = movedOf(&all)
		slices.SortFunc(r.Services, func(a, b store.ServiceMoved) int {
			return cmp.Or(byMove(a.Moved, b.Moved), strings.Compare(a.Service, b.Service))
		})
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b store.Restatement) int {
		return cmp.Or(byMove(a.Moved, b.Moved), strings.Compare(a.Provider, b.Provider), strings.Compare(b.Month, a.Month), strings.Compare(a.Currency, b.Currency))
	})
	most := min(shownServices, max(leastServices, mostServices/max(1, len(out))))
	for i := range out {
		shorten(&out[i], most)
	}
	return out
}

// shorten names the services that moved most and puts the others, those that did not move among them, into one row.
func shorten(r *store.Restatement, most int) {
	n := 0
	for n < len(r.Services) && n < most && moves(r.Services[n].Moved) {
		n++
	}
	if n == len(r.Services) {
		return
	}
	var rest sumsOf
	still := 0
	for _, s := range r.Services[n:] {
		plus(&rest.was[0], s.WasBilled)
		plus(&rest.is[0], s.IsBilled)
		plus(&rest.was[1], s.WasEffective)
		plus(&rest.is[1], s.IsEffective)
		if !moves(s.Moved) {
			still++
		}
	}
	left := len(r.Services) - n
	name := "1 further service"
	if left != 1 {
		name = fmt.Sprintf("%d further services", left)
	}
	if still == left {
		name += ", unchanged in sum"
	}
	r.Services = slices.Clip(r.Services[:n])
	r.Rest = &store.ServiceMoved{Service: name, Moved: movedOf(&rest)}
}

func movedOf(s *sumsOf) store.Moved {
	return store.Moved{WasBilled: s.was[0], IsBilled: s.is[0], WasEffective: s.was[1], IsEffective: s.is[1]}
}

// same reports whether a slot's costs are as they were. A cost that was not known before and is nothing now has changed.
func same(s *sumsOf) bool {
	for i := range 2 {
		if (s.was[i] == nil) != (s.is[i] == nil) || s.was[i] != nil && !s.was[i].Equal(*s.is[i]) {
			return false
		}
	}
	return true
}

func moves(m store.Moved) bool {
	b, e := m.Billed(), m.Effective()
	return b != nil && !b.IsZero() || e != nil && !e.IsZero()
}

// byMove orders what moved most first: by effective cost, then by billed cost.
func byMove(a, b store.Moved) int {
	size := func(d *analysis.Amount) decimal.Decimal {
		if d == nil {
			return decimal.Zero
		}
		return d.Abs()
	}
	return cmp.Or(size(b.Effective()).Cmp(size(a.Effective())), size(b.Billed()).Cmp(size(a.Billed())))
}
