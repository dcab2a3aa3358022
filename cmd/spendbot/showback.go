package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/desk"
	"spendbot/analysis/render"
	"spendbot/analysis/reply"
	"spendbot/analysis/survey"
)

// demoAllocation is how the demo company splits its shared costs.
//
//go:embed demo_allocation.yaml
var demoAllocation []byte

// allocation is how shared costs are split: by the configuration, or on the demo company's bills by its own rules where the
// configuration has none.
func (a *app) allocation(st *opened) (*allocation.Rules, error) {
	c, dir := a.cfg.Allocation, filepath.Dir(a.flags.config)
	if st.demo && len(c.Rules) == 0 {
		var err error
		if c, err = allocation.ParseConfig(demoAllocation); err != nil {
			return nil, fmt.Errorf("demo company: %w", err)
		}
	}
	return allocation.New(c, dir)
}

type showbackOptions struct {
	month, by, metric, currency, explain, csv, parquet string
	chargeback, json                                   bool
	width                                              int
}

func (a *app) showback() *cobra.Command {
	var o showbackOptions
	c := &cobra.Command{
		Use:   "showback",
		Short: "Tell who bears a month's bill, shared costs split by the allocation rules",
		Long: `Gives each owner of a month's bill what its own rows cost and its part of the shared costs, by the rules under "allocation:" in
the configuration. The owners' totals are the bill exactly; what has no owner is a row of its own.

With --chargeback it is the invoices of the month, in billed cost, by invoice and cost centre, and to the cent: each invoice's cents
sum to the invoice. --csv and --parquet write the allocated bill: what each owner was billed, and what each rule gave and took.`,
		Example: `  spendbot showback --month 2026-10
  spendbot showback --month 2026-10 --explain team=payments
  spendbot showback --month 2026-10 --explain rule=support
  spendbot showback --month 2026-10 --chargeback --csv october.csv`,
		Args: oneOf(exactArgs(0, "no arguments"), "json", "explain", "chargeback"),
		RunE: func(c *cobra.Command, _ []string) error { return a.runShowback(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.month, "month", "", "the month, as 2026-10 (default: the last that is over)")
	f.StringVar(&o.by, "by", "", "whose parts: team, group, business_unit, cost_centre, environment, product, account, or tag:KEY (default: whom the rules give to)")
	f.StringVar(&o.metric, "metric", "", "effective, billed, list or contracted (default: effective; with --chargeback billed)")
	f.StringVar(&o.currency, "currency", "", "of a bill in several currencies, the one shown (default: the main one)")
	f.BoolVar(&o.chargeback, "chargeback", false, "by invoice and cost centre, to the cent")
	f.StringVar(&o.explain, "explain", "", "how one part came about: team=payments, or rule=support")
	f.StringVar(&o.csv, "csv", "", "write the allocated bill as CSV to this file, - for standard output")
	f.StringVar(&o.parquet, "parquet", "", "write the allocated bill as Parquet to this file")
	f.BoolVar(&o.json, "json", false, "print the answer as JSON")
	f.IntVar(&o.width, "width", 0, "columns to print in (default: the terminal's)")
	return c
}

func (a *app) runShowback(ctx context.Context, o showbackOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	d, err := a.desk(st, demoCaveat)
	if err != nil {
		return err
	}
	defer d.Close()
	plan, err := a.showbackPlan(ctx, d, o)
	if err != nil {
		return err
	}
	id, err := st.state.NewID(ctx)
	if err != nil {
		return err
	}
	ans, err := d.Answer(ctx, id, desk.Question{Text: o.asked(plan), Plan: &plan, Now: a.now})
	if err != nil {
		return err
	}
	if err := st.state.SaveAnswer(ctx, ans); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	if o.csv != "" || o.parquet != "" {
		if err := a.exportBill(ctx, d, ans, o); err != nil {
			return err
		}
	}
	switch {
	case o.csv == "-":
		return nil
	case o.json:
		return render.JSON(a.stdout, ans)
	}
	width, tty := terminal(a.stdout)
	if o.width > 0 {
		width = o.width
	}
	if err := render.Terminal(a.stdout, ans, render.Options{Width: width, Color: tty}); err != nil {
		return err
	}
	if o.explain != "" {
		fmt.Fprintln(a.stdout, "\nThe queries behind it, on snapshot", ans.Trace.Snapshot)
		for i, q := range ans.Trace.Queries {
			printQuery(a.stdout, i, q, nil)
		}
	}
	return nil
}

// asked is the command line that asks for the same again.
func (o showbackOptions) asked(p analysis.Plan) string {
	out := "spendbot showback --month " + p.Current.Start.Format("2006-01")
	for _, f := range []struct{ name, value string }{{"by", o.by}, {"metric", o.metric}, {"currency", o.currency}, {"explain", o.explain}} {
		if f.value != "" {
			out += " --" + f.name + " " + f.value
		}
	}
	if o.chargeback {
		out += " --chargeback"
	}
	return out
}

// showbackPlan reads the flags.
func (a *app) showbackPlan(ctx context.Context, d *desk.Desk, o showbackOptions) (analysis.Plan, error) {
	p := analysis.Plan{Intent: analysis.Showback, Metric: analysis.Effective, Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}, Currency: strings.ToUpper(o.currency)}
	sv, err := d.Survey(ctx, nil)
	if err != nil {
		return p, err
	}
	if o.chargeback {
		p.Topic, p.Metric = reply.ChargebackTopic, analysis.Billed
	}
	if o.metric != "" {
		if p.Metric = analysis.Metric(o.metric); p.Metric == analysis.Usage || !slices.Contains(analysis.Metrics, p.Metric) {
			return p, usageError{fmt.Errorf("--metric is %q; write effective, billed, list or contracted", o.metric)}
		}
	}
	rated, err := a.cfg.Currency.codes()
	if err != nil {
		return p, err
	}
	// A chargeback is in the invoices' currencies, which a reporting currency hides.
	if known := slices.Concat(sv.Vocabulary.Currencies, rated); p.Currency != "" && !slices.Contains(known, p.Currency) {
		return p, usageError{fmt.Errorf("--currency is %q; the bills are in %s", o.currency, strings.Join(sv.Vocabulary.Currencies, ", "))}
	}
	p.Current = analysis.MonthOf(analysis.MonthOf(a.now).Start.AddDate(0, -1, 0))
	if o.month != "" {
		t, err := time.Parse("2006-01", o.month)
		if err != nil || t.Year() < 1990 || t.Year() > 2200 {
			return p, usageError{fmt.Errorf("--month is %q; write a month, as 2026-10", o.month)}
		}
		p.Current = analysis.MonthOf(t)
	}
	if o.by != "" {
		by, err := ownerDimension(o.by, sv)
		if err != nil {
			return p, usageError{fmt.Errorf("--by: %w", err)}
		}
		p.GroupBy = append(p.GroupBy, by)
	}
	if o.explain == "" {
		return p, nil
	}
	key, value, ok := strings.Cut(o.explain, "=")
	if !ok || value == "" {
		return p, usageError{fmt.Errorf("--explain is %q; write an owner, as team=payments, or rule=support", o.explain)}
	}
	if key == "rule" {
		p.Topic = reply.RuleTopic(value)
		return p, nil
	}
	by, err := ownerDimension(key, sv)
	if err != nil {
		return p, usageError{fmt.Errorf("--explain: %w", err)}
	}
	if value == analysis.Unallocated {
		value = ""
	}
	for _, t := range sv.Vocabulary.Terms(by) {
		if value != "" && t.Name == value { // an account is known by its name
			value = t.Value
			break
		}
	}
	p.GroupBy, p.Filters = []analysis.Dimension{by}, []analysis.Filter{{Dimension: by, Values: []string{value}}}
	return p, nil
}

// ownerDimension is what a name says about whose parts are meant: owners of the owners configuration, where there is one, else tags.
func ownerDimension(name string, sv *survey.Survey) (analysis.Dimension, error) {
	if k, ok := analysis.Dimension(name).TagKey(); ok {
		if k == "" || strings.ContainsAny(k, "\"\\") {
			return "", fmt.Errorf("the tag key %q is empty or holds a quote or a backslash, which no query can name", k)
		}
		return analysis.Dimension(name), nil
	}
	d := analysis.Dimension(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name)))
	if d == "cost_center" {
		d = analysis.DimCostCentre
	}
	switch {
	case d == analysis.DimAccount || d == analysis.DimBillingAccount:
		return d, nil
	case !slices.Contains(analysis.OwnerDimensions, d):
		return "", fmt.Errorf("%q is nobody who bears costs; write team, group, business_unit, cost_centre, environment, product, account, or tag:KEY", name)
	case sv.Vocabulary.Owned != nil:
		return d, nil
	case len(sv.Vocabulary.Tags[string(d)]) == 0:
		return "", fmt.Errorf("no owners are configured and no row has the tag %s: write tag:KEY with one of %s", d, strings.Join(slices.Sorted(keysOf(sv)), ", "))
	}
	return analysis.TagDimension(string(d)), nil
}

func keysOf(sv *survey.Survey) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range sv.Vocabulary.Tags {
			if !yield(k) {
				return
			}
		}
	}
}

// exportBill writes the allocated bill that an answer was made from.
func (a *app) exportBill(ctx context.Context, d *desk.Desk, ans *analysis.Answer, o showbackOptions) error {
	b, err := d.Bill(ctx, ans)
	if err != nil {
		return err
	}
	e := b.Export(ans.ID, ans.Trace.Snapshot)
	if o.parquet != "" {
		if err := e.Parquet(ctx, o.parquet); err != nil {
			return err
		}
	}
	switch o.csv {
	case "":
		return nil
	case "-":
		return e.CSV(a.stdout)
	}
	return writeWhole(o.csv, e.CSV)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // gone already where all went well
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
