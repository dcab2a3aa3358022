package reply

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// mostActions is how many next questions an answer offers.
const mostActions = 6

// next offers the questions that this answer makes worth asking, in order of use: why, then the largest part alone, then the
// cuts that would still show something. Each is asked as a follow-up of the answer.
func (w *work) next() {
	p := w.a.Reading
	switch {
	case len(w.a.Actions) > 0:
		return
	case p.Intent == analysis.Showback:
		w.nextOfShowback()
		return
	case p.Intent == analysis.Trust && p.Topic == reconcileTopic:
		w.offer("Why does a console differ?", func(q analysis.Plan) bool { return q.Topic == mismatchTopic }, "why is this different from the console?",
			"why is this different from the console in "+p.Current.Start.Format("January 2006")+"?")
		return
	case !w.holdsNumbers():
		return
	}
	switch {
	case p.Topic == mismatchTopic:
		w.offer("In billed cost", func(q analysis.Plan) bool { return q.Intent == analysis.SpendTotal && q.Metric == analysis.Billed }, "as billed")
		w.offer("Without credits", func(q analysis.Plan) bool {
			return q.Intent == analysis.SpendTotal && keepsOnly(q, analysis.Filter{Dimension: analysis.DimChargeCategory, Values: []string{"Credit"}, Not: true})
		}, "without credits")
	case p.Intent != analysis.ExplainChange:
		w.offer("Why?", func(q analysis.Plan) bool { return q.Intent == analysis.ExplainChange && q.Baseline != nil }, "why did it change?", "why?")
	}
	if d, value := w.largest(); value != "" {
		w.offerOnly(d, value)
	}
	if len(p.Windows) > 0 {
		return // several periods are compared by their totals
	}
	for _, d := range w.usefulCuts() {
		w.offer("By "+d.Words(), func(q analysis.Plan) bool { return slices.Contains(q.GroupBy, d) }, "and by "+d.Words()+"?")
	}
}

// nextOfShowback offers, under who bears the bill, what the largest owner bears, the bill by accounts, and what the invoices come to.
func (w *work) nextOfShowback() {
	p := w.a.Reading
	if len(w.a.Parts) == 0 || w.a.Parts[0].Table == nil {
		return
	}
	back := func(topic string, q analysis.Plan) bool { return q.Intent == analysis.Showback && q.Topic == topic }
	if d, value := w.largest(); value != "" && p.Topic == "" {
		name := w.name(columnOf(d), value)
		w.offer("What "+name+" pays", func(q analysis.Plan) bool {
			return back("", q) && keepsOnly(q, analysis.Filter{Dimension: d, Values: []string{value}})
		}, onlyWordings(d, name, value)...)
	}
	if len(p.Filters) == 0 && !strings.HasPrefix(p.Topic, ruleTopic) {
		for _, d := range []analysis.Dimension{w.teamTag(), analysis.DimAccount} {
			if d != "" && !slices.Contains(p.GroupBy, d) && w.open(d) {
				w.offer("By "+d.Words(), func(q analysis.Plan) bool { return back(p.Topic, q) && slices.Contains(q.GroupBy, d) }, "and by "+d.Words()+"?")
			}
		}
	}
	if p.Topic == "" && len(p.Filters) == 0 && p.Current.IsWholeMonth() {
		w.offer("As chargeback", func(q analysis.Plan) bool { return back(ChargebackTopic, q) }, "chargeback for "+p.Current.Start.Format("January 2006"))
	}
}

// mismatchTopic marks questions why a total differs from what a provider's own console shows.
const mismatchTopic = "console_mismatch"

// holdsNumbers reports whether there is anything in the answer to go on from.
func (w *work) holdsNumbers() bool {
	switch w.a.Reading.Intent {
	case analysis.ExplainChange, analysis.Compare, analysis.SpendTotal, analysis.TopN, analysis.Breakdown:
		return slices.ContainsFunc(w.a.Parts, func(p analysis.Part) bool { return p.Table != nil || p.Bridge != nil || p.Series != nil })
	}
	return false
}

