package declared

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

var update = flag.Bool("update", false, "write the golden files anew")

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func onDay(s string) time.Time { return at(s + " 00:00") }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

// nat is the incident of our examples: three complete days, 1,770 a day over what was expected.
func nat() state.Incident {
	return state.Incident{ID: "I-7F3K2M", State: state.Acknowledged, Open: true, Team: "payments", Opened: at("2026-11-21 06:10"),
		IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Title: "NAT gateway bytes · payments-prod · us-east-1", Kind: "step", Rule: "default · step", Currency: "USD",
			Filters: []analysis.Filter{{Dimension: analysis.DimService, Values: []string{"NAT Gateway"}}, {Dimension: analysis.DimAccount, Values: []string{"481516234210"}, Labels: []string{"payments-prod"}}},
			Onset:   onDay("2026-11-18"), Told: onDay("2026-11-20"), Last: onDay("2026-11-20"), Going: true,
			IncidentAmounts: state.IncidentAmounts{Through: onDay("2026-11-20"), Actual: d("7335"), Excess: d("5310"), PerDay: d("1770"), Rate: d("1770"),
				ToMonthEnd: d("17700"), Days: 3}},
			IncidentLife: state.IncidentLife{Arrived: at("2026-11-21 05:40"), AcknowledgedAt: at("2026-11-21 11:30"), IncidentExplained: state.IncidentExplained{How: "usage x4.1, price unchanged"}}}}
}

func declaredNAT() state.Declared {
	return state.Declared{ID: "B-9QWXYZ", Incident: "I-7F3K2M", Open: true, Name: "inc-cost-2026-11-21-nat", Channel: "C1", Began: at("2026-11-21 12:00"),
		DeclaredDetail: state.DeclaredDetail{By: "U1", Title: nat().Title, Filters: nat().Filters, Owner: "payments", Onset: nat().Onset, Roles: map[string]string{Lead: "U1", Finance: "U2"}}}
}

func who(id string) string {
	return map[string]string{"U1": "Ana Duarte", "U2": "Ben Okafor"}[id]
}

func look(in state.Incident) state.DeclaredExposure {
	return FromIncident(state.DeclaredExposure{Answer: "Q-7F3K2M"}, in)
}

