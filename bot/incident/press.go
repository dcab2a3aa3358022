package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spendbot/analysis/anomaly"
	"spendbot/bot/state"
)

// ErrClosed says that an incident is closed: there is nothing to answer for any more.
var ErrClosed = errors.New("the incident is closed")

// ErrTaken says that somebody else is on an incident: whoever wants it has to take it over.
var ErrTaken = errors.New("somebody else is on the incident")

// Acknowledge is somebody taking an incident on. Who is on it already changes nothing; to another the error is [ErrTaken].
func Acknowledge(in state.Incident, who string, now time.Time) (state.Incident, []Say, error) {
	if in.Open && in.AcknowledgedBy != "" && in.AcknowledgedBy != who {
		return in, nil, ErrTaken
	}
	return TakeOver(in, who, now)
}

// TakeOver is somebody taking an incident on, whoever is on it.
func TakeOver(in state.Incident, who string, now time.Time) (state.Incident, []Say, error) {
	switch {
	case !in.Open:
		return in, nil, ErrClosed
	case in.State == state.Acknowledged && in.AcknowledgedBy == who:
		return in, nil, nil
	}
	if in.AcknowledgedAt.IsZero() {
		in.AcknowledgedAt = now
	}
	in.AcknowledgedBy = who
	if in.State == state.Detected {
		in.State = state.Acknowledged
	}
	in.SnoozedUntil = time.Time{}
	return in, []Say{{Kind: "acknowledged"}}, nil
}

// Release is somebody letting an incident go: it is nobody's again.
func Release(in state.Incident, now time.Time) (state.Incident, []Say, error) {
	switch {
	case !in.Open:
		return in, nil, ErrClosed
	case in.AcknowledgedBy == "":
		return in, nil, nil
	}
	in.AcknowledgedAt, in.AcknowledgedBy, in.EscalatedAt = time.Time{}, "", now
	if in.State == state.Acknowledged {
		in.State = state.Detected
	}
	return in, []Say{{Kind: "released"}}, nil
}

// Expect is somebody saying that an incident is to be expected, until a day (its last, inclusive; zero for always) and why. The verdict holds a pattern for each of its parts, so
// that it is not told again; the verdict's id is drawn when it is kept and stands for the patterns' (see [PatternsOf]).
func Expect(in state.Incident, who, why string, until, now time.Time) (state.Incident, state.Verdict, []Say, error) {
	if !in.Open {
		return in, state.Verdict{}, nil, ErrClosed
	}
	if !until.IsZero() && until.Before(in.Through) {
		return in, state.Verdict{}, nil, fmt.Errorf("%s is past: the data reaches %s already", until.Format(time.DateOnly), in.Through.Format(time.DateOnly))
	}
	var patterns []anomaly.Pattern
	for _, p := range in.Parts {
		d := anomaly.Up
		if p.Excess.IsNegative() {
			d = anomaly.Down
		}
		patterns = append(patterns, anomaly.Pattern{Slice: escaped(p.Slice), Direction: d, From: in.Onset, Until: until, Why: why})
	}
	b, err := json.Marshal(patterns)
	if err != nil {
		return in, state.Verdict{}, nil, err
	}
	v := state.Verdict{Kind: state.VerdictExpected, Who: who, Why: why, Until: until, Pattern: b, Rule: in.Rule}
	in.State, in.Open, in.Resolution, in.ResolvedAt = state.Expected, false, AsSaid, now
	detail := "always"
	if !until.IsZero() {
		detail = "until " + until.Format(time.DateOnly)
	}
	return in, v, []Say{{Kind: "expected", Detail: detail + ": " + why}}, nil
}

// escaped takes the wildcards out of a slice's values, so that a value stands for itself.
func escaped(slice map[string]string) map[string]string {
	out := map[string]string{}
	for c, v := range slice {
		b := []rune(v)
		for i, r := range b {
			if r == '*' {
				b[i] = '?'
			}
		}
		out[c] = string(b)
	}
	return out
}

