package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/ingest"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

func (a *app) load() *cobra.Command {
	var source string
	var asJSON bool
	c := &cobra.Command{
		Use:   "load FILE|FOLDER",
		Short: "Load a billing export (FOCUS 1.0 to 1.3; CSV, CSV.gz, CSV.zst, Parquet)",
		Long: `Load reads a FOCUS export, or a folder of its parts, checks every cell, and publishes it as one snapshot whose rows and
sums equal the file's exactly; otherwise nothing is loaded. A billing month of a feed replaces the month loaded before.`,
		Example: `  spendbot load exports/2026-10.csv.gz --store bills
  spendbot load exports/2026-10/ --store bills --source aws-main`,
		Args: exactArgs(1, "one file or folder"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if a.flags.store == "" {
				return usageError{fmt.Errorf("say where the store is, or should be: --store DIR or SPENDBOT_STORE")}
			}
			if len(source) > maxSource || render.Clean(source) != source {
				return usageError{fmt.Errorf("--source is a name of up to %d plain characters", maxSource)}
			}
			st, err := a.openDir(ctx, a.flags.store, false)
			if err != nil {
				return err
			}
			defer st.Close()
			progress, done := progressBar(a.stderr)
			res, err := ingest.Load(ctx, st.Store, args[0], ingest.Options{Source: source, Now: a.now, Progress: progress})
			done()
			if err != nil {
				return a.refused(ctx, st, err)
			}
			if sn, err := st.Snapshot(ctx, 0); err == nil { // so that the first question need not wait for it
				_, _ = survey.Of(ctx, st.Store, sn)
				sn.Close()
			}
			if asJSON {
				return encode(a.stdout, newLoadJSON(res.Load, &res.Unchanged))
			}
			printLoad(a.stdout, res)
			return nil
		},
	}
	c.Flags().StringVar(&source, "source", "", "name of the feed; default: each row's provider and billing account")
	c.Flags().BoolVar(&asJSON, "json", false, "print the load's record as JSON")
	return c
}

// refused adds to an error of bad input what the store still holds.
func (a *app) refused(ctx context.Context, st *opened, err error) error {
	var bad *ingest.Error
	if !errors.As(err, &bad) {
		return err
	}
	holds := "the store is still empty"
	if loads, lerr := st.Loads(ctx); lerr != nil {
		holds = "the store is as it was"
	} else if len(loads) > 0 {
		l := loads[0]
		holds = fmt.Sprintf("the store is as the load of %s left it (%s: %s rows, %s)", l.At.Format("2006-01-02"), fileName(l), humanize.Comma(l.Rows), totalsWords(l.Totals))
	}
	return refusedError{err, holds}
}

// refusedError is bad input, with what the store still holds.
type refusedError struct {
	error
	holds string
}

func (e refusedError) Unwrap() error { return e.error }

// maxSource bounds a feed's name: it is a partition of every file.
const maxSource = 100

