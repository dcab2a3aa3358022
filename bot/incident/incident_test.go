package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis/anomaly"
	"spendbot/bot/state"
)

var (
	onset = time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	rules = DefaultRules()
)

func day(n int) time.Time { return onset.AddDate(0, 0, n) }

// at is the morning after day n, when its data is there.
func at(n int) time.Time { return day(n + 1).Add(7 * time.Hour) }

// found is what a scan of day "through" says of a series whose excess was so much on each day from the onset on; expected is 100 a day, and below 30 is within the band. It is nil where no day stands out.
func found(excess []int64, through int) *Found {
	f := Found{Team: "payments", Seen: state.IncidentSeen{Series: []string{"nat up"}, Title: "NAT bytes", Kind: "step", Rule: "default", Currency: "USD", Onset: day(0), Told: day(0),
		Parts: []state.IncidentPart{{Key: "nat", Label: "NAT bytes", Slice: map[string]string{"ServiceName": "NAT*", "SubAccountId": "1"}, Excess: decimal.NewFromInt(1)}}}}
	d := &f.Seen
	d.Through, d.Low, d.High = day(through), decimal.NewFromInt(80), decimal.NewFromInt(130)
	var out []int64
	for n := 0; n <= through && n < len(excess); n++ {
		f.Points = append(f.Points, anomaly.Point{Day: day(n), Known: true, Actual: decimal.NewFromInt(100 + excess[n]), Expected: decimal.NewFromInt(100)})
		if excess[n] >= 30 {
			out, d.Last = append(out, excess[n]), day(n)
		}
	}
	if len(out) == 0 {
		return nil
	}
	sum := int64(0)
	for _, x := range out {
		sum += x
	}
	recent := out[max(0, len(out)-7):]
	rate := int64(0)
	for _, x := range recent {
		rate += x
	}
	d.Days, d.Excess = len(out), decimal.NewFromInt(sum)
	d.Actual = d.Excess.Add(decimal.NewFromInt(int64(100 * d.Days)))
	d.PerDay, d.Going = d.Excess.DivRound(decimal.NewFromInt(int64(d.Days)), 2), d.Last.Equal(d.Through)
	if d.Going {
		d.Rate = decimal.NewFromInt(rate).DivRound(decimal.NewFromInt(int64(len(recent))), 2)
	}
	return &f
}

// live lets an incident live through the days of a series and returns what was said, day by day.
func live(excess []int64) (in state.Incident, said []string) {
	for n := range excess {
		f := found(excess, n)
		if in.ID == "" {
			if f == nil {
				continue
			}
			in = Open(*f, rules)
			in.ID, in.Opened = "I-1", at(n)
			said = append(said, fmt.Sprintf("%d detected %s", n, in.Severity))
			continue
		}
		var out []Say
		in, out = Step(in, f, day(n), rules, at(n))
		for _, s := range out {
			said = append(said, fmt.Sprintf("%d %s %s", n, s.Kind, s.Detail))
		}
	}
	return in, said
}

// TestAScanLeavesLifeAlone: on a quiet day nothing changes but what the scan says.
func TestAScanLeavesLifeAlone(t *testing.T) {
	excess := []int64{500, 500, 500, 500}
	was := Open(*found(excess, 0), rules)
	was.IncidentExplained = state.IncidentExplained{Effect: "volume", How: "usage x4", Answer: "Q-1", Runbook: "nat"}
	was.Arrived, was.AcknowledgedAt, was.AcknowledgedBy, was.SnoozedUntil, was.Elsewhere = at(0), at(0), "U1", at(9), "I am not in #search"
	was.Members, was.Updates, was.Replies, was.Title, was.Question = []string{"a", "b"}, 3, 2, "two things", "why?"
	in, said := Step(was, found(excess, 3), day(3), rules, at(3))
	if diff := cmp.Diff(was.IncidentLife, in.IncidentLife, cmp.Comparer(decimal.Decimal.Equal)); diff != "" || len(said) > 0 {
		t.Error(diff, said)
	}
	if in.Days != 4 || in.Title != "two things" || in.Question != "why?" {
		t.Errorf("%d days of %q: %q", in.Days, in.Title, in.Question)
	}
}

