package survey

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// A day is settled when it stops changing. How old it is then is learned per provider from the records that loads keep of the
// latest days ([store.Load.Arrived]): the smallest age at which past days had come within SettledWithin of what a load at least
// SettledAfter days later found them to be, in rows and in cost, in SettledShare of the cases, and at every greater age too.
// Below SettledCases cases an age says nothing: a week has seven kinds of days. Own rule; the numbers are conventional (1%, nine of ten).
const (
	SettledWithin = 0.01
	SettledShare  = 0.9
	SettledCases  = 7
	SettledAfter  = 2
)

// Settling is how old a provider's days are when they stop changing, and from what that was learned.
type Settling struct {
	// Days is the age: with 2, what was used on the 20th stands from the 22nd on.
	Days int `json:"days"`
	// Seen is how many days were seen at that age and again later, Kept how many of them were settled, Loads in how many loads.
	Seen  int `json:"seen"`
	Kept  int `json:"kept"`
	Loads int `json:"loads"`
}

// String tells it: "complete from 2 days on: 14 days seen in 9 loads".
func (s Settling) String() string {
	days := "from 1 day on"
	if s.Days != 1 {
		days = fmt.Sprintf("from %d days on", s.Days)
	}
	return fmt.Sprintf("complete %s: %d of %d days stood by then, seen in %d loads", days, s.Kept, s.Seen, s.Loads)
}

// fill is how much there was of a provider's day at a load, per currency.
type fill map[string]amounts

type amounts struct {
	rows int64
	cost decimal.Decimal
}

// near reports whether a day had come as far as it did later.
func (f fill) near(later fill) bool {
	within := decimal.NewFromFloat(SettledWithin)
	for cur, want := range later {
		got := f[cur]
		if decimal.NewFromInt(got.rows - want.rows).Abs().GreaterThan(within.Mul(decimal.NewFromInt(want.rows))) {
			return false
		}
		if got.cost.Sub(want.cost).Abs().GreaterThan(within.Mul(want.cost.Abs())) {
			return false
		}
	}
	for cur, got := range f {
		if _, ok := later[cur]; !ok && (got.rows != 0 || !got.cost.IsZero()) {
			return false
		}
	}
	return true
}

// seen is a provider's day at a load.
type seen struct {
	age  int // whole days from the day to the day of the load
	fill fill
}

// history is what the loads tell of a provider's days. loads are newest first, as [store.Store.Loads] lists them.
func history(loads []store.Load, provider string) (days map[time.Time][]seen, n int, last time.Time) {
	days = map[time.Time][]seen{}
	for i := len(loads) - 1; i >= 0; i-- {
		at := analysis.DayOf(loads[i].At)
		there := map[time.Time]fill{}
		for _, a := range loads[i].Arrived {
			if a.Provider != provider {
				continue
			}
			for d := range min(len(a.Rows), len(a.Cost)) {
				day := a.Day(d)
				if there[day] == nil {
					there[day] = fill{}
				}
				there[day][a.Currency] = amounts{a.Rows[d], a.Cost[d]}
			}
		}
		if len(there) == 0 {
			continue
		}
		n++
		last = at
		for day, f := range there {
			if age := int(at.Sub(day).Hours() / 24); age >= 0 {
				days[day] = append(days[day], seen{age, f})
			}
		}
	}
	return days, n, last
}

// settling learns how old a provider's days are when they stop changing; ok is false where they never do within what is recorded,
// and where the history is too short to tell: enough is false then.
func settling(days map[time.Time][]seen, loads int) (s Settling, ok, enough bool) {
	var cases, kept [store.ArrivalDays]int
	for _, obs := range days {
		final := obs[len(obs)-1]
		if final.fill.empty() {
			continue // nothing was used, or the feed does not reach back: no case
		}
		counted := map[int]bool{}
		for i := len(obs) - 1; i >= 0; i-- { // of several loads on one day the last counts
			o := obs[i]
			if o.age > final.age-SettledAfter || o.age >= store.ArrivalDays || counted[o.age] {
				continue
			}
			counted[o.age] = true
			cases[o.age]++
			if o.fill.near(final.fill) {
				kept[o.age]++
			}
		}
	}
	best, found := 0, false
	for age := store.ArrivalDays - 1; age > 0; age-- { // on the day itself it is not over
		if cases[age] < SettledCases {
			continue
		}
		enough = true
		if float64(kept[age]) < SettledShare*float64(cases[age]) {
			break
		}
		best, found = age, true
	}
	return Settling{Days: best, Seen: cases[best], Kept: kept[best], Loads: loads}, found, enough
}

func (f fill) empty() bool {
	for _, a := range f {
		if a.rows != 0 || !a.cost.IsZero() {
			return false
		}
	}
	return true
}

// settle takes a provider's last complete day from the history of its loads, where that tells it: the newest day that was old enough
// at the last load. A feed that brought nothing of such a day may have been exported long before it was loaded; how full its last
// days are is then judged by their rows, as where there is no history.
func (p *Provider) settle(loads []store.Load) {
	if p.Monthly {
		p.How = "monthly rows"
		return
	}
	days, n, last := history(loads, p.Name)
	if over := last.AddDate(0, 0, -1); n > 0 && p.Through.After(over) { // however much has come of a day, it was not over at the last load
		p.Through = over
	}
	s, ok, enough := settling(days, n)
	if !ok && enough {
		p.How = fmt.Sprintf("by rows per weekday: days go on changing as long as they are watched, %d days", store.ArrivalDays)
		return
	}
	if !ok {
		p.How = fmt.Sprintf("by rows per weekday: %s too little history", few(n))
		return
	}
	through := last.AddDate(0, 0, -s.Days)
	if p.Last.Before(through) {
		p.How = fmt.Sprintf("by rows per weekday: the last load, on %s, held nothing after %s", last.Format("2 Jan"), p.Last.Format("2 Jan"))
		return
	}
	p.Through, p.Settles, p.How = through, &s, s.String()
}

func few(n int) string {
	switch n {
	case 0:
		return "no load of these days is"
	case 1:
		return "1 load is"
	}
	return fmt.Sprintf("%d loads are", n)
}

// upTo are the loads that a snapshot was made from, newest first.
func upTo(loads []store.Load, snapshot int64) []store.Load {
	if i := slices.IndexFunc(loads, func(l store.Load) bool { return l.Snapshot == snapshot }); i >= 0 {
		return loads[i:]
	}
	return nil
}
