package reply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/formula"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/survey"
)

func text(s string) analysis.Part { return analysis.Part{Text: s} }

func (w *work) outOfScope() error {
	w.a.Headline = "That is not something I can answer."
	if len(w.plan.Declined) > 0 {
		w.a.Headline = w.plan.Declined[0]
	}
	w.a.Actions = []analysis.Action{{Label: "Why did spend change?", Ask: "why did spend change last week?"}, {Label: "Spend this month", Ask: "what did we spend this month?"}}
	return nil
}

// provenance says where a number or a definition comes from.
func (w *work) provenance() error {
	if name, ok := strings.CutPrefix(w.plan.Topic, "formula:"); ok {
		f, ok := formula.Find(name)
		if !ok {
			w.a.Headline = fmt.Sprintf("I have no formula called %q.", strings.ReplaceAll(name, "_", " "))
			var names []string
			for _, f := range formula.All() {
				names = append(names, f.Name)
			}
			w.a.Parts = append(w.a.Parts, text("Those I have: "+strings.Join(names, ", ")+"."))
			return nil
		}
		w.a.Headline = strings.ToUpper(f.Name[:1]) + f.Name[1:] + ": " + f.Meaning
		w.a.Parts = append(w.a.Parts, text("Computed as: "+f.How), text("Source: "+f.Source+"."))
		return nil
	}
	p := w.previous
	if p == nil {
		w.a.Headline = "I have not given an answer here yet."
		w.a.Parts = append(w.a.Parts, text("Ask for a number first; each one then carries an id, and `spendbot trace ID` shows how it was made."))
		return nil
	}
	if !analysis.ScopeCovers(w.plan.Scope, p.Reading.Scope) {
		w.a.Headline = "That number was given to somebody with another scope than yours."
		w.a.Parts = append(w.a.Parts, text("Ask the question yourself: you get the answer within your scope ("+analysis.ScopeWords(w.plan.Scope)+"), with its own evidence."))
		return nil
	}
	w.a.Headline = "That number is answer " + p.ID + ": " + p.Headline
	t := &analysis.Table{Columns: []analysis.Column{{Name: "query", Label: "query", Kind: analysis.ColText}, {Name: "rows", Label: "rows", Kind: analysis.ColNumber},
		{Name: "sha256", Label: "hash of the rows", Kind: analysis.ColText}}}
	for _, q := range p.Trace.Queries {
		n := intAmount(int64(q.Rows))
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: q.Name}, {Amount: &n}, {Text: q.SHA256[:min(12, len(q.SHA256))]}}})
	}
	n, word := len(p.Trace.Queries), "queries"
	if n == 1 {
		word = "query"
	}
	w.a.Parts = append(w.a.Parts,
		text(fmt.Sprintf("It was read as: %s, %s, %s.", strings.ReplaceAll(string(p.Reading.Intent), "_", " "), p.Reading.Metric.Words(), p.Reading.Current)),
		text(fmt.Sprintf("It came from %d %s on snapshot %d. `spendbot trace %s` shows the SQL and the parameters, `spendbot trace %s --rerun` runs it again.", n, word, p.Trace.Snapshot, p.ID, p.ID)),
		analysis.Part{Table: t})
	return nil
}

