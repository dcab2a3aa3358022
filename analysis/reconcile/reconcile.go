package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

// Options say what is reconciled.
type Options struct {
	// Months are the invoice months, whole calendar months ([Months]); zero is all there are.
	Months analysis.Period
	// Filters keep to some of the rows; with others than by provider and billing account only periods are shown, since invoices are of
	// whole accounts.
	Filters []analysis.Filter
	// Invoices are the totals to compare with. Leave them out for an asker with a scope: they are of whole accounts.
	Invoices []Invoice
	// Part says that the sight sees a part of the bills only, which no invoice is of.
	Part bool
	// Loads are the records of the loads, newest first; nil leaves files out.
	Loads []store.Load
	// Through is the last complete day of the providers whose bills come by the day.
	Through []analysis.ProviderThrough
}

// Report is what was found.
type Report struct {
	Months   analysis.Period       `json:"months"`
	Loads    []LoadCheck           `json:"loads"`
	Periods  []Period              `json:"periods"`
	Invoices []Match               `json:"invoices"`
	Queries  []analysis.QueryTrace `json:"queries"`
	// Halves are bills of which one of two views is loaded.
	Halves   []store.Half `json:"halves,omitempty"`
	filtered bool
	given    int // invoices there were, of any month
}

// Key names a period: what one invoice or a few are for.
type Key struct {
	Provider string `json:"provider"`
	Account  string `json:"billing_account"`
	Month    string `json:"month"`
	Currency string `json:"currency"`
}

// Period is what the store has billed for a provider, billing account, month and currency.
type Period struct {
	Key
	AccountName string          `json:"billing_account_name,omitempty"`
	Rows        int64           `json:"rows"`
	Billed      analysis.Amount `json:"billed"`
	Effective   analysis.Amount `json:"effective"`
	Kinds       []KindSum       `json:"kinds"` // they sum to Billed and Effective
	// CompleteThrough is the last complete day, where the month is not whole yet.
	CompleteThrough string `json:"complete_through,omitempty"`
}

// KindSum is a kind's part of a period.
type KindSum struct {
	Kind      Kind            `json:"kind"`
	Rows      int64           `json:"rows"`
	Billed    analysis.Amount `json:"billed"`
	Effective analysis.Amount `json:"effective"`
}

// Match is an invoice, or the invoices of a period together, against the store.
type Match struct {
	Key
	AccountName string          `json:"billing_account_name,omitempty"`
	InvoiceID   string          `json:"invoice_id,omitempty"`
	Lines       []int           `json:"lines"` // of the file
	Store       analysis.Amount `json:"store"`
	Invoiced    analysis.Amount `json:"invoiced"`
	Difference  analysis.Amount `json:"difference"` // store less invoice
	Reasons     []Reason        `json:"reasons"`    // they sum to Difference exactly
	Verdict     Verdict         `json:"verdict"`
	Notes       []string        `json:"notes,omitempty"`
	byNumber    bool            // its line items carry its number
}

// Verdict is how a match came out.
type Verdict string

// The verdicts.
const (
	Equal       Verdict = "equal"       // to the currency's smallest unit
	Explained   Verdict = "explained"   // it differs, and every part of the difference has a reason
	Unexplained Verdict = "unexplained" // part of the difference has none
	Missing     Verdict = "missing"     // the store has no row of it
)

// LoadCheck is a load's record against its rows in the store.
type LoadCheck struct {
	ID         string          `json:"load"`
	At         time.Time       `json:"at"`
	Currency   string          `json:"currency"`
	Files      []FileSum       `json:"files"`
	Loaded     analysis.Amount `json:"loaded"` // billed, by the load's record
	Store      analysis.Amount `json:"store"`
	Difference analysis.Amount `json:"difference"` // store less loaded
	Reasons    []Reason        `json:"reasons"`
}

// FileSum is what the store holds of a file.
type FileSum struct {
	File   string          `json:"file"`
	Rows   int64           `json:"rows"`
	Billed analysis.Amount `json:"billed"`
}

// LateAfter is how long after the end of a month rows of it count as late: the large clouds close their invoices within a week.
const LateAfter = 7 * 24 * time.Hour

// mostDetails bounds the queries that list what reasons are made of.
const mostDetails = 24

