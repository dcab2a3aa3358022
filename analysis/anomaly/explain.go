package anomaly

import (
	"context"
	"fmt"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/explain"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// Explained is an incident with its drivers: the same arithmetic as of "why did it change", over what all parts of the incident share.
type Explained struct {
	Current, Baseline analysis.Period
	Filters           []analysis.Filter
	Bridge            analysis.Bridge
	// Effect is the likely effect: the largest of the bridge in the direction of the change, whatever the calendar brings; empty when nothing changed.
	Effect  analysis.Effect
	Queries []analysis.QueryTrace
}

// longestExplained is how many days of an incident are explained, the first: what set in then is what began it.
const longestExplained = 7

// Periods are the incident's days, its first 7 at most, and as many before.
func (i Incident) Periods() (current, baseline analysis.Period) {
	p := analysis.Period{Start: i.Onset, End: i.Last.AddDate(0, 0, 1)}
	if p.Days() > longestExplained {
		p.End = p.Start.AddDate(0, 0, longestExplained)
	}
	return p, analysis.Period{Start: p.Start.AddDate(0, 0, -p.Days()), End: p.Start}
}

// Filters are what all parts of the incident have in common. Owners is whether the sight knows teams.
func (i Incident) Filters(owners bool) []analysis.Filter {
	out := []analysis.Filter{}
	for _, c := range []struct {
		d  analysis.Dimension
		of func(leaf) string
	}{
		{analysis.DimProvider, func(l leaf) string { return l.provider }}, {analysis.DimService, func(l leaf) string { return l.service }}, {analysis.DimChargeCategory, leaf.category},
		{analysis.DimAccount, func(l leaf) string { return l.account }}, {analysis.DimRegion, func(l leaf) string { return l.region }},
		{analysis.DimUsageType, func(l leaf) string { return l.usageType }}, {analysis.DimTeam, func(l leaf) string { return l.team }},
	} {
		if c.d == analysis.DimTeam && !owners {
			continue
		}
		v := c.of(i.Parts[0].leaf)
		same := v != several
		for _, p := range i.Parts {
			same = same && c.of(p.leaf) == v
		}
		if same {
			out = append(out, analysis.Filter{Dimension: c.d, Values: []string{v}})
		}
	}
	return out
}

// Explain finds the drivers of an incident in what somebody may see. The survey is of the same sight.
func (i Incident) Explain(ctx context.Context, sight *store.Sight, sv *survey.Survey) (*Explained, error) {
	x := &Explained{}
	x.Current, x.Baseline = i.Periods()
	owners := sight.Lens().Has(analysis.DimTeam.Column())
	x.Filters = i.Filters(owners)
	var cut []query.Cutoff
	for _, p := range sv.Providers {
		if next := p.Through.AddDate(0, 0, 1); next.Before(x.Current.End) && !p.Monthly {
			next = analysis.Later(next, x.Current.Start)
			there := x.Baseline.Start.Add(next.Sub(x.Current.Start))
			cut = append(cut, query.Cutoff{Provider: p.Name, Day: next, Period: x.Current}, query.Cutoff{Provider: p.Name, Day: there, Period: x.Baseline})
		}
	}
	req := explain.Request{Metric: analysis.Effective, Current: x.Current, Baseline: x.Baseline, Filters: x.Filters, Currency: i.Currency, First: sv.Vocabulary.First, Cutoffs: cut,
		Name: func(column, value string) string {
			switch column {
			case "SubAccountId":
				return sv.AccountName(value)
			case "ResourceId":
				return sv.ResourceName(value)
			}
			return value
		}}
	if owners {
		req.Columns = []string{analysis.DimTeam.Column()}
	}
	res, err := explain.RunWithin(ctx, sight, req)
	if err != nil {
		return nil, fmt.Errorf("explain %s since %s: %w", i.Label, i.Onset.Format(time.DateOnly), err)
	}
	x.Bridge, x.Queries = res.Bridge, res.Queries
	for _, e := range x.Bridge.Effects {
		if e.Effect == analysis.EffCalendar || e.Amount.Sign() != x.Bridge.Change.Delta.Sign() {
			continue
		}
		if best := effectOf(x.Bridge, x.Effect); x.Effect == "" || e.Amount.Abs().GreaterThan(best.Abs()) {
			x.Effect = e.Effect
		}
	}
	return x, nil
}

func effectOf(b analysis.Bridge, e analysis.Effect) (sum analysis.Amount) {
	for _, x := range b.Effects {
		if x.Effect == e {
			sum = x.Amount
		}
	}
	return sum
}
