package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/owners"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
	"spendbot/bot/incident"
	"spendbot/bot/state"
)

// anomaliesConfig says what is worth telling.
type anomaliesConfig struct {
	Floors []anomaly.FloorRule `yaml:"floors"` // by scope; the first that fits counts
	Known  []anomaly.KnownDay  `yaml:"known"`  // holidays and announced events
}

// check says what is wrong with it.
func (c anomaliesConfig) check() error {
	if _, err := anomaly.NewFloors(c.Floors); err != nil {
		return err
	}
	_, err := anomaly.NewKnown(c.Known)
	return err
}

// options are the settings of a scan that the configuration gives.
func (c anomaliesConfig) options() (o anomaly.Options, err error) {
	if o.Floors, err = anomaly.NewFloors(c.Floors); err != nil {
		return o, usageError{err}
	}
	if o.Known, err = anomaly.NewKnown(c.Known); err != nil {
		return o, usageError{err}
	}
	return o, nil
}

// anomalyDays is how many days back are listed where none is named.
const anomalyDays = 14

func (a *app) anomalies() *cobra.Command {
	var o struct {
		since     string
		json, all bool
		against   int64
	}
	c := &cobra.Command{
		Use:   "anomalies",
		Short: "List what costs more or less than expected, and whose it is",
		Long: `Judges every service, account, region, usage type and team by its own days before: weekdays, days of the month, trend. Days in a
row that are at least $50 a day and 20% off (anomalies.floors in the configuration) are told, once for a level that stays; those with
one cause are one incident. Complete days are judged; where charges are by the hour, so are the hours of the day that is not, upwards
only, and marked provisional. What was expected is an estimate; costs are exact.`,
		Example: `  spendbot anomalies
  spendbot anomalies --since 2026-11-01 --json
  spendbot anomalies --all`,
		Args: oneOf(exactArgs(0, "no arguments"), "since", "all"),
		RunE: func(c *cobra.Command, _ []string) error {
			var since time.Time
			if o.since != "" {
				t, err := time.Parse(analysis.DateLayout, o.since)
				if err != nil || t.Year() < 1990 || t.Year() > 2200 {
					return usageError{fmt.Errorf("--since is %q; write a day, as 2026-11-01", o.since)}
				}
				since = t
			}
			said := "spendbot anomalies" + flagText("--since", o.since)
			if o.all {
				said += " --all"
			}
			if o.against != 0 {
				said += fmt.Sprintf(" --against %d", o.against)
			}
			ans, r, err := a.scanned(c.Context(), said, since, o.all, o.against)
			if err != nil {
				return err
			}
			if o.json {
				return encode(a.stdout, r)
			}
			return a.show(ans)
		},
	}
	f := c.Flags()
	f.StringVar(&o.since, "since", "", "the first day, as 2026-11-01 (default: two weeks ago)")
	f.Int64Var(&o.against, "against", 0, "an earlier snapshot: what was found in it and is not found any more, as when a month was restated")
	f.BoolVar(&o.all, "all", false, "of all days there are")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

// anomaliesJSON is a scan for programs.
type anomaliesJSON struct {
	ID        string                `json:"id"`
	Headline  string                `json:"headline"`
	Since     string                `json:"since"` // empty for all days
	Series    int                   `json:"series"`
	Incidents []incidentJSON        `json:"incidents"`
	Warnings  []incidentJSON        `json:"warnings"`       // of days that are not complete
	Gone      []incidentJSON        `json:"gone,omitempty"` // found in the snapshot that it was held against, and here no more
	Monthly   []anomaly.Monthly     `json:"monthly"`
	Queries   []analysis.QueryTrace `json:"queries"`
}

type incidentJSON struct {
	Incident   anomaly.Incident `json:"incident"`
	PerDay     analysis.Amount  `json:"per_day_estimate"`
	Rate       analysis.Amount  `json:"per_day_now_estimate"`
	ToMonthEnd analysis.Amount  `json:"to_month_end_estimate"`
	Keys       []string         `json:"series"`
	Channel    string           `json:"slack_channel"`
	State      string           `json:"state"`
	Runbook    string           `json:"runbook"`
	Ask        string           `json:"ask"`
}

// watchedOn is what a command that looks for anomalies sees.
type watchedOn struct {
	reply.Watch
	sight  *store.Sight
	survey *survey.Survey
	// at is the same of an earlier snapshot.
	at func(ctx context.Context, id int64) (sight *store.Sight, sv *survey.Survey, done func(), err error)
}

// watched makes an answer by looking for anomalies in the newest snapshot, and keeps it with its trace.
func (a *app) watched(ctx context.Context, said, topic string, look func(context.Context, watchedOn, *analysis.Answer) error) (*analysis.Answer, error) {
	begin := time.Now()
	st, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	sn, err := st.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer sn.Close()
	plan := analysis.Plan{Intent: analysis.AnomalyList, Topic: topic, Metric: analysis.Effective, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}}
	lens, err := a.lens(st)(ctx, sn, plan)
	if err != nil {
		return nil, err
	}
	var on watchedOn
	if on.survey, err = survey.Of(ctx, st.Store, sn); err != nil {
		return nil, err
	}
	if on.sight, err = sn.SeenThrough(nil, lens); err != nil {
		return nil, err
	}
	if on.Watch, err = a.watching(st); err != nil {
		return nil, err
	}
	on.at = func(ctx context.Context, id int64) (*store.Sight, *survey.Survey, func(), error) {
		sn, err := st.Snapshot(ctx, id)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("snapshot %d (`spendbot loads` lists them): %w", id, err)
		}
		done := func() { _ = sn.Close() }
		sv, err := survey.Of(ctx, st.Store, sn)
		if err != nil {
			done()
			return nil, nil, nil, err
		}
		sight, err := sn.SeenThrough(nil, lens)
		if err != nil {
			done()
			return nil, nil, nil, err
		}
		return sight, sv, done, nil
	}
	on.Options.Providers = on.survey.Providers
	id, err := st.state.NewID(ctx)
	if err != nil {
		return nil, err
	}
	plan.Current = analysis.Period{Start: on.survey.Vocabulary.First, End: on.survey.Vocabulary.Through.AddDate(0, 0, 1)}
	ans := &analysis.Answer{ID: id, Asked: a.now.UTC(), Question: said, Reading: plan, Caveats: []string{}, Trace: analysis.Trace{Snapshot: sn.ID, ChargesSnapshot: sn.ChargesID, Queries: []analysis.QueryTrace{}}}
	for _, p := range on.survey.Providers {
		ans.Through = append(ans.Through, analysis.ProviderThrough{Provider: p.Name, Day: anomaly.Complete(p, a.now)})
	}
	if err := look(ctx, on, ans); err != nil {
		return nil, err
	}
	for _, y := range on.sight.Used() {
		if y.Name != "" {
			ans.Caveats = append(ans.Caveats, y.Name)
		}
	}
	if st.demo {
		ans.Caveats = append(ans.Caveats, demoCaveat)
	}
	ans.Trace.MS = float64(time.Since(begin).Microseconds()) / 1000
	if err := st.state.SaveAnswer(ctx, ans); err != nil {
		return nil, fmt.Errorf("keep the answer: %w", err)
	}
	return ans, nil
}

