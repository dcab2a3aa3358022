package focus

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// found is what DetectVersion answers, in one value for the tables.
type found struct {
	Version string
	IsFOCUS bool
	Missing []string
	Unknown []string
}

func detected(header []string) (h found) {
	h.Version, h.IsFOCUS, h.Missing, h.Unknown = DetectVersion(header)
	return h
}

func TestDetectVersion(t *testing.T) {
	base := "ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency,ServiceName"
	tests := map[string]struct {
		header string
		want   found
	}{
		"the least of a FOCUS file": {base, found{Version: "1.0", IsFOCUS: true}},
		"a byte-order mark and blanks": {
			"\ufeffChargePeriodStart, ChargeCategory ,BilledCost,BillingCurrency,ServiceName", found{Version: "1.0", IsFOCUS: true},
		},
		"an older provider name will do": {
			"ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency,ProviderName", found{Version: "1.0", IsFOCUS: true},
		},
		"1.1": {base + ",SkuMeter", found{Version: "1.1", IsFOCUS: true}},
		"1.2": {base + ",SkuMeter,InvoiceId", found{Version: "1.2", IsFOCUS: true}},
		"1.3": {base + ",ServiceProviderName,InvoiceId", found{Version: "1.3", IsFOCUS: true}},
		"stray columns are told": {
			base + ",Id,x_UsageType,x_ServiceCode", found{Version: "1.0", IsFOCUS: true, Unknown: []string{"Id", "x_ServiceCode"}},
		},
		"nobody to pay": {
			"ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency",
			found{Version: "1.0", Missing: []string{"ServiceProviderName or ServiceName"}},
		},
		"not a bill": {
			"date,amount", found{Version: "1.0", Unknown: []string{"date", "amount"}, Missing: []string{
				"BillingCurrency", "ChargePeriodStart", "ChargeCategory", "BilledCost", "ServiceProviderName or ServiceName",
			}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, detected(strings.Split(tc.header, ","))); diff != "" {
				t.Errorf("header %q (-want +got):\n%s", tc.header, diff)
			}
		})
	}
	if detected(nil).IsFOCUS {
		t.Error("an empty header is a FOCUS file")
	}
}

// TestDetectVersionOnFoundFiles reads the headers of published sample files, which name their version in the file name.
func TestDetectVersionOnFoundFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "focus")
	tests := []struct {
		glob, version string
		isFOCUS       bool
	}{
		{"focus10_sample_1000.csv", "1.0", true},
		{"toolkit_1.2_1.3/*_1_2_cost_and_usage_*.csv", "1.2", true},
		{"toolkit_1.2_1.3/*_1_3_cost_and_usage_*.csv", "1.3", true},
		{"toolkit_1.2_1.3/*_contract_commitment_*.csv", "", false},
		{"negative_fixtures/validator_all_pass_0.5.csv", "", false},
		{"negative_fixtures/*telemetry*.csv", "", false},
		{"negative_fixtures/*required_missing.csv", "", false},
	}
	seen := 0
	for _, tc := range tests {
		files, _ := filepath.Glob(filepath.Join(dir, tc.glob))
		for _, f := range files {
			seen++
			r, err := os.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			header, err := csv.NewReader(r).Read()
			r.Close()
			if err != nil {
				t.Fatal(err)
			}
			h := detected(header)
			if h.IsFOCUS != tc.isFOCUS || tc.isFOCUS && h.Version != tc.version {
				t.Errorf("%s: version %s, FOCUS %v, missing %q; want %s, %v", filepath.Base(f), h.Version, h.IsFOCUS, h.Missing, tc.version, tc.isFOCUS)
			}
		}
	}
	if seen == 0 {
		t.Skipf("no sample files in %s", dir)
	}
}
