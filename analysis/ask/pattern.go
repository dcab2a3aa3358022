package ask

import "strings"

// pattern is a phrase of the grammar, written as in "what|which ... did|do we spend": one step per word, alternatives by |,
// where ... stands for up to six words, _ for exactly one, # for a number, and a word ending in ? may be missing. A phrase
// that begins with ^ stands at the start of the question, one that ends with $ at its end.
type pattern struct {
	steps       []step
	first, last bool
}

type step struct {
	words    []string
	optional bool
	gap      bool
	any      bool
	number   bool
}

const longestGap = 6

// phrases compiles a table of patterns.
func phrases(texts ...string) []pattern {
	out := make([]pattern, len(texts))
	for i, t := range texts {
		var p pattern
		t, p.first = strings.CutPrefix(t, "^")
		t, p.last = strings.CutSuffix(t, "$")
		for f := range strings.FieldsSeq(t) {
			switch f {
			case "...":
				p.steps = append(p.steps, step{gap: true})
			case "_":
				p.steps = append(p.steps, step{any: true})
			case "_?":
				p.steps = append(p.steps, step{any: true, optional: true})
			case "#":
				p.steps = append(p.steps, step{number: true})
			default:
				w, opt := strings.CutSuffix(f, "?")
				p.steps = append(p.steps, step{words: strings.Split(w, "|"), optional: opt})
			}
		}
		out[i] = p
	}
	return out
}

// at matches the pattern from token i and returns the token after it.
func (p pattern) at(ts []token, i int) (end int, ok bool) {
	if p.first && i != 0 {
		return 0, false
	}
	return p.run(ts, i, 0)
}

func (p pattern) run(ts []token, i, s int) (int, bool) {
	if s == len(p.steps) {
		return i, !p.last || i == len(ts)
	}
	st := p.steps[s]
	if st.gap {
		for j := i; j <= len(ts) && j <= i+longestGap; j++ {
			if end, ok := p.run(ts, j, s+1); ok {
				return end, true
			}
		}
		return 0, false
	}
	if i < len(ts) && st.takes(ts[i]) {
		if end, ok := p.run(ts, i+1, s+1); ok {
			return end, true
		}
	}
	if st.optional {
		return p.run(ts, i, s+1)
	}
	return 0, false
}

func (st step) takes(t token) bool {
	switch {
	case st.any:
		return true
	case t.quoted:
		return false
	case st.number:
		_, ok := number(t.low)
		return ok
	}
	for _, w := range st.words {
		if w == t.low {
			return true
		}
	}
	return false
}

// find returns where the first of the patterns occurs.
func find(ts []token, ps []pattern) (from, to int, ok bool) {
	for i := range ts {
		for _, p := range ps {
			if end, ok := p.at(ts, i); ok && end > i {
				return i, end, true
			}
		}
	}
	return 0, 0, false
}

// has reports whether one of the patterns occurs.
func has(ts []token, ps []pattern) bool {
	_, _, ok := find(ts, ps)
	return ok
}

var numberWords = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}

// number reads a count, in digits or as a word.
func number(w string) (int, bool) {
	if n, ok := numberWords[w]; ok {
		return n, true
	}
	if w == "" || len(w) > 4 {
		return 0, false
	}
	n := 0
	for _, c := range w {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
