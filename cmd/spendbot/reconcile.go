package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/reconcile"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

func (a *app) reconcile() *cobra.Command {
	var o struct {
		month, invoices string
		json            bool
	}
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Hold what is billed in the store against files and invoices",
		Long: `Adds up the billed cost in the store per file, per period (provider, billing account, month, currency) and, where invoice
totals are given, per invoice, and says why they differ: in reasons that add up exactly, or in a row "unexplained".

Invoice totals are a CSV with the columns provider, billing account, month, invoice id, currency and total.`,
		Example: `  spendbot reconcile --month 2026-10
  spendbot reconcile --month 2026-10 --invoices invoices.csv
  spendbot reconcile --json`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			months, err := monthFlag(o.month)
			if err != nil {
				return err
			}
			invoices, err := a.cfg.readInvoices(o.invoices)
			if err != nil {
				return err
			}
			var report *reconcile.Report
			ans, err := a.looked(ctx, "spendbot reconcile"+flagText("--month", o.month)+flagText("--invoices", o.invoices), "reconcile", months,
				func(ctx context.Context, on lookedAt, ans *analysis.Answer) error {
					report, err = reconcile.Run(ctx, on.sight, reconcile.Options{Months: months, Invoices: invoices, Loads: on.loads, Through: on.survey.Daily()})
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
					*reconcile.Report
				}{ans.ID, ans.Headline, report})
			}
			return a.show(ans)
		},
	}
	f := c.Flags()
	f.StringVar(&o.month, "month", "", "the invoice month, as 2026-10 (default: all)")
	f.StringVar(&o.invoices, "invoices", "", "CSV of invoice totals (default: the configuration's)")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

// monthFlag reads a month; empty is no month.
func monthFlag(s string) (analysis.Period, error) {
	if s == "" {
		return analysis.Period{}, nil
	}
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return analysis.Period{}, usageError{fmt.Errorf("--month is %q; write a month, as 2026-10", s)}
	}
	return analysis.MonthOf(t), nil
}

func flagText(flag, value string) string {
	if value == "" {
		return ""
	}
	return " " + flag + " " + value
}

// readInvoices reads the invoice totals of a flag, else of the configuration; nil where neither names any.
func (c config) readInvoices(path string) ([]reconcile.Invoice, error) {
	if path == "" {
		path = c.Invoices
	}
	if path == "" {
		return nil, nil
	}
	return reconcile.ReadInvoiceFile(path)
}

// lookedAt is what a command that looks at the whole store sees.
type lookedAt struct {
	sight  *store.Sight
	survey *survey.Survey
	loads  []store.Load // that the snapshot was made from, newest first
}

// looked makes an answer by looking at the newest snapshot, and keeps it with its trace as answers to questions are kept.
func (a *app) looked(ctx context.Context, said, topic string, p analysis.Period, look func(context.Context, lookedAt, *analysis.Answer) error) (*analysis.Answer, error) {
	begin := time.Now()
	st, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	sn, err := st.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer sn.Close()
	var on lookedAt
	if on.survey, err = survey.Of(ctx, st.Store, sn); err != nil {
		return nil, err
	}
	if on.loads, err = st.Loads(ctx); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(on.loads, func(l store.Load) bool { return l.Snapshot == sn.ID }); i > 0 {
		on.loads = on.loads[i:]
	}
	if on.sight, err = sn.Seen(nil); err != nil {
		return nil, err
	}
	id, err := st.state.NewID(ctx)
	if err != nil {
		return nil, err
	}
	ans := &analysis.Answer{ID: id, Asked: a.now.UTC(), Question: said, Caveats: []string{}, Trace: analysis.Trace{Snapshot: sn.ID, ChargesSnapshot: sn.ChargesID, Queries: []analysis.QueryTrace{}},
		Reading: analysis.Plan{Intent: analysis.Trust, Topic: topic, Metric: analysis.Billed, Current: p, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}}}
	for _, p := range on.survey.Providers {
		ans.Through = append(ans.Through, analysis.ProviderThrough{Provider: p.Name, Day: p.Through})
	}
	if err := look(ctx, on, ans); err != nil {
		return nil, err
	}
	if st.demo {
		ans.Caveats = append(ans.Caveats, demoCaveat)
	}
	ans.Trace.MS = float64(time.Since(begin).Microseconds()) / 1000
	if err := st.state.SaveAnswer(ctx, ans); err != nil {
		return nil, fmt.Errorf("keep the answer: %w", err)
	}
	return ans, nil
}

// show prints an answer for people.
func (a *app) show(ans *analysis.Answer) error {
	width, tty := terminal(a.stdout)
	return render.Terminal(a.stdout, ans, render.Options{Width: width, Color: tty})
}
