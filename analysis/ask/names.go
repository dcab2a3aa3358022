package ask

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// mention is a name of the vocabulary in the question.
type mention struct {
	from, to int
	said     string
	naming
	not   bool
	given bool // with its dimension, as in service="Amazon Bedrock": a filter, and nothing to set against another
}

// fork is a place where the question can be read in several ways; each option completes the plan differently.
type fork struct {
	question string
	options  []option
}

type option struct {
	label string
	apply func(*parse)
}

// longestName is how many words a name may have in a question.
const longestName = 7

// readPairs reads what is given outright: Environment=prod, tag:team=payments, service="Amazon Bedrock", team:search.
func (p *parse) readPairs() {
	for i := range p.ts {
		t := &p.ts[i]
		if t.quoted || t.role != open {
			continue
		}
		at := strings.IndexByte(t.raw, '=')
		if at < 0 {
			if at = strings.LastIndexByte(t.raw, ':'); strings.HasPrefix(t.low, "tag:") && at == 3 {
				at = -1
			}
		}
		from, to := i, i+1
		var k, v string
		switch {
		case at > 0 && at+1 < len(t.raw):
			k, v = t.raw[:at], t.raw[at+1:]
		case at > 0 && i+1 < len(p.ts) && t.raw[at] == '=':
			k, v, to = t.raw[:at], p.ts[i+1].raw, i+2
		case t.low == "=" || i+2 < len(p.ts) && p.ts[i+1].low == "=":
			if i+2 >= len(p.ts) || t.low == "=" {
				continue
			}
			k, v, to = t.raw, p.ts[i+2].raw, i+3
		default:
			continue
		}
		k = strings.Trim(strings.TrimPrefix(k, "tag:"), `"`)
		v = strings.Trim(v, `"`)
		dim, ok := p.dimensionOf(k)
		if strings.HasPrefix(t.low, "tag:") {
			dim, ok = p.x.tagFor(k)
		}
		if !ok {
			continue
		}
		if v == "" || in(fold(v), "none", "null", "empty", "untagged") {
			p.name(from, to, naming{dim: dim, values: []string{""}})
			continue
		}
		if n, ok := p.valueOf(dim, v); ok {
			p.name(from, to, n)
			p.mentions[len(p.mentions)-1].given = true
			continue
		}
		p.unknownValue(from, to, dim, v)
	}
}

// dimensionOf is the dimension a word names, tag keys first.
func (p *parse) dimensionOf(k string) (analysis.Dimension, bool) {
	low := key(k)
	if d, ok := p.r.voc.owned(k); ok {
		return d, true
	}
	if d, ok := cutWords[low]; ok && low != "project" && low != "product" {
		return d, true
	}
	if d, ok := p.x.tagFor(k); ok {
		return d, true
	}
	if d, ok := cutWords[low]; ok {
		return d, true
	}
	d := analysis.Dimension(strings.ReplaceAll(low, " ", "_"))
	return d, d.Column() != "" && !isOwned(d)
}

// valueOf resolves a value whose dimension is known: as it stands, then by name.
func (p *parse) valueOf(dim analysis.Dimension, v string) (naming, bool) {
	if id, ok := p.x.values[exactValue{dim, v}]; ok {
		n := naming{dim: dim}
		n.take(p.x.entries[id])
		if k, isTag := dim.TagKey(); isTag {
			p.sameSpellings(&n, k, v)
		}
		return n, true
	}
	if dim == analysis.DimChargeCategory {
		for _, c := range chargeCategories {
			if fold(c) == fold(v) {
				return naming{dim: dim, values: []string{c}}, true
			}
		}
	}
	for _, list := range [][]naming{p.x.lookAll(key(v)), p.x.lookPartly(key(v))} {
		for _, n := range list {
			if n.dim == dim {
				return n, true
			}
		}
	}
	return naming{}, false
}

