package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/owners"
	"spendbot/analysis/render"
	"spendbot/bot"
	"spendbot/bot/incident"
	"spendbot/bot/state"
)

// incidentsConfig says who is told of what stands out, and how pressing it is.
type incidentsConfig struct {
	Channel  string `yaml:"channel"` // is told of what no owner's channel may be told of; "" tells nobody
	Severity struct {
		Medium string `yaml:"medium"` // from so much a day on, over or under the expected
		High   string `yaml:"high"`
	} `yaml:"severity"`
	Escalate struct {
		After   map[incident.Severity]string `yaml:"after"` // how long nobody may answer, by severity; 0 never
		Times   *int                         `yaml:"times"`
		Channel string                       `yaml:"channel"` // is told then, beside the thread
		Mention []string                     `yaml:"mention"` // people and user groups, by id
	} `yaml:"escalate"`
	Quiet struct {
		From     string `yaml:"from"` // 19:00
		To       string `yaml:"to"`
		Zone     string `yaml:"zone"` // Europe/Berlin
		Weekends bool   `yaml:"weekends"`
	} `yaml:"quiet"`
	Storm int  `yaml:"storm"` // so many at once are one message
	Fresh *int `yaml:"fresh"` // how many days ago they may have begun to stand out
}

// slackID is how Slack's ids of people and user groups look.
var slackID = regexp.MustCompile(`^[UWS][A-Z0-9]{2,30}$`)

// options are the bot's, but for whose channel is whose.
func (c incidentsConfig) options() (o bot.IncidentOptions, err error) {
	o.Rules = incident.DefaultRules()
	bad := func(field string, value any, format string, a ...any) (bot.IncidentOptions, error) {
		return o, usageError{fmt.Errorf("incidents.%s is %q; %s", field, fmt.Sprint(value), fmt.Sprintf(format, a...))}
	}
	o.Channel, o.Escalation, o.Mention = strings.TrimSpace(c.Channel), strings.TrimSpace(c.Escalate.Channel), c.Escalate.Mention
	for _, s := range []struct {
		field, text string
		to          *analysis.Amount
	}{{"severity.medium", c.Severity.Medium, &o.Rules.MediumRate}, {"severity.high", c.Severity.High, &o.Rules.HighRate}} {
		if s.text == "" {
			continue
		}
		if *s.to, err = decimal.NewFromString(s.text); err != nil {
			return bad(s.field, s.text, "write an amount a day, as \"200\"")
		}
	}
	after := map[incident.Severity]time.Duration{}
	for s, d := range o.Rules.Escalate {
		after[s] = d
	}
	for s, text := range c.Escalate.After {
		if s != incident.Low && s != incident.Medium && s != incident.High {
			return bad("escalate.after", s, "the severities are low, medium and high")
		}
		if after[s], err = time.ParseDuration(text); err != nil || after[s] < 0 {
			return bad("escalate.after."+string(s), text, "write a duration, as 4h; 0s is never")
		}
	}
	o.Rules.Escalate = after
	if c.Escalate.Times != nil {
		o.Rules.Escalations = *c.Escalate.Times
	}
	for _, id := range o.Mention {
		if !slackID.MatchString(id) {
			return bad("escalate.mention", id, "write the id of a person or a user group, as U024BE7LH or S0614TZR7")
		}
	}
	if q := c.Quiet; q.From != "" || q.To != "" || q.Weekends {
		if o.Quiet.From, err = clockTime(q.From); err != nil {
			return bad("quiet.from", q.From, "write a time of the day, as 19:00")
		}
		if o.Quiet.To, err = clockTime(q.To); err != nil {
			return bad("quiet.to", q.To, "write a time of the day, as 08:00")
		}
		zone := q.Zone
		if zone == "" {
			zone = "UTC"
		}
		if o.Quiet.Zone, err = time.LoadLocation(zone); err != nil {
			return bad("quiet.zone", q.Zone, "write a time zone, as Europe/Berlin")
		}
		o.Quiet.Weekends = q.Weekends
	}
	if c.Storm != 0 {
		o.Rules.Storm = c.Storm
	}
	if c.Fresh != nil {
		o.Rules.Fresh = *c.Fresh
	}
	if err := o.Rules.Check(); err != nil {
		return o, usageError{fmt.Errorf("incidents: %w", err)}
	}
	return o, nil
}