// sliceSum is what the store has of a key, an invoice number and a kind.
type sliceSum struct {
	key         Key
	name        string
	invoice     string
	kind        Kind
	rows        int64
	billed, eff analysis.Amount
}

const periodsSQL = `SELECT provider, account, max(name) AS name, month, currency, {invoice} AS invoice, kind, CAST(sum(n) AS BIGINT) AS line_items, sum(billed) AS billed, sum(effective) AS effective
FROM (SELECT ServiceProviderName AS provider, {account} AS account, BillingAccountName AS name, CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS month, BillingCurrency AS currency,
    {inv} AS inv, {kind} AS kind, {n} AS n, BilledCost AS billed, EffectiveCost AS effective
  FROM {table} WHERE {months} AND ({filters})) AS t
GROUP BY 1, 2, 4, 5, 6, 7
ORDER BY 4, 1, 2, 5, 6, 7`

const filesSQL = `SELECT {load} AS load_id, {file} AS source_file, BillingCurrency, CAST(count(*) AS BIGINT) AS line_items, sum(BilledCost) AS billed
FROM {charges} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

const lateSQL = `SELECT ServiceProviderName, {account} AS account, CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS month, BillingCurrency, {load} AS load_id, CAST(count(*) AS BIGINT) AS line_items, sum(BilledCost) AS billed
FROM {charges} WHERE {months} GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 1, 2, 4, 5`

const detailSQL = `SELECT kind, ServiceName, invoice, CAST(count(*) AS BIGINT) AS line_items, sum(BilledCost) AS billed
FROM (SELECT {kind} AS kind, ServiceName, {inv} AS invoice, {load} AS load_id, BilledCost FROM {charges}
  WHERE {months} AND ServiceProviderName = {provider} AND ({accounts}) AND BillingCurrency = {currency}) AS t