// byTheHour is what the hours of the day after a complete one say: since its third hour, some of them, at 25 an hour.
func byTheHour(through, hours int) *Found {
	f := found([]int64{500}, 0)
	d := &f.Seen
	d.Through, d.Onset, d.Told, d.Last, d.Days, d.Going = day(through), day(through+1), day(through+1), day(through+1), 1, true
	d.OnsetHour = d.Onset.Add(3 * time.Hour)
	d.HoursEnd = d.OnsetHour.Add(time.Duration(hours) * time.Hour)
	d.Excess, d.PerDay, d.Rate = decimal.NewFromInt(int64(25*hours)), decimal.NewFromInt(int64(25*hours)), decimal.NewFromInt(600)
	f.Points = nil
	return f
}

// TestHoursBecomeDays: what hours tell is one incident with what its complete day tells, which keeps the hour and says nothing twice; what its day does not tell ends.
func TestHoursBecomeDays(t *testing.T) {
	begin := func(series ...string) state.Incident {
		f := byTheHour(-1, 4)
		f.Seen.Series = series
		in := Open(*f, rules)
		in.ID, in.Opened = "I-1", at(-1)
		return in
	}
	in := begin("nat up")
	step := func(f *Found, through int) []Say {
		t.Helper()
		kept := []state.Incident{in}
		var all []Found
		if f != nil {
			all = append(all, *f)
		}
		pairs := Match(kept, all)
		if len(pairs) != 1 || pairs[0].Kept == nil {
			t.Fatalf("%d pairs: %+v", len(pairs), pairs)
		}
		var said []Say
		in, said = Step(in, pairs[0].Found, day(through), rules, at(through))
		return said
	}
	if said := step(byTheHour(-1, 8), -1); len(said) > 0 || !in.Provisional() || !in.Excess.Equal(decimal.NewFromInt(200)) {
		t.Errorf("four hours on: %+v, %s", said, in.Excess)
	}
	if said := step(nil, -1); len(said) > 0 || !in.Open {
		t.Errorf("not found, and its day is not complete: %+v", said)
	}
	said := step(found([]int64{250}, 0), 0)
	if len(said) != 1 || said[0].Kind != "confirmed" || said[0].Reply || in.Provisional() || !in.OnsetHour.Equal(day(0).Add(3*time.Hour)) || !in.Said.Rate.Equal(decimal.NewFromInt(250)) {
		t.Errorf("the day is complete: %+v, since %s, provisional %v", said, in.OnsetHour, in.Provisional())
	}

	in = begin("aws|USD|vpc|1|Usage|use1|nat|pay up")
	sum := found([]int64{250}, 0)
	sum.Seen.Series = []string{"aws|USD|vpc|1|Usage|*|*|* up"}
	if step(sum, 0); in.Provisional() {
		t.Error("a sum over its series is not it")
	}
	in = begin("nat up")
	if said := step(nil, 0); len(said) != 1 || in.Open || in.Resolution != Back || !in.ResolvedDay.Equal(day(1)) {
		t.Errorf("its day is as usual: %+v, %s since %s", said, in.Resolution, in.ResolvedDay)
	}

	both := Match([]state.Incident{begin("nat up")}, []Found{*byTheHour(0, 4), *found([]int64{250}, 0)})
	if len(both) != 1 || both[0].Found.Seen.Provisional() || !both[0].Found.Seen.Excess.Equal(decimal.NewFromInt(250)) {
		t.Errorf("days and hours together: %+v", both)
	}
}

