package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
)

// CSV writes the answer for spreadsheets and programs (RFC 4180, UTF-8): a header, then one rectangle of rows. The column
// kind says what a row is:
//
//	driver, everything else, change   of a bridge: the first two sum to the third exactly
//	effect                            the same change cut by reason; they sum to it too
//	baseline, current                 the totals compared
//	row, everything else, total       of a table
//	day, week, month                  a point of a series
//	answer                            the sentence, where there is nothing to count
//
// Then come the columns that name a row, its amounts, what is known about them, and, the same on every row, what was
// measured: answer, metric, currency, periods (ends are exclusive), filters, scope, how far the data is complete, snapshot,
// caveats. Of the others only those are there that hold something.
//
// Amounts are exact decimals with a dot, shares are ratios, days are 2006-01-02; an empty amount is unknown, not zero.
// Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers never do.
func CSV(w io.Writer, a *analysis.Answer) error {
	s := &sheet{at: map[string]int{}}
	s.column(naming, "label") // the first of its place, whatever else there is
	for _, p := range a.Parts {
		switch {
		case p.Bridge != nil:
			s.bridge(p.Bridge)
		case p.Table != nil:
			s.table(p.Table)
		case p.Series != nil && !tabled(a, p.Series):
			s.series(p.Series, a.Reading.Grain)
		}
	}
	if len(s.rows) == 0 {
		headline, _, _ := lead(a)
		s.add("answer").text(naming, "label", headline)
	}
	s.about(a)
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.WriteAll(s.rectangle()); err != nil {
		return fmt.Errorf("write answer %s as CSV: %w", a.ID, err)
	}
	return nil
}

// tabled reports whether a table of the answer holds the points of a series, and their total.
func tabled(a *analysis.Answer, s *analysis.Series) bool {
	return slices.ContainsFunc(a.Parts, func(p analysis.Part) bool {
		return p.Table != nil && samePoints(p.Table, s)
	})
}

// Plotted reports whether a series of the answer holds the rows of a table, and only those.
func Plotted(a *analysis.Answer, t *analysis.Table) bool {
	return slices.ContainsFunc(a.Parts, func(p analysis.Part) bool { return p.Series != nil && samePoints(t, p.Series) })
}

func samePoints(t *analysis.Table, s *analysis.Series) bool {
	of, ok := SeriesOf(t)
	return ok && len(s.Lines) == 1 && len(of.Lines) == 1 && slices.EqualFunc(of.Days, s.Days, time.Time.Equal)
}

// place is where a column stands among the others.
type place uint8

const (
	kinds   place = iota
	naming        // which slice, day, line
	figures       // amounts and shares
	details       // since when, how
	context       // the same on every row
)

// sheet is rows that do not know yet which columns there are.
type sheet struct {
	columns []sheetColumn
	at      map[string]int
	rows    []sheetRow
}

type sheetColumn struct {
	name  string
	place place
}

// sheetRow is cells by column.
type sheetRow struct {
	sheet *sheet
	cells map[int]string
}

func (s *sheet) add(kind string) sheetRow {
	r := sheetRow{s, map[int]string{}}
	s.rows = append(s.rows, r)
	r.text(kinds, "kind", kind)
	return r
}

func (s *sheet) column(p place, name string) int {
	i, ok := s.at[name]
	if !ok {
		i = len(s.columns)
		s.at[name], s.columns = i, append(s.columns, sheetColumn{name, p})
	}
	return i
}

// text sets a cell to what people or bills wrote; number sets one to digits that are ours.
func (r sheetRow) text(p place, column, value string) {
	if value = harmless(value); value != "" {
		r.cells[r.sheet.column(p, column)] = value
	}
}

func (r sheetRow) number(p place, column string, a *analysis.Amount) {
	if i := r.sheet.column(p, column); a != nil {
		r.cells[i] = a.String()
	}
}

func (r sheetRow) day(p place, column string, day time.Time) {
	if !day.IsZero() {
		r.cells[r.sheet.column(p, column)] = day.Format(analysis.DateLayout)
	}
}

