package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/survey"
)

// whoJSON is a verdict for programs.
type whoJSON struct {
	Version  string               `json:"version"`
	Rows     int64                `json:"rows"`
	Accounts []string             `json:"accounts"`
	Owners   map[string]ownerJSON `json:"owners"`
}

type ownerJSON struct {
	Value string   `json:"value"`
	By    string   `json:"by"`
	Why   []string `json:"why,omitempty"`
}

// whoDays is how many days back rows are looked for.
const whoDays = 31

// whoShown is how many verdicts are shown.
const whoShown = 5

func (a *app) ownersWho() *cobra.Command {
	var on string
	var asJSON bool
	c := &cobra.Command{
		Use:   "who RESOURCE | account=NAME | service=NAME | tag:KEY=VALUE ...",
		Short: "Explain whose a charge is: which rule decided, and why",
		Example: `  spendbot owners who i-0a1b2c3d4e5f
  spendbot owners who account=payments-prod tag:app=checkout
  spendbot owners who account=recs-prod --on 2026-09-15`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("whose is what? Name a resource, or conditions as account=payments-prod tag:app=checkout")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			l, err := a.look(ctx)
			if err != nil {
				return err
			}
			defer l.Close()
			if l.book == nil {
				return errNoOwners
			}
			sv, err := survey.Of(ctx, l.Store, l.sn)
			if err != nil {
				return err
			}
			last := sv.Vocabulary.Through
			p := analysis.Period{Start: last.AddDate(0, 0, 1-whoDays), End: last.AddDate(0, 0, 1)}
			if on != "" {
				day, err := time.Parse(analysis.DateLayout, on)
				if err != nil {
					return usageError{fmt.Errorf("--on %q is no day; write it as 2026-06-01", on)}
				}
				p = analysis.Period{Start: day, End: day.AddDate(0, 0, 1)}
			}
			var where []query.Fragment
			var said []string
			for _, arg := range args {
				f, err := condition(sv, arg)
				if err != nil {
					return err
				}
				w, err := query.Where([]analysis.Filter{f})
				if err != nil {
					return err
				}
				where = append(where, w)
				said = append(said, analysis.ScopeWords([]analysis.Filter{f}))
			}
			tuples, _, err := owners.ReadTuples(ctx, l.sight, p, where, true, l.book)
			if err != nil {
				return err
			}
			if len(tuples) == 0 {
				return fmt.Errorf("no charge of %s has %s; --on DAY looks at another day", p, strings.Join(said, ", "))
			}
			groups := owners.CasesOf(l.book, tuples)
			if asJSON {
				out := []whoJSON{}
				for _, g := range groups {
					out = append(out, whoOf(g))
				}
				return encode(a.stdout, out)
			}
			return a.printWho(ctx, groups, strings.Join(said, ", "), p)
		},
	}
	c.Flags().StringVar(&on, "on", "", "the day to look at, as 2026-06-01 (default: the last 31 days)")
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

// condition reads a condition on the command line: a dimension or a tag with a value, or a resource.
func condition(sv *survey.Survey, arg string) (analysis.Filter, error) {
	key, value, given := strings.Cut(arg, "=")
	if !given || strings.HasPrefix(arg, "arn:") || strings.HasPrefix(arg, "/") {
		return analysis.Filter{Dimension: analysis.DimResource, Values: []string{resourceID(sv, arg)}}, nil
	}
	d := analysis.Dimension(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(key), " ", "_")))
	if k, tag := strings.CutPrefix(key, "tag:"); tag {
		d = analysis.TagDimension(k)
	} else if _, owner := analysis.OwnerDimension(d.Column()); owner || d.Column() == "" {
		return analysis.Filter{}, usageError{fmt.Errorf("%q is no column of a bill: write account=, service=, region=, or tag:%s=", key, key)}
	}
	if d == analysis.DimResource {
		value = resourceID(sv, value)
	}
	for _, t := range sv.Vocabulary.Terms(d) { // by its name, as people know it
		if t.Name == value && t.Name != "" {
			return analysis.Filter{Dimension: d, Values: []string{t.Value}, Labels: []string{t.Name}}, nil
		}
	}
	return analysis.Filter{Dimension: d, Values: []string{value}}, nil
}

// resourceID is a resource's id, by its name or by the end of its id.
func resourceID(sv *survey.Survey, s string) string {
	match := func(t ask.Term) bool {
		return t.Value == s || t.Name == s || strings.HasSuffix(t.Value, "/"+s) || strings.HasSuffix(t.Value, ":"+s)
	}
	for _, t := range sv.Vocabulary.Resources {
		if match(t) {
			return t.Value
		}
	}
	return s
}

func whoOf(c *owners.Case) whoJSON {
	j := whoJSON{Version: c.Version.Words(), Rows: c.Rows, Accounts: c.Accounts, Owners: map[string]ownerJSON{
		"group": {Value: c.Group, By: "team"}, "business_unit": {Value: c.BusinessUnit, By: "team"}}}
	for a, d := range c.Decisions {
		j.Owners[string(a)] = ownerJSON{d.Value, c.By(d), c.Why[a]}
	}
	return j
}

func (a *app) printWho(_ context.Context, groups []*owners.Case, what string, p analysis.Period) error {
	w := a.stdout
	for i, g := range groups {
		if i == whoShown {
			fmt.Fprintf(w, "\n... and %s; --json shows all.\n", plurals(len(groups)-whoShown, "other case", "other cases"))
			break
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		costs := ""
		for c, d := range g.Cost {
			costs += ", " + render.Money(d, c)
		}
		fmt.Fprintf(w, "%s, %s: %s line items%s\n", render.Clean(what), p, humanize.Comma(g.Rows), costs)
		t := newTable("", "", "", "")
		t.ResetHeaders()
		for _, at := range owners.Attributes {
			d := g.Decisions[at]
			if d.By == owners.ByNone && at != owners.Team {
				continue
			}
			by := g.Because(at)
			t.AppendRow(table.Row{"", strings.ReplaceAll(string(at), "_", " "), render.Clean(d.Value), render.Clean(by)})
			if at == owners.Team {
				t.AppendRow(table.Row{"", "group", render.Clean(g.Group), "what the team belongs to"})
				t.AppendRow(table.Row{"", "business unit", render.Clean(g.BusinessUnit), "what the group belongs to"})
			}
		}
		printTable(w, t)
		fmt.Fprintf(w, "  by %s of the owners\n", render.Clean(g.Version.Words()))
	}
	return nil
}
