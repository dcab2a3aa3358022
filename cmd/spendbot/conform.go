package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/conform"
	"spendbot/analysis/render"
)

func (a *app) conform() *cobra.Command {
	var o struct {
		version, month string
		json           bool
	}
	c := &cobra.Command{
		Use:   "conform [FILE]",
		Short: "Measure a file or the store against FOCUS's own rules",
		Long: `Measures how far an export (CSV or Parquet), or what the store holds, follows the rules of the FOCUS specification: columns, types,
nulls, allowed values, formats, and what one column says of another. Each rule is a query; a score is given per feature level.`,
		Example: `  spendbot conform exports/2026-10.csv.gz
  spendbot conform exports/2026-10.parquet --version 1.2 --json
  spendbot conform --store bills --month 2026-10`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("conform takes one file, or none for the store; see `spendbot conform --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			months, err := monthFlag(o.month)
			if err != nil {
				return err
			}
			if o.version != "" {
				if _, err := conform.Rules(o.version); err != nil {
					return usageError{err}
				}
			}
			if len(args) == 1 && o.month != "" {
				return usageError{errors.New("--month is of the store; a file is measured as a whole")}
			}
			if len(args) == 1 {
				return a.conformFile(ctx, args[0], conform.Options{Version: o.version}, o.json)
			}
			var report *conform.Report
			ans, err := a.looked(ctx, "spendbot conform"+flagText("--version", o.version)+flagText("--month", o.month), "conform", months,
				func(ctx context.Context, on lookedAt, ans *analysis.Answer) error {
					report, err = conform.Store(ctx, on.sight, conform.Options{Version: o.version, Months: months})
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
					*conform.Report
				}{ans.ID, ans.Headline, report})
			}
			return a.show(ans)
		},
	}
	c.Flags().StringVar(&o.version, "version", "", "of FOCUS (default: a file's own, 1.2 for the store)")
	c.Flags().StringVar(&o.month, "month", "", "the invoice month, as 2026-10 (default: all)")
	c.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

// conformFile measures a file. It is no answer about the store, so it is shown and not kept.
func (a *app) conformFile(ctx context.Context, path string, o conform.Options, asJSON bool) error {
	begin := time.Now()
	r, err := conform.File(ctx, path, a.cfg.limits(), o)
	if err != nil {
		return err
	}
	if asJSON {
		return encode(a.stdout, r)
	}
	ans := &analysis.Answer{Caveats: []string{}}
	r.Tell(ans)
	ans.Trace.MS = float64(time.Since(begin).Microseconds()) / 1000
	width, tty := terminal(a.stdout)
	return render.Terminal(a.stdout, ans, render.Options{Width: width, Color: tty})
}
