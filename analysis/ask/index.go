package ask

import (
	"cmp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// entry is one value of the vocabulary.
type entry struct {
	dim         analysis.Dimension
	value, name string
	cost        float64
	key         string // of the name, or of the value where it has none
}

func (e entry) label() string {
	if e.name != "" {
		return e.name
	}
	return e.value
}

// index finds entries by what people call them.
type index struct {
	entries  []entry
	exact    map[string][]int    // whole names, ids, names without their vendor, spellings of environments
	prefix   map[string][]int    // "us east", "m5": the beginning of region and instance names
	words    map[string][]int    // single words of names
	alias    map[string]naming   // everyday names that mean something here
	values   map[exactValue]int  // for names given outright
	tagKeys  map[string][]string // kind of a tag key to the keys of that kind, the costliest first
	keys     []string            // every key of exact and alias that a typo may stand for
	single   map[string]bool     // vocabulary words a token may be, whole
	resource map[string][]int    // resources are matched whole only
	dims     map[analysis.Dimension]bool
}

type exactValue struct {
	dim   analysis.Dimension
	value string
}

// naming is a name resolved: one dimension and the values meant.
type naming struct {
	dim    analysis.Dimension
	values []string
	labels []string
	cost   float64
	how    likeness
}

// likeness is how sure a naming is, the surest first.
type likeness int

const (
	whole   likeness = iota // a name or id as it stands, or an everyday name of it
	begins                  // the beginning of several
	partial                 // words of a longer name
	near                    // a typo away
)

// maxWordHits bounds how many entries one word may stand for as a part of their names; beyond it says nothing.
const maxWordHits = 40

func newIndex(v *Vocabulary) *index {
	x := &index{exact: map[string][]int{}, prefix: map[string][]int{}, words: map[string][]int{}, alias: map[string]naming{},
		values: map[exactValue]int{}, tagKeys: map[string][]string{}, resource: map[string][]int{}, single: map[string]bool{},
		dims: map[analysis.Dimension]bool{}}
	for _, list := range []struct {
		dim   analysis.Dimension
		terms []Term
	}{
		{analysis.DimProvider, v.Providers}, {analysis.DimService, v.Services}, {analysis.DimAccount, v.Accounts},
		{analysis.DimRegion, v.Regions}, {analysis.DimUsageType, v.UsageTypes}, {analysis.DimInstanceType, v.InstanceTypes},
		{analysis.DimSku, v.Skus}, {analysis.DimResource, v.Resources}, {analysis.DimCategory, v.Categories},
		{analysis.DimBillingAccount, v.BillingAccounts}, {analysis.DimCommitment, v.Commitments}, {analysis.DimPublisher, v.Publishers},
	} {
		for _, t := range list.terms {
			x.add(list.dim, t)
		}
	}
	for _, d := range analysis.OwnerDimensions {
		for _, t := range v.Owned[d] {
			x.add(d, t)
		}
	}
	if n, ok := x.values[exactValue{analysis.DimTeam, analysis.Unallocated}]; ok {
		for w := range strings.SplitSeq(unowned, ",") {
			x.exact[key(w)] = appendNew(x.exact[key(w)], n)
		}
	}
	weight := map[string]float64{}
	for _, k := range sortedKeys(v.Tags) {
		for _, t := range v.Tags[k] {
			x.add(analysis.TagDimension(k), t)
			weight[k] += t.Cost
		}
		kind := keyKind(k)
		x.tagKeys[kind] = append(x.tagKeys[kind], k)
	}
	for _, ks := range x.tagKeys {
		slices.SortStableFunc(ks, func(a, b string) int { return cmp.Compare(weight[b], weight[a]) })
	}
	for _, a := range aliases {
		x.addAlias(a)
	}
	for k := range x.exact {
		x.keys = append(x.keys, k)
	}
	for k := range x.alias {
		if _, dup := x.exact[k]; !dup {
			x.keys = append(x.keys, k)
		}
	}
	slices.Sort(x.keys)
	return x
}

func sortedKeys[V any](m map[string]V) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

func (x *index) add(dim analysis.Dimension, t Term) {
	if t.Value == "" {
		return
	}
	e := entry{dim: dim, value: t.Value, name: t.Name, cost: t.Cost}
	e.key = key(e.label())
	id := len(x.entries)
	if _, dup := x.values[exactValue{dim, t.Value}]; dup {
		return
	}
	x.entries = append(x.entries, e)
	x.values[exactValue{dim, t.Value}] = id
	x.dims[dim] = true
	x.single[fold(t.Value)], x.single[fold(e.label())] = true, true
	if dim == analysis.DimResource {
		for _, k := range []string{key(t.Value), key(t.Name), key(lastPart(t.Value))} {
			if k != "" {
				x.resource[k] = appendNew(x.resource[k], id)
			}
		}
		return
	}
	names := []string{e.key, key(t.Value)}
	if dim == analysis.DimUsageType || dim == analysis.DimService {
		names = append(names, key(camel(e.label())))
	}
	if dim == analysis.DimService {
		for _, v := range vendors {
			if rest, ok := strings.CutPrefix(e.key, v+" "); ok {
				names = append(names, rest)
				break
			}
		}
	}
	if k, ok := dim.TagKey(); ok && keyKind(k) == "env" || dim == analysis.DimEnvironment {
		if kind, known := sameValues[e.key]; known {
			for spelling, of := range sameValues {
				if of == kind {
					names = append(names, spelling)
				}
			}
		}
	}
	for _, n := range names {
		if n != "" {
			x.exact[n] = appendNew(x.exact[n], id)
		}
	}
	parts := strings.Fields(e.key)
	for i, w := range parts {
		if len(w) > 1 {
			x.words[w] = appendNew(x.words[w], id)
		}
		if i+1 < len(parts) && (dim == analysis.DimRegion || dim == analysis.DimInstanceType && i == 0) {
			p := strings.Join(parts[:i+1], " ")
			if p != "us" {
				x.prefix[p] = appendNew(x.prefix[p], id)
			}
		}
	}
}

// lastPart is the name at the end of an ARN or a path.
func lastPart(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }

func appendNew(ids []int, id int) []int {
	if len(ids) > 0 && ids[len(ids)-1] == id || len(ids) > 1000 {
		return ids
	}
	return append(ids, id)
}

func (x *index) addAlias(a alias) {
	for _, t := range a.targets {
		n := naming{dim: t.dim}
		for _, e := range x.entries {
			if e.dim != t.dim || e.dim == analysis.DimResource {
				continue
			}
			if t.globs == "~marketplace" {
				if !x.isVendor(e) {
					n.take(e)
				}
				continue
			}
			for g := range strings.SplitSeq(t.globs, "|") {
				if glob(g, e.key) || glob(g, key(camel(e.label()))) {
					n.take(e)
					break
				}
			}
		}
		if len(n.values) == 0 {
			continue
		}
		for name := range strings.SplitSeq(a.names, ",") {
			if _, taken := x.alias[key(name)]; !taken {
				x.alias[key(name)] = n
			}
		}
		return
	}
}

// isVendor reports whether a publisher is a cloud provider itself.
func (x *index) isVendor(e entry) bool {
	for _, v := range append(vendors, "google cloud platform", "amazon web services") {
		if e.key == v || strings.HasPrefix(e.key, v+" ") {
			return true
		}
	}
	_, ok := x.values[exactValue{analysis.DimProvider, e.value}]
	return ok
}

func (n *naming) take(e entry) {
	if slices.Contains(n.values, e.value) {
		return
	}
	n.values = append(n.values, e.value)
	n.labels = append(n.labels, e.label())
	n.cost += e.cost
}

// look returns every meaning of a name, one per dimension, in the surest likeness that has any.
func (x *index) look(k string) []naming {
	if k == "" {
		return nil
	}
	out := x.group(x.exact[k], whole)
	if a, ok := x.alias[k]; ok {
		out = mergeNaming(out, a)
	}
	if len(out) == 0 {
		out = x.group(x.prefix[k], begins)
	}
	if len(out) == 0 {
		out = x.group(x.resource[k], whole)
	}
	return x.prefer(out)
}

// lookPartly returns what has all the words in its name.
func (x *index) lookPartly(k string) []naming {
	parts := strings.Fields(k)
	if len(parts) == 0 {
		return nil
	}
	ids := x.words[parts[0]]
	for _, w := range parts[1:] {
		var both []int
		for _, id := range ids {
			if slices.Contains(x.words[w], id) {
				both = append(both, id)
			}
		}
		ids = both
	}
	if len(ids) > maxWordHits {
		return nil
	}
	return x.prefer(x.group(ids, partial))
}

func mergeNaming(list []naming, n naming) []naming {
	for i := range list {
		if list[i].dim == n.dim {
			for j, v := range n.values {
				if !slices.Contains(list[i].values, v) {
					list[i].values = append(list[i].values, v)
					list[i].labels = append(list[i].labels, n.labels[j])
				}
			}
			list[i].cost += n.cost
			return list
		}
	}
	n.values, n.labels = slices.Clone(n.values), slices.Clone(n.labels)
	return append(list, n)
}

func (x *index) group(ids []int, how likeness) []naming {
	var out []naming
	for _, id := range ids {
		e := x.entries[id]
		i := slices.IndexFunc(out, func(n naming) bool { return n.dim == e.dim })
		if i < 0 {
			out = append(out, naming{dim: e.dim, how: how})
			i = len(out) - 1
		}
		out[i].take(e)
	}
	return out
}

// shadows are dimensions that repeat what another one already says under the same name.
var shadows = map[analysis.Dimension][]analysis.Dimension{
	analysis.DimPublisher:      {analysis.DimProvider},
	analysis.DimBillingAccount: {analysis.DimAccount},
	analysis.DimSku:            {analysis.DimUsageType, analysis.DimService, analysis.DimInstanceType},
	analysis.DimUsageType:      {analysis.DimInstanceType, analysis.DimService},
	analysis.DimGroup:          {analysis.DimTeam},
	analysis.DimBusinessUnit:   {analysis.DimTeam, analysis.DimGroup},
}

// prefer drops readings that are another one's shadow, and of several spellings of one tag key keeps the costliest.
func (x *index) prefer(list []naming) []naming {
	var out []naming
	for _, n := range list {
		drop := slices.ContainsFunc(list, func(m naming) bool {
			if slices.Contains(shadows[n.dim], m.dim) {
				return true
			}
			if k, tag := n.dim.TagKey(); tag && ownedWords[keyKind(k)] == m.dim {
				return true
			}
			a, okA := n.dim.TagKey()
			b, okB := m.dim.TagKey()
			return okA && okB && a != b && keyKind(a) == keyKind(b) && slices.Index(x.tagKeys[keyKind(b)], b) < slices.Index(x.tagKeys[keyKind(a)], a)
		})
		if !drop {
			out = append(out, n)
		}
	}
	return out
}