// clockTime reads a time of the day; empty is midnight.
func clockTime(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// incidentOptions are the bot's options, with the owners' channels and people.
func (a *app) incidentOptions(st *opened) (bot.IncidentOptions, error) {
	o, err := a.cfg.Incidents.options()
	if err != nil {
		return o, err
	}
	if o.Owners, err = a.teams(st, owners.SlackChannel); err != nil {
		return o, err
	}
	o.People, err = a.teams(st, owners.SlackUser)
	return o, err
}

func (a *app) incidents() *cobra.Command {
	var o struct{ json, all, rules bool }
	c := &cobra.Command{
		Use:   "incidents [I-7F3K2M]",
		Short: "List what was told in Slack: open incidents, their owners and ages, and what became of each",
		Long: `Lists the incidents that "spendbot serve" keeps: anomalies of one cause, each with one thread in its owner's channel. With an id, what
happened to that one. --rules says how often each rule told something and what people said of it.`,
		Example: `  spendbot incidents
  spendbot incidents I-7F3K2M
  spendbot incidents --all --json
  spendbot incidents --rules`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			switch {
			case o.rules:
				return a.incidentRules(c.Context(), st, o.json)
			case len(args) == 1:
				return a.incidentHistory(c.Context(), st, strings.ToUpper(args[0]), o.json)
			}
			list, err := st.state.Incidents(c.Context(), state.IncidentFilter{Open: !o.all})
			if err != nil {
				return err
			}
			if o.json {
				if list == nil {
					list = []state.Incident{}
				}
				return encode(a.stdout, list)
			}
			if len(list) == 0 {
				what := "No incident is open."
				if o.all {
					what = "No incident is kept."
				}
				fmt.Fprintln(a.stdout, what+" `spendbot anomalies` lists what stood out; with incidents.channel in the configuration, `spendbot serve` tells it in Slack.")
				return nil
			}
			slices.SortStableFunc(list, func(x, y state.Incident) int { return y.Opened.Compare(x.Opened) })
			t := newTable("id", "what", "state", "severity", "since", "over expected", "a day", "owner", "open for", "answered")
			for _, in := range list {
				t.AppendRow(table.Row{in.ID, incidentTitle(in), in.State, in.Severity, in.Onset.Format(analysis.DateLayout), signedMoney(in.Excess, in.Currency), signedMoney(in.Rate, in.Currency),
					orDash(in.Team), a.openFor(in), orDash(in.AcknowledgedBy)})
			}
			printTable(a.stdout, t)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&o.all, "all", false, "the closed ones too")
	f.BoolVar(&o.rules, "rules", false, "how each rule has fared: told, called not useful, expected")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

func incidentTitle(in state.Incident) string {
	if n := len(in.Members); n > 0 {
		return fmt.Sprintf("%d things at once", n)
	}
	return render.Clean(in.Title)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return render.Clean(s)
}

func signedMoney(d analysis.Amount, currency string) string { return render.Delta(d, currency) }

// openFor is how long an incident has been open, or was.
func (a *app) openFor(in state.Incident) string {
	until := a.now
	if !in.Open {
		until = in.Changed
	}
	d := until.Sub(in.Opened)
	switch h := int(d.Hours()); {
	case h < 1:
		return "<1 h"
	case h < 48:
		return fmt.Sprintf("%d h", h)
	default:
		return fmt.Sprintf("%d days", h/24)
	}
}

// incidentHistory tells what happened to one.
func (a *app) incidentHistory(ctx context.Context, st *opened, id string, asJSON bool) error {
	in, err := st.state.Incident(ctx, id)
	if err != nil {
		return fmt.Errorf("%w; `spendbot incidents --all` lists them", err)
	}
	changes, err := st.state.IncidentChanges(ctx, id, time.Time{})
	if err != nil {
		return err
	}
	verdicts, err := st.state.Verdicts(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return encode(a.stdout, struct {
			Incident state.Incident         `json:"incident"`
			Changes  []state.IncidentChange `json:"changes"`
			Verdicts []state.Verdict        `json:"verdicts"`
		}{in, changes, verdicts})
	}
	fmt.Fprintf(a.stdout, "%s  %s\n%s, %s, since %s, %s of expected so far, owner %s, answer %s\n\n", in.ID, incidentTitle(in), in.State, in.Severity,
		in.Onset.Format(analysis.DateLayout), signedMoney(in.Excess, in.Currency), orDash(in.Team), orDash(in.Answer))
	t := newTable("when (UTC)", "what", "who", "detail", "over expected")
	for _, c := range changes {
		who := c.Who
		if who == "" {
			who = "spendbot"
		}
		t.AppendRow(table.Row{c.Happened.UTC().Format("2006-01-02 15:04"), c.Kind, who, orDash(c.Detail), signedMoney(c.Amounts.Excess, in.Currency)})
	}
	printTable(a.stdout, t)
	return nil
}

// incidentRules tells how the rules have fared.
func (a *app) incidentRules(ctx context.Context, st *opened, asJSON bool) error {
	all, err := st.state.Incidents(ctx, state.IncidentFilter{})
	if err != nil {
		return err
	}
	verdicts, err := st.state.Verdicts(ctx, "")
	if err != nil {
		return err
	}
	tally := incident.Tally(all, verdicts)
	if asJSON {
		if tally == nil {
			tally = []incident.RuleTally{}
		}
		return encode(a.stdout, tally)
	}
	if len(tally) == 0 {
		fmt.Fprintln(a.stdout, "No rule has told anything yet.")
		return nil
	}
	t := newTable("rule", "told", "not useful", "expected", "open")
	for _, r := range tally {
		t.AppendRow(table.Row{r.Rule, r.Opened, fmt.Sprintf("%d (%d%%)", r.NotUseful, percentOf(r.NotUseful, r.Opened)), fmt.Sprintf("%d (%d%%)", r.Expected, percentOf(r.Expected, r.Opened)), r.Open})
	}
	printTable(a.stdout, t)
	return nil
}

func percentOf(part, of int) int {
	if of == 0 {
		return 0
	}
	return (100*part + of/2) / of
}
