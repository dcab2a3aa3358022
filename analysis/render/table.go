package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// unknown stands where a number is not known, which is not zero.
const unknown = "unknown"

// tableView is a table in the words and figures shown. Its texts are not yet clean.
type tableView struct {
	heads []string
	right []bool // numbers are aligned right
	delta []bool // and changes coloured
	keys  int    // how many of the first columns name the row
	rows  [][]viewCell
	total []viewCell // nil when there is none
}

type viewCell struct {
	text string
	sign int
}

// rowsOf returns the table's rows and the sum of those left out: the row "everything else", which is made here from the
// total unless the table brings it.
func rowsOf(t *analysis.Table) (rows []analysis.Row, rest *analysis.Row) {
	rows = t.Rows
	if t.Omitted <= 0 {
		return rows, nil
	}
	label := fmt.Sprintf("everything else (%s more)", group(fmt.Sprint(t.Omitted)))
	r := analysis.Row{Cells: make([]analysis.Cell, len(t.Columns))}
	if n := len(rows) - 1; n >= 0 && len(rows[n].Key) == 0 && strings.HasPrefix(firstText(rows[n]), "everything else") {
		copy(r.Cells, rows[n].Cells)
		rows = rows[:n]
	} else if t.Total != nil {
		for i := range t.Columns {
			r.Cells[i].Amount = leftOver(t, i)
		}
	}
	if len(r.Cells) > 0 {
		r.Cells[0].Text = label
	}
	return rows, &r
}

// leftOver is a column's total less its rows; nil where a row is unknown or the column does not add up by nature.
func leftOver(t *analysis.Table, col int) *analysis.Amount {
	total := cell(*t.Total, col).Amount
	kind := t.Columns[col].Kind
	if total == nil || kind == analysis.ColText {
		return nil
	}
	if kind == analysis.ColPercent && !total.Equal(decimal.New(1, 0)) {
		return nil
	}
	left := *total
	for _, r := range t.Rows {
		a := cell(r, col).Amount
		if a == nil {
			return nil
		}
		left = left.Sub(*a)
	}
	return &left
}

func firstText(r analysis.Row) string {
	if len(r.Cells) == 0 {
		return ""
	}
	return r.Cells[0].Text
}

// cell is a row's cell, empty where the row is too short.
func cell(r analysis.Row, col int) analysis.Cell {
	if col < len(r.Cells) {
		return r.Cells[col]
	}
	return analysis.Cell{}
}

func viewTable(t *analysis.Table, currency string) tableView {
	rows, rest := rowsOf(t)
	if rest != nil {
		rows = append(rows[:len(rows):len(rows)], *rest)
	}
	cols := len(t.Columns)
	v := tableView{heads: make([]string, cols), right: make([]bool, cols), delta: make([]bool, cols)}
	if v.keys = 1; len(t.Rows) > 0 {
		v.keys = max(1, len(t.Rows[0].Key))
	}
	for c, col := range t.Columns {
		v.heads[c] = col.Label
		v.right[c] = col.Kind != analysis.ColText
		v.delta[c] = col.Kind == analysis.ColDelta
	}
	shown := roundColumns(t, rows, currency)
	own := slices.IndexFunc(t.Columns, func(c analysis.Column) bool { return c.Name == "currency" && c.Kind == analysis.ColText })
	show := func(i int, r analysis.Row) []viewCell {
		out := make([]viewCell, cols)
		for c, col := range t.Columns {
			if a := cell(r, c).Amount; own >= 0 && col.Kind == analysis.ColCents && a != nil {
				out[c] = viewCell{text: money(*a, "", minorPlaces(cell(r, own).Text)), sign: a.Sign()}
				continue
			}
			out[c] = shown.cell(i, c, col.Kind, cell(r, c), currency)
		}
		return out
	}
	for i, r := range rows {
		v.rows = append(v.rows, show(i, r))
	}
	if t.Total != nil {
		v.total = show(len(rows), *t.Total)
		blankUnknown(v.total, *t.Total)
		if cols > 0 && v.total[0].text == "" && !v.right[0] {
			v.total[0].text = "total"
		}
	}
	if rest != nil {
		blankUnknown(v.rows[len(v.rows)-1], *rest)
	}
	return v
}

// CellText is a cell as the renderers print it, for a headline that names it; a negative row means the total. It is
// empty where there is no such cell.
func CellText(t *analysis.Table, currency string, row, col int) string {
	v := viewTable(t, currency)
	switch {
	case col < 0 || col >= len(v.heads) || row >= len(v.rows):
		return ""
	case row >= 0:
		return v.rows[row][col].text
	case v.total == nil:
		return ""
	default:
		return v.total[col].text
	}
}