func TestLives(t *testing.T) {
	for _, c := range []struct {
		name   string
		excess []int64
		want   string
		state  state.IncidentState
	}{
		{"a level that stays says nothing more", []int64{300, 310, 290, 300, 305, 300, 300, 295}, "0 detected medium", state.Detected},
		{"it ends after two complete days within the band", []int64{300, 300, 300, 5, 10, 0}, "0 detected medium; 4 resolved back since 2026-11-21", state.Resolved},
		{"a day within the band is not the end", []int64{300, 300, 5, 300, 300}, "0 detected medium", state.Detected},
		{"it grows", []int64{300, 600, 900, 1500, 1500}, "0 detected medium; 2 grew 600 a day after 300; 4 grew 960 a day after 600", state.Detected},
		{"small change is no growth", []int64{100, 120, 130, 135, 140}, "0 detected low", state.Detected},
		{"it is contained, then over", []int64{1000, 1000, 1000, 200, 200, 200, 0, 0}, "0 detected high; 4 contained 200 a day after 1000; 7 resolved back since 2026-11-24", state.Resolved},
		{"contained, and out again", []int64{1000, 1000, 1000, 200, 200, 2400, 2400, 2400, 2400}, "0 detected high; 4 contained 200 a day after 1000; 5 grew 933.33 a day after 200; 8 grew 1571.43 a day after 933.33", state.Detected},
		{"it shrinks", []int64{1000, 1000, 700, 400, 300, 400, 300, 400, 300, 400}, "0 detected high; 4 contained 350 a day after 1000", state.Contained},
		{"a spike", []int64{5000, 0, 0}, "0 detected high; 2 resolved back since 2026-11-19", state.Resolved},
	} {
		in, said := live(c.excess)
		if got := strings.Join(said, "; "); got != c.want || in.State != c.state {
			t.Errorf("%s:\n got %s (%s)\nwant %s (%s)", c.name, got, in.State, c.want, c.state)
		}
	}
}

func TestADayAgainSaysNothing(t *testing.T) {
	excess := []int64{300, 600, 900}
	in, _ := live(excess)
	next, out := Step(in, found(excess, 2), day(2), rules, at(2).Add(time.Hour))
	if d := cmp.Diff(in, next); d != "" || len(out) != 0 {
		t.Errorf("said %v, changed %s", out, d)
	}
}

func TestRestatedData(t *testing.T) {
	in, _ := live([]int64{300, 300, 300})
	gone, out := Step(in, nil, day(2), rules, at(2).Add(time.Hour))
	if gone.Open || gone.Resolution != Restated || len(out) != 1 || !out[0].Reply || out[0].Detail != "restated: it was 900" {
		t.Errorf("%+v, %v", gone.Resolution, out)
	}
	if short, out := Step(in, nil, day(1), rules, at(2)); !short.Open || len(out) != 0 {
		t.Errorf("the data reaches less far than when it was found: %v, %v", short.Open, out)
	}
	changed, out := Step(in, found([]int64{300, 300, 700}, 2), day(2), rules, at(2).Add(time.Hour))
	if !changed.Open || len(out) != 1 || out[0].Kind != "restated" || out[0].Detail != "900 -> 1300" || !out[0].Reply {
		t.Errorf("restated: %v", out)
	}
	cents, out := Step(in, found([]int64{300, 300, 301}, 2), day(2), rules, at(2).Add(time.Hour))
	if !cents.Open || len(out) != 1 || out[0].Reply {
		t.Errorf("restated by a dollar: %v; it is noted, and nobody is told", out)
	}
	if again, out := Step(gone, found([]int64{300, 300, 300, 300}, 3), day(3), rules, at(3)); !again.Open || again.State != state.Detected || out[0].Kind != "reopened" {
		t.Errorf("back by another restatement: %v, %v", again.State, out)
	}
}

