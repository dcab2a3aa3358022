package render

import (
	"spendbot/analysis"
)

const (
	maxBar      = 40
	minSpark    = 16
	maxSeriesID = 40 // columns of a line's name
)

func (t *terminal) series(v seriesView, g analysis.Grain) {
	if len(v.days) == 0 || len(v.lines) == 0 {
		return
	}
	if _, high, ok := bounds(v.lines[0].values); len(v.lines) == 1 && len(v.days) <= barDays && ok && high.Sign() > 0 {
		t.bars(v, g)
		return
	}
	t.sparklines(v, g)
}

// bars draws a single line, a bar a day with its amount.
func (t *terminal) bars(v seriesView, g analysis.Grain) {
	l := v.lines[0]
	if l.name != "" {
		t.prose(" ", []string{clean(l.name)}, plain)
	}
	_, high, _ := bounds(l.values)
	names, amounts := make([]string, len(v.days)), make([]string, len(v.days))
	nameWidth, amountWidth := 0, 0
	for i, d := range v.days {
		names[i] = dayName(d, g)
		amounts[i] = v.amount(l, i)
		nameWidth, amountWidth = max(nameWidth, width(names[i])), max(amountWidth, width(amounts[i]))
	}
	room := min(maxBar, t.o.Width-1-nameWidth-2-amountWidth-2)
	for i := range v.days {
		line := " " + padRight(names[i], nameWidth) + "  " + padLeft(amounts[i], amountWidth)
		if i < len(l.values) && l.values[i] != nil && room > 3 {
			line += "  " + bar(*l.values[i], high, room)
		}
		t.line(line)
	}
}

// amount is a line's value on a day as shown.
func (v seriesView) amount(l seriesLine, day int) string {
	if day >= len(l.values) || l.values[day] == nil {
		return unknown
	}
	return money(*l.values[day], v.currency, v.places)
}

// sparklines draws each line as one row of marks with its lowest, highest and last value.
func (t *terminal) sparklines(v seriesView, g analysis.Grain) {
	span := dayName(v.days[0], g) + " to " + dayName(v.days[len(v.days)-1], g)
	name, low, high, last := 0, width("lowest"), width("highest"), width("last")
	for _, l := range v.lines {
		name = max(name, width(clean(l.name)))
		low, high, last = max(low, width(l.low)), max(high, width(l.high)), max(last, width(l.last))
	}
	name = min(name, maxSeriesID)
	gap := 2
	if name == 0 {
		gap = 0
	}
	room := t.o.Width - 1 - name - gap - (2 + low) - (2 + high) - (2 + last)
	stacked := room < minSpark || t.o.Width < stackBelow
	if stacked {
		room = t.o.Width - 3
	}
	per := daysPerMark(len(v.days), room)
	if w := markWords(per, g); w != "" {
		span += ", " + w
	}
	if stacked {
		t.prose(" ", []string{span}, dim)
		for _, l := range v.lines {
			t.hanging(" ", wrap(clean(l.name), t.o.Width-1), plain)
			t.line("   " + sparkline(l.values, per))
			t.hanging("   ", wrapItems([]string{"lowest " + l.low, "highest " + l.high, "last " + l.last}, t.o.Width-3), plain)
		}
		return
	}
	marks := (len(v.days) + per - 1) / per
	label := func(s string) string {
		if name == 0 {
			return " "
		}
		return " " + padRight(at(wrapAtMost(s, name, 1), 0), name) + "  "
	}
	head := label("") + padRight("", marks) + "  " + padLeft("lowest", low) + "  " + padLeft("highest", high) + "  " +
		padLeft("last", last)
	t.line(t.o.paint(head, dim))
	for _, l := range v.lines {
		t.line(label(clean(l.name)) + padRight(sparkline(l.values, per), marks) + "  " + padLeft(l.low, low) + "  " +
			padLeft(l.high, high) + "  " + padLeft(l.last, last))
	}
	t.line(t.o.paint(label("")+span, dim))
}
