package ticket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/jira/wiki"
	"spendbot/runbooks"
)

// Facts are what a ticket is made of. What is empty is left out.
type Facts struct {
	ID    string // the incident's: I-7F3K2M
	Slice string // "NAT gateway bytes · payments-prod · us-east-1"
	Kind  string // spike, step, drift, drop, appearance, disappearance
	Team  string
	// Provider is whose bill it is: of a runbook's commands only its own are shown; "" for all.
	Provider string
	How      string // "usage x4.1, price unchanged"
	// Onset is the first day, Through the last complete one.
	Onset, Through time.Time
	Going          bool
	Currency       string
	// PerDay is the excess a day, SoFar since the onset, ToMonthEnd what comes on top until the month ends if nothing is done. They are estimates where they rest on
	// what was expected.
	PerDay, SoFar, ToMonthEnd analysis.Amount
	// Low and High are the band of what was expected a day.
	Low, High analysis.Amount
	Bridge    *analysis.Bridge
	Evidence  []Evidence
	// Events are near in time, a sentence each.
	Events  []string
	Runbook *runbooks.Runbook
	Saving  Saving
	Thread  string // its address
}

// Evidence is an answer that the ticket rests on.
type Evidence struct {
	ID, Question string
	Queries      []analysis.QueryTrace
}

// mostDrivers, mostResources and mostSQL bound what a ticket shows; the answers have the rest.
const (
	mostDrivers   = 6
	mostResources = 5
	mostSQL       = 2
)

// Summary says slice, effect and money in one line.
func Summary(f Facts) string {
	what := f.Slice
	if f.How != "" {
		how, _, _ := strings.Cut(f.How, ",")
		how, _, _ = strings.Cut(how, ";")
		what += ": " + how
	}
	money := render.Money(f.PerDay.Abs(), f.Currency) + " a day " + overUnder(f.PerDay) + " expected"
	since := " since " + f.Onset.Format("2 Jan")
	if strings.HasSuffix(what, since) {
		since = ""
	}
	if f.Going {
		if month := analysis.Monthly(f.PerDay.Abs()); month.Sign() > 0 {
			money += " (about " + render.Compact(month, f.Currency) + " a month)"
		}
		return what + since + ": " + money
	}
	return fmt.Sprintf("%s from %s to %s: %s", what, f.Onset.Format("2 Jan"), f.Through.Format("2 Jan"), money)
}

func overUnder(a analysis.Amount) string {
	if a.IsNegative() {
		return "under"
	}
	return "over"
}

// Description is the ticket's text in Jira's markup.
func Description(f Facts) string {
	return wiki.Doc("The rest is in the thread and in the answers named above.", f.changed(), f.evidence(), f.mechanism(), f.steps(), f.expected(), f.verify(), f.queries(), f.links())
}

func (f Facts) money(a analysis.Amount) string { return render.Money(a, f.Currency) }

func (f Facts) changed() string {
	lines := []string{wiki.Heading(3, "What changed")}
	now := f.Low.Add(f.High).Div(decimal.NewFromInt(2)).Add(f.PerDay)
	first := fmt.Sprintf("%s cost about %s a day, expected %s to %s", f.Slice, f.money(now), f.money(f.Low), f.money(f.High))
	if f.High.IsZero() {
		first = fmt.Sprintf("%s cost about %s a day, expected nothing", f.Slice, f.money(now))
	}
	lines = append(lines, wiki.Text(first+"."))
	since := fmt.Sprintf("Since %s, %s %s expected through %s", f.Onset.Format("Mon 2 Jan 2006"), f.money(f.SoFar.Abs()), overUnder(f.SoFar), f.Through.Format("Mon 2 Jan"))
	if f.Going && f.ToMonthEnd.Sign() > 0 {
		since += fmt.Sprintf("; about %s more by the end of the month if nothing changes", f.money(f.ToMonthEnd))
	} else if !f.Going {
		since = fmt.Sprintf("From %s to %s: %s %s expected. It has ended", f.Onset.Format("Mon 2 Jan"), f.Through.Format("Mon 2 Jan 2006"), f.money(f.SoFar.Abs()), overUnder(f.SoFar))
	}
	lines = append(lines, wiki.Text(since+"."))
	if f.How != "" {
		lines = append(lines, wiki.Text("How: "+f.How+"."))
	}
	read := "Effective cost in " + f.Currency + ", days in UTC."
	if f.Team != "" {
		read += " Owner: team " + f.Team + "."
	} else {
		read += " Owner: nobody is known."
	}
	return strings.Join(append(lines, wiki.Text(read)), "\n")
}

