package reply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/allocation"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/showback"
)

// ChargebackTopic marks a showback by invoice and cost centre, to the cent.
const ChargebackTopic = "chargeback"

// RuleTopic is the topic of a showback that is about one allocation rule: "rule:support".
func RuleTopic(name string) string { return ruleTopic + name }

const ruleTopic = "rule:"

// ShowbackLens is what a showback is made through: the lens as it is, but for a chargeback, whose cents are the invoices', without
// what converts them.
func ShowbackLens(p analysis.Plan, l query.Lens) query.Lens {
	if p.Intent == analysis.Showback && p.Topic == ChargebackTopic {
		return asBilled(l)
	}
	return l
}

// shownRules is up to how many rules have a column of their own.
const shownRules = 5

// shownSlices is how many rows of a rule's source are told.
const shownSlices = 3

// back is a showback in the making.
type back struct {
	*work
	b *showback.Bill
	// sees is whose parts are shown: those asked for, within the scope.
	sees showback.Sees
	rows []showback.Row // that are seen
}

// showback tells who bears the period's bill. It is made from everything, and tells of what the scope holds: of other owners
// neither names nor amounts, of shared costs neither their sum nor what others weigh, and of a rule not whom it names.
func (w *work) showback(ctx context.Context) error {
	if w.survey != nil && w.plan.Current.IsZero() {
		return fmt.Errorf("a showback is of a period, and none was read")
	}
	req := showback.Request{Period: w.plan.Current, Metric: w.plan.Metric, Currency: w.a.Currency, Chargeback: w.plan.Topic == ChargebackTopic}
	if len(w.plan.GroupBy) > 0 {
		req.By = w.plan.GroupBy[0]
	}
	b, err := showback.Of(ctx, w.sight.Whole(), w.rules, req)
	if err != nil {
		return err
	}
	v := &back{work: w, b: b}
	v.plan.GroupBy, v.a.Reading.GroupBy = []analysis.Dimension{b.By}, []analysis.Dimension{b.By}
	within, ok := b.Within(w.plan.Scope)
	if !ok {
		w.a.Headline = "Shared costs are split between owners, and your scope (" + analysis.ScopeWords(w.plan.Scope) + ") is not one of whole owners: which part of them is yours cannot be told."
		w.a.Parts = append(w.a.Parts, text("What your own rows cost is told by the question for spend by "+b.By.Words()+"."))
		return nil
	}
	asked, ok := b.Within(w.plan.Filters)
	if !ok {
		w.a.Headline = "A showback is of whole owners: it cannot be narrowed down to " + analysis.ScopeWords(w.plan.Filters) + "."
		w.a.Parts = append(w.a.Parts, text("It can be asked by "+dimensionWords(b.Dims)+", and for one of them."))
		return nil
	}
	v.sees = func(owner []string) bool { return within(owner) && asked(owner) }
	for _, q := range b.Queries {
		v.trace(q)
	}
	v.rows = b.Charged(v.sees, render.Places(w.a.Currency))
	if w.scoped() {
		if err := v.held(ctx, within); err != nil {
			return err
		}
		if len(v.rows) == 0 {
			w.nothing()
			return nil
		}
	}
	for _, t := range w.incomplete(w.plan.Current) {
		w.arriving(t)
	}
	if len(v.rows) == 0 {
		w.a.Headline = "Showback " + when(w.plan.Current) + ": no line items in " + w.a.Currency + "."
		return v.leftOut(ctx)
	}
	if err := v.leftOut(ctx); err != nil {
		return err
	}
	rule, single := strings.CutPrefix(w.plan.Topic, ruleTopic)
	switch {
	case single:
		return v.rule(ctx, rule)
	case len(v.rows) == 1 && !req.Chargeback && (len(w.plan.Filters) > 0 || w.scoped()):
		return v.owner(ctx, v.rows[0])
	}
	v.table()
	return nil
}

// trace keeps a query as evidence. What reads more than the scope is marked, so that whoever has one is not shown its text.
func (v *back) trace(q analysis.QueryTrace) {
	if v.scoped() {
		if strings.HasPrefix(q.Name, "weights of ") { // a rule's name may name others
			q.Name = "weights of a rule"
		}
		q.Name = analysis.WiderThanScope + q.Name
	}
	v.a.Trace.Queries = append(v.a.Trace.Queries, q)
}

