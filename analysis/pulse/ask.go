package pulse

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// mostAsked is how many questions a digest offers.
const mostAsked = 3

// explains reports whether a plan is one of why spend changed.
func explains(p analysis.Plan) bool { return p.Intent == analysis.ExplainChange && p.Baseline != nil }

// offer adds a question that is worth asking, where it can be answered: it is read as what its label says, under the digest of the days the
// digest is of.
func (w *work) offer(question, label string, means func(analysis.Plan) bool) bool {
	if len(w.a.Actions) == mostAsked || slices.ContainsFunc(w.a.Actions, func(x analysis.Action) bool { return x.Ask == question }) {
		return false
	}
	p := w.Read(question, &w.plan)
	if p.Intent == analysis.Ambiguous || p.Intent == analysis.OutOfScope || !p.Current.Equal(w.plan.Current) || !means(p) {
		return false
	}
	w.a.Actions = append(w.a.Actions, analysis.Action{Label: label, Ask: question})
	return true
}

// worthAsking offers three questions: why the largest mover moved, who carries it, and what nobody answers for. They are asked under the
// digest, by a button or in its thread, and are about its days.
func (w *work) worthAsking() string {
	list := w.bridge.Drivers
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return list[y].Amount.Abs().Cmp(list[x].Amount.Abs()) })
	for _, i := range order {
		if len(w.a.Actions) == 1 {
			break
		}
		d := list[i]
		for _, dim := range []analysis.Dimension{analysis.DimUsageType, analysis.DimService} {
			value := d.Slice[dim.Column()]
			if value == "" || strings.ContainsAny(value, "\"\n`") {
				continue
			}
			about := func(p analysis.Plan) bool {
				return explains(p) && slices.ContainsFunc(p.Filters, func(f analysis.Filter) bool {
					return f.Dimension == dim && !f.Not && slices.Equal(f.Values, []string{value})
				})
			}
			if w.offer("why did "+value+" change?", "Why "+value+"?", about) {
				break
			}
		}
	}
	w.offerTeams()
	owner, _, _ := w.owner()
	if owner.Dimension != "" {
		nobodys := func(p analysis.Plan) bool {
			return p.Intent != analysis.Showback && slices.ContainsFunc(p.Filters, func(f analysis.Filter) bool {
				return f.Dimension == owner.Dimension && !f.Not && slices.Equal(f.Values, owner.Values)
			})
		}
		for _, q := range []string{"what changed in unallocated spend?", "why did unallocated spend change?", "why did untagged spend change?", "unallocated spend by account", "spend without a team by account"} {
			if w.offer(q, "What has no owner?", nobodys) {
				break
			}
		}
	}
	for _, q := range []struct {
		ask, label string
		by         analysis.Dimension
	}{{"why, by account?", "By account", analysis.DimAccount}, {"why, by service?", "By service", analysis.DimService}, {"why, by region?", "By region", analysis.DimRegion}} {
		if len(w.Survey.Vocabulary.Terms(q.by)) > 1 {
			w.offer(q.ask, q.label, func(p analysis.Plan) bool { return explains(p) && slices.Contains(p.GroupBy, q.by) })
		}
	}
	if len(w.a.Actions) == 0 {
		return ""
	}
	asks := make([]string, len(w.a.Actions))
	for i, x := range w.a.Actions {
		asks[i] = "`" + x.Ask + "`"
	}
	return "worth asking: " + strings.Join(asks, " · ")
}

// offerTeams offers the cut by whoever answers for the spend.
func (w *work) offerTeams() {
	owner, _, _ := w.owner()
	if owner.Dimension == "" {
		return
	}
	byTeam := func(p analysis.Plan) bool { return explains(p) && slices.Contains(p.GroupBy, owner.Dimension) }
	way := "increase"
	if w.bridge.Change.Delta.Sign() < 0 {
		way = "decrease"
	}
	_ = w.offer("which team owns the "+way+"?", "Which team?", byTeam) || w.offer("why, by team?", "By team", byTeam)
}
