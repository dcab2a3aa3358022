package focus

import (
	"strings"
	"testing"
)

// FuzzDetectVersion feeds any header, cells separated by commas: every cell is known or unknown, and what is missing
// decides whether it is FOCUS.
func FuzzDetectVersion(f *testing.F) {
	f.Add("ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency,ServiceName")
	f.Add("\ufeffProviderName,,x_LoadId,ServiceProviderName")
	f.Fuzz(func(t *testing.T, line string) {
		header := strings.Split(line, ",")
		version, isFOCUS, missing, unknown := DetectVersion(header)
		if isFOCUS != (len(missing) == 0) || compareVersions(version, "1.0") < 0 {
			t.Errorf("%q: version %q, FOCUS %v, missing %q", line, version, isFOCUS, missing)
		}
		known := 0
		for i, name := range header {
			if i == 0 {
				name = strings.TrimPrefix(name, "\ufeff")
			}
			if _, ok := Lookup(name); ok {
				known++
			}
		}
		if known+len(unknown) != len(header) {
			t.Errorf("%q: %d known and %d unknown of %d", line, known, len(unknown), len(header))
		}
	})
}
