package pulse

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

// packDrivers is how many drivers the message names, and packTeams how many owners; the file has them all.
const (
	packDrivers = 5
	packTeams   = 6
)

// monthly is the close pack: why the month differs from the one before by effect and driver, who bears it, what was restated, and whether the
// invoices are met.
func (w *work) monthly() error {
	month := w.plan.Current
	w.a.Headline = month.Start.Format("January 2006") + w.subject() + ": " + render.ChangeShort(w.bridge.Change) + " on " + w.plan.Baseline.Start.Format("January")
	if b, _, err := w.billed(); err != nil {
		return err
	} else if b != "" {
		w.a.Headline += " · " + b
	}
	w.say(w.why())
	shown := render.ShowBridge(w.bridge, w.asked[0], packDrivers)
	var lines []string
	for _, d := range shown.Drivers {
		lines = append(lines, render.DriverLine(d))
	}
	if shown.HasRest {
		lines = append(lines, render.DriverLine(render.ShownDriver{Amount: shown.Rest.Amount, Label: shown.Rest.Label}))
	}
	w.say(strings.Join(lines, "\n"))
	back, bears, err := w.showback()
	if err != nil {
		return err
	}
	w.say(bears)
	covered, err := w.covered()
	if err != nil {
		return err
	}
	w.say(covered)
	restated, moved := w.restated()
	w.say(restated)
	invoices, met, err := w.invoices()
	if err != nil {
		return err
	}
	w.say(met)
	if err := w.beside(); err != nil {
		return err
	}
	w.offerTeams()
	w.offer("why, by account?", "By account", func(p analysis.Plan) bool { return explains(p) && slices.Contains(p.GroupBy, analysis.DimAccount) })

	// What follows is for the file.
	w.a.Parts = append(w.a.Parts, analysis.Part{Bridge: w.bridge})
	if back != nil {
		w.say("Showback: who bears " + month.Start.Format("January") + ".")
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: back})
	}
	if moved != nil {
		w.say("Restatements: what loads changed of days that were there before.")
		w.a.Parts = append(w.a.Parts, analysis.Part{Table: moved})
	}
	if len(invoices) > 0 {
		w.say("Reconciliation with the invoices.")
		w.a.Parts = append(w.a.Parts, invoices...)
	}
	return nil
}

// billed is what invoices ask for, beside the effective cost.
func (w *work) billed() (string, *analysis.Answer, error) {
	a, err := w.ask(analysis.Compare, w.plan.Current, w.plan.Baseline, func(p *analysis.Plan) { p.Metric = analysis.Billed })
	if err != nil {
		return "", nil, err
	}
	for _, part := range a.Parts {
		if t := part.Table; t != nil && t.Total != nil && len(t.Total.Cells) >= 4 {
			if c := t.Total.Cells[len(t.Total.Cells)-3].Amount; c != nil {
				return render.Figure(*c, a.Currency) + " billed", a, nil
			}
		}
	}
	return "", a, nil
}

// showback asks who bears the month, where somebody's spend can be told, and says the largest.
func (w *work) showback() (*analysis.Table, string, error) {
	if w.Survey.Vocabulary.Owned == nil && !w.Shared || len(w.plan.Filters) > 0 {
		return nil, "", nil
	}
	a, err := w.ask(analysis.Showback, w.plan.Current, nil)
	if err != nil {
		return nil, "", err
	}
	for _, part := range a.Parts {
		t := part.Table
		if t == nil || len(t.Rows) == 0 {
			continue
		}
		at := slices.IndexFunc(t.Columns, func(c analysis.Column) bool { return c.Name == "total" })
		if at < 0 {
			continue
		}
		v := render.ShowTable(t, a.Currency, len(t.Rows))
		var said []string
		for i, r := range v.Rows[:min(len(v.Rows), packTeams)] {
			if t.Rows[i].Key != nil {
				said = append(said, r[0]+" "+r[at])
			}
		}
		s := "borne by: " + strings.Join(said, " · ")
		if n := len(v.Rows) - len(said); n > 0 {
			s += fmt.Sprintf(" · %d more", n)
		}
		return t, s, nil
	}
	return nil, "", nil
}

// restated are the changes of days before the month's end that loads made after the month had begun: those of earlier months that the last
// close pack could not know, and those of this one. Records of loads are of whole feeds: with a scope or filters there are none.
func (w *work) restated() (string, *analysis.Table) {
	if len(w.plan.Scope) > 0 || len(w.plan.Filters) > 0 || w.Loads == nil {
		return "", nil
	}
	month := w.plan.Current
	t := &analysis.Table{Columns: []analysis.Column{{Name: "month", Label: "invoice month", Kind: analysis.ColText}, {Name: "provider", Label: "provider", Kind: analysis.ColText},
		{Name: "days", Label: "days", Kind: analysis.ColText}, {Name: "loaded", Label: "loaded", Kind: analysis.ColText}, {Name: "load", Label: "load", Kind: analysis.ColText},
		{Name: "currency", Label: "currency", Kind: analysis.ColText}, {Name: "effective", Label: "effective cost", Kind: analysis.ColCents}, {Name: "billed", Label: "billed cost", Kind: analysis.ColCents}}}
	type key struct{ month, currency string }
	sums := map[key]analysis.Amount{}
	var order []key
	for _, l := range w.Loads {
		if l.At.Before(month.Start) {
			continue
		}
		for _, r := range l.Restated {
			if !restates(r, month) {
				continue
			}
			t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: r.Month}, {Text: r.Provider}, {Text: r.First + " to " + r.Last}, {Text: l.At.Format(analysis.DateLayout)}, {Text: l.ID},
				{Text: r.Currency}, {Amount: r.Effective()}, {Amount: r.Billed()}}})
			if e := r.Effective(); e != nil {
				k := key{r.Month, r.Currency}
				if _, ok := sums[k]; !ok {
					order = append(order, k)
				}
				sums[k] = sums[k].Add(*e)
			}
		}
	}
	if len(t.Rows) == 0 {
		return "restated since 1 " + month.Start.Format("January") + ": nothing", nil
	}
	slices.SortFunc(order, func(a, b key) int {
		return cmp.Or(-strings.Compare(a.month, b.month), strings.Compare(a.currency, b.currency))
	})
	said := make([]string, len(order))
	for i, k := range order {
		name := k.month
		if m, err := time.Parse("2006-01", k.month); err == nil {
			name = m.Format("January")
		}
		said[i] = name + " " + render.Delta(sums[k], k.currency)
	}
	return "restated since 1 " + month.Start.Format("January") + ": " + strings.Join(said, " · "), t
}

// restates reports whether a restatement is of days up to a month's end.
func restates(r store.Restatement, month analysis.Period) bool {
	first, err := time.Parse(analysis.DateLayout, r.First)
	return err == nil && first.Before(month.End)
}

// invoices holds the month's bills against the invoices, where there are any and everything is seen.
func (w *work) invoices() ([]analysis.Part, string, error) {
	if !w.Invoices || len(w.plan.Scope) > 0 || len(w.plan.Filters) > 0 {
		return nil, "", nil
	}
	a, err := w.ask(analysis.Trust, w.plan.Current, nil, func(p *analysis.Plan) { p.Topic, p.Metric = "reconcile", analysis.Billed })
	if err != nil {
		return nil, "", err
	}
	return a.Parts, "invoices: " + strings.TrimPrefix(a.Headline, w.plan.Current.Start.Format("January 2006")+": "), nil
}