func TestWhatClosedItHolds(t *testing.T) {
	in, _ := live([]int64{300, 300, 300, 0, 0})
	if in.Open {
		t.Fatal("it is over")
	}
	for n := 4; n < 6; n++ {
		if next, out := Step(in, found([]int64{300, 300, 300, 0, 0, 0}, n), day(n), rules, at(n)); next.Open || len(out) != 0 {
			t.Errorf("day %d: found as it was, and said again: %v", n, out)
		}
	}
	back, out := Step(in, found([]int64{300, 300, 300, 0, 0, 300, 300}, 6), day(6), rules, at(6))
	if !back.Open || back.State != state.Detected || len(out) == 0 || out[0].Kind != "reopened" || !back.ResolvedAt.IsZero() {
		t.Errorf("it came back: %v, %v", back.State, out)
	}
	// Who was on it, or was called for it, was so for what is over.
	was := in
	was.AcknowledgedBy, was.AcknowledgedAt, was.Escalations, was.Opened, was.SnoozedUntil = "U1", at(1), 2, at(0), at(30)
	back, _ = Step(was, found([]int64{300, 300, 300, 0, 0, 300, 300}, 6), day(6), rules, at(6))
	if back.AcknowledgedBy != "" || !back.AcknowledgedAt.IsZero() || EscalationDue(back, rules, at(6)) || !EscalationDue(back, rules, at(7)) {
		t.Errorf("it came back, and is nobody's: on it %q, snoozed until %s, due at once %v, due a day later %v", back.AcknowledgedBy, back.SnoozedUntil, EscalationDue(back, rules, at(6)), EscalationDue(back, rules, at(7)))
	}
	level := found([]int64{300, 300, 300}, 2)
	level.Seen.NewLevel, level.Seen.Going = true, false
	live, _ := live([]int64{300, 300})
	live, _, _ = Acknowledge(live, "U1", at(1))
	told, out := Step(live, level, day(2), rules, at(2))
	if told.Open || told.Resolution != NewLevel || len(out) != 1 {
		t.Errorf("a new level: %v, %v", told.Resolution, out)
	}
	if next, out := Step(told, level, day(2), rules, at(3)); next.Open || len(out) != 0 {
		t.Errorf("a new level is told once: %v", out)
	}
}

func TestPresses(t *testing.T) {
	in, _ := live([]int64{300, 300})
	now := at(1)
	mine, out, err := Acknowledge(in, "U1", now)
	if err != nil || mine.State != state.Acknowledged || mine.AcknowledgedBy != "U1" || len(out) != 1 || !mine.AcknowledgedAt.Equal(now) {
		t.Fatalf("%+v, %v, %v", mine.State, out, err)
	}
	if _, out, _ := Acknowledge(mine, "U1", now); len(out) != 0 {
		t.Error("twice is once")
	}
	if _, _, err := Acknowledge(mine, "U2", now.Add(time.Hour)); !errors.Is(err, ErrTaken) {
		t.Errorf("what another is on: %v", err)
	}
	yours, out, _ := TakeOver(mine, "U2", now.Add(time.Hour))
	if yours.AcknowledgedBy != "U2" || !yours.AcknowledgedAt.Equal(now) || len(out) != 1 {
		t.Errorf("taken over: %+v", yours.AcknowledgedAt)
	}
	if free, _, _ := Release(mine, now); free.State != state.Detected || free.AcknowledgedBy != "" {
		t.Errorf("released: %s", free.State)
	}
	until := day(10)
	exp, v, _, err := Expect(mine, "U1", "load test", until, now)
	if err != nil || exp.Open || exp.State != state.Expected || v.Kind != state.VerdictExpected || v.Rule != "default" {
		t.Fatalf("%+v, %+v, %v", exp.State, v, err)
	}
	v.ID, v.Incident = "V-1", in.ID
	ps, err := PatternsOf([]state.Verdict{v, {Kind: state.VerdictNotUseful}})
	if err != nil || len(ps) != 1 || ps[0].ID != "V-1" || ps[0].Slice["ServiceName"] != "NAT?" || !ps[0].Until.Equal(until) || ps[0].Direction != anomaly.Up {
		t.Fatalf("%+v, %v", ps, err)
	}
	bad := v
	bad.Pattern = json.RawMessage(`{`)
	if _, err := PatternsOf([]state.Verdict{bad}); err == nil || !strings.Contains(err.Error(), "V-1") {
		t.Errorf("a verdict that cannot be read: %v", err)
	}
	if _, _, _, err := Expect(mine, "U1", "late", day(-1), now); err == nil {
		t.Error("expected until the past")
	}
	if _, _, err := Acknowledge(exp, "U1", now); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed one: %v", err)
	}
	back, id, out := Undo(exp, []state.Verdict{v}, now.Add(100*time.Hour))
	if id != "V-1" || !back.Open || back.State != state.Acknowledged || len(out) != 1 || back.Resolution != "" {
		t.Errorf("undone: %s, %+v, %v", id, back.State, out)
	}
	if free, _, _ := Release(back, now); EscalationDue(free, rules, now.Add(time.Hour)) {
		t.Error("escalated at once")
	}
	free, _, _ := Undo(func() state.Incident { e, _, _, _ := Expect(in, "U1", "", until, now); return e }(), []state.Verdict{v}, now.Add(100*time.Hour))
	if EscalationDue(free, rules, now.Add(101*time.Hour)) || !EscalationDue(free, rules, now.Add(125*time.Hour)) {
		t.Error("who takes back that it is expected is asked at once, or never, whose it is")
	}
	v.Undone = now
	if _, id, _ := Undo(exp, []state.Verdict{v}, now.Add(100*time.Hour)); id != "" {
		t.Error("undone twice")
	}
	if ps, _ := PatternsOf([]state.Verdict{v}); len(ps) != 0 {
		t.Error("a verdict that was undone still teaches")
	}
	none, nv, _, err := NotUseful(in, "U1", "batch", now)
	if err != nil || none.Open || nv.Kind != state.VerdictNotUseful || len(nv.Pattern) > 0 {
		t.Errorf("%+v, %v", nv, err)
	}
	// What is expected is expected until its day, and told again after it.
	expected := found([]int64{300, 300, 300}, 2)
	expected.ExpectedBy = "V-1"
	if next, out := Step(exp, expected, day(2), rules, at(2)); next.Open || len(out) != 0 || !next.Excess.Equal(exp.Excess) {
		t.Errorf("expected, and said: %v; %s over by then, %s by now", out, exp.Excess, next.Excess)
	}
	if next, out := Step(exp, found([]int64{300, 300, 300}, 2), day(2), rules, at(2)); !next.Open || out[0].Kind != "reopened" {
		t.Errorf("expected no longer: %v", out)
	}
	if next, out := Step(in, expected, day(2), rules, at(2)); next.Open || next.State != state.Expected || len(out) != 1 {
		t.Errorf("a pattern of another incident's verdict: %s, %v", next.State, out)
	}
}

