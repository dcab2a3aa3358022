package focus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegistryParses(t *testing.T) {
	if _, err := loaded(); err != nil {
		t.Fatal(err)
	}
	if got, want := Versions(), []string{"1.0", "1.1", "1.2", "1.3"}; !cmp.Equal(got, want) {
		t.Errorf("Versions() = %q, want %q", got, want)
	}
	count := map[string]int{}
	for _, c := range Columns() {
		for _, v := range Versions() {
			if c.In(v) {
				count[v]++
			}
		}
	}
	// As many columns as each version of the specification lists.
	if want := map[string]int{"1.0": 43, "1.1": 50, "1.2": 57, "1.3": 65}; !cmp.Equal(count, want) {
		t.Errorf("columns per version = %v, want %v", count, want)
	}
}

func TestParseNamesTheLine(t *testing.T) {
	head := strings.Join(fields, "\t") + "\n"
	row := func(cells ...string) string { return strings.Join(cells, "\t") + "\n" }
	good := row("A", "String", "", "", "1.0", "", "", "", "", "A thing.")
	tests := map[string]struct{ tsv, want string }{
		"header":     {"name\ttype\n", "header is"},
		"cells":      {head + "A\tString\n", "line 2: 2 fields, expected 10"},
		"type":       {head + row("A", "Text", "", "", "1.0", "", "", "", "", "A thing."), `type "Text"`},
		"flag":       {head + row("A", "String", "", "", "1.0", "", "", "must", "", "A thing."), `flag "must"`},
		"version":    {head + row("A", "String", "", "", "one", "", "", "", "", "A thing."), `"one" is not a version`},
		"own":        {head + row("A", "String", "", "", "", "", "", "own", "", "A thing."), "begin with x_"},
		"no meaning": {head + row("A", "String", "", "", "1.0", "", "", "", "", ""), "a meaning"},
		"twice":      {head + good + good, "line 3: A is there twice"},
		"older":      {head + row("A", "String", "", "", "1.0", "", "B", "", "", "A thing."), "replaces B, which has no row"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(tc.tsv); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name, want string
		ok         bool
	}{
		{"BilledCost", "BilledCost", true},
		{"billedcost", "BilledCost", true},
		{"ProviderName", "ServiceProviderName", true},
		{"ServiceProviderName", "ServiceProviderName", true},
		{"PublisherName", "PublisherName", true},
		{"HostProviderName", "HostProviderName", true},
		{"x_UsageType", "x_UsageType", true},
		{"lineItem/UsageType", "", false},
		{"", "", false},
	}
	for _, tc := range tests {
		c, ok := Lookup(tc.name)
		if c.Name != tc.want || ok != tc.ok {
			t.Errorf("Lookup(%q) = %q, %v, want %q, %v", tc.name, c.Name, ok, tc.want, tc.ok)
		}
	}
}

func TestCallersMayChangeWhatTheyGot(t *testing.T) {
	cols := Columns()
	for i := range cols {
		cols[i].Name = "gone"
		for j := range cols[i].Allowed {
			cols[i].Allowed[j] = "gone"
		}
	}
	c, _ := Lookup("ChargeCategory")
	if want := []string{"Usage", "Purchase", "Tax", "Credit", "Adjustment"}; !cmp.Equal(c.Allowed, want) {
		t.Errorf("ChargeCategory allows %q, want %q", c.Allowed, want)
	}
}

func TestStoredLeavesOutOlderNames(t *testing.T) {
	names := map[string]bool{}
	for _, c := range Stored() {
		names[c.Name] = true
	}
	for name, want := range map[string]bool{
		"ProviderName": false, "ServiceProviderName": true, "PublisherName": true, "x_LoadId": true,
	} {
		if names[name] != want {
			t.Errorf("%s stored = %v, want %v", name, names[name], want)
		}
	}
}

func TestANewVersionIsOnlyRows(t *testing.T) {
	next := columnsTSV + "InvoiceDetailId\tString\tnull\t\t1.4\t\t\t\t\tThe line of the invoice.\n"
	r, err := parse(next)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.versions[len(r.versions)-1]; got != "1.4" {
		t.Errorf("newest version = %s, want 1.4", got)
	}
	header := []string{"ChargePeriodStart", "ChargeCategory", "BilledCost", "BillingCurrency", "ServiceName", "InvoiceDetailId"}
	version, isFOCUS, _, unknown := r.detect(header)
	if version != "1.4" || !isFOCUS || len(unknown) > 0 {
		t.Errorf("detect = %s, %v, unknown %q, want a FOCUS 1.4 file", version, isFOCUS, unknown)
	}
}

// TestAgainstPublishedSchemas holds the registry against column lists derived from the specification.
func TestAgainstPublishedSchemas(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "focus", "schema")
	files, _ := filepath.Glob(filepath.Join(dir, "focus_spec_v*.json"))
	if len(files) == 0 {
		t.Skipf("no schema files in %s", dir)
	}
	byName := map[string]Column{}
	for _, c := range Columns() {
		byName[c.Name] = c
	}
	types := map[string]Type{"String": String, "Decimal": Decimal, "Date/Time": DateTime, "JSON": JSON}
	for _, f := range files {
		version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "focus_spec_v"), ".json")
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			Columns []struct {
				Name     string   `json:"name"`
				DataType string   `json:"data_type"`
				Nulls    bool     `json:"allows_nulls"`
				Allowed  []string `json:"allowed_values"`
			} `json:"columns"`
		}
		if err := json.Unmarshal(b, &schema); err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, s := range schema.Columns {
			listed[s.Name] = true
			c, ok := byName[s.Name]
			if !ok {
				t.Errorf("%s: %s is not in the registry", version, s.Name)
				continue
			}
			if c.Type != types[s.DataType] || c.Nullable != s.Nulls || !cmp.Equal(c.Allowed, s.Allowed) {
				t.Errorf("%s: %s is %s nullable=%v allowed=%q, want %s %v %q",
					version, s.Name, c.Type, c.Nullable, c.Allowed, s.DataType, s.Nulls, s.Allowed)
			}
		}
		for _, c := range Columns() {
			if c.In(version) != listed[c.Name] {
				t.Errorf("%s: %s in the registry's version: %v, in the schema: %v", version, c.Name, c.In(version), listed[c.Name])
			}
		}
	}
}
