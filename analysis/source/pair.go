package source

import (
	"cmp"
	"slices"
	"strings"
)

// half is what an Azure manifest says of an export that is half of a bill: actual costs have what was paid for commitments, amortized costs
// what it was spread over.
type half struct {
	scope string // the billing account, subscription or group that is exported
	start string // of its period
	kind  string // ActualCost or AmortizedCost; "" for what is whole
}

// halfOf reads an export's configuration.
func halfOf(resource, kind, start string) half {
	if kind != "ActualCost" && kind != "AmortizedCost" {
		return half{}
	}
	scope, _, _ := strings.Cut(strings.ToLower(resource), "/providers/microsoft.costmanagement/")
	return half{scope: scope, start: start, kind: kind}
}

// paired makes one delivery of the actual and the amortized costs of one scope and period: loaded one after the other, each would take
// the other's place. Where there are several of a kind it is not known which belong together, and they are left as they are.
func paired(ds []Delivery) []Delivery {
	by := map[half][]int{}
	for i, d := range ds {
		if d.half.kind != "" {
			by[d.half] = append(by[d.half], i)
		}
	}
	gone := map[int]bool{}
	for i := range ds {
		a := &ds[i]
		if a.half.kind != "ActualCost" {
			continue
		}
		other := a.half
		other.kind = "AmortizedCost"
		if len(by[a.half]) != 1 || len(by[other]) != 1 {
			continue
		}
		at := by[other][0]
		b := ds[at]
		gone[at] = true
		a.Key, a.Version = a.Key+" + "+b.Key, strings.Trim(a.Version+"+"+b.Version, "+")
		a.Waits, a.Bad = cmp.Or(a.Waits, b.Waits), cmp.Or(a.Bad, b.Bad)
		a.Files, a.described = append(slices.Clone(a.Files), b.Files...), append(slices.Clone(a.described), b.described...)
		slices.SortFunc(a.Files, byKey)
		a.half = half{}
	}
	out := make([]Delivery, 0, len(ds))
	for i, d := range ds {
		if !gone[i] {
			out = append(out, d)
		}
	}
	return out
}
