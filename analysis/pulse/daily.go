package pulse

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// mostOf is the share of a day's change from which a driver is named in its line. Own choice: what carries less explains little.
var mostOf = decimal.New(25, -2)

// daily is one line: "Sun 22 Nov: $31,204, up $1,204 (+4.0%) on the Sunday before · most: NAT payments +$1.6k, since Wed 18 Nov".
func (w *work) daily() error {
	day := w.plan.Current.Start
	w.a.Headline = day.Format("Mon 2 Jan") + w.subject() + ": " + render.ChangeShort(w.bridge.Change) + " on the " + day.Format("Monday") + " before"
	delta := w.bridge.Change.Delta
	list := w.shown(len(w.bridge.Drivers)).Drivers
	slices.SortStableFunc(list, func(a, b render.ShownDriver) int { return b.Figure.Abs().Cmp(a.Figure.Abs()) })
	for _, d := range list {
		if d.Figure.Sign() == delta.Sign() && d.Figure.Abs().GreaterThanOrEqual(delta.Abs().Mul(mostOf)) {
			w.a.Headline += " · most: " + short(d.Label) + " " + render.CompactDelta(d.Figure, w.a.Currency)
			if strings.HasPrefix(d.Since, "since ") {
				w.a.Headline += ", " + d.Since
			}
			break
		}
	}
	if err := w.tell(w.Incidents); err != nil {
		return err
	}
	w.offer("why?", "Why?", explains)
	w.a.Parts = append(w.a.Parts, analysis.Part{Bridge: w.bridge})
	return nil
}
