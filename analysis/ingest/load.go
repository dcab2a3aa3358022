package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

// Result is what a load did.
type Result struct {
	Load store.Load
	// Unchanged says that the same bytes are in force already: nothing was done, and Load is the earlier load.
	Unchanged bool
}

// Load brings a file or a folder of parts into the store, as one commit. On any error the store is as it was.
func Load(ctx context.Context, s *store.Store, path string, o Options) (*Result, error) {
	files, err := expand(path, o.Delivery != nil)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	var srcs []source
	var total int64
	for _, f := range files {
		src, err := open0(f)
		if err != nil {
			return nil, err
		}
		srcs = append(srcs, src)
		total += src.size
	}
	w, err := s.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Close()

	l := &load{store: s, w: w, o: o, total: total, names: shortNames(path, files)}
	for _, n := range l.names {
		if !utf8.ValidString(n) {
			return nil, &Error{File: path, Problem: fmt.Sprintf("the file name %q is not UTF-8", n), Expected: "another name"}
		}
	}
	for i, src := range srcs {
		err := src.literal(w.Staging(), i)
		if err == nil {
			err = src.unpack(ctx, w.Staging(), i)
		}
		if err == nil {
			err = src.read(ctx, w.Staging(), i)
		}
		if err == nil {
			err = l.check(ctx, src)
		}
		if err != nil {
			return nil, l.named(err, src, i)
		}
		l.done += src.size
	}
	if err := l.decide(ctx); err != nil {
		return nil, err
	}
	if earlier, err := l.inForce(ctx); err != nil {
		return nil, err
	} else if earlier != nil {
		return &Result{Load: *earlier, Unchanged: true}, nil
	}
	return l.run(ctx)
}

// load is a load under way.
type load struct {
	store *store.Store
	w     *store.Writer
	o     Options
	names []string // of the files, as they are shown and kept in x_SourceFile
	parts []*part
	total int64
	done  int64
	kept  []stays // of earlier loads
	alone []store.Half
	whole map[month]map[string]decimal.Decimal // what actual costs say is billed, by month and currency, where they meet amortized ones
}

// shortNames are the files' paths below the folder that was loaded, or the bare name of a single file.
func shortNames(root string, files []string) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = filepath.Base(f)
		if rel, err := filepath.Rel(root, f); err == nil && rel != "." && !strings.HasPrefix(rel, "..") {
			out[i] = rel
		}
	}
	return out
}

// named has an error tell which file of the folder it is about.
func (l *load) named(err error, src source, i int) error {
	if e := (*Error)(nil); errors.As(err, &e) && e.File == src.path {
		e.shown = l.names[i]
	}
	return err
}

// check tallies one file and hashes it.
func (l *load) check(ctx context.Context, src source) error {
	o := l.o
	o.Progress = func(p Progress) {
		p.Done, p.Total = l.done+p.Done, l.total
		l.o.Progress(p)
	}
	o.Progress(Progress{Step: "checking", File: src.path})
	var p *part
	var err error
	if src.parquet {
		p, err = parquetPart(ctx, l.w, src, o)
	} else {
		var t *tally
		if t, err = readTally(ctx, src, o); err == nil && t.reading == nil {
			p = csvPart(t)
		} else if err == nil {
			p, err = nativeCSV(ctx, l.w, t, l.o)
		}
	}
	if err != nil {
		return err
	}
	for i, earlier := range l.parts {
		if earlier.sha == p.sha && !p.emptyBeside() {
			return &Error{File: src.path, Problem: "it holds the same bytes as " + l.names[i], Expected: "each part once, or its cost counts twice"}
		}
	}
	l.parts = append(l.parts, p)
	return src.unchanged()
}

