package ask

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// cues are the signs of what a question wants.
type cues struct {
	why, changed, compare, top, least, trend, list, cost, share, pulse bool
}

var (
	whyWords = phrases("why", "did|has anything|something change|changed|happen|happened", "did|has|is|was ... cause|caused|causing|drive|driving|responsible|behind ... increase|rise|jump|spike|drop|growth|change|difference",
		"how come", "explain", "explanation",
		"what|which ... caused|causes|causing|drove|drives|driving|driven", "what is|was behind",
		"what changed|happened|moved|moves|grew|increased|decreased|dropped|spiked",
		"what has|have changed|happened", "happened|happening to|with|in|on|at|here|there|yesterday|last", "wtf|heck|hell happened|happening|is", "going on",
		"what|which ... got|became more|less? cheaper|expensive|pricier|bigger|smaller", "reason|reasons for|behind", "root cause", "drivers|driver of|behind", "variance|variances", "account|accounts for the increase|decrease|change|rise|drop|jump|spike|difference",
		"what made", "what drove", "where did|does|is ... increase|rise|growth|jump|spike|drop come|coming", "attribute|attributed|attribution", "what is driving|causing|up with", "which|what ... contributed|contribute|contributes|responsible", "who is|was|are responsible|behind", "who|what|which team|teams|service|services|account|accounts|project? owns|own|caused|causes|drove|drives ... increase|rise|spike|jump|change|growth|drop|decrease",
		"break down the increase|change|difference|delta|rise|drop", "bridge", "walk me through the? change|increase|difference|variance", "shed light", "cost|spend movers", "top|biggest movers|mover|change|changes|increase|increases|decrease|decreases",
		"what|which ... went|gone|going|go up|down", "what|which ... increased|grew|rose|spiked|jumped|dropped|fell|decreased|changed|surged|climbed|shrank")
	changeWords  = phrases("increase|increased|increases|increasing|decrease|decreased|decreases|decreasing|rise|rose|risen|rising|rises|drop|dropped|drops|dropping|fell|fall|fallen|falling|spike|spiked|spikes|jump|jumped|jumps|climb|climbed|grow|grew|grown|growing|growth|change|changed|changes|changing|surge|surged|up|down|higher|lower|delta|difference|differ|cheaper|move|moved|shrink|shrank|soar|soared|doubled|tripled|hike|dip|dipped|evolve|evolved|explode|exploded|balloon|ballooned|plummet|plummeted|uptick|creep|crept")
	compareWords = phrases("compare|compared|comparing|comparison", "vs|versus", "against", "relative to",
		"difference between|in|of", "how do|does|did ... compare|differ|stack",
		"change|changed|go|went|gone|move|moved|evolve|evolved from", "higher|lower|more|less|cheaper|bigger|smaller expensive|costly? than",
		"did|has|have|is|are ... up|down|increase|increased|decrease|decreased|rise|risen|grow|grown|drop|dropped|change|changed|higher|lower|fall|fallen|spike|spiked|growing|rising|falling|double|doubled",
		"how much more|less|higher|lower",
		"how did|has|have|do|does ... change|changed|evolve|evolved|develop|developed|move|moved|grow|grown")
	listWords  = phrases("show|list|give|which|what|display|rank|ranking|sort|enumerate|get|see")
	trendWords = phrases("trend|trends|trending|trendline|over time|history|historical|evolution",
		"trend|trends|trendline|timeline|evolution", "over time", "time series", "day by day", "week by week", "month by month",
		"chart|graph|plot")
	breakWords = phrases("analyze|analyse", "break|broken|breaking it|them|this|that? down", "breakdown", "split",
		"composition", "what makes|make up", "where does|did|is|do ... go|going|spent|spend", "distribution")
	spentOn = phrases(
		"what are|do|did|is|am we|i|my|our ... spending|paying|spend|pay|made on|for|of")
	howMuch = phrases("how much", "how many dollars", "what did|do|does|have|has|was|is|were|are", "total",
		"spend|cost|costs|spent|bill|charges|expenses|invoice", "price|pay|paid|paying", "how expensive")
	shareWords = phrases("what percentage|percent|share|fraction|portion|proportion", "% of", "how much of our|the")

	usageOrPrice = phrases("usage or|vs|versus price|pricing|rate|rates|cost", "price|rate|rates or|vs usage|volume",
		"volume or|vs price|rate", "more usage or|vs", "usage|volume driven|related",
		"because|due of|to usage|volume|price|prices|pricing|rates", "price|rate change|increase|hike|changes",
		"is it|this|that usage|volume|price", "did ... raise|change|increase their|its|the? prices|price|rates")
	priceWord  = phrases("price|prices|pricing|rate|rates|cost")
	volumeWord = phrases("usage|volume")
	planEnded  = phrases("savings|reserved|reservation|reservations|commitment|commitments|ri|ris|sp|sps plan|plans|instance|instances? ... expire|expired|expiring|end|ended|lapse|lapsed|run|ran|changed|change|drop|dropped",
		"expire|expired|expiration|lapsed ... savings|reserved|reservation|commitment",
		"because|due of|to the|our|a? savings|reserved|commitment|commitments|reservation|reservations",
		"coverage drop|dropped|fall|fell|change|changed|loss|decrease|decreased", "commitments|commitment expire|expired|ended",
		"lost|lose coverage|discount|discounts", "why ... coverage|uncovered|covered")
	creditsEnded = phrases("credits|credit ... run|ran|expire|expired|end|ended|used|gone|exhausted|out",
		"did|is|was ... credits|credit|promo gone|out|over")
	calendarOnly = phrases("more|fewer|number of? days", "longer month", "days in the month", "just|only the? calendar")
	newStuff     = phrases("new resources|instances|services|workloads|things|resource", "something|anything new",
		"someone|somebody|anyone launch|launched|start|started|spin|spun|create|created")
	fxWords = phrases("exchange rate|rates", "currency effect|change|fluctuation", "fx")

	costDrivers = phrases("cost|spend drivers|items|contributors",
		"biggest|largest|highest|top costs|expenses|spenders|items|charges|cost")

	whoWords = phrases("spenders|spender", "who is|are|was|were? spends|spending|spend|spent|uses|using|costs|caused|drove|responsible",
		"whose ... spend|cost|costs|bill")

	lastAnswer = phrases("how accurate|sure|reliable|certain", "how did|do you|u get|got|calculate|compute|computed|arrive|come|came|know|work|reach|derive",
		"where does|did|do that|this|these|those|the|it|your|you ... come|came|from|get",
		"where do|are|is these|those|that|this number|numbers|figure|figures from?",
		"show|give|see|share me|us? the? sql|query|queries|source|sources|calculation|math|trace|evidence|workings",
		"how is|was|are|were that|this|it|these|those|the ... calculated|computed|derived|measured|determined",
		"what sql|query|queries", "prove it",
		"can|how i? trust|verify|check that|this|the|your|it|these number|numbers|figure|figures|answer|?",
		"source of|for|behind that|this|the|these|your number|numbers|figure|figures|answer|data", "where from",
		"what is that|this|it based on", "trace", "sql", "how can|could|may i|we verify|check|trust",
		"are|is you|that|this|it sure|correct|right|accurate", "what query|queries",
		"which query|queries|rows|data ... use|used|using|behind")
	consoleWords = phrases("cost explorer", "console", "cost-explorer",
		"aws|azure|gcp bill|portal|invoice says|shows|say|show|said", "azure|aws|gcp|google portal", "cost management",
		"cloudhealth|cloudability|vantage|kubecost|finout|datadog dashboard|cloud shows", "the? invoice says|shows|said")
	mismatch = phrases("different|differ|differs|not match|matching", "do|does not match|agree|add",
		"mismatch|mismatches|discrepancy|discrepancies|deviate|deviates", "difference|gap between",
		"higher|lower|more|less than|in|on", "not equal|same", "vs|versus")

	definitions = phrases("what does|do ... mean|stand", "what is meant|the|a? ... definition|meaning|formula",
		"define|definition|definitions", "meaning of",
		"how is|are|do|does ... computed|calculated|defined|measured|derived|compute|calculate|work",
		"formula for|of|behind|used",
		"what is|are|s the? difference between ... billed|effective|list|amortized|amortised|unblended|contracted",
		"explain the? term|word|meaning|metric|formula|definition")
	whatIsTerm = phrases("^what is|are an|a|the? _ _? _?$")

	freshWords = phrases("is|are|was|were yesterday|today|data|the|last|this|it|that|your|our|aws|azure|gcp|google|november|october|everything|all ... complete|completed|incomplete|fresh|final|finalized|closed|whole|partial|stale|current|loaded|available|up-to-date|missing",
		"up to date", "up-to-date", "how fresh|stale|old|recent|current|up is|are?", "how far|recent does|do|is|back|are ...",
		"data freshness|lag|delay|latency", "freshness|staleness",
		"when was|were|did|is|does ... loaded|load|updated|update|refreshed|refresh|ingested|imported|arrive|synced|last",
		"last|latest data|load|import|refresh|update|sync|day|date with|of|loaded|available|is|was?",
		"complete|through|as through|of|until what|when|which", "until when", "through what|which|when day|date?",
		"what|which is|s? the? latest|last|newest|most day|date|data|recent", "is ... data in|here|there|complete|loaded",
		"do|does|did we|you have data|all|complete|everything|yesterday|today ...", "missing data|days", "data missing|gaps|gap",
		"what|which data|periods|months|sources do|are|have|is we|you|there|loaded|covered|available?", "how old is|are")
	notFresh = phrases("complete|whole months|month|weeks|week|days|quarters|picture|breakdown|list|bill|cost|spend",
		"spend|cost|costs|spent|paying|expensive|bill|why|how much",
		"data transfer|processing|platform|team|lake|costs|egress|warehouse", "get|got to")
)

