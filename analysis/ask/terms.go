package ask

import "strings"

// terms are what can be asked the meaning of. The topic is "formula:" and the name; the data dictionary and the effect table
// answer it.
var terms = []struct {
	name    string
	phrases []pattern
}{
	{"mttd", phrases("mttd", "mean? time to detect|detection", "detection time")},
	{"mtta", phrases("mtta", "mean? time to acknowledge|answer")},
	{"mttc", phrases("mttc", "mean? time to contain|containment", "containment time")},
	{"mttr", phrases("mttr", "mean? time to resolve|resolution", "resolution time")},
	{"false_positive_rate", phrases("false positive|positives rate?", "false-positive|false-positives rate?")},
	{"expected_rate", phrases("expected rate")},
	{"alerts_a_week", phrases("alerts a|per week|channel")},
	{"cost_before_containment", phrases("cost before containment", "incident|incidents cost", "cost of incidents")},
	{"avoided_cost", phrases("avoided cost|costs|spend", "cost avoided")},
	{"apportionment", phrases("apportionment validation?")},
	{"allocation_accuracy_index", phrases("allocation accuracy index?", "aai")},
	{"unallocated_shared_cost", phrases("unallocated shared cost|costs")},
	{"unallocated_cost", phrases("unallocated cost|costs percentage?")},
	{"duplicate_lines", phrases("duplicate lines|rows|line")},
	{"missing_days", phrases("missing days check?")},
	{"late_days", phrases("late days|rows")},
	{"effective_cost_missing", phrases("effective cost|costs missing", "missing effective cost|costs")},
	{"effective_cost_zero", phrases("effective cost zero", "zero effective cost|costs")},
	{"unit_changes", phrases("unit changes|change")},
	{"negative_usage", phrases("negative usage")},
	{"currency_mix", phrases("currency mix", "mixed currencies")},
	{"list_price_below_contracted", phrases("list price below contracted?")},
	{"account_names_missing", phrases("account names missing", "missing account names")},
	{"resource_ids_missing", phrases("resource ids missing", "missing resource ids")},
	{"untagged", phrases("untagged share|check")},
	{"future_dates", phrases("future dates")},
	{"commitment_status_without_id", phrases("commitment status without id")},
	{"reconciliation_reason", phrases("reconciliation|difference reason|reasons", "unexplained")},
	{"effective_cost", phrases("effective cost|costs|spend", "amortized|amortised cost|costs|spend?", "effectivecost", "net amortized")},
	{"billed_cost", phrases("billed cost|costs|spend|amount", "unblended|blended cost|costs?", "billedcost", "invoiced cost|amount")},
	{"list_cost", phrases("list cost|price|unit", "listcost", "on-demand cost|price|equivalent", "public price")},
	{"contracted_cost", phrases("contracted cost|price", "contractedcost", "negotiated cost|price")},
	{"usage", phrases("usage quantity", "consumed quantity", "consumedquantity", "pricing quantity")},
	{"commitment_coverage", phrases("commitment? coverage effect?", "savings plan coverage")},
	{"commitment_rate", phrases("commitment rate effect?")},
	{"commitment_unused", phrases("unused|commitment_unused commitment|commitments?", "commitment unused")},
	{"list_price", phrases("list_price", "list price effect")},
	{"negotiated_discount", phrases("negotiated discount|discounts")},
	{"calendar", phrases("calendar effect?")},
	{"volume", phrases("volume effect?")},
	{"new_resources", phrases("new resources effect?")},
	{"removed_resources", phrases("removed resources effect?")},
	{"other_rate", phrases("other rate|rates effect?")},
	{"credits", phrases("credits|credit effect?")},
	{"refunds", phrases("refunds|refund|corrections effect?")},
	{"tax", phrases("tax|taxes effect?")},
	{"purchases", phrases("purchases|fees effect?")},
	{"adjustments", phrases("adjustments|adjustment effect?")},
	{"currency", phrases("currency effect")},
	{"onset", phrases("onset", "since when")},
	{"driver", phrases("driver|drivers")},
	{"bridge", phrases("bridge|waterfall")},
	{"rest", phrases("everything else", "the rest", "rest")},
	{"confidence", phrases("confidence|confident")},
	{"complete_through", phrases("complete through|days|day", "complete-through")},
	{"charge_category", phrases("charge category|categories|type")},
	{"service_category", phrases("service category|categories")},
	{"sub_account", phrases("sub account|accounts", "sub-account|subaccount")},
	{"usage_type", phrases("usage type|types")},
	{"month_to_date", phrases("mtd", "month to date", "month-to-date")},
	{"delta", phrases("delta|change", "variance")},
}

// termIn finds the term a question is about.
func termIn(ts []token) (string, bool) {
	for _, t := range terms {
		if has(ts, t.phrases) {
			return t.name, true
		}
	}
	return "", false
}

// definitionTopic is the topic of a question about meaning: a term of ours, else a FOCUS column named as such.
func (p *parse) definitionTopic() (string, bool) {
	if name, ok := termIn(p.ts); ok {
		return "formula:" + name, true
	}
	for _, t := range p.ts {
		if focusColumn(t.raw) {
			return "column:" + t.raw, true
		}
	}
	return "", false
}

// focusColumn reports whether a word has the form of a FOCUS column's name: two capitals at least, letters only, or x_.
func focusColumn(w string) bool {
	if rest, ok := strings.CutPrefix(w, "x_"); ok {
		return isWord(rest)
	}
	caps := 0
	for _, r := range w {
		if r >= 'A' && r <= 'Z' {
			caps++
		} else if r < 'a' || r > 'z' {
			return false
		}
	}
	return caps >= 2 && len(w) > 6 && strings.ToUpper(w) != w && w[0] >= 'A' && w[0] <= 'Z'
}