// Harmless makes text from a bill safe to stand in a cell of a CSV file: on one line, and nothing that a spreadsheet would run.
func Harmless(s string) string { return harmless(s) }

// TableCSV writes a table as it stands (RFC 4180, UTF-8), a header and its rows, without what [CSV] adds of the answer around it.
// Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers never do.
func TableCSV(w io.Writer, t *analysis.Table) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = harmless(c.Name)
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, r := range t.Rows {
		for i := range t.Columns {
			if line[i] = harmless(r.Cells[i].Text); r.Cells[i].Amount != nil {
				line[i] = r.Cells[i].Amount.String()
			}
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// harmless is text on one line that no spreadsheet takes for a formula: those begin with one of = + - @ (or its full-width
// form), after blanks too (OWASP, CSV Injection).
func harmless(s string) string {
	begin := strings.TrimSpace(s)
	if s = clean(s); strings.IndexAny(begin, "=+-@＝＋－＠") == 0 {
		return "'" + s
	}
	return s
}

func (s *sheet) bridge(b *analysis.Bridge) {
	var keys []string // which columns slices have, in order
	parts := make([]analysis.Amount, 0, len(b.Drivers)+1)
	for _, d := range b.Drivers {
		parts = append(parts, d.Amount)
		for k := range d.Slice {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	parts = append(parts, b.Rest.Amount)
	share := shares(parts, b.Change.Delta)
	row := func(kind, label string, amount analysis.Amount) sheetRow {
		r := s.add(kind)
		r.text(naming, "label", label)
		r.number(figures, "amount", &amount)
		return r
	}
	for i, d := range b.Drivers {
		r := row("driver", d.Label, d.Amount)
		for _, k := range keys {
			r.text(naming, s.free(k), d.Slice[k])
		}
		if share != nil {
			r.number(figures, "share", &share[i])
		}
		r.number(figures, "slice_total", &d.SliceTotal)
		r.day(details, "since", d.Onset.Day)
		r.text(details, "onset", OnsetText(d.Onset))
		r.text(details, "how", d.How)
		r.text(details, "confidence", string(d.Confidence))
	}
	rest := row("everything else", "", b.Rest.Amount)
	if share != nil {
		rest.number(figures, "share", &share[len(parts)-1])
	}
	if b.Rest.Slices > 0 {
		rest.text(details, "how", restNote(0, b.Rest.Slices)+", none above "+b.Rest.Largest.Abs().String())
	}
	row("change", "", b.Change.Delta)
	for _, e := range byWeight(b.Effects) {
		row("effect", EffectWords(e.Effect), e.Amount).text(details, "effect", string(e.Effect))
	}
	row("baseline", "", b.Change.Baseline)
	row("current", "", b.Change.Current)
}

func (s *sheet) table(t *analysis.Table) {
	names := s.names(t)
	rows, rest := rowsOf(t)
	row := func(kind string, r analysis.Row) {
		out := s.add(kind)
		for c, col := range t.Columns {
			cl := cell(r, c)
			switch {
			case col.Kind != analysis.ColText && (cl.Amount != nil || cl.Text == ""):
				out.number(figures, names[c], cl.Amount)
			case col.Kind != analysis.ColText: // said in words, why there is no number
				out.text(figures, names[c], cl.Text)
			case kind != "row": // the kind says it
			case isDay(r.Key[col.Name]): // as it is told apart and sorted; what else is said of it stands beside
				out.text(naming, names[c], r.Key[col.Name])
				out.text(naming, "label", cl.Text)
			default:
				out.text(naming, names[c], cl.Text)
			}
		}
		for _, k := range s.ids(t) {
			out.text(naming, s.free(k), r.Key[k])
		}
	}
	for _, r := range rows {
		row("row", r)
	}
	if rest != nil {
		row("everything else", *rest)
	}
	if t.Total != nil {
		row("total", *t.Total)
	}
}

func isDay(s string) bool {
	_, err := time.Parse(analysis.DateLayout, s)
	return err == nil
}

// ownColumns are the names that mean something of their own in every sheet.
var ownColumns = []string{"kind", "label", "line", "share", "slice_total", "since", "onset", "how", "confidence", "effect", "answer", "metric",
	"currency", "period_start", "period_end", "baseline_start", "baseline_end", "filters", "scope", "complete_through", "snapshot", "caveats"}

// free is a name for a column that a bill named: not one of ours.
func (s *sheet) free(name string) string {
	if name = harmless(name); name == "" {
		name = "unnamed"
	}
	if slices.Contains(ownColumns, name) || name == "amount" {
		name += "_2"
	}
	return name
}

// names are the table's columns, each once. A column of figures keeps its name, so that "share" is one in every sheet; a tag
// of that name does not.
func (s *sheet) names(t *analysis.Table) []string {
	var out []string
	for _, col := range t.Columns {
		name := col.Name
		if col.Kind == analysis.ColText {
			name = s.free(name)
		} else if name = harmless(name); name == "" || slices.Contains(ownColumns, name) && name != "share" {
			name = s.free(name)
		}
		base := name
		for n := 2; slices.Contains(out, name); n++ {
			name = base + "_" + strconv.Itoa(n)
		}
		out = append(out, name)
	}
	return out
}

// ids are the keys of the table's rows that no cell shows: an account's id beside its name.
func (s *sheet) ids(t *analysis.Table) []string {
	var out []string
	for _, r := range t.Rows {
		for k, v := range r.Key {
			shown := slices.ContainsFunc(r.Cells, func(c analysis.Cell) bool { return c.Text == v })
			if v != "" && !shown && !isDay(v) && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *sheet) series(x *analysis.Series, g analysis.Grain) {
	kind := string(g)
	if g == analysis.NoGrain {
		kind = string(analysis.ByDay)
	}
	for _, l := range x.Lines {
		for i, d := range x.Days {
			r := s.add(kind)
			r.day(naming, kind, d)
			r.text(naming, "line", l.Name)
			var v *analysis.Amount
			if i < len(l.Values) {
				v = l.Values[i]
			}
			r.number(figures, "amount", v)
		}
	}
}

// about adds to every row what was measured.
func (s *sheet) about(a *analysis.Answer) {
	p := a.Reading
	through := make([]string, len(a.Through))
	for i, t := range a.Through {
		through[i] = t.Provider + " " + t.Day.Format(analysis.DateLayout)
	}
	scope := ""
	if len(p.Scope) > 0 {
		scope = analysis.ScopeWords(p.Scope)
	}
	snapshot := ""
	if a.Trace.Snapshot != 0 {
		// The word keeps spreadsheets from rounding the number, which has more digits than they hold.
		snapshot = "snapshot " + strconv.FormatInt(a.Trace.Snapshot, 10)
	}
	_, caveats := Small(a)
	base := orZero(p.Baseline)
	for _, r := range s.rows {
		set := func(column, value string) {
			s.column(context, column)
			r.text(context, column, value)
		}
		days := func(column string, p analysis.Period) {
			s.column(context, column+"_start")
			s.column(context, column+"_end")
			r.day(context, column+"_start", p.Start)
			r.day(context, column+"_end", p.End)
		}
		set("answer", a.ID)
		set("metric", string(p.Metric))
		set("currency", a.Currency)
		days("period", p.Current)
		days("baseline", base)
		set("filters", filterWords(p.Filters))
		set("scope", scope)
		set("complete_through", strings.Join(through, "; "))
		set("snapshot", snapshot)
		set("caveats", strings.Join(caveats, " "))
	}
}

// rectangle is the header and the rows; columns that hold nothing are left out, but those of the context never.
func (s *sheet) rectangle() [][]string {
	order := make([]int, 0, len(s.columns))
	for i, c := range s.columns {
		if c.place == context || slices.ContainsFunc(s.rows, func(r sheetRow) bool { return r.cells[i] != "" }) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(s.columns[a].place) - int(s.columns[b].place) })
	header := make([]string, len(order))
	for k, i := range order {
		header[k] = s.columns[i].name
	}
	out := [][]string{header}
	for _, r := range s.rows {
		row := make([]string, len(order))
		for k, i := range order {
			row[k] = r.cells[i]
		}
		out = append(out, row)
	}
	return out
}
