// Package ask reads a question: a sentence goes in, an [analysis.Plan] comes out. It is a closed, deterministic grammar
// over the store's own vocabulary: dates, measures, cuts and the names that occur in the bill, with a table of everyday
// names beside them. Nothing is guessed: what is assumed stands in the plan's Notes, what a bill cannot tell in Declined,
// and what can be read in two ways, or not at all, comes back as a question with choices.
//
// The package holds no database and no clock: the caller hands in the vocabulary and the moment. The same question, moment,
// vocabulary and previous plan give the same plan. User text reaches a plan only as a value that the vocabulary holds.
package ask

import (
	"time"

	"spendbot/analysis"
)

// Vocabulary is what the store knows, built by the caller from data.
type Vocabulary struct {
	Providers       []Term
	Services        []Term
	Accounts        []Term // Value is the SubAccountId, Name the SubAccountName
	BillingAccounts []Term
	Regions         []Term
	UsageTypes      []Term
	InstanceTypes   []Term
	Skus            []Term
	Resources       []Term // may be empty or large: matched whole only, never by likeness
	Publishers      []Term
	Categories      []Term
	Commitments     []Term
	Tags            map[string][]Term // tag key to its values
	// Owned are the values of the dimensions that the owners configuration gives; nil where there is none. It has an entry for
	// every such dimension, since each can be asked by, even where no row has a value.
	Owned      map[analysis.Dimension][]Term
	Currencies []string  // the main one first
	First      time.Time // first day with data
	Through    time.Time // last complete day
}

// Term is one value as the store holds it, the name people know it by (empty where it is the same), and its cost, a
// weight by which suggestions are ranked.
type Term struct {
	Value, Name string
	Cost        float64
}

// Terms are a dimension's values in the vocabulary; the kinds of charges and the currencies are no terms.
func (v *Vocabulary) Terms(d analysis.Dimension) []Term {
	if k, ok := d.TagKey(); ok {
		return v.Tags[k]
	}
	switch d {
	case analysis.DimProvider:
		return v.Providers
	case analysis.DimBillingAccount:
		return v.BillingAccounts
	case analysis.DimAccount:
		return v.Accounts
	case analysis.DimCategory:
		return v.Categories
	case analysis.DimService:
		return v.Services
	case analysis.DimRegion:
		return v.Regions
	case analysis.DimSku:
		return v.Skus
	case analysis.DimUsageType:
		return v.UsageTypes
	case analysis.DimInstanceType:
		return v.InstanceTypes
	case analysis.DimResource:
		return v.Resources
	case analysis.DimCommitment:
		return v.Commitments
	case analysis.DimPublisher:
		return v.Publishers
	}
	return v.Owned[d]
}

// Options are the habits of the house that asks.
type Options struct {
	// FiscalYearStart is the month a fiscal year begins in; 0 and January mean the calendar year. A fiscal year is named
	// by the year it ends in.
	FiscalYearStart time.Month
	// DayFirst reads 10/11 as 10 November (true) or October 11 (false); nil asks.
	DayFirst *bool
	// WeekStart is the first day of a week; nil means Monday (ISO 8601).
	WeekStart *time.Weekday
	// Rules are the names of the allocation rules, which "how was support split?" may mean.
	Rules []string
	// Currencies can be asked for besides those that the bills are in: there are rates to convert into them.
	Currencies []string
}

// Reader reads questions over one vocabulary. It is safe for concurrent use.
type Reader struct {
	voc   *Vocabulary
	opts  Options
	index *index
}

// NewReader indexes a vocabulary once; the vocabulary must not change afterwards.
func NewReader(v *Vocabulary, opts Options) *Reader {
	if v == nil {
		v = &Vocabulary{}
	}
	return &Reader{voc: v, opts: opts, index: newIndex(v)}
}

// Read reads a question asked at now. A previous plan is the context of follow-ups such as "why?" or "and by region?";
// nil means there is none. It never fails: a question that cannot be read becomes an Ambiguous or OutOfScope plan.
func (r *Reader) Read(question string, now time.Time, previous *analysis.Plan) analysis.Plan {
	p := r.newParse(question, now)
	if previous != nil && previous.Current.IsZero() {
		previous = nil // nothing was answered, so there is nothing to follow up
	}
	if len(p.ts) == 0 {
		return p.lost()
	}
	if t, ok := p.topicOf(refusals); ok {
		return p.outOfScope(t)
	}
	p.read()
	if pl, ok := p.aboutAnswers(previous); ok {
		return pl
	}
	if t, ok := p.topicOf([]topic{offTopic}); ok && !p.hasNames() {
		return p.outOfScope(t)
	}
	if pl, ok := p.aside(); ok {
		return pl
	}
	intent := p.decide()
	finish := func(q *parse) analysis.Plan { return q.plan(intent) }
	if previous != nil && p.isFollowUp(intent) {
		finish = func(q *parse) analysis.Plan { return q.follow(previous, intent) }
	} else if intent == analysis.Ambiguous || p.empty() {
		return p.lost()
	}
	if len(p.forks) > 0 {
		return p.askBack(finish)
	}
	return finish(p)
}
