package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

// label names the drivers for people.
func (r *run) label(t *Table, at *Attribution) {
	at.Drivers = slices.DeleteFunc(at.Drivers, func(d Driver) bool { return d.Kind == CalendarDriver && d.Amount.IsZero() })
	for i := range at.Drivers {
		d := &at.Drivers[i]
		d.Label = r.labelOf(r.withRegion(t, d))
		switch {
		case d.Kind == CalendarDriver:
			d.Label, d.How = fmt.Sprintf("calendar: %d days, after %d", r.req.Current.Days(), r.req.Baseline.Days()), ""
		case d.Kind == OneTimeDriver && d.Description != "":
			d.Label = d.Description + " · " + d.Label
		}
		for k := range d.Offsets {
			d.Offsets[k].Label = r.labelOf(d.Offsets[k].Slice)
		}
		if s := carriers(d); s != "" {
			d.How = strings.TrimPrefix(d.How+"; "+s, "; ")
		}
	}
}

// regionPrefix is how AWS begins most usage types: "USE1-NatGateway-Bytes" is NatGateway-Bytes in us-east-1.
var regionPrefix = regexp.MustCompile(`^(USE|USW|UGE|UGW|EU|EUC|EUN|EUS|EUW|APE|APN|APS|SAE|CAN|CPT|MES|MEC|AFS|ILC)\d?-`)

// withRegion adds the region to a slice that names a usage type with AWS's region prefix, when all its leaves agree on one:
// the label leaves the prefix out.
func (r *run) withRegion(t *Table, d *Driver) map[string]string {
	if _, has := d.Slice["RegionId"]; has || !regionPrefix.MatchString(d.Slice["x_UsageType"]) || len(d.Leaves) == 0 {
		return d.Slice
	}
	region := t.Dims[r.dimIndex("RegionId")]
	for _, leaf := range d.Leaves {
		if region.Codes[leaf] != region.Codes[d.Leaves[0]] {
			return d.Slice
		}
	}
	out := map[string]string{"RegionId": region.Values[region.Codes[d.Leaves[0]]]}
	for k, v := range d.Slice {
		out[k] = v
	}
	return out
}

// labelOrder is how the conditions of a slice are read out.
var labelOrder = []string{"ServiceName", "x_UsageType", "SkuId", "SubAccountId", "RegionId", "ServiceProviderName"}

func (r *run) labelOf(slice map[string]string) string {
	var parts []string
	named := map[string]bool{}
	add := func(col string) {
		v, ok := slice[col]
		if !ok {
			return
		}
		if v == "" {
			word := wordOf(col)
			if _, isTag := analysis.Dimension(col).TagKey(); isTag { // "no owner" alone would be taken for what the owners' rules say
				word += " tag"
			}
			parts = append(parts, "no "+word)
			return
		}
		v = r.req.Name(col, v)
		if _, region := slice["RegionId"]; col == "x_UsageType" && region {
			v = regionPrefix.ReplaceAllString(v, "")
		}
		if key, isTag := analysis.Dimension(col).TagKey(); isTag {
			v = key + " " + v
		} else if d, owner := analysis.OwnerDimension(col); owner && (d != analysis.DimTeam || v != analysis.Unallocated) {
			v = d.Words() + " " + v
		}
		if !named[v] { // a usage type that is only the SKU again says nothing new
			named[v] = true
			parts = append(parts, v)
		}
	}
	for _, c := range labelOrder {
		add(c)
	}
	for _, c := range sortedKeys(slice) {
		if !slices.Contains(labelOrder, c) {
			add(c)
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, " · ")
}

func wordOf(col string) string {
	switch col {
	case "SubAccountId":
		return "account"
	case "RegionId":
		return "region"
	case "x_UsageType":
		return "usage type"
	case "SkuId":
		return "SKU"
	}
	if d, owner := analysis.OwnerDimension(col); owner {
		return d.Words()
	}
	return analysis.Dimension(col).Words()
}

// inTime are the months, years and days that descriptions of recurring charges name ("Tax on October 2026").
var inTime = regexp.MustCompile(`(?i)\b(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)\.? ?(\d{1,2}(st|nd|rd|th)?,? )?(19|20)\d\d\b|\b(19|20)\d\d[-/]\d\d([-/]\d\d)?\b`)

// timeless is a description without the time it names, so that October's tax and September's are one charge that changed.
func timeless(s string) string {
	t := inTime.ReplaceAllString(s, "")
	if t == s {
		return s
	}
	t = strings.Join(strings.Fields(t), " ")
	for _, w := range []string{" on", " for", " of", " in", " -", ","} {
		t = strings.TrimSuffix(t, w)
	}
	return t
}

// shortID is the last part of an id such as an ARN.
func shortID(id string) string {
	id = strings.TrimRight(id, "/")
	return id[strings.LastIndexAny(id, "/:")+1:]
}