func TestEscalation(t *testing.T) {
	in, _ := live([]int64{300, 300}) // medium: after 24 hours
	in.Opened = at(0)
	due := func(hours int) bool { return EscalationDue(in, rules, at(0).Add(time.Duration(hours)*time.Hour)) }
	if due(23) || !due(24) {
		t.Error("medium ones are escalated after a day")
	}
	in, out := Escalate(in, at(0).Add(24*time.Hour))
	if len(out) != 1 || due(47) || !due(48) {
		t.Error("and once more after another")
	}
	in, _ = Escalate(in, at(0).Add(48*time.Hour))
	if due(1000) {
		t.Error("and then no more")
	}
	in.Escalations = 0
	in, _, err := Snooze(in, at(0).Add(100*time.Hour), at(0).Add(50*time.Hour))
	if err != nil || due(99) || due(123) || !due(124) {
		t.Errorf("snoozed: %v", err)
	}
	if _, _, err := Snooze(in, at(0), at(0).Add(time.Hour)); err == nil {
		t.Error("snoozed until the past")
	}
	if mine, _, _ := Acknowledge(in, "U1", at(3)); EscalationDue(mine, rules, at(300)) {
		t.Error("somebody is on it")
	}
}

// TestSnoozed: who wants to hear no more is told that it grows and that it ends, and nothing in between.
func TestSnoozed(t *testing.T) {
	for _, c := range []struct {
		excess []int64
		kind   string
		reply  bool
	}{
		{[]int64{300, 300, 300, 900, 900, 900}, "grew", true},
		{[]int64{1000, 1000, 1000, 600, 300, 300, 300, 300, 300}, "contained", false},
		{[]int64{1000, 1000, 1000, 600, 600, 300, 600, 300, 600, 300, 600}, "shrank", false},
		{[]int64{1000, 1000, 1000, 0, 0, 0}, "resolved", true},
	} {
		in, _ := live(c.excess[:3])
		in, _, err := Snooze(in, at(20), at(2))
		if err != nil {
			t.Fatal(err)
		}
		replied := false
		for n := 3; n < len(c.excess); n++ {
			var out []Say
			if in, out = Step(in, found(c.excess, n), day(n), rules, at(n)); slices.ContainsFunc(out, func(s Say) bool { return s.Reply }) {
				replied = true
			}
		}
		if replied != c.reply {
			t.Errorf("%s while it is snoozed: told %v", c.kind, replied)
		}
	}
}