// blankUnknown leaves the missing amounts of a sum blank: they have no meaning there, which is not the same as unknown.
func blankUnknown(shown []viewCell, r analysis.Row) {
	for c := range shown {
		if shown[c].text == unknown && cell(r, c).Amount == nil {
			shown[c].text = ""
		}
	}
}

// rounded holds a table's amounts as shown, by column and row, the total last.
type rounded struct {
	columns    [][]*decimal.Decimal
	places     int32
	signedRate bool
}

// roundColumns rounds money and percent columns so that each sums to its total, and so that two columns and the column
// of their difference agree in every row.
func roundColumns(t *analysis.Table, rows []analysis.Row, currency string) rounded {
	out := rounded{columns: make([][]*decimal.Decimal, len(t.Columns))}
	largest := decimal.Zero
	all := rows
	if t.Total != nil {
		all = append(rows[:len(rows):len(rows)], *t.Total)
	}
	for c, col := range t.Columns {
		out.columns[c] = make([]*decimal.Decimal, len(all))
		out.signedRate = out.signedRate || col.Kind == analysis.ColDelta
		for i, r := range all {
			a := cell(r, c).Amount
			out.columns[c][i] = a
			if a == nil {
				continue
			}
			if isMoney(col.Kind) {
				largest = decimal.Max(largest, a.Abs())
			}
			if col.Kind == analysis.ColPercent && a.Sign() < 0 {
				out.signedRate = true
			}
		}
	}
	out.places = placesFor(largest, currency)
	hasTotal := t.Total != nil
	exact := out.columns
	out.columns = make([][]*decimal.Decimal, len(exact))
	for c, col := range t.Columns {
		switch {
		case isMoney(col.Kind):
			out.columns[c] = roundColumn(exact[c], hasTotal, nil, out.places)
		case col.Kind == analysis.ColPercent:
			out.columns[c] = roundColumn(exact[c], hasTotal, nil, 3)
		case col.Kind == analysis.ColCents:
			out.columns[c] = roundColumn(exact[c], hasTotal, nil, minorPlaces(currency))
		default:
			out.columns[c] = exact[c]
		}
	}
	compared := false
	for d, col := range t.Columns {
		if col.Kind != analysis.ColDelta && col.Kind != analysis.ColCents {
			continue
		}
		if from, of, ok := stepsOf(t.Columns, exact, d); ok && !hasTotal {
			out.steps(from, of, d)
			continue
		}
		if col.Kind == analysis.ColCents {
			continue
		}
		if cur, base, ok := differenceOf(t.Columns, exact, d); ok {
			compared = true
			if !hasTotal || !out.comparison(exact, cur, base, d) {
				out.agree(exact[d], cur, base, d, hasTotal)
			}
		}
	}
	if sum, addends, ok := totalOf(t.Columns, exact); ok && hasTotal && !compared {
		out.parts(exact, sum, addends)
	}
	return out
}

// comparison rounds a difference and what it is of so that all three add up down and across.
func (r *rounded) comparison(exact [][]*decimal.Decimal, cur, base, d int) bool {
	last := len(exact[cur]) - 1
	now, before := *r.columns[cur][last], *r.columns[base][last]
	columns, ok := crossfoot(exact, cur, []int{base, d}, []decimal.Decimal{before, now.Sub(before)}, now, r.places)
	if ok {
		r.take(columns)
	}
	return ok
}

// parts rounds a column and the columns it is the sum of so that they add up down and across.
func (r *rounded) parts(exact [][]*decimal.Decimal, sum int, addends []int) {
	last := len(exact[sum]) - 1
	totals := make([]decimal.Decimal, len(addends))
	for k, c := range addends {
		totals[k] = *exact[c][last]
	}
	grand := *r.columns[sum][last]
	if columns, ok := crossfoot(exact, sum, addends, fit(totals, grand, r.places), grand, r.places); ok {
		r.take(columns)
	}
}

func (r *rounded) take(columns [][]*decimal.Decimal) {
	for c, col := range columns {
		if col != nil {
			r.columns[c] = col
		}
	}
}

