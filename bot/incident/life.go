package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/state"
)

// Say is something that happened, for the history; Reply says that it is worth a message in the thread.
type Say struct {
	Kind   string // see [state.IncidentChange]
	Detail string
	Reply  bool
}

// The reasons an incident is resolved for, in [state.IncidentDetail].Resolution.
const (
	Back      = "back"       // the run rate is back within its band
	Restated  = "restated"   // the data changed, and it is there no more
	NewLevel  = "new level"  // somebody answered for it, and its level is the expected one now
	AsSaid    = "expected"   // somebody said that it is to be expected
	NotOne    = "not useful" // somebody said that it is none
	MergedFor = "merged into "
)

// Open is a new incident from a found one, as it is first told.
func Open(f Found, r Rules) state.Incident {
	in := state.Incident{State: state.Detected, Open: true, Team: f.Team}
	in.IncidentSeen, in.Members = f.Seen, f.Members
	in.Severity = string(r.SeverityOf(rateOf(f.Seen)))
	in.Peak, in.Said = in.IncidentAmounts, in.IncidentAmounts
	return in
}

// rateOf is what an incident costs a day by now; of one that is over, what its days cost on the mean.
func rateOf(d state.IncidentSeen) analysis.Amount {
	if d.Going {
		return d.Rate
	}
	return d.PerDay
}

// Step is what a scan means for a kept incident. f is nil where the scan does not find it, through is the last complete day of its provider. It returns the incident as
// it is to be kept and what happened; nothing on a quiet day. A closed incident comes back only where it was found to go on beyond what closed it.
func Step(in state.Incident, f *Found, through time.Time, r Rules, now time.Time) (state.Incident, []Say) {
	if f == nil {
		return gone(in, through, now)
	}
	was := in
	in = take(in, *f)
	if in.State == state.Contained { // the days before it was contained say nothing of those to come
		in.IncidentAmounts = since(in.ContainedDay, in.IncidentAmounts, *f)
	}
	var out []Say
	say := func(reply bool, kind, format string, a ...any) {
		out = append(out, Say{Kind: kind, Detail: fmt.Sprintf(format, a...), Reply: reply})
	}
	if f.ExpectedBy != "" {
		if !was.Open {
			return was, nil // it stays as it was when it was closed
		}
		in.State, in.Open, in.Resolution = state.Expected, false, AsSaid
		say(true, "expected", "fits %s", f.ExpectedBy)
		return in, out
	}
	if !was.Open {
		if !comesBack(was, *f) {
			return was, nil
		}
		in.Open, in.State, in.Resolution = true, state.Detected, ""
		in.ResolvedAt, in.ResolvedDay, in.ContainedAt, in.ContainedDay = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		// Who answered then has not answered for this: it is asked for anew, from now on.
		in.AcknowledgedAt, in.AcknowledgedBy, in.SnoozedUntil, in.Escalations, in.EscalatedAt = time.Time{}, "", time.Time{}, 0, now
		say(true, "reopened", "%s", f.Seen.Last.Format(time.DateOnly))
	}
	if was.Provisional() && !in.Provisional() { // what the hours came to was of a part of its days
		say(false, "confirmed", "%s %s", in.Excess, in.Onset.Format(time.DateOnly))
		in.Said, in.Peak = in.IncidentAmounts, in.IncidentAmounts
	}
	snoozed := in.Open && now.Before(in.SnoozedUntil)
	if restated(was, in) {
		say(!snoozed && !in.Excess.Sub(was.Excess).Abs().LessThan(decimal.Max(was.Said.PerDay.Abs(), decimal.New(1, 0))), "restated", "%s -> %s", was.Excess, in.Excess)
	}
	switch {
	case in.NewLevel && !in.Going:
		in.State, in.Open, in.Resolution, in.ResolvedAt, in.ResolvedDay = state.Resolved, false, NewLevel, now, in.Last
		say(true, "resolved", NewLevel)
	case !in.Going && backFor(in, *f) >= r.Quiet:
		day := in.Last.AddDate(0, 0, 1)
		in.State, in.Open, in.Resolution, in.ResolvedAt, in.ResolvedDay = state.Resolved, false, Back, now, day
		say(true, "resolved", "%s since %s", Back, day.Format(time.DateOnly))
	case in.State != state.Contained && contained(in, *f, r):
		in.State, in.ContainedAt = state.Contained, now
		in.ContainedDay = through.AddDate(0, 0, 1-r.Quiet)
		in.IncidentAmounts = since(in.ContainedDay, in.IncidentAmounts, *f)
		say(!snoozed, "contained", "%s a day after %s", in.Rate, in.Peak.Rate)
	case in.Going && in.Rate.Abs().GreaterThan(in.Said.Rate.Abs().Mul(decimal.NewFromFloat(r.Grew))) && grewEnough(in):
		say(true, "grew", "%s a day after %s", in.Rate, in.Said.Rate)
		if in.State == state.Contained { // it was, and is no more
			in.State, in.ContainedAt, in.ContainedDay = acknowledgedOr(in), time.Time{}, time.Time{}
		}
	case !snoozed && in.Going && in.State != state.Contained && in.Rate.Abs().LessThan(in.Said.Rate.Abs().Mul(decimal.NewFromFloat(r.Shrank))):
		say(true, "shrank", "%s a day after %s", in.Rate, in.Said.Rate)
	}
	if in.Rate.Abs().GreaterThan(in.Peak.Rate.Abs()) {
		in.Peak = in.IncidentAmounts
	}
	if s := r.SeverityOf(rateOf(in.IncidentSeen)); in.Open && above(s, Severity(in.Severity)) {
		in.Severity = string(s)
	}
	if slices.ContainsFunc(out, func(s Say) bool { return s.Reply }) {
		in.Said = in.IncidentAmounts
	}
	return in, out
}

