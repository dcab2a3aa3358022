package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"spendbot/analysis/render"
	"spendbot/bot/kpi"
)

func (a *app) kpi() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "kpi [TEAM] [last N days]",
		Short: "How well incidents are caught: time to detect, answer, contain and resolve, for nothing or not, and cost",
		Long: `Measures the incidents that were opened in the last 90 days, or as many as are named, from their history. Each figure comes with how many
incidents it is of: what is not known is not counted, and is not zero. "how is MTTD computed?" and the like are answered by spendbot ask.`,
		Example: `  spendbot kpi
  spendbot kpi payments last 30 days --json`,
		RunE: func(c *cobra.Command, args []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			list, err := kpi.FromState(c.Context(), st.state)
			if err != nil {
				return err
			}
			r := kpi.Measure(list, kpi.Read(strings.Join(args, " "), a.now))
			if asJSON {
				return encode(a.stdout, r)
			}
			fmt.Fprintln(a.stdout, render.Clean(r.Head()))
			if r.Incidents == 0 {
				fmt.Fprintln(a.stdout, "Incidents are opened by `spendbot serve`, which looks for anomalies after each load; `spendbot anomalies` lists what stands out now.")
				return nil
			}
			fmt.Fprintln(a.stdout)
			t := newTable("measure", "figure", "of incidents")
			for _, row := range r.Rows() {
				t.AppendRow(table.Row{row.Name, row.Figure, row.Of})
			}
			for _, ch := range r.Channels {
				t.AppendRow(table.Row{"alerts in " + render.Clean(ch.Channel), kpi.AWeek(ch), fmt.Sprintf("%d of %d", ch.Alerts, r.Incidents)})
			}
			for _, rule := range r.ByRule {
				if rule.NotUseful.Part > 0 {
					t.AppendRow(table.Row{"not useful of rule " + render.Clean(rule.Rule), "", fmt.Sprintf("%d of %d", rule.NotUseful.Part, rule.NotUseful.Of)})
				}
			}
			printTable(a.stdout, t)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON, with the incidents that the figures are of")
	return c
}
