package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/analysis/render"
	"spendbot/runbooks"
)

// library are the runbooks that come with the program, with the company's own over them and beside them.
func (a *app) library() (*runbooks.Library, error) {
	l, err := runbooks.Built()
	if err != nil || a.cfg.Runbooks == "" {
		return l, err
	}
	if l, err = l.With(a.cfg.Runbooks); err != nil {
		return nil, err
	}
	var bad []error
	for _, p := range l.Lint() {
		slug, what, _ := strings.Cut(p, ": ")
		if r, ok := l.Get(slug); ok && r.Own { // ours are looked at by our own tests
			bad = append(bad, fmt.Errorf("%s: %s", filepath.Join(a.cfg.Runbooks, slug+".md"), what))
		}
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("runbooks: %w\n`spendbot runbook NAME` prints one that is in order, to copy from", errors.Join(bad...))
	}
	return l, nil
}

// checkRunbooks says how the company's own runbooks are.
func (a *app) checkRunbooks(r *checks) {
	l, err := a.library()
	if err != nil {
		r.fix("mend them, or take `runbooks:` out of the configuration", "%v", err)
		return
	}
	own := 0
	for _, b := range l.All() {
		if b.Own {
			own++
		}
	}
	if own > 0 {
		r.ok("runbooks: %d, %d of them from %s", len(l.All()), own, a.cfg.Runbooks)
	}
	for _, b := range l.Stale(a.now) {
		if b.Own {
			r.note("go through it and write the day into `reviewed:`", "runbook %s was last reviewed on %s", b.Slug, b.Front.Reviewed)
		}
	}
}

func (a *app) runbook() *cobra.Command {
	return &cobra.Command{
		Use:   "runbook [NAME|WORDS]",
		Short: "What to do about a cost: list, find and print runbooks",
		Long: `Runbooks say what a kind of cost looks like, what to check first, what to ask and to look at in AWS, Azure and Google Cloud, how to
contain it with risk and rollback, how to prevent it, and how the saving is verified. A folder of your own (runbooks: in the
configuration) overrides them by name or adds to them.`,
		Example: `  spendbot runbook
  spendbot runbook nat
  spendbot runbook log cardinality`,
		RunE: func(c *cobra.Command, args []string) error {
			l, err := a.library()
			if err != nil {
				return err
			}
			query := strings.Join(args, " ")
			if strings.TrimSpace(query) == "" {
				a.listRunbooks(l.All())
				return nil
			}
			best, others := l.Find(query)
			switch {
			case best != nil:
				a.printRunbook(*best)
				if len(others) > 0 {
					fmt.Fprintln(a.stdout, "\nalso:")
					for _, o := range others {
						fmt.Fprintf(a.stdout, "  spendbot runbook %-26s %s\n", o.Slug, render.Clean(o.Front.Title))
					}
				}
			case len(others) == 0:
				return usageError{fmt.Errorf("no runbook says anything of %q; `spendbot runbook` lists them", query)}
			default:
				fmt.Fprintf(a.stdout, "None is on %q alone; these say something of it:\n", query)
				a.listRunbooks(others)
			}
			return nil
		},
	}
}

func (a *app) listRunbooks(list []runbooks.Runbook) {
	t := newTable("name", "about", "found by", "severity", "reviewed")
	for _, r := range list {
		title := r.Front.Title
		if r.Own {
			title += " (own)"
		}
		t.AppendRow(table.Row{r.Slug, render.Clean(title), render.Clean(strings.Join(r.Front.Words, ", ")), r.Front.Severity, r.Front.Reviewed})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft}, {Number: 3, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft}})
	printTable(a.stdout, t)
}

// printRunbook prints a runbook as it is written: Markdown reads well in a terminal, and its commands can be copied.
func (a *app) printRunbook(r runbooks.Runbook) {
	fmt.Fprintf(a.stdout, "# %s\n", render.Clean(r.Front.Title))
	small := []string{r.Slug, "severity " + r.Front.Severity, "kept by " + r.Front.Owner, "reviewed " + r.Front.Reviewed}
	if r.Own {
		small = append(small, "your company's own")
	}
	fmt.Fprintln(a.stdout, render.Clean(strings.Join(small, " · ")))
	values := runbooks.Dates(time.Time{}, a.now)
	fmt.Fprintln(a.stdout)
	asking := false
	for line := range strings.Lines(r.Body) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "## ") {
			asking = strings.TrimSpace(line[3:]) == "Ask the bot"
		}
		if asking {
			line, _ = runbooks.Fill(line, values)
		}
		fmt.Fprintln(a.stdout, render.CleanLines(line))
	}
}
