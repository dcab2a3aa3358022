package anomaly

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// scanSQL reads what every leaf cost on each day: usage, and apart from it credits, whose end is worth telling, and corrections. Purchases,
// taxes and adjustments are no usage. Rows of a month have no day; they come as a kind of their own, to be counted.
//
//go:embed scan.sql
var scanSQL string

// Options say what is scanned, and from when on it is told.
type Options struct {
	// Providers tell up to which day, inclusive, each provider's data is complete; later days are not read.
	Providers []survey.Provider
	// Through is a last day for all of them, to look at the past as it was; zero is none.
	Through time.Time
	// Since is the first day an incident may still have been out of its band to be listed; zero lists all.
	Since time.Time
	// Provisional has days that are not complete looked at too, for warnings: partial days can only say what costs too much already. Where
	// charges are by the hour their hours are judged.
	Provisional bool
	// Now is the moment it is: its day is not complete, and no later hour is read. Zero takes the providers' word for what is complete.
	Now time.Time
	// Filters keep to some of the rows.
	Filters []analysis.Filter
	Floors  Floors
	// Known are holidays and announced events.
	Known Known
	// Expected is what people expect: anomalies that fit are found and marked, in incidents of their own.
	Expected []Pattern
	// Unanswered are series by [Anomaly.Key] whose change nobody has answered for, with its first day: from there on no level that stays is
	// taken for the new one, so that they stay found, with all that they cost since.
	Unanswered map[string]time.Time
	// Leaves is how many leaves are series of their own, the largest; the others are added up per service and account. 0 is [DefaultLeaves].
	Leaves   int
	Settings Settings // of the detector; zero is [Defaults]

	// Memory keeps what was made of series between scans; nil keeps nothing.
	Memory *Memory

	replay bool // keep what was known of each when it was told
}

// DefaultLeaves is how many leaves are looked at apart.
const DefaultLeaves = 3000

// history is how many days before the first that may be told are read: a year for the weekdays, and time to learn.
const history = 400

// Result is what a scan found.
type Result struct {
	Incidents []Incident `json:"incidents"` // the latest onset first
	// Warnings are of days whose data is not complete ([Options.Provisional]): what costs more than expected already. They may yet
	// change. Those that hours tell ([Anomaly.Hours]) are as sure as an alert on a complete day; the others are none.
	Warnings []Incident            `json:"warnings"`
	Series   int                   `json:"series"`  // that were looked at
	Monthly  []Monthly             `json:"monthly"` // what was left out for having no days
	Queries  []analysis.QueryTrace `json:"queries"`

	raw []Anomaly // of a replay: before any of them is put together
}

// Monthly is what a provider charges by the month.
type Monthly struct {
	Provider string          `json:"provider"`
	Currency string          `json:"currency"`
	Cost     analysis.Amount `json:"cost"`
}

// leaf is what a series is of. Region, usage type and team are "*" where the series holds several; so is the account.
type leaf struct{ provider, currency, service, account, kind, region, usageType, team string }

// category is the value of the charge category dimension.
func (l leaf) category() string {
	if l.kind == covered || l.kind == onDemand {
		return "Usage"
	}
	return l.kind
}

// several stands for more than one value.
const several = "*"

// line is a series with its exact amounts.
type line struct {
	leaf
	level int
	least analysis.Amount // what a floor asks a day
	name  string
	days  []analysis.Amount // from start on
	whole int               // how many of them are complete
	start time.Time
	gaps  []bool    // days of which the provider has brought nothing at all
	main  *line     // of a sum: the largest of what it is made of
	size  float64   // of all days, absolute
	found []Anomaly // in the order of their onset
	warns []Anomaly // told by a day that is not complete
	hours []Anomaly // told by hours of such a day

	judged []Day // and what it was judged by; nil where no day comes up to the floor
	costs  []float64
}