// chargeCategories are FOCUS's (ChargeCategory).
var chargeCategories = []string{"Usage", "Purchase", "Tax", "Credit", "Adjustment", "Correction"}

// lookAll is look without its preferences: for names whose dimension is given.
func (x *index) lookAll(k string) []naming {
	out := x.group(x.exact[k], whole)
	if a, ok := x.alias[k]; ok {
		out = mergeNaming(out, a)
	}
	for _, n := range append(x.group(x.prefix[k], begins), x.group(x.resource[k], whole)...) {
		if !slices.ContainsFunc(out, func(m naming) bool { return m.dim == n.dim }) {
			out = append(out, n)
		}
	}
	return out
}

// sameSpellings adds the other spellings of a tag value: Prod and production beside prod.
func (p *parse) sameSpellings(n *naming, tagKey, v string) {
	kind := valueKind(tagKey, v)
	for _, id := range p.x.exact[key(v)] {
		if e := p.x.entries[id]; e.dim == n.dim && valueKind(tagKey, e.value) == kind {
			n.take(e)
		}
	}
}

func (p *parse) name(from, to int, n naming) {
	var said []string
	for _, t := range p.ts[from:to] {
		said = append(said, t.raw)
	}
	for i := from; i < to; i++ {
		p.ts[i].role = named
	}
	if len(n.values) == 1 && n.values[0] == "" {
		n.values = []string{ownerless(n.dim)}
	}
	p.mentions = append(p.mentions, mention{from: from, to: to, said: strings.Join(said, " "), naming: n})
}

// hint is what the words around a name say about its kind.
type hint struct {
	dims     []analysis.Dimension
	anyTag   bool
	from, to int // the name with its words
	plural   bool
}

// hintAt looks for a dimension's word before or behind the tokens [i, j).
func (p *parse) hintAt(i, j int) hint {
	h := hint{from: i, to: j}
	if i > 0 && !p.ts[i-1].brk {
		start := max(0, i-3)
		for s := start; s < i; s++ {
			c, end, ok := p.cutAt(s)
			if !ok || end != i || c.dim == "" && c.absent == "" || s > 0 && p.asks(s-1) || in(p.ts[s].low, "the", "each", "our", "every") {
				continue
			}
			if c.plural && s > 0 && !in(p.ts[s-1].low, "for", "of", "in", "only", "the", "and", "or", "vs", "versus", "compare", "from", "tag", "excluding", "without") {
				continue
			}
			h.add(p, c, s, i)
			h.from = s
			for h.from > 0 && in(p.ts[h.from-1].low, "tag", "tagged") {
				h.from--
			}
			return h
		}
		if in(p.ts[i-1].low, "tag", "tagged", "label") || i > 1 && p.ts[i-1].low == "with" && p.ts[i-2].low == "tagged" {
			h.anyTag, h.from = true, i-1
			return h
		}
	}
	if j < len(p.ts) && j > 0 && !p.ts[j-1].brk && !p.ts[j].quoted && p.ts[j].role != named {
		if c, end, ok := p.cutAt(j); ok && !in(p.ts[j].low, "the", "each", "our", "every", "cost", "spend") && !(c.filler || c.grain != "") {
			// "payments by account" is a cut; "payments account" is a name. "usage" begins "usage type" only.
			h.add(p, c, j, end)
			h.to, h.plural = end, c.plural
			return h
		}
		if in(p.ts[j].low, "tag", "label") {
			h.anyTag, h.to = true, j+1
		}
	}
	return h
}

func (h *hint) add(p *parse, c cutWord, from, to int) {
	if c.dim != "" {
		h.dims = append(h.dims, c.dim)
	}
	if c.dim == analysis.DimResource {
		h.dims = append(h.dims, analysis.DimInstanceType)
	}
	if c.dim == analysis.DimProvider {
		h.dims = append(h.dims, analysis.DimPublisher)
	}
	if c.dim == analysis.DimPublisher {
		h.dims = append(h.dims, analysis.DimProvider)
	}
	for _, t := range p.ts[from:to] {
		if in(t.low, "project", "projects") {
			h.dims = append(h.dims, analysis.DimAccount)
		}
	}
}

