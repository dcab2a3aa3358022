package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/owners"
	"spendbot/analysis/render"
	"spendbot/bot"
	"spendbot/bot/access"
	"spendbot/bot/backlog"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/secret"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
)

// jiraConfig says how tickets are made. Where Jira is and the token are not in it: they come from the environment.
type jiraConfig struct {
	Project    string                       `yaml:"project"` // of teams that the owners give none
	Type       string                       `yaml:"type"`    // default Task
	Labels     []string                     `yaml:"labels"`
	Components []string                     `yaml:"components"`
	Priority   map[incident.Severity]string `yaml:"priority"` // Jira's names, by severity
	Due        map[incident.Severity]string `yaml:"due"`      // 3d
	Fields     map[string]any               `yaml:"fields"`   // by id; $saving, $team and so on are filled in
	Readers    string                       `yaml:"readers"`  // the scope of who can read the project
	Reject     []string                     `yaml:"reject"`   // resolutions that decline
	Reopen     string                       `yaml:"reopen"`   // 14d
	Poll       string                       `yaml:"poll"`     // 5m
	Emoji      string                       `yaml:"emoji"`    // passes a reply of a thread on
	Policy     *struct {
		Name     string            `yaml:"name"`
		Severity incident.Severity `yaml:"severity"` // at least
		After    string            `yaml:"after"`    // 48h
		DryRun   *bool             `yaml:"dry_run"`  // true unless it says otherwise
	} `yaml:"policy"`
}

// defaultPriority and defaultDue are by severity, with the names of Jira's own scheme.
var (
	defaultPriority = map[incident.Severity]string{incident.High: "High", incident.Medium: "Medium", incident.Low: "Low"}
	defaultDue      = map[incident.Severity]time.Duration{incident.High: 3 * 24 * time.Hour, incident.Medium: 14 * 24 * time.Hour, incident.Low: 30 * 24 * time.Hour}
)

// jiraHookSecret is what Jira's webhooks are signed with.
const jiraHookSecret = "JIRA_WEBHOOK_SECRET"

