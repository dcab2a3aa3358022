package declared

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/state"
)

// money writes an amount as people read it: cents only where it is small.
func money(a analysis.Amount, currency string) string {
	if a.Abs().LessThan(decimal.NewFromInt(100)) && !a.IsZero() {
		return render.MoneyExact(a, currency)
	}
	return render.Money(a, currency)
}

func day(t time.Time) string    { return t.UTC().Format("Mon 2 Jan") }
func moment(t time.Time) string { return t.UTC().Format("2 Jan 15:04") + " UTC" }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// more is how an excess reads: "more than expected" or "less".
func more(a analysis.Amount) string {
	if a.IsNegative() {
		return "less than expected"
	}
	return "over what was expected"
}

// Over reports whether it does not go on by the bill, and did not when somebody said that it is contained: nothing is to come, and nothing was avoided by that.
func (x Exposure) Over() bool { return x.Days > 0 && x.PerDay.IsZero() && x.Avoided.IsZero() }

// Lines say an exposure, one figure to a line, for a card and an update.
func (x Exposure) Lines() []string {
	c := x.Currency
	if x.Days == 0 {
		return []string{"No complete day since " + day(x.Through.AddDate(0, 0, 1)) + " is in the bill yet: nothing to add up."}
	}
	if x.Over() { // its days may have ended long before the bill's
		return []string{fmt.Sprintf("`%s` %s in all, over %s: it cost %s, expected %s", money(x.SoFar.Abs(), c), more(x.SoFar), counted(x.Days, "day", "days"), money(x.Cost, c), money(x.Expected, c)),
			fmt.Sprintf("It does not go on by the complete days through %s.", day(x.Through))}
	}
	out := []string{fmt.Sprintf("`%s` %s so far, over %s through %s: it cost %s, expected %s", money(x.SoFar.Abs(), c), more(x.SoFar), counted(x.Days, "complete day", "complete days"), day(x.Through),
		money(x.Cost, c), money(x.Expected, c))}
	if !x.ContainedAt.IsZero() {
		return append(out,
			fmt.Sprintf("`%s` by %s, contained %s; `%s` had it gone on", money(x.Stopped, c), day(x.MonthEnd), moment(x.ContainedAt), money(x.Undone, c)),
			fmt.Sprintf("`%s` avoided by %s, if it stays contained", money(x.Avoided, c), day(x.MonthEnd)))
	}
	return append(out,
		fmt.Sprintf("`%s` an hour by now, %s a day", money(x.PerHour, c), money(x.PerDay, c)),
		fmt.Sprintf("`%s` by %s if nothing is done; `%s` if it is contained now", money(x.Undone, c), day(x.MonthEnd), money(x.Stopped, c)),
		fmt.Sprintf("`%s` is what waiting until then costs", money(x.Waiting, c)))
}

// Sentence says an exposure in one sentence, for an answer's headline and a notification.
func (x Exposure) Sentence(title string) string {
	c := x.Currency
	if x.Days == 0 {
		return title + ": no complete day of it is in the bill yet."
	}
	s := fmt.Sprintf("%s: %s %s so far", title, money(x.SoFar.Abs(), c), more(x.SoFar))
	if x.Over() {
		return s + "; it does not go on."
	}
	if !x.ContainedAt.IsZero() {
		return s + fmt.Sprintf(", contained %s; %s by %s instead of %s.", moment(x.ContainedAt), money(x.Stopped, c), day(x.MonthEnd), money(x.Undone, c))
	}
	return s + fmt.Sprintf(", %s an hour; %s by %s if nothing is done, %s if it is contained now.", money(x.PerHour, c), money(x.Undone, c), day(x.MonthEnd), money(x.Stopped, c))
}

// Small is the small print under an exposure: how its figures are made.
func (x Exposure) Small() string {
	s := x.Basis
	if !x.PerDay.IsZero() {
		s += "; what comes after " + day(x.Through) + " is estimated at " + money(x.PerDay, x.Currency) + " a day"
	}
	return s
}