// take takes over what a scan finds now; what life has brought stays as it is.
func take(in state.Incident, f Found) state.Incident {
	was := in.IncidentSeen
	in.IncidentSeen = f.Seen
	in.Series = slices.Clone(was.Series)
	for _, s := range f.Seen.Series {
		if !slices.Contains(in.Series, s) {
			in.Series = append(in.Series, s)
		}
	}
	if len(in.Members) > 0 { // a storm keeps its name, whatever leads it by now
		in.Title, in.Question = was.Title, was.Question
	}
	in.Told = analysis.Earlier(in.Told, was.Told)
	if in.OnsetHour.IsZero() && analysis.DayOf(was.OnsetHour).Equal(in.Onset) { // a scan looks for it for some days
		in.OnsetHour = was.OnsetHour
	}
	if in.Team == "" && len(in.Members) == 0 {
		in.Team = f.Team
	}
	return in
}

// gone is an open incident that the scan does not find any more.
func gone(in state.Incident, through time.Time, now time.Time) (state.Incident, []Say) {
	if !in.Open || through.Before(in.Through) {
		return in, nil // the data reaches less far than when it was found: nothing can be said
	}
	if in.Provisional() && through.Before(in.Last) {
		return in, nil // its day will tell
	}
	was, why := in.Excess, Restated
	in.State, in.Open, in.ResolvedAt, in.ResolvedDay, in.Going = state.Resolved, false, now, in.Onset, false
	if in.Provisional() { // on the whole its days came to what was expected
		why, in.ResolvedDay = Back, in.Last.AddDate(0, 0, 1)
	}
	in.Resolution = why
	in.Rate, in.ToMonthEnd, in.Through = decimal.Zero, decimal.Zero, through
	in.Said = in.IncidentAmounts
	return in, []Say{{Kind: "resolved", Detail: why + ": it was " + was.String(), Reply: true}}
}

// comesBack reports whether a closed incident goes on beyond what closed it: days after it was back, or after the last day that it was expected for.
func comesBack(in state.Incident, f Found) bool {
	switch in.Resolution {
	case Back:
		return f.Seen.Going && f.Seen.Last.After(in.ResolvedDay)
	case AsSaid:
		return f.Seen.Going && f.Seen.Last.After(in.Last)
	case Restated:
		return f.Seen.Going
	}
	return false // a new level is told once; what was called not useful, or merged, stays so
}

// restated reports whether what was known of the same days has changed: the excess moved although no day was added.
func restated(was, is state.Incident) bool {
	return !was.Provisional() && !is.Provisional() && was.Through.Equal(is.Through) && was.Last.Equal(is.Last) && !was.Excess.Equal(is.Excess) && was.Days > 0
}

// backFor counts the known days after the last one out of its band, up to the last complete one.
func backFor(in state.Incident, f Found) int {
	if len(f.Points) == 0 {
		return int(in.Through.Sub(in.Last).Hours() / 24)
	}
	n := 0
	for _, p := range f.Points {
		if p.Day.After(in.Last) && !p.Day.After(in.Through) && p.Known {
			n++
		}
	}
	return n
}