// agree rounds a difference first and gives the minuend as subtrahend plus difference: a row that did not change still
// shows none.
func (r *rounded) agree(exact []*decimal.Decimal, cur, base, d int, hasTotal bool) {
	var total *decimal.Decimal
	if last := len(exact) - 1; hasTotal {
		t := r.columns[cur][last].Sub(*r.columns[base][last])
		total = &t
	}
	r.columns[d] = roundColumn(exact, hasTotal, total, r.places)
	for i := range exact {
		sum := r.columns[base][i].Add(*r.columns[d][i])
		r.columns[cur][i] = &sum
	}
}

// differenceOf finds the two money columns whose difference column d is, in every row.
func differenceOf(cols []analysis.Column, exact [][]*decimal.Decimal, d int) (cur, base int, ok bool) {
	for cur = range cols {
		for base = range cols {
			if cur != base && cols[cur].Kind == analysis.ColMoney && cols[base].Kind == analysis.ColMoney &&
				isDifference(exact[cur], exact[base], exact[d]) {
				return cur, base, true
			}
		}
	}
	return 0, 0, false
}

func isDifference(cur, base, d []*decimal.Decimal) bool {
	for i := range d {
		if cur[i] == nil || base[i] == nil || d[i] == nil || !cur[i].Sub(*base[i]).Equal(*d[i]) {
			return false
		}
	}
	return len(d) > 0
}

// stepsOf finds the column of amounts of which column d says how far each row is from the one before, or from the first one, where it says
// anything.
func stepsOf(cols []analysis.Column, exact [][]*decimal.Decimal, d int) (from func(row int) int, of int, ok bool) {
	for of = range cols {
		if of == d || cols[of].Kind != analysis.ColMoney && cols[of].Kind != analysis.ColCents || cols[d].Kind == analysis.ColCents && cols[of].Kind != analysis.ColCents {
			continue
		}
		for _, from := range []func(int) int{func(row int) int { return row - 1 }, func(int) int { return 0 }} {
			if isStep(exact[of], exact[d], from) {
				return from, of, true
			}
		}
	}
	return nil, 0, false
}

func isStep(amounts, d []*decimal.Decimal, from func(row int) int) bool {
	said := 0
	for i, step := range d {
		if step == nil {
			continue
		}
		k := from(i)
		if k < 0 || amounts[i] == nil || amounts[k] == nil || !amounts[i].Sub(*amounts[k]).Equal(*step) {
			return false
		}
		said++
	}
	return said > 0
}

// steps shows how far each row is from another as the difference of what both show.
func (r *rounded) steps(from func(row int) int, of, d int) {
	for i, step := range r.columns[d] {
		if step != nil {
			shown := r.columns[of][i].Sub(*r.columns[of][from(i)])
			r.columns[d][i] = &shown
		}
	}
}

// roundColumn rounds a column whose last cell is the total when hasTotal; a total given is taken as it is shown
// elsewhere.
func roundColumn(exact []*decimal.Decimal, hasTotal bool, total *decimal.Decimal, places int32) []*decimal.Decimal {
	out := make([]*decimal.Decimal, len(exact))
	var parts []decimal.Decimal
	var at []int
	body := exact
	if hasTotal {
		last := len(exact) - 1
		body = exact[:last]
		if total == nil && exact[last] != nil {
			r := roundTo(*exact[last], places)
			total = &r
		}
		out[last] = total
	}
	for i, a := range body {
		if a != nil {
			parts, at = append(parts, *a), append(at, i)
		}
	}
	var shown []decimal.Decimal
	if total != nil {
		shown = fitOrRound(parts, *total, places)
	} else {
		for _, p := range parts {
			shown = append(shown, roundTo(p, places))
		}
	}
	for k, i := range at {
		out[i] = &shown[k]
	}
	return out
}

func isMoney(k analysis.ColumnKind) bool { return k == analysis.ColMoney || k == analysis.ColDelta }

func (r rounded) cell(row, col int, kind analysis.ColumnKind, raw analysis.Cell, currency string) viewCell {
	if kind == analysis.ColText {
		return viewCell{text: raw.Text}
	}
	a := r.columns[col][row]
	if a == nil {
		if raw.Text != "" {
			return viewCell{text: raw.Text}
		}
		return viewCell{text: unknown}
	}
	v := viewCell{sign: a.Sign()}
	switch kind {
	case analysis.ColMoney:
		v.text = money(*a, currency, r.places)
	case analysis.ColDelta:
		v.text = delta(*a, currency, r.places)
	case analysis.ColPercent:
		if v.text = Percent(*a); r.signedRate {
			v.text = PercentDelta(*a)
		}
	case analysis.ColCents:
		v.text = money(*a, currency, minorPlaces(currency))
	default:
		v.text = number(*a)
	}
	return v
}
