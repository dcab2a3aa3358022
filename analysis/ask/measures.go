package ask

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

var metricWords = []struct {
	metric  analysis.Metric
	phrases []pattern
}{
	{analysis.List, phrases("list price|prices|cost|costs|spend|spending|value", "at list",
		"on-demand|ondemand price|prices|cost|costs|equivalent|rate|rates|value|spend",
		"public price|prices|pricing|rates", "retail price|prices|cost|costs|spend", "undiscounted", "without|before any? discounts|discount")},
	{analysis.Contracted, phrases("contracted", "negotiated price|prices|cost|costs|rates|spend",
		"contract price|prices|cost|spend")},
	{analysis.Billed, phrases("billed", "invoiced", "unblended", "blended", "on|in the|our|my|last? invoice|invoices",
		"invoice amount|total|amounts|cost|costs", "cash basis|cost")},
	{analysis.Effective, phrases("effective cost|costs|spend|spending", "amortized|amortised", "net cost|costs|spend", "effective")},
}

var (
	usageWords = phrases("usage quantity|hours|amount|quantities",
		"how many _? hours|gb|gbs|gigabytes|requests|units|tb|instance-hours",
		"consumed quantity", "consumption in", "hours of", "usage")
	notUsage = phrases("usage type|types|cost|costs|charge|charges|or|spend|spending|and|vs|versus|based|bill", "usage-based",
		"or usage", "price or usage", "in|by|of usage")
	money = phrases("cost|costs|spend|spending|spent|bill|price|pay|paying|expensive|dollars|usd")
)

// readMeasures finds the metric, the currency, sums of money, the limit and the kinds of charges.
func (p *parse) readMeasures() {
	for _, m := range metricWords {
		from, to, ok := find(p.ts, m.phrases)
		if !ok || p.ts[from].role == named {
			continue
		}
		switch {
		case p.metric == "":
			p.metric = m.metric
		case p.metric != m.metric && p.metric != analysis.List:
			p.otherMetric = p.metric
			p.metric = m.metric
		}
		for i := from; i < to; i++ {
			if p.ts[i].role == open && !costNouns[p.ts[i].low] {
				p.ts[i].role = filler
			}
		}
	}
	if p.otherMetric != "" {
		p.decline("Two measures do not go into one answer: this is %s; ask for %s separately.", p.metric.Words(), p.otherMetric.Words())
	}
	if p.metric == "" && has(p.ts, usageWords) && !has(p.ts, notUsage) && !has(p.ts, money) {
		p.metric = analysis.Usage
	}
	p.readMoney()
	p.readCharges()
	if from, to, ok := find(p.ts, topNumber); ok {
		for _, t := range p.ts[from:to] {
			if n, ok := number(t.low); ok && n > 0 && t.role != dated && t.role != named {
				p.limit = min(n, maxLimit)
				p.topSaid = true
			}
		}
		if p.topSaid {
			p.mark(from, to, filler)
		}
	}
}

// maxLimit bounds a list; nobody reads more in a chat.
const maxLimit = 1000

var (
	moneyWord = regexp.MustCompile(`^(?:[$€£]|usd|eur|us\$)?\d[\d,]*(?:\.\d+)?[kmb]?(?:/[a-z]+|%|usd|eur|\$|€)?$`)
	moneySign = regexp.MustCompile(`[$€£%]|^(usd|eur)\d|\d[kmb]$|\d(usd|eur)$`)
	threshold = phrases("over|above|exceeding|under|below|than|least|most|>|>=|<|<=")
)

// readMoney marks sums: they are neither dates nor names, and no filter either.
func (p *parse) readMoney() {
	for i := range p.ts {
		t := &p.ts[i]
		if t.role != open || t.quoted {
			continue
		}
		low := strings.TrimLeft(t.low, "<>=+-~")
		if moneyWord.MatchString(low) && moneySign.MatchString(low) {
			t.role = amount
			if low != t.low || i > 0 && has(p.ts[i-1:i], threshold) {
				p.decline("Rows cannot be filtered by an amount (%s) here: the list is sorted by cost, the largest first.", t.raw)
			} else {
				p.note("the %s of the question was not used: the answer states its own figures", t.raw)
			}
			continue
		}
		if in(t.low, "eur", "usd", "gbp", "jpy", "chf", "inr", "brl", "aud", "cad", "sek", "euros", "euro", "pounds", "yen") ||
			i > 0 && p.ts[i-1].low == "in" && (in(t.low, "dollars", "dollar") || slices.Contains(p.r.currencies(), strings.ToUpper(t.low))) {
			t.role = filler
			code := map[string]string{"euros": "EUR", "euro": "EUR", "dollars": "USD", "dollar": "USD", "pounds": "GBP", "yen": "JPY"}[t.low]
			if code == "" {
				code = strings.ToUpper(t.low)
			}
			if known := p.r.currencies(); slices.Contains(known, code) {
				p.currency = code
			} else if len(known) > 0 {
				p.forks = append(p.forks, noRates(code, known))
			}
		}
	}
}

