package kpi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/bot/state"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func amounts(excess, rate, through string) state.IncidentAmounts {
	return state.IncidentAmounts{Excess: decimal.RequireFromString(excess), Rate: decimal.RequireFromString(rate), Through: at(through + " 00:00")}
}

func incident(id, team, channel, onset, opened string) state.Incident {
	in := state.Incident{ID: id, Opened: at(opened), State: state.Detected, Open: true, Team: team, Channel: channel}
	in.Title, in.Rule, in.Currency, in.Onset = id, "step", "USD", at(onset+" 00:00")
	return in
}

func change(kind, who, when string, a ...state.IncidentAmounts) state.IncidentChange {
	c := state.IncidentChange{Kind: kind, Who: who, Happened: at(when)}
	if len(a) > 0 {
		c.Amounts = a[0]
	}
	return c
}

// histories are four incidents made by hand.
func histories() []History {
	// Worked on and contained on the 20th, resolved on the 23rd. Peak $1,730 a day over what was expected, $230 at containment, with ten
	// days of November left after the 20th: (1730 - 230) x 10 = $15,000 avoided.
	a := incident("I-A", "payments", "C1", "2026-11-18", "2026-11-19 10:00")
	a.Arrived, a.State, a.Open = at("2026-11-19 08:00"), state.Resolved, false
	a.Peak = amounts("3460", "1730", "2026-11-19")
	ha := History{Incident: a, Changes: []state.IncidentChange{change("detected", "", "2026-11-19 10:00"), change("acknowledged", "U1", "2026-11-19 13:00"),
		change("contained", "", "2026-11-21 10:00", amounts("5190", "230", "2026-11-20")), change("resolved", "", "2026-11-23 10:00", amounts("5300", "0", "2026-11-22"))}}
	// Nobody looked; the bill went back by itself: contained, and nothing of it avoided by anybody.
	b := incident("I-B", "search", "C2", "2026-11-09", "2026-11-12 10:00")
	b.State, b.Open, b.Peak = state.Resolved, false, amounts("900", "300", "2026-11-11")
	hb := History{Incident: b, Changes: []state.IncidentChange{change("resolved", "", "2026-11-14 10:00", amounts("1200", "0", "2026-11-13"))}}
	// Not useful, said and taken back; then expected.
	c := incident("I-C", "payments", "C1", "2026-11-01", "2026-11-02 10:00")
	c.State, c.Rule = state.Expected, "drop"
	hc := History{Incident: c, Changes: []state.IncidentChange{change("not_useful", "U1", "2026-11-02 11:00"), change("undone", "U1", "2026-11-02 11:05"), change("expected", "U2", "2026-11-03 11:00")},
		Verdicts: []state.Verdict{{Kind: state.VerdictNotUseful, Undone: at("2026-11-02 11:05")}, {Kind: state.VerdictExpected}}}
	// Open, unanswered, running.
	d := incident("I-D", "", "C3", "2026-11-20", "2026-11-22 10:00")
	d.IncidentAmounts = amounts("620.50", "310", "2026-11-21")
	hd := History{Incident: d, Changes: []state.IncidentChange{change("escalated", "", "2026-11-22 18:00")}}
	// Merged into another: none of its own. And one of long before.
	e := incident("I-E", "payments", "C1", "2026-11-18", "2026-11-19 10:00")
	e.Resolution = "merged into I-A"
	f := incident("I-F", "payments", "C1", "2026-01-18", "2026-01-19 10:00")
	// One that costs less than expected is no cost of an incident; its message came long before.
	f.IncidentAmounts = amounts("-300", "-100", "2026-01-18")
	return []History{ha, hb, hc, hd, {Incident: e}, {Incident: f}}
}

