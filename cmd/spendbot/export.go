package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/export"
)

func (a *app) export() *cobra.Command {
	var o struct {
		to, format, from, until, partition string
		json                               bool
	}
	c := &cobra.Command{
		Use:   "export",
		Short: "Write the daily table as Parquet or CSV, with its data dictionary, for other programs",
		Long: `Export writes the daily table that answers come from into a folder: FOCUS names, owners' columns where owners are configured, a data
dictionary, and a manifest with the snapshot, rows, totals and checksums. What was written is read again and must add up to the
store, to the last digit; then the folder takes the place of an earlier export in one step.`,
		Example: `  spendbot export --to curated
  spendbot export --to curated --format csv --from 2026-10-01 --until 2026-11-01
  spendbot export --to curated --partition month`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.to == "" {
				return usageError{errors.New("where to? `spendbot export --to DIR`")}
			}
			opts := export.Options{Format: o.format, Now: a.now, ByMonth: o.partition == "month"}
			if o.format != export.Parquet && o.format != export.CSV {
				return usageError{fmt.Errorf("--format is %q; write parquet or csv", o.format)}
			}
			if o.partition != "" && o.partition != "month" {
				return usageError{fmt.Errorf("--partition is %q; write month, or leave it out for one file", o.partition)}
			}
			var err error
			if opts.Days, err = a.exportDays(o.from, o.until); err != nil {
				return err
			}
			ctx := c.Context()
			st, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			sn, err := st.Snapshot(ctx, 0)
			if err != nil {
				return err
			}
			defer sn.Close()
			if opts.Lens, err = a.lens(st)(ctx, sn, analysis.Plan{}); err != nil {
				return err
			}
			m, err := export.Write(ctx, sn, o.to, opts)
			if err != nil {
				return err
			}
			if o.json {
				return encode(a.stdout, m)
			}
			t := newTable("file", "rows", "bytes")
			for _, f := range m.Files {
				rows := ""
				if f.Rows != nil {
					rows = fmt.Sprint(*f.Rows)
				}
				t.AppendRow(table.Row{f.Path, rows, f.Bytes})
			}
			t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
			printTable(a.stdout, t)
			fmt.Fprintln(a.stdout)
			t = newTable("currency", "line items", "billed", "effective", "list", "contracted")
			for _, x := range m.Totals {
				t.AppendRow(table.Row{x.Currency, x.LineItems, exact(x.Billed), exact(x.Effective), exact(x.List), exact(x.Contracted)})
			}
			t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}})
			printTable(a.stdout, t)
			fmt.Fprintf(a.stdout, "\nWritten to %s and read again: it adds up to snapshot %d, to the last digit.\n", o.to, m.Snapshot)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.to, "to", "", "the folder to write; an earlier export there is replaced")
	f.StringVar(&o.format, "format", export.Parquet, "parquet or csv")
	f.StringVar(&o.from, "from", "", "the first day of the charges (default: all)")
	f.StringVar(&o.until, "until", "", "the day after the last one (default: all)")
	f.StringVar(&o.partition, "partition", "", "month: a file per month of the charges")
	f.BoolVar(&o.json, "json", false, "print the manifest")
	return c
}

// exact is an amount with all its digits, "unknown" where the bill says none.
func exact(d *decimal.Decimal) string {
	if d == nil {
		return "unknown"
	}
	return d.String()
}

// exportDays are the days of an export; zero is all.
func (a *app) exportDays(from, until string) (analysis.Period, error) {
	p := analysis.Period{Start: analysis.Day(1970, 1, 1), End: analysis.Day(2200, 1, 1)}
	if from == "" && until == "" {
		return analysis.Period{}, nil
	}
	for _, f := range []struct {
		flag, text string
		to         *time.Time
	}{{"from", from, &p.Start}, {"until", until, &p.End}} {
		if f.text == "" {
			continue
		}
		t, err := time.Parse(analysis.DateLayout, f.text)
		if err != nil {
			return p, usageError{fmt.Errorf("--%s %q is not a day; write 2026-10-01", f.flag, f.text)}
		}
		*f.to = t
	}
	if !p.End.After(p.Start) {
		return p, usageError{fmt.Errorf("--until %s is not after --from %s", until, from)}
	}
	return p, nil
}
