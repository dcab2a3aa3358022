package anomaly

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// Tally counts alerts of one sort.
type Tally struct {
	Name    string         `json:"name"`
	Alerts  int            `json:"alerts"`
	PerWeek string         `json:"per_week"`       // to two decimals
	Most    int            `json:"most_in_a_week"` // of any week
	Quiet   int            `json:"weeks_without"`  // weeks without any
	Ended   map[Ending]int `json:"ended"`          // by what became of them
	weeks   []int
}

// tally counts the alerts that a name is made of, the most frequent name first.
func (rp *Replay) tally(name func(Alert) string) []Tally {
	var out []Tally
	for _, a := range rp.Alerts {
		n := name(a)
		i := slices.IndexFunc(out, func(t Tally) bool { return t.Name == n })
		if i < 0 {
			i = len(out)
			out = append(out, Tally{Name: n, Ended: map[Ending]int{}, weeks: make([]int, rp.Weeks)})
		}
		out[i].Alerts++
		out[i].Ended[a.Ending]++
		if w := daysBetween(rp.Period.Start, a.Day) / 7; w >= 0 && w < rp.Weeks {
			out[i].weeks[w]++
		}
	}
	for i := range out {
		out[i].count(rp.Weeks)
	}
	slices.SortStableFunc(out, func(a, b Tally) int { return b.Alerts - a.Alerts })
	return out
}

func (t *Tally) count(weeks int) {
	t.PerWeek = decimal.NewFromInt(int64(t.Alerts)).DivRound(decimal.NewFromInt(int64(max(1, weeks))), 2).StringFixed(2)
	for _, n := range t.weeks {
		t.Most = max(t.Most, n)
		if n == 0 {
			t.Quiet++
		}
	}
}

// Channels, Kinds and FloorRules count the alerts by where they go, by their shape, and by the floor that let them through.
func (rp *Replay) Channels() []Tally { return rp.tally(func(a Alert) string { return a.Channel }) }

// Kinds counts the alerts by their shape.
func (rp *Replay) Kinds() []Tally { return rp.tally(func(a Alert) string { return string(a.Became) }) }

// FloorRules counts the alerts by the floor that let them through.
func (rp *Replay) FloorRules() []Tally {
	return rp.tally(func(a Alert) string {
		if a.Floor == "default" {
			return "default"
		}
		return "rule " + a.Floor
	})
}

// mostListed is how many alerts are listed for people, the latest.
const mostListed = 20

// Tell puts a replay into an answer.
func (rp *Replay) Tell(a *analysis.Answer) {
	a.Trace.Queries = append(a.Trace.Queries, rp.Result.Queries...)
	all := rp.tally(func(Alert) string { return "all" })
	when := fmt.Sprintf("in the %d weeks up to %s", rp.Weeks, rp.Period.Last().Format("2 Jan 2006"))
	if len(all) == 0 {
		a.Headline = fmt.Sprintf("No alert %s, in %d series.", when, rp.Result.Series)
		return
	}
	t := all[0]
	a.Headline = fmt.Sprintf("%s %s: %s a week, at most %d in one; %d of them were over within two days.", plural(t.Alerts, "alert"), when, t.PerWeek, t.Most, t.Ended[OverSoon])
	for _, x := range []struct {
		of     string
		counts []Tally
	}{{"channel", rp.Channels()}, {"floor", rp.FloorRules()}, {"kind", rp.Kinds()}} {
		tb := &analysis.Table{Columns: []analysis.Column{{Name: x.of, Label: x.of, Kind: analysis.ColText}}}
		for _, c := range [][2]string{{"alerts", "alerts"}, {"per_week", "a week"}, {"most_in_a_week", "most"}, {"over_soon", "over soon"}, {"over_later", "later"}, {"new_level", "stayed"}, {"going_on", "going"}} {
			tb.Columns = append(tb.Columns, analysis.Column{Name: c[0], Label: c[1], Kind: analysis.ColNumber})
		}
		for _, t := range x.counts {
			row := analysis.Row{Cells: []analysis.Cell{{Text: t.Name}}}
			perWeek, _ := decimal.NewFromString(t.PerWeek)
			for _, v := range []analysis.Amount{whole(t.Alerts), perWeek, whole(t.Most), whole(t.Ended[OverSoon]), whole(t.Ended[OverLater]), whole(t.Ended[NewLevel]), whole(t.Ended[GoesOn])} {
				row.Cells = append(row.Cells, analysis.Cell{Amount: &v})
			}
			tb.Rows = append(tb.Rows, row)
		}
		a.Parts = append(a.Parts, analysis.Part{Table: tb})
	}
	var lines []string
	first := max(0, len(rp.Alerts)-mostListed)
	for _, al := range rp.Alerts[first:] {
		lines = append(lines, fmt.Sprintf("%s  %s: %s, %s when told, in %s, %s", al.Day.Format(time.DateOnly), al.Became, al.name(), signed(al.Excess, al.Currency), al.Channel, al.Ending))
	}
	if first > 0 {
		lines = append([]string{fmt.Sprintf("the last %d of them:", mostListed)}, lines...)
	}
	a.Parts = append(a.Parts, analysis.Part{Text: strings.Join(lines, "\n")})
	a.Caveats = append(a.Caveats, "each day is judged by the days before it, with the amounts the snapshot has now: what was restated since is seen as it is",
		"over soon is within two days of being told: nobody could have acted, so in hindsight it was mostly a false alarm; what stayed became the level")
	if n := countFallback(rp.Alerts); n > 0 {
		a.Caveats = append(a.Caveats, plural(n, "alert")+" had no owner with a channel and went to the fallback channel")
	}
	for _, m := range rp.Result.Monthly {
		a.Caveats = append(a.Caveats, fmt.Sprintf("%s charges %s by the month: it has no days and is left out", m.Provider, render.MoneyExact(m.Cost.Round(2), m.Currency)))
	}
}

func whole(n int) analysis.Amount { return decimal.NewFromInt(int64(n)) }

func countFallback(alerts []Alert) (n int) {
	for _, a := range alerts {
		if a.Fallback {
			n++
		}
	}
	return n
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