WHERE {which} GROUP BY 1, 2, 3 ORDER BY 5 DESC, 1, 2, 3`

type run struct {
	sight *store.Sight
	o     Options
	r     *Report
	late  []lateSum
}

type lateSum struct {
	key    Key
	load   string
	billed analysis.Amount
}

// Run reconciles what a sight lets see.
func Run(ctx context.Context, sight *store.Sight, o Options) (*Report, error) {
	o.Months = Months(o.Months)
	if o.Months.IsZero() {
		o.Months = analysis.Period{Start: analysis.Day(1970, 1, 1), End: analysis.Day(2300, 1, 1)}
	}
	w := &run{sight: sight, o: o, r: &Report{Months: o.Months, Loads: []LoadCheck{}, Periods: []Period{}, Invoices: []Match{}, filtered: o.Part || !whole(o.Filters), given: len(o.Invoices)}}
	sums, err := w.periods(ctx, query.Daily)
	if err != nil {
		return nil, err
	}
	w.addPeriods(sums)
	if o.Loads != nil {
		if err := w.files(ctx); err != nil {
			return nil, err
		}
	}
	invoices := w.asked()
	if len(invoices) == 0 || w.r.filtered {
		return w.r, nil
	}
	if slices.ContainsFunc(invoices, func(i Invoice) bool { return i.ID != "" }) {
		if sums, err = w.periods(ctx, query.Charges); err != nil {
			return nil, err
		}
	}
	if o.Loads != nil {
		if err := w.lateRows(ctx); err != nil {
			return nil, err
		}
	}
	w.match(invoices, sums)
	return w.r, w.details(ctx)
}

func (w *run) query(ctx context.Context, name string, f query.Fragment) (*store.Rows, error) {
	rows, tr, err := w.sight.Query(ctx, name, f)
	if err != nil {
		return nil, err
	}
	w.r.Queries = append(w.r.Queries, tr)
	return rows, nil
}

// periods adds up billed cost per period and kind: of the rollup, or of the line items, which know their invoice.
func (w *run) periods(ctx context.Context, t query.Table) ([]sliceSum, error) {
	where, err := query.Where(w.o.Filters)
	if err != nil {
		return nil, err
	}
	name, inv := "billed per period and kind", query.F("''")
	if t == query.Charges {
		name, inv = "billed per invoice and kind", query.OrEmpty(query.F("InvoiceId"))
	}
	rows, err := w.query(ctx, name, query.Fill(periodsSQL, map[string]query.Fragment{
		"account": query.OrEmpty(query.F("BillingAccountId")), "invoice": query.F("inv"), "inv": inv, "kind": KindOf(t, w.o.Through), "n": query.F(t.Rows()),
		"table": query.F(string(t)), "months": invoiced(w.o.Months), "filters": where,
	}))
	if err != nil {
		return nil, err
	}
	var out []sliceSum
	for _, r := range rows.Together(0, 1, 3, 4, 5, 6) {
		s := sliceSum{key: Key{str(r[0]), str(r[1]), month(r[3]), str(r[4])}, name: str(r[2]), invoice: str(r[5]), kind: Kind(str(r[6])), billed: amount(r[8]), eff: amount(r[9])}
		s.rows, _ = r[7].(int64)
		out = append(out, s)
	}
	return out, nil
}

func (w *run) addPeriods(sums []sliceSum) {
	for _, s := range sums {
		n := len(w.r.Periods)
		if n == 0 || w.r.Periods[n-1].Key != s.key {
			w.r.Periods = append(w.r.Periods, Period{Key: s.key, AccountName: s.name, Kinds: []KindSum{}, CompleteThrough: w.open(s.key)})
			n++
		}
		p := &w.r.Periods[n-1]
		p.Rows, p.Billed, p.Effective = p.Rows+s.rows, p.Billed.Add(s.billed), p.Effective.Add(s.eff)
		p.Kinds = append(p.Kinds, KindSum{s.kind, s.rows, s.billed, s.eff})
	}
	for i := range w.r.Periods {
		slices.SortFunc(w.r.Periods[i].Kinds, func(a, b KindSum) int { return slices.Index(Kinds, b.Kind) - slices.Index(Kinds, a.Kind) })
	}
}

// open is the last complete day of a month that is not whole yet.
func (w *run) open(k Key) string {
	start, err := time.Parse("2006-01", k.Month)
	if err != nil {
		return ""
	}
	for _, t := range w.o.Through {
		if t.Provider == k.Provider && t.Day.Before(analysis.MonthOf(start).Last()) {
			return t.Day.Format(analysis.DateLayout)
		}
	}
	return ""
}

// files holds each load's record against what the store has of it.
func (w *run) files(ctx context.Context) error {
	rows, err := w.query(ctx, "billed per load and file", query.Fill(filesSQL, map[string]query.Fragment{
		"load": query.OrEmpty(query.F(store.ColLoadID)), "file": query.OrEmpty(query.F(store.ColSourceFile))}))
	if err != nil {
		return err
	}
	for _, h := range store.HalvesInForce(w.o.Loads) {
		if w.inMonths(h.Month) {
			w.r.Halves = append(w.r.Halves, h)
		}
	}
	for i, l := range w.o.Loads {
		if !slices.ContainsFunc(l.Periods, func(m string) bool { return w.inMonths(m) }) {
			continue
		}
		var currencies []string
		for cur := range l.Totals {
			currencies = append(currencies, cur)
		}
		slices.Sort(currencies)
		for _, cur := range currencies {
			c := LoadCheck{ID: l.ID, At: l.At, Currency: cur, Files: []FileSum{}, Reasons: []Reason{}}
			if b := l.Totals[cur].Billed; b != nil {
				c.Loaded = *b
			}
			for _, r := range rows.Together(0, 1, 2) {
				if str(r[0]) != l.ID || str(r[2]) != cur {
					continue
				}
				n, _ := r[3].(int64)
				c.Files = append(c.Files, FileSum{str(r[1]), n, amount(r[4])})
				c.Store = c.Store.Add(amount(r[4]))
			}
			c.Difference = c.Store.Sub(c.Loaded)
			if by := replacedBy(w.o.Loads, i); !c.Difference.IsZero() && by != "" {
				c.Reasons = append(c.Reasons, Reason{Name: "replaced", Amount: c.Difference, Words: "months of it were taken the place of by " + by, Query: "billed per load and file"})
			} else if !c.Difference.IsZero() {
				c.Reasons = append(c.Reasons, Reason{Name: ReasonUnexplained, Amount: c.Difference, Words: "nothing took its place: the store is not what was loaded; load the file again", Query: "billed per load and file"})
			}
			if len(c.Files) == 0 && len(c.Reasons) > 0 && c.Reasons[0].Name == "replaced" {
				continue // nothing of it is in force
			}
			w.r.Loads = append(w.r.Loads, c)
		}
	}
	return nil
}

// replacedBy is the newest later load that took the place of some partition of the i-th.
func replacedBy(loads []store.Load, i int) string {
	for _, later := range loads[:i] {
		for _, p := range loads[i].Partitions {
			if slices.ContainsFunc(later.Partitions, func(q store.Partition) bool { return q.Source == p.Source && q.Month == p.Month }) {
				return later.ID
			}
		}
	}
	return ""
}

func (w *run) inMonths(m string) bool {
	t, err := time.Parse("2006-01", m)
	return err == nil && w.o.Months.Contains(t)
}

// lateRows finds what came more than [LateAfter] after its month to a period that had rows before.
func (w *run) lateRows(ctx context.Context) error {
	rows, err := w.query(ctx, "billed per period and load", query.Fill(lateSQL, map[string]query.Fragment{
		"account": query.OrEmpty(query.F("BillingAccountId")), "load": query.OrEmpty(query.F(store.ColLoadID)), "months": invoiced(w.o.Months)}))
	if err != nil {
		return err
	}
	at := map[string]time.Time{}
	for _, l := range w.o.Loads {
		at[l.ID] = l.At
	}
	early := map[Key]bool{}
	var late []lateSum
	for _, r := range rows.Values {
		s := lateSum{Key{str(r[0]), str(r[1]), month(r[2]), str(r[3])}, str(r[4]), amount(r[6])}
		start, _ := time.Parse("2006-01", s.key.Month)
		if when, ok := at[s.load]; ok && when.After(analysis.MonthOf(start).End.Add(LateAfter)) {
			late = append(late, s)
		} else {
			early[s.key] = true
		}
	}
	w.late = slices.DeleteFunc(late, func(s lateSum) bool { return !early[s.key] })
	return nil
}

// asked are the invoices of the months asked about.
func (w *run) asked() []Invoice {
	var out []Invoice
	for _, i := range w.o.Invoices {
		if w.inMonths(i.Month) && !slices.ContainsFunc(w.o.Filters, func(f analysis.Filter) bool {
			v := i.Provider
			if f.Dimension == analysis.DimBillingAccount {
				v = i.Account
			}
			return slices.Contains(f.Values, v) == f.Not
		}) {
			out = append(out, i)
		}
	}
	return out
}

// whole reports whether filters keep or leave out whole bills.
func whole(fs []analysis.Filter) bool {
	return !slices.ContainsFunc(fs, func(f analysis.Filter) bool {
		return f.Dimension != analysis.DimProvider && f.Dimension != analysis.DimBillingAccount
	})
}

// is reports whether a slice is of an invoice's provider, account, month and currency. An account may be written by id or by name.
func (i Invoice) is(s sliceSum) bool {
	return i.period(s) && i.Currency == s.key.Currency
}

func (i Invoice) period(s sliceSum) bool {
	return strings.EqualFold(i.Provider, s.key.Provider) && i.Month == s.key.Month &&
		(i.Account == "" || i.Account == s.key.Account || strings.EqualFold(i.Account, s.name))
}

// match compares the invoices with the store: one whose number the line items carry with those, the others of a period together with
// the rest of it.
func (w *run) match(invoices []Invoice, sums []sliceSum) {
	numbered := func(i Invoice) bool {
		return i.ID != "" && slices.ContainsFunc(sums, func(s sliceSum) bool { return i.is(s) && s.invoice == i.ID })
	}
	taken := map[string]bool{} // numbers that have a match of their own
	for _, i := range invoices {
		if numbered(i) {
			taken[i.Provider+"\x00"+i.ID] = true
		}
	}
	var groups [][]Invoice
	at := map[Invoice]int{}
	for _, i := range invoices {
		key := Invoice{Provider: i.Provider, Account: i.Account, Month: i.Month, Currency: i.Currency}
		if numbered(i) {
			key.ID = i.ID
		}
		n, ok := at[key]
		if !ok {
			n = len(groups)
			at[key] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	for _, g := range groups {
		w.r.Invoices = append(w.r.Invoices, w.compare(g, numbered(g[0]), taken, sums))
	}
	slices.SortStableFunc(w.r.Invoices, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Month, a.Month), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Account, b.Account), cmp.Compare(a.InvoiceID, b.InvoiceID))
	})
}

func (w *run) compare(g []Invoice, byNumber bool, taken map[string]bool, sums []sliceSum) Match {
	first := g[0]
	m := Match{Key: Key{first.Provider, first.Account, first.Month, first.Currency}, Reasons: []Reason{}, Lines: []int{}, byNumber: byNumber}
	for _, i := range g {
		m.Invoiced = m.Invoiced.Add(i.Total)
		m.Lines = append(m.Lines, i.Line)
	}
	if byNumber || len(g) == 1 {
		m.InvoiceID = first.ID
	}
	kinds := map[Kind]analysis.Amount{}
	var loose, lateOf analysis.Amount
	rows := int64(0)
	elsewhere := map[string]analysis.Amount{}
	for _, s := range sums {
		if first.period(s) && s.key.Currency != first.Currency {
			elsewhere[s.key.Currency] = elsewhere[s.key.Currency].Add(s.billed)
			m.AccountName = cmp.Or(m.AccountName, s.name)
		}
		if !first.is(s) {
			continue
		}
		m.Provider, m.AccountName = s.key.Provider, cmp.Or(s.name, m.AccountName)
		if m.Account == "" || strings.EqualFold(first.Account, s.name) {
			m.Account = s.key.Account
		}
		switch {
		case byNumber && s.invoice == "":
			loose = loose.Add(s.billed)
			continue
		case byNumber && s.invoice != first.ID, !byNumber && taken[s.key.Provider+"\x00"+s.invoice]:
			continue
		}
		kinds[s.kind] = kinds[s.kind].Add(s.billed)
		m.Store = m.Store.Add(s.billed)
		rows += s.rows
	}
	m.Difference = m.Store.Sub(m.Invoiced)
	if rows == 0 && len(elsewhere) > 0 {
		for _, cur := range sortedKeys(elsewhere) {
			m.Notes = append(m.Notes, fmt.Sprintf("the store has it billed in %s: %s", cur, elsewhere[cur].StringFixed(2)))
		}
		m.Reasons = []Reason{{Name: ReasonOtherCurrency, Amount: m.Difference, Words: "the store has no row of it in " + m.Currency + "; nothing is converted to compare"}}
		m.Verdict = Explained
		return m
	}
	if rows == 0 {
		m.Verdict = Missing
		m.Reasons = []Reason{{Name: ReasonUnexplained, Amount: m.Difference, Words: "the store has no row of this provider, billing account and month: its bill is not loaded"}}
		return m
	}
	var parts []part
	for _, k := range Kinds {
		if k != Rest {
			parts = append(parts, part{name: string(k), amount: kinds[k]})
		}
	}
	if byNumber {
		parts = append(parts, part{name: ReasonNoInvoiceID, amount: loose, outside: true})
	}
	var note string
	m.Reasons, note = explain(m.Difference, parts, m.Currency)
	if m.left() {
		for _, l := range w.late {
			if l.key.Provider == m.Provider && l.key.Month == m.Month && l.key.Currency == m.Currency && (l.key.Account == m.Account || first.Account == "") {
				lateOf = lateOf.Add(l.billed)
			}
		}
		if rs, _ := explain(m.Difference, []part{{name: ReasonLate, amount: lateOf}}, m.Currency); !lateOf.IsZero() && rs[0].Name == ReasonLate {
			m.Reasons = rs
			m.Reasons[0].Words = "came more than a week after the month, beside rows that were there: the invoice is less by exactly that"
		}
	}
	if m.left() {
		if r, ok := w.restated(m); ok {
			m.Reasons = append([]Reason{r}, rounded(m.Difference.Sub(r.Amount), m.Currency)...)
		}
	}
	if m.left() {
		if note != "" {
			m.Notes = append(m.Notes, note)
		}
		if day := w.open(m.Key); day != "" {
			m.Notes = append(m.Notes, "the month is not whole: its data is complete through "+day)
		}
		var held []string
		for _, p := range append(parts, part{name: ReasonLate, amount: lateOf}) {
			if !p.amount.IsZero() {
				held = append(held, p.name+" "+render.MoneyExact(p.amount, m.Currency))
			}
		}
		if len(held) > 0 {
			m.Notes = append(m.Notes, "neither one of these nor several together make the difference: "+strings.Join(held, ", "))
		}
	}
	for _, cur := range sortedKeys(elsewhere) {
		if !elsewhere[cur].IsZero() {
			m.Notes = append(m.Notes, fmt.Sprintf("%s more is billed in %s, which no invoice in %s holds", elsewhere[cur].StringFixed(2), cur, m.Currency))
		}
	}
	switch {
	case m.left():
		m.Verdict = Unexplained
	case len(m.Reasons) == 0 || len(m.Reasons) == 1 && m.Reasons[0].Name == ReasonRounding:
		m.Verdict = Equal
	default:
		m.Verdict = Explained
	}
	return m
}

// restated looks for the invoice's total among what the store had before: the newest loads that changed the month, as their records say,
// taken back one after the other.
func (w *run) restated(m Match) (Reason, bool) {
	var moved analysis.Amount
	for _, l := range w.o.Loads {
		for _, c := range l.Restated {
			d := c.Billed()
			if c.Provider != m.Provider || c.Month != m.Month || c.Currency != m.Currency || d == nil || d.IsZero() {
				continue
			}
			moved = moved.Add(*d)
			if m.Difference.Sub(moved).Abs().LessThanOrEqual(unit(m.Currency)) {
				return Reason{Name: ReasonRestated, Amount: moved, Words: fmt.Sprintf("the bill was restated after that invoice, since load %s of %s: before, it was this invoice's total (the record of the load says by how much)", l.ID, l.At.Format("2 Jan 2006"))}, true
			}
		}
	}
	return Reason{}, false
}

// left reports whether part of the difference has no reason.
func (m Match) left() bool {
	return slices.ContainsFunc(m.Reasons, func(r Reason) bool { return r.Name == ReasonUnexplained })
}

// details lists what each reason is made of, a query for each.
func (w *run) details(ctx context.Context) error {
	asked := 0
	for i := range w.r.Invoices {
		m := &w.r.Invoices[i]
		for j := range m.Reasons {
			r := &m.Reasons[j]
			which := query.F("true")
			if m.InvoiceID != "" && r.Name != ReasonNoInvoiceID && m.byNumber {
				which = query.F("invoice = ?", m.InvoiceID)
			}
			switch r.Name {
			case ReasonRounding, ReasonOtherCurrency, ReasonRestated:
				continue
			case ReasonNoInvoiceID:
				which = query.F("invoice = ''")
			case ReasonLate:
				which = query.Join("", query.F("load_id IN ("), w.lateLoads(m), query.F(")"))
			case ReasonUnexplained:
				if m.Verdict == Missing {
					continue
				}
			default:
				which = query.Join(" AND ", which, query.F("kind = ?", r.Name))
			}
			if asked++; asked > mostDetails {
				return nil
			}
			start, err := time.Parse("2006-01", m.Month)
			if err != nil {
				return err
			}
			accounts := query.F("true")
			if m.Account != "" {
				accounts = query.Join(" = ", query.OrEmpty(query.F("BillingAccountId")), query.F("?", m.Account))
			}
			r.Query = fmt.Sprintf("%s: %s %s %s", r.Name, m.Provider, m.Month, cmp.Or(m.InvoiceID, m.Account))
			if _, err := w.query(ctx, r.Query, query.Fill(detailSQL, map[string]query.Fragment{
				"kind": KindOf(query.Charges, w.o.Through), "inv": query.OrEmpty(query.F("InvoiceId")), "load": query.OrEmpty(query.F(store.ColLoadID)),
				"months": invoiced(analysis.MonthOf(start)), "provider": query.F("?", m.Provider), "accounts": accounts, "currency": query.F("?", m.Currency), "which": which,
			})); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *run) lateLoads(m *Match) query.Fragment {
	var out []query.Fragment
	for _, l := range w.late {
		if l.key.Provider == m.Provider && l.key.Month == m.Month && l.key.Currency == m.Currency {
			out = append(out, query.F("?", l.load))
		}
	}
	return query.Join(", ", out...)
}

func sortedKeys(m map[string]analysis.Amount) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func month(v any) string {
	if t, ok := v.(time.Time); ok {
		return t.Format("2006-01")
	}
	return ""
}

func amount(v any) analysis.Amount {
	d, _ := v.(decimal.Decimal)
	return d
}
