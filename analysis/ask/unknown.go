package ask

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"spendbot/analysis"
)

// fixSpelling replaces slips in the words of the grammar: "lsat month" stays a question about last month.
func (p *parse) fixSpelling() {
	for i := range p.ts {
		t := &p.ts[i]
		if t.quoted || t.role != open || len(t.low) < 4 || grammarWords[t.low] || !isWord(t.low) || p.known(i) {
			continue
		}
		best, many := "", false
		for _, w := range misspelt {
			if distance(t.low, w, 1) == 1 && len(w) > 3 {
				many = many || best != "" && !strings.HasPrefix(w, best) && !strings.HasPrefix(best, w)
				if best == "" {
					best = w
				}
			}
		}
		if best == "" || many || len(p.x.nearest(t.low, 1)) > 0 {
			continue
		}
		p.note("read %q as %q", t.raw, best)
		t.low, t.raw = best, best
	}
	for i := range p.ts {
		if w, ok := shortSlips[p.ts[i].low]; ok && !p.ts[i].quoted && !p.known(i) {
			p.ts[i].low = w
		}
	}
	if len(p.ts) > 1 && p.ts[0].low == "y" && in(p.ts[1].low, "did", "does", "do", "is", "was", "has", "are", "so") {
		p.ts[0].low = "why"
	}
}

// shortSlips are slips in words too short to be told apart by their letters, and how such words are said for short.
var shortSlips = map[string]string{"lsat": "last", "alst": "last", "lst": "last", "teh": "the", "hte": "the", "wek": "week", "waht": "what",
	"wat": "what", "mnth": "month", "mth": "month", "tday": "today", "hw": "how", "hwo": "how"}

// known reports whether the grammar or the vocabulary has the word.
func (p *parse) known(i int) bool {
	w := p.ts[i].low
	if grammarWords[w] || unitWords[w] != 0 || p.x.single[w] || in(w, "day", "days") {
		return true
	}
	if _, ok := monthNames[w]; ok {
		return true
	}
	if _, ok := dayNames[w]; ok {
		return true
	}
	if _, ok := cutWords[w]; ok {
		return true
	}
	one, _ := singular(w)
	return absentCuts[one] || len(p.x.look(key(w))) > 0 || len(p.x.words[key(w)]) > 0 || extraWords[w]
}

// extraWords are read by phrases elsewhere and stand for nothing on their own.
var extraWords = wordSet(`yday yest mtd qtd ytd wtd fytd fiscal financial quarter-to-date month-to-date year-to-date vs instance instances machine storage class
classes sku skus commitment commitments publisher vendor payer subaccount subaccounts savings plan plans reservation reservations reserved expires
expiration ri ris sp sps coverage utilization anomaly anomalies sql query queries snapshot source sources fresh stale lag cost-explorer explorer
console fetch pulled lineage formula definition defined define provenance acct accts finance cfo ceo leadership management exec execs board
resource-level memo memos spiky organisation organization org complete-through caching traceable trace origin
everything's excel spreadsheet breakdowns variance variances vary varied mix volume deal slack channel thread reply answer answers asking asked q correct
accurate wrongly expected expecting forecasted forecast projected budgeted yoy y/y m/m w/w d/d q/q unusual abnormal weird odd strange outlier outliers
rightsizing namespace namespaces onwards onward today's midnight noon am pm utc est pst cet end-of-month start-of-month fortnight couple recently drill-down
discount discounts discounting gateway bucket buckets volume volumes container containers loads ingested refreshed refresh updated stale reach reaches`)

// maxStrange bounds how many unknown words are looked at: each costs a walk over the vocabulary.
const maxStrange = 6

// readRest deals with the words nobody has claimed: parts of names, typos, and those that mean nothing here.
func (p *parse) readRest() {
	looked := 0
	for i := 0; i < len(p.ts); i++ {
		t := p.ts[i]
		if t.role == open && !t.quoted && isNumber(t.low) && i > 0 {
			if _, cut := cutWords[p.ts[i-1].low]; cut { // "account 9999": a name that is not there, never a word to pass over
				p.tryNear(i)
				continue
			}
		}
		if t.role != open || !t.quoted && (grammarWords[t.low] || extraWords[t.low] || isNumber(t.low) || len(t.low) < 2) {
			continue
		}
		if !t.quoted && p.isGrammar(i) {
			continue
		}
		if p.tryPartly(i) {
			continue
		}
		if looked++; looked > maxStrange {
			p.ts[i].role = strange
			continue
		}
		p.tryNear(i)
	}
}

// isGrammar reports whether the word is one the grammar reads in phrases.
func (p *parse) isGrammar(i int) bool {
	if _, ok := cutWords[p.ts[i].low]; ok {
		return true
	}
	one, _ := singular(p.ts[i].low)
	if _, ok := cutWords[one]; ok {
		return true
	}
	_, tag := p.x.tagFor(p.ts[i].low)
	return tag || costNouns[p.ts[i].low]
}

