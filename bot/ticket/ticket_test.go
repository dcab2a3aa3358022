package ticket

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/bot/jira"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

var update = flag.Bool("update", false, "write the goldens anew")

func usd(s string) analysis.Amount { return decimal.RequireFromString(s) }

func bridge(delta string, effects map[analysis.Effect]string, drivers ...analysis.Driver) *analysis.Bridge {
	b := &analysis.Bridge{Change: analysis.Change{Baseline: usd("4725"), Delta: usd(delta), Currency: "USD"}, Drivers: drivers}
	b.Change.Current = b.Change.Baseline.Add(b.Change.Delta)
	b.Rest.Amount = b.Change.Delta
	for _, e := range analysis.Effects {
		if v, ok := effects[e]; ok {
			b.Effects = append(b.Effects, analysis.EffectAmount{Effect: e, Amount: usd(v)})
		}
	}
	for _, d := range drivers {
		b.Rest.Amount = b.Rest.Amount.Sub(d.Amount)
	}
	return b
}

// kinds are facts of each kind of anomaly, as their tickets are read by a team.
func kinds(t *testing.T) map[string]Facts {
	books, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	book := func(slug string) *runbooks.Runbook {
		r, ok := books.Get(slug)
		if !ok {
			t.Fatalf("no runbook %s", slug)
		}
		return &r
	}
	day := analysis.Day
	nat := bridge("12110", map[analysis.Effect]string{analysis.EffVolume: "12400", analysis.EffCredits: "-290"},
		analysis.Driver{Label: "NAT gateway bytes · payments-prod · us-east-1", Amount: usd("12110"), How: "usage x4.1, price unchanged", Onset: analysis.Onset{Day: day(2026, 11, 18)},
			Resources: []analysis.ResourceChange{{ID: "nat-0d2f", Amount: usd("8000"), Status: "continuing"}, {ID: "nat-19ac", Name: "edge | b", Amount: usd("3700"), Status: "new"}}})
	excess := []analysis.Amount{usd("1690"), usd("1700"), usd("1730"), usd("1750"), usd("1760"), usd("1740"), usd("1740")}
	step := Facts{ID: "I-7F3K2M", Slice: "NAT gateway bytes · payments-prod · us-east-1", Kind: "step", Team: "payments", Provider: "AWS", How: "usage x4.1, price unchanged", Onset: day(2026, 11, 18), Through: day(2026, 11, 24), Going: true,
		Currency: "USD", PerDay: usd("1730"), SoFar: usd("12110"), ToMonthEnd: usd("10380"), Low: usd("590"), High: usd("760"), Bridge: nat, Runbook: book("nat-and-data-transfer"), Thread: "https://acme.slack.com/archives/C1/p1763",
		Evidence: []Evidence{{ID: "Q-7F3K2M", Question: "why did NAT change from 18 to 24 November?", Queries: []analysis.QueryTrace{{Name: "leaves", SQL: "SELECT 1\nFROM daily -- {code}"}}}},
		Events:   []string{"deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC"}, Saving: Expect(excess, true, nat, "USD")}
	ended := step
	ended.Kind, ended.Going, ended.ToMonthEnd, ended.Through, ended.Bridge, ended.SoFar = "spike", false, decimal.Zero, day(2026, 11, 19), nil, usd("3460")
	ended.Saving = Expect(excess, false, nil, "USD")
	ended.Evidence, ended.Events = nil, nil
	credit := Facts{ID: "I-CRED1T", Slice: "credits of BigQuery · analytics", Kind: "step", Team: "data", Provider: "Google Cloud", How: "credits ended", Onset: day(2026, 11, 1), Through: day(2026, 11, 24), Going: true, Currency: "EUR", PerDay: usd("310.50"),
		SoFar: usd("7452"), ToMonthEnd: usd("1863"), Low: usd("-320"), High: usd("-300"), Bridge: bridge("7452", map[analysis.Effect]string{analysis.EffCredits: "7452"}), Runbook: book("credit-or-discount-ended")}
	credit.Saving = Expect([]analysis.Amount{usd("310.50"), usd("310.50"), usd("310.50")}, true, credit.Bridge, "EUR")
	fresh := Facts{ID: "I-NEW", Slice: "p5.48xlarge · ml-research · *eu*", Kind: "appearance", How: "new since 23 Nov", Onset: day(2026, 11, 23), Through: day(2026, 11, 24), Going: true, Currency: "USD", PerDay: usd("2360"), SoFar: usd("4720"), ToMonthEnd: usd("14160")}
	fresh.Saving = Expect([]analysis.Amount{usd("2360"), usd("2360")}, true, bridge("4720", map[analysis.Effect]string{analysis.EffNewSlice: "4720"}), "USD")
	drift := Facts{ID: "I-DR1FT2", Slice: "Log ingestion · search-prod", Kind: "drift", Team: "search", Provider: "Microsoft", How: "usage x1.6, price unchanged", Onset: day(2026, 11, 2), Through: day(2026, 11, 24), Going: true, Currency: "EUR", PerDay: usd("96.40"), SoFar: usd("2217.20"),
		ToMonthEnd: usd("742.50"), Low: usd("150"), High: usd("175"), Runbook: book("logs-and-metrics"), Bridge: bridge("2217.20", map[analysis.Effect]string{analysis.EffVolume: "1500", analysis.EffListPrice: "717.20"},
			analysis.Driver{Label: "Analytics Logs · search-prod", Amount: usd("1800"), How: "usage x1.6", Onset: analysis.Onset{Day: day(2026, 11, 2)}})}
	drift.Saving = Expect([]analysis.Amount{usd("60"), usd("90"), usd("120"), usd("123.75")}, true, drift.Bridge, "EUR")
	covered := Facts{ID: "I-C0VER2", Slice: "EC2 · 9 accounts", Kind: "step", Team: "", Provider: "AWS", How: "covered 81% -> 64%; sp-0a1f ended 15 Nov", Onset: day(2026, 11, 16), Through: day(2026, 11, 24), Going: true, Currency: "USD", PerDay: usd("690"), SoFar: usd("6210"), ToMonthEnd: usd("4140"),
		Low: usd("3900"), High: usd("4100"), Runbook: book("commitments"), Bridge: bridge("6210", map[analysis.Effect]string{analysis.EffCoverage: "6230", analysis.EffVolume: "-20"}, analysis.Driver{Label: "EC2 commitment coverage · 9 accounts", Amount: usd("6210"), How: "covered 81% -> 64%; sp-0a1f ended 15 Nov"})}
	covered.Saving = Expect([]analysis.Amount{usd("680"), usd("690"), usd("700")}, true, covered.Bridge, "USD")
	drop := Facts{ID: "I-DR0P22", Slice: "Egress · video", Kind: "drop", Team: "video", Provider: "Google Cloud", How: "usage x0.3, price unchanged", Onset: day(2026, 11, 21), Through: day(2026, 11, 24), Going: true, Currency: "USD", PerDay: usd("-812"), SoFar: usd("-3248"), Low: usd("1100"), High: usd("1260"), Runbook: book("nat-and-data-transfer")}
	drop.Saving = Expect([]analysis.Amount{usd("-812")}, true, nil, "USD")
	return map[string]Facts{"drift": drift, "coverage": covered, "drop": drop, "step": step, "spike-ended": ended, "credit-ended": credit, "appearance": fresh}
}

