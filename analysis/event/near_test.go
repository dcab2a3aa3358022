package event

import (
	"testing"
	"time"

	"spendbot/analysis"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// accounts names the demo's accounts.
func accounts(column, value string) string {
	if column == "SubAccountId" && value == "4815" {
		return "payments-prod"
	}
	return value
}

var nat = map[string]string{"ServiceName": "Amazon Virtual Private Cloud", "x_UsageType": "USE1-NatGateway-Bytes", "SubAccountId": "4815", "RegionId": "us-east-1"}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		name string
		said map[string]string
		want Fit
	}{
		{"nothing said", nil, Unsaid},
		{"the account by name", map[string]string{"SubAccountId": "Payments-Prod"}, Shares},
		{"the account by id", map[string]string{"SubAccountId": "4815"}, Shares},
		{"another account", map[string]string{"SubAccountId": "search-prod"}, Apart},
		{"the account, in another region", map[string]string{"SubAccountId": "4815", "RegionId": "eu-west-1"}, Apart},
		{"the service as people write it", map[string]string{"ServiceName": "virtual private cloud"}, Shares},
		{"a team, of which the slice says nothing", map[string]string{"x_Team": "payments"}, Unknown},
		{"the account, and a team", map[string]string{"x_Team": "payments", "SubAccountId": "4815"}, Shares},
	} {
		if got := Fits(analysis.Event{Slice: c.said}, nat, accounts); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := Fits(analysis.Event{Slice: map[string]string{"x_Team": "Payments"}}, map[string]string{"tag:team": "payments"}, nil); got != Shares {
		t.Errorf("a team and the tag of that name: %d", got)
	}
}

func TestWithinScope(t *testing.T) {
	payments := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	for _, c := range []struct {
		name  string
		said  map[string]string
		scope []analysis.Filter
		want  bool
	}{
		{"everything sees all", map[string]string{"x_Team": "search"}, nil, true},
		{"its own", map[string]string{"x_Team": "payments", "RegionId": "us-east-1"}, payments, true},
		{"another team's", map[string]string{"x_Team": "search"}, payments, false},
		{"of which nothing is said", map[string]string{"SubAccountId": "payments-prod"}, payments, false},
		{"unscoped", nil, payments, false},
		{"a scope of a tag, an event of a team", map[string]string{"x_Team": "payments"}, []analysis.Filter{{Dimension: "tag:team", Values: []string{"payments"}}}, true},
		{"two conditions, one said", map[string]string{"x_Team": "payments"}, append(payments, analysis.Filter{Dimension: analysis.DimEnvironment, Values: []string{"prod"}}), false},
		{"all but search, an event of payments", map[string]string{"x_Team": "payments"}, []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"search"}, Not: true}}, true},
		{"all but search, an event of search", map[string]string{"x_Team": "search"}, []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"search"}, Not: true}}, false},
		{"all but search, an event of nobody", map[string]string{"RegionId": "x"}, []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"search"}, Not: true}}, false},
		{"the untagged see no event by it", map[string]string{"x_Team": ""}, []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{""}}}, false},
	} {
		if got := Within(analysis.Event{Slice: c.said}, c.scope, accounts); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestNear(t *testing.T) {
	onset := analysis.Onset{Day: at("2026-11-18 00:00")}
	account := map[string]string{"SubAccountId": "payments-prod"}
	list := []analysis.Event{
		{ID: "E-1", Begins: at("2026-11-15 23:59"), Slice: account},                                    // three days before
		{ID: "E-2", Begins: at("2026-11-16 00:00"), Slice: account},                                    // the first that counts
		{ID: "E-3", Begins: at("2026-11-18 09:12"), Slice: account},                                    // on the day
		{ID: "E-4", Begins: at("2026-11-19 00:00"), Slice: account},                                    // the day after: it cannot have come before
		{ID: "E-5", Begins: at("2026-11-18 08:00"), Slice: map[string]string{"x_Team": "search"}},      // only the bill could tell
		{ID: "E-6", Begins: at("2026-11-18 10:00")},                                                    // anywhere
		{ID: "E-7", Begins: at("2026-11-01 00:00"), Ends: at("2026-11-17 12:00"), Slice: account},      // ended just before
		{ID: "E-8", Begins: at("2026-11-18 09:12"), Slice: map[string]string{"SubAccountId": "other"}}, // elsewhere
	}
	var got []string
	for _, e := range Near(list, []map[string]string{nat}, onset, accounts) {
		got = append(got, e.ID)
	}
	if want := "E-3 E-2 E-7"; join(got) != want {
		t.Errorf("%s, want %s", join(got), want)
	}
	if got := Near(list[5:6], []map[string]string{nat}, onset, accounts); len(got) != 1 {
		t.Errorf("an event that says no place is left out")
	}
	if got := Near(list, []map[string]string{nat}, analysis.Onset{Why: "no clear day"}, accounts); len(got) != 0 {
		t.Errorf("a change without a day has events near it: %v", got)
	}
	wide := analysis.Onset{Day: at("2026-11-18 00:00"), Around: true, From: at("2026-11-16 00:00"), To: at("2026-11-20 00:00")}
	if w, _ := Around(wide); !w.From.Equal(at("2026-11-14 00:00")) || !w.Until.Equal(at("2026-11-21 00:00")) {
		t.Errorf("around an uncertain day: %v", w)
	}
}

func join(list []string) string {
	s := ""
	for i, x := range list {
		if i > 0 {
			s += " "
		}
		s += x
	}
	return s
}

func TestCheck(t *testing.T) {
	good := func() analysis.Event {
		return analysis.Event{Kind: "Deployment", What: " payments-api\n4.18.0 ", Begins: at("2026-11-18 09:12"), Slice: map[string]string{"x_Team": "payments", "RegionId": " "}}
	}
	e := good()
	if err := Check(&e); err != nil || e.Kind != Deploy || e.What != "payments-api 4.18.0" || len(e.Slice) != 1 {
		t.Errorf("%+v: %v", e, err)
	}
	again := good()
	again.By, again.Source = "somebody else", "csv"
	if err := Check(&again); err != nil || again.Key != e.Key {
		t.Errorf("told twice it has two keys: %q and %q, %v", e.Key, again.Key, err)
	}
	for name, change := range map[string]func(*analysis.Event){
		"kind:":  func(e *analysis.Event) { e.Kind = "party" },
		"what:":  func(e *analysis.Event) { e.What = "\x00" },
		"at:":    func(e *analysis.Event) { e.Begins = time.Time{} },
		"until:": func(e *analysis.Event) { e.Ends = e.Begins.Add(-time.Hour) },
		`"Cost"`: func(e *analysis.Event) { e.Slice = map[string]string{"Cost": "1"} },
		"link:":  func(e *analysis.Event) { e.Link = "javascript:alert(1)" },
		"region:": func(e *analysis.Event) {
			e.Slice = map[string]string{"RegionId": string(make([]byte, 3)) + longText(300)}
		},
	} {
		e := good()
		change(&e)
		if err := Check(&e); err == nil || len(err.Error()) < len(name) || err.Error()[:len(name)] != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestLine(t *testing.T) {
	e := analysis.Event{Kind: Deploy, What: "payments-api 4.18.0", Begins: at("2026-11-18 09:12"), Slice: map[string]string{"SubAccountId": "payments-prod", "x_Team": "payments", "tag:app": "api"}}
	if got, want := Line(e), "deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := Place(e), "team payments, account payments-prod, tag app api"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Ends = at("2026-11-18 11:00")
	if got, want := When(e), "Wed 18 Nov 09:12 to 11:00 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
