package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/analysis/render"
	"spendbot/bot/secret"
	"spendbot/bot/state"
)

// eventsConfig says where events happen whose reports do not.
type eventsConfig struct {
	Scopes []event.Rule `yaml:"scopes"`
}

// eventsSecret names the secret that reports of events are signed with; without it none are taken.
const eventsSecret = "SPENDBOT_EVENTS_SECRET"

// shortestKey is how long that secret must be: a shorter one can be guessed by trying.
const shortestKey = 20

// eventsKey is the secret that reports of events are signed with; empty where none is set.
func eventsKey() (secret.Value, error) {
	key, err := secret.Read(eventsSecret)
	if err == nil && key != "" && len(key) < shortestKey {
		err = fmt.Errorf("%s is %d characters long; at least %d: `openssl rand -hex 32` makes one", eventsSecret, len(key), shortestKey)
	}
	return key, err
}

// eventState is the state that events are in: the store's own, also while a workspace has one apart, so that an answer given there can be
// traced afterwards.
func (o *opened) eventState() *state.DB {
	if o.lasting != nil {
		return o.lasting
	}
	return o.state
}

// events is the [event.Source] of the store.
func (o *opened) events(ctx context.Context, w event.Window, known int64) ([]analysis.Event, int64, error) {
	return o.eventState().Events(ctx, state.EventFilter{From: w.From, Until: w.Until, Known: known})
}

func (a *app) event() *cobra.Command {
	c := &cobra.Command{
		Use:   "event",
		Short: "Tell of deploys, scaling, flags and commitments, to be shown beside changes near in time",
		Long: `Events are what was done to the systems behind the bill. They stand beside the drivers of a change when they lie near in time and
place, and as marks on charts of days: they co-occur, and are never shown as a cause. They also come from webhooks (/events, see README)
and from /spend event in Slack.`,
		Example: `  spendbot event add deploy payments-api 4.18.0 at 2026-11-18 09:12 team=payments account=payments-prod
  spendbot event list --since 2026-11-01
  spendbot event import deploys.csv`,
		Args: aCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.eventAdd(), a.eventList(), a.eventImport())
	return c
}

func (a *app) eventAdd() *cobra.Command {
	return &cobra.Command{
		Use:   "add KIND WHAT [at TIME] [until TIME] [team=... account=... service=... region=... env=... tag:KEY=...]",
		Short: "Tell of one event",
		Long: "Kinds are " + strings.Join(event.Kinds, ", ") + `. Without at it happened now. Times are UTC: 09:12, yesterday 09:12, 18 Nov 09:12, 2026-11-18 09:12.
Told twice, it is one event.`,
		Example: `  spendbot event add deploy payments-api 4.18.0 at 2026-11-18 09:12 team=payments account=payments-prod
  spendbot event add commitment sp-0a1f ended at=2026-11-15 provider=AWS`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("which event? `spendbot event add deploy payments-api 4.18.0 team=payments`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			rules, err := event.NewRules(a.cfg.Events.Scopes)
			if err != nil {
				return usageError{err}
			}
			for i, s := range args { // as the shell took it apart
				switch name, value, pair := strings.Cut(s, "="); {
				case !strings.ContainsAny(s, " \t") || strings.Contains(s, `"`):
				case pair && !strings.ContainsAny(name, " \t"):
					args[i] = name + `="` + value + `"`
				default:
					args[i] = `"` + s + `"`
				}
			}
			e, err := event.Words(strings.Join(args, " "), rules, a.now)
			if err != nil {
				return usageError{err}
			}
			e.Source = "terminal"
			return a.keepEvents(c.Context(), []analysis.Event{e}, "")
		},
	}
}

func (a *app) eventImport() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Tell of the events in a CSV",
		Long: `The header names the columns: kind, what and at, and any of until, by, link, id, provider, service, account, region, team, env, product
and tag:KEY. All of the file is taken or none. Rows that were told before, by their id or by what they say, are not told twice.`,
		Example: "  spendbot event import deploys.csv --store bills",
		Args:    exactArgs(1, "the file"),
		RunE: func(c *cobra.Command, args []string) error {
			rules, err := event.NewRules(a.cfg.Events.Scopes)
			if err != nil {
				return usageError{err}
			}
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			list, err := event.CSV(f, rules)
			if err != nil {
				return fmt.Errorf("%s: %w\nNothing was imported", args[0], err)
			}
			return a.keepEvents(c.Context(), list, args[0])
		},
	}
}

// keepEvents keeps events and says what became of them; of is the file they are from.
func (a *app) keepEvents(ctx context.Context, list []analysis.Event, of string) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	kept, fresh, err := st.eventState().AddEvents(ctx, list, time.Now())
	if err != nil {
		return err
	}
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	switch {
	case of != "":
		fmt.Fprintf(a.stdout, "Imported %s from %s", count(n, "event", "events"), of)
		if again := len(list) - n; again > 0 {
			fmt.Fprintf(a.stdout, "; %d had been told before", again)
		}
		fmt.Fprintln(a.stdout, ".")
	case n == 0:
		fmt.Fprintf(a.stdout, "%s had been told before: %s\n", kept[0].ID, render.Clean(eventLine(kept[0])))
	default:
		fmt.Fprintf(a.stdout, "%s %s\n", kept[0].ID, render.Clean(eventLine(kept[0])))
		if len(kept[0].Slice) == 0 {
			fmt.Fprintln(a.stdout, "It says no place, so that it stands beside changes anywhere; team=, account= or service= confine it.")
		}
	}
	return nil
}

func eventLine(e analysis.Event) string {
	s := event.Line(e)
	if p := event.Place(e); p != "" {
		s += " (" + p + ")"
	}
	return s
}

func (a *app) eventList() *cobra.Command {
	var o struct {
		since string
		json  bool
	}
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the events of the last 30 days",
		Example: "  spendbot event list --since 2026-11-01 --json",
		Args:    exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			since := a.now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -30)
			if o.since != "" {
				var err error
				if since, err = event.Time(o.since); err != nil {
					return usageError{fmt.Errorf("--since: %w", err)}
				}
			}
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			list, _, err := st.eventState().Events(c.Context(), state.EventFilter{From: since})
			if err != nil {
				return err
			}
			if o.json {
				if list == nil {
					list = []analysis.Event{}
				}
				return encode(a.stdout, list)
			}
			if len(list) == 0 {
				fmt.Fprintf(a.stdout, "No events since %s. `spendbot event add` tells of one, `spendbot event import` of many.\n", since.Format("2 Jan 2006"))
				return nil
			}
			t := newTable("id", "when (UTC)", "kind", "what", "where", "told by")
			for _, e := range list {
				when := e.Begins.Format("2006-01-02 15:04")
				if !e.Ends.IsZero() {
					when += " to " + e.Ends.Format("2006-01-02 15:04")
				}
				by := e.Source
				if e.By != "" {
					by = e.By + ", " + e.Source
				}
				t.AppendRow(table.Row{e.ID, when, e.Kind, render.Clean(e.What), render.Clean(event.Place(e)), render.Clean(by)})
			}
			t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft}, {Number: 5, WidthMax: 44, WidthMaxEnforcer: text.WrapSoft}})
			printTable(a.stdout, t)
			return nil
		},
	}
	c.Flags().StringVar(&o.since, "since", "", "the first day, as 2026-11-01 (default: 30 days ago)")
	c.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	return c
}