// contained reports whether its last complete days are all below the share of its largest rate that contains it. One that only began has nothing to be held against.
func contained(in state.Incident, f Found, r Rules) bool {
	if in.Days <= r.Quiet || in.Peak.Rate.IsZero() || in.Provisional() {
		return false
	}
	most := in.Peak.Rate.Abs().Mul(decimal.NewFromFloat(r.Contained))
	n := 0
	for i := len(f.Points) - 1; i >= 0 && n < r.Quiet; i-- {
		p := f.Points[i]
		if p.Day.After(in.Through) || !p.Known {
			continue
		}
		if p.Actual.Sub(p.Expected).Abs().GreaterThan(most) {
			return false
		}
		n++
	}
	return n == r.Quiet
}

// since takes the rate from the days from one on, at most the last 7, and with it what comes on top until the month ends.
func since(day time.Time, a state.IncidentAmounts, f Found) state.IncidentAmounts {
	sum, n := decimal.Zero, int64(0)
	for i := len(f.Points) - 1; i >= 0 && n < 7; i-- {
		if p := f.Points[i]; p.Known && !p.Day.Before(day) && !p.Day.After(a.Through) {
			sum, n = sum.Add(p.Actual.Sub(p.Expected)), n+1
		}
	}
	if n == 0 {
		return a
	}
	a.Rate = sum.DivRound(decimal.NewFromInt(n), 2)
	left := analysis.MonthOf(a.Through).End.Sub(a.Through.AddDate(0, 0, 1)).Hours() / 24
	a.ToMonthEnd = decimal.Zero
	if f.Seen.Going {
		a.ToMonthEnd = a.Rate.Mul(decimal.NewFromInt(int64(left)))
	}
	return a
}

// grewEnough keeps small change from being told as growth: at least a tenth of what the thread was last told since the onset.
func grewEnough(in state.Incident) bool {
	return in.Rate.Sub(in.Said.Rate).Abs().GreaterThan(in.Said.Excess.Abs().Mul(decimal.NewFromFloat(0.1)).DivRound(decimal.NewFromInt(int64(max(1, in.Said.Days))), 2))
}

func acknowledgedOr(in state.Incident) state.IncidentState {
	if !in.AcknowledgedAt.IsZero() {
		return state.Acknowledged
	}
	return state.Detected
}

func above(a, b Severity) bool {
	order := []Severity{Low, Medium, High}
	return slices.Index(order, a) > slices.Index(order, b)
}

// Merge closes an incident that turned out to be part of an older one.
func Merge(in state.Incident, into string, now time.Time) (state.Incident, []Say) {
	in.State, in.Open, in.Resolution, in.ResolvedAt = state.Resolved, false, MergedFor+into, now
	return in, []Say{{Kind: "merged", Detail: into, Reply: true}}
}

// Unanswered are the series of open incidents that nobody has answered for, with their first day, for the scan's options.
func Unanswered(open []state.Incident) map[string]time.Time {
	out := map[string]time.Time{}
	for _, in := range open {
		if !in.Open || in.State != state.Detected && in.State != state.Contained || !in.AcknowledgedAt.IsZero() {
			continue
		}
		for _, p := range in.Parts {
			if at, ok := out[p.Key]; !ok || in.Onset.Before(at) {
				out[p.Key] = in.Onset
			}
		}
	}
	return out
}

// EscalationDue reports whether nobody has answered for an incident for so long that others are told. Snoozed ones are left alone.
func EscalationDue(in state.Incident, r Rules, now time.Time) bool {
	after := r.Escalate[Severity(in.Severity)]
	if !in.Open || in.State != state.Detected || after <= 0 || in.Escalations >= r.Escalations || now.Before(in.SnoozedUntil) {
		return false
	}
	since := analysis.Later(in.Opened, analysis.Later(in.EscalatedAt, in.SnoozedUntil))
	return !now.Before(since.Add(after))
}

// Escalate notes that others were told.
func Escalate(in state.Incident, now time.Time) (state.Incident, []Say) {
	in.EscalatedAt = now
	in.Escalations++
	return in, []Say{{Kind: "escalated", Detail: fmt.Sprintf("%d", in.Escalations), Reply: true}}
}