// asks reports whether the word before a dimension makes it a cut and not the kind of a name.
func (p *parse) asks(i int) bool {
	return in(p.ts[i].low, "by", "per", "which", "each", "every", "what", "across", "top", "expensive", "biggest", "largest", "into") ||
		isNumber(p.ts[i].low) && !p.ts[i].quoted
}

// readNames finds names; strong ones stand out by themselves (several words, digits, hyphens, quotes, a word that says
// what they are) and are taken before the dates, the others after.
func (p *parse) readNames(strong bool) {
	for i := 0; i < len(p.ts); i++ {
		if p.ts[i].role != open {
			continue
		}
		for n := min(longestName, len(p.ts)-i); n >= 1; n-- {
			if p.tryName(i, i+n, strong) {
				i += n - 1
				break
			}
		}
	}
}

// free reports whether the tokens can be one name.
func (p *parse) free(i, j int) bool {
	for k := i; k < j; k++ {
		t := p.ts[k]
		if t.role != open || t.dash || k > i && t.quoted || k < j-1 && (t.brk || t.quoted) {
			return false
		}
	}
	return true
}

func (p *parse) tryName(i, j int, strong bool) bool {
	if !p.free(i, j) {
		return false
	}
	var low []string
	plain := true
	for _, t := range p.ts[i:j] {
		low = append(low, t.low)
		plain = plain && grammarWords[t.low]
	}
	t := p.ts[i]
	k := key(strings.Join(low, " "))
	if k == "" || j-i > 1 && (plain || joins(low[0]) || joins(low[len(low)-1])) {
		return false
	}
	list := p.x.look(k)
	if len(list) == 0 && j-i == 1 {
		if one, ok := singular(k); ok {
			list = p.x.look(one)
		}
	}
	h := p.hintAt(i, j)
	if h.any() {
		if hinted := p.hinted(k, h, list); len(hinted) > 0 {
			list = hinted
		} else {
			if len(list) > 0 && h.from < i && !h.plural && len(h.dims) > 0 && !grammarWords[k] && !p.isDate(i) {
				p.note("there is no %s called %q", h.dims[0].Words(), p.saidAt(i, j))
			}
			h = hint{from: i, to: j}
		}
	}
	if len(list) == 0 {
		return false
	}
	standsOut := t.quoted || j-i > 1 || h.any() || strings.ContainsAny(k, "0123456789 ") && !isNumber(k)
	switch {
	case strong && !standsOut:
		return false
	case j-i == 1 && !t.quoted && !h.any() && (grammarWords[k] || isNumber(k)) && (isNumber(k) || !p.inNamePosition(i)):
		return false
	case strong && j-i == 1 && !t.quoted && !h.any() && p.isDate(i):
		return false
	case strong && h.any() && (grammarWords[k] || weakMonths[k]) && p.isDateHere(i, h):
		return false
	}
	p.settle(h.from, h.to, i, j, list, h)
	return true
}

// joins are words a name neither begins nor ends with.
func joins(w string) bool {
	return in(w, "and", "or", "the", "of", "in", "for", "vs", "versus", "by", "to", "a", "an", "is", "on", "from", "with", "without",
		"per", "cost", "costs", "spend", "spending", "our", "my", "what", "why", "how", "did", "do", "much", "show", "me", "total", "last", "this")
}

func (h hint) any() bool { return len(h.dims) > 0 || h.anyTag }

func (h hint) fits(d analysis.Dimension) bool {
	_, tag := d.TagKey()
	return slices.Contains(h.dims, d) || h.anyTag && tag
}