// held asks within the scope what was billed, and holds the direct amounts against it: that what is shown is the scope's own.
func (v *back) held(ctx context.Context, within showback.Sees) error {
	amount, tr, err := v.b.Own(ctx, v.sight)
	if err != nil {
		return err
	}
	v.a.Trace.Queries = append(v.a.Trace.Queries, tr)
	direct := analysis.Amount{}
	for _, r := range v.b.Rows(within) {
		direct = direct.Add(r.Direct)
	}
	if !direct.Equal(amount) {
		return fmt.Errorf("the showback's own costs of the scope are %s, the scope's rows cost %s: nothing is shown", direct, amount)
	}
	return nil
}

func (v *back) name(owner string) string {
	if owner == "" {
		return analysis.Unallocated
	}
	return v.work.name(columnOf(v.b.By), owner)
}

// say is an owner in a sentence: "team payments".
func (v *back) say(owner string) string {
	if owner == "" {
		return "nobody"
	}
	return v.label(v.b.By, owner)
}

// tell says rules in words; to a reader with a scope without naming anybody.
func (v *back) tell() allocation.Teller {
	return allocation.Teller{Discreet: v.scoped(), Name: func(d analysis.Dimension, value string) string { return v.work.name(columnOf(d), value) }}
}

// rulesOf are the rules that moved something of the rows that are seen.
func (v *back) rulesOf() []int {
	var out []int
	for i := range v.b.Rules {
		if slices.ContainsFunc(v.b.Moves, func(m allocation.Move) bool {
			return m.Rule == i && (v.sees(m.From) || v.sees(m.To))
		}) {
			out = append(out, i)
		}
	}
	return out
}