func TestMatch(t *testing.T) {
	kept := func(id string, open bool, opened int, first, last int, series ...string) state.Incident {
		return state.Incident{ID: id, Open: open, Opened: at(opened), IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Series: series, Onset: day(first), Last: day(last)}}}
	}
	seen := func(first, last int, excess int64, series ...string) Found {
		return Found{Seen: state.IncidentSeen{Series: series, Title: series[0], Onset: day(first), Last: day(last), IncidentAmounts: state.IncidentAmounts{Excess: decimal.NewFromInt(excess)}}}
	}
	for _, c := range []struct {
		name  string
		kept  []state.Incident
		found []Found
		want  string
	}{
		{"the same", []state.Incident{kept("A", true, 1, 0, 3, "x up")}, []Found{seen(0, 4, 1, "x up")}, "A:x up"},
		{"another series", []state.Incident{kept("A", true, 1, 0, 3, "x up")}, []Found{seen(0, 4, 1, "y up")}, "A:gone new:y up"},
		{"the other direction", []state.Incident{kept("A", true, 1, 0, 3, "x up")}, []Found{seen(0, 4, 1, "x down")}, "A:gone new:x down"},
		{"long after", []state.Incident{kept("A", false, 1, 0, 3, "x up")}, []Found{seen(20, 22, 1, "x up")}, "new:x up"},
		{"after a weekend", []state.Incident{kept("A", true, 1, 0, 3, "x up")}, []Found{seen(6, 7, 1, "x up")}, "A:x up"},
		{"two of one", []state.Incident{kept("A", true, 1, 0, 3, "x up", "y up")}, []Found{seen(0, 4, 1, "x up"), seen(0, 4, 5, "y up")}, "A:y up+2"},
		{"one of two", []state.Incident{kept("B", true, 2, 0, 3, "y up"), kept("A", true, 1, 0, 3, "x up")}, []Found{seen(0, 4, 1, "x up", "y up")}, "A:x up<B"},
		{"closed and as it was", []state.Incident{kept("A", false, 1, 0, 3, "x up")}, []Found{seen(0, 3, 1, "x up")}, "A:x up"},
		{"closed and gone", []state.Incident{kept("A", false, 1, 0, 3, "x up")}, nil, ""},
		{"the open one before the closed", []state.Incident{kept("A", false, 1, 0, 3, "x up"), kept("B", true, 5, 4, 6, "x up")}, []Found{seen(4, 7, 1, "x up")}, "B:x up"},
		{"a chain", []state.Incident{kept("A", true, 1, 0, 3, "x up"), kept("B", true, 2, 0, 3, "y up"), kept("C", true, 3, 0, 3, "z up")}, []Found{seen(0, 4, 1, "x up", "y up"), seen(0, 4, 2, "y up", "z up")}, "A:y up+2<B<C"},
	} {
		var got []string
		for _, p := range Match(c.kept, c.found) {
			s := "new:"
			if p.Kept != nil {
				s = p.Kept.ID + ":"
			}
			if p.Found == nil {
				s += "gone"
			} else {
				s += p.Found.Seen.Title
				if n := len(p.Found.Seen.Parts); n > 1 {
					s += fmt.Sprintf("+%d", n)
				}
				if c.name == "two of one" || c.name == "a chain" {
					s += "+2"
				}
			}
			for _, m := range p.Merged {
				s += "<" + m.ID
			}
			got = append(got, s)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: %q, want %q", c.name, g, c.want)
		}
	}
}