// scanned lists the anomalies since a day; since all days that there are where all is set, else since two weeks ago where none is given.
func (a *app) scanned(ctx context.Context, said string, since time.Time, all bool, against int64) (*analysis.Answer, *anomaliesJSON, error) {
	out := &anomaliesJSON{Incidents: []incidentJSON{}, Warnings: []incidentJSON{}}
	ans, err := a.watched(ctx, said, "", func(ctx context.Context, on watchedOn, ans *analysis.Answer) error {
		if since.IsZero() && !all {
			since = on.survey.Vocabulary.Through.AddDate(0, 0, 1-anomalyDays)
		}
		if !since.IsZero() {
			ans.Reading.Current.Start = since
			out.Since = since.Format(analysis.DateLayout)
		}
		on.Options.Since, on.Options.Provisional, on.Now = since, true, a.now
		r, err := anomaly.Scan(ctx, on.sight, on.Options)
		if err != nil {
			return err
		}
		r.Tell(ans, analysis.Period{Start: since}, on.Books, on.Channel)
		out.ID, out.Headline, out.Series, out.Monthly, out.Queries = ans.ID, ans.Headline, r.Series, r.Monthly, r.Queries
		list := func(in []anomaly.Incident) []incidentJSON {
			list := []incidentJSON{}
			for _, i := range in {
				j := incidentJSON{Incident: i, PerDay: i.PerDay(), Rate: i.Rate(), ToMonthEnd: i.ToMonthEnd(), Keys: i.Keys(), Channel: on.Channel(i.Team, i.Onset), State: i.State(), Ask: i.Question()}
				if m, ok := i.Runbook(on.Books); ok {
					j.Runbook = m.Runbook.Slug
				}
				list = append(list, j)
			}
			return list
		}
		out.Incidents, out.Warnings = list(r.Incidents), list(r.Warnings)
		if against == 0 {
			return nil
		}
		sight, sv, done, err := on.at(ctx, against)
		if err != nil {
			return err
		}
		defer done()
		o := on.Options
		o.Providers, o.Provisional = sv.Providers, false
		before, err := anomaly.Scan(ctx, sight, o)
		if err != nil {
			return err
		}
		gone := anomaly.Gone(before, r, since)
		out.Gone = list(gone)
		ans.Parts = append(ans.Parts, analysis.Part{Text: anomaly.GoneWords(gone, against)})
		return nil
	})
	return ans, out, err
}

// watching is what anomalies are looked for with.
func (a *app) watching(st *opened) (w reply.Watch, err error) {
	if w.Options, err = a.cfg.Anomalies.options(); err != nil {
		return w, err
	}
	verdicts, err := st.state.Verdicts(context.Background(), "")
	if err != nil {
		return w, err
	}
	if w.Options.Expected, err = incident.PatternsOf(verdicts); err != nil {
		return w, err
	}
	open, err := st.state.Incidents(context.Background(), state.IncidentFilter{Open: true})
	if err != nil {
		return w, err
	}
	w.Options.Unanswered = incident.Unanswered(open) // as the threads have it
	if w.Books, err = a.library(); err != nil {
		return w, usageError{err}
	}
	w.Channel, err = a.teams(st, owners.SlackChannel)
	return w, err
}

// teams tells what a team says of itself by the owners in force on a day; "" for nothing.
func (a *app) teams(st *opened, what owners.Attribute) (func(team string, day time.Time) string, error) {
	b, err := a.book(owners.HistoryIn(st.Dir()))
	if err != nil {
		return nil, err
	}
	return func(team string, day time.Time) string {
		if b == nil || len(b.Versions()) == 0 {
			return ""
		}
		return b.At(day).Config.Teams[team].Sets[what]
	}, nil
}
