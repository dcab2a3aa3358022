package ask

import (
	"testing"
	"time"

	"spendbot/analysis"
)

// TestDates reads dates on Monday, 23 November 2026; the last complete day is the 22nd.
func TestDates(t *testing.T) {
	r := NewReader(company(), Options{})
	for _, c := range []struct{ said, want string }{
		{"today", "2026-11-23/2026-11-24"},
		{"yesterday", "2026-11-22/2026-11-23"},
		{"yday", "2026-11-22/2026-11-23"},
		{"the day before yesterday", "2026-11-21/2026-11-22"},
		{"on Friday", "2026-11-20/2026-11-21"},
		{"last Monday", "2026-11-16/2026-11-17"},
		{"this weekend", "2026-11-21/2026-11-23"},
		{"over the weekend", "2026-11-21/2026-11-23"},
		{"last week", "2026-11-16/2026-11-23"},
		{"the previous week", "2026-11-16/2026-11-23"},
		{"the past week", "2026-11-16/2026-11-23"},
		{"this month", "2026-11-01/2026-11-23"},
		{"this month so far", "2026-11-01/2026-11-23"},
		{"so far this quarter", "2026-10-01/2026-11-23"},
		{"month to date", "2026-11-01/2026-11-23"},
		{"month-to-date", "2026-11-01/2026-11-23"},
		{"MTD", "2026-11-01/2026-11-23"},
		{"QTD", "2026-10-01/2026-11-23"},
		{"YTD", "2026-01-01/2026-11-23"},
		{"last month", "2026-10-01/2026-11-01"},
		{"last month's", "2026-10-01/2026-11-01"},
		{"last billing period", "2026-10-01/2026-11-01"},
		{"a month ago", "2026-10-01/2026-11-01"},
		{"2 months ago", "2026-09-01/2026-10-01"},
		{"3 days ago", "2026-11-20/2026-11-21"},
		{"last quarter", "2026-07-01/2026-10-01"},
		{"this year", "2026-01-01/2026-11-23"},
		{"last year", "2025-01-01/2026-01-01"},
		{"past 7 days", "2026-11-16/2026-11-23"},
		{"last 7 days", "2026-11-16/2026-11-23"},
		{"trailing 30 days", "2026-10-24/2026-11-23"},
		{"the last two weeks", "2026-11-09/2026-11-23"},
		{"last 2 calendar weeks", "2026-11-09/2026-11-23"},
		{"last couple of months", "2026-09-01/2026-11-01"},
		{"last 3 months", "2026-08-01/2026-11-01"},
		{"past three months", "2026-08-01/2026-11-01"},
		{"last 12 months", "2025-11-01/2026-11-01"},
		{"last 2 quarters", "2026-04-01/2026-10-01"},
		{"past month", "2026-10-24/2026-11-23"},
		{"last 48 hours", "2026-11-21/2026-11-23"},
		{"October", "2026-10-01/2026-11-01"},
		{"in oct", "2026-10-01/2026-11-01"},
		{"December", "2025-12-01/2026-01-01"},
		{"November", "2026-11-01/2026-11-23"},
		{"last November", "2025-11-01/2025-12-01"},
		{"last October", "2026-10-01/2026-11-01"},
		{"in March 2026", "2026-03-01/2026-04-01"},
		{"oct-2025", "2025-10-01/2025-11-01"},
		{"in may", "2026-05-01/2026-06-01"},
		{"2026-09", "2026-09-01/2026-10-01"},
		{"10/2025", "2025-10-01/2025-11-01"},
		{"Q3", "2026-07-01/2026-10-01"},
		{"Q4", "2026-10-01/2026-11-23"},
		{"Q3 2025", "2025-07-01/2025-10-01"},
		{"2025 Q4", "2025-10-01/2026-01-01"},
		{"2025-Q4", "2025-10-01/2026-01-01"},
		{"Q4'25", "2025-10-01/2026-01-01"},
		{"third quarter of 2026", "2026-07-01/2026-10-01"},
		{"Q3 last year", "2025-07-01/2025-10-01"},
		{"H1", "2026-01-01/2026-07-01"},
		{"H2 2025", "2025-07-01/2026-01-01"},
		{"first half of 2026", "2026-01-01/2026-07-01"},
		{"first half of October", "2026-10-01/2026-10-16"},
		{"2025", "2025-01-01/2026-01-01"},
		{"in 2026", "2026-01-01/2026-11-23"},
		{"on 2026-11-18", "2026-11-18/2026-11-19"},
		{"on 2026/11/18", "2026-11-18/2026-11-19"},
		{"from 3rd to 9th nov", "2026-11-03/2026-11-10"},
		{"from 3 to 9 November", "2026-11-03/2026-11-10"},
		{"from the 3rd through the 9th of November", "2026-11-03/2026-11-10"},
		{"between 3rd and 9th nov", "2026-11-03/2026-11-10"},
		{"between the 3rd and the 9th of October 2025", "2025-10-03/2025-10-10"},
		{"from the first half of October", "2026-10-01/2026-10-16"},
		{"1.11. - 15.11.", "2026-11-01/2026-11-16"},
		{"from 1.11. to 15.11.2026", "2026-11-01/2026-11-16"},
		{"10.-15.11.", "2026-11-10/2026-11-16"},
		{"10.-15.11.2025", "2025-11-10/2025-11-16"},
		{"on 10.11.2026", "2026-11-10/2026-11-11"},
		{"from monday to wednesday last week", "2026-11-16/2026-11-19"},
		{"mon - wed of last week", "2026-11-16/2026-11-19"},
		{"on Tuesday last week", "2026-11-17/2026-11-18"},
		{"since Thursday of last week", "2026-11-19/2026-11-23"},
		{"Nov 18", "2026-11-18/2026-11-19"},
		{"November 18th, 2025", "2025-11-18/2025-11-19"},
		{"18 Nov", "2026-11-18/2026-11-19"},
		{"the 18th of November", "2026-11-18/2026-11-19"},
		{"on the 18th", "2026-11-18/2026-11-19"},
		{"on the 30th", "2026-10-30/2026-10-31"},
		{"Dec 24", "2025-12-24/2025-12-25"},
		{"24.12.2025", "2025-12-24/2025-12-25"},
		{"18/11", "2026-11-18/2026-11-19"},
		{"11/18", "2026-11-18/2026-11-19"},
		{"11/11", "2026-11-11/2026-11-12"},
		{"week of Nov 11", "2026-11-09/2026-11-16"},
		{"the week of 2026-11-09", "2026-11-09/2026-11-16"},
		{"week 46", "2026-11-09/2026-11-16"},
		{"2026-W46", "2026-11-09/2026-11-16"},
		{"W50", "2025-12-08/2025-12-15"},
		{"since October", "2026-10-01/2026-11-23"},
		{"since Nov 10", "2026-11-10/2026-11-23"},
		{"since Wednesday", "2026-11-18/2026-11-23"},
		{"since the start of the quarter", "2026-10-01/2026-11-23"},
		{"since last Friday", "2026-11-20/2026-11-23"},
		{"after Nov 10", "2026-11-11/2026-11-23"},
		{"from October onwards", "2026-10-01/2026-11-23"},
		{"before November", "2025-10-01/2026-11-01"},
		{"between Nov 1 and Nov 10", "2026-11-01/2026-11-11"},
		{"from Nov 1 to Nov 10", "2026-11-01/2026-11-11"},
		{"from November 1st until yesterday", "2026-11-01/2026-11-23"},
		{"Nov 1 - Nov 10", "2026-11-01/2026-11-11"},
		{"Nov 1–10", "2026-11-01/2026-11-11"},
		{"1-10 November", "2026-11-01/2026-11-11"},
		{"2026-11-01 to 2026-11-10", "2026-11-01/2026-11-11"},
		{"2026-11-01..2026-11-10", "2026-11-01/2026-11-11"},
		{"Aug to Oct", "2026-08-01/2026-11-01"},
		{"aug-oct", "2026-08-01/2026-11-01"},
		{"Dec to Feb", "2025-12-01/2026-03-01"},
		{"Jan to Mar 2026", "2026-01-01/2026-04-01"},
		{"from October to now", "2026-10-01/2026-11-23"},
		{"first 10 days of October", "2026-10-01/2026-10-11"},
		{"last week of September", "2026-09-24/2026-10-01"},
		{"on 29 February 2024", "2024-02-29/2024-03-01"},
	} {
		if got, want := brief(r.Read("spend "+c.said, monday, nil)), "spend_total "+c.want; got != want {
			t.Errorf("%s: got %s, want %s", c.said, got, want)
		}
	}
}

