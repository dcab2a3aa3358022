package anomaly_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "spendbot-anomaly-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		scratch = dir
		return m.Run()
	}())
}

// company is the demo company with what was planted in it, and a scan of all of it.
type company struct {
	sn     *store.Snapshot
	survey *survey.Survey
	lens   query.Lens
	events map[string]demo.Event
	all    *anomaly.Result
}

var makeCompany = sync.OnceValues(func() (*company, error) { return newCompany(0, 9) })

// newCompany makes the demo company of a seed and as many months; fewer than the usual take less time.
func newCompany(seed uint64, months int) (*company, error) {
	ctx := context.Background()
	dir := filepath.Join(scratch, fmt.Sprint("seed", seed))
	bills := filepath.Join(dir, "bills")
	m, err := demo.Generate(ctx, bills, demo.Options{Now: now, Seed: seed, Months: months})
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		return nil, err
	}
	if _, err := ingest.Load(ctx, s, bills, ingest.Options{Now: now}); err != nil {
		return nil, err
	}
	v, err := owners.HistoryIn(s.Dir()).Apply(demo.OwnersFile, demo.Owners, time.Time{}, now)
	if err != nil {
		return nil, err
	}
	c := &company{lens: query.Lens{}.Over(owners.NewBook(v).Layer(false)), events: map[string]demo.Event{}}
	for _, e := range m.Events {
		c.events[e.Name] = e
	}
	if c.sn, err = s.Snapshot(ctx, 0); err != nil {
		return nil, err
	}
	if c.survey, err = survey.Of(ctx, s, c.sn); err != nil {
		return nil, err
	}
	c.all, err = c.scan(nil, anomaly.Options{})
	return c, err
}

func demoCompany(t testing.TB) *company {
	t.Helper()
	c, err := makeCompany()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// someServices are those that most of what is planted is in: a scan of them takes less time than one of all.
var someServices = []analysis.Filter{{Dimension: analysis.DimService, Values: []string{"Amazon Elastic Compute Cloud", "BigQuery", "AmazonCloudWatch", "Amazon Virtual Private Cloud"}}}

func (c *company) scan(scope []analysis.Filter, o anomaly.Options) (*anomaly.Result, error) {
	sight, err := c.sn.SeenThrough(scope, c.lens)
	if err != nil {
		return nil, err
	}
	o.Providers = c.survey.Providers
	return anomaly.Scan(context.Background(), sight, o)
}

// covers reports whether what an anomaly is about lies within an event's slice; what neither names does not tell them apart.
func covers(e demo.Event, a anomaly.Anomaly) bool {
	named := 0
	for col, want := range e.Slice {
		if got, ok := a.Slice[col]; ok && got != want {
			return false
		} else if ok {
			named++
		}
	}
	return named > 0
}

// TestPlantedEventsAreFound: each within one complete day of its onset, as one incident, with its owner, and no more than two alerts in any
// of the 90 quiet days' weeks. Left out are churn, which changes no cost, and gpu-switched-off, the end of gpu-left-on.
func TestPlantedEventsAreFound(t *testing.T) {
	t.Parallel()
	demoCompany(t).planted(t)
}

// TestPlantedEventsAreFoundWhateverTheSeed is the same of companies with other noise.
func TestPlantedEventsAreFoundWhateverTheSeed(t *testing.T) {
	if os.Getenv("SPENDBOT_LONG") == "" {
		t.Skip("SPENDBOT_LONG=1 looks at other seeds")
	}
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed+1), func(t *testing.T) {
			c, err := newCompany(seed+1, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.planted(t)
		})
	}
}

