package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/currency"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// currencyConfig is the reporting currency and where its rates come from.
type currencyConfig struct {
	Reporting string      `yaml:"reporting"` // EUR: what answers are in; empty: the currency that most is billed in, nothing converted
	Rates     string      `yaml:"rates"`     // CSV: date,from,to,rate or the ECB's eurofxref-hist.csv
	At        currency.At `yaml:"at"`        // month (default) or day
}

var reportingCode = regexp.MustCompile(`^[A-Z]{3}$`)

// check reads the rates, where they are: what is wrong with them is to be known before somebody asks.
func (c *currencyConfig) check() error {
	switch {
	case c.Reporting == "" && c.Rates == "" && c.At == "":
		return nil
	case c.Reporting != "" && !reportingCode.MatchString(c.Reporting):
		return fmt.Errorf("currency.reporting is %q; write the code of a currency, as EUR", c.Reporting)
	case c.Rates == "":
		return errors.New("currency.rates is missing; write the file of rates: date,from,to,rate or the ECB's eurofxref-hist.csv")
	case c.At != "" && c.At != currency.AtMonth && c.At != currency.AtDay:
		return fmt.Errorf("currency.at is %q; write month or day", c.At)
	}
	t, err := currency.Read(c.Rates)
	if errors.Is(err, fs.ErrNotExist) { // a load needs no rates; who asks is told
		return nil
	}
	if err != nil {
		return err
	}
	if c.Reporting != "" && !slices.Contains(t.Currencies(), c.Reporting) {
		return fmt.Errorf("currency.reporting is %s, of which %s has no rate", c.Reporting, c.Rates)
	}
	return nil
}

// codes are the currencies that can be asked for.
func (c *currencyConfig) codes() ([]string, error) {
	if c.Rates == "" {
		return nil, nil
	}
	t, err := currency.Read(c.Rates)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.Currencies(), nil
}

// lensFunc is what a snapshot is looked at through for a plan.
type lensFunc func(context.Context, *store.Snapshot, analysis.Plan) (query.Lens, error)

// converted puts the reporting currency over a lens, or the currency that a plan asks for.
func (a *app) converted(next lensFunc) lensFunc {
	if a.cfg.Currency.Rates == "" {
		return next
	}
	r := &rates{conf: a.cfg.Currency}
	return func(ctx context.Context, sn *store.Snapshot, p analysis.Plan) (query.Lens, error) {
		lens, err := next(ctx, sn, p)
		if err != nil {
			return lens, err
		}
		return r.over(ctx, lens, sn, p)
	}
}

// rates are the configured rates, read again when their file changes, and the currencies and days of the newest snapshot.
type rates struct {
	conf currencyConfig

	mu       sync.Mutex
	table    *currency.Table
	modified time.Time
	snapshot int64
	needs    []currency.Need
}

// over adds the conversion that a plan is carried out with. A plan that is about the currencies themselves sees them as billed.
func (r *rates) over(ctx context.Context, lens query.Lens, sn *store.Snapshot, p analysis.Plan) (query.Lens, error) {
	to := p.Currency
	if to == "" {
		to = r.conf.Reporting
	}
	of := func(f analysis.Filter) bool { return f.Dimension == analysis.DimCurrency }
	if to == "" || slices.ContainsFunc(p.Filters, of) || slices.ContainsFunc(p.Scope, of) || slices.Contains(p.GroupBy, analysis.DimCurrency) {
		return lens, nil
	}
	table, needs, err := r.of(ctx, sn)
	if err != nil {
		return lens, err
	}
	c := table.Into(to, r.conf.At, needs)
	if c.Words() == "" && len(c.Missing) == 0 {
		return lens, nil // all of it is billed in that currency
	}
	periods := append([]analysis.Period{}, p.Windows...)
	if !p.Current.IsZero() {
		periods = append(periods, p.Current)
	}
	if p.Baseline != nil {
		periods = append(periods, *p.Baseline)
	}
	if err := c.Lacks(periods...); err != nil {
		return lens, err
	}
	var beneath []string
	for _, y := range lens.Layers {
		beneath = append(beneath, y.Columns...)
	}
	return lens.Over(c.Layer(beneath)), nil
}

// of is the table as its file is now, and what a snapshot needs of it.
func (r *rates) of(ctx context.Context, sn *store.Snapshot) (*currency.Table, []currency.Need, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fi, err := os.Stat(r.conf.Rates)
	if err != nil {
		return nil, nil, fmt.Errorf("currency rates: %w", err)
	}
	if r.table == nil || !fi.ModTime().Equal(r.modified) {
		t, err := currency.Read(r.conf.Rates)
		if err != nil {
			return nil, nil, err
		}
		r.table, r.modified = t, fi.ModTime()
	}
	if r.snapshot != sn.ID {
		needs, err := currency.Needs(ctx, sn)
		if err != nil {
			return nil, nil, err
		}
		r.snapshot, r.needs = sn.ID, needs
	}
	return r.table, r.needs, nil
}
