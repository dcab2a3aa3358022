package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/reconcile"
	"spendbot/analysis/render"
	"spendbot/analysis/reply"
	"spendbot/bot"
	"spendbot/bot/state"
)

func (a *app) ask() *cobra.Command {
	var o struct {
		json, csv, plan, markdown, follow bool
		after, owners                     string
		width                             int
	}
	c := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Ask about spend in plain English",
		Example: `  spendbot ask "why did spend change last week?"
  spendbot ask "top 5 services in October" --json
  spendbot ask "spend by team this month" --csv > teams.csv
  spendbot ask --follow "and by region?"`,
		Args: oneOf(func(_ *cobra.Command, args []string) error {
			if strings.TrimSpace(strings.Join(args, " ")) == "" {
				return usageError{errors.New("ask what? `spendbot ask \"why did spend change last week?\"`")}
			}
			return nil
		}, "json", "csv", "plan", "markdown"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			st, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			question := strings.Join(args, " ")
			switch o.owners {
			case "":
			case analysis.CurrentOwners:
				question += " with today's rules"
			default:
				return usageError{fmt.Errorf("--owners is %q; write current for today's rules, or leave it out for those in force when each charge was made", o.owners)}
			}
			previous, err := st.previous(ctx, o.after)
			if err != nil {
				return err
			}
			ans, err := a.answer(ctx, st, question, previous, o.follow || o.after != "", o.plan)
			if err != nil {
				return err
			}
			switch {
			case o.plan:
				return encode(a.stdout, ans.Reading)
			case o.json:
				return render.JSON(a.stdout, ans)
			case o.csv:
				return render.CSV(a.stdout, ans)
			case o.markdown:
				return render.Markdown(a.stdout, ans)
			}
			width, tty := terminal(a.stdout)
			if o.width > 0 {
				width = o.width
			}
			return render.Terminal(a.stdout, ans, render.Options{Width: width, Color: tty})
		},
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print the answer as JSON")
	f.BoolVar(&o.csv, "csv", false, "print the answer as CSV, for a spreadsheet")
	f.BoolVar(&o.plan, "plan", false, "stop after reading: print the plan as JSON")
	f.BoolVar(&o.markdown, "markdown", false, "print the answer as Markdown")
	f.BoolVarP(&o.follow, "follow", "f", false, "read the question as a follow-up of the last answer")
	f.StringVar(&o.after, "after", "", "read the question as a follow-up of the answer with this id")
	f.StringVar(&o.owners, "owners", "", "current: give every charge to its owners by today's rules (default: by those of its day)")
	f.IntVar(&o.width, "width", 0, "columns to print in (default: the terminal's)")
	return c
}

// previous is the answer with an id, or the last one that held a number; nil when there is none.
func (o *opened) previous(ctx context.Context, after string) (*analysis.Answer, error) {
	if after != "" {
		s, err := o.state.Answer(ctx, after)
		if err != nil {
			return nil, err
		}
		return s.Answer, nil
	}
	s, err := o.lastNumber(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	return s.Answer, nil
}

// lookBack bounds how many answers back a follow-up looks for one to follow.
const lookBack = 20

// lastNumber is the last answer with numbers in it; nil when there is none. Questions back, refusals and explanations of
// earlier answers are passed over: nobody means those by "that number".
func (o *opened) lastNumber(ctx context.Context) (*state.Stored, error) {
	list, err := o.state.List(ctx, lookBack)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		switch s.Intent {
		case analysis.Ambiguous, analysis.OutOfScope, analysis.Provenance:
			continue
		}
		return o.state.Answer(ctx, s.ID)
	}
	return nil, nil
}

// Caveats under answers on the demo company, where one can change that and where not.
const (
	demoCaveat      = "These are the bills of a made-up demo company; --store DIR answers on yours"
	demoCaveatSlack = "These are the bills of a made-up demo company"
)

// desk is where questions to a store are answered; the caveat is for the demo company's.
func (a *app) desk(st *opened, caveat string) (*desk.Desk, error) {
	opts, err := a.cfg.askOptions()
	if err != nil {
		return nil, err
	}
	o := desk.Options{Ask: opts, Seats: a.cfg.Slack.Seats, Invoices: func() ([]reconcile.Invoice, error) { return a.cfg.readInvoices("") }}
	o.Lens, o.Events = a.lens(st), st.events
	o.Owners = a.ownersOf(st).book
	o.Watch = func(context.Context) (w reply.Watch, err error) { return a.watching(st) }
	if a.cfg.Incidents.Channel != "" {
		books, err := a.library()
		if err != nil {
			return nil, err
		}
		o.Beside = desk.Beside{Incidents: bot.IncidentsLine(st.state), Caught: bot.CaughtLine(st.state), Backlog: bot.BacklogLine(st.state, books), Saved: bot.SavedLine(st.state)}
	}
	if o.Allocation, err = a.allocation(st); err != nil {
		return nil, err
	}
	if st.demo {
		o.Caveat = caveat
	}
	return desk.New(st.Store, o), nil
}

// answer reads a question, carries it out on the newest snapshot and keeps the answer with its trace.
func (a *app) answer(ctx context.Context, st *opened, question string, previous *analysis.Answer, follows, planOnly bool) (*analysis.Answer, error) {
	d, err := a.desk(st, demoCaveat)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	q := desk.Question{Text: question, Previous: previous, Now: a.now}
	if follows && previous != nil { // else "how did you get that number?" still means it; its cuts and periods do not carry over
		q.Follows = &previous.Reading
	}
	if planOnly {
		plan, err := d.Read(ctx, q)
		return &analysis.Answer{Reading: plan}, err
	}
	id, err := st.state.NewID(ctx)
	if err != nil {
		return nil, err
	}
	ans, err := d.Answer(ctx, id, q)
	if err != nil {
		return nil, err
	}
	if err := st.state.SaveAnswer(ctx, ans); err != nil {
		return nil, fmt.Errorf("keep the answer: %w", err)
	}
	return ans, nil
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