// TestNothingIsLostInMatching: every open incident and every finding is in one pair exactly, and amounts are kept to the cent.
func TestNothingIsLostInMatching(t *testing.T) {
	names := []string{"a up", "b up", "c up", "d up", "e up"}
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 3, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		var kept []state.Incident
		used := map[string]bool{}
		for i := range rapid.IntRange(0, 4).Draw(t, "kept") {
			in := state.Incident{ID: fmt.Sprint(i), Open: rapid.Bool().Draw(t, "open"), Opened: at(rapid.IntRange(0, 9).Draw(t, "opened"))}
			in.Series = some.Draw(t, "series")
			if in.Open { // of a series one is open at most
				in.Series = slices.DeleteFunc(slices.Clone(in.Series), func(s string) bool { return used[s] })
				if len(in.Series) == 0 {
					continue
				}
				for _, s := range in.Series {
					used[s] = true
				}
			}
			first := rapid.IntRange(0, 20).Draw(t, "first")
			in.Onset, in.Last = day(first), day(first+rapid.IntRange(0, 5).Draw(t, "days"))
			kept = append(kept, in)
		}
		var found []Found
		total := decimal.Zero
		for range rapid.IntRange(0, 5).Draw(t, "found") {
			first := rapid.IntRange(0, 20).Draw(t, "first")
			f := Found{Seen: state.IncidentSeen{Series: some.Draw(t, "series"), Onset: day(first), Last: day(first + rapid.IntRange(0, 5).Draw(t, "days"))}}
			f.Seen.Excess = decimal.New(rapid.Int64Range(-1000, 1000).Draw(t, "excess"), -2)
			total = total.Add(f.Seen.Excess)
			found = append(found, f)
		}
		pairs := Match(kept, found)
		times := map[string]int{}
		sum := decimal.Zero
		for _, p := range pairs {
			if p.Kept == nil && p.Found == nil {
				t.Fatal("a pair of nothing")
			}
			if p.Kept != nil {
				times[p.Kept.ID]++
			}
			for _, m := range p.Merged {
				times[m.ID]++
			}
			if p.Found != nil {
				sum = sum.Add(p.Found.Seen.Excess)
			}
		}
		for _, in := range kept {
			if n := times[in.ID]; in.Open && n != 1 || n > 1 {
				t.Fatalf("%s (open %v) is in %d pairs", in.ID, in.Open, n)
			}
		}
		if !sum.Equal(total) {
			t.Fatalf("found %s, paired %s", total, sum)
		}
	})
}

func TestStorm(t *testing.T) {
	var fresh []Found
	for n := range 10 {
		f := *found([]int64{int64(100 * (n + 1))}, 0)
		f.Seen.Series = []string{fmt.Sprintf("s%d up", n)}
		f.Seen.Title = fmt.Sprint("service ", n)
		fresh = append(fresh, f)
	}
	fresh[9].ExpectedBy = "V-1"
	alone, storms := Storm(fresh[:7], rules)
	if len(alone) != 7 || len(storms) != 0 {
		t.Fatalf("seven are told alone: %d, %v", len(alone), storms)
	}
	alone, storms = Storm(fresh, rules)
	if len(alone) != 0 || len(storms) != 1 || len(storms[0].Members) != 9 || len(storms[0].Seen.Series) != 9 || !storms[0].Seen.Excess.Equal(decimal.NewFromInt(4500)) {
		t.Fatalf("a storm: %d alone, %+v", len(alone), storms)
	}
	fresh[1].Seen.Currency, fresh[2].Seen.Currency, fresh[8].Seen.Currency = "EUR", "EUR", "JPY"
	alone, storms = Storm(fresh, rules)
	if len(alone) != 1 || len(storms) != 2 || !storms[0].Seen.Excess.Equal(decimal.NewFromInt(3100)) || storms[1].Seen.Currency != "EUR" || !storms[1].Seen.Excess.Equal(decimal.NewFromInt(500)) {
		t.Errorf("currencies are added up: %d alone, %+v", len(alone), storms)
	}
	old := *found([]int64{300}, 0)
	old.Seen.Told = day(-5)
	if Worth(old, rules) {
		t.Error("history is told as news")
	}
}