// longSpan reads a duration that may be in days: 14d, 36h.
func longSpan(s string) (time.Duration, error) {
	if d, ok := strings.CutSuffix(strings.TrimSpace(s), "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 || n > 3650 {
			return 0, fmt.Errorf("%q is no number of days", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("%q is below zero", s)
	}
	return d, err
}

// options are the bot's, but for the client and what the owners say.
func (c jiraConfig) options(p *access.Policy) (o bot.TicketOptions, err error) {
	bad := func(field string, value any, want string) (bot.TicketOptions, error) {
		return o, usageError{fmt.Errorf("jira.%s is %q; %s", field, fmt.Sprint(value), want)}
	}
	o = bot.TicketOptions{Rules: ticket.DefaultRules(), Priority: maps.Clone(defaultPriority), Due: maps.Clone(defaultDue), Fields: c.Fields}
	severity := func(s incident.Severity) bool { return s == incident.Low || s == incident.Medium || s == incident.High }
	for s, name := range c.Priority {
		if !severity(s) {
			return bad("priority", s, "the severities are low, medium and high")
		}
		o.Priority[s] = name
	}
	for s, text := range c.Due {
		if !severity(s) {
			return bad("due", s, "the severities are low, medium and high")
		}
		if o.Due[s], err = longSpan(text); err != nil {
			return bad("due."+string(s), text, "write a number of days, as 14d")
		}
	}
	if len(c.Reject) > 0 {
		o.Rules.Reject = c.Reject
	}
	if c.Reopen != "" {
		if o.Rules.Reopen, err = longSpan(c.Reopen); err != nil {
			return bad("reopen", c.Reopen, "write a duration, as 14d")
		}
	}
	if c.Poll != "" {
		if o.Poll, err = longSpan(c.Poll); err != nil || o.Poll < 10*time.Second {
			return bad("poll", c.Poll, "write a duration of at least 10s, as 5m")
		}
	}
	o.Emoji = strings.Trim(c.Emoji, ":")
	if o.Emoji != "" && !emojiName.MatchString(o.Emoji) {
		return bad("emoji", c.Emoji, "write an emoji's name, as ticket")
	}
	if c.Readers != "" {
		scope, ok := p.Scopes()[c.Readers]
		if !ok {
			return bad("readers", c.Readers, "name a scope of access.scopes: what the people who can read the Jira project may see")
		}
		o.Readers = scope
	}
	for _, l := range c.Labels {
		if !jira.LabelOK(l) {
			return bad("labels", l, "a label of Jira's has no spaces")
		}
	}
	if c.Policy != nil {
		t := &bot.TicketPolicy{Name: cmp.Or(c.Policy.Name, "default"), Severity: cmp.Or(c.Policy.Severity, incident.High), After: 48 * time.Hour, DryRun: c.Policy.DryRun == nil || *c.Policy.DryRun}
		if !severity(t.Severity) {
			return bad("policy.severity", t.Severity, "the severities are low, medium and high")
		}
		if c.Policy.After != "" {
			if t.After, err = longSpan(c.Policy.After); err != nil {
				return bad("policy.after", c.Policy.After, "write a duration, as 48h or 2d")
			}
		}
		o.Policy = t
	}
	return o, nil
}

// ticketOptions are the bot's options for tickets; without JIRA_URL and a project none are made.
func (a *app) ticketOptions(st *opened, p *access.Policy, log *slog.Logger) (bot.TicketOptions, error) {
	o, err := a.cfg.Jira.options(p)
	if err != nil {
		return o, err
	}
	cfg, ok, err := jira.ReadConfig()
	if a.jira != nil {
		cfg, ok, err = *a.jira, true, nil
	}
	if err != nil {
		return o, usageError{err}
	}
	if o.Target, err = a.ticketTargets(st); err != nil || !ok {
		return o, err
	}
	o.Jira, err = jira.New(cfg, log)
	return o, err
}

// ticketTargets tells where tickets of a team go, by the owners in force on a day and the configuration.
func (a *app) ticketTargets(st *opened) (func(team string, day time.Time) bot.TicketTarget, error) {
	book, err := a.book(owners.HistoryIn(st.Dir()))
	if err != nil {
		return nil, err
	}
	c := a.cfg.Jira
	return func(team string, day time.Time) bot.TicketTarget {
		to := bot.TicketTarget{Project: c.Project, Type: cmp.Or(c.Type, "Task"), Components: c.Components, Labels: c.Labels}
		if book == nil || len(book.Versions()) == 0 || team == "" {
			return to
		}
		sets := book.At(day).Config.Teams[team].Sets
		to.Project = cmp.Or(sets[owners.JiraProject], to.Project)
		to.Assignee, to.CostCentre = sets[owners.Assignee], sets[owners.CostCentre]
		return to
	}, nil
}

// ticketFields are the fields that the bot fills, for the proof.
func (c jiraConfig) ticketFields() []string {
	out := []string{"summary", "project", "issuetype", "description", "labels", "priority", "duedate"}
	if len(c.Components) > 0 {
		out = append(out, "components")
	}
	return append(out, slices.Sorted(maps.Keys(c.Fields))...)
}

// checkJira proves that tickets can be made, before the first is.
func (a *app) checkJira(ctx context.Context, r *checks, p *access.Policy) {
	o, err := a.cfg.Jira.options(p)
	if err != nil {
		r.fix("mend the configuration", "%v", err)
		return
	}
	cfg, ok, err := jira.ReadConfig()
	switch {
	case err != nil:
		r.fix("`spendbot serve --help` and the README say where they come from", "Jira: %v", err)
		return
	case !ok:
		r.note("set JIRA_URL, JIRA_USER and JIRA_TOKEN to open tickets", "Jira is not connected: no tickets")
		return
	}
	c, err := jira.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		r.fix("", "Jira: %v", err)
		return
	}
	me, err := c.Identify(ctx)
	if err != nil {
		hint := "check JIRA_URL, JIRA_USER and JIRA_TOKEN"
		if e, ok := errors.AsType[*jira.Error](err); ok && e.Hint() != "" {
			hint = e.Hint()
		}
		r.fix(hint, "Jira: %v", err)
		return
	}
	kind := "Data Center"
	if me.Cloud {
		kind = "Cloud"
	}
	r.ok("Jira %s %s, as %s", kind, me.Site, me.Name)
	projects := map[string]bool{}
	if a.cfg.Jira.Project != "" {
		projects[a.cfg.Jira.Project] = true
	}
	if a.flags.store != "" {
		if book, err := a.book(owners.HistoryIn(a.flags.store)); err == nil && book != nil && len(book.Versions()) > 0 {
			for _, t := range book.At(a.now).Config.Teams {
				if p := t.Sets[owners.JiraProject]; p != "" {
					projects[p] = true
				}
			}
		}
	}
	if len(projects) == 0 {
		r.fix("set jira.project, or jira_project of the teams in the owners' rules", "no Jira project is named")
	}
	for _, project := range slices.Sorted(maps.Keys(projects)) {
		found, err := c.Prove(ctx, project, cmp.Or(a.cfg.Jira.Type, "Task"), a.cfg.Jira.ticketFields())
		if err != nil {
			hint := "check the project's key and the account's rights"
			if e, ok := errors.AsType[*jira.Error](err); ok && e.Hint() != "" {
				hint = e.Hint()
			}
			r.fix(hint, "Jira: %v", err)
			continue
		}
		for _, f := range found {
			if f.OK {
				r.ok("Jira: %s", f.What)
			} else {
				r.fix(f.Do, "Jira: %s", f.What)
			}
		}
	}
	if o.Policy != nil && !o.Policy.DryRun {
		r.ok("Jira: the policy %s opens tickets of %s severity by itself after %s", o.Policy.Name, o.Policy.Severity, o.Policy.After)
	}
	if key, err := secret.Read(jiraHookSecret); err == nil && key == "" {
		r.note("set "+jiraHookSecret+" and a webhook to /jira/webhook to hear of changes at once", "Jira is looked at every few minutes")
	}
}