// hinted are the meanings of a name that fit the words around it.
func (p *parse) hinted(k string, h hint, list []naming) []naming {
	fitting := func(list []naming) []naming {
		var out []naming
		for _, n := range list {
			if h.fits(n.dim) {
				out = append(out, n)
			}
		}
		// "project" names a tag where there is one, and an account otherwise.
		if len(out) > 1 && len(h.dims) > 1 {
			for _, d := range h.dims {
				for _, n := range out {
					if n.dim == d {
						return []naming{n}
					}
				}
			}
		}
		return out
	}
	if out := fitting(p.x.lookAll(k)); len(out) > 0 {
		return out
	}
	// "prod accounts" are the accounts' environment, not accounts called so.
	for _, n := range list {
		if key, ok := n.dim.TagKey(); (n.dim == analysis.DimEnvironment || ok && keyKind(key) == "env") && h.plural {
			return nil
		}
	}
	if k == "" || isNumber(k) && len(k) < 4 || grammarWords[k] && !h.anyTag {
		return nil
	}
	if slices.Contains(h.dims, analysis.DimAccount) && isNumber(k) {
		if n := p.accountsEnding(k); len(n.values) > 0 {
			return []naming{n}
		}
	}
	if len(h.dims) == 0 || h.plural && len(list) > 0 {
		return nil
	}
	if _, tag := h.dims[0].TagKey(); tag {
		return nil // tag values are meant whole; a part of one is offered as "did you mean"
	}
	return fitting(p.x.lookPartly(k))
}

// accountsEnding finds accounts by the last digits of their id.
func (p *parse) accountsEnding(digits string) naming {
	n := naming{dim: analysis.DimAccount, how: partial}
	for _, e := range p.x.entries {
		if e.dim == analysis.DimAccount && strings.HasSuffix(e.value, digits) {
			n.take(e)
		}
	}
	return n
}

func (p *parse) isDate(i int) bool {
	_, _, ok := p.dates().exprAt(i)
	return ok
}

// isDateHere reports whether a month's or day's name next to a dimension is still a date: "spend by team may 2026".
func (p *parse) isDateHere(i int, h hint) bool {
	s, end, ok := p.dates().exprAt(i)
	return ok && (end > i+1 || !s.weak && !weakMonths[p.ts[i].low] && h.from < i)
}

var articles = wordSet(`the our my all a an any their your only just`)

// inNamePosition reports whether a word that usually is one of the grammar stands where a name would.
func (p *parse) inNamePosition(i int) bool {
	j := i - 1
	for j >= 0 && articles[p.ts[j].low] {
		j--
	}
	if len(p.ts) == 1 {
		return true
	}
	if j >= 0 && (in(p.ts[j].low, "for", "of", "on", "only", "excluding", "except", "without", "vs", "versus", "compare", "against", "from") ||
		p.ts[j].role == named && in(p.ts[j].low, "vs", "and")) {
		next := i+1 < len(p.ts) && (grammarWords[p.ts[i+1].low] || p.ts[i+1].role != open)
		return i+1 == len(p.ts) || p.ts[i].brk || next && !in(p.ts[i].low, "all", "total", "other", "cost", "spend", "costs", "each", "every", "billed", "list", "effective", "last", "this", "the")
	}
	return i+1 < len(p.ts) && costNouns[p.ts[i+1].low] && (j < 0 || !costNouns[p.ts[j].low]) &&
		!in(p.ts[i].low, "total", "list", "billed", "effective", "all", "other", "my", "our", "the", "cloud", "how", "much", "we", "blended", "unblended",
			"average", "highest", "biggest", "largest", "most", "monthly", "daily", "weekly", "top", "overall", "new", "current", "actual", "public", "usage", "by", "of", "to", "on", "more", "less", "did", "month", "year", "week", "contracted", "amortized", "amortised", "retail", "tax", "credit", "credits", "and", "any", "show", "compare", "or", "in", "for", "vs")
}

