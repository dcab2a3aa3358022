package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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
	"spendbot/analysis/source"
	"spendbot/analysis/store"
)

func (a *app) load() *cobra.Command {
	var feed, mapping, currency string
	var asJSON, again bool
	c := &cobra.Command{
		Use:   "load [FILE|FOLDER|URL|SOURCE]...",
		Short: "Load billing exports: files, folders, s3://, gs://, azblob://, or the configured sources",
		Long: `Load reads a billing export, checks every cell, and publishes it as one snapshot whose rows and sums equal the file's exactly;
otherwise nothing is loaded. A billing month of a feed replaces the month loaded before.

A folder is one load, of all its parts, unless manifests lie in it. A bucket, and a folder with manifests, is read as
deliveries: what its manifest says, or its folder and month, belongs together. Of those only what is new or changed is
fetched, and what is not whole yet waits. Without arguments every source of the configuration is loaded; one is named by its
name. Credentials come from where each cloud's own tools take them.`,
		Example: `  spendbot load exports/2026-10.csv.gz --store bills
  spendbot load exports/2026-10/ --store bills --source aws-main
  spendbot load 's3://company-bills/cur?region=eu-central-1' --store bills
  spendbot load --config spendbot.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if len(args) == 0 && len(a.cfg.Sources) == 0 {
				return usageError{errors.New("load takes files, folders or addresses, or the sources of a configuration that has some; see `spendbot load --help`")}
			}
			if a.flags.store == "" {
				return usageError{fmt.Errorf("say where the store is, or should be: --store DIR or SPENDBOT_STORE")}
			}
			if len(feed) > maxSource || render.Clean(feed) != feed {
				return usageError{fmt.Errorf("--source is a name of up to %d plain characters", maxSource)}
			}
			flags := sourceConfig{Feed: feed, Format: mapping, Currency: currency}
			if _, err := flags.options("", false); err != nil {
				return usageError{fmt.Errorf("--%w", err)}
			}
			files, places, err := a.toLoad(ctx, args, flags)
			if err != nil {
				return err
			}
			st, err := a.openDir(ctx, a.flags.store, false)
			if err != nil {
				return err
			}
			defer st.Close()
			for _, f := range files {
				if err := a.loadFiles(ctx, st, f, flags, asJSON); err != nil {
					return err
				}
			}
			if len(places) == 0 {
				return nil
			}
			return a.loadSources(ctx, st, places, again, asJSON)
		},
	}
	c.Flags().StringVar(&feed, "source", "", "name of the feed; default: each row's provider and billing account")
	c.Flags().StringVar(&mapping, "mapping", "", "YAML mapping of a format of your own")
	c.Flags().StringVar(&currency, "currency", "", "currency of bills that name none, as EUR")
	c.Flags().BoolVar(&again, "again", false, "fetch deliveries that are in force already too")
	c.Flags().BoolVar(&asJSON, "json", false, "print the loads' records as JSON")
	return c
}

// toLoad tells the arguments apart: files and folders that are one load each, and places that hold deliveries.
func (a *app) toLoad(ctx context.Context, args []string, flags sourceConfig) (files []string, places []sourceConfig, err error) {
	if len(args) == 0 {
		return nil, a.cfg.Sources, nil
	}
	for _, arg := range args {
		if i := slices.IndexFunc(a.cfg.Sources, func(s sourceConfig) bool { return s.Name == arg }); i >= 0 {
			places = append(places, a.cfg.Sources[i])
			continue
		}
		place := flags
		place.URL = arg
		if source.Remote(arg) {
			places = append(places, place)
			continue
		}
		arg = strings.TrimPrefix(arg, "file://")
		if st, err := os.Stat(arg); err != nil || !st.IsDir() {
			files = append(files, arg) // a path that is not there says so when it is loaded
			continue
		}
		if store.Exists(arg) {
			return nil, nil, usageError{fmt.Errorf("%s is a store, not bills to load: keep exports in a folder of their own", arg)}
		}
		s, err := source.Open(ctx, arg, source.Options{})
		if err != nil {
			return nil, nil, err
		}
		is, err := s.Manifested(ctx)
		s.Close()
		if err != nil {
			return nil, nil, err
		}
		if is {
			place.URL = arg
			places = append(places, place)
		} else {
			files = append(files, arg)
		}
	}
	return files, places, nil
}

// loadFiles loads a file or a folder of parts as it lies there.
func (a *app) loadFiles(ctx context.Context, st *opened, path string, o sourceConfig, asJSON bool) error {
	dialects, _, err := o.mapping()
	if err != nil {
		return usageError{err}
	}
	progress, done := progressBar(a.stderr)
	res, err := ingest.Load(ctx, st.Store, path, ingest.Options{Source: o.Feed, Now: a.now, Progress: progress, Mappings: dialects, Currency: o.Currency})
	done()
	if err != nil {
		return a.refused(ctx, st, err)
	}
	warmSurvey(ctx, st.Store)
	if asJSON {
		return encode(a.stdout, newLoadJSON(res.Load, &res.Unchanged))
	}
	printLoad(a.stdout, res)
	return nil
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
	Restated   []restatedJSON       `json:"restated"`
	Delivery   *store.Delivery      `json:"delivery,omitempty"`
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
	j.Restated, j.Delivery = newRestatedJSON(l), l.Delivery
	return j
}

// restatedJSON is a restatement with its differences.
type restatedJSON struct {
	store.Restatement
	differenceJSON
	Services []serviceMovedJSON `json:"services"`
	Rest     *serviceMovedJSON  `json:"rest"`
}

type serviceMovedJSON struct {
	store.ServiceMoved
	differenceJSON
}

type differenceJSON struct {
	Billed    *analysis.Amount `json:"billed_difference"`
	Effective *analysis.Amount `json:"effective_difference"`
}

func newRestatedJSON(l store.Load) []restatedJSON {
	out := []restatedJSON{}
	service := func(s store.ServiceMoved) serviceMovedJSON {
		return serviceMovedJSON{s, differenceJSON{s.Billed(), s.Effective()}}
	}
	for _, r := range l.Restated {
		j := restatedJSON{Restatement: r, differenceJSON: differenceJSON{r.Billed(), r.Effective()}, Services: []serviceMovedJSON{}}
		for _, s := range r.Services {
			j.Services = append(j.Services, service(s))
		}
		if r.Rest != nil {
			rest := service(*r.Rest)
			j.Rest = &rest
		}
		out = append(out, j)
	}
	return out
}

func fileName(l store.Load) string {
	own := slices.DeleteFunc(slices.Clone(l.Files), func(f store.LoadFile) bool { return f.From != "" })
	if len(own) == 1 {
		return own[0].Path
	}
	return fmt.Sprintf("%d files", len(own))
}

func printLoad(w io.Writer, res *ingest.Result) {
	l := res.Load
	if res.Unchanged {
		fmt.Fprintf(w, "Nothing to do: these bytes are in force since load %s of %s.\n", l.ID, l.At.Format("2 Jan 2006 15:04 MST"))
		return
	}
	fmt.Fprintf(w, "Loaded %s: %s rows of %s, %s.\n", render.Clean(fileName(l)), humanize.Comma(l.Rows), span(l.Periods), totalsWords(l.Totals))
	if r := l.Replaced; r != nil {
		fmt.Fprintf(w, "It took the place of %s rows, %s%s.\n", humanize.Comma(r.Rows), totalsWords(r.Totals), restatedHint(l))
	}
	whose := "file's"
	if len(l.Files) > 1 {
		whose = "files'"
	}
	fmt.Fprintf(w, "Rows and sums equal the %s exactly. Load %s, snapshot %d.\n", whose, l.ID, l.Snapshot)
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
	var asJSON, restated bool
	c := &cobra.Command{
		Use:   "loads [LOAD]",
		Short: "List what was loaded, newest first, or show what a load changed",
		Long: `Loads lists what was loaded. Of a load that is named, or of all with --restated, it shows what it changed about days that were
in the store before: per provider, invoice month and currency the services that moved most, and the rest as one row.`,
		Example: `  spendbot loads --store bills
  spendbot loads L-20261102-080000-3f2a1b
  spendbot loads --json | jq '.[0].totals'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("loads takes one load's id, or none; see `spendbot loads --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			loads, err := st.Loads(c.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				i := slices.IndexFunc(loads, func(l store.Load) bool { return strings.EqualFold(l.ID, args[0]) })
				if i < 0 {
					return fmt.Errorf("there is no load %s; `spendbot loads` lists them", render.Clean(args[0]))
				}
				loads = loads[i : i+1]
			} else if restated {
				loads = slices.DeleteFunc(loads, func(l store.Load) bool { return len(l.Restated) == 0 })
			}
			if asJSON {
				out := make([]loadJSON, 0, len(loads))
				for _, l := range loads {
					out = append(out, newLoadJSON(l, nil))
				}
				return encode(a.stdout, out)
			}
			if len(args) == 1 || restated {
				for i, l := range loads {
					if i > 0 {
						fmt.Fprintln(a.stdout)
					}
					printRestated(a.stdout, l)
				}
				if len(loads) == 0 {
					fmt.Fprintln(a.stdout, "No load has changed a day that was in the store before.")
				}
				return nil
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
	c.Flags().BoolVar(&restated, "restated", false, "show what each load changed about days that were there before")
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
