package reply

import (
	"errors"
	"slices"

	"spendbot/analysis"
	"spendbot/analysis/ask"
)

// confine keeps a plan to its scope before anything is asked of the store. The queries hold the scope whatever the plan says;
// this is about names: filters that a follow-up brought along from a plan of somebody who sees more are not repeated.
func (w *work) confine() error {
	if w.survey == nil {
		return nil
	}
	if w.survey.Scope != analysis.ScopeKey(w.plan.Scope) {
		return errors.New("the survey is of another scope than the plan: make it with survey.Within the plan's scope")
	}
	if len(w.plan.Scope) == 0 {
		return nil
	}
	left := false
	filters := []analysis.Filter{}
	for _, f := range w.plan.Filters {
		kept := analysis.Filter{Dimension: f.Dimension, Not: f.Not}
		for i, v := range f.Values {
			if !w.holds(f.Dimension, v) {
				left = true
				continue
			}
			kept.Values = append(kept.Values, v)
			if i < len(f.Labels) {
				kept.Labels = append(kept.Labels, f.Labels[i])
			}
		}
		switch {
		case len(kept.Values) > 0:
			filters = append(filters, kept)
		case !f.Not: // without what is not there is everything; only what is not there is nothing
			w.beyond = true
		}
	}
	w.plan.Filters = filters
	if left && !w.beyond {
		w.caveat("part of what was asked for is not in your scope and left out")
	}
	return nil
}

// holds reports whether the scope has a value of a dimension. What has none, and the kinds of charges, are no names.
func (w *work) holds(d analysis.Dimension, value string) bool {
	if value == "" || d == analysis.DimChargeCategory {
		return true
	}
	v := &w.survey.Vocabulary
	if d == analysis.DimCurrency {
		return slices.Contains(v.Currencies, value)
	}
	return slices.ContainsFunc(v.Terms(d), func(t ask.Term) bool { return t.Value == value })
}

func (w *work) scoped() bool { return len(w.plan.Scope) > 0 }

// nothing answers when no row within the scope matches. It says nothing of what lies outside.
func (w *work) nothing() {
	w.a.Headline = "Nothing in your scope (" + analysis.ScopeWords(w.plan.Scope) + ") matches."
	w.caveat("no line items matched: that is not a zero on the bill")
}
