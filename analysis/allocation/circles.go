package allocation

import (
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// circles refuses rules that give in a circle, each circle named. Owner a gives to owner b where a rule has a among the owners
// in its source and b among its targets; a rule that names no owner takes from no one by name and closes no circle. Costs step
// down: what an owner has given away does not come back to it.
func circles(rules []Rule) []error {
	type edge struct {
		rule   *Rule
		source string
	}
	// Who is named as a source, per dimension: those are the only ones a circle can go through.
	sources := map[analysis.Dimension][]string{}
	for i := range rules {
		for _, c := range rules[i].From.on(rules[i].To.Dimension) {
			sources[c.Dimension] = append(sources[c.Dimension], c.In...)
		}
	}
	var errs []error
	for _, d := range slices.Sorted(func(yield func(analysis.Dimension) bool) {
		for d := range sources {
			if !yield(d) {
				return
			}
		}
	}) {
		names := slices.Compact(slices.Sorted(slices.Values(sources[d])))
		gives := func(from, to string) (edge, bool) {
			for i := range rules {
				r := &rules[i]
				if r.To.Dimension == d && to != "" && r.names(from) && r.givesTo(to) {
					return edge{r, from}, true
				}
			}
			return edge{}, false
		}
		var path []edge
		done, found := map[string]bool{}, false
		var walk func(at string)
		walk = func(at string) {
			for _, to := range names {
				e, ok := gives(at, to)
				if !ok || found {
					continue
				}
				path = append(path, e)
				if k := slices.IndexFunc(path, func(e edge) bool { return e.source == to }); k >= 0 {
					found = true
					var b strings.Builder
					for _, e := range path[k:] {
						fmt.Fprintf(&b, "%s %s -(%s)-> ", d.Words(), e.source, e.rule.Name)
					}
					errs = append(errs, fmt.Errorf("allocation.rules give in a circle: %s%s %s; costs step down from owner to owner, so take one of these targets out (to, or except)", b.String(), d.Words(), to))
				} else if !done[to] {
					walk(to)
				}
				path = path[:len(path)-1]
			}
			done[at] = true
		}
		for _, n := range names {
			if !done[n] && !found {
				walk(n)
			}
		}
	}
	return errs
}

// names reports whether a rule names an owner in its source.
func (r *Rule) names(owner string) bool {
	conds := r.From.on(r.To.Dimension)
	for _, c := range conds {
		if len(c.In) == 0 || !(c.Holds(owner) || slices.Contains(c.In, owner)) {
			return false
		}
	}
	return len(conds) > 0
}

// takesFrom reports whether a rule names the owners that it takes from.
func (r *Rule) takesFromOwners() bool {
	return slices.ContainsFunc(r.From.on(r.To.Dimension), func(c Cond) bool { return len(c.In) > 0 })
}

// givesTo reports whether an owner may be a target of a rule.
func (r *Rule) givesTo(owner string) bool {
	if r.To.Values != nil {
		return slices.ContainsFunc(r.To.Values, func(v string) bool { return v == owner || pattern(owner) && (Cond{In: []string{owner}}).Holds(v) })
	}
	return owner != "" && !slices.Contains(r.To.Except, owner) && !r.names(owner)
}
