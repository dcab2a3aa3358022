package backlog

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Proof is what the bill said of a fix over a stretch of days.
type Proof struct {
	ID, Ticket, Team, Category string
	// About is what it is about, series and resources: of proofs that share one only the largest counts on a day.
	About []string
	// From is the first day that counts, To the last complete one, inclusive.
	From, To time.Time
	// PerDay is what is proved a day, and Avoided how much of it is growth that was stopped: see [HowRealized].
	PerDay, Avoided analysis.Amount
	Currency        string
	// Answer is where the figures come from.
	Answer string
	// Now says that it still holds, as far as the bill goes.
	Now bool
}

// HowRealized says the formula of what is realized in a month. It rests on the FinOps Foundation's "Anomaly-Detected Cost Avoidance", unpredicted and correctable spend a day
// times the days it would have continued; of those only days that are on the bill count.
const HowRealized = "what a fix is proved to take off the bill a day x the complete days of the month on which it held, at effective cost and at most 90 days. Avoided is the growth of an anomaly that was stopped; saved is what lies below the level that the bill had before. What two fixes share counts once"

// HowAnnualized says what a year of it means.
const HowAnnualized = "365 days at today's rate: a convention, not a forecast"

// Part is what one fix saved or avoided in a month: days times what it is proved to be a day.
type Part struct {
	Ticket      string          `json:"ticket"`
	Days        int             `json:"days"`
	SavedADay   analysis.Amount `json:"saved_a_day"`
	AvoidedADay analysis.Amount `json:"avoided_a_day"`
	Saved       analysis.Amount `json:"saved"`
	Avoided     analysis.Amount `json:"avoided"`
	Answer      string          `json:"answer"`                  // where the figures a day come from
	LeftOut     int             `json:"days_left_out,omitempty"` // days on which a larger one of the same thing counts
}

// Month is what was saved or avoided in a month by one team, in one category: the sum of its parts.
type Month struct {
	Month    time.Time       `json:"month"`
	Team     string          `json:"team"`
	Category string          `json:"category"`
	Currency string          `json:"currency"`
	Saved    analysis.Amount `json:"saved"`
	Avoided  analysis.Amount `json:"avoided"`
	Parts    []Part          `json:"fixes"`
}

// Realized adds proofs up by month, team and category: what is proved a day, for each complete day. The latest month comes first.
func Realized(proofs []Proof) []Month {
	list := slices.Clone(proofs)
	slices.SortStableFunc(list, func(a, b Proof) int { // the largest claims its days first
		return cmp.Or(b.PerDay.Cmp(a.PerDay), a.From.Compare(b.From), cmp.Compare(a.ID, b.ID))
	})
	type claim struct {
		about string
		day   time.Time
	}
	claimed := map[claim]int{} // by which proof
	var out []Month
	for n, p := range list {
		var months []time.Time
		parts := map[time.Time]*Part{}
		for day := p.From; !day.After(p.To); day = day.AddDate(0, 0, 1) {
			m := analysis.MonthOf(day).Start
			if parts[m] == nil {
				parts[m] = &Part{Ticket: p.Ticket, SavedADay: p.PerDay.Sub(p.Avoided), AvoidedADay: p.Avoided, Answer: p.Answer}
				months = append(months, m)
			}
			if slices.ContainsFunc(p.About, func(s string) bool { by, ok := claimed[claim{s, day}]; return ok && by != n }) {
				parts[m].LeftOut++
				continue
			}
			for _, s := range p.About {
				claimed[claim{s, day}] = n
			}
			parts[m].Days++
		}
		for _, m := range months {
			x := *parts[m]
			days := decimal.NewFromInt(int64(x.Days))
			x.Saved, x.Avoided = x.SavedADay.Mul(days), x.AvoidedADay.Mul(days)
			i := slices.IndexFunc(out, func(o Month) bool {
				return o.Month.Equal(m) && o.Team == p.Team && o.Category == p.Category && o.Currency == p.Currency
			})
			if i < 0 {
				out = append(out, Month{Month: m, Team: p.Team, Category: p.Category, Currency: p.Currency})
				i = len(out) - 1
			}
			out[i].Saved, out[i].Avoided, out[i].Parts = out[i].Saved.Add(x.Saved), out[i].Avoided.Add(x.Avoided), append(out[i].Parts, x)
		}
	}
	slices.SortFunc(out, func(a, b Month) int {
		return cmp.Or(b.Month.Compare(a.Month), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Category, b.Category))
	})
	return out
}