func (f Facts) evidence() string {
	lines := []string{wiki.Heading(3, "Evidence")}
	if b := f.Bridge; b != nil {
		var effects []string
		for _, e := range b.Effects {
			if !e.Amount.IsZero() {
				effects = append(effects, render.EffectWords(e.Effect)+" "+render.Delta(e.Amount, f.Currency))
			}
		}
		lines = append(lines, wiki.Text(fmt.Sprintf("From %s to %s, %s: %s.", f.money(b.Change.Baseline), f.money(b.Change.Current), render.Delta(b.Change.Delta, f.Currency), strings.Join(effects, ", "))))
		rows := [][]string{{"driver", "change", "since", "how"}}
		for i, d := range b.Drivers {
			if i == mostDrivers {
				break
			}
			since := ""
			if !d.Onset.Day.IsZero() {
				since = d.Onset.Day.Format("Mon 2 Jan")
			}
			rows = append(rows, []string{d.Label, render.Delta(d.Amount, f.Currency), since, d.How})
		}
		rest := b.Rest.Amount
		for _, d := range b.Drivers[min(len(b.Drivers), mostDrivers):] {
			rest = rest.Add(d.Amount)
		}
		if !rest.IsZero() {
			rows = append(rows, []string{"everything else", render.Delta(rest, f.Currency), "", ""})
		}
		rows = append(rows, []string{"all", render.Delta(b.Change.Delta, f.Currency), "", ""})
		if len(b.Drivers) > 0 {
			lines = append(lines, wiki.Table(rows))
		}
		if res := f.resources(); len(res) > 1 {
			lines = append(lines, "", wiki.Table(res)) // without the empty line the two were one table
		}
	}
	for _, e := range f.Evidence {
		lines = append(lines, wiki.Text(fmt.Sprintf("Answer %s (%s): run it again with ", e.ID, e.Question))+wiki.Mono("spendbot trace "+e.ID+" --rerun"))
	}
	if len(lines) == 1 {
		return ""
	}
	return strings.Join(lines, "\n")
}

// queries are those that the evidence comes from: at the end, where they keep nobody from the steps.
func (f Facts) queries() string {
	lines := []string{wiki.Heading(3, "The SQL behind it")}
	for _, e := range f.Evidence {
		queries := telling(e.Queries)
		for i, q := range queries {
			if i == mostSQL {
				more := "1 more query is"
				if n := len(queries) - i; n > 1 {
					more = fmt.Sprintf("%d more queries are", n)
				}
				lines = append(lines, wiki.Text(fmt.Sprintf("%s in answer %s.", more, e.ID)))
				break
			}
			lines = append(lines, wiki.Code("sql", "-- "+q.Name+"\n"+clipped(q.Shown(readers))))
		}
	}
	if len(lines) == 1 {
		return ""
	}
	return strings.Join(lines, "\n")
}

// readers stands for whoever reads a ticket: not everybody who may see all spend, so that what a query says of others' ownership is left out.
var readers = []analysis.Filter{{}}

// scans are queries over everything, by which an anomaly was found: they say less of it than its drivers' do, at more length.
var scans = []string{"daily costs per leaf", "list prices per usage type", "hourly costs per leaf of days not complete", "hourly costs of leaves that may stand out"}

