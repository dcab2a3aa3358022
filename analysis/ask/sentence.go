package ask

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// Sentence writes a plan as a question that is read as that plan again: what a button asks. Notes and Declined are not
// part of it. Plans that ask for nothing (Ambiguous, OutOfScope) give "".
func (r *Reader) Sentence(p analysis.Plan) string {
	of := r.filterWords(p.Filters)
	noun := map[analysis.Metric]string{analysis.Billed: "billed spend", analysis.List: "list cost", analysis.Contracted: "contracted cost",
		analysis.Usage: "usage quantity"}[p.Metric]
	if noun == "" {
		noun = "spend"
	}
	var b strings.Builder
	switch p.Intent {
	case analysis.SpendTotal:
		b.WriteString(noun + of + " " + periodWords(p.Current))
	case analysis.Breakdown:
		b.WriteString(noun + of + groupWords(p) + " " + periodWords(p.Current))
		if p.Limit > 0 {
			return strings.TrimSpace(b.String())
		}
	case analysis.TopN:
		fmt.Fprintf(&b, "top %d by %s", p.Limit, noun)
		b.WriteString(of + groupWords(p) + " " + periodWords(p.Current))
	case analysis.ExplainChange:
		b.WriteString("why did " + noun + of + " change")
		if p.Baseline != nil {
			b.WriteString(" " + periodWords(p.Current) + " versus " + periodWords(*p.Baseline))
		}
		b.WriteString(groupWords(p))
	case analysis.Compare:
		b.WriteString("compare " + noun + of + groupWords(p))
		switch {
		case len(p.Windows) > 0:
			for i := len(p.Windows) - 1; i >= 0; i-- {
				b.WriteString(" " + periodWords(p.Windows[i]))
				if i > 0 {
					b.WriteString(" versus")
				}
			}
		case p.Baseline != nil:
			b.WriteString(" " + periodWords(p.Current) + " versus " + periodWords(*p.Baseline))
		default:
			b.WriteString(" " + periodWords(p.Current))
		}
	case analysis.Showback:
		b.WriteString(r.showbackSentence(p))
	case analysis.AnomalyList:
		what := "anomalies"
		if p.Topic == AnomaliesUp {
			what = "unusual spikes"
		}
		return what + of + " " + periodWords(p.Current)
	case analysis.Ownership:
		if of == "" {
			return ""
		}
		return "who owns " + strings.TrimPrefix(of, " for ") + " " + periodWords(p.Current)
	case analysis.Freshness:
		return "how fresh is the data?"
	case analysis.Provenance:
		return "how did you get that number?"
	default:
		return ""
	}
	if p.Currency != "" {
		b.WriteString(" in " + p.Currency)
	}
	if p.Owners == analysis.CurrentOwners {
		b.WriteString(" with today's rules")
	}
	if p.Intent == analysis.ExplainChange {
		b.WriteString("?")
	}
	return b.String()
}

func groupWords(p analysis.Plan) string {
	var words []string
	for _, d := range p.GroupBy {
		if k, ok := d.TagKey(); ok {
			words = append(words, "tag:"+quoteIf(k))
			continue
		}
		words = append(words, d.Words())
	}
	if p.Grain != "" {
		words = append(words, string(p.Grain))
	}
	if len(words) == 0 {
		return ""
	}
	return " by " + strings.Join(words, " and ")
}

// periodWords writes a period that reads the same on any day.
func periodWords(p analysis.Period) string {
	switch {
	case p.IsWholeMonth():
		return "in " + p.Start.Format("January 2006")
	case p.Days() == 1:
		return "on " + p.Start.Format(analysis.DateLayout)
	}
	return "from " + p.Start.Format(analysis.DateLayout) + " to " + p.Last().Format(analysis.DateLayout)
}

func (r *Reader) filterWords(fs []analysis.Filter) string {
	var b strings.Builder
	for _, f := range fs {
		word := f.Dimension.Words()
		if k, ok := f.Dimension.TagKey(); ok && !r.plainKey(k) {
			word = "tag:" + quoteIf(k)
		}
		if len(f.Values) == 1 && f.Values[0] == "" && !f.Not {
			b.WriteString(" without " + word)
			continue
		}
		if f.Not {
			b.WriteString(" excluding ")
		} else {
			b.WriteString(" for ")
		}
		for i, v := range f.Values {
			if v == "" {
				continue
			}
			if i > 0 {
				b.WriteString(" and ")
			}
			b.WriteString(r.valueWords(f.Dimension, word, v))
		}
	}
	return b.String()
}

// plainKey reports whether a tag key can be said as a word: "team payments".
func (r *Reader) plainKey(k string) bool {
	if !plainWord.MatchString(k) || cutWords[fold(k)] != "" || grammarWords[fold(k)] {
		return fold(k) == "project"
	}
	if _, owned := r.voc.owned(k); owned {
		return false
	}
	d, ok := r.index.tagFor(k)
	return ok && d == analysis.TagDimension(k)
}

var plainWord = regexp.MustCompile(`^[a-z][a-z]+$`)

var plainValue = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([-.][A-Za-z0-9]+)*$`)

// valueWords writes one value so that it is read as itself and nothing else.
func (r *Reader) valueWords(d analysis.Dimension, word, v string) string {
	shown := v
	if id, ok := r.index.values[exactValue{d, v}]; ok {
		e := r.index.entries[id]
		if e.name != "" && len(r.index.lookDim(d, key(e.name))) == 1 && !strings.ContainsAny(e.name, `"`) {
			shown = e.name
		}
	}
	if plainValue.MatchString(shown) && (!grammarWords[fold(shown)] || word == "team") && !strings.Contains(word, ":") && !datePart(fold(shown)) && len(shown) > 1 {
		if n := r.index.lookDim(d, key(shown)); len(n) == 1 && n[0] == v && dayNames[fold(shown)] == 0 {
			return word + " " + shown
		}
	}
	if strings.Contains(word, ":") {
		return word + "=" + `"` + v + `"`
	}
	return strings.ReplaceAll(word, " ", "_") + `="` + v + `"`
}

// lookDim is the values of one dimension that a name stands for.
func (x *index) lookDim(d analysis.Dimension, k string) []string {
	for _, n := range x.lookAll(k) {
		if n.dim == d {
			return n.values
		}
	}
	return nil
}

func quoteIf(s string) string {
	if plainValue.MatchString(s) && !strings.ContainsAny(s, " ") {
		return s
	}
	return `"` + s + `"`
}

// tooStrange reports whether a plan holds values that no sentence can quote.
func tooStrange(p analysis.Plan) bool {
	return slices.ContainsFunc(p.Filters, func(f analysis.Filter) bool {
		return slices.ContainsFunc(f.Values, func(v string) bool { return strings.ContainsAny(v, "\"\n\r\t") })
	})
}
