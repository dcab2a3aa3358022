package ask

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// cutWords are the words for the dimensions every store has.
var cutWords = map[string]analysis.Dimension{
	"provider": analysis.DimProvider, "cloud": analysis.DimProvider, "cloud provider": analysis.DimProvider, "csp": analysis.DimProvider,
	"service": analysis.DimService, "product": analysis.DimService, "servicename": analysis.DimService,
	"account": analysis.DimAccount, "acct": analysis.DimAccount, "subscription": analysis.DimAccount, "sub account": analysis.DimAccount,
	"subaccount": analysis.DimAccount, "linked account": analysis.DimAccount, "member account": analysis.DimAccount,
	"aws account": analysis.DimAccount, "azure subscription": analysis.DimAccount, "project": analysis.DimAccount,
	"gcp project": analysis.DimAccount, "google project": analysis.DimAccount, "subaccountid": analysis.DimAccount,
	"region": analysis.DimRegion, "location": analysis.DimRegion, "geography": analysis.DimRegion,
	"usage type": analysis.DimUsageType, "storage class": analysis.DimUsageType, "storage tier": analysis.DimUsageType,
	"storage type": analysis.DimUsageType, "meter": analysis.DimUsageType, "usagetype": analysis.DimUsageType, "operation": analysis.DimUsageType,
	"instance type": analysis.DimInstanceType, "instance size": analysis.DimInstanceType, "machine type": analysis.DimInstanceType,
	"vm size": analysis.DimInstanceType, "instance family": analysis.DimInstanceType, "node type": analysis.DimInstanceType,
	"sku": analysis.DimSku, "resource": analysis.DimResource, "resource id": analysis.DimResource, "bucket": analysis.DimResource,
	"volume": analysis.DimResource, "instance": analysis.DimResource, "gateway": analysis.DimResource,
	"category": analysis.DimCategory, "service category": analysis.DimCategory,
	"billing account": analysis.DimBillingAccount, "payer": analysis.DimBillingAccount, "payer account": analysis.DimBillingAccount,
	"management account": analysis.DimBillingAccount,
	"charge category":    analysis.DimChargeCategory, "charge type": analysis.DimChargeCategory, "charge": analysis.DimChargeCategory,
	"commitment": analysis.DimCommitment, "savings plan": analysis.DimCommitment, "reservation": analysis.DimCommitment,
	"reserved instance": analysis.DimCommitment, "commitment discount": analysis.DimCommitment,
	"publisher": analysis.DimPublisher, "vendor": analysis.DimPublisher, "seller": analysis.DimPublisher,
	"currency": analysis.DimCurrency, "billing currency": analysis.DimCurrency,
}

// absentCuts are cuts people ask for that exist only where a tag carries them.
var absentCuts = wordSet(`namespace pod deployment cluster node container workload label customer tenant department costcenter
businessunit feature model endpoint table query user api person people employee hour minute az zone availabilityzone os function queue
job repo repository branch squad team env app owner stack component version host workspace warehouse dataset org organization cost-center`)

// cutWord is a dimension, a step of time or a word that only looks like one.
type cutWord struct {
	dim    analysis.Dimension
	grain  analysis.Grain
	absent string // what was asked for and is not in the data
	plural bool
	filler bool // "by cost": an order, which is the usual one anyway
}

// singular takes the plural off a word; ok tells whether it had one.
func singular(w string) (string, bool) {
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return w[:len(w)-3] + "y", true
	case strings.HasSuffix(w, "sses"):
		return w[:len(w)-2], true
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > 3:
		return w[:len(w)-1], true
	}
	return w, false
}

// tagFor returns the tag dimension of a key, by its own spelling first, then by its meaning.
func (x *index) tagFor(said string) (analysis.Dimension, bool) {
	kind := keyKind(said)
	ks := x.tagKeys[kind]
	for _, k := range ks {
		if fold(k) == fold(said) {
			return analysis.TagDimension(k), true
		}
	}
	if len(ks) > 0 {
		return analysis.TagDimension(ks[0]), true
	}
	return "", false
}

