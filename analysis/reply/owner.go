package reply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
)

// shownOwners is how many owners of one thing are named.
const shownOwners = 8

// ownership says whose something is, by which rule, tag or team, and by which version of the rules.
func (w *work) ownership(ctx context.Context) error {
	named := w.plan.Filters
	if len(named) > 1 { // whose the service is says enough
		named = slices.DeleteFunc(slices.Clone(named), func(f analysis.Filter) bool { return f.Dimension == analysis.DimProvider })
	}
	what := analysis.ScopeWords(named)
	if w.book == nil {
		w.a.Headline = "No owners are configured here, so nothing says whose " + what + " is."
		w.a.Parts = append(w.a.Parts, analysis.Part{Text: "`owners:` in the configuration names a file of rules; the tags of a bill can be asked for as they are, as in \"spend by tag:team\"."})
		return nil
	}
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	where, err := query.Where(w.plan.Filters)
	if err != nil {
		return err
	}
	book := w.book
	if w.plan.Owners == analysis.CurrentOwners {
		book = book.Current(analysis.DayOf(w.now))
	}
	tuples, tr, err := owners.ReadTuples(ctx, w.sight, w.plan.Current, []query.Fragment{where}, true, book)
	if err != nil {
		return err
	}
	w.a.Trace.Queries = append(w.a.Trace.Queries, tr)
	cases := owners.CasesOf(book, tuples)
	if len(cases) == 0 {
		w.a.Headline = fmt.Sprintf("Nothing was charged for %s in %s, so there is nothing to own.", what, w.plan.Current)
		return nil
	}
	var versions []string
	for _, c := range cases {
		if v := c.Version.Words(); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	w.caveat("by the owners: %s", strings.Join(versions, " and "))
	var teams []string
	for _, c := range cases {
		if t := c.Decisions[owners.Team].Value; !slices.Contains(teams, t) {
			teams = append(teams, t)
		}
	}
	switch {
	case len(teams) == 1 && teams[0] == analysis.Unallocated:
		w.a.Headline = fmt.Sprintf("Nobody owns %s: no rule and no tag gives it a team.", what)
	case len(teams) == 1:
		w.a.Headline = fmt.Sprintf("Team %s owns %s.", teams[0], what)
		if channel := cases[0].Decisions[owners.SlackChannel].Value; channel != "" && sameOf(cases, owners.SlackChannel) {
			w.a.Headline = fmt.Sprintf("Team %s owns %s; its channel is %s.", teams[0], what, channel)
		}
	default:
		w.a.Headline = fmt.Sprintf("%s has %d owners: each line item belongs to one.", strings.ToUpper(what[:1])+what[1:], len(teams))
	}
	if len(cases) == 1 {
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: ownerTable(cases[0])})
		return nil
	}
	rows := w.owners(cases)
	t := &analysis.Table{Columns: analysis.TextColumns("team", "cost centre", "channel", "because", "spend")}
	for _, r := range rows[:min(len(rows), shownOwners)] {
		t.Rows = append(t.Rows, analysis.TextRow(append(r.said[:], r.spend())...))
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	if n := len(rows) - shownOwners; n > 0 {
		w.caveat("%d more are not shown; naming an account or a tag with it makes them fewer", n)
	}
	return nil
}

func sameOf(cases []*owners.Case, a owners.Attribute) bool {
	return !slices.ContainsFunc(cases, func(c *owners.Case) bool { return c.Decisions[a].Value != cases[0].Decisions[a].Value })
}

// ownerTable says all that is known of one owner, and why.
func ownerTable(c *owners.Case) *analysis.Table {
	t := &analysis.Table{Columns: analysis.TextColumns("of it", "value", "because")}
	for _, a := range owners.Attributes {
		d := c.Decisions[a]
		if d.By == owners.ByNone && a != owners.Team {
			continue
		}
		t.Rows = append(t.Rows, analysis.TextRow(strings.ReplaceAll(string(a), "_", " "), d.Value, c.Because(a)))
		if a != owners.Team {
			continue
		}
		if c.Group != "" {
			t.Rows = append(t.Rows, analysis.TextRow("group", c.Group, "what the team belongs to"))
		}
		if c.BusinessUnit != "" {
			t.Rows = append(t.Rows, analysis.TextRow("business unit", c.BusinessUnit, "what the group belongs to"))
		}
	}
	return t
}

// ownerRow is cases of which a table says the same.
type ownerRow struct {
	said [4]string // team, cost centre, channel, because
	cost map[string]decimal.Decimal
}

func (r *ownerRow) spend() string {
	var out []string
	for _, cur := range slices.Sorted(maps.Keys(r.cost)) {
		out = append(out, render.Money(r.cost[cur], cur))
	}
	return strings.Join(out, ", ")
}

// owners are the rows of a table of several owners, whoever has most of it first.
func (w *work) owners(cases []*owners.Case) []*ownerRow {
	var out []*ownerRow
	for _, c := range cases {
		said := [4]string{c.Decisions[owners.Team].Value, c.Decisions[owners.CostCentre].Value, c.Decisions[owners.SlackChannel].Value, c.Because(owners.Team)}
		i := slices.IndexFunc(out, func(r *ownerRow) bool { return r.said == said })
		if i < 0 {
			i = len(out)
			out = append(out, &ownerRow{said, map[string]decimal.Decimal{}})
		}
		for cur, d := range c.Cost {
			out[i].cost[cur] = out[i].cost[cur].Add(d)
		}
	}
	slices.SortStableFunc(out, func(a, b *ownerRow) int { return b.cost[w.a.Currency].Abs().Cmp(a.cost[w.a.Currency].Abs()) })
	return out
}
