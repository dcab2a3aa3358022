package backlog

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Proof is what the bill said of a fix from a day on, until it said something else.
type Proof struct {
	ID, Ticket, Team, Category string
	// From is the first day on which the fix was in force, To the last complete day that is known of it, inclusive.
	From, To time.Time
	// PerDay is what is proved a day.
	PerDay   analysis.Amount
	Currency string
	// Answer is where the figure comes from.
	Answer string
	// Avoided says that the cost would have been new: an anomaly that was ended brings the bill back to where it was. Otherwise the bill fell below where it was.
	Avoided bool
}

// Month is what was saved or avoided in a month by one team, in one category.
type Month struct {
	Month    time.Time       `json:"month"`
	Team     string          `json:"team"`
	Category string          `json:"category"`
	Currency string          `json:"currency"`
	Saved    analysis.Amount `json:"saved"`
	Avoided  analysis.Amount `json:"avoided"`
	Tickets  []string        `json:"tickets"`
	Answers  []string        `json:"answers"`
}

// HowRealized says the formula of what is realized in a month.
const HowRealized = "for each fix that is verified on the bill, wholly or in part: what is proved a day x the complete days of the month since it was in force, until it regressed; an anomaly that was ended is cost avoided, anything else saved; a year is 12 such months only where it says so"

// Realized adds proofs up by month, team and category: what is proved a day, for each complete day.
func Realized(proofs []Proof) []Month {
	var out []Month
	for _, p := range proofs {
		for m := time.Date(p.From.Year(), p.From.Month(), 1, 0, 0, 0, 0, time.UTC); !m.After(p.To); m = m.AddDate(0, 1, 0) {
			from, to := m, m.AddDate(0, 1, -1)
			if p.From.After(from) {
				from = p.From
			}
			if p.To.Before(to) {
				to = p.To
			}
			days := int64(to.Sub(from).Hours()/24) + 1
			if days <= 0 {
				continue
			}
			i := slices.IndexFunc(out, func(x Month) bool {
				return x.Month.Equal(m) && x.Team == p.Team && x.Category == p.Category && x.Currency == p.Currency
			})
			if i < 0 {
				out = append(out, Month{Month: m, Team: p.Team, Category: p.Category, Currency: p.Currency, Tickets: []string{}, Answers: []string{}})
				i = len(out) - 1
			}
			sum := p.PerDay.Mul(decimal.NewFromInt(days))
			if p.Avoided {
				out[i].Avoided = out[i].Avoided.Add(sum)
			} else {
				out[i].Saved = out[i].Saved.Add(sum)
			}
			out[i].Tickets, out[i].Answers = once(out[i].Tickets, p.Ticket), once(out[i].Answers, p.Answer)
		}
	}
	slices.SortFunc(out, func(a, b Month) int {
		return cmp.Or(b.Month.Compare(a.Month), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Category, b.Category))
	})
	return out
}

func once(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
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

// Groom lists why an opportunity with a ticket needs a word in its thread: politely, and once a week (asked is when last; zero for never). It is "" where it does not.
func Groom(o Opportunity, asked, now time.Time) Reason {
	if o.Ticket == "" || !o.State.Open() || o.State == Queued || !asked.IsZero() && now.Sub(asked) < AskEvery {
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