// progressBar shows a load's progress on a terminal and nowhere else.
func progressBar(w io.Writer) (func(ingest.Progress), func()) {
	if _, ok := terminal(w); !ok {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	return func(p ingest.Progress) {
			if bar == nil || bar.GetMax64() != max(p.Total, 1) {
				bar = progressbar.NewOptions64(max(p.Total, 1), progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
					progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
			}
			bar.Describe(p.Step)
			_ = bar.Set64(min(p.Done, p.Total))
		}, func() {
			if bar != nil {
				_ = bar.Clear()
			}
		}
}

// loadJSON is a load's record as programs read it.
type loadJSON struct {
	ID         string               `json:"id"`
	At         time.Time            `json:"at"`
	File       string               `json:"file"`
	SHA256     string               `json:"sha256"`
	Bytes      int64                `json:"bytes"`
	Rows       int64                `json:"rows"`
	Totals     map[string]totalJSON `json:"totals"`
	Periods    []string             `json:"periods"`
	Warnings   []string             `json:"warnings"`
	Files      []store.LoadFile     `json:"files"`
	Partitions []store.Partition    `json:"partitions"`
	Replaced   *store.Replaced      `json:"replaced"`
	Snapshot   int64                `json:"snapshot,string"`
	Unchanged  *bool                `json:"unchanged,omitempty"`
}

// totalJSON are the four costs as decimal strings; null where no row had one.
type totalJSON = store.Totals

func newLoadJSON(l store.Load, unchanged *bool) loadJSON {
	j := loadJSON{ID: l.ID, At: l.At, SHA256: l.SHA256, Bytes: l.Bytes, Rows: l.Rows, Totals: l.Totals, Periods: l.Periods, Warnings: l.Warnings,
		Files: l.Files, Partitions: l.Partitions, Replaced: l.Replaced, Snapshot: l.Snapshot, Unchanged: unchanged, File: fileName(l)}
	if j.Warnings == nil {
		j.Warnings = []string{}
	}
	return j
}

func fileName(l store.Load) string {
	if len(l.Files) == 1 {
		return l.Files[0].Path
	}
	return fmt.Sprintf("%d files", len(l.Files))
}

func printLoad(w io.Writer, res *ingest.Result) {
	l := res.Load
	if res.Unchanged {
		fmt.Fprintf(w, "Nothing to do: these bytes are in force since load %s of %s.\n", l.ID, l.At.Format("2 Jan 2006 15:04 MST"))
		return
	}
	fmt.Fprintf(w, "Loaded %s: %s rows of %s, %s.\n", render.Clean(fileName(l)), humanize.Comma(l.Rows), strings.Join(l.Periods, ", "), totalsWords(l.Totals))
	if r := l.Replaced; r != nil {
		fmt.Fprintf(w, "It took the place of %s rows, %s.\n", humanize.Comma(r.Rows), totalsWords(r.Totals))
	}
	fmt.Fprintf(w, "Rows and sums equal the file's exactly. Load %s, snapshot %d.\n", l.ID, l.Snapshot)
	for _, warning := range l.Warnings {
		fmt.Fprintf(w, "note: %s\n", render.Clean(warning))
	}
}

func totalsWords(t map[string]store.Totals) string {
	var parts []string
	for _, c := range sortedCurrencies(t) {
		var costs []string
		for _, m := range []struct {
			name string
			a    *analysis.Amount
		}{{"billed", t[c].Billed}, {"effective", t[c].Effective}} {
			if m.a != nil {
				costs = append(costs, render.MoneyExact(*m.a, c)+" "+m.name)
			}
		}
		parts = append(parts, strings.Join(costs, ", "))
	}
	return strings.Join(parts, "; ")
}

func sortedCurrencies(t map[string]store.Totals) []string {
	var out []string
	for c := range t {
		out = append(out, c)
	}
	sort.Strings(out)
	return out
}

func (a *app) loads() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "loads",
		Short: "List what was loaded, newest first",
		Example: `  spendbot loads --store bills
  spendbot loads --json | jq '.[0].totals'`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			loads, err := st.Loads(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				out := make([]loadJSON, 0, len(loads))
				for _, l := range loads {
					out = append(out, newLoadJSON(l, nil))
				}
				return encode(a.stdout, out)
			}
			if len(loads) == 0 {
				return store.ErrEmpty
			}
			t := newTable("load", "when", "file", "rows", "periods", "billed", "effective", "sha256", "notes")
			for _, l := range loads {
				billed, effective := columnTotals(l.Totals)
				t.AppendRow(table.Row{l.ID, l.At.Format("2006-01-02 15:04"), render.Clean(fileName(l)), humanize.Comma(l.Rows), span(l.Periods), billed, effective, l.SHA256[:12], len(l.Warnings)})
			}
			printTable(a.stdout, t)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the records as JSON")
	return c
}

func columnTotals(t map[string]store.Totals) (billed, effective string) {
	var b, e []string
	for _, c := range sortedCurrencies(t) {
		if a := t[c].Billed; a != nil {
			b = append(b, render.MoneyExact(*a, c))
		}
		if a := t[c].Effective; a != nil {
			e = append(e, render.MoneyExact(*a, c))
		}
	}
	return strings.Join(b, "\n"), strings.Join(e, "\n")
}

func span(periods []string) string {
	if len(periods) > 2 {
		return periods[0] + " to " + periods[len(periods)-1]
	}
	return strings.Join(periods, ", ")
}

// printTable writes a table without blanks at the ends of lines.
func printTable(w io.Writer, t table.Writer) {
	for line := range strings.Lines(t.Render() + "\n") {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

// newTable is a plain table: no lines, a blank between columns.
func newTable(header ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleDefault)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Box.PaddingLeft = ""
	t.Style().Box.PaddingRight = "  "
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	return t
}
