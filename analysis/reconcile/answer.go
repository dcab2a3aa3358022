package reconcile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// mostRows bounds the rows of a table for people; programs read the report.
const mostRows = 40

// Tell puts the report into an answer: its headline, its tables and caveats, and its queries as the evidence.
func (r *Report) Tell(a *analysis.Answer) {
	a.Trace.Queries = append(a.Trace.Queries, r.Queries...)
	a.Headline = r.headline()
	if len(r.Periods) == 0 {
		return
	}
	a.Currency = r.Periods[0].Currency
	for _, p := range r.Periods {
		if p.Currency != a.Currency { // each row names its own
			a.Currency = ""
			break
		}
	}
	if len(r.Invoices) > 0 {
		a.Parts = append(a.Parts, analysis.Part{Table: r.invoiceTable()})
		if t := r.reasonTable(); t != nil {
			a.Parts = append(a.Parts, analysis.Part{Table: t})
		}
		for _, m := range r.Invoices {
			if len(m.Notes) > 0 {
				a.Parts = append(a.Parts, analysis.Part{Text: m.name() + ": " + strings.Join(m.Notes, "; ") + "."})
			}
		}
	}
	a.Parts = append(a.Parts, analysis.Part{Table: r.periodTable()})
	if t := r.kindTable(); t != nil {
		a.Parts = append(a.Parts, analysis.Part{Table: t})
	}
	if s := r.loadWords(); s != "" {
		a.Parts = append(a.Parts, analysis.Part{Text: s})
	}
	if t := r.loadTable(); t != nil {
		a.Parts = append(a.Parts, analysis.Part{Table: t})
	}
	for _, p := range r.Periods {
		if p.CompleteThrough != "" {
			a.Caveats = append(a.Caveats, fmt.Sprintf("%s of %s is still arriving: its data is complete through %s", p.Month, p.Provider, p.CompleteThrough))
		}
	}
	for _, h := range r.Halves {
		a.Caveats = append(a.Caveats, h.String())
	}
	a.Caveats = compact(append(a.Caveats, r.cents()...))
	if len(r.Invoices) > 0 {
		a.Caveats = append(a.Caveats, "a reason is taken only where one set of kinds of rows adds up to the difference to the smallest unit of the currency; what nothing adds up to is unexplained")
	}
}

// cents says by how much the bills, each to its currency's smallest unit, add up to something else than their sum does.
func (r *Report) cents() []string {
	exact, shown := map[string]analysis.Amount{}, map[string]analysis.Amount{}
	for _, p := range r.Periods {
		exact[p.Currency] = exact[p.Currency].Add(p.Billed)
		shown[p.Currency] = shown[p.Currency].Add(p.Billed.Round(render.Places(p.Currency)))
	}
	var out []string
	for _, cur := range sortedKeys(exact) {
		if sum := exact[cur].Round(render.Places(cur)); !sum.Equal(shown[cur]) {
			out = append(out, fmt.Sprintf("the bills in %s, each rounded, add up to %s: what was rounded off makes the difference to %s", cur, render.MoneyExact(shown[cur], cur), render.MoneyExact(sum, cur)))
		}
	}
	return out
}

