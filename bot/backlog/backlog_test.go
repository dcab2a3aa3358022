package backlog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func usd(s string) analysis.Amount { return decimal.RequireFromString(s) }

func opportunity(id string, low, high string, change func(*Opportunity)) Opportunity {
	o := Opportunity{ID: id, Team: "payments", Series: []string{id}, Low: usd(low), High: usd(high), Currency: "USD", Basis: Effective, Confidence: analysis.High, Effort: Hours, Risk: LowRisk, State: Found, Since: now}
	if change != nil {
		change(&o)
	}
	return o
}

func TestRank(t *testing.T) {
	list := []Opportunity{
		opportunity("small", "900", "1100", nil),
		opportunity("large and hard", "9000", "11000", func(o *Opportunity) { o.Effort = Weeks }),
		opportunity("unsure", "9000", "11000", func(o *Opportunity) { o.Confidence = analysis.Low }),
		opportunity("risky", "9000", "11000", func(o *Opportunity) { o.Risk = HighRisk }),
		opportunity("verified", "50000", "50000", func(o *Opportunity) { o.State = Verified }),
		opportunity("nothing known", "1000", "1000", func(o *Opportunity) { o.Effort, o.Risk, o.Confidence = "", "", "" }),
	}
	var got []string
	for _, o := range Rank(list) {
		got = append(got, fmt.Sprintf("%s %s", o.ID, o.Score))
	}
	want := []string{"risky 9000", "unsure 6000", "small 1800", "large and hard 900", "nothing known 80", "verified 90000"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatOverlapsIsNotAddedTwice(t *testing.T) {
	a := opportunity("a", "1000", "2000", func(o *Opportunity) { o.Series = []string{"nat-1", "nat-2"} })
	b := opportunity("b", "500", "700", func(o *Opportunity) { o.Series = []string{"nat-2"} })
	c := opportunity("c", "100", "100", func(o *Opportunity) { o.Basis = List })
	d := opportunity("d", "100", "100", func(o *Opportunity) { o.Currency = "EUR" })
	done := opportunity("e", "9000", "9000", func(o *Opportunity) { o.State = Verified })
	ranked := Rank([]Opportunity{b, c, a, done, d})
	want := []Total{{Basis: Effective, Currency: "EUR", Low: usd("100"), High: usd("100"), Count: 1}, {Basis: Effective, Currency: "USD", Low: usd("1000"), High: usd("2000"), Count: 1, Overlap: 1},
		{Basis: List, Currency: "USD", Low: usd("100"), High: usd("100"), Count: 1}}
	if d := cmp.Diff(want, Sum(ranked)); d != "" {
		t.Error(d)
	}
	for _, o := range ranked {
		if o.ID == "b" && o.Overlaps != "a" {
			t.Errorf("b overlaps with %q", o.Overlaps)
		}
	}
	if next, ok := Next(ranked, "Payments"); !ok || next.ID != "a" {
		t.Errorf("next: %v %v", next.ID, ok)
	}
	if _, ok := Next(ranked, "search"); ok {
		t.Error("something next for a team that has nothing")
	}
}

// TestNoSeriesIsCountedTwice: whatever overlaps, the opportunities that are added up share no series.
func TestNoSeriesIsCountedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Opportunity
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			o := opportunity(fmt.Sprint(i), "1", "1", nil)
			o.Low = decimal.NewFromInt(rapid.Int64Range(0, 100).Draw(t, "low"))
			o.High = o.Low
			o.Series = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 1, 4, rapid.ID[string]).Draw(t, "series")
			list = append(list, o)
		}
		ranked := Rank(list)
		seen := map[string]string{}
		sum, count := decimal.Zero, 0
		for _, o := range ranked {
			if o.Overlaps != "" {
				continue
			}
			count++
			sum = sum.Add(o.Low)
			for _, s := range o.Series {
				if by := seen[s]; by != "" {
					t.Fatalf("%s is of %s and of %s", s, by, o.ID)
				}
				seen[s] = o.ID
			}
		}
		total := Sum(ranked)
		if len(total) != 1 || !total[0].Low.Equal(sum) || total[0].Count != count || total[0].Count+total[0].Overlap != len(list) {
			t.Fatalf("%+v, want %s of %d", total, sum, count)
		}
	})
}

