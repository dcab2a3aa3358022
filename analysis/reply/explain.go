package reply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/explain"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
)

// tagKeys bounds how many tag keys slices are searched by, the ones that cover most spend first.
const tagKeys = 4

// maxTagCardinality is how many values a tag key may have to be searched by: more are names, not groups.
const maxTagCardinality = 500

func (w *work) explain(ctx context.Context) error {
	if w.plan.Baseline == nil {
		return errors.New("the plan explains a change but has no baseline")
	}
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	w.leaveOut()
	req := explain.Request{
		Metric: w.plan.Metric, Current: w.plan.Current, Baseline: *w.plan.Baseline, Filters: w.plan.Filters,
		Currency: w.a.Currency, TagKeys: w.searchTags(), Columns: w.searchOwners(), First: w.survey.Vocabulary.First, Name: w.name,
		Cutoffs: w.cutoffs,
	}
	if req.Metric == analysis.Usage {
		w.caveat("usage quantities have no drivers in money: the change is explained in effective cost")
		req.Metric, w.plan.Metric, w.a.Reading.Metric = analysis.Effective, analysis.Effective, analysis.Effective
	}
	res, err := explain.RunWithin(ctx, w.sight, req)
	if err != nil {
		return err
	}
	w.a.Trace.Queries = append(w.a.Trace.Queries, res.Queries...)
	if w.scoped() && res.Rows == 0 {
		w.nothing()
		return nil
	}
	w.unknown = res.Unknown
	if res.Known == 0 && res.Unknown > 0 {
		w.noneKnown()
		return w.others(ctx, w.plan.Current, *w.plan.Baseline)
	}
	b := res.Bridge
	w.a.Headline = render.ChangeSentence(w.subject(), b.Change, when(w.plan.Current), before(w.plan))
	if s := w.focus(b); s != "" {
		w.a.Parts = append(w.a.Parts, analysis.Part{Text: s})
	} else if s := w.foremost(b); s != "" {
		w.a.Parts = append(w.a.Parts, analysis.Part{Text: s})
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Bridge: &b})
	if err := w.others(ctx, w.plan.Current, *w.plan.Baseline); err != nil {
		return err
	}
	return w.groupedChange(ctx)
}

// nothingThere answers when a period has no data at all.
func (w *work) nothingThere() (bool, error) {
	first, through := w.survey.Vocabulary.First, w.lastDay()
	for _, p := range []analysis.Period{w.plan.Current, orZero(w.plan.Baseline)} {
		if p.IsZero() || p.Start.Before(through.AddDate(0, 0, 1)) && p.End.After(first) {
			continue
		}
		w.a.Headline = "There is no data for " + p.String() + "."
		w.a.Parts = append(w.a.Parts, analysis.Part{Text: "The store holds " + first.Format("2 Jan 2006") + " to " + through.Format("2 Jan 2006") + "."})
		w.a.Caveats = append(w.a.Caveats, "No data is not zero spend.")
		return true, nil
	}
	if b := orZero(w.plan.Baseline); !b.IsZero() && b.Start.Before(first) {
		w.caveat("the store's data begins on %s, inside or after the period compared with", first.Format("2 Jan 2006"))
	}
	return false, nil
}

func orZero(p *analysis.Period) analysis.Period {
	if p == nil {
		return analysis.Period{}
	}
	return *p
}

// lastDay is the last day with any row.
func (w *work) lastDay() time.Time {
	var last time.Time
	for _, p := range w.survey.Providers {
		if p.Last.After(last) {
			last = p.Last
		}
	}
	return last
}

// leaveOut has every query of a comparison leave out, on both sides, the days that a provider has not delivered whole. Only
// periods of the same length can be matched day by day; others are said to be incomplete.
func (w *work) leaveOut() {
	cur, base := w.plan.Current, *w.plan.Baseline
	for _, t := range w.incomplete(cur) {
		from := t.Day.AddDate(0, 0, 1)
		if from.Before(cur.Start) || cur.Days() != base.Days() {
			w.caveat("%s is complete only through %s: what it still has to deliver is missing from %s", t.Provider, t.Day.Format("2 Jan"), cur)
			continue
		}
		there := base.Start.Add(from.Sub(cur.Start))
		w.cutoffs = append(w.cutoffs, query.Cutoff{Provider: t.Provider, Day: from, Period: cur}, query.Cutoff{Provider: t.Provider, Day: there, Period: base})
		w.caveat("%s's days after %s, and those they are compared with, are left out on both sides", t.Provider, t.Day.Format("2 Jan"))
	}
}