// Scan looks for anomalies in all leaves that the sight shows.
func Scan(ctx context.Context, sight *store.Sight, o Options) (*Result, error) {
	if o.Settings == (Settings{}) {
		o.Settings = Defaults()
	}
	if o.Leaves <= 0 {
		o.Leaves = DefaultLeaves
	}
	if o.Memory != nil {
		o.Memory.begin()
	}
	through, read := map[string]time.Time{}, map[string]time.Time{} // the last complete day, and the last that is looked at
	var period analysis.Period
	for _, p := range o.Providers {
		last := Complete(p, o.Now)
		if !o.Through.IsZero() && o.Through.Before(last) {
			last = o.Through
		}
		through[p.Name], read[p.Name] = last, last
		if o.Provisional && !p.Monthly && o.Through.IsZero() && p.Last.After(last) {
			last = p.Last
			if today := analysis.DayOf(o.Now.UTC()); !o.Now.IsZero() && today.Before(last) {
				last = analysis.Later(through[p.Name], today)
			}
			read[p.Name] = last
		}
		if !p.Monthly && !last.Before(period.End) {
			period.End = last.AddDate(0, 0, 1)
		}
		if period.Start.IsZero() || p.First.Before(period.Start) {
			period.Start = p.First
		}
	}
	r := &Result{Incidents: []Incident{}, Warnings: []Incident{}, Monthly: []Monthly{}}
	if period.End.IsZero() {
		return r, nil
	}
	if first := period.End.AddDate(-1, 0, -history); !o.Since.IsZero() && first.After(period.Start) { // the same for whatever is asked about within a year, so that an incident reads the same
		if before := o.Since.AddDate(0, 0, -history); before.Before(first) {
			first = before
		}
		period.Start = analysis.DayOf(analysis.Later(first, period.Start))
	}
	if !period.Start.Before(period.End) {
		return r, nil
	}
	f, parts, err := scanQuery(sight, period, read, o)
	if err != nil {
		return nil, err
	}
	rows, tr, err := sight.Query(ctx, "daily costs per leaf", f)
	if err != nil {
		return nil, fmt.Errorf("anomalies: %w", err)
	}
	r.Queries = append(r.Queries, tr)
	lines := r.lines(rows.Values, period, read, through)
	r.Series = len(lines)
	if err := judge(ctx, lines, o); err != nil {
		return nil, err
	}
	if o.Provisional && o.Through.IsZero() && !o.replay {
		if err := r.hours(ctx, sight, parts, lines, through, read, o); err != nil {
			return nil, err
		}
	}
	listed, err := prices(ctx, sight, query.Fill(pricesSQL, parts), lines, period, through, o, r)
	if err != nil {
		return nil, err
	}
	special := append(coverage(lines), listed...)
	special = slices.DeleteFunc(special, func(a Anomaly) bool { return a.Last.Before(o.Since) })
	var found, warns, byHour []Anomaly
	for _, l := range lines {
		if l.level == levelCoverage {
			continue
		}
		for _, a := range l.found {
			if !a.Last.Before(o.Since) {
				found = append(found, a)
			}
		}
		warns, byHour = append(warns, l.warns...), append(byHour, l.hours...)
	}
	byHour = slices.DeleteFunc(byHour, func(a Anomaly) bool {
		return slices.ContainsFunc(found, a.Same) || slices.ContainsFunc(special, func(s Anomaly) bool { return s.shows(a) && overlaps(s, a) })
	})
	warns = slices.DeleteFunc(warns, func(a Anomaly) bool { return slices.ContainsFunc(byHour, a.Same) }) // the hours say it better
	found = withCoverage(found, special)
	if o.replay {
		r.raw = slices.Clone(found)
	}
	r.Incidents = incidents(found, o.Expected)
	for _, i := range append(incidents(byHour, o.Expected), incidents(warns, o.Expected)...) {
		if i.ExpectedBy == "" {
			r.Warnings = append(r.Warnings, i)
		}
	}
	return r, nil
}

func scanQuery(sight *store.Sight, period analysis.Period, read map[string]time.Time, o Options) (query.Fragment, map[string]query.Fragment, error) {
	parts := map[string]query.Fragment{"period": query.Within(query.Daily, period), "most": query.F("?", o.Leaves), "step": query.F("?", 1+priceStep/2), "team": query.F("''")}
	dims := map[string]analysis.Dimension{"provider": analysis.DimProvider, "currency": analysis.DimCurrency, "service": analysis.DimService, "account": analysis.DimAccount,
		"kind": analysis.DimChargeCategory, "region": analysis.DimRegion, "usage_type": analysis.DimUsageType}
	if sight.Lens().Has(analysis.DimTeam.Column()) {
		dims["team"] = analysis.DimTeam
	}
	var err error
	for name, d := range dims {
		if parts[name], err = query.Dimension(d); err != nil {
			return query.Fragment{}, nil, err
		}
	}
	if parts["filters"], err = query.Where(o.Filters); err != nil {
		return query.Fragment{}, nil, err
	}
	var cut []query.Cutoff
	for _, p := range o.Providers {
		if next := read[p.Name].AddDate(0, 0, 1); next.Before(period.End) {
			cut = append(cut, query.Cutoff{Provider: p.Name, Day: next, Period: period})
		}
	}
	parts["whole"] = query.Without(query.Daily, cut)
	return query.Fill(scanSQL, parts), parts, nil
}

