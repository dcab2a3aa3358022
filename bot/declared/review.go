package declared

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

// Facts are what a review is written from.
type Facts struct {
	Declared state.Declared
	Incident *state.Incident // nil of one declared in words
	Exposure Exposure
	Timeline []Entry
	Runbook  *runbooks.Runbook
	// Acknowledged is when somebody first answered; zero for never.
	Acknowledged time.Time
	// Answers are the ids of the answers that its figures are of, in order.
	Answers []string
	Who     func(id string) string
	Written time.Time
}

// Ticket is a task that keeps the same from happening again.
type Ticket struct{ Title, Owner, Due string }

// How long after closing prevention is due, in days: what the runbook says first within two weeks, the rest within a month.
const (
	soon  = 14
	later = 30
)

// Prevention lists the tasks of a review: those of the runbook, and that what it saved is verified.
func Prevention(f Facts) []Ticket {
	owner := cmp.Or(f.Declared.Owner, "FinOps")
	if owner != "FinOps" {
		owner = "team " + owner
	}
	var out []Ticket
	if f.Runbook != nil {
		for i, s := range bullets(f.Runbook.Section("Prevent")) {
			days := later
			if i < 2 {
				days = soon
			}
			out = append(out, Ticket{Title: strings.TrimSuffix(s, "."), Owner: owner, Due: due(f.Written, days)})
		}
	}
	out = append(out, Ticket{Title: "Verify on the bill that it is over: " + f.Declared.Title, Owner: "FinOps", Due: due(f.Written, soon)})
	if in := f.Incident; in != nil && lateness(*in) > 1 {
		out = append(out, Ticket{Title: fmt.Sprintf("Look at a lower floor for %s: `spendbot backtest` says what it would cost in alerts", f.Declared.Title), Owner: "FinOps", Due: due(f.Written, later)})
	}
	return out
}

// due is so many days on, on a working day.
func due(from time.Time, days int) string {
	return analysis.Workday(analysis.DayOf(from).AddDate(0, 0, days)).Format(time.DateOnly)
}

// lateness is how many days after the onset an incident passed its floor.
func lateness(in state.Incident) int { return int(in.Told.Sub(in.Onset).Hours() / 24) }

// Review is a draft of the post-incident review, as Markdown. What only people know is left for them, and says so.
func Review(f Facts) string {
	d, x := f.Declared, f.Exposure
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("# Post-incident review: %s (%s)", text(d.Title), d.ID)
	line("")
	line("Draft, written by the bot when the incident was closed on %s. Figures are the bill's, or estimates where it says so; what only people know is marked *to fill in*.", moment(f.Written))
	line("")
	line("## What happened")
	line("")
	line("- Slice: %s", text(analysis.ScopeWords(d.Filters)))
	line("- Since: %s", day(d.Onset)+d.Onset.Format(" 2006"))
	if x.How != "" {
		line("- What changed in the bill: %s", text(x.How))
	}
	line("- Declared by %s on %s, closed by %s on %s", text(f.Who(d.By)), moment(d.Began), text(f.Who(d.ClosedBy)), moment(d.ClosedAt))
	for _, r := range Roles {
		if id := d.Roles[r]; id != "" {
			line("- %s: %s", upper(RoleWords(r)), text(f.Who(id)))
		}
	}
	line("- Cause: *to fill in*")
	line("- Customer impact of the containment: *to fill in*")
	line("")
	line("## What it cost")
	line("")
	line("| | %s |", cmp.Or(x.Currency, "amount"))
	line("|---|---:|")
	for _, r := range x.Table().Rows {
		line("| %s | %s |", r.Cells[0].Text, render.MoneyExact(*r.Cells[1].Amount, x.Currency))
	}
	line("")
	line("%s.", upper(x.Small()))
	if len(f.Answers) > 0 {
		line("Evidence: %s. Each shows its queries again with `spendbot trace ID`.", strings.Join(f.Answers, ", "))
	}
	line("")
	line("## Timeline (UTC)")
	line("")
	line("| when | who | what |")
	line("|---|---|---|")
	for _, e := range f.Timeline {
		who, what := "the bot", text(e.What)
		if e.Who != "" {
			who = text(f.Who(e.Who))
		}
		if e.Said {
			what = "\u201c" + what + "\u201d"
		}
		line("| %s | %s | %s |", e.At.UTC().Format("2006-01-02 15:04"), who, what)
	}
	line("")
	line("## Detection and response")
	line("")
	line("| | took | from | to |")
	line("|---|---:|---|---|")
	span := func(what string, from, to time.Time, a, z string) {
		if !from.IsZero() && !to.IsZero() {
			line("| %s | %s | %s | %s |", what, elapsed(to.Sub(from)), a+" "+moment(from), z+" "+moment(to))
		}
	}
	if in := f.Incident; in != nil {
		span("to detect, from the first usage", in.Onset, in.Opened, "onset", "told")
		span("to detect, from the data", in.Arrived, in.Opened, "data arrived", "told")
		span("to acknowledge", in.Opened, f.Acknowledged, "told", "answered")
		span("to declare", in.Opened, d.Began, "told", "declared")
		span("to contain", in.Opened, contained(f), "told", "contained")
		span("to resolve", in.Opened, in.ResolvedAt, "told", "resolved by the bill")
	} else {
		span("to declare, from the first usage", d.Onset, d.Began, "onset", "declared")
		span("to contain", d.Began, contained(f), "declared", "contained")
	}
	span("to close", d.Began, d.ClosedAt, "declared", "closed")
	if contained(f).IsZero() {
		line("")
		line("Nobody said when it was contained, and the bill does not show it yet.")
	}
	line("")
	line("## What would have caught it sooner")
	line("")
	for _, s := range Sooner(f) {
		line("- %s", text(s))
	}
	line("- *To fill in: what the people who run it would have seen first.*")
	line("")
	line("## Prevention")
	line("")
	if f.Runbook != nil {
		line("From the runbook \u201c%s\u201d.", f.Runbook.Front.Title)
	}
	line("Suggestions, with their owners and days. Where Jira is connected, \u201cOpen tickets\u201d under the message that closed the incident makes tickets of them.")
	line("")
	line("| task | owner | due |")
	line("|---|---|---|")
	for _, t := range Prevention(f) {
		line("| %s | %s | %s |", text(t.Title), text(t.Owner), t.Due)
	}
	return b.String()
}