// offer adds a next question in the first of its wordings that is read as what its label says.
func (w *work) offer(label string, means func(analysis.Plan) bool, wordings ...string) {
	if len(w.a.Actions) == mostActions {
		return
	}
	for _, ask := range wordings {
		if w.reader != nil {
			q := w.reader.Read(ask, w.now, &w.a.Reading)
			if q.Intent == analysis.Ambiguous || q.Intent == analysis.OutOfScope || !q.Current.Equal(w.a.Reading.Current) || !means(q) {
				continue
			}
		}
		w.a.Actions = append(w.a.Actions, analysis.Action{Label: label, Ask: ask})
		return
	}
}

// offerOnly offers the same question about one value.
func (w *work) offerOnly(d analysis.Dimension, value string) {
	name := w.name(columnOf(d), value)
	filter := analysis.Filter{Dimension: d, Values: []string{value}}
	w.offer("Only "+name, func(q analysis.Plan) bool { return keepsOnly(q, filter) }, onlyWordings(d, name, value)...)
}

func onlyWordings(d analysis.Dimension, name, value string) []string {
	word := d.Words()
	return []string{"only " + word + " " + name, "only " + word + ` "` + name + `"`, "only " + word + " " + value,
		"only " + strings.ReplaceAll(word, " ", "_") + `="` + value + `"`}
}

// keepsOnly reports whether a filter is one of a plan's.
func keepsOnly(p analysis.Plan, f analysis.Filter) bool {
	return slices.ContainsFunc(p.Filters, func(g analysis.Filter) bool {
		return g.Dimension == f.Dimension && g.Not == f.Not && slices.Equal(g.Values, f.Values)
	})
}

// narrower are the dimensions that an answer is narrowed by, those that people think in first.
var narrower = [][]analysis.Dimension{{analysis.DimAccount, analysis.DimService}, {analysis.DimUsageType, analysis.DimRegion}}

// largest is the value that carries most: of the first driver that names an account or a service, else of a table's first row.
func (w *work) largest() (analysis.Dimension, string) {
	for _, p := range w.a.Parts {
		if p.Bridge == nil {
			continue
		}
		for _, dims := range narrower {
			for _, driver := range p.Bridge.Drivers {
				for _, d := range dims {
					if v := driver.Slice[d.Column()]; v != "" && w.open(d) {
						return d, v
					}
				}
			}
		}
	}
	groups := w.a.Reading.GroupBy
	if len(groups) == 0 || !w.open(groups[0]) {
		return "", ""
	}
	for _, p := range w.a.Parts {
		if p.Table == nil {
			continue
		}
		first := ""
		for _, r := range p.Table.Rows {
			switch v := r.Key[columnOf(groups[0])]; {
			case v == "":
			case first == "":
				first = v
			case v != first: // there is another one, so that one alone says something new
				return groups[0], first
			}
		}
	}
	return "", ""
}

// usefulCuts are the cuts that people ask for, in the order of use, that are not made already and would show more than one row.
func (w *work) usefulCuts() []analysis.Dimension {
	var out []analysis.Dimension
	for _, d := range []analysis.Dimension{w.teamTag(), analysis.DimAccount, analysis.DimService, analysis.DimRegion} {
		if d != "" && !slices.Contains(w.a.Reading.GroupBy, d) && w.open(d) {
			out = append(out, d)
		}
	}
	return out
}

// open reports whether a dimension has several values that neither a filter nor the scope has narrowed down to one.
func (w *work) open(d analysis.Dimension) bool {
	for _, f := range slices.Concat(w.a.Reading.Filters, w.a.Reading.Scope) {
		if f.Dimension == d && !f.Not && len(f.Values) == 1 {
			return false
		}
	}
	return len(w.survey.Vocabulary.Terms(d)) > 1
}

// teamTag is what says whose spend it is: the owners, else a tag; "" where there is neither.
func (w *work) teamTag() analysis.Dimension {
	if w.survey.Vocabulary.Owned != nil {
		return analysis.DimTeam
	}
	best, most := "", -1.0
	for key, values := range w.survey.Vocabulary.Tags {
		if !strings.EqualFold(key, "team") {
			continue
		}
		cost := 0.0
		for _, v := range values {
			cost += v.Cost
		}
		if cost > most || cost == most && key < best {
			best, most = key, cost
		}
	}
	if best == "" {
		return ""
	}
	return analysis.TagDimension(best)
}
