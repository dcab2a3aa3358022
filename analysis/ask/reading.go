package ask

import (
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// parse is a question on its way to a plan.
type parse struct {
	r        *Reader
	x        *index
	cal      calendar
	ts       []token
	q        cues
	mentions []mention
	spans    []span
	groups   []analysis.Dimension
	grain    analysis.Grain
	absent   []string
	asked    cutWord // the dimension behind "which"
	valued   analysis.Dimension

	askedMany bool
	topSaid   bool

	metric, otherMetric analysis.Metric
	limit               int
	currency            string
	owners              string
	focus               []analysis.Effect

	notes, declined []string
	forks           []fork
}

func (r *Reader) newParse(question string, now time.Time) *parse {
	text, short := clean(question)
	p := &parse{r: r, x: r.index, cal: newCalendar(now, r.voc, r.opts)}
	p.ts = tokens(text, func(w string) bool { return p.x.single[w] })
	if short || len(p.ts) >= maxTokens {
		p.note("the question is long: only its first %d characters or %d words were read", maxRunes, maxTokens)
	}
	return p
}

// clone is a copy that a fork's option may change.
func (p *parse) clone() *parse {
	q := *p
	q.ts, q.mentions, q.spans = slices.Clone(p.ts), slices.Clone(p.mentions), slices.Clone(p.spans)
	q.groups, q.absent, q.focus = slices.Clone(p.groups), slices.Clone(p.absent), slices.Clone(p.focus)
	q.notes, q.declined, q.forks = slices.Clone(p.notes), slices.Clone(p.declined), nil
	return &q
}

func (p *parse) dates() dateReader { return dateReader{p.cal, p.ts} }

// dateParts are the words that may be glued to another by a hyphen and still be a date.
func datePart(w string) bool {
	if _, ok := monthNames[w]; ok {
		return true
	}
	return yearWord.MatchString(w) || partWord.MatchString(w)
}

// splitDates takes "oct-dec", "q3-2025", "month-to-date" apart; what the vocabulary knows as it stands stays whole.
func (p *parse) splitDates() {
	var out []token
	for _, t := range p.ts {
		a, b, glued := strings.Cut(t.low, "-")
		switch {
		case t.quoted || !glued || p.x.single[t.low] || len(p.x.look(key(t.low))) > 0:
			out = append(out, t)
		case in(t.low, "month-to-date", "year-to-date", "quarter-to-date", "week-to-date"):
			for w := range strings.SplitSeq(t.low, "-") {
				out = append(out, token{raw: w, low: w})
			}
			out[len(out)-1].brk = t.brk
		case datePart(a) && datePart(b):
			out = append(out, token{raw: a, low: a})
			if !yearWord.MatchString(b) && !yearWord.MatchString(a) {
				out = append(out, token{raw: "-", low: "-", dash: true, role: filler})
			}
			out = append(out, token{raw: b, low: b, brk: t.brk})
		default:
			out = append(out, t)
		}
	}
	p.ts = out
}

// splitNon reads "non-production" and "nonprod" as "not production".
func (p *parse) splitNon() {
	var out []token
	for _, t := range p.ts {
		rest, non := strings.CutPrefix(t.low, "non")
		rest = strings.TrimPrefix(rest, "-")
		if non && !t.quoted && !p.x.single[t.low] && len(p.x.look(key(t.low))) == 0 && len(p.x.look(key(rest))) > 0 {
			out = append(out, token{raw: "not", low: "not"}, token{raw: rest, low: rest, brk: t.brk})
			continue
		}
		out = append(out, t)
	}
	p.ts = out
}

// read takes the question apart, the surest parts first.
func (p *parse) read() {
	p.splitDates()
	p.splitNon()
	p.fixSpelling()
	p.readRules()
	p.readPairs()
	p.readUntagged()
	p.readNames(true)
	p.spans = p.dates().readDates()
	p.weakMonths()
	p.recurring()
	p.readCuts()
	p.readMeasures()
	p.readCues()
	p.readNames(false)
	p.leftCuts()
	p.suspects()
	p.readRest()
	p.negations()
	p.mixedKinds()
	p.declineAbsent()
	p.dateForks()
}

// weakMonths deals with "may", which may be a month or a name of the vocabulary.
func (p *parse) weakMonths() {
	for i := range p.spans {
		s := p.spans[i]
		if !s.weak {
			continue
		}
		word := p.ts[s.to-1]
		list := p.x.look(key(word.low))
		if len(list) == 0 {
			continue
		}
		at := len(p.mentions)
		p.mentions = append(p.mentions, mention{from: s.from, to: s.to, said: word.raw})
		f := fork{question: "\"" + word.raw + "\" can be the month or " + p.listNamings(list) + ". Which one?"}
		f.options = append(f.options, option{s.Label, func(*parse) {}})
		for _, n := range list[:min(3, len(list))] {
			f.options = append(f.options, option{p.namingLabel(n), func(q *parse) {
				q.mentions[at].naming = n
				q.spans = slices.DeleteFunc(q.spans, func(x span) bool { return x.from == s.from && x.weak })
			}})
		}
		p.forks = append(p.forks, f)
	}
}

// dateForks asks what 10/11 is, and when "launch" was.
func (p *parse) dateForks() {
	for i, s := range p.spans {
		switch {
		case len(s.forks) > 0:
			f := fork{question: "\"" + s.forkSaid + "\" can be " + s.forks[0].String() + " or " + s.forks[1].String() + ". Which day?"}
			for _, d := range s.forks {
				f.options = append(f.options, option{d.String(), func(q *parse) { q.spans[i].Period, q.spans[i].forks = d, nil }})
			}
			p.forks = append(p.forks, f)
		case s.since != "":
			f := fork{question: "A bill does not know the date of \"" + clip(s.since) + "\". Since which day? Ask with a date, as in \"since " +
				p.cal.through.AddDate(0, -1, 0).Format(analysis.DateLayout) + "\"."}
			months := p.dates().completeMonths(byMonth, 3)
			month := p.cal.fullOrRunningMonth()
			opts := []span{month, months}
			labels := []string{"month to date", "last 3 months"}
			if !p.cal.first.IsZero() && p.cal.first.Before(p.cal.through) {
				opts, labels = append(opts, p.dates().openEnded(p.cal.first)), append(labels, "all of the data")
			}
			for k, o := range opts {
				f.options = append(f.options, option{labels[k], func(q *parse) { q.spans[i] = o }})
			}
			p.forks = append(p.forks, f)
		}
	}
}

var suspected = phrases("deploy|deployment|release|rollout|migration|upgrade cause|caused|causing|drive|drove|driving|trigger|triggered|behind|responsible")

// suspects reads "did the deploy cause it?": what is suspected is no name, and a bill cannot tell a cause.
func (p *parse) suspects() {
	from, to, ok := find(p.ts, suspected)
	if !ok || p.ts[from].role != open {
		return
	}
	p.decline("Whether the %s is the cause no bill can tell; what was done near in time stands beside each change.", p.ts[from].low)
	p.mark(from, to, filler)
}

var notWords = phrases("without", "excluding|exclude|excl|except|minus|ignoring|outside", "except for", "other than",
	"but not", "not", "no", "apart from", "leaving out", "leave out", "all|everything but", "net of", "aside from", "ignore",
	"excludes")

// negations turns names around that stand behind "without" and the like.
func (p *parse) negations() {
	for i := range p.mentions {
		m := &p.mentions[i]
		if len(m.values) == 1 && m.values[0] == "" && m.not {
			continue
		}
		j := m.from
		for j > 0 && (articles[p.ts[j-1].low] && p.ts[j-1].low != "all" || in(p.ts[j-1].low, "in", "for", "of")) {
			j--
		}
		for k := max(0, j-2); k < j; k++ {
			for _, w := range notWords {
				if end, ok := w.at(p.ts, k); ok && end == j && p.ts[k].role != named {
					m.not = true
				}
			}
		}
		if i > 0 && p.mentions[i-1].not && m.from > p.mentions[i-1].to-1 && joined(p.ts[min(p.mentions[i-1].to, m.from):m.from]) {
			m.not = true
		}
	}
}

// mixedKinds deals with "EC2 and payments": two kinds cannot be added up by one filter.
func (p *parse) mixedKinds() {
	for i := 1; i < len(p.mentions); i++ {
		for k := range i {
			a, b := p.mentions[k], p.mentions[i]
			if a.from > b.from {
				a, b = b, a
			}
			if len(a.values) == 0 || len(b.values) == 0 || a.not || b.not || a.dim == b.dim || a.from == b.from || b.from < a.to {
				continue
			}
			between := p.ts[a.to:b.from]
			if !(len(between) > 0 && joined(between) || len(between) == 0 && p.ts[a.to-1].brk) {
				continue
			}
			if in("to", lows(between)...) {
				continue
			}
			first, second := k, i
			if p.mentions[k].from > p.mentions[i].from {
				first, second = i, k
			}
			if a.dim == analysis.DimChargeCategory || b.dim == analysis.DimChargeCategory {
				p.decline("%s and %s are different kinds (%s, %s) and do not go into one filter: this is %s; ask for %s separately.",
					p.mentions[first].said, p.mentions[second].said, a.dim.Words(), b.dim.Words(), p.mentions[first].said, p.mentions[second].said)
				p.mentions[second].values = nil
				continue
			}
			p.forks = append(p.forks, fork{
				question: "\"" + a.said + "\" and \"" + b.said + "\" are different kinds, " + a.dim.Words() + " and " + b.dim.Words() + ", which one filter cannot add up. Which one?",
				options: []option{
					{p.namingLabel(a.naming), func(q *parse) { q.mentions[second].values = nil }},
					{p.namingLabel(b.naming), func(q *parse) { q.mentions[first].values = nil }},
					{p.namingLabel(a.naming) + " within " + p.namingLabel(b.naming), func(*parse) {}},
				}})
			return
		}
	}
}

func lows(ts []token) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.low)
	}
	return out
}

// declineAbsent says which cuts this data does not have.
func (p *parse) declineAbsent() {
	for _, a := range p.absent {
		have := "it has no tags"
		if ks := sortedKeys(p.r.voc.Tags); len(ks) > 0 {
			have = "its tags are " + shortList(ks)
		}
		p.decline("This data cannot be cut by %q: that is neither a column nor a tag of it; %s.", clip(a), have)
	}
}