// table shows every owner's part.
func (v *back) table() {
	rules := v.rulesOf()
	by := v.b.By
	t := &analysis.Table{Columns: []analysis.Column{{Name: strings.TrimPrefix(string(by), "tag:"), Label: by.Words(), Kind: analysis.ColText}}}
	centres := v.b.Chargeback && v.b.Dim(analysis.DimCostCentre) >= 0 && by != analysis.DimCostCentre
	if centres {
		t.Columns = append(t.Columns, analysis.Column{Name: "cost_centre", Label: "cost centre", Kind: analysis.ColText})
	}
	if v.b.Chargeback {
		t.Columns = append(t.Columns, analysis.Column{Name: "invoice", Label: "invoice", Kind: analysis.ColText})
	}
	each := len(rules) <= shownRules && !v.b.Chargeback
	if v.b.Chargeback { // what is charged is in cents, and so are its parts
		t.Columns = append(t.Columns, analysis.Column{Name: "direct", Label: "direct", Kind: analysis.ColCents},
			analysis.Column{Name: "shared", Label: "shared", Kind: analysis.ColCents}, analysis.Column{Name: "charged", Label: "charged", Kind: analysis.ColCents})
	} else {
		t.Columns = append(t.Columns, analysis.Column{Name: "direct", Label: "direct", Kind: analysis.ColMoney})
		if each {
			for _, i := range rules {
				t.Columns = append(t.Columns, analysis.Column{Name: v.b.Rules[i].Name, Label: v.b.Rules[i].Name, Kind: analysis.ColDelta})
			}
		} else {
			t.Columns = append(t.Columns, analysis.Column{Name: "shared", Label: "shared", Kind: analysis.ColDelta})
		}
		t.Columns = append(t.Columns, analysis.Column{Name: "total", Label: "total", Kind: analysis.ColMoney})
	}
	sum := showback.Row{Parts: make([]analysis.Amount, len(v.b.Rules))}
	line := func(r showback.Row, names ...string) analysis.Row {
		var out analysis.Row
		for _, n := range names {
			out.Cells = append(out.Cells, analysis.Cell{Text: n})
		}
		if v.b.Chargeback {
			out.Cells = append(out.Cells, amountCell(r.ChargedDirect), amountCell(r.Charged.Sub(r.ChargedDirect)), amountCell(r.Charged))
			return out
		}
		out.Cells = append(out.Cells, amountCell(r.Direct))
		if each {
			for _, i := range rules {
				out.Cells = append(out.Cells, amountCell(r.Parts[i]))
			}
		} else {
			out.Cells = append(out.Cells, amountCell(r.Shared()))
		}
		out.Cells = append(out.Cells, amountCell(r.Total))
		return out
	}
	for _, r := range v.rows {
		sum.Direct, sum.Total = sum.Direct.Add(r.Direct), sum.Total.Add(r.Total)
		sum.Charged, sum.ChargedDirect = sum.Charged.Add(r.Charged), sum.ChargedDirect.Add(r.ChargedDirect)
		for i := range r.Parts {
			sum.Parts[i] = sum.Parts[i].Add(r.Parts[i])
		}
		names := []string{v.name(r.Owner)}
		if centres {
			names = append(names, cellOr(r.CostCentre, "(none)"))
		}
		if v.b.Chargeback {
			names = append(names, showback.InvoiceOf(r.Invoice).Reference())
		}
		row := line(r, names...)
		row.Key = map[string]string{columnOf(by): r.Owner}
		t.Rows = append(t.Rows, row)
	}
	names := []string{"total"}
	for len(names) < len(t.Rows[0].Cells) && t.Columns[len(names)].Kind == analysis.ColText {
		names = append(names, "")
	}
	total := line(sum, names...)
	t.Total = &total
	v.a.Parts = append(v.a.Parts, analysis.Part{Table: t})
	what, all := "Showback for ", render.Figure(sum.Total, v.a.Currency)
	if v.b.Chargeback {
		what, all = "Chargeback of the invoices for ", render.MoneyExact(sum.Charged, v.a.Currency)
		v.unnumbered()
	}
	v.a.Headline = what + strings.TrimPrefix(when(v.plan.Current), "in ") + " by " + by.Words() + ": " + all
	k := v.b.KPIs()
	if whole := !v.scoped() && len(v.plan.Filters) == 0; whole {
		if len(rules) > 0 {
			v.a.Headline += ", of which " + render.Figure(k.Shared, v.a.Currency) + " is shared and split by " + counted(len(rules), "rule", "rules")
		}
		v.a.Parts = append(v.a.Parts, text(kpiWords(k)))
		v.told(rules)
	}
	v.a.Headline += "."
	v.remarks()
}

// unnumbered tells which of the invoices have no number yet.
func (v *back) unnumbered() {
	var names []string
	for _, r := range v.rows {
		if i := showback.InvoiceOf(r.Invoice); i.Number == "" && !slices.Contains(names, i.Reference()) {
			names = append(names, i.Reference())
		}
	}
	switch len(names) {
	case 0:
	case 1:
		v.caveat("%s is an invoice that has no number yet", names[0])
	default:
		v.caveat("%s are invoices that have no numbers yet", list(names))
	}
}

// kpiWords says the measures of an allocation, by the names their formulas are found under.
func kpiWords(k allocation.KPIs) string {
	var parts []string
	for _, m := range []struct {
		name  string
		value *analysis.Amount
	}{
		{"apportionment", k.Apportioned}, {"unallocated shared cost", k.UnallocatedShared},
		{"allocation accuracy index", k.Accuracy}, {"unallocated cost", k.Unallocated},
	} {
		if m.value != nil {
			parts = append(parts, m.name+" "+render.Percent(*m.value))
		}
	}
	return "Measures: " + strings.Join(parts, " · ") + "."
}

// told says each rule in a line.
func (v *back) told(rules []int) {
	var lines []string
	for _, i := range rules {
		r := &v.b.Rules[i]
		words := r.Name
		if from := v.tell().From(r); from != r.Name {
			words += " (" + from + ")"
		}
		lines = append(lines, words+" "+v.tell().Split(r))
	}
	if len(lines) > 0 {
		v.a.Parts = append(v.a.Parts, text("Rules, in order: "+strings.Join(lines, "; ")+"."))
	} else if len(v.b.Rules) == 0 {
		v.caveat("no allocation rules hold in this period (`allocation:` in the configuration): every cost stays where it was billed")
	}
}