// telling puts the queries first that say most of what a ticket is about.
func telling(list []analysis.QueryTrace) []analysis.QueryTrace {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b analysis.QueryTrace) int {
		rank := func(q analysis.QueryTrace) int {
			if slices.Contains(scans, q.Name) {
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	return out
}

// mostLines and mostChars bound a query in a ticket.
const (
	mostLines = 40
	mostChars = 3000
)

// clipped cuts a long query; the answer has all of it.
func clipped(sql string) string {
	lines := strings.Split(sql, "\n")
	n := 0
	for i, l := range lines {
		if n += len(l) + 1; i == mostLines || n > mostChars {
			return strings.Join(lines[:i], "\n") + "\n-- ... the rest is in the answer"
		}
	}
	return sql
}

// resources are the resources that carry most of it.
func (f Facts) resources() [][]string {
	rows := [][]string{{"resource", "change", "status"}}
	for _, d := range f.Bridge.Drivers {
		for _, r := range d.Resources {
			if len(rows) > mostResources {
				return rows
			}
			name := r.ID
			if r.Name != "" && r.Name != r.ID {
				name = r.Name + " (" + r.ID + ")"
			}
			rows = append(rows, []string{name, render.Delta(r.Amount, f.Currency), r.Status})
		}
	}
	return rows
}

func (f Facts) mechanism() string {
	lines := []string{wiki.Heading(3, "Likely mechanism, to be confirmed")}
	switch {
	case f.fell():
		lines = append(lines, wiki.Text("Only what the bill shows is known. It costs less than expected: either somebody saved it, or something stopped that should run, or its bill is late. Whose is it, and was it meant?"))
	case f.Runbook != nil:
		lines = append(lines, wiki.Text("Hypothesis from the runbook "+f.Runbook.Front.Title+":"), wiki.Markdown(f.Runbook.Section("What you see")), wiki.Bold("Check first:")+" "+wiki.Markdown(f.Runbook.Section("First check")))
		lines = append(lines, f.questions()...)
	case f.How != "":
		lines = append(lines, wiki.Text("Only what the bill shows is known: "+f.How+". No runbook is about this."))
	default:
		return ""
	}
	for _, e := range f.Events {
		lines = append(lines, wiki.Bullets(wiki.Text("Near in time, not shown to be the cause: "+e)))
	}
	return strings.Join(lines, "\n")
}

// mostQuestions is how many of the runbook's questions a ticket has.
const mostQuestions = 3

// questions are what to ask the bot first, as far as what is known of the incident fills them in.
func (f Facts) questions() (out []string) {
	for _, q := range f.Runbook.Questions() {
		if len(out) == mostQuestions {
			break
		}
		if filled, ok := runbooks.Fill(q, runbooks.Dates(f.Onset, f.Onset)); ok {
			out = append(out, wiki.Bullets(wiki.Text("Ask the bot in Slack: ")+wiki.Mono(filled)))
		}
	}
	return out
}

// fell reports whether it costs less than expected: runbooks are about what costs more.
func (f Facts) fell() bool { return f.PerDay.IsNegative() }

func (f Facts) steps() string {
	if f.Runbook == nil || f.fell() {
		return ""
	}
	var lines []string
	for _, s := range []struct{ heading, section string }{{"Steps, each with risk and rollback", "Contain"}, {"Look closer", "Look closer"}, {"So that it does not come again", "Prevent"}} {
		if text := forProvider(f.Runbook.Section(s.section), f.Provider); text != "" {
			if len(lines) > 0 {
				lines = append(lines, "")
			}
			lines = append(lines, wiki.Heading(3, s.heading), wiki.Markdown(text))
		}
	}
	return strings.Join(lines, "\n")
}

// Range says a saving in words.
func (s Saving) Range() string {
	low, high := render.Money(s.Low, s.Currency), render.Money(s.High, s.Currency)
	if low == high {
		return low + " a month"
	}
	return low + " to " + high + " a month"
}

func (f Facts) expected() string {
	lines := []string{wiki.Heading(3, "Expected saving")}
	if f.fell() {
		return strings.Join(append(lines, wiki.Text("None: it costs less than expected already.")), "\n")
	}
	if f.Saving.High.Sign() <= 0 {
		return strings.Join(append(append(lines, wiki.Text("None that can be promised: "+f.Saving.Why+".")), f.work()...), "\n")
	}
	said := fmt.Sprintf("%s at %s. Confidence %s: %s.", f.Saving.Range(), f.Saving.Basis, f.Saving.Confidence, f.Saving.Why)
	if f.Saving.Confidence == analysis.Low {
		said = fmt.Sprintf("It costs %s more at %s. How much of that a fix saves is open: %s.", f.Saving.Range(), f.Saving.Basis, f.Saving.Why)
	}
	lines = append(lines, wiki.Text(said))
	if f.Runbook != nil {
		lines = append(lines, wiki.Markdown(f.Runbook.Section("Saving")))
	}
	return strings.Join(append(lines, f.work()...), "\n")
}

// work is how much work the runbook's steps are, what can go wrong, and how they are undone.
func (f Facts) work() (out []string) {
	if f.Runbook == nil {
		return nil
	}
	front := f.Runbook.Front
	if front.Effort != "" && front.Risk != "" {
		out = append(out, wiki.Bold("Effort:")+" "+wiki.Text(front.Effort)+". "+wiki.Bold("Risk:")+" "+wiki.Text(front.Risk)+".")
	}
	if front.Rollback != "" {
		out = append(out, wiki.Bold("Rollback:")+" "+wiki.Text(front.Rollback))
	}
	return out
}

// used reports whether it is usage that can be used less of, as far as the drivers are known.
func (f Facts) used() bool {
	return f.Bridge == nil || len(f.Bridge.Effects) == 0 || f.Saving.Confidence != analysis.Low || !f.Going
}

func (f Facts) verify() string {
	if f.fell() {
		return ""
	}
	lines := []string{wiki.Heading(3, "How it will be verified"),
		wiki.Text("After Done the bot compares whole weeks of complete days before and after on the bill, at effective cost. Counted is what is used less; not price, credits, calendar, what moved to other resources, or what a commitment still pays. The result comes here and into the thread after 7 complete days.")}
	if !f.used() {
		lines[1] = wiki.Text("Little of this is usage, and the bot's own comparison after Done counts only what is used less: it will show no saving here. Hold the fix against the bill by this:")
		if f.Runbook == nil {
			lines[1] = wiki.Text("Little of this is usage, and the bot's own comparison after Done counts only what is used less: it will show no saving here.")
		}
	}
	if f.Runbook != nil {
		lines = append(lines, wiki.Markdown(f.Runbook.Section("Verify")))
	}
	return strings.Join(lines, "\n")
}

func (f Facts) links() string {
	var lines []string
	if f.Thread != "" {
		lines = append(lines, wiki.Link("The thread in Slack", f.Thread))
	}
	if f.ID != "" {
		lines = append(lines, wiki.Text("spendbot incident "+f.ID))
	}
	return strings.Join(lines, "\n")
}

// TaskFacts are what the ticket of a task of a post-incident review is made of.
type TaskFacts struct {
	ID    string // of the billing incident: B-7F3K2M
	Task  string
	Title string // of the incident
	Owner string // "team payments"
	Since time.Time
	// Thread is the address of the review in Slack.
	Thread string
}

// Task is the ticket of a task that keeps a billing incident from happening again: its summary, and its text in Jira's markup.
func Task(f TaskFacts) (summary, description string) {
	lines := []string{wiki.Text(f.Task + "."), "", wiki.Text(fmt.Sprintf("A task of the review of billing incident %s: %s, since %s. Suggested for %s.", f.ID, f.Title, f.Since.Format("2 Jan 2006"), f.Owner))}
	if f.Thread != "" {
		lines = append(lines, wiki.Link("The review in Slack", f.Thread))
	}
	return strings.ReplaceAll(f.Task, "`", ""), strings.Join(lines, "\n")
}
