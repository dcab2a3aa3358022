// Package pulse makes digests: the weekly spend pulse, the line of a day, and the close pack of a month. It asks the questions that a
// person would, on one snapshot, and puts the answers together into one, whose trace holds all their queries: it does no arithmetic of its own
// on money but shares and sums of what they returned.
//
// A digest is an answer to a plan like any other ([analysis.Digest]; its Topic is the kind), so it is traced, run again, followed and
// confined to a scope as they are. What stands before the first part that is no text is what people are sent; the parts after it are for
// the file and for programs.
package pulse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// The topics of [analysis.Digest].
const (
	Weekly  = "weekly"
	Daily   = "daily"
	Monthly = "monthly"
)

// Teller says a line about what lies beside the bills, for a period and within a scope, the digest's filters among it; "" where there is nothing to say. What it
// tells nobody with that scope must not see.
type Teller func(ctx context.Context, scope []analysis.Filter, p analysis.Period, now time.Time) (string, error)

// Desk is what a digest is made with.
type Desk struct {
	// Ask carries out a plan within the digest's scope, all on one snapshot.
	Ask    func(ctx context.Context, p analysis.Plan) (*analysis.Answer, error)
	Survey *survey.Survey
	// Read reads a question that is asked under this digest, whose plan is given, or by itself, where it is nil.
	Read func(question string, follows *analysis.Plan) analysis.Plan
	Now  time.Time
	// Loads are the records of the loads that the snapshot was made from, newest first; of whole feeds, so nil for a scope.
	Loads []store.Load
	// Shared says that shared costs are split, and Invoices that there are invoice totals to hold the bills against.
	Shared, Invoices bool
	Beside
}

// Beside tells of what lies beside the bills: Incidents of anomalies, Caught of how well they were caught, Backlog of what is being done about them, Saved of savings proved
// on the bill, Outlook of forecast and budget; nil leaves the line out.
type Beside struct{ Incidents, Caught, Backlog, Saved, Outlook Teller }

// work is a digest in the making.
type work struct {
	*Desk
	ctx    context.Context
	plan   analysis.Plan
	a      *analysis.Answer
	bridge *analysis.Bridge
	asked  []*analysis.Answer // what it is put together from
}

// Make makes the digest of a plan into an answer whose id, question and moment are set.
func (d *Desk) Make(ctx context.Context, a *analysis.Answer, p analysis.Plan) error {
	if p.Baseline == nil || p.Current.IsZero() {
		return fmt.Errorf("a digest is of a period and compared with another, and the plan lacks one")
	}
	w := &work{Desk: d, ctx: ctx, plan: p, a: a}
	a.Reading, a.Caveats, a.Trace.Queries = p, []string{}, []analysis.QueryTrace{}
	change, err := w.ask(analysis.ExplainChange, p.Current, p.Baseline)
	if err != nil {
		return err
	}
	a.Currency, a.Through = change.Currency, change.Through
	a.Trace.Snapshot, a.Trace.ChargesSnapshot, a.Trace.Events = change.Trace.Snapshot, change.Trace.ChargesSnapshot, change.Trace.Events
	for _, part := range change.Parts {
		if part.Bridge != nil {
			w.bridge = part.Bridge
		}
	}
	if w.bridge == nil { // there is nothing of these days, which is said
		a.Headline = change.Headline
		a.Parts = change.Parts
		w.gather()
		return nil
	}
	switch p.Topic {
	case Daily:
		err = w.daily()
	case Monthly:
		err = w.monthly()
	case Weekly:
		err = w.weekly()
	default:
		err = fmt.Errorf("there is no digest %q", p.Topic)
	}
	if err != nil {
		return err
	}
	w.gather()
	return nil
}

// ask asks about the digest's spend.
func (w *work) ask(intent analysis.Intent, current analysis.Period, baseline *analysis.Period, set ...func(*analysis.Plan)) (*analysis.Answer, error) {
	p := analysis.Plan{Intent: intent, Metric: w.plan.Metric, Current: current, Baseline: baseline, Filters: slices.Clone(w.plan.Filters), Scope: w.plan.Scope,
		GroupBy: []analysis.Dimension{}, Currency: w.plan.Currency, Owners: w.plan.Owners}
	for _, f := range set {
		f(&p)
	}
	a, err := w.Desk.Ask(w.ctx, p)
	if err != nil {
		return nil, err
	}
	w.asked = append(w.asked, a)
	return a, nil
}

// gather makes the evidence: the queries of all that was asked, and every caveat once.
func (w *work) gather() {
	for _, x := range w.asked {
		for _, q := range x.Trace.Queries {
			q.Name = w.unlike(q.Name)
			w.a.Trace.Queries = append(w.a.Trace.Queries, q)
		}
		for _, c := range x.Caveats {
			if !slices.Contains(w.a.Caveats, c) {
				w.a.Caveats = append(w.a.Caveats, c)
			}
		}
	}
}