// remarks caveats what the reader must know of the rules, and what is not in the table.
func (v *back) remarks() {
	if !v.scoped() {
		for _, p := range v.b.Pools {
			if p.Why == "" || p.Stayed.IsZero() {
				continue
			}
			v.caveat("%s of %s was not allocated by %s: %s", exactMoney(p.Stayed, p.Currency), p.Period.Format("January 2006"), v.b.Rules[p.Rule].Name, p.Why)
		}
		v.absent()
	}
}

// absent tells which targets that a rule names the bill does not have.
func (v *back) absent() {
	for _, r := range v.b.Rules {
		dim := v.b.Dim(r.To.Dimension)
		var missing []string
		for _, t := range r.To.Values {
			if !slices.ContainsFunc(v.b.Cells, func(c allocation.Cell) bool { return c.Owner[dim] == t }) {
				missing = append(missing, t)
			}
		}
		if len(missing) > 0 {
			v.caveat("rule %s names %s, of whom the bill has no row: is it misspelt?", r.Name, joinOr(missing))
		}
	}
}

// leftOut caveats what is not in the total, as far as the asker sees it.
func (v *back) leftOut(ctx context.Context) error {
	if len(v.plan.Filters) > 0 { // it would be everybody's
		return nil
	}
	left, tr, err := v.b.LeftOut(ctx, v.sight)
	if err != nil {
		return err
	}
	v.a.Trace.Queries = append(v.a.Trace.Queries, tr)
	for _, l := range left {
		switch {
		case l.Currency == v.a.Currency || l.Amount == nil:
			v.caveat("%s line items have no %s on the bill: they are not included, which is not the same as zero", comma(l.Rows), v.b.Metric.Column())
		case !l.Amount.IsZero():
			v.caveat("%s is billed in %s, with no amount in %s on the bill: it is not included; ask for it in %s", exactMoney(*l.Amount, l.Currency), l.Currency, v.a.Currency, l.Currency)
		}
	}
	return nil
}

// part is what a rule did for one owner.
type part struct {
	rule        int
	given, took analysis.Amount
	weight, of  *analysis.Amount // the owner's weight and all weights; nil where there are none to tell
	source      analysis.Amount
}

// partsOf are what the rules did for the owners that are seen.
func (v *back) partsOf(rules []int) []part {
	out := make([]part, len(rules))
	for k, i := range rules {
		p := &out[k]
		p.rule = i
		for _, m := range v.b.Moves {
			if m.Rule != i {
				continue
			}
			if v.sees(m.To) {
				p.given = p.given.Add(m.Amount)
			}
			if v.sees(m.From) {
				p.took = p.took.Add(m.Amount)
			}
		}
		pools := 0
		for _, pool := range v.b.Pools {
			if pool.Rule != i {
				continue
			}
			pools++
			p.source = p.source.Add(pool.Source)
			weight, all := analysis.Amount{}, pool.Weights
			for _, t := range pool.Targets {
				owner := make([]string, len(v.b.Dims))
				owner[v.b.Dim(v.b.Rules[i].To.Dimension)] = t.Owner
				if v.b.Rules[i].To.Dimension == v.b.By && v.sees(owner) {
					weight = weight.Add(t.Weight)
				}
			}
			p.weight, p.of = &weight, &all
		}
		if s := v.b.Rules[i].Split; pools != 1 || v.b.Rules[i].To.Dimension != v.b.By || s == allocation.Even || s == allocation.Percent && v.scoped() {
			p.weight, p.of = nil, nil // nothing to tell, or what would tell the whole from the part
		}
	}
	return out
}