// backlogJSON is the backlog for programs.
type backlogJSON struct {
	Opportunities []backlog.Opportunity `json:"opportunities"`
	Totals        []expectedJSON        `json:"totals"`
	Throughput    []backlog.Flow        `json:"throughput"`
	Ranked        string                `json:"ranked_by"`
}

type expectedJSON struct {
	backlog.Total
	Low  analysis.Amount `json:"low"`
	High analysis.Amount `json:"high"`
}

func (a *app) backlog() *cobra.Command {
	var o struct {
		team      string
		json, csv bool
		all       bool
	}
	c := &cobra.Command{
		Use:   "backlog",
		Short: "List what could be saved, the most for a day of work first",
		Long: `Lists what could be saved: every open incident that costs more than expected, with its ticket where it has one. Ranked by
` + backlog.HowRanked + `.
What overlaps on the same series is counted once; sums are kept apart by what they rest on.`,
		Example: "  spendbot backlog --team payments\n  spendbot backlog --csv > backlog.csv",
		Args:    oneOf(exactArgs(0, "no arguments"), "json", "csv"),
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			books, err := a.library()
			if err != nil {
				return err
			}
			list, err := bot.Opportunities(c.Context(), st.state, books, nil)
			if err != nil {
				return err
			}
			if o.team != "" {
				list = slices.DeleteFunc(list, func(x backlog.Opportunity) bool { return !strings.EqualFold(x.Team, o.team) })
			}
			flow := backlog.Throughput(list)
			ranked := backlog.Rank(list)
			if !o.all {
				ranked = slices.DeleteFunc(ranked, func(x backlog.Opportunity) bool { return !x.State.Open() })
			}
			totals := backlog.Sum(ranked)
			switch {
			case o.json:
				out := backlogJSON{Opportunities: ranked, Totals: []expectedJSON{}, Throughput: flow, Ranked: backlog.HowRanked}
				if out.Opportunities == nil {
					out.Opportunities = []backlog.Opportunity{}
				}
				if out.Throughput == nil {
					out.Throughput = []backlog.Flow{}
				}
				for _, t := range totals {
					out.Totals = append(out.Totals, expectedJSON{t, t.Low, t.High})
				}
				return encode(a.stdout, out)
			case o.csv:
				return a.backlogCSV(ranked)
			}
			return a.backlogTable(ranked, totals, flow)
		},
	}
	f := c.Flags()
	f.StringVar(&o.team, "team", "", "of one team")
	f.BoolVar(&o.all, "all", false, "those that are done and declined too")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	f.BoolVar(&o.csv, "csv", false, "print as CSV")
	return c
}

func (a *app) backlogCSV(list []backlog.Opportunity) error {
	rows := [][]string{{"id", "title", "team", "category", "state", "low", "high", "currency", "basis", "confidence", "effort", "risk", "score", "since", "ticket", "assignee", "due", "overlaps", "answer"}}
	for _, x := range list {
		due := ""
		if !x.Due.IsZero() {
			due = x.Due.Format(time.DateOnly)
		}
		rows = append(rows, []string{x.ID, x.Title, x.Team, x.Category, string(x.State), x.Low.String(), x.High.String(), x.Currency, string(x.Basis), string(x.Confidence), string(x.Effort), string(x.Risk), x.Score.String(), x.Since.Format(time.DateOnly), x.Ticket, x.Assignee, due, x.Overlaps, x.Answer})
	}
	return a.csv(rows)
}