// unlike numbers a query's name where another has it already, behind the mark of one that reads more than the scope.
func (w *work) unlike(name string) string {
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s (%d)", name, n)
		}
		if !slices.ContainsFunc(w.a.Trace.Queries, func(q analysis.QueryTrace) bool { return q.Name == try }) {
			return try
		}
	}
}

func (w *work) say(s string) {
	if s != "" {
		w.a.Parts = append(w.a.Parts, analysis.Part{Text: s})
	}
}

// tell says what lies beside the bills.
func (w *work) tell(t Teller) error {
	if t == nil {
		return nil
	}
	s, err := t(w.ctx, slices.Concat(w.plan.Scope, w.plan.Filters), w.plan.Current, w.Now)
	if err != nil {
		return err
	}
	w.say(s)
	return nil
}

// beside says all that lies beside the bills.
func (w *work) beside() error {
	for _, t := range []Teller{w.Incidents, w.Caught, w.Backlog, w.Saved, w.Outlook} {
		if err := w.tell(t); err != nil {
			return err
		}
	}
	return nil
}

// subject is what a digest is about, where that is not everything it may see: " · team payments".
func (w *work) subject() string {
	if len(w.plan.Filters) == 0 {
		return ""
	}
	return " · " + analysis.ScopeWords(w.plan.Filters)
}

// weekly is the spend pulse.
func (w *work) weekly() error {
	name := w.plan.Current.String()
	if s := w.plan.Current.Start; s.Weekday() == time.Monday && w.plan.Current.Days() == 7 {
		_, n := s.ISOWeek()
		name = fmt.Sprintf("Week %d", n)
	}
	w.a.Headline = name + w.subject() + ": " + render.ChangeShort(w.bridge.Change)
	so, err := w.monthSoFar()
	if err != nil {
		return err
	}
	if so != "" {
		w.a.Headline += " · " + so
	}
	w.say(w.movers(3, 2))
	w.say(w.why())
	if err := w.beside(); err != nil {
		return err
	}
	covered, err := w.covered()
	if err != nil {
		return err
	}
	w.say(covered)
	w.say(w.worthAsking())
	w.a.Parts = append(w.a.Parts, analysis.Part{Bridge: w.bridge})
	return nil
}

// monthSoFar is the month up to the end of the period against as much of the month before: "month so far $742,900, against $698,300
// at this day of October". A month that began in the last two days says nothing yet.
func (w *work) monthSoFar() (string, error) {
	last := w.plan.Current.Last()
	month := analysis.MonthOf(last)
	if last.Day() < 3 {
		return "", nil
	}
	before := analysis.MonthOf(month.Start.AddDate(0, 0, -1))
	if before.Start.Before(w.Survey.Vocabulary.First) {
		return "", nil
	}
	cur, base := analysis.NewPeriod(month.Start, w.plan.Current.End), analysis.NewPeriod(before.Start, before.Start.AddDate(0, 0, last.Day()))
	at := "at this day of " + before.Start.Format("January")
	if base.End.After(before.End) {
		base, at = before, "in all of "+before.Start.Format("January")
	}
	c, _, err := w.compare(cur, base, nil)
	if err != nil || c == nil {
		return "", err
	}
	return "month so far " + render.Figure(c.Current, c.Currency) + ", against " + render.Figure(c.Baseline, c.Currency) + " " + at, nil
}