// sum is the load's hash: the file's where there is one, else of the files' hashes in path order.
func (l *load) sum() string {
	if len(l.parts) == 1 {
		return l.parts[0].sha
	}
	h := sha256.New()
	for _, p := range l.parts {
		fmt.Fprintln(h, p.sha)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l *load) mapping() string {
	var names []string
	for _, p := range l.parts {
		if n := p.mapping(); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	mapping := strings.Join(names, " ")
	if l.o.Source != "" {
		mapping += " source=" + l.o.Source
	}
	if l.o.Currency != "" {
		mapping += " currency=" + l.o.Currency
	}
	return mapping
}

func (l *load) inForce(ctx context.Context) (*store.Load, error) {
	loads, err := l.store.Loads(ctx)
	if err != nil {
		return nil, err
	}
	sum, mapping := l.sum(), l.mapping()
	return store.InForce(loads, func(e store.Load) bool { return e.SHA256 == sum && e.Mapping == mapping && l.sameViews(e) }), nil
}

// doubled warns when the same bytes are in force under another feed, which this load does not replace.
func (l *load) doubled(ctx context.Context, parts []store.Partition) (warning string, is bool, err error) {
	loads, err := l.store.Loads(ctx)
	if err != nil {
		return "", false, err
	}
	sum := l.sum()
	other := store.InForce(loads, func(e store.Load) bool {
		return e.SHA256 == sum && len(e.Partitions) > 0 && !slices.ContainsFunc(e.Partitions, func(p store.Partition) bool {
			return slices.ContainsFunc(parts, func(q store.Partition) bool { return p.Source == q.Source && p.Month == q.Month })
		})
	})
	if other == nil {
		return "", false, nil
	}
	return fmt.Sprintf("the same bytes are in the store as feed %q (load %s): their cost now counts twice", other.Partitions[0].Source, other.ID), true, nil
}

func (l *load) run(ctx context.Context) (*Result, error) {
	rec := store.Load{At: l.o.Now.UTC(), SHA256: l.sum(), Mapping: l.mapping(), Warnings: []string{}}
	rec.ID = "L-" + rec.At.Format("20060102-150405") + "-" + rec.SHA256[:6] + l.generation(ctx)
	all := map[group]*groupSums{}
	var charges [][]string
	for i, p := range l.parts {
		l.progress("writing", p, l.doneBefore(i))
		files, err := l.write(ctx, p, i, rec.ID)
		if err != nil {
			return nil, l.named(err, p.src, i)
		}
		charges = append(charges, files)
		merge(all, p.groups)
		rec.Files = append(rec.Files, store.LoadFile{Path: l.names[i], SHA256: p.sha, Bytes: p.src.size, Rows: p.rows,
			Format: p.version + " " + p.src.format(), Kind: p.kind()})
		rec.Bytes += p.src.size
		rec.Rows += p.rows
	}
	rec.Warnings, rec.Halves = append(rec.Warnings, l.warnings()...), l.alone
	parts := l.parts
	if kept, files, err := l.keep(ctx, &rec); err != nil {
		return nil, err
	} else if kept != nil {
		parts, charges = append(slices.Clone(parts), kept), append(charges, files)
		merge(all, kept.groups)
		rec.Rows += kept.rows
	}
	rec.Warnings = append(rec.Warnings, l.apart(all)...)
	if rec.Rows == 0 {
		return nil, &Error{File: l.parts[0].src.path, Problem: "not one row of it is a charge", Expected: "an export with charges"}
	}
	rec.Totals = totals(all)
	rec.Partitions = partitionsOf(all)
	for _, p := range rec.Partitions {
		if !slices.Contains(rec.Periods, p.Month) {
			rec.Periods = append(rec.Periods, p.Month)
		}
	}
	slices.Sort(rec.Periods)
	daily, err := l.rollup(ctx, &rec, parts, charges, all)
	if err != nil {
		return nil, err
	}
	if rec.Arrived, err = l.arrived(ctx, rec, daily); err != nil {
		return nil, err
	}
	if rec.Replaced, err = l.replaced(ctx, rec.Partitions); err != nil {
		return nil, err
	}
	if warning, ok := shrunk(rec.Rows, rec.Replaced); ok {
		rec.Warnings = append(rec.Warnings, warning)
	}
	if warning, is, err := l.doubled(ctx, rec.Partitions); err != nil {
		return nil, err
	} else if is {
		rec.Warnings = append(rec.Warnings, warning)
	}
	if err := l.beforePublish(ctx, &rec, daily); err != nil {
		return nil, err
	}
	l.o.Progress(Progress{Step: "committing", Done: l.total, Total: l.total})
	rec, err = l.w.Publish(ctx, rec, slices.Concat(charges...), daily)
	if err != nil {
		return nil, err
	}
	return &Result{Load: rec}, nil
}

// warnings lists what is to be said of the files, with their names where there are several; what goes for several is said once.
func (l *load) warnings() []string {
	of := map[string][]string{}
	var order []string
	for i, p := range l.parts {
		for _, w := range p.warnings {
			if of[w] == nil {
				order = append(order, w)
			}
			of[w] = append(of[w], l.names[i])
		}
	}
	out := make([]string, len(order))
	for i, w := range order {
		switch files := of[w]; {
		case len(files) == len(l.parts):
			out[i] = w
		case len(files) == 1:
			out[i] = files[0] + ": " + w
		default:
			out[i] = fmt.Sprintf("%s and %d more: %s", files[0], len(files)-1, w)
		}
	}
	return out
}

// write stages a part's line items.
func (l *load) write(ctx context.Context, p *part, i int, loadID string) ([]string, error) {
	if p.rows == 0 { // a file of which nothing counts beside another
		return nil, nil
	}
	files, err := writeCharges(ctx, l.w, p, i, l.o, loadID, l.names[i], l.absent)
	if err != nil {
		return nil, err
	}
	if err := p.src.unchanged(); err != nil {
		return nil, err
	}
	if p.native != nil {
		if err := p.native.table.drop(ctx, l.w); err != nil {
			return nil, err
		}
		return files, l.settle(ctx, p, files)
	}
	spans, err := spansWritten(ctx, l.w, files)
	if err != nil {
		return nil, err
	}
	return files, reconcileTimes(p.src.path, p.spans, spans)
}

// blame looks for the file whose line items do not add up, when the rollup of them all does not.
func (l *load) blame(ctx context.Context, charges [][]string) error {
	for i, p := range l.parts {
		wrote, err := readBack(ctx, l.w, charges[i])
		if err == nil {
			err = reconcile(p.src.path, p.groups, wrote)
		}
		if err != nil {
			return l.named(err, p.src, i)
		}
	}
	return nil
}

// generation tells loads of the same bytes in the same second apart: ids name folders.
func (l *load) generation(ctx context.Context) string {
	loads, err := l.store.Loads(ctx)
	if err != nil || len(loads) == 0 {
		return ""
	}
	return fmt.Sprintf("-%d", len(loads)+1)
}

func (l *load) doneBefore(i int) int64 {
	var n int64
	for _, p := range l.parts[:i] {
		n += p.src.size
	}
	return n
}

func (l *load) progress(step string, p *part, done int64) {
	l.o.Progress(Progress{Step: step, File: p.src.path, Done: done, Total: l.total})
}

func (l *load) rollup(ctx context.Context, rec *store.Load, of []*part, charges [][]string, all map[group]*groupSums) ([]string, error) {
	l.o.Progress(Progress{Step: "rolling up", Done: l.total, Total: l.total})
	left, err := mapTags(ctx, l.w, slices.Concat(charges...))
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		rec.LeftTags = left
		rec.Warnings = append(rec.Warnings, fmt.Sprintf("tags with more than %d values are kept on line items but are no dimensions: %s", MaxTagValues, strings.Join(left, ", ")))
	}
	sets, parts := together(of, charges)
	var daily []string
	for i := range sets {
		if len(sets[i]) == 0 {
			continue
		}
		files, err := rollup(ctx, l.w, i, sets[i], parts[i], l.empty)
		if err != nil {
			return nil, fmt.Errorf("roll up: %w", err)
		}
		daily = append(daily, files...)
	}
	rolled, err := readDaily(ctx, l.w, daily)
	if err != nil {
		return nil, err
	}
	// The rollup is made of the line items as they were written, so that it equals the files says that they do too.
	if err := reconcile("the rollup", all, rolled); err != nil {
		return nil, cmp.Or(l.blame(ctx, charges), err)
	}
	return daily, nil
}

// empty reports whether no file of the load has a value for a column of the store, nor for one that it is filled from.
func (l *load) empty(column string) bool {
	c, ok := focus.Lookup(column)
	if !ok || len(l.kept) > 0 || // what stays of earlier loads may have any
		expressions()[c.Name] != "" || column == store.ColSource {
		return false
	}
	return !slices.ContainsFunc(l.parts, func(p *part) bool {
		return slices.ContainsFunc(append(c.Replaces, c.Name), func(n string) bool { return p.have[n] != "" })
	})
}

// absent reports whether a column is left out of the line items' files: one that has no value in any file of the load and
// that the load itself does not read. A reader takes a column that a file lacks for null, and writing a null costs as much as writing
// a short text.
func (l *load) absent(column string) bool {
	return l.empty(column) && !slices.Contains(costs[:], column) && !slices.Contains(readAnyway, column)
}

// readAnyway are the columns that are read back from the files, or filled, whether or not the load has values for them.
var readAnyway = []string{"ChargePeriodStart", "ChargePeriodEnd", "ChargeDescription", "Tags", store.ColSourceFile, store.ColLoadID}

// readDaily adds up the rollup, per group.
func readDaily(ctx context.Context, w *store.Writer, files []string) (map[group]*groupSums, error) {
	rows, err := w.Query(ctx, fmt.Sprintf(`SELECT %s, %s, strftime(%s, '%%Y-%%m'), BillingCurrency, CAST(sum(%s) AS BIGINT), %s
FROM read_parquet(%s, hive_partitioning=false) GROUP BY ALL`,
		ident(store.ColSource), ident(store.ColProvider), ident(store.ColPeriod), ident(store.ColRows), sums(costs[:]), fileList(files)))
	if err != nil {
		return nil, fmt.Errorf("read back the rollup: %w", err)
	}
	return groupsOf(rows), nil
}

func groupsOf(rows *store.Rows) map[group]*groupSums {
	out := map[group]*groupSums{}
	for _, r := range rows.Values {
		g := group{Partition: store.Partition{Source: text(r[0]), Provider: text(r[1]), Month: text(r[2])}, Currency: text(r[3])}
		s := &groupSums{rows: r[4].(int64)}
		for i := range costs {
			if d, ok := r[5+i].(decimal.Decimal); ok {
				s.cost[i].add(number{big: &d})
			}
		}
		out[g] = s
	}
	return out
}

func merge(into, from map[group]*groupSums) {
	for g, s := range from {
		t := into[g]
		if t == nil {
			t = &groupSums{}
			into[g] = t
		}
		t.rows += s.rows
		for i := range costs {
			if d := s.cost[i].total(); d != nil {
				t.cost[i].add(number{big: d})
			}
		}
	}
}

// replaced adds up what the load takes the place of.
func (l *load) replaced(ctx context.Context, parts []store.Partition) (*store.Replaced, error) {
	old := l.w.Replaces(parts)
	if len(old) == 0 {
		return nil, nil
	}
	base := l.w.Base()
	if base == nil {
		return nil, errors.New("a store without a snapshot has nothing to replace")
	}
	rows, _, err := base.Query(ctx, "what a load replaces", `SELECT x_Source, ServiceProviderName, CAST(date_trunc('month', BillingPeriodStart) AS DATE), BillingCurrency,
  CAST(sum(x_Rows) AS BIGINT), sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost)
FROM daily GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`)
	if err != nil {
		return nil, err
	}
	for _, r := range rows.Values {
		r[2] = monthText(r[2])
	}
	groups := groupsOf(rows)
	out := &store.Replaced{}
	for g, s := range groups {
		if !slices.Contains(old, g.Partition) {
			delete(groups, g)
			continue
		}
		out.Rows += s.rows
	}
	out.Totals = totals(groups)
	return out, nil
}

func monthText(v any) string {
	if t, ok := v.(time.Time); ok {
		return t.Format("2006-01")
	}
	return ""
}
