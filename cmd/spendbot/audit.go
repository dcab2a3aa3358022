package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/bot/state"
)

// auditJSON is a row of the audit for programs.
type auditJSON struct {
	At      time.Time `json:"at"`
	Team    string    `json:"team"`
	Channel string    `json:"channel"`
	User    string    `json:"user"`
	Kind    string    `json:"kind"`
	Asked   string    `json:"asked"`
	Answer  string    `json:"answer,omitempty"`
	Scope   string    `json:"scope"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason,omitempty"`
}

func (a *app) audit() *cobra.Command {
	var f state.AuditFilter
	var since, until string
	var asJSON bool
	c := &cobra.Command{
		Use:   "audit",
		Short: "List who asked what in Slack, within which scope, and what became of it",
		Example: `  spendbot audit --since 2026-11-01 --outcome refused
  spendbot audit --user U024BE7LH --json`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			for _, d := range []struct {
				flag, text string
				to         *time.Time
			}{{"since", since, &f.Since}, {"until", until, &f.Until}} {
				if d.text == "" {
					continue
				}
				t, err := parseNow(d.text)
				if err != nil {
					return usageError{fmt.Errorf("--%s %q is not a time; write 2026-11-23 or 2026-11-23T09:00:00Z", d.flag, d.text)}
				}
				*d.to = t
			}
			if outcomes := []string{"answered", "clarified", "declined", "refused", "failed"}; f.Outcome != "" && !slices.Contains(outcomes, f.Outcome) {
				return usageError{fmt.Errorf("--outcome is %q; write answered, clarified, declined, refused or failed", f.Outcome)}
			}
			if f.Limit < 0 {
				return usageError{fmt.Errorf("--limit is %d; write how many rows to list, or 0 for all", f.Limit)}
			}
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			rows, err := st.state.Audits(c.Context(), f)
			if err != nil {
				return err
			}
			if asJSON {
				out := []auditJSON{}
				for _, r := range rows {
					out = append(out, auditJSON{r.At, r.Team, r.Channel, r.User, r.Kind, r.Asked, r.Answer, r.Scope, r.Outcome, r.Reason})
				}
				return encode(a.stdout, out)
			}
			if len(rows) == 0 {
				fmt.Fprintln(a.stdout, "Nothing in the audit: nobody asked in Slack yet, or the filter leaves nothing.")
				return nil
			}
			t := newTable("at (UTC)", "who", "where", "what", "scope", "outcome", "answer")
			for _, r := range rows {
				outcome := r.Outcome
				if r.Reason != "" {
					outcome += ": " + r.Reason
				}
				t.AppendRow(table.Row{r.At.UTC().Format("2006-01-02 15:04:05"), r.User, r.Channel, r.Kind + ": " + r.Asked, r.Scope, outcome, r.Answer})
			}
			t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: 50, WidthMaxEnforcer: text.WrapSoft}, {Number: 6, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft}})
			printTable(a.stdout, t)
			return nil
		},
	}
	fl := c.Flags()
	fl.StringVar(&since, "since", "", "from this day or moment on")
	fl.StringVar(&until, "until", "", "up to, not including, this day or moment")
	fl.StringVar(&f.User, "user", "", "by this member id")
	fl.StringVar(&f.Channel, "channel", "", "in this channel id")
	fl.StringVar(&f.Outcome, "outcome", "", "answered, clarified, declined, refused or failed")
	fl.IntVar(&f.Limit, "limit", 50, "at most so many rows, newest first; 0 for all")
	fl.BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}