// PatternsOf are the patterns of the verdicts that hold, each with its verdict's id. A verdict that cannot be read is an error that names it.
func PatternsOf(list []state.Verdict) ([]anomaly.Pattern, error) {
	var out []anomaly.Pattern
	for _, v := range list {
		if !v.Undone.IsZero() || v.Kind != state.VerdictExpected || len(v.Pattern) == 0 {
			continue
		}
		var ps []anomaly.Pattern
		if err := json.Unmarshal(v.Pattern, &ps); err != nil {
			return nil, fmt.Errorf("verdict %s: %w", v.ID, err)
		}
		for _, p := range ps {
			p.ID = v.ID
			out = append(out, p)
		}
	}
	return out, nil
}

// NotUseful is somebody saying that an incident is none. It closes it and counts against the rule that told it; it teaches nothing else.
func NotUseful(in state.Incident, who, why string, now time.Time) (state.Incident, state.Verdict, []Say, error) {
	if !in.Open {
		return in, state.Verdict{}, nil, ErrClosed
	}
	v := state.Verdict{Kind: state.VerdictNotUseful, Who: who, Why: why, Rule: in.Rule}
	in.State, in.Open, in.Resolution, in.ResolvedAt = state.Resolved, false, NotOne, now
	return in, v, []Say{{Kind: "not_useful", Detail: why}}, nil
}

// Snooze is somebody wanting to hear no more of an incident until a time: it is neither escalated nor replied to, unless it grows or ends.
func Snooze(in state.Incident, until, now time.Time) (state.Incident, []Say, error) {
	switch {
	case !in.Open:
		return in, nil, ErrClosed
	case !until.After(now):
		return in, nil, fmt.Errorf("%s is past", until.Format(time.DateTime))
	case until.Equal(in.SnoozedUntil):
		return in, nil, nil
	}
	in.SnoozedUntil = until
	return in, []Say{{Kind: "snoozed", Detail: until.UTC().Format(time.RFC3339)}}, nil
}

// Undo takes the last verdict on an incident back, if it holds: the incident is open again, as it was, and who should answer for it has as long as with a new one. The id of the verdict
// is "" where there is none, or the incident is open already.
func Undo(in state.Incident, verdicts []state.Verdict, now time.Time) (next state.Incident, verdict string, out []Say) {
	for i := len(verdicts) - 1; i >= 0 && !in.Open; i-- {
		v := verdicts[i]
		if !v.Undone.IsZero() || v.Incident != in.ID {
			continue
		}
		in.Open, in.Resolution, in.ResolvedAt, in.ResolvedDay = true, "", time.Time{}, time.Time{}
		in.State, in.EscalatedAt = acknowledgedOr(in), now
		return in, v.ID, []Say{{Kind: "undone", Detail: v.Kind}}
	}
	return in, "", nil
}

// RuleTally is how a rule has fared: how many incidents it opened, and what people said of them.
type RuleTally struct {
	Rule                              string
	Opened, Expected, NotUseful, Open int
}

// Tally counts, by rule, what was told and what people said of it; verdicts that were undone do not count.
func Tally(all []state.Incident, verdicts []state.Verdict) []RuleTally {
	byRule := map[string]*RuleTally{}
	var order []string
	of := func(rule string) *RuleTally {
		t := byRule[rule]
		if t == nil {
			t = &RuleTally{Rule: rule}
			byRule[rule] = t
			order = append(order, rule)
		}
		return t
	}
	for _, in := range all {
		t := of(in.Rule)
		t.Opened++
		if in.Open {
			t.Open++
		}
	}
	for _, v := range verdicts {
		if !v.Undone.IsZero() {
			continue
		}
		switch t := of(v.Rule); v.Kind {
		case state.VerdictExpected:
			t.Expected++
		case state.VerdictNotUseful:
			t.NotUseful++
		}
	}
	var out []RuleTally
	for _, r := range order {
		out = append(out, *byRule[r])
	}
	return out
}
