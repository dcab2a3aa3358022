package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"spendbot/analysis/demo"
	"spendbot/analysis/demo/native"
	"spendbot/analysis/render"
)

func (a *app) demo() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Try it: a workspace in the browser, with the bot and the demo company's bills in it",
		Long: `Starts a stand-in for a Slack workspace, with a page in the browser, and the bot in it, answering on the made-up demo company
(or on --store). Nothing leaves this machine.`,
		Example: `  spendbot demo
  spendbot demo --play
  spendbot demo --store bills --listen 127.0.0.1:3000
  spendbot demo data exports`,
		Args: aCommand,
		RunE: func(c *cobra.Command, _ []string) error { return a.demoWorkspace(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", demoListen, "address of the page")
	f.BoolVar(&o.http, "http", false, "deliver events by signed HTTP requests instead of Socket Mode")
	f.BoolVar(&o.bare, "bare", false, "begin without conversations")
	f.BoolVar(&o.play, "play", false, "with bills of its own, so that days can pass: close a ticket, and see on later bills what it saved")
	c.AddCommand(a.demoData())
	return c
}

func (a *app) demoData() *cobra.Command {
	var o demo.Options
	var asJSON, asNative bool
	c := &cobra.Command{
		Use:   "data FOLDER",
		Short: "Write the demo company's bills: FOCUS exports of three clouds, with known events in them",
		Example: `  spendbot demo data exports
  spendbot demo data big --rows 10000000
  spendbot demo data exports --native && spendbot load exports/native/aws-cur --store bills`,
		Args: exactArgs(1, "the folder to write to"),
		RunE: func(c *cobra.Command, args []string) error {
			o.Now = a.now
			m, err := demo.Generate(c.Context(), args[0], o)
			if err != nil {
				return err
			}
			var folders []string
			if asNative {
				if folders, err = nativeBills(c.Context(), args[0]); err != nil {
					return err
				}
			}
			if err := demo.WriteOwners(args[0]); err != nil {
				return err
			}
			if asJSON {
				return encode(a.stdout, m)
			}
			fmt.Fprintf(a.stdout, "Wrote %d files, %s rows, to %s.\n", len(m.Files), humanize.Comma(m.Rows), args[0])
			for _, t := range m.Totals {
				fmt.Fprintf(a.stdout, "  %s billed, %s effective\n", render.MoneyExact(t.Billed, t.Currency), render.MoneyExact(t.Effective, t.Currency))
			}
			if asNative {
				fmt.Fprintln(a.stdout, "\nThe same bills in the clouds' own formats. Load one folder for each cloud: together they count twice.")
				for _, f := range folders {
					fmt.Fprintf(a.stdout, "  %s\n", f)
				}
			}
			fmt.Fprintln(a.stdout, "\nThe events planted in them (events.json has the exact amounts):")
			for _, e := range m.Events {
				fmt.Fprintf(a.stdout, "  %s  %-20s %12s  %s\n", e.Start.Format("2006-01-02"), e.Name, render.Delta(e.Amount, "USD"), e.Question)
			}
			return nil
		},
	}
	f := c.Flags()
	f.IntVar(&o.Rows, "rows", 0, "about how many rows in all (default about 180,000)")
	f.Uint64Var(&o.Seed, "seed", 0, "another company of the same kind")
	f.IntVar(&o.Months, "months", 0, "whole months before the current one (default 13)")
	f.StringVar(&o.Format, "format", "", "csv.gz, csv or csv.zst (default csv.gz)")
	f.BoolVar(&asNative, "native", false, "write the bills in the clouds' own formats too, into FOLDER/native")
	f.BoolVar(&asJSON, "json", false, "print the manifest as JSON")
	return c
}

// nativeBills writes the demo company's bills in the clouds' own formats beside the FOCUS ones and lists the folders they are in.
func nativeBills(ctx context.Context, dir string) ([]string, error) {
	to := filepath.Join(dir, "native")
	for _, write := range []func(ctx context.Context, from, to string) error{
		native.AWS, native.Azure, native.Google, native.OCI, native.OpenCost,
	} {
		if err := write(ctx, dir, to); err != nil {
			return nil, fmt.Errorf("demo data: %w", err)
		}
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, e := range entries {
		folders = append(folders, filepath.Join(to, e.Name()))
	}
	return folders, nil
}