func (c *company) planted(t *testing.T) {
	t.Helper()
	for _, want := range []struct {
		event string
		team  string
		kind  anomaly.Kind
		parts int
		moves bool
	}{
		{event: "nat-loop", team: "payments", kind: anomaly.Step, parts: 1},
		{event: "log-runaway", team: "search", kind: anomaly.Step, parts: 1},
		{event: "s3-tier-move", team: "data", kind: anomaly.Drop, parts: 2, moves: true},
		{event: "commitment-ends", team: analysis.Unallocated, kind: anomaly.Step, parts: 2, moves: true},
		{event: "gpu-left-on", team: "ml", kind: anomaly.Step, parts: 1},
		{event: "list-price", team: "data", kind: anomaly.Step, parts: 2},
		{event: "credit-ends", team: analysis.Unallocated, kind: anomaly.Disappearance, parts: 1},
		{event: "correction", team: "platform", kind: anomaly.Appearance, parts: 1},
	} {
		e := c.events[want.event]
		var found []anomaly.Incident
		for _, i := range c.all.Incidents {
			if d := i.Onset.Sub(e.Start).Hours() / 24; d >= -1 && d <= 1 && covers(e, i.Anomaly) {
				found = append(found, i)
			}
		}
		if len(found) != 1 {
			t.Errorf("%s: %d incidents begin on its day, want 1: %+v", want.event, len(found), found)
			continue
		}
		i := found[0]
		if late := i.Told.Sub(e.Start).Hours() / 24; late > 1 {
			t.Errorf("%s: told %v days after its onset, want within one complete day", want.event, late)
		}
		if want.event == "list-price" && len(i.Parts) == 1 {
			want.parts = 1 // the second region's scans are too few in some companies
		}
		if i.Team != want.team || i.Kind != want.kind || len(i.Parts) != want.parts || i.Moves() != want.moves {
			t.Errorf("%s: team %s, %s, %d parts, moves both ways %v; want %+v", want.event, i.Team, i.Kind, len(i.Parts), i.Moves(), want)
		}
	}
	move := c.events["team-move-out"]
	n := 0
	for _, i := range c.all.Incidents {
		if i.Onset.Equal(move.Start) && i.Slice["SubAccountId"] == move.Slice["SubAccountId"] {
			n++
			if !i.Moves() || i.Excess.Abs().GreaterThan(i.Parts[0].Excess.Abs()) {
				t.Errorf("the team's move: its sides do not cancel: %s of %s", i.Excess, i.Parts[0].Excess)
			}
		}
	}
	if n != 1 {
		t.Errorf("the team's move is %d incidents, want 1", n)
	}
	from, to := analysis.Day(2026, 6, 1), analysis.Day(2026, 8, 30) // nothing is planted there
	perWeek := map[int]int{}
	for _, i := range c.all.Incidents {
		if !i.Told.Before(from) && i.Told.Before(to) {
			perWeek[int(i.Told.Sub(from).Hours()/24)/7]++
		}
	}
	for w, n := range perWeek {
		if n > 2 {
			t.Errorf("week %d of the quiet ones has %d alerts, want at most 2", w+1, n)
		}
	}
}

// TestPastStaysAsItWasTold: what was told by a day is told of the same day, slice and owner when more days have come.
func TestPastStaysAsItWasTold(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	for _, through := range []time.Time{analysis.Day(2026, 11, 18), analysis.Day(2026, 9, 10)} {
		early, err := c.scan(nil, anomaly.Options{Through: through, Filters: someServices})
		if err != nil {
			t.Fatal(err)
		}
		told := func(r *anomaly.Result) map[string]bool {
			out := map[string]bool{}
			for _, i := range r.Incidents {
				for _, p := range i.Parts {
					if p.Last.After(through) && r == early {
						t.Errorf("up to %s: %s has a day of %s", through.Format(analysis.DateLayout), p.Label, p.Last)
					}
					if p.Told.After(through) || !slices.Contains(someServices[0].Values, p.Slice["ServiceName"]) {
						continue
					}
					out[fmt.Sprint(p.Label, p.Team, p.Onset.Format(analysis.DateLayout), p.Told.Format(analysis.DateLayout))] = true
				}
			}
			return out
		}
		a, b := told(early), told(c.all)
		for k := range b {
			if !a[k] {
				t.Errorf("up to %s: %s is told only once later days are known", through.Format(analysis.DateLayout), k)
			}
		}
	}
}

// TestAmountsAreExact adds up the days of incidents again.
func TestAmountsAreExact(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	sight, err := c.sn.SeenThrough(nil, c.lens)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.all.Incidents[:9] {
		sum := decimal.Zero
		for _, p := range i.Parts {
			sum = sum.Add(p.Actual)
			where := []query.Fragment{query.F("x_SpanDays = 1"), query.F("BillingCurrency = ?", p.Currency), query.Within(query.Daily, analysis.NewPeriod(p.Onset, p.Last.AddDate(0, 0, 1)))}
			if p.Price != 0 {
				continue // of the rows that have a list price; TestPrices adds them up
			}
			for col, v := range p.Slice {
				if v == "" {
					where = append(where, query.F(col+" IS NULL"))
					continue
				}
				where = append(where, query.F(col+" = ?", v))
			}
			if _, ok := p.Slice["ChargeClass"]; !ok {
				where = append(where, query.F("ChargeClass IS NULL"))
			}
			if p.Slice["x_UsageType"] != "" && p.Team != "" {
				where = append(where, query.F("x_Team = ?", p.Team))
			}
			f := query.Join(" AND ", where...)
			rows, _, err := sight.Query(context.Background(), "again", query.F("SELECT sum(EffectiveCost) FROM {daily} WHERE "+f.SQL, f.Params...))
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := rows.Values[0][0].(decimal.Decimal); !got.Equal(p.Actual) {
				t.Errorf("%s from %s: %s, the bill says %s", p.Label, p.Onset.Format(analysis.DateLayout), p.Actual, got)
			}
			if !p.Expected.Equal(p.Expected.Round(2)) || !p.Excess.Equal(p.Actual.Sub(p.Expected)) {
				t.Errorf("%s: expected %s, excess %s of %s", p.Label, p.Expected, p.Excess, p.Actual)
			}
		}
		if !sum.Equal(i.Actual) {
			t.Errorf("%s: its parts sum to %s, it says %s", i.Label, sum, i.Actual)
		}
	}
}

