package ask

import (
	"slices"
	"strings"

	"spendbot/analysis"
)

// ownedWords are the words for the dimensions that the owners configuration gives, in the form of keyKind or as people say
// them, without blanks.
var ownedWords = map[string]analysis.Dimension{
	"team": analysis.DimTeam, "squad": analysis.DimTeam, "xteam": analysis.DimTeam,
	"group": analysis.DimGroup, "xgroup": analysis.DimGroup,
	"businessunit": analysis.DimBusinessUnit, "bu": analysis.DimBusinessUnit, "division": analysis.DimBusinessUnit, "xbusinessunit": analysis.DimBusinessUnit,
	"costcentre": analysis.DimCostCentre, "costcenter": analysis.DimCostCentre, "xcostcentre": analysis.DimCostCentre,
	"environment": analysis.DimEnvironment, "env": analysis.DimEnvironment, "xenvironment": analysis.DimEnvironment,
	"product": analysis.DimProduct, "xproduct": analysis.DimProduct,
}

// owned is the dimension of the owners configuration that a word means. The team is always one where owners are configured, the
// others where a row has one. Then it is meant, and not the tag of that name or the service, unless "tag" is said with it.
func (v *Vocabulary) owned(word string) (analysis.Dimension, bool) {
	if v.Owned == nil {
		return "", false
	}
	w := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(fold(word))
	d, ok := ownedWords[w]
	if !ok {
		one, _ := singular(w)
		d, ok = ownedWords[one]
	}
	if !ok || d != analysis.DimTeam && !slices.ContainsFunc(v.Owned[d], func(t Term) bool { return t.Value != analysis.Unallocated }) {
		return "", false
	}
	return d, true
}

// SaidByOwners reports whether a tag key says what the owners configuration says too, and better: the tags are among what it
// was made from.
func (v *Vocabulary) SaidByOwners(tagKey string) bool {
	_, ok := v.owned(keyKind(tagKey))
	return ok
}

// ownerless is the value of a dimension that rows without one have.
func ownerless(d analysis.Dimension) string {
	switch d {
	case analysis.DimTeam, analysis.DimGroup, analysis.DimBusinessUnit:
		return analysis.Unallocated
	}
	return ""
}

func isOwned(d analysis.Dimension) bool { return slices.Contains(analysis.OwnerDimensions, d) }

// unowned are other words for spend that has no team.
const unowned = "unowned,unassigned,ownerless,not allocated,not owned,orphaned"

// currentRules (of which "today's" is read without its possessive) ask for the owners as they are today, whatever they were when the money was spent.
var currentRules = phrases("with|by|under|using|on|per|at|applying the? today|todays|current|present|latest|newest owners|owner|ownership|allocation|team? rules|rule|owners|mapping|version",
	"with|by|under|using|on|per|at|applying the? today|todays|current|present|latest|newest rules|owners|ownership|org|organisation|organization",
	"with|by|under|using the? owners|rules|ownership of today")

// readRules reads which owners are asked for, and takes the words away, before "today" becomes a day.
func (p *parse) readRules() {
	if p.r.voc.Owned == nil {
		return
	}
	for i := range p.ts {
		for _, w := range currentRules {
			end, ok := w.at(p.ts, i)
			if !ok || slices.ContainsFunc(p.ts[i:end], func(t token) bool { return t.quoted }) {
				continue
			}
			p.owners = analysis.CurrentOwners
			if i > 0 {
				p.ts[i-1].brk = true
			}
			p.ts = slices.Delete(p.ts, i, end)
			return
		}
	}
}