// TestNoDateInNames: a date is never read inside the token of a name.
func TestNoDateInNames(t *testing.T) {
	v := company()
	v.Tags["app"] = append(v.Tags["app"], Term{Value: "sun-api"}, Term{Value: "team-may"}, Term{Value: "march-2025"}, Term{Value: "q3"})
	r := NewReader(v, Options{})
	for _, c := range []struct{ question, want string }{
		{"t3 spend last month", "spend_total 2026-10-01/2026-11-01 instance_type=t3.medium|t3.large"},
		{"m5.large spend in march", "spend_total 2026-03-01/2026-04-01 instance_type=m5.large"},
		{"spend on m5 in march", "spend_total 2026-03-01/2026-04-01 instance_type=m5.large|m5.2xlarge"},
		{"sun-api cost yesterday", "spend_total 2026-11-22/2026-11-23 tag:app=sun-api"},
		{"team-may cost yesterday", "spend_total 2026-11-22/2026-11-23 tag:app=team-may"},
		{"cost of march-2025 last week", "spend_total 2026-11-16/2026-11-23 tag:app=march-2025"},
		{"cost of app q3 in Q2", "spend_total 2026-04-01/2026-07-01 tag:app=q3"},
		{"cost of team may in may", "spend_total 2026-05-01/2026-06-01 tag:team=may"},
		{"may team cost in May 2026", "spend_total 2026-05-01/2026-06-01 tag:team=may"},
		{"spend by team in may", "breakdown 2026-05-01/2026-06-01 by tag:team"},
		{"spend by team may 2026", "breakdown 2026-05-01/2026-06-01 by tag:team"},
		{"may I see the spend by team", "breakdown 2026-11-01/2026-11-23 by tag:team"},
	} {
		if got := brief(r.Read(c.question, monday, nil)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.question, got, c.want)
		}
	}
}