func TestQuietHours(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	berlin, auckland, apia := zone("Europe/Berlin"), zone("Pacific/Auckland"), zone("Pacific/Apia")
	night := func(z *time.Location, weekends bool) Hours {
		return Hours{From: 20 * time.Hour, To: 8 * time.Hour, Zone: z, Weekends: weekends}
	}
	for _, c := range []struct {
		name  string
		h     Hours
		now   string
		until string
	}{
		{"by day", night(berlin, false), "2026-11-25T12:00:00+01:00", "2026-11-25T12:00:00+01:00"},
		{"in the evening", night(berlin, false), "2026-11-25T20:00:00+01:00", "2026-11-26T08:00:00+01:00"},
		{"before dawn", night(berlin, false), "2026-11-25T03:30:00+01:00", "2026-11-25T08:00:00+01:00"},
		{"as it ends", night(berlin, false), "2026-11-25T08:00:00+01:00", "2026-11-25T08:00:00+01:00"},
		{"on a Friday evening", night(berlin, true), "2026-11-27T21:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		{"on a Sunday", night(berlin, true), "2026-11-29T12:00:00+01:00", "2026-11-30T08:00:00+01:00"},
		{"the clocks go forward", night(berlin, false), "2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00"},
		{"the clocks go back", night(berlin, false), "2026-10-24T22:00:00+02:00", "2026-10-25T08:00:00+01:00"},
		{"east of the date line", night(auckland, false), "2026-11-25T09:00:00Z", "2026-11-25T19:00:00Z"},
		{"far east", night(apia, false), "2026-11-25T06:30:00Z", "2026-11-25T06:30:00Z"},
		{"over the day", Hours{From: 12 * time.Hour, To: 13 * time.Hour, Zone: berlin}, "2026-11-25T12:15:00+01:00", "2026-11-25T13:00:00+01:00"},
		{"no hours", Hours{Zone: berlin}, "2026-11-25T03:00:00+01:00", "2026-11-25T03:00:00+01:00"},
		{"no zone", Hours{From: time.Hour}, "2026-11-25T03:00:00+01:00", "2026-11-25T03:00:00+01:00"},
		{"a leap day", night(berlin, false), "2028-02-28T23:00:00+01:00", "2028-02-29T08:00:00+01:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.h.Next(now).Format(time.RFC3339); got != c.until {
			want, _ := time.Parse(time.RFC3339, c.until)
			if !c.h.Next(now).Equal(want) {
				t.Errorf("%s: %s, want %s", c.name, got, c.until)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		h := Hours{From: time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "from")) * time.Minute, To: time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "to")) * time.Minute, Zone: berlin, Weekends: rapid.Bool().Draw(t, "weekends")}
		now := onset.Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "now")) * time.Minute)
		next := h.Next(now)
		if next.Before(now) || next.Sub(now) > 4*24*time.Hour {
			t.Fatalf("from %s quiet until %s", now, next)
		}
		if again := h.Next(next); !again.Equal(next) {
			t.Fatalf("%s is quiet still, until %s", next, again)
		}
	})
}

func TestUnanswered(t *testing.T) {
	in, _ := live([]int64{300, 300})
	mine, _, _ := Acknowledge(in, "U1", at(1))
	closed := in
	closed.Open = false
	if got := Unanswered([]state.Incident{in, mine, closed}); len(got) != 1 || !got["nat"].Equal(onset) {
		t.Errorf("%v", got)
	}
	if got := Unanswered([]state.Incident{mine, closed}); len(got) != 0 {
		t.Errorf("answered: %v", got)
	}
}

func TestRulesAndTally(t *testing.T) {
	if err := rules.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Rules){
		"severity": func(r *Rules) { r.HighRate = decimal.NewFromInt(1) }, "grew": func(r *Rules) { r.Grew = 1 }, "quiet": func(r *Rules) { r.Quiet = 0 },
		"escalate": func(r *Rules) { r.Escalate = map[Severity]time.Duration{"huge": time.Hour} },
	} {
		r := DefaultRules()
		if change(&r); r.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	all := []state.Incident{{ID: "A", Open: true, IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Rule: "default"}}}, {ID: "B", IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Rule: "default"}}}, {ID: "C", IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Rule: "1"}}}}
	verdicts := []state.Verdict{{Rule: "default", Kind: state.VerdictNotUseful}, {Rule: "1", Kind: state.VerdictExpected}, {Rule: "1", Kind: state.VerdictNotUseful, Undone: at(1)}}
	want := []RuleTally{{Rule: "default", Opened: 2, NotUseful: 1, Open: 1}, {Rule: "1", Opened: 1, Expected: 1}}
	if d := cmp.Diff(want, Tally(all, verdicts)); d != "" {
		t.Error(d)
	}
}