// readCues looks for the signs.
func (p *parse) readCues() {
	// A name is no sign: the growth team has not grown.
	plain := slices.Clone(p.ts)
	for i := range plain {
		if plain[i].role == named {
			plain[i].quoted = true
		}
	}
	p.q = cues{
		why: has(plain, whyWords), changed: has(plain, changeWords), compare: has(plain, compareWords), list: has(plain, listWords),
		trend: has(plain, trendWords), share: has(plain, shareWords), least: has(plain, leastWords),
		cost: has(p.ts, howMuch),
	}
	p.q.top = has(plain, extremes) || has(plain, phrases("cost|spend drivers"))
	for _, f := range []struct {
		words   []pattern
		effects []analysis.Effect
	}{
		{planEnded, []analysis.Effect{analysis.EffCoverage, analysis.EffCommitmentRate, analysis.EffUnused}},
		{usageOrPrice, []analysis.Effect{analysis.EffVolume, analysis.EffNewResources, analysis.EffRemovedRes, analysis.EffNewSlice,
			analysis.EffRemovedSlice, analysis.EffListPrice, analysis.EffNegotiated, analysis.EffOtherRate}},
		{creditsEnded, []analysis.Effect{analysis.EffCredits}},
		{calendarOnly, []analysis.Effect{analysis.EffCalendar}},
		{newStuff, []analysis.Effect{analysis.EffNewResources, analysis.EffNewSlice}},
		{fxWords, []analysis.Effect{analysis.EffCurrency}},
	} {
		from, to, ok := find(p.ts, f.words)
		if !ok || len(p.focus) > 0 {
			continue
		}
		p.focus = f.effects
		if len(f.effects) > 2 && has(p.ts[from:to], priceWord) != has(p.ts[from:to], volumeWord) {
			split := slices.Index(f.effects, analysis.EffListPrice)
			if p.focus = f.effects[:max(split, 0)]; has(p.ts[from:to], priceWord) && split >= 0 {
				p.focus = f.effects[split:]
			} else if split < 0 {
				p.focus = f.effects
			}
		}
		if slices.Equal(f.effects, []analysis.Effect{analysis.EffCredits}) {
			p.mentions = slices.DeleteFunc(p.mentions, func(m mention) bool { return m.dim == analysis.DimChargeCategory })
		}
		for i := from; i < to; i++ {
			if p.ts[i].role == open {
				p.ts[i].role = filler
			}
		}
	}
}