// Sums are what was saved and avoided in one currency: all in all, and a day as things stand, with its year by convention ([HowAnnualized]).
type Sums struct {
	Currency          string          `json:"currency"`
	Saved             analysis.Amount `json:"saved"`
	Avoided           analysis.Amount `json:"avoided"`
	SavedADay         analysis.Amount `json:"saved_a_day"`
	AvoidedADay       analysis.Amount `json:"avoided_a_day"`
	SavedAnnualized   analysis.Amount `json:"saved_annualized"`
	AvoidedAnnualized analysis.Amount `json:"avoided_annualized"`
}

// Summed adds up months that were realized from proofs, by currency. A day as things stand is of those proofs that still hold; what they share counts once.
func Summed(months []Month, proofs []Proof) []Sums {
	var out []Sums
	of := func(currency string) *Sums {
		i := slices.IndexFunc(out, func(s Sums) bool { return s.Currency == currency })
		if i < 0 {
			out = append(out, Sums{Currency: currency})
			i = len(out) - 1
		}
		return &out[i]
	}
	for _, m := range months {
		s := of(m.Currency)
		s.Saved, s.Avoided = s.Saved.Add(m.Saved), s.Avoided.Add(m.Avoided)
	}
	var now []Proof
	for _, p := range proofs {
		if p.Now {
			now = append(now, p)
		}
	}
	for i := range now { // all on one day, so that what they are about is claimed once
		now[i].From, now[i].To = now[0].To, now[0].To
	}
	for _, m := range Realized(now) {
		s := of(m.Currency)
		s.SavedADay, s.AvoidedADay = s.SavedADay.Add(m.Saved), s.AvoidedADay.Add(m.Avoided)
	}
	year := decimal.NewFromInt(365)
	for i := range out {
		out[i].SavedAnnualized, out[i].AvoidedAnnualized = out[i].SavedADay.Mul(year), out[i].AvoidedADay.Mul(year)
	}
	slices.SortFunc(out, func(a, b Sums) int { return cmp.Compare(a.Currency, b.Currency) })
	return out
}

// Reason is why somebody is asked about an opportunity.
type Reason string

// The reasons.
const (
	Stale    Reason = "stale"    // nothing happened for [StaleDays]
	PastDue  Reason = "past due" // its day is past
	Nobody   Reason = "nobody"   // a ticket that nobody has
	NoTeam   Reason = "no team"  // nobody's at all
	AskEvery        = 7 * 24 * time.Hour
)

// StaleDays is how many days without anything make a ticket stale.
const StaleDays = 14

// Groom says why an opportunity whose ticket is open needs a word in its thread: politely, and once a week (asked is when last; zero for never). It is "" where it does not.
func Groom(o Opportunity, asked, now time.Time) Reason {
	if o.Ticket == "" || o.State != Expected && o.State != InProgress || !asked.IsZero() && now.Sub(asked) < AskEvery {
		return ""
	}
	switch {
	case !o.Due.IsZero() && now.After(o.Due.AddDate(0, 0, 1)):
		return PastDue
	case o.Team == "" && o.Assignee == "":
		return NoTeam
	case o.Assignee == "" && now.Sub(o.Asked) >= 3*24*time.Hour:
		return Nobody
	case now.Sub(o.Touched) >= StaleDays*24*time.Hour:
		return Stale
	}
	return ""
}
