package anomaly

import (
	"cmp"
	"context"
	"slices"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// Alert is an incident as it would have been told: what was known of it when its day's data came.
type Alert struct {
	Incident `json:"incident"`
	Day      time.Time `json:"-"` // whose data made it told
	Channel  string    `json:"channel"`
	Fallback bool      `json:"fallback"` // its owner has no channel
	Floor    string    `json:"floor"`    // the rule that let it through: "1" for the first, "default"
	Ending   Ending    `json:"ending"`
	Became   Kind      `json:"became"` // its shape in the end
}

// Ending is what became of an alert.
type Ending string

// The endings. What was over so soon that nobody could have acted on it is what floors should keep away: in hindsight a false alarm,
// unless the day itself was worth knowing of.
const (
	OverSoon  Ending = "over within two days"
	OverLater Ending = "over later"
	NewLevel  Ending = "became the level"
	GoesOn    Ending = "goes on"
)

// soon is how many days after it was told an alert is over soon.
const soon = 2

// Replay is what the alerts of some weeks would have been.
type Replay struct {
	Period analysis.Period
	Weeks  int
	Alerts []Alert // in the order they would have been told
	Result *Result
}

// Backtest replays weeks up to the last complete day, day by day: each day is judged by the days before it alone, with the amounts that the
// snapshot has of them, so what was restated since is seen as it is now. One scan serves all days, since what it says of a day does not
// depend on later ones: an alert is told on the day whose data made its days pass the floor, with what was known of it then; what comes
// to a told incident later (another series of the same cause, the sum over it) is no further alert. Fallback is the channel of what has no
// owner with one.
func Backtest(ctx context.Context, sight *store.Sight, o Options, weeks int, channel Channel, fallback string) (*Replay, error) {
	var end time.Time
	for _, p := range o.Providers {
		if !p.Monthly && p.Through.AddDate(0, 0, 1).After(end) {
			end = p.Through.AddDate(0, 0, 1)
		}
	}
	rp := &Replay{Period: analysis.Period{Start: end.AddDate(0, 0, -7*weeks), End: end}, Weeks: weeks, Alerts: []Alert{}}
	o.Since, o.Through, o.Provisional, o.replay = rp.Period.Start, time.Time{}, false, true
	var err error
	if rp.Result, err = Scan(ctx, sight, o); err != nil {
		return nil, err
	}
	found := rp.Result.raw
	slices.SortStableFunc(found, func(a, b Anomaly) int {
		return cmp.Or(a.Told.Compare(b.Told), compareAnomalies(a, b))
	})
	var told []Anomaly // as they were told, of the days before
	for i := 0; i < len(found); {
		day := found[i].Told
		var now []Anomaly
		final := map[string]Anomaly{}
		for ; i < len(found) && found[i].Told.Equal(day); i++ {
			now = append(now, *found[i].asTold)
			final[found[i].Key()] = found[i]
		}
		var before []Anomaly
		for _, a := range told {
			if slices.ContainsFunc(now, func(b Anomaly) bool { return near(a.Onset, b.Onset) || a.Same(b) }) {
				before = append(before, a)
			}
		}
		old := func(a Anomaly) bool {
			return slices.ContainsFunc(before, func(b Anomaly) bool { return a.Same(b) })
		}
		for _, in := range incidents(slices.Concat(before, now), o.Expected) {
			if in.ExpectedBy != "" || slices.ContainsFunc(in.Parts, old) || day.Before(rp.Period.Start) {
				continue
			}
			al := Alert{Incident: in, Day: day, Floor: in.floor, Channel: channel(in.Team, day), Ending: ending(in, final), Became: in.Kind}
			if f, ok := final[in.Key()]; ok {
				al.Became = f.Kind
			}
			if al.Channel == "" {
				al.Channel, al.Fallback = fallback, true
			}
			rp.Alerts = append(rp.Alerts, al)
		}
		told = append(told, now...)
	}
	return rp, nil
}

// ending is what became of an incident, by the whole story of its parts.
func ending(in Incident, final map[string]Anomaly) Ending {
	out, last := OverSoon, time.Time{}
	for _, p := range in.Parts {
		f, ok := final[p.Key()]
		if !ok {
			continue
		}
		switch {
		case f.New:
			return NewLevel
		case f.Going:
			out = GoesOn
		}
		last = analysis.Later(last, f.Last)
	}
	if out == OverSoon && last.After(in.Told.AddDate(0, 0, soon-1)) {
		return OverLater
	}
	return out
}