func TestThroughput(t *testing.T) {
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, time.UTC) }
	list := []Opportunity{
		opportunity("a", "100", "300", func(o *Opportunity) { o.State, o.Asked, o.Finished = Verified, day(9, 20), day(10, 2) }),
		opportunity("b", "1", "1", func(o *Opportunity) { o.State, o.Asked, o.Finished = NotSeen, day(10, 1), day(10, 5) }),
		opportunity("c", "1", "1", func(o *Opportunity) { o.State, o.Asked, o.Finished = Declined, day(10, 1), day(10, 3) }),
		opportunity("d", "1", "1", func(o *Opportunity) { o.State, o.Asked = InProgress, day(11, 1) }),
		opportunity("e", "1", "1", nil),
	}
	want := []Flow{{Quarter: "2026-Q4", Planned: 3, Done: 2, Declined: 1, Verified: 1, Cycle: 8 * 24 * time.Hour, Saved: usd("200"), Currency: "USD"}, {Quarter: "2026-Q3", Planned: 1, Currency: "USD"}}
	if d := cmp.Diff(want, Throughput(list)); d != "" {
		t.Error(d)
	}
}

func TestRealized(t *testing.T) {
	day := func(m time.Month, d int) time.Time { return time.Date(2028, m, d, 0, 0, 0, 0, time.UTC) }
	proofs := []Proof{
		{ID: "a", Ticket: "FIN-1", Team: "payments", Category: "nat", From: day(1, 30), To: day(3, 2), PerDay: usd("10.05"), Currency: "USD", Answer: "Q-1", Avoided: true},
		{ID: "b", Ticket: "FIN-2", Team: "payments", Category: "nat", From: day(2, 28), To: day(3, 1), PerDay: usd("1"), Currency: "USD", Answer: "Q-2"},
		{ID: "c", Ticket: "FIN-3", Team: "search", Category: "idle", From: day(3, 5), To: day(3, 4), PerDay: usd("1"), Currency: "USD"},
	}
	var got []string
	for _, m := range Realized(proofs) {
		got = append(got, fmt.Sprintf("%s %s saved %s avoided %s by %v", m.Month.Format("2006-01"), m.Team, m.Saved, m.Avoided, m.Tickets))
	}
	want := []string{"2028-03 payments saved 1 avoided 20.1 by [FIN-1 FIN-2]", "2028-02 payments saved 2 avoided 291.45 by [FIN-1 FIN-2]", "2028-01 payments saved 0 avoided 20.1 by [FIN-1]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestEveryDayIsRealizedOnce: the months of a proof add up to its days.
func TestEveryDayIsRealizedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := now.Truncate(24*time.Hour).AddDate(0, 0, rapid.IntRange(-1000, 1000).Draw(t, "from"))
		n := rapid.IntRange(1, 800).Draw(t, "days")
		sum := decimal.Zero
		for _, m := range Realized([]Proof{{From: from, To: from.AddDate(0, 0, n-1), PerDay: usd("1.01")}}) {
			sum = sum.Add(m.Saved)
		}
		if want := usd("1.01").Mul(decimal.NewFromInt(int64(n))); !sum.Equal(want) {
			t.Fatalf("%d days from %s: %s, want %s", n, from, sum, want)
		}
	})
}

func TestGroom(t *testing.T) {
	with := func(f func(*Opportunity)) Opportunity {
		o := opportunity("a", "1", "1", func(o *Opportunity) {
			o.State, o.Ticket, o.Assignee, o.Asked, o.Touched = InProgress, "FIN-1", "Ana", now.AddDate(0, 0, -20), now.AddDate(0, 0, -2)
		})
		f(&o)
		return o
	}
	for _, c := range []struct {
		name  string
		o     Opportunity
		asked time.Time
		want  Reason
	}{
		{"well", with(func(*Opportunity) {}), time.Time{}, ""},
		{"stale", with(func(o *Opportunity) { o.Touched = now.AddDate(0, 0, -15) }), time.Time{}, Stale},
		{"past due", with(func(o *Opportunity) { o.Due = now.AddDate(0, 0, -3) }), time.Time{}, PastDue},
		{"due today", with(func(o *Opportunity) { o.Due = now.Truncate(24 * time.Hour) }), time.Time{}, ""},
		{"nobody has it", with(func(o *Opportunity) { o.Assignee = "" }), time.Time{}, Nobody},
		{"nobody has it yet", with(func(o *Opportunity) { o.Assignee, o.Asked = "", now.AddDate(0, 0, -1) }), time.Time{}, ""},
		{"no team", with(func(o *Opportunity) { o.Assignee, o.Team = "", "" }), time.Time{}, NoTeam},
		{"asked on Monday", with(func(o *Opportunity) { o.Due = now.AddDate(0, 0, -3) }), now.AddDate(0, 0, -2), ""},
		{"asked last week", with(func(o *Opportunity) { o.Due = now.AddDate(0, 0, -3) }), now.AddDate(0, 0, -7), PastDue},
		{"done", with(func(o *Opportunity) { o.State, o.Due = Verifying, now.AddDate(0, 0, -3) }), time.Time{}, ""},
		{"no ticket", with(func(o *Opportunity) { o.Ticket = ""; o.Due = now.AddDate(0, 0, -3) }), time.Time{}, ""},
	} {
		if got := Groom(c.o, c.asked, now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