func compact(in []string) []string {
	seen := map[string]bool{}
	out := []string{}
	for _, s := range in {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

func (m Match) name() string {
	s := m.Provider
	if m.InvoiceID != "" {
		return s + " " + m.InvoiceID
	}
	return strings.TrimSpace(s + " " + cmp.Or(m.AccountName, m.Account))
}

func (r *Report) span() string {
	if r.Months.Days() > 4000 {
		return "The whole store"
	}
	if r.Months.IsWholeMonth() {
		return r.Months.Start.Format("January 2006")
	}
	return r.Months.Start.Format("January 2006") + " to " + r.Months.Last().Format("January 2006")
}

func (r *Report) headline() string {
	if len(r.Periods) == 0 {
		return r.span() + ": nothing is billed in the store."
	}
	totals := map[string]analysis.Amount{}
	for _, p := range r.Periods {
		totals[p.Currency] = totals[p.Currency].Add(p.Billed)
	}
	var sums []string
	for _, cur := range sortedKeys(totals) {
		sums = append(sums, render.MoneyExact(totals[cur], cur))
	}
	billed := fmt.Sprintf("%s: %s billed in the store, in %s", r.span(), strings.Join(sums, " and "), count(len(r.Periods), "bill"))
	if len(r.Invoices) == 0 {
		switch {
		case r.filtered:
			return billed + "; invoices are of whole accounts and not compared with a part."
		case r.given > 0:
			return billed + "; none of the invoices given is of it."
		}
		return billed + "; there are no invoice totals to compare with."
	}
	n := map[Verdict]int{}
	for _, m := range r.Invoices {
		n[m.Verdict]++
	}
	if n[Equal] == len(r.Invoices) {
		if len(r.Invoices) == 1 {
			return billed + "; the invoice is equal to the cent."
		}
		return billed + fmt.Sprintf("; all %d invoices are equal to the cent.", n[Equal])
	}
	parts := []string{}
	for _, v := range []struct {
		verdict Verdict
		words   string
	}{{Equal, "equal to the cent"}, {Explained, "different for reasons that add up"}, {Unexplained, "different with a part unexplained"}, {Missing, "not in the store"}} {
		if n[v.verdict] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v.verdict], v.words))
		}
	}
	return billed + "; of " + count(len(r.Invoices), "invoice") + ", " + strings.Join(parts, ", ") + "."
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// columns makes a table's columns: of counts behind #, of money behind $.
func columns(names ...string) []analysis.Column {
	var out []analysis.Column
	for _, n := range names {
		kind := analysis.ColText
		switch n[0] {
		case '#':
			n, kind = n[1:], analysis.ColNumber
		case '$':
			n, kind = n[1:], analysis.ColCents
		}
		out = append(out, analysis.Column{Name: strings.ReplaceAll(n, " ", "_"), Label: n, Kind: kind})
	}
	return out
}

func cell(a analysis.Amount) analysis.Cell { return analysis.Cell{Amount: &a} }

func number(n int64) analysis.Cell {
	d := decimal.NewFromInt(n)
	return analysis.Cell{Amount: &d}
}

func text(s string) analysis.Cell { return analysis.Cell{Text: s} }

func key(k Key) map[string]string {
	return map[string]string{"ServiceProviderName": k.Provider, "BillingAccountId": k.Account}
}

// shown reports whether people need to see a reason: a rounding of less than is written of it is for programs.
func (r Reason) shown() bool {
	return r.Name != ReasonRounding || r.Amount.Abs().GreaterThanOrEqual(decimal.New(5, -3))
}

func (r *Report) invoiceTable() *analysis.Table {
	t := &analysis.Table{Columns: columns("invoice", "month", "currency", "$in the store", "$invoiced", "$difference", "why")}
	for _, m := range r.Invoices {
		var why []string
		for _, reason := range m.Reasons {
			if reason.shown() {
				why = append(why, reason.Name)
			}
		}
		verdict := strings.Join(why, ", ")
		if m.Verdict == Equal {
			verdict = "equal to the cent"
		} else if m.Verdict == Missing {
			verdict = "not in the store"
		}
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"ServiceProviderName": m.Provider}, Cells: []analysis.Cell{text(m.name()), text(m.Month), text(m.Currency),
			cell(m.Store), cell(m.Invoiced), cell(m.Difference), text(verdict)}})
	}
	return t
}

