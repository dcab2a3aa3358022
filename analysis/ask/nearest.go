package ask

import (
	"cmp"
	"slices"
)

// distance is the Damerau-Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions,
// replacements and swaps of neighbours. It gives up beyond limit and then returns limit+1.
func distance(a, b string, limit int) int {
	ra, rb := []rune(a), []rune(b)
	if d := len(ra) - len(rb); d > limit || -d > limit {
		return limit + 1
	}
	rows := [3][]int{}
	for i := range rows {
		rows[i] = make([]int, len(rb)+1)
	}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(ra); i++ {
		cur, prev, prev2 := rows[(i+1)%3], rows[i%3], rows[(i+2)%3]
		cur[0] = i
		best := cur[0]
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			best = min(best, cur[j])
		}
		if best > limit {
			return limit + 1
		}
	}
	return min(rows[(len(ra)+1)%3][len(rb)], limit+1)
}

// tolerance is how many slips a word of that length may hold.
func tolerance(word string) int {
	switch n := len([]rune(word)); {
	case n < 5:
		return 0
	case n < 8:
		return 1
	default:
		return 2
	}
}

// likely is a name of the vocabulary that a word may have been meant for.
type likely struct {
	key      string
	distance int
	naming   naming
}

// nearest returns the names within a word's tolerance, the nearest first, then the costliest.
func (x *index) nearest(k string, limit int) []likely {
	var out []likely
	for _, name := range x.keys {
		if d := distance(k, name, limit); d <= limit {
			for _, n := range x.look(name) {
				n.how = near
				out = append(out, likely{name, d, n})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b likely) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.naming.cost, a.naming.cost), cmp.Compare(a.key, b.key))
	})
	return out
}

// closest returns names worth offering for a word nothing is near to: those that share its beginning or most of its letters.
func (x *index) closest(k string, most int) []naming {
	type scored struct {
		naming
		score float64
		key   string
	}
	var all []scored
	for _, name := range x.keys {
		s := likenessOf(k, name)
		if d := distance(k, name, 2); d <= 2 {
			s = max(s, 1-float64(d)/float64(max(len(k), len(name), 1)))
		}
		if s < 0.4 {
			continue
		}
		for _, n := range x.look(name) {
			if n.dim == "sku" || n.dim == "usage_type" || n.dim == "commitment" {
				continue
			}
			all = append(all, scored{n, s, name})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.cost, a.cost), cmp.Compare(a.key, b.key))
	})
	var out []naming
	for _, s := range all {
		if !slices.ContainsFunc(out, func(n naming) bool { return n.dim == s.dim && slices.Equal(n.values, s.values) }) {
			out = append(out, s.naming)
		}
		if len(out) == most {
			break
		}
	}
	return out
}

// likenessOf is the Dice coefficient of two names' letter pairs.
func likenessOf(a, b string) float64 {
	if len(a) < 2 || len(b) < 2 {
		return 0
	}
	pairs := map[string]int{}
	for i := range len(a) - 1 {
		pairs[a[i:i+2]]++
	}
	both := 0
	for i := range len(b) - 1 {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			both++
		}
	}
	return 2 * float64(both) / float64(len(a)+len(b)-2)
}