func TestTicketsAsTeamsReadThem(t *testing.T) {
	for name, f := range kinds(t) {
		got := Summary(f) + "\n\n" + Description(f) + "\n"
		path := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, d)
		}
		if s := Summary(f); strings.Contains(s, "\n") || len([]rune(s)) > jira.MostSummary {
			t.Errorf("%s: the summary is no line: %q", name, s)
		}
	}
}

func TestExpect(t *testing.T) {
	use := bridge("100", map[analysis.Effect]string{analysis.EffVolume: "100"})
	mixed := bridge("100", map[analysis.Effect]string{analysis.EffVolume: "60", analysis.EffListPrice: "40"})
	price := bridge("100", map[analysis.Effect]string{analysis.EffListPrice: "100"})
	week := []analysis.Amount{usd("7"), usd("1"), usd("2"), usd("3"), usd("4"), usd("5"), usd("6")}
	for _, c := range []struct {
		name      string
		excess    []analysis.Amount
		going     bool
		b         *analysis.Bridge
		low, high string
		sure      analysis.Confidence
	}{
		{"a week of usage", week, true, use, "60.83", "182.50", analysis.High},
		{"usage and price", week, true, mixed, "60.83", "182.5", analysis.Medium},
		{"price alone", week, true, price, "60.83", "182.5", analysis.Low},
		{"a day", week[:1], true, use, "212.92", "212.92", analysis.Medium},
		{"ended", week, false, use, "0", "0", analysis.Low},
		{"no days", nil, true, use, "0", "0", analysis.Low},
		{"no drivers", week, true, nil, "60.83", "182.5", analysis.Low},
		{"less than expected", []analysis.Amount{usd("-5")}, true, use, "0", "0", analysis.Medium},
	} {
		s := Expect(c.excess, c.going, c.b, "USD")
		if !s.Low.Equal(usd(c.low)) || !s.High.Equal(usd(c.high)) || s.Confidence != c.sure {
			t.Errorf("%s: %s to %s, %s (%s)", c.name, s.Low, s.High, s.Confidence, s.Why)
		}
	}
}