// reasonTable has a row per reason of a difference; nil where there is none worth a row.
func (r *Report) reasonTable() *analysis.Table {
	t := &analysis.Table{Columns: columns("invoice", "month", "reason", "$amount", "what it means")}
	for _, m := range r.Invoices {
		if m.Verdict == Equal {
			continue
		}
		for _, reason := range m.Reasons {
			if !reason.shown() {
				continue
			}
			t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{text(m.name()), text(m.Month), text(reason.Name), cell(reason.Amount), text(reason.Words)}})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

func (r *Report) periodTable() *analysis.Table {
	t := &analysis.Table{Columns: columns("provider", "billing account", "month", "currency", "#rows", "$billed", "$effective", "state")}
	for i, p := range r.Periods {
		if i == mostRows {
			t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{text(fmt.Sprintf("and %d more", len(r.Periods)-mostRows)), text("--json has them, or --month one of them")}})
			break
		}
		state := "whole"
		if p.CompleteThrough != "" {
			day, _ := time.Parse(analysis.DateLayout, p.CompleteThrough)
			state = "through " + day.Format("2 Jan")
		}
		t.Rows = append(t.Rows, analysis.Row{Key: key(p.Key), Cells: []analysis.Cell{text(p.Provider), text(cmp.Or(p.AccountName, p.Account, "(none)")), text(p.Month), text(p.Currency),
			number(p.Rows), cell(p.Billed), cell(p.Effective), text(state)}})
	}
	return t
}

// kindTable cuts the billed cost of each currency into kinds, for a look at what a console leaves out.
func (r *Report) kindTable() *analysis.Table {
	sums := map[string]map[Kind]KindSum{}
	totals := map[string]analysis.Amount{}
	for _, p := range r.Periods {
		if sums[p.Currency] == nil {
			sums[p.Currency] = map[Kind]KindSum{}
		}
		totals[p.Currency] = totals[p.Currency].Add(p.Billed)
		for _, k := range p.Kinds {
			s := sums[p.Currency][k.Kind]
			sums[p.Currency][k.Kind] = KindSum{k.Kind, s.Rows + k.Rows, s.Billed.Add(k.Billed), s.Effective.Add(k.Effective)}
		}
	}
	t := &analysis.Table{Columns: columns("kind", "currency", "#rows", "$billed", "$effective")}
	for _, cur := range sortedKeys(totals) {
		var kinds []KindSum
		var billed, effective []analysis.Amount
		for i := len(Kinds) - 1; i >= 0; i-- {
			if k, ok := sums[cur][Kinds[i]]; ok {
				kinds, billed, effective = append(kinds, k), append(billed, k.Billed), append(effective, k.Effective)
			}
		}
		// Whoever adds the kinds up gets what is said to be billed, to the cent.
		billed, effective = render.Cents(billed, cur), render.Cents(effective, cur)
		for i, k := range kinds {
			t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{text(string(k.Kind)), text(cur), number(k.Rows), cell(billed[i]), cell(effective[i])}})
		}
	}
	return t
}

// loadWords says how the loads came out where nothing is wrong with any.
func (r *Report) loadWords() string {
	files, replaced := 0, 0
	for _, l := range r.Loads {
		if !l.ok() {
			return ""
		}
		files += len(l.Files)
		if len(l.Reasons) > 0 {
			replaced++
		}
	}
	if len(r.Loads) == 0 {
		return ""
	}
	s := fmt.Sprintf("Files: what the store holds of %s equals what was loaded, to the last digit", count(files, "file"))
	if replaced > 0 {
		s += fmt.Sprintf(", but for months that later loads took the place of (in %s)", count(replaced, "load"))
	}
	return s + "."
}

func (l LoadCheck) ok() bool {
	return l.Difference.IsZero() || len(l.Reasons) > 0 && l.Reasons[0].Name == "replaced"
}

// loadTable lists the loads where something is wrong with one; nil else.
func (r *Report) loadTable() *analysis.Table {
	t := &analysis.Table{Columns: columns("load", "currency", "$loaded", "$in the store", "$difference", "why")}
	for _, l := range r.Loads {
		if l.ok() {
			continue
		}
		t.Rows = append(t.Rows, analysis.Row{Cells: []analysis.Cell{text(l.ID), text(l.Currency), cell(l.Loaded), cell(l.Store), cell(l.Difference), text(l.Reasons[0].Words)}})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}
