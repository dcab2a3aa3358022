package ingest

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/shopspring/decimal"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// Two exports that are views of the same charges, as Azure's actual and amortized costs are, may come one after the other. The later one does
// not take the place of the earlier: what the two say together is the month, as if they had been loaded together. So the rows of the
// earlier one that count beside the later one stay, copied out of the store into the later load.

// month is what loads take the place of: a feed's billing month.
type month struct{ source, month string }

func (m month) of(p store.Partition) bool { return m.source == p.Source && m.month == p.Month }

// stays are rows of the store that a load keeps.
type stays struct {
	load  *store.Load // whose they are
	month month
	files []store.LoadFile // of it
	only  string           // SQL over FOCUS columns: those of them; empty for all
	then  string           // what they are after that
}

// kind is the view of the charges that a part is, where its format has several.
func (p *part) kind() string {
	if p.native == nil || !p.native.reading.Dialect.Halves() {
		return ""
	}
	return kindName(p.native.reading.Dialect, p.native.name())
}

// sameViews reports whether the files of an earlier load of the same bytes were views of the same kind: in a month without commitments
// both views may have the same bytes. What counts beside another view is the same view as it is alone.
func (l *load) sameViews(e store.Load) bool {
	return !slices.ContainsFunc(l.parts, func(p *part) bool {
		if p.kind() == "" {
			return false
		}
		d := p.native.reading.Dialect
		one := func(kind string) string {
			for _, v := range d.Variants {
				if v.Then != "" && kind == kindName(d, v.Then) {
					return kindName(d, v.Name)
				}
			}
			return kind
		}
		return !slices.ContainsFunc(e.Files, func(f store.LoadFile) bool { return f.From == "" && f.SHA256 == p.sha && one(f.Kind) == one(p.kind()) })
	})
}

func kindName(d *dialect.Dialect, variant string) string { return d.ID + "/" + variant }