func (a *app) backlogTable(list []backlog.Opportunity, totals []backlog.Total, flow []backlog.Flow) error {
	if len(list) == 0 {
		fmt.Fprintln(a.stdout, "Nothing is open in the backlog. It fills with incidents: `spendbot serve` finds them after each load.")
		return nil
	}
	var head []string
	for _, t := range totals {
		s := fmt.Sprintf("%s a month at %s (%d", render.MoneyRange(t.Low, t.High, t.Currency), t.Basis, t.Count)
		if t.Overlap > 0 {
			s += fmt.Sprintf("; %d more overlap and are not counted", t.Overlap)
		}
		head = append(head, s+")")
	}
	if len(head) > 0 {
		fmt.Fprintf(a.stdout, "Could be saved: %s.\n\n", strings.Join(head, "; "))
	}
	t := lightTable(table.Row{"what", "a month", "effort", "score", "state", "whose", "ticket", "id"})
	for _, x := range list {
		work := string(x.Effort)
		if x.Risk != "" {
			work += ", " + string(x.Risk) + " risk"
		}
		id := x.ID
		if x.Overlaps != "" {
			id += " (in " + x.Overlaps + ")"
		}
		t.AppendRow(table.Row{render.Clean(clipText(x.Title, 60)), render.MoneyRange(x.Low, x.High, x.Currency), work, x.Score.Round(0).String(), string(x.State), render.Clean(cmp.Or(x.Assignee, x.Team)), x.Ticket, id})
	}
	fmt.Fprintln(a.stdout, t.Render())
	if len(flow) > 0 {
		fmt.Fprintln(a.stdout)
		for _, f := range flow {
			cycle := "none done"
			if f.Done > 0 {
				cycle = fmt.Sprintf("median %.1f days from asked for to done", f.Cycle.Hours()/24)
			}
			fmt.Fprintf(a.stdout, "%s: %d planned, %d done, %d declined, %d verified (%s a month); %s\n", f.Quarter, f.Planned, f.Done, f.Declined, f.Verified, render.Money(f.Saved, f.Currency), cycle)
		}
	}
	return nil
}

// lightTable is a table without lines around it.
func lightTable(header table.Row) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(header)
	return t
}

