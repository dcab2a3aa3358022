package render

import (
	"strings"
)

const (
	// minText is the narrowest a text column is squeezed to before a table is stacked.
	minText   = 14
	cellLines = 3
)

func (t *terminal) table(v tableView) {
	widths, ok := t.tableColumns(v)
	if !ok {
		t.stackedTable(v)
		return
	}
	row := func(cells []viewCell, head bool) {
		texts := make([][]string, len(cells))
		height := 1
		for c, cl := range cells {
			texts[c] = []string{cl.text}
			if !v.right[c] || head {
				texts[c] = wrapAtMost(clean(cl.text), widths[c], cellLines)
			}
			height = max(height, len(texts[c]))
		}
		for i := range height {
			var line strings.Builder
			for c, cl := range cells {
				if line.WriteString(" "); c > 0 {
					line.WriteString("  ")
				}
				s := at(texts[c], i)
				if v.right[c] {
					s = padLeft(s, widths[c])
				} else {
					s = padRight(s, widths[c])
				}
				line.WriteString(t.o.paint(s, t.cellStyle(v, c, cl, head)))
			}
			t.line(line.String())
		}
	}
	row(headCells(v), true)
	for _, r := range v.rows {
		row(r, false)
	}
	if v.total != nil {
		row(v.total, false)
	}
}

func headCells(v tableView) []viewCell {
	heads := make([]viewCell, len(v.heads))
	for c, h := range v.heads {
		heads[c].text = h
	}
	return heads
}

func (t *terminal) cellStyle(v tableView, c int, cl viewCell, head bool) style {
	switch {
	case head:
		return dim
	case v.delta[c]:
		return signStyle(cl.sign)
	}
	return plain
}

// tableColumns gives each column its width, squeezing the widest texts first; not ok when the figures alone do not fit.
func (t *terminal) tableColumns(v tableView) (widths []int, ok bool) {
	widths = make([]int, len(v.heads))
	all := append(v.rows[:len(v.rows):len(v.rows)], headCells(v))
	if v.total != nil {
		all = append(all, v.total)
	}
	sum := 0
	for c := range widths {
		for _, r := range all {
			widths[c] = max(widths[c], width(clean(r[c].text)))
		}
		sum += 3 + widths[c]
	}
	for over := sum - 2 - t.o.Width; over > 0; over-- {
		widest := -1
		for c := range widths {
			if !v.right[c] && widths[c] > minText && (widest < 0 || widths[c] > widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			return nil, false
		}
		widths[widest]--
	}
	return widths, true
}

// stackedTable gives each row a line for what it is, and under it each figure by name.
func (t *terminal) stackedTable(v tableView) {
	row := func(cells []viewCell) {
		var names, figures []string
		for c, cl := range cells {
			switch {
			case cl.text == "":
			case v.right[c] || c >= v.keys:
				figures = append(figures, strings.TrimSpace(clean(v.heads[c])+" "+clean(cl.text)))
			default:
				names = append(names, clean(cl.text))
			}
		}
		t.hanging(" ", wrapItems(names, t.o.Width-1), plain)
		t.hanging("   ", wrapItems(figures, t.o.Width-3), plain)
	}
	for _, r := range v.rows {
		row(r)
	}
	if v.total != nil {
		row(v.total)
	}
}