// settle takes a name, or asks when it has several equal meanings.
func (p *parse) settle(from, to, i, j int, list []naming, h hint) {
	said := p.saidAt(i, j)
	if len(list) > 1 {
		// A name coordinated with one of a known kind is of that kind: "payments vs search team".
		for _, m := range p.mentions {
			if m.to < from && from-m.to <= 2 && joined(p.ts[m.to:from]) {
				for _, n := range list {
					if n.dim == m.dim {
						list = []naming{n}
					}
				}
			}
		}
	}
	if len(list) > 1 {
		best := list[0].how
		for _, n := range list {
			best = min(best, n.how)
		}
		list = slices.DeleteFunc(slices.Clone(list), func(n naming) bool { return n.how > best })
	}
	p.mark(from, to, named)
	for k := i; k < j; k++ {
		p.ts[k].role = named
	}
	if len(list) == 1 {
		n := list[0]
		p.mentions = append(p.mentions, mention{from: from, to: to, said: said, naming: n})
		p.noteNaming(said, n, h)
		return
	}
	at := len(p.mentions)
	p.mentions = append(p.mentions, mention{from: from, to: to, said: said})
	p.askNaming(at, fmt.Sprintf("%q can mean %s. Which one?", said, p.listNamings(list)), list)
}

// joined reports whether the tokens between two names only join them.
func joined(ts []token) bool {
	for _, t := range ts {
		if !in(t.low, "vs", "versus", "and", "or", "with", "to", "against", "&") {
			return false
		}
	}
	return true
}

func (p *parse) saidAt(i, j int) string {
	var said []string
	for _, t := range p.ts[i:j] {
		said = append(said, t.raw)
	}
	return strings.Join(said, " ")
}

// askNaming lets the asker choose what mention number at is.
func (p *parse) askNaming(at int, question string, list []naming) {
	f := fork{question: question}
	for _, n := range list[:min(4, len(list))] {
		f.options = append(f.options, option{p.namingLabel(n), func(q *parse) { q.mentions[at].naming = n }})
	}
	f.options = append(f.options, option{"all spend", func(q *parse) { q.mentions[at].values = nil }})
	p.forks = append(p.forks, f)
}

// namingLabel says what a naming is: "team payments", "accounts corp-prod and corp-dev".
func (p *parse) namingLabel(n naming) string {
	word := n.dim.Words()
	if len(n.values) > 1 {
		word += "s"
		if strings.HasSuffix(word, "ys") {
			word = word[:len(word)-2] + "ies"
		}
	}
	return word + " " + shortList(n.labelList())
}

func (n naming) labelList() []string {
	if len(n.labels) == len(n.values) {
		return n.labels
	}
	return n.values
}

// shortList writes "a, b and c", or the first three of many.
func shortList(list []string) string {
	switch n := len(list); {
	case n == 0:
		return "nothing"
	case n == 1:
		return list[0]
	case n <= 4:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:3], ", "), n-3)
	}
}

func (p *parse) listNamings(list []naming) string {
	var out []string
	for _, n := range list {
		out = append(out, "the "+p.namingLabel(n))
	}
	if len(out) == 2 {
		return out[0] + " or " + out[1]
	}
	return shortList(out)
}

// noteNaming says how a name was read, where that is not plain from its wording.
func (p *parse) noteNaming(said string, n naming, h hint) {
	labels := n.labelList()
	if len(labels) == 1 && n.how != near && (key(labels[0]) == key(said) || h.any() || n.how == whole && n.dim == analysis.DimProvider) {
		return
	}
	if n.how == whole && len(labels) == 1 && strings.Contains(key(labels[0]), key(said)) {
		return
	}
	p.note("read %q as the %s", said, p.namingLabel(n))
}

func (p *parse) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !slices.Contains(p.notes, s) {
		p.notes = append(p.notes, s)
	}
}

func (p *parse) decline(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !slices.Contains(p.declined, s) {
		p.declined = append(p.declined, s)
	}
}
