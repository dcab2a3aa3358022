package main

import (
	"context"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/quality"
)

func (a *app) quality() *cobra.Command {
	var o struct {
		month string
		json  bool
	}
	c := &cobra.Command{
		Use:   "quality",
		Short: "Check the bills for what is wrong in them",
		Long: `Looks for duplicate lines, missing and late days, missing costs, changed units, negative usage, mixed currencies and more. Each
check is one query; its verdict is ok, look or bad, with how many rows and how much money it is about and an example.`,
		Example: `  spendbot quality
  spendbot quality --month 2026-10 --json`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			months, err := monthFlag(o.month)
			if err != nil {
				return err
			}
			var report *quality.Report
			ans, err := a.looked(c.Context(), "spendbot quality"+flagText("--month", o.month), "quality", months,
				func(ctx context.Context, on lookedAt, ans *analysis.Answer) error {
					if months.IsZero() {
						months = quality.Recent(on.survey)
						ans.Reading.Current = months
						ans.Reading.Notes = []string{"no month was given: the two newest"}
					}
					report, err = quality.Run(ctx, on.sight, quality.Options{Months: months, Loads: on.loads})
					if err == nil {
						report.Tell(ans)
					}
					return err
				})
			if err != nil {
				return err
			}
			if o.json {
				return encode(a.stdout, struct {
					ID       string `json:"id"`
					Headline string `json:"headline"`
					*quality.Report
				}{ans.ID, ans.Headline, report})
			}
			return a.show(ans)
		},
	}
	c.Flags().StringVar(&o.month, "month", "", "the invoice month, as 2026-10 (default: the two newest)")
	c.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	return c
}
