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

// realizedWords is a month as the tests read it.
func realizedWords(list []Month) (out []string) {
	for _, m := range list {
		line := fmt.Sprintf("%s %s %s: %s saved, %s avoided =", m.Month.Format("2006-01"), m.Team, m.Currency, m.Saved, m.Avoided)
		for _, p := range m.Parts {
			line += fmt.Sprintf(" %s %dd", p.Ticket, p.Days)
			if p.LeftOut > 0 {
				line += fmt.Sprintf(" (%d left out)", p.LeftOut)
			}
		}
		out = append(out, line)
	}
	return out
}

func TestRealized(t *testing.T) {
	day := func(m time.Month, d int) time.Time { return time.Date(2028, m, d, 0, 0, 0, 0, time.UTC) }
	nat := Proof{ID: "a", Ticket: "FIN-1", Team: "payments", Category: "nat", About: []string{"nat", "resource nat-1"}, From: day(1, 30), To: day(3, 2), PerDay: usd("10.05"), Avoided: usd("10.05"), Currency: "USD", Answer: "Q-1", Now: true}
	below := Proof{ID: "b", Ticket: "FIN-2", Team: "payments", Category: "nat", About: []string{"boxes"}, From: day(2, 28), To: day(3, 1), PerDay: usd("3"), Avoided: usd("2"), Currency: "USD", Answer: "Q-2", Now: true}
	same := Proof{ID: "c", Ticket: "FIN-3", Team: "search", Category: "idle", About: []string{"vpc", "resource nat-1"}, From: day(3, 1), To: day(3, 5), PerDay: usd("9"), Currency: "USD", Answer: "Q-3", Now: true}
	euros := Proof{ID: "d", Ticket: "FIN-4", About: []string{"gpu"}, From: day(3, 1), To: day(3, 2), PerDay: usd("5"), Currency: "EUR", Answer: "Q-4"}
	again := nat
	again.From, again.To, again.PerDay, again.Avoided, nat.Now = day(3, 10), day(3, 11), usd("8"), usd("8"), false // it had regressed in between
	proofs := []Proof{nat, below, same, euros, again, {ID: "e", Ticket: "FIN-5", From: day(3, 5), To: day(3, 4), PerDay: usd("1"), Currency: "USD"}}
	months := Realized(proofs)
	want := []string{
		"2028-03  EUR: 10 saved, 0 avoided = FIN-4 2d",
		"2028-03 payments USD: 1 saved, 38.1 avoided = FIN-1 2d FIN-1 2d FIN-2 1d",
		"2028-03 search USD: 27 saved, 0 avoided = FIN-3 3d (2 left out)", // the gateway's days of FIN-1 are its own
		"2028-02 payments USD: 2 saved, 295.45 avoided = FIN-1 29d FIN-2 2d",
		"2028-01 payments USD: 0 saved, 20.1 avoided = FIN-1 2d",
	}

	if d := cmp.Diff(want, realizedWords(months)); d != "" {
		t.Error(d)
	}
	sums := Summed(months, proofs)
	var got []string
	for _, s := range sums {
		got = append(got, fmt.Sprintf("%s: %s saved, %s avoided; a day %s and %s; a year %s and %s", s.Currency, s.Saved, s.Avoided, s.SavedADay, s.AvoidedADay, s.SavedAnnualized, s.AvoidedAnnualized))
	}
	if d := cmp.Diff([]string{"EUR: 10 saved, 0 avoided; a day 0 and 0; a year 0 and 0", "USD: 30 saved, 353.65 avoided; a day 10 and 2; a year 3650 and 730"}, got); d != "" {
		t.Error(d)
	}
}

// TestRealizedAddsUp: a month is the sum of its parts, a part is its days times what it is a day, and no day of anything counts twice.
func TestRealizedAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
		var list []Proof
		most := decimal.Zero
		for i := range rapid.IntRange(1, 8).Draw(t, "n") {
			p := Proof{ID: fmt.Sprint(i), Ticket: fmt.Sprint(i), Team: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "team"), Currency: "USD", From: begin.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "from")), Now: rapid.Bool().Draw(t, "now"),
				About: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID[string]).Draw(t, "about"), PerDay: decimal.New(rapid.Int64Range(1, 100_000).Draw(t, "cents"), -2)}
			p.To = p.From.AddDate(0, 0, rapid.IntRange(0, 80).Draw(t, "days"))
			p.Avoided = p.PerDay.Mul(decimal.New(rapid.Int64Range(0, 10).Draw(t, "tenths"), -1))
			most = decimal.Max(most, p.PerDay)
			list = append(list, p)
		}
		months := Realized(list)
		saved, avoided, days := decimal.Zero, decimal.Zero, 0
		for _, m := range months {
			ms, ma := decimal.Zero, decimal.Zero
			for _, p := range m.Parts {
				n := decimal.NewFromInt(int64(p.Days))
				if !p.Saved.Equal(p.SavedADay.Mul(n)) || !p.Avoided.Equal(p.AvoidedADay.Mul(n)) {
					t.Fatalf("%+v is not its days", p)
				}
				ms, ma, days = ms.Add(p.Saved), ma.Add(p.Avoided), days+p.Days
			}
			if !ms.Equal(m.Saved) || !ma.Equal(m.Avoided) {
				t.Fatalf("%s and %s, the parts are %s and %s", m.Saved, m.Avoided, ms, ma)
			}
			saved, avoided = saved.Add(ms), avoided.Add(ma)
		}
		if days > 3*141 { // three things over all the days there are
			t.Fatalf("%d days of three things", days)
		}
		sums := Summed(months, list)
		if len(sums) != 1 || !sums[0].Saved.Equal(saved) || !sums[0].Avoided.Equal(avoided) || sums[0].SavedADay.Add(sums[0].AvoidedADay).GreaterThan(most.Mul(decimal.NewFromInt(3))) {
			t.Fatalf("%+v, want %s and %s", sums, saved, avoided)
		}
	})
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