// TestExposure works the formulas out by hand: twelve hours after the bill's last day ended, at 1,770 a day, ten days before the month ends.
func TestExposure(t *testing.T) {
	now := at("2026-11-21 12:00")
	x := Expose(look(nat()), time.Time{}, decimal.Zero, now)
	for name, c := range map[string]struct{ got, want decimal.Decimal }{
		"so far": {x.SoFar, d("5310")}, "expected": {x.Expected, d("2025")}, "an hour": {x.PerHour, d("73.75")},
		"undone":  {x.Undone, d("5310").Add(d("17700"))}, // as the thread says: so far and to the end of the month
		"stopped": {x.Stopped, d("5310").Add(d("885"))}, "waiting": {x.Waiting, d("16815")}, "avoided": {x.Avoided, d("0")},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
	if !x.MonthEnd.Equal(onDay("2026-11-30")) {
		t.Errorf("the month ends %s", x.MonthEnd)
	}
	// Contained after 36 hours: what is avoided is the rest of the month at the rate of that moment, whatever the rate is later.
	y := Expose(look(nat()), at("2026-11-22 12:00"), d("1770"), at("2026-11-25 09:00"))
	if !y.Stopped.Equal(d("7965")) || !y.Avoided.Equal(d("15045")) || !y.Undone.Equal(d("23010")) {
		t.Errorf("contained: %s, avoided %s, undone %s", y.Stopped, y.Avoided, y.Undone)
	}
	// In December the bill still ends in November: the month is the one that somebody can still do something about.
	if z := Expose(look(nat()), time.Time{}, decimal.Zero, at("2026-12-01 00:00")); !z.MonthEnd.Equal(onDay("2026-12-31")) || !z.Undone.Equal(d("5310").Add(d("1770").Mul(d("41")))) {
		t.Errorf("over the end of the month: %s by %s", z.Undone, z.MonthEnd)
	}
	over := nat()
	over.Going = false
	if z := Expose(look(over), time.Time{}, decimal.Zero, now); !z.Undone.Equal(z.SoFar) || !z.Stopped.Equal(z.SoFar) || len(z.Lines()) != 2 {
		t.Errorf("one that is over goes on: %+v", z)
	}
}

func TestExposureFromDays(t *testing.T) {
	onset := onDay("2026-11-18")
	var days []Day
	for i := range 28 {
		days = append(days, Day{First(onset).AddDate(0, 0, i), d("100"), true})
	}
	days[3].Known = false
	days = append(days, Day{onset, d("300"), true}, Day{onset.AddDate(0, 0, 1), d("500"), true}, Day{onset.AddDate(0, 0, 2), d("9"), false})
	l := FromDays(state.DeclaredExposure{Currency: "USD"}, onset, days)
	if !l.Cost.Equal(d("800")) || !l.Expected.Equal(d("200")) || !l.SoFar.Equal(d("600")) || !l.PerDay.Equal(d("300")) || l.Days != 2 || !l.Through.Equal(onDay("2026-11-19")) {
		t.Errorf("%+v", l)
	}
	if none := FromDays(state.DeclaredExposure{}, onset, nil); none.Days != 0 || !none.Through.Equal(onDay("2026-11-17")) || !strings.Contains(none.Basis, "nothing was expected") {
		t.Errorf("without a day: %+v", none)
	}
}

func TestExposureLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := func(name string, lo, hi int) decimal.Decimal {
			return decimal.New(int64(rapid.IntRange(lo, hi).Draw(t, name)), -2)
		}
		l := state.DeclaredExposure{Currency: "USD", Through: onDay("2026-11-20").AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "day")), Days: 3, Cost: cents("cost", 0, 1e8), SoFar: cents("so far", 0, 1e8), PerDay: cents("rate", 0, 1e7)}
		now := l.Through.Add(24 * time.Hour).Add(time.Duration(rapid.IntRange(0, 60*24*40).Draw(t, "minutes")) * time.Minute)
		x := Expose(l, time.Time{}, decimal.Zero, now)
		if !x.Undone.Sub(x.Stopped).Equal(x.Waiting) || x.Waiting.IsNegative() || x.Stopped.LessThan(x.SoFar) || now.After(x.MonthEnd.AddDate(0, 0, 1)) {
			t.Fatalf("%+v at %s", x, now)
		}
		when := l.Through.Add(24 * time.Hour).Add(time.Duration(rapid.IntRange(0, 60*24*5).Draw(t, "contained after")) * time.Minute)
		y := Expose(l, when, l.PerDay, now.AddDate(0, 1, 0))
		if drift := y.Undone.Sub(y.Stopped).Sub(y.Avoided).Abs(); drift.GreaterThan(d("0.02")) { // each is rounded to the cent
			t.Fatalf("avoided %s, but %s less %s", y.Avoided, y.Undone, y.Stopped)
		}
	})
}

func TestCompare(t *testing.T) {
	now := at("2026-11-21 16:00")
	was := look(nat())
	if n := Compare(nil, Expose(was, time.Time{}, decimal.Zero, now)); !n.Fresh || n.Text != "" {
		t.Errorf("the first: %+v", n)
	}
	if n := Compare(&was, Expose(was, time.Time{}, decimal.Zero, now)); n.Fresh || n.Text != "No new bill since the last update: still $5,310 over what was expected through Fri 20 Nov, $73.75 an hour." {
		t.Errorf("nothing new: %+v", n)
	}
	in := nat()
	in.Through, in.Excess, in.Actual, in.Rate = onDay("2026-11-21"), d("7390"), d("10090"), d("1850")
	if n := Compare(&was, Expose(look(in), time.Time{}, decimal.Zero, now)); !n.Fresh || n.Text != "+$2,080 since the last update, with the bill of Sat 21 Nov. $1,850 a day, after $1,770." {
		t.Errorf("a day more: %+v", n)
	}
	in = nat()
	in.Excess = d("5000")
	if n := Compare(&was, Expose(look(in), time.Time{}, decimal.Zero, now)); n.Text != "The bill was restated: -$310 against the last update." {
		t.Errorf("restated: %+v", n)
	}
}