// TestWhatPeriodsAreComparedWith checks the baselines nobody names.
func TestWhatPeriodsAreComparedWith(t *testing.T) {
	r := NewReader(company(), Options{})
	for _, c := range []struct{ said, want string }{
		{"", "2026-11-16/2026-11-23 vs 2026-11-09/2026-11-16"},
		{"last week", "2026-11-16/2026-11-23 vs 2026-11-09/2026-11-16"},
		{"last month", "2026-10-01/2026-11-01 vs 2026-09-01/2026-10-01"},
		{"this month", "2026-11-01/2026-11-23 vs 2026-10-01/2026-10-23"},
		{"in Q3", "2026-07-01/2026-10-01 vs 2026-04-01/2026-07-01"},
		{"this quarter", "2026-10-01/2026-11-23 vs 2026-07-01/2026-08-23"},
		{"this year", "2026-01-01/2026-11-23 vs 2025-01-01/2025-11-23"},
		{"in H1", "2026-01-01/2026-07-01 vs 2025-07-01/2026-01-01"},
		{"in the last 3 months", "2026-08-01/2026-11-01 vs 2026-05-01/2026-08-01"},
		{"in the last 7 days", "2026-11-16/2026-11-23 vs 2026-11-09/2026-11-16"},
		{"in the last 30 days", "2026-10-24/2026-11-23 vs 2026-09-24/2026-10-24"},
		{"yesterday", "2026-11-22/2026-11-23 vs 2026-11-15/2026-11-16"},
		{"on Saturday", "2026-11-21/2026-11-22 vs 2026-11-14/2026-11-15"},
		{"over the weekend", "2026-11-21/2026-11-23 vs 2026-11-14/2026-11-16"},
		{"since Nov 18", "2026-11-18/2026-11-23 vs 2026-11-13/2026-11-18"},
		{"between Nov 1 and Nov 10", "2026-11-01/2026-11-11 vs 2026-10-22/2026-11-01"},
		{"between September and October", "2026-10-01/2026-11-01 vs 2026-09-01/2026-10-01"},
		{"from September to October", "2026-10-01/2026-11-01 vs 2026-09-01/2026-10-01"},
		{"from last month to this month", "2026-11-01/2026-11-23 vs 2026-10-01/2026-10-23"},
		{"in October vs October last year", "2026-10-01/2026-11-01 vs 2025-10-01/2025-11-01"},
		{"last week compared to the same week last year", "2026-11-16/2026-11-23 vs 2025-11-17/2025-11-24"},
		{"in October year over year", "2026-10-01/2026-11-01 vs 2025-10-01/2025-11-01"},
		{"this month versus the same days last month", "2026-11-01/2026-11-23 vs 2026-10-01/2026-10-23"},
		{"on Nov 18 versus Nov 11", "2026-11-18/2026-11-19 vs 2026-11-11/2026-11-12"},
	} {
		if got, want := brief(r.Read("why did spend change "+c.said+"?", monday, nil)), "explain_change "+c.want; got != want {
			t.Errorf("%s: got %s, want %s", c.said, got, want)
		}
	}
}

