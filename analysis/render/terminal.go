package render

import (
	"io"
	"strconv"
	"strings"

	"spendbot/analysis"
)

// Options say what the terminal can do.
type Options struct {
	Width int  // columns; 0 means 100
	Color bool // bold headline, rises red, falls green, small print dim
}

const (
	defaultWidth = 100
	// actionsShown is how many next questions a terminal offers: they are typed there, not pressed.
	actionsShown = 3
	// maxWidth keeps lines readable on a very wide terminal.
	maxWidth = 124
	// stackBelow is the width under which rows are stacked and not aligned: a phone.
	stackBelow = 60
	// minWidth is the narrowest layout tried.
	minWidth = 40
)

// Terminal writes the answer as aligned plain text that fits o.Width columns; below 60 columns rows are stacked.
func Terminal(w io.Writer, a *analysis.Answer, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = max(minWidth, min(o.Width, maxWidth))
	t := &terminal{o: o}

	headline, texts, parts := lead(a)
	t.prose("", cleanLines(headline), bold)
	for _, s := range texts {
		t.prose("", cleanLines(s), plain)
	}
	for _, p := range parts {
		if p.Table != nil && p.Table.Drawn {
			continue
		}
		t.blank()
		switch {
		case p.Bridge != nil:
			t.bridge(viewBridge(p.Bridge, a))
		case p.Table != nil:
			t.table(viewTable(p.Table, a.Currency))
		case p.Series != nil:
			t.series(viewSeries(p.Series, a.Currency), a.Reading.Grain)
		default:
			t.prose("", cleanLines(p.Text), plain)
		}
	}
	if c := a.Reading.Clarify; c != nil && len(c.Choices) > 0 {
		t.blank()
		t.choices(c.Choices)
	}
	if len(a.Actions) > 0 {
		t.blank()
		var items []string
		for _, act := range a.Actions[:min(len(a.Actions), actionsShown)] {
			items = append(items, strconv.Quote(clean(act.Ask)))
		}
		t.hanging(" next: ", wrapItems(items, o.Width-7), plain)
	}
	t.blank()
	for _, s := range smallPrint(a) {
		t.prose(" ", []string{s}, dim)
	}
	t.hanging(" ", wrapItems(traceItems(a), o.Width-1), dim)
	_, err := io.WriteString(w, t.b.String())
	return err
}

// terminal gathers lines.
type terminal struct {
	b       strings.Builder
	o       Options
	blanked bool // the last line is empty
}

func (t *terminal) line(s string) {
	t.b.WriteString(strings.TrimRight(s, " "))
	t.b.WriteByte('\n')
	t.blanked = false
}

// blank leaves one empty line, not two, and none at the top.
func (t *terminal) blank() {
	if !t.blanked && t.b.Len() > 0 {
		t.b.WriteByte('\n')
		t.blanked = true
	}
}

func (t *terminal) prose(indent string, lines []string, st style) {
	for _, l := range lines {
		for _, s := range wrap(l, t.o.Width-len(indent)) {
			t.line(indent + t.o.paint(s, st))
		}
	}
}

// hanging writes lines behind a prefix and the further ones under the first.
func (t *terminal) hanging(prefix string, lines []string, st style) {
	for i, l := range lines {
		if i > 0 {
			prefix = strings.Repeat(" ", width(prefix))
		}
		t.line(prefix + t.o.paint(l, st))
	}
}

// choices are numbered; under or beside each stands what to ask.
func (t *terminal) choices(choices []analysis.Choice) {
	labels := 0
	for _, c := range choices {
		labels = max(labels, width(clean(c.Label)))
	}
	beside := labels
	for _, c := range choices {
		if 3+labels+3+width(strconv.Quote(clean(c.Ask))) > t.o.Width {
			beside = 0
		}
	}
	for i, c := range choices {
		number := padLeft(strconv.Itoa(i+1), 2) + " "
		label, ask := clean(c.Label), strconv.Quote(clean(c.Ask))
		if beside > 0 {
			t.line(number + padRight(label, beside) + "   " + t.o.paint(ask, dim))
			continue
		}
		t.hanging(number, wrap(label, t.o.Width-3), plain)
		t.hanging("   ", wrap(ask, t.o.Width-3), dim)
	}
}