func TestCarriers(t *testing.T) {
	b := bridge("100", map[analysis.Effect]string{analysis.EffVolume: "100"}, analysis.Driver{Amount: usd("100"), Resources: []analysis.ResourceChange{{ID: "a", Amount: usd("30")}, {ID: "b", Amount: usd("55")}, {ID: "c", Amount: usd("-5")}, {ID: "d", Amount: usd("20")}}})
	if got := strings.Join(Carriers(b), " "); got != "b a" {
		t.Errorf("%q, want b a", got)
	}
	b.Drivers[0].Resources = b.Drivers[0].Resources[:1]
	if got := Carriers(b); got != nil {
		t.Errorf("30%% of it is not most: %v", got)
	}
	if Carriers(nil) != nil {
		t.Error("carriers of nothing")
	}
}

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func TestFollow(t *testing.T) {
	open := jira.Issue{Ref: jira.Ref{ID: "1", Key: "FIN-1"}, Status: "To Do", Category: jira.ToDo, Due: "2026-12-04"}
	with := func(f func(*jira.Issue)) jira.Issue {
		i := open
		f(&i)
		return i
	}
	done := func(resolution string) jira.Issue {
		return with(func(i *jira.Issue) {
			i.Status, i.Category, i.Resolution, i.Resolved = "Done", jira.Done, resolution, now.Add(-time.Hour)
		})
	}
	k := state.Ticket{ID: "T-1", Key: "FIN-1", Open: true, State: state.TicketOpen, TicketDetail: state.TicketDetail{Wrote: map[string]string{"duedate": "2026-12-04"}, Said: map[string]string{}}}
	for _, c := range []struct {
		name  string
		issue jira.Issue
		state state.TicketState
		open  bool
		said  string
	}{
		{"as it was made", open, state.TicketOpen, true, ""},
		{"again", open, state.TicketOpen, true, ""},
		{"somebody takes it", with(func(i *jira.Issue) {
			i.Status, i.Category, i.Assignee = "In Progress", jira.InProgress, jira.Person{ID: "a", Name: "Ana"}
		}), state.TicketOpen, true, "status To Do -> In Progress; assigned Ana"},
		{"another day", with(func(i *jira.Issue) {
			i.Status, i.Category, i.Assignee, i.Due = "In Progress", jira.InProgress, jira.Person{ID: "a", Name: "Ana"}, "2026-12-24"
		}), state.TicketOpen, true, "due 2026-12-24"},
		{"done", done("Fixed"), state.TicketDone, true, "status In Progress -> Done; assigned nobody; due 2026-12-04; done Fixed"},
		{"done still", done("Fixed"), state.TicketDone, true, ""},
		{"reopened", open, state.TicketOpen, true, "status Done -> To Do; reopened To Do"},
		{"declined", done("Won’t do"), state.TicketRejected, false, "status To Do -> Done; ended Won’t do"},
		{"moved", with(func(i *jira.Issue) { i.Key = "NET-7" }), state.TicketOpen, false, "moved FIN-1 -> NET-7; status Done -> To Do; reopened To Do"},
	} {
		var said []string
		for _, x := range Follow(&k, c.issue, DefaultRules(), now) {
			said = append(said, x.Kind+" "+x.Detail)
		}
		if got := strings.Join(said, "; "); k.State != c.state || got != c.said {
			t.Errorf("%s: %s, open %v: %q; want %s, %q", c.name, k.State, k.Open, got, c.state, c.said)
		}
		if c.name == "moved" {
			continue
		}
		if k.Open != c.open {
			t.Errorf("%s: open is %v", c.name, k.Open)
		}
	}
	if got := Gone(&k, now); len(got) != 1 || k.Open || k.State != state.TicketGone || len(Gone(&k, now)) != 0 {
		t.Errorf("gone: %v, %+v", got, k)
	}
}

