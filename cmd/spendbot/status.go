package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/analysis/survey"
)

// statusJSON is what the store holds, for programs.
type statusJSON struct {
	Store     string         `json:"store"`
	Snapshot  int64          `json:"snapshot,string"`
	Published time.Time      `json:"published"`
	Loads     int            `json:"loads"`
	Providers []providerJSON `json:"providers"`
	Months    []monthJSON    `json:"months"`
}

type providerJSON struct {
	Provider        string `json:"provider"`
	First           string `json:"first"`
	CompleteThrough string `json:"complete_through"`
	Last            string `json:"last"`
	Monthly         bool   `json:"monthly"`
	AgeDays         int    `json:"age_days"` // from the last complete day to now
	How             string `json:"how"`      // how the last complete day was found
}

type monthJSON struct {
	Provider   string           `json:"provider"`
	Source     string           `json:"source"`
	Month      string           `json:"month"`
	Currency   string           `json:"currency"`
	Rows       int64            `json:"rows"`
	Billed     *analysis.Amount `json:"billed"`
	Effective  *analysis.Amount `json:"effective"`
	List       *analysis.Amount `json:"list"`
	Contracted *analysis.Amount `json:"contracted"`
}

func (a *app) status() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "status",
		Short:   "Show what the store holds and how far it is complete",
		Example: "  spendbot status --store bills",
		Args:    exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
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
			sv, err := survey.Of(ctx, st.Store, sn)
			if err != nil {
				return err
			}
			loads, err := st.Loads(ctx)
			if err != nil {
				return err
			}
			s := a.newStatus(st, sv)
			s.Published, s.Loads = sn.At, len(loads)
			if asJSON {
				return encode(a.stdout, s)
			}
			a.printStatus(s)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func (a *app) newStatus(st *opened, sv *survey.Survey) statusJSON {
	s := statusJSON{Store: st.Dir(), Snapshot: sv.Snapshot, Providers: []providerJSON{}, Months: []monthJSON{}}
	for _, p := range sv.Providers {
		s.Providers = append(s.Providers, providerJSON{Provider: p.Name, First: p.First.Format(analysis.DateLayout),
			CompleteThrough: p.Through.Format(analysis.DateLayout), Last: p.Last.Format(analysis.DateLayout), Monthly: p.Monthly, How: p.How,
			AgeDays: int(analysis.DayOf(a.now).Sub(p.Through).Hours() / 24)})
	}
	for _, m := range sv.Months {
		s.Months = append(s.Months, monthJSON{Provider: m.Provider, Source: m.Source, Month: m.Month, Currency: m.Currency, Rows: m.Rows,
			Billed: m.Totals[0], Effective: m.Totals[1], List: m.Totals[2], Contracted: m.Totals[3]})
	}
	return s
}

func (a *app) printStatus(s statusJSON) {
	fmt.Fprintf(a.stdout, "%s\nsnapshot %d, published %s, %s\n\n", s.Store, s.Snapshot, s.Published.Format("2 Jan 2006 15:04 MST"), count(s.Loads, "load", "loads"))
	t := newTable("provider", "from", "complete through", "last day", "behind", "found")
	for _, p := range s.Providers {
		behind := count(p.AgeDays, "day", "days")
		if p.Monthly {
			behind = "monthly"
		}
		t.AppendRow(table.Row{render.Clean(p.Provider), p.First, p.CompleteThrough, p.Last, behind, p.How})
	}
	printTable(a.stdout, t)
	fmt.Fprintln(a.stdout)
	t = newTable("invoice month", "feed", "rows", "billed", "effective")
	for i := len(s.Months) - 1; i >= 0; i-- {
		m := s.Months[i]
		t.AppendRow(table.Row{m.Month, render.Clean(m.Source), humanize.Comma(m.Rows), money(m.Billed, m.Currency), money(m.Effective, m.Currency)})
	}
	t.SortBy([]table.SortBy{{Name: "invoice month", Mode: table.Dsc}, {Name: "feed", Mode: table.Asc}})
	printTable(a.stdout, t)
}

// count is a number of things: count(2, "load", "loads") is "2 loads".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func money(a *analysis.Amount, currency string) string {
	if a == nil {
		return "unknown"
	}
	return render.MoneyExact(*a, currency)
}