func clipText(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// savingsJSON is what is proved, for programs.
type savingsJSON struct {
	Fixes      []fixJSON       `json:"fixes"`
	Months     []backlog.Month `json:"months"`
	Totals     []backlog.Sums  `json:"totals"`
	Realized   string          `json:"realized_is"`
	Annualized string          `json:"annualized_is"`
}

type fixJSON struct {
	Ticket string `json:"ticket"`
	Key    string `json:"key"`
	What   string `json:"what"`
	State  string `json:"state"`
	Since  string `json:"since"`
	state.SavingFigures
}

func (a *app) savings() *cobra.Command {
	var asJSON, asCSV bool
	c := &cobra.Command{
		Use:   "savings",
		Short: "Say what fixes have saved, as the bill shows it",
		Long: `Says what is saved and avoided by month, team and category, and of each ticket that is done what the bill shows of it.

What counts in a month: ` + backlog.HowRealized + `.
A year, where one is named: ` + backlog.HowAnnualized + `. Each figure names the answer that it is from.`,
		Example: "  spendbot savings\n  spendbot savings --csv > savings.csv",
		Args:    oneOf(exactArgs(0, "no arguments"), "json", "csv"),
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			ctx := c.Context()
			kept, err := st.state.Savings(ctx)
			if err != nil {
				return err
			}
			tickets, err := st.state.Tickets(ctx, state.TicketFilter{})
			if err != nil {
				return err
			}
			proofs, err := bot.Proofs(ctx, st.state, nil)
			if err != nil {
				return err
			}
			out := savingsJSON{Fixes: []fixJSON{}, Months: backlog.Realized(proofs), Realized: backlog.HowRealized, Annualized: backlog.HowAnnualized}
			out.Totals = backlog.Summed(out.Months, proofs)
			for _, k := range tickets {
				if s, ok := kept[k.ID]; ok {
					out.Fixes = append(out.Fixes, fixJSON{k.ID, k.Key, k.Summary, s.State, s.Since.Format(time.DateOnly), s.SavingFigures})
				}
			}
			switch {
			case asJSON:
				if out.Months == nil {
					out.Months, out.Totals = []backlog.Month{}, []backlog.Sums{}
				}
				return encode(a.stdout, out)
			case asCSV:
				return a.savingsCSV(out.Months)
			}
			a.savingsTable(out)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	c.Flags().BoolVar(&asCSV, "csv", false, "print as CSV: a row for each fix and month")
	return c
}

func (a *app) savingsCSV(months []backlog.Month) error {
	rows := [][]string{{"month", "team", "category", "ticket", "days", "saved_a_day", "avoided_a_day", "saved", "avoided", "currency", "answer"}}
	for _, m := range months {
		for _, p := range m.Parts {
			rows = append(rows, []string{m.Month.Format("2006-01"), m.Team, m.Category, p.Ticket, strconv.Itoa(p.Days), p.SavedADay.String(), p.AvoidedADay.String(), p.Saved.String(), p.Avoided.String(), m.Currency, p.Answer})
		}
	}
	return a.csv(rows)
}

func (a *app) savingsTable(out savingsJSON) {
	if len(out.Fixes) == 0 {
		fmt.Fprintln(a.stdout, "No fix has been held against the bill yet: a ticket that is done is, 7 complete days later.")
		return
	}
	if len(out.Months) > 0 {
		t := lightTable(table.Row{"month", "team", "category", "saved", "avoided", "by"})
		t.Style().Format.Footer = text.FormatDefault
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight}, {Number: 5, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight}})
		for _, m := range out.Months {
			var by []string
			for _, p := range m.Parts {
				said := fmt.Sprintf("%s, %d days", p.Ticket, p.Days)
				if p.LeftOut > 0 {
					said += fmt.Sprintf(" (%d counted elsewhere)", p.LeftOut)
				}
				by = append(by, said)
			}
			t.AppendRow(table.Row{m.Month.Format("Jan 2006"), render.Clean(cmp.Or(m.Team, "nobody's")), render.Clean(cmp.Or(m.Category, "other")), render.Money(m.Saved, m.Currency), render.Money(m.Avoided, m.Currency), strings.Join(by, "; ")})
		}
		for _, s := range out.Totals {
			t.AppendFooter(table.Row{"all", "", "", render.Money(s.Saved, s.Currency), render.Money(s.Avoided, s.Currency), ""})
		}
		fmt.Fprintln(a.stdout, t.Render())
		fmt.Fprintln(a.stdout)
		for _, s := range out.Totals {
			if s.SavedADay.Add(s.AvoidedADay).Sign() > 0 {
				fmt.Fprintf(a.stdout, "As things stand, a day: %s saved, %s avoided. Annualized (%s): %s saved, %s avoided.\n", render.Money(s.SavedADay, s.Currency), render.Money(s.AvoidedADay, s.Currency), out.Annualized, render.Money(s.SavedAnnualized, s.Currency), render.Money(s.AvoidedAnnualized, s.Currency))
			}
		}
		fmt.Fprintf(a.stdout, "Counted is %s.\n\n", out.Realized)
	}
	for _, f := range out.Fixes {
		fmt.Fprintf(a.stdout, "%-10s %s\n           %s", cmp.Or(f.Key, f.Ticket), render.Clean(clipText(f.What, 100)), render.Clean(f.Headline))
		if f.Answer != "" {
			fmt.Fprintf(a.stdout, " spendbot trace %s", f.Answer)
		}
		fmt.Fprintln(a.stdout)
	}
}

// csv writes rows, the first of which is the header, so that no spreadsheet takes a cell for a formula.
func (a *app) csv(rows [][]string) error {
	w := csv.NewWriter(a.stdout)
	for i, row := range rows {
		if i > 0 {
			for j := range row {
				row[j] = render.Harmless(row[j])
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// jiraSecrets are what no log may hold of Jira; what cannot be read is said where it is needed.
func jiraSecrets() (out []secret.Value) {
	for _, name := range []string{"JIRA_TOKEN", jiraHookSecret} {
		if v, err := secret.Read(name); err == nil && v != "" {
			out = append(out, v)
		}
	}
	return out
}