// cutAt reads the name of a dimension at token i: "service", "storage classes", "the owner tag", "tag:owner", "month".
func (p *parse) cutAt(i int) (cutWord, int, bool) {
	ts := p.ts
	for i < len(ts) && in(ts[i].low, "the", "each", "our", "every", "different", "individual") && !ts[i].quoted {
		i++
	}
	if i >= len(ts) || ts[i].quoted || ts[i].role == named || ts[i].role == dated {
		if i < len(ts) && ts[i].quoted && i > 0 && in(ts[i-1].low, "tag", "by") {
			if d, ok := p.x.tagFor(ts[i].raw); ok {
				return cutWord{dim: d}, i + 1, true
			}
		}
		return cutWord{}, 0, false
	}
	w := ts[i].low
	if rest, ok := strings.CutPrefix(w, "tag:"); ok && rest != "" && !strings.Contains(rest, "=") {
		if d, ok := p.x.tagFor(strings.Trim(rest, `"`)); ok {
			return cutWord{dim: d}, i + 1, true
		}
		return cutWord{absent: rest}, i + 1, true
	}
	if in(w, "tag", "label", "tags", "labels") && i+1 < len(ts) && !ts[i+1].brk {
		j := i + 1
		if in(ts[j].low, "key") && j+1 < len(ts) {
			j++
		}
		if d, ok := p.x.tagFor(ts[j].raw); ok {
			return cutWord{dim: d}, j + 1, true
		}
	}
	if i+1 < len(ts) && !ts[i].brk && !ts[i+1].quoted {
		second, plural := singular(ts[i+1].low)
		pair := w + " " + second
		if d, ok := p.r.voc.owned(pair); ok {
			return cutWord{dim: d, plural: plural}, i + 2, true
		}
		if d, ok := p.x.tagFor(pair); ok {
			return p.tagWord(cutWord{dim: d, plural: plural}, i+2)
		}
		if d, ok := cutWords[pair]; ok && d != "" {
			return cutWord{dim: d, plural: plural}, i + 2, true
		}
		if absentCuts[w+second] {
			return cutWord{absent: pair, plural: plural}, i + 2, true
		}
	}
	switch w {
	case "day", "days", "daily", "date":
		return cutWord{grain: analysis.ByDay, plural: w == "days"}, i + 1, true
	case "week", "weeks", "weekly":
		return cutWord{grain: analysis.ByWeek, plural: w == "weeks"}, i + 1, true
	case "month", "months", "monthly":
		return cutWord{grain: analysis.ByMonth, plural: w == "months"}, i + 1, true
	case "cost", "costs", "spend", "spending", "amount", "price", "total", "value", "usage", "how", "default", "far":
		if w != "usage" || i+1 >= len(ts) || !in(ts[i+1].low, "type", "types") {
			return cutWord{filler: true}, i + 1, true
		}
	}
	one, plural := singular(w)
	if d, ok := p.r.voc.owned(w); ok {
		if i+1 < len(ts) && in(ts[i+1].low, "tag", "label") && !ts[i].brk { // "the team tag" is the tag
			if d, ok := p.x.tagFor(w); ok {
				return p.tagWord(cutWord{dim: d, plural: plural}, i+1)
			}
		}
		return cutWord{dim: d, plural: plural}, i + 1, true
	}
	one = strings.ReplaceAll(one, "-", " ")
	if d, ok := p.x.tagFor(w); ok && (cutWords[one] == "" || one == "project") {
		return p.tagWord(cutWord{dim: d, plural: plural}, i+1)
	}
	if d, ok := cutWords[one]; ok {
		if one == "cloud" && i+1 < len(ts) && in(ts[i+1].low, "spend", "cost", "costs", "bill", "spending", "usage") {
			return cutWord{}, 0, false
		}
		return cutWord{dim: d, plural: plural}, i + 1, true
	}
	if absentCuts[one] || absentCuts[w] {
		return cutWord{absent: one, plural: plural}, i + 1, true
	}
	return cutWord{}, 0, false
}

// tagWord takes the word "tag" behind a key along.
func (p *parse) tagWord(c cutWord, end int) (cutWord, int, bool) {
	for end < len(p.ts) && in(p.ts[end].low, "tag", "tags", "label") && !p.ts[end].quoted {
		end++
	}
	return c, end, true
}

