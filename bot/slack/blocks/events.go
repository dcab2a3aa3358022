package blocks

import (
	"fmt"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/event"
)

// EventsOptions say what a list of events is of.
type EventsOptions struct {
	Days    int // how far back it goes
	More    int // how many are left out, the oldest
	Scope   string
	Scoped  bool // only events within Scope are in it
	Command string
}

// Events lists events, the newest first.
func Events(list []analysis.Event, o EventsOptions) Message {
	within := ""
	if o.Scoped {
		within = " within " + quiet(o.Scope, 80)
	}
	if len(list) == 0 {
		return Note(fmt.Sprintf("No events of the last %d days%s are known. `%s event deploy payments-api 4.18.0 team=payments` tells of one.", o.Days, within, o.Command))
	}
	p := newPage()
	head := fmt.Sprintf("%s in the last %d days%s", counted(len(list)+o.More, "event", "events"), o.Days, within)
	p.lines(strong(esc(head, maxLine)))
	var lines []string
	day := ""
	for _, e := range list {
		if d := e.Begins.UTC().Format("Mon 2 Jan"); d != day {
			day = d
			lines = append(lines, strong(d))
		}
		when, _ := strings.CutPrefix(event.When(e), day+" ")
		what := e.Kind + " " + strong(esc(e.What, maxLabel))
		if e.Kind == event.Other {
			what = strong(esc(e.What, maxLabel))
		}
		l := esc(when, 60) + "  " + what
		if pl := event.Place(e); pl != "" {
			l += " · " + esc(pl, maxLabel)
		}
		lines = append(lines, l)
	}
	if n := p.lines(lines...); n < len(lines) {
		o.More += len(lines) - n
	}
	small := "times are UTC · they are shown beside changes near in time and place, and never as a cause"
	if o.More > 0 {
		small = fmt.Sprintf("%d older ones are left out · ", o.More) + small
	}
	p.note(esc(small, maxItem))
	return Message{Text: fallbackOf(head), Blocks: p.blocks}
}