// freshness says how far each provider's data reaches.
func (w *work) freshness(ctx context.Context) error {
	rows, err := w.query(ctx, "line items per provider and day", query.F(survey.CoverageSQL))
	if err != nil {
		return err
	}
	t := &analysis.Table{Columns: []analysis.Column{{Name: "provider", Label: "provider", Kind: analysis.ColText}, {Name: "first", Label: "from", Kind: analysis.ColText},
		{Name: "complete_through", Label: "complete through", Kind: analysis.ColText}, {Name: "last", Label: "last day with data", Kind: analysis.ColText}, {Name: "how", Label: "found by", Kind: analysis.ColText}}}
	asked := w.plan.Current
	var missing []string
	for _, p := range survey.Coverage(rows) {
		if !w.keeps(analysis.DimProvider, p.Name) {
			continue
		}
		if i := slices.IndexFunc(w.survey.Providers, func(f survey.Provider) bool { return f.Name == p.Name }); i >= 0 { // judged by the whole feed and the history of its loads
			p.Through, p.Monthly, p.How = w.survey.Providers[i].Through, w.survey.Providers[i].Monthly, w.survey.Providers[i].How
		}
		day := "Mon 2 Jan 2006"
		through := p.Through.Format(day)
		if p.Monthly {
			through = "the month of " + p.Through.Format("Jan 2006") + " (monthly rows)"
		}
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"ServiceProviderName": p.Name},
			Cells: []analysis.Cell{{Text: p.Name}, {Text: p.First.Format(day)}, {Text: through}, {Text: p.Last.Format(day)}, {Text: p.How}}})
		if !asked.IsZero() && !p.Monthly && p.Through.Before(asked.Last()) {
			missing = append(missing, p.Name)
		}
	}
	switch {
	case w.scoped() && len(t.Rows) == 0:
		w.nothing()
		return nil
	case asked.IsZero():
		w.a.Headline = "The data is complete through " + w.survey.Vocabulary.Through.Format("Mon 2 Jan 2006") + " at the latest; per provider:"
	case len(t.Rows) == 0:
		w.a.Headline = "No: there is no data of that."
	case asked.Last().Before(w.survey.Vocabulary.First):
		w.a.Headline = "No: there is no data for " + asked.String() + "; it begins on " + w.survey.Vocabulary.First.Format("2 Jan 2006") + "."
	case len(missing) == 0 && len(t.Rows) == 1:
		w.a.Headline = "Yes: " + asked.String() + " is complete for " + t.Rows[0].Cells[0].Text + "."
	case len(missing) == 0:
		w.a.Headline = "Yes: " + asked.String() + " is complete for every provider."
	default:
		w.a.Headline = "No: " + asked.String() + " is not complete for " + joinOr(missing) + "."
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	w.caveat("a day is complete when it is as old as past days were when they stopped changing; where too few loads tell that, when it has at least 70%% of the rows that the same weekday had in the four weeks before (the median)")
	if w.scoped() {
		w.caveat("that is judged by all rows of a provider; the first and the last day are those of your scope")
	}
	return nil
}