// contained is when it was contained: as somebody said, or as the bill showed.
func contained(f Facts) time.Time {
	if !f.Declared.ContainedAt.IsZero() || f.Incident == nil {
		return f.Declared.ContainedAt
	}
	return f.Incident.ContainedAt
}

// Sooner says what of the detection and response took time, each with what would have shortened it. It claims only what the times show.
func Sooner(f Facts) []string {
	in := f.Incident
	if in == nil {
		return []string{"No alert told of it: it was declared in words. `spendbot anomalies --since " + f.Declared.Onset.Format(time.DateOnly) + "` says whether it is below the floors; a lower floor for this slice would tell."}
	}
	var out []string
	if n := lateness(*in); n > 0 {
		out = append(out, fmt.Sprintf("It passed its floor (%s) on %s, %s after its onset: a lower floor for this slice tells sooner.", cmp.Or(in.Rule, "the default"), day(in.Told), counted(n, "day", "days")))
	} else {
		out = append(out, "It passed its floor on its first day: a lower floor would not have told sooner.")
	}
	if told := in.Told.AddDate(0, 0, 1); !in.Arrived.IsZero() && in.Arrived.Sub(told) > 0 {
		out = append(out, fmt.Sprintf("The bill of %s was complete %s after the day ended: that wait is the provider's, and a budget or quota on the resource itself is what is faster than a bill.", day(in.Told), elapsed(in.Arrived.Sub(told))))
	}
	if !in.Arrived.IsZero() && in.Opened.Sub(in.Arrived) > time.Hour {
		out = append(out, fmt.Sprintf("It was told %s after its data arrived: look at how often bills are loaded and at quiet hours.", elapsed(in.Opened.Sub(in.Arrived))))
	}
	switch {
	case f.Acknowledged.IsZero():
		out = append(out, "Nobody answered the alert in its thread before it was declared.")
	case f.Acknowledged.Sub(in.Opened) > 4*time.Hour:
		out = append(out, fmt.Sprintf("Nobody answered for %s: an earlier escalation is a line of the configuration.", elapsed(f.Acknowledged.Sub(in.Opened))))
	}
	return out
}

// text makes anything one line of Markdown that stands in a table and marks nothing up.
func text(s string) string {
	s = strings.Join(strings.Fields(render.Clean(s)), " ")
	return markdown.Replace(s)
}

var markdown = strings.NewReplacer("|", `\|`, "<", "&lt;", "[", `\[`, "*", `\*`, "_", `\_`)