var (
	byWords = phrases("grouped|group|split|splitted|broken|break|cut|sliced|slice down|up? by|per|into", "by", "per",
		"each", "every", "for each|every", "across")
	topNumber = phrases("top|biggest|largest|highest|first|costliest|most # most|biggest|largest|expensive|costly? expensive|costly?",
		"# most|biggest|largest|highest|top|costliest|priciest expensive|costly?")
	extremes = phrases("most expensive|costly|spend|spending|money", "biggest|largest|highest|costliest|priciest|top",
		"the? most", "the? worst")
	leastWords = phrases("least|cheapest|lowest|smallest|bottom")
)

// readCuts finds the dimensions and steps of time to cut by.
func (p *parse) readCuts() {
	ts := p.ts
	for i := 0; i < len(ts); i++ {
		if ts[i].role == named || ts[i].role == dated || ts[i].quoted {
			continue
		}
		switch ts[i].low {
		case "daily", "weekly", "monthly", "day-by-day", "month-by-month", "week-by-week":
			if ts[i].role == open && !(i+1 < len(ts) && in(ts[i+1].low, "spend", "cost", "report") && p.q.pulse) {
				p.grain = map[byte]analysis.Grain{'d': analysis.ByDay, 'w': analysis.ByWeek, 'm': analysis.ByMonth}[ts[i].low[0]]
				ts[i].role = cut
			}
			continue
		}
		for _, by := range byWords {
			j, ok := by.at(ts, i)
			if !ok || j >= len(ts) {
				continue
			}
			if ts[i].low == "across" && (in(ts[j].low, "all", "the", "my", "our", "every") || ts[j].role == named) {
				ts[i].role = filler
				if c, end, ok := p.cutAt(j + 1); ok && (c.dim != "" || c.absent != "") {
					p.mark(j, end, cut)
				}
				break
			}
			if end := p.cutList(i, j); end > 0 {
				i = end - 1
			}
			break
		}
	}
	p.readWhich()
}

// cutList reads "service, region and month" from token j on; i is where the phrase began.
func (p *parse) cutList(i, j int) int {
	end := 0
	for j < len(p.ts) {
		c, e, ok := p.cutAt(j)
		if !ok {
			if end == 0 {
				return p.unknownCut(i, j)
			}
			break
		}
		p.addCut(c)
		p.mark(i, e, cut)
		end, i, j = e, e, e
		for j < len(p.ts) && in(p.ts[j].low, "and", "then", "by", "per", "x", "-") && !p.ts[j].quoted {
			j++
		}
		if j == e && !p.ts[e-1].brk {
			break
		}
		if j > e && in(p.ts[j-1].low, "and") && !p.listGoesOn(j) {
			break
		}
	}
	return end
}

// listGoesOn reports whether a dimension stands at j, rather than the next part of the sentence.
func (p *parse) listGoesOn(j int) bool {
	c, e, ok := p.cutAt(j)
	return ok && !c.filler && !(e < len(p.ts) && p.ts[e].role == named)
}

// unknownCut deals with "by blub": a typo of a dimension or tag key, or something this data has no column for.
func (p *parse) unknownCut(i, j int) int {
	t := p.ts[j]
	if t.quoted || t.role != open || grammarWords[t.low] || !in(p.ts[j-1].low, "by", "per", "each", "every", "into") ||
		hasDigit(t.low) || len(p.x.look(key(t.low))) > 0 {
		return 0
	}
	type option struct {
		word string
		dim  analysis.Dimension
	}
	var options []option
	one, _ := singular(t.low)
	for _, w := range sortedKeys(cutWords) {
		options = append(options, option{w, cutWords[w]})
	}
	for _, kind := range sortedKeys(p.x.tagKeys) {
		options = append(options, option{kind, analysis.TagDimension(p.x.tagKeys[kind][0])})
	}
	for _, o := range options {
		if max(1, tolerance(one)) >= distance(one, o.word, 2) && len(one) > 3 {
			p.note("read %q as %s", t.raw, o.dim.Words())
			p.addCut(cutWord{dim: o.dim})
			p.mark(i, j+1, cut)
			return j + 1
		}
	}
	p.addCut(cutWord{absent: t.raw})
	p.mark(i, j+1, cut)
	return j + 1
}