// mismatch answers "why is this different from the console?": the same period in every metric, with what sets them apart.
func (w *work) mismatch(ctx context.Context) error {
	if done, err := w.nothingThere(); done || err != nil {
		return err
	}
	p := w.plan.Current
	w.plan.Baseline, w.a.Reading.Baseline = nil, nil // nothing is compared with another time
	w.a.Reading.Notes = slices.DeleteFunc(slices.Clone(w.a.Reading.Notes), func(n string) bool { return strings.Contains(n, " is compared with ") })
	where, err := query.Where(w.plan.Filters)
	if err != nil {
		return err
	}
	table := query.For(w.plan)
	if w.plan.Currency == "" {
		if err := w.billedIn(ctx, table, p, where); err != nil {
			return err
		}
	}
	rows, err := w.query(ctx, "costs by charge category", query.Fill(`SELECT ChargeCategory AS category, ChargeClass AS class, sum({billed}) AS billed, sum({effective}) AS effective
FROM {table} WHERE ({period}) AND ({filters}) GROUP BY 1, 2 ORDER BY 1, 2`,
		map[string]query.Fragment{"table": query.F(string(table)), "period": query.Within(table, p), "filters": where,
			"billed": query.Cost(analysis.Billed, w.a.Currency), "effective": query.Cost(analysis.Effective, w.a.Currency)}))
	if err != nil {
		return err
	}
	t := &analysis.Table{Columns: []analysis.Column{{Name: "charge_category", Label: "charge category", Kind: analysis.ColText}, {Name: "billed", Label: "billed", Kind: analysis.ColMoney},
		{Name: "effective", Label: "effective", Kind: analysis.ColMoney}}}
	// Corrections are told apart here, of whatever category they are: DuckDB 1.4.1 now and then makes one group too many of a CASE of a
	// constant and a text column.
	type known struct{ billed, effective *analysis.Amount }
	sums := map[string]*known{}
	var order []string
	for _, row := range rows.Values {
		cat, _ := row[0].(string)
		if class, _ := row[1].(string); class == "Correction" {
			cat = class
		}
		if sums[cat] == nil {
			sums[cat] = &known{}
			order = append(order, cat)
		}
		for i, to := range []**analysis.Amount{&sums[cat].billed, &sums[cat].effective} {
			if a, ok := row[2+i].(analysis.Amount); ok {
				if *to != nil {
					a = a.Add(**to)
				}
				*to = &a
			}
		}
	}
	slices.Sort(order)
	var tot [2]analysis.Amount
	for _, cat := range order {
		r := analysis.Row{Key: map[string]string{"ChargeCategory": cat}, Cells: []analysis.Cell{{Text: cat}}}
		for i, a := range []*analysis.Amount{sums[cat].billed, sums[cat].effective} {
			if a == nil { // unknown, which is not zero
				r.Cells = append(r.Cells, analysis.Cell{})
				continue
			}
			tot[i] = tot[i].Add(*a)
			r.Cells = append(r.Cells, amountCell(*a))
		}
		t.Rows = append(t.Rows, r)
	}
	if w.scoped() && len(rows.Values) == 0 {
		w.nothing()
		return nil
	}
	t.Total = &analysis.Row{Cells: []analysis.Cell{{Text: "total"}, amountCell(tot[0]), amountCell(tot[1])}}
	w.a.Headline = fmt.Sprintf("%s %s is %s effective and %s billed: a console that shows another measure, window or filter shows another total.",
		w.subject(), when(p), render.MoneyExact(tot[1], w.a.Currency), render.MoneyExact(tot[0], w.a.Currency))
	if err := w.views(ctx, p); err != nil {
		return err
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	if err := w.eachProvider(ctx, table, p, where); err != nil {
		return err
	}
	w.a.Parts = append(w.a.Parts, text("Find the console's total above: its line says what sets it apart. A total that is on no line was cut in another time zone (here UTC), counts days that are still arriving, or was looked at after a restatement that is not loaded here."))
	w.plan.Metric, w.unknown = analysis.Billed, 1 // to say what is billed in other currencies, if anything is
	return w.others(ctx, p)
}

// eachProvider adds what each provider billed, in the currencies it bills in, where there are several: a console shows one of them.
func (w *work) eachProvider(ctx context.Context, table query.Table, p analysis.Period, where query.Fragment) error {
	if w.plan.Currency != "" {
		return nil
	}
	rows, err := w.query(ctx, "costs by provider, as billed", query.Fill(`SELECT CASE WHEN ServiceProviderName IS NULL THEN '' ELSE ServiceProviderName END AS provider, BillingCurrency, sum(BilledCost) AS billed, sum(EffectiveCost) AS effective
FROM {table} WHERE ({period}) AND ({filters}) GROUP BY 1, 2 ORDER BY 1, 2`,
		map[string]query.Fragment{"table": query.F(string(table)), "period": query.Within(table, p), "filters": where}))
	if err != nil || len(rows.Values) < 2 {
		return err
	}
	t := &analysis.Table{Columns: []analysis.Column{{Name: "provider", Label: "each by itself", Kind: analysis.ColText}, {Name: "currency", Label: "currency", Kind: analysis.ColText},
		{Name: "billed", Label: "billed", Kind: analysis.ColCents}, {Name: "effective", Label: "effective", Kind: analysis.ColCents}}}
	for _, row := range rows.Values {
		provider, _ := row[0].(string)
		currency, _ := row[1].(string)
		r := analysis.Row{Key: map[string]string{"ServiceProviderName": provider}, Cells: []analysis.Cell{{Text: provider}, {Text: currency}}}
		for _, v := range row[2:] {
			var c analysis.Cell // unknown where there is none
			if a, ok := v.(analysis.Amount); ok {
				c = amountCell(a)
			}
			r.Cells = append(r.Cells, c)
		}
		t.Rows = append(t.Rows, r)
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Table: t})
	return nil
}

// billedIn takes the currency that most of the rows are billed in for the answer's.
func (w *work) billedIn(ctx context.Context, table query.Table, p analysis.Period, where query.Fragment) error {
	rows, err := w.query(ctx, "currencies billed in", query.Fill(`SELECT BillingCurrency, sum({n}) AS line_items FROM {table} WHERE ({period}) AND ({filters}) GROUP BY 1 ORDER BY 2 DESC, 1`,
		map[string]query.Fragment{"n": query.F(table.Rows()), "table": query.F(string(table)), "period": query.Within(table, p), "filters": where}))
	if err != nil || len(rows.Values) == 0 {
		return err
	}
	if c, _ := rows.Values[0][0].(string); c != "" {
		w.a.Currency = c
	}
	return nil
}