var chargeWords = map[string]string{
	"tax": "Tax", "taxes": "Tax", "vat": "Tax", "gst": "Tax", "credit": "Credit", "credits": "Credit", "refund": "Adjustment", "refunds": "Adjustment",
	"adjustment": "Adjustment", "adjustments": "Adjustment", "purchases": "Purchase", "corrections": "Adjustment",
}

var keptCharges = phrases("including|incl|with|after|because|due|before|pre")

// readCharges finds the kinds of charges that FOCUS calls ChargeCategory.
func (p *parse) readCharges() {
	for i := range p.ts {
		t := &p.ts[i]
		c := chargeWords[t.low]
		if c == "" || t.role != open || t.quoted {
			continue
		}
		to := i + 1
		if to < len(p.ts) && in(p.ts[to].low, "memo", "memos", "note", "notes") {
			to++
		}
		j := i - 1
		for j >= 0 && in(p.ts[j].low, "the", "our", "any", "of", "to", "all") {
			j--
		}
		if j >= 0 && has(p.ts[j:j+1], keptCharges) {
			if in(p.ts[j].low, "because", "due") {
				p.focus = append(p.focus, map[string]analysis.Effect{"Tax": analysis.EffTax, "Credit": analysis.EffCredits,
					"Adjustment": analysis.EffRefunds, "Purchase": analysis.EffPurchases}[c])
			} else if in(p.ts[j].low, "before", "pre") {
				p.name(i, to, naming{dim: analysis.DimChargeCategory, values: []string{c}})
				p.mentions[len(p.mentions)-1].not = true
				continue
			}
			p.mark(i, to, filler)
			continue
		}
		values := []string{c}
		if c == "Adjustment" {
			values = []string{c, "Correction"}
			p.note("refunds were read as adjustments and corrections of earlier charges")
		}
		p.name(i, to, naming{dim: analysis.DimChargeCategory, values: values})
	}
}

var (
	untaggedWord = phrases("untagged", "not tagged", "without any? tags|tagging", "no tags", "missing tags", "with no tags",
		"unlabeled|unlabelled")
	withoutKey = phrases("without|missing|lacking an|a|any|the?", "with? no", "not tagged with|by an|a|any|the?",
		"untagged by|for", "without|missing|lacking", "not having an|a|any|the?")
)

// readUntagged finds "untagged", "without a team", "no owner tag": the value that means "has none".
func (p *parse) readUntagged() {
	for i := 0; i < len(p.ts); i++ {
		if p.ts[i].role != open {
			continue
		}
		for _, w := range withoutKey {
			j, ok := w.at(p.ts, i)
			if !ok || j >= len(p.ts) {
				continue
			}
			c, end, ok := p.cutAt(j)
			if !ok || c.dim == "" || c.dim == analysis.DimCommitment || c.plural && !in(p.ts[end-1].low, "tags") {
				continue
			}
			if _, tag := c.dim.TagKey(); !tag && !isOwned(c.dim) && p.ts[i].low != "without" {
				continue
			}
			// "without team payments" excludes a value.
			if end < len(p.ts) && p.ts[end].role == open && (p.ts[end].quoted || len(p.x.look(key(p.ts[end].low))) > 0 && !grammarWords[p.ts[end].low]) && !p.ts[end-1].brk && !p.isDate(end) {
				continue
			}
			p.name(i, end, naming{dim: c.dim, values: []string{""}})
			break
		}
		for _, w := range untaggedWord {
			if j, ok := w.at(p.ts, i); ok && p.ts[i].role == open {
				p.untagged(i, j)
				break
			}
		}
	}
}

// maxTagKeys bounds how many keys "untagged" may mean.
const maxTagKeys = 50

// untagged means the key that is named nearby, or else no tag at all.
func (p *parse) untagged(i, j int) {
	if c, end, ok := p.cutAt(j); ok && j < len(p.ts) && !p.ts[j-1].brk && !c.plural {
		if _, tag := c.dim.TagKey(); tag || isOwned(c.dim) {
			p.name(i, end, naming{dim: c.dim, values: []string{""}})
			return
		}
	}
	keys := sortedKeys(p.r.voc.Tags)
	if len(keys) == 0 || len(keys) > maxTagKeys {
		p.decline("This data has %d tag keys: name the one that is missing, as in \"without a team tag\".", len(keys))
		p.mark(i, j, filler)
		return
	}
	for _, k := range keys {
		p.name(i, j, naming{dim: analysis.TagDimension(k), values: []string{""}})
	}
	p.note("\"untagged\" was read as: none of the tags %s", shortList(keys))
}

// currencies are those that can be answered in: what the bills are in, and what there are rates for.
func (r *Reader) currencies() []string {
	out := slices.Clone(r.voc.Currencies)
	for _, c := range r.opts.Currencies {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// noRates asks which currency to answer in instead of one that nothing is billed in and that there are no rates for.
func noRates(code string, known []string) fork {
	f := fork{question: fmt.Sprintf("Nothing is billed in %s, and there are no exchange rates to convert into it (`currency: rates:` in the configuration). Which currency instead?", code)}
	for _, c := range known {
		f.options = append(f.options, option{"in " + c, func(p *parse) { p.currency = c }})
	}
	return f
}
