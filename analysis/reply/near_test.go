package reply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/event"
	"spendbot/analysis/reply"
)

// told are events as a source gives them.
func told(list []analysis.Event) event.Source {
	return func(_ context.Context, w event.Window, known int64) ([]analysis.Event, int64, error) {
		if known == 0 {
			known = int64(len(list))
		}
		var out []analysis.Event
		for _, e := range list[:known] {
			if w.Holds(e) {
				out = append(out, e)
			}
		}
		return out, known, nil
	}
}

// TestEventsBesideDrivers: what happened near a planted change stands beside it, what happened elsewhere or long before does not, a
// person with a scope sees only what lies in it, and looked at again it is the same, whatever was told since.
func TestEventsBesideDrivers(t *testing.T) {
	c := demoCompany(t)
	list, err := demo.Happened(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		"config timeouts raised at 2026-11-17 18:00 team=payments",             // says nothing that the driver says: the bill knows
		"config retries raised at 2026-11-17 18:00 tag:team=search",            // the bill knows that it is elsewhere
		"other freeze lifted at 2026-11-18 06:00",                              // anywhere
		"deploy tools 1.0 at 2026-11-18 06:00 account=no-such-account",         // not in this bill
		"deploy payments-api 4.17.9 at 2026-11-20 09:00 account=payments-prod", // after it
	} {
		e, err := event.Words(words, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	for i := range list {
		list[i].ID = fmt.Sprintf("E-%06d", i+1)
	}
	ask := func(c *company, question string, scope []analysis.Filter) *analysis.Answer {
		t.Helper()
		p := c.reader.Read(question, now, nil)
		p.Scope = scope
		r := &reply.Replier{Snapshot: c.sn, Survey: c.survey, Reader: c.reader, Now: now, Events: told(list)}
		a, err := r.Answer(t.Context(), "Q-000001", question, p)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	lines := func(a *analysis.Answer, driver int) string {
		var out []string
		for _, e := range a.Events {
			if driver == 0 || slices.Contains(e.Drivers, driver) {
				out = append(out, e.What)
			}
		}
		slices.Sort(out)
		return strings.Join(out, " | ")
	}

	const nat = "why did NAT cost change last week?"
	a := ask(c.company, nat, nil)
	if got, want := lines(a, 1), "freeze lifted | payments-api 4.18.0 | timeouts raised"; got != want {
		t.Errorf("beside the NAT gateways: %s, want %s", got, want)
	}
	tr := a.Trace.Events
	if tr == nil || len(tr.Events) < 5 || tr.SHA256 != event.Sum(tr.Events) || tr.Known != int64(len(list)) {
		t.Fatalf("the trace: %+v", tr)
	}
	list = append(list, analysis.Event{ID: "E-999999", Kind: "deploy", What: "told late", Begins: list[0].Begins.AddDate(0, 0, 30)})
	for name, change := range map[string]func(){"as it is": func() {}, "one is gone": func() {
		list[slices.IndexFunc(list, func(e analysis.Event) bool { return e.ID == tr.Events[0].ID })].What = "another"
	}} {
		if name == "one is gone" {
			change()
		}
		_, sum, err := told(list).Again(t.Context(), tr)
		if err != nil || (sum == tr.SHA256) != (name == "as it is") {
			t.Errorf("looked at again, %s: %s, was %s (%v)", name, sum, tr.SHA256, err)
		}
		if name == "one is gone" {
			list[slices.IndexFunc(list, func(e analysis.Event) bool { return e.ID == tr.Events[0].ID })] = tr.Events[0]
		}
	}

	payments := []analysis.Filter{only(tagTeam, "payments")}
	a = ask(c.within(t, payments), nat, payments)
	if got, want := lines(a, 1), "payments-api 4.18.0 | timeouts raised"; got != want {
		t.Errorf("within team payments: %s, want %s", got, want)
	}
	for _, e := range a.Trace.Events.Events {
		if e.Slice["x_Team"] != "payments" {
			t.Errorf("the trace of team payments holds %s (%s)", event.Line(e), event.Place(e))
		}
	}

	a = ask(c.company, "daily cost of account payments-prod last week", nil)
	if got, want := lines(a, 0), "freeze lifted | payments-api 4.17.9 | payments-api 4.18.0"; got != want {
		t.Errorf("in the days of payments-prod: %s, want %s", got, want)
	}
	if n := len(a.Parts); !strings.HasPrefix(a.Parts[n-1].Text, "In these days: ") || !strings.Contains(a.Parts[n-1].Text, "none is shown to be the cause") {
		t.Errorf("it is said as %q", a.Parts[n-1].Text)
	}
	if a := ask(c.company, "total spend last week", nil); len(a.Events) > 0 || a.Trace.Events != nil {
		t.Errorf("a total has events: %+v", a.Events)
	}
}