// owner explains one owner's part: what it has directly, and by each rule how much of what.
func (v *back) owner(ctx context.Context, r showback.Row) error {
	rules := v.rulesOf()
	whole := !v.scoped()
	t := &analysis.Table{Columns: []analysis.Column{{Name: "part", Label: "part", Kind: analysis.ColText}, {Name: "how", Label: "how", Kind: analysis.ColText}}}
	if whole {
		t.Columns = append(t.Columns, analysis.Column{Name: "source", Label: "pool", Kind: analysis.ColCents})
	}
	t.Columns = append(t.Columns, analysis.Column{Name: "weight", Label: "weight", Kind: analysis.ColNumber})
	if whole {
		t.Columns = append(t.Columns, analysis.Column{Name: "of", Label: "of", Kind: analysis.ColNumber}, analysis.Column{Name: "share", Label: "share", Kind: analysis.ColPercent})
	}
	t.Columns = append(t.Columns, analysis.Column{Name: "amount", Label: "amount", Kind: analysis.ColCents})
	add := func(name, how string, source, weight, of, share *analysis.Amount, amount analysis.Amount) {
		cells := []analysis.Cell{{Text: name}, {Text: how}}
		if whole {
			cells = append(cells, known(source))
		}
		cells = append(cells, known(weight))
		if whole {
			cells = append(cells, known(of), known(share))
		}
		t.Rows = append(t.Rows, analysis.Row{Cells: append(cells, amountCell(amount))})
	}
	add("direct", "its own rows", nil, nil, nil, nil, r.Direct)
	for _, p := range v.partsOf(rules) {
		rule := &v.b.Rules[p.rule]
		if !p.took.IsZero() {
			add(rule.Name, "taken from its rows, to be split", nil, nil, nil, nil, p.took.Neg())
		}
		if !p.given.IsZero() {
			add(rule.Name, v.tell().Split(rule), &p.source, p.weight, p.of, share(p.given, p.source).Amount, p.given)
		}
	}
	total := analysis.Row{Cells: make([]analysis.Cell, len(t.Columns))}
	total.Cells[0].Text, total.Cells[len(total.Cells)-1] = "total", amountCell(r.Total)
	t.Total = &total
	v.a.Parts = append(v.a.Parts, analysis.Part{Table: t})
	who := v.say(r.Owner)
	amount := len(t.Columns) - 1
	v.a.Headline = strings.ToUpper(who[:1]) + who[1:] + " bears " + render.CellText(t, v.a.Currency, -1, amount) + " " + when(v.plan.Current) + ", " +
		render.CellText(t, v.a.Currency, 0, amount) + " of it by rows of its own."
	if k := v.b.KPIs(); r.Owner == "" && whole && k.Unallocated != nil {
		v.a.Headline = "Nobody bears " + render.CellText(t, v.a.Currency, -1, amount) + " " + when(v.plan.Current) + ", " + render.Percent(*k.Unallocated) + " of the bill."
	}
	if whole {
		if err := v.sources(ctx, rules); err != nil {
			return err
		}
	} else if len(rules) > 0 {
		v.caveat("parts are made from everybody's costs, of which only yours are shown")
	}
	v.remarks()
	return nil
}

// sources tells what lay in the rules' sources as it was billed, each by a query of its own.
func (v *back) sources(ctx context.Context, rules []int) error {
	for _, i := range rules {
		slices, tr, err := v.b.Source(ctx, v.sight.Whole(), i)
		if err != nil {
			return err
		}
		v.trace(tr)
		var words []string
		n, total := int64(0), analysis.Amount{}
		for k, s := range slices {
			n, total = n+s.Rows, total.Add(s.Amount)
			if k < shownSlices && s.Amount.Abs().GreaterThanOrEqual(decimal.New(5, -3)) {
				words = append(words, render.MoneyExact(s.Amount, v.a.Currency)+" "+s.Service+" in "+v.work.name("SubAccountId", s.Account))
			}
		}
		if more := len(slices) - len(words); more > 0 {
			words = append(words, counted(more, "slice more", "slices more"))
		}
		again := analysis.Amount{}
		for _, p := range v.b.Pools {
			if p.Rule == i {
				again = again.Add(p.Again)
			}
		}
		line := v.b.Rules[i].Name
		if from := v.tell().From(&v.b.Rules[i]); from != line {
			line += " splits " + from
		}
		line += ": " + render.MoneyExact(total, v.a.Currency) + " as billed in " + counted(int(n), "line item", "line items")
		if len(words) > 0 {
			line += " (" + strings.Join(words, ", ") + ")"
		}
		if !again.IsZero() {
			line += ", and " + render.MoneyExact(again, v.a.Currency) + " that earlier rules moved there"
		}
		v.a.Parts = append(v.a.Parts, text(line+"."))
	}
	return nil
}