func TestTimeline(t *testing.T) {
	changes := []state.DeclaredChange{{Happened: at("2026-11-21 12:00"), Kind: "declared", Who: "U1"}, {Happened: at("2026-11-21 12:05"), Kind: "role", Who: "U1", Detail: "incident lead"},
		{Happened: at("2026-11-21 12:06"), Kind: "something of a later version"}}
	incident := []state.IncidentChange{{Happened: at("2026-11-21 06:10"), Kind: "detected", Amounts: nat().IncidentAmounts}, {Happened: at("2026-11-21 11:30"), Kind: "acknowledged", Who: "U1"},
		{Happened: at("2026-11-21 12:00"), Kind: "declared", Who: "U1"}, {Happened: at("2026-11-23 06:00"), Kind: "resolved", Detail: "restated: it was 5310.123"}}
	marks := []state.DeclaredMark{{TS: "1795349100.000100", Author: "U2", Said: "rolled back payments-api 4.18.0"}}
	var got []string
	for _, e := range Timeline(changes, incident, "USD", marks) {
		got = append(got, e.At.Format("2 15:04 ")+e.Who+" "+e.What)
	}
	want := []string{"21 06:10  found in the bill ($1,770 a day by then, $5,310 so far)", "21 11:30 U1 is on it", "21 12:00 U1 declared the billing incident",
		"21 12:05 U1 took the role of incident lead", "22 12:05 U2 rolled back payments-api 4.18.0", "23 06:00  resolved: restated"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	twice := append(marks, marks...)
	if n := len(Timeline(nil, nil, "", twice)); n != 1 {
		t.Errorf("one message stands in it %d times", n)
	}
}

func TestPlain(t *testing.T) {
	got := Plain("<@U1> &amp; <#C1|payments>: see <https://x.example/a|the graph> or <https://y.example> a &lt;b&gt; <!here>", who)
	if want := "@Ana Duarte & #payments: see the graph or https://y.example a <b> @here"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func library(t *testing.T) *runbooks.Library {
	t.Helper()
	l, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestEveryRunbookHasOptions: the card of an incident of any kind offers what to do, each with its risk.
func TestEveryRunbookHasOptions(t *testing.T) {
	for _, r := range library(t).All() {
		list := Options(r)
		if len(list) == 0 {
			t.Errorf("%s offers nothing", r.Slug)
		}
		for _, o := range list {
			if o.Do == "" || strings.Contains(o.Do, "Risk:") || strings.Contains(o.Risk, "Rollback:") {
				t.Errorf("%s: %+v", r.Slug, o)
			}
		}
		if len(Prevention(Facts{Declared: declaredNAT(), Runbook: &r, Written: at("2026-11-25 10:00")})) < 2 {
			t.Errorf("%s prevents nothing", r.Slug)
		}
	}
	r, _ := library(t).Get("severe-incident")
	if o := Options(r)[0]; o.Risk == "" || o.Rollback == "" || !strings.HasPrefix(o.Do, "Disable the credential") {
		t.Errorf("%+v", o)
	}
}

func facts(t *testing.T) Facts {
	dec, in := declaredNAT(), nat()
	dec.Open, dec.ClosedAt, dec.ClosedBy, dec.ContainedAt, dec.ContainedBy, dec.ContainedRate = false, at("2026-11-23 15:00"), "U2", at("2026-11-21 14:20"), "U1", d("1770")
	in.ContainedAt = at("2026-11-23 06:00")
	r, _ := library(t).Get("nat-and-data-transfer")
	changes := []state.DeclaredChange{{Happened: dec.Began, Kind: "declared", Who: "U1"}, {Happened: dec.ContainedAt, Kind: "contained", Who: "U1"}, {Happened: dec.ClosedAt, Kind: "closed", Who: "U2"}}
	marks := []state.DeclaredMark{{TS: "1795263300.000100", Author: "U2", Said: "rolled back | payments-api <b>4.18.0</b> *now*"}}
	return Facts{Declared: dec, Incident: &in, Exposure: Expose(look(in), dec.ContainedAt, dec.ContainedRate, dec.ClosedAt), Timeline: Timeline(changes, nil, "USD", marks), Runbook: &r,
		Acknowledged: at("2026-11-21 11:30"), Answers: []string{"Q-7F3K2M", "Q-8G4L3N"}, Who: who, Written: dec.ClosedAt}
}

func TestReview(t *testing.T) {
	golden(t, "review.md", Review(facts(t)))
	f := facts(t)
	f.Incident, f.Declared.Incident, f.Runbook, f.Acknowledged = nil, "", nil, time.Time{}
	golden(t, "review-words.md", Review(f))
	// Whatever is said in a channel, it stays one cell of one row.
	for line := range strings.Lines(Review(facts(t))) {
		if strings.HasPrefix(line, "| 2026") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 4 {
			t.Errorf("a row of other than three cells: %s", line)
		}
	}
}

func TestExecutive(t *testing.T) {
	now := at("2026-11-21 16:00")
	x := Expose(look(nat()), time.Time{}, decimal.Zero, now)
	var b strings.Builder
	say := func(what string, dec state.Declared, x Exposure) {
		b.WriteString("# " + what + "\n" + Executive(dec, x, who).Text() + "\n" + x.Sentence(dec.Title) + "\n" + strings.Join(x.Lines(), "\n") + "\n" + x.Small() + "\n\n")
	}
	dec := declaredNAT()
	say("going on", dec, x)
	dec.Roles = nil
	say("without a lead", dec, x)
	f := facts(t)
	c := f.Declared
	c.Open = true
	say("contained", c, f.Exposure)
	say("closed", f.Declared, f.Exposure)
	over := nat()
	over.Going = false
	say("over", declaredNAT(), Expose(look(over), time.Time{}, decimal.Zero, now))
	say("no day yet", declaredNAT(), Expose(state.DeclaredExposure{Currency: "USD", Through: onDay("2026-11-17")}, time.Time{}, decimal.Zero, now))
	golden(t, "exec.txt", b.String())
	for _, e := range []Exec{Executive(dec, x, who), Executive(c, f.Exposure, who)} {
		for _, s := range e.Sentences {
			if !strings.HasSuffix(s, ".") || s[0] >= 'a' && s[0] <= 'z' {
				t.Errorf("no sentence: %q", s)
			}
		}
	}
}

var channelName = regexp.MustCompile(`^inc-cost-\d{4}-\d\d-\d\d(-[a-z0-9]+)*$`)

func TestChannelName(t *testing.T) {
	day := at("2026-11-21 23:30")
	for _, c := range []struct {
		title string
		try   int
		want  string
	}{
		{"NAT gateway bytes · payments-prod · us-east-1", 1, "inc-cost-2026-11-21-nat-gateway-bytes-payments-prod-us-east-1"},
		{"NAT gateway bytes", 2, "inc-cost-2026-11-21-nat-gateway-bytes-2"},
		{"Crédits d'été / Größe", 1, "inc-cost-2026-11-21-credits-d-ete-gro-e"},
		{"東京", 1, "inc-cost-2026-11-21"}, {"", 3, "inc-cost-2026-11-21-3"},
		{strings.Repeat("x", 200), 1, "inc-cost-2026-11-21-" + strings.Repeat("x", 60)},
	} {
		if got := ChannelName(day, c.title, c.try); got != c.want {
			t.Errorf("%q, try %d: %s, want %s", c.title, c.try, got, c.want)
		}
	}
}

func FuzzChannelName(f *testing.F) {
	f.Add("NAT gateway bytes · payments-prod", 1)
	f.Add("\xff\x00 -_- ﬁ ǅ", 12)
	f.Add(strings.Repeat("a-", 90), 199)
	f.Fuzz(func(t *testing.T, title string, try int) {
		if try < 1 || try > 1000 {
			return
		}
		a := ChannelName(at("2026-11-21 00:00"), title, try)
		if len(a) > maxName || !channelName.MatchString(a) {
			t.Errorf("%q, try %d: %q", title, try, a)
		}
		if b := ChannelName(at("2026-11-21 00:00"), title, try+1); a == b {
			t.Errorf("%q: tries %d and %d give %s", title, try, try+1, a)
		}
	})
}