// TestPartialMonthsAtMonthEnds: the same days of a shorter month end with it.
func TestPartialMonthsAtMonthEnds(t *testing.T) {
	for _, c := range []struct{ through, want string }{
		{"2026-03-30", "2026-03-01/2026-03-31 vs 2026-02-01/2026-03-01"},
		{"2026-03-28", "2026-03-01/2026-03-29 vs 2026-02-01/2026-03-01"},
		{"2026-03-27", "2026-03-01/2026-03-28 vs 2026-02-01/2026-02-28"},
		{"2026-05-30", "2026-05-01/2026-05-31 vs 2026-04-01/2026-05-01"},
		{"2026-01-09", "2026-01-01/2026-01-10 vs 2025-12-01/2025-12-10"},
	} {
		v := company()
		v.Through, _ = time.Parse(analysis.DateLayout, c.through)
		got := brief(NewReader(v, Options{}).Read("compare this month to last month", v.Through.AddDate(0, 0, 1).Add(8*time.Hour), nil))
		if want := "compare " + c.want; got != want {
			t.Errorf("through %s: got %s, want %s", c.through, got, want)
		}
	}
}

// TestDaysThatAreNotThere: on the first of a month, and with data that ended long ago.
func TestDaysThatAreNotThere(t *testing.T) {
	r := NewReader(company(), Options{})
	first := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	if got := brief(r.Read("how much did we spend?", first, nil)); got != "spend_total 2026-10-01/2026-11-01" {
		t.Errorf("on the first of November: %s", got)
	}
	if got := brief(r.Read("how much did we spend this month?", first, nil)); got != "spend_total 2026-11-01/2026-11-02" {
		t.Errorf("this month on its first day: %s", got)
	}
	old := company()
	old.First, old.Through = analysis.Day(2024, 9, 1), analysis.Day(2024, 9, 30)
	p := NewReader(old, Options{}).Read("why did spend change?", monday, nil)
	if got := brief(p); got != "explain_change 2024-09-23/2024-09-30 vs 2024-09-16/2024-09-23" {
		t.Errorf("old data: %s", got)
	}
	if got := brief(NewReader(old, Options{}).Read("spend by service", monday, nil)); got != "breakdown 2024-09-01/2024-10-01 by service" {
		t.Errorf("old data: %s", got)
	}
}

func TestHabitsOfTheHouse(t *testing.T) {
	yes, no, sunday := true, false, time.Sunday
	for _, c := range []struct {
		opts           Options
		question, want string
	}{
		{Options{DayFirst: &yes}, "cost for 10/11", "spend_total 2026-11-10/2026-11-11"},
		{Options{DayFirst: &no}, "cost for 10/11", "spend_total 2026-10-11/2026-10-12"},
		{Options{WeekStart: &sunday}, "cost last week", "spend_total 2026-11-15/2026-11-22"},
		{Options{FiscalYearStart: time.February}, "spend in FY26", "spend_total 2025-02-01/2026-02-01"},
		{Options{FiscalYearStart: time.February}, "spend in FY27 Q2", "spend_total 2026-05-01/2026-08-01"},
		{Options{FiscalYearStart: time.February}, "spend in Q2 FY27", "spend_total 2026-05-01/2026-08-01"},
		{Options{FiscalYearStart: time.February}, "spend this fiscal year", "spend_total 2026-02-01/2026-11-23"},
		{Options{FiscalYearStart: time.February}, "spend last fiscal quarter", "spend_total 2026-08-01/2026-11-01"},
		{Options{FiscalYearStart: time.February}, "spend in fiscal Q2", "spend_total 2026-05-01/2026-08-01"},
		{Options{FiscalYearStart: time.February}, "spend in fiscal year 2026", "spend_total 2025-02-01/2026-02-01"},
		{Options{FiscalYearStart: time.October}, "FYTD spend", "spend_total 2026-10-01/2026-11-23"},
		{Options{FiscalYearStart: time.October}, "spend last fiscal year", "spend_total 2025-10-01/2026-10-01"},
	} {
		if got := brief(NewReader(company(), c.opts).Read(c.question, monday, nil)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.question, got, c.want)
		}
	}
}
