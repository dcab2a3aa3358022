package explain

import "testing"

func TestTimeless(t *testing.T) {
	for in, want := range map[string]string{
		"Tax on October 2026":                 "Tax",
		"AWS Support (Business) for Nov 2026": "AWS Support (Business)",
		"Correction of 2026-10-20":            "Correction",
		"may team plan":                       "may team plan",
		"Windows Server 2022":                 "Windows Server 2022",
		"Promotional credit":                  "Promotional credit",
		"":                                    "",
	} {
		if got := timeless(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestUsageTypesReadWithoutRegionCodes(t *testing.T) {
	for in, want := range map[string]string{"USE1-NatGateway-Bytes": "NatGateway-Bytes", "EUW1-BoxUsage": "BoxUsage", "VM-D4s": "VM-D4s", "D4s v5": "D4s v5"} {
		if got := regionPrefix.ReplaceAllString(in, ""); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