func TestScopeBoundsAScan(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	r, err := c.scan([]analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}, anomaly.Options{Since: analysis.Day(2026, 11, 1)})
	if err != nil {
		t.Fatal(err)
	}
	nat := 0
	for _, i := range r.Incidents {
		if i.Slice["x_UsageType"] == "USE1-NatGateway-Bytes" {
			nat++
		}
		for _, p := range i.Parts {
			if p.Team != "payments" {
				t.Errorf("%s of team %s is seen by payments", p.Label, p.Team)
			}
		}
	}
	if nat != 1 {
		t.Errorf("payments sees %d NAT incidents, want 1", nat)
	}
}

func TestFloorsByScope(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	floors, err := anomaly.NewFloors([]anomaly.FloorRule{{Team: "payments", PerDay: "100000"}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.scan([]analysis.Filter{{Dimension: analysis.DimService, Values: []string{"Amazon Virtual Private Cloud", "AmazonCloudWatch"}}}, anomaly.Options{Since: analysis.Day(2026, 11, 10), Floors: floors})
	if err != nil {
		t.Fatal(err)
	}
	teams := map[string]bool{}
	for _, i := range r.Incidents {
		teams[i.Team] = true
	}
	if teams["payments"] || !teams["search"] {
		t.Errorf("incidents of %v, want search and not payments", teams)
	}
	if _, err := anomaly.NewFloors([]anomaly.FloorRule{{PerDay: "many"}}); err == nil {
		t.Error("an amount that is none was taken")
	}
	if b, err := json.Marshal(r.Incidents[0]); err != nil || !json.Valid(b) {
		t.Errorf("JSON: %v %s", err, b)
	}
}

// BenchmarkScan scans the demo company: the query, then all series.
func BenchmarkScan(b *testing.B) {
	c := demoCompany(b)
	for b.Loop() {
		if _, err := c.scan(nil, anomaly.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.all.Series), "series")
}

// TestGone: what another state of the bills does not have any more is named, and nothing else.
func TestGone(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	since := analysis.Day(2026, 11, 10)
	few := []analysis.Filter{{Dimension: analysis.DimService, Values: []string{"Amazon Virtual Private Cloud", "AmazonCloudWatch"}}}
	before, err := c.scan(nil, anomaly.Options{Since: since, Filters: few})
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.scan(nil, anomaly.Options{Since: since, Filters: few})
	if err != nil {
		t.Fatal(err)
	}
	if gone := anomaly.Gone(before, after, since); len(gone) != 0 {
		t.Errorf("gone from the same bills: %+v", gone)
	}
	after.Incidents = slices.DeleteFunc(after.Incidents, func(i anomaly.Incident) bool { return i.Slice["ServiceName"] == "AmazonCloudWatch" })
	gone := anomaly.Gone(before, after, since)
	if len(gone) != 1 || gone[0].Slice["ServiceName"] != "AmazonCloudWatch" {
		t.Errorf("gone: %+v", gone)
	}
	for _, i := range before.Incidents {
		if i.Rule() != "over expected" || i.ToMonthEnd().LessThanOrEqual(decimal.Zero) || !i.ToMonthEnd().Equal(i.Rate().Mul(decimal.NewFromInt(8))) {
			t.Errorf("%s, by %s: %s a day makes %s by the 30th of November, 8 days on", i.Label, i.Rule(), i.Rate(), i.ToMonthEnd())
		}
	}
}

// TestIncidentsAreExplained: the drivers of an incident are those of the days it names, and what they sum to is the change.
func TestIncidentsAreExplained(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	sight, err := c.sn.SeenThrough(nil, c.lens)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		event  string
		effect analysis.Effect
	}{{"nat-loop", analysis.EffVolume}, {"commitment-ends", analysis.EffCoverage}, {"list-price", analysis.EffListPrice}} {
		e := c.events[want.event]
		i := slices.IndexFunc(c.all.Incidents, func(i anomaly.Incident) bool { return i.Onset.Equal(e.Start) && covers(e, i.Anomaly) })
		if i < 0 {
			t.Errorf("%s is not found", want.event)
			continue
		}
		x, err := c.all.Incidents[i].Explain(context.Background(), sight, c.survey)
		if err != nil {
			t.Fatal(err)
		}
		sum := x.Bridge.Rest.Amount
		for _, d := range x.Bridge.Drivers {
			sum = sum.Add(d.Amount)
		}
		if x.Effect != want.effect || !sum.Equal(x.Bridge.Change.Delta) || len(x.Queries) == 0 || x.Current.Days() != x.Baseline.Days() {
			t.Errorf("%s: %s, want %s; drivers sum to %s of %s: %+v", want.event, x.Effect, want.effect, sum, x.Bridge.Change.Delta, x.Bridge.Effects)
		}
	}
}