// searchedOwners are the dimensions of the owners that slices are searched by. Groups of teams would say less than the teams, and
// products and cost centres are mostly said of a part of the rows.
var searchedOwners = []analysis.Dimension{analysis.DimTeam, analysis.DimEnvironment}

// searchOwners are the columns of those that tell rows apart.
func (w *work) searchOwners() []string {
	var out []string
	for _, d := range searchedOwners {
		n := 0
		for _, t := range w.survey.Vocabulary.Owned[d] {
			if t.Cost > 0 {
				n++
			}
		}
		if n > 1 && n <= maxTagCardinality {
			out = append(out, d.Column())
		}
	}
	return out
}

// searchTags are the tag keys that slices are searched by.
func (w *work) searchTags() []string {
	type key struct {
		name string
		cost float64
	}
	var keys []key
	for k, terms := range w.survey.Vocabulary.Tags {
		if len(terms) < 2 || len(terms) > maxTagCardinality || w.survey.Vocabulary.SaidByOwners(k) || strings.ContainsAny(k, "\"\\") {
			continue
		}
		c := key{name: k}
		for _, t := range terms {
			c.cost += t.Cost
		}
		keys = append(keys, c)
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.cost > b.cost:
			return -1
		case a.cost < b.cost:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, k := range keys[:min(len(keys), max(0, tagKeys-len(w.searchOwners())))] {
		out = append(out, k.name)
	}
	return out
}

// foremost is the sentence after the headline: the driver that carries most, since when, and how.
func (w *work) foremost(b analysis.Bridge) string {
	for i, d := range b.Drivers {
		if len(d.Slice) == 0 || d.Amount.Sign() != b.Change.Delta.Sign() || b.Change.Delta.IsZero() {
			continue
		}
		s := "The largest part is " + d.Label + ", " + render.DriverAmount(&b, i)
		if !d.Onset.Day.IsZero() {
			since := ", since "
			if d.Onset.Around {
				since = ", since around "
			}
			s += since + d.Onset.Day.Format("Mon 2 Jan")
		}
		if d.How != "" {
			s += ": " + d.How
		}
		return s + "."
	}
	return ""
}

// focus answers a question about certain effects: "is it usage or price?", "did our savings plan expire?".
func (w *work) focus(b analysis.Bridge) string {
	if w.plan.Focus == "" {
		return ""
	}
	wanted := map[analysis.Effect]bool{}
	for _, f := range strings.Split(w.plan.Focus, ",") {
		wanted[analysis.Effect(strings.TrimSpace(f))] = true
	}
	parts, rest := render.EffectsApart(&b, func(e analysis.Effect) bool { return wanted[e] })
	if len(parts) == 0 {
		var words []string
		for _, e := range analysis.Effects {
			if wanted[e] {
				words = append(words, render.EffectWords(e))
			}
		}
		return "Nothing of it comes from " + strings.Join(words, ", ") + "."
	}
	return "Of the change, " + strings.Join(parts, ", ") + "; everything else " + rest + "."
}

// groupedChange adds the change per value when the question asked for a cut ("which team owns the increase?").
func (w *work) groupedChange(ctx context.Context) error {
	if len(w.plan.GroupBy) == 0 {
		return nil
	}
	t, err := w.changeTable(ctx)
	if t == nil || err != nil {
		return err
	}
	if s := w.movers(t); s != "" { // who moved is what was asked; what moved follows
		w.a.Parts = append([]analysis.Part{{Text: s}}, w.a.Parts...)
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	return nil
}

// moversNamed is how many values a sentence about a cut names.
const moversNamed = 3

// movers says which values of a cut changed most: "By team: data +$19,703, search -$13,735, web +$4,311."
func (w *work) movers(t *analysis.Table) string {
	names, at := len(w.plan.GroupBy), len(t.Columns)-2
	var said []string
	for i, r := range t.Rows {
		if len(said) == moversNamed || r.Key == nil || r.Cells[at].Amount.IsZero() {
			break
		}
		var name []string
		for _, c := range r.Cells[:names] {
			name = append(name, c.Text)
		}
		said = append(said, strings.Join(name, ", ")+" "+render.CellText(t, w.a.Currency, i, at))
	}
	if len(said) == 0 {
		return ""
	}
	by := make([]string, names)
	for i, g := range w.plan.GroupBy {
		by[i] = g.Words()
	}
	return "By " + joinOr(by) + ": " + strings.Join(said, ", ") + "."
}