func TestAnew(t *testing.T) {
	r := DefaultRules()
	for _, c := range []struct {
		name   string
		last   state.Ticket
		policy bool
		want   Again
	}{
		{"open", state.Ticket{State: state.TicketOpen}, false, Keep},
		{"queued", state.Ticket{State: state.TicketQueued}, true, Keep},
		{"done yesterday, and a policy asks", state.Ticket{State: state.TicketDone, TicketDetail: state.TicketDetail{Finished: now.Add(-24 * time.Hour)}}, true, Keep},
		{"done yesterday, and a person asks", state.Ticket{State: state.TicketDone, TicketDetail: state.TicketDetail{Finished: now.Add(-24 * time.Hour)}}, false, Reopen},
		{"done a month ago", state.Ticket{State: state.TicketDone, TicketDetail: state.TicketDetail{Finished: now.AddDate(0, -1, 0)}}, true, Make},
		{"declined, and a policy asks", state.Ticket{State: state.TicketRejected}, true, Keep},
		{"declined, and a person asks", state.Ticket{State: state.TicketRejected}, false, Make},
		{"deleted, and a policy asks", state.Ticket{State: state.TicketGone}, true, Keep},
		{"deleted, and a person asks", state.Ticket{State: state.TicketGone}, false, Make},
	} {
		if got := Anew(c.last, r, c.policy, now); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWhatPeopleEditedIsTheirs(t *testing.T) {
	k := state.Ticket{TicketDetail: state.TicketDetail{Wrote: map[string]string{"summary": "NAT", "description": "a\nb", "labels": jira.Joined([]string{"x", "spendbot"}), "priority": "High", "customfield_1": "1200"}}}
	issue := jira.Issue{Summary: "NAT", Description: "a\r\nb\r\n", Labels: []string{"spendbot", "x"}, Priority: "Low"}
	for field, want := range map[string]bool{"summary": true, "description": true, "labels": true, "priority": false, "duedate": false, "customfield_1": false, "watches": false} {
		if got := Ours(k, issue, field); got != want {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
}

func TestRelayed(t *testing.T) {
	k := state.Ticket{TicketDetail: state.TicketDetail{Said: map[string]string{}}}
	list := []jira.Comment{{ID: "1", Author: jira.Person{ID: "bot"}, Body: "!slack from the bot"}, {ID: "2", Author: jira.Person{ID: "ana"}, Body: " !slack fixed in 4.18.1"}, {ID: "3", Author: jira.Person{ID: "ana"}, Body: "for us only"},
		{ID: "4", Author: jira.Person{ID: "ana"}, Body: "!slackers"}, {ID: "5", Author: jira.Person{ID: "ana"}, Body: "!slack: and again"}, {ID: "6", Author: jira.Person{ID: "ana"}, Body: "!slack"}}
	var got []string
	for _, c := range Relayed(&k, list, "bot") {
		got = append(got, c.ID+" "+c.Body)
	}
	if d := cmp.Diff([]string{"2 fixed in 4.18.1", "5 and again"}, got); d != "" {
		t.Error(d)
	}
	if again := Relayed(&k, list, "bot"); len(again) != 0 {
		t.Errorf("told again: %v", again)
	}
}
