package focus

import (
	"slices"
	"strings"
)

// DetectVersion reads a header and nothing else: no file name, no values. Names are compared in any letter case, without
// surrounding blanks or a byte-order mark.
//
// The version is the newest one that any FOCUS column of the header needs, so a 1.2 export that leaves out all of 1.2's
// new columns is called what it looks like, 1.1 or 1.0. isFOCUS says that nothing is missing; missing lists what a FOCUS
// file cannot do without, alternatives joined by " or "; unknown lists the columns the registry does not have, as
// written and in the file's order.
func DetectVersion(header []string) (version string, isFOCUS bool, missing, unknown []string) {
	return mustLoad().detect(header)
}

func (r registry) detect(header []string) (version string, isFOCUS bool, missing, unknown []string) {
	present := map[string]bool{}
	if len(r.versions) > 0 {
		version = r.versions[0]
	}
	for i, name := range header {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		at, ok := r.byName[strings.ToLower(strings.TrimSpace(name))]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		c := r.columns[at]
		present[c.Name] = true
		if c.LandsIn != "" {
			present[c.LandsIn] = true
		}
		if !c.Own && compareVersions(version, c.Since) < 0 {
			version = c.Since
		}
	}
	var oneOf []string
	for _, c := range r.columns {
		switch {
		case c.Need == Required && !present[c.Name]:
			missing = append(missing, c.Name)
		case c.Need == OneOf:
			oneOf = append(oneOf, c.Name)
		}
	}
	if len(oneOf) > 0 && !slices.ContainsFunc(oneOf, func(n string) bool { return present[n] }) {
		missing = append(missing, strings.Join(oneOf, " or "))
	}
	return version, len(missing) == 0, missing, unknown
}