// lines makes the series of the leaves, and of what they add up to: a service in an account, and a service, where a change of
// many small leaves shows.
func (r *Result) lines(rows [][]any, period analysis.Period, read, through map[string]time.Time) []*line {
	text := func(v any) string { s, _ := v.(string); return s }
	seen := map[string]map[int]bool{} // days that a provider has brought something of
	first := map[string]int{}
	type cell struct {
		day     int
		cost    analysis.Amount
		covered string
	}
	cells := map[leaf][]cell{}
	names := map[leaf]string{}
	var order []leaf
	for _, v := range rows {
		k := leaf{text(v[0]), text(v[1]), text(v[2]), text(v[3]), text(v[4]), text(v[5]), text(v[6]), text(v[7])}
		cost, _ := v[9].(decimal.Decimal)
		if k.kind == "monthly" {
			i := slices.IndexFunc(r.Monthly, func(m Monthly) bool { return m.Provider == k.provider && m.Currency == k.currency })
			if i < 0 {
				i = len(r.Monthly)
				r.Monthly = append(r.Monthly, Monthly{Provider: k.provider, Currency: k.currency})
			}
			r.Monthly[i].Cost = r.Monthly[i].Cost.Add(cost)
			continue
		}
		d, _ := v[8].(time.Time)
		day := daysBetween(period.Start, d)
		if seen[k.provider] == nil {
			seen[k.provider], first[k.provider] = map[int]bool{}, day
		}
		seen[k.provider][day] = true
		first[k.provider] = min(first[k.provider], day)
		if _, ok := cells[k]; !ok {
			order = append(order, k)
		}
		cells[k] = append(cells[k], cell{day, cost, text(v[11])})
		names[k] = text(v[10])
	}
	var out []*line
	sums := map[leaf]*line{}
	teams := map[*line][]*line{} // the leaves of what commitments cover or not
	for _, k := range order {
		from, n := first[k.provider], daysBetween(period.Start, read[k.provider])+1-first[k.provider]
		if n <= 0 {
			continue
		}
		newLine := func(k leaf, level int, name string) *line {
			l := &line{leaf: k, level: level, name: name, days: make([]analysis.Amount, n), start: period.Start.AddDate(0, 0, from), gaps: make([]bool, n), whole: max(0, n-daysBetween(through[k.provider], read[k.provider]))}
			for i := range n {
				l.gaps[i] = !seen[k.provider][from+i]
			}
			return l
		}
		l := newLine(k, 0, names[k])
		split := map[string]*line{} // of a service's usage, by whether a commitment covers it
		if k.kind == "Usage" {
			for _, kind := range []string{covered, onDemand} {
				s := leaf{k.provider, k.currency, k.service, several, kind, several, several, several}
				if sums[s] == nil {
					sums[s] = newLine(s, levelCoverage, "")
					out = append(out, sums[s])
				}
				split[kind] = sums[s]
			}
		}
		over := []leaf{{k.provider, k.currency, k.service, k.account, k.kind, several, several, several}, {k.provider, k.currency, k.service, several, k.kind, several, several, several}}
		for i, s := range over {
			if sums[s] == nil {
				sums[s] = newLine(s, i+1, names[k])
				out = append(out, sums[s])
			}
		}
		for _, c := range cells[k] {
			i := c.day - from
			l.days[i] = l.days[i].Add(c.cost)
			l.size += math.Abs(c.cost.InexactFloat64())
			for _, s := range over {
				sums[s].days[i] = sums[s].days[i].Add(c.cost)
			}
			kind := onDemand
			if c.covered != "" {
				kind = covered
			}
			if s := split[kind]; s != nil && c.covered != "Unused" {
				s.days[i] = s.days[i].Add(c.cost)
			}
			if c.covered == "Unused" && split[covered].main == nil { // who bought it answers for it
				split[covered].main, split[onDemand].main = l, l
			}
		}
		for _, s := range over {
			if m := sums[s].main; m == nil || m.size < l.size {
				sums[s].main = l
			}
		}
		for _, s := range split {
			teams[s] = append(teams[s], l)
		}
		out = append(out, l)
	}
	for s, of := range teams {
		same := !slices.ContainsFunc(of, func(l *line) bool { return l.team != of[0].team })
		if s.main == nil && same { // nobody bought a commitment here, but all of it is one team's
			s.main = of[0]
		}
	}
	return out
}

func daysBetween(a, b time.Time) int { return int(math.Round(b.Sub(a).Hours() / 24)) }

// judge runs the detector over the lines, on all cores.
func judge(ctx context.Context, lines []*line, o Options) error {
	work := make(chan *line)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for l := range work {
				l.find(o)
			}
		})
	}
	defer wg.Wait()
	defer close(work)
	for _, l := range lines {
		select {
		case work <- l:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// most is the largest cost of any day, to pass over what no floor lets through.
func (l *line) most() (m analysis.Amount) {
	for _, d := range l.days {
		if a := d.Abs(); a.GreaterThan(m) {
			m = a
		}
	}
	return m
}

// compareAnomalies puts them in the order they are told: by onset, the largest first.
func compareAnomalies(a, b Anomaly) int {
	if c := a.Onset.Compare(b.Onset); c != 0 {
		return c
	}
	if c := b.Excess.Abs().Cmp(a.Excess.Abs()); c != 0 {
		return c
	}
	return cmp.Compare(a.Label, b.Label)
}