// focusText is the plan's Focus.
func (p *parse) focusText() string {
	var out []string
	for _, e := range p.focus {
		if !slices.Contains(out, string(e)) {
			out = append(out, string(e))
		}
	}
	return strings.Join(out, ",")
}

// decide settles what is wanted. Dates, names and cuts have been read.
func (p *parse) decide() analysis.Intent {
	periods, rules, several := 0, 0, false
	for _, s := range p.spans {
		switch {
		case s.rule != noRule:
			rules++
		case len(s.windows) > 0:
			periods += 2
			several = true
		default:
			periods++
		}
	}
	p.valued = p.comparedValues()
	switch {
	case p.q.why || len(p.focus) > 0:
		return analysis.ExplainChange
	case rules > 0 && periods == 0 && len(p.groups) > 0 && (p.grain != "" || !p.q.compare && !p.q.changed):
		return analysis.Breakdown
	case p.otherMetric != "" && periods < 2 && rules == 0 && p.valued == "" && len(p.groups) == 0:
		return analysis.SpendTotal
	case p.q.compare || several || periods > 1 && p.q.changed || rules > 0 || p.valued != "" && p.versus():
		return analysis.Compare
	case p.limit > 0 && p.topSaid:
		return analysis.TopN
	case p.q.top && p.grain == "" && has(p.ts, costDrivers):
		return analysis.TopN
	case p.q.top && (p.asked.dim != "" || len(p.groups) > 0 || p.q.list) && p.grain == "":
		return analysis.TopN
	case len(p.groups) > 0 || p.grain != "" || p.q.trend:
		return analysis.Breakdown
	case (has(p.ts, breakWords) || has(p.ts, spentOn) && !p.hasNames()) && len(p.absent) == 0 && (p.q.cost || len(p.mentions) > 0 || has(p.ts, phrases("breakdown|break|money"))):
		return analysis.Breakdown
	case p.q.changed && p.q.cost:
		return analysis.Compare
	case p.q.cost || len(p.mentions) > 0 || periods > 0 || len(p.absent) > 0:
		return analysis.SpendTotal
	}
	return analysis.Ambiguous
}

// versus reports whether values, not periods, are set against each other.
func (p *parse) versus() bool {
	return has(p.ts, phrases("vs|versus|compare|compared|comparison|against"))
}

// comparedValues is the dimension that two or more of the named values share.
func (p *parse) comparedValues() analysis.Dimension {
	n := map[analysis.Dimension]int{}
	for _, m := range p.mentions {
		if !m.not && len(m.values) > 0 && (!m.given || slices.Contains(p.groups, m.dim)) {
			n[m.dim]++
			if n[m.dim] > 1 {
				return m.dim
			}
		}
	}
	return ""
}