// rule shows how one rule split its source.
func (v *back) rule(ctx context.Context, name string) error {
	i := slices.IndexFunc(v.b.Rules, func(r allocation.Rule) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		v.a.Headline = "There is no allocation rule " + name + " in " + v.plan.Current.String() + "."
		if !v.scoped() && len(v.b.Rules) > 0 {
			var names []string
			for _, r := range v.b.Rules {
				names = append(names, r.Name)
			}
			v.a.Parts = append(v.a.Parts, text("Those there are: "+strings.Join(names, ", ")+"."))
		}
		return nil
	}
	r := &v.b.Rules[i]
	whole := !v.scoped() && len(v.plan.Filters) == 0
	if !whole { // one's own part says all that may be told
		if len(v.rows) == 1 {
			return v.owner(ctx, v.rows[0])
		}
		v.table()
		return nil
	}
	by := r.To.Dimension
	t := &analysis.Table{Columns: []analysis.Column{{Name: strings.TrimPrefix(string(by), "tag:"), Label: by.Words(), Kind: analysis.ColText},
		{Name: "weight", Label: "weight", Kind: analysis.ColNumber}, {Name: "share", Label: "share", Kind: analysis.ColPercent}, {Name: "amount", Label: "amount", Kind: analysis.ColCents}}}
	sums := map[string]*allocation.Target{}
	var source, stayed analysis.Amount
	for _, p := range v.b.Pools {
		if p.Rule != i {
			continue
		}
		source, stayed = source.Add(p.Source), stayed.Add(p.Stayed)
		for _, x := range p.Targets {
			if sums[x.Owner] == nil {
				sums[x.Owner] = &allocation.Target{Owner: x.Owner}
			}
			s := sums[x.Owner]
			s.Weight, s.Amount = s.Weight.Add(x.Weight), s.Amount.Add(x.Amount)
		}
	}
	var order []*allocation.Target
	weights := analysis.Amount{}
	for _, s := range sums {
		order, weights = append(order, s), weights.Add(s.Weight)
	}
	slices.SortFunc(order, func(a, b *allocation.Target) int {
		if c := b.Amount.Cmp(a.Amount); c != 0 {
			return c
		}
		return strings.Compare(a.Owner, b.Owner)
	})
	for _, s := range order {
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{columnOf(by): s.Owner}, Cells: []analysis.Cell{{Text: v.work.name(columnOf(by), s.Owner)}, amountCell(s.Weight), share(s.Amount, source), amountCell(s.Amount)}})
	}
	if !stayed.IsZero() {
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: "(not allocated)"}, {}, share(stayed, source), amountCell(stayed)}})
	}
	t.Total = &analysis.Row{Cells: []analysis.Cell{{Text: "total"}, amountCell(weights), share(source, source), amountCell(source)}}
	v.a.Headline = "Rule " + r.Name + " " + when(v.plan.Current) + ": " + render.MoneyExact(source, v.a.Currency) + ", split " + v.tell().Split(r) + "."
	if len(t.Rows) == 0 {
		v.a.Headline = "Rule " + r.Name + " " + when(v.plan.Current) + ": the bill has nothing in " + v.a.Currency + " for this rule to split."
	} else {
		v.a.Parts = append(v.a.Parts, analysis.Part{Table: t})
	}
	if err := v.sources(ctx, []int{i}); err != nil {
		return err
	}
	v.remarks()
	return nil
}

func dimensionWords(dims []analysis.Dimension) string {
	words := make([]string, len(dims))
	for i, d := range dims {
		words[i] = d.Words()
	}
	return joinOr(words)
}

// known is a cell that is blank, not unknown, where there is nothing to tell.
func known(a *analysis.Amount) analysis.Cell {
	if a == nil {
		return analysis.Cell{Text: " "}
	}
	return amountCell(*a)
}

func cellOr(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return comma(int64(n)) + " " + many
}