func TestMeasure(t *testing.T) {
	o := Options{From: at("2026-11-01 00:00"), Until: at("2026-11-29 00:00")}
	r := Measure(histories(), o)
	h := time.Hour
	for _, c := range []struct {
		name string
		got  Spread
		want Spread
	}{
		{"from usage", r.FromUsage, Spread{34 * h, 82 * h, 4, 0}}, // 34 h, 82 h, 34 h, 58 h
		{"from arrival", r.FromArrival, Spread{2 * h, 2 * h, 1, 3}},
		{"acknowledged", r.Acknowledge, Spread{h, 3 * h, 2, 2}},
		{"contained", r.Contain, Spread{48 * h, 48 * h, 2, 2}},
		{"resolved", r.Resolve, Spread{48 * h, 96 * h, 2, 2}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, c.got, c.want)
		}
	}
	if r.Incidents != 4 || r.Open != 2 || r.Unanswered != 1 || r.NotUseful != (Rate{0, 4}) || r.Expected != (Rate{1, 4}) {
		t.Errorf("%+v", r)
	}
	if len(r.ByRule) != 2 || r.ByRule[0] != (Rule{"drop", Rate{0, 1}, Rate{1, 1}}) || r.ByRule[1].Expected != (Rate{0, 3}) {
		t.Errorf("by rule: %+v", r.ByRule)
	}
	if len(r.Channels) != 3 || r.Channels[0] != (Channel{"C1", 2, 0.5}) {
		t.Errorf("channels: %+v", r.Channels)
	}
	money := func(name string, got []Money, total, median string, count int) {
		t.Helper()
		if len(got) != 1 || got[0].Total.String() != total || got[0].Median.String() != median || got[0].Count != count {
			t.Errorf("%s: %+v, want %s, median %s of %d", name, got, total, median, count)
		}
	}
	money("cost before containment", r.Cost, "6390", "1200", 2) // 5190 and 1200
	money("not contained", r.Running, "620.5", "620.5", 1)      // I-D; what is expected is no cost of an incident
	money("avoided", r.Avoided, "15000", "15000", 1)

	if long := Measure(histories(), Options{From: at("2026-01-01 00:00"), Until: at("2026-02-01 00:00")}); long.Incidents != 1 || len(long.Running) != 0 {
		t.Errorf("a drop: %+v", long)
	}

	one := Measure(histories(), Options{From: o.From, Until: o.Until, Team: "Search"})
	if one.Incidents != 1 || one.Acknowledge != (Spread{0, 0, 0, 1}) || len(one.Avoided) != 0 {
		t.Errorf("of team search: %+v", one)
	}
	var rows []string
	for _, x := range one.Rows() {
		rows = append(rows, x.Name+": "+x.Figure+" ("+x.Of+")")
	}
	if want := "MTTD from usage: 3 d 10 h, 90% within 3 d 10 h (1 of 1)|MTTD from arrival: unknown (0 of 1)|time to acknowledge: unknown (0 of 1)|" +
		"time to contain: 2 d, 90% within 2 d (1 of 1)|time to resolve: 2 d, 90% within 2 d (1 of 1)|false-positive rate: 0% (0 of 1)|expected rate: 0% (0 of 1)|" +
		"cost before containment: $1,200 (1 of 1)"; strings.Join(rows, "|") != want {
		t.Errorf("said as\n%s, want\n%s", strings.Join(rows, "|"), want)
	}
	b, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"detected_after_arrival":{"median_seconds":null,"p90_seconds":null,"count":0,"unknown":1}`, `"acknowledged_after_seconds":null`, `"detected_after_usage_seconds":295200`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is missing in %s", want, b)
		}
	}
	if got, want := r.Line(), "4 incidents, medians: told 1 d 10 h after it began, answered after 1 h (2 of 4), contained after 2 d (2 of 4); 1 expected; 1 unanswered; $6,390 until contained; $15,000 avoided"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := r.Head(), "4 incidents opened from 1 Nov to 28 Nov 2026, 2 still open, 1 of them unanswered."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	none := Measure(nil, o)
	if none.Line() != "" || none.Rows() != nil || none.Head() != "No incidents were opened from 1 Nov to 28 Nov 2026." {
		t.Errorf("of nothing: %q, %v, %q", none.Line(), none.Rows(), none.Head())
	}
}

// TestOpenedAgain: what is opened again is not resolved; what was told before the data came is not known.
func TestOpenedAgain(t *testing.T) {
	in := incident("I-A", "", "", "2026-11-18", "2026-11-19 10:00")
	in.Arrived = at("2026-11-19 11:00")
	l := lineOf(History{Incident: in, Changes: []state.IncidentChange{change("resolved", "", "2026-11-20 10:00"), change("reopened", "", "2026-11-21 10:00")}})
	if l.Resolve != unknown || l.Contain != unknown || l.FromArrival != unknown {
		t.Errorf("%+v", l)
	}
}

func TestQuantile(t *testing.T) {
	var list []time.Duration
	for i := range 10 {
		list = append(list, time.Duration(i+1))
	}
	for _, c := range []struct{ n, percent, want int }{{10, 50, 5}, {10, 90, 9}, {1, 90, 1}, {2, 50, 1}, {3, 50, 2}, {0, 50, 0}} {
		if got := quantile(list[:c.n], c.percent); got != time.Duration(c.want) {
			t.Errorf("%d%% of %d: %d, want %d", c.percent, c.n, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	today := at("2026-11-23 09:00")
	for text, want := range map[string]struct {
		team string
		days int
	}{"": {"", 90}, "payments last 30 days": {"payments", 30}, "for team payments over the past 2 weeks": {"payments", 14}, "last 3 months": {"", 90}, "team": {"team", 90}, "last 9999 months": {"", MaxDays}, "last 0 days": {"", 1}} {
		o := Read(text, today)
		if days := int(o.Until.Sub(o.From).Hours() / 24); o.Team != want.team || days != want.days || !o.Until.Equal(at("2026-11-24 00:00")) {
			t.Errorf("%q: %+v (%d days), want %+v", text, o, days, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("payments last 30 days")
	f.Fuzz(func(t *testing.T, s string) {
		if o := Read(s, at("2026-11-23 09:00")); !o.From.Before(o.Until) {
			t.Errorf("%q: %+v", s, o)
		}
	})
}
