package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/render"
	"spendbot/analysis/source"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
	"spendbot/bot/state"
)

// visit is a look at a source, and what was loaded from it.
type visit struct {
	look     *source.Look
	outcomes []source.Outcome
}

// visiting is how a source is visited.
type visiting struct {
	now      time.Time
	loading  bool // what is ready
	again    bool // what is current too
	wait     bool // while another process fetches
	progress func(ingest.Progress)
	known    map[string]settled // by name of the source and key; nil to remember nothing
}

// settled is what came of fetching a version of a delivery for nothing.
type settled struct {
	fingerprint string
	state       source.State
	why         string
}

// visit looks at a source and, where it is to, loads what is ready. A look at a configured source is kept in state, whether
// it succeeded or not.
func (a *app) visit(ctx context.Context, st *opened, sc sourceConfig, how visiting) (*visit, error) {
	v, err := a.visitNow(ctx, st, sc, how)
	if sc.Name == "" || ctx.Err() != nil || errors.Is(err, source.ErrBusy) {
		return v, err
	}
	cause := ""
	if err != nil {
		cause = err.Error()
	}
	return v, errors.Join(err, st.state.RecordLook(ctx, sc.Name, how.now, v.waiting(), cause))
}

func (a *app) visitNow(ctx context.Context, st *opened, sc sourceConfig, how visiting) (*visit, error) {
	dialects, hash, err := sc.mapping()
	if err != nil {
		return nil, err
	}
	o, err := sc.options(hash, how.again)
	if err != nil {
		return nil, err
	}
	s, err := source.Open(ctx, sc.URL, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	loads, err := st.Loads(ctx)
	if err != nil {
		return nil, err
	}
	v := &visit{}
	if v.look, err = s.Look(ctx, loads, how.now); err != nil || !how.loading {
		return v, err
	}
	for i := range v.look.Found {
		f := &v.look.Found[i]
		if k, ok := how.known[sc.Name+"\n"+f.Key]; ok && f.State == source.Ready && k.fingerprint == f.Fingerprint {
			f.State, f.Why = k.state, k.why
		}
	}
	v.outcomes, err = s.Load(ctx, st.Store, v.look, ingest.Options{Now: how.now, Progress: how.progress, Mappings: dialects, Currency: sc.Currency}, how.wait)
	for _, f := range v.look.Found {
		o := v.outcome(f.Key)
		if how.known != nil && f.State == source.NoBill {
			how.known[sc.Name+"\n"+f.Key] = settled{fingerprint: f.Fingerprint, state: f.State, why: f.Why}
		}
		if how.known == nil || o == nil {
			continue
		}
		k := settled{fingerprint: f.Fingerprint, state: source.Current}
		if bad := (*ingest.Error)(nil); errors.As(o.Err, &bad) {
			k.state, k.why = source.Refused, o.Err.Error()
		} else if o.Err != nil || !o.Result.Unchanged {
			continue
		}
		how.known[sc.Name+"\n"+f.Key] = k
	}
	if slices.ContainsFunc(v.outcomes, func(o source.Outcome) bool { return o.Err == nil && !o.Result.Unchanged }) {
		warmSurvey(ctx, st.Store)
	}
	return v, err
}

// warmSurvey makes the newest snapshot's survey, so that the first question need not wait for it.
func warmSurvey(ctx context.Context, st *store.Store) {
	if sn, err := st.Snapshot(ctx, 0); err == nil {
		_, _ = survey.Of(ctx, st, sn)
		sn.Close()
	}
}

// waiting are the deliveries that are not loaded, and why.
func (v *visit) waiting() []state.SourceWaiting {
	if v == nil || v.look == nil {
		return nil
	}
	var out []state.SourceWaiting
	for _, f := range v.look.Found {
		switch f.State {
		case source.Waiting, source.Refused:
			out = append(out, state.SourceWaiting{Key: f.Key, State: string(f.State), Why: f.Why})
		case source.Ready:
			if o := v.outcome(f.Key); o == nil {
				out = append(out, state.SourceWaiting{Key: f.Key, State: string(f.State), Why: "it is new or changed; the next load takes it"})
			} else if o.Err != nil {
				out = append(out, state.SourceWaiting{Key: f.Key, State: stateFailed, Why: o.Err.Error()})
			}
		}
	}
	return out
}

// What became of a delivery that was ready.
const (
	stateLoaded    = "loaded"
	stateUnchanged = "unchanged" // other files, the same bytes
	stateFailed    = "failed"
)

func (v *visit) outcome(key string) *source.Outcome {
	for i := range v.outcomes {
		if v.outcomes[i].Key == key {
			return &v.outcomes[i]
		}
	}
	return nil
}

// failures are the outcomes that are errors.
func (v *visit) failures() int {
	n := v.look.Count(source.Refused)
	for _, o := range v.outcomes {
		if o.Err != nil {
			n++
		}
	}
	return n
}

// loadSources is `spendbot load` for places that hold deliveries.
func (a *app) loadSources(ctx context.Context, st *opened, list []sourceConfig, again, asJSON bool) error {
	var all []visitJSON
	var errs []error
	failed, ready := 0, 0
	for _, sc := range list {
		progress, done := progressBar(a.stderr)
		v, err := a.visit(ctx, st, sc, visiting{now: a.now, loading: true, again: again, wait: true, progress: progress})
		done()
		if err != nil && (v == nil || v.look == nil) {
			if len(list) == 1 {
				return err
			}
			errs = append(errs, err)
			continue
		}
		if err != nil {
			errs = append(errs, err)
		}
		failed += v.failures()
		ready += len(v.outcomes) + v.look.Count(source.Refused)
		if asJSON {
			all = append(all, newVisitJSON(sc, v))
		} else {
			printVisit(a.stdout, sc, v)
		}
	}
	if asJSON {
		if err := encode(a.stdout, all); err != nil {
			return err
		}
	}
	if failed > 0 {
		errs = append(errs, fmt.Errorf("%d of %s could not be loaded; what was in force stays", failed, count(ready, "new delivery", "new deliveries")))
	}
	return errors.Join(errs...)
}

// visitJSON is a visit for programs.
type visitJSON struct {
	Source     string         `json:"source,omitempty"`
	URL        string         `json:"url"` // without its query
	Looked     time.Time      `json:"looked"`
	Deliveries []deliveryJSON `json:"deliveries"`
	Passed     int            `json:"files_of_older_versions"`
}

type deliveryJSON struct {
	Delivery string    `json:"delivery"`
	Kind     string    `json:"kind,omitempty"`
	Version  string    `json:"version,omitempty"`
	State    string    `json:"state"`
	Why      string    `json:"why,omitempty"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Load     *loadJSON `json:"load"` // what it brought, or the newest load of it
}

func newVisitJSON(sc sourceConfig, v *visit) visitJSON {
	j := visitJSON{Source: sc.Name, URL: source.AddressOf(sc.URL), Looked: v.look.At, Deliveries: []deliveryJSON{}, Passed: v.look.Passed}
	for _, f := range v.look.Found {
		d := deliveryJSON{Delivery: f.Key, Kind: f.Kind, Version: f.Version, Files: len(f.Files), Bytes: f.Bytes()}
		var l *store.Load
		d.State, d.Why, l = v.became(f)
		if l != nil {
			lj := newLoadJSON(*l, nil)
			d.Load = &lj
		}
		j.Deliveries = append(j.Deliveries, d)
	}
	return j
}

// became is a delivery's state after the visit.
func (v *visit) became(f source.Found) (is, why string, l *store.Load) {
	o := v.outcome(f.Key)
	switch {
	case o == nil:
		return string(f.State), f.Why, f.Load
	case o.Err != nil:
		return stateFailed, o.Err.Error(), f.Load
	case o.Result.Unchanged:
		return stateUnchanged, "", &o.Result.Load
	}
	return stateLoaded, "", &o.Result.Load
}

func printVisit(w io.Writer, sc sourceConfig, v *visit) {
	name := place(sc.URL)
	if sc.Name != "" {
		name = render.Clean(sc.Name) + " (" + name + ")"
	}
	fmt.Fprintf(w, "%s: %s\n", name, count(len(v.look.Found), "delivery", "deliveries"))
	var notes []string
	current := 0
	for _, f := range v.look.Found {
		is, why, l := v.became(f)
		label := deliveryName(f.Key)
		switch is {
		case stateLoaded:
			fmt.Fprintf(w, "  %s: loaded %s rows of %s, %s. Load %s.\n", label, humanize.Comma(l.Rows), span(l.Periods), totalsWords(l.Totals), l.ID)
			if r := l.Replaced; r != nil {
				fmt.Fprintf(w, "    It took the place of %s rows, %s%s.\n", humanize.Comma(r.Rows), totalsWords(r.Totals), restatedHint(*l))
			}
			for _, n := range l.Warnings {
				notes = append(notes, f.Key+": "+n)
			}
		case stateUnchanged:
			fmt.Fprintf(w, "  %s: other files with the bytes that load %s brought; nothing to do.\n", label, l.ID)
		case string(source.Current):
			current++
		default:
			fmt.Fprintf(w, "  %s: %s, %s\n", label, is, render.Clean(why))
		}
	}
	if current > 0 {
		fmt.Fprintf(w, "  %s in force already, not fetched again.\n", count(current, "delivery is", "deliveries are"))
	}
	if len(v.look.Found) == 0 {
		fmt.Fprintln(w, "  No bills lie there.")
	}
	for _, n := range notes {
		fmt.Fprintf(w, "note: %s\n", render.Clean(n))
	}
}

func deliveryName(key string) string {
	if key == "." {
		return "all files"
	}
	return render.Clean(key)
}

// restatedHint says where to read what a load changed.
func restatedHint(l store.Load) string {
	if len(l.Restated) == 0 {
		return "; nothing of the days that were there changed"
	}
	return "; `spendbot loads " + l.ID + "` says what changed"
}

// sourceHealth is how a configured source is: what is in force of it, and whether that is fresh enough.
type sourceHealth struct {
	source  sourceConfig
	sla     time.Duration
	look    state.SourceLook // zero for none
	looked  bool
	loads   int // in force
	rows    int64
	through time.Time // the newest day that is complete for all its providers; zero for none
	late    bool
	why     string // what is late, or what it has; one sentence
}

// healths are the configured sources' states at a moment.
func (a *app) healths(ctx context.Context, st *opened, now time.Time) ([]sourceHealth, error) {
	looks, err := st.state.SourceLooks(ctx)
	if err != nil {
		return nil, err
	}
	loads, err := st.Loads(ctx)
	if err != nil {
		return nil, err
	}
	far, err := a.reach(ctx, st, loads)
	if err != nil {
		return nil, err
	}
	var out []sourceHealth
	for _, sc := range a.cfg.Sources {
		h := sourceHealth{source: sc}
		if h.sla, err = sc.sla(); err != nil {
			return nil, err
		}
		h.look, h.looked = looks[sc.Name]
		h.count(loads, far)
		h.judge(now)
		out = append(out, h)
	}
	return out, nil
}

// reach is how far a snapshot's data reaches.
type reach struct {
	snapshot  int64
	providers map[string]survey.Provider
	feeds     map[string]time.Time // the last day of each
}

// reach looks it up for the newest snapshot, once for each.
func (a *app) reach(ctx context.Context, st *opened, loads []store.Load) (*reach, error) {
	if len(loads) == 0 {
		return &reach{}, nil
	}
	if a.reached != nil && a.reached.snapshot == loads[0].Snapshot {
		return a.reached, nil
	}
	sn, err := st.Snapshot(ctx, loads[0].Snapshot)
	if err != nil {
		return nil, err
	}
	defer sn.Close()
	sv, err := survey.Of(ctx, st.Store, sn)
	if err != nil {
		return nil, err
	}
	rows, _, err := sn.Query(ctx, "the last day of each feed", "SELECT x_Source, max(ChargeDate) FROM daily GROUP BY 1 ORDER BY 1")
	if err != nil {
		return nil, err
	}
	r := &reach{snapshot: loads[0].Snapshot, providers: map[string]survey.Provider{}, feeds: map[string]time.Time{}}
	for _, p := range sv.Providers {
		r.providers[p.Name] = p
	}
	for _, row := range rows.Values {
		feed, _ := row[0].(string)
		r.feeds[feed], _ = row[1].(time.Time)
	}
	a.reached = r
	return r, nil
}

// count adds up the source's loads that are in force. Its data is complete through the day that its provider's is, and no
// further than its own feeds reach: another source may bring more of the same provider.
func (h *sourceHealth) count(loads []store.Load, far *reach) {
	address := source.AddressOf(h.source.URL)
	last := map[string]time.Time{} // by provider
	for i, l := range loads {
		if l.Delivery == nil || l.Delivery.Source != address || store.ReplacedBy(loads, i) != nil {
			continue
		}
		h.loads++
		h.rows += l.Rows
		for _, p := range l.Partitions {
			if day := far.feeds[p.Source]; day.After(last[p.Provider]) {
				last[p.Provider] = day
			}
		}
	}
	for name, day := range last {
		p, ok := far.providers[name]
		if !ok {
			continue
		}
		if p.Monthly || day.After(p.Through) {
			day = p.Through
		}
		if h.through.IsZero() || day.Before(h.through) {
			h.through = day
		}
	}
}

// newest is the moment that the newest complete day ended; zero without one.
func (h *sourceHealth) newest() time.Time {
	if h.through.IsZero() {
		return time.Time{}
	}
	return h.through.AddDate(0, 0, 1)
}

// judge holds the source against its SLA. The age of its data is counted from the end of the newest complete day; a source
// of which nothing is known yet, and one that cannot be looked at, has the same time from its first and last look.
func (h *sourceHealth) judge(now time.Time) {
	has := "no bill of it is loaded yet"
	if h.loads > 0 && !h.through.IsZero() {
		has = "its data is complete through " + h.through.Format("2 Jan 2006")
	}
	h.why = has + "."
	if h.sla == 0 || !h.looked {
		return
	}
	since := h.look.Succeeded
	if since.IsZero() {
		since = h.look.First
	}
	switch {
	case h.look.Error != "" && now.Sub(since) > h.sla:
		h.late = true
		h.why = fmt.Sprintf("it could not be looked at for %s (allowed are %s); %s.", lasting(now.Sub(since)), lasting(h.sla), has)
	case h.loads == 0 && now.Sub(h.look.First) > h.sla:
		h.late = true
		h.why = fmt.Sprintf("no bill has come in the %s since it is looked at (allowed are %s).", lasting(now.Sub(h.look.First)), lasting(h.sla))
	case h.loads > 0 && !h.through.IsZero() && now.Sub(h.newest()) > h.sla:
		h.late = true
		h.why = fmt.Sprintf("%s, which ended %s ago (allowed are %s).", has, lasting(now.Sub(h.newest())), lasting(h.sla))
	}
}

// told is why it is late with what waits there, for somebody who does not have the list of it before them.
func (h *sourceHealth) told() string {
	n := len(h.look.Waiting)
	if !h.late || n == 0 {
		return h.why
	}
	x := h.look.Waiting[0]
	return fmt.Sprintf("%s %s there and %s not loaded; %s: %s.", h.why, count(n, "delivery lies", "deliveries lie"), map[bool]string{true: "is", false: "are"}[n == 1], deliveryName(x.Key), strings.TrimSuffix(x.Why, "."))
}

// place is a source's address as people write it.
func place(url string) string {
	return render.Clean(strings.TrimPrefix(source.AddressOf(url), "file://"))
}

// lasting is a duration as people say it.
func lasting(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute", "minutes")
	case d <= 72*time.Hour:
		return count(int(d.Hours()), "hour", "hours")
	}
	return count(int(d.Hours()/24), "day", "days")
}

// sourceJSON is a configured source for programs.
type sourceJSON struct {
	Name            string                `json:"name"`
	URL             string                `json:"url"` // without its query
	Schedule        string                `json:"schedule"`
	Looked          *time.Time            `json:"looked"`
	Succeeded       *time.Time            `json:"succeeded"`
	Error           string                `json:"error,omitempty"`
	Loads           int                   `json:"loads_in_force"`
	Rows            int64                 `json:"rows"`
	CompleteThrough string                `json:"complete_through,omitempty"`
	AgeHours        *int                  `json:"age_hours"` // since the newest complete day ended
	SLAHours        *int                  `json:"sla_hours"`
	Late            bool                  `json:"late"`
	Why             string                `json:"why"`
	Waiting         []state.SourceWaiting `json:"waiting"`
}

func (h *sourceHealth) json(now time.Time) sourceJSON {
	j := sourceJSON{Name: h.source.Name, URL: source.AddressOf(h.source.URL), Schedule: h.source.Schedule, Error: h.look.Error, Loads: h.loads, Rows: h.rows,
		Late: h.late, Why: h.why, Waiting: h.look.Waiting}
	if j.Waiting == nil {
		j.Waiting = []state.SourceWaiting{}
	}
	if h.looked {
		j.Looked = &h.look.Looked
		if !h.look.Succeeded.IsZero() {
			j.Succeeded = &h.look.Succeeded
		}
	}
	if !h.through.IsZero() {
		j.CompleteThrough = h.through.Format(analysis.DateLayout)
		n := int(now.Sub(h.newest()).Hours())
		j.AgeHours = &n
	}
	if h.sla > 0 {
		n := int(h.sla.Hours())
		j.SLAHours = &n
	}
	return j
}

func (a *app) sources() *cobra.Command {
	var asJSON, lookNow bool
	c := &cobra.Command{
		Use:   "sources",
		Short: "Show where bills come from, what waits there and how fresh it is",
		Long: `Sources lists the places of bills that the configuration names: when each was last looked at, what is in force of it, what
lies there and waits, and how old its newest complete day is against its sla. ` + "`spendbot serve`" + ` looks at each on its schedule
and loads what is new; ` + "`spendbot load`" + ` does so at once.`,
		Example: `  spendbot sources --config spendbot.yaml
  spendbot sources --look`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if len(a.cfg.Sources) == 0 {
				return usageError{errors.New("no sources are configured; name them in the section `sources:` of the configuration (`spendbot config example` prints one)")}
			}
			st, err := a.openForSources(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			var errs []error
			if lookNow {
				for _, sc := range a.cfg.Sources {
					if _, err := a.visit(ctx, st, sc, visiting{now: a.now}); err != nil {
						errs = append(errs, err)
					}
				}
			}
			list, err := a.healths(ctx, st, a.now)
			if err != nil {
				return err
			}
			if asJSON {
				out := make([]sourceJSON, len(list))
				for i := range list {
					out[i] = list[i].json(a.now)
				}
				return errors.Join(encode(a.stdout, out), errors.Join(errs...))
			}
			printSources(a.stdout, list, a.now)
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	c.Flags().BoolVar(&lookNow, "look", false, "look at each now, without loading")
	return c
}

// openForSources opens the configured store, which may not be there yet.
func (a *app) openForSources(ctx context.Context) (*opened, error) {
	if a.flags.store == "" {
		return nil, usageError{errors.New("say where the store is, or should be: --store DIR or SPENDBOT_STORE")}
	}
	return a.openDir(ctx, a.flags.store, false)
}

func printSources(w io.Writer, list []sourceHealth, now time.Time) {
	t := newTable("source", "last look", "in force", "complete through", "age", "sla", "waiting")
	for _, h := range list {
		look, age, sla, waiting := "never", "", "none", ""
		if h.looked {
			look = ago(now.Sub(h.look.Looked))
			waiting = fmt.Sprint(len(h.look.Waiting))
			if h.look.Error != "" {
				look += ", failed"
			}
		}
		through := "no data"
		if !h.through.IsZero() {
			through, age = h.through.Format(analysis.DateLayout), lasting(now.Sub(h.newest()))
		}
		if h.sla > 0 {
			if sla = lasting(h.sla); h.late {
				sla += ": LATE"
			}
		}
		t.AppendRow(table.Row{render.Clean(h.source.Name), look, count(h.loads, "load", "loads"), through, age, sla, waiting})
	}
	printTable(w, t)
	for _, h := range list {
		var lines []string
		if h.look.Error != "" {
			lines = append(lines, "the last look failed: "+h.look.Error)
		}
		if h.late {
			lines = append(lines, h.why)
		}
		for _, x := range h.look.Waiting {
			lines = append(lines, deliveryName(x.Key)+": "+x.State+", "+x.Why)
		}
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s (%s)\n", render.Clean(h.source.Name), place(h.source.URL))
		for _, l := range lines {
			fmt.Fprintf(w, "  %s\n", render.Clean(l))
		}
	}
	if slices.ContainsFunc(list, func(h sourceHealth) bool { return !h.looked }) {
		fmt.Fprintln(w, "\n`spendbot sources --look` looks now; `spendbot load` loads what is new; `spendbot serve` does both on schedule.")
	}
}

// ago is how long something is past.
func ago(d time.Duration) string {
	if d < time.Minute {
		return "now"
	}
	return lasting(d) + " ago"
}

// printRestated shows what a load changed, for people.
func printRestated(w io.Writer, l store.Load) {
	fmt.Fprintf(w, "Load %s of %s, %s\n", l.ID, l.At.Format("2 Jan 2006 15:04 MST"), render.Clean(fileName(l)))
	if d := l.Delivery; d != nil {
		fmt.Fprintf(w, "from %s, %s\n", render.Clean(d.Source), deliveryName(d.Key))
	}
	if len(l.Restated) == 0 {
		if l.Replaced == nil {
			fmt.Fprintln(w, "It replaced nothing.")
		} else {
			fmt.Fprintln(w, "Nothing of the days that were there before changed.")
		}
		return
	}
	for _, r := range l.Restated {
		fmt.Fprintf(w, "\n%s, invoice month %s, days %s to %s: effective cost %s\n", render.Clean(cmp.Or(r.Provider, "unknown provider")), r.Month, r.First, r.Last, signed(r.Effective(), r.Currency))
		t := newTable("service", "effective was", "is", "difference", "billed was", "is", "difference")
		row := func(name string, m store.Moved) {
			wasEffective, wasBilled := sideOf(m.WasEffective, m.WasBilled, r.Currency)
			isEffective, isBilled := sideOf(m.IsEffective, m.IsBilled, r.Currency)
			t.AppendRow(table.Row{render.Clean(cmp.Or(name, "(no service)")), wasEffective, isEffective, signed(m.Effective(), r.Currency),
				wasBilled, isBilled, signed(m.Billed(), r.Currency)})
		}
		for _, s := range r.Services {
			row(s.Service, s.Moved)
		}
		if r.Rest != nil {
			row(r.Rest.Service, r.Rest.Moved)
		}
		row("all", r.Moved)
		var cols []table.ColumnConfig
		for i := 2; i <= 7; i++ {
			cols = append(cols, table.ColumnConfig{Number: i, Align: 3, AlignHeader: 3}) // right
		}
		t.SetColumnConfigs(cols)
		printTable(w, t)
	}
}

// sideOf are a service's costs before, or after. Every row has a billed cost: where there is neither, there are no rows.
func sideOf(effective, billed *analysis.Amount, currency string) (string, string) {
	if effective == nil && billed == nil {
		return "none", "none"
	}
	return money(effective, currency), money(billed, currency)
}

// signed is a difference with its sign.
func signed(a *analysis.Amount, currency string) string {
	if a == nil {
		return "unknown"
	}
	s := render.MoneyExact(*a, currency)
	if a.IsPositive() && !strings.HasPrefix(s, "+") {
		s = "+" + s
	}
	return s
}
