package render

import (
	"strconv"
	"strings"
)

// The columns of a bridge on a terminal: number, what changed, amount, share, since, how.
const (
	numberWidth = 3  // " 1 "
	maxLabel    = 48 // a label wider than this is wrapped, so that the amounts stay near
	minLabel    = 22
	minHow      = 22 // less is no column but a line under the row
	labelLines  = 2
)

func (t *terminal) bridge(v bridgeView) {
	g := t.bridgeColumns(v)
	if t.o.Width < stackBelow || g.label < minLabel {
		t.stackedBridge(v)
	} else {
		t.alignedBridge(v, g)
	}
	if len(v.effects) > 0 {
		t.blank()
		t.hanging(" ", wrapItems(v.effects, t.o.Width-1), plain)
	}
}

// bridgeGrid holds the widths; how is 0 when it goes on a line of its own.
type bridgeGrid struct{ label, amount, share, onset, how int }

func (t *terminal) bridgeColumns(v bridgeView) bridgeGrid {
	g := bridgeGrid{label: width("what changed"), amount: width("amount"), share: width(v.shareHead)}
	how := width("how")
	for _, r := range append(v.drivers[:len(v.drivers):len(v.drivers)], v.rest, v.total) {
		g.label = max(g.label, width(clean(r.label)))
		g.amount = max(g.amount, width(r.amount))
		g.share = max(g.share, width(r.share))
		g.onset = max(g.onset, width(clean(r.onset)))
		how = max(how, width(clean(r.how)))
	}
	g.label = min(g.label, maxLabel)
	left := t.o.Width - g.fixed() - g.label
	if left-3 >= min(how, minHow) {
		g.how = min(how, left-3)
	} else if left < 0 {
		g.label += left
	}
	return g
}

// fixed is the width of everything that cannot give way: the figures and the gaps.
func (g bridgeGrid) fixed() int {
	n := numberWidth + 2 + g.amount
	for _, w := range []int{g.share, g.onset} {
		if w > 0 {
			n += 3 + w
		}
	}
	return n
}

func (t *terminal) alignedBridge(v bridgeView, g bridgeGrid) {
	figures := func(amount, share, onset string, st style) string {
		s := "  " + t.o.paint(padLeft(amount, g.amount), st)
		if g.share > 0 {
			s += "   " + padLeft(share, g.share)
		}
		if g.onset > 0 {
			s += "   " + padRight(onset, g.onset)
		}
		return s
	}
	row := func(number string, r bridgeRow) {
		labels := wrapAtMost(clean(r.label), g.label, labelLines)
		var hows []string
		if g.how > 0 && r.how != "" {
			hows = wrap(clean(r.how), g.how)
		}
		for i := range max(len(labels), len(hows)) {
			line := strings.Repeat(" ", numberWidth)
			if i == 0 {
				line = number
			}
			line += padRight(at(labels, i), g.label)
			if i == 0 {
				line += figures(r.amount, r.share, clean(r.onset), signStyle(r.sign))
			} else {
				line += figures("", "", "", plain)
			}
			t.line(line + "   " + at(hows, i))
		}
		if g.how == 0 && r.how != "" {
			t.hanging("     ", wrap(clean(r.how), t.o.Width-5), dim)
		}
		t.near(r)
	}
	since, how := "", ""
	if g.onset > 0 {
		since = "since"
	}
	if g.how > 0 {
		how = "   how"
	}
	t.line(t.o.paint(strings.Repeat(" ", numberWidth)+padRight("what changed", g.label)+
		figures("amount", v.shareHead, since, plain)+how, dim))
	for i, r := range v.drivers {
		row(padLeft(strconv.Itoa(i+1), 2)+" ", r)
	}
	row(strings.Repeat(" ", numberWidth), v.rest)
	row(strings.Repeat(" ", numberWidth), v.total)
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// stackedBridge gives each row a line for its figures and lines for its words.
func (t *terminal) stackedBridge(v bridgeView) {
	amounts, sharesWidth := 0, 0
	for _, r := range append(v.drivers[:len(v.drivers):len(v.drivers)], v.rest, v.total) {
		amounts = max(amounts, width(r.amount))
		sharesWidth = max(sharesWidth, width(r.share))
	}
	row := func(number string, r bridgeRow, tail string) {
		line := number + t.o.paint(padLeft(r.amount, amounts), signStyle(r.sign))
		if r.share != "" {
			line += "   " + padLeft(r.share, sharesWidth)
		}
		t.line(line + tail)
		if r.label != "" {
			t.hanging("     ", wrap(clean(r.label), t.o.Width-5), plain)
		}
		words := r.since
		if r.how != "" {
			words = strings.TrimPrefix(words+": "+r.how, ": ")
		}
		if words != "" {
			t.hanging("     ", wrap(clean(words), t.o.Width-5), dim)
		}
		t.near(r)
	}
	indent := strings.Repeat(" ", numberWidth)
	for i, r := range v.drivers {
		tail := ""
		if i == 0 && v.shareHead != "" {
			tail = " " + v.shareHead
		}
		row(padLeft(strconv.Itoa(i+1), 2)+" ", r, tail)
	}
	row(indent, v.rest, "")
	row(indent, v.total, " in all")
}

// near writes what happened near a row's onset, under it.
func (t *terminal) near(r bridgeRow) {
	for _, n := range r.near {
		t.hanging("     ", wrap(clean(n), t.o.Width-5), dim)
	}
}