// halves finds the rows in the store that the load's own files are the other view of, and makes each file what it is beside them.
func (l *load) halves(ctx context.Context) error {
	if l.w.Base() == nil || !slices.ContainsFunc(l.parts, func(p *part) bool { return p.native != nil && p.native.reading.Dialect.Halves() }) {
		return nil
	}
	loads, err := l.store.Loads(ctx)
	if err != nil {
		return err
	}
	for i, p := range l.parts {
		if p.native == nil {
			continue
		}
		d := p.native.reading.Dialect
		for _, v := range d.Variants {
			switch {
			case v.Beside == "":
			case p.native.name() == v.Beside:
				for _, m := range p.months() {
					if !l.has(d, m, v.Name, v.Then) {
						l.stay(loads, d, m, v.Name, v.Left, v.Then)
						l.stay(loads, d, m, v.Then, "", v.Then)
					}
				}
			case p.native.name() == v.Name && slices.ContainsFunc(l.parts, func(o *part) bool { return o.kind() == p.kind() && o.native.sure }):
				if err := l.besideStored(ctx, loads, p, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// besideStored turns a part of a variant that has a Beside where the store has files of that one for its months.
func (l *load) besideStored(ctx context.Context, loads []store.Load, p *part, i int) error {
	d, v := p.native.reading.Dialect, p.native.v()
	var missed []string
	covered := false
	for _, m := range p.months() {
		if l.stay(loads, d, m, v.Beside, "", v.Beside) {
			covered = true
		} else {
			missed = append(missed, m.month)
		}
	}
	switch {
	case !covered:
		return nil
	case len(missed) > 0:
		return l.named(&Error{File: p.src.path, Problem: fmt.Sprintf("it has %s costs, and the store has the %s ones of only some of its months: not of %s", v.Name, v.Beside, strings.Join(missed, ", ")),
			Expected: "both exports for the same months; load the missing one first, or the two together"}, p.src, i)
	}
	for g, s := range p.groups {
		if d := s.cost[0].total(); d != nil {
			l.says(month{g.Partition.Source, g.Partition.Month}, g.Currency, *d)
		}
	}
	return l.turn(ctx, p, v.Then)
}

// says adds to what actual costs say is billed.
func (l *load) says(m month, currency string, billed decimal.Decimal) {
	if l.whole == nil {
		l.whole = map[month]map[string]decimal.Decimal{}
	}
	if l.whole[m] == nil {
		l.whole[m] = map[string]decimal.Decimal{}
	}
	l.whole[m][currency] = l.whole[m][currency].Add(billed)
}

// apart tells of months in which the two views do not add up to what the actual costs say alone.
func (l *load) apart(all map[group]*groupSums) (warnings []string) {
	both := map[month]map[string]decimal.Decimal{}
	for g, s := range all {
		m := month{g.Partition.Source, g.Partition.Month}
		if d := s.cost[0].total(); d != nil && l.whole[m] != nil {
			if both[m] == nil {
				both[m] = map[string]decimal.Decimal{}
			}
			both[m][g.Currency] = both[m][g.Currency].Add(*d)
		}
	}
	for m, of := range l.whole {
		for currency, is := range of {
			if now := both[m][currency]; !now.Equal(is) {
				warnings = append(warnings, fmt.Sprintf("%s: %s %s is billed by the actual costs and %s by the two exports together: they were not made at one time, or not of the same subscriptions; load the newest of both", m.month, is, currency, now))
			}
		}
	}
	slices.Sort(warnings)
	return warnings
}

// months are those that a part has rows of, whether or not they count beside others.
func (p *part) months() []month {
	seen := map[month]bool{}
	for g := range p.native.variants[0] {
		seen[month{g.Partition.Source, g.Partition.Month}] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b month) int { return strings.Compare(a.source+"\x00"+a.month, b.source+"\x00"+b.month) })
}

// has reports whether the load itself has a file of some variants with rows of a month.
func (l *load) has(d *dialect.Dialect, m month, variants ...string) bool {
	return slices.ContainsFunc(l.parts, func(p *part) bool {
		return slices.ContainsFunc(variants, func(v string) bool { return p.kind() == kindName(d, v) }) && slices.Contains(p.months(), m)
	})
}

// stay keeps the rows of a variant that the store has for a month; false when it has none.
func (l *load) stay(loads []store.Load, d *dialect.Dialect, m month, variant, only, then string) bool {
	at := slices.IndexFunc(loads, func(e store.Load) bool { return slices.ContainsFunc(e.Partitions, m.of) })
	if at < 0 {
		return false
	}
	s := stays{load: &loads[at], month: m, only: only, then: kindName(d, then)}
	for _, f := range loads[at].Files {
		if f.Kind == kindName(d, variant) {
			s.files = append(s.files, f)
		}
	}
	if len(s.files) == 0 {
		return false
	}
	if !slices.ContainsFunc(l.kept, func(o stays) bool { return o.month == m && o.then == s.then && o.only == only }) {
		l.kept = append(l.kept, s)
	}
	return true
}

// where is the condition on the line items of the store.
func (s *stays) where() string {
	names := make([]string, len(s.files))
	for i, f := range s.files {
		names[i] = store.QuoteLiteral(f.Path)
	}
	w := fmt.Sprintf("%s = %s AND %s = %s AND strftime(%s, '%%Y-%%m') = %s AND %s IN (%s)", ident(store.ColLoadID), store.QuoteLiteral(s.load.ID), ident(store.ColSource), store.QuoteLiteral(s.month.source),
		ident(store.ColPeriod), store.QuoteLiteral(s.month.month), ident(store.ColSourceFile), strings.Join(names, ", "))
	if s.only != "" {
		w += " AND (" + s.only + ")"
	}
	return w
}

// keep copies what stays to the load's own files, and adds it to the record: to its files, and to what it keeps of which load. The part that
// comes back is nil where nothing stays.
func (l *load) keep(ctx context.Context, rec *store.Load) (*part, []string, error) {
	if len(l.kept) == 0 {
		return nil, nil, nil
	}
	if err := l.w.OpenBase(ctx); err != nil {
		return nil, nil, err
	}
	var conds []string
	for i := range l.kept {
		s := &l.kept[i]
		conds = append(conds, "("+s.where()+")")
		rec.Kept = append(rec.Kept, store.Kept{Load: s.load.ID, Source: s.month.source, Month: s.month.month})
	}
	where := " FROM charges WHERE " + strings.Join(conds, " OR ")
	rows, err := l.w.Query(ctx, fmt.Sprintf("SELECT %s, %s, strftime(%s, '%%Y-%%m'), BillingCurrency, CAST(count(*) AS BIGINT), %s%s GROUP BY ALL",
		ident(store.ColSource), ident(store.ColProvider), ident(store.ColPeriod), sums(costs[:]), where))
	if err != nil {
		return nil, nil, fmt.Errorf("read what stays of earlier loads: %w", err)
	}
	p := &part{src: source{path: l.kept[0].load.ID}, groups: groupsOf(rows)}
	for _, s := range p.groups {
		p.rows += s.rows
	}
	if p.rows == 0 {
		return nil, nil, nil
	}
	if rows, err = l.w.Query(ctx, fmt.Sprintf("SELECT %s, %s, CAST(count(*) AS BIGINT)%s GROUP BY ALL", ident(store.ColLoadID), ident(store.ColSourceFile), where)); err != nil {
		return nil, nil, fmt.Errorf("read what stays of earlier loads: %w", err)
	}
	for _, s := range l.kept {
		if s.only == "" {
			continue
		}
		s.only = ""
		billed, err := l.w.Query(ctx, "SELECT BillingCurrency, sum(BilledCost) FROM charges WHERE "+s.where()+" GROUP BY ALL")
		if err != nil {
			return nil, nil, fmt.Errorf("read what stays of earlier loads: %w", err)
		}
		for _, r := range billed.Values {
			if d, ok := r[1].(decimal.Decimal); ok {
				l.says(s.month, text(r[0]), d)
			}
		}
	}
	name := "CASE"
	for _, s := range l.kept {
		var n int64
		for _, f := range s.files {
			of := f
			of.Kind, of.Rows = s.then, 0
			if f.From == "" { // files of two loads may have one name
				of.From, of.Path = s.load.ID, s.load.ID+"/"+f.Path
			}
			for _, r := range rows.Values {
				if text(r[0]) == s.load.ID && text(r[1]) == f.Path {
					of.Rows = r[2].(int64)
				}
			}
			if of.Rows == 0 || slices.ContainsFunc(rec.Files, func(o store.LoadFile) bool { return o.Path == of.Path }) {
				continue // it is told of with another month
			}
			n += of.Rows
			rec.Files = append(rec.Files, of)
			name += fmt.Sprintf(" WHEN %s = %s AND %s = %s THEN %s", ident(store.ColLoadID), store.QuoteLiteral(s.load.ID), ident(store.ColSourceFile), store.QuoteLiteral(f.Path), store.QuoteLiteral(of.Path))
		}
		if n > 0 {
			rec.Warnings = append(rec.Warnings, fmt.Sprintf("%s rows of load %s stay beside it: actual and amortized costs are two views of the same charges; billed cost is of the actual ones, effective cost of the amortized ones", humanize.Comma(n), s.load.ID))
		}
	}
	sel := fmt.Sprintf("SELECT * REPLACE (%s END AS %s, %s AS %s)%s", name, ident(store.ColSourceFile), store.QuoteLiteral(rec.ID), ident(store.ColLoadID), where)
	files, err := copyOut(ctx, l.w, sel, filepath.Join(l.w.Staging(), "kept"), len(partitionsOf(p.groups)))
	if err != nil {
		return nil, nil, fmt.Errorf("keep what stays of earlier loads: %w", err)
	}
	return p, files, nil
}