// compare asks for two totals; nil where there are none. A filter is added to the digest's.
func (w *work) compare(cur, base analysis.Period, f *analysis.Filter) (*analysis.Change, *analysis.Answer, error) {
	a, err := w.ask(analysis.Compare, cur, &base, func(p *analysis.Plan) {
		if f != nil {
			p.Filters = append(p.Filters, *f)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	for _, part := range a.Parts {
		if t := part.Table; t != nil && t.Total != nil && len(t.Total.Cells) >= 4 {
			n := len(t.Total.Cells) - 4
			b, c := t.Total.Cells[n].Amount, t.Total.Cells[n+1].Amount
			if b != nil && c != nil {
				return &analysis.Change{Current: *c, Baseline: *b, Delta: c.Sub(*b), Currency: a.Currency}, a, nil
			}
		}
	}
	return nil, a, nil
}

// maxLabel keeps a driver's name to what a line on a phone has room for.
const maxLabel = 36

// short is a driver's name by its first parts: "NatGateway-Bytes · payments-prod" of a longer one.
func short(label string) string {
	parts := strings.Split(label, " · ")
	s := parts[0]
	for _, p := range parts[1:] {
		if len([]rune(s))+len([]rune(p))+3 > maxLabel {
			break
		}
		s += " · " + p
	}
	if r := []rune(s); len(r) > maxLabel {
		s = strings.TrimSpace(string(r[:maxLabel-1])) + "…"
	}
	return s
}

// shown is the bridge as it is printed everywhere.
func (w *work) shown(most int) render.ShownBridge {
	return render.ShowBridge(w.bridge, w.asked[0], most)
}

// movers are the drivers that carry most, up and down: "up: NAT payments +$11.4k, Logs search +$4.0k · down: S3 data-lake -$2.8k".
func (w *work) movers(up, down int) string {
	var ups, downs []string
	list := w.shown(len(w.bridge.Drivers)).Drivers
	slices.SortStableFunc(list, func(a, b render.ShownDriver) int { return b.Figure.Abs().Cmp(a.Figure.Abs()) })
	for _, d := range list {
		said := short(d.Label) + " " + render.CompactDelta(d.Figure, w.a.Currency)
		switch {
		case d.Figure.Sign() > 0 && len(ups) < up:
			ups = append(ups, said)
		case d.Figure.Sign() < 0 && len(downs) < down:
			downs = append(downs, said)
		}
	}
	var parts []string
	if len(ups) > 0 {
		parts = append(parts, "up: "+strings.Join(ups, ", "))
	}
	if len(downs) > 0 {
		parts = append(parts, "down: "+strings.Join(downs, ", "))
	}
	if len(parts) == 0 {
		return "no slice moved more than it usually does"
	}
	return strings.Join(parts, " · ")
}

// why is the bridge in one line: "why: usage +$11,436 · coverage +$6,230 · credits -$374".
func (w *work) why() string {
	if w.bridge.Change.Delta.IsZero() && len(w.bridge.Drivers) == 0 {
		return ""
	}
	var said []string
	for _, e := range w.shown(0).Effects {
		if !strings.HasSuffix(e, " $0") || strings.HasPrefix(e, "price ") { // that prices did not move is news; that nothing else did is not
			said = append(said, e)
		}
	}
	return "why: " + strings.Join(said, " · ")
}

// owner is what says whose spend it is, and its value where nobody does; "" where nothing does, or where the scope is of one.
func (w *work) owner() (f analysis.Filter, with, none string) {
	if w.Survey.Vocabulary.Owned != nil {
		f = analysis.Filter{Dimension: analysis.DimTeam, Values: []string{analysis.Unallocated}}
		with, none = "with an owner", "has none"
	} else {
		for key := range w.Survey.Vocabulary.Tags {
			if strings.EqualFold(key, "team") && (f.Dimension == "" || analysis.TagDimension(key) < f.Dimension) {
				f = analysis.Filter{Dimension: analysis.TagDimension(key), Values: []string{""}}
			}
		}
		with, none = "tagged with a team", "is not"
	}
	if f.Dimension == "" || slices.ContainsFunc(slices.Concat(w.plan.Filters, w.plan.Scope), func(g analysis.Filter) bool { return g.Dimension == f.Dimension }) {
		return analysis.Filter{}, "", ""
	}
	return f, with, none
}

// covered says how much of the spend has an owner: "with an owner: 97.1%, after 96.4%; $7,204 has none". It is a share of the total that the headline
// says, both sides being made alike.
func (w *work) covered() (string, error) {
	f, with, none := w.owner()
	if f.Dimension == "" {
		return "", nil
	}
	c, a, err := w.compare(w.plan.Current, *w.plan.Baseline, &f)
	if err != nil {
		return "", err
	}
	total := w.bridge.Change
	if c == nil || a.Currency != total.Currency || c.Current.Sign() < 0 || c.Baseline.Sign() < 0 || total.Current.Sign() <= 0 || total.Baseline.Sign() <= 0 ||
		c.Current.GreaterThan(total.Current) || c.Baseline.GreaterThan(total.Baseline) {
		return "", nil // a share of credits says nothing
	}
	part := func(of, without analysis.Amount) analysis.Amount { return of.Sub(without).DivRound(of, 8) }
	now, then := percent(part(total.Current, c.Current)), percent(part(total.Baseline, c.Baseline))
	s := with + ": " + now
	if then != now {
		s += ", after " + then
	}
	if c.Current.IsZero() {
		return s, nil
	}
	return s + "; " + render.Figure(c.Current, c.Currency) + " " + none, nil
}

// percent never says 100% of what is not all of it.
func percent(r analysis.Amount) string {
	if s := render.Percent(r); s != "100.0%" || r.Equal(decimal.New(1, 0)) {
		return s
	}
	return "99.9%"
}