// Table is an exposure as a table of an answer.
func (x Exposure) Table() *analysis.Table {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "figure", Label: "exposure", Kind: analysis.ColText}, {Name: "amount", Label: "amount", Kind: analysis.ColMoney}}}
	add := func(label string, a analysis.Amount) {
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: label}, {Amount: &a}}})
	}
	add("cost since the onset, through "+day(x.Through), x.Cost)
	add("expected", x.Expected)
	add("over expected so far", x.SoFar)
	add("a day by now", x.PerDay)
	add("an hour by now", x.PerHour)
	if x.Over() {
		return t
	}
	add("by "+day(x.MonthEnd)+" if nothing is done", x.Undone)
	if x.ContainedAt.IsZero() {
		add("by "+day(x.MonthEnd)+" if it is contained now", x.Stopped)
		add("cost of waiting until then", x.Waiting)
	} else {
		add("by "+day(x.MonthEnd)+", contained "+moment(x.ContainedAt), x.Stopped)
		add("avoided by then", x.Avoided)
	}
	return t
}

// News is what a status update has to tell.
type News struct {
	Fresh bool // the bill, or an estimate from it, says something else than last time
	Text  string
}

// Compare says what an exposure has that the last one did not: nil last is the first.
func Compare(last *state.DeclaredExposure, x Exposure) News {
	if last == nil {
		return News{Fresh: true}
	}
	if last.Through.Equal(x.Through) && last.SoFar.Equal(x.SoFar) && last.PerDay.Equal(x.PerDay) {
		return News{Text: fmt.Sprintf("No new bill since the last update: still %s %s through %s, %s an hour.", money(x.SoFar.Abs(), x.Currency), more(x.SoFar), day(x.Through), money(x.PerHour, x.Currency))}
	}
	n := News{Fresh: true}
	switch d := x.SoFar.Sub(last.SoFar); {
	case x.Through.After(last.Through):
		n.Text = fmt.Sprintf("%s since the last update, with the bill of %s.", render.Delta(d, x.Currency), day(x.Through))
	case !d.IsZero():
		n.Text = fmt.Sprintf("The bill was restated: %s against the last update.", render.Delta(d, x.Currency))
	}
	if !x.PerDay.Equal(last.PerDay) {
		n.Text += fmt.Sprintf(" %s a day, after %s.", money(x.PerDay, x.Currency), money(last.PerDay, x.Currency))
	}
	return n
}

// Exec is an executive update: a number and three sentences.
type Exec struct {
	Number    string
	Sentences [3]string
}

// Executive is the update that somebody outside of the channel reads: what it is, what is done about it, and what it comes to. who names people.
func Executive(d state.Declared, x Exposure, who func(id string) string) Exec {
	c := x.Currency
	e := Exec{Number: money(x.SoFar, c)}
	if x.Days == 0 {
		e.Sentences[0] = fmt.Sprintf("%s was declared a billing incident %s, before any complete day of it was billed.", d.Title, moment(d.Began))
	} else {
		e.Sentences[0] = fmt.Sprintf("%s has cost %s %s since %s (%s through %s).", d.Title, money(x.SoFar.Abs(), c), more(x.SoFar), day(d.Onset), counted(x.Days, "complete day", "complete days"), day(x.Through))
	}
	lead := "nobody leads it yet"
	if id := d.Roles[Lead]; id != "" {
		lead = who(id) + " leads"
	}
	how := ""
	if x.How != "" {
		how = "What changed: " + x.How + "; "
	}
	switch {
	case !d.Open:
		e.Sentences[1] = fmt.Sprintf("%sclosed %s by %s.", how, moment(d.ClosedAt), who(d.ClosedBy))
	case !d.ContainedAt.IsZero():
		if d.ContainedBy == d.Roles[Lead] {
			lead = "who leads"
		} else {
			lead = "and " + lead
		}
		e.Sentences[1] = fmt.Sprintf("%scontained %s by %s, %s.", how, moment(d.ContainedAt), who(d.ContainedBy), lead)
	default:
		e.Sentences[1] = fmt.Sprintf("%s%s, and it is not contained.", how, lead)
	}
	e.Sentences[1] = upper(e.Sentences[1])
	switch {
	case !x.ContainedAt.IsZero():
		e.Sentences[2] = fmt.Sprintf("By %s it comes to %s instead of %s, if it stays contained.", day(x.MonthEnd), money(x.Stopped, c), money(x.Undone, c))
	case x.PerDay.IsZero():
		e.Sentences[2] = "By the last complete days it does not go on."
	default:
		e.Sentences[2] = fmt.Sprintf("By %s it comes to %s if nothing is done and to %s if it is contained now: every day of waiting costs %s.", day(x.MonthEnd), money(x.Undone, c), money(x.Stopped, c), money(x.PerDay, c))
	}
	return e
}

// Text is an executive update as plain text.
func (e Exec) Text() string {
	return e.Number + "\n" + e.Sentences[0] + " " + e.Sentences[1] + " " + e.Sentences[2]
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