func (p *parse) addCut(c cutWord) {
	switch {
	case c.grain != "":
		p.grain = c.grain
	case c.dim != "":
		if !slices.Contains(p.groups, c.dim) {
			p.groups = append(p.groups, c.dim)
		}
	case c.absent != "":
		p.absent = append(p.absent, c.absent)
	}
}

// readWhich finds the dimension in "which team ...", "top 5 services", "most expensive resources", "service breakdown".
func (p *parse) readWhich() {
	ts := p.ts
	for i := range ts {
		if ts[i].quoted || ts[i].role == named || ts[i].role == dated || ts[i].role == cut {
			continue
		}
		starts := in(ts[i].low, "which", "what", "top", "expensive", "costliest", "biggest", "largest", "highest", "list", "priciest",
			"costly", "many", "cheapest", "smallest", "lowest", "whose") || i > 0 && (in(ts[i-1].low, "top", "first") && isNumber(ts[i].low))
		if !starts {
			continue
		}
		// A word or two may stand between: "which AWS services", "top 5 most expensive EC2 resources".
		for j := i + 1; j < len(ts) && j <= i+5; j++ {
			if in(ts[j].low, "is", "are", "do", "does", "did", "by", "drove", "caused", "changed", "for", "of", "in") && !ts[j].quoted || ts[j].role == dated {
				break
			}
			c, end, ok := p.cutAt(j)
			if !ok || c.filler || c.absent != "" && !in(ts[i].low, "which", "top") {
				continue
			}
			if c.grain != "" && !in(ts[i].low, "which", "what", "expensive", "biggest", "highest", "top") {
				break
			}
			// "which account payments-prod": the word belongs to the name behind it.
			if end < len(ts) && ts[end].role == named && ts[end].quoted {
				break
			}
			if len(p.groups) == 0 || ts[i].low == "which" {
				p.addCut(c)
			} else if c.dim != "" && !slices.Contains(p.groups, c.dim) {
				p.groups = append([]analysis.Dimension{c.dim}, p.groups...)
			}
			p.asked, p.askedMany = c, c.plural
			p.mark(j, end, cut)
			break
		}
	}
	if len(p.groups) == 0 && has(ts, whoWords) {
		d := analysis.DimAccount
		for _, kind := range []string{"team", "owner"} {
			if t, ok := p.x.tagFor(kind); ok {
				d = t
				break
			}
		}
		p.addCut(cutWord{dim: d})
		p.asked, p.askedMany = cutWord{dim: d}, has(ts, phrases("spenders"))
		p.note("\"who\" was read as: which %s", d.Words())
	}
	for i := range ts {
		if ts[i].role != open || ts[i].quoted {
			continue
		}
		if c, end, ok := p.cutAt(i); ok && c.dim != "" && end < len(ts) && in(ts[end].low, "breakdown", "split", "distribution") {
			p.addCut(c)
			p.mark(i, end, cut)
		}
	}
}

func isNumber(w string) bool { _, ok := number(w); return ok }

// leftCuts takes plural dimensions that nothing else claimed as cuts: "show me the services", "list accounts".
func (p *parse) leftCuts() {
	if len(p.groups) > 0 {
		return
	}
	for i, t := range p.ts {
		if t.role != open || t.quoted || i > 0 && in(p.ts[i-1].low, "all", "cloud", "no", "any", "aws", "without") {
			continue
		}
		c, end, ok := p.cutAt(i)
		if ok && c.plural && c.dim != "" && p.listed(i) {
			p.addCut(c)
			p.mark(i, end, cut)
			return
		}
	}
}

// listed reports whether a "show" or "list" stands before token i, with nothing but names between.
func (p *parse) listed(i int) bool {
	for j := i - 1; j >= 0; j-- {
		switch {
		case in(p.ts[j].low, "show", "list", "rank", "display", "see", "enumerate"):
			return true
		case p.ts[j].role != named && !in(p.ts[j].low, "me", "us", "the", "our", "my", "of", "get", "all", "please", "a"):
			return false
		}
	}
	return false
}

func (p *parse) mark(from, to int, r role) {
	for i := from; i < to && i < len(p.ts); i++ {
		if p.ts[i].role == open || p.ts[i].role == filler {
			p.ts[i].role = r
		}
	}
}