// tryPartly reads a word, or several, as parts of longer names.
func (p *parse) tryPartly(i int) bool {
	for n := min(4, len(p.ts)-i); n >= 1; n-- {
		if !p.free(i, i+n) || n > 1 && (joins(p.ts[i].low) || joins(p.ts[i+n-1].low) || grammarWords[p.ts[i+n-1].low]) {
			continue
		}
		k := key(p.saidAt(i, i+n))
		if len(k) < 3 {
			continue
		}
		list := p.x.lookPartly(k)
		h := p.hintAt(i, i+n)
		var fit []naming
		for _, m := range list {
			if !h.any() || h.fits(m.dim) {
				fit = append(fit, m)
			}
		}
		if len(fit) == 0 {
			continue
		}
		p.settle(h.from, h.to, i, i+n, fit, h)
		return true
	}
	return false
}

// tryNear reads a word as a typo of a name, offers what it may have been meant for, or says that it is not known.
func (p *parse) tryNear(i int) {
	t := p.ts[i]
	k := key(t.low)
	h := p.hintAt(i, i+1)
	var likely []likely
	limit := tolerance(k)
	if hasDigit(k) {
		limit = min(limit, 1)
	}
	for _, l := range p.x.nearest(k, limit) {
		if !h.any() || h.fits(l.naming.dim) {
			likely = append(likely, l)
		}
	}
	if len(likely) > 0 {
		d := likely[0].distance
		var list []naming
		for _, l := range likely {
			if l.distance == d && !slices.ContainsFunc(list, func(n naming) bool { return n.dim == l.naming.dim && slices.Equal(n.values, l.naming.values) }) {
				list = append(list, l.naming)
			}
		}
		p.ts[i].role = named
		p.mark(h.from, h.to, named)
		at := len(p.mentions)
		p.mentions = append(p.mentions, mention{from: h.from, to: h.to, said: t.raw})
		if len(list) == 1 && digits(k) == digits(likely[0].key) {
			p.mentions[at].naming = list[0]
			p.noteNaming(t.raw, list[0], h)
			return
		}
		p.askNaming(at, fmt.Sprintf("%q is not a name in this data. Did you mean %s?", t.raw, p.listNamings(list[:min(4, len(list))])), list)
		return
	}
	dim := ""
	if len(h.dims) > 0 {
		dim = h.dims[0].Words()
	}
	if dim == "" && !p.entityPosition(i) {
		p.ts[i].role = strange
		p.note("the word %q was not understood and not used", clip(t.raw))
		return
	}
	p.ts[i].role = named
	p.mark(h.from, h.to, named)
	p.askUnknown(h.from, h.to, t.raw, dim, h.fits, h.any())
}

// digits are the figures in a name: m7i.large is no slip of m6i.large.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// unknownValue asks back about a value given for a dimension that does not have it.
func (p *parse) unknownValue(from, to int, dim analysis.Dimension, v string) {
	for i := from; i < to; i++ {
		p.ts[i].role = named
	}
	p.askUnknown(from, to, v, dim.Words(), func(d analysis.Dimension) bool { return d == dim }, true)
}

func (p *parse) askUnknown(from, to int, said, dim string, fits func(analysis.Dimension) bool, hinted bool) {
	list := p.x.closest(key(said), 40)
	if hinted {
		var only []naming
		for _, n := range list {
			if fits(n.dim) {
				only = append(only, n)
			}
		}
		list = only
	}
	list = list[:min(4, len(list))]
	kind := "a service or a tag value and know neither"
	if dim != "" {
		kind = "a value of " + dim + " and this data has none of that name"
	}
	q := fmt.Sprintf("I read %q as %s.", clip(said), kind)
	if len(list) > 0 {
		q += " Closest: " + p.listNamings(list) + ". Which one?"
	} else {
		q += " Nothing here is called like it. All spend instead?"
	}
	at := len(p.mentions)
	p.mentions = append(p.mentions, mention{from: from, to: to, said: said})
	p.askNaming(at, q, list)
}

// clip keeps a user's word short where it is said back.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// entityPosition reports whether a word stands where a name is expected, or looks like one.
func (p *parse) entityPosition(i int) bool {
	t := p.ts[i]
	if t.quoted || hasDigit(t.low) || strings.ContainsAny(t.low, "-_./:=") {
		return true
	}
	j := i - 1
	for j >= 0 && (articles[p.ts[j].low] || p.ts[j].role == strange) {
		j--
	}
	if j < 0 || in(p.ts[j].low, "for", "of", "on", "in", "from", "with", "only", "at", "within", "excluding", "except", "without", "vs", "versus",
		"compare", "against", "and", "or", "tagged", "tag", "did", "does", "about", "project", "named", "called", "is", "are", "by", "per", "owns", "own", "owned") {
		return j >= 0 || i+1 < len(p.ts) && costNouns[p.ts[i+1].low] || len(p.ts) == 1 || i+1 == len(p.ts)
	}
	return i+1 < len(p.ts) && (costNouns[p.ts[i+1].low] || in(p.ts[i+1].low, "vs", "versus")) || costNouns[p.ts[j].low] || in(p.ts[j].low, "what", "how", "much", "is") && i+1 == len(p.ts)
}
